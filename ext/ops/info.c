/*
** info.c - the state of database and backups (contract in info.h).
*/
#include "ops/info.h"

#include <errno.h>
#include <string.h>

#include "archive/archive_read.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/catalog.h"
#include "db/system_file.h"
#include "ops/backup_dir.h"
#include "ops/clock.h"
#include "ops/duration.h"
#include "ops/interrupt.h"
#include "ops/listing.h"
#include "platform/file.h"

/* What is found in the folder of backups. */
typedef struct Folder {
  char *path;   /* NULL: the database has none */
  bool outside; /* of the root */
  bool exists;
  AdcpError unwritable, unreadable; /* why, where it is so */
  int64_t free_bytes;               /* -1: not known */
  int64_t backups, safety_backups, damaged, foreign, total_bytes, world_readable;
  int64_t ahead_count;
  AdcpListingEntry ahead; /* the newest of the whole ones that are dated in the future; likewise */
  /* The newest of the others, no safety backups: of this database, and of files of others. */
  AdcpListingEntry own, of_others;
  AdcpListingEntry *newest;     /* of these two; its path is NULL when there is none */
  AdcpListingEntry last_broken; /* of the damaged ones, by the time of the file; likewise */
} Folder;

/* ---- the database ---- */

static bool is_fts(const AdcpTable *table) {
  return table->kind == ADCP_TABLE_VIRTUAL && table->module &&
         sqlite3_strnicmp(table->module, "fts", 3) == 0;
}

static void write_counts(AdcpJsonWriter *w, AdcpDb *db) {
  int64_t tables = 0, rows = 0, fts = 0;
  AdcpSnapshot snapshot;
  adcp_snapshot_open(&snapshot, db);
  AdcpSchema *schema = db->err->rc ? NULL : adcp_catalog_read(db);
  for( size_t i = 0; schema && i < schema->table_count; i++ ) {
    const AdcpTable *table = &schema->tables[i];
    fts += is_fts(table);
    if( table->kind != ADCP_TABLE_ORDINARY ) continue;
    tables++;
    rows += adcp_catalog_row_count(db, table);
  }
  adcp_schema_free(schema);
  adcp_snapshot_close(&snapshot);
  adcp_json_member_integer(w, "tables", tables);
  adcp_json_member_integer(w, "rows", rows);
  adcp_json_member_integer(w, "fts_tables", fts);
}

static void write_database(AdcpJsonWriter *w, AdcpDb *db) {
  const char *path = adcp_db_filename(db->handle, db->schema);
  int64_t page_size = adcp_db_integer(db, 0, "PRAGMA \"%w\".page_size", db->schema);
  int64_t pages = adcp_db_integer(db, 0, "PRAGMA \"%w\".page_count", db->schema);
  int64_t free_pages = adcp_db_integer(db, 0, "PRAGMA \"%w\".freelist_count", db->schema);
  char *journal_mode = adcp_db_text(db, "PRAGMA \"%w\".journal_mode", db->schema);
  adcp_json_key(w, "database");
  adcp_json_begin_object(w);
  adcp_json_member_string(w, "path", *path ? path : NULL);
  adcp_json_member_integer(w, "size_bytes", page_size * pages);
  adcp_json_member_integer(w, "page_size", page_size);
  adcp_json_member_integer(w, "free_pages", free_pages);
  adcp_json_member_string(w, "journal_mode", journal_mode);
  write_counts(w, db);
  adcp_json_end_object(w);
  adcp_free(journal_mode);
}

/* ---- the folder ---- */

/* Moves entry to kept if that is empty or older. */
static void keep_later(AdcpListingEntry *kept, AdcpListingEntry *entry) {
  bool later = kept->path == NULL || adcp_listing_older(kept, entry);
  adcp_listing_entry_clear(later ? kept : entry);
  if( !later ) return;
  *kept = *entry;
  memset(entry, 0, sizeof *entry);
}

