/*
** manifest.h - the table of contents at the end of a backup, written and read as a stream.
**
**   "backup_manifest":{"summary":{...},"summary_crc32":"...",
**   "rows":12,"bytes":4711,"content_sha256":"...","full_sha256":"...","tables":[
**   {"name":"t","rows":12,"bytes":300,"block":0,"offset":4000,"sha256":"..."},
**   ...
**   ],"blocks":[
**   [1200,4711,3735928559],
**   ...
**   ],"marks":[
**   [0,[1,75,2861,5722],[2,0,5723,11446]],
**   ...
**   ],"text_at":"00000000000000004711"},
**
** "bytes" of the whole, and text_at with it, is the raw size of the document before the manifest; a
** block is its size in the file, its raw size and the CRC-32 of the raw text.
**
** A table that goes through several blocks has marks: its number and `[block,offset,row,key]` for
** the first row that begins in each block after the table's first, where key is its rowid, the
** values of its primary key, or null.
**
** What grows with the rows stands behind what does not, so that who wants to know what a backup
** contains reads the front of its manifest only.
*/
#ifndef ADCP_ARCHIVE_MANIFEST_H
#define ADCP_ARCHIVE_MANIFEST_H

#include "archive/end_line.h"
#include "archive/format.h"
#include "archive/row_write.h"
#include "codec/json_read.h"

/* What a list of backups shows of one, as the manifest's first two members:
**
**   "summary":{"tables":1,"rows":12,"bytes":5400,"content_sha256":"...","full_sha256":"...",
**   "metadata_crc32":"...","head_bytes":1200,"head_crc32":"...","tables_crc32":"..."},
**   "summary_crc32":"1b2c3d4e"
**
** with a CRC-32 of its own, and those of what else is told of a backup without its rows, so that
** neither the rest of the manifest nor the rest of the document has to be read for them. */
typedef struct AdcpManifestSummary {
  bool is_there;
  bool has_crc;             /* summary_crc32 is that of the summary's text */
  bool has_head;            /* full_sha256, head_bytes, head_crc32, tables_crc32 */
  AdcpArchiveTotals totals; /* without file_bytes */
  uint32_t metadata_crc32;  /* of the text of backup_metadata's value */
  int64_t head_bytes;       /* of the document in front of the key "tables" */
  uint32_t head_crc32;      /* of that text */
  uint32_t tables_crc32;    /* of the manifest's entries of tables, without what separates them */
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
  uint32_t tables_crc32; /* of the entries that were read */
  AdcpManifestSummary summary;
} AdcpManifest;

/* Make room for one more and return it, zero-filled; NULL when out of memory. */
AdcpArchiveTable *adcp_manifest_add_table(AdcpManifest *manifest, AdcpError *err);
AdcpBlockEntry *adcp_manifest_add_block(AdcpManifest *manifest, AdcpError *err);

/* The same for a mark of a table; those of one table one after the other. */
AdcpArchiveMark *adcp_manifest_add_mark(AdcpManifest *manifest, AdcpArchiveTable *table,
                                        AdcpError *err);

/* Completes the summary, whose metadata_crc32 and head are set: it counts the document with the
** manifest that will be written. Every entry's table is set. */
void adcp_manifest_summarize(AdcpManifest *manifest, AdcpError *err);

/* Writes the member, key and line break included. */
void adcp_manifest_write(const AdcpManifest *manifest, AdcpTextSink sink, AdcpError *err);

/* Reads the member's value, which comes next, into a manifest that is zero-initialised. Sums and
** places are checked against the lists, so that what is accepted is sound in itself. err is the
** reader's. */
void adcp_manifest_read(AdcpJsonReader *json, AdcpManifest *manifest, AdcpError *err);

/* Reads its first two members only; summary->is_there tells whether they are the summary. */
void adcp_manifest_read_summary(AdcpJsonReader *json, AdcpManifestSummary *summary, AdcpError *err);

/* Reads what stands in front of its blocks, as the summary vouches for it: false where it does not
** say anything of it (nothing is wrong then), or on error. */
bool adcp_manifest_read_front(AdcpJsonReader *json, AdcpManifest *manifest, AdcpError *err);

/* Does what the summary says of tables, rows and content agree with what was found? */
void adcp_manifest_check_summary(const AdcpManifestSummary *summary,
                                 const AdcpArchiveTotals *totals, AdcpError *err);

/* Leaves it zero-initialised. */
void adcp_manifest_free(AdcpManifest *manifest);

#endif
