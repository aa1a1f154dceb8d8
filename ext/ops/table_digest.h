/*
** table_digest.h - the digest of a live table: equal to the one in a backup of the same rows.
*/
#ifndef ADCP_OPS_TABLE_DIGEST_H
#define ADCP_OPS_TABLE_DIGEST_H

#include "archive/row_digest.h"
#include "codec/schema.h"
#include "db/db.h"

/* Scans db->schema's table as it is described (its name, columns and key), in canonical order, and
** digests its row lines. digest is borrowed and starts over. */
void adcp_table_digest(AdcpDb *db, const AdcpTable *table, AdcpRowDigest *digest, int64_t *rows,
                       char sha256[ADCP_SHA256_HEX + 1]);

#endif
