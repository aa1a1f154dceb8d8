/*
** fault.c - fails the first, second, third ... operation of every scenario and judges what is left.
**
**   fault [--points N] [--scenario TEXT] [--kind TEXT] [--at N] [--crash]
**
** Each kind of operation is counted in a run without faults; then every number (or N of them,
** evenly spread) fails, once and persistently, until a run comes through without a fault firing.
** The law, after each:
**
**   - an error whose message names the cause, or the result of the run without faults;
**   - the target file is the old one bit for bit or a whole new one (adcp_validate says valid);
**   - the database's content is what it was or wholly what was to be restored, and sound;
**   - the transaction is as it was, or the message says otherwise;
**   - every setting of the connection is as it was; no temporary file, block of memory, descriptor
**     or thread is left;
**   - the same call then works.
**
** With --crash the process dies at the operation instead, and the law holds for who opens the files
** next.
*/
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adcp.h"
#include "inject.h"
#include "scenario.h"
#include "world.h"

/* One way to fail things. */
typedef struct Mode {
  FaultKind kind;
  int detail;
  bool persistent;
  const char *name;
  const char *cause; /* what a message may say instead of "out of memory"; alternatives by '|' */
  int points; /* operations are failed at so many places at most; 0: as the command line says */
} Mode;

#define MEMORY_CAUSE "memory"

static const Mode modes[] = {
    {FAULT_SQLITE_MEMORY, 0, false, "sqlite memory once", MEMORY_CAUSE, 0},
    {FAULT_SQLITE_MEMORY, 0, true, "sqlite memory from then on", MEMORY_CAUSE, 0},
    {FAULT_OWN_MEMORY, 0, false, "own memory once", MEMORY_CAUSE, 0},
    {FAULT_OWN_MEMORY, 0, true, "own memory from then on", MEMORY_CAUSE, 0},
    {FAULT_JSON_MEMORY, 0, false, "cJSON memory once", MEMORY_CAUSE, 0},
    {FAULT_JSON_MEMORY, 0, true, "cJSON memory from then on", MEMORY_CAUSE, 0},
    {FAULT_DIGEST_MEMORY, 0, false, "digest memory once", MEMORY_CAUSE "|SHA-256", 0},
    {FAULT_DIGEST_MEMORY, 0, true, "digest memory from then on", MEMORY_CAUSE "|SHA-256", 0},
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
    {FAULT_DENY, 0, false, "denied once", "authoriz|prohibited|refuses|vtable constructor", 0},
    {FAULT_DENY, 0, true, "denied from then on", "authoriz|prohibited|refuses|vtable constructor",
     0},
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
};

static const Mode crash_modes[] = {
    {FAULT_SYSTEM_CALL, 0, false, "killed at a system call", NULL, 0},
    {FAULT_DATABASE_FILE, 0, false, "killed at a database operation", NULL, 0},
};

/* ---- what is seen ---- */

typedef struct View {
  uint64_t content, temp;
  int autocommit, descriptors, threads;
  char settings[MESSAGE_BYTES];
} View;

typedef struct Case {
  const Scenario *scenario;
  const Mode *mode;
  long at;
  sqlite3 *db;
  char call[2 * PATH_BYTES];
  char target[PATH_BYTES]; /* of a backup */
  uint64_t old_file;
  uint64_t committed;       /* content outside of the caller's transaction */
  char hash[MESSAGE_BYTES]; /* digest of what a safety backup has to hold */
  View before;
  int rc;
  char message[MESSAGE_BYTES];
} Case;

/* What the run without faults left. */
typedef struct Reference {
  uint64_t content;
  bool succeeds;
} Reference;

static long left_open, cases, violations, errors, successes;
static const char *only_kind = "", *only_scenario = "";
static long only_at;
static long points = 1000000;

