#!/bin/bash
# test_fault.sh - a few operations of every kind in every short scenario fail; all of them: make fault.
set -u
# In memory where that is possible: a run makes and removes thousands of files.
scratch=$(mktemp -d -p /dev/shm 2>/dev/null) || scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TMPDIR=$scratch "$ADCP_BIN/fault" --points "${ADCP_FAULT_POINTS:-2}"
