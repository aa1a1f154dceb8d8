/*
** json_tree.h - JSON text as cJSON's tree, where NULL does not mean two things.
*/
#ifndef ADCP_OPS_JSON_TREE_H
#define ADCP_OPS_JSON_TREE_H

#include <cjson/cJSON.h>

#include "base/error.h"

/* The first JSON value of n bytes; the caller deletes it. NULL with ADCP_NOMEM when memory ran out,
** and NULL without an error when the text is not JSON: the caller knows what to call it. *end (may
** be NULL) is where reading ended. */
cJSON *adcp_json_tree(const char *json, size_t n, const char **end, AdcpError *err);

#endif
