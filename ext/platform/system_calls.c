/*
** system_calls.c - the table of system calls and the one way to open a file (contract in file.h).
**
** Nothing else in this project calls the operating system for files, so that a test which replaces
** an entry of the table sees, and can fail, every such call.
*/
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static int real_open(const char *path, int flags, mode_t mode) {
  return open(path, flags, mode);
}

/* Through syscall(): not every C library that has the kernel's call wraps it. */
static int real_rename_new(const char *from, const char *to) {
  const unsigned no_replace = 1;
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, no_replace);
}

static const AdcpSystemCalls real_calls = {
    .xOpen = real_open,
    .xRead = read,
    .xPread = pread,
    .xWrite = write,
    .xFsync = fsync,
    .xClose = close,
    .xFstat = fstat,
    .xStat = stat,
    .xFstatat = fstatat,
    .xRename = rename,
    .xRenameNew = real_rename_new,
    .xLink = link,
    .xUnlink = unlink,
    .xUnlinkat = unlinkat,
    .xFlock = flock,
    .xMkdir = mkdir,
    .xAccess = access,
    .xStatvfs = statvfs,
    .xOpendir = opendir,
    .xReaddir = readdir,
    .xClosedir = closedir,
};

/* The one mutable global of this layer: written by tests only, before any other call. */
static const AdcpSystemCalls *calls = &real_calls;

void adcp_system_calls_replace(const AdcpSystemCalls *replacement) {
  calls = replacement ? replacement : &real_calls;
}

const AdcpSystemCalls *adcp_system_calls(void) {
  return calls;
}

int adcp_system_open(const char *path, int flags, mode_t mode) {
  int fd;
  do {
    fd = calls->xOpen(path, flags | O_CLOEXEC, mode);
  } while( fd < 0 && errno == EINTR );
  if( fd < 0 || fd >= 3 ) return fd;
  int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  int error_number = errno;
  calls->xClose(fd);
  errno = error_number;
  return high;
}
