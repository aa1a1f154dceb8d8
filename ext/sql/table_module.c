/*
** table_module.c - a table of a backup as a virtual table (contract in table_module.h).
**
** What a constraint says of the rowid, or of the first column of a WITHOUT ROWID table's key,
** chooses the block that reading begins at and the row that it ends with. SQLite looks at every row
** again, so that is done only where our order is surely the one that SQLite compares by.
*/
#include "sql/table_module.h"

#include <string.h>

#include "archive/json_parts.h"
#include "base/mem.h"
#include "codec/number.h"
#include "db/affinity.h"
#include "db/token.h"
#include "ops/backup_dir.h"
#include "ops/backup_table.h"
#include "ops/row_order.h"
#include "platform/work_queue.h"
#include "sql/call.h"
#include "sql/key_range.h"
#include "sql/range.h"
#include "sql/result.h"
#include "sql/table_origin.h"

typedef struct Module {
  AdcpConfig *config;        /* a reference */
  AdcpTableOrigins *origins; /* owned */
} Module;

typedef struct TableVtab {
  sqlite3_vtab base; /* must be first */
  AdcpDb db;
  Module *module;          /* borrowed */
  AdcpError err;           /* of connecting, and of comparing */
  char *own_name;          /* in temp */
  char *argument, *name;   /* the path as it was given, the backup's table */
  AdcpTableOrigin origin;  /* path NULL: it is not known what the table was created of */
  AdcpBackupTable *backup; /* open, so that the descriptions live; NULL: vtab->err says why */
  const AdcpTable *table;
  AdcpRowOrder *order; /* WITHOUT ROWID; NULL where it is not known */
  size_t *places;      /* by column of the virtual table: of the value in a row */
  int column_count;
  int key_column; /* the rowid's, or the first of the key; -1 without */
} TableVtab;

typedef struct TableCursor {
  sqlite3_vtab_cursor base; /* must be first */
  AdcpError err;
  AdcpBackupTable *backup; /* opened by the first scan */
  const AdcpValue *row;    /* NULL at the end */
  AdcpRange rowids;
  AdcpKeyRange keys; /* of the key's first column */
} TableCursor;

/* ---- connecting ---- */

static const AdcpRoot *root_of(const TableVtab *vtab) {
  return adcp_config_root(vtab->module->config);
}

static void close_content(TableVtab *vtab) {
  adcp_row_order_close(vtab->order);
  adcp_backup_table_close(vtab->backup);
  adcp_free(vtab->places);
  vtab->order = NULL;
  vtab->backup = NULL;
  vtab->table = NULL;
  vtab->places = NULL;
  vtab->column_count = 0;
}

static void disconnect(TableVtab *vtab) {
  close_content(vtab);
  adcp_table_origin_clear(&vtab->origin);
  adcp_error_clear(&vtab->err);
  adcp_free(vtab->own_name);
  adcp_free(vtab->argument);
  adcp_free(vtab->name);
  adcp_free(vtab);
}

/* An argument as it was written: quoted in any of SQL's ways, or bare. */
static char *take_argument(const char *text, AdcpError *err) {
  size_t size;
  AdcpTokenType type = adcp_token_next(text, strlen(text), &size);
  if( type == ADCP_TOKEN_QUOTED && text[size] == 0 ) return adcp_token_dequote(text, size, err);
  char *copy = adcp_strdup(text);
  if( copy == NULL ) adcp_error_nomem(err);
  return copy;
}

static void read_arguments(TableVtab *vtab, int argc, const char *const *argv) {
  AdcpError *err = &vtab->err;
  if( argc != 5 ) {
    adcp_error_set(err, ADCP_MISUSE,
                   "give a path and a table: CREATE VIRTUAL TABLE temp.%s USING "
                   "adcp_table('app.json.gz', product)",
                   argv[2]);
    return;
  }
  if( sqlite3_stricmp(argv[1], "temp") != 0 ) {
    adcp_error_set(err, ADCP_AUTH,
                   "a database does not name files: create it as temp.%s, for this connection",
                   argv[2]);
    return;
  }
  vtab->own_name = adcp_strdup(argv[2]);
  if( vtab->own_name == NULL ) adcp_error_nomem(err);
  vtab->argument = take_argument(argv[3], err);
  vtab->name = take_argument(argv[4], err);
}

