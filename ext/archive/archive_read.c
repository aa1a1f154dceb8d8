/*
** archive_read.c - the rows of an opened backup as a stream of events (contract in archive_read.h).
**
** Rows are parsed where they stand in the JSON reader's window. A row that is canonical, as all are
** that adcp wrote, goes to the table's digest as it stands; any other is decoded in a copy and
** written anew for the digest, so that layout does not matter but content does.
**
** Moving to a table feeds the JSON reader the text `"tables":{"name":[` first, so that the same
** states are gone through as when reading from the start.
*/
#include "archive/archive_read.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "archive/archive_reader.h"
#include "archive/json_parts.h"
#include "archive/legacy_read.h"
#include "archive/mark.h"
#include "archive/name.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/shadow_name.h"

static const char *const TABLES_MEMBER[] = {"tables", NULL};

/* ---- messages ---- */

void adcp_archive_append_place(AdcpArchiveReader *r, int64_t offset) {
  if( !r->head.indexed || offset < 0 ) {
    if( offset >= 0 ) adcp_error_append(r->err, " (byte %" PRId64 " of the text)", offset);
    return;
  }
  AdcpBlockPosition at = adcp_block_reader_position_of(r->blocks, offset);
  adcp_error_append(r->err, " (block %" PRId64 ", byte %" PRId64 ")", at.block, at.offset);
}

static AdcpArchiveEvent fail(AdcpArchiveReader *r) {
  assert(r->err->rc != ADCP_OK);
  r->full = false;
  return ADCP_ARCHIVE_ERROR;
}

/* Context for an error between rows; what the blocks say has its place already. */
static AdcpArchiveEvent fail_damaged(AdcpArchiveReader *r) {
  if( r->err->rc == ADCP_CORRUPT && !r->input.failed ) adcp_error_prepend(r->err, "damaged: ");
  return fail(r);
}

/* Context for an error in the row that comes next. Blocks may also fail behind the last one. */
static AdcpArchiveEvent fail_row(AdcpArchiveReader *r) {
  const char *name = r->now->table->name;
  bool behind = r->input.failed && r->row_number == r->now->rows;
  r->failed_row = behind ? 0 : r->row_number + 1;
  if( r->err->rc == ADCP_CORRUPT && !r->input.failed ) {
    adcp_error_prepend(r->err, "damaged: table \"%s\", row %" PRId64 ": ", name, r->row_number + 1);
    adcp_archive_append_place(r, r->row_offset);
  } else if( r->err->rc != ADCP_NOMEM ) {
    adcp_error_append(r->err, " (in table \"%s\", after %" PRId64 " rows)", name, r->row_number);
  }
  return fail(r);
}

/* ---- tables ---- */

static void leave_table(AdcpArchiveReader *r) {
  r->now = NULL;
  r->failed_row = 0;
  adcp_row_reader_close(r->row);
  adcp_row_writer_close(r->rewriter);
  r->row = NULL;
  r->rewriter = NULL;
  r->text = NULL;
  r->values = NULL;
}

static bool has_nodes(const AdcpArchiveReader *r, const AdcpTable *table) {
  const char *owner = table->shadow_of;
  const AdcpTable *tree = owner ? adcp_schema_table(r->head.schema, owner) : NULL;
  return tree && adcp_shadow_is_rtree_node(table->name, owner, tree->module);
}

/* The table whose name is the key that was just taken. */
static AdcpArchiveEvent begin_table(AdcpArchiveReader *r) {
  char *name = adcp_json_name(r->json, r->err);
  if( name == NULL ) return fail_damaged(r);
  AdcpArchiveTable *entry = adcp_map_get(&r->by_name, name, strlen(name));
  if( entry == NULL ) {
    adcp_error_set(r->err, ADCP_CORRUPT, "table \"%s\" is not in the manifest", name);
  } else if( r->seen[entry - r->head.tables] == r->pass ) {
    adcp_error_set(r->err, ADCP_CORRUPT, "table \"%s\" stands twice", name);
  }
  adcp_free(name);
  if( r->err->rc ) return fail_damaged(r);
  r->now = entry;
  r->row = adcp_row_reader_open(entry->table, r->err);
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_ARRAY, "rows", r->err);
  if( r->err->rc ) return fail_damaged(r);
  r->seen[entry - r->head.tables] = r->pass;
  r->deferred = false;
  r->of_nodes = has_nodes(r, entry->table);
  adcp_row_digest_reset(r->digest);
  r->row_number = r->from ? r->from->row - 1 : 0;
  if( r->from == NULL ) r->next_mark = 0;
  r->state = ADCP_READER_IN_TABLE;
  return ADCP_ARCHIVE_TABLE_BEGIN;
}

