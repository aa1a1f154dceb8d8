/*
** restore.c - backup file -> database: plan, drop, create, fill, verify, commit (contract in
** restore.h).
*/
#include "ops/restore.h"

#include <assert.h>
#include <string.h>

#include "archive/read_ahead.h"
#include "archive/row_hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/catalog.h"
#include "db/constraint.h"
#include "db/empty_shape.h"
#include "db/load.h"
#include "db/file_window.h"
#include "db/state.h"
#include "db/token.h"
#include "db/transaction.h"
#include "db/virtual_table.h"
#include "ops/backup_dir.h"
#include "ops/clock.h"
#include "ops/counters.h"
#include "ops/ddl.h"
#include "ops/description.h"
#include "ops/foreign_keys.h"
#include "ops/fts_refresh.h"
#include "ops/interrupt.h"
#include "ops/legacy.h"
#include "ops/metadata.h"
#include "ops/options.h"
#include "ops/plan.h"
#include "ops/plan_names.h"
#include "ops/progress.h"
#include "ops/row_choice.h"
#include "ops/row_order.h"
#include "ops/row_sort.h"
#include "ops/safety.h"
#include "ops/settings_restore.h"
#include "ops/verify.h"
#include "platform/work_queue.h"

#define STEP_ROWS 4096 /* a few milliseconds: often enough to report progress */

static const char *const mode_choices[] = {"replace", "merge", NULL};
static const char *const conflict_choices[] = {"update", "ignore", "abort", NULL};
static const char *const foreign_key_choices[] = {"enforce", "report", NULL};

static const AdcpOptionSpec option_specs[] = {
    {"force", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"safety_backup", ADCP_OPTION_SWITCH, 0, 0, NULL},
    {"validate_only", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"skip_validation", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"tables", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"exclude_tables", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"exclude_data", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"schema", ADCP_OPTION_TEXT, 0, 0, NULL},
    {"rename", ADCP_OPTION_MAP, 0, 0, NULL},
    {"schema_only", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"data_only", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"mode", ADCP_OPTION_TEXT, 0, 0, mode_choices},
    {"on_conflict", ADCP_OPTION_TEXT, 0, 0, conflict_choices},
    {"foreign_keys", ADCP_OPTION_TEXT, 0, 0, foreign_key_choices},
    {"modules", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"max_objects", ADCP_OPTION_INTEGER, 0, INT32_MAX, NULL},
    ADCP_ROW_CHOICE_OPTIONS,
    ADCP_SETTINGS_RESTORE_OPTIONS,
    {"create", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"trust_schema", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"threads", ADCP_OPTION_INTEGER, 0, ADCP_MAX_THREADS, NULL},
    {"progress", ADCP_OPTION_BOOL, 0, 0, NULL},
};

const AdcpOptionTable adcp_restore_options = {option_specs,
                                              sizeof option_specs / sizeof *option_specs, "option"};

struct AdcpRestore {
  AdcpDb db;
  AdcpError *err;
  const AdcpRoot *root; /* of the connection */
  char *path;
  bool is_latest; /* it was found as that */
  int64_t started_ms;
  AdcpOptions *options;
  AdcpReadAhead *archive;
  int threads;
  const AdcpArchiveHead *head;
  AdcpDatabaseFigures figures;
  AdcpEmptyShape empty_shape;
  AdcpConnectionState *state;
  AdcpTransaction *transaction;
  bool nested; /* in a transaction of the caller's */
  bool is_trial;
  const char *function;
  AdcpSafety *safety;
  AdcpSchema *live;      /* before anything was changed */
  bool dropped;          /* what has to go is gone */
  AdcpRowChoice *choice; /* NULL: all rows of what is selected */
  AdcpPlan *plan;
  AdcpForeignKeyState *foreign_keys;
  AdcpSettingsRestore *settings;
  AdcpPlanTable *filling; /* the table whose rows are being read, or NULL */
  AdcpLoad *load;         /* for it, when its rows are simply loaded */
  AdcpLoad *parent_load;  /* for those of them that others refer to, when they merge otherwise */
  AdcpRowHash *loaded;    /* for it, when its rows may stand in another order here */
  AdcpCounters counters;  /* taken of the table that is being read */
  AdcpValue renamed[ADCP_COUNTER_VALUES]; /* a row of it, by the name that the table has here */
  AdcpRowOrder *sequence_order;
  AdcpRowSort *sequence;  /* rows of sqlite_sequence that wait for the other tables', or NULL */
  AdcpArchiveEvent event; /* the last one read */
  int64_t rows, tables;   /* restored, of ordinary tables */
  int64_t violations;     /* of foreign keys, afterwards */
  AdcpVerify *verify;
  AdcpFileWindow *window; /* as long as the transaction */
  bool verified;
  bool all_foreign;     /* no schema but the file's is there: none is trusted until the end */
  bool deferred;        /* digests of tables were left to the verification */
  bool any_sorted_anew; /* rows may stand in another order here: the database has other digests */
  AdcpProgress *progress;
  AdcpInterrupt interrupt; /* for what steps no statement: reading the file */
};

static bool flag(const AdcpRestore *restore, const char *option) {
  return adcp_options_bool(restore->options, option, false);
}

/* ---- opening ---- */

static void read_options(AdcpRestore *restore, const AdcpRequest *request) {
  restore->options = adcp_request_options(request, &adcp_restore_options, restore->err);
  if( restore->options == NULL ) return;
  restore->db.schema = adcp_options_text(restore->options, "schema", "main");
  adcp_db_check_schema(&restore->db);
}

