/*
** file.h - files, through one replaceable table of system calls.
**
** Reading: AdcpInFile, positioned reads on regular files and sequential reads on pipes. Writing:
** AdcpOutFile, which appears whole and synced under its name or not at all. Messages name the path.
*/
#ifndef ADCP_PLATFORM_FILE_H
#define ADCP_PLATFORM_FILE_H

#include <dirent.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/checkpoint.h"
#include "base/error.h"
#include "platform/root.h"

/* The system calls this project makes; tests replace single entries to inject faults. Each behaves
** as its namesake, or the namesake's ...at() form where it has a folder (errno is the error). */
typedef struct AdcpSystemCalls {
  int (*xOpen)(int folder, const char *path, int flags, mode_t mode);
  int (*xOpenBeneath)(int folder, const char *path, int flags, mode_t mode); /* openat2 */
  ssize_t (*xRead)(int fd, void *to, size_t n);
  ssize_t (*xPread)(int fd, void *to, size_t n, off_t offset);
  ssize_t (*xWrite)(int fd, const void *bytes, size_t n);
  int (*xPoll)(struct pollfd *fds, nfds_t n, int timeout_ms);
  int (*xFsync)(int fd);
  int (*xSyncFileRange)(int fd, off_t offset, off_t n, unsigned flags);
  int (*xClose)(int fd);
  int (*xFchmod)(int fd, mode_t mode);
  int (*xFchown)(int fd, uid_t owner, gid_t group);
  ssize_t (*xFgetxattr)(int fd, const char *name, void *to, size_t n);
  int (*xFsetxattr)(int fd, const char *name, const void *value, size_t n, int flags);
  int (*xFremovexattr)(int fd, const char *name);
  int (*xFstat)(int fd, struct stat *st);
  int (*xFstatat)(int folder, const char *name, struct stat *st, int flags);
  int (*xStatx)(int folder, const char *name,
                uint64_t *attributes);                             /* stx_attributes of the name */
  int (*xRename)(int folder, const char *from, const char *to);    /* both in the folder */
  int (*xRenameNew)(int folder, const char *from, const char *to); /* RENAME_NOREPLACE */
  int (*xLink)(int folder, const char *from, const char *to);
  int (*xUnlink)(int folder, const char *name);
  ssize_t (*xReadlink)(int folder, const char *name, char *to, size_t n);
  int (*xFlock)(int fd, int operation);
  int (*xMkdir)(int folder, const char *name, mode_t mode);
  int (*xFaccessat)(int folder, const char *name, int mode);
  int (*xFstatvfs)(int fd, struct statvfs *st);
  char *(*xGetcwd)(char *to, size_t n);
  char *(*xRealpath)(const char *path, char *to); /* to NULL: the caller frees it, with free() */
  DIR *(*xFdopendir)(int fd);
  struct dirent *(*xReaddir)(DIR *dir);
  int (*xClosedir)(DIR *dir);
  ssize_t (*xGetrandom)(void *to, size_t n);
} AdcpSystemCalls;

/* For tests, before any other call: NULL puts the real ones back. Borrows the table for ever. */
void adcp_system_calls_replace(const AdcpSystemCalls *calls);
const AdcpSystemCalls *adcp_system_calls(void);

/* xOpen with O_CLOEXEC, restarted on EINTR; never a descriptor below 3, where a host's stray printf
** would land in a backup. -1 with errno on failure. folder: AT_FDCWD, or a descriptor. For paths
** that people give there is adcp_path_open (root.h). */
int adcp_system_open(int folder, const char *path, int flags, mode_t mode);

/* Moves a descriptor out of the standard ones; -1 stays -1 with its errno. */
int adcp_system_above_standard(int fd);

/* True when the name in the folder is that file. False with errno: ENOENT also when another has it. */
bool adcp_name_is_file(int folder, const char *name, AdcpFileId file);

/* Opens a folder (a path in an open one, or AT_FDCWD) for adcp_folder_sync, which needs the right to
** read it: before names in it change, so that a refusal comes while nothing has happened. */
int adcp_folder_open(int folder, const char *path);

/* fsync of a folder: names that were given, changed or removed in it are on the disk. 0, or the errno
** of the failure; file systems that cannot sync a folder (EINVAL) have nothing to do. */
int adcp_folder_sync(int folder);

/* ---- reading ---- */

typedef struct AdcpInFile AdcpInFile;

/* Opens for reading (O_CLOEXEC). A directory, a missing file and one without permission are named
** errors (ADCP_CANTOPEN, ADCP_PERM); of an empty file there is nothing to read, so that permission is
** not asked for. What cannot seek (a pipe, a terminal) is copied to an unlinked
** temporary file first, so that every AdcpInFile can be read at any position; the checkpoint is asked
** while it gives nothing, and a FIFO waits for its writer so. Inside a root only regular files are
** opened. */
AdcpInFile *adcp_infile_open(const AdcpRoot *root, const char *path, AdcpCheckpoint checkpoint,
                             AdcpError *err);

