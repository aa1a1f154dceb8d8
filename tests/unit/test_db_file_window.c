/*
** test_db_file_window.c - a connection reads and writes its file many pages at once, and sees what it
** would see without: whoever writes in between, on whichever thread, and whatever cannot be read or
** written.
*/
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "connection.h"
#include "db/file_window.h"

static char path[64];

#define NUMBERS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
#define FILL                                                                                       \
  "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB); " NUMBERS                               \
  "INSERT INTO t SELECT i, 'name ' || (i * 7919 % 6000), zeroblob(i % 900) FROM n"

/* Changes with any row: a sum of texts and numbers in which each has its weight. */
#define SUM                                                                                        \
  "SELECT sum(id * 31 + length(b) * 7 + unicode(substr(a, 6)) * id % 1009 + length(a)) FROM t "    \
  "NOT INDEXED"

/* With a cache of few pages, so that rows come from the file. Without syncs, unless they are asked for. */
static sqlite3 *open_filled(const char *pragmas) {
  unlink(path);
  sqlite3 *handle = open_database(path);
  must(handle, "PRAGMA synchronous=OFF");
  must(handle, pragmas);
  must(handle, FILL);
  must(handle, "PRAGMA cache_size=10");
  return handle;
}

static sqlite3_file *file_of(sqlite3 *handle, const char *schema) {
  sqlite3_file *file = NULL;
  CHECK(sqlite3_file_control(handle, schema, SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK);
  return file;
}

static AdcpFileWindow *open_window(sqlite3 *handle, const char *schema) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb db = {handle, schema, &err};
  AdcpFileWindow *window = adcp_file_window_open(&db);
  CHECK(err.rc == ADCP_OK);
  return window;
}

/* ---- how it reads ---- */

static const sqlite3_io_methods *system_methods;
static struct {
  long calls, bytes;
  int largest; /* that succeeds */
} reads;

static int counting_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset) {
  reads.calls++;
  reads.bytes += n;
  return n > reads.largest ? SQLITE_IOERR_READ : system_methods->xRead(file, to, n, offset);
}

/* The sum while reads are counted, and those above a size fail; -1 when SQLite fails. */
static sqlite3_int64 sum_by_reads(sqlite3 *handle, int largest, bool windowed) {
  static sqlite3_io_methods counting;
  sqlite3_file *file = file_of(handle, "main");
  system_methods = file->pMethods;
  counting = *system_methods;
  counting.xRead = counting_read;
  file->pMethods = &counting;
  AdcpFileWindow *window = windowed ? open_window(handle, "main") : NULL;
  CHECK((window != NULL) == windowed);
  must(handle, "PRAGMA shrink_memory");
  reads.calls = reads.bytes = 0;
  reads.largest = largest;
  sqlite3_int64 sum = number(handle, SUM);
  adcp_file_window_close(window);
  CHECK(file->pMethods == &counting);
  file->pMethods = system_methods;
  return sum;
}

static void test_reads(const char *pragmas, int page_size) {
  sqlite3 *handle = open_filled(pragmas);
  sqlite3_int64 sum = sum_by_reads(handle, 1 << 30, false);
  long without = reads.calls, bytes = reads.bytes;
  CHECK(sum > 0 && without >= 1000000 / page_size);
  CHECK(sum_by_reads(handle, 1 << 30, true) == sum);
  CHECK_CASE(reads.calls < without / 2 && reads.calls < reads.bytes / 65536 + 20,
             "pages of %d bytes: %ld reads instead of %ld", page_size, reads.calls, without);
  CHECK_CASE(reads.bytes < 3 * bytes + 600000, "pages of %d bytes: %ld bytes instead of %ld",
             page_size, reads.bytes, bytes);
  CHECK(sum_by_reads(handle, page_size, true) == sum); /* page by page, then */
  CHECK(sum_by_reads(handle, 100, true) == -1);
  sqlite3_close(handle);
}

/* ---- who writes in between ---- */

