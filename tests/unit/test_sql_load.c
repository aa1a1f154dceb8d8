/*
** test_sql_load.c - the extension is loaded into a connection that has it: linked in, as a library,
** by another version, and while a statement runs.
*/
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adcp.h"
#include "connection.h"

static int logged; /* errors in the program's log */

static void count_logged(void *context, int code, const char *text) {
  (void)context;
  (void)code;
  (void)text;
  logged++;
}

static int load_linked(sqlite3 *db) {
  return sqlite3_adcp_init(db, NULL, NULL);
}

static int load_library(sqlite3 *db) {
  CHECK(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL) == SQLITE_OK);
  return sqlite3_load_extension(db, "./adcp", NULL, NULL);
}

static sqlite3 *open_loaded(void) {
  sqlite3 *db = open_database(":memory:");
  CHECK(load_linked(db) == SQLITE_OK);
  must(db, "SELECT adcp_config('root', '/tmp'), adcp_config('note', 'kept')");
  return db;
}

static void check_kept(sqlite3 *db) {
  CHECK(number(db, "SELECT adcp_config('note') = 'kept' AND adcp_config('root') <> ''") == 1);
  CHECK(sqlite3_exec(db, "SELECT adcp_backup('/adcp.json')", NULL, NULL, NULL) != SQLITE_OK);
  CHECK(strstr(sqlite3_errmsg(db), "the root of this connection"));
  CHECK(number(db, "SELECT count(*) FROM pragma_module_list WHERE name LIKE 'adcp%'") == 8);
  CHECK(sqlite3_exec(db, "SELECT * FROM adcp_contents('/tmp')", NULL, NULL, NULL) != SQLITE_OK);
  CHECK(strstr(sqlite3_errmsg(db), "adcp_contents: "));
}

static void test_again(int (*load)(sqlite3 *)) {
  sqlite3 *db = open_loaded();
  CHECK(load(db) == SQLITE_OK);
  check_kept(db);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

/* SQLite then refuses to replace a function. */
static void test_again_busy(int (*load)(sqlite3 *)) {
  sqlite3 *db = open_loaded();
  sqlite3_stmt *stmt;
  CHECK(sqlite3_prepare_v2(db, "VALUES(adcp_version()), (2)", -1, &stmt, NULL) == SQLITE_OK);
  CHECK(sqlite3_step(stmt) == SQLITE_ROW);
  CHECK(load(db) == SQLITE_OK);
  check_kept(db);
  CHECK(sqlite3_step(stmt) == SQLITE_ROW);
  sqlite3_finalize(stmt);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

static void other_version(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_text(context, "9.8.7", -1, SQLITE_STATIC);
}

static void test_other_version(void) {
  sqlite3 *db = open_database(":memory:");
  char *text = NULL;
  sqlite3_create_function(db, "adcp_version", 0, SQLITE_UTF8, NULL, other_version, NULL, NULL);
  CHECK(sqlite3_adcp_init(db, &text, NULL) == SQLITE_ERROR);
  CHECK(text && strstr(text, "has adcp 9.8.7 already"));
  sqlite3_free(text);
  CHECK(number(db, "SELECT count(*) FROM pragma_module_list WHERE name LIKE 'adcp%'") == 0);
  CHECK(number(db, "SELECT count(*) FROM pragma_function_list WHERE name LIKE 'adcp%'") == 1);
  sqlite3_close(db);
}

static int deny_functions(void *context, int action, const char *a, const char *b, const char *c,
                          const char *d) {
  (void)context;
  (void)a;
  (void)b;
  (void)c;
  (void)d;
  return action == SQLITE_FUNCTION ? SQLITE_DENY : SQLITE_OK;
}

/* Where that cannot be found out nothing is registered. */
static void test_unknown(void) {
  sqlite3 *db = open_loaded();
  char *text = NULL;
  sqlite3_set_authorizer(db, deny_functions, NULL);
  CHECK(sqlite3_adcp_init(db, &text, NULL) != SQLITE_OK);
  CHECK(text && strstr(text, "cannot tell whether this connection has it already"));
  sqlite3_free(text);
  sqlite3_set_authorizer(db, NULL, NULL);
  check_kept(db);
  sqlite3_close(db);
}

/* Neither an error in the program's log nor a function that has to be allowed is needed to load. */
static void test_first(void) {
  sqlite3 *db = open_database(":memory:");
  logged = 0;
  sqlite3_set_authorizer(db, deny_functions, NULL);
  CHECK(load_linked(db) == SQLITE_OK);
  CHECK(sqlite3_errcode(db) == SQLITE_OK && logged == 0);
  sqlite3_set_authorizer(db, NULL, NULL);
  CHECK(load_linked(db) == SQLITE_OK);
  CHECK(logged == 0);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

/* A function of the application has the name of one of ours, and is in use. */
static void test_taken_back(void) {
  sqlite3 *db = open_database(":memory:");
  sqlite3_stmt *stmt;
  sqlite3_create_function(db, "adcp_debug", 0, SQLITE_UTF8, NULL, other_version, NULL, NULL);
  CHECK(sqlite3_prepare_v2(db, "VALUES(1), (2)", -1, &stmt, NULL) == SQLITE_OK);
  CHECK(sqlite3_step(stmt) == SQLITE_ROW);
  CHECK(load_linked(db) == SQLITE_BUSY);
  CHECK(number(db, "SELECT adcp_debug() = '9.8.7'") == 1);
  CHECK(number(db, "SELECT count(*) FROM pragma_module_list WHERE name LIKE 'adcp%'") == 0);
  sqlite3_finalize(stmt);
  CHECK(load_linked(db) == SQLITE_OK);
  CHECK(number(db, "SELECT count(*) FROM pragma_module_list WHERE name LIKE 'adcp%'") == 8);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

static int load_once_more(sqlite3 *db, char **text, const struct sqlite3_api_routines *api) {
  return sqlite3_adcp_init(db, text, api);
}

/* SQLite opens a connection if it has nothing to say of them. */
static void test_automatic(void) {
  sqlite3_auto_extension((void (*)(void))sqlite3_adcp_init);
  sqlite3_auto_extension((void (*)(void))load_once_more);
  sqlite3 *db = open_database(":memory:");
  must(db, "SELECT adcp_config('root', '/tmp'), adcp_config('note', 'kept')");
  CHECK(load_library(db) == SQLITE_OK);
  check_kept(db);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  sqlite3_reset_auto_extension();
}

int main(void) {
  unsetenv("ADCP_CONFIG");
  CHECK(sqlite3_config(SQLITE_CONFIG_LOG, count_logged, NULL) == SQLITE_OK);
  test_first();
  test_again(load_linked);
  test_again(load_library);
  test_again_busy(load_linked);
  test_again_busy(load_library);
  test_other_version();
  test_unknown();
  test_taken_back();
  test_automatic();
  return unit_done();
}
