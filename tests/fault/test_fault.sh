#!/bin/bash
# test_fault.sh - a few operations of every kind in every short scenario fail; all of them: make fault.
"$ADCP_BIN/fault" --points 4
