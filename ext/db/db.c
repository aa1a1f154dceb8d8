/*
** db.c - statements on a connection, with the house's error idiom (contract in db.h).
*/
#include "db/db.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/token.h"

/* SQLite's primary result codes that have another meaning, or none, in AdcpRc. All others that a
** statement gives have the same number there. */
static const struct {
  int sqlite;
  AdcpRc rc;
} other_codes
    [] =
        {
            {SQLITE_INTERNAL, ADCP_ERROR},
            {SQLITE_ABORT, ADCP_ERROR},
            {SQLITE_NOTFOUND, ADCP_ERROR},
            {SQLITE_PROTOCOL, ADCP_BUSY}, /* locks of the WAL index could not be had */
            {SQLITE_EMPTY, ADCP_ERROR},
            {SQLITE_SCHEMA, ADCP_ERROR}, /* a function that returns SCHEMA is run again, 26 times */
            {SQLITE_NOLFS, ADCP_ERROR},
            {SQLITE_FORMAT, ADCP_ERROR},
            {SQLITE_RANGE, ADCP_ERROR},
};

static AdcpRc rc_of_sqlite(int rc) {
  int primary = rc & 0xff;
  for( size_t i = 0; i < sizeof other_codes / sizeof other_codes[0]; i++ ) {
    if( other_codes[i].sqlite == primary ) return other_codes[i].rc;
  }
  return primary > SQLITE_OK && primary <= SQLITE_NOTADB ? (AdcpRc)primary : ADCP_ERROR;
}

static bool is_of_module(const char *text) {
  return sqlite3_strnicmp(text, "vtable ", 7) == 0;
}

/* Modules give ERROR also for an interrupt; a prepare tells. */
bool adcp_db_is_interrupted(sqlite3 *handle) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(handle, "SELECT 1", -1, &stmt, NULL);
  sqlite3_finalize(stmt);
  return rc == SQLITE_INTERRUPT;
}

/* The system's reason, where SQLite's text leaves it to be guessed. */
static const char *system_reason(sqlite3 *handle, int primary) {
  int number =
      primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0;
  switch( number ) {
  case EMFILE:
  case ENFILE: return "Too many open files";
  case EFBIG: return "File too large";
  case EDQUOT: return "Disk quota exceeded";
  }
  return NULL;
}

/* What SQLite's texts, those of the primary codes, do not tell. */
static const char *explanation(sqlite3 *handle, int extended) {
  const char *reason = system_reason(handle, extended & 0xff);
  if( reason ) return reason;
  switch( extended ) {
  case SQLITE_READONLY_DIRECTORY:
    return "its folder cannot be written, where SQLite makes the journal";
  case SQLITE_READONLY_DBMOVED:
    return "its file was moved, removed or replaced since it was opened; open the database again";
  case SQLITE_IOERR_GETTEMPPATH:
    return "SQLite found no folder for temporary files; give it one that can be written by the "
           "environment variable SQLITE_TMPDIR";
  case SQLITE_CONSTRAINT_COMMITHOOK: return "a commit hook of the application refused";
  }
  return NULL;
}

void adcp_db_fail(AdcpDb *db, int rc) {
  /* Statements give primary codes unless the application turned extended ones on. */
  int extended = sqlite3_extended_errcode(db->handle);
  if( (extended & 0xff) == (rc & 0xff) ) rc = extended;
  if( (rc & 0xff) == SQLITE_NOMEM ) {
    adcp_error_nomem(db->err);
  } else if( rc == SQLITE_BUSY_SNAPSHOT ) {
    adcp_error_set(db->err, ADCP_BUSY,
                   "the caller's transaction began before another connection's commit and can no "
                   "longer write: roll it back and start it again");
  } else if( rc == SQLITE_INTERRUPT || rc == SQLITE_AUTH ) {
    /* A module that is stopped by it gives a text of its own. */
    const char *text = sqlite3_errmsg(db->handle);
    const char *reason = is_of_module(text) ? sqlite3_errstr(rc) : NULL;
    adcp_error_set(db->err, rc_of_sqlite(rc), "%s%s%s", text, reason ? ": " : "",
                   reason ? reason : "");
  } else {
    const char *why = explanation(db->handle, rc);
    adcp_error_set(db->err, rc_of_sqlite(rc), "%s%s%s", sqlite3_errmsg(db->handle), why ? ": " : "",
                   why ? why : "");
    if( rc == SQLITE_ERROR && db->err->message && is_of_module(db->err->message) &&
        adcp_db_is_interrupted(db->handle) ) {
      adcp_error_append(db->err, ": interrupted");
    }
  }
}

