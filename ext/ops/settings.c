/*
** settings.c - gathers settings files, environment variables and flags (contract in settings.h).
*/
#include "ops/interrupt.h"
#include "ops/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "db/token.h"
#include "ops/environment.h"
#include "ops/json_edit.h"
#include "ops/secrets.h"
#include "ops/text_file.h"

const char *const adcp_settings_missing_choices[] = {"error", "skip", NULL};

typedef struct Section {
  char *name;   /* owned */
  AdcpBuf text; /* as it is */
  AdcpBuf left; /* without its secrets */
} Section;

struct AdcpSettings {
  AdcpDb *db;
  AdcpError *err;
  const AdcpOptions *options;
  AdcpConfig *config;
  const AdcpRoot *root; /* of it */
  AdcpSecrets *secrets;
  Section *sections;
  size_t count;
  size_t bytes; /* of all files */
  AdcpEnvironment environment;
  bool variables_alone; /* app_settings has them and is no file */
  AdcpBuf flags;        /* empty without */
  AdcpTextList redacted, warnings;
};

static const char *const reserved[] = {"database_schema", "fts_tables", "tables",
                                       ADCP_FLAGS_SECTION, ADCP_SECRETS_SECTION};

bool adcp_settings_reserved(const char *section) {
  for( size_t i = 0; i < sizeof reserved / sizeof *reserved; i++ ) {
    if( strcmp(section, reserved[i]) == 0 ) return true;
  }
  return strncmp(section, "backup_", 7) == 0;
}

/* ---- files ---- */

static Section *find_section(const AdcpSettings *settings, const char *name) {
  for( size_t i = 0; i < settings->count; i++ ) {
    if( strcmp(settings->sections[i].name, name) == 0 ) return &settings->sections[i];
  }
  return NULL;
}

/* There is room: one for each pair of the option and one for app_settings. */
static Section *add_section(AdcpSettings *settings, const char *name) {
  char *copy = adcp_strdup(name);
  if( copy == NULL ) {
    adcp_error_nomem(settings->err);
    return NULL;
  }
  Section *section = &settings->sections[settings->count++];
  section->name = copy;
  return section;
}

static void check_section_name(const char *name, AdcpError *err) {
  if( adcp_settings_reserved(name) ) {
    adcp_error_set(err, ADCP_ERROR,
                   "option \"settings\": \"%s\" is a name that the format uses itself; give the "
                   "section another",
                   name);
  } else if( *name == 0 ) {
    adcp_error_set(err, ADCP_ERROR, "option \"settings\": a section has no name");
  }
}

/* A file that cannot be taken is an error, or a warning where the caller wants that. */
static bool skipped(AdcpSettings *settings, const char *name, AdcpError *trial) {
  bool skip =
      strcmp(adcp_options_text(settings->options, "settings_missing", "error"), "skip") == 0;
  adcp_error_prepend(trial, "settings \"%s\": ", name);
  if( trial->rc == ADCP_OK || trial->rc == ADCP_NOMEM || !skip ) {
    adcp_error_move(settings->err, trial);
    return false;
  }
  adcp_text_list_add(&settings->warnings, "%s; left out", adcp_error_message(trial));
  adcp_error_clear(trial);
  return true;
}

static void read_file(AdcpSettings *settings, const char *name, const char *path) {
  AdcpError trial = ADCP_ERROR_INIT;
  AdcpBuf text = {0};
  AdcpTextFile file = {settings->root, path, adcp_interrupt_checkpoint_of(settings->db->handle)};
  if( *path == 0 ) {
    adcp_error_set(&trial, ADCP_CANTOPEN, "its path is empty; give the path of a file");
  }
  adcp_json_file_read(&file, &text, &trial);
  bool skip = skipped(settings, name, &trial);
  if( settings->err->rc == ADCP_OK && !skip ) {
    Section *section = add_section(settings, name);
    settings->bytes += text.size;
    if( section ) {
      section->text = text;
      return;
    }
  }
  adcp_buf_free(&text);
}

