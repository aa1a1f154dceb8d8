/*
** plan_steps.c - a restore's plan as a list of steps (contract in plan_steps.h).
*/
#include "ops/plan_steps.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/name_map.h"
#include "db/catalog.h"
#include "db/empty_shape.h"
#include "db/token.h"
#include "ops/backup_dir.h"
#include "ops/ddl.h"
#include "ops/fts_refresh.h"
#include "ops/hash.h"
#include "ops/interrupt.h"
#include "ops/kept_rows.h"
#include "ops/legacy.h"
#include "ops/metadata.h"
#include "ops/plan.h"
#include "ops/plan_drift.h"
#include "ops/restore.h"
#include "ops/safety.h"

struct AdcpPlanSteps {
  AdcpError *err; /* borrowed while opening */
  AdcpDb db;
  const AdcpConfig *config; /* borrowed while opening */
  AdcpOptions *options;
  AdcpArchiveReader *archive;
  const AdcpArchiveHead *head;
  AdcpSchema *live;
  AdcpRowChoice *choice; /* or NULL */
  AdcpPlan *plan;
  AdcpSnapshot snapshot;
  AdcpMap entries;                /* AdcpArchiveTable by its name in the backup */
  AdcpByTable of_backup, of_live; /* objects of the two schemas */
  AdcpMap digests;                /* the first AdcpArchiveTable with that digest */
  AdcpNameMap targets; /* AdcpPlanTable by its name in the database; one that is restored first */
  char *folder;        /* owned: of backups; NULL until it is looked at, or without one */
  AdcpKeptRows *kept;  /* of it */
  bool *dropped;       /* owned: for each of the live objects; also those that an index takes */
  bool has_safety;     /* a safety backup comes first */
  AdcpPlanStep *items; /* owned */
  size_t count;
};

static AdcpPlanStep *add(AdcpPlanSteps *steps, const char *action, const char *object, int64_t rows,
                         const char *format, ...) __attribute__((format(printf, 5, 6)));

static AdcpPlanStep *add(AdcpPlanSteps *steps, const char *action, const char *object, int64_t rows,
                         const char *format, ...) {
  if( steps->err->rc ) return NULL;
  AdcpBuf detail = {0};
  if( format ) {
    va_list args;
    va_start(args, format);
    adcp_buf_appendv(&detail, format, args);
    va_end(args);
  }
  AdcpPlanStep *larger = adcp_grow(steps->items, steps->count, sizeof *larger);
  if( larger ) steps->items = larger;
  char *name = object ? adcp_strdup(object) : NULL;
  char *text = format ? adcp_buf_take(&detail) : NULL;
  adcp_buf_free(&detail);
  if( larger && (name || object == NULL) && (text || format == NULL) ) {
    steps->items[steps->count] = (AdcpPlanStep){action, name, rows, text};
    return &steps->items[steps->count++];
  }
  adcp_free(name);
  adcp_free(text);
  adcp_error_nomem(steps->err);
  return NULL;
}

/* ---- what is lost ---- */

static const AdcpArchiveTable *rows_of(const AdcpPlanSteps *steps, const AdcpTable *source) {
  return adcp_map_get(&steps->entries, source->name, strlen(source->name));
}

/* The plan's table that goes to a live name, or NULL. */
static const AdcpPlanTable *planned(AdcpPlanSteps *steps, const char *target) {
  return adcp_name_map_get(&steps->targets, target, strlen(target), steps->err);
}

/* The table of the backup, whatever its name, that has these rows, or NULL. */
static const AdcpArchiveTable *find_rows(const AdcpPlanSteps *steps, const char *sha256) {
  return adcp_map_get(&steps->digests, sha256, strlen(sha256));
}

