/*
** config.c - the settings of one connection (contract in config.h).
**
** A setting is either one of config_specs or the name of an option of an operation. Options of
** several operations that have the same name mean the same thing, so one setting is the default of
** all of them. (The exception is "level": the setting is that of backups, a number; that of
** validations is a word, and no setting.) What is about one call is no setting: "where", and the
** "settings" of a restore, which has its name from the option of a backup.
*/
#include "ops/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/system_file.h"
#include "ops/backup.h"
#include "ops/interrupt.h"
#include "ops/own_file.h"
#include "ops/prune.h"
#include "ops/restore.h"
#include "ops/validate.h"
#include "platform/file.h"
#include "platform/temp_file.h"

#define DEFAULT_FOLDER "backups"
#define DEFAULT_PREFIX "comprehensive_backup"

static const AdcpOptionSpec config_specs[] = {
    {"backup_dir", ADCP_OPTION_TEXT, 0, 0, NULL},  {"name_prefix", ADCP_OPTION_TEXT, 0, 0, NULL},
    {"max_age", ADCP_OPTION_DURATION, 0, 0, NULL}, {"log_file", ADCP_OPTION_TEXT, 0, 0, NULL},
    {"root", ADCP_OPTION_TEXT, 0, 0, NULL},
};

static const AdcpOptionTable config_table = {config_specs,
                                             sizeof config_specs / sizeof *config_specs, "setting"};

static const AdcpOptionTable *const sources[] = {&config_table, &adcp_backup_options,
                                                 &adcp_restore_options, &adcp_validate_options,
                                                 &adcp_prune_options};

#define SOURCE_COUNT (sizeof sources / sizeof *sources)
#define MAX_SETTINGS 64 /* all tables together have some 50 */

struct AdcpConfig {
  sqlite3 *handle; /* borrowed; NULL: none */
  int references;
  AdcpOptionSpec specs[MAX_SETTINGS]; /* of all sources, each name once */
  AdcpOptionTable table;              /* of specs */
  AdcpOptions *options;
  AdcpRoot *root; /* owned, or another's */
  bool borrows_root;
  const adcp_progress_hook *progress;
  AdcpLastRestore last; /* owned; empty at first */
  bool in_query;
};

/* ---- life ---- */

static bool has_spec(const AdcpConfig *config, const char *name) {
  for( size_t i = 0; i < config->table.count; i++ ) {
    if( strcmp(config->specs[i].name, name) == 0 ) return true;
  }
  return false;
}

static void collect_specs(AdcpConfig *config) {
  config->table = (AdcpOptionTable){config->specs, 0, "setting"};
  for( size_t i = 0; i < SOURCE_COUNT; i++ ) {
    for( size_t j = 0; j < sources[i]->count; j++ ) {
      const AdcpOptionSpec *spec = &sources[i]->specs[j];
      if( spec->type == ADCP_OPTION_TARGETS || has_spec(config, spec->name) ) continue;
      assert(config->table.count < MAX_SETTINGS);
      config->specs[config->table.count++] = *spec;
    }
  }
}

