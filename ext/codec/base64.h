/*
** base64.h - base64 (RFC 4648, with padding) and hexadecimal, both ways.
**
** Decoding is strict: no white space, exact padding, zero unused bits, so that a text decodes to
** one value and that value encodes to this text. out may be the same memory as text: decoding in
** place is allowed.
*/
#ifndef ADCP_CODEC_BASE64_H
#define ADCP_CODEC_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADCP_BASE64_SIZE(n) (((n) + 2) / 3 * 4) /* characters for n bytes */

/* Writes ADCP_BASE64_SIZE(n) characters to out; returns that number. */
size_t adcp_base64_encode(const uint8_t *bytes, size_t n, uint8_t *out);

/* Decodes n characters to at most n / 4 * 3 bytes; false when they are not strict base64. */
bool adcp_base64_decode(const uint8_t *text, size_t n, uint8_t *out, size_t *out_size);

/* Writes 2 * n lower-case digits. */
void adcp_hex_encode(const uint8_t *bytes, size_t n, uint8_t *out);

/* Decodes n lower-case digits to n / 2 bytes; false when they are not. */
bool adcp_hex_decode(const uint8_t *text, size_t n, uint8_t *out, size_t *out_size);

#endif
