/*
** scan.h - the rows of one live table, in the canonical order, as values.
**
** By rowid, or by primary key for WITHOUT ROWID; columns by name; whatever PRAGMA
** reverse_unordered_selects says. Values are exact: in UTF-16 databases text that is not valid
** UTF-16 comes as ADCP_TEXT16. Only what is committed, whatever PRAGMA read_uncommitted says. The
** caller holds a snapshot (catalog.h), or a transaction, from the catalog to the last row.
*/
#ifndef ADCP_DB_SCAN_H
#define ADCP_DB_SCAN_H

#include "codec/schema.h"
#include "codec/value.h"
#include "db/db.h"

typedef struct AdcpScan AdcpScan;

AdcpScan *adcp_scan_open(AdcpDb *db, const AdcpTable *table);

/* The next row: adcp_table_value_count values, borrowed until the next call; NULL at the end, also
** when asked again, or on error. */
const AdcpValue *adcp_scan_next(AdcpScan *scan);
void adcp_scan_close(AdcpScan *scan);

#endif
