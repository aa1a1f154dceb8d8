/*
** test_codec_schema.c - the schema model: growth, lookup, what stands in rows.
*/
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/name.h"
#include "codec/schema.h"
#include "codec/shadow_name.h"

static void test_growth(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  char name[32];
  for( int i = 0; i < 1000; i++ ) {
    AdcpTable *table = adcp_schema_add_table(schema, &err);
    snprintf(name, sizeof name, "t%d", i);
    table->name = adcp_strdup(name);
    CHECK(table->rowid_column == -1 && table->columns == NULL);
    for( int c = 0; c < 9; c++ ) {
      AdcpColumn *column = adcp_table_add_column(table, &err);
      snprintf(name, sizeof name, "c%d", c);
      column->name = adcp_strdup(name);
      column->decl_type = adcp_strdup("");
    }
    AdcpForeignKey *key = adcp_table_add_foreign_key(table, &err);
    key->parent = adcp_strdup("p");
    key->count = 1;
    key->from = adcp_calloc(1, sizeof(char *));
    key->to = adcp_calloc(1, sizeof(char *));
    key->from[0] = adcp_strdup("c0");
    AdcpObject *object = adcp_schema_add_object(schema, &err);
    object->type = ADCP_OBJECT_TABLE;
    object->name = adcp_strdup(table->name);
  }
  adcp_schema_index(schema, &err);
  CHECK(err.rc == ADCP_OK && schema->table_count == 1000);
  CHECK(adcp_schema_table(schema, "t999") == &schema->tables[999]);
  CHECK(adcp_schema_table(schema, "t1000") == NULL);
  CHECK(adcp_schema_object(schema, ADCP_OBJECT_TABLE, "t5") == &schema->objects[5]);
  CHECK(adcp_schema_object(schema, ADCP_OBJECT_INDEX, "t5") == NULL);
  CHECK_TEXT(schema->tables[7].columns[8].name, "c8");
  CHECK(adcp_table_column(&schema->tables[7], "C8") == &schema->tables[7].columns[8]);
  CHECK(adcp_table_column(&schema->tables[7], "c") == NULL);
  CHECK(adcp_table_column(&schema->tables[7], "c88") == NULL);
  adcp_schema_add_table(schema, &err)->name = adcp_strdup("t3");
  adcp_schema_index(schema, &err);
  CHECK(err.rc == ADCP_CORRUPT);
  CHECK_TEXT(adcp_error_message(&err), "table \"t3\" is described twice");
  adcp_error_clear(&err);
  adcp_schema_free(schema);
  adcp_schema_free(NULL);
}

static void test_values(void) {
  AdcpColumn columns[4] = {{.name = "a"},
                           {.name = "b", .generated = true},
                           {.name = "c"},
                           {.name = "d", .hidden = true}};
  AdcpTable table = {.columns = columns, .column_count = 4};
  CHECK(adcp_table_value_count(&table) == 2);
  table.has_rowid_key = true;
  CHECK(adcp_table_value_count(&table) == 3);
  CHECK(adcp_column_stored(&columns[0]) && !adcp_column_stored(&columns[1]));
  CHECK(!adcp_column_stored(&columns[3]));
  CHECK(adcp_table_last_key_place(&table) == 0);
  columns[2].primary_key = 1;
  columns[0].primary_key = 5;
  CHECK(adcp_table_last_key_place(&table) == 5);
}

static void test_names(void) {
  static const char *const types[] = {"table", "index", "view", "trigger"};
  for( int i = 0; i < 4; i++ ) {
    AdcpObjectType type = ADCP_OBJECT_TABLE;
    CHECK_TEXT(adcp_object_type_name((AdcpObjectType)i), types[i]);
    CHECK(adcp_object_type_parse(types[i], &type) && (int)type == i);
  }
  static const char *const kinds[] = {"ordinary", "virtual", "shadow", "sequence", "stat"};
  for( int i = 0; i < 5; i++ ) {
    AdcpTableKind kind = ADCP_TABLE_ORDINARY;
    CHECK_TEXT(adcp_table_kind_name((AdcpTableKind)i), kinds[i]);
    CHECK(adcp_table_kind_parse(kinds[i], &kind) && (int)kind == i);
  }
  AdcpObjectType type;
  AdcpTableKind kind;
  CHECK(!adcp_object_type_parse("TABLE", &type) && !adcp_table_kind_parse("", &kind));
  CHECK(adcp_name_is_stat("sqlite_stat1") && adcp_name_is_stat("SQLITE_Stat4"));
  CHECK(!adcp_name_is_stat("sqlite_stat") && !adcp_name_is_stat("sqlite_stat2"));
  CHECK(!adcp_name_is_stat("sqlite_stat11") && !adcp_name_is_stat("sqlite"));
}

static int allocations_left;
static void *failing_malloc(size_t size) {
  return allocations_left-- > 0 ? malloc(size) : NULL;
}
static void *failing_realloc(void *old, size_t size) {
  return allocations_left-- > 0 ? realloc(old, size) : NULL;
}

