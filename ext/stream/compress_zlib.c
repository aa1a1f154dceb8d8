/*
** compress_zlib.c - blocks by zlib (contract in compressor.h).
**
** A full flush ends a run as the format wants it: byte-aligned, with an empty stored block, and
** with nothing for the next one to refer to.
*/
#include "stream/compressor.h"

#include <string.h>

#include "base/mem.h"
#include "stream/zlib_memory.h"

#define MAX_LEVEL 9

/* Raw deflate, no wrapper, 32 KiB window. */
#define RAW_WINDOW (-15)

/* deflateBound counts a final block; the flush may instead end one block and add an empty one. */
#define FLUSH_BYTES 16

static void *open_deflate(int level) {
  z_stream *z = adcp_malloc(sizeof *z);
  if( z == NULL ) return NULL;
  adcp_zlib_prepare(z);
  if( level > MAX_LEVEL ) level = MAX_LEVEL;
  const int memory = 8; /* zlib's default */
  if( deflateInit2(z, level, Z_DEFLATED, RAW_WINDOW, memory, Z_DEFAULT_STRATEGY) == Z_OK ) return z;
  adcp_free(z);
  return NULL;
}

static void close_deflate(void *state) {
  if( state == NULL ) return;
  deflateEnd(state);
  adcp_free(state);
}

static size_t bound(void *state, size_t n) {
  return deflateBound(state, (uLong)n) + FLUSH_BYTES;
}

static size_t run_deflate(void *state, const uint8_t *raw, size_t n, uint8_t *out) {
  z_stream *z = state;
  size_t capacity = bound(state, n);
  if( deflateReset(z) != Z_OK ) return 0;
  z->next_in = (Bytef *)(uintptr_t)raw;
  z->avail_in = (uInt)n;
  z->next_out = out;
  z->avail_out = (uInt)capacity;
  if( deflate(z, Z_FULL_FLUSH) != Z_OK || z->avail_in != 0 || z->avail_out == 0 ) return 0;
  return capacity - z->avail_out;
}

static void *open_inflate(void) {
  z_stream *z = adcp_malloc(sizeof *z);
  if( z == NULL ) return NULL;
  adcp_zlib_prepare(z);
  if( inflateInit2(z, RAW_WINDOW) == Z_OK ) return z;
  adcp_free(z);
  return NULL;
}

static void close_inflate(void *state) {
  if( state == NULL ) return;
  inflateEnd(state);
  adcp_free(state);
}

static bool run_inflate(void *state, uint8_t *run, size_t size, uint8_t *raw, size_t raw_size) {
  static const uint8_t last_block[5] = {1, 0, 0, 0xff, 0xff};
  z_stream *z = state;
  if( inflateReset(z) != Z_OK ) return false;
  memcpy(run + size, last_block, sizeof last_block);
  z->next_in = run;
  z->avail_in = (uInt)(size + sizeof last_block);
  z->next_out = raw;
  z->avail_out = (uInt)raw_size;
  return inflate(z, Z_FINISH) == Z_STREAM_END && z->avail_in == 0 && z->avail_out == 0;
}

static uint32_t run_crc32(uint32_t crc, const void *bytes, size_t n) {
  return (uint32_t)crc32_z(crc, bytes, n);
}

const AdcpCompressor adcp_compressor_zlib = {
    .name = "zlib",
    .xOpenDeflate = open_deflate,
    .xCloseDeflate = close_deflate,
    .xBound = bound,
    .xDeflate = run_deflate,
    .xOpenInflate = open_inflate,
    .xCloseInflate = close_inflate,
    .xInflate = run_inflate,
    .xCrc32 = run_crc32,
};
