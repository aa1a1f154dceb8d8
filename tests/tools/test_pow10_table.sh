#!/bin/bash
# test_pow10_table.sh - the committed table of powers of ten is what its script prints.
cd "${ADCP_ROOT:-$(dirname "$0")/../..}" || exit 1
if "${PYTHON:-python3}" tests/tools/pow10_table.py --check ext/codec/pow10_table.h; then
  echo "1 passed, 0 failed"
else
  echo "0 passed, 1 failed"
  exit 1
fi
