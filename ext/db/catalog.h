/*
** catalog.h - reads the schema of a live database into an AdcpSchema, and keeps its snapshot.
*/
#ifndef ADCP_DB_CATALOG_H
#define ADCP_DB_CATALOG_H

#include "codec/schema.h"
#include "db/db.h"

/* A read transaction held by a statement that has been stepped and not finished: it pins the
** snapshot of db->schema whatever the transaction state of the caller, and changes none of it. */
typedef struct AdcpSnapshot {
  sqlite3_stmt *stmt;
} AdcpSnapshot;
void adcp_snapshot_open(AdcpSnapshot *snapshot, AdcpDb *db);
void adcp_snapshot_close(AdcpSnapshot *snapshot);

/* The whole schema of db->schema: objects in the order of sqlite_schema; tables with columns, keys,
** foreign keys and kind (shadow tables found with their owner, also those of modules that are not
** loaded when the name and a known module make it certain; otherwise they are ordinary tables).
** sqlite_sequence and sqlite_stat* are tables, not objects. Virtual tables have no columns here:
** only their module knows them, and it need not be there. Works when virtual tables' modules, or
** functions that the schema uses, are not registered. Table order is unspecified: see order.h. NULL
** on error. The caller frees it with adcp_schema_free. */
AdcpSchema *adcp_catalog_read(AdcpDb *db);

/* Columns, keys and rowid of one table that is not virtual, as a schema with that one table; its kind
** and whether it is STRICT are not told. In time that does not depend on the schema's size. */
AdcpSchema *adcp_catalog_read_table(AdcpDb *db, const char *name);

/* The text of one object as sqlite_schema has it, owned by the caller; NULL: it has none, or on error. */
char *adcp_catalog_sql(AdcpDb *db, AdcpObjectType type, const char *name);

/* Rows in the table of that name, by count(*). */
int64_t adcp_catalog_count(AdcpDb *db, const char *table);

/* The same; 0 for tables without rows of their own. */
int64_t adcp_catalog_row_count(AdcpDb *db, const AdcpTable *table);

#endif
