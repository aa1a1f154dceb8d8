/*
** temp_guard.c - what a view or trigger names, against what the connection has (contract in
** temp_guard.h).
**
** A word before a parenthesis may be a function, any word a virtual table: SQLite finds one in
** any quotes, and behind "main.", too. A column of such a name is refused as well.
*/
#include "db/temp_guard.h"

#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/name_map.h"
#include "db/function_list.h"
#include "db/stub.h"
#include "db/token.h"
#include "db/vet.h"

struct AdcpTempGuard {
  AdcpDb *db;            /* borrowed */
  bool unlisted;         /* what the connection has is not known */
  AdcpNameMap functions; /* that are not to be called */
  AdcpNameMap modules;   /* whose tables are not to be read */
};

/* ---- what the connection has ---- */

/* Of SQLite's full-text indexes, which do not mark them as innocuous. */
static bool is_of_index(const char *name) {
  static const char *const functions[] = {"match", "snippet",   "offsets", "matchinfo",
                                          "bm25",  "highlight", NULL};
  for( size_t i = 0; functions[i]; i++ ) {
    if( adcp_name_equal(name, functions[i]) ) return true;
  }
  return false;
}

/* The application's, as in what a restore runs itself. SQLite's JSON functions, which it does not take for
** innocuous, do no harm. */
static bool is_refused_function(const AdcpListedFunction *function) {
  if( (function->flags & SQLITE_DIRECTONLY) != 0 ) return true;
  return !function->own && (function->flags & SQLITE_INNOCUOUS) == 0 &&
         !is_of_index(function->name);
}

static void read_functions(AdcpTempGuard *guard, AdcpDb *db) {
  AdcpListedFunction function;
  sqlite3_stmt *list = adcp_function_list(db);
  while( adcp_function_next(db, list, &function) ) {
    bool refused = is_refused_function(&function);
    if( refused ) adcp_name_map_put(&guard->functions, function.name, guard, db->err);
  }
  adcp_db_finalize(list);
}

/* Which modules are DIRECTONLY nobody tells: all but those of SQLite that compute from their arguments, or
** have their tables in the database. */
static bool is_harmless_module(const char *name) {
  static const char *const harmless[] = {
      "json_each", "json_tree", "generate_series", "fts3tokenize", "fts4aux", "fts5vocab", NULL};
  for( size_t i = 0; harmless[i]; i++ ) {
    if( adcp_name_equal(name, harmless[i]) ) return true;
  }
  return adcp_module_is_safe(name) || adcp_name_begins(name, "pragma_");
}

static void read_modules(AdcpTempGuard *guard, AdcpDb *db) {
  sqlite3_stmt *list = adcp_db_prepare_list(db, "PRAGMA module_list");
  while( adcp_db_step(db, list) ) {
    const char *name = (const char *)sqlite3_column_text(list, 0);
    if( name == NULL ) adcp_error_nomem(db->err);
    if( name && !is_harmless_module(name) ) {
      adcp_name_map_put(&guard->modules, name, guard, db->err);
    }
  }
  adcp_db_finalize(list);
}

/* An authorizer may not let the lists be read. */
static void read_lists(AdcpTempGuard *guard) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {guard->db->handle, guard->db->schema, &trouble};
  read_functions(guard, &trial);
  read_modules(guard, &trial);
  guard->unlisted = trouble.rc != ADCP_OK;
  if( trouble.rc == ADCP_NOMEM || trouble.rc == ADCP_INTERRUPT ) {
    adcp_error_move(guard->db->err, &trouble);
  }
  adcp_error_clear(&trouble);
}

AdcpTempGuard *adcp_temp_guard_open(AdcpDb *db, bool trusts_file) {
  if( db->err->rc ) return NULL;
  AdcpTempGuard *guard = adcp_calloc(1, sizeof *guard);
  if( guard == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  guard->db = db;
  if( !trusts_file ) read_lists(guard);
  if( db->err->rc == ADCP_OK ) return guard;
  adcp_temp_guard_close(guard);
  return NULL;
}

void adcp_temp_guard_close(AdcpTempGuard *guard) {
  if( guard == NULL ) return;
  adcp_name_map_free(&guard->functions);
  adcp_name_map_free(&guard->modules);
  adcp_free(guard);
}

/* ---- what the text names ---- */

/* Operators and the like are functions that stand without parentheses. */
static bool is_called(const char *name, const char *rest) {
  static const char *const bare[] = {
      "like", "glob", "regexp", "match", "current_date", "current_time", "current_timestamp", NULL};
  size_t left = strlen(rest), size;
  for( size_t i = 0; bare[i]; i++ ) {
    if( adcp_name_equal(name, bare[i]) ) return true;
  }
  while( adcp_token_next(rest, left, &size) == ADCP_TOKEN_SPACE ) {
    rest += size;
    left -= size;
  }
  return *rest == '(';
}

static bool has(AdcpTempGuard *guard, AdcpNameMap *names, const char *name) {
  return adcp_name_map_get(names, name, strlen(name), guard->db->err) != NULL;
}

static void check_name(AdcpTempGuard *guard, const char *name, const char *rest) {
  AdcpError *err = guard->db->err;
  bool loads = adcp_vet_loads_code(name) && is_called(name, rest);
  if( loads ) {
    adcp_error_set(err, ADCP_ERROR, "SQL that would load code, with %s()", name);
  } else if( has(guard, &guard->functions, name) && is_called(name, rest) ) {
    adcp_error_set(err, ADCP_ERROR, "unsafe use of %s(), which is a function of this connection",
                   name);
  } else if( has(guard, &guard->modules, name) ) {
    adcp_error_set(err, ADCP_ERROR, "unsafe use of virtual table \"%s\"", name);
  }
}

static void check_words(AdcpTempGuard *guard, const char *sql) {
  AdcpError *err = guard->db->err;
  size_t left = strlen(sql), size;
  AdcpTokenType type;
  while( !err->rc && (type = adcp_token_next(sql, left, &size)) != ADCP_TOKEN_END ) {
    bool named = type == ADCP_TOKEN_WORD || type == ADCP_TOKEN_QUOTED;
    char *name = NULL;
    if( type == ADCP_TOKEN_WORD ) name = adcp_strndup(sql, size);
    if( type == ADCP_TOKEN_QUOTED ) name = adcp_token_dequote(sql, size, err);
    if( named && name == NULL ) adcp_error_nomem(err);
    sql += size;
    left -= size;
    if( name ) check_name(guard, name, sql);
    adcp_free(name);
  }
}

void adcp_temp_guard_check(AdcpTempGuard *guard, const AdcpObject *object) {
  bool later = object->type == ADCP_OBJECT_VIEW || object->type == ADCP_OBJECT_TRIGGER;
  if( guard == NULL || guard->db->err->rc || !later ) return;
  AdcpError *err = guard->db->err;
  if( guard->unlisted ) {
    adcp_error_set(err, ADCP_ERROR,
                   "unsafe use of any function, since those of this connection cannot be listed");
  }
  check_words(guard, object->sql);
  adcp_stub_advise(err);
  adcp_error_prepend(err, "%s \"%s\" of the backup " ADCP_NOT_INTO_TEMP ": ",
                     adcp_object_type_name(object->type), object->name);
}
