/*
** reload.c - the extension is loaded and unloaded while it works elsewhere in the process.
**
**   reload [--rounds N]        ADCP_SO names the extension
**
** SQLite unloads the library when the last connection that loaded it is closed: whatever is left of
** it then, a thread, a destructor, a key, runs code that is no longer there. So connections come and
** go by the thousand, in several threads: with nothing done, with a backup behind them, with cursors
** open when they are closed (sqlite3_close is refused, sqlite3_close_v2 leaves the connection to its
** statements), and with a load that fails half way.
*/
#include <dlfcn.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define THREADS 4

static const char *library;
static int rounds = 20;

static sqlite3 *open_loaded(const char *path) {
  sqlite3 *db = NULL;
  char *message = NULL;
  int rc = sqlite3_open(path, &db);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
  if( rc == SQLITE_OK ) rc = sqlite3_load_extension(db, library, NULL, &message);
  check(rc == SQLITE_OK, "loading", message);
  sqlite3_free(message);
  return db;
}

static void run(sqlite3 *db, const char *sql) {
  int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  check(rc == SQLITE_OK, sql, sqlite3_errmsg(db));
}

/* Steps to the n-th row and leaves the statement there. */
static sqlite3_stmt *begin(sqlite3 *db, const char *sql, int n) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  while( rc == SQLITE_OK && n-- > 0 ) {
    if( sqlite3_step(stmt) != SQLITE_ROW ) rc = SQLITE_ERROR;
  }
  check(rc == SQLITE_OK, sql, sqlite3_errmsg(db));
  return stmt;
}

static void finish(sqlite3_stmt *stmt, long rows) {
  long seen = 0;
  while( sqlite3_step(stmt) == SQLITE_ROW ) seen++;
  check(seen == rows, "rows that were left", sqlite3_sql(stmt));
  check(sqlite3_finalize(stmt) == SQLITE_OK, "finalize", "");
}

/* ---- what a connection does before it goes ---- */

#define ROWS 20000 /* of the table: many blocks, so that threads read ahead */

typedef struct Worker {
  char database[300], file[300], other[300];
} Worker;

static char *sql_of(const char *format, const char *path) {
  return sqlite3_mprintf(format, path);
}

static void only_load(const Worker *worker) {
  sqlite3 *db = open_loaded(":memory:");
  check(sqlite3_close(db) == SQLITE_OK, "closing", worker->database);
}

static void back_up(const Worker *worker) {
  sqlite3 *db = open_loaded(worker->database);
  char *sql = sql_of("SELECT adcp_backup(%Q, '{\"overwrite\":true,\"threads\":2}')", worker->other);
  run(db, sql);
  sqlite3_free(sql);
  check(sqlite3_close(db) == SQLITE_OK, "closing", worker->other);
}

static void validate_and_restore(const Worker *worker) {
  sqlite3 *db = open_loaded(":memory:");
  char *sql = sql_of("SELECT adcp_validate(%Q) ->> 'valid'", worker->file);
  run(db, sql);
  sqlite3_free(sql);
  sql = sql_of("SELECT adcp_restore(%Q, '{\"threads\":2}')", worker->file);
  run(db, sql);
  sqlite3_free(sql);
  check(sqlite3_close(db) == SQLITE_OK, "closing", worker->file);
}

/* Cursors with threads of their own stand in the middle of the file when the connection goes. */
static void close_amid_cursors(const Worker *worker) {
  static const char *const queries[] = {
      "SELECT row FROM adcp_rows(%Q, 't')", "SELECT name FROM adcp_contents(%Q)",
      "SELECT code FROM adcp_check(%Q, 'quick') UNION ALL SELECT 1",
      "SELECT action FROM adcp_plan(%Q)"};
  sqlite3 *db = open_loaded(":memory:");
  sqlite3_stmt *stmts[5];
  int n = 0;
  for( size_t i = 0; i < 4; i++ ) {
    char *sql = sql_of(queries[i], worker->file);
    stmts[n++] = begin(db, sql, 1);
    sqlite3_free(sql);
  }
  char *sql = sql_of("CREATE VIRTUAL TABLE temp.seen USING adcp_table(%Q, t)", worker->file);
  run(db, sql);
  sqlite3_free(sql);
  stmts[n++] = begin(db, "SELECT count(*) OVER (), x FROM seen LIMIT 3", 1);
  check(sqlite3_close(db) == SQLITE_BUSY, "closing amid cursors is refused", "");
  check(sqlite3_close_v2(db) == SQLITE_OK, "closing amid cursors", "");
  finish(stmts[0], ROWS - 1);
  finish(stmts[n - 1], 2);
  for( int i = 1; i < n - 1; i++ ) sqlite3_finalize(stmts[i]);
}

