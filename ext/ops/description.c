/*
** description.c - descriptions of tables beside the tables themselves (contract in description.h).
*/
#include "ops/description.h"

#include <string.h>

#include "base/name.h"
#include "codec/shadow_name.h"
#include "codec/utf8.h"
#include "db/catalog.h"

/* ---- what belongs together in the file ---- */

static bool has_no_sql(const AdcpTable *table) {
  return table->kind == ADCP_TABLE_SEQUENCE || table->kind == ADCP_TABLE_STAT;
}

void adcp_description_check(const AdcpSchema *schema, const char *backup_type, AdcpError *err) {
  bool rows_only = strcmp(backup_type, "data") == 0;
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE || adcp_schema_table(schema, object->name) ) continue;
    adcp_error_set(err, ADCP_CORRUPT,
                   "damaged: table \"%s\" is in \"objects\", but \"tables\" does not describe it",
                   object->name);
  }
  for( size_t i = 0; i < schema->table_count && !rows_only && !err->rc; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( has_no_sql(table) || adcp_schema_object(schema, ADCP_OBJECT_TABLE, table->name) ) continue;
    adcp_error_set(err, ADCP_CORRUPT,
                   "damaged: table \"%s\" is described, but \"objects\" has no SQL for it",
                   table->name);
  }
}

/* ---- one table ---- */

/* A description and what it describes. */
typedef struct Pair {
  const AdcpTable *says, *is;
  const char *name; /* in the database */
  AdcpError *err;
} Pair;

static void differ(const Pair *pair, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The format: what the description says, what the SQL makes. */
static void differ(const Pair *pair, const char *format, ...) {
  va_list args;
  if( pair->err->rc ) return;
  va_start(args, format);
  adcp_error_setv(pair->err, ADCP_CORRUPT, format, args);
  va_end(args);
  adcp_error_prepend(pair->err, "damaged: table \"%s\": the description says ", pair->name);
}

static const char *has(bool it) {
  return it ? "is" : "is not";
}

static void compare_flag(const Pair *pair, const char *what, bool says, bool is) {
  if( says != is )
    differ(pair, "that it %s %s, its SQL makes one that %s", has(says), what, has(is));
}

static const char *column_name(const AdcpTable *table, int column) {
  return column < 0 ? "none" : table->columns[column].name;
}

static void compare_rowid(const Pair *pair) {
  const AdcpTable *says = pair->says, *is = pair->is;
  compare_flag(pair, "WITHOUT ROWID", says->without_rowid, is->without_rowid);
  if( says->rowid_column != is->rowid_column ) {
    differ(pair, "that the column which is its rowid is %s, its SQL makes %s",
           column_name(says, says->rowid_column), column_name(is, is->rowid_column));
  } else if( says->has_rowid_key != is->has_rowid_key ) {
    differ(pair, "that its rows %s a hidden rowid, its SQL makes a table whose rows %s one",
           says->has_rowid_key ? "have" : "have not", is->has_rowid_key ? "have" : "have not");
  }
}

/* ---- columns ---- */

static const char *past_layout(const char *text) {
  while( *text && strchr(" \t\n\f\r\"'`[]", *text) ) text++;
  return text;
}

/* SQLite since 3.37 spells its own types in capitals. */
static bool same_type(const char *a, const char *b) {
  for( ;; a++, b++ ) {
    a = past_layout(a);
    b = past_layout(b);
    if( adcp_name_fold(*a) != adcp_name_fold(*b) ) return false;
    if( *a == 0 ) return true;
  }
}

/* A database in UTF-16 cannot have a name that is not UTF-8. */
static bool same_name(const char *says, const char *is) {
  return strcmp(says, is) == 0 || !adcp_utf8_valid((const uint8_t *)says, strlen(says));
}

static const char *whether_stored(const AdcpColumn *column) {
  return column->generated ? "generated" : column->hidden ? "hidden" : "stored";
}

static void compare_column(const Pair *pair, size_t i) {
  const AdcpColumn *says = &pair->says->columns[i], *is = &pair->is->columns[i];
  if( !same_name(says->name, is->name) ) {
    differ(pair, "that column %zu is \"%s\", its SQL makes \"%s\"", i + 1, says->name, is->name);
  } else if( says->generated != is->generated || says->hidden != is->hidden ) {
    differ(pair, "that column \"%s\" is %s, its SQL makes it %s", is->name, whether_stored(says),
           whether_stored(is));
  } else if( !same_type(says->decl_type, is->decl_type) ) {
    differ(pair, "that column \"%s\" is of type \"%s\", its SQL makes it \"%s\"", is->name,
           says->decl_type, is->decl_type);
  } else if( says->primary_key != is->primary_key ) {
    differ(pair, "that column \"%s\" has place %d in the primary key, its SQL makes it %d",
           is->name, says->primary_key, is->primary_key);
  }
}

static void compare_columns(const Pair *pair) {
  if( pair->says->column_count != pair->is->column_count ) {
    differ(pair, "%zu columns, its SQL makes %zu", pair->says->column_count,
           pair->is->column_count);
  }
  for( size_t i = 0; i < pair->says->column_count && !pair->err->rc; i++ ) compare_column(pair, i);
}

/* ---- foreign keys ---- */

static bool same_text(const char *a, const char *b) {
  return a && b ? same_name(a, b) : a == b;
}

static bool same_foreign_key(const AdcpForeignKey *a, const AdcpForeignKey *b) {
  bool same = a->count == b->count && same_text(a->parent, b->parent) &&
              same_text(a->on_update, b->on_update) && same_text(a->on_delete, b->on_delete);
  for( size_t i = 0; same && i < a->count; i++ ) {
    same = same_text(a->from[i], b->from[i]) && same_text(a->to[i], b->to[i]);
  }
  return same;
}

static void compare_foreign_keys(const Pair *pair) {
  const AdcpTable *says = pair->says, *is = pair->is;
  if( says->foreign_key_count != is->foreign_key_count ) {
    differ(pair, "%zu foreign keys, its SQL makes %zu", says->foreign_key_count,
           is->foreign_key_count);
  }
  for( size_t i = 0; i < says->foreign_key_count && !pair->err->rc; i++ ) {
    const AdcpForeignKey *key = &says->foreign_keys[i];
    if( same_foreign_key(key, &is->foreign_keys[i]) ) continue;
    differ(pair,
           "a foreign key of \"%s\" to \"%s\", its SQL makes another or with other columns "
           "or actions",
           key->from[0], key->parent);
  }
}

/* ---- kinds ---- */

static const AdcpPlanTable *owner_of(const AdcpPlan *plan, const AdcpTable *shadow) {
  return adcp_map_get(&plan->by_source, shadow->shadow_of, strlen(shadow->shadow_of));
}

/* A virtual table that is there, of a module whose shadow tables are known. */
static bool is_certain(const AdcpPlanTable *owner) {
  return owner && owner->create && adcp_shadow_suffixes(owner->source->module);
}

/* Whether the virtual table that it is the shadow table of is one of the plan, and certain. */
static bool has_certain_owner(const AdcpPlan *plan, const AdcpSchema *made, const AdcpTable *is) {
  const AdcpTable *live = adcp_schema_table(made, is->shadow_of);
  if( live == NULL || adcp_shadow_suffixes(live->module) == NULL ) return false;
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *owner = &plan->tables[i];
    if( owner->create && strcmp(owner->target, live->name) == 0 ) return is_certain(owner);
  }
  return false;
}