static AdcpTableKey key_of(const TableVtab *vtab) {
  return (AdcpTableKey){vtab->own_name, vtab->argument, vtab->name};
}

/* Appends a column's declared type, quoted: SQLite takes any text for one then, and keeps it without
** the quotes. A type with the word "hidden" would hide the column of a virtual table; another one
** with the same affinity stands in its place. */
static void append_type(sqlite3_str *sql, const char *type) {
  if( sqlite3_strlike("%hidden%", type, 0) == 0 ) type = adcp_affinity_name(adcp_affinity_of(type));
  if( type[0] ) sqlite3_str_appendf(sql, " \"%w\"", type);
}

/* The virtual table's columns: those whose values stand in rows. Owned; NULL on error. */
static char *declaration(const AdcpTable *table, AdcpError *err) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "CREATE TABLE x(");
  bool first = true;
  for( size_t i = 0; i < table->column_count; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    if( !adcp_column_stored(column) ) continue;
    sqlite3_str_appendf(sql, "%s\"%w\"", first ? "" : ", ", column->name);
    append_type(sql, column->decl_type);
    first = false;
  }
  sqlite3_str_appendall(sql, table->strict ? ") STRICT" : ")"); /* ANY has no affinity there */
  char *text = sqlite3_str_finish(sql);
  char *copy = text ? adcp_strdup(text) : NULL;
  if( copy == NULL ) adcp_error_nomem(err);
  sqlite3_free(text);
  return copy;
}

static void place_columns(TableVtab *vtab) {
  const AdcpTable *table = vtab->table;
  vtab->places = adcp_calloc(table->column_count + 1, sizeof *vtab->places);
  if( vtab->places == NULL ) adcp_error_nomem(&vtab->err);
  vtab->key_column = -1;
  for( size_t i = 0; i < table->column_count && vtab->places; i++ ) {
    if( !adcp_column_stored(&table->columns[i]) ) continue;
    size_t place = adcp_table_value_place(table, i);
    bool is_key = (int)i == table->rowid_column ||
                  (vtab->order && adcp_row_order_key_place(vtab->order, 0) == place);
    if( is_key ) vtab->key_column = vtab->column_count;
    vtab->places[vtab->column_count++] = place;
  }
}

static bool has_identity(const AdcpTableOrigin *origin, const AdcpBackupTable *backup) {
  AdcpTableOrigin now;
  adcp_table_origin_identify(&now, adcp_backup_table_head(backup));
  return strcmp(now.identity, origin->identity) == 0;
}

static void fail_replaced(const AdcpTableOrigin *origin, AdcpError *err) {
  adcp_error_set(err, ADCP_ERROR,
                 "%s was replaced by another backup; drop the table and create it again",
                 origin->path);
}

/* The backup that the table was created of, or an error. A file says itself what its digest is: SQLite was
** told the columns, and those have to be the file's. */
static void check_connected(TableVtab *vtab) {
  char *columns = declaration(vtab->table, &vtab->err);
  bool same = columns && has_identity(&vtab->origin, vtab->backup) &&
              strcmp(columns, vtab->origin.columns) == 0;
  if( !same && !vtab->err.rc ) fail_replaced(&vtab->origin, &vtab->err);
  adcp_free(columns);
}

