/*
** text_order.h - the order that SQLite's collation BINARY gives to texts.
**
** BINARY compares the bytes that a database stores, so its order is another one in each encoding:
** U+FF21 stands before U+10000 in UTF-8 and behind it in UTF-16, and in UTF-16le the low byte of a
** unit counts before the high one. Here texts are compared as a database of any encoding would,
** whatever this process or its database uses.
*/
#ifndef ADCP_CODEC_TEXT_ORDER_H
#define ADCP_CODEC_TEXT_ORDER_H

#include "base/buf.h"
#include "codec/value.h"

typedef enum AdcpEncoding { ADCP_UTF8, ADCP_UTF16LE, ADCP_UTF16BE } AdcpEncoding;

/* By the name that PRAGMA encoding gives; ADCP_UTF8 for NULL and any other. */
AdcpEncoding adcp_encoding_of_name(const char *name);

/* Below 0, 0, above 0. Both are ADCP_TEXT or ADCP_TEXT16; in ADCP_UTF8, whose databases have no
** ADCP_TEXT16, and for ADCP_BLOB it is the order of bytes. */
int adcp_text_compare(AdcpEncoding encoding, const AdcpValue *a, const AdcpValue *b);

/* Appends bytes whose order, by memcmp and then by length, is the same. */
void adcp_text_encode(AdcpEncoding encoding, const AdcpValue *text, AdcpBuf *out);

#endif