/* The folder of backups, looked through once, and only when rows would go that this backup does not
** have. */
static const char *kept_elsewhere(AdcpPlanSteps *steps, const char *sha256) {
  AdcpError none = ADCP_ERROR_INIT;
  if( steps->folder == NULL ) {
    steps->folder =
        adcp_config_backup_dir(steps->config, steps->db.handle, steps->db.schema, &none);
    if( none.rc == ADCP_NOMEM ) adcp_error_move(steps->err, &none);
    const AdcpRoot *root = adcp_config_root(steps->config);
    AdcpCheckpoint checkpoint = adcp_interrupt_checkpoint_of(steps->db.handle);
    if( steps->folder ) {
      steps->kept = adcp_kept_rows_open(root, steps->folder, checkpoint, steps->err);
    }
  }
  adcp_error_clear(&none);
  return steps->kept ? adcp_kept_rows_find(steps->kept, sha256) : NULL;
}

/* Where rows that go can be found again; owned. */
static char *loss_of(AdcpPlanSteps *steps, const AdcpTable *live) {
  const AdcpPlanTable *entry = planned(steps, live->name);
  const AdcpArchiveTable *rows = entry ? rows_of(steps, entry->source) : NULL;
  const char *which = rows ? ": adcp_diff tells which" : "";
  bool legacy = adcp_legacy_is(steps->head);
  char sha256[ADCP_SHA256_HEX + 1] = "";
  AdcpBuf text = {0};
  adcp_hash_rows(&steps->db, live, sha256);
  const AdcpArchiveTable *same =
      rows && strcmp(sha256, rows->sha256) == 0 ? rows : find_rows(steps, sha256);
  const char *elsewhere = same || steps->err->rc ? NULL : kept_elsewhere(steps, sha256);
  if( same && same == rows ) {
    adcp_buf_append_str(&text, "its rows are those of the backup");
  } else if( same ) {
    adcp_buf_appendf(&text, "its rows are those of \"%s\" in the backup", same->table->name);
  } else if( legacy ) {
    const char *where = elsewhere ? "in " : steps->kept ? "in no backup of " : NULL;
    adcp_buf_append_str(&text, "whether its rows are in this backup is not known, since version "
                               "2.0 has no digests");
    if( where ) {
      adcp_buf_appendf(&text, "; they are %s%s", where, elsewhere ? elsewhere : steps->folder);
    }
  } else if( elsewhere ) {
    adcp_buf_appendf(&text, "its rows are not in this backup, but in %s", elsewhere);
  } else if( steps->kept ) {
    adcp_buf_appendf(&text, "its rows are neither in this backup nor in one of %s%s", steps->folder,
                     which);
  } else {
    adcp_buf_appendf(&text, "its rows are not in this backup%s", which);
  }
  char *loss = adcp_buf_take(&text);
  if( loss == NULL ) adcp_error_nomem(steps->err);
  adcp_buf_free(&text);
  return loss;
}

/* A live table with rows of its own, or NULL. */
static const AdcpTable *live_rows(const AdcpPlanSteps *steps, const AdcpObject *object) {
  if( object->type != ADCP_OBJECT_TABLE ) return NULL;
  const AdcpTable *table = adcp_schema_table(steps->live, object->name);
  return table && table->kind == ADCP_TABLE_ORDINARY ? table : NULL;
}

static bool is_shadow(const AdcpSchema *schema, const AdcpObject *object) {
  const AdcpTable *table = adcp_schema_table(schema, object->tbl_name);
  return table && table->kind == ADCP_TABLE_SHADOW;
}

static bool makes_schema(const AdcpPlanSteps *steps) {
  return adcp_options_bool(steps->options, "create", false);
}

/* Option create: what the database lacks of the application's own schema. */
static void list_own_schema(AdcpPlanSteps *steps) {
  AdcpCreate create;
  size_t at = 0;
  while( makes_schema(steps) && adcp_legacy_next_missing(steps->live, &at, &create, steps->err) ) {
    add(steps, "create", create.name, -1, "%s%s%s%s; of the application's own schema",
        create.is_virtual ? "virtual " : "", adcp_object_type_name(create.type),
        create.on_name ? " on " : "", create.on_name ? create.on_name : "");
    adcp_create_free(&create);
  }
}

