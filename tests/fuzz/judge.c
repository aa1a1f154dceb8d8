/*
** judge.c - the comparer of databases, tools/dbsame.c, as a routine of the fuzzers: as a program it
** would be started thousands of times a second.
*/
#include "fuzz.h"

int dbsame_main(int argc, char **argv);
#define main dbsame_main
#include "../tools/dbsame.c"
#undef main

bool fuzz_same_databases(const char *a, const char *b) {
  char name[] = "dbsame", option[] = "--no-integrity";
  char *argv[] = {name, option, (char *)a, (char *)b, NULL};
  int found = dbsame_main(4, argv);
  if( found != 0 ) fprintf(stderr, "%s and %s differ\n", a, b);
  return found == 0;
}
