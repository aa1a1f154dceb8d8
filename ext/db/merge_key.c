/*
** merge_key.c - by which keys of a live table merged rows can be found (contract in merge_key.h).
*/
#include "db/merge_key.h"

#include <string.h>

#include "base/mem.h"
#include "db/catalog.h"
#include "db/token.h"

/* ---- texts ---- */

typedef struct Walk {
  const char *at;
  size_t left, size;
  AdcpTokenType type;
  int depth; /* of parentheses, with the token counted */
} Walk;

static bool step(Walk *walk) {
  walk->at += walk->size;
  walk->left -= walk->size;
  walk->type = adcp_token_next(walk->at, walk->left, &walk->size);
  char c = walk->type == ADCP_TOKEN_OTHER && walk->size == 1 ? *walk->at : 0;
  walk->depth += c == '(' ? 1 : c == ')' ? -1 : 0;
  return walk->type != ADCP_TOKEN_END && walk->type != ADCP_TOKEN_ILLEGAL;
}

static bool is_sign(const Walk *walk, char sign) {
  return walk->type == ADCP_TOKEN_OTHER && walk->size == 1 && *walk->at == sign;
}

/* The column that the token names, of those in the map. */
static const char *column_at(AdcpNameMap *columns, const Walk *walk, AdcpError *err) {
  const char *column = NULL;
  if( walk->type == ADCP_TOKEN_WORD ) {
    column = adcp_name_map_get(columns, walk->at, walk->size, err);
  } else if( walk->type == ADCP_TOKEN_QUOTED && *walk->at != '\'' ) {
    char *name = adcp_token_dequote(walk->at, walk->size, err);
    if( name ) column = adcp_name_map_get(columns, name, strlen(name), err);
    adcp_free(name);
  }
  return column;
}

const char *adcp_merge_keys_unfilled(AdcpMergeKeys *keys, const char *text, AdcpError *err) {
  Walk walk = {.at = text, .left = strlen(text)};
  const char *column = NULL;
  bool within = false;
  while( column == NULL && step(&walk) ) {
    if( within && walk.depth == 0 ) break;
    within = walk.depth > 0;
    if( within ) column = column_at(&keys->unfilled, &walk, err);
  }
  return column;
}

/* ---- columns without a value ---- */

static void find_unfilled(AdcpMergeKeys *keys, const AdcpTable *source, const AdcpTable *live,
                          AdcpError *err) {
  AdcpNameMap given = {0};
  for( size_t i = 0; i < source->column_count && !err->rc; i++ ) {
    AdcpColumn *column = &source->columns[i];
    if( adcp_column_stored(column) ) adcp_name_map_put(&given, column->name, column, err);
  }
  for( size_t i = 0; i < live->column_count && !err->rc; i++ ) {
    AdcpColumn *column = &live->columns[i];
    bool filled =
        !column->hidden && adcp_name_map_get(&given, column->name, strlen(column->name), err);
    if( !column->generated && !filled ) {
      adcp_name_map_put(&keys->unfilled, column->name, column->name, err);
    }
  }
  adcp_name_map_free(&given);
}

/* Adds the column that a definition, which begins here, is of, when it is computed from one without a
** value. The walk goes to the comma behind, or the end. */
static bool follow(AdcpMergeKeys *keys, AdcpNameMap *computed, Walk *walk, AdcpError *err) {
  const char *column = column_at(computed, walk, err);
  bool known = column && adcp_name_map_get(&keys->unfilled, column, strlen(column), err);
  bool found = false;
  while( walk->depth > 0 && !(walk->depth == 1 && is_sign(walk, ',')) && step(walk) ) {
    found = found || column_at(&keys->unfilled, walk, err);
  }
  if( column == NULL || known || !found ) return false;
  adcp_name_map_put(&keys->unfilled, column, (void *)column, err);
  return true;
}

/* One pass through the columns that the table's text defines; false when it found nothing more. */
static bool follow_all(AdcpMergeKeys *keys, AdcpNameMap *computed, const char *body,
                       AdcpError *err) {
  Walk walk = {.at = body, .left = strlen(body)};
  bool found = false;
  while( step(&walk) && walk.depth == 0 ) continue;
  while( !err->rc && walk.depth > 0 && step(&walk) ) {
    if( walk.type == ADCP_TOKEN_SPACE ) continue;
    found |= follow(keys, computed, &walk, err);
  }
  return found;
}

