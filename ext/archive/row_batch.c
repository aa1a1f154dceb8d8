/*
** row_batch.c - some rows of one table with copies of their bytes (contract in row_batch.h).
*/
#include "archive/row_batch.h"

#include <string.h>

void adcp_row_batch_clear(AdcpRowBatch *batch, size_t width) {
  batch->width = width;
  batch->rows = 0;
  batch->bytes_used = 0;
}

static bool has_bytes(const AdcpValue *value) {
  return value->type >= ADCP_TEXT && value->size > 0;
}

bool adcp_row_batch_add(AdcpRowBatch *batch, const AdcpValue *values) {
  size_t room = ADCP_BATCH_BYTES - batch->bytes_used;
  if( batch->width * (batch->rows + 1) > ADCP_BATCH_VALUES ) return false;
  for( size_t i = 0; i < batch->width; i++ ) {
    if( !has_bytes(&values[i]) ) continue;
    if( values[i].size > room ) return false;
    room -= values[i].size;
  }
  AdcpValue *to = batch->values + batch->width * batch->rows++;
  memcpy(to, values, batch->width * sizeof *to);
  for( size_t i = 0; i < batch->width; i++ ) {
    if( !has_bytes(&to[i]) ) continue;
    memcpy(batch->bytes + batch->bytes_used, to[i].bytes, to[i].size);
    to[i].bytes = batch->bytes + batch->bytes_used;
    batch->bytes_used += to[i].size;
  }
  return true;
}
