/*
** state.c - the connection's settings, switched for a restore and put back (contract in state.h).
**
** Switches of sqlite3_db_config act at once and cannot fail, in the middle of a statement, within
** a transaction and after an interrupt. Three settings exist as PRAGMA only. These act while they
** are prepared, and after an interrupt SQLite's parser looks at the flag where white space or the
** end of the text stands: so they are put back by a text that has neither, PRAGMA"name"=0; (tried
** on 3.40.1; the unit test shows when a release changes it). Out of memory inside a statement
** nothing can be prepared, and these three stay as they are.
*/
#include "db/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/name_map.h"
#include "db/token.h"

/* What a restore needs. KEEP: as the application has it. */
enum { OFF, ON, KEEP };

static const int config_op[] = {
    SQLITE_DBCONFIG_ENABLE_FKEY,        SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_DEFENSIVE,
    SQLITE_DBCONFIG_WRITABLE_SCHEMA,    SQLITE_DBCONFIG_DQS_DDL,        SQLITE_DBCONFIG_DQS_DML,
    SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
};
#define CONFIG_COUNT (sizeof(config_op) / sizeof(config_op[0]))

static const char *const pragma_name[] = {
    "ignore_check_constraints",
    "reverse_unordered_selects",
    "count_changes",
};
#define PRAGMA_COUNT (sizeof(pragma_name) / sizeof(pragma_name[0]))

typedef struct TempTrigger {
  char *name, *table, *sql; /* owned */
  bool created;             /* again */
} TempTrigger;

struct AdcpConnectionState {
  sqlite3 *handle;          /* borrowed */
  int config[CONFIG_COUNT]; /* as the application had them */
  int pragma[PRAGMA_COUNT];
  bool switched[PRAGMA_COUNT]; /* is to be put back */
  bool live_trust;             /* the schema is trusted because it is the live one */
  sqlite3_int64 last_insert_rowid;
  TempTrigger *triggers; /* owned: dropped and not yet created again */
  size_t trigger_count;
};

/* ---- settings ---- */

static void set_config(sqlite3 *handle, int op, int value) {
  sqlite3_db_config(handle, op, value, NULL);
}

/* Not stepped: that would make every statement of the connection expire. */
static bool set_pragma(sqlite3 *handle, const char *name, int value) {
  char sql[64];
  sqlite3_stmt *stmt = NULL;
  sqlite3_snprintf(sizeof(sql), sql, "PRAGMA\"%s\"=%d;", name, value);
  int rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
  sqlite3_finalize(stmt);
  return rc == SQLITE_OK;
}

static void save(AdcpConnectionState *state, AdcpDb *db) {
  state->handle = db->handle;
  state->last_insert_rowid = sqlite3_last_insert_rowid(db->handle);
  for( size_t i = 0; i < CONFIG_COUNT; i++ ) {
    sqlite3_db_config(db->handle, config_op[i], -1, &state->config[i]);
  }
  for( size_t i = 0; i < PRAGMA_COUNT; i++ ) {
    state->pragma[i] = (int)adcp_db_integer(db, 0, "PRAGMA %s", pragma_name[i]);
  }
}

static void switch_all(AdcpConnectionState *state, const AdcpStateOptions *options) {
  const int wanted_config[CONFIG_COUNT] = {
      OFF, options->triggers ? KEEP : OFF, OFF, OFF, ON, ON, ON, options->trust_schema ? ON : KEEP,
  };
  const int wanted_pragma[PRAGMA_COUNT] = {options->check_constraints ? OFF : KEEP, OFF, OFF};
  for( size_t i = 0; i < CONFIG_COUNT; i++ ) {
    if( wanted_config[i] != KEEP ) set_config(state->handle, config_op[i], wanted_config[i]);
  }
  int trusted = 0;
  sqlite3_db_config(state->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1, &trusted);
  state->live_trust = trusted && !options->trust_schema;
  for( size_t i = 0; i < PRAGMA_COUNT; i++ ) {
    state->switched[i] = wanted_pragma[i] != KEEP && wanted_pragma[i] != state->pragma[i];
    if( state->switched[i] ) set_pragma(state->handle, pragma_name[i], wanted_pragma[i]);
  }
}

/* Without a journal ROLLBACK does nothing, and says nothing: what was written stays. */
static void refuse_no_journal(AdcpDb *db, const char *schema) {
  AdcpDb database = {db->handle, schema, db->err};
  if( !adcp_db_is_journal_mode(&database, "off") ) return;
  adcp_error_set(db->err, ADCP_ERROR,
                 "the journal_mode of database \"%s\" is OFF, so that SQLite could not roll back "
                 "what fails; set another, outside of a transaction, first: DELETE, or MEMORY",
                 schema);
}

