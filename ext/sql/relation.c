/*
** relation.c - the virtual table module behind every AdcpRelation (contract in relation.h).
*/
#include "sql/relation.h"

#include <string.h>

#include "base/mem.h"
#include "db/db.h"
#include "ops/backup_dir.h"
#include "sql/call.h"

/* What a module is registered with. */
typedef struct Binding {
  const AdcpRelation *relation;
  AdcpConfig *config; /* a reference */
} Binding;

typedef struct RelationTable {
  sqlite3_vtab base; /* must be first */
  sqlite3 *db;
  const AdcpRelation *relation;
  AdcpConfig *config;  /* the module's, which outlives the table */
  bool in_transaction; /* of the caller, when the last cursor was opened */
} RelationTable;

typedef struct RelationCursor {
  sqlite3_vtab_cursor base; /* must be first */
  AdcpError err;
  void *inner; /* the relation's cursor, or NULL before xFilter and after an error */
  sqlite3_value *given[ADCP_RELATION_MAX_ARGUMENTS]; /* hidden columns; owned, NULL: not given */
} RelationCursor;

static const AdcpRelation *relation_of(sqlite3_vtab_cursor *cursor) {
  return ((RelationTable *)cursor->pVtab)->relation;
}

/* Hands an error to SQLite under the relation's name. */
static int report(sqlite3_vtab *table, AdcpError *err) {
  if( err->rc == ADCP_OK ) return SQLITE_OK;
  RelationTable *own = (RelationTable *)table;
  adcp_call_say_rolled_back(err, own->db, own->in_transaction);
  int rc = adcp_result_code(own->db, err->rc);
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = adcp_call_message(own->db, own->relation->name, err);
  adcp_error_clear(err);
  return table->zErrMsg ? rc : SQLITE_NOMEM;
}

static int xConnect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                    sqlite3_vtab **table_out, char **message) {
  (void)argc;
  (void)argv;
  (void)message;
  const Binding *binding = aux;
  const AdcpRelation *relation = binding->relation;
  char *sql = sqlite3_mprintf("CREATE TABLE x(%s, %s)", relation->columns, relation->arguments);
  if( sql == NULL ) return SQLITE_NOMEM;
  int rc = sqlite3_declare_vtab(db, sql);
  sqlite3_free(sql);
  if( rc != SQLITE_OK ) return rc;
  RelationTable *table = sqlite3_malloc(sizeof *table);
  if( table == NULL ) return SQLITE_NOMEM;
  memset(table, 0, sizeof *table);
  table->db = db;
  table->relation = relation;
  table->config = binding->config;
  *table_out = &table->base;
  return sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
}

static int xDisconnect(sqlite3_vtab *table) {
  sqlite3_free(table);
  return SQLITE_OK;
}

static int range_of_column(const AdcpRelation *relation, int column) {
  for( int i = 0; i < relation->range_count; i++ ) {
    if( relation->range_columns[i] == column ) return i;
  }
  return -1;
}

/* Has the limits of range columns handed over, after the arguments: two letters for each in idxStr,
** the range and what the value is to it. */
static int choose_ranges(const AdcpRelation *relation, sqlite3_index_info *info, int position) {
  sqlite3_str *limits = sqlite3_str_new(NULL);
  for( int i = 0; i < info->nConstraint; i++ ) {
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
    int range = range_of_column(relation, constraint->iColumn);
    if( range < 0 || !constraint->usable ) continue;
    char limit = adcp_range_limit(constraint->op);
    if( !limit ) continue;
    info->aConstraintUsage[i].argvIndex = ++position;
    info->estimatedCost /= limit == '=' ? 100 : 3;
    info->estimatedRows /= limit == '=' ? 100 : 3;
    sqlite3_str_appendchar(limits, 1, (char)('0' + range));
    sqlite3_str_appendchar(limits, 1, limit);
  }
  int rc = sqlite3_str_errcode(limits);
  info->idxStr = sqlite3_str_finish(limits);
  info->needToFreeIdxStr = 1;
  return rc;
}

