/*
** fts.h - what the CREATE VIRTUAL TABLE text of an FTS table says about its content.
*/
#ifndef ADCP_DB_FTS_H
#define ADCP_DB_FTS_H

#include "base/error.h"

/* Name of the external content table (fts4, fts5: content='name'), owned by the caller; NULL when
** the table has its own content or none, is no FTS table, or on error (out of memory). */
char *adcp_fts_content_table(const char *sql, AdcpError *err);

#endif