/* Opens the file at the origin's path; at the table's creation it decides what the content is. */
typedef enum Moment { CREATION, CONNECTION } Moment;
static void open_content(TableVtab *vtab, Moment moment, sqlite3 *interruptible) {
  if( moment == CONNECTION && vtab->origin.is_copy ) {
    adcp_error_set(
        &vtab->err, ADCP_ERROR,
        "what came through the pipe %s is gone since SQLite connected the table anew, as "
        "after VACUUM; drop the table and create it of a file",
        vtab->origin.path);
  }
  if( vtab->err.rc ) return;
  AdcpBackupTableCall call = {.root = root_of(vtab),
                              .path = vtab->origin.path,
                              .name = vtab->name,
                              .handle = interruptible};
  vtab->backup = adcp_backup_table_open(&call, &vtab->err);
  if( vtab->backup == NULL ) return;
  const AdcpArchiveHead *head = adcp_backup_table_head(vtab->backup);
  vtab->table = adcp_backup_table_entry(vtab->backup)->table;
  if( moment == CREATION ) {
    adcp_table_origin_identify(&vtab->origin, head);
    vtab->origin.is_copy = adcp_backup_table_is_copy(vtab->backup);
    vtab->origin.columns = declaration(vtab->table, &vtab->err);
  } else {
    check_connected(vtab);
  }
  if( vtab->table->without_rowid && !vtab->err.rc ) {
    vtab->order = adcp_row_order_of_backup(&vtab->db, head, vtab->table);
  }
  if( !vtab->err.rc ) place_columns(vtab);
  if( vtab->err.rc ) close_content(vtab);
}

/* NULL when there is no memory; otherwise vtab->err tells whether the arguments are good. */
static TableVtab *open_vtab(sqlite3 *db, Module *module, int argc, const char *const *argv) {
  TableVtab *vtab = adcp_calloc(1, sizeof *vtab);
  if( vtab == NULL ) return NULL;
  vtab->db = (AdcpDb){db, "main", &vtab->err};
  vtab->module = module;
  read_arguments(vtab, argc, argv);
  return vtab;
}

static int declare(const TableVtab *vtab) {
  sqlite3 *db = vtab->db.handle;
  const char *columns = vtab->origin.columns;
  int rc = sqlite3_declare_vtab(db, columns ? columns : "CREATE TABLE x(unreadable)");
  return rc == SQLITE_OK ? sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY) : rc;
}

static void remember(TableVtab *vtab, const char *name) {
  AdcpTableKey key = key_of(vtab);
  key.name = name;
  bool in_transaction = sqlite3_get_autocommit(vtab->db.handle) == 0;
  adcp_table_origins_put(vtab->module->origins, &key, &vtab->origin, in_transaction, &vtab->err);
}

static int xCreate(sqlite3 *db, void *aux, int argc, const char *const *argv,
                   sqlite3_vtab **vtab_out, char **message) {
  Module *module = aux;
  TableVtab *vtab = open_vtab(db, module, argc, argv);
  if( vtab == NULL ) return SQLITE_NOMEM;
  if( !vtab->err.rc ) {
    vtab->origin.path = adcp_backup_dir_find(module->config, &vtab->db, vtab->argument);
  }
  open_content(vtab, CREATION, db);
  int rc = vtab->err.rc ? SQLITE_OK : declare(vtab);
  if( rc != SQLITE_OK ) adcp_db_fail(&vtab->db, rc);
  if( !vtab->err.rc ) remember(vtab, vtab->own_name);
  if( vtab->err.rc == ADCP_OK ) {
    *vtab_out = &vtab->base;
    return SQLITE_OK;
  }
  rc = adcp_result_code(db, vtab->err.rc);
  *message = adcp_call_message(vtab->db.handle, "adcp_table", &vtab->err);
  disconnect(vtab);
  return rc;
}

/* Who names a column gets the error, too, and not that there is no such column. */
static void fail_doubtful(TableVtab *vtab, const AdcpTableKey *key) {
  const char *columns = adcp_table_origins_columns(vtab->module->origins, key);
  vtab->origin.columns = columns ? adcp_strdup(columns) : NULL;
  if( columns && vtab->origin.columns == NULL ) adcp_error_nomem(&vtab->err);
  adcp_error_set(
      &vtab->err, ADCP_ERROR,
      "two tables of different backups were created as %s, one within a transaction, which "
      "leaves it open which backup the table is of; drop the table and create it again",
      key->name);
}

