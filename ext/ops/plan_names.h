/*
** plan_names.h - warns of views and triggers whose text names what will not be there under that name,
** and of those that go with what they stand on.
*/
#ifndef ADCP_OPS_PLAN_NAMES_H
#define ADCP_OPS_PLAN_NAMES_H

#include "ops/plan.h"

/* To be called when the plan is complete. backup: the schema that it was made from. */
void adcp_plan_warn_of_names(AdcpPlan *plan, const AdcpSchema *backup, const AdcpSchema *live,
                             AdcpError *err);

/* Warns of the database's indexes and triggers that go with a table which some of the backup replaces, and that do
** not come back with it. */
void adcp_plan_warn_of_losses(AdcpPlan *plan, const AdcpSchema *live, AdcpError *err);

/* Warns of what somebody made on parts of live virtual tables, which data_only makes anew: the backup's
** indexes and triggers do not come with it. */
void adcp_plan_warn_of_parts(AdcpPlan *plan, const AdcpSchema *live, AdcpError *err);

#endif
