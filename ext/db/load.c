/*
** load.c - inserts rows into one live table by a prepared statement (contract in load.h).
**
** Rows of an exact copy come from a feed (feed.h), some thousand with one run of INSERT ... SELECT.
** Where that cannot be, each row's values are bound and the statement stepped: to merge, because
** what happened to each row is counted; in UTF-16 databases, because of what SQLite does to text
** there; and where SQLite, or the application's authorizer, refuses the other statement.
**
** The values of a row are those of the source's columns. Each is bound to a parameter of its own,
** or dropped when the target has no place for it. Nothing is copied on the way, except text that
** SQLite would change: bound UTF-16 loses a byte order mark at its start, so that one is put before
** it; and UTF-8 that is converted for a UTF-16 database loses U+FFFE and U+FFFF, so that such text
** is converted here.
*/
#include "db/load.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/name_map.h"
#include "base/texts.h"
#include "codec/utf8.h"
#include "db/catalog.h"
#include "db/feed.h"
#include "db/merge_key.h"
#include "db/state.h"
#include "db/text16.h"
#include "db/token.h"

struct AdcpLoad {
  AdcpDb *db;           /* borrowed */
  sqlite3_stmt *stmt;   /* owned */
  sqlite3_stmt *strict; /* owned: the same in spite of ON CONFLICT clauses; NULL: there are none */
  char *target;         /* owned */
  bool rolls_back;      /* such a clause may be ROLLBACK */
  AdcpConflict on_conflict;
  bool merges; /* with the live rows, and triggers fire */
  size_t value_count;
  const char **names;      /* owned, only during open: the column of each value, NULL if dropped */
  int *parameters;         /* owned: the parameter of each value, 0 if dropped */
  size_t *places;          /* owned: the value of each parameter */
  bool *not_null;          /* owned: of each value, whether the live column takes no NULL */
  bool lacks_not_null;     /* such a column gets no value */
  AdcpMergeKeys keys;      /* owned; empty unless it merges */
  size_t written_count;    /* parameters */
  sqlite3_stmt *feed_stmt; /* owned; NULL: rows are bound */
  AdcpFeed *feed;          /* owned */
  AdcpRowSource feed_source; /* during adcp_load_rows: what the feed's rows are taken from */
  bool is_utf16;             /* the database is */
  size_t limit;              /* SQLITE_LIMIT_LENGTH */
  int64_t written, ignored;
};

/* ---- which value goes where ---- */

/* A hidden rowid is kept where the rows replace all others; among live rows it is any row's. */
static const char *rowid_target(const AdcpLoad *load, const AdcpTable *source,
                                const AdcpTable *live) {
  if( load->merges || load->on_conflict != ADCP_CONFLICT_ABORT ) return NULL;
  if( live ) return live->has_rowid_key ? live->rowid_name : NULL;
  if( source->rowid_name == NULL ) {
    adcp_error_set(load->db->err, ADCP_CORRUPT,
                   "table \"%s\" has hidden rowids, but its columns hide every name of the rowid",
                   source->name);
  }
  return source->rowid_name;
}

static void match_by_name(AdcpLoad *load, const AdcpTable *live) {
  AdcpError *err = load->db->err;
  AdcpNameMap columns = {0};
  size_t not_null = 0, taken = 0;
  for( size_t i = 0; i < live->column_count; i++ ) {
    AdcpColumn *column = &live->columns[i];
    not_null += column->not_null;
    if( adcp_column_stored(column) ) adcp_name_map_put(&columns, column->name, column, err);
  }
  for( size_t v = 0; v < load->value_count; v++ ) {
    const char *name = load->names[v];
    if( name == NULL ) continue;
    const AdcpColumn *column = adcp_name_map_get(&columns, name, strlen(name), err);
    load->names[v] = column ? column->name : NULL;
    load->not_null[v] = column && column->not_null;
    taken += load->not_null[v];
  }
  load->lacks_not_null = taken < not_null;
  adcp_name_map_free(&columns);
}

static void find_targets(AdcpLoad *load, const AdcpTable *source, const AdcpTable *live) {
  size_t v = source->has_rowid_key;
  for( size_t i = 0; i < source->column_count; i++ ) {
    if( adcp_column_stored(&source->columns[i]) ) load->names[v++] = source->columns[i].name;
  }
  if( live ) match_by_name(load, live);
  if( source->has_rowid_key ) load->names[0] = rowid_target(load, source, live);
}

