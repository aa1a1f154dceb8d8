/*
** shadow.h - finds the tables that belong to virtual tables.
*/
#ifndef ADCP_DB_SHADOW_H
#define ADCP_DB_SHADOW_H

#include "codec/schema.h"
#include "db/db.h"

/* Marks ordinary tables of the schema that are shadow tables, with their owner. The schema has its
** name index, and its virtual tables have their module. Modules of SQLite itself need not be
** loaded; those of others are asked where they are. */
void adcp_shadow_mark(AdcpDb *db, AdcpSchema *schema);

#endif
