/*
** json_write.h - JSON text into a buffer.
**
** The string writer is what rows use: only '"', '\' and bytes below 0x20 are escaped (\b \f \n \r
** \t, else lower-case \u00xx), everything else is copied. The document writer on top of it places
** commas; it is for headers, manifests and reports. No spaces are written, except by
** adcp_json_newline.
*/
#ifndef ADCP_CODEC_JSON_WRITE_H
#define ADCP_CODEC_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Appends bytes as a JSON string with its quotes. They must be valid UTF-8 (see
** adcp_json_quote_lossy). */
void adcp_json_quote(AdcpBuf *buf, const uint8_t *bytes, size_t n);

/* The same for text from outside (a path, a message): invalid bytes become U+FFFD. */
void adcp_json_quote_lossy(AdcpBuf *buf, const char *text);

/* A document being written. Zero-initialise, then set buf (borrowed). Errors are the buffer's oom.
** */
typedef struct AdcpJsonWriter {
  AdcpBuf *buf;
  bool need_comma; /* an item stands before the next one at this level */
} AdcpJsonWriter;

void adcp_json_begin_object(AdcpJsonWriter *w);
void adcp_json_end_object(AdcpJsonWriter *w);
void adcp_json_begin_array(AdcpJsonWriter *w);
void adcp_json_end_array(AdcpJsonWriter *w);

/* "key": the next call writes its value. */
void adcp_json_key(AdcpJsonWriter *w, const char *key);
void adcp_json_key_n(AdcpJsonWriter *w, const char *key, size_t n);

void adcp_json_string(AdcpJsonWriter *w, const char *text); /* NULL writes null; lossy */
void adcp_json_string_n(AdcpJsonWriter *w, const uint8_t *bytes, size_t n); /* lossy */
void adcp_json_integer(AdcpJsonWriter *w, int64_t value);
void adcp_json_real(AdcpJsonWriter *w, double value); /* finite */
void adcp_json_bool(AdcpJsonWriter *w, bool value);
void adcp_json_null(AdcpJsonWriter *w);

/* A value that is JSON text already. */
void adcp_json_raw(AdcpJsonWriter *w, const void *json, size_t n);

/* A line break in front of the next item (after its comma). */
void adcp_json_newline(AdcpJsonWriter *w);

/* key and value in one call, for reports. */
void adcp_json_member_string(AdcpJsonWriter *w, const char *key, const char *text);
void adcp_json_member_integer(AdcpJsonWriter *w, const char *key, int64_t value);
void adcp_json_member_bool(AdcpJsonWriter *w, const char *key, bool value);

#endif
