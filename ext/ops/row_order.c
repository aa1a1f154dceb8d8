/*
** row_order.c - the order in which rows of a table stand (contract in row_order.h).
*/
#include "ops/row_order.h"

#include <string.h>

#include "base/mem.h"
#include "db/constraint.h"
#include "db/stub.h"
#include "db/text16.h"
#include "db/vet.h"
#include "ops/metadata.h"

#define MAX_FUNCTIONS 500 /* of an application, that one definition calls; vetting has the same */

typedef struct KeyPart {
  size_t place;    /* of the value in a row */
  char *column;    /* owned */
  char *collation; /* owned; NULL for BINARY, which is compared here */
  bool descending;
  sqlite3_stmt *compare; /* owned; NULL until needed */
} KeyPart;

struct AdcpRowOrder {
  AdcpDb *db;            /* borrowed: the caller's connection */
  AdcpEncoding encoding; /* of the database that the rows stand or stood in */
  KeyPart *parts;
  size_t count;
};

static AdcpRowOrder *new_order(AdcpDb *db, AdcpEncoding encoding, size_t most) {
  AdcpRowOrder *order = adcp_calloc(1, sizeof *order);
  if( order ) order->parts = adcp_calloc(most + 1, sizeof *order->parts);
  if( order && order->parts ) {
    order->db = db;
    order->encoding = encoding;
    return order;
  }
  adcp_free(order);
  adcp_error_nomem(db->err);
  return NULL;
}

void adcp_row_order_close(AdcpRowOrder *order) {
  if( order == NULL ) return;
  for( size_t i = 0; i < order->count; i++ ) {
    adcp_free(order->parts[i].column);
    adcp_free(order->parts[i].collation);
    adcp_db_finalize(order->parts[i].compare);
  }
  adcp_free(order->parts);
  adcp_free(order);
}

/* ---- finding out ---- */

static AdcpRowOrder *order_by_rowid(AdcpDb *db, const AdcpTable *table) {
  int place = adcp_table_rowid_place(table);
  AdcpRowOrder *order = place < 0 ? NULL : new_order(db, ADCP_UTF8, 1);
  if( order == NULL ) return NULL;
  order->parts[order->count++].place = (size_t)place;
  return order;
}

static char *collation_of(AdcpDb *db, const char *name) {
  if( sqlite3_stricmp(name, "BINARY") == 0 ) return NULL;
  char *copy = adcp_strdup(name);
  if( copy == NULL ) adcp_error_nomem(db->err);
  return copy;
}

static bool add_part(AdcpRowOrder *order, AdcpDb *source, const AdcpTable *table,
                     sqlite3_stmt *row) {
  const char *name = (const char *)sqlite3_column_text(row, 2);
  const char *collation = (const char *)sqlite3_column_text(row, 4);
  size_t i = 0;
  while( name && i < table->column_count && strcmp(table->columns[i].name, name) != 0 ) i++;
  if( name == NULL || i == table->column_count || !adcp_column_stored(&table->columns[i]) ) {
    return false;
  }
  KeyPart *part = &order->parts[order->count++];
  part->place = adcp_table_value_place(table, i);
  part->descending = sqlite3_column_int(row, 3) != 0;
  part->column = adcp_strdup(name);
  if( part->column == NULL ) adcp_error_nomem(source->err);
  part->collation = collation_of(source, collation ? collation : "BINARY");
  return true;
}

static sqlite3_stmt *prepare_key(AdcpDb *source, const AdcpTable *table) {
  return adcp_db_prepare_list(source, "PRAGMA \"%w\".index_xinfo(%Q)", source->schema, table->name);
}

/* A column may be in a key more than once, by other collations. */
static size_t count_parts(AdcpDb *source, const AdcpTable *table) {
  size_t count = 0;
  sqlite3_stmt *stmt = prepare_key(source, table);
  while( adcp_db_step(source, stmt) ) count += sqlite3_column_int(stmt, 5) != 0;
  adcp_db_finalize(stmt);
  return count;
}

/* The key of a WITHOUT ROWID table, from the connection `source` that has it; its rows were sorted
** in a database of that encoding. */
static AdcpRowOrder *order_by_key(AdcpDb *db, AdcpEncoding encoding, AdcpDb *source,
                                  const AdcpTable *table) {
  size_t most = count_parts(source, table);
  AdcpRowOrder *order = source->err->rc ? NULL : new_order(db, encoding, most);
  if( order == NULL ) return NULL;
  bool good = true;
  AdcpDeclaredKey declared = {0};
  adcp_declared_key_read_live(&declared, source, table);
  sqlite3_stmt *stmt = prepare_key(source, table);
  while( good && order->count < most && adcp_db_step(source, stmt) ) {
    bool in_key = sqlite3_column_int(stmt, 5) != 0;
    if( !in_key ) continue;
    good = add_part(order, source, table, stmt);
    KeyPart *part = good ? &order->parts[order->count - 1] : NULL;
    if( part && adcp_declared_key_next(&declared, part->column) ) part->descending = true;
  }
  adcp_db_finalize(stmt);
  adcp_declared_key_free(&declared);
  if( good && order->count && !source->err->rc ) return order;
  adcp_row_order_close(order);
  return NULL;
}

