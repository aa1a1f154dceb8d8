/*
** manifest.c - the table of contents of a backup (contract and layout in manifest.h).
*/
#include "archive/manifest.h"

#include <inttypes.h>
#include <string.h>

#include "archive/json_parts.h"
#include "archive/name.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/number.h"
#include "stream/compressor.h"

#define FLUSH_BYTES ((size_t)32 * 1024)

/* Makes room for one more element of `size` bytes. */
static bool make_room(void **array, size_t count, size_t *capacity, size_t size, AdcpError *err) {
  if( err->rc ) return false;
  if( count < *capacity ) return true;
  size_t larger = *capacity ? 2 * *capacity : 16, bytes;
  void *memory = NULL;
  if( !__builtin_mul_overflow(larger, size, &bytes) ) memory = adcp_realloc(*array, bytes);
  if( memory == NULL ) {
    adcp_error_nomem(err);
    return false;
  }
  *array = memory;
  *capacity = larger;
  return true;
}

AdcpArchiveTable *adcp_manifest_add_table(AdcpManifest *m, AdcpError *err) {
  size_t capacity = m->table_capacity;
  if( !make_room((void **)&m->names, m->table_count, &capacity, sizeof *m->names, err) )
    return NULL;
  capacity = m->table_capacity;
  if( !make_room((void **)&m->tables, m->table_count, &capacity, sizeof *m->tables, err) )
    return NULL;
  m->table_capacity = capacity;
  m->names[m->table_count] = NULL;
  AdcpArchiveTable *entry = &m->tables[m->table_count++];
  memset(entry, 0, sizeof *entry);
  return entry;
}

AdcpBlockEntry *adcp_manifest_add_block(AdcpManifest *m, AdcpError *err) {
  if( !make_room((void **)&m->blocks, m->block_count, &m->block_capacity, sizeof *m->blocks,
                 err) ) {
    return NULL;
  }
  AdcpBlockEntry *entry = &m->blocks[m->block_count++];
  memset(entry, 0, sizeof *entry);
  return entry;
}

AdcpArchiveMark *adcp_manifest_add_mark(AdcpManifest *m, AdcpArchiveTable *table, AdcpError *err) {
  if( !make_room((void **)&m->marks, m->mark_count, &m->mark_capacity, sizeof *m->marks, err) ) {
    return NULL;
  }
  if( table->mark_count++ == 0 ) table->first_mark = m->mark_count;
  AdcpArchiveMark *mark = &m->marks[m->mark_count++];
  memset(mark, 0, sizeof *mark);
  return mark;
}

void adcp_manifest_free(AdcpManifest *m) {
  for( size_t i = 0; i < m->mark_count; i++ ) adcp_free(m->marks[i].key);
  adcp_free(m->marks);
  for( size_t i = 0; i < m->table_count; i++ ) adcp_free(m->names[i]);
  adcp_free((void *)m->names);
  adcp_free(m->tables);
  adcp_free(m->blocks);
  memset(m, 0, sizeof *m);
}

/* ---- writing ---- */

static void write_mark(AdcpBuf *buf, const AdcpArchiveMark *mark) {
  adcp_buf_appendf(buf, ",[%" PRId64 ",%" PRId64 ",%" PRId64 ",", mark->position.block,
                   mark->position.offset, mark->row);
  if( mark->has_rowid ) {
    adcp_buf_appendf(buf, "%" PRId64 "]", mark->rowid);
  } else {
    adcp_buf_append_str(buf, mark->key ? mark->key : "null");
    adcp_buf_append_byte(buf, ']');
  }
}

