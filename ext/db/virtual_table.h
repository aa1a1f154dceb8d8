/*
** virtual_table.h - what virtual tables need besides SQL: fresh module state, and schema rows
** without a module.
*/
#ifndef ADCP_DB_VIRTUAL_TABLE_H
#define ADCP_DB_VIRTUAL_TABLE_H

#include "base/map.h"
#include "codec/schema.h"
#include "db/db.h"

/* Makes every module on this connection drop its cached state by having the schema read again
** (facts 24). Inside a transaction; rolls nothing back. */
void adcp_vtab_reset(AdcpDb *db);

/* Before shadow tables are read for a copy: has the modules write what belongs there and waits for the
** caller's commit (adcp_transaction_write_pending, where the schema has virtual tables other than
** R-Trees). False where that cannot be now. */
bool adcp_vtab_write_pending(AdcpDb *db, const AdcpSchema *schema);

/* Empties the live table `name` (DELETE), which the module made in place of a backup's shadow table, so
** that its rows can be filled in as they were. When its columns differ from the backup's (facts 25), drops
** it and creates it from the backup's DDL, which may give another name. */
void adcp_vtab_prepare_shadow(AdcpDb *db, const char *name, const AdcpTable *shadow,
                              const char *shadow_sql);

/* Writes the sqlite_schema row of a virtual table whose module is not loaded (facts 26): last step of
** all, vetted name and SQL only. After one or more of them adcp_vtab_end_edit has to come before any
** other statement. */
void adcp_vtab_insert_schema_row(AdcpDb *db, const char *name, const char *sql);
void adcp_vtab_end_edit(AdcpDb *db);

/* Removes the rows of tables without pages whose names are in the map. */
void adcp_vtab_delete_schema_rows(AdcpDb *db, const AdcpMap *names);

#endif
