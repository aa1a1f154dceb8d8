/*
** backup.c - database -> backup file: snapshot, catalog, order, rows, manifest (contract in
** backup.h).
*/
#include "ops/backup.h"

#include <string.h>

#include "archive/archive_read.h"
#include "archive/archive_write.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/catalog.h"
#include "db/fts.h"
#include "db/mention.h"
#include "db/order.h"
#include "db/file_window.h"
#include "db/scan.h"
#include "db/stub.h"
#include "db/system_file.h"
#include "db/temp_trigger.h"
#include "db/token.h"
#include "db/vet.h"
#include "db/virtual_table.h"
#include "ops/backup_dir.h"
#include "ops/clock.h"
#include "ops/hash.h"
#include "ops/fts_leave.h"
#include "ops/fts_words.h"
#include "ops/interrupt.h"
#include "ops/listing.h"
#include "ops/log.h"
#include "ops/metadata.h"
#include "ops/options.h"
#include "ops/own_file.h"
#include "ops/progress.h"
#include "ops/redaction.h"
#include "ops/redaction_check.h"
#include "ops/reserved.h"
#include "ops/selection.h"
#include "ops/settings.h"
#include "ops/validate.h"
#include "platform/work_queue.h"
#include "stream/compressor.h"

#define STEP_ROWS 4096 /* a few milliseconds: often enough to report progress */

static const char *const compress_choices[] = {"gzip", "zstd", "none", NULL};
static const char *const fts_choices[] = {"keep", "rebuild", NULL};

static const AdcpOptionSpec option_specs[] = {
    {"tables", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"exclude_tables", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"exclude_data", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"fts", ADCP_OPTION_TEXT, 0, 0, fts_choices},
    {"schema", ADCP_OPTION_TEXT, 0, 0, NULL},
    {"schema_only", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"data_only", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"compress", ADCP_OPTION_TEXT, 0, 0, compress_choices},
    {"level", ADCP_OPTION_INTEGER, 1, 12, NULL},
    {"threads", ADCP_OPTION_INTEGER, 0, ADCP_MAX_THREADS, NULL},
    {"progress", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"overwrite", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"if_changed", ADCP_OPTION_BOOL, 0, 0, NULL},
    {"note", ADCP_OPTION_TEXT, 0, 0, NULL},
    {"redact", ADCP_OPTION_NAMES, 0, 0, NULL},
    ADCP_SETTINGS_OPTIONS,
};

const AdcpOptionTable adcp_backup_options = {option_specs,
                                             sizeof option_specs / sizeof *option_specs, "option"};

struct AdcpBackup {
  AdcpDb db;
  AdcpError *err;
  bool in_transaction;          /* of the caller, at entry */
  const AdcpSafetyMark *safety; /* borrowed; NULL: asked for by a user */
  const AdcpRoot *root;         /* of the connection */
  char *path;
  AdcpOutMode mode;
  int64_t started_ms;
  AdcpOptions *options;
  AdcpSnapshot snapshot;
  int64_t created; /* when it was taken, in seconds since 1970 */
  AdcpFileWindow *window;
  AdcpSchema *schema; /* of the snapshot; from select_schema on the selected part of it */
  bool *write_rows;   /* for each of schema->tables */
  const char *type;   /* backup_type */
  AdcpSettings *settings;
  AdcpRedaction *redaction;
  AdcpFtsWords *words;   /* until indexes are left out */
  AdcpNameMap unsampled; /* AdcpTable of the schema: what ANALYZE sampled of them stays out */
  AdcpTextList redacted, warnings; /* of columns; those of settings come on top */
  AdcpBlockWriterOptions container;
  AdcpInterrupt interrupt; /* asked while a stream has no room */
  char *unchanged; /* path of the backup that holds this content already; nothing is written then */
  AdcpArchiveWriter *archive;
  AdcpArchiveTotals totals; /* of what was written */
  size_t next_table;        /* of schema->tables */
  AdcpScan *scan;           /* of the table being written, or NULL between tables */
  AdcpProgress *progress;
  int64_t *row_counts; /* for each of schema->tables; only when progress is told */
  int64_t table_rows;  /* of the table being written, so far */
};

/* ---- what goes in ---- */

static bool flag(const AdcpBackup *backup, const char *option) {
  return adcp_options_bool(backup->options, option, false);
}

static const char *backup_type(const AdcpBackup *backup, const AdcpSelection *selection) {
  if( flag(backup, "schema_only") ) return "schema";
  if( flag(backup, "data_only") ) return "data";
  bool partial =
      adcp_selection_partial(selection) || adcp_options_has(backup->options, "exclude_data");
  return partial ? "partial" : "full";
}

