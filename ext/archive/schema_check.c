/*
** schema_check.c - whether the descriptions of a backup's tables can be true (contract in
** schema_json.h).
**
** Plans and SQL are made of what a description says, before any of the backup's own SQL runs. What
** is looked at here needs no database; whether a description is that of the table which the SQL
** makes is compared once it is made.
*/
#include "archive/schema_json.h"

#include <string.h>

#include "base/name.h"
#include "base/name_map.h"
#include "codec/shadow_name.h"

static void check_object(const AdcpObject *object, AdcpError *err) {
  if( object->sql ) return;
  if( object->type == ADCP_OBJECT_INDEX && adcp_name_begins(object->name, "sqlite_autoindex_") ) {
    return;
  }
  adcp_error_set(err, ADCP_CORRUPT, "%s \"%s\" has no SQL", adcp_object_type_name(object->type),
                 object->name);
}

/* ---- columns ---- */

/* A key's values are taken from rows. SQLite knows columns by their names in any letter case, so a
** table has no two of one. */
static void check_columns(const AdcpTable *table, AdcpError *err) {
  AdcpNameMap seen = {0};
  for( size_t i = 0; i < table->column_count && !err->rc; i++ ) {
    AdcpColumn *column = &table->columns[i];
    if( adcp_name_map_get(&seen, column->name, strlen(column->name), err) ) {
      adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" is described with two columns \"%s\"",
                     table->name, column->name);
    }
    adcp_name_map_put(&seen, column->name, column, err);
  }
  for( size_t i = 0; i < table->column_count && !err->rc; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    if( column->primary_key == 0 || adcp_column_stored(column) ) continue;
    adcp_error_set(err, ADCP_CORRUPT,
                   "table \"%s\": column \"%s\" is described as a part of the primary key that is "
                   "not in rows",
                   table->name, column->name);
  }
  adcp_name_map_free(&seen);
}

/* SQLite makes no table without one. Those of a virtual table only its module knows. */
static void check_stored(const AdcpTable *table, AdcpError *err) {
  bool any = table->kind == ADCP_TABLE_VIRTUAL;
  for( size_t i = 0; i < table->column_count; i++ ) {
    any = any || adcp_column_stored(&table->columns[i]);
  }
  if( any ) return;
  adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" is described with no column that is in rows",
                 table->name);
}

/* ---- rowids ---- */

static bool is_rowid_name(const char *name) {
  return adcp_name_equal(name, "rowid") || adcp_name_equal(name, "_rowid_") ||
         adcp_name_equal(name, "oid");
}

/* The name is written into SQL: it means the rowid and nothing else. */
static void check_rowid_name(const AdcpTable *table, AdcpError *err) {
  const char *name = table->rowid_name;
  if( name == NULL ) return;
  if( !is_rowid_name(name) ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "table \"%s\": its \"rowid_name\" is not rowid, _rowid_ or oid", table->name);
  } else if( adcp_table_column(table, name) ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "table \"%s\": its \"rowid_name\" is \"%s\", which is a column of it",
                   table->name, name);
  }
}

/* Rows are found by the place of the rowid's value, which a column that is not in rows does not have. */
static void check_rowid(const AdcpTable *table, AdcpError *err) {
  bool has_column = table->rowid_column >= 0;
  bool lost = has_column && !adcp_column_stored(&table->columns[table->rowid_column]);
  bool named = table->rowid_name || table->has_rowid_key || has_column;
  bool twice = table->has_rowid_key && (has_column || table->rowid_name == NULL);
  if( lost || twice || (table->without_rowid && named) ) {
    adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" is described with a rowid that it cannot have",
                   table->name);
  }
  check_rowid_name(table, err);
}

/* ---- kinds ---- */

/* Counters are found in it by these two columns. */
static bool has_counter_columns(const AdcpTable *table) {
  return table->column_count == 2 &&
         adcp_table_value_count(table) == (size_t)table->has_rowid_key + 2 &&
         strcmp(table->columns[0].name, "name") == 0 && strcmp(table->columns[1].name, "seq") == 0;
}

/* The tables of these names are SQLite's, and no others are restored as they are. */
static void check_reserved_name(const AdcpTable *table, AdcpError *err) {
  bool is_sequence = table->kind == ADCP_TABLE_SEQUENCE;
  bool is_stat = table->kind == ADCP_TABLE_STAT;
  if( is_sequence &&
      (strcmp(table->name, "sqlite_sequence") != 0 || !has_counter_columns(table)) ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "table \"%s\" is described as sqlite_sequence, whose columns are name and seq",
                   table->name);
  } else if( is_sequence != adcp_name_equal(table->name, "sqlite_sequence") ||
             is_stat != adcp_name_is_stat(table->name) ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "table \"%s\" is described as of kind \"%s\", which its name "
                   "forbids",
                   table->name, adcp_table_kind_name(table->kind));
  }
}

/* Whether a table may be made, and how, hangs on its module. */
static void check_module(const AdcpTable *table, AdcpError *err) {
  if( table->kind != ADCP_TABLE_VIRTUAL || table->module ) return;
  adcp_error_set(err, ADCP_CORRUPT,
                 "table \"%s\" is described as of kind \"virtual\" and has no \"module\"",
                 table->name);
}

/* A shadow table goes where its virtual table goes, and with it goes what is there of its name. */
static void check_shadow(const AdcpSchema *schema, const AdcpTable *table, AdcpError *err) {
  const char *owner_name = table->shadow_of;
  bool is_shadow = table->kind == ADCP_TABLE_SHADOW;
  if( is_shadow != (owner_name != NULL) ) {
    adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" is of kind \"%s\" and has %s \"shadow_of\"",
                   table->name, adcp_table_kind_name(table->kind), is_shadow ? "no" : "a");
  }
  if( err->rc || !is_shadow ) return;
  const AdcpTable *owner = adcp_schema_table(schema, owner_name);
  if( owner == NULL || owner->kind != ADCP_TABLE_VIRTUAL ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "table \"%s\" is described as a shadow table of \"%s\", which is no virtual "
                   "table of the backup",
                   table->name, owner_name);
  } else if( !adcp_shadow_name_fits(table->name, owner_name, owner->module) ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "table \"%s\" is described as a shadow table of \"%s\" (module \"%s\"), which "
                   "has none of that name",
                   table->name, owner_name, owner->module ? owner->module : "");
  }
}

void adcp_schema_check(const AdcpSchema *schema, AdcpError *err) {
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    check_object(&schema->objects[i], err);
  }
  for( size_t i = 0; i < schema->table_count && !err->rc; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    check_rowid(table, err);
    check_reserved_name(table, err);
    check_module(table, err);
    check_shadow(schema, table, err);
    if( !err->rc ) check_columns(table, err);
    if( !err->rc ) check_stored(table, err);
  }
}
