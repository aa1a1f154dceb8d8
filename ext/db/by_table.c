/*
** by_table.c - the objects of a schema by table (contract in by_table.h).
*/
#include "db/by_table.h"

#include <string.h>

#include "base/mem.h"

void adcp_by_table_read(AdcpByTable *by_table, const AdcpSchema *schema, AdcpError *err) {
  by_table->schema = schema;
  by_table->next = adcp_calloc(schema->object_count + 1, sizeof *by_table->next);
  size_t *ends = adcp_calloc(schema->object_count + 1, sizeof *ends); /* by the first's place */
  if( by_table->next == NULL || ends == NULL ) adcp_error_nomem(err);
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    AdcpObject *object = &schema->objects[i];
    AdcpObject *first =
        adcp_name_map_get(&by_table->first, object->tbl_name, strlen(object->tbl_name), err);
    if( first == NULL ) {
      adcp_name_map_put(&by_table->first, object->tbl_name, object, err);
      ends[i] = i;
    } else {
      size_t *end = &ends[first - schema->objects];
      by_table->next[*end] = i + 1;
      *end = i;
    }
  }
  adcp_free(ends);
}

const AdcpObject *adcp_by_table_first(AdcpByTable *by_table, const char *table, AdcpError *err) {
  return adcp_name_map_get(&by_table->first, table, strlen(table), err);
}

const AdcpObject *adcp_by_table_next(const AdcpByTable *by_table, const AdcpObject *object) {
  size_t next = by_table->next[object - by_table->schema->objects];
  return next ? &by_table->schema->objects[next - 1] : NULL;
}

void adcp_by_table_free(AdcpByTable *by_table) {
  adcp_name_map_free(&by_table->first);
  adcp_free(by_table->next);
  *by_table = (AdcpByTable){0};
}
