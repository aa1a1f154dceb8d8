/*
** row_stage.c - rows of a backup, some thousand at a time, through a private database: which match,
** and what their keys are (picture in row_chooser.h).
**
** A table stands there by its own CREATE TABLE, so that affinities, collations, generated columns
** and the rowid are those of the real one, with one column more for the row's number in the file.
** A backup without definitions (of rows alone, or of version 2.0) has its columns with the
** affinities that it tells.
*/
#include "ops/row_chooser.h"

#include <string.h>

#include "archive/read_ahead.h"
#include "base/mem.h"
#include "db/affinity.h"
#include "db/load.h"
#include "db/vet.h"
#include "platform/work_queue.h"

#define BATCH_ROWS 4096 /* a few hundred KB of pages, which stay in the cache */

/* ---- definitions ---- */

/* Reads as the name of a column that the table does not have. */
static char *free_column_name(const AdcpTable *table, AdcpError *err) {
  AdcpBuf name = {0};
  adcp_buf_append_str(&name, "adcp_row_number");
  for( const char *text; (text = adcp_buf_text(&name)) != NULL; ) {
    if( adcp_table_column(table, text) == NULL ) break;
    adcp_buf_append_byte(&name, '_');
  }
  char *owned = adcp_buf_take(&name);
  if( owned == NULL ) adcp_error_nomem(err);
  return owned;
}

static void append_key(sqlite3_str *sql, const AdcpTable *table) {
  const char *separator = ", PRIMARY KEY(";
  int last = adcp_table_last_key_place(table);
  for( int place = 1; place <= last; place++ ) {
    for( size_t i = 0; i < table->column_count; i++ ) {
      if( table->columns[i].primary_key != place ) continue;
      sqlite3_str_appendf(sql, "%s\"%w\"", separator, table->columns[i].name);
      separator = ", ";
    }
  }
  sqlite3_str_appendall(sql, ")");
}

/* As far as the description of its rows tells. */
static char *described_sql(const AdcpTable *table) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  const char *separator = "";
  bool has_key = table->without_rowid || table->rowid_column >= 0;
  sqlite3_str_appendf(sql, "CREATE TABLE \"%w\"(", table->name);
  for( size_t i = 0; i < table->column_count; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    if( !adcp_column_stored(column) ) continue;
    sqlite3_str_appendf(sql, "%s\"%w\" %s", separator, column->name,
                        adcp_affinity_name(adcp_affinity_of(column->decl_type)));
    separator = ", ";
  }
  if( has_key ) append_key(sql, table);
  sqlite3_str_appendf(sql, ")%s", table->without_rowid ? " WITHOUT ROWID" : "");
  return sqlite3_str_finish(sql);
}

/* Runs it, again as long as the caller's connection has a function that is missing. */
static void run_create(AdcpRowChoice *choice, const char *sql) {
  AdcpError failure = ADCP_ERROR_INIT;
  AdcpDb db = *adcp_scratch_db(choice->scratch);
  db.err = &failure;
  do {
    adcp_error_clear(&failure);
    adcp_db_exec_text(&db, sql);
  } while( failure.rc == ADCP_ERROR && !choice->err->rc &&
           adcp_scratch_add_function(choice->scratch, adcp_error_message(&failure)) );
  adcp_error_move(choice->err, &failure);
  adcp_error_clear(&failure);
}

/* Notes a DEFAULT that calls what is unsafe. No rows need it, so that the table may be made. */
static void note_unsafe_default(AdcpRowChoice *choice, AdcpVetter *vetter) {
  AdcpError unsafe = ADCP_ERROR_INIT;
  AdcpDb look = {choice->db->handle, choice->db->schema, &unsafe};
  if( choice->err->rc ) return;
  adcp_vetter_check_unguarded(vetter, &look);
  adcp_error_move(unsafe.rc == ADCP_ERROR ? &choice->unsafe : choice->err, &unsafe);
}

/* Where functions of SQLite's own are refused it is because of a DEFAULT: else they would be trusted. */
static void blame_default(AdcpRowChoice *choice) {
  bool refused = choice->err->rc == ADCP_ERROR && !choice->trusted &&
                 strstr(adcp_error_message(choice->err), "unsafe use of ") != NULL;
  if( !refused || choice->unsafe.rc == ADCP_OK ) return;
  adcp_error_clear(choice->err);
  adcp_error_move(choice->err, &choice->unsafe);
}

