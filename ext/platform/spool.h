/*
** spool.h - copies what cannot seek to a temporary file without a name.
*/
#ifndef ADCP_PLATFORM_SPOOL_H
#define ADCP_PLATFORM_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/checkpoint.h"
#include "base/error.h"

typedef struct AdcpSpoolSource {
  int fd;                           /* stays open */
  const char *path;                 /* for messages */
  const AdcpCheckpoint *checkpoint; /* asked while it gives nothing, and once a piece */
} AdcpSpoolSource;

/* Reads it to its end into a new unnamed file of mode 0600 in $TMPDIR, /var/tmp or /tmp. Returns
** that file's descriptor (the caller closes it) and its size, or -1 with err set: CANTOPEN or FULL where
** it is the copy that cannot be made. */
int adcp_spool_copy(const AdcpSpoolSource *source, int64_t *size, AdcpError *err);

/* A new unnamed file, open for reading and writing, or -1 with err set. The caller closes it. */
int adcp_spool_open(AdcpError *err);

#endif
