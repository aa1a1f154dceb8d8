/*
** test_db_catalog.c - the catalog against what SQLite itself says and does.
*/
#include "db/catalog.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/scan.h"
#include "unit.h"

static AdcpError err;
static AdcpDb db = {NULL, "main", &err};

static void open_memory(void) {
  sqlite3_open(":memory:", &db.handle);
  db.schema = "main";
}

static void run(const char *sql) {
  char *message = NULL;
  int rc = sqlite3_exec(db.handle, sql, NULL, NULL, &message);
  CHECK_CASE(rc == SQLITE_OK, "%s: %s", sql, message);
  sqlite3_free(message);
}

static AdcpSchema *read_catalog(void) {
  AdcpSchema *schema = adcp_catalog_read(&db);
  CHECK_CASE(schema != NULL, "%s", adcp_error_message(&err));
  return schema;
}

static const AdcpTable *table_of(const AdcpSchema *schema, const char *name) {
  const AdcpTable *table = adcp_schema_table(schema, name);
  CHECK_CASE(table != NULL, "no table %s", name);
  return table;
}

/* ---- rowids ---- */

/* Alias of the rowid by experiment: the column that shows a rowid given under another name. */
static int observed_alias(const AdcpTable *table) {
  int found = -1;
  adcp_db_exec(&db, "SAVEPOINT observe");
  adcp_db_exec(&db, "INSERT INTO \"%w\"(\"%w\") VALUES(424242)", table->name, table->rowid_name);
  for( size_t i = 0; i < table->column_count; i++ ) {
    int64_t value =
        adcp_db_integer(&db, 0, "SELECT \"%w\" FROM \"%w\"", table->columns[i].name, table->name);
    if( value == 424242 ) found = (int)i;
  }
  adcp_db_exec(&db, "ROLLBACK TO observe");
  CHECK_CASE(err.rc == ADCP_OK, "%s: %s", table->name, adcp_error_message(&err));
  return found;
}

