/*
** mention.c - the tables and views that a schema text names (contract in mention.h).
*/
#include "db/mention.h"

#include <string.h>

#include "base/mem.h"
#include "db/sqlite.h"
#include "db/token.h"

typedef enum Before {
  BEFORE_OTHER,
  BEFORE_ROW,    /* the name of what has columns */
  BEFORE_ROW_DOT /* the same and a dot: a column follows */
} Before;

typedef struct Walk {
  AdcpNameMap *relations;
  AdcpNameMap seen;
  AdcpMentioned mentioned;
  void *context;
  Before before;
  AdcpError *err;
} Walk;

void adcp_mention_relations(AdcpNameMap *relations, const AdcpSchema *schema, AdcpError *err) {
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    AdcpObject *object = &schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE && object->type != ADCP_OBJECT_VIEW ) continue;
    adcp_name_map_put(relations, object->name, object, err);
  }
}

static void tell(Walk *walk, AdcpObject *relation) {
  const char *name = relation->name;
  if( adcp_name_map_get(&walk->seen, name, strlen(name), walk->err) ) return;
  adcp_name_map_put(&walk->seen, name, relation, walk->err);
  if( !walk->err->rc ) walk->mentioned(walk->context, relation);
}

static bool is_row(const char *token, size_t size) {
  return size == 3 &&
         (sqlite3_strnicmp(token, "new", 3) == 0 || sqlite3_strnicmp(token, "old", 3) == 0);
}

static void walk_name(Walk *walk, const char *token, size_t size, AdcpTokenType type) {
  char *name = type == ADCP_TOKEN_QUOTED ? adcp_token_dequote(token, size, walk->err) : NULL;
  AdcpObject *relation = adcp_name_map_get(walk->relations, name ? name : token,
                                           name ? strlen(name) : size, walk->err);
  bool column = walk->before == BEFORE_ROW_DOT;
  if( relation && !column ) tell(walk, relation);
  walk->before = !column && (relation || is_row(token, size)) ? BEFORE_ROW : BEFORE_OTHER;
  adcp_free(name);
}

static void walk_text(Walk *walk, const char *sql) {
  size_t left = strlen(sql), size;
  AdcpTokenType type;
  while( !walk->err->rc && (type = adcp_token_next(sql, left, &size)) != ADCP_TOKEN_END ) {
    bool name = type == ADCP_TOKEN_WORD || (type == ADCP_TOKEN_QUOTED && *sql != '\'');
    bool dot = type == ADCP_TOKEN_OTHER && size == 1 && *sql == '.';
    if( name ) {
      walk_name(walk, sql, size, type);
    } else if( type != ADCP_TOKEN_SPACE ) {
      walk->before = dot && walk->before == BEFORE_ROW ? BEFORE_ROW_DOT : BEFORE_OTHER;
    }
    sql += size;
    left -= size;
  }
}

/* Where the text behind the object's own names begins; its start, where it is no CREATE. */
static size_t body_at(const AdcpObject *object, AdcpError *err) {
  AdcpCreate create;
  if( !adcp_create_recognize(object->sql, &create, err) ) return 0;
  size_t at = create.on_at ? create.on_at + create.on_size : create.name_at + create.name_size;
  adcp_create_free(&create);
  return at;
}

void adcp_mention_each(const AdcpObject *object, AdcpNameMap *relations, AdcpMentioned mentioned,
                       void *context, AdcpError *err) {
  if( err->rc ) return;
  Walk walk = {.relations = relations, .mentioned = mentioned, .context = context, .err = err};
  size_t at = body_at(object, err);
  if( !err->rc ) walk_text(&walk, object->sql + at);
  adcp_name_map_free(&walk.seen);
}

bool adcp_mention_has_name(const AdcpObject *object, const char *name, AdcpError *err) {
  const char *sql = object->sql;
  size_t left = strlen(sql), size;
  AdcpTokenType type;
  while( !err->rc && (type = adcp_token_next(sql, left, &size)) != ADCP_TOKEN_END ) {
    if( *sql != '\'' && adcp_token_is_name(sql, size, type, name, err) ) return true;
    sql += size;
    left -= size;
  }
  return false;
}
