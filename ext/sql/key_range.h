/*
** key_range.h - what constraints on the first column of a WITHOUT ROWID table's key say of its values.
**
** The rows of a backup stand in the key's order, so a least and a greatest value say where reading
** begins and ends. SQLite looks at every row again: a range may be too wide, never too narrow, be the
** affinity of a constraint's other side what it will.
*/
#ifndef ADCP_SQL_KEY_RANGE_H
#define ADCP_SQL_KEY_RANGE_H

#include "codec/schema.h"
#include "db/db.h"
#include "ops/row_order.h"

typedef struct AdcpKey {
  AdcpDb db; /* of the connection that compares */
  AdcpRowOrder *order;
  const AdcpTable *table;
} AdcpKey;

/* Where a constraint's value comes from. */
enum {
  ADCP_LIMIT_LITERAL = '!',  /* a text in the statement, which has no affinity */
  ADCP_LIMIT_COMPUTED = '?', /* a column, a parameter, a number ... */
  ADCP_LIMIT_LIST = 'i'      /* the values of IN, together (sqlite3_vtab_in) */
};

typedef struct AdcpKeyLimit {
  char letter;          /* of the comparison: range.h */
  char kind;            /* ADCP_LIMIT_ ... */
  sqlite3_value *value; /* borrowed */
} AdcpKeyLimit;

/* Zero-initialise. */
typedef struct AdcpKeyRange {
  bool is_limited[2];     /* from below, from above */
  AdcpValue first[2];     /* then the least and the greatest value */
  sqlite3_value *kept[2]; /* owned: what first borrows from */
} AdcpKeyRange;

void adcp_key_range_clear(AdcpKeyRange *range);

/* Takes a constraint's limit where there is none on that side yet. Errors go to key->db. */
void adcp_key_range_narrow(AdcpKeyRange *range, AdcpKey *key, const AdcpKeyLimit *limit);

/* The value that wanted rows begin at in the file, or end at: the least or, where the key descends,
** the greatest. NULL where there is no limit. */
const AdcpValue *adcp_key_range_begin(const AdcpKeyRange *range, const AdcpRowOrder *order);
const AdcpValue *adcp_key_range_end(const AdcpKeyRange *range, const AdcpRowOrder *order);

#endif
