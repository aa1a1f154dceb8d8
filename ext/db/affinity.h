/*
** affinity.h - the affinity that SQLite derives from a column's declared type (datatype3.html, 3.1).
*/
#ifndef ADCP_DB_AFFINITY_H
#define ADCP_DB_AFFINITY_H

typedef enum AdcpAffinity {
  ADCP_AFFINITY_BLOB,
  ADCP_AFFINITY_TEXT,
  ADCP_AFFINITY_NUMERIC,
  ADCP_AFFINITY_INTEGER,
  ADCP_AFFINITY_REAL
} AdcpAffinity;

/* Of a column of an ordinary table; ANY of a STRICT table has none, which is BLOB. */
AdcpAffinity adcp_affinity_of(const char *declared_type);

/* A type that has it: "BLOB", "TEXT", ... */
const char *adcp_affinity_name(AdcpAffinity affinity);

#endif
