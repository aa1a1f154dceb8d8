/*
** digest.c - SHA-256 (contract in digest.h).
*/
#include "codec/digest.h"

#include "codec/base64.h"

void adcp_digest_reset(AdcpDigest *digest) {
  sha256_init(&digest->context);
}

void adcp_digest_add(AdcpDigest *digest, const void *bytes, size_t n) {
  sha256_update(&digest->context, n, bytes);
}

void adcp_digest_hex(AdcpDigest *digest, char hex[ADCP_SHA256_HEX + 1]) {
  uint8_t sum[ADCP_SHA256_BYTES];
  sha256_digest(&digest->context, sizeof sum, sum);
  adcp_hex_encode(sum, sizeof sum, (uint8_t *)hex);
  hex[ADCP_SHA256_HEX] = 0;
}
