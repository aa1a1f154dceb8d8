/*
** test_codec_base64.c - base64 and hexadecimal: known answers, round trips, strictness, in place.
*/
#include "unit.h"

#include <stdlib.h>

#include <nettle/base64.h>

#include "codec/base64.h"

static uint64_t random_state = 88172645463325252u;

static uint8_t next_byte(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint8_t)(random_state >> 32);
}

/* RFC 4648, section 10. */
static void known_answers(void) {
  static const char *const cases[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    char out[32] = {0};
    size_t n = strlen(cases[i][0]);
    CHECK(adcp_base64_encode((const uint8_t *)cases[i][0], n, (uint8_t *)out) ==
          ADCP_BASE64_SIZE(n));
    CHECK_TEXT(out, cases[i][1]);
  }
}

/* Random bytes of every length up to 300, against nettle, in memory of exactly the size needed. */
static void round_trips(void) {
  long wrong = 0;
  for( size_t n = 0; n < 300; n++ ) {
    size_t size = ADCP_BASE64_SIZE(n), decoded;
    uint8_t *bytes = malloc(n + 1), *text = malloc(size + 1), *expected = malloc(size + 1);
    uint8_t *exact = malloc(size ? size / 4 * 3 : 1);
    for( size_t i = 0; i < n; i++ ) bytes[i] = next_byte();
    base64_encode_raw((char *)expected, n, bytes);
    wrong += adcp_base64_encode(bytes, n, text) != size || memcmp(text, expected, size) != 0;
    wrong += !adcp_base64_decode(text, size, exact, &decoded) || decoded != n;
    wrong += memcmp(exact, bytes, n) != 0;
    wrong += !adcp_base64_decode(text, size, text, &decoded) || decoded != n; /* in place */
    wrong += memcmp(text, bytes, n) != 0;
    free(bytes);
    free(text);
    free(expected);
    free(exact);
  }
  CHECK(wrong == 0);
}

/* Each character at each place of a text: only the 64 digits are good. */
static void wrong_characters(void) {
  static const char good[] = "AbCdEfGhIjKlMnOpQrSt";
  size_t n = sizeof good - 1, size;
  long wrong = 0;
  for( size_t at = 0; at < n; at++ ) {
    for( unsigned c = 0; c < 256; c++ ) {
      uint8_t text[sizeof good], out[sizeof good];
      memcpy(text, good, n);
      text[at] = (uint8_t)c;
      bool is_digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/';
      wrong += adcp_base64_decode(text, n, out, &size) != is_digit;
    }
  }
  CHECK(wrong == 0);
}

static void strict_texts(void) {
  static const char *const bad[] = {
      "Z",        "Zg",       "Zg=",  "Zh==",   "Zm9=",        "=",    "====",
      "Z===",     "Zg==Zg==", "Zg= ", "Zm9v\n", "Zm9v    ",    "Zg=a", "Z=g=",
      "Zm9vZ===", "Zm9vZg=A", "Zm9-", "Zm9_",   "Zm9vYm==Zm9v"};
  uint8_t out[32];
  size_t size;
  for( size_t i = 0; i < sizeof bad / sizeof bad[0]; i++ ) {
    CHECK_CASE(!adcp_base64_decode((const uint8_t *)bad[i], strlen(bad[i]), out, &size), "%s",
               bad[i]);
  }
}

static void hexadecimal(void) {
  uint8_t bytes[256], text[512], out[256];
  char expected[513];
  size_t size;
  for( unsigned i = 0; i < 256; i++ ) {
    bytes[i] = (uint8_t)i;
    snprintf(expected + 2 * i, 3, "%02x", i);
  }
  adcp_hex_encode(bytes, 256, text);
  CHECK(memcmp(text, expected, 512) == 0);
  CHECK(adcp_hex_decode(text, 512, out, &size) && size == 256 && memcmp(out, bytes, 256) == 0);
  CHECK(adcp_hex_decode(text, 0, out, &size) && size == 0);
  CHECK(!adcp_hex_decode(text, 3, out, &size));
  CHECK(adcp_hex_decode(text, 512, text, &size) && memcmp(text, bytes, 256) == 0);
  for( unsigned c = 0; c < 256; c++ ) {
    bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    uint8_t high[2] = {(uint8_t)c, '0'}, low[2] = {'0', (uint8_t)c};
    CHECK(adcp_hex_decode(high, 2, out, &size) == good);
    CHECK(adcp_hex_decode(low, 2, out, &size) == good);
  }
}

/* Pieces of 16 digits and what is left: every length, a wrong character at every place. */
static void hexadecimal_pieces(void) {
  uint8_t bytes[40], text[80], out[40];
  char expected[81];
  size_t size;
  for( size_t n = 0; n <= sizeof bytes; n++ ) {
    for( size_t i = 0; i < n; i++ ) {
      bytes[i] = (uint8_t)(i * 37 + n * 91);
      snprintf(expected + 2 * i, 3, "%02x", bytes[i]);
    }
    adcp_hex_encode(bytes, n, text);
    CHECK(memcmp(text, expected, 2 * n) == 0);
    CHECK(adcp_hex_decode(text, 2 * n, out, &size) && size == n && memcmp(out, bytes, n) == 0);
    for( size_t i = 0; i < 2 * n; i++ ) {
      uint8_t good = text[i];
      for( unsigned c = 0; c < 256; c++ ) {
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        text[i] = (uint8_t)c;
        CHECK(adcp_hex_decode(text, 2 * n, out, &size) == digit);
      }
      text[i] = good;
    }
  }
}

int main(void) {
  known_answers();
  round_trips();
  wrong_characters();
  strict_texts();
  hexadecimal();
  hexadecimal_pieces();
  return unit_done();
}
