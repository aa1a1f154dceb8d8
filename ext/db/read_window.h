/*
** read_window.h - lets a connection read its database file many pages at once, for as long as an
** operation walks whole tables.
**
** The methods of the open file are exchanged for ours, which hand on everything but reads that go
** forward (page_window.h). Nothing else changes: locks, writes and errors are those of SQLite's own
** methods. What was read ahead is forgotten where it is written, and whenever a lock is taken or
** given back, since others may write only then.
*/
#ifndef ADCP_DB_READ_WINDOW_H
#define ADCP_DB_READ_WINDOW_H

#include "db/db.h"

typedef struct AdcpReadWindow AdcpReadWindow;

/* NULL where there is none, which is no error: no file, not SQLite's own file access for this system
** (system_file.h), one is open already, no memory. For one thread: open, all statements of the
** operation and close. Whatever another thread does through the same file goes past the window. */
AdcpReadWindow *adcp_read_window_open(AdcpDb *db);

/* NULL is allowed. */
void adcp_read_window_close(AdcpReadWindow *window);

/* SQLite's methods of a file, whether or not ours are in their place. */
const sqlite3_io_methods *adcp_read_window_methods(const sqlite3_file *file);

#endif
