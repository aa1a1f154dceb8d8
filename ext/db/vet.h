/*
** vet.h - makes sure that schema text of a backup is what it says before any of it runs.
**
** Facts 30: the tokenizer checks the shape, then the statement is prepared on a private
** ":memory:" connection under an authorizer that denies by default and must see exactly one
** CREATE of that kind, name and table. Unknown functions and collations are stubbed there.
** Nothing runs but, on that connection, the vetted CREATE TABLE that an index or trigger needs.
*/
#ifndef ADCP_DB_VET_H
#define ADCP_DB_VET_H

#include "base/name_map.h"
#include "base/texts.h"
#include "codec/schema.h"
#include "db/db.h"

typedef struct AdcpVetter AdcpVetter;

/* One vetter serves one schema, which stays unchanged as long as the vetter. Borrows err. */
AdcpVetter *adcp_vetter_open(AdcpError *err);

/* Tells the connection (borrowed) and the database there that the schema is for. An interrupt of it stops the
** vetting: the private ones hear none. Err: ADCP_INTERRUPT. NULL is allowed. */
void adcp_vetter_hear(AdcpVetter *vetter, const AdcpDb *caller);

/* Vets one object of the schema: its SQL must create exactly object->type object->name on
** object->tbl_name (neither NULL), and, where schema->tables describes the table, with the kind
** and module described. A virtual table's arguments are the module's business. Names sqlite_* are
** refused, but for automatic indexes, which have no SQL. Objects in any order; that of adcp_vet_order
** makes each table once (0.1 ms an object). Who takes an error out of err may go on with the next
** object. Err: ADCP_CORRUPT naming the object and what the SQL does instead;
** ADCP_TOOBIG where adcp_vet_too_long is set; ADCP_AUTH, when nothing else is wrong, for what takes
** adcp_vetter_trust. */
void adcp_vet_object(AdcpVetter *vetter, const AdcpSchema *schema, const AdcpObject *object);
void adcp_vetter_close(AdcpVetter *vetter);

/* The backup's writer is trusted (option trust_schema): an fts4 table may name functions by compress=
** and uncompress=, which fts4 calls whatever they are. NULL is allowed. */
void adcp_vetter_trust(AdcpVetter *vetter);

/* The schema's objects (object_count pointers, borrowed), those of one table one after the other:
** tables by their first object, and their objects as the schema has them. The caller frees the array;
** NULL on error. */
const AdcpObject **adcp_vet_order(const AdcpSchema *schema, AdcpError *err);

/* Functions that tables and indexes vetted so far call and that SQLite itself does not have, each
** once. */
const AdcpTexts *adcp_vetter_missing(const AdcpVetter *vetter);

/* For a text above ADCP_MAX_SQL_TOKENS, ADCP_MAX_MODULE_SQL_BYTES or ADCP_MAX_FTS_PREFIXES: what it has
** more of than a restore takes, as "more than 1000000 words"; NULL for others. SQLite itself has no such
** limits. */
const char *adcp_vet_too_long(const char *sql);

/* True when the tables and indexes vetted so far call functions of SQLite's own that it refuses to a
** schema that is not trusted (the JSON functions of 3.38 to 3.40), and none of the application's that
** it refuses: then nothing is lost by trusting the schema. Views and triggers do not count: a
** restore runs none. */
bool adcp_vetter_may_trust(AdcpVetter *vetter, AdcpDb *db);

/* An error when what was vetted so far calls a function of the application's that is not innocuous where
** SQLite does not look whether the schema is trusted: by a DEFAULT, which the first INSERT runs that leaves the
** column out, or by anything at all where db->schema is TEMP (of views and triggers only what was vetted after
** adcp_vetter_hear of a caller with that schema). Not after adcp_vetter_trust. Returns the object, or NULL. */
const AdcpObject *adcp_vetter_check_unguarded(AdcpVetter *vetter, AdcpDb *db);

/* An error, in the words of the restore that would meet it, when a table or index vetted so far cannot be
** made on the connection: it calls, in a CHECK, a computed column or a key, a function that SQLite does not
** let a schema call, or (missing) such a function or a collation is not there. Returns that object, or NULL. */
const AdcpObject *adcp_vetter_check_needs(AdcpVetter *vetter, AdcpDb *db, bool missing);

/* Modules of SQLite itself whose tables live in the database alone: fts3, fts4, fts5, rtree,
** rtree_i32, geopoly. */
bool adcp_module_is_safe(const char *module);

/* Puts the names of the connection's modules into an empty map. */
void adcp_modules_read(AdcpNameMap *modules, AdcpDb *db);

#endif
