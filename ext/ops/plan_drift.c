/*
** plan_drift.c - what differs where rows go into a live table (contract in plan_drift.h).
*/
#include "ops/plan_drift.h"

#include <string.h>

#include "db/constraint.h"
#include "db/token.h"
#include "ops/legacy.h"

/* What the parts share. */
typedef struct Comparison {
  const AdcpDrift *drift;
  const AdcpTable *from, *to; /* of the backup, and live */
  AdcpTexts *found;
  AdcpError *err;
} Comparison;

/* ---- columns ---- */

static const AdcpColumn *find_stored(const AdcpTable *table, const char *name) {
  const AdcpColumn *column = adcp_table_column(table, name);
  return column && adcp_column_stored(column) ? column : NULL;
}

/* Its NULL is a number, before it is looked at. */
static bool is_rowid(const AdcpTable *table, const AdcpColumn *column) {
  return table->rowid_column >= 0 && column == &table->columns[table->rowid_column];
}

static void compare_column(const Comparison *c, const AdcpColumn *was, const AdcpColumn *is) {
  bool never_null = is_rowid(c->from, was) || is_rowid(c->to, is);
  if( sqlite3_stricmp(was->decl_type, is->decl_type) != 0 ) {
    adcp_texts_add(c->found, c->err, "column \"%s\" was of type \"%s\" and is of type \"%s\"",
                   was->name, was->decl_type, is->decl_type);
  }
  if( is->not_null && !was->not_null && !never_null ) {
    adcp_texts_add(
        c->found, c->err,
        "column \"%s\" is NOT NULL and was not: a row without a value there ends the restore",
        is->name);
  }
}

static void compare_columns(const Comparison *c) {
  bool has_types = !adcp_legacy_is(c->drift->head);
  for( size_t i = 0; i < c->from->column_count; i++ ) {
    const AdcpColumn *column = &c->from->columns[i];
    const AdcpColumn *twin = find_stored(c->to, column->name);
    if( !adcp_column_stored(column) ) continue;
    if( twin == NULL ) {
      adcp_texts_add(c->found, c->err,
                     "column \"%s\" of the backup is not in the table: its values are left out",
                     column->name);
    } else if( has_types ) {
      compare_column(c, column, twin);
    }
  }
}

/* Columns that the backup does not have. */
static void list_new_columns(const Comparison *c) {
  for( size_t i = 0; i < c->to->column_count; i++ ) {
    const AdcpColumn *column = &c->to->columns[i];
    if( !adcp_column_stored(column) || adcp_table_column(c->from, column->name) ) continue;
    bool refuses = column->not_null && !is_rowid(c->to, column) &&
                   (column->default_sql == NULL || !sqlite3_stricmp(column->default_sql, "NULL"));
    adcp_texts_add(c->found, c->err, "column \"%s\" is not in the backup: %s", column->name,
                   refuses ? "it is NOT NULL without a default, so that any row ends the restore"
                           : "rows take its default");
  }
}

/* ---- keys ---- */

/* "a", "b": the columns of the primary key in its order. */
static void append_primary_key(AdcpBuf *out, const AdcpTable *table) {
  const char *separator = "";
  for( int place = 1; place <= (int)table->column_count; place++ ) {
    for( size_t i = 0; i < table->column_count; i++ ) {
      if( table->columns[i].primary_key != place ) continue;
      adcp_buf_appendf(out, "%s\"%s\"", separator, table->columns[i].name);
      separator = ", ";
    }
  }
  if( *separator == 0 ) adcp_buf_append_str(out, "none");
}

static void compare_primary_keys(const Comparison *c) {
  AdcpBuf was = {0}, is = {0};
  append_primary_key(&was, c->from);
  append_primary_key(&is, c->to);
  const char *before = adcp_buf_text(&was), *now = adcp_buf_text(&is);
  if( before == NULL || now == NULL ) {
    adcp_error_nomem(c->err);
  } else if( sqlite3_stricmp(before, now) != 0 ) {
    adcp_texts_add(c->found, c->err, "the primary key was %s and is %s", before, now);
  }
  adcp_buf_free(&was);
  adcp_buf_free(&is);
}

static bool same_name(const char *a, const char *b) {
  return a == b || (a && b && sqlite3_stricmp(a, b) == 0);
}

static bool same_foreign_key(const AdcpForeignKey *a, const AdcpForeignKey *b) {
  if( a->count != b->count || !same_name(a->parent, b->parent) ) return false;
  for( size_t i = 0; i < a->count; i++ ) {
    if( !same_name(a->from[i], b->from[i]) || !same_name(a->to[i], b->to[i]) ) return false;
  }
  return true;
}

