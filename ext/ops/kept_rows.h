/*
** kept_rows.h - in which backup of a folder the rows of a table are, told by their digest.
**
** The head of every whole backup is read once, when this is opened; after that it is a look into a
** map. Two tables of equal rows and columns have one digest, whatever their names.
*/
#ifndef ADCP_OPS_KEPT_ROWS_H
#define ADCP_OPS_KEPT_ROWS_H

#include "base/checkpoint.h"
#include "platform/root.h"

typedef struct AdcpKeptRows AdcpKeptRows;

/* A folder that does not exist, or is outside of the root, holds nothing. The checkpoint is asked
** before each file and while one is read. NULL on error. */
AdcpKeptRows *adcp_kept_rows_open(const AdcpRoot *root, const char *folder,
                                  AdcpCheckpoint checkpoint, AdcpError *err);

/* The name of a file of the folder (of several, the last by name); NULL when none has these rows.
** Borrowed until close. */
const char *adcp_kept_rows_find(const AdcpKeptRows *kept, const char *sha256);
void adcp_kept_rows_close(AdcpKeptRows *kept);

#endif
