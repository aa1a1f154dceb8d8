/*
** sqlite.h - SQLite's API, for an extension or (with -DSQLITE_CORE) for a program that links
** SQLite.
**
** Every file of db, ops and sql that calls SQLite includes this one. The API pointer that a
** loadable extension goes through is defined once, in sql/entry.c.
*/
#ifndef ADCP_DB_SQLITE_H
#define ADCP_DB_SQLITE_H

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT3

/* Oldest SQLite whose behaviour the rules of db and ops were checked on. */
#define ADCP_SQLITE_VERSION_FLOOR 3040000

/* Whether the API table has a routine that SQLite may have been compiled without (SQLITE_OMIT_...):
** its entry is NULL then. A program that links SQLite has all that it was linked with. */
#ifdef SQLITE_CORE
#define ADCP_SQLITE_HAS(routine) true
#else
#define ADCP_SQLITE_HAS(routine) (sqlite3_api->routine != NULL)
#endif

#endif
