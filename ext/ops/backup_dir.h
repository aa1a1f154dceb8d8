/*
** backup_dir.h - the folder of backups and the dated names in it.
**
**   <backup_dir>/<name_prefix>_YYYYMMDD_HHMMSS.json.gz          (UTC)
**   <backup_dir>/<name_prefix>_YYYYMMDD_HHMMSS_2.json.gz        when that is taken, and so on
**   <backup_dir>/<name_prefix>_safety_YYYYMMDD_HHMMSS.json.gz   made by a restore (safety.h)
*/
#ifndef ADCP_OPS_BACKUP_DIR_H
#define ADCP_OPS_BACKUP_DIR_H

#include "archive/archive_read.h"
#include "base/texts.h"
#include "db/db.h"
#include "ops/config.h"
#include "ops/listing.h"

/* The path of a new backup of db->schema, for ADCP_OUT_NUMBERED. kind: "" or "safety_"; created in seconds since 1970. Makes
** the folder (0700) when it is missing, but not the folder that it stands in. The caller frees it; NULL on error. */
char *adcp_backup_dir_new_path(const AdcpConfig *config, AdcpDb *db, const char *kind,
                               int64_t created, const char *suffix);

/* Sets an error that says why no backup could be written into the folder as things are: it is none,
** cannot be made or cannot be written to. Tries nothing and makes nothing. */
void adcp_backup_dir_check(const AdcpRoot *root, const char *folder, AdcpError *why);

/* The path of an existing backup: as it is, but for "latest", which is the newest whole backup in
** the folder of the database `db->schema`. The caller frees it; NULL on error. */
char *adcp_backup_dir_find(const AdcpConfig *config, AdcpDb *db, const char *path);
bool adcp_backup_dir_is_latest(const char *path);

/* Whether a backup is of the file of another database than db->schema: not where either has none, nor where
** two paths read alike. */
bool adcp_backup_dir_is_of_another(const AdcpDb *db, const AdcpListingEntry *entry);

/* Adds what should be known of a backup that was found as "latest" before it is restored into
** db->schema: that it is of another file (several databases may share a folder), or dated in the
** future. */
void adcp_backup_dir_doubt_latest(AdcpDb *db, const AdcpArchiveHead *head, AdcpTexts *doubts);

#endif
