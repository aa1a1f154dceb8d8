/*
** test_ops_retention.c - the rules of retention against a table worked out by hand, and week
** numbers against the C library.
*/
#include <stdlib.h>
#include <time.h>

#include "ops/clock.h"
#include "ops/retention.h"
#include "unit.h"

#define COUNT 12

/* Newest first. 2024-03-04 is a Monday; 2023-12-31 a Sunday, so that ISO week 1 begins on
** 2024-01-01. */
static const char *const moments[COUNT] = {
    "2024-03-04T12:30:00Z", /* 0  Monday */
    "2024-03-04T12:10:00Z", /* 1  same hour */
    "2024-03-04T09:00:00Z", /* 2  same day */
    "2024-03-03T23:00:00Z", /* 3  Sunday: the week before */
    "2024-03-03T01:00:00Z", /* 4  same day as 3 */
    "2024-02-29T10:00:00Z", /* 5  same week as 3, February */
    "2024-02-10T10:00:00Z", /* 6  */
    "2024-01-01T00:30:00Z", /* 7  week 1 of 2024 */
    "2023-12-31T23:30:00Z", /* 8  week 52 of 2023 */
    "2023-12-30T10:00:00Z", /* 9  same week */
    "2023-07-01T10:00:00Z", /* 10 */
    "2022-01-01T10:00:00Z", /* 11 ISO week 52 of 2021 */
};

typedef struct Case {
  int last, hourly, daily, weekly, monthly, yearly;
  const char *within;
  const char *kept; /* an x for each that is kept */
} Case;

static const Case cases[] = {
    /*                                           012345678901 */
    {.last = 3, .kept = /*                     */ "xxx........."},
    {.last = -1, .kept = /*                    */ "xxxxxxxxxxxx"},
    {.last = 100, .kept = /*                   */ "xxxxxxxxxxxx"},
    {.hourly = 3, .kept = /*                   */ "x.xx........"},
    {.hourly = -1, .kept = /*                  */ "x.xxxxxxxxxx"},
    {.daily = 1, .kept = /*                    */ "x..........."},
    {.daily = 3, .kept = /*                    */ "x..x.x......"},
    {.weekly = 2, .kept = /*                   */ "x..x........"},
    {.weekly = 5, .kept = /*                   */ "x..x..xxx..."},
    {.monthly = 3, .kept = /*                  */ "x....x.x...."},
    {.monthly = 4, .kept = /*                  */ "x....x.xx..."},
    {.yearly = 2, .kept = /*                   */ "x.......x..."},
    {.yearly = 4, .kept = /*                   */ "x.......x..x"},
    {.yearly = 3, .kept = /*                   */ "x.......x..x"},
    {.within = "1d", .kept = /*                */ "xxxx........"},
    {.within = "4h", .kept = /*                */ "xxx........."},
    {.within = "3h", .kept = /*                */ "xx.........."},
    {.within = "1m", .kept = /*                */ "xxxxxxx....."},
    {.within = "2y3m", .kept = /*              */ "xxxxxxxxxxxx"},
    {.last = 1, .daily = 2, .yearly = 2, .kept = "x..x....x..."},
    {.last = 2, .within = "36h", .kept = /*    */ "xxxxx......."},
};

static void test_cases(void) {
  int64_t now = 0;
  adcp_clock_parse("2024-03-05T00:00:00Z", &now);
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) {
    const Case *c = &cases[i];
    AdcpRetention policy = {{c->last, c->hourly, c->daily, c->weekly, c->monthly, c->yearly},
                            c->within != NULL,
                            {0, 0, 0, 0}};
    AdcpRetentionItem items[COUNT];
    char kept[COUNT + 1] = "";
    if( c->within ) CHECK(adcp_duration_parse(c->within, &policy.within));
    for( int j = 0; j < COUNT; j++ ) CHECK(adcp_clock_parse(moments[j], &items[j].moment));
    adcp_retention_apply(&policy, items, COUNT, now);
    for( int j = 0; j < COUNT; j++ ) kept[j] = items[j].rules ? 'x' : '.';
    CHECK_CASE(strcmp(kept, c->kept) == 0, "%zu: got %s, want %s", i, kept, c->kept);
  }
}

/* A rule with counts left keeps the oldest too, also one that shares its bucket with the one
** before. */
static void test_oldest(void) {
  AdcpRetentionItem items[2];
  AdcpRetention policy = {.counts = {[ADCP_KEEP_YEARLY] = 2}};
  adcp_clock_parse("2024-03-04T12:30:00Z", &items[0].moment);
  adcp_clock_parse("2024-01-04T12:30:00Z", &items[1].moment);
  adcp_retention_apply(&policy, items, 2, INT64_MAX);
  CHECK(items[0].rules == 1u << ADCP_KEEP_YEARLY && items[1].rules == 1u << ADCP_KEEP_YEARLY);
  policy.counts[ADCP_KEEP_YEARLY] = 1;
  adcp_retention_apply(&policy, items, 2, INT64_MAX);
  CHECK(items[0].rules != 0 && items[1].rules == 0);
}

/* A backup from the future does not make those of today old. */
static void test_future(void) {
  AdcpRetentionItem items[2];
  AdcpRetention policy = {.has_within = true, .within = {.days = 1}};
  int64_t now = 0;
  adcp_clock_parse("2024-03-04T12:30:00Z", &now);
  items[0].moment = now + 1000000;
  items[1].moment = now - 3600;
  adcp_retention_apply(&policy, items, 2, now);
  CHECK(items[0].rules && items[1].rules);
}

/* keep_weekly: -1 sees a new week exactly where strftime's %G-%V changes. */
static void test_weeks(void) {
  AdcpRetention policy = {.counts = {[ADCP_KEEP_WEEKLY] = -1}};
  enum { DAYS = 20000 };
  AdcpRetentionItem *items = calloc(DAYS, sizeof *items);
  int64_t newest = 1893456000; /* 2030-01-01 */
  for( int i = 0; i < DAYS; i++ ) items[i].moment = newest - (int64_t)i * 86400 + 4321;
  adcp_retention_apply(&policy, items, DAYS, newest);
  char before[16] = "", week[16];
  for( int i = 0; i < DAYS - 1; i++ ) {
    time_t then = (time_t)items[i].moment;
    struct tm utc;
    gmtime_r(&then, &utc);
    strftime(week, sizeof week, "%G-%V", &utc);
    CHECK_CASE((items[i].rules != 0) == (strcmp(week, before) != 0), "%s", week);
    memcpy(before, week, sizeof before);
  }
  free(items);
}

int main(void) {
  test_cases();
  test_oldest();
  test_future();
  test_weeks();
  return unit_done();
}
