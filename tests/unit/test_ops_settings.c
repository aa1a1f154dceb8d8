/*
** test_ops_settings.c - what stands in database and files when a settings file cannot be given its
** name.
*/
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/backup.h"
#include "ops/restore.h"
#include "platform/file.h"
#include "unit.h"

static char folder[256];
static AdcpSystemCalls calls;
static const char *refused; /* the file name that no rename may take */
static int (*real_rename)(const char *from, const char *to);

static const char *path_of(const char *name) {
  static char paths[8][512];
  static int next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static int refuse_rename(const char *from, const char *to) {
  const char *name = strrchr(to, '/');
  if( refused && name && strcmp(name + 1, refused) == 0 ) {
    errno = EPERM;
    return -1;
  }
  return real_rename(from, to);
}

static void write_text(const char *name, const char *text) {
  FILE *file = fopen(path_of(name), "w");
  CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static int has_text(const char *name, const char *text) {
  char bytes[256] = "";
  FILE *file = fopen(path_of(name), "r");
  size_t n = file ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
  if( file ) fclose(file);
  return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

static sqlite3 *open_database(const char *name, const char *sql) {
  sqlite3 *handle = NULL;
  CHECK(sqlite3_open(path_of(name), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK);
  return handle;
}

static AdcpRequest request_of(sqlite3 *handle, AdcpConfig *config, const char *path,
                              const char *options) {
  return (AdcpRequest){.handle = handle,
                       .config = config,
                       .path = path,
                       .options = options,
                       .options_size = strlen(options)};
}

static void back_up(sqlite3 *handle, AdcpConfig *config) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  char options[2048];
  snprintf(options, sizeof options, "{\"settings\":{\"a\":\"%s\",\"b\":\"%s\"}}", path_of("a.json"),
           path_of("b.json"));
  AdcpRequest request = request_of(handle, config, path_of("backup.json"), options);
  AdcpBackup *backup = adcp_backup_open(&request, &err);
  while( adcp_backup_step(backup) ) {
  }
  adcp_backup_finish(backup, &report);
  adcp_backup_close(backup);
  CHECK(err.rc == ADCP_OK);
  adcp_buf_free(&report);
  adcp_error_clear(&err);
}

static AdcpError run_restore(sqlite3 *handle, AdcpConfig *config) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  char options[2048];
  snprintf(options, sizeof options, "{\"force\":true,\"settings\":{\"a\":\"%s\",\"b\":\"%s\"}}",
           path_of("a.json"), path_of("b.json"));
  AdcpRequest request = request_of(handle, config, path_of("backup.json"), options);
  AdcpRestore *restore = adcp_restore_open(&request, &err);
  while( adcp_restore_step(restore) ) {
  }
  adcp_restore_finish(restore, &report);
  adcp_restore_close(restore);
  adcp_buf_free(&report);
  return err;
}

static int row_count(sqlite3 *handle) {
  sqlite3_stmt *stmt = NULL;
  int count = -1;
  sqlite3_prepare_v2(handle, "SELECT count(*) FROM t", -1, &stmt, NULL);
  if( stmt && sqlite3_step(stmt) == SQLITE_ROW ) count = sqlite3_column_int(stmt, 0);
  sqlite3_finalize(stmt);
  return count;
}

/* The second rename fails after the commit: database and first file are new, which the message
** says. */
static void test_late_failure(sqlite3 *handle, AdcpConfig *config) {
  refused = "b.json";
  AdcpError err = run_restore(handle, config);
  const char *message = adcp_error_message(&err);
  CHECK(err.rc != ADCP_OK);
  CHECK(strstr(message, "the database was restored and committed") != NULL);
  CHECK(strstr(message, "a.json (a) is the backup's") != NULL);
  CHECK(strstr(message, "b.json (b) is as it was before") != NULL);
  CHECK(strstr(message, "unchanged") == NULL);
  CHECK(row_count(handle) == 2);
  CHECK(has_text("a.json", "1\n"));
  CHECK(has_text("b.json", "old b\n"));
  adcp_error_clear(&err);
}

static void test_success(sqlite3 *handle, AdcpConfig *config) {
  refused = NULL;
  AdcpError err = run_restore(handle, config);
  CHECK(err.rc == ADCP_OK);
  CHECK(has_text("a.json", "1\n"));
  CHECK(has_text("b.json", "2\n"));
  adcp_error_clear(&err);
}

int main(void) {
  static const char *const files[] = {"a.json", "b.json", "from.db", "to.db", "backup.json"};
  AdcpError err = ADCP_ERROR_INIT;
  const char *temp = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/adcp-settings-XXXXXX", temp ? temp : "/tmp");
  CHECK(mkdtemp(folder) != NULL);
  calls = *adcp_system_calls();
  real_rename = calls.xRename;
  calls.xRename = refuse_rename;
  adcp_system_calls_replace(&calls);
  write_text("a.json", "1\n");
  write_text("b.json", "2\n");
  AdcpConfig *config = adcp_config_open(&err);
  sqlite3 *from = open_database("from.db", "CREATE TABLE t(x); INSERT INTO t VALUES(1),(2)");
  sqlite3 *to = open_database("to.db", "CREATE TABLE t(x); INSERT INTO t VALUES(3)");
  back_up(from, config);
  write_text("a.json", "old a\n");
  write_text("b.json", "old b\n");
  test_late_failure(to, config);
  test_success(to, config);
  sqlite3_close(from);
  sqlite3_close(to);
  adcp_config_release(config);
  adcp_system_calls_replace(NULL);
  for( size_t i = 0; i < sizeof files / sizeof *files; i++ ) unlink(path_of(files[i]));
  rmdir(folder);
  return unit_done();
}
