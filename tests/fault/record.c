/*
** record.c - a log of what reaches the files of a folder (contract in record.h).
*/
#include "record.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILES 512

static struct {
  bool on;
  char folder[256];
  Record *log;
  long count, capacity;
  RecordedFile files[MAX_FILES];
  ino_t inodes[MAX_FILES];
  int file_count;
} state;

bool record_is_on(void) {
  return state.on;
}

const Record *record_log(long *count) {
  *count = state.count;
  return state.log;
}

const RecordedFile *record_files(int *count) {
  *count = state.file_count;
  return state.files;
}

static void forget(void) {
  for( long i = 0; i < state.count; i++ ) {
    free(state.log[i].bytes);
    free(state.log[i].path);
    free(state.log[i].to);
  }
  for( int i = 0; i < state.file_count; i++ ) {
    free(state.files[i].path);
    free(state.files[i].bytes);
  }
  state.count = state.file_count = 0;
}

static int new_file(ino_t inode) {
  if( state.file_count == MAX_FILES ) {
    fprintf(stderr, "too many files to record\n");
    exit(2);
  }
  state.files[state.file_count] = (RecordedFile){NULL, NULL, 0};
  state.inodes[state.file_count] = inode;
  return state.file_count++;
}

/* The newest of that inode: numbers of files that are gone are used again. -1: not of the folder. */
static int file_of(ino_t inode) {
  for( int i = state.file_count; i-- > 0; ) {
    if( state.inodes[i] == inode ) return i;
  }
  return -1;
}

/* ---- the beginning ---- */

static void take_file(const char *path, const struct stat *st) {
  RecordedFile *file = &state.files[new_file(st->st_ino)];
  file->path = strdup(path);
  file->bytes = malloc((size_t)st->st_size + 1);
  FILE *in = fopen(path, "rb");
  file->n = in ? fread(file->bytes, 1, (size_t)st->st_size, in) : 0;
  if( in ) fclose(in);
}

static void take_folder(const char *folder, int depth) {
  DIR *dir = opendir(folder);
  struct dirent *entry;
  while( dir && (entry = readdir(dir)) != NULL ) {
    char path[1024];
    struct stat st;
    if( entry->d_name[0] == '.' && entry->d_name[1 + (entry->d_name[1] == '.')] == 0 ) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if( stat(path, &st) != 0 ) continue;
    if( S_ISREG(st.st_mode) ) take_file(path, &st);
    if( S_ISDIR(st.st_mode) && depth ) take_folder(path, depth - 1);
  }
  if( dir ) closedir(dir);
}

void record_begin(const char *folder) {
  forget();
  snprintf(state.folder, sizeof state.folder, "%s", folder);
  take_folder(folder, 1);
  state.on = true;
}

void record_end(void) {
  state.on = false;
}

/* ---- operations ---- */

static Record *add(RecordKind kind, int file) {
  if( state.count == state.capacity ) {
    state.capacity = state.capacity ? 2 * state.capacity : 256;
    state.log = realloc(state.log, (size_t)state.capacity * sizeof *state.log);
  }
  Record *record = &state.log[state.count++];
  *record = (Record){.kind = kind, .file = file};
  return record;
}

/* Paths have one spelling here: the callers'. Those outside the folder are nobody's concern. */
static bool is_inside(const char *path) {
  return state.on && path && strncmp(path, state.folder, strlen(state.folder)) == 0;
}

void record_return(void) {
  if( state.on ) add(RECORD_RETURN, -1);
}

void record_open(const char *path, ino_t inode, bool was_there) {
  if( !is_inside(path) || was_there ) return;
  add(RECORD_CREATE, new_file(inode))->path = strdup(path);
}

void record_write(ino_t inode, const void *bytes, size_t n, off_t offset) {
  int file = state.on ? file_of(inode) : -1;
  if( file < 0 ) return;
  Record *record = add(RECORD_WRITE, file);
  record->bytes = malloc(n + 1);
  memcpy(record->bytes, bytes, n);
  record->n = n;
  record->offset = offset;
}

void record_truncate(ino_t inode, off_t size) {
  int file = state.on ? file_of(inode) : -1;
  if( file >= 0 ) add(RECORD_TRUNCATE, file)->offset = size;
}

void record_sync(ino_t inode) {
  int file = state.on ? file_of(inode) : -1;
  if( file >= 0 ) add(RECORD_SYNC, file);
}

void record_sync_folder(const char *folder) {
  if( is_inside(folder) ) add(RECORD_SYNC_FOLDER, -1)->path = strdup(folder);
}

void record_link(const char *path, ino_t inode) {
  if( is_inside(path) ) add(RECORD_NAME, file_of(inode))->path = strdup(path);
}

void record_rename(const char *path, const char *to, ino_t inode) {
  if( !is_inside(path) ) return;
  Record *record = add(RECORD_RENAME, file_of(inode));
  record->path = strdup(path);
  record->to = strdup(to);
}

void record_unlink(const char *path) {
  if( is_inside(path) ) add(RECORD_UNLINK, -1)->path = strdup(path);
}

void record_mkdir(const char *path) {
  if( is_inside(path) ) add(RECORD_MKDIR, -1)->path = strdup(path);
}
