/*
** glob.h - SQLite's GLOB without regard to letter case.
*/
#ifndef ADCP_OPS_GLOB_H
#define ADCP_OPS_GLOB_H

#include "base/error.h"

/* The pattern that matches what `glob` does, in any letter case of ASCII: "a[b-d]" as "[aA][B-Db-d]". Owned
** by the caller; NULL: out of memory. */
char *adcp_glob_caseless(const char *glob, AdcpError *err);

/* Whether each [ of a pattern has its ]. One without matches nothing. */
bool adcp_glob_is_closed(const char *glob);

#endif
