/*
** redaction.c - columns written as NULL (contract in redaction.h).
*/
#include "ops/redaction.h"

#include <string.h>

#include "base/mem.h"
#include "base/name_map.h"
#include "db/fts.h"
#include "db/sqlite.h"

typedef struct Redacted {
  const AdcpTable *table;
  size_t value; /* place in a row */
  size_t next;  /* of the same table: its place + 1; 0 at the end */
} Redacted;

struct AdcpRedaction {
  const AdcpSchema *schema;
  Redacted *columns; /* owned */
  size_t count;
  size_t *first;  /* owned: for each table of the schema the place of its first column + 1, or 0 */
  AdcpValue *row; /* room for the longest row; owned */
  AdcpNameMap by_name;   /* tables of the schema */
  size_t longest_name;   /* of them */
  AdcpNameMap contents;  /* Index: the full-text indexes over a table, by its name */
  struct Index *indexes; /* owned: for each object of the schema */
  size_t index_count;
};

/* A full-text index over a table of the application's. */
typedef struct Index {
  const char *name;
  char *content;      /* owned */
  struct Index *same; /* the next over the same table */
  struct Index *last; /* of those over the same table; of the first of them */
} Index;

/* The table whose name, letter case ignored as SQLite does, is the first n bytes. */
static const AdcpTable *find_table(AdcpRedaction *redaction, const char *name, size_t n,
                                   AdcpError *err) {
  if( n > redaction->longest_name ) return NULL;
  return adcp_name_map_get(&redaction->by_name, name, n, err);
}

static void check_column(const AdcpTable *table, const AdcpColumn *column, const char *place,
                         AdcpError *err) {
  const char *why = NULL;
  if( table->kind != ADCP_TABLE_ORDINARY ) why = "is no column of an ordinary table";
  if( column->not_null ) why = "is NOT NULL: the rows could not be restored";
  if( column->primary_key ) why = "is part of the primary key";
  if( !adcp_column_stored(column) ) why = "is computed from other columns: redact those";
  if( why == NULL ) return;
  adcp_error_set(
      err, ADCP_ERROR,
      "option \"redact\": \"%s\" %s; leave the table out with exclude_tables, or its rows "
      "with exclude_data",
      place, why);
}

static void add_column(AdcpRedaction *redaction, const AdcpTable *table, size_t value) {
  size_t *first = &redaction->first[table - redaction->schema->tables];
  redaction->columns[redaction->count++] = (Redacted){table, value, *first};
  *first = redaction->count;
}

/* Takes table and column of "table.column" if they are there; a name may have dots. */
static bool find_column(AdcpRedaction *redaction, const char *place, AdcpError *err) {
  for( const char *dot = strchr(place, '.'); dot; dot = strchr(dot + 1, '.') ) {
    const AdcpTable *table = find_table(redaction, place, (size_t)(dot - place), err);
    size_t value = table && table->has_rowid_key ? 1 : 0;
    for( size_t i = 0; table && i < table->column_count; i++ ) {
      const AdcpColumn *column = &table->columns[i];
      if( sqlite3_stricmp(column->name, dot + 1) == 0 ) {
        check_column(table, column, place, err);
        add_column(redaction, table, value);
        return true;
      }
      if( adcp_column_stored(column) ) value++;
    }
  }
  return false;
}

/* ---- full-text indexes ---- */

static void add_index(AdcpRedaction *redaction, Index *index, AdcpError *err) {
  Index *first =
      adcp_name_map_get(&redaction->contents, index->content, strlen(index->content), err);
  if( first ) {
    first->last->same = index;
    first->last = index;
  } else {
    index->last = index;
    adcp_name_map_put(&redaction->contents, index->content, index, err);
  }
}

static void find_indexes(AdcpRedaction *redaction, AdcpError *err) {
  const AdcpSchema *schema = redaction->schema;
  redaction->indexes = adcp_calloc(schema->object_count + 1, sizeof *redaction->indexes);
  if( redaction->indexes == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  redaction->index_count = schema->object_count;
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    Index *index = &redaction->indexes[i];
    if( object->type != ADCP_OBJECT_TABLE || object->sql == NULL ) continue;
    index->name = object->name;
    index->content = adcp_fts_content_table(object->sql, err);
    if( index->content ) add_index(redaction, index, err);
  }
}

/* An index over the words of the table holds them still. */
static void warn_of_indexes(AdcpRedaction *redaction, const char *place, const AdcpTable *table,
                            AdcpTextList *warnings, AdcpError *err) {
  const Index *index =
      adcp_name_map_get(&redaction->contents, table->name, strlen(table->name), err);
  for( ; index; index = index->same ) {
    adcp_text_list_add(warnings,
                       "\"%s\" is redacted, but the full-text index \"%s\" of its table may hold "
                       "its words; leave that out with exclude_tables",
                       place, index->name);
  }
}

/* ---- opening ---- */

static void read_columns(AdcpRedaction *redaction, const AdcpOptions *options, AdcpTextList *names,
                         AdcpTextList *warnings, AdcpError *err) {
  for( size_t i = 0; i < adcp_options_name_count(options, "redact") && !err->rc; i++ ) {
    const char *place = adcp_options_name(options, "redact", i);
    if( !find_column(redaction, place, err) ) {
      adcp_error_set(err, ADCP_ERROR,
                     "option \"redact\": \"%s\" is no table.column of what is backed up", place);
    }
    if( err->rc ) return;
    adcp_text_list_add(names, "%s", place);
    warn_of_indexes(redaction, place, redaction->columns[redaction->count - 1].table, warnings,
                    err);
  }
}