static void write_entry(AdcpBuf *buf, const AdcpManifest *m, size_t i, AdcpBuf *spelling) {
  const AdcpArchiveTable *entry = &m->tables[i];
  adcp_buf_clear(spelling);
  adcp_name_encode(spelling, entry->table->name);
  if( spelling->oom ) buf->oom = true;
  adcp_buf_append_str(buf, "{\"name\":");
  adcp_json_quote(buf, spelling->data, spelling->size);
  adcp_buf_appendf(buf,
                   ",\"rows\":%" PRId64 ",\"bytes\":%" PRId64 ",\"block\":%" PRId64
                   ",\"offset\":%" PRId64 ",\"sha256\":\"%s\"",
                   entry->rows, entry->bytes, entry->position.block, entry->position.offset,
                   entry->sha256);
  adcp_buf_append_byte(buf, '}');
}

/* The summary's object and its CRC-32. */
static void write_summary(AdcpBuf *buf, const AdcpManifestSummary *summary) {
  const AdcpArchiveTotals *totals = &summary->totals;
  adcp_buf_append_str(buf, "\"summary\":");
  size_t start = buf->size;
  adcp_buf_appendf(buf,
                   "{\"tables\":%" PRId64 ",\"rows\":%" PRId64 ",\"bytes\":%" PRId64
                   ",\"content_sha256\":\"%s\",\"full_sha256\":\"%s\"",
                   totals->tables, totals->rows, totals->raw_bytes, totals->content_sha256,
                   totals->full_sha256);
  adcp_buf_appendf(buf,
                   ",\"metadata_crc32\":\"%08" PRIx32 "\",\"head_bytes\":%" PRId64
                   ",\"head_crc32\":\"%08" PRIx32 "\",\"tables_crc32\":\"%08" PRIx32 "\"}",
                   summary->metadata_crc32, summary->head_bytes, summary->head_crc32,
                   summary->tables_crc32);
  if( buf->oom ) return;
  uint32_t crc32 = adcp_crc32(0, buf->data + start, buf->size - start);
  adcp_buf_appendf(buf, ",\"summary_crc32\":\"%08" PRIx32 "\"", crc32);
}

/* Pieces of text on their way to a sink. */
typedef struct Out {
  AdcpBuf buf;
  AdcpTextSink sink;
  AdcpError *err; /* borrowed */
} Out;

static void flush(Out *out, size_t limit) {
  if( !adcp_buf_check(&out->buf, out->err) || out->err->rc || out->buf.size < limit ) return;
  out->sink.xWrite(out->sink.context, out->buf.data, out->buf.size, out->err);
  adcp_buf_clear(&out->buf);
}

/* The CRC-32 of the entries' texts. */
static uint32_t write_tables(Out *out, const AdcpManifest *m) {
  AdcpBuf spelling = {0};
  uint32_t crc32 = 0;
  adcp_buf_append_str(&out->buf, "\"tables\":[");
  for( size_t i = 0; i < m->table_count && out->err->rc == ADCP_OK; i++ ) {
    adcp_buf_append_str(&out->buf, i ? ",\n" : "\n");
    size_t start = out->buf.size;
    write_entry(&out->buf, m, i, &spelling);
    if( out->buf.oom ) break;
    crc32 = adcp_crc32(crc32, out->buf.data + start, out->buf.size - start);
    flush(out, FLUSH_BYTES);
  }
  adcp_buf_append_str(&out->buf, "\n]");
  adcp_buf_free(&spelling);
  return crc32;
}

static void write_blocks(Out *out, const AdcpManifest *m) {
  adcp_buf_append_str(&out->buf, ",\"blocks\":[");
  for( size_t i = 0; i < m->block_count && out->err->rc == ADCP_OK; i++ ) {
    const AdcpBlockEntry *block = &m->blocks[i];
    adcp_buf_appendf(&out->buf, "%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", i ? ",\n" : "\n",
                     block->size_bytes, block->raw_bytes, block->crc32);
    flush(out, FLUSH_BYTES);
  }
  adcp_buf_append_str(&out->buf, "\n]");
}

static void write_table_marks(Out *out, const AdcpManifest *m, size_t table) {
  const AdcpArchiveTable *entry = &m->tables[table];
  adcp_buf_appendf(&out->buf, "\n[%zu", table);
  for( size_t i = 0; i < entry->mark_count && out->err->rc == ADCP_OK; i++ ) {
    write_mark(&out->buf, &m->marks[entry->first_mark + i]);
    flush(out, FLUSH_BYTES);
  }
  adcp_buf_append_byte(&out->buf, ']');
}

