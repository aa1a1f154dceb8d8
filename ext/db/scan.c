/*
** scan.c - the rows of one live table (contract in scan.h).
**
** One SELECT that names its columns and is ordered by what the table's b-tree is ordered by, so
** that SQLite walks the tree and sorts nothing. Two tables need more than that. Where columns hide
** all three names of the rowid, no ORDER BY can be written: the tree is walked as it stands, with
** PRAGMA reverse_unordered_selects off for the first step, which is when SQLite chooses the
** direction. And where the hidden rowid and the columns are more than a result may have (2000), the
** rowid comes from a second SELECT that is stepped along.
*/
#include "db/scan.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "codec/utf8.h"
#include "db/constraint.h"
#include "db/state.h"

struct AdcpScan {
  AdcpDb *db;               /* borrowed */
  sqlite3_stmt *stmt;       /* owned */
  sqlite3_stmt *rowid_stmt; /* owned; NULL unless the rowid does not fit into the first */
  AdcpValue *values;        /* owned; value_count */
  size_t value_count;
  AdcpBuf *swapped; /* owned; value_count; UTF-16BE: invalid text in the other byte order */
  AdcpEncoding encoding;
  bool has_row; /* stepped to a row that was not returned yet */
  bool done;
};

/* ---- SQL ---- */

static void append_columns(sqlite3_str *sql, const AdcpTable *table, const char *separator) {
  for( size_t i = 0; i < table->column_count; i++ ) {
    if( !adcp_column_stored(&table->columns[i]) ) continue;
    sqlite3_str_appendf(sql, "%st.\"%w\"", separator, table->columns[i].name);
    separator = ", ";
  }
}

/* The key of a WITHOUT ROWID table, with the collations of its tree and the directions as they are
** declared, which are those of the tree unless SQLite ignores DESC; then, and for a key of more than 63
** columns, it sorts. */
static void append_key(sqlite3_str *sql, AdcpDb *db, const AdcpTable *table) {
  const char *separator = " ORDER BY ";
  AdcpDeclaredKey declared = {0};
  adcp_declared_key_read_live(&declared, db, table);
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(db, "PRAGMA \"%w\".index_xinfo(%Q)", db->schema, table->name);
  while( adcp_db_step(db, stmt) ) {
    bool in_key = sqlite3_column_int(stmt, 5) != 0;
    if( !in_key ) continue;
    const char *name = (const char *)sqlite3_column_text(stmt, 2);
    bool descends = adcp_declared_key_next(&declared, name) || sqlite3_column_int(stmt, 3) != 0;
    sqlite3_str_appendf(sql, "%st.\"%w\" COLLATE \"%w\"%s", separator, name,
                        sqlite3_column_text(stmt, 4), descends ? " DESC" : "");
    separator = ", ";
  }
  adcp_db_finalize(stmt);
  adcp_declared_key_free(&declared);
}

static void append_order(sqlite3_str *sql, AdcpDb *db, const AdcpTable *table) {
  if( table->without_rowid ) {
    append_key(sql, db, table);
  } else if( table->rowid_column >= 0 ) {
    sqlite3_str_appendf(sql, " ORDER BY t.\"%w\"", table->columns[table->rowid_column].name);
  } else if( table->rowid_name ) {
    sqlite3_str_appendf(sql, " ORDER BY t.\"%w\"", table->rowid_name);
  }
}

typedef enum Part { ROWID = 1, COLUMNS = 2 } Part;

static sqlite3_stmt *prepare_select(AdcpDb *db, const AdcpTable *table, int parts) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "SELECT ");
  if( parts & ROWID ) sqlite3_str_appendf(sql, "t.\"%w\"", table->rowid_name);
  if( parts & COLUMNS ) append_columns(sql, table, parts & ROWID ? ", " : "");
  sqlite3_str_appendf(sql, " FROM \"%w\".\"%w\" AS t NOT INDEXED", db->schema, table->name);
  append_order(sql, db, table);
  char *text = sqlite3_str_finish(sql);
  if( text == NULL ) adcp_error_nomem(db->err);
  sqlite3_stmt *stmt = adcp_db_prepare_text(db, text);
  sqlite3_free(text);
  return stmt;
}

/* ---- open and close ---- */

/* Not beyond the end: SQLite would begin again. */
static void step(AdcpScan *scan) {
  scan->has_row = !scan->done && adcp_db_step(scan->db, scan->stmt);
  scan->done = !scan->has_row;
}

/* In the order of the tree, whatever the connection's setting. */
static void open_unordered(AdcpScan *scan, const AdcpTable *table) {
  AdcpDb *db = scan->db;
  bool reversed = adcp_db_integer(db, 0, "PRAGMA reverse_unordered_selects") != 0;
  if( reversed ) adcp_db_exec(db, "PRAGMA reverse_unordered_selects=OFF");
  scan->stmt = prepare_select(db, table, COLUMNS);
  step(scan);
  /* Directly, because it must be put back also after an error. */
  if( reversed ) sqlite3_exec(db->handle, "PRAGMA reverse_unordered_selects=ON", NULL, NULL, NULL);
}

static void open_ordered(AdcpScan *scan, const AdcpTable *table) {
  size_t limit = (size_t)sqlite3_limit(scan->db->handle, SQLITE_LIMIT_COLUMN, -1);
  bool fits = scan->value_count <= limit;
  int parts = table->has_rowid_key && fits ? ROWID | COLUMNS : COLUMNS;
  scan->stmt = prepare_select(scan->db, table, parts);
  if( !fits ) scan->rowid_stmt = prepare_select(scan->db, table, ROWID);
  step(scan);
}

