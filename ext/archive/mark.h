/*
** mark.h - the key of a row, as the manifest's marks hold it.
*/
#ifndef ADCP_ARCHIVE_MARK_H
#define ADCP_ARCHIVE_MARK_H

#include "archive/format.h"
#include "codec/value.h"

/* Sets has_rowid and rowid, or key, from the values of the row; a key above ADCP_MAX_MARK_KEY_BYTES
** stays NULL. */
void adcp_mark_set_key(AdcpArchiveMark *mark, const AdcpTable *table, const AdcpValue *values,
                       AdcpError *err);

/* True when the mark has no key, or has that of the row. */
bool adcp_mark_fits(const AdcpArchiveMark *mark, const AdcpTable *table, const AdcpValue *values,
                    AdcpError *err);

#endif
