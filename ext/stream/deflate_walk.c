/*
** deflate_walk.c - reads a deflate stream's symbols without making its text (deflate_walk.h).
**
** To find the end of a block only the number of bits of each symbol matters. So a table entry tells
** how many bits to skip, extra bits included, and what follows; where literals are most of the
** text, two that fit into one look-up share an entry:
**
**     bit  0-4  bits to skip: of the codes, and of a match length's extra bits
**     bit  5-6  what was skipped: literals, a match length (an offset follows), the end, or nothing
**     bit 8-11  bits of the codes alone
**
** Codes longer than a table's index are read bit by bit; a code of 13 bits stands for a symbol that
** comes once in thousands.
*/
#include "stream/deflate_walk.h"

#include <string.h>

enum Kind { LITERALS, LENGTH, END, LONG_CODE };

#define KIND_SHIFT 5
#define CODE_SHIFT 8

#define MAX_CODE_BITS 15
#define LITLEN_COUNT  286 /* symbols a dynamic block may use */
#define OFFSET_COUNT  30
#define END_SYMBOL    256

static const uint8_t length_extra_bits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                              2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

/* ---- bits ---- */

typedef struct Bits {
  const uint8_t *start;
  const uint8_t *next; /* first byte not in word */
  const uint8_t *end;  /* of the stream */
  uint64_t word;       /* the next bits, least significant first */
  unsigned count;      /* how many of them are there */
} Bits;

static inline uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

/* Makes at least 56 bits available; false once the reader is past the stream. At most 8 bytes that
** are not skipped yet have been taken, so 16 bytes of slack are never left. */
static inline bool refill(Bits *bits) {
  if( bits->next > bits->end + 8 ) return false;
  bits->word |= load64(bits->next) << bits->count;
  bits->next += (63 - bits->count) >> 3;
  bits->count |= 56;
  return true;
}

static inline void skip(Bits *bits, unsigned n) {
  bits->word >>= n;
  bits->count -= n;
}

static inline unsigned take(Bits *bits, unsigned n) {
  unsigned value = (unsigned)(bits->word & ((1u << n) - 1));
  skip(bits, n);
  return value;
}

static size_t position(const Bits *bits) {
  return (size_t)(bits->next - bits->start) * 8 - bits->count;
}

static void set_byte_position(Bits *bits, size_t offset) {
  bits->next = bits->start + offset;
  bits->word = 0;
  bits->count = 0;
}

/* ---- codes ---- */

/* Sorts symbols by code length. False when the lengths promise more codes than there are. */
static bool make_code(AdcpWalkCode *code, const uint8_t *lengths, unsigned n) {
  uint16_t at[MAX_CODE_BITS + 2];
  memset(code->count, 0, sizeof code->count);
  for( unsigned i = 0; i < n; i++ ) code->count[lengths[i]]++;
  code->count[0] = 0;
  int left = 1;
  at[1] = 0;
  for( unsigned length = 1; length <= MAX_CODE_BITS; length++ ) {
    left = left * 2 - code->count[length];
    if( left < 0 ) return false;
    at[length + 1] = (uint16_t)(at[length] + code->count[length]);
  }
  for( unsigned i = 0; i < n; i++ ) {
    if( lengths[i] ) code->symbols[at[lengths[i]]++] = (uint16_t)i;
  }
  return true;
}

/* The code after this one, both with their bits reversed as they stand in the stream. */
static inline unsigned next_code(unsigned code, unsigned length) {
  unsigned bit = 1u << (length - 1);
  while( code & bit ) bit >>= 1;
  return bit ? (code & (bit - 1)) | bit : 0;
}

/* Fills a table for codes of up to `bits` bits; index is what stands in the stream. The table of
** one length is twice the one before, with the codes of that length put in. */
static void make_table(uint16_t *table, unsigned bits, const AdcpWalkCode *code,
                       const uint16_t *entries) {
  unsigned value = 0, rank = 0;
  table[0] = LONG_CODE << KIND_SHIFT;
  for( unsigned length = 1; length <= bits; length++ ) {
    size_t half = (size_t)1 << (length - 1);
    memcpy(table + half, table, half * sizeof *table);
    for( unsigned i = 0; i < code->count[length]; i++ ) {
      unsigned code_bits = length << CODE_SHIFT;
      table[value] = (uint16_t)((entries[code->symbols[rank++]] + length) | code_bits);
      value = next_code(value, length);
    }
  }
}

