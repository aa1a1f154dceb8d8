/*
** secrets.c - what is left out because of its name, and its digests (contract in secrets.h).
*/
#include "ops/secrets.h"

#include <string.h>

#include "archive/json_parts.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "base/texts.h"
#include "codec/hmac.h"
#include "db/sqlite.h"
#include "ops/glob.h"
#include "ops/json_edit.h"
#include "ops/json_tree.h"
#include "ops/settings.h"
#include "platform/random.h"

#define SALT_BYTES ADCP_SHA256_BYTES /* as long as the digest: RFC 2104 wants no less */
#define ALGORITHM  "HMAC-SHA-256"

static const char *const default_names[] = {"*KEY*", "*SECRET*", "*TOKEN*", "*PASSWORD*"};
#define DEFAULT_NAME_COUNT (sizeof default_names / sizeof *default_names)

struct AdcpSecrets {
  const AdcpOptions *options; /* borrowed */
  AdcpTexts globs;            /* of the names that are left out, in any letter case */
  bool included;              /* nothing is left out */
  uint8_t salt[SALT_BYTES];
  AdcpBuf digests; /* the section's text, without its end until it is asked for */
  bool ended;
  /* for the document being redacted: */
  const char *section;
  AdcpTextList *names;
  AdcpTexts places; /* pointers of what was left out of it */
  AdcpMap by_place; /* the same */
  AdcpError *err;
};

/* ---- digests ---- */

/* Appends JSON text without the white space between its tokens. */
static void append_compact(AdcpBuf *out, const AdcpBuf *value) {
  bool in_string = false;
  for( size_t i = 0; i < value->size; i++ ) {
    uint8_t c = value->data[i];
    if( !in_string && (c == ' ' || c == '\t' || c == '\r' || c == '\n') ) continue;
    adcp_buf_append_byte(out, c);
    if( in_string && c == '\\' && i + 1 < value->size ) {
      adcp_buf_append_byte(out, value->data[++i]);
    } else if( c == '"' ) {
      in_string = !in_string;
    }
  }
}

/* Appends the decoded text of a JSON string. */
static void append_decoded(AdcpBuf *out, const AdcpBuf *value, AdcpError *err) {
  AdcpMemoryText memory = {value->data, value->size};
  AdcpJsonReader *json = adcp_json_reader_open(adcp_memory_input(&memory), err);
  if( json && adcp_json_next(json) == ADCP_JSON_STRING ) {
    size_t n;
    const char *text = adcp_json_text(json, &n);
    adcp_buf_append(out, text, n);
  }
  adcp_json_reader_close(json);
}

static void digest_value(const uint8_t salt[SALT_BYTES], const char *section, const char *pointer,
                         const AdcpBuf *value, char hex[ADCP_SHA256_HEX + 1], AdcpError *err) {
  AdcpBuf message = {0};
  adcp_buf_append(&message, section, strlen(section) + 1);
  adcp_buf_append(&message, pointer, strlen(pointer) + 1);
  if( value->size && value->data[0] == '"' ) {
    adcp_buf_append_byte(&message, 's');
    append_decoded(&message, value, err);
  } else {
    adcp_buf_append_byte(&message, 'j');
    append_compact(&message, value);
  }
  hex[0] = 0;
  if( adcp_buf_check(&message, err) ) {
    adcp_hmac_hex(salt, SALT_BYTES, message.data, message.size, hex);
  }
  adcp_buf_free(&message);
}

/* ---- backup ---- */

/* One that matches no name would let secrets in without a word. */
static void check_glob(const char *glob, AdcpTextList *warnings, AdcpError *err) {
  if( *glob == 0 ) {
    adcp_error_set(err, ADCP_ERROR,
                   "option \"secret_names\": a name is empty; give names or globs, such as "
                   "\"*KEY*\", or say {\"include_secrets\":true}");
  } else if( !adcp_glob_is_closed(glob) ) {
    adcp_text_list_add(warnings,
                       "option \"secret_names\": \"%.60s\" has a [ without its ], so that no name "
                       "matches; the character itself is [[]",
                       glob);
  }
}

