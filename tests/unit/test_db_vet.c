/*
** test_db_vet.c - schema text that SQLite stored is let through, every kind of text that is not
** what it says is refused, by a message that names the object and the fact.
*/
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "connection.h"
#include "db/vet.h"
#include "unit.h"

static void add_object(AdcpSchema *schema, AdcpObjectType type, const char *name,
                       const char *tbl_name, const char *sql) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpObject *object = adcp_schema_add_object(schema, &err);
  if( !CHECK(object != NULL) ) return;
  object->type = type;
  object->name = adcp_strdup(name);
  object->tbl_name = adcp_strdup(tbl_name);
  object->sql = sql ? adcp_strdup(sql) : NULL;
}

static AdcpSchema *new_schema(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  CHECK(schema != NULL);
  return schema;
}

/* The objects of a database, as a backup would hold them. */
static AdcpSchema *read_schema(sqlite3 *handle) {
  AdcpSchema *schema = new_schema();
  sqlite3_stmt *stmt;
  AdcpObjectType type = ADCP_OBJECT_TABLE;
  const char *sql =
      "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name <> 'sqlite_sequence'";
  CHECK(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) == SQLITE_OK);
  while( sqlite3_step(stmt) == SQLITE_ROW ) {
    const char *text[4];
    for( int i = 0; i < 4; i++ ) text[i] = (const char *)sqlite3_column_text(stmt, i);
    CHECK(adcp_object_type_parse(text[0], &type));
    add_object(schema, type, text[1], text[2], text[3]);
  }
  sqlite3_finalize(stmt);
  return schema;
}

/* ---- what passes ---- */

static void xAnything(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc, (void)argv;
  sqlite3_result_int(context, 1);
}

static int xCollate(void *context, int a_size, const void *a, int b_size, const void *b) {
  (void)context, (void)a, (void)b;
  return a_size - b_size;
}

static const char *const good[] = {
    "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT UNIQUE, c DEFAULT (random()), d)",
    "CREATE TABLE \"odd \"\"name\"/* ; */(a, -- comment; CREATE\r\n\tb /* x */,\r\n UNIQUE(b, a))",
    "CREATE TABLE [br]([a b] \"my type\"(10, 2) DEFAULT 'it''s; x', `c` NOT NULL)",
    "CREATE TABLE checked(a CHECK(my_function(a, 1) AND a <> \"text\"), b CHECK(\"odd func\"(b) > "
    "substr(b, 1, 2, 3)))",
    "CREATE TABLE collated(a TEXT COLLATE my_order, b COLLATE \"odd order\", PRIMARY KEY(a, b)) "
    "WITHOUT ROWID",
    "CREATE TABLE generated(a INT, b TEXT, c INT AS (a * 2), d TEXT AS (my_function(b)) STORED) "
    "STRICT",
    "CREATE TABLE child(a REFERENCES nowhere(b) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TABLE temp(\"temp\", \"select\", rowid, oid)",
    "CREATE INDEX i1 ON t(abs(a), my_function(b), c COLLATE nocase DESC) WHERE b IS NOT NULL AND c "
    "> 1",
    "CREATE UNIQUE INDEX \"i ; 2\" ON \"odd \"\"name\"(b COLLATE my_order)",
    "CREATE INDEX i3 ON T(json_extract(c, '$.x'), \"no column\")",
    "CREATE INDEX i4 ON generated(c, d)",
    "CREATE INDEX i5 ON child(a)",
    "ALTER TABLE child RENAME TO \"new name\"",
    "ALTER TABLE \"new name\" ADD COLUMN z DEFAULT 'a' CHECK (z <> '')",
    "CREATE VIEW v AS WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x LIMIT 9) "
    "SELECT n FROM x",
    "CREATE VIEW v2(a, b) AS SELECT row_number() OVER w, sum(a) FILTER (WHERE a > 1) OVER w FROM "
    "nowhere "
    "WINDOW w AS (PARTITION BY a ORDER BY b)",
    "CREATE VIEW v3 AS SELECT unknown_function(1) FROM v2 UNION VALUES(';')",
    "CREATE TRIGGER r1 AFTER UPDATE OF b, c ON t FOR EACH ROW WHEN new.b > old.b BEGIN "
    "INSERT INTO nowhere VALUES(new.a, ';'); UPDATE t SET c = 1; DELETE FROM t; "
    "SELECT CASE WHEN my_function(1) THEN RAISE(ABORT, 'no') END; END",
    "CREATE TRIGGER \"r 2\" INSTEAD OF INSERT ON v3 BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER r3 BEFORE DELETE ON main.t BEGIN REPLACE INTO t(b) SELECT a FROM child; END",
    "CREATE VIRTUAL TABLE f USING fts5(a, b, content='', tokenize = 'porter ascii')",
    "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +note)",
    NULL};

