/*
** row_sort.c - rows in the order of another encoding (contract in row_sort.h).
**
** own.r has a column for each one of the key, and the row's canonical text. A text that BINARY orders is
** kept as the bytes that it has in the encoding asked for: SQLite takes any bytes for text, and orders
** them as they are.
*/
#include "ops/row_sort.h"

#include "archive/row_read.h"
#include "archive/row_write.h"
#include "base/mem.h"
#include "db/scratch.h"

struct AdcpRowSort {
  AdcpError *err;            /* borrowed */
  const AdcpRowOrder *order; /* borrowed */
  AdcpScratch *scratch;
  sqlite3_stmt *insert, *select;
  AdcpRowWriter *writer;
  AdcpRowReader *reader;
  AdcpBuf text; /* of a row, or of a value of its key */
};

static void append_columns(sqlite3_str *sql, const AdcpRowOrder *order, const char *format) {
  for( size_t i = 0; i < adcp_row_order_key_count(order); i++ ) {
    sqlite3_str_appendf(sql, format, (int)i);
  }
}

static void append_order(sqlite3_str *sql, const AdcpRowOrder *order) {
  for( size_t i = 0; i < adcp_row_order_key_count(order); i++ ) {
    const char *collation = adcp_row_order_key_collation(order, i);
    sqlite3_str_appendf(sql, "%s k%d COLLATE \"%w\"%s", i ? "," : "", (int)i,
                        collation ? collation : "BINARY",
                        adcp_row_order_key_descends(order, i) ? " DESC" : "");
  }
}

static sqlite3_stmt *prepare(AdcpRowSort *sort, sqlite3_str *sql) {
  char *text = sqlite3_str_finish(sql);
  if( text == NULL ) adcp_error_nomem(sort->err);
  sqlite3_stmt *stmt = text ? adcp_db_prepare_text(adcp_scratch_db(sort->scratch), text) : NULL;
  sqlite3_free(text);
  return stmt;
}

static void make_table(AdcpRowSort *sort) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "CREATE TABLE own.r(");
  append_columns(sql, sort->order, "k%d, ");
  sqlite3_str_appendall(sql, "line)");
  sqlite3_stmt *stmt = prepare(sort, sql);
  adcp_db_step(adcp_scratch_db(sort->scratch), stmt);
  adcp_db_finalize(stmt);
  adcp_db_exec(adcp_scratch_db(sort->scratch), "BEGIN");
  sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "INSERT INTO own.r VALUES(");
  append_columns(sql, sort->order, "?, ");
  sqlite3_str_appendall(sql, "?)");
  sort->insert = prepare(sort, sql);
}

