/*
** legacy_read.c - the rows of a file of format 2.0 as events (contract in legacy_read.h).
**
** A row's texts and blobs are gathered in one buffer; as it may move while it grows, values hold
** offsets until the row is complete.
*/
#include "archive/legacy_read.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "archive/json_parts.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/name_map.h"
#include "codec/json_write.h"
#include "codec/number.h"

struct AdcpLegacy {
  int index;           /* of the current table in adcp_legacy_specs */
  AdcpNameMap columns; /* its columns: name -> AdcpValue of values */
  AdcpValue *values;   /* owned */
  size_t *starts;      /* owned; where a value's bytes begin in bytes */
  int64_t *filled;     /* owned; number of the row that last set the value */
  size_t *set;         /* owned; places of the values of the current row's keys */
  size_t set_count;
  AdcpBuf bytes;
};

static AdcpLegacy *legacy_of(AdcpArchiveReader *r) {
  if( r->legacy == NULL ) r->legacy = adcp_calloc(1, sizeof *r->legacy);
  if( r->legacy == NULL ) adcp_error_nomem(r->err);
  return r->legacy;
}

static void forget_columns(AdcpLegacy *legacy) {
  adcp_name_map_free(&legacy->columns);
  adcp_free(legacy->values);
  adcp_free(legacy->starts);
  adcp_free(legacy->filled);
  adcp_free(legacy->set);
  legacy->values = NULL;
  legacy->starts = legacy->set = NULL;
  legacy->filled = NULL;
  legacy->set_count = 0;
}

static void leave_table(AdcpArchiveReader *r) {
  AdcpLegacy *legacy = r->legacy;
  adcp_row_writer_close(r->rewriter);
  r->rewriter = NULL;
  r->now = NULL;
  r->failed_row = 0;
  r->row_number = 0;
  if( legacy ) forget_columns(legacy);
}

void adcp_legacy_close(AdcpLegacy *legacy) {
  if( legacy == NULL ) return;
  forget_columns(legacy);
  adcp_buf_free(&legacy->bytes);
  adcp_free(legacy);
}

static AdcpArchiveEvent fail(AdcpArchiveReader *r) {
  if( r->err->rc == ADCP_CORRUPT && !r->input.failed ) {
    if( r->now ) {
      r->failed_row = r->row_number + 1;
      adcp_error_prepend(r->err, "damaged: table \"%s\", row %" PRId64 ": ", r->now->table->name,
                         r->row_number + 1);
    } else {
      adcp_error_prepend(r->err, "damaged: ");
    }
  }
  return ADCP_ARCHIVE_ERROR;
}

/* ---- values ---- */

/* An array of numbers, whose bracket was taken, as float32. */
static void take_embedding(AdcpArchiveReader *r, AdcpValue *value) {
  value->type = ADCP_BLOB;
  while( adcp_json_element(r->json, ADCP_JSON_NUMBER, "embedding", r->err) ) {
    size_t n;
    const char *text = adcp_json_text(r->json, &n);
    AdcpNumber number = adcp_number_parse((const uint8_t *)text, n);
    double real = number.kind == ADCP_NUMBER_INTEGER ? (double)number.integer : number.real;
    float small = (float)real;
    uint32_t bits;
    memcpy(&bits, &small, sizeof bits);
    if( number.kind == ADCP_NUMBER_RANGE || !isfinite(small) ) {
      adcp_error_set(r->err, ADCP_CORRUPT, "\"embedding\" has a number that is no float32");
      return;
    }
    uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                        (uint8_t)(bits >> 24)};
    adcp_buf_append(&r->legacy->bytes, bytes, sizeof bytes);
  }
}

/* Any other array or object, whose bracket was taken, as JSON text. */
static void take_nested(AdcpArchiveReader *r, AdcpJsonToken token, AdcpValue *value) {
  AdcpJsonWriter w = {&r->legacy->bytes, false};
  size_t n, outside = adcp_json_depth(r->json) - 1;
  value->type = ADCP_TEXT;
  for( ;; token = adcp_json_next(r->json) ) {
    switch( token ) {
    case ADCP_JSON_BEGIN_OBJECT: adcp_json_begin_object(&w); break;
    case ADCP_JSON_END_OBJECT: adcp_json_end_object(&w); break;
    case ADCP_JSON_BEGIN_ARRAY: adcp_json_begin_array(&w); break;
    case ADCP_JSON_END_ARRAY: adcp_json_end_array(&w); break;
    case ADCP_JSON_KEY: {
      const char *key = adcp_json_text(r->json, &n);
      adcp_json_key_n(&w, key, n);
      break;
    }
    case ADCP_JSON_STRING: {
      const char *text = adcp_json_text(r->json, &n);
      adcp_json_string_n(&w, (const uint8_t *)text, n);
      break;
    }
    case ADCP_JSON_NUMBER: {
      const char *text = adcp_json_text(r->json, &n);
      adcp_json_raw(&w, text, n);
      break;
    }
    case ADCP_JSON_TRUE: adcp_json_bool(&w, true); break;
    case ADCP_JSON_FALSE: adcp_json_bool(&w, false); break;
    case ADCP_JSON_NULL: adcp_json_null(&w); break;
    default: return;
    }
    if( adcp_json_depth(r->json) == outside ) return;
  }
}

