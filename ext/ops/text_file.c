/*
** text_file.c - reads a small file whole (contract in text_file.h).
*/
#include "ops/text_file.h"

#include "archive/json_parts.h"
#include "base/limits.h"
#include "platform/file.h"

void adcp_text_file_read(const AdcpTextFile *from, AdcpBuf *text, AdcpError *err) {
  const char *path = from->path;
  AdcpInFile *file = err->rc ? NULL : adcp_infile_open(from->root, path, from->checkpoint, err);
  if( file == NULL ) return;
  int64_t size = adcp_infile_size(file);
  if( size > ADCP_MAX_SETTINGS_BYTES ) {
    adcp_error_set(err, ADCP_TOOBIG, "%s has %lld bytes; settings files of at most %d are taken",
                   path, (long long)size, ADCP_MAX_SETTINGS_BYTES);
  } else if( adcp_buf_reserve(text, (size_t)size + 1) ) {
    text->size += adcp_infile_read(file, 0, text->data + text->size, (size_t)size, err);
  }
  adcp_infile_close(file);
  adcp_buf_check(text, err);
}

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void append_trimmed(AdcpBuf *text, const AdcpBuf *bytes) {
  size_t start = 0, end = bytes->size;
  if( end >= 3 && memcmp(bytes->data, "\xef\xbb\xbf", 3) == 0 ) start = 3;
  while( start < end && is_space(bytes->data[start]) ) start++;
  while( start < end && is_space(bytes->data[end - 1]) ) end--;
  adcp_buf_append(text, bytes->data + start, end - start);
}

/* From end to end: nothing but white space may follow. */
static void check_json(const AdcpBuf *text, AdcpError *err) {
  AdcpMemoryText memory = {text->data, text->size};
  AdcpJsonReader *json = adcp_json_reader_open(adcp_memory_input(&memory), err);
  AdcpJsonToken token = json ? adcp_json_next(json) : ADCP_JSON_END;
  while( token != ADCP_JSON_END && token != ADCP_JSON_ERROR ) {
    if( adcp_json_depth(json) > ADCP_MAX_SETTINGS_DEPTH ) {
      adcp_error_set(err, ADCP_TOOBIG,
                     "it nests deeper than %d levels, the limit of settings files",
                     ADCP_MAX_SETTINGS_DEPTH);
    }
    token = adcp_json_next(json);
  }
  adcp_json_reader_close(json);
}

void adcp_json_file_read(const AdcpTextFile *from, AdcpBuf *text, AdcpError *err) {
  const char *path = from->path;
  AdcpBuf bytes = {0};
  adcp_text_file_read(from, &bytes, err);
  if( err->rc == ADCP_OK ) append_trimmed(text, &bytes);
  adcp_buf_check(text, err);
  if( err->rc == ADCP_OK ) {
    check_json(text, err);
    if( err->rc == ADCP_CORRUPT ) {
      err->rc = ADCP_ERROR;
      adcp_error_prepend(err, "%s is not a JSON document: ", path);
    }
    adcp_error_name(err, path);
  }
  adcp_buf_free(&bytes);
}