/* Names alone do not tell where a module chooses its suffixes. */
static void compare_owner(const Pair *pair, const AdcpPlan *plan, const AdcpSchema *made) {
  const AdcpPlanTable *owner = owner_of(plan, pair->says);
  if( !has_certain_owner(plan, made, pair->is) || owner == NULL || owner->target == NULL ) return;
  if( strcmp(owner->target, pair->is->shadow_of) == 0 ) return;
  differ(pair, "that it is a shadow table of \"%s\", its SQL makes one of \"%s\"", owner->target,
         pair->is->shadow_of);
}

/* Where a table that stays, or one of another name, makes it a shadow table, the backup knows nothing
** of it. */
static void compare_kind(const Pair *pair, const AdcpPlan *plan, const AdcpSchema *made) {
  AdcpTableKind says = pair->says->kind, is = pair->is->kind;
  bool good = says == is;
  if( says == ADCP_TABLE_SHADOW && is == ADCP_TABLE_ORDINARY ) {
    good = !is_certain(owner_of(plan, pair->says));
  } else if( says == ADCP_TABLE_ORDINARY && is == ADCP_TABLE_SHADOW ) {
    good = strcmp(pair->name, pair->says->name) != 0 || !has_certain_owner(plan, made, pair->is);
  } else if( says == ADCP_TABLE_SHADOW && is == ADCP_TABLE_SHADOW ) {
    compare_owner(pair, plan, made);
  }
  if( good ) return;
  differ(pair, "that it is of kind \"%s\", its SQL makes one of kind \"%s\"",
         adcp_table_kind_name(says), adcp_table_kind_name(is));
}

/* ---- the plan's tables ---- */

static void compare_table(const Pair *pair) {
  compare_columns(pair);
  if( !pair->err->rc ) compare_rowid(pair);
  if( !pair->err->rc ) compare_foreign_keys(pair);
}

/* Made by the backup's SQL or, of SQLite's own tables, filled with its rows. */
static bool is_made(const AdcpPlan *plan, const AdcpPlanTable *entry) {
  return entry->create || (has_no_sql(entry->source) && plan->whole && entry->fill);
}

static void compare_made(const AdcpPlan *plan, const AdcpSchema *made, AdcpError *err) {
  for( size_t i = 0; i < plan->table_count && !err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !is_made(plan, entry) ) continue;
    Pair pair = {entry->source, adcp_schema_table(made, entry->target), entry->target, err};
    if( pair.is == NULL ) continue; /* told when all texts are compared */
    compare_kind(&pair, plan, made);
    if( err->rc || entry->source->kind == ADCP_TABLE_VIRTUAL ) continue;
    compare_flag(&pair, "STRICT", pair.says->strict, pair.is->strict);
    compare_table(&pair);
  }
}

void adcp_description_compare(const AdcpPlan *plan, AdcpDb *db) {
  size_t at = 0;
  if( db->err->rc ) return;
  while( at < plan->table_count && !is_made(plan, &plan->tables[at]) ) at++;
  if( at == plan->table_count ) return;
  AdcpSchema *made = adcp_catalog_read(db);
  if( made ) compare_made(plan, made, db->err);
  adcp_schema_free(made);
}

void adcp_description_compare_shadow(AdcpDb *db, const AdcpPlanTable *entry) {
  if( db->err->rc || entry->source->kind != ADCP_TABLE_SHADOW || entry->create ) return;
  AdcpSchema *made = adcp_catalog_read_table(db, entry->target);
  if( made ) {
    Pair pair = {entry->source, &made->tables[0], entry->target, db->err};
    compare_table(&pair);
  }
  adcp_schema_free(made);
}
