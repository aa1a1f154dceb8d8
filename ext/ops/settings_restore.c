/*
** settings_restore.c - settings files at a restore (contract in settings_restore.h).
*/
#include "ops/settings_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/system_file.h"
#include "db/transaction.h"
#include "ops/env_file.h"
#include "ops/environment.h"
#include "ops/interrupt.h"
#include "ops/json_edit.h"
#include "ops/json_tree.h"
#include "ops/log.h"
#include "ops/null_secrets.h"
#include "ops/own_file.h"
#include "ops/redaction.h"
#include "ops/secrets.h"
#include "ops/settings.h"
#include "ops/text_file.h"
#include "platform/file.h"
#include "platform/temp_file.h"

/* A file to be written. */
typedef struct Target {
  const char *section; /* NULL: the .env file */
  const char *path;
  AdcpPlace place; /* while the paths are checked */
  AdcpBuf text;
  struct stat before; /* of the file that the text was made with; zeros: there was none */
  AdcpOutFile *file;  /* once staged */
  bool published;
} Target;

struct AdcpSettingsRestore {
  AdcpError *err;
  const AdcpOptions *options;
  const AdcpRoot *root;
  sqlite3 *handle; /* borrowed */
  const AdcpArchiveReader *archive;
  cJSON *metadata;
  cJSON *variables; /* of the backup: an object, or NULL */
  AdcpSecretDigests *digests;
  Target *targets;
  size_t count;
  const char *unwritten;              /* an env_file that there are no variables for; NULL: none */
  char *database_path;                /* of the database's folder; owned; once staged */
  int database_folder;                /* open, for fsync; -1: a database in memory */
  AdcpTextList same, differ, missing; /* secrets of the sections that are written */
  AdcpTextList environment, warnings;
};

/* ---- the current file ---- */

/* Taking one that cannot be looked at for missing would lose what it holds: that is an error. */
static bool exists(const AdcpRoot *root, const char *path, AdcpError *err) {
  struct stat st;
  if( adcp_path_stat(root, path, &st) == 0 ) return true;
  if( errno != ENOENT && errno != ENOTDIR ) {
    adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot look at %s", path);
  }
  return false;
}

static AdcpTextFile text_file(const AdcpSettingsRestore *settings, const char *path) {
  return (AdcpTextFile){settings->root, path, adcp_interrupt_checkpoint_of(settings->handle)};
}

/* Values of the current file at the places of those that were left out. */
typedef struct Current {
  AdcpSettingsRestore *settings;
  const char *section;
  AdcpMap values; /* pointer -> Value */
  struct Value {
    char *pointer; /* owned */
    AdcpBuf json;
    struct Value *next;
  } * first;
} Current;
typedef struct Value Value;

static bool is_left_out(void *context, const char *pointer, const char *key) {
  (void)key;
  const Current *current = context;
  return adcp_secret_left_out(current->settings->digests, current->section, pointer,
                              current->settings->err);
}

static void keep_current(void *context, const char *pointer, const AdcpBuf *json, AdcpBuf *out) {
  (void)out;
  Current *current = context;
  AdcpError *err = current->settings->err;
  Value *value = adcp_calloc(1, sizeof *value);
  if( value ) value->pointer = adcp_strdup(pointer);
  if( value == NULL || value->pointer == NULL ) {
    adcp_free(value);
    adcp_error_nomem(err);
    return;
  }
  adcp_buf_append(&value->json, json->data, json->size);
  adcp_buf_check(&value->json, err);
  value->next = current->first;
  current->first = value;
  adcp_map_put(&current->values, value->pointer, strlen(value->pointer), value, err);
}

static void read_current(Current *current, const char *path) {
  AdcpError *err = current->settings->err;
  AdcpBuf text = {0}, unused = {0};
  AdcpJsonVisitor visitor = {current, is_left_out, keep_current};
  bool is_there = exists(current->settings->root, path, err);
  if( !is_there && !err->rc ) return;
  AdcpTextFile file = text_file(current->settings, path);
  adcp_json_file_read(&file, &text, err);
  adcp_error_append(err,
                    "; its values are needed for what the backup of settings \"%s\" left out: move "
                    "it away if they may go",
                    current->section);
  adcp_json_edit((const char *)text.data, text.size, &visitor, &unused, err);
  adcp_buf_free(&text);
  adcp_buf_free(&unused);
}

