/*
** targets.c - what is fuzzed, each against a judge of another kind where there is one.
*/
#include "fuzz.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "adcp.h"
#include "archive/archive_read.h"
#include "archive/json_parts.h"
#include "archive/manifest.h"
#include "base/mem.h"
#include "codec/json_read.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "db/order.h"
#include "db/token.h"
#include "db/vet.h"
#include "ops/restore.h"
#include "stream/block_read.h"

#define MUST(condition)                                                                            \
  do {                                                                                             \
    if( !(condition) ) fail(#condition, __LINE__);                                                 \
  } while( 0 )

static void fail(const char *what, int line) {
  fprintf(stderr, "targets.c:%d: does not hold: %s\n", line, what);
  abort();
}

static char *zero_terminated(const uint8_t *bytes, size_t n) {
  char *text = malloc(n + 1);
  memcpy(text, bytes, n);
  text[n] = 0;
  return text;
}

/* ---- JSON ---- */

/* The text in pieces of changing size. */
typedef struct Pieces {
  const uint8_t *bytes;
  size_t left, size;
} Pieces;

static size_t read_piece(void *context, uint8_t *to, size_t size, AdcpError *err) {
  Pieces *pieces = context;
  (void)err;
  size_t n = pieces->size < size ? pieces->size : size;
  if( n > pieces->left ) n = pieces->left;
  memcpy(to, pieces->bytes, n);
  pieces->bytes += n;
  pieces->left -= n;
  return n;
}

/* A number for all tokens and their texts; *valid: no error. */
static uint64_t tokens_of(const uint8_t *bytes, size_t n, size_t piece, bool *valid) {
  AdcpError err = ADCP_ERROR_INIT;
  Pieces pieces = {bytes, n, piece};
  AdcpTextInput input = {&pieces, read_piece};
  AdcpJsonReader *reader = adcp_json_reader_open(input, &err);
  AdcpJsonToken token;
  uint64_t hash = 14695981039346656037u;
  while( (token = adcp_json_next(reader)) != ADCP_JSON_END && token != ADCP_JSON_ERROR ) {
    hash = (hash ^ (uint64_t)token) * 1099511628211u;
    if( token < ADCP_JSON_KEY || token > ADCP_JSON_NUMBER ) continue;
    size_t size;
    const char *text = adcp_json_text(reader, &size);
    MUST(adcp_utf8_valid((const uint8_t *)text, size));
    for( size_t i = 0; i < size; i++ ) hash = (hash ^ (uint8_t)text[i]) * 1099511628211u;
  }
  *valid = err.rc == ADCP_OK;
  MUST(*valid == (token == ADCP_JSON_END));
  adcp_json_reader_close(reader);
  adcp_error_clear(&err);
  return hash;
}

/* The pieces in which a text comes make no difference, and skipping checks as much as reading. */
static void fuzz_json(const uint8_t *bytes, size_t n) {
  bool whole, torn;
  uint64_t a = tokens_of(bytes, n, n ? n : 1, &whole);
  uint64_t b = tokens_of(bytes, n, 1, &torn);
  MUST(whole == torn && (!whole || a == b));
  MUST(adcp_json_is_valid((const char *)bytes, n) == whole);
}

/* ---- numbers and text ---- */

static void check_real_text(double value) {
  char text[ADCP_REAL_TEXT_MAX + 1], wanted[40];
  size_t n = adcp_real_text(value, text);
  text[n] = 0;
  double back = strtod(text, NULL);
  MUST(memcmp(&back, &value, sizeof back) == 0);
  AdcpNumber number = adcp_number_parse((const uint8_t *)text, n);
  MUST(number.kind == ADCP_NUMBER_REAL && number.canonical && number.length == n);
  /* No shorter text reads back: as many digits as the first %.*e that does. */
  int digits = 1;
  for( ; digits < 17; digits++ ) {
    snprintf(wanted, sizeof wanted, "%.*e", digits - 1, value);
    if( strtod(wanted, NULL) == value ) break;
  }
  size_t used = 0;
  bool significant = false;
  char mantissa[ADCP_REAL_TEXT_MAX + 1];
  for( size_t i = 0; i < n && text[i] != 'e'; i++ ) {
    if( text[i] < '0' || text[i] > '9' ) continue;
    significant = significant || text[i] != '0';
    if( significant ) mantissa[used++] = text[i];
  }
  while( used > 0 && mantissa[used - 1] == '0' ) used--;
  MUST(value == 0 || used <= (size_t)digits);
}

static void fuzz_number(const uint8_t *bytes, size_t n) {
  AdcpNumber number = adcp_number_parse(bytes, n);
  MUST(number.length <= n);
  if( number.kind == ADCP_NUMBER_REAL || number.kind == ADCP_NUMBER_INTEGER ) {
    char *text = zero_terminated(bytes, number.length);
    double wanted = strtod(text, NULL);
    if( number.kind == ADCP_NUMBER_REAL ) {
      MUST(memcmp(&wanted, &number.real, sizeof wanted) == 0);
    } else {
      MUST(number.integer == strtoll(text, NULL, 10));
    }
    free(text);
  }
  double value;
  if( n < sizeof value ) return;
  memcpy(&value, bytes, sizeof value);
  if( isfinite(value) ) check_real_text(value);
}

/* RFC 3629 as its table has it. */
static size_t length_of_utf8(const uint8_t *p, size_t n) {
  static const struct {
    uint8_t from, to, second_from, second_to, length;
  } rows[] = {
      {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
      {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
      {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
  };
  for( size_t i = 0; i < sizeof rows / sizeof *rows; i++ ) {
    if( p[0] < rows[i].from || p[0] > rows[i].to ) continue;
    if( n < rows[i].length ) return 0;
    if( rows[i].length > 1 && (p[1] < rows[i].second_from || p[1] > rows[i].second_to) ) return 0;
    for( size_t k = 2; k < rows[i].length; k++ ) {
      if( (p[k] & 0xc0) != 0x80 ) return 0;
    }
    return rows[i].length;
  }
  return 0;
}

static void fuzz_utf8(const uint8_t *bytes, size_t n) {
  size_t at = 0, length;
  while( at < n && (length = length_of_utf8(bytes + at, n - at)) > 0 ) at += length;
  MUST(adcp_utf8_valid_prefix(bytes, n) == at);
  MUST(adcp_utf8_valid(bytes, n) == (at == n));
}

/* ---- files ---- */

/* The bytes as a file: its path, which is valid until the descriptor is closed. */
static int memory_file(const uint8_t *bytes, size_t n, char path[64]) {
  int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if( fd < 0 || write(fd, bytes, n) != (ssize_t)n ) abort();
  snprintf(path, 64, "/proc/self/fd/%d", fd);
  return fd;
}

static void fuzz_container(const uint8_t *bytes, size_t n) {
  char path[64];
  static uint8_t text[64 * 1024];
  AdcpError err = ADCP_ERROR_INIT;
  int fd = memory_file(bytes, n, path);
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, &err);
  AdcpBlockReader *reader = adcp_block_reader_open(file, 0, &err);
  if( reader ) {
    adcp_block_reader_rewind(reader, &err);
    size_t budget = 1 << 24;
    size_t got;
    while( budget > sizeof text &&
           (got = adcp_block_reader_read(reader, text, sizeof text, &err)) > 0 ) {
      budget -= got;
    }
  }
  adcp_block_reader_close(reader);
  adcp_infile_close(file);
  adcp_error_clear(&err);
  close(fd);
}

/* Reads all rows; true if everything was there. */
static bool walk(AdcpArchiveReader *reader, const AdcpError *err) {
  AdcpArchiveEvent event;
  do {
    event = adcp_archive_next(reader);
    if( event == ADCP_ARCHIVE_ROW ) MUST(adcp_archive_row(reader) != NULL || err->rc);
  } while( event != ADCP_ARCHIVE_END && event != ADCP_ARCHIVE_ERROR );
  MUST((event == ADCP_ARCHIVE_ERROR) == (err->rc != ADCP_OK));
  return event == ADCP_ARCHIVE_END;
}

/* Of a file that is sound: who opens only its two ends is told the same. */
static void must_agree(const AdcpArchiveHead *whole, const char *path) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpArchiveReader *head = adcp_archive_reader_open_head(NULL, path, &err);
  AdcpArchiveReader *peek = adcp_archive_reader_peek(NULL, path, &err);
  MUST(err.rc == ADCP_OK && head && peek);
  const AdcpArchiveHead *a = adcp_archive_head(head), *b = adcp_archive_head(peek);
  MUST(a->table_count == whole->table_count && a->totals.rows == whole->totals.rows);
  for( size_t i = 0; i < a->table_count; i++ ) {
    MUST(a->tables[i].rows == whole->tables[i].rows &&
         a->tables[i].bytes == whole->tables[i].bytes);
  }
  MUST(strcmp(a->metadata, whole->metadata) == 0 && strcmp(b->metadata, whole->metadata) == 0);
  MUST(b->unsettled ||
       (b->totals.rows == whole->totals.rows && b->totals.raw_bytes == whole->totals.raw_bytes &&
        strcmp(b->totals.content_sha256, whole->totals.content_sha256) == 0));
  adcp_archive_reader_close(head);
  adcp_archive_reader_close(peek);
  adcp_error_clear(&err);
}

static void fuzz_archive(const uint8_t *bytes, size_t n) {
  char path[64];
  AdcpError err = ADCP_ERROR_INIT;
  int fd = memory_file(bytes, n, path);
  AdcpArchiveReader *reader = adcp_archive_reader_open(NULL, path, 0, &err);
  MUST(reader != NULL || err.rc != ADCP_OK);
  if( reader && walk(reader, &err) && strcmp(adcp_archive_head(reader)->version, "2.0") != 0 ) {
    must_agree(adcp_archive_head(reader), path);
  }
  adcp_archive_reader_close(reader);
  adcp_error_clear(&err);
  close(fd);
}

/* ---- the manifest ---- */

typedef enum Part { WHOLE, FRONT } Part;

static bool read_manifest(const uint8_t *bytes, size_t n, size_t piece, Part part,
                          AdcpManifest *manifest) {
  AdcpError err = ADCP_ERROR_INIT;
  Pieces pieces = {bytes, n, piece};
  AdcpTextInput input = {&pieces, read_piece};
  AdcpJsonReader *reader = adcp_json_reader_open(input, &err);
  memset(manifest, 0, sizeof *manifest);
  bool good = true;
  if( part == WHOLE ) {
    adcp_manifest_read(reader, manifest, &err);
  } else {
    good = adcp_manifest_read_front(reader, manifest, &err);
  }
  good = good && err.rc == ADCP_OK;
  adcp_json_reader_close(reader);
  adcp_error_clear(&err);
  return good;
}

static AdcpManifestSummary read_summary(const uint8_t *bytes, size_t n) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpManifestSummary summary = {0};
  Pieces pieces = {bytes, n, 7};
  AdcpTextInput input = {&pieces, read_piece};
  AdcpJsonReader *reader = adcp_json_reader_open(input, &err);
  adcp_manifest_read_summary(reader, &summary, &err);
  if( err.rc ) summary.is_there = false;
  adcp_json_reader_close(reader);
  adcp_error_clear(&err);
  return summary;
}

static void append_bytes(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_buf_append(context, bytes, n);
}

static void must_be_same(const AdcpManifest *a, const AdcpManifest *b) {
  MUST(a->rows == b->rows && a->bytes == b->bytes && a->table_count == b->table_count);
  MUST(a->block_count == b->block_count && a->mark_count == b->mark_count);
  for( size_t i = 0; i < a->table_count; i++ ) {
    const AdcpArchiveTable *x = &a->tables[i], *y = &b->tables[i];
    MUST(strcmp(a->names[i], b->names[i]) == 0 && strcmp(x->sha256, y->sha256) == 0);
    MUST(x->rows == y->rows && x->bytes == y->bytes && x->mark_count == y->mark_count);
    MUST(x->position.block == y->position.block && x->position.offset == y->position.offset);
  }
  for( size_t i = 0; i < a->mark_count; i++ ) {
    const AdcpArchiveMark *x = &a->marks[i], *y = &b->marks[i];
    MUST(x->row == y->row && x->has_rowid == y->has_rowid && x->rowid == y->rowid);
    MUST((x->key == NULL) == (y->key == NULL) && (!x->key || strcmp(x->key, y->key) == 0));
  }
}

/* What was accepted is written again and read as the same. */
static void write_and_read(const AdcpManifest *manifest) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf text = {0};
  AdcpTextSink sink = {&text, append_bytes};
  AdcpManifest again, front, summed = *manifest;
  AdcpTable *tables = calloc(manifest->table_count + 1, sizeof *tables);
  for( size_t i = 0; i < manifest->table_count; i++ ) {
    tables[i].name = manifest->names[i];
    manifest->tables[i].table = &tables[i];
  }
  adcp_manifest_summarize(&summed, &err);
  adcp_manifest_write(&summed, sink, &err);
  const uint8_t *value = memchr(text.data, '{', text.size);
  size_t skipped = (size_t)(value - text.data);
  MUST(err.rc == ADCP_OK && read_manifest(value, text.size - skipped, 100, WHOLE, &again));
  must_be_same(manifest, &again);
  MUST(read_manifest(value, text.size - skipped, 100, FRONT, &front) && front.summary.has_crc);
  MUST(front.tables_crc32 == summed.summary.tables_crc32 && front.block_count == 0);
  MUST(again.tables_crc32 == summed.summary.tables_crc32);
  adcp_manifest_free(&front);
  MUST(again.summary.is_there && again.summary.has_crc);
  adcp_manifest_check_summary(&again.summary, &summed.summary.totals, &err);
  MUST(err.rc == ADCP_OK && read_summary(value, text.size - skipped).has_crc);
  adcp_manifest_free(&again);
  adcp_buf_free(&text);
  free(tables);
}

