/*
** env_file.c - edits the lines of a .env file (contract in env_file.h).
**
** There is no one syntax: sh, docker, systemd and the dotenv libraries each have their own. What is
** taken for an assignment here is what any of them does:
**
**     [BOM] [blanks] [export blanks] NAME [blanks] = [blanks] value
**
** A value that begins with a quote may span lines, if the quote closes at the end of a line; any
** other ends with its line.
*/
#include "ops/env_file.h"

#include <string.h>

#include "ops/environment.h"

/* Where the variable stands in the text. */
typedef struct Place {
  enum { NOWHERE, COMMENT, ASSIGNMENT } kind;
  size_t start, end; /* from its name, or from the # of our comment, to the line break */
  bool is_alone;     /* the line says nothing else */
} Place;

static bool is_break(uint8_t c) {
  return c == '\n' || c == '\r';
}

static bool is_blank(uint8_t c) {
  return c == ' ' || c == '\t';
}

static size_t skip_blanks(const AdcpBuf *text, size_t at) {
  while( at < text->size && is_blank(text->data[at]) ) at++;
  return at;
}

static size_t end_of_line(const AdcpBuf *text, size_t at) {
  while( at < text->size && !is_break(text->data[at]) ) at++;
  return at;
}

static bool begins_with(const AdcpBuf *text, size_t at, const char *word) {
  size_t n = strlen(word);
  return text->size - at >= n && memcmp(text->data + at, word, n) == 0;
}

static size_t skip_name(const AdcpBuf *text, size_t at) {
  return at + adcp_environment_name_size(text->data + at, text->size - at);
}

/* Behind the quote that closes the one here; `at` itself where none does. */
static size_t skip_quoted(const AdcpBuf *text, size_t at) {
  uint8_t quote = text->data[at];
  for( size_t next = at + 1; next < text->size; next++ ) {
    if( text->data[next] == quote ) return next + 1;
    if( text->data[next] == '\\' && quote == '"' ) next++;
  }
  return at;
}

/* Where the last line of a value ends. A quote that closes within a line, or not at all, is an
** apostrophe, or means more than is understood here. */
static size_t end_of_value(const AdcpBuf *text, size_t at) {
  if( at < text->size && (text->data[at] == '\'' || text->data[at] == '"') ) {
    size_t closed = skip_quoted(text, at), next = skip_blanks(text, closed);
    bool ends = next == text->size || is_break(text->data[next]) ||
                (next > closed && text->data[next] == '#');
    if( closed > at && ends ) return end_of_line(text, next);
  }
  return end_of_line(text, at);
}

static size_t skip_break(const AdcpBuf *text, size_t at) {
  if( begins_with(text, at, "\r\n") ) return at + 2;
  return at < text->size ? at + 1 : at;
}

/* True where sh takes the line that begins here for a part of the one before. */
static bool continues(const AdcpBuf *text, size_t at) {
  if( at > 0 && text->data[at - 1] == '\n' ) at--;
  if( at > 0 && text->data[at - 1] == '\r' ) at--;
  return at > 0 && text->data[at - 1] == '\\';
}

/* True where another assignment stands in a value, as in sh's "A=1 B=2" or behind a forgotten quote. */
static bool has_assignment(const AdcpBuf *text, size_t at, size_t end) {
  for( ; at < end; at++ ) {
    if( !is_blank(text->data[at]) && !is_break(text->data[at]) && text->data[at] != ';' ) continue;
    size_t behind = skip_name(text, at + 1);
    if( behind > at + 1 && behind < end && text->data[behind] == '=' ) return true;
  }
  return false;
}

