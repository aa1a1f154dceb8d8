/*
** diff_store.c - differences kept on disk (contract in diff_store.h).
**
** Bytes of every kind are stored as a blob beside their type: text need not be valid.
*/
#include "ops/diff_store.h"

#include "base/mem.h"
#include "db/scratch.h"

/* Of the table's columns, and of the parameters, plus 1. */
enum { OBJECT, CHANGE, COLUMN, IS_JSON, KEY_TYPE, KEY, OLD_TYPE, OLD, NEW_TYPE, NEW };

struct AdcpDiffStore {
  AdcpDb *db; /* borrowed: of the private database */
  AdcpScratch *scratch;
  sqlite3_stmt *insert;
  sqlite3_stmt *select; /* NULL until the first is wanted */
  AdcpDiffItem item;
};

AdcpDiffStore *adcp_diff_store_open(AdcpDb *db) {
  if( db->err->rc ) return NULL;
  AdcpDiffStore *store = adcp_calloc(1, sizeof *store);
  if( store == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  AdcpScratchOptions options = {NULL};
  store->scratch = adcp_scratch_open(db, &options);
  if( store->scratch ) {
    store->db = adcp_scratch_db(store->scratch);
    adcp_db_exec(store->db,
                 "CREATE TABLE item(object, change, \"column\", is_json, key_type, \"key\", "
                 "old_type, old, new_type, new)");
    adcp_db_exec(store->db, "BEGIN"); /* each row by itself would be written */
    store->insert =
        adcp_db_prepare(store->db, "INSERT INTO item VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  }
  if( !db->err->rc ) return store;
  adcp_diff_store_close(store);
  return NULL;
}

void adcp_diff_store_close(AdcpDiffStore *store) {
  if( store == NULL ) return;
  adcp_db_finalize(store->insert);
  adcp_db_finalize(store->select);
  adcp_scratch_close(store->scratch);
  adcp_free(store);
}

/* ---- in ---- */

static int bind_bytes(sqlite3_stmt *stmt, int parameter, const AdcpValue *value) {
  return sqlite3_bind_blob64(stmt, parameter, adcp_value_bytes(value), value->size, SQLITE_STATIC);
}

/* Its type stands one place before it. */
static int bind_value(sqlite3_stmt *stmt, int place, const AdcpValue *value) {
  int rc = sqlite3_bind_int(stmt, place, (int)value->type);
  if( rc != SQLITE_OK ) return rc;
  switch( value->type ) {
  case ADCP_NULL: return sqlite3_bind_null(stmt, place + 1);
  case ADCP_INTEGER: return sqlite3_bind_int64(stmt, place + 1, value->integer);
  case ADCP_REAL: return sqlite3_bind_double(stmt, place + 1, value->real);
  default: return bind_bytes(stmt, place + 1, value);
  }
}

static int bind_item(sqlite3_stmt *stmt, const AdcpDiffItem *item) {
  int rc = sqlite3_bind_text(stmt, OBJECT + 1, item->object, -1, SQLITE_STATIC);
  if( rc == SQLITE_OK ) rc = sqlite3_bind_int(stmt, CHANGE + 1, (int)item->change);
  if( rc == SQLITE_OK ) rc = sqlite3_bind_text(stmt, COLUMN + 1, item->column, -1, SQLITE_STATIC);
  if( rc == SQLITE_OK ) rc = sqlite3_bind_int(stmt, IS_JSON + 1, item->key_is_json);
  if( rc == SQLITE_OK ) rc = bind_value(stmt, KEY_TYPE + 1, &item->key);
  if( rc == SQLITE_OK ) rc = bind_value(stmt, OLD_TYPE + 1, &item->old);
  if( rc == SQLITE_OK ) rc = bind_value(stmt, NEW_TYPE + 1, &item->new);
  return rc;
}

void adcp_diff_store_add(AdcpDiffStore *store, const AdcpDiffItem *item) {
  if( store == NULL || store->db->err->rc ) return;
  int rc = bind_item(store->insert, item);
  if( rc != SQLITE_OK ) adcp_db_fail(store->db, rc);
  adcp_db_step(store->db, store->insert);
  sqlite3_reset(store->insert);
  sqlite3_clear_bindings(store->insert);
}

/* ---- out ---- */

static const char *read_text(AdcpDiffStore *store, int column) {
  const char *text = (const char *)sqlite3_column_text(store->select, column);
  bool none = sqlite3_column_type(store->select, column) == SQLITE_NULL;
  if( text == NULL && !none ) adcp_error_nomem(store->db->err);
  return text;
}

static AdcpValue read_value(AdcpDiffStore *store, int column) {
  sqlite3_stmt *stmt = store->select;
  AdcpValue value = {.type = (AdcpValueType)sqlite3_column_int(stmt, column)};
  switch( value.type ) {
  case ADCP_NULL: break;
  case ADCP_INTEGER: value.integer = sqlite3_column_int64(stmt, column + 1); break;
  case ADCP_REAL: value.real = sqlite3_column_double(stmt, column + 1); break;
  default:
    value.bytes = sqlite3_column_blob(stmt, column + 1);
    value.size = (size_t)sqlite3_column_bytes(stmt, column + 1);
    if( value.bytes == NULL && value.size ) adcp_error_nomem(store->db->err);
  }
  return value;
}

const AdcpDiffItem *adcp_diff_store_next(AdcpDiffStore *store) {
  if( store == NULL || store->db->err->rc ) return NULL;
  if( store->select == NULL ) {
    store->select = adcp_db_prepare(store->db, "SELECT * FROM item ORDER BY rowid");
  }
  if( !adcp_db_step(store->db, store->select) ) return NULL;
  AdcpDiffItem *item = &store->item;
  item->object = read_text(store, OBJECT);
  item->change = (AdcpChange)sqlite3_column_int(store->select, CHANGE);
  item->column = read_text(store, COLUMN);
  item->key_is_json = sqlite3_column_int(store->select, IS_JSON) != 0;
  item->key = read_value(store, KEY_TYPE);
  item->old = read_value(store, OLD_TYPE);
  item->new = read_value(store, NEW_TYPE);
  return store->db->err->rc ? NULL : item;
}
