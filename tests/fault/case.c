/*
** case.c - one scenario with one fault (contract and law in case.h).
*/
#include "case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Totals totals;

void case_complain(const Case *c, const char *format, ...) {
  va_list args;
  totals.violations++;
  printf("VIOLATION  %s; %s, number %ld (%s): ", c->scenario->name, c->mode->name, c->at,
         fault_place());
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\n           rc %d: %s\n", c->rc, c->message);
}

bool text_has(const char *text, const char *part) {
  return strstr(text, part) != NULL;
}

bool text_has_one_of(const char *text, const char *alternatives) {
  while( alternatives ) {
    char part[80];
    size_t n = strcspn(alternatives, "|");
    snprintf(part, sizeof part, "%.*s", (int)n, alternatives);
    if( strcasestr(text, part) ) return true;
    alternatives = alternatives[n] ? alternatives + n + 1 : NULL;
  }
  return false;
}

/* ---- before and after ---- */

static const char *side_path(const Case *c, int i) {
  const char *name = c->scenario->side[i];
  return name ? world_path(name) : NULL;
}

void case_look_side(const Case *c, View *view) {
  for( int i = 0; i < MAX_SIDE; i++ ) {
    const char *path = side_path(c, i);
    view->side[i] = path ? file_hash(path) : 0;
    view->side_size[i] = path ? file_size(path) : -1;
  }
}

void case_look(Case *c, View *view) {
  view->autocommit = sqlite3_get_autocommit(c->db);
  view->content = world_content(c->db, "main");
  view->temp = world_content(c->db, "temp");
  case_look_side(c, view);
  world_settings(c->db, view->settings);
}

void case_remove_files(const Case *c) {
  for( int i = 0; i < MAX_SIDE && c->scenario->side[i]; i++ ) unlink(side_path(c, i));
  if( c->scenario->kind == SCENARIO_BACKUP ) unlink(c->target);
  rmdir(world_path("dated"));
}

static void remove_work(const Case *c) {
  static const char *const names[] = {"work.db", "work.db-journal", "work.db-wal", "work.db-shm"};
  for( size_t i = 0; i < sizeof names / sizeof *names; i++ ) unlink(world_path(names[i]));
  case_remove_files(c);
}

void case_put_side_files(Case *c) {
  for( int i = 0; i < MAX_SIDE && c->scenario->side[i]; i++ ) {
    char old[PATH_BYTES];
    snprintf(old, sizeof old, "%s.old", side_path(c, i));
    unlink(side_path(c, i));
    if( file_exists(old) ) file_copy(old, side_path(c, i));
  }
  if( c->scenario->kind != SCENARIO_BACKUP ) return;
  unlink(c->target);
  if( c->scenario->old_file ) file_copy(world_path(c->scenario->old_file), c->target);
  c->old_file = file_hash(c->target);
}

static void begin(Case *c) {
  c->committed = world_content(c->db, "main");
  if( c->scenario->begin ) sqlite3_exec(c->db, c->scenario->begin, NULL, NULL, NULL);
}

void case_put_files(Case *c) {
  snprintf(c->target, sizeof c->target, "%s", world_path(c->scenario->file));
  bool whole = strncmp(c->scenario->call, "CREATE", 6) == 0;
  snprintf(c->call, sizeof c->call, "%s%s", whole ? "" : "SELECT ",
           world_text(c->scenario->call, c->target));
  remove_work(c);
  file_copy(world_path(c->scenario->database), world_path("work.db"));
  case_put_side_files(c);
}

void case_connect(Case *c) {
  c->db = world_open(world_path("work.db"));
  if( c->scenario->setup ) {
    char *message = NULL;
    sqlite3_exec(c->db, world_text(c->scenario->setup, c->target), NULL, NULL, &message);
    if( message ) case_complain(c, "setup: %s", message);
    sqlite3_free(message);
  }
  begin(c);
  if( c->scenario->kind != SCENARIO_SAFE_RESTORE ) return;
  unlink(world_path(SAFETY_FILE));
  world_run(c->db, "SELECT adcp_hash()", c->hash);
}

void case_open(Case *c) {
  case_put_files(c);
  c->before.descriptors = world_descriptors();
  c->before.threads = world_threads(1000);
  case_connect(c);
}

bool case_expected(const Case *c) {
  return text_has(c->message, c->scenario->expect);
}

void case_run(Case *c) {
  FaultPlan plan = {c->mode->kind, c->at, c->mode->persistent, c->mode->detail, false};
  fault_arm(&plan, c->db, world_path("work.db"));
  c->rc = world_run(c->db, c->call, c->message);
  fault_disarm();
}

