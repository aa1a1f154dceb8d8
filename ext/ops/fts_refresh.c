/*
** fts_refresh.c - full-text indexes over replaced rows (contract in fts_refresh.h).
*/
#include "ops/fts_refresh.h"

#include <string.h>

#include "base/mem.h"
#include "base/name_map.h"
#include "db/fts.h"
#include "db/view_reads.h"

/* What is looked up by its name in the database. */
typedef struct Names {
  AdcpNameMap refilled; /* tables whose rows were replaced */
  AdcpNameMap dropped;  /* live tables and views that went, maybe for one of the backup */
  AdcpNameMap views;    /* live ones */
  AdcpNameMap others;   /* tables whose rows are not, or not all and not only, the backup's */
} Names;

static void index_names(Names *names, const AdcpPlan *plan, const AdcpSchema *live,
                        AdcpError *err) {
  for( size_t i = 0; i < plan->table_count && !err->rc; i++ ) {
    AdcpPlanTable *entry = &plan->tables[i];
    if( entry->source->kind != ADCP_TABLE_ORDINARY || !(entry->fill || entry->create) ) continue;
    adcp_name_map_put(&names->refilled, entry->target, entry, err);
  }
  for( size_t i = 0; i < plan->drop_count && !err->rc; i++ ) {
    adcp_name_map_put(&names->dropped, plan->drops[i]->name, (void *)plan->drops[i], err);
  }
  for( size_t i = 0; i < live->object_count && !err->rc; i++ ) {
    AdcpObject *object = &live->objects[i];
    if( object->type != ADCP_OBJECT_VIEW ) continue;
    adcp_name_map_put(&names->views, object->name, object, err);
  }
}

static void index_others(Names *names, const AdcpPlan *plan, const AdcpSchema *live,
                         AdcpError *err) {
  AdcpNameMap whole = {0};
  for( size_t i = 0; i < plan->table_count && !err->rc; i++ ) {
    AdcpPlanTable *entry = &plan->tables[i];
    bool all = entry->fill && entry->part == NULL;
    if( !all && !entry->create ) continue;
    adcp_name_map_put(all ? &whole : &names->others, entry->target, entry, err);
  }
  for( size_t i = 0; i < live->table_count && !plan->whole && !err->rc; i++ ) {
    AdcpTable *table = &live->tables[i];
    if( table->kind != ADCP_TABLE_ORDINARY ) continue;
    if( adcp_name_map_get(&whole, table->name, strlen(table->name), err) ) continue;
    adcp_name_map_put(&names->others, table->name, table, err);
  }
  adcp_name_map_free(&whole);
}

static void free_names(Names *names) {
  adcp_name_map_free(&names->others);
  adcp_name_map_free(&names->refilled);
  adcp_name_map_free(&names->dropped);
  adcp_name_map_free(&names->views);
}

static bool has(AdcpNameMap *names, const char *name, AdcpError *err) {
  return adcp_name_map_get(names, name, strlen(name), err) != NULL;
}

static void refill(AdcpDb *db, const char *fts, const AdcpObject *object, const char *content) {
  char *rowid = adcp_fts_content_rowid(object->sql, db->err);
  char *columns = adcp_fts_columns(db, fts, "", content);
  if( columns && !db->err->rc ) {
    adcp_db_exec(db, "INSERT INTO \"%w\".\"%w\"(\"%w\") VALUES('delete-all')", db->schema, fts,
                 fts);
    adcp_db_exec(db, "INSERT INTO \"%w\".\"%w\"(rowid%s) SELECT \"%w\"%s FROM \"%w\".\"%w\"",
                 db->schema, fts, columns, rowid ? rowid : "rowid", columns, db->schema, content);
  }
  adcp_free(columns);
  adcp_free(rowid);
}

#define LEAVE_OUT "; leave the index out with exclude_tables"

static void explain(AdcpError *err, const char *fts) {
  adcp_error_prepend(err,
                     "full-text index \"%s\" cannot be made anew from the restored rows: ", fts);
}

/* The modules do not say what their content lacks. content: NULL for an index with its own. */
static void say_what_lacks(AdcpDb *db, const char *fts, const AdcpObject *object,
                           const char *content) {
  if( db->err->rc != ADCP_ERROR || content == NULL ) return;
  AdcpError trouble = ADCP_ERROR_INIT, reason = ADCP_ERROR_INIT;
  AdcpDb look = {db->handle, db->schema, &trouble};
  adcp_fts_content_fits(&look, fts, object->sql, content, &reason);
  if( trouble.rc || reason.rc ) {
    adcp_error_clear(db->err);
    adcp_error_move(db->err, trouble.rc ? &trouble : &reason);
  }
  adcp_error_clear(&trouble);
  adcp_error_clear(&reason);
}

static void rebuild(AdcpDb *db, const char *fts, const AdcpObject *object, const char *content) {
  adcp_db_exec(db, "INSERT INTO \"%w\".\"%w\"(\"%w\") VALUES('rebuild')", db->schema, fts, fts);
  say_what_lacks(db, fts, object, content);
}

