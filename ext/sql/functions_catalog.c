/*
** functions_catalog.c - adcp_info, adcp_prune: how backups are, and which of them stay.
*/
#include "ops/info.h"
#include "ops/prune.h"
#include "sql/call.h"
#include "sql/function_table.h"

static void info_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_info");
  if( argc > 0 ) adcp_call_path(&call, argv[0], ADCP_ARGUMENT_OPTIONAL);
  if( !call.err.rc ) adcp_info(&call.request, &call.report, &call.err);
  adcp_call_end(&call);
}

static void prune_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_prune");
  if( argc > 0 ) adcp_call_options(&call, argv[0]);
  if( !call.err.rc ) adcp_prune(&call.request, &call.report, &call.err);
  adcp_call_end_logged(&call);
}

static const AdcpFunctionSpec specs[] = {
    {"adcp_info", 0, ADCP_FILE_FUNCTION, info_function},
    {"adcp_info", 1, ADCP_FILE_FUNCTION, info_function},
    {"adcp_prune", 0, ADCP_FILE_FUNCTION, prune_function},
    {"adcp_prune", 1, ADCP_FILE_FUNCTION, prune_function},
};

const AdcpFunctionGroup adcp_functions_catalog = {specs, sizeof specs / sizeof *specs};
