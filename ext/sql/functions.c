/*
** functions.c - registers the groups of scalar functions; each function holds a reference to the
** settings.
*/
#include "sql/functions.h"

#include "sql/function_table.h"

static const AdcpFunctionGroup *const groups[] = {&adcp_functions_backup, &adcp_functions_catalog,
                                                  &adcp_functions_config, &adcp_functions_look,
                                                  &adcp_functions_version};

#define GROUP_COUNT (sizeof groups / sizeof *groups)

int adcp_functions_register(sqlite3 *db, AdcpConfig *config) {
  for( size_t i = 0; i < GROUP_COUNT; i++ ) {
    for( size_t j = 0; j < groups[i]->count; j++ ) {
      const AdcpFunctionSpec *spec = &groups[i]->specs[j];
      /* On a failure SQLite calls the destructor itself. */
      int rc = sqlite3_create_function_v2(db, spec->name, spec->arguments, spec->flags,
                                          adcp_config_retain(config), spec->xFunc, NULL, NULL,
                                          adcp_config_release);
      if( rc != SQLITE_OK ) return rc;
    }
  }
  return SQLITE_OK;
}

void adcp_functions_unregister(sqlite3 *db) {
  for( size_t i = 0; i < GROUP_COUNT; i++ ) {
    for( size_t j = 0; j < groups[i]->count; j++ ) {
      const AdcpFunctionSpec *spec = &groups[i]->specs[j];
      sqlite3_create_function_v2(db, spec->name, spec->arguments, SQLITE_UTF8, NULL, NULL, NULL,
                                 NULL, NULL);
    }
  }
}
