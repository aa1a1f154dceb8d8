/*
** test_sql_parts.c - a virtual table whose module has tables that SQLite does not know to be its own is
** restored: the module makes them itself, or needs them, and drops them.
*/
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adcp.h"
#include "connection.h"
#include "folder.h"

/* ---- the module: what is in v is what is in table v_shelf ---- */

typedef enum Kind { KEEPER, BORROWER } Kind;

typedef struct Shelf {
  sqlite3_vtab base;
  sqlite3 *db;
  Kind kind;
  char *schema, *name;
} Shelf;

typedef struct Cursor {
  sqlite3_vtab_cursor base;
  sqlite3_stmt *stmt;
  bool has_row;
} Cursor;

static int xConnect(sqlite3 *db, void *kind, int argc, const char *const *argv, sqlite3_vtab **vtab,
                    char **text) {
  (void)argc;
  (void)text;
  Shelf *shelf = sqlite3_malloc(sizeof *shelf);
  memset(shelf, 0, sizeof *shelf);
  shelf->db = db;
  shelf->kind = *(Kind *)kind;
  shelf->schema = sqlite3_mprintf("%s", argv[1]);
  shelf->name = sqlite3_mprintf("%s", argv[2]);
  *vtab = &shelf->base;
  return sqlite3_declare_vtab(db, "CREATE TABLE x(v)");
}

static int run(Shelf *shelf, const char *format, char **text) {
  char *sql = sqlite3_mprintf(format, shelf->schema, shelf->name, shelf->name);
  int status = sqlite3_exec(shelf->db, sql, NULL, NULL, text);
  sqlite3_free(sql);
  return status;
}

static int xDisconnect(sqlite3_vtab *vtab) {
  Shelf *shelf = (Shelf *)vtab;
  sqlite3_free(shelf->schema);
  sqlite3_free(shelf->name);
  sqlite3_free(shelf);
  return SQLITE_OK;
}

/* A KEEPER's table is its own, with an index and a row to begin with; a BORROWER's is the application's. */
static int xCreate(sqlite3 *db, void *kind, int argc, const char *const *argv, sqlite3_vtab **vtab,
                   char **text) {
  static const char *const makes[] = {
      "CREATE TABLE \"%w\".\"%w_shelf\"(k INTEGER PRIMARY KEY AUTOINCREMENT, v)",
      "CREATE INDEX \"%w\".\"%w_shelf_v\" ON \"%w_shelf\"(v)",
      "INSERT INTO \"%w\".\"%w_shelf\"(v) VALUES('first')"};
  int status = xConnect(db, kind, argc, argv, vtab, text);
  if( *(Kind *)kind == BORROWER ) {
    if( status == SQLITE_OK )
      status = run((Shelf *)*vtab, "SELECT v FROM \"%w\".\"%w_shelf\"", text);
  } else {
    for( size_t i = 0; i < sizeof makes / sizeof *makes && status == SQLITE_OK; i++ ) {
      status = run((Shelf *)*vtab, makes[i], text);
    }
  }
  if( status != SQLITE_OK ) {
    xDisconnect(*vtab);
    *vtab = NULL;
  }
  return status;
}

static int xDestroy(sqlite3_vtab *vtab) {
  Shelf *shelf = (Shelf *)vtab;
  int status =
      shelf->kind == KEEPER ? run(shelf, "DROP TABLE \"%w\".\"%w_shelf\"", NULL) : SQLITE_OK;
  return status == SQLITE_OK ? xDisconnect(vtab) : status;
}

static int xBestIndex(sqlite3_vtab *vtab, sqlite3_index_info *info) {
  (void)vtab;
  info->estimatedCost = 1000;
  return SQLITE_OK;
}

static int xOpen(sqlite3_vtab *vtab, sqlite3_vtab_cursor **cursor) {
  (void)vtab;
  Cursor *made = sqlite3_malloc(sizeof *made);
  memset(made, 0, sizeof *made);
  *cursor = &made->base;
  return SQLITE_OK;
}

