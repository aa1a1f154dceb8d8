/*
** schema_read.c - a schema from its JSON (layout in schema_json.h).
**
** Keys may come in any order. Foreign keys belong to tables that another tool may have put behind
** them, so their text is kept until the tables are known.
*/
#include "archive/schema_json.h"

#include <string.h>

#include "archive/json_parts.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"

/* ---- objects ---- */

static void read_object(AdcpJsonReader *json, AdcpSchema *schema, AdcpError *err) {
  static const char *const KNOWN[] = {"type", "name", "tbl_name", "sql", NULL};
  AdcpObject *object = adcp_schema_add_object(schema, err);
  char *type = NULL;
  int member;
  while( object && (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    switch( member ) {
    case 0: adcp_json_take_text(json, "type", ADCP_REQUIRED, &type, err); break;
    case 1: adcp_json_take_name(json, "name", ADCP_REQUIRED, &object->name, err); break;
    case 2: adcp_json_take_name(json, "tbl_name", ADCP_REQUIRED, &object->tbl_name, err); break;
    case 3: adcp_json_take_text(json, "sql", ADCP_OPTIONAL, &object->sql, err); break;
    }
  }
  if( err->rc == ADCP_OK ) {
    if( object->name == NULL || object->tbl_name == NULL || type == NULL ) {
      adcp_error_set(err, ADCP_CORRUPT, "object %zu has no type, name or tbl_name",
                     schema->object_count);
    } else if( !adcp_object_type_parse(type, &object->type) ) {
      adcp_error_set(err, ADCP_CORRUPT, "object \"%s\" is of the unknown type \"%s\"", object->name,
                     type);
    }
  }
  adcp_free(type);
}

/* A database has one object of a type and name; of two, each reader might take another. */
static void check_objects(const AdcpSchema *schema, AdcpError *err) {
  AdcpMap seen[ADCP_OBJECT_TRIGGER + 1] = {0};
  for( size_t i = 0; i < schema->object_count && err->rc == ADCP_OK; i++ ) {
    AdcpObject *object = &schema->objects[i];
    if( adcp_map_put(&seen[object->type], object->name, strlen(object->name), object, err) ) {
      adcp_error_set(err, ADCP_CORRUPT, "%s \"%s\" is in \"objects\" twice",
                     adcp_object_type_name(object->type), object->name);
    }
  }
  for( size_t type = 0; type <= ADCP_OBJECT_TRIGGER; type++ ) adcp_map_free(&seen[type]);
}

static void read_objects(AdcpJsonReader *json, AdcpSchema *schema, AdcpError *err) {
  adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, "objects", err);
  while( adcp_json_element(json, ADCP_JSON_BEGIN_OBJECT, "objects", err) ) {
    read_object(json, schema, err);
  }
  check_objects(schema, err);
}

/* ---- tables ---- */

static void read_column(AdcpJsonReader *json, AdcpTable *table, AdcpError *err) {
  static const char *const KNOWN[] = {"name",        "type",      "not_null", "default",
                                      "primary_key", "generated", "hidden",   NULL};
  int member;
  int64_t place = 0;
  if( table->column_count == ADCP_MAX_COLUMNS ) {
    adcp_error_set(err, ADCP_TOOBIG, "table \"%s\" has more than %d columns", table->name,
                   ADCP_MAX_COLUMNS);
  }
  AdcpColumn *column = adcp_table_add_column(table, err);
  while( column && (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    switch( member ) {
    case 0: adcp_json_take_name(json, "name", ADCP_REQUIRED, &column->name, err); break;
    case 1: adcp_json_take_text(json, "type", ADCP_REQUIRED, &column->decl_type, err); break;
    case 2: column->not_null = adcp_json_take_bool(json, "not_null", err); break;
    case 3: adcp_json_take_text(json, "default", ADCP_OPTIONAL, &column->default_sql, err); break;
    case 4: place = adcp_json_take_integer(json, "primary_key", err); break;
    case 5: column->generated = adcp_json_take_bool(json, "generated", err); break;
    case 6: column->hidden = adcp_json_take_bool(json, "hidden", err); break;
    }
  }
  if( err->rc ) return;
  if( column->name == NULL || place < 0 || place > ADCP_MAX_COLUMNS ) {
    adcp_error_set(err, ADCP_CORRUPT, "table \"%s\": column %zu has no name or a bad primary_key",
                   table->name, table->column_count);
    return;
  }
  column->primary_key = (int)place;
  if( column->decl_type == NULL ) column->decl_type = adcp_strdup("");
  if( column->decl_type == NULL ) adcp_error_nomem(err);
}

/* The members of a table that need each other. */
static void complete_table(AdcpTable *table, const char *kind, const char *rowid_column,
                           AdcpError *err) {
  if( err->rc ) return;
  if( kind == NULL || !adcp_table_kind_parse(kind, &table->kind) ) {
    adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" is of the unknown kind \"%s\"", table->name,
                   kind ? kind : "");
    return;
  }
  for( size_t i = 0; rowid_column && i < table->column_count; i++ ) {
    if( strcmp(table->columns[i].name, rowid_column) == 0 ) table->rowid_column = (int)i;
  }
  if( rowid_column && table->rowid_column < 0 ) {
    adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" is described with a rowid that it cannot have",
                   table->name);
  }
}

