/*
** end_line.h - the last line of a backup, which says where its manifest is and proves the file
** whole.
**
**   "backup_end":{"manifest_at":"00000000000000000410","manifest_crc32":"1b2c3d4e"}}\n
**
** 81 bytes, as plain text in every container. In a file that was unpacked manifest_at counts bytes
** that are no more: there the manifest's last member, which stands in front of this line, says where
** the manifest begins in the text:
**
**   ...,"text_at":"00000000000000001300"}},\n
*/
#ifndef ADCP_ARCHIVE_END_LINE_H
#define ADCP_ARCHIVE_END_LINE_H

#include <inttypes.h>
#include <stdbool.h>

#include "stream/block_read.h"

#define ADCP_MANIFEST_KEY   "backup_manifest"
#define ADCP_END_KEY        "backup_end"
#define ADCP_TEXT_AT_KEY    "text_at"
#define ADCP_END_LINE_BYTES 81

/* The end of a manifest, from the last member's comma to the line break, for printf with an int64_t. */
#define ADCP_TEXT_AT_FORMAT ",\"" ADCP_TEXT_AT_KEY "\":\"%020" PRId64 "\"},\n"

typedef struct AdcpEndLine {
  int64_t manifest_at;     /* file offset of the manifest's block */
  bool unpacked;           /* that is not what the line says: the file was packed when written */
  uint32_t manifest_crc32; /* of the text from there to this line */
  uint32_t crc32;          /* of the line itself and the white space behind it */
  size_t size_bytes;       /* of the same */
} AdcpEndLine;

void adcp_end_line_write(char line[ADCP_END_LINE_BYTES + 1], int64_t manifest_at, uint32_t crc32);

/* Finds it in the tail of a file; false where that has none as adcp writes it, or on error. */
bool adcp_end_line_find(AdcpBlockReader *blocks, AdcpEndLine *line, AdcpError *err);

/* A value of it, as text: true if it is one, with no more behind it. */
bool adcp_end_line_manifest_at(const char *text, int64_t *manifest_at); /* of text_at, too */
bool adcp_end_line_crc32(const char *text, uint32_t *crc32);

#endif
