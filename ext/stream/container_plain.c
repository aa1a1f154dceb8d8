/*
** container_plain.c - a document that is not compressed: blocks are ranges of the file.
*/
#include "stream/container_methods.h"

#include "base/mem.h"

struct AdcpStream {
  AdcpInFile *file;
  int64_t offset;
};

static const AdcpCompressor *no_compressor(int level) {
  (void)level;
  return NULL;
}

static void append_end(AdcpBuf *out, const void *line, size_t n, uint32_t crc32,
                       int64_t raw_bytes) {
  (void)crc32;
  (void)raw_bytes;
  adcp_buf_append(out, line, n);
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
  return stream;
}

static size_t read_stream(AdcpStream *stream, uint8_t *to, size_t n, AdcpError *err) {
  size_t got = adcp_infile_read(stream->file, stream->offset, to, n, err);
  stream->offset += (int64_t)got;
  return got;
}

static int64_t stream_offset(const AdcpStream *stream) {
  return stream->offset;
}

static void close_stream(AdcpStream *stream) {
  adcp_free(stream);
}

const AdcpContainerMethods adcp_container_plain = {
    .container = ADCP_CONTAINER_PLAIN,
    .header = NULL,
    .header_size = 0,
    .max_ratio = 1,
    .xCompressor = no_compressor,
    .xEnd = append_end,
    .xOpen = open_stream,
    .xRead = read_stream,
    .xOffset = stream_offset,
    .xClose = close_stream,
};
