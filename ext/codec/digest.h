/*
** digest.h - SHA-256 (FIPS 180-4), by nettle. Needs no memory of its own and cannot fail.
*/
#ifndef ADCP_CODEC_DIGEST_H
#define ADCP_CODEC_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define ADCP_SHA256_BYTES SHA256_DIGEST_SIZE
#define ADCP_SHA256_HEX   64

/* A running digest; to be reset before the first bytes. */
typedef struct AdcpDigest {
  struct sha256_ctx context;
} AdcpDigest;

/* Starts over, with no bytes. */
void adcp_digest_reset(AdcpDigest *digest);
void adcp_digest_add(AdcpDigest *digest, const void *bytes, size_t n);

/* Writes 64 lower-case hex digits and a zero byte, and resets. */
void adcp_digest_hex(AdcpDigest *digest, char hex[ADCP_SHA256_HEX + 1]);

/* Digests of things that may come in any order, added up modulo 2^256. Zero-initialise. */
typedef struct AdcpDigestSum {
  uint8_t bytes[ADCP_SHA256_BYTES]; /* the highest first */
} AdcpDigestSum;

/* Adds the digest's value, and resets the digest. */
void adcp_digest_sum_add(AdcpDigestSum *sum, AdcpDigest *digest);

/* As adcp_digest_hex; the sum stays. */
void adcp_digest_sum_hex(const AdcpDigestSum *sum, char hex[ADCP_SHA256_HEX + 1]);

#endif
