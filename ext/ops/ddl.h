/*
** ddl.h - carries out the schema part of a plan: vet, drop, create.
**
** All inside the restore's transaction. Nothing of a backup's schema text runs before adcp_ddl_vet.
*/
#ifndef ADCP_OPS_DDL_H
#define ADCP_OPS_DDL_H

#include "ops/plan.h"

/* Vets every object that the plan will create. True when the schema has to be trusted because of
** SQLite's own functions alone (adcp_vetter_may_trust). */
bool adcp_ddl_vet(const AdcpPlan *plan, const AdcpSchema *schema, AdcpDb *db);

/* Drops what the plan says has to go. */
void adcp_ddl_drop(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live);

/* Creates the tables, ordinary ones first: virtual tables may look at them. */
void adcp_ddl_create_tables(const AdcpPlan *plan, AdcpDb *db);

/* After the rows: indexes, then views, then triggers, each in the order of the backup. SQLite may
** sort with up to `threads` threads of its own. */
void adcp_ddl_create_objects(const AdcpPlan *plan, AdcpDb *db, int threads);

/* Last of all: schema rows of virtual tables whose module is not loaded. */
void adcp_ddl_write_schema_rows(const AdcpPlan *plan, AdcpDb *db);

/* Looks that everything created is there with the text that the backup has, and nothing that was
** dropped. */
void adcp_ddl_verify(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live);

#endif
