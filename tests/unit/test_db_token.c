/*
** test_db_token.c - tokens and the heads of CREATE statements; SQLite itself is the oracle: what
** its schema table says about an object is what our parse of its SQL must find, and spliced SQL
** must run.
*/
#include <sqlite3.h>
#include <stdlib.h>

#include "base/mem.h"
#include "db/token.h"
#include "unit.h"

static void check_token(const char *sql, AdcpTokenType type, size_t length) {
  size_t actual;
  CHECK_CASE(adcp_token_next(sql, strlen(sql), &actual) == type, "%s", sql);
  CHECK_CASE(actual == length, "%s: %zu", sql, actual);
}

static void test_tokens(void) {
  check_token("", ADCP_TOKEN_END, 0);
  check_token(" \t\n\v\f\rx", ADCP_TOKEN_SPACE, 6);
  check_token("\v", ADCP_TOKEN_ILLEGAL, 1);
  check_token("-- a\nb", ADCP_TOKEN_SPACE, 4);
  check_token("-- a", ADCP_TOKEN_SPACE, 4);
  check_token("/* a */b", ADCP_TOKEN_SPACE, 7);
  check_token("/**/b", ADCP_TOKEN_SPACE, 4);
  check_token("/*/ */b", ADCP_TOKEN_SPACE, 6);
  check_token("/* open", ADCP_TOKEN_SPACE, 7);
  check_token("/*", ADCP_TOKEN_OTHER, 1);
  check_token("\xef\xbb\xbfx", ADCP_TOKEN_SPACE, 3);
  check_token("a$1_\xc3\xa4 b", ADCP_TOKEN_WORD, 6);
  check_token("\"a\"\"b\"c", ADCP_TOKEN_QUOTED, 6);
  check_token("[a]]b", ADCP_TOKEN_QUOTED, 3);
  check_token("`a``b`", ADCP_TOKEN_QUOTED, 6);
  check_token("'a''b'", ADCP_TOKEN_QUOTED, 6);
  check_token("'open", ADCP_TOKEN_ILLEGAL, 5);
  check_token("[open", ADCP_TOKEN_ILLEGAL, 5);
  check_token("12.5e-3,", ADCP_TOKEN_OTHER, 7);
  check_token(".5", ADCP_TOKEN_OTHER, 2);
  check_token(".a", ADCP_TOKEN_OTHER, 1);
  check_token("0x1F+", ADCP_TOKEN_OTHER, 4);
  check_token("0x1F", ADCP_TOKEN_OTHER, 4);
  check_token("0x", ADCP_TOKEN_ILLEGAL, 2);
  check_token("0xG", ADCP_TOKEN_ILLEGAL, 3);
  check_token("0x1FG", ADCP_TOKEN_ILLEGAL, 5);
  check_token("1E5", ADCP_TOKEN_OTHER, 3);
  check_token("1e+5", ADCP_TOKEN_OTHER, 4);
  check_token("1e+", ADCP_TOKEN_ILLEGAL, 2);
  check_token("1e", ADCP_TOKEN_ILLEGAL, 2);
  check_token("1.", ADCP_TOKEN_OTHER, 2);
  check_token("12ab", ADCP_TOKEN_ILLEGAL, 4);
  check_token("x'0aF1'", ADCP_TOKEN_OTHER, 7);
  check_token("x'0aF'", ADCP_TOKEN_ILLEGAL, 6);
  check_token("x'0g'", ADCP_TOKEN_ILLEGAL, 5);
  check_token("x'0a", ADCP_TOKEN_ILLEGAL, 4);
  check_token("->>'a'", ADCP_TOKEN_OTHER, 3);
  check_token("->", ADCP_TOKEN_OTHER, 2);
  check_token("||a", ADCP_TOKEN_OTHER, 2);
  check_token("!a", ADCP_TOKEN_ILLEGAL, 1);
  check_token("?12a", ADCP_TOKEN_OTHER, 3);
  check_token("$ab", ADCP_TOKEN_OTHER, 3);
  check_token("@ ", ADCP_TOKEN_ILLEGAL, 1);
  size_t length;
  CHECK(adcp_token_next("\0", 1, &length) == ADCP_TOKEN_ILLEGAL && length == 1);
}

