/*
** plan_names.h - warns of views and triggers whose text names what will not be there under that name.
*/
#ifndef ADCP_OPS_PLAN_NAMES_H
#define ADCP_OPS_PLAN_NAMES_H

#include "ops/plan.h"

/* To be called when the plan is complete. backup: the schema that it was made from. */
void adcp_plan_warn_of_names(AdcpPlan *plan, const AdcpSchema *backup, const AdcpSchema *live,
                             AdcpError *err);

#endif
