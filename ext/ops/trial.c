/*
** trial.c - a restore into a private temporary database (contract in trial.h).
**
** Everything at once. Where a function is missing, all that vetting missed are put there; then the
** definitions alone, again and again until none is missing any more, and then everything.
*/
#include "ops/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/texts.h"
#include "codec/json_write.h"
#include "db/borrow.h"
#include "db/catalog.h"
#include "db/stub.h"
#include "db/token.h"
#include "db/virtual_table.h"
#include "ops/restore.h"
#include "platform/work_queue.h"

#define MAX_STUBS 256 /* functions that an application registers for its schema: a few */
#define PROBE_STEPS                                                                                \
  2000 /* of the virtual machine between two looks at the interrupt: below a millisecond */

typedef struct Trial {
  const AdcpTrial *asked;
  AdcpError *err; /* of the call */
  sqlite3 *handle;
  AdcpConfig *config;         /* nobody's settings, within the caller's root */
  int stubs, collation_stubs; /* all of them, and those for collations */
  AdcpBorrowedCollations borrowed;
  bool known; /* what vetting missed was registered */
} Trial;

static void add(Trial *trial, AdcpFindingCode code, const char *object, const char *message) {
  adcp_findings_add(trial->asked->findings, code, object, 0, message, trial->err);
}

/* ---- what an application would have registered ---- */

static void add_application(Trial *trial, const char *what, const char *name) {
  AdcpBuf message = {0};
  adcp_buf_appendf(&message, "the schema uses the %s \"%s\", which the application registers", what,
                   name);
  const char *text = adcp_buf_text(&message);
  if( adcp_buf_check(&message, trial->err) ) add(trial, ADCP_FINDING_APPLICATION, name, text);
  adcp_buf_free(&message);
}

/* Asked for SQLite's own as well, in UTF-16 databases: it then takes the one for UTF-8. */
static bool is_own_collation(const char *name) {
  return sqlite3_stricmp(name, "BINARY") == 0 || sqlite3_stricmp(name, "NOCASE") == 0 ||
         sqlite3_stricmp(name, "RTRIM") == 0;
}

/* The caller's, where there is one: keys are equal and unique by it. */
static void xCollationNeeded(void *context, sqlite3 *handle, int encoding, const char *name) {
  Trial *trial = context;
  if( is_own_collation(name) ) return;
  add_application(trial, "collation", name);
  if( adcp_borrow_collation(&trial->borrowed, trial->asked->db, handle, name) ) return;
  adcp_stub_collation(handle, name, encoding, trial->err);
  trial->stubs++;
  trial->collation_stubs++;
}

/* Where the application has its own of that name, also that; SQLite's is much faster. */
static void borrow_replaced(Trial *trial, const char *name) {
  AdcpDb *caller = trial->asked->db;
  if( !adcp_collation_is_own(caller, name) ) {
    adcp_borrow_collation(&trial->borrowed, caller, trial->handle, name);
  }
}

static bool add_function(Trial *trial, const char *name) {
  bool registered = trial->stubs < MAX_STUBS && adcp_stub_function(trial->handle, name, trial->err);
  if( registered ) add_application(trial, "function", name);
  trial->stubs += registered;
  return registered;
}

/* Those that vetting missed, all at once: each would cost another run that makes the schema. */
static void add_known_functions(Trial *trial, const char *but) {
  const AdcpTexts *known = trial->asked->functions;
  for( size_t i = 0; i < known->count && !trial->known && !trial->err->rc; i++ ) {
    if( strcmp(known->items[i], but) != 0 ) add_function(trial, known->items[i]);
  }
  trial->known = true;
}

/* Registers the function that the message misses; false when it is about something else. */
static bool add_missing_function(Trial *trial, const char *message) {
  static const char missing[] = "no such function: ";
  const char *at = strstr(message, missing);
  if( at == NULL ) return false;
  at += sizeof missing - 1;
  char *name = adcp_strndup(at, strcspn(at, ";"));
  if( name == NULL ) {
    adcp_error_nomem(trial->err);
    return false;
  }
  bool registered = add_function(trial, name);
  if( registered ) add_known_functions(trial, name);
  adcp_free(name);
  return registered;
}

/* ---- the connection ---- */

static int xProgress(void *context) {
  Trial *trial = context;
  adcp_interrupt_check(trial->asked->interrupt, trial->err);
  return trial->err->rc != ADCP_OK;
}