/* Which constraint gives each argument, -1: none. False where one is given in another join order
** alone: without it, it would be another argument. */
static bool find_arguments(const AdcpRelation *relation, const sqlite3_index_info *info,
                           int *constraint_of) {
  int wanted = 0, given = 0;
  for( int i = 0; i < relation->argument_count; i++ ) constraint_of[i] = -1;
  for( int i = 0; i < info->nConstraint; i++ ) {
    int argument = info->aConstraint[i].iColumn - relation->column_count;
    if( argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ ) continue;
    wanted |= 1 << argument;
    if( !info->aConstraint[i].usable ) continue;
    given |= 1 << argument;
    constraint_of[argument] = i;
  }
  return wanted == given;
}

/* idxNum is the set of arguments that are given, as bits; they come to xFilter in order. */
static int xBestIndex(sqlite3_vtab *table, sqlite3_index_info *info) {
  const AdcpRelation *relation = ((RelationTable *)table)->relation;
  int constraint_of[ADCP_RELATION_MAX_ARGUMENTS];
  int position = 0;
  if( !find_arguments(relation, info, constraint_of) ) return SQLITE_CONSTRAINT;
  info->idxNum = 0;
  for( int i = 0; i < relation->argument_count; i++ ) {
    if( constraint_of[i] < 0 ) continue;
    info->aConstraintUsage[constraint_of[i]].argvIndex = ++position;
    info->aConstraintUsage[constraint_of[i]].omit = 1;
    info->idxNum |= 1 << i;
  }
  info->estimatedCost = 100000;
  info->estimatedRows = 100000;
  return choose_ranges(relation, info, position);
}

static int xOpen(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor_out) {
  ((RelationTable *)table)->in_transaction = !sqlite3_get_autocommit(((RelationTable *)table)->db);
  RelationCursor *cursor = sqlite3_malloc(sizeof *cursor);
  if( cursor == NULL ) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  *cursor_out = &cursor->base;
  return SQLITE_OK;
}

static void close_inner(RelationCursor *cursor) {
  if( cursor->inner ) relation_of(&cursor->base)->xClose(cursor->inner);
  cursor->inner = NULL;
  for( int i = 0; i < ADCP_RELATION_MAX_ARGUMENTS; i++ ) {
    sqlite3_value_free(cursor->given[i]);
    cursor->given[i] = NULL;
  }
  adcp_error_clear(&cursor->err);
}

static int xClose(sqlite3_vtab_cursor *base) {
  close_inner((RelationCursor *)base);
  sqlite3_free(base);
  return SQLITE_OK;
}

/* The names of the arguments, as a call lists them: their declaration without the word HIDDEN. */
static void fail_missing(AdcpRelationCall *call, const AdcpRelation *relation, int argument) {
  static const char hidden[] = " HIDDEN";
  AdcpBuf names = {0};
  for( const char *at = relation->arguments; *at; ) {
    const char *end = strstr(at, hidden);
    adcp_buf_append(&names, at, (size_t)(end - at));
    at = end + sizeof hidden - 1;
  }
  const char *text = adcp_buf_text(&names);
  if( adcp_buf_check(&names, call->err) ) {
    adcp_error_set(call->err, ADCP_MISUSE, "argument %d is missing or NULL; the arguments are (%s)",
                   argument + 1, text);
  }
  adcp_buf_free(&names);
}

static void read_arguments(AdcpRelationCall *call, RelationCursor *cursor, int given,
                           sqlite3_value **argv) {
  const AdcpRelation *relation = relation_of(&cursor->base);
  int position = 0;
  for( int i = 0; i < relation->argument_count; i++ ) {
    if( !(given & (1 << i)) ) continue;
    sqlite3_value *value = argv[position++];
    cursor->given[i] = sqlite3_value_dup(value);
    call->text[i] = adcp_argument_text(value, i + 1, call->err);
    if( cursor->given[i] == NULL ) adcp_error_nomem(call->err);
  }
  for( int i = 0; i < relation->required_arguments; i++ ) {
    if( call->text[i] == NULL && !call->err->rc ) fail_missing(call, relation, i);
  }
}