static void take_number(AdcpArchiveReader *r, AdcpValue *value) {
  size_t n;
  const char *text = adcp_json_text(r->json, &n);
  AdcpNumber number = adcp_number_parse((const uint8_t *)text, n);
  if( number.kind == ADCP_NUMBER_INTEGER ) {
    value->type = ADCP_INTEGER;
    value->integer = number.integer;
  } else if( number.kind == ADCP_NUMBER_REAL ) {
    value->type = ADCP_REAL;
    value->real = number.real;
  } else {
    adcp_error_set(r->err, ADCP_CORRUPT, "a number is too large for SQLite");
  }
}

/* Python's isoformat() has a T between date and time, the application's DATETIME columns a space.
** */
static bool is_datetime(const AdcpArchiveReader *r, const char *column, const char *text,
                        size_t n) {
  static const char shape[] = "dddd-dd-ddTdd:dd";
  const char *datetime = adcp_legacy_specs[r->legacy->index].datetime;
  if( datetime == NULL || !adcp_name_equal(column, datetime) || n < sizeof shape - 1 ) return false;
  for( size_t i = 0; i < sizeof shape - 1; i++ ) {
    bool digit = text[i] >= '0' && text[i] <= '9';
    if( shape[i] == 'd' ? !digit : text[i] != shape[i] ) return false;
  }
  return true;
}

static void take_string(AdcpArchiveReader *r, const char *column, AdcpValue *value) {
  size_t n, start = r->legacy->bytes.size;
  const char *text = adcp_json_text(r->json, &n);
  value->type = ADCP_TEXT;
  adcp_buf_append(&r->legacy->bytes, text, n);
  if( is_datetime(r, column, text, n) && !r->legacy->bytes.oom ) {
    r->legacy->bytes.data[start + 10] = ' ';
  }
}

static void take_value(AdcpArchiveReader *r, size_t place) {
  AdcpLegacy *legacy = r->legacy;
  AdcpValue *value = &legacy->values[place];
  const char *column = r->now->table->columns[place].name;
  legacy->starts[place] = legacy->bytes.size;
  AdcpJsonToken token = adcp_json_next(r->json);
  switch( token ) {
  case ADCP_JSON_TRUE:
  case ADCP_JSON_FALSE:
    value->type = ADCP_INTEGER;
    value->integer = token == ADCP_JSON_TRUE;
    break;
  case ADCP_JSON_NULL: value->type = ADCP_NULL; break;
  case ADCP_JSON_NUMBER: take_number(r, value); break;
  case ADCP_JSON_STRING: take_string(r, column, value); break;
  case ADCP_JSON_BEGIN_ARRAY:
    if( adcp_name_equal(column, "embedding") ) {
      take_embedding(r, value);
      break;
    }
    take_nested(r, token, value);
    break;
  case ADCP_JSON_BEGIN_OBJECT: take_nested(r, token, value); break;
  default: break;
  }
  value->size = legacy->bytes.size - legacy->starts[place];
}

/* ---- rows ---- */

/* Of a row, only its keys cost time: a file may have 32,767 columns for the sake of one row. */
static void take_row(AdcpArchiveReader *r) {
  AdcpLegacy *legacy = r->legacy;
  adcp_buf_clear(&legacy->bytes);
  for( size_t i = 0; i < legacy->set_count; i++ ) {
    legacy->values[legacy->set[i]] = (AdcpValue){.type = ADCP_NULL};
  }
  legacy->set_count = 0;
  while( r->err->rc == ADCP_OK && adcp_json_next(r->json) == ADCP_JSON_KEY ) {
    size_t n;
    const char *key = adcp_json_text(r->json, &n);
    const AdcpValue *value = adcp_name_map_get(&legacy->columns, key, n, r->err);
    if( value == NULL || legacy->filled[value - legacy->values] == r->row_number + 1 ) {
      adcp_error_set(r->err, ADCP_CORRUPT, "the key \"%.100s\" stands twice", key);
      return;
    }
    size_t place = (size_t)(value - legacy->values);
    legacy->filled[place] = r->row_number + 1;
    legacy->set[legacy->set_count++] = place;
    take_value(r, place);
  }
  if( !adcp_buf_check(&legacy->bytes, r->err) ) return;
  for( size_t i = 0; i < legacy->set_count; i++ ) {
    size_t place = legacy->set[i];
    AdcpValueType type = legacy->values[place].type;
    if( type == ADCP_TEXT || type == ADCP_BLOB ) {
      legacy->values[place].bytes = legacy->bytes.data + legacy->starts[place];
    }
  }
}