static void test_shadow_names(void) {
  CHECK(adcp_name_equal("Note", "nOTE") && !adcp_name_equal("note", "notes"));
  CHECK(!adcp_name_equal("\xc3\x89", "\xc3\xa9")); /* letters of ASCII only */
  CHECK(adcp_name_begins("NOTE_data", "note") && adcp_name_begins("x", ""));
  CHECK(!adcp_name_begins("not", "note"));
  CHECK(adcp_shadow_name_fits("note_data", "note", "fts5"));
  CHECK(adcp_shadow_name_fits("Note_DATA", "nOTE", "FTS5"));
  CHECK(!adcp_shadow_name_fits("note_segdir", "note", "fts5"));
  CHECK(adcp_shadow_name_fits("note_segdir", "note", "fts4"));
  CHECK(!adcp_shadow_name_fits("note_data", "note", "rtree"));
  CHECK(!adcp_shadow_name_fits("note_data_x", "note", "fts5"));
  CHECK(!adcp_shadow_name_fits("note", "note", "fts5") &&
        !adcp_shadow_name_fits("no", "note", "x"));
  CHECK(!adcp_shadow_name_fits("notedata", "note", "other"));
  CHECK(adcp_shadow_name_fits("note_any_thing", "note", "other"));
  CHECK(adcp_shadow_name_fits("note_any", "note", NULL));
  CHECK(adcp_shadow_suffixes("geopoly") && adcp_shadow_suffixes("dbstat") == NULL);
}

/* Every allocation fails once: an error, no leak, no crash. */
static void test_out_of_memory(void) {
  static const AdcpMemMethods methods = {failing_malloc, failing_realloc, free};
  adcp_mem_replace(&methods);
  int failures = 0;
  for( int n = 0; n < 20; n++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    allocations_left = n;
    AdcpSchema *schema = adcp_schema_new(&err);
    for( int i = 0; schema && i < 20; i++ ) {
      AdcpTable *table = adcp_schema_add_table(schema, &err);
      if( table ) table->name = adcp_strdup("x");
      if( table && table->name == NULL ) adcp_error_nomem(&err);
      if( table && err.rc == ADCP_OK ) adcp_table_add_column(table, &err);
    }
    if( err.rc ) {
      failures++;
      CHECK(err.rc == ADCP_NOMEM);
    }
    adcp_schema_free(schema);
    adcp_error_clear(&err);
  }
  CHECK(failures > 5);
  adcp_mem_replace(NULL);
}

/* A table, a view, and what stands on them in other letters. */
static AdcpSchema *make_spelled(AdcpError *err) {
  static const struct {
    AdcpObjectType type;
    const char *name, *on;
  } objects[] = {{ADCP_OBJECT_TRIGGER, "g", "t\xc3\x89"},
                 {ADCP_OBJECT_TABLE, "T\xc3\x89", "T\xc3\x89"},
                 {ADCP_OBJECT_VIEW, "V", "V"},
                 {ADCP_OBJECT_TRIGGER, "h", "v"},
                 {ADCP_OBJECT_TRIGGER, "i", "V"},
                 {ADCP_OBJECT_INDEX, "j", "T\xc3\xa9"}};
  AdcpSchema *schema = adcp_schema_new(err);
  for( size_t i = 0; schema && i < sizeof objects / sizeof *objects && !err->rc; i++ ) {
    AdcpObject *object = adcp_schema_add_object(schema, err);
    if( object == NULL ) break;
    object->type = objects[i].type;
    object->name = adcp_strdup(objects[i].name);
    object->tbl_name = adcp_strdup(objects[i].on);
    if( object->name == NULL || object->tbl_name == NULL ) adcp_error_nomem(err);
  }
  if( schema ) adcp_schema_index(schema, err);
  return schema;
}

/* Every allocation fails once: an error, no leak, no crash. */
static void test_spelled_tables(void) {
  static const AdcpMemMethods methods = {failing_malloc, failing_realloc, free};
  adcp_mem_replace(&methods);
  int failures = 0;
  for( int n = 0;; n++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    allocations_left = n;
    AdcpSchema *schema = make_spelled(&err);
    bool failed = err.rc != ADCP_OK;
    failures += failed;
    CHECK(!failed || err.rc == ADCP_NOMEM);
    for( int pass = 0; pass < 2 && !failed; pass++ ) { /* indexed twice: the same */
      CHECK_TEXT(schema->objects[0].tbl_name, "T\xc3\x89");
      CHECK_TEXT(adcp_object_stored_on(&schema->objects[0]), "t\xc3\x89");
      CHECK_TEXT(schema->objects[3].tbl_name, "V");
      CHECK_TEXT(adcp_object_stored_on(&schema->objects[3]), "v");
      CHECK_TEXT(schema->objects[4].tbl_name, "V");
      CHECK(schema->objects[4].tbl_name_stored == NULL);
      CHECK_TEXT(schema->objects[5].tbl_name, "T\xc3\xa9"); /* letters of ASCII only */
      allocations_left = 1000;
      adcp_schema_index(schema, &err);
    }
    adcp_schema_free(schema);
    adcp_error_clear(&err);
    if( !failed ) break;
  }
  CHECK(failures > 20);
  adcp_mem_replace(NULL);
}

int main(void) {
  test_spelled_tables();
  test_growth();
  test_values();
  test_names();
  test_shadow_names();
  test_out_of_memory();
  return unit_done();
}
