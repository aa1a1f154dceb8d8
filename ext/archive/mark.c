/*
** mark.c - the key of a row, as the manifest's marks hold it (contract in mark.h).
*/
#include "archive/mark.h"

#include <string.h>

#include "archive/row_write.h"
#include "base/limits.h"
#include "base/mem.h"

/* The column that is the `part`th of the primary key; column_count when there is none. */
static size_t key_column(const AdcpTable *table, int part) {
  size_t i = 0;
  while( i < table->column_count && table->columns[i].primary_key != part ) i++;
  return i;
}

static void write_key(AdcpBuf *key, const AdcpTable *table, const AdcpValue *values) {
  size_t column;
  for( int part = 1; (column = key_column(table, part)) < table->column_count; part++ ) {
    adcp_buf_append_byte(key, part == 1 ? '[' : ',');
    adcp_value_write(key, &values[adcp_table_value_place(table, column)], false);
    if( key->size > ADCP_MAX_MARK_KEY_BYTES ) return;
  }
  if( key->size ) adcp_buf_append_byte(key, ']');
}

void adcp_mark_set_key(AdcpArchiveMark *mark, const AdcpTable *table, const AdcpValue *values,
                       AdcpError *err) {
  int place = adcp_table_rowid_place(table);
  mark->has_rowid = place >= 0 && values[place].type == ADCP_INTEGER;
  if( mark->has_rowid ) mark->rowid = values[place].integer;
  if( !table->without_rowid ) return;
  AdcpBuf key = {0};
  write_key(&key, table, values);
  if( adcp_buf_check(&key, err) && key.size && key.size <= ADCP_MAX_MARK_KEY_BYTES ) {
    mark->key = adcp_buf_take(&key);
    if( mark->key == NULL ) adcp_error_nomem(err);
  }
  adcp_buf_free(&key);
}

bool adcp_mark_fits(const AdcpArchiveMark *mark, const AdcpTable *table, const AdcpValue *values,
                    AdcpError *err) {
  AdcpArchiveMark own = {.row = mark->row};
  adcp_mark_set_key(&own, table, values, err);
  bool fits = !mark->has_rowid || (own.has_rowid && own.rowid == mark->rowid);
  if( mark->key ) fits = own.key && strcmp(own.key, mark->key) == 0;
  adcp_free(own.key);
  return fits;
}
