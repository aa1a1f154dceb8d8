/*
** result.h - a value of ours as the result of an SQL function or column.
*/
#ifndef ADCP_SQL_RESULT_H
#define ADCP_SQL_RESULT_H

#include "codec/value.h"
#include "db/sqlite.h"

/* Copies the value's bytes. */
void adcp_result_value(sqlite3_context *context, const AdcpValue *value);

#endif