static void number_parameters(AdcpLoad *load, const AdcpTable *source) {
  int limit = sqlite3_limit(load->db->handle, SQLITE_LIMIT_VARIABLE_NUMBER, -1), count = 0;
  for( size_t v = 0; v < load->value_count; v++ ) {
    if( load->names[v] == NULL ) continue;
    load->places[count] = v;
    load->parameters[v] = ++count;
  }
  load->written_count = (size_t)count;
  bool has_rowid = source->has_rowid_key && load->names[0] != NULL;
  if( count == has_rowid ) {
    adcp_error_set(load->db->err, ADCP_MISMATCH,
                   "table \"%s\" has none of the columns that the backup's table has",
                   load->target);
  } else if( count > limit ) {
    adcp_error_set(load->db->err, ADCP_TOOBIG,
                   "table \"%s\" takes %d values a row; this connection's limit "
                   "SQLITE_LIMIT_VARIABLE_NUMBER is %d",
                   load->target, count, limit);
  }
}

/* ---- SQL ---- */

/* The parameter that a column gets its value from, or 0. */
static int parameter_of(const AdcpLoad *load, const char *name) {
  for( size_t v = 0; v < load->value_count; v++ ) {
    if( load->names[v] && sqlite3_stricmp(load->names[v], name) == 0 ) return load->parameters[v];
  }
  return 0;
}

/* The index that keeps the primary key, owned; NULL when that is the rowid, or there is none. */
static char *key_index(AdcpDb *db, const char *table) {
  char *name = NULL;
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".index_list(%Q)", db->schema, table);
  while( name == NULL && adcp_db_step(db, stmt) ) {
    const char *origin = (const char *)sqlite3_column_text(stmt, 3);
    if( origin && strcmp(origin, "pk") == 0 ) name = adcp_db_column_copy(db, stmt, 1);
  }
  adcp_db_finalize(stmt);
  return name;
}

/* The primary key's columns as SQLite wants them in a conflict target: as often as the index has them.
** PRIMARY KEY(a, b, a) has one twice. */
static void read_key(AdcpDb *db, const AdcpTable *table, AdcpTexts *names) {
  char *index = key_index(db, table->name);
  sqlite3_stmt *stmt =
      index ? adcp_db_prepare_list(db, "PRAGMA \"%w\".index_xinfo(%Q)", db->schema, index) : NULL;
  while( index && adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 2);
    bool in_key = sqlite3_column_int(stmt, 5) != 0;
    if( in_key && name ) adcp_texts_add(names, db->err, "%s", name);
  }
  adcp_db_finalize(stmt);
  for( size_t i = 0; i < table->column_count && index == NULL; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    if( column->primary_key ) adcp_texts_add(names, db->err, "%s", column->name);
  }
  adcp_free(index);
}

/* The primary key's columns, if the source has them all; false (and nothing appended) otherwise. */
static bool append_key(sqlite3_str *sql, const AdcpLoad *load, const AdcpTable *table) {
  const char *separator = " ON CONFLICT(";
  AdcpTexts names = {0};
  read_key(load->db, table, &names);
  bool found = names.count > 0;
  for( size_t i = 0; i < names.count && found; i++ ) {
    found = parameter_of(load, names.items[i]) != 0;
  }
  for( size_t i = 0; i < names.count && found; i++ ) {
    sqlite3_str_appendf(sql, "%s\"%w\"", separator, names.items[i]);
    separator = ", ";
  }
  if( found ) sqlite3_str_appendall(sql, ")");
  adcp_texts_free(&names);
  return found;
}

/* Sets what the source has, except the primary key: a row that was found by another key keeps its
** own. By parameter and not by excluded.*, which SQLite 3.40.1 rounds to a double where a VIRTUAL
** column stands before a REAL one: it takes the place among the declared columns for that among the
** stored. */
static void append_update(sqlite3_str *sql, const AdcpLoad *load, const AdcpTable *table) {
  const char *separator = " DO UPDATE SET ";
  bool found = false;
  for( size_t i = 0; i < table->column_count; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    int parameter = parameter_of(load, column->name);
    if( column->primary_key || parameter == 0 ) continue;
    sqlite3_str_appendf(sql, "%s\"%w\"=?%d", separator, column->name, parameter);
    separator = ", ";
    found = true;
  }
  if( !found ) sqlite3_str_appendall(sql, " DO NOTHING");
}