static bool has_digest(AdcpArchiveReader *r, const AdcpArchiveTable *entry) {
  char sha256[ADCP_SHA256_HEX + 1];
  int64_t bytes = adcp_row_digest_bytes(r->digest);
  adcp_row_digest_hex(r->digest, sha256);
  return strcmp(sha256, entry->sha256) == 0 && bytes == entry->bytes;
}

/* After the last row: are they the rows that were written? */
static void check_table(AdcpArchiveReader *r) {
  const AdcpArchiveTable *entry = r->now;
  if( r->row_number != entry->rows ) {
    adcp_error_set(r->err, ADCP_CORRUPT,
                   "damaged: table \"%s\" has %" PRId64 " rows, but the manifest says %" PRId64,
                   entry->table->name, r->row_number, entry->rows);
  } else if( r->from == NULL && !r->deferred && !has_digest(r, entry) ) {
    adcp_error_set(r->err, ADCP_CORRUPT,
                   "damaged: the %" PRId64 " rows of table \"%s\" do not have the digest that the "
                   "manifest says%s",
                   entry->rows, entry->table->name,
                   r->head.indexed ? "" : ": another tool changed numbers or text");
  }
}

static AdcpArchiveEvent end_table(AdcpArchiveReader *r) {
  check_table(r);
  r->state = ADCP_READER_BETWEEN;
  r->from = NULL;
  r->text = NULL;
  return r->err->rc ? fail(r) : ADCP_ARCHIVE_TABLE_END;
}

/* ---- rows ---- */

/* Writes the values for the digest as adcp would have written them. */
static void add_rewritten(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  AdcpArchiveReader *r = context;
  adcp_row_digest_add(r->digest, bytes, n);
}

static void digest_rewritten(AdcpArchiveReader *r) {
  if( r->rewriter == NULL ) r->rewriter = adcp_row_writer_open(r->now->table, r->err);
  adcp_buf_clear(&r->copy);
  adcp_buf_append(&r->copy, r->text, r->text_size);
  if( !adcp_buf_check(&r->copy, r->err) || r->err->rc ) return;
  r->values = adcp_row_values(r->row, r->copy.data);
  AdcpTextSink sink = {r, add_rewritten};
  adcp_row_write(r->rewriter, r->values, sink, r->err);
}

/* A mark must be where it says and have the key of its row: who reads from it gets the same rows as
** who reads all. */
static void check_mark(AdcpArchiveReader *r) {
  const AdcpArchiveTable *now = r->now;
  if( r->next_mark == now->mark_count || !r->head.indexed ) return;
  const AdcpArchiveMark *mark = &r->manifest.marks[now->first_mark + r->next_mark];
  int64_t offset = adcp_block_reader_offset_of(r->blocks, mark->position);
  if( mark->row > r->row_number + 1 && offset > r->row_offset ) return;
  adcp_buf_clear(&r->copy);
  adcp_buf_append(&r->copy, r->text, r->text_size);
  if( !adcp_buf_check(&r->copy, r->err) ) return;
  const AdcpValue *values = adcp_row_values(r->row, r->copy.data);
  if( mark->row != r->row_number + 1 || offset != r->row_offset ||
      !adcp_mark_fits(mark, now->table, values, r->err) ) {
    adcp_error_set(r->err, ADCP_CORRUPT, "the manifest's mark of row %" PRId64 " does not fit",
                   mark->row);
  }
  r->next_mark++;
}

