/*
** log.h - one JSON line an operation, appended to the file that the setting log_file names.
**
**   {"time":"...","operation":"adcp_backup","outcome":"ok","duration_ms":12,"path":"...",
**    "tables":3,"rows":41,"size_bytes":900}
**   {"time":"...","operation":"adcp_restore","outcome":"error","duration_ms":2,"path":"...",
**    "error":"..."}
**
** A line is written at once in append mode, so that several processes can share a log. A log that
** cannot be written does not fail the operation, which is done by then: SQLite's own log is told.
*/
#ifndef ADCP_OPS_LOG_H
#define ADCP_OPS_LOG_H

#include "base/buf.h"
#include "ops/config.h"

typedef struct AdcpLogEntry {
  const char *operation;
  const char *path; /* as it was asked for, or NULL; a path of the report goes before it */
  AdcpBuf *report;  /* JSON object, or empty */
  int64_t duration_ms;
} AdcpLogEntry;

/* No-op without a log_file. outcome: what became of the operation; it stays as it is. */
void adcp_log_write(const AdcpConfig *config, const AdcpLogEntry *entry, const AdcpError *outcome);

/* Sets ADCP_CANTOPEN when what the operation is to write is the log itself: its line would be the end of
** that file. */
void adcp_log_refuse(const AdcpConfig *config, const char *path, AdcpError *err);

#endif
