/*
** constraint.c - constraints of a schema text (contract in constraint.h).
**
** The body of a CREATE TABLE is a list of columns and table constraints. CHECK, UNIQUE and PRIMARY are
** reserved words, so that one outside of inner parentheses begins a constraint.
*/
#include "db/constraint.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/name.h"
#include "db/catalog.h"
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

static int depth_of(const Cursor *cursor) {
  return is_sign(cursor, '(') ? 1 : is_sign(cursor, ')') ? -1 : 0;
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
    depth += depth_of(cursor);
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
    depth += depth_of(cursor);
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

/* ---- the primary key ---- */

static void add_key_column(AdcpDeclaredKey *key, const Cursor *name, bool descending) {
  struct AdcpDeclaredColumn *larger = adcp_realloc(key->columns, (key->count + 1) * sizeof *larger);
  if( larger ) key->columns = larger;
  char *copy = name->type == ADCP_TOKEN_QUOTED ? adcp_token_dequote(name->at, name->size, name->err)
                                               : adcp_strndup(name->at, name->size);
  if( larger && copy ) {
    key->columns[key->count++] = (struct AdcpDeclaredColumn){copy, descending};
    return;
  }
  adcp_free(copy);
  adcp_error_nomem(name->err);
}

/* At the end of a column of the list, of a column of the table, or of a table constraint. */
static bool is_item_end(const Cursor *cursor, int depth) {
  return is_end(cursor) || (depth == 0 && (is_sign(cursor, ',') || is_sign(cursor, ')')));
}

/* A column of the list: its name, perhaps in parentheses; then what may be COLLATE and a name, and ASC
** or DESC. A name may be one of these words. */
static void read_key_column(AdcpDeclaredKey *key, Cursor *cursor) {
  int depth = 0;
  for( ; is_sign(cursor, '('); next(cursor) ) depth++;
  const Cursor name = *cursor;
  bool descending = false;
  for( next(cursor); !is_item_end(cursor, depth); next(cursor) ) {
    depth += depth_of(cursor);
    descending = is_word(cursor, "DESC");
    if( is_word(cursor, "COLLATE") ) next(cursor);
  }
  add_key_column(key, &name, descending);
}

/* From behind PRIMARY KEY. */
static void read_key(AdcpDeclaredKey *key, const Cursor *column, Cursor *cursor) {
  if( !is_sign(cursor, '(') ) {
    add_key_column(key, column, is_word(cursor, "DESC"));
    return;
  }
  do {
    next(cursor); /* behind "(" or "," */
    read_key_column(key, cursor);
  } while( is_sign(cursor, ',') );
  next(cursor);
}

/* As read_item. */
static void find_key(AdcpDeclaredKey *key, Cursor *cursor) {
  const Cursor column = *cursor;
  int depth = 0;
  while( !is_item_end(cursor, depth) ) {
    bool is_key = depth == 0 && is_word(cursor, "PRIMARY");
    depth += depth_of(cursor);
    next(cursor);
    if( !is_key || !is_word(cursor, "KEY") ) continue;
    next(cursor);
    read_key(key, &column, cursor);
  }
}

void adcp_declared_key_read(AdcpDeclaredKey *key, const char *sql, AdcpError *err) {
  AdcpCreate create;
  if( err->rc || !adcp_create_recognize(sql, &create, err) ) return;
  if( create.type == ADCP_OBJECT_TABLE && !create.is_virtual ) {
    Cursor cursor = cursor_at(sql + create.name_at + create.name_size, err);
    while( !is_end(&cursor) && !is_sign(&cursor, ')') ) {
      next(&cursor); /* behind "(" or "," */
      find_key(key, &cursor);
    }
  }
  adcp_create_free(&create);
}

void adcp_declared_key_read_live(AdcpDeclaredKey *key, AdcpDb *db, const AdcpTable *table) {
  if( table->never_desc ) return;
  char *sql = adcp_catalog_sql(db, ADCP_OBJECT_TABLE, table->name);
  if( sql && adcp_token_has_word(sql, "DESC") ) adcp_declared_key_read(key, sql, db->err);
  adcp_free(sql);
}

bool adcp_declared_key_descends(const AdcpDeclaredKey *key) {
  for( size_t i = 0; i < key->count; i++ ) {
    if( key->columns[i].descending ) return true;
  }
  return false;
}

bool adcp_declared_key_next(AdcpDeclaredKey *key, const char *name) {
  while( name && key->next < key->count ) {
    const struct AdcpDeclaredColumn *column = &key->columns[key->next++];
    if( adcp_name_equal(column->name, name) ) return column->descending;
  }
  return false;
}

void adcp_declared_key_free(AdcpDeclaredKey *key) {
  for( size_t i = 0; i < key->count; i++ ) adcp_free(key->columns[i].name);
  adcp_free(key->columns);
  memset(key, 0, sizeof *key);
}
