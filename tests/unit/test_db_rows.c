/*
** test_db_rows.c - rows scanned from one database and loaded into another are the same rows.
**
** Copies are compared by plain SELECTs on both databases: storage class, integers, the bits of
** reals, and the stored bytes of text and blobs.
*/
#include "db/load.h"
#include "db/scan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "db/catalog.h"
#include "db/order.h"
#include "unit.h"

static AdcpError err;
static sqlite3 *from, *to;

static AdcpDb on(sqlite3 *handle) {
  AdcpDb db = {handle, "main", &err};
  return db;
}

static void run(sqlite3 *handle, const char *sql) {
  char *message = NULL;
  int rc = sqlite3_exec(handle, sql, NULL, NULL, &message);
  CHECK_CASE(rc == SQLITE_OK, "%.60s: %s", sql, message);
  sqlite3_free(message);
}

static void twice(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  sqlite3_result_int64(context, 2 * sqlite3_value_int64(values[0]));
}

static int compare_backwards(void *aux, int na, const void *a, int nb, const void *b) {
  (void)aux;
  int shared = na < nb ? na : nb, difference = memcmp(b, a, (size_t)shared);
  return difference ? difference : nb - na;
}

static sqlite3 *open_memory(const char *encoding) {
  sqlite3 *handle;
  sqlite3_open(":memory:", &handle);
  AdcpDb db = on(handle);
  adcp_db_exec(&db, "PRAGMA encoding=%Q", encoding);
  sqlite3_create_function(handle, "twice", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, twice, NULL,
                          NULL);
  sqlite3_create_collation(handle, "backwards", SQLITE_UTF8, NULL, compare_backwards);
  return handle;
}

static void open_both(const char *encoding) {
  from = open_memory(encoding);
  to = open_memory(encoding);
}

static void close_both(void) {
  sqlite3_close(from);
  sqlite3_close(to);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  adcp_error_clear(&err);
}

/* ---- comparison by plain SQL ---- */

static bool same_bytes(sqlite3_stmt *a, sqlite3_stmt *b, int column) {
  const void *left = sqlite3_column_blob(a, column), *right = sqlite3_column_blob(b, column);
  int n = sqlite3_column_bytes(a, column);
  return n == sqlite3_column_bytes(b, column) && (n == 0 || memcmp(left, right, (size_t)n) == 0);
}

static bool same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column) {
  int type = sqlite3_column_type(a, column);
  if( type != sqlite3_column_type(b, column) ) return false;
  double left = sqlite3_column_double(a, column), right = sqlite3_column_double(b, column);
  switch( type ) {
  case SQLITE_INTEGER: return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
  case SQLITE_FLOAT: return memcmp(&left, &right, sizeof left) == 0;
  case SQLITE_NULL: return true;
  default: return same_bytes(a, b, column);
  }
}

/* Number of rows compared. */
static int check_same(const char *sql) {
  sqlite3_stmt *a = NULL, *b = NULL;
  sqlite3_prepare_v2(from, sql, -1, &a, NULL);
  sqlite3_prepare_v2(to, sql, -1, &b, NULL);
  CHECK_CASE(a && b, "%.80s: %s", sql, sqlite3_errmsg(to));
  int rows = 0;
  while( a && b && sqlite3_step(a) == SQLITE_ROW ) {
    if( !CHECK(sqlite3_step(b) == SQLITE_ROW) ) break;
    for( int i = 0; i < sqlite3_column_count(a); i++ ) {
      CHECK_CASE(same_value(a, b, i), "%.80s: row %d, column %d", sql, rows, i);
    }
    rows++;
  }
  CHECK(b == NULL || sqlite3_step(b) != SQLITE_ROW);
  sqlite3_finalize(a);
  sqlite3_finalize(b);
  return rows;
}

static void check_table(const AdcpTable *table, int64_t rows) {
  /* A result has room for 2000 columns. */
  const char *rowid = table->rowid_name && table->column_count < 2000 ? table->rowid_name : NULL;
  char *sql = sqlite3_mprintf("SELECT %s%s* FROM \"%w\" ORDER BY %s", rowid ? rowid : "",
                              rowid ? ", " : "", table->name, table->without_rowid ? "1, 2" : "1");
  CHECK_CASE(check_same(sql) == rows, "%s", table->name);
  sqlite3_free(sql);
}

/* ---- copy ---- */