long case_reference(const Scenario *scenario, const Mode *mode, Reference *reference) {
  Case c = {.scenario = scenario, .mode = mode, .at = 0};
  case_open(&c);
  case_look(&c, &c.before);
  long side_views = fault_side_views();
  case_run(&c);
  if( scenario->kind == SCENARIO_SIDE_RESTORE && fault_side_views() == side_views ) {
    case_complain(&c, "no table had a view beside the connection");
  }
  if( !case_expected(&c) ) case_complain(&c, "not what is expected without a fault");
  case_look(&c, &reference->view);
  reference->succeeds = c.rc == SQLITE_OK;
  long count = fault_operations();
  case_close(&c);
  return count;
}

/* ---- the law ---- */

/* Who hears that a backup is damaged may throw a good one away. */
static void judge_damage(const Case *c) {
  const char *cause = c->mode->cause;
  bool of_memory = cause && strcmp(cause, MEMORY_CAUSE) == 0;
  bool says_so = text_has(c->message, "is damaged") || text_has(c->message, "damaged:");
  if( of_memory && says_so && !case_expected(c) ) case_complain(c, "no memory, told as damage");
}

static void judge_message(const Case *c, const Reference *reference) {
  /* Without memory the text of another error may be lost, or what is added to it. */
  bool memory = c->mode->kind == FAULT_SQLITE_MEMORY || c->mode->kind == FAULT_OWN_MEMORY;
  if( c->rc == SQLITE_OK || case_expected(c) || (memory && !reference->succeeds) ) return;
  /* Not even SQLite's own text for it fits into a value of 16 bytes. */
  bool tiny = c->mode->kind == FAULT_LIMIT && c->mode->detail == SQLITE_LIMIT_LENGTH && c->at <= 4;
  if( tiny && c->rc == SQLITE_TOOBIG ) return;
  if( c->message[0] == 0 ) case_complain(c, "an error without a message");
  if( c->mode->cause && !text_has_one_of(c->message, c->mode->cause) ) {
    case_complain(c, "the message does not name the cause (%s)", c->mode->cause);
  }
}

/* An error of the statement around the call, when the call was done. */
static bool is_later(const Case *c) {
  return c->rc && !text_has(c->message, "adcp_") && strcmp(c->message, "out of memory") != 0;
}

/* True for an interrupt after the call was done, which is an error of the statement around it; in the caller's
** transaction what was restored stays until that one is rolled back. */
static bool is_done(const Case *c, const View *after, const Reference *reference) {
  return !text_has(c->message, "adcp_") && after->content == reference->view.content &&
         (!c->scenario->begin || strcmp(c->message, "interrupted") == 0);
}

static void judge_settings(const Case *c, const View *after, const Reference *reference) {
  bool as_before = c->rc && !(after->content != c->before.content && is_done(c, after, reference));
  const char *a = as_before ? c->before.settings : reference->view.settings, *b = after->settings;
  while( *a && *b ) {
    size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
    if( na != nb || memcmp(a, b, na) != 0 ) {
      char name[40];
      snprintf(name, sizeof name, "%.*s", (int)strcspn(a, "="), a);
      bool said = text_has(c->message, name) || strcmp(c->message, "out of memory") == 0;
      said = said || (is_later(c) && strcmp(name, "adcp_config") == 0);
      if( !said ) case_complain(c, "setting %.*s is now %.*s", (int)na, a, (int)nb, b);
    }
    a += na + 1;
    b += nb + 1;
  }
}

/* Out of memory within a statement SQLite can neither roll back nor say so; ROLLBACK has to help
** then. */
static void judge_left_open(Case *c, const char *complaint) {
  if( strcmp(c->message, "out of memory") != 0 ) case_complain(c, "%s", complaint);
  sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
  totals.left_open++;
}

/* What the message of a restore says that could not finish its settings files. */
#define COMMITTED "the database was restored and committed"

static void judge_database(Case *c, const View *after, const Reference *reference) {
  const char *message = c->message;
  bool bare = strcmp(message, "out of memory") == 0;
  if( c->rc == SQLITE_OK ) {
    if( after->content != reference->view.content )
      case_complain(c, "success, but another content");
    if( after->autocommit != c->before.autocommit )
      case_complain(c, "success, but another transaction");
    return;
  }
  if( after->autocommit == c->before.autocommit ) {
    bool later = is_done(c, after, reference);
    bool committed = text_has(message, COMMITTED) && after->content == reference->view.content;
    if( after->content != c->before.content && !later && !committed )
      judge_left_open(c, "error, and another content");
    if( text_has(message, "your transaction was rolled back") )
      case_complain(c, "it was not rolled back");
    if( text_has(message, "transaction left open") ) case_complain(c, "nothing was left open");
    return;
  }
  if( after->autocommit == 0 ) {
    bool said = text_has(message, "transaction left open");
    judge_left_open(c, said ? "transaction left open" : "transaction left open unsaid");
  } else if( !bare && !text_has(message, "your transaction was rolled back") ) {
    case_complain(c, "the caller's transaction is gone unsaid");
  }
  if( world_content(c->db, "main") != c->committed )
    case_complain(c, "rolled back to another content");
}

