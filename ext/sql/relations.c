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

static void unregister(sqlite3 *db, size_t count) {
  for( size_t i = 0; i < count; i++ ) adcp_relation_unregister(db, relations[i]);
}

int adcp_relations_register(sqlite3 *db, AdcpConfig *config) {
  size_t count = 0;
  int rc = SQLITE_OK;
  while( count < RELATION_COUNT && rc == SQLITE_OK ) {
    rc = adcp_relation_register(db, relations[count], config);
    if( rc == SQLITE_OK ) count++;
  }
  if( rc == SQLITE_OK ) rc = adcp_table_module_register(db, config);
  if( rc != SQLITE_OK ) unregister(db, count);
  return rc;
}

void adcp_relations_unregister(sqlite3 *db) {
  unregister(db, RELATION_COUNT);
  adcp_table_module_unregister(db);
}
