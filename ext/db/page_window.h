/*
** page_window.h - a stretch of a database file in memory, for pages that are read one after the other.
**
** SQLite reads a page with one system call, which costs as much as what a scan does with the page.
** Where reading goes forward, a window takes 124 KiB with one call and gives the pages from there.
** What cannot be read so is read, and reported, page by page.
*/
#ifndef ADCP_DB_PAGE_WINDOW_H
#define ADCP_DB_PAGE_WINDOW_H

#include <stdint.h>

#include "db/db.h"

/* Empty when all is zero. */
typedef struct AdcpPageWindow {
  uint8_t *bytes; /* owned; NULL until they are needed, or for want of memory */
  int64_t at;     /* where in the file they were read */
  int64_t size;   /* how many of them are the file's; 0: none */
  int64_t upto;   /* end of the page that was asked for last */
} AdcpPageWindow;

/* As xRead of `methods`, which reads the file. */
int adcp_page_window_read(AdcpPageWindow *window, const sqlite3_io_methods *methods,
                          sqlite3_file *file, void *to, int n, int64_t offset);

/* These bytes of the file are not what they were. */
void adcp_page_window_forget(AdcpPageWindow *window, int64_t offset, int64_t n);
void adcp_page_window_free(AdcpPageWindow *window);

#endif
