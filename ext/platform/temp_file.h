/*
** temp_file.h - the named, locked temporary file that becomes a backup when it is committed.
**
** Named ".<name>.<pid>-<n>.adcp-tmp" beside its target and held with flock as long as it is open.
** Whoever can take the lock knows that the writer is gone: the file is a leftover.
*/
#ifndef ADCP_PLATFORM_TEMP_FILE_H
#define ADCP_PLATFORM_TEMP_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "platform/root.h"

/* Makes and locks a new temporary file of mode 0600 in the target's folder. Returns its descriptor
** and, in *name, its name there (the caller frees it with adcp_free); -1 with err set. */
int adcp_temp_file_open(const AdcpPlace *target, char **name, AdcpError *err);

/* True for names of the pattern above. */
bool adcp_temp_file_name(const char *name);

/* Removes leftovers, of any target, in a folder. Failures do not matter: the next writer tries
** again. */
void adcp_temp_file_remove_leftovers(int folder);

/* The folder of a path, "." when it names none. NULL when out of memory; the caller frees it. */
char *adcp_path_folder(const char *path);

/* The name behind the last '/'. Borrows path. */
const char *adcp_path_name(const char *path);

#endif
