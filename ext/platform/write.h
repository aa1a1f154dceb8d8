/*
** write.h - writes that tell by errno that they failed, and never by a signal.
**
** A pipe whose reader went away sends SIGPIPE and a file at RLIMIT_FSIZE sends SIGXFSZ; either ends a
** process that expects neither. Both are held back on the calling thread and taken back when
** they come: the host's handlers and dispositions, which are the whole process's, stay as they are.
*/
#ifndef ADCP_PLATFORM_WRITE_H
#define ADCP_PLATFORM_WRITE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/checkpoint.h"

/* Between two questions whether to go on waiting. */
#define ADCP_WAIT_MS 100

/* As write(), once: fewer bytes, or -1 with errno (EPIPE, EFBIG among others). */
ssize_t adcp_write_some(int fd, const void *bytes, size_t n);

/* Writes all n bytes, restarting on EINTR and short writes; 0, or the errno of the failure. */
int adcp_write_all(int fd, const void *bytes, size_t n);

/* The same to a stream, whether its descriptor blocks or not: waits where it has no room, and asks the
** checkpoint ten times a second whether to go on. 0 also when that set err. */
int adcp_write_stream(int fd, const void *bytes, size_t n, const AdcpCheckpoint *checkpoint,
                      AdcpError *err);

#endif
