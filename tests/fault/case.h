/*
** case.h - one scenario with one fault: what is seen before and after, and the law.
**
**     case_open      a fresh work.db, side files and target; the caller's transaction
**     case_look      what is there before
**     case_run       the call, with the fault
**     case_look      what is there after
**     judge_*        complain about what is against the law
**     case_close     and about what is left behind
**
** The law, after each:
**
**   - an error whose message names the cause, or the result of the run without faults;
**   - the target file is the old one bit for bit or a whole new one (adcp_validate says valid);
**   - the database's content is what it was or wholly what was to be restored, and sound; settings
**     files go with it, or the message says which do not;
**   - the transaction is as it was, or the message says otherwise;
**   - every setting of the connection is as it was; no temporary file, block of memory, descriptor
**     or thread is left;
**   - a lack of memory is not told as damage of a file;
**   - the same call then works.
*/
#ifndef ADCP_TESTS_FAULT_CASE_H
#define ADCP_TESTS_FAULT_CASE_H

#include "inject.h"
#include "scenario.h"
#include "world.h"

#define MEMORY_CAUSE "memory"

/* One way to fail things. */
typedef struct Mode {
  FaultKind kind;
  int detail;
  bool persistent;
  const char *name;
  const char *cause; /* what a message may say instead of "out of memory"; alternatives by '|' */
  int points; /* operations are failed at so many places at most; 0: as the command line says */
} Mode;

typedef struct View {
  uint64_t content, temp;
  uint64_t side[MAX_SIDE];
  long side_size[MAX_SIDE];
  int autocommit, descriptors, threads;
  char settings[MESSAGE_BYTES];
} View;

typedef struct Case {
  const Scenario *scenario;
  const Mode *mode;
  long at;
  sqlite3 *db;
  char call[4 * PATH_BYTES];
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
  View view;
  bool succeeds;
} Reference;

/* Of the whole run. */
typedef struct Totals {
  long cases, errors, successes, violations, left_open;
} Totals;
extern Totals totals;

bool text_has(const char *text, const char *part);
/* True when text has one of the alternatives, which '|' separates; letter case is ignored. */
bool text_has_one_of(const char *text, const char *alternatives);

void case_complain(const Case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies the templates; case_open does it and then opens the connection. */
void case_put_files(Case *c);
/* What stands at the target and at the side files before. */
void case_put_side_files(Case *c);
/* The connection, as the scenario sets it up, with the caller's transaction. */
void case_connect(Case *c);
void case_open(Case *c);
void case_look(Case *c, View *view);
void case_look_side(const Case *c, View *view); /* side files only */
void case_run(Case *c);
void case_remove_files(const Case *c); /* what the scenario makes besides the database */
void case_close(Case *c);

/* Errors that scenarios are about are results like others. */
bool case_expected(const Case *c);

/* All that a case without a crash has to hold. */
void judge_case(Case *c, const View *after, const Reference *reference);
/* The bytes at the target: the old ones or a valid backup. db has adcp. */
void judge_file(const Case *c, sqlite3 *db);

/* What was there before a restore is in a file when the restore changed anything; when it did not
** there is no file, or the message names it. */
void judge_safety(const Case *c, sqlite3 *db, bool changed);

/* A run that only counts; returns the number of operations. */
long case_reference(const Scenario *scenario, const Mode *mode, Reference *reference);

#endif
