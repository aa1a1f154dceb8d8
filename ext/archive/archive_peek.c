/*
** archive_peek.c - what is told of a backup by its two ends, in time that does not depend on its
** size.
**
** A list reads three places of a file: its tail with the end line, the first text of the manifest
** with the summary, and the first text of the document, which is backup_metadata. Both have a CRC-32
** in the summary, so that nothing is shown that was not written. Who asks for a backup's contents
** gets the manifest up to its tables, and the head: both have their CRC-32 in the summary, too. The
** blocks and marks, which grow with the rows, are for those who read rows.
*/
#include <string.h>

#include "archive/archive_reader.h"
#include "base/limits.h"
#include "archive/json_parts.h"
#include "stream/compressor.h"

/* backup_metadata has about 700 bytes, a summary 200: no more text than that is to be inflated. */
#define PIECE_BYTES 1024

/* The same where the manifest's tables are wanted: two dozen of them. */
#define FRONT_BYTES 4096

bool adcp_archive_go_to_manifest(AdcpArchiveReader *r) {
  AdcpError *err = r->err;
  AdcpEndLine end;
  if( !adcp_end_line_find(r->blocks, &end, err) ) return false;
  adcp_block_reader_seek_file(r->blocks, end.manifest_at, err);
  if( err->rc ) return false;
  adcp_archive_restart(r, ADCP_JSON_BEGIN_OBJECT);
  int64_t start = adcp_json_offset(r->json);
  return adcp_json_next(r->json) == ADCP_JSON_KEY && adcp_json_token_offset(r->json) == start &&
         strcmp(adcp_json_text(r->json, NULL), ADCP_MANIFEST_KEY) == 0;
}

/* False where there is no summary. */
static bool read_summary(AdcpArchiveReader *r, AdcpManifestSummary *summary) {
  bool found = adcp_archive_go_to_manifest(r);
  r->input.budget = ADCP_PEEK_TEXT_BYTES;
  if( found ) adcp_manifest_read_summary(r->json, summary, r->err);
  return found && r->err->rc == ADCP_OK && summary->is_there;
}

/* What stands there may be anything, where another tool rewrote the file. */
static void forgive(AdcpError *err) {
  if( err->rc == ADCP_CORRUPT || err->rc == ADCP_TOOBIG ) adcp_error_clear(err);
}

/* Goes to the document's first member; no more than a list may read is read from there. */
static void begin_document(AdcpArchiveReader *r) {
  AdcpError *err = r->err;
  adcp_block_reader_rewind(r->blocks, err);
  if( err->rc == ADCP_OK ) adcp_archive_restart(r, ADCP_JSON_END);
  r->input.budget = ADCP_PEEK_TEXT_BYTES;
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "the document", err);
}

/* Takes the first member of the document, if it is backup_metadata. */
static bool read_first_member(AdcpArchiveReader *r) {
  AdcpError *err = r->err;
  begin_document(r);
  bool found = err->rc == ADCP_OK && adcp_json_next(r->json) == ADCP_JSON_KEY &&
               strcmp(adcp_json_text(r->json, NULL), "backup_metadata") == 0;
  if( found ) adcp_archive_read_metadata(r);
  return found;
}

static void fill_head(AdcpArchiveReader *r, const AdcpManifestSummary *summary) {
  r->head.totals = summary->totals;
  r->head.totals.file_bytes = adcp_infile_size(r->file);
}

bool adcp_archive_peek(AdcpArchiveReader *r) {
  AdcpManifestSummary summary = {0};
  AdcpError *err = r->err;
  r->input.piece = PIECE_BYTES;
  bool found = read_summary(r, &summary);
  if( !found ) {
    forgive(err);
  } else if( !summary.has_crc ) {
    adcp_error_set(err, ADCP_CORRUPT, "damaged: the manifest's summary has not its CRC-32");
  } else if( !read_first_member(r) ) {
    adcp_error_set(err, ADCP_CORRUPT, "it does not begin with backup_metadata");
    adcp_error_prepend(err, "damaged: ");
  } else if( err->rc == ADCP_OK &&
             adcp_crc32(0, r->head.metadata, strlen(r->head.metadata)) != summary.metadata_crc32 ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "damaged: backup_metadata has not the CRC-32 that the manifest says");
  }
  if( found && err->rc == ADCP_OK ) fill_head(r, &summary);
  r->input.piece = 0;
  return found;
}

bool adcp_archive_peek_front(AdcpArchiveReader *r) {
  AdcpManifest *m = &r->manifest;
  r->input.piece = FRONT_BYTES;
  bool found = adcp_archive_go_to_manifest(r);
  r->input.budget = ADCP_MAX_MANIFEST_BYTES;
  found = found && adcp_manifest_read_front(r->json, m, r->err);
  r->input.piece = 0;
  if( !found ) {
    forgive(r->err);
    adcp_manifest_free(m);
  } else if( !m->summary.has_crc || m->tables_crc32 != m->summary.tables_crc32 ) {
    adcp_error_set(r->err, ADCP_CORRUPT, "damaged: the manifest has not its CRC-32");
  }
  return found;
}

void adcp_archive_peek_start(AdcpArchiveReader *r) {
  static const char *const KNOWN[] = {"backup_metadata", NULL};
  AdcpError *err = r->err;
  begin_document(r);
  bool found = err->rc == ADCP_OK && adcp_json_member(r->json, KNOWN, err) == 0;
  if( found ) {
    adcp_archive_read_metadata(r);
    r->head.unsettled = !r->head.is_legacy;
  } else if( err->rc == ADCP_OK || err->rc == ADCP_CORRUPT || err->rc == ADCP_TOOBIG ) {
    adcp_error_clear(err);
    adcp_error_set(err, ADCP_NOTADB, "not a backup: it does not begin with backup_metadata");
  }
}