static void digest_row(AdcpArchiveReader *r) {
  r->values = NULL;
  if( r->deferred ) return;
  if( adcp_row_is_canonical(r->row) ) {
    adcp_row_digest_add(r->digest, r->text, r->text_size);
  } else {
    digest_rewritten(r);
  }
  adcp_row_digest_end_row(r->digest);
}

/* Parses the row that begins at the window's start; false on error. */
static bool parse_row(AdcpArchiveReader *r) {
  for( ;; ) {
    size_t n;
    const uint8_t *text = adcp_json_raw_window(r->json, &n);
    AdcpRowStatus status = adcp_row_parse(r->row, text, n, &r->text_size, r->err);
    if( status == ADCP_ROW_DONE ) return true;
    if( status == ADCP_ROW_BAD ) return false;
    if( !adcp_json_raw_more(r->json) ) break;
  }
  adcp_error_set(r->err, ADCP_CORRUPT, "the text ends within the row");
  return false;
}

/* The table must begin where the manifest says: who goes there gets the same rows as who comes
** along. At its first row, or its closing bracket. */
static bool check_position(AdcpArchiveReader *r) {
  if( r->row_number > 0 || !r->head.indexed || r->err->rc ) return r->err->rc == ADCP_OK;
  int64_t at = adcp_json_token_offset(r->json);
  int64_t said = adcp_block_reader_offset_of(r->blocks, r->now->position);
  if( at == said ) return true;
  adcp_error_set(r->err, ADCP_CORRUPT,
                 "the manifest says that the rows begin at byte %" PRId64
                 " of the text, and they begin at byte %" PRId64,
                 said, at);
  return false;
}

/* What SQLite's R-Tree would read past is not for it. */
static void check_node(AdcpArchiveReader *r) {
  size_t bytes = r->of_nodes ? adcp_row_longest(r->row) : 0;
  if( bytes <= ADCP_MAX_RTREE_NODE_BYTES ) return;
  adcp_error_set(r->err, ADCP_CORRUPT,
                 "the node of an R-Tree has up to %zu bytes, and SQLite's have 2452 at most; leave "
                 "\"%s\" out with exclude_tables",
                 bytes, r->now->table->shadow_of);
}

static AdcpArchiveEvent next_row(AdcpArchiveReader *r) {
  r->row_offset = -1;
  bool more = adcp_json_raw_begin(r->json);
  if( !check_position(r) ) return fail_row(r);
  if( !more ) return end_table(r);
  r->row_offset = adcp_json_offset(r->json);
  if( !parse_row(r) ) return fail_row(r);
  r->text = adcp_json_raw_bytes(r->json);
  check_node(r);
  check_mark(r);
  digest_row(r);
  adcp_json_raw_end(r->json, r->text_size);
  if( r->err->rc ) return fail_row(r);
  r->row_number++;
  return ADCP_ARCHIVE_ROW;
}

/* ---- from table to table ---- */

/* Goes to the value of "tables" and into it. */
static void enter_tables(AdcpArchiveReader *r) {
  if( r->state == ADCP_READER_AT_START ) {
    adcp_buf_clear(&r->input.prefix);
    adcp_block_reader_rewind(r->blocks, r->err);
    if( r->err->rc ) return;
    adcp_archive_restart(r, ADCP_JSON_END);
    adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "the document", r->err);
    if( adcp_json_member(r->json, TABLES_MEMBER, r->err) < 0 ) {
      adcp_error_set(r->err, ADCP_CORRUPT, "\"tables\" is missing");
    }
  }
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "tables", r->err);
  r->state = ADCP_READER_BETWEEN;
}

/* All rows were read: does the whole have the digests that the manifest says? */
static void check_whole(AdcpArchiveReader *r) {
  char content[ADCP_SHA256_HEX + 1], full[ADCP_SHA256_HEX + 1];
  for( size_t i = 0; i < r->head.table_count; i++ ) {
    if( r->seen[i] == r->pass ) continue;
    adcp_error_set(r->err, ADCP_CORRUPT,
                   "table \"%s\" is in the manifest, but its rows are missing",
                   r->head.tables[i].table->name);
    return;
  }
  adcp_archive_digests(r->head.schema, r->head.tables, r->head.table_count, content, full, r->err);
  if( r->err->rc == ADCP_OK && (strcmp(content, r->head.totals.content_sha256) != 0 ||
                                strcmp(full, r->head.totals.full_sha256) != 0) ) {
    adcp_error_set(r->err, ADCP_CORRUPT,
                   "the schema and the tables do not have the digest that the manifest says");
  }
}

