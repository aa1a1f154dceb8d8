#!/bin/bash
# test_crash.sh - the process dies at some of its system calls and database operations; all of them: make crash.
set -u
# In memory where that is possible: a run makes and removes thousands of files.
scratch=$(mktemp -d -p /dev/shm 2>/dev/null) || scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TMPDIR=$scratch "$ADCP_BIN/fault" --crash --points 6