/* Trusts the schema as the restore itself does (ops/ddl.h): for SQLite's own functions alone. */
static void vet(AdcpRowChoice *choice, const AdcpObject *object) {
  AdcpVetter *vetter = adcp_vetter_open(choice->err);
  adcp_vet_object(vetter, choice->head->schema, object);
  note_unsafe_default(choice, vetter);
  bool trust = adcp_vetter_may_trust(vetter, choice->db);
  choice->trusts = choice->trusts || trust;
  adcp_scratch_trust_schema(choice->scratch, choice->trusted || trust);
  adcp_vetter_close(vetter);
}

static void trust_made(AdcpRowChoice *choice) {
  bool trust = choice->trusts && choice->unsafe.rc == ADCP_OK;
  adcp_scratch_trust_schema(choice->scratch, choice->trusted || trust);
}

static void create_table(AdcpRowChoice *choice, const AdcpTable *table) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  const AdcpObject *object =
      adcp_schema_object(choice->head->schema, ADCP_OBJECT_TABLE, table->name);
  if( object && object->sql ) {
    vet(choice, object);
    if( !choice->err->rc ) run_create(choice, object->sql);
    trust_made(choice);
    return;
  }
  char *sql = described_sql(table);
  if( sql == NULL ) adcp_error_nomem(choice->err);
  if( sql ) adcp_db_exec_text(db, sql);
  sqlite3_free(sql);
}

void adcp_row_stage_create(AdcpRowChoice *choice, AdcpChoiceTable *table) {
  if( choice->err->rc || table->is_staged ) return;
  AdcpError *err = choice->err;
  create_table(choice, table->table);
  table->is_staged = true;
  table->number_column = err->rc ? NULL : free_column_name(table->table, err);
  blame_default(choice);
  adcp_error_name(err, "the private copy of a table");
}

/* ---- tables of ours ---- */

static AdcpAffinity key_affinity(const AdcpTable *parent, const char *name) {
  const AdcpColumn *column = adcp_table_column(parent, name);
  bool any = column && parent->strict && sqlite3_stricmp(column->decl_type, "ANY") == 0;
  return column == NULL || any ? ADCP_AFFINITY_BLOB : adcp_affinity_of(column->decl_type);
}

static void create_side(AdcpRowChoice *choice, const AdcpChoiceEdge *edge, char side) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  sqlite3_str *columns = sqlite3_str_new(NULL);
  for( size_t i = 0; i < edge->key->count; i++ ) {
    AdcpAffinity affinity = key_affinity(edge->parent->table, edge->to[i]);
    sqlite3_str_appendf(columns, ", v%d %s", (int)i, adcp_affinity_name(affinity));
  }
  char *text = sqlite3_str_finish(columns);
  if( text == NULL ) adcp_error_nomem(choice->err);
  if( text ) {
    adcp_db_exec(db, "CREATE TABLE own.%c%d(r INTEGER PRIMARY KEY%s)", side, (int)edge->number,
                 text);
  }
  sqlite3_free(text);
}

/* Rows are numbered by a column of ours. */
static void check_width(AdcpRowChoice *choice, const AdcpTable *table) {
  int most = sqlite3_limit(adcp_scratch_db(choice->scratch)->handle, SQLITE_LIMIT_COLUMN, -1);
  if( choice->err->rc || table->column_count < (size_t)most ) return;
  adcp_error_set(
      choice->err, ADCP_TOOBIG,
      "rows of table \"%s\" cannot be chosen: it has %zu columns, and the one that numbers "
      "its rows would be above SQLite's limit of %d; restore it whole, under another name: "
      "{\"tables\":[\"%s\"],\"rename\":{\"%s\":\"...\"}}",
      table->name, table->column_count, most, table->name, table->name);
}

