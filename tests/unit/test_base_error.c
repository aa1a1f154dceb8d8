/*
** test_base_error.c - the first error wins, gains context, and survives a lack of memory.
*/
#include "unit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"

static void *no_malloc(size_t size) {
  (void)size;
  return NULL;
}

static void *no_realloc(void *old, size_t size) {
  (void)old;
  (void)size;
  return NULL;
}

static const AdcpMemMethods no_memory = {no_malloc, no_realloc, free};

static void first_error_wins(void) {
  AdcpError err = ADCP_ERROR_INIT;
  CHECK_TEXT(adcp_error_message(&err), "no error");
  adcp_error_set(&err, ADCP_CORRUPT, "block %d is damaged", 3);
  adcp_error_set(&err, ADCP_FULL, "no space");
  adcp_error_nomem(&err);
  adcp_error_errno(&err, ADCP_IOERR, ENOSPC, "write");
  CHECK(err.rc == ADCP_CORRUPT);
  CHECK_TEXT(adcp_error_message(&err), "block 3 is damaged");
  adcp_error_clear(&err);
  CHECK(err.rc == ADCP_OK && err.message == NULL);
  adcp_error_clear(&err);
}

static void context_is_added(void) {
  AdcpError err = ADCP_ERROR_INIT;
  adcp_error_prepend(&err, "nothing to put this before: ");
  adcp_error_append(&err, "; nothing to put this after");
  CHECK(err.rc == ADCP_OK && err.message == NULL);
  adcp_error_set(&err, ADCP_CORRUPT, "row %d", 41);
  adcp_error_prepend(&err, "%s: ", "out.json");
  adcp_error_append(&err, "; database %s", "unchanged");
  CHECK_TEXT(adcp_error_message(&err), "out.json: row 41; database unchanged");
  adcp_error_clear(&err);
}

static void errno_gives_codes(void) {
  static const struct {
    int error_number;
    AdcpRc rc;
  } cases[] = {{ENOSPC, ADCP_FULL},  {EDQUOT, ADCP_FULL}, {EACCES, ADCP_PERM},  {EPERM, ADCP_PERM},
               {ENOMEM, ADCP_NOMEM}, {EIO, ADCP_IOERR},   {ENOENT, ADCP_IOERR}, {0, ADCP_IOERR}};
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    char expected[200];
    snprintf(expected, sizeof expected, "cannot write a.json: %s", strerror(cases[i].error_number));
    adcp_error_errno(&err, ADCP_IOERR, cases[i].error_number, "cannot write %s", "a.json");
    CHECK_CASE(err.rc == cases[i].rc, "errno %d", cases[i].error_number);
    CHECK_TEXT(adcp_error_message(&err), expected);
    adcp_error_clear(&err);
  }
}

static void errors_move(void) {
  AdcpError to = ADCP_ERROR_INIT, from = ADCP_ERROR_INIT;
  adcp_error_move(&to, &from);
  CHECK(to.rc == ADCP_OK);
  adcp_error_set(&from, ADCP_BUSY, "first");
  adcp_error_move(&to, &from);
  CHECK(to.rc == ADCP_BUSY && from.rc == ADCP_OK && from.message == NULL);
  adcp_error_set(&from, ADCP_FULL, "second");
  adcp_error_move(&to, &from);
  CHECK(from.rc == ADCP_OK);
  CHECK_TEXT(adcp_error_message(&to), "first");
  adcp_error_clear(&to);
}

static void no_memory_is_no_crash(void) {
  AdcpError err = ADCP_ERROR_INIT, kept = ADCP_ERROR_INIT;
  adcp_error_set(&kept, ADCP_BUSY, "kept");
  adcp_mem_replace(&no_memory);
  adcp_error_set(&err, ADCP_CORRUPT, "not to be stored");
  adcp_error_prepend(&err, "a");
  adcp_error_append(&err, "b");
  CHECK(err.rc == ADCP_CORRUPT);
  CHECK_TEXT(adcp_error_message(&err), "out of memory");
  adcp_error_append(&kept, " and lost");
  CHECK_TEXT(adcp_error_message(&kept), "kept");
  CHECK(adcp_malloc(1) == NULL && adcp_calloc(1, 1) == NULL && adcp_strdup("x") == NULL);
  adcp_mem_replace(NULL);
  adcp_error_clear(&err);
  adcp_error_clear(&kept);
}

/* Only its middle goes, in whole characters. */
static void long_messages_are_cut(void) {
  static char name[100001];
  AdcpError err = ADCP_ERROR_INIT;
  for( size_t i = 0; i + 1 < sizeof name; i += 2 ) memcpy(name + i, "\xc3\xa9", 2);
  for( int shift = 0; shift < 2; shift++ ) {
    adcp_error_set(&err, ADCP_CORRUPT, "%stable \"%s\" is damaged", shift ? "a " : "the ", name);
    const char *text = adcp_error_message(&err);
    size_t n = strlen(text);
    const char *gap = strstr(text, " ... ");
    CHECK(n > ADCP_MAX_MESSAGE_BYTES - 10 && n <= ADCP_MAX_MESSAGE_BYTES);
    CHECK(gap && (uint8_t)gap[-1] == 0xa9 && (uint8_t)gap[5] == 0xc3);
    CHECK(strcmp(text + n - 14, "\xc3\xa9\" is damaged") == 0);
    adcp_error_append(&err, "; database unchanged");
    CHECK(strstr(adcp_error_message(&err), "is damaged; database unchanged"));
    adcp_error_clear(&err);
  }
  adcp_error_set(&err, ADCP_ERROR, "%.*s", ADCP_MAX_MESSAGE_BYTES, name);
  CHECK(strlen(adcp_error_message(&err)) == ADCP_MAX_MESSAGE_BYTES);
  CHECK(strstr(adcp_error_message(&err), " ... ") == NULL);
  adcp_error_clear(&err);
}

static void allocator_checks_sizes(void) {
  volatile size_t huge = SIZE_MAX;
  CHECK(adcp_malloc(huge) == NULL);
  CHECK(adcp_calloc(huge / 2, 3) == NULL);
  CHECK(adcp_realloc(NULL, huge) == NULL);
  void *empty = adcp_malloc(0);
  CHECK(empty != NULL);
  adcp_free(empty);
  adcp_free(NULL);
  char *part = adcp_strndup("abc", 2);
  CHECK_TEXT(part, "ab");
  adcp_free(part);
}

int main(void) {
  first_error_wins();
  context_is_added();
  errno_gives_codes();
  errors_move();
  no_memory_is_no_crash();
  long_messages_are_cut();
  allocator_checks_sizes();
  return unit_done();
}
