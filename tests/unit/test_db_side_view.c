/*
** test_db_side_view.c - a table of an open transaction is read on another thread, while the connection
** makes indexes; and where that cannot be, nobody gets a view.
*/
#include <pthread.h>

#include "connection.h"
#include "db/catalog.h"
#include "db/scan.h"
#include "db/side_view.h"

static char path[64];

/* Rows, and a sum over all bytes of their values in their order (FNV-1a). */
typedef struct Sum {
  AdcpDb *db;
  const AdcpTable *table;
  int64_t rows;
  uint64_t hash;
} Sum;

static void add(Sum *sum, const void *bytes, size_t n) {
  const uint8_t *at = bytes;
  for( size_t i = 0; i < n; i++ ) sum->hash = (sum->hash ^ at[i]) * 1099511628211u;
}

static void *read_all(void *argument) {
  Sum *sum = argument;
  size_t width = adcp_table_value_count(sum->table);
  AdcpScan *scan = adcp_scan_open(sum->db, sum->table);
  const AdcpValue *values;
  while( (values = adcp_scan_next(scan)) != NULL ) {
    sum->rows++;
    for( size_t i = 0; i < width; i++ ) {
      add(sum, &values[i].type, sizeof values[i].type);
      if( values[i].type == ADCP_INTEGER ) add(sum, &values[i].integer, sizeof values[i].integer);
      if( values[i].type == ADCP_REAL ) add(sum, &values[i].real, sizeof values[i].real);
      if( values[i].type >= ADCP_TEXT ) add(sum, values[i].bytes, values[i].size);
    }
  }
  adcp_scan_close(scan);
  return NULL;
}

typedef struct Case {
  const char *pragmas, *table, *definition, *insert, *indexes;
} Case;

#define NUMBERS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
#define ROWS                                                                                       \
  NUMBERS "INSERT INTO \"it's\" SELECT i, 'name ' || (i * 7919 % 6000), i * 0.1, zeroblob(i % "    \
          "900) FROM n"
#define COLUMNS "(id INTEGER PRIMARY KEY, name TEXT, price REAL, data BLOB)"
#define INDEXES                                                                                    \
  "CREATE INDEX a ON \"it's\"(name); CREATE INDEX b ON \"it's\"(price, name); CREATE TABLE "       \
  "other(x); "                                                                                     \
  "INSERT INTO other SELECT zeroblob(5000) FROM \"it's\"; CREATE INDEX c ON other(x)"

static const Case cases[] = {
    {"", "it's", "CREATE TABLE \"it's\"" COLUMNS, ROWS, INDEXES},
    {"PRAGMA page_size=512", "it's", "CREATE TABLE \"it's\"" COLUMNS, ROWS, INDEXES},
    {"PRAGMA page_size=65536", "it's", "CREATE TABLE \"it's\"" COLUMNS, ROWS, INDEXES},
    {"PRAGMA encoding='UTF-16be'", "it's", "CREATE TABLE \"it's\"" COLUMNS, ROWS, INDEXES},
    {"PRAGMA journal_mode=MEMORY; PRAGMA secure_delete=ON", "it's", "CREATE TABLE \"it's\"" COLUMNS,
     ROWS, INDEXES},
    {"PRAGMA cache_size=10", "it's", "CREATE TABLE \"it's\"" COLUMNS, ROWS, INDEXES},
    {"", "it's", "CREATE TABLE \"it's\"(id, name TEXT PRIMARY KEY, price, data) WITHOUT ROWID",
     ROWS, "CREATE INDEX a ON \"it's\"(price)"},
    {"CREATE TABLE old(x); INSERT INTO old SELECT zeroblob(9000) FROM pragma_collation_list, "
     "pragma_function_list; DROP TABLE old",
     "it's", "CREATE TABLE \"it's\"" COLUMNS, ROWS, INDEXES},
};

static const AdcpTable *find_table(AdcpSchema *schema, const char *name) {
  const AdcpTable *table = schema ? adcp_schema_table(schema, name) : NULL;
  CHECK(table != NULL);
  return table;
}

/* In a transaction with the table and its rows. */
static sqlite3 *begin(const Case *c) {
  unlink(path);
  sqlite3 *handle = open_database(path);
  must(handle, c->pragmas);
  must(handle, "BEGIN");
  must(handle, c->definition);
  must(handle, c->insert);
  return handle;
}

