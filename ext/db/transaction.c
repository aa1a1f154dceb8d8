/*
** transaction.c - one atomic step, in autocommit or inside the caller's transaction (contract in
** transaction.h).
**
** Who may call is told without touching the database: a statement that reads or writes has a
** Transaction instruction in its program, so the programs of the statements that are running now
** are listed with EXPLAIN. `SELECT f()` has none. That is what SQLite itself looks at when it
** refuses DROP and SAVEPOINT with "database table is locked" and "SQL statements in progress".
**
** After an interrupt SQLite refuses ROLLBACK as it refuses everything else, until the outermost
** statement ends, and that is the one we run in. But a write that is interrupted makes it roll
** everything back. So the last means of an abort is to begin a write, interrupted; blob_open
** compiles it without the parser, which would refuse too, and without the authorizer.
*/
#include "db/transaction.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

#define SAVEPOINT_NAME "adcp_step"

struct AdcpTransaction {
  AdcpDb *db;  /* borrowed */
  bool nested; /* a savepoint in the caller's transaction */
  bool wal;    /* the journal mode; unless nested */
  bool committed;
  sqlite3_stmt *rollback; /* owned: ROLLBACK, or ROLLBACK TO */
  sqlite3_stmt *release;  /* owned; NULL unless nested */
};

/* ---- who may call ---- */

