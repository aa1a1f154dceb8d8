/*
** environment.c - environment variables (contract in environment.h).
*/
#include "ops/environment.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/utf8.h"
#include "db/sqlite.h"

/* The names that were asked for. */
typedef struct Names {
  char **names; /* owned, each owned */
  size_t count, capacity;
} Names;

static void add_name(Names *names, const char *name, size_t n, AdcpError *err) {
  if( names->count == names->capacity ) {
    size_t capacity = names->capacity ? 2 * names->capacity : 32;
    char **larger = adcp_realloc((void *)names->names, capacity * sizeof *larger);
    if( larger == NULL ) {
      adcp_error_nomem(err);
      return;
    }
    names->names = larger;
    names->capacity = capacity;
  }
  char *copy = adcp_strndup(name, n);
  if( copy == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  names->names[names->count++] = copy;
}

/* Adds every variable that is set and whose name matches; how many. */
static size_t add_matching(Names *names, const char *glob, AdcpError *err) {
  size_t before = names->count;
  for( char **entry = environ; entry && *entry && !err->rc; entry++ ) {
    const char *equals = strchr(*entry, '=');
    if( equals == NULL || equals == *entry ) continue;
    add_name(names, *entry, (size_t)(equals - *entry), err);
    if( err->rc ) break;
    if( sqlite3_strglob(glob, names->names[names->count - 1]) != 0 ) {
      adcp_free(names->names[--names->count]);
    }
  }
  return names->count - before;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void write_value(AdcpJsonWriter *w, const char *name, AdcpTextList *warnings) {
  const char *value = getenv(name);
  adcp_json_key(w, name);
  adcp_json_string(w, value);
  if( value == NULL ) {
    adcp_text_list_add(warnings, "environment variable %s is not set", name);
  } else if( !adcp_utf8_valid((const uint8_t *)value, strlen(value)) ) {
    adcp_text_list_add(
        warnings,
        "environment variable %s is not UTF-8; what is not stands as U+FFFD in the backup", name);
  }
}

static void write_names(AdcpEnvironment *environment, const Names *names, AdcpTextList *warnings) {
  AdcpJsonWriter w = {&environment->json, false};
  adcp_json_begin_object(&w);
  for( size_t i = 0; i < names->count; i++ ) {
    if( i && strcmp(names->names[i], names->names[i - 1]) == 0 ) continue;
    write_value(&w, names->names[i], warnings);
    adcp_text_list_add(&environment->names, "%s", names->names[i]);
  }
  adcp_json_end_object(&w);
}

/* Behind the set of a glob that begins here; a ] right behind its [ or [^ is one of the set. */
static const char *skip_set(const char *glob) {
  glob += glob[1] == '^' ? 2 : 1;
  const char *end = *glob ? strchr(glob + 1, ']') : NULL;
  return end ? end + 1 : glob + strlen(glob);
}

/* Whether a glob says any character of the names: one that does not is about all of them. */
static bool says_something(const char *glob) {
  while( *glob == '*' || *glob == '?' || *glob == '[' ) {
    glob = *glob == '[' ? skip_set(glob) : glob + 1;
  }
  return *glob != 0;
}

static void check_name(const char *option, const char *name, AdcpError *err) {
  bool good = adcp_utf8_valid((const uint8_t *)name, strlen(name)) && *name && !strchr(name, '=');
  if( !good ) {
    adcp_error_set(err, ADCP_ERROR,
                   "option \"%s\" has names of environment variables or globs over them, such as "
                   "\"EMB_*\"; \"%.60s\" is none",
                   option, name);
  } else if( !says_something(name) ) {
    adcp_error_set(err, ADCP_ERROR,
                   "option \"%s\": \"%.60s\" names no variable, it would take the whole "
                   "environment; give names, or globs with a part of them, such as \"EMB_*\"",
                   option, name);
  }
}

void adcp_environment_read(AdcpEnvironment *environment, const AdcpOptions *options,
                           const char *option, AdcpTextList *warnings, AdcpError *err) {
  Names names = {0};
  for( size_t i = 0; i < adcp_options_name_count(options, option) && !err->rc; i++ ) {
    const char *name = adcp_options_name(options, option, i);
    check_name(option, name, err);
    if( strpbrk(name, "*?[") == NULL ) {
      add_name(&names, name, strlen(name), err);
    } else if( add_matching(&names, name, err) == 0 ) {
      adcp_text_list_add(warnings, "no environment variable matches \"%s\"", name);
    }
  }
  if( names.count ) qsort((void *)names.names, names.count, sizeof *names.names, compare_names);
  if( err->rc == ADCP_OK ) write_names(environment, &names, warnings);
  adcp_buf_check(&environment->json, err);
  adcp_text_list_check(&environment->names, err);
  for( size_t i = 0; i < names.count; i++ ) adcp_free(names.names[i]);
  adcp_free((void *)names.names);
}

void adcp_environment_free(AdcpEnvironment *environment) {
  adcp_buf_free(&environment->json);
  adcp_text_list_free(&environment->names);
}

bool adcp_environment_truth(const char *text) {
  static const char *const yes[] = {"1", "true", "yes", "on"};
  for( size_t i = 0; i < sizeof yes / sizeof *yes; i++ ) {
    if( sqlite3_stricmp(text, yes[i]) == 0 ) return true;
  }
  return false;
}

/* ---- .env files ---- */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS  "0123456789"

size_t adcp_environment_name_size(const uint8_t *text, size_t n) {
  size_t size = 0;
  while( size < n && text[size] && strchr(size ? LETTERS DIGITS : LETTERS, text[size]) ) size++;
  return size;
}

bool adcp_environment_name(const char *name) {
  size_t n = strlen(name);
  return n && adcp_environment_name_size((const uint8_t *)name, n) == n;
}

bool adcp_environment_line(AdcpBuf *out, const char *name, const char *value) {
  bool bare = value[strspn(value, LETTERS DIGITS "./:@%+,-")] == 0;
  const char *quote = bare ? "" : strchr(value, '\'') ? "\"" : "'";
  adcp_buf_appendf(out, "%s=%s", name, quote);
  for( const char *at = value; *at; at++ ) {
    if( *quote == '"' && strchr("\"\\$`", *at) ) adcp_buf_append_byte(out, '\\');
    adcp_buf_append_byte(out, (uint8_t)*at);
  }
  adcp_buf_append_str(out, quote);
  return bare;
}
