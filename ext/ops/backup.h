/*
** backup.h - writes a database into a backup file, a step at a time.
**
**     backup = adcp_backup_open(db, path, json, n, err);
**     while( adcp_backup_step(backup) ){}
**     adcp_backup_finish(backup, &report);
**     adcp_backup_close(backup);
**
** One snapshot is held from open to close. err is borrowed for the life of the backup; after an error step and
** finish do nothing, and close leaves no file behind.
*/
#ifndef ADCP_OPS_BACKUP_H
#define ADCP_OPS_BACKUP_H

#include "base/buf.h"
#include "db/sqlite.h"

typedef struct AdcpBackup AdcpBackup;

/* options_json: see the table in backup.c and docs/backup.md. */
AdcpBackup *adcp_backup_open(sqlite3 *handle, const char *path, const char *options_json, size_t n,
                             AdcpError *err);

/* Writes some thousand rows; true while there is more to do. */
bool adcp_backup_step(AdcpBackup *backup);

/* Writes the end, puts the file under its name and appends the report, a JSON object. */
void adcp_backup_finish(AdcpBackup *backup, AdcpBuf *report);
void adcp_backup_close(AdcpBackup *backup);

#endif
