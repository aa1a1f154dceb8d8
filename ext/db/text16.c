/*
** text16.c - UTF-16 behind a byte order mark, where UTF-8 would not do (contract in text16.h).
*/
#include "db/text16.h"

#include <stdbool.h>
#include <string.h>

#include "codec/utf8.h"

/* U+FFFE and U+FFFF, which are EF BF BE and EF BF BF. */
static bool has_noncharacter(const uint8_t *text, size_t size) {
  const uint8_t *end = text + size;
  while( end - text >= 3 && (text = memchr(text, 0xef, (size_t)(end - text) - 2)) != NULL ) {
    if( text[1] == 0xbf && text[2] >= 0xbe ) return true;
    text++;
  }
  return false;
}

static bool is_given_as_utf16(const AdcpValue *text) {
  if( text->type == ADCP_TEXT16 ) return true;
  return text->size && has_noncharacter(text->bytes, text->size) &&
         adcp_utf8_valid(text->bytes, text->size);
}

static char *put_unit(char *to, uint32_t unit) {
  *to++ = (char)(unit & 0xff);
  *to++ = (char)(unit >> 8);
  return to;
}

/* Valid UTF-8 as UTF-16LE; the end of what was written. */
static char *put_utf8(char *to, const uint8_t *text, size_t size) {
  for( const uint8_t *end = text + size; text < end; ) {
    uint32_t c = *text++;
    if( c >= 0xc0 ) c &= c >= 0xf0 ? 0x07 : c >= 0xe0 ? 0x0f : 0x1f;
    while( text < end && (*text & 0xc0) == 0x80 ) c = c << 6 | (*text++ & 0x3f);
    if( c < 0x10000 ) {
      to = put_unit(to, c);
    } else {
      to = put_unit(to, 0xd800 + ((c - 0x10000) >> 10));
      to = put_unit(to, 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
  }
  return to;
}

/* The text as UTF-16LE behind a mark; for sqlite3_free. NULL when out of memory. */
static char *marked(const AdcpValue *text, sqlite3_uint64 *size) {
  size_t most = text->type == ADCP_TEXT16 ? text->size : 2 * text->size; /* a unit a byte */
  char *copy = sqlite3_malloc64(most + 2);
  if( copy == NULL ) return NULL;
  char *end = put_unit(copy, 0xfeff);
  if( text->type == ADCP_TEXT16 ) {
    if( text->size ) memcpy(end, text->bytes, text->size);
    end += text->size;
  } else {
    end = put_utf8(end, text->bytes, text->size);
  }
  *size = (sqlite3_uint64)(end - copy);
  return copy;
}

int adcp_text_bind(sqlite3_stmt *stmt, int parameter, const AdcpValue *text) {
  sqlite3_uint64 size = text->size;
  if( !is_given_as_utf16(text) ) {
    return sqlite3_bind_text64(stmt, parameter, adcp_value_bytes(text), size, SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  char *copy = marked(text, &size);
  if( copy == NULL ) return SQLITE_NOMEM;
  return sqlite3_bind_text64(stmt, parameter, copy, size, sqlite3_free, SQLITE_UTF16LE);
}

void adcp_text_result(sqlite3_context *context, const AdcpValue *text) {
  sqlite3_uint64 size = text->size;
  if( !is_given_as_utf16(text) ) {
    sqlite3_result_text64(context, adcp_value_bytes(text), size, SQLITE_TRANSIENT, SQLITE_UTF8);
    return;
  }
  char *copy = marked(text, &size);
  if( copy == NULL ) {
    sqlite3_result_error_nomem(context);
  } else {
    sqlite3_result_text64(context, copy, size, sqlite3_free, SQLITE_UTF16LE);
  }
}
