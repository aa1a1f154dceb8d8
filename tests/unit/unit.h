/*
** unit.h - the smallest harness that unit tests need.
**
** A test program: a main that calls test functions and returns unit_done(). Every CHECK counts; one
** that fails prints its place and goes on. The last line is "N passed, N failed".
*/
#ifndef ADCP_TESTS_UNIT_H
#define ADCP_TESTS_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long unit_passed, unit_failed;

#define CHECK(condition) unit_check((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* The same with a printf text that says which case it was. */
#define CHECK_CASE(condition, ...)                                                                 \
  do {                                                                                             \
    if( !CHECK(condition) ) {                                                                      \
      fprintf(stderr, "  case: " __VA_ARGS__);                                                     \
      fputc('\n', stderr);                                                                         \
    }                                                                                              \
  } while( 0 )

#define CHECK_TEXT(actual, expected)                                                               \
  unit_check_text((actual), (expected), #actual, __FILE__, __LINE__)

static inline int unit_check(int ok, const char *what, const char *file, int line) {
  if( ok ) {
    unit_passed++;
  } else {
    unit_failed++;
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
  }
  return ok;
}

static inline int unit_check_text(const char *actual, const char *expected, const char *what,
                                  const char *file, int line) {
  int ok = actual && strcmp(actual, expected) == 0;
  unit_check(ok, what, file, line);
  if( !ok ) fprintf(stderr, "  got:  %s\n  want: %s\n", actual ? actual : "(null)", expected);
  return ok;
}

/* Processor time since begin; a tenth of it where everything takes ten times as long and more: in
** instrumented builds and under valgrind (ADCP_SLOW_BUILD). */
static inline double unit_seconds_since(clock_t begin) {
  return (double)(clock() - begin) / CLOCKS_PER_SEC / (getenv("ADCP_SLOW_BUILD") ? 10 : 1);
}

static inline int unit_done(void) {
  printf("%ld passed, %ld failed\n", unit_passed, unit_failed);
  return unit_failed ? 1 : 0;
}

#endif
