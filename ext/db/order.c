/*
** order.c - the order in which tables are written and restored (contract in order.h).
**
** Tables are first sorted by kind, owner and name, so that below a smaller index means a smaller
** name. Ordinary tables then become nodes of a graph, an edge from each child to each parent.
** Tarjan's algorithm finds the groups of tables that refer to each other in a circle (mostly groups
** of one); between groups there is no circle, so the groups are taken as their parents are done
** (Kahn), of several that are ready the one with the smallest first name. Both keep their place in
** arrays instead of recursing: a chain of foreign keys may be as long as the schema.
*/
#include "db/order.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name_map.h"

/* ---- by kind, owner and name ---- */

static int rank_of_kind(AdcpTableKind kind) {
  switch( kind ) {
  case ADCP_TABLE_ORDINARY: return 0;
  case ADCP_TABLE_SHADOW: return 1;
  case ADCP_TABLE_VIRTUAL: return 2;
  case ADCP_TABLE_SEQUENCE: return 3;
  case ADCP_TABLE_STAT: return 4;
  }
  return 5;
}

static int compare_tables(const void *left, const void *right) {
  const AdcpTable *a = *(AdcpTable *const *)left, *b = *(AdcpTable *const *)right;
  int difference = rank_of_kind(a->kind) - rank_of_kind(b->kind);
  if( difference == 0 && a->shadow_of && b->shadow_of ) {
    difference = strcmp(a->shadow_of, b->shadow_of);
  }
  return difference ? difference : strcmp(a->name, b->name);
}

/* ---- the graph of foreign keys ---- */

/* Edges of node i are to[start[i]] .. to[start[i + 1] - 1]. */
typedef struct Graph {
  size_t *start; /* count + 1 */
  size_t *to;
} Graph;

typedef struct Order {
  AdcpTable **tables; /* the ordinary ones, by name */
  size_t count;
  size_t edge_count;
  Graph parents;      /* of a table */
  size_t *group;      /* of a table: the smallest table of its circle */
  size_t *group_next; /* the next table of the same group, or NONE */
  size_t *result;     /* tables in their final order */
  AdcpError *err;
} Order;

#define NONE SIZE_MAX

static size_t *new_array(Order *o, size_t count) {
  size_t *array = o->err->rc == ADCP_OK ? adcp_calloc(count, sizeof *array) : NULL;
  if( array == NULL ) adcp_error_nomem(o->err);
  return array;
}

/* The children's foreign keys as edges; parents that do not exist, or are the child itself, give
** none. */
static void connect(Order *o, AdcpNameMap *by_name) {
  size_t edges = 0;
  for( size_t i = 0; i < o->count; i++ ) {
    const AdcpTable *table = o->tables[i];
    o->parents.start[i] = edges;
    for( size_t k = 0; k < table->foreign_key_count; k++ ) {
      const char *name = table->foreign_keys[k].parent;
      AdcpTable **parent = adcp_name_map_get(by_name, name, strlen(name), o->err);
      if( parent && *parent != table ) o->parents.to[edges++] = (size_t)(parent - o->tables);
    }
  }
  o->parents.start[o->count] = edges;
  o->edge_count = edges;
}

static void build_graph(Order *o) {
  size_t keys = 0;
  AdcpNameMap by_name = {0};
  for( size_t i = 0; i < o->count; i++ ) {
    keys += o->tables[i]->foreign_key_count;
    adcp_name_map_put(&by_name, o->tables[i]->name, &o->tables[i], o->err);
  }
  o->parents.start = new_array(o, o->count + 1);
  o->parents.to = new_array(o, keys + 1);
  if( o->err->rc == ADCP_OK ) connect(o, &by_name);
  adcp_name_map_free(&by_name);
}

/* ---- circles: Tarjan ---- */

typedef struct Tarjan {
  const Graph *graph;
  size_t *index; /* of a node: 1-based order of its first visit, 0 before */
  size_t *low;   /* smallest index known to be reachable; NONE once the node's group is complete */
  size_t *next;  /* next edge to look at */
  size_t *path;  /* nodes whose edges are being looked at, outermost first */
  size_t *open;  /* visited nodes whose group is not complete */
  size_t path_size, open_size, visits;
} Tarjan;

