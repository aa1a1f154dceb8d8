/*
** result.c - a value of ours as an SQL result (contract in result.h).
*/
#include "sql/result.h"

#include <string.h>

#include "db/text16.h"

void adcp_result_value(sqlite3_context *context, const AdcpValue *value) {
  const char *bytes = adcp_value_bytes(value);
  switch( value->type ) {
  case ADCP_NULL: break;
  case ADCP_INTEGER: sqlite3_result_int64(context, value->integer); break;
  case ADCP_REAL: sqlite3_result_double(context, value->real); break;
  case ADCP_TEXT:
  case ADCP_TEXT16: adcp_text_result(context, value); break;
  case ADCP_BLOB: sqlite3_result_blob64(context, bytes, value->size, SQLITE_TRANSIENT); break;
  }
}

static AdcpValue text_of(const void *text, size_t size) {
  return (AdcpValue){.type = ADCP_TEXT, .bytes = text, .size = size};
}

void adcp_result_text(sqlite3_context *context, const char *text) {
  if( text == NULL ) {
    sqlite3_result_null(context);
    return;
  }
  AdcpValue value = text_of(text, strlen(text));
  adcp_text_result(context, &value);
}

void adcp_result_json(sqlite3_context *context, const void *json, size_t size) {
  AdcpValue value = text_of(json, size);
  adcp_text_result(context, &value);
  sqlite3_result_subtype(context, 'J');
}
