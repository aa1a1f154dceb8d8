/*
** catalog.c - reads the schema of a live database (contract in catalog.h).
**
** First the rows of sqlite_schema, with what their SQL says (virtual, WITHOUT ROWID, STRICT), then
** columns and keys of each table by PRAGMAs that look at one ordinary table only. PRAGMA table_list
** is not used for this: it connects every virtual table and prepares every view, and stops doing so
** at the first that is broken.
*/
#include "db/catalog.h"

#include <string.h>

#include "base/mem.h"
#include "db/shadow.h"
#include "db/state.h"
#include "db/stub.h"
#include "db/token.h"
#include "db/vet.h"

/* ---- snapshot ---- */

void adcp_snapshot_open(AdcpSnapshot *snapshot, AdcpDb *db) {
  /* Gives a row also when the schema is empty, and reads one page. */
  bool uncommitted = adcp_state_leave_uncommitted(db);
  snapshot->stmt =
      adcp_db_prepare(db, "SELECT EXISTS (SELECT 1 FROM \"%w\".sqlite_schema)", db->schema);
  adcp_db_step(db, snapshot->stmt);
  if( uncommitted ) adcp_state_read_uncommitted(db);
}

void adcp_snapshot_close(AdcpSnapshot *snapshot) {
  adcp_db_finalize(snapshot->stmt);
  snapshot->stmt = NULL;
}

/* ---- what a table's SQL says ---- */

/* Table options stand behind the last parenthesis; they cannot be quoted. ROWID is an option's word
** only after WITHOUT. */
static void read_table_options(AdcpTable *table, const char *sql) {
  size_t left = strlen(sql), length;
  int depth = 0;
  table->never_desc = true;
  for( AdcpTokenType type; (type = adcp_token_next(sql, left, &length)) != ADCP_TOKEN_END;
       sql += length, left -= length ) {
    if( type == ADCP_TOKEN_OTHER && *sql == '(' ) depth++;
    if( type == ADCP_TOKEN_OTHER && *sql == ')' ) depth--;
    if( type != ADCP_TOKEN_WORD ) continue;
    if( adcp_token_is_word(sql, length, "DESC") ) table->never_desc = false;
    if( depth != 0 ) continue;
    if( adcp_token_is_word(sql, length, "STRICT") ) table->strict = true;
    if( adcp_token_is_word(sql, length, "ROWID") ) table->without_rowid = true;
  }
}

static void read_table_sql(AdcpDb *db, AdcpTable *table, const char *sql) {
  AdcpCreate create;
  if( !adcp_create_parse(sql, &create, db->err) ) {
    adcp_error_prepend(db->err, "table \"%s\" in sqlite_schema: ", table->name);
    return;
  }
  if( create.is_virtual ) {
    table->kind = ADCP_TABLE_VIRTUAL;
    table->module = create.module;
    create.module = NULL;
  } else {
    read_table_options(table, sql + create.name_at + create.name_size);
  }
  adcp_create_free(&create);
}

/* ---- sqlite_schema ---- */

/* SQLite 3.6.18 to 3.7.8 left statistics as sqlite_stat2; no backup has such a kind. */
static AdcpTableKind kind_of_name(const char *name) {
  if( sqlite3_stricmp(name, "sqlite_sequence") == 0 ) return ADCP_TABLE_SEQUENCE;
  if( sqlite3_stricmp(name, "sqlite_stat2") == 0 ) return ADCP_TABLE_STAT;
  return adcp_name_is_stat(name) ? ADCP_TABLE_STAT : ADCP_TABLE_ORDINARY;
}

static void add_table(AdcpDb *db, AdcpSchema *schema, sqlite3_stmt *stmt, const char *sql) {
  AdcpTable *table = adcp_schema_add_table(schema, db->err);
  if( table == NULL ) return;
  table->name = adcp_db_column_copy(db, stmt, 1);
  if( table->name == NULL ) return;
  table->kind = kind_of_name(table->name);
  read_table_sql(db, table, sql);
}