static void free_current(Current *current) {
  while( current->first ) {
    Value *value = current->first;
    current->first = value->next;
    adcp_buf_free(&value->json);
    adcp_free(value->pointer);
    adcp_free(value);
  }
  adcp_map_free(&current->values);
}

/* In the place of a value that was left out: the current one, or the null that stands there. */
static void put_current(void *context, const char *pointer, const AdcpBuf *json, AdcpBuf *out) {
  Current *current = context;
  AdcpSettingsRestore *settings = current->settings;
  const Value *value = adcp_map_get(&current->values, pointer, strlen(pointer));
  const AdcpBuf *text = value ? &value->json : json;
  adcp_buf_append(out, text->data, text->size);
  AdcpTextList *list = &settings->missing;
  if( value ) {
    bool same =
        adcp_secret_same(settings->digests, current->section, pointer, &value->json, settings->err);
    list = same ? &settings->same : &settings->differ;
  }
  adcp_text_list_add(list, "%s%s", current->section, pointer);
}

/* ---- the variables within app_settings ---- */

static bool is_variables(void *context, const char *pointer, const char *key) {
  (void)context;
  (void)key;
  return strcmp(pointer, "/" ADCP_ENVIRONMENT_KEY) == 0;
}

static void take_variables(void *context, const char *pointer, const AdcpBuf *json, AdcpBuf *out) {
  (void)pointer;
  AdcpBuf *taken = context;
  adcp_buf_clear(taken);
  adcp_buf_append(taken, json->data, json->size);
  /* Marks the place: no JSON text outside a string has this byte. */
  adcp_buf_append_byte(out, 0);
}

static size_t skip_space_back(const AdcpBuf *text, size_t at) {
  while( at > 0 && strchr(" \t\r\n", text->data[at - 1]) ) at--;
  return at;
}

/* A member that goes: its key, its value and one comma. */
typedef struct Cut {
  size_t start, end;
} Cut;

/* done: where the cut before ends, which may have had the comma in front. */
static Cut cut_of(const AdcpBuf *text, size_t mark, size_t done) {
  size_t end = mark + 1;
  size_t start = skip_space_back(text, mark);
  start = skip_space_back(text, start - 1); /* the colon */
  start--;                                  /* the key's closing quote */
  while( text->data[start - 1] != '"' ) start--;
  start = skip_space_back(text, start - 1);
  if( start > done && text->data[start - 1] == ',' ) {
    start--;
  } else {
    size_t next = end;
    while( strchr(" \t\r\n", text->data[next]) ) next++; /* a brace ends the document */
    if( text->data[next] == ',' ) end = next + 1;
  }
  return (Cut){start, end};
}

/* Appends text without the members whose values are marked. */
static void remove_marked(const AdcpBuf *text, AdcpBuf *out) {
  size_t done = 0;
  const uint8_t *mark;
  while( (mark = memchr(text->data + done, 0, text->size - done)) != NULL ) {
    Cut cut = cut_of(text, (size_t)(mark - text->data), done);
    adcp_buf_append(out, text->data + done, cut.start - done);
    done = cut.end;
  }
  adcp_buf_append(out, text->data + done, text->size - done);
}

/* Splits app_settings into the file as it was and the variables that the backup put into it: in the
** place of every member of that name. */
static void split_variables(const char *json, size_t n, AdcpBuf *rest, AdcpBuf *variables,
                            AdcpError *err) {
  AdcpBuf marked = {0};
  AdcpJsonVisitor visitor = {variables, is_variables, take_variables};
  adcp_json_edit(json, n, &visitor, &marked, err);
  adcp_buf_check(variables, err);
  if( err->rc == ADCP_OK ) remove_marked(&marked, rest);
  adcp_buf_free(&marked);
}

