/*
** archive_open.c - opens a backup: finds its manifest and reads its head (contract in
** archive_read.h).
**
** The quick way: the tail of the file holds the end line, which says where the manifest begins and
** what its CRC-32 is; the manifest holds the index of the blocks; the head is read by blocks, so
** its CRC is checked too. An end line is believed only if all of that fits.
**
** The slow way, for files that another tool rewrote or that are damaged at their end: the document
** is read once from start to end, sections are kept, rows passed over. Keys may come in any order.
** The rows are then read in a second pass.
*/
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "archive/archive_reader.h"
#include "archive/json_parts.h"
#include "archive/legacy_read.h"
#include "archive/name.h"
#include "archive/schema_json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "platform/work_queue.h"
#include "stream/compressor.h"

/* The top-level members that the reader itself needs. */
enum { METADATA, SCHEMA, TABLES, MANIFEST, END_LINE, MEMBERS };
static const char *const MEMBER_NAMES[MEMBERS] = {"backup_metadata", "database_schema", "tables",
                                                  ADCP_MANIFEST_KEY, ADCP_END_KEY};

/* What a pass over the document has met. */
typedef struct Scan {
  AdcpArchiveReader *r;
  bool met[MEMBERS];
  bool keys;    /* any top-level key */
  char **names; /* owned: tables in file order */
  size_t count, capacity;
  AdcpMap by_name;      /* their names */
  int64_t tables_at;    /* offset of what follows the bracket of "tables" */
  int64_t manifest_key; /* offset of the key "backup_manifest" */
} Scan;

/* ---- input ---- */

static size_t read_input(void *context, uint8_t *to, size_t size, AdcpError *err) {
  AdcpArchiveInput *input = context;
  size_t left = input->prefix.size - input->prefix_done;
  if( left > 0 ) {
    if( size > left ) size = left;
    memcpy(to, input->prefix.data + input->prefix_done, size);
    input->prefix_done += size;
    return size;
  }
  if( input->piece && size > input->piece ) size = input->piece;
  if( input->checkpoint.xCheck ) input->checkpoint.xCheck(input->checkpoint.context, err);
  size_t n = err->rc ? 0 : adcp_block_reader_read(input->blocks, to, size, err);
  input->failed = err->rc != ADCP_OK;
  input->at_end = n == 0 && !input->failed;
  int64_t wanted = input->crc_bytes - input->raw_bytes;
  if( wanted > 0 ) {
    size_t part = wanted < (int64_t)n ? (size_t)wanted : n;
    input->crc32 = adcp_crc32(input->crc32, to, part);
  }
  input->raw_bytes += (int64_t)n;
  if( input->budget >= 0 && input->raw_bytes > input->budget ) {
    adcp_error_set(err, ADCP_TOOBIG, "what stands outside the rows has more than %" PRId64 " bytes",
                   input->budget);
    return 0;
  }
  return n;
}

static void start_input(AdcpArchiveInput *input) {
  input->prefix_done = 0;
  input->raw_bytes = input->crc_bytes = 0;
  input->crc32 = 0;
  input->budget = -1;
  input->failed = input->at_end = false;
}

void adcp_archive_restart(AdcpArchiveReader *r, AdcpJsonToken inside) {
  start_input(&r->input);
  int64_t offset = adcp_block_reader_text_offset(r->blocks);
  adcp_json_reader_restart(r->json, offset - (int64_t)r->input.prefix.size, inside);
}

/* ---- warnings ---- */

void adcp_archive_warn(AdcpArchiveReader *r, const char *text) {
  adcp_texts_add(&r->head.warnings, r->err, "%s", text);
}

/* ---- backup_metadata ---- */

/* Refuses features that this release does not know. */
static void check_requires(AdcpJsonReader *json, AdcpError *err) {
  adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, "requires", err);
  while( adcp_json_element(json, ADCP_JSON_STRING, "requires", err) ) {
    const char *feature = adcp_json_text(json, NULL);
    if( strcmp(feature, ADCP_FEATURE_REBUILD) == 0 ) continue;
    adcp_error_set(err, ADCP_ERROR,
                   "the backup requires \"%s\", which this release of adcp does not know", feature);
  }
}

