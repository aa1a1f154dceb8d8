/*
** test_base_buf.c - the buffer against a plain array, and its behaviour without memory.
*/
#include "unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

static size_t allowed_bytes;

static void *limited_realloc(void *old, size_t size) {
  return size > allowed_bytes ? NULL : realloc(old, size);
}

static void *limited_malloc(size_t size) {
  return limited_realloc(NULL, size);
}

static const AdcpMemMethods limited = {limited_malloc, limited_realloc, free};

static void appends_bytes(void) {
  enum { SIZE = 100000 };
  static uint8_t model[SIZE];
  AdcpBuf buf = {0};
  size_t n = 0;
  for( unsigned step = 1; n + step % 777 < SIZE; step++ ) {
    size_t piece = step % 777;
    for( size_t i = 0; i < piece; i++ ) model[n + i] = (uint8_t)(step * 31 + i * 7);
    adcp_buf_append(&buf, model + n, piece);
    n += piece;
  }
  CHECK(buf.size == n && memcmp(buf.data, model, n) == 0);
  CHECK(buf.capacity < 2 * n);
  adcp_buf_clear(&buf);
  CHECK(buf.size == 0 && buf.capacity >= n);
  adcp_buf_free(&buf);
  CHECK(buf.data == NULL && buf.capacity == 0);
}

static void appends_text(void) {
  AdcpBuf buf = {0};
  adcp_buf_append(&buf, NULL, 0);
  CHECK_TEXT(adcp_buf_text(&buf), "");
  adcp_buf_append_str(&buf, "rows");
  adcp_buf_append_byte(&buf, ' ');
  adcp_buf_appendf(&buf, "%d of %s", 7, "table");
  CHECK_TEXT(adcp_buf_text(&buf), "rows 7 of table");
  char *taken = adcp_buf_take(&buf);
  CHECK_TEXT(taken, "rows 7 of table");
  CHECK(buf.data == NULL && buf.size == 0);
  adcp_free(taken);
  for( size_t i = 0; i < 300; i++ ) adcp_buf_appendf(&buf, "%zu,", i);
  CHECK(buf.size == 10 * 2 + 90 * 3 + 200 * 4);
  adcp_buf_free(&buf);
}

static void reserves_space(void) {
  AdcpBuf buf = {0};
  uint8_t *to = adcp_buf_reserve(&buf, 1000);
  CHECK(to != NULL && buf.size == 0 && buf.capacity >= 1000);
  memset(to, 'x', 1000);
  buf.size += 1000;
  CHECK(strlen(adcp_buf_text(&buf)) == 1000);
  CHECK(!adcp_buf_grow(&buf, SIZE_MAX)); /* the sum overflows */
  CHECK(buf.oom && buf.size == 1000);
  adcp_buf_free(&buf);
}

static void lack_of_memory_sticks(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf buf = {0};
  char big[5000];
  memset(big, 'b', sizeof big);
  allowed_bytes = 1000;
  adcp_mem_replace(&limited);
  adcp_buf_append_str(&buf, "fits");
  CHECK(adcp_buf_check(&buf, &err));
  adcp_buf_append(&buf, big, sizeof big);
  CHECK(buf.oom && buf.size == 4);
  adcp_buf_appendf(&buf, "%.4000s", big);
  CHECK(adcp_buf_text(&buf) == NULL);
  CHECK(!adcp_buf_check(&buf, &err) && err.rc == ADCP_NOMEM);
  CHECK(adcp_buf_take(&buf) == NULL && buf.data == NULL);
  adcp_buf_append_str(&buf, "again");
  CHECK_TEXT(adcp_buf_text(&buf), "again");
  adcp_buf_append(&buf, big, sizeof big);
  adcp_buf_clear(&buf);
  CHECK(!buf.oom);
  adcp_mem_replace(NULL);
  adcp_buf_free(&buf);
  adcp_error_clear(&err);
}

int main(void) {
  appends_bytes();
  appends_text();
  reserves_space();
  lack_of_memory_sticks();
  return unit_done();
}
