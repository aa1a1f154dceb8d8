/*
** container_gzip.c - gzip (RFC 1952) around and between the blocks.
**
**   [header][run][run]...[stored block with the final bit: the end line][CRC-32][size mod 2^32]
**
** One member, whatever the number of blocks: readers that stop after the first member get all.
** Reading in sequence takes any gzip file, of several members too, from its first byte; or, from a
** block on, the rest of a member that we wrote, whose trailer is then checked here.
*/
#include "stream/container_methods.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "stream/zlib_memory.h"

#define TRAILER_BYTES 8

/* Compressed bytes read at a time. */
#define CHUNK_BYTES (64 * 1024)

/* Raw deflate, or a gzip wrapper that zlib reads and checks; 32 KiB window. */
#define RAW_WINDOW  (-15)
#define GZIP_WINDOW (15 + 16)

/* Deflate, no name, no time, "unknown" system: the same bytes everywhere. */
static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};

struct AdcpStream {
  AdcpInFile *file;
  int64_t offset; /* in the file, of the next chunk */
  z_stream z;
  bool is_raw;       /* began at a block: the trailer is ours to check */
  bool is_sum_known; /* crc32 and raw_bytes are those of the whole text */
  bool is_at_end;
  uint32_t crc32;
  int64_t raw_bytes;
  uint8_t chunk[CHUNK_BYTES];
};

/* ---- writing ---- */

static void append_le(AdcpBuf *out, uint64_t value, int bytes) {
  for( int i = 0; i < bytes; i++ ) adcp_buf_append_byte(out, (uint8_t)(value >> (8 * i)));
}

static void append_end(AdcpBuf *out, const void *line, size_t n, uint32_t crc32,
                       int64_t raw_bytes) {
  adcp_buf_append_byte(out, 1); /* final, stored */
  append_le(out, n, 2);
  append_le(out, ~(uint64_t)n, 2);
  adcp_buf_append(out, line, n);
  append_le(out, crc32, 4);
  append_le(out, (uint64_t)raw_bytes, 4);
}

/* ---- reading ---- */

static int64_t stream_offset(const AdcpStream *stream) {
  return stream->offset - stream->z.avail_in;
}

static void close_stream(AdcpStream *stream) {
  if( stream == NULL ) return;
  inflateEnd(&stream->z);
  adcp_free(stream);
}