/* Rows are read in their order while others, behind and ahead, are changed and go to the file. */
static void test_own_writes(const char *pragmas) {
  uint64_t sums[2];
  for( int windowed = 0; windowed < 2; windowed++ ) {
    sqlite3 *handle = open_filled(pragmas);
    AdcpFileWindow *window = windowed ? open_window(handle, "main") : NULL;
    sqlite3_stmt *stmt;
    uint64_t sum = 0;
    must(handle, "BEGIN");
    CHECK(sqlite3_prepare_v2(handle, "SELECT id, a, length(b) FROM t", -1, &stmt, NULL) ==
          SQLITE_OK);
    for( int i = 0; sqlite3_step(stmt) == SQLITE_ROW; i++ ) {
      const char *a = (const char *)sqlite3_column_text(stmt, 1);
      sum = sum * 31 + (uint64_t)(sqlite3_column_int(stmt, 0) + sqlite3_column_int(stmt, 2));
      for( ; a && *a; a++ ) sum = sum * 31 + (unsigned char)*a;
      char sql[200];
      int other = (i * 37 + i / 3 * 11) % 6000 + 1;
      sqlite3_snprintf(sizeof sql, sql,
                       "UPDATE t SET a = 'changed %d', b = zeroblob(%d) WHERE id IN (%d, %d)", i,
                       i % 1900, other, i + 20);
      if( i % 3 == 0 ) must(handle, sql);
      if( i % 500 == 0 ) must(handle, "DELETE FROM t WHERE id % 97 = 5");
    }
    sqlite3_finalize(stmt);
    must(handle, "CREATE INDEX i ON t(a)");
    must(handle, "COMMIT");
    sums[windowed] = sum + (uint64_t)number(handle, SUM);
    CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
    must(handle, "VACUUM");
    CHECK(sums[windowed] == sum + (uint64_t)number(handle, SUM));
    adcp_file_window_close(window);
    CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
    sqlite3_close(handle);
  }
  CHECK_CASE(sums[0] == sums[1], "%s", pragmas);
}

/* Another connection, as another process would be. */
static void test_others_writes(const char *pragmas, const char *after) {
  sqlite3 *handle = open_filled(pragmas), *other = open_database(path), *fresh;
  AdcpFileWindow *window = open_window(handle, "main");
  CHECK(window != NULL);
  for( int i = 0; i < 30; i++ ) {
    char sql[100];
    sqlite3_snprintf(sizeof sql, sql, "UPDATE t SET a = 'other %d' WHERE id %% 30 = %d", i, i);
    must(other, sql);
    must(other, after);
    fresh = open_database(path);
    CHECK_CASE(number(handle, SUM) == number(fresh, SUM), "%s, %d", pragmas, i);
    sqlite3_close(fresh);
  }
  must(other, "DELETE FROM t WHERE id > 3000");
  must(other, "VACUUM");
  fresh = open_database(path);
  CHECK(number(handle, SUM) == number(fresh, SUM));
  sqlite3_close(fresh);
  adcp_file_window_close(window);
  sqlite3_close(other);
  sqlite3_close(handle);
}

static sqlite3 *open_shared(void) {
  sqlite3 *handle;
  char uri[100];
  sqlite3_snprintf(sizeof uri, uri, "file:%s?cache=shared", path);
  CHECK(sqlite3_open_v2(uri, &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX,
                        NULL) == SQLITE_OK);
  return handle;
}

typedef struct Writer {
  sqlite3 *handle;
  int failed;
} Writer;

/* With windows that come and go. */
static void *write_other_table(void *argument) {
  Writer *writer = argument;
  sqlite3 *handle = writer->handle;
  for( int i = 0; i < 60; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpDb db = {handle, "main", &err};
    AdcpFileWindow *window = i % 3 ? adcp_file_window_open(&db) : NULL;
    if( i % 2 ) adcp_file_window_hold_writes(window, &db);
    char sql[200];
    sqlite3_snprintf(sizeof sql, sql, "UPDATE u SET a = 'round %d', b = zeroblob(%d)", i, 300 + i);
    int result;
    do {
      result = sqlite3_exec(handle, sql, NULL, NULL, NULL);
    } while( (result & 0xff) == SQLITE_LOCKED );
    if( result != SQLITE_OK || err.rc != ADCP_OK ) writer->failed++;
    adcp_file_window_close(window);
  }
  return NULL;
}

/* Two connections of one cache, and so of one file, on two threads. */
static void test_shared_cache(void) {
  sqlite3_close(open_filled("PRAGMA page_size=1024"));
  sqlite3 *handle = open_shared(), *other = open_shared();
  must(handle, "CREATE TABLE u AS SELECT * FROM t WHERE id <= 2000");
  must(handle, "PRAGMA cache_size=10");
  sqlite3_int64 sum = number(handle, SUM);
  CHECK(file_of(handle, "main") == file_of(other, "main"));
  pthread_t thread;
  Writer writer = {other, 0};
  CHECK(pthread_create(&thread, NULL, write_other_table, &writer) == 0);
  for( int i = 0; i < 60; i++ ) {
    AdcpFileWindow *window = i % 2 ? open_window(handle, "main") : NULL;
    CHECK(number(handle, SUM) == sum);
    adcp_file_window_close(window);
  }
  pthread_join(thread, NULL);
  CHECK(writer.failed == 0);
  AdcpFileWindow *window = open_window(handle, "main");
  CHECK(number(handle, "SELECT count(*) FROM u WHERE a = 'round 59' AND length(b) = 359") == 2000);
  CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  adcp_file_window_close(window);
  sqlite3_close(other);
  sqlite3_close(handle);
}

