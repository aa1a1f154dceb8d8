#!/bin/bash
# test_readers.sh - a backup is read whole by the default calls of the languages people use.
#
# The reference is `gunzip -c`. A reader that stops after the first gzip member, or that wants anything
# else of the container than RFC 1952 promises, gives other bytes.
set -u
passed=0
failed=0
cd "$TMPDIR" || exit 2

check() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $1: $2, wanted $3"
    cat stderr 2>/dev/null
  fi
}

sha() {
  sha256sum | cut -d ' ' -f 1
}

# reader NAME COMMAND...: the command writes the text of out.json.gz to stdout
reader() {
  local name="$kind: $1" got
  shift
  if ! command -v "$1" >/dev/null; then
    check "$name" "$1 is not installed" "installed"
    return
  fi
  got=$("$@" 2>stderr | sha)
  check "$name" "$got" "$want"
}

cat >serve.py <<'PY'
"""Serves out.json.gz as a web server does that has the compressed file: Content-Encoding gzip."""
import http.server
import os


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("out.json.gz", "rb") as file:
            body = file.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open("port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
PY
"$PYTHON" serve.py &
server=$!
trap 'kill $server 2>/dev/null' EXIT
for _ in $(seq 100); do [ -s port ] || sleep 0.1; done

for kind in tiny large; do
  "$PYTHON" "$ADCP_ROOT/tests/hosts/make_database.py" $kind $kind.db || exit 2
  rm -f out.json.gz
  sqlite3 -init /dev/null -batch -bail -cmd ".load '$ADCP_SO'" $kind.db \
    "SELECT adcp_backup('out.json.gz'), adcp_backup('$kind.json');" >report 2>stderr
  check "$kind: backup" "$?" 0
  want=$(gunzip -c out.json.gz | sha)
  check "$kind: gunzip reports no error" "$(gunzip -t out.json.gz 2>&1)" ""
  members=$("$PYTHON" -c '
import zlib
inflate = zlib.decompressobj(31)
inflate.decompress(open("out.json.gz", "rb").read())
print("one" if inflate.eof and not inflate.unused_data else "several")')
  check "$kind: gzip members" "$members" one

  reader 'zcat' zcat out.json.gz
  reader 'pigz -d' pigz -dc out.json.gz
  reader 'Python gzip.open' "$PYTHON" -c '
import gzip, shutil, sys
shutil.copyfileobj(gzip.open("out.json.gz"), sys.stdout.buffer)'
  reader 'Python zlib.decompress' "$PYTHON" -c '
import sys, zlib
sys.stdout.buffer.write(zlib.decompress(open("out.json.gz", "rb").read(), wbits=31))'
  reader 'Node zlib.gunzipSync' node -e '
const fs = require("fs");
fs.writeFileSync("/dev/stdout", require("zlib").gunzipSync(fs.readFileSync("out.json.gz")))'
  reader 'Node stream' node -e '
const fs = require("fs");
fs.createReadStream("out.json.gz").pipe(require("zlib").createGunzip()).pipe(process.stdout)'
  reader 'Perl IO::Uncompress::Gunzip' perl -e '
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
binmode STDOUT;
gunzip "out.json.gz" => \*STDOUT or die $GunzipError'
  reader 'Ruby Zlib::GzipReader' ruby -rzlib -e '
$stdout.binmode
Zlib::GzipReader.open("out.json.gz") { |gz| print gz.read }'
  reader 'Ruby Zlib.gunzip' ruby -rzlib -e '
$stdout.binmode
print Zlib.gunzip(File.binread("out.json.gz"))'
  reader 'PHP gzdecode' php -r 'echo gzdecode(file_get_contents("out.json.gz"));'
  reader 'PHP gzopen' php -r '
$gz = gzopen("out.json.gz", "rb");
while (!gzeof($gz)) echo gzread($gz, 65536);'
  reader 'curl --compressed' curl --silent --show-error --noproxy '*' --compressed "http://127.0.0.1:$(cat port)/"

  # The plain backup of the same database differs in positions and time only.
  check "$kind: plain and gzip hold the same rows" \
    "$(sed '1d;/^"backup_manifest":/,$d' $kind.json | sha)" \
    "$(gunzip -c out.json.gz | sed '1d;/^"backup_manifest":/,$d' | sha)"

  # And as JSON: every reader counts the same rows.
  rows=$(sqlite3 :memory: "SELECT json_extract(readfile('report'), '\$.rows');" 2>/dev/null)
  [ -n "$rows" ] || rows=$(sed 's/.*"rows":\([0-9]*\).*/\1/;q' report)
  check "$kind: zcat | jq" \
    "$(zcat out.json.gz | jq '[.tables[] | length] | add')" "$rows"
  check "$kind: Python json" "$("$PYTHON" -c '
import gzip, json
print(sum(map(len, json.load(gzip.open("out.json.gz"))["tables"].values())))')" "$rows"
  check "$kind: Node JSON.parse" "$(node -e '
const tables = JSON.parse(require("zlib").gunzipSync(require("fs").readFileSync("out.json.gz"))).tables;
console.log(Object.values(tables).reduce((sum, rows) => sum + rows.length, 0))')" "$rows"
  check "$kind: Ruby JSON" "$(ruby -rzlib -rjson -e '
puts JSON.parse(Zlib.gunzip(File.binread("out.json.gz")))["tables"].values.sum(&:size)')" "$rows"
  check "$kind: PHP json_decode" "$(php -d memory_limit=-1 -r '
$document = json_decode(gzdecode(file_get_contents("out.json.gz")), true);
echo array_sum(array_map("count", $document["tables"]));')" "$rows"
done

blocks=$(gunzip -c out.json.gz | grep -c '^\[[0-9]*,[0-9]*,[0-9]*\],\{0,1\}$')
check "the large backup has several hundred blocks ($blocks)" "$([ "$blocks" -ge 200 ] && echo yes)" yes

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
