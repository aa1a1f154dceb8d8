/*
** test_codec_utf8.c - UTF-8 and UTF-16 validity against a slow decoder that follows the definition.
*/
#include "unit.h"

#include <stdlib.h>

#include "codec/scan.h"
#include "codec/utf8.h"

static uint64_t random_state = 88172645463325252u;

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 16);
}

/* Length of the sequence at bytes by decoding it and asking whether that is its shortest form. */
static size_t slow_length(const uint8_t *bytes, size_t n) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = bytes[0] < 0x80             ? 1
                  : (bytes[0] & 0xe0) == 0xc0 ? 2
                  : (bytes[0] & 0xf0) == 0xe0 ? 3
                  : (bytes[0] & 0xf8) == 0xf0 ? 4
                                              : 0;
  if( length == 0 || length > n ) return 0;
  uint32_t code_point = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
  for( size_t i = 1; i < length; i++ ) {
    if( (bytes[i] & 0xc0) != 0x80 ) return 0;
    code_point = code_point << 6 | (bytes[i] & 0x3fu);
  }
  if( code_point < least[length] || code_point > 0x10ffff ) return 0;
  return code_point >= 0xd800 && code_point <= 0xdfff ? 0 : length;
}

static size_t slow_prefix(const uint8_t *bytes, size_t n) {
  size_t i = 0;
  while( i < n ) {
    size_t length = slow_length(bytes + i, n - i);
    if( length == 0 ) break;
    i += length;
  }
  return i;
}

/* Every sequence of up to three bytes, and every four-byte one with the edges of each range. */
static void short_sequences(void) {
  static const uint8_t edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
  uint8_t bytes[4];
  long wrong = 0;
  for( uint32_t all = 0; all < 1u << 24; all++ ) {
    bytes[0] = (uint8_t)(all >> 16);
    bytes[1] = (uint8_t)(all >> 8);
    bytes[2] = (uint8_t)all;
    wrong += adcp_utf8_valid_prefix(bytes, 3) != slow_prefix(bytes, 3);
  }
  CHECK(wrong == 0);
  for( unsigned first = 0xe0; first < 0x100; first++ ) {
    for( size_t rest = 0; rest < 1000; rest++ ) {
      bytes[0] = (uint8_t)first;
      bytes[1] = edges[rest / 100];
      bytes[2] = edges[rest / 10 % 10];
      bytes[3] = edges[rest % 10];
      wrong += adcp_utf8_valid_prefix(bytes, 4) != slow_prefix(bytes, 4);
    }
  }
  CHECK(wrong == 0);
}

static void every_code_point(void) {
  long wrong = 0;
  for( uint32_t code_point = 0; code_point <= 0x10ffff; code_point++ ) {
    if( code_point == 0xd800 ) code_point = 0xe000;
    uint8_t bytes[4];
    size_t length = adcp_utf8_encode(code_point, bytes);
    wrong += slow_length(bytes, length) != length || !adcp_utf8_valid(bytes, length);
    wrong += adcp_utf8_valid_prefix(bytes, length - 1) != 0; /* cut short */
  }
  CHECK(wrong == 0);
}

/* Texts with one damaged place, at every alignment, in memory of exactly their size. */
static void long_texts(void) {
  static const uint32_t limits[] = {0x80, 0x800, 0x10000, 0x110000};
  long wrong = 0;
  for( int round = 0; round < 20000; round++ ) {
    uint8_t text[120];
    size_t n = 0, wanted = next_random() % 100;
    while( n < wanted ) {
      uint32_t code_point = next_random() % limits[next_random() % 4];
      if( code_point >= 0xd800 && code_point < 0xe000 ) continue;
      n += adcp_utf8_encode(code_point, text + n);
    }
    if( n && round % 2 ) text[next_random() % n] = (uint8_t)next_random();
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    wrong += adcp_utf8_valid_prefix(exact, n) != slow_prefix(exact, n);
    wrong += adcp_utf8_valid(exact, n) != (slow_prefix(exact, n) == n);
    free(exact);
  }
  CHECK(wrong == 0);
}

static void utf16(void) {
  static const struct {
    const char *units;
    size_t n;
    bool valid;
  } cases[] = {
      {"", 0, true},
      {"a", 1, false},
      {"\0a", 2, true},
      {"\xd8\x00\xdc\x00", 4, true},
      {"\xdb\xff\xdf\xff", 4, true},
      {"\xd8\x00", 2, false},
      {"\xd8\x00\0a", 4, false},
      {"\xdc\x00", 2, false},
      {"\xd8\x00\xd8\x00\xdc\x00", 6, false},
      {"\xd8\x00\xdc\x00\xdc\x00", 6, false},
      {"\xd7\xff\xe0\x00", 4, true},
      {"\0a\xd8\x3d\xde\x00\0b", 8, true},
      {"\xd8\x00\xdc", 3, false},
  };
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    uint8_t swapped[8] = {0};
    const uint8_t *units = (const uint8_t *)cases[i].units;
    for( size_t j = 0; j + 1 < cases[i].n; j += 2 ) {
      swapped[j] = units[j + 1];
      swapped[j + 1] = units[j];
    }
    CHECK_CASE(adcp_utf16_valid(units, cases[i].n, true) == cases[i].valid, "%zu", i);
    CHECK_CASE(adcp_utf16_valid(swapped, cases[i].n, false) == cases[i].valid, "%zu", i);
  }
}

/* The scan against its definition: each special byte at each place, at each length. */
static void plain_runs(void) {
  long wrong = 0;
  for( size_t n = 0; n < 50; n++ ) {
    for( size_t at = 0; at <= n; at++ ) {
      for( unsigned byte = 0; byte < 256; byte++ ) {
        uint8_t *text = malloc(n ? n : 1), *copy = malloc(n ? n : 1);
        memset(text, 'p', n);
        if( at < n ) text[at] = (uint8_t)byte;
        bool special = byte < 0x20 || byte == '"' || byte == '\\', non_ascii = false;
        size_t expected = special ? at : n;
        wrong += adcp_scan_plain(text, n, &non_ascii) != expected;
        wrong += non_ascii != (at < n && byte >= 0x80);
        wrong += adcp_copy_plain(copy, text, n) != expected || memcmp(copy, text, expected) != 0;
        free(text);
        free(copy);
      }
    }
  }
  uint8_t after[] = "plain\"\xc3\xa9 behind the end of it";
  bool non_ascii = false;
  wrong += adcp_scan_plain(after, sizeof after - 1, &non_ascii) != 5 || non_ascii;
  CHECK(wrong == 0);
}

int main(void) {
  short_sequences();
  every_code_point();
  long_texts();
  utf16();
  plain_runs();
  return unit_done();
}
