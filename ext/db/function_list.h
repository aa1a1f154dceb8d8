/*
** function_list.h - the SQL functions that a connection has.
**
**     sqlite3_stmt *list = adcp_function_list(db);
**     while( adcp_function_next(db, list, &function) ) ...
**     adcp_db_finalize(list);
**
** By PRAGMA function_list, the statement itself: a table of its name would be read in place of the
** table-valued function, and tell what its writer likes.
*/
#ifndef ADCP_DB_FUNCTION_LIST_H
#define ADCP_DB_FUNCTION_LIST_H

#include "db/db.h"

typedef struct AdcpListedFunction {
  const char *name; /* borrowed until the next */
  bool own;         /* SQLite's */
  bool scalar;      /* neither an aggregate nor a window function */
  int argc;         /* -1: any number */
  int flags;        /* SQLITE_DETERMINISTIC, SQLITE_DIRECTONLY, SQLITE_INNOCUOUS, among others */
} AdcpListedFunction;

/* NULL with err set, also where an authorizer does not let the list be read. */
sqlite3_stmt *adcp_function_list(AdcpDb *db);

/* False at the end or on error. list NULL: false. */
bool adcp_function_next(AdcpDb *db, sqlite3_stmt *list, AdcpListedFunction *function);

#endif
