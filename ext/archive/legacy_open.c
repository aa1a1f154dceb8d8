/*
** legacy_open.c - the first pass over a file of format 2.0 (contract in legacy_read.h).
*/
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "archive/json_parts.h"
#include "archive/legacy_read.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/name_map.h"
#include "codec/number.h"

const AdcpLegacySpec adcp_legacy_specs[ADCP_LEGACY_TABLES] = {
    {"tenants", "tenant", NULL, -1, "created_at"},
    {"products", "product", "tenant_id", 0, "created_at"},
    {"external_agents", "externalagent", NULL, -1, "created_at"},
    {"product_embeddings", "product_embeddings", "product_id", 1, NULL},
};

/* Members that the tool always wrote, besides the rows. */
static const char *const required[] = {"backup_metadata", "app_settings", "tenant_settings",
                                       "database_schema", "fts_tables",   "environment_config",
                                       "feature_flags"};

#define REQUIRED_COUNT (sizeof required / sizeof *required)

/* A table while it is being looked through. */
typedef struct Found {
  bool present;
  int64_t rows;
  char **columns; /* owned, each owned; in the order in which they were met */
  size_t count;
  AdcpNameMap by_name;
  AdcpBuf ids;     /* int64_t: id_of the rows' "id" */
  AdcpBuf parents; /* int64_t: of the parent column, one a row */
} Found;

typedef struct Pass {
  AdcpArchiveReader *r;
  AdcpError *err;
  Found tables[ADCP_LEGACY_TABLES];
  bool met[REQUIRED_COUNT];
} Pass;

/* True if the key that was just taken is this one. */
static bool is_key(const AdcpJsonReader *json, const char *name) {
  size_t n;
  const char *key = adcp_json_text(json, &n);
  return strlen(name) == n && memcmp(key, name, n) == 0;
}

int adcp_legacy_find(const AdcpJsonReader *json) {
  for( int i = 0; i < ADCP_LEGACY_TABLES; i++ ) {
    if( is_key(json, adcp_legacy_specs[i].section) ) return i;
  }
  return -1;
}

/* ---- rows ---- */

/* Spellings of one name are one column, as they are in a database. */
static void add_column(Pass *pass, Found *found, const char *name, size_t n) {
  if( adcp_name_map_get(&found->by_name, name, n, pass->err) || pass->err->rc ) return;
  if( found->count == ADCP_MAX_COLUMNS ) {
    adcp_error_set(pass->err, ADCP_CORRUPT, "the rows have more than %d keys", ADCP_MAX_COLUMNS);
    return;
  }
  char **larger = adcp_realloc((void *)found->columns, (found->count + 1) * sizeof *found->columns);
  if( larger ) found->columns = larger;
  char *copy = larger ? adcp_strndup(name, n) : NULL;
  if( copy == NULL ) {
    adcp_error_nomem(pass->err);
    return;
  }
  found->columns[found->count++] = copy;
  adcp_name_map_put(&found->by_name, copy, copy, pass->err);
}

#define NO_ID INT64_MIN /* null, an array or object, or no such key */

/* What tells an id from others, as an INTEGER column keeps it: 1.0 and "1" are 1. Other texts and
** numbers are told apart by a hash: an orphan is a warning. */
static int64_t id_of(const char *text, size_t n) {
  AdcpNumber number = adcp_number_parse((const uint8_t *)text, n);
  bool whole = number.length == n;
  if( whole && number.kind == ADCP_NUMBER_INTEGER ) return number.integer;
  if( whole && number.kind == ADCP_NUMBER_REAL && fabs(number.real) < 9e18 &&
      number.real == (double)(int64_t)number.real ) {
    return (int64_t)number.real;
  }
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for( size_t i = 0; i < n; i++ ) hash = (hash ^ (uint8_t)text[i]) * 1099511628211u;
  return (int64_t)(hash | 1);
}

