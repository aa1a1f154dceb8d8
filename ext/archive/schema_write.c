/*
** schema_write.c - a schema as JSON (layout in schema_json.h).
**
** Text gathers in a buffer that goes to the sink whenever it has FLUSH_BYTES. What belongs to a
** table but stands elsewhere in the schema (its indexes, the shadow tables of a virtual one) is
** found through an array of pointers sorted by owner, so that 100,000 tables cost no more than
** sorting.
*/
#include "archive/schema_json.h"

#include <stdlib.h>
#include <string.h>

#include "archive/name.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "codec/json_write.h"
#include "codec/utf8.h"

#define FLUSH_BYTES ((size_t)32 * 1024)

typedef struct Out {
  AdcpJsonWriter json;
  AdcpBuf buf;
  AdcpBuf spelling; /* of a name */
  AdcpTextSink sink;
  AdcpError *err;
} Out;

static void out_open(Out *out, AdcpTextSink sink, AdcpError *err) {
  memset(out, 0, sizeof *out);
  out->json.buf = &out->buf;
  out->sink = sink;
  out->err = err;
}

static void out_flush(Out *out, size_t limit) {
  if( out->spelling.oom ) out->buf.oom = true;
  if( !adcp_buf_check(&out->buf, out->err) || out->err->rc || out->buf.size < limit ) return;
  out->sink.xWrite(out->sink.context, out->buf.data, out->buf.size, out->err);
  adcp_buf_clear(&out->buf);
}

static void out_close(Out *out) {
  out_flush(out, 1);
  adcp_buf_free(&out->buf);
  adcp_buf_free(&out->spelling);
}

/* The closing bracket of a level whose items stand on lines of their own. */
static void end_lines(Out *out, void (*end)(AdcpJsonWriter *)) {
  adcp_buf_append_byte(&out->buf, '\n');
  end(&out->json);
}

static void spell(Out *out, const char *name) {
  adcp_buf_clear(&out->spelling);
  adcp_name_encode(&out->spelling, name);
  if( out->spelling.oom ) out->buf.oom = true;
}

static void write_name(Out *out, const char *name) {
  if( name == NULL ) {
    adcp_json_null(&out->json);
    return;
  }
  spell(out, name);
  adcp_json_string_n(&out->json, out->spelling.data, out->spelling.size);
}

static void write_name_key(Out *out, const char *name) {
  spell(out, name);
  const char *bytes = out->spelling.size ? (const char *)out->spelling.data : "";
  adcp_json_key_n(&out->json, bytes, out->spelling.size);
}

static void write_text(Out *out, const char *text) {
  AdcpJsonWriter *json = &out->json;
  size_t n = strlen(text);
  if( adcp_utf8_valid((const uint8_t *)text, n) ) {
    adcp_json_string_n(json, (const uint8_t *)text, n);
    return;
  }
  adcp_buf_clear(&out->spelling);
  uint8_t *to = adcp_buf_reserve(&out->spelling, ADCP_BASE64_SIZE(n));
  if( to ) out->spelling.size = adcp_base64_encode((const uint8_t *)text, n, to);
  adcp_json_begin_object(json);
  adcp_json_key(json, "$text");
  adcp_json_string_n(json, out->spelling.data, out->spelling.size);
  adcp_json_end_object(json);
}

/* Members that are left out when there is nothing to say. */
static void member_name(Out *out, const char *key, const char *name) {
  if( name == NULL ) return;
  adcp_json_key(&out->json, key);
  write_name(out, name);
}

static void member_text(Out *out, const char *key, const char *text) {
  if( text == NULL ) return;
  adcp_json_key(&out->json, key);
  write_text(out, text);
}

static void member_true(Out *out, const char *key, bool value) {
  if( value ) adcp_json_member_bool(&out->json, key, true);
}

/* ---- database_schema ---- */

static void write_objects(Out *out, const AdcpSchema *schema) {
  AdcpJsonWriter *json = &out->json;
  adcp_json_key(json, "objects");
  adcp_json_begin_array(json);
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    adcp_json_newline(json);
    adcp_json_begin_object(json);
    adcp_json_member_string(json, "type", adcp_object_type_name(object->type));
    member_name(out, "name", object->name);
    member_name(out, "tbl_name", adcp_object_stored_on(object));
    member_text(out, "sql", object->sql);
    adcp_json_end_object(json);
    out_flush(out, FLUSH_BYTES);
  }
  end_lines(out, adcp_json_end_array);
}

