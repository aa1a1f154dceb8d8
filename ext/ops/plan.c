/*
** plan.c - decides what a restore does (contract in plan.h).
*/
#include "ops/plan.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/name_map.h"
#include "codec/shadow_name.h"
#include "codec/utf8.h"
#include "db/catalog.h"
#include "db/fts.h"
#include "db/mention.h"
#include "db/vet.h"
#include "ops/description.h"
#include "ops/legacy.h"
#include "ops/json_tree.h"
#include "ops/plan_names.h"
#include "ops/redaction.h"
#include "ops/selection.h"

/* What the parts of planning share. */
typedef struct Planner {
  AdcpPlan *plan;
  AdcpDb *db;
  AdcpError *err;
  const AdcpArchiveHead *head;
  const AdcpSchema *live;
  const AdcpOptions *options;
  const AdcpRowChoice *choice; /* or NULL */
  AdcpSelection *selection;
  AdcpNameMap live_tables; /* live objects of type table or view */
  AdcpNameMap live_indexes, live_triggers;
  AdcpMap filled;           /* AdcpArchiveTable of the backup, by name */
  AdcpMap definitions;      /* AdcpObject of the backup's tables, by name */
  AdcpMap dropped;          /* live tables and views that go, by name */
  AdcpMap renames;          /* option "rename": the new name by the old one */
  AdcpNameMap modules;      /* of the connection; empty until asked for */
  AdcpNameMap sources;      /* AdcpPlanTable by name in the backup, in any case */
  AdcpNameMap left_indexes; /* AdcpObject of the backup; find_left_indexes */
  AdcpNameMap views;        /* AdcpObject of the backup */
  AdcpMap bare;             /* virtual tables of the backup, by name, whose rows do not come */
} Planner;

void adcp_plan_warn(AdcpPlan *plan, AdcpError *err, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adcp_texts_addv(&plan->warnings, err, format, args);
  va_end(args);
}

/* A copy of name, or of what option "rename" makes of it. */
static char *renamed(Planner *p, const char *name) {
  const char *target = adcp_map_get(&p->renames, name, strlen(name));
  char *copy = adcp_strdup(target ? target : name);
  if( copy == NULL ) adcp_error_nomem(p->err);
  return copy;
}

/* A shadow table follows its virtual table: the owner's new name and the old suffix. */
static char *target_name(Planner *p, const AdcpTable *table) {
  if( table->shadow_of == NULL ) return renamed(p, table->name);
  AdcpBuf name = {0};
  char *owner = renamed(p, table->shadow_of);
  if( owner == NULL ) return NULL;
  adcp_buf_append_str(&name, owner);
  adcp_buf_append_str(&name, table->name + strlen(table->shadow_of));
  adcp_free(owner);
  char *target = adcp_buf_take(&name);
  if( target == NULL ) adcp_error_nomem(p->err);
  return target;
}

static void read_rename(Planner *p) {
  for( size_t i = 0; i < adcp_options_pair_count(p->options, "rename"); i++ ) {
    const char *from, *to;
    adcp_options_pair(p->options, "rename", i, &from, &to);
    adcp_map_put(&p->renames, from, strlen(from), (void *)to, p->err);
    const AdcpTable *table = adcp_schema_table(p->head->schema, from);
    if( table && table->shadow_of ) {
      adcp_error_set(
          p->err, ADCP_ERROR,
          "option \"rename\": \"%s\" is a part of virtual table \"%s\", and follows that "
          "to another name; rename \"%s\"",
          from, table->shadow_of, table->shadow_of);
    } else if( table == NULL || table->kind > ADCP_TABLE_VIRTUAL ) {
      adcp_error_set(p->err, ADCP_ERROR,
                     "option \"rename\": \"%s\" is not a table of the backup; look at "
                     "adcp_contents for their names",
                     from);
    } else if( *to == 0 ) {
      adcp_error_set(p->err, ADCP_ERROR, "option \"rename\": \"%s\" would have no name", from);
    } else if( sqlite3_strnicmp(to, "sqlite_", 7) == 0 ) {
      adcp_error_set(
          p->err, ADCP_ERROR,
          "option \"rename\": \"%s\" cannot become \"%s\": SQLite keeps names that begin "
          "with sqlite_ to itself",
          from, to);
    }
  }
}

/* ---- live objects by name ---- */

static void index_live(Planner *p) {
  for( size_t i = 0; i < p->live->object_count && !p->err->rc; i++ ) {
    AdcpObject *object = &p->live->objects[i];
    AdcpNameMap *map = object->type == ADCP_OBJECT_INDEX     ? &p->live_indexes
                       : object->type == ADCP_OBJECT_TRIGGER ? &p->live_triggers
                                                             : &p->live_tables;
    adcp_name_map_put(map, object->name, object, p->err);
  }
}

static const AdcpObject *find_live(AdcpNameMap *map, const char *name, AdcpError *err) {
  return adcp_name_map_get(map, name, strlen(name), err);
}

static const AdcpObject *live_relation(Planner *p, const char *name) {
  return find_live(&p->live_tables, name, p->err);
}

/* ---- tables ---- */

static bool flag(const Planner *p, const char *option) {
  return adcp_options_bool(p->options, option, false);
}

static bool module_loaded(Planner *p, const char *module) {
  if( p->modules.map.count == 0 ) adcp_modules_read(&p->modules, p->db);
  return adcp_name_map_get(&p->modules, module, strlen(module), p->err) != NULL;
}

/* Whether a virtual table is made by its own CREATE: a module of SQLite's own or one that was named
** as trusted, and loaded. */
static bool module_usable(Planner *p, const AdcpTable *table) {
  bool trusted = adcp_module_is_safe(table->module);
  for( size_t i = 0; i < adcp_options_name_count(p->options, "modules") && !trusted; i++ ) {
    trusted = sqlite3_stricmp(adcp_options_name(p->options, "modules", i), table->module) == 0;
  }
  if( !module_loaded(p, table->module) ) return false;
  if( !trusted ) {
    adcp_error_set(p->err, ADCP_AUTH,
                   "virtual table \"%s\" uses module \"%s\", whose code would run on what the "
                   "backup says; allow it with {\"modules\":[\"%s\"]}, or leave the table out with "
                   "option exclude_tables of adcp_restore",
                   table->name, table->module, table->module);
  }
  return trusted;
}

static const AdcpPlanTable *owner_of(const Planner *p, const AdcpTable *shadow) {
  return adcp_map_get(&p->plan->by_source, shadow->shadow_of, strlen(shadow->shadow_of));
}

/* What has the table's name in the database takes no rows: to make room for the table would drop it. */
static void fail_other_kind(Planner *p, const AdcpPlanTable *entry) {
  const char *kind = entry->live == NULL                       ? "view"
                     : entry->live->kind == ADCP_TABLE_VIRTUAL ? "virtual table"
                                                               : "part of a virtual table";
  adcp_error_set(p->err, ADCP_ERROR,
                 "table \"%s\" is a %s in the database, and %s rows into ordinary tables that are "
                 "there; leave it out with exclude_tables, or name a table for its rows: "
                 "{\"rename\":{\"%s\":\"...\"}}",
                 entry->target, kind,
                 adcp_legacy_is(p->head) ? "a backup of version 2.0 puts"
                                         : "mode \"merge\" and data_only put",
                 entry->source->name);
}

