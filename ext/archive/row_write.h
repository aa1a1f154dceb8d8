/*
** row_write.h - rows as canonical JSON text: the same row always gives the same bytes.
**
**   {"$rowid":7,"name":"x","price":1.5,"photo":{"$blob":"..."}}
**
** Used by whoever needs a row's text or digest: the archive writer, and the re-scan of restored
** rows.
*/
#ifndef ADCP_ARCHIVE_ROW_WRITE_H
#define ADCP_ARCHIVE_ROW_WRITE_H

#include "base/buf.h"
#include "codec/schema.h"
#include "codec/value.h"

/* Where row text goes, in pieces: a row is one piece unless a value is large. */
typedef struct AdcpTextSink {
  void *context; /* borrowed */
  void (*xWrite)(void *context, const void *bytes, size_t n, AdcpError *err);
} AdcpTextSink;

typedef struct AdcpRowWriter AdcpRowWriter;

/* For the rows of one table (borrowed for the writer's life). */
AdcpRowWriter *adcp_row_writer_open(const AdcpTable *table, AdcpError *err);

/* Writes one row of adcp_table_value_count values, without line break. Values above 64 KiB are
** encoded in pieces, so that no second copy of a large value is made. */
void adcp_row_write(AdcpRowWriter *writer, const AdcpValue *values, AdcpTextSink sink,
                    AdcpError *err);
void adcp_row_writer_close(AdcpRowWriter *writer);

/* Of a row with values of that many bytes in all the text cannot be longer; and how long it is. */
int64_t adcp_row_size_most(const AdcpRowWriter *writer, size_t value_bytes);
int64_t adcp_row_size(AdcpRowWriter *writer, const AdcpValue *values);

/* One value alone, as in a row; blobs as $blob, or $hex when shadow is true. For reports and
** relations. */
void adcp_value_write(AdcpBuf *out, const AdcpValue *value, bool shadow);

#endif
