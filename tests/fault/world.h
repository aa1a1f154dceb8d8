/*
** world.h - the databases, files and observations of the fault driver.
**
** A world is a scratch folder with template databases and backups of them, made once without
** faults:
**
**     source.db    every construct; what backups are made of
**     other.db     another database with some names in common; what is restored over
**     large.db     two tables of more than 4 MiB each, in few pages
**     like.db      source.db's schema with other rows
**     empty.db     nothing
**     legacy.db    the schema of version 2.0, with its rows
**     good.json.gz good.json good.json.zst part.json.gz data.json.gz big.json.gz large.json.gz
**     damaged.json.gz
**     settings.json.gz foreign.json.zst legacy.json
**     config.json app.json      of settings
**     NAME.old                  what stands at NAME before a case: side files of scenarios
**
** Each case works on a copy named work.db and observes the world before and after.
*/
#ifndef ADCP_TESTS_FAULT_WORLD_H
#define ADCP_TESTS_FAULT_WORLD_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_BYTES    512
#define MESSAGE_BYTES 2048

void world_make(void); /* below TMPDIR */
void world_remove(void);
const char *world_path(const char *name); /* in the folder; valid for some calls */

/* text with "@" as the folder and "%s" as file. Valid for two calls. */
const char *world_text(const char *text, const char *file);

void file_copy(const char *from, const char *to);
uint64_t file_hash(const char *path);                 /* 0 without a file */
uint64_t file_hash_start(const char *path, size_t n); /* of its first n bytes */
long file_size(const char *path);                     /* -1 without a file */
bool file_ends_a_line(const char *path);              /* or is empty */
bool file_exists(const char *path);

/* Opens with adcp registered and the application's functions and collations. */
sqlite3 *world_open(const char *path);
/* The first column of the first row; "" without. The message of an error with its code otherwise.
** */
int world_run(sqlite3 *db, const char *sql, char out[MESSAGE_BYTES]);

/* A number for everything that a database holds: schema texts, rows of all tables, figures. */
uint64_t world_content(sqlite3 *db, const char *schema);

/* Settings of the connection as text, to be compared. */
void world_settings(sqlite3 *db, char out[MESSAGE_BYTES]);

int world_descriptors(void);
int world_threads(int expected);
int world_temp_files(void);    /* of ours in the folder */
bool world_sound(sqlite3 *db); /* PRAGMA integrity_check says ok */

#endif
