/*
** counters.h - AUTOINCREMENT counters of some tables: a restore that does not replace everything takes
** them one by one, and a counter only ever grows.
**
** They are gathered while the backup's sqlite_sequence is read, and written together: SQLite has no
** index over that table, and to walk it for each of 20,000 counters takes a minute.
*/
#ifndef ADCP_OPS_COUNTERS_H
#define ADCP_OPS_COUNTERS_H

#include "ops/plan.h"

/* Zero-initialise. */
typedef struct AdcpCounters {
  struct AdcpCounter *first, *last; /* owned */
  AdcpMap by_table;                 /* of the database */
} AdcpCounters;

/* The values of a row of sqlite_sequence: perhaps the rowid, name and seq. */
#define ADCP_COUNTER_VALUES 3

/* A row of the backup's `sequence` by the name that its table has in the database: `values`, or a copy in
** `row`, which borrows from them and from the plan. */
const AdcpValue *adcp_counters_rename(AdcpValue row[ADCP_COUNTER_VALUES], const AdcpPlan *plan,
                                      const AdcpTable *sequence, const AdcpValue *values);

/* Takes a row of the backup's `sequence`, if its table is filled. Borrows the plan's names. */
void adcp_counters_take(AdcpCounters *counters, const AdcpPlan *plan, const AdcpTable *sequence,
                        const AdcpValue *values, AdcpError *err);

/* Writes what was taken; an error where it is not there then. */
void adcp_counters_write(AdcpCounters *counters, AdcpDb *db);

/* Leaves it empty. */
void adcp_counters_free(AdcpCounters *counters);

#endif
