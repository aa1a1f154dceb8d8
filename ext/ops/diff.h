/*
** diff.h - what differs between a backup and a live database, or between two backups.
**
**     diff = adcp_diff_open(db, root, path, path2);
**     while( (item = adcp_diff_next(diff)) != NULL ) ...
**     adcp_diff_close(diff);
**
** First the definitions, then the rows, table by table in the order of the first backup's file.
** Tables of equal digest are not read; of the others both sides come in the order of their key and
** are merged: two rows in memory, whatever the size. Where the key itself differs there is no way
** to tell which row is which: all rows are removed, and all added.
**
** The live database is one snapshot. Where this connection itself writes to it, all that is left is read
** ahead, to disk: at the first call if the statement that calls is one that writes, otherwise at the first
** call after rows were changed.
*/
#ifndef ADCP_OPS_DIFF_H
#define ADCP_OPS_DIFF_H

#include "base/buf.h"
#include "codec/schema.h"
#include "codec/value.h"
#include "db/db.h"
#include "platform/root.h"

typedef enum AdcpChange {
  ADCP_CHANGE_SCHEMA,  /* a definition: old and new are its texts */
  ADCP_CHANGE_REMOVED, /* a row of the first side only: old is the row as JSON */
  ADCP_CHANGE_ADDED,   /* a row of the second side only: new is the row as JSON */
  ADCP_CHANGE_CHANGED  /* a value of a row that both have */
} AdcpChange;

typedef struct AdcpDiffItem {
  const char *object; /* name of the table or other object */
  AdcpChange change;
  const char *column; /* CHANGED: its name; SCHEMA: "sql" */
  AdcpValue key;    /* of the row: its rowid, its key, or a JSON array of its keys; NULL without */
  bool key_is_json; /* the array */
  AdcpValue old, new; /* NULL where the side has none */
} AdcpDiffItem;

/* One table of the summary. */
typedef struct AdcpDiffCount {
  const char *object;
  int64_t removed, added, changed, equal; /* rows */
} AdcpDiffCount;

typedef struct AdcpDiff AdcpDiff;

/* path2 NULL: the database db->schema as it is now, under a snapshot held until close. NULL on
** error. db's error is borrowed until close. */
AdcpDiff *adcp_diff_open(AdcpDb *db, const AdcpRoot *root, const char *path, const char *path2);

/* The next difference; borrowed until the next call. NULL at the end or on error. */
const AdcpDiffItem *adcp_diff_next(AdcpDiff *diff);

/* Instead of next: the next table with its counts, definitions left aside. */
const AdcpDiffCount *adcp_diff_next_table(AdcpDiff *diff);
void adcp_diff_close(AdcpDiff *diff);

#endif
