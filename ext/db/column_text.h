/*
** column_text.h - what stands behind a column's name in a CREATE TABLE, looked at by token.
*/
#ifndef ADCP_DB_COLUMN_TEXT_H
#define ADCP_DB_COLUMN_TEXT_H

#include <stdbool.h>

#include "base/error.h"

/* Whether the definition of the column has the name as a word, bare or quoted: of another column, say,
** that it is computed from. */
bool adcp_column_text_has(const char *sql, const char *column, const char *name, AdcpError *err);

#endif