static void visit(Tarjan *t, size_t node) {
  t->index[node] = t->low[node] = ++t->visits;
  t->next[node] = t->graph->start[node];
  t->path[t->path_size++] = node;
  t->open[t->open_size++] = node;
}

static void lower(size_t *low, size_t value) {
  if( value < *low ) *low = value;
}

/* All open nodes from `node` on are one group, which is named by its smallest. */
static void close_group(Order *o, Tarjan *t, size_t node) {
  size_t first = t->open_size, smallest = node;
  do {
    first--;
    lower(&smallest, t->open[first]);
  } while( t->open[first] != node );
  for( size_t i = first; i < t->open_size; i++ ) {
    o->group[t->open[i]] = smallest;
    t->low[t->open[i]] = NONE;
  }
  t->open_size = first;
}

/* One step: along the next edge of the innermost node, or back out of it. */
static void walk(Order *o, Tarjan *t) {
  size_t node = t->path[t->path_size - 1];
  if( t->next[node] < t->graph->start[node + 1] ) {
    size_t to = t->graph->to[t->next[node]++];
    if( t->index[to] == 0 ) {
      visit(t, to);
    } else if( t->low[to] != NONE ) {
      lower(&t->low[node], t->index[to]);
    }
    return;
  }
  t->path_size--;
  size_t low = t->low[node];
  if( low == t->index[node] ) close_group(o, t, node);
  if( t->path_size > 0 ) lower(&t->low[t->path[t->path_size - 1]], low);
}

static void find_groups(Order *o) {
  Tarjan t = {.graph = &o->parents};
  t.index = new_array(o, o->count);
  t.low = new_array(o, o->count);
  t.next = new_array(o, o->count);
  t.path = new_array(o, o->count);
  t.open = new_array(o, o->count);
  for( size_t i = 0; i < o->count && o->err->rc == ADCP_OK; i++ ) {
    if( t.index[i] == 0 ) visit(&t, i);
    while( t.path_size > 0 ) walk(o, &t);
  }
  adcp_free(t.index);
  adcp_free(t.low);
  adcp_free(t.next);
  adcp_free(t.path);
  adcp_free(t.open);
}

/* Chains each group's tables in order of name, from the smallest, which names the group. */
static void chain_groups(Order *o) {
  size_t *last = new_array(o, o->count);
  for( size_t i = 0; last && i < o->count; i++ ) {
    size_t group = o->group[i];
    o->group_next[i] = NONE;
    if( group != i ) o->group_next[last[group]] = i;
    last[group] = i;
  }
  adcp_free(last);
}

/* ---- parents first: Kahn ---- */

/* A heap of groups that are ready, the smallest on top. */
typedef struct Heap {
  size_t *items;
  size_t size;
} Heap;

static void heap_push(Heap *heap, size_t item) {
  size_t at = heap->size++;
  for( ; at > 0 && heap->items[(at - 1) / 2] > item; at = (at - 1) / 2 ) {
    heap->items[at] = heap->items[(at - 1) / 2];
  }
  heap->items[at] = item;
}

static size_t heap_pop(Heap *heap) {
  size_t top = heap->items[0], item = heap->items[--heap->size], at = 0;
  for( size_t child; (child = 2 * at + 1) < heap->size; at = child ) {
    if( child + 1 < heap->size && heap->items[child + 1] < heap->items[child] ) child++;
    if( item <= heap->items[child] ) break;
    heap->items[at] = heap->items[child];
  }
  heap->items[at] = item;
  return top;
}

typedef struct Kahn {
  Graph children; /* of a group: groups that refer to it, once for each foreign key */
  size_t *waits;  /* of a group: foreign keys into groups that are not done */
  Heap ready;
} Kahn;

/* The edges between groups, turned round. */
static void turn_round(const Order *o, Kahn *k) {
  size_t *start = k->children.start;
  for( int pass = 0; pass < 2; pass++ ) { /* count, then fill from each range's end */
    for( size_t i = 0; i < o->count; i++ ) {
      for( size_t e = o->parents.start[i]; e < o->parents.start[i + 1]; e++ ) {
        size_t child = o->group[i], parent = o->group[o->parents.to[e]];
        if( child == parent ) continue;
        if( pass == 0 ) {
          start[parent]++;
          k->waits[child]++;
        } else {
          k->children.to[--start[parent]] = child;
        }
      }
    }
    for( size_t i = 0; pass == 0 && i < o->count; i++ ) start[i + 1] += start[i];
  }
}