/* The whole database goes into a file before any of it is touched. */
static void list_safety(AdcpPlanSteps *steps) {
  bool touched = adcp_plan_touches_rows(steps->plan, &steps->db, steps->live) ||
                 (makes_schema(steps) && adcp_plan_any_rows(&steps->db, steps->live));
  if( !touched ) return;
  char *place = adcp_safety_place(steps->config, &steps->db, steps->options);
  if( place == NULL ) return;
  int64_t rows = 0;
  for( size_t i = 0; i < steps->live->table_count; i++ ) {
    const AdcpTable *table = &steps->live->tables[i];
    if( table->kind == ADCP_TABLE_ORDINARY ) rows += adcp_catalog_row_count(&steps->db, table);
  }
  add(steps, "safety backup", NULL, rows, "%s", place);
  steps->has_safety = true;
  adcp_free(place);
}

/* What goes with a table (its indexes, triggers, shadow tables) is not listed by itself. */
static void list_drops(AdcpPlanSteps *steps) {
  const AdcpPlan *plan = steps->plan;
  for( size_t i = 0; i < plan->drop_count && !steps->err->rc; i++ ) {
    const AdcpObject *object = plan->drops[i];
    const AdcpTable *table = live_rows(steps, object);
    bool relation = object->type == ADCP_OBJECT_TABLE || object->type == ADCP_OBJECT_VIEW;
    if( !relation || is_shadow(steps->live, object) ) continue;
    const char *type = adcp_object_type_name(object->type);
    int64_t rows = table ? adcp_catalog_row_count(&steps->db, table) : -1;
    char *loss = rows > 0 ? loss_of(steps, table) : NULL;
    add(steps, "drop", object->name, rows, "%s%s%s", type, loss ? "; " : "", loss ? loss : "");
    adcp_free(loss);
  }
}

static AdcpDrift drift_of(AdcpPlanSteps *steps, const AdcpPlanTable *entry) {
  return (AdcpDrift){&steps->db,     steps->plan,       entry,          steps->head,
                     steps->options, &steps->of_backup, &steps->of_live};
}

/* Columns and constraints that differ where rows go into a live table. */
static void list_drift(AdcpPlanSteps *steps, const AdcpPlanTable *entry) {
  const AdcpDrift drift = drift_of(steps, entry);
  AdcpTexts found = {0};
  adcp_plan_drift(&drift, &found, steps->err);
  for( size_t i = 0; i < found.count; i++ ) {
    add(steps, "drift", entry->target, -1, "%s", found.items[i]);
  }
  adcp_texts_free(&found);
}

/* ---- tables and objects ---- */

/* What is to be known of a "fill" or "merge": how columns are matched, and which rows. */
static void add_fill(AdcpPlanSteps *steps, const char *action, const AdcpPlanTable *entry,
                     int64_t rows, const char *columns) {
  const AdcpChosenTable *part = entry->part;
  if( part == NULL ) {
    add(steps, action, entry->target, rows, columns ? "%s" : NULL, columns);
    return;
  }
  add(steps, action, entry->target, part->rows,
      "%s%sa part: of %lld rows %lld match, %lld are children, %lld are parents%s",
      columns ? columns : "", columns ? "; " : "", (long long)rows, (long long)part->matched,
      (long long)part->children, (long long)part->parents,
      part->parents && steps->plan->merge && !adcp_row_choice_updates_parents(steps->options)
          ? ", which stay as they are where they are there"
          : "");
}

/* True when sqlite_sequence will be there: a table with AUTOINCREMENT is, or is made. */
static bool has_counters(const AdcpPlanSteps *steps) {
  const AdcpPlan *plan = steps->plan;
  for( size_t i = 0; i < steps->live->table_count; i++ ) {
    if( steps->live->tables[i].kind == ADCP_TABLE_SEQUENCE ) return true;
  }
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    bool made = entry->create && entry->source->kind == ADCP_TABLE_ORDINARY;
    if( made && adcp_token_has_word(entry->object->sql, "AUTOINCREMENT") ) return true;
  }
  return false;
}

