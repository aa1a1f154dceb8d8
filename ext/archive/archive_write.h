/*
** archive_write.h - writes a backup: sections, schema, tables of rows, manifest, end.
**
** Order of calls: open, section("backup_metadata") first, other sections, schema, begin_tables, for
** each table begin_table, rows, end_table; finish; commit; close. Nothing appears under the path
** before commit. err is borrowed for the life of the writer; after an error every call is a no-op.
*/
#ifndef ADCP_ARCHIVE_ARCHIVE_WRITE_H
#define ADCP_ARCHIVE_ARCHIVE_WRITE_H

#include "archive/format.h"
#include "codec/schema.h"
#include "codec/value.h"
#include "platform/file.h"
#include "stream/block_write.h"

typedef struct AdcpArchiveWriter AdcpArchiveWriter;

AdcpArchiveWriter *adcp_archive_writer_open(const AdcpRoot *root, const char *path,
                                            AdcpOutMode mode, const AdcpBlockWriterOptions *options,
                                            AdcpError *err);

/* A top-level member whose value is JSON text. */
void adcp_archive_write_section(AdcpArchiveWriter *w, const char *name, const char *json, size_t n);

/* "database_schema" and "fts_tables". Borrows schema until close: the digests need it again. */
void adcp_archive_write_schema(AdcpArchiveWriter *w, const AdcpSchema *schema);

void adcp_archive_begin_tables(AdcpArchiveWriter *w);
void adcp_archive_begin_table(AdcpArchiveWriter *w, const AdcpTable *table);
void adcp_archive_write_row(AdcpArchiveWriter *w, const AdcpValue *values);
void adcp_archive_end_table(AdcpArchiveWriter *w);

/* Writes manifest and end line; totals (may be NULL) gets the figures for the report. */
void adcp_archive_finish(AdcpArchiveWriter *w, AdcpArchiveTotals *totals);

/* Syncs and puts the file under its name. */
void adcp_archive_commit(AdcpArchiveWriter *w);

/* True once the file stands under its name, also where the commit failed after that. */
bool adcp_archive_writer_is_published(const AdcpArchiveWriter *w);

/* As adcp_outfile_take_place. */
void adcp_archive_writer_take_place(AdcpArchiveWriter *w, AdcpPlace *place);

/* Where the file is (see adcp_outfile_path), and how much text was written so far. */
const char *adcp_archive_writer_path(const AdcpArchiveWriter *w);
int64_t adcp_archive_writer_raw_bytes(const AdcpArchiveWriter *w);
void adcp_archive_writer_close(AdcpArchiveWriter *w);

#endif
