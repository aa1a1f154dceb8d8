/*
** script.h - the lines of a sqllogictest script.
**
** A script is records that blank lines separate. A line that begins with '#' is skipped wherever it
** stands, in the middle of SQL or of results too. A line of white space only counts as blank, a
** carriage return at its end is dropped, other white space is kept.
*/
#ifndef ADCP_TESTS_SLT_SCRIPT_H
#define ADCP_TESTS_SLT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_TOKENS      4
#define SCRIPT_TOKEN_BYTES 200

typedef struct Script {
  const char *path; /* borrowed */
  char *text;       /* owned; line ends become zero bytes as lines are read */
  size_t size;
  size_t start; /* of the current line */
  size_t next;  /* start of the line after it */
  char *line;   /* the current line; "" when blank and at the end */
  int number;   /* its number, from 1 */
} Script;

/* Reads the file; prints why and returns false when it cannot. */
bool script_open(Script *script, const char *path);
void script_close(Script *script);

/* Goes to the next line that is no comment; false at the end. */
bool script_next_line(Script *script);

/* True when the next line is blank or there is none. Does not move. */
bool script_next_is_blank(const Script *script);

/* Goes to the first line of the next record; false when there is none. */
bool script_next_record(Script *script);

/* The first words of the current line, each cut to its size; missing ones are "". */
void script_tokens(const Script *script, char token[SCRIPT_TOKENS][SCRIPT_TOKEN_BYTES]);

/* What stands after the first `words` words of a line. */
const char *script_after_words(const char *line, int words);

#endif