static void check_version(AdcpArchiveReader *r, const char *format, const char *version) {
  AdcpError *err = r->err;
  if( err->rc ) return;
  if( version == NULL ) {
    adcp_error_set(err, ADCP_NOTADB, "not a backup: backup_metadata has no version");
  } else if( strcmp(version, "2.0") == 0 && format == NULL ) {
    r->is_old = true;
  } else if( format == NULL || strcmp(format, ADCP_FORMAT_NAME) != 0 ) {
    adcp_error_set(err, ADCP_NOTADB, "not a backup: the format is \"%s\", not \"%s\"",
                   format ? format : "", ADCP_FORMAT_NAME);
  } else if( strncmp(version, "3.", 2) != 0 ) {
    adcp_error_set(
        err, ADCP_ERROR,
        "the backup has format version \"%s\"; this release of adcp reads versions 3.x and "
        "2.0: use the release that wrote it",
        version);
  }
}

void adcp_archive_read_metadata(AdcpArchiveReader *r) {
  static const char *const KNOWN[] = {"format", "version", "requires", NULL};
  AdcpBuf captured = {0};
  AdcpError *err = r->err;
  adcp_json_capture(r->json, &captured);
  AdcpMemoryText memory = {captured.data, captured.size};
  AdcpJsonReader *json = adcp_json_reader_open(adcp_memory_input(&memory), err);
  char *format = NULL, *version = NULL;
  int member;
  if( json ) adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "backup_metadata", err);
  while( json && (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    switch( member ) {
    case 0: adcp_json_take_text(json, "format", ADCP_OPTIONAL, &format, err); break;
    case 1: adcp_json_take_text(json, "version", ADCP_REQUIRED, &version, err); break;
    case 2: check_requires(json, err); break;
    }
  }
  adcp_json_reader_close(json);
  check_version(r, format, version);
  adcp_free(format);
  adcp_free(r->head.version);
  r->head.version = version;
  adcp_free(r->head.metadata);
  r->head.metadata = adcp_buf_take(&captured);
  if( r->head.metadata == NULL ) adcp_error_nomem(err);
}

/* ---- other sections ---- */

void adcp_archive_keep_section(AdcpArchiveReader *r, const char *name) {
  if( r->section_count == ADCP_MAX_SECTIONS ) {
    adcp_error_set(r->err, ADCP_TOOBIG, "the document has more than %d members", ADCP_MAX_SECTIONS);
    return;
  }
  size_t size = (r->section_count + 1) * sizeof(AdcpArchiveSection);
  AdcpArchiveSection *larger = adcp_realloc(r->sections, size);
  if( larger ) r->sections = larger;
  char *copy = larger ? adcp_strdup(name) : NULL;
  if( copy == NULL ) {
    adcp_error_nomem(r->err);
    return;
  }
  AdcpArchiveSection *section = &r->sections[r->section_count++];
  *section = (AdcpArchiveSection){.name = copy};
  adcp_json_capture(r->json, &section->json);
  if( adcp_buf_text(&section->json) == NULL ) adcp_error_nomem(r->err);
}

void adcp_archive_drop_sections(AdcpArchiveReader *r) {
  for( size_t i = 0; i < r->section_count; i++ ) {
    adcp_free(r->sections[i].name);
    adcp_buf_free(&r->sections[i].json);
  }
  r->section_count = 0;
}

const char *adcp_archive_section(const AdcpArchiveReader *r, const char *name, size_t *size) {
  for( size_t i = 0; i < r->section_count; i++ ) {
    const AdcpArchiveSection *section = &r->sections[i];
    if( strcmp(section->name, name) != 0 ) continue;
    if( size ) *size = section->json.size;
    return (const char *)section->json.data;
  }
  return NULL;
}

/* ---- a pass over the top level ---- */

/* The place in MEMBER_NAMES of the key that was just taken, or MEMBERS. */
static int find_member(const AdcpJsonReader *json) {
  size_t n;
  const char *key = adcp_json_text(json, &n);
  int i = 0;
  while( i < MEMBERS && (strlen(MEMBER_NAMES[i]) != n || memcmp(MEMBER_NAMES[i], key, n) != 0) )
    i++;
  return i;
}

static void scan_add_table(Scan *scan, char *name) {
  AdcpError *err = scan->r->err;
  if( name == NULL ) return;
  if( scan->count == scan->capacity ) {
    size_t capacity = scan->capacity ? 2 * scan->capacity : 16;
    char **larger = adcp_realloc((void *)scan->names, capacity * sizeof *larger);
    if( larger == NULL ) {
      adcp_error_nomem(err);
      adcp_free(name);
      return;
    }
    scan->names = larger;
    scan->capacity = capacity;
  }
  scan->names[scan->count++] = name;
  if( adcp_map_put(&scan->by_name, name, strlen(name), name, err) ) {
    adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" stands twice", name);
  }
}

static void scan_tables(Scan *scan) {
  AdcpArchiveReader *r = scan->r;
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "tables", r->err);
  scan->tables_at = adcp_json_offset(r->json);
  while( r->err->rc == ADCP_OK && adcp_json_next(r->json) == ADCP_JSON_KEY ) {
    scan_add_table(scan, adcp_json_name(r->json, r->err));
    adcp_json_skip(r->json);
  }
}