/* A live ordinary table to put rows into; an error when there is none. */
static void plan_into_live(Planner *p, AdcpPlanTable *entry) {
  entry->fill = entry->match_columns = true;
  if( entry->live && entry->live->kind == ADCP_TABLE_ORDINARY ) return;
  bool to_be_made = adcp_legacy_is(p->head) && flag(p, "create") && entry->live == NULL &&
                    adcp_legacy_makes_table(entry->target);
  if( to_be_made ) return; /* a restore has made it before there is a plan */
  if( live_relation(p, entry->target) ) {
    fail_other_kind(p, entry);
    return;
  }
  if( adcp_legacy_is(p->head) ) {
    adcp_error_set(
        p->err, ADCP_ERROR,
        "table \"%s\" is not in the database, and a backup of version 2.0 holds no "
        "schema; create the application's own with {\"create\":true}, or leave the table "
        "out with exclude_tables",
        entry->target);
    return;
  }
  adcp_error_set(p->err, ADCP_ERROR,
                 "table \"%s\" is not in the database, whose tables mode \"merge\" and data_only "
                 "keep; leave it out with exclude_tables, or restore it first by itself: "
                 "{\"tables\":[\"%s\"]}",
                 entry->target, entry->source->name);
}

/* The name of the table or view that a full-text index is over, owned; NULL for all others. */
static char *content_of(Planner *p, const AdcpPlanTable *entry) {
  const char *sql = entry->object ? entry->object->sql : NULL;
  return sql ? adcp_fts_content_table(sql, p->err) : NULL;
}

/* The table of the backup that has the name, or NULL: a view, or it has none. */
static const AdcpPlanTable *source_named(Planner *p, const char *name) {
  return adcp_name_map_get(&p->sources, name, strlen(name), p->err);
}

static bool is_renamed(Planner *p, const AdcpTable *table) {
  char *target = target_name(p, table);
  bool found = target && strcmp(target, table->name) != 0;
  adcp_free(target);
  return found;
}

/* Whether a table of that name comes with this restore, and whether with all of the backup's rows. */
static bool comes(const Planner *p, const char *name) {
  const AdcpChosenTable *chosen = adcp_row_choice_table(p->choice, name);
  return (chosen && chosen->along) || adcp_selection_table(p->selection, name);
}

/* Whether rows of the table, if the backup has any, are restored. */
static bool wants_rows(const Planner *p, const AdcpTable *table) {
  const AdcpChosenTable *chosen = adcp_row_choice_table(p->choice, table->name);
  return (chosen && chosen->along) || adcp_selection_rows(p->selection, table);
}

static bool is_bare(const Planner *p, const AdcpTable *table) {
  return adcp_map_get(&p->bare, table->name, strlen(table->name)) != NULL;
}

/* Whether the restore brings rows of the table. */
static bool rows_come(const Planner *p, const AdcpTable *table) {
  if( flag(p, "schema_only") || !wants_rows(p, table) ) return false;
  if( table->kind == ADCP_TABLE_VIRTUAL ) return !is_bare(p, table);
  return adcp_map_get(&p->filled, table->name, strlen(table->name)) != NULL;
}

static bool comes_whole(const Planner *p, const AdcpTable *table) {
  const AdcpChosenTable *chosen = adcp_row_choice_table(p->choice, table->name);
  return rows_come(p, table) && !(chosen && (chosen->along || chosen->part));
}

/* Whether a full-text index would not be one of the rows that it is over: it comes without its own, or
** they are others than the backup's: a part of them, none, or those of the database. */
static bool is_over_other_rows(Planner *p, const AdcpPlanTable *entry) {
  char *name = content_of(p, entry);
  if( name == NULL ) return false;
  const AdcpPlanTable *content = source_named(p, name);
  const AdcpTable *table = content ? content->source : NULL;
  const AdcpObject *live = p->plan->whole ? NULL : live_relation(p, name);
  bool stays = live && live->type == ADCP_OBJECT_TABLE;
  bool made =
      table && comes(p, table->name) && !p->plan->data_only && !is_renamed(p, content->source);
  bool empty = is_bare(p, entry->source);
  adcp_free(name);
  if( made && empty ) return rows_come(p, table);
  return (made || stays) && (empty || table == NULL || !comes_whole(p, table));
}

/* A view that will be there, of the backup or of the database. */
static bool is_view(Planner *p, const char *name) {
  const AdcpObject *view = adcp_name_map_get(&p->views, name, strlen(name), p->err);
  const AdcpObject *live = p->plan->whole ? NULL : live_relation(p, name);
  return (view && adcp_selection_object(p->selection, view)) ||
         (live && live->type == ADCP_OBJECT_VIEW);
}

/* Of an index over what is not a table of the backup. */
static void warn_of_other_content(Planner *p, const AdcpPlanTable *entry, const char *name) {
  bool view = is_view(p, name);
  bool there = view || (!p->plan->whole && live_relation(p, name));
  if( !there ) {
    adcp_plan_warn(p->plan, p->err,
                   "full-text index \"%s\" names \"%s\", which is neither restored nor in the "
                   "database",
                   entry->target, name);
  } else if( view && is_bare(p, entry->source) && !flag(p, "schema_only") ) {
    adcp_plan_warn(
        p->plan, p->err,
        "full-text index \"%s\" over the view \"%s\" comes without its rows: it is empty "
        "until it is filled again",
        entry->target, name);
  }
}

/* An index whose text names what will not be there finds words and no rows. */
static void warn_of_content(Planner *p, const AdcpPlanTable *entry) {
  char *name = content_of(p, entry);
  const AdcpPlanTable *content = name ? source_named(p, name) : NULL;
  if( name == NULL ) return;
  if( content && p->plan->whole && is_renamed(p, content->source) ) {
    char *target = target_name(p, content->source);
    adcp_plan_warn(p->plan, p->err,
                   "full-text index \"%s\" names \"%s\", which is restored as \"%s\"; its text "
                   "stays as it is",
                   entry->target, name, target ? target : "");
    adcp_free(target);
  } else if( content == NULL || !comes(p, content->source->name) ) {
    warn_of_other_content(p, entry, name);
  }
  adcp_free(name);
}

static void warn_of_part(Planner *p, const AdcpPlanTable *entry, const AdcpTable *table) {
  AdcpBuf buf = {0};
  adcp_buf_appendf(&buf, "%s%s", entry->target, table->name + strlen(entry->source->name));
  const char *wanted = adcp_buf_text(&buf);
  char *target = target_name(p, table);
  bool is_right = wanted && target && sqlite3_stricmp(target, wanted) == 0 && comes(p, table->name);
  if( adcp_buf_check(&buf, p->err) && !is_right ) {
    adcp_plan_warn(
        p->plan, p->err,
        "module \"%s\" may keep a part of \"%s\" in table \"%s\" of the backup, which is "
        "not restored as \"%s\"; if it does, restore it too, under that name",
        entry->source->module, entry->target, table->name, wanted);
  }
  adcp_free(target);
  adcp_buf_free(&buf);
}

/* Modules may have tables that SQLite does not know to be theirs: nothing but the name tells then. */
static void warn_of_parts(Planner *p, const AdcpPlanTable *entry) {
  const char *name = entry->source->name;
  size_t n = strlen(name);
  if( p->plan->whole && !is_renamed(p, entry->source) ) return;
  if( !entry->create || adcp_shadow_suffixes(entry->source->module) ) return;
  for( size_t i = 0; i < p->head->schema->table_count && !p->err->rc; i++ ) {
    const AdcpTable *table = &p->head->schema->tables[i];
    bool is_named_so = sqlite3_strnicmp(table->name, name, (int)n) == 0 && table->name[n] == '_';
    if( table->kind == ADCP_TABLE_ORDINARY && is_named_so ) warn_of_part(p, entry, table);
  }
}

