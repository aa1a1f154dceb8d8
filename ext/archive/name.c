/*
** name.c - names of tables and columns as a backup spells them (contract in name.h).
*/
#include "archive/name.h"

#include <string.h>

#include "base/mem.h"
#include "codec/base64.h"
#include "codec/utf8.h"

static const char TEXT_PREFIX[] = "$text:";
#define TEXT_PREFIX_SIZE (sizeof TEXT_PREFIX - 1)

void adcp_name_encode(AdcpBuf *out, const char *name) {
  size_t n = strlen(name);
  if( adcp_utf8_valid((const uint8_t *)name, n) ) {
    if( name[0] == '$' ) adcp_buf_append_byte(out, '$');
    adcp_buf_append(out, name, n);
    return;
  }
  adcp_buf_append(out, TEXT_PREFIX, TEXT_PREFIX_SIZE);
  uint8_t *to = adcp_buf_reserve(out, ADCP_BASE64_SIZE(n));
  if( to ) out->size += adcp_base64_encode((const uint8_t *)name, n, to);
}

/* The bytes of a "$text:" spelling: only what could not be spelled otherwise is accepted. */
static char *decode_text(const char *base64, size_t n, AdcpError *err) {
  char *name = adcp_malloc(n / 4 * 3 + 1);
  if( name == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  size_t size = 0;
  bool good = adcp_base64_decode((const uint8_t *)base64, n, (uint8_t *)name, &size) &&
              memchr(name, 0, size) == NULL && !adcp_utf8_valid((const uint8_t *)name, size);
  if( !good ) {
    adcp_free(name);
    adcp_error_set(err, ADCP_CORRUPT,
                   "a name is spelled \"$text:\" with bytes that are no such name");
    return NULL;
  }
  name[size] = 0;
  return name;
}

char *adcp_name_decode(const char *spelling, size_t n, AdcpError *err) {
  if( err->rc ) return NULL;
  if( memchr(spelling, 0, n) ) {
    adcp_error_set(err, ADCP_CORRUPT, "a name contains a zero byte");
    return NULL;
  }
  if( n >= TEXT_PREFIX_SIZE && memcmp(spelling, TEXT_PREFIX, TEXT_PREFIX_SIZE) == 0 ) {
    return decode_text(spelling + TEXT_PREFIX_SIZE, n - TEXT_PREFIX_SIZE, err);
  }
  size_t skip = n > 0 && spelling[0] == '$' ? 1 : 0;
  if( skip && (n < 2 || spelling[1] != '$') ) {
    adcp_error_set(err, ADCP_CORRUPT, "the name \"%.*s\" begins with a single '$'",
                   (int)(n < 200 ? n : 200), spelling);
    return NULL;
  }
  char *name = adcp_strndup(spelling + skip, n - skip);
  if( name == NULL ) adcp_error_nomem(err);
  return name;
}
