/*
** adcp.h - backs up, validates and restores SQLite databases from SQL.
**
** The usual way in is a loadable extension: `.load ./adcp` in the shell, sqlite3_load_extension in
** a program. A program that links libadcp.a (built with -DSQLITE_CORE) registers it for every new
** connection:
**
**     sqlite3_auto_extension((void (*)(void))sqlite3_adcp_init);
**
** or calls sqlite3_adcp_init(db, &message, NULL) for one. `make libs` prints what to link besides:
** -lsqlite3 -ldeflate -lz -lzstd -lcjson -lnettle -lpthread -ldl, and -lisal where there is one.
*/
#ifndef ADCP_H
#define ADCP_H

#include <sqlite3.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADCP_VERSION        "0.1.0"
#define ADCP_VERSION_NUMBER 1000 /* major * 1000000 + minor * 1000 + patch */

struct sqlite3_api_routines;

/* Registers the functions on db: all of them, or none and an error. Where they are registered already,
** also by another copy of the library, they stay as they are, with their settings and their root; a
** copy of another version is an error. On an error *message (may be
** NULL) is a text to be freed with sqlite3_free. Oldest SQLite served: 3.40.0. */
#ifdef ADCP_EXPORT
ADCP_EXPORT
#endif
int sqlite3_adcp_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api);

/*
** A root: an application that runs SQL, or passes on paths, of people whom it does not trust holds
** all paths of the connection inside a folder, before they get it:
**
**     sqlite3_prepare_v2(db, "SELECT adcp_config('root', ?1)", -1, &stmt, NULL);
**     sqlite3_bind_text(stmt, 1, "/srv/tenants/17", -1, SQLITE_STATIC);
**     if( sqlite3_step(stmt) != SQLITE_ROW ) ...  no connection for them: sqlite3_errmsg says why
**
** From then on it can be narrowed only. See docs/config.md for what it holds.
*/

/*
** Progress: an application that wants to be told while a backup, restore or validation goes on
** gives a hook to the connection, through SQL, so that it works the same for the loaded extension
** and the linked library:
**
**     static int show(void *context, const adcp_progress *now){ ...; return 0; }
**     static const adcp_progress_hook hook = {show, &my_window};
**
**     sqlite3_prepare_v2(db, "SELECT adcp_config('progress_callback', ?1)", -1, &stmt, NULL);
**     sqlite3_bind_pointer(stmt, 1, (void *)&hook, ADCP_PROGRESS_POINTER, NULL);
**     sqlite3_step(stmt);
**
** The hook has to live until the connection is closed, or until it is taken away with
** adcp_config('progress_callback', NULL). It is called from the thread that runs the statement, at
** most some ten times a second and once at the end. It must not use the connection. If it returns
** anything but 0, the operation ends as after sqlite3_interrupt.
*/
#define ADCP_PROGRESS_POINTER "adcp_progress_hook"

typedef struct adcp_progress {
  const char *operation; /* "adcp_backup" (also a restore's safety backup), "adcp_restore",
                         ** "adcp_undo", "adcp_validate" */
  const char *stage;     /* "rows", "verify" (a restore reads its tables again), "done" */
  const char *table;     /* whose rows are moving, or NULL; valid during the call */
  sqlite3_int64 tables_done, tables_total;
  sqlite3_int64 rows_done, rows_total; /* of the stage */
  sqlite3_int64 bytes_done;            /* of row text so far */
  sqlite3_int64 elapsed_ms;
} adcp_progress;

typedef int (*adcp_progress_callback)(void *context, const adcp_progress *progress);

typedef struct adcp_progress_hook {
  adcp_progress_callback xProgress;
  void *context;
} adcp_progress_hook;

#ifdef __cplusplus
}
#endif

#endif
