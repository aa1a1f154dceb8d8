#!/bin/bash
# test_crash.sh - the process dies at some of its system calls and database operations; all of them: make crash.
"$ADCP_BIN/fault" --crash --points 6
