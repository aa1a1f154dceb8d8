#!/bin/sh
# test_static.sh - a program that links the static library registers adcp for its connections, in both
# ways that include/adcp.h names, and makes a round trip.
set -eu

cd "$ADCP_ROOT"
passed=0 failed=0
check() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '%s: expected "%s", got "%s"\n' "$1" "$3" "$2"
  fi
}

cat >"$TMPDIR/program.c" <<'C'
#include <stdio.h>
#include <string.h>
#include "adcp.h"

static int run(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  while( rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW ) {
    printf("%s\n", (const char *)sqlite3_column_text(stmt, 0));
  }
  if( sqlite3_finalize(stmt) != SQLITE_OK || rc != SQLITE_OK ) printf("%s\n", sqlite3_errmsg(db));
  return rc;
}

int main(int argc, char **argv) {
  sqlite3 *db = NULL, *other = NULL;
  char *message = NULL;
  if( argc < 3 ) return 2;
  sqlite3_open(":memory:", &db);
  if( sqlite3_adcp_init(db, &message, NULL) != SQLITE_OK ) puts(message);
  run(db, "SELECT adcp_version()");
  sqlite3_exec(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1),('two'),(x'03')", 0, 0, 0);
  char *sql = sqlite3_mprintf("SELECT adcp_backup(%Q) ->> 'rows'", argv[1]);
  run(db, sql);
  sqlite3_free(sql);
  sqlite3_auto_extension((void (*)(void))sqlite3_adcp_init);
  sqlite3_open(":memory:", &other);
  sql = sqlite3_mprintf("SELECT adcp_restore(%Q) ->> 'verified'", argv[1]);
  run(other, sql);
  sqlite3_free(sql);
  run(other, "SELECT group_concat(typeof(a)) FROM t");
  sqlite3_stmt *stmt = NULL;
  sqlite3_prepare_v2(other, "SELECT adcp_config('root', ?1)", -1, &stmt, NULL);
  sqlite3_bind_text(stmt, 1, ".", -1, SQLITE_STATIC);
  printf("%d\n", sqlite3_step(stmt) == SQLITE_ROW);
  sqlite3_finalize(stmt);
  run(other, "SELECT adcp_backup('/adcp-static-test.json')");
  sql = sqlite3_mprintf("SELECT adcp_restore(%Q, '{\"tables\":\"t\",\"rename\":{\"t\":\"u\"},\"where\":{\"t\":\"length(adcp_backup(''%s''))\"}}')", argv[1], argv[2]);
  run(other, sql);
  sqlite3_free(sql);
  sql = sqlite3_mprintf("SELECT adcp_restore(%Q, '{\"tables\":\"t\",\"rename\":{\"t\":\"u\"},\"where\":{\"t\":\"1 IN (SELECT seq FROM adcp_contents(''%s''))\"}}')", argv[1], argv[1]);
  run(other, sql);
  sqlite3_free(sql);
  sql = sqlite3_mprintf("SELECT adcp_restore(%Q, '{\"tables\":\"t\",\"rename\":{\"t\":\"u\"},\"where\":{\"t\":\"a IN (SELECT value FROM json_each(''[1]''))\"}}') ->> 'rows'", argv[1]);
  run(other, sql);
  sqlite3_free(sql);
  sql = sqlite3_mprintf("SELECT adcp_validate(%Q) ->> 'valid'", argv[1]);
  run(other, sql);
  sqlite3_free(sql);
  sqlite3_close(db);
  sqlite3_close(other);
  return 0;
}
C
make -s libadcp.a >/dev/null
cc -Wall -Wextra -Wno-cast-function-type -Iinclude "$TMPDIR/program.c" libadcp.a -o "$TMPDIR/program" \
  $(make -s -C "$ADCP_ROOT" libs)
# The header names the libraries for who has no Makefile at hand; ISA-L is there or not.
for library in $(make -s -C "$ADCP_ROOT" libs | tr ' ' '\n' | grep -v '^-lisal$'); do
  named=$(sed -n '/^\*\/$/q; p' include/adcp.h | tr ' ,' '\n\n' | grep -Fxc -e "$library" || true)
  check "the header names $library" "$named" 1
done
version=$(sed -n 's/^#define ADCP_VERSION  *"\(.*\)"/\1/p' include/adcp.h)
mkdir "$TMPDIR/root"
output=$(cd "$TMPDIR/root" && "$TMPDIR/program" "$TMPDIR/root/static.json.gz" "$TMPDIR/stolen.json.gz")
check 'version' "$(printf '%s\n' "$output" | sed -n 1p)" "$version"
check 'rows backed up' "$(printf '%s\n' "$output" | sed -n 2p)" 3
check 'restored by auto_extension' "$(printf '%s\n' "$output" | sed -n 3p)" 1
check 'values' "$(printf '%s\n' "$output" | sed -n 4p)" 'integer,text,blob'
check 'a root, by a bound path' "$(printf '%s\n' "$output" | sed -n 5p)" 1
case $output in
  *'leads outside of '*) check 'a path outside of it' refused refused ;;
  *) check 'a path outside of it' "$output" refused ;;
esac
# Expressions run on a private connection, where adcp would have no root.
case $output in
  *'adcp_backup() is not for expressions'*) check 'adcp within an expression' refused refused ;;
  *) check 'adcp within an expression' "$output" refused ;;
esac
check 'nothing outside of the root' "$(ls "$TMPDIR" | grep -c stolen || true)" 0
case $output in
  *'no such table: adcp_contents'*) check 'a relation of adcp within an expression' refused refused ;;
  *) check 'a relation of adcp within an expression' "$output" refused ;;
esac
check 'a table-valued function of SQLite within one' "$(printf '%s\n' "$output" | tail -n 2 | head -n 1)" 1
check 'a validation' "$(printf '%s\n' "$output" | tail -n 1)" 1
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