AdcpRowSort *adcp_row_sort_open(AdcpDb *db, const AdcpTable *table, const AdcpRowOrder *order) {
  if( db->err->rc ) return NULL;
  AdcpRowSort *sort = adcp_calloc(1, sizeof *sort);
  if( sort == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  sort->err = db->err;
  sort->order = order;
  sort->scratch = adcp_scratch_open(db, &(AdcpScratchOptions){NULL});
  if( sort->scratch ) make_table(sort);
  sort->writer = adcp_row_writer_open(table, sort->err);
  sort->reader = adcp_row_reader_open(table, sort->err);
  if( sort->err->rc == ADCP_OK ) return sort;
  adcp_row_sort_close(sort);
  return NULL;
}

void adcp_row_sort_close(AdcpRowSort *sort) {
  if( sort == NULL ) return;
  adcp_db_finalize(sort->insert);
  adcp_db_finalize(sort->select);
  adcp_scratch_close(sort->scratch);
  adcp_row_writer_close(sort->writer);
  adcp_row_reader_close(sort->reader);
  adcp_buf_free(&sort->text);
  adcp_free(sort);
}

/* ---- in ---- */

/* Copied: the next value takes the buffer. */
static int bind_text(AdcpRowSort *sort, int at, const AdcpValue *value, AdcpEncoding encoding) {
  adcp_buf_clear(&sort->text);
  adcp_text_encode(encoding, value, &sort->text);
  if( !adcp_buf_check(&sort->text, sort->err) ) return SQLITE_NOMEM;
  const char *bytes = sort->text.size ? (const char *)sort->text.data : "";
  return sqlite3_bind_text64(sort->insert, at, bytes, sort->text.size, SQLITE_TRANSIENT,
                             SQLITE_UTF8);
}

/* A collation of the application's is given the text itself. */
static void bind(AdcpRowSort *sort, size_t part, const AdcpValue *value) {
  bool is_binary = adcp_row_order_key_collation(sort->order, part) == NULL;
  int at = (int)part + 1, rc = SQLITE_OK;
  switch( value->type ) {
  case ADCP_NULL: rc = sqlite3_bind_null(sort->insert, at); break;
  case ADCP_INTEGER: rc = sqlite3_bind_int64(sort->insert, at, value->integer); break;
  case ADCP_REAL: rc = sqlite3_bind_double(sort->insert, at, value->real); break;
  case ADCP_TEXT:
  case ADCP_TEXT16:
    rc = bind_text(sort, at, value, is_binary ? adcp_row_order_encoding(sort->order) : ADCP_UTF8);
    break;
  case ADCP_BLOB:
    rc = sqlite3_bind_blob64(sort->insert, at, adcp_value_bytes(value), value->size,
                             SQLITE_TRANSIENT);
    break;
  }
  if( rc != SQLITE_OK ) adcp_db_fail(adcp_scratch_db(sort->scratch), rc);
}

static void append_text(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_buf_append(context, bytes, n);
}

void adcp_row_sort_add(AdcpRowSort *sort, const AdcpValue *values) {
  if( sort->err->rc ) return;
  size_t count = adcp_row_order_key_count(sort->order);
  for( size_t i = 0; i < count; i++ ) {
    bind(sort, i, &values[adcp_row_order_key_place(sort->order, i)]);
  }
  AdcpTextSink sink = {&sort->text, append_text};
  adcp_buf_clear(&sort->text);
  adcp_row_write(sort->writer, values, sink, sort->err);
  if( !adcp_buf_check(&sort->text, sort->err) ) return;
  int rc = sqlite3_bind_blob64(sort->insert, (int)count + 1, sort->text.data, sort->text.size,
                               SQLITE_STATIC);
  if( rc != SQLITE_OK ) adcp_db_fail(adcp_scratch_db(sort->scratch), rc);
  adcp_db_step(adcp_scratch_db(sort->scratch), sort->insert);
  sqlite3_reset(sort->insert);
}

/* ---- out ---- */

static void begin_select(AdcpRowSort *sort) {
  adcp_db_finalize(sort->insert);
  sort->insert = NULL;
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "SELECT line FROM own.r ORDER BY");
  append_order(sql, sort->order);
  sort->select = prepare(sort, sql);
}

/* From a copy of its own, which is decoded in place. */
static const AdcpValue *read_row(AdcpRowSort *sort) {
  const void *line = sqlite3_column_blob(sort->select, 0);
  size_t n = (size_t)sqlite3_column_bytes(sort->select, 0), size;
  adcp_buf_clear(&sort->text);
  adcp_buf_append(&sort->text, line, line ? n : 0);
  if( !adcp_buf_check(&sort->text, sort->err) ) return NULL;
  AdcpRowStatus status = adcp_row_parse(sort->reader, sort->text.data, n, &size, sort->err);
  if( status == ADCP_ROW_DONE ) return adcp_row_values(sort->reader, sort->text.data);
  adcp_error_set(sort->err, ADCP_IOERR, "a row was not read back from a temporary database");
  return NULL;
}

const AdcpValue *adcp_row_sort_next(AdcpRowSort *sort) {
  if( sort->err->rc ) return NULL;
  if( sort->select == NULL ) begin_select(sort);
  return adcp_db_step(adcp_scratch_db(sort->scratch), sort->select) ? read_row(sort) : NULL;
}
