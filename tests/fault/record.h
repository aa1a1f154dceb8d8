/*
** record.h - a log of what reaches the files of a folder, ours and SQLite's, in its order.
**
** The injector (inject.c, vfs.c) tells every operation that succeeded; between record_begin and
** record_end those on files of the folder are kept, with their bytes. The files that are there at
** the beginning, and what they hold, count as safely on the disk.
**
** Files are told apart by inode: a file keeps its number when it is renamed or linked.
*/
#ifndef ADCP_TESTS_FAULT_RECORD_H
#define ADCP_TESTS_FAULT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef enum RecordKind {
  RECORD_CREATE,      /* path, file */
  RECORD_WRITE,       /* file, offset, n, bytes */
  RECORD_TRUNCATE,    /* file, offset: its size afterwards */
  RECORD_SYNC,        /* file: what was written to it is on the disk */
  RECORD_NAME,        /* link: path, file */
  RECORD_RENAME,      /* path, to, file */
  RECORD_UNLINK,      /* path */
  RECORD_MKDIR,       /* path */
  RECORD_SYNC_FOLDER, /* path: what was done to its names is on the disk */
  RECORD_RETURN       /* the call under test came back */
} RecordKind;

typedef struct Record {
  RecordKind kind;
  int file;
  off_t offset;
  size_t n;
  char *bytes;
  char *path, *to;
} Record;

typedef struct RecordedFile {
  char *path; /* at the beginning; NULL for one that was made later */
  char *bytes;
  size_t n;
} RecordedFile;

void record_begin(const char *folder);
void record_return(void);
void record_end(void); /* what was recorded stays until the next record_begin */

const Record *record_log(long *count);
const RecordedFile *record_files(int *count);

/* ---- for the injector; each is nothing while nothing is recorded ---- */

bool record_is_on(void);
void record_open(const char *path, ino_t inode, bool was_there);
void record_write(ino_t inode, const void *bytes, size_t n, off_t offset);
void record_truncate(ino_t inode, off_t size);
void record_sync(ino_t inode);
void record_sync_folder(const char *folder);
void record_link(const char *path, ino_t inode);
void record_rename(const char *path, const char *to, ino_t inode);
void record_unlink(const char *path);
void record_mkdir(const char *path);

#endif
