/*
** utf8.c - validity of UTF-8 and UTF-16 (contract in utf8.h).
**
** ASCII is skipped 16 bytes at a time; the other sequences are checked one by one, by the table of
** well-formed sequences in RFC 3629, section 4: only the second byte has a range that depends on
** the first one.
*/
#include "codec/utf8.h"

#include <string.h>

static uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* First byte at or after i that is not ASCII, or n. */
static size_t skip_ascii(const uint8_t *bytes, size_t i, size_t n) {
  const uint64_t high = 0x8080808080808080u;
  while( n - i >= 16 && ((load64(bytes + i) | load64(bytes + i + 8)) & high) == 0 ) i += 16;
  while( i < n && bytes[i] < 0x80 ) i++;
  return i;
}

static bool is_continuation(uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

/* Three bytes: E0 wants A0..BF second (else overlong), ED 80..9F (else a surrogate). */
static size_t length_of_three(const uint8_t *bytes, size_t n) {
  if( n < 3 || !is_continuation(bytes[1]) || !is_continuation(bytes[2]) ) return 0;
  if( bytes[0] == 0xe0 && bytes[1] < 0xa0 ) return 0;
  if( bytes[0] == 0xed && bytes[1] > 0x9f ) return 0;
  return 3;
}

/* Four bytes: F0 wants 90..BF second (else overlong), F4 80..8F (else above U+10FFFF). */
static size_t length_of_four(const uint8_t *bytes, size_t n) {
  if( n < 4 || !is_continuation(bytes[1]) || !is_continuation(bytes[2]) ||
      !is_continuation(bytes[3]) ) {
    return 0;
  }
  if( bytes[0] == 0xf0 && bytes[1] < 0x90 ) return 0;
  if( bytes[0] == 0xf4 && bytes[1] > 0x8f ) return 0;
  return 4;
}

/* Length of the well-formed sequence that begins with a byte above 0x7f; 0 when there is none. */
static size_t sequence_length(const uint8_t *bytes, size_t n) {
  uint8_t first = bytes[0];
  if( first < 0xc2 || first > 0xf4 ) return 0;
  if( first < 0xe0 ) return n >= 2 && is_continuation(bytes[1]) ? 2 : 0;
  if( first < 0xf0 ) return length_of_three(bytes, n);
  return length_of_four(bytes, n);
}

size_t adcp_utf8_valid_prefix(const uint8_t *bytes, size_t n) {
  size_t i = skip_ascii(bytes, 0, n);
  while( i < n ) {
    size_t length = sequence_length(bytes + i, n - i);
    if( length == 0 ) return i;
    i += length;
    if( i < n && bytes[i] < 0x80 ) i = skip_ascii(bytes, i, n);
  }
  return n;
}

bool adcp_utf8_valid(const uint8_t *bytes, size_t n) {
  return adcp_utf8_valid_prefix(bytes, n) == n;
}

size_t adcp_utf8_encode(uint32_t code_point, uint8_t out[4]) {
  if( code_point < 0x80 ) {
    out[0] = (uint8_t)code_point;
    return 1;
  }
  if( code_point < 0x800 ) {
    out[0] = (uint8_t)(0xc0 | code_point >> 6);
    out[1] = (uint8_t)(0x80 | (code_point & 0x3f));
    return 2;
  }
  if( code_point < 0x10000 ) {
    out[0] = (uint8_t)(0xe0 | code_point >> 12);
    out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code_point & 0x3f));
    return 3;
  }
  out[0] = (uint8_t)(0xf0 | code_point >> 18);
  out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3f));
  out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
  out[3] = (uint8_t)(0x80 | (code_point & 0x3f));
  return 4;
}

bool adcp_utf16_valid(const uint8_t *bytes, size_t n, bool big_endian) {
  if( n % 2 ) return false;
  const size_t high = big_endian ? 0 : 1; /* where a unit's high byte stands */
  for( size_t i = 0; i < n; i += 2 ) {
    unsigned kind = bytes[i + high] & 0xfcu; /* D8: first of a pair, DC: second */
    if( kind == 0xdc ) return false;
    if( kind != 0xd8 ) continue;
    i += 2;
    if( i == n || (bytes[i + high] & 0xfcu) != 0xdc ) return false;
  }
  return true;
}