static bool object_written(const AdcpBackup *backup, const AdcpSelection *selection,
                           const AdcpObject *object) {
  if( !adcp_selection_object(selection, object) ) return false;
  if( !flag(backup, "data_only") ) return true;
  /* Rows of shadow tables mean something only with the definition that made them. */
  const AdcpTable *table =
      object->type == ADCP_OBJECT_TABLE ? adcp_schema_table(backup->schema, object->name) : NULL;
  return table && table->kind == ADCP_TABLE_VIRTUAL;
}

static bool rows_written(const AdcpBackup *backup, const AdcpSelection *selection,
                         const AdcpTable *table) {
  return table->kind != ADCP_TABLE_VIRTUAL && !flag(backup, "schema_only") &&
         adcp_selection_rows(selection, table);
}

typedef struct LeftOut {
  AdcpBackup *backup;
  const bool *keep; /* for each object of the schema */
  const AdcpObject *object;
} LeftOut;

static void warn_of_left_out(void *context, const AdcpObject *relation) {
  const LeftOut *left = context;
  if( left->keep[relation - left->backup->schema->objects] ) return;
  adcp_text_list_add(&left->backup->warnings,
                     "%s \"%.200s\" names \"%.200s\", which is not in the backup",
                     adcp_object_type_name(left->object->type), left->object->name, relation->name);
}

/* Views and triggers that name what is left out: a restore elsewhere would make them fail. */
static void warn_of_names(AdcpBackup *backup, const bool *keep) {
  LeftOut left = {backup, keep, NULL};
  AdcpNameMap relations = {0};
  adcp_mention_relations(&relations, backup->schema, backup->err);
  for( size_t i = 0; i < backup->schema->object_count && !backup->err->rc; i++ ) {
    left.object = &backup->schema->objects[i];
    if( left.object->type != ADCP_OBJECT_VIEW && left.object->type != ADCP_OBJECT_TRIGGER )
      continue;
    if( keep[i] ) {
      adcp_mention_each(left.object, &relations, warn_of_left_out, &left, backup->err);
    }
  }
  adcp_name_map_free(&relations);
}

/* The table or view of the database that a full-text index is over, or NULL. */
static const AdcpObject *find_content(const AdcpBackup *backup, AdcpNameMap *relations,
                                      const AdcpObject *index) {
  const AdcpTable *table = adcp_schema_table(backup->schema, index->name);
  bool made = index->type == ADCP_OBJECT_TABLE && table && table->kind == ADCP_TABLE_VIRTUAL;
  char *name = made && index->sql ? adcp_fts_content_table(index->sql, backup->err) : NULL;
  const AdcpObject *content =
      name ? adcp_name_map_get(relations, name, strlen(name), backup->err) : NULL;
  adcp_free(name);
  return content;
}

/* A full-text index without what it is over finds words and no rows, which who did not exclude that may
** not know. Of rows alone (data_only) the database that they are put into has it. */
static void warn_of_contents(AdcpBackup *backup, const AdcpSelection *selection, const bool *keep) {
  const AdcpSchema *schema = backup->schema;
  AdcpNameMap relations = {0};
  if( flag(backup, "data_only") || !adcp_selection_partial(selection) ) return;
  adcp_mention_relations(&relations, schema, backup->err);
  for( size_t i = 0; i < schema->object_count && !backup->err->rc; i++ ) {
    const AdcpObject *index = &schema->objects[i];
    const AdcpObject *content = keep[i] ? find_content(backup, &relations, index) : NULL;
    const AdcpTable *table = content ? adcp_schema_table(schema, content->name) : NULL;
    bool on_purpose = table && adcp_selection_excludes(selection, table);
    if( content == NULL || keep[content - schema->objects] || on_purpose ) continue;
    adcp_text_list_add(&backup->warnings,
                       "full-text index \"%.200s\" names \"%.200s\", which is not in the backup",
                       index->name, content->name);
  }
  adcp_name_map_free(&relations);
}

/* Whether a restore makes it by its own SQL. */
static bool is_made(const AdcpBackup *backup, const AdcpObject *object) {
  const AdcpTable *table =
      object->type == ADCP_OBJECT_TABLE ? adcp_schema_table(backup->schema, object->name) : NULL;
  return object->sql && (table == NULL || table->shadow_of == NULL);
}

