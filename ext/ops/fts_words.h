/*
** fts_words.h - full-text indexes that hold words of what a backup leaves out: of redacted columns, and
** of tables that are excluded, or whose rows are.
**
** One that is over such a table is left out itself, and made anew by a restore (fts_leave.h) from the
** rows that are in the backup; over a table that is not in it, it is empty. Of one that cannot be made
** anew, is over a view of such a table, or is filled from it by a trigger, a warning says that it may
** hold the words.
*/
#ifndef ADCP_OPS_FTS_WORDS_H
#define ADCP_OPS_FTS_WORDS_H

#include "ops/fts_leave.h"
#include "ops/redaction.h"
#include "ops/selection.h"

typedef struct AdcpFtsWords AdcpFtsWords;

/* Takes from the schema, while it is whole, what a selection takes out of it: the names of tables that
** are excluded, and the triggers that fill indexes. Borrows nothing. NULL on error. */
AdcpFtsWords *adcp_fts_words_open(const AdcpSchema *schema, const AdcpSelection *selection,
                                  const AdcpOptions *options, AdcpError *err);

/* Once, with what the selection left of the schema. */
void adcp_fts_words_leave_out(AdcpFtsWords *words, AdcpFtsLeave *leave, AdcpRedaction *redaction);
void adcp_fts_words_close(AdcpFtsWords *words);

#endif