static int64_t take_id(Pass *pass) {
  AdcpJsonReader *json = pass->r->json;
  size_t n, outside = adcp_json_depth(json);
  AdcpJsonToken token = adcp_json_next(json);
  if( token == ADCP_JSON_NUMBER || token == ADCP_JSON_STRING ) {
    const char *text = adcp_json_text(json, &n);
    return id_of(text, n);
  }
  while( adcp_json_depth(json) > outside && adcp_json_next(json) != ADCP_JSON_ERROR ) {
    /* the rest of an array or object */
  }
  return NO_ID;
}

static void scan_row(Pass *pass, int index) {
  AdcpJsonReader *json = pass->r->json;
  Found *found = &pass->tables[index];
  const char *parent_column = adcp_legacy_specs[index].parent_column;
  int64_t id = NO_ID, parent = NO_ID;
  while( pass->err->rc == ADCP_OK && adcp_json_next(json) == ADCP_JSON_KEY ) {
    size_t n;
    const char *key = adcp_json_text(json, &n);
    bool is_id = adcp_name_equal(key, "id");
    bool is_parent = parent_column && adcp_name_equal(key, parent_column);
    if( n == 0 || strlen(key) != n ) {
      adcp_error_set(pass->err, ADCP_CORRUPT, "a row has a key that no column can have");
      return;
    }
    add_column(pass, found, key, n);
    if( is_id ) {
      id = take_id(pass);
    } else if( is_parent ) {
      parent = take_id(pass);
    } else {
      adcp_json_skip(json);
    }
  }
  adcp_buf_append(&found->ids, &id, sizeof id);
  if( parent_column ) adcp_buf_append(&found->parents, &parent, sizeof parent);
  found->rows++;
}

static void scan_rows(Pass *pass, int index) {
  AdcpArchiveReader *r = pass->r;
  Found *found = &pass->tables[index];
  const char *section = adcp_legacy_specs[index].section;
  if( found->present ) {
    adcp_error_set(pass->err, ADCP_CORRUPT, "\"%s\" stands twice", section);
    return;
  }
  found->present = true;
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_ARRAY, section, pass->err);
  while( adcp_json_element(r->json, ADCP_JSON_BEGIN_OBJECT, section, pass->err) ) {
    int64_t row = found->rows + 1;
    r->input.budget = r->input.raw_bytes + ADCP_MAX_HEAD_BYTES; /* for one row */
    scan_row(pass, index);
    r->input.budget = -1;
    if( pass->err->rc ) {
      adcp_error_prepend(pass->err, "\"%s\", row %" PRId64 ": ", section, row);
    }
  }
}

/* ---- other members ---- */

static void note_required(Pass *pass) {
  for( size_t i = 0; i < REQUIRED_COUNT; i++ ) {
    if( !is_key(pass->r->json, required[i]) ) continue;
    if( pass->met[i] ) adcp_error_set(pass->err, ADCP_CORRUPT, "\"%s\" stands twice", required[i]);
    pass->met[i] = true;
  }
}

static void scan_document(Pass *pass) {
  AdcpArchiveReader *r = pass->r;
  int64_t budget = ADCP_MAX_HEAD_BYTES;
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "the document", pass->err);
  while( pass->err->rc == ADCP_OK && adcp_json_next(r->json) == ADCP_JSON_KEY ) {
    int index = adcp_legacy_find(r->json);
    note_required(pass);
    if( pass->err->rc ) return;
    if( index >= 0 ) {
      scan_rows(pass, index);
    } else if( is_key(r->json, "backup_metadata") ) {
      adcp_json_skip(r->json); /* read when the format was told */
    } else {
      int64_t before = r->input.raw_bytes;
      r->input.budget = before + budget;
      adcp_archive_keep_section(r);
      r->input.budget = -1;
      budget -= r->input.raw_bytes - before;
    }
  }
  if( adcp_json_next(r->json) == ADCP_JSON_END ) {
    r->head.totals.raw_bytes = adcp_json_offset(r->json);
  }
}

