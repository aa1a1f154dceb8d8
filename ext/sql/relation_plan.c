/*
** relation_plan.c - adcp_plan(path [, options]): what a restore would do, step by step.
*/
#include "sql/relations.h"

#include <string.h>

#include "base/mem.h"
#include "ops/plan_steps.h"
#include "sql/result.h"

typedef struct Cursor {
  AdcpPlanSteps *steps;
  size_t at;
} Cursor;

static void plan_close(void *p) {
  Cursor *cursor = p;
  adcp_plan_steps_close(cursor->steps);
  adcp_free(cursor);
}

static void *plan_open(const AdcpRelationCall *call) {
  Cursor *cursor = adcp_calloc(1, sizeof *cursor);
  if( cursor == NULL ) {
    adcp_error_nomem(call->err);
    return NULL;
  }
  const char *options = call->text[1];
  AdcpRequest request = {.handle = call->db,
                         .config = call->config,
                         .path = call->text[0],
                         .is_latest = call->is_latest,
                         .options = options,
                         .options_size = options ? strlen(options) : 0};
  cursor->steps = adcp_plan_steps_open(&request, call->err);
  if( cursor->steps ) return cursor;
  plan_close(cursor);
  return NULL;
}

static bool plan_eof(void *p) {
  const Cursor *cursor = p;
  return cursor->at == adcp_plan_steps_count(cursor->steps);
}

static void plan_next(void *p) {
  ((Cursor *)p)->at++;
}

static sqlite3_int64 plan_rowid(void *p) {
  return (sqlite3_int64)((Cursor *)p)->at + 1;
}

static void plan_column(void *p, int column, sqlite3_context *context) {
  const Cursor *cursor = p;
  const AdcpPlanStep *step = adcp_plan_steps_get(cursor->steps, cursor->at);
  const char *text = NULL;
  switch( column ) {
  case 0: sqlite3_result_int64(context, plan_rowid(p)); return;
  case 1: text = step->action; break;
  case 2: text = step->object; break;
  case 3:
    if( step->rows >= 0 ) sqlite3_result_int64(context, step->rows);
    return;
  case 4: text = step->detail; break;
  }
  adcp_result_text(context, text);
}

const AdcpRelation adcp_relation_plan = {
    .name = "adcp_plan",
    .columns = "step INTEGER, action TEXT, object TEXT, rows INTEGER, detail TEXT",
    .column_count = 5,
    .arguments = "path HIDDEN, options HIDDEN",
    .argument_count = 2,
    .required_arguments = 1,
    .finds_backup = true,
    .xOpen = plan_open,
    .xEof = plan_eof,
    .xNext = plan_next,
    .xColumn = plan_column,
    .xRowid = plan_rowid,
    .xClose = plan_close,
};