static void create_own(AdcpRowChoice *choice) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  for( size_t i = 0; i < choice->head->table_count; i++ ) {
    AdcpChoiceTable *table = &choice->tables[i];
    if( !table->is_numbered || choice->err->rc ) continue;
    check_width(choice, table->table);
    adcp_row_stage_create(choice, table);
    if( choice->err->rc ) return;
    adcp_db_exec(db, "ALTER TABLE main.\"%w\" ADD COLUMN \"%w\" INTEGER", table->table->name,
                 table->number_column);
    adcp_db_exec(db, "CREATE TABLE own.s%d(r INTEGER PRIMARY KEY, why INTEGER, round INTEGER)",
                 (int)table->number);
    adcp_db_exec(db, "CREATE INDEX own.round%d ON s%d(round)", (int)table->number,
                 (int)table->number);
  }
  for( size_t i = 0; i < choice->edge_count; i++ ) {
    const AdcpChoiceEdge *edge = &choice->edges[i];
    if( !edge->up && !edge->down ) continue;
    create_side(choice, edge, 'c');
    create_side(choice, edge, 'p');
  }
}

/* ---- what is taken from staged rows ---- */

static void take_matches(AdcpRowChoice *choice, const AdcpChoiceTable *table) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  if( !table->selected || choice->err->rc ) return;
  adcp_db_exec(db, "INSERT INTO own.s%d SELECT \"%w\", %d, 0 FROM main.\"%w\" WHERE (%s\n)",
               (int)table->number, table->number_column, ADCP_ROW_MATCHED, table->table->name,
               table->where ? table->where : "1");
  AdcpRc rc = choice->err->rc;
  if( rc != ADCP_ERROR && rc != ADCP_TOOBIG && rc != ADCP_MISMATCH ) return;
  adcp_error_prepend(choice->err, "option \"where\": table \"%s\": ", table->table->name);
}

static void take_keys(AdcpRowChoice *choice, const AdcpChoiceTable *table,
                      const AdcpChoiceEdge *edge, char side) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  sqlite3_str *sql = sqlite3_str_new(NULL);
  const char *const *names = side == 'c' ? (const char *const *)edge->key->from : edge->to;
  sqlite3_str_appendf(sql, "INSERT INTO own.%c%d SELECT \"%w\"", side, (int)edge->number,
                      table->number_column);
  for( size_t i = 0; i < edge->key->count; i++ ) sqlite3_str_appendf(sql, ", \"%w\"", names[i]);
  sqlite3_str_appendf(sql, " FROM main.\"%w\"", table->table->name);
  for( size_t i = 0; i < edge->key->count; i++ ) {
    sqlite3_str_appendf(sql, " %s \"%w\" IS NOT NULL", i ? "AND" : "WHERE", names[i]);
  }
  char *text = sqlite3_str_finish(sql);
  if( text == NULL ) adcp_error_nomem(choice->err);
  if( text ) adcp_db_exec_text(db, text);
  sqlite3_free(text);
}

static void take(AdcpRowChoice *choice, const AdcpChoiceTable *table) {
  if( !table->is_numbered ) return;
  take_matches(choice, table);
  const AdcpChoiceEdge *edge = table->to_parents;
  for( ; edge && !choice->err->rc; edge = edge->next_of_child ) {
    if( edge->up || edge->down ) take_keys(choice, table, edge, 'c');
  }
  for( edge = table->to_children; edge && !choice->err->rc; edge = edge->next_of_parent ) {
    if( edge->up || edge->down ) take_keys(choice, table, edge, 'p');
  }
}

/* ---- reading ---- */

typedef struct Reading {
  AdcpRowChoice *choice;
  AdcpReadAhead *ahead;
  AdcpChoiceTable *table;
  AdcpValue *row; /* owned: the values, and the number where the table has it */
  size_t width;
} Reading;

static const AdcpValue *next_row(void *context) {
  Reading *reading = context;
  if( adcp_read_ahead_next(reading->ahead) != ADCP_ARCHIVE_ROW ) return NULL;
  const AdcpValue *values = adcp_read_ahead_row(reading->ahead);
  if( !reading->table->is_numbered ) return values;
  memcpy(reading->row, values, reading->width * sizeof *values);
  reading->row[reading->width] =
      (AdcpValue){.type = ADCP_INTEGER, .integer = adcp_read_ahead_row_number(reading->ahead)};
  return reading->row;
}

