/*
** test_db_order.c - the order of tables: parents first, circles and ties by name, any depth.
*/
#include "db/order.h"

#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"

static AdcpError err;

static AdcpTable *add(AdcpSchema *schema, const char *name, AdcpTableKind kind, const char *owner) {
  AdcpTable *table = adcp_schema_add_table(schema, &err);
  table->name = adcp_strdup(name);
  table->kind = kind;
  table->shadow_of = owner ? adcp_strdup(owner) : NULL;
  return table;
}

static void refer(AdcpTable *table, const char *parent) {
  adcp_table_add_foreign_key(table, &err)->parent = adcp_strdup(parent);
}

/* One table for each word "child>parent>parent"; the order as one text. */
static void check_order(const char *tables, const char *expected) {
  AdcpSchema *schema = adcp_schema_new(&err);
  char words[512];
  snprintf(words, sizeof words, "%s", tables);
  char *rest = words, *word;
  while( (word = strsep(&rest, " ")) != NULL ) {
    AdcpTable *table = add(schema, strsep(&word, ">"), ADCP_TABLE_ORDINARY, NULL);
    for( char *parent; (parent = strsep(&word, ">")) != NULL; ) refer(table, parent);
  }
  adcp_schema_index(schema, &err);
  adcp_schema_sort(schema, &err);
  AdcpBuf order = {0};
  for( size_t i = 0; i < schema->table_count; i++ ) {
    adcp_buf_appendf(&order, "%s%s", i ? " " : "", schema->tables[i].name);
    CHECK(adcp_schema_table(schema, schema->tables[i].name) == &schema->tables[i]);
  }
  CHECK_TEXT(adcp_buf_text(&order), expected);
  CHECK(err.rc == ADCP_OK);
  adcp_buf_free(&order);
  adcp_schema_free(schema);
}

static void test_shapes(void) {
  check_order("c b a", "a b c");
  check_order("a>b b>c c", "c b a");
  check_order("a>a b", "a b");
  check_order("a>b b>a", "a b");
  check_order("z>y y>z a>z", "y z a");
  check_order("m>x x>m p x2>p", "m x p x2");
  check_order("a>Parent PARENT", "PARENT a"); /* as SQLite: case of ASCII letters ignored */
  check_order("a>missing b", "a b");
  check_order("d>b>c b>a c>a a", "a b c d");
  check_order("d>b>b>b b>a>a a", "a b d");
  check_order("a>d d>c c>b b>d e>a f", "b c d a e f"); /* a circle of three, then its children */
  check_order("A a_ B b", "A B a_ b");
  check_order("a>c>b b>c c>b d>a z", "b c a d z");
  check_order("a>z b z", "b z a"); /* of those that are ready, the smallest name */
  check_order("t1>t2 t2>t1>t3 t3>t4 t4>t3", "t3 t4 t1 t2"); /* two circles, one above the other */
}

static void test_kinds(void) {
  AdcpSchema *schema = adcp_schema_new(&err);
  add(schema, "sqlite_stat4", ADCP_TABLE_STAT, NULL);
  add(schema, "sqlite_sequence", ADCP_TABLE_SEQUENCE, NULL);
  add(schema, "sqlite_stat1", ADCP_TABLE_STAT, NULL);
  add(schema, "v", ADCP_TABLE_VIRTUAL, NULL);
  add(schema, "a", ADCP_TABLE_VIRTUAL, NULL);
  add(schema, "v_data", ADCP_TABLE_SHADOW, "v");
  add(schema, "a_x_data", ADCP_TABLE_SHADOW, "a_x");
  add(schema, "a_x", ADCP_TABLE_VIRTUAL, NULL);
  add(schema, "a_zone", ADCP_TABLE_SHADOW, "a");
  add(schema, "a_idx", ADCP_TABLE_SHADOW, "a");
  refer(add(schema, "b", ADCP_TABLE_ORDINARY, NULL), "v_data"); /* no edge to another kind */
  add(schema, "z", ADCP_TABLE_ORDINARY, NULL);
  adcp_schema_sort(schema, &err);
  static const char *const expected[] = {
      "b", "z",   "a_idx", "a_zone",          "a_x_data",     "v_data",
      "a", "a_x", "v",     "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"};
  for( size_t i = 0; i < schema->table_count; i++ ) {
    CHECK_TEXT(schema->tables[i].name, expected[i]);
  }
  adcp_schema_free(schema);
  AdcpSchema *empty = adcp_schema_new(&err);
  adcp_schema_sort(empty, &err);
  CHECK(err.rc == ADCP_OK && empty->table_count == 0);
  adcp_schema_free(empty);
}

