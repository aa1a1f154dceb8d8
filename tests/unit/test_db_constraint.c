/*
** test_db_constraint.c - the CHECK and UNIQUE constraints that a schema text has.
*/
#include <string.h>

#include "db/constraint.h"
#include "unit.h"

/* The texts found, each followed by a line break. */
static void check_found(const char *sql, const char *expected) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpConstraints list = {0};
  char found[1000] = "";
  adcp_constraints_add(&list, sql, &err);
  for( size_t i = 0; i < list.count; i++ ) {
    snprintf(found + strlen(found), sizeof found - strlen(found), "%s\n", list.items[i].text);
  }
  CHECK_CASE(err.rc == ADCP_OK && strcmp(found, expected) == 0, "%s: %s", sql, found);
  adcp_constraints_free(&list);
  CHECK(list.count == 0);
}

/* Whether b says the same as a. */
static void check_same(const char *a, const char *b, bool same) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpConstraints ours = {0}, theirs = {0};
  adcp_constraints_add(&ours, a, &err);
  adcp_constraints_add(&theirs, b, &err);
  CHECK_CASE(ours.count == 1 && theirs.count == 1, "%s / %s", a, b);
  if( ours.count && theirs.count ) {
    CHECK_CASE(adcp_constraints_have(&ours, &theirs.items[0]) == same, "%s / %s", a, b);
  }
  adcp_constraints_free(&ours);
  adcp_constraints_free(&theirs);
}

static void test_texts(void) {
  check_found("CREATE TABLE t(a, b)", "");
  check_found("CREATE TABLE t(a CHECK(a > 0) CHECK (a\n <  5), b UNIQUE NOT NULL)",
              "CHECK (a > 0)\nCHECK (a < 5)\nUNIQUE (b)\n");
  check_found("CREATE TABLE t(a, CONSTRAINT c UNIQUE(a, b DESC) ON CONFLICT IGNORE, "
              "CHECK (a IN (1, ')', \",(\")))",
              "UNIQUE (a, b DESC)\nCHECK (a IN (1, ')', \",(\"))\n");
  check_found(
      "CREATE TABLE \"check\"(\"unique\" \"check\" DEFAULT ('CHECK (1)'), [check] DECIMAL(5, 2) "
      "-- CHECK (1)\n AS (\"unique\") /* UNIQUE */, PRIMARY KEY(\"unique\")) STRICT",
      "");
  check_found("CREATE TABLE t(a UNIQUE, b DEFAULT (1, (2)) UNIQUE) WITHOUT ROWID",
              "UNIQUE (a)\nUNIQUE (b)\n");
  check_found("CREATE UNIQUE INDEX i ON t(a, lower(b)) WHERE a > 0",
              "UNIQUE (a, lower(b)) WHERE a > 0\n");
  check_found("CREATE INDEX i ON t(a)", "");
  check_found("CREATE VIRTUAL TABLE v USING fts5(a UNIQUE, CHECK (1))", "");
  check_found("CREATE VIEW v AS SELECT 1", "");
  check_found("no SQL at all", "");
  check_found("CREATE TABLE t(a CHECK", "");
  check_found("CREATE TABLE t", "");
}

/* The columns of the key, those that descend with a minus. */
static void check_key(const char *sql, const char *expected) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDeclaredKey key = {0};
  char found[1000] = "";
  adcp_declared_key_read(&key, sql, &err);
  for( size_t i = 0; i < key.count; i++ ) {
    snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s ",
             key.columns[i].descending ? "-" : "", key.columns[i].name);
  }
  CHECK_CASE(err.rc == ADCP_OK && strcmp(found, expected) == 0, "%s: %s", sql, found);
  CHECK(adcp_declared_key_descends(&key) == (strchr(expected, '-') != NULL));
  adcp_declared_key_free(&key);
}

static void test_keys(void) {
  check_key("CREATE TABLE t(a, b)", "");
  check_key("CREATE TABLE t(a, b TEXT DEFAULT ('PRIMARY KEY(x)') primary /**/ key desc, c)", "-b ");
  check_key("CREATE TABLE t(a INT PRIMARY KEY ASC, b CHECK (b > 0))", "a ");
  check_key("CREATE TABLE t(\"a b\" CONSTRAINT x PRIMARY KEY DESC ON CONFLICT IGNORE UNIQUE)",
            "-a b ");
  check_key(
      "CREATE TABLE t(a, \"de\"\"sc\", UNIQUE(a DESC), CONSTRAINT k PRIMARY KEY(a, 'de\"sc' DESC, "
      "[b] COLLATE \"desc\" ASC) ON CONFLICT ABORT, CHECK (a)) WITHOUT ROWID",
      "a -de\"sc b ");
  check_key(
      "CREATE TABLE t(desc, b, PRIMARY KEY(desc, (b) DESC, c COLLATE desc, ((d COLLATE x)) DESC))",
      "desc -b c -d ");
  check_key("CREATE TABLE t(a, PRIMARY KEY(a DESC, a COLLATE NOCASE))", "-a a ");
  check_key("CREATE TABLE t(a, PRIMARY KEY(a DESC", "-a ");
  check_key("CREATE VIEW v AS SELECT 1", "");
}

static void test_key_columns(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDeclaredKey key = {0};
  adcp_declared_key_read(&key, "CREATE TABLE t(a, b, c, PRIMARY KEY(A DESC, a, b, c DESC))", &err);
  CHECK(adcp_declared_key_next(&key, "a"));
  CHECK(!adcp_declared_key_next(&key, "b"));
  CHECK(adcp_declared_key_next(&key, "c"));
  CHECK(!adcp_declared_key_next(&key, "c"));
  adcp_declared_key_free(&key);
}

static void test_equality(void) {
  check_same("CREATE TABLE t(a CHECK(\"A\">0))", "CREATE TABLE u(x, CHECK ( [a] > 0 /* ! */ ))",
             true);
  check_same("CREATE TABLE t(a CHECK(a = 'x'))", "CREATE TABLE t(a CHECK(a = 'X'))", false);
  check_same("CREATE TABLE t(a CHECK(a = 'x'))", "CREATE TABLE t(a CHECK(a = x))", false);
  check_same("CREATE TABLE t(a UNIQUE)", "CREATE TABLE t(a, UNIQUE(`A`))", true);
  check_same("CREATE TABLE t(a UNIQUE)", "CREATE UNIQUE INDEX i ON t ( a )", true);
  check_same("CREATE TABLE t(a UNIQUE)", "CREATE UNIQUE INDEX i ON t(a) WHERE a", false);
  check_same("CREATE TABLE t(a UNIQUE)", "CREATE TABLE t(a CHECK (a))", false);
}

int main(void) {
  test_texts();
  test_keys();
  test_key_columns();
  test_equality();
  return unit_done();
}
