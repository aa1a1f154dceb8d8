/*
** digest.h - SHA-256 (FIPS 180-4), by libcrypto.
*/
#ifndef ADCP_CODEC_DIGEST_H
#define ADCP_CODEC_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define ADCP_SHA256_BYTES 32
#define ADCP_SHA256_HEX   64

typedef struct AdcpDigest AdcpDigest;

/* A running digest; NULL with err set (NOMEM, or libcrypto has no SHA-256). The caller closes it.
** err is borrowed until then: libcrypto takes memory at each reset too, and a failure goes there.
** */
AdcpDigest *adcp_digest_open(AdcpError *err);

/* Starts over, for the next table. */
void adcp_digest_reset(AdcpDigest *digest);
void adcp_digest_add(AdcpDigest *digest, const void *bytes, size_t n);

/* Writes 64 lower-case hex digits and a zero byte. Call reset before adding again. */
void adcp_digest_hex(AdcpDigest *digest, char hex[ADCP_SHA256_HEX + 1]);
void adcp_digest_close(AdcpDigest *digest);

#endif
