/*
** vfs.c - SQLite's files with operations that fail: a layer over the system's VFS.
**
** It becomes the default VFS. A file of it is the system's file with another table of methods,
** which hand on everything that is not counted. It has the system's name, because a restore reads a
** table again beside the connection only where SQLite's own file access is what it reads through.
*/
#include "inject.h"
#include "record.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct FaultFile {
  sqlite3_file base; /* must be first */
  sqlite3_file *real;
  ino_t inode;      /* 0: without a name */
  bool sync_folder; /* a new journal: its first sync is that of its name as well */
  char folder[512];
} FaultFile;

static sqlite3_vfs *real_vfs;
static long side_views;

static sqlite3_file *real_of(sqlite3_file *file) {
  return ((FaultFile *)file)->real;
}

/* SQLITE_OK, or the code that the operation fails with. */
static int refused(const char *place) {
  if( !fault_hits(FAULT_DATABASE_FILE, place) ) return SQLITE_OK;
  if( fault_crashes() ) fault_crash();
  return fault_detail();
}

static int x_close(sqlite3_file *file) {
  return real_of(file)->pMethods->xClose(real_of(file));
}

static int x_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset) {
  if( refused("db read") ) return SQLITE_IOERR_READ;
  return real_of(file)->pMethods->xRead(real_of(file), to, n, offset);
}

static int x_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset) {
  int rc = refused("db write");
  if( rc == SQLITE_OK ) rc = real_of(file)->pMethods->xWrite(real_of(file), bytes, n, offset);
  if( rc == SQLITE_OK ) record_write(((FaultFile *)file)->inode, bytes, (size_t)n, (off_t)offset);
  return rc;
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size) {
  if( refused("db truncate") ) return SQLITE_IOERR_TRUNCATE;
  int rc = real_of(file)->pMethods->xTruncate(real_of(file), size);
  if( rc == SQLITE_OK ) record_truncate(((FaultFile *)file)->inode, (off_t)size);
  return rc;
}

static int x_sync(sqlite3_file *file, int flags) {
  FaultFile *own = (FaultFile *)file;
  (void)flags;
  if( refused("db sync") ) return SQLITE_IOERR_FSYNC;
  record_sync(own->inode);
  if( own->sync_folder ) record_sync_folder(own->folder);
  own->sync_folder = false;
  return SQLITE_OK;
}

static int x_file_size(sqlite3_file *file, sqlite3_int64 *size) {
  if( refused("db size") ) return SQLITE_IOERR_FSTAT;
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int x_lock(sqlite3_file *file, int level) {
  if( refused("db lock") ) return SQLITE_IOERR_LOCK;
  return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int x_unlock(sqlite3_file *file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int x_check_reserved(sqlite3_file *file, int *out) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int x_control(sqlite3_file *file, int op, void *argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int x_sector(sqlite3_file *file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int x_device(sqlite3_file *file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int x_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
  if( refused("db shm map") ) return SQLITE_IOERR_SHMMAP;
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int x_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void x_shm_barrier(sqlite3_file *file) {
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int x_shm_unmap(sqlite3_file *file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* without memory-mapped reading, which could not fail */
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_file_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_check_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

static ino_t inode_at(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void folder_of(const char *path, char folder[512]) {
  snprintf(folder, 512, "%s", path);
  char *slash = strrchr(folder, '/');
  if( slash ) *slash = 0;
}

/* The system's VFS syncs the folder of a new journal when it syncs the journal. */
static void note_name(FaultFile *file, const char *name, bool was_there, int flags) {
  const int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL;
  file->inode = inode_at(name);
  file->sync_folder = !was_there && (flags & journals);
  folder_of(name, file->folder);
  record_open(name, file->inode, was_there);
}

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags,
                  int *out_flags) {
  (void)vfs;
  FaultFile *file = (FaultFile *)out;
  memset(file, 0, sizeof *file);
  if( refused("db open") ) return SQLITE_CANTOPEN;
  file->real = (sqlite3_file *)&file[1];
  bool was_there = name && inode_at(name) != 0;
  int rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
  if( rc == SQLITE_OK && name ) note_name(file, name, was_there, flags);
  if( file->real->pMethods ) file->base.pMethods = &methods;
  return rc;
}

static int x_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
  (void)vfs;
  if( refused("db delete") ) return SQLITE_IOERR_DELETE;
  int rc = real_vfs->xDelete(real_vfs, name, 0);
  if( rc == SQLITE_OK ) record_unlink(name);
  if( rc == SQLITE_OK && sync_folder ) {
    char folder[512];
    folder_of(name, folder);
    record_sync_folder(folder);
  }
  return rc;
}

/* A side view has a VFS of its own while it is opened. Linked with --wrap. */

int __real_sqlite3_vfs_register(sqlite3_vfs *vfs, int is_default);
int __wrap_sqlite3_vfs_register(sqlite3_vfs *vfs, int is_default);

int __wrap_sqlite3_vfs_register(sqlite3_vfs *vfs, int is_default) {
  side_views += strncmp(vfs->zName, "adcp-side-view", 14) == 0;
  return __real_sqlite3_vfs_register(vfs, is_default);
}

long fault_side_views(void) {
  return side_views;
}

void fault_install_vfs(void) {
  static sqlite3_vfs vfs;
  sqlite3_initialize();
  real_vfs = sqlite3_vfs_find(NULL);
  vfs = *real_vfs;
  vfs.szOsFile = (int)sizeof(FaultFile) + real_vfs->szOsFile;
  vfs.pNext = NULL;
  vfs.xOpen = x_open;
  vfs.xDelete = x_delete;
  sqlite3_vfs_register(&vfs, 1);
}
