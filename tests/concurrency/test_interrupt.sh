#!/bin/bash
# test_interrupt.sh - interrupts at random times into restores over 40 MB; larger: make interrupts.
set -u
scratch=$(mktemp -d -p /dev/shm 2>/dev/null) || scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TMPDIR=$scratch "$ADCP_BIN/interrupt" --rows 120000 --rounds 6
