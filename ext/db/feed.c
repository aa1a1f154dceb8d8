/*
** feed.c - rows of ours as a table that one statement reads (contract in feed.h).
**
** An eponymous-only virtual table with a hidden column, which is the table-valued function's
** argument: the feed, by SQLite's pointer-passing interface. Text and blobs are handed over where
** they lie: SQLite makes a record of a row before it asks for the next one.
*/
#include "db/feed.h"

#include "base/mem.h"

#define POINTER_TYPE "adcp_feed"

struct AdcpFeed {
  AdcpDb *db; /* borrowed */
  char name[32];
  const size_t *places; /* borrowed */
  size_t count;
  AdcpRowSource source;
  int64_t limit;
  int64_t rows; /* read from source */
  bool at_end;
};

typedef struct FeedCursor {
  sqlite3_vtab_cursor base;
  AdcpFeed *feed;
  const AdcpValue *row; /* NULL at the end */
} FeedCursor;

/* ---- the module ---- */

static int xConnect(sqlite3 *handle, void *context, int argc, const char *const *argv,
                    sqlite3_vtab **vtab, char **message) {
  const AdcpFeed *feed = context;
  sqlite3_str *sql = sqlite3_str_new(NULL);
  (void)argc;
  (void)argv;
  (void)message;
  sqlite3_str_appendall(sql, "CREATE TABLE x(");
  for( size_t i = 0; i < feed->count; i++ ) sqlite3_str_appendf(sql, "c%d, ", (int)i);
  sqlite3_str_appendall(sql, "feed HIDDEN)");
  char *text = sqlite3_str_finish(sql);
  int rc = text ? sqlite3_declare_vtab(handle, text) : SQLITE_NOMEM;
  sqlite3_free(text);
  *vtab = rc == SQLITE_OK ? adcp_calloc(1, sizeof(**vtab)) : NULL;
  if( rc == SQLITE_OK && *vtab == NULL ) rc = SQLITE_NOMEM;
  if( rc == SQLITE_OK ) sqlite3_vtab_config(handle, SQLITE_VTAB_DIRECTONLY);
  return rc;
}

static int xDisconnect(sqlite3_vtab *vtab) {
  adcp_free(vtab);
  return SQLITE_OK;
}

/* The argument is the only constraint, and must be there. */
static int xBestIndex(sqlite3_vtab *vtab, sqlite3_index_info *info) {
  (void)vtab;
  for( int i = 0; i < info->nConstraint; i++ ) {
    if( !info->aConstraint[i].usable || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ ) {
      continue;
    }
    info->aConstraintUsage[i].argvIndex = 1;
    info->aConstraintUsage[i].omit = 1;
    info->estimatedCost = 1;
    return SQLITE_OK;
  }
  return SQLITE_CONSTRAINT;
}

static int xOpen(sqlite3_vtab *vtab, sqlite3_vtab_cursor **cursor) {
  (void)vtab;
  FeedCursor *opened = adcp_calloc(1, sizeof *opened);
  *cursor = opened ? &opened->base : NULL;
  return opened ? SQLITE_OK : SQLITE_NOMEM;
}

static int xClose(sqlite3_vtab_cursor *cursor) {
  adcp_free(cursor);
  return SQLITE_OK;
}

/* An error stops the statement; what it was is in the connection's AdcpError already. */
static int xNext(sqlite3_vtab_cursor *base) {
  FeedCursor *cursor = (FeedCursor *)base;
  AdcpFeed *feed = cursor->feed;
  cursor->row = NULL;
  if( feed->rows == feed->limit ) return SQLITE_OK;
  cursor->row = feed->source.xNext(feed->source.context);
  if( feed->db->err->rc != ADCP_OK ) return SQLITE_ERROR;
  feed->rows += cursor->row != NULL;
  feed->at_end = cursor->row == NULL;
  return SQLITE_OK;
}

static int xFilter(sqlite3_vtab_cursor *base, int number, const char *name, int argc,
                   sqlite3_value **argv) {
  FeedCursor *cursor = (FeedCursor *)base;
  (void)number;
  (void)name;
  (void)argc;
  cursor->feed = sqlite3_value_pointer(argv[0], POINTER_TYPE);
  return cursor->feed ? xNext(base) : SQLITE_OK;
}

