/*
** test_sql_facts.c - what SQLite does to a transaction when something fails in it, and what a whole
** restore makes of it within the caller's BEGIN.
**
**   an I/O error       SQLite rolls everything back: nothing more is executed, and the message says so
**   a full database    the same, or what is true
**   an interrupt       the half restore is rolled back, by force if need be
**   an authorizer      that denies ROLLBACK TO and RELEASE later changes nothing
**   SQLITE_SCHEMA      from within is no SQLITE_SCHEMA of the function, which SQLite would run again
**
** The I/O error comes from a VFS that hands everything on to the system's, until it is armed.
*/
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "adcp.h"
#include "unit.h"

/* ---- a VFS whose writes fail ---- */

/* Files of one kind have one table of methods; each gets its copy with another xWrite. */
typedef struct Kind {
  sqlite3_io_methods methods; /* must be first */
  const sqlite3_io_methods *real;
} Kind;

static sqlite3_vfs *real_vfs;
static Kind kinds[8];
static long writes, failing_write; /* counted from 1; 0: none fails */
static bool failed;

static int x_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset) {
  if( ++writes == failing_write ) {
    failed = true;
    return SQLITE_IOERR_WRITE;
  }
  return ((const Kind *)file->pMethods)->real->xWrite(file, bytes, n, offset);
}

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
  (void)vfs;
  int rc = real_vfs->xOpen(real_vfs, name, file, flags, out);
  if( file->pMethods == NULL ) return rc;
  Kind *kind = kinds;
  while( kind->real && kind->real != file->pMethods ) kind++;
  if( kind->real == NULL ) {
    kind->real = file->pMethods;
    kind->methods = *kind->real;
    kind->methods.xWrite = x_write;
  }
  file->pMethods = &kind->methods;
  return rc;
}

static void install_vfs(void) {
  static sqlite3_vfs vfs;
  real_vfs = sqlite3_vfs_find(NULL);
  vfs = *real_vfs;
  vfs.zName = "facts";
  vfs.pNext = NULL;
  vfs.xOpen = x_open;
  sqlite3_vfs_register(&vfs, 1);
}

/* ---- the database ---- */

static char path[300], backup[300];
static long restores;    /* statements that call adcp_restore */
static long after_error; /* statements that write and were begun after the I/O error */

static bool begins_with(const char *sql, const char *word) {
  return sqlite3_strnicmp(sql, word, (int)strlen(word)) == 0;
}

static int trace(unsigned what, void *context, void *stmt, void *sql) {
  static const char *const writing[] = {"CREATE", "INSERT", "DROP", "DELETE", "UPDATE",
                                        "ALTER",  "BEGIN",  "SAVE", "RELEASE"};
  (void)what;
  (void)context;
  (void)stmt;
  for( size_t i = 0; i < sizeof writing / sizeof *writing; i++ ) {
    if( failed && begins_with(sql, writing[i]) ) after_error++;
  }
  return 0;
}

static sqlite3 *connection(void) {
  sqlite3 *db;
  CHECK(sqlite3_open(path, &db) == SQLITE_OK);
  CHECK(sqlite3_adcp_init(db, NULL, NULL) == SQLITE_OK);
  sqlite3_trace_v2(db, SQLITE_TRACE_STMT, trace, NULL);
  return db;
}

static void must(sqlite3 *db, const char *sql) {
  CHECK_CASE(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
             sqlite3_errmsg(db));
}

static sqlite3_int64 number(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  sqlite3_int64 value = -1;
  sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if( sqlite3_step(stmt) == SQLITE_ROW ) value = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return value;
}

