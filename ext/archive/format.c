/*
** format.c - the digests over a whole backup (contract in format.h).
**
** Objects and tables are sorted as pointers, then each is added to the digests as a line of JSON.
** What the content digest leaves out is told by the table an object belongs to.
*/
#include "archive/format.h"

#include <stdlib.h>
#include <string.h>

#include "archive/name.h"
#include "base/buf.h"
#include "base/mem.h"
#include "archive/row_write.h"
#include "codec/json_write.h"

/* Both digests while they grow. */
typedef struct Digests {
  AdcpDigest content, full;
  AdcpBuf spelling; /* of a name */
  AdcpBuf line;
} Digests;

static int compare_objects(const void *a, const void *b) {
  const AdcpObject *x = *(const AdcpObject *const *)a, *y = *(const AdcpObject *const *)b;
  int order = strcmp(x->name, y->name);
  if( order ) return order;
  return strcmp(adcp_object_type_name(x->type), adcp_object_type_name(y->type));
}

static int compare_tables(const void *a, const void *b) {
  const AdcpArchiveTable *x = *(const AdcpArchiveTable *const *)a;
  const AdcpArchiveTable *y = *(const AdcpArchiveTable *const *)b;
  return strcmp(x->table->name, y->table->name);
}

/* Pointers to the elements of an array, sorted; NULL when out of memory. */
static const void **sort_pointers(const void *array, size_t count, size_t size,
                                  int (*compare)(const void *, const void *), AdcpError *err) {
  if( err->rc ) return NULL;
  const void **sorted = adcp_calloc(count ? count : 1, sizeof *sorted);
  if( sorted == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  for( size_t i = 0; i < count; i++ ) sorted[i] = (const char *)array + i * size;
  qsort(sorted, count, sizeof *sorted, compare);
  return sorted;
}

static void append_name(Digests *d, const char *name) {
  adcp_buf_clear(&d->spelling);
  adcp_name_encode(&d->spelling, name);
  if( d->spelling.oom ) d->line.oom = true;
  adcp_json_quote(&d->line, d->spelling.data, d->spelling.size);
}

static void add_line(Digests *d, bool in_content, AdcpError *err) {
  if( !adcp_buf_check(&d->line, err) ) return;
  if( in_content ) adcp_digest_add(&d->content, d->line.data, d->line.size);
  adcp_digest_add(&d->full, d->line.data, d->line.size);
}

/* An empty sqlite_sequence says nothing: SQLite keeps it when the last AUTOINCREMENT table has
** gone. */
static bool says_nothing(const AdcpArchiveTable *entry) {
  return entry->rows == 0 && entry->table->kind == ADCP_TABLE_SEQUENCE;
}

/* False for what belongs to a shadow table or to sqlite_stat*. */
static bool is_content(const AdcpSchema *schema, const char *table_name) {
  const AdcpTable *table = adcp_schema_table(schema, table_name);
  if( table && (table->kind == ADCP_TABLE_SHADOW || table->kind == ADCP_TABLE_STAT) ) return false;
  return !adcp_name_is_stat(table_name);
}

static void add_objects(Digests *d, const AdcpSchema *schema, AdcpError *err) {
  const void **sorted = sort_pointers(schema->objects, schema->object_count, sizeof(AdcpObject),
                                      compare_objects, err);
  for( size_t i = 0; sorted && i < schema->object_count; i++ ) {
    const AdcpObject *object = sorted[i];
    if( object->sql == NULL ) continue;
    AdcpValue sql = {
        .type = ADCP_TEXT, .bytes = (const uint8_t *)object->sql, .size = strlen(object->sql)};
    adcp_buf_clear(&d->line);
    adcp_buf_appendf(&d->line, "[\"%s\",", adcp_object_type_name(object->type));
    append_name(d, object->name);
    adcp_buf_append_byte(&d->line, ',');
    adcp_value_write(&d->line, &sql, false);
    adcp_buf_append(&d->line, "]\n", 2);
    add_line(d, is_content(schema, adcp_object_stored_on(object)), err);
  }
  adcp_free((void *)sorted);
}

static void add_tables(Digests *d, const AdcpSchema *schema, const AdcpArchiveTable *tables,
                       size_t count, AdcpError *err) {
  const void **sorted = sort_pointers(tables, count, sizeof *tables, compare_tables, err);
  for( size_t i = 0; sorted && i < count; i++ ) {
    const AdcpArchiveTable *entry = sorted[i];
    adcp_buf_clear(&d->line);
    adcp_buf_append_byte(&d->line, '[');
    append_name(d, entry->table->name);
    adcp_buf_appendf(&d->line, ",%lld,\"%s\"]\n", (long long)entry->rows, entry->sha256);
    add_line(d, is_content(schema, entry->table->name) && !says_nothing(entry), err);
  }
  adcp_free((void *)sorted);
}

void adcp_archive_count(AdcpArchiveTotals *totals, const AdcpArchiveTable *tables, size_t count) {
  totals->tables = totals->rows = 0;
  for( size_t i = 0; i < count; i++ ) {
    if( tables[i].table->kind != ADCP_TABLE_ORDINARY ) continue;
    totals->tables++;
    totals->rows += tables[i].rows;
  }
}

void adcp_archive_digests(const AdcpSchema *schema, const AdcpArchiveTable *tables, size_t count,
                          char content_sha256[ADCP_SHA256_HEX + 1],
                          char full_sha256[ADCP_SHA256_HEX + 1], AdcpError *err) {
  Digests d = {0};
  content_sha256[0] = full_sha256[0] = 0;
  adcp_digest_reset(&d.content);
  adcp_digest_reset(&d.full);
  add_objects(&d, schema, err);
  add_tables(&d, schema, tables, count, err);
  if( err->rc == ADCP_OK ) {
    adcp_digest_hex(&d.content, content_sha256);
    adcp_digest_hex(&d.full, full_sha256);
  }
  adcp_buf_free(&d.spelling);
  adcp_buf_free(&d.line);
}
