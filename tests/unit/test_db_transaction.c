/*
** test_db_transaction.c - begin, commit and abort inside a SQL function, after everything that
** can go wrong there; and who may call. Numbers in comments are of the behaviour of SQLite that
** is met.
*/
#include "connection.h"
#include "db/transaction.h"
#include "unit.h"

static const char *state; /* what the last close reported */
static bool lost;         /* what the transaction said before it was closed */

/* Calls f() as a user does, with or without a transaction of the caller that holds one row. */
static void call(sqlite3 *handle, void (*what)(AdcpDb *), bool in_transaction) {
  routine = what;
  state = "nothing";
  lost = false;
  if( in_transaction ) must(handle, "BEGIN; INSERT INTO t VALUES(100, 'of the caller')");
  exec(handle, "SELECT f()");
}

static sqlite3 *open_with_table(const char *path) {
  sqlite3 *handle = open_database(path);
  must(handle, "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT ROLLBACK)");
  must(handle, "INSERT INTO t VALUES(1, 'one')");
  return handle;
}

/* Nothing of ours is left on the connection. */
static void check_clean(sqlite3 *handle) {
  CHECK(sqlite3_next_stmt(handle, NULL) == NULL);
  CHECK(!exec(handle, "RELEASE adcp_step"));
}

static void finish(AdcpDb *db, AdcpTransaction *txn) {
  (void)db;
  lost = adcp_transaction_lost(txn);
  state = adcp_transaction_close(txn);
}

/* ---- the plain ways ---- */

static void commit_rows(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  adcp_db_exec(db, "CREATE TABLE u(a)");
  adcp_transaction_commit(txn);
  finish(db, txn);
}

static void fail_rows(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  adcp_db_exec(db, "CREATE TABLE u(a)");
  adcp_db_exec(db, "DROP TABLE t");
  adcp_db_exec(db, "INSERT INTO nowhere VALUES(1)");
  adcp_transaction_commit(txn);
  finish(db, txn);
}

