/*
** test_codec_digest.c - SHA-256 against the examples of FIPS 180-4, and against a second
** implementation that follows its text, for every length around the sizes of blocks.
*/
#include "unit.h"

#include <stdbool.h>

#include "codec/digest.h"

#define LONGEST 300 /* four blocks, and each place in a fifth where the padding may begin */

__extension__ typedef unsigned __int128 Wide;

/* floor(2^32 * root of n), square or cube, modulo 2^32: where the constants come from (4.2.2). */
static uint32_t root_fraction(unsigned n, unsigned degree) {
  uint64_t root = 0;
  for( int bit = 36; bit >= 0; bit-- ) {
    uint64_t more = root | (uint64_t)1 << bit;
    Wide power = degree == 2 ? (Wide)more * more : (Wide)more * more * more;
    if( power <= (Wide)n << 32 * degree ) root = more;
  }
  return (uint32_t)root;
}

static unsigned next_prime(unsigned n) {
  for( bool found = false; !found; ) {
    found = true;
    n++;
    for( unsigned i = 2; i * i <= n; i++ ) found = found && n % i != 0;
  }
  return n;
}

static uint32_t turn(uint32_t x, unsigned n) {
  return x >> n | x << (32 - n);
}

/* 6.2.2 */
static void digest_block(uint32_t h[8], const uint32_t k[64], const uint8_t *block) {
  uint32_t w[64], v[8];
  for( int t = 0; t < 16; t++ ) {
    const uint8_t *b = block + 4 * t;
    w[t] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
  }
  for( int t = 16; t < 64; t++ ) {
    uint32_t x = w[t - 2], y = w[t - 15];
    w[t] = (turn(x, 17) ^ turn(x, 19) ^ x >> 10) + w[t - 7] + (turn(y, 7) ^ turn(y, 18) ^ y >> 3) +
           w[t - 16];
  }
  memcpy(v, h, sizeof v);
  for( int t = 0; t < 64; t++ ) {
    uint32_t a = v[0], e = v[4];
    uint32_t t1 =
        v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + k[t] + w[t];
    uint32_t t2 =
        (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for( int i = 0; i < 8; i++ ) h[i] += v[i];
}

/* The digest of up to LONGEST bytes, by the text of FIPS 180-4. */
static void by_the_text(const uint8_t *bytes, size_t n, char hex[ADCP_SHA256_HEX + 1]) {
  uint8_t padded[LONGEST + 72] = {0};
  uint32_t k[64], h[8];
  unsigned prime = 1;
  for( int i = 0; i < 64; i++ ) {
    prime = next_prime(prime);
    k[i] = root_fraction(prime, 3);
    if( i < 8 ) h[i] = root_fraction(prime, 2);
  }
  size_t size = (n + 9 + 63) / 64 * 64;
  memcpy(padded, bytes, n);
  padded[n] = 0x80;
  padded[size - 2] = (uint8_t)(n * 8 >> 8);
  padded[size - 1] = (uint8_t)(n * 8);
  for( size_t i = 0; i < size; i += 64 ) digest_block(h, k, padded + i);
  for( int i = 0; i < 8; i++ ) snprintf(hex + 8 * i, 9, "%08x", h[i]);
}

static const char *sum_of(AdcpDigest *digest, const void *bytes, size_t n, size_t piece) {
  static char hex[ADCP_SHA256_HEX + 1];
  adcp_digest_reset(digest);
  for( size_t i = 0; i < n; i += piece ) {
    adcp_digest_add(digest, (const uint8_t *)bytes + i, n - i < piece ? n - i : piece);
  }
  adcp_digest_hex(digest, hex);
  return hex;
}

static void examples(AdcpDigest *digest) {
  static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK_TEXT(sum_of(digest, "abc", 3, 3),
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for( size_t piece = 1; piece < 60; piece++ ) {
    CHECK_TEXT(sum_of(digest, two_blocks, sizeof two_blocks - 1, piece),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
  CHECK_TEXT(sum_of(digest, "", 0, 1),
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* After hex the digest is empty again, without a reset. */
static void a_million(AdcpDigest *digest) {
  char thousand[1000], hex[ADCP_SHA256_HEX + 1];
  memset(thousand, 'a', sizeof thousand);
  sum_of(digest, "abc", 3, 3);
  for( int i = 0; i < 1000; i++ ) adcp_digest_add(digest, thousand, sizeof thousand);
  adcp_digest_hex(digest, hex);
  CHECK_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Whole, and in two pieces cut anywhere near the end of a block. */
static void every_length(AdcpDigest *digest) {
  uint8_t bytes[LONGEST];
  char expected[ADCP_SHA256_HEX + 1];
  long wrong = 0;
  for( size_t i = 0; i < LONGEST; i++ ) bytes[i] = (uint8_t)(i * 167 + 13);
  for( size_t n = 0; n <= LONGEST; n++ ) {
    by_the_text(bytes, n, expected);
    wrong += strcmp(sum_of(digest, bytes, n, LONGEST), expected) != 0;
    for( size_t piece = 61; piece < 68; piece++ ) {
      wrong += strcmp(sum_of(digest, bytes, n, piece), expected) != 0;
    }
  }
  CHECK_CASE(wrong == 0, "%ld sums differ", wrong);
}

/* Running digests share nothing: each may be copied or moved on its own. */
static void two_at_once(void) {
  AdcpDigest a, b;
  char hex[ADCP_SHA256_HEX + 1];
  adcp_digest_reset(&a);
  adcp_digest_reset(&b);
  adcp_digest_add(&a, "ab", 2);
  adcp_digest_add(&b, "xyz", 3);
  adcp_digest_add(&a, "c", 1);
  adcp_digest_hex(&a, hex);
  CHECK_TEXT(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  adcp_digest_hex(&b, hex);
  CHECK_TEXT(hex, "3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282");
}

static void add_to(AdcpDigestSum *sum, AdcpDigest *digest, const char *text) {
  adcp_digest_add(digest, text, strlen(text));
  adcp_digest_sum_add(sum, digest);
}

/* Carries go up, and out at the top; the order does not matter. */
static void added_up(AdcpDigest *digest) {
  AdcpDigestSum sum = {{0}}, turned = {{0}};
  char hex[ADCP_SHA256_HEX + 1];
  adcp_digest_reset(digest);
  adcp_digest_sum_hex(&sum, hex);
  CHECK_TEXT(hex, "0000000000000000000000000000000000000000000000000000000000000000");
  add_to(&sum, digest, "abc");
  adcp_digest_sum_hex(&sum, hex);
  CHECK_TEXT(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  add_to(&sum, digest, "");
  add_to(&sum, digest, "abc");
  adcp_digest_sum_hex(&sum, hex);
  CHECK_TEXT(hex, "58a0f1c1b6ffbbe91d7e768554cbfd6b87b5052b90ca88860cb797df5c52e3af");
  add_to(&turned, digest, "abc");
  add_to(&turned, digest, "abc");
  add_to(&turned, digest, "");
  CHECK(memcmp(&sum, &turned, sizeof sum) == 0);
}

int main(void) {
  AdcpDigest digest;
  examples(&digest);
  a_million(&digest);
  every_length(&digest);
  two_at_once();
  added_up(&digest);
  return unit_done();
}
