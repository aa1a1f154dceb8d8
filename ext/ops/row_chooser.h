/*
** row_chooser.h - the inside of a row choice, shared by row_choice.c (what is asked for), row_stage.c
** (rows into the private database) and row_follow.c (references).
**
** In the private database, besides the backup's tables under their names in "main", schema "own"
** has
**   s<table>(r, why, round)   rows of a table that are restored: number, AdcpRowWhy, and the
**                             round in which they were found
**   c<edge>(r, v0, v1, ...)   rows of a child and the values that they refer by; none is NULL
**   p<edge>(r, v0, v1, ...)   rows of the parent and the values that are referred to
** where the v have the affinity of the parent's columns, by which SQLite compares foreign keys.
*/
#ifndef ADCP_OPS_ROW_CHOOSER_H
#define ADCP_OPS_ROW_CHOOSER_H

#include "archive/row_digest.h"
#include "archive/row_write.h"
#include "base/map.h"
#include "base/name_map.h"
#include "base/texts.h"
#include "db/scratch.h"
#include "ops/interrupt.h"
#include "ops/row_choice.h"

/* A table that has rows in the backup. */
typedef struct AdcpChoiceTable {
  AdcpChosenTable chosen;
  const AdcpArchiveTable *entry;
  const AdcpTable *table;
  const char *where;   /* borrowed from the options; NULL without */
  size_t number;       /* of its tables in "own" */
  bool selected;       /* by option "tables" */
  bool excluded;       /* by exclude_tables or exclude_data: never comes along */
  bool is_child;       /* rows may be MATCHED or CHILD */
  bool is_concerned;   /* rows may be restored */
  bool is_numbered;    /* its staged rows have their numbers: it has a "where" or is of an edge */
  bool is_kept;        /* its staged rows stay until all are: a subquery reads them */
  bool is_staged;      /* its table is in the private database */
  bool is_waiting;     /* for its edges to be followed: found by reach or in this round */
  char *number_column; /* owned: the name that none of its columns has */
  AdcpNameMap columns; /* AdcpColumn by name; empty until a foreign key names one */
  const AdcpColumn *
      *key; /* owned, with them: of the primary key by place, from 1; NULL behind it */
  struct AdcpChoiceEdge *to_parents, *to_children; /* its edges as the child, as the parent */
  int64_t written, kept;                           /* by the restore */
} AdcpChoiceTable;

/* A foreign key between two such tables. */
typedef struct AdcpChoiceEdge {
  AdcpChoiceTable *child, *parent;
  const AdcpForeignKey *key;
  const char **to; /* owned array of borrowed names: the parent's columns */
  struct AdcpChoiceEdge *next_of_child, *next_of_parent; /* edges of the same child, parent */
  size_t number;                                         /* of its tables in "own" */
  bool up, down;                                         /* followed to parents, to children */
  sqlite3_stmt *find_parents, *find_children;            /* owned, while following */
} AdcpChoiceEdge;

/* A foreign key of a table to what has no rows in the backup, or has not the column. */
typedef struct AdcpLooseKey {
  AdcpChoiceTable *child;
  const AdcpForeignKey *key;
} AdcpLooseKey;

struct AdcpRowChoice {
  AdcpDb *db;
  AdcpError *err;
  const AdcpRoot *root; /* borrowed */
  const char *path;     /* borrowed */
  const AdcpArchiveHead *head;
  const AdcpOptions *options;
  AdcpInterrupt interrupt;
  AdcpScratch *scratch;
  bool trusted; /* its definitions: option trust_schema */
  bool trusts;  /* some, for functions of SQLite's own */
  AdcpError
      unsafe; /* owned: the first DEFAULT that calls the application's, which is not trusted */
  bool with_parents, with_children;
  AdcpChoiceTable *tables; /* owned: one for each of the head's */
  AdcpMap by_name;
  AdcpNameMap by_folded;     /* the first of a name, letter case ignored */
  AdcpChoiceTable **waiting; /* owned: a stack */
  size_t waiting_count;
  AdcpChoiceEdge *edges; /* owned */
  size_t edge_count;
  AdcpLooseKey *loose; /* owned */
  size_t loose_count;
  AdcpTexts warnings;

  /* While a table is restored. */
  AdcpChoiceTable *now;
  sqlite3_stmt *cursor; /* its rows by number */
  int64_t next;         /* number of the row that the cursor stands on; INT64_MAX at the end */
  AdcpRowWriter *writer;
  AdcpRowDigest *digest;
};

/* Puts a table on the stack, once; takes one off, NULL where none is left. */
void adcp_choice_wait(AdcpRowChoice *choice, AdcpChoiceTable *table);
AdcpChoiceTable *adcp_choice_next_waiting(AdcpRowChoice *choice);

AdcpChoiceTable *adcp_choice_table(const AdcpRowChoice *choice, const char *name);

/* The table's definition into the private database, if it is not there yet. */
void adcp_row_stage_create(AdcpRowChoice *choice, AdcpChoiceTable *table);

/* Reads the backup and fills s, c and p; s with rows that match. */
void adcp_row_stage(AdcpRowChoice *choice);

void adcp_row_choice_warn(AdcpRowChoice *choice, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds children and parents to s. */
void adcp_row_follow(AdcpRowChoice *choice);

#endif
