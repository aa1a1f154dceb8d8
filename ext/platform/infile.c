/*
** infile.c - files that are read at any position (contract in file.h).
**
** A regular file is read where it is. What cannot seek, a pipe or a terminal, is copied once to a
** temporary file that has no name, and read there: a backup's contents are found from its end.
** Reading changes nothing in the handle, so that several threads may read from one AdcpInFile.
**
** A path may turn out to be a database. To close any descriptor of a file takes all locks on it from
** the process (POSIX), and SQLite may hold some on another connection: another process could then
** write in the middle of its transaction. So what may be a file that SQLite locks, a database or its
** wal-index (-shm), and any file on which somebody has a lock, stays open, as SQLite itself leaves it,
** and is used again when it is asked for again. A database in its first transaction is still empty: an
** empty file is not opened at all.
*/
#include "platform/file.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/spool.h"

struct AdcpInFile {
  int fd; /* -1: the file is empty */
  int64_t size;
  int users;      /* closes to come */
  struct stat st; /* of the path as opened, also when the text was copied */
  char *path;
};

/* ---- databases ---- */

/* Descriptors that are given up for them; any further one is closed. */
#define MAX_DATABASES 64

static struct {
  pthread_mutex_t mutex;
  int count; /* only grows */
  struct {
    int fd;
    dev_t device;
    ino_t inode;
  } files[MAX_DATABASES];
} databases = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* The one that is kept of a file, or -1. Under the mutex. */
static int kept_of(const struct stat *st) {
  for( int i = 0; i < databases.count; i++ ) {
    bool same = databases.files[i].device == st->st_dev && databases.files[i].inode == st->st_ino;
    if( same ) return databases.files[i].fd;
  }
  return -1;
}

/* What needs no further descriptor, which would have to be closed: an empty file, and a database that
** is kept. */
static bool needs_no_open(AdcpInFile *file, const AdcpRoot *root) {
  struct stat st;
  if( adcp_path_stat(root, file->path, &st) != 0 || !S_ISREG(st.st_mode) ) return false;
  pthread_mutex_lock(&databases.mutex);
  file->fd = kept_of(&st);
  pthread_mutex_unlock(&databases.mutex);
  file->st = st;
  file->size = (int64_t)st.st_size;
  return file->fd >= 0 || st.st_size == 0;
}

static bool begins_with(const char *found, ssize_t n, const char *bytes, size_t size) {
  return n >= (ssize_t)size && memcmp(found, bytes, size) == 0;
}

