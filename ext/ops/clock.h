/*
** clock.h - time for reports and headers.
*/
#ifndef ADCP_OPS_CLOCK_H
#define ADCP_OPS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define ADCP_TIME_TEXT_SIZE 32 /* "2026-01-31T23:59:59Z" and room for any year */

/* Milliseconds of the monotonic clock, for durations. */
int64_t adcp_clock_ms(void);

/* Now, in seconds since 1970. SOURCE_DATE_EPOCH, where it is set, is taken instead, so that builds
** and tests get the same bytes again (reproducible-builds.org). */
int64_t adcp_clock_seconds(void);

/* A moment as RFC 3339 UTC to the second, */
void adcp_clock_text(char text[ADCP_TIME_TEXT_SIZE], int64_t seconds);

/* and as part of a file's name: YYYYMMDD_HHMMSS. */
#define ADCP_TIME_NAME_SIZE 24
void adcp_clock_name(char text[ADCP_TIME_NAME_SIZE], int64_t seconds);

/* True of a moment that no right clock can have shown yet. The clocks of machines that share a folder
** are less than this apart. */
#define ADCP_CLOCK_MARGIN_S 3600
bool adcp_clock_is_future(int64_t seconds);

/* The moment of a text as adcp_clock_text writes it, also with a fraction, an offset ("+02:00"), or
** (as Python's isoformat) without a zone, which is taken as UTC. False for any other text. */
bool adcp_clock_parse(const char *text, int64_t *seconds);

#endif