static void recall(TableVtab *vtab) {
  if( vtab->err.rc ) return;
  AdcpTableKey key = key_of(vtab);
  const AdcpTableOrigin *origin = adcp_table_origins_get(vtab->module->origins, &key);
  if( origin ) {
    adcp_table_origin_copy(&vtab->origin, origin, &vtab->err);
  } else {
    fail_doubtful(vtab, &key);
  }
}

/* A table whose file has gone since it was created is connected all the same, or else it could not
** be dropped; who reads it gets the error. */
static int xConnect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                    sqlite3_vtab **vtab_out, char **message) {
  (void)message;
  TableVtab *vtab = open_vtab(db, aux, argc, argv);
  if( vtab == NULL ) return SQLITE_NOMEM;
  recall(vtab);
  open_content(vtab, CONNECTION, NULL); /* perhaps no statement runs */
  int rc = vtab->err.rc == ADCP_NOMEM ? SQLITE_NOMEM : declare(vtab);
  if( rc == SQLITE_OK ) {
    *vtab_out = &vtab->base;
  } else {
    disconnect(vtab);
  }
  return rc;
}

static int xDisconnect(sqlite3_vtab *base) {
  disconnect((TableVtab *)base);
  return SQLITE_OK;
}

/* A transaction may bring the table back. */
static int xDestroy(sqlite3_vtab *base) {
  TableVtab *vtab = (TableVtab *)base;
  if( sqlite3_get_autocommit(vtab->db.handle) && vtab->own_name ) {
    adcp_table_origins_remove(vtab->module->origins, vtab->own_name);
  }
  return xDisconnect(base);
}

/* The old name stays known, too: a transaction may bring it back. */
static int xRename(sqlite3_vtab *base, const char *name) {
  TableVtab *vtab = (TableVtab *)base;
  if( vtab->origin.path == NULL ) return SQLITE_OK;
  AdcpError held = vtab->err;
  vtab->err = (AdcpError)ADCP_ERROR_INIT;
  remember(vtab, name);
  int rc = vtab->err.rc ? SQLITE_NOMEM : SQLITE_OK;
  adcp_error_clear(&vtab->err);
  vtab->err = held;
  return rc;
}

/* ---- planning ---- */

/* True when a limit on the key's first column, compared by this collation, is one in the key's order. By
** BINARY alone: where the rows were sorted NOCASE may have been another function, the application's, or is
** one here. A database of another encoding sorts otherwise. */
static bool fits_collation(TableVtab *vtab, const char *collation) {
  if( vtab->order == NULL ) return true;
  if( sqlite3_stricmp(collation, "BINARY") != 0 ) return false;
  if( !adcp_row_order_has_encoding(vtab->order, adcp_db_encoding(&vtab->db)) ) return false;
  return adcp_row_order_first_is_binary(vtab->order);
}

/* False with an error: the file may have come back since the table was connected. */
static bool has_content(TableVtab *vtab) {
  if( vtab->backup ) return true;
  if( vtab->origin.path ) {
    adcp_error_clear(&vtab->err);
    open_content(vtab, CONNECTION, NULL);
  }
  if( vtab->backup ) return true;
  sqlite3_free(vtab->base.zErrMsg);
  vtab->base.zErrMsg = adcp_call_message(vtab->db.handle, "adcp_table", &vtab->err);
  return false;
}

/* A text that stands in the statement has no affinity: what is cast to a number is none. Values of IN
** come together where the key has an order of its own: SQLite, given one after the other, would take
** each for one without affinity. */
static char kind_of(const TableVtab *vtab, sqlite3_index_info *info, int i) {
  sqlite3_value *value = NULL;
  if( vtab->order && sqlite3_vtab_in(info, i, 1) ) return ADCP_LIMIT_LIST;
  int rc = sqlite3_vtab_rhs_value(info, i, &value);
  bool is_text = rc == SQLITE_OK && value && sqlite3_value_type(value) == SQLITE_TEXT;
  return is_text ? ADCP_LIMIT_LITERAL : ADCP_LIMIT_COMPUTED;
}

