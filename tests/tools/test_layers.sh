#!/bin/bash
# test_layers.sh - layers.sh accepts what is in order and names what is not.
set -u
root=$ADCP_ROOT
passed=0
failed=0
mkdir -p "$TMPDIR/ext"/{base,codec,platform,stream,archive,db,ops,sql} "$TMPDIR/tests/tools"

# try NAME WANTED-STATUS FILE INCLUDE: one file with one include, alone in the tree
try() {
  local file=$TMPDIR/$3 status=0 out
  printf '#include %s\n' "$4" >"$file"
  out=$(sh "$root/tests/tools/layers.sh" "$TMPDIR" 2>&1) || status=$?
  rm "$file"
  if [ "$status" -eq "$2" ] && { [ "$status" -eq 0 ] || [[ $out == "$3:1: "* ]]; }; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$1: exit status $status, wanted $2; printed: $out"
  fi
}

try 'own layer' 0 ext/base/a.c '"base/a.h"'
try 'lower layer' 0 ext/codec/a.c '"base/a.h"'
try 'archive to stream' 0 ext/archive/a.h '"stream/a.h"'
try 'db to platform' 0 ext/db/a.c '"platform/a.h"'
try 'ops to db' 0 ext/ops/a.c '"db/a.h"'
try 'ops to archive' 0 ext/ops/a.c '"archive/a.h"'
try 'sql to ops' 0 ext/sql/a.c '"ops/a.h"'
try 'system header' 0 ext/base/a.c '<stdio.h>'
try 'SQLite in db' 0 ext/db/a.c '<sqlite3ext.h>'
try 'SQLite in ops' 0 ext/ops/a.c '"sqlite3ext.h"'
try 'public header in sql' 0 ext/sql/a.c '"adcp.h"'
try 'a tool with a header of its own' 0 tests/tools/a.c '"a.h"'
try 'higher layer' 1 ext/base/a.c '"codec/a.h"'
try 'codec to platform' 1 ext/codec/a.h '"platform/a.h"'
try 'db to stream' 1 ext/db/a.c '"stream/a.h"'
try 'db to archive' 1 ext/db/a.c '"archive/a.h"'
try 'archive to db' 1 ext/archive/a.c '"db/a.h"'
try 'stream to archive' 1 ext/stream/a.c '"archive/a.h"'
try 'ops to sql' 1 ext/ops/a.c '"sql/a.h"'
try 'SQLite in archive' 1 ext/archive/a.c '<sqlite3.h>'
try 'SQLite in codec' 1 ext/codec/a.c '"sqlite3ext.h"'
try 'public header in archive' 1 ext/archive/a.c '"adcp.h"'
try 'no folder' 1 ext/base/a.c '"mem.h"'
try 'angle brackets' 1 ext/codec/a.c '<base/mem.h>'
try 'spaces in the directive' 1 ext/base/a.c ' "db/a.h"'
try 'a tool that shares code' 1 tests/tools/a.c '"db/db.h"'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
