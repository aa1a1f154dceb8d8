/*
** backup_table.h - the rows of one table of a backup, from any place on.
**
**     table = adcp_backup_table_open(&call, err);
**     adcp_backup_table_seek_rowid(table, 17);
**     while( adcp_backup_table_next(table) ) ...
**
** A row is looked at as text or as values, in any order; both are borrowed until the next call of
** next. A seek goes to the last place that the manifest knows in front of the row that is wanted,
** so that rows before it may still come. Errors name the file. err is borrowed until close.
*/
#ifndef ADCP_OPS_BACKUP_TABLE_H
#define ADCP_OPS_BACKUP_TABLE_H

#include "archive/archive_read.h"
#include "db/sqlite.h"

typedef struct AdcpBackupTable AdcpBackupTable;

/* The table of the head with that name or, if there is none, with it in other letter case. NULL and
** an error that names the nearest when there is none, or says why it has no rows in the backup. */
const AdcpArchiveTable *adcp_backup_find_rows(const AdcpArchiveHead *head, const char *name,
                                              AdcpError *err);

/* Which rows to open, and how. */
typedef struct AdcpBackupTableCall {
  const AdcpRoot *root; /* borrowed while opening */
  const char *path;
  const char
      *name; /* NULL: no table is chosen yet; otherwise the one that adcp_backup_find_rows finds */
  int threads;
  const AdcpBackupTable
      *first;      /* of the same path, opened before and open: what came through a pipe is read
                                ** from there. NULL: none */
  sqlite3 *handle; /* whose interrupt stops it, while a statement runs; NULL: none. Borrowed */
} AdcpBackupTableCall;

/* NULL on error. */
AdcpBackupTable *adcp_backup_table_open(const AdcpBackupTableCall *call, AdcpError *err);

/* Goes on with another table, in front of its first row: one of the head's tables. */
void adcp_backup_table_choose(AdcpBackupTable *table, const AdcpArchiveTable *entry);
const AdcpArchiveTable *adcp_backup_table_entry(const AdcpBackupTable *table);
const AdcpArchiveHead *adcp_backup_table_head(const AdcpBackupTable *table);
bool adcp_backup_table_is_copy(const AdcpBackupTable *table); /* of what came through a pipe */

/* Starts over in front of a row: by its number from 1, by its rowid. */
void adcp_backup_table_seek_row(AdcpBackupTable *table, int64_t row);
void adcp_backup_table_seek_rowid(AdcpBackupTable *table, int64_t rowid);

/* The same by a function of the caller's: true for the key (JSON) of a mark that stands in front of
** what is wanted. */
typedef bool AdcpMarkBefore(void *context, const char *key);
void adcp_backup_table_seek_key(AdcpBackupTable *table, AdcpMarkBefore *before, void *context);

/* False at the end or on error. */
bool adcp_backup_table_next(AdcpBackupTable *table);
int64_t adcp_backup_table_row(const AdcpBackupTable *table); /* its number */
const char *adcp_backup_table_text(AdcpBackupTable *table, size_t *size);
const AdcpValue *adcp_backup_table_values(AdcpBackupTable *table); /* NULL on error */
bool adcp_backup_table_rowid(AdcpBackupTable *table, int64_t *rowid);

/* When all rows were read from the first on, their digest has been checked. */
void adcp_backup_table_close(AdcpBackupTable *table);

#endif
