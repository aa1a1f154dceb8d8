/*
** zlib_memory.c - zlib's allocator (contract in zlib_memory.h).
*/
#include "stream/zlib_memory.h"

#include <string.h>

#include "base/mem.h"

static void *allocate(void *opaque, unsigned count, unsigned size) {
  (void)opaque;
  return adcp_calloc(count, size);
}

static void release(void *opaque, void *block) {
  (void)opaque;
  adcp_free(block);
}

void adcp_zlib_prepare(z_stream *z) {
  memset(z, 0, sizeof *z);
  z->zalloc = allocate;
  z->zfree = release;
}
