/*
** infile.c - files that are read at any position (contract in file.h).
**
** A regular file is read where it is. What cannot seek, a pipe or a terminal, is copied once to a
** temporary file that has no name, and read there: a backup's contents are found from its end.
** Reading changes nothing in the handle, so that several threads may read from one AdcpInFile.
*/
#include "platform/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/spool.h"

struct AdcpInFile {
  int fd;
  int64_t size;
  struct stat st; /* of the path as opened, also when the text was copied */
  char *path;
};

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
static void replace_by_copy(AdcpInFile *file, AdcpError *err) {
  int copy = adcp_spool_copy(file->fd, file->path, &file->size, err);
  if( copy < 0 ) return;
  adcp_system_calls()->xClose(file->fd);
  file->fd = copy;
}

static void open_path(AdcpInFile *file, const AdcpRoot *root, AdcpError *err) {
  file->fd = adcp_path_open(root, file->path, O_RDONLY | O_NOCTTY, 0);
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
  if( !S_ISREG(file->st.st_mode) ) replace_by_copy(file, err);
}

AdcpInFile *adcp_infile_open(const AdcpRoot *root, const char *path, AdcpError *err) {
  if( err->rc != ADCP_OK ) return NULL;
  AdcpInFile *file = adcp_calloc(1, sizeof *file);
  if( file == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  file->fd = -1;
  file->path = adcp_strdup(path);
  if( file->path == NULL ) {
    adcp_error_nomem(err);
  } else {
    open_path(file, root, err);
  }
  if( err->rc == ADCP_OK ) return file;
  adcp_infile_close(file);
  return NULL;
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
  while( done < n ) {
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
  if( file == NULL ) return;
  if( file->fd >= 0 ) adcp_system_calls()->xClose(file->fd);
  adcp_free(file->path);
  adcp_free(file);
}
