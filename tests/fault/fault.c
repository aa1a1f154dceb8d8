/*
** fault.c - fails the first, second, third ... operation of every scenario and judges what is left.
**
**   fault [--points N] [--scenario TEXT] [--kind TEXT] [--at N | --part I/N] [--crash | --lost]
**
** Each kind of operation is counted in a run without faults; then every number (or N of them,
** evenly spread) fails, once and persistently, until a run comes through without a fault firing.
** --part 2/3 takes the second of each three numbers, so that processes can share a long run.
** The law stands in case.h. With --crash the process dies at the operation instead, and the law
** holds for who opens the files next (crash.h). With --lost the power fails (lost.h).
*/
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "crash.h"
#include "load.h"
#include "lost.h"

#define DENIED "authoriz|prohibited|refuses|vtable constructor"

static const Mode modes[] = {
    {FAULT_SQLITE_MEMORY, 0, false, "sqlite memory once", MEMORY_CAUSE, 0},
    {FAULT_SQLITE_MEMORY, 0, true, "sqlite memory from then on", MEMORY_CAUSE, 0},
    {FAULT_OWN_MEMORY, 0, false, "own memory once", MEMORY_CAUSE, 0},
    {FAULT_OWN_MEMORY, 0, true, "own memory from then on", MEMORY_CAUSE, 0},
    {FAULT_JSON_MEMORY, 0, false, "cJSON memory once", MEMORY_CAUSE, 0},
    {FAULT_JSON_MEMORY, 0, true, "cJSON memory from then on", MEMORY_CAUSE, 0},
    {FAULT_COMPRESSOR_MEMORY, 0, false, "compressor memory once", MEMORY_CAUSE, 0},
    {FAULT_COMPRESSOR_MEMORY, 0, true, "compressor memory from then on", MEMORY_CAUSE, 0},
    {FAULT_SYSTEM_CALL, EIO, false, "EIO once", "Input/output error", 0},
    {FAULT_SYSTEM_CALL, EIO, true, "EIO from then on", "Input/output error", 0},
    {FAULT_SYSTEM_CALL, ENOSPC, false, "ENOSPC once", "No space left", 0},
    {FAULT_SYSTEM_CALL, ENOSPC, true, "ENOSPC from then on", "No space left", 0},
    {FAULT_SYSTEM_CALL, EACCES, false, "EACCES once", "Permission denied", 0},
    {FAULT_SYSTEM_CALL, EMFILE, true, "EMFILE from then on", "Too many open files", 0},
    {FAULT_SYSTEM_CALL, EDQUOT, true, "EDQUOT from then on", "quota", 0},
    {FAULT_SYSTEM_CALL, EINTR, false, "EINTR once", "Interrupted", 0},
    {FAULT_SHORT, 0, false, "short once", NULL, 0},
    {FAULT_SHORT, 0, true, "short from then on", NULL, 1},
    {FAULT_THREAD, 0, false, "no thread once", NULL, 0},
    {FAULT_THREAD, 0, true, "no thread from then on", NULL, 0},
    {FAULT_DATABASE_FILE, SQLITE_IOERR_WRITE, false, "database I/O once", "disk I/O|unable to open",
     0},
    {FAULT_DATABASE_FILE, SQLITE_IOERR_WRITE, true, "database I/O from then on",
     "disk I/O|unable to open", 0},
    {FAULT_DATABASE_FILE, SQLITE_FULL, false, "database full once", "full|disk I/O|unable to open",
     0},
    {FAULT_PROGRESS, 0, false, "progress handler", "interrupt", 0},
    {FAULT_INTERRUPT, 0, false, "interrupt", "interrupt", 0},
    {FAULT_INTERRUPT, 0, true, "interrupt from then on", "interrupt", 0},
    {FAULT_DENY, 0, false, "denied once", DENIED, 0},
    {FAULT_DENY, 0, true, "denied from then on", DENIED, 0},
    {FAULT_DENY_ACTION, 0, false, "denied action", DENIED, 33},
    {FAULT_IGNORE, 0, false, "ignored once", NULL, 0},
    {FAULT_READER, 0, false, "another reader", "locked|busy", 40},
    {FAULT_WRITER, 0, false, "another writer", "locked|busy", 40},
    {FAULT_HEAP, 0, false, "heap limit", MEMORY_CAUSE, 60},
    {FAULT_LIMIT, SQLITE_LIMIT_LENGTH, false, "limit of length", NULL, 30},
    {FAULT_LIMIT, SQLITE_LIMIT_SQL_LENGTH, false, "limit of SQL length", NULL, 30},
    {FAULT_LIMIT, SQLITE_LIMIT_COLUMN, false, "limit of columns", NULL, 15},
    {FAULT_LIMIT, SQLITE_LIMIT_EXPR_DEPTH, false, "limit of expression depth", NULL, 15},
    {FAULT_LIMIT, SQLITE_LIMIT_VDBE_OP, false, "limit of VDBE instructions", NULL, 20},
    {FAULT_LIMIT, SQLITE_LIMIT_VARIABLE_NUMBER, false, "limit of variables", NULL, 15},
    {FAULT_LIMIT, SQLITE_LIMIT_COMPOUND_SELECT, false, "limit of compounds", NULL, 9},
    {FAULT_LIMIT, SQLITE_LIMIT_FUNCTION_ARG, false, "limit of arguments", NULL, 7},
    {FAULT_LIMIT, SQLITE_LIMIT_ATTACHED, false, "limit of databases", NULL, 4},
    {FAULT_LIMIT, SQLITE_LIMIT_TRIGGER_DEPTH, false, "limit of trigger depth", NULL, 4},
    {FAULT_LIMIT, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, false, "limit of patterns", NULL, 10},
    {FAULT_LIMIT, SQLITE_LIMIT_WORKER_THREADS, false, "limit of threads", NULL, 3},
};

