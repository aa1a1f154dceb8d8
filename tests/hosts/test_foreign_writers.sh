#!/bin/bash
# test_foreign_writers.sh - backups that other programs rewrote: accepted where the rows are the same,
# refused with a reason where they are not.
set -u
passed=0
failed=0
cd "$TMPDIR" || exit 2

sql() {
  sqlite3 -init /dev/null -batch -bail -cmd ".load '$ADCP_SO'" "$@"
}

# result NAME CONDITION...: counts, and shows the log of what failed
result() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $name"
    cut -c 1-600 log | head -n 12
  fi
}

valid() {
  [ "$(sql :memory: "SELECT adcp_validate('$1') ->> 'valid';" 2>>log)" = 1 ] && return
  sql :memory: "SELECT adcp_validate('$1');" >>log 2>&1
  return 1
}

# accepted NAME FILE DATABASE: valid, and a restore gives the database
accepted() {
  : >log
  rm -f new.db
  result "$1: valid" valid "$2"
  sql new.db "SELECT adcp_restore('$2');" >>log 2>&1
  result "$1: restored" [ $? -eq 0 ]
  "$ADCP_BIN/dbsame" "$3" new.db >>log 2>&1
  result "$1: the same database" [ $? -eq 0 ]
}

# refused NAME FILE REGEX: validate reports it, restore fails with it, and nothing was restored
refused() {
  rm -f old.db
  cp before.db old.db
  sql :memory: "SELECT value FROM json_each(adcp_validate('$2'), '\$.errors');" >log 2>&1
  result "$1: validate says so" grep -Eq "$3" log
  result "$1: not valid" [ "$(sql :memory: "SELECT adcp_validate('$2') ->> 'valid';" 2>>log)" = 0 ]
  sql old.db "SELECT adcp_restore('$2', '{\"force\":true}');" >log 2>&1
  result "$1: restore fails" [ $? -ne 0 ]
  result "$1: restore says so" grep -Eq "$3" log
  result "$1: database unchanged, it says" grep -q 'database unchanged' log
  "$ADCP_BIN/dbsame" before.db old.db >>log 2>&1
  result "$1: database unchanged" [ $? -eq 0 ]
}

for kind in plain values numbers; do
  "$PYTHON" "$ADCP_ROOT/tests/hosts/make_database.py" $kind $kind.db || exit 2
  sql $kind.db "SELECT adcp_backup('$kind.json.gz'), adcp_backup('$kind.json');" >log 2>&1
  result "$kind: backup" [ $? -eq 0 ]
  gunzip -c $kind.json.gz >$kind.text
done
sql before.db "CREATE TABLE person(kept); INSERT INTO person VALUES('still here');"

# ---- the text as it is, packed anew ----

accepted 'unpacked' plain.text plain.db
gzip -9c <plain.text >x.gz && accepted 'gzip -9' x.gz plain.db
gzip -1c <plain.text >x.gz && accepted 'gzip -1' x.gz plain.db
cp plain.text named && gzip -N named && accepted 'gzip with a name in its header' named.gz plain.db
pigz -9c <plain.text >x.gz && accepted 'pigz' x.gz plain.db
gzip -c <plain.json >x.gz && accepted 'the plain backup, packed' x.gz plain.db
gunzip -c x.gz >x.json && accepted 'packed and unpacked' x.json plain.db

# members SIZE FILE: gzip members of SIZE bytes of text, one behind the other
members() {
  rm -f part.*
  split -b "$1" -a 5 "$2" part.
  for part in part.*; do gzip -c "$part"; done >x.gz
}

members 1000 plain.text && accepted 'gzip members of 1000 bytes' x.gz plain.db
members 50000 plain.text && accepted 'three gzip members' x.gz plain.db
members 300000 values.text && accepted 'gzip members within large values' x.gz values.db
{ head -n 20 plain.text | gzip -c; gzip -c </dev/null; tail -n +21 plain.text | pigz -c; } >x.gz
accepted 'an empty member between two' x.gz plain.db

# skippable BYTES: a zstd frame of them that readers pass over
skippable() {
  printf '\x5a\x2a\x4d\x18'
  printf "\\x$(printf %02x ${#1})\0\0\0%s" "$1"
}

