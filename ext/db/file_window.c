/*
** file_window.c - a connection's database file, many pages at once (contract in file_window.h).
**
**     file->pMethods --> ours, one for each set of methods of SQLite's, never freed
**                          |-- this thread has a window for the file: the window
**                          `-- else:                                  SQLite's methods
**
** A file belongs to one connection but in shared-cache mode, where connections of several threads
** use one. SQLite calls its methods in turn then, under a mutex of the cache that we do not have while
** a window is opened and closed. So a file has one window at a time, of any thread: only who set our
** methods takes them away. The methods keep nothing: a window is found through the thread it belongs
** to, and another thread that meets our methods, also while they are taken away, only passes through.
** What such a thread writes is counted, and a window that sees the count move forgets what it has.
** Writes that are held back count for all threads: a run has a mutex, and as a window may be closed
** meanwhile, a method that found one says when it is done with it.
**
** What happens to writes that are held back:
**
**     xWrite that continues them     joins them
**     xTruncate                      drops those beyond the new size; thus a rollback needs no space
**     xSync, FCNTL_SYNC (COMMIT)     writes them; after an error they are dropped, SQLite rolls back
**     xRead of them, xLock, ...      writes them; after an error they wait for one of the above
**     FCNTL_MMAP_SIZE                writes them, and no more are held: a map shows the file only
**     xUnlock                        writes them, or drops them: the transaction is over
*/
#include "db/file_window.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "db/page_window.h"
#include "db/system_file.h"
#include "db/write_run.h"

struct AdcpFileWindow {
  sqlite3_file *file;               /* borrowed; NULL once it was closed */
  const sqlite3_io_methods *theirs; /* SQLite's */
  AdcpPageWindow pages;
  unsigned long seen;  /* the count of changes that the pages are as of */
  pthread_t thread;    /* whose it is */
  bool holds;          /* writes, */
  int lock;            /* if this, the lock that was taken since, is exclusive */
  atomic_bool lingers; /* closed while writes were held back that could not be made */
  int users;           /* methods, on any thread, that are at the run */
  bool removed;        /* from the list; the last user frees it */
  pthread_mutex_t run_mutex;
  AdcpWriteRun run;
  AdcpFileWindow *next; /* open, of any thread */
};

static AdcpFileWindow *windows;

/* Guards that list with its windows' marks, the exchange of methods, and the adding to their sets. */
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

const sqlite3_io_methods *adcp_file_window_methods(const sqlite3_file *file) {
  const sqlite3_io_methods *now = methods_now(file);
  int count = atomic_load(&set_count);
  for( int i = 0; i < count; i++ ) {
    if( now == &sets[i].ours ) return sets[i].theirs;
  }
  return now;
}

/* This thread's window for the file, or NULL. */
static AdcpFileWindow *window_of(const sqlite3_file *file) {
  pthread_mutex_lock(&mutex);
  AdcpFileWindow *window = windows;
  while( window && (window->file != file || window->lingers ||
                    !pthread_equal(window->thread, pthread_self())) ) {
    window = window->next;
  }
  pthread_mutex_unlock(&mutex);
  return window;
}

static void free_window(AdcpFileWindow *window) {
  pthread_mutex_destroy(&window->run_mutex);
  adcp_page_window_free(&window->pages);
  adcp_write_run_free(&window->run);
  adcp_free(window);
}

/* The window, of any thread, that may hold back writes to the file, or NULL. To be released. */
static AdcpFileWindow *holder_of(const sqlite3_file *file) {
  pthread_mutex_lock(&mutex);
  AdcpFileWindow *window = windows;
  while( window && (window->file != file || !window->holds) ) window = window->next;
  if( window ) window->users++;
  pthread_mutex_unlock(&mutex);
  return window;
}

static void release(AdcpFileWindow *holder) {
  if( holder == NULL ) return;
  pthread_mutex_lock(&mutex);
  bool last = --holder->users == 0 && holder->removed;
  pthread_mutex_unlock(&mutex);
  if( last ) free_window(holder);
}

static bool is_own(const AdcpFileWindow *holder) {
  return holder && pthread_equal(holder->thread, pthread_self());
}

/* ---- the run of a holder, which may be NULL ---- */

static int flush(AdcpFileWindow *holder) {
  if( holder == NULL ) return SQLITE_OK;
  pthread_mutex_lock(&holder->run_mutex);
  int rc = adcp_write_run_flush(&holder->run, holder->theirs, holder->file);
  pthread_mutex_unlock(&holder->run_mutex);
  return rc;
}

int adcp_file_window_flush(sqlite3_file *file) {
  AdcpFileWindow *holder = holder_of(file);
  int rc = flush(holder);
  release(holder);
  return rc;
}

