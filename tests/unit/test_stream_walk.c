/*
** test_stream_walk.c - the deflate walk against zlib's own view of block borders, and runs of
** blocks by either compressor against zlib's inflate.
*/
#include "stream/compressor.h"
#include "stream/deflate_walk.h"

#include <libdeflate.h>
#include <malloc.h>
#include <zlib.h>

#include "stream_data.h"
#include "unit.h"

#define MAX_TEXT (300 * 1024)

static AdcpDeflateWalker walker;
static uint8_t packed[MAX_TEXT + 8192], unpacked[MAX_TEXT + 1];

/* Where the last block begins and ends, as zlib sees it with Z_BLOCK. */
static AdcpDeflateEnd zlib_end(const uint8_t *bytes, size_t n) {
  AdcpDeflateEnd end = {0, 0};
  z_stream z = {0};
  inflateInit2(&z, -15);
  z.next_in = (Bytef *)(uintptr_t)bytes;
  z.avail_in = (uInt)n;
  z.next_out = unpacked;
  z.avail_out = sizeof unpacked;
  /* data_type: 0-7 bits of the last byte left; +64 in the last block; +128 at a block's end. */
  int rc = Z_OK;
  while( rc == Z_OK ) {
    size_t position = (n - z.avail_in) * 8 - (size_t)(z.data_type & 7);
    bool is_border = z.total_in == 0 || (z.data_type & 128);
    if( is_border && (z.data_type & 64) ) {
      end.end_bit = position;
    } else if( is_border ) {
      end.header_bit = position;
    }
    rc = inflate(&z, Z_BLOCK);
  }
  CHECK(rc == Z_STREAM_END);
  inflateEnd(&z);
  return end;
}

static void check_stream(size_t n, const char *what) {
  AdcpDeflateEnd mine = {0, 0}, theirs = zlib_end(packed, n);
  memset(packed + n, 0xa5, ADCP_WALK_SLACK);
  bool ok = adcp_deflate_walk(&walker, packed, n, &mine);
  CHECK_CASE(ok, "%s, %zu bytes", what, n);
  CHECK_CASE(mine.header_bit == theirs.header_bit, "%s: %zu, zlib %zu", what, mine.header_bit,
             theirs.header_bit);
  CHECK_CASE(mine.end_bit == theirs.end_bit, "%s: %zu, zlib %zu", what, mine.end_bit,
             theirs.end_bit);
}

static const size_t sizes[] = {1, 2, 3, 100, 4095, 30000, 65535, 65536, 262144, MAX_TEXT};
#define SIZE_COUNT (sizeof sizes / sizeof sizes[0])

static void test_libdeflate_streams(void) {
  for( int level = 0; level <= 12; level++ ) {
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
    for( size_t s = 0; s < SIZE_COUNT; s++ ) {
      for( int kind = 0; kind < KIND_COUNT; kind++ ) {
        if( level > 9 && sizes[s] > 65536 && kind != KIND_MIXED ) continue; /* slow levels */
        uint8_t *text = data_make(sizes[s], (TextKind)kind, s * 31 + (size_t)level);
        size_t n = libdeflate_deflate_compress(c, text, sizes[s], packed, sizeof packed - 64);
        check_stream(n, "libdeflate");
        free(text);
      }
    }
    libdeflate_free_compressor(c);
  }
}

/* zlib's strategies give kinds of blocks that libdeflate rarely writes. */
static void test_zlib_streams(void) {
  static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
  for( int i = 0; i < 5; i++ ) {
    for( int kind = 0; kind < KIND_COUNT; kind++ ) {
      uint8_t *text = data_make(100000, (TextKind)kind, (uint64_t)(kind + 5 * i));
      z_stream z = {0};
      deflateInit2(&z, 6, Z_DEFLATED, -15, 9, strategies[i]);
      z.next_in = text;
      z.avail_in = 100000;
      z.next_out = packed;
      z.avail_out = sizeof packed - 64;
      CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
      check_stream((size_t)z.total_out, "zlib");
      deflateEnd(&z);
      free(text);
    }
  }
}

