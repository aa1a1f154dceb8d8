#!/bin/sh
# run.sh - runs the tests and adds them up; the last line is "N passed, N failed".
#
#   run.sh [--build DIR] [--families 'unit slt script'] [--pattern TEXT] [--under COMMAND]
#          [--hosts COMMAND] [--broken]
#
# Families:  unit     DIR/unit/test_* from tests/unit/test_*.c
#            slt      tests/slt/*.slt, through DIR/bin/sltrun
#            script   tests/*/test_*.sh and tests/*/test_*.py
# Every one of them ends its output with "N passed, N failed". One that ends otherwise, that exits
# with a failure it did not count, that checks nothing or that takes longer than its time is itself
# a failure. --pattern takes the tests whose name ("unit/test_x") has that text (a glob is fine).
# --broken says that something could not be built, which is one failure more.
#
# --under is a command that our programs run under, such as valgrind; --hosts one for the programs of
# others that load the extension, sqlite3 and python3 (those that take part are in a folder of their own, in
# front of PATH). What a sanitizer or valgrind writes below $ADCP_REPORT or $ADCP_HOST_REPORT is a failure,
# whatever the test makes of the program's exit; of the latter, leaks count where adcp asked for the memory:
# what python3 keeps until its end is its own.
#
# ADCP_TEST_SECONDS is the time that a test may take.
#
# A test finds: ADCP_ROOT (this repository), ADCP_SO (the extension), ADCP_PROGRAM_SO (the one that sqlite3 in a
# shell can load), ADCP_BIN (the tools), TMPDIR (an
# empty folder of its own, removed afterwards), PYTHON (one whose sqlite3 loads extensions).
set -eu

cd "$(dirname "$0")/.."
ADCP_ROOT=$(pwd)
# Under a name that no test takes for a setting of its own: they look for variables ADCP_TEST*.
ADCP_SECONDS=${ADCP_SECONDS:-${ADCP_TEST_SECONDS:-300}}
jobs=${ADCP_TEST_JOBS:-$(nproc 2>/dev/null || echo 2)}
unset ADCP_TEST_SECONDS ADCP_TEST_JOBS
export ADCP_SECONDS

