/*
** clock.c - time for reports and headers (contract in clock.h).
*/
#include "ops/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t adcp_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static time_t current_time(void) {
  const char *fixed = getenv("SOURCE_DATE_EPOCH");
  if( fixed && *fixed ) {
    char *end;
    errno = 0;
    long long seconds = strtoll(fixed, &end, 10);
    if( errno == 0 && *end == 0 ) return (time_t)seconds;
  }
  return time(NULL);
}

void adcp_clock_text(char text[ADCP_TIME_TEXT_SIZE]) {
  time_t now = current_time();
  struct tm utc;
  if( gmtime_r(&now, &utc) == NULL ||
      strftime(text, ADCP_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 ) {
    snprintf(text, ADCP_TIME_TEXT_SIZE, "1970-01-01T00:00:00Z");
  }
}