static void plan_virtual(Planner *p, AdcpPlanTable *entry) {
  if( entry->object == NULL ) {
    adcp_error_set(p->err, ADCP_CORRUPT,
                   "damaged: virtual table \"%s\" is described, but the backup has no SQL for it",
                   entry->source->name);
    return;
  }
  entry->create = module_usable(p, entry->source);
  entry->schema_row_only = !entry->create;
  entry->bare = is_bare(p, entry->source);
  entry->anew = entry->create && is_over_other_rows(p, entry);
  warn_of_content(p, entry);
  warn_of_parts(p, entry);
}

/* With data_only: in place of the live virtual table, whose module's state cannot be refilled. */
static void plan_made_anew(Planner *p, AdcpPlanTable *entry) {
  if( entry->live->kind == ADCP_TABLE_VIRTUAL ) {
    plan_virtual(p, entry);
    return;
  }
  adcp_error_set(p->err, ADCP_ERROR,
                 "virtual table \"%s\" meets a table that is not virtual, and data_only keeps the "
                 "tables of the database; leave it out with exclude_tables",
                 entry->target);
}

/* The live schema stays, but for virtual tables with data_only. */
static void plan_kept_schema(Planner *p, AdcpPlanTable *entry, bool has_rows) {
  const AdcpTable *table = entry->source;
  const AdcpPlanTable *owner = table->shadow_of ? owner_of(p, table) : NULL;
  switch( table->kind ) {
  case ADCP_TABLE_ORDINARY:
    if( has_rows ) plan_into_live(p, entry);
    break;
  case ADCP_TABLE_SEQUENCE: entry->fill = has_rows; break;
  case ADCP_TABLE_STAT: break;
  case ADCP_TABLE_SHADOW:
    entry->fill = entry->verify = has_rows && owner && owner->create && !owner->anew;
    break;
  case ADCP_TABLE_VIRTUAL:
    if( p->plan->data_only && entry->live ) {
      if( !is_bare(p, table) ) plan_made_anew(p, entry);
    } else {
      adcp_plan_warn(p->plan, p->err, "virtual table \"%s\" is left as it is", entry->target);
    }
    break;
  }
}

/* Whether this SQLite makes a table of statistics of that name: samples (sqlite_stat4) only where it
** was built so. No SQL makes one. */
static bool keeps_statistics(const char *name) {
  if( sqlite3_stricmp(name, "sqlite_stat1") == 0 ) return true;
  return sqlite3_stricmp(name, "sqlite_stat4") == 0 && ADCP_SQLITE_HAS(compileoption_used) &&
         sqlite3_compileoption_used("ENABLE_STAT4");
}

/* The definition comes from the backup. */
static void plan_new_schema(Planner *p, AdcpPlanTable *entry, bool has_rows) {
  const AdcpTable *table = entry->source;
  const AdcpPlanTable *owner = table->shadow_of ? owner_of(p, table) : NULL;
  if( table->kind == ADCP_TABLE_VIRTUAL ) {
    plan_virtual(p, entry);
    return;
  }
  entry->create = entry->object && !(owner && owner->create);
  entry->fill = has_rows && !flag(p, "schema_only") && !(owner && owner->anew) &&
                (p->plan->whole || table->kind != ADCP_TABLE_STAT);
  if( entry->fill && table->kind == ADCP_TABLE_STAT && !keeps_statistics(table->name) ) {
    entry->fill = false;
    adcp_plan_warn(
        p->plan, p->err,
        "\"%s\" is left out: this SQLite keeps no such statistics; ANALYZE makes its own",
        table->name);
  }
  entry->verify = entry->fill && (p->plan->whole || table->kind <= ADCP_TABLE_SHADOW);
}

/* A table that comes along is, when it has rows to bring, or when what refers to it would have
** nothing to refer to: then it is made, empty. */
static bool brings_rows(const Planner *p, const AdcpPlanTable *entry,
                        const AdcpChosenTable *chosen) {
  bool kept = p->plan->merge || p->plan->data_only;
  return chosen->rows > 0 || (!kept && entry->live == NULL);
}

/* A full-text index names its table, so it cannot follow that to another name. */
static bool stays_behind(Planner *p, const AdcpPlanTable *entry) {
  const AdcpTable *table = entry->source;
  const AdcpPlanTable *index = table->shadow_of ? owner_of(p, table) : entry;
  char *name = index && !p->plan->whole ? content_of(p, index) : NULL;
  const AdcpPlanTable *content = name ? source_named(p, name) : NULL;
  bool along = content && comes(p, content->source->name);
  char *target = along ? target_name(p, content->source) : NULL;
  bool found = target && strcmp(target, content->source->name) != 0;
  if( found && table->kind == ADCP_TABLE_VIRTUAL ) {
    adcp_plan_warn(p->plan, p->err,
                   "full-text index \"%s\" is left %s: \"%s\" is restored as \"%s\"", table->name,
                   entry->live ? "as it is" : "out", name, target);
  }
  adcp_free(target);
  adcp_free(name);
  return found;
}

static bool is_restored(Planner *p, const AdcpPlanTable *entry) {
  const AdcpChosenTable *chosen = adcp_row_choice_table(p->choice, entry->source->name);
  if( chosen && chosen->along ) return brings_rows(p, entry, chosen);
  return adcp_selection_table(p->selection, entry->source->name) && !stays_behind(p, entry);
}

static void plan_table(Planner *p, AdcpPlanTable *entry, bool has_rows) {
  const AdcpTable *table = entry->source;
  entry->target = target_name(p, table);
  entry->object = adcp_map_get(&p->definitions, table->name, strlen(table->name));
  if( p->err->rc ) return;
  const AdcpObject *there = live_relation(p, entry->target);
  entry->live = adcp_schema_table(p->live, there ? there->name : entry->target);
  if( !is_restored(p, entry) ) return;
  if( p->plan->merge || p->plan->data_only )
    plan_kept_schema(p, entry, has_rows);
  else
    plan_new_schema(p, entry, has_rows);
}

static void index_backup(Planner *p) {
  const AdcpSchema *schema = p->head->schema;
  for( size_t i = 0; i < p->head->table_count && !p->err->rc; i++ ) {
    const char *name = p->head->tables[i].table->name;
    adcp_map_put(&p->filled, name, strlen(name), &p->head->tables[i], p->err);
  }
  for( size_t i = 0; i < schema->object_count && !p->err->rc; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type == ADCP_OBJECT_VIEW ) {
      adcp_name_map_put(&p->views, object->name, (void *)object, p->err);
    } else if( object->type == ADCP_OBJECT_TABLE ) {
      adcp_map_put(&p->definitions, object->name, strlen(object->name), (void *)object, p->err);
    }
  }
}

/* Virtual tables keep their rows in shadow tables: without those of one they have none. What the backup
** left out for a rebuild is no loss. */
static void find_bare(Planner *p) {
  const AdcpSchema *schema = p->head->schema;
  for( size_t i = 0; i < schema->table_count && !p->err->rc; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( table->kind != ADCP_TABLE_SHADOW ) continue;
    const AdcpTable *owner = adcp_schema_table(schema, table->shadow_of);
    bool left_out = owner && owner->rebuild && wants_rows(p, table) && !flag(p, "schema_only");
    if( owner == NULL || left_out || rows_come(p, table) ) continue;
    adcp_map_put(&p->bare, owner->name, strlen(owner->name), (void *)owner, p->err);
  }
}

