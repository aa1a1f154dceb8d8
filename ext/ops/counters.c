/*
** counters.c - AUTOINCREMENT counters of some tables (contract in counters.h).
*/
#include "ops/counters.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

typedef struct AdcpCounter {
  struct AdcpCounter *next;
  const char *table;  /* borrowed of the plan */
  int64_t least;      /* what it has to be */
  int64_t rows, good; /* of sqlite_sequence: of that table, and those of them that are so high */
  bool added;         /* there was none */
} Counter;

/* ---- taking ---- */

static void add(AdcpCounters *counters, const char *table, int64_t least, AdcpError *err) {
  Counter *counter = adcp_calloc(1, sizeof *counter);
  if( counter == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  counter->table = table;
  counter->least = least;
  *(counters->last ? &counters->last->next : &counters->first) = counter;
  counters->last = counter;
  adcp_map_put(&counters->by_table, table, strlen(table), counter, err);
}

void adcp_counters_take(AdcpCounters *counters, const AdcpPlan *plan, const AdcpTable *sequence,
                        const AdcpValue *values, AdcpError *err) {
  const AdcpPlanTable *entry = adcp_plan_counter(plan, sequence, values);
  if( entry == NULL || err->rc ) return;
  int64_t least = values[sequence->has_rowid_key ? 2 : 1].integer;
  /* SQLite looks a table's counter up by the name as the table has it, letter case and all. */
  const char *table = entry->match_columns && entry->live ? entry->live->name : entry->target;
  Counter *counter = adcp_map_get(&counters->by_table, table, strlen(table));
  if( counter == NULL ) {
    add(counters, table, least, err);
  } else if( counter->least < least ) {
    counter->least = least;
  }
}

const AdcpValue *adcp_counters_rename(AdcpValue row[ADCP_COUNTER_VALUES], const AdcpPlan *plan,
                                      const AdcpTable *sequence, const AdcpValue *values) {
  size_t at = sequence->has_rowid_key, count = adcp_table_value_count(sequence);
  const AdcpValue *name = &values[at];
  assert(count <= ADCP_COUNTER_VALUES);
  if( name->type != ADCP_TEXT ) return values;
  const AdcpPlanTable *entry = adcp_map_get(&plan->by_source, adcp_value_bytes(name), name->size);
  if( entry == NULL ) return values;
  memcpy(row, values, count * sizeof *row);
  row[at].bytes = (const uint8_t *)entry->target;
  row[at].size = strlen(entry->target);
  return row;
}

/* ---- writing ---- */

/* As SQLite compares: a text is above every number. */
static bool is_as_high(sqlite3_stmt *row, int column, int64_t least) {
  switch( sqlite3_column_type(row, column) ) {
  case SQLITE_INTEGER: return sqlite3_column_int64(row, column) >= least;
  case SQLITE_FLOAT: return sqlite3_column_double(row, column) >= (double)least;
  case SQLITE_NULL: return false;
  default: return true;
  }
}

/* A row that is to be raised. */
typedef struct Raise {
  sqlite3_int64 rowid;
  int64_t least;
} Raise;

/* Counts the rows of each counter, and appends those that are lower than it. */
static void look(AdcpCounters *counters, AdcpDb *db, AdcpBuf *lower) {
  for( Counter *counter = counters->first; counter; counter = counter->next ) {
    counter->rows = counter->good = 0;
  }
  sqlite3_stmt *stmt =
      adcp_db_prepare(db, "SELECT rowid, name, seq FROM \"%w\".sqlite_sequence", db->schema);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    if( name == NULL || sqlite3_column_type(stmt, 1) != SQLITE_TEXT ) continue;
    size_t size = (size_t)sqlite3_column_bytes(stmt, 1);
    Counter *counter = adcp_map_get(&counters->by_table, name, size);
    if( counter == NULL ) continue;
    bool good = is_as_high(stmt, 2, counter->least);
    Raise raise = {sqlite3_column_int64(stmt, 0), counter->least};
    counter->rows++;
    counter->good += good;
    if( !good ) adcp_buf_append(lower, &raise, sizeof raise);
  }
  adcp_db_finalize(stmt);
  adcp_buf_check(lower, db->err);
}

static void raise_all(AdcpDb *db, const AdcpBuf *lower) {
  for( size_t at = 0; at < lower->size && !db->err->rc; at += sizeof(Raise) ) {
    Raise raise;
    memcpy(&raise, lower->data + at, sizeof raise);
    adcp_db_exec(db, "UPDATE \"%w\".sqlite_sequence SET seq = %lld WHERE rowid = %lld", db->schema,
                 (long long)raise.least, (long long)raise.rowid);
  }
}

static void check(AdcpCounters *counters, AdcpDb *db) {
  for( Counter *counter = counters->first; counter; counter = counter->next ) {
    bool twice = counter->added && counter->rows > 1; /* the rows before were not seen */
    if( counter->rows > 0 && counter->good == counter->rows && !twice ) continue;
    adcp_error_set(db->err, ADCP_MISMATCH,
                   "the AUTOINCREMENT counter of table \"%s\" could not be set; " ADCP_IGNORES,
                   counter->table);
  }
}

void adcp_counters_write(AdcpCounters *counters, AdcpDb *db) {
  AdcpBuf lower = {0};
  if( counters->first == NULL || db->err->rc ) return;
  look(counters, db, &lower);
  raise_all(db, &lower);
  for( Counter *counter = counters->first; counter && !db->err->rc; counter = counter->next ) {
    if( counter->rows ) continue;
    counter->added = true;
    adcp_db_exec(db, "INSERT INTO \"%w\".sqlite_sequence(name, seq) VALUES(%Q, %lld)", db->schema,
                 counter->table, (long long)counter->least);
  }
  adcp_buf_clear(&lower);
  look(counters, db, &lower);
  check(counters, db);
  adcp_buf_free(&lower);
}

void adcp_counters_free(AdcpCounters *counters) {
  for( Counter *counter = counters->first, *next; counter; counter = next ) {
    next = counter->next;
    adcp_free(counter);
  }
  adcp_map_free(&counters->by_table);
  *counters = (AdcpCounters){0};
}