static void test_good(void) {
  sqlite3 *handle = open_database(":memory:");
  int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  sqlite3_create_function(handle, "my_function", -1, flags, NULL, xAnything, NULL, NULL);
  sqlite3_create_function(handle, "odd func", 1, flags, NULL, xAnything, NULL, NULL);
  sqlite3_create_function(handle, "substr", 4, flags, NULL, xAnything, NULL, NULL);
  sqlite3_create_collation(handle, "my_order", SQLITE_UTF8, NULL, xCollate);
  sqlite3_create_collation(handle, "odd order", SQLITE_UTF8, NULL, xCollate);
  for( size_t i = 0; good[i]; i++ ) must(handle, good[i]);
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = read_schema(handle);
  AdcpVetter *vetter = adcp_vetter_open(&err);
  CHECK_CASE(schema->object_count == 30, "%zu",
             schema->object_count); /* shadow tables and automatic indexes too */
  for( size_t i = 0; i < schema->object_count; i++ ) {
    adcp_vet_object(vetter, schema, &schema->objects[i]);
    CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    adcp_error_clear(&err);
  }
  /* In any order: tables are made again as their indexes need them. */
  for( size_t i = schema->object_count; i > 0; i-- ) {
    adcp_vet_object(vetter, schema, &schema->objects[(i * 7) % schema->object_count]);
    CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    adcp_error_clear(&err);
  }
  adcp_vetter_close(vetter);
  adcp_schema_free(schema);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* Not as SQLite stores it, and harmless. */
static void test_good_text(void) {
  static const char *const text[] = {"CREATE TABLE IF NOT EXISTS t(a)", "CREATE TABLE t(a);",
                                     "create /* c */ table t(a) ; ;; -- end",
                                     "cReAtE TABLE 't'(a)"};
  for( size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpSchema *schema = new_schema();
    add_object(schema, ADCP_OBJECT_TABLE, "t", "t", text[i]);
    AdcpVetter *vetter = adcp_vetter_open(&err);
    adcp_vet_object(vetter, schema, &schema->objects[0]);
    CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    adcp_error_clear(&err);
    adcp_vetter_close(vetter);
    adcp_schema_free(schema);
  }
}

/* ---- what does not ---- */

static const struct {
  AdcpObjectType type;
  const char *name, *tbl_name, *sql, *expected;
} bad[] = {
    {ADCP_OBJECT_TABLE, "x", "x", "", "SQL that ends where CREATE is expected"},
    {ADCP_OBJECT_TABLE, "x", "x", NULL, "no SQL"},
    {ADCP_OBJECT_INDEX, "x", "t", NULL, "no SQL"},
    {ADCP_OBJECT_TABLE, "x", "x", "DROP TABLE t",
     "SQL that has DROP at byte 0 where CREATE is expected"},
    {ADCP_OBJECT_TABLE, "x", "x", " CREATE TABLE x(a)", "SQL that does not begin with CREATE"},
    {ADCP_OBJECT_TABLE, "x", "x", "/* c */ create table x(a)",
     "SQL that does not begin with CREATE"},
    {ADCP_OBJECT_TABLE, "x", "x", "\xef\xbb\xbf CREATE TABLE 'x'(a)",
     "SQL that does not begin with CREATE"},
    {ADCP_OBJECT_TABLE, "x", "x", "EXPLAIN CREATE TABLE x(a)",
     "SQL that has EXPLAIN at byte 0 where CREATE is expected"},
    {ADCP_OBJECT_TABLE, "x", "x", "PRAGMA writable_schema=1",
     "SQL that has PRAGMA at byte 0 where CREATE is expected"},
    {ADCP_OBJECT_TABLE, "x", "x", "ATTACH 'y' AS x",
     "SQL that has ATTACH at byte 0 where CREATE is expected"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x(a); DROP TABLE t",
     "SQL of more than one statement"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x(a);;/**/ATTACH 'y' AS z",
     "SQL of more than one statement"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x(a) SELECT 1",
     "SQL that SQLite refuses: near \"SELECT\": syntax error"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x AS SELECT 1", "SQL that fills it by AS SELECT"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TEMP TABLE x(a)", "SQL that creates it as TEMP"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE temp.x(a)",
     "SQL that names a schema before its name"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE main . x(a)",
     "SQL that names a schema before its name"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE y(a)", "SQL that creates table \"y\" instead"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE X(a)", "SQL that creates table \"X\" instead"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE VIEW x AS SELECT 1",
     "SQL that creates view \"x\" instead"},
    {ADCP_OBJECT_TABLE, "x", "y", "CREATE TABLE x(a)",
     "SQL for table \"x\", but stands under table \"y\""},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x(a CHECK(load_extension('y')))",
     "SQL that would load code"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x(a CHECK(a IN (SELECT 1)))",
     "SQL that SQLite refuses: subqueries prohibited in CHECK constraints"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x(a CHECK(a > ?1))",
     "SQL that SQLite refuses: parameters prohibited in CHECK constraints"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE TABLE x(a, 'open",
     "SQL that SQLite refuses: unrecognized token: \"'open\""},
    {ADCP_OBJECT_TABLE, "sqlite_x", "sqlite_x", "CREATE TABLE sqlite_x(a)",
     "a name that SQLite reserves for itself"},
    {ADCP_OBJECT_TABLE, "SQLite_sequence", "SQLite_sequence", "CREATE TABLE SQLite_sequence(a)",
     "a name that SQLite reserves for itself"},
    {ADCP_OBJECT_INDEX, "sqlite_autoindex_t_1", "t", "CREATE INDEX sqlite_autoindex_t_1 ON t(a)",
     "a name that SQLite reserves for itself"},
    {ADCP_OBJECT_INDEX, "x", "t", "CREATE INDEX x ON other(a)",
     "SQL for table \"other\", but stands under table \"t\""},
    {ADCP_OBJECT_INDEX, "x", "gone", "CREATE INDEX x ON gone(a)", "no table: there is no \"gone\""},
    {ADCP_OBJECT_INDEX, "x", "t", "CREATE INDEX x ON t(a) WHERE load_extension('a')",
     "SQL that would load code"},
    {ADCP_OBJECT_INDEX, "x", "t", "CREATE INDEX x ON t(zz)",
     "SQL that SQLite refuses: no such column: zz"},
    {ADCP_OBJECT_INDEX, "x", "w", "CREATE INDEX x ON w(a)",
     "SQL that SQLite refuses: views may not be indexed"},
    {ADCP_OBJECT_INDEX, "x", "t", "CREATE INDEX temp.x ON t(a)",
     "SQL that names a schema before its name"},
    {ADCP_OBJECT_VIEW, "x", "x", "CREATE TEMP VIEW x AS SELECT 1", "SQL that creates it as TEMP"},
    {ADCP_OBJECT_VIEW, "x", "x", "CREATE VIEW x AS SELECT 1; PRAGMA y",
     "SQL of more than one statement"},
    {ADCP_OBJECT_VIEW, "x", "x", "CREATE VIEW x AS SELECT * FROM other.t",
     "SQL that SQLite refuses: view x cannot reference objects in database other"},
    {ADCP_OBJECT_VIEW, "x", "x", "CREATE VIEW x AS DELETE FROM t",
     "SQL that SQLite refuses: near \"DELETE\": syntax error"},
    {ADCP_OBJECT_TRIGGER, "x", "t", "CREATE TEMP TRIGGER x DELETE ON t BEGIN SELECT 1; END",
     "SQL that creates it as TEMP"},
    {ADCP_OBJECT_TRIGGER, "x", "t", "CREATE TRIGGER x DELETE ON t BEGIN PRAGMA y; END",
     "SQL that SQLite refuses: near \"PRAGMA\": syntax error"},
    {ADCP_OBJECT_TRIGGER, "x", "t",
     "CREATE TRIGGER x DELETE ON t BEGIN SELECT 1; END; DROP TABLE t",
     "SQL of more than one statement"},
    {ADCP_OBJECT_TRIGGER, "x", "t", "CREATE TRIGGER x DELETE ON other.t BEGIN SELECT 1; END",
     "SQL that SQLite refuses: trigger x cannot reference objects in database other"},
    {ADCP_OBJECT_TRIGGER, "x", "t", "CREATE TRIGGER x DELETE ON temp.t BEGIN SELECT 1; END",
     "SQL that SQLite refuses: trigger x cannot reference objects in database temp"},
    {ADCP_OBJECT_TRIGGER, "x", "w", "CREATE TRIGGER x AFTER DELETE ON w BEGIN SELECT 1; END",
     "SQL that SQLite refuses: cannot create AFTER trigger on view: w"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE VIRTUAL TABLE x USING fts5(a) SELECT 1",
     "SQL that SQLite refuses: near \"SELECT\": syntax error"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE VIRTUAL TABLE x USING fts5(a); DROP TABLE t",
     "SQL of more than one statement"},
    {ADCP_OBJECT_TABLE, "x", "x", "CREATE VIRTUAL TABLE x USING fts5(a",
     "SQL that SQLite refuses: incomplete input"},
    {ADCP_OBJECT_VIEW, "x", "x", "CREATE VIRTUAL TABLE x USING fts5(a)",
     "SQL that creates virtual table \"x\" instead"},
    {ADCP_OBJECT_TABLE, "f", "f", "CREATE VIRTUAL TABLE f USING csv(a)",
     "SQL that uses the module \"csv\", but is described with \"fts5\""},
    {ADCP_OBJECT_TABLE, "f", "f", "CREATE TABLE f(a)",
     "SQL that creates a table, but is described as virtual table"},
    {ADCP_OBJECT_TABLE, "plain", "plain", "CREATE VIRTUAL TABLE plain USING fts5(a)",
     "SQL that creates a virtual table, but is described as ordinary table"},
};

static void describe(AdcpSchema *schema, const char *name, AdcpTableKind kind, const char *module) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpTable *table = adcp_schema_add_table(schema, &err);
  table->name = adcp_strdup(name);
  table->kind = kind;
  table->module = module ? adcp_strdup(module) : NULL;
}

