/*
** own_file.h - keeps a path from being a file of a database that the connection has open.
**
** A backup over the database would be the end of it, also by /dev/fd/3 where nobody redirected 3 and
** SQLite got that number. A file that is made where SQLite looks for a journal or a WAL is taken for one, and
** removed. And to open and close such a file for reading makes the process lose
** all locks that SQLite holds on it.
*/
#ifndef ADCP_OPS_OWN_FILE_H
#define ADCP_OPS_OWN_FILE_H

#include "db/db.h"

/* Sets ADCP_CANTOPEN when the path leads, through links too, to the file of a database of this
** connection, main or attached, or to its -wal, -shm or -journal, or to where such a file would be
** made. Opens no file. Without a connection (handle NULL) nothing is refused. */
void adcp_own_file_refuse(AdcpDb *db, const char *path);

#endif
