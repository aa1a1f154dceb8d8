/*
** system_calls.c - the table of system calls and the one way to open a file (contract in file.h).
**
** Nothing else in this project calls the operating system for files, so that a test which replaces
** an entry of the table sees, and can fail, every such call.
*/
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static int real_open(int folder, const char *path, int flags, mode_t mode) {
  return openat(folder, path, flags, mode);
}

/* Through syscall(), here and below: not every C library that has the kernel's call wraps it. */
static int real_open_beneath(int folder, const char *path, int flags, mode_t mode) {
  const bool makes = (flags & O_CREAT) != 0;
  struct open_how how = {.flags = (unsigned)flags,
                         .mode = makes ? mode : 0,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

/* How the kernel's struct statx begins, which not every C library has either; 256 bytes in all. */
typedef struct Statx {
  uint32_t mask, block_bytes;
  uint64_t attributes, rest[30];
} Statx;

static int real_statx(int folder, const char *name, uint64_t *attributes) {
  Statx st = {0};
  int rc = (int)syscall(SYS_statx, folder, name, AT_SYMLINK_NOFOLLOW, 0, &st);
  if( rc == 0 ) *attributes = st.attributes;
  return rc;
}

static int real_rename(int folder, const char *from, const char *to) {
  return renameat(folder, from, folder, to);
}

static int real_rename_new(int folder, const char *from, const char *to) {
  const unsigned no_replace = 1;
  return (int)syscall(SYS_renameat2, folder, from, folder, to, no_replace);
}

static int real_link(int folder, const char *from, const char *to) {
  return linkat(folder, from, folder, to, 0);
}

static int real_unlink(int folder, const char *name) {
  return unlinkat(folder, name, 0);
}

static int real_faccessat(int folder, const char *name, int mode) {
  return faccessat(folder, name, mode, 0);
}

static ssize_t real_getrandom(void *to, size_t n) {
  return getrandom(to, n, 0);
}

static const AdcpSystemCalls real_calls = {
    .xOpen = real_open,
    .xOpenBeneath = real_open_beneath,
    .xRead = read,
    .xPread = pread,
    .xWrite = write,
    .xPoll = poll,
    .xFsync = fsync,
    .xSyncFileRange = sync_file_range,
    .xClose = close,
    .xFchmod = fchmod,
    .xFchown = fchown,
    .xFgetxattr = fgetxattr,
    .xFsetxattr = fsetxattr,
    .xFremovexattr = fremovexattr,
    .xFstat = fstat,
    .xFstatat = fstatat,
    .xStatx = real_statx,
    .xRename = real_rename,
    .xRenameNew = real_rename_new,
    .xLink = real_link,
    .xUnlink = real_unlink,
    .xReadlink = readlinkat,
    .xFlock = flock,
    .xMkdir = mkdirat,
    .xFaccessat = real_faccessat,
    .xFstatvfs = fstatvfs,
    .xGetcwd = getcwd,
    .xRealpath = realpath,
    .xFdopendir = fdopendir,
    .xReaddir = readdir,
    .xClosedir = closedir,
    .xGetrandom = real_getrandom,
};

/* The one mutable global of this layer: written by tests only, before any other call. */
static const AdcpSystemCalls *calls = &real_calls;

void adcp_system_calls_replace(const AdcpSystemCalls *replacement) {
  calls = replacement ? replacement : &real_calls;
}

const AdcpSystemCalls *adcp_system_calls(void) {
  return calls;
}

bool adcp_name_is_file(int folder, const char *name, AdcpFileId file) {
  struct stat st;
  if( calls->xFstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ) return false;
  errno = ENOENT;
  return st.st_dev == file.device && st.st_ino == file.inode;
}

int adcp_system_above_standard(int fd) {
  if( fd < 0 || fd > STDERR_FILENO ) return fd;
  int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int error_number = errno;
  calls->xClose(fd);
  errno = error_number;
  return high;
}

int adcp_system_open(int folder, const char *path, int flags, mode_t mode) {
  int fd;
  do {
    fd = calls->xOpen(folder, path, flags | O_CLOEXEC, mode);
  } while( fd < 0 && errno == EINTR );
  return adcp_system_above_standard(fd);
}