static void read_globs(AdcpSecrets *secrets, AdcpTextList *warnings, AdcpError *err) {
  const AdcpOptions *options = secrets->options;
  bool own = adcp_options_has(options, "secret_names");
  size_t count = own ? adcp_options_name_count(options, "secret_names") : DEFAULT_NAME_COUNT;
  for( size_t i = 0; i < count && !err->rc; i++ ) {
    const char *glob = own ? adcp_options_name(options, "secret_names", i) : default_names[i];
    check_glob(glob, warnings, err);
    char *caseless = err->rc ? NULL : adcp_glob_caseless(glob, err);
    if( caseless ) adcp_texts_add(&secrets->globs, err, "%s", caseless);
    adcp_free(caseless);
  }
}

AdcpSecrets *adcp_secrets_open(const AdcpOptions *options, AdcpTextList *warnings, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpSecrets *secrets = adcp_calloc(1, sizeof *secrets);
  if( secrets == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  secrets->options = options;
  secrets->included = adcp_options_bool(options, "include_secrets", false);
  read_globs(secrets, warnings, err);
  adcp_random_bytes(secrets->salt, sizeof secrets->salt, err);
  if( err->rc == ADCP_OK ) return secrets;
  adcp_secrets_close(secrets);
  return NULL;
}

static void forget_places(AdcpSecrets *secrets) {
  adcp_map_free(&secrets->by_place);
  adcp_texts_free(&secrets->places);
}

void adcp_secrets_close(AdcpSecrets *secrets) {
  if( secrets == NULL ) return;
  adcp_buf_free(&secrets->digests);
  adcp_texts_free(&secrets->globs);
  forget_places(secrets);
  adcp_free(secrets);
}

/* What option "env" put into app_settings: its members have names of their own. */
static bool is_variables(const AdcpSecrets *secrets, const char *pointer) {
  return strcmp(pointer, "/" ADCP_ENVIRONMENT_KEY) == 0 &&
         strcmp(secrets->section, ADCP_APP_SETTINGS) == 0 &&
         adcp_options_name_count(secrets->options, "env");
}

static bool is_secret(void *context, const char *pointer, const char *key) {
  AdcpSecrets *secrets = context;
  if( is_variables(secrets, pointer) ) return false;
  if( strstr(pointer, ADCP_JSON_POINTER_NUL) ) {
    adcp_error_set(
        secrets->err, ADCP_ERROR,
        "settings \"%s\": the name of a member has a zero character (\\u0000), so that it "
        "cannot be told whether it is a secret; give it another name, or say "
        "{\"include_secrets\":true}",
        secrets->section);
    return false;
  }
  for( size_t i = 0; i < secrets->globs.count; i++ ) {
    if( sqlite3_strglob(secrets->globs.items[i], key) == 0 ) return true;
  }
  return false;
}

/* Two values at one place could not be told apart when they are put back. Variables of option "env" are
** taken away then, however often they stand there. */
static void note_place(AdcpSecrets *secrets, const char *pointer) {
  static const char variables[] = "/" ADCP_ENVIRONMENT_KEY "/";
  bool ours = strncmp(pointer, variables, sizeof variables - 1) == 0 &&
              strcmp(secrets->section, ADCP_APP_SETTINGS) == 0 &&
              adcp_options_name_count(secrets->options, "env");
  if( ours || secrets->err->rc ) return;
  if( adcp_map_get(&secrets->by_place, pointer, strlen(pointer)) ) {
    adcp_error_set(secrets->err, ADCP_ERROR,
                   "settings \"%s\": member %.200s stands there twice, and its values are left out "
                   "as secrets: a restore could not tell them apart; remove one of them, or say "
                   "{\"include_secrets\":true}",
                   secrets->section, pointer);
    return;
  }
  adcp_texts_add(&secrets->places, secrets->err, "%s", pointer);
  if( secrets->err->rc ) return;
  char *place = secrets->places.items[secrets->places.count - 1];
  adcp_map_put(&secrets->by_place, place, strlen(place), place, secrets->err);
}

static void begin_digests(AdcpSecrets *secrets) {
  uint8_t salt[2 * SALT_BYTES];
  adcp_hex_encode(secrets->salt, SALT_BYTES, salt);
  adcp_buf_append_str(&secrets->digests, "{\"algorithm\":\"" ALGORITHM "\",\"salt\":\"");
  adcp_buf_append(&secrets->digests, salt, sizeof salt);
  adcp_buf_append_str(&secrets->digests, "\",\"values\":[");
}

static bool is_null(const AdcpBuf *value) {
  return value->size == 4 && memcmp(value->data, "null", 4) == 0;
}

static void leave_out(void *context, const char *pointer, const AdcpBuf *value, AdcpBuf *out) {
  AdcpSecrets *secrets = context;
  char hex[ADCP_SHA256_HEX + 1];
  adcp_buf_append_str(out, "null");
  note_place(secrets, pointer);
  if( is_null(value) ) return;
  digest_value(secrets->salt, secrets->section, pointer, value, hex, secrets->err);
  bool first = secrets->digests.size == 0;
  if( first ) begin_digests(secrets);
  AdcpJsonWriter w = {&secrets->digests, !first};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "section", secrets->section);
  adcp_json_member_string(&w, "path", pointer);
  adcp_json_member_string(&w, "hmac", hex);
  adcp_json_end_object(&w);
  adcp_text_list_add(secrets->names, "%s%s", secrets->section, pointer);
}

