/*
** json_read.c - the pull reader (contract in json_read.h).
**
** The window holds the unread text:
**
**     window        pos            end        capacity
**       | consumed   | unread       | free      |
**     base (offset of window[0] in the document)
**
** More text is read only when a token does not end within the unread part; the unread part then
** moves to the window's start, and the window doubles if that alone fills it. Positions inside a
** token are kept relative to pos, so that moving does not invalidate them.
**
** What may come next is one state; what kind the open levels are is one bit each. A string is
** checked first and decoded second, in place: a decoded string is never longer than its text. When
** a value is skipped or captured, nothing is decoded and a string's text is let go as it is
** checked.
*/
#include "codec/json_read.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/number.h"
#include "codec/scan.h"
#include "codec/utf8.h"

#define WINDOW_BYTES 65536 /* at the start; a read of this size costs less than inflating it */

typedef enum State {
  BEFORE_VALUE,    /* a value must come */
  BEFORE_KEY,      /* a key must come: a comma was read */
  BEFORE_FIRST,    /* the first element or key, or the closing bracket */
  BEFORE_COLON,    /* a key was read */
  AFTER_VALUE,     /* a comma or the closing bracket; at depth 0 the end of the text */
  BEFORE_ANYTHING, /* restarted inside a level: BEFORE_FIRST or AFTER_VALUE, as a comma tells */
} State;

struct AdcpJsonReader {
  AdcpTextInput input;
  AdcpError *err;  /* borrowed */
  uint8_t *window; /* owned */
  size_t capacity, pos, end;
  int64_t base;
  bool at_end;  /* the input has no more */
  bool passing; /* a value is being skipped or captured */
  State state;
  size_t depth;
  uint8_t is_object[ADCP_MAX_JSON_DEPTH / 8];
  int64_t token_offset;
  const char *text; /* of the last KEY, STRING or NUMBER; points into window or number */
  size_t text_size;
  AdcpBuf number;   /* a number's text: its place in the window has no room for a zero byte */
  AdcpBuf *capture; /* borrowed while capturing */
  size_t captured;  /* position in the window up to which text was captured */
};

/* ---- the window ---- */

static void fail_at(AdcpJsonReader *r, size_t ahead, const char *what) {
  adcp_error_set(r->err, ADCP_CORRUPT, "not valid JSON at byte %" PRId64 ": %s",
                 r->base + (int64_t)(r->pos + ahead), what);
}

static void flush_capture(AdcpJsonReader *r) {
  if( r->capture == NULL ) return;
  adcp_buf_append(r->capture, r->window + r->captured, r->pos - r->captured);
  r->captured = r->pos;
}

/* Moves the unread text to the window's start. */
static void move_to_start(AdcpJsonReader *r) {
  if( r->pos == 0 ) return;
  memmove(r->window, r->window + r->pos, r->end - r->pos);
  r->base += (int64_t)r->pos;
  r->end -= r->pos;
  r->pos = r->captured = 0;
}

/* Makes free space behind the unread text. */
static bool make_room(AdcpJsonReader *r, int64_t limit) {
  size_t unread = r->end - r->pos;
  if( (int64_t)unread >= limit ) {
    adcp_error_set(r->err, ADCP_TOOBIG,
                   "JSON text at byte %" PRId64 " is longer than the limit of %" PRId64 " bytes",
                   r->base + (int64_t)r->pos, limit);
    return false;
  }
  flush_capture(r);
  move_to_start(r);
  if( r->end < r->capacity ) return true;
  uint8_t *larger = adcp_realloc(r->window, 2 * r->capacity);
  if( larger == NULL ) {
    adcp_error_nomem(r->err);
    return false;
  }
  r->window = larger;
  r->capacity *= 2;
  return true;
}

/* Reads some more text; false at the end of the input or on error. */
static bool read_more(AdcpJsonReader *r, int64_t limit) {
  if( r->err->rc || r->at_end || !make_room(r, limit) ) return false;
  size_t space = r->capacity - r->end;
  size_t got = r->input.xRead(r->input.context, r->window + r->end, space, r->err);
  assert(got <= space);
  if( r->err->rc ) return false;
  r->end += got;
  r->at_end = got == 0;
  return got > 0;
}

/* True when at least n bytes are unread in the window, after reading what that needs. */
static bool need(AdcpJsonReader *r, size_t n) {
  while( r->end - r->pos < n ) {
    if( !read_more(r, ADCP_MAX_TOKEN_BYTES) ) return false;
  }
  return true;
}

