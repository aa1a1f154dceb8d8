/*
** fts_refresh.h - full-text indexes over rows that a restore put in.
**
** Triggers keep an external-content index in step with its table, and they do not fire in a
** restore. An index of the database that stays over a table whose rows were replaced is therefore
** made anew, and so is one of the backup over rows that are not the backup's: an fts5 one is emptied
** ('delete-all') and filled by INSERT with the columns that the content table has, which also works
** where 'rebuild' cannot because a column is declared that the table lacks; an fts4 one is rebuilt.
** The content may be a view that reads such tables; of an fts4 index over a view a warning says that
** it is left as it was, and of the backup's over a view that it reads other rows.
** In a merge triggers do fire.
*/
#ifndef ADCP_OPS_FTS_REFRESH_H
#define ADCP_OPS_FTS_REFRESH_H

#include "base/name_map.h"
#include "ops/plan.h"

/* Also makes those anew that the backup left out (fts_leave.h). After rows and views, within the
** restore's transaction. live: the schema before the restore. */
void adcp_fts_refresh(AdcpDb *db, AdcpPlan *plan, const AdcpSchema *live);

/* Adds the objects of live that a restore by the plan would make anew; changes nothing. */
void adcp_fts_list_refreshed(AdcpDb *db, const AdcpPlan *plan, const AdcpSchema *live,
                             AdcpNameMap *list);

#endif
