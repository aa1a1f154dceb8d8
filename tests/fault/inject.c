/*
** inject.c - the counter and the replaced tables (contract in inject.h).
*/
#include "inject.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"
#include "other.h"
#include "platform/file.h"
#include "record.h"

static FaultPlan armed; /* written while no worker runs */
static sqlite3 *subject;
static atomic_long operations, fired, own_blocks;
static const char *first_place = "";
static int limit_before;

bool fault_hits(FaultKind kind, const char *place) {
  if( armed.kind != kind ) return false;
  long number = atomic_fetch_add(&operations, 1) + 1;
  bool hit = armed.at && (armed.persistent ? number >= armed.at : number == armed.at);
  if( hit && atomic_fetch_add(&fired, 1) == 0 ) first_place = place;
  return hit;
}

int fault_detail(void) {
  return armed.detail;
}

bool fault_crashes(void) {
  return armed.crash;
}

/* ---- dying ---- */

/* Of the coverage build; elsewhere there are none. */
void __gcov_dump(void) __attribute__((weak));
void __gcov_reset(void) __attribute__((weak));

void fault_keep_coverage(void) {
  if( __gcov_dump ) __gcov_dump();
  if( __gcov_reset ) __gcov_reset(); /* else the next dump would write nothing */
}

void fault_crash(void) {
  fault_keep_coverage();
  kill(getpid(), SIGKILL);
}

/* ---- memory ---- */

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int n) {
  return fault_hits(FAULT_SQLITE_MEMORY, "malloc") ? NULL : sqlite_memory.xMalloc(n);
}

static void *sqlite_realloc(void *old, int n) {
  return fault_hits(FAULT_SQLITE_MEMORY, "realloc") ? NULL : sqlite_memory.xRealloc(old, n);
}

static void *counted_realloc(void *old, size_t n) {
  void *block = realloc(old, n);
  if( block && old == NULL ) atomic_fetch_add(&own_blocks, 1);
  return block;
}

static void counted_free(void *block) {
  if( block ) atomic_fetch_sub(&own_blocks, 1);
  free(block);
}

static void *own_malloc(size_t n) {
  return fault_hits(FAULT_OWN_MEMORY, "malloc") ? NULL : counted_realloc(NULL, n);
}

static void *own_realloc(void *old, size_t n) {
  return fault_hits(FAULT_OWN_MEMORY, "realloc") ? NULL : counted_realloc(old, n);
}

static void *json_malloc(size_t n) {
  return fault_hits(FAULT_JSON_MEMORY, "malloc") ? NULL : counted_realloc(NULL, n);
}

static void *compressor_malloc(size_t n) {
  return fault_hits(FAULT_COMPRESSOR_MEMORY, "libdeflate") ? NULL : counted_realloc(NULL, n);
}

static void install_memory(void) {
  static const AdcpMemMethods own = {own_malloc, own_realloc, counted_free};
  static cJSON_Hooks json = {json_malloc, counted_free};
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
  sqlite3_mem_methods failing = sqlite_memory;
  failing.xMalloc = sqlite_malloc;
  failing.xRealloc = sqlite_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  adcp_mem_replace(&own);
  libdeflate_set_memory_allocator(compressor_malloc, counted_free);
  cJSON_InitHooks(&json);
}

long fault_own_blocks(void) {
  return atomic_load(&own_blocks);
}

/* ---- threads: linked with --wrap=pthread_create ---- */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                          void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                          void *argument) {
  if( fault_hits(FAULT_THREAD, "pthread_create") ) return EAGAIN;
  return __real_pthread_create(thread, attr, start, argument);
}

