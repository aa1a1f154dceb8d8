/*
** schema_json.h - a schema as the members "database_schema" and "fts_tables" of a backup.
**
**   "database_schema":{
**     "objects":[{"type":"table","name":"t","tbl_name":"t","sql":"CREATE TABLE t(...)"},...],
**     "tables":{"t":{"kind":"ordinary","rowid":true,"rowid_name":"rowid","columns":[
**            {"name":"a","type":"INTEGER","not_null":true,"default":"1","primary_key":1},...]},...},
**     "indexes":{"t":["t_by_a",...],...},
**     "foreign_keys":{"t":[{"from":["a"],"to":["id"],"parent":"p",
**                           "on_update":"NO ACTION","on_delete":"CASCADE"},...],...}}
**
** Members that are false, NULL or 0 are left out; "indexes" and "fts_tables" are for people and
** other tools. Names are spelled by name.h; text that is not UTF-8 is {"$text":"<base64>"}.
*/
#ifndef ADCP_ARCHIVE_SCHEMA_JSON_H
#define ADCP_ARCHIVE_SCHEMA_JSON_H

#include "archive/row_write.h"
#include "codec/json_read.h"
#include "codec/schema.h"

/* Write the values of the two members. */
void adcp_schema_json_write(const AdcpSchema *schema, AdcpTextSink sink, AdcpError *err);
void adcp_fts_json_write(const AdcpSchema *schema, AdcpTextSink sink, AdcpError *err);

/* Reads the value of "database_schema", which comes next, into a schema that is empty, indexes it
** and checks it. err is the reader's. */
void adcp_schema_json_read(AdcpJsonReader *json, AdcpSchema *schema, AdcpError *err);

/* ADCP_CORRUPT where a description contradicts itself or its table's name: what is not the automatic
** index of a key has SQL; a rowid has one of its three names, which no column has, and a place in
** rows; no two columns have one name; sqlite_sequence and sqlite_stat* are of their kinds and no
** others are; a shadow table has a virtual table of the backup as its owner, and a name that fits. */
void adcp_schema_check(const AdcpSchema *schema, AdcpError *err);

#endif