static void test_commit(void) {
  for( int nested = 0; nested < 2; nested++ ) {
    sqlite3 *handle = open_with_table(":memory:");
    call(handle, commit_rows, nested);
    CHECK(rc == ADCP_OK && state == NULL && !lost && autocommit == !nested);
    if( nested ) must(handle, "COMMIT");
    CHECK(number(handle, "SELECT count(*) FROM t, (SELECT count(*) FROM u)") == 2 + nested);
    check_clean(handle);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
}

static int xCommitHook(void *context) {
  (void)context;
  return 1;
}

/* SQLite makes a ROLLBACK of the COMMIT then, and says no more than "constraint failed". */
static void test_commit_hook(void) {
  sqlite3 *handle = open_with_table(":memory:");
  sqlite3_commit_hook(handle, xCommitHook, NULL);
  call(handle, commit_rows, false);
  CHECK(rc == ADCP_CONSTRAINT && lost && autocommit);
  CHECK_TEXT(state, "database unchanged");
  CHECK_TEXT(message, "constraint failed: a commit hook of the application refused");
  sqlite3_commit_hook(handle, NULL, NULL);
  CHECK(number(handle, "SELECT count(*) FROM t") == 1);
  check_clean(handle);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

static void test_fail(void) {
  for( int nested = 0; nested < 2; nested++ ) {
    sqlite3 *handle = open_with_table(":memory:");
    call(handle, fail_rows, nested);
    CHECK(rc == ADCP_ERROR && !lost && autocommit == !nested);
    CHECK_TEXT(state, "database unchanged");
    CHECK_TEXT(message, "no such table: nowhere");
    check_clean(handle);
    if( nested ) must(handle, "COMMIT");
    CHECK(number(handle, "SELECT count(*) FROM t") == 1 + nested);
    CHECK(number(handle, "SELECT count(*) FROM sqlite_schema") == 2);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
}

static void begin_only(AdcpDb *db) {
  adcp_error_set(db->err, ADCP_ERROR, "earlier");
  AdcpTransaction *txn = adcp_transaction_begin(db);
  CHECK(txn == NULL);
  adcp_transaction_commit(txn);
  CHECK(!adcp_transaction_lost(txn));
  finish(db, txn);
}

static void test_no_transaction(void) {
  sqlite3 *handle = open_with_table(":memory:");
  call(handle, begin_only, false);
  CHECK_TEXT(state, "database unchanged");
  CHECK_TEXT(message, "earlier");
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* ---- SQLite gave the transaction up by itself (4) ---- */

static void conflict_rollback(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  adcp_db_exec(db, "INSERT INTO t VALUES(3, 'one')");
  finish(db, txn);
}

static void test_lost(void) {
  for( int nested = 0; nested < 2; nested++ ) {
    sqlite3 *handle = open_with_table(":memory:");
    call(handle, conflict_rollback, nested);
    CHECK(rc == ADCP_CONSTRAINT && lost && autocommit);
    CHECK_TEXT(state, nested ? "your transaction was rolled back" : "database unchanged");
    check_clean(handle);
    CHECK(number(handle, "SELECT count(*) FROM t") == 1);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
}

/* ---- interrupt (2) ---- */

static void interrupt_then_prepare(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  adcp_db_exec(db, "CREATE TABLE u(a)");
  sqlite3_interrupt(db->handle);
  adcp_db_exec(db, "INSERT INTO t VALUES(3, 'three')"); /* refused by the parser */
  adcp_transaction_commit(txn);
  CHECK(!adcp_transaction_lost(txn)); /* so the half restore stands open */
  finish(db, txn);
}

static void interrupt_write(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  sqlite3_stmt *stmt = adcp_db_prepare(db, "INSERT INTO t VALUES(2, 'two')");
  sqlite3_interrupt(db->handle);
  adcp_db_step(db, stmt);
  adcp_db_finalize(stmt);
  finish(db, txn);
}

/* At that moment SQLite knows no schema, and cannot read it. */
static void interrupt_without_schema(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  adcp_db_exec(db, "PRAGMA writable_schema=RESET");
  sqlite3_interrupt(db->handle);
  adcp_db_exec(db, "INSERT INTO t VALUES(3, 'three')");
  finish(db, txn);
}

static void test_interrupt_without_schema(void) {
  for( int nested = 0; nested < 2; nested++ ) {
    sqlite3 *handle = open_with_table(":memory:");
    must(handle, "PRAGMA user_version=12");
    call(handle, interrupt_without_schema, nested);
    CHECK(rc == ADCP_INTERRUPT && autocommit);
    CHECK_TEXT(state, nested ? "your transaction was rolled back" : "database unchanged");
    check_clean(handle);
    CHECK(number(handle, "SELECT count(*) FROM t") == 1);
    CHECK(number(handle, "PRAGMA user_version") == 12);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
}

/* The target is attached, main can only be read. */
static void interrupt_attached(AdcpDb *db) {
  AdcpDb other = {db->handle, "other", db->err};
  AdcpTransaction *txn = adcp_transaction_begin(&other);
  adcp_db_exec(db, "INSERT INTO other.u VALUES(2)");
  sqlite3_interrupt(db->handle);
  adcp_db_exec(db, "INSERT INTO other.u VALUES(3)");
  finish(db, txn);
}

static void test_interrupt_attached(void) {
  char path[500];
  sqlite3 *handle = open_with_table(temp_path(path, sizeof(path), "main.db"));
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  for( int nested = 0; nested < 2; nested++ ) {
    char *uri = sqlite3_mprintf("file:%s?mode=ro", path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI;
    CHECK(sqlite3_open_v2(uri, &handle, flags, NULL) == SQLITE_OK);
    sqlite3_free(uri);
    sqlite3_create_function(handle, "f", -1, SQLITE_UTF8, NULL, xFunction, NULL, NULL);
    must(handle, "ATTACH ':memory:' AS other; CREATE TABLE other.u(a)");
    if( nested ) must(handle, "BEGIN; INSERT INTO other.u VALUES(1)");
    call(handle, interrupt_attached, false);
    CHECK(rc == ADCP_INTERRUPT && autocommit);
    CHECK_TEXT(state, nested ? "your transaction was rolled back" : "database unchanged");
    CHECK(number(handle, "SELECT count(*) FROM u") == 0);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
  unlink(path);
}

static void test_interrupt(void) {
  for( int nested = 0; nested < 2; nested++ ) {
    for( int write = 0; write < 2; write++ ) {
      sqlite3 *handle = open_with_table(":memory:");
      call(handle, write ? interrupt_write : interrupt_then_prepare, nested);
      CHECK(rc == ADCP_INTERRUPT && lost == write && autocommit);
      CHECK_TEXT(state, nested ? "your transaction was rolled back" : "database unchanged");
      check_clean(handle);
      CHECK(number(handle, "SELECT count(*) FROM t") == 1);
      CHECK(number(handle, "SELECT count(*) FROM sqlite_schema") == 2);
      CHECK(sqlite3_close(handle) == SQLITE_OK);
    }
  }
}

/* Asked at every step of SQLite's machine. */
static int steps_left;

static int xStopOnce(void *context) {
  (void)context;
  return steps_left > 0 && --steps_left == 0;
}

static int stop_at;

static void interrupt_commit(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  steps_left = stop_at;
  sqlite3_progress_handler(db->handle, 1, xStopOnce, NULL);
  adcp_transaction_commit(txn);
  sqlite3_progress_handler(db->handle, 0, NULL, NULL);
  finish(db, txn);
}

/* A progress handler is asked once more when COMMIT or RELEASE has taken effect. What was made is said to be
** made, what was not is undone, and what the caller did before stays. */
static void test_interrupt_commit(void) {
  char path[500];
  temp_path(path, sizeof(path), "late.db");
  for( int kind = 0; kind < 4; kind++ ) {
    bool nested = kind == 1, in_file = kind == 2, stopped = true;
    int made = 0, undone = 0;
    for( stop_at = 1; stopped && stop_at < 20; stop_at++ ) {
      sqlite3 *handle = open_with_table(in_file ? path : ":memory:");
      if( kind == 3 ) must(handle, "SAVEPOINT adcp_of_the_caller");
      call(handle, interrupt_commit, nested);
      stopped = steps_left == 0;
      if( stopped && state == NULL ) made++;
      if( stopped && state != NULL ) undone++;
      CHECK_CASE((rc == ADCP_OK) == (state == NULL), "kind %d, step %d: %d", kind, stop_at, rc);
      if( state ) CHECK_TEXT(state, "database unchanged");
      CHECK(number(handle, "SELECT count(*) FROM t WHERE a = 2") == (state == NULL));
      CHECK(number(handle, "SELECT count(*) FROM t WHERE a = 100") == nested);
      CHECK(autocommit == (kind != 1 && kind != 3));
      if( nested ) must(handle, "COMMIT");
      if( kind == 3 ) must(handle, "RELEASE adcp_of_the_caller");
      check_clean(handle);
      CHECK(sqlite3_close(handle) == SQLITE_OK);
      unlink(path);
    }
    CHECK_CASE(!stopped && made > 0 && undone > 0, "kind %d: %d, %d", kind, made, undone);
  }
}

static int xWalHook(void *context, sqlite3 *handle, const char *schema, int pages) {
  (void)handle, (void)schema, (void)pages;
  return *(int *)context;
}

/* SQLite asks the hook when the commit is made, and has COMMIT fail with what it says. */
static void test_wal_hook(void) {
  static const int codes[] = {SQLITE_BUSY, SQLITE_ERROR, SQLITE_IOERR, SQLITE_FULL, SQLITE_NOMEM};
  for( size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++ ) {
    char path[500];
    int code = codes[i];
    sqlite3 *handle = open_with_table(temp_path(path, sizeof(path), "hook.db"));
    must(handle, "PRAGMA journal_mode=WAL");
    sqlite3_wal_hook(handle, xWalHook, &code);
    call(handle, commit_rows, false);
    CHECK(rc == ADCP_OK && state == NULL && autocommit);
    CHECK(number(handle, "SELECT count(*) FROM t") == 2);
    check_clean(handle);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
    unlink(path);
  }
}

/* ---- an authorizer (5) ---- */

static bool deny;

static int xAuthorize(void *unused, int code, const char *a, const char *b, const char *c,
                      const char *d) {
  (void)unused, (void)a, (void)b, (void)c, (void)d;
  return deny && (code == SQLITE_TRANSACTION || code == SQLITE_SAVEPOINT) ? SQLITE_DENY : SQLITE_OK;
}

static bool set_late; /* the authorizer is set within the transaction: SQLite prepares all again */

static void denied(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  deny = true;
  if( set_late ) sqlite3_set_authorizer(db->handle, xAuthorize, NULL);
  adcp_transaction_commit(txn);
  if( !db->err->rc ) adcp_error_set(db->err, ADCP_ERROR, "committed");
  finish(db, txn);
}

static void begin_denied(AdcpDb *db) {
  deny = true;
  AdcpTransaction *txn = adcp_transaction_begin(db);
  finish(db, txn);
}

static void test_authorizer(void) {
  for( int late = 0; late < 2; late++ ) {
    sqlite3 *handle = open_with_table(":memory:");
    deny = false;
    set_late = late;
    if( !late ) sqlite3_set_authorizer(handle, xAuthorize, NULL);
    call(handle, denied, false);
    CHECK(rc == ADCP_AUTH && autocommit);
    CHECK_TEXT(state, "database unchanged");
    CHECK(number(handle, "SELECT count(*) FROM t") == 1);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
  /* The savepoint's statements are prepared at entry: only an authorizer set later is in the way.
  ** */
  sqlite3 *handle = open_with_table(":memory:");
  deny = false;
  set_late = true;
  call(handle, denied, true);
  CHECK(rc == ADCP_AUTH && autocommit);
  CHECK_TEXT(state, "your transaction was rolled back");
  CHECK(number(handle, "SELECT count(*) FROM t") == 1);
  call(handle, begin_denied, false);
  CHECK(rc == ADCP_AUTH && autocommit);
  CHECK_TEXT(state, "database unchanged");
  check_clean(handle);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* ---- another connection reads (1) ---- */

static void test_busy_commit(void) {
  char path[500];
  sqlite3 *handle = open_with_table(temp_path(path, sizeof(path), "busy.db"));
  sqlite3 *other;
  sqlite3_stmt *reader;
  CHECK(sqlite3_open(path, &other) == SQLITE_OK);
  CHECK(sqlite3_prepare_v2(other, "SELECT * FROM t", -1, &reader, NULL) == SQLITE_OK);
  CHECK(sqlite3_step(reader) == SQLITE_ROW);
  call(handle, commit_rows, false);
  CHECK(rc == ADCP_BUSY && !lost && autocommit);
  CHECK_TEXT(state, "database unchanged");
  check_clean(handle);
  CHECK(number(handle, "SELECT count(*) FROM t") == 1);
  sqlite3_finalize(reader);
  call(handle, commit_rows, false);
  CHECK(rc == ADCP_OK && state == NULL);
  CHECK(number(other, "SELECT count(*) FROM t") == 2);
  must(other, "BEGIN IMMEDIATE");
  call(handle, commit_rows, false);
  CHECK(rc == ADCP_BUSY && autocommit);
  CHECK_TEXT(state, "database unchanged");
  CHECK(sqlite3_close(other) == SQLITE_OK);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  unlink(path);
}

/* Only the one database is locked: not those that are attached, whoever writes there. */
static void commit_side(AdcpDb *db) {
  AdcpDb side = {db->handle, "side", db->err};
  AdcpTransaction *txn = adcp_transaction_begin(&side);
  CHECK(db->err->rc || sqlite3_txn_state(db->handle, "side") == SQLITE_TXN_WRITE);
  CHECK(sqlite3_txn_state(db->handle, "main") == SQLITE_TXN_NONE);
  adcp_transaction_commit(txn);
  finish(db, txn);
}

static void commit_main(AdcpDb *db) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  CHECK(db->err->rc || sqlite3_txn_state(db->handle, "main") == SQLITE_TXN_WRITE);
  CHECK(sqlite3_txn_state(db->handle, "side") == SQLITE_TXN_NONE);
  adcp_transaction_commit(txn);
  finish(db, txn);
}

static int never_wait(void *waits, int count) {
  (void)count;
  ++*(int *)waits;
  return 0;
}

static void test_busy_attached(const char *journal_mode) {
  char path[500];
  int waits = 0;
  sqlite3 *handle = open_with_table(":memory:");
  sqlite3 *other = open_with_table(temp_path(path, sizeof path, "side.db"));
  must(other, journal_mode);
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb db = {handle, "main", &err};
  adcp_db_exec(&db, "ATTACH %Q AS side", path);
  CHECK(err.rc == ADCP_OK);
  sqlite3_busy_handler(handle, never_wait, &waits);
  for( int locked = 0; locked < 2; locked++ ) {
    if( locked ) must(other, "BEGIN IMMEDIATE");
    call(handle, commit_main, false);
    CHECK_CASE(rc == ADCP_OK && state == NULL && waits == 0, "%s", message);
    call(handle, commit_side, false);
    CHECK_CASE(rc == (locked ? ADCP_BUSY : ADCP_OK) && autocommit, "%s", message);
    CHECK(waits == locked);
  }
  must(other, "INSERT INTO t VALUES(2, 'two'); COMMIT");
  waits = 0;
  call(handle, commit_side, false);
  CHECK_CASE(rc == ADCP_OK && state == NULL && waits == 0, "%s", message);
  check_clean(handle);
  CHECK(sqlite3_close(other) == SQLITE_OK);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  unlink(path);
}

/* ---- no memory (3) ---- */

static sqlite3_mem_methods memory;
static bool memory_fails;

static void *xMalloc(int n) {
  return memory_fails ? NULL : memory.xMalloc(n);
}

static void *xRealloc(void *old, int n) {
  return memory_fails ? NULL : memory.xRealloc(old, n);
}

static bool expired; /* an index was made: SQLite has to prepare every statement again */

static void nomem(AdcpDb *db, const char *sql) {
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "INSERT INTO t VALUES(2, 'two')");
  if( expired ) adcp_db_exec(db, "CREATE INDEX tb ON t(b)");
  sqlite3_stmt *stmt = adcp_db_prepare(db, "%s", sql);
  memory_fails = true;
  adcp_db_step(db, stmt);
  memory_fails = false;
  adcp_db_finalize(stmt);
  finish(db, txn);
}

static void nomem_read(AdcpDb *db) {
  nomem(db, "SELECT zeroblob(100000) || a FROM t");
}

static void nomem_write(AdcpDb *db) {
  nomem(db, "INSERT INTO t SELECT 7, CAST(zeroblob(100000) AS TEXT)");
}

static void nomem_no_table(AdcpDb *db) {
  nomem(db, "SELECT zeroblob(100000) || 'x'");
}

/* Whatever SQLite did, the state that is reported is the true one, and ROLLBACK helps where it
** says so. */
static void check_nomem(void (*what)(AdcpDb *), bool nested) {
  sqlite3 *handle = open_with_table(":memory:");
  call(handle, what, nested);
  CHECK(rc == ADCP_NOMEM);
  if( autocommit ) {
    CHECK_TEXT(state, nested ? "your transaction was rolled back" : "database unchanged");
  } else {
    CHECK(expired);
    CHECK_TEXT(state, "transaction left open: run ROLLBACK");
    must(handle, "ROLLBACK");
  }
  check_clean(handle);
  CHECK(number(handle, "SELECT count(*) FROM t") == 1);
  CHECK(number(handle, "SELECT count(*) FROM sqlite_schema") == 2);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

static void test_nomem(void) {
  for( int i = 0; i < 4; i++ ) {
    expired = i > 1;
    check_nomem(nomem_read, i % 2);
    check_nomem(nomem_write, i % 2);
    check_nomem(nomem_no_table, i % 2);
  }
}

/* ---- who may call (7, 8) ---- */

static void check_caller(AdcpDb *db) {
  sqlite3_int64 changes = sqlite3_total_changes64(db->handle);
  int before = sqlite3_txn_state(db->handle, NULL);
  adcp_transaction_check_caller(db, "adcp_restore");
  CHECK(sqlite3_total_changes64(db->handle) == changes);
  CHECK(sqlite3_txn_state(db->handle, NULL) == before);
}

/* Whether f() may run there; sql is run to its end or to its error. */
static bool may_call(sqlite3 *handle, const char *sql) {
  routine = check_caller;
  calls = 0;
  rc = ADCP_OK;
  exec(handle, sql);
  CHECK_CASE(calls > 0, "%s: %s", sql, sqlite3_errmsg(handle));
  CHECK(rc == ADCP_OK || rc == ADCP_MISUSE);
  return rc == ADCP_OK;
}

static const char *const good_calls[] = {"SELECT f()",
                                         "SELECT f() r WHERE r IS NOT NULL",
                                         "/* c */ SELECT f(1, 2) AS x, 'Transaction' -- end",
                                         "SELECT * FROM (SELECT f())",
                                         "VALUES(f())",
                                         "WITH x(a) AS (SELECT f()) SELECT a FROM x",
                                         NULL};

static const char *const bad_calls[] = {"SELECT f() FROM t",
                                        "SELECT f() WHERE EXISTS (SELECT 1 FROM t)",
                                        "SELECT f() FROM pragma_table_info('t')",
                                        "SELECT f() FROM json_each('[1]')",
                                        "INSERT INTO u SELECT f()",
                                        "INSERT INTO u VALUES(f())",
                                        "INSERT INTO u VALUES(1) RETURNING f()",
                                        "UPDATE t SET b = f()",
                                        "DELETE FROM t WHERE a = f()",
                                        "CREATE TABLE x AS SELECT f()",
                                        "CREATE TEMP TABLE x AS SELECT f()",
                                        NULL};

static void check_calls(sqlite3 *handle, const char *where) {
  for( size_t i = 0; good_calls[i]; i++ ) {
    CHECK_CASE(may_call(handle, good_calls[i]), "%s: %s: %s", where, good_calls[i], message);
  }
  for( size_t i = 0; bad_calls[i]; i++ ) {
    CHECK_CASE(!may_call(handle, bad_calls[i]), "%s: %s", where, bad_calls[i]);
    const char *does = strncmp(bad_calls[i], "SELECT", 6) == 0 ? "reads" : "writes";
    char expected[100];
    snprintf(expected, sizeof(expected), "a statement that %s the database", does);
    CHECK_CASE(strstr(message, expected) == message, "%s: %s", bad_calls[i], message);
  }
}

static void test_callers(void) {
  sqlite3 *handle = open_with_table(":memory:");
  must(handle, "CREATE TABLE u(a)");
  check_calls(handle, "autocommit");
  must(handle, "BEGIN");
  check_calls(handle, "BEGIN");
  must(handle, "SELECT * FROM t"); /* the transaction now reads, no statement does */
  check_calls(handle, "BEGIN that has read");
  must(handle, "INSERT INTO t VALUES(5, 'five')");
  check_calls(handle, "BEGIN that has written");
  CHECK(number(handle, "SELECT count(*) FROM t") == 2);
  must(handle, "ROLLBACK; SAVEPOINT s");
  check_calls(handle, "SAVEPOINT");
  must(handle, "RELEASE s");
  CHECK(number(handle, "SELECT count(*) FROM t") == 1);
  CHECK(number(handle, "SELECT count(*) FROM temp.sqlite_schema") == 0);
  check_clean(handle);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

static void test_other_reader(void) {
  for( int nested = 0; nested < 2; nested++ ) {
    sqlite3 *handle = open_with_table(":memory:");
    sqlite3_stmt *reader, *idle;
    sqlite3_blob *blob;
    if( nested ) must(handle, "BEGIN");
    sqlite3_prepare_v2(handle, "SELECT * FROM t", -1, &reader, NULL);
    sqlite3_prepare_v2(handle, "SELECT 1 UNION ALL SELECT 2", -1, &idle, NULL);
    CHECK(may_call(handle, "SELECT f()"));
    CHECK(sqlite3_step(idle) == SQLITE_ROW);
    CHECK(may_call(handle, "SELECT f()"));
    CHECK(sqlite3_step(reader) == SQLITE_ROW);
    CHECK(!may_call(handle, "SELECT f()"));
    CHECK_CASE(strstr(message, "another that was not reset"), "%s", message);
    CHECK(sqlite3_step(reader) == SQLITE_DONE); /* ended, though not reset */
    CHECK(may_call(handle, "SELECT f()"));
    CHECK(sqlite3_blob_open(handle, "main", "t", "b", 1, 0, &blob) == SQLITE_OK);
    CHECK(!may_call(handle, "SELECT f()"));
    sqlite3_blob_close(blob);
    CHECK(may_call(handle, "SELECT f()"));
    sqlite3_finalize(reader);
    sqlite3_finalize(idle);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
}

/* Read-only files and query_only: the question is answered, nothing is created. */
static void test_read_only_callers(void) {
  char path[500], journal[520];
  sqlite3 *handle = open_with_table(temp_path(path, sizeof(path), "ro.db"));
  must(handle, "CREATE TABLE u(a); PRAGMA query_only=1");
  CHECK(may_call(handle, "SELECT f()"));
  CHECK(!may_call(handle, "SELECT f() FROM t"));
  must(handle, "BEGIN; SELECT * FROM t");
  CHECK(may_call(handle, "SELECT f()"));
  CHECK(!may_call(handle, "SELECT f() FROM t"));
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  CHECK(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
  sqlite3_create_function(handle, "f", -1, SQLITE_UTF8, NULL, xFunction, NULL, NULL);
  must(handle, "PRAGMA temp_store=FILE");
  CHECK(may_call(handle, "SELECT f()"));
  must(handle, "BEGIN; SELECT * FROM t");
  CHECK(may_call(handle, "SELECT f()"));
  CHECK(!may_call(handle, "SELECT f() FROM t"));
  CHECK(sqlite3_txn_state(handle, "temp") == SQLITE_TXN_NONE);
  snprintf(journal, sizeof(journal), "%s-journal", path);
  CHECK(access(journal, F_OK) != 0);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  unlink(path);
}

int main(void) {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
  sqlite3_mem_methods failing = memory;
  failing.xMalloc = xMalloc;
  failing.xRealloc = xRealloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
  test_commit();
  test_commit_hook();
  test_fail();
  test_no_transaction();
  test_lost();
  test_interrupt();
  test_interrupt_commit();
  test_wal_hook();
  test_interrupt_without_schema();
  test_interrupt_attached();
  test_authorizer();
  test_busy_commit();
  test_busy_attached("PRAGMA journal_mode=DELETE");
  test_busy_attached("PRAGMA journal_mode=WAL");
  test_nomem();
  test_callers();
  test_other_reader();
  test_read_only_callers();
  return unit_done();
}
