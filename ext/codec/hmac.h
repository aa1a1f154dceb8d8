/*
** hmac.h - HMAC-SHA-256 (RFC 2104) and random bytes, by libcrypto.
*/
#ifndef ADCP_CODEC_HMAC_H
#define ADCP_CODEC_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include "codec/digest.h"

/* Writes 64 lower-case hex digits and a zero byte. */
void adcp_hmac_hex(const uint8_t *key, size_t key_size, const void *bytes, size_t n,
                   char hex[ADCP_SHA256_HEX + 1], AdcpError *err);

/* Fills out with n bytes that nobody can foresee. */
void adcp_random_bytes(uint8_t *out, size_t n, AdcpError *err);

#endif
