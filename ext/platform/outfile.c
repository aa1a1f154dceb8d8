/*
** outfile.c - files that appear whole under their name or not at all (contract in file.h).
**
**   open      target missing or regular: a locked temporary file beside it (temp_file.h); the folder
**             too, for its fsync: where that is not possible nothing is written
**             FIFO, device, socket, /dev/fd/N: the target itself, as a stream
**   write     straight to the descriptor
**   commit    fsync the file, give it the target's name, close, fsync the folder
**   close     removes the temporary file of what was not committed
**
** A network file system may do what it is asked, lose its answer, be asked again and say that the name
** is taken (link) or that there is no such file (rename): the name that is our file's was given.
**
** A new name is given by link(), which fails when the name is taken, and the temporary name is then
** unlinked. File systems without links (FAT, some network ones) get renameat2's RENAME_NOREPLACE. A
** numbered file tries one name after the other in this way, so that two writers never share one. It begins
** above the numbers that are there: one that was freed would sort before what is older.
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
#include "platform/temp_file.h"
#include "platform/write.h"

/* Between two requests to the disk: some tenths of a second of a backup's output. */
#define WRITEBACK_BYTES ((int64_t)8 * 1024 * 1024)

struct AdcpOutFile {
  int fd;
  AdcpOutMode mode;
  bool is_stream;
  bool may_wait;  /* a stream whose other side may have no room */
  bool is_failed; /* a write failed: what is in the file is not what was written */
  int64_t position;
  AdcpCheckpoint checkpoint; /* asked while a stream waits */
  int64_t begun;             /* up to there, writing to the disk has begun */
  char *path;                /* as the caller gave it, for messages */
  AdcpPlace target; /* with symbolic links followed: what is replaced is the file, not a link */
  char *temp;       /* name of the temporary file in the target's folder, until it is committed */
  int folder;       /* the target's, open for fsync; -1: a stream's */
};

/* ---- opening ---- */

static void fail_exists(const AdcpOutFile *file, AdcpError *err) {
  adcp_error_set(err, ADCP_CANTOPEN,
                 "%s exists already; give another name, or {\"overwrite\":true} to replace it",
                 file->path);
}

/* The descriptor that a path like /dev/fd/3 names, or -1. */
static int descriptor_of(const char *path) {
  static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
  if( strcmp(path, "/dev/stdout") == 0 ) return STDOUT_FILENO;
  for( size_t i = 0; i < sizeof folders / sizeof *folders; i++ ) {
    size_t n = strlen(folders[i]);
    if( strncmp(path, folders[i], n) != 0 ) continue;
    size_t digits = strspn(path + n, "0123456789");
    if( digits > 0 && digits < 9 && path[n + digits] == 0 ) return (int)strtol(path + n, NULL, 10);
  }
  return -1;
}

int adcp_path_descriptor(const AdcpRoot *root, const char *path) {
  return adcp_root_path(root) == NULL ? descriptor_of(path) : -1;
}

bool adcp_path_is_descriptor(const AdcpRoot *root, const char *path) {
  return adcp_path_descriptor(root, path) >= 0;
}

/* What the caller opened is written where it stands, even a regular file: opening it again would
** begin at its start. */
static void open_descriptor(AdcpOutFile *file, int descriptor, AdcpError *err) {
  struct stat st;
  file->is_stream = true;
  file->fd = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if( file->fd < 0 ) {
    adcp_error_errno(err, ADCP_CANTOPEN, errno, "cannot write %s", file->path);
    return;
  }
  file->may_wait = adcp_system_calls()->xFstat(file->fd, &st) != 0 || !S_ISREG(st.st_mode);
}

/* Opens a FIFO, which nobody may have open for reading yet. -1 with errno, also when the checkpoint set
** err. */
static int open_fifo(const AdcpOutFile *file, const AdcpRoot *root, AdcpError *err) {
  bool waits = file->checkpoint.xCheck && adcp_root_path(root) == NULL;
  int fd = adcp_path_open(root, file->path, O_WRONLY | O_NOCTTY | O_NONBLOCK, 0);
  while( fd < 0 && errno == ENXIO && waits ) {
    file->checkpoint.xCheck(file->checkpoint.context, err);
    if( err->rc ) return -1;
    adcp_system_calls()->xPoll(NULL, 0, ADCP_WAIT_MS);
    fd = adcp_path_open(root, file->path, O_WRONLY | O_NOCTTY | O_NONBLOCK, 0);
  }
  return fd;
}

