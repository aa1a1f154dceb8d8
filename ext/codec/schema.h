/*
** schema.h - the schema of a database as plain data.
**
** The database half fills it from a live database, the file half writes and reads it as JSON, and
** operations plan on it; it knows neither SQLite nor files. Everything in it is owned by the
** AdcpSchema and freed with it; names and SQL are zero-terminated (SQLite allows no NUL in them)
** but may be invalid UTF-8. Arrays grow only while the schema is being filled: pointers to elements
** are stable after that.
*/
#ifndef ADCP_CODEC_SCHEMA_H
#define ADCP_CODEC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/map.h"

typedef enum AdcpObjectType {
  ADCP_OBJECT_TABLE,
  ADCP_OBJECT_INDEX,
  ADCP_OBJECT_VIEW,
  ADCP_OBJECT_TRIGGER
} AdcpObjectType;

/* One row of sqlite_schema, in its order. */
typedef struct AdcpObject {
  AdcpObjectType type;
  char *name;
  char *tbl_name;        /* spelled as the table or view, once adcp_schema_index has seen that */
  char *tbl_name_stored; /* as sqlite_schema has it, where that differs in letter case; else NULL */
  char *sql;             /* NULL for the automatic index of a UNIQUE or PRIMARY KEY */
} AdcpObject;

typedef struct AdcpColumn {
  char *name;
  char *decl_type;   /* as declared; "" without one */
  char *default_sql; /* expression text; NULL without one */
  bool not_null;
  bool generated;  /* VIRTUAL or STORED: not in rows */
  bool hidden;     /* hidden column of a virtual table: not in rows */
  int primary_key; /* 1-based place in the primary key, 0 outside it */
} AdcpColumn;

typedef struct AdcpForeignKey {
  char *parent; /* table name as written */
  char **from;  /* column names of the child, count of them */
  char **to;    /* column names of the parent; elements NULL when the parent's key is implied */
  size_t count;
  char *on_update, *on_delete; /* "NO ACTION", "CASCADE", ... */
} AdcpForeignKey;

typedef enum AdcpTableKind {
  ADCP_TABLE_ORDINARY, /* rows of the application */
  ADCP_TABLE_VIRTUAL,  /* no rows of its own: they are in its shadow tables or elsewhere */
  ADCP_TABLE_SHADOW,   /* belongs to a virtual table */
  ADCP_TABLE_SEQUENCE, /* sqlite_sequence */
  ADCP_TABLE_STAT      /* sqlite_stat1, sqlite_stat4 */
} AdcpTableKind;

/* What rows of the table look like and how they are found again. */
typedef struct AdcpTable {
  char *name;
  AdcpTableKind kind;
  bool without_rowid;
  bool strict;
  bool never_desc;    /* its SQL has not that word; false where it was not looked at */
  bool has_rowid_key; /* each row's first value is its hidden rowid, under the key "$rowid" */
  int rowid_column;   /* index of the INTEGER PRIMARY KEY column that is the rowid, or -1 */
  char *
      rowid_name; /* "rowid", "_rowid_" or "oid": the first that no column hides; NULL if none or WITHOUT ROWID */
  char *module;       /* virtual: name of its module; NULL otherwise */
  bool module_loaded; /* virtual: the module was there when the schema was read */
  bool rebuild; /* virtual: a full-text index whose own rows are not in the backup: FORMAT.md 10 */
  char *shadow_of;     /* shadow: name of its virtual table; NULL otherwise */
  AdcpColumn *columns; /* all of them, in declared order */
  size_t column_count;
  AdcpForeignKey *foreign_keys; /* in order of their id */
  size_t foreign_key_count;
} AdcpTable;

typedef struct AdcpSchema {
  AdcpObject *objects;
  size_t object_count;
  AdcpTable *tables; /* in the order their rows stand or are to stand in a backup */
  size_t table_count;
  AdcpMap table_by_name; /* exact name -> AdcpTable*; filled by adcp_schema_index */
  AdcpMap table_objects; /* exact name -> AdcpObject* of type table; likewise */
} AdcpSchema;

AdcpSchema *adcp_schema_new(AdcpError *err);
void adcp_schema_free(AdcpSchema *schema);

/* Add an element, zero-filled, and return it (NULL when out of memory). Pointers returned before
** may move. Strings in elements are allocated with adcp_malloc and owned from then on. */
AdcpObject *adcp_schema_add_object(AdcpSchema *schema, AdcpError *err);
AdcpTable *adcp_schema_add_table(AdcpSchema *schema, AdcpError *err);
AdcpColumn *adcp_table_add_column(AdcpTable *table, AdcpError *err);
AdcpForeignKey *adcp_table_add_foreign_key(AdcpTable *table, AdcpError *err);

/* Keeps the elements whose flag is true and frees the others; then builds the maps of names again. */
void adcp_schema_retain(AdcpSchema *schema, const bool *keep_objects, const bool *keep_tables,
                        AdcpError *err);

/* Builds the maps of names; two tables of one name are ADCP_CORRUPT. Indexes and triggers get their
** table's spelling as tbl_name: CREATE TRIGGER leaves there what was typed. Call when objects and
** tables are complete or were reordered. */
void adcp_schema_index(AdcpSchema *schema, AdcpError *err);
AdcpTable *adcp_schema_table(const AdcpSchema *schema, const char *name);

/* tbl_name as the row of sqlite_schema has it. */
const char *adcp_object_stored_on(const AdcpObject *object);

/* The object of that type and name, or NULL (linear, but for tables of a schema that was indexed). */
const AdcpObject *adcp_schema_object(const AdcpSchema *schema, AdcpObjectType type,
                                     const char *name);

/* True for an index or a trigger that somebody made on a shadow table. */
bool adcp_schema_is_on_shadow(const AdcpSchema *schema, const AdcpObject *object);

/* Number of values in a row: the hidden rowid, if written, and all columns that are stored. */
size_t adcp_table_value_count(const AdcpTable *table);

/* Where the value of a stored column stands in a row; and that of the rowid, -1 when rows do not
** hold it. */
size_t adcp_table_value_place(const AdcpTable *table, size_t column);
int adcp_table_rowid_place(const AdcpTable *table);

/* Whether rows of both hold the same values in the same places, under the same key: who knows the one can read
** rows of the other. */
bool adcp_table_rows_alike(const AdcpTable *a, const AdcpTable *b);

/* The last place that a column has in the primary key, 0 without one. Places have gaps where a key names a
** column twice: PRIMARY KEY(a, a, b). */
int adcp_table_last_key_place(const AdcpTable *table);

/* The column of that name in any letter case of ASCII, as SQLite compares names; or NULL. */
const AdcpColumn *adcp_table_column(const AdcpTable *table, const char *name);

/* True for a column whose value stands in rows (neither generated nor hidden). */
bool adcp_column_stored(const AdcpColumn *column);

const char *adcp_object_type_name(AdcpObjectType type); /* "table", "index", "view", "trigger" */
bool adcp_object_type_parse(const char *name, AdcpObjectType *type);
const char *
adcp_table_kind_name(AdcpTableKind kind); /* "table", "virtual", "shadow", "sequence", "stat" */
bool adcp_table_kind_parse(const char *name, AdcpTableKind *kind);

/* True for "sqlite_stat1", "sqlite_stat3", "sqlite_stat4" (any case). */
bool adcp_name_is_stat(const char *name);

#endif
