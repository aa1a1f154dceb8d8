/*
** functions.h - registration of the scalar functions.
*/
#ifndef ADCP_SQL_FUNCTIONS_H
#define ADCP_SQL_FUNCTIONS_H

#include "ops/config.h"

/* Registers all of them on db; on an error some may be registered: the caller takes all back. */
int adcp_functions_register(sqlite3 *db, AdcpConfig *config);

/* Takes them back. */
void adcp_functions_unregister(sqlite3 *db);

#endif
