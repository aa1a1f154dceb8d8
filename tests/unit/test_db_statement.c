/*
** test_db_statement.c - statements, result codes and the interrupt probe of db.c.
*/
#include "db/db.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit.h"

static AdcpError err;
static AdcpDb db = {NULL, "main", &err};

/* Checks the error that is set, and clears it. */
static void expect(AdcpRc rc, const char *part) {
  CHECK_CASE(err.rc == rc, "%d: %s", (int)err.rc, adcp_error_message(&err));
  CHECK_CASE(strstr(adcp_error_message(&err), part) != NULL, "%s", adcp_error_message(&err));
  adcp_error_clear(&err);
}

static void test_values(void) {
  CHECK(adcp_db_integer(&db, -1, "SELECT %d + %lld", 1, 41LL) == 42);
  CHECK(adcp_db_integer(&db, -1, "SELECT 1 WHERE 0") == -1);
  char *text = adcp_db_text(&db, "SELECT %Q || '%w'", "it's", "a\"b");
  CHECK_TEXT(text, "it'sa\"\"b");
  adcp_free(text);
  CHECK(adcp_db_text(&db, "SELECT NULL") == NULL);
  CHECK(adcp_db_text(&db, "SELECT 1 WHERE 0") == NULL);
  CHECK(err.rc == ADCP_OK);
}

static void test_exactly_one_statement(void) {
  adcp_db_exec(&db, "CREATE TABLE one(a); -- and nothing more\n ; /* at all */ ");
  CHECK(err.rc == ADCP_OK);
  adcp_db_exec(&db, "SELECT 1; DROP TABLE one");
  expect(ADCP_ERROR, "exactly one SQL statement");
  adcp_db_exec(&db, "-- none");
  expect(ADCP_ERROR, "exactly one SQL statement");
  CHECK(adcp_db_integer(&db, -1, "SELECT count(*) FROM one") == 0);
}

static void test_first_error_wins(void) {
  adcp_db_exec(&db, "SELECT * FROM nowhere");
  adcp_db_exec(&db, "CREATE TABLE not_made(a)");
  CHECK(adcp_db_prepare(&db, "SELECT 1") == NULL);
  CHECK(!adcp_db_step(&db, NULL));
  CHECK(adcp_db_integer(&db, 7, "SELECT 1") == 7);
  expect(ADCP_ERROR, "no such table: nowhere");
  CHECK(adcp_db_integer(&db, -1, "SELECT count(*) FROM sqlite_schema WHERE name='not_made'") == 0);
}

static void test_codes(void) {
  adcp_db_exec(&db, "CREATE TABLE code(a UNIQUE)");
  adcp_db_exec(&db, "INSERT INTO code VALUES(1)");
  adcp_db_exec(&db, "INSERT INTO code VALUES(1)");
  expect(ADCP_CONSTRAINT, "code.a");
  static const struct {
    int sqlite;
    AdcpRc rc;
  } cases[] = {
      {SQLITE_SCHEMA, ADCP_ERROR},
      {SQLITE_ABORT_ROLLBACK, ADCP_ERROR},
      {SQLITE_IOERR_READ, ADCP_IOERR},
      {SQLITE_NOMEM, ADCP_NOMEM},
      {SQLITE_IOERR_NOMEM, ADCP_IOERR},
      {SQLITE_CONSTRAINT_UNIQUE, ADCP_CONSTRAINT},
      {SQLITE_BUSY_RECOVERY, ADCP_BUSY},
      {SQLITE_PROTOCOL, ADCP_BUSY},
      {SQLITE_READONLY_DBMOVED, ADCP_READONLY},
      {SQLITE_AUTH, ADCP_AUTH},
      {SQLITE_RANGE, ADCP_ERROR},
      {SQLITE_NOTADB, ADCP_NOTADB},
      {SQLITE_FULL, ADCP_FULL},
      {SQLITE_TOOBIG, ADCP_TOOBIG},
      {SQLITE_MISUSE, ADCP_MISUSE},
      {SQLITE_INTERRUPT, ADCP_INTERRUPT},
      {SQLITE_ROW, ADCP_ERROR},
      {SQLITE_LOCKED_SHAREDCACHE, ADCP_LOCKED},
  };
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    adcp_db_fail(&db, cases[i].sqlite);
    CHECK_CASE(err.rc == cases[i].rc, "code %d gave %d", cases[i].sqlite, (int)err.rc);
    adcp_error_clear(&err);
  }
}

