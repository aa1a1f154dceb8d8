/*
** folder.h - a folder of the test's own, below TMPDIR.
**
** The test makes it, leaves nothing in it, and removes it.
*/
#ifndef ADCP_TESTS_FOLDER_H
#define ADCP_TESTS_FOLDER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[128];

static inline bool folder_make(void) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%.90s/adcp-unit-XXXXXX", base ? base : "/tmp");
  return mkdtemp(folder) != NULL;
}

/* The path of that name in it; good until it was asked for eight more. */
static inline const char *at(const char *name) {
  static char paths[8][512];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

#endif