static void write_marks(Out *out, const AdcpManifest *m) {
  bool any = false;
  adcp_buf_append_str(&out->buf, ",\"marks\":[");
  for( size_t i = 0; i < m->table_count && out->err->rc == ADCP_OK; i++ ) {
    if( m->tables[i].mark_count == 0 ) continue;
    if( any ) adcp_buf_append_byte(&out->buf, ',');
    write_table_marks(out, m, i);
    any = true;
  }
  adcp_buf_append_str(&out->buf, any ? "\n]" : "]");
}

/* The CRC-32 of the tables' entries. */
static uint32_t write_manifest(const AdcpManifest *m, AdcpTextSink sink, AdcpError *err) {
  Out out = {.sink = sink, .err = err};
  adcp_buf_append_str(&out.buf, "\"" ADCP_MANIFEST_KEY "\":{");
  write_summary(&out.buf, &m->summary);
  adcp_buf_appendf(&out.buf,
                   ",\n\"rows\":%" PRId64 ",\"bytes\":%" PRId64
                   ",\"content_sha256\":\"%s\",\"full_sha256\":\"%s\",",
                   m->rows, m->bytes, m->content_sha256, m->full_sha256);
  uint32_t crc32 = write_tables(&out, m);
  write_blocks(&out, m);
  write_marks(&out, m);
  adcp_buf_appendf(&out.buf, ADCP_TEXT_AT_FORMAT, m->bytes);
  flush(&out, 1);
  adcp_buf_free(&out.buf);
  return crc32;
}

void adcp_manifest_write(const AdcpManifest *m, AdcpTextSink sink, AdcpError *err) {
  write_manifest(m, sink, err);
}

static void count_text(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)bytes;
  (void)err;
  *(int64_t *)context += (int64_t)n;
}

static int64_t digit_count(int64_t value) {
  int64_t digits = 1;
  for( ; value > 9; value /= 10 ) digits++;
  return digits;
}

/* The document's size is part of the document: its digits are left out and then added. */
void adcp_manifest_summarize(AdcpManifest *m, AdcpError *err) {
  AdcpArchiveTotals *totals = &m->summary.totals;
  int64_t others = m->bytes + ADCP_END_LINE_BYTES - 1;
  memset(totals, 0, sizeof *totals);
  adcp_archive_count(totals, m->tables, m->table_count);
  memcpy(totals->content_sha256, m->content_sha256, sizeof totals->content_sha256);
  memcpy(totals->full_sha256, m->full_sha256, sizeof totals->full_sha256);
  m->summary.tables_crc32 = write_manifest(m, (AdcpTextSink){&others, count_text}, err);
  int64_t size = others + 1;
  while( others + digit_count(size) != size ) size = others + digit_count(size);
  totals->raw_bytes = size;
}

/* ---- reading ---- */

static void take_sha256(AdcpJsonReader *json, const char *what, char hex[ADCP_SHA256_HEX + 1],
                        AdcpError *err) {
  char *text = NULL;
  adcp_json_take_text(json, what, ADCP_REQUIRED, &text, err);
  if( text && strlen(text) == ADCP_SHA256_HEX ) {
    memcpy(hex, text, ADCP_SHA256_HEX + 1);
  } else {
    adcp_error_set(err, ADCP_CORRUPT, "\"%s\" has not %d digits", what, ADCP_SHA256_HEX);
  }
  adcp_free(text);
}

