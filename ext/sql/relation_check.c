/*
** relation_check.c - adcp_check(path [, level]): what a validation finds, a row a finding.
*/
#include "sql/relations.h"

#include "base/mem.h"
#include "codec/json_write.h"
#include "ops/validate.h"
#include "sql/result.h"

typedef struct Cursor {
  AdcpError *err; /* borrowed */
  AdcpValidate *validate;
  const AdcpFindings *findings;
  size_t at;
} Cursor;

static void check_close(void *p) {
  Cursor *cursor = p;
  adcp_validate_close(cursor->validate);
  adcp_free(cursor);
}

/* The whole validation runs here: findings have an order only when all of them are known. */
static void run(Cursor *cursor, const AdcpRelationCall *call) {
  AdcpBuf options = {0};
  AdcpJsonWriter w = {&options, false};
  adcp_json_begin_object(&w);
  if( call->text[1] ) adcp_json_member_string(&w, "level", call->text[1]);
  adcp_json_end_object(&w);
  if( adcp_buf_check(&options, call->err) ) {
    AdcpRequest request = {.handle = call->db,
                           .config = call->config,
                           .path = call->text[0],
                           .options = (const char *)options.data,
                           .options_size = options.size};
    cursor->validate = adcp_validate_open(&request, call->err);
    while( adcp_validate_step(cursor->validate) ) {
    }
    adcp_validate_finish(cursor->validate, NULL);
  }
  adcp_buf_free(&options);
  if( cursor->validate ) cursor->findings = adcp_validate_findings(cursor->validate);
}

static void *check_open(const AdcpRelationCall *call) {
  Cursor *cursor = adcp_calloc(1, sizeof *cursor);
  if( cursor == NULL ) {
    adcp_error_nomem(call->err);
    return NULL;
  }
  cursor->err = call->err;
  run(cursor, call);
  if( call->err->rc == ADCP_OK ) return cursor;
  check_close(cursor);
  return NULL;
}

static bool check_eof(void *p) {
  const Cursor *cursor = p;
  return cursor->err->rc || cursor->at == cursor->findings->count;
}

static void check_next(void *p) {
  ((Cursor *)p)->at++;
}

static sqlite3_int64 check_rowid(void *p) {
  return (sqlite3_int64)((Cursor *)p)->at + 1;
}

static void check_column(void *p, int column, sqlite3_context *context) {
  const Cursor *cursor = p;
  const AdcpFinding *finding = &cursor->findings->items[cursor->at];
  const char *text = NULL;
  switch( column ) {
  case 0: text = finding->severity == ADCP_SEVERITY_ERROR ? "error" : "warning"; break;
  case 1: text = adcp_finding_code(finding->code); break;
  case 2: text = finding->object; break;
  case 3:
    if( finding->row ) sqlite3_result_int64(context, finding->row);
    return;
  case 4: text = finding->message; break;
  case 5: text = adcp_finding_hint(finding->code); break;
  }
  adcp_result_text(context, text);
}

const AdcpRelation adcp_relation_check = {
    .name = "adcp_check",
    .columns = "severity TEXT, code TEXT, object TEXT, row INTEGER, message TEXT, hint TEXT",
    .column_count = 6,
    .arguments = "path HIDDEN, level HIDDEN",
    .argument_count = 2,
    .required_arguments = 1,
    .finds_backup = true,
    .xOpen = check_open,
    .xEof = check_eof,
    .xNext = check_next,
    .xColumn = check_column,
    .xRowid = check_rowid,
    .xClose = check_close,
};
