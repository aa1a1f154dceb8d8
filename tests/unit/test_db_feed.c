/*
** test_db_feed.c - rows of a source, some thousand with one statement (load.h, feed.h).
*/
#include <stdlib.h>

#include "db/catalog.h"
#include "db/load.h"
#include "unit.h"

static AdcpError err;
static sqlite3 *handle;

/* Rows (i, 'text i', i / 4.0, x'', '') for i from 1 on. */
typedef struct Numbers {
  int64_t next, last;
  int64_t failing; /* the row that the source fails at; 0: none */
  AdcpValue values[5];
  char text[32];
} Numbers;

static const AdcpValue *next_number(void *context) {
  Numbers *numbers = context;
  if( numbers->next > numbers->last ) return NULL;
  int64_t i = numbers->next++;
  if( i == numbers->failing ) {
    adcp_error_set(&err, ADCP_CORRUPT, "the source ends in the middle");
    return NULL;
  }
  int n = snprintf(numbers->text, sizeof numbers->text, "text %lld", (long long)i);
  numbers->values[0] = (AdcpValue){.type = ADCP_INTEGER, .integer = i};
  numbers->values[1] =
      (AdcpValue){.type = ADCP_TEXT, .bytes = (const uint8_t *)numbers->text, .size = (size_t)n};
  numbers->values[2] = (AdcpValue){.type = ADCP_REAL, .real = (double)i / 4.0};
  numbers->values[3] = (AdcpValue){.type = ADCP_BLOB};
  numbers->values[4] = (AdcpValue){.type = ADCP_TEXT};
  return numbers->values;
}

static void open_database(const char *sql) {
  sqlite3_open(":memory:", &handle);
  CHECK_CASE(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
             sqlite3_errmsg(handle));
}

static void close_database(void) {
  CHECK(sqlite3_close(handle) == SQLITE_OK);
  adcp_error_clear(&err);
}

static AdcpDb db_of(void) {
  return (AdcpDb){handle, "main", &err};
}

static int64_t ask(const char *sql) {
  AdcpError own = ADCP_ERROR_INIT;
  AdcpDb db = {handle, "main", &own};
  int64_t answer = adcp_db_integer(&db, -1, "%s", sql);
  adcp_error_clear(&own);
  return answer;
}

/* Loads all of numbers into table t, `limit` at a time; returns the number of calls. */
static int load(Numbers *numbers, int64_t limit) {
  AdcpDb db = db_of();
  AdcpSchema *schema = adcp_catalog_read(&db);
  AdcpLoadOptions options = {"t", NULL, ADCP_CONFLICT_ABORT, true};
  AdcpLoad *loading = adcp_load_open(&db, adcp_schema_table(schema, "t"), &options);
  AdcpRowSource source = {numbers, next_number};
  int calls = 1;
  int64_t written, ignored;
  while( adcp_load_rows(loading, source, limit) ) calls++;
  adcp_load_counts(loading, &written, &ignored);
  CHECK(err.rc != ADCP_OK || written == ask("SELECT count(*) FROM t"));
  adcp_load_close(loading);
  adcp_schema_free(schema);
  return calls;
}

#define TABLE "CREATE TABLE t(id INTEGER PRIMARY KEY ON CONFLICT REPLACE, a TEXT, b REAL, c, d);"
#define EXPECT_100                                                                                 \
  "SELECT count(*) = 100 AND sum(id) = 5050 AND sum(b) = 1262.5 AND min(a = 'text ' || id)"        \
  " AND min(typeof(c) = 'blob' AND typeof(d) = 'text' AND c = x'' AND d = '') FROM t"

static void test_pieces(void) {
  static const int64_t limits[] = {1, 7, 99, 100, 101, 4096};
  static const int calls[] = {101, 15, 2, 2, 1, 1};
  for( size_t i = 0; i < sizeof limits / sizeof *limits; i++ ) {
    Numbers numbers = {.next = 1, .last = 100};
    open_database(TABLE);
    CHECK_CASE(load(&numbers, limits[i]) == calls[i], "limit %lld", (long long)limits[i]);
    CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    CHECK(ask(EXPECT_100) == 1);
    close_database();
  }
}

