/*
** duration.c - spans of calendar time (contract in duration.h).
*/
#include "ops/duration.h"

#include <string.h>
#include <time.h>

#define MAX_NUMBER 100000 /* 11 years in hours; no sum of four such leaves an int */

bool adcp_duration_parse(const char *text, AdcpDuration *duration) {
  memset(duration, 0, sizeof *duration);
  if( *text == 0 ) return false;
  while( *text ) {
    int number = 0, digits = 0;
    for( ; *text >= '0' && *text <= '9'; text++, digits++ ) {
      number = number * 10 + (*text - '0');
      if( number > MAX_NUMBER ) return false;
    }
    int *part;
    switch( *text++ ) {
    case 'y': part = &duration->years; break;
    case 'm': part = &duration->months; break;
    case 'd': part = &duration->days; break;
    case 'h': part = &duration->hours; break;
    default: return false;
    }
    if( digits == 0 || *part ) return false;
    *part = number;
  }
  return true;
}

int64_t adcp_duration_before(int64_t moment, const AdcpDuration *duration) {
  time_t then = (time_t)moment;
  struct tm utc;
  if( gmtime_r(&then, &utc) == NULL ) return INT64_MIN;
  utc.tm_year -= duration->years;
  utc.tm_mon -= duration->months;
  utc.tm_mday -= duration->days;
  return (int64_t)timegm(&utc) - (int64_t)duration->hours * 3600;
}
