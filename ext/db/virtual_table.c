/*
** virtual_table.c - what virtual tables need besides SQL (contract in virtual_table.h).
**
** A module caches what its shadow tables say (fts5 its configuration and structure, rtree its
** node size) when it connects. Reading the schema again disconnects every virtual table of the
** connection, so the next use finds the shadow tables as they are. PRAGMA writable_schema=RESET
** does just that, without writing. What a module keeps in memory until the commit (the words of new
** rows of an fts table) has to be written before: it would stay with the module's old state, where
** nothing finds it, and go to the shadow tables beside what the new state writes.
**
** Without its module a virtual table is a row of sqlite_schema and nothing else. Other
** connections notice an edit of that table by the schema version only; until they do they call
** the schema malformed.
*/
#include "db/virtual_table.h"

#include <string.h>

#include "base/buf.h"
#include "db/state.h"
#include "db/token.h"
#include "db/transaction.h"

void adcp_vtab_reset(AdcpDb *db) {
  adcp_transaction_write_pending(db);
  adcp_db_exec(db, "PRAGMA writable_schema=RESET");
}

/* R-Trees write each row at once. Of a module that is not SQLite's it is not known. */
static bool may_wait(const AdcpTable *table) {
  static const char *const at_once[] = {"rtree", "rtree_i32", "geopoly"};
  if( table->kind != ADCP_TABLE_VIRTUAL || !table->module_loaded ) return false;
  for( size_t i = 0; i < sizeof at_once / sizeof *at_once; i++ ) {
    if( sqlite3_stricmp(table->module, at_once[i]) == 0 ) return false;
  }
  return true;
}

bool adcp_vtab_write_pending(AdcpDb *db, const AdcpSchema *schema) {
  for( size_t i = 0; i < schema->table_count; i++ ) {
    if( may_wait(&schema->tables[i]) ) return adcp_transaction_write_pending(db);
  }
  return true;
}

/* ---- shadow tables ---- */

/* True when the live table has the same columns, in order, type and key, as the backup's. */
static bool same_shape(AdcpDb *db, const char *name, const AdcpTable *shadow) {
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".table_xinfo(%Q)", db->schema, name);
  size_t count = 0;
  bool same = true;
  while( same && adcp_db_step(db, stmt) ) {
    const AdcpColumn *column = count < shadow->column_count ? &shadow->columns[count] : NULL;
    const char *live = (const char *)sqlite3_column_text(stmt, 1);
    const char *type = (const char *)sqlite3_column_text(stmt, 2);
    same = column && live && type && sqlite3_stricmp(live, column->name) == 0 &&
           sqlite3_stricmp(type, column->decl_type) == 0 &&
           sqlite3_column_int(stmt, 5) == column->primary_key;
    count++;
  }
  adcp_db_finalize(stmt);
  return same && count == shadow->column_count;
}

static void create_shadow(AdcpDb *db, const char *name, const AdcpTable *shadow,
                          const char *shadow_sql) {
  AdcpCreate create;
  AdcpBuf sql = {0};
  if( shadow_sql == NULL ) {
    adcp_error_set(db->err, ADCP_CORRUPT, "shadow table \"%s\" has no SQL in the backup",
                   shadow->name);
  }
  if( db->err->rc || !adcp_create_parse(shadow_sql, &create, db->err) ) return;
  bool renamed = strcmp(create.name, name) != 0;
  adcp_create_splice(&sql, shadow_sql, &create, db->schema, renamed ? name : NULL, NULL);
  adcp_create_free(&create);
  const char *text = adcp_buf_text(&sql);
  if( adcp_buf_check(&sql, db->err) ) adcp_db_exec_text(db, text);
  adcp_error_prepend(db->err, "creating shadow table \"%s\": ", name);
  adcp_buf_free(&sql);
}

void adcp_vtab_prepare_shadow(AdcpDb *db, const char *name, const AdcpTable *shadow,
                              const char *shadow_sql) {
  bool same = same_shape(db, name, shadow);
  if( db->err->rc ) return;
  if( same ) {
    adcp_db_exec(db, "DELETE FROM \"%w\".\"%w\"", db->schema, name);
  } else {
    adcp_db_exec(db, "DROP TABLE IF EXISTS \"%w\".\"%w\"", db->schema, name);
    create_shadow(db, name, shadow, shadow_sql);
  }
}

/* ---- schema rows ---- */

/* Any DDL on the schema as it was read before would corrupt the file. To have it read again takes
** time with its size, so an edit may be of many rows. */
void adcp_vtab_end_edit(AdcpDb *db) {
  adcp_vtab_reset(db);
  int64_t version = adcp_db_integer(db, 0, "PRAGMA \"%w\".schema_version", db->schema);
  /* 32 bits that wrap round */
  adcp_db_exec(db, "PRAGMA \"%w\".schema_version=%d", db->schema, (int)(uint32_t)(version + 1));
}

void adcp_vtab_insert_schema_row(AdcpDb *db, const char *name, const char *sql) {
  adcp_state_writable_schema(db, true);
  adcp_db_exec(db,
               "INSERT INTO \"%w\".sqlite_schema(type, name, tbl_name, rootpage, sql)"
               " VALUES('table', %Q, %Q, 0, %Q)",
               db->schema, name, name, sql);
  adcp_state_writable_schema(db, false);
}

/* Appends their rowids. */
static void find_rows(AdcpDb *db, const AdcpMap *names, AdcpBuf *rowids) {
  sqlite3_stmt *stmt = adcp_db_prepare(
      db, "SELECT rowid, name FROM \"%w\".sqlite_schema WHERE type = 'table' AND rootpage = 0",
      db->schema);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    sqlite3_int64 rowid = sqlite3_column_int64(stmt, 0);
    if( name && adcp_map_get(names, name, strlen(name)) ) {
      adcp_buf_append(rowids, &rowid, sizeof rowid);
    }
  }
  adcp_db_finalize(stmt);
  adcp_buf_check(rowids, db->err);
}

void adcp_vtab_delete_schema_rows(AdcpDb *db, const AdcpMap *names) {
  AdcpBuf rowids = {0};
  find_rows(db, names, &rowids);
  adcp_state_writable_schema(db, true);
  for( size_t at = 0; at < rowids.size && !db->err->rc; at += sizeof(sqlite3_int64) ) {
    sqlite3_int64 rowid;
    memcpy(&rowid, rowids.data + at, sizeof rowid);
    adcp_db_exec(db, "DELETE FROM \"%w\".sqlite_schema WHERE rowid = %lld", db->schema,
                 (long long)rowid);
  }
  adcp_state_writable_schema(db, false);
  adcp_vtab_end_edit(db);
  adcp_buf_free(&rowids);
}