static void complain(const Case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void complain(const Case *c, const char *format, ...) {
  va_list args;
  violations++;
  printf("VIOLATION  %s; %s, number %ld (%s): ", c->scenario->name, c->mode->name, c->at,
         fault_place());
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\n           rc %d: %s\n", c->rc, c->message);
}

static bool has(const char *text, const char *part) {
  return strstr(text, part) != NULL;
}

/* True when text has one of the alternatives, which '|' separates. */
static bool has_one_of(const char *text, const char *alternatives) {
  while( alternatives ) {
    char part[80];
    size_t n = strcspn(alternatives, "|");
    snprintf(part, sizeof part, "%.*s", (int)n, alternatives);
    if( strcasestr(text, part) ) return true;
    alternatives = alternatives[n] ? alternatives + n + 1 : NULL;
  }
  return false;
}

static void look(Case *c, View *view) {
  view->autocommit = sqlite3_get_autocommit(c->db);
  view->content = world_content(c->db, "main");
  view->temp = world_content(c->db, "temp");
  world_settings(c->db, view->settings);
}

/* ---- a case ---- */

static void remove_work(const Case *c) {
  static const char *const names[] = {"work.db", "work.db-journal", "work.db-wal", "work.db-shm"};
  for( size_t i = 0; i < sizeof names / sizeof *names; i++ ) unlink(world_path(names[i]));
  if( c->scenario->kind == SCENARIO_BACKUP ) unlink(c->target);
}

static void put_old_file(Case *c) {
  if( c->scenario->kind != SCENARIO_BACKUP ) return;
  unlink(c->target);
  if( c->scenario->old_file ) file_copy(world_path(c->scenario->old_file), c->target);
  c->old_file = file_hash(c->target);
}

static void begin_transaction(Case *c) {
  c->committed = world_content(c->db, "main");
  if( c->scenario->begin ) sqlite3_exec(c->db, c->scenario->begin, NULL, NULL, NULL);
}

static void open_case(Case *c) {
  char out[MESSAGE_BYTES];
  char function[2 * PATH_BYTES - 20];
  char safety[PATH_BYTES];
  snprintf(safety, sizeof safety, "%s", world_path(SAFETY_FILE));
  snprintf(c->target, sizeof c->target, "%s", world_path(c->scenario->file));
  sqlite3_snprintf(sizeof function, function, c->scenario->call, c->target, safety);
  snprintf(c->call, sizeof c->call, "SELECT %s", function);
  remove_work(c);
  file_copy(world_path(c->scenario->database), world_path("work.db"));
  put_old_file(c);
  c->before.descriptors = world_descriptors();
  c->before.threads = world_threads(1000);
  c->db = world_open(world_path("work.db"));
  world_run(c->db, "PRAGMA synchronous=off", out);
  if( c->scenario->setup ) sqlite3_exec(c->db, c->scenario->setup, NULL, NULL, NULL);
  begin_transaction(c);
  if( c->scenario->kind != SCENARIO_SAFE_RESTORE ) return;
  unlink(world_path(SAFETY_FILE));
  world_run(c->db, "SELECT adcp_hash()", c->hash);
}

/* Errors that scenarios are about are results like others. */
static bool expected(const Case *c) {
  return has(c->message, c->scenario->expect);
}

static void run_call(Case *c) {
  FaultPlan plan = {c->mode->kind, c->at, c->mode->persistent, c->mode->detail, false};
  fault_arm(&plan, c->db, world_path("work.db"));
  c->rc = world_run(c->db, c->call, c->message);
  fault_disarm();
}

static void judge_message(const Case *c, const Reference *reference) {
  /* Without memory the text of another error may be lost, or what is added to it. */
  bool memory = c->mode->kind == FAULT_SQLITE_MEMORY || c->mode->kind == FAULT_OWN_MEMORY;
  if( c->rc == SQLITE_OK || expected(c) || (memory && !reference->succeeds) ) return;
  if( c->message[0] == 0 ) complain(c, "an error without a message");
  if( c->mode->cause && !has_one_of(c->message, c->mode->cause) ) {
    complain(c, "the message does not name the cause (%s)", c->mode->cause);
  }
}

static void judge_settings(const Case *c, const View *after) {
  const char *a = c->before.settings, *b = after->settings;
  while( *a && *b ) {
    size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
    if( na != nb || memcmp(a, b, na) != 0 ) {
      char name[40];
      snprintf(name, sizeof name, "%.*s", (int)strcspn(a, "="), a);
      bool said = has(c->message, name) || strcmp(c->message, "out of memory") == 0;
      if( !said ) complain(c, "setting %.*s is now %.*s", (int)na, a, (int)nb, b);
    }
    a += na + 1;
    b += nb + 1;
  }
}

/* Out of memory within a statement SQLite can neither roll back nor say so; ROLLBACK has to help
** then. */
static void judge_left_open(Case *c, const char *complaint) {
  if( strcmp(c->message, "out of memory") != 0 ) complain(c, "%s", complaint);
  sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
  left_open++;
}

static void judge_database(Case *c, const View *after, const Reference *reference) {
  const char *message = c->message;
  bool bare = strcmp(message, "out of memory") == 0;
  if( c->rc == SQLITE_OK ) {
    if( after->content != reference->content ) complain(c, "success, but another content");
    if( after->autocommit != c->before.autocommit ) complain(c, "success, but another transaction");
    return;
  }
  if( after->autocommit == c->before.autocommit ) {
    /* An interrupt after the commit is an error of the statement around the call. */
    bool later =
        !has(message, "adcp_") && !c->scenario->begin && after->content == reference->content;
    if( after->content != c->before.content && !later )
      judge_left_open(c, "error, and another content");
    if( has(message, "your transaction was rolled back") ) complain(c, "it was not rolled back");
    if( has(message, "transaction left open") ) complain(c, "nothing was left open");
    return;
  }
  if( after->autocommit == 0 ) {
    bool said = has(message, "transaction left open");
    judge_left_open(c, said ? "transaction left open" : "transaction left open unsaid");
  } else if( !bare && !has(message, "your transaction was rolled back") ) {
    complain(c, "the caller's transaction is gone unsaid");
  }
  if( world_content(c->db, "main") != c->committed ) complain(c, "rolled back to another content");
}

/* The bytes at the target: the old ones or a valid backup. */
static void judge_file(const Case *c, sqlite3 *db) {
  char sql[2 * PATH_BYTES], out[MESSAGE_BYTES];
  if( c->scenario->kind != SCENARIO_BACKUP ) return;
  uint64_t now = file_hash(c->target);
  if( now == c->old_file && (c->rc != SQLITE_OK || expected(c)) && !(now == 0 && c->rc == 0) )
    return;
  snprintf(sql, sizeof sql, "SELECT adcp_validate('%s')", c->target);
  if( now == 0 || world_run(db, sql, out) != SQLITE_OK || !has(out, "\"valid\":true") ) {
    complain(c, "the target is neither old nor new: %s", now ? out : "gone");
  }
}

/* What was there before a restore is in a file when the restore changed anything; when it did not
** there is no file, or the message names it. */
static void judge_safety(const Case *c, sqlite3 *db, bool changed) {
  char path[PATH_BYTES], sql[2 * PATH_BYTES], out[MESSAGE_BYTES] = "";
  if( c->scenario->kind != SCENARIO_SAFE_RESTORE ) return;
  snprintf(path, sizeof path, "%s", world_path(SAFETY_FILE));
  if( file_hash(path) == 0 ) {
    if( changed ) complain(c, "the database is changed and there is no safety backup");
    return;
  }
  snprintf(sql, sizeof sql, "SELECT adcp_validate('%s')", path);
  int rc = world_run(db, sql, out);
  if( rc || !has(out, "\"valid\":true") ) complain(c, "the safety backup is not valid: %s", out);
  snprintf(sql, sizeof sql, "SELECT adcp_info('%s') ->> 'content_sha256'", path);
  world_run(db, sql, out);
  if( strcmp(out, c->hash) != 0 ) complain(c, "the safety backup is of something else");
  bool kept =
      has(fault_place(), "unlink") || (c->mode->kind == FAULT_SYSTEM_CALL && c->mode->persistent);
  /* Out of memory has a message of its own; the caller's transaction is gone then. */
  bool bare = c->scenario->begin && strcmp(c->message, "out of memory") == 0;
  if( c->rc && !changed && !kept && !bare && !has(c->message, path) ) {
    complain(c, "a safety backup is left unsaid");
  }
  unlink(path);
}

static void judge_rests(const Case *c) {
  int temp = world_temp_files();
  /* What cannot be unlinked, nor found, stays until the next backup. */
  bool cannot =
      c->mode->kind == FAULT_SYSTEM_CALL && (c->mode->persistent || has(fault_place(), "unlink"));
  if( temp && !cannot ) complain(c, "%d temporary files are left", temp);
  for( sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(c->db, s)) != NULL; ) {
    if( sqlite3_stmt_busy(s) ) complain(c, "a statement still runs: %s", sqlite3_sql(s));
  }
  bool bare = strcmp(c->message, "out of memory") == 0;
  bool said = has(c->message, "an empty savepoint is left open");
  if( sqlite3_exec(c->db, "RELEASE adcp_step", NULL, NULL, NULL) == SQLITE_OK && !said && !bare ) {
    complain(c, "a savepoint is left");
  }
  if( !world_sound(c->db) ) complain(c, "integrity_check");
}