/* Reads a code of any length bit by bit; -1 when there is no such code. */
static int take_symbol(Bits *bits, const AdcpWalkCode *code) {
  int value = 0, first = 0, index = 0;
  for( unsigned length = 1; length <= MAX_CODE_BITS; length++ ) {
    value |= (int)take(bits, 1);
    int count = code->count[length];
    if( value - count < first ) return code->symbols[index + (value - first)];
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return -1;
}

/* What a table entry of a literal/length symbol says besides its code's length. */
static uint16_t litlen_entry(unsigned symbol) {
  if( symbol < END_SYMBOL ) return LITERALS << KIND_SHIFT;
  if( symbol == END_SYMBOL ) return END << KIND_SHIFT;
  if( symbol >= LITLEN_COUNT ) return LONG_CODE << KIND_SHIFT;
  return (uint16_t)(LENGTH << KIND_SHIFT | length_extra_bits[symbol - END_SYMBOL - 1]);
}

static unsigned offset_extra_bits(unsigned symbol) {
  return symbol < 2 ? 0 : symbol / 2 - 1;
}

static inline unsigned entry_bits(unsigned entry) {
  return entry & ((1u << KIND_SHIFT) - 1);
}

static inline enum Kind entry_kind(unsigned entry) {
  return (enum Kind)(entry >> KIND_SHIFT & 3);
}

/* Puts what follows a literal into the literal's entry where the index holds all of its code.
** Downwards, since what follows stands at a smaller index and must still be single. */
static void join_literals(uint16_t *table) {
  for( unsigned i = 1u << ADCP_WALK_LITLEN_BITS; i-- > 0; ) {
    unsigned entry = table[i];
    if( entry_kind(entry) != LITERALS ) continue;
    unsigned bits = entry_bits(entry);
    unsigned follower = table[i >> bits];
    unsigned code_bits = follower >> CODE_SHIFT;
    if( entry_kind(follower) == LONG_CODE || bits + code_bits > ADCP_WALK_LITLEN_BITS ) continue;
    table[i] = (uint16_t)(follower + bits);
  }
}

/* True when at least three of four symbols are likely to be literals, as in base64: joining them
** then halves the walk; in text with many matches it takes longer than it saves. A code of n bits
** stands for a symbol that comes about once in 2^n. */
static bool is_mostly_literals(const uint8_t *lengths) {
  unsigned share = 0;
  for( unsigned i = 0; i < END_SYMBOL; i++ ) {
    if( lengths[i] ) share += 1u << (MAX_CODE_BITS - lengths[i]);
  }
  return share >= 3u << (MAX_CODE_BITS - 2);
}

static bool make_tables(AdcpDeflateWalker *w, unsigned litlen_count, unsigned offset_count) {
  uint16_t entries[ADCP_WALK_SYMBOLS];
  if( !make_code(&w->litlen, w->lengths, litlen_count) ) return false;
  if( !make_code(&w->offset, w->lengths + litlen_count, offset_count) ) return false;
  for( unsigned i = 0; i < litlen_count; i++ ) entries[i] = litlen_entry(i);
  make_table(w->litlen_table, ADCP_WALK_LITLEN_BITS, &w->litlen, entries);
  w->is_joined = is_mostly_literals(w->lengths);
  if( w->is_joined ) join_literals(w->litlen_table);
  for( unsigned i = 0; i < offset_count; i++ ) entries[i] = (uint16_t)offset_extra_bits(i);
  make_table(w->offset_table, ADCP_WALK_OFFSET_BITS, &w->offset, entries);
  return true;
}

/* ---- blocks ---- */

static bool make_fixed_tables(AdcpDeflateWalker *w) {
  memset(w->lengths, 8, 144);
  memset(w->lengths + 144, 9, 112);
  memset(w->lengths + 256, 7, 24);
  memset(w->lengths + 280, 8, 8);
  memset(w->lengths + 288, 5, OFFSET_COUNT);
  return make_tables(w, 288, OFFSET_COUNT);
}

/* Reads the code lengths of a dynamic block, which are themselves coded with `precode`. */
static bool take_lengths(AdcpDeflateWalker *w, Bits *bits, const AdcpWalkCode *precode,
                         unsigned total) {
  unsigned n = 0;
  while( n < total ) {
    if( !refill(bits) ) return false;
    int symbol = take_symbol(bits, precode);
    if( symbol < 0 || (symbol == 16 && n == 0) ) return false;
    if( symbol < 16 ) {
      w->lengths[n++] = (uint8_t)symbol;
      continue;
    }
    unsigned repeat = symbol == 16   ? 3 + take(bits, 2)
                      : symbol == 17 ? 3 + take(bits, 3)
                                     : 11 + take(bits, 7);
    if( repeat > total - n ) return false;
    memset(w->lengths + n, symbol == 16 ? w->lengths[n - 1] : 0, repeat);
    n += repeat;
  }
  return true;
}

static bool make_dynamic_tables(AdcpDeflateWalker *w, Bits *bits) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
  uint8_t precode_lengths[19] = {0};
  AdcpWalkCode precode;
  unsigned litlen_count = take(bits, 5) + 257;
  unsigned offset_count = take(bits, 5) + 1;
  unsigned precode_count = take(bits, 4) + 4;
  if( litlen_count > LITLEN_COUNT || offset_count > OFFSET_COUNT ) return false;
  for( unsigned i = 0; i < precode_count; i++ ) {
    if( !refill(bits) ) return false;
    precode_lengths[order[i]] = (uint8_t)take(bits, 3);
  }
  if( !make_code(&precode, precode_lengths, 19) ) return false;
  if( !take_lengths(w, bits, &precode, litlen_count + offset_count) ) return false;
  return make_tables(w, litlen_count, offset_count);
}

