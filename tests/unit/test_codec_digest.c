/*
** test_codec_digest.c - SHA-256 against the examples of FIPS 180-4.
*/
#include "unit.h"

#include "codec/digest.h"

static const char *sum_of(AdcpDigest *digest, const char *text, size_t piece) {
  static char hex[ADCP_SHA256_HEX + 1];
  adcp_digest_reset(digest);
  for( size_t i = 0, n = strlen(text); i < n; i += piece ) {
    adcp_digest_add(digest, text + i, n - i < piece ? n - i : piece);
  }
  adcp_digest_hex(digest, hex);
  return hex;
}

int main(void) {
  AdcpDigest running, *digest = &running;
  adcp_digest_reset(digest);
  static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  char hex[ADCP_SHA256_HEX + 1];
  adcp_digest_add(digest, "abc", 3);
  adcp_digest_hex(digest, hex);
  CHECK_TEXT(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for( size_t piece = 1; piece < 60; piece++ ) {
    CHECK_TEXT(sum_of(digest, two_blocks, piece),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
  CHECK_TEXT(sum_of(digest, "", 1),
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  char thousand[1000];
  memset(thousand, 'a', sizeof thousand);
  for( int i = 0; i < 1000; i++ ) adcp_digest_add(digest, thousand, sizeof thousand);
  adcp_digest_hex(digest, hex);
  CHECK_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  return unit_done();
}
