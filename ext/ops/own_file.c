/*
** own_file.c - keeps a path from being a file of an open database (contract in own_file.h).
*/
#include "ops/own_file.h"

#include <fcntl.h>

#include "base/buf.h"
#include "platform/file.h"

static bool find(const char *path, struct stat *st) {
  return adcp_system_calls()->xFstatat(AT_FDCWD, path, st, 0) == 0;
}

static void compare(AdcpDb *db, const char *name, const char *path, const struct stat *st) {
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
  const char *file = sqlite3_db_filename(db->handle, name);
  AdcpBuf other = {0};
  for( size_t i = 0; file && file[0] && i < sizeof suffixes / sizeof *suffixes; i++ ) {
    struct stat own;
    adcp_buf_clear(&other);
    adcp_buf_appendf(&other, "%s%s", file, suffixes[i]);
    const char *text = adcp_buf_text(&other);
    if( !adcp_buf_check(&other, db->err) ) break;
    if( !find(text, &own) || own.st_dev != st->st_dev || own.st_ino != st->st_ino ) continue;
    adcp_error_set(
        db->err, ADCP_CANTOPEN,
        "%s belongs to the database \"%s\", which this connection has open; give another "
        "path",
        path, name);
    break;
  }
  adcp_buf_free(&other);
}

void adcp_own_file_refuse(AdcpDb *db, const char *path) {
  struct stat st;
  const char *name;
  if( db->err->rc || db->handle == NULL || !find(path, &st) ) return;
  for( int i = 0; !db->err->rc && (name = sqlite3_db_name(db->handle, i)) != NULL; i++ ) {
    compare(db, name, path, &st);
  }
}
