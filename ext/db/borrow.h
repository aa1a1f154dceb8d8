/*
** borrow.h - collations of the caller's connection, for a private one.
**
** A private connection has SQLite's own collations; an application may have others, also under SQLite's
** names. Each comparison is a statement of the caller's connection: some 50 times as slow as one of
** SQLite's own.
*/
#ifndef ADCP_DB_BORROW_H
#define ADCP_DB_BORROW_H

#include "db/db.h"

/* Zero-initialise. */
typedef struct AdcpBorrowedCollations {
  struct AdcpBorrowedCollation *first; /* owned */
} AdcpBorrowedCollations;

/* Makes `name` compare on `handle` as it does on the caller's connection; false where that has none, or on
** error. caller and its error are borrowed until free. */
bool adcp_borrow_collation(AdcpBorrowedCollations *list, AdcpDb *caller, sqlite3 *handle,
                           const char *name);

/* Takes one of SQLite's own away from `db`, so that it is asked for when it is needed. */
void adcp_forget_collation(AdcpDb *db, const char *name);

/* Whether NOCASE or RTRIM is, as far as some comparisons tell, SQLite's own on that connection. */
bool adcp_collation_is_own(AdcpDb *db, const char *name);

/* After the private connection was closed. */
void adcp_borrowed_collations_free(AdcpBorrowedCollations *list);

#endif
