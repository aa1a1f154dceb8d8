/*
** contents.c - the table of contents of a backup (contract in contents.h).
*/
#include "ops/contents.h"

#include <string.h>

#include "base/mem.h"
#include "base/name_map.h"
#include "codec/json_write.h"
#include "db/fts.h"
#include "db/mention.h"
#include "db/sqlite.h"
#include "ops/interrupt.h"

struct AdcpContents {
  AdcpError *err; /* borrowed */
  AdcpCheckpoint checkpoint;
  char *path;
  AdcpArchiveReader *archive; /* its head alone */
  const AdcpArchiveHead *head;
  AdcpContentsEntry *entries; /* owned */
  size_t count;
  AdcpArchiveReader *indexed; /* the same file with its blocks, once an offset was asked for */
  int64_t *block_offsets;     /* owned: where each of them begins in the text */
  AdcpNameMap relations;      /* AdcpObject of the backup's tables and views, by name */
};

/* ---- the entries ---- */

static void add(AdcpContents *contents, const char *section, const AdcpObject *object,
                const AdcpArchiveTable *rows) {
  contents->entries[contents->count++] = (AdcpContentsEntry){section, object, rows};
}

static void add_tables(AdcpContents *contents, AdcpTableKind kind) {
  const AdcpSchema *schema = contents->head->schema;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE ) continue;
    const AdcpTable *table = adcp_schema_table(schema, object->name);
    AdcpTableKind own = table ? table->kind : ADCP_TABLE_ORDINARY;
    if( own == kind ) add(contents, "pre-data", object, NULL);
  }
}

/* Those with a text: an automatic index comes with its table. */
static void add_objects(AdcpContents *contents, AdcpObjectType type) {
  const AdcpSchema *schema = contents->head->schema;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type == type && object->sql ) add(contents, "post-data", object, NULL);
  }
}

static void list_entries(AdcpContents *contents) {
  const AdcpArchiveHead *head = contents->head;
  size_t most = head->schema->object_count + head->table_count + 1;
  contents->entries = adcp_calloc(most, sizeof *contents->entries);
  if( contents->entries == NULL ) {
    adcp_error_nomem(contents->err);
    return;
  }
  add_tables(contents, ADCP_TABLE_ORDINARY);
  add_tables(contents, ADCP_TABLE_VIRTUAL);
  add_tables(contents, ADCP_TABLE_SHADOW);
  for( size_t i = 0; i < head->table_count; i++ ) add(contents, "data", NULL, &head->tables[i]);
  add_objects(contents, ADCP_OBJECT_INDEX);
  add_objects(contents, ADCP_OBJECT_VIEW);
  add_objects(contents, ADCP_OBJECT_TRIGGER);
}

