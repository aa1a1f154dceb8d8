/*
** format.h - names and figures of format 3.0 that writer and reader share (docs/FORMAT.md draws
** it).
*/
#ifndef ADCP_ARCHIVE_FORMAT_H
#define ADCP_ARCHIVE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/digest.h"
#include "codec/schema.h"
#include "stream/container.h"

#define ADCP_FORMAT_NAME          "adcp-backup"
#define ADCP_FORMAT_VERSION       "3.0"
#define ADCP_FORMAT_VERSION_MAJOR 3

/* The first row that begins in a block: where reading can begin within a table. */
typedef struct AdcpArchiveMark {
  AdcpBlockPosition position; /* of the row's '{' */
  int64_t row;                /* its number within the table, from 1 */
  bool has_rowid;
  int64_t rowid; /* its rowid */
  char *key;     /* WITHOUT ROWID: the values of its primary key, a JSON array; or NULL */
} AdcpArchiveMark;

/* A table of the manifest. */
/* In "requires" when a table has "rebuild". */
#define ADCP_FEATURE_REBUILD "fts_rebuild"

typedef struct AdcpArchiveTable {
  const AdcpTable *table; /* of the archive's schema */
  int64_t rows;
  int64_t bytes; /* of row lines: each with its line break, without commas */
  AdcpBlockPosition
      position; /* of the first row's '{', or of the closing bracket when there are none */
  char sha256[ADCP_SHA256_HEX + 1];
  size_t first_mark,
      mark_count; /* its marks, in the list of all; none for the table's first block */
} AdcpArchiveTable;

typedef struct AdcpArchiveTotals {
  int64_t tables;    /* ordinary ones with rows in the file: what the application would count */
  int64_t rows;      /* of these */
  int64_t raw_bytes; /* of the whole JSON document */
  int64_t file_bytes;
  char content_sha256[ADCP_SHA256_HEX + 1];
  char full_sha256[ADCP_SHA256_HEX + 1];
} AdcpArchiveTotals;

/* Counts the ordinary tables among count tables, and their rows, into totals. */
void adcp_archive_count(AdcpArchiveTotals *totals, const AdcpArchiveTable *tables, size_t count);

/* The two digests over a schema and its tables' digests, as DESIGN section 3 defines them: one line
** `["type","name","sql"]\n` an object with sql, bytewise by (name, type), then one line
** `["name",rows,"sha256"]\n` a table, bytewise by name; canonical JSON strings. The content digest
** leaves out shadow tables and their indexes, and sqlite_stat*. */
void adcp_archive_digests(const AdcpSchema *schema, const AdcpArchiveTable *tables, size_t count,
                          char content_sha256[ADCP_SHA256_HEX + 1],
                          char full_sha256[ADCP_SHA256_HEX + 1], AdcpError *err);

#endif
