/*
** test_db_state.c - the connection's settings: switched, put back after everything that can go
** wrong, and really in force meanwhile.
*/
#include "connection.h"
#include "db/state.h"
#include "db/transaction.h"
#include "unit.h"

static const int config_op[] = {
    SQLITE_DBCONFIG_ENABLE_FKEY,     SQLITE_DBCONFIG_ENABLE_TRIGGER,
    SQLITE_DBCONFIG_ENABLE_VIEW,     SQLITE_DBCONFIG_DEFENSIVE,
    SQLITE_DBCONFIG_WRITABLE_SCHEMA, SQLITE_DBCONFIG_DQS_DDL,
    SQLITE_DBCONFIG_DQS_DML,         SQLITE_DBCONFIG_LEGACY_ALTER_TABLE,
    SQLITE_DBCONFIG_TRUSTED_SCHEMA,  SQLITE_DBCONFIG_LEGACY_FILE_FORMAT,
};
static const char *const pragma_name[] = {"ignore_check_constraints",
                                          "reverse_unordered_selects",
                                          "count_changes",
                                          "recursive_triggers",
                                          "query_only",
                                          "defer_foreign_keys",
                                          "secure_delete",
                                          "busy_timeout",
                                          "cell_size_check",
                                          "full_column_names",
                                          "trusted_schema"};
enum { CONFIGS = 10, PRAGMAS = 11, SETTINGS = CONFIGS + PRAGMAS + 1 };

/* All settings of a connection, as one comparable list. */
static void read_settings(sqlite3 *handle, sqlite3_int64 *settings) {
  for( int i = 0; i < CONFIGS; i++ ) {
    int value = -1;
    sqlite3_db_config(handle, config_op[i], -1, &value);
    settings[i] = value;
  }
  for( int i = 0; i < PRAGMAS; i++ ) {
    char sql[100];
    snprintf(sql, sizeof(sql), "PRAGMA %s", pragma_name[i]);
    settings[CONFIGS + i] = number(handle, sql);
  }
  settings[SETTINGS - 1] = sqlite3_last_insert_rowid(handle);
}

static void check_settings(sqlite3 *handle, const sqlite3_int64 *expected) {
  sqlite3_int64 settings[SETTINGS];
  read_settings(handle, settings);
  for( int i = 0; i < SETTINGS; i++ ) {
    CHECK_CASE(settings[i] == expected[i], "setting %d is %lld, was %lld", i, settings[i],
               expected[i]);
  }
}

/* An application that has turned nearly everything round. */
static void set_odd(sqlite3 *handle) {
  must(handle, "PRAGMA reverse_unordered_selects=1; PRAGMA recursive_triggers=1;"
               "PRAGMA count_changes=1; PRAGMA secure_delete=1; PRAGMA busy_timeout=77;"
               "PRAGMA cell_size_check=1; PRAGMA ignore_check_constraints=0");
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_set_last_insert_rowid(handle, 4711);
}

/* The other way round: what a restore turns on is on, what it turns off is off. */
static void set_even(sqlite3 *handle) {
  must(handle, "PRAGMA ignore_check_constraints=1");
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1, NULL);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
}

static AdcpStateOptions options;
static enum { AS_IT_IS, INTERRUPTED, FAILED } ending;

/* A restore in small: rows that violate a CHECK and a foreign key, triggers that must not fire. */
static void load(AdcpDb *db) {
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  AdcpTransaction *txn = adcp_transaction_begin(db);
  sqlite3_stmt *insert = adcp_state_prepare_unchecked(db, "INSERT INTO child VALUES(-5, 99)");
  adcp_db_step(db, insert);
  adcp_db_finalize(insert);
  adcp_db_exec(db, "CREATE INDEX double ON child(\"no column\")");
  if( ending == INTERRUPTED ) sqlite3_interrupt(db->handle);
  if( ending == FAILED ) adcp_error_set(db->err, ADCP_ERROR, "failed");
  adcp_db_exec(db, "DELETE FROM parent");
  adcp_transaction_commit(txn);
  adcp_transaction_close(txn);
  adcp_state_restore(state);
}

