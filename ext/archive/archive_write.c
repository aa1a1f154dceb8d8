/*
** archive_write.c - writes a backup (contract in archive_write.h, layout in docs/FORMAT.md).
**
** Everything is text that is appended to the block writer. A row's text goes to the table's digest
** on the way. What is kept until the end is one entry a table, for the manifest.
*/
#include "archive/archive_write.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "archive/manifest.h"
#include "archive/mark.h"
#include "archive/name.h"
#include "archive/row_digest.h"
#include "archive/row_write.h"
#include "archive/schema_json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "stream/compressor.h"

struct AdcpArchiveWriter {
  AdcpError *err; /* borrowed */
  AdcpOutFile *file;
  AdcpBlockWriter *blocks;
  const AdcpSchema *schema; /* borrowed */
  AdcpManifest manifest;
  AdcpRowDigest *digest; /* of the current table */
  AdcpRowWriter *row;    /* of the current table; NULL between tables */
  AdcpArchiveTable *now; /* entry of the current table; points into manifest */
  AdcpBuf text;          /* small pieces being put together */
  size_t sections;       /* top-level members so far */
  bool in_tables;        /* the head is written */
};

AdcpArchiveWriter *adcp_archive_writer_open(const AdcpRoot *root, const char *path,
                                            AdcpOutMode mode, const AdcpBlockWriterOptions *options,
                                            AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpArchiveWriter *w = adcp_calloc(1, sizeof *w);
  if( w == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  w->err = err;
  w->digest = adcp_row_digest_open_threaded(options->threads > 0, err);
  w->file = adcp_outfile_open(root, path, mode, options->checkpoint, err);
  w->blocks = adcp_block_writer_open(w->file, options, err);
  if( err->rc == ADCP_OK ) return w;
  adcp_archive_writer_close(w);
  return NULL;
}

void adcp_archive_writer_close(AdcpArchiveWriter *w) {
  if( w == NULL ) return;
  adcp_block_writer_close(w->blocks);
  adcp_outfile_close(w->file);
  adcp_row_writer_close(w->row);
  adcp_row_digest_close(w->digest);
  adcp_manifest_free(&w->manifest);
  adcp_buf_free(&w->text);
  adcp_free(w);
}

static const AdcpObject *longest_object(const AdcpSchema *schema) {
  const AdcpObject *longest = NULL;
  for( size_t i = 0; schema && i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    size_t most = longest ? strlen(longest->sql) : 0;
    if( object->sql && strlen(object->sql) > most ) longest = object;
  }
  return longest;
}

/* A file that no restore would read is not written. */
static void check_head(AdcpArchiveWriter *w) {
  if( w->err->rc || adcp_block_writer_raw_bytes(w->blocks) <= ADCP_MAX_WRITTEN_HEAD_BYTES ) return;
  adcp_error_set(
      w->err, ADCP_TOOBIG,
      "the schema and the settings would take more than %" PRId64
      " bytes in front of the rows, and no restore reads more; leave tables or views out "
      "with exclude_tables, or give fewer settings",
      ADCP_MAX_WRITTEN_HEAD_BYTES);
  const AdcpObject *longest = longest_object(w->schema);
  if( longest ) {
    adcp_error_append(w->err, "; the longest definition is that of %s \"%s\", with %zu bytes",
                      adcp_object_type_name(longest->type), longest->name, strlen(longest->sql));
  }
}

static void append(AdcpArchiveWriter *w, const void *bytes, size_t n) {
  AdcpManifestSummary *summary = &w->manifest.summary;
  if( !w->in_tables ) summary->head_crc32 = adcp_crc32(summary->head_crc32, bytes, n);
  adcp_block_writer_append(w->blocks, bytes, n, w->err);
  if( !w->in_tables ) check_head(w);
}

static void append_str(AdcpArchiveWriter *w, const char *text) {
  append(w, text, strlen(text));
}

/* Hands over what was put together in w->text. */
static void append_text(AdcpArchiveWriter *w) {
  if( adcp_buf_check(&w->text, w->err) ) append(w, w->text.data, w->text.size);
  adcp_buf_clear(&w->text);
}

static void write_document(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  append(context, bytes, n);
}

static AdcpTextSink document_sink(AdcpArchiveWriter *w) {
  return (AdcpTextSink){w, write_document};
}

/* ---- the head ---- */

/* The key of a top-level member; the first one opens the document. */
static void begin_section(AdcpArchiveWriter *w, const char *name) {
  assert(w->now == NULL);
  assert(w->sections > 0 || strcmp(name, "backup_metadata") == 0);
  adcp_buf_append_str(&w->text, w->sections++ ? ",\n" : "{");
  adcp_json_quote(&w->text, (const uint8_t *)name, strlen(name));
  adcp_buf_append_byte(&w->text, ':');
  append_text(w);
}

void adcp_archive_write_section(AdcpArchiveWriter *w, const char *name, const char *json,
                                size_t n) {
  if( w->err->rc ) return;
  if( w->sections == 0 ) w->manifest.summary.metadata_crc32 = adcp_crc32(0, json, n);
  begin_section(w, name);
  append(w, json, n);
}

void adcp_archive_write_schema(AdcpArchiveWriter *w, const AdcpSchema *schema) {
  if( w->err->rc ) return;
  w->schema = schema;
  begin_section(w, "database_schema");
  adcp_schema_json_write(schema, document_sink(w), w->err);
  begin_section(w, "fts_tables");
  adcp_fts_json_write(schema, document_sink(w), w->err);
}

/* ---- rows ---- */

void adcp_archive_begin_tables(AdcpArchiveWriter *w) {
  if( w->err->rc ) return;
  assert(w->now == NULL && w->sections > 0);
  append_str(w, ",\n");
  w->in_tables = true;
  w->manifest.summary.head_bytes = adcp_block_writer_raw_bytes(w->blocks);
  append_str(w, "\"tables\":{");
}

void adcp_archive_begin_table(AdcpArchiveWriter *w, const AdcpTable *table) {
  if( w->err->rc ) return;
  assert(w->now == NULL && w->schema != NULL && table->kind != ADCP_TABLE_VIRTUAL);
  append_str(w, w->manifest.table_count ? ",\n" : "\n");
  if( adcp_block_writer_position(w->blocks).offset >= ADCP_OWN_BLOCK_BYTES ) {
    adcp_block_writer_cut(w->blocks, w->err);
  }
  AdcpBuf spelling = {0};
  adcp_name_encode(&spelling, table->name);
  if( adcp_buf_check(&spelling, w->err) ) adcp_json_quote(&w->text, spelling.data, spelling.size);
  adcp_buf_free(&spelling);
  adcp_buf_append_str(&w->text, ":[\n");
  append_text(w);
  w->row = adcp_row_writer_open(table, w->err);
  w->now = adcp_manifest_add_table(&w->manifest, w->err);
  if( w->now == NULL ) return;
  w->now->table = table;
  w->now->position = adcp_block_writer_position(w->blocks);
  adcp_row_digest_reset(w->digest);
}

/* Row text: into the document and the table's digest. */
static void write_row_text(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  AdcpArchiveWriter *w = context;
  append(w, bytes, n);
  adcp_row_digest_add(w->digest, bytes, n);
}

/* Marks the row that comes next if it is the first to begin in its block, and the block not the
** table's first. */
static void mark_row(AdcpArchiveWriter *w, const AdcpValue *values) {
  AdcpManifest *m = &w->manifest;
  AdcpArchiveTable *now = w->now;
  AdcpBlockPosition place = adcp_block_writer_position(w->blocks);
  int64_t block =
      now->mark_count ? m->marks[m->mark_count - 1].position.block : now->position.block;
  if( place.block == block ) return;
  AdcpArchiveMark *mark = adcp_manifest_add_mark(m, now, w->err);
  if( mark == NULL ) return;
  mark->position = place;
  mark->row = now->rows;
  adcp_mark_set_key(mark, now->table, values, w->err);
}

/* Nor is a row: it is looked at before any of it is written. */
static void check_row(AdcpArchiveWriter *w, const AdcpValue *values) {
  const AdcpTable *table = w->now->table;
  size_t count = adcp_table_value_count(table), bytes = 0;
  for( size_t i = 0; i < count; i++ ) bytes += values[i].type >= ADCP_TEXT ? values[i].size : 0;
  if( adcp_row_size_most(w->row, bytes) <= ADCP_MAX_ROW_BYTES ) return;
  int64_t size = adcp_row_size(w->row, values);
  if( size <= ADCP_MAX_ROW_BYTES ) return;
  char rowid[40] = "";
  int place = adcp_table_rowid_place(table);
  if( place >= 0 && values[place].type == ADCP_INTEGER )
    snprintf(rowid, sizeof rowid, " (rowid %" PRId64 ")", values[place].integer);
  adcp_error_set(w->err, ADCP_TOOBIG,
                 "row %" PRId64 "%s: its values would take %" PRId64
                 " bytes of JSON, and no restore reads a row of more than %" PRId64
                 "; shorten them, or leave its rows out with {\"exclude_data\":[\"%s\"]}",
                 w->now->rows + 1, rowid, size, ADCP_MAX_ROW_BYTES,
                 table->shadow_of ? table->shadow_of : table->name);
}

void adcp_archive_write_row(AdcpArchiveWriter *w, const AdcpValue *values) {
  if( w->err->rc ) return;
  check_row(w, values);
  if( w->err->rc ) return;
  if( w->now->rows++ ) append(w, ",\n", 2);
  mark_row(w, values);
  AdcpTextSink sink = {w, write_row_text};
  adcp_row_write(w->row, values, sink, w->err);
  adcp_row_digest_end_row(w->digest);
}

void adcp_archive_end_table(AdcpArchiveWriter *w) {
  if( w->err->rc ) return;
  assert(w->now != NULL);
  append_str(w, w->now->rows ? "\n]" : "]");
  w->now->bytes = adcp_row_digest_bytes(w->digest);
  adcp_row_digest_hex(w->digest, w->now->sha256);
  w->manifest.rows += w->now->rows;
  w->now = NULL;
  adcp_row_writer_close(w->row);
  w->row = NULL;
}

/* ---- the end ---- */

/* Copies the index of the blocks so far: the manifest is appended while it is written out. */
static void copy_index(AdcpArchiveWriter *w) {
  size_t count;
  const AdcpBlockEntry *index = adcp_block_writer_index(w->blocks, &count);
  for( size_t i = 0; i < count; i++ ) {
    AdcpBlockEntry *entry = adcp_manifest_add_block(&w->manifest, w->err);
    if( entry == NULL ) return;
    *entry = index[i];
  }
}

void adcp_archive_finish(AdcpArchiveWriter *w, AdcpArchiveTotals *totals) {
  if( w->err->rc ) return;
  assert(w->now == NULL && w->schema != NULL);
  AdcpManifest *m = &w->manifest;
  append_str(w, "},\n");
  adcp_block_writer_drain(w->blocks, w->err);
  if( w->err->rc ) return;
  int64_t manifest_at = adcp_outfile_position(w->file);
  m->bytes = adcp_block_writer_raw_bytes(w->blocks);
  copy_index(w);
  adcp_archive_digests(w->schema, m->tables, m->table_count, m->content_sha256, m->full_sha256,
                       w->err);
  adcp_manifest_summarize(m, w->err);
  adcp_manifest_write(m, document_sink(w), w->err);
  adcp_block_writer_drain(w->blocks, w->err);
  if( w->err->rc ) return;
  char line[ADCP_END_LINE_BYTES + 1];
  uint32_t crc32 = adcp_block_writer_crc32(w->blocks, m->block_count);
  adcp_end_line_write(line, manifest_at, crc32);
  assert(adcp_block_writer_raw_bytes(w->blocks) + ADCP_END_LINE_BYTES ==
         m->summary.totals.raw_bytes);
  adcp_block_writer_end(w->blocks, line, ADCP_END_LINE_BYTES, w->err);
  if( totals == NULL || w->err->rc ) return;
  *totals = m->summary.totals;
  totals->file_bytes = adcp_outfile_position(w->file);
  memcpy(totals->full_sha256, m->full_sha256, sizeof totals->full_sha256);
}

void adcp_archive_commit(AdcpArchiveWriter *w) {
  if( w->err->rc ) return;
  adcp_outfile_commit(w->file, w->err);
}

bool adcp_archive_writer_is_published(const AdcpArchiveWriter *w) {
  return adcp_outfile_is_published(w->file);
}

void adcp_archive_writer_take_place(AdcpArchiveWriter *w, AdcpPlace *place) {
  adcp_outfile_take_place(w->file, place);
}

const char *adcp_archive_writer_path(const AdcpArchiveWriter *w) {
  return adcp_outfile_path(w->file);
}

int64_t adcp_archive_writer_raw_bytes(const AdcpArchiveWriter *w) {
  return adcp_block_writer_raw_bytes(w->blocks);
}
