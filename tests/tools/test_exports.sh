#!/bin/bash
# test_exports.sh - adcp.so shows the world one symbol, and needs no more than it says.
set -u
passed=0
failed=0

# check NAME GOT WANTED
check() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'failed: %s\n  got:    %s\n  wanted: %s\n' "$1" "$2" "$3"
  fi
}

check 'exported symbols' "$(nm -D --defined-only "$ADCP_ROOT/adcp.so" | awk '{ print $3 }')" sqlite3_adcp_init
# SQLite's routines come from the program that loads the extension, through its table.
check 'SQLite symbols that are bound' "$(nm -D --undefined-only "$ADCP_ROOT/adcp.so" | grep -c ' sqlite3_')" 0
check 'libsqlite3 among the libraries' "$(objdump -p "$ADCP_ROOT/adcp.so" | grep -c 'NEEDED.*libsqlite3')" 0
check 'an executable stack' \
  "$(objdump -p "$ADCP_ROOT/adcp.so" | awk '/STACK/ { stack = 1; next } stack { print $NF; exit }')" rw-

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
