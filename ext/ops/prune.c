/*
** prune.c - retention over a folder of backups (contract in prune.h); the rules themselves are in
** retention.c.
**
** Files are deleted through a descriptor of the folder, by name, and only if lstat still says what
** it said when the file was read: nothing outside the folder can be meant, and no link is followed.
*/
#include "ops/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/json_write.h"
#include "ops/clock.h"
#include "ops/interrupt.h"
#include "ops/listing.h"
#include "ops/retention.h"
#include "ops/validate.h"
#include "platform/file.h"
#include "platform/root.h"

#define MAX_KEEP 1000000 /* more backups than a folder has */

static const AdcpOptionSpec option_specs[] = {
    {"keep_last", ADCP_OPTION_INTEGER, -1, MAX_KEEP, NULL},
    {"keep_hourly", ADCP_OPTION_INTEGER, -1, MAX_KEEP, NULL},
    {"keep_daily", ADCP_OPTION_INTEGER, -1, MAX_KEEP, NULL},
    {"keep_weekly", ADCP_OPTION_INTEGER, -1, MAX_KEEP, NULL},
    {"keep_monthly", ADCP_OPTION_INTEGER, -1, MAX_KEEP, NULL},
    {"keep_yearly", ADCP_OPTION_INTEGER, -1, MAX_KEEP, NULL},
    {"keep_within", ADCP_OPTION_DURATION, 0, 0, NULL},
    {"backup_dir", ADCP_OPTION_TEXT, 0, 0, NULL},
    {"unnamed_databases", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"apply", ADCP_OPTION_BOOL, 0, 0, NULL},
};

const AdcpOptionTable adcp_prune_options = {option_specs,
                                            sizeof option_specs / sizeof *option_specs, "option"};

typedef struct File {
  AdcpListingEntry entry; /* owned */
  unsigned rules;         /* of retention that keep it */
  const char *fixed;      /* why it is kept whatever the rules; NULL: they decide */
  bool gone;              /* somebody else has deleted it meanwhile */
} File;

typedef struct Prune {
  const AdcpRequest *request;
  AdcpError *err;
  AdcpOptions *options;
  AdcpRetention policy;
  char *folder;
  AdcpMissing missing; /* what it is if the folder is not there */
  File *files;         /* owned */
  size_t count, capacity;
  int64_t deleted, deleted_bytes;
  AdcpBuf text; /* scratch of the report */
} Prune;

/* ---- options ---- */

static void read_policy(Prune *prune) {
  if( prune->err->rc ) return;
  for( int rule = 0; rule < ADCP_KEEP_WITHIN; rule++ ) {
    const char *name = adcp_retention_rule_name((AdcpRetentionRule)rule);
    prune->policy.counts[rule] = adcp_options_integer(prune->options, name, 0);
  }
  const char *within = adcp_options_text(prune->options, "keep_within", NULL);
  if( within ) prune->policy.has_within = adcp_duration_parse(within, &prune->policy.within);
  if( adcp_retention_is_empty(&prune->policy) ) {
    adcp_error_set(prune->err, ADCP_MISUSE,
                   "no rule says what to keep; give one or more of keep_last, keep_hourly, "
                   "keep_daily, keep_weekly, keep_monthly, keep_yearly, keep_within");
  }
}

/* A folder that the call names has to be there; that of the settings is made by the first backup. */
static void read_missing(Prune *prune) {
  AdcpRequest alone = *prune->request;
  alone.complete = true;
  AdcpOptions *given = adcp_request_options(&alone, &adcp_prune_options, prune->err);
  if( given == NULL ) return;
  const char *named = adcp_options_text(given, "backup_dir", NULL);
  prune->missing = named ? ADCP_MISSING_IS_ERROR : ADCP_MISSING_IS_EMPTY;
  if( named && *named == 0 ) {
    adcp_error_set(prune->err, ADCP_MISUSE,
                   "option \"backup_dir\" is empty; give the path of a folder, or leave it out for "
                   "that of the settings");
  }
  adcp_options_free(given);
}

