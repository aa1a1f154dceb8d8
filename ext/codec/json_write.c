/*
** json_write.c - JSON strings and documents into a buffer (contract in json_write.h).
*/
#include "codec/json_write.h"

#include <assert.h>
#include <string.h>

#include "codec/number.h"
#include "codec/scan.h"
#include "codec/utf8.h"

/* Room is made for this many bytes of a string at a time, at the 6 characters each may need. */
#define STRING_PIECE 2048

/* Writes the escape of a byte that is not plain; returns its length, 2 or 6. */
static size_t write_escape(uint8_t *to, uint8_t byte) {
  /* The letters of \b \t \n \f \r; 'u' where there is no short form. */
  static const char letters[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
  static const char digits[] = "0123456789abcdef";
  to[0] = '\\';
  if( byte >= 0x20 ) {
    to[1] = byte;
    return 2;
  }
  to[1] = (uint8_t)letters[byte];
  if( to[1] != 'u' ) return 2;
  to[2] = to[3] = '0';
  to[4] = (uint8_t)digits[byte >> 4];
  to[5] = (uint8_t)digits[byte & 15];
  return 6;
}

/* Writes at most STRING_PIECE bytes with their escapes; returns the end of what it wrote. */
static uint8_t *write_piece(uint8_t *to, const uint8_t *bytes, size_t n) {
  for( size_t i = 0;; ) {
    size_t run = adcp_copy_plain(to, bytes + i, n - i);
    to += run;
    i += run;
    if( i == n ) return to;
    to += write_escape(to, bytes[i++]);
  }
}

/* The inside of a string. */
static void append_escaped(AdcpBuf *buf, const uint8_t *bytes, size_t n) {
  while( n > 0 ) {
    size_t piece = n < STRING_PIECE ? n : STRING_PIECE;
    uint8_t *to = adcp_buf_reserve(buf, 6 * piece);
    if( to == NULL ) return;
    buf->size += (size_t)(write_piece(to, bytes, piece) - to);
    bytes += piece;
    n -= piece;
  }
}

void adcp_json_quote(AdcpBuf *buf, const uint8_t *bytes, size_t n) {
  adcp_buf_append_byte(buf, '"');
  append_escaped(buf, bytes, n);
  adcp_buf_append_byte(buf, '"');
}

static void quote_lossy(AdcpBuf *buf, const uint8_t *bytes, size_t n) {
  adcp_buf_append_byte(buf, '"');
  for( ;; ) {
    size_t valid = adcp_utf8_valid_prefix(bytes, n);
    append_escaped(buf, bytes, valid);
    if( valid == n ) break;
    adcp_buf_append(buf, "\xef\xbf\xbd", 3); /* U+FFFD for one byte */
    bytes += valid + 1;
    n -= valid + 1;
  }
  adcp_buf_append_byte(buf, '"');
}

void adcp_json_quote_lossy(AdcpBuf *buf, const char *text) {
  quote_lossy(buf, (const uint8_t *)text, strlen(text));
}

/* The comma before an item, where one is due; the item itself makes one due for the next. */
static void begin_item(AdcpJsonWriter *w) {
  if( w->need_comma ) adcp_buf_append_byte(w->buf, ',');
  w->need_comma = true;
}

static void open_level(AdcpJsonWriter *w, uint8_t bracket) {
  begin_item(w);
  adcp_buf_append_byte(w->buf, bracket);
  w->need_comma = false;
}

static void close_level(AdcpJsonWriter *w, uint8_t bracket) {
  adcp_buf_append_byte(w->buf, bracket);
  w->need_comma = true;
}

void adcp_json_begin_object(AdcpJsonWriter *w) {
  open_level(w, '{');
}

void adcp_json_end_object(AdcpJsonWriter *w) {
  close_level(w, '}');
}

void adcp_json_begin_array(AdcpJsonWriter *w) {
  open_level(w, '[');
}

void adcp_json_end_array(AdcpJsonWriter *w) {
  close_level(w, ']');
}

void adcp_json_key(AdcpJsonWriter *w, const char *key) {
  adcp_json_key_n(w, key, strlen(key));
}

void adcp_json_key_n(AdcpJsonWriter *w, const char *key, size_t n) {
  begin_item(w);
  quote_lossy(w->buf, (const uint8_t *)key, n);
  adcp_buf_append_byte(w->buf, ':');
  w->need_comma = false;
}

void adcp_json_string(AdcpJsonWriter *w, const char *text) {
  if( text == NULL ) {
    adcp_json_null(w);
  } else {
    adcp_json_string_n(w, (const uint8_t *)text, strlen(text));
  }
}

void adcp_json_string_n(AdcpJsonWriter *w, const uint8_t *bytes, size_t n) {
  begin_item(w);
  quote_lossy(w->buf, bytes, n);
}

void adcp_json_integer(AdcpJsonWriter *w, int64_t value) {
  char text[ADCP_INTEGER_TEXT_MAX];
  adcp_json_raw(w, text, adcp_integer_text(value, text));
}

void adcp_json_real(AdcpJsonWriter *w, double value) {
  char text[ADCP_REAL_TEXT_MAX];
  adcp_json_raw(w, text, adcp_real_text(value, text));
}

void adcp_json_bool(AdcpJsonWriter *w, bool value) {
  if( value ) {
    adcp_json_raw(w, "true", 4);
  } else {
    adcp_json_raw(w, "false", 5);
  }
}

void adcp_json_null(AdcpJsonWriter *w) {
  adcp_json_raw(w, "null", 4);
}

void adcp_json_raw(AdcpJsonWriter *w, const void *json, size_t n) {
  begin_item(w);
  adcp_buf_append(w->buf, json, n);
}

void adcp_json_newline(AdcpJsonWriter *w) {
  if( w->need_comma ) adcp_buf_append_byte(w->buf, ',');
  adcp_buf_append_byte(w->buf, '\n');
  w->need_comma = false;
}

void adcp_json_member_string(AdcpJsonWriter *w, const char *key, const char *text) {
  adcp_json_key(w, key);
  adcp_json_string(w, text);
}

void adcp_json_member_integer(AdcpJsonWriter *w, const char *key, int64_t value) {
  adcp_json_key(w, key);
  adcp_json_integer(w, value);
}

void adcp_json_member_bool(AdcpJsonWriter *w, const char *key, bool value) {
  adcp_json_key(w, key);
  adcp_json_bool(w, value);
}