/* The key of a mark, and the end of its array. */
static void read_mark_key(AdcpJsonReader *json, AdcpArchiveMark *mark, AdcpError *err) {
  AdcpBuf key = {0};
  AdcpJsonToken token;
  adcp_json_capture(json, &key);
  const char *text = adcp_buf_text(&key);
  if( !adcp_buf_check(&key, err) || err->rc ) {
    /* nothing was read */
  } else if( text[0] == '[' ) {
    mark->key = adcp_buf_take(&key);
  } else if( text[0] != 'n' ) {
    AdcpNumber number = adcp_number_parse(key.data, key.size);
    mark->has_rowid = number.kind == ADCP_NUMBER_INTEGER;
    mark->rowid = number.integer;
  }
  adcp_buf_free(&key);
  /* A later version may say more of a mark. */
  while( err->rc == ADCP_OK && (token = adcp_json_next(json)) != ADCP_JSON_END_ARRAY ) {
    if( token != ADCP_JSON_NUMBER && token != ADCP_JSON_STRING && token != ADCP_JSON_NULL ) {
      adcp_error_set(err, ADCP_CORRUPT, "\"marks\" has a mark that is none");
    }
  }
}

/* One table's marks, its number in front. */
static void read_table_marks(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  int64_t number = adcp_json_take_integer(json, "marks", err);
  if( err->rc ) return;
  if( number < 0 || (uint64_t)number >= m->table_count || m->tables[number].mark_count ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "\"marks\" has table %" PRId64 ", which is none or stands twice", number);
    return;
  }
  while( adcp_json_element(json, ADCP_JSON_BEGIN_ARRAY, "marks", err) ) {
    AdcpArchiveMark *mark = adcp_manifest_add_mark(m, &m->tables[number], err);
    if( mark == NULL ) return;
    mark->position.block = adcp_json_take_integer(json, "marks", err);
    mark->position.offset = adcp_json_take_integer(json, "marks", err);
    mark->row = adcp_json_take_integer(json, "marks", err);
    read_mark_key(json, mark, err);
  }
}

/* They name tables by their numbers: a tool that sorted the keys put them in front of the tables,
** and they mean nothing any more. */
static void read_marks(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  if( m->table_count == 0 ) {
    adcp_json_skip(json);
    return;
  }
  adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, "marks", err);
  while( adcp_json_element(json, ADCP_JSON_BEGIN_ARRAY, "marks", err) ) {
    read_table_marks(json, m, err);
  }
}

static void read_entry(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  static const char *const KNOWN[] = {"name", "rows", "bytes", "block", "offset", "sha256", NULL};
  int member;
  AdcpArchiveTable *entry = adcp_manifest_add_table(m, err);
  if( entry == NULL ) return;
  char **name = &m->names[m->table_count - 1];
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "tables", err);
  while( (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    switch( member ) {
    case 0: adcp_json_take_name(json, "name", ADCP_REQUIRED, name, err); break;
    case 1: entry->rows = adcp_json_take_integer(json, "rows", err); break;
    case 2: entry->bytes = adcp_json_take_integer(json, "bytes", err); break;
    case 3: entry->position.block = adcp_json_take_integer(json, "block", err); break;
    case 4: entry->position.offset = adcp_json_take_integer(json, "offset", err); break;
    case 5: take_sha256(json, "sha256", entry->sha256, err); break;
    }
  }
  if( *name == NULL || entry->sha256[0] == 0 || entry->rows < 0 || entry->bytes < entry->rows ) {
    adcp_error_set(err, ADCP_CORRUPT, "entry %zu of the manifest is incomplete", m->table_count);
  }
}

/* Each entry is taken as text for the CRC-32, and then read. */
static void read_tables(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  AdcpBuf text = {0};
  AdcpMemoryText memory = {0};
  AdcpJsonReader *entry = adcp_json_reader_open(adcp_memory_input(&memory), err);
  adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, "tables", err);
  while( err->rc == ADCP_OK && adcp_json_raw_begin(json) ) {
    adcp_buf_clear(&text);
    adcp_json_capture(json, &text);
    if( err->rc ) break;
    m->tables_crc32 = adcp_crc32(m->tables_crc32, text.data, text.size);
    memory = (AdcpMemoryText){text.data, text.size};
    adcp_json_reader_restart(entry, 0, ADCP_JSON_END);
    read_entry(entry, m, err);
  }
  adcp_json_reader_close(entry);
  adcp_buf_free(&text);
}

