/*
** digest.c - SHA-256 by libcrypto's EVP interface (contract in digest.h).
**
** The algorithm is fetched once: EVP_sha256() would look it up again at each reset, which costs
** more than hashing a small table.
*/
#include "codec/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"
#include "codec/base64.h"

struct AdcpDigest {
  EVP_MD *algorithm;   /* owned */
  EVP_MD_CTX *context; /* owned */
  AdcpError *err;      /* borrowed */
  bool broken;         /* libcrypto failed since the last reset: its context may be half made */
};

/* Its errors are its own thread-wide list, which the host may be using: left as it was. */
static void fail(AdcpDigest *digest) {
  digest->broken = true;
  if( ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE ) {
    adcp_error_nomem(digest->err);
  } else {
    adcp_error_set(digest->err, ADCP_INTERNAL,
                   "libcrypto has no SHA-256: its default provider is not loaded, or memory is "
                   "short");
  }
  ERR_pop_to_mark();
}

AdcpDigest *adcp_digest_open(AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpDigest *digest = adcp_calloc(1, sizeof *digest);
  if( digest == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  digest->err = err;
  ERR_set_mark();
  digest->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
  digest->context = EVP_MD_CTX_new();
  if( digest->algorithm && digest->context &&
      EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL) == 1 ) {
    ERR_clear_last_mark();
    return digest;
  }
  fail(digest);
  adcp_digest_close(digest);
  return NULL;
}

void adcp_digest_reset(AdcpDigest *digest) {
  ERR_set_mark();
  digest->broken = false;
  if( EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL) != 1 ) {
    fail(digest);
  } else {
    ERR_clear_last_mark();
  }
}

void adcp_digest_add(AdcpDigest *digest, const void *bytes, size_t n) {
  if( digest->broken ) return;
  ERR_set_mark();
  if( EVP_DigestUpdate(digest->context, bytes, n) != 1 ) {
    fail(digest);
  } else {
    ERR_clear_last_mark();
  }
}

void adcp_digest_hex(AdcpDigest *digest, char hex[ADCP_SHA256_HEX + 1]) {
  uint8_t sum[ADCP_SHA256_BYTES];
  hex[ADCP_SHA256_HEX] = 0;
  memset(hex, '?', ADCP_SHA256_HEX); /* not hexadecimal: no manifest can hold it */
  if( digest->broken ) return;
  ERR_set_mark();
  if( EVP_DigestFinal_ex(digest->context, sum, NULL) != 1 ) {
    fail(digest);
    return;
  }
  ERR_clear_last_mark();
  adcp_hex_encode(sum, sizeof sum, (uint8_t *)hex);
}

void adcp_digest_close(AdcpDigest *digest) {
  if( digest == NULL ) return;
  EVP_MD_CTX_free(digest->context);
  EVP_MD_free(digest->algorithm);
  adcp_free(digest);
}
