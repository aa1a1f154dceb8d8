/*
** digest.c - SHA-256 by libcrypto's EVP interface (contract in digest.h).
**
** The algorithm is fetched once: EVP_sha256() would look it up again at each reset, which costs
** more than hashing a small table.
*/
#include "codec/digest.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"
#include "codec/base64.h"

struct AdcpDigest {
  EVP_MD *algorithm;   /* owned */
  EVP_MD_CTX *context; /* owned */
  bool broken;         /* libcrypto failed since the last reset */
};

AdcpDigest *adcp_digest_open(AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpDigest *digest = adcp_calloc(1, sizeof *digest);
  if( digest == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  digest->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
  digest->context = EVP_MD_CTX_new();
  if( digest->algorithm && digest->context &&
      EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL) == 1 ) {
    return digest;
  }
  adcp_error_set(err, ADCP_ERROR, "libcrypto has no SHA-256: its default provider is not loaded");
  adcp_digest_close(digest);
  return NULL;
}

void adcp_digest_reset(AdcpDigest *digest) {
  digest->broken = EVP_DigestInit_ex2(digest->context, NULL, NULL) != 1;
}

void adcp_digest_add(AdcpDigest *digest, const void *bytes, size_t n) {
  if( EVP_DigestUpdate(digest->context, bytes, n) != 1 ) digest->broken = true;
}

void adcp_digest_hex(AdcpDigest *digest, char hex[ADCP_SHA256_HEX + 1]) {
  uint8_t sum[ADCP_SHA256_BYTES];
  hex[ADCP_SHA256_HEX] = 0;
  if( digest->broken || EVP_DigestFinal_ex(digest->context, sum, NULL) != 1 ) {
    memset(hex, '?', ADCP_SHA256_HEX); /* not hexadecimal: no manifest can hold it */
    return;
  }
  adcp_hex_encode(sum, sizeof sum, (uint8_t *)hex);
}

void adcp_digest_close(AdcpDigest *digest) {
  if( digest == NULL ) return;
  EVP_MD_CTX_free(digest->context);
  EVP_MD_free(digest->algorithm);
  adcp_free(digest);
}
