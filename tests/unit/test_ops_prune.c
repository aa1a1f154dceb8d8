/*
** test_ops_prune.c - files that go, change or cannot be deleted between the look at them and their
** deletion.
*/
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/backup.h"
#include "ops/prune.h"
#include "platform/file.h"
#include "folder.h"
#include "unit.h"

static AdcpSystemCalls real, calls;

static bool exists(const char *name) {
  return access(at(name), F_OK) == 0;
}

static AdcpRequest request_of(sqlite3 *handle, AdcpConfig *config, const char *path,
                              const char *options) {
  return (AdcpRequest){.handle = handle,
                       .config = config,
                       .path = path,
                       .options = options,
                       .options_size = strlen(options)};
}

static void back_up(sqlite3 *handle, AdcpConfig *config, const char *name, const char *epoch) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  setenv("SOURCE_DATE_EPOCH", epoch, 1);
  AdcpRequest request = request_of(handle, config, at(name), "{\"overwrite\":true}");
  AdcpBackup *backup = adcp_backup_open(&request, &err);
  while( adcp_backup_step(backup) ) {
  }
  adcp_backup_finish(backup, &report);
  adcp_backup_close(backup);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  adcp_buf_free(&report);
  adcp_error_clear(&err);
}

/* Four backups, of which a prune to the last one deletes three. */
static void make_files(sqlite3 *handle, AdcpConfig *config) {
  back_up(handle, config, "a.json", "1700000000");
  back_up(handle, config, "b.json", "1700000001");
  back_up(handle, config, "c.json", "1700000002");
  back_up(handle, config, "d.json", "1700000003");
}

/* The look before the deletion is the one that is relative to a folder which is open. */
static int others_act(int in, const char *name, struct stat *st, int flags) {
  if( in >= 0 && strcmp(name, "a.json") == 0 ) unlink(at(name));
  if( in >= 0 && strcmp(name, "b.json") == 0 ) CHECK(truncate(at(name), 5) == 0);
  return real.xFstatat(in, name, st, flags);
}

static int unlink_fails(int in, const char *name) {
  (void)in, (void)name;
  errno = EROFS;
  return -1;
}

/* Another prune is a moment earlier. */
static int unlink_is_late(int in, const char *name) {
  CHECK(real.xUnlink(in, name) == 0);
  errno = ENOENT;
  return -1;
}

/* Looks that follow links come before a file is opened: first for the list, then to be validated. */
static int newest_goes(int in, const char *name, struct stat *st, int flags) {
  static int looks;
  bool is_newest = in < 0 && flags == 0 && strcmp(name, at("d.json")) == 0;
  if( is_newest && ++looks == 2 ) CHECK(unlink(name) == 0);
  return real.xFstatat(in, name, st, flags);
}

static int look_fails(int in, const char *name, struct stat *st, int flags) {
  if( in < 0 ) return real.xFstatat(in, name, st, flags);
  errno = EIO;
  return -1;
}

static AdcpError prune(sqlite3 *handle, AdcpConfig *config, AdcpBuf *report) {
  AdcpError err = ADCP_ERROR_INIT;
  char options[256];
  snprintf(options, sizeof options, "{\"keep_last\":1,\"apply\":true,\"backup_dir\":\"%s\"}",
           folder);
  AdcpRequest request = request_of(handle, config, NULL, options);
  adcp_buf_clear(report);
  adcp_system_calls_replace(&calls);
  adcp_prune(&request, report, &err);
  adcp_system_calls_replace(NULL);
  return err;
}

static void check_failed(AdcpError *err, AdcpRc rc, const char *part) {
  CHECK_CASE(err->rc == rc && strstr(adcp_error_message(err), part), "%d %s", (int)err->rc,
             adcp_error_message(err));
  adcp_error_clear(err);
}

int main(void) {
  if( !folder_make() ) return 1;
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  sqlite3 *handle = NULL;
  AdcpConfig *config = adcp_config_open(NULL, NULL, &err);
  CHECK(err.rc == ADCP_OK && sqlite3_open(at("app.db"), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, "CREATE TABLE t(x)", NULL, NULL, NULL) == SQLITE_OK);
  real = *adcp_system_calls();

  make_files(handle, config);
  calls = real;
  calls.xFstatat = others_act;
  err = prune(handle, config, &report);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  const char *text = adcp_buf_text(&report);
  CHECK_CASE(text && strstr(text, "was gone already") &&
                 strstr(text, "changed while it was looked at"),
             "%s", text);
  CHECK_CASE(text && strstr(text, "\"deleted\":1,"), "%s", text);
  CHECK(!exists("a.json") && exists("b.json") && !exists("c.json") && exists("d.json"));

  make_files(handle, config);
  calls = real;
  calls.xUnlink = unlink_fails;
  err = prune(handle, config, &report);
  check_failed(&err, ADCP_IOERR, "cannot delete");
  CHECK(exists("a.json") && exists("b.json") && exists("c.json") && exists("d.json"));

  calls = real;
  calls.xFstatat = look_fails;
  err = prune(handle, config, &report);
  check_failed(&err, ADCP_IOERR, "0 files were deleted before");
  CHECK(exists("a.json") && exists("b.json") && exists("c.json") && exists("d.json"));

  calls = real;
  calls.xUnlink = unlink_is_late;
  err = prune(handle, config, &report);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  text = adcp_buf_text(&report);
  CHECK_CASE(text && strstr(text, "was gone already") && strstr(text, "\"deleted\":0,"), "%s",
             text);
  CHECK(!exists("a.json") && !exists("b.json") && !exists("c.json") && exists("d.json"));

  make_files(handle, config);
  calls = real;
  calls.xFstatat = newest_goes;
  err = prune(handle, config, &report);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  text = adcp_buf_text(&report);
  CHECK_CASE(text && strstr(text, "was gone already") && strstr(text, "\"deleted\":2,"), "%s",
             text);
  CHECK(!exists("a.json") && !exists("b.json") && exists("c.json") && !exists("d.json"));

  static const char *const files[] = {"a.json", "b.json", "c.json", "d.json", "app.db"};
  for( size_t i = 0; i < sizeof files / sizeof *files; i++ ) unlink(at(files[i]));
  CHECK(rmdir(folder) == 0);
  adcp_buf_free(&report);
  adcp_config_release(config);
  sqlite3_close(handle);
  return unit_done();
}