static void note_member(void *context, const char *pointer, const AdcpBuf *json, AdcpBuf *out) {
  (void)pointer;
  (void)json;
  (void)out;
  *(bool *)context = true;
}

/* A file that has such a member of its own loses it: the backup has none of the file's. */
static void warn_of_own_variables(AdcpSettingsRestore *settings, const char *path) {
  AdcpError unreadable = ADCP_ERROR_INIT;
  AdcpBuf text = {0}, unused = {0};
  bool is_there = false;
  AdcpJsonVisitor visitor = {&is_there, is_variables, note_member};
  AdcpTextFile file = text_file(settings, path);
  adcp_json_file_read(&file, &text, &unreadable);
  adcp_json_edit((const char *)text.data, text.size, &visitor, &unused, &unreadable);
  if( unreadable.rc == ADCP_NOMEM || unreadable.rc == ADCP_INTERRUPT ) {
    adcp_error_move(settings->err, &unreadable);
  } else if( is_there ) {
    adcp_text_list_add(&settings->warnings,
                       "settings \"" ADCP_APP_SETTINGS "\": " ADCP_ENVIRONMENT_KEY
                       " of the file that is there goes: in the backup the variables of option "
                       "\"env\" stand in its place");
  }
  adcp_error_clear(&unreadable);
  adcp_buf_free(&text);
  adcp_buf_free(&unused);
}

/* ---- texts ---- */

static const cJSON *variable_names(const AdcpSettingsRestore *settings) {
  return cJSON_GetObjectItemCaseSensitive(settings->metadata, ADCP_METADATA_VARIABLES);
}

/* app_settings that was no file would empty the one in its place. */
static bool is_variables_alone(const AdcpSettingsRestore *settings, const char *section) {
  return strcmp(section, ADCP_APP_SETTINGS) == 0 &&
         cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(settings->metadata, ADCP_METADATA_ALONE));
}

/* Whether a restore writes the section to a file. */
static bool is_settings(const AdcpSettingsRestore *settings, const char *section) {
  if( is_variables_alone(settings, section) ) return false;
  return !adcp_settings_reserved(section) || strcmp(section, ADCP_FLAGS_SECTION) == 0;
}

#define LISTED_SECTIONS 20 /* an error message is for reading */

static void fail_no_section(AdcpSettingsRestore *settings, const char *section) {
  AdcpError *err = settings->err;
  size_t count = 0;
  const char *name;
  adcp_error_set(err, ADCP_ERROR, "option \"settings\": the backup has no settings \"%s\"",
                 section);
  if( is_variables_alone(settings, section) ) {
    adcp_error_append(err, ", only the environment variables of option \"env\"; write those with "
                           "option \"env_file\"");
    return;
  }
  for( size_t i = 0; (name = adcp_archive_section_name(settings->archive, i)) != NULL; i++ ) {
    if( !is_settings(settings, name) || count++ >= LISTED_SECTIONS ) continue;
    adcp_error_append(err, "%s \"%s\"", count == 1 ? "; it has" : ",", name);
  }
  if( count > LISTED_SECTIONS ) adcp_error_append(err, " and %zu more", count - LISTED_SECTIONS);
  if( count == 0 ) adcp_error_append(err, "; it was made without option \"settings\"");
}

/* As a text file: with a last line break, unless the file in its place has none. */
static void end_text(const AdcpSettingsRestore *settings, Target *target) {
  AdcpError ignored = ADCP_ERROR_INIT;
  AdcpBuf current = {0};
  AdcpTextFile file = text_file(settings, target->path);
  if( exists(file.root, file.path, &ignored) ) adcp_text_file_read(&file, &current, &ignored);
  if( ignored.rc == ADCP_NOMEM ) adcp_error_move(settings->err, &ignored);
  bool bare = current.size && current.data[current.size - 1] != '\n';
  if( !bare ) adcp_buf_append_byte(&target->text, '\n');
  adcp_buf_free(&current);
  adcp_error_clear(&ignored);
}