/* What a trial restores is open already. */
static AdcpReadAhead *read_ahead(AdcpRestore *restore, const AdcpArchiveReader *open) {
  AdcpCheckpoint checkpoint = adcp_interrupt_checkpoint(&restore->interrupt);
  int threads = (int)adcp_options_integer(restore->options, "threads", ADCP_AUTO_THREADS);
  if( open ) return adcp_read_ahead_open_again(open, threads, checkpoint, restore->err);
  return adcp_read_ahead_open(restore->root, restore->path, threads, checkpoint, restore->err);
}

static void open_archive(AdcpRestore *restore, const AdcpArchiveReader *open) {
  if( restore->err->rc ) return;
  adcp_interrupt_open(&restore->interrupt, &restore->db);
  restore->archive = read_ahead(restore, open);
  if( restore->archive == NULL ) return;
  restore->head = adcp_read_ahead_head(restore->archive);
  restore->threads = adcp_read_ahead_threads(restore->archive);
  adcp_metadata_read(&restore->figures, restore->head, restore->err);
}

static void shape_empty_database(AdcpRestore *restore) {
  const AdcpDatabaseFigures *figures = &restore->figures;
  AdcpShape shape = {"", figures->page_size, figures->auto_vacuum};
  memcpy(shape.encoding, figures->encoding, sizeof shape.encoding);
  adcp_empty_shape_take(&restore->empty_shape, &restore->db, &shape);
}

/* In a transaction of the caller's, a write that fails has to be told at once: it may be the caller's. */
static void open_window(AdcpRestore *restore) {
  if( flag(restore, "validate_only") ) return;
  restore->window = adcp_file_window_open(&restore->db);
  if( !restore->nested ) adcp_file_window_hold_writes(restore->window, &restore->db);
}

static bool is_temp(const AdcpRestore *restore) {
  return sqlite3_stricmp(restore->db.schema, "temp") == 0;
}

/* They fire whatever the connection's setting says. */
static void drop_temp_triggers(AdcpRestore *restore) {
  if( restore->err->rc ) return;
  adcp_state_drop_temp_triggers(restore->state, &restore->db);
  adcp_transaction_keep(restore->transaction);
}

static void begin(AdcpRestore *restore) {
  if( restore->err->rc ) return;
  bool merge = strcmp(adcp_options_text(restore->options, "mode", "replace"), "merge") == 0;
  AdcpStateOptions options = {
      .triggers = merge, .trust_schema = flag(restore, "trust_schema"), .check_constraints = merge};
  restore->state = adcp_state_switch(&restore->db, &options);
  restore->transaction = adcp_transaction_begin(&restore->db);
  if( !merge && !is_temp(restore) ) drop_temp_triggers(restore);
  open_window(restore);
}

/* Before text of the file is run. SQLite reads a whole schema when it has to read it again, with the tables that
** stay and those of other databases, which may call what the application trusts itself with: so it has it in
** memory before it trusts nothing. */
static void begin_foreign(AdcpRestore *restore) {
  AdcpDb *db = &restore->db;
  adcp_db_finalize(adcp_db_prepare(db, "SELECT 1 FROM \"%w\".sqlite_schema", db->schema));
  if( db->err->rc ) return;
  adcp_state_begin_foreign(restore->state);
  adcp_transaction_keep(restore->transaction);
}

static void end_foreign(AdcpRestore *restore) {
  if( !restore->all_foreign ) adcp_state_end_foreign(restore->state);
  adcp_transaction_keep(restore->transaction);
}

/* True where every schema of the connection is the file's, when what goes has gone. */
static bool is_all_foreign(AdcpRestore *restore) {
  AdcpDb *db = &restore->db;
  bool others = !restore->plan->whole;
  sqlite3_stmt *list = others ? NULL : adcp_db_prepare_list(db, "PRAGMA database_list");
  while( !others && adcp_db_step(db, list) ) {
    const char *name = (const char *)sqlite3_column_text(list, 1);
    if( name == NULL ) adcp_error_nomem(db->err);
    if( name == NULL || sqlite3_stricmp(name, db->schema) == 0 ) continue;
    others = adcp_db_integer(db, 0, "SELECT 1 FROM \"%w\".sqlite_schema LIMIT 1", name) != 0;
  }
  adcp_db_finalize(list);
  return !others;
}

/* What the database holds afterwards, where that is all of the backup under the names that it has there. */
static const AdcpArchiveTotals *put_in(const AdcpRestore *restore) {
  bool all = restore->plan && restore->plan->whole && !flag(restore, "schema_only") &&
             !adcp_options_has(restore->options, "exclude_data") &&
             !adcp_options_has(restore->options, "rename") && !restore->any_sorted_anew;
  return all ? &restore->head->totals : NULL;
}

static AdcpSafetyComing coming(const AdcpRestore *restore) {
  return (AdcpSafetyComing){put_in(restore), restore->figures.user_version,
                            restore->figures.application_id};
}

static void back_up(AdcpRestore *restore) {
  AdcpSafetyMark mark = {restore->function, restore->path, restore->head->totals.content_sha256};
  AdcpSafetyComing then = coming(restore);
  adcp_safety_write(restore->safety, &mark, &then);
}

/* "create" makes tables before there can be a plan: what is there is backed up before that. */
static void create_legacy(AdcpRestore *restore) {
  AdcpSchema *before = restore->safety ? adcp_catalog_read(&restore->db) : NULL;
  if( adcp_plan_any_rows(&restore->db, before) ) back_up(restore);
  adcp_schema_free(before);
  adcp_legacy_create(&restore->db, restore->head);
}

