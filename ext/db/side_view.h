/*
** side_view.h - one table of a database as it is within the connection's transaction, for another
** thread to read.
**
** A connection is used by one thread at a time, and no other connection sees what is not committed.
** But what a transaction has written stands in the database file for the most part, and the rest can
** be put there before COMMIT. So a second, private connection reads the table from there, through
** the file that the first one has open: without locks, which are the first one's, and without a
** journal. It sees a database of that table alone.
**
** That is sound as long as nobody changes the table: CREATE INDEX does not. Whoever finds something
** wrong through such a view asks the connection itself before it is told.
*/
#ifndef ADCP_DB_SIDE_VIEW_H
#define ADCP_DB_SIDE_VIEW_H

#include "db/db.h"

typedef struct AdcpSideView AdcpSideView;

/* NULL where there cannot be one, which is no error: not SQLite's own file access for this system, no
** file, WAL, a memory map, pages that move (auto_vacuum) or have reserved bytes, a definition longer
** than a page, SQLite set up for one thread (SQLITE_CONFIG_SINGLETHREAD), no memory for it. What the
** connection itself cannot do (no memory, I/O, an interrupt) is an error of db. The caller is
** in a transaction in which no statement reads or writes the table. On the thread of the connection;
** from then on the view is used by one thread at a time. */
AdcpSideView *adcp_side_view_open(AdcpDb *db, const char *table);

/* Its connection, schema "main", with an error of its own. What runs on it in the opener's thread ends
** with an error when the first connection is interrupted. */
AdcpDb *adcp_side_view_db(AdcpSideView *view);

/* Makes what runs on it end with an error; from any thread. */
void adcp_side_view_stop(AdcpSideView *view);

/* Before the transaction ends. NULL is allowed; statements must have been finalized. */
void adcp_side_view_close(AdcpSideView *view);

#endif
