/*
** range.h - what constraints on an INTEGER column say of its values.
**
** xBestIndex hands each constraint to xFilter as a letter of idxStr, with its value; there they
** make a range. SQLite looks at every row again, so a constraint that says nothing is passed over.
*/
#ifndef ADCP_SQL_RANGE_H
#define ADCP_SQL_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/sqlite.h"

/* Values that are wanted; INT64_MIN and INT64_MAX where there is no limit, low above high: none. */
typedef struct AdcpRange {
  sqlite3_int64 low, high;
} AdcpRange;

#define ADCP_RANGE_ALL                                                                             \
  (AdcpRange) {                                                                                    \
    INT64_MIN, INT64_MAX                                                                           \
  }

/* The letter of a constraint (SQLITE_INDEX_CONSTRAINT_...): = equal, ] at most, ) below, [ at least,
** ( above; 0 for any other. */
char adcp_range_limit(unsigned char op);

/* Whether the letter is of an upper or a lower limit; = is both. */
bool adcp_range_is_upper(char limit);
bool adcp_range_is_lower(char limit);

void adcp_range_narrow(AdcpRange *range, char limit, sqlite3_value *value);

#endif
