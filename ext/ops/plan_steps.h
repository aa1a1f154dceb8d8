/*
** plan_steps.h - a restore's plan as a list of steps, for people to read before it is run.
**
** Made by the planner that the restore itself uses, from the head of the backup and the live
** schema; changes nothing.
*/
#ifndef ADCP_OPS_PLAN_STEPS_H
#define ADCP_OPS_PLAN_STEPS_H

#include "ops/request.h"

typedef struct AdcpPlanStep {
  const char *action; /* "drop", "create", "fill", ... : docs/plan.md */
  char *object;       /* owned; NULL where it is about none. "" is a name, too */
  int64_t rows;       /* -1 where it is not about rows */
  char *detail;       /* owned; NULL without */
} AdcpPlanStep;

typedef struct AdcpPlanSteps AdcpPlanSteps;

/* request->path and options as for a restore. NULL on error. */
AdcpPlanSteps *adcp_plan_steps_open(const AdcpRequest *request, AdcpError *err);
size_t adcp_plan_steps_count(const AdcpPlanSteps *steps);
const AdcpPlanStep *adcp_plan_steps_get(const AdcpPlanSteps *steps, size_t i);
void adcp_plan_steps_close(AdcpPlanSteps *steps);

#endif
