/*
** constraint.h - the CHECK and UNIQUE constraints that a schema text has.
**
** Read by token, to be compared and shown; what an expression means is not looked at. Two that are
** written in other words are two constraints.
*/
#ifndef ADCP_DB_CONSTRAINT_H
#define ADCP_DB_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"

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

#endif