static void scan_end_line(Scan *scan) {
  static const char *const KNOWN[] = {"manifest_at", NULL};
  AdcpArchiveReader *r = scan->r;
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, ADCP_END_KEY, r->err);
  while( adcp_json_member(r->json, KNOWN, r->err) >= 0 ) {
    char *text = NULL;
    adcp_json_take_text(r->json, "manifest_at", ADCP_REQUIRED, &text, r->err);
    adcp_free(text);
  }
}

/* One top-level member, whose key was just taken. */
static void scan_member(Scan *scan, int member) {
  AdcpArchiveReader *r = scan->r;
  if( member < MEMBERS && scan->met[member] ) {
    adcp_error_set(r->err, ADCP_CORRUPT, "\"%s\" stands twice", MEMBER_NAMES[member]);
    return;
  }
  if( member < MEMBERS ) scan->met[member] = true;
  switch( member ) {
  case METADATA: adcp_archive_read_metadata(r); break;
  case SCHEMA: adcp_schema_json_read(r->json, r->head.schema, r->err); break;
  case TABLES: scan_tables(scan); break;
  case MANIFEST:
    scan->manifest_key = adcp_json_token_offset(r->json);
    adcp_manifest_read(r->json, &r->manifest, r->err);
    break;
  case END_LINE: scan_end_line(scan); break;
  default: break;
  }
}

/* The member whose key was just taken; false where the pass is to stop. What is kept of it counts
** against *budget, the text that the rest of the document may have outside the rows. */
typedef enum Extent { WHOLE_DOCUMENT, HEAD_ONLY } Extent;
static bool scan_next(Scan *scan, Extent extent, int64_t *budget) {
  AdcpArchiveReader *r = scan->r;
  int member = find_member(r->json);
  scan->keys = true;
  if( member == TABLES && extent == HEAD_ONLY ) return false;
  if( member == TABLES ) {
    scan_member(scan, member);
    return true;
  }
  int64_t before = r->input.raw_bytes;
  r->input.budget = before + *budget;
  if( member < MEMBERS ) {
    scan_member(scan, member);
  } else {
    adcp_archive_keep_section(r, adcp_json_text(r->json, NULL));
  }
  r->input.budget = -1;
  *budget -= r->input.raw_bytes - before;
  return !r->is_old;
}

/* Reads top-level members: all of them, or those in front of the rows. Stops early at a backup of
** format 2.0. */
static void scan_document(Scan *scan, Extent extent) {
  AdcpArchiveReader *r = scan->r;
  int64_t budget = ADCP_MAX_HEAD_BYTES;
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "the document", r->err);
  while( r->err->rc == ADCP_OK && adcp_json_next(r->json) == ADCP_JSON_KEY ) {
    if( !scan_next(scan, extent, &budget) ) return;
  }
  if( extent == HEAD_ONLY ) adcp_error_set(r->err, ADCP_CORRUPT, "\"tables\" is missing");
  if( adcp_json_next(r->json) == ADCP_JSON_END )
    r->head.totals.raw_bytes = adcp_json_offset(r->json);
}

static void scan_free(Scan *scan) {
  for( size_t i = 0; i < scan->count; i++ ) adcp_free(scan->names[i]);
  adcp_free((void *)scan->names);
  adcp_map_free(&scan->by_name);
}

/* ---- the quick way ---- */

/* Do the blocks of the manifest fill the file up to the manifest? */
static bool blocks_reach(const AdcpArchiveReader *r, int64_t manifest_at) {
  int64_t size = adcp_block_reader_first_offset(r->blocks);
  if( size < 0 ) return false;
  for( size_t i = 0; i < r->manifest.block_count; i++ ) size += r->manifest.blocks[i].size_bytes;
  return size == manifest_at;
}

/* The blocks of a file that was unpacked: as long as their text. */
static void unpack_blocks(AdcpManifest *m) {
  for( size_t i = 0; i < m->block_count; i++ ) m->blocks[i].size_bytes = m->blocks[i].raw_bytes;
}

/* True if the text that was read (manifest and end line) is what the end line says. */
static bool crc_fits(const AdcpArchiveReader *r, const AdcpEndLine *end) {
  uLong whole = crc32_combine(end->manifest_crc32, end->crc32, (z_off_t)end->size_bytes);
  return (uint32_t)whole == r->input.crc32;
}

