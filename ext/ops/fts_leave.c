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

static void index_schema(AdcpFtsLeave *leave) {
  AdcpError *err = leave->db->err;
  for( size_t i = 0; i < leave->schema->table_count && !err->rc; i++ ) {
    adcp_name_map_put(&leave->by_name, leave->schema->tables[i].name, &leave->schema->tables[i],
                      err);
  }
  for( size_t i = 0; i < leave->schema->object_count && !err->rc; i++ ) {
    AdcpObject *object = &leave->schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE ) continue;
    adcp_map_put(&leave->definitions, object->name, strlen(object->name), object, err);
  }
}

/* Whether the rows of the index's shadow table with that end are written: NULL when there is none. */
static bool *find_shadow(AdcpFtsLeave *leave, const AdcpTable *fts, const char *end) {
  AdcpBuf name = {0};
  adcp_buf_appendf(&name, "%s%s", fts->name, end);
  const char *text = adcp_buf_text(&name);
  if( text == NULL ) adcp_error_nomem(leave->db->err);
  const AdcpTable *table =
      text ? adcp_name_map_get(&leave->by_name, text, strlen(text), leave->db->err) : NULL;
  bool found =
      table && table->kind == ADCP_TABLE_SHADOW && strcmp(table->shadow_of, fts->name) == 0;
  adcp_buf_free(&name);
  return found ? &leave->write_rows[table - leave->schema->tables] : NULL;
}

const AdcpTable *adcp_fts_leave_table(AdcpFtsLeave *leave, const char *name) {
  return adcp_name_map_get(&leave->by_name, name, strlen(name), leave->db->err);
}

static const AdcpTable *find_written(AdcpFtsLeave *leave, const char *name) {
  const AdcpTable *table = adcp_fts_leave_table(leave, name);
  return table && leave->write_rows[table - leave->schema->tables] ? table : NULL;
}

/* Whether the index can be made anew from what is in the backup. */
static bool can_rebuild(AdcpFtsLeave *leave, const AdcpTable *fts) {
  AdcpDb *db = leave->db;
  AdcpError reason = ADCP_ERROR_INIT;
  const AdcpObject *object = adcp_fts_leave_definition(leave, fts);
  const bool *own = find_shadow(leave, fts, "_content");
  if( own && *own ) return true;
  char *name = object ? adcp_fts_content_table(object->sql, db->err) : NULL;
  const AdcpTable *content = name ? find_written(leave, name) : NULL;
  bool possible = content && content->kind == ADCP_TABLE_ORDINARY;
  if( possible ) possible = adcp_fts_content_fits(db, fts->name, object->sql, name, &reason);
  if( possible || db->err->rc ) {
    /* nothing to say */
  } else if( name == NULL ) {
    adcp_text_list_add(
        leave->warnings,
        "full-text index \"%s\" has no content to be rebuilt from: its rows are kept", fts->name);
  } else {
    adcp_text_list_add(
        leave->warnings,
        "full-text index \"%s\" cannot be rebuilt from \"%s\" (%s): its rows are kept", fts->name,
        name, reason.rc ? adcp_error_message(&reason) : "no table with rows in this backup");
  }
  adcp_error_clear(&reason);
  adcp_free(name);
  return possible;
}

/* False where the selection has left them out already. */
static bool has_rows(AdcpFtsLeave *leave, const AdcpTable *fts, const char *const *ends) {
  for( ; *ends; ends++ ) {
    const bool *written = find_shadow(leave, fts, *ends);
    if( written && *written ) return true;
  }
  return false;
}

static void leave_out(AdcpFtsLeave *leave, const AdcpTable *fts, const char *const *ends) {
  for( ; *ends; ends++ ) {
    bool *written = find_shadow(leave, fts, *ends);
    if( written ) *written = false;
  }
}

/* ---- the contract ---- */

void adcp_fts_leave_open(AdcpFtsLeave *leave, AdcpDb *db, AdcpSchema *schema, bool *write_rows,
                         AdcpTextList *warnings) {
  *leave =
      (AdcpFtsLeave){.db = db, .schema = schema, .write_rows = write_rows, .warnings = warnings};
  index_schema(leave);
}

void adcp_fts_leave_close(AdcpFtsLeave *leave) {
  adcp_name_map_free(&leave->by_name);
  adcp_map_free(&leave->definitions);
}

const AdcpObject *adcp_fts_leave_definition(const AdcpFtsLeave *leave, const AdcpTable *table) {
  return adcp_map_get(&leave->definitions, table->name, strlen(table->name));
}

bool adcp_fts_leave_has_rows(AdcpFtsLeave *leave, const AdcpTable *fts) {
  static const char *const content[] = {"_content", NULL};
  const char *const *ends = derived_tables(fts);
  return ends && (has_rows(leave, fts, ends) || has_rows(leave, fts, content));
}

bool adcp_fts_leave_anew(AdcpFtsLeave *leave, AdcpTable *fts, const AdcpTable *content) {
  const char *const *ends = derived_tables(fts);
  const AdcpObject *object = adcp_fts_leave_definition(leave, fts);
  AdcpError reason = ADCP_ERROR_INIT;
  bool possible = ends && object && content->kind == ADCP_TABLE_ORDINARY &&
                  adcp_fts_content_fits(leave->db, fts->name, object->sql, content->name, &reason);
  adcp_error_clear(&reason);
  if( !possible ) return false;
  fts->rebuild = true;
  leave_out(leave, fts, ends);
  return true;
}

void adcp_fts_leave_empty(AdcpFtsLeave *leave, const AdcpTable *fts) {
  const char *const *ends = derived_tables(fts);
  if( ends ) leave_out(leave, fts, ends);
}

void adcp_fts_leave_all(AdcpFtsLeave *leave) {
  for( size_t i = 0; i < leave->schema->table_count && !leave->db->err->rc; i++ ) {
    AdcpTable *fts = &leave->schema->tables[i];
    const char *const *ends = derived_tables(fts);
    if( ends == NULL || !has_rows(leave, fts, ends) || !can_rebuild(leave, fts) ) continue;
    fts->rebuild = true;
    leave_out(leave, fts, ends);
  }
}