AdcpRowOrder *adcp_row_order_of_live(AdcpDb *db, const AdcpTable *table) {
  if( db->err->rc ) return NULL;
  if( !table->without_rowid ) return order_by_rowid(db, table);
  return order_by_key(db, adcp_db_encoding(db), db, table);
}

/* ---- the definition of a backup's table, run in private ---- */

static void xCollationNeeded(void *context, sqlite3 *handle, int encoding, const char *name) {
  adcp_stub_collation(handle, name, encoding, context);
}

/* With stand-ins for the functions of an application that it calls: they do not matter here. */
static void create_table(AdcpDb *scratch, const char *sql) {
  int rc = SQLITE_OK;
  for( int functions = 0; functions <= MAX_FUNCTIONS; functions++ ) {
    rc = sqlite3_exec(scratch->handle, sql, NULL, NULL, NULL);
    if( rc != SQLITE_ERROR || !adcp_stub_missing_function(scratch->handle, scratch->err) ) break;
  }
  if( rc != SQLITE_OK ) adcp_db_fail(scratch, rc);
}

static AdcpRowOrder *order_of_text(AdcpDb *db, AdcpEncoding encoding, const AdcpTable *table,
                                   const char *sql, AdcpError *failure) {
  sqlite3 *handle = NULL;
  AdcpRowOrder *order = NULL;
  int rc = sqlite3_open_v2(":memory:", &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if( rc == SQLITE_OK ) {
    AdcpDb scratch = {handle, "main", failure};
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 1, NULL); /* as where it was vetted */
    sqlite3_collation_needed(handle, failure, xCollationNeeded);
    create_table(&scratch, sql);
    if( !failure->rc ) order = order_by_key(db, encoding, &scratch, table);
  } else if( rc == SQLITE_NOMEM ) {
    adcp_error_nomem(failure);
  }
  sqlite3_close(handle);
  return order;
}

AdcpRowOrder *adcp_row_order_of_backup(AdcpDb *db, const AdcpArchiveHead *head,
                                       const AdcpTable *table) {
  const AdcpSchema *schema = head->schema;
  AdcpDatabaseFigures figures;
  adcp_metadata_read(&figures, head, db->err);
  if( db->err->rc ) return NULL;
  if( !table->without_rowid ) return order_by_rowid(db, table);
  const AdcpObject *object = adcp_schema_object(schema, ADCP_OBJECT_TABLE, table->name);
  if( object == NULL || object->sql == NULL ) return NULL;
  AdcpError failure = ADCP_ERROR_INIT;
  AdcpRowOrder *order = NULL;
  AdcpVetter *vetter = adcp_vetter_open(&failure);
  if( vetter ) adcp_vet_object(vetter, schema, object);
  adcp_vetter_close(vetter);
  if( !failure.rc ) {
    AdcpEncoding encoding = adcp_encoding_of_name(figures.encoding);
    order = order_of_text(db, encoding, table, object->sql, &failure);
  }
  if( failure.rc == ADCP_NOMEM ) adcp_error_move(db->err, &failure);
  adcp_error_clear(&failure);
  return order;
}

/* ---- comparing ---- */

static bool is_same(const char *a, const char *b) {
  return a && b ? sqlite3_stricmp(a, b) == 0 : a == b;
}

bool adcp_row_order_has_encoding(const AdcpRowOrder *order, AdcpEncoding encoding) {
  bool by_rowid = order->count && order->parts[0].column == NULL;
  return by_rowid || order->encoding == encoding;
}

bool adcp_row_order_equal(const AdcpRowOrder *a, const AdcpRowOrder *b) {
  if( a == NULL || b == NULL || a->count != b->count ) return false;
  for( size_t i = 0; i < a->count; i++ ) {
    const KeyPart *left = &a->parts[i], *right = &b->parts[i];
    bool sorted_alike = adcp_row_order_has_encoding(a, b->encoding) || left->collation != NULL;
    if( !is_same(left->column, right->column) || left->descending != right->descending ||
        !is_same(left->collation, right->collation) || !sorted_alike ) {
      return false;
    }
  }
  return true;
}