/* One of the three numbers of a block. */
static uint32_t take_uint32(AdcpJsonReader *json, AdcpError *err) {
  int64_t value = adcp_json_take_integer(json, "blocks", err);
  if( value >= 0 && value <= UINT32_MAX ) return (uint32_t)value;
  adcp_error_set(err, ADCP_CORRUPT, "\"blocks\" has a number out of range");
  return 0;
}

static void read_block(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  AdcpBlockEntry *block = adcp_manifest_add_block(m, err);
  if( block == NULL ) return;
  block->size_bytes = take_uint32(json, err);
  block->raw_bytes = take_uint32(json, err);
  block->crc32 = take_uint32(json, err);
  adcp_json_expect(json, ADCP_JSON_END_ARRAY, "blocks", err);
  bool good = block->raw_bytes > 0 && block->raw_bytes <= ADCP_MAX_BLOCK_BYTES &&
              block->size_bytes > 0 && block->size_bytes <= 2 * ADCP_MAX_BLOCK_BYTES;
  if( !good )
    adcp_error_set(err, ADCP_CORRUPT, "block %zu of the manifest has a bad size", m->block_count);
}

static void read_blocks(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, "blocks", err);
  while( adcp_json_element(json, ADCP_JSON_BEGIN_ARRAY, "blocks", err) ) read_block(json, m, err);
}

/* Rows stand in the order of their rowids; who looks for one goes by that. */
static bool is_in_order(const AdcpArchiveMark *before, const AdcpArchiveMark *mark) {
  return !before || !before->has_rowid || !mark->has_rowid || before->rowid < mark->rowid;
}

/* Are a table's marks places in blocks, one after the other? Whether its rows are there is seen
** when they are read. */
static bool marks_are_sound(const AdcpManifest *m, const AdcpArchiveTable *table) {
  int64_t block = -1, row = 1;
  for( size_t i = 0; i < table->mark_count; i++ ) {
    const AdcpArchiveMark *mark = &m->marks[table->first_mark + i];
    if( mark->position.block <= block || (uint64_t)mark->position.block >= m->block_count ||
        mark->position.offset < 0 ||
        mark->position.offset >= m->blocks[mark->position.block].raw_bytes || mark->row <= row ||
        mark->row > table->rows || !is_in_order(i ? mark - 1 : NULL, mark) ) {
      return false;
    }
    block = mark->position.block;
    row = mark->row;
  }
  return true;
}

/* Do the places stand in blocks, and make these the text? */
static bool places_are_sound(const AdcpManifest *m) {
  int64_t raw = 0;
  bool good = true;
  for( size_t i = 0; i < m->block_count; i++ ) raw += m->blocks[i].raw_bytes;
  for( size_t i = 0; i < m->table_count && good; i++ ) {
    const AdcpBlockPosition *place = &m->tables[i].position;
    good = place->block >= 0 && (uint64_t)place->block < m->block_count && place->offset >= 0 &&
           place->offset < m->blocks[place->block].raw_bytes && marks_are_sound(m, &m->tables[i]);
  }
  return good && raw == m->bytes;
}

/* Do the tables agree with the sums? */
static void check_sums(const AdcpManifest *m, AdcpError *err) {
  if( err->rc ) return;
  int64_t rows = 0;
  bool good = true;
  for( size_t i = 0; i < m->table_count && good; i++ ) {
    good = !__builtin_add_overflow(rows, m->tables[i].rows, &rows);
  }
  if( !good || rows != m->rows ) {
    adcp_error_set(err, ADCP_CORRUPT, "the manifest contradicts itself");
  } else if( m->content_sha256[0] == 0 || m->full_sha256[0] == 0 ) {
    adcp_error_set(err, ADCP_CORRUPT, "the manifest has no content_sha256 or full_sha256");
  }
}

