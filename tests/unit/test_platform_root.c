/*
** test_platform_root.c - nothing that is given a root touches what lies outside of it: paths of all
** shapes, and links that change while they are looked up. All of it twice: with openat2, and with
** the walk that stands in for it.
*/
#include "platform/root.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/file.h"
#include "platform/temp_file.h"
#include "unit.h"

static char scratch[64];
static bool walks; /* no openat2 in this round */

static void put_file(const char *path, const char *text) {
  FILE *f = fopen(path, "wb");
  CHECK(f != NULL);
  if( f == NULL ) return;
  fputs(text, f);
  fclose(f);
}

static void check_error(AdcpError *err, AdcpRc rc, const char *part) {
  CHECK_CASE(err->rc == rc && strstr(adcp_error_message(err), part), "%d: %s lacks %s",
             (int)err->rc, adcp_error_message(err), part);
  adcp_error_clear(err);
}

/* ---- a sandbox without openat2 ---- */

static int no_openat2(int folder, const char *path, int flags, mode_t mode) {
  (void)folder, (void)path, (void)flags, (void)mode;
  errno = ENOSYS;
  return -1;
}

/* The disk would be most of the time. */
static int no_fsync(int fd) {
  (void)fd;
  return 0;
}

static void choose_calls(void) {
  static AdcpSystemCalls calls;
  adcp_system_calls_replace(NULL);
  calls = *adcp_system_calls();
  calls.xFsync = no_fsync;
  if( walks ) calls.xOpenBeneath = no_openat2;
  adcp_system_calls_replace(&calls);
}

static AdcpRoot *root_at(const char *folder) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpRoot *none = adcp_root_open(&err);
  AdcpRoot *root = adcp_root_narrowed(none, folder, &err);
  CHECK_CASE(root != NULL, "%s", adcp_error_message(&err));
  adcp_root_close(none);
  adcp_error_clear(&err);
  return root;
}

/* ---- paths ---- */

/* What stands at the path: the first letter of the file's text, "/" of a folder, or the errno. */
static int look(const AdcpRoot *root, const char *path) {
  char letter = 0;
  struct stat st;
  int fd = adcp_path_open(root, path, O_RDONLY, 0);
  if( fd < 0 ) return -errno;
  fstat(fd, &st);
  if( S_ISDIR(st.st_mode) ) letter = '/';
  ssize_t n = letter ? 1 : read(fd, &letter, 1);
  close(fd);
  return n == 1 ? letter : 0;
}

/* The scratch folder: root/ with sub/deep/, a file of each letter, links of all kinds; beside it
** out/, and alias, a link to root. */
static void make_tree(void) {
  mkdir("root", 0700);
  mkdir("root/sub", 0700);
  mkdir("root/sub/deep", 0700);
  mkdir("out", 0700);
  mkdir("rootless", 0700);
  put_file("root/a", "a");
  put_file("root/sub/b", "b");
  put_file("root/sub/deep/c", "c");
  put_file("out/secret", "S");
  put_file("rootless/secret", "S");
  static const char *const links[][2] = {
      {"root", "alias"},
      {"a", "root/to_a"},
      {"sub", "root/to_sub"},
      {"../sub/deep", "root/sub/to_deep"},
      {"../out/secret", "root/file_out"},
      {"../out", "root/folder_out"},
      {"sub/../../out/secret", "root/climb_out"},
      {"../root/a", "root/out_and_in"},
      {"/etc/passwd", "root/absolute_out"},
      {"../out/new", "root/dangling_out"},
      {"new", "root/dangling_in"},
      {"to_b", "root/loop"},
      {"loop", "root/to_b"},
      {"/proc/self/fd", "root/descriptors"},
  };
  for( size_t i = 0; i < sizeof links / sizeof *links; i++ ) {
    CHECK_CASE(symlink(links[i][0], links[i][1]) == 0, "%s", links[i][1]);
  }
  char absolute[128];
  snprintf(absolute, sizeof absolute, "%s/root/a", scratch);
  CHECK(symlink(absolute, "root/absolute_in") == 0);
  CHECK(mkfifo("root/fifo", 0600) == 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "root/socket"};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  close(fd);
}

