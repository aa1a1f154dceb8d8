/*
** constraint.c - the CHECK and UNIQUE constraints of a schema text (contract in constraint.h).
**
** The body of a CREATE TABLE is a list of columns and table constraints. CHECK and UNIQUE are
** reserved words, so that one outside of inner parentheses begins a constraint.
*/
#include "db/constraint.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/token.h"

typedef struct Cursor {
  const char *at; /* the token */
  size_t size, left;
  AdcpTokenType type;
  AdcpError *err;
} Cursor;

static void move(Cursor *cursor) {
  cursor->at += cursor->size;
  cursor->left -= cursor->size;
  cursor->type = adcp_token_next(cursor->at, cursor->left, &cursor->size);
}

/* To the next token that is neither white space nor a comment. */
static void next(Cursor *cursor) {
  do {
    move(cursor);
  } while( cursor->type == ADCP_TOKEN_SPACE );
}

static Cursor cursor_at(const char *sql, AdcpError *err) {
  Cursor cursor = {.at = sql, .left = strlen(sql), .err = err};
  next(&cursor);
  return cursor;
}

static bool is_end(const Cursor *cursor) {
  return cursor->err->rc || cursor->type == ADCP_TOKEN_END || cursor->type == ADCP_TOKEN_ILLEGAL;
}

static bool is_sign(const Cursor *cursor, char sign) {
  return cursor->type == ADCP_TOKEN_OTHER && cursor->size == 1 && *cursor->at == sign;
}

static bool is_word(const Cursor *cursor, const char *word) {
  return cursor->type == ADCP_TOKEN_WORD && adcp_token_is_word(cursor->at, cursor->size, word);
}

/* ---- one constraint ---- */

typedef struct Text {
  AdcpBuf text, key;
} Text;

/* Names are the same in any case and quotes. */
static void append_key(Text *out, const Cursor *token) {
  bool is_quoted = token->type == ADCP_TOKEN_QUOTED && *token->at != '\'';
  char *name = is_quoted ? adcp_token_dequote(token->at, token->size, token->err) : NULL;
  const char *bytes = name ? name : token->at;
  size_t size = name ? strlen(name) : token->size;
  bool is_name = is_quoted || token->type == ADCP_TOKEN_WORD;
  for( size_t i = 0; i < size; i++ ) {
    bool upper = is_name && bytes[i] >= 'A' && bytes[i] <= 'Z';
    adcp_buf_append_byte(&out->key, (uint8_t)(upper ? bytes[i] - 'A' + 'a' : bytes[i]));
  }
  adcp_buf_append_byte(&out->key, ' ');
  adcp_free(name);
}

static void append_token(Text *out, const Cursor *token) {
  if( token->type == ADCP_TOKEN_SPACE ) {
    bool apart = out->text.size > 0 && out->text.data[out->text.size - 1] == ' ';
    if( !apart ) adcp_buf_append_byte(&out->text, ' ');
    return;
  }
  adcp_buf_append(&out->text, token->at, token->size);
  append_key(out, token);
}

static void add(AdcpConstraints *list, AdcpConstraintKind kind, Text *out, AdcpError *err) {
  AdcpConstraint *larger = adcp_realloc(list->items, (list->count + 1) * sizeof *larger);
  if( larger ) list->items = larger;
  char *text = adcp_buf_take(&out->text), *key = adcp_buf_take(&out->key);
  adcp_buf_free(&out->text);
  adcp_buf_free(&out->key);
  if( larger && text && key && !err->rc ) {
    list->items[list->count++] = (AdcpConstraint){kind, text, key};
    adcp_map_put(&list->by_key[kind], key, strlen(key), key, err);
    return;
  }
  adcp_free(text);
  adcp_free(key);
  adcp_error_nomem(err);
}

static const char *const words[] = {"CHECK ", "UNIQUE "};