static void take_groups(Order *o, Kahn *k) {
  size_t done = 0;
  for( size_t i = 0; i < o->count; i++ ) {
    if( o->group[i] == i && k->waits[i] == 0 ) heap_push(&k->ready, i);
  }
  while( k->ready.size > 0 ) {
    size_t group = heap_pop(&k->ready);
    for( size_t i = group; i != NONE; i = o->group_next[i] ) o->result[done++] = i;
    for( size_t e = k->children.start[group]; e < k->children.start[group + 1]; e++ ) {
      size_t child = k->children.to[e];
      if( --k->waits[child] == 0 ) heap_push(&k->ready, child);
    }
  }
}

static void sort_groups(Order *o) {
  Kahn k = {0};
  k.children.start = new_array(o, o->count + 1);
  k.children.to = new_array(o, o->edge_count + 1);
  k.waits = new_array(o, o->count);
  k.ready.items = new_array(o, o->count);
  if( o->err->rc == ADCP_OK ) {
    turn_round(o, &k);
    take_groups(o, &k);
  }
  adcp_free(k.children.start);
  adcp_free(k.children.to);
  adcp_free(k.waits);
  adcp_free(k.ready.items);
}

/* ---- the whole ---- */

static size_t count_ordinary(AdcpTable **tables, size_t count) {
  size_t ordinary = 0;
  while( ordinary < count && tables[ordinary]->kind == ADCP_TABLE_ORDINARY ) ordinary++;
  return ordinary;
}

/* Parents before children among the ordinary tables, which stand first. */
static void sort_ordinary(AdcpTable **tables, size_t count, AdcpError *err) {
  Order o = {.tables = tables, .count = count, .err = err};
  o.group = new_array(&o, count);
  o.group_next = new_array(&o, count);
  o.result = new_array(&o, count);
  AdcpTable **sorted = err->rc == ADCP_OK ? adcp_calloc(count, sizeof *sorted) : NULL;
  if( sorted == NULL ) adcp_error_nomem(err);
  if( err->rc == ADCP_OK ) build_graph(&o);
  if( err->rc == ADCP_OK ) find_groups(&o);
  if( err->rc == ADCP_OK ) chain_groups(&o);
  if( err->rc == ADCP_OK ) sort_groups(&o);
  if( err->rc == ADCP_OK ) {
    for( size_t i = 0; i < count; i++ ) sorted[i] = tables[o.result[i]];
    memcpy(tables, sorted, count * sizeof *sorted);
  }
  adcp_free(o.parents.start);
  adcp_free(o.parents.to);
  adcp_free(o.group);
  adcp_free(o.group_next);
  adcp_free(o.result);
  adcp_free(sorted);
}

/* Puts the tables where the pointers say. */
static void move_tables(AdcpSchema *schema, AdcpTable **order, AdcpError *err) {
  size_t count = schema->table_count;
  AdcpTable *moved = err->rc == ADCP_OK ? adcp_calloc(count, sizeof *moved) : NULL;
  if( moved == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  for( size_t i = 0; i < count; i++ ) moved[i] = *order[i];
  memcpy(schema->tables, moved, count * sizeof *moved);
  adcp_free(moved);
  adcp_schema_index(schema, err);
}

void adcp_schema_sort(AdcpSchema *schema, AdcpError *err) {
  size_t count = schema->table_count;
  if( err->rc != ADCP_OK || count == 0 ) return;
  AdcpTable **order = adcp_calloc(count, sizeof *order);
  if( order == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  for( size_t i = 0; i < count; i++ ) order[i] = &schema->tables[i];
  qsort(order, count, sizeof(AdcpTable *), compare_tables);
  sort_ordinary(order, count_ordinary(order, count), err);
  move_tables(schema, order, err);
  adcp_free(order);
}
