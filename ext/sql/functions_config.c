/*
** functions_config.c - adcp_config, adcp_config_load: the settings of the connection.
**
** A value comes as SQL has it: a number, a text, 0 and 1 for false and true; lists and maps are
** JSON text.
*/
#include <string.h>

#include "base/mem.h"
#include "codec/json_write.h"
#include "sql/call.h"
#include "sql/function_table.h"
#include "sql/result.h"

#define PROGRESS_KEY "progress_callback"

static const char *key_of(AdcpCall *call, sqlite3_value *value) {
  bool is_text = sqlite3_value_type(value) == SQLITE_TEXT;
  const char *key = is_text ? adcp_argument_text(value, 1, &call->err) : NULL;
  if( key == NULL ) {
    adcp_error_set(&call->err, ADCP_MISUSE, "the first argument must be the name of a setting");
  }
  return key;
}

/* ---- values ---- */

static bool is_document(const char *text) {
  return *text == '[' || *text == '{';
}

/* A SWITCH is one too: as a setting it has no text. */
static bool is_boolean(const AdcpOptionSpec *spec) {
  return spec->type == ADCP_OPTION_BOOL || spec->type == ADCP_OPTION_SWITCH;
}

/* A SQL value as the JSON that the setting wants. */
static void value_json(AdcpBuf *json, const AdcpOptionSpec *spec, sqlite3_value *value) {
  AdcpJsonWriter w = {json, false};
  int type = sqlite3_value_type(value); /* before the text is taken, which may change it */
  const char *text = (const char *)sqlite3_value_text(value);
  size_t size = (size_t)sqlite3_value_bytes(value); /* a NUL within goes along, and is refused */
  bool list = spec->type == ADCP_OPTION_NAMES || spec->type == ADCP_OPTION_MAP;
  bool boolean = is_boolean(spec);
  switch( type ) {
  case SQLITE_NULL: adcp_json_null(&w); break;
  case SQLITE_INTEGER:
    if( boolean && sqlite3_value_int64(value) / 2 == 0 && sqlite3_value_int64(value) >= 0 ) {
      adcp_json_bool(&w, sqlite3_value_int64(value) != 0);
    } else {
      adcp_json_integer(&w, sqlite3_value_int64(value));
    }
    break;
  case SQLITE_TEXT:
    if( text == NULL ) {
      json->oom = true;
    } else if( (list && is_document(text)) ||
               (boolean && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) ) {
      adcp_buf_append(json, text, size);
    } else {
      adcp_json_string_n(&w, (const uint8_t *)text, size);
    }
    break;
  default: adcp_buf_append_str(json, "[0]"); /* no setting is a real or a blob */
  }
}

/* ---- results ---- */

static void result_value(AdcpCall *call, const char *key) {
  AdcpConfig *config = call->request.config;
  const AdcpOptions *options = adcp_config_options(config);
  const AdcpOptionSpec *spec = adcp_options_spec(options, key, &call->err);
  if( spec == NULL ) return;
  adcp_config_write(config, call->request.handle, key, &call->report, &call->err);
  const char *json = adcp_buf_text(&call->report);
  if( json == NULL ) {
    adcp_error_nomem(&call->err);
  } else if( strcmp(json, "null") == 0 ) {
    sqlite3_result_null(call->context);
  } else if( is_boolean(spec) ) {
    sqlite3_result_int(call->context, strcmp(json, "true") == 0);
  } else if( spec->type == ADCP_OPTION_INTEGER ) {
    sqlite3_result_int64(call->context, adcp_options_integer(options, key, 0));
  } else if( is_document(json) ) {
    adcp_result_text(call->context, json);
    sqlite3_result_subtype(call->context, 'J');
  } else if( strcmp(key, "backup_dir") == 0 ) {
    char *folder = adcp_config_backup_dir(config, call->request.handle, "main", &call->err);
    adcp_result_text(call->context, folder);
    adcp_free(folder);
  } else if( strcmp(key, "name_prefix") == 0 ) {
    adcp_result_text(call->context, adcp_config_name_prefix(config));
  } else {
    const char *text = adcp_options_has(options, key) && spec->type != ADCP_OPTION_NAMES
                           ? adcp_options_text(options, key, "")
                           : adcp_options_name(options, key, 0);
    adcp_result_text(call->context, text);
  }
}

static void write_all(AdcpCall *call) {
  AdcpConfig *config = call->request.config;
  AdcpJsonWriter w = {&call->report, false};
  adcp_json_begin_object(&w);
  for( size_t i = 0; i < adcp_config_count(config); i++ ) {
    const char *key = adcp_config_key(config, i);
    adcp_json_key(&w, key);
    adcp_config_write(config, call->request.handle, key, &call->report, &call->err);
    w.need_comma = true;
  }
  adcp_json_end_object(&w);
}

/* ---- the functions ---- */

static void config_all_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_config");
  if( !call.err.rc ) write_all(&call);
  adcp_call_end(&call);
}

/* The hook of an application: a C pointer, which SQL sees as NULL. */
static void set_progress(AdcpCall *call, sqlite3_value *value) {
  const adcp_progress_hook *hook = sqlite3_value_pointer(value, ADCP_PROGRESS_POINTER);
  if( sqlite3_value_type(value) != SQLITE_NULL || (hook && hook->xProgress == NULL) ) {
    adcp_error_set(&call->err, ADCP_MISUSE,
                   "\"" PROGRESS_KEY "\" is set by a C program, with sqlite3_bind_pointer (see "
                   "adcp.h)");
    return;
  }
  adcp_config_set_progress(call->request.config, hook);
}

static void set_value(AdcpCall *call, const char *key, sqlite3_value *value) {
  AdcpConfig *config = call->request.config;
  AdcpBuf json = {0};
  const AdcpOptionSpec *spec = adcp_options_spec(adcp_config_options(config), key, &call->err);
  if( spec == NULL ) return;
  value_json(&json, spec, value);
  if( adcp_buf_check(&json, &call->err) ) {
    adcp_config_set(config, key, (const char *)json.data, json.size, &call->err);
  }
  adcp_buf_free(&json);
}

static void config_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_config");
  const char *key = call.err.rc ? NULL : key_of(&call, argv[0]);
  if( key && argc > 1 && strcmp(key, PROGRESS_KEY) == 0 ) {
    set_progress(&call, argv[1]);
  } else if( key ) {
    if( argc > 1 ) set_value(&call, key, argv[1]);
    if( !call.err.rc ) result_value(&call, key);
  }
  adcp_call_end_with_result(&call);
}

static void config_load_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_config_load");
  adcp_call_path(&call, argv[0], ADCP_ARGUMENT_REQUIRED);
  if( !call.err.rc ) adcp_config_load(call.request.config, call.request.path, &call.err);
  if( !call.err.rc ) write_all(&call);
  adcp_call_end(&call);
}

static const AdcpFunctionSpec specs[] = {
    {"adcp_config", 0, ADCP_FILE_FUNCTION, config_all_function},
    {"adcp_config", 1, ADCP_FILE_FUNCTION, config_function},
    {"adcp_config", 2, ADCP_FILE_FUNCTION, config_function},
    {"adcp_config_load", 1, ADCP_FILE_FUNCTION, config_load_function},
};

const AdcpFunctionGroup adcp_functions_config = {specs, sizeof specs / sizeof *specs};
