/*
** name_map.c - a map of names that ignores the case of ASCII letters (contract in name_map.h).
*/
#include "base/name_map.h"

#include <string.h>

#include "base/mem.h"
#include "base/name.h"

void adcp_name_map_put(AdcpNameMap *names, const char *name, void *value, AdcpError *err) {
  size_t size = strlen(name);
  if( err->rc != ADCP_OK || adcp_name_map_get(names, name, size, err) ) return;
  char *key = adcp_strndup(name, size);
  uint8_t *slot = adcp_buf_reserve(&names->keys, sizeof key);
  if( key == NULL || slot == NULL ) {
    adcp_free(key);
    adcp_error_nomem(err);
    return;
  }
  for( size_t i = 0; i < size; i++ ) key[i] = adcp_name_fold(key[i]);
  memcpy(slot, &key, sizeof key);
  names->keys.size += sizeof key;
  adcp_map_put(&names->map, key, size, value, err);
}

void *adcp_name_map_get(AdcpNameMap *names, const char *name, size_t size, AdcpError *err) {
  if( err->rc != ADCP_OK || names->map.count == 0 ) return NULL;
  adcp_buf_clear(&names->lookup);
  char *key = (char *)adcp_buf_reserve(&names->lookup, size);
  if( key == NULL && size > 0 ) {
    adcp_error_nomem(err);
    return NULL;
  }
  for( size_t i = 0; i < size; i++ ) key[i] = adcp_name_fold(name[i]);
  return adcp_map_get(&names->map, key ? key : "", size);
}

void adcp_name_map_free(AdcpNameMap *names) {
  for( size_t at = 0; at < names->keys.size; at += sizeof(char *) ) {
    char *key;
    memcpy(&key, names->keys.data + at, sizeof key);
    adcp_free(key);
  }
  adcp_buf_free(&names->keys);
  adcp_buf_free(&names->lookup);
  adcp_map_free(&names->map);
}