/* What "latest" may not be meant to be is a warning; and said before, to who is asked for force. */
static void check_force(AdcpRestore *restore) {
  AdcpTexts doubts = {0};
  if( restore->is_latest ) adcp_backup_dir_doubt_latest(&restore->db, restore->head, &doubts);
  adcp_plan_check_force(restore->plan, &restore->db, restore->live, flag(restore, "force"));
  for( size_t i = 0; i < doubts.count; i++ ) {
    adcp_error_append(restore->err, "; %s", doubts.items[i]);
    adcp_plan_warn(restore->plan, restore->err, "%s", doubts.items[i]);
  }
  adcp_texts_free(&doubts);
}

static void make_plan(AdcpRestore *restore) {
  AdcpDb *db = &restore->db;
  if( restore->err->rc ) return;
  if( flag(restore, "create") ) create_legacy(restore);
  restore->live = adcp_catalog_read(db);
  if( restore->live == NULL ) return;
  restore->plan = adcp_plan_open(db, restore->head, restore->figures.backup_type, restore->live,
                                 restore->options, restore->choice);
  if( restore->plan == NULL ) return;
  restore->plan->transaction = restore->transaction;
  adcp_legacy_warn(restore->plan, restore->head, restore->err);
  adcp_plan_check_size(restore->plan, restore->options, restore->err);
  check_force(restore);
  if( restore->safety && adcp_plan_touches_rows(restore->plan, db, restore->live) ) {
    back_up(restore);
  }
  AdcpSafetyComing then = coming(restore);
  adcp_safety_watch(restore->safety, &then);
}

static void check_encoding(AdcpRestore *restore) {
  if( restore->err->rc ) return;
  adcp_plan_check_encoding(restore->plan, &restore->db, restore->figures.encoding);
}

static void prepare_schema(AdcpRestore *restore) {
  adcp_transaction_keep(restore->transaction);
  if( restore->err->rc ) return;
  restore->foreign_keys = adcp_foreign_keys_before(&restore->db, restore->plan);
  if( adcp_ddl_vet(restore->plan, restore->head->schema, &restore->db, restore->options) ) {
    adcp_state_trust_schema(restore->state);
    adcp_transaction_keep(restore->transaction);
  }
  /* Of TEMP they are the tables' own: in the live schema, in the safety backup, and gone with what is replaced. */
  if( is_temp(restore) && restore->plan->data_only ) drop_temp_triggers(restore);
  adcp_ddl_drop(restore->plan, &restore->db, restore->live);
  restore->dropped = !restore->err->rc;
  restore->all_foreign = is_all_foreign(restore);
  begin_foreign(restore);
  adcp_ddl_create_tables(restore->plan, &restore->db);
  end_foreign(restore);
}

/* "latest" becomes the path that it stands for. */
static void find_backup(AdcpRestore *restore, const AdcpRequest *request) {
  char *path = adcp_backup_dir_find(request->config, &restore->db, request->path);
  if( path == NULL ) return;
  restore->is_latest = adcp_backup_dir_is_latest(request->path);
  adcp_free(restore->path);
  restore->path = path;
}

static const AdcpPlanTable *plan_table(const AdcpRestore *restore, const AdcpArchiveTable *rows) {
  const char *name = rows->table->name;
  return adcp_map_get(&restore->plan->by_source, name, strlen(name));
}

/* What a stage is about: the tables to fill, or those of them to read again. */
static void begin_stage(AdcpRestore *restore, const char *stage, bool verify) {
  int64_t tables = 0, rows = 0;
  for( size_t i = 0; i < restore->head->table_count; i++ ) {
    const AdcpPlanTable *entry = plan_table(restore, &restore->head->tables[i]);
    if( entry == NULL || !(verify ? entry->verify : entry->fill) ) continue;
    tables++;
    rows += restore->head->tables[i].rows;
  }
  adcp_progress_stage(restore->progress, stage, tables, rows);
}

static void open_progress(AdcpRestore *restore, const AdcpRequest *request) {
  if( restore->err->rc ) return;
  restore->progress =
      adcp_progress_open(request, restore->options, restore->function, restore->err);
  if( restore->progress ) begin_stage(restore, "rows", false);
}

static void choose_rows(AdcpRestore *restore) {
  if( restore->err->rc ) return;
  AdcpRowChoiceCall call = {&restore->db, adcp_read_ahead_archive(restore->archive), restore->head,
                            restore->options};
  restore->choice = adcp_row_choice_open(&call);
}

static void open_validation(AdcpRestore *restore) {
  AdcpDb *db = &restore->db;
  bool has_encoding = adcp_empty_shape_try_encoding(db, restore->figures.encoding);
  if( !db->err->rc && flag(restore, "create") ) begin(restore); /* to be rolled back */
  make_plan(restore);
  if( !has_encoding ) check_encoding(restore);
  if( db->err->rc ) return;
  adcp_ddl_vet(restore->plan, restore->head->schema, db, restore->options);
}

