/*
** db.h - statements on a connection, with the house's error idiom.
**
** An AdcpDb is made by an operation on its stack: connection, schema name ("main" or an attached
** one), error. Every call is a no-op once the error is set. Messages are SQLite's own, with the
** result code mapped to AdcpRc; the operation adds the object.
*/
#ifndef ADCP_DB_DB_H
#define ADCP_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "codec/text_order.h"
#include "db/sqlite.h"

typedef struct AdcpDb {
  sqlite3 *handle;    /* borrowed */
  const char *schema; /* borrowed; name of the database within the connection, unquoted */
  AdcpError *err;     /* borrowed */
} AdcpDb;

/* Sets the error from the connection's last one, with sqlite3_errmsg. rc is the (extended) result
** code; SQLITE_SCHEMA becomes ADCP_ERROR (SQLite would run our function again, facts 6);
** BUSY_SNAPSHOT is named. */
void adcp_db_fail(AdcpDb *db, int rc);

/* Sets an error when the connection has no database of the name db->schema, naming those it has. */
void adcp_db_check_schema(AdcpDb *db);

/* Prepares SQL made by sqlite3_vmprintf (%w, %Q, %s, %d, %lld). NULL on error. Exactly one
** statement. */
sqlite3_stmt *adcp_db_prepare(AdcpDb *db, const char *format, ...);

/* The same for a text as it is, without a copy: one of a schema can be long. An INSERT that an authorizer
** ignores is an error, of both. */
sqlite3_stmt *adcp_db_prepare_text(AdcpDb *db, const char *sql);

/* The same for a PRAGMA that lists something. An error where it is not run (an authorizer ignores
** it, SQLite was made without it): that would look like an empty list. */
sqlite3_stmt *adcp_db_prepare_list(AdcpDb *db, const char *format, ...);

/* True while there is a row; false at the end or on error. NULL statement: false. */
bool adcp_db_step(AdcpDb *db, sqlite3_stmt *stmt);

/* Finalizes; errors of the last step were reported then. NULL is allowed. */
void adcp_db_finalize(sqlite3_stmt *stmt);

/* Prepares, steps to the end, finalizes. */
void adcp_db_exec(AdcpDb *db, const char *format, ...);
void adcp_db_exec_text(AdcpDb *db, const char *sql);

/* The reason of a statement that succeeded without an effect (SQLITE_IGNORE). */
#define ADCP_IGNORES "an authorizer may ignore statements on this connection"

/* First column of the first row: as an integer (otherwise when there is no row or on error) / as
** owned text (adcp_free; NULL for no row, NULL or error). A PRAGMA that is not run is an error here, too. */
int64_t adcp_db_integer(AdcpDb *db, int64_t otherwise, const char *format, ...);
char *adcp_db_text(AdcpDb *db, const char *format, ...);

/* Of the database db->schema: "delete", "wal", "off" ... */
bool adcp_db_is_journal_mode(AdcpDb *db, const char *mode);

/* That of the connection's databases, which all have the same. */
AdcpEncoding adcp_db_encoding(AdcpDb *db);

/* For what may be refused without harm: a trial runs with an error of its own, {db->handle, db->schema,
** &trouble}. Its end says whether SQLite refused (an error without a better code, or damage), which is forgotten;
** any other failure, as without memory or after an interrupt, becomes db's. trouble is clear then. */
bool adcp_db_end_trial(AdcpDb *db, AdcpError *trouble);

/* A copy of a column's text in our memory; NULL for SQL NULL, and on out of memory with the error
** set. */
char *adcp_db_column_copy(AdcpDb *db, sqlite3_stmt *stmt, int column);

/* Whether sqlite3_interrupt was called. Only while a statement runs: otherwise SQLite forgets it. */
bool adcp_db_is_interrupted(sqlite3 *handle);

/* sqlite3_progress_handler. Nothing where SQLite was compiled without: what runs on the connection is
** then stopped between two statements only. */
void adcp_db_set_progress(sqlite3 *handle, int steps, int (*xProgress)(void *), void *context);

/* Looks whether sqlite3_interrupt was called, by stepping a statement that was prepared for this
** (3.40 has no sqlite3_is_interrupted): sets ADCP_INTERRUPT. For long work that steps nothing. */
typedef struct AdcpInterruptProbe {
  sqlite3_stmt *stmt;
} AdcpInterruptProbe;
void adcp_interrupt_probe_open(AdcpInterruptProbe *probe, AdcpDb *db);
void adcp_interrupt_probe_check(AdcpInterruptProbe *probe, AdcpDb *db);
void adcp_interrupt_probe_close(AdcpInterruptProbe *probe);

#endif
