/*
** redaction.c - columns written as NULL (contract in redaction.h).
*/
#include "ops/redaction.h"

#include <string.h>

#include "base/mem.h"
#include "db/fts.h"
#include "db/sqlite.h"

typedef struct Redacted {
  const AdcpTable *table;
  size_t value; /* place in a row */
} Redacted;

struct AdcpRedaction {
  Redacted *columns; /* owned */
  size_t count;
  AdcpValue *row; /* room for the longest row; owned */
};

/* The table whose name, letter case ignored as SQLite does, is the first n bytes. */
static const AdcpTable *find_table(const AdcpSchema *schema, const char *name, size_t n) {
  for( size_t i = 0; i < schema->table_count; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( strlen(table->name) == n && sqlite3_strnicmp(table->name, name, (int)n) == 0 ) return table;
  }
  return NULL;
}

static void check_column(const AdcpTable *table, const AdcpColumn *column, const char *place,
                         AdcpError *err) {
  const char *why = NULL;
  if( table->kind != ADCP_TABLE_ORDINARY ) why = "is no column of an ordinary table";
  if( column->not_null ) why = "is NOT NULL: the rows could not be restored";
  if( column->primary_key ) why = "is part of the primary key";
  if( !adcp_column_stored(column) ) why = "is computed from other columns: redact those";
  if( why == NULL ) return;
  adcp_error_set(
      err, ADCP_ERROR,
      "option \"redact\": \"%s\" %s; leave the table out with exclude_tables, or its rows "
      "with exclude_data",
      place, why);
}

/* Takes table and column of "table.column" if they are there; a name may have dots. */
static bool find_column(AdcpRedaction *redaction, const AdcpSchema *schema, const char *place,
                        AdcpError *err) {
  for( const char *dot = strchr(place, '.'); dot; dot = strchr(dot + 1, '.') ) {
    const AdcpTable *table = find_table(schema, place, (size_t)(dot - place));
    size_t value = table && table->has_rowid_key ? 1 : 0;
    for( size_t i = 0; table && i < table->column_count; i++ ) {
      const AdcpColumn *column = &table->columns[i];
      if( sqlite3_stricmp(column->name, dot + 1) == 0 ) {
        check_column(table, column, place, err);
        redaction->columns[redaction->count++] = (Redacted){table, value};
        return true;
      }
      if( adcp_column_stored(column) ) value++;
    }
  }
  return false;
}

/* An index over the words of the table holds them still. */
static void warn_of_indexes(const AdcpSchema *schema, const char *place, const AdcpTable *table,
                            AdcpTextList *warnings, AdcpError *err) {
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE || object->sql == NULL ) continue;
    char *content = adcp_fts_content_table(object->sql, err);
    if( content && sqlite3_stricmp(content, table->name) == 0 ) {
      adcp_text_list_add(warnings,
                         "\"%s\" is redacted, but the full-text index \"%s\" of its table may hold "
                         "its words; leave that out with exclude_tables",
                         place, object->name);
    }
    adcp_free(content);
  }
}

static void read_columns(AdcpRedaction *redaction, const AdcpOptions *options,
                         const AdcpSchema *schema, AdcpTextList *names, AdcpTextList *warnings,
                         AdcpError *err) {
  for( size_t i = 0; i < adcp_options_name_count(options, "redact") && !err->rc; i++ ) {
    const char *place = adcp_options_name(options, "redact", i);
    if( !find_column(redaction, schema, place, err) ) {
      adcp_error_set(err, ADCP_ERROR,
                     "option \"redact\": \"%s\" is no table.column of what is backed up", place);
    }
    if( err->rc ) return;
    adcp_text_list_add(names, "%s", place);
    warn_of_indexes(schema, place, redaction->columns[redaction->count - 1].table, warnings, err);
  }
}

AdcpRedaction *adcp_redaction_open(const AdcpOptions *options, const AdcpSchema *schema,
                                   AdcpTextList *names, AdcpTextList *warnings, AdcpError *err) {
  if( err->rc ) return NULL;
  size_t longest = 1;
  for( size_t i = 0; i < schema->table_count; i++ ) {
    size_t count = adcp_table_value_count(&schema->tables[i]);
    if( count > longest ) longest = count;
  }
  AdcpRedaction *redaction = adcp_calloc(1, sizeof *redaction);
  if( redaction ) {
    redaction->columns =
        adcp_calloc(adcp_options_name_count(options, "redact") + 1, sizeof *redaction->columns);
    redaction->row = adcp_calloc(longest, sizeof *redaction->row);
  }
  if( redaction == NULL || redaction->columns == NULL || redaction->row == NULL ) {
    adcp_error_nomem(err);
  } else {
    read_columns(redaction, options, schema, names, warnings, err);
  }
  if( err->rc == ADCP_OK ) return redaction;
  adcp_redaction_close(redaction);
  return NULL;
}

const AdcpValue *adcp_redaction_apply(AdcpRedaction *redaction, const AdcpTable *table,
                                      const AdcpValue *values) {
  const AdcpValue *row = values;
  for( size_t i = 0; i < redaction->count; i++ ) {
    if( redaction->columns[i].table != table ) continue;
    if( row == values ) {
      memcpy(redaction->row, values, adcp_table_value_count(table) * sizeof *values);
      row = redaction->row;
    }
    redaction->row[redaction->columns[i].value] = (AdcpValue){.type = ADCP_NULL};
  }
  return row;
}

bool adcp_redaction_concerns(const AdcpRedaction *redaction, const char *name, size_t n) {
  for( size_t i = 0; i < redaction->count; i++ ) {
    const char *table = redaction->columns[i].table->name;
    if( strlen(table) == n && sqlite3_strnicmp(table, name, (int)n) == 0 ) return true;
  }
  return false;
}

void adcp_redaction_close(AdcpRedaction *redaction) {
  if( redaction == NULL ) return;
  adcp_free(redaction->columns);
  adcp_free(redaction->row);
  adcp_free(redaction);
}

/* ---- what a backup says ---- */

const cJSON *adcp_redacted_columns(const cJSON *metadata) {
  const cJSON *columns = cJSON_GetObjectItemCaseSensitive(metadata, "redacted_columns");
  return cJSON_IsArray(columns) ? columns->child : NULL;
}

/* Whether place is "table.column". */
static bool names_column(const char *place, const char *table, const char *column) {
  size_t n = strlen(table);
  return place && sqlite3_strnicmp(place, table, (int)n) == 0 && place[n] == '.' &&
         sqlite3_stricmp(place + n + 1, column) == 0;
}

bool adcp_redacted(const cJSON *metadata, const char *table, const char *column) {
  const cJSON *item = adcp_redacted_columns(metadata);
  while( item && !names_column(item->valuestring, table, column) ) item = item->next;
  return item != NULL;
}
