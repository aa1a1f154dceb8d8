/*
** empty_shape.h - the encoding, page size and auto_vacuum that an empty database takes before the first
** write into it.
**
** Until then they are settings of the connection. Whoever writes nothing after all puts them back;
** but SQLite (3.40.1) keeps them for as long as the connection lasts once a transaction has begun to write.
*/
#ifndef ADCP_DB_EMPTY_SHAPE_H
#define ADCP_DB_EMPTY_SHAPE_H

#include "db/db.h"

typedef struct AdcpShape {
  char encoding[16]; /* as PRAGMA encoding has it; "": any */
  int page_size;     /* 0: any */
  int auto_vacuum;   /* -1: any */
} AdcpShape;

typedef struct AdcpEmptyShape {
  bool taken;       /* something may be other than it was */
  AdcpShape before; /* of a database that had no page */
} AdcpEmptyShape;

/* Outside of a transaction, gives a database without an object the encoding, where neither its file nor
** anything else on the connection has one already (main only: those that are attached have its), one
** without a page also page size and auto_vacuum. Others stay as they are. */
void adcp_empty_shape_take(AdcpEmptyShape *empty, AdcpDb *db, const AdcpShape *wanted);

/* Whether the database has the encoding or would take it. It is tried, and put back at once. */
bool adcp_empty_shape_try_encoding(AdcpDb *db, const char *encoding);

/* Outside of a transaction, whatever the error: puts back what SQLite lets be put back. False when not
** all is seen to be as it was. */
bool adcp_empty_shape_put_back(const AdcpEmptyShape *empty, AdcpDb *db);

#endif
