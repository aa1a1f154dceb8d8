/*
** fts.c - reads the content= argument of an FTS table (contract in fts.h).
**
** Arguments stand between the commas after the module's name. Both modules take an option as key,
** '=' and value, with any of SQLite's quotes around the value.
*/
#include "db/fts.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/name_map.h"
#include "db/token.h"

/* A cursor over the tokens that are not space. */
typedef struct Cursor {
  const char *at, *end;
  AdcpTokenType type;
  size_t size;
} Cursor;

static void next_token(Cursor *cursor) {
  do {
    cursor->at += cursor->size;
    cursor->type = adcp_token_next(cursor->at, (size_t)(cursor->end - cursor->at), &cursor->size);
    if( cursor->type == ADCP_TOKEN_END ) cursor->size = 0;
  } while( cursor->type == ADCP_TOKEN_SPACE );
}

static bool is_byte(const Cursor *cursor, char byte) {
  return cursor->type == ADCP_TOKEN_OTHER && cursor->size == 1 && *cursor->at == byte;
}

static bool is_word(const Cursor *cursor, const char *word) {
  return cursor->type == ADCP_TOKEN_WORD && cursor->size == strlen(word) &&
         sqlite3_strnicmp(cursor->at, word, (int)cursor->size) == 0;
}

static char *value_of(const Cursor *cursor, AdcpError *err) {
  if( cursor->type != ADCP_TOKEN_WORD && cursor->type != ADCP_TOKEN_QUOTED ) return NULL;
  return adcp_token_dequote(cursor->at, cursor->size, err);
}

/* From the '(' on: the value of the argument that is `option = value`. */
static char *find_value(Cursor *cursor, const char *option, AdcpError *err) {
  bool at_start = false; /* of an argument */
  for( next_token(cursor); cursor->type != ADCP_TOKEN_END; next_token(cursor) ) {
    bool candidate = at_start && is_word(cursor, option);
    at_start = is_byte(cursor, '(') || is_byte(cursor, ',');
    if( !candidate ) continue;
    next_token(cursor);
    if( !is_byte(cursor, '=') ) continue;
    next_token(cursor);
    return value_of(cursor, err);
  }
  return NULL;
}

/* The value of an option, NULL where it is empty or not given. */
static char *fts_option(const char *sql, const char *option, AdcpError *err) {
  AdcpCreate create;
  char *value = NULL;
  if( !adcp_create_recognize(sql, &create, err) ) return NULL; /* vetting complains about those */
  bool is_fts = create.module && (sqlite3_stricmp(create.module, "fts4") == 0 ||
                                  sqlite3_stricmp(create.module, "fts5") == 0);
  if( is_fts && create.module_args_at ) {
    Cursor cursor = {sql + create.module_args_at, sql + strlen(sql), ADCP_TOKEN_END, 0};
    value = find_value(&cursor, option, err);
    if( value && value[0] == 0 ) {
      adcp_free(value);
      value = NULL;
    }
  }
  adcp_create_free(&create);
  return value;
}

/* content='' is contentless. */
char *adcp_fts_content_table(const char *sql, AdcpError *err) {
  return fts_option(sql, "content", err);
}

char *adcp_fts_content_rowid(const char *sql, AdcpError *err) {
  return fts_option(sql, "content_rowid", err);
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
