/*
** lost.c - the power fails in the middle of a scenario (contract in lost.h).
**
** A scenario runs once, recorded. A state is a place in the log and a fate for everything that was
** not synced there: a write is on the disk, or not, or in some of its sectors, or its sectors hold
** anything; a name that was made, changed or removed is as before or as after; with the name of a
** folder goes what is in it. What was synced is there. In the first state of each place everything is there, as after kill -9; in the second
** nothing that was not synced is; the others follow from their number.
**
** The states of a place are made in the folder of the world and judged like those of a crash.
*/
#include "lost.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash.h"
#include "record.h"

#define SECTOR      512
#define MAX_NAMES   512
#define MAX_FOLDERS 8

/* ---- chance that can be repeated ---- */

static uint64_t seed;

static unsigned chance(unsigned n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(seed >> 33) % n;
}

typedef enum Fate { FATE_KEPT, FATE_LOST, FATE_TORN, FATE_GARBLED } Fate;

/* ---- a state of the disk ---- */

typedef struct Contents {
  char *bytes;
  size_t n;
} Contents;

typedef struct Name {
  const char *path; /* borrowed from the log */
  int file;         /* -1: no such name */
} Name;

static struct {
  Contents *files;
  int file_count;
  Name names[MAX_NAMES]; /* all that the log speaks of */
  int name_count;
  struct {
    const char *path; /* borrowed from the log, which makes it */
    bool is_there;
  } folders[MAX_FOLDERS];
  int folder_count;
} disk;

static void resize(Contents *file, size_t n) {
  file->bytes = realloc(file->bytes, n + 1);
  if( n > file->n ) memset(file->bytes + file->n, 0, n - file->n);
  file->n = n;
}

static void put(Contents *file, size_t offset, const char *bytes, size_t n) {
  if( offset + n > file->n ) resize(file, offset + n);
  if( n ) memcpy(file->bytes + offset, bytes, n); /* an empty write may have no bytes at all */
}

static void put_garbage(Contents *file, size_t offset, size_t n) {
  if( offset + n > file->n ) resize(file, offset + n);
  for( size_t i = 0; i < n; i++ ) file->bytes[offset + i] = (char)chance(256);
}

/* A write, sector by sector. */
static void apply_write(const Record *record, Fate fate) {
  Contents *file = &disk.files[record->file];
  size_t done = 0;
  while( done < record->n ) {
    size_t at = (size_t)record->offset + done;
    size_t n = SECTOR - at % SECTOR;
    if( n > record->n - done ) n = record->n - done;
    bool is_hit = chance(2);
    if( fate == FATE_KEPT || (fate == FATE_TORN && is_hit) ) {
      put(file, at, record->bytes + done, n);
    } else if( fate == FATE_GARBLED && is_hit ) {
      put_garbage(file, at, n);
    }
    done += n;
  }
}

static Name *name_of(const char *path) {
  for( int i = 0; i < disk.name_count; i++ ) {
    if( strcmp(disk.names[i].path, path) == 0 ) return &disk.names[i];
  }
  if( disk.name_count == MAX_NAMES ) abort();
  disk.names[disk.name_count] = (Name){path, -1};
  return &disk.names[disk.name_count++];
}

static void add_folder(const char *path) {
  if( disk.folder_count == MAX_FOLDERS ) abort();
  disk.folders[disk.folder_count].path = path;
  disk.folders[disk.folder_count++].is_there = false;
}

static void apply_folder(const Record *record) {
  for( int i = 0; i < disk.folder_count; i++ ) {
    if( disk.folders[i].path == record->path ) disk.folders[i].is_there = true;
  }
}

static void apply_name(const Record *record) {
  Name *name = name_of(record->path);
  switch( record->kind ) {
  case RECORD_CREATE:
  case RECORD_NAME: name->file = record->file; break;
  case RECORD_UNLINK: name->file = -1; break;
  case RECORD_RENAME:
    name_of(record->to)->file = record->file;
    name->file = -1;
    break;
  default: break;
  }
}

