/*
** root.c - paths that are held inside a folder (contract in root.h).
*/
#include "platform/root.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "platform/beneath.h"
#include "platform/file.h"
#include "platform/temp_file.h"

struct AdcpRoot {
  int fd;       /* of the folder; -1: nothing is held */
  char *path;   /* without links */
  char *given;  /* absolute, as it was given; NULL where that has ".." in it */
  bool by_walk; /* there is no openat2 */
};

static bool holds(const AdcpRoot *root) {
  return root && root->fd >= 0;
}

/* ---- from a path to what stands behind the root's name ---- */

/* Appends the path, made absolute. getcwd has no links in it, so ".." at the start of a relative
** path takes names from its end. False with errno. */
static bool append_absolute(AdcpBuf *out, const char *path) {
  char cwd[PATH_MAX];
  if( path[0] != '/' ) {
    if( adcp_system_calls()->xGetcwd(cwd, sizeof cwd) == NULL ) return false;
    size_t n = strlen(cwd);
    for( ;; ) {
      size_t dots = strspn(path, ".");
      if( dots < 1 || dots > 2 || (path[dots] != '/' && path[dots] != 0) ) break;
      if( dots == 2 ) n = (size_t)((const char *)memrchr(cwd, '/', n) - cwd);
      if( n == 0 ) n = 1;
      path += dots + strspn(path + dots, "/");
    }
    adcp_buf_append(out, cwd, n);
    adcp_buf_append_byte(out, '/');
  }
  adcp_buf_append_str(out, path);
  errno = ENOMEM;
  return !out->oom;
}

/* Skips slashes, and "." where a component could stand. */
static const char *skip_nothing(const char *path) {
  for( ;; ) {
    path += strspn(path, "/");
    if( path[0] != '.' || (path[1] != '/' && path[1] != 0) ) return path;
    path++;
  }
}

/* What follows the folder's name in a path, "" for the folder itself; NULL when the path does not
** begin with it. */
static const char *behind(const char *path, const char *folder) {
  for( ;; ) {
    path = skip_nothing(path);
    folder += strspn(folder, "/");
    if( *folder == 0 ) return path;
    size_t n = strcspn(folder, "/");
    if( strcspn(path, "/") != n || memcmp(path, folder, n) != 0 ) return NULL;
    path += n;
    folder += n;
  }
}

/* Appends the path as it is seen from the root; false with errno. */
static bool append_relative(const AdcpRoot *root, AdcpBuf *out, const char *path) {
  AdcpBuf absolute = {0};
  const char *rest = NULL;
  if( path[0] == 0 ) {
    errno = ENOENT; /* as the operating system says */
    return false;
  }
  bool ok = append_absolute(&absolute, path);
  const char *text = ok ? adcp_buf_text(&absolute) : NULL;
  if( text ) {
    rest = behind(text, root->path);
    if( rest == NULL && root->given ) rest = behind(text, root->given);
    if( rest ) adcp_buf_append_str(out, *rest ? rest : ".");
    errno = rest ? ENOMEM : EXDEV;
  }
  int error_number = errno;
  adcp_buf_free(&absolute);
  errno = error_number;
  return rest != NULL && !out->oom;
}

/* ---- opening ---- */

/* Lets files and folders through, closes all else with ENXIO. */
static int only_regular(int fd) {
  struct stat st;
  if( fd < 0 ) return -1;
  int error_number = adcp_system_calls()->xFstat(fd, &st) != 0    ? errno
                     : S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 0
                                                                  : ENXIO;
  if( error_number == 0 ) return fd;
  adcp_system_calls()->xClose(fd);
  errno = error_number;
  return -1;
}

static int open_held(const AdcpRoot *root, const char *path, int flags, mode_t mode) {
  AdcpBuf relative = {0};
  int fd = -1;
  if( append_relative(root, &relative, path) ) {
    const char *text = adcp_buf_text(&relative);
    bool looks_only = (flags & O_PATH) != 0;
    int quick = looks_only ? flags : flags | O_NONBLOCK | O_NOCTTY;
    if( text ) fd = adcp_beneath_open(root->fd, text, quick, mode, root->by_walk);
    if( !looks_only ) fd = only_regular(fd);
  }
  int error_number = errno;
  adcp_buf_free(&relative);
  errno = error_number;
  return fd;
}