AdcpRestore *adcp_restore_open(const AdcpRequest *request, AdcpError *err) {
  AdcpRestore *restore = adcp_calloc(1, sizeof *restore);
  if( restore == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  restore->err = err;
  restore->db = (AdcpDb){request->handle, "main", err};
  restore->root = adcp_config_root(request->config);
  restore->started_ms = adcp_clock_ms();
  restore->nested = !sqlite3_get_autocommit(request->handle);
  restore->is_trial = request->is_trial;
  restore->function = request->function ? request->function : "adcp_restore";
  restore->path = adcp_strdup(request->path);
  if( restore->path == NULL ) adcp_error_nomem(err);
  read_options(restore, request);
  find_backup(restore, request);
  adcp_transaction_check_caller(&restore->db, restore->function);
  open_archive(restore, request->archive);
  restore->settings =
      adcp_settings_restore_open(restore->options, request->config,
                                 adcp_read_ahead_archive(restore->archive), request->handle, err);
  choose_rows(restore);
  if( err->rc || flag(restore, "validate_only") ) {
    open_validation(restore);
    open_progress(restore, request);
    return restore;
  }
  restore->safety = adcp_safety_open(request, &restore->db, restore->options);
  shape_empty_database(restore);
  begin(restore);
  make_plan(restore);
  check_encoding(restore);
  prepare_schema(restore);
  adcp_description_compare(restore->plan, &restore->db);
  open_progress(restore, request);
  return restore;
}

/* ---- rows ---- */

static AdcpConflict conflict_of(const AdcpRestore *restore) {
  if( !restore->plan->merge ) return ADCP_CONFLICT_ABORT;
  const char *text = adcp_options_text(restore->options, "on_conflict", "update");
  if( strcmp(text, "ignore") == 0 ) return ADCP_CONFLICT_IGNORE;
  return strcmp(text, "abort") == 0 ? ADCP_CONFLICT_ABORT : ADCP_CONFLICT_UPDATE;
}

/* The application's own table, which has the name of one that the module was expected to make and did
** not: versions of modules differ. Only force gives its rows away. */
static void refuse_standing(AdcpRestore *restore, const AdcpPlanTable *entry) {
  bool stands = entry->live && entry->live->kind == ADCP_TABLE_ORDINARY && !restore->plan->whole;
  const char *owner = entry->source->shadow_of;
  if( !stands || owner == NULL || flag(restore, "force") ) return;
  adcp_error_set(
      restore->err, ADCP_ERROR,
      "table \"%s\" of the database has the name of a part of \"%s\" in the backup; rename "
      "it, or restore that one under another name: {\"rename\":{\"%s\":\"...\"}}",
      entry->target, owner, owner);
}

/* The live schema, where that stays, is trusted; what the backup says of the shape of a shadow table is
** not. */
static void prepare_shadow(AdcpRestore *restore, const AdcpPlanTable *entry) {
  refuse_standing(restore, entry);
  begin_foreign(restore);
  adcp_vtab_prepare_shadow(&restore->db, entry->target, entry->source,
                           entry->object ? entry->object->sql : NULL);
  end_foreign(restore);
}

/* Makes room for the rows to come: live ones of the same table go, unless they are merged with. */
static void empty_table(AdcpRestore *restore, const AdcpPlanTable *entry) {
  AdcpDb *db = &restore->db;
  switch( entry->source->kind ) {
  case ADCP_TABLE_SHADOW:
    if( !entry->create ) prepare_shadow(restore, entry);
    break;
  case ADCP_TABLE_ORDINARY:
    if( !entry->match_columns || restore->plan->merge ) break;
    adcp_db_exec(db, "DELETE FROM \"%w\".\"%w\"", db->schema, entry->target);
    break;
  default:
    if( restore->plan->whole ) {
      adcp_db_exec(db, "DELETE FROM \"%w\".\"%w\"", db->schema, entry->target);
    }
  }
}

/* Unless everything is restored, counters are taken one by one. */
static bool by_name(const AdcpRestore *restore, const AdcpPlanTable *entry) {
  return !restore->plan->whole && entry->source->kind == ADCP_TABLE_SEQUENCE;
}

/* False where there is no sqlite_sequence: then no live table has AUTOINCREMENT. */
static bool counters_kept(AdcpRestore *restore) {
  return adcp_db_integer(&restore->db, 0,
                         "SELECT 1 FROM \"%w\".sqlite_schema WHERE name = 'sqlite_sequence'",
                         restore->db.schema) != 0;
}

/* Called at the first row: SQLite lets a table be whose generated columns refer to each other in a
** circle, but no statement on it. */
static void open_load(AdcpRestore *restore) {
  const AdcpPlanTable *entry = restore->filling;
  AdcpTable open_part; /* of the live table: without what the backup redacted */
  AdcpColumn *columns = restore->plan->merge && entry->match_columns
                            ? adcp_redacted_hide(restore->plan->redacted, entry->source->name,
                                                 entry->live, &open_part, restore->err)
                            : NULL;
  const AdcpTable *live = columns ? &open_part : entry->live;
  AdcpLoadOptions options = {entry->target, entry->match_columns ? live : NULL,
                             conflict_of(restore), !restore->plan->merge};
  adcp_transaction_keep(restore->transaction);
  restore->load = adcp_load_open(&restore->db, entry->source, &options);
  if( restore->plan->merge && entry->part && entry->part->parents &&
      !adcp_row_choice_updates_parents(restore->options) ) {
    options.on_conflict = ADCP_CONFLICT_IGNORE;
    restore->parent_load = adcp_load_open(&restore->db, entry->source, &options);
  }
  adcp_free(columns);
}

/* All its rows will be read again and their digest compared with the backup's: that the rows are
** what was written, and come back as they are, is then seen at once. */
static bool is_verified_whole(const AdcpRestore *restore, const AdcpPlanTable *entry) {
  return entry->verify && !entry->unordered && entry->part == NULL &&
         !flag(restore, "skip_validation");
}

/* The key of a WITHOUT ROWID table orders its rows by the bytes of texts, which are others in another
** encoding. */
static bool has_another_encoding(AdcpRestore *restore) {
  return adcp_encoding_of_name(restore->figures.encoding) != adcp_db_encoding(&restore->db);
}

/* A backup may have the rows of a database whose schema format ignores DESC as they stood there: they
** were written so once. */
static bool descends(const AdcpRestore *restore, const AdcpPlanTable *entry) {
  AdcpDeclaredKey key = {0};
  if( entry->object ) adcp_declared_key_read(&key, entry->object->sql, restore->err);
  bool found = adcp_declared_key_descends(&key);
  adcp_declared_key_free(&key);
  return found;
}

/* A collation is what the connection says: another function may have its name here, SQLite's own in place of
** the application's NOCASE, or a stand-in (ops/trial.c). */
static bool is_collated(const AdcpPlanTable *entry) {
  return entry->object && adcp_token_has_word(entry->object->sql, "COLLATE");
}

/* Counters have the names that tables have here. */
static bool has_other_names(const AdcpRestore *restore, const AdcpPlanTable *entry) {
  return entry->source->kind == ADCP_TABLE_SEQUENCE && adcp_options_has(restore->options, "rename");
}

static void begin_unordered(AdcpRestore *restore, AdcpPlanTable *entry) {
  if( !entry->verify || flag(restore, "skip_validation") ) return;
  bool by_key = entry->source->without_rowid;
  bool sorted_anew = by_key && (has_another_encoding(restore) || is_collated(entry));
  bool descending = by_key && !sorted_anew && descends(restore, entry);
  entry->unordered = sorted_anew || descending || has_other_names(restore, entry);
  restore->any_sorted_anew = restore->any_sorted_anew || sorted_anew;
  if( !entry->unordered ) return;
  if( restore->loaded == NULL ) {
    restore->loaded = adcp_row_hash_open(restore->threads > 0, restore->err);
  }
  adcp_row_hash_begin(restore->loaded, entry->source, ADCP_ROWS_UNORDERED);
}

static void end_unordered(AdcpRestore *restore, AdcpPlanTable *entry) {
  if( !entry->unordered ) return;
  AdcpArchiveTable found = {.table = entry->source};
  adcp_row_hash_end(restore->loaded, &found);
  memcpy(entry->loaded_sha256, found.sha256, sizeof found.sha256);
}

static void count_row(AdcpRestore *restore, const AdcpValue *values) {
  if( restore->filling->source->kind == ADCP_TABLE_ORDINARY ) restore->rows++;
  if( restore->filling->unordered ) adcp_row_hash_add(restore->loaded, values);
}

/* The row just read; a counter by the name that its table has here. */
static const AdcpValue *row_read(AdcpRestore *restore) {
  const AdcpValue *values = adcp_read_ahead_row(restore->archive);
  if( values == NULL || !restore->plan->whole || !has_other_names(restore, restore->filling) ) {
    return values;
  }
  return adcp_counters_rename(restore->renamed, restore->plan, restore->filling->source, values);
}

/* ---- sqlite_sequence ---- */

/* In a file that another tool sorted tables may come behind it, whose rows SQLite would count anew. */
static bool comes_last(const AdcpRestore *restore, const AdcpArchiveTable *rows) {
  const AdcpArchiveHead *head = restore->head;
  const AdcpArchiveTable *end = head->tables + head->table_count;
  bool last = head->indexed;
  while( last && ++rows < end ) last = rows->table->kind != ADCP_TABLE_ORDINARY;
  return last;
}

static void put_off_counters(AdcpRestore *restore, const AdcpArchiveTable *rows) {
  const AdcpTable *table = rows->table;
  bool whole = restore->plan->whole && table->kind == ADCP_TABLE_SEQUENCE;
  if( !whole || comes_last(restore, rows) ) return;
  restore->sequence_order = adcp_row_order_of_live(&restore->db, table);
  if( restore->sequence_order == NULL ) return;
  restore->sequence = adcp_row_sort_open(&restore->db, table, restore->sequence_order);
}

static void close_counters(AdcpRestore *restore) {
  adcp_row_sort_close(restore->sequence);
  adcp_row_order_close(restore->sequence_order);
  restore->sequence = NULL;
  restore->sequence_order = NULL;
}

static void begin_table(AdcpRestore *restore, const AdcpArchiveTable *rows) {
  const AdcpTable *table = rows->table;
  AdcpPlanTable *entry = adcp_map_get(&restore->plan->by_source, table->name, strlen(table->name));
  if( entry == NULL || !entry->fill ||
      (table->kind == ADCP_TABLE_SEQUENCE && !counters_kept(restore)) ) {
    adcp_read_ahead_skip_table(restore->archive);
    return;
  }
  restore->filling = entry;
  adcp_progress_begin_table(restore->progress, entry->target, rows->rows, rows->bytes);
  if( table->kind == ADCP_TABLE_ORDINARY ) restore->tables++;
  begin_unordered(restore, entry);
  if( is_verified_whole(restore, entry) ) {
    adcp_read_ahead_defer_digest(restore->archive);
    restore->deferred = true;
  }
  put_off_counters(restore, rows);
  empty_table(restore, entry);
  adcp_description_compare_shadow(&restore->db, entry);
  if( entry->part ) adcp_row_choice_begin(restore->choice, table->name);
}

/* Whether the row just read, of a table that is a part, is one of those chosen. One that merges
** otherwise than the table's other rows is loaded here. */
static bool take_chosen(AdcpRestore *restore, const AdcpValue *values) {
  AdcpRowWhy why =
      adcp_row_choice_next(restore->choice, adcp_read_ahead_row_number(restore->archive));
  if( why == ADCP_ROW_LEFT ) return false;
  if( restore->filling->verify ) adcp_row_choice_note(restore->choice, values);
  if( why != ADCP_ROW_PARENT || restore->parent_load == NULL ) return true;
  adcp_load_row(restore->parent_load, values);
  restore->rows++;
  return false;
}

/* The first row of a table, or one that speaks of tables by name. */
static void restore_row(AdcpRestore *restore) {
  const AdcpPlanTable *entry = restore->filling;
  const AdcpValue *values = entry ? row_read(restore) : NULL;
  if( values == NULL ) return;
  if( restore->sequence && entry->source->kind == ADCP_TABLE_SEQUENCE ) {
    count_row(restore, values);
    adcp_row_sort_add(restore->sequence, values);
  } else if( !by_name(restore, entry) ) {
    open_load(restore);
    if( entry->part && !take_chosen(restore, values) ) return;
    count_row(restore, values);
    adcp_load_row(restore->load, values);
  } else {
    adcp_counters_take(&restore->counters, restore->plan, entry->source, values, restore->err);
  }
}

/* The source of the rows that are loaded: up to the event that is none. */
static const AdcpValue *next_row(void *context) {
  AdcpRestore *restore = context;
  const AdcpValue *values;
  do {
    restore->event = adcp_read_ahead_next(restore->archive);
    if( restore->event != ADCP_ARCHIVE_ROW || restore->err->rc ) return NULL;
    values = row_read(restore);
  } while( restore->filling->part && !take_chosen(restore, values) );
  count_row(restore, values);
  return values;
}

static void end_choice(AdcpRestore *restore) {
  int64_t written, kept, parents_written, parents_kept;
  adcp_load_counts(restore->load, &written, &kept);
  adcp_load_counts(restore->parent_load, &parents_written, &parents_kept);
  adcp_row_choice_count(restore->choice, restore->filling->source->name, written + parents_written,
                        kept + parents_kept);
  if( restore->filling->part ) adcp_row_choice_end(restore->choice);
}

static void end_table(AdcpRestore *restore) {
  if( restore->filling ) end_choice(restore);
  if( restore->filling ) end_unordered(restore, restore->filling);
  adcp_counters_write(&restore->counters, &restore->db);
  adcp_counters_free(&restore->counters);
  adcp_load_close(restore->load);
  adcp_load_close(restore->parent_load);
  restore->load = NULL;
  restore->parent_load = NULL;
  restore->filling = NULL;
  adcp_progress_end_table(restore->progress);
}

/* After all rows: those that were put off take the place of what SQLite counted. */
static void load_counters(AdcpRestore *restore) {
  if( restore->sequence == NULL || restore->err->rc ) return;
  AdcpPlanTable *entry =
      adcp_map_get(&restore->plan->by_source, "sqlite_sequence", strlen("sqlite_sequence"));
  restore->filling = entry;
  empty_table(restore, entry);
  open_load(restore);
  const AdcpValue *values;
  while( (values = adcp_row_sort_next(restore->sequence)) != NULL ) {
    adcp_load_row(restore->load, values);
  }
  adcp_load_close(restore->load);
  restore->load = NULL;
  restore->filling = NULL;
  close_counters(restore);
}

/* validate_only: reads and checks everything, counts what would be restored. */
static void check_event(AdcpRestore *restore, AdcpArchiveEvent event) {
  const AdcpArchiveTable *rows = adcp_read_ahead_table(restore->archive);
  const AdcpPlanTable *entry = plan_table(restore, rows);
  if( entry == NULL || !entry->fill ) return;
  if( event == ADCP_ARCHIVE_TABLE_BEGIN ) {
    adcp_progress_begin_table(restore->progress, entry->target, rows->rows, rows->bytes);
    if( rows->table->kind == ADCP_TABLE_ORDINARY ) restore->tables++;
    if( entry->part ) restore->rows += entry->part->rows;
  } else if( event == ADCP_ARCHIVE_TABLE_END ) {
    adcp_progress_end_table(restore->progress);
  } else if( rows->table->kind == ADCP_TABLE_ORDINARY && entry->part == NULL ) {
    restore->rows++;
  }
}

static bool check_step(AdcpRestore *restore) {
  for( int i = 0; i < STEP_ROWS; i++ ) {
    AdcpArchiveEvent event = adcp_read_ahead_next(restore->archive);
    if( event == ADCP_ARCHIVE_END || event == ADCP_ARCHIVE_ERROR ) return false;
    check_event(restore, event);
  }
  return true;
}

/* Loads some thousand rows, or does what the next event asks for. */
static bool load_step(AdcpRestore *restore) {
  if( restore->load == NULL ) {
    restore->event = adcp_read_ahead_next(restore->archive);
  } else if( adcp_load_rows(restore->load, (AdcpRowSource){restore, next_row}, STEP_ROWS) ) {
    return true;
  }
  if( restore->err->rc ) return false;
  switch( restore->event ) {
  case ADCP_ARCHIVE_TABLE_BEGIN:
    begin_table(restore, adcp_read_ahead_table(restore->archive));
    break;
  case ADCP_ARCHIVE_ROW: restore_row(restore); break;
  case ADCP_ARCHIVE_TABLE_END: end_table(restore); break;
  case ADCP_ARCHIVE_END: load_counters(restore); return false;
  case ADCP_ARCHIVE_ERROR: return false;
  }
  return true;
}

/* What fails because of what the rows are: a file whose rows are not those that were written is
** what is wrong then, and comes first. */
static void blame_backup(AdcpRestore *restore) {
  AdcpError *err = restore->err, found = ADCP_ERROR_INIT;
  bool of_rows = err->rc == ADCP_MISMATCH || err->rc == ADCP_CONSTRAINT || err->rc == ADCP_ERROR;
  if( !of_rows || !restore->deferred ) return;
  adcp_read_ahead_check(restore->archive, &found);
  if( found.rc == ADCP_CORRUPT ) {
    adcp_error_clear(err);
    adcp_error_move(err, &found);
  }
  adcp_error_clear(&found);
}

bool adcp_restore_step(AdcpRestore *restore) {
  if( restore == NULL || restore->err->rc ) return false;
  bool more = flag(restore, "validate_only") ? check_step(restore) : load_step(restore);
  if( more ) {
    adcp_progress_rows(restore->progress, adcp_read_ahead_row_number(restore->archive), -1);
  }
  blame_backup(restore);
  return more && !restore->err->rc;
}

/* ---- verification ---- */

static void begin_verification(AdcpRestore *restore) {
  if( restore->err->rc || flag(restore, "skip_validation") ) return;
  restore->verify = adcp_verify_open(&restore->db, restore->plan, restore->head, restore->threads);
}

/* Rows of a merge, of data_only and of version 2.0 (which has no digests) are not compared. */
static bool is_compared(const AdcpRestore *restore) {
  bool compared = !adcp_legacy_is(restore->head);
  for( size_t i = 0; i < restore->plan->table_count && compared; i++ ) {
    const AdcpPlanTable *entry = &restore->plan->tables[i];
    compared = !(entry->fill && entry->match_columns);
  }
  return compared && !restore->plan->merge;
}

static void finish_verification(AdcpRestore *restore) {
  if( restore->err->rc || restore->verify == NULL ) return;
  if( restore->progress ) begin_stage(restore, "verify", true);
  adcp_verify_finish(restore->verify, &restore->interrupt, restore->progress);
  adcp_verify_close(restore->verify);
  restore->verify = NULL;
  restore->verified = !restore->err->rc && is_compared(restore);
}

/* ---- the end ---- */

static void set_figure(AdcpDb *db, const char *name, int figure) {
  adcp_db_exec(db, "PRAGMA \"%w\".%s = %d", db->schema, name, figure);
  if( adcp_db_integer(db, figure, "PRAGMA \"%w\".%s", db->schema, name) != figure ) {
    adcp_error_set(db->err, ADCP_MISMATCH, "%s could not be set; " ADCP_IGNORES, name);
  }
}

static void set_figures(AdcpRestore *restore) {
  if( !restore->plan->whole ) return;
  set_figure(&restore->db, "user_version", restore->figures.user_version);
  set_figure(&restore->db, "application_id", restore->figures.application_id);
}

static void warn_of_lost(void *context, const char *name, const char *table) {
  AdcpRestore *restore = context;
  adcp_plan_warn_of_temp_trigger(restore->plan, name, table, restore->err);
}

static void restore_temp_triggers(AdcpRestore *restore) {
  if( restore->err->rc || restore->plan->merge ) return;
  adcp_state_create_temp_triggers(restore->state, &restore->db, warn_of_lost, restore);
}

static void write_warnings(AdcpRestore *restore, AdcpJsonWriter *w) {
  adcp_json_key(w, "warnings");
  adcp_json_begin_array(w);
  for( size_t i = 0; i < restore->head->warnings.count; i++ ) {
    adcp_json_string(w, restore->head->warnings.items[i]);
  }
  for( size_t i = 0; i < restore->plan->warnings.count; i++ ) {
    adcp_json_string(w, restore->plan->warnings.items[i]);
  }
  adcp_text_list_write_items(adcp_settings_restore_warnings(restore->settings), w);
  adcp_json_end_array(w);
}

static void write_report(AdcpRestore *restore, AdcpBuf *report) {
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "path", restore->path);
  adcp_json_member_string(&w, "schema", restore->db.schema);
  adcp_json_member_string(&w, "mode", restore->plan->merge ? "merge" : "replace");
  adcp_json_member_bool(&w, "whole", restore->plan->whole);
  if( flag(restore, "validate_only") ) adcp_json_member_bool(&w, "validate_only", true);
  adcp_json_member_integer(&w, "tables", restore->tables);
  adcp_json_member_integer(&w, "rows", restore->rows);
  adcp_row_choice_report(restore->choice, &w);
  adcp_json_member_bool(&w, "verified", restore->verified);
  adcp_json_member_integer(&w, "foreign_key_violations", restore->violations);
  adcp_json_member_string(&w, "content_sha256", restore->head->totals.content_sha256);
  if( restore->safety ) {
    adcp_json_member_string(&w, "safety_backup", adcp_safety_path(restore->safety));
  }
  adcp_settings_restore_report(restore->settings, &w);
  write_warnings(restore, &w);
  adcp_json_member_integer(&w, "duration_ms", adcp_clock_ms() - restore->started_ms);
  adcp_json_end_object(&w);
}

