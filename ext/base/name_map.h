/*
** name_map.h - a map from names to pointers that ignores the case of ASCII letters, as SQLite does
** for tables and columns.
**
** Zero-initialise. Names are copied; values are borrowed. The first value of a name stays.
*/
#ifndef ADCP_BASE_NAME_MAP_H
#define ADCP_BASE_NAME_MAP_H

#include "base/buf.h"
#include "base/map.h"

typedef struct AdcpNameMap {
  AdcpMap map;
  AdcpBuf keys;   /* char *: the folded names, owned */
  AdcpBuf lookup; /* the folded name of a get */
} AdcpNameMap;

void adcp_name_map_put(AdcpNameMap *names, const char *name, void *value, AdcpError *err);

/* The value of the name's first `size` bytes, or NULL: not there, or err. */
void *adcp_name_map_get(AdcpNameMap *names, const char *name, size_t size, AdcpError *err);

void adcp_name_map_free(AdcpNameMap *names);

#endif