static bool is_space(uint8_t byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* The next byte that is not white space (it stays unread), or -1 at the end or on error. */
static int peek(AdcpJsonReader *r) {
  for( ;; ) {
    while( r->pos < r->end && is_space(r->window[r->pos]) ) r->pos++;
    if( r->pos < r->end ) return r->window[r->pos];
    if( !read_more(r, ADCP_MAX_TOKEN_BYTES) ) return -1;
  }
}

/* ---- levels ---- */

static bool in_object(const AdcpJsonReader *r) {
  if( r->depth == 0 ) return false;
  size_t level = r->depth - 1;
  return r->is_object[level / 8] >> (level % 8) & 1;
}

static void push_level(AdcpJsonReader *r, bool object) {
  size_t level = r->depth++;
  uint8_t bit = (uint8_t)(1u << (level % 8));
  if( object ) {
    r->is_object[level / 8] |= bit;
  } else {
    r->is_object[level / 8] &= (uint8_t)~bit;
  }
  r->state = BEFORE_FIRST;
}

static AdcpJsonToken open_level(AdcpJsonReader *r, AdcpJsonToken token) {
  if( r->depth == ADCP_MAX_JSON_DEPTH ) {
    adcp_error_set(r->err, ADCP_TOOBIG,
                   "JSON text at byte %" PRId64 " nests deeper than the limit of %d levels",
                   r->token_offset, ADCP_MAX_JSON_DEPTH);
    return ADCP_JSON_ERROR;
  }
  r->pos++;
  push_level(r, token == ADCP_JSON_BEGIN_OBJECT);
  return token;
}

static AdcpJsonToken close_level(AdcpJsonReader *r) {
  AdcpJsonToken token = in_object(r) ? ADCP_JSON_END_OBJECT : ADCP_JSON_END_ARRAY;
  r->pos++;
  r->depth--;
  r->state = AFTER_VALUE;
  return token;
}

/* ---- strings ---- */

/* The value of a hexadecimal digit of either case, or -1. */
static int hex_value(uint8_t c) {
  if( c >= '0' && c <= '9' ) return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The 16 bits of the escape \uXXXX that stands at text, or -1 when it is none. */
static int32_t unicode_escape(const uint8_t *text) {
  if( text[0] != '\\' || text[1] != 'u' ) return -1;
  int32_t value = 0;
  for( size_t i = 2; i < 6; i++ ) {
    int digit = hex_value(text[i]);
    if( digit < 0 ) return -1;
    value = value << 4 | digit;
  }
  return value;
}

static bool is_first_surrogate(int32_t unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_second_surrogate(int32_t unit) {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/* The character that \c stands for, or 0. */
static uint8_t short_escape(uint8_t c) {
  switch( c ) {
  case '"':
  case '\\':
  case '/': return c;
  case 'b': return '\b';
  case 'f': return '\f';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  default: return 0;
  }
}

/* Length of the escape `at` bytes ahead (12 for a surrogate pair), or 0 with err set. */
static size_t check_escape(AdcpJsonReader *r, size_t at) {
  if( need(r, at + 2) && short_escape(r->window[r->pos + at + 1]) ) return 2;
  int32_t unit = need(r, at + 6) ? unicode_escape(r->window + r->pos + at) : -1;
  if( unit < 0 ) {
    fail_at(r, at, "an escape that JSON does not have");
    return 0;
  }
  if( is_first_surrogate(unit) && need(r, at + 12) &&
      is_second_surrogate(unicode_escape(r->window + r->pos + at + 6)) ) {
    return 12;
  }
  if( is_first_surrogate(unit) || is_second_surrogate(unit) ) {
    fail_at(r, at, "an escape that is half of a surrogate pair");
    return 0;
  }
  return 6;
}

/* Checks the string whose opening quote is the next byte. Returns how many bytes lie between pos
** and its end, the closing quote included, or 0 with err set. In passing, pos follows; else it
** stays. */
static size_t check_string(AdcpJsonReader *r, bool *escaped) {
  size_t at = 1;
  for( ;; ) {
    const uint8_t *text = r->window + r->pos + at;
    size_t unread = r->end - r->pos - at;
    bool non_ascii = false;
    size_t run = adcp_scan_plain(text, unread, &non_ascii);
    size_t valid = non_ascii ? adcp_utf8_valid_prefix(text, run) : run;
    at += valid;
    if( valid < run && (run < unread || run - valid > 3) ) {
      fail_at(r, at, "text that is not UTF-8");
      return 0;
    }
    if( run == unread ) { /* the text, perhaps one character, goes on behind the window */
      if( r->passing ) {
        r->pos += at;
        at = 0;
      }
      if( read_more(r, ADCP_MAX_TOKEN_BYTES) ) continue;
      fail_at(r, r->end - r->pos, "the text ends within a string");
      return 0;
    }
    if( text[run] == '"' ) return at + 1;
    if( text[run] != '\\' ) {
      fail_at(r, at, "a control character in a string, not escaped");
      return 0;
    }
    size_t length = check_escape(r, at);
    if( length == 0 ) return 0;
    at += length;
    *escaped = true;
  }
}

/* Decodes the (checked) escape at `from` to `to`; returns its length and adds to *to_size. */
static size_t decode_escape(const uint8_t *from, uint8_t *to, size_t *to_size) {
  uint8_t single = short_escape(from[1]);
  if( single ) {
    to[(*to_size)++] = single;
    return 2;
  }
  size_t length = 6;
  int32_t code_point = unicode_escape(from);
  if( is_first_surrogate(code_point) ) {
    code_point = 0x10000 + ((code_point - 0xd800) << 10) + (unicode_escape(from + 6) - 0xdc00);
    length = 12;
  }
  uint8_t bytes[4];
  size_t n = adcp_utf8_encode((uint32_t)code_point, bytes);
  memcpy(to + *to_size, bytes, n);
  *to_size += n;
  return length;
}

/* Decodes n bytes of checked string text in place; returns the size of the result. */
static size_t decode_in_place(uint8_t *text, size_t n) {
  size_t from = 0, to = 0;
  while( from < n ) {
    const uint8_t *escape = memchr(text + from, '\\', n - from);
    size_t run = escape ? (size_t)(escape - (text + from)) : n - from;
    memmove(text + to, text + from, run);
    from += run;
    to += run;
    if( escape ) from += decode_escape(text + from, text, &to);
  }
  return to;
}

static AdcpJsonToken read_string(AdcpJsonReader *r, AdcpJsonToken token) {
  bool escaped = false;
  size_t length = check_string(r, &escaped);
  if( length == 0 ) return ADCP_JSON_ERROR;
  if( !r->passing ) {
    uint8_t *text = r->window + r->pos + 1;
    r->text_size = escaped ? decode_in_place(text, length - 2) : length - 2;
    text[r->text_size] = 0; /* at the closing quote or before */
    r->text = (const char *)text;
  }
  r->pos += length;
  return token;
}

/* ---- numbers and literals ---- */

static bool is_number_byte(uint8_t c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Behind n bytes that could be a number's. Python writes NaN and Infinity where JSON has nothing. */
static const char *why_no_number(AdcpJsonReader *r, size_t n) {
  uint8_t next = need(r, n + 1) ? r->window[r->pos + n] : 0;
  if( n < 2 && (next == 'I' || next == 'N') ) {
    return "NaN and Infinity are no JSON values, though some programs write them";
  }
  return n ? "a malformed number" : "a byte that begins no JSON value";
}

static AdcpJsonToken read_number(AdcpJsonReader *r) {
  size_t n = 0;
  while( need(r, n + 1) && is_number_byte(r->window[r->pos + n]) ) n++;
  if( r->err->rc ) return ADCP_JSON_ERROR;
  const uint8_t *text = r->window + r->pos;
  AdcpNumber number = adcp_number_parse(text, n);
  if( number.kind == ADCP_NUMBER_INVALID || number.length != n ) {
    fail_at(r, 0, why_no_number(r, n));
    return ADCP_JSON_ERROR;
  }
  adcp_buf_clear(&r->number);
  adcp_buf_append(&r->number, text, n);
  r->text = adcp_buf_text(&r->number);
  r->text_size = n;
  if( !adcp_buf_check(&r->number, r->err) ) return ADCP_JSON_ERROR;
  r->pos += n;
  return ADCP_JSON_NUMBER;
}

static AdcpJsonToken read_literal(AdcpJsonReader *r, const char *literal, AdcpJsonToken token) {
  size_t n = strlen(literal);
  if( !need(r, n) || memcmp(r->window + r->pos, literal, n) != 0 ) {
    fail_at(r, 0, "a word that is not true, false or null");
    return ADCP_JSON_ERROR;
  }
  r->pos += n;
  return token;
}

/* ---- tokens ---- */

static void skip_bom(AdcpJsonReader *r) {
  if( !need(r, 1) || r->window[r->pos] != 0xef || !need(r, 3) ) return;
  if( memcmp(r->window + r->pos, "\xef\xbb\xbf", 3) == 0 ) r->pos += 3;
}

/* Passes a comma, which is due or (after a restart) may stand here. */
static int pass_comma(AdcpJsonReader *r, int c) {
  if( c == ',' ) {
    r->pos++;
    r->state = in_object(r) ? BEFORE_KEY : BEFORE_VALUE;
    return peek(r);
  }
  if( r->state == BEFORE_ANYTHING ) {
    r->state = BEFORE_FIRST;
  } else if( c != (in_object(r) ? '}' : ']') && c >= 0 ) {
    fail_at(r, 0, in_object(r) ? "',' or '}' is missing" : "',' or ']' is missing");
  }
  return c;
}

/* Passes white space and the separator that is due. Returns the first byte of the token, which
** stays unread, or -1 at the end of the text or on error. Calling it again changes nothing. */
static int begin_token(AdcpJsonReader *r) {
  if( adcp_json_offset(r) == 0 ) skip_bom(r);
  int c = peek(r);
  if( r->state == BEFORE_COLON && c == ':' ) {
    r->pos++;
    r->state = BEFORE_VALUE;
    c = peek(r);
  } else if( r->state == BEFORE_COLON && c >= 0 ) {
    fail_at(r, 0, "':' is missing after a key");
  } else if( (r->state == AFTER_VALUE && r->depth > 0) || r->state == BEFORE_ANYTHING ) {
    c = pass_comma(r, c);
  }
  r->token_offset = adcp_json_offset(r);
  if( c < 0 && !(r->state == AFTER_VALUE && r->depth == 0) ) fail_at(r, 0, "the text ends early");
  return r->err->rc ? -1 : c;
}

static AdcpJsonToken read_key(AdcpJsonReader *r, int c) {
  if( c != '"' ) {
    fail_at(r, 0, "a key is missing");
    return ADCP_JSON_ERROR;
  }
  r->state = BEFORE_COLON;
  return read_string(r, ADCP_JSON_KEY);
}

static AdcpJsonToken read_value(AdcpJsonReader *r, int c) {
  r->state = AFTER_VALUE;
  switch( c ) {
  case '{': return open_level(r, ADCP_JSON_BEGIN_OBJECT);
  case '[': return open_level(r, ADCP_JSON_BEGIN_ARRAY);
  case '"': return read_string(r, ADCP_JSON_STRING);
  case 't': return read_literal(r, "true", ADCP_JSON_TRUE);
  case 'f': return read_literal(r, "false", ADCP_JSON_FALSE);
  case 'n': return read_literal(r, "null", ADCP_JSON_NULL);
  default: return read_number(r);
  }
}

AdcpJsonToken adcp_json_next(AdcpJsonReader *r) {
  if( r->err->rc ) return ADCP_JSON_ERROR;
  r->text = NULL;
  r->text_size = 0;
  int c = begin_token(r);
  if( r->err->rc ) return ADCP_JSON_ERROR;
  bool may_close = r->state == BEFORE_FIRST || r->state == AFTER_VALUE;
  if( r->depth > 0 && may_close && c == (in_object(r) ? '}' : ']') ) return close_level(r);
  if( r->state == BEFORE_KEY || (r->state == BEFORE_FIRST && in_object(r)) ) return read_key(r, c);
  if( r->state != AFTER_VALUE ) return read_value(r, c);
  if( c < 0 ) return ADCP_JSON_END;
  fail_at(r, 0, "the document has ended, and more text follows");
  return ADCP_JSON_ERROR;
}

/* Passes the value that comes next; its text goes to out unless that is NULL. */
static void pass_value(AdcpJsonReader *r, AdcpBuf *out) {
  if( r->err->rc || begin_token(r) < 0 ) return;
  size_t depth = r->depth;
  r->passing = true;
  r->capture = out;
  r->captured = r->pos;
  do {
    if( adcp_json_next(r) == ADCP_JSON_ERROR ) break;
  } while( r->depth > depth );
  flush_capture(r);
  r->capture = NULL;
  r->passing = false;
}

void adcp_json_skip(AdcpJsonReader *r) {
  pass_value(r, NULL);
}

void adcp_json_capture(AdcpJsonReader *r, AdcpBuf *out) {
  pass_value(r, out);
  adcp_buf_check(out, r->err);
}

const char *adcp_json_text(const AdcpJsonReader *r, size_t *size) {
  assert(r->text != NULL);
  if( size ) *size = r->text_size;
  return r->text;
}

int64_t adcp_json_token_offset(const AdcpJsonReader *r) {
  return r->token_offset;
}

int64_t adcp_json_offset(const AdcpJsonReader *r) {
  return r->base + (int64_t)r->pos;
}

size_t adcp_json_depth(const AdcpJsonReader *r) {
  return r->depth;
}

/* ---- raw elements ---- */

bool adcp_json_raw_begin(AdcpJsonReader *r) {
  if( r->err->rc ) return false;
  assert(r->depth > 0 && !in_object(r));
  int c = begin_token(r);
  if( r->err->rc ) return false;
  if( c == ']' && r->state != BEFORE_VALUE ) {
    close_level(r);
    return false;
  }
  r->state = BEFORE_VALUE;
  return true;
}

const uint8_t *adcp_json_raw_window(const AdcpJsonReader *r, size_t *size) {
  *size = r->end - r->pos;
  return r->window + r->pos;
}

bool adcp_json_raw_more(AdcpJsonReader *r) {
  size_t before = r->end - r->pos;
  size_t wanted = before ? 2 * before : 1;
  if( before < ADCP_MAX_ROW_BYTES && wanted > ADCP_MAX_ROW_BYTES ) wanted = ADCP_MAX_ROW_BYTES;
  while( r->end - r->pos < wanted && read_more(r, ADCP_MAX_ROW_BYTES) ) {
  }
  return r->err->rc == ADCP_OK && r->end - r->pos > before;
}

uint8_t *adcp_json_raw_bytes(AdcpJsonReader *r) {
  return r->window + r->pos;
}

void adcp_json_raw_end(AdcpJsonReader *r, size_t size) {
  if( r->err->rc ) return;
  assert(r->state == BEFORE_VALUE && size > 0 && size <= r->end - r->pos);
  r->pos += size;
  r->state = AFTER_VALUE;
}

/* ---- opening and closing ---- */

AdcpJsonReader *adcp_json_reader_open(AdcpTextInput input, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpJsonReader *r = adcp_calloc(1, sizeof *r);
  uint8_t *window = adcp_malloc(WINDOW_BYTES);
  if( r == NULL || window == NULL ) {
    adcp_free(r);
    adcp_free(window);
    adcp_error_nomem(err);
    return NULL;
  }
  r->input = input;
  r->err = err;
  r->window = window;
  r->capacity = WINDOW_BYTES;
  adcp_json_reader_restart(r, 0, ADCP_JSON_END);
  return r;
}

void adcp_json_reader_restart(AdcpJsonReader *r, int64_t offset, AdcpJsonToken inside) {
  r->base = offset;
  r->pos = r->end = 0;
  r->at_end = false;
  r->depth = 0;
  r->token_offset = offset;
  r->text = NULL;
  r->state = BEFORE_VALUE;
  if( inside == ADCP_JSON_END ) return;
  assert(inside == ADCP_JSON_BEGIN_ARRAY || inside == ADCP_JSON_BEGIN_OBJECT);
  push_level(r, inside == ADCP_JSON_BEGIN_OBJECT);
  r->state = BEFORE_ANYTHING;
}

void adcp_json_reader_trim(AdcpJsonReader *r) {
  size_t unread = r->end - r->pos, capacity = WINDOW_BYTES;
  while( capacity < unread ) capacity *= 2;
  if( r->err->rc || capacity >= r->capacity ) return;
  assert(r->capture == NULL);
  move_to_start(r);
  uint8_t *smaller = adcp_realloc(r->window, capacity);
  if( smaller == NULL ) return;
  r->window = smaller;
  r->capacity = capacity;
}

void adcp_json_reader_close(AdcpJsonReader *r) {
  if( r == NULL ) return;
  adcp_buf_free(&r->number);
  adcp_free(r->window);
  adcp_free(r);
}