static void add_object(AdcpDb *db, AdcpSchema *schema, sqlite3_stmt *stmt, AdcpObjectType type) {
  AdcpObject *object = adcp_schema_add_object(schema, db->err);
  if( object == NULL ) return;
  object->type = type;
  object->name = adcp_db_column_copy(db, stmt, 1);
  object->tbl_name = adcp_db_column_copy(db, stmt, 2);
  object->sql = adcp_db_column_copy(db, stmt, 3);
}

static void read_schema_row(AdcpDb *db, AdcpSchema *schema, sqlite3_stmt *stmt) {
  const char *type_name = (const char *)sqlite3_column_text(stmt, 0);
  const char *name = (const char *)sqlite3_column_text(stmt, 1);
  const char *tbl_name = (const char *)sqlite3_column_text(stmt, 2);
  const char *sql = (const char *)sqlite3_column_text(stmt, 3);
  AdcpObjectType type;
  if( type_name == NULL && name == NULL && sql == NULL ) {
    adcp_error_set(
        db->err, ADCP_MISUSE,
        "a CREATE TABLE ... AS SELECT is running, whose table is not there yet; call this "
        "in a statement of its own");
    return;
  }
  bool known = type_name && name && tbl_name && adcp_object_type_parse(type_name, &type);
  if( !known || (sql == NULL && type != ADCP_OBJECT_INDEX) ) {
    adcp_error_set(db->err, ADCP_CORRUPT,
                   "sqlite_schema of \"%s\" has a damaged row: type \"%s\", name \"%s\"",
                   db->schema, type_name ? type_name : "", name ? name : "");
    return;
  }
  bool is_table = type == ADCP_OBJECT_TABLE;
  if( is_table ) add_table(db, schema, stmt, sql);
  if( !is_table || kind_of_name(name) == ADCP_TABLE_ORDINARY ) add_object(db, schema, stmt, type);
}

static void read_schema_rows(AdcpDb *db, AdcpSchema *schema) {
  sqlite3_stmt *stmt = adcp_db_prepare(
      db, "SELECT type, name, tbl_name, sql FROM \"%w\".sqlite_schema ORDER BY rowid", db->schema);
  while( adcp_db_step(db, stmt) ) read_schema_row(db, schema, stmt);
  adcp_db_finalize(stmt);
}

/* In one pass: there may be many virtual tables, and many modules. */
static void mark_loaded(AdcpDb *db, AdcpSchema *schema) {
  AdcpNameMap modules = {0};
  bool read = false;
  for( size_t i = 0; i < schema->table_count && !db->err->rc; i++ ) {
    AdcpTable *table = &schema->tables[i];
    if( table->kind != ADCP_TABLE_VIRTUAL ) continue;
    if( !read ) adcp_modules_read(&modules, db);
    read = true;
    table->module_loaded =
        adcp_name_map_get(&modules, table->module, strlen(table->module), db->err) != NULL;
  }
  adcp_name_map_free(&modules);
}

/* ---- columns and keys ---- */

/* Values of `hidden` in PRAGMA table_xinfo. */
enum { HIDDEN_COLUMN = 1, GENERATED_VIRTUAL = 2, GENERATED_STORED = 3 };

static void read_columns(AdcpDb *db, AdcpTable *table) {
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(db, "PRAGMA \"%w\".table_xinfo(%Q)", db->schema, table->name);
  while( adcp_db_step(db, stmt) ) {
    AdcpColumn *column = adcp_table_add_column(table, db->err);
    if( column == NULL ) break;
    column->name = adcp_db_column_copy(db, stmt, 1);
    column->decl_type = adcp_db_column_copy(db, stmt, 2);
    column->not_null = sqlite3_column_int(stmt, 3) != 0;
    column->default_sql = adcp_db_column_copy(db, stmt, 4);
    column->primary_key = sqlite3_column_int(stmt, 5);
    int hidden = sqlite3_column_int(stmt, 6);
    column->hidden = hidden == HIDDEN_COLUMN;
    column->generated = hidden == GENERATED_VIRTUAL || hidden == GENERATED_STORED;
  }
  adcp_db_finalize(stmt);
}