/* Reads the backup's sqlite_sequence; how many of its rows are taken. */
static int64_t count_counters(AdcpPlanSteps *steps, const AdcpArchiveTable *rows) {
  AdcpArchiveReader *archive = steps->archive;
  int64_t count = 0;
  if( steps->head->indexed ) {
    adcp_archive_seek_table(archive, (size_t)(rows - steps->head->tables));
  }
  for( ;; ) {
    AdcpArchiveEvent event = adcp_archive_next(archive);
    if( event == ADCP_ARCHIVE_END || event == ADCP_ARCHIVE_ERROR ) return count;
    bool wanted = adcp_archive_table(archive) == rows;
    if( event == ADCP_ARCHIVE_TABLE_BEGIN && !wanted ) adcp_archive_skip_table(archive);
    if( event == ADCP_ARCHIVE_TABLE_END && wanted ) return count;
    if( event != ADCP_ARCHIVE_ROW ) continue;
    count += adcp_plan_counter(steps->plan, rows->table, adcp_archive_row(archive)) != NULL;
  }
}

/* True when a live table with a counter is filled: of one that is made anew the counter goes. */
static bool keeps_counters(const AdcpPlan *plan) {
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->fill && entry->match_columns && entry->source->kind == ADCP_TABLE_ORDINARY )
      return true;
  }
  return false;
}

/* Counters of AUTOINCREMENT: all of them, or those of the tables that are filled. */
static void list_counters(AdcpPlanSteps *steps, const AdcpPlanTable *entry) {
  const AdcpArchiveTable *rows = rows_of(steps, entry->source);
  if( steps->plan->whole ) {
    add(steps, "fill", entry->target, rows->rows, NULL);
    return;
  }
  int64_t count = has_counters(steps) ? count_counters(steps, rows) : 0;
  if( count == 0 ) return;
  add(steps, "fill", entry->target, count, "counters of the tables above, of %lld in the backup%s",
      (long long)rows->rows, keeps_counters(steps->plan) ? "; a higher one stays" : "");
}

#define LISTED_TRIGGERS 20 /* a step is for reading */

/* "columns by name", and the triggers that fire; owned. */
static char *how_matched(AdcpPlanSteps *steps, const AdcpPlanTable *entry) {
  const AdcpDrift drift = drift_of(steps, entry);
  AdcpTexts fired = {0};
  AdcpBuf text = {0};
  adcp_plan_fired(&drift, &fired, steps->err);
  adcp_buf_append_str(&text, "columns by name");
  for( size_t i = 0; i < fired.count && i < LISTED_TRIGGERS; i++ ) {
    adcp_buf_appendf(&text, "%s %s", i ? "," : "; triggers fire:", fired.items[i]);
  }
  if( fired.count > LISTED_TRIGGERS ) {
    adcp_buf_appendf(&text, " and %zu more", fired.count - LISTED_TRIGGERS);
  }
  adcp_texts_free(&fired);
  char *how = adcp_buf_take(&text);
  if( how == NULL ) adcp_error_nomem(steps->err);
  return how;
}

static void list_fill(AdcpPlanSteps *steps, const AdcpPlanTable *entry) {
  const AdcpArchiveTable *rows = rows_of(steps, entry->source);
  int64_t count = rows ? rows->rows : 0;
  bool ordinary = entry->source->kind == ADCP_TABLE_ORDINARY;
  if( !entry->match_columns || entry->live == NULL || !ordinary ) {
    add_fill(steps, "fill", entry, count, NULL);
    return;
  }
  bool described =
      count > 0 || !adcp_legacy_is(steps->head); /* else it has no columns to compare */
  if( described ) list_drift(steps, entry);
  if( !steps->plan->merge ) {
    int64_t live = adcp_catalog_row_count(&steps->db, entry->live);
    char *loss = live > 0 ? loss_of(steps, entry->live) : NULL;
    if( loss ) add(steps, "delete", entry->target, live, "%s", loss);
    adcp_free(loss);
  }
  char *how = how_matched(steps, entry);
  if( how ) add_fill(steps, steps->plan->merge ? "merge" : "fill", entry, count, how);
  adcp_free(how);
}

