/*
** mem.c - the allocator table (contract in mem.h).
*/
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const AdcpMemMethods c_library = {malloc, realloc, free};

/* The one mutable global of this layer: written by tests only, before any other call. */
static const AdcpMemMethods *methods = &c_library;

void adcp_mem_replace(const AdcpMemMethods *replacement) {
  methods = replacement ? replacement : &c_library;
}

void *adcp_malloc(size_t size) {
  if( size > PTRDIFF_MAX ) return NULL;
  return methods->xMalloc(size ? size : 1);
}

void *adcp_calloc(size_t count, size_t size) {
  size_t total;
  if( __builtin_mul_overflow(count, size, &total) ) return NULL;
  void *block = adcp_malloc(total);
  if( block ) memset(block, 0, total);
  return block;
}

void *adcp_realloc(void *old, size_t size) {
  if( size > PTRDIFF_MAX ) return NULL;
  return methods->xRealloc(old, size ? size : 1);
}

void *adcp_grow(void *items, size_t count, size_t size) {
  size_t total;
  if( (count & (count - 1)) != 0 ) return items;
  if( __builtin_mul_overflow(count ? 2 * count : 1, size, &total) ) return NULL;
  return adcp_realloc(items, total);
}

void adcp_free(void *block) {
  if( block ) methods->xFree(block);
}

char *adcp_strndup(const char *text, size_t n) {
  char *copy = adcp_malloc(n + 1);
  if( copy == NULL ) return NULL;
  memcpy(copy, text, n);
  copy[n] = 0;
  return copy;
}

char *adcp_strdup(const char *text) {
  return adcp_strndup(text, strlen(text));
}
