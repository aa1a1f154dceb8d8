/*
** request.c - what every operation is asked for (contract in request.h).
*/
#include "ops/request.h"

AdcpOptions *adcp_request_options(const AdcpRequest *request, const AdcpOptionTable *table,
                                  AdcpError *err) {
  return adcp_options_parse(request->options, request->options_size, table,
                            request->complete ? NULL : adcp_config_options(request->config), err);
}

void adcp_request_check_report(sqlite3 *handle, size_t size_bytes, AdcpError *err) {
  int limit = sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, -1);
  if( size_bytes <= (size_t)limit ) return;
  adcp_error_set(err, ADCP_TOOBIG,
                 "the report of %zu bytes is above this connection's limit SQLITE_LIMIT_LENGTH of "
                 "%d",
                 size_bytes, limit);
}