/* Reads the line that begins here; place is set if it is the variable's. Returns where it ends. */
static size_t read_line(const AdcpBuf *text, size_t line, const char *name, Place *place) {
  size_t at = line == 0 && begins_with(text, 0, "\xef\xbb\xbf") ? 3 : line;
  at = skip_blanks(text, at);
  if( begins_with(text, at, "export") && skip_blanks(text, at + 6) > at + 6 ) {
    at = skip_blanks(text, at + 6);
  }
  size_t behind = skip_name(text, at), equals = skip_blanks(text, behind);
  if( behind == at || !begins_with(text, equals, "=") ) return end_of_line(text, at);
  size_t value = skip_blanks(text, equals + 1), end = end_of_value(text, value);
  if( behind - at == strlen(name) && begins_with(text, at, name) ) {
    bool is_alone = !continues(text, line) && !continues(text, skip_break(text, end)) &&
                    !has_assignment(text, value, end);
    *place = (Place){ASSIGNMENT, at, end, is_alone};
  }
  return end;
}

/* What stands behind the name in the comment of a variable without a value. */
static const char LEFT_OUT[] = " was left out of the backup", NOT_SET[] = " was not set";

/* True for the comment of an earlier restore. */
static bool is_comment(const AdcpBuf *text, size_t line, const char *name) {
  size_t at = line + 2 + strlen(name), end = end_of_line(text, line);
  if( !begins_with(text, line, "# ") || at > end || !begins_with(text, line + 2, name) )
    return false;
  return (begins_with(text, at, LEFT_OUT) && end - at == strlen(LEFT_OUT)) ||
         (begins_with(text, at, NOT_SET) && end - at == strlen(NOT_SET));
}

/* The last assignment, which is the one in force, or the comment. */
static Place find(const AdcpBuf *text, const char *name) {
  Place place = {NOWHERE, text->size, text->size, false};
  for( size_t line = 0, end; line < text->size; line = skip_break(text, end) ) {
    end = read_line(text, line, name, &place);
    if( place.kind != ASSIGNMENT && is_comment(text, line, name) ) {
      place = (Place){COMMENT, line, end, !continues(text, line)};
    }
  }
  return place;
}

/* New lines come behind the last one, and behind what sh would take for a part of them. */
static void end_lines(AdcpBuf *text) {
  if( text->size && !is_break(text->data[text->size - 1]) ) adcp_buf_append_byte(text, '\n');
  while( continues(text, text->size) && !text->oom ) adcp_buf_append_byte(text, '\n');
}

static void put(AdcpBuf *text, const Place *place, const AdcpBuf *line) {
  AdcpBuf out = {0};
  if( place->is_alone ) {
    adcp_buf_append(&out, text->data, place->start);
    adcp_buf_append(&out, line->data, line->size);
    adcp_buf_append(&out, text->data + place->end, text->size - place->end);
  } else {
    adcp_buf_append(&out, text->data, text->size);
    end_lines(&out);
    adcp_buf_append(&out, line->data, line->size);
    adcp_buf_append_byte(&out, '\n');
  }
  out.oom = out.oom || line->oom;
  adcp_buf_free(text);
  *text = out;
}

static void append_value(AdcpBuf *line, const AdcpEnvVariable *variable, AdcpTextList *warnings) {
  if( adcp_environment_line(line, variable->name, variable->value) ) return;
  adcp_text_list_add(warnings,
                     "%s is quoted in the env_file: sh and docker compose undo that, docker run "
                     "--env-file does not",
                     variable->name);
}

void adcp_env_file_put(AdcpBuf *text, const AdcpEnvVariable *variable, AdcpTextList *warnings) {
  const char *name = variable->name;
  bool has_value = variable->value && !variable->left_out;
  if( text->oom ) return;
  if( !adcp_environment_name(name) ) {
    adcp_text_list_add(warnings, "\"%s\" is no name of a variable; it is not in the env_file",
                       name);
    return;
  }
  Place place = find(text, name);
  if( place.kind == ASSIGNMENT && !has_value ) {
    if( variable->left_out ) return;
    adcp_text_list_add(
        warnings, "%s was not set when the backup was made; its line of the env_file stays", name);
    return;
  }
  AdcpBuf line = {0};
  if( has_value ) {
    append_value(&line, variable, warnings);
  } else {
    adcp_buf_appendf(&line, "# %s%s", name, variable->left_out ? LEFT_OUT : NOT_SET);
  }
  put(text, &place, &line);
  adcp_buf_free(&line);
}
