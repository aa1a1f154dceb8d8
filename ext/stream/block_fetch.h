/*
** block_fetch.h - the text of any block of an index, checked, and read ahead by workers.
**
** One owner. Bounded: (threads + 2) blocks in memory, those read ahead and those used last.
*/
#ifndef ADCP_STREAM_BLOCK_FETCH_H
#define ADCP_STREAM_BLOCK_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "platform/file.h"
#include "stream/block_index.h"
#include "stream/container_methods.h"

typedef struct AdcpBlockFetch AdcpBlockFetch;

/* Borrows file, methods and index until closed. */
AdcpBlockFetch *adcp_block_fetch_open(AdcpInFile *file, const AdcpContainerMethods *methods,
                                      const AdcpBlockIndex *index, int threads, AdcpError *err);

/* More threads than before, as long as nothing was read ahead. */
void adcp_block_fetch_set_threads(AdcpBlockFetch *fetch, int threads);

/* The text of a block, entries[block].raw_bytes of it, borrowed until the next call; NULL with err
** set (damage names block and file offset). After an error other blocks can still be had. */
const uint8_t *adcp_block_fetch_get(AdcpBlockFetch *fetch, size_t block, AdcpError *err);

/* Waits for workers and frees. NULL is allowed. */
void adcp_block_fetch_close(AdcpBlockFetch *fetch);

#endif