static void read_files(AdcpSettings *settings) {
  size_t count = adcp_options_pair_count(settings->options, "settings");
  settings->sections = adcp_calloc(count + 1, sizeof *settings->sections);
  if( settings->sections == NULL ) adcp_error_nomem(settings->err);
  for( size_t i = 0; i < count && !settings->err->rc; i++ ) {
    const char *name, *path;
    adcp_options_pair(settings->options, "settings", i, &name, &path);
    check_section_name(name, settings->err);
    if( !settings->err->rc ) read_file(settings, name, path);
    if( settings->bytes > ADCP_MAX_ALL_SETTINGS_BYTES ) {
      adcp_error_set(settings->err, ADCP_TOOBIG,
                     "the settings files have more than %d bytes together",
                     ADCP_MAX_ALL_SETTINGS_BYTES);
    }
  }
}

/* ---- environment ---- */

/* Puts the variables in the place of a member of that name. */
typedef struct Replacement {
  const AdcpBuf *json;
  bool done;
} Replacement;

static bool is_variables(void *context, const char *pointer, const char *key) {
  (void)context;
  (void)key;
  return strcmp(pointer, "/" ADCP_ENVIRONMENT_KEY) == 0;
}

static void put_variables(void *context, const char *pointer, const AdcpBuf *value, AdcpBuf *out) {
  (void)pointer;
  (void)value;
  Replacement *replacement = context;
  replacement->done = true;
  adcp_buf_append(out, replacement->json->data, replacement->json->size);
}

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Adds the member in front of the brace that ends the document. */
static void add_variables(Section *section, const AdcpBuf *json, AdcpBuf *out) {
  size_t last = section->text.size - 1; /* what the new member stands behind */
  while( is_space(section->text.data[last - 1]) ) last--;
  bool is_empty = section->text.data[last - 1] == '{';
  adcp_buf_append(out, section->text.data, last);
  adcp_buf_append_str(out, is_empty ? "\"" ADCP_ENVIRONMENT_KEY "\":"
                                    : ",\"" ADCP_ENVIRONMENT_KEY "\":");
  adcp_buf_append(out, json->data, json->size);
  adcp_buf_append(out, section->text.data + last, section->text.size - last);
}

static bool is_object(const AdcpBuf *text) {
  return text->size && text->data[0] == '{';
}

static void attach_variables(AdcpSettings *settings, Section *section) {
  AdcpBuf out = {0};
  Replacement replacement = {&settings->environment.json, false};
  AdcpJsonVisitor visitor = {&replacement, is_variables, put_variables};
  if( !is_object(&section->text) ) {
    adcp_error_set(settings->err, ADCP_ERROR,
                   "settings \"" ADCP_APP_SETTINGS "\" is not a JSON object, so that the variables "
                   "of option \"env\" have no place in it");
    return;
  }
  adcp_json_edit((const char *)section->text.data, section->text.size, &visitor, &out,
                 settings->err);
  if( replacement.done ) {
    adcp_text_list_add(&settings->warnings,
                       "the settings file of \"" ADCP_APP_SETTINGS
                       "\" has a member \"" ADCP_ENVIRONMENT_KEY
                       "\" of its own; in the backup the variables of option \"env\" stand there");
  } else {
    adcp_buf_clear(&out);
    add_variables(section, &settings->environment.json, &out);
  }
  adcp_buf_check(&out, settings->err);
  adcp_buf_free(&section->text);
  section->text = out;
}

static void read_environment(AdcpSettings *settings) {
  if( adcp_options_name_count(settings->options, "env") == 0 ) return;
  adcp_environment_read(&settings->environment, settings->options, "env", &settings->warnings,
                        settings->err);
  if( settings->err->rc ) return;
  Section *section = find_section(settings, ADCP_APP_SETTINGS);
  if( section == NULL ) {
    settings->variables_alone = true;
    section = add_section(settings, ADCP_APP_SETTINGS);
    if( section ) adcp_buf_append_str(&section->text, "{}");
  }
  if( section && adcp_buf_check(&section->text, settings->err) ) {
    attach_variables(settings, section);
  }
}

/* ---- flags ---- */

/* A member of a document, looked for by its place. */
typedef struct Search {
  const char *pointer;
  AdcpBuf value;
} Search;

static bool is_sought(void *context, const char *pointer, const char *key) {
  (void)key;
  return strcmp(pointer, ((Search *)context)->pointer) == 0;
}

static void found(void *context, const char *pointer, const AdcpBuf *value, AdcpBuf *out) {
  (void)pointer;
  (void)out;
  Search *search = context;
  adcp_buf_clear(&search->value);
  adcp_buf_append(&search->value, value->data, value->size);
}

