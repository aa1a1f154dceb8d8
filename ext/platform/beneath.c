/*
** beneath.c - path look-up that cannot leave a folder (contract in beneath.h).
**
** The kernel does it in one call, openat2 with RESOLVE_BENEATH. Without that call the path is
** walked here, component by component, and no component is ever opened through a link:
**
**     rest    what is still to be walked; the text of a link goes in front of it
**     done    names of the folders walked so far, none of them a link when it was opened
**     folder  the descriptor of the last of them
**
** ".." takes the last name from done and walks done again from the top: openat(folder, "..") would
** lead out of a folder that somebody moved meanwhile.
*/
#include "platform/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "platform/file.h"

/* The kernel says EAGAIN when a folder was moved while it looked at "..": times it is asked again.
** A thread that does nothing but rename gets through some ten times in a row. */
#define MAX_RETRIES 1000

typedef struct Walk {
  int top;    /* borrowed */
  int folder; /* owned; -1: top itself */
  AdcpBuf done, rest;
  int links;
} Walk;

static int folder_of(const Walk *walk) {
  return walk->folder < 0 ? walk->top : walk->folder;
}

static void set_folder(Walk *walk, int fd) {
  if( walk->folder >= 0 ) adcp_system_calls()->xClose(walk->folder);
  walk->folder = fd;
}

static bool enter(Walk *walk, const char *name) {
  int fd = adcp_system_open(folder_of(walk), name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
  if( fd < 0 ) return false;
  set_folder(walk, fd);
  return true;
}

/* Takes the next component from a text into name; false at its end, with errno when it is too long.
*/
static bool take_component(const char **text, char name[NAME_MAX + 1]) {
  *text += strspn(*text, "/");
  size_t n = strcspn(*text, "/");
  errno = n > NAME_MAX ? ENAMETOOLONG : 0;
  if( n == 0 || n > NAME_MAX ) return false;
  memcpy(name, *text, n);
  name[n] = 0;
  *text += n;
  return true;
}

/* From the top again through the folders of done but the last. */
static bool leave(Walk *walk) {
  char name[NAME_MAX + 1];
  if( walk->done.size == 0 ) {
    errno = EXDEV;
    return false;
  }
  while( walk->done.size && walk->done.data[--walk->done.size] != '/' ) continue;
  set_folder(walk, -1);
  errno = ENOMEM;
  const char *at = adcp_buf_text(&walk->done);
  while( at && take_component(&at, name) ) {
    if( !enter(walk, name) ) return false;
  }
  return at != NULL && errno == 0;
}

/* Puts the text of a link in front of the rest. 1 when name is a link, 0 when not, -1 on error. */
static int follow(Walk *walk, const char *name, const char *rest) {
  char text[PATH_MAX];
  ssize_t n = adcp_system_calls()->xReadlink(folder_of(walk), name, text, sizeof text - 1);
  if( n < 0 ) return errno == EINVAL || errno == ENOENT ? 0 : -1;
  text[n] = 0;
  errno = text[0] == '/' ? EXDEV : ++walk->links > ADCP_MAX_LINKS ? ELOOP : 0;
  if( errno ) return -1;
  AdcpBuf joined = {0};
  adcp_buf_appendf(&joined, "%s%s", text, rest);
  adcp_buf_free(&walk->rest);
  walk->rest = joined;
  errno = joined.oom ? ENOMEM : 0;
  return joined.oom ? -1 : 1;
}

/* One component that is not the last, or has a slash behind it. */
static bool step(Walk *walk, const char *name) {
  if( strcmp(name, ".") == 0 ) return true;
  if( strcmp(name, "..") == 0 ) return leave(walk);
  if( !enter(walk, name) ) return false;
  if( walk->done.size ) adcp_buf_append_byte(&walk->done, '/');
  adcp_buf_append_str(&walk->done, name);
  errno = ENOMEM;
  return !walk->done.oom;
}

/* The last component; "." and ".." are folders, opened as themselves. */
static int open_last(Walk *walk, const char *name, int flags, mode_t mode) {
  bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
  if( dots && !step(walk, name) ) return -1;
  return adcp_system_open(folder_of(walk), dots ? "." : name, flags | O_NOFOLLOW, mode);
}

static int walk_to_end(Walk *walk, int flags, mode_t mode) {
  char name[NAME_MAX + 1];
  for( ;; ) {
    const char *rest = adcp_buf_text(&walk->rest);
    errno = ENOMEM;
    if( rest == NULL ) return -1;
    if( !take_component(&rest, name) ) return errno ? -1 : open_last(walk, ".", flags, mode);
    bool stays = *rest == 0 && (flags & O_NOFOLLOW);
    int linked = stays ? 0 : follow(walk, name, rest);
    if( linked < 0 ) return -1;
    if( linked ) continue;
    if( *rest == 0 ) return open_last(walk, name, flags, mode);
    if( !step(walk, name) ) return -1;
    AdcpBuf left = {0};
    adcp_buf_append_str(&left, rest);
    adcp_buf_free(&walk->rest);
    walk->rest = left;
  }
}

static int open_by_walk(int folder, const char *path, int flags, mode_t mode) {
  Walk walk = {.top = folder, .folder = -1};
  adcp_buf_append_str(&walk.rest, path);
  int fd = walk_to_end(&walk, flags, mode);
  int error_number = errno;
  set_folder(&walk, -1);
  adcp_buf_free(&walk.done);
  adcp_buf_free(&walk.rest);
  errno = error_number;
  return fd;
}

static int open_by_kernel(int folder, const char *path, int flags, mode_t mode) {
  int fd = -1;
  for( int i = 0; i < MAX_RETRIES; i++ ) {
    fd = adcp_system_calls()->xOpenBeneath(folder, path, flags | O_CLOEXEC, mode);
    if( fd >= 0 || (errno != EAGAIN && errno != EINTR) ) break;
  }
  return adcp_system_above_standard(fd);
}

int adcp_beneath_open(int folder, const char *path, int flags, mode_t mode, bool by_walk) {
  if( path[0] == '/' ) {
    errno = EXDEV;
    return -1;
  }
  return by_walk ? open_by_walk(folder, path, flags, mode)
                 : open_by_kernel(folder, path, flags, mode);
}

int adcp_beneath_try(int folder) {
  int fd = open_by_kernel(folder, ".", O_PATH | O_DIRECTORY, 0);
  if( fd < 0 ) return errno;
  adcp_system_calls()->xClose(fd);
  return 0;
}