/* ---- libzstd, which has no table: linked with --wrap ---- */

ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
size_t __real_ZSTD_compress2(ZSTD_CCtx *c, void *to, size_t n, const void *from, size_t size);
size_t __wrap_ZSTD_compress2(ZSTD_CCtx *c, void *to, size_t n, const void *from, size_t size);
size_t __real_ZSTD_decompressStream(ZSTD_DCtx *c, ZSTD_outBuffer *out, ZSTD_inBuffer *in);
size_t __wrap_ZSTD_decompressStream(ZSTD_DCtx *c, ZSTD_outBuffer *out, ZSTD_inBuffer *in);

/* What the library returns when it has no memory. */
static size_t zstd_nomem(void) {
  return (size_t)-ZSTD_error_memory_allocation;
}

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void) {
  return fault_hits(FAULT_COMPRESSOR_MEMORY, "createCCtx") ? NULL : __real_ZSTD_createCCtx();
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void) {
  return fault_hits(FAULT_COMPRESSOR_MEMORY, "createDCtx") ? NULL : __real_ZSTD_createDCtx();
}

size_t __wrap_ZSTD_compress2(ZSTD_CCtx *c, void *to, size_t n, const void *from, size_t size) {
  return fault_hits(FAULT_COMPRESSOR_MEMORY, "compress2")
             ? zstd_nomem()
             : __real_ZSTD_compress2(c, to, n, from, size);
}

size_t __wrap_ZSTD_decompressStream(ZSTD_DCtx *c, ZSTD_outBuffer *out, ZSTD_inBuffer *in) {
  return fault_hits(FAULT_COMPRESSOR_MEMORY, "decompressStream")
             ? zstd_nomem()
             : __real_ZSTD_decompressStream(c, out, in);
}

/* ---- system calls ---- */

static AdcpSystemCalls real_calls;

/* True when the call is to fail, with errno set. A crash comes before the call, or after it when
** the plan's detail says so. */
static bool refused(const char *place) {
  if( !fault_hits(FAULT_SYSTEM_CALL, place) ) return false;
  if( armed.crash ) fault_crash();
  errno = armed.detail;
  return true;
}

static ino_t inode_of(int fd) {
  struct stat st;
  return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static ino_t inode_at(int folder, const char *name) {
  struct stat st;
  return fstatat(folder, name, &st, 0) == 0 ? st.st_ino : 0;
}

/* The path of a name in an open folder, for the record. */
static const char *path_of(int folder, const char *name, char out[1000]) {
  char link[40], path[500];
  if( folder == AT_FDCWD || name[0] == '/' ) return name;
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t n = readlink(link, path, sizeof path - 1);
  path[n > 0 ? n : 0] = 0;
  snprintf(out, 1000, "%s/%.400s", path, name);
  return out;
}

static void note_open(int fd, int folder, const char *name, bool was_there) {
  char path[1000];
  if( fd >= 0 && record_is_on() ) record_open(path_of(folder, name, path), inode_of(fd), was_there);
}

static int x_open(int folder, const char *path, int flags, mode_t mode) {
  if( refused("open") ) return -1;
  bool was_there = inode_at(folder, path) != 0;
  int fd = real_calls.xOpen(folder, path, flags, mode);
  note_open(fd, folder, path, was_there);
  return fd;
}

static int x_open_beneath(int folder, const char *path, int flags, mode_t mode) {
  if( refused("openat2") ) return -1;
  bool was_there = inode_at(folder, path) != 0;
  int fd = real_calls.xOpenBeneath(folder, path, flags, mode);
  note_open(fd, folder, path, was_there);
  return fd;
}

static ssize_t x_read(int fd, void *to, size_t n) {
  if( refused("read") ) return -1;
  return real_calls.xRead(fd, to, n > 1 && fault_hits(FAULT_SHORT, "read") ? 1 : n);
}

static ssize_t x_pread(int fd, void *to, size_t n, off_t offset) {
  if( refused("pread") ) return -1;
  return real_calls.xPread(fd, to, n > 1 && fault_hits(FAULT_SHORT, "pread") ? (n + 1) / 2 : n,
                           offset);
}

/* A write that the crash meets has gone out in part. */
static ssize_t x_write(int fd, const void *bytes, size_t n) {
  if( armed.crash && armed.kind == FAULT_SYSTEM_CALL && armed.at &&
      atomic_load(&operations) + 1 == armed.at ) {
    real_calls.xWrite(fd, bytes, n / 2);
  }
  if( refused("write") ) return -1;
  bool appends = record_is_on() && (fcntl(fd, F_GETFL) & O_APPEND);
  off_t offset = record_is_on() ? lseek(fd, 0, appends ? SEEK_END : SEEK_CUR) : 0;
  ssize_t done =
      real_calls.xWrite(fd, bytes, n > 1 && fault_hits(FAULT_SHORT, "write") ? (n + 1) / 2 : n);
  if( done > 0 && record_is_on() ) record_write(inode_of(fd), bytes, (size_t)done, offset);
  return done;
}

static int x_poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
  return refused("poll") ? -1 : real_calls.xPoll(fds, n, timeout_ms);
}

