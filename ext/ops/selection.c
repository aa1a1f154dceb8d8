/*
** selection.c - table selection by patterns (contract in selection.h).
*/
#include "ops/selection.h"

#include <string.h>

#include "base/mem.h"
#include "db/fts.h"
#include "db/sqlite.h"

typedef struct Patterns {
  AdcpMap names;      /* texts that mean themselves; the options own them */
  const char **globs; /* owned array of the others */
  size_t count;
  bool given;
} Patterns;

struct AdcpSelection {
  const AdcpSchema *schema;
  Patterns include, exclude, exclude_data;
  AdcpMap names;      /* of all that can be selected */
  AdcpMap content_of; /* external-content FTS table -> name of its content table (owned strings) */
};

/* A long list is one of names: 10,000 of them for each of 10,000 tables would take seconds. */
static bool is_name(const char *glob) {
  return strpbrk(glob, "*?[") == NULL;
}

static bool matches(const Patterns *patterns, const char *name) {
  if( adcp_map_get(&patterns->names, name, strlen(name)) ) return true;
  for( size_t i = 0; i < patterns->count; i++ ) {
    if( sqlite3_strglob(patterns->globs[i], name) == 0 ) return true;
  }
  return false;
}

static bool selectable(const AdcpObject *object) {
  return object->type == ADCP_OBJECT_TABLE || object->type == ADCP_OBJECT_VIEW;
}

/* ---- checking the patterns ---- */

static void fail_no_match(const AdcpSchema *schema, const char *option, const char *glob,
                          AdcpSelectionOf of, AdcpError *err) {
  bool backup = of == ADCP_SELECTION_OF_BACKUP;
  const char **names = adcp_calloc(schema->object_count + schema->table_count + 1, sizeof *names);
  size_t count = 0;
  if( names == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  for( size_t i = 0; i < schema->object_count; i++ ) {
    if( selectable(&schema->objects[i]) ) names[count++] = schema->objects[i].name;
  }
  for( size_t i = 0; i < schema->table_count; i++ ) names[count++] = schema->tables[i].name;
  adcp_error_set(err, ADCP_ERROR, "no table or view of %s matches \"%s\" in option \"%s\"",
                 backup ? "the backup" : "the database", glob, option);
  if( !adcp_error_append_nearest(err, glob, names, count) ) {
    adcp_error_append(err, "; %s lists those that it has",
                      backup ? "adcp_contents" : "PRAGMA table_list");
  }
  adcp_free(names);
}

static void list_names(AdcpSelection *selection, AdcpError *err) {
  const AdcpSchema *schema = selection->schema;
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    AdcpObject *object = &schema->objects[i];
    if( !selectable(object) ) continue;
    adcp_map_put(&selection->names, object->name, strlen(object->name), object, err);
  }
  for( size_t i = 0; i < schema->table_count && !err->rc; i++ ) {
    AdcpTable *table = &schema->tables[i];
    adcp_map_put(&selection->names, table->name, strlen(table->name), table, err);
  }
}

/* What of a pattern's matches is looked at. */
typedef struct Matches {
  bool any;
  const AdcpTable *part; /* a shadow table, when there are no others among them */
} Matches;

/* False when there is no need to go on. */
static bool note_match(Matches *found, const AdcpSchema *schema, const char *name) {
  const AdcpTable *table = adcp_schema_table(schema, name);
  found->any = true;
  found->part = table && table->shadow_of ? table : NULL;
  return found->part != NULL;
}

static Matches find_matches(const AdcpSelection *selection, const char *glob) {
  const AdcpSchema *schema = selection->schema;
  Matches found = {false, NULL};
  if( is_name(glob) ) {
    if( adcp_map_get(&selection->names, glob, strlen(glob)) ) note_match(&found, schema, glob);
    return found;
  }
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( !selectable(object) || sqlite3_strglob(glob, object->name) != 0 ) continue;
    if( !note_match(&found, schema, object->name) ) return found;
  }
  for( size_t i = 0; i < schema->table_count; i++ ) {
    const char *name = schema->tables[i].name;
    if( sqlite3_strglob(glob, name) == 0 && !note_match(&found, schema, name) ) return found;
  }
  return found;
}

/* A virtual table without one of its parts is damaged. A part that is selected without its virtual table
** is a table as others. */
static void check_part(const AdcpSelection *selection, const char *option, const char *glob,
                       const AdcpTable *part, AdcpError *err) {
  bool of_rows = strcmp(option, "exclude_data") == 0;
  bool includes = strcmp(option, "tables") == 0;
  if( part == NULL || includes ) return;
  if( of_rows && !adcp_selection_table(selection, part->shadow_of) ) return;
  adcp_error_set(err, ADCP_ERROR,
                 "option \"%s\": \"%s\" matches nothing but parts of virtual tables (\"%s\" of "
                 "\"%s\"), which go with these; name \"%s\"",
                 option, glob, part->name, part->shadow_of, part->shadow_of);
}