/* ---- writes that are held back ---- */

static struct {
  long calls;
  int64_t room;   /* what lies beyond cannot be written */
  long fail_from; /* number of the call, from 0, */
  long fail_upto; /* up to here not included */
} writes;

static int counting_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset) {
  long call = writes.calls++;
  if( offset + n > writes.room || (call >= writes.fail_from && call < writes.fail_upto) ) {
    return SQLITE_FULL;
  }
  return system_methods->xWrite(file, from, n, offset);
}

static void count_writes(sqlite3 *handle) {
  static sqlite3_io_methods counting;
  sqlite3_file *file = file_of(handle, "main");
  system_methods = file->pMethods;
  counting = *system_methods;
  counting.xWrite = counting_write;
  file->pMethods = &counting;
  writes.calls = 0;
  writes.room = (int64_t)1 << 60;
  writes.fail_from = writes.fail_upto = 0;
}

static AdcpFileWindow *hold_writes(sqlite3 *handle) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpDb db = {handle, "main", &err};
  AdcpFileWindow *window = open_window(handle, "main");
  CHECK(window != NULL);
  adcp_file_window_hold_writes(window, &db);
  return window;
}

typedef struct Aside {
  sqlite3 *handle;
  atomic_bool over;
  int rounds, failed;
} Aside;

static void *open_and_close(void *argument) {
  Aside *aside = argument;
  while( !aside->over ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpDb db = {aside->handle, "main", &err};
    AdcpFileWindow *window = adcp_file_window_open(&db);
    bool looks = aside->rounds++ % 1000 == 0;
    if( looks && number(aside->handle, "SELECT a FROM u") != 1 ) aside->failed++;
    if( err.rc != ADCP_OK ) aside->failed++;
    adcp_file_window_close(window);
  }
  return NULL;
}

/* A thread with another connection of the same cache opens and closes windows meanwhile, and reads. */
static void test_held_beside(void) {
  sqlite3_close(open_filled("PRAGMA page_size=4096; CREATE TABLE u AS SELECT 1 AS a"));
  sqlite3 *handle = open_shared();
  must(handle, "PRAGMA synchronous=OFF; PRAGMA cache_size=10; CREATE INDEX t_a ON t(a)");
  Aside aside = {.handle = open_shared()};
  for( int round = 0; round < 5; round++ ) {
    pthread_t thread;
    aside.over = false;
    CHECK(pthread_create(&thread, NULL, open_and_close, &aside) == 0);
    must(handle, "BEGIN IMMEDIATE");
    AdcpFileWindow *window = NULL;
    while( window == NULL ) window = open_window(handle, "main");
    AdcpError err = ADCP_ERROR_INIT;
    AdcpDb db = {handle, "main", &err};
    adcp_file_window_hold_writes(window, &db);
    CHECK(open_window(aside.handle, "main") == NULL); /* a file has one */
    for( int i = 0; i < 50; i++ ) {
      must(handle, "INSERT INTO t(a) SELECT hex(randomblob(30)) FROM t LIMIT 200");
    }
    must(handle, "COMMIT");
    adcp_file_window_close(window);
    aside.over = true;
    pthread_join(thread, NULL);
    CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  }
  sqlite3_close(aside.handle);
  sqlite3_close(handle);
  handle = open_database(path);
  CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  sqlite3_close(handle);
  CHECK(aside.rounds > 0 && aside.failed == 0);
}

