/*
** test_ops_settings.c - what stands in database and files when a settings file cannot be given its
** name.
*/
#include <cjson/cJSON.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ops/backup.h"
#include "ops/restore.h"
#include "platform/file.h"
#include "folder.h"
#include "unit.h"

static AdcpSystemCalls calls;
static const char *refused; /* the file name that no rename may take */
static int (*real_rename)(int dir, const char *from, const char *to);

static int refuse_rename(int dir, const char *from, const char *to) {
  if( refused && strcmp(to, refused) == 0 ) {
    errno = EPERM;
    return -1;
  }
  return real_rename(dir, from, to);
}

static void write_text(const char *name, const char *text) {
  FILE *file = fopen(at(name), "w");
  CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static int has_text(const char *name, const char *text) {
  char bytes[256] = "";
  FILE *file = fopen(at(name), "r");
  size_t n = file ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
  if( file ) fclose(file);
  return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

static bool has_part(const char *name, const char *part) {
  static char bytes[16 * 1024];
  FILE *file = fopen(at(name), "r");
  size_t n = file ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
  if( file ) fclose(file);
  bytes[n] = 0;
  return strstr(bytes, part) != NULL;
}

static sqlite3 *open_database(const char *name, const char *sql) {
  sqlite3 *handle = NULL;
  CHECK(sqlite3_open(at(name), &handle) == SQLITE_OK);
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
  snprintf(options, sizeof options, "{\"settings\":{\"a\":\"%s\",\"b\":\"%s\"}}", at("a.json"),
           at("b.json"));
  AdcpRequest request = request_of(handle, config, at("backup.json"), options);
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
           at("a.json"), at("b.json"));
  AdcpRequest request = request_of(handle, config, at("backup.json"), options);
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

/* ---- out of memory ---- */

static long allocations, fail_at; /* the allocation that fails, from 1; 0: none */

static void *fail_malloc(size_t size) {
  return ++allocations == fail_at ? NULL : malloc(size);
}

static void *fail_realloc(void *old, size_t size) {
  return ++allocations == fail_at ? NULL : realloc(old, size);
}

static const AdcpMemMethods failing = {fail_malloc, fail_realloc, free};
static cJSON_Hooks failing_json = {fail_malloc, free};

typedef AdcpError (*Operation)(sqlite3 *handle, AdcpConfig *config);

static AdcpError run_backup(sqlite3 *handle, AdcpConfig *config) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  char options[2048];
  snprintf(options, sizeof options,
           "{\"overwrite\":true,\"threads\":0,\"settings\":{\"app_settings\":\"%s\"},"
           "\"env\":[\"ADCP_TEST*\",\"ADCP_UNSET\"],\"flags\":{\"a\":\"settings:app_settings.x.y\","
           "\"b\":\"sql:SELECT 1\"},\"redact\":\"t.x\"}",
           at("app.json"));
  AdcpRequest request = request_of(handle, config, at("oom.json"), options);
  AdcpBackup *backup = adcp_backup_open(&request, &err);
  while( adcp_backup_step(backup) ) {
  }
  adcp_backup_finish(backup, &report);
  adcp_backup_close(backup);
  adcp_buf_free(&report);
  if( err.rc == ADCP_OK ) {
    CHECK(has_part("oom.json", "\"feature_flags\":{\"a\":true,\"b\":true}"));
    CHECK(!has_part("oom.json", "\"secret\""));
  }
  return err;
}

static AdcpError restore_file(sqlite3 *handle, AdcpConfig *config, const char *name,
                              const char *more) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  char options[2048];
  snprintf(options, sizeof options, "{\"force\":true,\"threads\":0%s%s\"}}", more,
           at("restored.json"));
  AdcpRequest request = request_of(handle, config, at(name), options);
  AdcpRestore *restore = adcp_restore_open(&request, &err);
  while( adcp_restore_step(restore) ) {
  }
  adcp_restore_finish(restore, &report);
  adcp_restore_close(restore);
  adcp_buf_free(&report);
  return err;
}

static AdcpError run_settings(sqlite3 *handle, AdcpConfig *config) {
  char more[1024];
  write_text("restored.json", "{\"api_key\":\"current\"}");
  snprintf(more, sizeof more, ",\"env_file\":\"%s\",\"settings\":{\"app_settings\":\"",
           at("oom.env"));
  AdcpError err = restore_file(handle, config, "oom.json", more);
  /* The current value stays in the place of what was left out, whatever failed on the way. */
  bool old = has_text("restored.json", "{\"api_key\":\"current\"}");
  bool whole = has_text("restored.json",
                        "{\"api_key\":\"current\",\"x\":{\"y\":\"yes\"},\"max_tokens\":null}");
  bool said = strstr(adcp_error_message(&err), "restored.json (app_settings) is the backup's");
  CHECK_CASE(err.rc && !said ? old : whole, "%s", adcp_error_message(&err));
  return err;
}