typedef struct Case {
  const char *path;
  int want; /* as look() says */
} Case;

static const Case cases[] = {
    {"root/a", 'a'},
    {"root", '/'},
    {"root/", '/'},
    {"root/.", '/'},
    {"./root/./a", 'a'},
    {"root//a", 'a'},
    {"root/sub/b", 'b'},
    {"root/sub/../a", 'a'},
    {"root/sub/deep/../../a", 'a'},
    {"root/sub/deep/../../../root/a", -EXDEV},
    {"root/to_a", 'a'},
    {"root/to_sub/b", 'b'},
    {"root/to_sub/", '/'},
    {"root/to_sub/../a", 'a'},
    {"root/sub/to_deep/c", 'c'},
    {"root/sub/to_deep/..", '/'},
    {"root/nothing", -ENOENT},
    {"root/nothing/a", -ENOENT},
    {"root/a/b", -ENOTDIR},
    {"root/a/", -ENOTDIR},
    {"root/loop", -ELOOP},
    {"root/dangling_in", -ENOENT},
    {"", -ENOENT},
    {"out/secret", -EXDEV},
    {"out/nothing", -EXDEV},
    {"nothing", -EXDEV},
    {"rootless/secret", -EXDEV},
    {"root/../out/secret", -EXDEV},
    {"root/..", -EXDEV},
    {"..", -EXDEV},
    {".", -EXDEV},
    {"out/../root/a", -EXDEV},
    {"alias/a", -EXDEV},
    {"root/file_out", -EXDEV},
    {"root/folder_out/secret", -EXDEV},
    {"root/folder_out", -EXDEV},
    {"root/climb_out", -EXDEV},
    {"root/out_and_in", -EXDEV},
    {"root/absolute_out", -EXDEV},
    {"root/absolute_in", -EXDEV},
    {"root/dangling_out", -EXDEV},
    {"root/descriptors/1", -EXDEV},
    {"root/fifo", -ENXIO},
    {"root/socket", -ENXIO},
    {"/etc/passwd", -EXDEV},
    {"/dev/fd/1", -EXDEV},
    {"/proc/self/fd/1", -EXDEV},
    {"/", -EXDEV},
};

static void check_cases(const AdcpRoot *root) {
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) {
    int got = look(root, cases[i].path);
    CHECK_CASE(got == cases[i].want, "%s: got %d, wanted %d", cases[i].path, got, cases[i].want);
  }
}

/* The same paths in full, and from a current folder inside. */
static void test_paths(void) {
  AdcpRoot *root = root_at("root");
  char path[256], real[4096];
  check_cases(root);
  snprintf(path, sizeof path, "%s/root/sub/b", scratch);
  CHECK(look(root, path) == 'b');
  snprintf(path, sizeof path, "%s/./root//sub/./b", scratch);
  CHECK(look(root, path) == 'b');
  snprintf(path, sizeof path, "%s/out/secret", scratch);
  CHECK(look(root, path) == -EXDEV);
  CHECK(chdir("root/sub") == 0);
  CHECK(look(root, "b") == 'b');
  CHECK(look(root, ".") == '/');
  CHECK(look(root, "..") == '/');
  CHECK(look(root, "../a") == 'a');
  CHECK(look(root, "./../sub/b") == 'b');
  CHECK(look(root, "../../root/a") == 'a');
  CHECK(look(root, "../../out/secret") == -EXDEV);
  CHECK(look(root, "../../../../../../../../etc/passwd") == -EXDEV);
  CHECK(look(root, "..b") == -ENOENT);
  CHECK(chdir("../..") == 0);
  CHECK(realpath("root", real) != NULL);
  CHECK_TEXT(adcp_root_path(root), real);
  adcp_root_close(root);
}