static void append_action(sqlite3_str *sql, const AdcpLoad *load, const AdcpTable *table,
                          AdcpConflict on_conflict) {
  if( on_conflict == ADCP_CONFLICT_UPDATE ) {
    append_update(sql, load, table);
  } else {
    sqlite3_str_appendall(sql, " DO NOTHING");
  }
}

/* A bare ON CONFLICT takes any key, also one that the row meets by a default: then each of the others
** is named. */
static void append_other_keys(sqlite3_str *sql, const AdcpLoad *load, const AdcpTable *table,
                              AdcpConflict on_conflict) {
  for( size_t i = 0; load->keys.unusable.count && i < load->keys.targets.count; i++ ) {
    sqlite3_str_appendf(sql, " ON CONFLICT %s", load->keys.targets.items[i]);
    append_action(sql, load, table, on_conflict);
  }
  if( load->keys.unusable.count ) return;
  sqlite3_str_appendall(sql, " ON CONFLICT");
  append_action(sql, load, table, on_conflict);
}

/* The primary key goes first: a row equal to one by it and to another by a UNIQUE key belongs to
** the first. */
static void append_conflict(sqlite3_str *sql, const AdcpLoad *load, const AdcpTable *table,
                            AdcpConflict on_conflict) {
  bool by_key = on_conflict == ADCP_CONFLICT_UPDATE || load->keys.unusable.count > 0;
  if( on_conflict == ADCP_CONFLICT_ABORT ) return;
  if( by_key && append_key(sql, load, table) ) append_action(sql, load, table, on_conflict);
  append_other_keys(sql, load, table, on_conflict);
}

static sqlite3_str *begin_insert(const AdcpLoad *load, const char *or_clause) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  const char *separator = "(";
  sqlite3_str_appendf(sql, "INSERT %sINTO \"%w\".\"%w\"", or_clause, load->db->schema,
                      load->target);
  for( size_t v = 0; v < load->value_count; v++ ) {
    if( load->names[v] == NULL ) continue;
    sqlite3_str_appendf(sql, "%s\"%w\"", separator, load->names[v]);
    separator = ", ";
  }
  sqlite3_str_appendall(sql, ")");
  return sql;
}

static sqlite3_str *insert_sql(const AdcpLoad *load, const AdcpTable *table, const char *or_clause,
                               AdcpConflict on_conflict) {
  sqlite3_str *sql = begin_insert(load, or_clause);
  sqlite3_str_appendall(sql, " VALUES(?1");
  for( size_t i = 2; i <= load->written_count; i++ ) sqlite3_str_appendf(sql, ",?%d", (int)i);
  sqlite3_str_appendall(sql, ")");
  append_conflict(sql, load, table, on_conflict);
  return sql;
}

/* OR FAIL spares the copies of pages that OR ABORT needs to undo the rows before the one that
** failed: the whole restore is undone then. */
static char *feed_sql(const AdcpLoad *load) {
  sqlite3_str *sql = begin_insert(load, "OR FAIL ");
  sqlite3_str_appendall(sql, " SELECT c0");
  for( size_t i = 1; i < load->written_count; i++ ) sqlite3_str_appendf(sql, ", c%d", (int)i);
  sqlite3_str_appendf(sql, " FROM %s(?)", adcp_feed_name(load->feed));
  return sqlite3_str_finish(sql);
}

/* Prepares sql, which it frees. */
static sqlite3_stmt *prepare(AdcpDb *db, char *sql, bool ignore_checks) {
  if( sql == NULL ) adcp_error_nomem(db->err);
  sqlite3_stmt *stmt = NULL;
  if( db->err->rc == ADCP_OK ) {
    stmt = ignore_checks ? adcp_state_prepare_unchecked(db, sql) : adcp_db_prepare_text(db, sql);
  }
  sqlite3_free(sql);
  return stmt;
}