static bool has_hex_digits(const AdcpManifest *manifest) {
  bool good = strspn(manifest->content_sha256, "0123456789abcdef") == ADCP_SHA256_HEX &&
              strspn(manifest->full_sha256, "0123456789abcdef") == ADCP_SHA256_HEX;
  for( size_t i = 0; i < manifest->table_count && good; i++ ) {
    good = strspn(manifest->tables[i].sha256, "0123456789abcdef") == ADCP_SHA256_HEX;
  }
  return good;
}

/* The pieces make no difference; the front is that of the whole; a list reads the summary that the
** whole has; every place that is accepted stands in a block. */
static void fuzz_manifest(const uint8_t *bytes, size_t n) {
  AdcpManifest whole, torn, front;
  bool good = read_manifest(bytes, n, n ? n : 1, WHOLE, &whole);
  bool good_torn = read_manifest(bytes, n, 1, WHOLE, &torn);
  bool has_front = read_manifest(bytes, n, 7, FRONT, &front);
  bool has_summary = read_summary(bytes, n).is_there;
  MUST(good == good_torn && (!has_front || has_summary));
  MUST((!good || !has_summary || whole.summary.is_there));
  if( good ) {
    int64_t rows = 0;
    must_be_same(&whole, &torn);
    MUST(!has_front || front.rows <= whole.rows);
    for( size_t i = 0; i < whole.table_count; i++ ) {
      const AdcpBlockPosition *place = &whole.tables[i].position;
      rows += whole.tables[i].rows;
      MUST(whole.names[i] && whole.tables[i].rows >= 0);
      MUST(place->block >= 0 && (size_t)place->block < whole.block_count);
      MUST(place->offset >= 0 && place->offset < whole.blocks[place->block].raw_bytes);
    }
    MUST(rows == whole.rows);
    if( has_hex_digits(&whole) ) write_and_read(&whole);
  }
  adcp_manifest_free(&whole);
  adcp_manifest_free(&torn);
  adcp_manifest_free(&front);
}