/* One table; its name is the key that was just taken. */
static void read_table(AdcpJsonReader *json, AdcpSchema *schema, AdcpError *err) {
  static const char *const KNOWN[] = {"kind",          "columns",       "rowid",   "rowid_name",
                                      "rowid_column",  "without_rowid", "strict",  "module",
                                      "module_loaded", "shadow_of",     "rebuild", NULL};
  char *kind = NULL, *rowid_column = NULL;
  int member;
  AdcpTable *table = adcp_schema_add_table(schema, err);
  if( table ) table->name = adcp_json_name(json, err);
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "tables", err);
  while( table && (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    switch( member ) {
    case 0: adcp_json_take_text(json, "kind", ADCP_REQUIRED, &kind, err); break;
    case 1:
      adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, "columns", err);
      while( adcp_json_element(json, ADCP_JSON_BEGIN_OBJECT, "columns", err) ) {
        read_column(json, table, err);
      }
      break;
    case 2: table->has_rowid_key = adcp_json_take_bool(json, "rowid", err); break;
    case 3: adcp_json_take_text(json, "rowid_name", ADCP_OPTIONAL, &table->rowid_name, err); break;
    case 4: adcp_json_take_name(json, "rowid_column", ADCP_OPTIONAL, &rowid_column, err); break;
    case 5: table->without_rowid = adcp_json_take_bool(json, "without_rowid", err); break;
    case 6: table->strict = adcp_json_take_bool(json, "strict", err); break;
    case 7: adcp_json_take_text(json, "module", ADCP_OPTIONAL, &table->module, err); break;
    case 8: table->module_loaded = adcp_json_take_bool(json, "module_loaded", err); break;
    case 9: adcp_json_take_name(json, "shadow_of", ADCP_OPTIONAL, &table->shadow_of, err); break;
    case 10: table->rebuild = adcp_json_take_bool(json, "rebuild", err); break;
    }
  }
  if( table ) complete_table(table, kind, rowid_column, err);
  adcp_free(kind);
  adcp_free(rowid_column);
}

static void read_tables(AdcpJsonReader *json, AdcpSchema *schema, AdcpError *err) {
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "tables", err);
  while( err->rc == ADCP_OK && adcp_json_next(json) == ADCP_JSON_KEY ) {
    read_table(json, schema, err);
  }
}

/* ---- foreign keys ---- */

/* The names of an array; null gives NULL where `presence` allows it. The array is the caller's,
** also after an error. */
static char **read_names(AdcpJsonReader *json, const char *what, AdcpPresence presence,
                         size_t *count, AdcpError *err) {
  char **names = NULL;
  size_t capacity = 0;
  *count = 0;
  adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, what, err);
  for( ; err->rc == ADCP_OK && adcp_json_raw_begin(json); ++*count ) {
    if( *count == ADCP_MAX_COLUMNS ) {
      adcp_error_set(err, ADCP_TOOBIG, "a foreign key has more than %d columns", ADCP_MAX_COLUMNS);
      break;
    }
    if( *count == capacity ) {
      capacity = capacity ? 2 * capacity : 4;
      char **larger = adcp_realloc((void *)names, capacity * sizeof *names);
      if( larger == NULL ) {
        adcp_error_nomem(err);
        break;
      }
      names = larger;
    }
    names[*count] = NULL;
    adcp_json_take_name(json, what, presence, &names[*count], err);
  }
  return names;
}

