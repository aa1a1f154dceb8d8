/*
** range.c - constraints as a range (contract in range.h).
*/
#include "sql/range.h"

char adcp_range_limit(unsigned char op) {
  switch( op ) {
  case SQLITE_INDEX_CONSTRAINT_EQ: return '=';
  case SQLITE_INDEX_CONSTRAINT_GT: return '(';
  case SQLITE_INDEX_CONSTRAINT_GE: return '[';
  case SQLITE_INDEX_CONSTRAINT_LT: return ')';
  case SQLITE_INDEX_CONSTRAINT_LE: return ']';
  default: return 0;
  }
}

bool adcp_range_is_upper(char limit) {
  return limit == '=' || limit == ']' || limit == ')';
}

bool adcp_range_is_lower(char limit) {
  return limit == '=' || limit == '[' || limit == '(';
}

void adcp_range_narrow(AdcpRange *range, char limit, sqlite3_value *value) {
  if( sqlite3_value_type(value) != SQLITE_INTEGER ) return; /* SQLite's own look decides */
  sqlite3_int64 at = sqlite3_value_int64(value);
  if( limit == '(' && at < INT64_MAX ) at++;
  if( limit == ')' && at > INT64_MIN ) at--;
  if( adcp_range_is_lower(limit) && at > range->low ) range->low = at;
  if( adcp_range_is_upper(limit) && at < range->high ) range->high = at;
}