/* A cursor that is left where it stands. */
static void abandon_cursor(const Worker *worker) {
  sqlite3 *db = open_loaded(":memory:");
  char *sql = sql_of("SELECT row FROM adcp_rows(%Q, 't')", worker->file);
  sqlite3_stmt *stmt = begin(db, sql, 5);
  sqlite3_free(sql);
  check(sqlite3_close_v2(db) == SQLITE_OK, "closing", "");
  sqlite3_finalize(stmt);
}

static int deny(void *unused, int code, const char *a, const char *b, const char *c,
                const char *d) {
  (void)unused, (void)code, (void)a, (void)b, (void)c, (void)d;
  return SQLITE_DENY;
}

/* Everything that is prepared is refused: what a call does then ends too before the library goes. */
static void refuse_all(const Worker *worker) {
  sqlite3 *db = open_loaded(worker->database);
  char *sql = sql_of("SELECT adcp_backup(%Q, '{\"overwrite\":true}')", worker->other);
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  sqlite3_free(sql);
  sqlite3_set_authorizer(db, deny, NULL);
  if( rc == SQLITE_OK ) rc = sqlite3_step(stmt);
  check(rc != SQLITE_ROW && rc != SQLITE_OK, "an authorizer refuses", sqlite3_errmsg(db));
  check(sqlite3_close_v2(db) == SQLITE_OK, "closing", "");
  sqlite3_finalize(stmt);
}

/* SQLite unloads at once when the entry point fails. */
static void fail_to_load(const Worker *worker) {
  sqlite3 *db = NULL;
  char *message = NULL;
  sqlite3_open(":memory:", &db);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
  sqlite3_stmt *stmt = begin(db, "SELECT 1 UNION SELECT 2", 1);
  run(db, "SELECT 1");
  int rc = sqlite3_load_extension(db, library, "no_such_entry", &message);
  check(rc != SQLITE_OK, "an entry point that is not there", worker->database);
  sqlite3_free(message);
  sqlite3_finalize(stmt);
  check(sqlite3_close(db) == SQLITE_OK, "closing", "");
}

/* ---- the threads ---- */

static void *come_and_go(void *argument) {
  static void (*const acts[])(const Worker *) = {
      only_load,      back_up,    only_load, validate_and_restore, close_amid_cursors,
      abandon_cursor, refuse_all, only_load, fail_to_load};
  const size_t count = sizeof acts / sizeof *acts;
  const Worker *worker = argument;
  for( int i = 0; i < rounds; i++ ) {
    for( size_t j = 0; j < count; j++ ) acts[j](worker);
    for( int j = 0; j < 20; j++ ) only_load(worker);
  }
  return NULL;
}

static void make_worker(Worker *worker, int i) {
  snprintf(worker->database, sizeof worker->database, "%s/%d.db", folder, i);
  snprintf(worker->file, sizeof worker->file, "%s/%d.json.gz", folder, i);
  snprintf(worker->other, sizeof worker->other, "%s/%d.other.json.gz", folder, i);
  sqlite3 *db = open_loaded(worker->database);
  run(db, "PRAGMA synchronous=off");
  run(db,
      "CREATE TABLE t(id INTEGER PRIMARY KEY, x); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL "
      "SELECT i + 1 FROM c WHERE i < 20000) INSERT INTO t SELECT i, hex(randomblob(20)) FROM c");
  char *sql = sql_of("SELECT adcp_backup(%Q)", worker->file);
  run(db, sql);
  sqlite3_free(sql);
  sqlite3_close(db);
}

static bool is_loaded(void) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
  if( handle ) dlclose(handle);
  return handle != NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[THREADS];
  Worker workers[THREADS];
  library = getenv("ADCP_SO");
  if( argc > 2 && strcmp(argv[1], "--rounds") == 0 ) rounds = (int)strtol(argv[2], NULL, 10);
  if( library == NULL || !make_folder("reload") ) return 2;
  for( int i = 0; i < THREADS; i++ ) make_worker(&workers[i], i);
  check(!is_loaded(), "unloaded with the last connection", library);
  for( int i = 0; i < THREADS; i++ ) {
    if( pthread_create(&threads[i], NULL, come_and_go, &workers[i]) != 0 ) return 2;
  }
  for( int i = 0; i < THREADS; i++ ) pthread_join(threads[i], NULL);
  check(!is_loaded(), "unloaded at the end", library);
  printf("%d threads, %d connections each\n", THREADS, rounds * 29);
  return harness_done();
}