static void read_options(Prune *prune) {
  prune->options = adcp_request_options(prune->request, &adcp_prune_options, prune->err);
  read_policy(prune);
  read_missing(prune);
  if( prune->err->rc ) return;
  const char *folder = adcp_options_text(prune->options, "backup_dir", NULL);
  if( folder == NULL ) {
    prune->folder =
        adcp_config_backup_dir(prune->request->config, prune->request->handle, "main", prune->err);
  } else if( (prune->folder = adcp_strdup(folder)) == NULL ) {
    adcp_error_nomem(prune->err);
  }
}

/* ---- files ---- */

static File *add_file(Prune *prune) {
  if( prune->count == prune->capacity ) {
    size_t capacity = prune->capacity ? 2 * prune->capacity : 64;
    File *larger = adcp_realloc(prune->files, capacity * sizeof *larger);
    if( larger == NULL ) {
      adcp_error_nomem(prune->err);
      return NULL;
    }
    prune->files = larger;
    prune->capacity = capacity;
  }
  File *file = &prune->files[prune->count++];
  memset(file, 0, sizeof *file);
  return file;
}

/* Those that do not tell their database from others are no series: one prune could delete the only
** backup of another database. The caller may know that there is one. */
static const char *fixed_reason(const Prune *prune, const AdcpListingEntry *entry) {
  if( entry->unreadable ) return "cannot be read: see adcp_backups";
  if( entry->status == ADCP_BACKUP_FOREIGN ) return "not a backup of ours";
  if( entry->status == ADCP_BACKUP_DAMAGED ) return "damaged: look at it first";
  if( !S_ISREG(entry->st.st_mode) ) return "not a regular file";
  if( entry->created == ADCP_CREATED_UNKNOWN ) return "has no readable created_at";
  if( adcp_clock_is_future(entry->created) ) return "dated in the future";
  if( !adcp_listing_is_named(entry) &&
      !adcp_options_bool(prune->options, "unnamed_databases", false) ) {
    return "does not tell its database from others: see option unnamed_databases";
  }
  return NULL;
}

static void read_files(Prune *prune) {
  AdcpListing *listing =
      prune->folder
          ? adcp_listing_open(adcp_config_root(prune->request->config), prune->folder,
                              prune->missing, adcp_interrupt_checkpoint_of(prune->request->handle),
                              prune->err)
          : NULL;
  AdcpListingEntry entry;
  while( listing && adcp_listing_take(listing, &entry, prune->err) ) {
    File *file = add_file(prune);
    if( file == NULL ) {
      adcp_listing_entry_clear(&entry);
      break;
    }
    file->entry = entry;
    file->fixed = fixed_reason(prune, &entry);
  }
  adcp_listing_close(listing);
}

static int compare_text(const char *a, const char *b) {
  return strcmp(a ? a : "", b ? b : "");
}

/* Backups that the rules judge together: those of one database that have the same of it, and its
** safety backups apart, those before a restore and those before an undo. */
static int compare_series(const AdcpListingEntry *a, const AdcpListingEntry *b) {
  int order = compare_text(a->database, b->database);
  if( order == 0 ) order = compare_text(a->kind, b->kind);
  if( order == 0 ) order = (int)a->is_safety - (int)b->is_safety;
  return order ? order : (int)a->before_undo - (int)b->before_undo;
}

/* Those that the rules are about first, by series, newest first. */
static int compare_files(const void *a, const void *b) {
  const File *x = a, *y = b;
  if( (x->fixed != NULL) != (y->fixed != NULL) ) return x->fixed ? 1 : -1;
  int order = compare_series(&x->entry, &y->entry);
  if( order ) return order;
  if( adcp_listing_older(&x->entry, &y->entry) ) return 1;
  return adcp_listing_older(&y->entry, &x->entry) ? -1 : 0;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(((const File *)a)->entry.name, ((const File *)b)->entry.name);
}

/* ---- the rules ---- */

/* Another prune, or a restore that needs its safety backup no more. */
static bool was_deleted(const Prune *prune, const File *file) {
  struct stat st;
  const AdcpRoot *root = adcp_config_root(prune->request->config);
  return adcp_path_lstat(root, file->entry.path, &st) != 0 && errno == ENOENT;
}