static void test_beside(const Case *c) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = begin(c);
  AdcpDb db = {handle, "main", &err};
  AdcpSchema *schema = adcp_catalog_read(&db);
  const AdcpTable *table = find_table(schema, c->table);
  AdcpSideView *view = adcp_side_view_open(&db, c->table);
  CHECK_CASE(view != NULL && err.rc == ADCP_OK, "%s %s", c->pragmas, c->definition);
  if( view && table ) {
    pthread_t thread;
    Sum aside = {.db = adcp_side_view_db(view), .table = table}, own = {.db = &db, .table = table};
    CHECK(pthread_create(&thread, NULL, read_all, &aside) == 0);
    must(handle, c->indexes);
    pthread_join(thread, NULL);
    read_all(&own);
    CHECK_CASE(aside.db->err->rc == ADCP_OK, "%s: %s", c->pragmas,
               adcp_error_message(aside.db->err));
    CHECK_CASE(own.rows == 6000 && aside.rows == own.rows && aside.hash == own.hash,
               "%s: %lld rows", c->pragmas, (long long)aside.rows);
  }
  adcp_side_view_close(view);
  adcp_schema_free(schema);
  must(handle, "COMMIT");
  CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  sqlite3_close(handle);
}

/* Another connection sees nothing of it, and its locks are those it had. */
static void test_locks(void) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = begin(&cases[0]), *other = open_database(path);
  AdcpDb db = {handle, "main", &err};
  AdcpSideView *view = adcp_side_view_open(&db, "it's");
  CHECK(view != NULL && number(other, "SELECT count(*) FROM sqlite_schema") < 0);
  CHECK(sqlite3_errcode(other) == SQLITE_BUSY);
  adcp_side_view_close(view);
  CHECK(number(other, "SELECT count(*) FROM sqlite_schema") < 0);
  must(handle, "ROLLBACK");
  CHECK(number(other, "SELECT count(*) FROM sqlite_schema") == 0);
  CHECK(number(handle, "SELECT count(*) FROM sqlite_schema") == 0);
  CHECK(sqlite3_vfs_find("adcp-side-view") == NULL);
  sqlite3_close(other);
  sqlite3_close(handle);
}

static void test_stopped(void) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = begin(&cases[0]);
  AdcpDb db = {handle, "main", &err};
  AdcpSideView *view = adcp_side_view_open(&db, "it's");
  AdcpSchema *schema = adcp_catalog_read(&db);
  CHECK(view != NULL);
  if( view ) {
    AdcpScan *scan = adcp_scan_open(adcp_side_view_db(view), find_table(schema, "it's"));
    CHECK(adcp_scan_next(scan) != NULL);
    adcp_side_view_stop(view);
    while( adcp_scan_next(scan) ) {
    }
    CHECK(adcp_side_view_db(view)->err->rc == ADCP_INTERRUPT);
    adcp_scan_close(scan);
  }
  adcp_side_view_close(view);
  adcp_schema_free(schema);
  sqlite3_close(handle);
}

/* The first connection's interrupt is for what its own thread reads, through a view too. */
static void test_interrupted(void) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = begin(&cases[0]);
  AdcpDb db = {handle, "main", &err};
  AdcpSideView *view = adcp_side_view_open(&db, "it's");
  AdcpSchema *schema = adcp_catalog_read(&db);
  sqlite3_stmt *running;
  CHECK(view != NULL);
  CHECK(sqlite3_prepare_v2(handle, "VALUES(1), (2)", -1, &running, NULL) == SQLITE_OK);
  CHECK(sqlite3_step(running) == SQLITE_ROW);
  if( view ) {
    AdcpScan *scan = adcp_scan_open(adcp_side_view_db(view), find_table(schema, "it's"));
    CHECK(adcp_scan_next(scan) != NULL);
    sqlite3_interrupt(handle);
    while( adcp_scan_next(scan) ) {
    }
    CHECK(adcp_side_view_db(view)->err->rc == ADCP_INTERRUPT);
    adcp_scan_close(scan);
  }
  CHECK(sqlite3_step(running) == SQLITE_INTERRUPT); /* it is still there */
  sqlite3_finalize(running);
  adcp_side_view_close(view);
  adcp_schema_free(schema);
  sqlite3_close(handle);
}

/* A collation that only the connection has: whoever reads aside gets an error, no other order. */
static int backwards(void *unused, int a_size, const void *a, int b_size, const void *b) {
  (void)unused;
  int order = memcmp(b, a, (size_t)(a_size < b_size ? a_size : b_size));
  return order ? order : b_size - a_size;
}

