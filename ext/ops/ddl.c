/*
** ddl.c - the schema part of a restore (contract in ddl.h).
*/
#include "ops/ddl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/name_map.h"
#include "codec/shadow_name.h"
#include "db/catalog.h"
#include "db/drop.h"
#include "db/fts.h"
#include "db/state.h"
#include "db/stub.h"
#include "db/token.h"
#include "db/vet.h"
#include "db/virtual_table.h"

/* It takes 2 MiB of SQLite (its default cache_size) and brings CREATE INDEX of a million names to
** 0.7 of the time without; a second one gains 0.1 and takes as much again. */
#define SORT_THREADS 1

/* ---- vetting ---- */

/* Which of the schema's objects are looked at: where everything is restored also what modules make,
** as adcp_validate does. */
static bool *choose_vetted(const AdcpPlan *plan, const AdcpSchema *schema, AdcpError *err) {
  bool *vetted = adcp_calloc(schema->object_count + 1, sizeof *vetted);
  if( vetted == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  if( plan->whole ) memset(vetted, true, schema->object_count);
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->object && (entry->create || entry->schema_row_only || entry->source->shadow_of) ) {
      vetted[entry->object - schema->objects] = true;
    }
  }
  for( size_t i = 0; i < plan->object_count; i++ ) {
    vetted[plan->objects[i].object - schema->objects] = true;
  }
  return vetted;
}

bool adcp_ddl_vet(const AdcpPlan *plan, const AdcpSchema *schema, AdcpDb *db,
                  const AdcpOptions *options) {
  AdcpError *err = db->err;
  AdcpVetter *vetter = adcp_vetter_open(err);
  adcp_vetter_hear(vetter, db);
  if( adcp_options_bool(options, "trust_schema", false) ) adcp_vetter_trust(vetter);
  const AdcpObject **order = adcp_vet_order(schema, err);
  bool *vetted = choose_vetted(plan, schema, err);
  for( size_t i = 0; order && vetted && i < schema->object_count && !err->rc; i++ ) {
    if( vetted[order[i] - schema->objects] ) adcp_vet_object(vetter, schema, order[i]);
  }
  adcp_vetter_check_unguarded(vetter, db);
  adcp_vetter_check_needs(vetter, db, true);
  bool trust = adcp_vetter_may_trust(vetter, db);
  adcp_vetter_close(vetter);
  adcp_free((void *)order);
  adcp_free(vetted);
  return trust;
}

/* ---- dropping ---- */

/* Virtual tables that cannot be dropped by DROP: their rows, then the shadow tables as the ordinary
** ones that they are now. */
static void drop_without_module(AdcpDb *db, const AdcpSchema *live, const AdcpMap *tables) {
  if( tables->count == 0 || db->err->rc ) return;
  adcp_vtab_delete_schema_rows(db, tables);
  for( size_t i = 0; i < live->table_count && !db->err->rc; i++ ) {
    const AdcpTable *shadow = &live->tables[i];
    if( shadow->shadow_of && adcp_map_get(tables, shadow->shadow_of, strlen(shadow->shadow_of)) ) {
      adcp_db_exec(db, "DROP TABLE IF EXISTS \"%w\".\"%w\"", db->schema, shadow->name);
    }
  }
}

static void add_table(AdcpMap *tables, const AdcpTable *table, AdcpError *err) {
  adcp_map_put(tables, table->name, strlen(table->name), (void *)table, err);
}

/* fts3 and fts4 drop what stands under two names of theirs, whether they have made it or not: finds
** the application's tables of such names, by what stands before the underscore. */
static void find_takable(AdcpNameMap *takable, const AdcpSchema *live, AdcpError *err) {
  for( size_t i = 0; i < live->table_count && !err->rc; i++ ) {
    AdcpTable *table = &live->tables[i];
    const char *end = strrchr(table->name, '_');
    if( table->kind != ADCP_TABLE_ORDINARY || end == NULL ) continue;
    if( !adcp_name_equal(end, "_docsize") && !adcp_name_equal(end, "_stat") ) continue;
    char *owner = adcp_strndup(table->name, (size_t)(end - table->name));
    if( owner == NULL ) adcp_error_nomem(err);
    if( owner ) adcp_name_map_put(takable, owner, table, err);
    adcp_free(owner);
  }
}

static bool takes_another(AdcpNameMap *takable, const AdcpTable *table, AdcpError *err) {
  return adcp_fts_is_fts4(table->module) &&
         adcp_name_map_get(takable, table->name, strlen(table->name), err) != NULL;
}

