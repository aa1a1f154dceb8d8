/*
** listing.c - the backups of a folder (contract in listing.h).
*/
#include "ops/listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/utf8.h"
#include "ops/clock.h"
#include "ops/json_tree.h"
#include "platform/file.h"
#include "platform/temp_file.h"

#define REPLACED "\xef\xbf\xbd" /* U+FFFD, for each byte of a path that is not UTF-8 */

struct AdcpListing {
  const AdcpRoot *root;
  char *folder; /* as given, without slashes at its end */
  char **names; /* owned, sorted */
  size_t count, capacity;
  size_t next;
  AdcpListingEntry entry;
  AdcpCheckpoint checkpoint;
};

const char *adcp_backup_status_name(AdcpBackupStatus status) {
  static const char *const names[] = {"ok", "damaged", "foreign"};
  return names[status];
}

/* ---- one file ---- */

static char *copy_member(const cJSON *object, const char *key, AdcpError *err) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  char *copy = cJSON_IsString(item) ? adcp_strdup(item->valuestring) : NULL;
  if( cJSON_IsString(item) && copy == NULL ) adcp_error_nomem(err);
  return copy;
}

/* A file of the Python tool counts its rows in its metadata, table by table, and has neither
** manifest nor digest. */
static void read_old_counts(AdcpListingEntry *entry, const cJSON *metadata) {
  const cJSON *counts = cJSON_GetObjectItemCaseSensitive(metadata, "data_counts");
  entry->tables = entry->rows = entry->uncompressed_bytes = -1;
  if( !cJSON_IsObject(counts) ) return;
  entry->tables = entry->rows = 0;
  for( const cJSON *item = counts->child; item; item = item->next ) {
    if( !cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 1e15 ) continue;
    entry->tables++;
    entry->rows += (int64_t)item->valuedouble;
  }
}

/* A text or an array of texts. */
static void append_texts(AdcpBuf *buf, const char *key, const cJSON *texts) {
  const cJSON *item = cJSON_IsArray(texts) ? texts->child : texts;
  adcp_json_quote_lossy(buf, key);
  for( ; item; item = cJSON_IsArray(texts) ? item->next : NULL ) {
    if( cJSON_IsString(item) ) adcp_json_quote_lossy(buf, item->valuestring);
  }
}

static char *kind_of(const cJSON *metadata, AdcpError *err) {
  const cJSON *selection = cJSON_GetObjectItemCaseSensitive(metadata, "selection");
  static const char *const members[] = {"backup_type", "redacted_columns"};
  AdcpBuf kind = {0};
  for( size_t i = 0; i < sizeof members / sizeof *members; i++ ) {
    append_texts(&kind, members[i], cJSON_GetObjectItemCaseSensitive(metadata, members[i]));
  }
  const cJSON *item = cJSON_IsObject(selection) ? selection->child : NULL;
  for( ; item; item = item->next ) append_texts(&kind, item->string, item);
  if( adcp_buf_check(&kind, err) ) return adcp_buf_take(&kind);
  adcp_buf_free(&kind);
  return NULL;
}

static void read_safety(AdcpListingEntry *entry, const cJSON *mark) {
  const cJSON *before = cJSON_GetObjectItemCaseSensitive(mark, "before");
  entry->is_safety = cJSON_IsObject(mark);
  entry->before_undo = cJSON_IsString(before) && strcmp(before->valuestring, "adcp_undo") == 0;
}

static void read_metadata(AdcpListingEntry *entry, const AdcpArchiveHead *head, AdcpError *err) {
  cJSON *root = adcp_json_tree(head->metadata, strlen(head->metadata), NULL, err);
  const cJSON *system = cJSON_GetObjectItemCaseSensitive(root, "system_info");
  const cJSON *database = cJSON_GetObjectItemCaseSensitive(root, "database");
  entry->created_at = copy_member(root, "created_at", err);
  if( entry->created_at == NULL ) entry->created_at = copy_member(root, "timestamp", err);
  entry->backup_type = copy_member(root, "backup_type", err);
  entry->note = copy_member(root, "note", err);
  entry->kind = kind_of(root, err);
  read_safety(entry, cJSON_GetObjectItemCaseSensitive(root, "safety_backup"));
  entry->sqlite_version = copy_member(system, "sqlite_version", err);
  entry->database = copy_member(database, "path", err);
  if( entry->created_at == NULL || !adcp_clock_parse(entry->created_at, &entry->created) ) {
    entry->created = ADCP_CREATED_UNKNOWN;
  }
  if( head->is_legacy ) read_old_counts(entry, root);
  cJSON_Delete(root);
}

