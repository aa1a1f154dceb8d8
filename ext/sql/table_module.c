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
#include "sql/range.h"
#include "sql/result.h"

typedef struct TableVtab {
  sqlite3_vtab base; /* must be first */
  AdcpDb db;
  const AdcpConfig *config; /* borrowed: the module holds it */
  AdcpError err;            /* of connecting, and of comparing */
  char *path, *name;
  AdcpBackupTable *backup; /* open, so that the descriptions live */
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
  AdcpValue first[2];     /* least and greatest value of the key's first column */
  sqlite3_value *kept[2]; /* owned: what first borrows from; NULL where there is no limit */
} TableCursor;

/* ---- connecting ---- */

static void disconnect(TableVtab *vtab) {
  adcp_row_order_close(vtab->order);
  adcp_backup_table_close(vtab->backup);
  adcp_error_clear(&vtab->err);
  adcp_free(vtab->path);
  adcp_free(vtab->name);
  adcp_free(vtab->places);
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

static void read_arguments(TableVtab *vtab, AdcpConfig *config, int argc, const char *const *argv) {
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
  char *path = take_argument(argv[3], err);
  if( path ) vtab->path = adcp_backup_dir_find(config, &vtab->db, path);
  adcp_free(path);
  vtab->name = take_argument(argv[4], err);
}

/* Appends a column's declared type, quoted: SQLite takes any text for one then, and keeps it without
** the quotes. A type with the word "hidden" would hide the column of a virtual table; another one
** with the same affinity stands in its place. */
static void append_type(sqlite3_str *sql, const char *type) {
  if( sqlite3_strlike("%hidden%", type, 0) == 0 ) type = adcp_affinity_name(adcp_affinity_of(type));
  if( type[0] ) sqlite3_str_appendf(sql, " \"%w\"", type);
}

/* The virtual table's columns: those whose values stand in rows. */
static char *declare_columns(TableVtab *vtab) {
  const AdcpTable *table = vtab->table;
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "CREATE TABLE x(");
  vtab->places = adcp_calloc(table->column_count + 1, sizeof *vtab->places);
  if( vtab->places == NULL ) adcp_error_nomem(&vtab->err);
  vtab->key_column = -1;
  for( size_t i = 0; i < table->column_count && vtab->places; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    if( !adcp_column_stored(column) ) continue;
    sqlite3_str_appendf(sql, "%s\"%w\"", vtab->column_count ? ", " : "", column->name);
    append_type(sql, column->decl_type);
    size_t place = adcp_table_value_place(table, i);
    bool is_key = (int)i == table->rowid_column ||
                  (vtab->order && adcp_row_order_key_place(vtab->order, 0) == place);
    if( is_key ) vtab->key_column = vtab->column_count;
    vtab->places[vtab->column_count++] = place;
  }
  sqlite3_str_appendall(sql, table->strict ? ") STRICT" : ")"); /* ANY has no affinity there */
  return sqlite3_str_finish(sql);
}

static void open_table(TableVtab *vtab, sqlite3 *interruptible) {
  if( vtab->err.rc ) return;
  AdcpBackupTableCall call = {.root = adcp_config_root(vtab->config),
                              .path = vtab->path,
                              .name = vtab->name,
                              .handle = interruptible};
  vtab->backup = adcp_backup_table_open(&call, &vtab->err);
  if( vtab->backup == NULL ) return;
  const AdcpArchiveHead *head = adcp_backup_table_head(vtab->backup);
  vtab->table = adcp_backup_table_entry(vtab->backup)->table;
  if( vtab->table->without_rowid ) {
    vtab->order = adcp_row_order_of_backup(&vtab->db, head, vtab->table);
  }
  char *sql = declare_columns(vtab);
  if( sql == NULL ) adcp_error_nomem(&vtab->err);
  int rc = vtab->err.rc ? SQLITE_OK : sqlite3_declare_vtab(vtab->db.handle, sql);
  if( rc != SQLITE_OK ) adcp_db_fail(&vtab->db, rc);
  sqlite3_free(sql);
}

/* NULL when there is no memory; otherwise vtab->err tells whether the table can be read. */
static TableVtab *connect(sqlite3 *db, AdcpConfig *config, int argc, const char *const *argv,
                          sqlite3 *interruptible) {
  TableVtab *vtab = adcp_calloc(1, sizeof *vtab);
  if( vtab == NULL ) return NULL;
  vtab->db = (AdcpDb){db, "main", &vtab->err};
  vtab->config = config;
  read_arguments(vtab, config, argc, argv);
  open_table(vtab, interruptible);
  return vtab;
}

