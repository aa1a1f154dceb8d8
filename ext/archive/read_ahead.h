/*
** read_ahead.h - the events of an archive reader, made ahead of their use by a thread.
**
** Opening, events and their order are those of archive_read.h; the caller sees the same with and
** without a thread. With one the reader works on another thread while the caller uses rows, and halts at
** everything the caller may answer to: the beginning of a table, its end, an error, a row too large
** to be copied. Tables of a few rows are read by the caller itself. Memory: three batches of rows
** (row_batch.h) besides the reader's own; without a thread the reader's rows themselves.
*/
#ifndef ADCP_ARCHIVE_READ_AHEAD_H
#define ADCP_ARCHIVE_READ_AHEAD_H

#include "archive/archive_read.h"

typedef struct AdcpReadAhead AdcpReadAhead;

/* err is borrowed until close. threads as in adcp_archive_reader_open, of which one reads ahead; 0: all
** is done by the caller. The checkpoint (copied) is called by the caller's thread only. */
AdcpReadAhead *adcp_read_ahead_open(const AdcpRoot *root, const char *path, int threads,
                                    AdcpCheckpoint checkpoint, AdcpError *err);

/* The same, of the file that another reader has open (adcp_archive_reader_open_again). */
AdcpReadAhead *adcp_read_ahead_open_again(const AdcpArchiveReader *first, int threads,
                                          AdcpCheckpoint checkpoint, AdcpError *err);

/* What was asked for, or what ADCP_AUTO_THREADS came to. */
int adcp_read_ahead_threads(const AdcpReadAhead *ahead);
const AdcpArchiveHead *adcp_read_ahead_head(const AdcpReadAhead *ahead);

/* The reader, for its sections; NULL for NULL. Its events are not the caller's. */
const AdcpArchiveReader *adcp_read_ahead_archive(const AdcpReadAhead *ahead);

AdcpArchiveEvent adcp_read_ahead_next(AdcpReadAhead *ahead);

/* The table of the current event; the values of the current ROW, borrowed until the next call. */
const AdcpArchiveTable *adcp_read_ahead_table(const AdcpReadAhead *ahead);
const AdcpValue *adcp_read_ahead_row(const AdcpReadAhead *ahead);
int64_t adcp_read_ahead_row_number(const AdcpReadAhead *ahead); /* 1-based within the table */

/* After TABLE_BEGIN, as adcp_archive_skip_table. */
void adcp_read_ahead_skip_table(AdcpReadAhead *ahead);

/* After TABLE_BEGIN, as adcp_archive_defer_digest. */
void adcp_read_ahead_defer_digest(AdcpReadAhead *ahead);

/* Reads all rows once more, with their digests, and sets found to what is wrong with the file. The
** end of what can be read ahead; may come at any time, also after an error. */
void adcp_read_ahead_check(AdcpReadAhead *ahead, AdcpError *found);

void adcp_read_ahead_close(AdcpReadAhead *ahead);

#endif