/* ---- SQL ---- */

static void fuzz_options(const uint8_t *bytes, size_t n) {
  AdcpError err = ADCP_ERROR_INIT;
  char *text = zero_terminated(bytes, n);
  AdcpOptions *options = adcp_options_parse(text, n, &adcp_restore_options, NULL, &err);
  MUST((options == NULL) == (err.rc != ADCP_OK));
  adcp_options_free(options);
  adcp_error_clear(&err);
  free(text);
}

/* An object that is vetted does what it says: run, it makes one object and nothing else. */
static void run_vetted(const char *sql, const AdcpObject *object) {
  sqlite3 *db;
  sqlite3_stmt *stmt = NULL;
  sqlite3_open(":memory:", &db);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 1, NULL);
  sqlite3_exec(db, "CREATE TABLE base(a, b)", NULL, NULL, NULL);
  int changes = sqlite3_total_changes(db);
  if( sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ) {
    sqlite3_prepare_v2(db,
                       "SELECT count(*) FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name <> "
                       "'base' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'x!_%' ESCAPE '!'",
                       -1, &stmt, NULL);
    sqlite3_step(stmt);
    int made = sqlite3_column_int(stmt, 0);
    bool of_table = object->type == ADCP_OBJECT_INDEX || object->type == ADCP_OBJECT_TRIGGER;
    MUST(made == (of_table ? 0 : 1));
    MUST(sqlite3_total_changes(db) == changes || strstr(sql, "VIRTUAL") || strstr(sql, "irtual"));
  }
  sqlite3_finalize(stmt);
  MUST(sqlite3_get_autocommit(db));
  sqlite3_close(db);
}