/* Random kills of a scenario at most. */
#define MAX_KILLS 300

static const Mode crash_modes[] = {
    {FAULT_SYSTEM_CALL, 0, false, "killed at a system call", NULL, 0},
    {FAULT_DATABASE_FILE, 0, false, "killed at a database operation", NULL, 0},
    {FAULT_TIME, 0, false, "killed at some time", NULL, 0},
};

static const char *only_kind = "", *only_scenario = "";
static long only_at;
static long points = 1000000;
static long part = 1, parts = 1;

/* Kinds whose number is not that of an operation. */
static bool is_counted(FaultKind kind) {
  return kind != FAULT_HEAP && kind != FAULT_LIMIT && kind != FAULT_DENY_ACTION &&
         kind != FAULT_TIME;
}

/* Returns true when the fault did not fire. */
static bool run_case(const Scenario *scenario, const Mode *mode, long at,
                     const Reference *reference) {
  Case c = {.scenario = scenario, .mode = mode, .at = at};
  View after;
  case_open(&c);
  case_look(&c, &c.before);
  case_run(&c);
  bool through = fault_fired() == 0;
  case_look(&c, &after);
  totals.cases++;
  if( c.rc )
    totals.errors++;
  else
    totals.successes++;
  judge_case(&c, &after, reference);
  case_close(&c);
  return through && is_counted(mode->kind);
}

/* Of a statement that restores; of progress handlers all of them are tried. */
#define LAST_OPERATIONS 6

