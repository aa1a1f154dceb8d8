/*
** test_db_virtual_table.c - virtual tables come back by their own CREATE and their shadow tables'
** rows: every kind answers as the original does, on the connection that filled it (in the
** transaction and after it) and on another.
*/
#include "base/buf.h"
#include "base/mem.h"
#include "connection.h"
#include "db/state.h"
#include "db/transaction.h"
#include "db/virtual_table.h"
#include "unit.h"

typedef struct Kind {
  const char *create;
  const char *fill[4];  /* on the original only */
  const char *query[5]; /* must give the same everywhere */
} Kind;

#define NUMBERS(n)                                                                                 \
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " #n ") "
#define WORDS                                                                                      \
  "'alpha w' || (i % 7), 'beta ' || (i % 5) || CASE WHEN i % 3 THEN ' alpha' ELSE ' x' END"

#define FTS5_QUERIES                                                                               \
  "SELECT rowid, printf('%.6f', rank) FROM f WHERE f MATCH 'alpha' ORDER BY rank, rowid",          \
      "SELECT rowid FROM f WHERE f MATCH 'b: beta AND w3' ORDER BY rowid",                         \
      "SELECT rowid FROM f WHERE f MATCH 'al*' ORDER BY rowid",                                    \
      "INSERT INTO f(f) VALUES('integrity-check')"
#define FTS4_QUERIES                                                                               \
  "SELECT docid, hex(matchinfo(f, 'pcnalx')) FROM f WHERE f MATCH 'alpha' ORDER BY docid",         \
      "SELECT docid FROM f WHERE f MATCH 'b:beta w3' ORDER BY docid",                              \
      "INSERT INTO f(f) VALUES('integrity-check')"