/* Those that are not left to their modules, all at once: it is not loaded, or would take more. Puts
** them into `gone`. */
static void drop_past_modules(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live,
                              AdcpMap *gone) {
  AdcpNameMap takable = {0};
  if( db->err->rc ) return;
  find_takable(&takable, live, db->err);
  for( size_t i = 0; i < plan->drop_count; i++ ) {
    const AdcpObject *object = plan->drops[i];
    const AdcpTable *table =
        object->type == ADCP_OBJECT_TABLE ? adcp_schema_table(live, object->name) : NULL;
    if( table == NULL || table->kind != ADCP_TABLE_VIRTUAL ) continue;
    if( table->module_loaded && !takes_another(&takable, table, db->err) ) continue;
    add_table(gone, table, db->err);
  }
  drop_without_module(db, live, gone);
  adcp_error_prepend(db->err, "dropping virtual tables without their modules: ");
  adcp_transaction_keep(plan->transaction);
  adcp_name_map_free(&takable);
}

/* False when the module cannot open the table: its shadow tables may be damaged. */
static bool drop_by_module(AdcpDb *db, const AdcpTable *table) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  adcp_db_exec(&trial, "DROP TABLE \"%w\".\"%w\"", db->schema, table->name);
  return !adcp_db_end_trial(db, &trouble);
}

static void drop_virtual_table(AdcpDb *db, const AdcpSchema *live, const AdcpTable *table) {
  if( drop_by_module(db, table) ) return;
  AdcpMap tables = {0};
  add_table(&tables, table, db->err);
  drop_without_module(db, live, &tables);
  adcp_map_free(&tables);
}

/* The tables that stand now. */
static void read_standing(AdcpDb *db, AdcpNameMap *standing) {
  sqlite3_stmt *stmt =
      adcp_db_prepare(db, "SELECT name FROM \"%w\".sqlite_schema WHERE type = 'table'", db->schema);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    if( name ) adcp_name_map_put(standing, name, standing, db->err);
  }
  adcp_db_finalize(stmt);
}

static void end_drop(const AdcpPlan *plan, AdcpDb *db, const AdcpObject *object) {
  adcp_error_prepend(db->err, "dropping %s \"%s\": ", adcp_object_type_name(object->type),
                     object->name);
  adcp_transaction_keep(plan->transaction);
}

/* True when a module took part that may have tables which SQLite does not know to be its own. */
static bool drop_virtual_tables(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live,
                                const AdcpMap *gone) {
  bool may_take = false;
  for( size_t i = 0; i < plan->drop_count && !db->err->rc; i++ ) {
    const AdcpObject *object = plan->drops[i];
    const AdcpTable *table =
        object->type == ADCP_OBJECT_TABLE ? adcp_schema_table(live, object->name) : NULL;
    if( table == NULL || table->kind != ADCP_TABLE_VIRTUAL ) continue;
    if( adcp_map_get(gone, table->name, strlen(table->name)) ) continue;
    drop_virtual_table(db, live, table);
    may_take = may_take || adcp_shadow_suffixes(table->module) == NULL;
    end_drop(plan, db, object);
  }
  return may_take;
}

/* Shadow tables go with their owners. */
static bool goes_by_itself(const AdcpSchema *live, const AdcpObject *object) {
  if( object->type != ADCP_OBJECT_TABLE ) return false;
  const AdcpTable *table = adcp_schema_table(live, object->name);
  return table == NULL || (table->kind != ADCP_TABLE_SHADOW && table->kind != ADCP_TABLE_VIRTUAL);
}

/* Virtual ones first: what a module takes along is gone then. */
static void drop_tables(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live,
                        const AdcpMap *gone) {
  AdcpNameMap standing = {0};
  bool may_be_taken = drop_virtual_tables(plan, db, live, gone);
  if( may_be_taken ) read_standing(db, &standing);
  for( size_t i = 0; i < plan->drop_count && !db->err->rc; i++ ) {
    const AdcpObject *object = plan->drops[i];
    const char *name = object->name;
    if( !goes_by_itself(live, object) ) continue;
    if( may_be_taken && !adcp_name_map_get(&standing, name, strlen(name), db->err) ) continue;
    adcp_table_drop(db, name, plan->transaction);
    end_drop(plan, db, object);
  }
  adcp_name_map_free(&standing);
}