/* object: its definition, maybe under another name. */
static void fill(AdcpDb *db, const char *fts, const AdcpObject *object, const AdcpTable *table,
                 const char *content) {
  if( sqlite3_stricmp(table->module, "fts5") == 0 ) {
    refill(db, fts, object, content);
  } else {
    rebuild(db, fts, object, content);
  }
}

static void refresh(AdcpDb *db, const char *fts, const AdcpObject *object, const AdcpTable *table,
                    const char *content) {
  fill(db, fts, object, table, content);
  explain(db->err, fts);
}

static void refresh_of_database(AdcpDb *db, const AdcpObject *object, const AdcpTable *table,
                                const char *content) {
  refresh(db, object->name, object, table, content);
  adcp_error_append(db->err, "; drop it before the restore if it is not needed");
}

/* Of an index whose rows do not come: words of a column that its table lacks were put into it in the source
** by other means, and cannot be had from there. */
static void fill_bare(AdcpDb *db, AdcpPlan *plan, const AdcpPlanTable *entry, const char *content) {
  AdcpError failure = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &failure};
  fill(&trial, entry->target, entry->object, entry->source, content);
  if( failure.rc == ADCP_ERROR ) {
    adcp_plan_warn(plan, db->err,
                   "full-text index \"%s\" comes without its rows and cannot be made anew from "
                   "\"%s\" (%s): it is empty until it is filled again",
                   entry->target, content, adcp_error_message(&failure));
  } else {
    adcp_error_move(db->err, &failure);
    explain(db->err, entry->target);
  }
  adcp_error_clear(&failure);
}

/* Indexes that the plan made over other rows than the backup's. */
static void refresh_anew(AdcpDb *db, AdcpPlan *plan) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !entry->anew || entry->source->rebuild ) continue;
    char *name = adcp_fts_content_table(entry->object->sql, db->err);
    if( name && entry->bare ) {
      fill_bare(db, plan, entry, name);
    } else if( name ) {
      refresh(db, entry->target, entry->object, entry->source, name);
      adcp_error_append(db->err, LEAVE_OUT);
    }
    adcp_free(name);
  }
}

/* Only an ordinary table: a view of the database, or a module as generate_series is one, would run
** what the user has never given to an index that comes from a file. */
static bool has_content(AdcpDb *db, const AdcpObject *fts, const char *name) {
  if( name == NULL ) return true;
  bool found =
      adcp_db_integer(db, 0,
                      "SELECT EXISTS (SELECT 1 FROM \"%w\".sqlite_schema WHERE name = %Q COLLATE "
                      "NOCASE AND type = 'table' AND rootpage > 0)",
                      db->schema, name) != 0;
  if( !found ) {
    adcp_error_set(db->err, ADCP_ERROR,
                   "no such table: %s, which has to be an ordinary one; leave the index out with "
                   "exclude_tables",
                   name);
  }
  explain(db->err, fts->name);
  return found;
}

static void rebuild_entry(AdcpDb *db, const AdcpPlanTable *entry) {
  char *name = adcp_fts_content_table(entry->object->sql, db->err);
  if( !db->err->rc && has_content(db, entry->object, name) ) {
    rebuild(db, entry->target, entry->object, name);
    explain(db->err, entry->target);
    if( name ) adcp_error_append(db->err, LEAVE_OUT);
  }
  adcp_free(name);
}

/* Indexes that the backup left out, from the rows that they are made from. */
static void rebuild_left_out(AdcpDb *db, AdcpPlan *plan) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !entry->source->rebuild ) continue;
    if( entry->schema_row_only ) {
      adcp_plan_warn(
          plan, db->err,
          "full-text index \"%s\" is empty: the backup left it out, and its module \"%s\" "
          "is not loaded; load it and run 'rebuild'",
          entry->target, entry->source->module);
    } else if( entry->create ) {
      rebuild_entry(db, entry);
    }
  }
}

static bool view_reads(AdcpDb *db, AdcpNameMap *tables, const char *view) {
  char *name = adcp_view_reads(db, tables, view);
  bool found = name != NULL;
  adcp_free(name);
  return found;
}

/* An fts4 index over a view, whose rows have no rowid, would be rebuilt wrongly; a view that cannot be
** read was that before the restore. Both are said, and the index is left. */
static void refresh_view(AdcpDb *db, AdcpPlan *plan, Names *names, const AdcpObject *object,
                         const AdcpTable *table, const char *view) {
  AdcpError unreadable = ADCP_ERROR_INIT;
  AdcpDb look = {db->handle, db->schema, &unreadable};
  bool stale = view_reads(&look, &names->refilled, view);
  bool is_fts5 = sqlite3_stricmp(table->module, "fts5") == 0;
  if( unreadable.rc == ADCP_NOMEM || unreadable.rc == ADCP_INTERRUPT ) {
    adcp_error_move(db->err, &unreadable);
  } else if( unreadable.rc || (stale && !is_fts5) ) {
    adcp_plan_warn(plan, db->err,
                   "full-text index \"%s\" over the view \"%s\" is not made anew (%s): it may hold "
                   "words of the rows before; fill it again",
                   object->name, view,
                   unreadable.rc ? adcp_error_message(&unreadable) : "fts4 takes no view's rowids");
  } else if( stale ) {
    refresh_of_database(db, object, table, view);
  }
  adcp_error_clear(&unreadable);
}

