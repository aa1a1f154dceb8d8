/*
** fts_words.c - full-text indexes over what is left out (contract in fts_words.h).
*/
#include "ops/fts_words.h"

#include <string.h>

#include "base/mem.h"
#include "db/fts.h"
#include "db/mention.h"
#include "db/view_reads.h"

/* A table of which something is left out. */
typedef struct Hidden {
  AdcpObject object;         /* first, for adcp_mention_each; of it the name alone, owned */
  const AdcpTable *redacted; /* NULL: all of its rows are left out */
  struct Hidden *next;
} Hidden;

/* A trigger that names a full-text index. */
typedef struct Fill {
  AdcpObject trigger; /* its texts are owned */
  char *index;        /* owned */
  struct Fill *next;
} Fill;

struct AdcpFtsWords {
  Hidden *hidden;
  AdcpNameMap by_name; /* Hidden */
  Fill *fills;
  /* while indexes are looked at: */
  AdcpFtsLeave *leave;
  AdcpRedaction *redaction;
  AdcpError *err;
};

/* ---- the whole schema ---- */

static void add_hidden(AdcpFtsWords *words, const char *name, const AdcpTable *redacted,
                       AdcpError *err) {
  Hidden *hidden = adcp_calloc(1, sizeof *hidden);
  char *copy = hidden ? adcp_strdup(name) : NULL;
  if( copy == NULL ) {
    adcp_free(hidden);
    adcp_error_nomem(err);
    return;
  }
  *hidden = (Hidden){{ADCP_OBJECT_TABLE, copy, copy, NULL, NULL}, redacted, words->hidden};
  words->hidden = hidden;
  adcp_name_map_put(&words->by_name, name, hidden, err);
}

static Hidden *find_hidden(AdcpFtsWords *words, const char *name) {
  return adcp_name_map_get(&words->by_name, name, strlen(name), words->err);
}

static bool is_full_text(const AdcpTable *table) {
  return table->kind == ADCP_TABLE_VIRTUAL &&
         (adcp_fts_is_fts4(table->module) || sqlite3_stricmp(table->module, "fts5") == 0);
}

static void free_fill(Fill *fill) {
  adcp_free(fill->trigger.name);
  adcp_free(fill->trigger.tbl_name);
  adcp_free(fill->trigger.sql);
  adcp_free(fill->index);
  adcp_free(fill);
}

/* What adcp_mention_each tells of. */
typedef struct Reading {
  AdcpFtsWords *words;
  const AdcpObject *trigger;
  AdcpError *err;
} Reading;

static void add_fill(void *context, const AdcpObject *index) {
  const Reading *reading = context;
  Fill *fill = adcp_calloc(1, sizeof *fill);
  if( fill ) {
    fill->trigger.type = ADCP_OBJECT_TRIGGER;
    fill->trigger.name = adcp_strdup(reading->trigger->name);
    fill->trigger.tbl_name = adcp_strdup(reading->trigger->tbl_name);
    fill->trigger.sql = adcp_strdup(reading->trigger->sql);
    fill->index = adcp_strdup(index->name);
  }
  if( fill == NULL || !fill->trigger.name || !fill->trigger.tbl_name || !fill->trigger.sql ||
      !fill->index ) {
    if( fill ) free_fill(fill);
    adcp_error_nomem(reading->err);
    return;
  }
  fill->next = reading->words->fills;
  reading->words->fills = fill;
}

static void find_fills(AdcpFtsWords *words, const AdcpSchema *schema, AdcpError *err) {
  AdcpNameMap indexes = {0};
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    AdcpObject *object = &schema->objects[i];
    const AdcpTable *table =
        object->type == ADCP_OBJECT_TABLE ? adcp_schema_table(schema, object->name) : NULL;
    if( table && is_full_text(table) ) adcp_name_map_put(&indexes, object->name, object, err);
  }
  for( size_t i = 0; i < schema->object_count && !err->rc && indexes.map.count; i++ ) {
    Reading reading = {words, &schema->objects[i], err};
    if( reading.trigger->type != ADCP_OBJECT_TRIGGER || !reading.trigger->sql ) continue;
    adcp_mention_each(reading.trigger, &indexes, add_fill, &reading, err);
  }
  adcp_name_map_free(&indexes);
}

