/*
** kept_rows.c - digests of tables in the backups of a folder (contract in kept_rows.h).
*/
#include "ops/kept_rows.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "ops/listing.h"

/* The rows of one digest. */
typedef struct Rows {
  struct Rows *next;
  char sha256[ADCP_SHA256_HEX + 1];
  char *file; /* owned: name in the folder */
} Rows;

struct AdcpKeptRows {
  AdcpMap by_digest; /* Rows by sha256 */
  Rows *all;         /* owned */
};

static Rows *rows_of(AdcpKeptRows *kept, const char *sha256, AdcpError *err) {
  Rows *rows = adcp_map_get(&kept->by_digest, sha256, strlen(sha256));
  if( rows ) return rows;
  rows = adcp_calloc(1, sizeof *rows);
  if( rows == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  memcpy(rows->sha256, sha256, sizeof rows->sha256);
  rows->next = kept->all;
  kept->all = rows;
  adcp_map_put(&kept->by_digest, rows->sha256, strlen(rows->sha256), rows, err);
  return rows;
}

static void add_table(AdcpKeptRows *kept, const AdcpArchiveTable *table, const char *file,
                      AdcpError *err) {
  if( table->table->kind != ADCP_TABLE_ORDINARY || table->sha256[0] == 0 ) return;
  Rows *rows = rows_of(kept, table->sha256, err);
  char *name = rows ? adcp_strdup(file) : NULL;
  if( name == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  adcp_free(rows->file);
  rows->file = name;
}

/* Opened, since a list reads no manifest whole. What is damaged there is passed over. */
static void add_backup(AdcpKeptRows *kept, const AdcpRoot *root, const AdcpListingEntry *entry,
                       AdcpCheckpoint checkpoint, AdcpError *err) {
  AdcpError found = ADCP_ERROR_INIT;
  AdcpArchiveReader *archive =
      adcp_archive_reader_open_head_checked(root, entry->path, checkpoint, &found);
  if( archive ) {
    const AdcpArchiveHead *head = adcp_archive_head(archive);
    for( size_t i = 0; i < head->table_count && !err->rc; i++ ) {
      add_table(kept, &head->tables[i], entry->name, err);
    }
  }
  adcp_archive_reader_close(archive);
  if( found.rc == ADCP_NOMEM || found.rc == ADCP_INTERRUPT ) adcp_error_move(err, &found);
  adcp_error_clear(&found);
}

AdcpKeptRows *adcp_kept_rows_open(const AdcpRoot *root, const char *folder,
                                  AdcpCheckpoint checkpoint, AdcpError *err) {
  bool outside = adcp_path_access(root, folder, F_OK) != 0 && errno == EXDEV;
  AdcpListing *listing =
      outside ? NULL : adcp_listing_open(root, folder, ADCP_MISSING_IS_EMPTY, checkpoint, err);
  AdcpKeptRows *kept = listing ? adcp_calloc(1, sizeof *kept) : NULL;
  const AdcpListingEntry *entry;
  if( listing && kept == NULL ) adcp_error_nomem(err);
  while( kept && (entry = adcp_listing_next(listing, err)) != NULL ) {
    if( entry->status == ADCP_BACKUP_OK ) add_backup(kept, root, entry, checkpoint, err);
  }
  adcp_listing_close(listing);
  if( err->rc == ADCP_OK ) return kept;
  adcp_kept_rows_close(kept);
  return NULL;
}

const char *adcp_kept_rows_find(const AdcpKeptRows *kept, const char *sha256) {
  const Rows *rows = adcp_map_get(&kept->by_digest, sha256, strlen(sha256));
  return rows ? rows->file : NULL;
}

void adcp_kept_rows_close(AdcpKeptRows *kept) {
  if( kept == NULL ) return;
  for( Rows *rows = kept->all, *next; rows; rows = next ) {
    next = rows->next;
    adcp_free(rows->file);
    adcp_free(rows);
  }
  adcp_map_free(&kept->by_digest);
  adcp_free(kept);
}