/* Given by a link, both names of the folder lead in. */
static void test_alias(void) {
  AdcpRoot *root = root_at("alias");
  CHECK(look(root, "alias/a") == 'a');
  CHECK(look(root, "root/a") == 'a');
  CHECK(look(root, "alias/../out/secret") == -EXDEV);
  CHECK(look(root, "out/secret") == -EXDEV);
  adcp_root_close(root);
  root = root_at("out/../root");
  CHECK(look(root, "root/a") == 'a');
  CHECK(look(root, "out/secret") == -EXDEV);
  adcp_root_close(root);
}

/* The folder is held, not its name. */
static void test_moved_root(void) {
  AdcpRoot *root = root_at("root");
  CHECK(rename("root", "moved") == 0 && symlink("out", "root") == 0);
  CHECK(look(root, "root/a") == 'a');
  CHECK(look(root, "root/secret") == -ENOENT);
  CHECK(unlink("root") == 0 && rename("moved", "root") == 0);
  adcp_root_close(root);
}

static void test_none(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpRoot *none = adcp_root_open(&err);
  CHECK(adcp_root_path(none) == NULL && adcp_root_path(NULL) == NULL);
  CHECK(look(none, "out/secret") == 'S' && look(NULL, "out/secret") == 'S');
  CHECK(look(none, "root/file_out") == 'S');
  adcp_root_close(none);
  adcp_root_close(NULL);
}

/* ---- narrowing ---- */

