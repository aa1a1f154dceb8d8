/*
** scan.h - finds the end of a run of plain string bytes, 16 bytes at a time.
**
** A byte is plain if it stands for itself inside a JSON string: not below 0x20, not '"', not '\\'.
** Both the writer of strings and the parser of rows spend their time here, so the routines are
** inline; SSE2 (every x86-64 has it) does 16 bytes a step, a table-free loop does the rest.
*/
#ifndef ADCP_CODEC_SCAN_H
#define ADCP_CODEC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool adcp_is_plain(uint8_t byte) {
  return byte >= 0x20 && byte != '"' && byte != '\\';
}

#ifdef __SSE2__
/* One bit for each of the 16 bytes that is not plain. */
static inline unsigned adcp_special_mask(__m128i bytes) {
  /* The unsigned minimum with 0x1f is the byte itself exactly for bytes up to 0x1f. */
  __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash)));
}
#endif

/* Length of the run of plain bytes at the start of n bytes. Sets *non_ascii (and never clears it)
** if one of that run is above 0x7f: only then does the run need a look at its UTF-8. */
static inline size_t adcp_scan_plain(const uint8_t *bytes, size_t n, bool *non_ascii) {
  size_t i = 0;
  unsigned high = 0;
#ifdef __SSE2__
  for( ; n - i >= 16; i += 16 ) {
    __m128i piece = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
    unsigned special = adcp_special_mask(piece);
    unsigned above = (unsigned)_mm_movemask_epi8(piece);
    if( special ) {
      unsigned before = (special & (0u - special)) - 1;
      if( high | (above & before) ) *non_ascii = true;
      return i + (size_t)__builtin_ctz(special);
    }
    high |= above;
  }
#endif
  for( ; i < n && adcp_is_plain(bytes[i]); i++ ) high |= bytes[i] & 0x80u;
  if( high ) *non_ascii = true;
  return i;
}

/* Copies that run to `to` and returns its length. `to` must have room for n bytes: those behind the
** run may be overwritten with anything. */
static inline size_t adcp_copy_plain(uint8_t *to, const uint8_t *bytes, size_t n) {
  size_t i = 0;
#ifdef __SSE2__
  for( ; n - i >= 16; i += 16 ) {
    __m128i piece = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
    _mm_storeu_si128((__m128i *)(void *)(to + i), piece);
    unsigned special = adcp_special_mask(piece);
    if( special ) return i + (size_t)__builtin_ctz(special);
  }
#endif
  for( ; i < n && adcp_is_plain(bytes[i]); i++ ) to[i] = bytes[i];
  return i;
}

#endif