/* By writable_schema SQLite lets a text stand under another name than it says, if only in other letters. */
static void warn_of_another_name(AdcpBackup *backup, const AdcpObject *object) {
  AdcpCreate create;
  if( object->sql == NULL || !adcp_create_recognize(object->sql, &create, backup->err) ) return;
  if( strcmp(create.name, object->name) != 0 ) {
    bool is_table = object->type == ADCP_OBJECT_TABLE;
    bool is_named = is_table || object->type == ADCP_OBJECT_VIEW; /* by exclude_tables */
    adcp_text_list_add(&backup->warnings,
                       "%s \"%s\" has SQL that makes \"%s\", which a restore refuses; %s it, or "
                       "leave %s out there with exclude_tables",
                       adcp_object_type_name(object->type), object->name, create.name,
                       is_table ? "rename" : "drop and create", is_named ? "it" : "its table");
  }
  adcp_create_free(&create);
}

/* A trigger of TEMP that stands on a table of another database belongs to that table. */
static void warn_of_other_triggers(AdcpBackup *backup) {
  AdcpDb *db = &backup->db;
  if( db->err->rc || backup->safety || sqlite3_stricmp(db->schema, "temp") != 0 ) return;
  sqlite3_stmt *stmt = adcp_db_prepare(
      db, "SELECT name, tbl_name, sql FROM temp.sqlite_schema WHERE type = 'trigger'");
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    const char *table = (const char *)sqlite3_column_text(stmt, 1);
    const char *sql = (const char *)sqlite3_column_text(stmt, 2);
    if( !name || !table || !sql || adcp_temp_trigger_is_own(db, table, sql) ) continue;
    adcp_text_list_add(
        &backup->warnings,
        "trigger \"%.200s\" is left out: it stands on \"%.200s\" of another database", name, table);
  }
  adcp_db_finalize(stmt);
}

static void warn_of_names_and_size(AdcpBackup *backup) {
  size_t made = 0;
  if( backup->err->rc ) return;
  adcp_reserved_warn(backup->schema, &backup->warnings);
  for( size_t i = 0; i < backup->schema->object_count; i++ ) {
    const AdcpObject *object = &backup->schema->objects[i];
    made += is_made(backup, object);
    warn_of_another_name(backup, object);
    const char *too_long = object->sql ? adcp_vet_too_long(object->sql) : NULL;
    if( too_long == NULL ) continue;
    adcp_text_list_add(&backup->warnings, "%s \"%s\" has SQL of %s, which a restore refuses",
                       adcp_object_type_name(object->type), object->name, too_long);
  }
  if( made <= ADCP_MAX_OBJECTS ) return;
  adcp_text_list_add(&backup->warnings,
                     "there are %zu tables, indexes, views and triggers: a restore of more than %d "
                     "has to be asked for by {\"max_objects\":%zu}",
                     made, ADCP_MAX_OBJECTS, made);
}

/* Shadow tables that were chosen without their virtual table: in a database that has no such one these
** are ordinary tables, and a reader refuses a backup that says otherwise. */
static void part_from_owners(const AdcpBackup *backup) {
  const AdcpSchema *schema = backup->schema;
  for( size_t i = 0; i < schema->table_count && !backup->err->rc; i++ ) {
    AdcpTable *table = &schema->tables[i];
    if( table->shadow_of == NULL || adcp_schema_table(schema, table->shadow_of) ) continue;
    adcp_free(table->shadow_of);
    table->shadow_of = NULL;
    table->kind = ADCP_TABLE_ORDINARY;
  }
}

/* A selection that leaves nothing may be a slip; with settings it may be what is meant. */
static void warn_of_nothing(AdcpBackup *backup) {
  static const char *const others[] = {"settings", "env", "flags"};
  const AdcpSchema *schema = backup->schema;
  bool some = backup->err->rc || strcmp(backup->type, "partial") != 0;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    some = some || schema->objects[i].type != ADCP_OBJECT_TABLE;
  }
  for( size_t i = 0; i < schema->table_count; i++ ) {
    AdcpTableKind kind = schema->tables[i].kind;
    some = some || (kind != ADCP_TABLE_SEQUENCE && kind != ADCP_TABLE_STAT); /* of other tables */
  }
  for( size_t i = 0; i < sizeof others / sizeof *others; i++ ) {
    some = some || adcp_options_has(backup->options, others[i]);
  }
  if( some ) return;
  adcp_text_list_add(&backup->warnings,
                     "nothing is in the backup: \"tables\" and \"exclude_tables\" leave nothing of "
                     "the database");
}

