/*
** base64.c - base64 and hexadecimal by tables (contract in base64.h).
**
** The base64 loops take 8 characters a step. The decoding tables hold the value with a mark bit
** above it; a character that is not a digit has 0, so one AND over all entries tells at the end
** whether every character was good. Hexadecimal goes 16 characters a step with SSE2.
*/
#include "codec/base64.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define BASE64_MARK 64u
#define HEX_MARK    16u

/* clang-format off */
static const uint8_t base64_values[256] = {
  ['A'] = 64, ['B'] = 65, ['C'] = 66, ['D'] = 67, ['E'] = 68, ['F'] = 69, ['G'] = 70,
  ['H'] = 71, ['I'] = 72, ['J'] = 73, ['K'] = 74, ['L'] = 75, ['M'] = 76, ['N'] = 77,
  ['O'] = 78, ['P'] = 79, ['Q'] = 80, ['R'] = 81, ['S'] = 82, ['T'] = 83, ['U'] = 84,
  ['V'] = 85, ['W'] = 86, ['X'] = 87, ['Y'] = 88, ['Z'] = 89, ['a'] = 90, ['b'] = 91,
  ['c'] = 92, ['d'] = 93, ['e'] = 94, ['f'] = 95, ['g'] = 96, ['h'] = 97, ['i'] = 98,
  ['j'] = 99, ['k'] = 100, ['l'] = 101, ['m'] = 102, ['n'] = 103, ['o'] = 104, ['p'] = 105,
  ['q'] = 106, ['r'] = 107, ['s'] = 108, ['t'] = 109, ['u'] = 110, ['v'] = 111, ['w'] = 112,
  ['x'] = 113, ['y'] = 114, ['z'] = 115, ['0'] = 116, ['1'] = 117, ['2'] = 118, ['3'] = 119,
  ['4'] = 120, ['5'] = 121, ['6'] = 122, ['7'] = 123, ['8'] = 124, ['9'] = 125, ['+'] = 126,
  ['/'] = 127,
};

static const uint8_t hex_values[256] = {
  ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
  ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
};
/* clang-format on */

/* The two digits of each byte. */
static const char hex_pairs[] = "000102030405060708090a0b0c0d0e0f"
                                "101112131415161718191a1b1c1d1e1f"
                                "202122232425262728292a2b2c2d2e2f"
                                "303132333435363738393a3b3c3d3e3f"
                                "404142434445464748494a4b4c4d4e4f"
                                "505152535455565758595a5b5c5d5e5f"
                                "606162636465666768696a6b6c6d6e6f"
                                "707172737475767778797a7b7c7d7e7f"
                                "808182838485868788898a8b8c8d8e8f"
                                "909192939495969798999a9b9c9d9e9f"
                                "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
                                "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
                                "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
                                "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
                                "e0e1e2e3e4e5e6e7e8e9eaebecedeeef"
                                "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

/* The four characters of 24 bits. */
static void encode_group(uint32_t bits, uint8_t out[4]) {
  out[0] = (uint8_t)base64_digits[bits >> 18 & 63];
  out[1] = (uint8_t)base64_digits[bits >> 12 & 63];
  out[2] = (uint8_t)base64_digits[bits >> 6 & 63];
  out[3] = (uint8_t)base64_digits[bits & 63];
}

static uint32_t load24(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
}

/* One or two bytes at the end: two or three characters and the padding. */
static void encode_last(const uint8_t *bytes, size_t n, uint8_t out[4]) {
  uint32_t bits = (uint32_t)bytes[0] << 16 | (n == 2 ? (uint32_t)bytes[1] << 8 : 0);
  encode_group(bits, out);
  out[3] = '=';
  if( n == 1 ) out[2] = '=';
}

size_t adcp_base64_encode(const uint8_t *bytes, size_t n, uint8_t *out) {
  size_t i = 0;
  uint8_t *to = out;
  for( ; n - i >= 6; i += 6, to += 8 ) {
    encode_group(load24(bytes + i), to);
    encode_group(load24(bytes + i + 3), to + 4);
  }
  for( ; n - i >= 3; i += 3, to += 4 ) encode_group(load24(bytes + i), to);
  if( i < n ) {
    encode_last(bytes + i, n - i, to);
    to += 4;
  }
  return (size_t)(to - out);
}

