/*
** request.c - what every operation is asked for (contract in request.h).
*/
#include "ops/request.h"

AdcpOptions *adcp_request_options(const AdcpRequest *request, const AdcpOptionTable *table,
                                  AdcpError *err) {
  return adcp_options_parse(request->options, request->options_size, table,
                            request->complete ? NULL : adcp_config_options(request->config), err);
}
