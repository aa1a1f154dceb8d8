#!/bin/bash
# test_lost.sh - the power fails at some places of every scenario; more of them: make lost.
set -u
# In memory where that is possible: a run makes and removes thousands of files.
scratch=$(mktemp -d -p /dev/shm 2>/dev/null) || scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TMPDIR=$scratch "$ADCP_BIN/fault" --lost --points 9