static void drop_kind(const AdcpPlan *plan, AdcpDb *db, AdcpObjectType type) {
  const char *kind = type == ADCP_OBJECT_VIEW ? "VIEW" : "TRIGGER";
  for( size_t i = 0; i < plan->drop_count && !db->err->rc; i++ ) {
    const AdcpObject *object = plan->drops[i];
    if( object->type != type ) continue;
    adcp_db_exec(db, "DROP %s \"%w\".\"%w\"", kind, db->schema, object->name);
    end_drop(plan, db, object);
  }
}

/* Statistics are a table that SQLite lets go, the sequence one that it keeps. */
static void drop_internal(AdcpDb *db, const AdcpSchema *live) {
  for( size_t i = 0; i < live->table_count && !db->err->rc; i++ ) {
    const AdcpTable *table = &live->tables[i];
    if( table->kind == ADCP_TABLE_STAT ) {
      adcp_db_exec(db, "DROP TABLE \"%w\".\"%w\"", db->schema, table->name);
    } else if( table->kind == ADCP_TABLE_SEQUENCE ) {
      adcp_db_exec(db, "DELETE FROM \"%w\".sqlite_sequence", db->schema);
    }
  }
}

/* Triggers before what they stand on; indexes go with their tables. */
void adcp_ddl_drop(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live) {
  AdcpMap gone = {0};
  drop_kind(plan, db, ADCP_OBJECT_TRIGGER);
  drop_kind(plan, db, ADCP_OBJECT_VIEW);
  drop_past_modules(plan, db, live, &gone);
  drop_tables(plan, db, live, &gone);
  adcp_map_free(&gone);
  if( plan->whole ) drop_internal(db, live);
}

/* ---- creating ---- */

/* The object's SQL with the schema's name in it (none for NULL), and another name or table where
** the plan gives one; borrowed from out. */
static const char *splice(AdcpBuf *out, const AdcpObject *object, const char *schema,
                          const char *name, const char *on, AdcpError *err) {
  AdcpCreate create;
  if( err->rc || !adcp_create_parse(object->sql, &create, err) ) return NULL;
  bool moved = on && create.on_name && strcmp(on, object->tbl_name) != 0;
  bool renamed = strcmp(name, object->name) != 0;
  adcp_create_splice(out, object->sql, &create, schema, renamed ? name : NULL, moved ? on : NULL);
  adcp_create_free(&create);
  const char *text = adcp_buf_text(out); /* which may need memory too */
  return adcp_buf_check(out, err) ? text : NULL;
}

static void run_create(AdcpDb *db, const AdcpObject *object, const char *name, const char *on) {
  AdcpBuf sql = {0};
  const char *text = splice(&sql, object, db->schema, name, on, db->err);
  if( text ) adcp_db_exec_text(db, text);
  adcp_stub_advise(db->err);
  adcp_error_prepend(db->err, "creating %s \"%s\": ", adcp_object_type_name(object->type), name);
  adcp_buf_free(&sql);
}

static bool is_virtual(const AdcpPlanTable *entry) {
  return entry->source->kind == ADCP_TABLE_VIRTUAL;
}

/* sqlite_sequence comes into being with the first AUTOINCREMENT table and stays when that goes. */
static void create_sequence(AdcpDb *db) {
  const char *name = "adcp_makes_sqlite_sequence";
  adcp_db_exec(db, "CREATE TABLE \"%w\".%s(a INTEGER PRIMARY KEY AUTOINCREMENT)", db->schema, name);
  adcp_db_exec(db, "DROP TABLE \"%w\".%s", db->schema, name);
  if( adcp_db_integer(db, 0, "SELECT 1 FROM \"%w\".sqlite_schema WHERE name = %Q", db->schema,
                      name) ) {
    adcp_error_set(db->err, ADCP_MISMATCH, "table \"%s\" could not be dropped; " ADCP_IGNORES,
                   name);
  }
}

/* ANALYZE makes all tables of statistics that this SQLite knows; the backup need not have that of
** samples. */
static void drop_samples(AdcpDb *db) {
  if( adcp_db_integer(db, 0,
                      "SELECT 1 FROM \"%w\".sqlite_schema WHERE name = 'sqlite_stat4' AND type = "
                      "'table'",
                      db->schema) ) {
    adcp_db_exec(db, "DROP TABLE \"%w\".sqlite_stat4", db->schema);
  }
}