static void run_mode(const Scenario *scenario, const Mode *mode,
                     bool (*run)(const Scenario *, const Mode *, long, const Reference *)) {
  Reference reference;
  long violations_before = totals.violations, cases_before = totals.cases;
  long count = case_reference(scenario, mode, &reference);
  long wanted = mode->points && mode->points < points ? mode->points : points;
  bool counted = is_counted(mode->kind);
  if( mode->kind == FAULT_LIMIT || mode->kind == FAULT_DENY_ACTION ) count = mode->points;
  if( mode->kind == FAULT_HEAP ) count = 300;
  if( mode->kind == FAULT_TIME ) count = points < MAX_KILLS ? points : MAX_KILLS;
  long last = counted ? 2 * count + 100 : count;
  double stride = count > wanted ? (double)count / (double)wanted : 1.0;
  if( only_at ) {
    run(scenario, mode, only_at, &reference);
  } else if( count > 0 ) {
    double next = 1 + (double)(part - 1) * stride;
    for( long at = (long)next; at <= last; at = (long)next ) {
      if( run(scenario, mode, at, &reference) && counted ) break;
      next += (double)parts * stride;
    }
    /* Between them: a COMMIT that is stopped when it has taken effect. */
    bool ends = mode->kind == FAULT_PROGRESS && stride > 1.0;
    for( long at = count - LAST_OPERATIONS + 1; ends && at <= count; at++ ) {
      if( at > 0 ) run(scenario, mode, at, &reference);
    }
  }
  printf("%-38s %-28s %7ld operations %6ld cases%s\n", scenario->name, mode->name, count,
         totals.cases - cases_before, totals.violations > violations_before ? "  VIOLATED" : "");
  fflush(stdout);
}

static void run_all(const Mode *list, size_t n,
                    bool (*run)(const Scenario *, const Mode *, long, const Reference *),
                    bool brief) {
  for( size_t s = 0; s < scenario_count; s++ ) {
    if( !text_has(scenarios[s].name, only_scenario) || (brief && scenarios[s].long_only) ) continue;
    for( size_t m = 0; m < n; m++ ) {
      if( !text_has(list[m].name, only_kind) ) continue;
      /* What an authorizer takes out of a backup unseen, and of rows that have no digest, is the
      ** application's (docs/backup.md). */
      if( list[m].kind == FAULT_IGNORE && !text_has(scenarios[s].expect, "verified") ) continue;
      run_mode(&scenarios[s], &list[m], run);
    }
    fault_keep_coverage();
    fault_keep_coverage();
  }
}

static bool read_part(const char *text) {
  char *end;
  part = strtol(text, &end, 10);
  if( *end != '/' ) return false;
  parts = strtol(end + 1, &end, 10);
  return *end == 0 && part >= 1 && part <= parts;
}

int main(int argc, char **argv) {
  bool crash = false, lost = false;
  for( int i = 1; i < argc; i++ ) {
    bool more = i + 1 < argc;
    if( strcmp(argv[i], "--points") == 0 && more )
      points = strtol(argv[++i], NULL, 10);
    else if( strcmp(argv[i], "--scenario") == 0 && more )
      only_scenario = argv[++i];
    else if( strcmp(argv[i], "--kind") == 0 && more )
      only_kind = argv[++i];
    else if( strcmp(argv[i], "--at") == 0 && more )
      only_at = strtol(argv[++i], NULL, 10);
    else if( strcmp(argv[i], "--part") == 0 && more && read_part(argv[i + 1]) )
      i++;
    else if( strcmp(argv[i], "--crash") == 0 )
      crash = true;
    else if( strcmp(argv[i], "--lost") == 0 )
      lost = true;
    else {
      fprintf(stderr, "usage: fault [--points N] [--scenario TEXT] [--kind TEXT] "
                      "[--at N | --part I/N] [--crash | --lost]\n");
      return 2;
    }
  }
  fault_install();
  world_make();
  bool brief = points < 1000;
  if( lost ) {
    lost_run(only_scenario, points, brief);
  } else if( crash ) {
    run_all(crash_modes, sizeof crash_modes / sizeof *crash_modes, crash_case, brief);
  } else {
    if( text_has("loading", only_scenario) ) load_run(only_kind);
    run_all(modes, sizeof modes / sizeof *modes, run_case, brief);
  }
  world_remove();
  printf("%ld cases: %ld ended with an error, %ld with success", totals.cases, totals.errors,
         totals.successes);
  printf(", %ld out of memory with the transaction left open\n", totals.left_open);
  printf("%ld passed, %ld failed\n", totals.cases - totals.violations, totals.violations);
  return totals.violations ? 1 : 0;
}
