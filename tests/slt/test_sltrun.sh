#!/bin/bash
# test_sltrun.sh - the runner itself: what must pass passes, what must fail fails and is named.
set -u
cd "$ADCP_ROOT/tests/slt/self" || exit 2
passed=0
failed=0
sltrun=$ADCP_BIN/sltrun
log=$TMPDIR/log

# check NAME CONDITION...
check() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $name"
    cat "$log"
  fi
}

# run NAME STATUS LAST-LINE ARGUMENT...: the runner's exit status and last line
run() {
  local name=$1 want=$2 last=$3 status=0
  shift 3
  "$sltrun" "$@" >"$log" 2>&1 || status=$?
  check "$name: exit status $status" [ "$status" -eq "$want" ]
  check "$name: last line \"$(tail -n 1 "$log")\", wanted \"$last\"" [ "$(tail -n 1 "$log")" = "$last" ]
}

# named FILE LINE...: every record of FILE has its line in the log, but those at LINE...
named() {
  local file=$1 line
  shift
  for line in $(awk 'before == "" && /^(statement|query|adcp:)/ { print FNR }
                     { before = /^#/ ? "" : $0 }' "$file"); do
    case " $* " in *" $line "*) continue ;; esac
    check "$file:$line is named" grep -q "^$file:$line: " "$log"
  done
}

for mode in '' --strict; do
  run "standard $mode" 0 '21 passed, 0 failed' $mode standard.slt
  check "halt $mode" grep -q '^standard.slt:[0-9]*: halt$' "$log"
  run "standard_fail $mode" 1 '1 passed, 21 failed' $mode standard_fail.slt
  named standard_fail.slt "$(awk '/^query I nosort twice/ { print FNR; exit }' standard_fail.slt)" \
    "$(awk '/never_reached/ { print FNR - 1 }' standard_fail.slt)"
done

run 'lenient, strict' 0 '6 passed, 0 failed' --strict lenient.slt
run 'lenient' 1 '0 passed, 6 failed' lenient.slt
named lenient.slt

run 'additions' 0 '17 passed, 0 failed' additions.slt
run 'additions, strict' 1 '4 passed, 2 failed' --strict additions.slt
run 'additions_fail' 1 '0 passed, 16 failed' additions_fail.slt
named additions_fail.slt "$(awk '/^adcp:close main/ { print FNR }' additions_fail.slt)"

run 'several scripts' 1 '21 passed, 6 failed' standard.slt lenient.slt
run 'no such script' 1 '0 passed, 1 failed' nothing.slt
run 'no script' 2 'usage: sltrun [--strict] [--extension SO] [--keep] [-ht N] SCRIPT...'
run 'no such extension' 1 '0 passed, 1 failed' --extension "$TMPDIR/nothing.so" standard.slt

printf 'query I\nVALUES(1),(2)\n----\n2 values hashing to %s\n' \
  "$(printf '1\n2\n' | md5sum | cut -d ' ' -f 1)" >"$TMPDIR/hash.slt"
run 'threshold of the command line' 0 '1 passed, 0 failed' -ht 1 "$TMPDIR/hash.slt"
run 'threshold left alone' 1 '0 passed, 1 failed' "$TMPDIR/hash.slt"

# The first line of a script need not be followed by a blank one.
printf 'hash-threshold 1\nstatement ok\nSELECT 1' >"$TMPDIR/first.slt"
run 'no blank line after the first line, no newline at the end' 0 '1 passed, 0 failed' "$TMPDIR/first.slt"
# White space at the end is a line of its own, after which nothing is compared.
printf 'query I\nSELECT 1\n  ' >"$TMPDIR/space.slt"
run 'white space at the end, strict' 0 '1 passed, 0 failed' --strict "$TMPDIR/space.slt"
run 'white space at the end' 1 '0 passed, 1 failed' "$TMPDIR/space.slt"
printf 'statement ok\nSELECT 1\n\nonlyif sqlite' >"$TMPDIR/nothing.slt"
run 'a condition without a record' 1 '1 passed, 1 failed' "$TMPDIR/nothing.slt"
: >"$TMPDIR/empty.slt"
run 'empty script' 0 '0 passed, 0 failed' "$TMPDIR/empty.slt"

check 'no scratch folder is left' [ -z "$(find "$TMPDIR" -mindepth 1 -name 'slt.*')" ]

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