AdcpContents *adcp_contents_open(const AdcpRoot *root, const char *path, sqlite3 *handle,
                                 AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpContents *contents = adcp_calloc(1, sizeof *contents);
  if( contents == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  contents->err = err;
  contents->checkpoint = adcp_interrupt_checkpoint_of(handle);
  contents->path = adcp_strdup(path);
  if( contents->path == NULL ) adcp_error_nomem(err);
  contents->archive = adcp_archive_reader_open_head_checked(root, path, contents->checkpoint, err);
  if( contents->archive ) {
    contents->head = adcp_archive_head(contents->archive);
    list_entries(contents);
    adcp_mention_relations(&contents->relations, contents->head->schema, err);
  }
  adcp_error_name(err, path);
  if( err->rc == ADCP_OK ) return contents;
  adcp_contents_close(contents);
  return NULL;
}

void adcp_contents_close(AdcpContents *contents) {
  if( contents == NULL ) return;
  adcp_name_map_free(&contents->relations);
  adcp_free(contents->entries);
  adcp_archive_reader_close(contents->archive);
  adcp_archive_reader_close(contents->indexed);
  adcp_free(contents->block_offsets);
  adcp_free(contents->path);
  adcp_free(contents);
}

size_t adcp_contents_count(const AdcpContents *contents) {
  return contents->count;
}

const AdcpContentsEntry *adcp_contents_entry(const AdcpContents *contents, size_t i) {
  return &contents->entries[i];
}

/* The head with the blocks; NULL where positions mean nothing. Where the opening passed over them
** they are read for those who ask where something stands: there are four of them a MB. */
static const AdcpArchiveHead *indexed_head(AdcpContents *contents) {
  const AdcpArchiveHead *head = contents->head;
  bool passed_over = !head->indexed && head->block_count == 0 && head->totals.full_sha256[0];
  if( passed_over && contents->indexed == NULL ) {
    contents->indexed =
        adcp_archive_reader_open_again(contents->archive, 0, contents->checkpoint, contents->err);
    adcp_error_name(contents->err, contents->path);
  }
  if( contents->indexed ) head = adcp_archive_head(contents->indexed);
  bool same = strcmp(head->totals.full_sha256, contents->head->totals.full_sha256) == 0;
  return head->indexed && same && !contents->err->rc ? head : NULL;
}

static void sum_blocks(AdcpContents *contents, const AdcpArchiveHead *head) {
  if( contents->block_offsets ) return;
  contents->block_offsets = adcp_calloc(head->block_count + 1, sizeof *contents->block_offsets);
  if( contents->block_offsets == NULL ) {
    adcp_error_nomem(contents->err);
    return;
  }
  for( size_t i = 0; i < head->block_count; i++ ) {
    contents->block_offsets[i + 1] = contents->block_offsets[i] + head->blocks[i].raw_bytes;
  }
}

int64_t adcp_contents_offset(AdcpContents *contents, const AdcpContentsEntry *entry) {
  const AdcpArchiveHead *head = entry->rows && !contents->err->rc ? indexed_head(contents) : NULL;
  if( head == NULL ) return -1;
  const AdcpBlockPosition *place = &entry->rows->position;
  sum_blocks(contents, head);
  bool there = place->block >= 0 && (uint64_t)place->block < head->block_count;
  return there && !contents->err->rc ? contents->block_offsets[place->block] + place->offset : -1;
}

/* ---- what needs what ---- */

/* Names that were found, each once. */
typedef struct Found {
  AdcpNameMap names;
  AdcpJsonWriter writer;
  const char *self;
  AdcpError *err;
} Found;

static void found_name(Found *found, const char *name) {
  if( sqlite3_stricmp(name, found->self) == 0 ) return;
  if( adcp_name_map_get(&found->names, name, strlen(name), found->err) ) return;
  adcp_name_map_put(&found->names, name, found, found->err);
  adcp_json_string(&found->writer, name);
}

static void found_relation(void *found, const AdcpObject *relation) {
  found_name(found, relation->name);
}

static void found_of_table(Found *found, const AdcpTable *table, const AdcpObject *object) {
  for( size_t i = 0; i < table->foreign_key_count; i++ ) {
    found_name(found, table->foreign_keys[i].parent);
  }
  if( table->shadow_of ) found_name(found, table->shadow_of);
  if( table->kind != ADCP_TABLE_VIRTUAL || object->sql == NULL ) return;
  char *content = adcp_fts_content_table(object->sql, found->err);
  if( content ) found_name(found, content);
  adcp_free(content);
}

static void found_of_object(Found *found, AdcpContents *contents, const AdcpObject *object) {
  const AdcpTable *table;
  switch( object->type ) {
  case ADCP_OBJECT_TABLE:
    table = adcp_schema_table(contents->head->schema, object->name);
    if( table ) found_of_table(found, table, object);
    break;
  case ADCP_OBJECT_INDEX: found_name(found, object->tbl_name); break;
  case ADCP_OBJECT_TRIGGER:
    found_name(found, object->tbl_name);
    adcp_mention_each(object, &contents->relations, found_relation, found, found->err);
    break;
  case ADCP_OBJECT_VIEW:
    adcp_mention_each(object, &contents->relations, found_relation, found, found->err);
    break;
  }
}

void adcp_contents_depends(AdcpContents *contents, const AdcpContentsEntry *entry, AdcpBuf *out) {
  Found found = {.writer = {out, false}, .self = "", .err = contents->err};
  if( entry->object && entry->object->type != ADCP_OBJECT_INDEX ) found.self = entry->object->name;
  adcp_json_begin_array(&found.writer);
  if( entry->rows ) {
    found_name(&found, entry->rows->table->name);
  } else {
    found_of_object(&found, contents, entry->object);
  }
  adcp_json_end_array(&found.writer);
  adcp_name_map_free(&found.names);
}