/* Virtual tables first: their shadow tables look at them. */
static void plan_tables(Planner *p) {
  const AdcpSchema *schema = p->head->schema;
  AdcpPlan *plan = p->plan;
  plan->tables = adcp_calloc(schema->table_count + 1, sizeof *plan->tables);
  if( plan->tables == NULL ) {
    adcp_error_nomem(p->err);
    return;
  }
  plan->table_count = schema->table_count;
  for( size_t i = 0; i < plan->table_count && !p->err->rc; i++ ) {
    const char *name = schema->tables[i].name;
    plan->tables[i].source = &schema->tables[i];
    adcp_map_put(&plan->by_source, name, strlen(name), &plan->tables[i], p->err);
    adcp_name_map_put(&p->sources, name, &plan->tables[i], p->err);
  }
  for( int pass = 0; pass < 2; pass++ ) {
    for( size_t i = 0; i < plan->table_count && !p->err->rc; i++ ) {
      AdcpPlanTable *entry = &plan->tables[i];
      const char *name = entry->source->name;
      if( (entry->source->kind == ADCP_TABLE_VIRTUAL) != (pass == 0) ) continue;
      bool has_rows = adcp_map_get(&p->filled, name, strlen(name)) != NULL;
      plan_table(p, entry, has_rows && wants_rows(p, entry->source));
      const AdcpChosenTable *chosen = adcp_row_choice_table(p->choice, name);
      if( entry->fill && chosen && chosen->part ) entry->part = chosen;
    }
  }
}

static bool has_column_of(const AdcpTable *from, const AdcpTable *to, AdcpError *err) {
  AdcpNameMap columns = {0};
  bool found = false;
  for( size_t i = 0; i < to->column_count; i++ ) {
    AdcpColumn *column = &to->columns[i];
    if( adcp_column_stored(column) ) adcp_name_map_put(&columns, column->name, column, err);
  }
  for( size_t i = 0; i < from->column_count && !found; i++ ) {
    const char *name = from->columns[i].name;
    found = adcp_column_stored(&from->columns[i]) &&
            adcp_name_map_get(&columns, name, strlen(name), err) != NULL;
  }
  adcp_name_map_free(&columns);
  return found;
}

/* A merge leaves redacted columns as they are. */
static bool has_shared_column(Planner *p, const AdcpPlanTable *entry) {
  AdcpTable open_part;
  AdcpColumn *columns = p->plan->merge ? adcp_redacted_hide(p->plan->redacted, entry->source->name,
                                                            entry->live, &open_part, p->err)
                                       : NULL;
  bool found = has_column_of(entry->source, columns ? &open_part : entry->live, p->err);
  adcp_free(columns);
  return found;
}

/* Rows go into a live table by the names of its columns (db/load.c, which says the same). */
static void check_columns(Planner *p) {
  for( size_t i = 0; i < p->plan->table_count && !p->err->rc; i++ ) {
    const AdcpPlanTable *entry = &p->plan->tables[i];
    const char *name = entry->source->name;
    const AdcpArchiveTable *rows = adcp_map_get(&p->filled, name, strlen(name));
    if( !entry->fill || !entry->match_columns || entry->live == NULL ) continue;
    if( rows == NULL || rows->rows == 0 ) continue;
    if( has_shared_column(p, entry) || p->err->rc ) continue;
    adcp_error_set(p->err, ADCP_MISMATCH,
                   "table \"%s\" has none of the columns that the backup's table has",
                   entry->target);
  }
}

/* Tables of the plan that are restored, by their names in the database. */
typedef struct Targets {
  AdcpNameMap first, second; /* where two would have one name */
} Targets;

static void find_targets(Planner *p, Targets *targets) {
  for( size_t i = 0; i < p->plan->table_count && !p->err->rc; i++ ) {
    AdcpPlanTable *entry = &p->plan->tables[i];
    if( !entry->create && !entry->fill && !entry->schema_row_only ) continue;
    const char *name = entry->target;
    bool taken = adcp_name_map_get(&targets->first, name, strlen(name), p->err) != NULL;
    adcp_name_map_put(taken ? &targets->second : &targets->first, name, entry, p->err);
  }
}

/* Another table than `from` that is restored under the name `to`, or NULL. */
static const AdcpPlanTable *same_target(Planner *p, Targets *targets, const char *from,
                                        const char *to) {
  const AdcpPlanTable *other = adcp_name_map_get(&targets->first, to, strlen(to), p->err);
  if( other == NULL || strcmp(other->source->name, from) != 0 ) return other;
  return adcp_name_map_get(&targets->second, to, strlen(to), p->err);
}

static void check_rename_target(Planner *p, Targets *targets, const char *from, const char *to) {
  if( !adcp_selection_table(p->selection, from) ) return;
  const AdcpPlanTable *other = same_target(p, targets, from, to);
  if( other == NULL ) return;
  adcp_error_set(p->err, ADCP_ERROR,
                 "option \"rename\": \"%s\" cannot become \"%s\": table \"%s\" of the backup is "
                 "restored under that name; give another one, or leave that table out with "
                 "exclude_tables",
                 from, to, other->source->name);
}

static void check_rename_targets(Planner *p) {
  Targets targets = {0};
  size_t count = adcp_options_pair_count(p->options, "rename");
  if( count ) find_targets(p, &targets);
  for( size_t i = 0; i < count && !p->err->rc; i++ ) {
    const char *from, *to;
    adcp_options_pair(p->options, "rename", i, &from, &to);
    check_rename_target(p, &targets, from, to);
  }
  adcp_name_map_free(&targets.first);
  adcp_name_map_free(&targets.second);
}

/* ---- indexes, views, triggers ---- */

/* The name in the database of what an index or trigger stands on. */
static char *target_of(Planner *p, const char *tbl_name) {
  const AdcpPlanTable *entry = adcp_map_get(&p->plan->by_source, tbl_name, strlen(tbl_name));
  if( entry == NULL ) return renamed(p, tbl_name);
  char *target = adcp_strdup(entry->target);
  if( target == NULL ) adcp_error_nomem(p->err);
  return target;
}

/* Whether the live table stays when the tables to be dropped have gone. */
static bool is_standing(const Planner *p, const AdcpTable *live) {
  const char *owner = live->shadow_of;
  if( adcp_map_get(&p->dropped, live->name, strlen(live->name)) ) return false;
  return !owner || adcp_map_get(&p->dropped, owner, strlen(owner)) == NULL;
}

/* True for a live object that the restore leaves standing. */
static bool stays(const Planner *p, const AdcpObject *object) {
  bool relation = object->type == ADCP_OBJECT_TABLE || object->type == ADCP_OBJECT_VIEW;
  const char *name = relation ? object->name : object->tbl_name;
  const AdcpTable *table = adcp_schema_table(p->live, name);
  if( p->plan->whole ) return false;
  return table ? is_standing(p, table) : adcp_map_get(&p->dropped, name, strlen(name)) == NULL;
}

/* The live object that stays and has the name that one of this type is to get, or NULL. Tables, views
** and indexes share their names, triggers have their own. */
static const AdcpObject *in_the_way(Planner *p, AdcpObjectType type, const char *name) {
  bool trigger = type == ADCP_OBJECT_TRIGGER;
  const AdcpObject *live = find_live(trigger ? &p->live_triggers : &p->live_indexes, name, p->err);
  if( live == NULL && !trigger ) live = live_relation(p, name);
  return live && stays(p, live) ? live : NULL;
}