void adcp_secrets_redact(AdcpSecrets *secrets, const char *section, const AdcpBuf *text,
                         AdcpBuf *out, AdcpTextList *names, AdcpError *err) {
  if( err->rc ) return;
  if( secrets->included ) {
    adcp_buf_append(out, text->data, text->size);
    adcp_buf_check(out, err);
    return;
  }
  secrets->section = section;
  secrets->names = names;
  secrets->err = err;
  AdcpJsonVisitor visitor = {secrets, is_secret, leave_out};
  adcp_json_edit((const char *)text->data, text->size, &visitor, out, err);
  forget_places(secrets);
  adcp_buf_check(&secrets->digests, err);
}

const AdcpBuf *adcp_secrets_digests(AdcpSecrets *secrets) {
  if( secrets->digests.size && !secrets->ended ) {
    adcp_buf_append_str(&secrets->digests, "]}");
    secrets->ended = true;
  }
  return &secrets->digests;
}

bool adcp_secret_is_name(const char *name, AdcpError *err) {
  bool found = false;
  for( size_t i = 0; i < DEFAULT_NAME_COUNT && !found && !err->rc; i++ ) {
    char *glob = adcp_glob_caseless(default_names[i], err);
    found = glob && sqlite3_strglob(glob, name) == 0;
    adcp_free(glob);
  }
  return found;
}

/* ---- restore ---- */

typedef struct LeftOut {
  const char *section, *pointer, *hmac; /* of the document */
  char *key;                            /* section and pointer; owned */
} LeftOut;

struct AdcpSecretDigests {
  cJSON *root; /* NULL: an empty set */
  uint8_t salt[SALT_BYTES];
  LeftOut *values;
  size_t count;
  AdcpMap by_place;
};

static const char *text_of(const cJSON *object, const char *key, AdcpError *err) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if( cJSON_IsString(item) ) return item->valuestring;
  adcp_error_set(err, ADCP_CORRUPT, "damaged: " ADCP_SECRETS_SECTION " has no text \"%s\"", key);
  return "";
}

static char *place_key(const char *section, const char *pointer) {
  AdcpBuf key = {0};
  adcp_buf_append_str(&key, section);
  adcp_buf_append_str(&key, pointer);
  return adcp_buf_take(&key);
}

static void read_values(AdcpSecretDigests *digests, const cJSON *values, AdcpError *err) {
  digests->values = adcp_calloc((size_t)cJSON_GetArraySize(values) + 1, sizeof *digests->values);
  if( digests->values == NULL ) adcp_error_nomem(err);
  for( const cJSON *item = values ? values->child : NULL; item && !err->rc; item = item->next ) {
    LeftOut *value = &digests->values[digests->count++];
    value->section = text_of(item, "section", err);
    value->pointer = text_of(item, "path", err);
    value->hmac = text_of(item, "hmac", err);
    value->key = place_key(value->section, value->pointer);
    if( value->key == NULL ) {
      adcp_error_nomem(err);
    } else {
      adcp_map_put(&digests->by_place, value->key, strlen(value->key), value, err);
    }
  }
}