static void open_private(Trial *trial) {
  trial->config = adcp_config_open(NULL, trial->asked->config, trial->err);
  if( trial->err->rc ) return;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  int rc = sqlite3_open_v2("", &trial->handle, flags, NULL);
  if( rc != SQLITE_OK ) {
    adcp_error_set(trial->err, rc == SQLITE_NOMEM ? ADCP_NOMEM : ADCP_CANTOPEN,
                   "no temporary database for the trial restore: %s", sqlite3_errstr(rc));
    return;
  }
  sqlite3_collation_needed(trial->handle, trial, xCollationNeeded);
  borrow_replaced(trial, "NOCASE");
  borrow_replaced(trial, "RTRIM");
  adcp_db_set_progress(trial->handle, PROBE_STEPS, xProgress, trial);
}

static void close_private(Trial *trial) {
  sqlite3_close(trial->handle);
  adcp_borrowed_collations_free(&trial->borrowed);
  adcp_config_release(trial->config);
}

/* ---- restoring ---- */

typedef enum Extent { DEFINITIONS, EVERYTHING, LEGACY_ROWS } Extent;

static void write_modules(const AdcpTrial *asked, AdcpJsonWriter *w) {
  adcp_json_key(w, "modules");
  adcp_json_begin_array(w);
  for( size_t i = 0; i < adcp_options_name_count(asked->options, "modules"); i++ ) {
    adcp_json_string(w, adcp_options_name(asked->options, "modules", i));
  }
  adcp_json_end_array(w);
}

static void write_options(const AdcpTrial *asked, Extent extent, AdcpBuf *options) {
  static const char *const more[] = {"schema_only", NULL, "create"};
  AdcpJsonWriter w = {options, false};
  adcp_json_begin_object(&w);
  adcp_json_member_bool(&w, "force", true);
  adcp_json_member_string(&w, "schema", asked->schema);
  adcp_json_member_string(&w, "foreign_keys", "report");
  adcp_json_member_integer(&w, "max_objects", asked->max_objects);
  if( more[extent] ) adcp_json_member_bool(&w, more[extent], true);
  if( asked->threads != ADCP_AUTO_THREADS ) {
    adcp_json_member_integer(&w, "threads", asked->threads);
  }
  write_modules(asked, &w);
  adcp_json_end_object(&w);
}

static void run_restore(Trial *trial, Extent extent, AdcpBuf *report, AdcpError *failure) {
  AdcpBuf options = {0};
  write_options(trial->asked, extent, &options);
  if( adcp_buf_check(&options, failure) ) {
    AdcpRequest request = {.handle = trial->handle,
                           .config = trial->config,
                           .path = trial->asked->path,
                           .options = (const char *)options.data,
                           .options_size = options.size,
                           .is_trial = true,
                           .archive = trial->asked->archive};
    AdcpRestore *restore = adcp_restore_open(&request, failure);
    while( adcp_restore_step(restore) && !xProgress(trial) ) {
    }
    if( !trial->err->rc ) adcp_restore_finish(restore, report);
    adcp_restore_close(restore);
  }
  adcp_buf_free(&options);
}

/* What a failure of the trial says of the backup. */
static void take_failure(Trial *trial, AdcpError *failure) {
  bool is_legacy = trial->asked->is_legacy;
  adcp_error_prepend(
      failure,
      "%s: ", is_legacy ? "its rows do not go into the application's own schema" : "trial restore");
  if( adcp_failure_is_of_machine(failure) || failure->rc == ADCP_IOERR ) {
    adcp_error_move(trial->err, failure);
  } else if( trial->stubs || failure->rc == ADCP_AUTH ) { /* AUTH: an option has to allow it */
    add(trial, ADCP_FINDING_NOT_TRIED, NULL, adcp_error_message(failure));
  } else {
    add(trial, ADCP_FINDING_RESTORE_FAILED, NULL, adcp_error_message(failure));
  }
}

/* True when it came back whole and equal. A restore that fails leaves nothing behind; one of the
** definitions alone leaves them, for the next to drop. */
static bool try_restore(Trial *trial, Extent whole) {
  AdcpError failure = ADCP_ERROR_INIT;
  AdcpBuf report = {0};
  Extent extent = whole;
  bool again;
  do {
    adcp_error_clear(&failure);
    adcp_buf_clear(&report);
    run_restore(trial, extent, &report, &failure);
    bool missing = failure.rc && !trial->err->rc && whole == EVERYTHING &&
                   add_missing_function(trial, adcp_error_message(&failure));
    again = missing || (failure.rc == ADCP_OK && extent != whole);
    extent = missing ? DEFINITIONS : whole;
  } while( again && !trial->err->rc );
  bool good = failure.rc == ADCP_OK && !trial->err->rc;
  if( failure.rc && !trial->err->rc ) take_failure(trial, &failure);
  adcp_error_clear(&failure);
  adcp_buf_free(&report);
  return good;
}

/* ---- what came back ---- */

/* Rows of one table whose parent rows, in one other, are not there. */
typedef struct Violations {
  char *parent; /* owned */
  int64_t count;
  int64_t rowid; /* the lowest; 0 in tables without */
} Violations;

