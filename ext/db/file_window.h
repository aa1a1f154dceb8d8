/*
** file_window.h - lets a connection read and write its database file many pages at once, for as long
** as an operation walks or fills whole tables.
**
** The methods of the open file are exchanged for ours, which hand on everything but reads that go
** forward (page_window.h) and, when asked to, writes that do (write_run.h). Locks and errors are those
** of SQLite's own methods. What was read ahead is forgotten where it is written, and whenever a lock is
** taken or given back, since others may write only then. What is held back is written before anything
** that could tell: a read of them, a sync, an unlock.
*/
#ifndef ADCP_DB_FILE_WINDOW_H
#define ADCP_DB_FILE_WINDOW_H

#include "db/db.h"

typedef struct AdcpFileWindow AdcpFileWindow;

/* NULL where there is none, which is no error: no file, not SQLite's own file access for this system
** (system_file.h), no memory, or one is open already, which may be that of another connection with the
** same cache. For one thread: open, all statements of the operation and close. Whatever another thread
** does through the same file goes past the window. */
AdcpFileWindow *adcp_file_window_open(AdcpDb *db);

/* From now on writes are held back: under an exclusive lock that is taken through the window, so that
** nobody else sees the file; not with a memory map. For a transaction that the caller opened and ends:
** a write that fails is told at a later one or at COMMIT, which rolls the whole transaction back.
** Before close the transaction should be over. NULL is allowed. */
void adcp_file_window_hold_writes(AdcpFileWindow *window, AdcpDb *db);

/* Whoever reads the file without these methods needs what is held back to be there. Returns SQLite's
** code; after an error COMMIT will tell. */
int adcp_file_window_flush(sqlite3_file *file);

/* NULL is allowed. */
void adcp_file_window_close(AdcpFileWindow *window);

/* SQLite's methods of a file, whether or not ours are in their place. */
const sqlite3_io_methods *adcp_file_window_methods(const sqlite3_file *file);

#endif
