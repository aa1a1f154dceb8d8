/*
** undo.h - puts back what a restore replaced: restores its safety backup, whole and verified.
**
** Which one: that of the last restore that this connection committed, if that was of the database
** asked for; otherwise the newest safety backup in the folder of backups that was made of this
** database's file. A last restore that made none is an error, never an older file; so is one whose
** database is not attached under its name any more, unless another database is asked for; and so is a
** damaged file that may be newer than the newest whole one, or one that is dated in the future.
**
** It is a restore itself, which makes a safety backup by the same rules, but not one that the next
** undo takes: called again, by somebody or by SQLite, it puts back the same.
*/
#ifndef ADCP_OPS_UNDO_H
#define ADCP_OPS_UNDO_H

#include "base/buf.h"
#include "ops/request.h"

/* request->options: docs/undo.md; no path. Appends the report of the restore. */
void adcp_undo(const AdcpRequest *request, AdcpBuf *report, AdcpError *err);

#endif