/* ---- checks ---- */

static void check_members(Pass *pass) {
  AdcpBuf list = {0};
  for( int i = 0; i < ADCP_LEGACY_TABLES; i++ ) {
    if( pass->tables[i].present ) continue;
    adcp_buf_appendf(&list, "%s\"%s\"", list.size ? ", " : "", adcp_legacy_specs[i].section);
  }
  for( size_t i = 0; i < REQUIRED_COUNT; i++ ) {
    if( pass->met[i] ) continue;
    adcp_buf_appendf(&list, "%s\"%s\"", list.size ? ", " : "", required[i]);
  }
  const char *names = adcp_buf_text(&list);
  if( list.size && adcp_buf_check(&list, pass->err) ) {
    adcp_error_set(pass->err, ADCP_CORRUPT, "incomplete: a backup of version 2.0 that has no %s",
                   names);
  }
  adcp_buf_free(&list);
}

static void check_count(Pass *pass, AdcpJsonReader *json) {
  int index = adcp_legacy_find(json);
  if( index < 0 ) {
    adcp_json_skip(json);
    return;
  }
  int64_t rows = adcp_json_take_integer(json, adcp_legacy_specs[index].section, pass->err);
  if( pass->err->rc || rows == pass->tables[index].rows ) return;
  adcp_error_set(pass->err, ADCP_CORRUPT,
                 "damaged: data_counts says %" PRId64 " rows of \"%s\", but there are %" PRId64,
                 rows, adcp_legacy_specs[index].section, pass->tables[index].rows);
}

/* The numbers in backup_metadata's data_counts. */
static void check_counts(Pass *pass) {
  static const char *const KNOWN[] = {"data_counts", NULL};
  const char *text = pass->r->head.metadata;
  AdcpMemoryText memory = {(const uint8_t *)text, strlen(text)};
  AdcpJsonReader *json = adcp_json_reader_open(adcp_memory_input(&memory), pass->err);
  if( json == NULL ) return;
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "backup_metadata", pass->err);
  while( adcp_json_member(json, KNOWN, pass->err) == 0 ) {
    adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "data_counts", pass->err);
    while( pass->err->rc == ADCP_OK && adcp_json_next(json) == ADCP_JSON_KEY ) {
      check_count(pass, json);
    }
  }
  adcp_json_reader_close(json);
}