static void test_narrowing(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpRoot *root = root_at("root");
  static const char *const refused[] = {"out",          "root/..", "root/folder_out", "/",
                                        "root/nothing", "root/a",  "root/fifo"};
  for( size_t i = 0; i < sizeof refused / sizeof *refused; i++ ) {
    CHECK_CASE(adcp_root_narrowed(root, refused[i], &err) == NULL, "%s", refused[i]);
    CHECK_CASE(strstr(adcp_error_message(&err), refused[i]), "%s", adcp_error_message(&err));
    adcp_error_clear(&err);
  }
  AdcpRoot *narrower = adcp_root_narrowed(root, "root/to_sub", &err);
  CHECK(narrower != NULL && err.rc == ADCP_OK);
  if( narrower ) adcp_root_take(root, narrower);
  CHECK(strstr(adcp_root_path(root), "/root/sub") != NULL);
  CHECK(look(root, "root/sub/b") == 'b');
  CHECK(look(root, "root/to_sub/b") == 'b');
  CHECK(look(root, "root/a") == -EXDEV);
  CHECK(look(root, "root/sub/../a") == -EXDEV);
  CHECK(look(root, "root/sub/to_deep/c") == -EXDEV); /* ../sub/deep leaves sub on its way */
  adcp_root_close(root);

  AdcpRoot *none = adcp_root_open(&err);
  CHECK(adcp_root_narrowed(none, "/", &err) == NULL);
  check_error(&err, ADCP_ERROR, "whole file system");
  CHECK(adcp_root_narrowed(none, "root/a", &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "root/a the root");
  CHECK(adcp_root_narrowed(none, "", &err) == NULL);
  check_error(&err, ADCP_CANTOPEN, "No such file");
  adcp_root_close(none);
}

/* ---- every call ---- */

static bool exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

static void write_file(const AdcpRoot *root, const char *path, AdcpOutMode mode, AdcpError *err) {
  AdcpOutFile *file = adcp_outfile_open(root, path, mode, ADCP_NO_CHECKPOINT, err);
  if( file == NULL ) return;
  adcp_outfile_write(file, "text", 4, err);
  adcp_outfile_commit(file, err);
  adcp_outfile_close(file);
}

static void test_writing(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpRoot *root = root_at("root");
  static const char *const outside[] = {"out/new",           "root/../out/new", "root/folder_out/x",
                                        "root/dangling_out", "root/file_out",   "/dev/fd/1",
                                        "/dev/stdout",       "/proc/self/fd/1", "/dev/null"};
  for( size_t i = 0; i < sizeof outside / sizeof *outside; i++ ) {
    for( int mode = ADCP_OUT_NEW; mode <= ADCP_OUT_NUMBERED; mode++ ) {
      write_file(root, outside[i], (AdcpOutMode)mode, &err);
      check_error(&err, ADCP_PERM, "leads outside of");
    }
  }
  CHECK(!exists("out/new") && !exists("out/x") && look(NULL, "out/secret") == 'S');
  write_file(root, "root/fifo", ADCP_OUT_REPLACE, &err);
  check_error(&err, ADCP_PERM, "no regular file");
  write_file(root, "root/sub/new", ADCP_OUT_NEW, &err);
  write_file(root, "root/sub/new", ADCP_OUT_NUMBERED, &err);
  write_file(root, "root/to_a", ADCP_OUT_REPLACE, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK(look(NULL, "root/sub/new") == 't' && look(NULL, "root/sub/new_2") == 't');
  CHECK(look(NULL, "root/a") == 't');
  put_file("root/a", "a");
  unlink("root/sub/new");
  unlink("root/sub/new_2");
  adcp_root_close(root);
}

/* An open file keeps its folder, wherever the path leads by the time of the commit. */
static void test_swapped_folder(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpRoot *root = root_at("root");
  AdcpOutFile *file =
      adcp_outfile_open(root, "root/sub/swapped", ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
  adcp_outfile_write(file, "text", 4, &err);
  CHECK(rename("root/sub", "root/aside") == 0 && symlink("../out", "root/sub") == 0);
  adcp_outfile_commit(file, &err);
  adcp_outfile_close(file);
  CHECK(err.rc == ADCP_OK);
  CHECK(!exists("out/swapped") && look(NULL, "root/aside/swapped") == 't');
  file = adcp_outfile_open(root, "root/sub/swapped", ADCP_OUT_NEW, ADCP_NO_CHECKPOINT, &err);
  CHECK(file == NULL);
  check_error(&err, ADCP_PERM, "outside");
  CHECK(unlink("root/sub") == 0 && unlink("root/aside/swapped") == 0);
  CHECK(rename("root/aside", "root/sub") == 0);
  adcp_root_close(root);
}

static void test_looking(void) {
  AdcpRoot *root = root_at("root");
  struct stat st;
  struct statvfs space;
  CHECK(adcp_path_stat(root, "root/to_a", &st) == 0 && S_ISREG(st.st_mode));
  CHECK(adcp_path_lstat(root, "root/to_a", &st) == 0 && S_ISLNK(st.st_mode));
  CHECK(adcp_path_stat(root, "root/fifo", &st) == 0 && S_ISFIFO(st.st_mode));
  CHECK(adcp_path_stat(root, "root/file_out", &st) == -1 && errno == EXDEV);
  CHECK(adcp_path_lstat(root, "root/file_out", &st) == 0 && S_ISLNK(st.st_mode));
  CHECK(adcp_path_lstat(root, "out/secret", &st) == -1 && errno == EXDEV);
  CHECK(adcp_path_access(root, "root/sub", F_OK) == 0);
  CHECK(adcp_path_access(root, "root/sub", W_OK | X_OK) == 0);
  CHECK(adcp_path_access(root, "out", F_OK) == -1 && errno == EXDEV);
  CHECK(adcp_path_statvfs(root, "root/sub", &space) == 0 && space.f_frsize > 0);
  CHECK(adcp_path_statvfs(root, "out", &space) == -1 && errno == EXDEV);
  DIR *dir = adcp_path_opendir(root, "root/to_sub");
  CHECK(dir != NULL);
  if( dir ) closedir(dir);
  CHECK(adcp_path_opendir(root, "root/folder_out") == NULL && errno == EXDEV);
  CHECK(adcp_path_opendir(root, "root/a") == NULL && errno == ENOTDIR);
  CHECK(adcp_path_mkdir(root, "root/sub/made/", 0700) == 0 && rmdir("root/sub/made") == 0);
  CHECK(adcp_path_mkdir(root, "root/sub", 0700) == -1 && errno == EEXIST);
  CHECK(adcp_path_may_mkdir(root, "root/sub/made/") == 0);
  CHECK(adcp_path_may_mkdir(root, "root/none/made") == -1 && errno == ENOENT);
  CHECK(adcp_path_may_mkdir(root, "out/made") == -1 && errno == EXDEV);
  CHECK(adcp_path_mkdir(root, "out/made", 0700) == -1 && errno == EXDEV);
  CHECK(adcp_path_mkdir(root, "root/folder_out/made", 0700) == -1 && errno == EXDEV);
  CHECK(adcp_path_mkdir(root, "root/dangling_out", 0700) == -1 && errno == EEXIST);
  CHECK(!exists("out/made") && !exists("out/new"));
  adcp_root_close(root);
  CHECK(adcp_path_mkdir(NULL, "root/sub/made//", 0700) == 0);
  CHECK(adcp_path_mkdir(NULL, "root/sub/made", 0700) == -1 && errno == EEXIST);
  CHECK(rmdir("root/sub/made") == 0);
  CHECK(adcp_path_mkdir(NULL, "//", 0700) == -1 && errno == EEXIST);
  CHECK(adcp_path_mkdir(NULL, "", 0700) == -1 && errno == ENOENT);
  CHECK(adcp_path_mkdir(NULL, "root/none/made", 0700) == -1 && errno == ENOENT);
  CHECK(adcp_path_mkdir(NULL, "root/a/made", 0700) == -1 && errno == ENOTDIR);
}

static ino_t synced; /* the last that fsync was asked for */
static int fsync_errno;

static int noted_fsync(int fd) {
  struct stat st;
  synced = fstat(fd, &st) == 0 ? st.st_ino : 0;
  errno = fsync_errno;
  return fsync_errno ? -1 : 0;
}

/* The name of a new folder is synced where it stands. */
static void test_made_durably(void) {
  AdcpRoot *root = root_at("root");
  const AdcpSystemCalls *before = adcp_system_calls();
  AdcpSystemCalls calls = *before;
  struct stat st;
  calls.xFsync = noted_fsync;
  fsync_errno = 0;
  adcp_system_calls_replace(&calls);
  for( int i = 0; i < 2; i++ ) {
    synced = 0;
    CHECK(adcp_path_mkdir(i ? root : NULL, "root/sub/made", 0700) == 0);
    CHECK(stat("root/sub", &st) == 0 && synced == st.st_ino);
    synced = 0;
    CHECK(adcp_path_mkdir(i ? root : NULL, "root/sub/made", 0700) == -1 && synced == 0);
    CHECK(rmdir("root/sub/made") == 0);
  }
  fsync_errno = EIO;
  CHECK(adcp_path_mkdir(root, "root/sub/made", 0700) == -1 && errno == EIO);
  CHECK(rmdir("root/sub/made") == 0);
  adcp_system_calls_replace(before);
  adcp_root_close(root);
}

/* A file is created through a link where that stays inside, as the operating system does. */
static void test_creating(void) {
  AdcpRoot *root = root_at("root");
  int fd = adcp_path_open(root, "root/dangling_in", O_WRONLY | O_CREAT, 0600);
  CHECK(fd >= 0 && close(fd) == 0 && unlink("root/new") == 0);
  CHECK(adcp_path_open(root, "root/dangling_out", O_WRONLY | O_CREAT, 0600) == -1);
  CHECK(errno == EXDEV && !exists("out/new"));
  CHECK(adcp_path_open(root, "root/to_a", O_RDONLY | O_NOFOLLOW, 0) == -1 && errno == ELOOP);
  adcp_root_close(root);
}

/* A FIFO that somebody waits at: opening must neither wait nor let him go on. */
static void test_fifo(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpRoot *root = root_at("root");
  int reader = open("root/fifo", O_RDONLY | O_NONBLOCK);
  CHECK(adcp_path_open(root, "root/fifo", O_WRONLY | O_APPEND, 0) == -1 && errno == ENXIO);
  CHECK(adcp_infile_open(root, "root/fifo", ADCP_NO_CHECKPOINT, &err) == NULL);
  check_error(&err, ADCP_PERM, "root/fifo: that is no regular file");
  close(reader);
  adcp_root_close(root);
}

/* The n-th call that looks something up fails; the walk says so and leaves nothing open. */
static long calls_left;

static bool is_refused(void) {
  if( --calls_left != 0 ) return false;
  errno = EIO;
  return true;
}
static int open_or_fail(int folder, const char *path, int flags, mode_t mode) {
  return is_refused() ? -1 : openat(folder, path, flags, mode);
}
static ssize_t readlink_or_fail(int folder, const char *name, char *to, size_t n) {
  return is_refused() ? -1 : readlinkat(folder, name, to, n);
}
static int fstat_or_fail(int fd, struct stat *st) {
  return is_refused() ? -1 : fstat(fd, st);
}
static void *malloc_or_fail(size_t n) {
  return is_refused() ? NULL : malloc(n);
}
static void *realloc_or_fail(void *old, size_t n) {
  return is_refused() ? NULL : realloc(old, n);
}

static void test_faults(void) {
  static const AdcpMemMethods memory = {malloc_or_fail, realloc_or_fail, free};
  AdcpRoot *root = root_at("root");
  const AdcpSystemCalls *before = adcp_system_calls();
  AdcpSystemCalls calls = *before;
  calls.xOpen = open_or_fail;
  calls.xReadlink = readlink_or_fail;
  calls.xFstat = fstat_or_fail;
  long n = 0, failures = 0;
  int got = 0, first = dup(0);
  close(first);
  for( bool fired = true; fired; ) {
    calls_left = ++n;
    adcp_system_calls_replace(&calls);
    adcp_mem_replace(&memory);
    got = look(root, "root/to_sub/../sub/to_deep/../to_deep/c");
    fired = calls_left <= 0;
    adcp_mem_replace(NULL);
    adcp_system_calls_replace(before);
    failures += got == -EIO || got == -ENOMEM;
    CHECK_CASE(!fired || got == -EIO || got == -ENOMEM, "call %ld: %d", n, got);
    int now = dup(0);
    close(now);
    CHECK_CASE(now == first, "call %ld leaves descriptors", n);
  }
  CHECK(got == 'c' && failures >= (walks ? 20 : 3));
  adcp_root_close(root);
}

/* Left open: none, and no memory that is not given back. */
static void test_no_descriptors(void) {
  int before = dup(0), after;
  close(before);
  for( int i = 0; i < 20; i++ ) {
    AdcpRoot *root = root_at("root");
    check_cases(root);
    adcp_root_close(root);
  }
  after = dup(0);
  close(after);
  CHECK_CASE(before == after, "%d descriptors were left", after - before);
}

/* ---- links that change meanwhile ---- */

static atomic_bool stop;
static atomic_long swaps;

static void swap(const char *a, const char *b) {
  syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2u /* RENAME_EXCHANGE */);
}

/* root/d is a folder of the root, then a link out of it, thousands of times a second; and a folder
** below it is moved up and down, so that ".." leads elsewhere. */
static void *swap_often(void *unused) {
  (void)unused;
  while( !atomic_load(&stop) ) {
    swap("root/d", "root/e");
    rename("root/m/deep", "root/deep");
    rename("root/deep", "root/m/deep");
    atomic_fetch_add(&swaps, 1);
  }
  return NULL;
}

static long inside, refused, surprises;

static void count(int got, char wanted) {
  if( got == wanted ) {
    inside++;
  } else if( got == 'S' || got > 0 ) {
    surprises++;
  } else {
    refused++;
  }
}

static void race_once(const AdcpRoot *root, int round) {
  AdcpError err = ADCP_ERROR_INIT;
  struct stat st;
  count(look(root, "root/d/file"), 'i');
  count(look(root, "root/d/../d/file"), 'i');
  int got = look(root, "root/m/deep/../../../out/file");
  if( got != -EXDEV && got != -ENOENT && got != -EAGAIN ) surprises++;
  if( adcp_path_stat(root, "root/d/only_out", &st) == 0 ) surprises++;
  write_file(root, "root/d/written", round % 2 ? ADCP_OUT_REPLACE : ADCP_OUT_NEW, &err);
  adcp_error_clear(&err);
  if( adcp_path_mkdir(root, "root/d/made", 0700) == 0 ) inside++;
  int fd = adcp_path_open(root, "root/d/log", O_WRONLY | O_CREAT | O_APPEND, 0600);
  if( fd >= 0 ) close(fd);
}

static void test_race(long milliseconds) {
  struct timespec start, now;
  pthread_t thread;
  inside = refused = surprises = 0;
  atomic_store(&stop, false);
  mkdir("root/d", 0700);
  mkdir("root/m", 0700);
  mkdir("root/m/deep", 0700);
  put_file("root/d/file", "inside");
  put_file("out/file", "Secret");
  put_file("out/only_out", "Secret");
  CHECK(symlink("../out", "root/e") == 0);
  AdcpRoot *root = root_at("root");
  CHECK(pthread_create(&thread, NULL, swap_often, NULL) == 0);
  clock_gettime(CLOCK_MONOTONIC, &start);
  for( int round = 0;; round++ ) {
    race_once(root, round);
    if( round % 2 ) swap("root/d", "root/e"); /* one processor, or valgrind: turns may be even */
    clock_gettime(CLOCK_MONOTONIC, &now);
    long elapsed = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
    bool enough = inside > 100 && refused > 100;
    if( elapsed > (enough ? milliseconds : 120000) ) break;
  }
  atomic_store(&stop, true);
  pthread_join(thread, NULL);
  CHECK_CASE(surprises == 0, "%ld looks outside", surprises);
  CHECK_CASE(inside > 100 && refused > 100, "%ld inside, %ld refused", inside, refused);
  CHECK(!exists("out/written") && !exists("out/made") && !exists("out/log"));
  printf("%s: %ld inside, %ld refused, beside %ld swaps\n", walks ? "walk" : "openat2", inside,
         refused, atomic_load(&swaps));
  DIR *dir = opendir("out");
  int names = 0;
  while( readdir(dir) ) names++;
  closedir(dir);
  CHECK_CASE(names == 5, "%d names", names); /* ".", "..", secret, file, only_out */
  adcp_root_close(root);
  CHECK(system("rm -rf root/d root/e root/m root/deep out/file out/only_out") == 0);
}

static void run_all(void) {
  make_tree();
  test_paths();
  test_alias();
  test_moved_root();
  test_none();
  test_narrowing();
  test_writing();
  test_swapped_folder();
  test_looking();
  test_made_durably();
  test_creating();
  test_fifo();
  test_faults();
  test_no_descriptors();
  test_race(400);
  CHECK(system("rm -rf root out rootless alias") == 0);
}

int main(void) {
  const char *temp = getenv("TMPDIR");
  char pattern[64];
  snprintf(pattern, sizeof pattern, "%s/adcp-root-XXXXXX", temp ? temp : "/tmp");
  CHECK(mkdtemp(pattern) != NULL && chdir(pattern) == 0);
  CHECK(getcwd(scratch, sizeof scratch) != NULL);
  for( int i = 0; i < 2; i++ ) {
    walks = i == 1;
    choose_calls();
    run_all();
  }
  adcp_system_calls_replace(NULL);
  CHECK(chdir("/") == 0 && rmdir(scratch) == 0);
  return unit_done();
}
