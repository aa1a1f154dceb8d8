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
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "platform/temp_file.h"
#include "folder.h"
#include "unit.h"

/* A path below the scratch folder; four at a time. */
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
  AdcpOutFile *file = adcp_outfile_open(NULL, path, mode, ADCP_NO_CHECKPOINT, err);
  if( file == NULL ) return;
  adcp_outfile_write(file, text, strlen(text), err);
  adcp_outfile_commit(file, err);
  adcp_outfile_close(file);
}

static void test_new(void) {
  AdcpError err = ADCP_ERROR_INIT;
  struct stat st;
  AdcpOutFile *file = adcp_outfile_open(NULL, at("new"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
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
  AdcpOutFile *file = adcp_outfile_open(NULL, at("race"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
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
  AdcpOutFile *file =
      adcp_outfile_open(NULL, at("old"), ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
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
  CHECK(adcp_outfile_open(NULL, folder, ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "names a folder");
  CHECK(adcp_outfile_open(NULL, at("no/such/file"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err) ==
        NULL);
  check_error(&err, ADCP_CANTOPEN, "no/such/file");
  CHECK(adcp_outfile_open(NULL, at("missing/"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "names a folder");
  CHECK(adcp_outfile_open(NULL, "", ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "\"\"");
  adcp_outfile_close(NULL);
}

/* Who may write into a folder and not read it cannot sync it either: that is said before anything is
** written, and the file in the target's place stays. */
static void write_drop_box(void) {
  AdcpError err = ADCP_ERROR_INIT;
  if( chdir(folder) != 0 ) _exit(2);
  if( geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0) ) _exit(3);
  write_file("drop/old", ADCP_OUT_REPLACE, "new", &err);
  if( err.rc != ADCP_PERM ) _exit(4);
  if( strstr(adcp_error_message(&err), "its folder cannot be opened for reading") == NULL )
    _exit(5);
  _exit(0);
}

static void test_drop_box(void) {
  int status = 1;
  CHECK(mkdir(at("drop"), 0700) == 0 && chmod(folder, 0755) == 0);
  put_file(at("drop/old"), "old");
  CHECK(geteuid() != 0 || chown(at("drop"), 65534, 65534) == 0);
  CHECK(chmod(at("drop"), 0300) == 0);
  pid_t child = fork();
  if( child == 0 ) write_drop_box();
  waitpid(child, &status, 0);
  CHECK_CASE(status == 0, "exit status %d", WEXITSTATUS(status));
  CHECK(chmod(at("drop"), 0700) == 0 && chmod(folder, 0700) == 0);
  CHECK_TEXT(get_file(at("drop/old")), "old");
  CHECK(unlink(at("drop/old")) == 0 && rmdir(at("drop")) == 0); /* nothing else is in it */
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
    left = adcp_outfile_open(NULL, at("dead"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
    _exit(left ? err.rc : 1);
  }
  int status = 1;
  waitpid(dead, &status, 0);
  CHECK(status == 0 && count_temps() == 1);
  pid_t live = fork();
  if( live == 0 ) {
    AdcpOutFile *file = adcp_outfile_open(NULL, at("live"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
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

/* A cleaner gets the lock of a file whose writer is done, and who has taken the name again. */
static AdcpOutFile *again_old, *again_new;

static int late_flock(int fd, int operation) {
  AdcpError err = ADCP_ERROR_INIT;
  adcp_system_calls_replace(NULL);
  adcp_outfile_commit(again_old, &err);
  adcp_outfile_close(again_old);
  again_new = adcp_outfile_open(NULL, at("again"), ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
  adcp_outfile_write(again_new, "second", 6, &err);
  CHECK(err.rc == ADCP_OK && count_temps() == 1);
  return flock(fd, operation);
}

static void test_name_taken_again(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSystemCalls calls = *adcp_system_calls();
  int scratch = open(folder, O_RDONLY | O_DIRECTORY);
  again_old = adcp_outfile_open(NULL, at("again"), ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
  adcp_outfile_write(again_old, "first", 5, &err);
  calls.xFlock = late_flock;
  adcp_system_calls_replace(&calls);
  adcp_temp_file_remove_leftovers(scratch);
  adcp_system_calls_replace(NULL);
  CHECK(count_temps() == 1); /* the second one's */
  adcp_outfile_commit(again_new, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  adcp_outfile_close(again_new);
  CHECK_TEXT(get_file(at("again")), "second");
  close(scratch);
  unlink(at("again"));
}

/* Whoever removes what was put somewhere does not remove what another put there since. */
static void test_place(void) {
  AdcpError err = ADCP_ERROR_INIT;
  for( int taken = 0; taken <= 1; taken++ ) {
    AdcpPlace place = ADCP_PLACE_INIT;
    AdcpOutFile *file =
        adcp_outfile_open(NULL, at("placed"), ADCP_OUT_NUMBERED, ADCP_NO_CHECKPOINT, &err);
    adcp_outfile_write(file, "mine", 4, &err);
    adcp_outfile_commit(file, &err);
    adcp_outfile_take_place(file, &place);
    adcp_outfile_close(file);
    if( taken ) write_file(at("placed"), ADCP_OUT_REPLACE, "theirs", &err);
    int rc = adcp_place_unlink(&place);
    CHECK(taken ? rc == -1 && errno == ENOENT : rc == 0);
    CHECK(exists(at("placed")) == taken);
    adcp_place_close(&place);
  }
  CHECK(err.rc == ADCP_OK && unlink(at("placed")) == 0);
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

/* Gives up when it was asked so often; never where that is 0. */
typedef struct Patience {
  int asked, stop_at;
} Patience;

static void lose(void *context, AdcpError *err) {
  Patience *patience = context;
  if( ++patience->asked == patience->stop_at ) adcp_error_set(err, ADCP_INTERRUPT, "interrupted");
}

static void test_fifo(void) {
  AdcpError err = ADCP_ERROR_INIT;
  pthread_t reader;
  Drain drain = {at("fifo"), ""};
  CHECK(mkfifo(drain.path, 0600) == 0);
  pthread_create(&reader, NULL, drain_fifo, &drain);
  Patience endless = {0};
  AdcpOutFile *file =
      adcp_outfile_open(NULL, drain.path, ADCP_OUT_NEW, (AdcpCheckpoint){&endless, lose}, &err);
  CHECK(file && adcp_outfile_is_stream(file));
  adcp_outfile_write(file, "streamed", 8, &err);
  adcp_outfile_commit(file, &err);
  CHECK(err.rc == ADCP_OK);
  adcp_outfile_close(file);
  pthread_join(reader, NULL);
  CHECK_TEXT(drain.text, "streamed");
  CHECK(exists(at("fifo")) && count_temps() == 0);
}

/* A FIFO that nobody has open at its other end. */
static void test_lonely_fifo(void) {
  AdcpError err = ADCP_ERROR_INIT;
  Patience patience = {.stop_at = 3};
  AdcpCheckpoint checkpoint = {&patience, lose};
  const char *path = at("fifo");
  CHECK(adcp_outfile_open(NULL, path, ADCP_OUT_NEW, checkpoint, &err) == NULL);
  CHECK(patience.asked == 3);
  check_error(&err, ADCP_INTERRUPT, "interrupted");
  CHECK(adcp_outfile_open(NULL, path, ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, path);
  patience.asked = 0;
  CHECK(adcp_infile_open(NULL, path, checkpoint, &err) == NULL);
  CHECK(patience.asked == 3);
  check_error(&err, ADCP_INTERRUPT, "interrupted");
}

/* A pipe whose reader went away is an error; the process, which has SIGPIPE's default, lives on. */
static void test_sigpipe(void) {
  AdcpError err = ADCP_ERROR_INIT;
  int ends[2];
  char path[64];
  CHECK(pipe(ends) == 0);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
  AdcpOutFile *file = adcp_outfile_open(NULL, path, ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
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

/* A file at its limit of size is an error; the process, which has SIGXFSZ's default, lives on. */
static void write_to_limit(void) {
  static char text[6000];
  AdcpError err = ADCP_ERROR_INIT;
  struct rlimit limit = {5000, RLIM_INFINITY};
  sigset_t pending, mask;
  signal(SIGXFSZ, SIG_DFL);
  if( setrlimit(RLIMIT_FSIZE, &limit) != 0 ) _exit(2);
  write_file(at("limited"), ADCP_OUT_NEW, text, &err);
  AdcpOutFile *file =
      adcp_outfile_open(NULL, at("limited"), ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
  if( err.rc ) _exit(3);
  adcp_outfile_write(file, text, sizeof text, &err);
  if( err.rc != ADCP_IOERR || !strstr(adcp_error_message(&err), "File too large") ) _exit(4);
  adcp_outfile_close(file);
  sigpending(&pending);
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  _exit(sigismember(&pending, SIGXFSZ) || sigismember(&mask, SIGXFSZ) ? 5 : 0);
}

static void test_size_limit(void) {
  int status = 1;
  pid_t child = fork();
  if( child == 0 ) write_to_limit();
  waitpid(child, &status, 0);
  CHECK_CASE(status == 0, "status %d", status);
  CHECK_TEXT(get_file(at("limited")), "");
  CHECK(unlink(at("limited")) == 0 && count_temps() == 0);
}

/* Signals that the host holds back and that were pending are the host's. */
static void test_host_signals(void) {
  AdcpError err = ADCP_ERROR_INIT;
  sigset_t host, before, pending;
  int ends[2];
  char path[64];
  CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
  sigemptyset(&host);
  sigaddset(&host, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &host, &before);
  pthread_kill(pthread_self(), SIGPIPE);
  AdcpOutFile *file = adcp_outfile_open(NULL, path, ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
  adcp_outfile_write(file, "x", 1, &err);
  check_error(&err, ADCP_IOERR, "Broken pipe");
  adcp_outfile_close(file);
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE));
  const struct timespec now = {0, 0};
  CHECK(sigtimedwait(&host, NULL, &now) == SIGPIPE);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
}

/* A stream is waited for, whether it blocks or not, and whoever waits is asked whether to go on. */
typedef struct Waits {
  int asked, stop_at;
  int reader;  /* emptied when it is asked */
  size_t read; /* bytes so far */
} Waits;

static void ask(void *context, AdcpError *err) {
  Waits *waits = context;
  char text[65536];
  if( ++waits->asked == waits->stop_at ) {
    adcp_error_set(err, ADCP_INTERRUPT, "interrupted");
  } else if( waits->stop_at == 0 ) {
    ssize_t n = read(waits->reader, text, sizeof text);
    waits->read += n > 0 ? (size_t)n : 0;
  }
}

static int failing_poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
  (void)fds, (void)n, (void)timeout_ms;
  errno = ENOMEM;
  return -1;
}

static void write_to_full_pipe(int flags, Waits *waits, AdcpError *err) {
  static char text[300000];
  int ends[2];
  char path[64];
  CHECK(pipe(ends) == 0 && fcntl(ends[1], F_SETFL, flags) == 0);
  waits->reader = ends[0];
  snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
  AdcpOutFile *file =
      adcp_outfile_open(NULL, path, ADCP_OUT_NEW, (AdcpCheckpoint){waits, ask}, err);
  adcp_outfile_write(file, text, sizeof text, err);
  if( err->rc == ADCP_OK ) adcp_outfile_commit(file, err);
  adcp_outfile_close(file);
  CHECK((fcntl(ends[1], F_GETFL) & O_NONBLOCK) == flags); /* it is the host's */
  close(ends[1]);
  for( ssize_t n = 1; n > 0; waits->read += (size_t)n ) n = read(ends[0], text, sizeof text);
  close(ends[0]);
}

static void check_full_stream(int flags) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSystemCalls calls = *adcp_system_calls();
  Waits waits = {0};
  write_to_full_pipe(flags, &waits, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK(waits.read == 300000 && waits.asked >= 3);
  waits = (Waits){.stop_at = 2};
  write_to_full_pipe(flags, &waits, &err);
  CHECK(waits.asked == 2 && waits.read < 300000);
  check_error(&err, ADCP_INTERRUPT, "interrupted");
  calls.xPoll = failing_poll;
  adcp_system_calls_replace(&calls);
  waits = (Waits){0};
  write_to_full_pipe(flags, &waits, &err);
  check_error(&err, ADCP_NOMEM, "");
  adcp_system_calls_replace(NULL);
}

static void test_full_stream(void) {
  check_full_stream(O_NONBLOCK);
  check_full_stream(0);
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
  AdcpOutFile *file = adcp_outfile_open(NULL, at("faulty"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
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

/* A network file system that gives the name, loses its answer and is asked again. */
static int link_twice(int in, const char *from, const char *to) {
  return linkat(in, from, in, to, 0) == 0 ? linkat(in, from, in, to, 0) : -1;
}

static int rename_twice(int in, const char *from, const char *to) {
  return renameat(in, from, in, to) == 0 ? renameat(in, from, in, to) : -1;
}

static void test_lost_answers(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSystemCalls calls = *adcp_system_calls();
  struct stat st;
  calls.xLink = link_twice;
  calls.xRename = calls.xRenameNew = rename_twice;
  write_with(&calls, 0, ADCP_OUT_NEW, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK(stat(at("faulty"), &st) == 0 && st.st_nlink == 1);
  write_with(&calls, 0, ADCP_OUT_REPLACE, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  write_with(&calls, 0, ADCP_OUT_NUMBERED, &err); /* the name of another's is still taken */
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK(unlink(at("faulty_2")) == 0 && !exists(at("faulty_3")));
  CHECK_TEXT(get_file(at("faulty")), "some text");
  unlink(at("faulty"));
  calls.xLink = failing_pair;
  write_with(&calls, EPERM, ADCP_OUT_NEW, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
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
    AdcpOutFile *file =
        adcp_outfile_open(NULL, at("large"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
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
  AdcpOutFile *file = adcp_outfile_open(NULL, path, ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, err);
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

/* ---- what can be replaced ---- */

static uint64_t attributes;
static int statx_error;

static int fake_statx(int dir, const char *name, uint64_t *to) {
  (void)dir, (void)name;
  *to = attributes;
  errno = statx_error;
  return statx_error ? -1 : 0;
}

static void check_replace(const char *name, AdcpError *err) {
  AdcpPlace place;
  CHECK(adcp_place_open(&place, NULL, at(name), ADCP_LINKS_FOLLOWED) == 0);
  adcp_place_check_replace(&place, at(name), err);
  adcp_place_close(&place);
}

static void test_check_replace(void) {
  AdcpSystemCalls calls = *adcp_system_calls();
  AdcpError err = ADCP_ERROR_INIT;
  put_file(at("there"), "old");
  check_replace("there", &err);
  CHECK(err.rc == ADCP_OK);
  calls.xStatx = fake_statx;
  adcp_system_calls_replace(&calls);
  attributes = 0x2000;
  check_replace("there", &err);
  check_error(&err, ADCP_CANTOPEN, "there: it is a mount point");
  attributes = 0x10;
  check_replace("there", &err);
  check_error(&err, ADCP_PERM, "there: it is immutable or append-only");
  attributes = 0x20;
  check_replace("there", &err);
  check_error(&err, ADCP_PERM, "there: it is immutable or append-only");
  statx_error = ENOSYS; /* an older kernel, or a sandbox: tried, then */
  check_replace("there", &err);
  CHECK(err.rc == ADCP_OK);
  adcp_system_calls_replace(NULL);
}

static bool same(const char *a, const char *b) {
  AdcpPlace first, second;
  CHECK(adcp_place_open(&first, NULL, at(a), ADCP_LINKS_FOLLOWED) == 0);
  CHECK(adcp_place_open(&second, NULL, at(b), ADCP_LINKS_FOLLOWED) == 0);
  bool is_same = adcp_place_same(&first, &second);
  adcp_place_close(&first);
  adcp_place_close(&second);
  return is_same;
}

static void test_same_place(void) {
  put_file(at("one"), "");
  CHECK(symlink("one", at("one-link")) == 0 && link(at("one"), at("one-twin")) == 0);
  CHECK(mkdir(at("sub"), 0700) == 0);
  CHECK(same("one", "./one") && same("one", "sub/../one") && same("one", "one-link"));
  CHECK(same("none", ".//none"));
  CHECK(!same("one", "one-twin") && !same("one", "none") && !same("one", "sub/one"));
  CHECK(rmdir(at("sub")) == 0);
}

static void test_descriptor_paths(void) {
  CHECK(adcp_path_is_descriptor(NULL, "/dev/fd/9") && adcp_path_is_descriptor(NULL, "/dev/stdout"));
  CHECK(adcp_path_is_descriptor(NULL, "/proc/self/fd/10"));
  CHECK(!adcp_path_is_descriptor(NULL, "/dev/fd/x") && !adcp_path_is_descriptor(NULL, "9"));
}

/* An access control list as the kernel writes it: version 2, then entries of tag, rights, id. */
#define ACL                    "system.posix_acl_access"
#define NOBODY_IN(tag, rights) tag, 0, rights, 0, 0xff, 0xff, 0xff, 0xff

/* user::rw- user:33:r-- group::--- mask::r-- other::---, whose mode is 0640. */
static const unsigned char named_user[] = {2,
                                           0,
                                           0,
                                           0,
                                           NOBODY_IN(1, 6),
                                           2,
                                           0,
                                           4,
                                           0,
                                           33,
                                           0,
                                           0,
                                           0,
                                           NOBODY_IN(4, 0),
                                           NOBODY_IN(16, 4),
                                           NOBODY_IN(32, 0)};

static int failing_fsetxattr(int fd, const char *name, const void *value, size_t n, int flags) {
  (void)fd, (void)name, (void)value, (void)n, (void)flags;
  errno = EIO;
  return -1;
}

static ssize_t failing_fgetxattr(int fd, const char *name, void *to, size_t n) {
  (void)fd, (void)name, (void)to, (void)n;
  errno = EIO;
  return -1;
}

static int failing_fremovexattr(int fd, const char *name) {
  (void)fd, (void)name;
  errno = EIO;
  return -1;
}

/* Replaces at("rights"); its mode then, and its list in acl with its size (-1: none). */
static mode_t replace_rights(mode_t allowed, const AdcpSystemCalls *calls, unsigned char acl[200],
                             ssize_t *size) {
  AdcpError err = ADCP_ERROR_INIT;
  struct stat st = {0};
  adcp_system_calls_replace(calls);
  AdcpOutFile *file =
      adcp_outfile_open(NULL, at("rights"), ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
  adcp_outfile_take_rights(file, allowed, &err);
  adcp_outfile_commit(file, &err);
  adcp_outfile_close(file);
  adcp_system_calls_replace(NULL);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK(stat(at("rights"), &st) == 0);
  *size = getxattr(at("rights"), ACL, acl, 200);
  return st.st_mode & 07777;
}

static bool put_acl(const char *path) {
  unlink(path);
  put_file(path, "old");
  return chmod(path, 0600) == 0 && setxattr(path, ACL, named_user, sizeof named_user, 0) == 0;
}

/* The list goes over to the new file; where it cannot, nobody gets rights that it did not give. */
static void test_acl(void) {
  const AdcpSystemCalls real = *adcp_system_calls();
  AdcpSystemCalls calls = real;
  unsigned char acl[200];
  ssize_t size;
  if( !put_acl(at("rights")) ) {
    printf("skipped: access control lists (this file system has none)\n");
    return;
  }
  CHECK(replace_rights(0777, &real, acl, &size) == 0640);
  CHECK(size == (ssize_t)sizeof named_user && memcmp(acl, named_user, sizeof named_user) == 0);
  CHECK(replace_rights(0700, &real, acl, &size) == 0600 && size == (ssize_t)sizeof named_user);
  CHECK(acl[4 + 3 * 8] == 16 && acl[4 + 3 * 8 + 2] == 0); /* the mask lets nobody through */
  calls.xFsetxattr = failing_fsetxattr;
  CHECK(put_acl(at("rights")) && replace_rights(0777, &calls, acl, &size) == 0600 && size < 0);
  calls = real;
  calls.xFgetxattr = failing_fgetxattr;
  CHECK(put_acl(at("rights")) && replace_rights(0777, &calls, acl, &size) == 0600 && size < 0);
  calls = real;
  calls.xFchown = failing_fchown;
  CHECK(put_acl(at("rights")) && replace_rights(0777, &calls, acl, &size) == 0600 && size < 0);

  /* What new files of the folder get for others than the old file's is not kept. */
  CHECK(setxattr(folder, "system.posix_acl_default", named_user, sizeof named_user, 0) == 0);
  unlink(at("rights"));
  put_file(at("rights"), "old");
  CHECK(removexattr(at("rights"), ACL) == 0 && chmod(at("rights"), 0640) == 0);
  CHECK(replace_rights(0777, &real, acl, &size) == 0640 && size < 0);
  calls = real;
  calls.xFremovexattr = failing_fremovexattr;
  CHECK(replace_rights(0777, &calls, acl, &size) == 0600);
  CHECK(size == (ssize_t)sizeof named_user && acl[4 + 3 * 8 + 2] == 0);
  CHECK(removexattr(folder, "system.posix_acl_default") == 0);
  unlink(at("rights"));
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
  AdcpInFile *file = adcp_infile_open(NULL, at("in"), ADCP_NO_CHECKPOINT, &err);
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
  CHECK(adcp_infile_open(NULL, folder, ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "is a folder");
  CHECK(adcp_infile_open(NULL, at("nothing"), ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, at("nothing"));
  CHECK(adcp_infile_open(NULL, "/dev/zero", ADCP_NO_CHECKPOINT, &err) == NULL);
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
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, &err);
  CHECK_CASE(file != NULL, "%s", adcp_error_message(&err));
  CHECK(adcp_infile_size(file) == 10);
  CHECK(adcp_infile_read(file, 6, text, 4, &err) == 4 && memcmp(text, "6789", 4) == 0);
  CHECK(adcp_infile_read(file, 0, text, 4, &err) == 4 && memcmp(text, "0123", 4) == 0);
  CHECK(adcp_infile_is_copy(file));
  AdcpInFile *shared = adcp_infile_share(file);
  adcp_infile_close(file);
  CHECK(adcp_infile_read(shared, 3, text, 4, &err) == 4 && memcmp(text, "3456", 4) == 0);
  adcp_infile_close(shared);
  close(ends[0]);
}

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
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, &err);
  CHECK(file && adcp_infile_size(file) == 26);
  if( file ) CHECK(adcp_infile_read(file, 0, start, sizeof start, &err) == sizeof start);
  CHECK(err.rc == ADCP_OK && memcmp(start, "SQLite format 3", sizeof start) == 0);
  adcp_infile_close(file);
}

/* Locks that this process has on a database survive that it is taken for a backup. */
static void test_read_database(void) {
  AdcpError err = ADCP_ERROR_INIT;
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
  /* It stays the same when the file is no database any more: nobody else gets its number meanwhile. */
  CHECK(pwrite(fd, "{", 1, 0) == 1);
  adcp_infile_close(adcp_infile_open(NULL, at("x.db"), ADCP_NO_CHECKPOINT, &err));
  CHECK(err.rc == ADCP_OK && is_locked(at("x.db")) && count_descriptors() == descriptors);
  CHECK(pwrite(fd, "S", 1, 0) == 1);
  open_and_close(at("x.db"));
  CHECK(is_locked(at("x.db")) && count_descriptors() == descriptors);
  close(fd);
}

/* Locks on a file of those bytes, which is looked at as if it were a backup. */
static void check_locks_stay(const char *name, const char *bytes, size_t n) {
  AdcpError err = ADCP_ERROR_INIT;
  char text[8];
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 10};
  int fd = open(at(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK(write(fd, bytes, n) == (ssize_t)n);
  CHECK(fcntl(fd, F_SETLK, &lock) == 0);
  for( int i = 0; i < 2; i++ ) {
    AdcpInFile *file = adcp_infile_open(NULL, at(name), ADCP_NO_CHECKPOINT, &err);
    CHECK_CASE(file && adcp_infile_size(file) == (int64_t)n, "%s", name);
    CHECK(adcp_infile_read(file, 0, text, sizeof text, &err) == (n < 8 ? n : 8));
    CHECK(err.rc == ADCP_OK && memcmp(text, bytes, n < 8 ? n : 8) == 0);
    adcp_infile_close(file);
    CHECK_CASE(is_locked(at(name)), "%s", name);
  }
  close(fd);
}

/* What SQLite locks besides whole databases. */
static void test_read_locked(void) {
  int descriptors = count_descriptors();
  check_locks_stay("empty.db", "", 0);
  CHECK(count_descriptors() == descriptors); /* any number of empty files */
  check_locks_stay("le.db-shm", "\x18\xe2\x2d\x00 and so on", 14);
  check_locks_stay("be.db-shm", "\x00\x2d\xe2\x18 and so on", 14);
  check_locks_stay("new.db-shm", "\0\0", 3);
  CHECK(count_descriptors() == descriptors + 3);
  /* Files of other kinds that begin with a zero are none of these. */
  int fd = open(at("film.mp4"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK(write(fd,
              "\0\0\0\x18"
              "ftypmp42 and so on",
              22) == 22);
  close(fd);
  AdcpError err = ADCP_ERROR_INIT;
  adcp_infile_close(adcp_infile_open(NULL, at("film.mp4"), ADCP_NO_CHECKPOINT, &err));
  CHECK(err.rc == ADCP_OK);
  CHECK(count_descriptors() == descriptors + 3);
}

static int (*real_fstatat)(int dir, const char *name, struct stat *st, int flags);

static bool is_early;

/* The first look comes before another process empties the file. */
static int early_fstatat(int dir, const char *name, struct stat *st, int flags) {
  int rc = real_fstatat(dir, name, st, flags);
  if( rc == 0 && is_early ) st->st_size = 10;
  is_early = false;
  return rc;
}

static void test_read_emptied(void) {
  AdcpSystemCalls calls = *adcp_system_calls();
  real_fstatat = calls.xFstatat;
  is_early = true;
  calls.xFstatat = early_fstatat;
  adcp_system_calls_replace(&calls);
  check_locks_stay("emptied.db", "", 0);
  adcp_system_calls_replace(NULL);
}

/* A host that closed its standard descriptors does not get a backup in the place of one. */
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

static void commit_numbered(AdcpOutFile *file, const char *wanted) {
  AdcpError err = ADCP_ERROR_INIT;
  CHECK(file != NULL);
  adcp_outfile_write(file, wanted, strlen(wanted), &err);
  adcp_outfile_commit(file, &err);
  CHECK(err.rc == ADCP_OK);
  CHECK_TEXT(adcp_outfile_path(file), at(wanted));
  CHECK_TEXT(get_file(at(wanted)), wanted);
  adcp_outfile_close(file);
}

static AdcpOutFile *open_numbered(const char *name) {
  AdcpError err = ADCP_ERROR_INIT;
  return adcp_outfile_open(NULL, at(name), ADCP_OUT_NUMBERED, ADCP_NO_CHECKPOINT, &err);
}

static DIR *failing_fdopendir(int fd) {
  (void)fd;
  errno = ENOMEM;
  return NULL;
}

/* Another takes the name between the look at the folder and the link. */
static int late_link(int in, const char *from, const char *to) {
  if( strcmp(to, "n.json_x_8.json.gz") == 0 ) put_file(at(to), "theirs");
  return linkat(in, from, in, to, 0);
}

/* A numbered file takes the next name, whatever has the others: never one that was freed below them. */
static void test_numbered(void) {
  static const char *const strangers[] = {"n.json_x_7json", "n.json_x_.json", "n.json_x_77.jso",
                                          "n.json_x_1234567890.json", "n.json_x8.json"};
  static const char name[] = "n.json_x.json.gz";
  AdcpSystemCalls calls = *adcp_system_calls();
  AdcpOutFile *files[3];
  for( int i = 0; i < 3; i++ ) files[i] = open_numbered(name);
  commit_numbered(files[0], name);
  mkdir(at("n.json_x_2.json.gz"), 0700);
  commit_numbered(files[1], "n.json_x_3.json.gz");
  unlink(at(name));
  rmdir(at("n.json_x_2.json.gz"));
  commit_numbered(files[2], "n.json_x_4.json.gz");
  for( size_t i = 0; i < sizeof strangers / sizeof *strangers; i++ ) put_file(at(strangers[i]), "");
  commit_numbered(open_numbered(name), "n.json_x_5.json.gz");
  /* Of another suffix: it is of the same stem and would sort before. */
  commit_numbered(open_numbered("n.json_x.json"), "n.json_x_6.json");
  put_file(at("n.json_x_7.json.zst"), "");
  calls.xLink = late_link;
  adcp_system_calls_replace(&calls);
  commit_numbered(open_numbered(name), "n.json_x_9.json.gz");
  adcp_system_calls_replace(NULL);
  /* A folder that cannot be read can be written to all the same. */
  calls.xLink = adcp_system_calls()->xLink;
  calls.xFdopendir = failing_fdopendir;
  adcp_system_calls_replace(&calls);
  commit_numbered(open_numbered(name), name);
  commit_numbered(open_numbered(name), "n.json_x_2.json.gz");
  adcp_system_calls_replace(NULL);
}

int main(void) {
  if( !folder_make() ) return 1;
  test_new();
  test_new_race();
  test_numbered();
  test_replace();
  test_bad_targets();
  test_drop_box();
  test_long_name();
  test_names();
  test_leftovers();
  test_name_taken_again();
  test_place();
  test_fifo();
  test_lonely_fifo();
  test_sigpipe();
  test_full_stream();
  test_size_limit();
  test_host_signals();
  test_faults();
  test_lost_answers();
  test_writeback();
  test_rights();
  test_check_replace();
  test_same_place();
  test_descriptor_paths();
  test_acl();
  test_read();
  test_read_bad();
  test_read_pipe();
  test_read_database();
  test_read_locked();
  test_read_emptied();
  test_low_descriptors();
  DIR *dir = opendir(folder);
  for( struct dirent *e = readdir(dir); e; e = readdir(dir) ) unlinkat(dirfd(dir), e->d_name, 0);
  closedir(dir);
  rmdir(folder);
  return unit_done();
}
