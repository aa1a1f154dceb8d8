/*
** number.c - number text, exact both ways (contract in number.h).
**
** Writing: Raffaello Giulietti, "The Schubfach way to render doubles" (2020): the shortest decimal
** that reads back, from three 64 x 128 bit products and no loop.
**
** Reading: Clinger's exact cases first; then, after Daniel Lemire's "Number parsing at a gigabyte
** per second" (2021), 19 digits times a 128-bit power of ten. Here that product is taken as an
** interval that holds the true value: if both of its ends round to one double, that is the answer.
** If not, the value is within 2^-59 of the middle of two doubles, and is compared with it in exact
** integers.
**
** Both take powers of ten from pow10_table.h. Nothing here looks at the locale.
*/
#include "codec/number.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "codec/pow10_table.h"

__extension__ typedef unsigned __int128 Wide;

#define MANTISSA_BITS 52
#define HIDDEN_BIT    ((uint64_t)1 << MANTISSA_BITS)
#define INFINITY_BITS ((uint64_t)0x7ff << MANTISSA_BITS)
#define SIGN_BIT      ((uint64_t)1 << 63)
#define MIN_EXPONENT  (-1074) /* of the last bit of a subnormal number */

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* floor(log2(10^q)), for |q| up to 1233. */
static int floor_log2_pow10(int q) {
  return (q * 1741647) >> 19;
}

static Wide pow10_floor(int q) {
  assert(q >= POW10_FIRST && q <= POW10_LAST);
  return (Wide)pow10_table[q - POW10_FIRST].high << 64 | pow10_table[q - POW10_FIRST].low;
}

static bool pow10_is_exact(int q) {
  return q >= 0 && q <= POW10_EXACT_LAST;
}

/* ---- digits ---- */

static const char digit_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

static int count_digits(uint64_t value) {
  static const uint64_t powers[] = {
      0,
      10,
      100,
      1000,
      10000,
      100000,
      1000000,
      10000000,
      100000000,
      1000000000,
      10000000000,
      100000000000,
      1000000000000,
      10000000000000,
      100000000000000,
      1000000000000000,
      10000000000000000,
      100000000000000000,
      1000000000000000000,
      10000000000000000000u,
  };
  int bits = 64 - __builtin_clzll(value | 1);
  int guess = bits * 1233 >> 12; /* floor of bits * log10(2): right or one too small */
  return guess + (value >= powers[guess]);
}

static void write_pair(uint32_t value, char *out) {
  memcpy(out, digit_pairs + value * 2, 2);
}

/* Eight digits; the four divisions do not wait for one another. */
static void write_eight(uint32_t value, char *out) {
  uint32_t high = value / 10000, low = value % 10000;
  write_pair(high / 100, out);
  write_pair(high % 100, out + 2);
  write_pair(low / 100, out + 4);
  write_pair(low % 100, out + 6);
}

/* Writes exactly `count` digits, which value has. */
static void write_digits(uint64_t value, int count, char *out) {
  char *to = out + count;
  for( ; value >= 100000000; value /= 100000000 ) {
    to -= 8;
    write_eight((uint32_t)(value % 100000000), to);
  }
  uint32_t rest = (uint32_t)value;
  for( ; rest >= 100; rest /= 100 ) {
    to -= 2;
    write_pair(rest % 100, to);
  }
  if( rest >= 10 ) {
    write_pair(rest, to - 2);
  } else {
    to[-1] = (char)('0' + rest);
  }
}

size_t adcp_integer_text(int64_t value, char out[ADCP_INTEGER_TEXT_MAX]) {
  uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  size_t sign = value < 0;
  out[0] = '-';
  int count = count_digits(magnitude);
  write_digits(magnitude, count, out + sign);
  return sign + (size_t)count;
}

/* ---- writing ---- */

typedef struct Decimal {
  uint64_t digits; /* at most 17 of them */
  int exponent;    /* the value is digits * 10^exponent */
} Decimal;