static void make_text(AdcpSettingsRestore *settings, Target *target) {
  AdcpError *err = settings->err;
  size_t n = 0;
  const char *json = adcp_archive_section(settings->archive, target->section, &n);
  if( json == NULL || !is_settings(settings, target->section) ) {
    fail_no_section(settings, target->section);
    return;
  }
  AdcpBuf file = {0}, variables = {0};
  if( strcmp(target->section, ADCP_APP_SETTINGS) == 0 && variable_names(settings) ) {
    split_variables(json, n, &file, &variables, err);
    if( err->rc == ADCP_OK ) warn_of_own_variables(settings, target->path);
  } else {
    adcp_buf_append(&file, json, n);
  }
  Current current = {.settings = settings, .section = target->section};
  AdcpJsonVisitor visitor = {&current, is_left_out, put_current};
  if( adcp_secret_count(settings->digests) ) read_current(&current, target->path);
  if( adcp_buf_check(&file, err) ) {
    adcp_json_edit((const char *)file.data, file.size, &visitor, &target->text, err);
  }
  AdcpTextFile there = text_file(settings, target->path);
  adcp_null_secrets_warn(settings->digests, target->section, &file, &there, &settings->warnings,
                         err);
  if( err->rc == ADCP_OK ) end_text(settings, target);
  adcp_buf_check(&target->text, err);
  free_current(&current);
  adcp_buf_free(&file);
  adcp_buf_free(&variables);
}

/* ---- environment ---- */

/* null: all of them were left out as one secret, as "secret_names":["*"] once did. */
static void take_object(AdcpSettingsRestore *settings, cJSON *variables) {
  if( cJSON_IsObject(variables) ) {
    settings->variables = variables;
    return;
  }
  if( !cJSON_IsNull(variables) ) {
    adcp_error_set(settings->err, ADCP_CORRUPT,
                   "damaged: " ADCP_APP_SETTINGS "." ADCP_ENVIRONMENT_KEY " is not an object");
  }
  cJSON_Delete(variables);
}

static void read_variables(AdcpSettingsRestore *settings) {
  size_t n = 0;
  const char *json = adcp_archive_section(settings->archive, ADCP_APP_SETTINGS, &n);
  if( json == NULL || variable_names(settings) == NULL || settings->err->rc ) return;
  AdcpBuf rest = {0}, variables = {0};
  split_variables(json, n, &rest, &variables, settings->err);
  if( settings->err->rc == ADCP_OK && variables.size ) {
    take_object(settings,
                adcp_json_tree((char *)variables.data, variables.size, NULL, settings->err));
  }
  adcp_buf_free(&rest);
  adcp_buf_free(&variables);
}

static bool left_out(AdcpSettingsRestore *settings, const char *name, AdcpBuf *pointer) {
  adcp_buf_clear(pointer);
  adcp_buf_append_str(pointer, "/" ADCP_ENVIRONMENT_KEY);
  adcp_json_pointer_append(pointer, name, strlen(name));
  const char *text = adcp_buf_text(pointer);
  if( text == NULL ) adcp_error_nomem(settings->err);
  return text && adcp_secret_left_out(settings->digests, ADCP_APP_SETTINGS, text, settings->err);
}

/* Two that read alike in a backup are not told to differ: what is not UTF-8 is replaced there. */
static bool same_variable(AdcpSettingsRestore *settings, const cJSON *item, AdcpBuf *pointer) {
  const char *now = getenv(item->string);
  const char *before = cJSON_IsString(item) ? item->valuestring : NULL;
  bool secret = left_out(settings, item->string, pointer);
  if( now == NULL ) return !secret && before == NULL;
  AdcpBuf json = {0}, json_before = {0};
  bool same = false;
  adcp_json_quote_lossy(&json, now);
  if( before && !secret ) adcp_json_quote_lossy(&json_before, before);
  if( adcp_buf_check(&json, settings->err) && adcp_buf_check(&json_before, settings->err) ) {
    same = secret ? adcp_secret_same(settings->digests, ADCP_APP_SETTINGS, adcp_buf_text(pointer),
                                     &json, settings->err)
                  : json.size == json_before.size &&
                        memcmp(json.data, json_before.data, json.size) == 0;
  }
  adcp_buf_free(&json);
  adcp_buf_free(&json_before);
  return same;
}

