/*
** relation_contents.c - adcp_contents(path): the table of contents of a backup.
*/
#include "sql/relations.h"

#include "base/mem.h"
#include "ops/contents.h"
#include "sql/result.h"

typedef struct Cursor {
  AdcpError *err; /* borrowed */
  AdcpContents *contents;
  size_t at;
} Cursor;

static void contents_close(void *p) {
  Cursor *cursor = p;
  adcp_contents_close(cursor->contents);
  adcp_free(cursor);
}

static void *contents_open(const AdcpRelationCall *call) {
  Cursor *cursor = adcp_calloc(1, sizeof *cursor);
  if( cursor == NULL ) {
    adcp_error_nomem(call->err);
    return NULL;
  }
  cursor->err = call->err;
  cursor->contents =
      adcp_contents_open(adcp_config_root(call->config), call->text[0], call->db, call->err);
  if( cursor->contents ) return cursor;
  contents_close(cursor);
  return NULL;
}

static bool contents_eof(void *p) {
  Cursor *cursor = p;
  return cursor->err->rc || cursor->at == adcp_contents_count(cursor->contents);
}

static void contents_next(void *p) {
  ((Cursor *)p)->at++;
}

static sqlite3_int64 contents_rowid(void *p) {
  return (sqlite3_int64)((Cursor *)p)->at + 1;
}

static void result_depends(Cursor *cursor, const AdcpContentsEntry *entry,
                           sqlite3_context *context) {
  AdcpBuf json = {0};
  adcp_contents_depends(cursor->contents, entry, &json);
  if( adcp_buf_check(&json, cursor->err) ) {
    adcp_result_json(context, json.data, json.size);
  } else {
    sqlite3_result_error_nomem(context);
  }
  adcp_buf_free(&json);
}

static void result_offset(Cursor *cursor, const AdcpContentsEntry *entry,
                          sqlite3_context *context) {
  int64_t offset = adcp_contents_offset(cursor->contents, entry);
  if( cursor->err->rc == ADCP_NOMEM ) {
    sqlite3_result_error_nomem(context);
  } else if( cursor->err->rc ) {
    sqlite3_result_error(context, adcp_error_message(cursor->err), -1);
  } else if( offset >= 0 ) {
    sqlite3_result_int64(context, offset);
  }
}

/* Columns that only rows have. */
static void result_of_rows(Cursor *cursor, const AdcpContentsEntry *entry, int column,
                           sqlite3_context *context) {
  bool has_digest = entry->rows->sha256[0] != 0; /* not in a backup of version 2.0 */
  switch( column ) {
  case 5: sqlite3_result_int64(context, entry->rows->rows); break;
  case 6:
    if( has_digest ) sqlite3_result_int64(context, entry->rows->bytes);
    break;
  case 7: result_offset(cursor, entry, context); break;
  case 8:
    if( has_digest ) adcp_result_text(context, entry->rows->sha256);
    break;
  }
}

static void contents_column(void *p, int column, sqlite3_context *context) {
  Cursor *cursor = p;
  const AdcpContentsEntry *entry = adcp_contents_entry(cursor->contents, cursor->at);
  const AdcpObject *object = entry->object;
  const char *name = object ? object->name : entry->rows->table->name;
  switch( column ) {
  case 0: sqlite3_result_int64(context, contents_rowid(p)); break;
  case 1: adcp_result_text(context, entry->section); break;
  case 2:
    adcp_result_text(context, adcp_object_type_name(object ? object->type : ADCP_OBJECT_TABLE));
    break;
  case 3: adcp_result_text(context, name); break;
  case 4: adcp_result_text(context, object ? adcp_object_stored_on(object) : name); break;
  case 9: result_depends(cursor, entry, context); break;
  case 10:
    if( object && object->sql ) adcp_result_text(context, object->sql);
    break;
  default:
    if( entry->rows ) result_of_rows(cursor, entry, column, context);
  }
}

const AdcpRelation adcp_relation_contents = {
    .name = "adcp_contents",
    .columns = "seq INTEGER, section TEXT, type TEXT, name TEXT, tbl_name TEXT, rows INTEGER, "
               "bytes INTEGER, \"offset\" INTEGER, sha256 TEXT, depends_on TEXT, sql TEXT",
    .column_count = 11,
    .arguments = "path HIDDEN",
    .argument_count = 1,
    .required_arguments = 1,
    .finds_backup = true,
    .xOpen = contents_open,
    .xEof = contents_eof,
    .xNext = contents_next,
    .xColumn = contents_column,
    .xRowid = contents_rowid,
    .xClose = contents_close,
};
