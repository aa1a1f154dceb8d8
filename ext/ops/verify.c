/*
** verify.c - reads restored rows again and compares their digests (contract in verify.h).
*/
#include "ops/verify.h"

#include <string.h>

#include "base/mem.h"
#include "db/side_view.h"
#include "ops/hash.h"
#include "platform/work_queue.h"

/* Of row text; below it a table is read by the caller in a few milliseconds. */
#define SIDE_BYTES ((int64_t)4 * 1024 * 1024)

/* Between two looks at the connection's interrupt while another thread reads. */
#define WAIT_MS 20

/* A table and what was found. */
typedef struct Table {
  const AdcpPlanTable *entry;
  const AdcpArchiveTable *rows; /* of the backup */
  AdcpTable live;               /* as described in the backup, under its name here */
  AdcpArchiveTable found;
  AdcpSideView *view; /* owned; NULL: read by the caller */
  bool is_equal;      /* seen through the view */
} Table;

struct AdcpVerify {
  AdcpDb *db;
  Table *tables; /* owned; in the backup's order */
  size_t count;
  int threads;
  AdcpWorkQueue *queue; /* NULL: nothing is read beside the caller */
};

/* ---- one table ---- */

static int64_t wanted_rows(const Table *table) {
  return table->entry->part ? table->entry->part->rows : table->rows->rows;
}

static const char *wanted_digest(const Table *table) {
  const AdcpPlanTable *entry = table->entry;
  if( entry->unordered ) return entry->loaded_sha256;
  return entry->part ? entry->part->sha256 : table->rows->sha256;
}

/* Of rows of which others have the digest, the manifest tells no size. */
static bool has_size(const Table *table) {
  const AdcpPlanTable *entry = table->entry;
  return entry->unordered || entry->part || table->found.bytes == table->rows->bytes;
}

static bool is_equal(const Table *table) {
  return table->found.rows == wanted_rows(table) && has_size(table) &&
         strcmp(table->found.sha256, wanted_digest(table)) == 0;
}

static AdcpRowHashOf hash_of(const Table *table) {
  return table->entry->unordered ? ADCP_ROWS_UNORDERED : ADCP_ROWS_IN_ORDER;
}

/* By the caller, through the connection: what is found here counts. */
static void read_table(AdcpVerify *verify, Table *table, AdcpRowHash *hash) {
  AdcpDb *db = verify->db;
  const char *name = table->entry->target;
  adcp_hash_scan(db, NULL, hash, hash_of(table), &table->found);
  if( db->err->rc ) {
    adcp_error_prepend(db->err, "reading table \"%s\" again: ", name);
  } else if( !is_equal(table) ) {
    adcp_error_set(db->err, ADCP_MISMATCH,
                   "table \"%s\" does not come back equal: %lld rows were restored of %lld, and "
                   "their digest differs from the backup's",
                   name, (long long)table->found.rows, (long long)wanted_rows(table));
  }
}

/* On any thread, through the table's view. An error there says nothing yet. */
static void read_aside(void *argument) {
  Table *table = argument;
  AdcpDb *db = adcp_side_view_db(table->view);
  AdcpRowHash *hash = adcp_row_hash_open(false, db->err);
  adcp_hash_scan(db, NULL, hash, hash_of(table), &table->found);
  adcp_row_hash_close(hash);
  table->is_equal = db->err->rc == ADCP_OK && is_equal(table);
}

/* ---- all ---- */

static void add_table(AdcpVerify *verify, const AdcpPlan *plan, const AdcpArchiveTable *rows) {
  const char *name = rows->table->name;
  const AdcpPlanTable *entry = adcp_map_get(&plan->by_source, name, strlen(name));
  if( entry == NULL || !entry->verify ) return;
  Table *table = &verify->tables[verify->count++];
  table->entry = entry;
  table->rows = rows;
  table->live = *entry->source;
  table->live.name = entry->target;
  table->found.table = &table->live;
}

static void start(AdcpVerify *verify) {
  for( size_t i = 0; i < verify->count && !verify->db->err->rc; i++ ) {
    Table *table = &verify->tables[i];
    if( table->rows->bytes < SIDE_BYTES ) continue;
    table->view = adcp_side_view_open(verify->db, table->entry->target);
    if( table->view == NULL ) continue;
    if( verify->queue == NULL ) {
      verify->queue = adcp_work_queue_open(1, verify->count, read_aside, verify->db->err);
    }
    if( verify->queue ) adcp_work_queue_put(verify->queue, table);
  }
}

AdcpVerify *adcp_verify_open(AdcpDb *db, const AdcpPlan *plan, const AdcpArchiveHead *head,
                             int threads) {
  if( db->err->rc ) return NULL;
  AdcpVerify *verify = adcp_calloc(1, sizeof *verify);
  Table *tables = adcp_calloc(head->table_count + 1, sizeof *tables);
  if( verify == NULL || tables == NULL ) {
    adcp_free(verify);
    adcp_free(tables);
    adcp_error_nomem(db->err);
    return NULL;
  }
  *verify = (AdcpVerify){.db = db, .tables = tables, .threads = threads};
  for( size_t i = 0; i < head->table_count; i++ ) add_table(verify, plan, &head->tables[i]);
  if( threads > 0 ) start(verify);
  return verify;
}

/* Those that are read beside the caller, in the order they were put. */
static void wait(AdcpVerify *verify, AdcpInterrupt *interrupt) {
  while( verify->queue && !adcp_work_queue_empty(verify->queue) && !verify->db->err->rc ) {
    if( adcp_work_queue_wait(verify->queue, WAIT_MS) ) {
      adcp_work_queue_take(verify->queue);
    } else {
      adcp_interrupt_check(interrupt, verify->db->err);
    }
  }
}

void adcp_verify_finish(AdcpVerify *verify, AdcpInterrupt *interrupt, AdcpProgress *progress) {
  if( verify == NULL || verify->db->err->rc ) return;
  wait(verify, interrupt);
  AdcpRowHash *hash = adcp_row_hash_open(verify->threads > 0, verify->db->err);
  for( size_t i = 0; i < verify->count && !verify->db->err->rc; i++ ) {
    Table *table = &verify->tables[i];
    adcp_progress_begin_table(progress, table->entry->target, table->rows->rows,
                              table->rows->bytes);
    if( !table->is_equal ) read_table(verify, table, hash);
    adcp_progress_end_table(progress);
  }
  adcp_row_hash_close(hash);
}

void adcp_verify_close(AdcpVerify *verify) {
  if( verify == NULL ) return;
  for( size_t i = 0; i < verify->count; i++ ) {
    if( verify->tables[i].view ) adcp_side_view_stop(verify->tables[i].view);
  }
  adcp_work_queue_close(verify->queue);
  for( size_t i = 0; i < verify->count; i++ ) adcp_side_view_close(verify->tables[i].view);
  adcp_free(verify->tables);
  adcp_free(verify);
}
