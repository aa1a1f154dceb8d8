/*
** diff.c - what differs between two sides (contract in diff.h).
**
** A side is a backup or the live database: a schema, and of one table at a time the rows in the
** order of their key.
*/
#include "ops/diff.h"

#include <string.h>

#include "archive/row_batch.h"
#include "archive/row_write.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/catalog.h"
#include "db/order.h"
#include "db/scan.h"
#include "db/transaction.h"
#include "db/virtual_table.h"
#include "ops/backup_table.h"
#include "ops/diff_store.h"
#include "ops/hash.h"
#include "ops/interrupt.h"
#include "ops/metadata.h"
#include "ops/redaction.h"
#include "ops/row_order.h"
#include "ops/row_sort.h"
#include "platform/work_queue.h"

#define CHECK_ROWS 4096 /* merged between two looks at the interrupt */

/* A longer key is none that can be sorted anew beside the row: SQLite's limit is 2000 columns. */
#define MAX_SORTED_KEY 1000

typedef struct Side {
  AdcpDb *db;
  AdcpBackupTable *backup; /* owned; NULL for the live database */
  AdcpSnapshot snapshot;
  AdcpSchema *live;         /* owned; NULL for a backup */
  const AdcpSchema *schema; /* of either */
  AdcpRedacted redacted;    /* columns of a backup */
  bool has_rows_only;       /* no definitions were written */
  AdcpMap entries;          /* of a backup: its AdcpArchiveTable by name */
  AdcpMap objects[2];       /* AdcpObject by name: triggers, and all others */
  const AdcpTable *table;   /* that is being merged; NULL when this side has no rows of it */
  AdcpScan *scan;
  AdcpRowOrder *order;
  AdcpRowSort *sort;     /* NULL: rows come as they stand */
  AdcpValue *shown;      /* owned: room for a row of the table */
  bool *hidden;          /* owned: for each value of a row, whether it is redacted */
  AdcpRowWriter *writer; /* for rows as JSON; opened when needed */
  const AdcpValue *row;  /* the current one; NULL at the end */
  bool passed;           /* it was dealt with: the next one is to come */
} Side;

/* A column that both tables have, and where its value stands in the rows of each. */
typedef struct Pair {
  const AdcpColumn *column;
  size_t places[2];
} Pair;

typedef enum State { DEFINITIONS, BETWEEN_TABLES, MERGING, COLUMNS } State;

struct AdcpDiff {
  AdcpDb db;
  AdcpError *err; /* borrowed */
  Side sides[2];
  AdcpInterrupt interrupt;
  int64_t merged;
  State state;
  int at_side; /* whose objects or tables are gone through */
  size_t at;   /* the next of them */
  Pair *pairs; /* owned: of the tables that are being merged */
  size_t pair_count;
  size_t column; /* COLUMNS: the next of pairs */
  bool matched;  /* the keys of both sides mean the same */
  AdcpDiffItem item;
  AdcpDiffCount count;
  AdcpBuf key, row; /* texts of the item */
  int changed_rows; /* on the connection, when the last item was given; -1: a statement writes */
  AdcpDiffStore *store; /* the items that are left, once they were read ahead */
  AdcpDiffCount *ahead; /* owned: the same of the summary */
  size_t ahead_count, given;
};

/* ---- sides ---- */

static void open_backup(Side *side, AdcpDb *db, const AdcpRoot *root, const char *path) {
  side->db = db;
  AdcpBackupTableCall call = {
      .root = root, .path = path, .threads = ADCP_AUTO_THREADS, .handle = db->handle};
  side->backup = adcp_backup_table_open(&call, db->err);
  if( side->backup == NULL ) return;
  const AdcpArchiveHead *head = adcp_backup_table_head(side->backup);
  AdcpDatabaseFigures figures;
  side->schema = head->schema;
  adcp_metadata_read(&figures, head, db->err);
  side->has_rows_only = strcmp(figures.backup_type, "data") == 0;
  cJSON *metadata = cJSON_Parse(head->metadata);
  if( metadata == NULL ) adcp_error_nomem(db->err);
  adcp_redacted_read(&side->redacted, metadata, db->err);
  cJSON_Delete(metadata);
  if( head->is_legacy ) {
    adcp_error_set(db->err, ADCP_ERROR,
                   "%s is a backup of version 2.0, which says no keys by which rows could be told; "
                   "compare its tables by adcp_table and SQL",
                   path);
  }
}

