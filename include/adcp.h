/*
** adcp.h - backs up, validates and restores SQLite databases from SQL.
**
** The usual way in is a loadable extension: `.load ./adcp` in the shell, sqlite3_load_extension in a
** program. A program that links libadcp.a (built with -DSQLITE_CORE) registers it for every new connection:
**
**     sqlite3_auto_extension((void (*)(void))sqlite3_adcp_init);
**
** or calls sqlite3_adcp_init(db, &message, NULL) for one. Link with -lsqlite3 -ldeflate -lz -lcjson -lcrypto -lpthread.
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

/* Registers the functions on db: all of them, or none and an error. On an error *message (may be NULL) is a text
** to be freed with sqlite3_free. Oldest SQLite served: 3.40.0. */
#ifdef ADCP_EXPORT
ADCP_EXPORT
#endif
int sqlite3_adcp_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api);

#ifdef __cplusplus
}
#endif

#endif
