/*
** row_write.c - rows as canonical JSON text (contract in row_write.h).
**
** The keys of a table are made into pieces of text once (row_keys.h); a row is then a copy of
** piece, value, piece, value into one buffer, which goes to the sink at the row's end. Only a value
** above PIECE_BYTES leaves in pieces of its own, so the buffer stays small whatever a blob's size.
*/
#include "archive/row_write.h"

#include <assert.h>
#include <string.h>

#include "archive/row_keys.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "codec/json_write.h"
#include "codec/number.h"
#include "codec/scan.h"
#include "codec/utf8.h"

/* Bytes of a large value that are encoded at a time; a multiple of 3, so that base64 has no
** padding within, and 64 KiB of text. */
#define PIECE_BYTES ((size_t)48 * 1024)

/* Longer values are written in pieces. */
#define LARGE_BYTES ((size_t)64 * 1024)

/* Room for any value but text and blobs; the longest is {"$real":"-Infinity"}. */
#define SMALL_TEXT_MAX 40

/* Room for a tag with its braces, colon and quotes. */
#define TAG_TEXT_MAX 16

struct AdcpRowWriter {
  AdcpRowKeys keys;
  bool shadow; /* blobs as $hex */
  AdcpBuf out; /* text of the current row that has not gone to the sink */
};

/* How a value that is no plain JSON value is tagged. */
typedef struct Tag {
  const char *open; /* text in front of the encoded bytes; behind them stands "} */
  bool hex;
} Tag;

static Tag tag_of(AdcpValueType type, bool shadow) {
  switch( type ) {
  case ADCP_TEXT: return (Tag){"{\"$text\":\"", false};
  case ADCP_TEXT16: return (Tag){"{\"$text16\":\"", false};
  default: break;
  }
  assert(type == ADCP_BLOB);
  return shadow ? (Tag){"{\"$hex\":\"", true} : (Tag){"{\"$blob\":\"", false};
}

static size_t encode_bytes(bool hex, const uint8_t *bytes, size_t n, uint8_t *to) {
  if( !hex ) return adcp_base64_encode(bytes, n, to);
  adcp_hex_encode(bytes, n, to);
  return 2 * n;
}

static void write_tagged(AdcpBuf *out, const AdcpValue *value, bool shadow) {
  Tag tag = tag_of(value->type, shadow);
  size_t open = strlen(tag.open);
  uint8_t *to = adcp_buf_reserve(out, TAG_TEXT_MAX + 2 * value->size + 4);
  if( to == NULL ) return;
  memcpy(to, tag.open, open);
  size_t n = open + encode_bytes(tag.hex, value->bytes, value->size, to + open);
  memcpy(to + n, "\"}", 2);
  out->size += n + 2;
}

/* One look decides for most text: plain ASCII is copied as it is. */
static void write_text(AdcpBuf *out, const AdcpValue *value, bool shadow) {
  bool non_ascii = false;
  size_t n = value->size;
  if( adcp_scan_plain(value->bytes, n, &non_ascii) == n && !non_ascii ) {
    uint8_t *to = adcp_buf_reserve(out, n + 2);
    if( to == NULL ) return;
    *to = '"';
    if( n ) memcpy(to + 1, value->bytes, n);
    to[n + 1] = '"';
    out->size += n + 2;
  } else if( adcp_utf8_valid(value->bytes, n) ) {
    adcp_json_quote(out, value->bytes, n);
  } else {
    write_tagged(out, value, shadow);
  }
}

static void write_real(AdcpBuf *out, double real) {
  if( __builtin_isinf(real) ) {
    adcp_buf_append_str(out, real > 0 ? "{\"$real\":\"Infinity\"}" : "{\"$real\":\"-Infinity\"}");
    return;
  }
  assert(!__builtin_isnan(real));
  char *to = (char *)adcp_buf_reserve(out, ADCP_REAL_TEXT_MAX);
  if( to ) out->size += adcp_real_text(real, to);
}

void adcp_value_write(AdcpBuf *out, const AdcpValue *value, bool shadow) {
  switch( value->type ) {
  case ADCP_NULL: adcp_buf_append(out, "null", 4); break;
  case ADCP_INTEGER: {
    char *to = (char *)adcp_buf_reserve(out, ADCP_INTEGER_TEXT_MAX);
    if( to ) out->size += adcp_integer_text(value->integer, to);
    break;
  }
  case ADCP_REAL: write_real(out, value->real); break;
  case ADCP_TEXT: write_text(out, value, shadow); break;
  case ADCP_TEXT16:
  case ADCP_BLOB: write_tagged(out, value, shadow); break;
  }
}