static void check_foreign_keys(AdcpRestore *restore) {
  if( restore->err->rc ) return;
  const char *rule = adcp_options_text(restore->options, "foreign_keys",
                                       restore->plan->whole ? "report" : "enforce");
  restore->violations = adcp_foreign_keys_after(restore->foreign_keys, &restore->db, restore->plan,
                                                strcmp(rule, "enforce") == 0);
}

/* An index over a view may be over one of the file. Where no view comes with it the live ones are trusted. */
static void create_rest(AdcpRestore *restore) {
  AdcpPlan *plan = restore->plan;
  bool keeps_schema = plan->merge || plan->data_only;
  begin_foreign(restore);
  adcp_ddl_create_indexes(plan, &restore->db, restore->threads);
  adcp_ddl_create_views_and_triggers(plan, &restore->db);
  if( keeps_schema ) end_foreign(restore);
  adcp_fts_refresh(&restore->db, plan, restore->live);
  if( !keeps_schema ) end_foreign(restore);
}

void adcp_restore_finish(AdcpRestore *restore, AdcpBuf *report) {
  if( restore == NULL || restore->err->rc ) return;
  if( !flag(restore, "validate_only") ) {
    begin_verification(restore);
    create_rest(restore);
    set_figures(restore);
    adcp_vtab_reset(&restore->db);
    adcp_transaction_keep(restore->transaction);
    check_foreign_keys(restore);
    finish_verification(restore);
    adcp_ddl_write_schema_rows(restore->plan, &restore->db);
    adcp_ddl_verify(restore->plan, &restore->db, restore->live);
    restore_temp_triggers(restore);
    if( !restore->err->rc ) adcp_safety_compare(restore->safety, put_in(restore));
    adcp_settings_restore_stage(restore->settings, &restore->db);
    blame_backup(restore);
    if( !restore->err->rc ) write_report(restore, report);
    adcp_request_reserve_report(restore->db.handle, report, restore->err);
    if( !restore->err->rc ) adcp_transaction_commit(restore->transaction);
    adcp_settings_restore_publish(restore->settings, &restore->db);
  }
  if( !restore->err->rc ) write_report(restore, report);
}

