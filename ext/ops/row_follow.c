/*
** row_follow.c - from rows that match to those that refer to them, and to those that they refer to
** (picture in row_chooser.h).
**
** First children, round after round, each round from the rows that the one before found; then, from
** all of these, parents in the same way. A row is found once, so circles end.
*/
#include "ops/row_chooser.h"

#include "base/mem.h"

/* "v0, v1" or, as a comparison, "p.v0 = c.v0 COLLATE x AND ..." with the collations of the parent's
** columns. */
typedef enum Form { COLUMNS, COMPARISON } Form;

static void append_values(AdcpRowChoice *choice, sqlite3_str *sql, const AdcpChoiceEdge *edge,
                          Form form) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  for( size_t i = 0; i < edge->key->count && !choice->err->rc; i++ ) {
    const char *collation = "BINARY";
    int rc = sqlite3_table_column_metadata(db->handle, "main", edge->parent->table->name,
                                           edge->to[i], NULL, &collation, NULL, NULL, NULL);
    if( rc != SQLITE_OK ) adcp_db_fail(db, rc);
    if( form == COLUMNS ) {
      sqlite3_str_appendf(sql, "%sv%d COLLATE \"%w\"", i ? ", " : "", (int)i, collation);
    } else {
      sqlite3_str_appendf(sql, "%sp.v%d COLLATE \"%w\" = c.v%d", i ? " AND " : "", (int)i,
                          collation, (int)i);
    }
  }
}

/* Runs or prepares what was built, and frees it. */
static sqlite3_stmt *prepare(AdcpRowChoice *choice, sqlite3_str *sql) {
  char *text = sqlite3_str_finish(sql);
  if( text == NULL ) adcp_error_nomem(choice->err);
  sqlite3_stmt *stmt = text ? adcp_db_prepare_text(adcp_scratch_db(choice->scratch), text) : NULL;
  sqlite3_free(text);
  return stmt;
}

/* The side that is looked up by value. */
static void index_side(AdcpRowChoice *choice, const AdcpChoiceEdge *edge, char side) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendf(sql, "CREATE INDEX own.by_%c%d ON %c%d(", side, (int)edge->number, side,
                      (int)edge->number);
  append_values(choice, sql, edge, COLUMNS);
  sqlite3_str_appendall(sql, ")");
  sqlite3_stmt *stmt = prepare(choice, sql);
  adcp_db_step(db, stmt);
  adcp_db_finalize(stmt);
}

/* From rows of `from` found in rounds ?1 to ?2: rows of the other side, for round ?3. */
static sqlite3_stmt *prepare_search(AdcpRowChoice *choice, const AdcpChoiceEdge *edge, bool up) {
  const AdcpChoiceTable *from = up ? edge->child : edge->parent;
  const AdcpChoiceTable *to = up ? edge->parent : edge->child;
  const char *near = up ? "c" : "p", *far = up ? "p" : "c";
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendf(sql,
                      "INSERT OR IGNORE INTO own.s%d SELECT %s.r, %d, ?3 FROM own.s%d AS s "
                      "CROSS JOIN own.%s%d AS %s ON %s.r = s.r CROSS JOIN own.%s%d AS %s ON ",
                      (int)to->number, far, up ? ADCP_ROW_PARENT : ADCP_ROW_CHILD,
                      (int)from->number, near, (int)edge->number, near, near, far,
                      (int)edge->number, far);
  append_values(choice, sql, edge, COMPARISON);
  sqlite3_str_appendall(sql, " WHERE s.round BETWEEN ?1 AND ?2");
  return prepare(choice, sql);
}

static void prepare_edges(AdcpRowChoice *choice) {
  for( size_t i = 0; i < choice->edge_count && !choice->err->rc; i++ ) {
    AdcpChoiceEdge *edge = &choice->edges[i];
    if( edge->down ) {
      index_side(choice, edge, 'c');
      edge->find_children = prepare_search(choice, edge, false);
    }
    if( edge->up ) {
      index_side(choice, edge, 'p');
      edge->find_parents = prepare_search(choice, edge, true);
    }
  }
}