static void test_collation(void) {
  AdcpError err = ADCP_ERROR_INIT;
  unlink(path);
  sqlite3 *handle = open_database(path);
  sqlite3_create_collation(handle, "back", SQLITE_UTF8, NULL, backwards);
  must(handle, "BEGIN; CREATE TABLE t(a TEXT COLLATE back PRIMARY KEY) WITHOUT ROWID; "
               "INSERT INTO t VALUES('x'), ('y')");
  AdcpDb db = {handle, "main", &err};
  AdcpSchema *schema = adcp_catalog_read(&db);
  AdcpSideView *view = adcp_side_view_open(&db, "t");
  if( view ) {
    AdcpScan *scan = adcp_scan_open(adcp_side_view_db(view), find_table(schema, "t"));
    CHECK(adcp_scan_next(scan) == NULL && adcp_side_view_db(view)->err->rc != ADCP_OK);
    adcp_scan_close(scan);
  }
  adcp_side_view_close(view);
  adcp_schema_free(schema);
  CHECK(err.rc == ADCP_OK);
  sqlite3_close(handle);
}

static void test_none(void) {
  static const struct {
    const char *what, *path, *sql;
  } none[] = {
      {"in memory", ":memory:", "SELECT 1"},
      {"temporary", "", "SELECT 1"},
      {"WAL", NULL, "PRAGMA journal_mode=WAL"},
      {"pages that move", NULL, "PRAGMA auto_vacuum=FULL"},
      {"pages that move when asked", NULL, "PRAGMA auto_vacuum=INCREMENTAL"},
      {"a memory map", NULL, "PRAGMA mmap_size=1000000"},
  };
  for( size_t i = 0; i < sizeof none / sizeof *none; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    unlink(path);
    sqlite3 *handle = open_database(none[i].path ? none[i].path : path);
    must(handle, none[i].sql);
    must(handle, "CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES(1)");
    AdcpDb db = {handle, "main", &err};
    AdcpSideView *view = adcp_side_view_open(&db, "t");
    CHECK_CASE(view == NULL && err.rc == ADCP_OK, "%s", none[i].what);
    adcp_side_view_close(view);
    must(handle, "COMMIT");
    sqlite3_close(handle);
  }
}

/* ---- reading many pages at once ---- */

static const sqlite3_io_methods *system_methods;
static struct {
  long calls, pages;
  int largest; /* that succeeds; 0: none does */
} reads;

static int counting_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset) {
  reads.calls++;
  reads.pages += n / 4096;
  return n > reads.largest ? SQLITE_IOERR_READ : system_methods->xRead(file, to, n, offset);
}

/* The rows that a view finds while its file's reads are counted, and those above a size fail. */
static int64_t rows_by_reads(int largest, AdcpRc *result) {
  AdcpError err = ADCP_ERROR_INIT;
  sqlite3 *handle = begin(&cases[0]);
  AdcpDb db = {handle, "main", &err};
  AdcpSchema *schema = adcp_catalog_read(&db);
  sqlite3_file *file = NULL;
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  system_methods = file->pMethods;
  sqlite3_io_methods counting = *system_methods;
  counting.xRead = counting_read;
  reads.largest = 1 << 30;
  file->pMethods = &counting;
  AdcpSideView *view = adcp_side_view_open(&db, cases[0].table);
  CHECK(view != NULL);
  reads.calls = reads.pages = 0;
  reads.largest = largest;
  Sum sum = {.db = adcp_side_view_db(view), .table = find_table(schema, cases[0].table)};
  read_all(&sum);
  *result = sum.db->err->rc;
  file->pMethods = system_methods;
  adcp_side_view_close(view);
  adcp_schema_free(schema);
  must(handle, "ROLLBACK");
  sqlite3_close(handle);
  return sum.rows;
}

static void test_window(void) {
  AdcpRc result;
  CHECK(rows_by_reads(1 << 30, &result) == 6000 && result == ADCP_OK);
  CHECK_CASE(reads.pages > 600 && reads.calls < reads.pages / 16, "%ld reads of %ld pages",
             reads.calls, reads.pages);
  CHECK(rows_by_reads(4096, &result) == 6000 && result == ADCP_OK); /* page by page, then */
  CHECK(rows_by_reads(0, &result) < 6000 && result == ADCP_IOERR);
}

/* ---- where there is a view, and where not ---- */

/* A connection that is kept to one thread at a time by who uses it, as the sqlite3 shell's is, has no
** mutex and can have a view. Where SQLite is set up for one thread in all, nobody can. */
static void test_thread_mode(int mode, bool expected) {
  AdcpError err = ADCP_ERROR_INIT;
  CHECK(sqlite3_shutdown() == SQLITE_OK && sqlite3_config(mode) == SQLITE_OK);
  sqlite3 *handle = begin(&cases[0]);
  AdcpDb db = {handle, "main", &err};
  AdcpSideView *view = adcp_side_view_open(&db, cases[0].table);
  CHECK_CASE((view != NULL) == expected && err.rc == ADCP_OK, "mode %d", mode);
  CHECK((sqlite3_db_mutex(handle) != NULL) == (mode == SQLITE_CONFIG_SERIALIZED));
  adcp_side_view_close(view);
  sqlite3_close(handle);
}