typedef struct ViolationList {
  Violations *items;
  size_t count;
} ViolationList;

static Violations *add_parent(ViolationList *list, const char *parent, AdcpError *err) {
  Violations *items = adcp_realloc(list->items, (list->count + 1) * sizeof *items);
  if( items ) list->items = items;
  char *copy = items ? adcp_strdup(parent) : NULL;
  if( copy == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  items[list->count] = (Violations){copy, 0, 0};
  return &items[list->count++];
}

static void count_rows(Violations *found, int64_t count, int64_t rowid) {
  if( found->count == 0 || rowid < found->rowid ) found->rowid = rowid;
  found->count += count;
}

/* The row of a foreign_key_check, which has them by foreign key. */
static void count_violation(ViolationList *list, AdcpDb *db, sqlite3_stmt *stmt) {
  const char *parent = (const char *)sqlite3_column_text(stmt, 2);
  if( parent == NULL ) {
    adcp_error_nomem(db->err);
    return;
  }
  Violations *last = list->count ? &list->items[list->count - 1] : NULL;
  if( last == NULL || strcmp(last->parent, parent) != 0 ) last = add_parent(list, parent, db->err);
  if( last ) count_rows(last, 1, sqlite3_column_int64(stmt, 1));
}

static int compare_parents(const void *a, const void *b) {
  return strcmp(((const Violations *)a)->parent, ((const Violations *)b)->parent);
}

/* Two foreign keys may refer to one table. */
static void join_parents(ViolationList *list) {
  size_t kept = 0;
  if( list->count == 0 ) return;
  qsort(list->items, list->count, sizeof *list->items, compare_parents);
  for( size_t i = 1; i < list->count; i++ ) {
    Violations *item = &list->items[i];
    if( compare_parents(&list->items[kept], item) == 0 ) {
      count_rows(&list->items[kept], item->count, item->rowid);
      adcp_free(item->parent);
    } else {
      list->items[++kept] = *item;
    }
  }
  list->count = kept + 1;
}

static void free_violations(ViolationList *list) {
  for( size_t i = 0; i < list->count; i++ ) adcp_free(list->items[i].parent);
  adcp_free(list->items);
}

static void add_violations(Trial *trial, const char *table, const Violations *found) {
  AdcpBuf message = {0};
  long long count = found->count;
  adcp_buf_appendf(&message,
                   "%lld row%s of table \"%s\" refer%s to rows of \"%s\" that are not there", count,
                   count == 1 ? "" : "s", table, count == 1 ? "s" : "", found->parent);
  const char *text = adcp_buf_text(&message);
  if( adcp_buf_check(&message, trial->err) ) {
    adcp_findings_add(trial->asked->findings, ADCP_FINDING_FOREIGN_KEY, table, found->rowid, text,
                      trial->err);
  }
  adcp_buf_free(&message);
}

/* A stand-in takes texts for different that the application's collation takes for equal. */
static bool may_be_equal(Trial *trial, AdcpDb *db, const char *parent) {
  if( trial->collation_stubs == 0 ) return false;
  char *sql = adcp_catalog_sql(db, ADCP_OBJECT_TABLE, parent);
  bool collated = sql && adcp_token_has_word(sql, "COLLATE");
  adcp_free(sql);
  return collated;
}

/* A key that does not fit its parent table is an error of the PRAGMA, and one more finding. */
static void check_foreign_keys_of(Trial *trial, const char *table) {
  AdcpError mismatch = ADCP_ERROR_INIT;
  AdcpDb db = {trial->handle, trial->asked->schema, &mismatch};
  ViolationList list = {0};
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(&db, "PRAGMA %s.foreign_key_check(%Q)", db.schema, table);
  while( adcp_db_step(&db, stmt) ) count_violation(&list, &db, stmt);
  adcp_db_finalize(stmt);
  join_parents(&list);
  for( size_t i = 0; i < list.count; i++ ) {
    if( may_be_equal(trial, &db, list.items[i].parent) ) continue;
    add_violations(trial, table, &list.items[i]);
  }
  free_violations(&list);
  if( mismatch.rc == ADCP_ERROR ) {
    add(trial, ADCP_FINDING_FOREIGN_KEY, table, adcp_error_message(&mismatch));
  } else {
    adcp_error_move(trial->err, &mismatch);
  }
  adcp_error_clear(&mismatch);
}

static bool has_foreign_keys(AdcpDb *db, const char *table) {
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(db, "PRAGMA %s.foreign_key_list(%Q)", db->schema, table);
  bool found = adcp_db_step(db, stmt);
  adcp_db_finalize(stmt);
  return found;
}

static sqlite3_stmt *prepare_tables(AdcpDb *db) {
  return adcp_db_prepare(db,
                         "SELECT name FROM \"%w\".sqlite_schema WHERE type = 'table'"
                         " AND rootpage > 0 ORDER BY name",
                         db->schema);
}

static void check_foreign_keys(Trial *trial) {
  AdcpDb db = {trial->handle, trial->asked->schema, trial->err};
  sqlite3_stmt *stmt = prepare_tables(&db);
  while( adcp_db_step(&db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    if( name && has_foreign_keys(&db, name) ) check_foreign_keys_of(trial, name);
  }
  adcp_db_finalize(stmt);
}

/* A check asks the modules of SQLite 3.44 and later, and fts4 then reads what a table names as its
** content: maybe a view of the file. */
static void forget_modules(AdcpDb *db) {
  if( db->err->rc ) return;
  sqlite3_drop_modules(db->handle, NULL);
  adcp_vtab_reset(db);
}

static bool has_column(AdcpDb *db, const char *table, const char *column) {
  bool found = false;
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".table_xinfo(%Q)", db->schema, table);
  while( !found && adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    found = name && strcmp(name, column) == 0;
  }
  adcp_db_finalize(stmt);
  return found;
}

/* Asked of the values: IS NULL SQLite answers by the constraint. */
static bool has_null(AdcpDb *db, const char *table, const char *column) {
  bool found = false;
  sqlite3_stmt *stmt =
      adcp_db_prepare(db, "SELECT t.\"%w\" FROM \"%w\".\"%w\" AS t", column, db->schema, table);
  while( !found && adcp_db_step(db, stmt) ) found = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
  adcp_db_finalize(stmt);
  return found;
}

/* place: "table.column", which may be read in more than one way. */
static bool has_null_at(AdcpDb *db, const char *place) {
  bool found = false;
  sqlite3_stmt *stmt = prepare_tables(db);
  while( !found && adcp_db_step(db, stmt) ) {
    const char *table = (const char *)sqlite3_column_text(stmt, 0);
    size_t n = table ? strlen(table) : 0;
    if( table == NULL || strncmp(place, table, n) != 0 || place[n] != '.' ) continue;
    found = has_column(db, table, place + n + 1) && has_null(db, table, place + n + 1);
  }
  adcp_db_finalize(stmt);
  return found;
}

/* SQLite 3.40 takes columns of a WITHOUT ROWID table for NULL, in each of its rows, where the columns of the
** key are not its first ones. Looked at once a column. */
typedef struct Nulls {
  AdcpTexts texts;
  AdcpMap map; /* by text: `yes` where a row has NULL there, or `no` */
  char yes, no;
} Nulls;

static bool is_found(AdcpDb *db, Nulls *nulls, const char *text) {
  static const char prefix[] = "NULL value in ";
  if( strncmp(text, prefix, sizeof prefix - 1) != 0 ) return strcmp(text, "ok") != 0;
  const char *known = adcp_map_get(&nulls->map, text, strlen(text));
  if( known ) return known == &nulls->yes;
  bool real = has_null_at(db, text + sizeof prefix - 1);
  adcp_texts_add(&nulls->texts, db->err, "%s", text);
  if( db->err->rc ) return false;
  const char *name = nulls->texts.items[nulls->texts.count - 1];
  adcp_map_put(&nulls->map, name, strlen(name), real ? &nulls->yes : &nulls->no, db->err);
  return real;
}

/* Rows and texts are equal to the backup's, so what is found here the database had, and stubs only
** add to it. The whole check looks every row up in every index, which have just been made of these rows,
** and takes ten times as long. */
static void check_integrity(Trial *trial) {
  AdcpDb db = {trial->handle, trial->asked->schema, trial->err};
  if( trial->stubs ) return;
  forget_modules(&db);
  Nulls nulls = {.yes = 0};
  int found = 0;
  sqlite3_stmt *stmt = adcp_db_prepare(&db, "PRAGMA quick_check(%d)", INT32_MAX);
  while( found < ADCP_MAX_FINDINGS && adcp_db_step(&db, stmt) ) {
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    if( text == NULL || !is_found(&db, &nulls, text) ) continue;
    add(trial, ADCP_FINDING_INTEGRITY, NULL, text);
    found++;
  }
  adcp_db_finalize(stmt);
  adcp_map_free(&nulls.map);
  adcp_texts_free(&nulls.texts);
}

void adcp_trial_restore(const AdcpTrial *asked) {
  Trial trial = {.asked = asked, .err = asked->db->err};
  if( trial.err->rc ) return;
  open_private(&trial);
  if( !trial.err->rc && try_restore(&trial, asked->is_legacy ? LEGACY_ROWS : EVERYTHING) ) {
    if( !asked->is_legacy ) check_foreign_keys(&trial);
    check_integrity(&trial);
  }
  close_private(&trial);
}
