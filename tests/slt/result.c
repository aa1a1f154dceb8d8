/*
** result.c - see result.h.
*/
#include "result.h"

#include <nettle/md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory) {
  if( memory == NULL ) {
    fputs("out of memory\n", stderr);
    exit(2);
  }
  return memory;
}

void result_append(Result *result, const char *text) {
  if( result->count == result->capacity ) {
    result->capacity = result->capacity ? result->capacity * 2 : 64;
    result->values = need(realloc(result->values, result->capacity * sizeof(result->values[0])));
  }
  result->values[result->count++] = need(strdup(text));
}

static void append_text(Result *result, sqlite3_stmt *stmt, int column) {
  const char *text = (const char *)sqlite3_column_text(stmt, column);
  result_append(result, text != NULL && text[0] != 0 ? text : "(empty)");
  for( char *at = result->values[result->count - 1]; *at != 0; at++ ) {
    if( *at < ' ' || *at > '~' ) *at = '@';
  }
}

void result_append_row(Result *result, sqlite3_stmt *stmt, const char *types) {
  /* "%.3f" of the largest double has 313 characters. SQLite's printf, not the C library's: it
  ** stops after 16 significant digits, and the hashes of existing scripts depend on that. */
  char number[400];
  for( int i = 0; types[i] != 0; i++ ) {
    if( sqlite3_column_type(stmt, i) == SQLITE_NULL ) {
      result_append(result, "NULL");
    } else if( types[i] == 'T' ) {
      append_text(result, stmt, i);
    } else if( types[i] == 'I' ) {
      sqlite3_snprintf(sizeof(number), number, "%d", sqlite3_column_int(stmt, i));
      result_append(result, number);
    } else {
      sqlite3_snprintf(sizeof(number), number, "%.3f", sqlite3_column_double(stmt, i));
      result_append(result, number);
    }
  }
}

static int compare_units(const void *a, const void *b, void *context) {
  char *const *left = a;
  char *const *right = b;
  size_t columns = *(const size_t *)context;
  int order = 0;
  for( size_t i = 0; order == 0 && i < columns; i++ ) order = strcmp(left[i], right[i]);
  return order;
}

void result_sort(Result *result, size_t columns) {
  if( result->count == 0 ) return;
  qsort_r(result->values, result->count / columns, columns * sizeof(result->values[0]),
          compare_units, &columns);
}

void result_hash(const Result *result, char hash[RESULT_HASH_TEXT]) {
  struct md5_ctx md5;
  uint8_t digest[MD5_DIGEST_SIZE];
  md5_init(&md5);
  for( size_t i = 0; i < result->count; i++ ) {
    md5_update(&md5, strlen(result->values[i]), (const uint8_t *)result->values[i]);
    md5_update(&md5, 1, (const uint8_t *)"\n");
  }
  md5_digest(&md5, sizeof digest, digest);
  for( int i = 0; i < 16; i++ ) snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

void result_free(Result *result) {
  for( size_t i = 0; i < result->count; i++ ) free(result->values[i]);
  free(result->values);
  memset(result, 0, sizeof(*result));
}
