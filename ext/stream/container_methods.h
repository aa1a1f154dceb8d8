/*
** container_methods.h - what differs between containers: one table for each, in a file of its own.
**
** Blocks, their order, their index and the threads are the same for all (block_write.c,
** block_fetch.c, block_read.c). A container says what stands before, in and after the blocks and
** how its text is read in sequence when no index is known.
*/
#ifndef ADCP_STREAM_CONTAINER_METHODS_H
#define ADCP_STREAM_CONTAINER_METHODS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "platform/file.h"
#include "stream/compressor.h"
#include "stream/container.h"

/* Where a sequential read begins. At a block that is not the first, what lies before it is told
** where it is known, so that the check at the container's end can be made. */
typedef struct AdcpStreamStart {
  int64_t file_offset;
  bool is_block;     /* at a block; else at the container's first byte */
  bool is_sum_known; /* the next two are those of all text before file_offset */
  uint32_t crc32;
  int64_t raw_bytes;
} AdcpStreamStart;

/* A sequential read. Belongs to the container that opened it. */
typedef struct AdcpStream AdcpStream;

typedef struct AdcpContainerMethods {
  AdcpContainer container;

  /* What stands before the first block. */
  const uint8_t *header;
  size_t header_size;

  /* Text bytes that a compressed byte can make at most; 0: any number, up to a block's. */
  uint32_t max_ratio;

  /* What blocks are compressed with at a level (1 to 12), or read with (0); NULL when they stand as
  ** they are. */
  const AdcpCompressor *(*xCompressor)(int level);

  /* Appends what stands after the last block: the line, and the container's own end. crc32 and
  ** raw_bytes are those of the whole text, the line included. n < 65536. */
  void (*xEnd)(AdcpBuf *out, const void *line, size_t n, uint32_t crc32, int64_t raw_bytes);

  /* Opens a sequential read; borrows file. NULL with err set. */
  AdcpStream *(*xOpen)(AdcpInFile *file, const AdcpStreamStart *start, AdcpError *err);

  /* Up to n > 0 bytes of text; 0 at the end (checked) or on error. */
  size_t (*xRead)(AdcpStream *stream, uint8_t *to, size_t n, AdcpError *err);

  /* File offset of the next byte to be looked at. */
  int64_t (*xOffset)(const AdcpStream *stream);
  void (*xClose)(AdcpStream *stream); /* NULL is allowed */
} AdcpContainerMethods;

extern const AdcpContainerMethods adcp_container_plain; /* container_plain.c */
extern const AdcpContainerMethods adcp_container_gzip;  /* container_gzip.c */
extern const AdcpContainerMethods adcp_container_zstd;  /* container_zstd.c */

/* The methods of a container; NULL with err set for one that is not written and read here. */
const AdcpContainerMethods *adcp_container_methods(AdcpContainer container, AdcpError *err);

/* Fails for a file that goes on where its container has ended, at a byte. */
void adcp_container_fail_trailing(const AdcpInFile *file, int64_t at, AdcpError *err);

#endif