/* The same call again, with nothing failing. */
static void judge_again(Case *c, const Reference *reference) {
  char out[MESSAGE_BYTES];
  if( c->rc == SQLITE_OK && reference->succeeds ) return;
  /* Committed, and then the statement around the call failed. */
  if( !has(c->message, "adcp_") && world_content(c->db, "main") == reference->content ) return;
  put_old_file(c);
  if( c->scenario->begin && sqlite3_get_autocommit(c->db) ) begin_transaction(c);
  int rc = world_run(c->db, c->call, out);
  if( !has(out, c->scenario->expect) ) complain(c, "again it gives %d: %s", rc, out);
  if( world_content(c->db, "main") != reference->content ) complain(c, "again another content");
  if( world_temp_files() ) complain(c, "temporary files are left after the next call");
}

static void close_case(Case *c) {
  int rc = sqlite3_close(c->db);
  if( rc != SQLITE_OK ) complain(c, "the connection does not close: %d", rc);
  if( world_descriptors() != c->before.descriptors ) complain(c, "descriptors are left");
  if( world_threads(c->before.threads) != c->before.threads ) complain(c, "threads are left");
  if( fault_own_blocks() ) complain(c, "%ld blocks of ours are left", fault_own_blocks());
  if( sqlite3_memory_used() )
    complain(c, "%lld bytes of SQLite's", (long long)sqlite3_memory_used());
}

