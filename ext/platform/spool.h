/*
** spool.h - copies what cannot seek to a temporary file without a name.
*/
#ifndef ADCP_PLATFORM_SPOOL_H
#define ADCP_PLATFORM_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Reads fd to its end into a new unnamed file of mode 0600 in $TMPDIR, /var/tmp or /tmp. Returns
** that file's descriptor (the caller closes it) and its size, or -1 with err set. fd stays open.
** path is for messages. */
int adcp_spool_copy(int fd, const char *path, int64_t *size, AdcpError *err);

/* A new unnamed file, open for reading and writing, or -1 with err set. The caller closes it. */
int adcp_spool_open(AdcpError *err);

#endif