/* How many rows are new. */
static int64_t search(AdcpRowChoice *choice, sqlite3_stmt *stmt, int64_t from, int64_t to) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  if( stmt == NULL || choice->err->rc ) return 0;
  sqlite3_bind_int64(stmt, 1, from);
  sqlite3_bind_int64(stmt, 2, to);
  sqlite3_bind_int64(stmt, 3, to + 1);
  adcp_db_step(db, stmt);
  sqlite3_reset(stmt);
  return choice->err->rc ? 0 : sqlite3_changes(db->handle);
}

/* By the edges of one table. Where rows are new the next round goes on. */
static void search_from(AdcpRowChoice *choice, const AdcpChoiceTable *table, int64_t from,
                        int64_t to, bool up) {
  const AdcpChoiceEdge *edge = up ? table->to_parents : table->to_children;
  for( ; edge; edge = up ? edge->next_of_child : edge->next_of_parent ) {
    int64_t found = search(choice, up ? edge->find_parents : edge->find_children, from, to);
    if( found ) adcp_choice_wait(choice, up ? edge->parent : edge->child);
  }
}

/* From all rows found until round `to`; returns the last round that found something. */
static int64_t spread(AdcpRowChoice *choice, int64_t to, bool up) {
  AdcpChoiceTable **now = adcp_calloc(choice->head->table_count + 1, sizeof(*now));
  size_t count = 0;
  int64_t from = 0;
  if( now == NULL ) adcp_error_nomem(choice->err);
  for( size_t i = 0; now && i < choice->head->table_count; i++ ) {
    AdcpChoiceTable *table = &choice->tables[i];
    if( up ? table->to_parents : table->to_children ) now[count++] = table;
  }
  while( count > 0 && !choice->err->rc ) {
    for( size_t i = 0; i < count; i++ ) search_from(choice, now[i], from, to, up);
    count = 0;
    while( (now[count] = adcp_choice_next_waiting(choice)) != NULL ) count++;
    if( count ) from = ++to;
    adcp_scratch_check(choice->scratch);
  }
  adcp_free((void *)now);
  return to;
}

/* ---- references to nowhere ---- */

static void count_dangling(AdcpRowChoice *choice, const AdcpChoiceEdge *edge) {
  AdcpDb *db = adcp_scratch_db(choice->scratch);
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendf(sql,
                      "SELECT 1 FROM own.s%d AS s CROSS JOIN own.c%d AS c ON c.r = s.r "
                      "WHERE NOT EXISTS (SELECT 1 FROM own.p%d AS p WHERE ",
                      (int)edge->child->number, (int)edge->number, (int)edge->number);
  append_values(choice, sql, edge, COMPARISON);
  sqlite3_str_appendall(sql, ")");
  sqlite3_stmt *stmt = prepare(choice, sql);
  long long count = 0;
  while( adcp_db_step(db, stmt) ) count++;
  adcp_db_finalize(stmt);
  if( count == 0 ) return;
  adcp_row_choice_warn(choice,
                       "%lld of the rows to restore of table \"%s\" refer%s to rows of \"%s\" "
                       "that the backup does not have",
                       count, edge->child->table->name, count == 1 ? "s" : "",
                       edge->parent->table->name);
}

static void finalize(AdcpRowChoice *choice) {
  for( size_t i = 0; i < choice->edge_count; i++ ) {
    AdcpChoiceEdge *edge = &choice->edges[i];
    adcp_db_finalize(edge->find_parents);
    adcp_db_finalize(edge->find_children);
    edge->find_parents = edge->find_children = NULL;
  }
}

void adcp_row_follow(AdcpRowChoice *choice) {
  if( choice->err->rc ) return;
  prepare_edges(choice);
  int64_t round = spread(choice, 0, false);
  spread(choice, round, true);
  finalize(choice);
  for( size_t i = 0; i < choice->edge_count && !choice->err->rc; i++ ) {
    if( choice->edges[i].up ) count_dangling(choice, &choice->edges[i]);
  }
}