void judge_file(const Case *c, sqlite3 *db) {
  char sql[2 * PATH_BYTES], out[MESSAGE_BYTES];
  if( c->scenario->kind != SCENARIO_BACKUP ) return;
  uint64_t now = file_hash(c->target);
  if( now != c->old_file && text_has(c->message, "no backup was written") ) {
    case_complain(c, "a backup was written");
  }
  if( now == c->old_file && (c->rc != SQLITE_OK || case_expected(c)) && !(now == 0 && c->rc == 0) )
    return;
  snprintf(sql, sizeof sql, "SELECT adcp_validate('%s')", c->target);
  if( now == 0 || world_run(db, sql, out) != SQLITE_OK || !text_has(out, "\"valid\":true") ) {
    case_complain(c, "the target is neither old nor new: %s", now ? out : "gone");
  }
}

static void judge_rests(const Case *c) {
  int temp = world_temp_files();
  /* What cannot be unlinked, nor found, stays until the next backup. */
  bool cannot = c->mode->kind == FAULT_SYSTEM_CALL &&
                (c->mode->persistent || text_has(fault_place(), "unlink"));
  if( temp && !cannot ) case_complain(c, "%d temporary files are left", temp);
  for( sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(c->db, s)) != NULL; ) {
    if( sqlite3_stmt_busy(s) ) case_complain(c, "a statement still runs: %s", sqlite3_sql(s));
  }
  bool bare = strcmp(c->message, "out of memory") == 0;
  bool said = text_has(c->message, "an empty savepoint is left open");
  static const char *const releases[] = {"RELEASE adcp_step", "RELEASE adcp_pending"};
  for( int i = 0; i < 2; i++ ) {
    bool left = sqlite3_exec(c->db, releases[i], NULL, NULL, NULL) == SQLITE_OK;
    if( left && !said && !bare ) case_complain(c, "a savepoint is left: %s", releases[i]);
  }
  /* An index that SQLite fills while an authorizer ignores a column it reads is SQLite's affair. */
  if( c->mode->kind != FAULT_IGNORE && !world_sound(c->db) ) case_complain(c, "integrity_check");
}

/* The same call again, with nothing failing. */
static void judge_again(Case *c, const Reference *reference) {
  char out[MESSAGE_BYTES];
  if( c->rc == SQLITE_OK && reference->succeeds ) return;
  /* What is ignored while SQLite reads its schema stays missing in that connection's memory. */
  if( c->mode->kind == FAULT_IGNORE ) return;
  /* Committed, and then the statement around the call failed, or a settings file. */
  if( text_has(c->message, COMMITTED) ) return;
  if( !text_has(c->message, "adcp_") && world_content(c->db, "main") == reference->view.content )
    return;
  case_put_side_files(c);
  if( c->scenario->begin && sqlite3_get_autocommit(c->db) ) begin(c);
  int rc = world_run(c->db, c->call, out);
  if( !text_has(out, c->scenario->expect) ) case_complain(c, "again it gives %d: %s", rc, out);
  if( world_content(c->db, "main") != reference->view.content )
    case_complain(c, "again another content");
  if( world_temp_files() ) case_complain(c, "temporary files are left after the next call");
}

void case_close(Case *c) {
  case_remove_files(c);
  int rc = sqlite3_close(c->db);
  if( rc != SQLITE_OK ) case_complain(c, "the connection does not close: %d", rc);
  if( world_descriptors() != c->before.descriptors ) case_complain(c, "descriptors are left");
  if( world_threads(c->before.threads) != c->before.threads ) case_complain(c, "threads are left");
  if( fault_own_blocks() ) case_complain(c, "%ld blocks of ours are left", fault_own_blocks());
  if( sqlite3_memory_used() )
    case_complain(c, "%lld bytes of SQLite's", (long long)sqlite3_memory_used());
}

/* ---- side files ---- */

/* Settings files: with the database, or not at all, or as the message says of each. */
static void judge_together(const Case *c, const View *after, const Reference *reference) {
  bool partly = text_has(c->message, COMMITTED);
  for( int i = 0; i < MAX_SIDE && c->scenario->side[i]; i++ ) {
    bool is_old = after->side[i] == c->before.side[i];
    bool is_new = after->side[i] == reference->view.side[i];
    bool later = !text_has(c->message, "adcp_") && after->content == reference->view.content &&
                 after->autocommit == c->before.autocommit; /* left open: nothing is committed */
    if( !is_old && !is_new ) case_complain(c, "%s is neither old nor new", c->scenario->side[i]);
    if( c->rc == SQLITE_OK || later ) {
      if( !is_new ) case_complain(c, "%s was not written", c->scenario->side[i]);
      continue;
    }
    char said[2 * PATH_BYTES];
    const char *label = i == 0 ? "app_settings" : "env_file";
    snprintf(said, sizeof said, "%s (%s) is %s", side_path(c, i), label,
             is_old ? "as it was before" : "the backup's");
    if( partly ? !text_has(c->message, said) : !is_old ) {
      case_complain(c, "%s is %s, unsaid", c->scenario->side[i], is_old ? "old" : "new");
    }
  }
}