/* Reduces the schema to what the options select. */
static void select_schema(AdcpBackup *backup) {
  AdcpSchema *schema = backup->schema;
  AdcpSelection *selection =
      adcp_selection_open(backup->options, schema, ADCP_SELECTION_OF_DATABASE, backup->err);
  if( selection == NULL ) return;
  bool *keep_objects = adcp_calloc(schema->object_count + 1, sizeof(bool));
  bool *keep_tables = adcp_calloc(schema->table_count + 1, sizeof(bool));
  backup->write_rows = adcp_calloc(schema->table_count + 1, sizeof(bool));
  backup->type = backup_type(backup, selection);
  if( keep_objects && keep_tables && backup->write_rows ) {
    size_t kept = 0;
    for( size_t i = 0; i < schema->object_count; i++ ) {
      keep_objects[i] = object_written(backup, selection, &schema->objects[i]);
    }
    warn_of_contents(backup, selection, keep_objects);
    for( size_t i = 0; i < schema->table_count; i++ ) {
      keep_tables[i] = adcp_selection_table(selection, schema->tables[i].name) &&
                       !adcp_reserved_is_left_out(&schema->tables[i], &backup->warnings);
      if( !keep_tables[i] ) continue;
      backup->write_rows[kept++] = rows_written(backup, selection, &schema->tables[i]);
    }
    if( adcp_selection_partial(selection) ) warn_of_names(backup, keep_objects);
    backup->words = adcp_fts_words_open(schema, selection, backup->options, backup->err);
    adcp_selection_close(selection); /* it borrows the whole schema */
    adcp_schema_retain(schema, keep_objects, keep_tables, backup->err);
    part_from_owners(backup);
    warn_of_nothing(backup);
  } else {
    adcp_selection_close(selection);
    adcp_error_nomem(backup->err);
  }
  adcp_free(keep_objects);
  adcp_free(keep_tables);
}

/* Those that have to be first: nothing is to be said then of why they cannot be rebuilt. */
static void leave_indexes_out(AdcpBackup *backup) {
  if( backup->err->rc ) return;
  AdcpFtsLeave leave;
  adcp_fts_leave_open(&leave, &backup->db, backup->schema, backup->write_rows, &backup->warnings);
  adcp_fts_words_leave_out(backup->words, &leave, backup->redaction);
  bool all = strcmp(adcp_options_text(backup->options, "fts", "keep"), "rebuild") == 0;
  if( all ) adcp_fts_leave_all(&leave);
  adcp_fts_leave_close(&leave);
}

static bool rebuilds(const AdcpSchema *schema) {
  for( size_t i = 0; i < schema->table_count; i++ ) {
    if( schema->tables[i].rebuild ) return true;
  }
  return false;
}

/* ---- opening ---- */

static void read_options(AdcpBackup *backup, const AdcpRequest *request) {
  backup->options = adcp_request_options(request, &adcp_backup_options, backup->err);
  if( backup->options == NULL ) return;
  backup->db.schema = adcp_options_text(backup->options, "schema", "main");
  if( flag(backup, "schema_only") && flag(backup, "data_only") ) {
    adcp_error_set(
        backup->err, ADCP_ERROR,
        "options \"schema_only\" and \"data_only\" exclude each other; give one of them");
  }
  adcp_db_check_schema(&backup->db);
}

/* The container that a value of "compress" means. */
static AdcpContainer container_named(const char *compress) {
  if( strcmp(compress, "none") == 0 ) return ADCP_CONTAINER_PLAIN;
  return strcmp(compress, "zstd") == 0 ? ADCP_CONTAINER_ZSTD : ADCP_CONTAINER_GZIP;
}

/* The path that was asked for, or a dated one in the folder of backups. */
static void choose_path(AdcpBackup *backup, const AdcpRequest *request) {
  if( backup->err->rc ) return;
  backup->mode = flag(backup, "overwrite") ? ADCP_OUT_REPLACE : ADCP_OUT_NEW;
  if( backup->path ) return;
  backup->mode = ADCP_OUT_NUMBERED;
  AdcpContainer container = container_named(adcp_options_text(backup->options, "compress", "gzip"));
  backup->path =
      adcp_backup_dir_new_path(request->config, &backup->db, request->safety ? "safety_" : "",
                               backup->created, adcp_container_suffix(container));
}

static void choose_container(AdcpBackup *backup) {
  const char *compress = adcp_options_text(backup->options, "compress", NULL);
  AdcpBlockWriterOptions *container = &backup->container;
  container->container = adcp_container_of_path(backup->path);
  if( compress ) container->container = container_named(compress);
  int level = container->container == ADCP_CONTAINER_ZSTD ? ADCP_ZSTD_LEVEL : ADCP_GZIP_LEVEL;
  container->level = (int)adcp_options_integer(backup->options, "level", level);
  container->threads =
      (int)adcp_options_integer(backup->options, "threads", adcp_spare_processors());
}

static void open_archive(AdcpBackup *backup) {
  if( backup->err->rc ) return;
  choose_container(backup);
  adcp_interrupt_open(&backup->interrupt, &backup->db);
  backup->container.checkpoint = adcp_interrupt_checkpoint(&backup->interrupt);
  backup->archive = adcp_archive_writer_open(backup->root, backup->path, backup->mode,
                                             &backup->container, backup->err);
}