static sqlite3 *open_family(void) {
  sqlite3 *handle = open_database(":memory:");
  must(handle, "CREATE TABLE parent(id INTEGER PRIMARY KEY);"
               "CREATE TABLE child(a CHECK(a > 0), p REFERENCES parent ON DELETE CASCADE);"
               "CREATE TABLE log(a); INSERT INTO parent VALUES(1); INSERT INTO child VALUES(1, 1);"
               "CREATE TRIGGER r AFTER INSERT ON child BEGIN INSERT INTO log VALUES(new.a); END");
  return handle;
}

static void check_load(void (*set)(sqlite3 *), bool nested) {
  sqlite3_int64 before[SETTINGS];
  sqlite3 *handle = open_family();
  set(handle);
  if( nested ) must(handle, "BEGIN");
  read_settings(handle, before);
  routine = load;
  exec(handle, "SELECT f()");
  CHECK_CASE(rc == (ending == INTERRUPTED ? ADCP_INTERRUPT
                    : ending == FAILED    ? ADCP_ERROR
                                          : ADCP_OK),
             "%s", message);
  check_settings(handle, before);
  CHECK(number(handle, "SELECT count(*) FROM child") == (ending == AS_IT_IS ? 2 : 1));
  CHECK(number(handle, "SELECT count(*) FROM parent") == (ending == AS_IT_IS ? 0 : 1));
  CHECK(number(handle, "SELECT count(*) FROM log") == 0);
  CHECK(sqlite3_next_stmt(handle, NULL) == NULL);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

static void test_load(void) {
  for( int end = AS_IT_IS; end <= FAILED; end++ ) {
    ending = end;
    for( int nested = 0; nested < 2; nested++ ) {
      check_load(set_odd, nested);
      check_load(set_even, nested);
    }
  }
  ending = AS_IT_IS;
}

/* After an interrupt, settings that exist as PRAGMA only are put back by a text without white
** space: the CHECK is enforced again although every ordinary prepare is refused at that moment. */
static void interrupt_only(AdcpDb *db) {
  sqlite3_stmt *stmt;
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  CHECK(number(db->handle, "PRAGMA ignore_check_constraints") == 0);
  CHECK(number(db->handle, "PRAGMA reverse_unordered_selects") == 0);
  sqlite3_interrupt(db->handle);
  CHECK(sqlite3_prepare_v2(db->handle, "PRAGMA count_changes", -1, &stmt, NULL) ==
        SQLITE_INTERRUPT);
  adcp_state_restore(state);
}

static void test_interrupted_pragmas(void) {
  sqlite3 *handle = open_family();
  set_odd(handle);
  routine = interrupt_only;
  exec(handle, "SELECT f()");
  CHECK(number(handle, "PRAGMA ignore_check_constraints") == 0);
  CHECK(number(handle, "PRAGMA reverse_unordered_selects") == 1);
  CHECK(!exec(handle, "INSERT INTO child VALUES(-1, 1)"));
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* ---- merge ---- */

static void merge(AdcpDb *db) {
  AdcpStateOptions strict = {.triggers = true, .check_constraints = true};
  AdcpConnectionState *state = adcp_state_switch(db, &strict);
  CHECK(!exec(db->handle, "INSERT INTO child VALUES(-5, 99)"));
  CHECK(exec(db->handle, "INSERT INTO child VALUES(5, 99)"));
  adcp_state_restore(state);
}

static void test_merge(void) {
  sqlite3 *handle = open_family();
  must(handle, "PRAGMA ignore_check_constraints=1");
  routine = merge;
  must(handle, "SELECT f()");
  CHECK(number(handle, "SELECT a FROM log") == 5);
  CHECK(number(handle, "PRAGMA ignore_check_constraints") == 1);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* ---- functions in the schema (15) ---- */

static void xSpy(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  calls++;
  sqlite3_result_int(context, 1);
}

static void index_spy(AdcpDb *db) {
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  adcp_state_begin_foreign(state);
  adcp_db_exec(db, "CREATE INDEX ispy ON child(spy(a))");
  adcp_state_end_foreign(state);
  adcp_state_restore(state);
}

/* Of what is the application's own, what it has trusted still is. */
static void live_spy(AdcpDb *db) {
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  adcp_state_begin_foreign(state);
  adcp_state_end_foreign(state);
  adcp_db_exec(db, "PRAGMA writable_schema=RESET");
  adcp_db_exec(db, "INSERT INTO child VALUES(6, 1)");
  adcp_state_restore(state);
}

static void test_trust(void) {
  sqlite3 *handle = open_family();
  sqlite3_create_function(handle, "spy", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, xSpy, NULL,
                          NULL);
  routine = index_spy;
  calls = 0;
  exec(handle, "SELECT f()");
  CHECK(calls == 1); /* f itself */
  CHECK_TEXT(message, "unsafe use of spy()");
  options.trust_schema = true;
  must(handle, "SELECT f()");
  CHECK(calls == 3); /* f, and spy for the one row */
  options.trust_schema = false;
  routine = live_spy;
  must(handle, "SELECT f()");
  CHECK(calls == 5); /* f, and spy for the new row */
  must(handle, "PRAGMA trusted_schema=0");
  exec(handle, "SELECT f()");
  CHECK(strstr(message, "unsafe use of spy()") != NULL);
  CHECK(number(handle, "PRAGMA trusted_schema") == 0);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* ---- connections that are not fit ---- */

static void test_unfit(void) {
  sqlite3_int64 before[SETTINGS];
  sqlite3 *handle = open_family();
  routine = load;
  must(handle, "PRAGMA query_only=1");
  read_settings(handle, before);
  CHECK(!exec(handle, "SELECT f()"));
  CHECK(rc == ADCP_READONLY);
  CHECK_TEXT(message, "this connection is read-only by PRAGMA query_only; turn that off first");
  check_settings(handle, before);
  /* A debt of deferred foreign keys (12), until it is paid. */
  must(handle, "PRAGMA query_only=0; PRAGMA foreign_keys=1; BEGIN; PRAGMA defer_foreign_keys=1;"
               "INSERT INTO child VALUES(7, 70)");
  CHECK(!exec(handle, "SELECT f()"));
  CHECK(rc == ADCP_CONSTRAINT);
  must(handle, "INSERT INTO parent VALUES(70)");
  must(handle, "SELECT f()");
  must(handle, "ROLLBACK");
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* ---- TEMP triggers (11) ---- */

static int lost;

static void count_lost(void *context, const char *name, const char *table) {
  (void)context;
  CHECK(strcmp(name, "t4") == 0 && strcmp(table, "parent") == 0);
  lost++;
}

static void replace_table(AdcpDb *db) {
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_state_drop_temp_triggers(state, db);
  adcp_db_exec(db, "INSERT INTO main.child VALUES(8, 8)"); /* no trigger fires */
  adcp_db_exec(db, "DROP TABLE main.child");
  adcp_db_exec(db, "DROP TABLE main.parent");
  adcp_db_exec(db, "CREATE TABLE main.child(a, p)");
  adcp_db_exec(db, "INSERT INTO main.child VALUES(9, 9)");
  if( ending == FAILED ) adcp_error_set(db->err, ADCP_ERROR, "failed");
  if( ending == INTERRUPTED ) sqlite3_interrupt(db->handle);
  adcp_state_create_temp_triggers(state, db, count_lost, NULL);
  adcp_transaction_commit(txn);
  adcp_transaction_close(txn);
  adcp_state_restore(state);
}

static void check_temp_triggers(void) {
  sqlite3 *handle = open_family();
  must(handle,
       "ATTACH ':memory:' AS other; CREATE TABLE other.child(a); CREATE TABLE other.parent(a);"
       "CREATE TEMP TABLE mine(a); CREATE TEMP TABLE seen(a)");
  must(
      handle,
      "CREATE TEMP TRIGGER \"t \"\"1\" AFTER INSERT ON child BEGIN INSERT INTO seen VALUES(1); END;"
      "CREATE TEMP TRIGGER t2 AFTER INSERT ON main.CHILD BEGIN INSERT INTO seen VALUES(2); END;"
      "CREATE TEMP TRIGGER t3 AFTER INSERT ON other.child BEGIN INSERT INTO seen VALUES(3); END;"
      "CREATE TEMP TRIGGER t4 AFTER INSERT ON parent BEGIN INSERT INTO seen VALUES(4); END;"
      "CREATE TEMP TRIGGER t5 AFTER INSERT ON mine BEGIN INSERT INTO seen VALUES(5); END");
  routine = replace_table;
  lost = 0;
  exec(handle, "SELECT f()");
  bool done = ending == AS_IT_IS;
  CHECK_CASE((rc == ADCP_OK) == done, "%s", message);
  CHECK(!done || lost == 1);
  CHECK(number(handle, "SELECT count(*) FROM seen") == 0);
  must(handle, "INSERT INTO main.child VALUES(3, 1)");
  CHECK(number(handle, "SELECT sum(a) FROM seen") == 1 + 2);
  must(handle, "INSERT INTO other.child VALUES(3); INSERT INTO other.parent VALUES(3); INSERT INTO "
               "mine VALUES(3)");
  CHECK(number(handle, "SELECT sum(a) FROM seen") == 1 + 2 + 3 + 5);
  CHECK(number(handle, "SELECT count(*) FROM temp.sqlite_schema WHERE type = 'trigger'") ==
        (done ? 4 : 5));
  if( !done ) {
    must(handle, "INSERT INTO parent VALUES(8)");
    CHECK(number(handle, "SELECT sum(a) FROM seen") == 1 + 2 + 3 + 5 + 4);
  }
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

static void test_temp_triggers(void) {
  for( int end = AS_IT_IS; end <= FAILED; end++ ) {
    ending = end;
    check_temp_triggers();
  }
  ending = AS_IT_IS;
}

/* Every allocation of ours fails once: all is as it was, the TEMP triggers too. */
static void test_no_memory(void) {
  sqlite3_int64 before[SETTINGS];
  sqlite3 *handle = open_family();
  set_odd(handle);
  must(handle, "CREATE TEMP TRIGGER t AFTER INSERT ON child BEGIN INSERT INTO log VALUES(1); END");
  read_settings(handle, before);
  routine = replace_table;
  long failures = 0;
  do {
    fail_allocation(++failures);
    exec(handle, "SELECT f()");
    bool reached = allocations_left == 0;
    fail_allocation(0);
    CHECK_CASE(rc == (reached ? ADCP_NOMEM : ADCP_OK), "%ld: %s", failures, message);
    CHECK(number(handle, "SELECT count(*) FROM sqlite_temp_schema") == 1);
    CHECK(number(handle, "SELECT a FROM child") == (reached ? 1 : 9));
    check_settings(handle, before);
  } while( rc && failures < 1000 );
  CHECK(failures > 5 && failures < 1000);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

static void test_writable_schema(void) {
  sqlite3 *handle = open_family();
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb db = {handle, "main", &err};
  const char *edit = "UPDATE sqlite_schema SET sql = sql WHERE name = 'log'";
  CHECK(!exec(handle, edit));
  adcp_state_writable_schema(&db, true);
  CHECK(exec(handle, edit));
  adcp_state_writable_schema(&db, false);
  CHECK(!exec(handle, edit));
  adcp_error_set(&err, ADCP_ERROR, "earlier");
  adcp_state_writable_schema(&db, true);
  CHECK(!exec(handle, edit));
  adcp_error_clear(&err);
  adcp_state_restore(NULL);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

int main(void) {
  test_load();
  test_interrupted_pragmas();
  test_merge();
  test_trust();
  test_unfit();
  test_temp_triggers();
  test_no_memory();
  test_writable_schema();
  return unit_done();
}
