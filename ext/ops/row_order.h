/*
** row_order.h - the order in which rows of a table stand, in a database and in its backups.
**
** By rowid, or by the primary key's b-tree for WITHOUT ROWID tables, with the collations and
** directions of its columns. What a collation says is asked of SQLite; BINARY, which depends on the
** encoding of the database that sorted the rows, is compared here.
*/
#ifndef ADCP_OPS_ROW_ORDER_H
#define ADCP_OPS_ROW_ORDER_H

#include "archive/archive_read.h"
#include "codec/schema.h"
#include "codec/value.h"
#include "db/db.h"

typedef struct AdcpRowOrder AdcpRowOrder;

/* Of a live table; of a table of a backup, whose own CREATE TABLE (vetted) is run in a private
** empty database to find out. db is the caller's connection, whose collations are used. NULL when
** there is no order that can be known: no rowid in the rows, or a definition that does not run; err
** is then set only for what is wrong with the call. */
AdcpRowOrder *adcp_row_order_of_live(AdcpDb *db, const AdcpTable *table);
AdcpRowOrder *adcp_row_order_of_backup(AdcpDb *db, const AdcpArchiveHead *head,
                                       const AdcpTable *table);

/* True when a database of that encoding sorts the same rows in the same order by BINARY. */
bool adcp_row_order_has_encoding(const AdcpRowOrder *order, AdcpEncoding encoding);

/* True when rows of both stand in the same order and their keys mean the same. */
bool adcp_row_order_equal(const AdcpRowOrder *a, const AdcpRowOrder *b);

/* Where the orders differ by their encodings alone, gives `order` that of the other, true: its rows are to
** be sorted anew (row_sort.h). */
bool adcp_row_order_take_encoding(AdcpRowOrder *order, const AdcpRowOrder *other);

/* Compares the keys of two rows, which may come from tables with other columns beside the key:
** below 0, 0, above 0. a is of the first order's table, b of the second's. */
int adcp_row_order_compare(AdcpRowOrder *order, const AdcpValue *a, const AdcpRowOrder *other,
                           const AdcpValue *b);

/* Compares two values as the first column of the key sorts them, its direction aside: below 0, 0,
** above 0. */
int adcp_row_order_compare_first(AdcpRowOrder *order, const AdcpValue *a, const AdcpValue *b);
bool adcp_row_order_first_descends(const AdcpRowOrder *order);
bool adcp_row_order_first_is_binary(const AdcpRowOrder *order);

/* The places of the key's values in a row, their collations (NULL: BINARY) and directions. */
size_t adcp_row_order_key_count(const AdcpRowOrder *order);
size_t adcp_row_order_key_place(const AdcpRowOrder *order, size_t i);
const char *adcp_row_order_key_collation(const AdcpRowOrder *order, size_t i);
bool adcp_row_order_key_descends(const AdcpRowOrder *order, size_t i);
AdcpEncoding adcp_row_order_encoding(const AdcpRowOrder *order);
void adcp_row_order_close(AdcpRowOrder *order);

#endif