static void find_computed(AdcpMergeKeys *keys, AdcpDb *db, const AdcpTable *live) {
  AdcpNameMap computed = {0};
  AdcpCreate create;
  for( size_t i = 0; i < live->column_count; i++ ) {
    AdcpColumn *column = &live->columns[i];
    if( column->generated ) adcp_name_map_put(&computed, column->name, column->name, db->err);
  }
  char *sql = computed.map.count == 0 ? NULL : adcp_catalog_sql(db, ADCP_OBJECT_TABLE, live->name);
  if( sql && adcp_create_recognize(sql, &create, db->err) ) {
    while( follow_all(keys, &computed, sql + create.name_at + create.name_size, db->err) ) continue;
    adcp_create_free(&create);
  }
  adcp_free(sql);
  adcp_name_map_free(&computed);
}

/* ---- keys ---- */

static void note_lacking(AdcpMergeKeys *keys, const char *column, AdcpError *err) {
  for( size_t i = 0; i < keys->lacking.count; i++ ) {
    if( strcmp(keys->lacking.items[i], column) == 0 ) return;
  }
  adcp_texts_add(&keys->lacking, err, "%s", column);
}

/* A key while it is read. */
typedef struct Key {
  const AdcpTable *live;
  AdcpBuf columns; /* ("a", "b") */
  AdcpBuf target;  /* the same with their collations */
  bool lacks;      /* one of them gets no value */
  bool is_null;    /* and is NULL then: equal to none */
  bool computes;   /* it has an expression */
} Key;

static bool is_null_by_default(const AdcpColumn *column) {
  return column && !column->generated &&
         (column->default_sql == NULL || sqlite3_stricmp(column->default_sql, "NULL") == 0);
}

static void add_column(AdcpMergeKeys *keys, Key *key, const char *name, const char *collation,
                       AdcpError *err) {
  const char *column = adcp_name_map_get(&keys->unfilled, name, strlen(name), err);
  const char *separator = key->columns.size ? ", " : "(";
  if( column ) {
    key->lacks = true;
    key->is_null = key->is_null || is_null_by_default(adcp_table_column(key->live, name));
    note_lacking(keys, column, err);
  }
  char *quoted = sqlite3_mprintf("%s\"%w\"", separator, name);
  char *collated = sqlite3_mprintf("%s\"%w\" COLLATE \"%w\"", separator, name, collation);
  if( quoted == NULL || collated == NULL ) adcp_error_nomem(err);
  if( quoted ) adcp_buf_append_str(&key->columns, quoted);
  if( collated ) adcp_buf_append_str(&key->target, collated);
  sqlite3_free(quoted);
  sqlite3_free(collated);
}

static void read_columns(AdcpMergeKeys *keys, AdcpDb *db, const char *index, Key *key) {
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA \"%w\".index_xinfo(%Q)", db->schema, index);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 2);
    const char *collation = (const char *)sqlite3_column_text(stmt, 4);
    bool in_key = sqlite3_column_int(stmt, 5) != 0;
    if( in_key && name ) add_column(keys, key, name, collation ? collation : "BINARY", db->err);
    key->computes = key->computes || (in_key && name == NULL);
  }
  adcp_db_finalize(stmt);
  adcp_buf_append_byte(&key->columns, ')');
  adcp_buf_append_byte(&key->target, ')');
}

/* Appends tokens up to the end of the first parentheses, or with `rest` those behind: comments become a
** space, since one that has no end would swallow what follows. */
static void append_part(AdcpBuf *out, const char *body, bool rest) {
  Walk walk = {.at = body, .left = strlen(body)};
  bool within = true, begun = false;
  while( step(&walk) ) {
    bool is_space = walk.type == ADCP_TOKEN_SPACE;
    if( within != rest && is_space ) adcp_buf_append_byte(out, ' ');
    if( within != rest && !is_space ) adcp_buf_append(out, walk.at, walk.size);
    begun = begun || walk.depth > 0;
    if( begun && walk.depth == 0 ) within = false;
  }
}