static void test_blank(void) {
  CHECK(adcp_token_count("", 9) == 0 && adcp_token_count(" -- a\n/* b */", 9) == 0);
  CHECK(adcp_token_count("SELECT 'a b', \"c d\";", 9) == 5);
  CHECK(adcp_token_count("a b c d e f g", 3) == 4);
  CHECK(adcp_token_is_blank(""));
  CHECK(adcp_token_is_blank(" ;\n-- a\n;/* b */"));
  CHECK(!adcp_token_is_blank("; SELECT"));
  CHECK(!adcp_token_is_blank("-- a\nx"));
  CHECK(!adcp_token_is_blank(";'"));
}

/* Random texts: tokens are never empty and never reach over the end (the sanitizer watches). */
static void test_random_tokens(void) {
  static const char alphabet[] = "a1_\"'`[]-/*\nx.0e(),; \xef\xbb\xbf$?";
  unsigned seed = 7;
  for( int round = 0; round < 20000; round++ ) {
    size_t n = (size_t)(round % 24);
    char *text = malloc(n ? n : 1);
    for( size_t i = 0; i < n; i++ ) {
      seed = seed * 1103515245u + 12345u;
      text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
    }
    size_t at = 0, length;
    bool fits = true;
    while( fits && adcp_token_next(text + at, n - at, &length) != ADCP_TOKEN_END ) {
      fits = length > 0 && length <= n - at;
      at += length;
    }
    CHECK(fits && at == n);
    free(text);
  }
}

static const char *const schema[] = {
    "CREATE TABLE t(a,b)",
    "CREATE TABLE IF NOT EXISTS main.\"quo\"\"ted\" (a)",
    "CREATE TABLE/*c*/[br(ack] -- x\r\n(a,\r\n b)",
    "CREATE TABLE `back``tick`(a)",
    "CREATE TABLE 'single''s'(a)",
    "CREATE TABLE \xc3\xa4(a)",
    "CREATE TABLE temp(a)",
    "CREATE TABLE \"if\"(a)",
    "CREATE TABLE main.begin(a)",
    "CREATE TABLE copied AS SELECT 1 AS x, 2 AS y",
    "CREATE TABLE \"as\"(\"as\" AS (1), b)",
    "CREATE TABLE \"a.b\"(a)",
    "CREATE UNIQUE INDEX i1 ON t(a)",
    "CREATE INDEX IF NOT EXISTS main.\"i 2\" /* on x */ ON \"quo\"\"ted\"(a COLLATE nocase)",
    "CREATE INDEX i3 ON[br(ack](a) WHERE a IS NOT NULL",
    "CREATE INDEX i4 ON 'single''s' (a || ' ON t')",
    "CREATE VIEW v AS SELECT * FROM t",
    "CREATE VIEW \"v ON t\"(x, y) AS SELECT a, b FROM t",
    "CREATE VIEW v3 AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n "
    "FROM c",
    "CREATE TRIGGER r1 INSERT ON t BEGIN SELECT 1; END",
    "CREATE TRIGGER before BEFORE UPDATE OF a, \"b\" ON t WHEN new.a > 1 BEGIN DELETE FROM "
    "\xc3\xa4; END",
    "CREATE TRIGGER IF NOT EXISTS \"r 3\" after DELETE ON main.t FOR EACH ROW BEGIN SELECT 1; END",
    "CREATE TRIGGER main.r4 instead/**/OF update\nof x ON[v ON t]BEGIN SELECT ';'; END",
    "CREATE VIRTUAL TABLE f USING fts5(a, b)",
    "CREATE VIRTUAL TABLE IF NOT EXISTS main.\"f ( 2\" USING 'fts4'",
    "create virtual table r using\trtree ( id, a, b )",
    NULL};

static bool exec(sqlite3 *db, const char *sql) {
  char *message = NULL;
  int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
  if( rc != SQLITE_OK ) fprintf(stderr, "%s: %s\n", sql, message);
  sqlite3_free(message);
  return rc == SQLITE_OK;
}

static const char *column(sqlite3_stmt *stmt, int i) {
  return (const char *)sqlite3_column_text(stmt, i);
}

static void check_object(sqlite3_stmt *stmt) {
  static const char *const types[] = {"table", "index", "view", "trigger"};
  AdcpError err = ADCP_ERROR_INIT;
  AdcpCreate create;
  const char *sql = column(stmt, 3);
  bool parsed = adcp_create_parse(sql, &create, &err);
  CHECK_CASE(parsed, "%s: %s", sql, adcp_error_message(&err));
  if( !parsed ) {
    adcp_error_clear(&err);
    return;
  }
  CHECK_TEXT(types[create.type], column(stmt, 0));
  CHECK_TEXT(create.name, column(stmt, 1));
  CHECK_TEXT(create.on_name ? create.on_name : create.name, column(stmt, 2));
  CHECK(create.is_virtual == (create.module != NULL));
  CHECK(create.module_args_at == 0 || sql[create.module_args_at] == '(');
  CHECK(!create.has_schema_name && !create.is_temp && !create.if_not_exists && !create.as_select);
  adcp_create_free(&create);
}

