/*
** text16.c - text behind a byte order mark (contract in text16.h).
*/
#include "db/text16.h"

#include <string.h>

char *adcp_text16_marked(const AdcpValue *value) {
  static const char mark[] = {'\xff', '\xfe'};
  char *text = sqlite3_malloc64(value->size + sizeof mark);
  if( text == NULL ) return NULL;
  memcpy(text, mark, sizeof mark);
  if( value->size ) memcpy(text + sizeof mark, value->bytes, value->size);
  return text;
}
