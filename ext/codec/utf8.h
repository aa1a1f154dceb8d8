/*
** utf8.h - validity of UTF-8 and UTF-16 text.
**
** Valid UTF-8 is that of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
*/
#ifndef ADCP_CODEC_UTF8_H
#define ADCP_CODEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if all n bytes are valid UTF-8. ASCII runs are checked 16 bytes at a time. */
bool adcp_utf8_valid(const uint8_t *bytes, size_t n);

/* Length of the longest valid prefix, in bytes (n when all is valid). */
size_t adcp_utf8_valid_prefix(const uint8_t *bytes, size_t n);

/* Writes one code point (a Unicode scalar value) as UTF-8; returns 1 to 4. */
size_t adcp_utf8_encode(uint32_t code_point, uint8_t out[4]);

/* True if n bytes are valid UTF-16 of the given byte order: even length, surrogates paired. */
bool adcp_utf16_valid(const uint8_t *bytes, size_t n, bool big_endian);

#endif