/* No such table, a definition that goes beyond its page, an authorizer that lets nobody look. */
static int deny_all(void *unused, int what, const char *a, const char *b, const char *c,
                    const char *d) {
  (void)unused, (void)what, (void)a, (void)b, (void)c, (void)d;
  return SQLITE_DENY;
}

static void test_refused(void) {
  AdcpError err = ADCP_ERROR_INIT;
  unlink(path);
  sqlite3 *handle = open_database(path);
  AdcpDb db = {handle, "main", &err};
  must(handle, "BEGIN; CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  char *sql = sqlite3_mprintf("CREATE TABLE large(a /* %5000d */)", 7);
  must(handle, sql);
  sqlite3_free(sql);
  CHECK(adcp_side_view_open(&db, "missing") == NULL && err.rc == ADCP_OK);
  CHECK(adcp_side_view_open(&db, "large") == NULL && err.rc == ADCP_OK);
  sqlite3_set_authorizer(handle, deny_all, NULL);
  CHECK(adcp_side_view_open(&db, "t") == NULL && err.rc == ADCP_OK);
  sqlite3_set_authorizer(handle, NULL, NULL);
  AdcpSideView *view = adcp_side_view_open(&db, "t");
  CHECK(view != NULL);
  adcp_side_view_close(view);
  sqlite3_close(handle);
}

/* Every allocation of ours and of SQLite's fails once: no view, or one that works. */
static long until_failure = -1; /* allocations that still succeed; negative: all do */
static sqlite3_mem_methods system_memory;

static bool fails(void) {
  return until_failure >= 0 && until_failure-- == 0;
}

static void *own_malloc(size_t n) {
  return fails() ? NULL : malloc(n);
}

static void *own_realloc(void *old, size_t n) {
  return fails() ? NULL : realloc(old, n);
}

static void *sqlite_malloc(int n) {
  return fails() ? NULL : system_memory.xMalloc(n);
}

static void *sqlite_realloc(void *old, int n) {
  return fails() ? NULL : system_memory.xRealloc(old, n);
}

static void replace_memory(void) {
  static const AdcpMemMethods methods = {own_malloc, own_realloc, free};
  sqlite3_mem_methods failing;
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory);
  failing = system_memory;
  failing.xMalloc = sqlite_malloc;
  failing.xRealloc = sqlite_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
  adcp_mem_replace(&methods);
}

static void test_no_memory(void) {
  static const Case small = {"", "t", "CREATE TABLE t(a, b)",
                             NUMBERS "INSERT INTO t SELECT i, zeroblob(i) FROM n WHERE i < 60", ""};
  long views = 0, errors = 0, n = 0;
  bool failed = true;
  for( ; failed && n < 5000; n++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    sqlite3 *handle = begin(&small);
    AdcpDb db = {handle, "main", &err};
    AdcpSchema *schema = adcp_catalog_read(&db);
    const AdcpTable *table = find_table(schema, "t");
    until_failure = n;
    AdcpSideView *view = adcp_side_view_open(&db, "t");
    failed = until_failure < 0;
    until_failure = -1;
    if( view ) {
      Sum sum = {.db = adcp_side_view_db(view), .table = table};
      read_all(&sum);
      CHECK_CASE(sum.rows == 59 || sum.db->err->rc != ADCP_OK, "allocation %ld: %lld rows", n,
                 (long long)sum.rows);
      views++;
    }
    adcp_side_view_close(view);
    errors += err.rc != ADCP_OK;
    /* A transaction that SQLite ended is not passed over in silence. */
    CHECK_CASE(err.rc == ADCP_NOMEM || (err.rc == ADCP_OK && !sqlite3_get_autocommit(handle)),
               "allocation %ld: %s", n, adcp_error_message(&err));
    adcp_error_clear(&err);
    adcp_schema_free(schema);
    sqlite3_close(handle);
  }
  CHECK_CASE(!failed && views > 0 && errors > 0 && n > 20, "%ld allocations, %ld views", n, views);
}

int main(void) {
  replace_memory();
  snprintf(path, sizeof path, "/tmp/adcp-side-view-%d.db", (int)getpid());
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) test_beside(&cases[i]);
  test_locks();
  test_stopped();
  test_interrupted();
  test_collation();
  test_none();
  test_window();
  test_thread_mode(SQLITE_CONFIG_SINGLETHREAD, false);
  test_thread_mode(SQLITE_CONFIG_MULTITHREAD, true);
  test_thread_mode(SQLITE_CONFIG_SERIALIZED, true);
  test_refused();
  test_no_memory();
  unlink(path);
  return unit_done();
}
