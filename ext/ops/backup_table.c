/*
** backup_table.c - the rows of one table of a backup (contract in backup_table.h).
*/
#include "ops/backup_table.h"

#include <string.h>

#include "base/mem.h"
#include "db/sqlite.h"
#include "ops/interrupt.h"
#include "ops/options.h"

struct AdcpBackupTable {
  AdcpError *err; /* borrowed */
  char *path;
  AdcpArchiveReader *archive;
  const AdcpArchiveHead *head;
  const AdcpArchiveTable *entry;
  bool begun; /* the reader stands in the table */
  bool read;  /* rows were read: where positions are not known, only from the start again */
  int rowid_place;
  AdcpBuf copy;            /* text of the current row, once its values were decoded in place */
  const AdcpValue *values; /* of the current row; NULL until decoded */
};

/* ---- finding the table ---- */

static const AdcpArchiveTable *find_rows(const AdcpArchiveHead *head, const char *name) {
  const AdcpArchiveTable *found = NULL;
  for( size_t i = 0; i < head->table_count; i++ ) {
    const AdcpArchiveTable *entry = &head->tables[i];
    if( strcmp(entry->table->name, name) == 0 ) return entry;
    if( sqlite3_stricmp(entry->table->name, name) == 0 && found == NULL ) found = entry;
  }
  return found;
}

