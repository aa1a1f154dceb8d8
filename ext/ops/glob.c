/*
** glob.c - patterns without regard to letter case (contract in glob.h).
**
** Text and pattern in capitals would not do: [A-z] has "_" between the letters, [A-Z] has not.
*/
#include "ops/glob.h"

#include <string.h>

#include "base/buf.h"

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char other_case(char c) {
  return (char)(c ^ 0x20);
}

/* The letters from low to high that lie between first and last, in their other case: as a range also
** where it is one letter, so that no "-" behind it is taken for a range. */
static void append_others(AdcpBuf *out, char low, char high, char first, char last) {
  char from = low > first ? low : first, to = high < last ? high : last;
  if( from <= to ) adcp_buf_appendf(out, "%c-%c", other_case(from), other_case(to));
}

static void append_range(AdcpBuf *out, char low, char high) {
  if( (uint8_t)low > 0x7f ) return; /* begins behind ASCII */
  if( (uint8_t)high > 0x7f ) high = 0x7f;
  append_others(out, low, high, 'a', 'z');
  append_others(out, low, high, 'A', 'Z');
}

/* What the class that begins at `at`, behind "[", "^" and a first "]", says of letters, in their other
** case. As patternCompare() of SQLite reads it. */
static void append_counterparts(AdcpBuf *out, const char *at) {
  char before = 0; /* the character that may begin a range */
  for( ; *at && *at != ']'; at++ ) {
    if( *at == '-' && at[1] && at[1] != ']' && before ) {
      at++;
      append_range(out, before, *at);
      before = 0;
    } else {
      append_range(out, *at, *at);
      before = *at;
    }
  }
}

/* Behind the class, or the end of the text. */
static const char *append_class(AdcpBuf *out, const char *at) {
  adcp_buf_append_byte(out, (uint8_t)*at++);
  if( *at == '^' ) adcp_buf_append_byte(out, (uint8_t)*at++);
  if( *at == ']' ) adcp_buf_append_byte(out, (uint8_t)*at++);
  append_counterparts(out, at);
  while( *at && *at != ']' ) adcp_buf_append_byte(out, (uint8_t)*at++);
  if( *at ) adcp_buf_append_byte(out, (uint8_t)*at++);
  return at;
}

char *adcp_glob_caseless(const char *glob, AdcpError *err) {
  AdcpBuf out = {0};
  for( const char *at = glob; *at; ) {
    if( *at == '[' ) {
      at = append_class(&out, at);
    } else if( is_letter(*at) ) {
      adcp_buf_appendf(&out, "[%c%c]", *at, other_case(*at));
      at++;
    } else {
      adcp_buf_append_byte(&out, (uint8_t)*at++);
    }
  }
  char *text = adcp_buf_take(&out);
  if( text == NULL ) adcp_error_nomem(err);
  adcp_buf_free(&out);
  return text;
}

/* Behind the class that begins here; NULL: it has no end. */
static const char *skip_class(const char *at) {
  at++;
  if( *at == '^' ) at++;
  if( *at == ']' ) at++;
  at = strchr(at, ']');
  return at ? at + 1 : NULL;
}

bool adcp_glob_is_closed(const char *glob) {
  while( (glob = strchr(glob, '[')) != NULL ) {
    glob = skip_class(glob);
    if( glob == NULL ) return false;
  }
  return true;
}