static bool is_about_names(const Record *record) {
  return record->kind == RECORD_CREATE || record->kind == RECORD_NAME ||
         record->kind == RECORD_RENAME || record->kind == RECORD_UNLINK ||
         record->kind == RECORD_MKDIR;
}

static bool is_in_folder(const char *path, const char *folder) {
  size_t n = strlen(folder);
  while( n && folder[n - 1] == '/' ) n--;
  return strncmp(path, folder, n) == 0 && path[n] == '/' && strchr(path + n + 1, '/') == NULL;
}

/* Whether what record i did is on the disk for sure at the place. */
static bool is_synced(const Record *log, long i, long place) {
  for( long j = i + 1; j < place; j++ ) {
    if( is_about_names(&log[i]) ) {
      if( log[j].kind == RECORD_SYNC_FOLDER && is_in_folder(log[i].path, log[j].path) ) return true;
    } else if( log[j].kind == RECORD_SYNC && log[j].file == log[i].file ) {
      return true;
    }
  }
  return false;
}

/* Writes: any of the four. Names: as before or as after, and often in order, as file systems with a
** journal keep them. */
static Fate choose(const Record *record, int variant, bool *order_broken) {
  if( variant < 2 ) return variant == 0 ? FATE_KEPT : FATE_LOST;
  bool in_order = variant % 2 == 0;
  if( !is_about_names(record) ) {
    return record->kind == RECORD_WRITE ? (Fate)chance(4) : (Fate)chance(2);
  }
  if( in_order && *order_broken ) return FATE_LOST;
  Fate fate = chance(3) ? FATE_KEPT : FATE_LOST;
  if( fate == FATE_LOST ) *order_broken = true;
  return fate;
}

static void begin_disk(const Record *log, long count) {
  int files;
  const RecordedFile *recorded = record_files(&files);
  for( int i = 0; i < disk.file_count; i++ ) free(disk.files[i].bytes);
  disk.files = realloc(disk.files, (size_t)files * sizeof *disk.files);
  disk.file_count = files;
  disk.name_count = disk.folder_count = 0;
  for( int i = 0; i < files; i++ ) {
    disk.files[i] = (Contents){NULL, 0};
    if( recorded[i].path ) put(&disk.files[i], 0, recorded[i].bytes, recorded[i].n);
  }
  /* Names of files that only their contents are changed of, and those that are changed. The database
  ** also when its connection was closed, after the log's end. */
  for( int i = 0; i < files; i++ ) {
    if( recorded[i].path && strstr(recorded[i].path, "/work.db") ) name_of(recorded[i].path);
  }
  for( long i = 0; i < count; i++ ) {
    const char *path = log[i].file >= 0 ? recorded[log[i].file].path : NULL;
    if( path ) name_of(path);
    if( log[i].kind == RECORD_MKDIR ) {
      add_folder(log[i].path);
    } else if( is_about_names(&log[i]) ) {
      name_of(log[i].path);
    }
    if( log[i].to ) name_of(log[i].to);
  }
  for( int i = 0; i < disk.name_count; i++ ) {
    for( int j = 0; j < files; j++ ) {
      bool same = recorded[j].path && strcmp(recorded[j].path, disk.names[i].path) == 0;
      if( same ) disk.names[i].file = j;
    }
  }
}

/* What is in a folder that is not there is not there either. */
static void empty_folder(const char *folder) {
  for( int i = 0; i < disk.name_count; i++ ) {
    if( is_in_folder(disk.names[i].path, folder) ) disk.names[i].file = -1;
  }
}

