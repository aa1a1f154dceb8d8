/*
** prune.h - deletes backups that no rule of retention keeps; a dry run unless "apply" is true.
**
** Rules are applied to the whole backups of the folder, those of each database by themselves, since two
** databases may share a folder, and of these each kind, so that one of some tables, or of none of the
** rows, never takes the place of one of all. Never deleted, whatever the rules: the newest valid backup
** of each such series (it is read to its last byte to know that), what does not say of which file it was made
** (unless the caller says that all of that are of one database), what is damaged, what is foreign, what is dated in the
** future (it would push out what is newer), links, and files that changed after they were looked at.
*/
#ifndef ADCP_OPS_PRUNE_H
#define ADCP_OPS_PRUNE_H

#include "ops/request.h"

extern const AdcpOptionTable adcp_prune_options; /* docs/prune.md */

/* Does it all and appends the report: one entry a file. */
void adcp_prune(const AdcpRequest *request, AdcpBuf *report, AdcpError *err);

#endif
