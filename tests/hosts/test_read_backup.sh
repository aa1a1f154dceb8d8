#!/bin/bash
# test_read_backup.sh - a reader that knows docs/FORMAT.md only rebuilds what the extension backed up.
#
# read_backup.py recomputes every digest from the parsed JSON, so a pass also says that the canonical
# text of rows is what the page says; dbsame compares the database that it rebuilds.
set -u
passed=0
failed=0
reader=$ADCP_ROOT/tests/hosts/read_backup.py
cd "$TMPDIR" || exit 2

# check NAME COMMAND...
check() {
  local name=$1
  shift
  if "$@" >log 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $name"
    head -n 20 log
  fi
}

# refused NAME WORDS FILE: the reader says no, with these words
refused() {
  if ! "$PYTHON" "$reader" "$3" >log 2>&1 && grep -q "$2" log; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $1, wanted: $2"
    head -n 20 log
  fi
}

sql() {
  sqlite3 -init /dev/null -batch -bail -cmd ".load '$ADCP_SO'" "$@"
}

# at_most FILE NUMBER: the bytes that the reader says it has read
at_most() {
  local bytes
  bytes=$(sed -n 's/.* reads of \([0-9]*\) bytes in all$/\1/p' "$1")
  [ -n "$bytes" ] && [ "$bytes" -le "$2" ]
}

for kind in tiny values values16le values16be; do
  "$PYTHON" "$ADCP_ROOT/tests/hosts/make_database.py" $kind $kind.db || exit 2
  for file in $kind.json.gz $kind.json; do
    check "$file: backup" sql $kind.db "SELECT adcp_backup('$file');"
    rm -f new.db
    check "$file: rebuilt" "$PYTHON" "$reader" $file new.db
    check "$file: the same database" "$ADCP_BIN/dbsame" $kind.db new.db
  done
done

# An index that was left out is made anew by whoever rebuilds.
check 'left out: backup' sql values.db "CREATE TABLE word(id INTEGER PRIMARY KEY, w);
  INSERT INTO word VALUES(1, 'red'), (7, 'green'); CREATE VIRTUAL TABLE words USING fts5(w, content=word, content_rowid=id);
  INSERT INTO words(words) VALUES('rebuild'); SELECT adcp_backup('left.json', '{\"fts\":\"rebuild\"}');
  DROP TABLE words; DROP TABLE word;"
rm -f new.db
check 'left out: rebuilt' "$PYTHON" "$reader" left.json new.db
check 'left out: found' [ "$(sqlite3 new.db "SELECT rowid FROM words('green')")" = 7 ]

# The other way round: the extension restores, and its restored database gives the same digests.
check 'restored by the extension' sql restored.db "SELECT adcp_restore('values.json.gz');"
check 'restored as rebuilt' "$ADCP_BIN/dbsame" values.db restored.db

# One table by the locator. part150 stands behind 30 MB of others.
"$PYTHON" "$ADCP_ROOT/tests/hosts/make_database.py" large large.db || exit 2
for file in large.json.gz large.json; do
  check "$file: backup" sql large.db "SELECT adcp_backup('$file');"
  rm -f one.db rows
  "$PYTHON" "$reader" --table part150 $file >rows 2>report
  check "$file: one table: exit status" [ $? -eq 0 ]
  check "$file: one table: 900 rows in 3 reads" grep -q '^900 rows; 3 reads of ' report
  check "$file: one table: read no more than its blocks and the manifest" at_most report 400000
  check "$file: one table: the lines of the file" \
    cmp rows <(gzip -cdf $file | sed -n '/^"part150":\[$/,/^\]/p' | sed '1d;$d')
  "$PYTHON" "$reader" --list $file >listed
  check "$file: what a list shows" cmp listed <(sql :memory: "SELECT json_array(created_at, tables, rows,
    uncompressed_bytes, content_sha256) FROM adcp_backups('.') WHERE name = '$file'" | sed 's/,/, /g')
  check "$file: one table rebuilt" "$PYTHON" "$reader" --table part150 $file one.db
  check "$file: one table: its rows" cmp <(sqlite3 one.db 'SELECT rowid, * FROM part150') \
    <(sqlite3 large.db 'SELECT rowid, * FROM part150')
  check "$file: a table of many blocks" "$PYTHON" "$reader" --table huge $file one.db
  check "$file: its blob" cmp <(sqlite3 one.db 'SELECT hex(b) FROM huge') \
    <(sqlite3 large.db 'SELECT hex(b) FROM huge')
done

# Every table of a database with odd names.
sqlite3 values.db "SELECT hex(name) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'" >names
check 'names of tables' [ "$(wc -l <names)" -gt 50 ]
missed=0
while read -r name; do
  "$PYTHON" -c '
import subprocess, sys
name = bytes.fromhex(sys.argv[2]).decode()
subprocess.run([sys.executable, sys.argv[1], "--table=" + name, "values.json.gz"], check=True)' \
    "$reader" "$name" >/dev/null 2>>log || missed=$((missed + 1))
done <names
check "every table is found by its name ($missed are not)" [ $missed -eq 0 ]

# It is no reader that says yes to everything.
gunzip -c values.json.gz >text.json
sed 's/"row 7"/"row 8"/' text.json >bad.json
refused 'a changed text' 'another digest' bad.json
sed '/"v":"row 7"/d' text.json >bad.json
refused 'a missing row' 'rows, not' bad.json
sed 's/CREATE TABLE strict/CREATE TABLE Strict/' text.json >bad.json
refused 'a changed schema' 'content_sha256 differs' bad.json
sed '$d' text.json >bad.json
refused 'no end line' 'not JSON' bad.json
head -c 30000 values.json.gz >bad.json
refused 'a truncated file' 'incomplete or damaged' bad.json
sed '1s/"version":"3.0"/"version":"4.0"/' text.json >bad.json
refused 'a newer format' 'version 4.0' bad.json

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
