/*
** env_file.c - lines of a .env file (contract in env_file.h).
*/
#include "ops/env_file.h"

#include <string.h>

#include "ops/environment.h"

/* Where the assignment that begins at `at` ends: behind a line break outside quotes. */
static size_t end_of_line(const AdcpBuf *text, size_t at) {
  uint8_t quote = 0;
  for( ; at < text->size; at++ ) {
    uint8_t c = text->data[at];
    if( c == '\n' && quote == 0 ) return at + 1;
    if( c == '\\' && quote != '\'' && at + 1 < text->size ) {
      at++;
    } else if( quote ) {
      if( c == quote ) quote = 0;
    } else if( c == '\'' || c == '"' ) {
      quote = c;
    }
  }
  return at;
}

/* A comment may have an apostrophe. */
static size_t end_of_comment(const AdcpBuf *text, size_t at) {
  const uint8_t *end = memchr(text->data + at, '\n', text->size - at);
  return end ? (size_t)(end - text->data) + 1 : text->size;
}

static bool assigns(const AdcpBuf *text, size_t at, const char *name) {
  size_t n = strlen(name);
  if( text->size - at >= 7 && memcmp(text->data + at, "export ", 7) == 0 ) at += 7;
  return text->size - at > n && memcmp(text->data + at, name, n) == 0 && text->data[at + n] == '=';
}

/* Appends the line of the current file; false when it has none. */
static bool keep_line(AdcpBuf *out, const AdcpBuf *text, const char *name) {
  for( size_t at = 0, end; at < text->size; at = end ) {
    end = text->data[at] == '#' ? end_of_comment(text, at) : end_of_line(text, at);
    if( !assigns(text, at, name) ) continue;
    adcp_buf_append(out, text->data + at, end - at);
    if( text->data[end - 1] != '\n' ) adcp_buf_append_byte(out, '\n');
    return true;
  }
  return false;
}

void adcp_env_file_add(AdcpBuf *out, const AdcpEnvVariable *variable, const AdcpBuf *current,
                       AdcpTextList *warnings) {
  const char *name = variable->name;
  if( !adcp_environment_name(name) ) {
    adcp_text_list_add(warnings, "\"%s\" is no name of a variable; it is not in the env_file",
                       name);
  } else if( variable->left_out ) {
    if( keep_line(out, current, name) ) return;
    adcp_buf_appendf(out, "# %s was left out of the backup\n", name);
  } else if( variable->value == NULL ) {
    adcp_buf_appendf(out, "# %s was not set\n", name);
  } else if( !adcp_environment_line(out, name, variable->value) ) {
    adcp_text_list_add(warnings,
                       "%s is quoted in the env_file: sh and docker compose undo that, docker run "
                       "--env-file does not",
                       name);
  }
}
