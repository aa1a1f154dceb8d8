/*
** text_order.c - texts in the order of BINARY (contract in text_order.h).
**
** Values hold UTF-8, or UTF-16LE that is not valid; for UTF-16 both are walked unit by unit, without
** a copy.
*/
#include "codec/text_order.h"

#include <stdbool.h>
#include <string.h>

AdcpEncoding adcp_encoding_of_name(const char *name) {
  if( name && strcmp(name, "UTF-16le") == 0 ) return ADCP_UTF16LE;
  if( name && strcmp(name, "UTF-16be") == 0 ) return ADCP_UTF16BE;
  return ADCP_UTF8;
}

/* A text that is read as UTF-16 units. */
typedef struct Units {
  const uint8_t *at, *end;
  bool is_utf16;
  int second; /* half of a pair, which is to come; 0 without */
} Units;

static Units units_of(const AdcpValue *value) {
  const uint8_t *bytes = (const uint8_t *)adcp_value_bytes(value);
  return (Units){bytes, bytes + value->size, value->type == ADCP_TEXT16, 0};
}

/* The code point at `at`, which moves on. A byte that begins no whole sequence stands for itself:
** UTF-8 that is not valid is in no UTF-16 database, but can be in a file. */
static int32_t take_code_point(Units *units) {
  int32_t first = *units->at++;
  int rest = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  if( rest == 0 || first > 0xf4 || units->end - units->at < rest ) return first;
  int32_t point = first & (0x3f >> rest);
  for( ; rest > 0; rest-- ) point = point << 6 | (*units->at++ & 0x3f);
  return point;
}

/* -1 at the end. */
static int next_unit(Units *units) {
  if( units->second ) {
    int second = units->second;
    units->second = 0;
    return second;
  }
  if( units->at == units->end ) return -1;
  if( units->is_utf16 ) {
    int low = *units->at++;
    int high = units->at < units->end ? *units->at++ : 0;
    return high << 8 | low;
  }
  int32_t point = take_code_point(units);
  if( point < 0x10000 ) return (int)point;
  units->second = 0xdc00 | ((point - 0x10000) & 0x3ff);
  return 0xd800 | (((point - 0x10000) >> 10) & 0x3ff);
}

/* What a unit counts as; the end, -1, stays in front of all. */
static int weight_of(int unit, AdcpEncoding encoding) {
  if( unit < 0 || encoding == ADCP_UTF16BE ) return unit;
  return (unit & 0xff) << 8 | unit >> 8;
}

static int compare_units(AdcpEncoding encoding, const AdcpValue *a, const AdcpValue *b) {
  Units left = units_of(a), right = units_of(b);
  for( ;; ) {
    int l = next_unit(&left), r = next_unit(&right);
    if( l != r ) return weight_of(l, encoding) - weight_of(r, encoding);
    if( l < 0 ) return 0;
  }
}

static int compare_bytes(const AdcpValue *a, const AdcpValue *b) {
  size_t n = a->size < b->size ? a->size : b->size;
  int order = n ? memcmp(a->bytes, b->bytes, n) : 0;
  if( order ) return order;
  return a->size < b->size ? -1 : a->size > b->size;
}

int adcp_text_compare(AdcpEncoding encoding, const AdcpValue *a, const AdcpValue *b) {
  if( encoding == ADCP_UTF8 || a->type == ADCP_BLOB ) return compare_bytes(a, b);
  return compare_units(encoding, a, b);
}

void adcp_text_encode(AdcpEncoding encoding, const AdcpValue *text, AdcpBuf *out) {
  if( encoding == ADCP_UTF8 ) {
    adcp_buf_append(out, adcp_value_bytes(text), text->size);
    return;
  }
  Units units = units_of(text);
  for( int unit; (unit = next_unit(&units)) >= 0; ) {
    int weight = weight_of(unit, encoding);
    adcp_buf_append_byte(out, (uint8_t)(weight >> 8));
    adcp_buf_append_byte(out, (uint8_t)weight);
  }
}