static void index_tables(AdcpRedaction *redaction, AdcpError *err) {
  const AdcpSchema *schema = redaction->schema;
  for( size_t i = 0; i < schema->table_count && !err->rc; i++ ) {
    size_t size = strlen(schema->tables[i].name);
    if( size > redaction->longest_name ) redaction->longest_name = size;
    adcp_name_map_put(&redaction->by_name, schema->tables[i].name, &schema->tables[i], err);
  }
}

AdcpRedaction *adcp_redaction_open(const AdcpOptions *options, const AdcpSchema *schema,
                                   AdcpTextList *names, AdcpTextList *warnings, AdcpError *err) {
  if( err->rc ) return NULL;
  size_t longest = 1;
  for( size_t i = 0; i < schema->table_count; i++ ) {
    size_t count = adcp_table_value_count(&schema->tables[i]);
    if( count > longest ) longest = count;
  }
  AdcpRedaction *redaction = adcp_calloc(1, sizeof *redaction);
  size_t count = adcp_options_name_count(options, "redact");
  if( redaction ) {
    redaction->schema = schema;
    redaction->columns = adcp_calloc(count + 1, sizeof *redaction->columns);
    redaction->first = adcp_calloc(schema->table_count + 1, sizeof *redaction->first);
    redaction->row = adcp_calloc(longest, sizeof *redaction->row);
  }
  if( redaction == NULL || !redaction->columns || !redaction->first || !redaction->row ) {
    adcp_error_nomem(err);
  } else if( count ) {
    index_tables(redaction, err);
    find_indexes(redaction, err);
    read_columns(redaction, options, names, warnings, err);
  }
  if( err->rc == ADCP_OK ) return redaction;
  adcp_redaction_close(redaction);
  return NULL;
}

const AdcpValue *adcp_redaction_apply(AdcpRedaction *redaction, const AdcpTable *table,
                                      const AdcpValue *values) {
  size_t at = redaction->count ? redaction->first[table - redaction->schema->tables] : 0;
  if( at == 0 ) return values;
  memcpy(redaction->row, values, adcp_table_value_count(table) * sizeof *values);
  for( ; at; at = redaction->columns[at - 1].next ) {
    redaction->row[redaction->columns[at - 1].value] = (AdcpValue){.type = ADCP_NULL};
  }
  return redaction->row;
}

bool adcp_redaction_concerns(AdcpRedaction *redaction, const char *name, size_t n, AdcpError *err) {
  const AdcpTable *table = redaction->count ? find_table(redaction, name, n, err) : NULL;
  return table && redaction->first[table - redaction->schema->tables];
}

void adcp_redaction_close(AdcpRedaction *redaction) {
  if( redaction == NULL ) return;
  for( size_t i = 0; i < redaction->index_count; i++ ) adcp_free(redaction->indexes[i].content);
  adcp_free(redaction->indexes);
  adcp_name_map_free(&redaction->contents);
  adcp_name_map_free(&redaction->by_name);
  adcp_free(redaction->first);
  adcp_free(redaction->columns);
  adcp_free(redaction->row);
  adcp_free(redaction);
}

/* ---- what a backup says ---- */

const cJSON *adcp_redacted_columns(const cJSON *metadata) {
  const cJSON *columns = cJSON_GetObjectItemCaseSensitive(metadata, "redacted_columns");
  return cJSON_IsArray(columns) ? columns->child : NULL;
}

void adcp_redacted_read(AdcpRedacted *redacted, const cJSON *metadata, AdcpError *err) {
  const cJSON *item = adcp_redacted_columns(metadata);
  for( ; item && !err->rc; item = item->next ) {
    if( cJSON_IsString(item) )
      adcp_name_map_put(&redacted->places, item->valuestring, redacted, err);
  }
}

bool adcp_redacted_has(AdcpRedacted *redacted, const char *table, const char *column,
                       AdcpError *err) {
  if( redacted->places.map.count == 0 ) return false;
  AdcpBuf *place = &redacted->place;
  adcp_buf_clear(place);
  adcp_buf_append_str(place, table);
  adcp_buf_append_byte(place, '.');
  adcp_buf_append_str(place, column);
  return adcp_buf_check(place, err) &&
         adcp_name_map_get(&redacted->places, (const char *)place->data, place->size, err);
}

AdcpColumn *adcp_redacted_hide(AdcpRedacted *redacted, const char *source, const AdcpTable *live,
                               AdcpTable *copy, AdcpError *err) {
  if( err->rc || redacted->places.map.count == 0 ) return NULL;
  AdcpColumn *columns = adcp_calloc(live->column_count + 1, sizeof *columns);
  if( columns == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  for( size_t i = 0; i < live->column_count; i++ ) {
    columns[i] = live->columns[i];
    if( adcp_redacted_has(redacted, source, columns[i].name, err) ) columns[i].hidden = true;
  }
  *copy = *live;
  copy->columns = columns;
  return columns;
}

void adcp_redacted_free(AdcpRedacted *redacted) {
  adcp_name_map_free(&redacted->places);
  adcp_buf_free(&redacted->place);
}