/* Reads the manifest where the end line says, with an error of its own. True if it is to be
** believed; *damaged_at is its place if one is there that is not what the end line says. */
static bool try_manifest(AdcpArchiveReader *r, const AdcpEndLine *end, int64_t *damaged_at,
                         AdcpError *err) {
  static const char *const KNOWN[] = {ADCP_MANIFEST_KEY, NULL};
  AdcpTextInput input = {&r->input, read_input};
  AdcpJsonReader *json = adcp_json_reader_open(input, err);
  adcp_block_reader_seek_file(r->blocks, end->manifest_at, err);
  start_input(&r->input);
  r->input.budget = ADCP_MAX_MANIFEST_BYTES;
  r->input.crc_bytes = INT64_MAX;
  bool found = false;
  if( json && err->rc == ADCP_OK ) {
    adcp_json_reader_restart(json, end->manifest_at, ADCP_JSON_BEGIN_OBJECT);
    found = adcp_json_member(json, KNOWN, err) == 0;
    if( found ) adcp_manifest_read(json, &r->manifest, err);
    while( found && adcp_json_member(json, KNOWN, err) == 0 ) {
      adcp_error_set(err, ADCP_CORRUPT, "the manifest stands twice");
    }
    if( err->rc == ADCP_OK ) adcp_json_next(json);
  }
  adcp_json_reader_close(json);
  if( !found || err->rc ) return false;
  bool fits = crc_fits(r, end);
  if( !fits ) *damaged_at = end->manifest_at;
  if( end->unpacked ) unpack_blocks(&r->manifest);
  return fits && blocks_reach(r, end->manifest_at);
}

/* True if the manifest was found by the end line; the blocks then have their index. */
static bool open_manifest(AdcpArchiveReader *r, int64_t *damaged_at) {
  AdcpEndLine end;
  AdcpError trial = ADCP_ERROR_INIT;
  bool good =
      adcp_end_line_find(r->blocks, &end, r->err) && try_manifest(r, &end, damaged_at, &trial);
  if( good ) {
    int64_t space =
        (int64_t)end.size_bytes - ADCP_END_LINE_BYTES; /* behind it; -1: no line break */
    r->head.totals.raw_bytes = r->manifest.bytes + r->input.raw_bytes - space;
    adcp_block_reader_set_index(r->blocks, r->manifest.blocks, r->manifest.block_count, &trial);
    good = r->head.indexed = trial.rc == ADCP_OK;
  }
  if( trial.rc == ADCP_NOMEM || trial.rc == ADCP_IOERR ) adcp_error_move(r->err, &trial);
  adcp_error_clear(&trial);
  if( !good ) adcp_manifest_free(&r->manifest);
  return good && r->err->rc == ADCP_OK;
}

/* The members that an opened backup must have. */
static void check_members(Scan *scan, int upto) {
  for( int i = 0; i < upto; i++ ) {
    if( scan->met[i] ) continue;
    if( i == METADATA ) {
      adcp_error_set(scan->r->err, ADCP_NOTADB, "not a backup: it has no backup_metadata");
    } else {
      adcp_error_set(scan->r->err, ADCP_CORRUPT, "%s: it has no \"%s\"",
                     i == MANIFEST || i == END_LINE ? "incomplete" : "damaged", MEMBER_NAMES[i]);
    }
  }
}

/* Is the head, which ends at the key "tables", the text that the summary tells of? */
static void check_head(AdcpArchiveReader *r) {
  const AdcpManifestSummary *summary = &r->manifest.summary;
  if( r->err->rc || !summary->has_head ) return;
  int64_t bytes = adcp_json_token_offset(r->json);
  if( bytes == summary->head_bytes && r->input.crc32 == summary->head_crc32 ) return;
  adcp_error_set(r->err, ADCP_CORRUPT,
                 "what stands in front of the rows has not the length and CRC-32 that the manifest "
                 "says");
}

/* The head of a file whose manifest was found. */
static void read_quick(AdcpArchiveReader *r) {
  Scan scan = {.r = r};
  adcp_block_reader_rewind(r->blocks, r->err);
  if( r->err->rc == ADCP_OK ) adcp_archive_restart(r, ADCP_JSON_END);
  r->input.crc_bytes = r->manifest.summary.head_bytes;
  scan_document(&scan, HEAD_ONLY);
  if( !r->is_old && r->err->rc == ADCP_OK ) check_members(&scan, TABLES);
  if( !r->is_old ) check_head(r);
  scan_free(&scan);
  r->state = ADCP_READER_AT_TABLES;
}

/* ---- the slow way ---- */

