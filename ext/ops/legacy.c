/*
** legacy.c - backups of the earlier Python tool (contract in legacy.h).
*/
#include "ops/legacy.h"

#include <string.h>

#include "archive/legacy_read.h"
#include "base/mem.h"
#include "ops/legacy_schema.h"

bool adcp_legacy_is(const AdcpArchiveHead *head) {
  return head->is_legacy;
}

/* Triggers have names of their own; of all others, one name is one object. */
static bool is_namesake(AdcpObjectType a, AdcpObjectType b) {
  return (a == ADCP_OBJECT_TRIGGER) == (b == ADCP_OBJECT_TRIGGER);
}

static void fail_taken(const AdcpCreate *create, const char *type, AdcpError *err) {
  const char *wanted = adcp_object_type_name(create->type);
  adcp_error_set(err, ADCP_ERROR,
                 "\"%s\" is the name of a%s %s in the database, where the application has a%s %s; "
                 "rename or drop it",
                 create->name, type[0] == 'i' ? "n" : "", type, wanted[0] == 'i' ? "n" : "",
                 wanted);
}

/* True when the database has the object; an error when it has another kind of that name. */
static bool is_there(AdcpDb *db, const AdcpCreate *create) {
  const char *wanted = adcp_object_type_name(create->type);
  char *type = adcp_db_text(db,
                            "SELECT type FROM \"%w\".sqlite_schema WHERE name = %Q COLLATE NOCASE"
                            " AND (type = 'trigger') = %d",
                            db->schema, create->name, create->type == ADCP_OBJECT_TRIGGER);
  if( type && strcmp(type, wanted) != 0 ) fail_taken(create, type, db->err);
  bool there = type != NULL;
  adcp_free(type);
  return there;
}

/* The texts name no schema: it is put in front of the object's name. */
static void create_object(AdcpDb *db, const char *sql) {
  AdcpCreate create;
  AdcpBuf text = {0};
  if( !adcp_create_parse(sql, &create, db->err) ) return;
  if( !is_there(db, &create) && !db->err->rc ) {
    adcp_create_splice(&text, sql, &create, db->schema, NULL, NULL);
    const char *spliced = adcp_buf_text(&text); /* which may need memory too */
    if( adcp_buf_check(&text, db->err) ) adcp_db_exec_text(db, spliced);
    adcp_error_prepend(db->err, "creating \"%s\": ", create.name);
  }
  adcp_create_free(&create);
  adcp_buf_free(&text);
}

bool adcp_legacy_makes_table(const char *name) {
  for( int i = 0; i < ADCP_LEGACY_TABLES; i++ ) {
    if( sqlite3_stricmp(adcp_legacy_specs[i].table, name) == 0 ) return true;
  }
  return false;
}

bool adcp_legacy_next_missing(const AdcpSchema *live, size_t *at, AdcpCreate *create,
                              AdcpError *err) {
  while( adcp_legacy_schema[*at] && adcp_create_parse(adcp_legacy_schema[*at], create, err) ) {
    bool there = false;
    for( size_t i = 0; i < live->object_count && !there; i++ ) {
      AdcpObjectType type = live->objects[i].type;
      there = is_namesake(type, create->type) &&
              sqlite3_stricmp(live->objects[i].name, create->name) == 0;
      if( there && type != create->type ) fail_taken(create, adcp_object_type_name(type), err);
    }
    (*at)++;
    if( !there && !err->rc ) return true;
    adcp_create_free(create);
  }
  return false;
}

void adcp_legacy_check_create(const AdcpArchiveHead *head, AdcpError *err) {
  if( !err->rc && !adcp_legacy_is(head) ) {
    adcp_error_set(
        err, ADCP_ERROR,
        "option \"create\" is for backups of version 2.0, which hold no schema; this one "
        "brings its own");
  }
}

void adcp_legacy_create(AdcpDb *db, const AdcpArchiveHead *head) {
  adcp_legacy_check_create(head, db->err);
  for( size_t i = 0; adcp_legacy_schema[i] && !db->err->rc; i++ ) {
    create_object(db, adcp_legacy_schema[i]);
  }
}

static void warn_of_columns(AdcpPlan *plan, const AdcpPlanTable *entry, AdcpError *err) {
  for( size_t i = 0; i < entry->source->column_count && !err->rc; i++ ) {
    const char *name = entry->source->columns[i].name;
    const AdcpColumn *live = adcp_table_column(entry->live, name);
    if( live == NULL ) {
      adcp_plan_warn(plan, err, "column \"%s\" of table \"%s\" is not in the database: left out",
                     name, entry->target);
    } else if( !adcp_column_stored(live) ) {
      adcp_plan_warn(plan, err,
                     "column \"%s\" of table \"%s\" is computed in the database: left out", name,
                     entry->target);
    }
  }
}

void adcp_legacy_warn(AdcpPlan *plan, const AdcpArchiveHead *head, AdcpError *err) {
  if( err->rc || !adcp_legacy_is(head) ) return;
  adcp_plan_warn(
      plan, err,
      "a backup of version 2.0 holds the rows of four tables and settings; it never held "
      "the schema, indexes, triggers, full-text rows, AUTOINCREMENT counters or any other "
      "table: those are the database's own");
  for( size_t i = 0; i < plan->table_count && !err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->fill && entry->live ) warn_of_columns(plan, entry, err);
  }
}