static void set_unsettled(AdcpListingEntry *entry, AdcpError *err) {
  entry->unsettled = true;
  entry->status = ADCP_BACKUP_DAMAGED;
  entry->tables = entry->rows = entry->uncompressed_bytes = -1;
  entry->error = adcp_strdup(
      "its end does not lead to the manifest: it is incomplete, or another tool rewrote it; "
      "adcp_validate tells which");
  if( entry->error == NULL ) adcp_error_nomem(err);
}

static void read_head(AdcpListingEntry *entry, const AdcpArchiveHead *head, AdcpError *err) {
  entry->compression = adcp_container_name(head->container);
  entry->format_version = adcp_strdup(head->version);
  entry->tables = head->totals.tables;
  entry->rows = head->totals.rows;
  entry->uncompressed_bytes = head->totals.raw_bytes;
  if( head->totals.content_sha256[0] ) {
    entry->content_sha256 = adcp_strdup(head->totals.content_sha256);
    if( entry->content_sha256 == NULL ) adcp_error_nomem(err);
  }
  if( entry->format_version == NULL ) adcp_error_nomem(err);
  read_metadata(entry, head, err);
  if( head->unsettled ) set_unsettled(entry, err);
}

/* Moves what is wrong with the file into the entry; errors of this process stay errors. */
static void take_error(AdcpListingEntry *entry, AdcpError *found, AdcpError *err) {
  if( found->rc == ADCP_NOMEM || found->rc == ADCP_INTERRUPT ) {
    adcp_error_move(err, found);
    return;
  }
  bool ours = found->rc == ADCP_CORRUPT || found->rc == ADCP_TOOBIG || found->rc == ADCP_IOERR;
  entry->status = ours ? ADCP_BACKUP_DAMAGED : ADCP_BACKUP_FOREIGN;
  entry->unreadable = found->rc == ADCP_CANTOPEN || found->rc == ADCP_PERM;
  entry->unsettled = false;
  adcp_free(entry->error);
  entry->error = adcp_strdup(adcp_error_message(found));
  if( entry->error == NULL ) adcp_error_nomem(err);
  adcp_error_clear(found);
}

/* The file that the name leads to, when that is a symbolic link. */
static bool follow_link(const AdcpListingEntry *entry, const AdcpRoot *root, struct stat *st) {
  *st = entry->st;
  return !S_ISLNK(st->st_mode) || adcp_path_stat(root, entry->path, st) == 0;
}

static void read_file(AdcpListingEntry *entry, const AdcpRoot *root, AdcpError *err) {
  AdcpError found = ADCP_ERROR_INIT;
  struct stat st;
  if( adcp_path_lstat(root, entry->path, &entry->st) != 0 || !follow_link(entry, root, &st) ) {
    adcp_root_errno(root, &found, ADCP_CANTOPEN, errno, "cannot open %s", entry->path);
  } else if( !S_ISREG(st.st_mode) ) {
    adcp_error_set(&found, ADCP_NOTADB, "not a backup: not a regular file");
  } else {
    entry->size_bytes = (int64_t)st.st_size;
    AdcpArchiveReader *archive = adcp_archive_reader_peek(root, entry->path, &found);
    if( archive ) read_head(entry, adcp_archive_head(archive), &found);
    adcp_archive_reader_close(archive);
  }
  if( found.rc ) take_error(entry, &found, err);
}

static void begin_entry(AdcpListingEntry *entry, const char *path, AdcpError *err) {
  memset(entry, 0, sizeof *entry);
  entry->size_bytes = entry->uncompressed_bytes = entry->tables = entry->rows = -1;
  entry->created = ADCP_CREATED_UNKNOWN;
  entry->path = adcp_strdup(path);
  if( entry->path == NULL ) adcp_error_nomem(err);
  entry->name = entry->path ? adcp_path_name(entry->path) : NULL;
}

