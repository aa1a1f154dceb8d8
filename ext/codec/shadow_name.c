/*
** shadow_name.c - how the tables of virtual tables are called (contract in shadow_name.h).
*/
#include "codec/shadow_name.h"

#include <stddef.h>
#include <string.h>

#include "base/name.h"

/* As fts3ShadowName, fts5ShadowName and rtreeShadowName have them in SQLite's ext/fts3/fts3.c,
** ext/fts5/fts5_main.c and ext/rtree/rtree.c. */
static const char *const fts3_suffixes[] = {"content",  "docsize", "segdir",
                                            "segments", "stat",    NULL};
static const char *const fts5_suffixes[] = {"config", "content", "data", "docsize", "idx", NULL};
static const char *const rtree_suffixes[] = {"node", "parent", "rowid", NULL};

static const struct {
  const char *module;
  const char *const *suffixes;
} known_modules[] = {
    {"fts3", fts3_suffixes},   {"fts4", fts3_suffixes},       {"fts5", fts5_suffixes},
    {"rtree", rtree_suffixes}, {"rtree_i32", rtree_suffixes}, {"geopoly", rtree_suffixes},
};

const char *const *adcp_shadow_suffixes(const char *module) {
  for( size_t i = 0; module && i < sizeof known_modules / sizeof known_modules[0]; i++ ) {
    if( adcp_name_equal(known_modules[i].module, module) ) return known_modules[i].suffixes;
  }
  return NULL;
}

bool adcp_shadow_has_suffix(const char *const *suffixes, const char *suffix) {
  while( *suffixes && !adcp_name_equal(*suffixes, suffix) ) suffixes++;
  return *suffixes != NULL;
}

bool adcp_shadow_name_fits(const char *name, const char *owner, const char *module) {
  size_t size = strlen(owner);
  if( !adcp_name_begins(name, owner) || name[size] != '_' ) return false;
  const char *const *suffixes = adcp_shadow_suffixes(module);
  return suffixes == NULL || adcp_shadow_has_suffix(suffixes, name + size + 1);
}

bool adcp_shadow_is_rtree_node(const char *name, const char *owner, const char *module) {
  return adcp_shadow_suffixes(module) == rtree_suffixes && adcp_name_begins(name, owner) &&
         adcp_name_equal(name + strlen(owner), "_node");
}