static void open_live(Side *side, AdcpDb *db) {
  side->db = db;
  adcp_snapshot_open(&side->snapshot, db);
  side->live = adcp_catalog_read(db);
  if( side->live ) adcp_vtab_write_pending(db, side->live);
  if( side->live ) adcp_schema_sort(side->live, db->err);
  side->schema = side->live;
}

static void end_rows(Side *side) {
  adcp_row_sort_close(side->sort);
  side->sort = NULL;
  adcp_scan_close(side->scan);
  adcp_row_order_close(side->order);
  adcp_row_writer_close(side->writer);
  adcp_free(side->shown);
  adcp_free(side->hidden);
  side->shown = NULL;
  side->hidden = NULL;
  side->scan = NULL;
  side->order = NULL;
  side->writer = NULL;
  side->table = NULL;
  side->row = NULL;
  side->passed = false;
}

static void close_side(Side *side) {
  end_rows(side);
  adcp_backup_table_close(side->backup);
  adcp_redacted_free(&side->redacted);
  adcp_snapshot_close(&side->snapshot);
  adcp_schema_free(side->live);
  adcp_map_free(&side->entries);
  adcp_map_free(&side->objects[0]);
  adcp_map_free(&side->objects[1]);
}

static void index_side(Side *side) {
  AdcpError *err = side->db->err;
  const AdcpArchiveHead *head = side->backup ? adcp_backup_table_head(side->backup) : NULL;
  for( size_t i = 0; head && i < head->table_count && !err->rc; i++ ) {
    const char *name = head->tables[i].table->name;
    adcp_map_put(&side->entries, name, strlen(name), &head->tables[i], err);
  }
  for( size_t i = 0; side->schema && i < side->schema->object_count && !err->rc; i++ ) {
    AdcpObject *object = &side->schema->objects[i];
    AdcpMap *map = &side->objects[object->type == ADCP_OBJECT_TRIGGER];
    adcp_map_put(map, object->name, strlen(object->name), object, err);
  }
}

static const AdcpArchiveTable *entry_of(const Side *side, const char *name) {
  return adcp_map_get(&side->entries, name, strlen(name));
}

/* The side's object of the same type and name, or NULL. */
static const AdcpObject *twin_object(const Side *side, const AdcpObject *object) {
  const AdcpMap *map = &side->objects[object->type == ADCP_OBJECT_TRIGGER];
  const AdcpObject *twin = adcp_map_get(map, object->name, strlen(object->name));
  return twin && twin->type == object->type ? twin : NULL;
}

/* The side's table of that name, if its rows are content that this side has. */
static const AdcpTable *content_table(const Side *side, const char *name) {
  const AdcpTable *table = adcp_schema_table(side->schema, name);
  if( table == NULL ||
      (table->kind != ADCP_TABLE_ORDINARY && table->kind != ADCP_TABLE_SEQUENCE) ) {
    return NULL;
  }
  return side->backup == NULL || entry_of(side, name) ? table : NULL;
}

/* True when the side has such a table, but its rows are not in the backup: nothing can be said of
** them. */
static bool is_left_out(const Side *side, const char *name) {
  return side->backup && adcp_schema_table(side->schema, name) && !entry_of(side, name);
}

static void next_row(Side *side) {
  side->row = NULL;
  if( side->table == NULL || side->db->err->rc ) return;
  if( side->sort ) {
    side->row = adcp_row_sort_next(side->sort);
  } else if( side->scan ) {
    side->row = adcp_scan_next(side->scan);
  } else if( adcp_backup_table_next(side->backup) ) {
    side->row = adcp_backup_table_values(side->backup);
  }
}

static void begin_rows(Side *side, const char *name) {
  side->table = content_table(side, name);
  if( side->table == NULL ) return;
  if( side->backup ) {
    adcp_backup_table_choose(side->backup, entry_of(side, name));
    side->order =
        adcp_row_order_of_backup(side->db, adcp_backup_table_head(side->backup), side->table);
  } else {
    side->scan = adcp_scan_open(side->db, side->table);
    side->order = adcp_row_order_of_live(side->db, side->table);
  }
}