/* An error when there is one. table: of the backup, whose object it is; NULL: a view. */
static void check_name_free(Planner *p, AdcpObjectType type, const char *name, const char *table) {
  const AdcpObject *live = in_the_way(p, type, name);
  if( live == NULL ) return;
  bool belongs = live->type == ADCP_OBJECT_INDEX || live->type == ADCP_OBJECT_TRIGGER;
  adcp_error_set(p->err, ADCP_ERROR,
                 "%s \"%s\" cannot be created: the database has %s %s of that name%s%s%s, which "
                 "stays; drop that one first",
                 adcp_object_type_name(type), name, live->type == ADCP_OBJECT_INDEX ? "an" : "a",
                 adcp_object_type_name(live->type), belongs ? " on \"" : "",
                 belongs ? live->tbl_name : "", belongs ? "\"" : "");
  const AdcpTable *source = table ? adcp_schema_table(p->head->schema, table) : NULL;
  if( table ) {
    adcp_error_append(p->err, ", or give the table another name: {\"rename\":{\"%s\":\"...\"}}",
                      source && source->shadow_of ? source->shadow_of : table);
  }
}

/* An index or trigger of a renamed table meets its original, which stays: it takes the new table's
** name in front. */
static void make_name_free(Planner *p, AdcpPlanObject *entry) {
  const AdcpObject *live = in_the_way(p, entry->object->type, entry->name);
  bool moved = strcmp(entry->on, entry->object->tbl_name) != 0;
  if( !moved || live == NULL ) return;
  AdcpBuf name = {0};
  adcp_buf_appendf(&name, "%s_%s", entry->on, entry->name);
  adcp_free(entry->name);
  entry->name = adcp_buf_take(&name);
  if( entry->name == NULL ) {
    adcp_error_nomem(p->err);
    return;
  }
  adcp_plan_warn(p->plan, p->err, "%s \"%s\" is there already; restored as \"%s\"",
                 adcp_object_type_name(live->type), live->name, entry->name);
}

/* An index or trigger of a table that is made because it comes along. */
static bool comes_along(const Planner *p, const AdcpObject *object) {
  const char *name = object->tbl_name;
  const AdcpChosenTable *chosen = adcp_row_choice_table(p->choice, name);
  const AdcpPlanTable *entry = adcp_map_get(&p->plan->by_source, name, strlen(name));
  return object->type != ADCP_OBJECT_VIEW && chosen && chosen->along && entry && entry->create;
}

/* The backup's full-text indexes that are not restored, but what they are over is, under another name. */
static void find_left_indexes(Planner *p) {
  if( adcp_options_pair_count(p->options, "rename") == 0 || p->plan->whole ) return;
  for( size_t i = 0; i < p->plan->table_count && !p->err->rc; i++ ) {
    const AdcpPlanTable *entry = &p->plan->tables[i];
    bool left =
        entry->source->kind == ADCP_TABLE_VIRTUAL && !entry->create && !entry->schema_row_only;
    char *name = left ? content_of(p, entry) : NULL;
    const AdcpPlanTable *content = name ? source_named(p, name) : NULL;
    if( content && is_renamed(p, content->source) ) {
      adcp_name_map_put(&p->left_indexes, entry->source->name, (void *)entry->object, p->err);
    }
    adcp_free(name);
  }
}

static void note_mention(void *context, const AdcpObject *relation) {
  *(const AdcpObject **)context = relation;
}

/* A trigger of a renamed table that keeps an index of the original would put this table's words into
** it. */
static bool keeps_left_index(Planner *p, const AdcpObject *object) {
  const AdcpPlanTable *on =
      adcp_map_get(&p->plan->by_source, object->tbl_name, strlen(object->tbl_name));
  bool moved = object->type == ADCP_OBJECT_TRIGGER && on && is_renamed(p, on->source);
  const AdcpObject *index = NULL;
  if( !moved || p->left_indexes.map.count == 0 ) return false;
  adcp_mention_each(object, &p->left_indexes, note_mention, &index, p->err);
  if( index == NULL ) return false;
  adcp_plan_warn(p->plan, p->err,
                 "trigger \"%s\" is left out of \"%s\": it names full-text index \"%s\", which is "
                 "over \"%s\"",
                 object->name, on->target, index->name, object->tbl_name);
  return true;
}

/* Live indexes that have the name of a table to be created. */
static void check_table_names(Planner *p) {
  for( size_t i = 0; i < p->plan->table_count && !p->err->rc; i++ ) {
    const AdcpPlanTable *entry = &p->plan->tables[i];
    if( !entry->create && !entry->schema_row_only ) continue;
    check_name_free(p, ADCP_OBJECT_TABLE, entry->target, entry->source->name);
  }
}

static void plan_objects(Planner *p) {
  const AdcpSchema *schema = p->head->schema;
  AdcpPlan *plan = p->plan;
  plan->objects = adcp_calloc(schema->object_count + 1, sizeof *plan->objects);
  if( plan->objects == NULL ) adcp_error_nomem(p->err);
  if( plan->merge || plan->data_only ) return;
  find_left_indexes(p);
  for( size_t i = 0; i < schema->object_count && !p->err->rc; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type == ADCP_OBJECT_TABLE || object->sql == NULL ) continue;
    if( !adcp_selection_object(p->selection, object) && !comes_along(p, object) ) continue;
    if( keeps_left_index(p, object) ) continue;
    AdcpPlanObject *entry = &plan->objects[plan->object_count++];
    entry->object = object;
    entry->on = target_of(p, object->tbl_name);
    entry->name = adcp_strdup(object->name);
    if( entry->name == NULL ) adcp_error_nomem(p->err);
    bool view = object->type == ADCP_OBJECT_VIEW;
    if( !p->err->rc ) make_name_free(p, entry);
    if( !p->err->rc ) {
      check_name_free(p, object->type, entry->name, view ? NULL : object->tbl_name);
    }
  }
}

/* ---- what has to go ---- */

static void add_drop(Planner *p, const AdcpObject *object) {
  p->plan->drops[p->plan->drop_count++] = object;
  if( p->plan->whole ) return; /* everything goes */
  adcp_map_put(&p->dropped, object->name, strlen(object->name), (void *)object, p->err);
}

/* The live table `<target>_stat`, which fts4 makes IF NOT EXISTS: one that stands there becomes its
** own, and a rebuild deletes its rows. Also where the backup describes none. */
static const AdcpTable *find_statistics(Planner *p, const AdcpPlanTable *entry) {
  const char *module = entry->source->module;
  if( !entry->create || module == NULL || p->err->rc ) return NULL;
  if( !adcp_fts_is_fts4(module) ) return NULL;
  AdcpBuf name = {0};
  adcp_buf_appendf(&name, "%s_stat", entry->target);
  const char *text = adcp_buf_text(&name);
  const AdcpObject *there = adcp_buf_check(&name, p->err) ? live_relation(p, text) : NULL;
  adcp_buf_free(&name);
  const AdcpTable *live = there ? adcp_schema_table(p->live, there->name) : NULL;
  return live && is_standing(p, live) ? live : NULL;
}

/* A virtual table's module makes its shadow tables; what then stands under the name of one, and did not
** go with a virtual table, is filled with the backup's rows in place of its own. */
static void find_taken(Planner *p) {
  for( size_t i = 0; i < p->plan->table_count && !p->err->rc; i++ ) {
    AdcpPlanTable *entry = &p->plan->tables[i];
    const AdcpPlanTable *owner = entry->source->shadow_of ? owner_of(p, entry->source) : NULL;
    bool by_module = owner && entry->fill && !entry->create;
    if( by_module && entry->live && is_standing(p, entry->live) &&
        entry->live != find_statistics(p, owner) ) {
      entry->takes = entry->live;
    }
    if( entry->source->kind == ADCP_TABLE_VIRTUAL ) entry->takes = find_statistics(p, entry);
  }
}

/* It has no rows, and so needs no force. */
static void warn_of_view(Planner *p, const AdcpPlanTable *entry, const AdcpObject *view) {
  adcp_plan_warn(p->plan, p->err,
                 "view \"%s\" of the database goes, with its triggers: table \"%s\" takes its name",
                 view->name, entry->target);
}