static int compare_ids(const void *a, const void *b) {
  int64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

static void find_orphans(Pass *pass, int index) {
  const AdcpLegacySpec *spec = &adcp_legacy_specs[index];
  const Found *children = &pass->tables[index];
  const Found *parents = &pass->tables[spec->parent];
  size_t orphans = 0, first = 0, count = children->parents.size / sizeof(int64_t);
  size_t parent_count = parents->ids.size / sizeof(int64_t);
  if( parent_count ) qsort(parents->ids.data, parent_count, sizeof(int64_t), compare_ids);
  for( size_t i = 0; i < count; i++ ) {
    const uint8_t *key = children->parents.data + i * sizeof(int64_t);
    int64_t id;
    memcpy(&id, key, sizeof id);
    if( parent_count && id != NO_ID &&
        bsearch(key, parents->ids.data, parent_count, sizeof(int64_t), compare_ids) )
      continue;
    if( orphans++ == 0 ) first = i + 1;
  }
  if( orphans == 0 ) return;
  AdcpBuf text = {0};
  adcp_buf_appendf(&text,
                   "%zu of \"%s\" %s orphaned: their %s is not among \"%s\" (the first is row %zu)",
                   orphans, spec->section, orphans == 1 ? "is" : "are", spec->parent_column,
                   adcp_legacy_specs[spec->parent].section, first);
  const char *warning = adcp_buf_text(&text);
  if( adcp_buf_check(&text, pass->err) ) adcp_archive_warn(pass->r, warning);
  adcp_buf_free(&text);
}

/* ---- the head ---- */

static char *copy_text(const char *text, AdcpError *err) {
  char *copy = adcp_strdup(text);
  if( copy == NULL ) adcp_error_nomem(err);
  return copy;
}

/* A list without rows names no column; the tool wrote "id" in all of them. */
static void describe_table(Pass *pass, int index) {
  Found *found = &pass->tables[index];
  if( found->rows == 0 ) add_column(pass, found, "id", 2);
  AdcpTable *table = adcp_schema_add_table(pass->r->head.schema, pass->err);
  if( table == NULL ) return;
  table->name = copy_text(adcp_legacy_specs[index].table, pass->err);
  table->kind = ADCP_TABLE_ORDINARY;
  table->rowid_column = -1;
  for( size_t i = 0; i < found->count && !pass->err->rc; i++ ) {
    AdcpColumn *column = adcp_table_add_column(table, pass->err);
    if( column == NULL ) return;
    column->name = copy_text(found->columns[i], pass->err);
    column->decl_type = copy_text("", pass->err);
  }
}

static void list_table(Pass *pass, int index) {
  AdcpManifest *m = &pass->r->manifest;
  AdcpArchiveTable *entry = adcp_manifest_add_table(m, pass->err);
  if( entry == NULL ) return;
  entry->rows = pass->tables[index].rows;
  m->rows += entry->rows;
  m->names[m->table_count - 1] = copy_text(adcp_legacy_specs[index].table, pass->err);
}

static void explain(Pass *pass) {
  const AdcpArchiveInput *input = &pass->r->input;
  if( pass->err->rc != ADCP_CORRUPT || input->failed ) return;
  if( input->at_end ) {
    adcp_error_clear(pass->err);
    adcp_error_set(pass->err, ADCP_CORRUPT, "incomplete: the document ends at byte %" PRId64,
                   input->raw_bytes);
  } else {
    adcp_error_prepend(pass->err, "damaged: ");
  }
}

static void close_pass(Pass *pass) {
  for( int i = 0; i < ADCP_LEGACY_TABLES; i++ ) {
    Found *found = &pass->tables[i];
    for( size_t j = 0; j < found->count; j++ ) adcp_free(found->columns[j]);
    adcp_free((void *)found->columns);
    adcp_name_map_free(&found->by_name);
    adcp_buf_free(&found->ids);
    adcp_buf_free(&found->parents);
  }
}

void adcp_legacy_open(AdcpArchiveReader *r) {
  Pass pass = {.r = r, .err = r->err};
  adcp_archive_drop_sections(r); /* kept before the format was told, as the schema was read */
  adcp_schema_free(r->head.schema);
  r->head.schema = adcp_schema_new(r->err);
  adcp_block_reader_rewind(r->blocks, r->err);
  if( r->err->rc ) return;
  adcp_archive_restart(r, ADCP_JSON_END);
  r->input.crc_bytes = INT64_MAX;
  scan_document(&pass);
  r->head.legacy_crc32 = r->input.crc32;
  explain(&pass);
  for( int i = 0; i < ADCP_LEGACY_TABLES; i++ ) {
    adcp_buf_check(&pass.tables[i].ids, r->err);
    adcp_buf_check(&pass.tables[i].parents, r->err);
  }
  if( !r->err->rc ) check_members(&pass);
  if( !r->err->rc ) check_counts(&pass);
  for( int i = 0; i < ADCP_LEGACY_TABLES && !r->err->rc; i++ ) {
    if( adcp_legacy_specs[i].parent >= 0 ) find_orphans(&pass, i);
    describe_table(&pass, i);
    list_table(&pass, i);
  }
  if( !r->err->rc ) adcp_schema_index(r->head.schema, r->err);
  close_pass(&pass);
  r->state = ADCP_READER_AT_START;
}
