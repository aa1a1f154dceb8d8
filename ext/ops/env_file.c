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

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "ops/environment.h"

/* Where the variable stands in the text. */
typedef struct Place {
  enum { NOWHERE, COMMENT, ASSIGNMENT } kind;
  size_t start, end; /* from its name, or from the # of our comment, to the line break */
  bool is_alone;     /* the line says nothing else, and no other assignment of it comes later */
} Place;

/* What is done for a variable. */
typedef struct Edit {
  const AdcpEnvVariable *variable;
  Place place;
  AdcpBuf line; /* the new one; empty where the file stays as it is */
} Edit;

typedef struct Editor {
  const AdcpBuf *text;
  Edit *edits; /* owned */
  size_t count;
  AdcpMap map; /* name to Edit */
} Editor;

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

static bool is_quote(uint8_t c) {
  return c == '\'' || c == '"';
}

/* Behind the quote that closes the one here before `end`; `at` itself where none does. */
static size_t skip_quoted(const AdcpBuf *text, size_t at, size_t end) {
  uint8_t quote = text->data[at];
  for( size_t next = at + 1; next < end; next++ ) {
    if( text->data[next] == quote ) return next + 1;
    if( text->data[next] == '\\' && quote == '"' ) next++;
  }
  return at;
}

/* Where the last line of a value ends. A quote that closes within a line, or not at all, is an
** apostrophe, or means more than is understood here. */
static size_t end_of_value(const AdcpBuf *text, size_t at) {
  if( at < text->size && is_quote(text->data[at]) ) {
    size_t closed = skip_quoted(text, at, text->size), next = skip_blanks(text, closed);
    bool ends = next == text->size || is_break(text->data[next]) ||
                (next > closed && text->data[next] == '#');
    if( closed > at && ends ) return end_of_line(text, next);
  }
  return end_of_line(text, at);
}