/* A debt of deferred foreign keys would survive the time in which they are off: the caller's
** COMMIT would then fail although no row violates anything. */
static void refuse_unfit(AdcpDb *db) {
  int debt = 0, highest;
  if( adcp_db_integer(db, 0, "PRAGMA query_only") ) {
    adcp_error_set(db->err, ADCP_READONLY,
                   "this connection is read-only by PRAGMA query_only; turn that off first");
  }
  if( sqlite3_db_readonly(db->handle, db->schema) == 1 ) {
    adcp_error_set(
        db->err, ADCP_READONLY,
        "database \"%s\" was opened for reading only, or its file cannot be written; open "
        "it for writing",
        db->schema);
  }
  refuse_no_journal(db, db->schema);
  sqlite3_db_status(db->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &debt, &highest, 0);
  if( debt ) {
    adcp_error_set(
        db->err, ADCP_CONSTRAINT,
        "your transaction holds rows that violate deferred foreign keys; correct them, or end the "
        "transaction, first");
  }
}

AdcpConnectionState *adcp_state_switch(AdcpDb *db, const AdcpStateOptions *options) {
  refuse_unfit(db);
  if( db->err->rc ) return NULL;
  AdcpConnectionState *state = adcp_calloc(1, sizeof(*state));
  if( state == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  save(state, db);
  if( db->err->rc == ADCP_OK ) {
    switch_all(state, options);
    return state;
  }
  adcp_free(state);
  return NULL;
}

static void forget_triggers(AdcpConnectionState *state) {
  for( size_t i = 0; i < state->trigger_count; i++ ) {
    adcp_free(state->triggers[i].name);
    adcp_free(state->triggers[i].table);
    adcp_free(state->triggers[i].sql);
  }
  adcp_free(state->triggers);
  state->triggers = NULL;
  state->trigger_count = 0;
}

void adcp_state_trust_schema(AdcpConnectionState *state) {
  if( state == NULL ) return;
  set_config(state->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1);
  state->live_trust = false;
}

void adcp_state_begin_foreign(AdcpConnectionState *state) {
  if( state && state->live_trust ) set_config(state->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
}

void adcp_state_end_foreign(AdcpConnectionState *state) {
  if( state && state->live_trust ) set_config(state->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1);
}

void adcp_state_restore(AdcpConnectionState *state) {
  if( state == NULL ) return;
  for( size_t i = 0; i < CONFIG_COUNT; i++ ) {
    set_config(state->handle, config_op[i], state->config[i]);
  }
  for( size_t i = 0; i < PRAGMA_COUNT; i++ ) {
    if( state->switched[i] ) set_pragma(state->handle, pragma_name[i], state->pragma[i]);
  }
  sqlite3_set_last_insert_rowid(state->handle, state->last_insert_rowid);
  forget_triggers(state);
  adcp_free(state);
}

/* False when the setting reads otherwise: an authorizer's SQLITE_IGNORE takes a PRAGMA and does
** nothing. */
static bool pragma_took(sqlite3 *handle, const char *name, int value) {
  char sql[80];
  sqlite3_stmt *stmt = NULL;
  sqlite3_snprintf(sizeof(sql), sql, "PRAGMA\"%s\";", name);
  bool took = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK ||
              sqlite3_step(stmt) != SQLITE_ROW || sqlite3_column_int(stmt, 0) == value;
  sqlite3_finalize(stmt);
  return took;
}

static bool switch_back(sqlite3 *handle, const char *name) {
  return set_pragma(handle, name, 0) && pragma_took(handle, name, 0);
}

/* CHECK constraints are compiled into a statement when it is prepared, so the setting is needed for
** that moment only; it is not left on for as long as rows are loaded, when memory may run short. */
sqlite3_stmt *adcp_state_prepare_unchecked(AdcpDb *db, const char *sql) {
  const char *name = pragma_name[0];
  bool switched = adcp_db_integer(db, 0, "PRAGMA %s", name) == 0;
  if( db->err->rc ) return NULL;
  if( switched && !set_pragma(db->handle, name, 1) ) {
    adcp_db_fail(db, sqlite3_errcode(db->handle));
    return NULL;
  }
  sqlite3_stmt *stmt = adcp_db_prepare_text(db, sql);
  bool back = !switched || switch_back(db->handle, name) || switch_back(db->handle, name);
  if( !back ) {
    int rc = sqlite3_errcode(db->handle);
    adcp_db_fail(db, rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_AUTH : rc);
    adcp_error_append(db->err, "; PRAGMA %s could not be switched off again: do so", name);
  }
  return stmt;
}

/* False where the setting is off already, or on error. An authorizer that does not let it be read did not
** let it be switched on. why: what cannot go on while it is on. */
static bool switch_off(AdcpDb *db, const char *name, const char *why) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb quiet = {db->handle, db->schema, &err};
  if( db->err->rc ) return false;
  bool on = adcp_db_integer(&quiet, 0, "PRAGMA %s", name) != 0;
  if( err.rc == ADCP_AUTH ) adcp_error_clear(&err);
  adcp_error_move(db->err, &err);
  if( !on || db->err->rc ) return false;
  if( set_pragma(db->handle, name, 0) && pragma_took(db->handle, name, 0) ) return true;
  adcp_error_set(db->err, ADCP_ERROR, "%s, and that cannot be changed; switch PRAGMA %s off first",
                 why, name);
  return false;
}

static void switch_on(AdcpDb *db, const char *name) {
  if( set_pragma(db->handle, name, 1) || set_pragma(db->handle, name, 1) ) return;
  if( db->err->rc == ADCP_OK ) adcp_db_fail(db, sqlite3_errcode(db->handle));
  adcp_error_append(db->err, "; PRAGMA %s could not be switched on again: do so", name);
}

bool adcp_state_leave_uncommitted(AdcpDb *db) {
  return switch_off(db, "read_uncommitted",
                    "this connection may read what others have not committed");
}

void adcp_state_read_uncommitted(AdcpDb *db) {
  switch_on(db, "read_uncommitted");
}

bool adcp_state_leave_query_only(AdcpDb *db) {
  return switch_off(db, "query_only",
                    "words of full-text tables wait to be written, for which this connection is "
                    "read-only");
}

void adcp_state_query_only(AdcpDb *db) {
  switch_on(db, "query_only");
}

void adcp_state_writable_schema(AdcpDb *db, bool on) {
  int now = 0;
  if( on && db->err->rc ) return;
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, (int)on, &now);
  if( now != (int)on ) adcp_error_set(db->err, ADCP_ERROR, "the schema cannot be made writable");
}

