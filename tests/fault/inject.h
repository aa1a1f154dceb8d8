/*
** inject.h - operations that fail on demand: memory, system calls, threads, SQLite's files, and
** what an application may do to a running statement.
**
** fault_install once, before SQLite is used. Then, for each case: fault_arm, the call under test,
** fault_disarm. Between the two every operation of the armed kind is counted, and the one whose
** number is `at` fails (that and all after it when persistent). Counting is safe in worker threads.
*/
#ifndef ADCP_TESTS_FAULT_INJECT_H
#define ADCP_TESTS_FAULT_INJECT_H

#include <sqlite3.h>
#include <stdbool.h>

typedef enum FaultKind {
  FAULT_NONE,
  FAULT_SQLITE_MEMORY,     /* SQLite's allocations */
  FAULT_OWN_MEMORY,        /* ours, with zlib's; in workers too */
  FAULT_JSON_MEMORY,       /* cJSON's */
  FAULT_COMPRESSOR_MEMORY, /* libdeflate's and libzstd's; in workers too */
  FAULT_SYSTEM_CALL,       /* of the table in platform/file.h, with `detail` as errno */
  FAULT_SHORT,             /* reads and writes that move one byte */
  FAULT_THREAD,            /* pthread_create */
  FAULT_DATABASE_FILE, /* reads, writes, syncs of SQLite's own files; `detail` is SQLite's code */
  FAULT_PROGRESS,      /* the progress handler says stop */
  FAULT_INTERRUPT,     /* sqlite3_interrupt, from within the progress handler */
  FAULT_DENY,          /* the authorizer says SQLITE_DENY */
  FAULT_DENY_ACTION,   /* the authorizer denies every action with the code `at` */
  FAULT_IGNORE,        /* the authorizer says SQLITE_IGNORE */
  FAULT_READER,        /* another process begins to read, and stays */
  FAULT_WRITER,        /* another process begins to write, and stays */
  FAULT_HEAP,          /* `at` * 4 KiB more memory and no further */
  FAULT_LIMIT,         /* sqlite3_limit `detail` is 2^at */
  FAULT_TIME,          /* none: for who kills the process at some time */
  FAULT_KINDS
} FaultKind;

typedef struct FaultPlan {
  FaultKind kind;
  long at; /* from 1; 0 only counts */
  bool persistent;
  int detail;
  bool crash; /* SIGKILL instead of an error: system calls and database files */
} FaultPlan;

void fault_install(void);

/* db is the connection under test, path its file for a second connection. */
void fault_arm(const FaultPlan *plan, sqlite3 *db, const char *path);
void fault_disarm(void);
long fault_operations(void);   /* counted since the last fault_arm */
long fault_fired(void);        /* failed since then */
const char *fault_place(void); /* which operation failed first, or "" */

/* Writes what a coverage build has counted since the last time, which a process that ends abruptly
** would lose. */
void fault_keep_coverage(void);

long fault_side_views(void); /* of tables (db/side_view.h) that were begun */
long fault_own_blocks(void); /* blocks of ours, cJSON and zlib that are allocated now */

/* Below: for the parts of the injector among themselves. */
bool fault_hits(FaultKind kind, const char *place);
int fault_detail(void);
bool fault_crashes(
    void);              /* true when a crash is what the plan wants at the operation that was hit */
void fault_crash(void); /* SIGKILL for this process */
void fault_install_vfs(void);

#endif
