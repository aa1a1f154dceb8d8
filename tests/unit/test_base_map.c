/*
** test_base_map.c - the map against its definition, with many names, odd names and no memory.
*/
#include "unit.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum { NAMES = 100000 };

static char names[NAMES][24];
static int values[NAMES];
static bool fail_now;

static void *maybe_malloc(size_t size) {
  return fail_now ? NULL : malloc(size);
}

static void *maybe_realloc(void *old, size_t size) {
  return fail_now ? NULL : realloc(old, size);
}

static const AdcpMemMethods failing = {maybe_malloc, maybe_realloc, free};

static void holds_many_names(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpMap map = {0};
  long wrong = 0;
  CHECK(adcp_map_get(&map, "x", 1) == NULL);
  for( int i = 0; i < NAMES; i++ ) {
    snprintf(names[i], sizeof names[i], "table_%d", i);
    wrong += adcp_map_put(&map, names[i], strlen(names[i]), &values[i], &err) != NULL;
  }
  for( int i = 0; i < NAMES; i++ ) {
    wrong += adcp_map_get(&map, names[i], strlen(names[i])) != &values[i];
  }
  CHECK(wrong == 0 && map.count == NAMES && err.rc == ADCP_OK);
  CHECK(adcp_map_get(&map, "table_100000", 12) == NULL);
  CHECK(adcp_map_put(&map, names[7], strlen(names[7]), &values[8], &err) == &values[7]);
  CHECK(adcp_map_get(&map, names[7], strlen(names[7])) == &values[8]);
  CHECK(map.count == NAMES);
  adcp_map_free(&map);
  CHECK(adcp_map_get(&map, names[7], strlen(names[7])) == NULL);
}

static void compares_exactly(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpMap map = {0};
  int a, b, c, d;
  adcp_map_put(&map, "", 0, &a, &err);
  adcp_map_put(&map, "\0", 1, &b, &err);
  adcp_map_put(&map, "Name", 4, &c, &err);
  adcp_map_put(&map, "name", 4, &d, &err);
  CHECK(adcp_map_get(&map, "", 0) == &a);
  CHECK(adcp_map_get(&map, "\0", 1) == &b);
  CHECK(adcp_map_get(&map, "Name", 4) == &c);
  CHECK(adcp_map_get(&map, "name", 4) == &d);
  CHECK(adcp_map_get(&map, "nam", 3) == NULL);
  CHECK(adcp_map_get(&map, "\0\0", 2) == NULL);
  adcp_map_free(&map);
}

static void survives_no_memory(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpMap map = {0};
  adcp_mem_replace(&failing);
  fail_now = true;
  CHECK(adcp_map_put(&map, "a", 1, &values[0], &err) == NULL);
  CHECK(err.rc == ADCP_NOMEM && map.count == 0);
  fail_now = false;
  CHECK(adcp_map_put(&map, "a", 1, &values[0], &err) == NULL && map.count == 0); /* err is set */
  adcp_error_clear(&err);
  int stored = 0;
  for( ; stored < 12; stored++ ) adcp_map_put(&map, names[stored], 6 + 2, &values[stored], &err);
  fail_now = true; /* the next one must grow the map */
  adcp_map_put(&map, names[12], strlen(names[12]), &values[12], &err);
  CHECK(err.rc == ADCP_NOMEM);
  CHECK(adcp_map_get(&map, names[3], 8) == &values[3]);
  fail_now = false;
  adcp_map_free(&map);
  adcp_mem_replace(NULL);
  adcp_error_clear(&err);
}

int main(void) {
  holds_many_names();
  compares_exactly();
  survives_no_memory();
  return unit_done();
}
