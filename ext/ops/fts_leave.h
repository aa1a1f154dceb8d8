/*
** fts_leave.h - leaves full-text indexes out of a backup that a restore can make anew
** (option "fts":"rebuild").
**
** Of such an index the rows that the module calls its own (its segments and sizes) are left out;
** what the index is made from stays: the %_content table of an index with its own content, and the
** content table of the others. The virtual table is marked (AdcpTable.rebuild), so that a restore
** runs the module's 'rebuild' after the rows.
*/
#ifndef ADCP_OPS_FTS_LEAVE_H
#define ADCP_OPS_FTS_LEAVE_H

#include "codec/schema.h"
#include "db/db.h"
#include "ops/text_list.h"

/* write_rows: for each of schema->tables, whether its rows are written; cleared for those left
** out. An index that cannot be rebuilt (without content, over a view, or with columns that its
** content lacks) keeps its rows, and a warning says why. */
void adcp_fts_leave_out(AdcpDb *db, AdcpSchema *schema, bool *write_rows, AdcpTextList *warnings);

#endif