/* What may be refused: too many columns for a SELECT, no right to read. */
static bool feed_is_accepted(const AdcpLoad *load) {
  AdcpError refused = ADCP_ERROR_INIT;
  AdcpDb trial = {load->db->handle, load->db->schema, &refused};
  adcp_db_finalize(prepare(&trial, feed_sql(load), false));
  bool accepted = refused.rc == ADCP_OK;
  if( refused.rc == ADCP_NOMEM ) adcp_error_move(load->db->err, &refused);
  adcp_error_clear(&refused);
  return accepted;
}

static void prepare_feed(AdcpLoad *load, bool ignore_checks) {
  load->feed = adcp_feed_open(load->db, load->places, load->written_count);
  if( load->feed == NULL || !feed_is_accepted(load) ) return;
  load->feed_stmt = prepare(load->db, feed_sql(load), ignore_checks);
  if( load->feed_stmt && adcp_feed_bind(load->feed, load->feed_stmt) != SQLITE_OK ) {
    adcp_error_nomem(load->db->err);
  }
}

/* Whether constraints of the table may have an ON CONFLICT clause: the word is in its text. */
static bool may_have_clauses(AdcpLoad *load, const AdcpTable *live) {
  AdcpDb *db = load->db;
  char *sql = adcp_catalog_sql(db, ADCP_OBJECT_TABLE, live->name);
  bool may = sql && adcp_token_has_word(sql, "CONFLICT");
  load->rolls_back = may && adcp_token_has_word(sql, "ROLLBACK");
  adcp_free(sql);
  return may;
}

/* Whether a row that meets a key may be an error. */
static bool leaves_keys(const AdcpLoad *load) {
  return load->on_conflict == ADCP_CONFLICT_ABORT || load->keys.unusable.count > 0;
}

/* The ON CONFLICT clauses of the table's constraints must not drop rows. OR ABORT overrides them,
** but also the OR IGNORE and OR REPLACE in statements of triggers, so that a merge does without:
** where there are clauses it leaves the row, and asks the strict statement whether it may. */
static void prepare_insert(AdcpLoad *load, const AdcpTable *source,
                           const AdcpLoadOptions *options) {
  const AdcpTable *live = options->live;
  if( load->db->err->rc != ADCP_OK ) return;
  if( live == NULL && !load->is_utf16 ) prepare_feed(load, options->ignore_checks);
  if( load->feed_stmt || load->db->err->rc != ADCP_OK ) return;
  const AdcpTable *table = live ? live : source;
  AdcpConflict on_conflict = load->on_conflict;
  bool has_clauses = load->merges && may_have_clauses(load, live);
  if( has_clauses ) {
    sqlite3_str *strict = insert_sql(load, table, "OR ABORT ", on_conflict);
    load->strict = prepare(load->db, sqlite3_str_finish(strict), false);
  }
  sqlite3_str *sql = insert_sql(load, table, load->merges ? "" : "OR ABORT ", on_conflict);
  if( has_clauses && leaves_keys(load) ) sqlite3_str_appendall(sql, " ON CONFLICT DO NOTHING");
  load->stmt = prepare(load->db, sqlite3_str_finish(sql), options->ignore_checks);
  /* A trigger may name what is not there. */
  if( load->db->err->rc == ADCP_ERROR ) {
    adcp_error_prepend(load->db->err, "table \"%s\": ", load->target);
  }
}

/* ---- open and close ---- */

static void allocate(AdcpLoad *load, const char *target) {
  load->target = adcp_strdup(target);
  load->names = adcp_calloc(load->value_count, sizeof *load->names);
  load->parameters = adcp_calloc(load->value_count, sizeof *load->parameters);
  load->places = adcp_calloc(load->value_count, sizeof *load->places);
  load->not_null = adcp_calloc(load->value_count, sizeof *load->not_null);
  if( !load->target || !load->names || !load->parameters || !load->places || !load->not_null ) {
    adcp_error_nomem(load->db->err);
  }
}