void adcp_listing_read(AdcpListingEntry *entry, const AdcpRoot *root, const char *path,
                       AdcpError *err) {
  begin_entry(entry, path, err);
  if( err->rc == ADCP_OK ) read_file(entry, root, err);
}

void adcp_listing_describe(AdcpListingEntry *entry, const char *path, const AdcpArchiveHead *head,
                           AdcpError *err) {
  begin_entry(entry, path, err);
  if( err->rc == ADCP_OK ) read_head(entry, head, err);
}

void adcp_listing_entry_clear(AdcpListingEntry *entry) {
  char *const owned[] = {entry->path,           entry->created_at,     entry->format_version,
                         entry->backup_type,    entry->content_sha256, entry->note,
                         entry->sqlite_version, entry->database,       entry->kind,
                         entry->error};
  for( size_t i = 0; i < sizeof owned / sizeof *owned; i++ ) adcp_free(owned[i]);
  memset(entry, 0, sizeof *entry);
}

/* ---- the folder ---- */

static bool has_suffix(const char *name, const char *suffix) {
  size_t n = strlen(name), m = strlen(suffix);
  return n > m && strcmp(name + n - m, suffix) == 0;
}

static bool name_is_listed(const char *name) {
  return (has_suffix(name, ".json") || has_suffix(name, ".json.gz") ||
          has_suffix(name, ".json.zst")) &&
         !adcp_temp_file_name(name);
}