/* A live table or view that takes the name of one to be created; with a virtual table go its shadow
** tables. */
static void plan_drops(Planner *p) {
  AdcpPlan *plan = p->plan;
  plan->drops =
      adcp_calloc(p->live->object_count + p->head->schema->object_count + 1, sizeof *plan->drops);
  if( plan->drops == NULL ) {
    adcp_error_nomem(p->err);
    return;
  }
  if( plan->whole ) {
    for( size_t i = 0; i < p->live->object_count; i++ ) add_drop(p, &p->live->objects[i]);
    return;
  }
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    const AdcpObject *live = entry->target ? live_relation(p, entry->target) : NULL;
    if( live == NULL || !(entry->create || entry->schema_row_only) ) continue;
    add_drop(p, live);
    if( live->type == ADCP_OBJECT_VIEW ) warn_of_view(p, entry, live);
  }
  find_taken(p);
  if( plan->merge || plan->data_only ) return;
  for( size_t i = 0; i < p->head->schema->object_count; i++ ) {
    const AdcpObject *object = &p->head->schema->objects[i];
    if( object->type != ADCP_OBJECT_VIEW || !adcp_selection_object(p->selection, object) ) continue;
    const AdcpObject *live = live_relation(p, object->name);
    if( live ) add_drop(p, live);
  }
}

/* What is to go, but belongs to a virtual table that stays, cannot be dropped. */
static void check_drops(Planner *p) {
  for( size_t i = 0; i < p->plan->drop_count && !p->plan->whole; i++ ) {
    const char *name = p->plan->drops[i]->name;
    const AdcpTable *live = adcp_schema_table(p->live, name);
    const char *owner = live ? live->shadow_of : NULL;
    if( owner == NULL || adcp_map_get(&p->dropped, owner, strlen(owner)) ) continue;
    adcp_error_set(p->err, ADCP_ERROR,
                   "table \"%s\" of the database is a part of virtual table \"%s\", which stays; "
                   "restore \"%s\" itself, or drop it first",
                   name, owner, owner);
  }
}

/* Whether an ordinary table, or a shadow table, of that name will be there. */
static bool will_be_table(Planner *p, Targets *targets, const char *name) {
  const AdcpPlanTable *made = adcp_name_map_get(&targets->first, name, strlen(name), p->err);
  if( made ) return made->source->kind != ADCP_TABLE_VIRTUAL;
  const AdcpObject *live = p->plan->whole ? NULL : live_relation(p, name);
  const AdcpTable *table = live ? adcp_schema_table(p->live, live->name) : NULL;
  return table && table->kind != ADCP_TABLE_VIRTUAL && is_standing(p, table);
}

/* A full-text index that the backup left out is made from the rows of a table that it has
** (ops/fts_refresh.c, which says the same). One over anything else is refused with the schema's text. */
static void check_rebuilds(Planner *p) {
  Targets targets = {0};
  find_targets(p, &targets);
  for( size_t i = 0; i < p->plan->table_count && !p->err->rc; i++ ) {
    const AdcpPlanTable *entry = &p->plan->tables[i];
    char *name = entry->create && entry->source->rebuild ? content_of(p, entry) : NULL;
    const AdcpPlanTable *content = name ? source_named(p, name) : NULL;
    if( content && !will_be_table(p, &targets, name) && !p->err->rc ) {
      adcp_error_set(p->err, ADCP_ERROR,
                     "full-text index \"%s\" cannot be made anew from the restored rows: no such "
                     "table: %s, which has to be an ordinary one; leave the index out with "
                     "exclude_tables",
                     entry->target, name);
    }
    adcp_free(name);
  }
  adcp_name_map_free(&targets.first);
  adcp_name_map_free(&targets.second);
}

/* ---- what the backup left out ---- */

static bool has_values(const Planner *p, const AdcpTable *live, const AdcpColumn *column) {
  return adcp_column_stored(column) &&
         adcp_db_integer(p->db, 0, "SELECT 1 FROM \"%w\".\"%w\" WHERE \"%w\" IS NOT NULL LIMIT 1",
                         p->db->schema, live->name, column->name) != 0;
}

/* Rows that are replaced lose what the backup does not have. */
static void warn_of_redacted(Planner *p, const AdcpPlanTable *entry) {
  const AdcpTable *live = entry->live;
  for( size_t i = 0; i < live->column_count && !p->err->rc; i++ ) {
    const AdcpColumn *column = &live->columns[i];
    if( !adcp_redacted_has(p->plan->redacted, entry->source->name, column->name, p->err) ) continue;
    if( !has_values(p, live, column) ) continue;
    adcp_plan_warn(p->plan, p->err,
                   "column \"%s\" of \"%s\" was redacted in the backup: the values that are there "
                   "go; {\"mode\":\"merge\"} keeps them",
                   column->name, live->name);
  }
}

void adcp_plan_merge_keys(const AdcpPlan *plan, const AdcpPlanTable *entry, AdcpDb *db,
                          AdcpMergeKeys *keys) {
  AdcpTable open_part;
  AdcpColumn *columns =
      adcp_redacted_hide(plan->redacted, entry->source->name, entry->live, &open_part, db->err);
  adcp_merge_keys_read(keys, db, entry->source, columns ? &open_part : entry->live);
  adcp_free(columns);
}

/* Rows that are added to a table with keys may be there already, where the backup has left out what
** tells it. */
static void warn_of_keys(Planner *p, const AdcpPlanTable *entry) {
  const char *source = entry->source->name;
  const AdcpArchiveTable *rows = adcp_map_get(&p->filled, source, strlen(source));
  AdcpMergeKeys keys = {0};
  AdcpBuf names = {0};
  if( rows && rows->rows > 0 ) adcp_plan_merge_keys(p->plan, entry, p->db, &keys);
  if( keys.any && !keys.finds && !p->err->rc ) {
    adcp_merge_keys_list(&keys, &names);
    const char *text = adcp_buf_text(&names);
    adcp_plan_warn(
        p->plan, p->err,
        "table \"%s\": the backup has no values of %s, so that no key tells which of its "
        "rows are there already: all of them are added",
        entry->target, text ? text : "");
    if( text == NULL ) adcp_error_nomem(p->err);
  }
  adcp_buf_free(&names);
  adcp_merge_keys_free(&keys);
}

static void warn_of_left_out(Planner *p) {
  for( size_t i = 0; i < p->plan->table_count && !p->err->rc; i++ ) {
    const AdcpPlanTable *entry = &p->plan->tables[i];
    const AdcpTable *live = entry->fill ? entry->live : NULL;
    if( live == NULL || live->kind != ADCP_TABLE_ORDINARY ) continue;
    if( p->plan->merge ) {
      warn_of_keys(p, entry);
    } else {
      warn_of_redacted(p, entry);
    }
  }
}

static void read_redacted(Planner *p) {
  if( p->err->rc ) return;
  p->plan->redacted = adcp_calloc(1, sizeof *p->plan->redacted);
  if( p->plan->redacted == NULL ) {
    adcp_error_nomem(p->err);
    return;
  }
  cJSON *metadata = adcp_json_tree(p->head->metadata, strlen(p->head->metadata), NULL, p->err);
  adcp_redacted_read(p->plan->redacted, metadata, p->err);
  cJSON_Delete(metadata);
}

/* What SQLite does not take over from UTF-8 into UTF-16, where U+FFFD takes its place; NULL: nothing. */
static const char *lost_in_utf16(const char *text) {
  if( text == NULL ) return NULL;
  if( !adcp_utf8_valid((const uint8_t *)text, strlen(text)) ) return "bytes that are not UTF-8";
  bool found = strstr(text, "\xef\xbf\xbe") || strstr(text, "\xef\xbf\xbf");
  return found ? "U+FFFE or U+FFFF" : NULL;
}