/* Whether anybody has a lock on the file: SQLite on a database whose first bytes an extension has encrypted,
** or the host itself. Asked for a lock of another kind, the kernel tells also those of this process. Where it
** cannot tell, the file is one of others. */
static bool has_locks(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* Whether SQLite may have locks on the file. One that began to grow while it was opened is empty too; a
** wal-index in the making (3 bytes at first) or a database whose first page is not written yet begins
** with zeros. */
static bool may_be_locked(const AdcpInFile *file) {
  static const char header[16] = "SQLite format 3"; /* with its NUL */
  static const char zeros[sizeof header] = {0};
  /* 3007000, in the byte order of the machine */
  static const char little[4] = {0x18, (char)0xe2, 0x2d, 0}, big[4] = {0, 0x2d, (char)0xe2, 0x18};
  char found[sizeof header];
  if( !S_ISREG(file->st.st_mode) ) return false;
  ssize_t n = adcp_system_calls()->xPread(file->fd, found, sizeof found, 0);
  return begins_with(found, n, header, sizeof header) || begins_with(found, n, little, 4) ||
         begins_with(found, n, big, 4) || (n >= 0 && memcmp(found, zeros, (size_t)n) == 0) ||
         has_locks(file->fd);
}

/* SQLite unloads an extension with the last connection that has it, and with it the table would go: each
** time that it is loaded again, it would keep one more of the same file. Nothing to do where adcp is linked in. */
static void stay_loaded(void) {
  Dl_info library;
  if( dladdr(&databases, &library) == 0 || library.dli_fname == NULL ) return;
  dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

/* False when there is no room. Two of the same file, opened at the same time, are both kept. */
static bool keep(const AdcpInFile *file) {
  int at = databases.count;
  if( at == MAX_DATABASES ) return false;
  if( at == 0 ) stay_loaded();
  databases.files[at].fd = file->fd;
  databases.files[at].device = file->st.st_dev;
  databases.files[at].inode = file->st.st_ino;
  databases.count = at + 1;
  return true;
}

/* Whether the descriptor is not to be closed. One that was kept stays, whatever its file has become:
** it will be asked for again, and its number may be another file's then. */
static bool stays_open(const AdcpInFile *file) {
  bool may_be = may_be_locked(file);
  pthread_mutex_lock(&databases.mutex);
  bool stays = kept_of(&file->st) == file->fd || (may_be && keep(file));
  pthread_mutex_unlock(&databases.mutex);
  return stays;
}

/* ---- opening ---- */

/* Tells why a path that opened cannot be a backup; false with err set. */
static bool kind_is_readable(const AdcpInFile *file, AdcpError *err) {
  mode_t mode = file->st.st_mode;
  if( S_ISDIR(mode) ) {
    adcp_error_set(err, ADCP_CANTOPEN, "%s is a folder, not a file", file->path);
  } else if( S_ISBLK(mode) || (S_ISCHR(mode) && !isatty(file->fd)) ) {
    adcp_error_set(err, ADCP_CANTOPEN, "%s is a device, not a file", file->path);
  }
  return err->rc == ADCP_OK;
}

/* Puts an unnamed copy in the place of what cannot seek. */
static void replace_by_copy(AdcpInFile *file, const AdcpCheckpoint *checkpoint, AdcpError *err) {
  AdcpSpoolSource source = {file->fd, file->path, checkpoint};
  int copy = adcp_spool_copy(&source, &file->size, err);
  if( copy < 0 ) return;
  adcp_system_calls()->xClose(file->fd);
  file->fd = copy;
}

/* A descriptor of the host's that is open for reading, once more; -1 otherwise. */
static int duplicate(const AdcpRoot *root, const char *path) {
  bool is_stdin = adcp_root_path(root) == NULL && strcmp(path, "/dev/stdin") == 0;
  int descriptor = is_stdin ? STDIN_FILENO : adcp_path_descriptor(root, path);
  int flags = descriptor < 0 ? -1 : fcntl(descriptor, F_GETFL);
  if( flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY ) return -1;
  return fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* Without waiting for the writer of a FIFO. A lease that somebody has on a file (NFS, Samba) is waited for:
** that is what EAGAIN says of a file. What the path of a descriptor does not open, a socket or what is
** another user's, is read through that descriptor. */
static int open_for_reading(const AdcpRoot *root, const char *path) {
  int fd = adcp_path_open(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
  if( fd >= 0 ) return fd;
  int error_number = errno;
  fd = error_number == EAGAIN ? adcp_path_open(root, path, O_RDONLY | O_NOCTTY, 0)
                              : duplicate(root, path);
  if( fd < 0 && error_number != EAGAIN ) errno = error_number;
  return fd;
}

static void open_path(AdcpInFile *file, const AdcpRoot *root, const AdcpCheckpoint *checkpoint,
                      AdcpError *err) {
  if( needs_no_open(file, root) ) return;
  file->fd = open_for_reading(root, file->path);
  if( file->fd < 0 ) {
    adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot open %s", file->path);
    return;
  }
  if( adcp_system_calls()->xFstat(file->fd, &file->st) != 0 ) {
    adcp_error_errno(err, ADCP_IOERR, errno, "cannot read the state of %s", file->path);
    return;
  }
  if( !kind_is_readable(file, err) ) return;
  file->size = (int64_t)file->st.st_size;
  if( !S_ISREG(file->st.st_mode) ) replace_by_copy(file, checkpoint, err);
}

AdcpInFile *adcp_infile_open(const AdcpRoot *root, const char *path, AdcpCheckpoint checkpoint,
                             AdcpError *err) {
  if( err->rc != ADCP_OK ) return NULL;
  AdcpInFile *file = adcp_calloc(1, sizeof *file);
  if( file == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  file->fd = -1;
  file->users = 1;
  file->path = adcp_strdup(path);
  if( file->path == NULL ) {
    adcp_error_nomem(err);
  } else {
    open_path(file, root, &checkpoint, err);
  }
  if( err->rc == ADCP_OK ) return file;
  adcp_infile_close(file);
  return NULL;
}

AdcpInFile *adcp_infile_share(AdcpInFile *file) {
  file->users++;
  return file;
}

bool adcp_infile_is_copy(const AdcpInFile *file) {
  return !S_ISREG(file->st.st_mode);
}

int64_t adcp_infile_size(const AdcpInFile *file) {
  return file->size;
}

const char *adcp_infile_path(const AdcpInFile *file) {
  return file->path;
}

const struct stat *adcp_infile_stat(const AdcpInFile *file) {
  return &file->st;
}

size_t adcp_infile_read(AdcpInFile *file, int64_t offset, void *to, size_t n, AdcpError *err) {
  assert(offset >= 0);
  if( err->rc != ADCP_OK ) return 0;
  size_t done = 0;
  while( done < n && file->fd >= 0 ) {
    off_t from = (off_t)offset + (off_t)done;
    ssize_t got = adcp_system_calls()->xPread(file->fd, (uint8_t *)to + done, n - done, from);
    if( got == 0 ) break;
    if( got > 0 ) {
      done += (size_t)got;
    } else if( errno != EINTR ) {
      adcp_error_errno(err, ADCP_IOERR, errno, "cannot read %s at byte %lld", file->path,
                       (long long)from);
      return 0;
    }
  }
  return done;
}

void adcp_infile_close(AdcpInFile *file) {
  if( file == NULL || --file->users > 0 ) return;
  if( file->fd >= 0 && !stays_open(file) ) adcp_system_calls()->xClose(file->fd);
  adcp_free(file->path);
  adcp_free(file);
}