static bool next_before_merge(AdcpDiff *diff, Side *side) {
  next_row(side);
  if( ++diff->merged % CHECK_ROWS == 0 ) adcp_interrupt_check(&diff->interrupt, diff->err);
  return side->row != NULL;
}

static bool is_collated(const AdcpRowOrder *order) {
  for( size_t i = 0; i < adcp_row_order_key_count(order); i++ ) {
    if( adcp_row_order_key_collation(order, i) ) return true;
  }
  return false;
}

/* Whether a backup's rows stand as this connection sorts them: where they were sorted a collation of the key
** may have been another function. They are read for that, and begun again. */
static bool is_in_order(AdcpDiff *diff, Side *side) {
  if( side->backup == NULL || !is_collated(side->order) ) return true;
  AdcpRowBatch *last = adcp_malloc(sizeof *last);
  if( last == NULL ) adcp_error_nomem(diff->err);
  bool sorted = last != NULL;
  if( last ) last->rows = 0;
  while( sorted && next_before_merge(diff, side) ) {
    const AdcpValue *row = side->row;
    if( last->rows ) {
      sorted = adcp_row_order_compare(side->order, last->values, side->order, row) <= 0;
    }
    adcp_row_batch_clear(last, adcp_table_value_count(side->table));
    sorted =
        sorted && adcp_row_batch_add(last, row); /* a row that is too large for that: sorted anew */
  }
  adcp_free(last);
  adcp_backup_table_choose(side->backup, entry_of(side, side->table->name));
  return sorted;
}

static bool can_be_sorted(const Side *side) {
  return side->order && adcp_row_order_key_count(side->order) <= MAX_SORTED_KEY;
}

static void sort_rows(AdcpDiff *diff, Side *side) {
  AdcpRowSort *sort = adcp_row_sort_open(side->db, side->table, side->order);
  while( sort && next_before_merge(diff, side) ) adcp_row_sort_add(sort, side->row);
  side->sort = sort;
}

/* Rows of another encoding than the first side's come in the order of that, and a backup's in that of the
** connection's collations. */
static void match_orders(AdcpDiff *diff) {
  Side *a = &diff->sides[0], *b = &diff->sides[1];
  bool converted =
      !diff->err->rc && can_be_sorted(b) && adcp_row_order_take_encoding(b->order, a->order);
  diff->matched = adcp_row_order_equal(a->order, b->order);
  if( !diff->matched || !can_be_sorted(a) ) return;
  if( !is_in_order(diff, a) ) sort_rows(diff, a);
  if( converted || !is_in_order(diff, b) ) sort_rows(diff, b);
}

/* The digest and number of a table's rows: from the manifest, or by reading them. */
static void side_digest(const Side *side, const AdcpTable *table,
                        char sha256[ADCP_SHA256_HEX + 1]) {
  if( side->backup ) {
    memcpy(sha256, entry_of(side, table->name)->sha256, ADCP_SHA256_HEX + 1);
  } else {
    adcp_hash_rows(side->db, table, sha256);
  }
}

/* ---- opening and closing ---- */

AdcpDiff *adcp_diff_open(AdcpDb *db, const AdcpRoot *root, const char *path, const char *path2) {
  if( db->err->rc ) return NULL;
  AdcpDiff *diff = adcp_calloc(1, sizeof *diff);
  if( diff == NULL ) {
    adcp_error_nomem(db->err);
    return NULL;
  }
  diff->db = *db;
  diff->err = db->err;
  adcp_interrupt_open(&diff->interrupt, &diff->db);
  open_backup(&diff->sides[0], &diff->db, root, path);
  if( path2 ) {
    open_backup(&diff->sides[1], &diff->db, root, path2);
  } else {
    open_live(&diff->sides[1], &diff->db);
  }
  index_side(&diff->sides[0]);
  index_side(&diff->sides[1]);
  diff->changed_rows = adcp_transaction_is_written(db) ? -1 : sqlite3_total_changes(db->handle);
  if( db->err->rc == ADCP_OK ) return diff;
  adcp_diff_close(diff);
  return NULL;
}

