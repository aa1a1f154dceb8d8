/*
** system_file.h - the file of a database, and its path; where SQLite's own file access for this system
** reads it.
*/
#ifndef ADCP_DB_SYSTEM_FILE_H
#define ADCP_DB_SYSTEM_FILE_H

#include "db/db.h"

/* The most to read or write with one call of its methods. os_unix.c of SQLite keeps 17 bits of a count:
** 128 KiB would be 0 bytes. Whole pages of 4 KiB. */
#define ADCP_SYSTEM_FILE_BYTES (124 * 1024)

/* The path of a database's file; "" when there is none: in memory, temporary, no such schema. Borrowed
** from the connection. */
const char *adcp_db_filename(sqlite3 *handle, const char *schema);

/* Borrowed from the connection. NULL for a database in memory, and where another VFS has the file:
** one that encrypts or checks pages gives meaning to how much is read at once. */
sqlite3_file *adcp_system_file(AdcpDb *db);

#endif
