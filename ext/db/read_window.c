/*
** read_window.c - a connection's database file read many pages at once (contract in read_window.h).
**
**     file->pMethods --> ours, one for each set of methods of SQLite's, never freed
**                          |-- this thread has a window for the file: the window
**                          `-- else:                                  SQLite's methods
**
** A file belongs to one connection but in shared-cache mode, where connections of several threads
** use one, in turn. So the methods keep nothing: a window is found through the thread it belongs to,
** and another thread that meets our methods, also while they are taken away, only passes through. What
** such a thread writes is counted, and a window that sees the count move forgets what it has.
*/
#include "db/read_window.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "db/page_window.h"
#include "db/system_file.h"

struct AdcpReadWindow {
  sqlite3_file *file;               /* borrowed; NULL once it was closed */
  const sqlite3_io_methods *theirs; /* SQLite's */
  AdcpPageWindow pages;
  unsigned long seen;   /* the count of changes that the pages are as of */
  pthread_t thread;     /* whose it is */
  AdcpReadWindow *next; /* open, of any thread */
};

static AdcpReadWindow *windows;

/* Guards that list, and the adding to the sets of methods. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Of what may make a window stale, by any thread. */
static atomic_ulong changes;

/* ---- methods ---- */

/* SQLite has one set for each way of locking. */
typedef struct Methods {
  sqlite3_io_methods ours;
  const sqlite3_io_methods *theirs;
} Methods;

static Methods sets[8];
static atomic_int set_count;

static const sqlite3_io_methods *methods_now(const sqlite3_file *file) {
  return __atomic_load_n(&file->pMethods, __ATOMIC_ACQUIRE);
}

static void exchange_methods(sqlite3_file *file, const sqlite3_io_methods *methods) {
  __atomic_store_n(&file->pMethods, methods, __ATOMIC_RELEASE);
}

const sqlite3_io_methods *adcp_read_window_methods(const sqlite3_file *file) {
  const sqlite3_io_methods *now = methods_now(file);
  int count = atomic_load(&set_count);
  for( int i = 0; i < count; i++ ) {
    if( now == &sets[i].ours ) return sets[i].theirs;
  }
  return now;
}

/* This thread's window for the file, or NULL. */
static AdcpReadWindow *window_of(const sqlite3_file *file) {
  pthread_mutex_lock(&mutex);
  AdcpReadWindow *window = windows;
  while( window && (window->file != file || !pthread_equal(window->thread, pthread_self())) ) {
    window = window->next;
  }
  pthread_mutex_unlock(&mutex);
  return window;
}

static int xRead(sqlite3_file *file, void *to, int n, sqlite3_int64 offset) {
  AdcpReadWindow *window = window_of(file);
  if( window == NULL ) return adcp_read_window_methods(file)->xRead(file, to, n, offset);
  unsigned long now = atomic_load(&changes);
  if( window->seen != now ) window->pages.size = 0;
  window->seen = now;
  return adcp_page_window_read(&window->pages, window->theirs, file, to, n, offset);
}

static int xWrite(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset) {
  AdcpReadWindow *window = window_of(file);
  int rc = adcp_read_window_methods(file)->xWrite(file, from, n, offset);
  unsigned long before = atomic_fetch_add(&changes, 1);
  if( window == NULL ) return rc;
  adcp_page_window_forget(&window->pages, offset, n);
  if( window->seen == before ) window->seen = before + 1; /* this one is seen to */
  return rc;
}

static int xTruncate(sqlite3_file *file, sqlite3_int64 size) {
  int rc = adcp_read_window_methods(file)->xTruncate(file, size);
  atomic_fetch_add(&changes, 1);
  return rc;
}

static int xLock(sqlite3_file *file, int lock) {
  int rc = adcp_read_window_methods(file)->xLock(file, lock);
  atomic_fetch_add(&changes, 1);
  return rc;
}

static int xUnlock(sqlite3_file *file, int lock) {
  int rc = adcp_read_window_methods(file)->xUnlock(file, lock);
  atomic_fetch_add(&changes, 1);
  return rc;
}

/* In WAL mode this is where a snapshot begins and ends. */
static int xShmLock(sqlite3_file *file, int offset, int n, int flags) {
  int rc = adcp_read_window_methods(file)->xShmLock(file, offset, n, flags);
  atomic_fetch_add(&changes, 1);
  return rc;
}

static int xClose(sqlite3_file *file) {
  AdcpReadWindow *window = window_of(file);
  pthread_mutex_lock(&mutex);
  if( window ) window->file = NULL;
  pthread_mutex_unlock(&mutex);
  exchange_methods(file, adcp_read_window_methods(file));
  return file->pMethods->xClose(file);
}

static const sqlite3_io_methods *add_set(const sqlite3_io_methods *theirs, int at) {
  Methods *set = &sets[at];
  set->theirs = theirs;
  set->ours = *theirs;
  set->ours.xClose = xClose;
  set->ours.xRead = xRead;
  set->ours.xWrite = xWrite;
  set->ours.xTruncate = xTruncate;
  set->ours.xLock = xLock;
  set->ours.xUnlock = xUnlock;
  if( theirs->iVersion >= 2 && theirs->xShmLock ) set->ours.xShmLock = xShmLock;
  atomic_store(&set_count, at + 1);
  return &set->ours;
}

/* NULL when there are more sets than we keep. Under the mutex. */
static const sqlite3_io_methods *ours_for(const sqlite3_io_methods *theirs) {
  const sqlite3_io_methods *ours = NULL;
  int count = atomic_load(&set_count);
  for( int i = 0; i < count; i++ ) {
    if( sets[i].theirs == theirs ) ours = &sets[i].ours;
  }
  bool room = count < (int)(sizeof sets / sizeof *sets);
  if( ours == NULL && room ) ours = add_set(theirs, count);
  return ours;
}

/* ---- open and close ---- */

AdcpReadWindow *adcp_read_window_open(AdcpDb *db) {
  sqlite3_file *file = db->err->rc ? NULL : adcp_system_file(db);
  if( file == NULL || window_of(file) ) return NULL;
  AdcpReadWindow *window = adcp_calloc(1, sizeof *window);
  if( window == NULL ) return NULL;
  window->file = file;
  window->theirs = adcp_read_window_methods(file);
  window->thread = pthread_self();
  pthread_mutex_lock(&mutex);
  const sqlite3_io_methods *ours = ours_for(window->theirs);
  window->next = windows;
  windows = window;
  pthread_mutex_unlock(&mutex);
  /* Another thread's window may have been without its methods for a while, and be stale. */
  atomic_fetch_add(&changes, 1);
  if( ours ) exchange_methods(file, ours);
  return window;
}

void adcp_read_window_close(AdcpReadWindow *window) {
  if( window == NULL ) return;
  pthread_mutex_lock(&mutex);
  AdcpReadWindow **link = &windows;
  while( *link != window ) link = &(*link)->next;
  *link = window->next;
  pthread_mutex_unlock(&mutex);
  if( window->file ) exchange_methods(window->file, window->theirs);
  adcp_page_window_free(&window->pages);
  adcp_free(window);
}