bool adcp_db_end_trial(AdcpDb *db, AdcpError *trouble) {
  bool refused = trouble->rc == ADCP_ERROR || trouble->rc == ADCP_CORRUPT;
  if( refused ) adcp_error_clear(trouble);
  adcp_error_move(db->err, trouble);
  return refused;
}

static void append_name(AdcpBuf *list, const char *name) {
  adcp_buf_appendf(list, "%s\"%s\"", list->size ? ", " : "", name);
}

void adcp_db_check_schema(AdcpDb *db) {
  bool found = false;
  AdcpBuf list = {0};
  /* It is there from its first use on. */
  if( sqlite3_stricmp(db->schema, "temp") == 0 ) adcp_db_integer(db, 0, "PRAGMA temp.page_count");
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA database_list");
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    if( name == NULL ) continue;
    /* The first is "main" as well, whatever SQLITE_DBCONFIG_MAINDBNAME calls it. */
    bool is_main = sqlite3_column_int(stmt, 0) == 0 && sqlite3_stricmp(db->schema, "main") == 0;
    found = found || is_main || sqlite3_stricmp(name, db->schema) == 0;
    append_name(&list, name);
  }
  adcp_db_finalize(stmt);
  const char *names = adcp_buf_text(&list);
  if( !found && names ) {
    adcp_error_set(db->err, ADCP_ERROR, "no database \"%s\" is attached; this connection has %s",
                   db->schema, names);
  }
  adcp_buf_check(&list, db->err);
  adcp_buf_free(&list);
}

/* An INSERT that an authorizer ignores succeeds, and is one that writes nothing. Is looked at before it runs and
** behind: SQLite may have prepared it again. */
static void check_insert(AdcpDb *db, sqlite3_stmt *stmt) {
  const char *sql = stmt && !db->err->rc && sqlite3_stmt_readonly(stmt) ? sqlite3_sql(stmt) : NULL;
  if( sql == NULL || sqlite3_strnicmp(sql, "INSERT ", 7) != 0 ) return;
  adcp_error_set(db->err, ADCP_AUTH, "an INSERT had no effect; " ADCP_IGNORES);
}

sqlite3_stmt *adcp_db_prepare_text(AdcpDb *db, const char *sql) {
  if( db->err->rc != ADCP_OK ) return NULL;
  sqlite3_stmt *stmt = NULL;
  const char *tail = NULL;
  int rc = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, &tail);
  if( rc != SQLITE_OK ) {
    adcp_db_fail(db, rc);
  } else if( stmt == NULL || !adcp_token_is_blank(tail) ) {
    adcp_error_set(db->err, ADCP_ERROR, "exactly one SQL statement was expected");
  }
  check_insert(db, stmt);
  if( db->err->rc == ADCP_OK ) return stmt;
  sqlite3_finalize(stmt);
  return NULL;
}

static sqlite3_stmt *prepare_format(AdcpDb *db, const char *format, va_list args) {
  if( db->err->rc != ADCP_OK ) return NULL;
  char *sql = sqlite3_vmprintf(format, args);
  sqlite3_stmt *stmt = NULL;
  if( sql == NULL ) {
    adcp_error_nomem(db->err);
  } else {
    stmt = adcp_db_prepare_text(db, sql);
  }
  sqlite3_free(sql);
  return stmt;
}

sqlite3_stmt *adcp_db_prepare(AdcpDb *db, const char *format, ...) {
  va_list args;
  va_start(args, format);
  sqlite3_stmt *stmt = prepare_format(db, format, args);
  va_end(args);
  return stmt;
}

/* A PRAGMA that is not run has no columns. */
static sqlite3_stmt *check_answers(AdcpDb *db, sqlite3_stmt *stmt) {
  if( stmt == NULL || sqlite3_column_count(stmt) > 0 ) return stmt;
  adcp_error_set(db->err, ADCP_AUTH, "%s had no effect; " ADCP_IGNORES, sqlite3_sql(stmt));
  adcp_db_finalize(stmt);
  return NULL;
}

