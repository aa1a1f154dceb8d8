/*
** table_origin.c - a list of tables and what they were created of (contract in table_origin.h).
*/
#include "sql/table_origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "db/sqlite.h"

typedef struct Entry {
  struct Entry *next;
  char *name, *path, *table; /* owned: the key */
  AdcpTableOrigin origin;
  bool is_doubtful; /* another one had the key, in this transaction or one before */
} Entry;

struct AdcpTableOrigins {
  Entry *first; /* owned */
};

/* ---- one origin ---- */

void adcp_table_origin_identify(AdcpTableOrigin *origin, const AdcpArchiveHead *head) {
  const char *sha256 = head->totals.full_sha256;
  if( sha256[0] ) {
    snprintf(origin->identity, sizeof origin->identity, "%s", sha256);
  } else {
    snprintf(origin->identity, sizeof origin->identity, "%08" PRIx32 " %" PRId64,
             head->legacy_crc32, head->totals.raw_bytes);
  }
}

static char *copy_text(const char *text, AdcpError *err) {
  char *copy = adcp_strdup(text);
  if( copy == NULL ) adcp_error_nomem(err);
  return copy;
}

void adcp_table_origin_copy(AdcpTableOrigin *to, const AdcpTableOrigin *from, AdcpError *err) {
  memcpy(to->identity, from->identity, sizeof to->identity);
  to->is_copy = from->is_copy;
  to->path = copy_text(from->path, err);
  to->columns = copy_text(from->columns, err);
}

void adcp_table_origin_clear(AdcpTableOrigin *origin) {
  adcp_free(origin->path);
  adcp_free(origin->columns);
  *origin = (AdcpTableOrigin){0};
}

/* ---- the list ---- */

AdcpTableOrigins *adcp_table_origins_open(AdcpError *err) {
  AdcpTableOrigins *origins = adcp_calloc(1, sizeof *origins);
  if( origins == NULL ) adcp_error_nomem(err);
  return origins;
}

static void free_entry(Entry *entry) {
  adcp_table_origin_clear(&entry->origin);
  adcp_free(entry->name);
  adcp_free(entry->path);
  adcp_free(entry->table);
  adcp_free(entry);
}

void adcp_table_origins_close(AdcpTableOrigins *origins) {
  if( origins == NULL ) return;
  while( origins->first ) {
    Entry *entry = origins->first;
    origins->first = entry->next;
    free_entry(entry);
  }
  adcp_free(origins);
}

static bool has_name(const Entry *entry, const char *name) {
  return sqlite3_stricmp(entry->name, name) == 0;
}

static Entry *find(const AdcpTableOrigins *origins, const AdcpTableKey *key) {
  Entry *entry = origins->first;
  while( entry && !(has_name(entry, key->name) && strcmp(entry->path, key->path) == 0 &&
                    strcmp(entry->table, key->table) == 0) ) {
    entry = entry->next;
  }
  return entry;
}

const AdcpTableOrigin *adcp_table_origins_get(const AdcpTableOrigins *origins,
                                              const AdcpTableKey *key) {
  const Entry *entry = find(origins, key);
  return entry && !entry->is_doubtful ? &entry->origin : NULL;
}

const char *adcp_table_origins_columns(const AdcpTableOrigins *origins, const AdcpTableKey *key) {
  const Entry *entry = find(origins, key);
  return entry ? entry->origin.columns : NULL;
}

static void remove_entry(AdcpTableOrigins *origins, Entry *entry) {
  Entry **at = &origins->first;
  while( *at != entry ) at = &(*at)->next;
  *at = entry->next;
  free_entry(entry);
}

void adcp_table_origins_remove(AdcpTableOrigins *origins, const char *name) {
  for( Entry *entry = origins->first, *next; entry; entry = next ) {
    next = entry->next;
    if( has_name(entry, name) ) remove_entry(origins, entry);
  }
}

static bool is_same(const AdcpTableOrigin *a, const AdcpTableOrigin *b) {
  return strcmp(a->identity, b->identity) == 0 && strcmp(a->path, b->path) == 0;
}

void adcp_table_origins_put(AdcpTableOrigins *origins, const AdcpTableKey *key,
                            const AdcpTableOrigin *origin, bool in_transaction, AdcpError *err) {
  if( err->rc ) return;
  Entry *entry = adcp_calloc(1, sizeof *entry);
  if( entry == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  entry->name = copy_text(key->name, err);
  entry->path = copy_text(key->path, err);
  entry->table = copy_text(key->table, err);
  adcp_table_origin_copy(&entry->origin, origin, err);
  if( err->rc ) {
    free_entry(entry);
    return;
  }
  Entry *older = in_transaction ? find(origins, key) : NULL;
  if( older ) {
    entry->is_doubtful = older->is_doubtful || !is_same(&older->origin, origin);
    remove_entry(origins, older);
  } else if( !in_transaction ) {
    adcp_table_origins_remove(origins, key->name);
  }
  entry->next = origins->first;
  origins->first = entry;
}
