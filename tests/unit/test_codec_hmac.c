/*
** test_codec_hmac.c - HMAC-SHA-256 against the examples of RFC 4231.
*/
#include "unit.h"

#include "codec/hmac.h"

static const char *mac(const void *key, size_t key_size, const char *text) {
  static char hex[ADCP_SHA256_HEX + 1];
  adcp_hmac_hex(key, key_size, text, strlen(text), hex);
  return hex;
}

int main(void) {
  uint8_t key[131], ascending[25];
  char text[51] = {0};
  for( size_t i = 0; i < sizeof ascending; i++ ) ascending[i] = (uint8_t)(i + 1);
  memset(key, 0x0b, sizeof key);
  CHECK_TEXT(mac(key, 20, "Hi There"),
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK_TEXT(mac("Jefe", 4, "what do ya want for nothing?"),
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  memset(key, 0xaa, sizeof key);
  memset(text, 0xdd, 50);
  CHECK_TEXT(mac(key, 20, text),
             "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  memset(text, 0xcd, 50);
  CHECK_TEXT(mac(ascending, sizeof ascending, text),
             "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  /* Keys longer than a block are digested first. */
  CHECK_TEXT(mac(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First"),
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK_TEXT(mac(key, 131,
                 "This is a test using a larger than block-size key and a larger than block-size "
                 "data. The key needs to be hashed before being used by the HMAC algorithm."),
             "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
  return unit_done();
}