/* Damaged streams may end anywhere, but never beyond their bytes (the sanitizer watches the
** rest). */
static void test_damaged_streams(void) {
  uint64_t state = 99;
  struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
  for( int round = 0; round < 3000; round++ ) {
    size_t n = data_random(&state) % 3000 + 1;
    uint8_t *text = data_make(n, (TextKind)(round % KIND_COUNT), state);
    n = libdeflate_deflate_compress(c, text, n, packed, sizeof packed - 64);
    for( int i = 0; i < 3; i++ ) packed[data_random(&state) % n] ^= (uint8_t)data_random(&state);
    if( round % 3 == 0 ) n = data_random(&state) % n;
    uint8_t *exact = malloc(n + ADCP_WALK_SLACK);
    memcpy(exact, packed, n);
    memset(exact + n, 0xff, ADCP_WALK_SLACK);
    AdcpDeflateEnd end;
    if( adcp_deflate_walk(&walker, exact, n, &end) ) CHECK(end.end_bit <= n * 8);
    free(exact);
    free(text);
  }
  libdeflate_free_compressor(c);
}

/* ---- runs ---- */

static bool zlib_inflates(const uint8_t *run, size_t n, const uint8_t *text, size_t text_size) {
  z_stream z = {0};
  inflateInit2(&z, -15);
  z.next_in = (Bytef *)(uintptr_t)run;
  z.avail_in = (uInt)n;
  z.next_out = unpacked;
  z.avail_out = sizeof unpacked;
  int rc = inflate(&z, Z_SYNC_FLUSH);
  bool ok = rc == Z_OK && z.avail_in == 0 && z.total_out == text_size &&
            (z.data_type & (64 | 7)) == 0 && memcmp(unpacked, text, text_size) == 0;
  inflateEnd(&z);
  return ok;
}

static void test_one_run(const AdcpCompressor *c, void *state, const AdcpCompressor *reader,
                         void *inflater, uint8_t *text, size_t n) {
  uint8_t *out = malloc(c->xBound(state, n) + ADCP_RUN_SLACK);
  size_t size = c->xDeflate(state, text, n, out);
  CHECK_CASE(size > 4 && size <= c->xBound(state, n), "%s, %zu bytes", c->name, n);
  CHECK(memcmp(out + size - 4, "\x00\x00\xff\xff", 4) == 0);
  CHECK_CASE(zlib_inflates(out, size, text, n), "%s, %zu bytes", c->name, n);
  CHECK(size <= n + n / 1000 + 64);

  uint8_t *raw = malloc(n + 1);
  CHECK(reader->xInflate(inflater, out, size, raw, n) && memcmp(raw, text, n) == 0);
  CHECK(!reader->xInflate(inflater, out, size, raw, n + 1));
  if( n > 1 ) CHECK(!reader->xInflate(inflater, out, size, raw, n - 1));
  CHECK(!reader->xInflate(inflater, out, size - 1, raw, n));
  free(raw);
  free(out);
}

/* Writes by one library, reads by another. */
static void test_runs(const AdcpCompressor *c, const AdcpCompressor *reader) {
  void *inflater = reader->xOpenInflate();
  for( int level = 1; level <= 12; level++ ) {
    void *state = c->xOpenDeflate(level);
    for( size_t s = 0; s < SIZE_COUNT - 1; s++ ) {
      TextKind kind = (TextKind)((s + (size_t)level) % KIND_COUNT);
      uint8_t *text = data_make(sizes[s], kind, s + 100);
      test_one_run(c, state, reader, inflater, text, sizes[s]);
      free(text);
    }
    c->xCloseDeflate(state);
  }
  reader->xCloseInflate(inflater);
  c->xCloseDeflate(NULL);
  reader->xCloseInflate(NULL);
}

