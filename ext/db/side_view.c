/*
** side_view.c - a table of an open transaction, read beside it (contract in side_view.h).
**
** The second connection has a VFS of its own, for one file:
**
**     page 1        made here: the header, and sqlite_schema with the one table and its root page
**     other pages   xRead of the file that the first connection has open
**
** Page 1 is made because SQLite keeps the real one back until COMMIT; sqlite3_db_cacheflush writes all
** others that were changed. (Database file format: sqlite.org/fileformat2.html, sections 1.3 and
** 2.6.)
*/
#include "db/side_view.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "db/page_window.h"
#include "db/file_window.h"
#include "db/system_file.h"

/* Of the virtual machine between two looks at whether to stop: below a millisecond. */
#define STOP_STEPS 2000

/* A table is read from start to end: the cache only has to hold a path of its tree. */
#define CACHE_KIB 512

typedef struct SideFile {
  sqlite3_file base; /* must be first */
  AdcpSideView *view;
} SideFile;

struct AdcpSideView {
  sqlite3 *handle; /* owned */
  AdcpDb db;
  AdcpError err;
  atomic_bool stopped;
  pthread_t opener;
  sqlite3 *first;           /* the first connection; borrowed, for the opener's thread only, */
  AdcpInterruptProbe probe; /* as this is */
  sqlite3_file *file;       /* the first connection's; borrowed */
  const sqlite3_io_methods *methods; /* SQLite's, to read it with */
  uint8_t *page1;                    /* owned; page_size bytes */
  int page_size;
  int64_t size_bytes;
  AdcpPageWindow window;
  sqlite3_vfs *system; /* what our VFS hands on to; borrowed */
  sqlite3_vfs vfs;
  char vfs_name[64];
};

/* ---- the file ---- */

static int xClose(sqlite3_file *file) {
  (void)file;
  return SQLITE_OK;
}

static int xRead(sqlite3_file *file, void *to, int n, sqlite3_int64 offset) {
  AdcpSideView *view = ((SideFile *)file)->view;
  if( offset >= view->page_size ) {
    return adcp_page_window_read(&view->window, view->methods, view->file, to, n, offset);
  }
  if( offset + n > view->page_size ) return SQLITE_IOERR_READ;
  memcpy(to, view->page1 + offset, (size_t)n);
  return SQLITE_OK;
}

static int xWrite(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset) {
  (void)file;
  (void)bytes;
  (void)n;
  (void)offset;
  return SQLITE_READONLY;
}

static int xTruncate(sqlite3_file *file, sqlite3_int64 size) {
  (void)file;
  (void)size;
  return SQLITE_READONLY;
}

static int xFileSize(sqlite3_file *file, sqlite3_int64 *size) {
  *size = ((SideFile *)file)->view->size_bytes;
  return SQLITE_OK;
}

/* xSync, xLock and xUnlock: there is nothing to do. */
static int xNothing(sqlite3_file *file, int what) {
  (void)file;
  (void)what;
  return SQLITE_OK;
}

static int xCheckReservedLock(sqlite3_file *file, int *reserved) {
  (void)file;
  *reserved = 0;
  return SQLITE_OK;
}

static int xFileControl(sqlite3_file *file, int what, void *argument) {
  (void)file;
  (void)what;
  (void)argument;
  return SQLITE_NOTFOUND;
}

static int xSectorSize(sqlite3_file *file) {
  (void)file;
  return 4096;
}

/* Immutable: SQLite then looks for no journal and takes no lock. */
static int xDeviceCharacteristics(sqlite3_file *file) {
  (void)file;
  return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 1,
    .xClose = xClose,
    .xRead = xRead,
    .xWrite = xWrite,
    .xTruncate = xTruncate,
    .xSync = xNothing,
    .xFileSize = xFileSize,
    .xLock = xNothing,
    .xUnlock = xNothing,
    .xCheckReservedLock = xCheckReservedLock,
    .xFileControl = xFileControl,
    .xSectorSize = xSectorSize,
    .xDeviceCharacteristics = xDeviceCharacteristics,
};

/* ---- the VFS ---- */

static int xOpen(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                 int *flags_out) {
  (void)name;
  file->pMethods = NULL;
  if( !(flags & SQLITE_OPEN_MAIN_DB) ) return SQLITE_CANTOPEN;
  ((SideFile *)file)->view = vfs->pAppData;
  file->pMethods = &METHODS;
  if( flags_out ) *flags_out = flags;
  return SQLITE_OK;
}

static int xDelete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
  (void)vfs;
  (void)name;
  (void)sync_folder;
  return SQLITE_READONLY;
}

static int xAccess(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
  (void)vfs;
  (void)name;
  (void)flags;
  *result = 0;
  return SQLITE_OK;
}

static int xFullPathname(sqlite3_vfs *vfs, const char *name, int n, char *out) {
  (void)vfs;
  snprintf(out, (size_t)n, "%s", name);
  return SQLITE_OK;
}