static bool has_primary_key_index(AdcpDb *db, const AdcpTable *table) {
  bool found = false;
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(db, "PRAGMA \"%w\".index_list(%Q)", db->schema, table->name);
  while( !found && adcp_db_step(db, stmt) ) {
    const char *origin = (const char *)sqlite3_column_text(stmt, 3);
    found = origin && strcmp(origin, "pk") == 0;
  }
  adcp_db_finalize(stmt);
  return found;
}

/* Index of the column that is the rowid, or -1. A column declared INTEGER that is the primary key
** alone is the rowid, except when SQLite made an index for the key, as it does for INTEGER PRIMARY
** KEY DESC. */
static int find_rowid_column(AdcpDb *db, const AdcpTable *table) {
  int found = -1, keys = 0;
  for( size_t i = 0; i < table->column_count; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    if( column->primary_key == 0 ) continue;
    keys++;
    if( column->decl_type && sqlite3_stricmp(column->decl_type, "INTEGER") == 0 ) found = (int)i;
  }
  if( keys != 1 || found < 0 || table->without_rowid ) return -1;
  return has_primary_key_index(db, table) ? -1 : found;
}

static bool has_column(const AdcpTable *table, const char *name) {
  for( size_t i = 0; i < table->column_count; i++ ) {
    const char *column = table->columns[i].name;
    if( column && sqlite3_stricmp(column, name) == 0 ) return true;
  }
  return false;
}

static void find_rowid_name(AdcpDb *db, AdcpTable *table) {
  static const char *const names[] = {"rowid", "_rowid_", "oid"};
  for( size_t i = 0; i < sizeof names / sizeof names[0]; i++ ) {
    if( has_column(table, names[i]) ) continue;
    table->rowid_name = adcp_strdup(names[i]);
    if( table->rowid_name == NULL ) adcp_error_nomem(db->err);
    return;
  }
}

static void find_rowid(AdcpDb *db, AdcpTable *table) {
  table->rowid_column = find_rowid_column(db, table);
  if( !table->without_rowid ) find_rowid_name(db, table);
  table->has_rowid_key = table->rowid_name && table->rowid_column < 0;
}

/* ---- foreign keys ---- */

static AdcpForeignKey *add_foreign_key(AdcpDb *db, AdcpTable *table, sqlite3_stmt *stmt) {
  AdcpForeignKey *key = adcp_table_add_foreign_key(table, db->err);
  if( key == NULL ) return NULL;
  key->parent = adcp_db_column_copy(db, stmt, 2);
  key->on_update = adcp_db_column_copy(db, stmt, 5);
  key->on_delete = adcp_db_column_copy(db, stmt, 6);
  return key;
}

/* Room for one more name; false when out of memory. */
static bool grow_names(char ***names, size_t count) {
  char **larger = adcp_realloc(*names, (count + 1) * sizeof **names);
  if( larger ) *names = larger;
  return larger != NULL;
}

static void add_key_column(AdcpDb *db, AdcpForeignKey *key, sqlite3_stmt *stmt) {
  if( !grow_names(&key->from, key->count) || !grow_names(&key->to, key->count) ) {
    adcp_error_nomem(db->err);
    return;
  }
  key->from[key->count] = adcp_db_column_copy(db, stmt, 3);
  key->to[key->count] = adcp_db_column_copy(db, stmt, 4);
  key->count++;
}

/* Rows come by id, and within it by place in the key. */
static void read_foreign_keys(AdcpDb *db, AdcpTable *table) {
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(db, "PRAGMA \"%w\".foreign_key_list(%Q)", db->schema, table->name);
  AdcpForeignKey *key = NULL;
  while( adcp_db_step(db, stmt) ) {
    if( sqlite3_column_int(stmt, 1) == 0 ) key = add_foreign_key(db, table, stmt);
    if( key ) add_key_column(db, key, stmt);
  }
  adcp_db_finalize(stmt);
}

