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

static void write_hex(const uint8_t *bytes, char hex[ADCP_SHA256_HEX + 1]) {
  adcp_hex_encode(bytes, ADCP_SHA256_BYTES, (uint8_t *)hex);
  hex[ADCP_SHA256_HEX] = 0;
}

void adcp_digest_hex(AdcpDigest *digest, char hex[ADCP_SHA256_HEX + 1]) {
  uint8_t bytes[ADCP_SHA256_BYTES];
  sha256_digest(&digest->context, sizeof bytes, bytes);
  write_hex(bytes, hex);
}

void adcp_digest_sum_add(AdcpDigestSum *sum, AdcpDigest *digest) {
  uint8_t bytes[ADCP_SHA256_BYTES];
  sha256_digest(&digest->context, sizeof bytes, bytes);
  unsigned carry = 0;
  for( size_t i = sizeof bytes; i-- > 0; carry >>= 8 ) {
    carry += (unsigned)sum->bytes[i] + bytes[i];
    sum->bytes[i] = (uint8_t)carry;
  }
}

void adcp_digest_sum_hex(const AdcpDigestSum *sum, char hex[ADCP_SHA256_HEX + 1]) {
  write_hex(sum->bytes, hex);
}