static void test_bad(void) {
  for( size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpSchema *schema = new_schema();
    describe(schema, "f", ADCP_TABLE_VIRTUAL, "fts5");
    describe(schema, "plain", ADCP_TABLE_ORDINARY, NULL);
    adcp_schema_index(schema, &err);
    add_object(schema, bad[i].type, bad[i].name, bad[i].tbl_name, bad[i].sql);
    add_object(schema, ADCP_OBJECT_TABLE, "t", "t", "CREATE TABLE t(a)");
    add_object(schema, ADCP_OBJECT_TABLE, "other", "other", "CREATE TABLE other(a)");
    add_object(schema, ADCP_OBJECT_VIEW, "w", "w", "CREATE VIEW w AS SELECT 1");
    AdcpVetter *vetter = adcp_vetter_open(&err);
    adcp_vet_object(vetter, schema, &schema->objects[0]);
    char expected[300];
    snprintf(expected, sizeof(expected), "%s \"%s\" of the backup has %s",
             adcp_object_type_name(bad[i].type), bad[i].name, bad[i].expected);
    CHECK(err.rc == ADCP_CORRUPT);
    CHECK_TEXT(adcp_error_message(&err), expected);
    adcp_vet_object(vetter, schema, &schema->objects[1]); /* no-op after an error */
    CHECK_TEXT(adcp_error_message(&err), expected);
    adcp_error_clear(&err);
    adcp_vetter_close(vetter);
    adcp_schema_free(schema);
  }
}