AdcpFtsWords *adcp_fts_words_open(const AdcpSchema *schema, const AdcpSelection *selection,
                                  const AdcpOptions *options, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpFtsWords *words = adcp_calloc(1, sizeof *words);
  if( words == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  for( size_t i = 0; i < schema->table_count && !err->rc; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( adcp_selection_excludes(selection, table) ) add_hidden(words, table->name, NULL, err);
  }
  if( words->hidden || adcp_options_name_count(options, "redact") ) find_fills(words, schema, err);
  if( err->rc == ADCP_OK ) return words;
  adcp_fts_words_close(words);
  return NULL;
}

/* ---- columns ---- */

/* What is computed may be so from a redacted column. */
static bool is_hidden_column(const AdcpFtsWords *words, const AdcpTable *table,
                             const AdcpColumn *column) {
  return column->generated || adcp_redaction_has(words->redaction, table, column);
}

/* Whether an index over the table has such a column; of a module that is not loaded that is not known. */
static bool has_hidden_column(const AdcpFtsWords *words, const AdcpTable *fts,
                              const AdcpTable *table) {
  bool found = !fts->module_loaded;
  for( size_t i = 0; i < table->column_count && !found; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    found = is_hidden_column(words, table, column) &&
            adcp_fts_has_column(words->leave->db, fts->name, column->name);
  }
  return found;
}

static bool names_hidden_column(const AdcpFtsWords *words, const AdcpObject *trigger,
                                const AdcpTable *table) {
  bool found = false;
  for( size_t i = 0; i < table->column_count && !found; i++ ) {
    const AdcpColumn *column = &table->columns[i];
    found = is_hidden_column(words, table, column) &&
            adcp_mention_has_name(trigger, column->name, words->err);
  }
  return found;
}

/* ---- indexes ---- */

#define NEXT_STEP "; leave its rows out, too: {\"exclude_data\":[\"%s\"]}"

static void hide_index(AdcpFtsWords *words, AdcpTable *fts, const Hidden *hidden) {
  const char *name = hidden->object.name;
  const AdcpTable *content = adcp_fts_leave_table(words->leave, name);
  if( hidden->redacted && !has_hidden_column(words, fts, hidden->redacted) ) return;
  if( content && adcp_fts_leave_anew(words->leave, fts, content) ) return;
  if( hidden->redacted || !fts->module_loaded ) {
    adcp_text_list_add(words->leave->warnings,
                       "full-text index \"%s\" cannot be made anew from \"%s\": it may hold words "
                       "that are redacted or left out there" NEXT_STEP,
                       fts->name, name, fts->name);
    return;
  }
  adcp_fts_leave_empty(words->leave, fts);
  if( content ) return; /* that is empty, too */
  adcp_text_list_add(words->leave->warnings,
                     "full-text index \"%s\" is over \"%s\", which is not in the backup: its rows "
                     "are left out, too",
                     fts->name, name);
}

/* content: no table of the backup; perhaps a view. One that cannot be read was that before. */
static void warn_of_view(AdcpFtsWords *words, const AdcpTable *fts, const char *content) {
  AdcpError unreadable = ADCP_ERROR_INIT;
  AdcpDb look = {words->leave->db->handle, words->leave->db->schema, &unreadable};
  char *read = adcp_view_reads(&look, &words->by_name, content);
  if( unreadable.rc == ADCP_NOMEM || unreadable.rc == ADCP_INTERRUPT ) {
    adcp_error_move(words->err, &unreadable);
  }
  adcp_error_clear(&unreadable);
  if( read ) {
    adcp_text_list_add(words->leave->warnings,
                       "full-text index \"%s\" is over the view \"%s\", which reads \"%s\": it may "
                       "hold words that are redacted or left out there" NEXT_STEP,
                       fts->name, content, read, fts->name);
  }
  adcp_free(read);
}

/* The first of the hidden tables that the trigger takes something hidden from. */
typedef struct Source {
  AdcpFtsWords *words;
  const AdcpObject *trigger;
  const Hidden *found;
} Source;

static void look_at_source(void *context, const AdcpObject *table) {
  Source *source = context;
  const Hidden *hidden = (const Hidden *)table;
  bool takes = hidden->redacted == NULL ||
               names_hidden_column(source->words, source->trigger, hidden->redacted);
  if( source->found == NULL && takes ) source->found = hidden;
}

static void warn_of_trigger(AdcpFtsWords *words, const AdcpTable *fts, const Fill *fill) {
  Source source = {words, &fill->trigger, NULL};
  const Hidden *own = find_hidden(words, fill->trigger.tbl_name);
  if( own ) look_at_source(&source, &own->object);
  adcp_mention_each(&fill->trigger, &words->by_name, look_at_source, &source, words->err);
  if( source.found == NULL ) return;
  adcp_text_list_add(words->leave->warnings,
                     "full-text index \"%s\" is filled by the trigger \"%s\" from \"%s\": it may "
                     "hold words that are redacted or left out there" NEXT_STEP,
                     fts->name, fill->trigger.name, source.found->object.name, fts->name);
}

static void warn_of_triggers(AdcpFtsWords *words, const AdcpTable *fts) {
  for( const Fill *fill = words->fills; fill && !words->err->rc; fill = fill->next ) {
    size_t count = words->leave->warnings->count;
    if( strcmp(fill->index, fts->name) == 0 ) warn_of_trigger(words, fts, fill);
    if( words->leave->warnings->count > count ) return; /* one says it of them all */
  }
}

static void look_at_index(AdcpFtsWords *words, AdcpTable *fts) {
  const AdcpObject *object = adcp_fts_leave_definition(words->leave, fts);
  if( object == NULL || object->sql == NULL ) return;
  if( fts->module_loaded && !adcp_fts_leave_has_rows(words->leave, fts) ) return;
  char *content = adcp_fts_content_table(object->sql, words->err);
  const Hidden *hidden = content ? find_hidden(words, content) : NULL;
  if( hidden ) {
    hide_index(words, fts, hidden);
  } else if( content && adcp_fts_leave_table(words->leave, content) == NULL ) {
    warn_of_view(words, fts, content);
  } else {
    warn_of_triggers(words, fts);
  }
  adcp_free(content);
}

void adcp_fts_words_leave_out(AdcpFtsWords *words, AdcpFtsLeave *leave, AdcpRedaction *redaction) {
  AdcpError *err = leave->db->err;
  const AdcpSchema *schema = leave->schema;
  if( err->rc ) return;
  words->leave = leave;
  words->redaction = redaction;
  words->err = err;
  for( size_t i = 0; i < schema->table_count && !err->rc; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    if( adcp_redaction_concerns(redaction, table->name, strlen(table->name), err) &&
        !find_hidden(words, table->name) ) {
      add_hidden(words, table->name, table, err);
    }
  }
  for( size_t i = 0; i < schema->table_count && words->hidden && !err->rc; i++ ) {
    if( is_full_text(&schema->tables[i]) ) look_at_index(words, &schema->tables[i]);
  }
}

void adcp_fts_words_close(AdcpFtsWords *words) {
  if( words == NULL ) return;
  while( words->hidden ) {
    Hidden *hidden = words->hidden;
    words->hidden = hidden->next;
    adcp_free(hidden->object.name);
    adcp_free(hidden);
  }
  while( words->fills ) {
    Fill *fill = words->fills;
    words->fills = fill->next;
    free_fill(fill);
  }
  adcp_name_map_free(&words->by_name);
  adcp_free(words);
}