static void create_statistics(const AdcpPlan *plan, AdcpDb *db) {
  bool any = false, samples = false;
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->source->kind != ADCP_TABLE_STAT || !entry->fill ) continue;
    any = true;
    samples = samples || strcmp(entry->source->name, "sqlite_stat4") == 0;
  }
  if( !any ) return;
  adcp_db_exec(db, "ANALYZE \"%w\".sqlite_schema", db->schema);
  if( plan->whole && !samples ) drop_samples(db);
  adcp_transaction_keep(plan->transaction);
}

/* The plan's virtual table that a table of that name would be a part of; its content is none. */
static const AdcpPlanTable *named_after(AdcpNameMap *makers, const char *name, AdcpError *err) {
  const char *end = strrchr(name, '_');
  const AdcpPlanTable *owner =
      end ? adcp_name_map_get(makers, name, (size_t)(end - name), err) : NULL;
  const char *const *suffixes = owner ? adcp_shadow_suffixes(owner->source->module) : NULL;
  if( suffixes == NULL || !adcp_shadow_has_suffix(suffixes, end + 1) ) return NULL;
  char *content = adcp_fts_content_table(owner->object->sql, err);
  bool is_content = content && sqlite3_stricmp(content, name) == 0;
  adcp_free(content);
  return is_content ? NULL : owner;
}

static void drop_unless_planned(AdcpPlan *plan, const AdcpMap *targets, AdcpNameMap *makers,
                                AdcpNameMap *standing, AdcpDb *db, const AdcpTable *table) {
  const char *name = table->name, *of = table->shadow_of;
  if( adcp_map_get(targets, name, strlen(name)) ) return;
  const AdcpPlanTable *owner =
      of ? adcp_name_map_get(makers, of, strlen(of), db->err) : named_after(makers, name, db->err);
  if( owner == NULL ) return;
  if( adcp_name_map_get(standing, name, strlen(name), db->err) ) {
    adcp_plan_warn(
        plan, db->err,
        "table \"%s\" stays as it is; to SQLite its name is that of a part of \"%s\" now: "
        "give it another one",
        name, owner->target);
  } else if( of ) {
    adcp_db_exec(db, "DROP TABLE \"%w\".\"%w\"", db->schema, name);
  }
}

/* Drops the shadow tables that this version of a module makes and the backup's did not (shapes
** differ between versions), but none that stood there before. */
static void drop_new_shadows(AdcpPlan *plan, AdcpDb *db, AdcpNameMap *standing) {
  AdcpMap targets;
  AdcpNameMap makers = {0}; /* the virtual tables among them that are made */
  memset(&targets, 0, sizeof targets);
  for( size_t i = 0; i < plan->table_count; i++ ) {
    AdcpPlanTable *entry = &plan->tables[i];
    if( entry->target == NULL ) continue;
    adcp_map_put(&targets, entry->target, strlen(entry->target), entry, db->err);
    if( entry->create && is_virtual(entry) ) {
      adcp_name_map_put(&makers, entry->target, entry, db->err);
    }
  }
  AdcpSchema *made = adcp_catalog_read(db);
  for( size_t i = 0; made && i < made->table_count && !db->err->rc; i++ ) {
    drop_unless_planned(plan, &targets, &makers, standing, db, &made->tables[i]);
  }
  adcp_schema_free(made);
  adcp_name_map_free(&makers);
  adcp_map_free(&targets);
}

static bool any_virtual(const AdcpPlan *plan) {
  for( size_t i = 0; i < plan->table_count; i++ ) {
    if( plan->tables[i].create && is_virtual(&plan->tables[i]) ) return true;
  }
  return false;
}

static void create_table(const AdcpPlan *plan, AdcpDb *db, const AdcpPlanTable *entry) {
  run_create(db, entry->object, entry->target, NULL);
  adcp_transaction_keep(plan->transaction);
}

static void create_ordinary_tables(const AdcpPlan *plan, AdcpDb *db) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->create && !is_virtual(entry) ) create_table(plan, db, entry);
  }
}

/* ---- tables of a module that SQLite does not know to be its own ---- */

/* Whether the entry is an ordinary table of the backup, and called like one that a virtual table has for
** itself. Only SQLite's own modules are known to have others than those that SQLite tells. */
static bool may_be_part_of(const AdcpPlanTable *entry, const AdcpPlanTable *owner) {
  size_t n = strlen(owner->target);
  return entry->create && entry->source->kind == ADCP_TABLE_ORDINARY &&
         sqlite3_strnicmp(entry->target, owner->target, (int)n) == 0 && entry->target[n] == '_';
}