static void free_names(char **names, size_t count) {
  for( size_t i = 0; names && i < count; i++ ) adcp_free(names[i]);
  adcp_free((void *)names);
}

/* `from` and `to` become the key's once they fit together. */
static void set_columns(AdcpForeignKey *key, char **from, size_t from_count, char **to,
                        size_t to_count, AdcpError *err) {
  if( err->rc == ADCP_OK && from_count == to_count && from_count > 0 ) {
    key->from = from;
    key->to = to;
    key->count = from_count;
    return;
  }
  adcp_error_set(err, ADCP_CORRUPT, "a foreign key's columns do not pair");
  free_names(from, from_count);
  free_names(to, to_count);
}

static void read_foreign_key(AdcpJsonReader *json, AdcpTable *table, AdcpError *err) {
  static const char *const KNOWN[] = {"from", "to", "parent", "on_update", "on_delete", NULL};
  char **from = NULL, **to = NULL;
  size_t from_count = 0, to_count = 0;
  int member;
  AdcpForeignKey *key = adcp_table_add_foreign_key(table, err);
  while( key && (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    switch( member ) {
    case 0:
      free_names(from, from_count);
      from = read_names(json, "from", ADCP_REQUIRED, &from_count, err);
      break;
    case 1:
      free_names(to, to_count);
      to = read_names(json, "to", ADCP_OPTIONAL, &to_count, err);
      break;
    case 2: adcp_json_take_name(json, "parent", ADCP_REQUIRED, &key->parent, err); break;
    case 3: adcp_json_take_text(json, "on_update", ADCP_OPTIONAL, &key->on_update, err); break;
    case 4: adcp_json_take_text(json, "on_delete", ADCP_OPTIONAL, &key->on_delete, err); break;
    }
  }
  if( key && (key->parent == NULL || key->on_update == NULL || key->on_delete == NULL) ) {
    adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" has a foreign key without parent or actions",
                   table->name);
  }
  if( key ) set_columns(key, from, from_count, to, to_count, err);
}

static void read_foreign_keys(AdcpJsonReader *json, AdcpSchema *schema, AdcpError *err) {
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "foreign_keys", err);
  while( err->rc == ADCP_OK && adcp_json_next(json) == ADCP_JSON_KEY ) {
    char *name = adcp_json_name(json, err);
    AdcpTable *table = name ? adcp_schema_table(schema, name) : NULL;
    if( name && table == NULL ) {
      adcp_error_set(err, ADCP_CORRUPT,
                     "foreign_keys names the table \"%s\", which is not described", name);
    }
    adcp_free(name);
    adcp_json_expect(json, ADCP_JSON_BEGIN_ARRAY, "foreign_keys", err);
    while( adcp_json_element(json, ADCP_JSON_BEGIN_OBJECT, "foreign_keys", err) ) {
      read_foreign_key(json, table, err);
    }
  }
}

static void parse_foreign_keys(const AdcpBuf *text, AdcpSchema *schema, AdcpError *err) {
  if( text->size == 0 ) return;
  AdcpMemoryText memory = {text->data, text->size};
  AdcpJsonReader *json = adcp_json_reader_open(adcp_memory_input(&memory), err);
  if( json ) read_foreign_keys(json, schema, err);
  adcp_json_reader_close(json);
}

/* ---- the whole ---- */

void adcp_schema_json_read(AdcpJsonReader *json, AdcpSchema *schema, AdcpError *err) {
  static const char *const KNOWN[] = {"objects", "tables", "foreign_keys", NULL};
  AdcpBuf foreign_keys = {0};
  int member;
  adcp_json_expect(json, ADCP_JSON_BEGIN_OBJECT, "database_schema", err);
  while( (member = adcp_json_member(json, KNOWN, err)) >= 0 ) {
    switch( member ) {
    case 0: read_objects(json, schema, err); break;
    case 1: read_tables(json, schema, err); break;
    case 2:
      adcp_buf_clear(&foreign_keys);
      adcp_json_capture(json, &foreign_keys);
      break;
    }
  }
  adcp_schema_index(schema, err);
  if( err->rc == ADCP_OK ) parse_foreign_keys(&foreign_keys, schema, err);
  if( err->rc == ADCP_OK ) adcp_schema_check(schema, err);
  adcp_buf_free(&foreign_keys);
}