/* The scan just opened sorts nothing and walks the table itself. */
static void check_plan(AdcpDb *db, const AdcpTable *table) {
  sqlite3_stmt *scan = sqlite3_next_stmt(db->handle, NULL);
  sqlite3_stmt *plan = adcp_db_prepare(db, "EXPLAIN QUERY PLAN %s", sqlite3_sql(scan));
  int steps = 0;
  while( adcp_db_step(db, plan) ) {
    CHECK_CASE(strcmp((const char *)sqlite3_column_text(plan, 3), "SCAN t") == 0, "%s: %s",
               table->name, sqlite3_column_text(plan, 3));
    steps++;
  }
  CHECK(steps == 1);
  adcp_db_finalize(plan);
}

static int64_t copy_table(const AdcpTable *table) {
  AdcpDb source = on(from), target = on(to);
  AdcpLoadOptions options = {table->name, NULL, ADCP_CONFLICT_ABORT, false};
  adcp_db_exec(&target, "DELETE FROM \"%w\"", table->name); /* what SQLite wrote by itself */
  AdcpScan *scan = adcp_scan_open(&source, table);
  AdcpLoad *load = adcp_load_open(&target, table, &options);
  if( err.rc == ADCP_OK ) check_plan(&source, table);
  const AdcpValue *values;
  int64_t rows = 0, written, ignored;
  int64_t rowid = INT64_MIN;
  for( ; (values = adcp_scan_next(scan)) != NULL; rows++ ) {
    if( table->has_rowid_key ) {
      CHECK_CASE(rows == 0 || values[0].integer > rowid, "%s: order of rowids", table->name);
      rowid = values[0].integer;
    }
    adcp_load_row(load, values);
  }
  CHECK(adcp_scan_next(scan) == NULL); /* stays at the end */
  adcp_load_counts(load, &written, &ignored);
  CHECK(written == rows && ignored == 0);
  CHECK_CASE(err.rc == ADCP_OK, "%.40s: %s", table->name, adcp_error_message(&err));
  adcp_scan_close(scan);
  adcp_load_close(load);
  return rows;
}

/* Creates the tables of `from` in `to`, copies their rows and compares; returns the rows. */
static int64_t copy_all(void) {
  AdcpDb source = on(from);
  AdcpSchema *schema = adcp_catalog_read(&source);
  adcp_schema_sort(schema, &err);
  int64_t total = 0;
  for( size_t i = 0; schema && i < schema->object_count; i++ ) {
    if( schema->objects[i].type == ADCP_OBJECT_TABLE ) run(to, schema->objects[i].sql);
  }
  for( size_t i = 0; schema && i < schema->table_count; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    int64_t rows = copy_table(table);
    CHECK(rows == adcp_catalog_row_count(&source, table));
    check_table(table, rows);
    total += rows;
  }
  adcp_schema_free(schema);
  return total;
}

/* ---- UTF-8 databases ---- */

static const char values_sql[] =
    "CREATE TABLE v(a, i INTEGER, r REAL, t TEXT, b BLOB, n NUMERIC);"
    "INSERT INTO v VALUES(NULL,NULL,NULL,NULL,NULL,NULL), (0,1,2,3,4,5), ('','','','','',''),"
    "(x'',x'',x'',x'',x'',x''), (9223372036854775807,-9223372036854775808,1e308,-1,1.5,'1e3'),"
    "(0.1,0.1,0.1,0.1,0.1,0.1), (1e15,1e15,1e15,1e15,1e15,1e15), (9e999,-9e999,9e999,9e999,-9e999,"
    "9e999), (5e-324,9007199254740993,9007199254740993,'x','y','z'), (9223372036854775808,"
    "9223372036854775808,'12abc','0x10',x'00ff00','9223372036854775808'),"
    "('a'||char(0)||'b',CAST(x'fffe80' AS TEXT),CAST(x'c080' AS TEXT),CAST(x'eda080' AS TEXT),"
    "x'0061','\xf0\x9f\x98\x80'), (-0.0, 1e-7, 123456789012345678, '1.0', zeroblob(100000), 3.0)";

static void test_values(void) {
  open_both("UTF-8");
  run(from, values_sql);
  sqlite3_stmt *stmt;
  sqlite3_prepare_v2(from, "INSERT INTO v(a, r) VALUES(?1, ?1)", -1, &stmt, NULL);
  sqlite3_bind_double(stmt, 1, -0.0);
  CHECK(sqlite3_step(stmt) == SQLITE_DONE);
  sqlite3_finalize(stmt);
  CHECK(copy_all() == 13);
  close_both();
}