static void list_foreign_key(const Comparison *c, const AdcpForeignKey *key) {
  const char *rule = adcp_options_text(c->drift->options, "foreign_keys", "enforce");
  AdcpBuf columns = {0};
  for( size_t i = 0; i < key->count; i++ ) {
    adcp_buf_appendf(&columns, "%s\"%s\"", i ? ", " : "", key->from[i]);
  }
  const char *from = adcp_buf_text(&columns);
  if( from ) {
    adcp_texts_add(c->found, c->err, "the foreign key %s to \"%s\" is not in the backup: %s", from,
                   key->parent,
                   strcmp(rule, "enforce") == 0 ? "a row without its parent ends the restore"
                                                : "rows without their parents are reported");
  } else {
    adcp_error_nomem(c->err);
  }
  adcp_buf_free(&columns);
}

static void list_new_foreign_keys(const Comparison *c) {
  for( size_t i = 0; i < c->to->foreign_key_count; i++ ) {
    const AdcpForeignKey *key = &c->to->foreign_keys[i];
    bool known = false;
    for( size_t k = 0; k < c->from->foreign_key_count && !known; k++ ) {
      known = same_foreign_key(key, &c->from->foreign_keys[k]);
    }
    if( !known ) list_foreign_key(c, key);
  }
}

/* ---- constraints ---- */

/* Those of a table and of its unique indexes. False where the schema has no text of it. */
static bool read_constraints(const AdcpSchema *schema, const char *table, AdcpConstraints *list,
                             AdcpError *err) {
  const AdcpObject *object = adcp_schema_object(schema, ADCP_OBJECT_TABLE, table);
  if( object == NULL || object->sql == NULL ) return false;
  adcp_constraints_add(list, object->sql, err);
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *index = &schema->objects[i];
    if( index->type != ADCP_OBJECT_INDEX || strcmp(index->tbl_name, table) != 0 ) continue;
    if( index->sql ) adcp_constraints_add(list, index->sql, err);
  }
  return true;
}

/* What comes of rows that break it. */
static const char *effect(const Comparison *c, AdcpConstraintKind kind) {
  bool merge = c->drift->plan->merge;
  const char *conflict = adcp_options_text(c->drift->options, "on_conflict", "update");
  if( kind == ADCP_CONSTRAINT_CHECK ) {
    return merge ? "a row that breaks it ends the restore"
                 : "rows that break it go in all the same";
  }
  if( merge && strcmp(conflict, "update") == 0 ) return "rows that are equal in it become one";
  if( merge && strcmp(conflict, "ignore") == 0 ) return "of rows that are equal in it one stays";
  return "two rows that are equal in it end the restore";
}

static void list_new_constraints(const Comparison *c) {
  AdcpConstraints was = {0}, is = {0};
  bool known = read_constraints(c->drift->head->schema, c->from->name, &was, c->err);
  if( known ) read_constraints(c->drift->live, c->to->name, &is, c->err);
  for( size_t i = 0; i < is.count; i++ ) {
    if( adcp_constraints_have(&was, &is.items[i]) ) continue;
    adcp_texts_add(c->found, c->err, "%.200s is not in the backup: %s", is.items[i].text,
                   effect(c, is.items[i].kind));
  }
  adcp_constraints_free(&was);
  adcp_constraints_free(&is);
}

/* ---- triggers ---- */

/* Whether the trigger fires when rows of a backup are merged into its table. */
static bool fires(const AdcpDrift *drift, const AdcpObject *trigger, AdcpError *err) {
  bool updates = strcmp(adcp_options_text(drift->options, "on_conflict", "update"), "update") == 0;
  AdcpCreate create;
  if( trigger->sql == NULL || !adcp_create_recognize(trigger->sql, &create, err) ) return false;
  bool inserts = strcmp(create.event, "INSERT") == 0;
  bool found = inserts || (updates && strcmp(create.event, "UPDATE") == 0);
  adcp_create_free(&create);
  return found;
}

void adcp_plan_fired(const AdcpDrift *drift, AdcpTexts *names, AdcpError *err) {
  for( size_t i = 0; drift->plan->merge && i < drift->live->object_count && !err->rc; i++ ) {
    const AdcpObject *object = &drift->live->objects[i];
    if( object->type != ADCP_OBJECT_TRIGGER ) continue;
    if( sqlite3_stricmp(object->tbl_name, drift->entry->live->name) != 0 ) continue;
    if( fires(drift, object, err) ) adcp_texts_add(names, err, "%s", object->name);
  }
}

/* ---- all of it ---- */

void adcp_plan_drift(const AdcpDrift *drift, AdcpTexts *found, AdcpError *err) {
  const Comparison c = {drift, drift->entry->source, drift->entry->live, found, err};
  if( err->rc ) return;
  compare_columns(&c);
  list_new_columns(&c);
  if( adcp_legacy_is(drift->head) ) return; /* it says nothing of the rest */
  if( c.to->strict && !c.from->strict ) {
    adcp_texts_add(
        found, err,
        "the table is STRICT and was not: a value that does not fit its column's type ends the "
        "restore");
  }
  compare_primary_keys(&c);
  list_new_constraints(&c);
  list_new_foreign_keys(&c);
}
