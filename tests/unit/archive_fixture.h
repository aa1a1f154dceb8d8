/*
** archive_fixture.h - schemas, values and small archives for the tests of the archive layer.
*/
#ifndef ADCP_TESTS_ARCHIVE_FIXTURE_H
#define ADCP_TESTS_ARCHIVE_FIXTURE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive_read.h"
#include "archive/archive_write.h"
#include "archive/row_read.h"
#include "archive/row_write.h"
#include "base/mem.h"
#include "codec/schema.h"

/* ---- values ---- */

static inline AdcpValue fix_null(void) {
  return (AdcpValue){.type = ADCP_NULL};
}
static inline AdcpValue fix_integer(int64_t integer) {
  return (AdcpValue){.type = ADCP_INTEGER, .integer = integer};
}
static inline AdcpValue fix_real(double real) {
  return (AdcpValue){.type = ADCP_REAL, .real = real};
}
static inline AdcpValue fix_bytes(AdcpValueType type, const void *bytes, size_t size) {
  return (AdcpValue){.type = type, .bytes = bytes, .size = size};
}
static inline AdcpValue fix_text(const char *text) {
  return fix_bytes(ADCP_TEXT, text, strlen(text));
}

static inline int fix_same(const AdcpValue *a, const AdcpValue *b) {
  if( a->type != b->type ) return 0;
  switch( a->type ) {
  case ADCP_NULL: return 1;
  case ADCP_INTEGER: return a->integer == b->integer;
  case ADCP_REAL: return memcmp(&a->real, &b->real, sizeof a->real) == 0;
  default: return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
  }
}

/* ---- schema ---- */

/* A table with the named columns (ended by NULL), its object too. */
static inline AdcpTable *fix_table(AdcpSchema *schema, AdcpTableKind kind, bool rowid,
                                   const char *name, ...) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpTable *table = adcp_schema_add_table(schema, &err);
  table->name = adcp_strdup(name);
  table->kind = kind;
  table->has_rowid_key = rowid;
  table->rowid_name = adcp_strdup("rowid");
  va_list args;
  va_start(args, name);
  const char *column_name;
  while( (column_name = va_arg(args, const char *)) != NULL ) {
    AdcpColumn *column = adcp_table_add_column(table, &err);
    column->name = adcp_strdup(column_name);
    column->decl_type = adcp_strdup("");
  }
  va_end(args);
  AdcpObject *object = adcp_schema_add_object(schema, &err);
  object->type = ADCP_OBJECT_TABLE;
  object->name = adcp_strdup(name);
  object->tbl_name = adcp_strdup(name);
  AdcpBuf sql = {0};
  adcp_buf_appendf(&sql, "CREATE TABLE \"%s\"(...)", name);
  object->sql = adcp_buf_take(&sql);
  return table;
}

/* ---- sinks and files ---- */

static inline void fix_to_buf(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  adcp_buf_append(context, bytes, n);
}

/* The text of a row, in memory that the caller frees. */
static inline char *fix_row_text(const AdcpTable *table, const AdcpValue *values) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf text = {0};
  AdcpTextSink sink = {&text, fix_to_buf};
  AdcpRowWriter *writer = adcp_row_writer_open(table, &err);
  adcp_row_write(writer, values, sink, &err);
  adcp_row_writer_close(writer);
  if( err.rc ) fprintf(stderr, "row: %s\n", adcp_error_message(&err));
  adcp_error_clear(&err);
  return adcp_buf_take(&text);
}

static inline void fix_read_file(const char *path, AdcpBuf *out) {
  FILE *file = fopen(path, "rb");
  if( file == NULL ) return;
  uint8_t piece[4096];
  size_t n;
  while( (n = fread(piece, 1, sizeof piece, file)) > 0 ) adcp_buf_append(out, piece, n);
  fclose(file);
}

static inline void fix_write_file(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  if( file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0 ) abort();
}

/* Runs a shell command with $D as the scratch folder; true when it exits with 0. */
static inline int fix_run(const char *dir, const char *command) {
  setenv("D", dir, 1);
  return system(command) == 0;
}

static inline char *fix_scratch(char template[]) {
  if( mkdtemp(template) == NULL ) abort();
  return template;
}

/* Deterministic numbers (xorshift64*). */
static inline uint64_t fix_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 2685821657736338717u;
}

#endif