zstd -q -3 -c plain.text >x.zst && accepted 'zstd' x.zst plain.db
pzstd -q -f -c plain.text >x.zst && accepted 'pzstd' x.zst plain.db
cat values.text >x.text && pzstd -q -f -p 4 -1 x.text -o x.zst && accepted 'pzstd with four threads' x.zst values.db
{ head -n 20 plain.text | zstd -q -c; skippable 'a comment'; zstd -q -c </dev/null; tail -n +21 plain.text | zstd -q -c; skippable ''; } >x.zst
accepted 'zstd frames, one of them empty, others to be skipped' x.zst plain.db
sql plain.db "SELECT adcp_backup('plain.json.zst');" >log 2>&1
{ skippable 'in front'; cat plain.json.zst; } >x.zst && accepted 'a backup behind a frame to be skipped' x.zst plain.db
{ cat plain.json.zst; skippable 'behind'; } >x.zst && accepted 'a backup before a frame to be skipped' x.zst plain.db
skippable 'nothing else' >x.zst && refused 'a frame to be skipped alone' x.zst 'incomplete|not a backup'
{ skippable 'in front'; printf 'x'; cat plain.json.zst; } >x.zst && refused 'something else behind a frame to be skipped' x.zst 'damaged near byte'
{ skippable 'in front'; cat plain.json.zst; skippable 'a frame that is cut off' | head -c 20; } >x.zst && refused 'a frame to be skipped that is cut off' x.zst 'incomplete'

# ---- bytes around the text ----

{ printf '\357\273\277'; cat plain.text; } >x.json && accepted 'a BOM' x.json plain.db
gzip -c <x.json >x.gz && accepted 'a BOM, packed' x.gz plain.db
sed 's/$/\r/' plain.text >x.json && accepted 'CR LF' x.json plain.db
sed '1s/^/\xef\xbb\xbf/; s/$/\r/' plain.json >x.json && accepted 'a BOM and CR LF' x.json plain.db
head -c -1 plain.json >x.json && accepted 'no line break at the end' x.json plain.db
head -c -1 plain.text | gzip -c >x.gz && accepted 'no line break at the end, packed' x.gz plain.db
{ cat plain.json; printf '\n \r\n\t\n'; } >x.json && accepted 'white space at the end' x.json plain.db
{ cat plain.json; head -c 20000 /dev/zero | tr '\0' ' '; } >x.json
accepted 'more white space at the end than the tail that is looked at' x.json plain.db
{ printf '\n\n  '; cat plain.json; } >x.json && accepted 'white space in front' x.json plain.db

# ---- written by JSON tools ----

jq . plain.text >x.json && accepted 'jq .' x.json plain.db
jq . plain.text | gzip -c >x.gz && accepted 'jq . | gzip' x.gz plain.db
jq -c . plain.text >x.json && accepted 'jq -c .' x.json plain.db
jq -S . plain.text >x.json && accepted 'jq -S .' x.json plain.db
jq -a --tab . plain.text >x.json && accepted 'jq -a --tab .' x.json plain.db

# by_python NAME DATABASE CODE: document in, document out
by_python() {
  "$PYTHON" -c "
import json, sys
document = json.load(open(sys.argv[1], encoding='utf-8'))
out = open('x.json', 'w', encoding='utf-8')
$3" "$2.text" 2>log
  accepted "$1 ($2)" x.json "$2.db"
}

for kind in plain values; do
  by_python 'Python, indent=2' $kind 'json.dump(document, out, indent=2)'
  by_python 'Python, no escapes, sorted keys' $kind 'json.dump(document, out, ensure_ascii=False, sort_keys=True)'
  by_python 'Python, everything backwards' $kind '
def turn(value):
    return {key: turn(value[key]) for key in reversed(value)} if isinstance(value, dict) else value
document["tables"] = {name: [turn(row) for row in rows] for name, rows in document["tables"].items()}
json.dump(turn(document), out)'
  by_python 'Python, members of a later version' $kind '
document["backup_metadata"]["later"] = {"$x": [1, {}]}
document["later"] = [None, True, {"tables": {"person": [1]}}]
for table in document["database_schema"]["tables"].values():
    table["later"] = 1