/* A caller's transaction that is gone had rows that are nowhere else now; one that could not be rolled
** back may be committed. */
static AdcpSafetyFate safety_fate(const AdcpRestore *restore, const char *outcome) {
  if( outcome == NULL ) return ADCP_SAFETY_USED;
  if( strcmp(outcome, ADCP_TRANSACTION_LEFT_OPEN) == 0 ) return ADCP_SAFETY_UNSURE;
  bool nested = !sqlite3_get_autocommit(restore->db.handle);
  return nested == restore->nested ? ADCP_SAFETY_UNUSED : ADCP_SAFETY_UNSURE;
}

/* What SQLite finds damaged as long as live tables are there is not of the backup. */
static void explain_damage(const AdcpRestore *restore) {
  AdcpError *err = restore->err;
  bool of_live = !restore->dropped || restore->plan->merge;
  if( err->rc != ADCP_CORRUPT || !of_live || restore->is_trial ) return;
  if( strstr(adcp_error_message(err), sqlite3_errstr(SQLITE_CORRUPT)) == NULL ) return;
  adcp_error_append(err,
                    "; that is the database, not the backup: PRAGMA integrity_check says where; "
                    "restore into a new file, which takes its place");
}

/* The table that was being filled, or, of an index, any text. */
static bool may_be_collated(const AdcpRestore *restore) {
  const AdcpPlan *plan = restore->plan;
  if( restore->filling ) return is_collated(restore->filling);
  bool found = false;
  for( size_t i = 0; i < plan->table_count && !found; i++ ) found = is_collated(&plan->tables[i]);
  for( size_t i = 0; i < plan->object_count && !found; i++ ) {
    const AdcpObject *object = plan->objects[i].object;
    found = object->type == ADCP_OBJECT_INDEX && object->sql &&
            adcp_token_has_word(object->sql, "COLLATE");
  }
  return found;
}

