/*
** hash.h - digests of a live database, equal to those in a backup of the same content.
**
** Every row is read and written as canonical text, on a thread where there is one to spare; nothing
** is kept. The caller holds a snapshot.
*/
#ifndef ADCP_OPS_HASH_H
#define ADCP_OPS_HASH_H

#include "archive/archive_read.h"
#include "archive/row_hash.h"
#include "codec/digest.h"
#include "codec/schema.h"
#include "codec/value.h"
#include "db/db.h"

/* What a backup would hold of the rows: all of them as they are, when NULL takes the place of this.
** */
typedef struct AdcpHashRows {
  void *context;
  bool (*xTable)(void *context, const AdcpTable *table); /* are its rows written? */
  /* The row as it is written, or NULL for one that is left out. */
  const AdcpValue *(*xRow)(void *context, const AdcpTable *table, const AdcpValue *values);
} AdcpHashRows;

/* Scans entry->table (in db->schema, as it is described: its name, columns and key) in canonical
** order and sets the entry's rows, bytes and sha256. hash is borrowed, between tables. */
void adcp_hash_scan(AdcpDb *db, const AdcpHashRows *rows, AdcpRowHash *hash, AdcpRowHashOf of,
                    AdcpArchiveTable *entry);

/* Whether a backup of these tables and objects would have both digests of totals. Rows of derived
** tables, which only full_sha256 covers, are read where content_sha256 is equal. */
bool adcp_hash_equals(AdcpDb *db, const AdcpSchema *schema, const AdcpHashRows *rows,
                      const AdcpArchiveTotals *totals);

/* Whether the backup with this head holds all rows that one of these tables and objects would. Shadow
** tables count, since rows of a full-text table can be nowhere else; statistics do not. */
bool adcp_hash_is_held(AdcpDb *db, const AdcpSchema *schema, const AdcpHashRows *rows,
                       const AdcpArchiveHead *head);

/* The digest of a table's rows, under the caller's snapshot. */
void adcp_hash_rows(AdcpDb *db, const AdcpTable *table, char sha256[ADCP_SHA256_HEX + 1]);

/* The content_sha256 of db->schema, and the digest of one of its tables, both under a snapshot of their
** own. The name in any letter case; an unknown one is answered with the nearest. */
void adcp_hash_database(AdcpDb *db, char sha256[ADCP_SHA256_HEX + 1]);
void adcp_hash_table(AdcpDb *db, const char *name, char sha256[ADCP_SHA256_HEX + 1]);

#endif
