/*
** null_secrets.c - secrets that were null (contract in null_secrets.h).
*/
#include "ops/null_secrets.h"

#include <string.h>

#include "base/mem.h"
#include "base/texts.h"
#include "ops/json_edit.h"

typedef struct Search {
  const AdcpSecretDigests *digests;
  const char *section;
  AdcpTexts pointers; /* of what was null */
  AdcpMap by_pointer; /* the same */
  AdcpTextList *warnings;
  AdcpError *err;
} Search;

static bool is_null(const AdcpBuf *value) {
  return value->size == 4 && memcmp(value->data, "null", 4) == 0;
}

static bool is_name(void *context, const char *pointer, const char *key) {
  (void)pointer;
  Search *search = context;
  return adcp_secret_is_name(key, search->err);
}

static void note_null(void *context, const char *pointer, const AdcpBuf *value, AdcpBuf *out) {
  (void)out;
  Search *search = context;
  bool left_out = adcp_secret_left_out(search->digests, search->section, pointer, search->err);
  if( left_out || !is_null(value) || search->err->rc ) return;
  adcp_texts_add(&search->pointers, search->err, "%s", pointer);
  if( search->err->rc ) return;
  char *copy = search->pointers.items[search->pointers.count - 1];
  adcp_map_put(&search->by_pointer, copy, strlen(copy), copy, search->err);
}

static bool was_null(void *context, const char *pointer, const char *key) {
  (void)key;
  return adcp_map_get(&((Search *)context)->by_pointer, pointer, strlen(pointer)) != NULL;
}

static void warn_of_value(void *context, const char *pointer, const AdcpBuf *value, AdcpBuf *out) {
  (void)out;
  Search *search = context;
  if( is_null(value) ) return;
  adcp_text_list_add(search->warnings,
                     "settings \"%s\": %.200s was null when the backup was made: the value that is "
                     "there goes",
                     search->section, pointer);
}

/* A file that is not there, or cannot be read, has no values: it is replaced all the same. */
static void read_values(Search *search, const AdcpTextFile *file) {
  AdcpError unreadable = ADCP_ERROR_INIT;
  AdcpBuf current = {0}, unused = {0};
  AdcpJsonVisitor visitor = {search, was_null, warn_of_value};
  adcp_json_file_read(file, &current, &unreadable);
  adcp_json_edit((const char *)current.data, current.size, &visitor, &unused, &unreadable);
  if( unreadable.rc == ADCP_NOMEM || unreadable.rc == ADCP_INTERRUPT ) {
    adcp_error_move(search->err, &unreadable);
  }
  adcp_error_clear(&unreadable);
  adcp_buf_free(&current);
  adcp_buf_free(&unused);
}

void adcp_null_secrets_warn(const AdcpSecretDigests *digests, const char *section,
                            const AdcpBuf *text, const AdcpTextFile *file, AdcpTextList *warnings,
                            AdcpError *err) {
  if( err->rc ) return;
  Search search = {.digests = digests, .section = section, .warnings = warnings, .err = err};
  AdcpBuf unused = {0};
  AdcpJsonVisitor visitor = {&search, is_name, note_null};
  adcp_json_edit((const char *)text->data, text->size, &visitor, &unused, err);
  if( search.pointers.count && !err->rc ) read_values(&search, file);
  adcp_map_free(&search.by_pointer);
  adcp_texts_free(&search.pointers);
  adcp_buf_free(&unused);
}
