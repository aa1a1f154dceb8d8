/*
** drop.h - drops an ordinary table so that an interrupt is heard on the way.
**
** DROP TABLE frees every page of the table and of its indexes without a look at the interrupt. Where
** SQLite overwrites what it frees (PRAGMA secure_delete), that takes half a second for every 100 MB.
*/
#ifndef ADCP_DB_DROP_H
#define ADCP_DB_DROP_H

#include "db/db.h"
#include "db/transaction.h"

/* Drops the table of that name with its indexes, in a transaction, with foreign keys off and
** without triggers. In a large database that overwrites, its indexes go one by one and its rows by a
** DELETE first. A table with a UNIQUE or PRIMARY KEY that SQLite keeps as an index is dropped at once
** all the same: such an index cannot be dropped alone, and deleting row by row takes ten times as
** long where its keys come in another order than the rows. txn may be NULL. */
void adcp_table_drop(AdcpDb *db, const char *name, AdcpTransaction *txn);

#endif