static void vet_as(const char *sql, AdcpObjectType type) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  AdcpObject *base = adcp_schema_add_object(schema, &err);
  base->type = ADCP_OBJECT_TABLE;
  base->name = adcp_strdup("base");
  base->tbl_name = adcp_strdup("base");
  base->sql = adcp_strdup("CREATE TABLE base(a, b)");
  AdcpObject *object = adcp_schema_add_object(schema, &err);
  bool of_table = type == ADCP_OBJECT_INDEX || type == ADCP_OBJECT_TRIGGER;
  object->type = type;
  object->name = adcp_strdup("x");
  object->tbl_name = adcp_strdup(of_table ? "base" : "x");
  object->sql = adcp_strdup(sql);
  AdcpVetter *vetter = adcp_vetter_open(&err);
  adcp_vet_object(vetter, schema, object);
  if( err.rc == ADCP_OK ) run_vetted(sql, object);
  adcp_vetter_close(vetter);
  adcp_schema_free(schema);
  adcp_error_clear(&err);
}

static void fuzz_vet(const uint8_t *bytes, size_t n) {
  char *sql = zero_terminated(bytes, n);
  for( int type = ADCP_OBJECT_TABLE; type <= ADCP_OBJECT_TRIGGER; type++ ) {
    vet_as(sql, (AdcpObjectType)type);
  }
  free(sql);
}

