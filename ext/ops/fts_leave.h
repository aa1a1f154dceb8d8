/*
** fts_leave.h - leaves full-text indexes out of a backup that a restore can make anew, by option
** "fts":"rebuild" or because they hold what the backup is not to have (fts_words.h).
**
** Of such an index the rows that the module calls its own (its segments and sizes) are left out;
** what the index is made from stays: the %_content table of an index with its own content, and the
** content table of the others. The virtual table is marked (AdcpTable.rebuild), so that a restore
** runs the module's 'rebuild' after the rows.
*/
#ifndef ADCP_OPS_FTS_LEAVE_H
#define ADCP_OPS_FTS_LEAVE_H

#include "base/name_map.h"
#include "codec/schema.h"
#include "db/db.h"
#include "ops/text_list.h"

/* Everything is borrowed but the maps. */
typedef struct AdcpFtsLeave {
  AdcpDb *db;
  AdcpSchema *schema;
  bool *write_rows; /* for each of schema->tables, whether its rows are written; cleared here */
  AdcpTextList *warnings;
  AdcpNameMap by_name; /* the schema's tables */
  AdcpMap definitions; /* AdcpObject of its tables, by name */
} AdcpFtsLeave;

/* To be closed also when it fails. */
void adcp_fts_leave_open(AdcpFtsLeave *leave, AdcpDb *db, AdcpSchema *schema, bool *write_rows,
                         AdcpTextList *warnings);
void adcp_fts_leave_close(AdcpFtsLeave *leave);

/* The table of the backup of that name, letter case ignored; NULL without. */
const AdcpTable *adcp_fts_leave_table(AdcpFtsLeave *leave, const char *name);
const AdcpObject *adcp_fts_leave_definition(const AdcpFtsLeave *leave, const AdcpTable *table);

/* Whether any rows of the index are written: its own, or its content where it keeps that itself. */
bool adcp_fts_leave_has_rows(AdcpFtsLeave *leave, const AdcpTable *fts);

/* Leaves out every index that can be rebuilt. One that cannot (without content, over a view, or with
** columns that its content lacks) keeps its rows, and a warning says why. */
void adcp_fts_leave_all(AdcpFtsLeave *leave);

/* Leaves out one that is over this table of the backup, with rows or not; false, and nothing is done,
** where it cannot be rebuilt from that. */
bool adcp_fts_leave_anew(AdcpFtsLeave *leave, AdcpTable *fts, const AdcpTable *content);

/* Leaves out one that is to be empty. */
void adcp_fts_leave_empty(AdcpFtsLeave *leave, const AdcpTable *fts);

#endif