/* Expressions and the WHERE of a partial index stand in its text only. */
static void read_text(AdcpMergeKeys *keys, AdcpDb *db, const char *index, Key *key) {
  AdcpCreate create;
  char *sql = adcp_catalog_sql(db, ADCP_OBJECT_INDEX, index);
  if( sql && adcp_create_recognize(sql, &create, db->err) ) {
    const char *body = sql + create.on_at + create.on_size;
    const char *column = adcp_merge_keys_unfilled(keys, body, db->err);
    if( key->computes ) {
      adcp_buf_clear(&key->target);
      append_part(&key->target, body, false);
      adcp_buf_clear(&key->columns);
      append_part(&key->columns, body, false);
    }
    if( key->computes && column ) {
      key->lacks = true;
      note_lacking(keys, column, db->err);
    }
    append_part(&key->target, body, true);
    adcp_create_free(&create);
  }
  adcp_free(sql);
}

static void read_key(AdcpMergeKeys *keys, AdcpDb *db, const AdcpTable *live, const char *index) {
  Key key = {.live = live};
  AdcpError *err = db->err;
  read_columns(keys, db, index, &key);
  read_text(keys, db, index, &key);
  const char *columns = adcp_buf_text(&key.columns), *target = adcp_buf_text(&key.target);
  if( columns == NULL || target == NULL ) {
    adcp_error_nomem(err);
  } else if( !key.lacks ) {
    adcp_texts_add(&keys->targets, err, "%s", target);
  } else if( !key.is_null ) {
    adcp_texts_add(&keys->unusable, err, "%s", columns);
    if( key.computes ) adcp_texts_add(&keys->unusable_indexes, err, "%s", index);
  }
  adcp_buf_free(&key.columns);
  adcp_buf_free(&key.target);
}

/* A rowid that the backup does not have is given anew, and meets none. */
static void read_primary_key(AdcpMergeKeys *keys, const AdcpTable *live, AdcpError *err) {
  Key key = {.live = live};
  for( size_t i = 0; i < live->column_count && !err->rc; i++ ) {
    const AdcpColumn *column = &live->columns[i];
    if( column->primary_key ) add_column(keys, &key, column->name, "BINARY", err);
  }
  bool has_key = key.columns.size > 0;
  adcp_buf_append_byte(&key.columns, ')');
  const char *columns = adcp_buf_text(&key.columns);
  keys->any = keys->any || has_key;
  keys->finds = has_key && !key.lacks;
  if( columns == NULL ) {
    adcp_error_nomem(err);
  } else if( key.lacks && !key.is_null && live->rowid_column < 0 ) {
    adcp_texts_add(&keys->unusable, err, "%s", columns);
  }
  adcp_buf_free(&key.columns);
  adcp_buf_free(&key.target);
}

static void read_keys(AdcpMergeKeys *keys, AdcpDb *db, const AdcpTable *live) {
  read_primary_key(keys, live, db->err);
  sqlite3_stmt *stmt =
      adcp_db_prepare_list(db, "PRAGMA \"%w\".index_list(%Q)", db->schema, live->name);
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    const char *origin = (const char *)sqlite3_column_text(stmt, 3);
    bool is_key = sqlite3_column_int(stmt, 2) != 0 && name && origin && strcmp(origin, "pk") != 0;
    keys->any = keys->any || is_key;
    if( is_key ) read_key(keys, db, live, name);
  }
  adcp_db_finalize(stmt);
  keys->finds = keys->finds || keys->targets.count > 0;
}

void adcp_merge_keys_read(AdcpMergeKeys *keys, AdcpDb *db, const AdcpTable *source,
                          const AdcpTable *live) {
  if( db->err->rc ) return;
  find_unfilled(keys, source, live, db->err);
  if( keys->unfilled.map.count == 0 || db->err->rc ) return;
  find_computed(keys, db, live);
  if( !db->err->rc ) read_keys(keys, db, live);
}

void adcp_merge_keys_list(const AdcpMergeKeys *keys, AdcpBuf *out) {
  for( size_t i = 0; i < keys->lacking.count; i++ ) {
    adcp_buf_appendf(out, "%s\"%s\"", i ? ", " : "", keys->lacking.items[i]);
  }
}

void adcp_merge_keys_free(AdcpMergeKeys *keys) {
  adcp_name_map_free(&keys->unfilled);
  adcp_texts_free(&keys->targets);
  adcp_texts_free(&keys->unusable);
  adcp_texts_free(&keys->unusable_indexes);
  adcp_texts_free(&keys->lacking);
}
