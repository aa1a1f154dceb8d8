/*
** block_fetch.c - reads, inflates and checks blocks, ahead of their use (contract in
** block_fetch.h).
**
**   [used before, kept while there is room] [current] [queued: first_queued ... next_queued)
**
** The queued blocks are consecutive. How far to read ahead is learnt: a block that follows the last
** one doubles the distance, a jump makes it nothing. So going through a file keeps all workers
** busy, and fetching single rows from here and there inflates no block in vain and starts no
** thread.
*/
#include "stream/block_fetch.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/limits.h"
#include "base/mem.h"
#include "platform/work_queue.h"

#define NO_BLOCK SIZE_MAX

typedef struct Job {
  const AdcpBlockFetch *fetch;
  size_t block;
  atomic_bool is_cancelled;
  bool is_queued;
  bool is_valid; /* text is that of block */
  uint64_t used; /* when, on the fetch's clock */
  uint8_t *text; /* owned */
  size_t text_capacity;
  uint8_t *run; /* owned; only with a compressor */
  size_t run_capacity;
  void *state; /* owned; of the compressor, for inflating */
  AdcpError err;
} Job;

struct AdcpBlockFetch {
  AdcpInFile *file;
  const AdcpContainerMethods *methods;
  const AdcpCompressor *compressor; /* NULL: blocks are their text */
  const AdcpBlockIndex *index;
  int threads;
  AdcpWorkQueue *queue; /* NULL until something is read ahead */
  Job jobs[ADCP_MAX_THREADS + 2];
  size_t job_count;
  size_t last;         /* block given out last */
  size_t distance;     /* blocks to read ahead of it */
  size_t first_queued; /* of the queued blocks */
  size_t next_queued;  /* one past them; equal when none is */
  uint64_t clock;
};

/* ---- one block, on any thread ---- */

static void fail_block(Job *job, const char *what) {
  adcp_error_set(&job->err, ADCP_CORRUPT, "%s is damaged: block %zu at byte %lld %s",
                 adcp_infile_path(job->fetch->file), job->block,
                 (long long)job->fetch->index->file_offsets[job->block], what);
}

/* Reads the block's bytes as they stand in the file. */
static bool read_block(Job *job, uint8_t *to, size_t size) {
  int64_t offset = job->fetch->index->file_offsets[job->block];
  size_t got = adcp_infile_read(job->fetch->file, offset, to, size, &job->err);
  if( got < size ) fail_block(job, "is cut off: the file has become shorter");
  return got == size;
}

static bool inflate_block(Job *job, const AdcpBlockEntry *entry) {
  const AdcpCompressor *compressor = job->fetch->compressor;
  if( !read_block(job, job->run, entry->size_bytes) ) return false;
  if( compressor->xInflate(job->state, job->run, entry->size_bytes, job->text, entry->raw_bytes) ) {
    return true;
  }
  fail_block(job, "cannot be inflated");
  return false;
}

static void do_job(void *argument) {
  Job *job = argument;
  if( atomic_load(&job->is_cancelled) ) return;
  const AdcpBlockEntry *entry = &job->fetch->index->entries[job->block];
  bool ok = job->fetch->compressor ? inflate_block(job, entry)
                                   : read_block(job, job->text, entry->raw_bytes);
  if( !ok ) return;
  if( adcp_crc32(0, job->text, entry->raw_bytes) != entry->crc32 ) {
    fail_block(job, "does not have its CRC-32");
    return;
  }
  job->is_valid = true;
}

/* ---- jobs ---- */

static bool make_room(uint8_t **buffer, size_t *capacity, size_t needed) {
  if( *capacity >= needed ) return true;
  adcp_free(*buffer);
  *capacity = 0;
  *buffer = adcp_malloc(needed);
  if( *buffer ) *capacity = needed;
  return *buffer != NULL;
}

/* Gives a job what a block needs; false when out of memory. */
static bool equip_job(Job *job, const AdcpBlockEntry *entry) {
  const AdcpCompressor *compressor = job->fetch->compressor;
  if( !make_room(&job->text, &job->text_capacity, entry->raw_bytes) ) return false;
  if( compressor == NULL ) return true;
  if( job->state == NULL ) job->state = compressor->xOpenInflate();
  if( job->state == NULL ) return false;
  return make_room(&job->run, &job->run_capacity, (size_t)entry->size_bytes + ADCP_RUN_SLACK);
}

static void free_job(Job *job) {
  if( job->fetch->compressor ) job->fetch->compressor->xCloseInflate(job->state);
  adcp_free(job->text);
  adcp_free(job->run);
  adcp_error_clear(&job->err);
}

/* The job not queued whose text was used longest ago; NULL when all are queued. */
static Job *idle_job(AdcpBlockFetch *fetch) {
  Job *oldest = NULL;
  for( size_t i = 0; i < fetch->job_count; i++ ) {
    Job *job = &fetch->jobs[i];
    if( !job->is_queued && (oldest == NULL || job->used < oldest->used) ) oldest = job;
  }
  return oldest;
}

/* The job that has the text of a block already, or NULL. */
static Job *kept_job(AdcpBlockFetch *fetch, size_t block) {
  for( size_t i = 0; i < fetch->job_count; i++ ) {
    Job *job = &fetch->jobs[i];
    if( !job->is_queued && job->is_valid && job->block == block ) return job;
  }
  return NULL;
}