/* An index whose table is itself not what it says: its text must not run to make the stub. */
static void test_bad_stub(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = new_schema();
  add_object(schema, ADCP_OBJECT_INDEX, "i", "t", "CREATE INDEX i ON t(a)");
  add_object(schema, ADCP_OBJECT_TABLE, "t", "t", "CREATE TABLE t(a); CREATE TABLE u(b)");
  add_object(schema, ADCP_OBJECT_TRIGGER, "r", "v",
             "CREATE TRIGGER r DELETE ON v BEGIN SELECT 1; END");
  add_object(schema, ADCP_OBJECT_TABLE, "v", "v", "CREATE VIRTUAL TABLE v USING fts5(a)");
  AdcpVetter *vetter = adcp_vetter_open(&err);
  adcp_vet_object(vetter, schema, &schema->objects[0]);
  CHECK_TEXT(adcp_error_message(&err),
             "table \"t\" of the backup has SQL of more than one statement");
  adcp_error_clear(&err);
  adcp_vet_object(vetter, schema, &schema->objects[2]);
  CHECK_TEXT(adcp_error_message(&err), "table \"v\" of the backup has an index or trigger, which a "
                                       "virtual table cannot have");
  adcp_error_clear(&err);
  for( int again = 0; again < 2; again++ ) { /* what is wrong with the table stays known */
    adcp_vet_object(vetter, schema, &schema->objects[0]);
    CHECK_TEXT(adcp_error_message(&err),
               "table \"t\" of the backup has SQL of more than one statement");
    adcp_error_clear(&err);
  }
  adcp_vetter_close(vetter);
  adcp_schema_free(schema);
}