static void list_taken(AdcpPlanSteps *steps, const AdcpTable *taken) {
  int64_t rows = adcp_catalog_row_count(&steps->db, taken);
  char *loss = rows > 0 ? loss_of(steps, taken) : NULL;
  if( loss ) add(steps, "delete", taken->name, rows, "%s", loss);
  adcp_free(loss);
}

static void list_tables(AdcpPlanSteps *steps) {
  const AdcpPlan *plan = steps->plan;
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    const AdcpTable *source = entry->source;
    if( !entry->create && !entry->schema_row_only ) continue;
    if( entry->takes ) list_taken(steps, entry->takes);
    if( source->module && entry->schema_row_only ) {
      add(steps, "create", entry->target, -1,
          "virtual table; module %s is not loaded: its row alone", source->module);
    } else {
      add(steps, "create", entry->target, -1, "%s", source->module ? "virtual table" : "table");
    }
  }
  for( size_t i = 0; i < plan->table_count && !steps->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !entry->fill ) continue;
    if( entry->source->kind == ADCP_TABLE_SEQUENCE ) {
      list_counters(steps, entry);
    } else {
      list_fill(steps, entry);
    }
  }
}

static void list_objects(AdcpPlanSteps *steps) {
  static const AdcpObjectType order[] = {ADCP_OBJECT_INDEX, ADCP_OBJECT_VIEW, ADCP_OBJECT_TRIGGER};
  const AdcpPlan *plan = steps->plan;
  for( size_t k = 0; k < sizeof order / sizeof *order; k++ ) {
    for( size_t i = 0; i < plan->object_count; i++ ) {
      const AdcpPlanObject *entry = &plan->objects[i];
      if( entry->object->type != order[k] ) continue;
      add(steps, "create", entry->name, -1, "%s%s%s", adcp_object_type_name(order[k]),
          order[k] == ADCP_OBJECT_VIEW ? "" : " on ",
          order[k] == ADCP_OBJECT_VIEW ? "" : entry->on);
    }
  }
}

/* Full-text indexes that the backup left out. */
static void list_rebuilds(AdcpPlanSteps *steps) {
  for( size_t i = 0; i < steps->plan->table_count && !steps->err->rc; i++ ) {
    const AdcpPlanTable *entry = &steps->plan->tables[i];
    if( entry->create && entry->source->rebuild ) {
      add(steps, "rebuild", entry->target, -1, "full-text index");
    }
  }
}

/* -1 where they cannot be counted, as without a collation of the table's key: it is left as it is. */
static int64_t kept_rows(AdcpPlanSteps *steps, const AdcpTable *table) {
  if( table == NULL || steps->err->rc ) return -1;
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb look = {steps->db.handle, steps->db.schema, &trouble};
  int64_t rows = adcp_catalog_row_count(&look, table);
  bool unread = trouble.rc == ADCP_ERROR || trouble.rc == ADCP_CORRUPT;
  if( unread ) adcp_error_clear(&trouble);
  adcp_error_move(steps->err, &trouble);
  return unread ? -1 : rows;
}

/* Full-text indexes over rows that are replaced are made anew. */
static void list_kept(AdcpPlanSteps *steps) {
  AdcpNameMap refreshed = {0};
  adcp_fts_list_refreshed(&steps->db, steps->plan, steps->live, &refreshed);
  for( size_t i = 0; i < steps->live->object_count && !steps->err->rc; i++ ) {
    const AdcpObject *object = &steps->live->objects[i];
    bool relation = object->type == ADCP_OBJECT_TABLE || object->type == ADCP_OBJECT_VIEW;
    const AdcpPlanTable *entry = planned(steps, object->name);
    bool touched = steps->dropped[i] || (entry && entry->fill);
    if( !relation || touched || is_shadow(steps->live, object) ) continue;
    if( adcp_name_map_get(&refreshed, object->name, strlen(object->name), steps->err) ) {
      add(steps, "rebuild", object->name, -1, "full-text index, from the rows that come");
      continue;
    }
    int64_t rows = kept_rows(steps, live_rows(steps, object));
    add(steps, "keep", object->name, rows, "%s", adcp_object_type_name(object->type));
  }
  adcp_name_map_free(&refreshed);
}

