/*
** view_reads.h - which tables a view reads.
*/
#ifndef ADCP_DB_VIEW_READS_H
#define ADCP_DB_VIEW_READS_H

#include "base/name_map.h"
#include "db/db.h"

/* The first of the tables, or of their indexes, that the view reads, directly or through other views:
** by the program that SQLite would run for it. A name of sqlite_schema, owned by the caller; NULL for
** none and on error: a view that cannot be read is one. A page of another database with the same number
** can be taken for one of these. */
char *adcp_view_reads(AdcpDb *db, AdcpNameMap *tables, const char *view);

#endif
