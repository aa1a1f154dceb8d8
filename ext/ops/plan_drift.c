/*
** plan_drift.c - what differs where rows go into a live table (contract in plan_drift.h).
*/
#include "ops/plan_drift.h"

#include <string.h>

#include "base/mem.h"
#include "codec/json_write.h"
#include "db/constraint.h"
#include "db/token.h"
#include "ops/legacy.h"

/* What the parts share. */
typedef struct Comparison {
  const AdcpDrift *drift;
  const AdcpTable *from, *to; /* of the backup, and live */
  AdcpNameMap *from_columns,
      *to_columns;     /* AdcpColumn by name; of the latter those that are stored */
  AdcpMergeKeys *keys; /* of a merge; else empty */
  AdcpTexts *found;
  AdcpError *err;
} Comparison;

/* ---- columns ---- */

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

static AdcpColumn *find_column(const Comparison *c, AdcpNameMap *columns, const char *name) {
  return adcp_name_map_get(columns, name, strlen(name), c->err);
}

static void compare_columns(const Comparison *c) {
  bool has_types = !adcp_legacy_is(c->drift->head);
  for( size_t i = 0; i < c->from->column_count; i++ ) {
    const AdcpColumn *column = &c->from->columns[i];
    const AdcpColumn *twin = find_column(c, c->to_columns, column->name);
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

/* Columns that the backup has no values of. */
static void list_new_columns(const Comparison *c) {
  for( size_t i = 0; i < c->to->column_count; i++ ) {
    const AdcpColumn *column = &c->to->columns[i];
    if( !adcp_column_stored(column) ) continue;
    const AdcpColumn *twin = find_column(c, c->from_columns, column->name);
    if( twin && adcp_column_stored(twin) ) continue;
    bool refuses = column->not_null && !is_rowid(c->to, column) &&
                   (column->default_sql == NULL || !sqlite3_stricmp(column->default_sql, "NULL"));
    adcp_texts_add(c->found, c->err, "column \"%s\" %s: %s", column->name,
                   twin ? "was generated, so that the backup has no values of it"
                        : "is not in the backup",
                   refuses ? "it is NOT NULL without a default, so that any row ends the restore"
                           : "rows take its default");
  }
}

/* Rows that are there keep what the backup left out. */
static void list_redacted(const Comparison *c) {
  for( size_t i = 0; i < c->to->column_count && c->drift->plan->merge; i++ ) {
    const AdcpColumn *column = &c->to->columns[i];
    bool left_out =
        adcp_column_stored(column) && find_column(c, c->from_columns, column->name) &&
        adcp_redacted_has(c->drift->plan->redacted, c->from->name, column->name, c->err);
    if( !left_out ) continue;
    adcp_texts_add(c->found, c->err,
                   "column \"%s\" was redacted in the backup: rows that are there keep theirs, "
                   "others take its default",
                   column->name);
  }
}

/* ---- keys ---- */

/* "a", "b": the columns of the primary key in its order. */
static void append_primary_key(AdcpBuf *out, const AdcpTable *table, AdcpError *err) {
  const char *separator = "";
  const AdcpColumn **places = adcp_calloc(table->column_count + 1, sizeof *places);
  if( places == NULL ) adcp_error_nomem(err);
  for( size_t i = table->column_count; i > 0 && places; i-- ) {
    const AdcpColumn *column = &table->columns[i - 1];
    bool good = column->primary_key > 0 && (size_t)column->primary_key <= table->column_count;
    if( good ) places[column->primary_key] = column;
  }
  for( size_t place = 1; place <= table->column_count && places; place++ ) {
    if( places[place] == NULL ) continue;
    adcp_buf_appendf(out, "%s\"%s\"", separator, places[place]->name);
    separator = ", ";
  }
  if( *separator == 0 ) adcp_buf_append_str(out, "none");
  adcp_free((void *)places);
}

static void compare_primary_keys(const Comparison *c) {
  AdcpBuf was = {0}, is = {0};
  append_primary_key(&was, c->from, c->err);
  append_primary_key(&is, c->to, c->err);
  const char *before = adcp_buf_text(&was), *now = adcp_buf_text(&is);
  if( before == NULL || now == NULL ) {
    adcp_error_nomem(c->err);
  } else if( sqlite3_stricmp(before, now) != 0 ) {
    adcp_texts_add(c->found, c->err, "the primary key was %s and is %s", before, now);
  }
  adcp_buf_free(&was);
  adcp_buf_free(&is);
}

/* Keys that a row meets by a default alone. */
static void list_unusable_keys(const Comparison *c) {
  for( size_t i = 0; i < c->keys->unusable.count; i++ ) {
    const char *key = c->keys->unusable.items[i];
    const char *column = adcp_merge_keys_unfilled(c->keys, key, c->err);
    adcp_texts_add(c->found, c->err,
                   "key %.200s: the backup has no values of \"%s\", so that no row is found by it; "
                   "a new row that is equal to another in it ends the restore",
                   key, column ? column : "");
  }
}

static void append_name(AdcpBuf *text, const char *name) {
  if( name ) adcp_json_quote(text, (const uint8_t *)name, strlen(name));
  adcp_buf_append_byte(text, ',');
}

/* What makes two foreign keys the same, letter case aside; borrowed from text. */
static const char *spell_foreign_key(AdcpBuf *text, const AdcpForeignKey *key, AdcpError *err) {
  adcp_buf_clear(text);
  append_name(text, key->parent);
  for( size_t i = 0; i < key->count; i++ ) {
    append_name(text, key->from[i]);
    append_name(text, key->to[i]);
  }
  const char *spelled = adcp_buf_text(text);
  return adcp_buf_check(text, err) ? spelled : NULL;
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
  AdcpNameMap known = {0};
  AdcpBuf text = {0};
  const char *key;
  for( size_t i = 0; i < c->from->foreign_key_count && !c->err->rc; i++ ) {
    AdcpForeignKey *was = &c->from->foreign_keys[i];
    if( (key = spell_foreign_key(&text, was, c->err)) ) {
      adcp_name_map_put(&known, key, was, c->err);
    }
  }
  for( size_t i = 0; i < c->to->foreign_key_count && !c->err->rc; i++ ) {
    const AdcpForeignKey *is = &c->to->foreign_keys[i];
    key = spell_foreign_key(&text, is, c->err);
    bool is_known = key && adcp_name_map_get(&known, key, strlen(key), c->err);
    if( !is_known ) list_foreign_key(c, is);
  }
  adcp_name_map_free(&known);
  adcp_buf_free(&text);
}

/* ---- constraints ---- */

/* Those of a table and of its unique indexes. False where the schema has no text of it. */
static bool read_constraints(AdcpByTable *objects, const char *table, AdcpConstraints *list,
                             AdcpError *err) {
  bool known = false;
  const AdcpObject *object = adcp_by_table_first(objects, table, err);
  for( ; object; object = adcp_by_table_next(objects, object) ) {
    bool is_table = object->type == ADCP_OBJECT_TABLE && strcmp(object->name, table) == 0;
    bool is_index = object->type == ADCP_OBJECT_INDEX && strcmp(object->tbl_name, table) == 0;
    if( (is_table || is_index) && object->sql ) adcp_constraints_add(list, object->sql, err);
    known = known || (is_table && object->sql);
  }
  return known;
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
  bool known = read_constraints(c->drift->of_backup, c->from->name, &was, c->err);
  if( known ) read_constraints(c->drift->of_live, c->to->name, &is, c->err);
  for( size_t i = 0; i < is.count; i++ ) {
    if( adcp_constraints_have(&was, &is.items[i]) ) continue;
    const char *text = is.items[i].text;
    bool is_key = is.items[i].kind == ADCP_CONSTRAINT_UNIQUE;
    bool finds_none = is_key && adcp_merge_keys_unfilled(c->keys, text, c->err);
    adcp_texts_add(c->found, c->err, "%.200s is not in the backup: %s", text,
                   finds_none ? "two rows that are equal in it end the restore"
                              : effect(c, is.items[i].kind));
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
  if( !drift->plan->merge ) return;
  const AdcpObject *object = adcp_by_table_first(drift->of_live, drift->entry->live->name, err);
  for( ; object && !err->rc; object = adcp_by_table_next(drift->of_live, object) ) {
    if( object->type != ADCP_OBJECT_TRIGGER || !fires(drift, object, err) ) continue;
    adcp_texts_add(names, err, "%s", object->name);
  }
}

/* ---- all of it ---- */

static void compare(const Comparison *c) {
  compare_columns(c);
  list_new_columns(c);
  list_redacted(c);
  list_unusable_keys(c);
  if( adcp_legacy_is(c->drift->head) ) return; /* it says nothing of the rest */
  if( c->to->strict && !c->from->strict ) {
    adcp_texts_add(
        c->found, c->err,
        "the table is STRICT and was not: a value that does not fit its column's type ends the "
        "restore");
  }
  compare_primary_keys(c);
  list_new_constraints(c);
  list_new_foreign_keys(c);
}

void adcp_plan_drift(const AdcpDrift *drift, AdcpTexts *found, AdcpError *err) {
  const AdcpTable *from = drift->entry->source, *to = drift->entry->live;
  AdcpNameMap from_columns = {0}, to_columns = {0};
  AdcpMergeKeys keys = {0};
  const Comparison c = {drift, from, to, &from_columns, &to_columns, &keys, found, err};
  if( drift->plan->merge ) adcp_plan_merge_keys(drift->plan, drift->entry, drift->db, &keys);
  for( size_t i = 0; i < from->column_count && !err->rc; i++ ) {
    adcp_name_map_put(&from_columns, from->columns[i].name, &from->columns[i], err);
  }
  for( size_t i = 0; i < to->column_count && !err->rc; i++ ) {
    AdcpColumn *column = &to->columns[i];
    if( adcp_column_stored(column) ) adcp_name_map_put(&to_columns, column->name, column, err);
  }
  if( !err->rc ) compare(&c);
  adcp_merge_keys_free(&keys);
  adcp_name_map_free(&from_columns);
  adcp_name_map_free(&to_columns);
}