/* A state that has compressed other texts gives the same bytes as a new one. */
static void test_same_bytes(const AdcpCompressor *c) {
  uint8_t *text = data_make(200000, KIND_MIXED, 1), *other = data_make(150000, KIND_ROWS, 2);
  for( int level = 1; level <= 12; level++ ) {
    void *used = c->xOpenDeflate(level), *fresh = c->xOpenDeflate(level);
    uint8_t *a = malloc(c->xBound(used, 200000)), *b = malloc(c->xBound(fresh, 200000));
    c->xDeflate(used, other, 150000, a);
    size_t na = c->xDeflate(used, text, 200000, a), nb = c->xDeflate(fresh, text, 200000, b);
    CHECK_CASE(na == nb && memcmp(a, b, na) == 0, "%s level %d", c->name, level);
    free(a);
    free(b);
    c->xCloseDeflate(used);
    c->xCloseDeflate(fresh);
  }
  free(text);
  free(other);
}

/* What the memory of state, text and run held before, and what stands around the text, does not
** show in the run. Small texts are those of small backups: a head and a manifest. */
static void test_surroundings(const AdcpCompressor *c, int level) {
  static const size_t text_sizes[] = {1, 150, 763, 903, 1757, 3959, 70000};
  enum { AROUND = 400 };
  for( size_t s = 0; s < sizeof text_sizes / sizeof text_sizes[0]; s++ ) {
    size_t n = text_sizes[s], first_size = 0;
    uint8_t *text = data_make(n, KIND_ROWS, s), *first = NULL;
    for( int fill = 0; fill < 256; fill += 51 ) {
      mallopt(M_PERTURB, fill);
      void *state = c->xOpenDeflate(level);
      uint8_t *raw = malloc(n + (size_t)(2 * AROUND)), *run = malloc(c->xBound(state, n));
      memset(raw, fill, n + (size_t)(2 * AROUND));
      memcpy(raw + AROUND, text, n);
      memset(run, fill, c->xBound(state, n));
      size_t size = c->xDeflate(state, raw + AROUND, n, run);
      c->xCloseDeflate(state);
      free(raw);
      if( first == NULL ) {
        first = run;
        first_size = size;
      } else {
        CHECK_CASE(size == first_size && memcmp(run, first, size) == 0,
                   "%s level %d, %zu bytes, %d", c->name, level, n, fill);
        free(run);
      }
    }
    free(first);
    free(text);
  }
  mallopt(M_PERTURB, 0);
}

static void test_crc(void) {
  uint8_t *text = data_make(5000, KIND_RANDOM, 3);
  uint32_t whole = (uint32_t)crc32(0, text, 5000);
  CHECK(adcp_crc32(0, text, 5000) == whole);
  CHECK(adcp_crc32(adcp_crc32(0, text, 1234), text + 1234, 3766) == whole);
  CHECK(adcp_compressor_zlib.xCrc32(0, text, 5000) == whole);
  CHECK(adcp_crc32_combine(adcp_crc32(0, text, 7), adcp_crc32(0, text + 7, 4993), 4993) == whole);
  free(text);
}

int main(void) {
  test_libdeflate_streams();
  test_zlib_streams();
  test_damaged_streams();
  test_runs(&adcp_compressor_libdeflate, &adcp_compressor_libdeflate);
  test_runs(&adcp_compressor_zlib, &adcp_compressor_zlib);
#ifdef ADCP_WITH_ISAL
  test_runs(&adcp_compressor_isal, &adcp_compressor_libdeflate);
  test_runs(&adcp_compressor_isal, &adcp_compressor_zlib);
  test_same_bytes(&adcp_compressor_isal);
  test_surroundings(&adcp_compressor_isal, 1);
#endif
  test_same_bytes(&adcp_compressor_libdeflate);
  test_same_bytes(&adcp_compressor_zlib);
  for( int level = 1; level <= 12; level++ ) {
    test_surroundings(&adcp_compressor_libdeflate, level);
    test_surroundings(&adcp_compressor_zlib, level);
    test_surroundings(&adcp_compressor_zstd, level);
  }
  test_crc();
  return unit_done();
}
