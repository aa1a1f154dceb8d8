/*
** name.c - comparison of names (contract in name.h).
*/
#include "base/name.h"

char adcp_name_fold(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool adcp_name_equal(const char *a, const char *b) {
  while( *a && adcp_name_fold(*a) == adcp_name_fold(*b) ) a++, b++;
  return adcp_name_fold(*a) == adcp_name_fold(*b);
}

bool adcp_name_begins(const char *name, const char *prefix) {
  while( *prefix && adcp_name_fold(*name) == adcp_name_fold(*prefix) ) name++, prefix++;
  return *prefix == 0;
}