/* True where a value that begins with a quote goes on behind `end`, its line's, as in sh's
** "A='1<break>2'; export A": the rest would be left without its beginning. */
static bool is_cut(const AdcpBuf *text, size_t at, size_t end) {
  if( at == end || !is_quote(text->data[at]) ) return false;
  while( at < end ) {
    size_t closed = is_quote(text->data[at]) ? skip_quoted(text, at, text->size) : at;
    if( closed > end ) return true;
    at = closed > at ? closed : at + (text->data[at] == '\\' ? 2 : 1);
  }
  return false;
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

/* Where the name ends that is assigned to behind the byte here, which separates it; 0: there is none. */
static size_t assigned_behind(const AdcpBuf *text, size_t at, size_t end) {
  if( !is_blank(text->data[at]) && !is_break(text->data[at]) && text->data[at] != ';' ) return 0;
  size_t behind = skip_name(text, at + 1);
  return behind > at + 1 && behind < end && text->data[behind] == '=' ? behind : 0;
}

/* True where another assignment stands in a value, as in sh's "A=1 B=2" or behind a forgotten quote. */
static bool has_assignment(const AdcpBuf *text, size_t at, size_t end) {
  while( at < end && assigned_behind(text, at, end) == 0 ) at++;
  return at < end;
}

static Edit *edit_of(const Editor *editor, size_t name, size_t end) {
  return adcp_map_get(&editor->map, (const char *)editor->text->data + name, end - name);
}

/* The assignments in the rest of a line come later than what was found of their variables: a new line
** there would not be in force. */
static void outdate(const Editor *editor, size_t at, size_t end) {
  const AdcpBuf *text = editor->text;
  for( ; at < end; at++ ) {
    if( is_quote(text->data[at]) ) {
      size_t closed = skip_quoted(text, at, end_of_line(text, at));
      if( closed > at ) at = closed - 1;
      continue;
    }
    size_t behind = assigned_behind(text, at, end);
    Edit *edit = behind ? edit_of(editor, at + 1, behind) : NULL;
    if( edit ) edit->place.is_alone = false;
    bool is_comment = is_blank(text->data[at]) && at + 1 < end && text->data[at + 1] == '#';
    if( is_comment ) at = end_of_line(text, at) - 1;
  }
}

/* Reads the line that begins here, which may be an assignment. Returns where it ends. */
static size_t read_line(const Editor *editor, size_t line) {
  const AdcpBuf *text = editor->text;
  size_t at = line == 0 && begins_with(text, 0, "\xef\xbb\xbf") ? 3 : line;
  at = skip_blanks(text, at);
  if( begins_with(text, at, "export") && skip_blanks(text, at + 6) > at + 6 ) {
    at = skip_blanks(text, at + 6);
  }
  size_t behind = skip_name(text, at), equals = skip_blanks(text, behind);
  if( behind == at || !begins_with(text, equals, "=") ) {
    size_t end = end_of_line(text, at);
    if( !begins_with(text, at, "#") ) outdate(editor, at, end);
    return end;
  }
  size_t value = skip_blanks(text, equals + 1), end = end_of_value(text, value);
  Edit *edit = edit_of(editor, at, behind);
  if( edit ) {
    bool is_alone = !continues(text, line) && !continues(text, skip_break(text, end)) &&
                    !has_assignment(text, value, end) && !is_cut(text, value, end);
    edit->place = (Place){ASSIGNMENT, at, end, is_alone};
  }
  outdate(editor, value, end);
  return end;
}

/* What stands behind the name in the comment of a variable without a value. */
static const char LEFT_OUT[] = " was left out of the backup", NOT_SET[] = " was not set";

/* Looks whether the line that begins here is the comment of an earlier restore. */
static void read_comment(const Editor *editor, size_t line) {
  const AdcpBuf *text = editor->text;
  if( !begins_with(text, line, "# ") ) return;
  size_t at = skip_name(text, line + 2), end = end_of_line(text, line);
  bool is_ours = (begins_with(text, at, LEFT_OUT) && end - at == strlen(LEFT_OUT)) ||
                 (begins_with(text, at, NOT_SET) && end - at == strlen(NOT_SET));
  Edit *edit = is_ours ? edit_of(editor, line + 2, at) : NULL;
  if( edit == NULL || edit->place.kind == ASSIGNMENT ) return;
  edit->place = (Place){COMMENT, line, end, !continues(text, line)};
}

/* Finds for each variable the last assignment, which is the one in force, or the comment. */
static void find_places(const Editor *editor) {
  const AdcpBuf *text = editor->text;
  for( size_t line = 0, end; line < text->size; line = skip_break(text, end) ) {
    end = read_line(editor, line);
    read_comment(editor, line);
  }
}

static void append_value(AdcpBuf *line, const AdcpEnvVariable *variable, AdcpTextList *warnings) {
  if( adcp_environment_line(line, variable->name, variable->value) ) return;
  adcp_text_list_add(warnings,
                     "%s is quoted in the env_file: sh and docker compose undo that, docker run "
                     "--env-file does not",
                     variable->name);
}

/* Bytes that are not UTF-8 stand as U+FFFD in a backup: the value is not what it was. */
static bool is_replaced(const char *value) {
  return strstr(value, "\xef\xbf\xbd") != NULL;
}

static void make_replaced_line(Edit *edit, AdcpTextList *warnings) {
  const AdcpEnvVariable *variable = edit->variable;
  bool stays = edit->place.kind == ASSIGNMENT;
  if( !stays ) append_value(&edit->line, variable, warnings);
  adcp_text_list_add(warnings,
                     stays ? "%s has U+FFFD in the backup, where it was not UTF-8; its line of the "
                             "env_file stays"
                           : "%s has U+FFFD in the backup, where it was not UTF-8, and now in the "
                             "env_file: look at its value",
                     variable->name);
}

static void make_line(Edit *edit, AdcpTextList *warnings) {
  const AdcpEnvVariable *variable = edit->variable;
  if( variable->value && !variable->left_out ) {
    is_replaced(variable->value) ? make_replaced_line(edit, warnings)
                                 : append_value(&edit->line, variable, warnings);
  } else if( edit->place.kind != ASSIGNMENT ) {
    adcp_buf_appendf(&edit->line, "# %s%s", variable->name,
                     variable->left_out ? LEFT_OUT : NOT_SET);
  } else if( !variable->left_out ) {
    adcp_text_list_add(warnings,
                       "%s was not set when the backup was made; its line of the env_file stays",
                       variable->name);
  }
}

/* An edit that replaces nothing comes behind all text. */
static size_t start_of(const Edit *edit) {
  return edit->place.is_alone ? edit->place.start : SIZE_MAX;
}

static int compare_edits(const void *a, const void *b) {
  const Edit *left = a, *right = b;
  size_t x = start_of(left), y = start_of(right);
  if( x != y ) return x < y ? -1 : 1;
  return (left->variable > right->variable) - (left->variable < right->variable);
}

/* New lines come behind the last one, and behind what sh would take for a part of them. */
static void end_lines(AdcpBuf *text) {
  if( text->size && !is_break(text->data[text->size - 1]) ) adcp_buf_append_byte(text, '\n');
  while( continues(text, text->size) && !text->oom ) adcp_buf_append_byte(text, '\n');
}

static void append_line(AdcpBuf *out, const AdcpBuf *line) {
  end_lines(out);
  adcp_buf_append(out, line->data, line->size);
  adcp_buf_append_byte(out, '\n');
}

/* The text with the edits, which are in the order of their places. */
static AdcpBuf edited(const Editor *editor) {
  const AdcpBuf *text = editor->text;
  AdcpBuf out = {0};
  size_t at = 0, i = 0;
  for( ; i < editor->count && editor->edits[i].place.is_alone; i++ ) {
    const Edit *edit = &editor->edits[i];
    if( edit->line.size == 0 ) continue;
    adcp_buf_append(&out, text->data + at, edit->place.start - at);
    adcp_buf_append(&out, edit->line.data, edit->line.size);
    at = edit->place.end;
  }
  if( text->size ) adcp_buf_append(&out, text->data + at, text->size - at);
  for( ; i < editor->count; i++ ) {
    if( editor->edits[i].line.size ) append_line(&out, &editor->edits[i].line);
  }
  return out;
}

/* The last of one name counts, as in JSON. */
static void add_edit(Editor *editor, const AdcpEnvVariable *variable, AdcpTextList *warnings,
                     AdcpError *err) {
  const char *name = variable->name;
  if( !adcp_environment_name(name) ) {
    adcp_text_list_add(warnings, "\"%s\" is no name of a variable; it is not in the env_file",
                       name);
    return;
  }
  Edit *edit = adcp_map_get(&editor->map, name, strlen(name));
  if( edit == NULL ) {
    edit = &editor->edits[editor->count++];
    adcp_map_put(&editor->map, name, strlen(name), edit, err);
  }
  edit->variable = variable;
}

static void edit_text(Editor *editor, AdcpBuf *text, AdcpTextList *warnings, AdcpError *err) {
  find_places(editor);
  bool oom = false;
  for( size_t i = 0; i < editor->count; i++ ) {
    make_line(&editor->edits[i], warnings);
    oom = oom || editor->edits[i].line.oom;
  }
  qsort(editor->edits, editor->count, sizeof *editor->edits, compare_edits);
  AdcpBuf out = edited(editor);
  out.oom = out.oom || oom;
  if( adcp_buf_check(&out, err) ) {
    adcp_buf_free(text);
    *text = out;
  } else {
    adcp_buf_free(&out);
  }
}

void adcp_env_file_edit(AdcpBuf *text, const AdcpEnvVariable *variables, size_t count,
                        AdcpTextList *warnings, AdcpError *err) {
  if( count == 0 || !adcp_buf_check(text, err) ) return;
  Editor editor = {.text = text, .edits = adcp_calloc(count, sizeof(Edit))};
  if( editor.edits == NULL ) adcp_error_nomem(err);
  for( size_t i = 0; i < count && !err->rc; i++ ) {
    add_edit(&editor, &variables[i], warnings, err);
  }
  if( err->rc == ADCP_OK && editor.count ) edit_text(&editor, text, warnings, err);
  for( size_t i = 0; i < editor.count; i++ ) adcp_buf_free(&editor.edits[i].line);
  adcp_map_free(&editor.map);
  adcp_free(editor.edits);
}
