/*
** row_where.h - makes sure that a text of option "where" is one expression over a table's row.
**
** The text is the caller's own, so he may write what he likes, as long as it is an expression: it
** is put between parentheses into a SELECT of ours and must not get out of them. It may hold
** subqueries over tables of the backup.
*/
#ifndef ADCP_OPS_ROW_WHERE_H
#define ADCP_OPS_ROW_WHERE_H

#include "codec/schema.h"
#include "db/scratch.h"

typedef struct AdcpRowWhere {
  AdcpScratch *scratch;   /* has the table */
  const AdcpTable *table; /* of the backup */
  const char *text;
  void *context;
  /* A table that a subquery reads, by its name; may be called again for the same. */
  void (*xRead)(void *context, const char *table);
  /* A name that is no table yet: true when the scratch has it now. */
  bool (*xFind)(void *context, const char *table);
  bool has_subquery; /* out */
} AdcpRowWhere;

/* Sets the scratch's error, which names option and table, unless the text is an expression that can
** be evaluated for each row of the table. */
void adcp_row_where_check(AdcpRowWhere *where);

#endif
