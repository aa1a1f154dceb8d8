/*
** functions.c - the scalar functions: arguments in, an operation run to its end, JSON or an error out.
*/
#include "sql/functions.h"

#include <string.h>

#include "adcp.h"
#include "base/buf.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "ops/backup.h"
#include "ops/restore.h"
#include "ops/validate.h"
#include "platform/work_queue.h"

/* ---- arguments and results ---- */

/* The texts a file function is called with. */
typedef struct Arguments {
  const char *path;
  const char *options; /* NULL without */
  size_t options_size;
} Arguments;

static const char *type_name(sqlite3_value *value) {
  static const char *const names[] = {"", "an integer", "a real", "a text", "a blob", "NULL"};
  return names[sqlite3_value_type(value)];
}

static void read_path(Arguments *args, sqlite3_value *value, AdcpError *err) {
  if( sqlite3_value_type(value) != SQLITE_TEXT ) {
    adcp_error_set(err, ADCP_MISUSE,
                   "the first argument must be the path of a file as text, not %s",
                   type_name(value));
    return;
  }
  args->path = (const char *)sqlite3_value_text(value);
  size_t size = (size_t)sqlite3_value_bytes(value);
  if( args->path == NULL ) {
    adcp_error_nomem(err);
  } else if( size == 0 ) {
    adcp_error_set(err, ADCP_MISUSE, "the path is empty; give the path of a file");
  } else if( memchr(args->path, 0, size) ) {
    adcp_error_set(err, ADCP_MISUSE, "the path has a NUL character in it");
  }
}

static void read_options(Arguments *args, sqlite3_value *value, AdcpError *err) {
  if( sqlite3_value_type(value) == SQLITE_NULL ) return;
  if( sqlite3_value_type(value) != SQLITE_TEXT ) {
    adcp_error_set(err, ADCP_MISUSE,
                   "the second argument must be a JSON object as text, such as "
                   "'{\"threads\":2}', not %s",
                   type_name(value));
    return;
  }
  args->options = (const char *)sqlite3_value_text(value);
  args->options_size = (size_t)sqlite3_value_bytes(value);
  if( args->options == NULL ) adcp_error_nomem(err);
}

static Arguments read_arguments(int argc, sqlite3_value **argv, AdcpError *err) {
  Arguments args = {NULL, NULL, 0};
  read_path(&args, argv[0], err);
  if( argc > 1 ) read_options(&args, argv[1], err);
  return args;
}

static void result_json(sqlite3_context *context, AdcpBuf *json) {
  sqlite3_result_text64(context, (const char *)json->data, json->size, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  sqlite3_result_subtype(context, 'J');
}

/* Ends a function: the report, or the error under the function's name. Clears both. */
static void finish(sqlite3_context *context, const char *function, AdcpBuf *report,
                   AdcpError *err) {
  adcp_buf_check(report, err);
  if( err->rc == ADCP_OK ) {
    result_json(context, report);
  } else if( err->rc == ADCP_NOMEM && err->message == NULL ) {
    sqlite3_result_error_nomem(context);
  } else {
    adcp_error_prepend(err, "%s: ", function);
    sqlite3_result_error(context, adcp_error_message(err), -1);
    sqlite3_result_error_code(context, (int)err->rc);
  }
  adcp_buf_free(report);
  adcp_error_clear(err);
}

/* ---- the functions ---- */

static void backup_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  Arguments args = read_arguments(argc, argv, &err);
  if( !err.rc ) {
    AdcpBackup *backup = adcp_backup_open(sqlite3_context_db_handle(context), args.path,
                                          args.options, args.options_size, &err);
    while( adcp_backup_step(backup) ) {
    }
    adcp_backup_finish(backup, &report);
    adcp_backup_close(backup);
  }
  finish(context, "adcp_backup", &report, &err);
}

static void restore_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  Arguments args = read_arguments(argc, argv, &err);
  if( !err.rc ) {
    AdcpRestore *restore = adcp_restore_open(sqlite3_context_db_handle(context), args.path,
                                             args.options, args.options_size, &err);
    while( adcp_restore_step(restore) ) {
    }
    adcp_restore_finish(restore, &report);
    adcp_restore_close(restore);
  }
  finish(context, "adcp_restore", &report, &err);
}

static void validate_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  Arguments args = read_arguments(argc, argv, &err);
  if( !err.rc ) {
    AdcpValidate *validate = adcp_validate_open(sqlite3_context_db_handle(context), args.path,
                                                args.options, args.options_size, &err);
    while( adcp_validate_step(validate) ) {
    }
    adcp_validate_finish(validate, &report);
    adcp_validate_close(validate);
  }
  finish(context, "adcp_validate", &report, &err);
}

static void version_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_text(context, ADCP_VERSION, -1, SQLITE_STATIC);
}

static void debug_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  AdcpJsonWriter w = {&report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "adcp_version", ADCP_VERSION);
  adcp_json_member_string(&w, "sqlite_version", sqlite3_libversion());
  adcp_json_member_integer(&w, "sqlite_version_floor", ADCP_SQLITE_VERSION_FLOOR);
  adcp_json_member_string(&w, "sqlite_source_id", sqlite3_sourceid());
  adcp_json_member_bool(&w, "sqlite_threadsafe", sqlite3_threadsafe() != 0);
  adcp_json_member_string(&w, "compiler", __VERSION__);
  adcp_json_member_integer(&w, "processors", adcp_processor_count());
  adcp_json_end_object(&w);
  finish(context, "adcp_debug", &report, &err);
}

/* ---- registration ---- */

typedef struct FunctionSpec {
  const char *name;
  int arguments;
  int flags;
  void (*xFunc)(sqlite3_context *, int, sqlite3_value **);
} FunctionSpec;

/* What touches files cannot be called from a schema: views and triggers are data of the database. */
#define FILE_FUNCTION (SQLITE_UTF8 | SQLITE_DIRECTONLY)
#define PLAIN         (SQLITE_UTF8 | SQLITE_INNOCUOUS)

static const FunctionSpec function_specs[] = {
    {"adcp_backup", 1, FILE_FUNCTION, backup_function},
    {"adcp_backup", 2, FILE_FUNCTION, backup_function},
    {"adcp_restore", 1, FILE_FUNCTION, restore_function},
    {"adcp_restore", 2, FILE_FUNCTION, restore_function},
    {"adcp_validate", 1, FILE_FUNCTION, validate_function},
    {"adcp_validate", 2, FILE_FUNCTION, validate_function},
    {"adcp_version", 0, PLAIN | SQLITE_DETERMINISTIC, version_function},
    {"adcp_debug", 0, PLAIN, debug_function},
};

#define FUNCTION_COUNT (sizeof function_specs / sizeof *function_specs)

int adcp_functions_register(sqlite3 *db) {
  int rc = SQLITE_OK;
  for( size_t i = 0; i < FUNCTION_COUNT && rc == SQLITE_OK; i++ ) {
    const FunctionSpec *spec = &function_specs[i];
    rc = sqlite3_create_function_v2(db, spec->name, spec->arguments, spec->flags, NULL, spec->xFunc,
                                    NULL, NULL, NULL);
  }
  return rc;
}

void adcp_functions_unregister(sqlite3 *db) {
  for( size_t i = 0; i < FUNCTION_COUNT; i++ ) {
    const FunctionSpec *spec = &function_specs[i];
    sqlite3_create_function_v2(db, spec->name, spec->arguments, SQLITE_UTF8, NULL, NULL, NULL, NULL,
                               NULL);
  }
}
