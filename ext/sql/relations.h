/*
** relations.h - the table-valued functions that look into backups, and their registration.
*/
#ifndef ADCP_SQL_RELATIONS_H
#define ADCP_SQL_RELATIONS_H

#include "sql/relation.h"

extern const AdcpRelation adcp_relation_backups;  /* docs/catalog.md */
extern const AdcpRelation adcp_relation_contents; /* docs/contents.md */
extern const AdcpRelation adcp_relation_check;    /* docs/validate.md */
extern const AdcpRelation adcp_relation_diff;     /* docs/diff.md */
extern const AdcpRelation adcp_relation_diff_summary;
extern const AdcpRelation adcp_relation_plan; /* docs/plan.md */
extern const AdcpRelation adcp_relation_rows; /* docs/rows.md */

/* Registers all of them; on an error takes back those that it registered. */
int adcp_relations_register(sqlite3 *db, AdcpConfig *config);
void adcp_relations_unregister(sqlite3 *db);

#endif