/* Two tables, in the backup with a thousand rows more than here. */
static void make(void) {
  char sql[500];
  unlink(path);
  sqlite3 *db = connection();
  must(db,
       "CREATE TABLE t(id INTEGER PRIMARY KEY, x); CREATE INDEX tx ON t(x); CREATE TABLE mine(a);"
       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1000) "
       "INSERT INTO t SELECT i, hex(randomblob(40)) FROM n");
  sqlite3_snprintf(sizeof sql, sql, "SELECT adcp_backup(%Q, '{\"overwrite\":true}')", backup);
  must(db, sql);
  must(db, "DELETE FROM t WHERE id > 5; INSERT INTO mine VALUES('committed'); VACUUM");
  sqlite3_close(db);
}

/* adcp_restore of table t; the message of an error, else "". */
static const char *restore(sqlite3 *db) {
  static char message[1000];
  char sql[500];
  sqlite3_snprintf(sizeof sql, sql,
                   "SELECT adcp_restore(%Q, '{\"force\":true,\"tables\":[\"t\"]}')", backup);
  restores++;
  int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  snprintf(message, sizeof message, "%s", rc ? sqlite3_errmsg(db) : "");
  return message;
}

/* As it was committed; the caller's row of the transaction is there when it is still open. */
static void check_content(sqlite3 *db, bool open) {
  CHECK(sqlite3_get_autocommit(db) == !open);
  CHECK(number(db, "SELECT count(*) FROM t") == 5);
  CHECK(number(db, "SELECT count(*) FROM mine") == 1 + open);
  if( open ) must(db, "COMMIT");
  CHECK(number(db, "SELECT count(*) FROM sqlite_schema") == 3);
}

/* ---- the facts ---- */

static void test_io_error(void) {
  long failures = 0;
  for( long at = 1;; at++ ) {
    make();
    sqlite3 *db = connection();
    must(db, "PRAGMA cache_size=5; BEGIN; INSERT INTO mine VALUES('of the transaction')");
    writes = 0;
    failing_write = at;
    failed = false;
    after_error = 0;
    const char *message = restore(db);
    failing_write = 0;
    bool through = !failed;
    if( !through ) {
      failures++;
      CHECK_CASE(strstr(message, "disk I/O error") != NULL, "%ld: %s", at, message);
      CHECK_CASE(strstr(message, "; your transaction was rolled back") != NULL, "%ld: %s", at,
                 message);
      CHECK_CASE(after_error == 0, "%ld: %ld statements after the error", at, after_error);
      failed = false;
      check_content(db, false);
    }
    sqlite3_close(db);
    if( through ) break;
    at += at / 8; /* some dozens of the hundreds */
  }
  CHECK(failures > 15);
}

static void test_full(void) {
  make();
  sqlite3 *db = connection();
  must(db, "PRAGMA max_page_count=12; BEGIN; INSERT INTO mine VALUES('of the transaction')");
  const char *message = restore(db);
  CHECK_CASE(strstr(message, "full") != NULL, "%s", message);
  bool open = strstr(message, "database unchanged") != NULL;
  CHECK_CASE(open || strstr(message, "your transaction was rolled back") != NULL, "%s", message);
  check_content(db, open);
  sqlite3_close(db);
}

static int steps;

static int interrupt_at(void *context) {
  return --steps == 0 ? (sqlite3_interrupt(context), 0) : 0;
}

static void test_interrupt(void) {
  for( int at = 1; at < 12000; at += 1 + at / 5 ) {
    make();
    sqlite3 *db = connection();
    must(db, "BEGIN; INSERT INTO mine VALUES('of the transaction')");
    steps = at;
    sqlite3_progress_handler(db, 1, interrupt_at, db);
    const char *message = restore(db);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    CHECK_CASE(strstr(message, "interrupt") != NULL, "%d: %s", at, message);
    CHECK_CASE(strstr(message, "left open") == NULL, "%d: %s", at, message);
    check_content(db, strstr(message, "your transaction was rolled back") == NULL);
    sqlite3_close(db);
  }
}

