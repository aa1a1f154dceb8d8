/*
** row_where.c - texts of option "where" (contract in row_where.h).
**
** By token first: parentheses must pair, so that none of ours is closed, and nothing may end the
** statement. Then SQLite prepares it, under an authorizer that lets it read and call functions.
*/
#include "ops/row_where.h"

#include <string.h>

#include "base/mem.h"
#include "db/token.h"
#include "ops/options.h"

static void fail(AdcpRowWhere *where, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(AdcpRowWhere *where, const char *format, ...) {
  AdcpError *err = adcp_scratch_db(where->scratch)->err;
  va_list args;
  va_start(args, format);
  adcp_error_setv(err, ADCP_ERROR, format, args);
  va_end(args);
}

/* ---- by token ---- */

/* A SELECT is an expression only within parentheses of its own. */
static bool is_query(const char *token, size_t size) {
  return adcp_token_is_word(token, size, "SELECT") || adcp_token_is_word(token, size, "VALUES") ||
         adcp_token_is_word(token, size, "WITH");
}

static void check_tokens(AdcpRowWhere *where) {
  const char *at = where->text;
  size_t left = strlen(at), size, tokens = 0;
  int depth = 0;
  AdcpTokenType type;
  AdcpError *err = adcp_scratch_db(where->scratch)->err;
  for( ; (type = adcp_token_next(at, left, &size)) != ADCP_TOKEN_END && !err->rc;
       at += size, left -= size ) {
    if( type == ADCP_TOKEN_SPACE ) {
      bool open = at[0] == '/' && (size < 4 || at[size - 1] != '/' || at[size - 2] != '*');
      if( open ) fail(where, "a comment is not closed");
      continue;
    }
    if( type == ADCP_TOKEN_ILLEGAL ) {
      fail(where, "unrecognized token at byte %zu", (size_t)(at - where->text));
    }
    if( tokens++ == 0 && is_query(at, size) ) {
      fail(where, "a statement is no expression; a subquery stands in parentheses");
    }
    if( size != 1 ) continue;
    if( *at == ';' ) fail(where, "\";\" ends a statement, but one expression is wanted");
    depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
    if( depth < 0 ) fail(where, "\")\" without its \"(\"");
  }
  if( depth > 0 ) fail(where, "\"(\" without its \")\"");
  if( tokens == 0 ) fail(where, "the expression is empty");
}

/* ---- by SQLite ---- */

typedef struct Inspection {
  AdcpRowWhere *where;
  int selects;
  AdcpBuf read; /* zero-terminated names, one after the other */
} Inspection;

/* Reading and computing is all that an expression does. */
static int xAuthorize(void *context, int action, const char *a, const char *b, const char *database,
                      const char *trigger) {
  Inspection *inspection = context;
  (void)trigger;
  switch( action ) {
  case SQLITE_SELECT: inspection->selects++; return SQLITE_OK;
  case SQLITE_RECURSIVE: return SQLITE_OK;
  case SQLITE_FUNCTION:
    if( b && (sqlite3_strnicmp(b, "adcp_", 5) == 0 || sqlite3_stricmp(b, "load_extension") == 0) ) {
      fail(inspection->where, "function %s() is not for expressions", b);
      return SQLITE_DENY;
    }
    return SQLITE_OK;
  case SQLITE_READ:
    if( a && sqlite3_stricmp(a, "sqlite_master") == 0 ) break; /* of the private database */
    if( database && sqlite3_stricmp(database, "main") != 0 ) break;
    if( a ) adcp_buf_append(&inspection->read, a, strlen(a) + 1);
    return SQLITE_OK;
  default: break;
  }
  fail(inspection->where, "an expression only reads the backup's tables");
  return SQLITE_DENY;
}

static void take_reads(Inspection *inspection) {
  AdcpRowWhere *where = inspection->where;
  const char *own = where->table->name;
  const char *at = (const char *)inspection->read.data, *end = at + inspection->read.size;
  where->has_subquery = inspection->selects > 1;
  for( const char *name = at; name < end; name += strlen(name) + 1 ) {
    if( sqlite3_stricmp(name, own) != 0 ) where->has_subquery = true;
  }
  if( !where->has_subquery ) return;
  for( const char *name = at; name < end; name += strlen(name) + 1 ) {
    where->xRead(where->context, name);
  }
}

/* "no such table: main.x" -> x; NULL for other messages. */
static const char *missing_table(const char *message) {
  static const char missing[] = "no such table: ";
  if( strncmp(message, missing, sizeof missing - 1) != 0 ) return NULL;
  message += sizeof missing - 1;
  return strncmp(message, "main.", 5) == 0 ? message + 5 : message;
}

#define LISTED_COLUMNS 20 /* an error message is for reading */

static void append_columns(const AdcpTable *table, AdcpError *err) {
  adcp_error_append(err, "; the columns of the backup's table are");
  for( size_t i = 0; i < table->column_count && i < LISTED_COLUMNS; i++ ) {
    adcp_error_append(err, "%s \"%s\"", i ? "," : "", table->columns[i].name);
  }
  if( table->column_count > LISTED_COLUMNS ) {
    adcp_error_append(err, " and %zu more", table->column_count - LISTED_COLUMNS);
  }
}

/* True when the text has the name in double quotes, which are for names. */
static bool stands_in_quotes(const char *text, const char *name) {
  size_t size = strlen(name);
  for( const char *at = strchr(text, '"'); at; at = strchr(at + 1, '"') ) {
    if( strncmp(at + 1, name, size) == 0 && at[1 + size] == '"' ) return true;
  }
  return false;
}

/* Adds the nearest name to SQLite's message that a column is missing, or what else helps. */
static void append_nearest(AdcpRowWhere *where, AdcpError *err) {
  static const char missing[] = "no such column: ";
  const char *message = adcp_error_message(err);
  if( strncmp(message, missing, sizeof missing - 1) != 0 ) return;
  const AdcpTable *table = where->table;
  const char **names = adcp_calloc(table->column_count + 1, sizeof *names);
  char *name = names ? adcp_strdup(message + sizeof missing - 1) : NULL;
  if( name == NULL ) {
    adcp_free((void *)names);
    return; /* the message does without */
  }
  for( size_t i = 0; i < table->column_count; i++ ) names[i] = table->columns[i].name;
  bool helped = adcp_error_append_nearest(err, name, names, table->column_count);
  if( !helped && stands_in_quotes(where->text, name) ) {
    adcp_error_append(err, "; text is written in single quotes: '%s'", name);
  } else if( !helped ) {
    append_columns(table, err);
  }
  adcp_free(name);
  adcp_free((void *)names);
}

/* The line break ends a comment of the text's own. */
static sqlite3_stmt *prepare_select(AdcpDb *db, const AdcpRowWhere *where) {
  return adcp_db_prepare(db, "SELECT 1 FROM main.\"%w\" WHERE (%s\n)", where->table->name,
                         where->text);
}

/* Once; what is wrong goes to failure. Without the authorizer first: table-valued functions that
** are used for the first time declare their columns, which it would take for a CREATE. */
static void prepare(AdcpRowWhere *where, AdcpError *failure) {
  Inspection inspection = {.where = where};
  AdcpDb db = *adcp_scratch_db(where->scratch);
  db.err = failure;
  adcp_db_finalize(prepare_select(&db, where));
  sqlite3_set_authorizer(db.handle, xAuthorize, &inspection);
  sqlite3_stmt *stmt = prepare_select(&db, where);
  sqlite3_set_authorizer(db.handle, NULL, NULL);
  if( stmt && sqlite3_bind_parameter_count(stmt) > 0 ) {
    adcp_error_set(
        failure, ADCP_ERROR, "there is nothing to bind to parameter %s: write the value itself",
        sqlite3_bind_parameter_name(stmt, 1) ? sqlite3_bind_parameter_name(stmt, 1) : "?");
  }
  adcp_db_finalize(stmt);
  if( failure->rc == ADCP_OK && adcp_buf_check(&inspection.read, failure) ) take_reads(&inspection);
  adcp_buf_free(&inspection.read);
}

/* True when the failure is mended: what was missing is there now. */
static bool mend(AdcpRowWhere *where, const AdcpError *failure) {
  const char *message = adcp_error_message(failure);
  const char *name = failure->rc == ADCP_ERROR ? missing_table(message) : NULL;
  if( name ) return where->xFind(where->context, name);
  return failure->rc == ADCP_ERROR && adcp_scratch_add_function(where->scratch, message);
}

void adcp_row_where_check(AdcpRowWhere *where) {
  AdcpError *err = adcp_scratch_db(where->scratch)->err;
  if( err->rc ) return;
  AdcpError failure = ADCP_ERROR_INIT;
  bool again;
  check_tokens(where);
  do {
    adcp_error_clear(&failure);
    if( !err->rc ) prepare(where, &failure);
    again = failure.rc && !err->rc && mend(where, &failure);
  } while( again );
  if( failure.rc == ADCP_ERROR ) append_nearest(where, &failure);
  if( failure.rc == ADCP_ERROR && missing_table(adcp_error_message(&failure)) ) {
    adcp_error_append(&failure,
                      ": an expression sees tables that have rows in the backup, no views and no "
                      "virtual tables; adcp_contents lists them");
  }
  adcp_error_move(err, &failure);
  adcp_error_clear(&failure);
  if( err->rc != ADCP_NOMEM && err->rc != ADCP_INTERRUPT ) {
    adcp_error_prepend(err, "option \"where\": table \"%s\": ", where->table->name);
  }
}
