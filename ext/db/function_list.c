/*
** function_list.c - rows of PRAGMA function_list (contract in function_list.h).
*/
#include "db/function_list.h"

#include <string.h>

sqlite3_stmt *adcp_function_list(AdcpDb *db) {
  return adcp_db_prepare_list(db, "PRAGMA function_list");
}

bool adcp_function_next(AdcpDb *db, sqlite3_stmt *list, AdcpListedFunction *function) {
  if( !adcp_db_step(db, list) ) return false;
  const char *type = (const char *)sqlite3_column_text(list, 2);
  function->name = (const char *)sqlite3_column_text(list, 0);
  function->own = sqlite3_column_int(list, 1) != 0;
  function->scalar = type && strcmp(type, "s") == 0;
  function->argc = sqlite3_column_int(list, 4);
  function->flags = sqlite3_column_int(list, 5);
  if( type && function->name ) return true;
  adcp_error_nomem(db->err);
  return false;
}