static AdcpError run_old(sqlite3 *handle, AdcpConfig *config) {
  return restore_file(handle, config, "old.json",
                      ",\"create\":true,\"settings\":{\"app_settings\":\"");
}

/* Fails one allocation after the other until none is left to fail. */
static void test_no_memory(const char *what, Operation operation, sqlite3 *handle,
                           AdcpConfig *config) {
  long n = 0;
  bool done = false;
  while( !done && n < 20000 ) {
    allocations = 0;
    fail_at = ++n;
    AdcpError err = operation(handle, config);
    done = allocations < n;
    if( done || err.rc != ADCP_NOMEM ) {
      CHECK_CASE(err.rc == ADCP_OK, "%s, allocation %ld: %s", what, n, adcp_error_message(&err));
    }
    fail_at = 0;
    adcp_error_clear(&err);
    CHECK(sqlite3_get_autocommit(handle));
  }
  CHECK_CASE(done && n > 100, "%s: %ld allocations", what, n);
}

static void test_memory(sqlite3 *from, AdcpConfig *config) {
  static const char old[] =
      "{\"backup_metadata\":{\"version\":\"2.0\"},\"tenants\":[{\"id\":1,\"name\":\"a\",\"slug\":"
      "\"a\",\"enable_web_context\":true,\"created_at\":\"2025-08-30T07:28:26\"}],\"products\":[],"
      "\"external_agents\":[],\"product_embeddings\":[{\"id\":3,\"product_id\":7,\"embedding\":[1],"
      "\"embedding_text\":\"\",\"embedding_hash\":\"\"}],\"app_settings\":{\"a\":1.0},"
      "\"tenant_settings\":{},\"database_schema\":{},\"fts_tables\":{},"
      "\"environment_config\":{},\"feature_flags\":{}}";
  write_text("old.json", old);
  write_text("app.json", "{\"api_key\":\"secret\",\"x\":{\"y\":\"yes\"},\"max_tokens\":[1, 2]}");
  setenv("ADCP_TEST_KEY", "it's", 1);
  setenv("ADCP_TEST", "it's", 1);
  sqlite3 *to = open_database("settings.db", "PRAGMA synchronous=off; CREATE TABLE t(x)");
  sqlite3 *legacy = open_database("legacy.db", "PRAGMA synchronous=off; CREATE TABLE other(x)");
  test_no_memory("backup", run_backup, from, config);
  test_no_memory("restore", run_settings, to, config);
  test_no_memory("version 2.0", run_old, legacy, config);
  CHECK(has_text("oom.env", "ADCP_TEST=\"it's\"\n# ADCP_TEST_KEY was left out of the backup\n"
                            "# ADCP_UNSET was not set\n"));
  sqlite3_close(to);
  sqlite3_close(legacy);
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
  static const char *const files[] = {"a.json",      "b.json",        "from.db",     "to.db",
                                      "backup.json", "app.json",      "oom.json",    "oom.env",
                                      "old.json",    "restored.json", "settings.db", "legacy.db"};
  adcp_mem_replace(&failing);
  cJSON_InitHooks(&failing_json);
  AdcpError err = ADCP_ERROR_INIT;
  CHECK(folder_make());
  calls = *adcp_system_calls();
  real_rename = calls.xRename;
  calls.xRename = refuse_rename;
  adcp_system_calls_replace(&calls);
  write_text("a.json", "1\n");
  write_text("b.json", "2\n");
  AdcpConfig *config = adcp_config_open(NULL, NULL, &err);
  sqlite3 *from = open_database("from.db", "CREATE TABLE t(x); INSERT INTO t VALUES(1),(2)");
  sqlite3 *to = open_database("to.db", "CREATE TABLE t(x); INSERT INTO t VALUES(3)");
  back_up(from, config);
  write_text("a.json", "old a\n");
  write_text("b.json", "old b\n");
  test_late_failure(to, config);
  test_success(to, config);
  test_memory(from, config);
  sqlite3_close(from);
  sqlite3_close(to);
  adcp_config_release(config);
  adcp_system_calls_replace(NULL);
  for( size_t i = 0; i < sizeof files / sizeof *files; i++ ) unlink(at(files[i]));
  rmdir(folder);
  return unit_done();
}
