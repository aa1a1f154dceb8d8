/*
** block_index.c - checks and sums of a block list (contract in block_index.h).
*/
#include "stream/block_index.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

/* A run is at most a little larger than its text; twice that and a header is beyond any writer. */
#define MAX_RUN_BYTES(raw) ((uint64_t)(raw)*2 + 64)

/* The smallest run, an empty text's, is 5 bytes; one of a long repetition has some more than
** 1/1032. */
#define MAX_RAW_BYTES(size, ratio) ((uint64_t)(size) * (ratio) + 64)

/* Why an entry cannot be; NULL when it can. */
static const char *entry_fault(const AdcpContainerMethods *methods, const AdcpBlockEntry *entry) {
  if( entry->raw_bytes == 0 || entry->size_bytes == 0 ) return "is said to be empty";
  if( entry->raw_bytes > ADCP_MAX_BLOCK_BYTES ) return "is said to be larger than a block may be";
  if( methods->xCompressor(0) == NULL ) {
    return entry->raw_bytes == entry->size_bytes ? NULL : "is said to have two sizes";
  }
  if( methods->max_ratio &&
      entry->raw_bytes > MAX_RAW_BYTES(entry->size_bytes, methods->max_ratio) ) {
    return "is said to inflate to more than its size allows";
  }
  if( entry->size_bytes > MAX_RUN_BYTES(entry->raw_bytes) ) {
    return "is said to take more room than its text";
  }
  return NULL;
}

static void fill(AdcpBlockIndex *index, const AdcpContainerMethods *methods, int64_t file_size,
                 AdcpError *err) {
  int64_t file_offset = (int64_t)methods->header_size, text_offset = 0;
  for( size_t i = 0; i < index->count; i++ ) {
    const AdcpBlockEntry *entry = &index->entries[i];
    const char *fault = entry_fault(methods, entry);
    if( fault == NULL && entry->size_bytes >= file_size - file_offset ) {
      fault = "is said to reach beyond the end of the file";
    }
    if( fault ) {
      adcp_error_set(err, ADCP_CORRUPT, "the block index is damaged: block %zu %s", i, fault);
      return;
    }
    index->file_offsets[i] = file_offset;
    index->text_offsets[i] = text_offset;
    file_offset += entry->size_bytes;
    text_offset += entry->raw_bytes;
  }
  index->file_offsets[index->count] = file_offset;
  index->text_offsets[index->count] = text_offset;
}

void adcp_block_index_init(AdcpBlockIndex *index, const AdcpContainerMethods *methods,
                           const AdcpBlockEntry *entries, size_t count, int64_t file_size,
                           AdcpError *err) {
  memset(index, 0, sizeof *index);
  if( err->rc != ADCP_OK ) return;
  index->count = count;
  index->entries = adcp_calloc(count, sizeof *entries);
  index->file_offsets = adcp_calloc(count + 1, sizeof(int64_t));
  index->text_offsets = adcp_calloc(count + 1, sizeof(int64_t));
  if( index->entries == NULL || index->file_offsets == NULL || index->text_offsets == NULL ) {
    adcp_error_nomem(err);
  } else {
    if( count ) memcpy(index->entries, entries, count * sizeof *entries);
    fill(index, methods, file_size, err);
  }
  if( err->rc != ADCP_OK ) adcp_block_index_free(index);
}

uint32_t adcp_block_index_crc32(const AdcpBlockIndex *index) {
  uint32_t crc = 0;
  for( size_t i = 0; i < index->count; i++ ) {
    crc = adcp_crc32_combine(crc, index->entries[i].crc32, index->entries[i].raw_bytes);
  }
  return crc;
}

void adcp_block_index_free(AdcpBlockIndex *index) {
  adcp_free(index->entries);
  adcp_free(index->file_offsets);
  adcp_free(index->text_offsets);
  memset(index, 0, sizeof *index);
}
