/*
** container_zstd.c - blocks as Zstandard frames (RFC 8878), one behind the other.
**
**   [frame][frame]...[frame with one raw block: the end line]
**
** A frame with a raw block holds its text as it is, and nothing follows it: so the file ends with
** the end line, as a plain one does, and every zstd program gets the whole document. There is no
** sum over all frames; each but the last has its own, and the index has those of the blocks.
*/
#include "stream/container_methods.h"

#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"

/* Compressed bytes read at a time. */
#define CHUNK_BYTES (64 * 1024)

/* Frames that need more memory than this are refused: 8 MiB is what RFC 8878 asks of all readers. */
#define MAX_WINDOW_LOG 23
#define MAX_WINDOW_MIB (1 << (MAX_WINDOW_LOG - 20))

struct AdcpStream {
  AdcpInFile *file;
  int64_t offset; /* in the file, of the next chunk */
  bool has_text;  /* some was inflated */
  ZSTD_DCtx *context;
  bool is_in_frame; /* more of the frame is to come */
  ZSTD_inBuffer in; /* the rest of the chunk */
  uint8_t chunk[CHUNK_BYTES];
};

static const AdcpCompressor *compressor(int level) {
  (void)level;
  return &adcp_compressor_zstd;
}

/* ---- writing ---- */

static void append_le(AdcpBuf *out, uint64_t value, int bytes) {
  for( int i = 0; i < bytes; i++ ) adcp_buf_append_byte(out, (uint8_t)(value >> (8 * i)));
}

/* Magic number; descriptor (a single segment, the size in one byte or two); size, which in two
** bytes begins at 256; header of a last, raw block; the line. */
static void append_end(AdcpBuf *out, const void *line, size_t n, uint32_t crc32,
                       int64_t raw_bytes) {
  (void)crc32;
  (void)raw_bytes;
  append_le(out, 0xfd2fb528, 4);
  append_le(out, n < 256 ? 0x20 : 0x60, 1);
  append_le(out, n < 256 ? n : n - 256, n < 256 ? 1 : 2);
  append_le(out, 1 | (uint64_t)n << 3, 3);
  adcp_buf_append(out, line, n);
}

/* ---- reading ---- */

static int64_t stream_offset(const AdcpStream *stream) {
  return stream->offset - (int64_t)(stream->in.size - stream->in.pos);
}

static void close_stream(AdcpStream *stream) {
  if( stream == NULL ) return;
  ZSTD_freeDCtx(stream->context);
  adcp_free(stream);
}

static AdcpStream *open_stream(AdcpInFile *file, const AdcpStreamStart *start, AdcpError *err) {
  if( err->rc != ADCP_OK ) return NULL;
  AdcpStream *stream = adcp_calloc(1, sizeof *stream);
  if( stream ) stream->context = ZSTD_createDCtx();
  if( stream == NULL || stream->context == NULL ) {
    adcp_error_nomem(err);
    close_stream(stream);
    return NULL;
  }
  ZSTD_DCtx_setParameter(stream->context, ZSTD_d_windowLogMax, MAX_WINDOW_LOG);
  stream->file = file;
  stream->offset = start->file_offset;
  stream->in.src = stream->chunk;
  return stream;
}

static void load(AdcpStream *stream, AdcpError *err) {
  size_t got = adcp_infile_read(stream->file, stream->offset, stream->chunk, CHUNK_BYTES, err);
  stream->offset += (int64_t)got;
  stream->in.size = got;
  stream->in.pos = 0;
}

/* Behind a frame of text stands something that is none. */
static bool is_trailing(const AdcpStream *stream, size_t rc) {
  return ZSTD_getErrorCode(rc) == ZSTD_error_prefix_unknown && !stream->is_in_frame &&
         stream->has_text;
}

static void fail(const AdcpStream *stream, size_t rc, AdcpError *err) {
  const char *path = adcp_infile_path(stream->file);
  switch( ZSTD_getErrorCode(rc) ) {
  case ZSTD_error_frameParameter_windowTooLarge:
    adcp_error_set(
        err, ADCP_TOOBIG,
        "%s was compressed with a window of more than %d MiB, the most that is read here; "
        "unpack it by zstd -d --long=31 and take what comes out",
        path, MAX_WINDOW_MIB);
    break;
  case ZSTD_error_dictionary_wrong:
    adcp_error_set(err, ADCP_NOTADB,
                   "%s was compressed with a dictionary, which is needed to read it; unpack it by "
                   "zstd -d -D and the dictionary's file, and take what comes out",
                   path);
    break;
  case ZSTD_error_memory_allocation: adcp_error_nomem(err); break;
  default:
    adcp_error_set(err, ADCP_CORRUPT, "%s is damaged near byte %lld: %s", path,
                   (long long)stream_offset(stream), ZSTD_getErrorName(rc));
  }
}

/* One call of the library; returns the text bytes it made. At the file's end it is called once
** more within a frame, for text that it holds back. */
static size_t inflate_some(AdcpStream *stream, uint8_t *to, size_t n, AdcpError *err) {
  ZSTD_outBuffer out = {to, n, 0};
  size_t before = stream->in.pos;
  int64_t start = stream_offset(stream);
  size_t rc = ZSTD_decompressStream(stream->context, &out, &stream->in);
  if( ZSTD_isError(rc) ) {
    if( is_trailing(stream, rc) ) adcp_container_fail_trailing(stream->file, start, err);
    fail(stream, rc, err);
    return 0;
  }
  stream->is_in_frame = rc != 0;
  stream->has_text = stream->has_text || out.pos > 0;
  if( out.pos == 0 && stream->in.pos == before ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "%s is incomplete: it stops at byte %lld, before the compressed text ends",
                   adcp_infile_path(stream->file), (long long)stream_offset(stream));
  }
  return out.pos;
}

static size_t read_stream(AdcpStream *stream, uint8_t *to, size_t n, AdcpError *err) {
  size_t got = 0;
  while( got == 0 && err->rc == ADCP_OK ) {
    if( stream->in.pos == stream->in.size ) load(stream, err);
    if( err->rc != ADCP_OK ) break;
    bool is_at_file_end = stream->in.pos == stream->in.size;
    if( is_at_file_end && !stream->is_in_frame ) break;
    got = inflate_some(stream, to, n, err);
  }
  return got;
}

const AdcpContainerMethods adcp_container_zstd = {
    .container = ADCP_CONTAINER_ZSTD,
    .header = NULL,
    .header_size = 0,
    .max_ratio = 0,
    .xCompressor = compressor,
    .xEnd = append_end,
    .xOpen = open_stream,
    .xRead = read_stream,
    .xOffset = stream_offset,
    .xClose = close_stream,
};
