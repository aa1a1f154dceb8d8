/*
** schema.c - the schema of a database as plain data (contract in schema.h).
**
** Arrays have no capacity field: they hold room for 4, and double whenever their count reaches a
** power of two, so the count tells when to grow.
*/
#include "codec/schema.h"

#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/name_map.h"

/* Makes room for one more element of `size` bytes and zero-fills it; NULL when out of memory. */
static void *add_element(void **array, size_t *count, size_t size, AdcpError *err) {
  if( err->rc ) return NULL;
  size_t n = *count;
  if( n == 0 || (n >= 4 && (n & (n - 1)) == 0) ) {
    size_t capacity = n ? 2 * n : 4, bytes;
    bool too_big = __builtin_mul_overflow(capacity, size, &bytes);
    void *larger = too_big ? NULL : adcp_realloc(*array, bytes);
    if( larger == NULL ) {
      adcp_error_nomem(err);
      return NULL;
    }
    *array = larger;
  }
  void *element = (char *)*array + n * size;
  memset(element, 0, size);
  *count = n + 1;
  return element;
}

AdcpSchema *adcp_schema_new(AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpSchema *schema = adcp_calloc(1, sizeof *schema);
  if( schema == NULL ) adcp_error_nomem(err);
  return schema;
}

static void free_strings(char **strings, size_t count) {
  if( strings == NULL ) return;
  for( size_t i = 0; i < count; i++ ) adcp_free(strings[i]);
  adcp_free(strings);
}

static void clear_table(AdcpTable *table) {
  for( size_t i = 0; i < table->column_count; i++ ) {
    AdcpColumn *column = &table->columns[i];
    adcp_free(column->name);
    adcp_free(column->decl_type);
    adcp_free(column->default_sql);
  }
  for( size_t i = 0; i < table->foreign_key_count; i++ ) {
    AdcpForeignKey *key = &table->foreign_keys[i];
    adcp_free(key->parent);
    free_strings(key->from, key->count);
    free_strings(key->to, key->count);
    adcp_free(key->on_update);
    adcp_free(key->on_delete);
  }
  adcp_free(table->columns);
  adcp_free(table->foreign_keys);
  adcp_free(table->name);
  adcp_free(table->rowid_name);
  adcp_free(table->module);
  adcp_free(table->shadow_of);
}

static void clear_object(AdcpObject *object) {
  adcp_free(object->name);
  adcp_free(object->tbl_name);
  adcp_free(object->tbl_name_stored);
  adcp_free(object->sql);
}

void adcp_schema_free(AdcpSchema *schema) {
  if( schema == NULL ) return;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    clear_object(&schema->objects[i]);
  }
  for( size_t i = 0; i < schema->table_count; i++ ) clear_table(&schema->tables[i]);
  adcp_free(schema->objects);
  adcp_free(schema->tables);
  adcp_map_free(&schema->table_by_name);
  adcp_map_free(&schema->table_objects);
  adcp_free(schema);
}

AdcpObject *adcp_schema_add_object(AdcpSchema *schema, AdcpError *err) {
  return add_element((void **)&schema->objects, &schema->object_count, sizeof(AdcpObject), err);
}

AdcpTable *adcp_schema_add_table(AdcpSchema *schema, AdcpError *err) {
  AdcpTable *table =
      add_element((void **)&schema->tables, &schema->table_count, sizeof(AdcpTable), err);
  if( table ) table->rowid_column = -1;
  return table;
}

AdcpColumn *adcp_table_add_column(AdcpTable *table, AdcpError *err) {
  return add_element((void **)&table->columns, &table->column_count, sizeof(AdcpColumn), err);
}

AdcpForeignKey *adcp_table_add_foreign_key(AdcpTable *table, AdcpError *err) {
  return add_element((void **)&table->foreign_keys, &table->foreign_key_count,
                     sizeof(AdcpForeignKey), err);
}

