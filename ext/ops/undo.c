/*
** undo.c - finds the safety backup and restores it (contract in undo.h).
*/
#include "ops/undo.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/db.h"
#include "db/system_file.h"
#include "ops/interrupt.h"
#include "ops/listing.h"
#include "ops/restore.h"

static const AdcpOptionSpec option_specs[] = {
    {"schema", ADCP_OPTION_TEXT, 0, 0, NULL},
    {"safety_backup", ADCP_OPTION_SWITCH, 0, 0, NULL},
    {"modules", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"trust_schema", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"threads", ADCP_OPTION_INTEGER, 0, ADCP_MAX_THREADS, NULL},
    {"progress", ADCP_OPTION_BOOL, 0, 0, NULL},
};

static const AdcpOptionTable undo_options = {option_specs,
                                             sizeof option_specs / sizeof *option_specs, "option"};

typedef struct Undo {
  const AdcpRequest *request;
  AdcpDb db;
  AdcpOptions *options;
  char *path; /* owned: what is restored */
} Undo;

/* ---- which file ---- */

static const char *file_of(const Undo *undo, const char *schema) {
  return adcp_db_filename(undo->request->handle, schema);
}

/* Neither can be detached, so that it is what it was. */
static bool stays_attached(const char *schema) {
  return sqlite3_stricmp(schema, "main") == 0 || sqlite3_stricmp(schema, "temp") == 0;
}

/* Whether the database that the last restore was of is still the one of its name. Of those without a file
** only these are told from others. (What sqlite3_deserialize brings is of file "x".) */
static bool is_still_there(const Undo *undo, const AdcpLastRestore *last) {
  if( strcmp(file_of(undo, last->schema), last->database) != 0 ) return false;
  return adcp_listing_is_path(last->database) ||
         (last->database[0] == 0 && stays_attached(last->schema));
}

static void refuse_other(const AdcpLastRestore *last, AdcpError *err) {
  if( adcp_listing_is_path(last->database) ) {
    adcp_error_set(
        err, ADCP_CANTOPEN,
        "the last restore of this connection was of \"%s\", %s, which is not attached as "
        "that any more; attach it again, or name the database that is meant, such as "
        "{\"schema\":\"main\"}; database unchanged",
        last->schema, last->database);
    return;
  }
  adcp_error_set(
      err, ADCP_CANTOPEN,
      "the last restore of this connection was of \"%s\", a database without a file, "
      "which cannot be told from another that was attached as that since; if it is the "
      "same, adcp_restore of %s with {\"force\":true,\"schema\":\"%s\"} puts back what was "
      "there; database unchanged",
      last->schema, last->safety_backup, last->schema);
}

static void take_last(Undo *undo, const AdcpLastRestore *last) {
  AdcpError *err = undo->db.err;
  if( last->safety_backup == NULL ) {
    adcp_error_set(
        err, ADCP_CANTOPEN,
        "the last restore of this connection made no safety backup: no rows were at stake, "
        "no backup_dir is set, or it was left out; adcp_backups lists what adcp_restore "
        "could put back; database unchanged");
  } else if( !is_still_there(undo, last) ) {
    refuse_other(last, err);
  } else {
    undo->path = adcp_strdup(last->safety_backup);
    if( undo->path == NULL ) adcp_error_nomem(err);
  }
}

/* An older one in place of the newest would look as if all had gone well. */
static void refuse_doubtful(const Undo *undo, const AdcpSafetyFound *found, const char *options) {
  AdcpError *err = undo->db.err;
  if( found->wrong == NULL ) {
    adcp_error_set(
        err, ADCP_CANTOPEN,
        "the safety backup %s is dated in the future, so that %s may have been made after "
        "it; adcp_restore of the one that is meant, with %s, puts back what it holds; "
        "database unchanged",
        found->other, found->path, options);
    return;
  }
  adcp_error_set(err, ADCP_CANTOPEN, "%s", found->wrong);
  adcp_error_name(err, found->other);
  adcp_error_append(
      err,
      "; it may be the newest safety backup of this database; of those that can be read "
      "the newest is %s: adcp_restore of that, with %s, puts back what it holds; "
      "database unchanged",
      found->path, options);
}

/* Of a restore by hand into the same database. */
static char *restore_options(const Undo *undo) {
  AdcpBuf json = {0};
  AdcpJsonWriter w = {&json, false};
  adcp_json_begin_object(&w);
  adcp_json_member_bool(&w, "force", true);
  if( sqlite3_stricmp(undo->db.schema, "main") != 0 ) {
    adcp_json_member_string(&w, "schema", undo->db.schema);
  }
  adcp_json_end_object(&w);
  if( adcp_buf_check(&json, undo->db.err) ) return adcp_buf_take(&json);
  adcp_buf_free(&json);
  return NULL;
}

/* Others read like a name that is not UTF-8. */
static void refuse_alike(const Undo *undo, const char *spelled) {
  adcp_error_set(
      undo->db.err, ADCP_CANTOPEN,
      "%s is the newest safety backup of %s, but that name is not UTF-8, and others read "
      "like it; if it is of this database, adcp_restore of it with {\"force\":true} puts "
      "back what was there; database unchanged",
      undo->path, spelled);
}

