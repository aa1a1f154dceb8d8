/*
** fuzz.h - targets: each takes any bytes and aborts when something that must hold does not.
*/
#ifndef ADCP_TESTS_FUZZ_H
#define ADCP_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FuzzTarget {
  const char *name; /* also of its folder of cases */
  void (*run)(const uint8_t *bytes, size_t n);
} FuzzTarget;

extern const FuzzTarget fuzz_targets[];
extern const size_t fuzz_target_count;

const FuzzTarget *fuzz_find(const char *name); /* NULL when there is none */

/* Whether two database files hold the same; prints what differs. */
bool fuzz_same_databases(const char *a, const char *b);

/* What libFuzzer calls; the target is the one that the environment names (ADCP_FUZZ). */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