/* The objects of a table together, whatever stands between them. */
static void test_order(void) {
  static const char *const wanted = "a ia ra b ib v x ";
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = new_schema();
  AdcpBuf names = {0};
  add_object(schema, ADCP_OBJECT_TABLE, "a", "a", "CREATE TABLE a(c CHECK(f(c)))");
  add_object(schema, ADCP_OBJECT_TABLE, "b", "b", "CREATE TABLE b(c CHECK(g(c)))");
  add_object(schema, ADCP_OBJECT_INDEX, "ia", "a", "CREATE INDEX ia ON a(f(c))");
  add_object(schema, ADCP_OBJECT_VIEW, "v", "v", "CREATE VIEW v AS SELECT h(1)");
  add_object(schema, ADCP_OBJECT_INDEX, "ib", "b", "CREATE INDEX ib ON b(c)");
  add_object(schema, ADCP_OBJECT_TRIGGER, "ra", "a",
             "CREATE TRIGGER ra DELETE ON a BEGIN SELECT h(1); END");
  add_object(schema, ADCP_OBJECT_INDEX, "x", "nowhere", "CREATE INDEX x ON nowhere(c)");
  const AdcpObject **order = adcp_vet_order(schema, &err);
  AdcpVetter *vetter = adcp_vetter_open(&err);
  for( size_t i = 0; order && i < schema->object_count; i++ ) {
    adcp_buf_appendf(&names, "%s ", order[i]->name);
    adcp_vet_object(vetter, schema, order[i]);
    CHECK_CASE((err.rc == ADCP_OK) == (i < 6), "%s", adcp_error_message(&err));
    adcp_error_clear(&err);
  }
  CHECK_TEXT(adcp_buf_text(&names), wanted);
  const AdcpTexts *missing = adcp_vetter_missing(vetter);
  CHECK(missing->count == 2); /* those of views and triggers nobody calls */
  if( missing->count == 2 ) CHECK_TEXT(missing->items[0], "f");
  if( missing->count == 2 ) CHECK_TEXT(missing->items[1], "g");
  adcp_vetter_close(vetter);
  adcp_free((void *)order);
  adcp_buf_free(&names);
  adcp_schema_free(schema);
}

/* A text is prepared a few times, however many functions it uses; names that are none do not matter. */
static void test_functions_at_once(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = new_schema();
  AdcpBuf sql = {0};
  adcp_buf_append_str(
      &sql, "CREATE TABLE t(a VARCHAR(9) REFERENCES p(q), b CHECK(b REGEXP a AND abs(a, b)),"
            " CHECK([f 0](\"F 0\"(a)) + length(a))");
  for( int i = 1; i < 480; i++ ) adcp_buf_appendf(&sql, ", CHECK(f%d(a))", i);
  adcp_buf_append_str(&sql, ", CHECK(a IN (0");
  for( int i = 0; i < 200000; i++ ) adcp_buf_append_str(&sql, ",1");
  adcp_buf_append_str(&sql, ")))");
  add_object(schema, ADCP_OBJECT_TABLE, "t", "t", adcp_buf_text(&sql));
  add_object(schema, ADCP_OBJECT_INDEX, "i", "t", "CREATE INDEX i ON t(f7(a), g(b))");
  clock_t start = clock();
  AdcpVetter *vetter = adcp_vetter_open(&err);
  adcp_vet_object(vetter, schema, &schema->objects[0]);
  adcp_vet_object(vetter, schema, &schema->objects[1]);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  double seconds = unit_seconds_since(start);
  CHECK_CASE(seconds < 3, "took %d ms", (int)(seconds * 1000));
  const AdcpTexts *missing = adcp_vetter_missing(vetter);
  CHECK_CASE(missing->count == 482, "%zu", missing->count); /* f 0 to f479, REGEXP, g */
  for( size_t i = 0; i < missing->count; i++ ) {
    CHECK_CASE(strcmp(missing->items[i], "VARCHAR") && strcmp(missing->items[i], "length"), "%s",
               missing->items[i]);
  }
  adcp_vetter_close(vetter);
  adcp_schema_free(schema);
  adcp_buf_free(&sql);
}