static void write_columns(Out *out, const AdcpTable *table) {
  AdcpJsonWriter *json = &out->json;
  adcp_json_key(json, "columns");
  adcp_json_begin_array(json);
  for( size_t i = 0; i < table->column_count; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    adcp_json_begin_object(json);
    member_name(out, "name", column->name);
    member_text(out, "type", column->decl_type);
    member_true(out, "not_null", column->not_null);
    member_text(out, "default", column->default_sql);
    if( column->primary_key ) adcp_json_member_integer(json, "primary_key", column->primary_key);
    member_true(out, "generated", column->generated);
    member_true(out, "hidden", column->hidden);
    adcp_json_end_object(json);
  }
  adcp_json_end_array(json);
}

static void write_table(Out *out, const AdcpTable *table) {
  AdcpJsonWriter *json = &out->json;
  adcp_json_newline(json);
  write_name_key(out, table->name);
  adcp_json_begin_object(json);
  adcp_json_member_string(json, "kind", adcp_table_kind_name(table->kind));
  member_true(out, "rowid", table->has_rowid_key);
  member_text(out, "rowid_name", table->rowid_name);
  if( table->rowid_column >= 0 ) {
    member_name(out, "rowid_column", table->columns[table->rowid_column].name);
  }
  member_true(out, "without_rowid", table->without_rowid);
  member_true(out, "strict", table->strict);
  member_text(out, "module", table->module);
  member_true(out, "module_loaded", table->module_loaded);
  member_true(out, "rebuild", table->rebuild);
  member_name(out, "shadow_of", table->shadow_of);
  write_columns(out, table);
  adcp_json_end_object(json);
  out_flush(out, FLUSH_BYTES);
}

static void write_tables(Out *out, const AdcpSchema *schema) {
  adcp_json_key(&out->json, "tables");
  adcp_json_begin_object(&out->json);
  for( size_t i = 0; i < schema->table_count; i++ ) write_table(out, &schema->tables[i]);
  end_lines(out, adcp_json_end_object);
}

/* By table, then as they stand in the schema. */
static int compare_owner(const void *a, const void *b) {
  const AdcpObject *x = *(const AdcpObject *const *)a, *y = *(const AdcpObject *const *)b;
  int order = strcmp(x->tbl_name, y->tbl_name);
  return order ? order : (x > y) - (x < y);
}

