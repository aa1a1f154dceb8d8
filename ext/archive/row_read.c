/*
** row_read.c - parses the text of one row into values (contract in row_read.h).
**
** One loop takes key, value, key, value. Where the text goes on with exactly the piece that the
** writer would put there (row_keys.h) a memcmp is the whole work for a key; otherwise the key is
** read as JSON and looked up. A value is noted as a slot, where it stands and how it is encoded;
** nothing is decoded before adcp_row_values, which undoes escapes and base64 in place. What
** decoding could find wrong is therefore checked while parsing.
**
** The row is canonical as long as every key came by its piece and every value is spelled as the
** writer spells it.
*/
#include "archive/row_read.h"

#include <string.h>

#include "archive/row_keys.h"
#include "base/map.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "codec/number.h"
#include "codec/scan.h"
#include "codec/utf8.h"

/* Characters of base64 or hexadecimal that are checked at a time; a multiple of 4. */
#define CHECK_PIECE ((size_t)4096)

/* "$text16" with every letter as \uXXXX has 42 bytes. */
#define TAG_KEY_MAX 64

typedef enum Form {
  FORM_NULL,
  FORM_INTEGER,
  FORM_REAL,
  FORM_STRING, /* text as a JSON string */
  FORM_TEXT,   /* {"$text":base64} */
  FORM_TEXT16, /* {"$text16":base64} */
  FORM_BLOB,   /* {"$blob":base64} */
  FORM_HEX     /* {"$hex":digits} */
} Form;

typedef struct Slot {
  Form form;
  bool escaped;  /* the string has backslashes */
  uint32_t turn; /* the row that filled it, to find duplicate and missing keys */
  size_t offset; /* of the string's inside, from the row's start */
  size_t size;   /* bytes there */
  union {
    int64_t integer;
    double real;
  };
} Slot;

struct AdcpRowReader {
  AdcpRowKeys keys;
  AdcpMap by_name; /* key -> Slot */
  Slot *slots;     /* owned; keys.count (at least 1) */
  AdcpValue *values;
  AdcpBuf scratch; /* a string with its escapes undone, where parsing needs that */
  uint32_t turn;
  bool shadow;
  bool canonical;
};

/* A row being parsed. Functions that take it move `at` on, and return false with status (and
** err, for BAD) set when they cannot. */
typedef struct Cursor {
  AdcpRowReader *reader;
  const uint8_t *text; /* the row's start */
  const uint8_t *at;
  const uint8_t *end;
  AdcpRowStatus status;
  size_t column; /* whose value is being read; keys.count while it is a key */
  AdcpError *err;
} Cursor;

/* The inside of a JSON string that was scanned. */
typedef struct String {
  const uint8_t *bytes;
  size_t size;
  bool escaped;
  bool canonical; /* escapes are where and as the writer puts them */
} String;

static bool more(Cursor *c) {
  c->status = ADCP_ROW_MORE;
  return false;
}

static bool bad(Cursor *c, const char *fact) {
  const AdcpRowKeys *keys = &c->reader->keys;
  size_t at = (size_t)(c->at - c->text), n;
  c->status = ADCP_ROW_BAD;
  if( c->column < keys->count ) {
    adcp_error_set(c->err, ADCP_CORRUPT, "column \"%s\" %s, at byte %zu of the row",
                   adcp_row_key_name(keys, c->column, &n), fact, at);
  } else {
    adcp_error_set(c->err, ADCP_CORRUPT, "a key %s, at byte %zu of the row", fact, at);
  }
  return false;
}

