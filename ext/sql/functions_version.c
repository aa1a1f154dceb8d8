/*
** functions_version.c - adcp_version, adcp_debug: what is running here.
*/
#include "codec/json_write.h"
#include "platform/work_queue.h"
#include "sql/call.h"
#include "sql/function_table.h"
#include "stream/compressor.h"

static void version_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_text(context, ADCP_VERSION, -1, SQLITE_STATIC);
}

static void debug_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  AdcpCall call;
  adcp_call_begin(&call, context, "adcp_debug");
  AdcpJsonWriter w = {&call.report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "adcp_version", ADCP_VERSION);
  adcp_json_member_string(&w, "sqlite_version", sqlite3_libversion());
  adcp_json_member_integer(&w, "sqlite_version_floor", ADCP_SQLITE_VERSION_FLOOR);
  adcp_json_member_string(&w, "sqlite_source_id", sqlite3_sourceid());
  adcp_json_member_bool(&w, "sqlite_threadsafe", sqlite3_threadsafe() != 0);
  adcp_json_member_string(&w, "compiler", __VERSION__);
  adcp_json_member_string(&w, "compressor", adcp_compressor_default(ADCP_GZIP_LEVEL)->name);
  adcp_json_member_string(&w, "compressor_level_1", adcp_compressor_default(1)->name);
  adcp_json_member_integer(&w, "processors", adcp_processor_count());
  adcp_json_end_object(&w);
  adcp_call_end(&call);
}

static const AdcpFunctionSpec specs[] = {
    {"adcp_debug", 0, ADCP_PLAIN_FUNCTION, debug_function},
    {"adcp_version", 0, ADCP_PLAIN_FUNCTION | SQLITE_DETERMINISTIC, version_function},
};

const AdcpFunctionGroup adcp_functions_version = {specs, sizeof specs / sizeof *specs};