/* The product's part above bit 128, its last bit set if anything below bit 129 was: two such
** numbers compare, with 4 * s, as the exact products do (Schubfach, section 9.9). */
static uint64_t round_to_odd(Wide power, uint64_t factor) {
  Wide low = (Wide)(uint64_t)power * factor;
  Wide sum = (Wide)(uint64_t)(power >> 64) * factor + (uint64_t)(low >> 64);
  return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* The multiple of ten^(k+1) or ten^k in the rounding interval of mantissa * 2^exponent that
** Schubfach picks. */
static Decimal shortest_decimal(uint64_t mantissa, int exponent, bool lower_is_closer) {
  uint64_t odd = mantissa & 1;
  int k = (exponent * 1262611 - (lower_is_closer ? 524031 : 0)) >> 22; /* floor of log10 */
  int shift = exponent + floor_log2_pow10(-k) + 1;
  Wide power = pow10_floor(-k) + !pow10_is_exact(-k);
  uint64_t value = round_to_odd(power, (4 * mantissa) << shift);
  uint64_t lower = round_to_odd(power, (4 * mantissa - 2 + lower_is_closer) << shift) + odd;
  uint64_t upper = round_to_odd(power, (4 * mantissa + 2) << shift) - odd;

  uint64_t s = value / 4;
  if( s >= 10 ) {
    uint64_t tens = s / 10;
    bool down_fits = lower <= 40 * tens;
    bool up_fits = 40 * tens + 40 <= upper;
    if( down_fits != up_fits ) return (Decimal){tens + up_fits, k + 1};
  }
  bool down_fits = lower <= 4 * s;
  bool up_fits = 4 * s + 4 <= upper;
  if( down_fits != up_fits ) return (Decimal){s + up_fits, k};
  bool nearer_up = value > 4 * s + 2 || (value == 4 * s + 2 && (s & 1));
  return (Decimal){s + nearer_up, k};
}

/* A price: if cents / 100 is this double, it is the only decimal of at most 15 digits that is. */
static bool decimal_of_cents(double value, Decimal *decimal) {
  if( FLT_EVAL_METHOD != 0 || !(value < 1e13) ) return false;
  int64_t cents = (int64_t)(value * 100 + 0.5);
  if( (double)cents / 100 != value ) return false;
  *decimal = (Decimal){(uint64_t)cents, -2};
  return true;
}

static Decimal decimal_of(uint64_t bits) {
  uint64_t fraction = bits & (HIDDEN_BIT - 1);
  int biased = (int)(bits >> MANTISSA_BITS);
  if( biased == 0 ) return shortest_decimal(fraction, MIN_EXPONENT, false);
  uint64_t mantissa = fraction | HIDDEN_BIT;
  int exponent = biased - 1 + MIN_EXPONENT;
  if( exponent <= 0 && exponent > -53 ) { /* an integer below 2^53 is its own shortest decimal */
    uint64_t integer = mantissa >> -exponent;
    if( integer << -exponent == mantissa ) return (Decimal){integer, 0};
  }
  Decimal decimal;
  if( decimal_of_cents(double_of(bits), &decimal) ) return decimal;
  return shortest_decimal(mantissa, exponent, fraction == 0 && biased > 1);
}

static void strip_zeros(Decimal *decimal) {
  while( decimal->digits % 10 == 0 ) {
    decimal->digits /= 10;
    decimal->exponent++;
  }
}

/* d.ddde+x; count digits stand at out + 1 and their first one is moved in front of the point. */
static size_t write_exponential(char *out, int count, int exponent) {
  size_t size = 1;
  out[0] = out[1];
  if( count > 1 ) {
    out[1] = '.';
    size = (size_t)count + 1;
  }
  out[size++] = 'e';
  out[size++] = exponent < 0 ? '-' : '+';
  uint64_t magnitude = (uint64_t)(exponent < 0 ? -exponent : exponent);
  int exponent_digits = count_digits(magnitude);
  write_digits(magnitude, exponent_digits, out + size);
  return size + (size_t)exponent_digits;
}

/* Lays digits out as ECMAScript's Number::toString does (ECMA-262, 6.1.6.1.20), with our ".0". */
static size_t write_decimal(Decimal decimal, char *out) {
  int count = count_digits(decimal.digits);
  int point = count + decimal.exponent; /* digits before the decimal point; the standard's n */
  if( point > 21 || point <= -6 ) {
    write_digits(decimal.digits, count, out + 1);
    return write_exponential(out, count, point - 1);
  }
  if( point <= 0 ) {
    memcpy(out, "0.00000", 7);
    write_digits(decimal.digits, count, out + 2 - point);
    return (size_t)(2 - point + count);
  }
  if( count <= point ) {
    write_digits(decimal.digits, count, out);
    memset(out + count, '0', (size_t)(point - count));
    memcpy(out + point, ".0", 2);
    return (size_t)point + 2;
  }
  write_digits(decimal.digits, count, out + 1);
  memmove(out, out + 1, (size_t)point);
  out[point] = '.';
  return (size_t)count + 1;
}

size_t adcp_real_text(double value, char out[ADCP_REAL_TEXT_MAX]) {
  uint64_t bits = bits_of(value);
  assert((bits & ~SIGN_BIT) < INFINITY_BITS);
  size_t sign = bits >> 63;
  out[0] = '-';
  bits &= ~SIGN_BIT;
  if( bits == 0 ) {
    memcpy(out + sign, "0.0", 3);
    return sign + 3;
  }
  Decimal decimal = decimal_of(bits);
  strip_zeros(&decimal);
  return sign + write_decimal(decimal, out + sign);
}

/* ---- reading: the text ---- */

/* A number's text taken apart. The value is digits * 10^exponent, or (truncated) a bit more. */
typedef struct Parts {
  const uint8_t *whole;    /* first digit before the point */
  const uint8_t *fraction; /* first digit after it; = fraction_end without a point */
  const uint8_t *fraction_end;
  const uint8_t *whole_end;
  const uint8_t *end;
  bool negative, has_exponent;
  bool truncated;         /* `digits` are only the first 19, and some other is not 0 */
  uint64_t digits;        /* significant digits */
  int64_t exponent;       /* of the last one of `digits` */
  int64_t given_exponent; /* what stood behind the e */
} Parts;

static bool is_digit(const uint8_t *p, const uint8_t *end) {
  return p < end && (unsigned)(*p - '0') < 10;
}

/* Passes digits, adding them to *value (which may overflow: the caller counts them). */
static const uint8_t *pass_digits(const uint8_t *p, const uint8_t *end, uint64_t *value) {
  uint64_t sum = *value;
  for( ; is_digit(p, end); p++ ) sum = sum * 10 + (uint64_t)(*p - '0');
  *value = sum;
  return p;
}

/* Passes the exponent behind an e; NULL when it has no digits. Saturates far beyond every double.
** */
static const uint8_t *pass_exponent(const uint8_t *p, const uint8_t *end, int64_t *exponent) {
  bool negative = p < end && *p == '-';
  if( p < end && (*p == '-' || *p == '+') ) p++;
  if( !is_digit(p, end) ) return NULL;
  int64_t value = 0;
  for( ; is_digit(p, end); p++ ) {
    if( value < (int64_t)1 << 50 ) value = value * 10 + (*p - '0');
  }
  *exponent = negative ? -value : value;
  return p;
}

/* Takes the text apart by the grammar of RFC 8259; false when it is no number. */
static bool split_number(const uint8_t *text, size_t n, Parts *parts) {
  const uint8_t *end = text + n, *p = text;
  parts->negative = p < end && *p == '-';
  if( parts->negative ) p++;
  if( !is_digit(p, end) ) return false;
  parts->whole = p;
  p = pass_digits(p, end, &parts->digits);
  parts->whole_end = parts->fraction = parts->fraction_end = p;
  if( *parts->whole == '0' && p > parts->whole + 1 ) return false;
  if( p < end && *p == '.' ) {
    parts->fraction = p + 1;
    p = pass_digits(p + 1, end, &parts->digits);
    parts->fraction_end = p;
    if( p == parts->fraction ) return false;
  }
  if( p < end && (*p == 'e' || *p == 'E') ) {
    parts->has_exponent = true;
    p = pass_exponent(p + 1, end, &parts->given_exponent);
    if( p == NULL ) return false;
  }
  parts->end = p;
  parts->exponent = parts->given_exponent - (parts->fraction_end - parts->fraction);
  return true;
}

/* How many digits stand from the first one that is not 0 to the last one. */
static size_t count_significant(const Parts *parts) {
  const uint8_t *p = parts->whole;
  while( p < parts->whole_end && *p == '0' ) p++;
  if( p < parts->whole_end ) {
    return (size_t)(parts->whole_end - p) + (size_t)(parts->fraction_end - parts->fraction);
  }
  p = parts->fraction;
  while( p < parts->fraction_end && *p == '0' ) p++;
  return (size_t)(parts->fraction_end - p);
}

/* Walks the digits from the first one that is not 0; the point is passed over. */
typedef struct DigitWalk {
  const Parts *parts;
  const uint8_t *next;
} DigitWalk;

static bool next_digit(DigitWalk *walk, uint8_t *digit) {
  if( walk->next == walk->parts->whole_end ) walk->next = walk->parts->fraction;
  if( walk->next == walk->parts->fraction_end ) return false;
  *digit = (uint8_t)(*walk->next++ - '0');
  return true;
}

static DigitWalk walk_digits(const Parts *parts) {
  DigitWalk walk = {parts, parts->whole};
  DigitWalk ahead = walk;
  uint8_t digit;
  while( next_digit(&ahead, &digit) && digit == 0 ) walk = ahead;
  return walk;
}

/* Reduces a number of more than 19 significant digits to its first 19. */
static void truncate_digits(Parts *parts, size_t significant) {
  DigitWalk walk = walk_digits(parts);
  uint8_t digit;
  parts->digits = 0;
  for( int i = 0; i < 19 && next_digit(&walk, &digit); i++ ) {
    parts->digits = parts->digits * 10 + digit;
  }
  parts->exponent += (int64_t)significant - 19;
  while( !parts->truncated && next_digit(&walk, &digit) ) parts->truncated = digit != 0;
}

/* ---- reading: rounding ---- */

/* The double nearest to value * 2^exponent, ties to even, as bits; `more` says that the true value
** lies a little above. value has bit 127 or 126 set. Infinity when out of range. */
static uint64_t round_wide(Wide value, int exponent, bool more) {
  if( value >> 127 == 0 ) {
    value <<= 1;
    exponent--;
  }
  int last = exponent + 127 - MANTISSA_BITS; /* exponent of the last bit that is kept */
  uint64_t biased = 0;
  if( last < MIN_EXPONENT ) {
    last = MIN_EXPONENT; /* subnormal: fewer bits are kept */
  } else {
    biased = (uint64_t)(last - MIN_EXPONENT);
  }
  int drop = last - exponent;
  if( drop > 128 ) return 0;
  uint64_t kept = drop == 128 ? 0 : (uint64_t)(value >> drop);
  Wide rest = drop == 128 ? value : value & (((Wide)1 << drop) - 1);
  Wide half = (Wide)1 << (drop - 1);
  if( rest > half || (rest == half && (more || (kept & 1))) ) kept++;
  /* The hidden bit, where there is one, adds the missing 1 to the exponent; so does a carry. */
  uint64_t bits = (biased << MANTISSA_BITS) + kept;
  return bits < INFINITY_BITS ? bits : INFINITY_BITS;
}

/* Sets the doubles (as bits) between which digits * 10^q must round; they are mostly the same. */
static void round_interval(uint64_t digits, int q, bool truncated, uint64_t *low, uint64_t *high) {
  Wide power = pow10_floor(q);
  bool exact = pow10_is_exact(q);
  int zeros = __builtin_clzll(digits);
  int exponent = floor_log2_pow10(q) - 127 - zeros + 64;
  uint64_t factor = digits << zeros;
  Wide below = (Wide)(uint64_t)power * factor;
  Wide product = (power >> 64) * factor + (below >> 64);
  *low = round_wide(product, exponent, !exact || truncated || (uint64_t)below != 0);
  if( exact && !truncated ) {
    *high = *low;
    return;
  }
  /* The bits below the product, and the power's own error, are each less than 1 of its last bit;
  ** what was truncated is less than one unit of `digits`, which has at most four zero bits in
  ** front. */
  Wide error = 2 + (truncated ? (power >> (64 - zeros)) + 2 : 0);
  Wide upper = product + error;
  *high = upper < product ? *low + 1 : round_wide(upper, exponent, false);
}

/* ---- reading: the exact comparison ---- */

/* Digits beyond these cannot matter except for being there: the middle of two doubles has at most
** 768. */
#define EXACT_DIGITS 800

/* 800 digits are 2658 bits; the other side, 54 bits times 5^1143, is no longer than 2709. */
#define BIG_LIMBS 96

typedef struct Big {
  int size; /* limbs in use */
  uint32_t limb[BIG_LIMBS];
} Big;

static void big_multiply_add(Big *big, uint32_t factor, uint32_t addend) {
  uint64_t carry = addend;
  for( int i = 0; i < big->size; i++ ) {
    carry += (uint64_t)big->limb[i] * factor;
    big->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if( carry ) {
    assert(big->size < BIG_LIMBS);
    big->limb[big->size++] = (uint32_t)carry;
  }
}

static void big_multiply_pow5(Big *big, int power) {
  for( ; power >= 13; power -= 13 ) big_multiply_add(big, 1220703125, 0); /* 5^13 < 2^32 */
  for( ; power > 0; power-- ) big_multiply_add(big, 5, 0);
}

static void big_shift_left(Big *big, int count) {
  int limbs = count / 32;
  big_multiply_add(big, (uint32_t)1 << (count % 32), 0);
  assert(big->size + limbs <= BIG_LIMBS);
  memmove(big->limb + limbs, big->limb, (size_t)big->size * sizeof big->limb[0]);
  memset(big->limb, 0, (size_t)limbs * sizeof big->limb[0]);
  big->size += limbs;
}

static int big_compare(const Big *a, const Big *b) {
  if( a->size != b->size ) return a->size < b->size ? -1 : 1;
  for( int i = a->size - 1; i >= 0; i-- ) {
    if( a->limb[i] != b->limb[i] ) return a->limb[i] < b->limb[i] ? -1 : 1;
  }
  return 0;
}

/* The first EXACT_DIGITS digits; *exponent is that of the last one, *more whether others follow. */
static void big_digits(Big *big, const Parts *parts, size_t significant, int *exponent,
                       bool *more) {
  DigitWalk walk = walk_digits(parts);
  uint8_t digit;
  size_t count = 0;
  big->size = 0;
  for( ; count < EXACT_DIGITS && next_digit(&walk, &digit); count++ ) {
    big_multiply_add(big, 10, digit);
  }
  *more = false;
  while( !*more && next_digit(&walk, &digit) ) *more = digit != 0;
  int64_t last = parts->given_exponent - (parts->fraction_end - parts->fraction);
  *exponent = (int)(last + (int64_t)(significant - count));
}

/* Compares the number with the middle between the double `low` (as bits) and the next one. */
static int compare_with_middle(const Parts *parts, size_t significant, uint64_t low) {
  Big number, middle = {2, {0}};
  int power;
  bool more;
  big_digits(&number, parts, significant, &power, &more);

  uint64_t biased = low >> MANTISSA_BITS;
  uint64_t mantissa = (low & (HIDDEN_BIT - 1)) | (biased ? HIDDEN_BIT : 0);
  int shift = MIN_EXPONENT - 1 + (biased ? (int)biased - 1 : 0); /* middle = odd * 2^shift */
  middle.limb[0] = (uint32_t)(2 * mantissa + 1);
  middle.limb[1] = (uint32_t)((2 * mantissa + 1) >> 32);
  if( middle.limb[1] == 0 ) middle.size = 1;

  if( power >= 0 ) {
    big_multiply_pow5(&number, power);
  } else {
    big_multiply_pow5(&middle, -power);
  }
  if( power >= shift ) {
    big_shift_left(&number, power - shift);
  } else {
    big_shift_left(&middle, shift - power);
  }
  int order = big_compare(&number, &middle);
  return order == 0 && more ? 1 : order;
}

/* The double nearest to the number, as bits without the sign. */
static uint64_t nearest_double(Parts *parts) {
  size_t significant = (size_t)(parts->fraction_end - parts->whole);
  if( significant > 19 ) {
    significant = count_significant(parts);
    if( significant > 19 ) truncate_digits(parts, significant);
  }
  if( parts->digits == 0 || parts->exponent < POW10_FIRST )
    return 0; /* 10^19 * 10^-343 rounds to 0 */
  if( parts->exponent > DBL_MAX_10_EXP ) return INFINITY_BITS;
  uint64_t low, high;
  round_interval(parts->digits, (int)parts->exponent, parts->truncated, &low, &high);
  if( low == high ) return low;
  int order = compare_with_middle(parts, count_significant(parts), low);
  return order > 0 || (order == 0 && (low & 1)) ? high : low;
}

/* Clinger's case: both numbers are exact doubles, so one operation rounds once. */
static bool exact_operands(const Parts *parts, double *value) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if( FLT_EVAL_METHOD != 0 || parts->fraction_end - parts->whole > 19 ) return false;
  if( parts->digits > 2 * HIDDEN_BIT || parts->exponent < -22 || parts->exponent > 22 )
    return false;
  double digits = (double)parts->digits;
  *value =
      parts->exponent < 0 ? digits / powers[-parts->exponent] : digits * powers[parts->exponent];
  return true;
}

/* ---- reading: results ---- */

static void finish_integer(const Parts *parts, AdcpNumber *number) {
  const uint64_t limit = (uint64_t)INT64_MAX + parts->negative;
  bool fits = parts->whole_end - parts->whole <= 19 && parts->digits <= limit;
  number->kind = fits ? ADCP_NUMBER_INTEGER : ADCP_NUMBER_RANGE;
  if( !fits ) return;
  number->integer = (int64_t)(parts->negative ? 0 - parts->digits : parts->digits);
  number->canonical = !(parts->negative && parts->digits == 0);
}

/* A sufficient test for what adcp_real_text writes: two decimals of at most 15 digits never read as
** one double, so such a decimal is the shortest when its form is right: no exponent, at most 5
** zeros after "0.", no zero at the end but that of ".0". */
static bool is_plainly_canonical(const Parts *parts) {
  ptrdiff_t whole = parts->whole_end - parts->whole;
  ptrdiff_t fraction = parts->fraction_end - parts->fraction;
  if( parts->has_exponent || fraction == 0 || whole + fraction > 15 ) return false;
  if( parts->fraction_end[-1] == '0' ) return fraction == 1;
  return *parts->whole != '0' || fraction <= 6 || memcmp(parts->fraction, "000000", 6) != 0;
}

static bool is_canonical_real(const Parts *parts, double value, const uint8_t *text, size_t n) {
  if( is_plainly_canonical(parts) ) return true;
  char expected[ADCP_REAL_TEXT_MAX];
  return adcp_real_text(value, expected) == n && memcmp(expected, text, n) == 0;
}

static void finish_real(Parts *parts, const uint8_t *text, AdcpNumber *number) {
  double value;
  if( !exact_operands(parts, &value) ) {
    uint64_t bits = nearest_double(parts);
    number->kind = ADCP_NUMBER_RANGE;
    if( bits == INFINITY_BITS ) return;
    value = double_of(bits);
  }
  number->kind = ADCP_NUMBER_REAL;
  number->real = parts->negative ? -value : value;
  number->canonical = is_canonical_real(parts, number->real, text, number->length);
}

AdcpNumber adcp_number_parse(const uint8_t *text, size_t n) {
  AdcpNumber number = {ADCP_NUMBER_INVALID, 0, 0, false, 0};
  Parts parts = {0};
  if( !split_number(text, n, &parts) ) return number;
  number.length = (size_t)(parts.end - text);
  if( parts.fraction == parts.fraction_end && !parts.has_exponent ) {
    finish_integer(&parts, &number);
  } else {
    finish_real(&parts, text, &number);
  }
  return number;
}