/* ---- TEMP triggers ---- */

/* Whether the trigger's ON can mean a table of db->schema. One that means a TEMP table of the
** same name is dropped and created again too, without harm. */
static bool is_on_schema(AdcpDb *db, const char *sql) {
  AdcpCreate create;
  if( !adcp_create_recognize(sql, &create, db->err) ) return false;
  bool found = create.on_schema == NULL || sqlite3_stricmp(create.on_schema, db->schema) == 0;
  adcp_create_free(&create);
  return found;
}

static void save_trigger(AdcpConnectionState *state, AdcpDb *db, sqlite3_stmt *stmt) {
  TempTrigger *grown =
      adcp_realloc(state->triggers, (state->trigger_count + 1) * sizeof(*state->triggers));
  if( grown == NULL ) {
    adcp_error_nomem(db->err);
    return;
  }
  state->triggers = grown;
  TempTrigger *trigger = &grown[state->trigger_count++];
  *trigger = (TempTrigger){.created = false};
  trigger->name = adcp_db_column_copy(db, stmt, 1);
  trigger->table = adcp_db_column_copy(db, stmt, 2);
  trigger->sql = adcp_db_column_copy(db, stmt, 3);
}

/* The objects of a schema: type, name, tbl_name, sql. No condition but those of C: an authorizer that ignores what
** one reads would have triggers be lost. */
static sqlite3_stmt *list_objects(AdcpDb *db, const char *schema) {
  return adcp_db_prepare(
      db, "SELECT type, name, tbl_name, sql FROM \"%w\".sqlite_schema ORDER BY rowid", schema);
}

/* The next of them; false at the end. What was not read is an error. */
static bool next_object(AdcpDb *db, sqlite3_stmt *list) {
  if( !adcp_db_step(db, list) ) return false;
  const char *type = (const char *)sqlite3_column_text(list, 0);
  bool read = type && sqlite3_column_text(list, 1) && sqlite3_column_text(list, 2) &&
              (sqlite3_column_text(list, 3) || strcmp(type, "index") == 0);
  if( !read ) {
    adcp_error_set(db->err, ADCP_AUTH,
                   "a row of sqlite_schema, or of that of TEMP, was not read; " ADCP_IGNORES);
  }
  return read;
}

static bool is_type(sqlite3_stmt *list, const char *type) {
  return strcmp((const char *)sqlite3_column_text(list, 0), type) == 0;
}

/* Puts the tables and views of a schema into the map. */
static void map_relations(AdcpDb *db, const char *schema, AdcpNameMap *relations) {
  sqlite3_stmt *list = list_objects(db, schema);
  while( next_object(db, list) ) {
    if( !is_type(list, "table") && !is_type(list, "view") ) continue;
    adcp_name_map_put(relations, (const char *)sqlite3_column_text(list, 1), relations, db->err);
  }
  adcp_db_finalize(list);
}

