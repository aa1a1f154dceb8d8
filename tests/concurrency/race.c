/*
** race.c - connections and threads that work at the same time, on one database and on one file.
**
**   race [--rounds N]
**
** In each part an invariant is what proves the law: rows of two tables are always changed in pairs, so a
** backup in which sums differ would be no snapshot.
*/
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "adcp.h"
#include "harness.h"
#include "platform/file.h"

static int rounds = 6;

static const char *path_of(char out[400], const char *name) {
  snprintf(out, 400, "%s/%s", folder, name);
  return out;
}

static sqlite3 *connect_to(const char *name, int timeout_ms) {
  char path[400];
  sqlite3 *db;
  if( sqlite3_open(path_of(path, name), &db) || sqlite3_adcp_init(db, NULL, NULL) ) exit(2);
  sqlite3_busy_timeout(db, timeout_ms);
  return db;
}

static int run(sqlite3 *db, const char *sql) {
  return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* A function of adcp with a path and options; the result or the error goes to out. */
static int call(sqlite3 *db, const char *function, const char *name, const char *options,
                char out[1000]) {
  char path[400], sql[1000];
  sqlite3_stmt *stmt = NULL;
  sqlite3_snprintf(sizeof sql, sql, "SELECT %s(%Q, %Q)", function, path_of(path, name), options);
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if( rc == SQLITE_OK ) rc = sqlite3_step(stmt);
  const char *text =
      rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : sqlite3_errmsg(db);
  snprintf(out, 1000, "%s", text ? text : "");
  sqlite3_finalize(stmt);
  return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static void make_pairs(const char *name, const char *mode) {
  char sql[100], path[400];
  unlink(path_of(path, name));
  sqlite3 *db = connect_to(name, 5000);
  snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s; PRAGMA synchronous=off", mode);
  run(db, sql);
  run(db,
      "CREATE TABLE a(id INTEGER PRIMARY KEY, n, filler); CREATE TABLE z(id INTEGER PRIMARY KEY, "
      "n); CREATE INDEX an ON a(n);"
      "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i < 3000) INSERT INTO "
      "a SELECT i, 0, hex(randomblob(60)) FROM c; INSERT INTO z SELECT id, 0 FROM a;");
  sqlite3_close(db);
}

/* Zero when every pair is equal. */
static long differences(sqlite3 *db) {
  return number(db,
                "SELECT abs((SELECT sum(n) FROM a) - (SELECT sum(n) FROM z)) + (SELECT count(*) "
                "FROM a JOIN z USING(id) WHERE a.n <> z.n)");
}

/* ---- writers beside a backup ---- */

typedef struct Writer {
  const char *name;
  atomic_bool stop;
  atomic_long commits, busy;
} Writer;

static void *write_pairs(void *argument) {
  Writer *writer = argument;
  sqlite3 *db = connect_to(writer->name, 10000);
  run(db, "PRAGMA synchronous=off");
  for( long i = 1; !atomic_load(&writer->stop); i++ ) {
    char sql[200];
    snprintf(sql, sizeof sql,
             "BEGIN IMMEDIATE; UPDATE a SET n = n + 1 WHERE id = %ld; UPDATE z SET n = n + 1 WHERE "
             "id = %ld; COMMIT",
             i * 37 % 3000 + 1, i * 37 % 3000 + 1);
    if( run(db, sql) == SQLITE_OK ) {
      atomic_fetch_add(&writer->commits, 1);
    } else {
      atomic_fetch_add(&writer->busy, 1);
      run(db, "ROLLBACK");
    }
  }
  sqlite3_close(db);
  return NULL;
}

static void check_backup(const char *file) {
  char out[1000];
  sqlite3 *db;
  sqlite3_open(":memory:", &db);
  sqlite3_adcp_init(db, NULL, NULL);
  int rc = call(db, "adcp_restore", file, "{}", out);
  check(rc == SQLITE_OK, "the backup is restored", out);
  check(differences(db) == 0, "the backup is one snapshot", file);
  check(number(db, "SELECT count(*) FROM a") == 3000, "all rows", file);
  sqlite3_close(db);
}

static void backup_beside_writers(const char *mode) {
  Writer writer = {.name = "pairs.db"};
  pthread_t threads[2];
  char out[1000];
  make_pairs("pairs.db", mode);
  for( int i = 0; i < 2; i++ ) pthread_create(&threads[i], NULL, write_pairs, &writer);
  sqlite3 *db = connect_to("pairs.db", 10000);
  for( int i = 0; i < rounds; i++ ) {
    int rc = call(db, "adcp_backup", "pairs.json.gz", "{\"overwrite\":true,\"threads\":2}", out);
    check(rc == SQLITE_OK, "a backup beside writers", out);
    if( rc == SQLITE_OK ) check_backup("pairs.json.gz");
  }
  atomic_store(&writer.stop, true);
  for( int i = 0; i < 2; i++ ) pthread_join(threads[i], NULL);
  check(atomic_load(&writer.busy) == 0, "writers are never refused", mode);
  check(differences(db) == 0, "the database keeps its pairs", mode);
  printf("%s: %d backups beside %ld commits\n", mode, rounds, atomic_load(&writer.commits));
  sqlite3_close(db);
}

/* ---- a writer in the middle of a backup, which stands still meanwhile ---- */

#define COMMITS 2000

typedef struct Intruder {
  sqlite3 *db; /* another connection, which does not wait for locks */
  int ticks;   /* instructions of the backup until it comes */
  int commits, refused;
  double longest_ms;
} Intruder;

static void commit_pair(Intruder *intruder, int i) {
  char sql[200];
  snprintf(sql, sizeof sql,
           "BEGIN IMMEDIATE; UPDATE a SET n = n + 1 WHERE id = %d; UPDATE z SET n = n + 1 WHERE id "
           "= %d; COMMIT",
           i % 3000 + 1, i % 3000 + 1);
  double began = now();
  if( run(intruder->db, sql) == SQLITE_OK ) {
    intruder->commits++;
  } else {
    intruder->refused++;
    run(intruder->db, "ROLLBACK");
  }
  double took = (now() - began) * 1e3;
  if( took > intruder->longest_ms ) intruder->longest_ms = took;
}

static int intrude(void *context) {
  Intruder *intruder = context;
  if( --intruder->ticks == 0 ) {
    for( int i = 0; i < COMMITS; i++ ) commit_pair(intruder, i * 37);
  }
  return 0;
}

/* In WAL mode every commit goes through at once. With a rollback journal none does: the backup
** reads. The backup is the state before the commits either way. */
static void backup_with_intruder(const char *mode, bool wal) {
  char out[1000];
  make_pairs("pairs.db", mode);
  Intruder intruder = {.db = connect_to("pairs.db", 0), .ticks = 400};
  run(intruder.db, "PRAGMA synchronous=off");
  sqlite3 *db = connect_to("pairs.db", 0);
  sqlite3_progress_handler(db, 50, intrude, &intruder);
  int rc = call(db, "adcp_backup", "pairs.json.gz", "{\"overwrite\":true,\"threads\":2}", out);
  sqlite3_progress_handler(db, 0, NULL, NULL);
  check(rc == SQLITE_OK, "a backup with commits in its middle", out);
  check(intruder.ticks <= 0, "they came in its middle", mode);
  check(intruder.commits == (wal ? COMMITS : 0), "commits during a backup", mode);
  check(intruder.refused == (wal ? 0 : COMMITS), "commits that are refused", mode);
  check_backup("pairs.json.gz");
  sqlite3 *copy;
  sqlite3_open(":memory:", &copy);
  sqlite3_adcp_init(copy, NULL, NULL);
  call(copy, "adcp_restore", "pairs.json.gz", "{}", out);
  check(number(copy, "SELECT sum(n) FROM a") == 0, "it is the state from before them", mode);
  sqlite3_close(copy);
  printf("%s: %d commits in the middle of a backup, the longest took %.1f ms\n", mode,
         intruder.commits, intruder.longest_ms);
  sqlite3_close(intruder.db);
  sqlite3_close(db);
}

/* ---- busy_timeout ---- */

typedef struct Holder {
  const char *sql; /* takes the lock */
  sqlite3 *db;
  int hold_ms; /* at most */
  atomic_bool held, enough;
} Holder;

static void *hold(void *argument) {
  Holder *holder = argument;
  run(holder->db, holder->sql);
  atomic_store(&holder->held, true);
  for( int ms = 0; ms < holder->hold_ms && !atomic_load(&holder->enough); ms++ ) usleep(1000);
  run(holder->db, "COMMIT");
  return NULL;
}

/* Another connection holds a lock for a while: the call waits as long as busy_timeout allows. */
static void busy_timeout(const char *function, const char *options, const char *lock) {
  char out[1000];
  for( int timeout_ms = 0; timeout_ms <= 20000; timeout_ms += 20000 ) {
    Holder holder = {.sql = lock, .db = connect_to("pairs.db", 0)};
    holder.hold_ms = timeout_ms ? 300 : 60000;
    pthread_t thread;
    pthread_create(&thread, NULL, hold, &holder);
    while( !atomic_load(&holder.held) ) usleep(1000);
    sqlite3 *db = connect_to("pairs.db", timeout_ms);
    int rc = call(db, function, "pairs.json.gz", options, out);
    atomic_store(&holder.enough, true);
    if( timeout_ms ) {
      check(rc == SQLITE_OK, "busy_timeout is honoured", out);
    } else {
      check(rc == SQLITE_BUSY && strstr(out, "locked"), "a lock is named at once", out);
    }
    check(sqlite3_get_autocommit(db) != 0, "no transaction stays open", out);
    pthread_join(thread, NULL);
    sqlite3_close(db);
    sqlite3_close(holder.db);
  }
}

static void busy_timeouts(void) {
  char out[1000];
  make_pairs("pairs.db", "delete");
  sqlite3 *db = connect_to("pairs.db", 1000);
  call(db, "adcp_backup", "pairs.json.gz", "{\"overwrite\":true}", out);
  sqlite3_close(db);
  busy_timeout("adcp_backup", "{\"overwrite\":true}", "BEGIN EXCLUSIVE");
  busy_timeout("adcp_restore", "{\"force\":true}", "BEGIN IMMEDIATE");
  busy_timeout("adcp_restore", "{\"force\":true}", "BEGIN; SELECT * FROM a");
}

/* ---- a statement of another connection that is not at its end ---- */

static void restore_beside_statement(const char *mode, bool wal) {
  char out[1000];
  sqlite3_stmt *stmt = NULL;
  make_pairs("pairs.db", mode);
  sqlite3 *other = connect_to("pairs.db", 0), *db = connect_to("pairs.db", 100);
  call(db, "adcp_backup", "pairs.json.gz", "{\"overwrite\":true}", out);
  run(db, "UPDATE a SET n = n + 5; UPDATE z SET n = n + 5");
  sqlite3_prepare_v2(other, "SELECT n FROM a ORDER BY id", -1, &stmt, NULL);
  check(sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 5, "a row", mode);
  int rc = call(db, "adcp_restore", "pairs.json.gz", "{\"force\":true}", out);
  check(rc == (wal ? SQLITE_OK : SQLITE_BUSY), "a restore beside a statement", out);
  if( !wal ) check(strstr(out, "; database unchanged") != NULL, "its state is said", out);
  int rows = 1, old = 1;
  while( sqlite3_step(stmt) == SQLITE_ROW ) {
    rows++;
    old += sqlite3_column_int(stmt, 0) == 5;
  }
  check(rows == 3000 && old == 3000, "the statement reads what it began with", mode);
  sqlite3_finalize(stmt);
  if( !wal ) rc = call(db, "adcp_restore", "pairs.json.gz", "{\"force\":true}", out);
  check(rc == SQLITE_OK && number(other, "SELECT sum(n) FROM a") == 0, "and then the restore", out);
  sqlite3_close(other);
  sqlite3_close(db);
}

/* ---- restores ---- */

typedef struct Restorer {
  const char *database, *file;
  int restored, busy, other;
  char message[1000];
} Restorer;

static void *restore_often(void *argument) {
  Restorer *restorer = argument;
  sqlite3 *db = connect_to(restorer->database, 20000);
  run(db, "PRAGMA synchronous=off");
  for( int i = 0; i < rounds; i++ ) {
    char out[1000];
    int rc = call(db, "adcp_restore", restorer->file, "{\"force\":true,\"threads\":2}", out);
    if( rc == SQLITE_OK ) {
      restorer->restored++;
    } else if( rc == SQLITE_BUSY ) {
      restorer->busy++;
    } else {
      restorer->other++;
      memcpy(restorer->message, out, sizeof out);
    }
  }
  sqlite3_close(db);
  return NULL;
}

/* Reads pairs while they are replaced: each look is a whole state. */
static void *read_pairs(void *argument) {
  Writer *reader = argument;
  sqlite3 *db = connect_to(reader->name, 20000);
  while( !atomic_load(&reader->stop) ) {
    long found = differences(db);
    if( found == 0 ) {
      atomic_fetch_add(&reader->commits, 1);
    } else if( found > 0 ) {
      atomic_fetch_add(&reader->busy, 1);
    }
  }
  sqlite3_close(db);
  return NULL;
}

static void restores_at_once(const char *mode) {
  Restorer one = {.database = "pairs.db", .file = "pairs.json.gz"}, two = one;
  Writer reader = {.name = "pairs.db"};
  pthread_t threads[3];
  make_pairs("pairs.db", mode);
  pthread_create(&threads[0], NULL, restore_often, &one);
  pthread_create(&threads[1], NULL, restore_often, &two);
  pthread_create(&threads[2], NULL, read_pairs, &reader);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  atomic_store(&reader.stop, true);
  pthread_join(threads[2], NULL);
  check(one.other + two.other == 0, "two restores at once", one.other ? one.message : two.message);
  check(one.restored + two.restored >= rounds, "restores come through", mode);
  check(atomic_load(&reader.busy) == 0, "a reader sees whole states only", mode);
  sqlite3 *db = connect_to("pairs.db", 10000);
  check(differences(db) == 0 && number(db, "SELECT count(*) FROM a") == 3000, "restored whole",
        mode);
  sqlite3_close(db);
  printf("%s: %d restored, %d busy, beside %ld reads\n", mode, one.restored + two.restored,
         one.busy + two.busy, atomic_load(&reader.commits));
}

/* A file that is replaced while it is read: a restore gives the old one or the new one. */
static void *backup_often(void *argument) {
  Writer *writer = argument;
  sqlite3 *db = connect_to(writer->name, 10000);
  while( !atomic_load(&writer->stop) ) {
    char out[1000];
    int rc = call(db, "adcp_backup", "same.json.gz", "{\"overwrite\":true,\"threads\":1}", out);
    atomic_fetch_add(rc == SQLITE_OK ? &writer->commits : &writer->busy, 1);
    run(db, "UPDATE a SET n = n + 1; UPDATE z SET n = n + 1");
  }
  sqlite3_close(db);
  return NULL;
}

static void restore_of_file_being_replaced(void) {
  Writer writer = {.name = "source.db"};
  Restorer restorer = {.database = "target.db", .file = "same.json.gz"};
  char out[1000], path[400];
  pthread_t thread;
  make_pairs("source.db", "wal");
  unlink(path_of(path, "target.db"));
  sqlite3 *db = connect_to("source.db", 10000);
  call(db, "adcp_backup", "same.json.gz", "{\"overwrite\":true}", out);
  sqlite3_close(db);
  pthread_create(&thread, NULL, backup_often, &writer);
  restore_often(&restorer);
  atomic_store(&writer.stop, true);
  pthread_join(thread, NULL);
  check(restorer.restored == rounds, "a file that is replaced meanwhile", restorer.message);
  check(atomic_load(&writer.busy) == 0, "its backups", "");
  db = connect_to("target.db", 1000);
  check(differences(db) == 0, "its restore is one state", "");
  sqlite3_close(db);
  printf("%d restores of a file that was replaced %ld times\n", restorer.restored,
         atomic_load(&writer.commits));
}

/* ---- threads with a connection each ---- */

static void *round_trip(void *argument) {
  char name[40], file[40], out[1000];
  long *bad = argument;
  snprintf(name, sizeof name, "own%lx.db", (unsigned long)pthread_self());
  snprintf(file, sizeof file, "own%lx.json.gz", (unsigned long)pthread_self());
  for( int i = 0; i < rounds; i++ ) {
    make_pairs(name, "memory");
    sqlite3 *db = connect_to(name, 1000);
    if( call(db, "adcp_backup", file, "{\"overwrite\":true,\"threads\":2}", out) ) ++*bad;
    if( call(db, "adcp_validate", file, "{\"threads\":2}", out) ) ++*bad;
    if( call(db, "adcp_restore", file, "{\"force\":true,\"threads\":2}", out) ) ++*bad;
    if( differences(db) != 0 ) ++*bad;
    sqlite3_close(db);
  }
  return NULL;
}

static void threads_of_their_own(void) {
  pthread_t threads[4];
  long bad[4] = {0};
  for( int i = 0; i < 4; i++ ) pthread_create(&threads[i], NULL, round_trip, &bad[i]);
  for( int i = 0; i < 4; i++ ) {
    pthread_join(threads[i], NULL);
    check(bad[i] == 0, "a thread with a connection of its own", "");
  }
  printf("4 threads, %d round trips each\n", rounds);
}

/* An interrupt from another thread, at any time: an error, and the pairs stay. */
typedef struct Interrupter {
  sqlite3 *db;
  atomic_bool stop;
} Interrupter;

static void *interrupt_often(void *argument) {
  Interrupter *interrupter = argument;
  unsigned seed = 7;
  while( !atomic_load(&interrupter->stop) ) {
    seed = seed * 1103515245u + 12345u;
    usleep(seed / 65536u % 20000);
    sqlite3_interrupt(interrupter->db);
  }
  return NULL;
}

static void interrupts(void) {
  char out[1000];
  int interrupted = 0, done = 0;
  make_pairs("pairs.db", "delete");
  Interrupter interrupter = {.db = connect_to("pairs.db", 1000)};
  pthread_t thread;
  pthread_create(&thread, NULL, interrupt_often, &interrupter);
  for( int i = 0; i < rounds * 10; i++ ) {
    int rc = call(interrupter.db, i % 2 ? "adcp_restore" : "adcp_validate", "same.json.gz",
                  i % 2 ? "{\"force\":true}" : "{}", out);
    *(rc == SQLITE_OK ? &done : &interrupted) += 1;
    check(rc == SQLITE_OK || rc == SQLITE_INTERRUPT, "interrupted", out);
    check(sqlite3_get_autocommit(interrupter.db) != 0, "no transaction stays open", out);
  }
  atomic_store(&interrupter.stop, true);
  pthread_join(thread, NULL);
  check(differences(interrupter.db) == 0, "pairs after interrupts", "");
  sqlite3_close(interrupter.db);
  printf("%d calls interrupted, %d not\n", interrupted, done);
}

/* ---- a root, and a link that changes ---- */

static int no_openat2(int at, const char *path, int flags, mode_t mode) {
  (void)at, (void)path, (void)flags, (void)mode;
  errno = ENOSYS;
  return -1;
}

/* root/d is by turns a folder and a link to out. */
static void swap(void) {
  char d[400], e[400];
  path_of(d, "root/d");
  path_of(e, "root/e");
  syscall(SYS_renameat2, AT_FDCWD, d, AT_FDCWD, e, 2u /* RENAME_EXCHANGE */);
}

static void *swap_often(void *argument) {
  Writer *swapper = argument;
  while( !atomic_load(&swapper->stop) ) {
    swap();
    atomic_fetch_add(&swapper->commits, 1);
  }
  return NULL;
}

static void make_folders(void) {
  static const char *const folders[] = {"root", "root/d", "out"};
  char path[400], out[1000];
  for( int i = 0; i < 3; i++ ) mkdir(path_of(path, folders[i]), 0700);
  check(symlink("../out", path_of(path, "root/e")) == 0, "a link", path);
  sqlite3 *db = connect_to("small.db", 1000);
  run(db, "CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES(1)");
  static const char *const files[] = {"out/a.json", "out/b.json", "root/d/a.json"};
  for( int i = 0; i < 3; i++ ) {
    check(call(db, "adcp_backup", files[i], i < 2 ? "{\"note\":\"out\"}" : "{\"note\":\"in\"}",
               out) == SQLITE_OK,
          "a backup for the root", out);
  }
  sqlite3_close(db);
}

/* One look or change through root/d; what is seen must not be of out. */
static void use_root(sqlite3 *db, int round, long counts[3]) {
  static const char *const functions[] = {"adcp_info", "adcp_validate", "adcp_backup"};
  char out[1000], sql[1000], path[400];
  int kind = round % 5;
  if( kind < 3 ) {
    static const char *const options[] = {NULL, "{}", "{\"overwrite\":true,\"note\":\"in\"}"};
    sqlite3_snprintf(sizeof sql, sql, kind ? "SELECT %s(%Q, %Q)" : "SELECT %s(%Q)", functions[kind],
                     path_of(path, "root/d/a.json"), options[kind]);
  } else {
    sqlite3_snprintf(
        sizeof sql, sql,
        kind == 3 ? "SELECT adcp_prune(json_object('backup_dir', %Q, 'keep_last', 1, 'apply', "
                    "json('true')))"
                  : "SELECT group_concat(ifnull(note, '')) FROM adcp_backups(%Q)",
        path_of(path, "root/d"));
  }
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if( rc == SQLITE_OK ) rc = sqlite3_step(stmt);
  const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
  snprintf(out, sizeof out, "%s", text ? text : "");
  bool leaks = strstr(out, "\"out\"") || (kind == 4 && strstr(out, "out"));
  counts[leaks ? 2 : rc == SQLITE_ROW ? 0 : 1]++;
  sqlite3_finalize(stmt);
}

static int entries_of(const char *name) {
  char path[400];
  int count = 0;
  DIR *dir = opendir(path_of(path, name));
  while( dir && readdir(dir) ) count++;
  if( dir ) closedir(dir);
  return count;
}

static void root_and_link(bool walks) {
  Writer swapper = {.name = ""};
  pthread_t thread;
  char command[500], path[400];
  long counts[3] = {0};
  AdcpSystemCalls calls = *adcp_system_calls();
  if( walks ) calls.xOpenBeneath = no_openat2;
  make_folders();
  adcp_system_calls_replace(&calls);
  sqlite3 *db = connect_to("small.db", 1000);
  sqlite3_snprintf(sizeof command, command,
                   "SELECT adcp_config('root', %Q), adcp_config('log_file', %Q)",
                   path_of(path, "root"), path_of((char[400]){0}, "root/d/log"));
  check(run(db, command) == SQLITE_OK, "a root", sqlite3_errmsg(db));
  pthread_create(&thread, NULL, swap_often, &swapper);
  for( int i = 0; i < rounds * 500; i++ ) {
    use_root(db, i, counts);
    if( i % 2 ) swap(); /* one processor, or valgrind: turns may be even */
  }
  atomic_store(&swapper.stop, true);
  pthread_join(thread, NULL);
  check(counts[2] == 0, "nothing outside is seen", "");
  check(counts[0] > 0 && counts[1] > 0, "both inside and outside were tried", "");
  check(entries_of("out") == 4, "nothing outside is made or removed", "");
  printf("root%s: %ld inside, %ld refused, beside %ld swaps\n", walks ? " without openat2" : "",
         counts[0], counts[1], atomic_load(&swapper.commits));
  sqlite3_close(db);
  adcp_system_calls_replace(NULL);
  snprintf(command, sizeof command, "rm -rf '%s/root' '%s/out'", folder, folder);
  check(system(command) == 0, "removed", folder);
}

int main(int argc, char **argv) {
  if( argc > 2 && strcmp(argv[1], "--rounds") == 0 ) rounds = (int)strtol(argv[2], NULL, 10);
  if( !make_folder("race") ) return 2;
  backup_beside_writers("wal");
  backup_beside_writers("delete");
  backup_with_intruder("wal", true);
  backup_with_intruder("delete", false);
  busy_timeouts();
  restore_beside_statement("wal", true);
  restore_beside_statement("delete", false);
  restores_at_once("wal");
  restores_at_once("delete");
  restore_of_file_being_replaced();
  threads_of_their_own();
  interrupts();
  root_and_link(false);
  root_and_link(true);
  return harness_done();
}
