/*
** test_platform_spool.c - unnamed temporary files: without O_TMPFILE, on full disks and broken
** pipes; descriptors below 3; names of temporary files that others hold.
*/
#include "platform/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/write.h"
#include "folder.h"
#include "unit.h"

static AdcpSystemCalls real, calls;

static int count_files(void) {
  DIR *dir = opendir(folder);
  int n = 0;
  for( struct dirent *e = readdir(dir); e; e = readdir(dir) )
    n += e->d_name[0] != '.' || e->d_name[1] > '.';
  closedir(dir);
  return n;
}

static void check_error(AdcpError *err, AdcpRc rc, const char *part) {
  CHECK_CASE(err->rc == rc, "rc %d: %s", (int)err->rc, adcp_error_message(err));
  CHECK_CASE(strstr(adcp_error_message(err), part) != NULL, "%s lacks %s", adcp_error_message(err),
             part);
  adcp_error_clear(err);
}

/* ---- opening ---- */

static int taken; /* this many names are taken before one is free; below 0: every call fails */

static int open_without_tmpfile(int in, const char *path, int flags, mode_t mode) {
  if( (flags & O_TMPFILE) == O_TMPFILE ) {
    errno = EOPNOTSUPP;
    return -1;
  }
  if( taken != 0 ) {
    errno = taken-- > 0 ? EEXIST : EROFS;
    return -1;
  }
  return real.xOpen(in, path, flags, mode);
}

static void check_spool(int fd) {
  char text[8] = "";
  CHECK(fd >= 3);
  CHECK(adcp_write_all(fd, "spooled", 7) == 0);
  CHECK(pread(fd, text, 7, 0) == 7 && strcmp(text, "spooled") == 0);
  CHECK(count_files() == 0);
  close(fd);
}

static void test_open(void) {
  AdcpError err = ADCP_ERROR_INIT;
  setenv("TMPDIR", folder, 1);
  check_spool(adcp_spool_open(&err));
  calls.xOpen = open_without_tmpfile;
  adcp_system_calls_replace(&calls);
  check_spool(adcp_spool_open(&err));
  taken = 3;
  check_spool(adcp_spool_open(&err));
  /* One folder cannot take it: the next one does. */
  setenv("TMPDIR", at("no/such/folder"), 1);
  taken = 0;
  int fd = adcp_spool_open(&err);
  CHECK(fd >= 3 && close(fd) == 0);
  setenv("TMPDIR", "", 1);
  fd = adcp_spool_open(&err);
  CHECK(fd >= 3 && close(fd) == 0);
  CHECK(err.rc == ADCP_OK);
  /* None can. */
  taken = 1000;
  CHECK(adcp_spool_open(&err) == -1);
  check_error(&err, ADCP_CANTOPEN, "File exists");
  taken = -1;
  CHECK(adcp_spool_open(&err) == -1);
  check_error(&err, ADCP_CANTOPEN, "cannot make a temporary file in $TMPDIR, /var/tmp or /tmp");
  taken = 0;
  char long_folder[5000];
  memset(long_folder, 'x', sizeof long_folder - 1);
  long_folder[0] = '/';
  long_folder[sizeof long_folder - 1] = 0;
  setenv("TMPDIR", long_folder, 1);
  fd = adcp_spool_open(&err);
  CHECK(fd >= 3 && close(fd) == 0);
  err.rc = ADCP_ERROR;
  CHECK(adcp_spool_open(&err) == -1);
  err.rc = ADCP_OK;
  adcp_system_calls_replace(NULL);
  setenv("TMPDIR", folder, 1);
}

/* ---- copying ---- */

static int fail_errno; /* what read and write give; 0: they end without a byte */

static ssize_t failing_read(int fd, void *to, size_t n) {
  (void)fd, (void)to, (void)n;
  errno = fail_errno;
  return -1;
}

static ssize_t failing_write(int fd, const void *bytes, size_t n) {
  (void)fd, (void)bytes, (void)n;
  errno = fail_errno;
  return fail_errno ? -1 : 0;
}

static int interrupts;

static ssize_t interrupted_read(int fd, void *to, size_t n) {
  if( interrupts-- > 0 ) {
    errno = EINTR;
    return -1;
  }
  return real.xRead(fd, to, n);
}

/* Copies a pipe with "piped" in it, some system call being another. */
static int copy_pipe(int64_t *size, AdcpError *err) {
  int ends[2];
  CHECK(pipe(ends) == 0 && write(ends[1], "piped", 5) == 5);
  close(ends[1]);
  adcp_system_calls_replace(&calls);
  int fd =
      adcp_spool_copy(&(AdcpSpoolSource){ends[0], "/dev/fd/7", &ADCP_NO_CHECKPOINT}, size, err);
  adcp_system_calls_replace(NULL);
  close(ends[0]);
  return fd;
}

static void test_copy(void) {
  AdcpError err = ADCP_ERROR_INIT;
  int64_t size = 0;
  char text[8] = "";
  calls = real;
  calls.xRead = interrupted_read;
  interrupts = 2;
  int fd = copy_pipe(&size, &err);
  CHECK(fd >= 3 && size == 5 && pread(fd, text, 5, 0) == 5 && strcmp(text, "piped") == 0);
  close(fd);
  calls.xRead = failing_read;
  fail_errno = EIO;
  CHECK(copy_pipe(&size, &err) == -1);
  check_error(&err, ADCP_IOERR, "cannot read /dev/fd/7: Input/output error");
  calls = real;
  calls.xWrite = failing_write;
  fail_errno = ENOSPC;
  CHECK(copy_pipe(&size, &err) == -1);
  check_error(&err, ADCP_FULL, "cannot copy /dev/fd/7 to a temporary file: No space left");
  fail_errno = 0;
  CHECK(copy_pipe(&size, &err) == -1);
  check_error(&err, ADCP_CANTOPEN, "cannot copy /dev/fd/7 to a temporary file: Input/output error");
  calls = real;
  calls.xOpen = open_without_tmpfile;
  taken = -1;
  CHECK(copy_pipe(&size, &err) == -1);
  check_error(&err, ADCP_CANTOPEN, "cannot make a temporary file");
  taken = 0;
}

