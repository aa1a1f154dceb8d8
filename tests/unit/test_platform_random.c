/*
** test_platform_random.c - random bytes fill all of what is asked for, whatever the system call
** gives at a time, and nothing beside it.
*/
#include "platform/random.h"

#include <errno.h>

#include "platform/file.h"
#include "unit.h"

#define BYTES 32

static int calls, fail_at, fail_with;
static uint8_t next_value;

/* Three bytes a call, numbered. */
static ssize_t few_bytes(void *to, size_t n) {
  size_t got = n < 3 ? n : 3;
  if( ++calls == fail_at ) {
    errno = fail_with;
    return -1;
  }
  for( size_t i = 0; i < got; i++ ) ((uint8_t *)to)[i] = ++next_value;
  return (ssize_t)got;
}

static void begin(int at, int with) {
  calls = 0;
  next_value = 0;
  fail_at = at;
  fail_with = with;
}

/* Bytes 1, 2, 3 ... and one behind them that is still 0. */
static bool in_order(const uint8_t bytes[BYTES + 1]) {
  bool good = bytes[BYTES] == 0;
  for( uint8_t i = 0; i < BYTES; i++ ) good = good && bytes[i] == i + 1;
  return good;
}

static void of_the_system(void) {
  AdcpError err = ADCP_ERROR_INIT;
  uint8_t one[BYTES] = {0}, other[BYTES] = {0}, none = 7;
  adcp_random_bytes(one, BYTES, &err);
  adcp_random_bytes(other, BYTES, &err);
  adcp_random_bytes(&none, 0, &err);
  CHECK(err.rc == ADCP_OK && none == 7);
  CHECK(memcmp(one, other, BYTES) != 0);
}

static void in_pieces(void) {
  AdcpError err = ADCP_ERROR_INIT;
  for( int at = 0; at <= 11; at++ ) { /* 0: never */
    uint8_t bytes[BYTES + 1] = {0};
    begin(at, EINTR);
    adcp_random_bytes(bytes, BYTES, &err);
    CHECK_CASE(err.rc == ADCP_OK && in_order(bytes), "interrupted at call %d", at);
    CHECK_CASE(calls == 11 + (at > 0), "%d calls", calls);
  }
}

static void refused(void) {
  AdcpError err = ADCP_ERROR_INIT;
  uint8_t bytes[BYTES + 1] = {0};
  begin(4, ENOSYS);
  adcp_random_bytes(bytes, BYTES, &err);
  CHECK(err.rc == ADCP_IOERR && calls == 4);
  CHECK_CASE(strstr(adcp_error_message(&err), "random bytes") != NULL, "%s",
             adcp_error_message(&err));
  CHECK_CASE(strstr(adcp_error_message(&err), strerror(ENOSYS)) != NULL, "%s",
             adcp_error_message(&err));
  adcp_random_bytes(bytes, BYTES, &err); /* the first error wins, nothing is asked for */
  CHECK(calls == 4);
  adcp_error_clear(&err);
}

int main(void) {
  of_the_system();
  AdcpSystemCalls few = *adcp_system_calls();
  few.xGetrandom = few_bytes;
  adcp_system_calls_replace(&few);
  in_pieces();
  refused();
  adcp_system_calls_replace(NULL);
  return unit_done();
}
