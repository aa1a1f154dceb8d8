/*
** root.h - the folder inside which the paths of a connection are held, and the one way to a path.
**
** Every path that an application or a statement gives is opened here. An AdcpRoot without a folder
** (as made, or NULL) holds nothing: paths mean what they mean to the operating system. With one,
** a path is made relative to the folder by its text alone, and looked up from the folder's
** descriptor in such a way that no step can leave it, whoever changes links or folders meanwhile:
**
**     text     the path, or the current folder and the path, has to begin with the root's name, as
**              it was given or as it is without links; nothing outside is looked at for that
**     look-up  openat2 with RESOLVE_BENEATH; where the kernel or a sandbox has no openat2, a walk
**              that opens one component after the other and follows links itself
**     kind     an existing FIFO, device or socket is refused, and opening never waits for one
**
** Links inside are followed where they are relative and do not leave; an absolute one is refused
** wherever it leads. What changes a folder (link, rename, unlink, mkdir) takes its descriptor and a
** bare name, an AdcpPlace, never a path.
**
** Calls return -1 (or NULL) and errno. With a root, EXDEV says that the path leads outside and
** ENXIO that it is not a regular file; adcp_root_errno turns them into messages.
*/
#ifndef ADCP_PLATFORM_ROOT_H
#define ADCP_PLATFORM_ROOT_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/error.h"

typedef struct AdcpRoot AdcpRoot;

/* ---- the root ---- */

/* Holds nothing yet. NULL on error. Its address stays the same when it is narrowed, so whoever
** borrowed it before is held from then on too. */
AdcpRoot *adcp_root_open(AdcpError *err);
void adcp_root_close(AdcpRoot *root);

/* A new root: a folder inside this one. An error when it is none, cannot be read, lies outside or
** is "/". The caller closes it, or gives it to adcp_root_take. */
AdcpRoot *adcp_root_narrowed(const AdcpRoot *root, const char *folder, AdcpError *err);

/* Makes root what narrower is, which is gone by that. */
void adcp_root_take(AdcpRoot *root, AdcpRoot *narrower);

/* The folder without links, as it was called when it was set; NULL when nothing is held. */
const char *adcp_root_path(const AdcpRoot *root);

/* adcp_error_errno for what failed below: says so when the root was the reason. */
void adcp_root_errno(const AdcpRoot *root, AdcpError *err, AdcpRc rc, int error_number,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- paths ---- */

/* As open(): O_CLOEXEC, restarted on EINTR, never a descriptor below 3, where a host's stray printf
** would land in a backup. */
int adcp_path_open(const AdcpRoot *root, const char *path, int flags, mode_t mode);
int adcp_path_stat(const AdcpRoot *root, const char *path, struct stat *st);
int adcp_path_lstat(const AdcpRoot *root, const char *path, struct stat *st);

/* Makes a folder, whose name is on the disk then. Needs the right to read the folder that it is made
** in, which is synced. */
int adcp_path_mkdir(const AdcpRoot *root, const char *path, mode_t mode);

/* Whether adcp_path_mkdir could make it, as far as access() tells. Makes nothing. */
int adcp_path_may_mkdir(const AdcpRoot *root, const char *path);

DIR *adcp_path_opendir(const AdcpRoot *root, const char *path);

/* Of a folder: whether this process may use it so (access()), and its file system's figures. */
int adcp_path_access(const AdcpRoot *root, const char *path, int mode);
int adcp_path_statvfs(const AdcpRoot *root, const char *path, struct statvfs *st);

/* ---- places ---- */

/* True for two looks at one file. */
bool adcp_same_file(const struct stat *a, const struct stat *b);

/* True where the file was not written in between either, as far as its size and time tell. */
bool adcp_same_state(const struct stat *a, const struct stat *b);

/* Tells a file from another that takes its name. */
typedef struct AdcpFileId {
  dev_t device;
  ino_t inode; /* 0: not known */
} AdcpFileId;

/* A name in a folder that is open (O_PATH). */
typedef struct AdcpPlace {
  int folder;
  char *path;       /* owned: a path of the file, for messages */
  const char *name; /* its last component, in path */
  AdcpFileId file;  /* what was put there, if that is known */
} AdcpPlace;

#define ADCP_PLACE_INIT                                                                            \
  {                                                                                                \
    -1, NULL, NULL, {                                                                              \
      0, 0                                                                                         \
    }                                                                                              \
  }

/* The place that a path names: of the link itself, or of what it leads to in the end. */
typedef enum AdcpLinks { ADCP_LINKS_STAY, ADCP_LINKS_FOLLOWED } AdcpLinks;
int adcp_place_open(AdcpPlace *place, const AdcpRoot *root, const char *path, AdcpLinks links);

/* True for one name of one folder, however the paths are spelled; and for two that lead to one file
** that has one name, as in a folder that ignores letter case. */
bool adcp_place_same(const AdcpPlace *a, const AdcpPlace *b);
/* Needs no memory. Another file than the one that was put there stays: -1, ENOENT. */
int adcp_place_unlink(const AdcpPlace *place);
void adcp_place_close(AdcpPlace *place);

#endif
