/*
** page_window.c - a stretch of a database file in memory (contract in page_window.h).
*/
#include "db/page_window.h"

#include <string.h>

#include "base/mem.h"
#include "db/system_file.h"

#define WINDOW_BYTES ADCP_SYSTEM_FILE_BYTES

/* Going forward passes over so much: pages of other trees, or inner ones, stand between. */
#define SKIP_BYTES (32 * 1024)

static bool holds(const AdcpPageWindow *window, int n, int64_t offset) {
  return offset >= window->at && offset + n <= window->at + window->size;
}

/* Bytes from the offset to the file's end: of a read beyond it SQLite does not tell how much there
** was. */
static int64_t bytes_left(const sqlite3_io_methods *methods, sqlite3_file *file, int64_t offset) {
  sqlite3_int64 size = 0;
  if( methods->xFileSize(file, &size) != SQLITE_OK || size <= offset ) return 0;
  return size - offset < WINDOW_BYTES ? size - offset : WINDOW_BYTES;
}

static void fill(AdcpPageWindow *window, const sqlite3_io_methods *methods, sqlite3_file *file,
                 int64_t offset) {
  window->size = 0;
  if( window->bytes == NULL ) window->bytes = adcp_malloc(WINDOW_BYTES);
  if( window->bytes == NULL ) return;
  int rc = methods->xRead(file, window->bytes, WINDOW_BYTES, offset);
  window->at = offset;
  if( rc == SQLITE_OK ) window->size = WINDOW_BYTES;
  if( rc == SQLITE_IOERR_SHORT_READ ) window->size = bytes_left(methods, file, offset);
}

int adcp_page_window_read(AdcpPageWindow *window, const sqlite3_io_methods *methods,
                          sqlite3_file *file, void *to, int n, int64_t offset) {
  int64_t distance = offset - window->upto;
  bool forward = distance >= 0 && distance <= SKIP_BYTES;
  if( forward && !holds(window, n, offset) ) fill(window, methods, file, offset);
  window->upto = offset + n;
  if( !holds(window, n, offset) ) return methods->xRead(file, to, n, offset);
  memcpy(to, window->bytes + (offset - window->at), (size_t)n);
  return SQLITE_OK;
}

void adcp_page_window_forget(AdcpPageWindow *window, int64_t offset, int64_t n) {
  if( offset < window->at + window->size && offset + n > window->at ) window->size = 0;
}

void adcp_page_window_free(AdcpPageWindow *window) {
  adcp_free(window->bytes);
  *window = (AdcpPageWindow){0};
}
