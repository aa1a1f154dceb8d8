#!/bin/bash
# test_reload.sh - the extension is loaded and unloaded by threads while it works in others; make race has more rounds.
set -u
scratch=$(mktemp -d -p /dev/shm 2>/dev/null) || scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The build for the address sanitizer is not unloaded, for the sake of its reports.
case $ADCP_BUILD in */asan) ADCP_SO=$ADCP_ROOT/adcp.so ;; esac
ADCP_SO=$ADCP_SO TMPDIR=$scratch "$ADCP_BIN/reload" --rounds 3
