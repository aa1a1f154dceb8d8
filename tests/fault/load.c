/*
** load.c - loading the extension while something fails (contract in load.h).
*/
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adcp.h"
#include "case.h"

static const Mode load_modes[] = {
    {FAULT_SQLITE_MEMORY, 0, false, "sqlite memory once", "memory", 0},
    {FAULT_SQLITE_MEMORY, 0, true, "sqlite memory from then on", "memory", 0},
    {FAULT_OWN_MEMORY, 0, false, "own memory once", "memory", 0},
    {FAULT_OWN_MEMORY, 0, true, "own memory from then on", "memory", 0},
    {FAULT_JSON_MEMORY, 0, false, "cJSON memory once", "memory", 0},
    {FAULT_JSON_MEMORY, 0, true, "cJSON memory from then on", "memory", 0},
    {FAULT_SYSTEM_CALL, EIO, false, "EIO once", "Input/output error", 0},
    {FAULT_SYSTEM_CALL, EMFILE, true, "EMFILE from then on", "Too many open files", 0},
    {FAULT_SYSTEM_CALL, EACCES, true, "EACCES from then on", "Permission denied", 0},
    {FAULT_SHORT, 0, false, "short once", NULL, 0},
};

static int count(sqlite3 *db, const char *sql) {
  char out[MESSAGE_BYTES];
  int rc = world_run(db, sql, out);
  return rc == SQLITE_OK ? (int)strtol(out, NULL, 10) : -rc;
}

/* Functions and modules of ours that SQLite lists, an entry for each number of arguments. */
static int registered(sqlite3 *db) {
  return count(db, "SELECT (SELECT count(*) FROM pragma_function_list WHERE name LIKE 'adcp%') + "
                   "(SELECT count(*) FROM pragma_module_list WHERE name LIKE 'adcp%')");
}

/* A function that was taken back stays listed, and says that it is none. */
static bool callable(sqlite3 *db) {
  static const char *const calls[] = {
      "SELECT adcp_version()",
      "SELECT adcp_debug()",
      "SELECT adcp_config()",
      "SELECT adcp_info()",
      "SELECT adcp_hash()",
      "SELECT 1 FROM adcp_backups('.')",
      "SELECT 1 FROM adcp_check('x')",
      "SELECT adcp_validate('x')",
      "SELECT 1 FROM adcp_rows('x',1)",
      "SELECT 1 FROM adcp_plan('x')",
  };
  bool found = false;
  char out[MESSAGE_BYTES];
  for( size_t i = 0; i < sizeof calls / sizeof *calls; i++ ) {
    world_run(db, calls[i], out);
    bool none = text_has_one_of(out, "no such function|no such table|no such module");
    found = found || !none;
  }
  return found;
}

/* Returns true when nothing failed. */
static bool load_case(const Scenario *scenario, const Mode *mode, long at, int all) {
  Case c = {.scenario = scenario, .mode = mode, .at = at};
  FaultPlan plan = {mode->kind, at, mode->persistent, mode->detail, false};
  char *text = NULL;
  int descriptors = world_descriptors();
  sqlite3_open(":memory:", &c.db);
  fault_arm(&plan, c.db, NULL);
  c.rc = sqlite3_adcp_init(c.db, &text, NULL);
  fault_disarm();
  bool through = fault_fired() == 0;
  snprintf(c.message, sizeof c.message, "%s", text ? text : "");
  if( c.rc == SQLITE_OK ) {
    if( registered(c.db) != all ) case_complain(&c, "not everything is registered");
  } else {
    bool memory = mode->kind == FAULT_SQLITE_MEMORY;
    if( callable(c.db) ) case_complain(&c, "half registered");
    if( !text_has_one_of(c.message, mode->cause) && !(memory && c.rc == SQLITE_NOMEM) ) {
      case_complain(&c, "the message does not name the cause (%s)", mode->cause);
    }
    if( sqlite3_adcp_init(c.db, NULL, NULL) != SQLITE_OK || registered(c.db) != all ) {
      case_complain(&c, "cannot be loaded afterwards");
    }
  }
  sqlite3_free(text);
  sqlite3_close(c.db);
  if( sqlite3_memory_used() ) case_complain(&c, "memory is left");
  if( fault_own_blocks() ) case_complain(&c, "%ld blocks of ours are left", fault_own_blocks());
  if( world_descriptors() != descriptors ) case_complain(&c, "descriptors are left");
  totals.cases++;
  c.rc ? totals.errors++ : totals.successes++;
  return through;
}

static void load_scenario(const Scenario *scenario, const char *only_kind) {
  sqlite3 *db = world_open(":memory:");
  int all = registered(db);
  sqlite3_close(db);
  for( size_t m = 0; m < sizeof load_modes / sizeof *load_modes; m++ ) {
    long at = 1;
    if( !text_has(load_modes[m].name, only_kind) ) continue;
    while( !load_case(scenario, &load_modes[m], at, all) ) at++;
    printf("%-38s %-28s %7ld operations\n", scenario->name, load_modes[m].name, at - 1);
  }
}

void load_run(const char *only_kind) {
  static const Scenario plain = {.name = "loading"}, config = {.name = "loading with ADCP_CONFIG"};
  unsetenv("ADCP_CONFIG");
  load_scenario(&plain, only_kind);
  setenv("ADCP_CONFIG", world_path("config.json"), 1);
  load_scenario(&config, only_kind);
  unsetenv("ADCP_CONFIG");
}
