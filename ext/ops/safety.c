/*
** safety.c - the backup that a restore makes first (contract in safety.h).
*/
#include "ops/safety.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/json_write.h"
#include "db/catalog.h"
#include "db/system_file.h"
#include "ops/backup.h"
#include "ops/hash.h"
#include "platform/file.h"
#include "platform/root.h"
#include "stream/container.h"

#define OPTION "safety_backup"

/* Somebody waits for the restore: a third of the time of level 6, a quarter larger. */
#define SAFETY_LEVEL 1

struct AdcpSafety {
  AdcpDb *db; /* borrowed */
  AdcpConfig *config;
  const AdcpOptions *options; /* of the restore; borrowed */
  bool is_undo;
  AdcpPlace place;          /* owned: of what was written, removed from there without memory */
  AdcpArchiveTotals before; /* what is in it, */
  int64_t user_version, application_id;
  bool held_before;       /* what is restored was there already, so that nothing was written */
  bool unchanged;         /* by the restore: there is nothing to undo */
  AdcpLastRestore record; /* owned; a path that is absolute already joins it after the commit */
};

/* ---- whether and where ---- */

static bool is_wanted(const AdcpConfig *config, const AdcpOptions *options) {
  if( !adcp_options_has(options, OPTION) ) {
    return adcp_options_has(adcp_config_options(config), "backup_dir");
  }
  return adcp_options_text(options, OPTION, NULL) || adcp_options_bool(options, OPTION, false);
}

char *adcp_safety_place(const AdcpConfig *config, AdcpDb *db, const AdcpOptions *options) {
  if( db->err->rc || !is_wanted(config, options) ) return NULL;
  const char *path = adcp_options_text(options, OPTION, NULL);
  if( path == NULL ) return adcp_config_backup_dir(config, db->handle, db->schema, db->err);
  char *copy = adcp_strdup(path);
  if( copy == NULL ) adcp_error_nomem(db->err);
  return copy;
}

/* ---- opening ---- */

AdcpSafety *adcp_safety_open(const AdcpRequest *request, AdcpDb *db, const AdcpOptions *options) {
  if( db->err->rc ) return NULL;
  AdcpSafety *safety = adcp_calloc(1, sizeof *safety);
  if( safety == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  safety->db = db;
  safety->place = (AdcpPlace)ADCP_PLACE_INIT;
  safety->config = request->config;
  safety->options = options;
  safety->is_undo = request->is_undo;
  safety->record.schema = adcp_strdup(db->schema);
  safety->record.database = adcp_strdup(adcp_db_filename(db->handle, db->schema));
  if( safety->record.schema && safety->record.database ) return safety;
  adcp_error_nomem(db->err);
  adcp_safety_close(safety, ADCP_SAFETY_UNUSED);
  return NULL;
}

/* ---- writing ---- */

/* What the settings say of how a backup is written, and nothing of what is in it: it is whole. */
static void write_options(const AdcpSafety *safety, const AdcpSafetyMark *mark, AdcpBuf *out) {
  const AdcpOptions *settings = adcp_config_options(safety->config);
  const char *path = adcp_options_text(safety->options, OPTION, NULL);
  const char *compress = path ? NULL : adcp_options_text(settings, "compress", NULL);
  bool zstd = compress ? strcmp(compress, "zstd") == 0
                       : path && adcp_container_of_path(path) == ADCP_CONTAINER_ZSTD;
  AdcpBuf note = {0};
  AdcpJsonWriter w = {out, false};
  adcp_buf_appendf(&note, "before %s of %s", mark->before, mark->path);
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "schema", safety->db->schema);
  adcp_json_member_string(&w, "note", adcp_buf_text(&note));
  if( compress ) adcp_json_member_string(&w, "compress", compress);
  if( adcp_options_has(settings, "level") || !zstd ) {
    adcp_json_member_integer(&w, "level", adcp_options_integer(settings, "level", SAFETY_LEVEL));
  }
  if( adcp_options_has(safety->options, "threads") ) {
    adcp_json_member_integer(&w, "threads", adcp_options_integer(safety->options, "threads", 0));
  }
  adcp_json_member_bool(&w, "progress", adcp_options_bool(safety->options, "progress", false));
  adcp_json_end_object(&w);
  adcp_buf_free(&note);
}

