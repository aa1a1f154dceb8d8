/*
** drop.c - drops an ordinary table so that an interrupt is heard on the way (contract in drop.h).
**
** DELETE steps from row to row and looks at the interrupt at each. Without indexes it is as fast as
** DROP TABLE where pages are overwritten: 2 million rows, 270 MB, took 1.2 to 1.6 seconds with a
** rollback journal (DROP 1.6), 0.9 to 1.2 in WAL mode (DROP 1.8). Where pages are not overwritten DROP
** takes 0.1 to 0.2 seconds and DELETE 0.9.
*/
#include "db/drop.h"

#include "base/mem.h"

/* Below this a DROP takes at most a fifth of a second. */
#define DROP_AT_ONCE_BYTES (32 * 1024 * 1024)

#define OVERWRITES 1 /* of PRAGMA secure_delete; 2 ("fast") leaves freed pages as they are */

/* In TEMP a DELETE would fire triggers, which nothing switches off there. */
static bool takes_long(AdcpDb *db) {
  if( sqlite3_stricmp(db->schema, "temp") == 0 ) return false;
  if( adcp_db_integer(db, 0, "PRAGMA \"%w\".secure_delete", db->schema) != OVERWRITES )
    return false;
  int64_t pages = adcp_db_integer(db, 0, "PRAGMA \"%w\".page_count", db->schema) -
                  adcp_db_integer(db, 0, "PRAGMA \"%w\".freelist_count", db->schema);
  return pages * adcp_db_integer(db, 0, "PRAGMA \"%w\".page_size", db->schema) >=
         DROP_AT_ONCE_BYTES;
}

/* The name of an index of the table, or NULL: one that a statement of its own made, or one of a
** constraint; to be freed with adcp_free. */
typedef enum IndexKind { OF_CONSTRAINT, OF_STATEMENT } IndexKind;

static char *find_index(AdcpDb *db, const char *table, IndexKind kind) {
  char *found = NULL;
  sqlite3_stmt *stmt = adcp_db_prepare(
      db, "SELECT name, tbl_name FROM \"%w\".sqlite_schema WHERE type = 'index' AND sql IS %s",
      db->schema, kind == OF_STATEMENT ? "NOT NULL" : "NULL");
  while( found == NULL && adcp_db_step(db, stmt) ) {
    const char *on = (const char *)sqlite3_column_text(stmt, 1);
    if( on && sqlite3_stricmp(on, table) == 0 ) found = adcp_db_column_copy(db, stmt, 0);
  }
  adcp_db_finalize(stmt);
  return found;
}

static bool has_constraint_index(AdcpDb *db, const char *table) {
  char *index = find_index(db, table, OF_CONSTRAINT);
  bool found = index != NULL;
  adcp_free(index);
  return found;
}

static void drop_indexes(AdcpDb *db, const char *table, AdcpTransaction *txn) {
  char *index;
  while( (index = find_index(db, table, OF_STATEMENT)) != NULL ) {
    adcp_db_exec(db, "DROP INDEX \"%w\".\"%w\"", db->schema, index);
    adcp_free(index);
    adcp_transaction_keep(txn);
  }
}

/* What DELETE refuses (a collation that is not there, a damaged page), DROP may do. "WHERE 1" keeps
** SQLite from clearing the table in one piece. */
static void delete_rows(AdcpDb *db, const char *table) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  adcp_db_exec(&trial, "DELETE FROM \"%w\".\"%w\" NOT INDEXED WHERE 1", db->schema, table);
  adcp_db_end_trial(db, &trouble);
}

void adcp_table_drop(AdcpDb *db, const char *name, AdcpTransaction *txn) {
  if( !db->err->rc && takes_long(db) ) {
    drop_indexes(db, name, txn);
    if( !has_constraint_index(db, name) && !db->err->rc ) delete_rows(db, name);
  }
  adcp_db_exec(db, "DROP TABLE \"%w\".\"%w\"", db->schema, name);
}
