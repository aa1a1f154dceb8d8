/*
** env_file.h - a .env file: NAME=value lines that sh and docker compose read alike.
**
** The file that is there is edited: the lines of variables with a value in the backup are replaced,
** every other byte stays. So nothing is lost of a file that means more than is understood here, and
** a value that the backup left out needs nothing to stay.
*/
#ifndef ADCP_OPS_ENV_FILE_H
#define ADCP_OPS_ENV_FILE_H

#include "ops/text_list.h"

typedef struct AdcpEnvVariable {
  const char *name;
  const char *value; /* NULL: it was not set, or its value was left out */
  bool left_out;
} AdcpEnvVariable;

/* Brings the variables into the text of a .env file; takes time with the sum of their sizes. The last
** assignment of each, the one in force, is replaced; where the line says more than that assignment, or
** a later one assigns it behind another, it stays, and the new one is added at the end. One without a value keeps its lines (with a warning if
** it was not set); where the file has none, a comment says so. So does one whose value has U+FFFD, which the
** backup has for what is not UTF-8: where the file has no line of it, that value comes with a warning. A name that no shell takes is left out
** with a warning; of several of one name the last counts. On error the text is as it was. */
void adcp_env_file_edit(AdcpBuf *text, const AdcpEnvVariable *variables, size_t count,
                        AdcpTextList *warnings, AdcpError *err);

#endif
