/*
** fts_leave.c - which rows of full-text indexes a backup can do without (contract in fts_leave.h).
*/
#include "ops/fts_leave.h"

#include <string.h>

#include "base/mem.h"
#include "base/name_map.h"
#include "db/fts.h"

/* Shadow tables that 'rebuild' fills, by the end of their name. */
static const char *const derived_fts5[] = {"_data", "_idx", "_docsize", NULL};
static const char *const derived_fts4[] = {"_segments", "_segdir", "_docsize", "_stat", NULL};
/* Its stat, if any, holds a setting. */
static const char *const derived_fts3[] = {"_segments", "_segdir", NULL};

static const char *const *derived_tables(const AdcpTable *fts) {
  if( fts->kind != ADCP_TABLE_VIRTUAL || !fts->module_loaded ) return NULL;
  if( sqlite3_stricmp(fts->module, "fts5") == 0 ) return derived_fts5;
  if( sqlite3_stricmp(fts->module, "fts4") == 0 ) return derived_fts4;
  return sqlite3_stricmp(fts->module, "fts3") == 0 ? derived_fts3 : NULL;
}

typedef struct Leaving {
  AdcpDb *db;
  AdcpSchema *schema;
  bool *write_rows;
  AdcpTextList *warnings;
  AdcpNameMap by_name; /* the schema's tables */
  AdcpMap definitions; /* AdcpObject of its tables, by name */
} Leaving;

static void index_schema(Leaving *l) {
  AdcpError *err = l->db->err;
  for( size_t i = 0; i < l->schema->table_count && !err->rc; i++ ) {
    adcp_name_map_put(&l->by_name, l->schema->tables[i].name, &l->schema->tables[i], err);
  }
  for( size_t i = 0; i < l->schema->object_count && !err->rc; i++ ) {
    AdcpObject *object = &l->schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE ) continue;
    adcp_map_put(&l->definitions, object->name, strlen(object->name), object, err);
  }
}

/* Whether the rows of the index's shadow table with that end are written: NULL when there is none. */
static bool *find_shadow(Leaving *l, const AdcpTable *fts, const char *end) {
  AdcpBuf name = {0};
  adcp_buf_appendf(&name, "%s%s", fts->name, end);
  const char *text = adcp_buf_text(&name);
  if( text == NULL ) adcp_error_nomem(l->db->err);
  const AdcpTable *table =
      text ? adcp_name_map_get(&l->by_name, text, strlen(text), l->db->err) : NULL;
  bool found =
      table && table->kind == ADCP_TABLE_SHADOW && strcmp(table->shadow_of, fts->name) == 0;
  adcp_buf_free(&name);
  return found ? &l->write_rows[table - l->schema->tables] : NULL;
}

static const AdcpTable *find_written(Leaving *l, const char *name) {
  const AdcpTable *table = adcp_name_map_get(&l->by_name, name, strlen(name), l->db->err);
  return table && l->write_rows[table - l->schema->tables] ? table : NULL;
}

/* Prepares what 'rebuild' reads: false, with the reason, when the content table does not have it. */
static bool content_fits(AdcpDb *db, const AdcpObject *fts, const char *content,
                         AdcpError *reason) {
  AdcpDb trial = {db->handle, db->schema, reason};
  char *rowid = adcp_fts_content_rowid(fts->sql, db->err);
  /* Qualified: a bare name that is not there would be taken for a string. */
  char *columns = adcp_fts_columns(db, fts->name, "t.", NULL);
  if( columns && !db->err->rc ) {
    adcp_db_finalize(adcp_db_prepare(&trial, "SELECT t.\"%w\"%s FROM \"%w\".\"%w\" AS t",
                                     rowid ? rowid : "rowid", columns, db->schema, content));
  }
  adcp_free(columns);
  adcp_free(rowid);
  if( reason->rc == ADCP_NOMEM || reason->rc == ADCP_INTERRUPT ) adcp_error_move(db->err, reason);
  return db->err->rc == ADCP_OK && reason->rc == ADCP_OK;
}

/* Whether the index can be made anew from what is in the backup. */
static bool can_rebuild(Leaving *l, const AdcpTable *fts) {
  AdcpDb *db = l->db;
  AdcpError reason = ADCP_ERROR_INIT;
  const AdcpObject *object = adcp_map_get(&l->definitions, fts->name, strlen(fts->name));
  const bool *own = find_shadow(l, fts, "_content");
  if( own && *own ) return true;
  char *name = object ? adcp_fts_content_table(object->sql, db->err) : NULL;
  const AdcpTable *content = name ? find_written(l, name) : NULL;
  bool possible = content && content->kind == ADCP_TABLE_ORDINARY;
  if( possible ) possible = content_fits(db, object, name, &reason);
  if( possible || db->err->rc ) {
    /* nothing to say */
  } else if( name == NULL ) {
    adcp_text_list_add(
        l->warnings, "full-text index \"%s\" has no content to be rebuilt from: its rows are kept",
        fts->name);
  } else {
    adcp_text_list_add(
        l->warnings, "full-text index \"%s\" cannot be rebuilt from \"%s\" (%s): its rows are kept",
        fts->name, name,
        reason.rc ? adcp_error_message(&reason) : "no table with rows in this backup");
  }
  adcp_error_clear(&reason);
  adcp_free(name);
  return possible;
}

/* Nothing to leave out where the selection has left it out already. */
static bool has_rows(Leaving *l, const AdcpTable *fts, const char *const *ends) {
  for( ; *ends; ends++ ) {
    const bool *written = find_shadow(l, fts, *ends);
    if( written && *written ) return true;
  }
  return false;
}

static void leave_out(Leaving *l, AdcpTable *fts) {
  const char *const *ends = derived_tables(fts);
  if( ends == NULL || !has_rows(l, fts, ends) || !can_rebuild(l, fts) ) return;
  fts->rebuild = true;
  for( ; *ends; ends++ ) {
    bool *written = find_shadow(l, fts, *ends);
    if( written ) *written = false;
  }
}

void adcp_fts_leave_out(AdcpDb *db, AdcpSchema *schema, bool *write_rows, AdcpTextList *warnings) {
  Leaving l = {.db = db, .schema = schema, .write_rows = write_rows, .warnings = warnings};
  index_schema(&l);
  for( size_t i = 0; i < schema->table_count && !db->err->rc; i++ ) {
    leave_out(&l, &schema->tables[i]);
  }
  adcp_name_map_free(&l.by_name);
  adcp_map_free(&l.definitions);
}