/* true, "yes", 2, ...: what JSON text counts as true. */
static bool json_truth(AdcpBuf *value, AdcpError *err) {
  const char *text = adcp_buf_text(value);
  if( !adcp_buf_check(value, err) || strcmp(text, "null") == 0 || strcmp(text, "false") == 0 )
    return false;
  if( text[0] == '"' ) {
    value->size--; /* the quotes; a text with escapes is none of the four */
    return adcp_environment_truth(adcp_buf_text(value) + 1); /* with room: it got shorter */
  }
  bool number = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
  return strcmp(text, "true") == 0 || (number && strpbrk(text, "123456789") != NULL);
}

/* "app_settings.some.key": section, then the names of members. */
static bool flag_of_settings(AdcpSettings *settings, const char *flag, const char *place) {
  const char *dot = strchr(place, '.');
  char *name = adcp_strndup(place, dot ? (size_t)(dot - place) : strlen(place));
  const Section *section = name ? find_section(settings, name) : NULL;
  if( name == NULL ) adcp_error_nomem(settings->err);
  adcp_free(name);
  if( dot == NULL || section == NULL ) {
    adcp_error_set(
        settings->err, ADCP_ERROR,
        "option \"flags\": \"%s\": \"settings:%.100s\" must be settings:section.key with "
        "a section of option \"settings\"",
        flag, place);
    return false;
  }
  AdcpBuf pointer = {0}, unused = {0};
  for( const char *at = dot + 1; at; ) {
    const char *next = strchr(at, '.');
    adcp_json_pointer_append(&pointer, at, next ? (size_t)(next - at) : strlen(at));
    at = next ? next + 1 : NULL;
  }
  Search search = {adcp_buf_text(&pointer), {0}};
  AdcpJsonVisitor visitor = {&search, is_sought, found};
  if( adcp_buf_check(&pointer, settings->err) ) {
    adcp_json_edit((const char *)section->text.data, section->text.size, &visitor, &unused,
                   settings->err);
  }
  if( adcp_buf_check(&search.value, settings->err) && search.value.size == 0 ) {
    adcp_text_list_add(&settings->warnings, "flag \"%s\": the settings have no %s; taken as false",
                       flag, place);
  }
  bool truth = search.value.size && json_truth(&search.value, settings->err);
  adcp_buf_free(&pointer);
  adcp_buf_free(&unused);
  adcp_buf_free(&search.value);
  return truth;
}

/* Only what reads: one SELECT, VALUES or WITH, that SQLite too says writes nothing. */
static bool is_query(const char *sql) {
  static const char *const words[] = {"SELECT", "VALUES", "WITH"};
  size_t left = strlen(sql), size;
  AdcpTokenType type;
  while( (type = adcp_token_next(sql, left, &size)) == ADCP_TOKEN_SPACE ) {
    sql += size;
    left -= size;
  }
  for( size_t i = 0; i < sizeof words / sizeof *words && type == ADCP_TOKEN_WORD; i++ ) {
    if( size == strlen(words[i]) && sqlite3_strnicmp(sql, words[i], (int)size) == 0 ) return true;
  }
  return false;
}

static bool column_truth(sqlite3_stmt *stmt) {
  switch( sqlite3_column_type(stmt, 0) ) {
  case SQLITE_INTEGER: return sqlite3_column_int64(stmt, 0) != 0;
  case SQLITE_FLOAT: return sqlite3_column_double(stmt, 0) != 0.0;
  case SQLITE_TEXT: {
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    return text && adcp_environment_truth(text);
  }
  default: return false;
  }
}

/* Runs it: of a statement that gives more than one row, or fails, there is no truth. */
static bool run_flag(AdcpSettings *settings, const char *flag, sqlite3_stmt *stmt) {
  AdcpError *err = settings->err;
  bool truth = false;
  if( adcp_db_step(settings->db, stmt) ) {
    truth = column_truth(stmt);
    if( sqlite3_column_type(stmt, 0) == SQLITE_NULL ) {
      adcp_text_list_add(&settings->warnings, "flag \"%s\": its SQL gives NULL; taken as false",
                         flag);
    }
    if( adcp_db_step(settings->db, stmt) ) {
      adcp_error_set(err, ADCP_ERROR, "it gives more than one row");
    }
  } else if( err->rc == ADCP_OK ) {
    adcp_text_list_add(&settings->warnings, "flag \"%s\": its SQL gives no row; taken as false",
                       flag);
  }
  return truth;
}

