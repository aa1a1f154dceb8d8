/*
** json_tree.c - JSON text as a tree (contract in json_tree.h).
*/
#include "ops/json_tree.h"

#include "archive/json_parts.h"

cJSON *adcp_json_tree(const char *json, size_t n, const char **end, AdcpError *err) {
  const char *ignored;
  cJSON *root = cJSON_ParseWithLengthOpts(json, n, end ? end : &ignored, 0);
  if( root == NULL && adcp_json_is_valid(json, n) ) adcp_error_nomem(err);
  return root;
}
