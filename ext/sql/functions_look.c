/*
** functions_look.c - adcp_hash: what the content of a live database is, in 64 digits.
*/
#include "ops/hash.h"
#include "sql/call.h"
#include "sql/function_table.h"
#include "sql/result.h"

static void hash_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
  AdcpCall call;
  char sha256[ADCP_SHA256_HEX + 1] = "";
  adcp_call_begin(&call, context, "adcp_hash");
  const char *table = argc > 0 ? adcp_argument_text(argv[0], 1, &call.err) : NULL;
  const char *schema = argc > 1 ? adcp_argument_text(argv[1], 2, &call.err) : NULL;
  AdcpDb db = {call.request.handle, schema ? schema : "main", &call.err};
  adcp_db_check_schema(&db);
  if( table ) {
    adcp_hash_table(&db, table, sha256);
  } else {
    adcp_hash_database(&db, sha256);
  }
  if( !call.err.rc ) adcp_result_text(context, sha256);
  adcp_call_end_with_result(&call);
}

static const AdcpFunctionSpec specs[] = {
    {"adcp_hash", 0, ADCP_FILE_FUNCTION, hash_function},
    {"adcp_hash", 1, ADCP_FILE_FUNCTION, hash_function},
    {"adcp_hash", 2, ADCP_FILE_FUNCTION, hash_function},
};

const AdcpFunctionGroup adcp_functions_look = {specs, sizeof specs / sizeof *specs};