/* The caller's interrupt, which the private connections do not hear. */
static void test_interrupt(void) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = NULL;
  sqlite3_stmt *running = NULL;
  AdcpSchema *schema = new_schema();
  add_object(schema, ADCP_OBJECT_TABLE, "t", "t", "CREATE TABLE t(a)");
  CHECK(sqlite3_open(":memory:", &handle) == SQLITE_OK);
  AdcpDb db = {handle, "main", &err};
  AdcpVetter *vetter = adcp_vetter_open(&err);
  adcp_vetter_hear(vetter, &db);
  CHECK(sqlite3_prepare_v2(handle, "VALUES(1),(2)", -1, &running, NULL) == SQLITE_OK);
  CHECK(sqlite3_step(running) == SQLITE_ROW);
  adcp_vet_object(vetter, schema, &schema->objects[0]);
  CHECK(err.rc == ADCP_OK);
  sqlite3_interrupt(handle);
  adcp_vet_object(vetter, schema, &schema->objects[0]);
  CHECK(err.rc == ADCP_INTERRUPT);
  CHECK(strstr(adcp_error_message(&err), "backup has") == NULL);
  adcp_error_clear(&err);
  adcp_vetter_close(vetter);
  sqlite3_finalize(running);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  adcp_schema_free(schema);
}

/* Thousands are too many. */
static void test_many_functions(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = new_schema();
  AdcpBuf sql = {0};
  adcp_buf_append_str(&sql, "CREATE TABLE t(a");
  for( int i = 0; i < 2000; i++ ) adcp_buf_appendf(&sql, " CHECK(f%d(a))", i);
  adcp_buf_append_str(&sql, ")");
  add_object(schema, ADCP_OBJECT_TABLE, "t", "t", adcp_buf_text(&sql));
  AdcpVetter *vetter = adcp_vetter_open(&err);
  adcp_vet_object(vetter, schema, &schema->objects[0]);
  CHECK_TEXT(adcp_error_message(&err),
             "table \"t\" of the backup has SQL that SQLite refuses: no such function: f500");
  adcp_error_clear(&err);
  adcp_vetter_close(vetter);
  adcp_schema_free(schema);
  adcp_buf_free(&sql);
}