/* What a restore would warn of, and what would stop it. */
static void list_notes(AdcpPlanSteps *steps) {
  for( size_t i = 0; i < steps->head->warnings.count; i++ ) {
    add(steps, "warning", NULL, -1, "%s", steps->head->warnings.items[i]);
  }
  for( size_t i = 0; i < steps->plan->warnings.count; i++ ) {
    add(steps, "warning", NULL, -1, "%s", steps->plan->warnings.items[i]);
  }
  AdcpError stop = ADCP_ERROR_INIT;
  AdcpDb db = {steps->db.handle, steps->db.schema, &stop};
  if( !steps->err->rc ) {
    adcp_plan_check_size(steps->plan, steps->options, &stop);
    adcp_plan_check_force(steps->plan, &db, steps->live,
                          adcp_options_bool(steps->options, "force", false));
  }
  if( steps->has_safety && !stop.rc ) adcp_safety_check(steps->config, steps->options, &stop);
  if( stop.rc == ADCP_ERROR || stop.rc == ADCP_CANTOPEN || stop.rc == ADCP_TOOBIG ) {
    add(steps, "stop", NULL, -1, "%s", adcp_error_message(&stop));
  } else {
    adcp_error_move(steps->err, &stop);
  }
  adcp_error_clear(&stop);
}

/* Schema text that a restore with these options does not take. */
static void list_refused(AdcpPlanSteps *steps) {
  AdcpError stop = ADCP_ERROR_INIT;
  AdcpDb db = {steps->db.handle, steps->db.schema, &stop};
  if( steps->err->rc ) return;
  adcp_ddl_vet(steps->plan, steps->head->schema, &db, steps->options);
  if( stop.rc == ADCP_NOMEM || stop.rc == ADCP_INTERRUPT ) {
    adcp_error_move(steps->err, &stop);
  } else if( stop.rc ) {
    add(steps, "stop", NULL, -1, "%s", adcp_error_message(&stop));
  }
  adcp_error_clear(&stop);
}

/* ---- opening ---- */

static void make_plan(AdcpPlanSteps *steps, const AdcpRequest *request) {
  AdcpDatabaseFigures figures;
  steps->options = adcp_request_options(request, &adcp_restore_options, steps->err);
  if( steps->options == NULL ) return;
  steps->db.schema = adcp_options_text(steps->options, "schema", "main");
  adcp_db_check_schema(&steps->db);
  steps->archive =
      adcp_archive_reader_open_checked(adcp_config_root(request->config), request->path, 0,
                                       adcp_interrupt_checkpoint_of(request->handle), steps->err);
  if( steps->archive == NULL ) return;
  steps->head = adcp_archive_head(steps->archive);
  adcp_metadata_read(&figures, steps->head, steps->err);
  if( makes_schema(steps) ) adcp_legacy_check_create(steps->head, steps->err);
  bool has_encoding = adcp_empty_shape_try_encoding(&steps->db, figures.encoding);
  adcp_snapshot_open(&steps->snapshot, &steps->db);
  if( !steps->err->rc ) steps->live = adcp_catalog_read(&steps->db);
  if( steps->live == NULL ) return;
  AdcpRowChoiceCall call = {&steps->db, steps->archive, steps->head, steps->options};
  steps->choice = adcp_row_choice_open(&call);
  steps->plan = adcp_plan_open(&steps->db, steps->head, figures.backup_type, steps->live,
                               steps->options, steps->choice);
  if( steps->plan == NULL ) return;
  adcp_legacy_warn(steps->plan, steps->head, steps->err);
  if( request->is_latest ) {
    adcp_backup_dir_doubt_latest(&steps->db, steps->head, &steps->plan->warnings);
  }
  if( !has_encoding ) adcp_plan_check_encoding(steps->plan, &steps->db, figures.encoding);
}