/* Says what an error of the pass means for the file. */
static void explain(Scan *scan) {
  AdcpArchiveReader *r = scan->r;
  AdcpError *err = r->err;
  if( err->rc != ADCP_CORRUPT || r->input.failed ) return;
  if( r->input.at_end && scan->keys ) {
    adcp_error_clear(err);
    adcp_error_set(err, ADCP_CORRUPT,
                   "incomplete: the document ends at byte %" PRId64
                   " without its end line; %zu tables had begun%s%s%s",
                   r->input.raw_bytes, scan->count, scan->count ? ", the last is \"" : "",
                   scan->count ? scan->names[scan->count - 1] : "", scan->count ? "\"" : "");
  } else if( scan->met[METADATA] || scan->met[SCHEMA] || scan->met[MANIFEST] ) {
    adcp_error_prepend(err, "damaged: ");
  } else {
    err->rc = ADCP_NOTADB;
    adcp_error_prepend(err, "not a backup: ");
  }
}

/* Puts the manifest's tables into the order of the file; both must have the same. */
static void order_tables(Scan *scan) {
  AdcpArchiveReader *r = scan->r;
  AdcpManifest ordered = {0};
  AdcpManifest *m = &r->manifest;
  AdcpMap places = {0};
  for( size_t i = 0; i < m->table_count; i++ ) {
    const char *name = m->names[i];
    if( adcp_map_put(&places, name, strlen(name), &m->tables[i], r->err) ) {
      adcp_error_set(r->err, ADCP_CORRUPT, "damaged: the manifest has table \"%s\" twice", name);
    }
    if( adcp_map_get(&scan->by_name, name, strlen(name)) == NULL ) {
      adcp_error_set(r->err, ADCP_CORRUPT,
                     "damaged: table \"%s\" is in the manifest, but its rows are missing", name);
    }
  }
  for( size_t i = 0; i < scan->count && r->err->rc == ADCP_OK; i++ ) {
    const char *name = scan->names[i];
    AdcpArchiveTable *entry = adcp_map_get(&places, name, strlen(name));
    AdcpArchiveTable *to = entry ? adcp_manifest_add_table(&ordered, r->err) : NULL;
    if( to == NULL ) {
      adcp_error_set(r->err, ADCP_CORRUPT, "damaged: table \"%s\" is not in the manifest", name);
      break;
    }
    *to = *entry;
    char **from = &m->names[entry - m->tables];
    ordered.names[i] = *from;
    *from = NULL;
  }
  if( r->err->rc == ADCP_OK ) {
    for( size_t i = 0; i < ordered.table_count; i++ ) {
      m->names[i] = ordered.names[i];
      m->tables[i] = ordered.tables[i];
      ordered.names[i] = NULL;
    }
  }
  adcp_map_free(&places);
  adcp_manifest_free(&ordered);
}

/* The text before the manifest is as long as it was when written, so it is the text that was
** written: the blocks can be used, be it a gzip file that was unpacked. */
static void index_plain(Scan *scan) {
  AdcpArchiveReader *r = scan->r;
  AdcpManifest *m = &r->manifest;
  if( r->head.container != ADCP_CONTAINER_PLAIN || scan->manifest_key != m->bytes ) return;
  unpack_blocks(m);
  adcp_block_reader_set_index(r->blocks, m->blocks, m->block_count, r->err);
  r->head.indexed = true;
}

/* The file says where its manifest is, there it is, but its CRC is wrong. */
static void check_damaged(Scan *scan, int64_t damaged_at) {
  if( damaged_at != scan->manifest_key ) return;
  adcp_error_set(scan->r->err, ADCP_CORRUPT,
                 "damaged: the manifest has not the CRC-32 that the end line says (byte %" PRId64
                 ")",
                 scan->manifest_key);
}

/* A pass that failed before it met backup_metadata may have taken a member of format 2.0 for one
** of ours: looks for backup_metadata first. True if the file is of that format. */
static bool is_old_in_other_order(Scan *scan) {
  AdcpArchiveReader *r = scan->r;
  AdcpError first = ADCP_ERROR_INIT;
  if( r->err->rc != ADCP_CORRUPT || r->input.failed || scan->met[METADATA] ) return false;
  adcp_error_move(&first, r->err);
  adcp_block_reader_rewind(r->blocks, r->err);
  if( r->err->rc == ADCP_OK ) adcp_archive_restart(r, ADCP_JSON_END);
  if( adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "the document", r->err) &&
      adcp_json_member(r->json, (const char *const[]){MEMBER_NAMES[METADATA], NULL}, r->err) ==
          0 ) {
    adcp_archive_read_metadata(r);
  }
  bool is_old = r->err->rc == ADCP_OK && r->is_old;
  if( !is_old ) {
    adcp_error_clear(r->err);
    adcp_error_move(r->err, &first);
  }
  adcp_error_clear(&first);
  return is_old;
}

