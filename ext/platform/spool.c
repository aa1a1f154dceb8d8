/*
** spool.c - unnamed temporary files (contract in spool.h).
**
** O_TMPFILE where the file system has it: the file never has a name. Elsewhere it is made under a
** name that nothing else uses and unlinked at once. Either way nothing is left after a crash.
*/
#include "platform/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/file.h"
#include "platform/write.h"

/* A pipe gives 64 KiB at a time at most. */
#define CHUNK_BYTES (64 * 1024)

/* Names tried in one folder before it is given up. */
#define MAX_TRIES 100

/* Makes a file of a free name and takes the name away again; -1 with errno. */
static int open_and_unlink(const char *folder) {
  for( int i = 0; i < MAX_TRIES; i++ ) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/.%ld-%d.adcp-spool", folder, (long)getpid(), i);
    if( length < 0 || (size_t)length >= sizeof path ) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int fd = adcp_system_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if( fd >= 0 ) adcp_system_calls()->xUnlink(AT_FDCWD, path);
    if( fd >= 0 || errno != EEXIST ) return fd;
  }
  return -1;
}

static int open_in(const char *folder) {
  int fd = adcp_system_open(AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600);
  if( fd >= 0 ) return fd;
  return open_and_unlink(folder);
}

int adcp_spool_open(AdcpError *err) {
  if( err->rc != ADCP_OK ) return -1;
  const char *folders[] = {secure_getenv("TMPDIR"), "/var/tmp", "/tmp"};
  int error_number = ENOENT;
  for( size_t i = 0; i < sizeof folders / sizeof folders[0]; i++ ) {
    if( folders[i] == NULL || folders[i][0] == 0 ) continue;
    int fd = open_in(folders[i]);
    if( fd >= 0 ) return fd;
    error_number = errno;
  }
  adcp_error_errno(err, ADCP_CANTOPEN, error_number,
                   "cannot make a temporary file in $TMPDIR, /var/tmp or /tmp");
  return -1;
}

/* Copies to the end of input; returns the bytes copied. */
static int64_t copy_all(int from, int to, const char *path, uint8_t *chunk, AdcpError *err) {
  int64_t total = 0;
  for( ;; ) {
    ssize_t got = adcp_system_calls()->xRead(from, chunk, CHUNK_BYTES);
    if( got == 0 ) return total;
    if( got < 0 && errno == EINTR ) continue;
    if( got < 0 ) {
      adcp_error_errno(err, ADCP_IOERR, errno, "cannot read %s", path);
      return total;
    }
    int error_number = adcp_write_all(to, chunk, (size_t)got);
    if( error_number ) {
      adcp_error_errno(err, ADCP_IOERR, error_number, "cannot copy %s to a temporary file", path);
      return total;
    }
    total += got;
  }
}

int adcp_spool_copy(int fd, const char *path, int64_t *size, AdcpError *err) {
  int copy = adcp_spool_open(err);
  if( copy < 0 ) return -1;
  uint8_t *chunk = adcp_malloc(CHUNK_BYTES);
  if( chunk == NULL ) {
    adcp_error_nomem(err);
  } else {
    *size = copy_all(fd, copy, path, chunk, err);
  }
  adcp_free(chunk);
  if( err->rc == ADCP_OK ) return copy;
  adcp_system_calls()->xClose(copy);
  return -1;
}