static void read_patterns(const AdcpSelection *selection, Patterns *patterns,
                          const AdcpOptions *options, const char *option, AdcpSelectionOf of,
                          AdcpError *err) {
  size_t count = adcp_options_name_count(options, option);
  patterns->given = adcp_options_has(options, option);
  patterns->globs = adcp_calloc(count + 1, sizeof *patterns->globs);
  if( patterns->globs == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  for( size_t i = 0; i < count && !err->rc; i++ ) {
    const char *glob = adcp_options_name(options, option, i);
    Matches found = find_matches(selection, glob);
    check_part(selection, option, glob, found.part, err);
    if( !found.any ) {
      fail_no_match(selection->schema, option, glob, of, err);
    } else if( is_name(glob) ) {
      adcp_map_put(&patterns->names, glob, strlen(glob), (void *)glob, err);
    } else {
      patterns->globs[patterns->count++] = glob;
    }
  }
}

static void find_contents(AdcpSelection *selection, AdcpError *err) {
  const AdcpSchema *schema = selection->schema;
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    const AdcpObject *object = &schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE || object->sql == NULL ) continue;
    const AdcpTable *table = adcp_schema_table(schema, object->name);
    if( table == NULL || table->kind != ADCP_TABLE_VIRTUAL ) continue;
    char *content = adcp_fts_content_table(object->sql, err);
    if( content == NULL ) continue;
    adcp_free(
        adcp_map_put(&selection->content_of, object->name, strlen(object->name), content, err));
    if( err->rc ) adcp_free(content);
  }
}

AdcpSelection *adcp_selection_open(const AdcpOptions *options, const AdcpSchema *schema,
                                   AdcpSelectionOf of, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpSelection *selection = adcp_calloc(1, sizeof *selection);
  if( selection == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  selection->schema = schema;
  list_names(selection, err);
  find_contents(selection, err);
  read_patterns(selection, &selection->include, options, "tables", of, err);
  read_patterns(selection, &selection->exclude, options, "exclude_tables", of, err);
  read_patterns(selection, &selection->exclude_data, options, "exclude_data", of, err);
  if( err->rc ) {
    adcp_selection_close(selection);
    return NULL;
  }
  return selection;
}

static void free_patterns(Patterns *patterns) {
  adcp_map_free(&patterns->names);
  adcp_free((void *)patterns->globs);
}

void adcp_selection_close(AdcpSelection *selection) {
  if( selection == NULL ) return;
  const AdcpSchema *schema = selection->schema;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    const char *name = schema->objects[i].name;
    if( schema->objects[i].type != ADCP_OBJECT_TABLE ) continue;
    adcp_free(adcp_map_get(&selection->content_of, name, strlen(name)));
  }
  adcp_map_free(&selection->content_of);
  adcp_map_free(&selection->names);
  free_patterns(&selection->include);
  free_patterns(&selection->exclude);
  free_patterns(&selection->exclude_data);
  adcp_free(selection);
}

/* ---- asking ---- */

bool adcp_selection_partial(const AdcpSelection *selection) {
  return selection->include.given || selection->exclude.given;
}

/* By its own name only. */
static bool named(const AdcpSelection *selection, const char *name) {
  return !selection->include.given || matches(&selection->include, name);
}

bool adcp_selection_table(const AdcpSelection *selection, const char *name) {
  const AdcpTable *table = adcp_schema_table(selection->schema, name);
  const char *owner = table && table->shadow_of ? table->shadow_of : name;
  const char *content = adcp_map_get(&selection->content_of, owner, strlen(owner));
  if( matches(&selection->exclude, owner) ) return false;
  if( table && (table->kind == ADCP_TABLE_SEQUENCE || table->kind == ADCP_TABLE_STAT) ) {
    return true; /* their rows are chosen one by one, by the table they speak of */
  }
  return named(selection, owner) || named(selection, name) ||
         (content && named(selection, content));
}

bool adcp_selection_rows(const AdcpSelection *selection, const AdcpTable *table) {
  const char *owner = table->shadow_of;
  if( !adcp_selection_table(selection, table->name) ) return false;
  if( owner && matches(&selection->exclude_data, owner) ) return false;
  bool follows = owner && adcp_selection_table(selection, owner);
  return follows || !matches(&selection->exclude_data, table->name);
}

bool adcp_selection_excludes(const AdcpSelection *selection, const AdcpTable *table) {
  return matches(&selection->exclude, table->name) ||
         matches(&selection->exclude_data, table->name);
}

bool adcp_selection_object(const AdcpSelection *selection, const AdcpObject *object) {
  return adcp_selection_table(selection, selectable(object) ? object->name : object->tbl_name);
}
