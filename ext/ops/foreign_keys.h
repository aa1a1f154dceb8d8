/*
** foreign_keys.h - tells foreign-key violations that a restore made from those that were there.
**
** A whole restore makes them only where a parent comes without its rows or under another name: what
** else it finds, the source had. A restore of some tables is compared with the counts from before
** it, not row by row; a violation of a restored child whose parent was restored with it is the
** source's too, if that had the foreign key.
*/
#ifndef ADCP_OPS_FOREIGN_KEYS_H
#define ADCP_OPS_FOREIGN_KEYS_H

#include "ops/plan.h"

typedef struct AdcpForeignKeyState AdcpForeignKeyState;

/* Counts what is there before anything is changed. */
AdcpForeignKeyState *adcp_foreign_keys_before(AdcpDb *db, const AdcpPlan *plan);

/* Counts again. New violations are ADCP_CONSTRAINT when enforce is true, naming table, parent and
** how many; otherwise they are warnings of the plan. Returns the number of all violations that are
** there now. */
int64_t adcp_foreign_keys_after(AdcpForeignKeyState *state, AdcpDb *db, AdcpPlan *plan,
                                bool enforce);
void adcp_foreign_keys_close(AdcpForeignKeyState *state);

#endif
