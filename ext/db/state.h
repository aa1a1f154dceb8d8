/*
** state.h - the connection's settings, switched for a restore and put back on every exit path.
*/
#ifndef ADCP_DB_STATE_H
#define ADCP_DB_STATE_H

#include "db/db.h"

/* Saves and switches: foreign keys off, triggers off (on for merge), DEFENSIVE off, DQS on, legacy ALTER on, trusted schema as asked, ignore_check_constraints on,
** recursive_triggers and reverse_unordered_selects and count_changes as they must be, writable_schema off, cell_size_check kept; also last_insert_rowid. TEMP triggers on tables of
** the target are saved with their SQL, dropped, and created again at the end (facts 11). */
typedef struct AdcpConnectionState AdcpConnectionState;

typedef struct AdcpStateOptions {
  bool triggers;          /* let triggers fire (merge) */
  bool trust_schema;      /* functions in the schema may be any the application registered */
  bool check_constraints; /* enforce CHECK (merge) */
} AdcpStateOptions;

AdcpConnectionState *adcp_state_switch(AdcpDb *db, const AdcpStateOptions *options);

/* Within the transaction, before anything is dropped: saves and drops TEMP triggers on tables of db->schema. */
void adcp_state_drop_temp_triggers(AdcpConnectionState *state, AdcpDb *db);

/* Within the transaction, at its end: creates them again (those whose table still exists; the others are reported by the count). */
void adcp_state_create_temp_triggers(AdcpConnectionState *state, AdcpDb *db, int *lost);

/* Puts every setting back; works after any failure, also when db->err is set (it is neither read nor changed). Frees. NULL is allowed. */
void adcp_state_restore(AdcpConnectionState *state);

/* PRAGMA writable_schema for the duration of one edit of sqlite_schema. */
void adcp_state_writable_schema(AdcpDb *db, bool on);

#endif
