/*
** row_choice.c - what the options ask for, which tables that concerns, and which rows came of it
** (contract in row_choice.h).
*/
#include "ops/row_chooser.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "ops/backup_table.h"
#include "ops/legacy.h"
#include "ops/metadata.h"
#include "ops/row_where.h"
#include "ops/selection.h"

AdcpChoiceTable *adcp_choice_table(const AdcpRowChoice *choice, const char *name) {
  return adcp_map_get(&choice->by_name, name, strlen(name));
}

/* SQLite ignores letter case in the names of tables. */
static AdcpChoiceTable *find_parent(AdcpRowChoice *choice, const char *name) {
  AdcpChoiceTable *found = adcp_choice_table(choice, name);
  if( found == NULL ) {
    found = adcp_name_map_get(&choice->by_folded, name, strlen(name), choice->err);
  }
  return found && found->table->kind == ADCP_TABLE_ORDINARY ? found : NULL;
}

void adcp_choice_wait(AdcpRowChoice *choice, AdcpChoiceTable *table) {
  if( table->is_waiting ) return;
  table->is_waiting = true;
  choice->waiting[choice->waiting_count++] = table;
}

AdcpChoiceTable *adcp_choice_next_waiting(AdcpRowChoice *choice) {
  if( choice->waiting_count == 0 ) return NULL;
  AdcpChoiceTable *table = choice->waiting[--choice->waiting_count];
  table->is_waiting = false;
  return table;
}

/* ---- options ---- */

static void check_options(AdcpRowChoice *choice) {
  const AdcpOptions *options = choice->options;
  const char *option = adcp_options_has(options, "where") ? "where"
                       : choice->with_parents             ? "with_parents"
                                                          : "with_children";
  if( !adcp_options_has(options, "tables") ) {
    adcp_error_set(choice->err, ADCP_ERROR,
                   "option \"where\" goes with \"tables\", which says what is restored: "
                   "{\"tables\":[\"...\"]}");
  } else if( adcp_options_bool(options, "schema_only", false) ) {
    adcp_error_set(choice->err, ADCP_ERROR,
                   "option \"%s\" chooses rows, and \"schema_only\" restores none", option);
  } else if( adcp_legacy_is(choice->head) && (choice->with_parents || choice->with_children) ) {
    adcp_error_set(choice->err, ADCP_ERROR,
                   "option \"%s\" follows foreign keys, which a backup of version 2.0 does not "
                   "hold; select parents and children by \"tables\" and \"where\"",
                   choice->with_parents ? "with_parents" : "with_children");
  }
}

static void read_tables(AdcpRowChoice *choice) {
  const AdcpArchiveHead *head = choice->head;
  AdcpSelection *selection =
      adcp_selection_open(choice->options, head->schema, ADCP_SELECTION_OF_BACKUP, choice->err);
  choice->tables = adcp_calloc(head->table_count + 1, sizeof *choice->tables);
  choice->waiting = adcp_calloc(head->table_count + 1, sizeof *choice->waiting);
  if( choice->tables == NULL || choice->waiting == NULL ) adcp_error_nomem(choice->err);
  for( size_t i = 0; i < head->table_count && !choice->err->rc; i++ ) {
    AdcpChoiceTable *table = &choice->tables[i];
    table->entry = &head->tables[i];
    table->table = head->tables[i].table;
    table->number = i;
    table->selected = adcp_selection_rows(selection, table->table);
    table->excluded = adcp_selection_excludes(selection, table->table);
    const char *name = table->table->name;
    adcp_map_put(&choice->by_name, name, strlen(name), table, choice->err);
    adcp_name_map_put(&choice->by_folded, name, table, choice->err);
  }
  adcp_selection_close(selection);
}

static void take_where(AdcpRowChoice *choice, const char *name, const char *text) {
  AdcpError *err = choice->err;
  const AdcpArchiveTable *entry = adcp_backup_find_rows(choice->head, name, err);
  AdcpChoiceTable *table = entry ? adcp_choice_table(choice, entry->table->name) : NULL;
  if( table == NULL ) {
    adcp_error_prepend(err, "option \"where\": ");
    return;
  }
  name = table->table->name;
  if( table->table->kind != ADCP_TABLE_ORDINARY ) {
    adcp_error_set(err, ADCP_ERROR, "option \"where\": \"%s\" is no table of the application (%s)",
                   name, adcp_table_kind_name(table->table->kind));
  } else if( table->where ) {
    adcp_error_set(err, ADCP_ERROR, "option \"where\": table \"%s\" is given twice", name);
  } else if( !table->selected ) {
    adcp_error_set(err, ADCP_ERROR,
                   "option \"where\": the rows of table \"%s\" are not selected; name it in "
                   "\"tables\" and not in \"exclude_tables\" or \"exclude_data\"",
                   name);
  }
  table->where = text;
}