AdcpConfig *adcp_config_open(sqlite3 *handle, const AdcpConfig *within, AdcpError *err) {
  AdcpConfig *config = adcp_calloc(1, sizeof *config);
  if( config == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  config->handle = handle;
  config->references = 1;
  collect_specs(config);
  config->borrows_root = within != NULL;
  config->root = within ? within->root : adcp_root_open(err);
  config->options = adcp_options_parse(NULL, 0, &config->table, NULL, err);
  if( config->options ) return config;
  adcp_config_release(config);
  return NULL;
}

AdcpConfig *adcp_config_retain(AdcpConfig *config) {
  config->references++;
  return config;
}

void adcp_config_release(void *released) {
  AdcpConfig *config = released;
  if( config == NULL || --config->references > 0 ) return;
  if( !config->borrows_root ) adcp_root_close(config->root);
  adcp_options_free(config->options);
  adcp_last_restore_clear(&config->last);
  adcp_free(config);
}

sqlite3 *adcp_config_handle(const AdcpConfig *config) {
  return config->handle;
}

const AdcpRoot *adcp_config_root(const AdcpConfig *config) {
  return config->root;
}

const AdcpOptions *adcp_config_options(const AdcpConfig *config) {
  return config->options;
}

/* ---- the last restore ---- */

const AdcpLastRestore *adcp_config_last_restore(const AdcpConfig *config) {
  return config->last.schema ? &config->last : NULL;
}

void adcp_config_remember(AdcpConfig *config, AdcpLastRestore *restore) {
  adcp_last_restore_clear(&config->last);
  config->last = *restore;
  memset(restore, 0, sizeof *restore);
}

void adcp_last_restore_clear(AdcpLastRestore *restore) {
  adcp_free(restore->schema);
  adcp_free(restore->database);
  adcp_free(restore->safety_backup);
  memset(restore, 0, sizeof *restore);
}

/* ---- SQL of options ---- */

void adcp_config_begin_query(AdcpConfig *config) {
  assert(!config->in_query); /* whoever begins one is refused within one */
  config->in_query = true;
}

void adcp_config_end_query(AdcpConfig *config) {
  config->in_query = false;
}

bool adcp_config_in_query(const AdcpConfig *config) {
  return config->in_query;
}

/* ---- setting ---- */

/* The prefix is the first part of a file's name, never a path. */
static void check_prefix(const AdcpOptions *options, AdcpError *err) {
  const char *prefix = adcp_options_text(options, "name_prefix", DEFAULT_PREFIX);
  if( err->rc == ADCP_OK && (prefix[0] == 0 || prefix[0] == '.' || strchr(prefix, '/')) ) {
    adcp_error_set(err, ADCP_ERROR,
                   "setting \"name_prefix\" begins the names of files: it must not be empty, begin "
                   "with a dot or have a slash in it");
  }
}

static void check_paths(const AdcpOptions *options, AdcpError *err) {
  static const char *const paths[][2] = {{"backup_dir", "folder"}, {"log_file", "file"}};
  for( size_t i = 0; i < sizeof paths / sizeof *paths; i++ ) {
    if( err->rc || *adcp_options_text(options, paths[i][0], ".") ) continue;
    adcp_error_set(err, ADCP_ERROR, "setting \"%s\" is empty; give the path of a %s, or NULL",
                   paths[i][0], paths[i][1]);
  }
}

/* A path is for one restore: the next would find it taken. */
static void check_safety(const AdcpOptions *options, AdcpError *err) {
  if( err->rc == ADCP_OK && adcp_options_text(options, "safety_backup", NULL) ) {
    adcp_error_set(err, ADCP_ERROR,
                   "setting \"safety_backup\" must be true or false; a path belongs to the one "
                   "restore that writes it");
  }
}

/* A log that cannot be written is better known now than after the first operation. */
static void check_log(const AdcpConfig *config, const AdcpOptions *options, const AdcpRoot *root,
                      AdcpError *err) {
  const char *path = adcp_options_text(options, "log_file", "");
  const char *old = adcp_options_text(config->options, "log_file", "");
  bool known = root == config->root && strcmp(path, old) == 0;
  if( err->rc || path[0] == 0 || known ) return;
  adcp_own_file_refuse(&(AdcpDb){config->handle, "main", err}, path);
  adcp_error_prepend(err, "setting \"log_file\": ");
  if( err->rc ) return;
  int fd = adcp_path_open(root, path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0600);
  if( fd < 0 ) {
    adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "setting \"log_file\": cannot write %s", path);
    return;
  }
  adcp_system_calls()->xClose(fd);
}

/* Names the root in the options as it is without links, which is how it is shown. */
static void name_root(AdcpOptions *options, const AdcpRoot *root, AdcpError *err) {
  AdcpBuf json = {0};
  AdcpJsonWriter w = {&json, false};
  if( err->rc ) return;
  adcp_json_string(&w, adcp_root_path(root));
  if( adcp_buf_check(&json, err) ) {
    adcp_options_set(options, "root", (const char *)json.data, json.size, err);
  }
  adcp_buf_free(&json);
}

/* The root that the options ask for; NULL when it stays as it is, and on error. */
static AdcpRoot *narrowed_root(const AdcpConfig *config, AdcpOptions *options, AdcpError *err) {
  const char *wanted = adcp_options_text(options, "root", NULL);
  const char *now = adcp_root_path(config->root);
  if( err->rc || (wanted == NULL && now == NULL) ) return NULL;
  if( wanted == NULL ) {
    adcp_error_set(err, ADCP_PERM,
                   "setting \"root\" holds this connection inside %s for as long as it lives; it "
                   "can be narrowed to a folder inside, not taken away",
                   now);
    return NULL;
  }
  if( now && strcmp(wanted, now) == 0 ) return NULL;
  assert(!config->borrows_root);
  AdcpRoot *root = adcp_root_narrowed(config->root, wanted, err);
  adcp_error_prepend(err, "setting \"root\": ");
  name_root(options, root, err);
  return root;
}

