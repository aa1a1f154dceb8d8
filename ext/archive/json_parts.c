/*
** json_parts.c - typed parts of a JSON document (contract in json_parts.h).
*/
#include "archive/json_parts.h"

#include <inttypes.h>
#include <string.h>

#include "archive/name.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "codec/number.h"

static void wrong(AdcpJsonReader *json, const char *what, const char *fact, AdcpError *err) {
  adcp_error_set(err, ADCP_CORRUPT, "\"%s\" %s (byte %" PRId64 ")", what, fact,
                 adcp_json_token_offset(json));
}

static const char *token_name(AdcpJsonToken token) {
  switch( token ) {
  case ADCP_JSON_BEGIN_OBJECT: return "is not an object";
  case ADCP_JSON_BEGIN_ARRAY: return "is not an array";
  case ADCP_JSON_STRING: return "is not a string";
  case ADCP_JSON_NUMBER: return "is not a number";
  default: return "is not what belongs there";
  }
}

bool adcp_json_expect(AdcpJsonReader *json, AdcpJsonToken token, const char *what, AdcpError *err) {
  if( err->rc ) return false;
  if( adcp_json_next(json) == token ) return true;
  wrong(json, what, token_name(token), err);
  return false;
}

int adcp_json_member(AdcpJsonReader *json, const char *const *known, AdcpError *err) {
  while( err->rc == ADCP_OK && adcp_json_next(json) == ADCP_JSON_KEY ) {
    size_t n;
    const char *key = adcp_json_text(json, &n);
    for( int i = 0; known[i]; i++ ) {
      if( strlen(known[i]) == n && memcmp(known[i], key, n) == 0 ) return i;
    }
    adcp_json_skip(json);
  }
  return -1;
}

bool adcp_json_element(AdcpJsonReader *json, AdcpJsonToken token, const char *what,
                       AdcpError *err) {
  if( err->rc ) return false;
  AdcpJsonToken got = adcp_json_next(json);
  if( got != token && got != ADCP_JSON_END_ARRAY ) {
    wrong(json, what, "has an element of the wrong type", err);
  }
  return got == token;
}

int64_t adcp_json_take_integer(AdcpJsonReader *json, const char *what, AdcpError *err) {
  if( !adcp_json_expect(json, ADCP_JSON_NUMBER, what, err) ) return 0;
  size_t n;
  const char *text = adcp_json_text(json, &n);
  AdcpNumber number = adcp_number_parse((const uint8_t *)text, n);
  if( number.kind == ADCP_NUMBER_INTEGER && number.length == n ) return number.integer;
  wrong(json, what, "is not an integer", err);
  return 0;
}

bool adcp_json_take_bool(AdcpJsonReader *json, const char *what, AdcpError *err) {
  if( err->rc ) return false;
  AdcpJsonToken token = adcp_json_next(json);
  if( token != ADCP_JSON_TRUE && token != ADCP_JSON_FALSE ) {
    wrong(json, what, "is neither true nor false", err);
  }
  return token == ADCP_JSON_TRUE;
}

/* n bytes as zero-terminated text. */
static char *make_text(AdcpJsonReader *json, const char *what, const char *bytes, size_t n,
                       AdcpError *err) {
  if( memchr(bytes, 0, n) ) {
    wrong(json, what, "contains a zero byte", err);
    return NULL;
  }
  char *text = adcp_strndup(bytes, n);
  if( text == NULL ) adcp_error_nomem(err);
  return text;
}

/* The rest of {"$text":"<base64>"}, after the brace. */
static char *take_tagged_text(AdcpJsonReader *json, const char *what, AdcpError *err) {
  static const char *const KNOWN[] = {"$text", NULL};
  char *text = NULL;
  if( adcp_json_member(json, KNOWN, err) < 0 ) wrong(json, what, "is not text", err);
  if( !adcp_json_expect(json, ADCP_JSON_STRING, what, err) ) return NULL;
  size_t n, size = 0;
  const char *base64 = adcp_json_text(json, &n);
  char *bytes = adcp_malloc(n + 1);
  if( bytes == NULL ) {
    adcp_error_nomem(err);
  } else if( adcp_base64_decode((const uint8_t *)base64, n, (uint8_t *)bytes, &size) ) {
    text = make_text(json, what, bytes, size, err);
  } else {
    wrong(json, what, "is a $text that is not base64", err);
  }
  adcp_free(bytes);
  adcp_json_expect(json, ADCP_JSON_END_OBJECT, what, err);
  return text;
}

static void replace(char **to, char *text) {
  adcp_free(*to);
  *to = text;
}

void adcp_json_take_text(AdcpJsonReader *json, const char *what, AdcpPresence presence, char **to,
                         AdcpError *err) {
  if( err->rc ) return;
  size_t n;
  const char *text;
  AdcpJsonToken token = adcp_json_next(json);
  if( token == ADCP_JSON_STRING ) {
    text = adcp_json_text(json, &n);
    replace(to, make_text(json, what, text, n, err));
  } else if( token == ADCP_JSON_BEGIN_OBJECT ) {
    replace(to, take_tagged_text(json, what, err));
  } else if( token == ADCP_JSON_NULL && presence == ADCP_OPTIONAL ) {
    replace(to, NULL);
  } else {
    wrong(json, what, "is not text", err);
  }
}

char *adcp_json_name(AdcpJsonReader *json, AdcpError *err) {
  if( err->rc ) return NULL;
  size_t n;
  const char *spelling = adcp_json_text(json, &n);
  return adcp_name_decode(spelling, n, err);
}

void adcp_json_take_name(AdcpJsonReader *json, const char *what, AdcpPresence presence, char **to,
                         AdcpError *err) {
  if( err->rc ) return;
  AdcpJsonToken token = adcp_json_next(json);
  if( token == ADCP_JSON_STRING ) {
    replace(to, adcp_json_name(json, err));
  } else if( token == ADCP_JSON_NULL && presence == ADCP_OPTIONAL ) {
    replace(to, NULL);
  } else {
    wrong(json, what, "is not a name", err);
  }
}

static size_t read_memory(void *context, uint8_t *to, size_t size, AdcpError *err) {
  (void)err;
  AdcpMemoryText *text = context;
  size_t n = text->left < size ? text->left : size;
  if( n ) memcpy(to, text->bytes, n);
  text->bytes += n;
  text->left -= n;
  return n;
}

AdcpTextInput adcp_memory_input(AdcpMemoryText *text) {
  return (AdcpTextInput){text, read_memory};
}

bool adcp_json_is_valid(const char *text, size_t n) {
  AdcpError fault = ADCP_ERROR_INIT;
  AdcpMemoryText memory = {(const uint8_t *)text, n};
  AdcpJsonReader *reader = adcp_json_reader_open(adcp_memory_input(&memory), &fault);
  if( reader ) {
    adcp_json_skip(reader);
    adcp_json_next(reader); /* the end */
  }
  bool is_valid = fault.rc == ADCP_OK || fault.rc == ADCP_NOMEM;
  adcp_json_reader_close(reader);
  adcp_error_clear(&fault);
  return is_valid;
}
