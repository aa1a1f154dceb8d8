/*
** row_sort.h - rows of a WITHOUT ROWID table in the order of another text encoding or collation.
**
** Rows stand by their key, and BINARY orders texts by the bytes that the database keeps; another collation
** may have been another function where they were sorted. Rows of such a side are put into a private database first (scratch.h), and come back sorted:
** twice written and read, but memory is the page cache, however many they are.
**
**     sort = adcp_row_sort_open(db, table, order);
**     adcp_row_sort_add(sort, values);       each row
**     while( adcp_row_sort_next(sort) ) ...
*/
#ifndef ADCP_OPS_ROW_SORT_H
#define ADCP_OPS_ROW_SORT_H

#include "ops/row_order.h"

typedef struct AdcpRowSort AdcpRowSort;

/* Of rows of that table, into that order, which has its key (adcp_row_order_take_encoding). Both and
** db are borrowed until close. NULL on error. */
AdcpRowSort *adcp_row_sort_open(AdcpDb *db, const AdcpTable *table, const AdcpRowOrder *order);
void adcp_row_sort_add(AdcpRowSort *sort, const AdcpValue *values);

/* The next row in order, borrowed until the next call; NULL at the end, or on error. After the first
** call none may be added. */
const AdcpValue *adcp_row_sort_next(AdcpRowSort *sort);
void adcp_row_sort_close(AdcpRowSort *sort);

#endif