static void test_schema_names(void) {
  AdcpDb other = {db.handle, "other", &err};
  adcp_db_check_schema(&other);
  expect(ADCP_ERROR, "no database \"other\" is attached; this connection has \"main\"");
  adcp_db_exec(&db, "ATTACH ':memory:' AS OTHER");
  adcp_db_check_schema(&other);
  CHECK(err.rc == ADCP_OK);
}

/* "main" is its first database's name for good, besides one that the application gave it. */
static void test_main_renamed(void) {
  sqlite3 *handle;
  sqlite3_open(":memory:", &handle);
  CHECK(sqlite3_db_config(handle, SQLITE_DBCONFIG_MAINDBNAME, "app") == SQLITE_OK);
  AdcpDb names[] = {{handle, "main", &err}, {handle, "MAIN", &err}, {handle, "app", &err}};
  for( size_t i = 0; i < 3; i++ ) {
    adcp_db_check_schema(&names[i]);
    CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    CHECK(adcp_db_integer(&names[i], -1, "SELECT 7 FROM \"%w\".sqlite_schema", names[i].schema) ==
          -1);
    adcp_error_clear(&err);
  }
  AdcpDb other = {handle, "other", &err};
  adcp_db_check_schema(&other);
  expect(ADCP_ERROR, "this connection has \"app\"");
  sqlite3_close(handle);
}

static int ignore_pragmas(void *context, int action, const char *a, const char *b, const char *c,
                          const char *d) {
  (void)context, (void)a, (void)b, (void)c, (void)d;
  return action == SQLITE_PRAGMA ? SQLITE_IGNORE : SQLITE_OK;
}

/* What is not run looks like an empty list. */
static void test_list_ignored(void) {
  sqlite3_stmt *stmt = adcp_db_prepare_list(&db, "PRAGMA \"%w\".table_xinfo(%Q)", "main", "no");
  CHECK(stmt && !adcp_db_step(&db, stmt) && err.rc == ADCP_OK);
  adcp_db_finalize(stmt);
  sqlite3_set_authorizer(db.handle, ignore_pragmas, NULL);
  CHECK(adcp_db_prepare_list(&db, "PRAGMA module_list") == NULL);
  expect(ADCP_AUTH, "PRAGMA module_list had no effect; an authorizer");
  sqlite3_set_authorizer(db.handle, NULL, NULL);
}

/* A transaction that began before another connection's commit cannot write. */
static void test_busy_snapshot(const char *folder) {
  char path[256];
  snprintf(path, sizeof path, "%s/wal.db", folder);
  sqlite3 *one, *two;
  sqlite3_open(path, &one);
  sqlite3_open(path, &two);
  AdcpDb first = {one, "main", &err}, second = {two, "main", &err};
  adcp_db_exec(&first, "PRAGMA journal_mode=WAL");
  adcp_db_exec(&first, "CREATE TABLE t(a)");
  adcp_db_exec(&first, "BEGIN");
  adcp_db_integer(&first, 0, "SELECT count(*) FROM t");
  adcp_db_exec(&second, "INSERT INTO t VALUES(1)");
  CHECK(err.rc == ADCP_OK);
  adcp_db_exec(&first, "INSERT INTO t VALUES(2)");
  expect(ADCP_BUSY, "began before another connection's commit");
  sqlite3_close(one);
  sqlite3_close(two);
}

static void interrupt_and_probe(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  (void)values;
  AdcpInterruptProbe probe;
  adcp_interrupt_probe_open(&probe, &db);
  adcp_interrupt_probe_check(&probe, &db);
  CHECK(err.rc == ADCP_OK);
  sqlite3_interrupt(db.handle);
  adcp_interrupt_probe_check(&probe, &db);
  expect(ADCP_INTERRUPT, "interrupted");
  adcp_interrupt_probe_close(&probe);
  sqlite3_result_null(context);
}

/* The flag is seen while a statement runs, as it does when the extension is called. */
static void test_interrupt(void) {
  sqlite3_create_function(db.handle, "probe", 0, SQLITE_UTF8, NULL, interrupt_and_probe, NULL,
                          NULL);
  adcp_db_integer(&db, 0, "SELECT probe()");
  adcp_error_clear(&err);
}

int main(void) {
  char folder[] = "/tmp/adcp-unit-XXXXXX";
  if( mkdtemp(folder) == NULL || chdir(folder) != 0 ) return 1;
  sqlite3_open(":memory:", &db.handle);
  test_values();
  test_exactly_one_statement();
  test_first_error_wins();
  test_codes();
  test_schema_names();
  test_main_renamed();
  test_list_ignored();
  test_busy_snapshot(folder);
  test_interrupt();
  sqlite3_close(db.handle);
  unlink("wal.db");
  rmdir(folder);
  return unit_done();
}
