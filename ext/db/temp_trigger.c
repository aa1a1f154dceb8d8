/*
** temp_trigger.c - TEMP triggers on tables of other databases (contract in temp_trigger.h).
*/
#include "db/temp_trigger.h"

#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "db/token.h"

static bool has_relation(AdcpDb *db, const char *schema, const char *name) {
  bool found = false;
  sqlite3_stmt *stmt = adcp_db_prepare(db, "SELECT type, name FROM \"%w\".sqlite_schema", schema);
  while( !found && adcp_db_step(db, stmt) ) {
    const char *type = (const char *)sqlite3_column_text(stmt, 0);
    const char *there = (const char *)sqlite3_column_text(stmt, 1);
    if( type == NULL || there == NULL ) {
      adcp_error_set(db->err, ADCP_AUTH,
                     "a row of the schema of \"%s\" was not read; " ADCP_IGNORES, schema);
      break;
    }
    bool is_relation = strcmp(type, "table") == 0 || strcmp(type, "view") == 0;
    found = is_relation && adcp_name_equal(there, name);
  }
  adcp_db_finalize(stmt);
  return found;
}

/* Whether db->schema is the first database that has the table, as SQLite looks for one. */
static bool is_first_with(AdcpDb *db, const char *table) {
  bool found = has_relation(db, "temp", table), is_it = false;
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA database_list");
  while( !found && adcp_db_step(db, stmt) ) {
    const char *schema = (const char *)sqlite3_column_text(stmt, 1);
    found = schema && has_relation(db, schema, table);
    is_it = found && adcp_name_equal(schema, db->schema);
  }
  adcp_db_finalize(stmt);
  return is_it;
}

static bool is_on(AdcpDb *db, const char *table, const char *sql) {
  AdcpCreate create;
  if( !adcp_create_recognize(sql, &create, db->err) ) return false;
  bool on =
      create.on_schema ? adcp_name_equal(create.on_schema, db->schema) : is_first_with(db, table);
  adcp_create_free(&create);
  return on;
}

bool adcp_temp_trigger_is_own(AdcpDb *db, const char *table, const char *sql) {
  AdcpCreate create;
  if( !adcp_create_recognize(sql, &create, db->err) ) return false;
  bool own = create.on_schema ? adcp_name_equal(create.on_schema, "temp")
                              : has_relation(db, "temp", table);
  adcp_create_free(&create);
  return own;
}

void adcp_temp_triggers_each(AdcpDb *db, const char *table, AdcpTempTriggerCall call,
                             void *context) {
  if( db->err->rc || adcp_name_equal(db->schema, "temp") ) return;
  sqlite3_stmt *stmt = adcp_db_prepare(
      db, "SELECT name, tbl_name, sql FROM temp.sqlite_schema WHERE type = 'trigger' ORDER BY "
          "rowid");
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    const char *tbl_name = (const char *)sqlite3_column_text(stmt, 1);
    const char *sql = (const char *)sqlite3_column_text(stmt, 2);
    if( name == NULL || tbl_name == NULL || sql == NULL ) continue;
    if( adcp_name_equal(tbl_name, table) && is_on(db, table, sql) ) call(context, name, sql);
  }
  adcp_db_finalize(stmt);
}
