/*
** plan_drift.h - what differs between a table of the backup and the live one that its rows go into.
**
** Columns, keys, constraints and triggers, as both are described. Rows are not looked at: whether
** one breaks a constraint is seen when it goes in.
*/
#ifndef ADCP_OPS_PLAN_DRIFT_H
#define ADCP_OPS_PLAN_DRIFT_H

#include "db/by_table.h"
#include "ops/plan.h"

typedef struct AdcpDrift {
  AdcpDb *db;
  const AdcpPlan *plan;
  const AdcpPlanTable *entry; /* with its rows matched into a live table */
  const AdcpArchiveHead *head;
  const AdcpOptions *options;
  AdcpByTable *of_backup, *of_live; /* objects of the two schemas */
} AdcpDrift;

/* Adds a text for people for each difference. */
void adcp_plan_drift(const AdcpDrift *drift, AdcpTexts *found, AdcpError *err);

/* Adds the names of the live table's triggers that fire, if the connection lets them: in a merge. */
void adcp_plan_fired(const AdcpDrift *drift, AdcpTexts *names, AdcpError *err);

#endif