/* Every two bytes are a foreign key from one of 32 tables to another. */
static void fuzz_sort(const uint8_t *bytes, size_t n) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  bool refers[32][32] = {{false}};
  for( int i = 0; i < 32; i++ ) {
    AdcpTable *table = adcp_schema_add_table(schema, &err);
    table->name = adcp_strdup("t00");
    table->name[1] = (char)('0' + i / 10);
    table->name[2] = (char)('0' + i % 10);
  }
  for( size_t i = 0; i + 1 < n && i < 200; i += 2 ) {
    int child = bytes[i] % 32, parent = bytes[i + 1] % 32;
    AdcpForeignKey *key = adcp_table_add_foreign_key(&schema->tables[child], &err);
    key->parent = adcp_strdup(schema->tables[parent].name);
    refers[child][parent] = true;
  }
  adcp_schema_sort(schema, &err);
  MUST(err.rc == ADCP_OK && schema->table_count == 32);
  for( int k = 0; k < 32; k++ ) { /* Warshall: who refers to whom by any way */
    for( int i = 0; i < 32; i++ ) {
      for( int j = 0; j < 32; j++ ) refers[i][j] = refers[i][j] || (refers[i][k] && refers[k][j]);
    }
  }
  for( size_t i = 0; i < 32; i++ ) {
    int a = (int)strtol(schema->tables[i].name + 1, NULL, 10);
    for( size_t j = i + 1; j < 32; j++ ) {
      int b = (int)strtol(schema->tables[j].name + 1, NULL, 10);
      MUST(!refers[a][b] || refers[b][a]); /* a parent behind its child: in a circle only */
    }
  }
  adcp_schema_free(schema);
  adcp_error_clear(&err);
}

