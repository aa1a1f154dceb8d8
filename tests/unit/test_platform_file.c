/*
** test_platform_file.c - files appear whole or not at all; leftovers go, live files stay; errors
** name the path.
*/
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/temp_file.h"
#include "unit.h"

static char folder[64];

/* A path below the scratch folder; four at a time. */
static const char *at(const char *name) {
  static char paths[4][256];
  static unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void put_file(const char *path, const char *text) {
  FILE *f = fopen(path, "wb");
  if( f == NULL ) return;
  fputs(text, f);
  fclose(f);
}

static const char *get_file(const char *path) {
  static char text[1024];
  FILE *f = fopen(path, "rb");
  if( f == NULL ) return NULL;
  size_t n = fread(text, 1, sizeof text - 1, f);
  text[n] = 0;
  fclose(f);
  return text;
}

static bool exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

/* Temporary files in the scratch folder. */
static int count_temps(void) {
  DIR *dir = opendir(folder);
  int n = 0;
  for( struct dirent *e = readdir(dir); e; e = readdir(dir) ) {
    n += strstr(e->d_name, "adcp-") != NULL;
  }
  closedir(dir);
  return n;
}

static void check_error(AdcpError *err, AdcpRc rc, const char *part) {
  CHECK_CASE(err->rc == rc, "rc %d: %s", (int)err->rc, adcp_error_message(err));
  CHECK_CASE(strstr(adcp_error_message(err), part) != NULL, "%s lacks %s", adcp_error_message(err),
             part);
  adcp_error_clear(err);
}

/* ---- writing ---- */

static void write_file(const char *path, AdcpOutMode mode, const char *text, AdcpError *err) {
  AdcpOutFile *file = adcp_outfile_open(NULL, path, mode, err);
  if( file == NULL ) return;
  adcp_outfile_write(file, text, strlen(text), err);
  adcp_outfile_commit(file, err);
  adcp_outfile_close(file);
}

static void test_new(void) {
  AdcpError err = ADCP_ERROR_INIT;
  struct stat st;
  AdcpOutFile *file = adcp_outfile_open(NULL, at("new"), ADCP_OUT_NEW, &err);
  CHECK(file && !adcp_outfile_is_stream(file));
  adcp_outfile_write(file, "abc", 3, &err);
  adcp_outfile_write(file, "de", 2, &err);
  CHECK(adcp_outfile_position(file) == 5);
  CHECK(!exists(at("new")) && count_temps() == 1);
  adcp_outfile_commit(file, &err);
  CHECK(err.rc == ADCP_OK);
  adcp_outfile_close(file);
  CHECK_TEXT(get_file(at("new")), "abcde");
  CHECK(stat(at("new"), &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_nlink == 1);
  CHECK(count_temps() == 0);

  write_file(at("new"), ADCP_OUT_NEW, "other", &err);
  check_error(&err, ADCP_CANTOPEN, at("new"));
  CHECK_TEXT(get_file(at("new")), "abcde");
}

/* A target that appears while the file is written is not replaced either. */
static void test_new_race(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpOutFile *file = adcp_outfile_open(NULL, at("race"), ADCP_OUT_NEW, &err);
  adcp_outfile_write(file, "mine", 4, &err);
  put_file(at("race"), "theirs");
  adcp_outfile_commit(file, &err);
  check_error(&err, ADCP_CANTOPEN, "race exists already");
  adcp_outfile_close(file);
  CHECK_TEXT(get_file(at("race")), "theirs");
  CHECK(count_temps() == 0);
}

static void test_replace(void) {
  AdcpError err = ADCP_ERROR_INIT;
  put_file(at("old"), "old text");
  AdcpOutFile *file = adcp_outfile_open(NULL, at("old"), ADCP_OUT_REPLACE, &err);
  adcp_outfile_write(file, "lost", 4, &err);
  adcp_outfile_close(file);
  CHECK_TEXT(get_file(at("old")), "old text");
  write_file(at("old"), ADCP_OUT_REPLACE, "new text", &err);
  CHECK_TEXT(get_file(at("old")), "new text");

  CHECK(symlink("old", at("link")) == 0);
  write_file(at("link"), ADCP_OUT_REPLACE, "through", &err);
  CHECK_TEXT(get_file(at("old")), "through");
  struct stat st;
  CHECK(lstat(at("link"), &st) == 0 && S_ISLNK(st.st_mode));
  CHECK(err.rc == ADCP_OK && count_temps() == 0);
}

static void test_bad_targets(void) {
  AdcpError err = ADCP_ERROR_INIT;
  CHECK(adcp_outfile_open(NULL, folder, ADCP_OUT_REPLACE, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "names a folder");
  CHECK(adcp_outfile_open(NULL, at("no/such/file"), ADCP_OUT_NEW, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "no/such/file");
  CHECK(adcp_outfile_open(NULL, at("missing/"), ADCP_OUT_NEW, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "names a folder");
  CHECK(adcp_outfile_open(NULL, "", ADCP_OUT_NEW, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "\"\"");
  adcp_outfile_close(NULL);
}

/* The longest name that the file system takes still gets a temporary file. */
static void test_long_name(void) {
  AdcpError err = ADCP_ERROR_INIT;
  char name[256];
  memset(name, 'n', sizeof name);
  name[255] = 0;
  write_file(at(name), ADCP_OUT_NEW, "x", &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  unlink(at(name));
}

/* ---- leftovers ---- */

static void test_names(void) {
  CHECK(adcp_temp_file_name(".a.json.gz.123-0.adcp-tmp"));
  CHECK(adcp_temp_file_name("..1-2.adcp-tmp"));
  CHECK(!adcp_temp_file_name("a.123-0.adcp-tmp"));
  CHECK(!adcp_temp_file_name(".a.123-.adcp-tmp"));
  CHECK(!adcp_temp_file_name(".a.-1.adcp-tmp"));
  CHECK(!adcp_temp_file_name(".a.1-1x.adcp-tmp"));
  CHECK(!adcp_temp_file_name(".a.adcp-tmp"));
  CHECK(!adcp_temp_file_name(".adcp-tmp"));
  CHECK(!adcp_temp_file_name(".a.1-1.adcp-tmp.gz"));
  CHECK(!adcp_temp_file_name(""));
}

/* A child dies in the middle of one file and goes on living with another. */
static void test_leftovers(void) {
  AdcpError err = ADCP_ERROR_INIT;
  int to_parent[2], to_child[2];
  char byte = 0;
  CHECK(pipe(to_parent) == 0 && pipe(to_child) == 0);
  pid_t dead = fork();
  if( dead == 0 ) {
    static AdcpOutFile *left; /* which valgrind then does not call lost */
    left = adcp_outfile_open(NULL, at("dead"), ADCP_OUT_NEW, &err);
    _exit(left ? err.rc : 1);
  }
  int status = 1;
  waitpid(dead, &status, 0);
  CHECK(status == 0 && count_temps() == 1);
  pid_t live = fork();
  if( live == 0 ) {
    AdcpOutFile *file = adcp_outfile_open(NULL, at("live"), ADCP_OUT_NEW, &err);
    (void)!write(to_parent[1], "r", 1);
    (void)!read(to_child[0], &byte, 1);
    adcp_outfile_write(file, "alive", 5, &err);
    adcp_outfile_commit(file, &err);
    adcp_outfile_close(file);
    _exit(err.rc);
  }
  CHECK(read(to_parent[0], &byte, 1) == 1);
  CHECK(count_temps() == 1); /* the dead one's is gone already */
  put_file(at(".keep.1-1.adcp-tmpx"), "not ours");
  write_file(at("mine"), ADCP_OUT_NEW, "mine", &err);
  CHECK(err.rc == ADCP_OK &&
        count_temps() == 2); /* the live one, and the name not of our pattern */
  CHECK(write(to_child[1], "g", 1) == 1);
  waitpid(live, &status, 0);
  CHECK(status == 0);
  CHECK_TEXT(get_file(at("live")), "alive");
  unlink(at(".keep.1-1.adcp-tmpx"));
  CHECK(count_temps() == 0);
}

/* ---- streams ---- */

typedef struct Drain {
  const char *path;
  char text[64];
} Drain;

static void *drain_fifo(void *argument) {
  Drain *drain = argument;
  FILE *f = fopen(drain->path, "rb");
  size_t n = fread(drain->text, 1, sizeof drain->text - 1, f);
  drain->text[n] = 0;
  fclose(f);
  return NULL;
}

static void test_fifo(void) {
  AdcpError err = ADCP_ERROR_INIT;
  pthread_t reader;
  Drain drain = {at("fifo"), ""};
  CHECK(mkfifo(drain.path, 0600) == 0);
  pthread_create(&reader, NULL, drain_fifo, &drain);
  AdcpOutFile *file = adcp_outfile_open(NULL, drain.path, ADCP_OUT_NEW, &err);
  CHECK(file && adcp_outfile_is_stream(file));
  adcp_outfile_write(file, "streamed", 8, &err);
  adcp_outfile_commit(file, &err);
  CHECK(err.rc == ADCP_OK);
  adcp_outfile_close(file);
  pthread_join(reader, NULL);
  CHECK_TEXT(drain.text, "streamed");
  CHECK(exists(at("fifo")) && count_temps() == 0);
}

/* A pipe whose reader went away is an error; the process, which has SIGPIPE's default, lives on. */
static void test_sigpipe(void) {
  AdcpError err = ADCP_ERROR_INIT;
  int ends[2];
  char path[64];
  CHECK(pipe(ends) == 0);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
  AdcpOutFile *file = adcp_outfile_open(NULL, path, ADCP_OUT_REPLACE, &err);
  CHECK(file && adcp_outfile_is_stream(file));
  close(ends[0]);
  adcp_outfile_write(file, "x", 1, &err);
  check_error(&err, ADCP_IOERR, path);
  adcp_outfile_close(file);
  close(ends[1]);
  sigset_t pending, mask;
  sigpending(&pending);
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  CHECK(!sigismember(&pending, SIGPIPE) && !sigismember(&mask, SIGPIPE));
}

/* ---- faults ---- */

static int fault_errno;
static int short_writes;

static ssize_t failing_write(int fd, const void *bytes, size_t n) {
  (void)fd, (void)bytes, (void)n;
  errno = fault_errno;
  return -1;
}
static ssize_t slow_write(int fd, const void *bytes, size_t n) {
  if( short_writes++ % 2 ) {
    errno = EINTR;
    return -1;
  }
  return write(fd, bytes, n > 3 ? 3 : n);
}
static int failing_fd_call(int fd) {
  (void)fd;
  errno = fault_errno;
  return -1;
}
static int failing_pair(int folder_fd, const char *from, const char *to) {
  (void)folder_fd, (void)from, (void)to;
  errno = fault_errno;
  return -1;
}
static int folder_fsync_fails(int fd) {
  struct stat st;
  if( fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode) ) return fsync(fd);
  errno = fault_errno;
  return -1;
}
static int failing_flock(int fd, int operation) {
  (void)fd, (void)operation;
  errno = fault_errno;
  return -1;
}

/* Writes "faulty" with some entry of the table replaced. */
static void write_with(const AdcpSystemCalls *calls, int error_number, AdcpOutMode mode,
                       AdcpError *err) {
  fault_errno = error_number;
  adcp_system_calls_replace(calls);
  write_file(at("faulty"), mode, "some text", err);
  adcp_system_calls_replace(NULL);
  CHECK(count_temps() == 0);
}

static void test_faults(void) {
  AdcpError err = ADCP_ERROR_INIT;
  const AdcpSystemCalls real = *adcp_system_calls();

  AdcpSystemCalls calls = real;
  calls.xWrite = failing_write;
  write_with(&calls, ENOSPC, ADCP_OUT_NEW, &err);
  check_error(&err, ADCP_FULL, at("faulty"));
  write_with(&calls, EIO, ADCP_OUT_NEW, &err);
  check_error(&err, ADCP_IOERR, at("faulty"));
  CHECK(!exists(at("faulty")));

  calls = real;
  calls.xFsync = failing_fd_call;
  write_with(&calls, EIO, ADCP_OUT_NEW, &err);
  check_error(&err, ADCP_IOERR, at("faulty"));
  CHECK(!exists(at("faulty")));

  calls = real;
  calls.xRename = failing_pair;
  write_with(&calls, EIO, ADCP_OUT_REPLACE, &err);
  check_error(&err, ADCP_IOERR, at("faulty"));
  CHECK(!exists(at("faulty")));

  calls = real;
  calls.xLink = failing_pair;
  write_with(&calls, EIO, ADCP_OUT_NEW, &err);
  check_error(&err, ADCP_IOERR, at("faulty"));
  CHECK(!exists(at("faulty")));

  /* No links here: the other way to give a free name; a taken one is still refused. */
  write_with(&calls, EPERM, ADCP_OUT_NEW, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK_TEXT(get_file(at("faulty")), "some text");
  adcp_error_clear(&err);
  fault_errno = EPERM;
  unlink(at("faulty"));
  adcp_system_calls_replace(&calls);
  AdcpOutFile *file = adcp_outfile_open(NULL, at("faulty"), ADCP_OUT_NEW, &err);
  put_file(at("faulty"), "theirs");
  adcp_outfile_commit(file, &err);
  adcp_outfile_close(file);
  adcp_system_calls_replace(NULL);
  check_error(&err, ADCP_CANTOPEN, "exists already");
  CHECK_TEXT(get_file(at("faulty")), "theirs");
  unlink(at("faulty"));

  /* Neither way. */
  calls.xRenameNew = failing_pair;
  write_with(&calls, EPERM, ADCP_OUT_NEW, &err);
  check_error(&err, ADCP_PERM, at("faulty"));
  CHECK(!exists(at("faulty")));

  calls = real;
  calls.xFsync = folder_fsync_fails;
  write_with(&calls, EIO, ADCP_OUT_NEW, &err);
  check_error(&err, ADCP_IOERR, "is written, but its folder");
  CHECK_TEXT(get_file(at("faulty")), "some text");
  unlink(at("faulty"));
  write_with(&calls, EINVAL, ADCP_OUT_NEW, &err);
  CHECK(err.rc == ADCP_OK);
  unlink(at("faulty"));

  calls = real;
  calls.xFlock = failing_flock;
  write_with(&calls, ENOLCK, ADCP_OUT_NEW, &err);
  CHECK(err.rc == ADCP_OK);
  unlink(at("faulty"));
  write_with(&calls, EIO, ADCP_OUT_NEW, &err); /* another writer's cleaner could take the file */
  check_error(&err, ADCP_CANTOPEN, "its temporary file cannot be locked");
  CHECK(access(at("faulty"), F_OK) != 0);

  calls = real;
  calls.xWrite = slow_write;
  write_with(&calls, 0, ADCP_OUT_NEW, &err);
  CHECK(err.rc == ADCP_OK);
  CHECK_TEXT(get_file(at("faulty")), "some text");
  unlink(at("faulty"));
}

/* The disk is asked to write what there is, piece after piece without a gap, however that goes. */
static struct {
  int64_t end;
  int calls, rc;
  bool is_gapless;
} hints;

static int counting_hint(int fd, off_t offset, off_t n, unsigned flags) {
  hints.calls++;
  hints.is_gapless = hints.is_gapless && offset == hints.end && n > 0;
  hints.is_gapless = hints.is_gapless && flags == SYNC_FILE_RANGE_WRITE && fcntl(fd, F_GETFL) >= 0;
  hints.end = offset + n;
  errno = ENOSYS;
  return hints.rc;
}

static void test_writeback(void) {
  static char piece[300000];
  AdcpSystemCalls calls = *adcp_system_calls();
  calls.xSyncFileRange = counting_hint;
  adcp_system_calls_replace(&calls);
  for( int rc = -1; rc <= 0; rc++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    hints.end = hints.calls = 0;
    hints.is_gapless = true;
    hints.rc = rc;
    AdcpOutFile *file = adcp_outfile_open(NULL, at("large"), ADCP_OUT_NEW, &err);
    for( int i = 0; i < 100; i++ ) adcp_outfile_write(file, piece, sizeof piece, &err);
    adcp_outfile_commit(file, &err);
    adcp_outfile_close(file);
    CHECK(err.rc == ADCP_OK && hints.calls == 3 && hints.is_gapless);
    CHECK(hints.end > 20000000 && hints.end <= 100 * (int64_t)sizeof piece);
    unlink(at("large"));
  }
  write_file(at("small"), ADCP_OUT_NEW, "some text", &(AdcpError)ADCP_ERROR_INIT);
  CHECK(hints.calls == 3);
  unlink(at("small"));
  adcp_system_calls_replace(NULL);
}

/* A group that is not given keeps no rights that were another's. */
static int failing_fchown(int fd, uid_t owner, gid_t group) {
  (void)fd, (void)owner, (void)group;
  errno = EPERM;
  return -1;
}
static int failing_fchmod(int fd, mode_t mode) {
  (void)fd, (void)mode;
  errno = EIO;
  return -1;
}

static mode_t mode_after(mode_t before, mode_t allowed, AdcpError *err) {
  struct stat st = {0};
  const char *path = at("rights");
  unlink(path);
  if( before ) {
    put_file(path, "old");
    chmod(path, before);
  }
  AdcpOutFile *file = adcp_outfile_open(NULL, path, ADCP_OUT_REPLACE, err);
  adcp_outfile_take_rights(file, allowed, err);
  if( err->rc == ADCP_OK ) adcp_outfile_commit(file, err);
  adcp_outfile_close(file);
  CHECK(stat(path, &st) == 0);
  unlink(path);
  return st.st_mode & 07777;
}

static void test_rights(void) {
  AdcpSystemCalls calls = *adcp_system_calls();
  AdcpError err = ADCP_ERROR_INIT;
  CHECK(mode_after(0, 0777, &err) == 0600);
  CHECK(mode_after(0664, 0777, &err) == 0664);
  CHECK(mode_after(0755, 0770, &err) == 0750);
  CHECK(mode_after(04600, 0777, &err) == 0600);
  calls.xFchown = failing_fchown;
  adcp_system_calls_replace(&calls);
  CHECK(mode_after(0664, 0777, &err) == 0604 && err.rc == ADCP_OK);
  calls.xFchmod = failing_fchmod;
  CHECK(mode_after(0664, 0777, &err) == 0664);
  check_error(&err, ADCP_IOERR, "the mode of the old one");
  adcp_system_calls_replace(NULL);
}

/* ---- reading ---- */

static ssize_t slow_pread(int fd, void *to, size_t n, off_t offset) {
  if( short_writes++ % 2 ) {
    errno = EINTR;
    return -1;
  }
  return pread(fd, to, n > 2 ? 2 : n, offset);
}
static ssize_t failing_pread(int fd, void *to, size_t n, off_t offset) {
  (void)fd, (void)to, (void)n, (void)offset;
  errno = EIO;
  return -1;
}

static void test_read(void) {
  AdcpError err = ADCP_ERROR_INIT;
  char text[16];
  put_file(at("in"), "0123456789");
  AdcpInFile *file = adcp_infile_open(NULL, at("in"), &err);
  CHECK(file && adcp_infile_size(file) == 10);
  CHECK_TEXT(adcp_infile_path(file), at("in"));
  CHECK(S_ISREG(adcp_infile_stat(file)->st_mode));
  CHECK(adcp_infile_read(file, 3, text, 4, &err) == 4 && memcmp(text, "3456", 4) == 0);
  CHECK(adcp_infile_read(file, 8, text, 4, &err) == 2 && memcmp(text, "89", 2) == 0);
  CHECK(adcp_infile_read(file, 10, text, 4, &err) == 0);
  CHECK(adcp_infile_read(file, 1000, text, 4, &err) == 0);

  AdcpSystemCalls calls = *adcp_system_calls();
  calls.xPread = slow_pread;
  adcp_system_calls_replace(&calls);
  CHECK(adcp_infile_read(file, 0, text, 10, &err) == 10 && memcmp(text, "0123456789", 10) == 0);
  calls.xPread = failing_pread;
  CHECK(adcp_infile_read(file, 0, text, 10, &err) == 0);
  check_error(&err, ADCP_IOERR, at("in"));
  adcp_system_calls_replace(NULL);
  adcp_infile_close(file);
}

static void test_read_bad(void) {
  AdcpError err = ADCP_ERROR_INIT;
  CHECK(adcp_infile_open(NULL, folder, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "is a folder");
  CHECK(adcp_infile_open(NULL, at("nothing"), &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, at("nothing"));
  CHECK(adcp_infile_open(NULL, "/dev/zero", &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "is a device");
  adcp_infile_close(NULL);
}

/* A pipe can be read at any position, and twice. */
static void test_read_pipe(void) {
  AdcpError err = ADCP_ERROR_INIT;
  int ends[2];
  char path[64], text[16];
  CHECK(pipe(ends) == 0);
  CHECK(write(ends[1], "0123456789", 10) == 10);
  close(ends[1]);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  AdcpInFile *file = adcp_infile_open(NULL, path, &err);
  CHECK_CASE(file != NULL, "%s", adcp_error_message(&err));
  CHECK(adcp_infile_size(file) == 10);
  CHECK(adcp_infile_read(file, 6, text, 4, &err) == 4 && memcmp(text, "6789", 4) == 0);
  CHECK(adcp_infile_read(file, 0, text, 4, &err) == 4 && memcmp(text, "0123", 4) == 0);
  adcp_infile_close(file);
  close(ends[0]);
}

/* A host that closed its standard descriptors does not get a backup in the place of one. */
static int count_descriptors(void) {
  DIR *dir = opendir("/proc/self/fd");
  int n = 0;
  while( readdir(dir) ) n++;
  closedir(dir);
  return n;
}

/* Whether another process finds the file locked. */
static bool is_locked(const char *path) {
  fflush(NULL);
  pid_t child = fork();
  if( child == 0 ) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 10};
    int fd = open(path, O_RDWR);
    _exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void open_and_close(const char *path) {
  AdcpError err = ADCP_ERROR_INIT;
  char start[15] = "";
  AdcpInFile *file = adcp_infile_open(NULL, path, &err);
  CHECK(file && adcp_infile_size(file) == 26);
  if( file ) CHECK(adcp_infile_read(file, 0, start, sizeof start, &err) == sizeof start);
  CHECK(err.rc == ADCP_OK && memcmp(start, "SQLite format 3", sizeof start) == 0);
  adcp_infile_close(file);
}

/* Locks that this process has on a database survive that it is taken for a backup. */
static void test_read_database(void) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 10};
  int fd = open(at("x.db"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK(write(fd, "SQLite format 3\0 and so on", 26) == 26);
  CHECK(fcntl(fd, F_SETLK, &lock) == 0 && is_locked(at("x.db")));
  open_and_close(at("x.db"));
  CHECK(is_locked(at("x.db")));
  int descriptors = count_descriptors();
  for( int i = 0; i < 100; i++ ) open_and_close(at("x.db")); /* one for a file */
  CHECK(link(at("x.db"), at("y.db")) == 0);
  open_and_close(at("y.db"));
  CHECK(is_locked(at("x.db")) && count_descriptors() == descriptors);
  close(fd);
}

static void test_low_descriptors(void) {
  put_file(at("low"), "x");
  pid_t child = fork();
  if( child == 0 ) {
    close(0);
    int fd = adcp_system_open(AT_FDCWD, at("low"), O_RDONLY, 0);
    _exit(fd >= 3 ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

/* A numbered file takes the first free name, whatever has the others. */
static void test_numbered(void) {
  static const char *const wanted[] = {"n.json_x.json.gz", "n.json_x_3.json.gz",
                                       "n.json_x_4.json.gz"};
  AdcpError err = ADCP_ERROR_INIT;
  AdcpOutFile *files[3];
  mkdir(at("n.json_x_2.json.gz"), 0700);
  for( int i = 0; i < 3; i++ ) {
    files[i] = adcp_outfile_open(NULL, at("n.json_x.json.gz"), ADCP_OUT_NUMBERED, &err);
    CHECK(files[i] != NULL);
    adcp_outfile_write(files[i], wanted[i], strlen(wanted[i]), &err);
  }
  for( int i = 0; i < 3; i++ ) {
    adcp_outfile_commit(files[i], &err);
    CHECK_TEXT(adcp_outfile_path(files[i]), at(wanted[i]));
    CHECK_TEXT(get_file(at(wanted[i])), wanted[i]);
    adcp_outfile_close(files[i]);
  }
  CHECK(err.rc == ADCP_OK);
  rmdir(at("n.json_x_2.json.gz"));
}

int main(void) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%.30s/adcp_file_XXXXXX", base ? base : "/tmp");
  if( mkdtemp(folder) == NULL ) return 1;
  test_new();
  test_new_race();
  test_numbered();
  test_replace();
  test_bad_targets();
  test_long_name();
  test_names();
  test_leftovers();
  test_fifo();
  test_sigpipe();
  test_faults();
  test_writeback();
  test_rights();
  test_read();
  test_read_bad();
  test_read_pipe();
  test_read_database();
  test_low_descriptors();
  DIR *dir = opendir(folder);
  for( struct dirent *e = readdir(dir); e; e = readdir(dir) ) unlinkat(dirfd(dir), e->d_name, 0);
  closedir(dir);
  rmdir(folder);
  return unit_done();
}
