#!/bin/bash
# test_install.sh - make install into a place with spaces; what is there works by itself, and make uninstall removes no more.
set -u
passed=0 failed=0
check() {
  if eval "$2"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "failed: $1"; fi
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
place="$folder/in st" prefix="/my apps"
make_it() { env -u MAKEFLAGS -u MAKELEVEL make -s -C "$ADCP_ROOT" "$1" DESTDIR="$place" PREFIX="$prefix" >"$folder/log" 2>&1; }

check 'install' 'make_it install'
check 'the header' 'cmp -s "$place$prefix/include/adcp.h" "$ADCP_ROOT/include/adcp.h"'
check 'the library' '[ -s "$place$prefix/lib/libadcp.a" ]'
check 'all scripts' '[ $(ls "$place$prefix/share/adcp" | wc -l) = $(ls "$ADCP_ROOT"/sql/*.sql "$ADCP_ROOT/sql/before_migration.sh" | wc -l) ]'
sqlite3 app.db 'CREATE TABLE t(x); INSERT INTO t VALUES(1)'
echo 'DELETE FROM t; SELECT no_such_function()' >bad.sql
env -u ADCP sh "$place$prefix/share/adcp/before_migration.sh" app.db bad.sql >out 2>&1
check 'before_migration.sh finds the installed extension' '[ $? = 1 ] && grep -q "as it was before" out'
check 'and has put the backup back' '[ "$(sqlite3 app.db "SELECT count(*) FROM t")" = 1 ]'
touch "$place/my" "$place$prefix/lib/other.so"
check 'uninstall' 'make_it uninstall'
check 'nothing of adcp is left' '[ -z "$(find "$place" -name "*adcp*")" ]'
check 'the rest is' '[ -e "$place/my" ] && [ -e "$place$prefix/lib/other.so" ]'
echo "$passed passed, $failed failed"