/* Begins the scan; "latest" is found here for every relation that is about one backup. */
static void *open_inner(AdcpRelationCall *call, const AdcpRelation *relation) {
  if( !relation->finds_backup || call->text[0] == NULL ) return relation->xOpen(call);
  AdcpDb db = {call->db, "main", call->err};
  char *path = adcp_backup_dir_find(call->config, &db, call->text[0]);
  call->is_latest = adcp_backup_dir_is_latest(call->text[0]);
  call->text[0] = path;
  void *inner = call->err->rc ? NULL : relation->xOpen(call);
  adcp_free(path);
  return inner;
}

static void read_ranges(AdcpRelationCall *call, const char *limits, sqlite3_value **argv) {
  for( int i = 0; i < ADCP_RELATION_MAX_RANGES; i++ ) {
    call->ranges[i] = ADCP_RANGE_ALL;
  }
  for( ; limits && limits[0]; limits += 2 ) {
    adcp_range_narrow(&call->ranges[limits[0] - '0'], limits[1], *argv++);
  }
}

static int count_bits(int set) {
  int count = 0;
  for( ; set; set &= set - 1 ) count++;
  return count;
}

static int xFilter(sqlite3_vtab_cursor *base, int idx_num, const char *idx_str, int argc,
                   sqlite3_value **argv) {
  (void)argc;
  RelationCursor *cursor = (RelationCursor *)base;
  const AdcpRelation *relation = relation_of(base);
  close_inner(cursor);
  const RelationTable *table = (const RelationTable *)base->pVtab;
  AdcpRelationCall call = {.db = table->db, .config = table->config, .err = &cursor->err};
  read_arguments(&call, cursor, idx_num, argv);
  read_ranges(&call, idx_str, argv + count_bits(idx_num));
  if( !cursor->err.rc ) cursor->inner = open_inner(&call, relation);
  return report(base->pVtab, &cursor->err);
}

static int xNext(sqlite3_vtab_cursor *base) {
  RelationCursor *cursor = (RelationCursor *)base;
  relation_of(base)->xNext(cursor->inner);
  return report(base->pVtab, &cursor->err);
}

static int xEof(sqlite3_vtab_cursor *base) {
  RelationCursor *cursor = (RelationCursor *)base;
  return cursor->inner == NULL || relation_of(base)->xEof(cursor->inner);
}

static int xColumn(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
  const AdcpRelation *relation = relation_of(base);
  RelationCursor *cursor = (RelationCursor *)base;
  if( column < relation->column_count ) {
    relation->xColumn(cursor->inner, column, context);
  } else if( cursor->given[column - relation->column_count] ) {
    sqlite3_result_value(context, cursor->given[column - relation->column_count]);
  }
  return SQLITE_OK;
}

static int xRowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  *rowid = relation_of(base)->xRowid(((RelationCursor *)base)->inner);
  return SQLITE_OK;
}

/* No xCreate: eponymous only, so that no schema can name one of these for itself. */
static const sqlite3_module relation_module = {
    .iVersion = 0,
    .xConnect = xConnect,
    .xBestIndex = xBestIndex,
    .xDisconnect = xDisconnect,
    .xOpen = xOpen,
    .xClose = xClose,
    .xFilter = xFilter,
    .xNext = xNext,
    .xEof = xEof,
    .xColumn = xColumn,
    .xRowid = xRowid,
};

static void free_binding(void *p) {
  Binding *binding = p;
  if( binding ) adcp_config_release(binding->config);
  adcp_free(binding);
}

int adcp_relation_register(sqlite3 *db, const AdcpRelation *relation, AdcpConfig *config) {
  Binding *binding = adcp_malloc(sizeof *binding);
  if( binding == NULL ) return SQLITE_NOMEM;
  *binding = (Binding){relation, adcp_config_retain(config)};
  /* On a failure SQLite calls the destructor itself. */
  return sqlite3_create_module_v2(db, relation->name, &relation_module, binding, free_binding);
}

void adcp_relation_unregister(sqlite3 *db, const AdcpRelation *relation) {
  sqlite3_create_module_v2(db, relation->name, NULL, NULL, NULL);
}
