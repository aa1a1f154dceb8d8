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

/* The n-th of all; NULL behind the last, which is adcp_version. */
static const AdcpFunctionSpec *spec_at(size_t n) {
  for( size_t i = 0; i < GROUP_COUNT; i++ ) {
    if( n < groups[i]->count ) return &groups[i]->specs[n];
    n -= groups[i]->count;
  }
  return NULL;
}

static void unregister(sqlite3 *db, size_t count) {
  for( size_t n = 0; n < count; n++ ) {
    const AdcpFunctionSpec *spec = spec_at(n);
    sqlite3_create_function_v2(db, spec->name, spec->arguments, SQLITE_UTF8, NULL, NULL, NULL, NULL,
                               NULL);
  }
}

int adcp_functions_register(sqlite3 *db, AdcpConfig *config) {
  const AdcpFunctionSpec *spec;
  for( size_t n = 0; (spec = spec_at(n)) != NULL; n++ ) {
    /* On a failure SQLite calls the destructor itself. */
    int rc = sqlite3_create_function_v2(db, spec->name, spec->arguments, spec->flags,
                                        adcp_config_retain(config), spec->xFunc, NULL, NULL,
                                        adcp_config_release);
    if( rc != SQLITE_OK ) {
      unregister(db, n);
      return rc;
    }
  }
  return SQLITE_OK;
}