static void add_name(AdcpListing *listing, const char *name, AdcpError *err) {
  if( listing->count == listing->capacity ) {
    size_t capacity = listing->capacity ? 2 * listing->capacity : 64;
    char **larger = adcp_realloc((void *)listing->names, capacity * sizeof *larger);
    if( larger == NULL ) {
      adcp_error_nomem(err);
      return;
    }
    listing->names = larger;
    listing->capacity = capacity;
  }
  char *copy = adcp_strdup(name);
  if( copy ) {
    listing->names[listing->count++] = copy;
  } else {
    adcp_error_nomem(err);
  }
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_names(AdcpListing *listing, AdcpMissing missing, AdcpError *err) {
  const AdcpSystemCalls *os = adcp_system_calls();
  DIR *dir = adcp_path_opendir(listing->root, listing->folder);
  if( dir == NULL ) {
    if( errno == ENOENT && missing == ADCP_MISSING_IS_EMPTY ) return;
    adcp_root_errno(listing->root, err, ADCP_CANTOPEN, errno, "cannot read the folder %s",
                    listing->folder);
    return;
  }
  struct dirent *item;
  errno = 0;
  while( !err->rc && (item = os->xReaddir(dir)) != NULL ) {
    if( item->d_type != DT_DIR && name_is_listed(item->d_name) ) {
      add_name(listing, item->d_name, err);
    }
    errno = 0;
  }
  if( errno && !err->rc ) {
    adcp_error_errno(err, ADCP_IOERR, errno, "cannot read the folder %s", listing->folder);
  }
  os->xClosedir(dir);
  if( listing->count ) qsort((void *)listing->names, listing->count, sizeof(char *), compare_names);
}

/* The folder without slashes at its end, so that paths have one spelling. */
static char *trim_folder(const char *folder) {
  size_t n = strlen(folder);
  while( n > 1 && folder[n - 1] == '/' ) n--;
  return adcp_strndup(folder, n);
}

AdcpListing *adcp_listing_open(const AdcpRoot *root, const char *folder, AdcpMissing missing,
                               AdcpCheckpoint checkpoint, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpListing *listing = adcp_calloc(1, sizeof *listing);
  if( listing ) {
    listing->root = root;
    listing->folder = trim_folder(folder);
    listing->checkpoint = checkpoint;
  }
  if( listing == NULL || listing->folder == NULL ) {
    adcp_error_nomem(err);
  } else {
    read_names(listing, missing, err);
  }
  if( err->rc == ADCP_OK ) return listing;
  adcp_listing_close(listing);
  return NULL;
}

const AdcpListingEntry *adcp_listing_next(AdcpListing *listing, AdcpError *err) {
  AdcpBuf path = {0};
  adcp_listing_entry_clear(&listing->entry);
  if( err->rc || listing->next == listing->count ) return NULL;
  if( listing->checkpoint.xCheck ) listing->checkpoint.xCheck(listing->checkpoint.context, err);
  if( err->rc ) return NULL;
  adcp_buf_appendf(&path, "%s/%s", strcmp(listing->folder, "/") == 0 ? "" : listing->folder,
                   listing->names[listing->next++]);
  const char *text = adcp_buf_text(&path);
  if( adcp_buf_check(&path, err) ) {
    adcp_listing_read(&listing->entry, listing->root, text, err);
  }
  adcp_buf_free(&path);
  return err->rc ? NULL : &listing->entry;
}

bool adcp_listing_take(AdcpListing *listing, AdcpListingEntry *entry, AdcpError *err) {
  if( adcp_listing_next(listing, err) == NULL ) return false;
  *entry = listing->entry;
  memset(&listing->entry, 0, sizeof listing->entry);
  return true;
}

void adcp_listing_close(AdcpListing *listing) {
  if( listing == NULL ) return;
  adcp_listing_entry_clear(&listing->entry);
  for( size_t i = 0; i < listing->count; i++ ) adcp_free(listing->names[i]);
  adcp_free((void *)listing->names);
  adcp_free(listing->folder);
  adcp_free(listing);
}

/* ---- the newest ---- */

bool adcp_listing_is_path(const char *database) {
  return database && database[0] == '/';
}

bool adcp_listing_is_named(const AdcpListingEntry *entry) {
  return adcp_listing_is_path(entry->database) && strstr(entry->database, REPLACED) == NULL;
}

char *adcp_listing_spell(const char *database, AdcpError *err) {
  AdcpBuf text = {0};
  for( size_t n = strlen(database);; ) {
    size_t valid = adcp_utf8_valid_prefix((const uint8_t *)database, n);
    adcp_buf_append(&text, database, valid);
    if( valid == n ) break;
    adcp_buf_append_str(&text, REPLACED);
    database += valid + 1;
    n -= valid + 1;
  }
  if( adcp_buf_check(&text, err) ) return adcp_buf_take(&text);
  adcp_buf_free(&text);
  return NULL;
}

bool adcp_listing_older(const AdcpListingEntry *a, const AdcpListingEntry *b) {
  return a->created != b->created ? a->created < b->created : strverscmp(a->name, b->name) < 0;
}

static void take_text(char **text, AdcpListingEntry *entry) {
  adcp_free(*text);
  *text = entry->error;
  entry->error = NULL;
}

static bool may_be_whole(const AdcpListingEntry *entry) {
  return entry->status == ADCP_BACKUP_OK || entry->unsettled;
}

void adcp_listing_confirm(AdcpListingEntry *entry, const AdcpRoot *root, AdcpCheckpoint checkpoint,
                          AdcpError *err) {
  AdcpError found = ADCP_ERROR_INIT;
  if( err->rc || entry->path == NULL || !may_be_whole(entry) ) return;
  AdcpArchiveReader *archive =
      adcp_archive_reader_open_checked(root, entry->path, 0, checkpoint, &found);
  if( archive && entry->unsettled ) {
    entry->unsettled = false;
    entry->status = ADCP_BACKUP_OK;
    adcp_free(entry->error);
    entry->error = NULL;
  }
  adcp_archive_reader_close(archive);
  if( found.rc ) take_error(entry, &found, err);
}

/* What the newest is looked for among: backups of a restore, or others; of one database, or
** (NULL) of all. */
typedef struct Wanted {
  bool safety;
  const char *database;
} Wanted;

/* Whether a file whose head cannot be read was one of them is said by its name, and so is its age. */
#define SAFETY_NAME "_safety_"

static bool read_stamp(const char *digits, int64_t *seconds) {
  char text[ADCP_TIME_TEXT_SIZE];
  if( strlen(digits) < strlen("YYYYMMDD_HHMMSS") || digits[8] != '_' ) return false;
  snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", digits, digits + 4, digits + 6,
           digits + 9, digits + 11, digits + 13);
  return adcp_clock_parse(text, seconds);
}

