/*
** block_write.c - text into blocks, blocks into a file (contract in block_write.h).
**
**   append -> [open job] -> work queue: compress, CRC-32 -> [oldest job] -> file, index -> pool
**
** The caller's bytes are copied once, into the raw buffer of the open job. Jobs finish in any order
** and are written in the order they were put. A job keeps its buffers and its compressor when it
** goes back to the pool, and jobs are made as they are needed: a small backup makes one.
*/
#include "stream/block_write.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "platform/work_queue.h"
#include "stream/container_methods.h"

typedef struct Job {
  const AdcpCompressor *compressor; /* NULL: the block is written as it is */
  void *state;                      /* of the compressor, owned */
  uint8_t *raw;                     /* owned, block_bytes */
  size_t raw_size;
  uint8_t *out; /* owned, room for any block; NULL without a compressor */
  size_t out_size;
  uint32_t crc32;
  struct Job *next_free;
} Job;

struct AdcpBlockWriter {
  AdcpOutFile *file;
  const AdcpContainerMethods *methods;
  AdcpBlockWriterOptions options;
  AdcpWorkQueue *queue;
  Job *jobs[ADCP_MAX_THREADS + 2];
  size_t job_count;
  size_t max_jobs;
  Job *free_jobs;
  Job *open; /* being filled; NULL when the open block is empty */
  AdcpBlockEntry *index;
  size_t index_count;
  size_t index_capacity;
  int64_t blocks_cut; /* written or in the queue */
  int64_t raw_bytes;
  bool is_ended;
};

/* ---- jobs ---- */

/* Runs on a worker. A failure is an out_size of 0. */
static void compress_job(void *argument) {
  Job *job = argument;
  job->crc32 = adcp_crc32(0, job->raw, job->raw_size);
  if( job->compressor ) {
    job->out_size = job->compressor->xDeflate(job->state, job->raw, job->raw_size, job->out);
  } else {
    job->out_size = job->raw_size;
  }
}

static void free_job(Job *job) {
  if( job->compressor ) job->compressor->xCloseDeflate(job->state);
  adcp_free(job->raw);
  adcp_free(job->out);
  adcp_free(job);
}

/* Gives a job its buffers; false when out of memory. */
static bool equip_job(Job *job, const AdcpBlockWriterOptions *options) {
  job->raw = adcp_malloc(options->block_bytes);
  if( job->raw == NULL || job->compressor == NULL ) return job->raw != NULL;
  job->state = job->compressor->xOpenDeflate(options->level);
  if( job->state == NULL ) return false;
  job->out = adcp_malloc(job->compressor->xBound(job->state, options->block_bytes));
  return job->out != NULL;
}

static Job *make_job(AdcpBlockWriter *writer, AdcpError *err) {
  Job *job = adcp_calloc(1, sizeof *job);
  if( job ) {
    job->compressor = writer->methods->xCompressor(writer->options.level);
    if( equip_job(job, &writer->options) ) {
      writer->jobs[writer->job_count++] = job;
      return job;
    }
    free_job(job);
  }
  adcp_error_nomem(err);
  return NULL;
}

/* ---- the file and the index ---- */

static void add_to_index(AdcpBlockWriter *writer, const Job *job, AdcpError *err) {
  if( err->rc != ADCP_OK ) return;
  if( writer->index_count == writer->index_capacity ) {
    size_t capacity = writer->index_capacity ? writer->index_capacity * 2 : 64;
    AdcpBlockEntry *index = adcp_realloc(writer->index, capacity * sizeof *index);
    if( index == NULL ) {
      adcp_error_nomem(err);
      return;
    }
    writer->index = index;
    writer->index_capacity = capacity;
  }
  writer->index[writer->index_count++] = (AdcpBlockEntry){
      .size_bytes = (uint32_t)job->out_size,
      .raw_bytes = (uint32_t)job->raw_size,
      .crc32 = job->crc32,
  };
}

/* Writes the oldest block and gives its job back to the pool. */
static void write_oldest(AdcpBlockWriter *writer, AdcpError *err) {
  Job *job = adcp_work_queue_take(writer->queue);
  if( job->out_size == 0 ) {
    adcp_error_set(err, ADCP_ERROR,
                   "%s failed to compress a block of %zu bytes: memory may be short",
                   job->compressor->name, job->raw_size);
  }
  adcp_outfile_write(writer->file, job->compressor ? job->out : job->raw, job->out_size, err);
  add_to_index(writer, job, err);
  job->next_free = writer->free_jobs;
  writer->free_jobs = job;
}

/* ---- the open block ---- */

/* A job to fill: from the pool, new, or the oldest one once it is written. */
static Job *take_job(AdcpBlockWriter *writer, AdcpError *err) {
  if( writer->free_jobs == NULL && writer->job_count < writer->max_jobs ) {
    return make_job(writer, err);
  }
  if( writer->free_jobs == NULL ) write_oldest(writer, err);
  if( err->rc != ADCP_OK ) return NULL;
  Job *job = writer->free_jobs;
  writer->free_jobs = job->next_free;
  return job;
}