/* The SQL of an object, made for the schema "o""ther", under other names when asked. */
static char *splice(const char *sql, const char *name, const char *on) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpCreate create;
  AdcpBuf out = {0};
  CHECK(adcp_create_parse(sql, &create, &err));
  adcp_create_splice(&out, sql, &create, "o\"ther", name, on);
  adcp_create_free(&create);
  return adcp_buf_take(&out);
}

static void check_splices(sqlite3 *db, sqlite3_stmt *stmt) {
  char *plain = splice(column(stmt, 3), NULL, NULL);
  /* The trigger that names main may not live elsewhere: the one case of the list. */
  bool movable = strstr(plain, "main.t") == NULL;
  int rc = sqlite3_exec(db, plain, NULL, NULL, NULL);
  CHECK_CASE((rc == SQLITE_OK) == movable, "%s: %s", plain, sqlite3_errmsg(db));
  adcp_free(plain);
}

static long count(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  long n = -1;
  if( sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
      sqlite3_step(stmt) == SQLITE_ROW ) {
    n = (long)sqlite3_column_int64(stmt, 0);
  }
  sqlite3_finalize(stmt);
  return n;
}

static void test_heads(void) {
  sqlite3 *db;
  sqlite3_stmt *stmt;
  CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
  CHECK(exec(db, "ATTACH ':memory:' AS \"o\"\"ther\""));
  for( size_t i = 0; schema[i]; i++ ) CHECK(exec(db, schema[i]));
  const char *all =
      "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL "
      "AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')";
  CHECK(sqlite3_prepare_v2(db, all, -1, &stmt, NULL) == SQLITE_OK);
  long objects = 0;
  while( sqlite3_step(stmt) == SQLITE_ROW ) {
    check_object(stmt);
    check_splices(db, stmt);
    objects++;
  }
  sqlite3_finalize(stmt);
  CHECK(objects == 26);
  /* The stored text is the same in both schemas, but for the trigger that names main. */
  CHECK(
      count(
          db,
          "SELECT count(*) FROM main.sqlite_schema AS a LEFT JOIN \"o\"\"ther\".sqlite_schema AS b "
          "USING(type, name, tbl_name, sql) WHERE b.type IS NULL AND a.sql IS NOT NULL") == 1);
  sqlite3_close(db);
}

static void check_splice(const char *sql, const char *schema_name, const char *name, const char *on,
                         const char *expected) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpCreate create;
  AdcpBuf out = {0};
  CHECK(adcp_create_parse(sql, &create, &err));
  adcp_create_splice(&out, sql, &create, schema_name, name, on);
  CHECK_TEXT(adcp_buf_text(&out), expected);
  adcp_create_free(&create);
  adcp_buf_free(&out);
}

static void test_splices(void) {
  check_splice("CREATE TABLE t (a)", NULL, NULL, NULL, "CREATE TABLE t (a)");
  check_splice("CREATE TABLE t (a)", "ma\"in", NULL, NULL, "CREATE TABLE \"ma\"\"in\".t (a)");
  check_splice("CREATE TABLE x.t (a)", NULL, NULL, NULL, "CREATE TABLE t (a)");
  check_splice("CREATE TABLE x . t (a)", "y", "n", NULL, "CREATE TABLE \"y\".\"n\" (a)");
  check_splice("CREATE INDEX i ON/**/t(a)", "m", NULL, "n t",
               "CREATE INDEX \"m\".i ON/**/\"n t\"(a)");
  check_splice("CREATE TRIGGER r UPDATE OF t ON t BEGIN SELECT 1; END", "m", "s", "n",
               "CREATE TRIGGER \"m\".\"s\" UPDATE OF t ON \"n\" BEGIN SELECT 1; END");
}

static void check_refused(const char *sql, const char *expected) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpCreate create;
  CHECK(!adcp_create_parse(sql, &create, &err));
  CHECK(err.rc == ADCP_CORRUPT);
  CHECK_TEXT(adcp_error_message(&err), expected);
  adcp_error_clear(&err);
}