/* Before something that makes SQLite roll back when it fails. */
static int flush_or_drop(AdcpFileWindow *holder) {
  if( holder == NULL ) return SQLITE_OK;
  pthread_mutex_lock(&holder->run_mutex);
  int rc = adcp_write_run_flush(&holder->run, holder->theirs, holder->file);
  holder->run.size = 0;
  pthread_mutex_unlock(&holder->run_mutex);
  return rc;
}

/* Before a read, also where it may take the pages behind it. */
static int flush_if_missed(AdcpFileWindow *holder, sqlite3_int64 offset) {
  if( holder == NULL ) return SQLITE_OK;
  pthread_mutex_lock(&holder->run_mutex);
  const AdcpWriteRun *run = &holder->run;
  bool missed =
      offset < run->at + run->size && run->at < offset + ADCP_SYSTEM_FILE_BYTES && run->size > 0;
  pthread_mutex_unlock(&holder->run_mutex);
  return missed ? flush(holder) : SQLITE_OK;
}

static int hold_back(AdcpFileWindow *holder, const void *from, int n, sqlite3_int64 offset) {
  pthread_mutex_lock(&holder->run_mutex);
  int rc = adcp_write_run_add(&holder->run, holder->theirs, holder->file, from, n, offset);
  pthread_mutex_unlock(&holder->run_mutex);
  return rc;
}

static void clip(AdcpFileWindow *holder, sqlite3_int64 size) {
  if( holder == NULL ) return;
  pthread_mutex_lock(&holder->run_mutex);
  adcp_write_run_clip(&holder->run, size);
  pthread_mutex_unlock(&holder->run_mutex);
}

/* Where in the file it ends; 0 when nothing is held back. */
static int64_t held_upto(AdcpFileWindow *holder) {
  if( holder == NULL ) return 0;
  pthread_mutex_lock(&holder->run_mutex);
  int64_t end = holder->run.size ? holder->run.at + holder->run.size : 0;
  pthread_mutex_unlock(&holder->run_mutex);
  return end;
}

static void remove_window(AdcpFileWindow *window) {
  pthread_mutex_lock(&mutex);
  AdcpFileWindow **link = &windows;
  while( *link != window ) link = &(*link)->next;
  *link = window->next;
  window->removed = true;
  bool last = window->users == 0;
  if( window->file ) exchange_methods(window->file, window->theirs);
  pthread_mutex_unlock(&mutex); /* from here on the last user may free it */
  if( last ) free_window(window);
}

static int xRead(sqlite3_file *file, void *to, int n, sqlite3_int64 offset) {
  AdcpFileWindow *holder = holder_of(file);
  int rc = flush_if_missed(holder, offset);
  release(holder);
  if( rc != SQLITE_OK ) return rc;
  AdcpFileWindow *window = window_of(file);
  if( window == NULL ) return adcp_file_window_methods(file)->xRead(file, to, n, offset);
  unsigned long now = atomic_load(&changes);
  if( window->seen != now ) window->pages.size = 0;
  window->seen = now;
  return adcp_page_window_read(&window->pages, window->theirs, file, to, n, offset);
}

static int write_now_or_later(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset) {
  AdcpFileWindow *holder = holder_of(file);
  bool later = is_own(holder) && holder->lock == SQLITE_LOCK_EXCLUSIVE && !holder->lingers;
  int rc;
  if( later ) {
    rc = hold_back(holder, from, n, offset);
  } else {
    rc = flush_or_drop(holder);
    if( rc == SQLITE_OK ) rc = adcp_file_window_methods(file)->xWrite(file, from, n, offset);
  }
  release(holder);
  return rc;
}

static int xWrite(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset) {
  AdcpFileWindow *window = window_of(file);
  int rc = write_now_or_later(file, from, n, offset);
  unsigned long before = atomic_fetch_add(&changes, 1);
  if( window == NULL ) return rc;
  adcp_page_window_forget(&window->pages, offset, n);
  if( window->seen == before ) window->seen = before + 1; /* this one is seen to */
  return rc;
}

static int xTruncate(sqlite3_file *file, sqlite3_int64 size) {
  AdcpFileWindow *holder = holder_of(file);
  clip(holder, size);
  release(holder);
  int rc = adcp_file_window_methods(file)->xTruncate(file, size);
  atomic_fetch_add(&changes, 1);
  return rc;
}

static int xSync(sqlite3_file *file, int flags) {
  AdcpFileWindow *holder = holder_of(file);
  int rc = flush_or_drop(holder);
  release(holder);
  return rc == SQLITE_OK ? adcp_file_window_methods(file)->xSync(file, flags) : rc;
}