/* Another connection of the same cache maps the file into memory meanwhile. */
static void test_held_mapped(void) {
  sqlite3_close(open_filled("PRAGMA page_size=4096"));
  sqlite3 *handle = open_shared(), *other = open_shared();
  must(handle, "PRAGMA synchronous=OFF; PRAGMA cache_size=10; CREATE INDEX t_a ON t(a)");
  CHECK(number(other, "SELECT count(*) FROM t") == 6000);
  must(handle, "BEGIN IMMEDIATE");
  AdcpFileWindow *window = hold_writes(handle);
  must(handle, "INSERT INTO t SELECT id + 6000, a || ' again', b FROM t");
  must(other, "PRAGMA mmap_size=100000000");
  must(handle, "UPDATE t SET a = a || ' changed' WHERE id % 5 = 0");
  sqlite3_int64 sum = number(handle, SUM);
  CHECK(number(handle, "SELECT count(*) FROM t INDEXED BY t_a WHERE a > ''") == 12000);
  must(handle, "COMMIT");
  adcp_file_window_close(window);
  CHECK(number(other, SUM) == sum);
  CHECK(number(other, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  sqlite3_close(other);
  sqlite3_close(handle);
}

#define CHANGE                                                                                     \
  "UPDATE t SET a = a || ' changed' WHERE id % 5 = 0; CREATE TABLE u(a, b); "                      \
  "INSERT INTO u SELECT a, b FROM t; CREATE INDEX u_a ON u(a); "                                   \
  "SELECT sum(length(b)) FROM u WHERE a > 'name 3'; DROP TABLE t; ALTER TABLE u RENAME TO t"

/* As an independent connection finds it. */
static sqlite3_int64 sum_of_file(void) {
  sqlite3 *fresh = open_database(path);
  CHECK(number(fresh, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  sqlite3_int64 sum = number(fresh, "SELECT count(*) * 7 + sum(length(a) + length(b)) FROM t");
  CHECK(number(fresh, "SELECT count(*) FROM sqlite_schema WHERE name = 'u'") == 0);
  sqlite3_close(fresh);
  return sum;
}

/* Returns the number of writes. */
static long change_held(const char *pragmas, bool held, const char *end) {
  sqlite3 *handle = open_filled(pragmas);
  sqlite3_int64 before = sum_of_file();
  count_writes(handle);
  must(handle, "BEGIN IMMEDIATE");
  AdcpFileWindow *window = held ? hold_writes(handle) : NULL;
  must(handle, CHANGE);
  must(handle, end);
  CHECK((sum_of_file() == before) == (end[0] == 'R'));
  must(handle, "BEGIN; INSERT INTO t(a, b) SELECT a, zeroblob(3000) FROM t LIMIT 100; COMMIT");
  sum_of_file();
  adcp_file_window_close(window);
  CHECK(number(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
  sqlite3_close(handle);
  return writes.calls;
}

static void test_held(const char *pragmas, int fewer) {
  long with = change_held(pragmas, true, "COMMIT"), without = change_held(pragmas, false, "COMMIT");
  CHECK_CASE(with * fewer <= without, "%s: %ld writes instead of %ld", pragmas, with, without);
  change_held(pragmas, true, "ROLLBACK");
}

/* Some writes fail, from each on for as many as given: the error is told, and nothing is changed. */
static void test_held_failing(int how_many) {
  long failed = 0, point = 0;
  for( bool fired = true; fired; point += point < 40 ? 1 : 17 ) {
    sqlite3 *handle = open_filled("PRAGMA page_size=4096");
    sqlite3_int64 before = sum_of_file();
    count_writes(handle);
    must(handle, "BEGIN IMMEDIATE");
    AdcpFileWindow *window = hold_writes(handle);
    writes.fail_from = point;
    writes.fail_upto = point + how_many;
    int result = sqlite3_exec(handle, CHANGE, NULL, NULL, NULL);
    if( result == SQLITE_OK ) result = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
    fired = writes.calls > point;
    CHECK_CASE((result != SQLITE_OK) == fired, "write %ld: %d", point, result);
    if( fired ) failed++;
    sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    adcp_file_window_close(window);
    writes.fail_upto = 0;
    CHECK_CASE(!fired || sum_of_file() == before, "write %ld", point);
    CHECK(number(handle, "SELECT count(*) FROM t") == 6000);
    sqlite3_close(handle);
  }
  CHECK_CASE(failed > 10, "%ld", failed);
}

/* No more room on the disk than the database had: a rollback needs none. */
static void test_held_no_room(void) {
  sqlite3 *handle = open_filled("PRAGMA page_size=4096");
  sqlite3_int64 before = sum_of_file();
  count_writes(handle);
  writes.room = number(handle, "SELECT page_count * 4096 FROM pragma_page_count");
  must(handle, "BEGIN IMMEDIATE");
  AdcpFileWindow *window = hold_writes(handle);
  CHECK(sqlite3_exec(handle, CHANGE, NULL, NULL, NULL) == SQLITE_FULL);
  CHECK(sqlite3_get_autocommit(handle));
  must(handle, "BEGIN IMMEDIATE");
  must(handle, "CREATE TABLE w(a)");
  sqlite3_exec(handle, "INSERT INTO w SELECT zeroblob(30000) FROM t LIMIT 3", NULL, NULL, NULL);
  must(handle, "ROLLBACK");
  CHECK(sum_of_file() == before);
  adcp_file_window_close(window);
  sqlite3_close(handle);
}

/* Closed while the transaction is open and what is held back cannot be written: COMMIT tells. */
static void test_held_closed(bool room) {
  sqlite3 *handle = open_filled("PRAGMA page_size=4096");
  sqlite3_file *file = file_of(handle, "main");
  sqlite3_int64 before = sum_of_file();
  count_writes(handle);
  must(handle, "BEGIN IMMEDIATE");
  AdcpFileWindow *window = hold_writes(handle);
  must(handle, "CREATE TABLE u AS SELECT * FROM t");
  must(handle, "INSERT INTO t SELECT id + 6000, a, b FROM t");
  if( !room ) writes.fail_upto = 1L << 60;
  adcp_file_window_close(window);
  int result = sqlite3_exec(handle, "DROP TABLE u; COMMIT", NULL, NULL, NULL);
  CHECK_CASE((result == SQLITE_OK) == room, "%d", result);
  writes.fail_upto = 0;
  sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
  CHECK((sum_of_file() == before) == !room);
  CHECK(adcp_file_window_methods(file) == file->pMethods); /* nothing lingers */
  sqlite3_close(handle);
}

/* ---- where there is one, and where not ---- */

static void test_none(void) {
  static const char *const none[] = {":memory:", ""};
  for( int i = 0; i < 2; i++ ) {
    sqlite3 *handle = open_database(none[i]);
    must(handle, "CREATE TABLE t(a)");
    CHECK(open_window(handle, "main") == NULL);
    CHECK(open_window(handle, "no such database") == NULL);
    sqlite3_close(handle);
  }
}

/* One for each file and thread; closed in any order. */
static void test_several(void) {
  char aux[80];
  sqlite3 *handle = open_filled("SELECT 1");
  sqlite3_snprintf(sizeof aux, aux, "ATTACH '%s.aux' AS aux", path);
  must(handle, aux);
  must(handle, "CREATE TABLE aux.t AS SELECT * FROM main.t");
  sqlite3_file *file = file_of(handle, "main"), *aux_file = file_of(handle, "aux");
  const sqlite3_io_methods *before = file->pMethods;
  AdcpFileWindow *one = open_window(handle, "main"), *two = open_window(handle, "aux");
  CHECK(one && two && open_window(handle, "main") == NULL);
  CHECK(file->pMethods != before && adcp_file_window_methods(file) == before);
  CHECK(number(handle, "SELECT count(*) FROM main.t AS m JOIN aux.t AS a USING(id, a, b)") == 6000);
  adcp_file_window_close(one);
  CHECK(file->pMethods == before && aux_file->pMethods != before);
  CHECK(number(handle, "SELECT count(*) FROM main.t AS m JOIN aux.t AS a USING(id, a, b)") == 6000);
  must(handle, "DETACH aux"); /* closes the file under the window */
  adcp_file_window_close(two);
  adcp_file_window_close(NULL);
  sqlite3_close(handle);
  sqlite3_snprintf(sizeof aux, aux, "%s.aux", path);
  unlink(aux);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/test_db_file_window.%d.db", (int)getpid());
  test_reads("PRAGMA page_size=4096", 4096);
  test_reads("PRAGMA page_size=512", 512);
  test_reads("PRAGMA page_size=32768", 32768);
  test_own_writes("PRAGMA page_size=4096");
  test_own_writes("PRAGMA page_size=1024; PRAGMA auto_vacuum=FULL");
  test_own_writes("PRAGMA journal_mode=WAL");
  test_others_writes("PRAGMA page_size=4096", "SELECT 1");
  test_others_writes("PRAGMA journal_mode=WAL", "SELECT 1");
  test_others_writes("PRAGMA journal_mode=WAL", "PRAGMA wal_checkpoint(TRUNCATE)");
  test_shared_cache();
  test_held("PRAGMA page_size=4096; PRAGMA synchronous=FULL", 3);
  test_held("PRAGMA page_size=1024; PRAGMA auto_vacuum=FULL", 1);
  test_held("PRAGMA page_size=65536", 1);
  test_held("PRAGMA page_size=4096; PRAGMA journal_mode=MEMORY", 3);
  test_held("PRAGMA mmap_size=100000000", 1);
  test_held("PRAGMA journal_mode=WAL", 1);
  test_held_failing(1);
  test_held_failing(2);
  test_held_failing(1 << 30);
  test_held_no_room();
  test_held_closed(true);
  test_held_closed(false);
  test_held_beside();
  test_held_mapped();
  test_none();
  test_several();
  unlink(path);
  return unit_done();
}
