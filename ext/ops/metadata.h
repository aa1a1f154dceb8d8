/*
** metadata.h - the backup_metadata section: what a backup says of itself and of where it came from.
*/
#ifndef ADCP_OPS_METADATA_H
#define ADCP_OPS_METADATA_H

#include "archive/archive_read.h"
#include "base/buf.h"
#include "db/db.h"
#include "ops/request.h"
#include "ops/settings.h"

typedef struct AdcpMetadata {
  int64_t created;            /* in seconds since 1970: when the snapshot was taken */
  const char *backup_type;    /* "full", "partial", "schema", "data" */
  const char *note;           /* or NULL */
  const AdcpOptions *options; /* of the backup: which tables it was of */
  const AdcpSettings *settings;
  const AdcpTextList *redacted_columns;
  const AdcpSafetyMark *safety; /* or NULL */
  bool rebuilds;                /* indexes were left out, to be rebuilt */
} AdcpMetadata;

/* Appends the section as JSON text. Reads figures of db->schema: within the backup's snapshot. */
void adcp_metadata_write(AdcpBuf *out, AdcpDb *db, const AdcpMetadata *metadata);

/* The figures of a backup's database that a restore sets again. */
typedef struct AdcpDatabaseFigures {
  char encoding[16]; /* "UTF-8", "UTF-16le", "UTF-16be"; "" when the backup does not say */
  int page_size;     /* 0 when it does not say, or not a page size */
  int auto_vacuum;   /* 0, 1, 2; -1 when it does not say */
  int user_version, application_id;
  bool of_temp; /* it was TEMP, whose views and triggers go into TEMP alone */
  char backup_type[16];
} AdcpDatabaseFigures;

/* Reads them from the section of an open backup. A missing figure is left at "not said"; one of a wrong type
** is ADCP_CORRUPT. */
void adcp_metadata_read(AdcpDatabaseFigures *figures, const AdcpArchiveHead *head, AdcpError *err);

#endif
