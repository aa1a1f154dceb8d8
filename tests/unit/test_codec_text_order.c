/*
** test_codec_text_order.c - texts in the order of BINARY, against memcmp over texts that were
** written out in the encoding.
*/
#include "unit.h"

#include <stdlib.h>

#include "codec/text_order.h"
#include "codec/utf8.h"

#define MOST 12 /* units of a text */

static uint64_t random_state = 88172645463325252u;

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 16);
}

typedef struct Text {
  AdcpValue value; /* as a backup has it */
  uint8_t held[4 * MOST];
  uint8_t le[4 * MOST], be[4 * MOST]; /* as a database stores it */
  size_t size;                        /* of these */
} Text;

static void append_unit(Text *text, uint32_t unit) {
  text->le[text->size] = text->be[text->size + 1] = (uint8_t)unit;
  text->le[text->size + 1] = text->be[text->size] = (uint8_t)(unit >> 8);
  text->size += 2;
}

static uint32_t random_point(void) {
  static const uint32_t edges[] = {0,      0x41,   0x61,    0x7f,    0x80,    0x100,  0x141,
                                   0x7ff,  0x800,  0x20ac,  0xd7ff,  0xe000,  0xfeff, 0xff21,
                                   0xfffe, 0xffff, 0x10000, 0x1d11e, 0x10ffff};
  return edges[next_random() % (sizeof edges / sizeof *edges)];
}

static void make_valid(Text *text) {
  size_t held = 0, count = next_random() % (MOST / 2);
  text->size = 0;
  for( size_t i = 0; i < count; i++ ) {
    uint32_t point = random_point();
    held += adcp_utf8_encode(point, text->held + held);
    if( point >= 0x10000 ) append_unit(text, 0xd800 | (point - 0x10000) >> 10);
    append_unit(text, point >= 0x10000 ? 0xdc00 | ((point - 0x10000) & 0x3ff) : point);
  }
  text->value = (AdcpValue){.type = ADCP_TEXT, .bytes = text->held, .size = held};
}

/* Units of any kind: what a UTF-16 database can hold and UTF-8 cannot. */
static void make_any(Text *text) {
  static const uint16_t units[] = {0,      0x41,   0x100,  0xd7ff, 0xd800,
                                   0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff};
  size_t count = next_random() % MOST;
  text->size = 0;
  for( size_t i = 0; i < count; i++ ) append_unit(text, units[next_random() % 10]);
  text->value = (AdcpValue){.type = ADCP_TEXT16, .bytes = text->le, .size = text->size};
}

static int sign(int n) {
  return n < 0 ? -1 : n > 0;
}

static int order_of(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size) {
  int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
  return sign(order ? order : a_size < b_size ? -1 : a_size > b_size);
}

/* As a database of that encoding stores it. */
static long is_written_otherwise(AdcpEncoding encoding, const Text *text) {
  AdcpBuf out = {0};
  const uint8_t *stored = encoding == ADCP_UTF16LE ? text->le : text->be;
  adcp_text_encode(encoding, &text->value, &out);
  bool same = out.size == text->size && (out.size == 0 || memcmp(out.data, stored, out.size) == 0);
  adcp_buf_free(&out);
  return !same;
}

static void all_encodings(void) {
  static Text a, b;
  long wrong = 0, less = 0, equal = 0;
  for( int i = 0; i < 200000; i++ ) {
    if( next_random() % 3 )
      make_valid(&a);
    else
      make_any(&a);
    if( next_random() % 3 )
      make_valid(&b);
    else
      make_any(&b);
    if( i % 5 == 0 && a.size ) { /* a common front */
      b = a;
      b.value.bytes = b.value.type == ADCP_TEXT ? b.held : b.le;
    }
    wrong += is_written_otherwise(ADCP_UTF16LE, &a) + is_written_otherwise(ADCP_UTF16BE, &b);
    int le = order_of(a.le, a.size, b.le, b.size), be = order_of(a.be, a.size, b.be, b.size);
    wrong += sign(adcp_text_compare(ADCP_UTF16LE, &a.value, &b.value)) != le;
    wrong += sign(adcp_text_compare(ADCP_UTF16BE, &a.value, &b.value)) != be;
    less += le < 0;
    equal += le == 0;
    if( a.value.type == ADCP_TEXT && b.value.type == ADCP_TEXT ) {
      int plain = order_of(a.held, a.value.size, b.held, b.value.size);
      wrong += sign(adcp_text_compare(ADCP_UTF8, &a.value, &b.value)) != plain;
    }
  }
  CHECK(wrong == 0);
  CHECK(less > 50000 && equal > 10000);
}

/* What no database of that encoding holds, but a file can: an order all the same, and no byte is
** read that is not there. */
static void broken_text(void) {
  static const uint8_t bytes[] = {0xf0, 0x90, 0x80};
  for( size_t n = 0; n <= sizeof bytes; n++ ) {
    uint8_t *copy = malloc(n + !n);
    if( copy == NULL ) return;
    memcpy(copy, bytes, n);
    AdcpValue text = {.type = ADCP_TEXT, .bytes = copy, .size = n};
    AdcpValue wide = {.type = ADCP_TEXT16, .bytes = copy, .size = n};
    AdcpValue empty = {.type = ADCP_TEXT};
    CHECK(adcp_text_compare(ADCP_UTF16BE, &text, &text) == 0);
    CHECK(adcp_text_compare(ADCP_UTF16LE, &wide, &wide) == 0);
    CHECK(sign(adcp_text_compare(ADCP_UTF16LE, &empty, &text)) == (n ? -1 : 0));
    CHECK(sign(adcp_text_compare(ADCP_UTF16BE, &wide, &empty)) == (n ? 1 : 0));
    free(copy);
  }
}

static void names(void) {
  CHECK(adcp_encoding_of_name("UTF-8") == ADCP_UTF8);
  CHECK(adcp_encoding_of_name("UTF-16le") == ADCP_UTF16LE);
  CHECK(adcp_encoding_of_name("UTF-16be") == ADCP_UTF16BE);
  CHECK(adcp_encoding_of_name("") == ADCP_UTF8);
  CHECK(adcp_encoding_of_name(NULL) == ADCP_UTF8);
}

int main(void) {
  all_encodings();
  broken_text();
  names();
  return unit_done();
}