static bool flag_of_sql(AdcpSettings *settings, const char *flag, const char *sql) {
  AdcpError *err = settings->err;
  bool truth = false;
  sqlite3_stmt *stmt = is_query(sql) ? adcp_db_prepare_text(settings->db, sql) : NULL;
  if( err->rc == ADCP_OK &&
      (stmt == NULL || !sqlite3_stmt_readonly(stmt) || sqlite3_column_count(stmt) != 1) ) {
    adcp_error_set(err, ADCP_ERROR, "it must be one SELECT of one column that writes nothing");
  } else {
    adcp_config_begin_query(settings->config);
    truth = run_flag(settings, flag, stmt);
    adcp_config_end_query(settings->config);
  }
  adcp_db_finalize(stmt);
  adcp_error_prepend(err, "option \"flags\": SQL of \"%s\": ", flag);
  return truth;
}

static bool flag_of_variable(AdcpSettings *settings, const char *flag, const char *name) {
  if( *name == 0 || strchr(name, '=') ) {
    adcp_error_set(settings->err, ADCP_ERROR,
                   "option \"flags\": \"%s\": \"%.100s\" is neither the name of an environment "
                   "variable nor settings:... nor sql:...",
                   flag, name);
    return false;
  }
  const char *value = getenv(name);
  if( value == NULL ) {
    adcp_text_list_add(&settings->warnings,
                       "flag \"%s\": environment variable %s is not set; taken as false", flag,
                       name);
  }
  return value && adcp_environment_truth(value);
}

static bool read_flag(AdcpSettings *settings, const char *flag, const char *from) {
  if( sqlite3_strnicmp(from, "sql:", 4) == 0 ) return flag_of_sql(settings, flag, from + 4);
  if( sqlite3_strnicmp(from, "settings:", 9) == 0 )
    return flag_of_settings(settings, flag, from + 9);
  return flag_of_variable(settings, flag, from);
}

static void read_flags(AdcpSettings *settings) {
  size_t count = adcp_options_pair_count(settings->options, "flags");
  AdcpJsonWriter w = {&settings->flags, false};
  if( count == 0 || settings->err->rc ) return;
  adcp_json_begin_object(&w);
  for( size_t i = 0; i < count && !settings->err->rc; i++ ) {
    const char *flag, *from;
    adcp_options_pair(settings->options, "flags", i, &flag, &from);
    adcp_json_member_bool(&w, flag, read_flag(settings, flag, from));
  }
  adcp_json_end_object(&w);
  adcp_buf_check(&settings->flags, settings->err);
}

/* ---- the whole ---- */

static void redact(AdcpSettings *settings) {
  bool compared = adcp_options_bool(settings->options, "if_changed", false);
  settings->secrets = adcp_secrets_open(settings->options, &settings->warnings, settings->err);
  for( size_t i = 0; i < settings->count && !settings->err->rc; i++ ) {
    Section *section = &settings->sections[i];
    adcp_secrets_redact(settings->secrets, section->name, &section->text, &section->left,
                        &settings->redacted, settings->err);
    if( !compared ) adcp_buf_free(&section->text);
  }
  if( settings->secrets ) adcp_secrets_digests(settings->secrets);
  adcp_text_list_check(&settings->redacted, settings->err);
  adcp_text_list_check(&settings->warnings, settings->err);
}

/* A reader keeps so many members besides those it knows. */
static void check_count(AdcpSettings *settings) {
  size_t own = 1; /* "fts_tables" */
  own += settings->flags.size > 0;
  own += adcp_secrets_digests(settings->secrets)->size > 0;
  if( settings->count + own <= ADCP_MAX_SECTIONS ) return;
  adcp_error_set(settings->err, ADCP_TOOBIG,
                 "option \"settings\" has %zu sections; this backup can have %zu of them",
                 settings->count, ADCP_MAX_SECTIONS - own);
}

/* And so much text. */
static void check_size(AdcpSettings *settings) {
  size_t n = settings->redacted.json.size + settings->flags.size +
             adcp_secrets_digests(settings->secrets)->size;
  for( size_t i = 0; i < settings->count; i++ ) n += settings->sections[i].left.size;
  if( (int64_t)n <= ADCP_MAX_SETTINGS_TEXT_BYTES ) return;
  adcp_error_set(
      settings->err, ADCP_TOOBIG,
      "the settings, with the places and digests of %zu secrets that are left out, would "
      "take %zu bytes of the backup, more than %lld; give fewer files, or names that "
      "match less in \"secret_names\"",
      settings->redacted.count, n, (long long)ADCP_MAX_SETTINGS_TEXT_BYTES);
}

