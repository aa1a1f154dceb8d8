/*
** scenario.h - what is done while something fails.
*/
#ifndef ADCP_TESTS_FAULT_SCENARIO_H
#define ADCP_TESTS_FAULT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#define SAFETY_FILE "safety.json.gz"

typedef enum ScenarioKind {
  SCENARIO_BACKUP,
  SCENARIO_RESTORE,
  SCENARIO_SAFE_RESTORE, /* with a safety backup, SAFETY_FILE */
  SCENARIO_READ
} ScenarioKind;

typedef struct Scenario {
  const char *name;
  ScenarioKind kind;
  const char *database; /* template that work.db is copied from */
  const char *setup;    /* SQL on the connection, committed; or NULL */
  const char *begin;    /* SQL that opens the caller's transaction; or NULL */
  const char *file;     /* the backup read, or the name of the one written */
  const char *old_file; /* what stands at the target of a backup before; or NULL */
  const char *call;   /* function and options: printf format that takes the file's path and that of
                           SAFETY_FILE */
  const char *expect; /* text that a successful result has; or NULL */
  bool long_only;     /* too many operations for the short run */
} Scenario;

extern const Scenario scenarios[];
extern const size_t scenario_count;

#endif
