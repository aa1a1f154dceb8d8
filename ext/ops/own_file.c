/*
** own_file.c - keeps a path from being a file of an open database (contract in own_file.h).
*/
#include "ops/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "db/system_file.h"
#include "platform/file.h"
#include "platform/root.h"

/* What a path leads to, links followed. */
typedef struct Target {
  const char *path; /* borrowed */
  bool exists;
  struct stat st;  /* of what is there, */
  AdcpPlace place; /* or the folder and name that it would have */
} Target;

/* False where there is no such folder either: nothing can be made there. */
static bool find(Target *target, const char *path, AdcpError *err) {
  *target = (Target){.path = path, .place = ADCP_PLACE_INIT};
  target->exists = adcp_system_calls()->xFstatat(AT_FDCWD, path, &target->st, 0) == 0;
  if( target->exists ) return true;
  if( adcp_place_open(&target->place, NULL, path, ADCP_LINKS_FOLLOWED) == 0 ) return true;
  if( errno == ENOMEM ) adcp_error_nomem(err);
  return false;
}

static bool leads_to(const Target *target, const char *own_path, AdcpError *err) {
  Target own;
  bool same = find(&own, own_path, err) && own.exists == target->exists &&
              (own.exists ? adcp_same_file(&own.st, &target->st)
                          : adcp_place_same(&own.place, &target->place));
  adcp_place_close(&own.place);
  return same;
}

static void compare(AdcpDb *db, const char *name, const Target *target) {
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
  const char *file = adcp_db_filename(db->handle, name);
  AdcpBuf own = {0};
  for( size_t i = 0; file[0] && i < sizeof suffixes / sizeof *suffixes; i++ ) {
    adcp_buf_clear(&own);
    adcp_buf_appendf(&own, "%s%s", file, suffixes[i]);
    const char *text = adcp_buf_text(&own);
    if( !adcp_buf_check(&own, db->err) ) break;
    if( !leads_to(target, text, db->err) ) continue;
    adcp_error_set(
        db->err, ADCP_CANTOPEN,
        "%s belongs to the database \"%s\", which this connection has open; give another "
        "path",
        target->path, name);
    break;
  }
  adcp_buf_free(&own);
}

void adcp_own_file_refuse(AdcpDb *db, const char *path) {
  Target target;
  const char *name;
  if( db->err->rc || db->handle == NULL ) return;
  if( find(&target, path, db->err) ) {
    for( int i = 0; !db->err->rc && (name = sqlite3_db_name(db->handle, i)) != NULL; i++ ) {
      compare(db, name, &target);
    }
  }
  adcp_place_close(&target.place);
}