static void test_rowids(void) {
  open_both("UTF-8");
  run(from, "CREATE TABLE plain(a); INSERT INTO plain(rowid, a) VALUES(-5,1), (7,2),"
            "(9223372036854775807,3), (-9223372036854775808,4), (0,5);"
            "CREATE TABLE named(rowid, oid); INSERT INTO named(_rowid_, rowid, oid) VALUES(9,1,2);"
            "CREATE TABLE hidden(rowid, _rowid_, oid); INSERT INTO hidden VALUES(3,2,1),(1,2,3),"
            "(2,2,2); CREATE INDEX hi ON hidden(rowid, _rowid_, oid);"
            "CREATE TABLE covered(rowid, _rowid_, oid, g VARCHAR(5000) AS (oid)); INSERT INTO "
            "covered VALUES(3,2,1),(1,2,3); CREATE INDEX ci ON covered(oid, rowid, _rowid_);"
            "CREATE TABLE alias(b, id INTEGER PRIMARY KEY); INSERT INTO alias VALUES('x',-3),"
            "('y',12); CREATE INDEX ai ON alias(b);"
            "CREATE TABLE descending(id INTEGER PRIMARY KEY DESC, b); INSERT INTO descending(rowid,"
            "id, b) VALUES(5,9,1),(6,8,2),(-7,NULL,3);"
            "CREATE TABLE alias_rowid(rowid INTEGER PRIMARY KEY, _rowid_, oid);"
            "INSERT INTO alias_rowid VALUES(4,3,2), (1,1,1);"
            "CREATE TABLE text_key(k TEXT PRIMARY KEY, v); INSERT INTO text_key(rowid, k, v)"
            "VALUES(10,'b',1),(3,'c',2),(11,'a',3);"
            "CREATE TABLE auto(a INTEGER PRIMARY KEY AUTOINCREMENT, b); INSERT INTO auto VALUES"
            "(41,1); CREATE TABLE empty(a); CREATE UNIQUE INDEX pi ON plain(a); ANALYZE");
  run(to, "CREATE TABLE seq(a INTEGER PRIMARY KEY AUTOINCREMENT); ANALYZE");
  CHECK(copy_all() >= 24);
  CHECK(check_same("SELECT rowid, name, seq FROM sqlite_sequence") == 1);
  CHECK(check_same("SELECT * FROM sqlite_stat1") > 0);
  close_both();
}

/* The order of the tree whatever the setting, which is as it was afterwards. */
static void test_reversed(void) {
  open_both("UTF-8");
  run(from, "CREATE TABLE hidden(rowid, _rowid_, oid); INSERT INTO hidden VALUES(1,1,1), (2,2,2),"
            "(3,3,3); CREATE TABLE none(rowid, _rowid_, oid); CREATE TABLE plain(a);"
            "INSERT INTO plain VALUES(1),(2); PRAGMA reverse_unordered_selects=ON");
  run(to, "PRAGMA reverse_unordered_selects=ON");
  CHECK(copy_all() == 5);
  run(to, "PRAGMA reverse_unordered_selects=OFF");
  AdcpDb target = on(to);
  CHECK(adcp_db_integer(&target, -1, "SELECT rowid FROM hidden NOT INDEXED LIMIT 1") == 1);
  AdcpDb source = on(from);
  CHECK(adcp_db_integer(&source, -1, "PRAGMA reverse_unordered_selects") == 1);
  CHECK(adcp_db_integer(&source, -1, "SELECT rowid FROM hidden LIMIT 1") == 3);
  close_both();
}