document["backup_manifest"]["later"] = []
json.dump(document, out)'
done
"$PYTHON" -c '
import re
text = open("plain.text", encoding="utf-8").read()
text, count = re.subn(r"\"size\":([0-9]+)\.5,", lambda m: "\"size\":%s50E-0001," % m[1].lstrip("0"), text)
assert count == 500
open("x.json", "w", encoding="utf-8").write(text.replace("/", "\\/").replace("\"note\"", "\"\\u006eote\"")
  .replace("\"backup_manifest\":", "\"backup_manifest\": "))' 2>log
sed -i 's/"size":50E/"size":5E/; s/"size":\([0-9]*\)50E-0001/"size":\1.50e+00/' x.json
accepted 'numbers, escapes and keys spelled otherwise' x.json plain.db

node -e '
const fs = require("fs");
fs.writeFileSync("x.json", JSON.stringify(JSON.parse(fs.readFileSync("plain.text", "utf8")), null, 2))' 2>log
accepted 'Node' x.json plain.db
ruby -rjson -e 'File.write("x.json", JSON.pretty_generate(JSON.parse(File.read("plain.text", encoding: "UTF-8"))))' 2>log
accepted 'Ruby' x.json plain.db
perl -MJSON::PP -e '
local $/; open my $in, "<:raw", "plain.text"; open my $out, ">:raw", "x.json";
print $out JSON::PP->new->utf8->pretty->encode(JSON::PP->new->utf8->decode(<$in>))' 2>log
accepted 'Perl JSON::PP' x.json plain.db
php -r '
$document = json_decode(file_get_contents("plain.text"));
file_put_contents("x.json", json_encode($document, JSON_PRETTY_PRINT | JSON_PRESERVE_ZERO_FRACTION));' 2>log
accepted 'PHP' x.json plain.db

# ---- what is no backup any more says what it is, and how it becomes one ----

{ printf '\377\376'; iconv -f UTF-8 -t UTF-16LE plain.json; } >x.json
refused 'UTF-16, little endian' x.json 'x.json: not a backup as it is: its text is UTF-16, as PowerShell writes it; make it UTF-8 again'
iconv -f UTF-16 -t UTF-8 x.json >y.json && accepted 'UTF-8 again' y.json plain.db
{ printf '\376\377'; iconv -f UTF-8 -t UTF-16BE plain.json; } >x.json
refused 'UTF-16, big endian' x.json 'its text is UTF-16; make it UTF-8 again'
"$PYTHON" -c '
import bz2, lzma, zipfile
data = open("plain.json", "rb").read()
open("x.json.xz", "wb").write(lzma.compress(data))
open("x.json.bz2", "wb").write(bz2.compress(data))
zipfile.ZipFile("x.json.zip", "w").write("plain.json")'
refused 'xz' x.json.xz 'another tool packed it; unpack it by xz -d'
refused 'bzip2' x.json.bz2 'another tool packed it; unpack it by bzip2 -d'
refused 'zip' x.json.zip 'but a zip archive: unpack it'

# ---- tools that change numbers ----

changed='another tool changed numbers or text'
if [ "$(echo 1.0 | jq -c .)" = 1 ]; then
  jq . numbers.text >x.json && refused 'jq that holds numbers as doubles' x.json "$changed"
  jq -c . values.text | gzip -c >x.gz && refused 'the same, packed' x.gz "$changed"
else
  jq . numbers.text >x.json && accepted 'jq that keeps numbers' x.json numbers.db
fi
node -e '
const fs = require("fs");
fs.writeFileSync("x.json", JSON.stringify(JSON.parse(fs.readFileSync("numbers.text", "utf8"))))' 2>log
refused 'Node, numbers that doubles do not hold' x.json "$changed"
jq -c . plain.text | sed 's/Person/person/' >x.json
refused 'a text changed on the way' x.json "$changed"
jq -c . plain.text | sed 's/"id":7,/"id":99999999999999999999,/' >x.json
refused 'an integer of 67 bits' x.json "$changed"

# ---- not whole ----

size=$(wc -c <plain.json.gz)
for bytes in 1 2 9 17 50 90 95 1000 20000 $((size - 12)) $((size - 100)); do
  head -c -$bytes plain.json.gz >x.gz
  refused "gzip without its last $bytes bytes" x.gz 'incomplete|not a backup'
