/*
** replay.c - runs the targets over kept cases without a fuzzer, and over small changes of them.
**
**   replay [--changes N] TARGET FILE...
**
** Changes are drawn from a fixed seed: the same run finds the same. What a target finds wrong aborts
** the program after the number of the change was printed to a file named "last" in TMPDIR.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return below ? state % below : 0;
}

static uint8_t *read_file(const char *path, size_t *n) {
  FILE *file = fopen(path, "rb");
  if( file == NULL ) {
    perror(path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  *n = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(2 * *n + 64);
  if( fread(bytes, 1, *n, file) != *n ) exit(2);
  fclose(file);
  return bytes;
}

/* One to four small changes in place; there is room for twice the bytes. */
static size_t change(uint8_t *bytes, size_t n, size_t room) {
  static const char interesting[] = "{}[]\",:0179-.eE\\$%';()/* \n\0\x80\xff";
  for( uint64_t times = 1 + draw(4); times > 0; times-- ) {
    size_t at = draw(n), length = 1 + draw(n - at < 16 ? n - at : 16);
    if( n == 0 ) return 0;
    switch( draw(5) ) {
    case 0: bytes[at] ^= (uint8_t)(1u << draw(8)); break;
    case 1: bytes[at] = (uint8_t)interesting[draw(sizeof interesting)]; break;
    case 2:
      if( at + length > n ) break;
      memmove(bytes + at, bytes + at + length, n - at - length);
      n -= length;
      break;
    case 3:
      if( at + length > n || n + length > room ) break;
      memmove(bytes + at + length, bytes + at, n - at);
      n += length;
      break;
    default: n = at;
    }
  }
  return n;
}

static void note(const char *name, const uint8_t *bytes, size_t n) {
  char path[500];
  const char *folder = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/last-%s", folder ? folder : "/tmp", name);
  FILE *file = fopen(path, "wb");
  if( file == NULL ) return;
  fwrite(bytes, 1, n, file);
  fclose(file);
}

int main(int argc, char **argv) {
  long changes = 0, runs = 0;
  int first = 1;
  if( argc > 2 && strcmp(argv[1], "--changes") == 0 ) {
    changes = strtol(argv[2], NULL, 10);
    first = 3;
  }
  const FuzzTarget *target = first < argc ? fuzz_find(argv[first]) : NULL;
  if( target == NULL ) {
    fprintf(stderr, "usage: replay [--changes N] TARGET FILE...\n");
    return 2;
  }
  for( int i = first + 1; i < argc; i++ ) {
    size_t n;
    uint8_t *bytes = read_file(argv[i], &n);
    uint8_t *changed = malloc(2 * n + 64);
    note(target->name, bytes, n);
    target->run(bytes, n);
    runs++;
    for( long k = 0; k < changes; k++, runs++ ) {
      memcpy(changed, bytes, n);
      size_t m = change(changed, n, 2 * n + 64);
      note(target->name, changed, m);
      target->run(changed, m);
    }
    free(changed);
    free(bytes);
  }
  printf("%ld passed, 0 failed\n", runs);
  return 0;
}
