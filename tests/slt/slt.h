/*
** slt.h - the state of one script's run, shared by the files of sltrun.
*/
#ifndef ADCP_TESTS_SLT_SLT_H
#define ADCP_TESTS_SLT_SLT_H

#include <limits.h>
#include <stdbool.h>
#include <sqlite3.h>

#include "result.h"
#include "script.h"

#define SLT_MAX_CONNECTIONS 16 /* scripts use two or three */

typedef struct Connection {
  char name[SCRIPT_TOKEN_BYTES];
  sqlite3 *db;
} Connection;

typedef struct Label {
  char name[SCRIPT_TOKEN_BYTES];
  char hash[RESULT_HASH_TEXT];
  struct Label *next; /* owned */
} Label;

typedef char Tokens[SCRIPT_TOKENS][SCRIPT_TOKEN_BYTES];

typedef struct Run {
  Script script;
  bool strict;           /* the reference runner's rules and nothing else */
  bool keep;             /* leave the scratch folder */
  bool threshold_fixed;  /* given on the command line: records do not change it */
  int hash_threshold;    /* more values than this are compared by their hash; 0: never */
  const char *extension; /* loaded into every connection; NULL for none */
  char dir[PATH_MAX];    /* scratch folder of the script */
  Connection connections[SLT_MAX_CONNECTIONS];
  int connection_count;
  sqlite3 *db; /* the current connection */
  Label *labels;
  int record_line; /* first line of the current record, for messages */
  long passed, failed;
} Run;

/* Prints "file:line: " and the text; returns false. */
bool run_complain(const Run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The lines up to the next blank line, or up to "----" as well; the caller frees. */
char *run_read_statement(Run *run);
char *run_read_query(Run *run);

/* Compares the lines that follow "----" with what came; prints a difference and returns false. */
bool run_compare(Run *run, const Result *got);

/* A copy with ${DIR}, ${SO} and ${ROOT} replaced (not when strict); the caller frees. */
char *run_expand(const Run *run, const char *text);

/* connection.c: makes NAME the current connection, opening it at path if it is not open yet
** (NULL: test.db in the scratch folder). False when it cannot; the reason is printed. */
bool connection_use(Run *run, const char *name, const char *path, bool with_extension);
bool connection_close(Run *run, const char *name);
bool connection_close_all(Run *run);

/* addition.c: true when the record is one of ours; *ok says whether it passed, *counts whether it
** is a test. */
bool addition_run(Run *run, Tokens token, bool *ok, bool *counts);

#endif