/* Nothing is synced in truth: the disk would be most of the time of a run. */
static int x_fsync(int fd) {
  char link[40], path[1000];
  struct stat st;
  if( refused("fsync") ) return -1;
  if( !record_is_on() || fstat(fd, &st) != 0 ) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = S_ISDIR(st.st_mode) ? readlink(link, path, sizeof path - 1) : -1;
  if( n > 0 ) {
    path[n] = 0;
    record_sync_folder(path);
  } else {
    record_sync(st.st_ino);
  }
  return 0;
}

/* Closed in any case, as Linux does. */
static int x_close(int fd) {
  bool fails = refused("close");
  int error_number = errno, rc = real_calls.xClose(fd);
  errno = error_number;
  return fails ? -1 : rc;
}

static int x_fstat(int fd, struct stat *st) {
  return refused("fstat") ? -1 : real_calls.xFstat(fd, st);
}

static int x_fstatat(int folder, const char *name, struct stat *st, int flags) {
  return refused("fstatat") ? -1 : real_calls.xFstatat(folder, name, st, flags);
}

static int x_statx(int folder, const char *name, uint64_t *attributes) {
  return refused("statx") ? -1 : real_calls.xStatx(folder, name, attributes);
}

static int x_rename(int folder, const char *from, const char *to) {
  char path[1000], new_path[1000];
  if( refused("rename") ) return -1;
  ino_t inode = inode_at(folder, from);
  int rc = real_calls.xRename(folder, from, to);
  if( rc == 0 ) record_rename(path_of(folder, from, path), path_of(folder, to, new_path), inode);
  return rc;
}

static int x_rename_new(int folder, const char *from, const char *to) {
  return refused("renameat2") ? -1 : real_calls.xRenameNew(folder, from, to);
}

static int x_link(int folder, const char *from, const char *to) {
  char path[1000];
  if( refused("link") ) return -1;
  int rc = real_calls.xLink(folder, from, to);
  if( rc == 0 ) record_link(path_of(folder, to, path), inode_at(folder, from));
  return rc;
}

static int x_unlink(int folder, const char *name) {
  char path[1000];
  if( refused("unlink") ) return -1;
  int rc = real_calls.xUnlink(folder, name);
  if( rc == 0 ) record_unlink(path_of(folder, name, path));
  return rc;
}

static int x_sync_file_range(int fd, off_t offset, off_t n, unsigned flags) {
  return refused("sync_file_range") ? -1 : real_calls.xSyncFileRange(fd, offset, n, flags);
}

static ssize_t x_readlink(int folder, const char *name, char *to, size_t n) {
  return refused("readlink") ? -1 : real_calls.xReadlink(folder, name, to, n);
}

static int x_flock(int fd, int operation) {
  return refused("flock") ? -1 : real_calls.xFlock(fd, operation);
}