static int xClose(sqlite3_vtab_cursor *cursor) {
  sqlite3_finalize(((Cursor *)cursor)->stmt);
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static int xNext(sqlite3_vtab_cursor *base) {
  Cursor *cursor = (Cursor *)base;
  int status = sqlite3_step(cursor->stmt);
  cursor->has_row = status == SQLITE_ROW;
  return cursor->has_row || status == SQLITE_DONE ? SQLITE_OK : status;
}

static int xFilter(sqlite3_vtab_cursor *base, int plan, const char *text, int argc,
                   sqlite3_value **argv) {
  (void)plan;
  (void)text;
  (void)argc;
  (void)argv;
  Cursor *cursor = (Cursor *)base;
  Shelf *shelf = (Shelf *)base->pVtab;
  char *sql = sqlite3_mprintf("SELECT rowid, v FROM \"%w\".\"%w_shelf\" ORDER BY rowid",
                              shelf->schema, shelf->name);
  sqlite3_finalize(cursor->stmt);
  int status = sqlite3_prepare_v2(shelf->db, sql, -1, &cursor->stmt, NULL);
  sqlite3_free(sql);
  return status == SQLITE_OK ? xNext(base) : status;
}

static int xEof(sqlite3_vtab_cursor *cursor) {
  return !((Cursor *)cursor)->has_row;
}

static int xColumn(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column) {
  sqlite3_result_value(context, sqlite3_column_value(((Cursor *)cursor)->stmt, column + 1));
  return SQLITE_OK;
}

static int xRowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid) {
  *rowid = sqlite3_column_int64(((Cursor *)cursor)->stmt, 0);
  return SQLITE_OK;
}

static const sqlite3_module shelf_module = {
    .iVersion = 2, /* no xShadowName */
    .xCreate = xCreate,
    .xConnect = xConnect,
    .xBestIndex = xBestIndex,
    .xDisconnect = xDisconnect,
    .xDestroy = xDestroy,
    .xOpen = xOpen,
    .xClose = xClose,
    .xFilter = xFilter,
    .xNext = xNext,
    .xEof = xEof,
    .xColumn = xColumn,
    .xRowid = xRowid,
};

/* ---- restores ---- */

static sqlite3 *open_loaded(const char *path) {
  static Kind keeper = KEEPER, borrower = BORROWER;
  sqlite3 *db = open_database(path);
  CHECK(sqlite3_adcp_init(db, NULL, NULL) == SQLITE_OK);
  sqlite3_create_module(db, "keeper", &shelf_module, &keeper);
  sqlite3_create_module(db, "borrower", &shelf_module, &borrower);
  return db;
}

/* The SQL has %s where the path of the backup goes. */
static sqlite3_int64 ask(sqlite3 *db, const char *format) {
  char *sql = sqlite3_mprintf(format, at("b.json"));
  sqlite3_stmt *stmt = NULL;
  sqlite3_int64 value = -1;
  int status = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if( status == SQLITE_OK && (status = sqlite3_step(stmt)) == SQLITE_ROW ) {
    value = sqlite3_column_int64(stmt, 0);
  }
  CHECK_CASE(status == SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(db));
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return value;
}

