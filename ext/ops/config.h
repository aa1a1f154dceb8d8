/*
** config.h - the settings of one connection: where backups are, and the defaults of all options.
**
** Made when the extension is loaded into a connection and shared by its functions and relations,
** each of which holds a reference; SQLite lets go of these when the connection is closed. Settings
** live in memory only: a database is data and never configures anything.
**
** Used by the thread that uses the connection; not thread-safe in itself, as a connection is not.
*/
#ifndef ADCP_OPS_CONFIG_H
#define ADCP_OPS_CONFIG_H

#include "adcp.h"
#include "db/sqlite.h"
#include "ops/options.h"
#include "platform/root.h"

typedef struct AdcpConfig AdcpConfig;

/* With one reference, for the connection (borrowed; NULL for one that writes no log). It holds its
** paths to a root of its own, which is none yet, or to that of
** `within` (borrowed for the life of this one). NULL on error. */
AdcpConfig *adcp_config_open(sqlite3 *handle, const AdcpConfig *within, AdcpError *err);
AdcpConfig *adcp_config_retain(AdcpConfig *config);
void adcp_config_release(void *config); /* a destructor for SQLite */

/* The defaults of every option that was set; borrowed. */
const AdcpOptions *adcp_config_options(const AdcpConfig *config);

/* The connection. */
sqlite3 *adcp_config_handle(const AdcpConfig *config);

/* Where the paths of the connection are held (setting "root"). Borrowed; the same for the life of
** config, and held closer from the moment when the setting is narrowed. */
const AdcpRoot *adcp_config_root(const AdcpConfig *config);

/* Sets one setting from JSON text; null resets it. */
void adcp_config_set(AdcpConfig *config, const char *key, const char *json, size_t n,
                     AdcpError *err);

/* Takes the settings of a file, one JSON object: all of them, or none and an error. */
void adcp_config_load(AdcpConfig *config, const char *path, AdcpError *err);

/* The names of all settings, in the order in which they are shown. */
size_t adcp_config_count(const AdcpConfig *config);
const char *adcp_config_key(const AdcpConfig *config, size_t i);

/* Appends the value that is in force, as JSON. */
void adcp_config_write(const AdcpConfig *config, sqlite3 *handle, const char *key, AdcpBuf *out,
                       AdcpError *err);

/* The folder of backups: the setting, or "backups" beside the file of the database `schema`. The
** caller frees it. NULL with an error when neither is there. */
char *adcp_config_backup_dir(const AdcpConfig *config, sqlite3 *handle, const char *schema,
                             AdcpError *err);
const char *adcp_config_name_prefix(const AdcpConfig *config);

/* The last restore that this connection committed. */
typedef struct AdcpLastRestore {
  char *schema;        /* as which the database was attached */
  char *database;      /* its file; "" without one */
  char *safety_backup; /* path of what was there before; NULL when none was made */
} AdcpLastRestore;

/* NULL when there was none. Borrowed until the next is remembered. */
const AdcpLastRestore *adcp_config_last_restore(const AdcpConfig *config);
void adcp_config_remember(AdcpConfig *config, AdcpLastRestore *restore); /* moves its texts */
void adcp_last_restore_clear(AdcpLastRestore *restore);

/* Around SQL of an option's value, which an operation runs on the connection: functions of ours that it
** calls would run within that operation, perhaps without end. */
void adcp_config_begin_query(AdcpConfig *config);
void adcp_config_end_query(AdcpConfig *config);

/* Whether it is between the two. */
bool adcp_config_in_query(const AdcpConfig *config);

/* What an application wants to be told while work goes on (adcp.h); NULL without. Borrowed from the
** application. */
const adcp_progress_hook *adcp_config_progress(const AdcpConfig *config);
void adcp_config_set_progress(AdcpConfig *config, const adcp_progress_hook *hook);

#endif
