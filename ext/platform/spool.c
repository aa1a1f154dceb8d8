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

static void ask(const AdcpSpoolSource *source, AdcpError *err) {
  if( source->checkpoint->xCheck ) source->checkpoint->xCheck(source->checkpoint->context, err);
}

/* Until there is something to read, or the end. A read alone would take a FIFO without a writer for one
** that has ended. */
static void wait_for_text(const AdcpSpoolSource *source, AdcpError *err) {
  struct pollfd text = {.fd = source->fd, .events = POLLIN};
  int ready = 0;
  while( ready == 0 && err->rc == ADCP_OK ) {
    ask(source, err);
    if( err->rc ) return;
    ready = adcp_system_calls()->xPoll(&text, 1, ADCP_WAIT_MS);
    if( ready < 0 && errno == EINTR ) ready = 0;
  }
  if( ready < 0 ) adcp_error_errno(err, ADCP_IOERR, errno, "cannot read %s", source->path);
}

/* A descriptor of the host's, whose flags are not ours to change, may wait within a read. */
static bool may_block(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 || !(flags & O_NONBLOCK);
}

/* The next piece; 0 at the end of input and on error. What does not block is read without a wait once it
** has given something: of a FIFO that was opened when its writer had gone, a wait would tell no end. */
static size_t read_piece(const AdcpSpoolSource *source, bool wait_first, uint8_t *chunk,
                         AdcpError *err) {
  for( bool wait = wait_first;; wait = true ) {
    if( wait ) {
      wait_for_text(source, err);
    } else {
      ask(source, err);
    }
    if( err->rc ) return 0;
    ssize_t got = adcp_system_calls()->xRead(source->fd, chunk, CHUNK_BYTES);
    if( got >= 0 ) return (size_t)got;
    if( errno == EINTR || errno == EAGAIN ) continue;
    adcp_error_errno(err, ADCP_IOERR, errno, "cannot read %s", source->path);
    return 0;
  }
}

/* Copies to the end of input; returns the bytes copied. */
static int64_t copy_all(const AdcpSpoolSource *source, int to, uint8_t *chunk, AdcpError *err) {
  int64_t total = 0;
  bool blocks = may_block(source->fd);
  for( ;; ) {
    size_t got = read_piece(source, blocks || total == 0, chunk, err);
    if( got == 0 ) return total;
    int error_number = adcp_write_all(to, chunk, got);
    if( error_number ) {
      adcp_error_errno(err, ADCP_CANTOPEN, error_number, "cannot copy %s to a temporary file",
                       source->path);
      return total;
    }
    total += (int64_t)got;
  }
}

int adcp_spool_copy(const AdcpSpoolSource *source, int64_t *size, AdcpError *err) {
  int copy = adcp_spool_open(err);
  if( copy < 0 ) return -1;
  uint8_t *chunk = adcp_malloc(CHUNK_BYTES);
  if( chunk == NULL ) {
    adcp_error_nomem(err);
  } else {
    *size = copy_all(source, copy, chunk, err);
  }
  adcp_free(chunk);
  if( err->rc == ADCP_OK ) return copy;
  adcp_system_calls()->xClose(copy);
  return -1;
}
