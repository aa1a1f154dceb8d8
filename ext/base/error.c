/*
** error.c - first-error-wins error values with formatted messages (contract in error.h).
*/
#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

/* Kept of the end of a message that is cut. */
#define END_BYTES 1000

static bool is_within_character(const char *text) {
  return (*text & 0xc0) == 0x80;
}

/* Takes the middle out of what is too long to be read. */
static void shorten(char *text, size_t length) {
  static const char mark[] = " ... ";
  if( length <= ADCP_MAX_MESSAGE_BYTES ) return;
  char *to = text + ADCP_MAX_MESSAGE_BYTES - END_BYTES - sizeof mark;
  char *end = text + length - END_BYTES;
  while( is_within_character(to) ) to--;
  while( is_within_character(end) ) end++;
  memcpy(to, mark, sizeof mark - 1);
  memmove(to + sizeof mark - 1, end, strlen(end) + 1);
}

/* Formats into memory of our allocator; NULL when there is none. */
__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args) {
  va_list measure;
  va_copy(measure, args);
  int length = vsnprintf(NULL, 0, format, measure);
  va_end(measure);
  if( length < 0 ) return NULL;
  char *text = adcp_malloc((size_t)length + 1);
  if( text == NULL ) return NULL;
  vsnprintf(text, (size_t)length + 1, format, args);
  shorten(text, (size_t)length);
  return text;
}

/* a + b in new memory; NULL when there is none. */
static char *join(const char *a, const char *b) {
  size_t na = strlen(a), nb = strlen(b);
  char *text = adcp_malloc(na + nb + 1);
  if( text == NULL ) return NULL;
  memcpy(text, a, na);
  memcpy(text + na, b, nb + 1);
  return text;
}

void adcp_error_setv(AdcpError *err, AdcpRc rc, const char *format, va_list args) {
  assert(rc != ADCP_OK);
  if( err->rc != ADCP_OK ) return;
  err->rc = rc;
  err->message = format_text(format, args);
}

void adcp_error_set(AdcpError *err, AdcpRc rc, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adcp_error_setv(err, rc, format, args);
  va_end(args);
}

void adcp_error_nomem(AdcpError *err) {
  if( err->rc != ADCP_OK ) return;
  err->rc = ADCP_NOMEM;
  err->message = NULL;
}

static AdcpRc rc_of_errno(int error_number, AdcpRc otherwise) {
  switch( error_number ) {
  case ENOSPC:
  case EDQUOT: return ADCP_FULL;
  case EACCES:
  case EPERM: return ADCP_PERM;
  case ENOMEM: return ADCP_NOMEM;
  default: return otherwise;
  }
}

void adcp_error_errno(AdcpError *err, AdcpRc rc, int error_number, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adcp_error_errnov(err, rc, error_number, format, args);
  va_end(args);
}

/* Appends it in English where the C library can, whatever the host's locale, whose bytes need not be
** UTF-8. */
static void append_reason(AdcpError *err, int error_number) {
  const char *reason = NULL;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
  reason = strerrordesc_np(error_number);
#endif
  char buffer[128];
  /* The GNU strerror_r may return a text of its own instead of filling the buffer. */
  if( reason == NULL ) reason = strerror_r(error_number, buffer, sizeof buffer);
  adcp_error_append(err, ": %s", reason);
}

void adcp_error_errnov(AdcpError *err, AdcpRc rc, int error_number, const char *format,
                       va_list args) {
  if( err->rc != ADCP_OK ) return;
  adcp_error_setv(err, rc_of_errno(error_number, rc), format, args);
  append_reason(err, error_number);
}

/* Replaces the message; keeps the old one when there was no memory for the new. */
static void replace_message(AdcpError *err, char *text) {
  if( text == NULL ) return;
  adcp_free(err->message);
  err->message = text;
}

void adcp_error_prepend(AdcpError *err, const char *format, ...) {
  if( err->rc == ADCP_OK ) return;
  va_list args;
  va_start(args, format);
  char *prefix = format_text(format, args);
  va_end(args);
  if( prefix ) replace_message(err, join(prefix, adcp_error_message(err)));
  adcp_free(prefix);
}

void adcp_error_append(AdcpError *err, const char *format, ...) {
  if( err->rc == ADCP_OK ) return;
  va_list args;
  va_start(args, format);
  char *suffix = format_text(format, args);
  va_end(args);
  if( suffix ) replace_message(err, join(adcp_error_message(err), suffix));
  adcp_free(suffix);
}

void adcp_error_name(AdcpError *err, const char *object) {
  if( err->rc == ADCP_OK || object == NULL ) return;
  if( err->message && strstr(err->message, object) ) return;
  adcp_error_prepend(err, "%s: ", object);
}

const char *adcp_error_message(const AdcpError *err) {
  if( err->message ) return err->message;
  if( err->rc == ADCP_OK ) return "no error";
  return "out of memory";
}

void adcp_error_move(AdcpError *to, AdcpError *from) {
  if( from->rc != ADCP_OK && to->rc == ADCP_OK ) {
    *to = *from;
    from->message = NULL;
  }
  adcp_error_clear(from);
}

void adcp_error_clear(AdcpError *err) {
  adcp_free(err->message);
  err->message = NULL;
  err->rc = ADCP_OK;
}
