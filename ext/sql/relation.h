/*
** relation.h - table-valued functions: eponymous, read-only virtual tables made from a description.
**
** SELECT ... FROM name(arg, ...) WHERE ...: arguments are hidden columns. A relation is described
** by an AdcpRelation and implemented by four callbacks over a cursor of its own; everything that
** virtual tables want besides (xConnect, xBestIndex, argument passing, errors) is here once.
*/
#ifndef ADCP_SQL_RELATION_H
#define ADCP_SQL_RELATION_H

#include <stdbool.h>

#include "ops/config.h"
#include "sql/range.h"

#define ADCP_RELATION_MAX_ARGUMENTS 4
#define ADCP_RELATION_MAX_RANGES    2

/* What a cursor gets when a scan begins. */
typedef struct AdcpRelationCall {
  sqlite3 *db;
  AdcpConfig *config;
  const char *text[ADCP_RELATION_MAX_ARGUMENTS]; /* NULL where not given; borrowed during xOpen */
  bool is_latest;                                /* text[0] is what was found as "latest" */
  AdcpRange ranges[ADCP_RELATION_MAX_RANGES];    /* of range_columns: what is wanted */
  AdcpError *err;                                /* borrowed for the cursor's life */
} AdcpRelationCall;

typedef struct AdcpRelation {
  const char *name;
  const char *columns; /* the visible ones as CREATE TABLE wants them: "name TEXT, rows INTEGER" */
  int column_count;    /* visible */
  int range_columns[ADCP_RELATION_MAX_RANGES]; /* INTEGER columns by which rows are sorted */
  int range_count;
  const char *arguments; /* the hidden ones: "path HIDDEN, table_name HIDDEN" */
  int argument_count;
  int required_arguments; /* the first so many have to be given; others may be left out, or NULL */
  bool finds_backup;      /* the first argument is the path of a backup: "latest" is replaced */

  /* Begins a scan and stands on the first row. NULL with err set on failure. */
  void *(*xOpen)(const AdcpRelationCall *call);

  /* True at the end or after an error. */
  bool (*xEof)(void *cursor);
  void (*xNext)(void *cursor);

  /* Sets the result for a visible column. */
  void (*xColumn)(void *cursor, int column, sqlite3_context *context);
  sqlite3_int64 (*xRowid)(void *cursor);
  void (*xClose)(void *cursor);
} AdcpRelation;

/* Registers the relation as an eponymous table, which holds a reference to config. relation is
** borrowed for ever. */
int adcp_relation_register(sqlite3 *db, const AdcpRelation *relation, AdcpConfig *config);
void adcp_relation_unregister(sqlite3 *db, const AdcpRelation *relation);

#endif
