/*
** hmac.c - HMAC-SHA-256 and random bytes (contract in hmac.h).
*/
#include "codec/hmac.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "codec/base64.h"

void adcp_hmac_hex(const uint8_t *key, size_t key_size, const void *bytes, size_t n,
                   char hex[ADCP_SHA256_HEX + 1], AdcpError *err) {
  uint8_t sum[ADCP_SHA256_BYTES] = {0};
  assert(key_size <= INT_MAX);
  hex[0] = 0;
  if( err->rc ) return;
  if( HMAC(EVP_sha256(), key, (int)key_size, bytes, n, sum, NULL) == NULL ) {
    adcp_error_set(err, ADCP_ERROR, "libcrypto cannot compute HMAC-SHA-256");
    return;
  }
  adcp_hex_encode(sum, sizeof sum, (uint8_t *)hex);
  hex[ADCP_SHA256_HEX] = 0;
}

void adcp_random_bytes(uint8_t *out, size_t n, AdcpError *err) {
  assert(n <= INT_MAX);
  if( err->rc ) return;
  if( RAND_bytes(out, (int)n) != 1 ) {
    adcp_error_set(err, ADCP_ERROR, "libcrypto has no random bytes to give");
  }
}
