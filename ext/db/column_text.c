/*
** column_text.c - the definition of a column (contract in column_text.h).
*/
#include "db/column_text.h"

#include <string.h>

#include "db/token.h"

typedef struct Walk {
  const char *column, *name;
  AdcpError *err;
  int depth;     /* of parentheses; 1: between definitions */
  bool is_first; /* token of a definition */
  bool is_own;   /* definition of the column */
} Walk;

/* True where it is the name, within the definition. */
static bool walk_token(Walk *walk, const char *token, size_t size, AdcpTokenType type) {
  char sign = type == ADCP_TOKEN_OTHER && size == 1 ? *token : 0;
  bool begins = (sign == '(' && walk->depth == 0) || (sign == ',' && walk->depth == 1);
  bool found = walk->is_own && !walk->is_first && *token != '\'' &&
               adcp_token_is_name(token, size, type, walk->name, walk->err);
  if( walk->is_first ) {
    walk->is_own = adcp_token_is_name(token, size, type, walk->column, walk->err);
  }
  walk->depth += (sign == '(') - (sign == ')');
  walk->is_first = begins;
  if( begins ) walk->is_own = false;
  return found;
}

bool adcp_column_text_has(const char *sql, const char *column, const char *name, AdcpError *err) {
  AdcpCreate create;
  if( err->rc || !adcp_create_recognize(sql, &create, err) ) return false;
  Walk walk = {.column = column, .name = name, .err = err};
  const char *at = sql + create.name_at + create.name_size;
  size_t left = strlen(at), size;
  AdcpTokenType type;
  bool found = false;
  while( !found && !err->rc && (type = adcp_token_next(at, left, &size)) != ADCP_TOKEN_END ) {
    found = type != ADCP_TOKEN_SPACE && walk_token(&walk, at, size, type);
    at += size;
    left -= size;
  }
  adcp_create_free(&create);
  return found;
}