/* A stream, which cannot be read back, and a file that is there are the same here: not a new
** name. */
static void check_path(const AdcpRoot *root, const char *path, AdcpError *err) {
  struct stat st;
  if( path && adcp_path_stat(root, path, &st) == 0 ) {
    adcp_error_set(err, ADCP_CANTOPEN, "%s exists already; give another name", path);
  }
}

static void run_backup(AdcpSafety *safety, const AdcpRequest *request, AdcpError *err) {
  AdcpBuf report = {0};
  AdcpBackup *backup = adcp_backup_open(request, err);
  while( adcp_backup_step(backup) ) {
  }
  adcp_backup_finish(backup, &report);
  bool written = adcp_backup_take_written(backup, &safety->place);
  if( written ) safety->before = *adcp_backup_totals(backup);
  if( written && err->rc ) {
    adcp_place_unlink(&safety->place);
    adcp_place_close(&safety->place);
  }
  adcp_backup_close(backup);
  adcp_buf_free(&report);
}

/* What to do is said where something can be done. */
static void explain(AdcpError *err, const char *before) {
  adcp_error_prepend(err, "the safety backup before %s failed: ", before);
  if( err->rc == ADCP_NOMEM || err->rc == ADCP_INTERRUPT ) return;
  adcp_error_append(err, "; correct that, or restore without it: {\"" OPTION "\":false}");
}

void adcp_safety_check(const AdcpConfig *config, const AdcpOptions *options, AdcpError *err) {
  AdcpError taken = ADCP_ERROR_INIT;
  check_path(adcp_config_root(config), adcp_options_text(options, OPTION, NULL), &taken);
  if( taken.rc ) explain(&taken, "adcp_restore");
  adcp_error_move(err, &taken);
}

static int64_t figure(const AdcpSafety *safety, const char *pragma) {
  return adcp_db_integer(safety->db, 0, "PRAGMA \"%w\".%s", safety->db->schema, pragma);
}

/* For an undo that comes when the process works in another folder. NULL where it is that already, or
** cannot be told: then the path as it is has to do. */
static char *absolute_path(const char *path) {
  char *found = path && path[0] != '/' ? adcp_system_calls()->xRealpath(path, NULL) : NULL;
  char *copy = found ? adcp_strdup(found) : NULL;
  free(found);
  return copy;
}

/* ---- whether anything will change ---- */

/* A database that cannot be read may be what the restore is to mend. */
static bool holds(const AdcpSafety *safety, const AdcpSafetyComing *coming) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {safety->db->handle, safety->db->schema, &trouble};
  AdcpSchema *schema = adcp_catalog_read(&trial);
  bool same = schema && figure(safety, "user_version") == coming->user_version &&
              figure(safety, "application_id") == coming->application_id &&
              adcp_hash_equals(&trial, schema, NULL, coming->totals);
  adcp_schema_free(schema);
  adcp_db_end_trial(safety->db, &trouble);
  return same;
}

static void look(AdcpSafety *safety, const AdcpSafetyComing *coming) {
  if( coming->totals && !safety->db->err->rc ) safety->held_before = holds(safety, coming);
}

void adcp_safety_watch(AdcpSafety *safety, const AdcpSafetyComing *coming) {
  if( safety == NULL || safety->place.path || safety->held_before || safety->is_undo ) return;
  const AdcpLastRestore *last = adcp_config_last_restore(safety->config);
  if( last && last->safety_backup ) look(safety, coming);
}

static bool is_file(const AdcpRoot *root, const char *path) {
  struct stat st;
  return adcp_path_stat(root, path, &st) == 0 && S_ISREG(st.st_mode);
}

