/*
** zlib_memory.h - lets a zlib stream allocate through base/mem.h.
*/
#ifndef ADCP_STREAM_ZLIB_MEMORY_H
#define ADCP_STREAM_ZLIB_MEMORY_H

#include <zlib.h>

/* Zeroes the stream and sets its allocator; call before deflateInit2 or inflateInit2. */
void adcp_zlib_prepare(z_stream *z);

#endif
