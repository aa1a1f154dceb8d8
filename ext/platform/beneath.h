/*
** beneath.h - opens a path below a folder's descriptor without ever leaving the folder.
*/
#ifndef ADCP_PLATFORM_BENEATH_H
#define ADCP_PLATFORM_BENEATH_H

#include <stdbool.h>
#include <sys/types.h>

/* As openat(folder, path, flags, mode), but EXDEV when any step would leave the folder: "..", a
** link that is absolute or climbs too far. Safe against whoever changes links and folders
** meanwhile. by_walk: without openat2. */
int adcp_beneath_open(int folder, const char *path, int flags, mode_t mode, bool by_walk);

/* Whether openat2 is there: 0, or the errno with which it refuses an ordinary folder. */
int adcp_beneath_try(int folder);

#endif
