/*
** test_base_texts.c - the array of texts: order, formats, an error that is set already, no memory.
*/
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/texts.h"

static int left; /* allocations until one fails */

static void *maybe_malloc(size_t size) {
  return left-- > 0 ? malloc(size) : NULL;
}

static void *maybe_realloc(void *old, size_t size) {
  return left-- > 0 ? realloc(old, size) : NULL;
}

static const AdcpMemMethods failing = {maybe_malloc, maybe_realloc, free};

static void keeps_order(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpTexts texts = {0};
  char expected[32];
  adcp_error_set(&err, ADCP_CORRUPT, "before");
  for( int i = 0; i < 1000; i++ ) adcp_texts_add(&texts, &err, "text %d of \"%s\"", i, "x");
  CHECK(texts.count == 1000 && err.rc == ADCP_CORRUPT);
  for( int i = 0; i < 1000; i++ ) {
    snprintf(expected, sizeof expected, "text %d of \"x\"", i);
    CHECK(strcmp(texts.items[i], expected) == 0);
  }
  adcp_texts_free(&texts);
  CHECK(texts.count == 0 && texts.items == NULL);
  adcp_texts_free(&texts);
  adcp_error_clear(&err);
}

static size_t resized; /* bytes that an allocator may have copied */

static void *count_realloc(void *old, size_t size) {
  resized += size;
  return realloc(old, size);
}

static const AdcpMemMethods counting = {malloc, count_realloc, free};

static void copies_little(void) {
  AdcpTexts texts = {0};
  AdcpError err = ADCP_ERROR_INIT;
  adcp_mem_replace(&counting);
  for( int i = 0; i < 10000; i++ ) adcp_texts_add(&texts, &err, "%d", i);
  CHECK(texts.count == 10000 && err.rc == ADCP_OK && strcmp(texts.items[9999], "9999") == 0);
  CHECK(resized < 10000 * 500);
  adcp_texts_free(&texts);
  CHECK(adcp_grow(&texts, 1, PTRDIFF_MAX) == NULL && adcp_grow(&texts, 4, SIZE_MAX / 2) == NULL);
  adcp_mem_replace(NULL);
}

static void adds_nothing_without_memory(void) {
  AdcpTexts texts = {0};
  AdcpError err = ADCP_ERROR_INIT;
  adcp_texts_add(&texts, &err, "%s", "there");
  adcp_mem_replace(&failing);
  int failed = 0;
  for( int at = 0; at < 10; at++ ) {
    left = at;
    size_t count = texts.count;
    adcp_texts_add(&texts, &err, "%s", "more");
    CHECK(texts.count == count + (err.rc == ADCP_OK));
    CHECK(err.rc == ADCP_OK || err.rc == ADCP_NOMEM);
    failed += err.rc != ADCP_OK;
    adcp_error_clear(&err);
  }
  adcp_mem_replace(NULL);
  CHECK(failed >= 2 && failed < 10 && strcmp(texts.items[0], "there") == 0);
  adcp_texts_free(&texts);
}

int main(void) {
  keeps_order();
  copies_little();
  adds_nothing_without_memory();
  return unit_done();
}
