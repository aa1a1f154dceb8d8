/*
** block_read.h - the text of a container: from start to end, from any block, or its tail.
**
** Without an index (a file of another tool, or before the manifest is known) the text is read from
** the start, by zlib, several gzip members included. With an index (set_index) blocks are inflated
** ahead by workers, each is checked against its size and CRC-32, and any block can be gone to. One
** owner; bounded: (threads + 2) blocks in memory.
**
** Damage is ADCP_CORRUPT with block number and file offset. Bytes after the container's end are an
** error with their offset.
*/
#ifndef ADCP_STREAM_BLOCK_READ_H
#define ADCP_STREAM_BLOCK_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "platform/file.h"
#include "stream/container.h"

typedef struct AdcpBlockReader AdcpBlockReader;

/* Detects the container. An empty file and one of no known container are ADCP_NOTADB. Borrows file.
** threads as in the writer. */
AdcpBlockReader *adcp_block_reader_open(AdcpInFile *file, int threads, AdcpError *err);

/* More threads than before, for what is read from now on: once the size of the text is known. Of a
** reader that was opened without. */
void adcp_block_reader_set_threads(AdcpBlockReader *reader, int threads);
AdcpContainer adcp_block_reader_container(const AdcpBlockReader *reader);

/* File offset of the first block: 10 for gzip, 0 for plain; -1 where the file does not begin as we
** write it, so that what the manifest says of blocks is not to be believed. */
int64_t adcp_block_reader_first_offset(const AdcpBlockReader *reader);

/* Appends the last ADCP_TAIL_BYTES of the file to tail, as they stand (the end line is stored
** uncompressed). */
void adcp_block_reader_tail(AdcpBlockReader *reader, AdcpBuf *tail, AdcpError *err);

/* Goes to a file offset where a block begins (raw deflate in gzip, text in plain) and reads
** sequentially from there to the container's end; used for the manifest, whose blocks the index
** does not hold. CRCs of single blocks are not known there; the caller has the manifest's. */
void adcp_block_reader_seek_file(AdcpBlockReader *reader, int64_t offset, AdcpError *err);

/* Gives the index (copied). Sizes must add up to less than the file; else ADCP_CORRUPT. Does not
** move; not allowed between a rewind or seek by an index and the next seek_file. */
void adcp_block_reader_set_index(AdcpBlockReader *reader, const AdcpBlockEntry *blocks,
                                 size_t count, AdcpError *err);

/* Goes to the start of the text. With an index this reads by blocks, then (past the last of them)
** sequentially to the container's end, where the trailer (CRC-32 and size of the whole text) is
** checked too. */
void adcp_block_reader_rewind(AdcpBlockReader *reader, AdcpError *err);

/* Goes to a block and an offset in it; needs the index. */
void adcp_block_reader_seek(AdcpBlockReader *reader, AdcpBlockPosition position, AdcpError *err);

/* Up to n bytes of text; 0 at the end of the container (everything checked) or on error. */
size_t adcp_block_reader_read(AdcpBlockReader *reader, uint8_t *to, size_t n, AdcpError *err);

/* Text bytes from the start of the document to the next unread byte; after seek_file -1
** (unknown). */
int64_t adcp_block_reader_text_offset(const AdcpBlockReader *reader);

/* The same for any place of the index. */
int64_t adcp_block_reader_offset_of(const AdcpBlockReader *reader, AdcpBlockPosition position);

/* The other way round; behind the index: its end, and how far from there. */
AdcpBlockPosition adcp_block_reader_position_of(const AdcpBlockReader *reader, int64_t offset);

/* For messages: the block and file offset that the last bytes came from (-1 when not known). */
void adcp_block_reader_place(const AdcpBlockReader *reader, int64_t *block, int64_t *file_offset);

void adcp_block_reader_close(AdcpBlockReader *reader);

#endif