static void refuse_none(const Undo *undo, const char *folder, const char *wrong) {
  AdcpError *err = undo->db.err;
  adcp_error_set(err, ADCP_CANTOPEN,
                 "there is no safety backup of this database in %s; a restore over rows makes "
                 "one when backup_dir is set or it is asked for with {\"safety_backup\":true}",
                 folder);
  if( wrong ) adcp_error_append(err, "; a file that was passed over: %s", wrong);
  adcp_error_append(err, "; database unchanged");
}

static void find_newest(Undo *undo) {
  AdcpError *err = undo->db.err;
  char *folder =
      adcp_config_backup_dir(undo->request->config, undo->db.handle, undo->db.schema, err);
  const AdcpRoot *root = adcp_config_root(undo->request->config);
  const char *file = file_of(undo, undo->db.schema);
  AdcpSafetyFound found = {0};
  AdcpInterrupt interrupt = {0};
  char *spelled = folder && adcp_listing_is_path(file) ? adcp_listing_spell(file, err) : NULL;
  adcp_interrupt_open(&interrupt, &undo->db);
  if( spelled ) {
    adcp_listing_newest_safety(root, folder, spelled, &found, adcp_interrupt_checkpoint(&interrupt),
                               err);
  }
  adcp_interrupt_close(&interrupt);
  if( err->rc ) {
    adcp_error_append(err, "; database unchanged");
  } else if( found.path == NULL ) {
    refuse_none(undo, folder, found.wrong);
  } else if( found.other ) {
    char *options = restore_options(undo);
    if( options ) refuse_doubtful(undo, &found, options);
    adcp_free(options);
  } else {
    undo->path = found.path;
    found.path = NULL;
    if( strcmp(spelled, file) != 0 ) refuse_alike(undo, spelled);
  }
  adcp_safety_found_clear(&found);
  adcp_free(spelled);
  adcp_free(folder);
}

/* The last restore of this connection, if it is what is meant: of the schema that is named, if one is.
** A file that was attached under the name since then is a database of its own. */
static const AdcpLastRestore *last_restore(const Undo *undo) {
  const AdcpLastRestore *last = adcp_config_last_restore(undo->request->config);
  const char *schema = adcp_options_text(undo->options, "schema", NULL);
  if( last == NULL || schema == NULL ) return last;
  if( sqlite3_stricmp(schema, last->schema) != 0 ) return NULL;
  return strcmp(file_of(undo, schema), last->database) == 0 ? last : NULL;
}

static void find_file(Undo *undo) {
  if( undo->options == NULL ) return;
  const AdcpLastRestore *last = last_restore(undo);
  undo->db.schema = last ? last->schema : adcp_options_text(undo->options, "schema", "main");
  if( last == NULL || adcp_options_has(undo->options, "schema") ) adcp_db_check_schema(&undo->db);
  if( undo->db.err->rc ) return;
  last ? take_last(undo, last) : find_newest(undo);
}

/* ---- restoring ---- */

/* Everything that was in it, whatever the settings say of other restores. */
static void write_options(const Undo *undo, AdcpBuf *json) {
  AdcpJsonWriter w = {json, false};
  adcp_json_begin_object(&w);
  adcp_json_member_bool(&w, "force", true);
  adcp_json_member_string(&w, "schema", undo->db.schema);
  adcp_json_member_integer(&w, "max_objects", INT32_MAX);
  for( size_t i = 0; i < undo_options.count; i++ ) {
    const char *name = option_specs[i].name;
    if( strcmp(name, "schema") == 0 || !adcp_options_has(undo->options, name) ) continue;
    adcp_json_key(&w, name);
    adcp_options_write(undo->options, name, json);
    w.need_comma = true;
  }
  adcp_json_end_object(&w);
}

static void run_restore(Undo *undo, AdcpBuf *report) {
  AdcpError *err = undo->db.err;
  AdcpBuf options = {0};
  if( err->rc ) return;
  write_options(undo, &options);
  if( adcp_buf_check(&options, err) ) {
    AdcpRequest request = {.handle = undo->request->handle,
                           .config = undo->request->config,
                           .path = undo->path,
                           .options = (const char *)options.data,
                           .options_size = options.size,
                           .function = undo->request->function,
                           .complete = true,
                           .is_undo = true};
    AdcpRestore *restore = adcp_restore_open(&request, err);
    while( adcp_restore_step(restore) ) {
    }
    adcp_restore_finish(restore, report);
    adcp_restore_close(restore);
  }
  adcp_buf_free(&options);
}

void adcp_undo(const AdcpRequest *request, AdcpBuf *report, AdcpError *err) {
  Undo undo = {.request = request, .db = {request->handle, "main", err}};
  if( !err->rc ) undo.options = adcp_request_options(request, &undo_options, err);
  find_file(&undo);
  run_restore(&undo, report);
  adcp_options_free(undo.options);
  adcp_free(undo.path);
}