static sqlite3_vfs *system_of(sqlite3_vfs *vfs) {
  return ((AdcpSideView *)vfs->pAppData)->system;
}

static int xRandomness(sqlite3_vfs *vfs, int n, char *to) {
  return system_of(vfs)->xRandomness(system_of(vfs), n, to);
}

static int xSleep(sqlite3_vfs *vfs, int microseconds) {
  return system_of(vfs)->xSleep(system_of(vfs), microseconds);
}

static int xCurrentTime(sqlite3_vfs *vfs, double *julian_day) {
  return system_of(vfs)->xCurrentTime(system_of(vfs), julian_day);
}

static int xGetLastError(sqlite3_vfs *vfs, int n, char *text) {
  (void)vfs;
  (void)n;
  (void)text;
  return 0;
}

/* SQLite knows the VFS by its name only while the connection is opened. */
static int open_connection(AdcpSideView *view) {
  view->system = sqlite3_vfs_find(NULL);
  if( view->system == NULL ) return SQLITE_ERROR;
  view->vfs = (sqlite3_vfs){.iVersion = 1,
                            .szOsFile = sizeof(SideFile),
                            .mxPathname = 64,
                            .zName = view->vfs_name,
                            .pAppData = view,
                            .xOpen = xOpen,
                            .xDelete = xDelete,
                            .xAccess = xAccess,
                            .xFullPathname = xFullPathname,
                            .xRandomness = xRandomness,
                            .xSleep = xSleep,
                            .xCurrentTime = xCurrentTime,
                            .xGetLastError = xGetLastError};
  snprintf(view->vfs_name, sizeof view->vfs_name, "adcp-side-view-%p", (void *)view);
  int rc = sqlite3_vfs_register(&view->vfs, 0);
  if( rc != SQLITE_OK ) return rc;
  rc = sqlite3_open_v2("table", &view->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                       view->vfs_name);
  sqlite3_vfs_unregister(&view->vfs);
  return rc;
}

/* ---- can there be a view? ---- */

static bool has_steady_pages(AdcpDb *db) {
  int reserved = -1;
  if( adcp_system_file(db) == NULL ) return false;
  sqlite3_file_control(db->handle, db->schema, SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  return reserved == 0 && !adcp_db_is_journal_mode(db, "wal") &&
         adcp_db_integer(db, 1, "PRAGMA \"%w\".auto_vacuum", db->schema) == 0 &&
         adcp_db_integer(db, 0, "PRAGMA \"%w\".mmap_size", db->schema) == 0;
}

/* ---- page 1 ---- */

/* A database in memory whose only table has the definition and root page of the real one. */
static bool make_template(AdcpDb *template, AdcpDb *db, const char *table) {
  char *encoding = adcp_db_text(db, "PRAGMA encoding");
  int64_t page_size = adcp_db_integer(db, 0, "PRAGMA \"%w\".page_size", db->schema);
  adcp_db_exec(template, "PRAGMA page_size=%lld", (long long)page_size);
  if( encoding ) adcp_db_exec(template, "PRAGMA encoding=%Q", encoding);
  adcp_free(encoding);
  adcp_db_exec(template, "CREATE TABLE t(a)");
  adcp_db_exec(template, "PRAGMA writable_schema=ON");
  sqlite3_stmt *real = adcp_db_prepare(
      db, "SELECT name, rootpage, sql FROM \"%w\".sqlite_schema WHERE type = 'table' AND name = %Q",
      db->schema, table);
  bool found = adcp_db_step(db, real);
  if( found ) {
    const char *name = (const char *)sqlite3_column_text(real, 0);
    adcp_db_exec(template,
                 "UPDATE sqlite_schema SET name = %Q, tbl_name = %Q, rootpage = %lld, sql = %Q",
                 name, name, (long long)sqlite3_column_int64(real, 1),
                 (const char *)sqlite3_column_text(real, 2));
  }
  adcp_db_finalize(real);
  return found && template->err->rc == ADCP_OK && db->err->rc == ADCP_OK;
}

/* The size of the database in pages stands at offset 28 of the header. */
static void set_page_count(AdcpSideView *view, int64_t pages) {
  for( int i = 0; i < 4; i++ ) view->page1[28 + i] = (uint8_t)(pages >> (24 - 8 * i));
  view->size_bytes = pages * view->page_size;
}

/* Page 1 of the template: two pages long when the definition stands in the first one. */
static bool take_page1(AdcpSideView *view, AdcpDb *db, AdcpDb *template) {
  sqlite3_int64 size = 0;
  uint8_t *image = sqlite3_serialize(template->handle, "main", &size, 0);
  int64_t pages = adcp_db_integer(db, 0, "PRAGMA \"%w\".page_count", db->schema);
  view->page_size = (int)adcp_db_integer(db, 0, "PRAGMA \"%w\".page_size", db->schema);
  bool good = image && view->page_size > 0 && size == 2 * (int64_t)view->page_size && pages > 1 &&
              pages <= INT32_MAX;
  if( good ) view->page1 = adcp_malloc((size_t)view->page_size);
  good = good && view->page1;
  if( good ) {
    memcpy(view->page1, image, (size_t)view->page_size);
    set_page_count(view, pages);
  }
  sqlite3_free(image);
  return good;
}

/* SQLite set up for one thread gives no connection a mutex, not even one that is opened with
** SQLITE_OPEN_FULLMUTEX. The first connection's own mutex says nothing: it has none either where
** each thread is to keep to its own connections (SQLITE_CONFIG_MULTITHREAD, as the sqlite3 shell
** has it), and that is what a view does. */
static bool has_threads(sqlite3 *opened_with_mutex) {
  return sqlite3_db_mutex(opened_with_mutex) != NULL;
}

static bool make_page1(AdcpSideView *view, AdcpDb *db, const char *table) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb template = {NULL, "main", &err};
  bool good = sqlite3_open_v2(":memory:", &template.handle,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_FULLMUTEX,
                              NULL) == SQLITE_OK &&
              has_threads(template.handle) && make_template(&template, db, table) &&
              take_page1(view, db, &template);
  sqlite3_close(template.handle);
  adcp_error_clear(&err);
  return good;
}