static bool has_parts(const AdcpPlan *plan, const AdcpPlanTable *owner) {
  if( adcp_shadow_suffixes(owner->source->module) ) return false;
  for( size_t i = 0; i < plan->table_count; i++ ) {
    if( may_be_part_of(&plan->tables[i], owner) ) return true;
  }
  return false;
}

/* They have no rows yet. */
typedef enum Parts { ONLY_DROP, MAKE_AGAIN } Parts;

static void drop_parts(const AdcpPlan *plan, AdcpDb *db, const AdcpPlanTable *owner, Parts then) {
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !may_be_part_of(entry, owner) ) continue;
    adcp_db_exec(db, "DROP TABLE IF EXISTS \"%w\".\"%w\"", db->schema, entry->target);
    if( then == MAKE_AGAIN ) create_table(plan, db, entry);
  }
}

/* False when the module refuses, and everything is as it was before. */
static bool try_create(const AdcpPlan *plan, AdcpDb *db, const AdcpPlanTable *entry) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  adcp_db_exec(db, "SAVEPOINT adcp_module");
  if( !db->err->rc ) create_table(plan, &trial, entry);
  bool refused = trouble.rc == ADCP_ERROR;
  if( refused ) {
    adcp_error_clear(&trouble);
    adcp_db_exec(db, "ROLLBACK TO adcp_module");
  }
  if( trouble.rc == ADCP_OK ) adcp_db_exec(db, "RELEASE adcp_module");
  adcp_error_move(db->err, &trouble);
  adcp_transaction_keep(plan->transaction);
  return !refused;
}

/* A module may need the application's table of such a name, or make one of its own, which must not be
** there then, with rows of its own: those that are there afterwards are the backup's. */
static void create_with_parts(const AdcpPlan *plan, AdcpDb *db, const AdcpPlanTable *entry) {
  if( !try_create(plan, db, entry) ) {
    drop_parts(plan, db, entry, ONLY_DROP);
    create_table(plan, db, entry);
  }
  drop_parts(plan, db, entry, MAKE_AGAIN);
}

static int compare_objects(const void *a, const void *b) {
  const AdcpPlanTable *const *x = a, *const *y = b;
  return ((*x)->object > (*y)->object) - ((*x)->object < (*y)->object);
}

/* In the order of the backup's objects, as they were made: fts4 without columns reads those of its
** content, which may be a virtual table. */
static void create_in_order(const AdcpPlan *plan, AdcpDb *db) {
  const AdcpPlanTable **entries = adcp_calloc(plan->table_count + 1, sizeof(*entries));
  size_t count = 0;
  if( entries == NULL ) {
    adcp_error_nomem(db->err);
    return;
  }
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->create && is_virtual(entry) ) entries[count++] = entry;
  }
  qsort(entries, count, sizeof(*entries), compare_objects);
  for( size_t i = 0; i < count && !db->err->rc; i++ ) {
    if( has_parts(plan, entries[i]) ) {
      create_with_parts(plan, db, entries[i]);
    } else {
      create_table(plan, db, entries[i]);
    }
  }
  adcp_free((void *)entries);
}

/* SQLite's own threads may sort an index. They call its collations, so only where none but BINARY
** can be meant. */
static bool may_sort_in_threads(const AdcpPlan *plan, const AdcpPlanObject *index) {
  const char *name = index->object->tbl_name;
  const AdcpPlanTable *table = adcp_map_get(&plan->by_source, name, strlen(name));
  if( table == NULL || table->object == NULL || table->object->sql == NULL ) return false;
  return sqlite3_strlike("%COLLATE%", index->object->sql, 0) != 0 &&
         sqlite3_strlike("%COLLATE%", table->object->sql, 0) != 0;
}

static void create_object(const AdcpPlan *plan, AdcpDb *db, const AdcpPlanObject *entry,
                          int threads) {
  int limit = sqlite3_limit(db->handle, SQLITE_LIMIT_WORKER_THREADS, -1);
  if( entry->object->type == ADCP_OBJECT_INDEX && may_sort_in_threads(plan, entry) ) {
    int wanted = threads < SORT_THREADS ? threads : SORT_THREADS;
    if( wanted > limit ) sqlite3_limit(db->handle, SQLITE_LIMIT_WORKER_THREADS, wanted);
  }
  run_create(db, entry->object, entry->name, entry->on);
  sqlite3_limit(db->handle, SQLITE_LIMIT_WORKER_THREADS, limit);
}

