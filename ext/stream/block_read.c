/*
** block_read.c - reads a container's text (contract in block_read.h).
**
** The reader is in one of these states; seeking only chooses one, the work is done by reading:
**
**   NOWHERE  nothing was asked for yet, or the last seek failed
**   BLOCKS   at a block of the index and an offset in it; blocks come from block_fetch.c
**   STREAM   a sequential read by the container's own methods, to its end
**
** BLOCKS goes over into STREAM behind the index's last block: there stand the manifest's blocks,
** the end line and the container's own end, whose sums are checked against those of the index.
*/
#include "stream/block_read.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "stream/block_fetch.h"
#include "stream/block_index.h"
#include "stream/container_methods.h"

typedef enum State { NOWHERE, BLOCKS, STREAM } State;

struct AdcpBlockReader {
  AdcpInFile *file;
  const AdcpContainerMethods *methods;
  bool own_header; /* the file begins as we write it */
  int threads;
  State state;

  bool has_index;
  AdcpBlockIndex index;
  AdcpBlockFetch *fetch; /* owned; NULL until a block is read */
  size_t block;          /* BLOCKS: where the next byte is */
  size_t block_offset;

  AdcpStream *stream;  /* owned; STREAM */
  int64_t text_offset; /* STREAM: of the next byte, or -1 */
};

/* ---- opening ---- */

/* What people mistake for a backup, or what other tools make of one. */
#define OTHER(bytes, what)                                                                         \
  { bytes, sizeof(bytes) - 1, what }
static const struct {
  const char *bytes;
  size_t size;
  const char *what;
} others[] = {
    OTHER("SQLite format 3", "not a backup, but a SQLite database: open it, or ATTACH it, instead"),
    OTHER("\xff\xfe", "not a backup as it is: its text is UTF-16, as PowerShell writes it; make it "
                      "UTF-8 again: iconv -f UTF-16 -t UTF-8"),
    OTHER("\xfe\xff", "not a backup as it is: its text is UTF-16; make it UTF-8 again: iconv -f "
                      "UTF-16 -t UTF-8"),
    OTHER("\xfd"
          "7zXZ",
          "not a backup as it is: another tool packed it; unpack it by xz -d"),
    OTHER("BZh", "not a backup as it is: another tool packed it; unpack it by bzip2 -d"),
    OTHER("\x04\x22\x4d\x18", "not a backup as it is: another tool packed it; unpack it by lz4 -d"),
    OTHER("PK\x03\x04",
          "not a backup as it is, but a zip archive: unpack it, and take what comes out"),
};

static const char *what_else(const uint8_t *bytes, size_t n) {
  for( size_t i = 0; i < sizeof others / sizeof *others; i++ ) {
    if( n >= others[i].size && memcmp(bytes, others[i].bytes, others[i].size) == 0 ) {
      return others[i].what;
    }
  }
  return NULL;
}

/* Detects the container by as many bytes as white space in front of a document may need. */
static void detect(AdcpBlockReader *reader, AdcpError *err) {
  uint8_t bytes[ADCP_TAIL_BYTES];
  size_t n = adcp_infile_read(reader->file, 0, bytes, sizeof bytes, err);
  if( err->rc != ADCP_OK ) return;
  if( n == 0 ) {
    adcp_error_set(err, ADCP_NOTADB, "the file is empty");
  } else if( what_else(bytes, n) ) {
    adcp_error_set(err, ADCP_NOTADB, "%s", what_else(bytes, n));
  } else {
    reader->methods = adcp_container_methods(adcp_container_detect(bytes, n), err);
  }
  const AdcpContainerMethods *methods = reader->methods;
  reader->own_header =
      methods &&
      (methods->header_size == 0 ||
       (n >= methods->header_size && memcmp(bytes, methods->header, methods->header_size) == 0));
  adcp_error_prepend(err, "%s: ", adcp_infile_path(reader->file));
}

