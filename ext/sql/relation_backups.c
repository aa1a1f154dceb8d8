/*
** relation_backups.c - adcp_backups, adcp_backups(dir): one row a backup.
*/
#include "base/mem.h"
#include "ops/listing.h"
#include "sql/relations.h"
#include "sql/result.h"

typedef struct Cursor {
  AdcpError *err; /* borrowed */
  AdcpListing *listing;
  const AdcpListingEntry *entry; /* borrowed from the listing; NULL at the end */
  sqlite3_int64 rowid;
} Cursor;

static void backups_close(void *p) {
  Cursor *cursor = p;
  adcp_listing_close(cursor->listing);
  adcp_free(cursor);
}

/* A folder that was named has to be there; that of the settings is made by the first backup. */
static AdcpListing *open_listing(const AdcpRelationCall *call) {
  const AdcpRoot *root = adcp_config_root(call->config);
  const char *named = call->text[0];
  AdcpCheckpoint checkpoint = ADCP_NO_CHECKPOINT; /* SQLite looks between two rows */
  if( named && *named == 0 ) {
    adcp_error_set(
        call->err, ADCP_MISUSE,
        "the path is empty; give the path of a folder, or none for that of the settings");
  }
  if( named ) return adcp_listing_open(root, named, ADCP_MISSING_IS_ERROR, checkpoint, call->err);
  char *folder = adcp_config_backup_dir(call->config, call->db, "main", call->err);
  AdcpListing *listing =
      folder ? adcp_listing_open(root, folder, ADCP_MISSING_IS_EMPTY, checkpoint, call->err) : NULL;
  adcp_free(folder);
  return listing;
}

static void backups_next(void *p) {
  Cursor *cursor = p;
  cursor->entry = adcp_listing_next(cursor->listing, cursor->err);
  cursor->rowid++;
}

static void *backups_open(const AdcpRelationCall *call) {
  Cursor *cursor = adcp_calloc(1, sizeof *cursor);
  if( cursor == NULL ) {
    adcp_error_nomem(call->err);
    return NULL;
  }
  cursor->err = call->err;
  cursor->listing = open_listing(call);
  if( cursor->listing == NULL ) {
    backups_close(cursor);
    return NULL;
  }
  backups_next(cursor);
  return cursor;
}

static bool backups_eof(void *p) {
  return ((Cursor *)p)->entry == NULL;
}

static sqlite3_int64 backups_rowid(void *p) {
  return ((Cursor *)p)->rowid;
}

static void result_figure(sqlite3_context *context, int64_t value) {
  if( value >= 0 ) sqlite3_result_int64(context, value);
}

/* How many bytes of text one byte of the file holds. */
static void result_ratio(sqlite3_context *context, const AdcpListingEntry *entry) {
  if( entry->size_bytes <= 0 || entry->uncompressed_bytes < 0 ) return;
  sqlite3_result_double(context, (double)entry->uncompressed_bytes / (double)entry->size_bytes);
}

enum {
  NAME,
  PATH,
  CREATED_AT,
  STATUS,
  SIZE_BYTES,
  UNCOMPRESSED_BYTES,
  RATIO,
  COMPRESSION,
  FORMAT_VERSION,
  BACKUP_TYPE,
  TABLES,
  ROWS,
  CONTENT_SHA256,
  NOTE,
  SQLITE_VERSION_COLUMN,
  DATABASE,
  ERROR,
  SAFETY,
  COLUMN_COUNT
};

static void backups_column(void *p, int column, sqlite3_context *context) {
  const AdcpListingEntry *entry = ((Cursor *)p)->entry;
  switch( column ) {
  case NAME: adcp_result_text(context, entry->name); break;
  case PATH: adcp_result_text(context, entry->path); break;
  case CREATED_AT: adcp_result_text(context, entry->created_at); break;
  case STATUS: adcp_result_text(context, adcp_backup_status_name(entry->status)); break;
  case SIZE_BYTES: result_figure(context, entry->size_bytes); break;
  case UNCOMPRESSED_BYTES: result_figure(context, entry->uncompressed_bytes); break;
  case RATIO: result_ratio(context, entry); break;
  case COMPRESSION: adcp_result_text(context, entry->compression); break;
  case FORMAT_VERSION: adcp_result_text(context, entry->format_version); break;
  case BACKUP_TYPE: adcp_result_text(context, entry->backup_type); break;
  case TABLES: result_figure(context, entry->tables); break;
  case ROWS: result_figure(context, entry->rows); break;
  case CONTENT_SHA256: adcp_result_text(context, entry->content_sha256); break;
  case NOTE: adcp_result_text(context, entry->note); break;
  case SQLITE_VERSION_COLUMN: adcp_result_text(context, entry->sqlite_version); break;
  case DATABASE: adcp_result_text(context, entry->database); break;
  case ERROR: adcp_result_text(context, entry->error); break;
  case SAFETY:
    if( entry->status == ADCP_BACKUP_OK ) sqlite3_result_int(context, entry->is_safety);
    break;
  }
}

const AdcpRelation adcp_relation_backups = {
    .name = "adcp_backups",
    .columns = "name TEXT, path TEXT, created_at TEXT, status TEXT, size_bytes INTEGER, "
               "uncompressed_bytes INTEGER, ratio REAL, compression TEXT, format_version TEXT, "
               "backup_type TEXT, tables INTEGER, rows INTEGER, content_sha256 TEXT, note TEXT, "
               "sqlite_version TEXT, database TEXT, error TEXT, safety INTEGER",
    .column_count = COLUMN_COUNT,
    .arguments = "dir HIDDEN",
    .argument_count = 1,
    .required_arguments = 0,
    .xOpen = backups_open,
    .xEof = backups_eof,
    .xNext = backups_next,
    .xColumn = backups_column,
    .xRowid = backups_rowid,
    .xClose = backups_close,
};
