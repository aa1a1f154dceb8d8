/*
** texts.c - a growing array of texts (contract in texts.h).
*/
#include "base/texts.h"

#include "base/buf.h"
#include "base/mem.h"

void adcp_texts_addv(AdcpTexts *texts, AdcpError *err, const char *format, va_list args) {
  AdcpBuf text = {0};
  adcp_buf_appendv(&text, format, args);
  char **larger = adcp_grow(texts->items, texts->count, sizeof *larger);
  if( larger ) texts->items = larger;
  char *owned = larger ? adcp_buf_take(&text) : NULL;
  if( owned ) {
    texts->items[texts->count++] = owned;
  } else {
    adcp_error_nomem(err);
  }
  adcp_buf_free(&text);
}

void adcp_texts_add(AdcpTexts *texts, AdcpError *err, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adcp_texts_addv(texts, err, format, args);
  va_end(args);
}

void adcp_texts_free(AdcpTexts *texts) {
  for( size_t i = 0; i < texts->count; i++ ) adcp_free(texts->items[i]);
  adcp_free(texts->items);
  *texts = (AdcpTexts){0};
}
