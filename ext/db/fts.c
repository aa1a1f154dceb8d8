/*
** fts.c - reads the arguments of an FTS table as its module does (contract in fts.h).
**
** SQLite hands a module the text between two commas, from its first token to its last one. fts4 takes
** what stands before the first '=' as the key and all behind it as the value, and of an option given
** twice the last; fts5 takes a bare word, which may be cut short (c=, cont=), blanks, '=', and one word.
** Any of SQLite's quotes may stand around the value. (fts3IsSpecialColumn, fts5ConfigParseSpecial)
*/
#include "db/fts.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/name_map.h"
#include "db/token.h"

/* ---- arguments ---- */

typedef struct Argument {
  const char *text;
  size_t size;
} Argument;

/* What is left of them, without the '(' before. */
typedef struct Arguments {
  const char *at, *end;
} Arguments;

/* False at the end. */
static bool next_argument(Arguments *rest, Argument *argument) {
  size_t size = 0, depth = 0;
  *argument = (Argument){NULL, 0};
  for( ; rest->at < rest->end; rest->at += size ) {
    AdcpTokenType type = adcp_token_next(rest->at, (size_t)(rest->end - rest->at), &size);
    char c = type == ADCP_TOKEN_OTHER && size == 1 ? *rest->at : 0;
    bool ends = depth == 0 && (c == ',' || c == ')');
    if( ends ) {
      rest->at = c == ',' ? rest->at + 1 : rest->end;
      break;
    }
    depth += c == '(';
    depth -= c == ')';
    if( type == ADCP_TOKEN_SPACE ) continue;
    if( argument->text == NULL ) argument->text = rest->at;
    argument->size = (size_t)(rest->at + size - argument->text);
  }
  return argument->text != NULL || rest->at < rest->end;
}

/* ---- options ---- */

typedef enum Module { OTHER, FTS3, FTS4, FTS5 } Module;

typedef struct Option {
  const char *key, *value;
  size_t key_size, value_size;
} Option;