/* The clause of the constraint would replace the row; the feed is gone afterwards. */
static void test_duplicate(void) {
  Numbers numbers = {.next = 1, .last = 100};
  open_database(TABLE "INSERT INTO t(id) VALUES(50);");
  load(&numbers, 4096);
  CHECK(err.rc == ADCP_CONSTRAINT);
  CHECK_TEXT(adcp_error_message(&err), "table \"t\": UNIQUE constraint failed: t.id");
  CHECK(ask("SELECT count(*) FROM pragma_module_list WHERE name = 'adcp_feed'") == 0);
  CHECK(ask("SELECT count(*) FROM adcp_feed") == -1);
  close_database();
}

/* What the source says is the error, not what SQLite makes of it. */
static void test_failing_source(void) {
  Numbers numbers = {.next = 1, .last = 100, .failing = 42};
  open_database(TABLE);
  load(&numbers, 4096);
  CHECK(err.rc == ADCP_CORRUPT);
  CHECK_TEXT(adcp_error_message(&err), "the source ends in the middle");
  close_database();
}

static int deny_select(void *context, int action, const char *a, const char *b, const char *c,
                       const char *d) {
  (void)b, (void)c, (void)d;
  int *denied = context;
  if( action != SQLITE_READ || strcmp(a, "adcp_feed") != 0 ) return SQLITE_OK;
  ++*denied;
  return SQLITE_DENY;
}

/* Where the application does not let the feed be read, rows are bound. */
static void test_denied(void) {
  Numbers numbers = {.next = 1, .last = 100};
  int denied = 0;
  open_database(TABLE);
  sqlite3_set_authorizer(handle, deny_select, &denied);
  CHECK(load(&numbers, 30) == 4);
  CHECK(denied > 0 && err.rc == ADCP_OK);
  CHECK(ask(EXPECT_100) == 1);
  close_database();
}

/* A table of that name neither gives its rows nor is touched. */
static void test_name_taken(void) {
  Numbers numbers = {.next = 1, .last = 100};
  open_database(TABLE
                "CREATE TABLE adcp_feed(c0,c1,c2,c3,c4); INSERT INTO adcp_feed(c0) VALUES(7)");
  load(&numbers, 30);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK(ask(EXPECT_100) == 1);
  CHECK(ask("SELECT c0 FROM adcp_feed") == 7);
  close_database();
}

/* Nor does a virtual table, which could take the argument. */
static void test_name_of_virtual_table(void) {
  Numbers numbers = {.next = 1, .last = 100};
  open_database(TABLE "CREATE VIRTUAL TABLE adcp_feed USING fts5(c0, c1, c2, c3, c4);"
                      "CREATE VIRTUAL TABLE temp.Adcp_Feed_1 USING fts5(c0, c1, c2, c3, c4)");
  load(&numbers, 30);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK(ask(EXPECT_100) == 1);
  CHECK(ask("SELECT count(*) FROM adcp_feed") == 0);
  CHECK(ask("SELECT count(*) FROM pragma_module_list WHERE name LIKE 'adcp_feed%'") == 0);
  close_database();
}

static void test_refused(void) {
  Numbers numbers = {.next = 1, .last = 1};
  open_database(TABLE);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 1000);
  AdcpDb db = db_of();
  AdcpSchema *schema = adcp_catalog_read(&db);
  AdcpLoadOptions options = {"t", NULL, ADCP_CONFLICT_ABORT, false};
  AdcpLoad *loading = adcp_load_open(&db, adcp_schema_table(schema, "t"), &options);
  static const uint8_t bytes[2000] = {0};
  next_number(&numbers);
  numbers.values[3] = (AdcpValue){.type = ADCP_BLOB, .bytes = bytes, .size = sizeof bytes};
  adcp_load_row(loading, numbers.values);
  CHECK(err.rc == ADCP_TOOBIG);
  adcp_error_clear(&err);
  numbers.values[3] = (AdcpValue){.type = ADCP_TEXT16, .bytes = bytes, .size = 1};
  adcp_load_row(loading, numbers.values);
  CHECK(err.rc == ADCP_MISMATCH && strstr(adcp_error_message(&err), "UTF-16") != NULL);
  adcp_load_close(loading);
  adcp_schema_free(schema);
  close_database();
}

int main(void) {
  test_pieces();
  test_duplicate();
  test_failing_source();
  test_denied();
  test_name_taken();
  test_name_of_virtual_table();
  test_refused();
  return unit_done();
}
