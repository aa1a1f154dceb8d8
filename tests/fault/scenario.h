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
  SCENARIO_SIDE_RESTORE, /* of tables so large that another thread reads them again */
  SCENARIO_READ
} ScenarioKind;

/* What holds for the side files after an error. */
typedef enum SideRule {
  SIDE_TOGETHER, /* all as they were, or all as the message says */
  SIDE_EACH,     /* each as it was or as without the fault, and the message counts those gone */
  SIDE_LOG       /* as it was, and perhaps whole lines more */
} SideRule;

#define MAX_SIDE 4

/* In setup, begin and call "@" stands for the folder of the world; in call "%s" for the file. */
typedef struct Scenario {
  const char *name;
  ScenarioKind kind;
  const char *database; /* template that work.db is copied from */
  const char *setup;    /* SQL on the connection, committed; or NULL */
  const char *begin;    /* SQL that opens the caller's transaction; or NULL */
  const char *file;     /* the backup read, or the name of the one written */
  const char *old_file; /* what stands at the target of a backup before; or NULL */
  const char *call;     /* function and options, or a whole statement that begins with CREATE */
  const char *expect;   /* text that a successful result has; or NULL */
  bool long_only;       /* too many operations for the short run */
  SideRule side_rule;
  const char *side[MAX_SIDE]; /* other files that the call writes; NAME.old is copied before */
} Scenario;

extern const Scenario scenarios[];
extern const size_t scenario_count;

#endif