/* The same file for another reader, who closes it too: what came through a pipe is not there to be
** opened once more. Of one thread, as the closing. */
AdcpInFile *adcp_infile_share(AdcpInFile *file);

/* True of what could not seek. */
bool adcp_infile_is_copy(const AdcpInFile *file);
int64_t adcp_infile_size(const AdcpInFile *file); /* bytes, as of opening */
const char *adcp_infile_path(const AdcpInFile *file);

/* Identity and times as of opening, to notice that a file was replaced. */
const struct stat *adcp_infile_stat(const AdcpInFile *file);

/* Reads up to n bytes at offset, restarting on EINTR and short reads; fewer than n only at the
** end. */
size_t adcp_infile_read(AdcpInFile *file, int64_t offset, void *to, size_t n, AdcpError *err);

/* The descriptor of a file that begins as an SQLite database or its wal-index does, or that somebody has
** locked, stays open, once for each file and as long as the process, with this library: to close it would
** take the locks that SQLite or the host has on it. NULL is allowed. */
void adcp_infile_close(AdcpInFile *file);

/* ---- writing ---- */

typedef struct AdcpOutFile AdcpOutFile;

typedef enum AdcpOutMode {
  ADCP_OUT_NEW,     /* an existing target is refused, at opening and again at the commit (link) */
  ADCP_OUT_REPLACE, /* an existing target is replaced at the commit (rename) */
  ADCP_OUT_NUMBERED /* the commit gives the next name of x.json, x_2.json, x_3.json, ...: above those
                    ** that are there with any suffix, so that names of one stem sort by age */
} AdcpOutMode;

/* A regular or missing target: writes to a temporary file of mode 0600 in the same folder, named
** ".<name>.<pid>-<n>.adcp-tmp" and held with flock, so that the leftover of a dead process can be
** told and removed (this call removes those it finds for this same target's folder). Any other
** target that exists (FIFO, device, /dev/fd/N of a pipe) is opened and written to directly: what
** went out cannot be taken back, commit only flushes. A FIFO waits for its reader, if there is a
** checkpoint to be asked meanwhile; without one that is an error. A directory is an error. Inside a root
** every other target than a regular file is one; root is borrowed until this returns: what comes later
** happens in the folder that was opened. */
AdcpOutFile *adcp_outfile_open(const AdcpRoot *root, const char *path, AdcpOutMode mode,
                               AdcpCheckpoint checkpoint, AdcpError *err);

/* True when writing goes straight to a stream. */
bool adcp_outfile_is_stream(const AdcpOutFile *file);

/* True for the paths that name an open descriptor (/dev/fd/N, /dev/stdout), to which it goes even if
** that is a regular file. */
bool adcp_path_is_descriptor(const AdcpRoot *root, const char *path);

/* Its number, or -1. */
int adcp_path_descriptor(const AdcpRoot *root, const char *path);

/* An error where it can be told beforehand that nothing can take the place of the file that is there,
** so that a REPLACE would fail at its commit: it is a mount point, immutable, or another's in a
** sticky folder. path: for the message. Opens the file, so none that SQLite holds locks on. */
void adcp_place_check_replace(const AdcpPlace *place, const char *path, AdcpError *err);

/* Writes all n bytes (restarting on EINTR and short writes). No buffering: write blocks, not lines.
** A reader that went away and a file at its limit of size give ADCP_IOERR, never a signal to the
** process. */
void adcp_outfile_write(AdcpOutFile *file, const void *bytes, size_t n, AdcpError *err);
int64_t adcp_outfile_position(const AdcpOutFile *file); /* bytes written so far */

/* As given when it was opened; after the commit of a NUMBERED file, the path that it got. */
const char *adcp_outfile_path(const AdcpOutFile *file);

/* Gives the new file the owner, the group and, of the allowed ones, the rights of the file that it
** will replace, with its POSIX access control list; a file that replaces none keeps 0600. Who may not
** give a file away keeps it, and its group then gets no rights that were another group's. Where the
** list cannot be copied, nobody but the owner and the others gets rights. Other extended attributes
** (labels of security modules among them) are those of a new file. */
void adcp_outfile_take_rights(AdcpOutFile *file, mode_t allowed, AdcpError *err);

/* fsync before the commit, so that only the name is left to give. */
void adcp_outfile_sync(AdcpOutFile *file, AdcpError *err);

/* True once the file stands under its name, also where the commit then failed to sync its folder.
** */
bool adcp_outfile_is_published(const AdcpOutFile *file);

/* Moves the place where a published file stands to the caller; of the file only the close is left. */
void adcp_outfile_take_place(AdcpOutFile *file, AdcpPlace *place);

/* fsync, rename (or link and unlink) to the target while the lock is held, close, fsync of the
** folder. On error the target is as it was, except when only the folder's fsync failed, which the
** message says. */
void adcp_outfile_commit(AdcpOutFile *file, AdcpError *err);

/* Frees; removes the temporary file when it was not committed. NULL is allowed. */
void adcp_outfile_close(AdcpOutFile *file);

#endif