static int x_fchmod(int fd, mode_t mode) {
  return refused("fchmod") ? -1 : real_calls.xFchmod(fd, mode);
}

static int x_fchown(int fd, uid_t owner, gid_t group) {
  return refused("fchown") ? -1 : real_calls.xFchown(fd, owner, group);
}

static ssize_t x_fgetxattr(int fd, const char *name, void *to, size_t n) {
  return refused("fgetxattr") ? -1 : real_calls.xFgetxattr(fd, name, to, n);
}

static int x_fsetxattr(int fd, const char *name, const void *value, size_t n, int flags) {
  return refused("fsetxattr") ? -1 : real_calls.xFsetxattr(fd, name, value, n, flags);
}

static int x_fremovexattr(int fd, const char *name) {
  return refused("fremovexattr") ? -1 : real_calls.xFremovexattr(fd, name);
}

static int x_mkdir(int folder, const char *name, mode_t mode) {
  char path[1000];
  if( refused("mkdir") ) return -1;
  int rc = real_calls.xMkdir(folder, name, mode);
  if( rc == 0 ) record_mkdir(path_of(folder, name, path));
  return rc;
}

static int x_faccessat(int folder, const char *name, int mode) {
  return refused("faccessat") ? -1 : real_calls.xFaccessat(folder, name, mode);
}

static int x_fstatvfs(int fd, struct statvfs *st) {
  return refused("fstatvfs") ? -1 : real_calls.xFstatvfs(fd, st);
}

static char *x_getcwd(char *to, size_t n) {
  return refused("getcwd") ? NULL : real_calls.xGetcwd(to, n);
}

static char *x_realpath(const char *path, char *to) {
  return refused("realpath") ? NULL : real_calls.xRealpath(path, to);
}

static DIR *x_fdopendir(int fd) {
  return refused("fdopendir") ? NULL : real_calls.xFdopendir(fd);
}

static struct dirent *x_readdir(DIR *dir) {
  return refused("readdir") ? NULL : real_calls.xReaddir(dir);
}

static ssize_t x_getrandom(void *to, size_t n) {
  if( refused("getrandom") ) return -1;
  return real_calls.xGetrandom(to, n > 1 && fault_hits(FAULT_SHORT, "getrandom") ? 1 : n);
}

static int x_closedir(DIR *dir) {
  bool fails = refused("closedir");
  int rc = real_calls.xClosedir(dir);
  return fails ? -1 : rc;
}

static void install_system_calls(void) {
  static const AdcpSystemCalls failing = {
      .xOpen = x_open,
      .xOpenBeneath = x_open_beneath,
      .xRead = x_read,
      .xPread = x_pread,
      .xWrite = x_write,
      .xPoll = x_poll,
      .xFsync = x_fsync,
      .xSyncFileRange = x_sync_file_range,
      .xClose = x_close,
      .xFchmod = x_fchmod,
      .xFchown = x_fchown,
      .xFgetxattr = x_fgetxattr,
      .xFsetxattr = x_fsetxattr,
      .xFremovexattr = x_fremovexattr,
      .xFstat = x_fstat,
      .xFstatat = x_fstatat,
      .xStatx = x_statx,
      .xRename = x_rename,
      .xRenameNew = x_rename_new,
      .xLink = x_link,
      .xUnlink = x_unlink,
      .xReadlink = x_readlink,
      .xFlock = x_flock,
      .xMkdir = x_mkdir,
      .xFaccessat = x_faccessat,
      .xFstatvfs = x_fstatvfs,
      .xGetcwd = x_getcwd,
      .xRealpath = x_realpath,
      .xFdopendir = x_fdopendir,
      .xReaddir = x_readdir,
      .xClosedir = x_closedir,
      .xGetrandom = x_getrandom,
  };
  real_calls = *adcp_system_calls();
  adcp_system_calls_replace(&failing);
}