static void read_table(AdcpDb *db, AdcpTable *table) {
  /* Columns of a virtual table are known to its module alone, and no row of it is written. */
  if( table->kind == ADCP_TABLE_VIRTUAL ) return;
  read_columns(db, table);
  find_rowid(db, table);
  read_foreign_keys(db, table);
}

/* ---- the whole ---- */

AdcpSchema *adcp_catalog_read(AdcpDb *db) {
  AdcpSchema *schema = adcp_schema_new(db->err);
  if( schema == NULL ) return NULL;
  read_schema_rows(db, schema);
  mark_loaded(db, schema);
  adcp_schema_index(schema, db->err);
  for( size_t i = 0; i < schema->table_count && db->err->rc == ADCP_OK; i++ ) {
    read_table(db, &schema->tables[i]);
  }
  adcp_shadow_mark(db, schema);
  if( db->err->rc == ADCP_OK ) return schema;
  adcp_schema_free(schema);
  return NULL;
}

/* PRAGMA index_xinfo takes the name of a table for its primary key where the rows stand in that. */
static bool is_without_rowid(AdcpDb *db, const char *name) {
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".index_xinfo(%Q)", db->schema, name);
  bool found = adcp_db_step(db, stmt);
  adcp_db_finalize(stmt);
  return found;
}

AdcpSchema *adcp_catalog_read_table(AdcpDb *db, const char *name) {
  AdcpSchema *schema = adcp_schema_new(db->err);
  AdcpTable *table = schema ? adcp_schema_add_table(schema, db->err) : NULL;
  if( table ) {
    table->name = adcp_strdup(name);
    if( table->name == NULL ) adcp_error_nomem(db->err);
    table->without_rowid = !db->err->rc && is_without_rowid(db, name);
    if( !db->err->rc ) read_table(db, table);
  }
  if( db->err->rc == ADCP_OK ) return schema;
  adcp_schema_free(schema);
  return NULL;
}

char *adcp_catalog_sql(AdcpDb *db, AdcpObjectType type, const char *name) {
  return adcp_db_text(db, "SELECT sql FROM \"%w\".sqlite_schema WHERE type = %Q AND name = %Q",
                      db->schema, adcp_object_type_name(type), name);
}

static int64_t count_each(AdcpDb *db, const char *table) {
  int64_t rows = 0;
  sqlite3_stmt *stmt = adcp_db_prepare(db, "SELECT 1 FROM \"%w\".\"%w\"", db->schema, table);
  while( adcp_db_step(db, stmt) ) rows++;
  adcp_db_finalize(stmt);
  return rows;
}

/* Of a table with a key by a collation that is missing SQLite says "no query solution", but names it where
** all rows are asked for. */
static void explain_unreadable(AdcpDb *db, const char *table) {
  if( db->err->rc != ADCP_ERROR ) return;
  AdcpError reason = ADCP_ERROR_INIT;
  AdcpDb look = {db->handle, db->schema, &reason};
  adcp_db_integer(&look, 0, "SELECT count(*) FROM \"%w\".\"%w\"", db->schema, table);
  if( reason.rc ) {
    adcp_error_clear(db->err);
    adcp_error_move(db->err, &reason);
  }
  adcp_stub_advise(db->err);
  adcp_error_prepend(db->err, "table \"%s\": ", table);
}

/* count() may be the application's: it never decides whether there are rows. */
int64_t adcp_catalog_count(AdcpDb *db, const char *table) {
  if( db->err->rc ) return 0;
  bool any = adcp_db_integer(db, 0, "SELECT 1 FROM \"%w\".\"%w\" LIMIT 1", db->schema, table) != 0;
  explain_unreadable(db, table);
  if( !any ) return 0;
  int64_t rows = adcp_db_integer(db, 0, "SELECT count(*) FROM \"%w\".\"%w\"", db->schema, table);
  return rows > 0 ? rows : count_each(db, table);
}

int64_t adcp_catalog_row_count(AdcpDb *db, const AdcpTable *table) {
  return table->kind == ADCP_TABLE_VIRTUAL ? 0 : adcp_catalog_count(db, table->name);
}
