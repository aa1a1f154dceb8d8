/*
** result.c - a value of ours as an SQL result (contract in result.h).
*/
#include "sql/result.h"

#include "db/text16.h"

void adcp_result_value(sqlite3_context *context, const AdcpValue *value) {
  const char *bytes = adcp_value_bytes(value);
  switch( value->type ) {
  case ADCP_NULL: break;
  case ADCP_INTEGER: sqlite3_result_int64(context, value->integer); break;
  case ADCP_REAL: sqlite3_result_double(context, value->real); break;
  case ADCP_TEXT:
    sqlite3_result_text64(context, bytes, value->size, SQLITE_TRANSIENT, SQLITE_UTF8);
    break;
  case ADCP_TEXT16:
    bytes = adcp_text16_marked(value);
    if( bytes == NULL ) {
      sqlite3_result_error_nomem(context);
    } else {
      sqlite3_result_text64(context, bytes, value->size + 2, sqlite3_free, SQLITE_UTF16LE);
    }
    break;
  case ADCP_BLOB: sqlite3_result_blob64(context, bytes, value->size, SQLITE_TRANSIENT); break;
  }
}