static void check_text(AdcpDb *db, const AdcpObject *object, const char *name, const char *now) {
  const char *lost = lost_in_utf16(name);
  if( lost == NULL ) lost = lost_in_utf16(object->sql);
  if( lost == NULL ) return;
  adcp_error_set(db->err, ADCP_MISMATCH,
                 "%s \"%s\" has %s in its name or its SQL, which a %s database cannot keep; "
                 "restore into an empty database, which takes the backup's encoding",
                 adcp_object_type_name(object->type), name, lost, now);
}

static void check_texts(const AdcpPlan *plan, AdcpDb *db, const char *now) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !entry->create && !entry->schema_row_only ) continue;
    check_text(db, entry->object, entry->target, now);
  }
  for( size_t i = 0; i < plan->object_count && !db->err->rc; i++ ) {
    check_text(db, plan->objects[i].object, plan->objects[i].name, now);
  }
}

void adcp_plan_check_encoding(AdcpPlan *plan, AdcpDb *db, const char *encoding) {
  if( db->err->rc || encoding[0] == 0 ) return;
  char *now = adcp_db_text(db, "PRAGMA \"%w\".encoding", db->schema);
  if( now && strcmp(now, encoding) != 0 ) {
    adcp_plan_warn(plan, db->err, "the backup was of a %s database; this one keeps its text as %s",
                   encoding, now);
    if( strcmp(encoding, "UTF-8") == 0 ) check_texts(plan, db, now);
  }
  adcp_free(now);
}

/* A selection that leaves nothing may be a slip; with settings it may be what is meant. */
static void warn_of_nothing(Planner *p) {
  const AdcpPlan *plan = p->plan;
  if( p->err->rc ) return; /* of a table there may be no source yet */
  bool some = plan->object_count || plan->drop_count || adcp_options_has(p->options, "settings") ||
              adcp_options_has(p->options, "env_file");
  for( size_t i = 0; i < plan->table_count && !some; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    bool is_own = entry->source->kind != ADCP_TABLE_SEQUENCE; /* the counters of other tables */
    some = (entry->fill && is_own) || entry->create || entry->schema_row_only;
  }
  if( some || !adcp_selection_partial(p->selection) ) return;
  adcp_plan_warn(
      p->plan, p->err,
      "nothing is restored: \"tables\" and \"exclude_tables\" leave nothing of the backup");
}

/* ---- the plan ---- */

static void choose_mode(Planner *p, const char *backup_type) {
  AdcpPlan *plan = p->plan;
  plan->knows_foreign_keys = !adcp_legacy_is(p->head);
  plan->merge = strcmp(adcp_options_text(p->options, "mode", "replace"), "merge") == 0;
  /* A merge of rows alone is a merge: it replaces none. */
  bool rows_alone = flag(p, "data_only") || strcmp(backup_type, "data") == 0;
  plan->data_only = rows_alone && !plan->merge;
  if( flag(p, "schema_only") && (plan->merge || plan->data_only) ) {
    adcp_error_set(p->err, ADCP_ERROR, "option \"schema_only\" has nothing to restore here: %s",
                   plan->merge ? "mode \"merge\" keeps the live schema"
                               : "this is about rows alone (data_only)");
  }
  if( adcp_options_has(p->options, "on_conflict") && !plan->merge ) {
    adcp_error_set(p->err, ADCP_ERROR, "option \"on_conflict\" goes with {\"mode\":\"merge\"}");
  }
  plan->whole = !plan->merge && !plan->data_only && !adcp_selection_partial(p->selection) &&
                (strcmp(backup_type, "full") == 0 || strcmp(backup_type, "schema") == 0);
}

static void make_plan(Planner *p, const char *backup_type) {
  if( !adcp_legacy_is(p->head) ) adcp_description_check(p->head->schema, backup_type, p->err);
  p->selection = adcp_selection_open(p->options, p->head->schema, ADCP_SELECTION_OF_BACKUP, p->err);
  if( p->selection == NULL ) return;
  choose_mode(p, backup_type);
  read_redacted(p);
  read_rename(p);
  index_live(p);
  index_backup(p);
  find_bare(p);
  if( !p->err->rc ) plan_tables(p);
  if( !p->err->rc ) check_columns(p);
  if( !p->err->rc ) check_rename_targets(p);
  if( !p->err->rc ) plan_drops(p);
  if( !p->err->rc ) check_drops(p);
  if( !p->err->rc ) check_rebuilds(p);
  if( !p->err->rc ) check_table_names(p);
  if( !p->err->rc ) plan_objects(p);
  if( !p->err->rc ) adcp_plan_warn_of_names(p->plan, p->head->schema, p->live, p->err);
  warn_of_left_out(p);
  adcp_plan_warn_of_losses(p->plan, p->live, p->err);
  adcp_plan_warn_of_parts(p->plan, p->live, p->err);
  warn_of_nothing(p);
  const AdcpTexts *warnings = adcp_row_choice_warnings(p->choice);
  for( size_t i = 0; warnings && i < warnings->count && !p->err->rc; i++ ) {
    adcp_plan_warn(p->plan, p->err, "%s", warnings->items[i]);
  }
}

