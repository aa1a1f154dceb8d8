/*
** replace.c - whether rename() onto a file is bound to fail (contract in file.h).
**
** Three reasons can be seen beforehand. A file that is a mount point, as "docker run -v
** ./.env:/app/.env" makes it, is busy. One that is immutable or append-only (chattr) cannot go. And in
** a sticky folder, such as /tmp, only the owners of file and folder may take it away, and who has
** CAP_FOWNER.
*/
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "platform/file.h"

/* STATX_ATTR_... of the kernel. */
enum { IMMUTABLE = 0x10, APPEND_ONLY = 0x20, MOUNT_ROOT = 0x2000 };

/* None where the kernel, or a sandbox, does not say. */
static uint64_t attributes_of(const AdcpPlace *place) {
  uint64_t attributes = 0;
  int rc = adcp_system_calls()->xStatx(place->folder, place->name, &attributes);
  return rc == 0 ? attributes : 0;
}

/* The kernel gives O_NOATIME to those only who could take the file away too. EACCES: a file that
** another keeps to himself. */
static bool is_anothers(const AdcpPlace *place) {
  const int flags = O_RDONLY | O_NOATIME | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  int fd = adcp_system_open(place->folder, place->name, flags, 0);
  if( fd < 0 ) return errno == EPERM || errno == EACCES;
  adcp_system_calls()->xClose(fd);
  return false;
}

static bool is_held_by_sticky(const AdcpPlace *place) {
  const AdcpSystemCalls *os = adcp_system_calls();
  struct stat folder, file;
  uid_t me = geteuid();
  return os->xFstat(place->folder, &folder) == 0 && (folder.st_mode & S_ISVTX) &&
         folder.st_uid != me &&
         os->xFstatat(place->folder, place->name, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
         file.st_uid != me && is_anothers(place);
}

void adcp_place_check_replace(const AdcpPlace *place, const char *path, AdcpError *err) {
  if( err->rc ) return;
  uint64_t attributes = attributes_of(place);
  if( attributes & MOUNT_ROOT ) {
    adcp_error_set(err, ADCP_CANTOPEN,
                   "cannot write %s: it is a mount point, whose place no new file can take; mount "
                   "the folder instead of the file, or give another path",
                   path);
  } else if( attributes & (IMMUTABLE | APPEND_ONLY) ) {
    adcp_error_set(err, ADCP_PERM,
                   "cannot write %s: it is immutable or append-only (lsattr); change that, or give "
                   "another path",
                   path);
  } else if( is_held_by_sticky(place) ) {
    adcp_error_set(err, ADCP_PERM,
                   "cannot write %s: it is another user's, and its folder is sticky, so that only "
                   "its owner may replace it; give another path",
                   path);
  }
}