/* CRC-32 of a part of the file. */
static uint32_t crc_of_file(AdcpArchiveReader *r, int64_t from, int64_t to) {
  uint8_t piece[4096];
  uLong crc = crc32(0, NULL, 0);
  while( from < to && r->err->rc == ADCP_OK ) {
    size_t n = to - from < (int64_t)sizeof piece ? (size_t)(to - from) : sizeof piece;
    n = adcp_infile_read(r->file, from, piece, n, r->err);
    if( n == 0 ) break;
    crc = crc32(crc, piece, (uInt)n);
    from += (int64_t)n;
  }
  return (uint32_t)crc;
}

/* Where "tables" begins in a file as it was written: its first table's first row, less the line with
** the table's key. -1 without tables. */
static int64_t tables_as_written(AdcpArchiveReader *r) {
  const AdcpManifest *m = &r->manifest;
  if( m->table_count == 0 ) return -1;
  int64_t at = m->tables[0].position.offset;
  for( int64_t i = 0; i < m->tables[0].position.block && (size_t)i < m->block_count; i++ ) {
    at += m->blocks[i].raw_bytes;
  }
  AdcpBuf name = {0}, key = {0};
  adcp_name_encode(&name, m->names[0]);
  adcp_json_quote(&key, name.data, name.size);
  adcp_buf_append_str(&key, "\n:[\n");
  adcp_buf_check(&key, r->err);
  at -= (int64_t)key.size;
  adcp_buf_free(&name);
  adcp_buf_free(&key);
  return at;
}

/* A tool that rewrites a document writes its manifest anew. Where the manifest has, byte for byte, the
** CRC-32 of the end line, nothing was rewritten: if the rows then do not begin where it says, bytes
** are missing in front of them, or were added. Rows themselves have digests, and a gzip file has a
** CRC-32 of its own. */
static void check_as_written(Scan *scan) {
  AdcpArchiveReader *r = scan->r;
  char end[ADCP_END_LINE_BYTES + 1] = "", start[65] = "", crc[9];
  int64_t at = adcp_infile_size(r->file) - ADCP_END_LINE_BYTES;
  if( r->head.container != ADCP_CONTAINER_PLAIN || at < scan->manifest_key ) return;
  int64_t written = tables_as_written(r);
  adcp_infile_read(r->file, at, end, ADCP_END_LINE_BYTES, r->err);
  adcp_infile_read(r->file, 0, start, sizeof start - 1, r->err);
  int64_t skipped = (int64_t)strcspn(start, "{"); /* a byte order mark */
  if( written < 0 || scan->tables_at == written || scan->tables_at == written + skipped ) return;
  snprintf(crc, sizeof crc, "%08" PRIx32, crc_of_file(r, scan->manifest_key, at));
  if( r->err->rc || memcmp(end + ADCP_END_LINE_BYTES - 12, crc, 8) != 0 ) return;
  adcp_error_set(r->err, ADCP_CORRUPT,
                 "damaged: in front of the rows stand %" PRId64
                 " bytes, and the manifest says that "
                 "%" PRId64 " were written there",
                 scan->tables_at, written);
}

/* Reads everything once, without keeping rows. */
static void read_slow(AdcpArchiveReader *r, int64_t damaged_at) {
  Scan scan = {.r = r};
  adcp_block_reader_rewind(r->blocks, r->err);
  if( r->err->rc == ADCP_OK ) adcp_archive_restart(r, ADCP_JSON_END);
  scan_document(&scan, WHOLE_DOCUMENT);
  if( !is_old_in_other_order(&scan) ) explain(&scan);
  r->state = ADCP_READER_AT_START;
  if( !r->is_old && r->err->rc == ADCP_OK ) {
    check_members(&scan, MEMBERS);
    if( r->err->rc == ADCP_OK ) check_damaged(&scan, damaged_at);
    if( r->err->rc == ADCP_OK ) check_as_written(&scan);
    if( r->err->rc == ADCP_OK ) order_tables(&scan);
    if( r->err->rc == ADCP_OK ) index_plain(&scan);
    adcp_archive_warn(
        r,
        "the end line does not lead to the manifest: another tool rewrote the file, or its end is "
        "damaged; it was read from start to end");
  }
  scan_free(&scan);
}

/* ---- opening and closing ---- */