AdcpScan *adcp_scan_open(AdcpDb *db, const AdcpTable *table) {
  if( db->err->rc != ADCP_OK ) return NULL;
  AdcpScan *scan = adcp_calloc(1, sizeof *scan);
  if( scan == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  scan->db = db;
  scan->encoding = adcp_db_encoding(db);
  scan->value_count = adcp_table_value_count(table);
  scan->values = adcp_calloc(scan->value_count, sizeof *scan->values);
  scan->swapped = adcp_calloc(scan->value_count, sizeof *scan->swapped);
  if( scan->values == NULL || scan->swapped == NULL ) adcp_error_nomem(db->err);
  bool ordered = table->without_rowid || table->rowid_column >= 0 || table->rowid_name;
  bool uncommitted = adcp_state_leave_uncommitted(db);
  if( ordered ) {
    open_ordered(scan, table);
  } else {
    open_unordered(scan, table);
  }
  if( uncommitted ) adcp_state_read_uncommitted(db);
  return scan;
}

void adcp_scan_close(AdcpScan *scan) {
  if( scan == NULL ) return;
  adcp_db_finalize(scan->stmt);
  adcp_db_finalize(scan->rowid_stmt);
  for( size_t i = 0; scan->swapped && i < scan->value_count; i++ ) {
    adcp_buf_free(&scan->swapped[i]);
  }
  adcp_free(scan->swapped);
  adcp_free(scan->values);
  adcp_free(scan);
}

/* ---- values ---- */

static void set_bytes(AdcpScan *scan, AdcpValue *value, const void *bytes, int size) {
  value->bytes = bytes;
  value->size = (size_t)size;
  if( bytes == NULL && size > 0 ) adcp_error_nomem(scan->db->err);
}

/* Text that is not valid UTF-16, as UTF-16LE. An odd last byte stays where it is. */
static void swap_bytes(AdcpScan *scan, AdcpValue *value, AdcpBuf *buf) {
  adcp_buf_clear(buf);
  adcp_buf_append(buf, value->bytes, value->size);
  if( !adcp_buf_check(buf, scan->db->err) ) return;
  for( size_t i = 0; i + 1 < buf->size; i += 2 ) {
    uint8_t high = buf->data[i];
    buf->data[i] = buf->data[i + 1];
    buf->data[i + 1] = high;
  }
  value->bytes = buf->data;
}

/* `value` has the native bytes. SQLite's conversion of what is not valid gives other characters. */
static void convert_utf16(AdcpScan *scan, AdcpValue *value, sqlite3_value *column, AdcpBuf *buf) {
  bool big_endian = scan->encoding == ADCP_UTF16BE;
  if( adcp_utf16_valid(value->bytes, value->size, big_endian) ) {
    const void *text = sqlite3_value_text(column);
    if( text == NULL ) adcp_error_nomem(scan->db->err);
    set_bytes(scan, value, text, sqlite3_value_bytes(column));
    return;
  }
  value->type = ADCP_TEXT16;
  if( big_endian ) swap_bytes(scan, value, buf);
}

static void read_value(AdcpScan *scan, size_t at, sqlite3_value *column) {
  AdcpValue *value = &scan->values[at];
  switch( sqlite3_value_type(column) ) {
  case SQLITE_INTEGER:
    value->type = ADCP_INTEGER;
    value->integer = sqlite3_value_int64(column);
    break;
  case SQLITE_FLOAT:
    value->type = ADCP_REAL;
    value->real = sqlite3_value_double(column);
    break;
  case SQLITE_TEXT: {
    value->type = ADCP_TEXT;
    /* The bytes as they are stored; value_text might copy them for a zero byte behind. */
    const void *bytes = sqlite3_value_blob(column);
    set_bytes(scan, value, bytes, sqlite3_value_bytes(column));
    if( scan->encoding != ADCP_UTF8 && value->size > 0 ) {
      convert_utf16(scan, value, column, &scan->swapped[at]);
    }
    break;
  }
  case SQLITE_BLOB: {
    value->type = ADCP_BLOB;
    const void *bytes = sqlite3_value_blob(column);
    set_bytes(scan, value, bytes, sqlite3_value_bytes(column));
    break;
  }
  default: value->type = ADCP_NULL;
  }
}

/* The values of one statement's row, from values[at] on. Takes each sqlite3_value once: every
** sqlite3_column_* locks the connection (0.77 s against 0.58 s for a million rows of 9 columns).
** The caller's function runs under that lock already. */
static size_t read_row(AdcpScan *scan, size_t at, sqlite3_stmt *stmt) {
  int count = sqlite3_data_count(stmt);
  for( int i = 0; i < count; i++ ) read_value(scan, at++, sqlite3_column_value(stmt, i));
  return at;
}

const AdcpValue *adcp_scan_next(AdcpScan *scan) {
  if( scan == NULL || scan->db->err->rc != ADCP_OK ) return NULL;
  if( !scan->has_row ) step(scan);
  if( !scan->has_row ) return NULL;
  scan->has_row = false;
  size_t at = 0;
  if( scan->rowid_stmt && adcp_db_step(scan->db, scan->rowid_stmt) ) {
    at = read_row(scan, at, scan->rowid_stmt);
  }
  at = read_row(scan, at, scan->stmt);
  if( at != scan->value_count ) {
    adcp_error_set(scan->db->err, ADCP_ERROR, "a row has %zu values instead of %zu", at,
                   scan->value_count);
  }
  return scan->db->err->rc == ADCP_OK ? scan->values : NULL;
}