AdcpPlan *adcp_plan_open(AdcpDb *db, const AdcpArchiveHead *head, const char *backup_type,
                         const AdcpSchema *live, const AdcpOptions *options,
                         const AdcpRowChoice *choice) {
  if( db->err->rc ) return NULL;
  AdcpPlan *plan = adcp_calloc(1, sizeof *plan);
  if( plan == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  Planner p = {.plan = plan,
               .db = db,
               .err = db->err,
               .head = head,
               .live = live,
               .options = options,
               .choice = choice};
  make_plan(&p, backup_type);
  adcp_selection_close(p.selection);
  adcp_name_map_free(&p.live_tables);
  adcp_name_map_free(&p.live_indexes);
  adcp_name_map_free(&p.live_triggers);
  adcp_map_free(&p.filled);
  adcp_map_free(&p.definitions);
  adcp_map_free(&p.dropped);
  adcp_map_free(&p.renames);
  adcp_name_map_free(&p.modules);
  adcp_name_map_free(&p.sources);
  adcp_name_map_free(&p.left_indexes);
  adcp_name_map_free(&p.views);
  adcp_map_free(&p.bare);
  if( db->err->rc == ADCP_OK ) return plan;
  adcp_plan_close(plan);
  return NULL;
}

void adcp_plan_close(AdcpPlan *plan) {
  if( plan == NULL ) return;
  for( size_t i = 0; i < plan->table_count; i++ ) adcp_free(plan->tables[i].target);
  for( size_t i = 0; i < plan->object_count; i++ ) {
    adcp_free(plan->objects[i].name);
    adcp_free(plan->objects[i].on);
  }
  adcp_map_free(&plan->by_source);
  adcp_free(plan->tables);
  adcp_free(plan->objects);
  adcp_free(plan->drops);
  if( plan->redacted ) adcp_redacted_free(plan->redacted);
  adcp_free(plan->redacted);
  adcp_texts_free(&plan->warnings);
  adcp_free(plan);
}

/* ---- size ---- */

void adcp_plan_check_size(const AdcpPlan *plan, const AdcpOptions *options, AdcpError *err) {
  if( err->rc ) return;
  int64_t most = adcp_options_integer(options, "max_objects", ADCP_MAX_OBJECTS);
  int64_t made = (int64_t)plan->object_count;
  for( size_t i = 0; i < plan->table_count; i++ ) made += plan->tables[i].create;
  if( made <= most ) return;
  adcp_error_set(err, ADCP_TOOBIG,
                 "%lld tables, indexes, views and triggers are to be made, and SQLite takes time "
                 "with the square of their number: more than %lld have to be asked for by "
                 "{\"max_objects\":%lld}, or choose some of the tables with \"tables\"",
                 (long long)made, (long long)most, (long long)made);
}

/* ---- force ---- */

#define LISTED_TABLES 20 /* an error message is for reading */

#define UNCOUNTED (-1) /* rows of a table that cannot be counted */

static bool has_row(AdcpDb *db, const AdcpTable *table) {
  return adcp_db_integer(db, 0, "SELECT 1 FROM \"%w\".\"%w\" LIMIT 1", db->schema, table->name) !=
         0;
}

/* How many rows a shadow table of that end has while its virtual table has none; INT_MAX where they say
** nothing. */
static int rows_when_empty(const char *end) {
  if( adcp_name_equal(end, "_data") ) return 2; /* fts5: the averages, the structure */
  if( adcp_name_equal(end, "_node") ) return 1; /* rtree: the root */
  bool kept = adcp_name_equal(end, "_config") || adcp_name_equal(end, "_stat");
  return kept ? INT_MAX : 0;
}

/* Whether a virtual table that cannot be read has rows, by its shadow tables. */
static bool has_shadow_rows(AdcpDb *db, const AdcpSchema *live, const AdcpTable *table) {
  bool found = false;
  for( size_t i = 0; i < live->table_count && !found; i++ ) {
    const AdcpTable *shadow = &live->tables[i];
    if( !shadow->shadow_of || strcmp(shadow->shadow_of, table->name) != 0 ) continue;
    int64_t rows =
        adcp_db_integer(db, 0, "SELECT 1 FROM \"%w\".\"%w\" LIMIT 1 OFFSET %d", db->schema,
                        shadow->name, rows_when_empty(shadow->name + strlen(table->name)));
    found = rows != 0;
  }
  return found;
}

/* Rows that would be lost with a live table; 0 for views. UNCOUNTED, or 0 by its shadow tables, for a
** virtual table whose rows cannot be counted, as of fts5 without content and column sizes. Other
** failures count: without memory SQLite may have rolled the transaction back. */
static int64_t rows_at_stake(AdcpDb *db, const AdcpSchema *live, const AdcpTable *table) {
  if( table == NULL ) return 0;
  if( table->kind != ADCP_TABLE_VIRTUAL ) return adcp_catalog_row_count(db, table);
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  int64_t rows = adcp_catalog_count(&trial, table->name);
  if( adcp_db_end_trial(db, &trouble) ) rows = has_shadow_rows(&trial, live, table) ? UNCOUNTED : 0;
  adcp_db_end_trial(db, &trouble); /* of the shadow tables */
  return rows;
}

static void list_loss(AdcpBuf *list, size_t *listed, const char *name, int64_t rows) {
  if( rows == 0 ) return;
  if( *listed < LISTED_TABLES && rows == UNCOUNTED ) {
    adcp_buf_appendf(list, "%s\"%s\" (that cannot be counted)", *listed ? ", " : "", name);
  } else if( *listed < LISTED_TABLES ) {
    adcp_buf_appendf(list, "%s\"%s\" (%lld row%s)", *listed ? ", " : "", name, (long long)rows,
                     rows == 1 ? "" : "s");
  }
  (*listed)++;
}

/* Who has ten rows of a table put in place of a thousand has lost 990 that the backup held: no
** option asks for that. */
static void check_parts(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    int64_t rows = entry->part ? rows_at_stake(db, live, entry->live) : 0;
    if( rows == 0 ) continue;
    adcp_error_set(
        db->err, ADCP_ERROR,
        "table \"%s\" has %lld row%s, and only a part of the backup's rows would take "
        "their place; add {\"mode\":\"merge\"}, or restore into a table of another name: "
        "{\"rename\":{\"%s\":\"...\"}}",
        entry->target, (long long)rows, rows == 1 ? "" : "s", entry->source->name);
  }
}

/* Appends the live tables whose rows would go, and counts them. */
static void list_losses(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live, AdcpBuf *list,
                        size_t *listed) {
  for( size_t i = 0; i < plan->drop_count && !db->err->rc; i++ ) {
    const AdcpObject *drop = plan->drops[i];
    const AdcpTable *table =
        drop->type == ADCP_OBJECT_TABLE ? adcp_schema_table(live, drop->name) : NULL;
    if( table && table->kind == ADCP_TABLE_SHADOW ) continue; /* its owner speaks for it */
    list_loss(list, listed, drop->name, rows_at_stake(db, live, table));
  }
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    bool emptied = plan->data_only && entry->fill && entry->match_columns;
    if( emptied ) list_loss(list, listed, entry->target, rows_at_stake(db, live, entry->live));
    if( entry->takes )
      list_loss(list, listed, entry->takes->name, rows_at_stake(db, live, entry->takes));
  }
}

void adcp_plan_check_force(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live, bool force) {
  if( !plan->merge ) check_parts(plan, db, live);
  if( db->err->rc || force || plan->merge ) return;
  AdcpBuf list = {0};
  size_t listed = 0;
  list_losses(plan, db, live, &list, &listed);
  if( listed > LISTED_TABLES ) {
    adcp_buf_appendf(&list, " and %zu more", listed - LISTED_TABLES);
  }
  const char *names = adcp_buf_text(&list);
  if( listed && adcp_buf_check(&list, db->err) ) {
    adcp_error_set(
        db->err, ADCP_ERROR,
        "this would replace the rows of %s; repeat it with {\"force\":true} if they may go", names);
  }
  adcp_buf_free(&list);
}

/* ---- counters ---- */

const AdcpPlanTable *adcp_plan_counter(const AdcpPlan *plan, const AdcpTable *sequence,
                                       const AdcpValue *values) {
  const AdcpValue *name = &values[sequence->has_rowid_key ? 1 : 0], *seq = name + 1;
  assert(adcp_table_value_count(sequence) == (size_t)(seq + 1 - values));
  if( name->type != ADCP_TEXT || seq->type != ADCP_INTEGER ) return NULL;
  const AdcpPlanTable *entry = adcp_map_get(&plan->by_source, adcp_value_bytes(name), name->size);
  return entry && entry->fill ? entry : NULL;
}

bool adcp_plan_touches_rows(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live) {
  if( plan == NULL || db->err->rc ) return false;
  if( plan->merge ) return adcp_plan_any_rows(db, live);
  AdcpBuf list = {0};
  size_t listed = 0;
  list_losses(plan, db, live, &list, &listed);
  adcp_buf_free(&list);
  return listed > 0;
}

/* A module can show rows that are nobody's, as dbstat does: those of a virtual table are in its shadow
** tables, and where it can be read it says whether they are more than its own marks. */
static bool has_virtual_rows(AdcpDb *db, const AdcpSchema *live, const AdcpTable *table) {
  if( !has_shadow_rows(db, live, table) ) return false;
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  bool found = has_row(&trial, table);
  bool unread = adcp_db_end_trial(db, &trouble);
  return found || unread;
}

bool adcp_plan_any_rows(AdcpDb *db, const AdcpSchema *live) {
  bool found = false;
  for( size_t i = 0; live && i < live->table_count && !found && !db->err->rc; i++ ) {
    const AdcpTable *table = &live->tables[i];
    if( table->kind == ADCP_TABLE_ORDINARY ) found = has_row(db, table);
    if( table->kind == ADCP_TABLE_VIRTUAL ) found = has_virtual_rows(db, live, table);
  }
  return found;
}
