/*
** result.h - a value of ours as the result of an SQL function or column.
**
** All copy what they are given, and give it to a database of any encoding as it is.
*/
#ifndef ADCP_SQL_RESULT_H
#define ADCP_SQL_RESULT_H

#include "codec/value.h"
#include "db/sqlite.h"

void adcp_result_value(sqlite3_context *context, const AdcpValue *value);

/* Zero-terminated; NULL for NULL. */
void adcp_result_text(sqlite3_context *context, const char *text);

/* Text of that many bytes, of the subtype that says so. */
void adcp_result_json(sqlite3_context *context, const void *json, size_t size);

#endif