/* Returns true when the fault did not fire. */
static bool run_case(const Scenario *scenario, const Mode *mode, long at,
                     const Reference *reference) {
  Case c = {.scenario = scenario, .mode = mode, .at = at};
  View after;
  open_case(&c);
  look(&c, &c.before);
  run_call(&c);
  bool through = fault_fired() == 0;
  look(&c, &after);
  cases++;
  if( c.rc )
    errors++;
  else
    successes++;
  judge_message(&c, reference);
  judge_settings(&c, &after);
  judge_database(&c, &after, reference);
  if( world_content(c.db, "temp") != c.before.temp ) judge_left_open(&c, "TEMP objects differ");
  if( world_content(c.db, "temp") != c.before.temp ) complain(&c, "TEMP objects are lost");
  judge_file(&c, c.db);
  judge_safety(&c, c.db, after.content != c.before.content && after.content != c.committed);
  judge_rests(&c);
  judge_again(&c, reference);
  close_case(&c);
  if( mode->kind == FAULT_HEAP || mode->kind == FAULT_LIMIT ) return false;
  return through;
}

/* ---- a crash ---- */

static void die_in_call(Case *c) {
  FaultPlan plan = {c->mode->kind, c->at, false, 0, true};
  c->db = world_open(world_path("work.db"));
  if( c->scenario->setup ) sqlite3_exec(c->db, c->scenario->setup, NULL, NULL, NULL);
  if( c->scenario->begin ) sqlite3_exec(c->db, c->scenario->begin, NULL, NULL, NULL);
  fault_arm(&plan, c->db, world_path("work.db"));
  c->rc = world_run(c->db, c->call, c->message);
  fault_disarm();
  fault_keep_coverage();
  _exit(0); /* without COMMIT of the caller: a crash as well */
}

