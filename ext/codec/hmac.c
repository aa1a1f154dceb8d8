/*
** hmac.c - HMAC-SHA-256 (contract in hmac.h).
*/
#include "codec/hmac.h"

#include <nettle/hmac.h>

#include "codec/base64.h"

void adcp_hmac_hex(const uint8_t *key, size_t key_size, const void *bytes, size_t n,
                   char hex[ADCP_SHA256_HEX + 1]) {
  struct hmac_sha256_ctx context;
  uint8_t sum[ADCP_SHA256_BYTES];
  hmac_sha256_set_key(&context, key_size, key);
  hmac_sha256_update(&context, n, bytes);
  hmac_sha256_digest(&context, sizeof sum, sum);
  adcp_hex_encode(sum, sizeof sum, (uint8_t *)hex);
  hex[ADCP_SHA256_HEX] = 0;
}
