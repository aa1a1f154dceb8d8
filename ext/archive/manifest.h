/*
** manifest.h - the table of contents at the end of a backup, written and read as a stream.
**
**   "backup_manifest":{"rows":12,"bytes":4711,"content_sha256":"...","full_sha256":"...","tables":[
**   {"name":"t","rows":12,"bytes":300,"block":0,"offset":4000,"sha256":"..."},
**   ...
**   ],"blocks":[
**   [1200,4711,3735928559],
**   ...
**   ]},
**
** A table that goes through several blocks has "marks" besides: `[block,offset,row,key]` for the
** first row that begins in each block after the table's first, where key is its rowid, the values
** of its primary key, or null.
**
** "bytes" of the whole is the raw size of the document before the manifest; a block is its size in
** the file, its raw size and the CRC-32 of the raw text.
*/
#ifndef ADCP_ARCHIVE_MANIFEST_H
#define ADCP_ARCHIVE_MANIFEST_H

#include "archive/end_line.h"
#include "archive/format.h"
#include "archive/row_write.h"
#include "codec/json_read.h"

/* What a list of backups shows of one, as the manifest's first two members:
**
**   "summary":{"tables":1,"rows":12,"bytes":5400,"content_sha256":"...","metadata_crc32":"..."},
**   "summary_crc32":"1b2c3d4e"
**
** with a CRC-32 of its own, so that neither the rest of the manifest nor the rest of the head has
** to be read for it. */
typedef struct AdcpManifestSummary {
  bool is_there;
  bool has_crc;             /* summary_crc32 is that of the summary's text */
  AdcpArchiveTotals totals; /* without file_bytes and full_sha256 */
  uint32_t metadata_crc32;  /* of the text of backup_metadata's value */
} AdcpManifestSummary;

typedef struct AdcpManifest {
  AdcpArchiveTable *tables; /* owned; entry->table is NULL until the schema is known */
  char **names;             /* owned; names[i] is the name of tables[i]; NULL when writing */
  size_t table_count, table_capacity;
  AdcpBlockEntry *blocks; /* owned */
  size_t block_count, block_capacity;
  AdcpArchiveMark *marks; /* owned; of all tables, in their order */
  size_t mark_count, mark_capacity;
  int64_t rows;
  int64_t bytes;
  char content_sha256[ADCP_SHA256_HEX + 1];
  char full_sha256[ADCP_SHA256_HEX + 1];
  AdcpManifestSummary summary;
} AdcpManifest;

/* Make room for one more and return it, zero-filled; NULL when out of memory. */
AdcpArchiveTable *adcp_manifest_add_table(AdcpManifest *manifest, AdcpError *err);
AdcpBlockEntry *adcp_manifest_add_block(AdcpManifest *manifest, AdcpError *err);

/* The same for a mark of the last table. */
AdcpArchiveMark *adcp_manifest_add_mark(AdcpManifest *manifest, AdcpError *err);

/* Completes the summary, whose metadata_crc32 is set: it counts the document with the manifest that
** will be written. Every entry's table is set. */
void adcp_manifest_summarize(AdcpManifest *manifest, AdcpError *err);

/* Writes the member, key and line break included. */
void adcp_manifest_write(const AdcpManifest *manifest, AdcpTextSink sink, AdcpError *err);

/* Reads the member's value, which comes next, into a manifest that is zero-initialised. Sums and
** places are checked against the lists, so that what is accepted is sound in itself. Without
** places, blocks and marks are passed over, which is several times faster. err is the reader's. */
typedef enum AdcpManifestDetail { ADCP_MANIFEST_WHOLE, ADCP_MANIFEST_NO_PLACES } AdcpManifestDetail;
void adcp_manifest_read(AdcpJsonReader *json, AdcpManifest *manifest, AdcpManifestDetail detail,
                        AdcpError *err);

/* Reads its first two members only; summary->is_there tells whether they are the summary. */
void adcp_manifest_read_front(AdcpJsonReader *json, AdcpManifestSummary *summary, AdcpError *err);

/* Does what the summary says of tables, rows and content agree with what was found? */
void adcp_manifest_check_summary(const AdcpManifestSummary *summary,
                                 const AdcpArchiveTotals *totals, AdcpError *err);

/* Leaves it zero-initialised. */
void adcp_manifest_free(AdcpManifest *manifest);

#endif
