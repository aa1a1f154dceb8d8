/*
** listing.h - the backups of a folder: one entry a file, from its head and tail.
**
** Files whose names end in .json, .json.gz or .json.zst are looked at, in bytewise order of their names;
** temporary files and folders are not listed. A file that cannot be read as a backup is an entry
** that says so:
**
**   ok        metadata, the manifest's summary and the end line fit together (the rest of the manifest
**             is read by who opens the backup, the rows are for adcp_validate)
**   damaged   a backup of ours that is incomplete or not what its own checks say; or one whose end was
**             rewritten, by another tool or by damage: a list does not read it through, but who looks
**             for the newest does
**   foreign   anything else: not a backup, one of a newer format, not a regular file, not readable
*/
#ifndef ADCP_OPS_LISTING_H
#define ADCP_OPS_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "archive/archive_read.h"
#include "base/error.h"
#include "platform/root.h"

typedef enum AdcpBackupStatus {
  ADCP_BACKUP_OK,
  ADCP_BACKUP_DAMAGED,
  ADCP_BACKUP_FOREIGN
} AdcpBackupStatus;

const char *adcp_backup_status_name(AdcpBackupStatus status);

#define ADCP_CREATED_UNKNOWN INT64_MIN

/* Texts are NULL, numbers -1 where they are not known. */
typedef struct AdcpListingEntry {
  const char *name; /* in the folder */
  char *path;
  AdcpBackupStatus status;
  struct stat st;     /* of the name itself (lstat), to tell later that it is still the same file */
  int64_t size_bytes; /* of the file, symbolic links followed */
  char *created_at;
  int64_t created; /* the same in seconds since 1970, or ADCP_CREATED_UNKNOWN */
  int64_t uncompressed_bytes;
  const char *compression;
  char *format_version, *backup_type;
  int64_t tables, rows;
  char *content_sha256, *note, *sqlite_version, *database;
  char *kind;       /* what is in it of its database: the same text, the same selection */
  bool is_safety;   /* made by a restore of what it was about to change (safety.h) */
  bool before_undo; /* that restore was an adcp_undo */
  char *error;
  bool unreadable; /* the system did not let it be opened */
  bool unsettled;  /* damaged, as long as nobody has read it through */
} AdcpListingEntry;

typedef struct AdcpListing AdcpListing;

/* Reads the names. A folder that does not exist has no entries when MISSING_IS_EMPTY is said,
** otherwise it is an error. NULL on error. Borrows root: each file is looked up within it. The checkpoint
** (copied) is asked before each file. */
typedef enum AdcpMissing { ADCP_MISSING_IS_ERROR, ADCP_MISSING_IS_EMPTY } AdcpMissing;
AdcpListing *adcp_listing_open(const AdcpRoot *root, const char *folder, AdcpMissing missing,
                               AdcpCheckpoint checkpoint, AdcpError *err);

/* The next entry, read now; borrowed until the next call. NULL at the end, on no memory and on an
** interrupt. */
const AdcpListingEntry *adcp_listing_next(AdcpListing *listing, AdcpError *err);

/* The same, moved to the caller, who clears it; false where next gives NULL. */
bool adcp_listing_take(AdcpListing *listing, AdcpListingEntry *entry, AdcpError *err);
void adcp_listing_close(AdcpListing *listing);

/* One file of any name. Fills entry, which adcp_listing_entry_clear empties again. */
void adcp_listing_read(AdcpListingEntry *entry, const AdcpRoot *root, const char *path,
                       AdcpError *err);

/* The same from a head that was read already: everything but what the file system says. */
void adcp_listing_describe(AdcpListingEntry *entry, const char *path, const AdcpArchiveHead *head,
                           AdcpError *err);
void adcp_listing_entry_clear(AdcpListingEntry *entry);

/* Opens an entry that is ok or unsettled, which reads all of head and manifest, the second kind
** through, with the checkpoint: it is damaged if they are, and else ok. An empty entry stays as it is. */
void adcp_listing_confirm(AdcpListingEntry *entry, const AdcpRoot *root, AdcpCheckpoint checkpoint,
                          AdcpError *err);

/* The path of the newest entry that is ok, and was confirmed: by created_at, then by name. Safety
** backups are passed over: what one holds was given up. The caller frees it. NULL with an error when
** the folder has none. */
char *adcp_listing_newest(const AdcpRoot *root, const char *folder, AdcpCheckpoint checkpoint,
                          AdcpError *err);

/* The same among the backups of one database, by the path that they say they were made of, as a backup
** spells it (adcp_listing_spell; "": in memory). NULL without an error when the folder has none. */
char *adcp_listing_newest_of(const AdcpRoot *root, const char *folder, const char *database,
                             AdcpCheckpoint checkpoint, AdcpError *err);

/* The newest safety backup of a database that was made before a restore, not before an undo. */
typedef struct AdcpSafetyFound {
  char *
      path; /* of the newest that is whole, if possible one that is not dated in the future; NULL: the
               ** folder has none, and `wrong` is what is wrong with one of its files, or NULL */
  char *other; /* one that may be newer, or NULL: it is damaged, and `wrong` says how (when its head
               ** cannot be read its name alone says what it was); or dated in the future */
  char *wrong;
} AdcpSafetyFound;

/* By the path that the backups say they were made of, as they spell it (adcp_listing_spell). Fills found,
** which the caller clears. */
void adcp_listing_newest_safety(const AdcpRoot *root, const char *folder, const char *database,
                                AdcpSafetyFound *found, AdcpCheckpoint checkpoint, AdcpError *err);
void adcp_safety_found_clear(AdcpSafetyFound *found);

/* True of the path of a database's file: absolute. "" is that of a database without one, and "x" that
** of one which sqlite3_deserialize made. */
bool adcp_listing_is_path(const char *database);

/* True when a backup's `database` can be that of one database only: a path, and all of it. What is not
** UTF-8 in a path was replaced (U+FFFD), so that several may read alike. */
bool adcp_listing_is_named(const AdcpListingEntry *entry);

/* The path of a database's file as its backups have it: what is not UTF-8 replaced. The caller frees
** it. NULL when out of memory. */
char *adcp_listing_spell(const char *database, AdcpError *err);

/* True when a comes before b in time, or, at the same second, by name (with _9 before _10). */
bool adcp_listing_older(const AdcpListingEntry *a, const AdcpListingEntry *b);

#endif
