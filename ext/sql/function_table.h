/*
** function_table.h - the scalar functions, in groups: a file each.
*/
#ifndef ADCP_SQL_FUNCTION_TABLE_H
#define ADCP_SQL_FUNCTION_TABLE_H

#include <stddef.h>

#include "db/sqlite.h"

typedef struct AdcpFunctionSpec {
  const char *name;
  int arguments;
  int flags;
  void (*xFunc)(sqlite3_context *, int, sqlite3_value **);
} AdcpFunctionSpec;

/* What touches files or settings cannot be called from a schema: views and triggers are data of the
** database. */
#define ADCP_FILE_FUNCTION  (SQLITE_UTF8 | SQLITE_DIRECTONLY)
#define ADCP_PLAIN_FUNCTION (SQLITE_UTF8 | SQLITE_INNOCUOUS)

typedef struct AdcpFunctionGroup {
  const AdcpFunctionSpec *specs;
  size_t count;
} AdcpFunctionGroup;

extern const AdcpFunctionGroup
    adcp_functions_backup; /* adcp_backup, adcp_restore, adcp_undo, adcp_validate */
extern const AdcpFunctionGroup adcp_functions_catalog; /* adcp_info, adcp_prune */
extern const AdcpFunctionGroup adcp_functions_config;  /* adcp_config, adcp_config_load */
extern const AdcpFunctionGroup adcp_functions_look;    /* adcp_hash */
extern const AdcpFunctionGroup adcp_functions_version; /* adcp_debug, adcp_version */

#endif
