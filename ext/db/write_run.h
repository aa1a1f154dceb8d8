/*
** write_run.h - pages on their way to a database file, held back until there are many in a row.
**
** SQLite writes a page with one system call. Where pages follow one another, as they do when a table
** or an index grows, 124 KiB with one call take a fifth of the time, and the file system keeps them in
** larger pieces, which the disk gets sooner.
**
** Who holds a run back sees to it that nobody reads, sizes, syncs or unlocks the file past it.
*/
#ifndef ADCP_DB_WRITE_RUN_H
#define ADCP_DB_WRITE_RUN_H

#include <stdint.h>

#include "db/db.h"

/* Empty when all is zero. */
typedef struct AdcpWriteRun {
  uint8_t *bytes; /* owned; NULL until they are needed, or for want of memory */
  int64_t at;     /* where in the file they belong */
  int64_t size;   /* 0: nothing is held back */
} AdcpWriteRun;

/* As xWrite of `methods`, which writes the file, but perhaps later. An error may be that of bytes which
** came before; these are dropped, as SQLite then rolls back. */
int adcp_write_run_add(AdcpWriteRun *run, const sqlite3_io_methods *methods, sqlite3_file *file,
                       const void *from, int n, int64_t offset);

/* Writes what is held back. It is still held back after an error. */
int adcp_write_run_flush(AdcpWriteRun *run, const sqlite3_io_methods *methods, sqlite3_file *file);

/* Drops what lies beyond a size of the file. */
void adcp_write_run_clip(AdcpWriteRun *run, int64_t size);
void adcp_write_run_free(AdcpWriteRun *run);

#endif
