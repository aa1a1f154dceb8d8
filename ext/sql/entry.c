/*
** entry.c - the entry point: version gate, then registration of everything or nothing; of nothing
** where the connection has it already.
*/
#define ADCP_EXPORT __attribute__((visibility("default")))

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include <stdlib.h>
#include <string.h>

#include "adcp.h"
#include "db/db.h"
#include "sql/functions.h"
#include "sql/relations.h"

/* ADCP_RC values are handed to SQLite as they are. */
_Static_assert(ADCP_NOMEM == SQLITE_NOMEM && ADCP_CORRUPT == SQLITE_CORRUPT &&
                   ADCP_CANTOPEN == SQLITE_CANTOPEN && ADCP_MISUSE == SQLITE_MISUSE &&
                   ADCP_NOTADB == SQLITE_NOTADB && ADCP_INTERRUPT == SQLITE_INTERRUPT,
               "result codes are SQLite's");

/* An old library may lack routines that this file was compiled against: only what every version has
** is called before this. */
static int check_version(char **message) {
  if( sqlite3_libversion_number() >= ADCP_SQLITE_VERSION_FLOOR ) return SQLITE_OK;
  if( message ) {
    *message =
        sqlite3_mprintf("adcp " ADCP_VERSION " needs SQLite 3.40.0 or newer, but this program "
                        "has %s; use a newer sqlite3",
                        sqlite3_libversion());
  }
  return SQLITE_ERROR;
}

/* What SQLite can be compiled without and adcp is nothing without: the judge of a backup's schema is an
** authorizer, rows go in through a virtual table, a transaction is begun and aborted by blob_open. */
static int check_routines(char **message) {
  const char *option = NULL;
  if( !ADCP_SQLITE_HAS(set_authorizer) ) option = "SQLITE_OMIT_AUTHORIZATION";
  if( !ADCP_SQLITE_HAS(create_module_v2) ) option = "SQLITE_OMIT_VIRTUALTABLE";
  if( !ADCP_SQLITE_HAS(blob_open) ) option = "SQLITE_OMIT_INCRBLOB";
  if( option == NULL ) return SQLITE_OK;
  if( message ) {
    *message = sqlite3_mprintf("adcp " ADCP_VERSION " needs what the SQLite of this program was "
                               "compiled without (%s); load it into another sqlite3",
                               option);
  }
  return SQLITE_ERROR;
}

/* Settings of a file that the environment names: not in a program that runs with other rights than
** its user's. */
static void load_config(AdcpConfig *config, AdcpError *err) {
  const char *path = secure_getenv("ADCP_CONFIG");
  if( config == NULL || path == NULL || *path == 0 ) return;
  adcp_config_load(config, path, err);
  adcp_error_prepend(err, "the settings that ADCP_CONFIG names: ");
}

/* adcp_version comes last: where it is, all is. */
static void register_all(sqlite3 *db, AdcpConfig *config, AdcpError *err) {
  int rc = adcp_relations_register(db, config);
  if( rc == SQLITE_OK ) {
    rc = adcp_functions_register(db, config);
    if( rc != SQLITE_OK ) adcp_relations_unregister(db);
  }
  if( rc == SQLITE_OK ) return;
  adcp_error_set(err, (AdcpRc)(rc & 0xff), "cannot register: %s", sqlite3_errstr(rc));
}

static void register_with_config(sqlite3 *db, AdcpError *err) {
  AdcpConfig *config = adcp_config_open(db, NULL, err);
  load_config(config, err);
  if( !err->rc ) register_all(db, config, err);
  adcp_config_release(config);
}

/* A version of its own may keep other settings, or other promises about them. */
static void check_same(const char *loaded, AdcpError *err) {
  if( loaded == NULL || strcmp(loaded, ADCP_VERSION) == 0 ) return;
  adcp_error_set(err, ADCP_ERROR,
                 "this connection has adcp %.50s already, and this is " ADCP_VERSION
                 "; it keeps the one that it has until it is closed",
                 loaded);
}

/* Told without an error: what a statement fails with goes to the error log of the program. False also
** where the list is not given. */
static bool is_absent(sqlite3 *db) {
  sqlite3_stmt *stmt = NULL;
  bool found = false;
  int rc = sqlite3_prepare_v2(db, "PRAGMA function_list", -1, &stmt, NULL);
  bool lists = rc == SQLITE_OK && sqlite3_column_count(stmt) > 0;
  while( lists && !found && (rc = sqlite3_step(stmt)) == SQLITE_ROW ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    found = name == NULL || sqlite3_stricmp(name, "adcp_version") == 0;
  }
  sqlite3_finalize(stmt);
  return lists && !found && rc == SQLITE_DONE;
}

/* sqlite3_open takes what the connection says last for what an automatic extension came to. */
static void clear_last_error(sqlite3 *db, AdcpError *err) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, "SELECT 1", -1, &stmt, NULL);
  sqlite3_finalize(stmt);
  if( rc != SQLITE_OK ) adcp_error_set(err, (AdcpRc)(rc & 0xff), "%s", sqlite3_errmsg(db));
}

/* Whether adcp is there, from whichever copy of the library. Registering again would begin with new
** settings, and so take the root of the connection away. */
static bool is_loaded(sqlite3 *db, AdcpError *err) {
  sqlite3_stmt *stmt = NULL;
  if( is_absent(db) ) return false;
  int rc = sqlite3_prepare_v2(db, "SELECT adcp_version()", -1, &stmt, NULL);
  bool found = rc != SQLITE_ERROR || strstr(sqlite3_errmsg(db), "no such function") == NULL;
  if( rc == SQLITE_OK ) rc = sqlite3_step(stmt);
  if( rc == SQLITE_ROW ) {
    check_same((const char *)sqlite3_column_text(stmt, 0), err);
  } else if( found ) {
    adcp_error_set(err, (AdcpRc)(rc & 0xff),
                   "cannot tell whether this connection has it already: %s", sqlite3_errmsg(db));
  }
  sqlite3_finalize(stmt);
  if( !err->rc ) clear_last_error(db, err);
  return found || err->rc;
}

ADCP_EXPORT int sqlite3_adcp_init(sqlite3 *db, char **message,
                                  const struct sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api);
  (void)api;
  int rc = check_version(message);
  if( rc == SQLITE_OK ) rc = check_routines(message);
  if( rc != SQLITE_OK ) return rc;
  AdcpError err = ADCP_ERROR_INIT;
  if( !is_loaded(db, &err) ) register_with_config(db, &err);
  rc = (int)err.rc;
  if( rc != SQLITE_OK && message ) {
    *message = sqlite3_mprintf("adcp: %s", adcp_error_message(&err));
  }
  adcp_error_clear(&err);
  return rc;
}
