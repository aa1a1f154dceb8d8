/*
** fts_leave.c - which rows of full-text indexes a backup can do without (contract in fts_leave.h).
*/
#include "ops/fts_leave.h"

#include <string.h>

#include "base/mem.h"
#include "db/fts.h"

/* Shadow tables that 'rebuild' fills, by the end of their name. */
static const char *const derived_fts5[] = {"_data", "_idx", "_docsize", NULL};
static const char *const derived_fts4[] = {"_segments", "_segdir", "_docsize", "_stat", NULL};

static const char *const *derived_tables(const AdcpTable *fts) {
  if( fts->kind != ADCP_TABLE_VIRTUAL || !fts->module_loaded ) return NULL;
  if( sqlite3_stricmp(fts->module, "fts5") == 0 ) return derived_fts5;
  bool is_fts4 =
      sqlite3_stricmp(fts->module, "fts4") == 0 || sqlite3_stricmp(fts->module, "fts3") == 0;
  return is_fts4 ? derived_fts4 : NULL;
}

/* The place of the index's shadow table with that end; table_count when there is none. */
static size_t find_shadow(const AdcpSchema *schema, const AdcpTable *fts, const char *end) {
  size_t n = strlen(fts->name);
  for( size_t i = 0; i < schema->table_count; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( table->kind != ADCP_TABLE_SHADOW || strcmp(table->shadow_of, fts->name) != 0 ) continue;
    if( strlen(table->name) > n && sqlite3_stricmp(table->name + n, end) == 0 ) return i;
  }
  return schema->table_count;
}

static const AdcpTable *find_written(const AdcpSchema *schema, const bool *write_rows,
                                     const char *name) {
  for( size_t i = 0; i < schema->table_count; i++ ) {
    if( write_rows[i] && sqlite3_stricmp(schema->tables[i].name, name) == 0 ) {
      return &schema->tables[i];
    }
  }
  return NULL;
}

/* The index's columns, each with a comma before and a qualified name: a bare one that is not there
** would be taken for a string. */
static char *content_columns(AdcpDb *db, const char *fts) {
  return adcp_db_text(db,
                      "SELECT ifnull(group_concat(format(', t.\"%%w\"', name), ''), '')"
                      " FROM pragma_table_xinfo(%Q, %Q) WHERE hidden = 0",
                      fts, db->schema);
}

/* Prepares what 'rebuild' reads: false, with the reason, when the content table does not have it. */
static bool content_fits(AdcpDb *db, const AdcpObject *fts, const char *content,
                         AdcpError *reason) {
  AdcpDb trial = {db->handle, db->schema, reason};
  char *rowid = adcp_fts_content_rowid(fts->sql, db->err);
  char *columns = content_columns(db, fts->name);
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
static bool can_rebuild(AdcpDb *db, const AdcpSchema *schema, const bool *write_rows,
                        const AdcpTable *fts, AdcpTextList *warnings) {
  AdcpError reason = ADCP_ERROR_INIT;
  const AdcpObject *object = adcp_schema_object(schema, ADCP_OBJECT_TABLE, fts->name);
  size_t own = find_shadow(schema, fts, "_content");
  if( own < schema->table_count && write_rows[own] ) return true;
  char *name = object ? adcp_fts_content_table(object->sql, db->err) : NULL;
  const AdcpTable *content = name ? find_written(schema, write_rows, name) : NULL;
  bool possible = content && content->kind == ADCP_TABLE_ORDINARY;
  if( possible ) possible = content_fits(db, object, name, &reason);
  if( possible || db->err->rc ) {
    /* nothing to say */
  } else if( name == NULL ) {
    adcp_text_list_add(
        warnings, "full-text index \"%s\" has no content to be rebuilt from: its rows are kept",
        fts->name);
  } else {
    adcp_text_list_add(
        warnings, "full-text index \"%s\" cannot be rebuilt from \"%s\" (%s): its rows are kept",
        fts->name, name,
        reason.rc ? adcp_error_message(&reason) : "no table with rows in this backup");
  }
  adcp_error_clear(&reason);
  adcp_free(name);
  return possible;
}

/* Nothing to leave out where the selection has left it out already. */
static bool has_rows(const AdcpSchema *schema, const bool *write_rows, const AdcpTable *fts,
                     const char *const *ends) {
  for( ; *ends; ends++ ) {
    size_t at = find_shadow(schema, fts, *ends);
    if( at < schema->table_count && write_rows[at] ) return true;
  }
  return false;
}

void adcp_fts_leave_out(AdcpDb *db, AdcpSchema *schema, bool *write_rows, AdcpTextList *warnings) {
  for( size_t i = 0; i < schema->table_count && !db->err->rc; i++ ) {
    AdcpTable *fts = &schema->tables[i];
    const char *const *ends = derived_tables(fts);
    if( ends == NULL || !has_rows(schema, write_rows, fts, ends) ) continue;
    if( !can_rebuild(db, schema, write_rows, fts, warnings) ) continue;
    fts->rebuild = true;
    for( ; *ends; ends++ ) {
      size_t at = find_shadow(schema, fts, *ends);
      if( at < schema->table_count ) write_rows[at] = false;
    }
  }
}
