/*
** settings.h - what a backup holds besides the database: settings files, environment variables,
** feature flags.
**
** Everything is gathered and checked before the backup's file is begun, then written as sections of
** the document:
**
**   "app_settings":{ ...the file as it is..., "environment_variables":{"DEBUG":"1",...}},
**   "tenant_settings":{...},
**   "feature_flags":{"debug_mode":true,...},
**   "secret_digests":{...}                                              (secrets.h)
**
** Files are read, never written.
*/
#ifndef ADCP_OPS_SETTINGS_H
#define ADCP_OPS_SETTINGS_H

#include "archive/archive_read.h"
#include "archive/archive_write.h"
#include "db/db.h"
#include "ops/config.h"
#include "ops/options.h"
#include "ops/text_list.h"

#define ADCP_APP_SETTINGS       "app_settings"
#define ADCP_ENVIRONMENT_KEY    "environment_variables"
#define ADCP_FLAGS_SECTION      "feature_flags"
#define ADCP_METADATA_VARIABLES "environment_variables" /* their names, in backup_metadata */
#define ADCP_METADATA_ALONE     "environment_only"      /* there: app_settings has nothing else */

/* The options, for a table of option specs. */
#define ADCP_SETTINGS_OPTIONS                                                                      \
  {"settings", ADCP_OPTION_MAP, 0, 0, NULL},                                                       \
      {"settings_missing", ADCP_OPTION_TEXT, 0, 0, adcp_settings_missing_choices},                 \
      {"env", ADCP_OPTION_NAMES, 0, 0, NULL}, {"flags", ADCP_OPTION_MAP, 0, 0, NULL},              \
      {"secret_names", ADCP_OPTION_NAMES, 0, 0, NULL}, {                                           \
    "include_secrets", ADCP_OPTION_BOOL, 0, 0, NULL                                                \
  }
extern const char *const adcp_settings_missing_choices[];

typedef struct AdcpSettings AdcpSettings;

/* Gathers all of it; SQL of flags runs on db. Borrows options and config. NULL on error. */
AdcpSettings *adcp_settings_open(const AdcpOptions *options, AdcpConfig *config, AdcpDb *db);

/* Members for backup_metadata: names of variables and of what was left out; nothing when there is
** none. */
void adcp_settings_write_metadata(const AdcpSettings *settings, AdcpJsonWriter *w);

/* Whether an earlier backup has these sections, secrets among them. For this, settings of option if_changed
** keep the texts of files. */
bool adcp_settings_are_held(const AdcpSettings *settings, const AdcpArchiveReader *archive,
                            AdcpError *err);

/* The sections. */
void adcp_settings_write(const AdcpSettings *settings, AdcpArchiveWriter *archive);

/* "section/path" of what was left out, and warnings, for the report. */
const AdcpTextList *adcp_settings_redacted(const AdcpSettings *settings);
const AdcpTextList *adcp_settings_warnings(const AdcpSettings *settings);
void adcp_settings_close(AdcpSettings *settings);

/* True for the names of top-level members that the format uses itself. */
bool adcp_settings_reserved(const char *section);

#endif
