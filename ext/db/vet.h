/*
** vet.h - makes sure that schema text of a backup is what it says before any of it runs.
**
** Facts 30: the tokenizer checks the shape, then the statement is prepared on a private ":memory:" connection with stub tables
** under an authorizer that denies by default and must see exactly one CREATE of that kind, name and table. Unknown functions and
** collations are stubbed on the private connection. Nothing runs.
*/
#ifndef ADCP_DB_VET_H
#define ADCP_DB_VET_H

#include "codec/schema.h"
#include "db/db.h"

typedef struct AdcpVetter AdcpVetter;

AdcpVetter *adcp_vetter_open(AdcpError *err);

/* Vets one object of the backup: its SQL must create exactly object->type object->name on object->tbl_name. For virtual tables checks shape and name only
** (their arguments are the module's business) and reports the module. Err: ADCP_CORRUPT naming the object and what the SQL does instead. */
void adcp_vet_object(AdcpVetter *vetter, const AdcpSchema *schema, const AdcpObject *object);
void adcp_vetter_close(AdcpVetter *vetter);

/* Modules of SQLite itself whose tables live in the database alone: fts3, fts4, fts5, rtree, rtree_i32, geopoly. */
bool adcp_module_is_safe(const char *module);

/* True when the connection has the module (pragma_module_list). */
bool adcp_module_loaded(AdcpDb *db, const char *module);

#endif