static void read_where(AdcpRowChoice *choice) {
  for( size_t i = 0; i < adcp_options_pair_count(choice->options, "where"); i++ ) {
    const char *name, *text;
    adcp_options_pair(choice->options, "where", i, &name, &text);
    if( !choice->err->rc ) take_where(choice, name, text);
  }
}

/* ---- foreign keys ---- */

/* Many foreign keys may name columns of one wide table. */
static void index_columns(AdcpRowChoice *choice, AdcpChoiceTable *table) {
  const AdcpTable *source = table->table;
  if( table->key || choice->err->rc ) return;
  table->key = adcp_calloc(source->column_count + 2, sizeof *table->key);
  if( table->key == NULL ) adcp_error_nomem(choice->err);
  for( size_t i = source->column_count; i > 0 && !choice->err->rc; i-- ) {
    AdcpColumn *column = &source->columns[i - 1];
    size_t place = (size_t)column->primary_key; /* not negative */
    if( place > 0 && place <= source->column_count ) table->key[place] = column;
  }
  for( size_t i = 0; i < source->column_count && !choice->err->rc; i++ ) {
    AdcpColumn *column = &source->columns[i];
    adcp_name_map_put(&table->columns, column->name, column, choice->err);
  }
}

static const char *primary_key_column(const AdcpChoiceTable *table, size_t place) {
  if( place >= table->table->column_count ) return NULL;
  const AdcpColumn *column = table->key[place + 1];
  return column ? column->name : NULL;
}

static bool has_column(AdcpRowChoice *choice, AdcpChoiceTable *table, const char *name) {
  return adcp_name_map_get(&table->columns, name, strlen(name), choice->err) != NULL;
}

/* The parent's columns; false when they are not there, which SQLite calls a mismatch. */
static bool resolve(AdcpRowChoice *choice, AdcpChoiceEdge *edge) {
  index_columns(choice, edge->parent);
  index_columns(choice, edge->child);
  if( choice->err->rc ) return false;
  for( size_t i = 0; i < edge->key->count; i++ ) {
    const char *to = edge->key->to[i] ? edge->key->to[i] : primary_key_column(edge->parent, i);
    if( to == NULL || !has_column(choice, edge->parent, to) ) return false;
    if( !has_column(choice, edge->child, edge->key->from[i]) ) return false;
    edge->to[i] = to;
  }
  return edge->key->to[0] || primary_key_column(edge->parent, edge->key->count) == NULL;
}

static void add_key(AdcpRowChoice *choice, AdcpChoiceTable *child, const AdcpForeignKey *key) {
  AdcpChoiceEdge *edge = &choice->edges[choice->edge_count];
  *edge = (AdcpChoiceEdge){.child = child,
                           .parent = find_parent(choice, key->parent),
                           .key = key,
                           .number = choice->edge_count};
  edge->to = adcp_calloc(key->count + 1, sizeof *edge->to);
  if( edge->to == NULL ) {
    adcp_error_nomem(choice->err);
    return;
  }
  choice->edge_count++;
  if( edge->parent && key->count > 0 && resolve(choice, edge) ) return;
  choice->edge_count--;
  adcp_free((void *)edge->to);
  choice->loose[choice->loose_count++] = (AdcpLooseKey){child, key};
}

static void read_keys(AdcpRowChoice *choice) {
  const AdcpArchiveHead *head = choice->head;
  size_t count = 0;
  for( size_t i = 0; i < head->table_count; i++ ) count += head->tables[i].table->foreign_key_count;
  choice->edges = adcp_calloc(count + 1, sizeof *choice->edges);
  choice->loose = adcp_calloc(count + 1, sizeof *choice->loose);
  if( choice->edges == NULL || choice->loose == NULL ) adcp_error_nomem(choice->err);
  for( size_t i = 0; i < head->table_count; i++ ) {
    const AdcpTable *table = head->tables[i].table;
    for( size_t k = 0; k < table->foreign_key_count && !choice->err->rc; k++ ) {
      add_key(choice, &choice->tables[i], &table->foreign_keys[k]);
    }
  }
  for( size_t i = choice->edge_count; i > 0; i-- ) {
    AdcpChoiceEdge *edge = &choice->edges[i - 1];
    edge->next_of_child = edge->child->to_parents;
    edge->next_of_parent = edge->parent->to_children;
    edge->child->to_parents = edge->parent->to_children = edge;
  }
}