/* What stands in the parentheses that begin here; the cursor goes behind them. */
static void take_parentheses(AdcpConstraints *list, AdcpConstraintKind kind, Cursor *cursor) {
  Text out = {{0}, {0}};
  int depth = 0;
  adcp_buf_append_str(&out.text, words[kind]);
  for( ; !is_end(cursor); move(cursor) ) {
    append_token(&out, cursor);
    depth += is_sign(cursor, '(') ? 1 : is_sign(cursor, ')') ? -1 : 0;
    if( depth == 0 ) break;
  }
  add(list, kind, &out, cursor->err);
  next(cursor);
}

/* UNIQUE behind a column, as it would be written of the table. */
static void add_unique_column(AdcpConstraints *list, const Cursor *column) {
  Text out = {{0}, {0}};
  adcp_buf_append_str(&out.text, "UNIQUE (");
  adcp_buf_append_str(&out.key, "( ");
  append_token(&out, column);
  adcp_buf_append_str(&out.text, ")");
  adcp_buf_append_str(&out.key, ") ");
  add(list, ADCP_CONSTRAINT_UNIQUE, &out, column->err);
}

/* ---- texts ---- */

/* From the first token of a column or table constraint to the comma or parenthesis behind it. */
static void read_item(AdcpConstraints *list, Cursor *cursor) {
  const Cursor column = *cursor;
  int depth = 0;
  while( !is_end(cursor) && (depth || !(is_sign(cursor, ',') || is_sign(cursor, ')'))) ) {
    bool check = depth == 0 && is_word(cursor, "CHECK");
    bool unique = depth == 0 && is_word(cursor, "UNIQUE");
    depth += is_sign(cursor, '(') ? 1 : is_sign(cursor, ')') ? -1 : 0;
    next(cursor);
    if( (check || unique) && is_sign(cursor, '(') ) {
      take_parentheses(list, check ? ADCP_CONSTRAINT_CHECK : ADCP_CONSTRAINT_UNIQUE, cursor);
    } else if( unique ) {
      add_unique_column(list, &column);
    }
  }
}

static void read_table(AdcpConstraints *list, const char *body, AdcpError *err) {
  Cursor cursor = cursor_at(body, err);
  while( !is_end(&cursor) && !is_sign(&cursor, ')') ) {
    next(&cursor); /* behind "(" or "," */
    read_item(list, &cursor);
  }
}

/* Columns and expressions of a unique index, and its WHERE. */
static void read_index(AdcpConstraints *list, const char *body, AdcpError *err) {
  Text out = {{0}, {0}};
  Cursor cursor = cursor_at(body, err);
  adcp_buf_append_str(&out.text, words[ADCP_CONSTRAINT_UNIQUE]);
  for( ; !is_end(&cursor); move(&cursor) ) append_token(&out, &cursor);
  add(list, ADCP_CONSTRAINT_UNIQUE, &out, err);
}

void adcp_constraints_add(AdcpConstraints *list, const char *sql, AdcpError *err) {
  AdcpCreate create;
  if( err->rc || !adcp_create_recognize(sql, &create, err) ) return;
  if( create.type == ADCP_OBJECT_TABLE && !create.is_virtual ) {
    read_table(list, sql + create.name_at + create.name_size, err);
  } else if( create.is_unique ) {
    read_index(list, sql + create.on_at + create.on_size, err);
  }
  adcp_create_free(&create);
}

bool adcp_constraints_have(const AdcpConstraints *list, const AdcpConstraint *constraint) {
  const char *key = constraint->key;
  return adcp_map_get(&list->by_key[constraint->kind], key, strlen(key)) != NULL;
}

void adcp_constraints_free(AdcpConstraints *list) {
  for( size_t i = 0; i < list->count; i++ ) {
    adcp_free(list->items[i].text);
    adcp_free(list->items[i].key);
  }
  adcp_map_free(&list->by_key[ADCP_CONSTRAINT_CHECK]);
  adcp_map_free(&list->by_key[ADCP_CONSTRAINT_UNIQUE]);
  adcp_free(list->items);
  memset(list, 0, sizeof *list);
}
