/*
** request.h - what every operation is asked for: connection, settings, path, options.
*/
#ifndef ADCP_OPS_REQUEST_H
#define ADCP_OPS_REQUEST_H

#include "archive/archive_read.h"
#include "ops/config.h"

/* A backup that is made because something else is about to change the database. */
typedef struct AdcpSafetyMark {
  const char *before;         /* the function: "adcp_restore", "adcp_undo" */
  const char *path;           /* of the backup that is restored */
  const char *content_sha256; /* of it; "" where it has none */
} AdcpSafetyMark;

/* Everything is borrowed while the operation is opened; config and handle for its life. */
typedef struct AdcpRequest {
  sqlite3 *handle;
  AdcpConfig *config;
  const char *path;    /* NULL where none was given */
  const char *options; /* JSON text; NULL where none was given */
  size_t options_size;
  const char *function; /* that was called, as SQL names it; NULL where it does not matter */
  bool is_latest;       /* of a plan: the path was found as "latest" */
  bool complete;        /* the settings of the connection do not complete the options */
  bool is_undo;         /* of a restore: adcp_undo's; it is not what an undo undoes */
  bool is_trial;        /* of a restore: into nobody's database, of which errors do not speak */
  const AdcpArchiveReader *archive; /* of a trial: the backup at the path, open; NULL otherwise */
  const AdcpSafetyMark *safety;     /* of a backup: what it is made before; NULL otherwise */
} AdcpRequest;

/* The options of the request, completed from the settings. NULL on error. */
AdcpOptions *adcp_request_options(const AdcpRequest *request, const AdcpOptionTable *table,
                                  AdcpError *err);

/* TOOBIG where SQLite would not take a report of this size as a result of the connection. */
void adcp_request_check_report(sqlite3 *handle, size_t size_bytes, AdcpError *err);

/* For who is about to do what cannot be undone: `report` as it would be now. Makes sure that there is
** memory for it afterwards, and, with a handle (NULL: it goes to nobody), that the connection takes
** it. Leaves it empty. */
void adcp_request_reserve_report(sqlite3 *handle, AdcpBuf *report, AdcpError *err);

#endif
