/*
** result.h - the values of a query as sqllogictest shows, sorts and hashes them.
**
** By the type letter of the column: I a 32-bit integer in decimal, R "%.3f", T the text with '@'
** for each byte outside 0x20 to 0x7e and "(empty)" for none. NULL is "NULL" whatever the letter.
*/
#ifndef ADCP_TESTS_SLT_RESULT_H
#define ADCP_TESTS_SLT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <sqlite3.h>

#define RESULT_HASH_TEXT 33 /* 32 digits and a zero byte */

typedef struct Result {
  char **values; /* owned, and each of them */
  size_t count;
  size_t capacity;
} Result;

/* Appends a copy of text. Ends the program when there is no memory, as all of this tool does. */
void result_append(Result *result, const char *text);

/* Appends the current row of stmt. */
void result_append_row(Result *result, sqlite3_stmt *stmt, const char *types);

/* Sorts units of `columns` values by the bytes of their values: 1 is valuesort. */
void result_sort(Result *result, size_t columns);

/* MD5 over each value and a newline after it, in lower-case hex. */
void result_hash(const Result *result, char hash[RESULT_HASH_TEXT]);
void result_free(Result *result);

#endif