/* Files of a folder: each as before or as without the fault; those that are gone are counted. What
** cannot be read is kept. */
static void judge_each(const Case *c, const View *after, const Reference *reference) {
  int gone = 0;
  for( int i = 0; i < MAX_SIDE && c->scenario->side[i]; i++ ) {
    bool is_old = after->side[i] == c->before.side[i];
    bool is_new = after->side[i] == reference->view.side[i];
    gone += after->side[i] == 0;
    if( !is_old && !is_new ) case_complain(c, "%s", c->scenario->side[i]);
  }
  char said[40];
  snprintf(said, sizeof said, c->rc ? "%d files were deleted" : "\"deleted\":%d,", gone);
  bool later = c->rc && !text_has(c->message, "adcp_");
  if( gone && !later && !text_has(c->message, said) ) case_complain(c, "%d deleted unsaid", gone);
}

/* What stood in the log stands there still, and whole lines behind it. A line that the disk did not
** take whole stays cut. */
static void judge_log(const Case *c, const View *after) {
  const char *path = side_path(c, 0);
  if( c->before.side_size[0] < 0 ) return;
  if( file_hash_start(path, (size_t)c->before.side_size[0]) != c->before.side[0] ) {
    case_complain(c, "the log's earlier lines are changed");
  }
  (void)after;
  if( !file_ends_a_line(path) && c->mode->kind != FAULT_SHORT ) case_complain(c, "half a line");
}

static void judge_side(const Case *c, const View *after, const Reference *reference) {
  switch( c->scenario->side_rule ) {
  case SIDE_TOGETHER: judge_together(c, after, reference); break;
  case SIDE_EACH: judge_each(c, after, reference); break;
  case SIDE_LOG: judge_log(c, after); break;
  }
}

void judge_safety(const Case *c, sqlite3 *db, bool changed) {
  char path[PATH_BYTES], sql[2 * PATH_BYTES], out[MESSAGE_BYTES] = "";
  if( c->scenario->kind != SCENARIO_SAFE_RESTORE ) return;
  snprintf(path, sizeof path, "%s", world_path(SAFETY_FILE));
  if( !file_exists(path) ) {
    if( changed ) case_complain(c, "the database is changed and there is no safety backup");
    return;
  }
  snprintf(sql, sizeof sql, "SELECT adcp_validate('%s')", path);
  int rc = world_run(db, sql, out);
  if( rc || !text_has(out, "\"valid\":true") )
    case_complain(c, "the safety backup is not valid: %s", out);
  snprintf(sql, sizeof sql, "SELECT adcp_info('%s') ->> 'content_sha256'", path);
  world_run(db, sql, out);
  if( strcmp(out, c->hash) != 0 ) case_complain(c, "the safety backup is of something else");
  bool kept = text_has(fault_place(), "unlink") ||
              (c->mode->kind == FAULT_SYSTEM_CALL && c->mode->persistent);
  /* Out of memory has a message of its own; the caller's transaction is gone then. */
  bool bare = c->scenario->begin && strcmp(c->message, "out of memory") == 0;
  if( c->rc && !changed && !kept && !bare && !text_has(c->message, path) ) {
    case_complain(c, "a safety backup is left unsaid");
  }
  unlink(path);
}

void judge_case(Case *c, const View *after, const Reference *reference) {
  /* An authorizer that ignores the function: NULL is the result, and it was not called. */
  if( c->mode->kind == FAULT_IGNORE && c->rc == SQLITE_OK && c->message[0] == 0 ) return;
  uint64_t temp = c->rc ? c->before.temp : reference->view.temp;
  if( is_later(c) && after->temp == reference->view.temp ) temp = after->temp;
  judge_message(c, reference);
  judge_damage(c);
  judge_settings(c, after, reference);
  judge_database(c, after, reference);
  judge_side(c, after, reference);
  /* The restore does not see what is ignored while it reads the triggers of TEMP to keep. */
  bool hidden = c->mode->kind == FAULT_IGNORE;
  if( !hidden && world_content(c->db, "temp") != temp ) judge_left_open(c, "TEMP objects differ");
  if( !hidden && world_content(c->db, "temp") != temp ) case_complain(c, "TEMP objects are lost");
  judge_file(c, c->db);
  judge_safety(c, c->db, after->content != c->before.content && after->content != c->committed);
  judge_rests(c);
  judge_again(c, reference);
}