void adcp_diff_close(AdcpDiff *diff) {
  if( diff == NULL ) return;
  adcp_diff_store_close(diff->store);
  adcp_free(diff->ahead);
  close_side(&diff->sides[0]);
  close_side(&diff->sides[1]);
  adcp_interrupt_close(&diff->interrupt);
  adcp_free(diff->pairs);
  adcp_buf_free(&diff->key);
  adcp_buf_free(&diff->row);
  adcp_free(diff);
}

/* ---- definitions ---- */

static AdcpValue text_value(const char *text) {
  if( text == NULL ) return (AdcpValue){.type = ADCP_NULL};
  return (AdcpValue){.type = ADCP_TEXT, .bytes = (const uint8_t *)text, .size = strlen(text)};
}

/* Objects of shadow tables are their module's business. */
static bool is_definition(const AdcpSchema *schema, const AdcpObject *object) {
  const AdcpTable *table = adcp_schema_table(schema, object->tbl_name);
  return object->sql && !(table && table->kind == ADCP_TABLE_SHADOW);
}

/* The first side's objects that are missing or different on the second, then the second's that are
** new. */
static const AdcpDiffItem *next_definition(AdcpDiff *diff) {
  bool known = !diff->sides[0].has_rows_only && !diff->sides[1].has_rows_only;
  for( ; known && diff->at_side < 2; diff->at_side++, diff->at = 0 ) {
    const AdcpSchema *schema = diff->sides[diff->at_side].schema;
    const Side *other = &diff->sides[1 - diff->at_side];
    while( diff->at < schema->object_count ) {
      const AdcpObject *object = &schema->objects[diff->at++];
      if( !is_definition(schema, object) ) continue;
      const AdcpObject *twin = twin_object(other, object);
      const char *sql = twin ? twin->sql : NULL;
      if( sql && (diff->at_side || strcmp(sql, object->sql) == 0) ) continue;
      diff->item =
          (AdcpDiffItem){.object = object->name, .change = ADCP_CHANGE_SCHEMA, .column = "sql"};
      diff->item.old = text_value(diff->at_side ? NULL : object->sql);
      diff->item.new = text_value(diff->at_side ? object->sql : sql);
      return &diff->item;
    }
  }
  diff->state = BETWEEN_TABLES;
  diff->at_side = 0;
  diff->at = 0;
  return NULL;
}

/* ---- from table to table ---- */

/* The next table that has rows on either side: those of the first in its order, then those of the
** second alone. */
static const AdcpTable *next_table(AdcpDiff *diff) {
  for( ; diff->at_side < 2; diff->at_side++, diff->at = 0 ) {
    const Side *side = &diff->sides[diff->at_side];
    while( diff->at < side->schema->table_count ) {
      const char *name = side->schema->tables[diff->at++].name;
      const AdcpTable *table = content_table(side, name);
      if( table == NULL || is_left_out(&diff->sides[1 - diff->at_side], name) ) continue;
      if( diff->at_side == 0 || content_table(&diff->sides[0], name) == NULL ) return table;
    }
  }
  return NULL;
}

/* True for a table of both sides whose rows are equal, which then are counted. */
static bool skip_equal(AdcpDiff *diff, const char *name) {
  char digests[2][ADCP_SHA256_HEX + 1] = {"", ""};
  for( int i = 0; i < 2; i++ ) {
    const AdcpTable *table = content_table(&diff->sides[i], name);
    if( table == NULL ) return false;
    side_digest(&diff->sides[i], table, digests[i]);
  }
  if( diff->err->rc || strcmp(digests[0], digests[1]) != 0 ) return false;
  diff->count.equal = entry_of(&diff->sides[0], name)->rows;
  return true;
}

/* A column that one side left out is unknown there, and the other's values are secret. */
static bool is_redacted(AdcpDiff *diff, const AdcpTable *table, const char *column) {
  return adcp_redacted_has(&diff->sides[0].redacted, table->name, column, diff->err) ||
         adcp_redacted_has(&diff->sides[1].redacted, table->name, column, diff->err);
}