/* Reads a backup to its last byte. */
static bool is_valid(Prune *prune, File *file) {
  AdcpError found = ADCP_ERROR_INIT;
  adcp_validate_file(prune->request, file->entry.path, &found);
  bool valid = found.rc == ADCP_OK;
  file->gone = !valid && was_deleted(prune, file);
  if( found.rc != ADCP_CORRUPT && !valid && !file->gone ) {
    adcp_error_move(prune->err, &found); /* nothing is known of the file: nothing is deleted */
    adcp_error_append(prune->err, "; no file was deleted");
  }
  adcp_error_clear(&found);
  return valid;
}

/* The backups of one series: what is not valid steps aside until the newest is. */
static void apply_rules(Prune *prune, File *files, size_t count) {
  size_t first = 0;
  while( first < count && !is_valid(prune, &files[first]) && !prune->err->rc ) {
    if( !files[first].gone ) files[first].fixed = "not valid: look at it first";
    first++;
  }
  if( prune->err->rc || first == count ) return;
  AdcpRetentionItem *items = adcp_calloc(count, sizeof *items);
  if( items == NULL ) {
    adcp_error_nomem(prune->err);
    return;
  }
  for( size_t i = first; i < count; i++ ) items[i].moment = files[i].entry.created;
  adcp_retention_apply(&prune->policy, items + first, count - first, adcp_clock_seconds());
  for( size_t i = first; i < count; i++ ) files[i].rules = items[i].rules;
  if( files[first].rules == 0 ) {
    files[first].fixed =
        files[first].entry.is_safety ? "the newest safety backup" : "the newest valid backup";
  }
  adcp_free(items);
}

static void decide(Prune *prune) {
  if( prune->count ) qsort(prune->files, prune->count, sizeof *prune->files, compare_files);
  for( size_t i = 0, end; i < prune->count && !prune->err->rc; i = end ) {
    end = i + 1;
    if( prune->files[i].fixed ) continue;
    while( end < prune->count && !prune->files[end].fixed &&
           compare_series(&prune->files[i].entry, &prune->files[end].entry) == 0 ) {
      end++;
    }
    apply_rules(prune, &prune->files[i], end - i);
  }
  if( prune->count ) qsort(prune->files, prune->count, sizeof *prune->files, compare_names);
}

static bool goes(const File *file) {
  return file->fixed == NULL && file->rules == 0;
}

/* ---- deleting ---- */

static void delete_file(Prune *prune, int folder, File *file) {
  const AdcpSystemCalls *os = adcp_system_calls();
  struct stat st;
  bool there = os->xFstatat(folder, file->entry.name, &st, AT_SYMLINK_NOFOLLOW) == 0;
  if( there && !adcp_same_state(&st, &file->entry.st) ) {
    file->fixed = "changed while it was looked at";
  } else if( there && os->xUnlink(folder, file->entry.name) == 0 ) {
    prune->deleted++;
    prune->deleted_bytes += file->entry.size_bytes;
  } else if( errno == ENOENT ) {
    file->gone = true;
  } else {
    adcp_error_errno(prune->err, ADCP_IOERR, errno, "cannot delete %s", file->entry.path);
    adcp_error_append(prune->err, "; %lld files were deleted before", (long long)prune->deleted);
  }
}

static void delete_files(Prune *prune) {
  const AdcpSystemCalls *os = adcp_system_calls();
  if( prune->err->rc || prune->count == 0 ) return;
  const AdcpRoot *root = adcp_config_root(prune->request->config);
  int folder = adcp_path_open(root, prune->folder, O_RDONLY | O_DIRECTORY, 0);
  if( folder < 0 ) {
    adcp_root_errno(root, prune->err, ADCP_CANTOPEN, errno, "cannot open the folder %s",
                    prune->folder);
    return;
  }
  for( size_t i = 0; i < prune->count && !prune->err->rc; i++ ) {
    if( goes(&prune->files[i]) ) delete_file(prune, folder, &prune->files[i]);
  }
  if( prune->deleted ) os->xFsync(folder); /* a name that comes back after a crash is no loss */
  os->xClose(folder);
}

/* ---- the report ---- */