static void create_kind(const AdcpPlan *plan, AdcpDb *db, AdcpObjectType type, int threads) {
  for( size_t i = 0; i < plan->object_count && !db->err->rc; i++ ) {
    const AdcpPlanObject *entry = &plan->objects[i];
    if( entry->object->type != type ) continue;
    create_object(plan, db, entry, threads);
    adcp_transaction_keep(plan->transaction);
  }
}

/* Whether the table's module reads the columns of a view that is not there yet: fts4 does where its
** own are not said. */
static bool is_over_view(const AdcpPlan *plan, const AdcpPlanTable *entry, AdcpError *err) {
  if( !entry->create || !is_virtual(entry) || !adcp_fts_is_fts4(entry->source->module) )
    return false;
  char *content = adcp_fts_content_table(entry->object->sql, err);
  bool found = false;
  for( size_t i = 0; content && i < plan->object_count && !found; i++ ) {
    found = plan->objects[i].object->type == ADCP_OBJECT_VIEW &&
            sqlite3_stricmp(plan->objects[i].name, content) == 0;
  }
  adcp_free(content);
  return found;
}

static bool any_over_view(const AdcpPlan *plan, AdcpError *err) {
  for( size_t i = 0; i < plan->table_count; i++ ) {
    if( is_over_view(plan, &plan->tables[i], err) ) return true;
  }
  return false;
}

static void drop_views(const AdcpPlan *plan, AdcpDb *db) {
  for( size_t i = 0; i < plan->object_count && !db->err->rc; i++ ) {
    const AdcpPlanObject *entry = &plan->objects[i];
    if( entry->object->type != ADCP_OBJECT_VIEW ) continue;
    adcp_db_exec(db, "DROP VIEW \"%w\".\"%w\"", db->schema, entry->name);
  }
}

static void create_virtual_tables(AdcpPlan *plan, AdcpDb *db) {
  AdcpNameMap standing = {0};
  /* While no statement that runs them is to come: only the modules look at their columns. */
  bool over_view = any_over_view(plan, db->err);
  if( over_view ) create_kind(plan, db, ADCP_OBJECT_VIEW, 0);
  read_standing(db, &standing);
  create_in_order(plan, db);
  if( over_view ) drop_views(plan, db);
  drop_new_shadows(plan, db, &standing);
  adcp_name_map_free(&standing);
}

void adcp_ddl_create_tables(AdcpPlan *plan, AdcpDb *db) {
  /* Before the backup's tables, one of which may have the name that is taken for this. */
  for( size_t i = 0; i < plan->table_count && plan->whole; i++ ) {
    if( plan->tables[i].source->kind == ADCP_TABLE_SEQUENCE ) create_sequence(db);
  }
  create_ordinary_tables(plan, db);
  if( any_virtual(plan) ) create_virtual_tables(plan, db);
  create_statistics(plan, db);
}

void adcp_ddl_create_indexes(const AdcpPlan *plan, AdcpDb *db, int threads) {
  create_kind(plan, db, ADCP_OBJECT_INDEX, threads);
}

void adcp_ddl_create_views_and_triggers(const AdcpPlan *plan, AdcpDb *db) {
  create_kind(plan, db, ADCP_OBJECT_VIEW, 0);
  create_kind(plan, db, ADCP_OBJECT_TRIGGER, 0);
}

void adcp_ddl_write_schema_rows(const AdcpPlan *plan, AdcpDb *db) {
  bool any = false;
  for( size_t i = 0; i < plan->table_count && !db->err->rc; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( !entry->schema_row_only ) continue;
    AdcpBuf sql = {0};
    const char *text = splice(&sql, entry->object, NULL, entry->target, NULL, db->err);
    if( text ) adcp_vtab_insert_schema_row(db, entry->target, text);
    adcp_buf_free(&sql);
    any = true;
  }
  if( any ) adcp_vtab_end_edit(db);
  adcp_transaction_keep(plan->transaction);
}

/* ---- verifying ---- */

typedef struct LiveText {
  char *key;     /* owned; type, space, name */
  char *sql;     /* owned; "" for none */
  int64_t rowid; /* in sqlite_schema */
  bool was_made; /* by this restore */
} LiveText;

/* The live objects of sqlite_schema. */
typedef struct LiveTexts {
  LiveText **items; /* owned */
  size_t count;
  AdcpMap by_key;
  bool written; /* some of them were */
} LiveTexts;