/* ---- end to end ---- */

/* The result of a call with the path, or its error. */
static int call(sqlite3 *db, const char *sql, const char *path, char *out, int size) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if( rc != SQLITE_OK ) abort();
  sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
  rc = sqlite3_step(stmt);
  const char *text =
      rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : sqlite3_errmsg(db);
  sqlite3_snprintf(size, out, "%s", text ? text : "");
  sqlite3_finalize(stmt);
  return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* What is valid is restored, whole; what is not leaves nothing. */
static void fuzz_restore(const uint8_t *bytes, size_t n) {
  char path[64], report[300];
  sqlite3 *db;
  int fd = memory_file(bytes, n, path);
  sqlite3_open(":memory:", &db);
  MUST(sqlite3_adcp_init(db, NULL, NULL) == SQLITE_OK);
  int rc = call(db, "SELECT adcp_validate(?1, '{\"threads\":0}')", path, report, sizeof report);
  bool valid = rc == SQLITE_OK && strstr(report, "\"valid\":true") != NULL;
  rc = call(db, "SELECT adcp_restore(?1, '{\"threads\":0}')", path, report, sizeof report);
  if( valid != (rc == SQLITE_OK) ) fprintf(stderr, "valid %d: %s\n", valid, report);
  MUST(valid == (rc == SQLITE_OK));
  if( rc != SQLITE_OK ) {
    call(db, "SELECT count(*) FROM sqlite_schema WHERE ?1 <> ''", path, report, sizeof report);
    MUST(strcmp(report, "0") == 0);
  } else {
    call(db, "SELECT integrity_check FROM pragma_integrity_check WHERE ?1 <> ''", path, report,
         sizeof report);
    MUST(strcmp(report, "ok") == 0 || strstr(report, "CHECK constraint"));
  }
  MUST(sqlite3_get_autocommit(db));
  MUST(sqlite3_close(db) == SQLITE_OK);
  close(fd);
}

/* What a script may do: nothing that leaves its database, and no setting that lets it write what
** SQLite itself would not (writable_schema and the like). */
static int script_may(void *unused, int action, const char *a, const char *b, const char *schema,
                      const char *trigger) {
  static const char *const pragmas[] = {"user_version",       "application_id",    "encoding",
                                        "page_size",          "auto_vacuum",       "foreign_keys",
                                        "recursive_triggers", "legacy_alter_table"};
  (void)unused, (void)schema, (void)trigger;
  if( action == SQLITE_ATTACH || action == SQLITE_DETACH ) return SQLITE_DENY;
  if( action == SQLITE_FUNCTION &&
      (sqlite3_strnicmp(b, "adcp", 4) == 0 || sqlite3_stricmp(b, "load_extension") == 0 ||
       sqlite3_stricmp(b, "fts3_tokenizer") == 0) ) {
    return SQLITE_DENY;
  }
  if( action != SQLITE_PRAGMA ) return SQLITE_OK;
  for( size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++ ) {
    if( sqlite3_stricmp(a, pragmas[i]) == 0 ) return SQLITE_OK;
  }
  return SQLITE_DENY;
}

static int script_ends(void *steps) {
  return --*(int *)steps < 0;
}

