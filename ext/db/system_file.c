/*
** system_file.c - the file of a database that the system's VFS reads (contract in system_file.h).
*/
#include "db/system_file.h"

#include <string.h>

/* Asked for the VFS itself: a layer over the system's may hand on the question for its name. */
static bool is_system_vfs(AdcpDb *db) {
  static const char *const known[] = {"unix", "unix-excl", "unix-dotfile", "unix-none"};
  const sqlite3_vfs *vfs = NULL;
  bool found = false;
  sqlite3_file_control(db->handle, db->schema, SQLITE_FCNTL_VFS_POINTER, (void *)&vfs);
  for( size_t i = 0; vfs && i < sizeof known / sizeof *known; i++ ) {
    found = found || strcmp(vfs->zName, known[i]) == 0;
  }
  return found;
}

/* Of a database that VFS "memdb" has, which keeps the names it was given, SQLite tells one too. */
const char *adcp_db_filename(sqlite3 *handle, const char *schema) {
  const char *name = sqlite3_db_filename(handle, schema);
  const sqlite3_vfs *vfs = NULL;
  if( name == NULL || name[0] == 0 ) return "";
  sqlite3_file_control(handle, schema, SQLITE_FCNTL_VFS_POINTER, (void *)&vfs);
  return vfs && strcmp(vfs->zName, "memdb") == 0 ? "" : name;
}

sqlite3_file *adcp_system_file(AdcpDb *db) {
  sqlite3_file *file = NULL;
  const char *name = sqlite3_db_filename(db->handle, db->schema);
  if( name == NULL || name[0] == 0 || !is_system_vfs(db) ) return NULL;
  sqlite3_file_control(db->handle, db->schema, SQLITE_FCNTL_FILE_POINTER, (void *)&file);
  if( file == NULL ) return NULL;
  /* Another thread may exchange them: file_window.h. */
  return __atomic_load_n(&file->pMethods, __ATOMIC_ACQUIRE) ? file : NULL;
}
