/*
** functions_backup.c - adcp_backup, adcp_restore, adcp_undo, adcp_validate: an operation run to its end.
*/
#include "ops/backup.h"
#include "ops/restore.h"
#include "ops/undo.h"
#include "ops/validate.h"
#include "sql/call.h"
#include "sql/function_table.h"

static void backup_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_backup");
  /* NULL, options: a dated name. NULL alone is more likely a parameter that was not bound. */
  if( argc > 0 ) {
    adcp_call_path(&call, argv[0], argc > 1 ? ADCP_ARGUMENT_OPTIONAL : ADCP_ARGUMENT_REQUIRED);
  }
  if( argc > 1 ) adcp_call_options(&call, argv[1]);
  if( !call.err.rc ) {
    AdcpBackup *backup = adcp_backup_open(&call.request, &call.err);
    while( adcp_backup_step(backup) ) {
    }
    adcp_backup_finish(backup, &call.report);
    adcp_backup_close(backup);
  }
  adcp_call_end_logged(&call);
}

static void restore_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_restore");
  adcp_call_path(&call, argv[0], ADCP_ARGUMENT_REQUIRED);
  if( argc > 1 ) adcp_call_options(&call, argv[1]);
  if( !call.err.rc ) {
    AdcpRestore *restore = adcp_restore_open(&call.request, &call.err);
    while( adcp_restore_step(restore) ) {
    }
    adcp_restore_finish(restore, &call.report);
    adcp_restore_close(restore);
  }
  adcp_call_end_logged(&call);
}

static void undo_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_undo");
  if( argc > 0 ) adcp_call_options(&call, argv[0]);
  adcp_undo(&call.request, &call.report, &call.err);
  adcp_call_end_logged(&call);
}

static void validate_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_validate");
  adcp_call_path(&call, argv[0], ADCP_ARGUMENT_REQUIRED);
  if( argc > 1 ) adcp_call_options(&call, argv[1]);
  if( !call.err.rc ) {
    AdcpValidate *validate = adcp_validate_open(&call.request, &call.err);
    while( adcp_validate_step(validate) ) {
    }
    adcp_validate_finish(validate, &call.report);
    adcp_validate_close(validate);
  }
  adcp_call_end_logged(&call);
}

static const AdcpFunctionSpec specs[] = {
    {"adcp_backup", 0, ADCP_FILE_FUNCTION, backup_function},
    {"adcp_backup", 1, ADCP_FILE_FUNCTION, backup_function},
    {"adcp_backup", 2, ADCP_FILE_FUNCTION, backup_function},
    {"adcp_restore", 1, ADCP_FILE_FUNCTION, restore_function},
    {"adcp_restore", 2, ADCP_FILE_FUNCTION, restore_function},
    {"adcp_undo", 0, ADCP_FILE_FUNCTION, undo_function},
    {"adcp_undo", 1, ADCP_FILE_FUNCTION, undo_function},
    {"adcp_validate", 1, ADCP_FILE_FUNCTION, validate_function},
    {"adcp_validate", 2, ADCP_FILE_FUNCTION, validate_function},
};

const AdcpFunctionGroup adcp_functions_backup = {specs, sizeof specs / sizeof *specs};