static sqlite3 *open_plain(const char *path) {
  sqlite3 *db;
  MUST(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_adcp_init(db, NULL, NULL) == SQLITE_OK);
  sqlite3_exec(db, "PRAGMA synchronous=off; PRAGMA journal_mode=memory", NULL, NULL, NULL);
  return db;
}

static void run_script(sqlite3 *db, const char *script) {
  int steps = 200;
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_set_authorizer(db, script_may, NULL);
  sqlite3_progress_handler(db, 1000, script_ends, &steps);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 200000);
  for( const char *at = script; *at && steps >= 0; ) { /* a statement that fails ends itself only */
    sqlite3_stmt *stmt = NULL;
    const char *end = at;
    if( sqlite3_prepare_v2(db, at, -1, &stmt, &end) != SQLITE_OK && end == at ) break;
    while( stmt && sqlite3_step(stmt) == SQLITE_ROW ) continue;
    sqlite3_finalize(stmt);
    if( end == at ) break;
    at = end;
  }
  sqlite3_set_authorizer(db, NULL, NULL);
  sqlite3_progress_handler(db, 0, NULL, NULL);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1000000000);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
  if( !sqlite3_get_autocommit(db) ) {
    if( sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) ) sqlite3_exec(db, "ROLLBACK", 0, 0, 0);
  }
}

/* A database that SQL made is backed up and restored as the same, says a judge that shares no code
** with either (tools/dbsame.c). */
static void fuzz_roundtrip(const uint8_t *bytes, size_t n) {
  char from[300], to[300], path[64], report[600];
  const char *folder = getenv("TMPDIR");
  snprintf(from, sizeof from, "%s/fuzz-%ld-a.db", folder ? folder : "/tmp", (long)getpid());
  snprintf(to, sizeof to, "%s/fuzz-%ld-b.db", folder ? folder : "/tmp", (long)getpid());
  unlink(from);
  unlink(to);
  char *script = zero_terminated(bytes, n);
  int fd = memory_file((const uint8_t *)"", 0, path);
  sqlite3 *db = open_plain(from);
  run_script(db, script);
  int rc = call(db, "SELECT adcp_backup(?1, '{\"threads\":0}')", path, report, sizeof report);
  if( rc ) fprintf(stderr, "%s\n", report);
  MUST(rc == SQLITE_OK);
  MUST(sqlite3_close(db) == SQLITE_OK);
  db = open_plain(to);
  rc = call(db, "SELECT adcp_restore(?1, '{\"threads\":0,\"foreign_keys\":\"report\"}')", path,
            report, sizeof report);
  if( rc ) fprintf(stderr, "%s\n", report);
  MUST(rc == SQLITE_OK);
  MUST(sqlite3_close(db) == SQLITE_OK);
  MUST(fuzz_same_databases(from, to));
  unlink(from);
  unlink(to);
  free(script);
  close(fd);
}

const FuzzTarget fuzz_targets[] = {
    {"json", fuzz_json},
    {"number", fuzz_number},
    {"utf8", fuzz_utf8},
    {"container", fuzz_container},
    {"archive", fuzz_archive},
    {"options", fuzz_options},
    {"vet", fuzz_vet},
    {"sort", fuzz_sort},
    {"restore", fuzz_restore},
    {"manifest", fuzz_manifest},
    {"roundtrip", fuzz_roundtrip},
};

const size_t fuzz_target_count = sizeof fuzz_targets / sizeof *fuzz_targets;

const FuzzTarget *fuzz_find(const char *name) {
  for( size_t i = 0; name && i < fuzz_target_count; i++ ) {
    if( strcmp(fuzz_targets[i].name, name) == 0 ) return &fuzz_targets[i];
  }
  return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  static const FuzzTarget *target;
  if( target == NULL && (target = fuzz_find(getenv("ADCP_FUZZ"))) == NULL ) {
    fprintf(stderr, "set ADCP_FUZZ to the name of a target\n");
    exit(2);
  }
  target->run(bytes, n);
  return 0;
}
