/*
** map.c - open-addressing hash map with linear probing (contract in map.h).
**
** SipHash-1-3 under a key that each map takes from addresses, which differ from process to process:
** with a hash that is known, a hostile backup brings names that all fall into one place, and each
** of n names is compared with all before it (adcp_contents of 40,000 such tables: 3.1 s, and 0.4 s
** under a key). At most three quarters full.
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

/* ---- SipHash-1-3 (Aumasson and Bernstein): one round a word, three at the end ---- */

typedef struct Sip {
  uint64_t a, b, c, d;
} Sip;

static uint64_t rotate(uint64_t x, int bits) {
  return x << bits | x >> (64 - bits);
}

static void sip_round(Sip *v) {
  v->a += v->b, v->c += v->d;
  v->b = rotate(v->b, 13) ^ v->a, v->d = rotate(v->d, 16) ^ v->c;
  v->a = rotate(v->a, 32);
  v->c += v->b, v->a += v->d;
  v->b = rotate(v->b, 17) ^ v->c, v->d = rotate(v->d, 21) ^ v->a;
  v->c = rotate(v->c, 32);
}

static void sip_word(Sip *v, uint64_t word) {
  v->d ^= word;
  sip_round(v);
  v->a ^= word;
}

static uint64_t hash_name(const AdcpMap *map, const char *name, size_t size) {
  Sip v = {map->key[0] ^ 0x736f6d6570736575u, map->key[1] ^ 0x646f72616e646f6du,
           map->key[0] ^ 0x6c7967656e657261u, map->key[1] ^ 0x7465646279746573u};
  uint64_t word, last = (uint64_t)size << 56;
  size_t i = 0;
  for( ; size - i >= sizeof word; i += sizeof word ) {
    memcpy(&word, name + i, sizeof word);
    sip_word(&v, word);
  }
  for( int shift = 0; i < size; i++, shift += 8 ) last |= (uint64_t)(uint8_t)name[i] << shift;
  sip_word(&v, last);
  v.c ^= 0xff;
  for( int round = 0; round < 3; round++ ) sip_round(&v);
  return v.a ^ v.b ^ v.c ^ v.d;
}

/* Where the heap, the stack and this library are is chance, and no file's writer knows it. */
static void choose_key(AdcpMap *map) {
  map->key[0] = (uint64_t)(uintptr_t)map->slots ^ rotate((uint64_t)(uintptr_t)&map, 32);
  map->key[1] = (uint64_t)(uintptr_t)&sip_round ^ rotate(map->key[0], 17);
}

/* ---- the table ---- */

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
  AdcpMap larger = *map;
  larger.capacity = map->capacity ? map->capacity * 2 : 16;
  larger.slots = adcp_calloc(larger.capacity, sizeof(AdcpMapSlot));
  if( larger.slots == NULL ) return false;
  if( map->capacity == 0 ) choose_key(&larger);
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
  uint64_t hash = hash_name(map, name, size);
  AdcpMapSlot *slot = find_slot(map, name, size, hash);
  void *older = slot->value;
  if( older == NULL ) map->count++;
  *slot = (AdcpMapSlot){name, size, hash, value};
  return older;
}

void *adcp_map_get(const AdcpMap *map, const char *name, size_t size) {
  if( map->capacity == 0 ) return NULL;
  return find_slot(map, name, size, hash_name(map, name, size))->value;
}

void adcp_map_free(AdcpMap *map) {
  adcp_free(map->slots);
  memset(map, 0, sizeof *map);
}
