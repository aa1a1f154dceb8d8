/*
** row_digest.h - the SHA-256 over the row lines of a table, each with its line break.
**
** Lines are gathered first, 128 KiB at a time: that gains a third for rows of 40 bytes, 5 % for rows
** of 350, and lets a thread of its own do the digest while the caller makes the next rows.
*/
#ifndef ADCP_ARCHIVE_ROW_DIGEST_H
#define ADCP_ARCHIVE_ROW_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "codec/digest.h"

typedef struct AdcpRowDigest AdcpRowDigest;

/* NULL with err set. The caller closes it. */
AdcpRowDigest *adcp_row_digest_open(AdcpError *err);

/* The same; with threaded, a thread of its own does the digest of a table that has more than one
** piece. */
AdcpRowDigest *adcp_row_digest_open_threaded(bool threaded, AdcpError *err);

/* Starts over, for the next table. */
void adcp_row_digest_reset(AdcpRowDigest *digest);

/* A row is any number of pieces of its text, then its end. */
void adcp_row_digest_add(AdcpRowDigest *digest, const void *bytes, size_t n);
void adcp_row_digest_end_row(AdcpRowDigest *digest);

/* Bytes of all lines so far, and their digest; after that only a reset is allowed. */
int64_t adcp_row_digest_bytes(const AdcpRowDigest *digest);
void adcp_row_digest_hex(AdcpRowDigest *digest, char hex[ADCP_SHA256_HEX + 1]);

void adcp_row_digest_close(AdcpRowDigest *digest);

#endif
