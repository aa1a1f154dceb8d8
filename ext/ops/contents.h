/*
** contents.h - the table of contents of a backup: one entry an object, in the order of a restore.
**
**   pre-data   tables, then virtual tables, then the shadow tables that these bring along
**   data       the rows of a table, in the order of the file
**   post-data  indexes, then views, then triggers
**
** From the head and the tail of the file alone: the time it takes does not depend on the rows.
*/
#ifndef ADCP_OPS_CONTENTS_H
#define ADCP_OPS_CONTENTS_H

#include "archive/archive_read.h"
#include "base/buf.h"
#include "db/sqlite.h"

typedef struct AdcpContents AdcpContents;

typedef struct AdcpContentsEntry {
  const char *section;
  const AdcpObject *object;     /* definition; NULL for rows */
  const AdcpArchiveTable *rows; /* NULL for a definition */
} AdcpContentsEntry;

/* NULL on error. root, and the connection that may interrupt it, and err are borrowed until close. */
AdcpContents *adcp_contents_open(const AdcpRoot *root, const char *path, sqlite3 *handle,
                                 AdcpError *err);
size_t adcp_contents_count(const AdcpContents *contents);
const AdcpContentsEntry *adcp_contents_entry(const AdcpContents *contents, size_t i);

/* Byte in the JSON text at which the first row of an entry stands; -1 where positions mean nothing.
** */
int64_t adcp_contents_offset(AdcpContents *contents, const AdcpContentsEntry *entry);

/* Appends a JSON array of the names of the tables and views that an entry needs: rows need their
** table, a table the parents of its foreign keys, a shadow table its virtual table, an index or
** trigger what it stands on; views, triggers and FTS tables those that their text names. */
void adcp_contents_depends(AdcpContents *contents, const AdcpContentsEntry *entry, AdcpBuf *out);
void adcp_contents_close(AdcpContents *contents);

#endif