/* For what is shown of the rows that a side alone has. */
static void find_hidden(AdcpDiff *diff, Side *side) {
  const AdcpTable *table = side->table;
  if( table == NULL || diff->err->rc ) return;
  size_t count = adcp_table_value_count(table), place = table->has_rowid_key;
  side->shown = adcp_calloc(count + 1, sizeof *side->shown);
  side->hidden = adcp_calloc(count + 1, sizeof *side->hidden);
  if( side->shown == NULL || side->hidden == NULL ) adcp_error_nomem(diff->err);
  for( size_t i = 0; i < table->column_count && !diff->err->rc; i++ ) {
    if( !adcp_column_stored(&table->columns[i]) ) continue;
    side->hidden[place++] = is_redacted(diff, table, table->columns[i].name);
  }
}

/* The places in rows of a table's stored columns, each + 1, by name. The array is the caller's. */
static size_t *index_columns(AdcpMap *by_name, const AdcpTable *table, AdcpError *err) {
  size_t *places = adcp_calloc(table->column_count + 1, sizeof *places);
  size_t place = table->has_rowid_key;
  if( places == NULL ) adcp_error_nomem(err);
  for( size_t i = 0; i < table->column_count && !err->rc; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    if( !adcp_column_stored(column) ) continue;
    places[i] = ++place;
    adcp_map_put(by_name, column->name, strlen(column->name), &places[i], err);
  }
  return places;
}

static void pair_columns(AdcpDiff *diff) {
  const AdcpTable *a = diff->sides[0].table, *b = diff->sides[1].table;
  AdcpMap by_name = {0};
  size_t *places = b ? index_columns(&by_name, b, diff->err) : NULL;
  size_t place = a ? a->has_rowid_key : 0;
  adcp_free(diff->pairs);
  diff->pair_count = 0;
  diff->pairs = adcp_calloc((a ? a->column_count : 0) + 1, sizeof *diff->pairs);
  if( diff->pairs == NULL ) adcp_error_nomem(diff->err);
  for( size_t i = 0; a && b && !diff->err->rc && i < a->column_count; i++ ) {
    const AdcpColumn *column = &a->columns[i];
    if( !adcp_column_stored(column) ) continue;
    const size_t *twin = adcp_map_get(&by_name, column->name, strlen(column->name));
    bool hidden = diff->sides[0].hidden[place];
    if( twin && !hidden ) diff->pairs[diff->pair_count++] = (Pair){column, {place, *twin - 1}};
    place++;
  }
  adcp_map_free(&by_name);
  adcp_free(places);
}

static void begin_merge(AdcpDiff *diff, const char *name) {
  begin_rows(&diff->sides[0], name);
  begin_rows(&diff->sides[1], name);
  match_orders(diff);
  next_row(&diff->sides[0]);
  next_row(&diff->sides[1]);
  find_hidden(diff, &diff->sides[0]);
  find_hidden(diff, &diff->sides[1]);
  pair_columns(diff);
  diff->state = MERGING;
}

static void end_merge(AdcpDiff *diff) {
  end_rows(&diff->sides[0]);
  end_rows(&diff->sides[1]);
  diff->state = BETWEEN_TABLES;
}

/* ---- rows ---- */

static void append_text(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_buf_append(context, bytes, n);
}

/* The row with redacted columns as NULL. */
static const AdcpValue *shown_row(const Side *side) {
  size_t count = adcp_table_value_count(side->table);
  for( size_t i = 0; i < count; i++ ) {
    side->shown[i] = side->hidden[i] ? (AdcpValue){.type = ADCP_NULL} : side->row[i];
  }
  return side->shown;
}

/* The row as JSON, in diff->row. */
static AdcpValue row_value(AdcpDiff *diff, Side *side) {
  AdcpTextSink sink = {&diff->row, append_text};
  const AdcpValue *row = shown_row(side);
  adcp_buf_clear(&diff->row);
  if( side->writer == NULL ) side->writer = adcp_row_writer_open(side->table, diff->err);
  if( side->writer ) adcp_row_write(side->writer, row, sink, diff->err);
  adcp_buf_check(&diff->row, diff->err);
  return (AdcpValue){.type = ADCP_TEXT, .bytes = diff->row.data, .size = diff->row.size};
}

