/*
** row_batch.h - some rows of one table with copies of their bytes, to be handed to another thread.
**
** Of fixed size: a batch takes rows until they do not fit any more. A row that does not even fit
** into an empty batch is for the caller to hand over in another way.
*/
#ifndef ADCP_ARCHIVE_ROW_BATCH_H
#define ADCP_ARCHIVE_ROW_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "codec/value.h"

/* Bytes of the texts and blobs of a batch, and its values. 192 KiB are some hundred rows: half a
** millisecond of work, against microseconds for handing them over. */
#define ADCP_BATCH_BYTES  ((size_t)192 * 1024)
#define ADCP_BATCH_VALUES ((size_t)4096)

typedef struct AdcpRowBatch {
  size_t width; /* values of a row; set while empty */
  size_t rows;
  size_t bytes_used;
  AdcpValue values[ADCP_BATCH_VALUES]; /* of one row after the other; borrow bytes */
  uint8_t bytes[ADCP_BATCH_BYTES];
} AdcpRowBatch;

/* Empties it, for rows of `width` values. */
void adcp_row_batch_clear(AdcpRowBatch *batch, size_t width);

/* Copies a row; false, and nothing done, when there is no room for it. */
bool adcp_row_batch_add(AdcpRowBatch *batch, const AdcpValue *values);

#endif
