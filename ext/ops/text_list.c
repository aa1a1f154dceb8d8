/*
** text_list.c - a growing list of texts (contract in text_list.h).
*/
#include "ops/text_list.h"

void adcp_text_list_add(AdcpTextList *list, const char *format, ...) {
  AdcpBuf text = {0};
  va_list args;
  va_start(args, format);
  adcp_buf_appendv(&text, format, args);
  va_end(args);
  const char *string = adcp_buf_text(&text);
  if( list->count++ ) adcp_buf_append_byte(&list->json, ',');
  if( string ) {
    adcp_json_quote_lossy(&list->json, string);
  } else {
    list->json.oom = true;
  }
  adcp_buf_free(&text);
}

void adcp_text_list_write_items(const AdcpTextList *list, AdcpJsonWriter *w) {
  if( list->count ) adcp_json_raw(w, list->json.data, list->json.size);
}

void adcp_text_list_write(const AdcpTextList *list, AdcpJsonWriter *w, const char *key) {
  adcp_json_key(w, key);
  adcp_json_begin_array(w);
  adcp_text_list_write_items(list, w);
  adcp_json_end_array(w);
}

bool adcp_text_list_check(const AdcpTextList *list, AdcpError *err) {
  return adcp_buf_check(&list->json, err);
}

void adcp_text_list_free(AdcpTextList *list) {
  adcp_buf_free(&list->json);
}
