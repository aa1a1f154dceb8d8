/*
** buf.c - growable byte buffer (contract in buf.h).
*/
#include "base/buf.h"

#include <stdio.h>

#include "base/mem.h"

bool adcp_buf_grow(AdcpBuf *buf, size_t extra) {
  if( buf->oom ) return false;
  size_t needed;
  if( __builtin_add_overflow(buf->size, extra, &needed) ) {
    buf->oom = true;
    return false;
  }
  size_t capacity = buf->capacity + buf->capacity / 2;
  if( capacity < needed ) capacity = needed;
  if( capacity < 64 ) capacity = 64;
  uint8_t *data = adcp_realloc(buf->data, capacity);
  if( data == NULL ) {
    buf->oom = true;
    return false;
  }
  buf->data = data;
  buf->capacity = capacity;
  return true;
}

void adcp_buf_append_str(AdcpBuf *buf, const char *text) {
  adcp_buf_append(buf, text, strlen(text));
}

void adcp_buf_appendv(AdcpBuf *buf, const char *format, va_list args) {
  va_list measure;
  va_copy(measure, args);
  int length = vsnprintf(NULL, 0, format, measure);
  va_end(measure);
  if( length < 0 ) {
    buf->oom = true;
    return;
  }
  uint8_t *to = adcp_buf_reserve(buf, (size_t)length + 1);
  if( to == NULL ) return;
  vsnprintf((char *)to, (size_t)length + 1, format, args);
  buf->size += (size_t)length;
}

void adcp_buf_appendf(AdcpBuf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adcp_buf_appendv(buf, format, args);
  va_end(args);
}

const char *adcp_buf_text(AdcpBuf *buf) {
  uint8_t *end = adcp_buf_reserve(buf, 1);
  if( end == NULL || buf->oom ) return NULL;
  *end = 0;
  return (const char *)buf->data;
}

char *adcp_buf_take(AdcpBuf *buf) {
  char *text = NULL;
  if( adcp_buf_text(buf) ) {
    text = (char *)buf->data;
    buf->data = NULL;
  }
  adcp_buf_free(buf);
  return text;
}

bool adcp_buf_check(const AdcpBuf *buf, AdcpError *err) {
  if( buf->oom ) adcp_error_nomem(err);
  return !buf->oom;
}

void adcp_buf_clear(AdcpBuf *buf) {
  buf->size = 0;
  buf->oom = false;
}

void adcp_buf_free(AdcpBuf *buf) {
  adcp_free(buf->data);
  memset(buf, 0, sizeof *buf);
}
