/*
** stream_data.h - texts and files for the stream tests; deterministic.
*/
#ifndef ADCP_TESTS_STREAM_DATA_H
#define ADCP_TESTS_STREAM_DATA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum TextKind {
  KIND_ROWS,
  KIND_RANDOM,
  KIND_BASE64,
  KIND_SAME,
  KIND_SKEWED,
  KIND_MIXED
} TextKind;
#define KIND_COUNT 6

static inline uint32_t data_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static inline void data_fill_rows(uint8_t *to, size_t n, uint64_t *state) {
  static const char *const names[] = {"Netflix", "tenant", "premium", "null", "Zürich"};
  size_t at = 0;
  while( at < n ) {
    char line[160];
    uint32_t a = data_random(state), b = data_random(state);
    int size = snprintf(line, sizeof line, "{\"id\":%u,\"name\":\"%s %u\",\"price\":%u.%u},\n",
                        a % 100000, names[b % 5], b % 997, a % 50, b % 10);
    size_t take = (size_t)size < n - at ? (size_t)size : n - at;
    memcpy(to + at, line, take);
    at += take;
  }
}

/* 0 half of the time, 1 a quarter, and so on up to 16. */
static inline uint32_t data_geometric(uint64_t *state) {
  return (uint32_t)__builtin_ctz(data_random(state) | 1u << 16);
}

/* Bytes and distances of matches of which each is half as frequent as the one before: the codes of
** deflate become as long as they may. */
static inline void data_fill_skewed(uint8_t *to, size_t n, uint64_t *state) {
  size_t at = 0;
  while( at < n ) {
    uint32_t power = 14 - data_geometric(state) % 15;
    size_t distance = ((size_t)1 << power) + data_random(state) % ((size_t)1 << power);
    size_t size = data_random(state) % 20 + 4;
    bool is_match = distance <= at && data_random(state) % 3;
    if( size > n - at ) size = n - at;
    for( size_t i = 0; i < size; i++, at++ ) {
      to[at] = is_match ? to[at - distance] : (uint8_t)(data_geometric(state) * 15);
    }
  }
}

static inline void data_fill(uint8_t *to, size_t n, TextKind kind, uint64_t *state) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  switch( kind ) {
  case KIND_ROWS: data_fill_rows(to, n, state); break;
  case KIND_RANDOM:
    for( size_t i = 0; i < n; i++ ) to[i] = (uint8_t)data_random(state);
    break;
  case KIND_BASE64:
    for( size_t i = 0; i < n; i++ ) to[i] = (uint8_t)digits[data_random(state) % 64];
    break;
  case KIND_SAME: memset(to, 'x', n); break;
  case KIND_SKEWED: data_fill_skewed(to, n, state); break;
  case KIND_MIXED:
    for( size_t i = 0; i < n; ) {
      size_t part = data_random(state) % 9000 + 1;
      if( part > n - i ) part = n - i;
      data_fill(to + i, part, (TextKind)(data_random(state) % KIND_MIXED), state);
      i += part;
    }
    break;
  }
}

/* n bytes of a kind, malloc'ed (1 byte for n = 0). The first is '{', which tells plain
** documents. */
static inline uint8_t *data_make(size_t n, TextKind kind, uint64_t seed) {
  uint8_t *text = malloc(n ? n : 1);
  if( text == NULL ) abort();
  data_fill(text, n, kind, &seed);
  if( n ) text[0] = '{';
  return text;
}

static inline void data_put_file(const char *path, const uint8_t *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  if( f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0 ) abort();
}

static inline uint8_t *data_get_file(const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  if( f == NULL ) abort();
  fseek(f, 0, SEEK_END);
  *n = (size_t)ftell(f);
  rewind(f);
  uint8_t *bytes = malloc(*n + 64);
  if( bytes == NULL || fread(bytes, 1, *n, f) != *n ) abort();
  fclose(f);
  return bytes;
}

/* What a command prints; -1 when it fails. Reads up to capacity + 1 bytes to tell longer output. */
static inline long data_run(const char *command, uint8_t *to, size_t capacity) {
  FILE *p = popen(command, "r");
  if( p == NULL ) return -1;
  size_t n = fread(to, 1, capacity, p);
  return pclose(p) == 0 ? (long)n : -1;
}

#endif
