/*
** relations.c - the list of table-valued functions (contract in relations.h).
*/
#include "sql/relations.h"

#include <stddef.h>

#include "sql/table_module.h"

static const AdcpRelation *const relations[] = {
    &adcp_relation_backups, &adcp_relation_contents,     &adcp_relation_rows, &adcp_relation_check,
    &adcp_relation_diff,    &adcp_relation_diff_summary, &adcp_relation_plan};

#define RELATION_COUNT (sizeof relations / sizeof *relations)

int adcp_relations_register(sqlite3 *db, AdcpConfig *config) {
  int rc = SQLITE_OK;
  for( size_t i = 0; i < RELATION_COUNT && rc == SQLITE_OK; i++ ) {
    rc = adcp_relation_register(db, relations[i], config);
  }
  if( rc == SQLITE_OK ) rc = adcp_table_module_register(db, config);
  return rc;
}

void adcp_relations_unregister(sqlite3 *db) {
  for( size_t i = 0; i < RELATION_COUNT; i++ ) adcp_relation_unregister(db, relations[i]);
  adcp_table_module_unregister(db);
}
