/*
** shadow.c - finds the tables that belong to virtual tables (contract in shadow.h).
**
** A shadow table is named <virtual table>_<suffix>; the longest virtual table name that fits is the
** owner. The suffixes of SQLite's own modules are known, so that their tables are told apart
** without the module; for the others SQLite is asked (PRAGMA table_list says 'shadow'). That
** connects every virtual table of the schema, so it is done only when there is such a module. A
** table that an FTS table names as its content, or that its options leave it no use for, is the
** application's, whatever it is called.
*/
#include "db/shadow.h"

#include <string.h>

#include "base/mem.h"
#include "base/name_map.h"
#include "codec/shadow_name.h"
#include "db/fts.h"

/* A virtual table. */
typedef struct Owner {
  const char *name;
  const char *sql;
  const char *const *suffixes; /* NULL: the module is not known here */
  char *content;               /* FTS: its external content table, owned; else NULL */
} Owner;

typedef struct Shadows {
  AdcpDb *db;
  AdcpSchema *schema;
  Owner *owners;
  size_t owner_count;
  AdcpNameMap by_name;  /* of owners */
  AdcpMap definitions;  /* AdcpObject of the tables, by name */
  AdcpNameMap reported; /* what table_list calls a shadow table */
} Shadows;

static size_t count_virtual(const AdcpSchema *schema) {
  size_t count = 0;
  for( size_t i = 0; i < schema->table_count; i++ ) {
    count += schema->tables[i].kind == ADCP_TABLE_VIRTUAL;
  }
  return count;
}

/* From objects and not tables, because the objects have the SQL. */
static void collect_owners(Shadows *s) {
  for( size_t i = 0; i < s->schema->object_count; i++ ) {
    const AdcpObject *object = &s->schema->objects[i];
    if( object->type != ADCP_OBJECT_TABLE ) continue;
    adcp_map_put(&s->definitions, object->name, strlen(object->name), (void *)object, s->db->err);
    const AdcpTable *table = adcp_schema_table(s->schema, object->name);
    if( table == NULL || table->kind != ADCP_TABLE_VIRTUAL ) continue;
    Owner *owner = &s->owners[s->owner_count++];
    owner->name = table->name;
    owner->sql = object->sql;
    owner->suffixes = adcp_shadow_suffixes(table->module);
    owner->content = adcp_fts_content_table(object->sql, s->db->err);
    adcp_name_map_put(&s->by_name, owner->name, owner, s->db->err);
  }
}

static bool any_unknown_module(const Shadows *s) {
  for( size_t i = 0; i < s->owner_count; i++ ) {
    if( s->owners[i].suffixes == NULL ) return true;
  }
  return false;
}

/* Virtual tables that cannot be connected and broken views are passed over by SQLite. */
static void read_reported(Shadows *s) {
  sqlite3_stmt *stmt = adcp_db_prepare_list(s->db, "PRAGMA \"%w\".table_list", s->db->schema);
  while( adcp_db_step(s->db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 1);
    const char *type = (const char *)sqlite3_column_text(stmt, 2);
    if( name && type && strcmp(type, "shadow") == 0 ) {
      adcp_name_map_put(&s->reported, name, s, s->db->err);
    }
  }
  adcp_db_finalize(stmt);
}

static bool keeps(Shadows *s, const char *name, const char *suffix, const Owner *owner) {
  const AdcpObject *object = adcp_map_get(&s->definitions, name, strlen(name));
  return adcp_shadow_has_suffix(owner->suffixes, suffix) &&
         adcp_fts_keeps(owner->sql, suffix, object ? object->sql : NULL, s->db->err);
}

static bool is_shadow_of(Shadows *s, const char *name, const char *suffix, const Owner *owner) {
  if( owner->content && sqlite3_stricmp(owner->content, name) == 0 ) return false;
  if( owner->suffixes ) return keeps(s, name, suffix, owner);
  return adcp_name_map_get(&s->reported, name, strlen(name), s->db->err) != NULL;
}

/* The owner of a table by its name; NULL when it is nobody's shadow. The suffixes that are known have
** no underscore, so only the last one can stand in front of them; of a name that SQLite reports each
** may. To try each one of any name would take time with the square of the length of a name that is
** all underscores. */
static const Owner *find_owner(Shadows *s, const char *name) {
  bool any = adcp_name_map_get(&s->reported, name, strlen(name), s->db->err) != NULL;
  for( size_t at = strlen(name), tries = 0; at-- > 0 && (any || tries == 0); ) {
    if( name[at] != '_' ) continue;
    tries++;
    const Owner *owner = adcp_name_map_get(&s->by_name, name, at, s->db->err);
    if( owner && is_shadow_of(s, name, name + at + 1, owner) ) return owner;
  }
  return NULL;
}

static void mark_tables(Shadows *s) {
  for( size_t i = 0; i < s->schema->table_count; i++ ) {
    AdcpTable *table = &s->schema->tables[i];
    if( table->kind != ADCP_TABLE_ORDINARY ) continue;
    const Owner *owner = find_owner(s, table->name);
    if( owner == NULL ) continue;
    table->kind = ADCP_TABLE_SHADOW;
    table->shadow_of = adcp_strdup(owner->name);
    if( table->shadow_of == NULL ) adcp_error_nomem(s->db->err);
  }
}

void adcp_shadow_mark(AdcpDb *db, AdcpSchema *schema) {
  size_t count = db->err->rc == ADCP_OK ? count_virtual(schema) : 0;
  if( count == 0 ) return;
  Shadows s = {.db = db, .schema = schema, .owners = adcp_calloc(count, sizeof(Owner))};
  if( s.owners == NULL ) {
    adcp_error_nomem(db->err);
    return;
  }
  collect_owners(&s);
  if( any_unknown_module(&s) ) read_reported(&s);
  mark_tables(&s);
  for( size_t i = 0; i < s.owner_count; i++ ) adcp_free(s.owners[i].content);
  adcp_map_free(&s.definitions);
  adcp_name_map_free(&s.by_name);
  adcp_name_map_free(&s.reported);
  adcp_free(s.owners);
}
