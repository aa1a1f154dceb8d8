/*
** legacy_schema.h - the schema of the application whose earlier tool wrote backups of version 2.0.
*/
#ifndef ADCP_OPS_LEGACY_SCHEMA_H
#define ADCP_OPS_LEGACY_SCHEMA_H

/* CREATE statements in the order in which they can be run; NULL at the end. */
extern const char *const adcp_legacy_schema[];

#endif
