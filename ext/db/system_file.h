/*
** system_file.h - the file of a database, where SQLite's own file access for this system reads it.
*/
#ifndef ADCP_DB_SYSTEM_FILE_H
#define ADCP_DB_SYSTEM_FILE_H

#include "db/db.h"

/* Borrowed from the connection. NULL for a database in memory, and where another VFS has the file:
** one that encrypts or checks pages gives meaning to how much is read at once. */
sqlite3_file *adcp_system_file(AdcpDb *db);

#endif