static int xEof(sqlite3_vtab_cursor *base) {
  return ((FeedCursor *)base)->row == NULL;
}

static int xColumn(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
  const FeedCursor *cursor = (const FeedCursor *)base;
  if( (size_t)column >= cursor->feed->count ) return SQLITE_OK;
  const AdcpValue *value = &cursor->row[cursor->feed->places[column]];
  switch( value->type ) {
  case ADCP_NULL: break;
  case ADCP_INTEGER: sqlite3_result_int64(context, value->integer); break;
  case ADCP_REAL: sqlite3_result_double(context, value->real); break;
  case ADCP_TEXT:
    sqlite3_result_text64(context, adcp_value_bytes(value), value->size, SQLITE_STATIC,
                          SQLITE_UTF8);
    break;
  case ADCP_BLOB:
    sqlite3_result_blob64(context, adcp_value_bytes(value), value->size, SQLITE_STATIC);
    break;
  case ADCP_TEXT16: return SQLITE_MISMATCH;
  }
  return SQLITE_OK;
}

static int xRowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  *rowid = ((const FeedCursor *)base)->feed->rows;
  return SQLITE_OK;
}

static const sqlite3_module module = {
    .iVersion = 0,
    .xConnect = xConnect,
    .xBestIndex = xBestIndex,
    .xDisconnect = xDisconnect,
    .xOpen = xOpen,
    .xClose = xClose,
    .xFilter = xFilter,
    .xNext = xNext,
    .xEof = xEof,
    .xColumn = xColumn,
    .xRowid = xRowid,
};

/* ---- interface ---- */

/* SQLite finds a table before a module: a virtual one with hidden columns would take the argument for
** its own. */
static bool is_taken(AdcpDb *db, const char *name) {
  int rc =
      sqlite3_table_column_metadata(db->handle, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL);
  if( rc != SQLITE_OK && (rc & 0xff) != SQLITE_ERROR ) adcp_db_fail(db, rc);
  return rc == SQLITE_OK;
}

static void choose_name(AdcpFeed *feed) {
  int i = 0;
  do {
    sqlite3_snprintf(sizeof feed->name, feed->name, i ? "adcp_feed_%d" : "adcp_feed", i);
    i++;
  } while( is_taken(feed->db, feed->name) );
}

AdcpFeed *adcp_feed_open(AdcpDb *db, const size_t *places, size_t count) {
  if( db->err->rc != ADCP_OK ) return NULL;
  AdcpFeed *feed = adcp_calloc(1, sizeof *feed);
  if( feed == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  feed->db = db;
  feed->places = places;
  feed->count = count;
  choose_name(feed);
  int rc = db->err->rc ? SQLITE_OK
                       : sqlite3_create_module_v2(db->handle, feed->name, &module, feed, NULL);
  if( rc != SQLITE_OK ) adcp_db_fail(db, rc);
  if( db->err->rc == ADCP_OK ) return feed;
  adcp_free(feed);
  return NULL;
}

const char *adcp_feed_name(const AdcpFeed *feed) {
  return feed->name;
}

int adcp_feed_bind(AdcpFeed *feed, sqlite3_stmt *stmt) {
  return sqlite3_bind_pointer(stmt, 1, feed, POINTER_TYPE, NULL);
}

void adcp_feed_set(AdcpFeed *feed, AdcpRowSource source, int64_t limit) {
  feed->source = source;
  feed->limit = limit;
  feed->rows = 0;
  feed->at_end = false;
}

int64_t adcp_feed_rows(const AdcpFeed *feed) {
  return feed->rows;
}

bool adcp_feed_at_end(const AdcpFeed *feed) {
  return feed->at_end;
}

void adcp_feed_close(AdcpFeed *feed) {
  if( feed == NULL ) return;
  sqlite3_create_module_v2(feed->db->handle, feed->name, NULL, NULL, NULL);
  adcp_free(feed);
}
