/*
** view_reads.c - which tables a view reads (contract in view_reads.h).
*/
#include "db/view_reads.h"

#include <string.h>

#include "base/mem.h"

/* The table whose rows, or an index of which, begin at this page, if it is one of these. */
static char *table_at(AdcpDb *db, AdcpNameMap *tables, int64_t page) {
  char *name = adcp_db_text(db, "SELECT tbl_name FROM \"%w\".sqlite_schema WHERE rootpage = %lld",
                            db->schema, page);
  if( name && adcp_name_map_get(tables, name, strlen(name), db->err) ) return name;
  adcp_free(name);
  return NULL;
}

char *adcp_view_reads(AdcpDb *db, AdcpNameMap *tables, const char *view) {
  char *found = NULL;
  sqlite3_stmt *stmt = adcp_db_prepare(db, "EXPLAIN SELECT * FROM \"%w\".\"%w\"", db->schema, view);
  while( adcp_db_step(db, stmt) ) {
    const char *opcode = (const char *)sqlite3_column_text(stmt, 1);
    if( opcode == NULL || strcmp(opcode, "OpenRead") != 0 || found ) continue;
    found = table_at(db, tables, sqlite3_column_int64(stmt, 3));
  }
  adcp_db_finalize(stmt);
  if( db->err->rc == ADCP_OK ) return found;
  adcp_free(found);
  return NULL;
}