static void lose(const Record *log, long count, long place, int variant) {
  bool order_broken = false;
  seed = (uint64_t)place * 1000003u + (uint64_t)variant;
  begin_disk(log, count);
  for( long i = 0; i < place; i++ ) {
    const Record *record = &log[i];
    Fate fate = is_synced(log, i, place) ? FATE_KEPT : choose(record, variant, &order_broken);
    if( record->kind == RECORD_MKDIR ) {
      if( fate == FATE_KEPT ) apply_folder(record);
    } else if( is_about_names(record) ) {
      if( fate == FATE_KEPT ) apply_name(record);
    } else if( record->kind == RECORD_WRITE ) {
      apply_write(record, fate);
    } else if( record->kind == RECORD_TRUNCATE && fate == FATE_KEPT ) {
      resize(&disk.files[record->file], (size_t)record->offset);
    }
  }
  for( int i = 0; i < disk.folder_count; i++ ) {
    if( !disk.folders[i].is_there ) empty_folder(disk.folders[i].path);
  }
}

/* The files of the folder become those of the state. */
static void write_disk(void) {
  unlink(world_path("work.db-shm")); /* is no file to SQLite, which makes it anew */
  for( int i = 0; i < disk.folder_count; i++ ) mkdir(disk.folders[i].path, 0700);
  for( int i = 0; i < disk.name_count; i++ ) {
    const Name *name = &disk.names[i];
    unlink(name->path);
    if( name->file < 0 ) continue;
    const Contents *file = &disk.files[name->file];
    FILE *out = fopen(name->path, "wb");
    if( file->n ) fwrite(file->bytes, 1, file->n, out);
    fclose(out);
  }
  for( int i = 0; i < disk.folder_count; i++ ) {
    if( !disk.folders[i].is_there ) rmdir(disk.folders[i].path);
  }
}

/* ---- judging ---- */

/* A backup that was reported is there. */
static void judge_reported(const Case *c, bool returned) {
  if( !returned || c->scenario->kind != SCENARIO_BACKUP || c->scenario->old_file ) return;
  if( !file_exists(c->target) ) case_complain(c, "the backup was reported and is gone");
}

static void judge_state(Case *c, const Record *log, long count, long place, int variant,
                        const Reference *reference) {
  bool returned = place > 0 && log[place - 1].kind == RECORD_RETURN;
  c->at = place * 1000 + variant;
  c->rc = SQLITE_ERROR;
  lose(log, count, place, variant);
  write_disk();
  judge_reported(c, returned);
  judge_after_crash(c, returned && reference->succeeds, reference);
  sqlite3_close(c->db);
  totals.cases++;
}

/* The call, recorded; without a fault. */
static void record_call(Case *c) {
  record_begin(world_text("@", ""));
  case_run(c);
  record_return();
  record_end();
}

static void lose_scenario(const Scenario *scenario, long points) {
  static const Mode mode = {FAULT_NONE, 0, false, "power failure", NULL, 0};
  Reference reference;
  Case c = {.scenario = scenario, .mode = &mode};
  long count, violations = totals.violations, cases = totals.cases;
  case_reference(scenario, &mode, &reference);
  case_open(&c);
  case_look_side(&c, &c.before);
  record_call(&c);
  const Record *log = record_log(&count);
  sqlite3_close(c.db);
  /* Each place with some fates, or some places with three. */
  long variants = points / (count + 1) < 3 ? 3 : points / (count + 1);
  double stride = (double)(count + 1) * (double)variants / (double)points;
  if( stride < 1 ) stride = 1;
  for( double at = 0; (long)at <= count; at += stride ) {
    for( long v = 0; v < variants; v++ ) {
      judge_state(&c, log, count, (long)at, (int)v, &reference);
    }
  }
  case_remove_files(&c);
  printf("%-38s power failure                %7ld operations %6ld states%s\n", scenario->name,
         count, totals.cases - cases, totals.violations > violations ? "  VIOLATED" : "");
  fflush(stdout);
}

/* The states of a scenario at most, when no number is given. */
#define MAX_STATES 2000

void lost_run(const char *only_scenario, long points, bool brief) {
  for( size_t s = 0; s < scenario_count; s++ ) {
    const Scenario *scenario = &scenarios[s];
    if( !text_has(scenario->name, only_scenario) || (brief && scenario->long_only) ) continue;
    if( scenario->kind == SCENARIO_READ && scenario->side[0] == NULL ) continue;
    lose_scenario(scenario, points < MAX_STATES ? points : MAX_STATES);
  }
}
