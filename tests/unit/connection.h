/*
** connection.h - what the unit tests of the database layer share: short SQL, and a SQL function
** f() that runs a routine of the test inside `SELECT f()`, on the connection that calls it.
*/
#ifndef ADCP_TESTS_CONNECTION_H
#define ADCP_TESTS_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/db.h"
#include "unit.h"

static void (*routine)(AdcpDb *db);
static int autocommit;    /* after the routine, before the outer statement ended */
static AdcpRc rc;         /* of the routine */
static char message[500]; /* of the routine */
static long calls;

static inline void xFunction(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb db = {sqlite3_context_db_handle(context), "main", &err};
  (void)argc;
  (void)argv;
  calls++;
  routine(&db);
  autocommit = sqlite3_get_autocommit(db.handle);
  rc = err.rc;
  snprintf(message, sizeof(message), "%s", adcp_error_message(&err));
  if( rc ) sqlite3_result_error(context, message, -1);
  adcp_error_clear(&err);
}

static inline bool exec(sqlite3 *handle, const char *sql) {
  return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static inline void must(sqlite3 *handle, const char *sql) {
  CHECK_CASE(exec(handle, sql), "%s: %s", sql, sqlite3_errmsg(handle));
}

/* The first value of the first row; -1 without a row, -2 when SQLite refuses the SQL. */
static inline sqlite3_int64 number(sqlite3 *handle, const char *sql) {
  sqlite3_stmt *stmt;
  sqlite3_int64 value = -1;
  if( sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK ) return -2;
  if( sqlite3_step(stmt) == SQLITE_ROW ) value = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return value;
}

static inline sqlite3 *open_database(const char *path) {
  sqlite3 *handle;
  CHECK(sqlite3_open(path, &handle) == SQLITE_OK);
  sqlite3_create_function(handle, "f", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, xFunction, NULL,
                          NULL);
  return handle;
}

/* A path of this process for a file that does not exist. */
static inline const char *temp_path(char *path, size_t size, const char *name) {
  const char *dir = getenv("TMPDIR");
  snprintf(path, size, "%s/adcp_%ld_%s", dir ? dir : "/tmp", (long)getpid(), name);
  unlink(path);
  return path;
}

/* Our own allocations, the n-th from now on failing; none when n is 0. */
static long allocations_left;

static inline void *xFailingRealloc(void *old, size_t size) {
  if( allocations_left > 0 && --allocations_left == 0 ) return NULL;
  return realloc(old, size);
}

static inline void *xFailingMalloc(size_t size) {
  return xFailingRealloc(NULL, size);
}

static inline void fail_allocation(long n) {
  static const AdcpMemMethods failing = {xFailingMalloc, xFailingRealloc, free};
  adcp_mem_replace(n ? &failing : NULL);
  allocations_left = n;
}

#endif