/* Behind the last table: reads the rest of the document, to the container's end. */
static AdcpArchiveEvent finish(AdcpArchiveReader *r) {
  if( adcp_json_member(r->json, TABLES_MEMBER, r->err) == 0 ) {
    adcp_error_set(r->err, ADCP_CORRUPT, "\"tables\" stands twice");
  }
  adcp_json_next(r->json);
  if( r->err->rc == ADCP_OK && r->full ) check_whole(r);
  if( r->err->rc ) return fail_damaged(r);
  if( !r->skipped ) adcp_error_move(r->err, &r->gap);
  if( r->err->rc ) return fail(r);
  r->state = ADCP_READER_DONE;
  return ADCP_ARCHIVE_END;
}

/* Tables seen since the last call from outside stay so: a table of contents that lies cannot send a
** caller who skips in circles. */
static void go_to(AdcpArchiveReader *r, size_t index, const AdcpArchiveMark *from) {
  const AdcpArchiveTable *entry = &r->head.tables[index];
  leave_table(r);
  r->from = from;
  r->next_mark = from ? (size_t)(from - r->manifest.marks) - entry->first_mark : 0;
  AdcpBuf *prefix = &r->input.prefix, spelling = {0};
  adcp_name_encode(&spelling, entry->table->name);
  adcp_buf_clear(prefix);
  adcp_buf_append_str(prefix, "\"tables\":{");
  if( adcp_buf_check(&spelling, r->err) ) adcp_json_quote(prefix, spelling.data, spelling.size);
  adcp_buf_append_str(prefix, ":[");
  adcp_buf_free(&spelling);
  adcp_buf_check(prefix, r->err);
  adcp_block_reader_seek(r->blocks, from ? from->position : entry->position, r->err);
  if( r->err->rc ) return;
  adcp_archive_restart(r, ADCP_JSON_BEGIN_OBJECT);
  adcp_json_next(r->json); /* "tables" */
  r->state = ADCP_READER_AT_TABLES;
  enter_tables(r);
}

static AdcpArchiveEvent begin_next(AdcpArchiveReader *r) {
  AdcpJsonToken token = adcp_json_next(r->json);
  if( token == ADCP_JSON_KEY ) return begin_table(r);
  return token == ADCP_JSON_ERROR ? fail_damaged(r) : finish(r);
}

/* After an error in front of table `next`: true when a block is damaged, and the index tells where that
** table's rows are. */
static bool is_gap(const AdcpArchiveReader *r, size_t next) {
  bool lost = r->err->rc == ADCP_CORRUPT && r->input.failed;
  return lost && r->head.indexed && next < r->head.table_count;
}

/* Goes there; whether they are good is seen when they are read. */
static AdcpArchiveEvent pass_gap(AdcpArchiveReader *r, size_t next) {
  adcp_error_move(&r->gap, r->err);
  r->full = false;
  go_to(r, next, NULL);
  return r->err->rc ? fail_damaged(r) : begin_next(r);
}

static AdcpArchiveEvent next_table(AdcpArchiveReader *r) {
  size_t next = r->now ? (size_t)(r->now - r->head.tables) + 1 : r->head.table_count;
  leave_table(r);
  AdcpArchiveEvent event = begin_next(r);
  return event == ADCP_ARCHIVE_ERROR && is_gap(r, next) ? pass_gap(r, next) : event;
}

/* All tables may come again. Nothing is cleared: a validation seeks after each damaged table. */
static void begin_pass(AdcpArchiveReader *r) {
  if( ++r->pass ) return;
  memset(r->seen, 0, r->head.table_count * sizeof *r->seen);
  r->pass = 1;
}

