/*
** empty_shape.c - what an empty database takes before the first write (contract in empty_shape.h).
**
** The three PRAGMAs act while they are prepared, and without white space the parser takes them after an
** interrupt too (see state.c).
*/
#include "db/empty_shape.h"

#include <string.h>

#include "base/mem.h"

static AdcpShape read_shape(AdcpDb *db) {
  AdcpShape shape = {"", 0, -1};
  char *encoding = adcp_db_text(db, "PRAGMA encoding");
  if( encoding ) sqlite3_snprintf(sizeof shape.encoding, shape.encoding, "%s", encoding);
  adcp_free(encoding);
  shape.page_size = (int)adcp_db_integer(db, 0, "PRAGMA \"%w\".page_size", db->schema);
  shape.auto_vacuum = (int)adcp_db_integer(db, -1, "PRAGMA \"%w\".auto_vacuum", db->schema);
  return shape;
}

static bool same_shape(const AdcpShape *a, const AdcpShape *b) {
  return strcmp(a->encoding, b->encoding) == 0 && a->page_size == b->page_size &&
         a->auto_vacuum == b->auto_vacuum;
}

/* Takes the text, which is only prepared. */
static int act(sqlite3 *handle, char *sql) {
  sqlite3_stmt *stmt = NULL;
  int rc = sql ? sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return rc;
}

static int set_encoding(AdcpDb *db, const char *encoding) {
  return act(db->handle, sqlite3_mprintf("PRAGMA\"encoding\"=%Q;", encoding));
}

/* Makes the connection read its schemas again. RESET switches the setting off, which shows whether it
** had an effect. */
static void forget_schemas(AdcpDb *db) {
  int before = 0, now = 1;
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, -1, &before);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
  int rc = act(db->handle, sqlite3_mprintf("PRAGMA\"writable_schema\"=RESET;"));
  if( rc != SQLITE_OK ) adcp_db_fail(db, rc);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, -1, &now);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, before, NULL);
  if( now ) {
    adcp_error_set(db->err, ADCP_AUTH,
                   "PRAGMA writable_schema = RESET had no effect; " ADCP_IGNORES);
  }
}

/* Whether that is the encoding, once the schemas are read. What SQLite objects to (another encoding in
** the header of the file, or of an attached one) means that it is not. */
static bool has_encoding(AdcpDb *db, const char *encoding) {
  AdcpError objection = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &objection};
  char *now = adcp_db_text(&trial, "PRAGMA encoding");
  bool same = now && strcmp(now, encoding) == 0;
  adcp_free(now);
  if( objection.rc == ADCP_ERROR || objection.rc == ADCP_LOCKED ) adcp_error_clear(&objection);
  adcp_error_move(db->err, &objection);
  return same;
}

/* Tried twice, as an authorizer may refuse once. */
static void return_encoding(AdcpDb *db, const char *before) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb quiet = {db->handle, db->schema, &trouble};
  for( int tries = 0; tries < 2; tries++ ) {
    adcp_error_clear(&trouble);
    int rc = set_encoding(db, before);
    if( rc != SQLITE_OK ) adcp_db_fail(&quiet, rc);
    if( has_encoding(&quiet, before) ) break;
    adcp_error_set(&trouble, ADCP_AUTH, "PRAGMA encoding had no effect; " ADCP_IGNORES);
    if( tries == 0 ) continue;
    adcp_error_move(db->err, &trouble);
    adcp_error_append(
        db->err,
        "; PRAGMA encoding could not be set to %s again: open the database anew before you "
        "write to it",
        before);
  }
  adcp_error_clear(&trouble);
}

/* A file whose tables were dropped keeps its encoding, and so do files that are attached; SQLite takes
** another one nevertheless, and cannot read their schemas any more afterwards. So these are read anew
** before anything is written. They are empty: where any schema of the connection has an object, SQLite
** does not take an encoding, and no statement that runs can refer to one. */
static void give_encoding(AdcpDb *db, const char *encoding, const char *before) {
  if( strcmp(encoding, before) == 0 || sqlite3_stricmp(db->schema, "main") != 0 ) return;
  adcp_db_exec(db, "PRAGMA encoding = %Q", encoding);
  if( !db->err->rc && has_encoding(db, encoding) ) forget_schemas(db);
  if( db->err->rc || !has_encoding(db, encoding) ) return_encoding(db, before);
}

static void give(AdcpDb *db, const AdcpShape *wanted, const AdcpShape *before) {
  if( wanted->encoding[0] ) give_encoding(db, wanted->encoding, before->encoding);
  if( adcp_db_integer(db, 1, "PRAGMA \"%w\".page_count", db->schema) != 0 ) return;
  if( wanted->page_size ) {
    adcp_db_exec(db, "PRAGMA \"%w\".page_size = %d", db->schema, wanted->page_size);
  }
  if( wanted->auto_vacuum < 0 ) return;
  /* Stepped, it would commit a page. */
  adcp_db_finalize(
      adcp_db_prepare(db, "PRAGMA \"%w\".auto_vacuum = %d", db->schema, wanted->auto_vacuum));
}

static bool is_empty(AdcpDb *db) {
  return sqlite3_get_autocommit(db->handle) &&
         !adcp_db_integer(db, 1, "SELECT EXISTS (SELECT 1 FROM \"%w\".sqlite_schema)", db->schema);
}

void adcp_empty_shape_take(AdcpEmptyShape *empty, AdcpDb *db, const AdcpShape *wanted) {
  if( !is_empty(db) ) return;
  empty->before = read_shape(db);
  if( db->err->rc ) return;
  give(db, wanted, &empty->before);
  AdcpShape now = read_shape(db);
  empty->taken = !same_shape(&now, &empty->before); /* also where it cannot be told */
}

bool adcp_empty_shape_put_back(const AdcpEmptyShape *empty, AdcpDb *db) {
  if( !empty->taken || !sqlite3_get_autocommit(db->handle) ) return true;
  const AdcpShape *before = &empty->before;
  set_encoding(db, before->encoding);
  act(db->handle, sqlite3_mprintf("PRAGMA\"%w\".\"page_size\"=%d;", db->schema, before->page_size));
  act(db->handle,
      sqlite3_mprintf("PRAGMA\"%w\".\"auto_vacuum\"=%d;", db->schema, before->auto_vacuum));
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  AdcpShape now = read_shape(&trial);
  adcp_error_clear(&trouble);
  return same_shape(&now, before);
}

bool adcp_empty_shape_try_encoding(AdcpDb *db, const char *encoding) {
  char *before = adcp_db_text(db, "PRAGMA encoding");
  bool has = before && strcmp(before, encoding) == 0;
  if( before && !has && encoding[0] && is_empty(db) ) {
    give_encoding(db, encoding, before);
    has = !db->err->rc && has_encoding(db, encoding);
    return_encoding(db, before);
  }
  adcp_free(before);
  return has;
}
