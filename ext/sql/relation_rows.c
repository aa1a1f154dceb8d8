/*
** relation_rows.c - adcp_rows(path, table): the rows of one table of a backup, as JSON text.
**
** Ranges of rowno and rowid choose the block that reading begins at, and end it.
*/
#include "sql/relations.h"

#include "base/mem.h"
#include "ops/backup_table.h"
#include "platform/work_queue.h"

enum { COLUMN_ROWNO, COLUMN_ROWID, COLUMN_ROW };

typedef struct Cursor {
  AdcpError *err; /* borrowed */
  AdcpBackupTable *table;
  AdcpRange rows, rowids;
  bool has_rowids; /* rowids is a limit */
  bool begun;      /* on a row */
  bool eof;
} Cursor;

static void rows_close(void *p) {
  Cursor *cursor = p;
  adcp_backup_table_close(cursor->table);
  adcp_free(cursor);
}

/* Rows come by number and, as the format says, by rowid. */
static bool is_behind(Cursor *cursor) {
  int64_t rowid;
  if( adcp_backup_table_row(cursor->table) > cursor->rows.high ) return true;
  return cursor->has_rowids && adcp_backup_table_rowid(cursor->table, &rowid) &&
         rowid > cursor->rowids.high;
}

static bool is_ahead(Cursor *cursor) {
  int64_t rowid;
  if( adcp_backup_table_row(cursor->table) < cursor->rows.low ) return true;
  return cursor->has_rowids && adcp_backup_table_rowid(cursor->table, &rowid) &&
         rowid < cursor->rowids.low;
}

/* True on the last row of a range, behind which nothing is read: what stands there may be damaged. */
static bool is_last(Cursor *cursor) {
  int64_t rowid;
  if( adcp_backup_table_row(cursor->table) == cursor->rows.high ) return true;
  return cursor->has_rowids && adcp_backup_table_rowid(cursor->table, &rowid) &&
         rowid == cursor->rowids.high;
}

static void rows_next(void *p) {
  Cursor *cursor = p;
  if( cursor->begun && is_last(cursor) ) {
    cursor->eof = true;
    return;
  }
  cursor->begun = true;
  do {
    cursor->eof = !adcp_backup_table_next(cursor->table);
  } while( !cursor->eof && is_ahead(cursor) );
  if( !cursor->eof ) cursor->eof = is_behind(cursor);
}

static void begin(Cursor *cursor) {
  bool empty = cursor->rows.low > cursor->rows.high || cursor->rowids.low > cursor->rowids.high;
  if( empty ) {
    cursor->eof = true;
  } else if( cursor->rows.low > 1 ) {
    adcp_backup_table_seek_row(cursor->table, cursor->rows.low);
  } else if( cursor->has_rowids ) {
    adcp_backup_table_seek_rowid(cursor->table, cursor->rowids.low);
  }
  if( !cursor->eof ) rows_next(cursor);
}

static void *rows_open(const AdcpRelationCall *call) {
  Cursor *cursor = adcp_calloc(1, sizeof *cursor);
  if( cursor == NULL ) {
    adcp_error_nomem(call->err);
    return NULL;
  }
  cursor->err = call->err;
  cursor->rows = call->ranges[0];
  cursor->rowids = call->ranges[1];
  cursor->has_rowids = cursor->rowids.low > INT64_MIN || cursor->rowids.high < INT64_MAX;
  AdcpBackupTableCall rows = {.root = adcp_config_root(call->config),
                              .path = call->text[0],
                              .name = call->text[1],
                              .threads = ADCP_AUTO_THREADS,
                              .handle = call->db};
  cursor->table = adcp_backup_table_open(&rows, call->err);
  if( cursor->table ) begin(cursor);
  if( call->err->rc == ADCP_OK ) return cursor;
  rows_close(cursor);
  return NULL;
}

static bool rows_eof(void *p) {
  return ((Cursor *)p)->eof;
}

static sqlite3_int64 rows_rowid(void *p) {
  return adcp_backup_table_row(((Cursor *)p)->table);
}

static void result_row(Cursor *cursor, sqlite3_context *context) {
  size_t size;
  const char *text = adcp_backup_table_text(cursor->table, &size);
  sqlite3_result_text64(context, text, size, SQLITE_TRANSIENT, SQLITE_UTF8);
  sqlite3_result_subtype(context, 'J');
}

static void rows_column(void *p, int column, sqlite3_context *context) {
  Cursor *cursor = p;
  int64_t rowid;
  switch( column ) {
  case COLUMN_ROWNO: sqlite3_result_int64(context, rows_rowid(p)); break;
  case COLUMN_ROWID:
    if( adcp_backup_table_rowid(cursor->table, &rowid) ) sqlite3_result_int64(context, rowid);
    if( cursor->err->rc ) sqlite3_result_error_nomem(context);
    break;
  case COLUMN_ROW: result_row(cursor, context); break;
  }
}

const AdcpRelation adcp_relation_rows = {
    .name = "adcp_rows",
    .columns = "rowno INTEGER, rowid INTEGER, row TEXT",
    .column_count = 3,
    .range_columns = {COLUMN_ROWNO, COLUMN_ROWID},
    .range_count = 2,
    .arguments = "path HIDDEN, table_name HIDDEN",
    .argument_count = 2,
    .required_arguments = 2,
    .finds_backup = true,
    .xOpen = rows_open,
    .xEof = rows_eof,
    .xNext = rows_next,
    .xColumn = rows_column,
    .xRowid = rows_rowid,
    .xClose = rows_close,
};
