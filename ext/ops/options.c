/*
** options.c - options documents (contract in options.h), parsed by cJSON.
*/
#include "ops/options.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

struct AdcpOptions {
  cJSON *root; /* NULL without options */
  const AdcpOptionSpec *specs;
  size_t count;
};

/* ---- nearest name ---- */

#define NEAREST_MAX 48 /* longest option name is 16; longer inputs are no misspelling of one */

/* Levenshtein distance of two texts shorter than NEAREST_MAX (Wagner and Fischer, one row). */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[NEAREST_MAX + 1], nb = strlen(b);
  for( size_t j = 0; j <= nb; j++ ) row[j] = j;
  for( size_t i = 1; a[i - 1]; i++ ) {
    size_t diagonal = row[0];
    row[0] = i;
    for( size_t j = 1; j <= nb; j++ ) {
      size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      size_t shifted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      row[j] = substituted < shifted ? substituted : shifted;
    }
  }
  return row[nb];
}

const char *adcp_nearest_name(const char *name, const char *const *known, size_t count) {
  const char *nearest = NULL;
  size_t least = strlen(name) / 2 + 1; /* half of it wrong is another word */
  if( strlen(name) >= NEAREST_MAX ) return NULL;
  for( size_t i = 0; i < count; i++ ) {
    if( strlen(known[i]) >= NEAREST_MAX ) continue;
    size_t distance = edit_distance(name, known[i]);
    if( distance <= least && (nearest == NULL || distance < least) ) {
      least = distance;
      nearest = known[i];
    }
  }
  return nearest;
}

/* ---- checks ---- */

static const AdcpOptionSpec *find_spec(const AdcpOptions *options, const char *name) {
  for( size_t i = 0; i < options->count; i++ ) {
    if( strcmp(options->specs[i].name, name) == 0 ) return &options->specs[i];
  }
  return NULL;
}

#define KNOWN_MAX 64 /* names that an error can list; a function has at most half as many */

static void fail_unknown(const AdcpOptions *options, const char *name, AdcpError *err) {
  const char *known[KNOWN_MAX] = {NULL};
  size_t count = options->count < KNOWN_MAX ? options->count : KNOWN_MAX;
  for( size_t i = 0; i < count; i++ ) known[i] = options->specs[i].name;
  const char *nearest = adcp_nearest_name(name, known, count);
  adcp_error_set(err, ADCP_ERROR, "unknown option \"%.60s\"", name);
  if( nearest ) {
    adcp_error_append(err, "; did you mean \"%s\"?", nearest);
    return;
  }
  adcp_error_append(err, "; known options are");
  for( size_t i = 0; i < count; i++ ) adcp_error_append(err, "%s %s", i ? "," : "", known[i]);
}

static void check_integer(const AdcpOptionSpec *spec, const cJSON *item, AdcpError *err) {
  if( cJSON_IsNumber(item) && item->valuedouble >= (double)spec->min &&
      item->valuedouble <= (double)spec->max &&
      item->valuedouble == (double)(int64_t)item->valuedouble ) {
    return;
  }
  adcp_error_set(err, ADCP_ERROR, "option \"%s\" must be a whole number from %lld to %lld",
                 spec->name, (long long)spec->min, (long long)spec->max);
}

static void check_text(const AdcpOptionSpec *spec, const cJSON *item, AdcpError *err) {
  if( !cJSON_IsString(item) ) {
    adcp_error_set(err, ADCP_ERROR, "option \"%s\" must be a string", spec->name);
    return;
  }
  if( spec->choices == NULL ) return;
  for( size_t i = 0; spec->choices[i]; i++ ) {
    if( strcmp(spec->choices[i], item->valuestring) == 0 ) return;
  }
  adcp_error_set(err, ADCP_ERROR, "option \"%s\" is \"%.60s\", but must be one of", spec->name,
                 item->valuestring);
  for( size_t i = 0; spec->choices[i]; i++ ) {
    adcp_error_append(err, "%s \"%s\"", i ? "," : "", spec->choices[i]);
  }
}

static bool all_strings(const cJSON *parent) {
  for( const cJSON *item = parent->child; item; item = item->next ) {
    if( !cJSON_IsString(item) ) return false;
  }
  return true;
}

