/*
** state.h - the connection's settings, switched for a restore and put back on every exit path.
*/
#ifndef ADCP_DB_STATE_H
#define ADCP_DB_STATE_H

#include "db/db.h"

/* Saves and switches: foreign keys off, triggers off (merge: as the application has them),
** DEFENSIVE off, writable_schema off, DQS on, legacy ALTER on, trusted schema where that is asked for,
** reverse_unordered_selects and count_changes off, ignore_check_constraints off for a merge;
** saves last_insert_rowid. Nothing else is touched (recursive_triggers, cell_size_check,
** busy_timeout, ...). Refuses a connection with query_only on, a database without a journal, and a
** transaction that holds a debt of deferred foreign keys (facts 12). Before adcp_transaction_begin. */
typedef struct AdcpConnectionState AdcpConnectionState;

typedef struct AdcpStateOptions {
  bool triggers;          /* let triggers fire (merge) */
  bool trust_schema;      /* functions in the schema may be any the application registered */
  bool check_constraints; /* enforce CHECK (merge) */
} AdcpStateOptions;

AdcpConnectionState *adcp_state_switch(AdcpDb *db, const AdcpStateOptions *options);

/* Within the transaction, before anything is dropped: saves and drops TEMP triggers on tables of
** db->schema (facts 11). Refuses to where TEMP has no journal. */
void adcp_state_drop_temp_triggers(AdcpConnectionState *state, AdcpDb *db);

/* Within the transaction, at its end: creates them again, those whose table still exists; the others are given
** to `lost`, if that is not NULL, by name and table. */
typedef void (*AdcpLostTrigger)(void *context, const char *name, const char *table);
void adcp_state_create_temp_triggers(AdcpConnectionState *state, AdcpDb *db, AdcpLostTrigger lost,
                                     void *context);

/* Lets the schema call any function from here on; adcp_state_restore puts that back, too. Every
** prepared statement expires: see adcp_transaction_keep. NULL is allowed. */
void adcp_state_trust_schema(AdcpConnectionState *state);

/* The schema is trusted as the application has it, but not from `begin` to `end`, while text of a file is run.
** Nothing where it is not trusted anyway, or trust was asked for. Statements expire as above. */
void adcp_state_begin_foreign(AdcpConnectionState *state);
void adcp_state_end_foreign(AdcpConnectionState *state);

/* Puts every setting back, after adcp_transaction_close; works after any failure, an interrupt
** included, and neither reads nor changes an error. The one exception: after out of memory inside a
** statement SQLite lets reverse_unordered_selects and count_changes, where the application had them
** on, not be put back. Frees. NULL is allowed. */
void adcp_state_restore(AdcpConnectionState *state);

/* Prepares a statement that does not enforce CHECK constraints. */
sqlite3_stmt *adcp_state_prepare_unchecked(AdcpDb *db, const char *sql);

/* Switches PRAGMA read_uncommitted off, for statements whose first step comes before
** adcp_state_read_uncommitted puts it back: where a cache is shared this is when SQLite locks the
** tables that they read, until the transaction is over. True when it was on. */
bool adcp_state_leave_uncommitted(AdcpDb *db);
void adcp_state_read_uncommitted(AdcpDb *db);

/* Switches PRAGMA query_only off, and on again: modules that SQLite asks to write what they keep of the caller's own
** transaction give up what they cannot write. False where it was off, or with an error. */
bool adcp_state_leave_query_only(AdcpDb *db);
void adcp_state_query_only(AdcpDb *db);

/* PRAGMA writable_schema for the duration of one edit of sqlite_schema. */
void adcp_state_writable_schema(AdcpDb *db, bool on);

#endif