static void test_refused(void) {
  check_refused("", "SQL that ends where CREATE is expected");
  check_refused("-- only", "SQL that ends where CREATE is expected");
  check_refused("EXPLAIN CREATE TABLE t(a)",
                "SQL that has EXPLAIN at byte 0 where CREATE is expected");
  check_refused("CREATE UNIQUE TABLE t(a)",
                "SQL that has TABLE at byte 14 where INDEX is expected");
  check_refused("CREATE \"TABLE\" t(a)",
                "SQL that has \"TABLE\" at byte 7 where TABLE, INDEX, VIEW or TRIGGER is expected");
  check_refused("CREATE TABLE (a)",
                "SQL that has ( at byte 13 where the object's name is expected");
  check_refused("CREATE TABLE a.(a)",
                "SQL that has ( at byte 15 where the object's name is expected");
  check_refused("CREATE TABLE IF EXISTS t(a)",
                "SQL that has EXISTS at byte 16 where NOT is expected");
  check_refused("CREATE INDEX i t(a)", "SQL that has t at byte 15 where ON is expected");
  check_refused("CREATE TRIGGER r ON t",
                "SQL that has ON at byte 17 where DELETE, INSERT or UPDATE is expected");
  check_refused("CREATE TRIGGER r UPDATE OF a b ON t",
                "SQL that has b at byte 29 where ON is expected");
  check_refused("CREATE VIRTUAL TABLE f(a)", "SQL that has ( at byte 22 where USING is expected");
  check_refused("CREATE INDEX i ON a.", "SQL that ends where the table's name is expected");
  check_refused("CREATE TABLE 'open",
                "SQL that has 'open at byte 13 where the object's name is expected");
}

static void test_on_schema(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpCreate create;
  CHECK(adcp_create_parse("CREATE TRIGGER r DELETE ON \"ma\"\"in\".t BEGIN SELECT 1; END", &create,
                          &err));
  CHECK_TEXT(create.on_schema, "ma\"in");
  CHECK_TEXT(create.on_name, "t");
  adcp_create_free(&create);
}

static void test_flags(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpCreate create;
  CHECK(adcp_create_parse("CREATE TEMP TABLE IF NOT EXISTS a.b AS SELECT 1", &create, &err));
  CHECK(create.is_temp && create.if_not_exists && create.has_schema_name && create.as_select);
  adcp_create_free(&create);
  CHECK(adcp_create_parse("create temporary view b as select 1", &create, &err));
  CHECK(create.is_temp && !create.as_select && create.type == ADCP_OBJECT_VIEW);
  adcp_create_free(&create);
}

static void test_recognize(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpCreate create;
  CHECK(adcp_create_recognize("CREATE VIEW v AS SELECT 1", &create, &err) && err.rc == ADCP_OK);
  CHECK_TEXT(create.name, "v");
  adcp_create_free(&create);
  CHECK(!adcp_create_recognize("SELECT 1", &create, &err) && err.rc == ADCP_OK);
}

static void check_defaults(const char *sql, const char *expected) {
  AdcpBuf found = {0};
  const char *at = sql, *end = sql + strlen(sql), *value;
  size_t size;
  while( (value = adcp_token_next_default(&at, end, &size)) != NULL ) {
    adcp_buf_append(&found, value, size);
    adcp_buf_append_byte(&found, '|');
  }
  CHECK(at == end);
  CHECK_TEXT(adcp_buf_text(&found), expected);
  adcp_buf_free(&found);
}

static void test_defaults(void) {
  check_defaults("", "");
  check_defaults("CREATE TABLE t(a DEFAULT (f(1)), b default/* ( */\n( (2) + ')' ) NOT NULL)",
                 "(f(1))|( (2) + ')' )|");
  check_defaults("CREATE TABLE t(\"DEFAULT\" (1), [default](2), a DEFAULT 1, b CHECK(b) DEFAULT -1,"
                 " c DEFAULT 'x' CHECK (c), d REFERENCES p(x) ON DELETE SET DEFAULT, UNIQUE(a))",
                 "");
  check_defaults("DEFAULT(1) DEFAULT (2) DEFAULT (3", "(1)|(2)|");
}

int main(void) {
  test_tokens();
  test_defaults();
  test_recognize();
  test_blank();
  test_random_tokens();
  test_heads();
  test_splices();
  test_refused();
  test_on_schema();
  test_flags();
  return unit_done();
}