static int deny_end(void *context, int action, const char *a, const char *b, const char *c,
                    const char *d) {
  const bool *armed = context;
  (void)b;
  (void)c;
  (void)d;
  bool ends = action == SQLITE_SAVEPOINT && strcmp(a, "BEGIN") != 0;
  return *armed && (ends || action == SQLITE_CREATE_INDEX) ? SQLITE_DENY : SQLITE_OK;
}

static void x_arm(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  *(bool *)sqlite3_user_data(context) = true;
  sqlite3_result_value(context, argv[0]);
}

/* The index is refused; by then the savepoint cannot be ended by a new statement. */
static void test_authorizer(void) {
  bool armed = false;
  make();
  sqlite3 *db = connection();
  sqlite3_create_function(db, "arm", 1, SQLITE_UTF8, &armed, x_arm, NULL, NULL);
  must(db, "BEGIN; INSERT INTO mine VALUES('of the transaction')");
  sqlite3_set_authorizer(db, deny_end, &armed);
  char sql[500];
  sqlite3_snprintf(sizeof sql, sql,
                   "SELECT adcp_restore(arm(%Q), '{\"force\":true,\"tables\":[\"t\"]}')", backup);
  CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_AUTH);
  char message[1000];
  snprintf(message, sizeof message, "%s", sqlite3_errmsg(db));
  sqlite3_set_authorizer(db, NULL, NULL);
  CHECK_CASE(strstr(message, "database unchanged") || strstr(message, "was rolled back"), "%s",
             message);
  check_content(db, strstr(message, "was rolled back") == NULL);
  sqlite3_close(db);
}

static long schema_calls;

static void x_schema(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  schema_calls++;
  sqlite3_result_error_code(context, SQLITE_SCHEMA);
}

static long restore_calls;

static int count_calls(void *context, int action, const char *a, const char *b, const char *c,
                       const char *d) {
  (void)context;
  (void)b;
  (void)c;
  (void)d;
  if( action == SQLITE_TRANSACTION && strcmp(a, "BEGIN") == 0 ) restore_calls++;
  return SQLITE_OK;
}

/* The index's expression gives SQLITE_SCHEMA when it is filled: the restore fails once. */
static void test_schema(void) {
  char sql[500];
  unlink(path);
  sqlite3 *db = connection();
  int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  sqlite3_create_function(db, "odd", 1, flags, &failed, x_arm, NULL, NULL);
  must(db, "CREATE TABLE t(x); INSERT INTO t VALUES(1); CREATE INDEX tx ON t(odd(x))");
  sqlite3_snprintf(sizeof sql, sql, "SELECT adcp_backup(%Q, '{\"overwrite\":true}')", backup);
  must(db, sql);
  sqlite3_close(db);
  failed = false;
  unlink(path);
  db = connection();
  sqlite3_create_function(db, "odd", 1, flags, NULL, x_schema, NULL, NULL);
  sqlite3_set_authorizer(db, count_calls, NULL);
  sqlite3_snprintf(sizeof sql, sql, "SELECT adcp_restore(%Q)", backup);
  int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  CHECK(schema_calls > 0);
  CHECK_CASE((rc & 0xff) == SQLITE_ERROR, "%d: %s", rc, sqlite3_errmsg(db));
  CHECK_CASE(strstr(sqlite3_errmsg(db), "; database unchanged") != NULL, "%s", sqlite3_errmsg(db));
  CHECK_CASE(restore_calls == 1, "%ld", restore_calls);
  CHECK(number(db, "SELECT count(*) FROM sqlite_schema") == 0);
  sqlite3_close(db);
}

int main(void) {
  const char *dir = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/facts_%ld.db", dir ? dir : "/tmp", (long)getpid());
  snprintf(backup, sizeof backup, "%s/facts_%ld.json.gz", dir ? dir : "/tmp", (long)getpid());
  sqlite3_initialize();
  install_vfs();
  test_io_error();
  test_full();
  test_interrupt();
  test_authorizer();
  test_schema();
  CHECK(restores > 20);
  unlink(path);
  unlink(backup);
  return unit_done();
}