static void fail_unknown(const AdcpArchiveHead *head, const char *name, AdcpError *err) {
  const char **names = adcp_calloc(head->table_count + 1, sizeof *names);
  if( names == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  for( size_t i = 0; i < head->table_count; i++ ) names[i] = head->tables[i].table->name;
  adcp_error_set(err, ADCP_ERROR, "the backup has no table \"%.200s\"", name);
  if( !adcp_error_append_nearest(err, name, names, head->table_count) ) {
    adcp_error_append(err, "; adcp_contents lists those that it has");
  }
  adcp_free((void *)names);
}

const AdcpArchiveTable *adcp_backup_find_rows(const AdcpArchiveHead *head, const char *name,
                                              AdcpError *err) {
  if( err->rc ) return NULL;
  const AdcpArchiveTable *entry = find_rows(head, name);
  if( entry ) return entry;
  const AdcpTable *described = adcp_schema_table(head->schema, name);
  if( described && described->kind == ADCP_TABLE_VIRTUAL ) {
    adcp_error_set(err, ADCP_ERROR,
                   "table \"%s\" is virtual (module %s): it has no rows of its own in a backup; "
                   "look at its content table or its shadow tables",
                   name, described->module ? described->module : "unknown");
  } else if( described ) {
    adcp_error_set(err, ADCP_ERROR, "the rows of table \"%s\" were left out of the backup", name);
  } else if( adcp_schema_object(head->schema, ADCP_OBJECT_VIEW, name) ) {
    adcp_error_set(err, ADCP_ERROR, "\"%s\" is a view: it has no rows in a backup", name);
  } else {
    fail_unknown(head, name, err);
  }
  return NULL;
}

static AdcpArchiveReader *open_archive(const AdcpBackupTableCall *call, AdcpError *err) {
  AdcpCheckpoint checkpoint = adcp_interrupt_checkpoint_of(call->handle);
  const AdcpArchiveReader *first = call->first ? call->first->archive : NULL;
  if( first && adcp_archive_is_copy(first) ) {
    return adcp_archive_reader_open_again(first, call->threads, checkpoint, err);
  }
  return adcp_archive_reader_open_checked(call->root, call->path, call->threads, checkpoint, err);
}

AdcpBackupTable *adcp_backup_table_open(const AdcpBackupTableCall *call, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpBackupTable *table = adcp_calloc(1, sizeof *table);
  if( table == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  table->err = err;
  table->path = adcp_strdup(call->path);
  if( table->path == NULL ) adcp_error_nomem(err);
  table->archive = open_archive(call, err);
  if( table->archive ) {
    table->head = adcp_archive_head(table->archive);
    if( call->name ) table->entry = adcp_backup_find_rows(table->head, call->name, err);
  }
  if( table->entry ) adcp_backup_table_choose(table, table->entry);
  if( err->rc == ADCP_OK ) return table;
  adcp_error_name(err, call->path);
  adcp_backup_table_close(table);
  return NULL;
}

void adcp_backup_table_close(AdcpBackupTable *table) {
  if( table == NULL ) return;
  adcp_archive_reader_close(table->archive);
  adcp_buf_free(&table->copy);
  adcp_free(table->path);
  adcp_free(table);
}

void adcp_backup_table_choose(AdcpBackupTable *table, const AdcpArchiveTable *entry) {
  table->entry = entry;
  table->rowid_place = adcp_table_rowid_place(entry->table);
  table->begun = false;
  table->values = NULL;
}

const AdcpArchiveTable *adcp_backup_table_entry(const AdcpBackupTable *table) {
  return table->entry;
}

const AdcpArchiveHead *adcp_backup_table_head(const AdcpBackupTable *table) {
  return table->head;
}

bool adcp_backup_table_is_copy(const AdcpBackupTable *table) {
  return adcp_archive_is_copy(table->archive);
}

/* ---- moving ---- */

/* Passes over tables until the one that is wanted begins. */
static void skip_to_table(AdcpBackupTable *table) {
  for( ;; ) {
    switch( adcp_archive_next(table->archive) ) {
    case ADCP_ARCHIVE_TABLE_BEGIN:
      if( adcp_archive_table(table->archive) == table->entry ) return;
      adcp_archive_skip_table(table->archive);
      break;
    case ADCP_ARCHIVE_END:
      adcp_error_set(table->err, ADCP_CORRUPT, "damaged: the rows of table \"%s\" are missing",
                     table->entry->table->name);
      return;
    case ADCP_ARCHIVE_ERROR: return;
    default: break;
    }
  }
}

/* To the table's mark, or to its first row. */
static void go_to(AdcpBackupTable *table, size_t marks_before) {
  size_t index = (size_t)(table->entry - table->head->tables);
  table->begun = true;
  if( table->head->indexed && marks_before ) {
    adcp_archive_seek_mark(table->archive, index, marks_before - 1);
  } else if( table->head->indexed ) {
    adcp_archive_seek_table(table->archive, index);
  } else if( table->read ) {
    adcp_archive_rewind(table->archive);
  }
  table->read = true;
  skip_to_table(table);
}

/* What a mark is compared with. */
typedef struct Wanted {
  int64_t row, rowid;
  AdcpMarkBefore *before;
  void *context;
} Wanted;

static bool row_is_before(const AdcpArchiveMark *mark, const Wanted *wanted) {
  return mark->row <= wanted->row;
}

static bool rowid_is_before(const AdcpArchiveMark *mark, const Wanted *wanted) {
  return mark->has_rowid && mark->rowid <= wanted->rowid;
}

static bool key_is_before(const AdcpArchiveMark *mark, const Wanted *wanted) {
  return mark->key && wanted->before(wanted->context, mark->key);
}

/* Goes to the last mark in front of what is wanted, by bisection. */
static void seek(AdcpBackupTable *table, bool (*is_before)(const AdcpArchiveMark *, const Wanted *),
                 const Wanted *wanted) {
  if( table->err->rc ) return;
  const AdcpArchiveMark *marks = table->head->marks + table->entry->first_mark;
  size_t low = 0, high = table->head->indexed ? table->entry->mark_count : 0;
  while( low < high ) {
    size_t middle = low + (high - low) / 2;
    if( is_before(&marks[middle], wanted) ) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  go_to(table, low);
  adcp_error_name(table->err, table->path);
}

void adcp_backup_table_seek_row(AdcpBackupTable *table, int64_t row) {
  Wanted wanted = {.row = row};
  seek(table, row_is_before, &wanted);
}

void adcp_backup_table_seek_rowid(AdcpBackupTable *table, int64_t rowid) {
  Wanted wanted = {.rowid = rowid};
  seek(table, rowid_is_before, &wanted);
}

void adcp_backup_table_seek_key(AdcpBackupTable *table, AdcpMarkBefore *before, void *context) {
  Wanted wanted = {.before = before, .context = context};
  seek(table, key_is_before, &wanted);
}

bool adcp_backup_table_next(AdcpBackupTable *table) {
  if( table->err->rc ) return false;
  table->values = NULL;
  if( !table->begun ) go_to(table, 0);
  bool row = adcp_archive_next(table->archive) == ADCP_ARCHIVE_ROW;
  adcp_error_name(table->err, table->path);
  return row;
}

/* ---- the current row ---- */

int64_t adcp_backup_table_row(const AdcpBackupTable *table) {
  return adcp_archive_row_number(table->archive);
}

const char *adcp_backup_table_text(AdcpBackupTable *table, size_t *size) {
  if( table->values == NULL ) return adcp_archive_row_text(table->archive, size);
  *size = table->copy.size;
  return (const char *)table->copy.data;
}

const AdcpValue *adcp_backup_table_values(AdcpBackupTable *table) {
  if( table->values ) return table->values;
  size_t size;
  const char *text = adcp_archive_row_text(table->archive, &size);
  adcp_buf_clear(&table->copy);
  adcp_buf_append(&table->copy, text, size);
  if( adcp_buf_check(&table->copy, table->err) ) table->values = adcp_archive_row(table->archive);
  return table->values;
}

bool adcp_backup_table_rowid(AdcpBackupTable *table, int64_t *rowid) {
  const AdcpValue *values = table->rowid_place < 0 ? NULL : adcp_backup_table_values(table);
  if( values == NULL || values[table->rowid_place].type != ADCP_INTEGER ) return false;
  *rowid = values[table->rowid_place].integer;
  return true;
}