static const Kind kinds[] = {
    {"CREATE VIRTUAL TABLE f USING fts5(a, b, prefix='2 3', tokenize='porter')",
     {NUMBERS(300) "INSERT INTO f(rowid, a, b) SELECT i * 3, " WORDS " FROM n",
      "DELETE FROM f WHERE rowid % 4 = 0",
      "INSERT INTO f(f, rank) VALUES('rank', 'bm25(10.0, 0.5)')"},
     {FTS5_QUERIES, "SELECT rowid, a, b FROM f ORDER BY rowid"}},
    {"CREATE VIRTUAL TABLE f USING fts5(a, b, content='docs', content_rowid='id')",
     {"INSERT INTO f(f) VALUES('rebuild')",
      "INSERT INTO f(f, rank) VALUES('rank', 'bm25(0.1, 5.0)')",
      "INSERT INTO f(f, rank) VALUES('pgsz', 100)"},
     {FTS5_QUERIES, "SELECT rowid, a, b FROM f ORDER BY rowid"}},
    {"CREATE VIRTUAL TABLE f USING fts5(a, b, content='')",
     {NUMBERS(300) "INSERT INTO f(rowid, a, b) SELECT i, " WORDS " FROM n",
      "INSERT INTO f(f, rank) VALUES('automerge', 2)"},
     {FTS5_QUERIES}},
    {"CREATE VIRTUAL TABLE f USING fts5(a, b, columnsize=0)",
     {NUMBERS(100) "INSERT INTO f(rowid, a, b) SELECT i, " WORDS " FROM n"},
     {FTS5_QUERIES}},
    {"CREATE VIRTUAL TABLE f USING fts5(a, b, detail=none)",
     {NUMBERS(200) "INSERT INTO f(rowid, a, b) SELECT i, " WORDS " FROM n",
      "INSERT INTO f(f, rank) VALUES('rank', 'bm25(3.0)')"},
     {"SELECT rowid, printf('%.6f', rank) FROM f WHERE f MATCH 'alpha' ORDER BY rank, rowid",
      "SELECT rowid FROM f WHERE f MATCH 'beta AND w3' ORDER BY rowid",
      "INSERT INTO f(f) VALUES('integrity-check')"}},
    {"CREATE VIRTUAL TABLE f USING fts4(a, b, prefix=\"2,3\", order=desc)",
     {NUMBERS(300) "INSERT INTO f(docid, a, b) SELECT i * 3, " WORDS " FROM n",
      "DELETE FROM f WHERE docid % 4 = 0", "INSERT INTO f(f) VALUES('automerge=2')"},
     {FTS4_QUERIES, "SELECT docid, a, b FROM f ORDER BY docid"}},
    {"CREATE VIRTUAL TABLE f USING fts4(content=\"docs\", a, b)",
     {"INSERT INTO f(f) VALUES('rebuild')"},
     {FTS4_QUERIES}},
    {"CREATE VIRTUAL TABLE f USING fts4(content=\"\", a, b, languageid=\"lang\")",
     {NUMBERS(200) "INSERT INTO f(docid, a, b, lang) SELECT i, " WORDS ", i % 2 FROM n"},
     {"SELECT docid FROM f WHERE f MATCH 'alpha' AND lang = 1 ORDER BY docid",
      "SELECT docid FROM f WHERE f MATCH 'b:beta w3' AND lang = 0 ORDER BY docid"}},
    {"CREATE VIRTUAL TABLE f USING fts3(a, b, tokenize=porter)",
     {NUMBERS(300) "INSERT INTO f(docid, a, b) SELECT i * 3, " WORDS " FROM n",
      "DELETE FROM f WHERE docid % 4 = 0"},
     {"SELECT docid, offsets(f) FROM f WHERE f MATCH 'alpha' ORDER BY docid",
      "SELECT docid, hex(matchinfo(f, 'pcx')) FROM f WHERE f MATCH 'beta' ORDER BY docid",
      "SELECT docid, a, b FROM f ORDER BY docid", "INSERT INTO f(f) VALUES('integrity-check')"}},
    {"CREATE VIRTUAL TABLE f USING rtree(id, x0, x1, y0, y1, +note, +more)",
     {NUMBERS(800) "INSERT INTO f SELECT i, i % 31, i % 31 + 2.5, i % 17, i % 17 + 1, 'n' || i, "
                   "x'00ff' FROM n",
      "DELETE FROM f WHERE id % 5 = 0"},
     {"SELECT id, x0, x1, y0, y1, note, hex(more) FROM f WHERE x1 > 20 AND y0 < 4 ORDER BY id",
      "SELECT rtreecheck('main', 'f')"}},
    {"CREATE VIRTUAL TABLE f USING rtree_i32(id, x0, x1)",
     {NUMBERS(800) "INSERT INTO f SELECT i, i % 31, i % 31 + 2 FROM n"},
     {"SELECT id, x0, x1 FROM f WHERE x1 > 20 ORDER BY id", "SELECT rtreecheck('main', 'f')"}},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const Kind *kind;
static char *expected[5]; /* answers of the original */

/* All rows and columns of a query, or the error, as one text. */
static char *answer(sqlite3 *handle, const char *sql) {
  AdcpBuf out = {0};
  sqlite3_stmt *stmt = NULL;
  int step = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
  while( stmt && (step = sqlite3_step(stmt)) == SQLITE_ROW ) {
    for( int i = 0; i < sqlite3_column_count(stmt); i++ ) {
      const char *text = (const char *)sqlite3_column_text(stmt, i);
      adcp_buf_appendf(&out, "%s|", text ? text : "NULL");
    }
    adcp_buf_append_byte(&out, '\n');
  }
  if( step != SQLITE_DONE ) adcp_buf_appendf(&out, "error: %s", sqlite3_errmsg(handle));
  sqlite3_finalize(stmt);
  return adcp_buf_take(&out);
}

static void check_answers(sqlite3 *handle, const char *where) {
  for( int i = 0; i < 5 && kind->query[i]; i++ ) {
    char *actual = answer(handle, kind->query[i]);
    CHECK_CASE(strcmp(actual, expected[i]) == 0, "%s, %s: %s\n%.300s\n%.300s", where, kind->create,
               kind->query[i], actual, expected[i]);
    adcp_free(actual);
  }
}

static void forget_answers(void) {
  for( int i = 0; i < 5; i++ ) {
    adcp_free(expected[i]);
    expected[i] = NULL;
  }
}

static void make_content(sqlite3 *handle) {
  must(handle, "CREATE TABLE docs(id INTEGER PRIMARY KEY, a, b)");
  must(handle, NUMBERS(200) "INSERT INTO docs SELECT i * 2, " WORDS " FROM n");
}

static void make_original(const char *path) {
  sqlite3 *handle = open_database(path);
  must(handle, "PRAGMA page_size=8192");
  make_content(handle);
  must(handle, kind->create);
  for( int i = 0; i < 4 && kind->fill[i]; i++ ) must(handle, kind->fill[i]);
  for( int i = 0; i < 5 && kind->query[i]; i++ ) {
    expected[i] = answer(handle, kind->query[i]);
    CHECK_CASE(strstr(expected[i], "error") == NULL, "%s: %s", kind->query[i], expected[i]);
  }
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* The description that a backup would hold of a table. */
static AdcpTable *describe(AdcpSchema *schema, AdcpDb *db, const char *name, const char *in) {
  AdcpTable *table = adcp_schema_add_table(schema, db->err);
  table->name = adcp_strdup(name);
  sqlite3_stmt *stmt =
      adcp_db_prepare(db, "SELECT name, type, pk FROM pragma_table_xinfo(%Q, %Q)", name, in);
  while( adcp_db_step(db, stmt) ) {
    AdcpColumn *column = adcp_table_add_column(table, db->err);
    column->name = adcp_db_column_copy(db, stmt, 0);
    column->decl_type = adcp_db_column_copy(db, stmt, 1);
    column->primary_key = sqlite3_column_int(stmt, 2);
  }
  adcp_db_finalize(stmt);
  return table;
}

static void fill_shadow(AdcpDb *db, const char *name, const char *sql) {
  AdcpSchema *schema = adcp_schema_new(db->err);
  adcp_vtab_prepare_shadow(db, name, describe(schema, db, name, "original"), sql);
  adcp_db_exec(db, "INSERT INTO main.\"%w\" SELECT * FROM original.\"%w\"", name, name);
  adcp_schema_free(schema);
}

static bool with_reset;

static void restore_tables(AdcpDb *db) {
  AdcpStateOptions options = {0};
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "DROP TABLE main.f");
  adcp_db_exec(db, "%s", kind->create);
  adcp_free(answer(db->handle, kind->query[0])); /* the module caches what it finds now */
  sqlite3_stmt *stmt = adcp_db_prepare(
      db, "SELECT name, sql FROM original.sqlite_schema WHERE type = 'table' AND name GLOB 'f_*'");
  AdcpBuf names = {0};
  while( adcp_db_step(db, stmt) ) {
    adcp_buf_append(&names, sqlite3_column_text(stmt, 0),
                    strlen((const char *)sqlite3_column_text(stmt, 0)) + 1);
    adcp_buf_append(&names, sqlite3_column_text(stmt, 1),
                    strlen((const char *)sqlite3_column_text(stmt, 1)) + 1);
  }
  adcp_db_finalize(stmt);
  for( size_t at = 0; at < names.size; ) {
    const char *name = (const char *)names.data + at;
    const char *sql = name + strlen(name) + 1;
    fill_shadow(db, name, sql);
    at += strlen(name) + strlen(sql) + 2;
  }
  CHECK(names.size > 0);
  adcp_buf_free(&names);
  if( with_reset ) adcp_vtab_reset(db);
  if( with_reset ) check_answers(db->handle, "in the transaction");
  adcp_transaction_commit(txn);
  adcp_transaction_close(txn);
  adcp_state_restore(state);
}

/* A copy that had an f of its own, used before, with another page size. */
static sqlite3 *open_copy(const char *copy, const char *original) {
  sqlite3 *handle = open_database(copy);
  must(handle, "PRAGMA page_size=1024");
  make_content(handle);
  must(handle, kind->create);
  adcp_free(answer(handle, kind->query[0]));
  char *attach = sqlite3_mprintf("ATTACH %Q AS original", original);
  must(handle, attach);
  sqlite3_free(attach);
  return handle;
}

static void check_kind(void) {
  char original[500], copy[500];
  temp_path(original, sizeof(original), "original.db");
  temp_path(copy, sizeof(copy), "copy.db");
  make_original(original);
  sqlite3 *handle = open_copy(copy, original);
  sqlite3 *other = open_database(copy);
  adcp_free(answer(other, kind->query[0]));
  routine = restore_tables;
  with_reset = true;
  must(handle, "SELECT f()");
  check_answers(handle, "after the commit");
  check_answers(other, "on another connection");
  CHECK(number(handle, "PRAGMA writable_schema") == 0);
  must(handle, "DETACH original");
  CHECK(sqlite3_close(other) == SQLITE_OK);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  other = open_database(copy);
  check_answers(other, "on a new connection");
  CHECK(sqlite3_close(other) == SQLITE_OK);
  forget_answers();
  unlink(original);
  unlink(copy);
}

static void test_kinds(void) {
  for( int i = 0; i < KINDS; i++ ) {
    kind = &kinds[i];
    check_kind();
  }
}

/* Why there is a reset: without it the connection that filled the tables answers from what it
** remembers. */
static void test_stale(void) {
  static const int stale[] = {0, 9}; /* a rank of its own; nodes of another page size */
  for( int i = 0; i < 2; i++ ) {
    char original[500], copy[500];
    kind = &kinds[stale[i]];
    temp_path(original, sizeof(original), "original.db");
    temp_path(copy, sizeof(copy), "copy.db");
    make_original(original);
    sqlite3 *handle = open_copy(copy, original);
    routine = restore_tables;
    with_reset = false;
    must(handle, "SELECT f()");
    char *actual = answer(handle, kind->query[0]);
    CHECK_CASE(strcmp(actual, expected[0]) != 0, "%s is not stale", kind->create);
    adcp_free(actual);
    CHECK(sqlite3_close(handle) == SQLITE_OK);
    forget_answers();
    unlink(original);
    unlink(copy);
  }
}

/* ---- shapes (25) ---- */

static void test_shapes(void) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = open_database(":memory:");
  AdcpDb db = {handle, "main", &err};
  AdcpSchema *schema = adcp_schema_new(&err);
  must(handle, "ATTACH ':memory:' AS backup; CREATE TABLE backup.s(id INTEGER PRIMARY KEY, v BLOB);"
               "CREATE TABLE s(id INTEGER PRIMARY KEY, v BLOB); INSERT INTO s VALUES(1, 2); CREATE "
               "INDEX i ON s(v)");
  AdcpTable *table = describe(schema, &db, "s", "backup");
  const char *sql = "CREATE TABLE s(id INTEGER PRIMARY KEY, v BLOB)";
  adcp_vtab_prepare_shadow(&db, "s", table, sql);
  CHECK(number(handle, "SELECT count(*) FROM s") == 0);
  CHECK(number(handle, "SELECT count(*) FROM sqlite_schema WHERE name = 'i'") ==
        1); /* emptied, not dropped */
  static const char *const other_shapes[] = {
      "CREATE TABLE s(id INTEGER PRIMARY KEY, v BLOB, origin INTEGER)",
      "CREATE TABLE s(id INTEGER PRIMARY KEY)",
      "CREATE TABLE s(id INTEGER PRIMARY KEY, w BLOB)",
      "CREATE TABLE s(id INTEGER, v BLOB)",
      "CREATE TABLE s(id INTEGER PRIMARY KEY, v)",
      "SELECT 1"};
  for( size_t i = 0; i < 6; i++ ) {
    must(handle, "DROP TABLE s");
    must(handle, other_shapes[i]);
    adcp_vtab_prepare_shadow(&db, "s", table, sql);
    CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    CHECK(number(handle,
                 "SELECT count(*) FROM main.sqlite_schema AS a JOIN backup.sqlite_schema AS b "
                 "USING(name, sql)") == 1);
  }
  must(handle, "INSERT INTO s VALUES(1, 2); CREATE TABLE \"other s\"(x)");
  adcp_vtab_prepare_shadow(&db, "other s", table, sql);
  CHECK(number(handle, "SELECT count(*) FROM s") == 1); /* that of the backup's name stays */
  CHECK(number(handle, "SELECT count(*) FROM pragma_table_info('other s') WHERE name = 'v'") == 1);
  must(handle, "DROP TABLE s");
  adcp_vtab_prepare_shadow(&db, "s", table, NULL);
  CHECK_TEXT(adcp_error_message(&err), "shadow table \"s\" has no SQL in the backup");
  adcp_error_clear(&err);
  adcp_schema_free(schema);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

/* ---- no module (26) ---- */

static const char *target;

static void delete_schema_row(AdcpDb *db, const char *name) {
  AdcpMap names = {0};
  adcp_map_put(&names, name, strlen(name), db, db->err);
  adcp_vtab_delete_schema_rows(db, &names);
  adcp_map_free(&names);
}

static void insert_row(AdcpDb *db) {
  db->schema = target;
  AdcpStateOptions options = {0};
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_db_exec(db, "CREATE TABLE \"%w\".\"v'_data\"(a)", target);
  adcp_vtab_insert_schema_row(db, "v'", "CREATE VIRTUAL TABLE \"v'\" USING absent(a, 'b')");
  adcp_vtab_end_edit(db);
  adcp_transaction_commit(txn);
  adcp_transaction_close(txn);
  adcp_state_restore(state);
}

static void delete_row(AdcpDb *db) {
  db->schema = target;
  AdcpStateOptions options = {0};
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  AdcpTransaction *txn = adcp_transaction_begin(db);
  delete_schema_row(db, "v'");
  adcp_db_exec(db, "DROP TABLE \"%w\".\"v'_data\"", target);
  adcp_transaction_commit(txn);
  adcp_transaction_close(txn);
  adcp_state_restore(state);
}

/* A connection reads the schema, knows the module-less table, and can go on with DDL. */
static void check_row(sqlite3 *handle, bool present) {
  CHECK(number(handle, "SELECT count(*) FROM plain") == 1);
  CHECK(number(handle,
               "SELECT count(*) FROM sqlite_schema WHERE rootpage = 0 AND tbl_name = 'v'''") ==
        present);
  CHECK(!exec(handle, "SELECT * FROM \"v'\""));
  CHECK_TEXT(sqlite3_errmsg(handle), present ? "no such module: absent" : "no such table: v'");
  char *check = answer(handle, "PRAGMA integrity_check");
  CHECK_TEXT(check, "ok|\n");
  adcp_free(check);
  must(handle, "CREATE TABLE later(a); INSERT INTO later VALUES(1)");
  CHECK(number(handle, "SELECT a FROM later") == 1);
  must(handle, "DROP TABLE later");
}

static void check_no_module(bool attached, bool defensive) {
  char path[500];
  temp_path(path, sizeof(path), "absent.db");
  sqlite3 *other = open_database(path);
  must(other, "CREATE TABLE plain(a); INSERT INTO plain VALUES(1)");
  sqlite3 *handle = open_database(attached ? ":memory:" : path);
  char *attach = sqlite3_mprintf("ATTACH %Q AS \"at\"\"tached\"", path);
  if( attached ) must(handle, attach);
  sqlite3_free(attach);
  target = attached ? "at\"tached" : "main";
  if( defensive ) sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  CHECK(number(handle, "SELECT count(*) FROM plain") == 1);
  routine = insert_row;
  must(handle, "SELECT f()");
  if( !attached ) check_row(handle, true);
  check_row(other, true);
  sqlite3 *fresh = open_database(path);
  check_row(fresh, true);
  routine = delete_row;
  must(handle, "SELECT f()");
  if( !attached ) check_row(handle, false);
  check_row(other, false);
  check_row(fresh, false);
  CHECK(number(other, "SELECT count(*) FROM sqlite_schema") == 1);
  CHECK(sqlite3_close(fresh) == SQLITE_OK);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  CHECK(sqlite3_close(other) == SQLITE_OK);
  unlink(path);
}

static void insert_and_fail(AdcpDb *db) {
  AdcpStateOptions options = {0};
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_vtab_insert_schema_row(db, "v'", "CREATE VIRTUAL TABLE \"v'\" USING absent(a)");
  adcp_vtab_end_edit(db);
  adcp_error_set(db->err, ADCP_ERROR, "failed");
  CHECK_TEXT(adcp_transaction_close(txn), "database unchanged");
  adcp_state_restore(state);
}

/* The row alone, without other DDL that would tell other connections; DDL at once after it. */
static void insert_row_only(AdcpDb *db) {
  AdcpStateOptions options = {0};
  AdcpConnectionState *state = adcp_state_switch(db, &options);
  AdcpTransaction *txn = adcp_transaction_begin(db);
  adcp_vtab_insert_schema_row(db, "v'", "CREATE VIRTUAL TABLE \"v'\" USING absent(a, 'b')");
  adcp_vtab_end_edit(db);
  CHECK(!exec(db->handle, "SELECT * FROM \"v'\""));
  CHECK_TEXT(sqlite3_errmsg(db->handle), "no such module: absent");
  adcp_transaction_commit(txn);
  adcp_transaction_close(txn);
  adcp_state_restore(state);
}

static void test_row_only(void) {
  char path[500];
  sqlite3 *handle = open_database(temp_path(path, sizeof(path), "absent.db"));
  sqlite3 *other = open_database(path);
  must(handle, "CREATE TABLE plain(a); INSERT INTO plain VALUES(1)");
  CHECK(number(other, "SELECT count(*) FROM plain") == 1); /* its schema is read now */
  routine = insert_row_only;
  must(handle, "SELECT f()");
  check_row(other, true);
  check_row(handle, true);
  CHECK(sqlite3_close(other) == SQLITE_OK);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  /* A connection that cannot write: an error, and the schema is not left writable. */
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb db = {NULL, "main", &err};
  CHECK(sqlite3_open_v2(path, &db.handle, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
  delete_schema_row(&db, "v'");
  CHECK(err.rc == ADCP_READONLY);
  CHECK(number(db.handle, "PRAGMA writable_schema") == 0);
  adcp_error_clear(&err);
  CHECK(sqlite3_close(db.handle) == SQLITE_OK);
  unlink(path);
}

static void test_no_module(void) {
  check_no_module(false, false);
  check_no_module(false, true);
  check_no_module(true, false);
  sqlite3 *handle = open_database(":memory:");
  must(handle, "CREATE TABLE plain(a); INSERT INTO plain VALUES(1)");
  sqlite3_int64 version = number(handle, "PRAGMA schema_version");
  routine = insert_and_fail;
  CHECK(!exec(handle, "SELECT f()"));
  CHECK(number(handle, "PRAGMA schema_version") == version);
  check_row(handle, false);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

int main(void) {
  test_kinds();
  test_stale();
  test_shapes();
  test_no_module();
  test_row_only();
  return unit_done();
}
