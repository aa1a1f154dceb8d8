/*
** table_digest.c - scan -> canonical row text -> SHA-256 (contract in table_digest.h).
*/
#include "ops/table_digest.h"

#include "archive/row_write.h"
#include "db/scan.h"

static void add_to_digest(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_row_digest_add(context, bytes, n);
}

void adcp_table_digest(AdcpDb *db, const AdcpTable *table, AdcpRowDigest *digest, int64_t *rows,
                       char sha256[ADCP_SHA256_HEX + 1]) {
  *rows = 0;
  if( db->err->rc ) return;
  AdcpTextSink sink = {digest, add_to_digest};
  AdcpRowWriter *writer = adcp_row_writer_open(table, db->err);
  AdcpScan *scan = adcp_scan_open(db, table);
  const AdcpValue *values;
  adcp_row_digest_reset(digest);
  while( !db->err->rc && (values = adcp_scan_next(scan)) != NULL ) {
    adcp_row_write(writer, values, sink, db->err);
    adcp_row_digest_end_row(digest);
    (*rows)++;
  }
  if( !db->err->rc ) adcp_row_digest_hex(digest, sha256);
  adcp_scan_close(scan);
  adcp_row_writer_close(writer);
}
