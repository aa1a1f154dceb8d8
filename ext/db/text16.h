/*
** text16.h - text of ours for SQLite, unchanged in a database of any encoding.
**
** SQLite takes one byte order mark off the front of UTF-16, and makes U+FFFD of U+FFFE and U+FFFF
** where it converts UTF-8 to UTF-16 (not on the way back): such texts are given as UTF-16 behind a
** mark of ours. UTF-8 that is not valid is given as it is; a UTF-16 database cannot hold it.
*/
#ifndef ADCP_DB_TEXT16_H
#define ADCP_DB_TEXT16_H

#include "codec/value.h"
#include "db/sqlite.h"

/* Both take an ADCP_TEXT or ADCP_TEXT16. Bound bytes are borrowed until the parameter is bound
** again; a result is copied. An error code of SQLite's; the result may be an error, too. */
int adcp_text_bind(sqlite3_stmt *stmt, int parameter, const AdcpValue *text);
void adcp_text_result(sqlite3_context *context, const AdcpValue *text);

#endif