static bool may_be_safety(AdcpListingEntry *entry) {
  const char *kind = NULL;
  for( const char *at = entry->name; (at = strstr(at, SAFETY_NAME)) != NULL; at++ ) kind = at;
  bool unread = entry->status != ADCP_BACKUP_OK && !entry->unsettled && entry->error;
  return unread && kind && read_stamp(kind + strlen(SAFETY_NAME), &entry->created);
}

static bool is_candidate(AdcpListingEntry *entry, const Wanted *wanted) {
  if( wanted->safety && may_be_safety(entry) ) return true;
  if( !may_be_whole(entry) || entry->is_safety != wanted->safety || entry->before_undo )
    return false;
  const char *database = entry->database ? entry->database : "";
  return wanted->database == NULL || strcmp(database, wanted->database) == 0;
}

/* What the newest is chosen from. */
typedef struct Candidates {
  AdcpListingEntry *items; /* owned, as are they */
  size_t count, capacity;
} Candidates;

/* Takes the entry. */
static void add_candidate(Candidates *candidates, AdcpListingEntry *entry, AdcpError *err) {
  if( candidates->count == candidates->capacity ) {
    size_t capacity = candidates->capacity ? 2 * candidates->capacity : 64;
    AdcpListingEntry *larger = adcp_realloc(candidates->items, capacity * sizeof *larger);
    if( larger == NULL ) {
      adcp_listing_entry_clear(entry);
      adcp_error_nomem(err);
      return;
    }
    candidates->items = larger;
    candidates->capacity = capacity;
  }
  candidates->items[candidates->count++] = *entry;
}

static int compare_newest_first(const void *a, const void *b) {
  if( adcp_listing_older(a, b) ) return 1;
  return adcp_listing_older(b, a) ? -1 : 0;
}

/* *wrong (owned by the caller) becomes what is wrong with the last of the files that has something
** wrong. */
static void read_candidates(AdcpListing *listing, const Wanted *wanted, Candidates *candidates,
                            char **wrong, AdcpError *err) {
  AdcpListingEntry entry;
  while( adcp_listing_take(listing, &entry, err) ) {
    bool is_one = is_candidate(&entry, wanted);
    if( entry.error ) {
      adcp_free(*wrong);
      *wrong = adcp_strdup(entry.error);
      if( *wrong == NULL ) adcp_error_nomem(err);
    }
    if( is_one ) {
      add_candidate(candidates, &entry, err);
    } else {
      adcp_listing_entry_clear(&entry);
    }
  }
  if( candidates->count ) {
    qsort(candidates->items, candidates->count, sizeof *candidates->items, compare_newest_first);
  }
}

static void free_candidates(Candidates *candidates) {
  for( size_t i = 0; i < candidates->count; i++ ) adcp_listing_entry_clear(&candidates->items[i]);
  adcp_free(candidates->items);
}

/* The place of the first that is whole; count when none is. A list reads the first and last lines only:
** what may be whole is opened before it is chosen. */
static size_t first_whole(const AdcpListing *listing, Candidates *candidates, AdcpError *err) {
  size_t i = 0;
  for( ; i < candidates->count && !err->rc; i++ ) {
    adcp_listing_confirm(&candidates->items[i], listing->root, listing->checkpoint, err);
    if( candidates->items[i].status == ADCP_BACKUP_OK ) break;
  }
  return i;
}

static char *find_newest(AdcpListing *listing, const Wanted *wanted, char **wrong, AdcpError *err) {
  Candidates candidates = {0};
  char *path = NULL;
  read_candidates(listing, wanted, &candidates, wrong, err);
  size_t found = first_whole(listing, &candidates, err);
  if( err->rc == ADCP_OK && found < candidates.count ) {
    path = candidates.items[found].path;
    candidates.items[found].path = NULL;
  } else if( *wrong == NULL && candidates.count ) {
    take_text(wrong, &candidates.items[candidates.count - 1]);
  }
  free_candidates(&candidates);
  return path;
}