static void check_value(const AdcpOptionSpec *spec, const cJSON *item, AdcpError *err) {
  switch( spec->type ) {
  case ADCP_OPTION_BOOL:
    if( !cJSON_IsBool(item) ) {
      adcp_error_set(err, ADCP_ERROR, "option \"%s\" must be true or false", spec->name);
    }
    break;
  case ADCP_OPTION_INTEGER: check_integer(spec, item, err); break;
  case ADCP_OPTION_TEXT: check_text(spec, item, err); break;
  case ADCP_OPTION_NAMES:
    if( !cJSON_IsString(item) && !(cJSON_IsArray(item) && all_strings(item)) ) {
      adcp_error_set(err, ADCP_ERROR, "option \"%s\" must be a string or an array of strings",
                     spec->name);
    }
    break;
  case ADCP_OPTION_MAP:
    if( !cJSON_IsObject(item) || !all_strings(item) ) {
      adcp_error_set(err, ADCP_ERROR, "option \"%s\" must be an object whose values are strings",
                     spec->name);
    }
    break;
  }
}

static void check_item(const AdcpOptions *options, const cJSON *item, AdcpError *err) {
  const AdcpOptionSpec *spec = find_spec(options, item->string);
  if( spec == NULL ) {
    fail_unknown(options, item->string, err);
    return;
  }
  for( const cJSON *other = options->root->child; other != item; other = other->next ) {
    if( strcmp(other->string, item->string) == 0 ) {
      adcp_error_set(err, ADCP_ERROR, "option \"%s\" is given twice", spec->name);
      return;
    }
  }
  if( !cJSON_IsNull(item) ) check_value(spec, item, err); /* null: as if it were not given */
}

static bool only_space(const char *text, const char *end) {
  while( text < end && strchr(" \t\r\n", *text) ) text++;
  return text >= end;
}

AdcpOptions *adcp_options_parse(const char *json, size_t n, const AdcpOptionSpec *specs,
                                size_t count, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpOptions *options = adcp_calloc(1, sizeof *options);
  if( options == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  options->specs = specs;
  options->count = count;
  if( json == NULL || n == 0 ) return options;
  if( n > ADCP_MAX_OPTIONS_BYTES ) {
    adcp_error_set(err, ADCP_TOOBIG, "the options are %zu bytes long; at most %d are read", n,
                   ADCP_MAX_OPTIONS_BYTES);
  } else {
    const char *end = json;
    options->root = cJSON_ParseWithLengthOpts(json, n, &end, 0);
    if( options->root == NULL ) {
      adcp_error_set(err, ADCP_ERROR, "the options are not JSON (byte %zu)", (size_t)(end - json));
    } else if( !cJSON_IsObject(options->root) || !only_space(end, json + n) ) {
      adcp_error_set(err, ADCP_ERROR, "the options must be one JSON object, such as {\"level\":6}");
    }
  }
  for( cJSON *item = options->root ? options->root->child : NULL; item && !err->rc;
       item = item->next ) {
    check_item(options, item, err);
  }
  if( err->rc ) {
    adcp_options_free(options);
    return NULL;
  }
  return options;
}

void adcp_options_free(AdcpOptions *options) {
  if( options == NULL ) return;
  cJSON_Delete(options->root);
  adcp_free(options);
}

/* ---- getters ---- */

static const cJSON *find(const AdcpOptions *options, const char *name) {
  assert(find_spec(options, name));
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(options->root, name);
  return item == NULL || cJSON_IsNull(item) ? NULL : item;
}

bool adcp_options_has(const AdcpOptions *options, const char *name) {
  return find(options, name) != NULL;
}

bool adcp_options_bool(const AdcpOptions *options, const char *name, bool otherwise) {
  const cJSON *item = find(options, name);
  return item ? cJSON_IsTrue(item) : otherwise;
}

int64_t adcp_options_integer(const AdcpOptions *options, const char *name, int64_t otherwise) {
  const cJSON *item = find(options, name);
  return item ? (int64_t)item->valuedouble : otherwise;
}

const char *adcp_options_text(const AdcpOptions *options, const char *name, const char *otherwise) {
  const cJSON *item = find(options, name);
  return item ? item->valuestring : otherwise;
}

size_t adcp_options_name_count(const AdcpOptions *options, const char *name) {
  const cJSON *item = find(options, name);
  if( item == NULL ) return 0;
  return cJSON_IsString(item) ? 1 : (size_t)cJSON_GetArraySize(item);
}

const char *adcp_options_name(const AdcpOptions *options, const char *name, size_t i) {
  const cJSON *item = find(options, name);
  return cJSON_IsString(item) ? item->valuestring : cJSON_GetArrayItem(item, (int)i)->valuestring;
}

size_t adcp_options_pair_count(const AdcpOptions *options, const char *name) {
  const cJSON *item = find(options, name);
  return item ? (size_t)cJSON_GetArraySize(item) : 0;
}

void adcp_options_pair(const AdcpOptions *options, const char *name, size_t i, const char **key,
                       const char **value) {
  const cJSON *pair = cJSON_GetArrayItem(find(options, name), (int)i);
  *key = pair->string;
  *value = pair->valuestring;
}
