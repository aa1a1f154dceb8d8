/*
** table_origin.h - what each adcp_table of a connection was created of.
**
** SQLite connects a virtual table anew whenever it reads the schema again (VACUUM, a rollback of any
** definition), with nothing but the arguments that were written. 'latest' may be another backup by
** then, and a path may lead to another: what the table is of is kept here, by its name and arguments.
**
** A definition that was rolled back may come back, or go, without a call to us. So what is dropped
** within a transaction stays known, and where two that differ could be the one that came back, none
** is taken for it.
*/
#ifndef ADCP_SQL_TABLE_ORIGIN_H
#define ADCP_SQL_TABLE_ORIGIN_H

#include <stdbool.h>

#include "archive/archive_read.h"

/* sha256, or the CRC-32 and size of a file without. */
#define ADCP_IDENTITY_BYTES 80

typedef struct AdcpTableOrigin {
  char *path;    /* owned; of the file, so never 'latest' */
  char *columns; /* owned; as they were declared to SQLite */
  bool is_copy;  /* of what came through a pipe: it cannot be opened again */
  char identity[ADCP_IDENTITY_BYTES];
} AdcpTableOrigin;

/* Sets what tells the content of this backup from any other. */
void adcp_table_origin_identify(AdcpTableOrigin *origin, const AdcpArchiveHead *head);
void adcp_table_origin_copy(AdcpTableOrigin *to, const AdcpTableOrigin *from, AdcpError *err);
void adcp_table_origin_clear(AdcpTableOrigin *origin);

/* A table of the connection: its name in temp, and its arguments. */
typedef struct AdcpTableKey {
  const char *name, *path, *table;
} AdcpTableKey;

typedef struct AdcpTableOrigins AdcpTableOrigins;

AdcpTableOrigins *adcp_table_origins_open(AdcpError *err); /* NULL on error */
void adcp_table_origins_close(AdcpTableOrigins *origins);

/* Copies both; what was known by that key, or outside a transaction by that name, is forgotten. */
void adcp_table_origins_put(AdcpTableOrigins *origins, const AdcpTableKey *key,
                            const AdcpTableOrigin *origin, bool in_transaction, AdcpError *err);

/* NULL where it is not known, or not for sure. */
const AdcpTableOrigin *adcp_table_origins_get(const AdcpTableOrigins *origins,
                                              const AdcpTableKey *key);

/* Also where it is not sure: those of the last one. Borrowed; NULL where none is known. */
const char *adcp_table_origins_columns(const AdcpTableOrigins *origins, const AdcpTableKey *key);
void adcp_table_origins_remove(AdcpTableOrigins *origins, const char *name);

#endif
