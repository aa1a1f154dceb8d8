/*
** crash.c - the process dies in the middle of a scenario (contract in crash.h).
*/
#include "crash.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die_in_call(Case *c) {
  FaultPlan plan = {c->mode->kind, c->at, false, 0, true};
  case_connect(c);
  fault_arm(&plan, c->db, world_path("work.db"));
  c->rc = world_run(c->db, c->call, c->message);
  fault_disarm();
  fault_keep_coverage();
  _exit(0); /* without COMMIT of the caller: a crash as well */
}

/* ---- what is left ---- */

/* The next backup cleans up what the dead process left, and no list shows it. */
static void judge_leftovers(Case *c) {
  static const char *const folders[] = {"@", "@/shelf", "@/dated"};
  char out[MESSAGE_BYTES];
  for( size_t i = 0; i < sizeof folders / sizeof *folders; i++ ) {
    char sql[4 * PATH_BYTES];
    if( !file_exists(world_text(folders[i], "")) ) continue;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM adcp_backups('%s') WHERE name LIKE '%%tmp%%'",
             world_text(folders[i], ""));
    int rc = world_run(c->db, sql, out);
    if( rc != SQLITE_OK || strcmp(out, "0") != 0 )
      case_complain(c, "leftovers are listed: %s", out);
    snprintf(sql, sizeof sql, "SELECT adcp_backup('%s/next.json.gz')", world_text(folders[i], ""));
    if( world_run(c->db, sql, out) != SQLITE_OK ) case_complain(c, "the next backup: %s", out);
    snprintf(sql, sizeof sql, "%s/next.json.gz", world_text(folders[i], ""));
    unlink(sql);
  }
  if( world_temp_files() ) case_complain(c, "leftovers are not cleaned");
}

/* Each side file is old or new. New settings files come with the new database: the database is
** committed first. */
static void judge_side_files(const Case *c, bool changed, const Reference *reference) {
  View after;
  case_look_side(c, &after);
  for( int i = 0; i < MAX_SIDE && c->scenario->side[i]; i++ ) {
    bool is_old = after.side[i] == c->before.side[i];
    bool is_new = after.side[i] == reference->view.side[i];
    const char *name = c->scenario->side[i];
    if( c->scenario->side_rule == SIDE_LOG ) continue;
    if( !is_old && !is_new ) case_complain(c, "%s is neither old nor new", name);
    if( c->scenario->side_rule == SIDE_TOGETHER && !is_old && !changed ) {
      case_complain(c, "%s is new, the database is not", name);
    }
  }
}

void judge_after_crash(Case *c, bool survived, const Reference *reference) {
  char out[MESSAGE_BYTES];
  c->db = world_open(world_path("work.db"));
  uint64_t content = world_content(c->db, "main");
  bool changed = content != c->committed;
  c->rc = survived ? SQLITE_OK : SQLITE_ERROR;
  if( changed && (content != reference->view.content || c->scenario->begin) ) {
    case_complain(c, "after the crash another content");
  }
  if( !world_sound(c->db) ) case_complain(c, "integrity_check");
  judge_file(c, c->db);
  if( file_exists(world_path(SAFETY_FILE)) ) {
    snprintf(c->message, sizeof c->message, "%s", world_path(SAFETY_FILE));
  }
  judge_safety(c, c->db, changed);
  judge_side_files(c, changed, reference);
  judge_leftovers(c);
  if( changed || c->scenario->begin ) return;
  /* The same call, as if nothing had been. */
  sqlite3_close(c->db);
  case_put_side_files(c);
  case_connect(c);
  world_run(c->db, c->call, out);
  if( !text_has(out, c->scenario->expect) ) case_complain(c, "again it gives %s", out);
}

/* ---- dying ---- */

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Where in a run, from 0 to 1.1 of its length, kill number `at` falls: evenly spread in any order. */
static double fraction(long at) {
  double golden = 0.6180339887498949 * (double)at;
  return 1.1 * (golden - (double)(long)golden);
}

/* How long the child's work takes; measured once a scenario, by one that nobody kills. */
static double run_time(const Scenario *scenario, pid_t (*start)(Case *), Case *c) {
  static const Scenario *measured;
  static double length;
  if( measured == scenario ) return length;
  double began = seconds();
  waitpid(start(c), NULL, 0);
  length = seconds() - began;
  measured = scenario;
  /* As case_open left it: the setup of some scenarios changes the database, and the next child may be
  ** killed before it has done that. */
  case_put_files(c);
  case_connect(c);
  sqlite3_close(c->db);
  return length;
}

static pid_t start_child(Case *c) {
  fflush(stdout);
  pid_t child = fork();
  if( child == 0 ) die_in_call(c);
  return child;
}

static void kill_later(pid_t child, double after) {
  struct timespec pause = {(time_t)after, (long)((after - (double)(time_t)after) * 1e9)};
  nanosleep(&pause, NULL);
  kill(child, SIGKILL);
}

bool crash_case(const Scenario *scenario, const Mode *mode, long at, const Reference *reference) {
  Case c = {.scenario = scenario, .mode = mode, .at = at};
  int status = 0;
  case_open(&c);
  case_look_side(&c, &c.before);
  sqlite3_close(c.db);
  bool timed = mode->kind == FAULT_TIME;
  double after = timed ? fraction(at) * run_time(scenario, start_child, &c) : 0;
  pid_t child = start_child(&c);
  if( timed ) kill_later(child, after);
  waitpid(child, &status, 0);
  bool survived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if( !survived && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ) {
    case_complain(&c, "the process ended with status %d", status);
  }
  judge_after_crash(&c, survived, reference);
  sqlite3_close(c.db);
  case_remove_files(&c);
  totals.cases++;
  survived ? totals.successes++ : totals.errors++;
  return survived;
}
