/*
** by_table.h - the objects of a schema by the table that they stand on, letter case ignored.
**
** Zero-initialise. Borrows the schema, which stays unchanged as long as this.
*/
#ifndef ADCP_DB_BY_TABLE_H
#define ADCP_DB_BY_TABLE_H

#include "base/name_map.h"
#include "codec/schema.h"

typedef struct AdcpByTable {
  const AdcpSchema *schema;
  AdcpNameMap first; /* the first object of a table: AdcpObject */
  size_t *next;      /* owned: for each object the place of the next of its table + 1, or 0 */
} AdcpByTable;

void adcp_by_table_read(AdcpByTable *by_table, const AdcpSchema *schema, AdcpError *err);

/* The first object of a table, which is the table itself where the schema has it in front, and the one
** behind an object, in the schema's order; NULL when there is none. */
const AdcpObject *adcp_by_table_first(AdcpByTable *by_table, const char *table, AdcpError *err);
const AdcpObject *adcp_by_table_next(const AdcpByTable *by_table, const AdcpObject *object);

void adcp_by_table_free(AdcpByTable *by_table);

#endif