char *adcp_listing_newest(const AdcpRoot *root, const char *folder, AdcpCheckpoint checkpoint,
                          AdcpError *err) {
  AdcpListing *listing = adcp_listing_open(root, folder, ADCP_MISSING_IS_EMPTY, checkpoint, err);
  if( listing == NULL ) return NULL;
  char *wrong = NULL;
  char *path = find_newest(listing, &(Wanted){false, NULL}, &wrong, err);
  if( path == NULL && err->rc == ADCP_OK ) {
    adcp_error_set(err, ADCP_CANTOPEN,
                   "there is no \"latest\": none of the %zu files in %s is a whole backup (the "
                   "safety backups of restores are not meant)",
                   listing->count, folder);
    if( wrong ) adcp_error_append(err, "; the last of them: %s", wrong);
  }
  adcp_free(wrong);
  adcp_listing_close(listing);
  return path;
}

char *adcp_listing_newest_of(const AdcpRoot *root, const char *folder, const char *database,
                             AdcpCheckpoint checkpoint, AdcpError *err) {
  AdcpListing *listing = adcp_listing_open(root, folder, ADCP_MISSING_IS_EMPTY, checkpoint, err);
  char *wrong = NULL;
  char *path = listing ? find_newest(listing, &(Wanted){false, database}, &wrong, err) : NULL;
  adcp_free(wrong);
  adcp_listing_close(listing);
  return path;
}

/* ---- the newest safety backup ---- */

static char *take_path(AdcpListingEntry *entry) {
  char *path = entry->path;
  entry->path = NULL;
  return path;
}

static bool is_sure(const AdcpListingEntry *entry) {
  return entry->status == ADCP_BACKUP_OK && !adcp_clock_is_future(entry->created);
}

/* The place of the newest that is whole and has a date that can be right, or else of the newest that is
** whole; count when none is. */
static size_t choose_safety(const AdcpListing *listing, Candidates *candidates, AdcpError *err) {
  size_t whole = candidates->count;
  for( size_t i = 0; i < candidates->count && !err->rc; i++ ) {
    adcp_listing_confirm(&candidates->items[i], listing->root, listing->checkpoint, err);
    if( is_sure(&candidates->items[i]) ) return i;
    if( candidates->items[i].status == ADCP_BACKUP_OK && whole > i ) whole = i;
  }
  return whole;
}

/* Those in front of it were passed over; if it is dated in the future itself, all others may be newer. */
static void take_safety(Candidates *candidates, size_t chosen, AdcpSafetyFound *found) {
  AdcpListingEntry *items = candidates->items;
  size_t other = chosen > 0 ? 0 : 1;
  found->path = take_path(&items[chosen]);
  if( other >= candidates->count || (chosen == 0 && is_sure(&items[chosen])) ) return;
  found->other = take_path(&items[other]);
  take_text(&found->wrong, &items[other]);
}

static void find_safety(AdcpListing *listing, const char *database, AdcpSafetyFound *found,
                        AdcpError *err) {
  Candidates candidates = {0};
  char *wrong = NULL;
  read_candidates(listing, &(Wanted){true, database}, &candidates, &wrong, err);
  size_t chosen = choose_safety(listing, &candidates, err);
  if( err->rc == ADCP_OK && chosen < candidates.count ) {
    take_safety(&candidates, chosen, found);
  } else if( wrong == NULL && candidates.count ) {
    take_text(&found->wrong, &candidates.items[candidates.count - 1]);
  } else {
    found->wrong = wrong;
    wrong = NULL;
  }
  adcp_free(wrong);
  free_candidates(&candidates);
}

void adcp_listing_newest_safety(const AdcpRoot *root, const char *folder, const char *database,
                                AdcpSafetyFound *found, AdcpCheckpoint checkpoint, AdcpError *err) {
  *found = (AdcpSafetyFound){0};
  AdcpListing *listing = adcp_listing_open(root, folder, ADCP_MISSING_IS_EMPTY, checkpoint, err);
  if( listing ) find_safety(listing, database, found, err);
  adcp_listing_close(listing);
}

void adcp_safety_found_clear(AdcpSafetyFound *found) {
  adcp_free(found->path);
  adcp_free(found->other);
  adcp_free(found->wrong);
  *found = (AdcpSafetyFound){0};
}
