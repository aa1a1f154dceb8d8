/*
** backup.h - writes a database into a backup file, a step at a time.
**
**     backup = adcp_backup_open(&request, err);
**     while( adcp_backup_step(backup) ){}
**     adcp_backup_finish(backup, &report);
**     adcp_backup_close(backup);
**
** One snapshot is held from open to close. err is borrowed for the life of the backup; after an
** error step and finish do nothing, and close leaves no file behind.
*/
#ifndef ADCP_OPS_BACKUP_H
#define ADCP_OPS_BACKUP_H

#include "archive/format.h"
#include "base/buf.h"
#include "ops/request.h"

typedef struct AdcpBackup AdcpBackup;

extern const AdcpOptionTable adcp_backup_options; /* docs/backup.md */

AdcpBackup *adcp_backup_open(const AdcpRequest *request, AdcpError *err);

/* Writes some thousand rows; true while there is more to do. */
bool adcp_backup_step(AdcpBackup *backup);

/* Writes the end, puts the file under its name and appends the report, a JSON object. */
void adcp_backup_finish(AdcpBackup *backup, AdcpBuf *report);

/* True once the file stands under its name; its place is then the caller's, and only the close is
** left. */
bool adcp_backup_take_written(AdcpBackup *backup, AdcpPlace *place);
const AdcpArchiveTotals *adcp_backup_totals(const AdcpBackup *backup); /* after finish */
void adcp_backup_close(AdcpBackup *backup);

#endif