/* The table's description with the number's column. Columns are the caller's to free. */
static AdcpTable numbered(const AdcpChoiceTable *table, AdcpError *err) {
  AdcpTable copy = *table->table;
  copy.columns = adcp_calloc(copy.column_count + 1, sizeof *copy.columns);
  if( copy.columns == NULL ) {
    adcp_error_nomem(err);
    return copy;
  }
  memcpy(copy.columns, table->table->columns, copy.column_count * sizeof *copy.columns);
  if( table->is_numbered ) {
    copy.columns[copy.column_count++] =
        (AdcpColumn){.name = table->number_column, .decl_type = (char *)"INTEGER"};
  }
  return copy;
}

static void stage_rows(Reading *reading, const AdcpTable *staged) {
  AdcpRowChoice *choice = reading->choice;
  const AdcpChoiceTable *table = reading->table;
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  AdcpLoadOptions options = {table->table->name, NULL, ADCP_CONFLICT_ABORT, false};
  AdcpLoad *load = adcp_load_open(db, staged, &options);
  bool more = load != NULL;
  while( more ) {
    more = adcp_load_rows(load, (AdcpRowSource){reading, next_row}, BATCH_ROWS);
    if( table->is_kept || choice->err->rc ) continue;
    take(choice, table);
    adcp_db_exec(db, "DELETE FROM main.\"%w\"", table->table->name);
    more = more && !choice->err->rc;
  }
  adcp_load_close(load);
}

static void stage_table(Reading *reading) {
  AdcpError *err = reading->choice->err;
  AdcpTable staged = numbered(reading->table, err);
  reading->width = adcp_table_value_count(reading->table->table);
  reading->row = adcp_calloc(reading->width + 1, sizeof *reading->row);
  if( reading->row == NULL ) adcp_error_nomem(err);
  if( !err->rc ) stage_rows(reading, &staged);
  adcp_free(reading->row);
  adcp_free(staged.columns);
  reading->row = NULL;
}

static size_t staged_tables(const AdcpRowChoice *choice) {
  size_t count = 0;
  for( size_t i = 0; i < choice->head->table_count; i++ ) count += choice->tables[i].is_staged;
  return count;
}

/* As long as a table that is wanted has not come. */
static void read_tables(Reading *reading) {
  AdcpRowChoice *choice = reading->choice;
  for( size_t left = staged_tables(choice); left > 0 && !choice->err->rc; ) {
    switch( adcp_read_ahead_next(reading->ahead) ) {
    case ADCP_ARCHIVE_TABLE_BEGIN:
      reading->table =
          adcp_choice_table(choice, adcp_read_ahead_table(reading->ahead)->table->name);
      if( reading->table == NULL || !reading->table->is_staged ) {
        adcp_read_ahead_skip_table(reading->ahead);
      } else {
        stage_table(reading);
        left--;
      }
      break;
    case ADCP_ARCHIVE_END: left = 0; break;
    default: break;
    }
  }
}

static void open_and_read(AdcpRowChoice *choice) {
  Reading reading = {.choice = choice};
  int threads = (int)adcp_options_integer(choice->options, "threads", ADCP_AUTO_THREADS);
  reading.ahead = adcp_read_ahead_open_again(
      choice->archive, threads, adcp_interrupt_checkpoint(&choice->interrupt), choice->err);
  if( reading.ahead == NULL ) return;
  if( strcmp(adcp_read_ahead_head(reading.ahead)->totals.full_sha256,
             choice->head->totals.full_sha256) != 0 ) {
    adcp_error_set(choice->err, ADCP_ERROR, "was replaced by another backup while it was read");
  }
  read_tables(&reading);
  adcp_read_ahead_close(reading.ahead);
}

void adcp_row_stage(AdcpRowChoice *choice) {
  if( choice->err->rc ) return;
  create_own(choice);
  adcp_db_exec(adcp_scratch_db(choice->scratch), "BEGIN");
  if( !choice->err->rc ) open_and_read(choice);
  for( size_t i = 0; i < choice->head->table_count && !choice->err->rc; i++ ) {
    AdcpChoiceTable *table = &choice->tables[i];
    if( table->is_kept ) take(choice, table);
  }
  blame_default(choice);
}
