/*
** interrupt.c - how long a restore over a large database goes on after sqlite3_interrupt.
**
**   interrupt [--rows N] [--rounds N]
**
** Interrupts come at random times, from another thread, with a rollback journal and in WAL mode, and
** with pages overwritten when they are freed. What has to hold: the call ends with an error or with its
** result, the database is one or the other, whole, and no transaction stays open. What is printed: the
** longest wait by what the restore was doing. It has the rollback in it. Times are printed, not judged:
** they are the machine's.
*/
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adcp.h"
#include "harness.h"

#define MAX_STAGES 30

typedef struct Stage {
  char name[80];
  int count;
  double longest;
} Stage;

static long rows = 100000;
static int rounds = 12;
static Stage stages[MAX_STAGES];
static int stage_count;

static void must(sqlite3 *db, const char *format, ...) {
  char *message = NULL;
  va_list args;
  va_start(args, format);
  char *sql = sqlite3_vmprintf(format, args);
  va_end(args);
  int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
  check(rc == SQLITE_OK, sql, message ? message : "");
  sqlite3_free(message);
  sqlite3_free(sql);
}

/* Rows with two indexes, and a table whose key is one; backed up, then given one row more, by which the
** database is told from the backup. */
static sqlite3 *make_database(const char *mode) {
  char path[300];
  sqlite3 *db;
  snprintf(path, sizeof path, "%s/%s.db", folder, mode);
  if( sqlite3_open(path, &db) || sqlite3_adcp_init(db, NULL, NULL) ) exit(2);
  must(db, "PRAGMA journal_mode=%s; PRAGMA synchronous=off; PRAGMA secure_delete=on", mode);
  must(db, "CREATE TABLE large(id INTEGER PRIMARY KEY, name, price, category, note);"
           "CREATE TABLE keyed(id TEXT PRIMARY KEY, name);");
  must(db,
       "WITH RECURSIVE s(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM s WHERE v < %ld) "
       "INSERT INTO large SELECT v, 'product ' || v, v * 0.37, 'category ' || (v %% 97), "
       "hex(randomblob(100)) FROM s;",
       rows);
  must(db, "INSERT INTO keyed SELECT hex(randomblob(16)), name FROM large WHERE id %% 5 = 0;"
           "CREATE INDEX large_name ON large(name);"
           "CREATE INDEX large_category ON large(category, price);");
  must(db, "SELECT adcp_backup('%q/%q.json.gz', '{\"level\":1}')", folder, mode);
  must(db, "INSERT INTO large(id) VALUES(-1)");
  return db;
}

/* What stands before ": interrupted" in a message. */
static void note_wait(const char *message, double wait) {
  const char *end = strstr(message, ": interrupted"), *start = end;
  char name[80] = "(not interrupted)";
  while( end && start > message && strncmp(start, ".json.gz: ", 10) != 0 ) start--;
  if( end && start > message ) {
    snprintf(name, sizeof name, "%.*s", (int)(end - start - 10), start + 10);
  } else if( end ) {
    snprintf(name, sizeof name, "reading");
  }
  int i = 0;
  while( i < stage_count && strcmp(stages[i].name, name) != 0 ) i++;
  if( i == MAX_STAGES ) return;
  if( i == stage_count ) {
    stage_count++;
    memcpy(stages[i].name, name, sizeof name);
  }
  stages[i].count++;
  if( wait > stages[i].longest ) stages[i].longest = wait;
}

typedef struct Interrupter {
  sqlite3 *db;
  double delay, at;
} Interrupter;

static void *interrupt_once(void *argument) {
  Interrupter *interrupter = argument;
  usleep((useconds_t)(interrupter->delay * 1e6));
  interrupter->at = now();
  sqlite3_interrupt(interrupter->db);
  return NULL;
}

/* One restore, interrupted after that many seconds (negative: not at all). */
static void restore(sqlite3 *db, const char *mode, double delay) {
  Interrupter interrupter = {db, delay, 0};
  pthread_t thread;
  char *message = NULL;
  char *sql =
      sqlite3_mprintf("SELECT adcp_restore('%q/%q.json.gz', '{\"force\":true}')", folder, mode);
  if( delay >= 0 ) pthread_create(&thread, NULL, interrupt_once, &interrupter);
  int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
  double end = now();
  if( delay >= 0 ) pthread_join(thread, NULL);
  const char *text = message ? message : "";
  check(rc == SQLITE_OK || rc == SQLITE_INTERRUPT, "a result or an interrupt", text);
  if( delay >= 0 && rc == SQLITE_INTERRUPT ) note_wait(text, end - interrupter.at);
  check(sqlite3_get_autocommit(db) != 0, "no transaction stays open", text);
  /* An interrupt after the commit is the calling statement's: its message names no file. */
  bool committed = rc == SQLITE_OK || strstr(text, ".json.gz") == NULL;
  long there = number(db, "SELECT count(*) FROM large");
  check(there == rows + (committed ? 0 : 1), "one database or the other", text);
  if( committed ) must(db, "INSERT INTO large(id) VALUES(-1)");
  sqlite3_free(message);
  sqlite3_free(sql);
}

static void run(const char *mode) {
  sqlite3 *db = make_database(mode);
  stage_count = 0;
  memset(stages, 0, sizeof stages);
  double start = now();
  restore(db, mode, -1);
  double whole = now() - start;
  srandom(7);
  for( int i = 0; i < rounds; i++ ) {
    /* Every second one falls into the first fifth, where the old tables are dropped. */
    double part = (double)(random() % 10000) / 10000.0 * (i % 2 ? 0.2 : 1.0);
    restore(db, mode, whole * part);
  }
  check(number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1, mode,
        "integrity_check");
  printf(
      "journal_mode=%s: %.0f MB, a whole restore takes %.2f s; interrupted while\n", mode,
      (double)number(db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") /
          1e6,
      whole);
  for( int i = 0; i < stage_count; i++ ) {
    printf("  %-40s %3d times, longest wait %4.0f ms\n", stages[i].name, stages[i].count,
           stages[i].longest * 1e3);
  }
  sqlite3_close(db);
}

int main(int argc, char **argv) {
  for( int i = 1; i + 1 < argc; i += 2 ) {
    if( strcmp(argv[i], "--rows") == 0 ) rows = strtol(argv[i + 1], NULL, 10);
    if( strcmp(argv[i], "--rounds") == 0 ) rounds = (int)strtol(argv[i + 1], NULL, 10);
  }
  if( !make_folder("interrupt") ) return 2;
  run("delete");
  run("wal");
  return harness_done();
}