static bool is_space(uint8_t byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Skips white space up to a byte that is there. */
static bool skip_space(Cursor *c) {
  while( c->at < c->end && is_space(*c->at) ) {
    c->at++;
    c->reader->canonical = false;
  }
  return c->at < c->end || more(c);
}

/* Takes one byte, after white space. */
static bool take(Cursor *c, uint8_t byte, const char *otherwise) {
  if( !skip_space(c) ) return false;
  if( *c->at != byte ) return bad(c, otherwise);
  c->at++;
  return true;
}

/* ---- strings ---- */

static int hex_digit(uint8_t byte) {
  if( byte >= '0' && byte <= '9' ) return byte - '0';
  if( byte >= 'a' && byte <= 'f' ) return byte - 'a' + 10;
  if( byte >= 'A' && byte <= 'F' ) return byte - 'A' + 10;
  return -1;
}

/* The number of four digits, or -1. */
static int hex4(const uint8_t *digits) {
  int value = 0;
  for( int i = 0; i < 4; i++ ) {
    int digit = hex_digit(digits[i]);
    if( digit < 0 ) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* True if the writer spells this control character as \u00xx, with digits like these. */
static bool is_canonical_u(int unit, const uint8_t *digits) {
  if( unit >= 0x20 || unit == '\b' || unit == '\t' || unit == '\n' ) return false;
  if( unit == '\f' || unit == '\r' ) return false;
  return digits[3] < 'A' || digits[3] > 'F';
}

/* The \u escape at `at`; a surrogate needs its other half behind it. */
static bool scan_unicode(Cursor *c, String *string) {
  size_t left = (size_t)(c->end - c->at);
  if( left < 6 ) return more(c);
  int unit = hex4(c->at + 2);
  if( unit < 0 ) return bad(c, "has a \\u escape that is not four hexadecimal digits");
  if( !is_canonical_u(unit, c->at + 2) ) string->canonical = false;
  if( unit < 0xD800 || unit > 0xDFFF ) {
    c->at += 6;
    return true;
  }
  if( left < 12 ) return more(c);
  int low = c->at[6] == '\\' && c->at[7] == 'u' ? hex4(c->at + 8) : -1;
  if( unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF ) {
    return bad(c, "has a \\u escape of half a surrogate pair");
  }
  c->at += 12;
  return true;
}

static bool scan_escape(Cursor *c, String *string) {
  string->escaped = true;
  if( c->end - c->at < 2 ) return more(c);
  switch( c->at[1] ) {
  case 'u': return scan_unicode(c, string);
  case '/': string->canonical = false; break;
  case '"':
  case '\\':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't': break;
  default: return bad(c, "has an unknown escape");
  }
  c->at += 2;
  return true;
}

/* The string whose opening quote is at `at`. */
static bool scan_string(Cursor *c, String *string) {
  bool non_ascii = false;
  *string = (String){++c->at, 0, false, true};
  for( ;; ) {
    c->at += adcp_scan_plain(c->at, (size_t)(c->end - c->at), &non_ascii);
    if( c->at == c->end ) return more(c);
    if( *c->at == '"' ) break;
    if( *c->at != '\\' ) return bad(c, "has a control character in its text");
    if( !scan_escape(c, string) ) return false;
  }
  string->size = (size_t)(c->at - string->bytes);
  if( non_ascii && !adcp_utf8_valid(string->bytes, string->size) ) {
    return bad(c, "is text that is not valid UTF-8");
  }
  c->at++;
  return true;
}

static const uint8_t *unescape_unicode(const uint8_t *from, uint8_t **to) {
  uint32_t unit = (uint32_t)hex4(from + 2);
  from += 6;
  if( unit >= 0xD800 && unit <= 0xDBFF ) {
    unit = 0x10000 + ((unit - 0xD800) << 10) + ((uint32_t)hex4(from + 2) - 0xDC00);
    from += 6;
  }
  *to += adcp_utf8_encode(unit, *to);
  return from;
}

/* Undoes the escapes of a string that was scanned; `to` may be `from`. Returns the new size. */
static size_t unescape(const uint8_t *from, size_t n, uint8_t *to) {
  const uint8_t *end = from + n;
  uint8_t *start = to;
  while( from < end ) {
    const uint8_t *escape = memchr(from, '\\', (size_t)(end - from));
    size_t run = (size_t)((escape ? escape : end) - from);
    memmove(to, from, run);
    to += run;
    from += run;
    if( from == end ) break;
    switch( from[1] ) {
    case 'u': from = unescape_unicode(from, &to); continue;
    case 'b': *to++ = '\b'; break;
    case 'f': *to++ = '\f'; break;
    case 'n': *to++ = '\n'; break;
    case 'r': *to++ = '\r'; break;
    case 't': *to++ = '\t'; break;
    default: *to++ = from[1]; break;
    }
    from += 2;
  }
  return (size_t)(to - start);
}

/* Makes string one without escapes, in the reader's scratch buffer if it has any. */
static bool plain_string(Cursor *c, String *string) {
  if( !string->escaped ) return true;
  AdcpBuf *scratch = &c->reader->scratch;
  adcp_buf_clear(scratch);
  uint8_t *to = adcp_buf_reserve(scratch, string->size);
  if( !adcp_buf_check(scratch, c->err) ) {
    c->status = ADCP_ROW_BAD;
    return false;
  }
  string->size = unescape(string->bytes, string->size, to);
  string->bytes = to;
  return true;
}

/* ---- keys ---- */

/* True, and `at` moved behind it, if the piece of column i comes next and something behind it. */
static bool take_piece(Cursor *c, size_t i) {
  if( i >= c->reader->keys.count ) return false;
  size_t n;
  const uint8_t *piece = adcp_row_key_piece(&c->reader->keys, i, &n);
  if( (size_t)(c->end - c->at) <= n || memcmp(c->at, piece, n) != 0 ) return false;
  c->at += n;
  c->column = i;
  return true;
}

/* Finds a key; `guess` is the column that most often follows. */
static bool find_key(Cursor *c, const String *key, size_t guess) {
  AdcpRowReader *reader = c->reader;
  if( guess < reader->keys.count ) {
    size_t n;
    const char *name = adcp_row_key_name(&reader->keys, guess, &n);
    if( n == key->size && memcmp(name, key->bytes, n) == 0 ) {
      c->column = guess;
      return true;
    }
  }
  Slot *slot = adcp_map_get(&reader->by_name, (const char *)key->bytes, key->size);
  if( slot == NULL ) {
    c->status = ADCP_ROW_BAD;
    adcp_error_set(c->err, ADCP_CORRUPT,
                   "key \"%.*s\" is no column of this table, at byte %zu of the row",
                   (int)(key->size < 200 ? key->size : 200), (const char *)key->bytes,
                   (size_t)(c->at - c->text));
    return false;
  }
  c->column = (size_t)(slot - reader->slots);
  return true;
}

/* Reads "key": of any layout, behind the brace or comma. */
static bool read_key(Cursor *c, size_t guess) {
  String key;
  c->reader->canonical = false;
  c->column = c->reader->keys.count;
  if( !skip_space(c) ) return false;
  if( *c->at != '"' ) return bad(c, "is missing");
  if( !scan_string(c, &key) || !plain_string(c, &key) || !find_key(c, &key, guess) ) return false;
  return take(c, ':', "has no ':' behind its key");
}

/* ---- values ---- */

/* The bytes of a number of any length and kind. */
static bool read_any_number(Cursor *c, Slot *slot) {
  const uint8_t *p = c->at;
  while( p < c->end && ((*p >= '0' && *p <= '9') || *p == '-' || *p == '+' || *p == '.' ||
                        *p == 'e' || *p == 'E') ) {
    p++;
  }
  if( p == c->end ) return more(c);
  size_t n = (size_t)(p - c->at);
  AdcpNumber number = adcp_number_parse(c->at, n);
  if( number.kind == ADCP_NUMBER_INVALID || number.length != n ) return bad(c, "is not a number");
  if( number.kind == ADCP_NUMBER_RANGE ) {
    return bad(c, "is a number that SQLite cannot hold: another tool changed numbers or text");
  }
  if( !number.canonical ) c->reader->canonical = false;
  slot->form = number.kind == ADCP_NUMBER_INTEGER ? FORM_INTEGER : FORM_REAL;
  if( slot->form == FORM_INTEGER ) {
    slot->integer = number.integer;
  } else {
    slot->real = number.real;
  }
  c->at = p;
  return true;
}

/* Integers of up to 18 digits, which is nearly all numbers, are read here. */
static bool read_number(Cursor *c, Slot *slot) {
  const uint8_t *p = c->at, *end = c->end;
  bool negative = *p == '-';
  if( negative ) p++;
  const uint8_t *digits = p;
  const uint8_t *limit = end - p > 18 ? p + 18 : end;
  int64_t value = 0;
  while( p < limit && *p >= '0' && *p <= '9' ) value = value * 10 + (*p++ - '0');
  bool simple = p < end && p > digits && (*p == ',' || *p == '}');
  if( !simple || (*digits == '0' && (p - digits > 1 || negative)) ) return read_any_number(c, slot);
  slot->form = FORM_INTEGER;
  slot->integer = negative ? -value : value;
  c->at = p;
  return true;
}

static bool read_null(Cursor *c, Slot *slot) {
  if( c->end - c->at < 4 ) return more(c);
  if( memcmp(c->at, "null", 4) != 0 ) return bad(c, "is no value of a row");
  slot->form = FORM_NULL;
  c->at += 4;
  return true;
}

static bool check_base64(const uint8_t *text, size_t n) {
  uint8_t bytes[CHECK_PIECE / 4 * 3];
  size_t size;
  for( ; n > CHECK_PIECE; n -= CHECK_PIECE, text += CHECK_PIECE ) {
    if( !adcp_base64_decode(text, CHECK_PIECE, bytes, &size) ) return false;
    if( size != sizeof bytes ) return false; /* padding within */
  }
  return adcp_base64_decode(text, n, bytes, &size);
}

static bool check_hex(const uint8_t *text, size_t n) {
  uint8_t bytes[CHECK_PIECE / 2];
  size_t size;
  for( ; n > CHECK_PIECE; n -= CHECK_PIECE, text += CHECK_PIECE ) {
    if( !adcp_hex_decode(text, CHECK_PIECE, bytes, &size) ) return false;
  }
  return adcp_hex_decode(text, n, bytes, &size);
}

/* $text is the writer's spelling only of bytes that are not valid UTF-8. */
static bool check_text_tag(Cursor *c, const String *string) {
  AdcpBuf bytes = {0};
  size_t size = 0;
  uint8_t *to = adcp_buf_reserve(&bytes, string->size + 1); /* of no bytes there is no place */
  bool good = to && adcp_base64_decode(string->bytes, string->size, to, &size);
  if( good && adcp_utf8_valid(to, size) ) c->reader->canonical = false;
  if( !adcp_buf_check(&bytes, c->err) ) c->status = ADCP_ROW_BAD;
  adcp_buf_free(&bytes);
  if( !good && c->err->rc == ADCP_OK ) return bad(c, "has a $text that is not base64");
  return good;
}

static bool string_is(const String *string, const char *text) {
  return strlen(text) == string->size && memcmp(text, string->bytes, string->size) == 0;
}

static bool check_real_tag(Cursor *c, const String *string, Slot *slot) {
  slot->form = FORM_REAL;
  if( string_is(string, "Infinity") ) {
    slot->real = __builtin_inf();
  } else if( string_is(string, "-Infinity") ) {
    slot->real = -__builtin_inf();
  } else {
    return bad(c, "has a $real that is neither \"Infinity\" nor \"-Infinity\"");
  }
  return true;
}

/* Notes the value of a tag, after checking that it will decode. */
static bool check_tag(Cursor *c, const String *tag, String string, Slot *slot) {
  AdcpRowReader *reader = c->reader;
  slot->offset = (size_t)(string.bytes - c->text);
  slot->size = string.size;
  slot->escaped = string.escaped;
  if( string.escaped ) reader->canonical = false;
  if( !plain_string(c, &string) ) return false;
  if( string_is(tag, "$blob") ) {
    slot->form = FORM_BLOB;
    if( reader->shadow ) reader->canonical = false;
    return check_base64(string.bytes, string.size) || bad(c, "has a $blob that is not base64");
  }
  if( string_is(tag, "$hex") ) {
    slot->form = FORM_HEX;
    if( !reader->shadow ) reader->canonical = false;
    return check_hex(string.bytes, string.size) ||
           bad(c, "has a $hex that is not lower-case hexadecimal");
  }
  if( string_is(tag, "$text16") ) {
    slot->form = FORM_TEXT16;
    return check_base64(string.bytes, string.size) || bad(c, "has a $text16 that is not base64");
  }
  if( string_is(tag, "$text") ) {
    slot->form = FORM_TEXT;
    return check_text_tag(c, &string);
  }
  if( string_is(tag, "$real") ) return check_real_tag(c, &string, slot);
  return bad(c, "has a tag that is not known");
}

/* The key of a tagged value: short, so that undone escapes have room in `room`. */
static bool read_tag_key(Cursor *c, String *tag, uint8_t room[TAG_KEY_MAX]) {
  if( !scan_string(c, tag) ) return false;
  if( !tag->escaped ) return true;
  c->reader->canonical = false;
  if( tag->size > TAG_KEY_MAX ) return bad(c, "has a tag that is not known");
  tag->size = unescape(tag->bytes, tag->size, room);
  tag->bytes = room;
  return true;
}

/* {"$tag":"..."}, with white space anywhere. */
static bool read_tag(Cursor *c, Slot *slot) {
  String tag, string;
  uint8_t room[TAG_KEY_MAX];
  c->at++;
  if( !skip_space(c) ) return false;
  if( *c->at != '"' ) return bad(c, "is an object without a tag");
  if( !read_tag_key(c, &tag, room) ) return false;
  if( !take(c, ':', "has no ':' behind its tag") || !skip_space(c) ) return false;
  if( *c->at != '"' ) return bad(c, "has a tag whose value is not a string");
  if( !scan_string(c, &string) ) return false;
  if( !take(c, '}', "is an object with more than its tag") ) return false;
  return check_tag(c, &tag, string, slot);
}

static bool read_string(Cursor *c, Slot *slot) {
  String string;
  if( !scan_string(c, &string) ) return false;
  if( !string.canonical ) c->reader->canonical = false;
  slot->form = FORM_STRING;
  slot->escaped = string.escaped;
  slot->offset = (size_t)(string.bytes - c->text);
  slot->size = string.size;
  return true;
}

static bool read_value(Cursor *c) {
  if( !skip_space(c) ) return false;
  Slot *slot = &c->reader->slots[c->column];
  if( slot->turn == c->reader->turn ) return bad(c, "stands twice");
  slot->turn = c->reader->turn;
  switch( *c->at ) {
  case '"': return read_string(c, slot);
  case '{': return read_tag(c, slot);
  case 'n': return read_null(c, slot);
  case '-': return read_number(c, slot);
  case '[': return bad(c, "is an array, which no value of a row is");
  case 't':
  case 'f': return bad(c, "is true or false, which no value of a row is");
  default: break;
  }
  if( *c->at >= '0' && *c->at <= '9' ) return read_number(c, slot);
  return bad(c, "is no value of a row");
}

/* ---- rows ---- */

/* After the closing brace: is every column there? */
static bool check_complete(Cursor *c, size_t found) {
  AdcpRowReader *reader = c->reader;
  if( found == reader->keys.count ) return true;
  size_t i = 0, n;
  while( reader->slots[i].turn == reader->turn ) i++;
  c->status = ADCP_ROW_BAD;
  adcp_error_set(c->err, ADCP_CORRUPT, "column \"%s\" is missing",
                 adcp_row_key_name(&reader->keys, i, &n));
  return false;
}

static bool read_row(Cursor *c) {
  size_t found = 0, next = 0;
  for( ;; ) {
    if( !take_piece(c, next) ) {
      c->at++; /* the brace or the comma */
      if( !skip_space(c) ) return false;
      if( found == 0 && *c->at == '}' ) break;
      if( !read_key(c, next) ) return false;
    }
    if( !read_value(c) ) return false;
    found++;
    next = c->column + 1;
    if( c->at < c->end && *c->at == ',' ) continue;
    if( !skip_space(c) ) return false;
    if( *c->at == '}' ) break;
    if( *c->at != ',' ) return bad(c, "is not followed by a comma or the row's end");
  }
  c->at++;
  return check_complete(c, found);
}

AdcpRowStatus adcp_row_parse(AdcpRowReader *reader, const uint8_t *text, size_t n, size_t *size,
                             AdcpError *err) {
  if( err->rc ) return ADCP_ROW_BAD;
  if( ++reader->turn == 0 ) { /* after 2^32 rows, old turns would look like this one */
    for( size_t i = 0; i < reader->keys.count; i++ ) reader->slots[i].turn = 0;
    reader->turn = 1;
  }
  reader->canonical = true;
  Cursor c = {reader, text, text, text + n, ADCP_ROW_DONE, reader->keys.count, err};
  if( n == 0 ) return ADCP_ROW_MORE;
  if( *text != '{' ) {
    adcp_error_set(err, ADCP_CORRUPT, "the row is not an object");
    return ADCP_ROW_BAD;
  }
  if( read_row(&c) ) *size = (size_t)(c.at - text);
  return c.status;
}

bool adcp_row_is_canonical(const AdcpRowReader *reader) {
  return reader->canonical;
}

size_t adcp_row_longest(const AdcpRowReader *reader) {
  size_t longest = 0;
  for( size_t i = 0; i < reader->keys.count; i++ ) {
    const Slot *slot = &reader->slots[i];
    size_t size = slot->size;
    if( slot->form == FORM_NULL || slot->form == FORM_INTEGER || slot->form == FORM_REAL ) continue;
    if( slot->form == FORM_HEX ) {
      size /= 2;
    } else if( slot->form != FORM_STRING ) {
      size = size / 4 * 3;
    }
    if( slot->form == FORM_STRING || slot->form == FORM_TEXT ) size *= 2; /* in UTF-16 */
    if( size > longest ) longest = size;
  }
  return longest;
}

/* ---- decoding ---- */

static void decode_string(const Slot *slot, uint8_t *text, AdcpValue *value) {
  uint8_t *bytes = text + slot->offset;
  size_t size = slot->escaped ? unescape(bytes, slot->size, bytes) : slot->size;
  bool good = true;
  switch( slot->form ) {
  case FORM_STRING: value->type = ADCP_TEXT; break;
  case FORM_TEXT: value->type = ADCP_TEXT; break;
  case FORM_TEXT16: value->type = ADCP_TEXT16; break;
  default: value->type = ADCP_BLOB; break;
  }
  if( slot->form == FORM_HEX ) {
    good = adcp_hex_decode(bytes, size, bytes, &size);
  } else if( slot->form != FORM_STRING ) {
    good = adcp_base64_decode(bytes, size, bytes, &size);
  }
  value->bytes = bytes;
  value->size = good ? size : 0; /* it was checked while parsing */
}

const AdcpValue *adcp_row_values(AdcpRowReader *reader, uint8_t *text) {
  for( size_t i = 0; i < reader->keys.count; i++ ) {
    const Slot *slot = &reader->slots[i];
    AdcpValue *value = &reader->values[i];
    switch( slot->form ) {
    case FORM_NULL: value->type = ADCP_NULL; break;
    case FORM_INTEGER:
      value->type = ADCP_INTEGER;
      value->integer = slot->integer;
      break;
    case FORM_REAL:
      value->type = ADCP_REAL;
      value->real = slot->real;
      break;
    default: decode_string(slot, text, value); break;
    }
  }
  return reader->values;
}

/* ---- open and close ---- */

static void index_keys(AdcpRowReader *reader, const AdcpTable *table, AdcpError *err) {
  for( size_t i = 0; i < reader->keys.count && err->rc == ADCP_OK; i++ ) {
    size_t n;
    const char *name = adcp_row_key_name(&reader->keys, i, &n);
    if( adcp_map_put(&reader->by_name, name, n, &reader->slots[i], err) ) {
      adcp_error_set(err, ADCP_CORRUPT, "table \"%s\" has two columns \"%s\"", table->name, name);
    }
  }
}

AdcpRowReader *adcp_row_reader_open(const AdcpTable *table, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpRowReader *reader = adcp_calloc(1, sizeof *reader);
  if( reader == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  reader->shadow = table->kind == ADCP_TABLE_SHADOW;
  adcp_row_keys_build(&reader->keys, table, err);
  reader->slots = adcp_calloc(reader->keys.count + 1, sizeof(Slot));
  reader->values = adcp_calloc(reader->keys.count + 1, sizeof(AdcpValue));
  if( reader->slots == NULL || reader->values == NULL ) adcp_error_nomem(err);
  index_keys(reader, table, err);
  if( err->rc == ADCP_OK ) return reader;
  adcp_row_reader_close(reader);
  return NULL;
}

void adcp_row_reader_close(AdcpRowReader *reader) {
  if( reader == NULL ) return;
  adcp_map_free(&reader->by_name);
  adcp_row_keys_free(&reader->keys);
  adcp_buf_free(&reader->scratch);
  adcp_free(reader->slots);
  adcp_free(reader->values);
  adcp_free(reader);
}
