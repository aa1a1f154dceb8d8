/*
** row_digest.c - the SHA-256 over the row lines of a table (contract in row_digest.h).
*/
#include "archive/row_digest.h"

#include <string.h>

#include "base/mem.h"

#define HELD_BYTES ((size_t)16 * 1024)

struct AdcpRowDigest {
  AdcpDigest *sha256;
  int64_t bytes;
  size_t held_size;
  uint8_t held[HELD_BYTES]; /* gathered, not in sha256 yet */
};

AdcpRowDigest *adcp_row_digest_open(AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpRowDigest *digest = adcp_malloc(sizeof *digest);
  if( digest == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  digest->bytes = 0;
  digest->held_size = 0;
  digest->sha256 = adcp_digest_open(err);
  if( digest->sha256 ) return digest;
  adcp_free(digest);
  return NULL;
}

void adcp_row_digest_reset(AdcpRowDigest *digest) {
  adcp_digest_reset(digest->sha256);
  digest->bytes = 0;
  digest->held_size = 0;
}

static void pass_on(AdcpRowDigest *digest) {
  adcp_digest_add(digest->sha256, digest->held, digest->held_size);
  digest->held_size = 0;
}

void adcp_row_digest_add(AdcpRowDigest *digest, const void *bytes, size_t n) {
  digest->bytes += (int64_t)n;
  if( n > HELD_BYTES - digest->held_size ) pass_on(digest);
  if( n > HELD_BYTES ) {
    adcp_digest_add(digest->sha256, bytes, n);
    return;
  }
  memcpy(digest->held + digest->held_size, bytes, n);
  digest->held_size += n;
}

void adcp_row_digest_end_row(AdcpRowDigest *digest) {
  adcp_row_digest_add(digest, "\n", 1);
}

int64_t adcp_row_digest_bytes(const AdcpRowDigest *digest) {
  return digest->bytes;
}

void adcp_row_digest_hex(AdcpRowDigest *digest, char hex[ADCP_SHA256_HEX + 1]) {
  pass_on(digest);
  adcp_digest_hex(digest->sha256, hex);
}

void adcp_row_digest_close(AdcpRowDigest *digest) {
  if( digest == NULL ) return;
  adcp_digest_close(digest->sha256);
  adcp_free(digest);
}
