/*
** temp_trigger.h - the TEMP triggers of a connection that stand on a table of another of its databases.
*/
#ifndef ADCP_DB_TEMP_TRIGGER_H
#define ADCP_DB_TEMP_TRIGGER_H

#include "db/db.h"

/* Name and text of a trigger; borrowed during the call. */
typedef void (*AdcpTempTriggerCall)(void *context, const char *name, const char *sql);

/* Those on a table of db->schema, in the order in which they were made. One whose ON names no database
** means the first that has such a table: TEMP, main, then as they were attached. None where db->schema is
** TEMP itself, which has its own as any database has. */
void adcp_temp_triggers_each(AdcpDb *db, const char *table, AdcpTempTriggerCall call,
                             void *context);

/* Whether the trigger of TEMP that has the text stands on a table or view of TEMP itself. */
bool adcp_temp_trigger_is_own(AdcpDb *db, const char *table, const char *sql);

#endif
