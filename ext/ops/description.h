/*
** description.h - whether a backup's descriptions of its tables are those of the tables which its SQL
** makes.
**
** Rows are read, loaded, read again and digested by the description ("database_schema.tables"). A column
** that it lacks, or calls generated, would come out as its default in a restore that is verified; a
** foreign key that it lacks would not be checked.
**
** Exact for ordinary tables, in what SQLite says of them in every version: a declared type counts
** without its letters' case, its quotes and white space. Of a virtual table only the module is known
** (db/vet.h compares it). Whether a table is one's shadow table is asked where the module is one of
** SQLite's own; any other may be there or not.
*/
#ifndef ADCP_OPS_DESCRIPTION_H
#define ADCP_OPS_DESCRIPTION_H

#include "ops/plan.h"

/* Every table of "objects" is described, and every table that is described has its SQL there; of a
** backup of rows alone (backup_type "data"), and of sqlite_sequence and sqlite_stat*, there is none. */
void adcp_description_check(const AdcpSchema *schema, const char *backup_type, AdcpError *err);

/* The tables that the plan has made, as the database has them now, before their rows are filled in.
** ADCP_CORRUPT at the first difference, with the table and the fact. Reads the schema once. */
void adcp_description_compare(const AdcpPlan *plan, AdcpDb *db);

/* The same for a shadow table that its module made, when it stands ready for its rows; for any other
** table nothing. */
void adcp_description_compare_shadow(AdcpDb *db, const AdcpPlanTable *entry);

#endif