/* Hands the open block to the workers and writes what they have finished. */
static void put_open(AdcpBlockWriter *writer, AdcpError *err) {
  adcp_work_queue_put(writer->queue, writer->open);
  writer->open = NULL;
  writer->blocks_cut++;
  while( err->rc == ADCP_OK && adcp_work_queue_ready(writer->queue) ) write_oldest(writer, err);
}

/* Copies as much as the open block takes; returns the number of bytes. */
static size_t fill_open(AdcpBlockWriter *writer, const uint8_t *bytes, size_t n, AdcpError *err) {
  if( writer->open == NULL ) {
    writer->open = take_job(writer, err);
    if( writer->open == NULL ) return 0;
    writer->open->raw_size = 0;
  }
  Job *job = writer->open;
  size_t room = writer->options.block_bytes - job->raw_size;
  if( n > room ) n = room;
  memcpy(job->raw + job->raw_size, bytes, n);
  job->raw_size += n;
  writer->raw_bytes += (int64_t)n;
  if( job->raw_size == writer->options.block_bytes ) put_open(writer, err);
  return n;
}

/* ---- interface ---- */

static void open_parts(AdcpBlockWriter *writer, AdcpError *err) {
  writer->methods = adcp_container_methods(writer->options.container, err);
  if( err->rc != ADCP_OK ) return;
  writer->max_jobs = (size_t)writer->options.threads + 2;
  writer->queue =
      adcp_work_queue_open(writer->options.threads, writer->max_jobs, compress_job, err);
  adcp_outfile_write(writer->file, writer->methods->header, writer->methods->header_size, err);
}

AdcpBlockWriter *adcp_block_writer_open(AdcpOutFile *file, const AdcpBlockWriterOptions *options,
                                        AdcpError *err) {
  assert(options->threads >= 0 && options->threads <= ADCP_MAX_THREADS);
  assert(options->container == ADCP_CONTAINER_PLAIN ||
         (options->level >= 1 && options->level <= 12));
  assert(options->block_bytes <= ADCP_MAX_BLOCK_BYTES);
  if( err->rc != ADCP_OK ) return NULL;
  AdcpBlockWriter *writer = adcp_calloc(1, sizeof *writer);
  if( writer == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  writer->file = file;
  writer->options = *options;
  if( writer->options.block_bytes == 0 ) writer->options.block_bytes = ADCP_BLOCK_BYTES;
  open_parts(writer, err);
  if( err->rc == ADCP_OK ) return writer;
  adcp_block_writer_close(writer);
  return NULL;
}

void adcp_block_writer_append(AdcpBlockWriter *writer, const void *bytes, size_t n,
                              AdcpError *err) {
  assert(!writer->is_ended);
  const uint8_t *from = bytes;
  while( n > 0 && err->rc == ADCP_OK ) {
    size_t copied = fill_open(writer, from, n, err);
    from += copied;
    n -= copied;
  }
}

void adcp_block_writer_cut(AdcpBlockWriter *writer, AdcpError *err) {
  if( err->rc == ADCP_OK && writer->open ) put_open(writer, err);
}

AdcpBlockPosition adcp_block_writer_position(const AdcpBlockWriter *writer) {
  return (AdcpBlockPosition){
      .block = writer->blocks_cut,
      .offset = writer->open ? (int64_t)writer->open->raw_size : 0,
  };
}

int64_t adcp_block_writer_raw_bytes(const AdcpBlockWriter *writer) {
  return writer->raw_bytes;
}

void adcp_block_writer_drain(AdcpBlockWriter *writer, AdcpError *err) {
  adcp_block_writer_cut(writer, err);
  while( err->rc == ADCP_OK && !adcp_work_queue_empty(writer->queue) ) write_oldest(writer, err);
}

const AdcpBlockEntry *adcp_block_writer_index(const AdcpBlockWriter *writer, size_t *count) {
  *count = writer->index_count;
  return writer->index;
}

uint32_t adcp_block_writer_crc32(const AdcpBlockWriter *writer, size_t first_block) {
  uint32_t crc = 0;
  for( size_t i = first_block; i < writer->index_count; i++ ) {
    crc = adcp_crc32_combine(crc, writer->index[i].crc32, writer->index[i].raw_bytes);
  }
  return crc;
}

void adcp_block_writer_end(AdcpBlockWriter *writer, const void *line, size_t n, AdcpError *err) {
  assert(n < 65536 && !writer->is_ended);
  adcp_block_writer_drain(writer, err);
  if( err->rc != ADCP_OK ) return;
  writer->is_ended = true;
  writer->raw_bytes += (int64_t)n;
  uint32_t crc = adcp_block_writer_crc32(writer, 0);
  crc = adcp_crc32_combine(crc, adcp_crc32(0, line, n), (int64_t)n);
  AdcpBuf end = {0};
  writer->methods->xEnd(&end, line, n, crc, writer->raw_bytes);
  if( adcp_buf_check(&end, err) ) adcp_outfile_write(writer->file, end.data, end.size, err);
  adcp_buf_free(&end);
}

void adcp_block_writer_close(AdcpBlockWriter *writer) {
  if( writer == NULL ) return;
  adcp_work_queue_close(writer->queue);
  for( size_t i = 0; i < writer->job_count; i++ ) free_job(writer->jobs[i]);
  adcp_free(writer->index);
  adcp_free(writer);
}
