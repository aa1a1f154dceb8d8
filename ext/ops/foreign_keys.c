/*
** foreign_keys.c - foreign-key violations before and after a restore (contract in foreign_keys.h).
*/
#include "ops/foreign_keys.h"

#include <string.h>

#include "base/mem.h"

/* Violations of one foreign key of one table. */
typedef struct Violations {
  char *key; /* owned: child, line break, parent, line break, id */
  char *child, *parent;
  int64_t before, after;
} Violations;

struct AdcpForeignKeyState {
  Violations **list; /* owned, as are its elements */
  size_t count;
  AdcpMap by_key;
};

static Violations *add_violations(AdcpForeignKeyState *state, AdcpDb *db, sqlite3_stmt *stmt,
                                  char *key) {
  Violations **list = adcp_realloc(state->list, (state->count + 1) * sizeof *list);
  if( list ) state->list = list;
  Violations *entry = list ? adcp_calloc(1, sizeof *entry) : NULL;
  if( entry == NULL ) {
    adcp_free(key);
    adcp_error_nomem(db->err);
    return NULL;
  }
  state->list[state->count++] = entry;
  entry->key = key;
  entry->child = adcp_db_column_copy(db, stmt, 0);
  entry->parent = adcp_db_column_copy(db, stmt, 2);
  adcp_map_put(&state->by_key, key, strlen(key), entry, db->err);
  return db->err->rc ? NULL : entry;
}

/* The entry of the row that stmt (foreign_key_check) stands on. */
static Violations *find_violations(AdcpForeignKeyState *state, AdcpDb *db, sqlite3_stmt *stmt) {
  AdcpBuf text = {0};
  adcp_buf_appendf(&text, "%s\n%s\n%d", (const char *)sqlite3_column_text(stmt, 0),
                   (const char *)sqlite3_column_text(stmt, 2), sqlite3_column_int(stmt, 3));
  char *key = adcp_buf_take(&text);
  if( key == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  Violations *entry = adcp_map_get(&state->by_key, key, strlen(key));
  if( entry == NULL ) return add_violations(state, db, stmt, key);
  adcp_free(key);
  return entry;
}

/* Counts into before or after. A schema whose foreign keys cannot be checked (a parent without a
** unique key) is a warning. */
static void count_violations(AdcpForeignKeyState *state, AdcpDb *db, AdcpPlan *plan, bool after) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  sqlite3_stmt *stmt = adcp_db_prepare(&trial, "PRAGMA \"%w\".foreign_key_check", db->schema);
  while( !db->err->rc && adcp_db_step(&trial, stmt) ) {
    Violations *entry = find_violations(state, db, stmt);
    if( entry ) *(after ? &entry->after : &entry->before) += 1;
  }
  adcp_db_finalize(stmt);
  if( trouble.rc == ADCP_ERROR ) {
    if( after ) {
      adcp_plan_warn(plan, db->err, "foreign keys could not be checked: %s",
                     adcp_error_message(&trouble));
    }
    adcp_error_clear(&trouble);
  }
  adcp_error_move(db->err, &trouble);
}

AdcpForeignKeyState *adcp_foreign_keys_before(AdcpDb *db, const AdcpPlan *plan) {
  if( db->err->rc ) return NULL;
  AdcpForeignKeyState *state = adcp_calloc(1, sizeof *state);
  if( state == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  if( !plan->whole ) count_violations(state, db, NULL, false);
  return state;
}

/* True when this plan replaces the rows of that live table by the backup's. */
static bool restored(const AdcpPlan *plan, const char *name) {
  if( plan->merge ) return false; /* rows of the two are mixed */
  for( size_t i = 0; i < plan->table_count; i++ ) {
    const AdcpPlanTable *entry = &plan->tables[i];
    if( entry->fill && sqlite3_stricmp(entry->target, name) == 0 ) return true;
  }
  return false;
}

int64_t adcp_foreign_keys_after(AdcpForeignKeyState *state, AdcpDb *db, AdcpPlan *plan,
                                bool enforce) {
  int64_t total = 0;
  if( db->err->rc ) return 0;
  count_violations(state, db, plan, true);
  for( size_t i = 0; i < state->count && !db->err->rc; i++ ) {
    const Violations *entry = state->list[i];
    int64_t new_ones = entry->after - entry->before;
    total += entry->after;
    if( plan->whole || new_ones <= 0 ) continue;
    if( restored(plan, entry->child) && restored(plan, entry->parent) ) continue;
    if( enforce ) {
      adcp_error_set(
          db->err, ADCP_CONSTRAINT,
          "%lld rows of table \"%s\" would refer to rows that \"%s\" does not have; restore "
          "both tables, or accept it with {\"foreign_keys\":\"report\"}",
          (long long)new_ones, entry->child, entry->parent);
    } else {
      adcp_plan_warn(plan, db->err, "%lld rows of table \"%s\" refer to rows that \"%s\" lacks",
                     (long long)new_ones, entry->child, entry->parent);
    }
  }
  return total;
}

void adcp_foreign_keys_close(AdcpForeignKeyState *state) {
  if( state == NULL ) return;
  for( size_t i = 0; i < state->count; i++ ) {
    adcp_free(state->list[i]->key);
    adcp_free(state->list[i]->child);
    adcp_free(state->list[i]->parent);
    adcp_free(state->list[i]);
  }
  adcp_map_free(&state->by_key);
  adcp_free(state->list);
  adcp_free(state);
}
