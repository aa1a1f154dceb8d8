/*
** random.c - bytes that nobody can foresee (contract in random.h).
*/
#include "platform/random.h"

#include <errno.h>

#include "platform/file.h"

void adcp_random_bytes(uint8_t *out, size_t n, AdcpError *err) {
  while( n > 0 && err->rc == ADCP_OK ) {
    ssize_t got = adcp_system_calls()->xGetrandom(out, n);
    if( got >= 0 ) {
      out += got;
      n -= (size_t)got;
    } else if( errno != EINTR ) {
      adcp_error_errno(err, ADCP_IOERR, errno, "the operating system gives no random bytes");
    }
  }
}
