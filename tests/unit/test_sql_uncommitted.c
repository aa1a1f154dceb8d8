/*
** test_sql_uncommitted.c - where connections share a cache, a backup has only what is committed,
** also on a connection that asked for more by PRAGMA read_uncommitted.
*/
#include <string.h>

#include "adcp.h"
#include "connection.h"

#define BACKUP "SELECT adcp_backup(getpath(), '{\"overwrite\":true}')"

static char path[200];

static void getpath(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_text(context, path, -1, SQLITE_STATIC);
}

static sqlite3 *open_shared(void) {
  sqlite3 *db;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
  CHECK(sqlite3_open_v2("file:uncommitted?mode=memory&cache=shared", &db, flags, NULL) ==
        SQLITE_OK);
  CHECK(sqlite3_adcp_init(db, NULL, NULL) == SQLITE_OK);
  sqlite3_create_function(db, "getpath", 0, SQLITE_UTF8, NULL, getpath, NULL, NULL);
  return db;
}

static void check_locked(sqlite3 *db, const char *sql, const char *table) {
  CHECK_CASE(sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK, "%s", sql);
  CHECK_CASE(strstr(sqlite3_errmsg(db), "locked") && strstr(sqlite3_errmsg(db), table), "%s: %s",
             sql, sqlite3_errmsg(db));
}

/* The setting stays what it is, and serves what the application reads. */
static void check_setting(sqlite3 *db, int on) {
  CHECK(number(db, "PRAGMA read_uncommitted") == on);
  CHECK(number(db, "SELECT count(*) FROM t") == (on ? 0 : -1));
}

static void test_uncommitted(int on) {
  sqlite3 *reader = open_shared(), *writer = open_shared();
  must(writer, "CREATE TABLE t(a); INSERT INTO t VALUES(1), (2), (3)");
  must(writer, "CREATE TABLE u(b INTEGER PRIMARY KEY, c); INSERT INTO u VALUES(9, 'x')");
  must(reader, BACKUP);
  must(reader, on ? "PRAGMA read_uncommitted=1" : "PRAGMA read_uncommitted=0");
  must(writer, "BEGIN; DELETE FROM t; INSERT INTO u VALUES(77, 'y')");
  check_locked(reader, BACKUP, "t");
  check_locked(reader, "SELECT adcp_hash()", "t");
  check_locked(reader, "SELECT adcp_hash('u')", "u");
  check_locked(reader, "SELECT count(*) FROM adcp_diff(getpath())", "t");
  check_setting(reader, on);
  must(writer, "ROLLBACK");
  CHECK(number(reader, "SELECT count(*) FROM adcp_diff(getpath())") == 0);
  must(reader, BACKUP);
  CHECK(number(reader, "PRAGMA read_uncommitted") == on);
  CHECK(sqlite3_close(reader) == SQLITE_OK);
  CHECK(sqlite3_close(writer) == SQLITE_OK);
}

/* A table that was read stays as it is until the last one is. */
static void test_until_the_end(void) {
  sqlite3 *reader = open_shared(), *writer = open_shared();
  sqlite3_stmt *stmt;
  must(writer, "CREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES(1), (2), (3)");
  must(reader, BACKUP);
  must(writer, "INSERT INTO t VALUES(4), (5)");
  must(reader, "PRAGMA read_uncommitted=1");
  CHECK(sqlite3_prepare_v2(reader, "SELECT * FROM adcp_diff(getpath())", -1, &stmt, NULL) ==
        SQLITE_OK);
  CHECK(sqlite3_step(stmt) == SQLITE_ROW);
  CHECK(sqlite3_exec(writer, "DELETE FROM t", NULL, NULL, NULL) == SQLITE_LOCKED);
  CHECK(sqlite3_step(stmt) == SQLITE_ROW);
  CHECK(sqlite3_step(stmt) == SQLITE_DONE);
  sqlite3_finalize(stmt);
  must(writer, "DELETE FROM t");
  sqlite3_close(reader);
  sqlite3_close(writer);
}

int main(void) {
  temp_path(path, sizeof path, "uncommitted.json");
  test_uncommitted(0);
  test_uncommitted(1);
  test_until_the_end();
  unlink(path);
  return unit_done();
}
