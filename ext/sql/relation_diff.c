/*
** relation_diff.c - adcp_diff(path [, path2]) and adcp_diff_summary(path [, path2]): what differs,
** and how much.
*/
#include "sql/relations.h"

#include "base/mem.h"
#include "ops/backup_dir.h"
#include "ops/diff.h"
#include "sql/result.h"

typedef struct Cursor {
  AdcpDb db;
  AdcpDiff *diff;
  const AdcpDiffItem *item;   /* of adcp_diff; NULL at the end */
  const AdcpDiffCount *count; /* of adcp_diff_summary; NULL at the end */
  sqlite3_int64 rowid;
} Cursor;

static void diff_close(void *p) {
  Cursor *cursor = p;
  adcp_diff_close(cursor->diff);
  adcp_free(cursor);
}

static Cursor *open_cursor(const AdcpRelationCall *call) {
  Cursor *cursor = adcp_calloc(1, sizeof *cursor);
  if( cursor == NULL ) {
    adcp_error_nomem(call->err);
    return NULL;
  }
  cursor->db = (AdcpDb){call->db, "main", call->err};
  char *path2 =
      call->text[1] ? adcp_backup_dir_find(call->config, &cursor->db, call->text[1]) : NULL;
  if( !call->err->rc )
    cursor->diff =
        adcp_diff_open(&cursor->db, adcp_config_root(call->config), call->text[0], path2);
  adcp_free(path2);
  return cursor;
}

static void diff_next(void *p) {
  Cursor *cursor = p;
  cursor->item = adcp_diff_next(cursor->diff);
  cursor->rowid++;
}

static void summary_next(void *p) {
  Cursor *cursor = p;
  cursor->count = adcp_diff_next_table(cursor->diff);
  cursor->rowid++;
}

static void *open_at_first(const AdcpRelationCall *call, void (*xNext)(void *)) {
  Cursor *cursor = open_cursor(call);
  if( cursor && cursor->diff ) xNext(cursor);
  if( cursor == NULL || call->err->rc == ADCP_OK ) return cursor;
  diff_close(cursor);
  return NULL;
}

static void *diff_open(const AdcpRelationCall *call) {
  return open_at_first(call, diff_next);
}

static void *summary_open(const AdcpRelationCall *call) {
  return open_at_first(call, summary_next);
}

static bool diff_eof(void *p) {
  return ((Cursor *)p)->item == NULL;
}

static bool summary_eof(void *p) {
  return ((Cursor *)p)->count == NULL;
}

static sqlite3_int64 diff_rowid(void *p) {
  return ((Cursor *)p)->rowid;
}

static void diff_column(void *p, int column, sqlite3_context *context) {
  static const char *const changes[] = {"schema", "removed", "added", "changed"};
  const AdcpDiffItem *item = ((Cursor *)p)->item;
  switch( column ) {
  case 0: adcp_result_text(context, item->object); break;
  case 1: adcp_result_text(context, changes[item->change]); break;
  case 2:
    adcp_result_value(context, &item->key);
    if( item->key_is_json ) sqlite3_result_subtype(context, 'J');
    break;
  case 3:
    if( item->column ) adcp_result_text(context, item->column);
    break;
  case 4: adcp_result_value(context, &item->old); break;
  case 5: adcp_result_value(context, &item->new); break;
  }
}

static void summary_column(void *p, int column, sqlite3_context *context) {
  const AdcpDiffCount *count = ((Cursor *)p)->count;
  switch( column ) {
  case 0: adcp_result_text(context, count->object); break;
  case 1: sqlite3_result_int64(context, count->added); break;
  case 2: sqlite3_result_int64(context, count->removed); break;
  case 3: sqlite3_result_int64(context, count->changed); break;
  case 4: sqlite3_result_int64(context, count->equal); break;
  }
}

const AdcpRelation adcp_relation_diff = {
    .name = "adcp_diff",
    .columns = "object TEXT, change TEXT, \"key\", \"column\" TEXT, old, new",
    .column_count = 6,
    .arguments = "path HIDDEN, path2 HIDDEN",
    .argument_count = 2,
    .required_arguments = 1,
    .finds_backup = true,
    .xOpen = diff_open,
    .xEof = diff_eof,
    .xNext = diff_next,
    .xColumn = diff_column,
    .xRowid = diff_rowid,
    .xClose = diff_close,
};

const AdcpRelation adcp_relation_diff_summary = {
    .name = "adcp_diff_summary",
    .columns = "object TEXT, added INTEGER, removed INTEGER, changed INTEGER, equal INTEGER",
    .column_count = 5,
    .arguments = "path HIDDEN, path2 HIDDEN",
    .argument_count = 2,
    .required_arguments = 1,
    .finds_backup = true,
    .xOpen = summary_open,
    .xEof = summary_eof,
    .xNext = summary_next,
    .xColumn = summary_column,
    .xRowid = diff_rowid,
    .xClose = diff_close,
};
