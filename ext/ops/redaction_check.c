/*
** redaction_check.c - rules that redacted rows may break (contract in redaction_check.h).
*/
#include "ops/redaction_check.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/texts.h"
#include "db/column_text.h"
#include "db/mention.h"

typedef struct Check {
  AdcpDb *db;
  const AdcpSchema *schema;
  const bool *write_rows;
  const AdcpRedaction *redaction;
  AdcpTextList *warnings;
  AdcpMap texts;  /* name of a table or index of the database -> its text */
  AdcpTexts kept; /* owns these names and texts */
  /* of the table that is looked at: */
  const AdcpTable *table;
  bool *follows; /* for each column: it is redacted, or computed from such a one */
} Check;

/* ---- texts ---- */

/* All of them in one pass: each one asked for by its name would be another walk through sqlite_schema. The
** schema of the backup does not have them where rows alone are written. */
static void read_texts(Check *check) {
  AdcpDb *db = check->db;
  sqlite3_stmt *stmt = adcp_db_prepare(db,
                                       "SELECT name, sql FROM \"%w\".sqlite_schema "
                                       "WHERE type IN ('table', 'index') AND sql NOT NULL",
                                       db->schema);
  while( adcp_db_step(db, stmt) ) {
    for( int i = 0; i < 2; i++ ) {
      const char *text = (const char *)sqlite3_column_text(stmt, i);
      if( text == NULL ) adcp_error_nomem(db->err);
      if( text ) adcp_texts_add(&check->kept, db->err, "%s", text);
    }
    if( db->err->rc ) break;
    char **row = check->kept.items + check->kept.count - 2;
    adcp_map_put(&check->texts, row[0], strlen(row[0]), row[1], db->err);
  }
  adcp_db_finalize(stmt);
}

static char *text_of(const Check *check, const char *name) {
  return adcp_map_get(&check->texts, name, strlen(name));
}

/* ---- columns that follow ---- */

static bool names_one_that_follows(const Check *check, const char *sql, const AdcpColumn *column) {
  bool found = false;
  for( size_t i = 0; i < check->table->column_count && !found; i++ ) {
    found = check->follows[i] &&
            adcp_column_text_has(sql, column->name, check->table->columns[i].name, check->db->err);
  }
  return found;
}

/* One computed column may be computed from another. */
static void find_followers(Check *check) {
  const char *sql = text_of(check, check->table->name);
  bool more = sql != NULL;
  while( more && !check->db->err->rc ) {
    more = false;
    for( size_t i = 0; i < check->table->column_count && !check->db->err->rc; i++ ) {
      const AdcpColumn *column = &check->table->columns[i];
      if( !column->generated || check->follows[i] ) continue;
      check->follows[i] = names_one_that_follows(check, sql, column);
      more = more || check->follows[i];
    }
  }
}

static void check_columns(Check *check) {
  for( size_t i = 0; i < check->table->column_count; i++ ) {
    const AdcpColumn *column = &check->table->columns[i];
    if( !check->follows[i] || !column->generated || !column->not_null ) continue;
    adcp_text_list_add(check->warnings,
                       "column \"%s\" of \"%s\" is NOT NULL and computed from a redacted one: a "
                       "restore fails where NULL makes it NULL; leave the rows out then, with "
                       "exclude_data",
                       column->name, check->table->name);
  }
}

/* ---- unique indexes ---- */

typedef struct Key {
  bool distinct;   /* a redacted column is in it: no two rows are the same */
  bool computed;   /* a column that is computed from one is */
  bool expression; /* it has more than columns */
} Key;

static Key read_key(const Check *check, const char *index) {
  AdcpDb *db = check->db;
  Key key = {false, false, false};
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".index_xinfo(%Q)", db->schema, index);
  while( adcp_db_step(db, stmt) ) {
    int column = sqlite3_column_int(stmt, 1);
    if( sqlite3_column_int(stmt, 5) == 0 ) continue; /* of the row, not of the key */
    if( column < 0 || (size_t)column >= check->table->column_count ) {
      key.expression = key.expression || column == -2;
    } else if( check->follows[column] ) {
      *(check->table->columns[column].generated ? &key.computed : &key.distinct) = true;
    }
  }
  adcp_db_finalize(stmt);
  return key;
}