static void test_keys(void) {
  open_both("UTF-8");
  run(from, "CREATE TABLE w1(a, b, c, PRIMARY KEY(b, a)) WITHOUT ROWID; INSERT INTO w1 VALUES"
            "(1,'x',3), (2,'a',1), (1,'a',9); CREATE INDEX w1i ON w1(c, a, b);"
            "CREATE TABLE w2(a TEXT COLLATE NOCASE, b, c, PRIMARY KEY(a DESC, b COLLATE RTRIM, a "
            "COLLATE BINARY)) WITHOUT ROWID; INSERT INTO w2 VALUES('A','x ',1), ('a','x',2),"
            "('b','',3), ('B','',4); CREATE INDEX w2i ON w2(c, b, a);"
            "CREATE TABLE w3(k TEXT COLLATE backwards PRIMARY KEY DESC, v INT) STRICT, WITHOUT "
            "ROWID; INSERT INTO w3 VALUES('a',1), ('c',2), ('b',3);"
            "CREATE TABLE w4(id INTEGER PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w4 VALUES(5,1),"
            "(-5,2); CREATE TABLE s(i INT, g INTEGER, r REAL, t TEXT, b BLOB, a ANY) STRICT;"
            "INSERT INTO s VALUES(1,2,3,4,x'05','006'), (NULL,NULL,NULL,NULL,NULL,7.0)");
  CHECK(copy_all() == 14);
  close_both();
}

static void test_columns(void) {
  open_both("UTF-8");
  run(from,
      "CREATE TABLE g(a, v AS (twice(a)), s AS (twice(a)) STORED, b); INSERT INTO g(a, b)"
      "VALUES(4,1), (5,NULL); CREATE INDEX gi ON g(twice(b));"
      "CREATE TABLE alt(a, gone, old); INSERT INTO alt VALUES(1,2,3);"
      "ALTER TABLE alt ADD COLUMN extra TEXT DEFAULT 'd'; ALTER TABLE alt DROP COLUMN gone;"
      "ALTER TABLE alt RENAME COLUMN old TO fresh; INSERT INTO alt VALUES(4,5,6);"
      "CREATE TABLE \"we\"\"ird.'\nname\"(\"\", \"a\"\"b\", 'it''s', [x.y], `\xf0\x9f\x98\x80`,"
      "\"$a\", \"select\", \"new\nline\", t, \"%s\"); INSERT INTO \"we\"\"ird.'\nname\" VALUES"
      "(1,2,3,4,5,6,7,8,9,10); CREATE TABLE \"\"(a); INSERT INTO \"\" VALUES(1)");
  CHECK(copy_all() == 6);
  close_both();
}

/* Rows of g when the connection does not know the function of a virtual generated column. */
static void test_missing_function(void) {
  open_both("UTF-8");
  run(from, "CREATE TABLE g(a, v AS (twice(a)), b); INSERT INTO g(a, b) VALUES(4,1), (5,2);"
            "CREATE INDEX gi ON g(twice(b))");
  sqlite3_create_function(from, "twice", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, NULL, NULL,
                          NULL);
  AdcpDb source = on(from);
  AdcpSchema *schema = adcp_catalog_read(&source);
  AdcpScan *scan = adcp_scan_open(&source, &schema->tables[0]);
  const AdcpValue *values = adcp_scan_next(scan);
  CHECK(values && values[0].integer == 1 && values[1].integer == 4 && values[2].integer == 1);
  CHECK(adcp_scan_next(scan) != NULL);
  CHECK(adcp_scan_next(scan) == NULL);
  adcp_scan_close(scan);
  adcp_schema_free(schema);
  close_both();
}

/* SQLITE_MAX_COLUMN columns and a hidden rowid are one more than a result may have. */
static void test_wide(const char *options) {
  open_both("UTF-8");
  sqlite3_str *create = sqlite3_str_new(NULL), *insert = sqlite3_str_new(NULL);
  sqlite3_str_appendall(create, "CREATE TABLE wide(c0 PRIMARY KEY");
  sqlite3_str_appendall(insert, "INSERT INTO wide SELECT value");
  for( int i = 1; i < 2000; i++ ) {
    sqlite3_str_appendf(create, ", c%d", i);
    sqlite3_str_appendf(insert, ", %d + value", i);
  }
  sqlite3_str_appendf(create, ")%s", options);
  sqlite3_str_appendall(insert, " FROM json_each('[5, 3, 9]')");
  char *create_sql = sqlite3_str_finish(create), *insert_sql = sqlite3_str_finish(insert);
  run(from, create_sql);
  run(from, insert_sql);
  CHECK(copy_all() == 3);
  if( *options == 0 ) CHECK(check_same("SELECT rowid, c0, c1999 FROM wide ORDER BY rowid") == 3);
  sqlite3_free(create_sql);
  sqlite3_free(insert_sql);
  close_both();
}