/* True when the statement's program opens a transaction, and when that cannot be told. */
static bool uses_database(AdcpDb *db, sqlite3_stmt *running) {
  sqlite3 *handle = db->handle;
  const char *text = sqlite3_sql(running);
  if( text == NULL ) return true; /* an open blob */
  char *sql = sqlite3_mprintf("EXPLAIN %s", text);
  sqlite3_stmt *program = NULL;
  int rc = sql ? sqlite3_prepare_v2(handle, sql, -1, &program, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  /* A function that an authorizer denies is a plain ERROR. */
  bool denied =
      rc == SQLITE_AUTH || (rc == SQLITE_ERROR && strstr(sqlite3_errmsg(handle), "not authorized"));
  if( rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT || denied ) adcp_db_fail(db, rc);
  if( rc != SQLITE_OK ) return true;
  bool found = false;
  while( !found && (rc = sqlite3_step(program)) == SQLITE_ROW ) {
    const char *opcode = (const char *)sqlite3_column_text(program, 1);
    found = opcode == NULL || strcmp(opcode, "Transaction") == 0;
  }
  sqlite3_finalize(program);
  return found || rc != SQLITE_DONE;
}

static void refuse_caller(AdcpDb *db, const char *function, const char *does) {
  adcp_error_set(
      db->err, ADCP_MISUSE,
      "a statement that %s the database is running on this connection, the one that "
      "calls or another that was not reset; call it in a statement of its own, without tables: "
      "SELECT %s(...)",
      does, function);
}

/* Running statements that use the database. */
typedef struct Users {
  bool reads, writes; /* what writes reads, too */
  bool blobs;         /* open ones are among them */
} Users;

static Users find_users(AdcpDb *db) {
  Users users = {0};
  sqlite3_stmt *stmt = NULL;
  while( (stmt = sqlite3_next_stmt(db->handle, stmt)) != NULL ) {
    if( !sqlite3_stmt_busy(stmt) ) continue;
    if( !sqlite3_stmt_readonly(stmt) ) users.writes = true;
    if( sqlite3_sql(stmt) == NULL ) users.blobs = true;
    if( users.writes || users.reads || uses_database(db, stmt) ) users.reads = true;
  }
  return users;
}

static void write_pending(AdcpDb *db);

/* fts5 leaves a blob open from a row that was inserted in the transaction until it writes the row's
** words: that is no statement of the caller's. */
void adcp_transaction_check_caller(AdcpDb *db, const char *function) {
  if( db->err->rc ) return;
  /* In autocommit nothing but a running statement holds a transaction open. */
  if( sqlite3_get_autocommit(db->handle) &&
      sqlite3_txn_state(db->handle, NULL) == SQLITE_TXN_NONE ) {
    return;
  }
  Users users = find_users(db);
  if( users.blobs && !users.writes && sqlite3_txn_state(db->handle, NULL) == SQLITE_TXN_WRITE ) {
    write_pending(db);
    users = find_users(db);
  }
  if( users.reads ) refuse_caller(db, function, users.writes ? "writes" : "reads");
}

bool adcp_transaction_is_written(AdcpDb *db) {
  sqlite3 *handle = db->handle;
  bool writes = false;
  if( sqlite3_txn_state(handle, db->schema) != SQLITE_TXN_WRITE ) return false;
  sqlite3_stmt *stmt = NULL;
  while( !writes && (stmt = sqlite3_next_stmt(handle, stmt)) != NULL ) {
    writes = sqlite3_stmt_busy(stmt) && !sqlite3_stmt_readonly(stmt);
  }
  return writes;
}

static void force_rollback(sqlite3 *handle);

/* ---- begin and commit ---- */

static bool run(sqlite3_stmt *stmt) {
  return sqlite3_step(stmt) == SQLITE_DONE && sqlite3_reset(stmt) == SQLITE_OK;
}

/* A statement that an authorizer ignores succeeds. */
static void check_effect(AdcpDb *db, const char *statement, bool had_effect) {
  if( had_effect ) return;
  adcp_error_set(db->err, ADCP_AUTH, "%s had no effect; " ADCP_IGNORES, statement);
}

/* Steps of SQLite's machine for a RELEASE that comes to its end: Init, Goto, Savepoint, Halt. One that an
** authorizer ignores has no Savepoint (3.40.1; its later versions may count otherwise). */
#define RELEASE_STEPS 4

static int steps_of(sqlite3_stmt *stmt) {
  return sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
}

/* Whether a RELEASE that was run did nothing: then it can be run again. Tried only where it was as short
** as one that an authorizer ignores, since SQLite logs the error of one that cannot. */
static bool was_ignored(sqlite3_stmt *release) {
  return steps_of(release) < RELEASE_STEPS && run(release);
}

/* Runs a RELEASE. Whether it took effect: a progress handler that stops it may be asked when it has, and
** the error is set all the same. */
static bool run_release(AdcpDb *db, sqlite3_stmt *release) {
  if( db->err->rc ) return false;
  sqlite3_stmt_status(release, SQLITE_STMTSTATUS_VM_STEP, 1);
  adcp_db_step(db, release);
  sqlite3_reset(release);
  if( db->err->rc ) return db->err->rc == ADCP_INTERRUPT && steps_of(release) >= RELEASE_STEPS;
  bool ignored = was_ignored(release);
  check_effect(db, "RELEASE", !ignored);
  return !ignored;
}

/* Takes the write lock of the one database, where BEGIN IMMEDIATE takes those of all that are attached.
** The transaction opens before anything of the database is looked at, as there, with the busy handler;
** a row of that number is not there, and need not be. */
static void lock_for_writing(AdcpDb *db) {
  if( db->err->rc || sqlite3_stricmp(db->schema, "temp") == 0 ) return; /* nobody else has that */
  sqlite3_blob *blob = NULL;
  int rc = sqlite3_blob_open(db->handle, db->schema, "sqlite_schema", "sql", INT64_MIN, 1, &blob);
  if( sqlite3_txn_state(db->handle, db->schema) != SQLITE_TXN_WRITE ) adcp_db_fail(db, rc);
  sqlite3_blob_close(blob);
}

/* The lock may be refused when the transaction is open; and a progress handler that stops BEGIN or
** SAVEPOINT is asked when it has taken effect already. */
static void undo_begin(AdcpTransaction *txn) {
  sqlite3 *handle = txn->db->handle;
  if( txn->nested ) {
    if( txn->db->err->rc == ADCP_INTERRUPT ) run(txn->release);
  } else if( !sqlite3_get_autocommit(handle) ) {
    run(txn->rollback);
    if( !sqlite3_get_autocommit(handle) ) force_rollback(handle);
  }
}

AdcpTransaction *adcp_transaction_begin(AdcpDb *db) {
  if( db->err->rc ) return NULL;
  AdcpTransaction *txn = adcp_calloc(1, sizeof(*txn));
  if( txn == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  txn->db = db;
  txn->nested = !sqlite3_get_autocommit(db->handle);
  /* Prepared now: an authorizer may deny them, and memory may be short, when they are needed. */
  if( txn->nested ) {
    txn->rollback = adcp_db_prepare(db, "ROLLBACK TO " SAVEPOINT_NAME);
    txn->release = adcp_db_prepare(db, "RELEASE " SAVEPOINT_NAME);
    adcp_db_exec(db, "SAVEPOINT " SAVEPOINT_NAME);
  } else {
    txn->rollback = adcp_db_prepare(db, "ROLLBACK");
    txn->wal = adcp_db_is_journal_mode(db, "wal");
    adcp_db_exec(db, "BEGIN");
    check_effect(db, "BEGIN", sqlite3_get_autocommit(db->handle) == 0);
    lock_for_writing(db);
  }
  if( db->err->rc == ADCP_OK ) return txn;
  undo_begin(txn);
  sqlite3_finalize(txn->rollback);
  sqlite3_finalize(txn->release);
  adcp_free(txn);
  return NULL;
}

/* SQLite prepares an expired statement again when it is stepped, which memory or an authorizer may
** refuse by then: done here, after the statement that made it expire. */
static void keep(AdcpDb *db, sqlite3_stmt **stmt, const char *sql) {
  sqlite3_stmt *fresh = NULL;
  int rc = sqlite3_prepare_v2(db->handle, sql, -1, &fresh, NULL);
  if( rc == SQLITE_NOMEM ) adcp_error_nomem(db->err);
  if( rc != SQLITE_OK ) return;
  sqlite3_finalize(*stmt);
  *stmt = fresh;
}

void adcp_transaction_keep(AdcpTransaction *txn) {
  if( txn == NULL || txn->db->err->rc ) return;
  if( adcp_transaction_lost(txn) ) { /* what follows would be written at once */
    adcp_error_set(txn->db->err, ADCP_ERROR, "SQLite has rolled the transaction back");
    return;
  }
  keep(txn->db, &txn->rollback, txn->nested ? "ROLLBACK TO " SAVEPOINT_NAME : "ROLLBACK");
  if( txn->nested ) keep(txn->db, &txn->release, "RELEASE " SAVEPOINT_NAME);
}

bool adcp_transaction_lost(const AdcpTransaction *txn) {
  return txn && !txn->committed && sqlite3_get_autocommit(txn->db->handle);
}

/* A number that is another once a transaction of this connection has been committed, with or without a file. */
static unsigned data_version(AdcpDb *db) {
  unsigned version = 0;
  sqlite3_file_control(db->handle, db->schema, SQLITE_FCNTL_DATA_VERSION, &version);
  return version;
}

/* COMMIT may fail when it has taken effect: a progress handler stops it then, or a WAL hook of the
** application's gives an error, as that of a checkpoint of its own. A journal that cannot be removed undoes
** it, where a WAL has nothing left to be done. */
static void commit(AdcpTransaction *txn) {
  AdcpDb *db = txn->db;
  unsigned version_before = data_version(db);
  adcp_db_exec(db, "COMMIT");
  AdcpRc rc = db->err->rc;
  bool may_be_undone = rc == ADCP_IOERR || rc == ADCP_FULL || rc == ADCP_NOMEM;
  bool closed = sqlite3_get_autocommit(db->handle) != 0;
  if( rc && closed && (txn->wal || !may_be_undone) && data_version(db) != version_before ) {
    adcp_error_clear(db->err);
  }
  check_effect(db, "COMMIT", closed);
}

void adcp_transaction_commit(AdcpTransaction *txn) {
  if( txn == NULL || txn->db->err->rc ) return;
  assert(!txn->committed);
  AdcpDb *db = txn->db;
  if( txn->nested ) {
    if( run_release(db, txn->release) && db->err->rc == ADCP_INTERRUPT ) adcp_error_clear(db->err);
  } else {
    commit(txn);
  }
  txn->committed = db->err->rc == ADCP_OK;
}

/* The pager's files, by way of the VFS: the setting can be changed neither within a transaction nor
** after an interrupt. */
static void sync_file(AdcpDb *db, int which) {
  sqlite3_file *file = NULL;
  sqlite3_file_control(db->handle, db->schema, which, &file);
  if( db->err->rc || file == NULL || file->pMethods == NULL ) return;
  int rc = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
  if( rc == SQLITE_OK ) return;
  adcp_error_set(db->err, ADCP_IOERR, "the database could not be synced to the disk: %s",
                 sqlite3_errstr(rc));
}

void adcp_transaction_sync(AdcpDb *db) {
  sync_file(db, SQLITE_FCNTL_JOURNAL_POINTER); /* or the WAL */
  sync_file(db, SQLITE_FCNTL_FILE_POINTER);
}

/* ---- what modules have not written yet ---- */

static bool any_writer(sqlite3 *handle) {
  for( sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(handle, stmt)) != NULL; ) {
    if( sqlite3_stmt_busy(stmt) && !sqlite3_stmt_readonly(stmt) ) return true;
  }
  return false;
}

static void release_pending(AdcpDb *db, sqlite3_stmt *stmt) {
  if( run_release(db, stmt) || run(stmt) ) return;
  adcp_error_append(db->err, "; an empty savepoint is left open: run RELEASE adcp_pending");
}

static void write_pending(AdcpDb *db) {
  sqlite3_stmt *release = adcp_db_prepare(db, "RELEASE adcp_pending");
  adcp_db_exec(db, "SAVEPOINT adcp_pending");
  if( db->err->rc == ADCP_OK ) {
    release_pending(db, release);
  } else if( release ) {
    run(release); /* a progress handler may have stopped it when it was open */
  }
  sqlite3_finalize(release);
}

bool adcp_transaction_write_pending(AdcpDb *db) {
  sqlite3 *handle = db->handle;
  bool written =
      !sqlite3_get_autocommit(handle) && sqlite3_txn_state(handle, db->schema) == SQLITE_TXN_WRITE;
  if( db->err->rc || !written ) return true;
  if( any_writer(handle) ) return false;
  write_pending(db);
  return true;
}

/* ---- abort ---- */

/* Makes SQLite roll back by itself, whatever an interrupt or an authorizer refuses. blob_open needs
** the schema; where that is not in memory, a PRAGMA that writes does not, and without white space
** the parser takes it after an interrupt (see state.c). Neither comes to writing anything. The
** first look, for reading, brings the schema back if there is no interrupt yet. */
static void force_rollback(sqlite3 *handle) {
  sqlite3_blob *blob = NULL;
  sqlite3_stmt *write = NULL;
  sqlite3_blob_open(handle, "main", "sqlite_schema", "sql", 1, 0, &blob);
  sqlite3_blob_close(blob);
  blob = NULL;
  sqlite3_interrupt(handle);
  sqlite3_blob_open(handle, "main", "sqlite_schema", "sql", 1, 1, &blob);
  sqlite3_blob_close(blob);
  if( sqlite3_get_autocommit(handle) ) return;
  int rc = sqlite3_prepare_v2(handle, "PRAGMA\"user_version\"=0;", -1, &write, NULL);
  if( rc == SQLITE_OK ) sqlite3_step(write);
  sqlite3_finalize(write);
}

static bool release(AdcpTransaction *txn) {
  sqlite3_stmt_status(txn->release, SQLITE_STMTSTATUS_VM_STEP, 1);
  return run(txn->release) && !was_ignored(txn->release);
}

static const char *abort_transaction(AdcpTransaction *txn) {
  sqlite3 *handle = txn->db->handle;
  if( !sqlite3_get_autocommit(handle) ) {
    /* An ignored ROLLBACK succeeds and leaves the transaction open. */
    if( run(txn->rollback) && (txn->nested || sqlite3_get_autocommit(handle)) ) {
      /* What was rolled back made RELEASE expire: it may be refused. The savepoint is empty now. */
      if( !txn->nested || release(txn) ) return "database unchanged";
      return "database unchanged; an empty savepoint is left open: run RELEASE " SAVEPOINT_NAME;
    }
    /* RELEASE would keep the half. */
    if( !sqlite3_get_autocommit(handle) ) force_rollback(handle);
  }
  if( !sqlite3_get_autocommit(handle) ) return ADCP_TRANSACTION_LEFT_OPEN;
  return txn->nested ? "your transaction was rolled back" : "database unchanged";
}

const char *adcp_transaction_close(AdcpTransaction *txn) {
  if( txn == NULL ) return "database unchanged";
  const char *state = txn->committed ? NULL : abort_transaction(txn);
  sqlite3_finalize(txn->rollback);
  sqlite3_finalize(txn->release);
  adcp_free(txn);
  return state;
}
