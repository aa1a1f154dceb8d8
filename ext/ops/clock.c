/*
** clock.c - time for reports and headers (contract in clock.h).
*/
#include "ops/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t adcp_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t adcp_clock_seconds(void) {
  const char *fixed = getenv("SOURCE_DATE_EPOCH");
  if( fixed && *fixed ) {
    char *end;
    errno = 0;
    long long seconds = strtoll(fixed, &end, 10);
    if( errno == 0 && *end == 0 ) return seconds;
  }
  return (int64_t)time(NULL);
}

static struct tm utc_of(int64_t seconds) {
  time_t moment = (time_t)seconds;
  struct tm utc = {.tm_year = 70, .tm_mday = 1}; /* for a time that no calendar has */
  gmtime_r(&moment, &utc);
  return utc;
}

void adcp_clock_text(char text[ADCP_TIME_TEXT_SIZE], int64_t seconds) {
  struct tm utc = utc_of(seconds);
  if( strftime(text, ADCP_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 ) text[0] = 0;
}

void adcp_clock_name(char text[ADCP_TIME_NAME_SIZE], int64_t seconds) {
  struct tm utc = utc_of(seconds);
  if( strftime(text, ADCP_TIME_NAME_SIZE, "%Y%m%d_%H%M%S", &utc) == 0 ) text[0] = 0;
}

bool adcp_clock_is_future(int64_t seconds) {
  return seconds > adcp_clock_seconds() + ADCP_CLOCK_MARGIN_S;
}

/* `digits` digits at *text, which moves on; -1 when they are not there. */
static int take_digits(const char **text, int digits) {
  int value = 0;
  for( ; digits > 0; digits--, (*text)++ ) {
    if( **text < '0' || **text > '9' ) return -1;
    value = value * 10 + (**text - '0');
  }
  return value;
}

static bool take_char(const char **text, const char *allowed) {
  if( **text == 0 || strchr(allowed, **text) == NULL ) return false;
  (*text)++;
  return true;
}

/* "Z", "+hh:mm" or nothing, as seconds east of Greenwich; false for anything else. */
static bool take_zone(const char **text, int *east) {
  *east = 0;
  if( **text == 0 || take_char(text, "Zz") ) return true;
  int sign = **text == '-' ? -1 : 1;
  if( !take_char(text, "+-") ) return false;
  int hours = take_digits(text, 2);
  bool colon = take_char(text, ":");
  int minutes = take_digits(text, 2);
  *east = sign * (hours * 3600 + minutes * 60);
  return colon && hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59;
}

static bool in_range(const struct tm *utc) {
  static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return utc->tm_year >= -1900 && utc->tm_mon >= 0 && utc->tm_mon <= 11 && utc->tm_mday >= 1 &&
         utc->tm_mday <= days[utc->tm_mon] && utc->tm_hour >= 0 && utc->tm_hour <= 23 &&
         utc->tm_min >= 0 && utc->tm_min <= 59 && utc->tm_sec >= 0 && utc->tm_sec <= 60;
}

bool adcp_clock_parse(const char *text, int64_t *seconds) {
  struct tm utc = {0};
  int east = 0;
  utc.tm_year = take_digits(&text, 4) - 1900;
  bool good = take_char(&text, "-");
  if( good ) utc.tm_mon = take_digits(&text, 2) - 1;
  good = good && take_char(&text, "-");
  if( good ) utc.tm_mday = take_digits(&text, 2);
  good = good && take_char(&text, "Tt ");
  if( good ) utc.tm_hour = take_digits(&text, 2);
  good = good && take_char(&text, ":");
  if( good ) utc.tm_min = take_digits(&text, 2);
  good = good && take_char(&text, ":");
  if( good ) utc.tm_sec = take_digits(&text, 2);
  if( good && take_char(&text, ".") ) {
    while( take_digits(&text, 1) >= 0 ) continue;
  }
  if( !good || !take_zone(&text, &east) || *text || !in_range(&utc) ) return false;
  *seconds = (int64_t)timegm(&utc) - east;
  return true;
}
