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

/* A dated name that is taken meanwhile gets a number more, and the duration more digits. */
#define REPORT_SLACK 64

void adcp_request_reserve_report(sqlite3 *handle, AdcpBuf *report, AdcpError *err) {
  adcp_buf_reserve(report, REPORT_SLACK);
  if( adcp_buf_check(report, err) && handle ) {
    adcp_request_check_report(handle, report->size + REPORT_SLACK, err);
  }
  adcp_buf_clear(report);
}