static char *make_key(const char *type, const char *name, AdcpError *err) {
  AdcpBuf key = {0};
  adcp_buf_append_str(&key, type);
  adcp_buf_append_byte(&key, ' ');
  adcp_buf_append_str(&key, name);
  char *text = adcp_buf_take(&key);
  if( text == NULL ) adcp_error_nomem(err);
  return text;
}

static LiveText *add_item(LiveTexts *texts, AdcpError *err) {
  LiveText **items = adcp_realloc(texts->items, (texts->count + 1) * sizeof *items);
  if( items ) texts->items = items;
  LiveText *item = items ? adcp_calloc(1, sizeof *item) : NULL;
  if( item ) {
    items[texts->count++] = item;
  } else {
    adcp_error_nomem(err);
  }
  return item;
}

static void add_live_text(LiveTexts *texts, AdcpDb *db, sqlite3_stmt *stmt) {
  LiveText *item = add_item(texts, db->err);
  if( item == NULL ) return;
  item->key = adcp_db_column_copy(db, stmt, 0);
  item->sql = adcp_db_column_copy(db, stmt, 1);
  item->rowid = sqlite3_column_int64(stmt, 2);
  if( item->key == NULL || item->sql == NULL ) {
    adcp_error_set(db->err, ADCP_MISMATCH,
                   "a row of sqlite_schema is without a name; " ADCP_IGNORES);
  } else if( adcp_map_get(&texts->by_key, item->key, strlen(item->key)) ) {
    adcp_error_set(db->err, ADCP_MISMATCH, "%s stands in sqlite_schema twice; " ADCP_IGNORES,
                   item->key);
  } else {
    adcp_map_put(&texts->by_key, item->key, strlen(item->key), item, db->err);
  }
}

static void read_live_texts(LiveTexts *texts, AdcpDb *db) {
  sqlite3_stmt *stmt = adcp_db_prepare(
      db,
      "SELECT type || ' ' || name, CASE WHEN sql IS NULL THEN '' ELSE sql END, rowid"
      " FROM \"%w\".sqlite_schema",
      db->schema);
  while( adcp_db_step(db, stmt) ) add_live_text(texts, db, stmt);
  adcp_db_finalize(stmt);
}

static LiveText *find_live_text(const LiveTexts *texts, const char *type, const char *name,
                                AdcpError *err) {
  char *key = err->rc ? NULL : make_key(type, name, err);
  LiveText *item = key ? adcp_map_get(&texts->by_key, key, strlen(key)) : NULL;
  adcp_free(key);
  return item;
}

static void free_live_texts(LiveTexts *texts) {
  for( size_t i = 0; i < texts->count; i++ ) {
    adcp_free(texts->items[i]->key);
    adcp_free(texts->items[i]->sql);
    adcp_free(texts->items[i]);
  }
  adcp_map_free(&texts->by_key);
  adcp_free(texts->items);
}

/* SQLite keeps a text from the object's name on to its last token, behind a CREATE of its own. What
** was written into sqlite_schema by hand may differ in front of the name, and have a rest. */
static bool differs_by_hand_only(const char *live, const char *expected) {
  AdcpCreate a, b;
  AdcpError none = ADCP_ERROR_INIT;
  bool same = false;
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  if( adcp_create_parse(live, &a, &none) && adcp_create_parse(expected, &b, &none) ) {
    size_t size = strlen(live + a.name_at);
    same = strncmp(live + a.name_at, expected + b.name_at, size) == 0 &&
           adcp_token_is_blank(expected + b.name_at + size);
  }
  adcp_create_free(&a);
  adcp_create_free(&b);
  adcp_error_clear(&none);
  return same;
}

/* The text is the one that was run: only how it is kept changes. */
static void write_text(AdcpDb *db, const LiveText *live, const char *sql) {
  adcp_state_writable_schema(db, true);
  adcp_db_exec(db, "UPDATE \"%w\".sqlite_schema SET sql = %Q WHERE rowid = %lld", db->schema, sql,
               (long long)live->rowid);
  adcp_state_writable_schema(db, false);
}

