/*
** result.c - see result.h.
*/
#include "result.h"

#include <openssl/evp.h>
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
  unsigned char digest[EVP_MAX_MD_SIZE] = {0};
  EVP_MD_CTX *md5 = need(EVP_MD_CTX_new());
  int ok = EVP_DigestInit_ex(md5, EVP_md5(), NULL);
  for( size_t i = 0; ok && i < result->count; i++ ) {
    ok = EVP_DigestUpdate(md5, result->values[i], strlen(result->values[i])) &&
         EVP_DigestUpdate(md5, "\n", 1);
  }
  ok = ok && EVP_DigestFinal_ex(md5, digest, NULL);
  EVP_MD_CTX_free(md5);
  if( !ok ) {
    fputs("libcrypto gives no MD5\n", stderr);
    exit(2);
  }
  for( int i = 0; i < 16; i++ ) snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

void result_free(Result *result) {
  for( size_t i = 0; i < result->count; i++ ) free(result->values[i]);
  free(result->values);
  memset(result, 0, sizeof(*result));
}
