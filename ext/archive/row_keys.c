/*
** row_keys.c - the keys of a table's rows (contract in row_keys.h).
*/
#include "archive/row_keys.h"

#include <string.h>

#include "archive/name.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"

/* Adds the key that stands in names from name_starts[count] on. */
static void add_key(AdcpRowKeys *keys) {
  size_t i = keys->count, start = keys->name_starts[i];
  size_t size = keys->names.size - start;
  adcp_buf_append_byte(&keys->names, 0);
  if( keys->names.oom ) return;
  adcp_buf_append_byte(&keys->pieces, i == 0 ? '{' : ',');
  adcp_json_quote(&keys->pieces, keys->names.data + start, size);
  adcp_buf_append_byte(&keys->pieces, ':');
  keys->count = i + 1;
  keys->starts[i + 1] = keys->pieces.size;
  keys->name_starts[i + 1] = keys->names.size;
}

void adcp_row_keys_build(AdcpRowKeys *keys, const AdcpTable *table, AdcpError *err) {
  if( err->rc ) return;
  size_t count = adcp_table_value_count(table);
  if( count > ADCP_MAX_COLUMNS + 1 ) {
    adcp_error_set(err, ADCP_TOOBIG, "table \"%s\" has %zu columns", table->name, count);
    return;
  }
  keys->starts = adcp_calloc(count + 1, sizeof(size_t));
  keys->name_starts = adcp_calloc(count + 1, sizeof(size_t));
  if( keys->starts == NULL || keys->name_starts == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  if( table->has_rowid_key ) {
    adcp_buf_append_str(&keys->names, ADCP_ROWID_KEY);
    add_key(keys);
  }
  for( size_t i = 0; i < table->column_count; i++ ) {
    if( !adcp_column_stored(&table->columns[i]) ) continue;
    adcp_name_encode(&keys->names, table->columns[i].name);
    add_key(keys);
  }
  if( adcp_buf_check(&keys->names, err) ) adcp_buf_check(&keys->pieces, err);
}

void adcp_row_keys_free(AdcpRowKeys *keys) {
  adcp_buf_free(&keys->pieces);
  adcp_buf_free(&keys->names);
  adcp_free(keys->starts);
  adcp_free(keys->name_starts);
  memset(keys, 0, sizeof *keys);
}