static AdcpStream *open_stream(AdcpInFile *file, const AdcpStreamStart *start, AdcpError *err) {
  if( err->rc != ADCP_OK ) return NULL;
  AdcpStream *stream = adcp_malloc(sizeof *stream);
  if( stream == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  stream->file = file;
  stream->offset = start->file_offset;
  stream->is_raw = start->is_block;
  stream->is_sum_known = start->is_sum_known;
  stream->is_at_end = false;
  stream->crc32 = start->crc32;
  stream->raw_bytes = start->raw_bytes;
  adcp_zlib_prepare(&stream->z);
  if( inflateInit2(&stream->z, start->is_block ? RAW_WINDOW : GZIP_WINDOW) == Z_OK ) return stream;
  adcp_free(stream);
  adcp_error_nomem(err);
  return NULL;
}

/* Loads the chunk at an offset. Fewer bytes than asked for only at the file's end. */
static void load(AdcpStream *stream, int64_t offset, AdcpError *err) {
  size_t got = adcp_infile_read(stream->file, offset, stream->chunk, CHUNK_BYTES, err);
  stream->z.next_in = stream->chunk;
  stream->z.avail_in = (uInt)got;
  stream->offset = offset + (int64_t)got;
}

static void fail_incomplete(const AdcpStream *stream, AdcpError *err) {
  adcp_error_set(err, ADCP_CORRUPT,
                 "%s is incomplete: it stops at byte %lld, before the compressed text ends",
                 adcp_infile_path(stream->file), (long long)stream_offset(stream));
}

static void fail_damaged(const AdcpStream *stream, const char *what, AdcpError *err) {
  adcp_error_set(err, ADCP_CORRUPT, "%s is damaged near byte %lld: %s",
                 adcp_infile_path(stream->file), (long long)stream_offset(stream), what);
}

/* Makes sure that the chunk holds the next n bytes, if the file has them. */
static void look_ahead(AdcpStream *stream, size_t n, AdcpError *err) {
  if( stream->z.avail_in < n ) load(stream, stream_offset(stream), err);
}

static uint32_t le32(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Checks the trailer that zlib, which was given raw deflate, did not see. */
static void check_trailer(AdcpStream *stream, AdcpError *err) {
  look_ahead(stream, TRAILER_BYTES, err);
  if( err->rc != ADCP_OK ) return;
  if( stream->z.avail_in < TRAILER_BYTES ) {
    fail_incomplete(stream, err);
    return;
  }
  uint32_t crc = le32(stream->z.next_in), size = le32(stream->z.next_in + 4);
  if( stream->is_sum_known && crc != stream->crc32 ) {
    fail_damaged(stream, "the text does not have the CRC-32 that the end states", err);
  } else if( stream->is_sum_known && size != (uint32_t)stream->raw_bytes ) {
    fail_damaged(stream, "the text does not have the length that the end states", err);
  }
  stream->z.next_in += TRAILER_BYTES;
  stream->z.avail_in -= TRAILER_BYTES;
}

/* Behind a member: the end of the file, or (reading from the first byte) one more member. */
static void end_member(AdcpStream *stream, AdcpError *err) {
  if( stream->is_raw ) check_trailer(stream, err);
  look_ahead(stream, 2, err);
  if( err->rc != ADCP_OK ) return;
  if( stream->z.avail_in == 0 ) {
    stream->is_at_end = true;
  } else if( stream->is_raw || stream->z.avail_in < 2 || memcmp(stream->z.next_in, header, 2) ) {
    adcp_container_fail_trailing(stream->file, stream_offset(stream), err);
  } else {
    inflateReset(&stream->z);
  }
}

static void count(AdcpStream *stream, const uint8_t *text, size_t n) {
  if( !stream->is_sum_known ) return;
  stream->crc32 = adcp_crc32(stream->crc32, text, n);
  stream->raw_bytes += (int64_t)n;
}

/* One call of inflate; returns the text bytes it made. */
static size_t inflate_some(AdcpStream *stream, uint8_t *to, size_t n, AdcpError *err) {
  z_stream *z = &stream->z;
  uInt room = n > CHUNK_BYTES ? CHUNK_BYTES : (uInt)n;
  if( z->avail_in == 0 ) load(stream, stream->offset, err);
  if( err->rc != ADCP_OK ) return 0;
  bool is_at_file_end = z->avail_in == 0;
  z->next_out = to;
  z->avail_out = room;
  int rc = inflate(z, Z_NO_FLUSH);
  size_t got = room - z->avail_out;
  count(stream, to, got);
  if( rc == Z_STREAM_END ) {
    end_member(stream, err);
  } else if( rc == Z_MEM_ERROR ) {
    adcp_error_nomem(err);
  } else if( rc != Z_OK && rc != Z_BUF_ERROR ) {
    fail_damaged(stream, z->msg ? z->msg : "it is not deflate", err);
  } else if( got == 0 && is_at_file_end ) {
    fail_incomplete(stream, err);
  }
  return err->rc == ADCP_OK ? got : 0;
}

static size_t read_stream(AdcpStream *stream, uint8_t *to, size_t n, AdcpError *err) {
  size_t got = 0;
  while( got == 0 && !stream->is_at_end && err->rc == ADCP_OK ) {
    got = inflate_some(stream, to, n, err);
  }
  return got;
}

const AdcpContainerMethods adcp_container_gzip = {
    .container = ADCP_CONTAINER_GZIP,
    .header = header,
    .header_size = sizeof header,
    .max_ratio = ADCP_MAX_INFLATE_RATIO,
    .xCompressor = adcp_compressor_default,
    .xEnd = append_end,
    .xOpen = open_stream,
    .xRead = read_stream,
    .xOffset = stream_offset,
    .xClose = close_stream,
};
