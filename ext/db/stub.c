/*
** stub.c - functions and collations that stand in for others (contract in stub.h).
*/
#include "db/stub.h"

#include <string.h>

#include "base/mem.h"

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

/* Where the name begins; NULL when the text does not begin so. */
static const char *behind(const char *text, const char *prefix) {
  size_t size = strlen(prefix);
  return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

const char *adcp_stub_missing_name(const char *message) {
  return behind(message, "no such function: ");
}

void adcp_stub_advise(AdcpError *err) {
  if( err->rc == ADCP_OK ) return;
  const char *text = adcp_error_message(err);
  if( behind(text, "no such function: ") || behind(text, "no such collation sequence: ") ) {
    adcp_error_append(err, "; register it on this connection first");
  } else if( behind(text, "unsafe use of ") ) {
    adcp_error_append(err, "; allow it with {\"trust_schema\":true} if you trust the file");
  }
}

bool adcp_stub_missing_function(sqlite3 *handle, AdcpError *err) {
  const char *text = sqlite3_errmsg(handle);
  const char *missing = adcp_stub_missing_name(text);
  const char *called = behind(text, "wrong number of arguments to function "); /* with "()" */
  if( missing == NULL && called == NULL ) return false;
  const char *found = missing ? missing : called;
  size_t size = strlen(found);
  char *name = adcp_strndup(found, missing || size < 2 ? size : size - 2);
  if( name == NULL ) {
    adcp_error_nomem(err);
    return false;
  }
  bool registered = adcp_stub_function(handle, name, err);
  adcp_free(name);
  return registered;
}

void adcp_stub_collation(sqlite3 *handle, const char *name, int encoding, AdcpError *err) {
  int rc = sqlite3_create_collation(handle, name, encoding, NULL, xCompareBytes);
  if( rc == SQLITE_NOMEM ) adcp_error_nomem(err);
}