AdcpBlockReader *adcp_block_reader_open(AdcpInFile *file, int threads, AdcpError *err) {
  if( err->rc != ADCP_OK ) return NULL;
  AdcpBlockReader *reader = adcp_calloc(1, sizeof *reader);
  if( reader == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  reader->file = file;
  reader->threads = threads;
  detect(reader, err);
  if( err->rc == ADCP_OK ) return reader;
  adcp_block_reader_close(reader);
  return NULL;
}

void adcp_block_reader_set_threads(AdcpBlockReader *reader, int threads) {
  assert(reader->threads == 0);
  reader->threads = threads;
  if( reader->fetch ) adcp_block_fetch_set_threads(reader->fetch, threads);
}

AdcpContainer adcp_block_reader_container(const AdcpBlockReader *reader) {
  return reader->methods->container;
}

int64_t adcp_block_reader_first_offset(const AdcpBlockReader *reader) {
  return reader->own_header ? (int64_t)reader->methods->header_size : -1;
}

void adcp_block_reader_tail(AdcpBlockReader *reader, AdcpBuf *tail, AdcpError *err) {
  if( err->rc != ADCP_OK ) return;
  int64_t size = adcp_infile_size(reader->file);
  int64_t n = size < ADCP_TAIL_BYTES ? size : ADCP_TAIL_BYTES;
  uint8_t *to = adcp_buf_reserve(tail, (size_t)n);
  if( !adcp_buf_check(tail, err) ) return;
  tail->size += adcp_infile_read(reader->file, size - n, to, (size_t)n, err);
}

void adcp_block_reader_close(AdcpBlockReader *reader) {
  if( reader == NULL ) return;
  adcp_block_fetch_close(reader->fetch);
  adcp_block_index_free(&reader->index);
  if( reader->stream ) reader->methods->xClose(reader->stream);
  adcp_free(reader);
}

/* ---- moving ---- */

static void leave(AdcpBlockReader *reader) {
  if( reader->stream ) reader->methods->xClose(reader->stream);
  reader->stream = NULL;
  reader->state = NOWHERE;
}

static void start_stream(AdcpBlockReader *reader, const AdcpStreamStart *start, AdcpError *err) {
  leave(reader);
  reader->stream = reader->methods->xOpen(reader->file, start, err);
  if( reader->stream ) reader->state = STREAM;
}

/* Goes on behind the last block of the index. */
static void start_rest(AdcpBlockReader *reader, AdcpError *err) {
  const AdcpBlockIndex *index = &reader->index;
  AdcpStreamStart start = {
      .file_offset = index->file_offsets[index->count],
      .is_block = true,
      .is_sum_known = true,
      .crc32 = adcp_block_index_crc32(index),
      .raw_bytes = index->text_offsets[index->count],
  };
  start_stream(reader, &start, err);
  reader->text_offset = start.raw_bytes;
}

void adcp_block_reader_seek_file(AdcpBlockReader *reader, int64_t offset, AdcpError *err) {
  if( err->rc != ADCP_OK ) return;
  if( offset < 0 || offset > adcp_infile_size(reader->file) ) {
    adcp_error_set(err, ADCP_CORRUPT, "%s is damaged: it refers to byte %lld, but has %lld bytes",
                   adcp_infile_path(reader->file), (long long)offset,
                   (long long)adcp_infile_size(reader->file));
    return;
  }
  AdcpStreamStart start = {.file_offset = offset, .is_block = true};
  start_stream(reader, &start, err);
  reader->text_offset = -1;
}

void adcp_block_reader_set_index(AdcpBlockReader *reader, const AdcpBlockEntry *blocks,
                                 size_t count, AdcpError *err) {
  assert(reader->state != BLOCKS);
  if( err->rc != ADCP_OK ) return;
  adcp_block_fetch_close(reader->fetch);
  reader->fetch = NULL;
  adcp_block_index_free(&reader->index);
  adcp_block_index_init(&reader->index, reader->methods, blocks, count,
                        adcp_infile_size(reader->file), err);
  reader->has_index = err->rc == ADCP_OK;
  adcp_error_prepend(err, "%s: ", adcp_infile_path(reader->file));
}

/* To a place in an indexed block, or right behind the last one. */
static void go_to(AdcpBlockReader *reader, size_t block, size_t offset) {
  leave(reader);
  reader->state = BLOCKS;
  reader->block = block;
  reader->block_offset = offset;
}

void adcp_block_reader_rewind(AdcpBlockReader *reader, AdcpError *err) {
  if( err->rc != ADCP_OK ) return;
  if( reader->has_index ) {
    go_to(reader, 0, 0);
    return;
  }
  AdcpStreamStart start = {0};
  start_stream(reader, &start, err);
  reader->text_offset = 0;
}

void adcp_block_reader_seek(AdcpBlockReader *reader, AdcpBlockPosition position, AdcpError *err) {
  assert(reader->has_index);
  if( err->rc != ADCP_OK ) return;
  int64_t count = (int64_t)reader->index.count;
  bool is_end = position.block == count && position.offset == 0;
  if( is_end || (position.block >= 0 && position.block < count && position.offset >= 0 &&
                 position.offset <= reader->index.entries[position.block].raw_bytes) ) {
    go_to(reader, (size_t)position.block, (size_t)position.offset);
    return;
  }
  adcp_error_set(err, ADCP_CORRUPT,
                 "%s is damaged: it refers to byte %lld of block %lld, which is not in its index",
                 adcp_infile_path(reader->file), (long long)position.offset,
                 (long long)position.block);
}

/* ---- reading ---- */

static size_t read_stream(AdcpBlockReader *reader, uint8_t *to, size_t n, AdcpError *err) {
  size_t got = reader->methods->xRead(reader->stream, to, n, err);
  if( reader->text_offset >= 0 ) reader->text_offset += (int64_t)got;
  return got;
}

/* Text of the block at hand, which has some left. */
static size_t read_block(AdcpBlockReader *reader, uint8_t *to, size_t n, AdcpError *err) {
  if( reader->fetch == NULL ) {
    reader->fetch =
        adcp_block_fetch_open(reader->file, reader->methods, &reader->index, reader->threads, err);
  }
  if( reader->fetch == NULL ) return 0;
  const uint8_t *text = adcp_block_fetch_get(reader->fetch, reader->block, err);
  if( text == NULL ) return 0;
  size_t left = reader->index.entries[reader->block].raw_bytes - reader->block_offset;
  if( n > left ) n = left;
  memcpy(to, text + reader->block_offset, n);
  reader->block_offset += n;
  return n;
}

/* From the end of a block to the next one with text, or to what follows the index. */
static void leave_read_blocks(AdcpBlockReader *reader, AdcpError *err) {
  const AdcpBlockIndex *index = &reader->index;
  if( reader->block < index->count &&
      reader->block_offset == index->entries[reader->block].raw_bytes ) {
    reader->block++;
    reader->block_offset = 0;
  }
  if( reader->block == index->count ) start_rest(reader, err);
}

size_t adcp_block_reader_read(AdcpBlockReader *reader, uint8_t *to, size_t n, AdcpError *err) {
  assert(err->rc != ADCP_OK || reader->state != NOWHERE);
  if( err->rc != ADCP_OK || n == 0 ) return 0;
  if( reader->state == BLOCKS ) leave_read_blocks(reader, err);
  if( err->rc != ADCP_OK ) return 0;
  if( reader->state == BLOCKS ) return read_block(reader, to, n, err);
  return read_stream(reader, to, n, err);
}

int64_t adcp_block_reader_text_offset(const AdcpBlockReader *reader) {
  switch( reader->state ) {
  case BLOCKS: return reader->index.text_offsets[reader->block] + (int64_t)reader->block_offset;
  case STREAM: return reader->text_offset;
  case NOWHERE: break;
  }
  return -1;
}

int64_t adcp_block_reader_offset_of(const AdcpBlockReader *reader, AdcpBlockPosition position) {
  assert(reader->has_index && (size_t)position.block < reader->index.count);
  return reader->index.text_offsets[position.block] + position.offset;
}

AdcpBlockPosition adcp_block_reader_position_of(const AdcpBlockReader *reader, int64_t offset) {
  const int64_t *starts = reader->index.text_offsets; /* ascending, count + 1 */
  size_t low = 0, high = reader->index.count;         /* of the last that is not behind it */
  assert(reader->has_index && offset >= 0);
  while( low < high ) {
    size_t middle = low + (high - low + 1) / 2;
    if( starts[middle] <= offset ) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return (AdcpBlockPosition){(int64_t)low, offset - starts[low]};
}

void adcp_block_reader_place(const AdcpBlockReader *reader, int64_t *block, int64_t *file_offset) {
  *block = -1;
  *file_offset = -1;
  if( reader->state == BLOCKS ) {
    *block = (int64_t)reader->block;
    *file_offset = reader->index.file_offsets[reader->block];
  } else if( reader->state == STREAM ) {
    *file_offset = reader->methods->xOffset(reader->stream);
  }
}