/* The indexes of a schema, sorted by table; NULL when out of memory. The caller frees the array. */
static const AdcpObject **sort_indexes(const AdcpSchema *schema, size_t *count, AdcpError *err) {
  const AdcpObject **sorted = adcp_calloc(schema->object_count + 1, sizeof *sorted);
  *count = 0;
  if( sorted == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  for( size_t i = 0; i < schema->object_count; i++ ) {
    if( schema->objects[i].type == ADCP_OBJECT_INDEX ) sorted[(*count)++] = &schema->objects[i];
  }
  qsort((void *)sorted, *count, sizeof *sorted, compare_owner);
  return sorted;
}

static void write_indexes(Out *out, const AdcpSchema *schema) {
  AdcpJsonWriter *json = &out->json;
  size_t count;
  const AdcpObject **sorted = sort_indexes(schema, &count, out->err);
  adcp_json_key(json, "indexes");
  adcp_json_begin_object(json);
  for( size_t i = 0; sorted && i < count; ) {
    const char *owner = sorted[i]->tbl_name;
    adcp_json_newline(json);
    write_name_key(out, owner);
    adcp_json_begin_array(json);
    for( ; i < count && strcmp(sorted[i]->tbl_name, owner) == 0; i++ ) {
      write_name(out, sorted[i]->name);
    }
    adcp_json_end_array(json);
    out_flush(out, FLUSH_BYTES);
  }
  end_lines(out, adcp_json_end_object);
  adcp_free((void *)sorted);
}

static void write_names(Out *out, const char *key, char *const *names, size_t count) {
  adcp_json_key(&out->json, key);
  adcp_json_begin_array(&out->json);
  for( size_t i = 0; i < count; i++ ) write_name(out, names[i]);
  adcp_json_end_array(&out->json);
}

static void write_foreign_keys(Out *out, const AdcpSchema *schema) {
  AdcpJsonWriter *json = &out->json;
  adcp_json_key(json, "foreign_keys");
  adcp_json_begin_object(json);
  for( size_t i = 0; i < schema->table_count; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( table->foreign_key_count == 0 ) continue;
    adcp_json_newline(json);
    write_name_key(out, table->name);
    adcp_json_begin_array(json);
    for( size_t k = 0; k < table->foreign_key_count; k++ ) {
      const AdcpForeignKey *foreign = &table->foreign_keys[k];
      adcp_json_begin_object(json);
      write_names(out, "from", foreign->from, foreign->count);
      write_names(out, "to", foreign->to, foreign->count);
      member_name(out, "parent", foreign->parent);
      member_text(out, "on_update", foreign->on_update);
      member_text(out, "on_delete", foreign->on_delete);
      adcp_json_end_object(json);
    }
    adcp_json_end_array(json);
    out_flush(out, FLUSH_BYTES);
  }
  end_lines(out, adcp_json_end_object);
}

void adcp_schema_json_write(const AdcpSchema *schema, AdcpTextSink sink, AdcpError *err) {
  if( err->rc ) return;
  Out out;
  out_open(&out, sink, err);
  adcp_json_begin_object(&out.json);
  write_objects(&out, schema);
  write_tables(&out, schema);
  write_indexes(&out, schema);
  write_foreign_keys(&out, schema);
  adcp_json_end_object(&out.json);
  out_close(&out);
}

/* ---- fts_tables ---- */

static int compare_shadow(const void *a, const void *b) {
  const AdcpTable *x = *(const AdcpTable *const *)a, *y = *(const AdcpTable *const *)b;
  int order = strcmp(x->shadow_of, y->shadow_of);
  return order ? order : (x > y) - (x < y);
}

/* The shadow tables of a schema, sorted by their virtual table. */
static const AdcpTable **sort_shadows(const AdcpSchema *schema, size_t *count, AdcpError *err) {
  const AdcpTable **sorted = adcp_calloc(schema->table_count + 1, sizeof *sorted);
  *count = 0;
  if( sorted == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  for( size_t i = 0; i < schema->table_count; i++ ) {
    if( schema->tables[i].shadow_of ) sorted[(*count)++] = &schema->tables[i];
  }
  qsort((void *)sorted, *count, sizeof *sorted, compare_shadow);
  return sorted;
}

/* Place of the first shadow table of `name`, or of what would follow it. */
static size_t first_shadow(const AdcpTable **sorted, size_t count, const char *name) {
  size_t low = 0, high = count;
  while( low < high ) {
    size_t middle = low + (high - low) / 2;
    if( strcmp(sorted[middle]->shadow_of, name) < 0 ) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void write_virtual_table(Out *out, const AdcpTable *table, const AdcpTable **sorted,
                                size_t count) {
  AdcpJsonWriter *json = &out->json;
  adcp_json_newline(json);
  write_name_key(out, table->name);
  adcp_json_begin_object(json);
  member_text(out, "module", table->module);
  adcp_json_key(json, "shadow_tables");
  adcp_json_begin_array(json);
  for( size_t i = first_shadow(sorted, count, table->name);
       i < count && strcmp(sorted[i]->shadow_of, table->name) == 0; i++ ) {
    write_name(out, sorted[i]->name);
  }
  adcp_json_end_array(json);
  adcp_json_end_object(json);
  out_flush(out, FLUSH_BYTES);
}

void adcp_fts_json_write(const AdcpSchema *schema, AdcpTextSink sink, AdcpError *err) {
  if( err->rc ) return;
  Out out;
  out_open(&out, sink, err);
  size_t count;
  const AdcpTable **sorted = sort_shadows(schema, &count, err);
  adcp_json_begin_object(&out.json);
  for( size_t i = 0; sorted && i < schema->table_count; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( table->kind == ADCP_TABLE_VIRTUAL ) write_virtual_table(&out, table, sorted, count);
  }
  adcp_json_end_object(&out.json);
  adcp_free((void *)sorted);
  out_close(&out);
}
