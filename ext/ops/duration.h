/*
** duration.h - spans of calendar time as people write them: "1y6m", "7d12h", "36h".
*/
#ifndef ADCP_OPS_DURATION_H
#define ADCP_OPS_DURATION_H

#include <stdbool.h>
#include <stdint.h>

typedef struct AdcpDuration {
  int years, months, days, hours;
} AdcpDuration;

/* Numbers, each with y, m (months), d or h behind it. False for any other text and for one without
** a number. */
bool adcp_duration_parse(const char *text, AdcpDuration *duration);

/* The moment (seconds since 1970) that lies this far before another one, by the calendar in UTC: a
** month before 31 March is "31 February", which is 3 March (2 March in a leap year). */
int64_t adcp_duration_before(int64_t moment, const AdcpDuration *duration);

#endif