static void compare_environment(AdcpSettingsRestore *settings) {
  AdcpBuf pointer = {0};
  const cJSON *item = settings->variables ? settings->variables->child : NULL;
  for( ; item && !settings->err->rc; item = item->next ) {
    if( !same_variable(settings, item, &pointer) ) {
      adcp_text_list_add(&settings->environment, "%s", item->string);
    }
  }
  adcp_buf_check(&pointer, settings->err);
  adcp_buf_free(&pointer);
}

/* Lines of another encoding than that of the new ones could not stay. */
static void read_env_file(AdcpSettingsRestore *settings, Target *target) {
  if( !exists(settings->root, target->path, settings->err) ) return;
  AdcpTextFile file = text_file(settings, target->path);
  adcp_text_file_read(&file, &target->text, settings->err);
  if( target->text.size == 0 || memchr(target->text.data, 0, target->text.size) == NULL ) return;
  adcp_error_set(settings->err, ADCP_ERROR,
                 "option \"env_file\": %s has zero bytes, as UTF-16 has them, so that its lines "
                 "cannot be kept; write it as UTF-8, or give another path",
                 target->path);
}

static void edit_env_file(AdcpSettingsRestore *settings, AdcpBuf *text) {
  AdcpBuf pointer = {0};
  size_t count = (size_t)cJSON_GetArraySize(settings->variables), i = 0;
  AdcpEnvVariable *variables = adcp_calloc(count ? count : 1, sizeof *variables);
  if( variables == NULL ) adcp_error_nomem(settings->err);
  const cJSON *item = settings->variables->child;
  for( ; item && !settings->err->rc; item = item->next ) {
    variables[i++] = (AdcpEnvVariable){item->string, cJSON_GetStringValue(item),
                                       left_out(settings, item->string, &pointer)};
  }
  adcp_env_file_edit(text, variables, i, &settings->warnings, settings->err);
  adcp_free(variables);
  adcp_buf_free(&pointer);
}

static void make_env_file(AdcpSettingsRestore *settings, Target *target) {
  if( settings->variables == NULL ) {
    adcp_error_set(settings->err, ADCP_ERROR,
                   "option \"env_file\": the backup has no environment variables");
    return;
  }
  read_env_file(settings, target);
  edit_env_file(settings, &target->text);
}

/* ---- where to ---- */

static const char *label(const Target *target) {
  return target->section ? target->section : "env_file";
}

static void fail_not_regular(AdcpSettingsRestore *settings, const Target *target) {
  adcp_error_set(settings->err, ADCP_CANTOPEN,
                 "cannot write %s: it is not a regular file, so it could not be replaced in one "
                 "step",
                 target->path);
}

/* Finds where the file will stand. A link is followed where it leads to a file. */
static void find_place(AdcpSettingsRestore *settings, Target *target) {
  AdcpError *err = settings->err;
  struct stat st;
  bool is_there = adcp_path_stat(settings->root, target->path, &st) == 0;
  AdcpLinks links = is_there ? ADCP_LINKS_FOLLOWED : ADCP_LINKS_STAY;
  if( adcp_path_is_descriptor(settings->root, target->path) ) {
    adcp_error_set(err, ADCP_CANTOPEN,
                   "cannot write %s: it names an open descriptor, whose file could not be replaced "
                   "in one step; give the path of the file",
                   target->path);
  } else if( is_there && !S_ISREG(st.st_mode) ) {
    fail_not_regular(settings, target);
  } else if( adcp_place_open(&target->place, settings->root, target->path, links) != 0 ) {
    adcp_root_errno(settings->root, err, ADCP_CANTOPEN, errno, "cannot write %s: its folder",
                    target->path);
  }
  if( is_there && !err->rc ) adcp_place_check_replace(&target->place, target->path, err);
}

static void check_twice(AdcpSettingsRestore *settings, size_t i) {
  const Target *target = &settings->targets[i];
  for( size_t j = 0; j < i && !settings->err->rc; j++ ) {
    const Target *other = &settings->targets[j];
    if( !adcp_place_same(&target->place, &other->place) ) continue;
    adcp_error_set(settings->err, ADCP_ERROR,
                   "%s (%s) is to be written twice: %s (%s) is the same file; give another path",
                   target->path, label(target), other->path, label(other));
  }
}

