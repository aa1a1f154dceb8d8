#!/bin/bash
# test_race.sh - connections and threads at the same time, a few rounds; more of them: make race.
set -u
scratch=$(mktemp -d -p /dev/shm 2>/dev/null) || scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TMPDIR=$scratch "$ADCP_BIN/race" --rounds 3
