/*
** hash.c - digests of a live database (contract in hash.h).
*/
#include "ops/hash.h"

#include <string.h>

#include "archive/format.h"
#include "archive/row_digest.h"
#include "archive/row_write.h"
#include "base/mem.h"
#include "db/catalog.h"
#include "db/scan.h"
#include "ops/options.h"

static void add_to_digest(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_row_digest_add(context, bytes, n);
}

/* Digests the rows of entry->table into the entry. */
static void hash_rows(AdcpDb *db, AdcpArchiveTable *entry, const AdcpHashRows *rows,
                      AdcpRowDigest *digest) {
  if( db->err->rc ) return;
  const AdcpTable *table = entry->table;
  AdcpTextSink sink = {digest, add_to_digest};
  AdcpRowWriter *writer = adcp_row_writer_open(table, db->err);
  AdcpScan *scan = adcp_scan_open(db, table);
  const AdcpValue *values;
  adcp_row_digest_reset(digest);
  while( !db->err->rc && (values = adcp_scan_next(scan)) != NULL ) {
    if( rows ) values = rows->xRow(rows->context, table, values);
    if( values == NULL ) continue;
    adcp_row_write(writer, values, sink, db->err);
    adcp_row_digest_end_row(digest);
    entry->rows++;
  }
  if( !db->err->rc ) {
    entry->bytes = adcp_row_digest_bytes(digest);
    adcp_row_digest_hex(digest, entry->sha256);
  }
  adcp_scan_close(scan);
  adcp_row_writer_close(writer);
}

/* Derived tables are no content: FORMAT.md, section 7. */
static bool is_content(const AdcpTable *table) {
  return table->kind == ADCP_TABLE_ORDINARY || table->kind == ADCP_TABLE_SEQUENCE;
}

void adcp_hash_content(AdcpDb *db, const AdcpSchema *schema, const AdcpHashRows *rows,
                       char sha256[ADCP_SHA256_HEX + 1]) {
  if( db->err->rc ) return;
  char full[ADCP_SHA256_HEX + 1];
  AdcpArchiveTable *entries = adcp_calloc(schema->table_count + 1, sizeof *entries);
  if( entries == NULL ) adcp_error_nomem(db->err);
  AdcpRowDigest *digest = adcp_row_digest_open(db->err);
  size_t count = 0;
  for( size_t i = 0; i < schema->table_count && !db->err->rc; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( !is_content(table) || (rows && !rows->xTable(rows->context, table)) ) continue;
    entries[count].table = table;
    hash_rows(db, &entries[count++], rows, digest);
    adcp_error_name(db->err, table->name);
  }
  adcp_archive_digests(schema, entries, count, sha256, full, db->err);
  adcp_row_digest_close(digest);
  adcp_free(entries);
}

/* ---- of a live database ---- */

void adcp_hash_database(AdcpDb *db, char sha256[ADCP_SHA256_HEX + 1]) {
  AdcpSnapshot snapshot = {NULL};
  adcp_snapshot_open(&snapshot, db);
  AdcpSchema *schema = adcp_catalog_read(db);
  if( schema ) adcp_hash_content(db, schema, NULL, sha256);
  adcp_schema_free(schema);
  adcp_snapshot_close(&snapshot);
}

static const AdcpTable *find_table(const AdcpSchema *schema, const char *name) {
  const AdcpTable *found = adcp_schema_table(schema, name);
  for( size_t i = 0; i < schema->table_count && found == NULL; i++ ) {
    if( sqlite3_stricmp(schema->tables[i].name, name) == 0 ) found = &schema->tables[i];
  }
  return found;
}

static void fail_unknown(AdcpDb *db, const AdcpSchema *schema, const char *name) {
  const char **names = adcp_calloc(schema->table_count + 1, sizeof *names);
  if( names == NULL ) {
    adcp_error_nomem(db->err);
    return;
  }
  for( size_t i = 0; i < schema->table_count; i++ ) names[i] = schema->tables[i].name;
  const char *nearest = adcp_nearest_name(name, names, schema->table_count);
  adcp_error_set(db->err, ADCP_ERROR, "database \"%s\" has no table \"%.200s\"", db->schema, name);
  if( nearest ) adcp_error_append(db->err, "; did you mean \"%s\"?", nearest);
  adcp_free((void *)names);
}

void adcp_hash_rows(AdcpDb *db, const AdcpTable *table, char sha256[ADCP_SHA256_HEX + 1]) {
  AdcpArchiveTable entry = {.table = table};
  AdcpRowDigest *digest = adcp_row_digest_open(db->err);
  hash_rows(db, &entry, NULL, digest);
  adcp_row_digest_close(digest);
  memcpy(sha256, entry.sha256, sizeof entry.sha256);
}

void adcp_hash_table(AdcpDb *db, const char *name, char sha256[ADCP_SHA256_HEX + 1]) {
  AdcpSnapshot snapshot = {NULL};
  adcp_snapshot_open(&snapshot, db);
  AdcpSchema *schema = adcp_catalog_read(db);
  const AdcpTable *table = schema ? find_table(schema, name) : NULL;
  if( schema && table == NULL ) {
    fail_unknown(db, schema, name);
  } else if( table && table->kind == ADCP_TABLE_VIRTUAL ) {
    adcp_error_set(db->err, ADCP_ERROR,
                   "table \"%s\" is virtual: it has no rows of its own, and no digest", name);
  } else if( table ) {
    adcp_hash_rows(db, table, sha256);
  }
  adcp_schema_free(schema);
  adcp_snapshot_close(&snapshot);
}