static int xCreate(sqlite3 *db, void *aux, int argc, const char *const *argv,
                   sqlite3_vtab **vtab_out, char **message) {
  TableVtab *vtab = connect(db, aux, argc, argv, db);
  if( vtab == NULL ) return SQLITE_NOMEM;
  if( vtab->err.rc == ADCP_OK ) {
    *vtab_out = &vtab->base;
    return sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  }
  int rc = adcp_result_code(db, vtab->err.rc);
  *message = adcp_call_message(vtab->db.handle, "adcp_table", &vtab->err);
  disconnect(vtab);
  return rc;
}

/* A table whose file has gone since it was created is connected all the same, or else it could not
** be dropped; who reads it gets the error. */
static int xConnect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                    sqlite3_vtab **vtab_out, char **message) {
  (void)message;
  TableVtab *vtab = connect(db, aux, argc, argv, NULL); /* perhaps no statement runs */
  if( vtab == NULL ) return SQLITE_NOMEM;
  int rc = vtab->err.rc ? sqlite3_declare_vtab(db, "CREATE TABLE x(unreadable)") : SQLITE_OK;
  if( rc == SQLITE_OK ) rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
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

/* ---- planning ---- */

/* True when a limit on the key's first column, compared by this collation, is one in the key's
** order: what is equal to the byte is equal by any collation. A database of another encoding sorts
** otherwise. */
static bool fits_collation(TableVtab *vtab, const char *collation, char limit) {
  if( vtab->order == NULL ) return true;
  if( sqlite3_stricmp(collation, "BINARY") != 0 ) return false;
  if( !adcp_row_order_has_encoding(vtab->order, adcp_db_encoding(&vtab->db)) ) return false;
  return limit == '=' || adcp_row_order_first_is_binary(vtab->order);
}

/* idxStr has the limits that come to xFilter, a letter each. */
static int xBestIndex(sqlite3_vtab *base, sqlite3_index_info *info) {
  TableVtab *vtab = (TableVtab *)base;
  if( vtab->err.rc ) {
    sqlite3_free(base->zErrMsg);
    base->zErrMsg = adcp_call_message(vtab->db.handle, "adcp_table", &vtab->err);
    return SQLITE_ERROR;
  }
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
    if( !fits_collation(vtab, sqlite3_vtab_collation(info, i), limit) ) continue;
    info->aConstraintUsage[i].argvIndex = ++position;
    sqlite3_str_appendchar(limits, 1, limit);
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

static void forget_limits(TableCursor *cursor) {
  for( int i = 0; i < 2; i++ ) {
    sqlite3_value_free(cursor->kept[i]);
    cursor->kept[i] = NULL;
  }
}

static int xClose(sqlite3_vtab_cursor *base) {
  TableCursor *cursor = (TableCursor *)base;
  forget_limits(cursor);
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

/* The file may have got another content since the table was created. */
static void open_backup(TableCursor *cursor, const TableVtab *vtab, int threads) {
  if( cursor->backup ) return;
  AdcpBackupTableCall call = {.root = adcp_config_root(vtab->config),
                              .path = vtab->path,
                              .name = vtab->name,
                              .threads = threads,
                              .first = vtab->backup,
                              .handle = vtab->db.handle};
  cursor->backup = adcp_backup_table_open(&call, &cursor->err);
  if( cursor->backup == NULL ) return;
  const AdcpArchiveHead *now = adcp_backup_table_head(cursor->backup);
  const AdcpArchiveHead *then = adcp_backup_table_head(vtab->backup);
  if( strcmp(now->totals.full_sha256, then->totals.full_sha256) != 0 ) {
    adcp_error_set(&cursor->err, ADCP_ERROR,
                   "%s was replaced by another backup; drop the table and create it again",
                   vtab->path);
  }
}

/* As it is in the database: SQLite's conversion to UTF-8 loses what is not valid UTF-16. */
static AdcpValue text_of(sqlite3_value *value, AdcpEncoding encoding, AdcpError *err) {
  AdcpValue text = {.type = encoding == ADCP_UTF8 ? ADCP_TEXT : ADCP_TEXT16};
  bool is_utf8 = text.type == ADCP_TEXT;
  text.size = (size_t)(is_utf8 ? sqlite3_value_bytes(value) : sqlite3_value_bytes16(value));
  text.bytes = is_utf8 ? sqlite3_value_text(value) : sqlite3_value_text16le(value);
  if( text.bytes == NULL ) adcp_error_nomem(err);
  return text;
}

static AdcpValue limit_value(sqlite3_value *value, AdcpDb *db) {
  switch( sqlite3_value_type(value) ) {
  case SQLITE_INTEGER:
    return (AdcpValue){.type = ADCP_INTEGER, .integer = sqlite3_value_int64(value)};
  case SQLITE_FLOAT: return (AdcpValue){.type = ADCP_REAL, .real = sqlite3_value_double(value)};
  default: return text_of(value, adcp_db_encoding(db), db->err);
  }
}

/* Keeps a limit of the key's first column, unless the column's affinity would change the value
** first. */
static void limit_key(TableCursor *cursor, const TableVtab *vtab, char limit,
                      sqlite3_value *value) {
  size_t place = adcp_row_order_key_place(vtab->order, 0);
  AdcpAffinity affinity = ADCP_AFFINITY_BLOB;
  for( size_t i = 0; i < vtab->table->column_count; i++ ) {
    const AdcpColumn *column = &vtab->table->columns[i];
    if( adcp_column_stored(column) && adcp_table_value_place(vtab->table, i) == place ) {
      affinity = adcp_affinity_of(column->decl_type);
    }
  }
  AdcpDb db = {vtab->db.handle, "main", &cursor->err};
  int type = sqlite3_value_type(value);
  bool number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
  if( !number && type != SQLITE_TEXT ) return;
  if( number ? affinity == ADCP_AFFINITY_TEXT : affinity >= ADCP_AFFINITY_NUMERIC ) return;
  for( int i = 0; i < 2; i++ ) {
    bool limits = i ? adcp_range_is_upper(limit) : adcp_range_is_lower(limit);
    if( !limits || cursor->kept[i] ) continue;
    sqlite3_value *kept = cursor->kept[i] = sqlite3_value_dup(value);
    if( kept == NULL ) {
      adcp_error_nomem(&cursor->err);
      return;
    }
    cursor->first[i] = limit_value(kept, &db);
  }
}

/* The value that rows begin after in the file: the least one or, where the key descends, the
** greatest. */
static const AdcpValue *begin_value(const TableCursor *cursor, const TableVtab *vtab) {
  int i = adcp_row_order_first_descends(vtab->order) ? 1 : 0;
  return cursor->kept[i] ? &cursor->first[i] : NULL;
}

static const AdcpValue *end_value(const TableCursor *cursor, const TableVtab *vtab) {
  int i = adcp_row_order_first_descends(vtab->order) ? 0 : 1;
  return cursor->kept[i] ? &cursor->first[i] : NULL;
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
    before = known && compare_first(vtab, &value, begin_value(cursor, vtab)) < 0;
  }
  adcp_json_reader_close(json);
  adcp_error_clear(&err);
  return before;
}

static void go_to_begin(TableCursor *cursor, const TableVtab *vtab) {
  if( vtab->order && begin_value(cursor, vtab) ) {
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
    const AdcpValue *end = end_value(cursor, vtab);
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

static int xFilter(sqlite3_vtab_cursor *base, int idx_num, const char *limits, int argc,
                   sqlite3_value **argv) {
  (void)idx_num;
  TableCursor *cursor = (TableCursor *)base;
  TableVtab *vtab = (TableVtab *)base->pVtab;
  forget_limits(cursor);
  cursor->row = NULL;
  cursor->rowids = ADCP_RANGE_ALL;
  for( int i = 0; i < argc; i++ ) {
    if( vtab->order ) {
      limit_key(cursor, vtab, limits[i], argv[i]);
    } else {
      adcp_range_narrow(&cursor->rowids, limits[i], argv[i]);
    }
  }
  bool is_lookup = limits && strchr(limits, '=');
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
    .xDestroy = xDisconnect,
    .xOpen = xOpen,
    .xClose = xClose,
    .xFilter = xFilter,
    .xNext = xNext,
    .xEof = xEof,
    .xColumn = xColumn,
    .xRowid = xRowid,
};

int adcp_table_module_register(sqlite3 *db, AdcpConfig *config) {
  /* On a failure SQLite calls the destructor itself. */
  return sqlite3_create_module_v2(db, "adcp_table", &table_module, adcp_config_retain(config),
                                  adcp_config_release);
}

void adcp_table_module_unregister(sqlite3 *db) {
  sqlite3_create_module_v2(db, "adcp_table", NULL, NULL, NULL);
}