/* path: of a file that has to stay, or NULL. */
static void check_not(AdcpSettingsRestore *settings, const Target *target, const char *path,
                      const char *what) {
  AdcpPlace place = ADCP_PLACE_INIT;
  if( path == NULL || settings->err->rc ) return;
  int rc = adcp_place_open(&place, settings->root, path, ADCP_LINKS_FOLLOWED);
  if( rc != 0 && errno == ENOMEM ) {
    adcp_error_nomem(settings->err);
  } else if( rc == 0 && adcp_place_same(&target->place, &place) ) {
    adcp_error_set(settings->err, ADCP_CANTOPEN,
                   "cannot write %s (%s): it is %s; give another path", target->path, label(target),
                   what);
  }
  adcp_place_close(&place);
}

static void check_paths(AdcpSettingsRestore *settings) {
  const char *backup = adcp_archive_path(settings->archive);
  const char *safety = adcp_options_text(settings->options, "safety_backup", NULL);
  for( size_t i = 0; i < settings->count && !settings->err->rc; i++ ) {
    Target *target = &settings->targets[i];
    find_place(settings, target);
    check_twice(settings, i);
    check_not(settings, target, backup, "the backup that is restored");
    check_not(settings, target, safety, "the path of the safety backup");
  }
  for( size_t i = 0; i < settings->count; i++ ) adcp_place_close(&settings->targets[i].place);
}

/* ---- the whole ---- */

/* One of the connection's settings is for the backups that have variables; a call that names it asks for
** them. */
static const char *find_env_file(AdcpSettingsRestore *settings, const AdcpConfig *config) {
  const char *path = adcp_options_text(settings->options, "env_file", NULL);
  const char *set = adcp_options_text(adcp_config_options(config), "env_file", NULL);
  if( path == NULL || set == NULL || settings->variables || strcmp(path, set) != 0 ) return path;
  settings->unwritten = path;
  return NULL;
}

static void list_targets(AdcpSettingsRestore *settings, const AdcpConfig *config) {
  size_t pairs = adcp_options_pair_count(settings->options, "settings");
  const char *env_file = find_env_file(settings, config);
  settings->targets = adcp_calloc(pairs + 1, sizeof *settings->targets);
  if( settings->targets == NULL ) {
    adcp_error_nomem(settings->err);
    return;
  }
  for( size_t i = 0; i < pairs; i++ ) {
    Target *target = &settings->targets[settings->count++];
    adcp_options_pair(settings->options, "settings", i, &target->section, &target->path);
    target->place = (AdcpPlace)ADCP_PLACE_INIT;
  }
  if( env_file ) {
    settings->targets[settings->count++] = (Target){.path = env_file, .place = ADCP_PLACE_INIT};
  }
}

static void check_transaction(AdcpSettingsRestore *settings, sqlite3 *handle) {
  if( settings->count == 0 || sqlite3_get_autocommit(handle) ) return;
  adcp_error_set(settings->err, ADCP_MISUSE,
                 "options \"settings\" and \"env_file\" write files, which your ROLLBACK could not "
                 "take back; run the restore outside a transaction, or without them");
}

/* Zeros where there is no file. */
static void look_at(const AdcpSettingsRestore *settings, const Target *target, struct stat *st) {
  if( adcp_path_stat(settings->root, target->path, st) != 0 ) memset(st, 0, sizeof *st);
}

static void make_texts(AdcpSettingsRestore *settings) {
  if( settings->unwritten ) {
    adcp_text_list_add(&settings->warnings,
                       "the backup has no environment variables: the env_file of the settings, "
                       "%s, is not written",
                       settings->unwritten);
  }
  for( size_t i = 0; i < settings->count && !settings->err->rc; i++ ) {
    Target *target = &settings->targets[i];
    look_at(settings, target, &target->before);
    target->section ? make_text(settings, target) : make_env_file(settings, target);
  }
}