AdcpLoad *adcp_load_open(AdcpDb *db, const AdcpTable *source, const AdcpLoadOptions *options) {
  if( db->err->rc != ADCP_OK ) return NULL;
  AdcpLoad *load = adcp_calloc(1, sizeof *load);
  if( load == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  load->db = db;
  load->on_conflict = options->on_conflict;
  load->merges = options->live && !options->ignore_checks;
  load->value_count = adcp_table_value_count(source);
  load->limit = (size_t)sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, -1);
  load->is_utf16 = adcp_db_encoding(db) != ADCP_UTF8;
  allocate(load, options->target);
  if( db->err->rc == ADCP_OK ) {
    find_targets(load, source, options->live);
    number_parameters(load, source);
    if( load->merges ) adcp_merge_keys_read(&load->keys, db, source, options->live);
    prepare_insert(load, source, options);
  }
  adcp_free(load->names);
  load->names = NULL;
  return load;
}

void adcp_load_counts(const AdcpLoad *load, int64_t *written, int64_t *ignored) {
  *written = load ? load->written : 0;
  *ignored = load ? load->ignored : 0;
}

void adcp_load_close(AdcpLoad *load) {
  if( load == NULL ) return;
  adcp_db_finalize(load->stmt);
  adcp_db_finalize(load->strict);
  adcp_db_finalize(load->feed_stmt);
  adcp_feed_close(load->feed);
  adcp_merge_keys_free(&load->keys);
  adcp_free(load->not_null);
  adcp_free(load->places);
  adcp_free(load->parameters);
  adcp_free(load->target);
  adcp_free(load);
}

/* ---- rows ---- */

static int refuse_text16(AdcpLoad *load) {
  adcp_error_set(load->db->err, ADCP_MISMATCH,
                 "table \"%s\": text that is not valid UTF-16 can only be kept in a database "
                 "with that encoding (PRAGMA encoding)",
                 load->target);
  return SQLITE_MISMATCH;
}

static int bind_utf8_as_utf16(AdcpLoad *load, int parameter, const AdcpValue *value) {
  if( !adcp_utf8_valid((const uint8_t *)adcp_value_bytes(value), value->size) ) {
    adcp_error_set(load->db->err, ADCP_MISMATCH,
                   "table \"%s\": text that is not valid UTF-8 cannot be kept in a database with "
                   "the encoding UTF-16 (PRAGMA encoding)",
                   load->target);
    return SQLITE_MISMATCH;
  }
  return adcp_text_bind(load->stmt, parameter, value);
}

