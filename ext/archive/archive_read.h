/*
** archive_read.h - reads a backup: its head and tail at once, its rows as a stream of events.
**
** Opening reads the head (every section before the rows) and, through the locator at the end, the
** manifest: three small reads. Where that is not possible (another tool rewrote the file, or it is
** damaged at its end) the whole text is scanned once without keeping rows, and a warning says so.
** Rows are then pulled:
**
**     while( (event = adcp_archive_next(r)) != ADCP_ARCHIVE_END ) ...
**
** TABLE_BEGIN, ROW..., TABLE_END for every table in file order. At TABLE_END rows and digest have
** been compared with the manifest; at END the rest of the document and the container's checksums
** have been checked too, so that a full run from the start proves every byte. err is borrowed for
** the reader's life.
*/
#ifndef ADCP_ARCHIVE_ARCHIVE_READ_H
#define ADCP_ARCHIVE_ARCHIVE_READ_H

#include "archive/format.h"
#include "base/checkpoint.h"
#include "base/texts.h"
#include "codec/schema.h"
#include "codec/value.h"
#include "platform/file.h"

typedef struct AdcpArchiveReader AdcpArchiveReader;

/* What is known after opening. Owned by the reader. */
typedef struct AdcpArchiveHead {
  AdcpContainer container;
  char *version;            /* "3.0", "2.0" */
  char *metadata;           /* JSON text of backup_metadata */
  AdcpSchema *schema;       /* objects, and the tables that have rows in this file; never NULL */
  AdcpArchiveTable *tables; /* of the manifest, in file order */
  size_t table_count;
  const AdcpBlockEntry *blocks;
  size_t block_count;
  const AdcpArchiveMark *marks; /* of all tables; see AdcpArchiveTable */
  AdcpArchiveTotals totals;
  bool indexed;       /* positions can be gone to */
  bool unsettled;     /* only its start was read: whether the rest is there is not known */
  AdcpTexts warnings; /* for people */
} AdcpArchiveHead;

/* threads inflate ahead, for rows; ADCP_AUTO_THREADS (work_queue.h): as the document's size asks for.
** ADCP_NOTADB: not a backup; ADCP_CORRUPT: damaged or incomplete (the message says which, and
** where); ADCP_ERROR: a newer format or an unknown name in "requires". NULL on error. root is
** borrowed until this returns. */
AdcpArchiveReader *adcp_archive_reader_open(const AdcpRoot *root, const char *path, int threads,
                                            AdcpError *err);

/* The same, with a checkpoint (copied) that is asked about once a block while text is read, for as
** long as the reader lives: a file without a usable end is read through by the opening already. */
AdcpArchiveReader *adcp_archive_reader_open_checked(const AdcpRoot *root, const char *path,
                                                    int threads, AdcpCheckpoint checkpoint,
                                                    AdcpError *err);

/* The same, of the file that another reader has open: what came through a pipe is not there to be
** opened once more. Both are used and closed on one thread. */
AdcpArchiveReader *adcp_archive_reader_open_again(const AdcpArchiveReader *first, int threads,
                                                  AdcpCheckpoint checkpoint, AdcpError *err);

/* True when the path was of a pipe or a terminal. */
bool adcp_archive_is_copy(const AdcpArchiveReader *r);

/* The same for the head only, not the rows, in time that does not depend on them: where the end leads
** to the manifest, its blocks and marks are not read, and head->indexed is false. */
AdcpArchiveReader *adcp_archive_reader_open_head(const AdcpRoot *root, const char *path,
                                                 AdcpError *err);
AdcpArchiveReader *adcp_archive_reader_open_head_checked(const AdcpRoot *root, const char *path,
                                                         AdcpCheckpoint checkpoint, AdcpError *err);

/* The same for a list of many files, in time that does not depend on their size: without threads,
** and a file larger than ADCP_PEEK_FILE_BYTES whose end does not lead to the manifest is not read
** through, but told by its first ADCP_PEEK_TEXT_BYTES to be no backup (ADCP_NOTADB) or
** head->unsettled. Of the head only container, version, metadata and, unless unsettled, totals are
** sure to be there: neither schema, tables nor rows. */
AdcpArchiveReader *adcp_archive_reader_peek(const AdcpRoot *root, const char *path, AdcpError *err);
const AdcpArchiveHead *adcp_archive_head(const AdcpArchiveReader *r);
const char *adcp_archive_path(const AdcpArchiveReader *r); /* of its file, as it was given */

/* JSON text of another top-level section (app_settings, ...) that stands before the rows, or NULL;
** zero-terminated, borrowed. */
const char *adcp_archive_section(const AdcpArchiveReader *r, const char *name, size_t *size);

typedef enum AdcpArchiveEvent {
  ADCP_ARCHIVE_ERROR,
  ADCP_ARCHIVE_TABLE_BEGIN,
  ADCP_ARCHIVE_ROW,
  ADCP_ARCHIVE_TABLE_END,
  ADCP_ARCHIVE_END
} AdcpArchiveEvent;

AdcpArchiveEvent adcp_archive_next(AdcpArchiveReader *r);

/* The table of the current event, by its place in head->tables. After an error the table in whose
** rows it was met, NULL between tables. */
const AdcpArchiveTable *adcp_archive_table(const AdcpArchiveReader *r);

/* The values of the current ROW; borrowed until the next call. */
const AdcpValue *adcp_archive_row(AdcpArchiveReader *r);

/* The text of the current ROW as it stands in the file; to be taken before adcp_archive_row, which
** decodes it in place. */
const char *adcp_archive_row_text(AdcpArchiveReader *r, size_t *size);
int64_t adcp_archive_row_number(const AdcpArchiveReader *r); /* 1-based within the table */

/* After an error: the number of the row that could not be read, 0 where it is about none. */
int64_t adcp_archive_failed_row(const AdcpArchiveReader *r);

/* After TABLE_BEGIN: rows are given and counted, but not digested here: for a caller who will
** compare the digest of what became of them. */
void adcp_archive_defer_digest(AdcpArchiveReader *r);

/* After TABLE_BEGIN: leaves the rows of this table out; its digest is then not checked. The next
** event is TABLE_END. A damaged block of tables that are all left out is passed, where positions are
** known; who leaves no table out meets it, at the end if no row is in it. */
void adcp_archive_skip_table(AdcpArchiveReader *r);

/* Makes TABLE_BEGIN of table `index` the next event (needs head->indexed). Also the way on after a
** damaged table, once the caller has cleared the error. */
void adcp_archive_seek_table(AdcpArchiveReader *r, size_t index);

/* Starts over in front of the first table, where positions are not known. */
void adcp_archive_rewind(AdcpArchiveReader *r);

/* As seek_table, but the first row will be that of a mark of the table (0 to mark_count - 1): the
** rows before it are left out, and the table's digest is not checked. */
void adcp_archive_seek_mark(AdcpArchiveReader *r, size_t index, size_t mark);

void adcp_archive_reader_close(AdcpArchiveReader *r);

#endif
