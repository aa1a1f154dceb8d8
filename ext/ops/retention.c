/*
** retention.c - which of many moments to keep (contract in retention.h).
*/
#include "ops/retention.h"

#include <stdlib.h>
#include <time.h>

const char *adcp_retention_rule_name(AdcpRetentionRule rule) {
  static const char *const names[] = {"keep_last",    "keep_hourly", "keep_daily", "keep_weekly",
                                      "keep_monthly", "keep_yearly", "keep_within"};
  return names[rule];
}

bool adcp_retention_is_empty(const AdcpRetention *policy) {
  for( int rule = 0; rule < ADCP_KEEP_WITHIN; rule++ ) {
    if( policy->counts[rule] ) return false;
  }
  return !policy->has_within;
}

/* Year and number of the ISO week: the week of a day is that of its Thursday. */
static int64_t week_of(int64_t moment) {
  enum { DAY = 86400, THURSDAY = 3 }; /* days from Monday; 1 January 1970 was a Thursday */
  int64_t day = moment / DAY - (moment % DAY < 0);
  int64_t weekday = ((day + THURSDAY) % 7 + 7) % 7;
  time_t thursday = (time_t)((day - weekday + THURSDAY) * DAY);
  struct tm utc = {0};
  gmtime_r(&thursday, &utc);
  return (int64_t)utc.tm_year * 100 + utc.tm_yday / 7;
}

/* A number that moments have in common when a rule sees them as one. */
static int64_t bucket_of(AdcpRetentionRule rule, int64_t moment, size_t place) {
  time_t then = (time_t)moment;
  struct tm utc = {0};
  gmtime_r(&then, &utc);
  int64_t day = (int64_t)utc.tm_year * 366 + utc.tm_yday;
  switch( rule ) {
  case ADCP_KEEP_HOURLY: return day * 24 + utc.tm_hour;
  case ADCP_KEEP_DAILY: return day;
  case ADCP_KEEP_WEEKLY: return week_of(moment);
  case ADCP_KEEP_MONTHLY: return (int64_t)utc.tm_year * 12 + utc.tm_mon;
  case ADCP_KEEP_YEARLY: return utc.tm_year;
  default: return (int64_t)place;
  }
}

static void apply_count(AdcpRetentionRule rule, int64_t left, AdcpRetentionItem *items,
                        size_t count) {
  int64_t last = INT64_MIN;
  for( size_t i = 0; i < count && left != 0; i++ ) {
    int64_t bucket = bucket_of(rule, items[i].moment, i);
    if( bucket == last && i + 1 < count ) continue;
    items[i].rules |= 1u << rule;
    last = bucket;
    if( left > 0 ) left--;
  }
}

static void apply_within(const AdcpDuration *within, AdcpRetentionItem *items, size_t count,
                         int64_t now) {
  int64_t newest = INT64_MIN;
  for( size_t i = 0; i < count; i++ ) {
    if( items[i].moment > newest && items[i].moment <= now ) newest = items[i].moment;
  }
  int64_t limit = newest == INT64_MIN ? newest : adcp_duration_before(newest, within);
  for( size_t i = 0; i < count; i++ ) {
    if( items[i].moment > limit ) items[i].rules |= 1u << ADCP_KEEP_WITHIN;
  }
}

void adcp_retention_apply(const AdcpRetention *policy, AdcpRetentionItem *items, size_t count,
                          int64_t now) {
  for( size_t i = 0; i < count; i++ ) items[i].rules = 0;
  for( int rule = 0; rule < ADCP_KEEP_WITHIN; rule++ ) {
    apply_count((AdcpRetentionRule)rule, policy->counts[rule], items, count);
  }
  if( policy->has_within ) apply_within(&policy->within, items, count, now);
}