static AdcpArchiveEvent next_row(AdcpArchiveReader *r) {
  const char *section = adcp_legacy_specs[r->legacy->index].section;
  if( !adcp_json_element(r->json, ADCP_JSON_BEGIN_OBJECT, section, r->err) ) {
    if( r->err->rc ) return fail(r);
    r->state = ADCP_READER_BETWEEN;
    return ADCP_ARCHIVE_TABLE_END;
  }
  r->input.budget = r->input.raw_bytes + ADCP_MAX_HEAD_BYTES; /* what is kept of one row */
  take_row(r);
  r->input.budget = -1;
  if( r->err->rc ) return fail(r);
  r->row_number++;
  return ADCP_ARCHIVE_ROW;
}

/* ---- tables ---- */

static void prepare_table(AdcpArchiveReader *r, int index) {
  AdcpLegacy *legacy = legacy_of(r);
  const char *name = adcp_legacy_specs[index].table;
  r->now = adcp_map_get(&r->by_name, name, strlen(name));
  if( legacy == NULL || r->now == NULL ) return;
  const AdcpTable *table = r->now->table;
  legacy->index = index;
  legacy->values = adcp_calloc(table->column_count + 1, sizeof *legacy->values);
  legacy->starts = adcp_calloc(table->column_count + 1, sizeof *legacy->starts);
  legacy->filled = adcp_calloc(table->column_count + 1, sizeof *legacy->filled);
  legacy->set = adcp_calloc(table->column_count + 1, sizeof *legacy->set);
  if( !legacy->values || !legacy->starts || !legacy->filled || !legacy->set ) {
    adcp_error_nomem(r->err);
    return;
  }
  for( size_t i = 0; i < table->column_count; i++ ) {
    const char *column = table->columns[i].name;
    adcp_name_map_put(&legacy->columns, column, &legacy->values[i], r->err);
  }
}

static AdcpArchiveEvent begin_table(AdcpArchiveReader *r, int index) {
  prepare_table(r, index);
  if( r->now == NULL ) adcp_error_set(r->err, ADCP_CORRUPT, "the file changed while it was read");
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_ARRAY, adcp_legacy_specs[index].section, r->err);
  if( r->err->rc ) return fail(r);
  r->state = ADCP_READER_IN_TABLE;
  return ADCP_ARCHIVE_TABLE_BEGIN;
}

static AdcpArchiveEvent next_table(AdcpArchiveReader *r) {
  leave_table(r);
  while( r->err->rc == ADCP_OK && adcp_json_next(r->json) == ADCP_JSON_KEY ) {
    int index = adcp_legacy_find(r->json);
    if( index >= 0 ) return begin_table(r, index);
    adcp_json_skip(r->json);
  }
  adcp_json_next(r->json); /* nothing may follow */
  if( r->err->rc ) return fail(r);
  r->state = ADCP_READER_DONE;
  return ADCP_ARCHIVE_END;
}

static void start(AdcpArchiveReader *r) {
  adcp_block_reader_rewind(r->blocks, r->err);
  if( r->err->rc ) return;
  adcp_archive_restart(r, ADCP_JSON_END);
  adcp_json_expect(r->json, ADCP_JSON_BEGIN_OBJECT, "the document", r->err);
}

/* Passes over the rows that are not wanted. */
static void skip_rows(AdcpArchiveReader *r) {
  while( adcp_json_raw_begin(r->json) ) adcp_json_skip(r->json);
}

AdcpArchiveEvent adcp_legacy_next(AdcpArchiveReader *r) {
  switch( r->state ) {
  case ADCP_READER_AT_TABLES:
  case ADCP_READER_AT_START: start(r); return r->err->rc ? fail(r) : next_table(r);
  case ADCP_READER_BETWEEN: return next_table(r);
  case ADCP_READER_IN_TABLE: return next_row(r);
  case ADCP_READER_SKIPPING: r->state = ADCP_READER_SKIPPED; return ADCP_ARCHIVE_TABLE_END;
  case ADCP_READER_SKIPPED: skip_rows(r); return r->err->rc ? fail(r) : next_table(r);
  case ADCP_READER_DONE: break;
  }
  return ADCP_ARCHIVE_END;
}

const AdcpValue *adcp_legacy_row(AdcpArchiveReader *r) {
  assert(r->legacy && r->legacy->values);
  return r->legacy->values;
}

static void append_text(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_buf_append(context, bytes, n);
}

const char *adcp_legacy_row_text(AdcpArchiveReader *r, size_t *size) {
  adcp_buf_clear(&r->copy);
  if( r->rewriter == NULL ) r->rewriter = adcp_row_writer_open(r->now->table, r->err);
  adcp_row_write(r->rewriter, r->legacy->values, (AdcpTextSink){&r->copy, append_text}, r->err);
  const char *text = adcp_buf_text(&r->copy);
  *size = r->copy.size;
  if( text == NULL ) adcp_error_nomem(r->err);
  return text ? text : "";
}
