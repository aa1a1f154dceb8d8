/*
** mem.h - all memory of the layers below SQLite goes through one table.
**
** The table exists so that a test can fail any allocation, in any thread. It is the C library's
** allocator unless adcp_mem_replace is called, which only tests do, before the first allocation.
** zlib, libdeflate, libzstd and cJSON are told to allocate here too where they can be told.
*/
#ifndef ADCP_BASE_MEM_H
#define ADCP_BASE_MEM_H

#include <stddef.h>

typedef struct AdcpMemMethods {
  void *(*xMalloc)(size_t size);
  void *(*xRealloc)(void *old, size_t size);
  void (*xFree)(void *block);
} AdcpMemMethods;

/* NULL when out of memory, and for sizes above PTRDIFF_MAX. A size of 0 gives a unique block. */
void *adcp_malloc(size_t size);

/* Like adcp_malloc, zero-filled; the product count * size is checked. */
void *adcp_calloc(size_t count, size_t size);

/* Resizes; the old block stays valid when NULL is returned. old may be NULL. */
void *adcp_realloc(void *old, size_t size);

/* An array of count items of that size with room for one more, which it gets twofold when count is a power of
** two: of an array that only this has grown. The old block stays valid when NULL is returned; NULL with
** count 0 is empty. (An allocator may copy all items whenever a block grows.) */
void *adcp_grow(void *items, size_t count, size_t size);

/* Frees; NULL is allowed. */
void adcp_free(void *block);

/* Copies n bytes and adds a zero byte; NULL when out of memory. */
char *adcp_strndup(const char *text, size_t n);
char *adcp_strdup(const char *text);

/* For tests: replaces the table; NULL puts the C library's back. Borrows the table for ever. */
void adcp_mem_replace(const AdcpMemMethods *methods);

#endif