static int bind_value(AdcpLoad *load, int parameter, const AdcpValue *value) {
  sqlite3_stmt *stmt = load->stmt;
  switch( value->type ) {
  case ADCP_NULL: return sqlite3_bind_null(stmt, parameter);
  case ADCP_INTEGER: return sqlite3_bind_int64(stmt, parameter, value->integer);
  case ADCP_REAL: return sqlite3_bind_double(stmt, parameter, value->real);
  case ADCP_TEXT:
    if( load->is_utf16 ) return bind_utf8_as_utf16(load, parameter, value);
    return sqlite3_bind_text64(stmt, parameter, adcp_value_bytes(value), value->size, SQLITE_STATIC,
                               SQLITE_UTF8);
  case ADCP_TEXT16:
    return load->is_utf16 ? adcp_text_bind(stmt, parameter, value) : refuse_text16(load);
  case ADCP_BLOB:
    return sqlite3_bind_blob64(stmt, parameter, adcp_value_bytes(value), value->size,
                               SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

/* Before SQLite allocates anything: running out of memory in the middle may roll everything
** back. */
static void check_size(AdcpLoad *load, const AdcpValue *values) {
  size_t size = 0;
  for( size_t i = 0; i < load->written_count && size <= load->limit; i++ ) {
    const AdcpValue *value = &values[load->places[i]];
    if( value->type >= ADCP_TEXT ) size += value->size;
  }
  if( size > load->limit ) {
    adcp_error_set(load->db->err, ADCP_TOOBIG,
                   "table \"%s\": a row of %zu bytes or more is above this connection's limit "
                   "SQLITE_LIMIT_LENGTH of %zu",
                   load->target, size, load->limit);
  }
}

static void bind_row(AdcpLoad *load, const AdcpValue *values) {
  for( size_t i = 0; i < load->written_count; i++ ) {
    int rc = bind_value(load, (int)i + 1, &values[load->places[i]]);
    if( rc == SQLITE_OK ) continue;
    adcp_db_fail(load->db, rc);
    return;
  }
}

static void run(AdcpLoad *load, sqlite3_stmt *stmt) {
  while( adcp_db_step(load->db, stmt) ) {
    /* PRAGMA count_changes gives a row */
  }
  sqlite3_reset(stmt);
}

/* Whether a NOT NULL column of the table got no value. */
static bool lacks_value(const AdcpLoad *load, const AdcpValue *values) {
  bool lacks = load->lacks_not_null;
  for( size_t v = 0; v < load->value_count && !lacks; v++ ) {
    lacks = load->not_null[v] && values[v].type == ADCP_NULL;
  }
  return lacks;
}

/* Runs the strict statement, whose error is set. Returns SQLite's extended code of it. */
static int try_strict(AdcpLoad *load, const AdcpValue *values) {
  AdcpDb *db = load->db;
  sqlite3_stmt *stmt = load->stmt;
  adcp_db_exec(db, "SAVEPOINT adcp_row");
  load->stmt = load->strict;
  if( db->err->rc == ADCP_OK ) bind_row(load, values);
  if( db->err->rc == ADCP_OK ) run(load, load->strict);
  load->stmt = stmt;
  return sqlite3_extended_errcode(db->handle);
}

/* What fired for it is undone; an error has the whole restore undone. */
static void undo_strict(AdcpDb *db) {
  adcp_db_exec(db, "ROLLBACK TO adcp_row");
  adcp_db_exec(db, "RELEASE adcp_row");
}

/* A row that was not written: by a trigger's RAISE(IGNORE), which is the application's affair, or
** because it breaks a constraint. */
static void run_strict(AdcpLoad *load, const AdcpValue *values) {
  if( !leaves_keys(load) && !lacks_value(load, values) ) return;
  try_strict(load, values);
  undo_strict(load->db);
}

/* NOT NULL ON CONFLICT ROLLBACK would end the caller's transaction: the strict statement is asked
** before the other runs, and for this alone. What else it refuses, an OR IGNORE of a trigger may let
** pass. */
static void check_not_null(AdcpLoad *load, const AdcpValue *values) {
  AdcpError *err = load->db->err;
  if( err->rc || !load->rolls_back || !lacks_value(load, values) ) return;
  int code = try_strict(load, values);
  if( err->rc == ADCP_CONSTRAINT && code != SQLITE_CONSTRAINT_NOTNULL ) adcp_error_clear(err);
  undo_strict(load->db);
  adcp_error_prepend(err, "table \"%s\": ", load->target);
}

/* Whether the column is one of the key's: t.a, t.b. */
static bool has_column(const char *key, const char *table, const char *column) {
  size_t n = strlen(table), m = strlen(column);
  for( const char *at = key; at; at = strchr(at, ' ') ) {
    at += *at == ' ';
    bool begins =
        sqlite3_strnicmp(at, table, n) == 0 && at[n] == '.' && strncmp(at + n + 1, column, m) == 0;
    if( begins && (at[n + 1 + m] == 0 || at[n + 1 + m] == ',') ) return true;
  }
  return false;
}

static bool is_index(AdcpLoad *load, const char *key, const char *name) {
  char *text = sqlite3_mprintf("index '%q'", name);
  if( text == NULL ) adcp_error_nomem(load->db->err);
  bool is = text && strcmp(key, text) == 0;
  sqlite3_free(text);
  return is;
}

/* Whether the key that SQLite's message names has a column that gets no value; one of expressions is named
** by its index. */
static bool is_of_unusable_key(AdcpLoad *load) {
  static const char text[] = "UNIQUE constraint failed: ";
  const AdcpMergeKeys *keys = &load->keys;
  const char *key = strstr(adcp_error_message(load->db->err), text);
  bool found = false;
  if( key == NULL || keys->unusable.count == 0 ) return false;
  key += strlen(text);
  for( size_t i = 0; i < keys->lacking.count && !found; i++ ) {
    found = has_column(key, load->target, keys->lacking.items[i]);
  }
  for( size_t i = 0; i < keys->unusable_indexes.count && !found; i++ ) {
    found = is_index(load, key, keys->unusable_indexes.items[i]);
  }
  return found;
}

/* A row that meets another in a key which says nothing of it. */
static void explain_key(AdcpLoad *load) {
  int code = sqlite3_extended_errcode(load->db->handle);
  bool of_key = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
  if( !of_key || !is_of_unusable_key(load) ) return;
  AdcpBuf names = {0};
  adcp_merge_keys_list(&load->keys, &names);
  const char *text = adcp_buf_text(&names);
  adcp_error_append(load->db->err,
                    "; the backup has no values of %s, of which new rows take the default: drop "
                    "that key or the default before the merge, or leave the table out with "
                    "exclude_tables",
                    text ? text : "a column of it");
  adcp_buf_free(&names);
}

static void insert_row(AdcpLoad *load, const AdcpValue *values) {
  AdcpDb *db = load->db;
  run(load, load->stmt);
  bool written = sqlite3_changes(db->handle) > 0;
  if( !db->err->rc && !written && load->strict ) run_strict(load, values);
  if( db->err->rc != ADCP_OK ) {
    adcp_error_prepend(db->err, "table \"%s\": ", load->target);
    if( db->err->rc == ADCP_CONSTRAINT ) explain_key(load);
  } else if( written ) {
    load->written++;
  } else {
    load->ignored++;
  }
}

static void bind_and_insert(AdcpLoad *load, const AdcpValue *values) {
  check_size(load, values);
  check_not_null(load, values);
  if( load->db->err->rc == ADCP_OK ) bind_row(load, values);
  if( load->db->err->rc == ADCP_OK ) insert_row(load, values);
}

static const AdcpValue *next_for_feed(void *context) {
  AdcpLoad *load = context;
  const AdcpValue *values = load->feed_source.xNext(load->feed_source.context);
  if( values == NULL ) return NULL;
  check_size(load, values);
  for( size_t i = 0; i < load->written_count; i++ ) {
    if( values[load->places[i]].type == ADCP_TEXT16 ) refuse_text16(load);
  }
  return values;
}

/* An authorizer's SQLITE_IGNORE makes the statement one that does nothing, without an error. */
static void check_read(AdcpLoad *load) {
  if( load->db->err->rc || adcp_feed_rows(load->feed) || adcp_feed_at_end(load->feed) ) return;
  adcp_error_set(load->db->err, ADCP_AUTH,
                 "table \"%s\": its INSERT does nothing: this connection's authorizer ignores it",
                 load->target);
}

/* Runs the statement on the next rows; false at the source's end. */
static bool insert_feed(AdcpLoad *load, AdcpRowSource source, int64_t limit) {
  AdcpDb *db = load->db;
  load->feed_source = source;
  adcp_feed_set(load->feed, (AdcpRowSource){load, next_for_feed}, limit);
  int rc;
  do {
    rc = sqlite3_step(load->feed_stmt);
  } while( rc == SQLITE_ROW ); /* PRAGMA count_changes gives one */
  if( rc != SQLITE_DONE && db->err->rc == ADCP_OK ) {
    adcp_db_fail(db, rc);
    adcp_error_prepend(db->err, "table \"%s\": ", load->target);
  }
  sqlite3_reset(load->feed_stmt);
  check_read(load);
  load->written += adcp_feed_rows(load->feed);
  return !adcp_feed_at_end(load->feed);
}

bool adcp_load_rows(AdcpLoad *load, AdcpRowSource source, int64_t limit) {
  bool more = true;
  if( load == NULL || load->db->err->rc != ADCP_OK ) return false;
  if( load->feed_stmt ) {
    more = insert_feed(load, source, limit);
  } else {
    for( int64_t i = 0; i < limit && more && load->db->err->rc == ADCP_OK; i++ ) {
      const AdcpValue *values = source.xNext(source.context);
      more = values != NULL;
      if( more ) bind_and_insert(load, values);
    }
  }
  return more && load->db->err->rc == ADCP_OK;
}

/* A source of one row. */
static const AdcpValue *take_one(void *context) {
  const AdcpValue **values = context;
  const AdcpValue *one = *values;
  *values = NULL;
  return one;
}

void adcp_load_row(AdcpLoad *load, const AdcpValue *values) {
  adcp_load_rows(load, (AdcpRowSource){&values, take_one}, 1);
}