/* 24 bits of four characters; clears *mark when one of them is not a digit. */
static uint32_t decode_group(const uint8_t *text, unsigned *mark) {
  unsigned a = base64_values[text[0]], b = base64_values[text[1]];
  unsigned c = base64_values[text[2]], d = base64_values[text[3]];
  *mark &= a & b & c & d;
  return (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
}

static void store24(uint32_t bits, uint8_t *out) {
  out[0] = (uint8_t)(bits >> 16);
  out[1] = (uint8_t)(bits >> 8);
  out[2] = (uint8_t)bits;
}

/* The last four characters, which may be padded: 1 to 3 bytes, or 0 when they are wrong. */
static size_t decode_last(const uint8_t *text, uint8_t *out) {
  uint8_t group[4];
  memcpy(group, text, 4);
  size_t size = 3;
  if( group[3] == '=' ) {
    group[3] = 'A';
    size = 2;
    if( group[2] == '=' ) {
      group[2] = 'A';
      size = 1;
    }
  }
  unsigned mark = BASE64_MARK;
  uint32_t bits = decode_group(group, &mark);
  uint32_t unused = (1u << (24 - 8 * size)) - 1;
  if( mark == 0 || (bits & unused) != 0 ) return 0;
  for( size_t i = 0; i < size; i++ ) out[i] = (uint8_t)(bits >> (16 - 8 * i));
  return size;
}

bool adcp_base64_decode(const uint8_t *text, size_t n, uint8_t *out, size_t *out_size) {
  *out_size = 0;
  if( n % 4 ) return false;
  if( n == 0 ) return true;
  unsigned mark = BASE64_MARK;
  size_t i = 0;
  uint8_t *to = out;
  for( ; n - i > 8; i += 8, to += 6 ) {
    uint32_t first = decode_group(text + i, &mark);
    uint32_t second = decode_group(text + i + 4, &mark);
    store24(first, to);
    store24(second, to + 3);
  }
  for( ; n - i > 4; i += 4, to += 3 ) store24(decode_group(text + i, &mark), to);
  size_t last = decode_last(text + i, to);
  if( mark == 0 || last == 0 ) return false;
  *out_size = (size_t)(to - out) + last;
  return true;
}

#ifdef __SSE2__
/* 32 digits of 16 bytes. */
static void encode_hex_piece(const uint8_t *bytes, uint8_t *out) {
  __m128i low_mask = _mm_set1_epi8(15), nine = _mm_set1_epi8(9);
  __m128i piece = _mm_loadu_si128((const __m128i *)(const void *)bytes);
  __m128i high = _mm_and_si128(_mm_srli_epi16(piece, 4), low_mask);
  __m128i low = _mm_and_si128(piece, low_mask);
  __m128i halves[2] = {_mm_unpacklo_epi8(high, low), _mm_unpackhi_epi8(high, low)};
  for( int i = 0; i < 2; i++ ) {
    __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(halves[i], nine), _mm_set1_epi8('a' - '0' - 10));
    __m128i digits = _mm_add_epi8(_mm_add_epi8(halves[i], _mm_set1_epi8('0')), letter);
    _mm_storeu_si128((__m128i *)(void *)(out + 16 * i), digits);
  }
}

/* 8 bytes of 16 digits; false when one of them is none. */
static bool decode_hex_piece(const uint8_t *text, uint8_t *out) {
  __m128i piece = _mm_loadu_si128((const __m128i *)(const void *)text);
  __m128i digit = _mm_sub_epi8(piece, _mm_set1_epi8('0'));
  __m128i letter = _mm_sub_epi8(piece, _mm_set1_epi8('a'));
  /* The unsigned minimum with 9 is the byte itself exactly for bytes up to 9. */
  __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
  __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
  __m128i values = _mm_or_si128(_mm_and_si128(is_digit, digit),
                                _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
  /* In each 16 bits the first digit is the lower byte. */
  __m128i high = _mm_and_si128(_mm_slli_epi16(values, 4), _mm_set1_epi16(0xf0));
  __m128i bytes = _mm_or_si128(high, _mm_srli_epi16(values, 8));
  _mm_storel_epi64((__m128i *)(void *)out, _mm_packus_epi16(bytes, bytes));
  return _mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) == 0xffff;
}
#endif

void adcp_hex_encode(const uint8_t *bytes, size_t n, uint8_t *out) {
  size_t i = 0;
#ifdef __SSE2__
  for( ; n - i >= 16; i += 16 ) encode_hex_piece(bytes + i, out + 2 * i);
#endif
  for( ; i < n; i++ ) memcpy(out + 2 * i, hex_pairs + 2 * bytes[i], 2);
}

bool adcp_hex_decode(const uint8_t *text, size_t n, uint8_t *out, size_t *out_size) {
  size_t i = 0;
  *out_size = 0;
  if( n % 2 ) return false;
#ifdef __SSE2__
  for( ; n / 2 - i >= 8; i += 8 ) {
    if( !decode_hex_piece(text + 2 * i, out + i) ) return false;
  }
#endif
  unsigned mark = HEX_MARK;
  for( ; i < n / 2; i++ ) {
    unsigned high = hex_values[text[2 * i]], low = hex_values[text[2 * i + 1]];
    mark &= high & low;
    out[i] = (uint8_t)(high << 4 | (low & 15));
  }
  if( mark == 0 ) return false;
  *out_size = n / 2;
  return true;
}
