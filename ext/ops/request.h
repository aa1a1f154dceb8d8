/*
** request.h - what every operation is asked for: connection, settings, path, options.
*/
#ifndef ADCP_OPS_REQUEST_H
#define ADCP_OPS_REQUEST_H

#include "ops/config.h"

/* Everything is borrowed while the operation is opened; config and handle for its life. */
typedef struct AdcpRequest {
  sqlite3 *handle;
  AdcpConfig *config;
  const char *path;    /* NULL where none was given */
  const char *options; /* JSON text; NULL where none was given */
  size_t options_size;
} AdcpRequest;

/* The options of the request, completed from the settings. NULL on error. */
AdcpOptions *adcp_request_options(const AdcpRequest *request, const AdcpOptionTable *table,
                                  AdcpError *err);

#endif
