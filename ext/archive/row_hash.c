/*
** row_hash.c - rows -> canonical text -> SHA-256, away from the caller (contract in row_hash.h).
**
**   add -> [batch being filled] -> queue: row text, digest -> back to be filled
**
** The caller's part is a copy of the values. A table that fits into one batch never meets the
** queue, so a small restore starts no thread. A row that is larger than a batch waits for those
** before it and is digested by the caller.
*/
#include "archive/row_hash.h"

#include <assert.h>

#include "archive/row_batch.h"
#include "archive/row_digest.h"
#include "archive/row_write.h"
#include "base/mem.h"
#include "platform/work_queue.h"

#define BATCHES 3

typedef struct Batch {
  AdcpRowHash *hash;
  AdcpRowBatch rows;
} Batch;

struct AdcpRowHash {
  AdcpError *err; /* borrowed */

  /* Used by the job that is running; by the caller when none is. */
  AdcpError text_err;
  AdcpRowDigest *digest;
  AdcpDigest row; /* ADCP_ROWS_UNORDERED: of one row, */
  AdcpDigestSum sum;
  AdcpRowWriter *writer; /* NULL between tables */

  /* The caller's. */
  AdcpWorkQueue *queue; /* NULL: without a thread */
  Batch *batches[BATCHES];
  size_t filling; /* the batch being filled */
  AdcpRowHashOf of;
  int64_t rows;
};

/* ---- text and digest, on any thread ---- */

static void add_text(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_row_digest_add(context, bytes, n);
}

static void add_text_of_row(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_digest_add(context, bytes, n);
}

static void digest_row(AdcpRowHash *hash, const AdcpValue *values) {
  if( hash->of == ADCP_ROWS_UNORDERED ) {
    AdcpTextSink one = {&hash->row, add_text_of_row};
    adcp_row_write(hash->writer, values, one, &hash->text_err);
    adcp_digest_sum_add(&hash->sum, &hash->row);
    return;
  }
  AdcpTextSink sink = {hash->digest, add_text};
  adcp_row_write(hash->writer, values, sink, &hash->text_err);
  adcp_row_digest_end_row(hash->digest);
}

/* Leaves the batch empty. */
static void digest_batch(void *argument) {
  Batch *batch = argument;
  AdcpRowBatch *rows = &batch->rows;
  for( size_t i = 0; i < rows->rows; i++ ) digest_row(batch->hash, rows->values + rows->width * i);
  adcp_row_batch_clear(rows, rows->width);
}

/* ---- batches, by the caller ---- */

static Batch *filling(AdcpRowHash *hash) {
  return hash->batches[hash->filling];
}

/* Passes on the batch and goes to the next one, which is free once the oldest is done. */
static void pass_on(AdcpRowHash *hash) {
  adcp_work_queue_put(hash->queue, filling(hash));
  hash->filling = (hash->filling + 1) % BATCHES;
  if( adcp_work_queue_full(hash->queue) ) adcp_work_queue_take(hash->queue);
}

/* Until nothing is left but what the caller adds next. */
static void drain(AdcpRowHash *hash) {
  if( hash->queue == NULL ) return;
  while( !adcp_work_queue_empty(hash->queue) ) adcp_work_queue_take(hash->queue);
  digest_batch(filling(hash));
}

static bool make_batches(AdcpRowHash *hash) {
  for( size_t i = 0; i < BATCHES; i++ ) {
    Batch *batch = adcp_malloc(sizeof *batch);
    if( batch == NULL ) return false;
    hash->batches[i] = batch;
    batch->hash = hash;
    adcp_row_batch_clear(&batch->rows, 0);
  }
  return true;
}

/* ---- interface ---- */

AdcpRowHash *adcp_row_hash_open(bool threaded, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpRowHash *hash = adcp_calloc(1, sizeof *hash);
  if( hash == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  hash->err = err;
  hash->digest = adcp_row_digest_open(err);
  if( threaded && !make_batches(hash) ) adcp_error_nomem(err);
  if( threaded ) hash->queue = adcp_work_queue_open_serial(true, BATCHES, digest_batch, err);
  if( err->rc == ADCP_OK ) return hash;
  adcp_row_hash_close(hash);
  return NULL;
}

void adcp_row_hash_begin(AdcpRowHash *hash, const AdcpTable *table, AdcpRowHashOf of) {
  if( hash == NULL || hash->err->rc ) return;
  assert(hash->writer == NULL);
  hash->rows = 0;
  hash->of = of;
  hash->sum = (AdcpDigestSum){{0}};
  adcp_digest_reset(&hash->row);
  hash->writer = adcp_row_writer_open(table, hash->err);
  adcp_row_digest_reset(hash->digest);
  if( hash->queue == NULL ) return;
  for( size_t i = 0; i < BATCHES; i++ ) {
    adcp_row_batch_clear(&hash->batches[i]->rows, adcp_table_value_count(table));
  }
}

void adcp_row_hash_add(AdcpRowHash *hash, const AdcpValue *values) {
  if( hash == NULL || hash->err->rc ) return;
  hash->rows++;
  if( hash->queue == NULL ) {
    digest_row(hash, values);
    return;
  }
  if( adcp_row_batch_add(&filling(hash)->rows, values) ) return;
  if( filling(hash)->rows.rows ) pass_on(hash);
  if( adcp_row_batch_add(&filling(hash)->rows, values) ) return;
  drain(hash);
  digest_row(hash, values);
}

void adcp_row_hash_end(AdcpRowHash *hash, AdcpArchiveTable *entry) {
  if( hash == NULL ) return;
  drain(hash);
  adcp_error_move(hash->err, &hash->text_err);
  adcp_row_writer_close(hash->writer);
  hash->writer = NULL;
  if( hash->err->rc ) return;
  entry->rows = hash->rows;
  entry->bytes = adcp_row_digest_bytes(hash->digest);
  if( hash->of == ADCP_ROWS_UNORDERED ) {
    adcp_digest_sum_hex(&hash->sum, entry->sha256);
  } else {
    adcp_row_digest_hex(hash->digest, entry->sha256);
  }
}

void adcp_row_hash_close(AdcpRowHash *hash) {
  if( hash == NULL ) return;
  adcp_work_queue_close(hash->queue);
  for( size_t i = 0; i < BATCHES; i++ ) adcp_free(hash->batches[i]);
  adcp_row_writer_close(hash->writer);
  adcp_row_digest_close(hash->digest);
  adcp_error_clear(&hash->text_err);
  adcp_free(hash);
}