/* ---- what is concerned ---- */

/* All rows of such a table are restored anyway. */
static bool is_whole(const AdcpChoiceTable *table) {
  return table->selected && table->where == NULL;
}

/* Marks tables along the edges, from those that are marked. */
static void reach_children(AdcpRowChoice *choice) {
  AdcpChoiceTable *table;
  for( size_t i = 0; i < choice->head->table_count; i++ ) {
    if( choice->tables[i].is_child ) adcp_choice_wait(choice, &choice->tables[i]);
  }
  while( (table = adcp_choice_next_waiting(choice)) != NULL ) {
    for( AdcpChoiceEdge *edge = table->to_children; edge; edge = edge->next_of_parent ) {
      if( edge->child->excluded ) continue;
      edge->down = !is_whole(edge->child);
      if( !edge->child->is_child ) adcp_choice_wait(choice, edge->child);
      edge->child->is_child = edge->child->is_concerned = true;
    }
  }
}

static void reach_parents(AdcpRowChoice *choice) {
  AdcpChoiceTable *table;
  for( size_t i = 0; i < choice->head->table_count; i++ ) {
    if( choice->tables[i].is_concerned ) adcp_choice_wait(choice, &choice->tables[i]);
  }
  while( (table = adcp_choice_next_waiting(choice)) != NULL ) {
    for( AdcpChoiceEdge *edge = table->to_parents; edge; edge = edge->next_of_child ) {
      if( edge->parent->excluded ) continue;
      edge->up = !is_whole(edge->parent);
      if( !edge->parent->is_concerned ) adcp_choice_wait(choice, edge->parent);
      edge->parent->is_concerned = true;
    }
  }
}

/* Each has tables in the private database, and SQLite takes time with the square of their number. */
static void check_size(AdcpRowChoice *choice) {
  int64_t most = adcp_options_integer(choice->options, "max_objects", ADCP_MAX_OBJECTS);
  int64_t followed = 0;
  for( size_t i = 0; i < choice->edge_count; i++ ) {
    followed += choice->edges[i].up || choice->edges[i].down;
  }
  if( followed <= most ) return;
  adcp_error_set(choice->err, ADCP_TOOBIG,
                 "%lld foreign keys are to be followed, and SQLite takes time with the square of "
                 "their number: more than %lld have to be asked for by {\"max_objects\":%lld}",
                 (long long)followed, (long long)most, (long long)followed);
}

static void find_concerned(AdcpRowChoice *choice) {
  for( size_t i = 0; i < choice->head->table_count; i++ ) {
    AdcpChoiceTable *table = &choice->tables[i];
    bool ordinary = table->table->kind == ADCP_TABLE_ORDINARY;
    table->is_concerned = table->is_child = table->selected && ordinary;
    table->is_numbered = table->where != NULL;
  }
  if( choice->with_children ) reach_children(choice);
  if( choice->with_parents ) reach_parents(choice);
  check_size(choice);
  for( size_t i = 0; i < choice->edge_count; i++ ) {
    AdcpChoiceEdge *edge = &choice->edges[i];
    if( edge->up || edge->down ) edge->child->is_numbered = edge->parent->is_numbered = true;
  }
}

/* ---- expressions ---- */

static void note_read(void *context, const char *name) {
  AdcpChoiceTable *table = find_parent(context, name);
  if( table ) table->is_kept = true;
}

static bool stage_for_subquery(void *context, const char *name) {
  AdcpRowChoice *choice = context;
  AdcpChoiceTable *table = find_parent(choice, name);
  if( table == NULL || table->is_staged ) return false;
  adcp_row_stage_create(choice, table);
  return choice->err->rc == ADCP_OK;
}

static void check_where(AdcpRowChoice *choice) {
  for( size_t i = 0; i < choice->head->table_count && !choice->err->rc; i++ ) {
    AdcpChoiceTable *table = &choice->tables[i];
    if( table->where == NULL ) continue;
    adcp_row_stage_create(choice, table);
    AdcpRowWhere where = {.scratch = choice->scratch,
                          .table = table->table,
                          .text = table->where,
                          .context = choice,
                          .xRead = note_read,
                          .xFind = stage_for_subquery};
    adcp_row_where_check(&where);
    if( where.has_subquery ) table->is_kept = true;
  }
}

/* ---- results ---- */