static uint32_t take_crc32(AdcpJsonReader *json, const char *what, AdcpError *err) {
  char *text = NULL;
  uint32_t crc32 = 0;
  adcp_json_take_text(json, what, ADCP_REQUIRED, &text, err);
  if( text == NULL || !adcp_end_line_crc32(text, &crc32) ) {
    adcp_error_set(err, ADCP_CORRUPT, "\"%s\" is no CRC-32", what);
  }
  adcp_free(text);
  return crc32;
}

/* Those behind the first five came later, all together. */
enum { FIRST_MEMBERS = 5, SUMMARY_MEMBERS = 9 };

static void read_summary_parts(AdcpJsonReader *json, AdcpManifestSummary *summary, AdcpError *err) {
  static const char *const KNOWN[SUMMARY_MEMBERS + 1] = {
      "tables",      "rows",       "bytes",      "content_sha256", "metadata_crc32",
      "full_sha256", "head_bytes", "head_crc32", "tables_crc32"};
  AdcpArchiveTotals *totals = &summary->totals;
  unsigned met = 0, first = (1u << FIRST_MEMBERS) - 1, all = (1u << SUMMARY_MEMBERS) - 1;
  int member;
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "summary", err);
  while( (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    met |= 1u << member;
    switch( member ) {
    case 0: totals->tables = adcp_json_take_integer(json, "tables", err); break;
    case 1: totals->rows = adcp_json_take_integer(json, "rows", err); break;
    case 2: totals->raw_bytes = adcp_json_take_integer(json, "bytes", err); break;
    case 3: take_sha256(json, "content_sha256", totals->content_sha256, err); break;
    case 4: summary->metadata_crc32 = take_crc32(json, "metadata_crc32", err); break;
    case 5: take_sha256(json, "full_sha256", totals->full_sha256, err); break;
    case 6: summary->head_bytes = adcp_json_take_integer(json, "head_bytes", err); break;
    case 7: summary->head_crc32 = take_crc32(json, "head_crc32", err); break;
    case 8: summary->tables_crc32 = take_crc32(json, "tables_crc32", err); break;
    }
  }
  summary->has_head = met == all;
  if( met != first && met != all ) {
    adcp_error_set(err, ADCP_CORRUPT, "the manifest's summary is incomplete");
  }
}

/* Keeps the CRC-32 of its text in *crc32. */
static void read_summary(AdcpJsonReader *json, AdcpManifestSummary *summary, uint32_t *crc32,
                         AdcpError *err) {
  AdcpBuf text = {0};
  adcp_json_capture(json, &text);
  AdcpMemoryText memory = {text.data, text.size};
  AdcpJsonReader *parts = err->rc ? NULL : adcp_json_reader_open(adcp_memory_input(&memory), err);
  if( parts ) read_summary_parts(parts, summary, err);
  if( err->rc == ADCP_OK ) *crc32 = adcp_crc32(0, text.data, text.size);
  summary->is_there = err->rc == ADCP_OK;
  adcp_json_reader_close(parts);
  adcp_buf_free(&text);
}

/* A key that the caller took and named by its place in SUMMARY_KEYS. */
#define SUMMARY_KEYS "summary", "summary_crc32"
static void read_summary_member(AdcpJsonReader *json, int member, AdcpManifestSummary *summary,
                                uint32_t *crc32, AdcpError *err) {
  if( member == 0 ) {
    read_summary(json, summary, crc32, err);
  } else {
    summary->has_crc = take_crc32(json, "summary_crc32", err) == *crc32 && summary->is_there;
  }
}

void adcp_manifest_read_summary(AdcpJsonReader *json, AdcpManifestSummary *summary,
                                AdcpError *err) {
  static const char *const KNOWN[] = {SUMMARY_KEYS, NULL};
  uint32_t crc32 = 0;
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, ADCP_MANIFEST_KEY, err);
  for( int i = 0; i < 2 && err->rc == ADCP_OK; i++ ) {
    bool next =
        adcp_json_next(json) == ADCP_JSON_KEY && strcmp(adcp_json_text(json, NULL), KNOWN[i]) == 0;
    if( !next ) {
      summary->is_there = false;
      return;
    }
    read_summary_member(json, i, summary, &crc32, err);
  }
}

