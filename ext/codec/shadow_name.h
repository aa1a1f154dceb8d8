/*
** shadow_name.h - how the tables are called that a virtual table keeps its data in.
**
** A shadow table is named <virtual table>_<suffix>. The suffixes of SQLite's own modules are known
** here; other modules choose theirs.
*/
#ifndef ADCP_CODEC_SHADOW_NAME_H
#define ADCP_CODEC_SHADOW_NAME_H

#include <stdbool.h>

/* The suffixes of a module of SQLite's own (ended by NULL); NULL for others. */
const char *const *adcp_shadow_suffixes(const char *module);

/* True when the suffix is one of them. */
bool adcp_shadow_has_suffix(const char *const *suffixes, const char *suffix);

/* True when a table of this name may be a shadow table of the virtual table `owner`. module may be
** NULL. */
bool adcp_shadow_name_fits(const char *name, const char *owner, const char *module);

/* True for the table of an R-Tree's nodes. */
bool adcp_shadow_is_rtree_node(const char *name, const char *owner, const char *module);

#endif
