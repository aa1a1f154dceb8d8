/*
** test_sql_progress.c - an application's hook is told, can stop what goes on, and can be taken
** away.
*/
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "adcp.h"
#include "unit.h"

typedef struct Log {
  int calls, verify_calls;
  int stop_at; /* the call that says stop; 0: none */
  sqlite3_int64 last_rows, last_total, last_bytes;
  char first_operation[32], last_stage[16];
  int in_order; /* rows of a stage never went back */
} Log;

static int hear(void *context, const adcp_progress *now) {
  Log *log = context;
  if( log->calls++ == 0 ) {
    snprintf(log->first_operation, sizeof log->first_operation, "%s", now->operation);
    log->in_order = 1;
  }
  if( strcmp(log->last_stage, now->stage) == 0 && now->rows_done < log->last_rows )
    log->in_order = 0;
  if( now->rows_done > now->rows_total || now->tables_done > now->tables_total ) log->in_order = 0;
  log->verify_calls += strcmp(now->stage, "verify") == 0;
  log->last_rows = now->rows_done;
  log->last_total = now->rows_total;
  log->last_bytes = now->bytes_done;
  snprintf(log->last_stage, sizeof log->last_stage, "%s", now->stage);
  return log->calls == log->stop_at;
}

/* Runs SQL whose ?1 is a path and ?2 a pointer; returns the result code. */
static int run(sqlite3 *db, const char *sql, const char *path, const void *pointer,
               const char *type) {
  sqlite3_stmt *stmt;
  CHECK(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK);
  if( path ) sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
  if( pointer ) sqlite3_bind_pointer(stmt, 2, (void *)pointer, type, NULL);
  sqlite3_step(stmt);
  return sqlite3_finalize(stmt);
}

static sqlite3_int64 number(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  sqlite3_int64 value = -1;
  sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if( sqlite3_step(stmt) == SQLITE_ROW ) value = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return value;
}

static const char set_hook[] = "SELECT adcp_config('progress_callback', ?2)";

static void test_told(sqlite3 *db, const char *path) {
  Log log = {0};
  adcp_progress_hook hook = {hear, &log};
  CHECK(run(db, set_hook, NULL, &hook, ADCP_PROGRESS_POINTER) == SQLITE_OK);
  CHECK(run(db, "SELECT adcp_backup(?1)", path, NULL, NULL) == SQLITE_OK);
  CHECK_TEXT(log.first_operation, "adcp_backup");
  CHECK_TEXT(log.last_stage, "done");
  CHECK(log.in_order && log.last_rows == 20003 && log.last_total == 20003);
  log = (Log){0};
  CHECK(run(db, "SELECT adcp_validate(?1)", path, NULL, NULL) == SQLITE_OK);
  CHECK_TEXT(log.first_operation, "adcp_validate");
  CHECK(log.in_order && log.last_rows == 20003 && log.last_bytes > 20003 * 7);
  log = (Log){0};
  CHECK(run(db, "SELECT adcp_restore(?1, '{\"force\":true}')", path, NULL, NULL) == SQLITE_OK);
  CHECK_TEXT(log.first_operation, "adcp_restore");
  CHECK_TEXT(log.last_stage, "done");
  CHECK(log.in_order);
  CHECK(run(db, set_hook, NULL, NULL, NULL) == SQLITE_OK);
  log = (Log){0};
  CHECK(run(db, "SELECT adcp_validate(?1)", path, NULL, NULL) == SQLITE_OK);
  CHECK(log.calls == 0);
}

static void test_stop(sqlite3 *db, const char *path, const char *other) {
  Log log = {.stop_at = 1};
  adcp_progress_hook hook = {hear, &log};
  CHECK(run(db, set_hook, NULL, &hook, ADCP_PROGRESS_POINTER) == SQLITE_OK);
  CHECK(run(db, "SELECT adcp_backup(?1)", other, NULL, NULL) == SQLITE_INTERRUPT);
  CHECK(strstr(sqlite3_errmsg(db), "stopped by the application; no backup was written") != NULL);
  CHECK(access(other, F_OK) != 0);
  log = (Log){.stop_at = 1};
  CHECK(run(db, "SELECT adcp_validate(?1)", path, NULL, NULL) == SQLITE_INTERRUPT);
  log = (Log){.stop_at = 1};
  CHECK(run(db, "DELETE FROM t WHERE a = 1", NULL, NULL, NULL) == SQLITE_OK);
  CHECK(run(db, "SELECT adcp_restore(?1, '{\"force\":true}')", path, NULL, NULL) ==
        SQLITE_INTERRUPT);
  CHECK(strstr(sqlite3_errmsg(db), "database unchanged") != NULL);
  CHECK(sqlite3_get_autocommit(db));
  CHECK(number(db, "SELECT count(*) FROM t") == 19999);
  CHECK(run(db, set_hook, NULL, NULL, NULL) == SQLITE_OK);
  CHECK(run(db, "SELECT adcp_restore(?1, '{\"force\":true}')", path, NULL, NULL) == SQLITE_OK);
  CHECK(number(db, "SELECT count(*) FROM t") == 20000);
}

static void test_wrong_pointers(sqlite3 *db) {
  Log log = {0};
  adcp_progress_hook hook = {hear, &log}, empty = {NULL, NULL};
  CHECK(run(db, set_hook, NULL, &hook, "another type") == SQLITE_OK); /* to SQL it is NULL */
  CHECK(run(db, set_hook, NULL, &empty, ADCP_PROGRESS_POINTER) == SQLITE_MISUSE);
  CHECK(run(db, "SELECT adcp_backup(adcp_version() || ?1)", "/nowhere/at/all", NULL, NULL) != 0);
  CHECK(log.calls == 0);
}

int main(void) {
  char path[256], other[256];
  const char *dir = getenv("TMPDIR");
  sqlite3 *db;
  snprintf(path, sizeof path, "%s/adcp_%ld.json.gz", dir ? dir : "/tmp", (long)getpid());
  snprintf(other, sizeof other, "%s/adcp_%ld_other.json.gz", dir ? dir : "/tmp", (long)getpid());
  CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
  CHECK(sqlite3_adcp_init(db, NULL, NULL) == SQLITE_OK);
  CHECK(sqlite3_exec(db,
                     "CREATE TABLE t(a); CREATE TABLE u(b); INSERT INTO u VALUES(1),(2),(3);"
                     "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<20000)"
                     "INSERT INTO t SELECT i FROM c",
                     NULL, NULL, NULL) == SQLITE_OK);
  test_told(db, path);
  test_stop(db, path, other);
  test_wrong_pointers(db);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  unlink(path);
  return unit_done();
}
