/*
** legacy.h - what a restore does for backups of the earlier Python tool (archive/legacy_read.h).
*/
#ifndef ADCP_OPS_LEGACY_H
#define ADCP_OPS_LEGACY_H

#include "db/token.h"
#include "ops/plan.h"

/* True for a backup of version 2.0. */
bool adcp_legacy_is(const AdcpArchiveHead *head);

/* True when such a file can be restored into a database with nothing but what option create makes:
** the table is one of the application's own. */
bool adcp_legacy_makes_table(const char *name);

/* Option create, for people: the next of the application's own objects that the schema lacks, from
** *at on, which moves on; false behind the last. The caller frees create. */
bool adcp_legacy_next_missing(const AdcpSchema *live, size_t *at, AdcpCreate *create,
                              AdcpError *err);

/* Option create is an error with a backup of another version. */
void adcp_legacy_check_create(const AdcpArchiveHead *head, AdcpError *err);

/* Option create: makes what the database lacks of the application's own tables, indexes, full-text
** index and triggers. Within the restore's transaction, before the live schema is read. */
void adcp_legacy_create(AdcpDb *db, const AdcpArchiveHead *head);

/* Says what such a file never held, and which of its columns the database lacks. */
void adcp_legacy_warn(AdcpPlan *plan, const AdcpArchiveHead *head, AdcpError *err);

#endif