static void open_stream(AdcpOutFile *file, const AdcpRoot *root, bool is_fifo, AdcpError *err) {
  file->is_stream = file->may_wait = true;
  file->fd = is_fifo ? open_fifo(file, root, err)
                     : adcp_path_open(root, file->path, O_WRONLY | O_NOCTTY, 0);
  if( file->fd >= 0 ) return;
  adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot write %s", file->path);
}

/* A link is followed where it leads to a file; one that leads nowhere is a name like others. */
static void open_temp(AdcpOutFile *file, const AdcpRoot *root, bool exists, AdcpError *err) {
  AdcpLinks links = exists ? ADCP_LINKS_FOLLOWED : ADCP_LINKS_STAY;
  if( adcp_place_open(&file->target, root, file->path, links) != 0 ) {
    adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot write %s: its folder", file->path);
    return;
  }
  file->folder = adcp_folder_open(file->target.folder, ".");
  if( file->folder < 0 ) {
    adcp_error_errno(err, ADCP_CANTOPEN, errno,
                     "cannot write %s: its folder cannot be opened for reading, which syncing the "
                     "new name to the disk needs",
                     file->path);
    return;
  }
  adcp_temp_file_remove_leftovers(file->target.folder);
  file->fd = adcp_temp_file_open(&file->target, &file->temp, err);
}

/* Looks at what stands at the path and opens what fits. */
static void open_path(AdcpOutFile *file, const AdcpRoot *root, AdcpError *err) {
  struct stat st;
  if( adcp_path_is_descriptor(root, file->path) ) {
    open_descriptor(file, descriptor_of(file->path), err);
    return;
  }
  bool exists = adcp_path_stat(root, file->path, &st) == 0;
  if( !exists && errno != ENOENT ) {
    adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot write %s", file->path);
  } else if( exists && file->mode == ADCP_OUT_NUMBERED ) {
    open_temp(file, root, false, err); /* whatever has the name keeps it */
  } else if( adcp_path_name(file->path)[0] == 0 || (exists && S_ISDIR(st.st_mode)) ) {
    adcp_error_set(err, ADCP_CANTOPEN, "cannot write \"%s\": it names a folder, not a file",
                   file->path);
  } else if( exists && !S_ISREG(st.st_mode) ) {
    open_stream(file, root, S_ISFIFO(st.st_mode), err);
  } else if( exists && file->mode == ADCP_OUT_NEW ) {
    fail_exists(file, err);
  } else {
    open_temp(file, root, exists, err);
  }
}

