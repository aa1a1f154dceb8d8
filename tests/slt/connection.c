/*
** connection.c - the database connections of a script, by name.
*/
#include "slt.h"

#include <stdio.h>
#include <string.h>

static Connection *find(Run *run, const char *name) {
  for( int i = 0; i < run->connection_count; i++ ) {
    if( strcmp(run->connections[i].name, name) == 0 ) return &run->connections[i];
  }
  return NULL;
}

static bool load(const Run *run, sqlite3 *db) {
  char *message = NULL;
  if( sqlite3_load_extension(db, run->extension, NULL, &message) == SQLITE_OK ) return true;
  run_complain(run, "cannot load %s: %s", run->extension, message ? message : "no reason given");
  sqlite3_free(message);
  return false;
}

static sqlite3 *open_database(const Run *run, const char *path, bool with_extension) {
  sqlite3 *db = NULL;
  if( sqlite3_open(path, &db) != SQLITE_OK ) {
    run_complain(run, "cannot open %s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    return NULL;
  }
  /* The SQL function load_extension() too, so that a script can load "${SO}" itself. */
  sqlite3_enable_load_extension(db, 1);
  /* Tests do not need to survive a power cut; those that look at syncing set it themselves. */
  sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
  if( with_extension && run->extension != NULL && !load(run, db) ) {
    sqlite3_close(db);
    return NULL;
  }
  return db;
}

bool connection_use(Run *run, const char *name, const char *path, bool with_extension) {
  Connection *connection = find(run, name);
  if( connection == NULL ) {
    if( run->connection_count == SLT_MAX_CONNECTIONS ) {
      return run_complain(run, "more than %d connections are open", SLT_MAX_CONNECTIONS);
    }
    char standard[PATH_MAX + 16];
    snprintf(standard, sizeof(standard), "%s/test.db", run->dir);
    connection = &run->connections[run->connection_count];
    snprintf(connection->name, sizeof(connection->name), "%s", name);
    connection->db = open_database(run, path ? path : standard, with_extension);
    if( connection->db == NULL ) return false;
    run->connection_count++;
  } else if( path != NULL ) {
    return run_complain(run, "connection %s is open already: close it first", name);
  }
  run->db = connection->db;
  return true;
}

/* sqlite3_close, not _v2: it refuses while statements are open, which would be a leak. */
static bool close_database(const Run *run, Connection *connection) {
  if( sqlite3_close(connection->db) == SQLITE_OK ) return true;
  run_complain(run, "connection %s has statements open at its end", connection->name);
  sqlite3_close_v2(connection->db);
  return false;
}

bool connection_close(Run *run, const char *name) {
  Connection *connection = find(run, name);
  if( connection == NULL ) return run_complain(run, "no connection \"%s\" is open", name);
  if( run->db == connection->db ) run->db = NULL;
  bool ok = close_database(run, connection);
  *connection = run->connections[--run->connection_count];
  return ok;
}

bool connection_close_all(Run *run) {
  bool ok = true;
  for( int i = 0; i < run->connection_count; i++ ) {
    if( !close_database(run, &run->connections[i]) ) ok = false;
  }
  run->connection_count = 0;
  run->db = NULL;
  if( sqlite3_memory_used() > 0 ) {
    ok = run_complain(run, "%lld bytes of SQLite's memory were not freed",
                      (long long)sqlite3_memory_used());
  }
  return ok;
}