/* SQLite may evaluate a call twice: the first time has taken the path, the second changes nothing. */
static void check_taken(AdcpSafety *safety, const char *path, const AdcpSafetyComing *coming,
                        AdcpError *err) {
  const AdcpRoot *root = adcp_config_root(safety->config);
  check_path(root, path, err);
  if( err->rc && is_file(root, path) ) look(safety, coming);
  if( safety->held_before ) adcp_error_clear(err);
}

void adcp_safety_write(AdcpSafety *safety, const AdcpSafetyMark *mark,
                       const AdcpSafetyComing *coming) {
  if( safety == NULL || safety->db->err->rc || safety->place.path ) return;
  if( !is_wanted(safety->config, safety->options) ) return;
  safety->user_version = figure(safety, "user_version");
  safety->application_id = figure(safety, "application_id");
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf options = {0};
  const char *path = adcp_options_text(safety->options, OPTION, NULL);
  write_options(safety, mark, &options);
  check_taken(safety, path, coming, &err);
  if( adcp_buf_check(&options, &err) && !safety->held_before ) {
    AdcpRequest request = {.handle = safety->db->handle,
                           .config = safety->config,
                           .path = path,
                           .options = (const char *)options.data,
                           .options_size = options.size,
                           .complete = true,
                           .safety = mark};
    run_backup(safety, &request, &err);
    safety->record.safety_backup = absolute_path(safety->place.path);
  }
  if( err.rc ) explain(&err, mark->before);
  adcp_error_move(safety->db->err, &err);
  adcp_buf_free(&options);
}

/* ---- whether anything was changed ---- */

static bool same_content(AdcpSafety *safety, const AdcpArchiveTotals *restored) {
  if( restored == NULL ) {
    AdcpSchema *schema = adcp_catalog_read(safety->db);
    bool same = schema && adcp_hash_equals(safety->db, schema, NULL, &safety->before);
    adcp_schema_free(schema);
    return same;
  }
  return strcmp(restored->content_sha256, safety->before.content_sha256) == 0 &&
         strcmp(restored->full_sha256, safety->before.full_sha256) == 0;
}

static bool is_unchanged(AdcpSafety *safety, const AdcpArchiveTotals *restored) {
  if( safety->place.path == NULL ) return safety->held_before;
  return same_content(safety, restored) && figure(safety, "user_version") == safety->user_version &&
         figure(safety, "application_id") == safety->application_id;
}

void adcp_safety_compare(AdcpSafety *safety, const AdcpArchiveTotals *restored) {
  if( safety == NULL || safety->db->err->rc ) return;
  if( !is_unchanged(safety, restored) || safety->db->err->rc ) return;
  if( safety->place.path && adcp_place_unlink(&safety->place) != 0 && errno != ENOENT ) return;
  safety->unchanged = true;
  adcp_place_close(&safety->place);
}

const char *adcp_safety_path(const AdcpSafety *safety) {
  return safety ? safety->place.path : NULL;
}

/* ---- the end ---- */

void adcp_safety_close(AdcpSafety *safety, AdcpSafetyFate fate) {
  if( safety == NULL ) return;
  const char *path = safety->place.path;
  bool stays = fate != ADCP_SAFETY_UNUSED ||
               (path && adcp_place_unlink(&safety->place) != 0 && errno != ENOENT);
  if( path && stays ) adcp_error_append(safety->db->err, "; the safety backup is %s", path);
  if( fate == ADCP_SAFETY_USED && !safety->unchanged && !safety->is_undo ) {
    if( safety->record.safety_backup == NULL ) {
      safety->record.safety_backup = safety->place.path;
      safety->place.path = NULL;
    }
    adcp_config_remember(safety->config, &safety->record);
  }
  adcp_last_restore_clear(&safety->record);
  adcp_place_close(&safety->place);
  adcp_free(safety);
}
