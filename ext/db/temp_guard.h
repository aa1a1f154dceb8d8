/*
** temp_guard.h - whether a view or trigger of a backup may stand in TEMP.
**
** To SQLite what is in TEMP is the application's own: whatever trusted_schema says, a view or trigger there
** calls functions and reads virtual tables that are DIRECTONLY (which write files, say). Told by
** the words of the text, as SQLite resolves nothing when it is made.
*/
#ifndef ADCP_DB_TEMP_GUARD_H
#define ADCP_DB_TEMP_GUARD_H

#include <stdbool.h>

#include "codec/schema.h"
#include "db/db.h"

typedef struct AdcpTempGuard AdcpTempGuard;

/* Reads what the connection has. trusts_file: option trust_schema, which
** allows everything but to load code. Borrows db. NULL with err set. */
AdcpTempGuard *adcp_temp_guard_open(AdcpDb *db, bool trusts_file);

/* Err: ADCP_ERROR in the words of the restore that would make the object. */
void adcp_temp_guard_check(AdcpTempGuard *guard, const AdcpObject *object);

void adcp_temp_guard_close(AdcpTempGuard *guard);

#endif
