#!/bin/sh
# demo.sh - the whole round on a sample database: back up, look inside, validate, restore, compare.
# Everything it makes stays in build/demo, to be looked at afterwards.
set -eu

cd "$(dirname "$0")/.."
extension=$(pwd)/adcp.so
dir=build/demo
rm -rf "$dir"
mkdir -p "$dir"

heading() {
  printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[01]m//g'; fi
}

# The shell stops at the first error; its own settings are left out.
shell() {
  sqlite3 -init /dev/null -batch -bail "$@"
}

with_adcp() {
  database=$1
  shift
  shell -cmd ".load '$extension'" "$database" "$@"
}

# A report (one JSON object) as two columns.
show_report() {
  shell :memory: \
    "SELECT printf('  %-24s %s', key, iif(type IN ('true', 'false', 'null'), type, value))
       FROM json_each(CAST(readfile('$1') AS TEXT));"
}

# say SQL, as the user would type it
say() {
  printf 'sqlite> %s\n' "$1"
}

search="SELECT p.id, p.name, round(f.rank, 4) AS rank
  FROM products_fts AS f JOIN product AS p ON p.id = f.rowid
 WHERE products_fts MATCH 'jazz AND commuters' ORDER BY f.rank, p.id LIMIT 5;"

heading '1. A sample database'
shell "$dir/sample.sqlite3" <sql/demo.sql
shell "$dir/sample.sqlite3" ".mode column" "
  SELECT 'tenant' AS 'table', count(*) AS 'rows' FROM tenant
  UNION ALL SELECT 'product', count(*) FROM product
  UNION ALL SELECT 'externalagent', count(*) FROM externalagent
  UNION ALL SELECT 'product_embeddings', count(*) FROM product_embeddings
  UNION ALL SELECT 'products_fts (full-text index)', count(*) FROM products_fts_docsize;"

heading '2. Back it up'
say '.load ./adcp'
say "SELECT adcp_backup('$dir/sample.json.gz');"
with_adcp "$dir/sample.sqlite3" "SELECT adcp_backup('$dir/sample.json.gz');" >"$dir/backup_report.json"
show_report "$dir/backup_report.json"
printf '\nThe backup is one JSON document, gzipped; zcat, jq and Python read it. It begins:\n'
gzip -dc "$dir/sample.json.gz" | head -c 300 | fold -w 96
printf '\n'
ls -l "$dir/sample.sqlite3" "$dir/sample.json.gz" | awk '{ printf "%12d bytes  %s\n", $5, $NF }'

heading '3. What is inside'
contents="SELECT seq, section, type, name, rows, bytes FROM adcp_contents('$dir/sample.json.gz');"
say "$contents"
with_adcp :memory: ".mode column" "$contents"

heading '4. Validate the backup'
say "SELECT adcp_validate('$dir/sample.json.gz');"
with_adcp :memory: "SELECT adcp_validate('$dir/sample.json.gz');" >"$dir/validate_report.json"
show_report "$dir/validate_report.json"

heading '5. Restore it into a new database'
say ".open $dir/restored.sqlite3"
say "SELECT adcp_restore('$dir/sample.json.gz');"
with_adcp "$dir/restored.sqlite3" "SELECT adcp_restore('$dir/sample.json.gz');" \
  >"$dir/restore_report.json"
show_report "$dir/restore_report.json"

heading '6. Compare the two, by a program that shares no code with the extension'
build/bin/dbsame "$dir/sample.sqlite3" "$dir/restored.sqlite3"

heading '7. The same search on both'
printf '%s\n\n' "$search"
shell "$dir/sample.sqlite3" ".mode box" "$search" >"$dir/search_sample.txt"
shell "$dir/restored.sqlite3" ".mode box" "$search" >"$dir/search_restored.txt"
cat "$dir/search_restored.txt"
if ! cmp "$dir/search_sample.txt" "$dir/search_restored.txt"; then
  echo 'The search does not give the same on both.' >&2
  exit 1
fi
echo 'The result on the original is the same.'

heading "Done. The files are in $dir."