void adcp_archive_seek_table(AdcpArchiveReader *r, size_t index) {
  if( r->err->rc ) return;
  assert(r->head.indexed && index < r->head.table_count);
  r->full = false;
  begin_pass(r);
  go_to(r, index, NULL);
}

void adcp_archive_rewind(AdcpArchiveReader *r) {
  if( r->err->rc ) return;
  leave_table(r);
  adcp_error_clear(&r->gap);
  r->from = NULL;
  r->full = false;
  begin_pass(r);
  r->state = ADCP_READER_AT_START;
}

void adcp_archive_seek_mark(AdcpArchiveReader *r, size_t index, size_t mark) {
  if( r->err->rc ) return;
  const AdcpArchiveTable *entry = &r->head.tables[index];
  assert(r->head.indexed && index < r->head.table_count && mark < entry->mark_count);
  r->full = false;
  begin_pass(r);
  go_to(r, index, &r->manifest.marks[entry->first_mark + mark]);
}

/* Passes over the rows of a table that is not wanted: by the index if that saves a block, else by
** reading them. */
static AdcpArchiveEvent leave_skipped(AdcpArchiveReader *r) {
  size_t next = (size_t)(r->now - r->head.tables) + 1;
  if( r->head.indexed && next == r->head.table_count ) {
    leave_table(r);
    r->state = ADCP_READER_DONE;
    return ADCP_ARCHIVE_END;
  }
  if( r->head.indexed && r->head.tables[next].position.block > r->now->position.block + 1 ) {
    go_to(r, next, NULL);
  } else {
    while( adcp_json_raw_begin(r->json) ) adcp_json_skip(r->json);
    r->state = ADCP_READER_BETWEEN;
  }
  if( r->err->rc ) return is_gap(r, next) ? pass_gap(r, next) : fail_damaged(r);
  return next_table(r);
}

void adcp_archive_skip_table(AdcpArchiveReader *r) {
  if( r->err->rc ) return;
  assert(r->state == ADCP_READER_IN_TABLE && r->row_number == 0);
  r->full = false;
  r->skipped = true;
  r->state = ADCP_READER_SKIPPING;
}

void adcp_archive_defer_digest(AdcpArchiveReader *r) {
  if( r->err->rc ) return;
  assert(r->state == ADCP_READER_IN_TABLE && r->row_number == 0 && !r->head.is_legacy);
  r->deferred = true;
}

AdcpArchiveEvent adcp_archive_next(AdcpArchiveReader *r) {
  if( r->err->rc ) return ADCP_ARCHIVE_ERROR;
  if( r->head.is_legacy ) return adcp_legacy_next(r);
  switch( r->state ) {
  case ADCP_READER_AT_START:
  case ADCP_READER_AT_TABLES: enter_tables(r); return r->err->rc ? fail_damaged(r) : next_table(r);
  case ADCP_READER_BETWEEN: return next_table(r);
  case ADCP_READER_IN_TABLE: return next_row(r);
  case ADCP_READER_SKIPPING: r->state = ADCP_READER_SKIPPED; return ADCP_ARCHIVE_TABLE_END;
  case ADCP_READER_SKIPPED: return leave_skipped(r);
  case ADCP_READER_DONE: break;
  }
  return ADCP_ARCHIVE_END;
}

/* ---- what the current event is about ---- */

const AdcpArchiveTable *adcp_archive_table(const AdcpArchiveReader *r) {
  return r->now;
}

const AdcpValue *adcp_archive_row(AdcpArchiveReader *r) {
  if( r->head.is_legacy ) return adcp_legacy_row(r);
  assert(r->text != NULL);
  if( r->values == NULL ) r->values = adcp_row_values(r->row, r->text);
  return r->values;
}

const char *adcp_archive_row_text(AdcpArchiveReader *r, size_t *size) {
  if( r->head.is_legacy ) return adcp_legacy_row_text(r, size);
  assert(r->text != NULL);
  *size = r->text_size;
  return (const char *)r->text;
}

int64_t adcp_archive_row_number(const AdcpArchiveReader *r) {
  return r->row_number;
}

int64_t adcp_archive_failed_row(const AdcpArchiveReader *r) {
  return r->failed_row;
}