static void keep_whole(Folder *folder, const AdcpDb *db, AdcpListingEntry *entry) {
  if( adcp_clock_is_future(entry->created) ) {
    folder->ahead_count++;
    keep_later(&folder->ahead, entry);
  } else if( entry->is_safety ) {
    adcp_listing_entry_clear(entry);
  } else {
    keep_later(adcp_backup_dir_is_of_another(db, entry) ? &folder->of_others : &folder->own, entry);
  }
}

static void count_entry(Folder *folder, const AdcpDb *db, AdcpListingEntry *entry) {
  if( entry->status == ADCP_BACKUP_FOREIGN ) {
    folder->foreign++;
    adcp_listing_entry_clear(entry);
    return;
  }
  folder->total_bytes += entry->size_bytes;
  folder->world_readable += (entry->st.st_mode & S_IROTH) != 0 && !S_ISLNK(entry->st.st_mode);
  if( entry->status == ADCP_BACKUP_OK ) {
    *(entry->is_safety ? &folder->safety_backups : &folder->backups) += 1;
    keep_whole(folder, db, entry);
  } else {
    folder->damaged++;
    entry->created = (int64_t)entry->st.st_mtim.tv_sec; /* it cannot tell by itself */
    keep_later(&folder->last_broken, entry);
  }
}

static void find_newest(Folder *folder, const AdcpRoot *root, AdcpCheckpoint checkpoint,
                        AdcpError *err) {
  const AdcpListingEntry *own = &folder->own, *other = &folder->of_others;
  bool is_other = other->path && (own->path == NULL || adcp_listing_older(own, other));
  folder->newest = is_other ? &folder->of_others : &folder->own;
  adcp_listing_confirm(folder->newest, root, checkpoint, err);
}

static void read_folder(Folder *folder, const AdcpDb *db, const AdcpRoot *root,
                        AdcpCheckpoint checkpoint) {
  AdcpError *err = db->err;
  struct stat st;
  struct statvfs space;
  AdcpListingEntry entry;
  AdcpError *unreadable = &folder->unreadable;
  bool found = adcp_path_stat(root, folder->path, &st) == 0;
  folder->free_bytes = -1;
  folder->outside = !found && errno == EXDEV;
  folder->exists = found && S_ISDIR(st.st_mode);
  if( !folder->outside ) adcp_backup_dir_check(root, folder->path, &folder->unwritable);
  if( folder->unwritable.rc == ADCP_NOMEM ) adcp_error_move(err, &folder->unwritable);
  if( !folder->exists ) return;
  if( adcp_path_statvfs(root, folder->path, &space) == 0 ) {
    folder->free_bytes = (int64_t)space.f_bavail * (int64_t)space.f_frsize;
  }
  AdcpListing *listing =
      adcp_listing_open(root, folder->path, ADCP_MISSING_IS_EMPTY, checkpoint, unreadable);
  if( unreadable->rc && unreadable->rc != ADCP_PERM ) adcp_error_move(err, unreadable);
  while( listing && adcp_listing_take(listing, &entry, err) ) count_entry(folder, db, &entry);
  adcp_listing_close(listing);
  find_newest(folder, root, checkpoint, err);
}

static void member_known(AdcpJsonWriter *w, const char *key, int64_t value) {
  adcp_json_key(w, key);
  value >= 0 ? adcp_json_integer(w, value) : adcp_json_null(w);
}

static int64_t newest_age(const Folder *folder) {
  if( folder->newest->path == NULL || folder->newest->created == ADCP_CREATED_UNKNOWN ) return -1;
  int64_t age = adcp_clock_seconds() - folder->newest->created;
  return age > 0 ? age : 0;
}

static void write_folder(AdcpJsonWriter *w, const Folder *folder) {
  adcp_json_key(w, "backup_dir");
  adcp_json_begin_object(w);
  adcp_json_member_string(w, "path", folder->path);
  adcp_json_member_bool(w, "exists", folder->exists);
  adcp_json_member_integer(w, "backups", folder->backups);
  adcp_json_member_integer(w, "safety_backups", folder->safety_backups);
  adcp_json_member_integer(w, "damaged", folder->damaged);
  adcp_json_member_integer(w, "foreign", folder->foreign);
  adcp_json_member_integer(w, "total_size_bytes", folder->total_bytes);
  adcp_json_member_string(w, "newest", folder->newest->name);
  adcp_json_member_string(w, "newest_created_at", folder->newest->created_at);
  member_known(w, "newest_age_s", newest_age(folder));
  member_known(w, "free_bytes", folder->free_bytes);
  adcp_json_end_object(w);
}