static void check_lists(AdcpSettingsRestore *settings) {
  const AdcpTextList *const lists[] = {&settings->same, &settings->differ, &settings->missing,
                                       &settings->environment, &settings->warnings};
  for( size_t i = 0; i < sizeof lists / sizeof *lists; i++ ) {
    adcp_text_list_check(lists[i], settings->err);
  }
}

AdcpSettingsRestore *adcp_settings_restore_open(const AdcpOptions *options,
                                                const AdcpConfig *config,
                                                const AdcpArchiveReader *archive, sqlite3 *handle,
                                                AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpSettingsRestore *settings = adcp_calloc(1, sizeof *settings);
  if( settings == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  settings->err = err;
  settings->database_folder = -1;
  settings->options = options;
  settings->root = adcp_config_root(config);
  settings->archive = archive;
  settings->handle = handle;
  size_t n = 0;
  const char *digests = adcp_archive_section(archive, ADCP_SECRETS_SECTION, &n);
  const char *metadata = adcp_archive_head(archive)->metadata;
  settings->metadata = adcp_json_tree(metadata, strlen(metadata), NULL, err);
  settings->digests = adcp_secret_digests_open(digests, n, err);
  read_variables(settings);
  list_targets(settings, config);
  check_transaction(settings, handle);
  AdcpDb db = {handle, "main", err};
  for( size_t i = 0; i < settings->count; i++ ) {
    adcp_own_file_refuse(&db, settings->targets[i].path);
    adcp_log_refuse(config, settings->targets[i].path, err);
  }
  check_paths(settings);
  compare_environment(settings);
  if( !err->rc ) make_texts(settings);
  check_lists(settings);
  if( err->rc == ADCP_OK ) return settings;
  adcp_settings_restore_close(settings);
  return NULL;
}

/* A restore may take hours, in which a secret is changed, or a line of a .env file: what is there now is
** what stays. */
static void make_changed_texts_again(AdcpSettingsRestore *settings) {
  bool changed = false;
  for( size_t i = 0; i < settings->count; i++ ) {
    struct stat now;
    look_at(settings, &settings->targets[i], &now);
    changed = changed || !adcp_same_state(&now, &settings->targets[i].before);
  }
  if( !changed ) return;
  AdcpTextList *const lists[] = {&settings->same, &settings->differ, &settings->missing,
                                 &settings->warnings};
  for( size_t i = 0; i < sizeof lists / sizeof *lists; i++ ) {
    adcp_text_list_free(lists[i]);
    *lists[i] = (AdcpTextList){0};
  }
  for( size_t i = 0; i < settings->count; i++ ) adcp_buf_free(&settings->targets[i].text);
  make_texts(settings);
  check_lists(settings);
}

/* Now: after the commit a folder that cannot be opened could no longer stop the restore. */
static void open_database_folder(AdcpSettingsRestore *settings, AdcpDb *db) {
  const char *path = adcp_db_filename(db->handle, db->schema);
  if( path[0] == 0 ) return; /* in memory */
  settings->database_path = adcp_path_folder(path);
  if( settings->database_path == NULL ) {
    adcp_error_nomem(settings->err);
    return;
  }
  settings->database_folder = adcp_folder_open(AT_FDCWD, settings->database_path);
  if( settings->database_folder >= 0 ) return;
  adcp_error_errno(settings->err, ADCP_CANTOPEN, errno,
                   "the folder %s of the database cannot be opened for reading, which syncing it "
                   "before files are replaced needs",
                   settings->database_path);
}

void adcp_settings_restore_stage(AdcpSettingsRestore *settings, AdcpDb *db) {
  if( settings == NULL || settings->err->rc || settings->count == 0 ) return;
  make_changed_texts_again(settings);
  open_database_folder(settings, db);
  for( size_t i = 0; i < settings->count && !settings->err->rc; i++ ) {
    Target *target = &settings->targets[i];
    target->file = adcp_outfile_open(settings->root, target->path, ADCP_OUT_REPLACE,
                                     ADCP_NO_CHECKPOINT, settings->err);
    if( target->file == NULL ) return;
    if( adcp_outfile_is_stream(target->file) ) fail_not_regular(settings, target);
    adcp_outfile_write(target->file, target->text.data, target->text.size, settings->err);
    adcp_outfile_take_rights(target->file, target->section ? 0777 : 0770, settings->err);
    adcp_outfile_sync(target->file, settings->err);
  }
}

/* The database is committed: says what is true of it and of the files. */
static void explain(AdcpSettingsRestore *settings) {
  AdcpError *err = settings->err;
  adcp_error_prepend(err, "the database was restored and committed, but not every file: ");
  for( size_t i = 0; i < settings->count; i++ ) {
    const Target *target = &settings->targets[i];
    adcp_error_append(err, "; %s (%s) %s", target->path, label(target),
                      target->published ? "is the backup's" : "is as it was before");
  }
}

/* The database's files, and the name of the journal that the commit removed. */
static void sync_database(AdcpSettingsRestore *settings, AdcpDb *db) {
  adcp_transaction_sync(db);
  int error_number = settings->err->rc || settings->database_folder < 0
                         ? 0
                         : adcp_folder_sync(settings->database_folder);
  if( error_number == 0 ) return;
  adcp_error_errno(settings->err, ADCP_IOERR, error_number,
                   "the folder %s of the database could not be synced to the disk",
                   settings->database_path);
}

void adcp_settings_restore_publish(AdcpSettingsRestore *settings, AdcpDb *db) {
  if( settings == NULL || settings->err->rc || settings->count == 0 ) return;
  sync_database(settings, db);
  for( size_t i = 0; i < settings->count; i++ ) {
    Target *target = &settings->targets[i];
    adcp_outfile_commit(target->file, settings->err);
    target->published = adcp_outfile_is_published(target->file);
    if( settings->err->rc ) break;
  }
  explain(settings);
}

/* Before the commit, which is when room for the report is made, the files are staged; what of them is
** not written then is an error, without a report. */
void adcp_settings_restore_report(const AdcpSettingsRestore *settings, AdcpJsonWriter *w) {
  adcp_json_key(w, "settings_written");
  adcp_json_begin_array(w);
  for( size_t i = 0; i < settings->count; i++ ) {
    if( settings->targets[i].file ) adcp_json_string(w, label(&settings->targets[i]));
  }
  adcp_json_end_array(w);
  if( adcp_secret_count(settings->digests) ) {
    adcp_text_list_write(&settings->same, w, "secrets_same");
    adcp_text_list_write(&settings->differ, w, "secrets_different");
    adcp_text_list_write(&settings->missing, w, "secrets_missing");
  }
  if( settings->variables ) {
    adcp_text_list_write(&settings->environment, w, "environment_different");
  }
  if( adcp_redacted_columns(settings->metadata) == NULL ) return;
  adcp_json_key(w, "redacted_columns");
  adcp_json_begin_array(w);
  for( const cJSON *item = adcp_redacted_columns(settings->metadata); item; item = item->next ) {
    adcp_json_string(w, item->valuestring);
  }
  adcp_json_end_array(w);
}

const AdcpTextList *adcp_settings_restore_warnings(const AdcpSettingsRestore *settings) {
  return &settings->warnings;
}

void adcp_settings_restore_close(AdcpSettingsRestore *settings) {
  if( settings == NULL ) return;
  for( size_t i = 0; i < settings->count; i++ ) {
    adcp_outfile_close(settings->targets[i].file);
    adcp_buf_free(&settings->targets[i].text);
  }
  adcp_free(settings->targets);
  if( settings->database_folder >= 0 ) adcp_system_calls()->xClose(settings->database_folder);
  adcp_free(settings->database_path);
  adcp_secret_digests_close(settings->digests);
  cJSON_Delete(settings->metadata);
  cJSON_Delete(settings->variables);
  adcp_text_list_free(&settings->same);
  adcp_text_list_free(&settings->differ);
  adcp_text_list_free(&settings->missing);
  adcp_text_list_free(&settings->environment);
  adcp_text_list_free(&settings->warnings);
  adcp_free(settings);
}