static void test_attached(void) {
  open_both("UTF-8");
  run(from, "ATTACH ':memory:' AS \"o'th\"\"er\"; CREATE TABLE t(wrong); INSERT INTO t VALUES(1);"
            "CREATE TABLE \"o'th\"\"er\".t(a, k, PRIMARY KEY(k DESC)) WITHOUT ROWID;"
            "INSERT INTO \"o'th\"\"er\".t VALUES('x',1), ('y',2)");
  AdcpDb source = {from, "o'th\"er", &err};
  AdcpSchema *schema = adcp_catalog_read(&source);
  AdcpScan *scan = adcp_scan_open(&source, &schema->tables[0]);
  const AdcpValue *values = adcp_scan_next(scan);
  CHECK(values && values[0].type == ADCP_TEXT && values[0].bytes[0] == 'y');
  adcp_scan_close(scan);
  AdcpLoadOptions options = {"t", NULL, ADCP_CONFLICT_ABORT, false};
  AdcpLoad *load = adcp_load_open(&source, &schema->tables[0], &options);
  AdcpValue row[2] = {{.type = ADCP_TEXT}, {.type = ADCP_INTEGER, .integer = 3}};
  adcp_load_row(load, row);
  adcp_load_close(load);
  CHECK(adcp_db_integer(&source, 0, "SELECT count(*) FROM \"o'th\"\"er\".t") == 3);
  CHECK(adcp_db_integer(&source, 0, "SELECT count(*) FROM main.t") == 1);
  adcp_schema_free(schema);
  close_both();
}

/* ---- UTF-16 databases ---- */

/* UTF-16LE: what is bound, and whether it is valid. */
static const struct {
  const char *bytes;
  int size;
  bool valid;
} texts16[] = {
    {"a\0b\0", 4, true},
    {"", 0, true},
    {"\0\0a\0", 4, true},                /* NUL */
    {"\x3d\xd8\x00\xde", 4, true},       /* a pair */
    {"\xfe\xff\x61\0", 4, true},         /* U+FFFE first: bytes as a mark of the other order */
    {"a\0\xff\xff\xfe\xff", 6, true},    /* U+FFFF, U+FFFE */
    {"\xff\xfe\x61\0", 4, true},         /* U+FEFF first: a mark */
    {"\xff\xfe\xff\xfe\x61\0", 6, true}, /* two of them */
    {"\x00\xd8\x61\0", 4, false},        /* unpaired high surrogate */
    {"a\0\x00\xdc", 4, false},           /* unpaired low surrogate */
    {"\x00\xd8", 2, false},
    {"\x00\xdc\x00\xd8", 4, false},
    {"\xff\xfe\x00\xd8\x61\0", 6, false}, /* a mark, then invalid */
    {"\xfe\xff\x00\xd8\x61\0", 6, false},
    {"a\0b", 3, false}, /* odd */
    {"\x3d\xd8\x00\xde\x7f", 5, false},
};

#define TEXTS16 (sizeof texts16 / sizeof texts16[0])