/* Joins the manifest with the schema. */
static void resolve_tables(AdcpArchiveReader *r) {
  AdcpManifest *m = &r->manifest;
  for( size_t i = 0; i < m->table_count && r->err->rc == ADCP_OK; i++ ) {
    AdcpArchiveTable *entry = &m->tables[i];
    const char *name = m->names[i];
    entry->table = adcp_schema_table(r->head.schema, name);
    if( entry->table == NULL || entry->table->kind == ADCP_TABLE_VIRTUAL ) {
      adcp_error_set(r->err, ADCP_CORRUPT,
                     "damaged: table \"%s\" has rows, but the schema does not describe it", name);
    } else if( adcp_map_put(&r->by_name, name, strlen(name), entry, r->err) ) {
      adcp_error_set(r->err, ADCP_CORRUPT, "damaged: the manifest has table \"%s\" twice", name);
    }
  }
  r->seen = adcp_calloc(m->table_count + 1, sizeof *r->seen);
  if( r->seen == NULL ) adcp_error_nomem(r->err);
  r->pass = 1;
}

static void fill_head(AdcpArchiveReader *r) {
  AdcpArchiveHead *head = &r->head;
  const AdcpManifest *m = &r->manifest;
  head->tables = m->tables;
  head->table_count = m->table_count;
  head->blocks = m->blocks;
  head->block_count = m->block_count;
  adcp_archive_count(&head->totals, m->tables, m->table_count);
  head->marks = m->marks;
  head->totals.file_bytes = adcp_infile_size(r->file);
  memcpy(head->totals.content_sha256, m->content_sha256, sizeof m->content_sha256);
  memcpy(head->totals.full_sha256, m->full_sha256, sizeof m->full_sha256);
}

static void open_parts(AdcpArchiveReader *r) {
  r->blocks = adcp_block_reader_open(r->file, 0, r->err);
  r->input.blocks = r->blocks;
  AdcpTextInput input = {&r->input, read_input};
  r->json = adcp_json_reader_open(input, r->err);
  r->digest = adcp_row_digest_open(r->err);
  r->head.schema = adcp_schema_new(r->err);
}

/* Does the summary agree with what it sums up? Its CRCs and the document's size only where the file
** stands as it was written. */
static void check_summary(AdcpArchiveReader *r, bool is_as_written) {
  const AdcpManifest *m = &r->manifest;
  const AdcpManifestSummary *summary = &m->summary;
  adcp_manifest_check_summary(summary, &r->head.totals, r->err);
  if( !is_as_written || !summary->is_there || r->err->rc ) return;
  uint32_t crc32 = adcp_crc32(0, r->head.metadata, strlen(r->head.metadata));
  if( !summary->has_crc || summary->totals.raw_bytes != r->head.totals.raw_bytes ||
      summary->metadata_crc32 != crc32 ||
      (summary->has_head && summary->tables_crc32 != m->tables_crc32) ) {
    adcp_error_set(r->err, ADCP_CORRUPT,
                   "damaged: the manifest's summary is not that of this document");
  }
}

/* What is wanted: a line of a list, what a backup contains, or its rows, too. */
typedef enum Effort { PEEK, HEAD, READ_THROUGH } Effort;

/* True if the manifest was found by the end line, as much of it as is wanted. */
static bool find_manifest(AdcpArchiveReader *r, Effort effort, int64_t *damaged_at) {
  if( effort == HEAD && adcp_archive_peek_front(r) ) {
    r->head.totals.raw_bytes = r->manifest.summary.totals.raw_bytes;
    return r->err->rc == ADCP_OK;
  }
  return r->err->rc == ADCP_OK && open_manifest(r, damaged_at);
}

/* Reads the head and the manifest of an open file. */
static void read_whole_head(AdcpArchiveReader *r, Effort effort) {
  int64_t damaged_at = -1;
  bool quick = find_manifest(r, effort, &damaged_at);
  if( quick ) {
    read_quick(r);
    if( r->is_old && r->err->rc == ADCP_OK ) {
      adcp_error_set(r->err, ADCP_CORRUPT,
                     "backup_metadata has version \"2.0\" and no format, but the document has the "
                     "manifest and end line of version 3");
    }
    if( !r->input.failed && r->err->rc == ADCP_CORRUPT ) adcp_error_prepend(r->err, "damaged: ");
  } else if( effort == PEEK && adcp_infile_size(r->file) > ADCP_PEEK_FILE_BYTES ) {
    adcp_archive_peek_start(r);
  } else if( r->err->rc == ADCP_OK ) {
    read_slow(r, damaged_at);
    if( r->is_old && r->err->rc == ADCP_OK && effort != PEEK ) adcp_legacy_open(r);
  }
  if( r->err->rc || r->head.unsettled ) return;
  adcp_json_reader_trim(r->json);
  resolve_tables(r);
  if( r->err->rc == ADCP_OK ) fill_head(r);
  check_summary(r, quick);
}

