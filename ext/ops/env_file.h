/*
** env_file.h - a .env file: NAME=value lines that sh and docker compose read alike.
*/
#ifndef ADCP_OPS_ENV_FILE_H
#define ADCP_OPS_ENV_FILE_H

#include "ops/text_list.h"

typedef struct AdcpEnvVariable {
  const char *name;
  const char *value; /* NULL: it was not set, or its value was left out */
  bool left_out;
} AdcpEnvVariable;

/* Appends the variable's line. One whose value was left out keeps its line of the current file;
** where that has none, and for one that was not set, a comment says so. A name that no shell takes
** is left out with a warning. */
void adcp_env_file_add(AdcpBuf *out, const AdcpEnvVariable *variable, const AdcpBuf *current,
                       AdcpTextList *warnings);

#endif
