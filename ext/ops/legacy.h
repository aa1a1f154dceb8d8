/*
** legacy.h - what a restore does for backups of the earlier Python tool (archive/legacy_read.h).
*/
#ifndef ADCP_OPS_LEGACY_H
#define ADCP_OPS_LEGACY_H

#include "ops/plan.h"

/* True for a backup of version 2.0. */
bool adcp_legacy_is(const AdcpArchiveHead *head);

/* Option create: makes what the database lacks of the application's own tables, indexes, full-text
** index and triggers. Within the restore's transaction, before the live schema is read. Err: the
** backup is of another version. */
void adcp_legacy_create(AdcpDb *db, const AdcpArchiveHead *head);

/* Says what such a file never held, and which of its columns the database lacks. */
void adcp_legacy_warn(AdcpPlan *plan, const AdcpArchiveHead *head, AdcpError *err);

#endif
