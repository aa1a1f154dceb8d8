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

/* Now, as RFC 3339 UTC to the second. SOURCE_DATE_EPOCH (seconds since 1970), where it is set, is
** taken instead, so that builds and tests get the same bytes again (reproducible-builds.org). */
void adcp_clock_text(char text[ADCP_TIME_TEXT_SIZE]);

/* The same moment as part of a file's name: YYYYMMDD_HHMMSS. */
#define ADCP_TIME_NAME_SIZE 24
void adcp_clock_name(char text[ADCP_TIME_NAME_SIZE]);

/* Seconds since 1970; the same clock. */
int64_t adcp_clock_seconds(void);

/* The moment of a text as adcp_clock_text writes it, also with a fraction, an offset ("+02:00"), or
** (as Python's isoformat) without a zone, which is taken as UTC. False for any other text. */
bool adcp_clock_parse(const char *text, int64_t *seconds);

#endif
