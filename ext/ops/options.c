/*
** options.c - options documents (contract in options.h), parsed by cJSON.
*/
#include "ops/options.h"

#include <assert.h>
#include <string.h>

#include "archive/json_parts.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/number.h"
#include "ops/duration.h"
#include "ops/json_tree.h"

/* The elements of an array or object, which cJSON has in a chain. */
typedef struct List {
  const cJSON **items; /* owned */
  size_t count;
} List;

struct AdcpOptions {
  cJSON *root; /* an object */
  const AdcpOptionTable *table;
  List *lists; /* owned: for each spec of the table */
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

static const char *nearest_name(const char *name, const char *const *known, size_t count) {
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

bool adcp_error_append_nearest(AdcpError *err, const char *name, const char *const *known,
                               size_t count) {
  const char *nearest = nearest_name(name, known, count);
  if( nearest ) adcp_error_append(err, "; did you mean \"%s\"?", nearest);
  return nearest != NULL;
}

/* ---- checks ---- */

static const AdcpOptionSpec *find_spec(const AdcpOptionTable *table, const char *name) {
  for( size_t i = 0; i < table->count; i++ ) {
    if( strcmp(table->specs[i].name, name) == 0 ) return &table->specs[i];
  }
  return NULL;
}

#define KNOWN_MAX 64 /* names that an error can list; all functions together have fewer */

static void fail_unknown(const AdcpOptionTable *table, const char *name, AdcpError *err) {
  const char *known[KNOWN_MAX] = {NULL};
  size_t count = table->count < KNOWN_MAX ? table->count : KNOWN_MAX;
  for( size_t i = 0; i < count; i++ ) known[i] = table->specs[i].name;
  adcp_error_set(err, ADCP_ERROR, "unknown %s \"%.60s\"", table->noun, name);
  if( adcp_error_append_nearest(err, name, known, count) ) return;
  adcp_error_append(err, "; known %ss are", table->noun);
  for( size_t i = 0; i < count; i++ ) adcp_error_append(err, "%s %s", i ? "," : "", known[i]);
}

static bool integer_fits(const AdcpOptionSpec *spec, const cJSON *item) {
  return cJSON_IsNumber(item) && item->valuedouble >= (double)spec->min &&
         item->valuedouble <= (double)spec->max &&
         item->valuedouble == (double)(int64_t)item->valuedouble;
}

static bool is_choice(const AdcpOptionSpec *spec, const char *text) {
  for( size_t i = 0; spec->choices[i]; i++ ) {
    if( strcmp(spec->choices[i], text) == 0 ) return true;
  }
  return false;
}

static void check_choice(const AdcpOptionTable *table, const AdcpOptionSpec *spec, const char *text,
                         AdcpError *err) {
  if( spec->choices == NULL || is_choice(spec, text) ) return;
  adcp_error_set(err, ADCP_ERROR, "%s \"%s\" is \"%.60s\", but must be one of", table->noun,
                 spec->name, text);
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

/* A name twice in a map of names, of which one value would be taken. */
static void check_pairs(const AdcpOptionTable *table, const AdcpOptionSpec *spec, const cJSON *item,
                        AdcpError *err) {
  AdcpMap names = {0};
  for( const cJSON *pair = item->child; pair && !err->rc; pair = pair->next ) {
    const char *name = pair->string;
    if( adcp_map_put(&names, name, strlen(name), (void *)pair, err) ) {
      adcp_error_set(err, ADCP_ERROR, "%s \"%s\": \"%.100s\" is given twice", table->noun,
                     spec->name, name);
    }
  }
  adcp_map_free(&names);
}

static void check_value(const AdcpOptionTable *table, const AdcpOptionSpec *spec, const cJSON *item,
                        AdcpError *err) {
  AdcpDuration duration;
  bool good = true;
  const char *wanted = "";
  switch( spec->type ) {
  case ADCP_OPTION_BOOL:
    good = cJSON_IsBool(item);
    wanted = "true or false";
    break;
  case ADCP_OPTION_INTEGER:
    if( integer_fits(spec, item) ) break;
    adcp_error_set(err, ADCP_ERROR, "%s \"%s\" must be a whole number from %lld to %lld",
                   table->noun, spec->name, (long long)spec->min, (long long)spec->max);
    break;
  case ADCP_OPTION_TEXT:
    good = cJSON_IsString(item);
    wanted = "a string";
    if( good ) check_choice(table, spec, item->valuestring, err);
    break;
  case ADCP_OPTION_SWITCH:
    good = cJSON_IsBool(item) || cJSON_IsString(item);
    wanted = "true, false or a string";
    break;
  case ADCP_OPTION_NAMES:
    good = cJSON_IsString(item) || (cJSON_IsArray(item) && all_strings(item));
    wanted = "a string or an array of strings";
    break;
  case ADCP_OPTION_MAP:
  case ADCP_OPTION_TARGETS:
    good = cJSON_IsObject(item) && all_strings(item);
    if( good && spec->type == ADCP_OPTION_MAP ) check_pairs(table, spec, item, err);
    wanted = "an object whose values are strings";
    break;
  case ADCP_OPTION_DURATION:
    good = cJSON_IsString(item) && adcp_duration_parse(item->valuestring, &duration);
    wanted = "a duration in years, months, days and hours, such as \"1y6m\" or \"7d12h\"";
    break;
  }
  if( !good )
    adcp_error_set(err, ADCP_ERROR, "%s \"%s\" must be %s", table->noun, spec->name, wanted);
}

static void check_item(const AdcpOptions *options, const cJSON *item, AdcpError *err) {
  const AdcpOptionSpec *spec = find_spec(options->table, item->string);
  if( spec == NULL ) {
    fail_unknown(options->table, item->string, err);
    return;
  }
  for( const cJSON *other = options->root->child; other != item; other = other->next ) {
    if( strcmp(other->string, item->string) == 0 ) {
      adcp_error_set(err, ADCP_ERROR, "%s \"%s\" is given twice", options->table->noun, spec->name);
      return;
    }
  }
  if( !cJSON_IsNull(item) ) check_value(options->table, spec, item, err);
}

/* ---- parsing ---- */

static bool only_space(const char *text, const char *end) {
  while( text < end && *text && strchr(" \t\r\n", *text) ) text++;
  return text >= end;
}

/* A NUL would end the string that it stands in, for us. Valid JSON has backslashes in strings
** only. */
static bool has_nul(const char *json, size_t n) {
  for( size_t i = 0; i + 5 < n; i++ ) {
    if( json[i] != '\\' ) continue;
    if( memcmp(json + i, "\\u0000", 6) == 0 ) return true;
    i++;
  }
  return false;
}

/* Behind a number, or its first byte where it is none, as 06 and 6. are none. */
static const char *skip_number(const char *at, const char *end, bool *good) {
  const char *start = at;
  while( at < end && *at && strchr("+-.eE0123456789", *at) ) at++;
  AdcpNumber number = adcp_number_parse((const uint8_t *)start, (size_t)(at - start));
  *good = number.kind != ADCP_NUMBER_INVALID;
  return *good ? at : start;
}

/* Where text that cJSON has taken is no JSON all the same: a number with a zero in front, or a string
** with a line break or another control character. NULL: it is. */
static const char *find_lenience(const char *json, size_t n) {
  const char *end = json + n;
  bool in_string = false, good = true;
  for( const char *at = json; at < end; at++ ) {
    if( in_string ) {
      if( (uint8_t)*at < 0x20 ) return at;
      if( *at == '\\' )
        at++;
      else
        in_string = *at != '"';
    } else if( *at == '"' ) {
      in_string = true;
    } else if( *at == '-' || (*at >= '0' && *at <= '9') ) {
      at = skip_number(at, end, &good);
      if( !good ) return at;
      at--;
    }
  }
  return NULL;
}

static void parse_document(AdcpOptions *options, const char *json, size_t n, AdcpError *err) {
  const char *noun = options->table->noun;
  if( n > ADCP_MAX_OPTIONS_BYTES ) {
    adcp_error_set(err, ADCP_TOOBIG, "the %ss are %zu bytes long; at most %d are read", noun, n,
                   ADCP_MAX_OPTIONS_BYTES);
    return;
  }
  const char *end = json;
  options->root = adcp_json_tree(json, n, &end, err);
  const char *lenient = options->root ? find_lenience(json, n) : NULL;
  if( lenient ) end = lenient;
  if( options->root == NULL || lenient ) {
    adcp_error_set(err, ADCP_ERROR, "the %ss are not JSON (byte %zu)", noun, (size_t)(end - json));
    if( lenient && (uint8_t)*lenient < 0x20 ) {
      adcp_error_append(err, ": in a text a line break is written \\n, a tab \\t");
    }
  } else if( !cJSON_IsObject(options->root) || !only_space(end, json + n) ) {
    adcp_error_set(err, ADCP_ERROR, "the %ss must be one JSON object, such as {\"threads\":2}",
                   noun);
  } else if( has_nul(json, n) ) {
    adcp_error_set(err, ADCP_ERROR, "the %ss hold a NUL character (\\u0000)", noun);
  }
}

/* Puts a value into the place of an older one; takes the item. */
static void put(AdcpOptions *options, const char *name, cJSON *item, AdcpError *err) {
  cJSON_DeleteItemFromObjectCaseSensitive(options->root, name);
  if( item == NULL || !cJSON_AddItemToObject(options->root, name, item) ) {
    cJSON_Delete(item);
    adcp_error_nomem(err);
  }
}

/* A name that two functions give different types ("level", "settings") is a default of one of them
** only. */
static void take_defaults(AdcpOptions *options, const AdcpOptions *defaults, AdcpError *err) {
  for( size_t i = 0; i < options->table->count && !err->rc; i++ ) {
    const char *name = options->table->specs[i].name;
    const AdcpOptionSpec *source = find_spec(defaults->table, name);
    if( source == NULL || source->type != options->table->specs[i].type ) continue;
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(options->root, name);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(defaults->root, name);
    if( item == NULL || (given && !cJSON_IsNull(given)) ) continue;
    put(options, name, cJSON_Duplicate(item, true), err);
  }
}

/* ---- lists ---- */

static void free_lists(AdcpOptions *options) {
  for( size_t i = 0; options->lists && i < options->table->count; i++ ) {
    adcp_free((void *)options->lists[i].items);
  }
  adcp_free(options->lists);
}

static void index_list(List *list, const cJSON *parent, AdcpError *err) {
  bool has_items = cJSON_IsArray(parent) || cJSON_IsObject(parent);
  list->items =
      adcp_calloc((size_t)(has_items ? cJSON_GetArraySize(parent) : 0) + 1, sizeof *list->items);
  if( list->items == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  if( cJSON_IsString(parent) ) list->items[list->count++] = parent;
  for( const cJSON *item = has_items ? parent->child : NULL; item; item = item->next ) {
    list->items[list->count++] = item;
  }
}

static void index_lists(AdcpOptions *options, AdcpError *err) {
  if( err->rc ) return;
  options->lists = adcp_calloc(options->table->count, sizeof *options->lists);
  if( options->lists == NULL ) adcp_error_nomem(err);
  for( size_t i = 0; i < options->table->count && !err->rc; i++ ) {
    const char *name = options->table->specs[i].name;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(options->root, name);
    index_list(&options->lists[i], item, err);
  }
}

static void replace_list(AdcpOptions *options, const AdcpOptionSpec *spec, List list) {
  List *place = &options->lists[spec - options->table->specs];
  adcp_free((void *)place->items);
  *place = list;
}

AdcpOptions *adcp_options_parse(const char *json, size_t n, const AdcpOptionTable *table,
                                const AdcpOptions *defaults, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpOptions *options = adcp_calloc(1, sizeof *options);
  if( options == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  options->table = table;
  if( json && n ) {
    parse_document(options, json, n, err);
  } else if( (options->root = cJSON_CreateObject()) == NULL ) {
    adcp_error_nomem(err);
  }
  for( cJSON *item = err->rc ? NULL : options->root->child; item && !err->rc; item = item->next ) {
    check_item(options, item, err);
  }
  if( defaults && !err->rc ) take_defaults(options, defaults, err);
  index_lists(options, err);
  if( err->rc == ADCP_OK ) return options;
  adcp_options_free(options);
  return NULL;
}

void adcp_options_free(AdcpOptions *options) {
  if( options == NULL ) return;
  free_lists(options);
  cJSON_Delete(options->root);
  adcp_free(options);
}

const AdcpOptionSpec *adcp_options_spec(const AdcpOptions *options, const char *name,
                                        AdcpError *err) {
  if( err->rc ) return NULL;
  const AdcpOptionSpec *spec = find_spec(options->table, name);
  if( spec == NULL ) fail_unknown(options->table, name, err);
  return spec;
}

void adcp_options_set(AdcpOptions *options, const char *name, const char *json, size_t n,
                      AdcpError *err) {
  const AdcpOptionSpec *spec = adcp_options_spec(options, name, err);
  if( spec == NULL ) return;
  const char *end = json;
  cJSON *item = adcp_json_tree(json, n, &end, err);
  if( item == NULL || !only_space(end, json + n) || find_lenience(json, n) ) {
    adcp_error_set(err, ADCP_ERROR, "the value of %s \"%s\" is not JSON", options->table->noun,
                   name);
  } else if( has_nul(json, n) ) {
    adcp_error_set(err, ADCP_ERROR, "the value of %s \"%s\" holds a NUL character (\\u0000)",
                   options->table->noun, name);
  } else if( cJSON_IsNull(item) ) {
    cJSON_DeleteItemFromObjectCaseSensitive(options->root, name);
    replace_list(options, spec, (List){0});
  } else {
    List list = {0};
    check_value(options->table, spec, item, err);
    if( !err->rc ) index_list(&list, item, err);
    if( !err->rc ) {
      replace_list(options, spec, list);
      put(options, name, item, err);
      if( err->rc ) replace_list(options, spec, (List){0}); /* neither the old one is there */
      return;
    }
  }
  cJSON_Delete(item);
}

/* ---- getters ---- */

static const cJSON *find(const AdcpOptions *options, const char *name) {
  assert(find_spec(options->table, name));
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

/* An option that the table has not has no elements. */
static const List *list_of(const AdcpOptions *options, const char *name) {
  static const List none;
  const AdcpOptionSpec *spec = find_spec(options->table, name);
  return spec ? &options->lists[spec - options->table->specs] : &none;
}

size_t adcp_options_name_count(const AdcpOptions *options, const char *name) {
  return list_of(options, name)->count;
}

const char *adcp_options_name(const AdcpOptions *options, const char *name, size_t i) {
  return list_of(options, name)->items[i]->valuestring;
}

size_t adcp_options_pair_count(const AdcpOptions *options, const char *name) {
  return list_of(options, name)->count;
}

void adcp_options_pair(const AdcpOptions *options, const char *name, size_t i, const char **key,
                       const char **value) {
  const cJSON *pair = list_of(options, name)->items[i];
  *key = pair->string;
  *value = pair->valuestring;
}

static void write_strings(AdcpJsonWriter *w, const cJSON *parent) {
  bool is_map = cJSON_IsObject(parent);
  is_map ? adcp_json_begin_object(w) : adcp_json_begin_array(w);
  for( const cJSON *item = parent->child; item; item = item->next ) {
    if( is_map ) adcp_json_key(w, item->string);
    adcp_json_string(w, item->valuestring);
  }
  is_map ? adcp_json_end_object(w) : adcp_json_end_array(w);
}

void adcp_options_write(const AdcpOptions *options, const char *name, AdcpBuf *out) {
  const cJSON *item = find(options, name);
  AdcpJsonWriter w = {out, false};
  if( item == NULL ) {
    adcp_json_null(&w);
  } else if( cJSON_IsBool(item) ) {
    adcp_json_bool(&w, cJSON_IsTrue(item));
  } else if( cJSON_IsNumber(item) ) {
    adcp_json_integer(&w, (int64_t)item->valuedouble);
  } else if( cJSON_IsString(item) ) {
    adcp_json_string(&w, item->valuestring);
  } else {
    write_strings(&w, item);
  }
}