static void index_plan(AdcpPlanSteps *steps) {
  AdcpError *err = steps->err;
  const AdcpPlan *plan = steps->plan;
  adcp_by_table_read(&steps->of_backup, steps->head->schema, err);
  adcp_by_table_read(&steps->of_live, steps->live, err);
  for( size_t i = 0; i < steps->head->table_count && !err->rc; i++ ) {
    AdcpArchiveTable *entry = &steps->head->tables[i];
    size_t size = strlen(entry->sha256);
    adcp_map_put(&steps->entries, entry->table->name, strlen(entry->table->name), entry, err);
    if( adcp_map_get(&steps->digests, entry->sha256, size) ) continue;
    adcp_map_put(&steps->digests, entry->sha256, size, entry, err);
  }
  for( int restored = 1; restored >= 0; restored-- ) {
    for( size_t i = 0; i < plan->table_count && !err->rc; i++ ) {
      AdcpPlanTable *entry = &plan->tables[i];
      bool is_restored = entry->create || entry->fill || entry->schema_row_only;
      if( is_restored == restored ) adcp_name_map_put(&steps->targets, entry->target, entry, err);
    }
  }
  steps->dropped = adcp_calloc(steps->live->object_count + 1, sizeof *steps->dropped);
  if( steps->dropped == NULL ) adcp_error_nomem(err);
  for( size_t i = 0; i < plan->drop_count && steps->dropped; i++ ) {
    steps->dropped[plan->drops[i] - steps->live->objects] = true;
  }
  for( size_t i = 0; i < plan->table_count && steps->dropped; i++ ) {
    const AdcpTable *taken = plan->tables[i].takes;
    const AdcpObject *object =
        taken ? adcp_schema_object(steps->live, ADCP_OBJECT_TABLE, taken->name) : NULL;
    if( object ) steps->dropped[object - steps->live->objects] = true;
  }
}

static void list_steps(AdcpPlanSteps *steps) {
  index_plan(steps);
  if( steps->err->rc ) return;
  list_safety(steps);
  list_own_schema(steps);
  list_drops(steps);
  list_tables(steps);
  list_objects(steps);
  list_rebuilds(steps);
  list_kept(steps);
  list_notes(steps);
  list_refused(steps);
}

AdcpPlanSteps *adcp_plan_steps_open(const AdcpRequest *request, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpPlanSteps *steps = adcp_calloc(1, sizeof *steps);
  if( steps == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  steps->err = err;
  steps->db = (AdcpDb){request->handle, "main", err};
  steps->config = request->config;
  make_plan(steps, request);
  if( steps->plan ) list_steps(steps);
  adcp_snapshot_close(&steps->snapshot);
  adcp_error_name(err, request->path);
  if( err->rc == ADCP_OK ) return steps;
  adcp_plan_steps_close(steps);
  return NULL;
}

size_t adcp_plan_steps_count(const AdcpPlanSteps *steps) {
  return steps->count;
}

const AdcpPlanStep *adcp_plan_steps_get(const AdcpPlanSteps *steps, size_t i) {
  return &steps->items[i];
}

void adcp_plan_steps_close(AdcpPlanSteps *steps) {
  if( steps == NULL ) return;
  for( size_t i = 0; i < steps->count; i++ ) {
    adcp_free(steps->items[i].object);
    adcp_free(steps->items[i].detail);
  }
  adcp_free(steps->items);
  adcp_free(steps->dropped);
  adcp_free(steps->folder);
  adcp_kept_rows_close(steps->kept);
  adcp_map_free(&steps->entries);
  adcp_by_table_free(&steps->of_backup);
  adcp_by_table_free(&steps->of_live);
  adcp_map_free(&steps->digests);
  adcp_name_map_free(&steps->targets);
  adcp_plan_close(steps->plan);
  adcp_row_choice_close(steps->choice);
  adcp_schema_free(steps->live);
  adcp_archive_reader_close(steps->archive);
  adcp_options_free(steps->options);
  adcp_free(steps);
}
