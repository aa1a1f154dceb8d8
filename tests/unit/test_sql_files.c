/*
** test_sql_files.c - what a call says of its file is what became of it.
*/
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adcp.h"
#include "platform/file.h"
#include "folder.h"
#include "unit.h"

static AdcpSystemCalls calls; /* the real ones, with what a test replaces */

/* Runs a statement whose %s is a path, under the calls; its first value, or its error. */
static const char *run(sqlite3 *db, const char *format, const char *path) {
  static char out[2000];
  sqlite3_stmt *stmt;
  char *sql = sqlite3_mprintf(format, path);
  adcp_system_calls_replace(&calls);
  CHECK_CASE(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
  bool row = sqlite3_step(stmt) == SQLITE_ROW;
  const char *value = row ? (const char *)sqlite3_column_text(stmt, 0) : sqlite3_errmsg(db);
  snprintf(out, sizeof out, "%s", value ? value : "NULL");
  sqlite3_finalize(stmt);
  adcp_system_calls_replace(NULL);
  sqlite3_free(sql);
  return out;
}

static void says(const char *message, const char *part) {
  CHECK_CASE(strstr(message, part) != NULL, "%s lacks %s", message, part);
}

/* ---- the folder's fsync ---- */

static int folder_fsync_fails(int fd) {
  struct stat st;
  if( fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode) ) return fsync(fd);
  errno = EIO;
  return -1;
}

/* A backup that stands under its name is not said to be none. */
static void test_unsynced(sqlite3 *db, const AdcpSystemCalls *real) {
  calls = *real;
  calls.xFsync = folder_fsync_fails;
  const char *message = run(db, "SELECT adcp_backup(%Q)", at("unsynced.json"));
  says(message, "unsynced.json is written, but its folder could not be synced to the disk: "
                "Input/output error; the backup is whole, but a power failure could still");
  CHECK(strstr(message, "no backup was written") == NULL);
  calls = *real;
  says(run(db, "SELECT adcp_validate(%Q)", at("unsynced.json")), "\"valid\":true");
  CHECK(unlink(at("unsynced.json")) == 0);
}

int main(void) {
  AdcpSystemCalls real = *adcp_system_calls();
  sqlite3 *db;
  if( !folder_make() ) return 1;
  sqlite3_auto_extension((void (*)(void))sqlite3_adcp_init);
  CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)", NULL, NULL, NULL) == 0);
  test_unsynced(db, &real);
  sqlite3_close(db);
  CHECK(rmdir(folder) == 0);
  return unit_done();
}