void adcp_schema_retain(AdcpSchema *schema, const bool *keep_objects, const bool *keep_tables,
                        AdcpError *err) {
  size_t kept = 0;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    if( keep_objects[i] )
      schema->objects[kept++] = schema->objects[i];
    else
      clear_object(&schema->objects[i]);
  }
  schema->object_count = kept;
  kept = 0;
  for( size_t i = 0; i < schema->table_count; i++ ) {
    if( keep_tables[i] )
      schema->tables[kept++] = schema->tables[i];
    else
      clear_table(&schema->tables[i]);
  }
  schema->table_count = kept;
  adcp_schema_index(schema, err);
}

static bool is_relation(const AdcpObject *object) {
  return object->type == ADCP_OBJECT_TABLE || object->type == ADCP_OBJECT_VIEW;
}

/* Whether tbl_name is not the exact name of a table: of a view, maybe, or of another letter case. */
static bool to_be_spelled(const AdcpSchema *schema, const AdcpObject *object) {
  const char *on = object->tbl_name;
  return !is_relation(object) && on && !adcp_map_get(&schema->table_objects, on, strlen(on));
}

static void spell(AdcpObject *object, AdcpNameMap *relations, AdcpError *err) {
  const char *typed = object->tbl_name;
  const AdcpObject *on = adcp_name_map_get(relations, typed, strlen(typed), err);
  if( on == NULL || strcmp(on->name, typed) == 0 ) return;
  char *spelled = adcp_strdup(on->name);
  if( spelled == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  if( object->tbl_name_stored == NULL )
    object->tbl_name_stored = object->tbl_name;
  else
    adcp_free(object->tbl_name);
  object->tbl_name = spelled;
}

/* All readers look a table up by its exact name. */
static void spell_tables(AdcpSchema *schema, AdcpError *err) {
  size_t count = schema->object_count, left = 0;
  for( size_t i = 0; i < count; i++ ) left += to_be_spelled(schema, &schema->objects[i]);
  if( left == 0 || err->rc ) return;
  AdcpNameMap relations = {0};
  for( size_t i = 0; i < count; i++ ) {
    AdcpObject *object = &schema->objects[i];
    if( is_relation(object) ) adcp_name_map_put(&relations, object->name, object, err);
  }
  for( size_t i = 0; i < count && !err->rc; i++ ) {
    AdcpObject *object = &schema->objects[i];
    if( to_be_spelled(schema, object) ) spell(object, &relations, err);
  }
  adcp_name_map_free(&relations);
}

static void index_objects(AdcpSchema *schema, AdcpError *err) {
  adcp_map_free(&schema->table_objects);
  for( size_t i = 0; i < schema->object_count && err->rc == ADCP_OK; i++ ) {
    AdcpObject *object = &schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE ) continue;
    adcp_map_put(&schema->table_objects, object->name, strlen(object->name), object, err);
  }
}

void adcp_schema_index(AdcpSchema *schema, AdcpError *err) {
  index_objects(schema, err);
  spell_tables(schema, err);
  adcp_map_free(&schema->table_by_name);
  for( size_t i = 0; i < schema->table_count && err->rc == ADCP_OK; i++ ) {
    AdcpTable *table = &schema->tables[i];
    if( adcp_map_put(&schema->table_by_name, table->name, strlen(table->name), table, err) ) {
      adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" is described twice", table->name);
    }
  }
}

const char *adcp_object_stored_on(const AdcpObject *object) {
  return object->tbl_name_stored ? object->tbl_name_stored : object->tbl_name;
}

AdcpTable *adcp_schema_table(const AdcpSchema *schema, const char *name) {
  return adcp_map_get(&schema->table_by_name, name, strlen(name));
}

const AdcpObject *adcp_schema_object(const AdcpSchema *schema, AdcpObjectType type,
                                     const char *name) {
  if( type == ADCP_OBJECT_TABLE && schema->table_objects.count ) {
    return adcp_map_get(&schema->table_objects, name, strlen(name));
  }
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type == type && strcmp(object->name, name) == 0 ) return object;
  }
  return NULL;
}

bool adcp_schema_is_on_shadow(const AdcpSchema *schema, const AdcpObject *object) {
  if( object->sql == NULL || object->type == ADCP_OBJECT_TABLE ) return false;
  const AdcpTable *table = adcp_schema_table(schema, object->tbl_name);
  return table && table->kind == ADCP_TABLE_SHADOW;
}