static bool is_bare(char c) {
  return (c & 0x80) || c == '_' || c == 0x1a || (c >= '0' && c <= '9') ||
         ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static size_t skip_blanks(Argument argument, size_t at) {
  while( at < argument.size && argument.text[at] == ' ' ) at++;
  return at;
}

/* False when the argument is a column. */
static bool read_option(Module module, Argument argument, Option *option) {
  size_t key_size = 0, at = 0;
  if( module == FTS5 ) {
    while( key_size < argument.size && is_bare(argument.text[key_size]) ) key_size++;
    at = skip_blanks(argument, key_size);
  } else {
    while( at < argument.size && argument.text[at] != '=' ) at++;
    key_size = at;
  }
  if( at >= argument.size || argument.text[at] != '=' ) return false;
  at = module == FTS5 ? skip_blanks(argument, at + 1) : at + 1;
  *option = (Option){argument.text, argument.text + at, key_size, argument.size - at};
  return true;
}

/* fts5 takes the first bytes of a name for the name. */
static bool is_option(Module module, const Option *option, const char *name) {
  size_t size = strlen(name);
  if( module == FTS5 && option->key_size > 0 && option->key_size < size ) size = option->key_size;
  return option->key_size == size && sqlite3_strnicmp(option->key, name, (int)size) == 0;
}

static bool is_quote(char c) {
  return c == '[' || c == '\'' || c == '"' || c == '`';
}

/* Up to the closing quote, the doubled ones made single. */
static char *value_of(const Option *option, AdcpError *err) {
  char *value = adcp_strndup(option->value, option->value_size);
  if( value == NULL ) adcp_error_nomem(err);
  if( value == NULL || !is_quote(value[0]) ) return value;
  char quote = value[0] == '[' ? ']' : value[0];
  size_t to = 0;
  for( size_t from = 1; value[from]; from++ ) {
    if( value[from] == quote && value[++from] != quote ) break;
    value[to++] = value[from];
  }
  value[to] = 0;
  return value;
}

bool adcp_fts_is_fts4(const char *module) {
  return sqlite3_stricmp(module, "fts3") == 0 || sqlite3_stricmp(module, "fts4") == 0;
}

/* Whose arguments they are, none or more. */
static Module open_arguments(const char *sql, Arguments *rest, AdcpError *err) {
  AdcpCreate create;
  Module module = OTHER;
  if( !adcp_create_recognize(sql, &create, err) ) return OTHER; /* vetting complains about those */
  if( create.module ) {
    if( sqlite3_stricmp(create.module, "fts3") == 0 ) module = FTS3;
    if( sqlite3_stricmp(create.module, "fts4") == 0 ) module = FTS4;
    if( sqlite3_stricmp(create.module, "fts5") == 0 ) module = FTS5;
    const char *end = sql + strlen(sql);
    *rest = (Arguments){create.module_args_at ? sql + create.module_args_at + 1 : end, end};
  }
  adcp_create_free(&create);
  return module;
}

/* The value of an option, NULL where it is not given; fts3 takes none. `other`: an option that comes
** first where a word is short for both, or NULL. */
static char *given_option(const char *sql, const char *name, const char *other, AdcpError *err) {
  Arguments rest;
  Argument argument;
  Option option, found = {NULL, NULL, 0, 0};
  Module module = open_arguments(sql, &rest, err);
  while( (module == FTS4 || module == FTS5) && next_argument(&rest, &argument) ) {
    if( !read_option(module, argument, &option) || !is_option(module, &option, name) ) continue;
    if( other == NULL || !is_option(module, &option, other) ) found = option;
  }
  return found.key ? value_of(&found, err) : NULL;
}

/* The same, NULL also where it is empty. */
static char *fts_option(const char *sql, const char *name, const char *other, AdcpError *err) {
  char *value = given_option(sql, name, other, err);
  if( value && value[0] == 0 ) {
    adcp_free(value);
    value = NULL;
  }
  return value;
}

/* content='' is contentless. */
char *adcp_fts_content_table(const char *sql, AdcpError *err) {
  return fts_option(sql, "content", NULL, err);
}

char *adcp_fts_content_rowid(const char *sql, AdcpError *err) {
  return fts_option(sql, "content_rowid", "content", err);
}

size_t adcp_fts_prefix_count(const char *sql, AdcpError *err) {
  Arguments rest;
  char *value =
      open_arguments(sql, &rest, err) == FTS4 ? fts_option(sql, "prefix", NULL, err) : NULL;
  size_t count = value != NULL;
  for( const char *at = value; at && *at; at++ ) count += *at == ',';
  adcp_free(value);
  return count;
}

void adcp_fts_functions(const char *sql, AdcpTexts *functions, AdcpError *err) {
  Arguments rest;
  Argument argument;
  Option option;
  if( err->rc || open_arguments(sql, &rest, err) != FTS4 ) return;
  while( next_argument(&rest, &argument) && !err->rc ) {
    if( !read_option(FTS4, argument, &option) ) continue;
    if( !is_option(FTS4, &option, "compress") && !is_option(FTS4, &option, "uncompress") ) continue;
    char *name = value_of(&option, err);
    if( name ) adcp_texts_add(functions, err, "%s", name);
    adcp_free(name);
  }
}

/* ---- shadow tables ---- */

static bool option_is(const char *sql, const char *name, const char *other, const char *is,
                      AdcpError *err) {
  char *value = given_option(sql, name, other, err);
  bool same = value && sqlite3_stricmp(value, is) == 0;
  adcp_free(value);
  return same;
}

static bool has_option(const char *sql, const char *name, const char *other, AdcpError *err) {
  char *value = given_option(sql, name, other, err);
  adcp_free(value);
  return value != NULL;
}

/* fts3 makes one when it is first told to merge by itself (sqlite3Fts3CreateStatTable), which is told
** from others of the name by its columns alone. */
static bool is_fts3_stat(const char *sql, AdcpError *err) {
  AdcpCreate create;
  if( sql == NULL || !adcp_create_recognize(sql, &create, err) ) return false;
  const char *columns = sql + create.name_at + create.name_size;
  bool same = strcmp(columns, "(id INTEGER PRIMARY KEY, value BLOB)") == 0;
  adcp_create_free(&create);
  return same;
}

static bool is(const char *suffix, const char *name) {
  return sqlite3_stricmp(suffix, name) == 0;
}

/* As fts3CreateTables and sqlite3Fts5StorageOpen have it. */
bool adcp_fts_keeps(const char *sql, const char *suffix, const char *shadow_sql, AdcpError *err) {
  Arguments rest;
  switch( open_arguments(sql, &rest, err) ) {
  case FTS3:
    return !is(suffix, "docsize") && (!is(suffix, "stat") || is_fts3_stat(shadow_sql, err));
  case FTS4:
    if( is(suffix, "content") ) return !has_option(sql, "content", NULL, err);
    return !is(suffix, "docsize") || !option_is(sql, "matchinfo", NULL, "fts3", err);
  case FTS5:
    if( is(suffix, "docsize") ) return !option_is(sql, "columnsize", "content", "0", err);
    return !is(suffix, "content") || !has_option(sql, "content", NULL, err) ||
           option_is(sql, "contentless_unindexed", "contentless_delete", "1", err);
  default: return true;
  }
}

/* ---- columns ---- */

static void read_columns(AdcpNameMap *names, AdcpDb *db, const char *table) {
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".table_xinfo(%Q)", db->schema, table);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    if( name == NULL ) adcp_error_nomem(db->err);
    if( name ) adcp_name_map_put(names, name, names, db->err);
  }
  adcp_db_finalize(stmt);
}