/* ---- descriptors and names ---- */

/* A host that closed its standard descriptors does not get a backup in the place of one. */
static void test_low_descriptors(void) {
  int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
  close(STDIN_FILENO);
  int fd = adcp_system_open(AT_FDCWD, "/dev/null", O_RDONLY, 0);
  CHECK(fd >= 3);
  CHECK(fcntl(STDIN_FILENO, F_GETFD) == -1 && errno == EBADF);
  close(fd);
  if( kept >= 0 ) dup2(kept, STDIN_FILENO);
  close(kept);
}

static int held; /* locks that another process has */

static int lock_of_another(int fd, int operation) {
  if( held-- > 0 ) {
    errno = EWOULDBLOCK;
    return -1;
  }
  return real.xFlock(fd, operation);
}

/* A cleaner took the lock between open and flock: another name is tried. */
static void test_held_names(void) {
  AdcpError err = ADCP_ERROR_INIT;
  calls = real;
  calls.xFlock = lock_of_another;
  adcp_system_calls_replace(&calls);
  held = 2;
  AdcpOutFile *file = adcp_outfile_open(NULL, at("new"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
  CHECK_CASE(file != NULL, "%s", adcp_error_message(&err));
  adcp_outfile_write(file, "x", 1, &err);
  adcp_outfile_commit(file, &err);
  CHECK(err.rc == ADCP_OK && access(at("new"), F_OK) == 0);
  adcp_outfile_close(file);
  held = 100000;
  CHECK(adcp_outfile_open(NULL, at("other"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "its folder is full of temporary files");
  held = 0;
  adcp_system_calls_replace(NULL);
}

/* ---- what a commit may meet ---- */

static int link_errno;

static int failing_link(int in, const char *from, const char *to) {
  (void)in, (void)from, (void)to;
  errno = link_errno;
  return -1;
}

static int failing_close(int fd) {
  real.xClose(fd);
  errno = EIO;
  return -1;
}

/* Every way in which a file system says that it has no links. */
static void test_no_links(void) {
  static const int errors[] = {EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV};
  AdcpError err = ADCP_ERROR_INIT;
  calls = real;
  calls.xLink = failing_link;
  adcp_system_calls_replace(&calls);
  for( size_t i = 0; i < sizeof errors / sizeof *errors; i++ ) {
    link_errno = errors[i];
    AdcpOutFile *file =
        adcp_outfile_open(NULL, at("nolink"), ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
    adcp_outfile_write(file, "x", 1, &err);
    adcp_outfile_commit(file, &err);
    CHECK_CASE(err.rc == ADCP_OK, "%s: %s", strerror(errors[i]), adcp_error_message(&err));
    adcp_outfile_close(file);
    CHECK(unlink(at("nolink")) == 0);
  }
  adcp_system_calls_replace(NULL);
}

/* Standard output is where the caller opened it; a stream that cannot be closed was not written. */
static void test_streams(void) {
  AdcpError err = ADCP_ERROR_INIT;
  fflush(stdout);
  int kept = dup(STDOUT_FILENO), ends[2];
  char text[8] = "";
  CHECK(pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
  AdcpOutFile *file =
      adcp_outfile_open(NULL, "/dev/stdout", ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
  adcp_outfile_write(file, "out", 3, &err);
  adcp_outfile_commit(file, &err);
  adcp_outfile_close(file);
  dup2(kept, STDOUT_FILENO);
  close(kept);
  CHECK(err.rc == ADCP_OK && read(ends[0], text, 3) == 3 && strcmp(text, "out") == 0);
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
  file = adcp_outfile_open(NULL, path, ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
  CHECK_CASE(file && adcp_outfile_is_stream(file), "%s", adcp_error_message(&err));
  adcp_outfile_write(file, "out", 3, &err);
  calls = real;
  calls.xClose = failing_close;
  adcp_system_calls_replace(&calls);
  adcp_outfile_commit(file, &err);
  adcp_system_calls_replace(NULL);
  check_error(&err, ADCP_IOERR, path);
  adcp_outfile_close(file);
  close(ends[0]);
  close(ends[1]);
  CHECK(adcp_outfile_open(NULL, "/dev/fd/999", ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "cannot write /dev/fd/999: Bad file descriptor");
  static const char *const others[] = {"/dev/fd/", "/dev/fd/x", "/dev/fd/1x", "/dev/fd/123456789",
                                       NULL};
  for( int i = 0; others[i]; i++ ) {
    CHECK(adcp_outfile_open(NULL, others[i], ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err) == NULL);
    check_error(&err, ADCP_CANTOPEN, "cannot write");
  }
}

int main(void) {
  if( !folder_make() ) return 1;
  real = calls = *adcp_system_calls();
  test_open();
  test_copy();
  test_low_descriptors();
  test_held_names();
  test_no_links();
  test_streams();
  unlink(at("new"));
  CHECK(rmdir(folder) == 0);
  return unit_done();
}
