/*
** functions.h - registration of the scalar functions.
*/
#ifndef ADCP_SQL_FUNCTIONS_H
#define ADCP_SQL_FUNCTIONS_H

#include "ops/config.h"

/* Registers all of them on db, adcp_version last; on an error takes back those that it
** registered, which SQLite refuses while a statement runs. */
int adcp_functions_register(sqlite3 *db, AdcpConfig *config);

#endif
