/*
** test_db_scratch.c - functions of the caller's connection are in a private database what they are
** there: deterministic, innocuous, DIRECTONLY.
*/
#include <sqlite3.h>

#include "db/scratch.h"
#include "unit.h"

static long calls;

static void xCount(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  calls++;
  sqlite3_result_int(context, 7);
}

static void add(sqlite3 *handle, const char *name, int argc, int flags) {
  CHECK(sqlite3_create_function(handle, name, argc, SQLITE_UTF8 | flags, NULL, xCount, NULL,
                                NULL) == SQLITE_OK);
}

/* Runs it, with the caller's functions where it misses one; the message of SQLite's, or "". */
static const char *run(AdcpScratch *scratch, const char *sql) {
  static char message[200];
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb db = *adcp_scratch_db(scratch);
  db.err = &err;
  do {
    adcp_error_clear(&err);
    adcp_db_exec_text(&db, sql);
  } while( err.rc && adcp_scratch_add_function(scratch, adcp_error_message(&err)) );
  snprintf(message, sizeof message, "%s", err.rc ? adcp_error_message(&err) : "");
  adcp_error_clear(&err);
  return message;
}

static const struct {
  const char *function;
  bool trust;
  const char *definition; /* what is said of a generated column that calls it */
} cases[] = {
    {"pure", false, "unsafe use of pure()"},
    {"pure", true, ""},
    {"safe", false, ""},
    {"chance", true, "non-deterministic functions prohibited in generated columns"},
    {"direct", true, "unsafe use of direct()"},
    {"mixed", true, "unsafe use of mixed()"},            /* one of them is DIRECTONLY */
    {"mixed_safe", false, "unsafe use of mixed_safe()"}, /* one of them is not innocuous */
    {"nobody", true, "no such function: nobody"},
    {"adcp_any", true, "no such function: adcp_any"},
};

static void test_functions(sqlite3 *handle) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb caller = {handle, "main", &err};
  AdcpScratchOptions options = {NULL};
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) {
    AdcpScratch *scratch = adcp_scratch_open(&caller, &options);
    adcp_scratch_trust_schema(scratch, cases[i].trust);
    char sql[200];
    snprintf(sql, sizeof sql, "CREATE TABLE t(a, b AS (%s(a)) STORED)", cases[i].function);
    CHECK_TEXT(run(scratch, sql), cases[i].definition);
    bool made = cases[i].definition[0] == 0;
    long before = calls;
    CHECK_TEXT(run(scratch, made ? "INSERT INTO t(a) VALUES(1)" : "SELECT 1"), "");
    CHECK_CASE((calls > before) == made, "%s", cases[i].function);
    adcp_scratch_close(scratch);
  }
  /* What is no definition may call each. */
  AdcpScratch *scratch = adcp_scratch_open(&caller, &options);
  adcp_scratch_trust_schema(scratch, false);
  CHECK_TEXT(run(scratch, "SELECT pure(1) + safe(1) + chance(1) + direct(1) + mixed(1)"), "");
  adcp_scratch_close(scratch);
  CHECK(err.rc == ADCP_OK);
}

int main(void) {
  sqlite3 *handle;
  CHECK(sqlite3_open(":memory:", &handle) == SQLITE_OK);
  add(handle, "pure", 1, SQLITE_DETERMINISTIC);
  add(handle, "safe", 1, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS);
  add(handle, "chance", 1, SQLITE_INNOCUOUS);
  add(handle, "direct", 1, SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY);
  add(handle, "mixed", 1, SQLITE_DETERMINISTIC);
  add(handle, "mixed", 2, SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY);
  add(handle, "mixed_safe", 1, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS);
  add(handle, "mixed_safe", 2, SQLITE_DETERMINISTIC);
  add(handle, "adcp_any", 1, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS);
  test_functions(handle);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  return unit_done();
}