static int xFileSize(sqlite3_file *file, sqlite3_int64 *size) {
  AdcpFileWindow *holder = holder_of(file);
  int rc = adcp_file_window_methods(file)->xFileSize(file, size);
  int64_t end = held_upto(holder);
  if( rc == SQLITE_OK && *size < end ) *size = end;
  release(holder);
  return rc;
}

static int xLock(sqlite3_file *file, int lock) {
  AdcpFileWindow *holder = holder_of(file);
  int rc = flush(holder);
  if( rc == SQLITE_OK ) rc = adcp_file_window_methods(file)->xLock(file, lock);
  if( rc == SQLITE_OK && is_own(holder) ) holder->lock = lock;
  release(holder);
  atomic_fetch_add(&changes, 1);
  return rc;
}

static int xUnlock(sqlite3_file *file, int lock) {
  AdcpFileWindow *holder = holder_of(file);
  const sqlite3_io_methods *methods = adcp_file_window_methods(file);
  flush_or_drop(holder);
  if( is_own(holder) ) holder->lock = lock;
  if( holder && holder->lingers ) remove_window(holder);
  release(holder);
  int rc = methods->xUnlock(file, lock);
  atomic_fetch_add(&changes, 1);
  return rc;
}

/* Other threads look at it while they look for a window. */
static void set_holds(AdcpFileWindow *window, bool holds) {
  pthread_mutex_lock(&mutex);
  window->holds = holds;
  pthread_mutex_unlock(&mutex);
}

static int xFileControl(sqlite3_file *file, int what, void *argument) {
  AdcpFileWindow *holder = what == SQLITE_FCNTL_SIZE_HINT ? NULL : holder_of(file);
  int rc = what == SQLITE_FCNTL_SYNC ? flush_or_drop(holder) : flush(holder);
  bool maps = what == SQLITE_FCNTL_MMAP_SIZE && *(const sqlite3_int64 *)argument > 0;
  if( holder && rc == SQLITE_OK && maps && !holder->lingers ) set_holds(holder, false);
  release(holder);
  return rc == SQLITE_OK ? adcp_file_window_methods(file)->xFileControl(file, what, argument) : rc;
}

/* In WAL mode this is where a snapshot begins and ends. */
static int xShmLock(sqlite3_file *file, int offset, int n, int flags) {
  int rc = adcp_file_window_methods(file)->xShmLock(file, offset, n, flags);
  atomic_fetch_add(&changes, 1);
  return rc;
}

static int xClose(sqlite3_file *file) {
  AdcpFileWindow *window = window_of(file), *holder = holder_of(file);
  flush_or_drop(holder);
  pthread_mutex_lock(&mutex);
  if( window ) window->file = NULL;
  pthread_mutex_unlock(&mutex);
  exchange_methods(file, adcp_file_window_methods(file));
  if( holder && holder->lingers ) remove_window(holder);
  release(holder);
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
  set->ours.xSync = xSync;
  set->ours.xFileSize = xFileSize;
  set->ours.xLock = xLock;
  set->ours.xUnlock = xUnlock;
  set->ours.xFileControl = xFileControl;
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

/* Puts the window into the list, with our methods into its file; false when the file has one. */
static bool install(AdcpFileWindow *window) {
  pthread_mutex_lock(&mutex);
  const AdcpFileWindow *other = windows;
  while( other && other->file != window->file ) other = other->next;
  const sqlite3_io_methods *ours = other ? NULL : ours_for(window->theirs);
  if( ours ) {
    window->next = windows;
    windows = window;
    exchange_methods(window->file, ours);
  }
  pthread_mutex_unlock(&mutex);
  return ours != NULL;
}

AdcpFileWindow *adcp_file_window_open(AdcpDb *db) {
  sqlite3_file *file = db->err->rc ? NULL : adcp_system_file(db);
  if( file == NULL ) return NULL;
  AdcpFileWindow *window = adcp_calloc(1, sizeof *window);
  if( window == NULL ) return NULL;
  window->file = file;
  window->theirs = adcp_file_window_methods(file);
  window->thread = pthread_self();
  window->run_mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  if( install(window) ) return window;
  free_window(window);
  return NULL;
}

void adcp_file_window_hold_writes(AdcpFileWindow *window, AdcpDb *db) {
  sqlite3_int64 mapped = -1;
  if( window == NULL ) return;
  int rc = sqlite3_file_control(db->handle, db->schema, SQLITE_FCNTL_MMAP_SIZE, &mapped);
  set_holds(window, rc == SQLITE_NOTFOUND || (rc == SQLITE_OK && mapped <= 0));
}

void adcp_file_window_close(AdcpFileWindow *window) {
  if( window == NULL ) return;
  if( window->file && flush(window) != SQLITE_OK ) {
    atomic_store(&window->lingers, true);
  } else {
    remove_window(window);
  }
}
