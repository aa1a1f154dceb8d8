/*
** harness.h - what the programs of this folder share: counts, a scratch folder, the clock, a query.
**
** A main makes the folder, checks (in any thread), and returns harness_done(), whose line is the last.
*/
#ifndef ADCP_TESTS_HARNESS_H
#define ADCP_TESTS_HARNESS_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_long passed, failed;
static char folder[200]; /* of this run */

/* more, which may be NULL, is printed with what failed. */
static inline void check(bool good, const char *what, const char *more) {
  atomic_fetch_add(good ? &passed : &failed, 1);
  if( !good ) printf("failed: %s: %s\n", what, more ? more : "");
}

/* Below TMPDIR. */
static inline bool make_folder(const char *program) {
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/%s.XXXXXX", parent ? parent : "/tmp", program);
  return mkdtemp(folder) != NULL;
}

static inline int harness_done(void) {
  printf("%ld passed, %ld failed\n", atomic_load(&passed), atomic_load(&failed));
  return atomic_load(&failed) > 0;
}

/* Seconds. */
static inline double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

/* The first value; -1 where there is none. */
static inline long number(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  long value = -1;
  if( sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
      sqlite3_step(stmt) == SQLITE_ROW ) {
    value = (long)sqlite3_column_int64(stmt, 0);
  }
  sqlite3_finalize(stmt);
  return value;
}

#endif