AdcpRowWriter *adcp_row_writer_open(const AdcpTable *table, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpRowWriter *writer = adcp_calloc(1, sizeof *writer);
  if( writer == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  writer->shadow = table->kind == ADCP_TABLE_SHADOW;
  adcp_row_keys_build(&writer->keys, table, err);
  if( err->rc == ADCP_OK ) return writer;
  adcp_row_writer_close(writer);
  return NULL;
}

void adcp_row_writer_close(AdcpRowWriter *writer) {
  if( writer == NULL ) return;
  adcp_row_keys_free(&writer->keys);
  adcp_buf_free(&writer->out);
  adcp_free(writer);
}

/* Hands the buffered text to the sink. */
static void flush(AdcpRowWriter *writer, AdcpTextSink sink, AdcpError *err) {
  if( !adcp_buf_check(&writer->out, err) || err->rc ) return;
  if( writer->out.size ) sink.xWrite(sink.context, writer->out.data, writer->out.size, err);
  writer->out.size = 0;
}

static void write_large_tagged(AdcpRowWriter *writer, const AdcpValue *value, AdcpTextSink sink,
                               AdcpError *err) {
  Tag tag = tag_of(value->type, writer->shadow);
  adcp_buf_append_str(&writer->out, tag.open);
  for( size_t done = 0; done < value->size && err->rc == ADCP_OK; ) {
    size_t n = value->size - done < PIECE_BYTES ? value->size - done : PIECE_BYTES;
    uint8_t *to = adcp_buf_reserve(&writer->out, 2 * n + 4);
    if( to ) writer->out.size += encode_bytes(tag.hex, value->bytes + done, n, to);
    flush(writer, sink, err);
    done += n;
  }
  adcp_buf_append(&writer->out, "\"}", 2);
}

/* Where a piece of at most PIECE_BYTES of valid UTF-8 ends without parting a character. */
static size_t text_piece(const uint8_t *bytes, size_t n) {
  if( n <= PIECE_BYTES ) return n;
  n = PIECE_BYTES;
  while( (bytes[n] & 0xC0) == 0x80 ) n--;
  return n;
}

static void write_large_text(AdcpRowWriter *writer, const AdcpValue *value, AdcpTextSink sink,
                             AdcpError *err) {
  adcp_buf_append_byte(&writer->out, '"');
  flush(writer, sink, err);
  for( size_t done = 0; done < value->size && err->rc == ADCP_OK; ) {
    size_t n = text_piece(value->bytes + done, value->size - done);
    adcp_json_quote(&writer->out, value->bytes + done, n);
    if( !adcp_buf_check(&writer->out, err) ) return;
    /* without the quotes of the piece */
    sink.xWrite(sink.context, writer->out.data + 1, writer->out.size - 2, err);
    writer->out.size = 0;
    done += n;
  }
  adcp_buf_append_byte(&writer->out, '"');
}

static void write_large(AdcpRowWriter *writer, const AdcpValue *value, AdcpTextSink sink,
                        AdcpError *err) {
  flush(writer, sink, err);
  if( value->type == ADCP_TEXT && adcp_utf8_valid(value->bytes, value->size) ) {
    write_large_text(writer, value, sink, err);
  } else {
    write_large_tagged(writer, value, sink, err);
  }
}

static bool is_large(const AdcpValue *value) {
  return value->type >= ADCP_TEXT && value->size > LARGE_BYTES;
}

/* ---- how long it will be ---- */

int64_t adcp_row_size_most(const AdcpRowWriter *writer, size_t value_bytes) {
  size_t least = writer->keys.pieces.size + writer->keys.count * (SMALL_TEXT_MAX + TAG_TEXT_MAX);
  return (int64_t)(least + 6 * value_bytes + TAG_TEXT_MAX); /* \u0001 for a byte */
}

static int64_t quoted_size(AdcpRowWriter *writer, const AdcpValue *value) {
  int64_t size = 2;
  for( size_t done = 0; done < value->size; ) {
    size_t n = text_piece(value->bytes + done, value->size - done);
    adcp_buf_clear(&writer->out);
    adcp_json_quote(&writer->out, value->bytes + done, n);
    size += (int64_t)writer->out.size - 2;
    done += n;
  }
  return size;
}

static int64_t large_size(AdcpRowWriter *writer, const AdcpValue *value) {
  if( value->type == ADCP_TEXT && adcp_utf8_valid(value->bytes, value->size) ) {
    return quoted_size(writer, value);
  }
  Tag tag = tag_of(value->type, writer->shadow);
  size_t encoded = tag.hex ? 2 * value->size : ADCP_BASE64_SIZE(value->size);
  return (int64_t)(strlen(tag.open) + encoded + strlen("\"}"));
}

int64_t adcp_row_size(AdcpRowWriter *writer, const AdcpValue *values) {
  int64_t size = writer->keys.count ? 1 : 2; /* the braces, of which a key's piece has the first */
  for( size_t i = 0; i < writer->keys.count; i++ ) {
    size_t n;
    adcp_row_key_piece(&writer->keys, i, &n);
    size += (int64_t)n;
    if( is_large(&values[i]) ) {
      size += large_size(writer, &values[i]);
      continue;
    }
    adcp_buf_clear(&writer->out);
    adcp_value_write(&writer->out, &values[i], writer->shadow);
    size += (int64_t)writer->out.size;
  }
  return size;
}

/* ---- a row ---- */

void adcp_row_write(AdcpRowWriter *writer, const AdcpValue *values, AdcpTextSink sink,
                    AdcpError *err) {
  if( err->rc ) return;
  AdcpBuf *out = &writer->out;
  adcp_buf_clear(out);
  for( size_t i = 0; i < writer->keys.count; i++ ) {
    size_t n;
    const uint8_t *piece = adcp_row_key_piece(&writer->keys, i, &n);
    uint8_t *to = adcp_buf_reserve(out, n + SMALL_TEXT_MAX);
    if( to == NULL ) break;
    memcpy(to, piece, n);
    out->size += n;
    if( is_large(&values[i]) ) {
      write_large(writer, &values[i], sink, err);
    } else {
      adcp_value_write(out, &values[i], writer->shadow);
    }
  }
  if( writer->keys.count == 0 ) adcp_buf_append_byte(out, '{');
  adcp_buf_append_byte(out, '}');
  flush(writer, sink, err);
}