/* Skips the rest of a symbol whose code the table does not hold; LONG_CODE when there is none. */
static enum Kind skip_long_litlen(const AdcpDeflateWalker *w, Bits *bits) {
  int symbol = take_symbol(bits, &w->litlen);
  if( symbol < 0 ) return LONG_CODE;
  unsigned entry = litlen_entry((unsigned)symbol);
  skip(bits, entry_bits(entry));
  return entry_kind(entry);
}

static inline unsigned offset_at(const AdcpDeflateWalker *w, uint64_t word) {
  return w->offset_table[word & ((1u << ADCP_WALK_OFFSET_BITS) - 1)];
}

static bool skip_offset(const AdcpDeflateWalker *w, Bits *bits) {
  unsigned entry = offset_at(w, bits->word);
  if( entry_kind(entry) != LONG_CODE ) {
    skip(bits, entry_bits(entry));
    return true;
  }
  int symbol = take_symbol(bits, &w->offset);
  if( symbol < 0 ) return false;
  skip(bits, offset_extra_bits((unsigned)symbol));
  return true;
}

static inline unsigned litlen_at(const AdcpDeflateWalker *w, const Bits *bits) {
  return w->litlen_table[bits->word & ((1u << ADCP_WALK_LITLEN_BITS) - 1)];
}

/* Skips a symbol, its code of any length, and the offset that belongs to it. Sets *kind to END at
** the end of the block; false when there is no such code. */
static bool skip_any_symbol(const AdcpDeflateWalker *w, Bits *bits, enum Kind *kind) {
  if( !refill(bits) ) return false;
  unsigned entry = litlen_at(w, bits);
  skip(bits, entry_bits(entry));
  *kind = entry_kind(entry);
  if( *kind == LONG_CODE ) *kind = skip_long_litlen(w, bits);
  if( *kind == LONG_CODE ) return false;
  return *kind != LENGTH || (refill(bits) && skip_offset(w, bits));
}

/* Skips literals, 4 look-ups (48 bits) at a time, up to something else. */
static bool skip_literals(const AdcpDeflateWalker *w, Bits *bits) {
  for( ;; ) {
    if( !refill(bits) ) return false;
    for( int i = 0; i < 4; i++ ) {
      unsigned entry = litlen_at(w, bits);
      if( entry_kind(entry) != LITERALS ) return true;
      skip(bits, entry_bits(entry));
    }
  }
}

/* Skips literals and matches, whose codes the tables hold, up to something else. Which of the two
** comes next cannot be predicted, so both do the same: a literal skips 0 bits of offset. */
static bool skip_matches(const AdcpDeflateWalker *w, Bits *bits) {
  for( ;; ) {
    if( !refill(bits) ) return false;
    unsigned entry = litlen_at(w, bits);
    unsigned n = entry_bits(entry);
    unsigned offset = offset_at(w, bits->word >> n);
    unsigned is_length = entry_kind(entry) == LENGTH;
    unsigned is_long = entry_kind(offset) == LONG_CODE;
    if( entry_kind(entry) >= END || (is_length & is_long) ) return true;
    skip(bits, n + (entry_bits(offset) & (0u - is_length)));
  }
}

/* Skips symbols up to and with the end of the block. */
static bool skip_symbols(const AdcpDeflateWalker *w, Bits *stream) {
  Bits bits = *stream; /* local, so that it can stay in registers */
  enum Kind kind = LITERALS;
  while( kind != END ) {
    bool ok = w->is_joined ? skip_literals(w, &bits) : skip_matches(w, &bits);
    if( !ok || !skip_any_symbol(w, &bits, &kind) ) return false;
  }
  *stream = bits;
  return true;
}

static bool skip_stored(Bits *bits) {
  size_t at = (position(bits) + 7) / 8;
  if( at + 4 > (size_t)(bits->end - bits->start) ) return false;
  const uint8_t *p = bits->start + at;
  unsigned size = p[0] | (unsigned)p[1] << 8;
  unsigned complement = p[2] | (unsigned)p[3] << 8;
  if( (size ^ complement) != 0xffff ) return false;
  if( size > (size_t)(bits->end - p) - 4 ) return false;
  set_byte_position(bits, at + 4 + size);
  return true;
}

static bool skip_block(AdcpDeflateWalker *w, Bits *bits, unsigned type) {
  switch( type ) {
  case 0: return skip_stored(bits);
  case 1: return make_fixed_tables(w) && skip_symbols(w, bits);
  case 2: return make_dynamic_tables(w, bits) && skip_symbols(w, bits);
  default: return false;
  }
}

bool adcp_deflate_walk(AdcpDeflateWalker *walker, const uint8_t *bytes, size_t n,
                       AdcpDeflateEnd *end) {
  Bits bits = {.start = bytes, .next = bytes, .end = bytes + n};
  unsigned is_final;
  do {
    if( !refill(&bits) ) return false;
    end->header_bit = position(&bits);
    is_final = take(&bits, 1);
    unsigned type = take(&bits, 2);
    if( !skip_block(walker, &bits, type) ) return false;
  } while( !is_final );
  end->end_bit = position(&bits);
  return end->end_bit <= n * 8 && n * 8 - end->end_bit < 8;
}
