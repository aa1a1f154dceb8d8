/*
** transaction.h - one atomic step, in autocommit or inside the caller's transaction.
**
** BEGIN with the write lock of the one database ... COMMIT in autocommit, SAVEPOINT ... RELEASE inside
** a transaction (facts 1).
** One abort routine for every failure leaves nothing open and says what is true (facts 2-5).
*/
#ifndef ADCP_DB_TRANSACTION_H
#define ADCP_DB_TRANSACTION_H

#include "db/db.h"

typedef struct AdcpTransaction AdcpTransaction;

/* Sets err when this call cannot be served here: within a statement that reads or writes (SELECT
** f() FROM t, INSERT ... SELECT f(), RETURNING), naming the cause and what to do (run it in a
** statement of its own). Changes nothing; where a blob is open in a transaction that has written, what
** modules keep is written, as adcp_transaction_write_pending does. function: name for the message. */
void adcp_transaction_check_caller(AdcpDb *db, const char *function);

/* Whether a statement that writes db->schema is running on this connection, so that what is read beside
** it may change from row to row. */
bool adcp_transaction_is_written(AdcpDb *db);

/* Opens; prepares everything an abort will need. Switch the connection's settings (state.h)
** before and put them back after: each switch makes SQLite prepare every statement again, which
** it refuses after an interrupt. */
AdcpTransaction *adcp_transaction_begin(AdcpDb *db);

/* To be called after each statement that changes the schema: such a statement makes those that an
** abort needs expire, and when the abort comes memory may be short, or an authorizer against them.
** An error where SQLite has rolled all back, which it does without memory. NULL is allowed. */
void adcp_transaction_keep(AdcpTransaction *txn);

/* True when SQLite has rolled back by itself: nothing more may be executed. To be looked at after
** every failing statement. */
bool adcp_transaction_lost(const AdcpTransaction *txn);

/* COMMIT or RELEASE; on failure err is set and the transaction still has to be aborted. */
void adcp_transaction_commit(AdcpTransaction *txn);

/* After a commit in autocommit: brings it to the disk where PRAGMA synchronous did not. The folder's
** names (a journal that was removed) are the caller's to sync. Needs no memory, runs no SQL. */
void adcp_transaction_sync(AdcpDb *db);

/* Has SQLite's modules write what they keep in memory until the commit (the words of new rows of an
** fts table): who reads shadow tables within the transaction that filled them would miss it. SQLite
** asks them at a savepoint: an empty one is opened and released. Does nothing where no transaction
** has written to db->schema. False where a statement that writes is running: SQLite opens none then; in
** autocommit where it writes to a virtual table. PRAGMA query_only is switched off meanwhile.
** An error says so if the savepoint is left open. */
bool adcp_transaction_write_pending(AdcpDb *db);

/* Rolls back if not committed, by force if need be; returns what is true now, for the message:
** "database unchanged" (perhaps with an empty savepoint left open, which it says), "your
** transaction was rolled back", or ADCP_TRANSACTION_LEFT_OPEN, with what was restored in it. After a
** commit returns NULL. Frees. NULL txn: "database unchanged". */
#define ADCP_TRANSACTION_LEFT_OPEN "transaction left open: run ROLLBACK"
const char *adcp_transaction_close(AdcpTransaction *txn);

#endif
