#!/bin/bash
# test_run.sh - run.sh counts: a report of a sanitizer or valgrind is a failure, whatever the test makes of the exit
# status; a leak of the program that loaded the extension is none.
set -u
passed=0
failed=0
mkdir -p "$TMPDIR/played/tests/tools" "$TMPDIR/played/build/unit" "$TMPDIR/played/build/bin"
cp "$ADCP_ROOT/tests/run.sh" "$TMPDIR/played/tests/"
cd "$TMPDIR/played" || exit 2

# run WANTED NAME: what the test's script prints on standard input is run by run.sh; its last line.
run() {
  { cat; echo 'echo "1 passed, 0 failed"'; } >tests/tools/test_played.sh
  output=$(sh tests/run.sh --families script 2>&1 </dev/null)
  if [ "${output##*$'\n'}" = "$1" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'failed: %s, wanted "%s", got\n%s\n' "$2" "$1" "$output"
  fi
}

run '1 passed, 0 failed' 'no report' </dev/null
run '1 passed, 1 failed' 'a race' <<'TEST'
echo 'WARNING: ThreadSanitizer: data race (pid=7)' >"$ADCP_REPORT.7"
TEST
run '1 passed, 1 failed' 'a wrong access within python3' <<'TEST'
printf '==7==ERROR: AddressSanitizer: heap-use-after-free\n    #0 in memcpy\n' >"$ADCP_HOST_REPORT.7"
TEST
run '1 passed, 1 failed' 'a leak of ours' <<'TEST'
printf '\n==7==ERROR: LeakSanitizer: detected memory leaks\n\nDirect leak of 7 byte(s)\n    #1 in plant\n' >"$ADCP_REPORT.7"
TEST
run '1 passed, 0 failed' 'leaks of python3' <<'TEST'
leak='leak of 7 byte(s) in 1 object(s) allocated from:\n    #0 in malloc\n    #1 in PyObject_Malloc\n'
printf "====\n==7==ERROR: LeakSanitizer: detected memory leaks\n\nDirect $leak\nIndirect $leak\n" >"$ADCP_HOST_REPORT.7"
printf 'SUMMARY: AddressSanitizer: 14 byte(s) leaked in 2 allocation(s).\n' >>"$ADCP_HOST_REPORT.7"
printf '==8== 7 bytes in 1 blocks are definitely lost in loss record 1\n==8==    at 0x1: malloc\n==8== \n' >"$ADCP_HOST_REPORT.8"
TEST
run '1 passed, 0 failed' 'a system call that valgrind does not know' <<'TEST'
echo '--8-- WARNING: unhandled amd64-linux syscall: 437' | tee "$ADCP_HOST_REPORT.8" >"$ADCP_REPORT.8"
TEST
run '1 passed, 1 failed' 'a leak of ours within python3' <<'TEST'
printf '==7==ERROR: LeakSanitizer: detected memory leaks\n\nDirect leak of 7 byte(s)\n    #1 in adcp_mem_alloc\n' >"$ADCP_HOST_REPORT.7"
TEST
run '1 passed, 1 failed' 'the same, by valgrind' <<'TEST'
printf '==8== 7 bytes in 1 blocks are definitely lost in loss record 1\n==8==    by 0x1: adcp_mem_alloc (mem.c:1)\n==8== \n' \
  >"$ADCP_HOST_REPORT.8"
TEST

# The programs that --hosts and --under wrap.
host=$(
  cat >tests/tools/test_played.sh <<'TEST'
[ "$("$PYTHON" -c 'import os; print(os.environ.get("PLAYED"))')" = host ] || exit 1
[ "$(sqlite3 :memory: "SELECT 'a b'")" = 'a b' ] || exit 2
[ "$("$ADCP_BIN/tool")" = under ] || exit 3
echo "1 passed, 0 failed"
TEST
  printf '#!/bin/sh\necho $PLAYED\n' >build/bin/tool
  cp build/bin/tool build/unit/
  chmod +x build/bin/tool build/unit/tool
  sh tests/run.sh --families script --hosts 'env PLAYED="host"' --under 'env PLAYED=under' 2>&1 </dev/null
)
if [ "${host##*$'\n'}" = '1 passed, 0 failed' ]; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  printf 'failed: wrapped programs\n%s\n' "$host"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