/* What an index of the database is made of: content of its own, which stays (NULL), or a table or
** view that it reads; owned. table is its description. */
static char *content_of(AdcpDb *db, const AdcpSchema *live, Names *names, const AdcpObject *object,
                        const AdcpTable **table) {
  if( object->type != ADCP_OBJECT_TABLE || object->sql == NULL ) return NULL;
  *table = adcp_schema_table(live, object->name);
  if( *table == NULL || (*table)->kind != ADCP_TABLE_VIRTUAL ) return NULL;
  char *name = adcp_fts_content_table(object->sql, db->err);
  if( name == NULL || !has(&names->dropped, object->name, db->err) ) return name;
  adcp_free(name); /* the backup's comes in its place */
  return NULL;
}

/* Indexes of the database over tables whose rows were replaced. */
static void refresh_live(AdcpDb *db, AdcpPlan *plan, const AdcpSchema *live, Names *names) {
  for( size_t i = 0; i < live->object_count && !db->err->rc; i++ ) {
    const AdcpObject *object = &live->objects[i];
    const AdcpTable *table;
    char *name = content_of(db, live, names, object, &table);
    if( name && has(&names->refilled, name, db->err) ) {
      refresh_of_database(db, object, table, name);
    } else if( name && has(&names->views, name, db->err) ) {
      refresh_view(db, plan, names, object, table, name);
    }
    adcp_free(name);
  }
}

/* The same of a view that can be read: another was that in the source, too. */
static bool readable_view_reads(AdcpDb *db, AdcpNameMap *tables, const char *view) {
  AdcpError unreadable = ADCP_ERROR_INIT;
  AdcpDb look = {db->handle, db->schema, &unreadable};
  bool found = view_reads(&look, tables, view) && !unreadable.rc;
  if( unreadable.rc == ADCP_NOMEM || unreadable.rc == ADCP_INTERRUPT ) {
    adcp_error_move(db->err, &unreadable);
  }
  adcp_error_clear(&unreadable);
  return found;
}

/* As refresh_live and refresh_view decide. */
static bool is_refreshed(AdcpDb *db, Names *names, const AdcpTable *table, const char *content) {
  if( has(&names->refilled, content, db->err) ) return true;
  bool is_fts5 = sqlite3_stricmp(table->module, "fts5") == 0;
  if( !is_fts5 || !has(&names->views, content, db->err) ) return false;
  return readable_view_reads(db, &names->refilled, content);
}

void adcp_fts_list_refreshed(AdcpDb *db, const AdcpPlan *plan, const AdcpSchema *live,
                             AdcpNameMap *list) {
  if( db->err->rc || plan->merge || plan->whole ) return;
  Names names = {0};
  index_names(&names, plan, live, db->err);
  for( size_t i = 0; i < live->object_count && names.refilled.map.count && !db->err->rc; i++ ) {
    const AdcpObject *object = &live->objects[i];
    const AdcpTable *table;
    char *name = content_of(db, live, &names, object, &table);
    if( name && is_refreshed(db, &names, table, name) ) {
      adcp_name_map_put(list, object->name, (void *)object, db->err);
    }
    adcp_free(name);
  }
  free_names(&names);
}

static bool is_view(AdcpDb *db, const char *name) {
  return adcp_db_integer(
             db, 0,
             "SELECT EXISTS (SELECT 1 FROM \"%w\".sqlite_schema WHERE name = %Q COLLATE "
             "NOCASE AND type = 'view')",
             db->schema, name) != 0;
}

/* The backup's indexes over views, which may read more than came with them. */
static void warn_of_views(AdcpDb *db, AdcpPlan *plan, Names *names) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    bool came =
        entry->create && entry->source->kind == ADCP_TABLE_VIRTUAL && !entry->anew && !entry->bare;
    char *name = came ? adcp_fts_content_table(entry->object->sql, db->err) : NULL;
    if( name && is_view(db, name) && readable_view_reads(db, &names->others, name) ) {
      adcp_plan_warn(
          plan, db->err,
          "full-text index \"%s\" has the words of the backup, and the view \"%s\" reads "
          "rows that are not the backup's; fill it again",
          entry->target, name);
    }
    adcp_free(name);
  }
}

void adcp_fts_refresh(AdcpDb *db, AdcpPlan *plan, const AdcpSchema *live) {
  refresh_anew(db, plan);
  rebuild_left_out(db, plan);
  if( db->err->rc || plan->merge ) return;
  Names names = {0};
  index_names(&names, plan, live, db->err);
  index_others(&names, plan, live, db->err);
  if( !plan->whole && names.refilled.map.count ) refresh_live(db, plan, live, &names);
  if( names.others.map.count ) warn_of_views(db, plan, &names);
  free_names(&names);
}