/* Of a file that is open, which moves to the reader. NULL and closed on error. */
static AdcpArchiveReader *open_on(AdcpInFile *file, Effort effort, AdcpCheckpoint checkpoint,
                                  AdcpError *err) {
  AdcpArchiveReader *r = err->rc ? NULL : adcp_calloc(1, sizeof *r);
  if( r == NULL ) {
    adcp_error_nomem(err);
    adcp_infile_close(file);
    return NULL;
  }
  r->err = err;
  r->full = true;
  r->file = file;
  r->input.checkpoint = checkpoint;
  open_parts(r);
  if( err->rc == ADCP_OK ) {
    r->head.container = adcp_block_reader_container(r->blocks);
    bool done = effort == PEEK && adcp_archive_peek(r);
    if( !done ) read_whole_head(r, effort);
  }
  if( err->rc == ADCP_OK ) return r;
  adcp_archive_reader_close(r);
  return NULL;
}

static AdcpArchiveReader *open_reader(const AdcpRoot *root, const char *path, Effort effort,
                                      AdcpCheckpoint checkpoint, AdcpError *err) {
  AdcpInFile *file = adcp_infile_open(root, path, checkpoint, err);
  return file ? open_on(file, effort, checkpoint, err) : NULL;
}

static AdcpArchiveReader *with_threads(AdcpArchiveReader *r, int threads) {
  if( r ) adcp_archive_set_threads(r, adcp_threads_for_text(threads, r->head.totals.raw_bytes));
  return r;
}

AdcpArchiveReader *adcp_archive_reader_open_checked(const AdcpRoot *root, const char *path,
                                                    int threads, AdcpCheckpoint checkpoint,
                                                    AdcpError *err) {
  return with_threads(open_reader(root, path, READ_THROUGH, checkpoint, err), threads);
}

AdcpArchiveReader *adcp_archive_reader_open_again(const AdcpArchiveReader *first, int threads,
                                                  AdcpCheckpoint checkpoint, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpInFile *file = adcp_infile_share(first->file);
  return with_threads(open_on(file, READ_THROUGH, checkpoint, err), threads);
}

bool adcp_archive_is_copy(const AdcpArchiveReader *r) {
  return adcp_infile_is_copy(r->file);
}

AdcpArchiveReader *adcp_archive_reader_open(const AdcpRoot *root, const char *path, int threads,
                                            AdcpError *err) {
  return adcp_archive_reader_open_checked(root, path, threads, ADCP_NO_CHECKPOINT, err);
}

AdcpArchiveReader *adcp_archive_reader_open_head_checked(const AdcpRoot *root, const char *path,
                                                         AdcpCheckpoint checkpoint,
                                                         AdcpError *err) {
  return open_reader(root, path, HEAD, checkpoint, err);
}

AdcpArchiveReader *adcp_archive_reader_open_head(const AdcpRoot *root, const char *path,
                                                 AdcpError *err) {
  return adcp_archive_reader_open_head_checked(root, path, ADCP_NO_CHECKPOINT, err);
}

AdcpArchiveReader *adcp_archive_reader_peek(const AdcpRoot *root, const char *path,
                                            AdcpError *err) {
  return open_reader(root, path, PEEK, ADCP_NO_CHECKPOINT, err);
}

void adcp_archive_set_threads(AdcpArchiveReader *r, int threads) {
  adcp_block_reader_set_threads(r->blocks, threads);
}

const AdcpArchiveHead *adcp_archive_head(const AdcpArchiveReader *r) {
  return &r->head;
}

const char *adcp_archive_path(const AdcpArchiveReader *r) {
  return adcp_infile_path(r->file);
}

void adcp_archive_reader_close(AdcpArchiveReader *r) {
  if( r == NULL ) return;
  adcp_archive_drop_sections(r);
  adcp_free(r->sections);
  adcp_legacy_close(r->legacy);
  adcp_error_clear(&r->gap);
  adcp_texts_free(&r->head.warnings);
  adcp_free(r->head.version);
  adcp_free(r->head.metadata);
  adcp_schema_free(r->head.schema);
  adcp_manifest_free(&r->manifest);
  adcp_map_free(&r->by_name);
  adcp_free(r->seen);
  adcp_row_reader_close(r->row);
  adcp_row_writer_close(r->rewriter);
  adcp_row_digest_close(r->digest);
  adcp_buf_free(&r->copy);
  adcp_buf_free(&r->input.prefix);
  adcp_json_reader_close(r->json);
  adcp_block_reader_close(r->blocks);
  adcp_infile_close(r->file);
  adcp_free(r);
}
