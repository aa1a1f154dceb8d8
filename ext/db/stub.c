/*
** stub.c - functions and collations that stand in for others (contract in stub.h).
*/
#include "db/stub.h"

#include <string.h>

static void xNull(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  (void)argv;
  sqlite3_result_null(context);
}

static int xCompareBytes(void *context, int a_size, const void *a, int b_size, const void *b) {
  (void)context;
  int order = memcmp(a, b, (size_t)(a_size < b_size ? a_size : b_size));
  return order ? order : a_size - b_size;
}

bool adcp_stub_function(sqlite3 *handle, const char *name, AdcpError *err) {
  int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  int rc = sqlite3_create_function(handle, name, -1, flags, NULL, xNull, NULL, NULL);
  if( rc == SQLITE_NOMEM ) adcp_error_nomem(err);
  return rc == SQLITE_OK;
}

void adcp_stub_collation(sqlite3 *handle, const char *name, int encoding, AdcpError *err) {
  int rc = sqlite3_create_collation(handle, name, encoding, NULL, xCompareBytes);
  if( rc == SQLITE_NOMEM ) adcp_error_nomem(err);
}
