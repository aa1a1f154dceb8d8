/*
** row_hash.h - the digest of a table's rows, given as values: their canonical text and its SHA-256,
** made on a thread of its own while the caller reads the next rows.
**
** For each table: begin, add every row, end. Errors go to the AdcpError of open; after one, adding
** does nothing and end gives no digest.
*/
#ifndef ADCP_ARCHIVE_ROW_HASH_H
#define ADCP_ARCHIVE_ROW_HASH_H

#include <stdbool.h>

#include "archive/format.h"
#include "codec/schema.h"
#include "codec/value.h"

typedef struct AdcpRowHash AdcpRowHash;

/* NULL with err set; err is borrowed until close. With threaded, a table of more than some hundred
** rows is digested on a thread; without, all is done by the caller. */
AdcpRowHash *adcp_row_hash_open(bool threaded, AdcpError *err);

/* What the digest is of. */
typedef enum AdcpRowHashOf {
  ADCP_ROWS_IN_ORDER, /* their text, one after the other: what a manifest says */
  ADCP_ROWS_UNORDERED /* the sum of each one's own digest: the same in whatever order they come */
} AdcpRowHashOf;

/* table is borrowed until end. */
void adcp_row_hash_begin(AdcpRowHash *hash, const AdcpTable *table, AdcpRowHashOf of);

/* values: adcp_table_value_count of them, borrowed for the call. */
void adcp_row_hash_add(AdcpRowHash *hash, const AdcpValue *values);

/* Sets rows, bytes (in order) and sha256 of the entry. */
void adcp_row_hash_end(AdcpRowHash *hash, AdcpArchiveTable *entry);

/* NULL is allowed; also between begin and end. */
void adcp_row_hash_close(AdcpRowHash *hash);

#endif