/* The members that stand in front of the blocks, by their places in FRONT_KEYS. */
#define FRONT_KEYS "rows", "bytes", "content_sha256", "full_sha256", "tables"
enum { FRONT_TABLES = 4 };

static void read_front_member(AdcpJsonReader *json, int member, AdcpManifest *m, AdcpError *err) {
  switch( member ) {
  case 0: m->rows = adcp_json_take_integer(json, "rows", err); break;
  case 1: m->bytes = adcp_json_take_integer(json, "bytes", err); break;
  case 2: take_sha256(json, "content_sha256", m->content_sha256, err); break;
  case 3: take_sha256(json, "full_sha256", m->full_sha256, err); break;
  case FRONT_TABLES: read_tables(json, m, err); break;
  }
}

bool adcp_manifest_read_front(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  static const char *const KNOWN[] = {FRONT_KEYS, NULL};
  int member;
  adcp_manifest_read_summary(json, &m->summary, err);
  if( err->rc || !m->summary.is_there || !m->summary.has_head ) return false;
  do {
    member = adcp_json_member(json, KNOWN, err);
    read_front_member(json, member, m, err);
  } while( member >= 0 && member != FRONT_TABLES );
  check_sums(m, err);
  return err->rc == ADCP_OK;
}

static int64_t take_text_at(AdcpJsonReader *json, AdcpError *err) {
  char *text = NULL;
  int64_t at = -1;
  adcp_json_take_text(json, ADCP_TEXT_AT_KEY, ADCP_REQUIRED, &text, err);
  if( text == NULL || !adcp_end_line_manifest_at(text, &at) ) {
    adcp_error_set(err, ADCP_CORRUPT, "\"" ADCP_TEXT_AT_KEY "\" has not 20 digits");
  }
  adcp_free(text);
  return at;
}

void adcp_manifest_read(AdcpJsonReader *json, AdcpManifest *m, AdcpError *err) {
  static const char *const KNOWN[] = {SUMMARY_KEYS,     "blocks",   "marks",
                                      ADCP_TEXT_AT_KEY, FRONT_KEYS, NULL};
  enum { BLOCKS = 2, MARKS, TEXT_AT, FRONT };
  uint32_t crc32 = 0;
  int64_t text_at = -1;
  int member;
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, ADCP_MANIFEST_KEY, err);
  while( (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    if( member == BLOCKS ) {
      read_blocks(json, m, err);
    } else if( member == MARKS ) {
      read_marks(json, m, err);
    } else if( member == TEXT_AT ) {
      text_at = take_text_at(json, err);
    } else if( member >= FRONT ) {
      read_front_member(json, member - FRONT, m, err);
    } else {
      read_summary_member(json, member, &m->summary, &crc32, err);
    }
  }
  check_sums(m, err);
  if( err->rc == ADCP_OK && (!places_are_sound(m) || (text_at >= 0 && text_at != m->bytes)) ) {
    adcp_error_set(err, ADCP_CORRUPT, "the manifest contradicts itself");
  }
}

void adcp_manifest_check_summary(const AdcpManifestSummary *summary,
                                 const AdcpArchiveTotals *totals, AdcpError *err) {
  const AdcpArchiveTotals *said = &summary->totals;
  if( err->rc || !summary->is_there ) return;
  bool same = strcmp(said->content_sha256, totals->content_sha256) == 0 &&
              (!summary->has_head || strcmp(said->full_sha256, totals->full_sha256) == 0);
  if( same && said->tables == totals->tables && said->rows == totals->rows ) return;
  adcp_error_set(err, ADCP_CORRUPT,
                 "damaged: the manifest's summary says %" PRId64 " tables and %" PRId64
                 " rows, the manifest %" PRId64 " and %" PRId64 "%s",
                 said->tables, said->rows, totals->tables, totals->rows,
                 same ? "" : ", with other content");
}
