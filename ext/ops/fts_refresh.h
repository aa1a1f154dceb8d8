/*
** fts_refresh.h - full-text indexes over live tables whose rows were replaced.
**
** Triggers keep an external-content index in step with its table, and they do not fire in a
** restore. Where the live schema stays (data_only, backups of version 2.0) the index is therefore
** made anew from the rows: an fts5 one is emptied ('delete-all') and filled by INSERT with the
** columns that the content table has, which also works where 'rebuild' cannot because a column is
** declared that the table lacks; an fts4 one is rebuilt. The content may be a view that reads such
** tables; of an fts4 index over a view a warning says that it is left as it was. In a merge triggers
** do fire.
*/
#ifndef ADCP_OPS_FTS_REFRESH_H
#define ADCP_OPS_FTS_REFRESH_H

#include "ops/plan.h"

/* Also makes those anew that the backup left out (fts_leave.h). After the rows, within the restore's transaction. live: the schema before the restore. */
void adcp_fts_refresh(AdcpDb *db, AdcpPlan *plan, const AdcpSchema *live);

#endif