/* idxStr has the limits that come to xFilter, two letters each. */
static int xBestIndex(sqlite3_vtab *base, sqlite3_index_info *info) {
  TableVtab *vtab = (TableVtab *)base;
  if( !has_content(vtab) ) return vtab->err.rc == ADCP_NOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
  bool by_rowid = adcp_table_rowid_place(vtab->table) >= 0;
  double rows = (double)adcp_backup_table_entry(vtab->backup)->rows + 1;
  sqlite3_str *limits = sqlite3_str_new(NULL);
  int position = 0;
  for( int i = 0; i < info->nConstraint; i++ ) {
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
    char limit = adcp_range_limit(constraint->op);
    bool on_key = (by_rowid && constraint->iColumn == -1) ||
                  (vtab->key_column >= 0 && constraint->iColumn == vtab->key_column);
    if( !constraint->usable || !limit || !on_key ) continue;
    if( !fits_collation(vtab, sqlite3_vtab_collation(info, i)) ) continue;
    info->aConstraintUsage[i].argvIndex = ++position;
    sqlite3_str_appendchar(limits, 1, limit);
    sqlite3_str_appendchar(limits, 1, kind_of(vtab, info, i));
    rows = limit == '=' ? (by_rowid ? 1 : rows / 100 + 1) : rows / 4 + 1;
  }
  info->estimatedRows = (sqlite3_int64)rows;
  info->estimatedCost = 2000 + rows; /* a block is inflated and half of it read, at least */
  int rc = sqlite3_str_errcode(limits);
  info->idxStr = sqlite3_str_finish(limits);
  info->needToFreeIdxStr = 1;
  return rc;
}

/* ---- scanning ---- */

static int xOpen(sqlite3_vtab *base, sqlite3_vtab_cursor **cursor_out) {
  (void)base;
  TableCursor *cursor = adcp_calloc(1, sizeof *cursor);
  if( cursor == NULL ) return SQLITE_NOMEM;
  *cursor_out = &cursor->base;
  return SQLITE_OK;
}

static int xClose(sqlite3_vtab_cursor *base) {
  TableCursor *cursor = (TableCursor *)base;
  adcp_key_range_clear(&cursor->keys);
  adcp_backup_table_close(cursor->backup);
  adcp_error_clear(&cursor->err);
  adcp_free(cursor);
  return SQLITE_OK;
}

static int report(TableCursor *cursor) {
  TableVtab *vtab = (TableVtab *)cursor->base.pVtab;
  adcp_error_move(&cursor->err, &vtab->err);
  if( cursor->err.rc == ADCP_OK ) return SQLITE_OK;
  int rc = adcp_result_code(vtab->db.handle, cursor->err.rc);
  sqlite3_free(vtab->base.zErrMsg);
  vtab->base.zErrMsg = adcp_call_message(vtab->db.handle, "adcp_table", &cursor->err);
  adcp_error_clear(&cursor->err);
  cursor->row = NULL;
  return vtab->base.zErrMsg ? rc : SQLITE_NOMEM;
}

/* The file may have got another content since the table was created. Values are taken by the description that
** the table was connected with. */
static void open_backup(TableCursor *cursor, const TableVtab *vtab, int threads) {
  if( cursor->backup ) return;
  AdcpBackupTableCall call = {.root = root_of(vtab),
                              .path = vtab->origin.path,
                              .name = vtab->name,
                              .threads = threads,
                              .first = vtab->backup,
                              .handle = vtab->db.handle};
  cursor->backup = adcp_backup_table_open(&call, &cursor->err);
  if( cursor->backup == NULL ) return;
  const AdcpTable *table = adcp_backup_table_entry(cursor->backup)->table;
  bool same =
      has_identity(&vtab->origin, cursor->backup) && adcp_table_rows_alike(table, vtab->table);
  if( !same ) fail_replaced(&vtab->origin, &cursor->err);
}

