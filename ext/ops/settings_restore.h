/*
** settings_restore.h - settings files and environment variables of a backup, at a restore.
**
**     settings = adcp_settings_restore_open(options, config, archive, db, err);  reads, merges, compares
**     adcp_settings_restore_stage(settings, db);     reads what has changed again; temporary files, synced
**     ... the database is committed ...
**     adcp_settings_restore_publish(settings, db);                    renamed into place
**     adcp_settings_restore_close(settings);                          what was not renamed is gone
**
** Files are written only to paths that the caller names: {"settings":{"app_settings":"path"}} and
** "env_file"; a name in the backup never becomes a path. A value that the backup left out is taken
** from the file that is there; where that has none it stays null.
*/
#ifndef ADCP_OPS_SETTINGS_RESTORE_H
#define ADCP_OPS_SETTINGS_RESTORE_H

#include "archive/archive_read.h"
#include "codec/json_write.h"
#include "db/db.h"
#include "ops/config.h"
#include "ops/text_list.h"

/* The options, for a table of option specs. */
#define ADCP_SETTINGS_RESTORE_OPTIONS                                                              \
  {"settings", ADCP_OPTION_TARGETS, 0, 0, NULL}, {                                                 \
    "env_file", ADCP_OPTION_TEXT, 0, 0, NULL                                                       \
  }

typedef struct AdcpSettingsRestore AdcpSettingsRestore;

/* Refused inside a transaction of the caller when files are to be written: its ROLLBACK could not
** take them back. NULL on error. Borrows options, the root of config, archive and the connection. */
AdcpSettingsRestore *adcp_settings_restore_open(const AdcpOptions *options,
                                                const AdcpConfig *config,
                                                const AdcpArchiveReader *archive, sqlite3 *handle,
                                                AdcpError *err);
void adcp_settings_restore_stage(AdcpSettingsRestore *settings, AdcpDb *db);

/* After the commit, which is brought to the disk first: a power failure must not leave new files
** beside the old database. An error says which files are in place and which are not. */
void adcp_settings_restore_publish(AdcpSettingsRestore *settings, AdcpDb *db);

/* Members for the report: names only. */
void adcp_settings_restore_report(const AdcpSettingsRestore *settings, AdcpJsonWriter *w);

/* For the report's warnings. */
const AdcpTextList *adcp_settings_restore_warnings(const AdcpSettingsRestore *settings);
void adcp_settings_restore_close(AdcpSettingsRestore *settings);

#endif
