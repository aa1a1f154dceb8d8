/*
** hash.c - digests of a live database (contract in hash.h).
*/
#include "ops/hash.h"

#include <string.h>

#include "base/mem.h"
#include "db/catalog.h"
#include "db/file_window.h"
#include "db/scan.h"
#include "db/virtual_table.h"
#include "ops/options.h"
#include "platform/work_queue.h"

void adcp_hash_scan(AdcpDb *db, const AdcpHashRows *rows, AdcpRowHash *hash, AdcpRowHashOf of,
                    AdcpArchiveTable *entry) {
  if( db->err->rc ) return;
  AdcpScan *scan = adcp_scan_open(db, entry->table);
  const AdcpValue *values;
  adcp_row_hash_begin(hash, entry->table, of);
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

/* ---- of a database ---- */

typedef struct DatabaseHash {
  AdcpDb *db;
  const AdcpSchema *schema;
  const AdcpHashRows *rows;
  AdcpRowHash *hash;         /* owned */
  AdcpArchiveTable *entries; /* owned; of the tables that were read */
  size_t count;
} DatabaseHash;

static void open_database_hash(DatabaseHash *h, AdcpDb *db, const AdcpSchema *schema,
                               const AdcpHashRows *rows) {
  *h = (DatabaseHash){.db = db, .schema = schema, .rows = rows};
  h->entries = adcp_calloc(schema->table_count + 1, sizeof *h->entries);
  if( h->entries == NULL ) adcp_error_nomem(db->err);
  h->hash = open_hash(db);
}

static void close_database_hash(DatabaseHash *h) {
  adcp_row_hash_close(h->hash);
  adcp_free(h->entries);
}

/* Derived tables are no content: FORMAT.md, section 7. */
static bool is_derived(const AdcpTable *table) {
  return table->kind == ADCP_TABLE_SHADOW || table->kind == ADCP_TABLE_STAT;
}

static void add_table(DatabaseHash *h, const AdcpTable *table) {
  if( h->rows && !h->rows->xTable(h->rows->context, table) ) return;
  h->entries[h->count].table = table;
  adcp_hash_scan(h->db, h->rows, h->hash, ADCP_ROWS_IN_ORDER, &h->entries[h->count++]);
  adcp_error_name(h->db->err, table->name);
}

/* Reads the derived tables, or all others. */
static void add_tables(DatabaseHash *h, bool derived) {
  AdcpFileWindow *window = adcp_file_window_open(h->db);
  for( size_t i = 0; i < h->schema->table_count && !h->db->err->rc; i++ ) {
    const AdcpTable *table = &h->schema->tables[i];
    if( table->kind != ADCP_TABLE_VIRTUAL && is_derived(table) == derived ) add_table(h, table);
  }
  adcp_file_window_close(window);
}

/* Of what was read so far. */
static void find_digests(DatabaseHash *h, char content[ADCP_SHA256_HEX + 1],
                         char full[ADCP_SHA256_HEX + 1]) {
  adcp_archive_digests(h->schema, h->entries, h->count, content, full, h->db->err);
}

/* Reads what is not derived: whether that has the digest of the content. */
static bool has_content(DatabaseHash *h, const AdcpArchiveTotals *totals) {
  char content[ADCP_SHA256_HEX + 1] = "", full[ADCP_SHA256_HEX + 1] = "";
  add_tables(h, false);
  find_digests(h, content, full);
  return !h->db->err->rc && strcmp(content, totals->content_sha256) == 0;
}

bool adcp_hash_equals(AdcpDb *db, const AdcpSchema *schema, const AdcpHashRows *rows,
                      const AdcpArchiveTotals *totals) {
  if( db->err->rc ) return false;
  char content[ADCP_SHA256_HEX + 1] = "", full[ADCP_SHA256_HEX + 1] = "";
  DatabaseHash h;
  open_database_hash(&h, db, schema, rows);
  bool equals = has_content(&h, totals);
  if( equals ) {
    add_tables(&h, true);
    find_digests(&h, content, full);
    equals = !db->err->rc && strcmp(full, totals->full_sha256) == 0;
  }
  close_database_hash(&h);
  return equals;
}

/* The shadow tables with rows in the backup, by name; *count of them. */
static void map_shadows(AdcpMap *shadows, const AdcpArchiveHead *head, size_t *count,
                        AdcpError *err) {
  for( size_t i = 0; i < head->table_count && !err->rc; i++ ) {
    const AdcpTable *table = head->tables[i].table;
    if( table->kind != ADCP_TABLE_SHADOW ) continue;
    adcp_map_put(shadows, table->name, strlen(table->name), (void *)&head->tables[i], err);
    ++*count;
  }
}

static bool shadows_are_held(DatabaseHash *h, const AdcpArchiveHead *head) {
  AdcpMap shadows = {0};
  size_t count = 0;
  map_shadows(&shadows, head, &count, h->db->err);
  add_tables(h, true);
  bool held = !h->db->err->rc;
  for( size_t i = 0; i < h->count && held; i++ ) {
    const AdcpTable *table = h->entries[i].table;
    if( table->kind != ADCP_TABLE_SHADOW ) continue;
    const AdcpArchiveTable *there = adcp_map_get(&shadows, table->name, strlen(table->name));
    held = count-- && there && strcmp(there->sha256, h->entries[i].sha256) == 0;
  }
  adcp_map_free(&shadows);
  return held && count == 0;
}

/* How many indexes and triggers the application has on shadow tables, which content_sha256 leaves out. */
static size_t count_on_shadows(const AdcpSchema *schema) {
  size_t count = 0;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    count += adcp_schema_is_on_shadow(schema, &schema->objects[i]);
  }
  return count;
}