int adcp_path_open(const AdcpRoot *root, const char *path, int flags, mode_t mode) {
  if( holds(root) ) return open_held(root, path, flags, mode);
  return adcp_system_open(AT_FDCWD, path, flags, mode);
}

static int stat_path(const AdcpRoot *root, const char *path, struct stat *st, bool follow) {
  const AdcpSystemCalls *os = adcp_system_calls();
  if( !holds(root) ) return os->xFstatat(AT_FDCWD, path, st, follow ? 0 : AT_SYMLINK_NOFOLLOW);
  int fd = open_held(root, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
  if( fd < 0 ) return -1;
  int rc = os->xFstat(fd, st), error_number = errno;
  os->xClose(fd);
  errno = error_number;
  return rc;
}

int adcp_path_stat(const AdcpRoot *root, const char *path, struct stat *st) {
  return stat_path(root, path, st, true);
}

int adcp_path_lstat(const AdcpRoot *root, const char *path, struct stat *st) {
  return stat_path(root, path, st, false);
}

DIR *adcp_path_opendir(const AdcpRoot *root, const char *path) {
  int fd = adcp_path_open(root, path, O_RDONLY | O_DIRECTORY, 0);
  DIR *dir = fd < 0 ? NULL : adcp_system_calls()->xFdopendir(fd);
  if( dir || fd < 0 ) return dir;
  int error_number = errno;
  adcp_system_calls()->xClose(fd);
  errno = error_number;
  return NULL;
}

/* "." of the folder asks for the right to search it, which every use needs. */
int adcp_path_access(const AdcpRoot *root, const char *path, int mode) {
  const AdcpSystemCalls *os = adcp_system_calls();
  if( !holds(root) ) return os->xFaccessat(AT_FDCWD, path, mode);
  int fd = open_held(root, path, O_PATH, 0);
  if( fd < 0 ) return -1;
  int rc = mode == F_OK ? 0 : os->xFaccessat(fd, ".", mode), error_number = errno;
  os->xClose(fd);
  errno = error_number;
  return rc;
}

int adcp_path_statvfs(const AdcpRoot *root, const char *path, struct statvfs *st) {
  const AdcpSystemCalls *os = adcp_system_calls();
  int fd = adcp_path_open(root, path, O_PATH, 0);
  if( fd < 0 ) return -1;
  int rc = os->xFstatvfs(fd, st), error_number = errno;
  os->xClose(fd);
  errno = error_number;
  return rc;
}

/* The place of a folder, whose path may end in slashes. */
static int open_folder_place(AdcpPlace *place, const AdcpRoot *root, const char *path) {
  size_t n = strlen(path);
  while( n > 1 && path[n - 1] == '/' ) n--;
  char *trimmed = adcp_strndup(path, n);
  errno = ENOMEM;
  int rc = trimmed ? adcp_place_open(place, root, trimmed, ADCP_LINKS_STAY) : -1;
  int error_number = errno;
  adcp_free(trimmed);
  errno = error_number;
  return rc;
}

/* The folder that it is made in is opened before, and only for one that is not there: what cannot be
** synced is not made, and what is there needs no sync. */
static int make_folder(const AdcpPlace *place, mode_t mode) {
  const AdcpSystemCalls *os = adcp_system_calls();
  struct stat st;
  if( os->xFstatat(place->folder, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0 ) {
    errno = EEXIST;
    return -1;
  }
  int parent = adcp_folder_open(place->folder, ".");
  if( parent < 0 ) return -1;
  int error_number =
      os->xMkdir(place->folder, place->name, mode) == 0 ? adcp_folder_sync(parent) : errno;
  os->xClose(parent);
  errno = error_number;
  return error_number ? -1 : 0;
}

int adcp_path_mkdir(const AdcpRoot *root, const char *path, mode_t mode) {
  AdcpPlace place = ADCP_PLACE_INIT;
  if( path[0] == '/' && path[strspn(path, "/")] == 0 ) {
    errno = EEXIST;
    return -1;
  }
  int rc = open_folder_place(&place, root, path);
  if( rc == 0 ) rc = make_folder(&place, mode);
  int error_number = errno;
  adcp_place_close(&place);
  errno = error_number;
  return rc;
}

int adcp_path_may_mkdir(const AdcpRoot *root, const char *path) {
  AdcpPlace place = ADCP_PLACE_INIT;
  int rc = open_folder_place(&place, root, path);
  if( rc == 0 ) rc = adcp_system_calls()->xFaccessat(place.folder, ".", R_OK | W_OK | X_OK);
  int error_number = errno;
  adcp_place_close(&place);
  errno = error_number;
  return rc;
}

/* ---- places ---- */

static int open_folder(AdcpPlace *place, const AdcpRoot *root) {
  char *folder = adcp_path_folder(place->path);
  place->name = adcp_path_name(place->path);
  errno = ENOMEM;
  if( folder ) place->folder = adcp_path_open(root, folder, O_PATH | O_DIRECTORY, 0);
  int error_number = errno;
  adcp_free(folder);
  errno = error_number;
  return place->folder < 0 ? -1 : 0;
}

/* The path that a link of this place leads to; NULL with errno 0 when it is no link. */
static char *link_target(const AdcpPlace *place) {
  char text[PATH_MAX];
  AdcpBuf path = {0};
  ssize_t n = adcp_system_calls()->xReadlink(place->folder, place->name, text, sizeof text - 1);
  if( n < 0 ) {
    if( errno == EINVAL || errno == ENOENT ) errno = 0;
    return NULL;
  }
  text[n] = 0;
  if( text[0] != '/' ) adcp_buf_append(&path, place->path, (size_t)(place->name - place->path));
  adcp_buf_append_str(&path, text);
  errno = ENOMEM;
  return adcp_buf_take(&path);
}

int adcp_place_open(AdcpPlace *place, const AdcpRoot *root, const char *path, AdcpLinks links) {
  *place = (AdcpPlace)ADCP_PLACE_INIT;
  errno = ENOMEM;
  place->path = adcp_strdup(path);
  for( int i = 0; place->path && i <= ADCP_MAX_LINKS; i++ ) {
    if( open_folder(place, root) != 0 ) break;
    if( links == ADCP_LINKS_STAY ) return 0;
    char *target = link_target(place);
    if( target == NULL && errno == 0 ) return 0;
    int error_number = errno;
    adcp_place_close(place);
    place->path = target;
    errno = target ? ELOOP : error_number;
  }
  int error_number = errno;
  adcp_place_close(place);
  errno = error_number;
  return -1;
}

bool adcp_same_file(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool adcp_same_state(const struct stat *a, const struct stat *b) {
  return adcp_same_file(a, b) && a->st_size == b->st_size &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool adcp_place_same(const AdcpPlace *a, const AdcpPlace *b) {
  const AdcpSystemCalls *os = adcp_system_calls();
  struct stat of_a, of_b;
  if( strcmp(a->name, b->name) == 0 && os->xFstat(a->folder, &of_a) == 0 &&
      os->xFstat(b->folder, &of_b) == 0 && adcp_same_file(&of_a, &of_b) ) {
    return true;
  }
  return os->xFstatat(a->folder, a->name, &of_a, AT_SYMLINK_NOFOLLOW) == 0 &&
         os->xFstatat(b->folder, b->name, &of_b, AT_SYMLINK_NOFOLLOW) == 0 &&
         adcp_same_file(&of_a, &of_b) && of_a.st_nlink == 1;
}

int adcp_place_unlink(const AdcpPlace *place) {
  bool known = place->file.inode != 0;
  if( known && !adcp_name_is_file(place->folder, place->name, place->file) ) return -1;
  return adcp_system_calls()->xUnlink(place->folder, place->name);
}

void adcp_place_close(AdcpPlace *place) {
  if( place->folder >= 0 ) adcp_system_calls()->xClose(place->folder);
  adcp_free(place->path);
  *place = (AdcpPlace)ADCP_PLACE_INIT;
}

/* ---- the root ---- */

AdcpRoot *adcp_root_open(AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpRoot *root = adcp_calloc(1, sizeof *root);
  if( root == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  root->fd = -1;
  return root;
}

static void forget(AdcpRoot *root) {
  if( root->fd >= 0 ) adcp_system_calls()->xClose(root->fd);
  adcp_free(root->path);
  adcp_free(root->given);
  *root = (AdcpRoot){.fd = -1};
}

void adcp_root_close(AdcpRoot *root) {
  if( root == NULL ) return;
  forget(root);
  adcp_free(root);
}

void adcp_root_take(AdcpRoot *root, AdcpRoot *narrower) {
  assert(holds(narrower));
  forget(root);
  *root = *narrower;
  adcp_free(narrower);
}

const char *adcp_root_path(const AdcpRoot *root) {
  return holds(root) ? root->path : NULL;
}

/* True when a component is "..", whose meaning depends on links before it. */
static bool has_climb(const char *path) {
  for( const char *at = strstr(path, ".."); at; at = strstr(at + 1, "..") ) {
    bool begins = at == path || at[-1] == '/';
    if( begins && (at[2] == '/' || at[2] == 0) ) return true;
  }
  return false;
}

static void take_given(AdcpRoot *root, const char *folder, AdcpError *err) {
  AdcpBuf given = {0};
  if( !append_absolute(&given, folder) ) {
    adcp_error_errno(err, ADCP_CANTOPEN, errno, "cannot tell the path of %s", folder);
  } else {
    root->given = adcp_buf_take(&given);
    if( root->given == NULL ) {
      adcp_error_nomem(err);
    } else if( has_climb(root->given) ) {
      adcp_free(root->given);
      root->given = NULL;
    }
  }
  adcp_buf_free(&given);
}

/* Makes sure that the path names the folder that is open. */
static void check_same_folder(int fd, const char *path, AdcpError *err) {
  struct stat by_name, by_fd;
  const AdcpSystemCalls *os = adcp_system_calls();
  if( os->xFstatat(AT_FDCWD, path, &by_name, 0) != 0 || os->xFstat(fd, &by_fd) != 0 ) {
    adcp_error_errno(err, ADCP_CANTOPEN, errno, "cannot read the state of %s", path);
  } else if( !adcp_same_file(&by_name, &by_fd) ) {
    adcp_error_set(err, ADCP_CANTOPEN, "%s was changed while it became the root; set it again",
                   path);
  }
}

/* The names by which paths into the folder will be known; they let nobody out: what is opened is
** looked up from the descriptor. */
static void take_names(AdcpRoot *root, const char *folder, AdcpError *err) {
  char *path = adcp_system_calls()->xRealpath(folder, NULL);
  if( path == NULL ) {
    adcp_error_errno(err, ADCP_CANTOPEN, errno, "cannot tell the path of %s without links", folder);
  } else if( strcmp(path, "/") == 0 ) {
    adcp_error_set(err, ADCP_ERROR,
                   "%s is the whole file system: as a root it would hold nothing; give a folder",
                   folder);
  } else if( (root->path = adcp_strdup(path)) == NULL ) {
    adcp_error_nomem(err);
  }
  free(path);
  if( !err->rc ) check_same_folder(root->fd, root->path, err);
  if( !err->rc ) take_given(root, folder, err);
}

static void find_openat2(AdcpRoot *root, AdcpError *err) {
  int error_number = err->rc ? 0 : adcp_beneath_try(root->fd);
  switch( error_number ) {
  case 0: return;
  case ENOSYS: /* kernels before 5.6 */
  case EPERM:  /* sandboxes that do not know the call */
  case EINVAL:
  case E2BIG: root->by_walk = true; return;
  }
  adcp_error_errno(err, ADCP_CANTOPEN, error_number, "cannot open %s", root->path);
}

AdcpRoot *adcp_root_narrowed(const AdcpRoot *root, const char *folder, AdcpError *err) {
  AdcpRoot *narrower = adcp_root_open(err);
  if( narrower == NULL ) return NULL;
  narrower->fd = adcp_path_open(root, folder, O_RDONLY | O_DIRECTORY, 0);
  if( narrower->fd < 0 ) {
    adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot make %s the root", folder);
  } else {
    take_names(narrower, folder, err);
    find_openat2(narrower, err);
  }
  if( err->rc == ADCP_OK ) return narrower;
  adcp_root_close(narrower);
  return NULL;
}

void adcp_root_errno(const AdcpRoot *root, AdcpError *err, AdcpRc rc, int error_number,
                     const char *format, ...) {
  va_list args;
  if( err->rc ) return;
  bool ours = holds(root) && (error_number == EXDEV || error_number == ENXIO);
  va_start(args, format);
  if( ours ) {
    adcp_error_setv(err, ADCP_PERM, format, args);
  } else {
    adcp_error_errnov(err, rc, error_number, format, args);
  }
  va_end(args);
  if( !ours ) return;
  adcp_error_append(err,
                    error_number == EXDEV
                        ? ": that leads outside of %s, the root of this connection; give a path "
                          "inside it, on which every link is relative and stays inside"
                        : ": that is no regular file, and nothing else is opened in %s, the root "
                          "of this connection; give the path of a file",
                    root->path);
}
