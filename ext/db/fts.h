/*
** fts.h - what an FTS table says about its content: in its CREATE VIRTUAL TABLE text, by its columns.
*/
#ifndef ADCP_DB_FTS_H
#define ADCP_DB_FTS_H

#include "db/db.h"
#include "base/texts.h"

/* Name of the external content table (fts4, fts5: content='name'), owned by the caller; NULL when
** the table has its own content or none, is no FTS table, or on error (out of memory). */
char *adcp_fts_content_table(const char *sql, AdcpError *err);

/* The same for the column that is the content's rowid (fts5: content_rowid='id'); NULL when it is not said. */
char *adcp_fts_content_rowid(const char *sql, AdcpError *err);

/* True for fts3 and fts4, which are one module with two names. */
bool adcp_fts_is_fts4(const char *module);

/* Whether an FTS table of this definition keeps a shadow table of that suffix, whose own definition is
** shadow_sql: fts3 has no docsize, fts5 with columnsize=0 neither, one with content= no content. True of other
** modules. What stands under a name that it does not use is the application's. */
bool adcp_fts_keeps(const char *sql, const char *suffix, const char *shadow_sql, AdcpError *err);

/* The table's columns, those that `content` has too unless that is NULL, as a list: each with a comma
** and `prefix` before and its name in quotes. Owned by the caller; NULL on error. */
char *adcp_fts_columns(AdcpDb *db, const char *fts, const char *prefix, const char *content);

/* Prepares what 'rebuild' reads: false, with the reason, when the content table does not have it. sql is
** the definition of the FTS table. What has to do with the call itself (no memory, interrupt) is db's error. */
bool adcp_fts_content_fits(AdcpDb *db, const char *fts, const char *sql, const char *content,
                           AdcpError *reason);

/* Whether it has a column of that name, other than the hidden ones that every such table has. */
bool adcp_fts_has_column(AdcpDb *db, const char *fts, const char *column);

/* How many prefix indexes an fts4 table has: the words of prefix="2,3". 0 for others. */
size_t adcp_fts_prefix_count(const char *sql, AdcpError *err);

/* Adds the functions that an fts4 table has its module call (compress=name, uncompress=name): by
** statements of the module's own, so that SQLite asks neither whether the schema is trusted nor
** whether the function is DIRECTONLY. */
void adcp_fts_functions(const char *sql, AdcpTexts *functions, AdcpError *err);

#endif