static void test_rowid_alias(void) {
  static const char *const bodies[] = {
      "a INTEGER PRIMARY KEY, b",
      "b, a integer primary key autoincrement",
      "a INTEGER PRIMARY KEY DESC, b",
      "a INTEGER PRIMARY KEY ASC, b",
      "a INTEGER, PRIMARY KEY(a DESC)",
      "b, a INTEGER, PRIMARY KEY(a)",
      "a INTEGER UNIQUE PRIMARY KEY DESC",
      "a INTEGER PRIMARY KEY DESC UNIQUE",
      "a INTEGER, PRIMARY KEY(a), UNIQUE(a)",
      "a INTEGER, UNIQUE(a), PRIMARY KEY(a)",
      "a INT PRIMARY KEY, b",
      "a INTEGER(3) PRIMARY KEY",
      "a \"INTEGER\" PRIMARY KEY",
      "a [integer] PRIMARY KEY",
      "a 'INTEGER' PRIMARY KEY",
      "a BIGINT PRIMARY KEY",
      "a UNSIGNED INTEGER PRIMARY KEY",
      "a INTEGER, b INTEGER, PRIMARY KEY(a, b)",
      "a INTEGER, PRIMARY KEY(a, a)",
      "a, b UNIQUE",
      "a TEXT PRIMARY KEY",
      "a INTEGER PRIMARY KEY ON CONFLICT REPLACE",
      "a INTEGER CONSTRAINT x PRIMARY KEY",
      "a INTEGER, CONSTRAINT y PRIMARY KEY(\"a\" COLLATE NOCASE)",
      "rowid INTEGER PRIMARY KEY, a",
      "rowid, _rowid_ INTEGER PRIMARY KEY",
      "a INTEGER, b AS (a+1), PRIMARY KEY(a)",
  };
  open_memory();
  for( size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++ ) {
    adcp_db_exec(&db, "CREATE TABLE t%02d(%s)", (int)i, bodies[i]);
  }
  AdcpSchema *schema = read_catalog();
  for( size_t i = 0; schema && i < schema->table_count; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( table->kind != ADCP_TABLE_ORDINARY ) continue;
    int alias = observed_alias(table);
    CHECK_CASE(table->rowid_column == alias, "%s: %d, not %d", bodies[i], table->rowid_column,
               alias);
    CHECK(table->has_rowid_key == (alias < 0));
  }
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

static void test_rowid_names(void) {
  open_memory();
  run("CREATE TABLE a(x); CREATE TABLE b(ROWID); CREATE TABLE c(_rowid_, RowId);"
      "CREATE TABLE d(oid, \"rowid\", [_ROWID_]); CREATE TABLE e(x PRIMARY KEY) WITHOUT ROWID;"
      "CREATE TABLE f(x, rowid AS (x+1)); CREATE TABLE g(oid INTEGER PRIMARY KEY, rowid, _rowid_)");
  static const struct {
    const char *table, *rowid_name;
    bool has_rowid_key;
  } cases[] = {{"a", "rowid", true}, {"b", "_rowid_", true}, {"c", "oid", true}, {"d", NULL, false},
               {"e", NULL, false},   {"f", "_rowid_", true}, {"g", NULL, false}};
  AdcpSchema *schema = read_catalog();
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    const AdcpTable *table = table_of(schema, cases[i].table);
    if( cases[i].rowid_name ) {
      CHECK_TEXT(table->rowid_name, cases[i].rowid_name);
    } else {
      CHECK_CASE(table->rowid_name == NULL, "%s", cases[i].table);
    }
    CHECK_CASE(table->has_rowid_key == cases[i].has_rowid_key, "%s", cases[i].table);
  }
  CHECK(table_of(schema, "g")->rowid_column == 0);
  CHECK(adcp_table_value_count(table_of(schema, "f")) == 2);
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

/* ---- tables ---- */

/* STRICT and WITHOUT ROWID as PRAGMA table_list has them. */
static void test_table_options(void) {
  open_memory();
  run("CREATE TABLE o1(a INT PRIMARY KEY) /* ) */ WITHOUT -- STRICT\n ROWID, strict;"
      "CREATE TABLE o2(a INT, strict TEXT, CHECK(a IN (1, ')'))) STRICT ;"
      "CREATE TABLE o3(a PRIMARY KEY, rowid, strict) without rowid /* strict */;"
      "CREATE TABLE o4(a, \"WITHOUT ROWID\", b DEFAULT (1) -- ) STRICT\n)"
      ";CREATE TABLE \"without rowid\"(strict);CREATE TABLE strict AS SELECT 1 AS rowid;"
      "CREATE TABLE o5([a)STRICT] INT PRIMARY KEY, `b(` TEXT)WITHOUT ROWID,STRICT");
  AdcpSchema *schema = read_catalog();
  sqlite3_stmt *stmt =
      adcp_db_prepare(&db, "SELECT name, wr, strict FROM pragma_table_list WHERE schema='main'");
  int compared = 0;
  while( adcp_db_step(&db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    if( strcmp(name, "sqlite_schema") == 0 ) continue;
    const AdcpTable *table = table_of(schema, name);
    CHECK_CASE(table->without_rowid == sqlite3_column_int(stmt, 1), "%s", name);
    CHECK_CASE(table->strict == sqlite3_column_int(stmt, 2), "%s", name);
    compared++;
  }
  CHECK(compared == 7);
  adcp_db_finalize(stmt);
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

/* ---- what a scan asks ---- */

static int count_schema_reads(unsigned type, void *count, void *stmt, void *sql) {
  (void)type;
  (void)stmt;
  if( strstr(sql, "sqlite_schema") ) ++*(int *)count;
  return 0;
}

/* Each look into sqlite_schema reads all of it: none for a table that has no DESC. */
static void test_descending(void) {
  open_memory();
  run("CREATE TABLE up(a, \"desc\", PRIMARY KEY(a, \"desc\")) WITHOUT ROWID;"
      "CREATE TABLE down(a, b, PRIMARY KEY(a, b Desc)) WITHOUT ROWID;"
      "CREATE VIRTUAL TABLE f USING fts5(x)");
  AdcpSchema *schema = read_catalog();
  const char *const names[] = {"up", "f_idx", "f_config", "down"};
  for( size_t i = 0; i < sizeof names / sizeof *names; i++ ) {
    const AdcpTable *table = table_of(schema, names[i]);
    int reads = 0;
    sqlite3_trace_v2(db.handle, SQLITE_TRACE_STMT, count_schema_reads, &reads);
    adcp_scan_close(adcp_scan_open(&db, table));
    sqlite3_trace_v2(db.handle, 0, NULL, NULL);
    CHECK_CASE(reads == (i == 3), "%s: %d", names[i], reads);
  }
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

static void test_columns(void) {
  open_memory();
  run("CREATE TABLE p(x, y, z, PRIMARY KEY(z, x)) WITHOUT ROWID;"
      "CREATE TABLE c(a VARCHAR(10) NOT NULL DEFAULT 'it''s', b AS (a || 1), d INT AS (2) STORED,"
      "  \"\" DEFAULT (1+2), \"q\"\"q\", \"n\nl\", [a.b], `\xf0\x9f\x98\x80`, \"$id\");"
      "ALTER TABLE c ADD COLUMN e DEFAULT 9; ALTER TABLE c DROP COLUMN [a.b];"
      "ALTER TABLE c RENAME COLUMN \"$id\" TO \"$rowid\"");
  AdcpSchema *schema = read_catalog();
  const AdcpTable *c = table_of(schema, "c"), *p = table_of(schema, "p");
  static const char *const names[] = {"a",      "b", "d", "", "q\"q", "n\nl", "\xf0\x9f\x98\x80",
                                      "$rowid", "e"};
  CHECK(c->column_count == 9);
  for( size_t i = 0; i < c->column_count && i < 9; i++ ) CHECK_TEXT(c->columns[i].name, names[i]);
  CHECK_TEXT(c->columns[0].decl_type, "VARCHAR(10)");
  CHECK_TEXT(c->columns[0].default_sql, "'it''s'");
  CHECK_TEXT(c->columns[3].default_sql, "1+2");
  CHECK_TEXT(c->columns[4].decl_type, "");
  CHECK(c->columns[4].default_sql == NULL && c->columns[0].not_null && !c->columns[1].not_null);
  CHECK(c->columns[1].generated && c->columns[2].generated && !c->columns[3].generated);
  CHECK(adcp_table_value_count(c) == 8); /* 7 and the rowid */
  CHECK(p->columns[0].primary_key == 2 && p->columns[1].primary_key == 0);
  CHECK(p->columns[2].primary_key == 1 && p->without_rowid && !p->has_rowid_key);
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

static void test_foreign_keys(void) {
  open_memory();
  run("CREATE TABLE child(a, b, c REFERENCES \"Par\"\"ent\" ON DELETE CASCADE,"
      " FOREIGN KEY(a, b) REFERENCES other(x, y) ON UPDATE SET NULL)");
  AdcpSchema *schema = read_catalog();
  const AdcpTable *child = table_of(schema, "child");
  CHECK(child->foreign_key_count == 2);
  const AdcpForeignKey *pair = &child->foreign_keys[0], *implied = &child->foreign_keys[1];
  CHECK(pair->count == 2 && implied->count == 1);
  CHECK_TEXT(pair->parent, "other");
  CHECK_TEXT(pair->from[1], "b");
  CHECK_TEXT(pair->to[1], "y");
  CHECK_TEXT(pair->on_update, "SET NULL");
  CHECK_TEXT(pair->on_delete, "NO ACTION");
  CHECK_TEXT(implied->parent, "Par\"ent");
  CHECK_TEXT(implied->from[0], "c");
  CHECK(implied->to[0] == NULL);
  CHECK_TEXT(implied->on_delete, "CASCADE");
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

static void test_objects(void) {
  open_memory();
  run("CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b UNIQUE); CREATE INDEX i ON t(b);"
      "CREATE VIEW v AS SELECT * FROM nowhere; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; "
      "END; INSERT INTO t VALUES(7, 1); ANALYZE");
  AdcpSchema *schema = read_catalog();
  static const struct {
    AdcpObjectType type;
    const char *name, *tbl_name;
    bool has_sql;
  } expected[] = {{ADCP_OBJECT_TABLE, "t", "t", true},
                  {ADCP_OBJECT_INDEX, "sqlite_autoindex_t_1", "t", false},
                  {ADCP_OBJECT_INDEX, "i", "t", true},
                  {ADCP_OBJECT_VIEW, "v", "v", true},
                  {ADCP_OBJECT_TRIGGER, "r", "t", true}};
  CHECK(schema->object_count == 5);
  for( size_t i = 0; i < schema->object_count && i < 5; i++ ) {
    CHECK(schema->objects[i].type == expected[i].type);
    CHECK_TEXT(schema->objects[i].name, expected[i].name);
    CHECK_TEXT(schema->objects[i].tbl_name, expected[i].tbl_name);
    CHECK((schema->objects[i].sql != NULL) == expected[i].has_sql);
  }
  CHECK(table_of(schema, "sqlite_sequence")->kind == ADCP_TABLE_SEQUENCE);
  CHECK(table_of(schema, "sqlite_stat1")->kind == ADCP_TABLE_STAT);
  CHECK(table_of(schema, "t")->kind == ADCP_TABLE_ORDINARY);
  CHECK(adcp_catalog_row_count(&db, table_of(schema, "t")) == 1);
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

/* ---- virtual tables ---- */

static void check_shadow(const AdcpSchema *schema, const char *name, const char *owner) {
  const AdcpTable *table = table_of(schema, name);
  if( owner == NULL ) {
    CHECK_CASE(table->kind == ADCP_TABLE_ORDINARY, "%s", name);
  } else {
    CHECK_CASE(table->kind == ADCP_TABLE_SHADOW, "%s", name);
    CHECK_TEXT(table->shadow_of, owner);
  }
}

static void check_shadows(const AdcpSchema *schema) {
  check_shadow(schema, "docs_content", "docs");
  check_shadow(schema, "docs_data", "docs");
  check_shadow(schema, "docs_x_data", "docs_x");
  check_shadow(schema, "docs_x_content", NULL); /* named as external content */
  check_shadow(schema, "docs_notes", NULL);
  check_shadow(schema, "old_segdir", "old");
  check_shadow(schema, "box_node", "box");
  check_shadow(schema, "box_data", NULL);
  check_shadow(schema, "geo_parent", "geo");
  check_shadow(schema, "nobody_data", NULL);
  CHECK(table_of(schema, "docs")->kind == ADCP_TABLE_VIRTUAL);
  CHECK(table_of(schema, "docs")->column_count == 0);
  CHECK(adcp_catalog_row_count(&db, table_of(schema, "docs")) == 0);
}

static const char virtual_sql[] =
    "CREATE VIRTUAL TABLE docs USING fts5(a);"
    "CREATE TABLE docs_x_content(id INTEGER PRIMARY KEY, a);"
    "CREATE VIRTUAL TABLE docs_x USING FTS5(a, content=docs_x_content, content_rowid=id);"
    "CREATE TABLE docs_notes(a); CREATE VIRTUAL TABLE \"old\" USING fts4(a, b);"
    "CREATE VIRTUAL TABLE box USING rtree(id, x0, x1, +aux); CREATE TABLE box_data(a);"
    "CREATE TABLE geo_parent(a); CREATE TABLE nobody_data(a);"
    "PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES('table', 'geo', 'geo', 0,"
    "'CREATE VIRTUAL TABLE geo USING geopoly(a)'); PRAGMA writable_schema=RESET";

static void test_shadow_tables(void) {
  open_memory();
  run(virtual_sql);
  AdcpSchema *schema = read_catalog();
  check_shadows(schema);
  CHECK(table_of(schema, "docs")->module_loaded);
  CHECK_TEXT(table_of(schema, "docs_x")->module, "FTS5");
  /* As SQLite has it, except for external content, and for geopoly, which most builds lack. */
  sqlite3_stmt *stmt = adcp_db_prepare(
      &db, "SELECT name, type FROM pragma_table_list WHERE schema='main' AND type IN"
           " ('table', 'shadow') AND name NOT IN ('sqlite_schema', 'geo_parent')");
  int shadows = 0;
  while( adcp_db_step(&db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    bool is_shadow = strcmp((const char *)sqlite3_column_text(stmt, 1), "shadow") == 0;
    if( strcmp(name, "docs_x_content") == 0 ) continue;
    CHECK_CASE((table_of(schema, name)->kind == ADCP_TABLE_SHADOW) == is_shadow, "%s", name);
    shadows += is_shadow;
  }
  CHECK(shadows == 5 + 4 + 5 + 3); /* docs, docs_x, old, box */
  adcp_db_finalize(stmt);
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

/* A file whose virtual tables' modules were dropped, and whose views and functions are broken. */
static void test_missing_modules(void) {
  sqlite3_open("modules.db", &db.handle);
  run(virtual_sql);
  run("PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES('table', 'gone', 'gone', 0,"
      "'CREATE VIRTUAL TABLE gone USING nosuchmodule(a, b)'), ('table', 'halfbox', 'halfbox', 0,"
      "'CREATE VIRTUAL TABLE halfbox USING rtree(a, b, c)'); PRAGMA writable_schema=RESET");
  run("CREATE TABLE gone_chunks(a); CREATE VIEW broken AS SELECT * FROM nowhere;"
      "CREATE VIEW through AS SELECT * FROM gone");
  sqlite3_close(db.handle);
  for( int modules = 1; modules >= 0; modules-- ) {
    sqlite3_open("modules.db", &db.handle);
    if( !modules ) sqlite3_drop_modules(db.handle, NULL);
    AdcpSchema *schema = read_catalog();
    check_shadows(schema);
    check_shadow(schema, "gone_chunks", NULL);
    CHECK(table_of(schema, "docs")->module_loaded == (modules == 1));
    CHECK(!table_of(schema, "gone")->module_loaded);
    CHECK_TEXT(table_of(schema, "gone")->module, "nosuchmodule");
    CHECK(table_of(schema, "halfbox")->kind == ADCP_TABLE_VIRTUAL);
    adcp_schema_free(schema);
    sqlite3_close(db.handle);
  }
  unlink("modules.db");
}

/* A module of an application, with its own shadow tables. */
static int no_connect(sqlite3 *handle, void *aux, int argc, const char *const *argv,
                      sqlite3_vtab **table, char **message) {
  (void)handle, (void)aux, (void)argc, (void)argv, (void)table;
  *message = sqlite3_mprintf("cannot be connected");
  return SQLITE_ERROR;
}

static int is_shadow_name(const char *suffix) {
  return strcmp(suffix, "chunks") == 0;
}

static void test_foreign_module(void) {
  static const sqlite3_module module = {
      .iVersion = 3, .xConnect = no_connect, .xShadowName = is_shadow_name};
  open_memory();
  sqlite3_create_module(db.handle, "foreign_module", &module, NULL);
  run("PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES('table', 'vec', 'vec', 0,"
      "'CREATE VIRTUAL TABLE vec USING foreign_module(a)'); PRAGMA writable_schema=RESET;"
      "CREATE TABLE vec_chunks(a); CREATE TABLE vec_other(a)");
  AdcpSchema *schema = read_catalog();
  check_shadow(schema, "vec_chunks", "vec");
  check_shadow(schema, "vec_other", NULL);
  CHECK(table_of(schema, "vec")->module_loaded);
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

/* ---- names, attached databases, functions of the application ---- */

static void test_names(void) {
  static const char *const names[] = {
      "",       "a\"b",   "it's", "a.b",  "new\nline",      "\xf0\x9f\x98\x80",
      "$rowid", "select", "[x]",  "%s%n", "bad\xff\xfeutf8"};
  open_memory();
  run("ATTACH ':memory:' AS \"o'th\"\"er\"; CREATE TABLE only_main(a)");
  db.schema = "o'th\"er";
  for( size_t i = 0; i < sizeof names / sizeof names[0]; i++ ) {
    adcp_db_exec(&db, "CREATE TABLE \"%w\".\"%w\"(\"%w\" PRIMARY KEY, b REFERENCES \"%w\")",
                 db.schema, names[i], names[i], names[i]);
    adcp_db_exec(&db, "CREATE TABLE main.\"%w\"(other)", names[i]);
    adcp_db_exec(&db, "INSERT INTO \"%w\".\"%w\" VALUES(1, 2)", db.schema, names[i]);
  }
  AdcpSchema *schema = read_catalog();
  CHECK(schema->table_count == sizeof names / sizeof names[0]);
  for( size_t i = 0; i < schema->table_count; i++ ) {
    const AdcpTable *table = table_of(schema, names[i]);
    CHECK(table->column_count == 2 && table->foreign_key_count == 1);
    CHECK_TEXT(table->columns[0].name, names[i]);
    CHECK_TEXT(table->foreign_keys[0].parent, names[i]);
    CHECK(adcp_catalog_row_count(&db, table) == 1);
  }
  adcp_schema_free(schema);
  db.schema = "main";
  sqlite3_close(db.handle);
}

static void plus_one(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  sqlite3_result_int64(context, sqlite3_value_int64(values[0]) + 1);
}

/* Tables that use functions and collations that this connection does not have. */
static void test_missing_functions(void) {
  sqlite3_open("functions.db", &db.handle);
  sqlite3_create_function(db.handle, "appfn", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, plus_one,
                          NULL, NULL);
  run("CREATE TABLE t(a, g AS (appfn(a)), s AS (appfn(a)) STORED, CHECK(appfn(a) > 0));"
      "CREATE INDEX ti ON t(appfn(a)); CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT appfn(1); "
      "END; CREATE VIEW tv AS SELECT appfn(a) FROM t; INSERT INTO t VALUES(1), (2)");
  sqlite3_close(db.handle);
  sqlite3_open("functions.db", &db.handle);
  AdcpSchema *schema = read_catalog();
  const AdcpTable *t = table_of(schema, "t");
  CHECK(t->column_count == 3 && adcp_table_value_count(t) == 2);
  CHECK(adcp_catalog_row_count(&db, t) == 2);
  CHECK(schema->object_count == 4);
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
  unlink("functions.db");
}

/* As the whole catalog has it. */
static void check_alone(const AdcpSchema *whole, const char *name) {
  const AdcpTable *a = table_of(whole, name);
  AdcpSchema *alone = adcp_catalog_read_table(&db, name);
  CHECK(alone != NULL && alone->table_count == 1);
  if( alone == NULL ) return;
  const AdcpTable *b = &alone->tables[0];
  CHECK_TEXT(b->name, name);
  CHECK_CASE(a->without_rowid == b->without_rowid && a->rowid_column == b->rowid_column, "%s",
             name);
  CHECK_CASE(a->has_rowid_key == b->has_rowid_key && a->column_count == b->column_count, "%s",
             name);
  CHECK_CASE(a->foreign_key_count == b->foreign_key_count, "%s", name);
  for( size_t i = 0; i < a->column_count; i++ ) {
    CHECK_TEXT(a->columns[i].name, b->columns[i].name);
    CHECK_CASE(a->columns[i].generated == b->columns[i].generated, "%s", name);
  }
  adcp_schema_free(alone);
}

static void test_one_table(void) {
  open_memory();
  run("CREATE TABLE t(a, b AS (a), c REFERENCES t); CREATE TABLE w(a PRIMARY KEY, b) WITHOUT ROWID;"
      "CREATE TABLE k(a INTEGER PRIMARY KEY); CREATE INDEX w_b ON w(b);"
      "CREATE VIRTUAL TABLE f USING fts5(a)");
  AdcpSchema *whole = read_catalog();
  check_alone(whole, "t");
  check_alone(whole, "w");
  check_alone(whole, "k");
  check_alone(whole, "f_config");
  check_alone(whole, "f_data");
  adcp_schema_free(whole);
  sqlite3_close(db.handle);
}

static void test_damaged_schema(void) {
  open_memory();
  run("CREATE TABLE t(a); PRAGMA writable_schema=ON;"
      "INSERT INTO sqlite_schema VALUES('thing', 'x', 'x', 0, NULL)");
  CHECK(adcp_catalog_read(&db) == NULL);
  CHECK(err.rc == ADCP_CORRUPT && strstr(adcp_error_message(&err), "\"thing\"") != NULL);
  adcp_error_clear(&err);
  sqlite3_close(db.handle);
}

/* ---- snapshot, speed ---- */

static void test_snapshot(void) {
  for( int with_table = 0; with_table < 2; with_table++ ) {
    sqlite3 *other;
    sqlite3_open("snapshot.db", &db.handle);
    run("PRAGMA journal_mode=WAL");
    if( with_table ) run("CREATE TABLE t(a)");
    sqlite3_open("snapshot.db", &other);
    AdcpSnapshot snapshot;
    adcp_snapshot_open(&snapshot, &db);
    CHECK(sqlite3_txn_state(db.handle, "main") == SQLITE_TXN_READ);
    CHECK(sqlite3_exec(other, "CREATE TABLE late(a)", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(adcp_db_integer(&db, -1, "SELECT count(*) FROM sqlite_schema") == with_table);
    adcp_snapshot_close(&snapshot);
    CHECK(sqlite3_txn_state(db.handle, "main") == SQLITE_TXN_NONE);
    CHECK(adcp_db_integer(&db, -1, "SELECT count(*) FROM sqlite_schema") == with_table + 1);
    sqlite3_close(other);
    sqlite3_close(db.handle);
    unlink("snapshot.db");
  }
}

static void test_many_tables(void) {
  open_memory();
  run("BEGIN");
  for( int i = 0; i < 10000; i++ ) {
    adcp_db_exec(&db, "CREATE TABLE t%d(id INTEGER PRIMARY KEY, a TEXT UNIQUE, b REFERENCES t%d)",
                 i, i / 2);
  }
  run("COMMIT; CREATE VIRTUAL TABLE f USING fts5(a)");
  clock_t begin = clock();
  AdcpSchema *schema = read_catalog();
  double seconds = unit_seconds_since(begin);
  printf("catalog of 10,000 tables: %d ms\n", (int)(seconds * 1000));
  CHECK(schema->table_count == 10006);
  CHECK_CASE(seconds < 5, "%d ms", (int)(seconds * 1000));
  adcp_schema_free(schema);
  sqlite3_close(db.handle);
}

int main(void) {
  char folder[] = "/tmp/adcp-unit-XXXXXX";
  if( mkdtemp(folder) == NULL || chdir(folder) != 0 ) return 1;
  test_rowid_alias();
  test_rowid_names();
  test_table_options();
  test_descending();
  test_columns();
  test_foreign_keys();
  test_objects();
  test_shadow_tables();
  test_missing_modules();
  test_foreign_module();
  test_names();
  test_missing_functions();
  test_one_table();
  test_damaged_schema();
  test_snapshot();
  test_many_tables();
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  rmdir(folder);
  return unit_done();
}