/* Stores them with exactly these bytes: the mark in front is the one that SQLite takes off. */
static void insert_texts16(void) {
  sqlite3_stmt *stmt;
  sqlite3_prepare_v2(from, "INSERT INTO t VALUES(?1, ?2, ?1)", -1, &stmt, NULL);
  for( size_t i = 0; i < TEXTS16; i++ ) {
    char bytes[16] = "\xff\xfe";
    memcpy(bytes + 2, texts16[i].bytes, (size_t)texts16[i].size);
    sqlite3_bind_text64(stmt, 1, bytes, 2 + (sqlite3_uint64)texts16[i].size, SQLITE_TRANSIENT,
                        SQLITE_UTF16LE);
    sqlite3_bind_int(stmt, 2, texts16[i].size);
    CHECK(sqlite3_step(stmt) == SQLITE_DONE);
    sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
}

static void check_scan16(const AdcpTable *table) {
  AdcpDb source = on(from);
  AdcpScan *scan = adcp_scan_open(&source, table);
  for( size_t i = 0; i < TEXTS16; i++ ) {
    const AdcpValue *values = adcp_scan_next(scan);
    if( !CHECK(values != NULL) ) break;
    for( int column = 1; column <= 3; column += 2 ) {
      const AdcpValue *value = &values[column];
      CHECK_CASE(value->type == (texts16[i].valid ? ADCP_TEXT : ADCP_TEXT16), "text %d", (int)i);
      if( texts16[i].valid ) continue;
      CHECK_CASE(value->size == (size_t)texts16[i].size &&
                     memcmp(value->bytes, texts16[i].bytes, value->size) == 0,
                 "text %d", (int)i);
    }
  }
  adcp_scan_close(scan);
}

static void test_utf16(const char *encoding) {
  open_both(encoding);
  run(from, "CREATE TABLE t(a, size, b TEXT)");
  insert_texts16();
  AdcpDb source = on(from);
  AdcpSchema *schema = adcp_catalog_read(&source);
  check_scan16(&schema->tables[0]);
  adcp_schema_free(schema);
  CHECK(adcp_db_integer(&source, 0, "SELECT count(*) FROM t WHERE length(CAST(a AS BLOB))=size") ==
        TEXTS16);
  CHECK(copy_all() == TEXTS16);
  CHECK(check_same("SELECT a, length(CAST(a AS BLOB)), b FROM t ORDER BY rowid") == TEXTS16);
  close_both();
  /* Text that the other encoding cannot hold is refused, not changed. */
  open_both(encoding);
  to = (sqlite3_close(to), open_memory("UTF-8"));
  run(to, "CREATE TABLE t(a)");
  AdcpDb target = on(to);
  schema = adcp_catalog_read(&target);
  AdcpLoadOptions options = {"t", NULL, ADCP_CONFLICT_ABORT, false};
  AdcpLoad *load = adcp_load_open(&target, &schema->tables[0], &options);
  AdcpValue row[2] = {{.type = ADCP_INTEGER, .integer = 1},
                      {.type = ADCP_TEXT16, .bytes = (const uint8_t *)"\x00\xd8", .size = 2}};
  adcp_load_row(load, row);
  CHECK(err.rc == ADCP_MISMATCH && strstr(adcp_error_message(&err), "table \"t\"") != NULL);
  adcp_error_clear(&err);
  adcp_load_close(load);
  run(from, "CREATE TABLE t(a)");
  source = on(from);
  load = adcp_load_open(&source, &schema->tables[0], &options);
  row[1] = (AdcpValue){.type = ADCP_TEXT, .bytes = (const uint8_t *)"\xff", .size = 1};
  adcp_load_row(load, row);
  CHECK(err.rc == ADCP_MISMATCH);
  adcp_error_clear(&err);
  adcp_load_close(load);
  adcp_schema_free(schema);
  close_both();
}

/* ---- matching by name, conflicts ---- */

/* Loads the rows of t in `from` into t of `to`, columns matched by name. */
static void merge(AdcpConflict on_conflict, int64_t expect_written, int64_t expect_ignored) {
  AdcpDb source = on(from), target = on(to);
  AdcpSchema *a = adcp_catalog_read(&source), *b = adcp_catalog_read(&target);
  const AdcpTable *table = adcp_schema_table(a, "t"), *live = adcp_schema_table(b, "t");
  AdcpLoadOptions options = {"t", live, on_conflict, false};
  AdcpScan *scan = adcp_scan_open(&source, table);
  AdcpLoad *load = adcp_load_open(&target, table, &options);
  const AdcpValue *values;
  while( (values = adcp_scan_next(scan)) != NULL ) adcp_load_row(load, values);
  int64_t written, ignored;
  adcp_load_counts(load, &written, &ignored);
  CHECK_CASE(written == expect_written && ignored == expect_ignored, "%d written, %d ignored",
             (int)written, (int)ignored);
  adcp_scan_close(scan);
  adcp_load_close(load);
  adcp_schema_free(a);
  adcp_schema_free(b);
}

static void begin_merge(const char *source, const char *target) {
  open_both("UTF-8");
  run(from, source);
  run(to, target);
}

static void end_merge(const char *query, const char *expected) {
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  AdcpDb target = on(to);
  char *text = adcp_db_text(&target, "SELECT group_concat(line, ' ') FROM (%s)", query);
  CHECK_TEXT(text, expected);
  adcp_free(text);
  close_both();
}

#define LINES "SELECT quote(id)||','||quote(a)||','||quote(b) AS line FROM t ORDER BY id, a"

static void test_conflicts(void) {
  static const char old[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, A, b DEFAULT 'def');"
                            "INSERT INTO t VALUES(1,'old',10), (5,'old',50)";
  static const char source[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, dropped, a);"
                               "INSERT INTO t VALUES(1,0,'new'), (2,0,'new')";
  begin_merge(source, old);
  merge(ADCP_CONFLICT_UPDATE, 2, 0);
  end_merge(LINES, "1,'new',10 2,'new','def' 5,'old',50");
  begin_merge(source, old);
  merge(ADCP_CONFLICT_IGNORE, 1, 1);
  end_merge(LINES, "1,'old',10 2,'new','def' 5,'old',50");
  begin_merge(source, old);
  merge(ADCP_CONFLICT_ABORT, 0, 0);
  CHECK(err.rc == ADCP_CONSTRAINT && strstr(adcp_error_message(&err), "table \"t\": ") != NULL);
  adcp_error_clear(&err);
  end_merge(LINES, "1,'old',10 5,'old',50");
}

static void test_conflict_keys(void) {
  /* A text key: the hidden rowid of another row is not touched. */
  begin_merge("CREATE TABLE t(id TEXT PRIMARY KEY, a, b); INSERT INTO t VALUES('k',1,2),('m',3,4)",
              "CREATE TABLE t(id TEXT PRIMARY KEY, a, b); INSERT INTO t VALUES('z',8,9),('m',0,0)");
  merge(ADCP_CONFLICT_UPDATE, 2, 0);
  end_merge(LINES, "'k',1,2 'm',3,4 'z',8,9");
  /* Another unique key: the row found keeps its primary key. */
  begin_merge("CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b); INSERT INTO t VALUES(7,'x',1)",
              "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b); INSERT INTO t VALUES(5,'x',0)");
  merge(ADCP_CONFLICT_UPDATE, 1, 0);
  end_merge(LINES, "5,'x',1");
  /* Both keys, two rows: it is the primary key's row, which then may not have the other's value. */
  begin_merge("CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b); INSERT INTO t VALUES(7,'x',1)",
              "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b); INSERT INTO t VALUES(5,'x',0),"
              "(7,'y',0)");
  merge(ADCP_CONFLICT_UPDATE, 0, 0);
  CHECK(err.rc == ADCP_CONSTRAINT);
  adcp_error_clear(&err);
  end_merge(LINES, "5,'x',0 7,'y',0");
  begin_merge("CREATE TABLE t(id TEXT PRIMARY KEY, a UNIQUE, b); INSERT INTO t VALUES('7','x',1)",
              "CREATE TABLE t(id TEXT PRIMARY KEY, a UNIQUE, b); INSERT INTO t VALUES('5','x',0),"
              "('7','y',0)");
  merge(ADCP_CONFLICT_UPDATE, 0, 0);
  CHECK(err.rc == ADCP_CONSTRAINT);
  adcp_error_clear(&err);
  end_merge(LINES, "'5','x',0 '7','y',0");
  /* WITHOUT ROWID with a key of all columns: nothing to update. */
  begin_merge("CREATE TABLE t(id, a, b AS (1), PRIMARY KEY(id, a)) WITHOUT ROWID;"
              "INSERT INTO t VALUES(1,2),(3,4)",
              "CREATE TABLE t(id, a, b AS (2), PRIMARY KEY(a DESC, id COLLATE NOCASE)) WITHOUT "
              "ROWID; INSERT INTO t VALUES(1,2)");
  merge(ADCP_CONFLICT_UPDATE, 1, 1);
  end_merge(LINES, "1,2,2 3,4,2");
  /* No key at all: rows are added. */
  begin_merge("CREATE TABLE t(id, a, b); INSERT INTO t VALUES(1,2,3)",
              "CREATE TABLE t(id, a, b); INSERT INTO t VALUES(1,1,1)");
  merge(ADCP_CONFLICT_UPDATE, 1, 0);
  end_merge(LINES, "1,1,1 1,2,3");
  /* IGNORE leaves rows with an equal key; it does not hide a broken NOT NULL. */
  begin_merge("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES(1,NULL,1)",
              "CREATE TABLE t(id INTEGER PRIMARY KEY, a NOT NULL, b)");
  merge(ADCP_CONFLICT_IGNORE, 0, 0);
  CHECK(err.rc == ADCP_CONSTRAINT);
  adcp_error_clear(&err);
  end_merge("SELECT count(*) AS line FROM t", "0");
}

/* ---- the target ---- */

/* Clauses of the table's own do not drop rows of an exact copy. */
static void test_exact_in_spite_of_clauses(void) {
  open_both("UTF-8");
  run(from, "CREATE TABLE t(a); INSERT INTO t VALUES(1), (1)");
  run(to, "CREATE TABLE t(a UNIQUE ON CONFLICT REPLACE)");
  AdcpDb source = on(from), target = on(to);
  AdcpSchema *schema = adcp_catalog_read(&source);
  AdcpLoadOptions options = {"t", NULL, ADCP_CONFLICT_ABORT, false};
  AdcpScan *scan = adcp_scan_open(&source, &schema->tables[0]);
  AdcpLoad *load = adcp_load_open(&target, &schema->tables[0], &options);
  adcp_load_row(load, adcp_scan_next(scan));
  CHECK(err.rc == ADCP_OK);
  adcp_load_row(load, adcp_scan_next(scan));
  CHECK(err.rc == ADCP_CONSTRAINT);
  adcp_error_clear(&err);
  adcp_load_close(load);
  adcp_scan_close(scan);
  adcp_schema_free(schema);
  close_both();
}

static void expect_open_error(AdcpRc rc, const char *part) {
  AdcpDb source = on(from), target = on(to);
  AdcpSchema *schema = adcp_catalog_read(&source), *live = adcp_catalog_read(&target);
  AdcpLoadOptions options = {"t", adcp_schema_table(live, "t"), ADCP_CONFLICT_UPDATE, false};
  AdcpLoad *load = adcp_load_open(&target, &schema->tables[0], &options);
  CHECK_CASE(err.rc == rc && strstr(adcp_error_message(&err), part), "%s",
             adcp_error_message(&err));
  adcp_error_clear(&err);
  adcp_load_close(load);
  adcp_schema_free(schema);
  adcp_schema_free(live);
  close_both();
}

static void test_limits(void) {
  begin_merge("CREATE TABLE t(a, b, c, d)", "CREATE TABLE t(a, b, c, d)");
  sqlite3_limit(to, SQLITE_LIMIT_VARIABLE_NUMBER, 3);
  expect_open_error(ADCP_TOOBIG, "SQLITE_LIMIT_VARIABLE_NUMBER is 3");
  begin_merge("CREATE TABLE t(a)", "CREATE TABLE t(b, a AS (b))");
  expect_open_error(ADCP_MISMATCH, "none of the columns");
  begin_merge("CREATE TABLE t(a, b); INSERT INTO t VALUES(zeroblob(600), zeroblob(600))",
              "CREATE TABLE t(a, b)");
  sqlite3_limit(to, SQLITE_LIMIT_LENGTH, 1000);
  merge(ADCP_CONFLICT_ABORT, 0, 0);
  CHECK(err.rc == ADCP_TOOBIG && strstr(adcp_error_message(&err), "limit SQLITE_LIMIT_LENGTH of"));
  adcp_error_clear(&err);
  close_both();
}

static void test_missing_table(void) {
  open_both("UTF-8");
  run(from, "CREATE TABLE t(a)");
  AdcpDb source = on(from), target = on(to);
  AdcpSchema *schema = adcp_catalog_read(&source);
  AdcpLoadOptions options = {"t", NULL, ADCP_CONFLICT_ABORT, false};
  AdcpLoad *load = adcp_load_open(&target, &schema->tables[0], &options);
  CHECK(err.rc == ADCP_ERROR);
  AdcpValue row[2] = {{.type = ADCP_NULL}, {.type = ADCP_NULL}};
  adcp_load_row(load, row);
  adcp_load_close(load);
  adcp_error_clear(&err);
  run(from, "DROP TABLE t");
  AdcpScan *scan = adcp_scan_open(&source, &schema->tables[0]);
  CHECK(adcp_scan_next(scan) == NULL && err.rc == ADCP_ERROR);
  adcp_error_clear(&err);
  adcp_scan_close(scan);
  adcp_schema_free(schema);
  close_both();
}

int main(void) {
  test_values();
  test_rowids();
  test_reversed();
  test_keys();
  test_columns();
  test_missing_function();
  test_wide("");
  test_wide(" WITHOUT ROWID");
  test_attached();
  test_utf16("UTF-16le");
  test_utf16("UTF-16be");
  test_conflicts();
  test_conflict_keys();
  test_exact_in_spite_of_clauses();
  test_limits();
  test_missing_table();
  return unit_done();
}