sqlite3_stmt *adcp_db_prepare_list(AdcpDb *db, const char *format, ...) {
  va_list args;
  va_start(args, format);
  sqlite3_stmt *stmt = prepare_format(db, format, args);
  va_end(args);
  return check_answers(db, stmt);
}

bool adcp_db_step(AdcpDb *db, sqlite3_stmt *stmt) {
  if( stmt == NULL || db->err->rc != ADCP_OK ) return false;
  int rc = sqlite3_step(stmt);
  if( rc == SQLITE_ROW ) return true;
  if( rc != SQLITE_DONE ) adcp_db_fail(db, rc);
  return false;
}

void adcp_db_finalize(sqlite3_stmt *stmt) {
  sqlite3_finalize(stmt);
}

static void run(AdcpDb *db, sqlite3_stmt *stmt) {
  while( adcp_db_step(db, stmt) ) {
    /* a PRAGMA gives rows that nobody asked for */
  }
  check_insert(db, stmt);
  adcp_db_finalize(stmt);
}

void adcp_db_exec(AdcpDb *db, const char *format, ...) {
  va_list args;
  va_start(args, format);
  sqlite3_stmt *stmt = prepare_format(db, format, args);
  va_end(args);
  run(db, stmt);
}

void adcp_db_exec_text(AdcpDb *db, const char *sql) {
  run(db, adcp_db_prepare_text(db, sql));
}

int64_t adcp_db_integer(AdcpDb *db, int64_t otherwise, const char *format, ...) {
  va_list args;
  va_start(args, format);
  sqlite3_stmt *stmt = check_answers(db, prepare_format(db, format, args));
  va_end(args);
  int64_t value = adcp_db_step(db, stmt) ? sqlite3_column_int64(stmt, 0) : otherwise;
  adcp_db_finalize(stmt);
  return value;
}

char *adcp_db_text(AdcpDb *db, const char *format, ...) {
  va_list args;
  va_start(args, format);
  sqlite3_stmt *stmt = check_answers(db, prepare_format(db, format, args));
  va_end(args);
  char *text = adcp_db_step(db, stmt) ? adcp_db_column_copy(db, stmt, 0) : NULL;
  adcp_db_finalize(stmt);
  return text;
}

bool adcp_db_is_journal_mode(AdcpDb *db, const char *mode) {
  char *now = adcp_db_text(db, "PRAGMA \"%w\".journal_mode", db->schema);
  bool same = now && strcmp(now, mode) == 0;
  adcp_free(now);
  return same;
}

AdcpEncoding adcp_db_encoding(AdcpDb *db) {
  char *name = adcp_db_text(db, "PRAGMA encoding");
  AdcpEncoding encoding = adcp_encoding_of_name(name);
  adcp_free(name);
  return encoding;
}

char *adcp_db_column_copy(AdcpDb *db, sqlite3_stmt *stmt, int column) {
  if( db->err->rc != ADCP_OK || sqlite3_column_type(stmt, column) == SQLITE_NULL ) return NULL;
  const char *text = (const char *)sqlite3_column_text(stmt, column);
  char *copy = text ? adcp_strdup(text) : NULL;
  if( copy == NULL ) adcp_error_nomem(db->err);
  return copy;
}

void adcp_db_set_progress(sqlite3 *handle, int steps, int (*xProgress)(void *), void *context) {
  if( ADCP_SQLITE_HAS(progress_handler) ) {
    sqlite3_progress_handler(handle, steps, xProgress, context);
  }
}

void adcp_interrupt_probe_open(AdcpInterruptProbe *probe, AdcpDb *db) {
  probe->stmt = adcp_db_prepare(db, "SELECT 1");
}

void adcp_interrupt_probe_check(AdcpInterruptProbe *probe, AdcpDb *db) {
  adcp_db_step(db, probe->stmt);
  sqlite3_reset(probe->stmt);
}

void adcp_interrupt_probe_close(AdcpInterruptProbe *probe) {
  adcp_db_finalize(probe->stmt);
  probe->stmt = NULL;
}