/* Below 0 when a stands in front of b in the file. */
static int compare_first(const TableVtab *vtab, const AdcpValue *a, const AdcpValue *b) {
  int order = adcp_row_order_compare_first(vtab->order, a, b);
  return adcp_row_order_first_descends(vtab->order) ? -order : order;
}

/* True when the key of a mark (a JSON array) surely stands in front of what is wanted. */
static bool is_mark_before(void *context, const char *key) {
  const TableCursor *cursor = context;
  const TableVtab *vtab = (const TableVtab *)cursor->base.pVtab;
  AdcpError err = ADCP_ERROR_INIT;
  AdcpMemoryText memory = {(const uint8_t *)key, strlen(key)};
  AdcpJsonReader *json = adcp_json_reader_open(adcp_memory_input(&memory), &err);
  bool before = false;
  if( json && adcp_json_next(json) == ADCP_JSON_BEGIN_ARRAY ) {
    AdcpJsonToken token = adcp_json_next(json);
    AdcpValue value = {.type = ADCP_NULL};
    bool known = token == ADCP_JSON_NULL;
    if( token == ADCP_JSON_STRING ) {
      known = true;
      value.type = ADCP_TEXT;
      value.bytes = (const uint8_t *)adcp_json_text(json, &value.size);
    } else if( token == ADCP_JSON_NUMBER ) {
      size_t n;
      const char *text = adcp_json_text(json, &n);
      AdcpNumber number = adcp_number_parse((const uint8_t *)text, n);
      known = number.kind == ADCP_NUMBER_INTEGER || number.kind == ADCP_NUMBER_REAL;
      value.type = number.kind == ADCP_NUMBER_REAL ? ADCP_REAL : ADCP_INTEGER;
      if( value.type == ADCP_REAL )
        value.real = number.real;
      else
        value.integer = number.integer;
    }
    before =
        known && compare_first(vtab, &value, adcp_key_range_begin(&cursor->keys, vtab->order)) < 0;
  }
  adcp_json_reader_close(json);
  adcp_error_clear(&err);
  return before;
}

static void go_to_begin(TableCursor *cursor, const TableVtab *vtab) {
  if( vtab->order && adcp_key_range_begin(&cursor->keys, vtab->order) ) {
    adcp_backup_table_seek_key(cursor->backup, is_mark_before, cursor);
  } else if( vtab->order || cursor->rowids.low == INT64_MIN ) {
    adcp_backup_table_seek_row(cursor->backup, 1);
  } else {
    adcp_backup_table_seek_rowid(cursor->backup, cursor->rowids.low);
  }
}

/* True when no row behind this one can be wanted. */
static bool is_behind(TableCursor *cursor, const TableVtab *vtab) {
  int64_t rowid;
  if( vtab->order ) {
    const AdcpValue *end = adcp_key_range_end(&cursor->keys, vtab->order);
    return end &&
           compare_first(vtab, &cursor->row[adcp_row_order_key_place(vtab->order, 0)], end) > 0;
  }
  return cursor->rowids.high < INT64_MAX && adcp_backup_table_rowid(cursor->backup, &rowid) &&
         rowid > cursor->rowids.high;
}

static bool is_ahead(TableCursor *cursor) {
  int64_t rowid;
  return cursor->rowids.low > INT64_MIN && adcp_backup_table_rowid(cursor->backup, &rowid) &&
         rowid < cursor->rowids.low;
}

/* True on the last row of a range, behind which nothing is read: what stands there may be damaged. */
static bool is_last(TableCursor *cursor, const TableVtab *vtab) {
  int64_t rowid;
  return cursor->row && !vtab->order && cursor->rowids.high < INT64_MAX &&
         adcp_backup_table_rowid(cursor->backup, &rowid) && rowid == cursor->rowids.high;
}

