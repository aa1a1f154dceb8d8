/*
** map.c - open-addressing hash map with linear probing (contract in map.h).
**
** FNV-1a with a final mix; at most three quarters full. Names from a hostile backup can be made to
** collide; the caller's limits on the number of tables bound what that costs.
*/
#include "base/map.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct AdcpMapSlot {
  const char *name; /* borrowed */
  size_t size;
  uint64_t hash;
  void *value; /* NULL marks an empty slot */
};

static uint64_t hash_name(const char *name, size_t size) {
  uint64_t hash = 14695981039346656037u; /* FNV-1a offset basis and prime */
  for( size_t i = 0; i < size; i++ ) hash = (hash ^ (uint8_t)name[i]) * 1099511628211u;
  return hash ^ (hash >> 32);
}

static AdcpMapSlot *find_slot(const AdcpMap *map, const char *name, size_t size, uint64_t hash) {
  size_t mask = map->capacity - 1;
  for( size_t i = (size_t)hash & mask;; i = (i + 1) & mask ) {
    AdcpMapSlot *slot = &map->slots[i];
    if( slot->value == NULL ) return slot;
    if( slot->hash == hash && slot->size == size && memcmp(slot->name, name, size) == 0 ) {
      return slot;
    }
  }
}

static bool make_room(AdcpMap *map) {
  if( map->count < map->capacity / 4 * 3 ) return true;
  AdcpMap larger = {NULL, map->capacity ? map->capacity * 2 : 16, map->count};
  larger.slots = adcp_calloc(larger.capacity, sizeof(AdcpMapSlot));
  if( larger.slots == NULL ) return false;
  for( size_t i = 0; i < map->capacity; i++ ) {
    AdcpMapSlot *slot = &map->slots[i];
    if( slot->value ) *find_slot(&larger, slot->name, slot->size, slot->hash) = *slot;
  }
  adcp_free(map->slots);
  *map = larger;
  return true;
}

void *adcp_map_put(AdcpMap *map, const char *name, size_t size, void *value, AdcpError *err) {
  if( err->rc ) return NULL;
  if( !make_room(map) ) {
    adcp_error_nomem(err);
    return NULL;
  }
  uint64_t hash = hash_name(name, size);
  AdcpMapSlot *slot = find_slot(map, name, size, hash);
  void *older = slot->value;
  if( older == NULL ) map->count++;
  *slot = (AdcpMapSlot){name, size, hash, value};
  return older;
}

void *adcp_map_get(const AdcpMap *map, const char *name, size_t size) {
  if( map->capacity == 0 ) return NULL;
  return find_slot(map, name, size, hash_name(name, size))->value;
}

void adcp_map_free(AdcpMap *map) {
  adcp_free(map->slots);
  memset(map, 0, sizeof *map);
}
