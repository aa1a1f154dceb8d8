/*
** text16.h - UTF-16 text for SQLite, which takes one byte order mark off its front.
*/
#ifndef ADCP_DB_TEXT16_H
#define ADCP_DB_TEXT16_H

#include "codec/value.h"
#include "db/sqlite.h"

/* A copy of an ADCP_TEXT16 behind a mark of its own, so that SQLite takes that one off and not one
** that is part of the text, for sqlite3_result_text64 and sqlite3_bind_text64 with SQLITE_UTF16LE
** and sqlite3_free. It has size + 2 bytes. NULL when out of memory. */
char *adcp_text16_marked(const AdcpValue *value);

#endif
