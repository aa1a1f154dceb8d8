/*
** metadata.c - writes and reads the backup_metadata section (contract in metadata.h).
*/
#include "ops/metadata.h"

#include <string.h>
#include <unistd.h>

#include "adcp.h"
#include "archive/format.h"
#include "archive/json_parts.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/system_file.h"
#include "ops/clock.h"
#include "ops/json_tree.h"

/* ---- writing ---- */

static void member_pragma(AdcpJsonWriter *w, AdcpDb *db, const char *key, const char *pragma) {
  char *text = adcp_db_text(db, "PRAGMA \"%w\".%s", db->schema, pragma);
  adcp_json_member_string(w, key, text);
  adcp_free(text);
}

static void member_figure(AdcpJsonWriter *w, AdcpDb *db, const char *key, const char *pragma) {
  adcp_json_member_integer(w, key, adcp_db_integer(db, 0, "PRAGMA \"%w\".%s", db->schema, pragma));
}

static void write_system(AdcpJsonWriter *w) {
  char host[256] = "";
  if( gethostname(host, sizeof host - 1) ) host[0] = 0;
  adcp_json_key(w, "system_info");
  adcp_json_begin_object(w);
  adcp_json_member_string(w, "adcp_version", ADCP_VERSION);
  adcp_json_member_string(w, "sqlite_version", sqlite3_libversion());
  adcp_json_member_string(w, "host", host);
  adcp_json_end_object(w);
}

static void write_database(AdcpJsonWriter *w, AdcpDb *db) {
  const char *path = adcp_db_filename(db->handle, db->schema);
  int64_t page_size = adcp_db_integer(db, 0, "PRAGMA \"%w\".page_size", db->schema);
  int64_t page_count = adcp_db_integer(db, 0, "PRAGMA \"%w\".page_count", db->schema);
  adcp_json_key(w, "database");
  adcp_json_begin_object(w);
  adcp_json_member_string(w, "path", *path ? path : NULL);
  adcp_json_member_string(w, "schema", db->schema);
  member_pragma(w, db, "encoding", "encoding");
  adcp_json_member_integer(w, "page_size", page_size);
  adcp_json_member_integer(w, "page_count", page_count);
  adcp_json_member_integer(w, "size_bytes", page_size * page_count);
  member_figure(w, db, "auto_vacuum", "auto_vacuum");
  member_pragma(w, db, "journal_mode", "journal_mode");
  member_figure(w, db, "user_version", "user_version");
  member_figure(w, db, "application_id", "application_id");
  adcp_json_end_object(w);
}

/* The options that make a backup partial, as they were given: backups of the same are alike to a
** prune. */
static void write_selection(AdcpJsonWriter *w, const AdcpOptions *options) {
  static const char *const names[] = {"tables", "exclude_tables", "exclude_data", NULL};
  bool any = false;
  for( size_t i = 0; names[i]; i++ ) any = any || adcp_options_name_count(options, names[i]);
  if( !any ) return;
  adcp_json_key(w, "selection");
  adcp_json_begin_object(w);
  for( size_t i = 0; names[i]; i++ ) {
    size_t count = adcp_options_name_count(options, names[i]);
    if( count == 0 ) continue;
    adcp_json_key(w, names[i]);
    adcp_json_begin_array(w);
    for( size_t k = 0; k < count; k++ ) {
      adcp_json_string(w, adcp_options_name(options, names[i], k));
    }
    adcp_json_end_array(w);
  }
  adcp_json_end_object(w);
}

static void write_safety(AdcpJsonWriter *w, const AdcpSafetyMark *mark) {
  bool known = mark->content_sha256[0] != 0;
  adcp_json_key(w, "safety_backup");
  adcp_json_begin_object(w);
  adcp_json_member_string(w, "before", mark->before);
  adcp_json_member_string(w, "path", mark->path);
  adcp_json_member_string(w, "content_sha256", known ? mark->content_sha256 : NULL);
  adcp_json_end_object(w);
}

void adcp_metadata_write(AdcpBuf *out, AdcpDb *db, const AdcpMetadata *metadata) {
  char created_at[ADCP_TIME_TEXT_SIZE];
  adcp_clock_text(created_at, metadata->created);
  AdcpJsonWriter w = {out, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "format", ADCP_FORMAT_NAME);
  adcp_json_member_string(&w, "version", ADCP_FORMAT_VERSION);
  if( metadata->rebuilds ) {
    adcp_json_key(&w, "requires");
    adcp_json_begin_array(&w);
    adcp_json_string(&w, ADCP_FEATURE_REBUILD);
    adcp_json_end_array(&w);
  }
  adcp_json_member_string(&w, "created_at", created_at);
  adcp_json_member_string(&w, "backup_type", metadata->backup_type);
  write_selection(&w, metadata->options);
  if( metadata->note ) adcp_json_member_string(&w, "note", metadata->note);
  if( metadata->safety ) write_safety(&w, metadata->safety);
  write_system(&w);
  write_database(&w, db);
  if( metadata->redacted_columns->count ) {
    adcp_text_list_write(metadata->redacted_columns, &w, "redacted_columns");
  }
  adcp_settings_write_metadata(metadata->settings, &w);
  adcp_json_end_object(&w);
}

/* ---- reading ---- */

static int read_integer(const cJSON *object, const char *key, int otherwise, AdcpError *err) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if( item == NULL || cJSON_IsNull(item) ) return otherwise;
  if( !cJSON_IsNumber(item) || item->valuedouble != (double)item->valueint ) {
    adcp_error_set(err, ADCP_CORRUPT, "damaged: backup_metadata: \"%s\" is not a 32-bit number",
                   key);
  }
  return item->valueint;
}

static void read_text(const cJSON *object, const char *key, char *to, size_t size, AdcpError *err) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if( item == NULL || cJSON_IsNull(item) ) return;
  if( !cJSON_IsString(item) || strlen(item->valuestring) >= size ) {
    adcp_error_set(err, ADCP_CORRUPT, "damaged: backup_metadata: \"%s\" is not one of its texts",
                   key);
    return;
  }
  memcpy(to, item->valuestring, strlen(item->valuestring) + 1);
}

void adcp_metadata_read(AdcpDatabaseFigures *figures, const AdcpArchiveHead *head, AdcpError *err) {
  memset(figures, 0, sizeof *figures);
  if( err->rc ) return;
  cJSON *root = adcp_json_tree(head->metadata, strlen(head->metadata), NULL, err);
  if( root == NULL ) {
    adcp_error_set(err, ADCP_CORRUPT, "damaged: backup_metadata cannot be read");
    return;
  }
  if( head->is_legacy ) {
    memcpy(figures->backup_type, "data", 5); /* rows alone; it says other things elsewhere */
    figures->auto_vacuum = -1;
    cJSON_Delete(root);
    return;
  }
  const cJSON *database = cJSON_GetObjectItemCaseSensitive(root, "database");
  read_text(root, "backup_type", figures->backup_type, sizeof figures->backup_type, err);
  read_text(database, "encoding", figures->encoding, sizeof figures->encoding, err);
  const cJSON *schema = cJSON_GetObjectItemCaseSensitive(database, "schema");
  figures->of_temp = cJSON_IsString(schema) && sqlite3_stricmp(schema->valuestring, "temp") == 0;
  figures->page_size = read_integer(database, "page_size", 0, err);
  figures->auto_vacuum = read_integer(database, "auto_vacuum", -1, err);
  figures->user_version = read_integer(database, "user_version", 0, err);
  figures->application_id = read_integer(database, "application_id", 0, err);
  cJSON_Delete(root);
}
