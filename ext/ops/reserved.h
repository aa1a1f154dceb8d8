/*
** reserved.h - tables and other objects of a database whose names SQLite keeps for itself, where a
** restore could not make them.
**
** Its statistics and its counters are made by SQLite, in the shape that it gives them. What has such a
** name otherwise came there by writable_schema, or from a SQLite that is long gone.
*/
#ifndef ADCP_OPS_RESERVED_H
#define ADCP_OPS_RESERVED_H

#include "codec/schema.h"
#include "ops/text_list.h"

/* Whether statistics or counters stay out of a backup, which would not come back with them; a warning
** says so. */
bool adcp_reserved_is_left_out(const AdcpTable *table, AdcpTextList *warnings);

/* Warns of objects that a restore refuses for their names. */
void adcp_reserved_warn(const AdcpSchema *schema, AdcpTextList *warnings);

#endif