void fault_install(void) {
  other_start(); /* with nothing of what follows */
  install_memory();
  install_system_calls();
  fault_install_vfs();
}

/* ---- what an application may do ---- */

static int x_progress(void *context) {
  (void)context;
  if( fault_hits(FAULT_PROGRESS, "progress handler") ) return 1;
  if( fault_hits(FAULT_INTERRUPT, "sqlite3_interrupt") ) sqlite3_interrupt(subject);
  if( fault_hits(FAULT_READER, "reader") ) {
    other_run("BEGIN; SELECT count(*) FROM sqlite_schema");
  }
  if( fault_hits(FAULT_WRITER, "writer") ) {
    other_run("BEGIN IMMEDIATE");
  }
  return 0;
}

/* SQLite 3.40.1 dereferences NULL in a CREATE TABLE of its own, WITHOUT ROWID and with a key that is no
** integer, when the index of the key is ignored. */
static bool may_be_ignored(int action, const char *a) {
  bool of_schema = action == SQLITE_INSERT && a && strcmp(a, "sqlite_master") == 0;
  bool of_key = action == SQLITE_CREATE_INDEX && a && strncmp(a, "sqlite_autoindex_", 17) == 0;
  return !of_schema && !of_key;
}

static int x_authorize(void *context, int action, const char *a, const char *b, const char *c,
                       const char *d) {
  (void)context;
  (void)b;
  (void)c;
  (void)d;
  if( armed.kind == FAULT_DENY_ACTION && armed.at == action ) {
    atomic_fetch_add(&fired, 1);
    return SQLITE_DENY;
  }
  if( may_be_ignored(action, a) && fault_hits(FAULT_IGNORE, "ignored") ) return SQLITE_IGNORE;
  return fault_hits(FAULT_DENY, a ? "authorizer" : "authorizer of a plain action") ? SQLITE_DENY
                                                                                   : SQLITE_OK;
}

static void set_limits(const FaultPlan *plan) {
  if( plan->at == 0 ) return;
  if( plan->kind == FAULT_HEAP ) {
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + plan->at * 4096);
  } else if( plan->kind == FAULT_LIMIT ) {
    limit_before = sqlite3_limit(subject, plan->detail, 1 << plan->at);
  }
}

static bool has_other(FaultKind kind) {
  return kind == FAULT_READER || kind == FAULT_WRITER;
}

static bool has_authorizer(FaultKind kind) {
  return kind == FAULT_DENY || kind == FAULT_DENY_ACTION || kind == FAULT_IGNORE;
}

void fault_arm(const FaultPlan *plan, sqlite3 *db, const char *path) {
  FaultKind kind = plan->kind;
  subject = db;
  if( has_other(kind) ) other_open(path);
  if( kind == FAULT_PROGRESS || kind == FAULT_INTERRUPT || has_other(kind) ) {
    sqlite3_progress_handler(db, 1, x_progress, NULL);
  }
  if( has_authorizer(kind) ) sqlite3_set_authorizer(db, x_authorize, NULL);
  set_limits(plan);
  atomic_store(&operations, 0);
  atomic_store(&fired, 0);
  first_place = "";
  armed = *plan;
}

void fault_disarm(void) {
  FaultPlan was = armed;
  armed.kind = FAULT_NONE;
  if( subject ) {
    sqlite3_progress_handler(subject, 0, NULL, NULL);
    if( has_authorizer(was.kind) ) sqlite3_set_authorizer(subject, NULL, NULL);
    if( was.kind == FAULT_LIMIT && was.at ) sqlite3_limit(subject, was.detail, limit_before);
  }
  if( was.kind == FAULT_HEAP ) sqlite3_hard_heap_limit64(0);
  if( has_other(was.kind) ) other_close();
}

long fault_operations(void) {
  return atomic_load(&operations);
}

long fault_fired(void) {
  return atomic_load(&fired);
}

const char *fault_place(void) {
  return first_place;
}
