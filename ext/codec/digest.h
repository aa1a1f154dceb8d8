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

#endif
