/*
** test_db_memory.c - every allocation of a copy fails once, and is reported as such.
*/
#include <stdlib.h>

#include "base/mem.h"
#include "db/catalog.h"
#include "db/load.h"
#include "db/order.h"
#include "db/scan.h"
#include "unit.h"

static long until_failure; /* allocations that still succeed; negative: all do */

static bool fails(void) {
  return until_failure >= 0 && until_failure-- == 0;
}

static void *failing_malloc(size_t size) {
  return fails() ? NULL : malloc(size);
}

static void *failing_realloc(void *old, size_t size) {
  return fails() ? NULL : realloc(old, size);
}

static const AdcpMemMethods methods = {failing_malloc, failing_realloc, free};

static void copy_table(AdcpDb *source, AdcpDb *target, const AdcpTable *table,
                       const AdcpTable *live) {
  AdcpLoadOptions options = {table->name, live, ADCP_CONFLICT_UPDATE, false};
  AdcpScan *scan = adcp_scan_open(source, table);
  AdcpLoad *load = adcp_load_open(target, table, &options);
  const AdcpValue *values;
  while( (values = adcp_scan_next(scan)) != NULL ) adcp_load_row(load, values);
  adcp_scan_close(scan);
  adcp_load_close(load);
}

/* Catalog, order, and rows of the ordinary tables into the same tables. */
static void copy(sqlite3 *handle, AdcpError *err) {
  AdcpDb db = {handle, "main", err};
  AdcpSchema *schema = adcp_catalog_read(&db);
  if( schema == NULL ) return;
  adcp_schema_sort(schema, err);
  for( size_t i = 0; i < schema->table_count && err->rc == ADCP_OK; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( table->kind == ADCP_TABLE_ORDINARY ) copy_table(&db, &db, table, table);
  }
  adcp_schema_free(schema);
}

static void insert_invalid(sqlite3 *handle) {
  sqlite3_stmt *stmt;
  sqlite3_prepare_v2(handle, "INSERT INTO child VALUES(9, ?1, ?2)", -1, &stmt, NULL);
  sqlite3_bind_text64(stmt, 1,
                      "\x00\xd8"
                      "a",
                      4, SQLITE_STATIC, SQLITE_UTF16LE);
  sqlite3_bind_text(stmt, 2, "\xef\xbf\xbf", 3, SQLITE_STATIC);
  CHECK(sqlite3_step(stmt) == SQLITE_DONE);
  sqlite3_finalize(stmt);
}

int main(void) {
  sqlite3 *handle;
  sqlite3_open(":memory:", &handle);
  CHECK(sqlite3_exec(handle,
                     "PRAGMA encoding='UTF-16be'; CREATE VIRTUAL TABLE f USING fts5(a, "
                     "content='f_content'); CREATE TABLE f_content(a); CREATE TABLE child(id "
                     "INTEGER PRIMARY KEY, a REFERENCES f_content(a), b DEFAULT 1); CREATE TABLE "
                     "w(a, b, PRIMARY KEY(b, a)) WITHOUT ROWID; INSERT INTO w VALUES(1,'x');"
                     "INSERT INTO child VALUES(1,'text','more')",
                     NULL, NULL, NULL) == SQLITE_OK);
  insert_invalid(handle);
  adcp_mem_replace(&methods);
  long allocations = 0;
  for( bool failed = true; failed && allocations < 10000; allocations++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    until_failure = allocations;
    copy(handle, &err);
    failed = until_failure < 0;
    until_failure = -1;
    CHECK_CASE(err.rc == (failed ? ADCP_NOMEM : ADCP_OK), "allocation %ld: %s", allocations,
               adcp_error_message(&err));
    adcp_error_clear(&err);
  }
  CHECK(allocations > 50);
  printf("%ld allocations\n", allocations);
  sqlite3_close(handle);
  return unit_done();
}
