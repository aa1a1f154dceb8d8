/*
** order.h - the order in which tables are written and restored.
**
** Ordinary tables parents first (foreign keys, parents matched by name as SQLite does, ASCII case
** ignored), members of a cycle and ties in bytewise name order; then shadow tables grouped by their
** owner, bytewise; then virtual tables (which have no rows), then sqlite_sequence, then
** sqlite_stat*. Iterative (Tarjan's strongly connected components, then Kahn with a heap or sorted
** ready set): 100,000 tables in one chain are fine.
*/
#ifndef ADCP_DB_ORDER_H
#define ADCP_DB_ORDER_H

#include "codec/schema.h"

/* Reorders schema->tables in place and rebuilds its name index. */
void adcp_schema_sort(AdcpSchema *schema, AdcpError *err);

#endif