/* ---- open and close ---- */

static bool is_interrupted(AdcpSideView *view) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb first = {view->first, "main", &err};
  adcp_interrupt_probe_check(&view->probe, &first);
  bool interrupted = err.rc != ADCP_OK;
  adcp_error_clear(&err);
  return interrupted;
}

/* Whoever runs on the opener's thread keeps it from looking for an interrupt itself. */
static int is_stopped(void *context) {
  AdcpSideView *view = context;
  if( atomic_load(&view->stopped) ) return 1;
  return pthread_equal(view->opener, pthread_self()) && is_interrupted(view);
}

/* Changed pages into the file. */
static bool flush_pages(AdcpDb *db) {
  int rc = sqlite3_db_cacheflush(db->handle) & 0xff;
  if( rc == SQLITE_NOMEM ) {
    adcp_error_nomem(db->err);
  } else if( rc != SQLITE_OK && rc != SQLITE_BUSY ) {
    adcp_error_set(db->err, rc == SQLITE_FULL ? ADCP_FULL : ADCP_IOERR,
                   "pages of the database could not be written: %s", sqlite3_errstr(rc));
  }
  return rc == SQLITE_OK;
}

static bool open_view(AdcpSideView *view, AdcpDb *db, const char *table) {
  if( !ADCP_SQLITE_HAS(serialize) || !has_steady_pages(db) || !make_page1(view, db, table) )
    return false;
  if( !flush_pages(db) ) return false;
  view->file = adcp_system_file(db);
  if( view->file == NULL || adcp_file_window_flush(view->file) != SQLITE_OK ) return false;
  view->methods = adcp_file_window_methods(view->file);
  if( open_connection(view) != SQLITE_OK ) return false;
  view->db = (AdcpDb){view->handle, "main", &view->err};
  view->opener = pthread_self();
  view->first = db->handle;
  adcp_interrupt_probe_open(&view->probe, db);
  adcp_db_set_progress(view->handle, STOP_STEPS, is_stopped, view);
  adcp_db_exec(&view->db, "PRAGMA cache_size=-%d", CACHE_KIB);
  return view->err.rc == ADCP_OK && db->err->rc == ADCP_OK;
}

/* Nobody who only wants to look aside is to be stopped by what the connection does not allow or
** cannot take; but what may have ended its transaction is an error. */
static bool is_harmless(const AdcpError *err) {
  return err->rc == ADCP_ERROR || err->rc == ADCP_AUTH || err->rc == ADCP_TOOBIG;
}

AdcpSideView *adcp_side_view_open(AdcpDb *db, const char *table) {
  if( db->err->rc ) return NULL;
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb asking = {db->handle, db->schema, &err};
  AdcpSideView *view = adcp_calloc(1, sizeof *view);
  bool good = view && open_view(view, &asking, table);
  if( err.rc && !is_harmless(&err) ) adcp_error_move(db->err, &err);
  adcp_error_clear(&err);
  if( good && db->err->rc == ADCP_OK ) return view;
  adcp_side_view_close(view);
  return NULL;
}

AdcpDb *adcp_side_view_db(AdcpSideView *view) {
  return &view->db;
}

void adcp_side_view_stop(AdcpSideView *view) {
  atomic_store(&view->stopped, true);
}

void adcp_side_view_close(AdcpSideView *view) {
  if( view == NULL ) return;
  sqlite3_close(view->handle);
  adcp_interrupt_probe_close(&view->probe);
  adcp_error_clear(&view->err);
  adcp_free(view->page1);
  adcp_page_window_free(&view->window);
  adcp_free(view);
}
