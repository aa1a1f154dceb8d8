/*
** temp_file.c - locked temporary files and their leftovers (contract in temp_file.h).
**
** Three races are closed here. A cleaner may see a file between its creation and its lock: the maker
** looks, once it has the lock, whether the file still has a name, and makes another if not. A
** cleaner may see a file between unlock and rename: the writer renames first and unlocks later. A
** cleaner may get the lock of a file whose writer is done and writes the next one under the same
** name: it looks, once it has the lock, whether the name is still that file's. It stays so until
** the cleaner is done: no other takes a name that is there.
** Where flock does not work (some network file systems) it fails for cleaners too, so nothing is
** removed there. Where it works and fails all the same, no file is made: a cleaner could take it.
*/
#include "platform/temp_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "platform/file.h"

static const char suffix[] = ".adcp-tmp";

/* Numbers tried before the folder is given up: each is a live writer of this process. */
#define MAX_TRIES 1000

/* File systems allow 255 bytes in a name; pid, number and suffix need at most 40 of them. */
#define MAX_NAME_PART 210

const char *adcp_path_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

char *adcp_path_folder(const char *path) {
  const char *name = adcp_path_name(path);
  if( name == path ) return adcp_strdup(".");
  size_t n = (size_t)(name - path) - 1;
  return n == 0 ? adcp_strdup("/") : adcp_strndup(path, n);
}

/* Skips digits; NULL when there are none. */
static const char *skip_digits(const char *text) {
  size_t n = strspn(text, "0123456789");
  return n ? text + n : NULL;
}

bool adcp_temp_file_name(const char *name) {
  size_t n = strlen(name);
  if( n < sizeof suffix || name[0] != '.' ) return false;
  const char *end = name + n - (sizeof suffix - 1);
  if( strcmp(end, suffix) != 0 ) return false;
  const char *dot = memrchr(name + 1, '.', (size_t)(end - name) - 1);
  const char *at = dot ? skip_digits(dot + 1) : NULL;
  if( at == NULL || *at != '-' ) return false;
  return skip_digits(at + 1) == end;
}

/* The name of try number n; NULL when out of memory. */
static char *name_of_try(const AdcpPlace *target, int n) {
  AdcpBuf buf = {0};
  size_t name_size = strlen(target->name);
  if( name_size > MAX_NAME_PART ) name_size = MAX_NAME_PART;
  adcp_buf_append_byte(&buf, '.');
  adcp_buf_append(&buf, target->name, name_size);
  adcp_buf_appendf(&buf, ".%ld-%d%s", (long)getpid(), n, suffix);
  return adcp_buf_take(&buf);
}

/* True for what flock() says where there are no locks. */
static bool lock_is_unsupported(int error_number) {
  return error_number == ENOSYS || error_number == EOPNOTSUPP || error_number == ENOLCK ||
         error_number == EINVAL;
}

/* Returns 0; EWOULDBLOCK when a cleaner has the file, which will remove it, or had it; or why it cannot
** be locked. Where locks do not work, and where the file's state cannot be read, there is no cleaner
** either. */
static int take_lock(int fd) {
  struct stat st;
  int rc;
  do {
    rc = adcp_system_calls()->xFlock(fd, LOCK_EX | LOCK_NB);
  } while( rc != 0 && errno == EINTR );
  if( rc != 0 && !lock_is_unsupported(errno) ) return errno;
  return adcp_system_calls()->xFstat(fd, &st) != 0 || st.st_nlink > 0 ? 0 : EWOULDBLOCK;
}

/* Makes and locks a file. Returns 0, EEXIST or EWOULDBLOCK when another name may do, or why not. */
static int make_locked(int folder, const char *name, int *fd, const char **step) {
  *step = "its folder";
  *fd = adcp_system_open(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if( *fd < 0 ) return errno;
  *step = "its temporary file cannot be locked";
  int error_number = take_lock(*fd);
  if( error_number == 0 ) return 0;
  if( error_number != EWOULDBLOCK ) adcp_system_calls()->xUnlink(folder, name);
  adcp_system_calls()->xClose(*fd);
  return error_number;
}

int adcp_temp_file_open(const AdcpPlace *target, char **name, AdcpError *err) {
  *name = NULL;
  if( err->rc != ADCP_OK ) return -1;
  for( int i = 0; i < MAX_TRIES; i++ ) {
    char *candidate = name_of_try(target, i);
    if( candidate == NULL ) {
      adcp_error_nomem(err);
      return -1;
    }
    int fd;
    const char *step;
    int error_number = make_locked(target->folder, candidate, &fd, &step);
    if( error_number == 0 ) {
      *name = candidate;
      return fd;
    }
    adcp_free(candidate);
    if( error_number != EEXIST && error_number != EWOULDBLOCK ) {
      adcp_error_errno(err, ADCP_CANTOPEN, error_number, "cannot write %s: %s", target->path, step);
      return -1;
    }
  }
  adcp_error_set(err, ADCP_CANTOPEN, "cannot write %s: its folder is full of temporary files",
                 target->path);
  return -1;
}

static bool lock_is_free(int fd) {
  return adcp_system_calls()->xFlock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* Removes the file if nobody holds its lock. */
static void remove_leftover(int folder, const char *name) {
  struct stat st;
  int fd = adcp_system_open(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
  if( fd < 0 ) return;
  if( adcp_system_calls()->xFstat(fd, &st) == 0 && S_ISREG(st.st_mode) && lock_is_free(fd) &&
      adcp_name_is_file(folder, name, (AdcpFileId){st.st_dev, st.st_ino}) ) {
    adcp_system_calls()->xUnlink(folder, name);
  }
  adcp_system_calls()->xClose(fd);
}

void adcp_temp_file_remove_leftovers(int folder) {
  int fd = adcp_system_open(folder, ".", O_RDONLY | O_DIRECTORY, 0);
  DIR *dir = fd < 0 ? NULL : adcp_system_calls()->xFdopendir(fd);
  if( dir == NULL ) {
    if( fd >= 0 ) adcp_system_calls()->xClose(fd);
    return;
  }
  struct dirent *entry;
  while( (entry = adcp_system_calls()->xReaddir(dir)) != NULL ) {
    if( adcp_temp_file_name(entry->d_name) ) remove_leftover(folder, entry->d_name);
  }
  adcp_system_calls()->xClosedir(dir);
}