/* All of the backup is there, and works. */
static void check_there(sqlite3 *db) {
  CHECK(ask(db, "SELECT group_concat(v) = 'first,second,third' FROM v") == 1);
  CHECK(ask(db, "SELECT group_concat(v) = 'lent' FROM w") == 1);
  CHECK(ask(db, "SELECT count(*) FROM pragma_index_list('v_shelf')") == 1);
  CHECK(ask(db, "SELECT seq FROM sqlite_sequence WHERE name = 'v_shelf'") == 3);
  CHECK(ask(db, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%%_shelf%%'") == 3);
  CHECK(ask(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
}

#define ALLOW "\"modules\":[\"keeper\",\"borrower\"]"

static void make_backup(void) {
  sqlite3 *db = open_loaded(at("a.db"));
  must(db,
       "CREATE VIRTUAL TABLE v USING keeper; INSERT INTO v_shelf(v) VALUES('second'), ('third');"
       "CREATE TABLE w_shelf(v); INSERT INTO w_shelf VALUES('lent');"
       "CREATE VIRTUAL TABLE w USING borrower; CREATE TABLE t(a); INSERT INTO t VALUES(1);");
  check_there(db);
  ask(db, "SELECT adcp_backup(%Q)");
  CHECK(ask(db, "SELECT adcp_validate(%Q) ->> 'valid'") == 1);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

static void test_empty(void) {
  sqlite3 *db = open_loaded(":memory:");
  CHECK(ask(db, "SELECT adcp_restore(%Q, '{" ALLOW "}') ->> 'verified'") == 1);
  check_there(db);
  must(db, "DROP TABLE v");
  CHECK(ask(db, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'v_shelf%%'") == 0);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

/* Over another state of the same database, and back. */
static void test_replaced(void) {
  sqlite3 *db = open_loaded(at("a.db"));
  must(db,
       "DELETE FROM v_shelf; INSERT INTO v_shelf(v) VALUES('other'); UPDATE t SET a = 2; VACUUM");
  ask(db, "SELECT adcp_config('backup_dir', %Q || '_kept') IS NULL");
  CHECK(ask(db, "SELECT adcp_restore(%Q, '{" ALLOW ",\"force\":true}') ->> 'verified'") == 1);
  check_there(db);
  CHECK(ask(db, "SELECT adcp_undo('{" ALLOW "}') ->> 'verified'") == 1);
  CHECK(ask(db, "SELECT group_concat(v) = 'other' FROM v") == 1);
  CHECK(ask(db, "SELECT adcp_restore(%Q, '{" ALLOW ",\"force\":true}') ->> 'verified'") == 1);
  check_there(db);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

/* Of what a refused attempt left nothing is there. */
static void test_in_transaction(void) {
  sqlite3 *db = open_loaded(":memory:");
  must(db, "BEGIN; CREATE TABLE mine(a)");
  CHECK(ask(db, "SELECT adcp_restore(%Q, '{" ALLOW
                ",\"tables\":[\"v\",\"w\",\"v_shelf\",\"w_shelf\"]}') ->> "
                "'verified'") == 1);
  must(db, "COMMIT");
  check_there(db);
  CHECK(ask(db, "SELECT count(*) FROM mine") == 0);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

/* Nothing but its name tells that a table is a part: whoever leaves it, or calls it otherwise, hears of it. */
static void test_warned(void) {
  sqlite3 *db = open_loaded(":memory:");
  CHECK(ask(db,
            "SELECT warnings LIKE '%%module \"keeper\" may keep a part of \"v\" in table "
            "\"v_shelf\" of the "
            "backup, which is not restored as \"v_shelf\"%%' FROM (SELECT adcp_restore(%Q, '{" ALLOW
            ",\"tables\":[\"v\"]}') ->> '$.warnings[0]' AS warnings)") == 1);
  CHECK(ask(db,
            "SELECT warnings LIKE '%%not restored as \"x_shelf\"%%' FROM (SELECT "
            "adcp_restore(%Q, '{" ALLOW
            ",\"force\":true,\"rename\":{\"v\":\"x\"}}') ->> '$.warnings[0]' AS warnings)") == 1);
  CHECK(ask(db, "SELECT adcp_restore(%Q, '{" ALLOW
                ",\"force\":true,\"rename\":{\"v\":\"x\",\"v_shelf\":"
                "\"x_shelf\"}}') ->> 'warnings' = '[]'") == 1);
  CHECK(ask(db, "SELECT group_concat(v) = 'first,second,third' FROM x") == 1);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

int main(void) {
  unsetenv("ADCP_CONFIG");
  CHECK(folder_make());
  make_backup();
  test_empty();
  test_replaced();
  test_in_transaction();
  test_warned();
  char *remove = sqlite3_mprintf("rm -r '%q'", folder);
  CHECK(system(remove) == 0);
  sqlite3_free(remove);
  return unit_done();
}
