#!/bin/bash
# test_deps.sh - deps.sh with a dpkg and an apt that are played: what it finds missing, what it runs.
set -u
passed=0
failed=0
fake=$TMPDIR/bin
mkdir "$fake"

# play COMMAND TEXT: a command of that name; it writes its calls to the log
play() {
  printf '#!/bin/sh\n%s\n' "$2" >"$fake/$1"
  chmod +x "$fake/$1"
}

# Installed are the packages in the file; the rest is unknown, or removed (config-files).
play dpkg-query 'for p in "$@"; do
  case $p in -*|*Package*) ;; *)
    if grep -qx "$p" '"$TMPDIR"'/installed; then echo "installed $p"; else echo "config-files $p"; fi ;;
  esac
done; exit 1'
play apt-get 'echo "apt-get $*" >>'"$TMPDIR"'/log'
play sudo 'echo "sudo $*" >>'"$TMPDIR"'/log; shift; exec "$@"'

# try NAME UID STATUS LOG PRINTED ARGUMENT...: exit status, commands that were run, a pattern of the output
try() {
  local name=$1 uid=$2 want=$3 log=$4 printed=$5 status=0 out
  shift 5
  play id "echo $uid"
  : >"$TMPDIR/log"
  out=$(PATH=$fake:$PATH sh "$ADCP_ROOT/tests/tools/deps.sh" "$@" 2>&1) || status=$?
  if [ "$status" -eq "$want" ] && grep -q -- "$printed" <<<"$out" &&
    [ "$(tr '\n' ';' <"$TMPDIR/log")" = "$log" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'failed: %s: exit status %s; printed:\n%s\nran:\n%s\n' "$name" "$status" "$out" \
      "$(cat "$TMPDIR/log")"
  fi
}

build='libsqlite3-dev zlib1g-dev libdeflate-dev libzstd-dev libcjson-dev nettle-dev'
case $(dpkg --print-architecture) in amd64 | arm64) build="$build libisal-dev" ;; esac
printf '%s\n' $build sqlite3 >"$TMPDIR/installed"
install='install -y --no-install-recommends'

try 'nothing is missing' 0 0 '' '^$' build demo
try 'nothing is missing, only looking' 1000 0 '' '^$' --check build
printf '%s\n' zlib1g-dev nettle-dev sqlite3 >"$TMPDIR/installed"
some='libsqlite3-dev libdeflate-dev libzstd-dev libcjson-dev'
case $build in *libisal-dev) some="$some libisal-dev" ;; esac
try 'root installs' 0 0 "apt-get -q update;apt-get -q $install $some;" "missing: $some\$" build demo
try 'only looking' 0 1 '' "^  apt-get update && apt-get $install $some\$" --check build
try 'sudo installs' 1000 0 \
  "sudo -n true;sudo -n apt-get -q update;apt-get -q update;sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -q $install $some;apt-get -q $install $some;" \
  "missing: $some\$" build
play sudo 'exit 1'
try 'sudo wants a password' 1000 1 '' "^  sudo apt-get update && sudo apt-get $install $some\$" build
try 'groups share a package' 0 0 "apt-get -q update;apt-get -q $install $some;" . build build
play apt-get 'echo "apt-get $*" >>'"$TMPDIR"'/log; exit 100'
try 'apt fails' 0 100 'apt-get -q update;' . build
try 'unknown group' 0 2 '' 'no group "nonsense"' nonsense

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