/* Makes a job ready to be done for a block; NULL with err set when out of memory. */
static Job *prepare_job(AdcpBlockFetch *fetch, size_t block, AdcpError *err) {
  Job *job = idle_job(fetch);
  assert(job != NULL);
  job->block = block;
  job->is_valid = false;
  job->used = 0;
  atomic_store(&job->is_cancelled, false);
  adcp_error_clear(&job->err);
  if( equip_job(job, &fetch->index->entries[block]) ) return job;
  adcp_error_nomem(err);
  return NULL;
}

/* ---- reading ahead ---- */

static Job *take_queued(AdcpBlockFetch *fetch) {
  Job *job = adcp_work_queue_take(fetch->queue);
  job->is_queued = false;
  fetch->first_queued++;
  return job;
}

/* Takes back all that is queued; what nobody has begun is not done. */
static void cancel_queued(AdcpBlockFetch *fetch) {
  for( size_t i = 0; i < fetch->job_count; i++ ) {
    if( fetch->jobs[i].is_queued ) atomic_store(&fetch->jobs[i].is_cancelled, true);
  }
  while( fetch->first_queued < fetch->next_queued ) take_queued(fetch);
}

/* Queues blocks from next_queued up to and with `last`. */
static void queue_up_to(AdcpBlockFetch *fetch, size_t last, AdcpError *err) {
  if( fetch->queue == NULL ) {
    fetch->queue = adcp_work_queue_open(fetch->threads, fetch->job_count, do_job, err);
  }
  while( err->rc == ADCP_OK && fetch->next_queued <= last &&
         fetch->next_queued < fetch->index->count && idle_job(fetch) ) {
    Job *job = prepare_job(fetch, fetch->next_queued, err);
    if( job == NULL ) return;
    job->is_queued = true;
    adcp_work_queue_put(fetch->queue, job);
    fetch->next_queued++;
  }
}

/* Learns from the block that is wanted how far to read ahead. */
static void adapt_distance(AdcpBlockFetch *fetch, size_t block) {
  size_t limit = fetch->threads ? (size_t)fetch->threads + 1 : 0;
  bool is_next = fetch->last == NO_BLOCK ? block == 0 : block == fetch->last + 1;
  fetch->distance = is_next ? fetch->distance * 2 + 1 : 0;
  if( fetch->distance > limit ) fetch->distance = limit;
}

/* ---- interface ---- */

AdcpBlockFetch *adcp_block_fetch_open(AdcpInFile *file, const AdcpContainerMethods *methods,
                                      const AdcpBlockIndex *index, int threads, AdcpError *err) {
  assert(threads >= 0 && threads <= ADCP_MAX_THREADS);
  if( err->rc != ADCP_OK ) return NULL;
  AdcpBlockFetch *fetch = adcp_calloc(1, sizeof *fetch);
  if( fetch == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  fetch->file = file;
  fetch->methods = methods;
  fetch->compressor = methods->xCompressor(0);
  fetch->index = index;
  fetch->last = NO_BLOCK;
  for( size_t i = 0; i < ADCP_MAX_THREADS + 2; i++ ) fetch->jobs[i].fetch = fetch;
  adcp_block_fetch_set_threads(fetch, threads);
  return fetch;
}

void adcp_block_fetch_set_threads(AdcpBlockFetch *fetch, int threads) {
  assert(threads >= fetch->threads && threads <= ADCP_MAX_THREADS && fetch->queue == NULL);
  fetch->threads = threads;
  fetch->job_count = (size_t)threads + 2;
}

/* Has the block done, here or by a worker, and the next ones begun. */
static Job *fetch_job(AdcpBlockFetch *fetch, size_t block, AdcpError *err) {
  adapt_distance(fetch, block);
  if( block < fetch->first_queued || block >= fetch->next_queued ) {
    cancel_queued(fetch);
    fetch->first_queued = fetch->next_queued = block;
  }
  while( fetch->first_queued < block ) take_queued(fetch);
  if( fetch->next_queued == block && fetch->distance == 0 ) {
    fetch->first_queued = fetch->next_queued = block + 1;
    Job *job = prepare_job(fetch, block, err);
    if( job ) do_job(job);
    return job;
  }
  queue_up_to(fetch, block + fetch->distance, err);
  return err->rc == ADCP_OK ? take_queued(fetch) : NULL;
}

const uint8_t *adcp_block_fetch_get(AdcpBlockFetch *fetch, size_t block, AdcpError *err) {
  assert(block < fetch->index->count);
  if( err->rc != ADCP_OK ) return NULL;
  Job *job = kept_job(fetch, block);
  if( job == NULL ) job = fetch_job(fetch, block, err);
  if( job == NULL ) return NULL;
  fetch->last = block;
  job->used = ++fetch->clock;
  adcp_error_move(err, &job->err);
  return err->rc == ADCP_OK ? job->text : NULL;
}

void adcp_block_fetch_close(AdcpBlockFetch *fetch) {
  if( fetch == NULL ) return;
  adcp_work_queue_close(fetch->queue);
  for( size_t i = 0; i < fetch->job_count; i++ ) free_job(&fetch->jobs[i]);
  adcp_free(fetch);
}