# The command of a test, its name ("unit/test_x") being $1.
run_command() {
  case $1 in
    unit/*) "$ADCP_BUILD/$1" ;;
    *.slt) "$ADCP_BIN/sltrun" --extension "$ADCP_SO" "tests/$1" ;;
    *.sh) bash "tests/$1" ;;
    *.py) "$PYTHON" "tests/$1" ;;
  esac
}

# What of the reports of test number $1 is a failure. In lines of "--7--" valgrind speaks of itself: it knows no openat2; and
# it says of the ioctl of openpty that it knows no more than its number.
show_reports() {
  cat "$ADCP_RESULTS/$1".report.* 2>/dev/null | sed '/^--[0-9]*-- /d'
  cat "$ADCP_RESULTS/$1".hosts.* 2>/dev/null | sed '/^--[0-9]*-- /d; s/^==[0-9]*== //; s/^==[0-9]*==$//' | awk '
    BEGIN { RS = ""; ORS = "\n\n" }
    /(Direct|Indirect) leak of|definitely lost/ { if( /adcp/ && !/Indirect/ ) print; next }
    /^Warning: noted but unhandled ioctl/ { next }
    /ERROR: LeakSanitizer|^SUMMARY: .* leaked/ { next }
    { print }'
}

# The end of a log, and before it the failures that stand further up.
show_log() {
  head -n -40 "$1" | grep -A 2 -E '^VIOLATION|: failed: ' | head -n 40 || true
  tail -n 40 "$1"
}

# Runs test number $1, named $2: a line on the screen and "passed failed" in the results. The
# number gives a short path: fixed buffers have little room.
run_one() {
  name=$2
  TMPDIR=$ADCP_RESULTS/$1
  ADCP_REPORT=$TMPDIR.report
  ADCP_HOST_REPORT=$TMPDIR.hosts
  export TMPDIR ADCP_REPORT ADCP_HOST_REPORT
  export ASAN_OPTIONS="log_path=$ADCP_REPORT:${ASAN_OPTIONS:-}"
  export TSAN_OPTIONS="log_path=$ADCP_REPORT:${TSAN_OPTIONS:-}"
  export UBSAN_OPTIONS="log_path=$ADCP_REPORT:print_stacktrace=1:${UBSAN_OPTIONS:-}"
  mkdir "$TMPDIR"
  log=$TMPDIR.log
  status=0
  timeout -k 10 "$ADCP_SECONDS" sh "$0" --command "$name" >"$log" 2>&1 </dev/null || status=$?
  rm -rf "$TMPDIR"
  reports=$(show_reports "$1")
  counts=$(tail -n 1 "$log" | sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p')
  why=
  if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then why="no end after $ADCP_SECONDS seconds"
  elif [ -z "$counts" ]; then why="ended without its counts, exit status $status"
  elif [ "$counts" = '0 0' ]; then why='checked nothing'
  elif [ -n "$reports" ]; then why='reports of memory or threads'
  elif [ "$status" -ne 0 ] && [ "${counts#* }" -eq 0 ]; then why="exit status $status"
  fi
  [ -n "$counts" ] || counts='0 0'
  passed=${counts% *}
  failed=${counts#* }
  [ -z "$why" ] || failed=$((failed + 1))
  echo "$passed $failed" >"$TMPDIR.result"
  if [ "$failed" -eq 0 ]; then
    printf 'ok    %-44s %7d passed\n' "$name" "$passed"
  else
    printf 'FAIL  %-44s %7d passed, %d failed%s\n%s\n' "$name" "$passed" "$failed" \
      "${why:+ ($why)}" "$({ show_log "$log"; printf '%s\n' "$reports" | head -n 80; } | sed 's/^/      | /')"
  fi
}

case ${1:-} in
  --one) run_one "$2" "$3"; exit 0 ;;
  --command) run_command "$2"; exit $? ;;
esac

build=build
families='unit slt script'
pattern=
under=
hosts=
broken=0
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=$2; shift ;;
    --families) families=$2; shift ;;
    --pattern) pattern=$2; shift ;;
    --under) under=$2; shift ;;
    --hosts) hosts=$2; shift ;;
    --broken) broken=1 ;;
    *) echo "run.sh: no option \"$1\"" >&2; exit 2 ;;
  esac
  shift
done

ADCP_BUILD=$ADCP_ROOT/$build
ADCP_BIN=$ADCP_BUILD/bin
ADCP_SO=$ADCP_BUILD/adcp.so
[ "$build" != build ] || ADCP_SO=$ADCP_ROOT/adcp.so
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3
ADCP_RESULTS=$(mktemp -d)
trap 'rm -rf "$ADCP_RESULTS"' EXIT
trap 'exit 1' INT TERM
# A failure of ours must not depend on the language or the time zone of the machine.
LC_ALL=C.UTF-8
TZ=UTC
ADCP_PROGRAM_SO=$ADCP_ROOT/adcp.so

# wrap FOLDER COMMAND PROGRAM...: programs of the same names, which run under the command.
wrap() {
  folder=$1
  command=$2
  shift 2
  rm -rf "$folder"
  mkdir -p "$folder"
  for program; do
    # Through perl: started by a program that has the thread sanitizer preloaded, sh itself would die of it.
    printf '#!/usr/bin/perl\ndelete $ENV{LD_PRELOAD};\nexec "/bin/sh", "-c", q{exec %s "%s" "$@"}, "sh", @ARGV;\n' \
      "$command" "$program" >"$folder/${program##*/}"
  done
  chmod 755 "$folder"/*
}

if [ -n "$under" ]; then
  wrap "$ADCP_BUILD/under/unit" "$under" "$ADCP_BUILD"/unit/*
  wrap "$ADCP_BUILD/under/bin" "$under" "$ADCP_BUILD"/bin/*
  ADCP_BUILD=$ADCP_BUILD/under
  ADCP_BIN=$ADCP_BUILD/bin
fi
if [ -n "$hosts" ]; then
  wrap "$ADCP_BUILD/hosts" "$hosts" "$(command -v sqlite3)" "$(command -v "$PYTHON")"
  PATH=$ADCP_BUILD/hosts:$PATH
  PYTHON=$ADCP_BUILD/hosts/python3
  ADCP_PROGRAM_SO=$ADCP_SO
fi
export ADCP_ROOT ADCP_BUILD ADCP_BIN ADCP_SO ADCP_PROGRAM_SO ADCP_RESULTS PYTHON PATH LC_ALL TZ

list_family() {
  case $1 in
    unit) ls tests/unit/test_*.c 2>/dev/null | sed 's/\.c$//' ;;
    slt) ls tests/slt/*.slt 2>/dev/null ;;
    script) ls tests/*/test_*.sh tests/*/test_*.py 2>/dev/null ;;
  esac | sed 's/^tests\///'
}

number=0
for family in $families; do list_family "$family" || true; done |
  while read -r name; do
    number=$((number + 1))
    case $name in *$pattern*) echo "$number $name" ;; esac
  done >"$ADCP_RESULTS/list"

if [ ! -s "$ADCP_RESULTS/list" ]; then
  echo "No test has \"$pattern\" in its name."
  echo '0 passed, 1 failed'
  exit 1
fi

xargs -n 2 -P "$jobs" sh "$0" --one <"$ADCP_RESULTS/list" || broken=1

[ "$broken" -eq 0 ] || echo 'FAIL  not everything could be built and run; see the first error above'
cat "$ADCP_RESULTS"/*.result | awk -v failed="$broken" '
  { passed += $1; failed += $2 }
  END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
