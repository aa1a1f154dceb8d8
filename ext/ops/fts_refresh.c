/*
** fts_refresh.c - full-text indexes over replaced rows (contract in fts_refresh.h).
*/
#include "ops/fts_refresh.h"

#include <string.h>

#include "base/mem.h"
#include "db/fts.h"

/* The table of the plan whose rows, matched by columns, went into the live table `name`. */
static const AdcpPlanTable *refilled(const AdcpPlan *plan, const char *name) {
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->fill && entry->match_columns && sqlite3_stricmp(entry->target, name) == 0 ) {
      return entry;
    }
  }
  return NULL;
}

/* Whether the plan makes the virtual table itself, from the backup's shadow rows. */
static bool made_by_plan(const AdcpPlan *plan, const char *name) {
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    bool made = entry->create || entry->schema_row_only;
    if( made && sqlite3_stricmp(entry->target, name) == 0 ) return true;
  }
  return false;
}

static bool has_column(const AdcpTable *table, const char *name) {
  for( size_t i = 0; i < table->column_count; i++ ) {
    if( sqlite3_stricmp(table->columns[i].name, name) == 0 ) return true;
  }
  return false;
}

/* The index's columns that its content has, as a list of quoted names. */
static char *shared_columns(AdcpDb *db, const char *fts, const AdcpTable *content) {
  AdcpBuf list = {0};
  sqlite3_stmt *stmt = adcp_db_prepare(db, "PRAGMA \"%w\".table_xinfo(\"%w\")", db->schema, fts);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    if( name == NULL || sqlite3_column_int(stmt, 6) || !has_column(content, name) ) continue;
    char *quoted = sqlite3_mprintf(", \"%w\"", name);
    if( quoted == NULL ) adcp_error_nomem(db->err);
    if( quoted ) adcp_buf_append_str(&list, quoted);
    sqlite3_free(quoted);
  }
  adcp_db_finalize(stmt);
  char *text = adcp_buf_take(&list);
  if( text == NULL ) adcp_error_nomem(db->err);
  return text;
}

static void refill(AdcpDb *db, const AdcpObject *object, const AdcpTable *content) {
  const char *fts = object->name;
  char *rowid = adcp_fts_content_rowid(object->sql, db->err);
  char *columns = shared_columns(db, fts, content);
  if( columns && !db->err->rc ) {
    adcp_db_exec(db, "INSERT INTO \"%w\".\"%w\"(\"%w\") VALUES('delete-all')", db->schema, fts,
                 fts);
    adcp_db_exec(db, "INSERT INTO \"%w\".\"%w\"(rowid%s) SELECT \"%w\"%s FROM \"%w\".\"%w\"",
                 db->schema, fts, columns, rowid ? rowid : "rowid", columns, db->schema,
                 content->name);
  }
  adcp_free(columns);
  adcp_free(rowid);
}

static void refresh(AdcpDb *db, const AdcpObject *object, const AdcpTable *table,
                    const AdcpTable *content) {
  if( sqlite3_stricmp(table->module, "fts5") == 0 ) {
    refill(db, object, content);
  } else {
    adcp_db_exec(db, "INSERT INTO \"%w\".\"%w\"(\"%w\") VALUES('rebuild')", db->schema,
                 object->name, object->name);
  }
  adcp_error_prepend(
      db->err, "full-text index \"%s\" cannot be made anew from the restored rows: ", object->name);
  adcp_error_append(db->err, "; drop it before the restore if it is not needed");
}

/* Indexes that the plan made over tables of which a part came back: theirs is not the backup's
** content. */
static void refresh_over_parts(AdcpDb *db, const AdcpPlan *plan) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !entry->create || entry->source->kind != ADCP_TABLE_VIRTUAL ) continue;
    char *name = adcp_fts_content_table(entry->object->sql, db->err);
    const AdcpPlanTable *content = name ? adcp_map_get(&plan->by_source, name, strlen(name)) : NULL;
    if( content && content->part ) refresh(db, entry->object, entry->source, content->source);
    adcp_free(name);
  }
}

void adcp_fts_refresh(AdcpDb *db, const AdcpPlan *plan, const AdcpSchema *live) {
  refresh_over_parts(db, plan);
  if( db->err->rc || !plan->data_only || plan->merge ) return;
  for( size_t i = 0; i < live->object_count && !db->err->rc; i++ ) {
    const AdcpObject *object = &live->objects[i];
    if( object->type != ADCP_OBJECT_TABLE || object->sql == NULL ) continue;
    const AdcpTable *table = adcp_schema_table(live, object->name);
    if( table == NULL || table->kind != ADCP_TABLE_VIRTUAL ) continue;
    char *name = adcp_fts_content_table(object->sql, db->err);
    const AdcpPlanTable *entry = name ? refilled(plan, name) : NULL;
    if( entry && !made_by_plan(plan, object->name) ) refresh(db, object, table, entry->live);
    adcp_free(name);
  }
}