void adcp_row_choice_warn(AdcpRowChoice *choice, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adcp_texts_addv(&choice->warnings, choice->err, format, args);
  va_end(args);
}

/* Row by row: a count() could be the application's. */
static void count_rows(AdcpRowChoice *choice, AdcpChoiceTable *table) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  AdcpChosenTable *chosen = &table->chosen;
  sqlite3_stmt *stmt = adcp_db_prepare(db, "SELECT why FROM own.s%d", (int)table->number);
  while( adcp_db_step(db, stmt) ) {
    chosen->rows++;
    switch( sqlite3_column_int(stmt, 0) ) {
    case ADCP_ROW_MATCHED: chosen->matched++; break;
    case ADCP_ROW_CHILD: chosen->children++; break;
    case ADCP_ROW_PARENT: chosen->parents++; break;
    }
  }
  adcp_db_finalize(stmt);
  chosen->along = !table->selected;
  chosen->part = chosen->matched < table->entry->rows;
}

static void warn_of_loose_keys(AdcpRowChoice *choice) {
  for( size_t i = 0; i < choice->loose_count && choice->with_parents; i++ ) {
    const AdcpLooseKey *loose = &choice->loose[i];
    bool restored =
        loose->child->is_concerned && (!loose->child->is_numbered || loose->child->chosen.rows > 0);
    if( !restored ) continue;
    adcp_row_choice_warn(choice,
                         "table \"%s\" refers to \"%s\", which is not in the backup with the "
                         "rows and columns referred to: no parents come from there",
                         loose->child->table->name, loose->key->parent);
  }
}

static void count_all(AdcpRowChoice *choice) {
  for( size_t i = 0; i < choice->head->table_count && !choice->err->rc; i++ ) {
    AdcpChoiceTable *table = &choice->tables[i];
    if( table->is_concerned && table->is_numbered ) count_rows(choice, table);
  }
  if( !choice->err->rc ) warn_of_loose_keys(choice);
}

/* ---- opening and closing ---- */

static void choose(AdcpRowChoice *choice) {
  AdcpDatabaseFigures figures;
  check_options(choice);
  read_tables(choice);
  read_where(choice);
  if( !choice->err->rc ) read_keys(choice);
  if( choice->err->rc ) return;
  find_concerned(choice);
  if( choice->err->rc ) return;
  adcp_metadata_read(&figures, choice->head->metadata, choice->err);
  adcp_interrupt_open(&choice->interrupt, choice->db);
  AdcpScratchOptions options = {figures.encoding};
  choice->scratch = adcp_scratch_open(choice->db, &options);
  if( choice->scratch == NULL ) return;
  choice->trusted = adcp_options_bool(choice->options, "trust_schema", false);
  adcp_scratch_trust_schema(choice->scratch, choice->trusted);
  check_where(choice);
  adcp_row_stage(choice);
  adcp_row_follow(choice);
  count_all(choice);
}

