/*
** hmac.h - HMAC-SHA-256 (RFC 2104), by nettle.
*/
#ifndef ADCP_CODEC_HMAC_H
#define ADCP_CODEC_HMAC_H

#include "codec/digest.h"

/* Writes 64 lower-case hex digits and a zero byte. */
void adcp_hmac_hex(const uint8_t *key, size_t key_size, const void *bytes, size_t n,
                   char hex[ADCP_SHA256_HEX + 1]);

#endif
