/*
** block_write.h - turns a text into a container of independent blocks.
**
** Order of calls: open, append and cut at will, drain (the manifest needs the index of all blocks
** before it), append the manifest, end, close. The file is the caller's and is committed by the
** caller.
**
**   gzip:  [10-byte header][block]...[last deflate block: stored, the end line][CRC32][ISIZE]
**          each block: deflate blocks that refer to nothing before it, byte-aligned, 00 00 FF FF
**   plain: [block][block]...[end line]
**
** Bounded memory: (threads + 2) blocks in flight. One caller; the same bytes for any number of
** threads.
*/
#ifndef ADCP_STREAM_BLOCK_WRITE_H
#define ADCP_STREAM_BLOCK_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "platform/file.h"
#include "stream/container.h"

typedef struct AdcpBlockWriter AdcpBlockWriter;

typedef struct AdcpBlockWriterOptions {
  AdcpContainer container;
  int level;          /* gzip, zstd: 1 to 12, each on its library's scale; ignored for plain */
  int threads;        /* 0 to ADCP_MAX_THREADS workers besides the caller */
  size_t block_bytes; /* 1 to ADCP_MAX_BLOCK_BYTES; 0 means ADCP_BLOCK_BYTES */
  AdcpCheckpoint checkpoint; /* for who opens the file: see adcp_outfile_open */
} AdcpBlockWriterOptions;

/* Writes the container's header. Borrows file until closed. */
AdcpBlockWriter *adcp_block_writer_open(AdcpOutFile *file, const AdcpBlockWriterOptions *options,
                                        AdcpError *err);

/* Adds text; a block that is full goes to the workers. */
void adcp_block_writer_append(AdcpBlockWriter *writer, const void *bytes, size_t n, AdcpError *err);

/* Ends the open block, if it has any text, so that the next byte starts a new one. */
void adcp_block_writer_cut(AdcpBlockWriter *writer, AdcpError *err);

/* Where the next byte will stand, and how much the open block holds. */
AdcpBlockPosition adcp_block_writer_position(const AdcpBlockWriter *writer);

/* Raw bytes appended so far. */
int64_t adcp_block_writer_raw_bytes(const AdcpBlockWriter *writer);

/* Cuts, then waits until every block is in the file. The index is then complete and the file's
** position is where the next block will begin. */
void adcp_block_writer_drain(AdcpBlockWriter *writer, AdcpError *err);

/* Index of the blocks written so far; borrowed until the next append. */
const AdcpBlockEntry *adcp_block_writer_index(const AdcpBlockWriter *writer, size_t *count);

/* CRC-32 of all raw text that was drained, for the manifest's own check (crc32_combine over blocks
** from `first_block` on). */
uint32_t adcp_block_writer_crc32(const AdcpBlockWriter *writer, size_t first_block);

/* Drains, then writes the last block: exactly `line` as a stored block, and the trailer. n <
** 65536. */
void adcp_block_writer_end(AdcpBlockWriter *writer, const void *line, size_t n, AdcpError *err);

/* Joins the workers and frees. Leaves the file alone. NULL is allowed. */
void adcp_block_writer_close(AdcpBlockWriter *writer);

#endif
