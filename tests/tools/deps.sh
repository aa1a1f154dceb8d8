#!/bin/sh
# deps.sh - sees to it that the Debian packages which adcp needs are installed.
#
#   deps.sh [--check] GROUP...      groups: build demo test lint bench coverage valgrind
#
# Nothing missing: silent, exit 0, a few milliseconds. Something missing: says what, and installs it
# when that is possible without asking (root, or sudo without a password, and apt). Otherwise, and
# always with --check, it prints the command to run and fails.
set -eu

packages_of() {
  case $1 in
    build)
      echo libsqlite3-dev zlib1g-dev libdeflate-dev libzstd-dev libcjson-dev nettle-dev
      # Debian has ISA-L for these only; the build goes without it elsewhere.
      case $(dpkg --print-architecture 2>/dev/null) in amd64 | arm64) echo libisal-dev ;; esac
      ;;
    demo) echo sqlite3 ;;
    # The languages read backups with their own gzip and JSON, as users will; python3-jsonschema
    # checks backups against docs/backup.schema.json.
    test) echo sqlite3 python3 python3-jsonschema jq pigz zstd curl perl nodejs ruby php-cli ;;
    # libclang-rt-dev: clang's sanitizer and fuzzer libraries.
    lint) echo clang clang-format libclang-rt-dev ;;
    bench) echo sqlite3 python3 gzip pigz zstd util-linux ;;
    coverage) echo gcovr ;;
    # libc6-dbg: what memcheck needs to know of the C library.
    valgrind) echo valgrind libc6-dbg ;;
    *) echo "deps.sh: no group \"$1\"; groups are: build demo test lint bench coverage valgrind" >&2; exit 2 ;;
  esac
}

check_only=no
if [ "${1:-}" = --check ]; then check_only=yes; shift; fi

wanted=
for group in "$@"; do wanted="$wanted $(packages_of "$group")"; done

if ! command -v dpkg-query >/dev/null 2>&1; then
  # Another system: the compiler will name the header that is missing.
  exit 0
fi

# Packages that are unknown, or known but not installed, are not in this list.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
  sed -n 's/^installed //p') || true
missing=
for package in $wanted; do
  case "
$installed
$missing
" in
    *"
$package
"*) ;;
    *) missing="$missing
$package" ;;
  esac
done
missing=$(echo $missing)
[ -n "$missing" ] || exit 0

as_root=
possible=yes
command -v apt-get >/dev/null 2>&1 || possible=no
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n'
  else possible=no; fi
fi

if [ "$check_only" = yes ] || [ "$possible" = no ]; then
  sudo_word=
  [ "$(id -u)" -eq 0 ] || sudo_word='sudo '
  echo "These packages are missing: $missing" >&2
  echo "Install them with:" >&2
  update="${sudo_word}apt-get update"
  install="${sudo_word}apt-get install -y --no-install-recommends"
  echo "  $update && $install $missing" >&2
  exit 1
fi

echo "Installing packages that are missing: $missing"
$as_root apt-get -q update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing
