/*
** constraint.h - the CHECK and UNIQUE constraints that a schema text has, and its primary key.
**
** Read by token, to be compared and shown; what an expression means is not looked at. Two that are
** written in other words are two constraints.
*/
#ifndef ADCP_DB_CONSTRAINT_H
#define ADCP_DB_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "codec/schema.h"
#include "db/db.h"

typedef enum AdcpConstraintKind {
  ADCP_CONSTRAINT_CHECK,
  ADCP_CONSTRAINT_UNIQUE
} AdcpConstraintKind;

typedef struct AdcpConstraint {
  AdcpConstraintKind kind;
  char *text; /* owned: as it is written, on one line: CHECK (price > 0), UNIQUE (a, b) */
  char *key;  /* owned: the same without what SQLite does not look at (case, quotes, spaces) */
} AdcpConstraint;

/* Zero-initialise. */
typedef struct AdcpConstraints {
  AdcpConstraint *items; /* owned; in the order of the text */
  size_t count;
  AdcpMap by_key[2]; /* their keys, by kind */
} AdcpConstraints;

/* Adds those of a CREATE TABLE, or that of a CREATE UNIQUE INDEX (other indexes: nothing). A text
** that is none of these adds nothing. PRIMARY KEY is not among them. */
void adcp_constraints_add(AdcpConstraints *list, const char *sql, AdcpError *err);
bool adcp_constraints_have(const AdcpConstraints *list, const AdcpConstraint *constraint);
void adcp_constraints_free(AdcpConstraints *list);

/* The columns of a PRIMARY KEY as it is declared. Zero-initialise. */
typedef struct AdcpDeclaredKey {
  struct AdcpDeclaredColumn {
    char *name; /* owned */
    bool descending;
  } * columns; /* owned */
  size_t count;
  size_t next; /* for adcp_declared_key_next */
} AdcpDeclaredKey;

/* Of a CREATE TABLE; of any other text none. */
void adcp_declared_key_read(AdcpDeclaredKey *key, const char *sql, AdcpError *err);

/* The same of a table of the database. Where its schema format is below 4, as in files made before SQLite
** 3.7.10, SQLite ignores DESC, and says so of the key. None where the table says that nothing descends:
** the text is not looked for then, which takes longer the more objects there are. */
void adcp_declared_key_read_live(AdcpDeclaredKey *key, AdcpDb *db, const AdcpTable *table);
bool adcp_declared_key_descends(const AdcpDeclaredKey *key); /* any of its columns */

/* Whether the next column of that name is declared DESC; asked for SQLite's key columns in their order, which
** leaves out those that stand twice. False when there is none. */
bool adcp_declared_key_next(AdcpDeclaredKey *key, const char *name);
void adcp_declared_key_free(AdcpDeclaredKey *key);

#endif