static void verify_text(LiveTexts *texts, AdcpDb *db, const AdcpObject *object, const char *name,
                        const char *on) {
  AdcpError *err = db->err;
  AdcpBuf sql = {0};
  const char *type = adcp_object_type_name(object->type);
  const char *expected = splice(&sql, object, NULL, name, on, err);
  LiveText *live = find_live_text(texts, type, name, err);
  if( live ) live->was_made = true;
  if( live == NULL ) {
    adcp_error_set(err, ADCP_MISMATCH,
                   "%s \"%s\" was created without an error but is not there; " ADCP_IGNORES, type,
                   name);
  } else if( expected && strcmp(live->sql, expected) != 0 ) {
    if( differs_by_hand_only(live->sql, expected) ) {
      write_text(db, live, expected);
      texts->written = true;
    } else {
      adcp_error_set(err, ADCP_MISMATCH, "%s \"%s\" came out with another text than the backup has",
                     type, name);
    }
  }
  adcp_buf_free(&sql);
}

/* SQLite has run these texts, not read them from sqlite_schema: one that it cannot read would make the
** whole database unreadable. */
static void read_again(AdcpDb *db) {
  if( db->err->rc ) return;
  adcp_vtab_reset(db);
  adcp_db_integer(db, 0, "SELECT count(*) FROM \"%w\".sqlite_schema", db->schema);
  adcp_error_prepend(db->err, "SQLite cannot read the schema as the backup spells it: ");
}

/* What an object goes with, and with which it may be there anew: an index with its table, a shadow table
** with its virtual one, whose module makes it. NULL: it goes by itself. */
static const char *goes_with(const AdcpSchema *live, const AdcpObject *object) {
  if( object->type == ADCP_OBJECT_INDEX ) return object->tbl_name;
  const AdcpTable *table =
      object->type == ADCP_OBJECT_TABLE ? adcp_schema_table(live, object->name) : NULL;
  return table && table->kind == ADCP_TABLE_SHADOW ? table->shadow_of : NULL;
}

static void fail_left(AdcpDb *db, const char *type, const char *name) {
  adcp_error_set(db->err, ADCP_MISMATCH,
                 "%s \"%s\" was dropped without an error but is still there; " ADCP_IGNORES, type,
                 name);
}

static void verify_dropped(const LiveTexts *texts, AdcpDb *db, const AdcpSchema *live,
                           const AdcpObject *object) {
  const char *owner = goes_with(live, object);
  if( owner && find_live_text(texts, "table", owner, db->err) ) return;
  const char *type = adcp_object_type_name(object->type);
  const LiveText *left = find_live_text(texts, type, object->name, db->err);
  if( left && !left->was_made ) fail_left(db, type, object->name);
}

/* Statistics of a whole restore whose backup has none. */
static void verify_statistics(const LiveTexts *texts, const AdcpPlan *plan, AdcpDb *db,
                              const AdcpSchema *live) {
  bool gone = plan->whole;
  for( size_t i = 0; i < plan->table_count; i++ ) {
    gone = gone && !(plan->tables[i].source->kind == ADCP_TABLE_STAT && plan->tables[i].fill);
  }
  for( size_t i = 0; gone && i < live->table_count && !db->err->rc; i++ ) {
    const AdcpTable *table = &live->tables[i];
    if( table->kind != ADCP_TABLE_STAT ) continue;
    if( find_live_text(texts, "table", table->name, db->err) ) fail_left(db, "table", table->name);
  }
}

/* What was dropped may have had the name of a shadow table of the backup's, which came in its place. */
static void note_filled(const LiveTexts *texts, const AdcpPlanTable *entry, AdcpError *err) {
  LiveText *live = entry->fill && entry->source->kind == ADCP_TABLE_SHADOW
                       ? find_live_text(texts, "table", entry->target, err)
                       : NULL;
  if( live ) live->was_made = true;
}

void adcp_ddl_verify(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live) {
  if( db->err->rc ) return;
  LiveTexts texts;
  memset(&texts, 0, sizeof texts);
  read_live_texts(&texts, db);
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    note_filled(&texts, entry, db->err);
    if( !entry->create && !entry->schema_row_only ) continue;
    verify_text(&texts, db, entry->object, entry->target, NULL);
  }
  for( size_t i = 0; i < plan->object_count; i++ ) {
    verify_text(&texts, db, plan->objects[i].object, plan->objects[i].name, plan->objects[i].on);
  }
  for( size_t i = 0; i < plan->drop_count; i++ ) verify_dropped(&texts, db, live, plan->drops[i]);
  verify_statistics(&texts, plan, db, live);
  if( texts.written ) {
    read_again(db);
    adcp_transaction_keep(plan->transaction);
  }
  free_live_texts(&texts);
}