static void write_rule(AdcpJsonWriter *w, const File *file, AdcpBuf *text) {
  adcp_buf_clear(text);
  if( file->fixed ) {
    adcp_buf_append_str(text, file->fixed);
  } else if( goes(file) ) {
    adcp_buf_append_str(text, file->gone ? "was gone already" : "no rule keeps it");
  }
  for( int rule = 0; rule < ADCP_RETENTION_RULES && !file->fixed; rule++ ) {
    if( !(file->rules & (1u << rule)) ) continue;
    adcp_buf_append_str(text, text->size ? ", " : "");
    adcp_buf_append_str(text, adcp_retention_rule_name((AdcpRetentionRule)rule));
  }
  const char *rule_names = adcp_buf_text(text);
  w->buf->oom |= text->oom;
  adcp_json_member_string(w, "rule", rule_names);
}

static void write_file(AdcpJsonWriter *w, const File *file, AdcpBuf *text) {
  adcp_json_begin_object(w);
  adcp_json_member_string(w, "name", file->entry.name);
  adcp_json_member_string(w, "action", goes(file) ? "delete" : "keep");
  write_rule(w, file, text);
  adcp_json_member_string(w, "created_at", file->entry.created_at);
  adcp_json_member_string(w, "status", adcp_backup_status_name(file->entry.status));
  adcp_json_member_integer(w, "size_bytes", file->entry.size_bytes);
  adcp_json_member_string(w, "database", file->entry.database);
  adcp_json_member_string(w, "backup_type", file->entry.backup_type);
  adcp_json_end_object(w);
}

static void write_report(Prune *prune, bool applied, AdcpBuf *report) {
  int64_t going = 0, bytes = 0;
  if( prune->err->rc ) return;
  for( size_t i = 0; i < prune->count; i++ ) {
    if( !goes(&prune->files[i]) ) continue;
    going++;
    bytes += prune->files[i].entry.size_bytes;
  }
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "backup_dir", prune->folder);
  adcp_json_member_bool(&w, "applied", applied);
  adcp_json_member_integer(&w, "keep", (int64_t)prune->count - going);
  adcp_json_member_integer(&w, "delete", going);
  adcp_json_member_integer(&w, "delete_bytes", bytes);
  adcp_json_member_integer(&w, "deleted", prune->deleted);
  adcp_json_member_integer(&w, "deleted_bytes", prune->deleted_bytes);
  adcp_json_key(&w, "files");
  adcp_json_begin_array(&w);
  for( size_t i = 0; i < prune->count; i++ ) write_file(&w, &prune->files[i], &prune->text);
  adcp_json_end_array(&w);
  adcp_json_end_object(&w);
}

/* What a report may grow by when files are deleted: figures, "was gone already". */
#define REPORT_SLACK 4096
/* The names of all rules. */
#define RULES_BYTES 128

/* A report that SQLite would not take must not be what is left of a prune. */
static void check_length(Prune *prune, const AdcpBuf *report) {
  int limit = sqlite3_limit(prune->request->handle, SQLITE_LIMIT_LENGTH, -1);
  if( prune->err->rc || report->size <= (size_t)limit ) return;
  adcp_error_set(prune->err, ADCP_TOOBIG,
                 "the report has %zu bytes, this connection's limit SQLITE_LIMIT_LENGTH is %d; no "
                 "file was deleted",
                 report->size, limit);
}

void adcp_prune(const AdcpRequest *request, AdcpBuf *report, AdcpError *err) {
  Prune prune = {.request = request, .err = err};
  read_options(&prune);
  read_files(&prune);
  decide(&prune);
  bool apply = !err->rc && adcp_options_bool(prune.options, "apply", false);
  /* Made once before anything is deleted, so that memory for it suffices afterwards. */
  write_report(&prune, apply, report);
  adcp_buf_reserve(report, REPORT_SLACK);
  adcp_buf_reserve(&prune.text, RULES_BYTES);
  adcp_buf_check(&prune.text, err);
  adcp_buf_check(report, err);
  check_length(&prune, report);
  if( apply ) {
    delete_files(&prune);
    adcp_buf_clear(report);
    write_report(&prune, apply, report);
  }
  for( size_t i = 0; i < prune.count; i++ ) adcp_listing_entry_clear(&prune.files[i].entry);
  adcp_buf_free(&prune.text);
  adcp_free(prune.files);
  adcp_free(prune.folder);
  adcp_options_free(prune.options);
}
