/*
** block_index.h - where each block stands, in the file and in the text.
*/
#ifndef ADCP_STREAM_BLOCK_INDEX_H
#define ADCP_STREAM_BLOCK_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/container_methods.h"

typedef struct AdcpBlockIndex {
  AdcpBlockEntry *entries; /* owned, count of them */
  int64_t *file_offsets;   /* owned, count + 1: of each block and of what follows the last */
  int64_t *text_offsets;   /* owned, count + 1 */
  size_t count;
} AdcpBlockIndex;

/* Copies the entries and adds them up from the container's first block on. They come from a file:
** an entry that claims what no writer makes, or blocks that reach the file's end, are ADCP_CORRUPT,
** before anything is allocated for a block. On error the index is empty. */
void adcp_block_index_init(AdcpBlockIndex *index, const AdcpContainerMethods *methods,
                           const AdcpBlockEntry *entries, size_t count, int64_t file_size,
                           AdcpError *err);

/* CRC-32 of the text of all blocks. */
uint32_t adcp_block_index_crc32(const AdcpBlockIndex *index);

/* Frees; the index is empty afterwards. */
void adcp_block_index_free(AdcpBlockIndex *index);

#endif