size_t adcp_table_value_count(const AdcpTable *table) {
  size_t count = table->has_rowid_key ? 1 : 0;
  for( size_t i = 0; i < table->column_count; i++ ) {
    if( adcp_column_stored(&table->columns[i]) ) count++;
  }
  return count;
}

size_t adcp_table_value_place(const AdcpTable *table, size_t column) {
  size_t place = table->has_rowid_key ? 1 : 0;
  for( size_t i = 0; i < column; i++ ) place += adcp_column_stored(&table->columns[i]) ? 1 : 0;
  return place;
}

int adcp_table_rowid_place(const AdcpTable *table) {
  if( table->has_rowid_key ) return 0;
  if( table->rowid_column < 0 ) return -1;
  return (int)adcp_table_value_place(table, (size_t)table->rowid_column);
}

/* The next column from i on whose value stands in rows; NULL behind the last. */
static const AdcpColumn *next_stored(const AdcpTable *table, size_t *i) {
  while( *i < table->column_count && !adcp_column_stored(&table->columns[*i]) ) (*i)++;
  return *i < table->column_count ? &table->columns[(*i)++] : NULL;
}

bool adcp_table_rows_alike(const AdcpTable *a, const AdcpTable *b) {
  if( a->without_rowid != b->without_rowid || a->strict != b->strict ||
      a->has_rowid_key != b->has_rowid_key ||
      adcp_table_rowid_place(a) != adcp_table_rowid_place(b) ) {
    return false;
  }
  size_t i = 0, k = 0;
  const AdcpColumn *x, *y;
  do {
    x = next_stored(a, &i);
    y = next_stored(b, &k);
    if( x && y &&
        (strcmp(x->name, y->name) != 0 || strcmp(x->decl_type, y->decl_type) != 0 ||
         x->primary_key != y->primary_key) ) {
      return false;
    }
  } while( x && y );
  return x == NULL && y == NULL;
}

int adcp_table_last_key_place(const AdcpTable *table) {
  int last = 0;
  for( size_t i = 0; i < table->column_count; i++ ) {
    if( table->columns[i].primary_key > last ) last = table->columns[i].primary_key;
  }
  return last;
}

bool adcp_column_stored(const AdcpColumn *column) {
  return !column->generated && !column->hidden;
}

/* In the order of the enums. */
static const char *const OBJECT_TYPES[] = {"table", "index", "view", "trigger"};
static const char *const TABLE_KINDS[] = {"ordinary", "virtual", "shadow", "sequence", "stat"};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Place of name in names, or -1. */
static int find_name(const char *const *names, size_t count, const char *name) {
  for( size_t i = 0; i < count; i++ ) {
    if( strcmp(names[i], name) == 0 ) return (int)i;
  }
  return -1;
}

const char *adcp_object_type_name(AdcpObjectType type) {
  return OBJECT_TYPES[type];
}

bool adcp_object_type_parse(const char *name, AdcpObjectType *type) {
  int place = find_name(OBJECT_TYPES, COUNT_OF(OBJECT_TYPES), name);
  if( place >= 0 ) *type = (AdcpObjectType)place;
  return place >= 0;
}

const char *adcp_table_kind_name(AdcpTableKind kind) {
  return TABLE_KINDS[kind];
}

bool adcp_table_kind_parse(const char *name, AdcpTableKind *kind) {
  int place = find_name(TABLE_KINDS, COUNT_OF(TABLE_KINDS), name);
  if( place >= 0 ) *kind = (AdcpTableKind)place;
  return place >= 0;
}

const AdcpColumn *adcp_table_column(const AdcpTable *table, const char *name) {
  for( size_t i = 0; i < table->column_count; i++ ) {
    if( adcp_name_equal(table->columns[i].name, name) ) return &table->columns[i];
  }
  return NULL;
}

bool adcp_name_is_stat(const char *name) {
  static const char PREFIX[] = "sqlite_stat";
  if( !adcp_name_begins(name, PREFIX) ) return false;
  const char *number = name + sizeof PREFIX - 1;
  return (*number == '1' || *number == '3' || *number == '4') && number[1] == 0;
}
