/*
** progress.h - tells people and applications how far a long operation is.
**
** People asked with the option "progress": a bar on stderr when that is a terminal, plain lines, at
** most one a second, when it is not. An application has given a hook (adcp.h). When nobody wants to
** know there is no AdcpProgress, and every call with NULL is a no-op.
**
** Order of calls: open, stage, for each table begin_table, rows..., end_table; then the next stage;
** close.
*/
#ifndef ADCP_OPS_PROGRESS_H
#define ADCP_OPS_PROGRESS_H

#include "ops/request.h"

typedef struct AdcpProgress AdcpProgress;

/* operation: the function's name; borrowed. err is borrowed for the life of the result. NULL when
** nobody wants to know, and on error. */
AdcpProgress *adcp_progress_open(const AdcpRequest *request, const AdcpOptions *options,
                                 const char *operation, AdcpError *err);

/* What is to be done: "rows", "verify". Counting starts over. */
void adcp_progress_stage(AdcpProgress *progress, const char *stage, int64_t tables, int64_t rows);

/* A table of so many rows and bytes of row text (0 where that is not known). name is borrowed until
** end_table. */
void adcp_progress_begin_table(AdcpProgress *progress, const char *name, int64_t rows,
                               int64_t bytes);

/* So many of its rows are done. When bytes is not negative it is the sum of all tables so far,
** otherwise it is reckoned from the table's. Reports when it is time; an application that wants to
** stop sets ADCP_INTERRUPT. No-op between tables. */
void adcp_progress_rows(AdcpProgress *progress, int64_t rows, int64_t bytes);
void adcp_progress_end_table(AdcpProgress *progress);

/* Says how it ended, and frees. */
void adcp_progress_close(AdcpProgress *progress);

#endif