AdcpRowChoice *adcp_row_choice_open(const AdcpRowChoiceCall *call) {
  AdcpError *err = call->db->err;
  if( err->rc ) return NULL;
  bool some = adcp_options_has(call->options, "tables");
  bool with_parents = some && adcp_options_bool(call->options, "with_parents", false);
  bool with_children = some && adcp_options_bool(call->options, "with_children", false);
  if( !with_parents && !with_children && !adcp_options_has(call->options, "where") ) return NULL;
  AdcpRowChoice *choice = adcp_calloc(1, sizeof *choice);
  if( choice == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  choice->db = call->db;
  choice->err = err;
  choice->root = call->root;
  choice->path = call->path;
  choice->head = call->head;
  choice->options = call->options;
  choice->with_parents = with_parents;
  choice->with_children = with_children;
  choose(choice);
  if( err->rc == ADCP_OK ) return choice;
  adcp_row_choice_close(choice);
  return NULL;
}

static void end_reading(AdcpRowChoice *choice) {
  adcp_db_finalize(choice->cursor);
  adcp_row_writer_close(choice->writer);
  adcp_row_digest_close(choice->digest);
  choice->cursor = NULL;
  choice->writer = NULL;
  choice->digest = NULL;
  choice->now = NULL;
}

void adcp_row_choice_close(AdcpRowChoice *choice) {
  if( choice == NULL ) return;
  end_reading(choice);
  adcp_scratch_close(choice->scratch);
  adcp_interrupt_close(&choice->interrupt);
  adcp_error_clear(&choice->unsafe);
  for( size_t i = 0; choice->tables && i < choice->head->table_count; i++ ) {
    adcp_free(choice->tables[i].number_column);
    adcp_free((void *)choice->tables[i].key);
    adcp_name_map_free(&choice->tables[i].columns);
  }
  for( size_t i = 0; i < choice->edge_count; i++ ) adcp_free((void *)choice->edges[i].to);
  adcp_map_free(&choice->by_name);
  adcp_name_map_free(&choice->by_folded);
  adcp_free((void *)choice->waiting);
  adcp_texts_free(&choice->warnings);
  adcp_free(choice->edges);
  adcp_free(choice->loose);
  adcp_free(choice->tables);
  adcp_free(choice);
}

/* ---- asking ---- */

const AdcpChosenTable *adcp_row_choice_table(const AdcpRowChoice *choice, const char *name) {
  const AdcpChoiceTable *table = choice ? adcp_choice_table(choice, name) : NULL;
  return table && table->is_concerned && table->is_numbered ? &table->chosen : NULL;
}

static void step_cursor(AdcpRowChoice *choice) {
  bool row = adcp_db_step(adcp_scratch_db(choice->scratch), choice->cursor);
  choice->next = row ? sqlite3_column_int64(choice->cursor, 0) : INT64_MAX;
}

void adcp_row_choice_begin(AdcpRowChoice *choice, const char *name) {
  if( choice->err->rc ) return;
  end_reading(choice);
  choice->now = adcp_choice_table(choice, name);
  choice->cursor =
      adcp_db_prepare(adcp_scratch_db(choice->scratch), "SELECT r, why FROM own.s%d ORDER BY r",
                      (int)choice->now->number);
  step_cursor(choice);
  choice->digest = adcp_row_digest_open(choice->err);
  if( choice->digest ) adcp_row_digest_reset(choice->digest);
}

AdcpRowWhy adcp_row_choice_next(AdcpRowChoice *choice, int64_t number) {
  if( number != choice->next || choice->err->rc ) return ADCP_ROW_LEFT;
  AdcpRowWhy why = (AdcpRowWhy)sqlite3_column_int(choice->cursor, 1);
  step_cursor(choice);
  return why;
}

static void add_to_digest(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_row_digest_add(context, bytes, n);
}

void adcp_row_choice_note(AdcpRowChoice *choice, const AdcpValue *values) {
  if( choice->err->rc ) return;
  if( choice->writer == NULL ) {
    choice->writer = adcp_row_writer_open(choice->now->table, choice->err);
  }
  if( choice->err->rc ) return;
  adcp_row_write(choice->writer, values, (AdcpTextSink){choice->digest, add_to_digest},
                 choice->err);
  adcp_row_digest_end_row(choice->digest);
}

void adcp_row_choice_end(AdcpRowChoice *choice) {
  if( choice->err->rc ) return;
  adcp_row_digest_hex(choice->digest, choice->now->chosen.sha256);
  end_reading(choice);
}

void adcp_row_choice_count(AdcpRowChoice *choice, const char *name, int64_t written, int64_t kept) {
  AdcpChoiceTable *table = choice ? adcp_choice_table(choice, name) : NULL;
  if( table == NULL ) return;
  table->written = written;
  table->kept = kept;
}

void adcp_row_choice_report(const AdcpRowChoice *choice, AdcpJsonWriter *w) {
  if( choice == NULL ) return;
  adcp_json_key(w, "parts");
  adcp_json_begin_array(w);
  for( size_t i = 0; i < choice->head->table_count; i++ ) {
    const AdcpChoiceTable *table = &choice->tables[i];
    const AdcpChosenTable *chosen = &table->chosen;
    if( adcp_row_choice_table(choice, table->table->name) == NULL ) continue;
    if( chosen->along && chosen->rows == 0 ) continue;
    adcp_json_begin_object(w);
    adcp_json_member_string(w, "table", table->table->name);
    adcp_json_member_integer(w, "rows", table->entry->rows);
    adcp_json_member_integer(w, "matched", chosen->matched);
    adcp_json_member_integer(w, "children", chosen->children);
    adcp_json_member_integer(w, "parents", chosen->parents);
    adcp_json_member_integer(w, "written", table->written);
    adcp_json_member_integer(w, "kept", table->kept);
    adcp_json_end_object(w);
  }
  adcp_json_end_array(w);
}

const AdcpTexts *adcp_row_choice_warnings(const AdcpRowChoice *choice) {
  return choice ? &choice->warnings : NULL;
}

bool adcp_row_choice_updates_parents(const AdcpOptions *options) {
  return strcmp(adcp_options_text(options, "on_conflict", ""), "update") == 0;
}