static void append_column(AdcpBuf *list, AdcpDb *db, const char *prefix, const char *name) {
  char *column = name ? sqlite3_mprintf(", %s\"%w\"", prefix, name) : NULL;
  if( column == NULL ) adcp_error_nomem(db->err);
  if( column ) adcp_buf_append_str(list, column);
  sqlite3_free(column);
}

char *adcp_fts_columns(AdcpDb *db, const char *fts, const char *prefix, const char *content) {
  AdcpNameMap shared = {0};
  AdcpBuf list = {0};
  if( content ) read_columns(&shared, db, content);
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".table_xinfo(%Q)", db->schema, fts);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    bool hidden = sqlite3_column_int(stmt, 6) != 0;
    bool left = content && name && !adcp_name_map_get(&shared, name, strlen(name), db->err);
    if( !hidden && !left ) append_column(&list, db, prefix, name);
  }
  adcp_db_finalize(stmt);
  adcp_name_map_free(&shared);
  adcp_buf_check(&list, db->err);
  char *text = db->err->rc ? NULL : adcp_buf_take(&list);
  if( text == NULL ) adcp_error_nomem(db->err);
  adcp_buf_free(&list);
  return text;
}

bool adcp_fts_content_fits(AdcpDb *db, const char *fts, const char *sql, const char *content,
                           AdcpError *reason) {
  AdcpDb trial = {db->handle, db->schema, reason};
  char *rowid = adcp_fts_content_rowid(sql, db->err);
  /* Qualified: a bare name that is not there would be taken for a string. */
  char *columns = adcp_fts_columns(db, fts, "t.", NULL);
  if( columns && !db->err->rc ) {
    adcp_db_finalize(adcp_db_prepare(&trial, "SELECT t.\"%w\"%s FROM \"%w\".\"%w\" AS t",
                                     rowid ? rowid : "rowid", columns, db->schema, content));
  }
  adcp_free(columns);
  adcp_free(rowid);
  if( reason->rc == ADCP_NOMEM || reason->rc == ADCP_INTERRUPT ) adcp_error_move(db->err, reason);
  return db->err->rc == ADCP_OK && reason->rc == ADCP_OK;
}

bool adcp_fts_has_column(AdcpDb *db, const char *fts, const char *column) {
  bool found = false;
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".table_xinfo(%Q)", db->schema, fts);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    if( name == NULL ) adcp_error_nomem(db->err);
    if( name && sqlite3_column_int(stmt, 6) == 0 && sqlite3_stricmp(name, column) == 0 ) {
      found = true;
    }
  }
  adcp_db_finalize(stmt);
  return found;
}