/* ---- warnings ---- */

static void warn(AdcpJsonWriter *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(AdcpJsonWriter *w, const char *format, ...) {
  va_list args;
  AdcpBuf text = {0};
  va_start(args, format);
  adcp_buf_appendv(&text, format, args);
  va_end(args);
  const char *warning = adcp_buf_text(&text);
  w->buf->oom |= text.oom;
  adcp_json_string(w, warning);
  adcp_buf_free(&text);
}

/* A backup of another database in the same folder is none of this one. */
static void warn_of_age(AdcpJsonWriter *w, const Folder *folder, const char *max_age) {
  AdcpDuration duration;
  const AdcpListingEntry *own = &folder->own;
  if( own->path == NULL ) {
    warn(w, "there is no backup of this database's file yet in %s; the newest there, %s, is of %s",
         folder->path, folder->newest->name, folder->newest->database);
    return;
  }
  if( max_age == NULL || own->created == ADCP_CREATED_UNKNOWN ||
      !adcp_duration_parse(max_age, &duration) )
    return;
  if( own->created >= adcp_duration_before(adcp_clock_seconds(), &duration) ) return;
  warn(w, "the newest backup%s, %s of %s, is older than max_age (%s)",
       own == folder->newest ? "" : " of this database's file", own->name, own->created_at,
       max_age);
}

static void warn_of_future(AdcpJsonWriter *w, const Folder *folder) {
  if( folder->ahead_count == 0 ) return;
  warn(w,
       "%s is dated in the future, %s (%lld such backup%s): 'latest' and adcp_undo take it for the "
       "newest, adcp_prune neither counts nor deletes it; set the clock right if it is wrong now, "
       "or "
       "move what it dated out of the folder if it was",
       folder->ahead.name, folder->ahead.created_at, (long long)folder->ahead_count,
       folder->ahead_count == 1 ? "" : "s");
}

/* Where no backup could be written there is none for that reason. */
static void warn_of_access(AdcpJsonWriter *w, const Folder *folder) {
  if( folder->unwritable.rc ) {
    warn(w,
         "%s; until that is mended, or another one set with adcp_config('backup_dir', path), there "
         "is no %sbackup",
         adcp_error_message(&folder->unwritable), folder->newest->path ? "new " : "");
  }
  if( folder->unreadable.rc ) {
    warn(w, "%s; which backups are in it is not known", adcp_error_message(&folder->unreadable));
  }
}

static void write_warnings(AdcpJsonWriter *w, const AdcpRequest *request, const Folder *folder) {
  const AdcpListingEntry *broken = &folder->last_broken;
  const AdcpOptions *settings = adcp_config_options(request->config);
  adcp_json_key(w, "warnings");
  adcp_json_begin_array(w);
  if( folder->path == NULL ) {
    warn(w, "the database is in memory or temporary, and backup_dir is not set");
  } else if( folder->outside ) {
    warn(w, "%s lies outside of %s, the root of this connection; set backup_dir to a folder inside",
         folder->path, adcp_root_path(adcp_config_root(request->config)));
  } else if( folder->newest->path ) {
    warn_of_age(w, folder, adcp_options_text(settings, "max_age", NULL));
  } else if( folder->unwritable.rc == ADCP_OK && folder->unreadable.rc == ADCP_OK &&
             folder->ahead_count == 0 ) {
    warn(w, "there is no backup yet in %s", folder->path);
  }
  if( folder->newest->status != ADCP_BACKUP_OK ) {
    warn(w, "the newest backup, %s, is not valid: %s", folder->newest->name, folder->newest->error);
  } else if( broken->path &&
             (folder->newest->path == NULL || folder->newest->created <= broken->created) ) {
    warn(w, "the newest backup, %s, is not valid: %s", broken->name, broken->error);
  }
  warn_of_future(w, folder);
  warn_of_access(w, folder);
  if( folder->world_readable ) {
    warn(w, "%lld backup%s can be read by every user of this machine; chmod o-r them",
         (long long)folder->world_readable, folder->world_readable == 1 ? "" : "s");
  }
  adcp_json_end_array(w);
}

static void write_status(const AdcpRequest *request, AdcpBuf *report, AdcpError *err) {
  AdcpDb db = {request->handle, "main", err};
  AdcpError none = ADCP_ERROR_INIT;
  Folder folder;
  memset(&folder, 0, sizeof folder);
  folder.path = adcp_config_backup_dir(request->config, request->handle, "main", &none);
  if( none.rc == ADCP_NOMEM || none.rc == ADCP_INTERRUPT ) adcp_error_move(err, &none);
  folder.newest = &folder.own;
  if( folder.path ) {
    read_folder(&folder, &db, adcp_config_root(request->config),
                adcp_interrupt_checkpoint_of(request->handle));
  }
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  write_database(&w, &db);
  write_folder(&w, &folder);
  write_warnings(&w, request, &folder);
  adcp_json_end_object(&w);
  adcp_error_clear(&folder.unwritable);
  adcp_error_clear(&folder.unreadable);
  adcp_listing_entry_clear(&folder.ahead);
  adcp_listing_entry_clear(&folder.own);
  adcp_listing_entry_clear(&folder.of_others);
  adcp_listing_entry_clear(&folder.last_broken);
  adcp_free(folder.path);
  adcp_error_clear(&none);
}

/* ---- one backup ---- */

static void write_tables(AdcpJsonWriter *w, const AdcpArchiveHead *head) {
  adcp_json_key(w, "table_rows");
  adcp_json_begin_object(w);
  for( size_t i = 0; i < head->table_count; i++ ) {
    if( head->tables[i].table->kind != ADCP_TABLE_ORDINARY ) continue;
    adcp_json_member_integer(w, head->tables[i].table->name, head->tables[i].rows);
  }
  adcp_json_end_object(w);
}

static void write_backup(const AdcpRequest *request, const char *path, AdcpBuf *report,
                         AdcpError *err) {
  AdcpListingEntry entry;
  AdcpArchiveReader *archive = adcp_archive_reader_open_head_checked(
      adcp_config_root(request->config), path, adcp_interrupt_checkpoint_of(request->handle), err);
  if( archive == NULL ) return;
  adcp_listing_describe(&entry, path, adcp_archive_head(archive), err);
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "path", path);
  adcp_json_member_string(&w, "created_at", entry.created_at);
  adcp_json_member_string(&w, "format_version", entry.format_version);
  adcp_json_member_string(&w, "backup_type", entry.backup_type);
  adcp_json_member_string(&w, "compression", entry.compression);
  member_known(&w, "tables", entry.tables);
  member_known(&w, "rows", entry.rows);
  adcp_json_member_integer(&w, "size_bytes", adcp_archive_head(archive)->totals.file_bytes);
  member_known(&w, "uncompressed_bytes", entry.uncompressed_bytes);
  adcp_json_member_string(&w, "content_sha256", entry.content_sha256);
  adcp_json_member_string(&w, "note", entry.note);
  write_tables(&w, adcp_archive_head(archive));
  const char *metadata = adcp_archive_head(archive)->metadata;
  adcp_json_key(&w, "backup_metadata");
  adcp_json_raw(&w, metadata, strlen(metadata));
  adcp_json_end_object(&w);
  adcp_listing_entry_clear(&entry);
  adcp_archive_reader_close(archive);
}

void adcp_info(const AdcpRequest *request, AdcpBuf *report, AdcpError *err) {
  if( request->path == NULL ) {
    write_status(request, report, err);
    return;
  }
  AdcpDb db = {request->handle, "main", err};
  char *path = adcp_backup_dir_find(request->config, &db, request->path);
  if( path ) write_backup(request, path, report, err);
  adcp_error_name(err, request->path);
  adcp_free(path);
}
