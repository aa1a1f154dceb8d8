#!/bin/bash
# test_fuzz.sh - the kept cases of every fuzz target, and some hundreds of small changes of each.
#
# Cases are named after what they once showed; seeds are those that were never wrong.
set -u
cd "$ADCP_ROOT/tests/fuzz" || exit 2
passed=0
failed=0
for folder in cases/*/; do
  target=$(basename "$folder")
  changes=200
  case $target in archive | restore | vet | roundtrip) changes=20 ;; esac
  if output=$("$ADCP_BIN/replay" --changes "$changes" "$target" "$folder"* 2>&1); then
    count=$(printf '%s\n' "$output" | sed -n 's/ passed, 0 failed$//p')
    passed=$((passed + count))
    echo "$target: $count inputs"
  else
    failed=$((failed + 1))
    printf 'failed: %s\n%s\n' "$target" "$output" | tail -n 5
    cp "$TMPDIR/last-$target" "/tmp/adcp-fuzz-$target" && echo "input kept in /tmp/adcp-fuzz-$target"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
