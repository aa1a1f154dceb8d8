/*
** legacy_read.h - backups of the application's earlier Python tool: format version "2.0".
**
** One JSON object as json.dump(indent=2) writes it, plain or gzipped, without a manifest:
**
**   {"backup_metadata":{"version":"2.0","data_counts":{"products":1250,...},...},
**    "tenants":[{"id":1,"name":"Netflix","enable_web_context":false,...},...],
**    "products":[...], "external_agents":[...], "product_embeddings":[{"embedding":[0.1,...],...},...],
**    "app_settings":{...}, "tenant_settings":{...}, "database_schema":..., "fts_tables":...,
**    "environment_config":..., "feature_flags":...}
**
** Opening reads the file once: it finds the columns that the rows have, counts them, keeps the
** other members as sections, and looks for rows whose parent is missing. The rows are then read a
** second time, as events. Head and events are those of any archive; only digests, positions and
** schema objects are missing. Nothing but the ids of tenants and products is kept of the rows: 24
** bytes a product.
**
** Values: true and false are 1 and 0; the T in created_at of tenants, products and agents becomes
** the space that the application stores; an array of numbers under "embedding" is a BLOB of
** little-endian float32; other arrays and objects are their JSON text.
*/
#ifndef ADCP_ARCHIVE_LEGACY_READ_H
#define ADCP_ARCHIVE_LEGACY_READ_H

#include "archive/archive_reader.h"

#define ADCP_LEGACY_VERSION "2.0"
#define ADCP_LEGACY_TABLES  4

/* What is known of the tables in advance. */
typedef struct AdcpLegacySpec {
  const char *section; /* the member that holds the rows */
  const char *table;   /* the application's table */
  const char *parent_column;
  int parent;           /* place of the parent's spec, or -1 */
  const char *datetime; /* column whose text is Python's isoformat(), or NULL */
} AdcpLegacySpec;
extern const AdcpLegacySpec adcp_legacy_specs[ADCP_LEGACY_TABLES];

/* The place of the member whose key was just taken in adcp_legacy_specs, or -1. */
int adcp_legacy_find(const AdcpJsonReader *json);

/* Reads the file once: fills manifest, schema, sections and warnings of the head. */
void adcp_legacy_open(AdcpArchiveReader *r);

/* As their namesakes in archive_read.h. */
AdcpArchiveEvent adcp_legacy_next(AdcpArchiveReader *r);
const AdcpValue *adcp_legacy_row(AdcpArchiveReader *r);
const char *adcp_legacy_row_text(AdcpArchiveReader *r, size_t *size);

/* What reading rows needs; NULL is allowed. */
typedef struct AdcpLegacy AdcpLegacy;
void adcp_legacy_close(AdcpLegacy *legacy);

#endif
