/*
** retention.h - which of many moments to keep: the rules of restic's forget, as a pure function.
**
** Backups are looked at from the newest to the oldest. A rule with a count keeps the newest of each
** hour, day, ISO week, month or year (in UTC) until it has kept that many; keep_last keeps simply
** the newest ones. As long as a rule has counts left it also keeps the oldest backup of all.
** keep_within keeps everything that is younger than the newest backup by less than its duration.
** What any rule keeps is kept.
*/
#ifndef ADCP_OPS_RETENTION_H
#define ADCP_OPS_RETENTION_H

#include <stddef.h>

#include "ops/duration.h"

typedef enum AdcpRetentionRule {
  ADCP_KEEP_LAST,
  ADCP_KEEP_HOURLY,
  ADCP_KEEP_DAILY,
  ADCP_KEEP_WEEKLY,
  ADCP_KEEP_MONTHLY,
  ADCP_KEEP_YEARLY,
  ADCP_KEEP_WITHIN,
  ADCP_RETENTION_RULES
} AdcpRetentionRule;

typedef struct AdcpRetention {
  int64_t counts[ADCP_KEEP_WITHIN]; /* 0: rule not given; -1: no limit */
  bool has_within;
  AdcpDuration within;
} AdcpRetention;

typedef struct AdcpRetentionItem {
  int64_t moment; /* seconds since 1970 */
  unsigned rules; /* out: a bit for each rule that keeps it; 0: none does */
} AdcpRetentionItem;

/* "keep_last", ... : the names of the options. */
const char *adcp_retention_rule_name(AdcpRetentionRule rule);

/* True when no rule is given. */
bool adcp_retention_is_empty(const AdcpRetention *policy);

/* Fills in rules. items: newest first. now: moments after it do not count as the newest for
** keep_within. */
void adcp_retention_apply(const AdcpRetention *policy, AdcpRetentionItem *items, size_t count,
                          int64_t now);

#endif