/* Opens what the dead process left. */
static void judge_after_crash(Case *c, bool survived, const Reference *reference) {
  char out[MESSAGE_BYTES], sql[2 * PATH_BYTES];
  c->db = world_open(world_path("work.db"));
  uint64_t content = world_content(c->db, "main");
  bool changed = content != c->committed;
  c->rc = survived ? SQLITE_OK : SQLITE_ERROR;
  if( changed && (content != reference->content || c->scenario->begin) ) {
    complain(c, "after the crash another content");
  }
  if( !world_sound(c->db) ) complain(c, "integrity_check");
  judge_file(c, c->db);
  bool complete = file_hash(world_path(SAFETY_FILE)) != 0;
  if( complete ) snprintf(c->message, sizeof c->message, "%s", world_path(SAFETY_FILE));
  judge_safety(c, c->db, changed);
  /* The next backup cleans up what the dead one left. */
  snprintf(sql, sizeof sql, "SELECT adcp_backup('%s', '{\"overwrite\":true}')",
           world_path("next.json.gz"));
  if( world_run(c->db, sql, out) != SQLITE_OK ) complain(c, "the next backup: %s", out);
  if( world_temp_files() ) complain(c, "leftovers are not cleaned");
  unlink(world_path("next.json.gz"));
  put_old_file(c);
  if( changed || c->scenario->begin ) return;
  if( c->scenario->setup ) sqlite3_exec(c->db, c->scenario->setup, NULL, NULL, NULL);
  world_run(c->db, c->call, out);
  if( !has(out, c->scenario->expect) ) complain(c, "again it gives %s", out);
}

static bool crash_case(const Scenario *scenario, const Mode *mode, long at,
                       const Reference *reference) {
  Case c = {.scenario = scenario, .mode = mode, .at = at};
  int status = 0;
  open_case(&c);
  sqlite3_close(c.db);
  fflush(stdout);
  pid_t child = fork();
  if( child == 0 ) die_in_call(&c);
  waitpid(child, &status, 0);
  bool survived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if( !survived && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ) {
    complain(&c, "the process ended with status %d", status);
  }
  judge_after_crash(&c, survived, reference);
  sqlite3_close(c.db);
  cases++;
  if( survived )
    successes++;
  else
    errors++;
  return survived;
}

/* ---- the runs ---- */

/* A run that only counts. */
static long count_operations(const Scenario *scenario, const Mode *mode, Reference *reference) {
  Case c = {.scenario = scenario, .mode = mode, .at = 0};
  open_case(&c);
  look(&c, &c.before);
  run_call(&c);
  if( !expected(&c) ) complain(&c, "not what is expected without a fault");
  reference->content = world_content(c.db, "main");
  reference->succeeds = c.rc == SQLITE_OK;
  long count = fault_operations();
  close_case(&c);
  return count;
}