static void map_temp_triggers(AdcpDb *db, AdcpNameMap *triggers) {
  sqlite3_stmt *list = list_objects(db, "temp");
  while( next_object(db, list) ) {
    if( !is_type(list, "trigger") ) continue;
    adcp_name_map_put(triggers, (const char *)sqlite3_column_text(list, 1), triggers, db->err);
  }
  adcp_db_finalize(list);
}

static bool has_name(AdcpNameMap *names, const char *name, AdcpError *err) {
  return adcp_name_map_get(names, name, strlen(name), err) != NULL;
}

static void save_triggers(AdcpConnectionState *state, AdcpDb *db) {
  AdcpNameMap relations = {0};
  map_relations(db, db->schema, &relations);
  sqlite3_stmt *list = list_objects(db, "temp");
  while( next_object(db, list) ) {
    const char *table = (const char *)sqlite3_column_text(list, 2);
    if( !is_type(list, "trigger") || !has_name(&relations, table, db->err) ) continue;
    if( is_on_schema(db, (const char *)sqlite3_column_text(list, 3)) )
      save_trigger(state, db, list);
  }
  adcp_db_finalize(list);
  adcp_name_map_free(&relations);
}

static void check_dropped(const AdcpConnectionState *state, AdcpDb *db) {
  AdcpNameMap standing = {0};
  if( state->trigger_count ) map_temp_triggers(db, &standing);
  for( size_t i = 0; i < state->trigger_count && !db->err->rc; i++ ) {
    const char *name = state->triggers[i].name;
    if( !has_name(&standing, name, db->err) ) continue;
    adcp_error_set(
        db->err, ADCP_MISMATCH,
        "TEMP trigger \"%s\" was dropped without an error but is still there; " ADCP_IGNORES, name);
  }
  adcp_name_map_free(&standing);
}

void adcp_state_drop_temp_triggers(AdcpConnectionState *state, AdcpDb *db) {
  if( db->err->rc ) return;
  save_triggers(state, db);
  if( state->trigger_count > 0 ) refuse_no_journal(db, "temp");
  for( size_t i = 0; i < state->trigger_count; i++ ) {
    adcp_db_exec(db, "DROP TRIGGER temp.\"%w\"", state->triggers[i].name);
  }
  check_dropped(state, db);
}

/* False when SQLite has an objection to the trigger itself: its table has become a view, or the
** like. */
static bool create_trigger(AdcpDb *db, const TempTrigger *trigger) {
  AdcpCreate create;
  AdcpBuf sql = {0};
  sqlite3_stmt *stmt = NULL;
  if( !adcp_create_parse(trigger->sql, &create, db->err) ) return false;
  adcp_create_splice(&sql, trigger->sql, &create, "temp", NULL, NULL);
  adcp_create_free(&create);
  const char *text = adcp_buf_text(&sql);
  int rc = SQLITE_OK;
  if( adcp_buf_check(&sql, db->err) ) {
    rc = sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL);
    if( rc != SQLITE_OK && rc != SQLITE_ERROR ) adcp_db_fail(db, rc);
    adcp_db_step(db, stmt);
    adcp_db_finalize(stmt);
  }
  adcp_buf_free(&sql);
  return rc == SQLITE_OK;
}

void adcp_state_create_temp_triggers(AdcpConnectionState *state, AdcpDb *db, AdcpLostTrigger lost,
                                     void *context) {
  if( db->err->rc ) return;
  /* Their tables, in the schema or TEMP; a table of that name elsewhere would be another one. */
  AdcpNameMap relations = {0}, created = {0};
  if( state->trigger_count ) map_relations(db, db->schema, &relations);
  if( state->trigger_count ) map_relations(db, "temp", &relations);
  for( size_t i = 0; i < state->trigger_count && db->err->rc == ADCP_OK; i++ ) {
    TempTrigger *trigger = &state->triggers[i];
    trigger->created = has_name(&relations, trigger->table, db->err) && create_trigger(db, trigger);
    if( trigger->created || db->err->rc ) continue;
    if( lost ) lost(context, trigger->name, trigger->table);
  }
  if( state->trigger_count ) map_temp_triggers(db, &created);
  for( size_t i = 0; i < state->trigger_count && db->err->rc == ADCP_OK; i++ ) {
    const TempTrigger *trigger = &state->triggers[i];
    if( !trigger->created || has_name(&created, trigger->name, db->err) || db->err->rc ) continue;
    adcp_error_set(
        db->err, ADCP_MISMATCH,
        "TEMP trigger \"%s\" was created without an error but is not there; " ADCP_IGNORES,
        trigger->name);
  }
  adcp_name_map_free(&relations);
  adcp_name_map_free(&created);
  forget_triggers(state);
}