static void write_head(AdcpBackup *backup) {
  if( backup->err->rc ) return;
  AdcpBuf json = {0};
  AdcpMetadata metadata = {.created = backup->created,
                           .backup_type = backup->type,
                           .note = adcp_options_text(backup->options, "note", NULL),
                           .options = backup->options,
                           .settings = backup->settings,
                           .redacted_columns = &backup->redacted,
                           .safety = backup->safety,
                           .rebuilds = rebuilds(backup->schema)};
  adcp_metadata_write(&json, &backup->db, &metadata);
  if( adcp_buf_check(&json, backup->err) ) {
    adcp_archive_write_section(backup->archive, "backup_metadata", (char *)json.data, json.size);
  }
  adcp_buf_free(&json);
  adcp_archive_write_schema(backup->archive, backup->schema);
  adcp_settings_write(backup->settings, backup->archive);
  adcp_archive_begin_tables(backup->archive);
}

static void open_redaction(AdcpBackup *backup) {
  if( backup->err->rc ) return;
  backup->redaction =
      adcp_redaction_open(backup->options, backup->schema, &backup->redacted, backup->err);
  if( adcp_options_name_count(backup->options, "redact") == 0 || backup->err->rc ) return;
  adcp_redaction_check(&backup->db, backup->schema, backup->write_rows, backup->redaction,
                       &backup->warnings);
}

static void gather_settings(AdcpBackup *backup, AdcpConfig *config) {
  if( backup->err->rc ) return;
  backup->settings = adcp_settings_open(backup->options, config, &backup->db);
}

/* Counts what will be written, which costs a look at every table: only for those who want to be
** told. */
static void open_progress(AdcpBackup *backup, const AdcpRequest *request) {
  int64_t rows = 0, tables = 0;
  backup->progress = adcp_progress_open(request, backup->options, "adcp_backup", backup->err);
  if( backup->progress == NULL ) return;
  backup->row_counts = adcp_calloc(backup->schema->table_count + 1, sizeof(int64_t));
  if( backup->row_counts == NULL ) {
    adcp_error_nomem(backup->err);
    return;
  }
  for( size_t i = 0; i < backup->schema->table_count; i++ ) {
    if( !backup->write_rows[i] ) continue;
    backup->row_counts[i] = adcp_catalog_row_count(&backup->db, &backup->schema->tables[i]);
    rows += backup->row_counts[i];
    tables++;
  }
  adcp_progress_stage(backup->progress, "rows", tables, rows);
}

/* ---- if_changed ---- */

/* sqlite_stat1 has counts; sqlite_stat3 and sqlite_stat4 have values of rows. */
static bool has_samples(const AdcpTable *table) {
  return table->kind == ADCP_TABLE_STAT && sqlite3_stricmp(table->name, "sqlite_stat1") != 0;
}

/* Rows of sqlite_sequence and sqlite_stat speak of a table, by their first column: in a partial
** backup only of one that is in it. Samples of a table whose rows are left out, or with a redacted
** column, stay out. */
static bool row_selected(AdcpBackup *backup, const AdcpTable *table, const AdcpValue *values) {
  if( table->kind != ADCP_TABLE_SEQUENCE && table->kind != ADCP_TABLE_STAT ) return true;
  const AdcpValue *value = &values[table->has_rowid_key ? 1 : 0];
  const char *name = value->type == ADCP_TEXT ? adcp_value_bytes(value) : NULL;
  if( name && has_samples(table) &&
      adcp_name_map_get(&backup->unsampled, name, value->size, backup->err) ) {
    return false;
  }
  if( strcmp(backup->type, "full") == 0 ) return true;
  return name && adcp_map_get(&backup->schema->table_by_name, name, value->size);
}

static void find_unsampled(AdcpBackup *backup) {
  const AdcpSchema *schema = backup->schema;
  for( size_t i = 0; !backup->err->rc && i < schema->table_count; i++ ) {
    AdcpTable *table = &schema->tables[i];
    bool whole =
        backup->write_rows[i] &&
        !adcp_redaction_concerns(backup->redaction, table->name, strlen(table->name), backup->err);
    if( !whole ) adcp_name_map_put(&backup->unsampled, table->name, table, backup->err);
  }
}

static bool hashed_table(void *context, const AdcpTable *table) {
  const AdcpBackup *backup = context;
  return backup->write_rows[table - backup->schema->tables];
}

static const AdcpValue *hashed_row(void *context, const AdcpTable *table, const AdcpValue *values) {
  AdcpBackup *backup = context;
  if( !row_selected(backup, table, values) ) return NULL;
  return adcp_redaction_apply(backup->redaction, table, values);
}

