/*
** environment.h - environment variables by name or glob, as a JSON object; and .env files.
*/
#ifndef ADCP_OPS_ENVIRONMENT_H
#define ADCP_OPS_ENVIRONMENT_H

#include "ops/options.h"
#include "ops/text_list.h"

/* What was found of the variables that an option asks for. */
typedef struct AdcpEnvironment {
  AdcpBuf json;       /* {"NAME":"value","OTHER":null,...}, names in bytewise order, each once */
  AdcpTextList names; /* the same names */
} AdcpEnvironment;

/* Option `option` (NAMES) says which: plain names, and SQLite GLOBs over all names that are set. A
** name that is not set becomes null with a warning, a glob that matches nothing a warning. A value
** that is not UTF-8 is kept with U+FFFD and a warning. */
void adcp_environment_read(AdcpEnvironment *environment, const AdcpOptions *options,
                           const char *option, AdcpTextList *warnings, AdcpError *err);
void adcp_environment_free(AdcpEnvironment *environment);

/* 1, true, yes, on, in any letter case: what counts as true in a variable. */
bool adcp_environment_truth(const char *text);

/* True for what a shell takes as the name of a variable. */
bool adcp_environment_name(const char *name);

/* How many bytes of the text that begins here are such a name; 0: none begins. */
size_t adcp_environment_name_size(const uint8_t *text, size_t n);

/* Appends NAME=value, without a line break: bare where that is safe everywhere, else in single
** quotes, which sh and docker compose read alike, else (the value has a single quote) in double quotes
** with escapes. False where it had to be quoted, which docker run --env-file does not undo. */
bool adcp_environment_line(AdcpBuf *out, const char *name, const char *value);

#endif
