/*
** script.c - see script.h.
*/
#include "script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char c) {
  return isspace((unsigned char)c) != 0;
}

bool script_open(Script *script, const char *path) {
  memset(script, 0, sizeof(*script));
  script->path = path;
  FILE *in = fopen(path, "rb");
  FILE *out = open_memstream(&script->text, &script->size);
  bool ok = in != NULL && out != NULL;
  char chunk[65536];
  size_t n;
  while( ok && (n = fread(chunk, 1, sizeof(chunk), in)) > 0 ) ok = fwrite(chunk, 1, n, out) == n;
  ok = ok && !ferror(in);
  if( in != NULL ) fclose(in);
  if( out != NULL && fclose(out) != 0 ) ok = false;
  script->line = script->text;
  if( !ok ) fprintf(stderr, "%s: cannot be read\n", path);
  return ok;
}

void script_close(Script *script) {
  free(script->text);
  memset(script, 0, sizeof(*script));
}

/* Cuts the line at `start` out of the text. */
static void take_line(Script *script) {
  script->start = script->next;
  script->line = script->text + script->start;
  script->number++;
  size_t end = script->start;
  while( end < script->size && script->text[end] != '\n' ) end++;
  script->next = end + 1;
  script->text[end] = 0;
  if( end > script->start && script->text[end - 1] == '\r' ) script->text[--end] = 0;
  while( end > script->start && is_space(script->text[end - 1]) ) end--;
  if( end == script->start ) script->line[0] = 0;
}

bool script_next_line(Script *script) {
  do {
    if( script->next >= script->size ) {
      script->start = script->size;
      script->line = script->text + script->size;
      return false;
    }
    take_line(script);
  } while( script->line[0] == '#' );
  return true;
}

bool script_next_is_blank(const Script *script) {
  if( script->next >= script->size ) return true;
  for( size_t i = script->next; i < script->size && is_space(script->text[i]); i++ ) {
    if( script->text[i] == '\n' ) return true;
  }
  return false; /* white space without a newline at the end of the script is a line */
}

bool script_next_record(Script *script) {
  if( script->start == 0 ) {
    script_next_line(script);
  } else {
    while( script->line[0] != 0 && script->start < script->size ) script_next_line(script);
  }
  while( script->line[0] == 0 && script->start < script->size ) script_next_line(script);
  return script->start < script->size;
}

void script_tokens(const Script *script, char token[SCRIPT_TOKENS][SCRIPT_TOKEN_BYTES]) {
  const char *at = script->line;
  for( int i = 0; i < SCRIPT_TOKENS; i++ ) {
    size_t n = 0;
    while( is_space(*at) ) at++;
    for( ; *at != 0 && !is_space(*at); at++ ) {
      if( n + 1 < SCRIPT_TOKEN_BYTES ) token[i][n++] = *at;
    }
    token[i][n] = 0;
  }
}

const char *script_after_words(const char *line, int words) {
  while( is_space(*line) ) line++;
  for( ; words > 0 && *line != 0; words-- ) {
    while( *line != 0 && !is_space(*line) ) line++;
    while( is_space(*line) ) line++;
  }
  return line;
}