/* The backup that a new one would take the place of or follow: the file of that path, or the newest
** of this database in the folder. NULL when there is none. */
static char *earlier_backup(AdcpBackup *backup, const AdcpRequest *request) {
  AdcpError none = ADCP_ERROR_INIT;
  AdcpDb *db = &backup->db;
  AdcpInterrupt interrupt = {0};
  char *folder = NULL, *spelled = NULL, *earlier = NULL;
  if( request->path ) {
    earlier = adcp_strdup(request->path);
    if( earlier == NULL ) adcp_error_nomem(backup->err);
  } else {
    folder = adcp_config_backup_dir(request->config, db->handle, db->schema, backup->err);
    spelled = adcp_listing_spell(adcp_db_filename(db->handle, db->schema), backup->err);
    if( folder && spelled ) {
      adcp_interrupt_open(&interrupt, db);
      earlier = adcp_listing_newest_of(backup->root, folder, spelled,
                                       adcp_interrupt_checkpoint(&interrupt), &none);
      adcp_interrupt_close(&interrupt);
    }
    if( none.rc == ADCP_NOMEM || none.rc == ADCP_INTERRUPT ) adcp_error_move(backup->err, &none);
  }
  adcp_error_clear(&none);
  adcp_free(folder);
  adcp_free(spelled);
  return earlier;
}

/* What a restore of that backup would make of a database. A partial one leaves it its own. */
static bool same_figures(AdcpBackup *backup, const AdcpArchiveHead *head) {
  AdcpDb *db = &backup->db;
  AdcpDatabaseFigures figures;
  adcp_metadata_read(&figures, head, backup->err);
  char *encoding = adcp_db_text(db, "PRAGMA \"%w\".encoding", db->schema);
  bool same_encoding = encoding && strcmp(figures.encoding, encoding) == 0;
  adcp_free(encoding);
  return same_encoding && strcmp(figures.backup_type, backup->type) == 0 &&
         figures.page_size == adcp_db_integer(db, 0, "PRAGMA \"%w\".page_size", db->schema) &&
         figures.auto_vacuum == adcp_db_integer(db, -1, "PRAGMA \"%w\".auto_vacuum", db->schema) &&
         figures.user_version == adcp_db_integer(db, 0, "PRAGMA \"%w\".user_version", db->schema) &&
         figures.application_id ==
             adcp_db_integer(db, 0, "PRAGMA \"%w\".application_id", db->schema);
}

/* Whether that backup holds what this one would. */
static bool holds_content(AdcpBackup *backup, const char *path) {
  AdcpError found = ADCP_ERROR_INIT;
  AdcpHashRows rows = {backup, hashed_table, hashed_row};
  AdcpCheckpoint checkpoint = adcp_interrupt_checkpoint_of(backup->db.handle);
  AdcpArchiveReader *archive =
      adcp_archive_reader_open_head_checked(backup->root, path, checkpoint, &found);
  const AdcpArchiveHead *head = archive ? adcp_archive_head(archive) : NULL;
  bool holds = head && head->totals.content_sha256[0] && same_figures(backup, head) &&
               adcp_settings_are_held(backup->settings, archive, &found) &&
               adcp_hash_is_held(&backup->db, backup->schema, &rows, head);
  adcp_archive_reader_close(archive);
  if( found.rc == ADCP_NOMEM || found.rc == ADCP_INTERRUPT ) adcp_error_move(backup->err, &found);
  adcp_error_clear(&found);
  return holds && !backup->err->rc;
}

/* Looks whether an earlier backup holds the content, and is whole to its last byte: else nothing would
** ever take its place. What would be written is read once for that. */
static void check_changed(AdcpBackup *backup, const AdcpRequest *request) {
  if( backup->err->rc || !flag(backup, "if_changed") ) return;
  AdcpListingEntry entry;
  AdcpError damage = ADCP_ERROR_INIT;
  memset(&entry, 0, sizeof entry);
  char *earlier = earlier_backup(backup, request);
  if( earlier ) adcp_listing_read(&entry, backup->root, earlier, backup->err);
  if( entry.status == ADCP_BACKUP_OK && earlier && holds_content(backup, earlier) ) {
    adcp_validate_file(request, earlier, &damage);
    if( damage.rc == ADCP_OK ) {
      backup->unchanged = earlier;
      earlier = NULL;
    } else if( damage.rc != ADCP_CORRUPT ) {
      adcp_error_move(backup->err, &damage);
    }
    adcp_error_clear(&damage);
  }
  adcp_free(earlier);
  adcp_listing_entry_clear(&entry);
}

