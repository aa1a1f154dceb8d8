/*
** reserved.c - what has a name that SQLite keeps for itself (contract in reserved.h).
*/
#include "ops/reserved.h"

#include <string.h>

#include "base/name.h"

/* Tables as SQLite makes them: columns without a type, rows with a hidden rowid. */
typedef struct Shape {
  const char *name;
  const char *columns[7];
} Shape;

static const Shape shapes[] = {
    {"sqlite_sequence", {"name", "seq"}},
    {"sqlite_stat1", {"tbl", "idx", "stat"}},
    {"sqlite_stat3", {"tbl", "idx", "neq", "nlt", "ndlt", "sample"}},
    {"sqlite_stat4", {"tbl", "idx", "neq", "nlt", "ndlt", "sample"}},
};

static const Shape *shape_of(const char *name) {
  for( size_t i = 0; i < sizeof shapes / sizeof *shapes; i++ ) {
    if( adcp_name_equal(shapes[i].name, name) ) return &shapes[i];
  }
  return NULL;
}

static bool is_plain(const AdcpColumn *column) {
  return adcp_column_stored(column) && column->primary_key == 0 &&
         (column->decl_type == NULL || column->decl_type[0] == 0);
}

static bool has_shape(const AdcpTable *table, const Shape *shape) {
  bool is_counter = table->kind == ADCP_TABLE_SEQUENCE;
  if( !table->has_rowid_key || table->strict || table->foreign_key_count ) return false;
  if( is_counter && strcmp(table->name, shape->name) != 0 ) return false;
  for( size_t i = 0; i < table->column_count; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    const char *name = shape->columns[i];
    if( name == NULL || strcmp(column->name, name) != 0 || !is_plain(column) ) return false;
  }
  return shape->columns[table->column_count] == NULL;
}

bool adcp_reserved_is_left_out(const AdcpTable *table, AdcpTextList *warnings) {
  if( table->kind != ADCP_TABLE_STAT && table->kind != ADCP_TABLE_SEQUENCE ) return false;
  const Shape *shape = shape_of(table->name);
  if( shape && has_shape(table, shape) ) return false;
  if( shape == NULL ) {
    adcp_text_list_add(warnings,
                       "\"%s\" is left out: statistics that SQLite keeps no more; ANALYZE makes "
                       "those that it does",
                       table->name);
  } else {
    adcp_text_list_add(warnings,
                       "\"%s\" is left out: it is not the table that SQLite makes under this name, "
                       "and a restore could not make it",
                       table->name);
  }
  return true;
}

void adcp_reserved_warn(const AdcpSchema *schema, AdcpTextList *warnings) {
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    bool is_relation = object->type == ADCP_OBJECT_TABLE || object->type == ADCP_OBJECT_VIEW;
    if( object->sql == NULL || !adcp_name_begins(object->name, "sqlite_") ) continue;
    adcp_text_list_add(warnings,
                       "%s \"%s\" has a name that SQLite reserves for itself, which a restore "
                       "refuses; leave %s out there with exclude_tables",
                       adcp_object_type_name(object->type), object->name,
                       is_relation ? "it" : "its table");
  }
}