static int xNext(sqlite3_vtab_cursor *base) {
  TableCursor *cursor = (TableCursor *)base;
  const TableVtab *vtab = (const TableVtab *)base->pVtab;
  if( is_last(cursor, vtab) ) {
    cursor->row = NULL;
    return report(cursor);
  }
  do {
    cursor->row =
        adcp_backup_table_next(cursor->backup) ? adcp_backup_table_values(cursor->backup) : NULL;
  } while( cursor->row && is_ahead(cursor) );
  if( cursor->row && is_behind(cursor, vtab) ) cursor->row = NULL;
  return report(cursor);
}

/* True where one row is wanted, or few. */
static bool take_limits(TableCursor *cursor, const TableVtab *vtab, const char *limits, int argc,
                        sqlite3_value **argv) {
  AdcpKey key = {{vtab->db.handle, "main", &cursor->err}, vtab->order, vtab->table};
  bool is_lookup = false;
  cursor->rowids = ADCP_RANGE_ALL;
  adcp_key_range_clear(&cursor->keys);
  for( int i = 0; i < argc; i++ ) {
    AdcpKeyLimit limit = {limits[2 * i], limits[2 * i + 1], argv[i]};
    is_lookup = is_lookup || (limit.letter == '=' && limit.kind != ADCP_LIMIT_LIST);
    if( vtab->order ) {
      adcp_key_range_narrow(&cursor->keys, &key, &limit);
    } else {
      adcp_range_narrow(&cursor->rowids, limit.letter, limit.value);
    }
  }
  return is_lookup;
}

static int xFilter(sqlite3_vtab_cursor *base, int idx_num, const char *limits, int argc,
                   sqlite3_value **argv) {
  (void)idx_num;
  TableCursor *cursor = (TableCursor *)base;
  TableVtab *vtab = (TableVtab *)base->pVtab;
  cursor->row = NULL;
  bool is_lookup = take_limits(cursor, vtab, limits, argc, argv);
  open_backup(cursor, vtab, is_lookup ? 0 : ADCP_AUTO_THREADS);
  if( cursor->rowids.low > cursor->rowids.high || cursor->err.rc ) return report(cursor);
  go_to_begin(cursor, vtab);
  return cursor->err.rc ? report(cursor) : xNext(base);
}

static int xEof(sqlite3_vtab_cursor *base) {
  return ((TableCursor *)base)->row == NULL;
}

static int xColumn(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
  const TableVtab *vtab = (const TableVtab *)base->pVtab;
  if( column < vtab->column_count ) {
    adcp_result_value(context, &((TableCursor *)base)->row[vtab->places[column]]);
  }
  return SQLITE_OK;
}

/* The row's own rowid, or its number in a table without. */
static int xRowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  TableCursor *cursor = (TableCursor *)base;
  int64_t own;
  bool has_own = adcp_backup_table_rowid(cursor->backup, &own);
  *rowid = has_own ? own : adcp_backup_table_row(cursor->backup);
  return report(cursor);
}

static const sqlite3_module table_module = {
    .iVersion = 0,
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
    .xRename = xRename,
};

static void close_module(void *closed) {
  Module *module = closed;
  adcp_table_origins_close(module->origins);
  adcp_config_release(module->config);
  adcp_free(module);
}

int adcp_table_module_register(sqlite3 *db, AdcpConfig *config) {
  AdcpError err = ADCP_ERROR_INIT;
  Module *module = adcp_calloc(1, sizeof *module);
  if( module ) module->origins = adcp_table_origins_open(&err);
  adcp_error_clear(&err);
  if( module == NULL || module->origins == NULL ) {
    adcp_free(module);
    return SQLITE_NOMEM;
  }
  module->config = adcp_config_retain(config);
  /* On a failure SQLite calls the destructor itself. */
  return sqlite3_create_module_v2(db, "adcp_table", &table_module, module, close_module);
}

void adcp_table_module_unregister(sqlite3 *db) {
  sqlite3_create_module_v2(db, "adcp_table", NULL, NULL, NULL);
}
