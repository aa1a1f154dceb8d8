/*
** json_read.h - a pull reader for JSON text of any size and layout, in constant memory.
**
** The reader takes its text from an input in pieces of any size (one byte is enough) through a
** window of its own. A caller pulls one token after the other; strings and numbers are handed out
** whole and borrowed until the next call. RFC 8259 is enforced: invalid UTF-8, unescaped control
** characters, lone surrogates in \u escapes, trailing commas and a second top-level value are
** errors. A leading BOM is skipped. Nesting beyond ADCP_MAX_JSON_DEPTH and tokens beyond
** ADCP_MAX_TOKEN_BYTES are ADCP_TOOBIG. Errors are ADCP_CORRUPT and name the byte offset; after one
** every call returns ADCP_JSON_ERROR.
**
** Elements that a caller parses itself (rows) are taken through the raw calls at the end.
*/
#ifndef ADCP_CODEC_JSON_READ_H
#define ADCP_CODEC_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* Where the text comes from. xRead puts at most size bytes (size > 0) at to and returns how many, 0
** at the end or with err set. */
typedef struct AdcpTextInput {
  void *context; /* borrowed */
  size_t (*xRead)(void *context, uint8_t *to, size_t size, AdcpError *err);
} AdcpTextInput;

typedef enum AdcpJsonToken {
  ADCP_JSON_ERROR, /* err is set */
  ADCP_JSON_END,   /* after the top-level value: only white space was left (it has been checked) */
  ADCP_JSON_BEGIN_OBJECT,
  ADCP_JSON_END_OBJECT,
  ADCP_JSON_BEGIN_ARRAY,
  ADCP_JSON_END_ARRAY,
  ADCP_JSON_KEY,    /* text: decoded */
  ADCP_JSON_STRING, /* text: decoded */
  ADCP_JSON_NUMBER, /* text: as written; see number.h */
  ADCP_JSON_TRUE,
  ADCP_JSON_FALSE,
  ADCP_JSON_NULL
} AdcpJsonToken;

typedef struct AdcpJsonReader AdcpJsonReader;

/* err is borrowed for the life of the reader and is where every failure goes. */
AdcpJsonReader *adcp_json_reader_open(AdcpTextInput input, AdcpError *err);
void adcp_json_reader_close(AdcpJsonReader *reader);

/* Starts over at a new place of the input, which the caller has moved there: offset is the byte
** offset of that place in the document (for messages). The state is then that of `inside`:
** ADCP_JSON_END: before a top-level value; ADCP_JSON_BEGIN_ARRAY: within an array, before an
** element (a comma that stands there first is skipped); ADCP_JSON_BEGIN_OBJECT: within an object,
** before a key (likewise). */
void adcp_json_reader_restart(AdcpJsonReader *reader, int64_t offset, AdcpJsonToken inside);

/* Gives back the memory that a long token took. What was borrowed from the reader is no longer valid. */
void adcp_json_reader_trim(AdcpJsonReader *reader);

AdcpJsonToken adcp_json_next(AdcpJsonReader *reader);

/* Text of the KEY, STRING or NUMBER just returned; zero-terminated; borrowed until the next call.
** */
const char *adcp_json_text(const AdcpJsonReader *reader, size_t *size);

/* Byte offset in the document of the token just returned; and of the next unread byte. */
int64_t adcp_json_token_offset(const AdcpJsonReader *reader);
int64_t adcp_json_offset(const AdcpJsonReader *reader);

/* How many objects and arrays are open. */
size_t adcp_json_depth(const AdcpJsonReader *reader);

/* Skips the value that comes next (after a KEY, or the next element). Checked like any other text.
** */
void adcp_json_skip(AdcpJsonReader *reader);

/* Appends the value that comes next to out exactly as it stands in the text. */
void adcp_json_capture(AdcpJsonReader *reader, AdcpBuf *out);

/* ---- raw elements of an array: the caller parses them from the window ---- */

/* Inside an array, before an element: skips white space and the comma. True when an element follows
** (its first byte is at the window's start), false at the closing bracket (which is consumed, as
** END_ARRAY) or on error. */
bool adcp_json_raw_begin(AdcpJsonReader *reader);

/* The unread text that is in memory, from the next byte on. Borrowed until any other call. */
const uint8_t *adcp_json_raw_window(const AdcpJsonReader *reader, size_t *size);

/* Reads more text, at least doubling what is unread; the unread part may move. False at the end of
** the input, on error, or when the unread text would exceed ADCP_MAX_ROW_BYTES (ADCP_TOOBIG). */
bool adcp_json_raw_more(AdcpJsonReader *reader);

/* The writable window, for decoding in place after an element is complete. */
uint8_t *adcp_json_raw_bytes(AdcpJsonReader *reader);

/* Ends the element, which was `size` bytes long. Its bytes stay borrowable until the next call. */
void adcp_json_raw_end(AdcpJsonReader *reader, size_t size);

#endif
