/*
** scratch.h - a private database on disk beside the caller's connection, for work on rows of a
** backup.
**
** Its file has no name and goes with the connection; what is done there is in no transaction of
** the caller's and fires nothing of his. Memory is the page cache, whatever is put in. Collations
** and scalar functions that only the caller's connection has are asked there, so that expressions
** mean the same. An interrupt of the caller's connection stops what runs here.
*/
#ifndef ADCP_DB_SCRATCH_H
#define ADCP_DB_SCRATCH_H

#include "db/db.h"

typedef struct AdcpScratch AdcpScratch;

typedef struct AdcpScratchOptions {
  const char *encoding; /* of its text; NULL or "": UTF-8 */
} AdcpScratchOptions;

/* Two schemas: "main", empty, and "own", for tables whose names are not to meet others. caller and
** its error are borrowed until close. NULL on error. */
AdcpScratch *adcp_scratch_open(AdcpDb *caller, const AdcpScratchOptions *options);

/* The connection, schema "main", with the caller's error. */
AdcpDb *adcp_scratch_db(AdcpScratch *scratch);

/* After a statement that could not be prepared: makes the function that the message ("no such
** function: f") misses call the caller's. False when it is about something else or the caller has
** none. Functions of adcp itself stay away. Others are here what they are there: deterministic, and
** to be called from a table's definition or not. */
bool adcp_scratch_add_function(AdcpScratch *scratch, const char *message);

/* Whether table definitions may call functions that are not innocuous, from here on. */
void adcp_scratch_trust_schema(AdcpScratch *scratch, bool trust);

/* Sets ADCP_INTERRUPT when the caller's connection was interrupted. */
void adcp_scratch_check(AdcpScratch *scratch);

/* NULL is allowed. Statements must have been finalized. */
void adcp_scratch_close(AdcpScratch *scratch);

#endif
