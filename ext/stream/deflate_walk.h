/*
** deflate_walk.h - where the last block of a deflate stream (RFC 1951) begins and ends, to the bit.
*/
#ifndef ADCP_STREAM_DEFLATE_WALK_H
#define ADCP_STREAM_DEFLATE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readable bytes that must stand behind the stream. Their values do not matter. */
#define ADCP_WALK_SLACK 16

#define ADCP_WALK_LITLEN_BITS 12
#define ADCP_WALK_OFFSET_BITS 10
#define ADCP_WALK_SYMBOLS     288

/* A prefix code as RFC 1951 transmits it: how many codes of each length, and the symbols by length,
** then value. */
typedef struct AdcpWalkCode {
  uint16_t count[16];
  uint16_t symbols[ADCP_WALK_SYMBOLS];
} AdcpWalkCode;

/* Tables of the deflate block at hand: scratch memory, to be reused. Nothing need be set. */
typedef struct AdcpDeflateWalker {
  uint16_t litlen_table[1 << ADCP_WALK_LITLEN_BITS];
  uint16_t offset_table[1 << ADCP_WALK_OFFSET_BITS];
  bool is_joined; /* entries of litlen_table hold two literals where they can */
  AdcpWalkCode litlen;
  AdcpWalkCode offset;
  uint8_t lengths[ADCP_WALK_SYMBOLS + 32];
} AdcpDeflateWalker;

/* In bits from the first byte's least significant. */
typedef struct AdcpDeflateEnd {
  size_t header_bit; /* the final bit of the last block */
  size_t end_bit;    /* one past the last block */
} AdcpDeflateEnd;

/* Walks over the symbols of the stream in n bytes; false when it is damaged or does not end
** there. */
bool adcp_deflate_walk(AdcpDeflateWalker *walker, const uint8_t *bytes, size_t n,
                       AdcpDeflateEnd *end);

#endif