/* Two keys of the backup may be one here. */
static void explain_unique(const AdcpRestore *restore) {
  AdcpError *err = restore->err;
  if( err->rc != ADCP_CONSTRAINT || restore->plan == NULL || restore->plan->merge ) return;
  if( strstr(adcp_error_message(err), "UNIQUE constraint failed") == NULL ) return;
  if( !may_be_collated(restore) ) return;
  adcp_error_append(err, "; a collation of its key may have been another function where the backup "
                         "was made: register that on this connection first");
}

static const char reshaped[] =
    "it is empty still, but on this connection it would get the backup's encoding, page_size and "
    "auto_vacuum: open it again before you write to it";
static const char reshaped_attached[] = "it is empty still, but on this connection it would get "
                                        "the backup's page_size and auto_vacuum: "
                                        "attach it again before you write to it";

void adcp_restore_close(AdcpRestore *restore) {
  if( restore == NULL ) return;
  adcp_progress_close(restore->progress);
  adcp_verify_close(restore->verify);
  adcp_load_close(restore->load);
  adcp_load_close(restore->parent_load);
  adcp_row_hash_close(restore->loaded);
  adcp_counters_free(&restore->counters);
  close_counters(restore);
  adcp_foreign_keys_close(restore->foreign_keys);
  adcp_settings_restore_close(restore->settings);
  const char *outcome = adcp_transaction_close(restore->transaction);
  adcp_file_window_close(restore->window);
  adcp_state_restore(restore->state);
  adcp_error_name(restore->err, restore->path);
  explain_damage(restore);
  explain_unique(restore);
  bool is_reshaped = outcome && !adcp_empty_shape_put_back(&restore->empty_shape, &restore->db);
  if( outcome && !restore->is_trial ) adcp_error_append(restore->err, "; %s", outcome);
  if( is_reshaped && !restore->is_trial ) {
    bool is_main = strcmp(restore->db.schema, "main") == 0;
    adcp_error_append(restore->err, "; %s", is_main ? reshaped : reshaped_attached);
  }
  adcp_safety_close(restore->safety, safety_fate(restore, outcome));
  adcp_plan_close(restore->plan);
  adcp_row_choice_close(restore->choice);
  adcp_schema_free(restore->live);
  adcp_read_ahead_close(restore->archive);
  adcp_interrupt_close(&restore->interrupt);
  adcp_options_free(restore->options);
  adcp_free(restore->path);
  adcp_free(restore);
}