/* Functions of SQLite's with a number of arguments that is the application's: SQLite tells one a time, and
** reads the text again for each. */
static void test_overloaded(void) {
  for( int i = 0; i < 2; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpSchema *schema = new_schema();
    AdcpBuf sql = {0};
    adcp_buf_append_str(&sql,
                        "CREATE TABLE t(a CHECK(abs() + hex() + length() + lower() + ltrim() + "
                        "quote() + round() + rtrim() + typeof() + upper())");
    if( i ) adcp_buf_append_str(&sql, ", b CHECK(b IN (0");
    for( int n = 0; n < 490000 && i; n++ ) adcp_buf_append_str(&sql, ",1");
    adcp_buf_append_str(&sql, i ? ")))" : ")");
    add_object(schema, ADCP_OBJECT_TABLE, "t", "t", adcp_buf_text(&sql));
    AdcpVetter *vetter = adcp_vetter_open(&err);
    adcp_vet_object(vetter, schema, &schema->objects[0]);
    bool refused = strstr(adcp_error_message(&err), "wrong number of arguments") != NULL;
    CHECK_CASE(i ? refused : err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    adcp_error_clear(&err);
    adcp_vetter_close(vetter);
    adcp_schema_free(schema);
    adcp_buf_free(&sql);
  }
}

static void test_many_objects(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = new_schema();
  char name[40], index[40], sql[200];
  for( int i = 0; i < 2500; i++ ) {
    snprintf(name, sizeof(name), "table %d", i);
    snprintf(sql, sizeof(sql), "CREATE TABLE \"%s\"(a, b CHECK(g(b)), c)", name);
    add_object(schema, ADCP_OBJECT_TABLE, name, name, sql);
    for( int j = 0; j < 2; j++ ) {
      snprintf(index, sizeof(index), "index %d %d", i, j);
      snprintf(sql, sizeof(sql), "CREATE INDEX \"%s\" ON \"%s\"(b, f(a))", index, name);
      add_object(schema, ADCP_OBJECT_INDEX, index, name, sql);
    }
    snprintf(index, sizeof(index), "trigger %d", i);
    snprintf(sql, sizeof(sql), "CREATE TRIGGER \"%s\" DELETE ON \"%s\" BEGIN SELECT 1; END", index,
             name);
    add_object(schema, ADCP_OBJECT_TRIGGER, index, name, sql);
  }
  clock_t start = clock();
  AdcpVetter *vetter = adcp_vetter_open(&err);
  for( size_t i = 0; i < schema->object_count; i++ )
    adcp_vet_object(vetter, schema, &schema->objects[i]);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  double seconds = unit_seconds_since(start);
  CHECK_CASE(seconds < 10, "%zu objects took %d ms", schema->object_count, (int)(seconds * 1000));
  if( getenv("ADCP_TEST_TIMES") )
    printf("%zu objects: %d ms\n", schema->object_count, (int)(seconds * 1000));
  adcp_vetter_close(vetter);
  adcp_schema_free(schema);
}

/* Every allocation of ours fails once: an error, no leak, nothing let through by mistake. */
static void test_no_memory(void) {
  AdcpSchema *schema = new_schema();
  AdcpError err = ADCP_ERROR_INIT;
  long failures = 0;
  add_object(schema, ADCP_OBJECT_TABLE, "t", "t", "CREATE TABLE t(a CHECK(\"my f\"(a)))");
  add_object(schema, ADCP_OBJECT_TRIGGER, "r", "t",
             "CREATE TRIGGER r DELETE ON main.t BEGIN SELECT 1; END");
  add_object(schema, ADCP_OBJECT_TABLE, "f", "f", "CREATE VIRTUAL TABLE f USING fts5(a)");
  do {
    adcp_error_clear(&err);
    fail_allocation(++failures);
    AdcpVetter *vetter = adcp_vetter_open(&err);
    for( size_t i = 0; i < 3; i++ ) adcp_vet_object(vetter, schema, &schema->objects[i]);
    adcp_vetter_close(vetter);
    bool reached = allocations_left == 0;
    fail_allocation(0);
    CHECK_CASE(err.rc == (reached ? ADCP_NOMEM : ADCP_OK), "%s", adcp_error_message(&err));
  } while( err.rc && failures < 1000 );
  CHECK(failures > 10 && failures < 1000);
  adcp_schema_free(schema);
}

static void test_modules(void) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = open_database(":memory:");
  AdcpDb db = {handle, "main", &err};
  CHECK(adcp_module_is_safe("fts5") && adcp_module_is_safe("RTree_i32") &&
        adcp_module_is_safe("geopoly"));
  CHECK(!adcp_module_is_safe("csv") && !adcp_module_is_safe("fts") && !adcp_module_is_safe(""));
  AdcpNameMap modules = {0};
  adcp_modules_read(&modules, &db);
  CHECK(adcp_name_map_get(&modules, "fts5", 4, &err) &&
        adcp_name_map_get(&modules, "FTS4", 4, &err));
  CHECK(!adcp_name_map_get(&modules, "no'such", 7, &err) && err.rc == ADCP_OK);
  adcp_name_map_free(&modules);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

int main(void) {
  test_good();
  test_good_text();
  test_bad();
  test_bad_stub();
  test_order();
  test_functions_at_once();
  test_interrupt();
  test_many_functions();
  test_overloaded();
  test_many_objects();
  test_no_memory();
  test_modules();
  return unit_done();
}
