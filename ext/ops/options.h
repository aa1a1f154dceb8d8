/*
** options.h - the options document of a function: one JSON object, checked against a table.
**
** Every function states its options in an array of AdcpOptionSpec. Parsing checks that the text is
** one JSON object without duplicate keys, that every key is known (an unknown one is answered with
** the nearest known) and that every value has its type and range. Getters then cannot fail.
**
** The settings of a connection (config.h) are options too; those that a function knows are the
** defaults of what its document does not say.
*/
#ifndef ADCP_OPS_OPTIONS_H
#define ADCP_OPS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

typedef enum AdcpOptionType {
  ADCP_OPTION_BOOL,
  ADCP_OPTION_INTEGER, /* whole number from min to max */
  ADCP_OPTION_TEXT,    /* a string; one of choices if there are any */
  ADCP_OPTION_SWITCH,  /* a bool, or a string that says more than true does */
  ADCP_OPTION_NAMES,   /* a string, or an array of strings */
  ADCP_OPTION_MAP,     /* an object whose values are strings */
  ADCP_OPTION_TARGETS, /* the same, about one call (files to write, rows): never from defaults */
  ADCP_OPTION_DURATION /* a string such as "1y6m", "7d12h" (duration.h) */
} AdcpOptionType;

typedef struct AdcpOptionSpec {
  const char *name;
  AdcpOptionType type;
  int64_t min, max;           /* INTEGER */
  const char *const *choices; /* TEXT: NULL-terminated list, or NULL for any text */
} AdcpOptionSpec;

typedef struct AdcpOptionTable {
  const AdcpOptionSpec *specs;
  size_t count;
  const char *noun; /* for messages: "option", "setting" */
} AdcpOptionTable;

typedef struct AdcpOptions AdcpOptions;

/* json NULL or "" means no options. table is borrowed for the life of the result. A key that json
** does not give, or gives as null, is copied from defaults (may be NULL), if it is there with the
** same type. NULL on error (ADCP_ERROR; ADCP_TOOBIG above ADCP_MAX_OPTIONS_BYTES). */
AdcpOptions *adcp_options_parse(const char *json, size_t n, const AdcpOptionTable *table,
                                const AdcpOptions *defaults, AdcpError *err);
void adcp_options_free(AdcpOptions *options);

/* Sets one option to a value that is JSON text, checked as by parse; null takes it away. On an
** error nothing changes. */
void adcp_options_set(AdcpOptions *options, const char *name, const char *json, size_t n,
                      AdcpError *err);

/* The spec of a name; an error that names the nearest, and NULL, when it is not known. */
const AdcpOptionSpec *adcp_options_spec(const AdcpOptions *options, const char *name,
                                        AdcpError *err);

/* Appends a value as JSON; null when absent. */
void adcp_options_write(const AdcpOptions *options, const char *name, AdcpBuf *out);

bool adcp_options_has(const AdcpOptions *options, const char *name);
bool adcp_options_bool(const AdcpOptions *options, const char *name, bool otherwise);
int64_t adcp_options_integer(const AdcpOptions *options, const char *name, int64_t otherwise);

/* TEXT; SWITCH: NULL where it is true or false. */
const char *adcp_options_text(const AdcpOptions *options, const char *name, const char *otherwise);

/* NAMES: how many, and each; 0 when absent. Borrowed. */
size_t adcp_options_name_count(const AdcpOptions *options, const char *name);
const char *adcp_options_name(const AdcpOptions *options, const char *name, size_t i);

/* MAP: how many pairs, and each. Borrowed. */
size_t adcp_options_pair_count(const AdcpOptions *options, const char *name);
void adcp_options_pair(const AdcpOptions *options, const char *name, size_t i, const char **key,
                       const char **value);

/* Adds "did you mean ...?" with the known name of the smallest edit distance to `name`. False when
** none is close: then something else has to help. */
bool adcp_error_append_nearest(AdcpError *err, const char *name, const char *const *known,
                               size_t count);

#endif