static void read_digests(AdcpSecretDigests *digests, const char *json, size_t n, AdcpError *err) {
  digests->root = adcp_json_tree(json, n, NULL, err);
  if( !cJSON_IsObject(digests->root) ) {
    adcp_error_set(err, ADCP_CORRUPT, "damaged: " ADCP_SECRETS_SECTION " is not an object");
    return;
  }
  size_t size = 0;
  const char *salt = text_of(digests->root, "salt", err);
  const char *algorithm = text_of(digests->root, "algorithm", err);
  if( err->rc ) return;
  if( strcmp(algorithm, ALGORITHM) != 0 || strlen(salt) != 2 * SALT_BYTES ||
      !adcp_hex_decode((const uint8_t *)salt, 2 * SALT_BYTES, digests->salt, &size) ) {
    adcp_error_set(err, ADCP_CORRUPT,
                   "damaged: " ADCP_SECRETS_SECTION " has no salt for " ALGORITHM);
    return;
  }
  read_values(digests, cJSON_GetObjectItemCaseSensitive(digests->root, "values"), err);
}

AdcpSecretDigests *adcp_secret_digests_open(const char *json, size_t n, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpSecretDigests *digests = adcp_calloc(1, sizeof *digests);
  if( digests == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  if( json ) read_digests(digests, json, n, err);
  if( err->rc == ADCP_OK ) return digests;
  adcp_secret_digests_close(digests);
  return NULL;
}

static const LeftOut *find(const AdcpSecretDigests *digests, const char *section,
                           const char *pointer, AdcpError *err) {
  char *key = place_key(section, pointer);
  const LeftOut *value = key ? adcp_map_get(&digests->by_place, key, strlen(key)) : NULL;
  if( key == NULL ) adcp_error_nomem(err);
  adcp_free(key);
  return value;
}

bool adcp_secret_left_out(const AdcpSecretDigests *digests, const char *section,
                          const char *pointer, AdcpError *err) {
  return find(digests, section, pointer, err) != NULL;
}

bool adcp_secret_same(const AdcpSecretDigests *digests, const char *section, const char *pointer,
                      const AdcpBuf *value, AdcpError *err) {
  char hex[ADCP_SHA256_HEX + 1];
  const LeftOut *left_out = find(digests, section, pointer, err);
  if( left_out == NULL ) return false;
  digest_value(digests->salt, section, pointer, value, hex, err);
  return err->rc == ADCP_OK && strcmp(hex, left_out->hmac) == 0;
}

/* A document that is backed up, beside what an earlier backup left out. */
typedef struct Comparison {
  AdcpSecrets *secrets;
  const AdcpSecretDigests *digests;
  bool same; /* so far */
} Comparison;

static bool is_compared(void *context, const char *pointer, const char *key) {
  return is_secret(((Comparison *)context)->secrets, pointer, key);
}

static void compare_value(void *context, const char *pointer, const AdcpBuf *value, AdcpBuf *out) {
  (void)out;
  Comparison *comparison = context;
  AdcpSecrets *secrets = comparison->secrets;
  bool same =
      is_null(value)
          ? !adcp_secret_left_out(comparison->digests, secrets->section, pointer, secrets->err)
          : adcp_secret_same(comparison->digests, secrets->section, pointer, value, secrets->err);
  comparison->same = comparison->same && same;
}

bool adcp_secrets_are_same(AdcpSecrets *secrets, const AdcpSecretDigests *digests,
                           const char *section, const AdcpBuf *text, AdcpError *err) {
  if( err->rc || secrets->included ) return true;
  secrets->section = section;
  secrets->err = err;
  AdcpBuf unused = {0};
  Comparison comparison = {secrets, digests, true};
  AdcpJsonVisitor visitor = {&comparison, is_compared, compare_value};
  adcp_json_edit((const char *)text->data, text->size, &visitor, &unused, err);
  adcp_buf_free(&unused);
  return comparison.same;
}

size_t adcp_secret_count(const AdcpSecretDigests *digests) {
  return digests->count;
}

void adcp_secret_digests_close(AdcpSecretDigests *digests) {
  if( digests == NULL ) return;
  for( size_t i = 0; i < digests->count; i++ ) adcp_free(digests->values[i].key);
  adcp_map_free(&digests->by_place);
  adcp_free(digests->values);
  cJSON_Delete(digests->root);
  adcp_free(digests);
}
