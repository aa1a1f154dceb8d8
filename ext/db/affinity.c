/*
** affinity.c - declared type -> affinity (contract in affinity.h).
*/
#include "db/affinity.h"

#include <stdbool.h>
#include <stddef.h>

#include "db/sqlite.h"

/* In the order in which SQLite looks for them. */
static const struct {
  const char *part;
  AdcpAffinity affinity;
} rules[] = {
    {"int", ADCP_AFFINITY_INTEGER}, {"char", ADCP_AFFINITY_TEXT}, {"clob", ADCP_AFFINITY_TEXT},
    {"text", ADCP_AFFINITY_TEXT},   {"blob", ADCP_AFFINITY_BLOB}, {"real", ADCP_AFFINITY_REAL},
    {"floa", ADCP_AFFINITY_REAL},   {"doub", ADCP_AFFINITY_REAL},
};

static bool contains(const char *type, const char *part) {
  for( ; *type; type++ ) {
    size_t i = 0;
    while( part[i] && sqlite3_strnicmp(type + i, part + i, 1) == 0 ) i++;
    if( part[i] == 0 ) return true;
  }
  return false;
}

AdcpAffinity adcp_affinity_of(const char *declared_type) {
  if( *declared_type == 0 ) return ADCP_AFFINITY_BLOB;
  for( size_t i = 0; i < sizeof rules / sizeof *rules; i++ ) {
    if( contains(declared_type, rules[i].part) ) return rules[i].affinity;
  }
  return ADCP_AFFINITY_NUMERIC;
}

const char *adcp_affinity_name(AdcpAffinity affinity) {
  switch( affinity ) {
  case ADCP_AFFINITY_BLOB: return "BLOB";
  case ADCP_AFFINITY_TEXT: return "TEXT";
  case ADCP_AFFINITY_NUMERIC: return "NUMERIC";
  case ADCP_AFFINITY_INTEGER: return "INTEGER";
  case ADCP_AFFINITY_REAL: return "REAL";
  }
  return "BLOB";
}
