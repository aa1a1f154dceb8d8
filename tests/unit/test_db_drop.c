/*
** test_db_drop.c - a large table is dropped in steps that hear an interrupt, a small one at once.
*/
#include <string.h>

#include "connection.h"
#include "db/drop.h"
#include "unit.h"

static const char *dropped;
static int ticks, stop_at;

/* Counts steps of SQLite's virtual machine, in hundreds. */
static int count_ticks(void *handle) {
  if( ++ticks == stop_at ) sqlite3_interrupt(handle);
  return 0;
}

static void drop(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  ticks = 0;
  sqlite3_progress_handler(db->handle, 100, count_ticks, db->handle);
  adcp_table_drop(db, dropped, txn);
  sqlite3_progress_handler(db->handle, 0, NULL, NULL);
  if( db->err->rc == ADCP_OK ) adcp_transaction_commit(txn);
  adcp_transaction_close(txn);
}

/* 40 MB in 20,000 rows, two indexes; another table that has to stay. */
static sqlite3 *open_large(const char *secure_delete, const char *definition) {
  sqlite3 *handle = open_database(":memory:");
  char sql[500];
  snprintf(sql, sizeof(sql), "PRAGMA secure_delete=%s; CREATE TABLE \"it''s \"\"t\"%s",
           secure_delete, definition);
  must(handle, sql);
  must(handle,
       "CREATE TABLE other(x); INSERT INTO other VALUES(7); CREATE INDEX other_x ON other(x)");
  must(handle, "WITH RECURSIVE s(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM s WHERE v < 20000) "
               "INSERT INTO \"it''s \"\"t\" SELECT v, zeroblob(2000) FROM s");
  must(handle,
       "CREATE INDEX \"a'b\" ON \"IT''s \"\"t\"(a); CREATE INDEX e ON \"it''s \"\"t\"(a + 1) "
       "WHERE a > 10");
  return handle;
}

static void run(sqlite3 *handle, int stop) {
  dropped = "it''s \"t";
  routine = drop;
  stop_at = stop;
  rc = ADCP_OK;
  exec(handle, "SELECT f()");
}

static void check_gone(sqlite3 *handle) {
  CHECK_CASE(rc == ADCP_OK, "%s", message);
  CHECK(number(handle, "SELECT count(*) FROM sqlite_schema") == 2);
  CHECK(number(handle, "SELECT x FROM other") == 7);
  CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
}

static int collate(void *unused, int a_size, const void *a, int b_size, const void *b) {
  (void)unused;
  int order = memcmp(a, b, (size_t)(a_size < b_size ? a_size : b_size));
  return order ? order : a_size - b_size;
}

static void test_row_by_row(const char *definition) {
  sqlite3 *handle = open_large("on", definition);
  run(handle, 0);
  check_gone(handle);
  CHECK_CASE(ticks > 20000 / 100, "%s: %d ticks", definition, ticks);
  sqlite3_close(handle);
}

static void test_at_once(const char *secure_delete, const char *definition) {
  sqlite3 *handle = open_large(secure_delete, definition);
  run(handle, 0);
  check_gone(handle);
  CHECK_CASE(ticks < 50, "%s: %d ticks", definition, ticks);
  sqlite3_close(handle);
}

static void test_interrupt(int stop) {
  sqlite3 *handle = open_large("on", "(a INTEGER PRIMARY KEY, b)");
  run(handle, stop);
  CHECK(rc == ADCP_INTERRUPT);
  CHECK_CASE(ticks < stop + 10, "%d ticks", ticks);
  CHECK(number(handle, "SELECT count(*) FROM \"it''s \"\"t\"") == 20000);
  CHECK(number(handle, "SELECT count(*) FROM sqlite_schema") == 5);
  CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  sqlite3_close(handle);
}

/* A key whose collation only the application registers: DELETE cannot, DROP can. */
static void test_collation_missing(void) {
  sqlite3 *handle = open_database(":memory:");
  sqlite3_create_collation(handle, "mine", SQLITE_UTF8, NULL, collate);
  must(handle,
       "PRAGMA secure_delete=on; CREATE TABLE t(a COLLATE mine PRIMARY KEY, b) WITHOUT ROWID");
  must(handle, "WITH RECURSIVE s(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM s WHERE v < 17) "
               "INSERT INTO t SELECT 'k' || v, zeroblob(2000000) FROM s");
  sqlite3_create_collation(handle, "mine", SQLITE_UTF8, NULL, NULL);
  dropped = "t";
  routine = drop;
  exec(handle, "SELECT f()");
  CHECK_CASE(rc == ADCP_OK, "%s", message);
  CHECK(number(handle, "SELECT count(*) FROM sqlite_schema") == 0);
  sqlite3_close(handle);
}

int main(void) {
  test_row_by_row("(a INTEGER PRIMARY KEY, b)");
  test_row_by_row("(a, b, PRIMARY KEY(a DESC)) WITHOUT ROWID");
  test_interrupt(100);
  test_interrupt(190);
  test_at_once("off", "(a INTEGER PRIMARY KEY, b)");
  test_at_once("fast", "(a INTEGER PRIMARY KEY, b)");
  test_at_once("on", "(a TEXT PRIMARY KEY, b)");
  test_collation_missing();
  return unit_done();
}
