/*
** test_sql_gate.c - an SQLite that is too old, or was compiled without what is needed, is refused with
** a message that says so; without what can be done without, everything works.
**
** Loads the built extension and hands it the API table of an imaginary old SQLite: one that has the
** version routines and sqlite3_mprintf and nothing else, so that any other call would crash. Then
** that of this SQLite, less what SQLITE_OMIT_... options leave out.
*/
#include <dlfcn.h>
#include <sqlite3ext.h>
#include <string.h>

#include "connection.h"
#include "folder.h"

typedef int (*EntryPoint)(sqlite3 *, char **, const sqlite3_api_routines *);

static int version_number;

static int old_libversion_number(void) {
  return version_number;
}

static const char *old_libversion(void) {
  return "3.39.4";
}

/* The message goes to the program that loads: any allocator will do here. */
__attribute__((format(printf, 1, 2))) static char *old_mprintf(const char *format, ...) {
  va_list args;
  va_start(args, format);
  static char text[500];
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return text;
}

static void test_old_version(EntryPoint entry) {
  sqlite3_api_routines api;
  char *text = NULL;
  memset(&api, 0, sizeof api);
  api.libversion_number = old_libversion_number;
  api.libversion = old_libversion;
  api.mprintf = old_mprintf;
  version_number = 3039004;
  CHECK(entry(NULL, &text, &api) != 0);
  CHECK(text && strstr(text, "needs SQLite 3.40.0 or newer"));
  CHECK(text && strstr(text, "3.39.4"));
  CHECK(entry(NULL, NULL, &api) != 0); /* a program that wants no text */
}

/* ---- SQLITE_OMIT_... ---- */

static sqlite3_api_routines own; /* this SQLite's */

static int take_table(sqlite3 *db, char **text, const sqlite3_api_routines *api) {
  (void)db;
  (void)text;
  own = *api;
  return SQLITE_OK;
}

static void read_table(void) {
  sqlite3_auto_extension((void (*)(void))take_table);
  sqlite3_close(open_database(":memory:"));
  sqlite3_reset_auto_extension();
  CHECK(own.progress_handler != NULL);
}

static void check_refused(EntryPoint entry, const sqlite3_api_routines *api, const char *option) {
  sqlite3 *db = open_database(":memory:");
  char *text = NULL;
  CHECK(entry(db, &text, api) == SQLITE_ERROR);
  CHECK_CASE(text && strstr(text, option), "%s", text ? text : "");
  sqlite3_free(text);
  CHECK(entry(db, NULL, api) == SQLITE_ERROR);
  CHECK(number(db, "SELECT count(*) FROM pragma_module_list WHERE name LIKE 'adcp%'") == 0);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

static void test_needed(EntryPoint entry) {
  sqlite3_api_routines api = own;
  api.set_authorizer = NULL;
  check_refused(entry, &api, "SQLITE_OMIT_AUTHORIZATION");
  api = own;
  api.create_module_v2 = NULL;
  api.declare_vtab = NULL;
  api.vtab_config = NULL;
  api.vtab_collation = NULL;
  api.drop_modules = NULL;
  check_refused(entry, &api, "SQLITE_OMIT_VIRTUALTABLE");
  api = own;
  api.blob_open = NULL;
  api.blob_close = NULL;
  check_refused(entry, &api, "SQLITE_OMIT_INCRBLOB");
}

static sqlite3_int64 number_of(sqlite3 *db, const char *format) {
  char *sql = sqlite3_mprintf(format, at("b.json"));
  sqlite3_int64 value = number(db, sql);
  CHECK_CASE(value != -2, "%s: %s", sql, sqlite3_errmsg(db));
  sqlite3_free(sql);
  return value;
}

/* Whether SQLite makes samples (sqlite_stat4) is an option of its own. */
static void check_samples(EntryPoint entry, const sqlite3_api_routines *api, sqlite3 *db) {
  sqlite3 *other = open_database(":memory:");
  CHECK(entry(other, NULL, api) == SQLITE_OK);
  must(db, "CREATE TABLE s(tbl, idx, neq, nlt, ndlt, sample); INSERT INTO s(tbl) VALUES('t');"
           "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'sqlite_stat4', "
           "tbl_name = 'sqlite_stat4', sql = 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,"
           "sample)' WHERE name = 's' AND NOT sqlite_compileoption_used('ENABLE_STAT4');"
           "PRAGMA writable_schema = RESET");
  number_of(db, "SELECT adcp_backup(%Q, '{\"overwrite\":true}')");
  CHECK(number_of(other, "SELECT adcp_restore(%Q) ->> 'verified'") == 1);
  CHECK(sqlite3_close(other) == SQLITE_OK);
}

static void check_works(EntryPoint entry, const sqlite3_api_routines *api) {
  sqlite3 *db = open_database(at("db"));
  CHECK(entry(db, NULL, api) == SQLITE_OK);
  must(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE TABLE u(c REFERENCES t(a));"
           "CREATE INDEX i ON t(b); INSERT INTO u VALUES(1), (2);"
           "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
           "INSERT INTO t SELECT i, hex(randomblob(500)) FROM n; ANALYZE");
  number_of(db, "SELECT adcp_backup(%Q)");
  CHECK(number_of(db, "SELECT adcp_validate(%Q) ->> 'valid'") == 1);
  CHECK(number_of(db, "SELECT count(*) FROM adcp_check(%Q)") == 0);
  CHECK(number_of(db, "SELECT adcp_restore(%Q, '{\"force\":true}') ->> 'rows'") == 5002);
  CHECK(number_of(db, "SELECT adcp_restore(%Q, '{\"tables\":\"u\",\"rename\":{\"u\":\"w\"},"
                      "\"where\":{\"u\":\"c < 2\"}}') ->> 'rows'") == 1);
  check_samples(entry, api, db);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  unlink(at("db"));
  unlink(at("b.json"));
}

/* serialize is needed to read a restored table beside the connection: once with, once without. */
static void test_not_needed(EntryPoint entry) {
  sqlite3_api_routines api = own;
  CHECK(folder_make());
  api.progress_handler = NULL;
  api.compileoption_used = NULL;
  api.compileoption_get = NULL;
  api.value_text16 = NULL;
  api.value_text16le = NULL;
  api.value_text16be = NULL;
  check_works(entry, &api);
  api.serialize = NULL;
  api.deserialize = NULL;
  check_works(entry, &api);
  rmdir(folder);
}

int main(void) {
  void *library = dlopen("./adcp.so", RTLD_NOW | RTLD_LOCAL);
  CHECK_CASE(library != NULL, "%s", library ? "" : dlerror());
  if( library == NULL ) return unit_done();
  EntryPoint entry;
  void *symbol = dlsym(library, "sqlite3_adcp_init");
  CHECK(symbol != NULL);
  memcpy(&entry, &symbol, sizeof entry);
  if( symbol ) {
    test_old_version(entry);
    read_table();
    test_needed(entry);
    test_not_needed(entry);
  }
  dlclose(library);
  return unit_done();
}