bool adcp_row_order_take_encoding(AdcpRowOrder *order, const AdcpRowOrder *other) {
  if( order == NULL || other == NULL || adcp_row_order_equal(order, other) ) return false;
  AdcpEncoding before = order->encoding;
  order->encoding = other->encoding;
  bool taken = adcp_row_order_equal(order, other);
  if( !taken ) order->encoding = before;
  return taken;
}

const char *adcp_row_order_key_collation(const AdcpRowOrder *order, size_t i) {
  return order->parts[i].collation;
}

bool adcp_row_order_key_descends(const AdcpRowOrder *order, size_t i) {
  return order->parts[i].descending;
}

AdcpEncoding adcp_row_order_encoding(const AdcpRowOrder *order) {
  return order->encoding;
}

size_t adcp_row_order_key_count(const AdcpRowOrder *order) {
  return order->count;
}

size_t adcp_row_order_key_place(const AdcpRowOrder *order, size_t i) {
  return order->parts[i].place;
}

/* An integer beside a real, without rounding either: reals from 2^63 on are above every integer. */
static int compare_mixed(int64_t integer, double real) {
  if( real >= 9223372036854775808.0 ) return -1;
  if( real < -9223372036854775808.0 ) return 1;
  int64_t whole = (int64_t)real;
  if( integer != whole ) return integer < whole ? -1 : 1;
  double rest = real - (double)whole;
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static int compare_numbers(const AdcpValue *a, const AdcpValue *b) {
  if( a->type == ADCP_INTEGER && b->type == ADCP_INTEGER ) {
    return a->integer < b->integer ? -1 : a->integer > b->integer;
  }
  if( a->type == ADCP_INTEGER ) return compare_mixed(a->integer, b->real);
  if( b->type == ADCP_INTEGER ) return -compare_mixed(b->integer, a->real);
  return a->real < b->real ? -1 : a->real > b->real;
}

static void bind_text(AdcpDb *db, sqlite3_stmt *stmt, int at, const AdcpValue *value) {
  int rc = adcp_text_bind(stmt, at, value);
  if( rc != SQLITE_OK ) adcp_db_fail(db, rc);
}

/* By the collation, which SQLite knows. */
static int compare_texts(AdcpDb *db, KeyPart *part, const AdcpValue *a, const AdcpValue *b) {
  int order = 0;
  if( part->compare == NULL ) {
    part->compare =
        adcp_db_prepare(db, "SELECT (?1 > ?2 COLLATE \"%w\") - (?1 < ?2 COLLATE \"%w\")",
                        part->collation, part->collation);
  }
  if( part->compare == NULL ) return 0;
  bind_text(db, part->compare, 1, a);
  bind_text(db, part->compare, 2, b);
  if( adcp_db_step(db, part->compare) ) order = sqlite3_column_int(part->compare, 0);
  sqlite3_reset(part->compare);
  return order;
}

/* NULL, numbers, texts, blobs: the order of SQLite's storage classes. */
static int rank_of(const AdcpValue *value) {
  switch( value->type ) {
  case ADCP_NULL: return 0;
  case ADCP_INTEGER:
  case ADCP_REAL: return 1;
  case ADCP_TEXT:
  case ADCP_TEXT16: return 2;
  case ADCP_BLOB: break;
  }
  return 3;
}

static int compare_part(AdcpDb *db, AdcpEncoding encoding, KeyPart *part, const AdcpValue *a,
                        const AdcpValue *b) {
  int rank = rank_of(a), order = rank - rank_of(b);
  if( order || rank == 0 ) return order;
  if( rank == 1 ) return compare_numbers(a, b);
  if( rank == 2 && part->collation ) return compare_texts(db, part, a, b);
  return adcp_text_compare(encoding, a, b);
}

int adcp_row_order_compare(AdcpRowOrder *order, const AdcpValue *a, const AdcpRowOrder *other,
                           const AdcpValue *b) {
  for( size_t i = 0; i < order->count && !order->db->err->rc; i++ ) {
    KeyPart *part = &order->parts[i];
    int compared =
        compare_part(order->db, order->encoding, part, &a[part->place], &b[other->parts[i].place]);
    if( compared ) return part->descending ? -compared : compared;
  }
  return 0;
}

int adcp_row_order_compare_first(AdcpRowOrder *order, const AdcpValue *a, const AdcpValue *b) {
  return compare_part(order->db, order->encoding, &order->parts[0], a, b);
}

bool adcp_row_order_first_descends(const AdcpRowOrder *order) {
  return order->parts[0].descending;
}

bool adcp_row_order_first_is_binary(const AdcpRowOrder *order) {
  return order->parts[0].collation == NULL;
}
