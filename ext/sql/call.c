/*
** call.c - arguments and results of the scalar functions (contract in call.h).
*/
#include "sql/call.h"

#include <string.h>

#include "ops/clock.h"
#include "ops/log.h"
#include "sql/result.h"

void adcp_call_begin(AdcpCall *call, sqlite3_context *context, const char *function) {
  memset(call, 0, sizeof *call);
  call->context = context;
  call->function = function;
  call->started_ms = adcp_clock_ms();
  call->request.handle = sqlite3_context_db_handle(context);
  call->in_transaction = !sqlite3_get_autocommit(call->request.handle);
  call->request.config = sqlite3_user_data(context);
  call->request.function = function;
  if( adcp_config_in_query(call->request.config) ) {
    adcp_error_set(&call->err, ADCP_MISUSE,
                   "functions of adcp are not for the SQL of an option; call it before, and give "
                   "the option a SELECT without it");
  }
}

/* ---- arguments ---- */

static const char *type_name(sqlite3_value *value) {
  static const char *const names[] = {"", "an integer", "a real", "a text", "a blob", "NULL"};
  return names[sqlite3_value_type(value)];
}

void adcp_call_path(AdcpCall *call, sqlite3_value *value, AdcpArgument presence) {
  AdcpError *err = &call->err;
  if( presence == ADCP_ARGUMENT_OPTIONAL && sqlite3_value_type(value) == SQLITE_NULL ) return;
  if( sqlite3_value_type(value) != SQLITE_TEXT ) {
    adcp_error_set(err, ADCP_MISUSE,
                   "the first argument must be the path of a file as text, not %s",
                   type_name(value));
    return;
  }
  const char *path = (const char *)sqlite3_value_text(value);
  size_t size = (size_t)sqlite3_value_bytes(value);
  if( path == NULL ) {
    adcp_error_nomem(err);
  } else if( size == 0 ) {
    adcp_error_set(err, ADCP_MISUSE, "the path is empty; give the path of a file");
  } else if( memchr(path, 0, size) ) {
    adcp_error_set(err, ADCP_MISUSE, "the path has a NUL character in it");
  }
  call->request.path = path;
}

void adcp_call_options(AdcpCall *call, sqlite3_value *value) {
  AdcpRequest *request = &call->request;
  if( sqlite3_value_type(value) == SQLITE_NULL ) return;
  if( sqlite3_value_type(value) != SQLITE_TEXT ) {
    adcp_error_set(&call->err, ADCP_MISUSE,
                   "the options must be a JSON object as text, such as '{\"threads\":2}', not %s",
                   type_name(value));
    return;
  }
  request->options = (const char *)sqlite3_value_text(value);
  request->options_size = (size_t)sqlite3_value_bytes(value);
  if( request->options == NULL ) adcp_error_nomem(&call->err);
}

const char *adcp_argument_text(sqlite3_value *value, int number, AdcpError *err) {
  if( sqlite3_value_type(value) == SQLITE_NULL ) return NULL;
  const char *text = (const char *)sqlite3_value_text(value);
  if( text == NULL ) {
    adcp_error_nomem(err);
  } else if( memchr(text, 0, (size_t)sqlite3_value_bytes(value)) ) {
    adcp_error_set(err, ADCP_MISUSE, "argument %d has a NUL character in it", number);
    return NULL;
  }
  return text;
}

/* ---- results ---- */

int adcp_result_code(sqlite3 *db, AdcpRc rc) {
  bool drastic = rc == ADCP_CORRUPT || rc == ADCP_IOERR || rc == ADCP_FULL || rc == ADCP_NOMEM;
  return drastic && !sqlite3_get_autocommit(db) ? SQLITE_ERROR : (int)rc;
}

void adcp_call_say_rolled_back(AdcpError *err, sqlite3 *db, bool in_transaction) {
  static const char rolled_back[] = "your transaction was rolled back";
  if( !in_transaction || !sqlite3_get_autocommit(db) ) return;
  if( strstr(adcp_error_message(err), rolled_back) ) return;
  adcp_error_append(err, "; %s", rolled_back);
}

/* How many bytes of it the connection takes, in whole characters. SQLite formats it once more, with a
** byte behind it. */
static size_t message_room(sqlite3 *db, const char *message) {
  size_t size = strlen(message), limit = (size_t)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1);
  if( size < limit ) return size;
  if( limit > 0 ) limit--;
  while( limit > 0 && (message[limit] & 0xc0) == 0x80 ) limit--; /* within one of UTF-8 */
  return limit;
}

char *adcp_call_message(sqlite3 *db, const char *name, const AdcpError *err) {
  char *text = sqlite3_mprintf("%s: %s", name, adcp_error_message(err));
  if( text ) text[message_room(db, text)] = 0;
  return text;
}

static void result_error(AdcpCall *call) {
  sqlite3 *db = call->request.handle;
  if( call->err.rc == ADCP_NOMEM && call->err.message == NULL ) {
    sqlite3_result_error_nomem(call->context);
    return;
  }
  adcp_call_say_rolled_back(&call->err, db, call->in_transaction);
  adcp_error_prepend(&call->err, "%s: ", call->function);
  const char *message = adcp_error_message(&call->err);
  sqlite3_log((int)call->err.rc, "%s", message);
  sqlite3_result_error(call->context, message, (int)message_room(db, message));
  sqlite3_result_error_code(call->context, adcp_result_code(db, call->err.rc));
}

void adcp_call_end_with_result(AdcpCall *call) {
  if( call->err.rc ) result_error(call);
  adcp_buf_free(&call->report);
  adcp_error_clear(&call->err);
}

void adcp_call_end(AdcpCall *call) {
  adcp_buf_check(&call->report, &call->err);
  if( !call->err.rc ) {
    adcp_request_check_report(call->request.handle, call->report.size, &call->err);
  }
  if( !call->err.rc ) {
    adcp_result_json(call->context, call->report.data, call->report.size);
  }
  adcp_call_end_with_result(call);
}

void adcp_call_end_logged(AdcpCall *call) {
  adcp_buf_check(&call->report, &call->err);
  AdcpLogEntry entry = {call->function, call->request.path, &call->report,
                        adcp_clock_ms() - call->started_ms};
  adcp_log_write(call->request.config, &entry, &call->err);
  adcp_call_end(call);
}
