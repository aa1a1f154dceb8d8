/*
** json_parts.h - typed parts of a JSON document, on top of the pull reader.
**
** The head and the manifest of a backup are read with these: a member that is known goes to its
** place, one that is not is passed over, one of the wrong type is ADCP_CORRUPT with its name and
** offset. err is that of the reader; after an error every call is a no-op.
*/
#ifndef ADCP_ARCHIVE_JSON_PARTS_H
#define ADCP_ARCHIVE_JSON_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/json_read.h"

/* Takes the next token, which has to be this one; `what` names the value in the message. */
bool adcp_json_expect(AdcpJsonReader *json, AdcpJsonToken token, const char *what, AdcpError *err);

/* Inside an object: the place in `known` (ended by NULL) of the next key that stands there, its
** value to be read next; members in between are passed over. -1 at the object's end or on error. */
int adcp_json_member(AdcpJsonReader *json, const char *const *known, AdcpError *err);

/* Inside an array where only `token` may stand: true when one was taken, false at its end. */
bool adcp_json_element(AdcpJsonReader *json, AdcpJsonToken token, const char *what, AdcpError *err);

/* The value that comes next. */
int64_t adcp_json_take_integer(AdcpJsonReader *json, const char *what, AdcpError *err);
bool adcp_json_take_bool(AdcpJsonReader *json, const char *what, AdcpError *err);

/* Text goes to *to (owned; what was there is freed), zero-terminated and without NUL in it. A null
** gives NULL where `optional` says so. text: a string, or {"$text":"<base64>"} when it is not
** UTF-8. name: as name.h spells it. */
typedef enum AdcpPresence { ADCP_REQUIRED, ADCP_OPTIONAL } AdcpPresence;
void adcp_json_take_text(AdcpJsonReader *json, const char *what, AdcpPresence presence, char **to,
                         AdcpError *err);
void adcp_json_take_name(AdcpJsonReader *json, const char *what, AdcpPresence presence, char **to,
                         AdcpError *err);

/* A text in memory (borrowed, used up) as the input of a reader. */
typedef struct AdcpMemoryText {
  const uint8_t *bytes;
  size_t left;
} AdcpMemoryText;
AdcpTextInput adcp_memory_input(AdcpMemoryText *text);

/* For a parser that does not say why it failed: true when the text is one JSON value, or when there
** is no memory to find out. */
bool adcp_json_is_valid(const char *text, size_t n);

/* The key or string that was just taken, decoded as a name. NULL on error. */
char *adcp_json_name(AdcpJsonReader *json, AdcpError *err);

#endif
