/*
** restore.h - puts a backup into a database in one atomic step, piece by piece.
**
**     restore = adcp_restore_open(&request, err);
**     while( adcp_restore_step(restore) ){}
**     adcp_restore_finish(restore, &report);
**     adcp_restore_close(restore);
**
** From open to close the connection is in a transaction (BEGIN, or a savepoint inside the
** caller's) with its settings switched; close puts everything back and, when finish did not
** succeed, the database too, and adds to the error's message what is true then. err is borrowed for
** the life of the restore.
*/
#ifndef ADCP_OPS_RESTORE_H
#define ADCP_OPS_RESTORE_H

#include "base/buf.h"
#include "ops/request.h"

typedef struct AdcpRestore AdcpRestore;

extern const AdcpOptionTable adcp_restore_options; /* docs/restore.md */

AdcpRestore *adcp_restore_open(const AdcpRequest *request, AdcpError *err);

/* Reads and inserts some thousand rows; true while there is more to do. */
bool adcp_restore_step(AdcpRestore *restore);

/* Indexes, views, triggers, verification, commit; appends the report, a JSON object. */
void adcp_restore_finish(AdcpRestore *restore, AdcpBuf *report);
void adcp_restore_close(AdcpRestore *restore);

#endif
