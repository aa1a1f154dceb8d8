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

static void give(AdcpDb *db, const AdcpShape *wanted) {
  if( wanted->encoding[0] && strcmp(db->schema, "main") == 0 ) {
    adcp_db_exec(db, "PRAGMA encoding = %Q", wanted->encoding);
  }
  if( adcp_db_integer(db, 1, "PRAGMA \"%w\".page_count", db->schema) != 0 ) return;
  if( wanted->page_size ) {
    adcp_db_exec(db, "PRAGMA \"%w\".page_size = %d", db->schema, wanted->page_size);
  }
  if( wanted->auto_vacuum < 0 ) return;
  /* Stepped, it would commit a page. */
  adcp_db_finalize(
      adcp_db_prepare(db, "PRAGMA \"%w\".auto_vacuum = %d", db->schema, wanted->auto_vacuum));
}

void adcp_empty_shape_take(AdcpEmptyShape *empty, AdcpDb *db, const AdcpShape *wanted) {
  if( !sqlite3_get_autocommit(db->handle) ) return;
  if( adcp_db_integer(db, 1, "SELECT EXISTS (SELECT 1 FROM \"%w\".sqlite_schema)", db->schema) ) {
    return;
  }
  empty->before = read_shape(db);
  if( db->err->rc ) return;
  give(db, wanted);
  AdcpShape now = read_shape(db);
  empty->taken = !same_shape(&now, &empty->before); /* also where it cannot be told */
}

/* Takes the text, which is only prepared. */
static void act(sqlite3 *handle, char *sql) {
  sqlite3_stmt *stmt = NULL;
  if( sql ) sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
}

bool adcp_empty_shape_put_back(const AdcpEmptyShape *empty, AdcpDb *db) {
  if( !empty->taken || !sqlite3_get_autocommit(db->handle) ) return true;
  const AdcpShape *before = &empty->before;
  act(db->handle, sqlite3_mprintf("PRAGMA\"encoding\"=%Q;", before->encoding));
  act(db->handle, sqlite3_mprintf("PRAGMA\"%w\".\"page_size\"=%d;", db->schema, before->page_size));
  act(db->handle,
      sqlite3_mprintf("PRAGMA\"%w\".\"auto_vacuum\"=%d;", db->schema, before->auto_vacuum));
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  AdcpShape now = read_shape(&trial);
  adcp_error_clear(&trouble);
  return same_shape(&now, before);
}