AdcpOutFile *adcp_outfile_open(const AdcpRoot *root, const char *path, AdcpOutMode mode,
                               AdcpCheckpoint checkpoint, AdcpError *err) {
  if( err->rc != ADCP_OK ) return NULL;
  AdcpOutFile *file = adcp_calloc(1, sizeof *file);
  if( file == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  file->fd = file->folder = -1;
  file->target = (AdcpPlace)ADCP_PLACE_INIT;
  file->mode = mode;
  file->checkpoint = checkpoint;
  file->path = adcp_strdup(path);
  if( file->path == NULL ) {
    adcp_error_nomem(err);
  } else {
    open_path(file, root, err);
  }
  if( err->rc == ADCP_OK ) return file;
  adcp_outfile_close(file);
  return NULL;
}

bool adcp_outfile_is_stream(const AdcpOutFile *file) {
  return file->is_stream;
}

int64_t adcp_outfile_position(const AdcpOutFile *file) {
  return file->position;
}

const char *adcp_outfile_path(const AdcpOutFile *file) {
  return file->path;
}

/* ---- writing ---- */

/* Lets the disk write while the rest is still being made, so that fsync waits for the last piece
** only. A hint: what fails here fails again at fsync, where it counts. */
static void begin_writeback(AdcpOutFile *file) {
  if( file->is_stream || file->position - file->begun < WRITEBACK_BYTES ) return;
  adcp_system_calls()->xSyncFileRange(file->fd, (off_t)file->begun,
                                      (off_t)(file->position - file->begun), SYNC_FILE_RANGE_WRITE);
  file->begun = file->position;
}

void adcp_outfile_write(AdcpOutFile *file, const void *bytes, size_t n, AdcpError *err) {
  assert(file->fd >= 0);
  if( err->rc != ADCP_OK ) return;
  int error_number = file->may_wait ? adcp_write_stream(file->fd, bytes, n, &file->checkpoint, err)
                                    : adcp_write_all(file->fd, bytes, n);
  if( error_number || err->rc ) {
    file->is_failed = true;
    adcp_error_errno(err, ADCP_IOERR, error_number, "cannot write %s at byte %lld", file->path,
                     (long long)file->position);
    return;
  }
  file->position += (int64_t)n;
  begin_writeback(file);
}

/* ---- rights ---- */

/* True when the file has the owner, or at least the group, that `st` says. */
static bool give_away(const AdcpOutFile *file, const struct stat *st) {
  const AdcpSystemCalls *os = adcp_system_calls();
  return os->xFchown(file->fd, st->st_uid, st->st_gid) == 0 ||
         os->xFchown(file->fd, (uid_t)-1, st->st_gid) == 0;
}

/* The extended attribute in which Linux keeps the access control list. */
#define ACL "system.posix_acl_access"

/* 511 entries; ext4 takes no more, and a longer list counts as one that cannot be copied. */
#define MAX_ACL_BYTES 4096

/* True when a file has no list, or none can be on its file system. */
static bool acl_is_missing(int error_number) {
  return error_number == ENODATA || error_number == EOPNOTSUPP || error_number == ENOSYS;
}

/* Gives the file the list of an open one. A file without one takes away what the new file has got
** from its folder. False when somebody could then have more rights than before, or other ones. */
static bool copy_acl_from(const AdcpOutFile *file, int source) {
  const AdcpSystemCalls *os = adcp_system_calls();
  char acl[MAX_ACL_BYTES];
  ssize_t n = os->xFgetxattr(source, ACL, acl, sizeof acl);
  if( n > 0 ) return os->xFsetxattr(file->fd, ACL, acl, (size_t)n, 0) == 0;
  if( n < 0 && !acl_is_missing(errno) ) return false;
  return os->xFremovexattr(file->fd, ACL) == 0 || acl_is_missing(errno);
}

static bool copy_acl(const AdcpOutFile *file) {
  const AdcpPlace *target = &file->target;
  int source = adcp_system_open(target->folder, target->name,
                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
  if( source < 0 ) return false;
  bool copied = copy_acl_from(file, source);
  adcp_system_calls()->xClose(source);
  return copied;
}

void adcp_outfile_take_rights(AdcpOutFile *file, mode_t allowed, AdcpError *err) {
  const AdcpSystemCalls *os = adcp_system_calls();
  const AdcpPlace *target = &file->target;
  struct stat st;
  if( err->rc || file->is_stream ) return;
  if( os->xFstatat(target->folder, target->name, &st, AT_SYMLINK_NOFOLLOW) != 0 ) {
    if( errno != ENOENT ) {
      adcp_error_errno(err, ADCP_IOERR, errno, "cannot read the state of %s", file->path);
    }
    return;
  }
  mode_t mode = st.st_mode & allowed & (S_IRWXU | S_IRWXG | S_IRWXO);
  if( !S_ISREG(st.st_mode) ) return; /* another took its place: nobody's rights are known */
  /* The group's bits are also the mask of the list: without them nobody in it has any right. */
  if( !give_away(file, &st) || !copy_acl(file) ) mode &= ~(mode_t)S_IRWXG;
  if( os->xFchmod(file->fd, mode) != 0 ) {
    adcp_error_errno(err, ADCP_IOERR, errno, "cannot give the new %s the mode of the old one",
                     file->path);
  }
}

/* ---- commit ---- */

static int close_fd(AdcpOutFile *file) {
  int fd = file->fd;
  file->fd = -1;
  return fd < 0 ? 0 : adcp_system_calls()->xClose(fd);
}

static void forget_temp(AdcpOutFile *file) {
  adcp_free(file->temp);
  file->temp = NULL;
}

/* True for what link() says where there are no links. */
static bool link_is_unsupported(int error_number) {
  return error_number == EPERM || error_number == EOPNOTSUPP || error_number == ENOSYS ||
         error_number == EMLINK || error_number == EXDEV;
}

/* What the call that gave the name came to: 0, or its errno. */
static int outcome(const AdcpOutFile *file, const char *name, int rc) {
  int error_number = rc == 0 ? 0 : errno;
  if( error_number != EEXIST && error_number != ENOENT ) return error_number;
  return adcp_name_is_file(file->target.folder, name, file->target.file) ? 0 : error_number;
}

/* Gives the file a name of the folder if that is free, otherwise EEXIST. Returns 0 or an errno. */
static int publish_new(AdcpOutFile *file, const char *name) {
  const AdcpSystemCalls *os = adcp_system_calls();
  int folder = file->target.folder;
  int error_number = outcome(file, name, os->xLink(folder, file->temp, name));
  if( error_number == 0 ) os->xUnlink(folder, file->temp);
  if( !link_is_unsupported(error_number) ) return error_number;
  return outcome(file, name, os->xRenameNew(folder, file->temp, name));
}

/* Names tried before giving up: backups of one second. */
#define MAX_TRIES  10000
#define MAX_DIGITS 8 /* of a number that is ours; it fits an int */

/* Where the last ".json" of a name begins, or its end. */
static const char *suffix_of(const char *name) {
  const char *suffix = name + strlen(name);
  for( const char *at = strstr(name, ".json"); at; at = strstr(at + 1, ".json") ) suffix = at;
  return suffix;
}

/* The path of try n: from the second on, with the number in front of ".json". NULL when out of
** memory. */
static char *numbered_path(const char *path, int n) {
  AdcpBuf buf = {0};
  const char *suffix = suffix_of(adcp_path_name(path));
  adcp_buf_append(&buf, path, (size_t)(suffix - path));
  if( n > 1 ) adcp_buf_appendf(&buf, "_%d", n);
  adcp_buf_append_str(&buf, suffix);
  return adcp_buf_take(&buf);
}

/* The number that a name of the folder has as a numbered one of `name`, whatever its suffix: 1 without
** digits; 0: it is none. */
static int number_of(const char *other, const char *name) {
  size_t stem = (size_t)(suffix_of(name) - name);
  if( strncmp(other, name, stem) != 0 ) return 0;
  const char *rest = other + stem;
  if( strncmp(rest, ".json", 5) == 0 ) return 1;
  size_t digits = rest[0] == '_' ? strspn(rest + 1, "0123456789") : 0;
  if( digits == 0 || digits > MAX_DIGITS || strncmp(rest + 1 + digits, ".json", 5) != 0 ) return 0;
  return (int)strtol(rest + 1, NULL, 10);
}

/* The highest number that is there; 0 for none, and where the folder cannot be read: then the first
** free name is as good as any. */
static int highest_number(const AdcpOutFile *file) {
  const AdcpSystemCalls *os = adcp_system_calls();
  int highest = 0;
  int fd = adcp_system_open(file->target.folder, ".", O_RDONLY | O_DIRECTORY, 0);
  DIR *dir = fd < 0 ? NULL : os->xFdopendir(fd);
  if( dir == NULL ) {
    if( fd >= 0 ) os->xClose(fd);
    return 0;
  }
  for( struct dirent *item; (item = os->xReaddir(dir)) != NULL; ) {
    int number = number_of(item->d_name, adcp_path_name(file->path));
    if( number > highest ) highest = number;
  }
  os->xClosedir(dir);
  return highest;
}

/* Gives the file the first free name above those that are there and makes that its path. Returns 0 or
** an errno. */
static int publish_numbered(AdcpOutFile *file) {
  int error_number = EEXIST;
  int first = highest_number(file) + 1;
  for( int n = first; n < first + MAX_TRIES && error_number == EEXIST; n++ ) {
    char *path = numbered_path(file->path, n);
    error_number = path ? publish_new(file, adcp_path_name(path)) : ENOMEM;
    char *unused = error_number ? path : file->path;
    if( error_number == 0 ) file->path = path;
    adcp_free(unused);
  }
  return error_number;
}

static int publish_replace(AdcpOutFile *file) {
  const AdcpPlace *target = &file->target;
  int rc = adcp_system_calls()->xRename(target->folder, file->temp, target->name);
  return outcome(file, target->name, rc);
}

static int publish_as(AdcpOutFile *file) {
  switch( file->mode ) {
  case ADCP_OUT_NEW: return publish_new(file, file->target.name);
  case ADCP_OUT_NUMBERED: return publish_numbered(file);
  case ADCP_OUT_REPLACE: break;
  }
  return publish_replace(file);
}

static void publish(AdcpOutFile *file, AdcpError *err) {
  if( err->rc != ADCP_OK ) return;
  int error_number = publish_as(file);
  if( error_number == 0 ) {
    forget_temp(file);
  } else if( error_number == EEXIST ) {
    fail_exists(file, err);
  } else {
    adcp_error_errno(err, ADCP_IOERR, error_number, "cannot give the finished file its name %s",
                     file->path);
  }
}

int adcp_folder_open(int folder, const char *path) {
  return adcp_system_open(folder, path, O_RDONLY | O_DIRECTORY, 0);
}

int adcp_folder_sync(int folder) {
  int error_number = adcp_system_calls()->xFsync(folder) == 0 ? 0 : errno;
  return error_number == EINVAL ? 0 : error_number;
}

/* Makes the new name durable. */
static void sync_folder(AdcpOutFile *file, AdcpError *err) {
  int error_number = err->rc == ADCP_OK ? adcp_folder_sync(file->folder) : 0;
  if( error_number == 0 ) return;
  adcp_error_errno(err, ADCP_IOERR, error_number,
                   "%s is written, but its folder could not be synced to the disk", file->path);
}

void adcp_outfile_sync(AdcpOutFile *file, AdcpError *err) {
  if( err->rc != ADCP_OK || file->is_stream ) return;
  if( adcp_system_calls()->xFsync(file->fd) != 0 ) {
    adcp_error_errno(err, ADCP_IOERR, errno, "cannot sync %s to the disk", file->path);
  }
}

/* Before it gets its name: from then on others may take the name again. */
static void identify(AdcpOutFile *file, AdcpError *err) {
  struct stat st;
  if( err->rc != ADCP_OK ) return;
  if( adcp_system_calls()->xFstat(file->fd, &st) == 0 ) {
    file->target.file = (AdcpFileId){st.st_dev, st.st_ino};
  } else {
    adcp_error_errno(err, ADCP_IOERR, errno, "cannot read the state of the finished file of %s",
                     file->path);
  }
}

static void commit_temp(AdcpOutFile *file, AdcpError *err) {
  adcp_outfile_sync(file, err);
  identify(file, err);
  publish(file, err);
  if( err->rc != ADCP_OK ) return;
  close_fd(file); /* synced already: nothing is left that could fail */
  sync_folder(file, err);
}

bool adcp_outfile_is_published(const AdcpOutFile *file) {
  return !file->is_stream && file->temp == NULL;
}

void adcp_outfile_take_place(AdcpOutFile *file, AdcpPlace *place) {
  assert(adcp_outfile_is_published(file));
  if( file->mode == ADCP_OUT_NUMBERED ) { /* the path got a number, not the place */
    adcp_free(file->target.path);
    file->target.path = file->path;
    file->target.name = adcp_path_name(file->path);
    file->path = NULL;
  }
  *place = file->target;
  file->target = (AdcpPlace)ADCP_PLACE_INIT;
}

void adcp_outfile_commit(AdcpOutFile *file, AdcpError *err) {
  if( err->rc != ADCP_OK ) return;
  assert(file->fd >= 0 && !file->is_failed);
  if( !file->is_stream ) {
    commit_temp(file, err);
  } else if( close_fd(file) != 0 && errno != EINTR ) {
    adcp_error_errno(err, ADCP_IOERR, errno, "cannot write %s", file->path);
  }
}

void adcp_outfile_close(AdcpOutFile *file) {
  if( file == NULL ) return;
  if( file->temp ) adcp_system_calls()->xUnlink(file->target.folder, file->temp);
  close_fd(file);
  if( file->folder >= 0 ) adcp_system_calls()->xClose(file->folder);
  adcp_free(file->temp);
  adcp_place_close(&file->target);
  adcp_free(file->path);
  adcp_free(file);
}
