/*
** buf.h - a growable byte buffer with sticky out-of-memory.
**
** Appending to a buffer that ran out of memory does nothing; the owner looks at `oom` once when it
** is done. The bytes are not zero-terminated unless adcp_buf_text is called. Zero-initialise.
*/
#ifndef ADCP_BASE_BUF_H
#define ADCP_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

typedef struct AdcpBuf {
  uint8_t *data; /* owned */
  size_t size;   /* bytes in use */
  size_t capacity;
  bool oom; /* an append failed; contents are incomplete */
} AdcpBuf;

/* Makes room for `extra` more bytes; false (and oom) when there is no memory. Growth is by half. */
bool adcp_buf_grow(AdcpBuf *buf, size_t extra);

/* Room for `extra` bytes at data + size, or NULL; the caller then adds what it wrote to size.
** extra is not 0. */
static inline uint8_t *adcp_buf_reserve(AdcpBuf *buf, size_t extra) {
  if( buf->capacity - buf->size < extra && !adcp_buf_grow(buf, extra) ) return NULL;
  return buf->data + buf->size;
}

static inline void adcp_buf_append(AdcpBuf *buf, const void *bytes, size_t n) {
  uint8_t *to = n ? adcp_buf_reserve(buf, n) : NULL;
  if( to == NULL ) return;
  memcpy(to, bytes, n);
  buf->size += n;
}

static inline void adcp_buf_append_byte(AdcpBuf *buf, uint8_t byte) {
  uint8_t *to = adcp_buf_reserve(buf, 1);
  if( to == NULL ) return;
  *to = byte;
  buf->size++;
}

void adcp_buf_append_str(AdcpBuf *buf, const char *text);

/* printf into the buffer. No floating-point formats (locale). */
void adcp_buf_appendf(AdcpBuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void adcp_buf_appendv(AdcpBuf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Zero-terminates and returns the bytes as text (borrows until the next append); NULL when oom. */
const char *adcp_buf_text(AdcpBuf *buf);

/* Moves the zero-terminated bytes to the caller, who frees them with adcp_free; NULL when oom.
** The buffer is empty afterwards. */
char *adcp_buf_take(AdcpBuf *buf);

/* Sets ADCP_NOMEM on err if the buffer ran out of memory; true when all is well. */
bool adcp_buf_check(const AdcpBuf *buf, AdcpError *err);

/* Empties, keeping the memory; also forgets oom. */
void adcp_buf_clear(AdcpBuf *buf);

/* Frees; the buffer is empty and usable afterwards. */
void adcp_buf_free(AdcpBuf *buf);

#endif