/* A column that one side redacted may be in the key of the other. */
static AdcpValue key_value(const Side *side, size_t i) {
  size_t place = adcp_row_order_key_place(side->order, i);
  return side->hidden[place] ? (AdcpValue){.type = ADCP_NULL} : side->row[place];
}

static void set_key(AdcpDiff *diff, const Side *side) {
  size_t count = side->order ? adcp_row_order_key_count(side->order) : 0;
  diff->item.key_is_json = count > 1;
  if( count == 0 ) diff->item.key = (AdcpValue){.type = ADCP_NULL};
  if( count == 1 ) diff->item.key = key_value(side, 0);
  if( count <= 1 ) return;
  adcp_buf_clear(&diff->key);
  for( size_t i = 0; i < count; i++ ) {
    AdcpValue value = key_value(side, i);
    adcp_buf_append_byte(&diff->key, i ? ',' : '[');
    adcp_value_write(&diff->key, &value, false);
  }
  adcp_buf_append_byte(&diff->key, ']');
  adcp_buf_check(&diff->key, diff->err);
  diff->item.key = (AdcpValue){.type = ADCP_TEXT, .bytes = diff->key.data, .size = diff->key.size};
}

static bool same_value(const AdcpValue *a, const AdcpValue *b) {
  if( a->type != b->type ) return false;
  switch( a->type ) {
  case ADCP_NULL: return true;
  case ADCP_INTEGER: return a->integer == b->integer;
  case ADCP_REAL: return memcmp(&a->real, &b->real, sizeof a->real) == 0; /* 0.0 is not -0.0 */
  default: return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
  }
}

/* The next column from diff->column on whose values differ; false when there is none. */
static bool next_column(AdcpDiff *diff) {
  const AdcpValue *a = diff->sides[0].row, *b = diff->sides[1].row;
  while( diff->column < diff->pair_count ) {
    const Pair *pair = &diff->pairs[diff->column++];
    diff->item.old = a[pair->places[0]];
    diff->item.new = b[pair->places[1]];
    diff->item.column = pair->column->name;
    if( !same_value(&diff->item.old, &diff->item.new) ) return true;
  }
  return false;
}

/* Below 0: the first side's row comes first; 0: both are the same row. */
static int compare_rows(AdcpDiff *diff) {
  const Side *a = &diff->sides[0], *b = &diff->sides[1];
  if( a->row == NULL || b->row == NULL ) return a->row ? -1 : 1;
  if( !diff->matched ) return -1;
  return adcp_row_order_compare(a->order, a->row, b->order, b->row);
}

/* A row that one side alone has. */
static const AdcpDiffItem *take_single(AdcpDiff *diff, int side) {
  Side *from = &diff->sides[side];
  diff->item.change = side ? ADCP_CHANGE_ADDED : ADCP_CHANGE_REMOVED;
  diff->item.column = NULL;
  set_key(diff, from);
  AdcpValue row = row_value(diff, from);
  diff->item.old = side ? (AdcpValue){.type = ADCP_NULL} : row;
  diff->item.new = side ? row : (AdcpValue){.type = ADCP_NULL};
  ++*(side ? &diff->count.added : &diff->count.removed);
  from->passed = true;
  return &diff->item;
}

/* A row of both sides: true when it differs. */
static bool begin_columns(AdcpDiff *diff) {
  diff->item.change = ADCP_CHANGE_CHANGED;
  diff->column = 0;
  bool differs = next_column(diff);
  ++*(differs ? &diff->count.changed : &diff->count.equal);
  diff->sides[0].passed = diff->sides[1].passed = true;
  return differs;
}

/* Rows that were dealt with make way. */
static void advance(AdcpDiff *diff) {
  for( int i = 0; i < 2; i++ ) {
    if( diff->sides[i].passed ) next_row(&diff->sides[i]);
    diff->sides[i].passed = false;
  }
  if( ++diff->merged % CHECK_ROWS == 0 ) adcp_interrupt_check(&diff->interrupt, diff->err);
}

