/*
** hash.c - digests of a live database (contract in hash.h).
*/
#include "ops/hash.h"

#include <string.h>

#include "base/mem.h"
#include "db/catalog.h"
#include "db/file_window.h"
#include "db/scan.h"
#include "ops/options.h"
#include "platform/work_queue.h"

void adcp_hash_scan(AdcpDb *db, const AdcpHashRows *rows, AdcpRowHash *hash,
                    AdcpArchiveTable *entry) {
  if( db->err->rc ) return;
  AdcpScan *scan = adcp_scan_open(db, entry->table);
  const AdcpValue *values;
  adcp_row_hash_begin(hash, entry->table);
  while( (values = adcp_scan_next(scan)) != NULL ) {
    if( rows ) values = rows->xRow(rows->context, entry->table, values);
    if( values ) adcp_row_hash_add(hash, values);
  }
  adcp_scan_close(scan);
  adcp_row_hash_end(hash, entry);
}

/* With a thread where there is a processor for it. */
static AdcpRowHash *open_hash(AdcpDb *db) {
  return adcp_row_hash_open(adcp_spare_processors() > 0, db->err);
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
  AdcpRowHash *hash = open_hash(db);
  AdcpFileWindow *window = adcp_file_window_open(db);
  size_t count = 0;
  for( size_t i = 0; i < schema->table_count && !db->err->rc; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( !is_content(table) || (rows && !rows->xTable(rows->context, table)) ) continue;
    entries[count].table = table;
    adcp_hash_scan(db, rows, hash, &entries[count++]);
    adcp_error_name(db->err, table->name);
  }
  adcp_file_window_close(window);
  adcp_archive_digests(schema, entries, count, sha256, full, db->err);
  adcp_row_hash_close(hash);
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

static bool find_view(const AdcpSchema *schema, const char *name) {
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type == ADCP_OBJECT_VIEW && sqlite3_stricmp(object->name, name) == 0 ) return true;
  }
  return false;
}

static void fail_unknown(AdcpDb *db, const AdcpSchema *schema, const char *name) {
  const char **names = adcp_calloc(schema->table_count + 1, sizeof *names);
  if( names == NULL ) {
    adcp_error_nomem(db->err);
    return;
  }
  for( size_t i = 0; i < schema->table_count; i++ ) names[i] = schema->tables[i].name;
  adcp_error_set(db->err, ADCP_ERROR, "database \"%s\" has no table \"%.200s\"", db->schema, name);
  if( !adcp_error_append_nearest(db->err, name, names, schema->table_count) ) {
    adcp_error_append(db->err, "; PRAGMA \"%s\".table_list lists those that it has", db->schema);
  }
  adcp_free((void *)names);
}

void adcp_hash_rows(AdcpDb *db, const AdcpTable *table, char sha256[ADCP_SHA256_HEX + 1]) {
  AdcpArchiveTable entry = {.table = table};
  AdcpRowHash *hash = open_hash(db);
  AdcpFileWindow *window = adcp_file_window_open(db);
  adcp_hash_scan(db, NULL, hash, &entry);
  adcp_file_window_close(window);
  adcp_row_hash_close(hash);
  memcpy(sha256, entry.sha256, sizeof entry.sha256);
}

void adcp_hash_table(AdcpDb *db, const char *name, char sha256[ADCP_SHA256_HEX + 1]) {
  AdcpSnapshot snapshot = {NULL};
  adcp_snapshot_open(&snapshot, db);
  AdcpSchema *schema = adcp_catalog_read(db);
  const AdcpTable *table = schema ? find_table(schema, name) : NULL;
  if( schema && table == NULL && find_view(schema, name) ) {
    adcp_error_set(db->err, ADCP_ERROR,
                   "\"%s\" is a view: it has no rows of its own, and no digest; give one of the "
                   "tables that it reads",
                   name);
  } else if( schema && table == NULL ) {
    fail_unknown(db, schema, name);
  } else if( table && table->kind == ADCP_TABLE_VIRTUAL ) {
    adcp_error_set(db->err, ADCP_ERROR,
                   "table \"%s\" is virtual: it has no rows of its own, and no digest; give its "
                   "content table or one of its shadow tables",
                   name);
  } else if( table ) {
    adcp_hash_rows(db, table, sha256);
  }
  adcp_schema_free(schema);
  adcp_snapshot_close(&snapshot);
}
