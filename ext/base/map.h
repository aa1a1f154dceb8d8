/*
** map.h - a hash map from names (byte strings, compared exactly) to pointers.
**
** Used for tables and columns by name: 100,000 of them cost a few MB and one probe each, also where
** a hostile backup has chosen them. Names are borrowed: they stay valid as long as the map.
** Zero-initialise; order of insertion is not kept.
*/
#ifndef ADCP_BASE_MAP_H
#define ADCP_BASE_MAP_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct AdcpMapSlot AdcpMapSlot;

typedef struct AdcpMap {
  AdcpMapSlot *slots; /* owned */
  size_t capacity;    /* a power of two, or 0 */
  size_t count;
  uint64_t key[2]; /* of the hash; chosen with the first name */
} AdcpMap;

/* Maps name to value (not NULL), replacing an older value. Returns the older value or NULL. */
void *adcp_map_put(AdcpMap *map, const char *name, size_t size, void *value, AdcpError *err);

/* The value, or NULL when the name is not there. */
void *adcp_map_get(const AdcpMap *map, const char *name, size_t size);

void adcp_map_free(AdcpMap *map);

#endif
