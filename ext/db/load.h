/*
** load.h - inserts rows into one live table by a prepared statement.
*/
#ifndef ADCP_DB_LOAD_H
#define ADCP_DB_LOAD_H

#include "codec/schema.h"
#include "codec/value.h"
#include "db/db.h"
#include "db/feed.h"

typedef enum AdcpConflict {
  ADCP_CONFLICT_ABORT,  /* a row whose key is there already is an error */
  ADCP_CONFLICT_UPDATE, /* it is updated (upsert on any unique key) */
  ADCP_CONFLICT_IGNORE  /* it is left as it is */
} AdcpConflict;

typedef struct AdcpLoad AdcpLoad;

typedef struct AdcpLoadOptions {
  const char *target;    /* table name in db->schema */
  const AdcpTable *live; /* the live table, to match columns by name; NULL: it has source's own */
  AdcpConflict on_conflict;
  bool ignore_checks; /* rows that violate a CHECK are inserted all the same */
  /* With `live` and without ignore_checks rows are merged: among live rows, and triggers fire. */
} AdcpLoadOptions;

/* Rows will come as values of `source` (a backup's table). With `live`, columns are matched by name
** (ASCII case ignored): values of columns that the live table lacks are dropped, columns that the
** source lacks, and those that are marked as hidden, take their default. Generated columns are never written. A hidden rowid is written
** with ABORT only, and not in a merge: among live rows it means nothing. UPDATE finds a row by the
** primary key first, then by any other unique key, and sets the matched columns outside the primary key; rows
** of a table without keys are just added. IGNORE leaves rows with an equal key. A key with a column that the
** source gives no value finds none (merge_key.h): a row that meets one in it is an error. A broken NOT NULL
** is an error in every mode, a broken CHECK unless ignore_checks is set. The ON CONFLICT clauses of
** the table's constraints drop no rows, live or new; only in a merge NOT NULL ON CONFLICT REPLACE puts
** the default in a NULL's place. Err: TOOBIG when the row has more values than
** SQLITE_LIMIT_VARIABLE_NUMBER, MISMATCH when no column matches. */
AdcpLoad *adcp_load_open(AdcpDb *db, const AdcpTable *source, const AdcpLoadOptions *options);

/* Inserts one row. Values are borrowed during the call only. A constraint error names the table;
** the message never shows a row's contents. TOOBIG, before SQLite is called, for a row above
** SQLITE_LIMIT_LENGTH; MISMATCH for text that the database's encoding cannot hold (TEXT16 in UTF-8;
** invalid UTF-8 in UTF-16). An error in a merge may leave a savepoint open: the caller rolls back. */
void adcp_load_row(AdcpLoad *load, const AdcpValue *values);

/* The same for at most `limit` rows of a source, which sets the error when it fails. False at the
** source's end and on error. Much faster than one by one. */
bool adcp_load_rows(AdcpLoad *load, AdcpRowSource source, int64_t limit);

/* Rows inserted or updated, and rows left as they were (IGNORE). */
void adcp_load_counts(const AdcpLoad *load, int64_t *written, int64_t *ignored);
void adcp_load_close(AdcpLoad *load);

#endif