AdcpSettings *adcp_settings_open(const AdcpOptions *options, AdcpConfig *config, AdcpDb *db) {
  AdcpError *err = db->err;
  if( err->rc ) return NULL;
  AdcpSettings *settings = adcp_calloc(1, sizeof *settings);
  if( settings == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  settings->db = db;
  settings->err = err;
  settings->options = options;
  settings->config = config;
  settings->root = adcp_config_root(config);
  read_files(settings);
  if( !err->rc ) read_flags(settings);
  if( !err->rc ) read_environment(settings);
  if( !err->rc ) redact(settings);
  if( !err->rc ) check_count(settings);
  if( !err->rc ) check_size(settings);
  if( err->rc == ADCP_OK ) return settings;
  adcp_settings_close(settings);
  return NULL;
}

/* Also where there are no variables: the list says whose the member in app_settings is. */
void adcp_settings_write_metadata(const AdcpSettings *settings, AdcpJsonWriter *w) {
  if( settings->environment.json.size ) {
    adcp_text_list_write(&settings->environment.names, w, ADCP_METADATA_VARIABLES);
  }
  if( settings->variables_alone ) adcp_json_member_bool(w, ADCP_METADATA_ALONE, true);
  if( settings->redacted.count ) adcp_text_list_write(&settings->redacted, w, "redacted_settings");
}

static bool has_section(const AdcpArchiveReader *archive, const char *name, const AdcpBuf *text) {
  size_t n = 0;
  const char *json = adcp_archive_section(archive, name, &n);
  return json && n == text->size && memcmp(json, text->data, n) == 0;
}

bool adcp_settings_are_held(const AdcpSettings *settings, const AdcpArchiveReader *archive,
                            AdcpError *err) {
  size_t n = 0;
  const char *json = adcp_archive_section(archive, ADCP_SECRETS_SECTION, &n);
  AdcpSecretDigests *digests = adcp_secret_digests_open(json, n, err);
  bool held = digests && (settings->flags.size == 0 ||
                          has_section(archive, ADCP_FLAGS_SECTION, &settings->flags));
  for( size_t i = 0; i < settings->count && held; i++ ) {
    const Section *section = &settings->sections[i];
    held = has_section(archive, section->name, &section->left) &&
           adcp_secrets_are_same(settings->secrets, digests, section->name, &section->text, err);
  }
  adcp_secret_digests_close(digests);
  return held;
}

void adcp_settings_write(const AdcpSettings *settings, AdcpArchiveWriter *archive) {
  if( settings == NULL ) return;
  for( size_t i = 0; i < settings->count; i++ ) {
    const Section *section = &settings->sections[i];
    adcp_archive_write_section(archive, section->name, (const char *)section->left.data,
                               section->left.size);
  }
  const AdcpBuf *digests = adcp_secrets_digests(settings->secrets);
  if( settings->flags.size ) {
    adcp_archive_write_section(archive, ADCP_FLAGS_SECTION, (const char *)settings->flags.data,
                               settings->flags.size);
  }
  if( digests->size ) {
    adcp_archive_write_section(archive, ADCP_SECRETS_SECTION, (const char *)digests->data,
                               digests->size);
  }
}

const AdcpTextList *adcp_settings_redacted(const AdcpSettings *settings) {
  return &settings->redacted;
}

const AdcpTextList *adcp_settings_warnings(const AdcpSettings *settings) {
  return &settings->warnings;
}

void adcp_settings_close(AdcpSettings *settings) {
  if( settings == NULL ) return;
  for( size_t i = 0; i < settings->count; i++ ) {
    adcp_free(settings->sections[i].name);
    adcp_buf_free(&settings->sections[i].text);
    adcp_buf_free(&settings->sections[i].left);
  }
  adcp_free(settings->sections);
  adcp_secrets_close(settings->secrets);
  adcp_environment_free(&settings->environment);
  adcp_buf_free(&settings->flags);
  adcp_text_list_free(&settings->redacted);
  adcp_text_list_free(&settings->warnings);
  adcp_free(settings);
}