done
size=$(wc -c <plain.json)
for bytes in 2 3 40 81 82 1000 60000 $((size - 500)) $((size - 30)); do
  head -c -$bytes plain.json >x.json
  refused "plain without its last $bytes bytes" x.json 'incomplete'
  head -c -$bytes plain.text | gzip -c >x.gz
  refused "the same, packed" x.gz 'incomplete'
done

# ---- too much ----

at=$(wc -c <plain.json.gz)
{ cat plain.json.gz; printf 'x'; } >x.gz && refused 'a byte behind gzip' x.gz "byte $at"
{ cat plain.json.gz; head -c 5000 /dev/zero; } >x.gz && refused 'zeros behind gzip' x.gz "byte $at"
cat plain.json.gz plain.json.gz >x.gz && refused 'two backups, packed' x.gz 'after|byte'
cat plain.json.gz plain.json >x.gz && refused 'a plain backup behind gzip' x.gz "byte $at"
at=$(wc -c <plain.json)
{ cat plain.json; printf 'x'; } >x.json && refused 'a byte behind plain' x.json "byte $at"
zstd -qc <plain.text >y.zst
at=$(wc -c <y.zst)
{ cat y.zst; printf '\n'; } >x.zst && refused 'a line break behind zstd' x.zst "1 bytes after its end, from byte $at on"
{ cat y.zst; head -c 5000 /dev/zero; } >x.zst && refused 'zeros behind zstd' x.zst "5000 bytes after its end, from byte $at on"
cat y.zst plain.json >x.zst && refused 'a plain backup behind zstd' x.zst "after its end, from byte $at on"
at=$(wc -c <plain.json)
cat plain.json plain.json >x.json && refused 'two backups, plain' x.json "byte $at"
{ cat plain.json; echo '{}'; } | gzip -c >x.gz && refused 'a value behind the document' x.gz "byte $at"

# ---- damage and edits ----

# An edit that keeps the length leaves a file whose blocks stand where they stood: their CRC-32s tell.
sed 's/Person/person/' plain.json >x.json && refused 'an edited plain backup' x.json 'damaged'
sed '/^{"id":8,/d' plain.text >x.json && refused 'a row taken out' x.json 'damaged'
# In front of the rows: an edit is told from a rewritten document by the manifest, which is as it was.
sed 's/CREATE INDEX person_by_name/CREATE INDEX  person_by_name/' plain.text >x.json
refused 'a schema edited in place' x.json 'in front of the rows'
jq -c . plain.text | sed 's/CREATE INDEX person_by_name/CREATE INDEX  person_by_name/' >x.json
refused 'an edited schema' x.json 'digest'
sed 's/^{"id":8,/{"id":8,"id":8,/' plain.text >x.json && refused 'a duplicate key' x.json 'column "id" stands twice'
sed 's/^{"id":8,/{"idea":8,/' plain.text >x.json && refused 'an unknown key' x.json '"idea"'
sed 's/^{"id":8,/{/' plain.text >x.json && refused 'a missing key' x.json 'column "id" is missing'
sed '0,/"\$blob":/s//"$binary":/' plain.text >x.json && refused 'an unknown tag' x.json 'tag'
sed '1s/"version":"3.0"/"version":"3.9","requires":["folding"]/' plain.text >x.json
refused 'a feature that is not known' x.json 'requires "folding"'
jq -c . plain.text | sed '1s/"version":"3.0"/"version":"4.0"/' >x.json
refused 'a major version that is not known' x.json '4\.0'
jq -c . plain.text | sed '1s/"version":"3.0"/"version":"3.10"/' >x.json && accepted 'a minor version that is not known' x.json plain.db
"$PYTHON" -c '
data = bytearray(open("plain.json.gz", "rb").read())
data[len(data) // 2] ^= 1
open("x.gz", "wb").write(data)'
refused 'a bit changed in gzip' x.gz 'damaged|block'
"$PYTHON" -c '
data = bytearray(open("plain.json.gz", "rb").read())
data[-5] ^= 1
open("x.gz", "wb").write(data)'
refused 'a bit changed in the CRC-32' x.gz 'damaged|CRC'
sed 's/"manifest_crc32":"./"manifest_crc32":"g/' plain.json >x.json
accepted 'an end line that leads nowhere' x.json plain.db

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