static void run_mode(const Scenario *scenario, const Mode *mode,
                     bool (*run)(const Scenario *, const Mode *, long, const Reference *)) {
  Reference reference;
  long violations_before = violations, cases_before = cases;
  long count = count_operations(scenario, mode, &reference);
  long wanted = mode->points && mode->points < points ? mode->points : points;
  bool counted = mode->kind != FAULT_HEAP && mode->kind != FAULT_LIMIT;
  if( mode->kind == FAULT_LIMIT ) count = mode->points;
  if( mode->kind == FAULT_HEAP ) count = 300;
  long last = counted ? 2 * count + 100 : count;
  double stride = count > wanted ? (double)count / (double)wanted : 1.0;
  if( only_at ) {
    run(scenario, mode, only_at, &reference);
  } else if( count > 0 ) {
    double next = 1;
    for( long at = 1; at <= last; at = (long)next ) {
      if( run(scenario, mode, at, &reference) && counted ) break;
      next += stride;
    }
  }
  printf("%-34s %-28s %7ld operations %6ld cases%s\n", scenario->name, mode->name, count,
         cases - cases_before, violations > violations_before ? "  VIOLATED" : "");
  fflush(stdout);
}

static void run_all(const Mode *list, size_t n,
                    bool (*run)(const Scenario *, const Mode *, long, const Reference *),
                    bool brief) {
  for( size_t s = 0; s < scenario_count; s++ ) {
    if( !has(scenarios[s].name, only_scenario) || (brief && scenarios[s].long_only) ) continue;
    for( size_t m = 0; m < n; m++ ) {
      if( !has(list[m].name, only_kind) ) continue;
      run_mode(&scenarios[s], &list[m], run);
    }
    fault_keep_coverage();
  }
}

/* Opening a connection and loading: everything is registered, or nothing and an error. */
static void run_registration(void) {
  static const Scenario scenario = {.name = "registration"};
  static const Mode mode = {FAULT_SQLITE_MEMORY, 0, false, "sqlite memory once", MEMORY_CAUSE, 0};
  for( long at = 1;; at++ ) {
    Case c = {.scenario = &scenario, .mode = &mode, .at = at};
    FaultPlan plan = {FAULT_SQLITE_MEMORY, at, false, 0, false};
    char *text = NULL, out[MESSAGE_BYTES];
    sqlite3_open(":memory:", &c.db);
    fault_arm(&plan, c.db, NULL);
    c.rc = sqlite3_adcp_init(c.db, &text, NULL);
    fault_disarm();
    bool through = fault_fired() == 0;
    snprintf(c.message, sizeof c.message, "%s", text ? text : "");
    int called = world_run(c.db, "SELECT adcp_version()", out);
    if( (called == SQLITE_OK) != (c.rc == SQLITE_OK) ) complain(&c, "half registered: %s", out);
    if( c.rc != SQLITE_OK && sqlite3_adcp_init(c.db, NULL, NULL) != SQLITE_OK ) {
      complain(&c, "cannot be registered afterwards");
    }
    sqlite3_free(text);
    sqlite3_close(c.db);
    if( sqlite3_memory_used() ) complain(&c, "memory is left");
    cases++;
    if( through ) break;
  }
}

int main(int argc, char **argv) {
  bool crash = false;
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
    else if( strcmp(argv[i], "--crash") == 0 )
      crash = true;
    else {
      fprintf(stderr,
              "usage: fault [--points N] [--scenario TEXT] [--kind TEXT] [--at N] [--crash]\n");
      return 2;
    }
  }
  fault_install();
  world_make();
  bool brief = points < 1000;
  if( crash ) {
    run_all(crash_modes, sizeof crash_modes / sizeof *crash_modes, crash_case, brief);
  } else {
    if( has("registration", only_scenario) ) run_registration();
    run_all(modes, sizeof modes / sizeof *modes, run_case, brief);
  }
  world_remove();
  printf("%ld cases: %ld ended with an error, %ld with success", cases, errors, successes);
  printf(", %ld out of memory with the transaction left open\n", left_open);
  printf("%ld passed, %ld failed\n", cases - violations, violations);
  return violations ? 1 : 0;
}
