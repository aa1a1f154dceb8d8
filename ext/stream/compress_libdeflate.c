/*
** compress_libdeflate.c - blocks by libdeflate (contract in compressor.h).
**
** libdeflate writes whole deflate streams only: the last of its deflate blocks has the final bit. A
** walk over the stream's symbols finds that bit and the stream's last bit; the first is cleared and
** an empty stored block put behind the second, and the stream has become a run:
**
**     [block]...[final block][padding]          what libdeflate wrote
**     [block]...[block][000][padding] 00 00 ff ff
**
** Memory: this libdeflate takes its allocator for the whole process or not at all, so it is left
** with the C library's.
*/
#include "stream/compressor.h"

#include <libdeflate.h>
#include <string.h>

#include "base/mem.h"
#include "stream/deflate_walk.h"

typedef struct DeflateState {
  struct libdeflate_compressor *compressor;
  AdcpDeflateWalker walker;
} DeflateState;

/* Up to a byte of block header and four of lengths. */
#define STORED_BYTES 5

static void *open_deflate(int level) {
  DeflateState *state = adcp_malloc(sizeof *state);
  if( state == NULL ) return NULL;
  state->compressor = libdeflate_alloc_compressor(level);
  if( state->compressor ) return state;
  adcp_free(state);
  return NULL;
}

static void close_deflate(void *opaque) {
  DeflateState *state = opaque;
  if( state == NULL ) return;
  libdeflate_free_compressor(state->compressor);
  adcp_free(state);
}

static size_t bound(void *opaque, size_t n) {
  DeflateState *state = opaque;
  return libdeflate_deflate_compress_bound(state->compressor, n) + STORED_BYTES + ADCP_WALK_SLACK;
}

/* Makes a run of the stream that ends as told; returns the run's size. */
static size_t end_as_run(uint8_t *out, const AdcpDeflateEnd *end) {
  out[end->header_bit / 8] &= (uint8_t) ~(1u << (end->header_bit % 8));
  size_t header = end->end_bit / 8;
  size_t lengths = (end->end_bit + 3 + 7) / 8;
  unsigned used = (unsigned)(end->end_bit % 8);
  uint8_t keep = (uint8_t)((1u << used) - 1);
  uint8_t last = used ? out[header] & keep : 0;
  memset(out + header, 0, lengths - header);
  out[header] = last;
  memcpy(out + lengths, "\x00\x00\xff\xff", 4);
  return lengths + 4;
}

static size_t run_deflate(void *opaque, const uint8_t *raw, size_t n, uint8_t *out) {
  DeflateState *state = opaque;
  AdcpDeflateEnd end;
  size_t capacity = libdeflate_deflate_compress_bound(state->compressor, n);
  size_t size = libdeflate_deflate_compress(state->compressor, raw, n, out, capacity);
  if( size == 0 ) return 0;
  memset(out + size, 0, ADCP_WALK_SLACK);
  if( !adcp_deflate_walk(&state->walker, out, size, &end) ) return 0;
  return end_as_run(out, &end);
}

static void *open_inflate(void) {
  return libdeflate_alloc_decompressor();
}

static void close_inflate(void *state) {
  libdeflate_free_decompressor(state);
}

/* libdeflate inflates whole streams only, so the run gets a last block. */
static bool run_inflate(void *state, uint8_t *run, size_t size, uint8_t *raw, size_t raw_size) {
  static const uint8_t last_block[STORED_BYTES] = {1, 0, 0, 0xff, 0xff};
  size_t used = 0, made = 0;
  memcpy(run + size, last_block, sizeof last_block);
  size += sizeof last_block;
  enum libdeflate_result result =
      libdeflate_deflate_decompress_ex(state, run, size, raw, raw_size, &used, &made);
  return result == LIBDEFLATE_SUCCESS && used == size && made == raw_size;
}

const AdcpCompressor adcp_compressor_libdeflate = {
    .name = "libdeflate",
    .xOpenDeflate = open_deflate,
    .xCloseDeflate = close_deflate,
    .xBound = bound,
    .xDeflate = run_deflate,
    .xOpenInflate = open_inflate,
    .xCloseInflate = close_inflate,
    .xInflate = run_inflate,
    .xCrc32 = libdeflate_crc32,
};