/* The words of rows that the caller's transaction has brought to a full-text table. */
static void write_pending(AdcpBackup *backup) {
  if( backup->err->rc || adcp_vtab_write_pending(&backup->db, backup->schema) ) return;
  if( sqlite3_get_autocommit(backup->db.handle) ) {
    adcp_error_set(backup->err, ADCP_MISUSE,
                   "a statement that writes to a virtual table is running, and words of full-text "
                   "tables may wait for its end; step it to its end or reset it first");
    return;
  }
  adcp_error_set(backup->err, ADCP_MISUSE,
                 "a statement that writes is running within a transaction, in which words of "
                 "full-text tables may wait for the commit; call it in a statement of its own, "
                 "or after the COMMIT");
}

AdcpBackup *adcp_backup_open(const AdcpRequest *request, AdcpError *err) {
  AdcpBackup *backup = adcp_calloc(1, sizeof *backup);
  if( backup == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  backup->err = err;
  backup->started_ms = adcp_clock_ms();
  backup->db = (AdcpDb){request->handle, "main", err};
  backup->safety = request->safety;
  backup->root = adcp_config_root(request->config);
  backup->in_transaction = !sqlite3_get_autocommit(request->handle);
  if( request->path ) {
    backup->path = adcp_strdup(request->path);
    if( backup->path == NULL ) adcp_error_nomem(err);
  }
  read_options(backup, request);
  if( backup->path ) adcp_own_file_refuse(&backup->db, backup->path);
  if( backup->path ) adcp_log_refuse(request->config, backup->path, err);
  adcp_snapshot_open(&backup->snapshot, &backup->db);
  backup->created = adcp_clock_seconds();
  backup->window = adcp_file_window_open(&backup->db);
  if( !err->rc ) backup->schema = adcp_catalog_read(&backup->db);
  write_pending(backup);
  if( !err->rc ) adcp_schema_sort(backup->schema, err);
  if( !err->rc ) select_schema(backup);
  open_redaction(backup);
  leave_indexes_out(backup);
  warn_of_names_and_size(backup);
  warn_of_other_triggers(backup);
  gather_settings(backup, request->config);
  find_unsampled(backup);
  check_changed(backup, request);
  if( backup->unchanged ) return backup;
  choose_path(backup, request);
  open_archive(backup);
  write_head(backup);
  if( !err->rc ) open_progress(backup, request);
  return backup;
}

/* ---- rows ---- */

/* Opens the scan of the next table that has rows to write; false when there is none. */
static bool next_table(AdcpBackup *backup) {
  while( backup->next_table < backup->schema->table_count &&
         !backup->write_rows[backup->next_table] ) {
    backup->next_table++;
  }
  if( backup->next_table == backup->schema->table_count ) return false;
  const AdcpTable *table = &backup->schema->tables[backup->next_table];
  backup->scan = adcp_scan_open(&backup->db, table);
  adcp_archive_begin_table(backup->archive, table);
  backup->table_rows = 0;
  if( backup->progress ) {
    adcp_progress_begin_table(backup->progress, table->name, backup->row_counts[backup->next_table],
                              0);
  }
  adcp_stub_advise(backup->err);
  adcp_error_prepend(backup->err, "table \"%s\": ", table->name);
  return !backup->err->rc;
}

static void end_table(AdcpBackup *backup) {
  adcp_scan_close(backup->scan);
  backup->scan = NULL;
  adcp_archive_end_table(backup->archive);
  adcp_progress_end_table(backup->progress);
  backup->next_table++;
}

bool adcp_backup_step(AdcpBackup *backup) {
  if( backup == NULL || backup->err->rc || backup->unchanged ) return false;
  if( backup->scan == NULL && !next_table(backup) ) return false;
  const AdcpTable *table = &backup->schema->tables[backup->next_table];
  for( int i = 0; i < STEP_ROWS; i++ ) {
    const AdcpValue *values = adcp_scan_next(backup->scan);
    if( values == NULL ) {
      if( !backup->err->rc ) end_table(backup);
      break;
    }
    if( row_selected(backup, table, values) ) {
      adcp_archive_write_row(backup->archive,
                             adcp_redaction_apply(backup->redaction, table, values));
    }
    backup->table_rows++;
    if( backup->err->rc ) break;
  }
  if( backup->progress && !backup->err->rc ) {
    adcp_progress_rows(backup->progress, backup->table_rows,
                       adcp_archive_writer_raw_bytes(backup->archive));
  }
  if( backup->err->rc ) adcp_error_prepend(backup->err, "table \"%s\": ", table->name);
  return !backup->err->rc;
}

/* ---- the end ---- */

/* Texts of the tables' part and of the settings' part as one array. */
static void write_texts(AdcpJsonWriter *w, const char *key, const AdcpTextList *tables,
                        const AdcpTextList *settings) {
  adcp_json_key(w, key);
  adcp_json_begin_array(w);
  adcp_text_list_write_items(tables, w);
  adcp_text_list_write_items(settings, w);
  adcp_json_end_array(w);
}

static void write_report(AdcpBackup *backup, const AdcpArchiveTotals *totals, AdcpBuf *report) {
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  if( flag(backup, "if_changed") ) adcp_json_member_bool(&w, "unchanged", false);
  adcp_json_member_string(&w, "path", adcp_archive_writer_path(backup->archive));
  adcp_json_member_string(&w, "backup_type", backup->type);
  adcp_json_member_string(&w, "compression", adcp_container_name(backup->container.container));
  adcp_json_member_integer(&w, "tables", totals->tables);
  adcp_json_member_integer(&w, "rows", totals->rows);
  adcp_json_member_integer(&w, "size_bytes", totals->file_bytes);
  adcp_json_member_integer(&w, "uncompressed_bytes", totals->raw_bytes);
  adcp_json_member_string(&w, "content_sha256", totals->content_sha256);
  write_texts(&w, "redacted", &backup->redacted, adcp_settings_redacted(backup->settings));
  write_texts(&w, "warnings", &backup->warnings, adcp_settings_warnings(backup->settings));
  adcp_json_member_integer(&w, "duration_ms", adcp_clock_ms() - backup->started_ms);
  adcp_json_end_object(&w);
}

static void write_unchanged(AdcpBackup *backup, AdcpBuf *report) {
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_bool(&w, "unchanged", true);
  adcp_json_member_string(&w, "path", backup->unchanged);
  adcp_json_member_string(&w, "backup_type", backup->type);
  write_texts(&w, "warnings", &backup->warnings, adcp_settings_warnings(backup->settings));
  adcp_json_member_integer(&w, "duration_ms", adcp_clock_ms() - backup->started_ms);
  adcp_json_end_object(&w);
}

void adcp_backup_finish(AdcpBackup *backup, AdcpBuf *report) {
  if( backup == NULL || backup->err->rc ) return;
  if( backup->unchanged ) {
    write_unchanged(backup, report);
    return;
  }
  adcp_archive_finish(backup->archive, &backup->totals);
  if( !backup->err->rc ) write_report(backup, &backup->totals, report);
  adcp_request_reserve_report(backup->safety ? NULL : backup->db.handle, report, backup->err);
  adcp_archive_commit(backup->archive);
  if( !backup->err->rc ) write_report(backup, &backup->totals, report);
}

bool adcp_backup_take_written(AdcpBackup *backup, AdcpPlace *place) {
  bool written = backup && backup->archive && adcp_archive_writer_is_published(backup->archive);
  if( written ) adcp_archive_writer_take_place(backup->archive, place);
  return written;
}

const AdcpArchiveTotals *adcp_backup_totals(const AdcpBackup *backup) {
  return &backup->totals;
}

/* A safety backup that failed after it got its name is removed by its restore. */
static void explain(AdcpBackup *backup) {
  bool stands =
      backup->archive && !backup->safety && adcp_archive_writer_is_published(backup->archive);
  adcp_error_name(backup->err, backup->path);
  if( backup->options == NULL ) return;
  adcp_error_append(backup->err,
                    stands ? "; the backup is whole, but a power failure could still take it away"
                           : "; no backup was written");
}

void adcp_backup_close(AdcpBackup *backup) {
  if( backup == NULL ) return;
  adcp_progress_close(backup->progress);
  adcp_free(backup->row_counts);
  adcp_scan_close(backup->scan);
  explain(backup);
  if( backup->in_transaction && !backup->safety && sqlite3_get_autocommit(backup->db.handle) ) {
    /* SQLite does that by itself, out of memory for one. */
    adcp_error_append(backup->err, "; your transaction was rolled back");
  }
  adcp_archive_writer_close(backup->archive);
  adcp_interrupt_close(&backup->interrupt);
  adcp_schema_free(backup->schema);
  adcp_file_window_close(backup->window);
  adcp_snapshot_close(&backup->snapshot);
  adcp_options_free(backup->options);
  adcp_settings_close(backup->settings);
  adcp_redaction_close(backup->redaction);
  adcp_fts_words_close(backup->words);
  adcp_name_map_free(&backup->unsampled);
  adcp_text_list_free(&backup->redacted);
  adcp_text_list_free(&backup->warnings);
  adcp_free(backup->write_rows);
  adcp_free(backup->unchanged);
  adcp_free(backup->path);
  adcp_free(backup);
}
