/*
** backup_dir.c - the folder of backups (contract in backup_dir.h).
*/
#include "ops/backup_dir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/system_file.h"
#include "ops/clock.h"
#include "ops/interrupt.h"
#include "ops/listing.h"
#include "ops/own_file.h"
#include "platform/root.h"

#define LATEST "latest"

static void make_folder(const AdcpRoot *root, const char *folder, AdcpError *err) {
  if( err->rc || adcp_path_mkdir(root, folder, 0700) == 0 || errno == EEXIST ) return;
  adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot make the folder of backups %s", folder);
}

char *adcp_backup_dir_new_path(const AdcpConfig *config, AdcpDb *db, const char *kind,
                               int64_t created, const char *suffix) {
  char stamp[ADCP_TIME_NAME_SIZE];
  AdcpBuf path = {0};
  char *folder = adcp_config_backup_dir(config, db->handle, db->schema, db->err);
  if( folder == NULL ) return NULL;
  make_folder(adcp_config_root(config), folder, db->err);
  adcp_clock_name(stamp, created);
  adcp_buf_appendf(&path, "%s/%s_%s%s%s", folder, adcp_config_name_prefix(config), kind, stamp,
                   suffix);
  adcp_buf_check(&path, db->err);
  adcp_free(folder);
  if( db->err->rc == ADCP_OK ) return adcp_buf_take(&path);
  adcp_buf_free(&path);
  return NULL;
}

static void check_makeable(const AdcpRoot *root, const char *folder, AdcpError *why) {
  struct stat link;
  if( adcp_path_lstat(root, folder, &link) == 0 ) {
    adcp_error_set(why, ADCP_CANTOPEN, "the folder of backups %s is a link that leads nowhere",
                   folder);
  } else if( adcp_path_may_mkdir(root, folder) != 0 ) {
    adcp_root_errno(root, why, ADCP_CANTOPEN, errno, "the folder of backups %s cannot be made",
                    folder);
  }
}

void adcp_backup_dir_check(const AdcpRoot *root, const char *folder, AdcpError *why) {
  struct stat st;
  bool exists = adcp_path_stat(root, folder, &st) == 0;
  if( !exists && errno == ENOENT ) {
    check_makeable(root, folder, why);
  } else if( !exists ) {
    adcp_root_errno(root, why, ADCP_CANTOPEN, errno, "the folder of backups %s cannot be reached",
                    folder);
  } else if( !S_ISDIR(st.st_mode) ) {
    adcp_error_set(why, ADCP_CANTOPEN, "the folder of backups %s is not a folder", folder);
  } else if( adcp_path_access(root, folder, W_OK | X_OK) != 0 ) {
    adcp_root_errno(root, why, ADCP_CANTOPEN, errno, "%s cannot be written to", folder);
  }
}

bool adcp_backup_dir_is_latest(const char *path) {
  return strcmp(path, LATEST) == 0;
}

bool adcp_backup_dir_is_of_another(const AdcpDb *db, const AdcpListingEntry *entry) {
  const char *file = adcp_db_filename(db->handle, db->schema);
  if( !adcp_listing_is_path(file) || !adcp_listing_is_path(entry->database) ) return false;
  char *spelled = adcp_listing_spell(file, db->err);
  bool differs = spelled && strcmp(spelled, entry->database) != 0;
  adcp_free(spelled);
  return differs;
}

void adcp_backup_dir_doubt_latest(AdcpDb *db, const AdcpArchiveHead *head, AdcpTexts *doubts) {
  AdcpListingEntry entry;
  if( db->err->rc ) return;
  adcp_listing_describe(&entry, LATEST, head, db->err);
  if( adcp_backup_dir_is_of_another(db, &entry) ) {
    adcp_texts_add(doubts, db->err, "'latest' is a backup of %s, not of this database's file",
                   entry.database);
  }
  if( adcp_clock_is_future(entry.created) ) {
    adcp_texts_add(doubts, db->err,
                   "'latest' is dated in the future, %s: others may have been made later",
                   entry.created_at);
  }
  adcp_listing_entry_clear(&entry);
}

static char *find_latest(const AdcpConfig *config, AdcpDb *db) {
  char *folder = adcp_config_backup_dir(config, db->handle, db->schema, db->err);
  AdcpInterrupt interrupt = {0};
  adcp_interrupt_open(&interrupt, db);
  char *latest = folder ? adcp_listing_newest(adcp_config_root(config), folder,
                                              adcp_interrupt_checkpoint(&interrupt), db->err)
                        : NULL;
  adcp_interrupt_close(&interrupt);
  adcp_free(folder);
  return latest;
}

char *adcp_backup_dir_find(const AdcpConfig *config, AdcpDb *db, const char *path) {
  if( db->err->rc ) return NULL;
  if( path[0] == 0 ) {
    adcp_error_set(db->err, ADCP_MISUSE, "the path is empty; give the path of a file");
    return NULL;
  }
  if( adcp_backup_dir_is_latest(path) ) return find_latest(config, db);
  adcp_own_file_refuse(db, path);
  if( db->err->rc ) return NULL;
  char *copy = adcp_strdup(path);
  if( copy == NULL ) adcp_error_nomem(db->err);
  return copy;
}
