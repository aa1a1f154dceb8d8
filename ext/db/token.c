/*
** token.c - a tokenizer for schema SQL, and edits on it by token (contract in token.h).
**
** Token limits are SQLite's own: what it takes for one token is one token here, so an edit can
** never land inside a comment or a string. The head of a CREATE statement is then read by one
** token of look-ahead; whatever stands behind the head is left to SQLite's parser.
*/
#include "db/token.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"

/* Longest piece of foreign text quoted in a message. */
#define EXCERPT_BYTES 40

/* ---- tokens ---- */

static bool is_space(unsigned char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

static bool is_hex(unsigned char c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_letter(unsigned char c) {
  return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c >= 0x80;
}

/* May stand inside an identifier. */
static bool is_word(unsigned char c) {
  return is_letter(c) || is_digit(c) || c == '$';
}

static size_t word_length(const char *sql, size_t n, size_t from) {
  while( from < n && is_word((unsigned char)sql[from]) ) from++;
  return from;
}

static size_t digits_length(const char *sql, size_t n, size_t from) {
  while( from < n && is_digit((unsigned char)sql[from]) ) from++;
  return from;
}

static size_t line_comment_length(const char *sql, size_t n) {
  const char *end = memchr(sql, '\n', n);
  return end ? (size_t)(end - sql) : n;
}

/* An open comment reaches to the end of the text, as in SQLite. */
static size_t block_comment_length(const char *sql, size_t n) {
  size_t i = 3;
  while( i < n && !(sql[i - 1] == '*' && sql[i] == '/') ) i++;
  return i < n ? i + 1 : n;
}

/* 0 when neither white space nor a comment begins here. */
static size_t space_length(const char *sql, size_t n) {
  size_t i = 0;
  /* SQLite takes a vertical tab as white space, but not as the first of it. */
  while( i < n && is_space((unsigned char)sql[i]) && sql[0] != '\v' ) i++;
  if( i > 0 ) return i;
  if( n >= 2 && sql[0] == '-' && sql[1] == '-' ) return line_comment_length(sql, n);
  if( n >= 3 && sql[0] == '/' && sql[1] == '*' ) return block_comment_length(sql, n);
  if( n >= 3 && memcmp(sql, "\xef\xbb\xbf", 3) == 0 ) return 3;
  return 0;
}

/* `close` written twice stands for itself, except in brackets. */
static AdcpTokenType quoted_next(const char *sql, size_t n, char close, size_t *length) {
  for( size_t i = 1; i < n; i++ ) {
    if( sql[i] != close ) continue;
    if( close != ']' && i + 1 < n && sql[i + 1] == close ) {
      i++;
      continue;
    }
    *length = i + 1;
    return ADCP_TOKEN_QUOTED;
  }
  *length = n;
  return ADCP_TOKEN_ILLEGAL;
}

static AdcpTokenType number_next(const char *sql, size_t n, size_t *length) {
  size_t i;
  if( n >= 3 && sql[0] == '0' && (sql[1] | 0x20) == 'x' && is_hex((unsigned char)sql[2]) ) {
    for( i = 3; i < n && is_hex((unsigned char)sql[i]); i++ ) {
    }
  } else {
    i = digits_length(sql, n, 0);
    if( i < n && sql[i] == '.' ) i = digits_length(sql, n, i + 1);
    if( i + 1 < n && (sql[i] | 0x20) == 'e' ) {
      size_t at = i + 1 + (sql[i + 1] == '+' || sql[i + 1] == '-');
      if( at < n && is_digit((unsigned char)sql[at]) ) i = digits_length(sql, n, at);
    }
  }
  *length = word_length(sql, n, i);
  return *length == i ? ADCP_TOKEN_OTHER : ADCP_TOKEN_ILLEGAL;
}

static AdcpTokenType blob_next(const char *sql, size_t n, size_t *length) {
  size_t i = 2;
  while( i < n && is_hex((unsigned char)sql[i]) ) i++;
  bool good = i < n && sql[i] == '\'' && i % 2 == 0;
  while( i < n && sql[i] != '\'' ) i++;
  *length = i < n ? i + 1 : n;
  return good ? ADCP_TOKEN_OTHER : ADCP_TOKEN_ILLEGAL;
}

/* ?1, :name, @name, $name: schema text never holds them, so forms of Tcl (::, parentheses) do not
** matter. */
static AdcpTokenType variable_next(const char *sql, size_t n, size_t *length) {
  *length = sql[0] == '?' ? digits_length(sql, n, 1) : word_length(sql, n, 1);
  return sql[0] == '?' || *length > 1 ? ADCP_TOKEN_OTHER : ADCP_TOKEN_ILLEGAL;
}

static AdcpTokenType operator_next(const char *sql, size_t n, size_t *length) {
  static const char *const operators[] = {
      "->>", "->", "<=", "<>", "<<", ">=", ">>", "==", "!=", "||", NULL};
  for( size_t i = 0; operators[i]; i++ ) {
    size_t size = strlen(operators[i]);
    if( n >= size && memcmp(sql, operators[i], size) == 0 ) {
      *length = size;
      return ADCP_TOKEN_OTHER;
    }
  }
  *length = 1;
  return sql[0] && strchr("-(),;+*/%=<>|&~.", sql[0]) ? ADCP_TOKEN_OTHER : ADCP_TOKEN_ILLEGAL;
}

AdcpTokenType adcp_token_next(const char *sql, size_t n, size_t *length) {
  *length = 0;
  if( n == 0 ) return ADCP_TOKEN_END;
  *length = space_length(sql, n);
  if( *length > 0 ) return ADCP_TOKEN_SPACE;
  unsigned char c = (unsigned char)sql[0];
  if( c == '"' || c == '\'' || c == '`' ) return quoted_next(sql, n, (char)c, length);
  if( c == '[' ) return quoted_next(sql, n, ']', length);
  if( is_digit(c) || (c == '.' && n > 1 && is_digit((unsigned char)sql[1])) ) {
    return number_next(sql, n, length);
  }
  if( (c | 0x20) == 'x' && n > 1 && sql[1] == '\'' ) return blob_next(sql, n, length);
  if( is_letter(c) ) {
    *length = word_length(sql, n, 1);
    return ADCP_TOKEN_WORD;
  }
  if( strchr("?$@:#", c) && c ) return variable_next(sql, n, length);
  return operator_next(sql, n, length);
}

bool adcp_token_is_word(const char *token, size_t size, const char *word) {
  if( size != strlen(word) ) return false;
  for( size_t i = 0; i < size; i++ ) { /* not strncasecmp: that is the locale's */
    char c = token[i] >= 'a' && token[i] <= 'z' ? (char)(token[i] - 'a' + 'A') : token[i];
    if( c != word[i] ) return false;
  }
  return true;
}

bool adcp_token_is_name(const char *token, size_t size, AdcpTokenType type, const char *name,
                        AdcpError *err) {
  if( type != ADCP_TOKEN_WORD && type != ADCP_TOKEN_QUOTED ) return false;
  char *text =
      type == ADCP_TOKEN_QUOTED ? adcp_token_dequote(token, size, err) : adcp_strndup(token, size);
  if( text == NULL ) adcp_error_nomem(err);
  bool same = text && adcp_name_equal(text, name);
  adcp_free(text);
  return same;
}

bool adcp_token_has_word(const char *sql, const char *word) {
  size_t left = strlen(sql), size;
  AdcpTokenType type;
  for( ; (type = adcp_token_next(sql, left, &size)) != ADCP_TOKEN_END; sql += size, left -= size ) {
    if( type == ADCP_TOKEN_WORD && adcp_token_is_word(sql, size, word) ) return true;
  }
  return false;
}

const char *adcp_token_next_default(const char **at, const char *end, size_t *size) {
  const char *value = NULL;
  bool after_default = false;
  size_t length = 0, depth = 0;
  for( const char *token = *at; token < end; token += length ) {
    AdcpTokenType type = adcp_token_next(token, (size_t)(end - token), &length);
    bool opens = type == ADCP_TOKEN_OTHER && *token == '(';
    bool closes = type == ADCP_TOKEN_OTHER && *token == ')';
    if( value == NULL && opens && after_default ) value = token;
    if( value && opens ) depth++;
    if( value && closes && --depth == 0 ) {
      *at = token + length;
      *size = (size_t)(*at - value);
      return value;
    }
    if( type == ADCP_TOKEN_SPACE ) continue;
    after_default = type == ADCP_TOKEN_WORD && adcp_token_is_word(token, length, "DEFAULT");
  }
  *at = end;
  return NULL;
}

size_t adcp_token_count(const char *sql, size_t most) {
  size_t n = strlen(sql), count = 0, length;
  AdcpTokenType type;
  while( count <= most && (type = adcp_token_next(sql, n, &length)) != ADCP_TOKEN_END ) {
    count += type != ADCP_TOKEN_SPACE;
    sql += length;
    n -= length;
  }
  return count;
}

bool adcp_token_is_blank(const char *sql) {
  size_t left = strlen(sql), length;
  for( ; left > 0; sql += length, left -= length ) {
    if( adcp_token_next(sql, left, &length) != ADCP_TOKEN_SPACE && *sql != ';' ) return false;
  }
  return true;
}

/* ---- the head of a CREATE statement ---- */

typedef struct Cursor {
  const char *sql;
  size_t size;
  AdcpTokenType type; /* the token that stands next; never SPACE */
  size_t at, length;
  AdcpError *err;
} Cursor;

static void cursor_advance(Cursor *cursor) {
  do {
    cursor->at += cursor->length;
    cursor->type =
        adcp_token_next(cursor->sql + cursor->at, cursor->size - cursor->at, &cursor->length);
  } while( cursor->type == ADCP_TOKEN_SPACE );
}

static void cursor_start(Cursor *cursor, const char *sql, AdcpError *err) {
  *cursor = (Cursor){.sql = sql, .size = strlen(sql), .err = err};
  cursor_advance(cursor);
}

static void fail_expected(Cursor *cursor, const char *expected) {
  if( cursor->type == ADCP_TOKEN_END ) {
    adcp_error_set(cursor->err, ADCP_CORRUPT, "SQL that ends where %s is expected", expected);
    return;
  }
  size_t n = cursor->length < EXCERPT_BYTES ? cursor->length : EXCERPT_BYTES;
  adcp_error_set(cursor->err, ADCP_CORRUPT, "SQL that has %.*s at byte %zu where %s is expected",
                 (int)n, cursor->sql + cursor->at, cursor->at, expected);
}

static bool at_word(const Cursor *cursor, const char *word) {
  return cursor->type == ADCP_TOKEN_WORD &&
         adcp_token_is_word(cursor->sql + cursor->at, cursor->length, word);
}

static bool at_symbol(const Cursor *cursor, char symbol) {
  return cursor->type == ADCP_TOKEN_OTHER && cursor->length == 1 &&
         cursor->sql[cursor->at] == symbol;
}

static bool accept_word(Cursor *cursor, const char *word) {
  if( cursor->err->rc || !at_word(cursor, word) ) return false;
  cursor_advance(cursor);
  return true;
}

static void expect_word(Cursor *cursor, const char *word) {
  if( cursor->err->rc ) return;
  if( !accept_word(cursor, word) ) fail_expected(cursor, word);
}

/* A name token as text, without its quotes. */
char *adcp_token_dequote(const char *token, size_t size, AdcpError *err) {
  char open = token[0];
  bool quoted = open == '"' || open == '\'' || open == '`' || open == '[';
  char *name = adcp_malloc(size + 1);
  if( name == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  size_t n = 0;
  size_t end = quoted ? size - 1 : size;
  for( size_t i = quoted ? 1 : 0; i < end; i++ ) {
    name[n++] = token[i];
    if( quoted && open != '[' && token[i] == open ) i++;
  }
  name[n] = 0;
  return name;
}

/* Passes a name and says where it stands; false when there is none. */
static bool expect_name(Cursor *cursor, const char *expected, size_t *at, size_t *size) {
  if( cursor->err->rc ) return false;
  if( cursor->type != ADCP_TOKEN_WORD && cursor->type != ADCP_TOKEN_QUOTED ) {
    fail_expected(cursor, expected);
    return false;
  }
  *at = cursor->at;
  *size = cursor->length;
  cursor_advance(cursor);
  return true;
}

/* [schema .] name */
typedef struct QualifiedName {
  size_t schema_at; /* where the schema, or without one the name, begins */
  size_t at, size;  /* the name's token */
  char *schema;     /* dequoted; NULL without one */
  char *name;       /* dequoted; NULL when there is none */
} QualifiedName;

static QualifiedName expect_qualified_name(Cursor *cursor, const char *expected) {
  QualifiedName full = {0};
  if( !expect_name(cursor, expected, &full.at, &full.size) ) return full;
  full.schema_at = full.at;
  if( at_symbol(cursor, '.') ) {
    full.schema = adcp_token_dequote(cursor->sql + full.at, full.size, cursor->err);
    cursor_advance(cursor);
    if( !expect_name(cursor, expected, &full.at, &full.size) ) return full;
  }
  full.name = adcp_token_dequote(cursor->sql + full.at, full.size, cursor->err);
  return full;
}

static void parse_kind(Cursor *cursor, AdcpCreate *create) {
  expect_word(cursor, "CREATE");
  create->is_temp = accept_word(cursor, "TEMP") || accept_word(cursor, "TEMPORARY");
  create->is_unique = accept_word(cursor, "UNIQUE");
  create->is_virtual = !create->is_unique && accept_word(cursor, "VIRTUAL");
  if( cursor->err->rc ) return;
  if( create->is_unique ) {
    create->type = ADCP_OBJECT_INDEX;
    expect_word(cursor, "INDEX");
  } else if( create->is_virtual ) {
    create->type = ADCP_OBJECT_TABLE;
    expect_word(cursor, "TABLE");
  } else if( accept_word(cursor, "TABLE") ) {
    create->type = ADCP_OBJECT_TABLE;
  } else if( accept_word(cursor, "INDEX") ) {
    create->type = ADCP_OBJECT_INDEX;
  } else if( accept_word(cursor, "VIEW") ) {
    create->type = ADCP_OBJECT_VIEW;
  } else if( accept_word(cursor, "TRIGGER") ) {
    create->type = ADCP_OBJECT_TRIGGER;
  } else {
    fail_expected(cursor, "TABLE, INDEX, VIEW or TRIGGER");
  }
}

static void parse_name(Cursor *cursor, AdcpCreate *create) {
  create->if_not_exists = accept_word(cursor, "IF");
  if( create->if_not_exists ) {
    expect_word(cursor, "NOT");
    expect_word(cursor, "EXISTS");
  }
  QualifiedName full = expect_qualified_name(cursor, "the object's name");
  create->schema_at = full.schema_at;
  create->name_at = full.at;
  create->name_size = full.size;
  create->has_schema_name = full.schema_at != full.at;
  create->name = full.name;
  adcp_free(full.schema);
}

static void parse_on(Cursor *cursor, AdcpCreate *create) {
  expect_word(cursor, "ON");
  QualifiedName full = expect_qualified_name(cursor, "the table's name");
  create->on_schema_at = full.schema_at;
  create->on_at = full.at;
  create->on_size = full.size;
  create->on_name = full.name;
  create->on_schema = full.schema;
}

/* BEFORE | AFTER | INSTEAD OF, and DELETE | INSERT | UPDATE [OF column, ...]. */
static void parse_trigger_event(Cursor *cursor, AdcpCreate *create) {
  static const char *const events[] = {"DELETE", "INSERT", "UPDATE"};
  size_t at, size;
  if( accept_word(cursor, "INSTEAD") ) {
    expect_word(cursor, "OF");
  } else if( !accept_word(cursor, "BEFORE") ) {
    accept_word(cursor, "AFTER");
  }
  for( int i = 0; i < 3 && create->event == NULL; i++ ) {
    if( accept_word(cursor, events[i]) ) create->event = events[i];
  }
  if( create->event == NULL && !cursor->err->rc ) {
    fail_expected(cursor, "DELETE, INSERT or UPDATE");
  }
  if( create->event != events[2] || !accept_word(cursor, "OF") ) return;
  expect_name(cursor, "a column's name", &at, &size);
  while( !cursor->err->rc && at_symbol(cursor, ',') ) {
    cursor_advance(cursor);
    expect_name(cursor, "a column's name", &at, &size);
  }
}

static void parse_module(Cursor *cursor, AdcpCreate *create) {
  size_t at, size;
  expect_word(cursor, "USING");
  if( !expect_name(cursor, "the module's name", &at, &size) ) return;
  create->module = adcp_token_dequote(cursor->sql + at, size, cursor->err);
  if( at_symbol(cursor, '(') ) create->module_args_at = cursor->at;
}

bool adcp_create_parse(const char *sql, AdcpCreate *create, AdcpError *err) {
  Cursor cursor;
  memset(create, 0, sizeof(*create));
  if( err->rc ) return false;
  cursor_start(&cursor, sql, err);
  parse_kind(&cursor, create);
  parse_name(&cursor, create);
  if( create->type == ADCP_OBJECT_TRIGGER ) parse_trigger_event(&cursor, create);
  if( create->type == ADCP_OBJECT_TRIGGER || create->type == ADCP_OBJECT_INDEX ) {
    parse_on(&cursor, create);
  }
  if( create->is_virtual ) parse_module(&cursor, create);
  if( create->type == ADCP_OBJECT_TABLE && !create->is_virtual ) {
    create->as_select = accept_word(&cursor, "AS");
  }
  if( err->rc ) adcp_create_free(create);
  return err->rc == ADCP_OK;
}

bool adcp_create_recognize(const char *sql, AdcpCreate *create, AdcpError *err) {
  AdcpError none = ADCP_ERROR_INIT;
  bool found = adcp_create_parse(sql, create, &none);
  if( none.rc == ADCP_CORRUPT ) adcp_error_clear(&none);
  adcp_error_move(err, &none);
  return found;
}

void adcp_create_free(AdcpCreate *create) {
  adcp_free(create->name);
  adcp_free(create->on_name);
  adcp_free(create->on_schema);
  adcp_free(create->module);
  memset(create, 0, sizeof(*create));
}

/* ---- edits ---- */

static void append_identifier(AdcpBuf *out, const char *name) {
  adcp_buf_append_byte(out, '"');
  for( ; *name; name++ ) {
    if( *name == '"' ) adcp_buf_append_byte(out, '"');
    adcp_buf_append_byte(out, (uint8_t)*name);
  }
  adcp_buf_append_byte(out, '"');
}

void adcp_create_splice(AdcpBuf *out, const char *sql, const AdcpCreate *create, const char *schema,
                        const char *new_name, const char *new_on) {
  size_t from = create->name_at + create->name_size;
  adcp_buf_append(out, sql, create->schema_at);
  if( schema ) {
    append_identifier(out, schema);
    adcp_buf_append_byte(out, '.');
  }
  if( new_name ) {
    append_identifier(out, new_name);
  } else {
    adcp_buf_append(out, sql + create->name_at, create->name_size);
  }
  if( new_on ) {
    assert(create->on_at >= from);
    adcp_buf_append(out, sql + from, create->on_at - from);
    append_identifier(out, new_on);
    from = create->on_at + create->on_size;
  }
  adcp_buf_append_str(out, sql + from);
}