/* Whether the text of the index names one of the columns that follow. */
static bool index_names_one(const Check *check, const char *index) {
  const AdcpObject object = {.type = ADCP_OBJECT_INDEX, .sql = text_of(check, index)};
  bool found = false;
  for( size_t i = 0; object.sql && i < check->table->column_count && !found; i++ ) {
    found = check->follows[i] &&
            adcp_mention_has_name(&object, check->table->columns[i].name, check->db->err);
  }
  return found;
}

static void check_index(Check *check, const char *index, bool partial) {
  Key key = read_key(check, index);
  bool by_text = key.expression || partial;
  if( key.distinct || !(key.computed || (by_text && index_names_one(check, index))) ) return;
  adcp_text_list_add(check->warnings,
                     "unique index \"%s\" of \"%s\" depends on a redacted column: a restore fails "
                     "where NULL makes two rows the same to it; leave the rows out then, with "
                     "exclude_data",
                     index, check->table->name);
}

static void check_indexes(Check *check) {
  AdcpDb *db = check->db;
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(db, "PRAGMA \"%w\".index_list(%Q)", db->schema, check->table->name);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    if( name == NULL ) adcp_error_nomem(db->err);
    bool unique = sqlite3_column_int(stmt, 2) != 0;
    if( name && unique ) check_index(check, name, sqlite3_column_int(stmt, 4) != 0);
  }
  adcp_db_finalize(stmt);
}

/* ---- foreign keys ---- */

/* The place in the key of a redacted column of the parent, or -1: none, or a column of the child is
** redacted, too, so that its rows refer to nothing. */
static int redacted_place(const Check *check, const AdcpTable *child, const AdcpForeignKey *key) {
  int place = -1;
  for( size_t i = 0; i < key->count; i++ ) {
    const AdcpColumn *from = adcp_table_column(child, key->from[i]);
    const AdcpColumn *to = key->to[i] ? adcp_table_column(check->table, key->to[i]) : NULL;
    if( from && adcp_redaction_has(check->redaction, child, from) ) return -1;
    if( to && adcp_redaction_has(check->redaction, check->table, to) ) place = (int)i;
  }
  return place;
}

static void check_children(Check *check) {
  for( size_t i = 0; i < check->schema->table_count; i++ ) {
    const AdcpTable *child = &check->schema->tables[i];
    for( size_t k = 0; check->write_rows[i] && k < child->foreign_key_count; k++ ) {
      const AdcpForeignKey *key = &child->foreign_keys[k];
      if( !adcp_name_equal(key->parent, check->table->name) ) continue;
      int place = redacted_place(check, child, key);
      if( place < 0 ) continue;
      adcp_text_list_add(check->warnings,
                         "\"%s.%s\" is redacted, and \"%s.%s\" refers to it: those rows will refer "
                         "to none; redact that, too",
                         check->table->name, key->to[place], child->name, key->from[place]);
    }
  }
}

/* ---- the whole ---- */

static void check_table(Check *check) {
  bool redacted = false;
  for( size_t i = 0; i < check->table->column_count; i++ ) {
    const AdcpColumn *column = &check->table->columns[i];
    check->follows[i] = adcp_redaction_has(check->redaction, check->table, column);
    redacted = redacted || check->follows[i];
  }
  if( !redacted ) return;
  find_followers(check);
  check_columns(check);
  check_indexes(check);
  check_children(check);
}

void adcp_redaction_check(AdcpDb *db, const AdcpSchema *schema, const bool *write_rows,
                          const AdcpRedaction *redaction, AdcpTextList *warnings) {
  Check check = {.db = db,
                 .schema = schema,
                 .write_rows = write_rows,
                 .redaction = redaction,
                 .warnings = warnings};
  read_texts(&check);
  for( size_t i = 0; i < schema->table_count && !db->err->rc; i++ ) {
    check.table = &schema->tables[i];
    if( !write_rows[i] || check.table->kind != ADCP_TABLE_ORDINARY ) continue;
    check.follows = adcp_calloc(check.table->column_count + 1, sizeof(bool));
    if( check.follows == NULL ) {
      adcp_error_nomem(db->err);
      break;
    }
    check_table(&check);
    adcp_free(check.follows);
  }
  adcp_map_free(&check.texts);
  adcp_texts_free(&check.kept);
}