static bool objects_on_shadows_are_held(const AdcpSchema *schema, const AdcpSchema *held) {
  bool same = count_on_shadows(schema) == count_on_shadows(held);
  for( size_t i = 0; i < schema->object_count && same; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( !adcp_schema_is_on_shadow(schema, object) ) continue;
    const AdcpObject *there = adcp_schema_object(held, object->type, object->name);
    same = there && there->sql && strcmp(there->sql, object->sql) == 0;
  }
  return same;
}

bool adcp_hash_is_held(AdcpDb *db, const AdcpSchema *schema, const AdcpHashRows *rows,
                       const AdcpArchiveHead *head) {
  if( db->err->rc ) return false;
  DatabaseHash h;
  open_database_hash(&h, db, schema, rows);
  bool held = has_content(&h, &head->totals) && objects_on_shadows_are_held(schema, head->schema) &&
              shadows_are_held(&h, head);
  close_database_hash(&h);
  return held;
}

void adcp_hash_database(AdcpDb *db, char sha256[ADCP_SHA256_HEX + 1]) {
  AdcpSnapshot snapshot = {NULL};
  adcp_snapshot_open(&snapshot, db);
  AdcpSchema *schema = adcp_catalog_read(db);
  if( schema ) {
    char full[ADCP_SHA256_HEX + 1];
    DatabaseHash h;
    open_database_hash(&h, db, schema, NULL);
    add_tables(&h, false);
    find_digests(&h, sha256, full);
    close_database_hash(&h);
  }
  adcp_schema_free(schema);
  adcp_snapshot_close(&snapshot);
}

/* ---- of a table ---- */

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
  adcp_hash_scan(db, NULL, hash, ADCP_ROWS_IN_ORDER, &entry);
  adcp_file_window_close(window);
  adcp_row_hash_close(hash);
  memcpy(sha256, entry.sha256, sizeof entry.sha256);
}

void adcp_hash_table(AdcpDb *db, const char *name, char sha256[ADCP_SHA256_HEX + 1]) {
  AdcpSnapshot snapshot = {NULL};
  adcp_snapshot_open(&snapshot, db);
  AdcpSchema *schema = adcp_catalog_read(db);
  const AdcpTable *table = schema ? find_table(schema, name) : NULL;
  if( table && table->kind == ADCP_TABLE_SHADOW ) adcp_vtab_write_pending(db, schema);
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
