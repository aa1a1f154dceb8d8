/*
** test_sql_gate.c - an SQLite that is too old is refused with a message that says so.
**
** Loads the built extension and hands it the API table of an imaginary old SQLite: one that has the
** version routines and sqlite3_mprintf and nothing else, so that any other call would crash.
*/
#include <dlfcn.h>
#include <sqlite3ext.h>
#include <string.h>

#include "unit.h"

typedef int (*EntryPoint)(sqlite3 *, char **, const sqlite3_api_routines *);

static int version_number;

static int old_libversion_number(void) {
  return version_number;
}

static const char *old_libversion(void) {
  return "3.39.4";
}

/* The message goes to the program that loads: any allocator will do here. */
__attribute__((format(printf, 1, 2))) static char *old_mprintf(const char *format, ...) {
  va_list args;
  va_start(args, format);
  static char text[500];
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return text;
}

static void test_old_version(EntryPoint entry) {
  sqlite3_api_routines api;
  char *message = NULL;
  memset(&api, 0, sizeof api);
  api.libversion_number = old_libversion_number;
  api.libversion = old_libversion;
  api.mprintf = old_mprintf;
  version_number = 3039004;
  CHECK(entry(NULL, &message, &api) != 0);
  CHECK(message && strstr(message, "needs SQLite 3.40.0 or newer"));
  CHECK(message && strstr(message, "3.39.4"));
  CHECK(entry(NULL, NULL, &api) != 0); /* a program that wants no message */
}

int main(void) {
  void *library = dlopen("./adcp.so", RTLD_NOW | RTLD_LOCAL);
  CHECK_CASE(library != NULL, "%s", library ? "" : dlerror());
  if( library == NULL ) return unit_done();
  EntryPoint entry;
  void *symbol = dlsym(library, "sqlite3_adcp_init");
  CHECK(symbol != NULL);
  memcpy(&entry, &symbol, sizeof entry);
  if( symbol ) test_old_version(entry);
  dlclose(library);
  return unit_done();
}