/* The next difference of the tables that are being merged, NULL at their end. */
static const AdcpDiffItem *next_of_merge(AdcpDiff *diff) {
  for( ;; ) {
    advance(diff);
    const AdcpValue *a = diff->sides[0].row, *b = diff->sides[1].row;
    if( diff->err->rc || (a == NULL && b == NULL) ) return NULL;
    int order = compare_rows(diff);
    if( diff->err->rc ) return NULL;
    if( order ) return take_single(diff, order > 0);
    if( !begin_columns(diff) ) continue;
    set_key(diff, &diff->sides[0]);
    diff->state = COLUMNS;
    return &diff->item;
  }
}

/* Goes to the next table that has to be read; false at the end. Equal ones are passed over, unless
** they are wanted. */
typedef enum Equal { PASS_OVER, STOP_AT } Equal;
static bool begin_table(AdcpDiff *diff, Equal equal) {
  const AdcpTable *table;
  while( !diff->err->rc && (table = next_table(diff)) != NULL ) {
    diff->count = (AdcpDiffCount){.object = table->name};
    diff->item = (AdcpDiffItem){.object = table->name};
    bool skipped = skip_equal(diff, table->name);
    if( !skipped && !diff->err->rc ) begin_merge(diff, table->name);
    if( !skipped || equal == STOP_AT ) return !diff->err->rc;
  }
  return false;
}

static const AdcpDiffItem *next_item(AdcpDiff *diff) {
  while( !diff->err->rc ) {
    const AdcpDiffItem *item = NULL;
    switch( diff->state ) {
    case DEFINITIONS: item = next_definition(diff); break;
    case BETWEEN_TABLES:
      if( !begin_table(diff, PASS_OVER) ) return NULL;
      break;
    case MERGING:
      item = next_of_merge(diff);
      if( item == NULL ) end_merge(diff);
      break;
    case COLUMNS:
      if( next_column(diff) ) return &diff->item;
      diff->state = MERGING;
      break;
    }
    if( item && !diff->err->rc ) return item;
  }
  return NULL;
}

static const AdcpDiffCount *next_count(AdcpDiff *diff) {
  diff->state = BETWEEN_TABLES;
  if( !begin_table(diff, STOP_AT) ) return NULL;
  if( diff->state == MERGING ) {
    while( next_of_merge(diff) != NULL ) {
    }
    end_merge(diff);
  }
  return diff->err->rc ? NULL : &diff->count;
}

/* ---- beside a statement that writes ---- */

/* A snapshot is no help against writes of the connection itself, and who writes down the differences of a
** database in it may make a new one with each. */
static bool is_written(AdcpDiff *diff) {
  if( diff->sides[1].live == NULL ) return false;
  int before = diff->changed_rows;
  diff->changed_rows = sqlite3_total_changes(diff->db.handle);
  return before != diff->changed_rows;
}

static void read_ahead(AdcpDiff *diff) {
  const AdcpDiffItem *item;
  diff->store = adcp_diff_store_open(&diff->db);
  while( diff->store && (item = next_item(diff)) != NULL ) {
    adcp_diff_store_add(diff->store, item);
  }
}

const AdcpDiffItem *adcp_diff_next(AdcpDiff *diff) {
  if( diff->store == NULL && is_written(diff) ) read_ahead(diff);
  return diff->store ? adcp_diff_store_next(diff->store) : next_item(diff);
}

static void count_ahead(AdcpDiff *diff) {
  const AdcpDiffCount *count;
  size_t most = diff->sides[0].schema->table_count + diff->sides[1].schema->table_count;
  diff->ahead = adcp_calloc(most + 1, sizeof *diff->ahead);
  if( diff->ahead == NULL ) adcp_error_nomem(diff->err);
  while( diff->ahead && (count = next_count(diff)) != NULL ) {
    diff->ahead[diff->ahead_count++] = *count;
  }
}

const AdcpDiffCount *adcp_diff_next_table(AdcpDiff *diff) {
  if( diff->ahead == NULL && is_written(diff) ) count_ahead(diff);
  if( diff->ahead == NULL ) return next_count(diff);
  bool more = !diff->err->rc && diff->given < diff->ahead_count;
  return more ? &diff->ahead[diff->given++] : NULL;
}
