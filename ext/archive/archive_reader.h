/*
** archive_reader.h - the inside of an archive reader, shared by archive_open.c, archive_peek.c and
** archive_read.c.
**
** archive_open.c finds out what the file is and fills the head, archive_peek.c as much of it as a
** list needs; archive_read.c walks the rows. All pull from one JSON reader whose input is the block
** reader, with two additions: a prefix, text that stands in front of a place the reader was moved
** to, so that the document seems to begin there; and a count and CRC of the text.
*/
#ifndef ADCP_ARCHIVE_ARCHIVE_READER_H
#define ADCP_ARCHIVE_ARCHIVE_READER_H

#include "archive/archive_read.h"
#include "archive/manifest.h"
#include "archive/row_digest.h"
#include "archive/row_read.h"
#include "archive/row_write.h"
#include "base/buf.h"
#include "base/map.h"
#include "codec/json_read.h"
#include "stream/block_read.h"

typedef struct AdcpArchiveInput {
  AdcpBlockReader *blocks; /* borrowed */
  AdcpBuf prefix;
  size_t prefix_done;
  int64_t raw_bytes; /* text read from blocks since the last start */
  int64_t budget;    /* more text than this is refused; negative: no limit */
  size_t piece;      /* text is taken in pieces of at most so many bytes; 0: any */
  int64_t crc_bytes; /* of so much of that text the CRC-32 is wanted */
  uint32_t crc32;
  bool failed;               /* the error came from the blocks */
  bool at_end;               /* the blocks' text is at its end */
  AdcpCheckpoint checkpoint; /* xCheck NULL: none */
} AdcpArchiveInput;

typedef struct AdcpArchiveSection {
  char *name; /* owned */
  AdcpBuf json;
} AdcpArchiveSection;

typedef enum AdcpReaderState {
  ADCP_READER_AT_TABLES, /* before the value of "tables": the quick opening stops there */
  ADCP_READER_AT_START,  /* nothing was read since opening */
  ADCP_READER_BETWEEN,   /* in "tables", before a key */
  ADCP_READER_IN_TABLE,  /* in an array of rows */
  ADCP_READER_SKIPPING,  /* the same, but its rows are not wanted */
  ADCP_READER_SKIPPED,   /* still there; its TABLE_END was given */
  ADCP_READER_DONE
} AdcpReaderState;

struct AdcpArchiveReader {
  AdcpError *err; /* borrowed */
  AdcpInFile *file;
  AdcpBlockReader *blocks;
  AdcpArchiveInput input;
  AdcpJsonReader *json;
  AdcpArchiveHead head;
  AdcpManifest manifest;
  AdcpMap by_name; /* table name -> AdcpArchiveTable of the manifest */
  AdcpArchiveSection *sections;
  size_t section_count;

  AdcpReaderState state;
  bool full;               /* all rows since the start were read */
  bool skipped;            /* some table was not wanted */
  AdcpError gap;           /* of a damaged block between two tables that was passed by the index */
  uint32_t *seen;          /* by table: the pass that met it last */
  uint32_t pass;           /* from 1; a seek begins another */
  AdcpArchiveTable *now;   /* current table */
  AdcpRowReader *row;      /* of the current table */
  AdcpRowWriter *rewriter; /* of the current table; once a row is not canonical */
  AdcpRowDigest *digest;
  bool of_nodes;               /* the current table has the nodes of an R-Tree */
  bool deferred;               /* rows of the current table are not digested */
  const AdcpArchiveMark *from; /* the mark that reading the current table begins at, or NULL */
  size_t next_mark;            /* of the current table: the first one that was not passed */
  int64_t row_number;
  int64_t failed_row; /* that the error is about, or 0 */
  int64_t row_offset; /* of the current row in the document */
  uint8_t *text;      /* of the current row; in the JSON reader's window */
  size_t text_size;
  AdcpBuf copy;              /* of the current row, when it is not canonical */
  const AdcpValue *values;   /* of the current row; NULL until decoded */
  struct AdcpLegacy *legacy; /* format 2.0: what reading its rows needs */
};

/* Puts the input and the JSON reader at a place: the caller has moved the blocks there. */
void adcp_archive_restart(AdcpArchiveReader *r, AdcpJsonToken inside);

/* Takes the value of backup_metadata, which comes next. */
void adcp_archive_read_metadata(AdcpArchiveReader *r);

/* Goes behind the key of the manifest, where the end line leads to one. */
bool adcp_archive_go_to_manifest(AdcpArchiveReader *r);

/* Reads the manifest's front, which does not grow with the rows. False, with or without an error,
** where it has none that vouches for itself: the manifest is then as it was. */
bool adcp_archive_peek_front(AdcpArchiveReader *r);

/* Reads what a list of backups shows, from the manifest's summary and backup_metadata. False, with
** or without an error, where the end line does not lead to a summary. */
bool adcp_archive_peek(AdcpArchiveReader *r);

/* Tells a file without a usable end by its first text. */
void adcp_archive_peek_start(AdcpArchiveReader *r);

/* Keeps the value of the key that was just taken as a section; forgets all. A name with a zero byte
** is nobody's, and its value is passed over. */
void adcp_archive_keep_section(AdcpArchiveReader *r);
void adcp_archive_drop_sections(AdcpArchiveReader *r);

/* Adds a copy of the text to the head's warnings. */
void adcp_archive_warn(AdcpArchiveReader *r, const char *text);

/* So many threads inflate ahead from now on. Of a reader that was opened without. */
void adcp_archive_set_threads(AdcpArchiveReader *r, int threads);

/* For messages: where a byte of the document is. */
void adcp_archive_append_place(AdcpArchiveReader *r, int64_t offset);

#endif
