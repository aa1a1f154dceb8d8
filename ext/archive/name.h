/*
** name.h - names of tables and columns as they stand in a backup, as keys and as values.
**
** A name is written as it is, but: one that begins with '$' gets one more '$' (keys with a single
** '$' are the format's own, such as "$rowid"), and one that is not valid UTF-8 is written
** "$text:<base64>". So every name has one spelling and every spelling one name.
*/
#ifndef ADCP_ARCHIVE_NAME_H
#define ADCP_ARCHIVE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the spelling (without quotes, not JSON-escaped). */
void adcp_name_encode(AdcpBuf *out, const char *name);

/* The name of a spelling (decoded JSON string of n bytes), owned by the caller; NULL when it is not
** one ("$other", bad base64, a NUL inside: err CORRUPT) or out of memory. */
char *adcp_name_decode(const char *spelling, size_t n, AdcpError *err);

#endif