/* Puts new options in the place of the old ones if they can be served; takes them. */
static void replace_options(AdcpConfig *config, AdcpOptions *options, AdcpError *err) {
  if( options == NULL ) return;
  check_prefix(options, err);
  check_paths(options, err);
  check_safety(options, err);
  AdcpRoot *root = narrowed_root(config, options, err);
  check_log(config, options, root ? root : config->root, err);
  if( root && err->rc == ADCP_OK ) {
    adcp_root_take(config->root, root);
  } else {
    adcp_root_close(root);
  }
  AdcpOptions *unused = err->rc ? options : config->options;
  if( err->rc == ADCP_OK ) config->options = options;
  adcp_options_free(unused);
}

void adcp_config_set(AdcpConfig *config, const char *key, const char *json, size_t n,
                     AdcpError *err) {
  AdcpOptions *options = adcp_options_parse(NULL, 0, &config->table, config->options, err);
  if( options ) adcp_options_set(options, key, json, n, err);
  replace_options(config, options, err);
}

static void read_file(const AdcpConfig *config, const char *path, AdcpBuf *text, AdcpError *err) {
  AdcpInFile *file =
      adcp_infile_open(config->root, path, adcp_interrupt_checkpoint_of(config->handle), err);
  if( file == NULL ) return;
  int64_t size = adcp_infile_size(file);
  if( size > ADCP_MAX_OPTIONS_BYTES ) {
    adcp_error_set(err, ADCP_TOOBIG, "%s has %lld bytes; settings of at most %d are read", path,
                   (long long)size, ADCP_MAX_OPTIONS_BYTES);
  } else if( adcp_buf_reserve(text, (size_t)size + 1) ) {
    text->size = adcp_infile_read(file, 0, text->data, (size_t)size, err);
  }
  adcp_infile_close(file);
  adcp_buf_check(text, err);
}

void adcp_config_load(AdcpConfig *config, const char *path, AdcpError *err) {
  AdcpBuf text = {0};
  read_file(config, path, &text, err);
  if( err->rc == ADCP_OK && text.size == 0 ) {
    adcp_error_set(err, ADCP_ERROR, "the file is empty; it must hold one JSON object");
  }
  replace_options(
      config,
      adcp_options_parse((const char *)text.data, text.size, &config->table, config->options, err),
      err);
  adcp_error_name(err, path);
  adcp_buf_free(&text);
}

const adcp_progress_hook *adcp_config_progress(const AdcpConfig *config) {
  return config->progress;
}

void adcp_config_set_progress(AdcpConfig *config, const adcp_progress_hook *hook) {
  config->progress = hook;
}

/* ---- reading ---- */

size_t adcp_config_count(const AdcpConfig *config) {
  return config->table.count;
}

const char *adcp_config_key(const AdcpConfig *config, size_t i) {
  return config->specs[i].name;
}

/* "backups" beside the file, or NULL when the database has none or there is no memory. */
static char *folder_beside(const char *file) {
  AdcpBuf path = {0};
  char *folder = *file ? adcp_path_folder(file) : NULL;
  if( folder == NULL ) return NULL;
  adcp_buf_append_str(&path, folder);
  if( strcmp(folder, "/") != 0 ) adcp_buf_append_byte(&path, '/');
  adcp_buf_append_str(&path, DEFAULT_FOLDER);
  adcp_free(folder);
  return adcp_buf_take(&path);
}

char *adcp_config_backup_dir(const AdcpConfig *config, sqlite3 *handle, const char *schema,
                             AdcpError *err) {
  if( err->rc ) return NULL;
  const char *set = adcp_options_text(config->options, "backup_dir", NULL);
  const char *file = adcp_db_filename(handle, schema);
  char *folder = set ? adcp_strdup(set) : folder_beside(file);
  if( folder == NULL && (set || *file) ) adcp_error_nomem(err);
  if( folder == NULL ) {
    adcp_error_set(err, ADCP_MISUSE,
                   "the database is in memory or temporary, so no folder of backups stands beside "
                   "it; set one with adcp_config('backup_dir', path)");
  }
  return folder;
}

const char *adcp_config_name_prefix(const AdcpConfig *config) {
  return adcp_options_text(config->options, "name_prefix", DEFAULT_PREFIX);
}

void adcp_config_write(const AdcpConfig *config, sqlite3 *handle, const char *key, AdcpBuf *out,
                       AdcpError *err) {
  AdcpJsonWriter w = {out, false};
  if( adcp_options_spec(config->options, key, err) == NULL ) return;
  if( strcmp(key, "name_prefix") == 0 ) {
    adcp_json_string(&w, adcp_config_name_prefix(config));
  } else if( strcmp(key, "backup_dir") == 0 ) {
    AdcpError none = ADCP_ERROR_INIT;
    char *folder = adcp_config_backup_dir(config, handle, "main", &none);
    adcp_json_string(&w, folder);
    adcp_free(folder);
    adcp_error_clear(&none);
  } else {
    adcp_options_write(config->options, key, out);
  }
}
