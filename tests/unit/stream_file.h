/*
** stream_file.h - writes and reads whole containers for the stream tests.
*/
#ifndef ADCP_TESTS_STREAM_FILE_H
#define ADCP_TESTS_STREAM_FILE_H

#include "base/buf.h"
#include "stream/block_read.h"
#include "stream/block_write.h"
#include "stream_data.h"

#define END_LINE "\"backup_end\":{\"manifest_at\":\"00000000000000000010\"}}\n"

/* How to write a text. */
typedef struct WriteHow {
  AdcpContainer container;
  int level;
  int threads;
  size_t block_bytes;
  uint64_t seed; /* of the sizes of appends; 0: one append */
  size_t tail;   /* the last bytes, written as the manifest is: after a drain, not in the index */
} WriteHow;

/* What was written: the index and where the blocks behind it begin. */
typedef struct Written {
  AdcpBlockEntry *index; /* malloc'ed */
  size_t count;
  int64_t tail_offset;
} Written;

static inline void stream_append(AdcpBlockWriter *w, const uint8_t *text, size_t n, uint64_t seed,
                                 AdcpError *err) {
  while( n > 0 ) {
    size_t part = seed ? data_random(&seed) % 70000 + 1 : n;
    if( part > n ) part = n;
    adcp_block_writer_append(w, text, part, err);
    text += part;
    n -= part;
  }
}

/* Writes text and the end line to path. */
static inline Written stream_write(const char *path, const uint8_t *text, size_t n,
                                   const WriteHow *how, AdcpError *err) {
  Written written = {0};
  AdcpBlockWriterOptions options = {.container = how->container,
                                    .level = how->level,
                                    .threads = how->threads,
                                    .block_bytes = how->block_bytes};
  AdcpOutFile *file = adcp_outfile_open(NULL, path, ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, err);
  AdcpBlockWriter *w = file ? adcp_block_writer_open(file, &options, err) : NULL;
  if( w ) {
    stream_append(w, text, n - how->tail, how->seed, err);
    adcp_block_writer_drain(w, err);
    const AdcpBlockEntry *index = adcp_block_writer_index(w, &written.count);
    written.index = malloc((written.count + 1) * sizeof *index);
    if( written.count ) memcpy(written.index, index, written.count * sizeof *index);
    written.tail_offset = adcp_outfile_position(file);
    stream_append(w, text + n - how->tail, how->tail, how->seed, err);
    adcp_block_writer_end(w, END_LINE, sizeof END_LINE - 1, err);
    adcp_outfile_commit(file, err);
  }
  adcp_block_writer_close(w);
  adcp_outfile_close(file);
  return written;
}

/* Reads to the end by reads of at most `piece` bytes, appending to buf. */
static inline void stream_read_rest(AdcpBlockReader *reader, size_t piece, AdcpBuf *buf,
                                    AdcpError *err) {
  size_t got;
  do {
    uint8_t *to = adcp_buf_reserve(buf, piece);
    got = to ? adcp_block_reader_read(reader, to, piece, err) : 0;
    buf->size += got;
  } while( got > 0 );
}

/* Reads all text of path; index may be NULL. */
static inline void stream_read_all(const char *path, const Written *written, int threads,
                                   size_t piece, AdcpBuf *buf, AdcpError *err) {
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, err);
  AdcpBlockReader *reader = file ? adcp_block_reader_open(file, threads, err) : NULL;
  if( reader ) {
    if( written ) adcp_block_reader_set_index(reader, written->index, written->count, err);
    adcp_block_reader_rewind(reader, err);
    if( err->rc == ADCP_OK ) stream_read_rest(reader, piece, buf, err);
  }
  adcp_block_reader_close(reader);
  adcp_infile_close(file);
}

#endif
