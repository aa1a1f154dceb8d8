/*
** name.h - names as SQLite compares them: letters of ASCII in any case, all other bytes exactly.
*/
#ifndef ADCP_BASE_NAME_H
#define ADCP_BASE_NAME_H

#include <stdbool.h>

/* The byte, in lower case if it is a letter of ASCII. */
char adcp_name_fold(char c);

/* True when SQLite takes the two for one name. */
bool adcp_name_equal(const char *a, const char *b);

/* True when the name begins with that, likewise. */
bool adcp_name_begins(const char *name, const char *prefix);

#endif