#define MANY 100000

/* t0 is the last child, t<MANY-1> the first parent; or, closed, one circle of all. */
static void check_chain(int closed) {
  AdcpSchema *schema = adcp_schema_new(&err);
  char name[32];
  for( int i = 0; i < MANY; i++ ) {
    snprintf(name, sizeof name, "t%06d", i);
    AdcpTable *table = add(schema, name, ADCP_TABLE_ORDINARY, NULL);
    snprintf(name, sizeof name, "t%06d", closed ? (i + 1) % MANY : i + 1);
    refer(table, name);
  }
  clock_t begin = clock();
  adcp_schema_sort(schema, &err);
  double seconds = unit_seconds_since(begin);
  CHECK(err.rc == ADCP_OK);
  CHECK_TEXT(schema->tables[0].name, closed ? "t000000" : "t099999");
  CHECK_TEXT(schema->tables[MANY - 1].name, closed ? "t099999" : "t000000");
  CHECK_CASE(seconds < 5, "%d ms", (int)(seconds * 1000));
  adcp_schema_free(schema);
}

/* ---- any graph, against the definition ---- */

#define NODES 20

typedef struct Reach {
  bool to[NODES][NODES];
} Reach;

/* The smallest of the tables in a circle with this one. */
static int group_of(const Reach *reach, int node) {
  for( int i = 0; i < node; i++ ) {
    if( reach->to[i][node] && reach->to[node][i] ) return i;
  }
  return node;
}

static bool is_ready(const Reach *reach, const bool *done, int node) {
  for( int i = 0; i < NODES; i++ ) {
    bool waits = reach->to[node][i] && !done[i] && group_of(reach, i) != group_of(reach, node);
    if( waits ) return false;
  }
  return true;
}

/* Always the first table, by its group and then by itself, whose parents are done. */
static void check_definition(const Reach *reach, const AdcpSchema *schema, int round) {
  bool done[NODES] = {false};
  for( int place = 0; place < NODES; place++ ) {
    int best = -1;
    for( int i = 0; i < NODES; i++ ) {
      if( done[i] || !is_ready(reach, done, i) ) continue;
      if( best < 0 || group_of(reach, i) < group_of(reach, best) ) best = i;
    }
    CHECK_CASE(schema->tables[place].name[0] - 'a' == best, "round %d, place %d", round, place);
    done[best] = true;
  }
}

static void test_random(void) {
  unsigned seed = 12345;
  for( int round = 0; round < 300; round++ ) {
    AdcpSchema *schema = adcp_schema_new(&err);
    Reach reach = {{{false}}};
    for( int i = NODES - 1; i >= 0; i-- ) {
      char name[2] = {(char)('a' + i), 0};
      AdcpTable *table = add(schema, name, ADCP_TABLE_ORDINARY, NULL);
      for( int k = 0; k < round % 4; k++ ) {
        seed = seed * 1103515245u + 12345u;
        int to = (int)(seed >> 16) % NODES;
        if( round % 3 == 0 && to > i ) continue; /* no circles in a third of the rounds */
        name[0] = (char)('a' + to);
        refer(table, name);
        reach.to[i][to] = true;
      }
    }
    for( int k = 0; k < NODES; k++ ) {
      for( int i = 0; i < NODES; i++ ) {
        for( int j = 0; j < NODES; j++ ) reach.to[i][j] |= reach.to[i][k] && reach.to[k][j];
      }
    }
    adcp_schema_sort(schema, &err);
    check_definition(&reach, schema, round);
    adcp_schema_free(schema);
  }
}

int main(void) {
  test_shapes();
  test_kinds();
  check_chain(0);
  check_chain(1);
  test_random();
  return unit_done();
}
