/*
** table_module.h - adcp_table: a table of a backup as a virtual table with its real columns.
**
**     CREATE VIRTUAL TABLE temp.old_product USING adcp_table('app.json.gz', product);
**
** Read-only, in temp only: a database is data and names no files.
*/
#ifndef ADCP_SQL_TABLE_MODULE_H
#define ADCP_SQL_TABLE_MODULE_H

#include "ops/config.h"

/* Registers the module, which holds a reference to config. */
int adcp_table_module_register(sqlite3 *db, AdcpConfig *config);
void adcp_table_module_unregister(sqlite3 *db);

#endif
