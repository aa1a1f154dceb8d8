#!/bin/sh
# before_migration.sh - backs up, runs a migration, puts the backup back if the migration fails.
#
#   sql/before_migration.sh app.db migration.sql          SQL for the sqlite3 shell
#   sql/before_migration.sh app.db -- ./migrate --to 7    any command
#
# Exit status: 0 the migration went through; 1 it failed, or was interrupted, and what the database holds is
# as it was before (journal_mode, page_size, auto_vacuum and encoding stay as the migration left them); 2 wrong
# arguments, or no backup could be made (nothing was run); 3 the restore failed too: the backup is named.
# ADCP is the extension (default: ./adcp, or the installed one), ADCP_CONFIG its settings (docs/config.md): of these it obeys
# where and how a backup is written and what else goes into it. The backup is of the whole database, nothing
# redacted, and all of it is put back, whatever they say of other backups and restores.
set -eu

usage() {
  sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

[ $# -ge 2 ] || usage
database=$1
shift
if [ ! -f "$database" ]; then
  echo "before_migration: there is no database $database" >&2
  exit 2
fi
if [ "$1" = -- ]; then
  [ $# -ge 2 ] || usage
elif [ ! -f "$1" ]; then
  echo "before_migration: there is no migration $1; nothing was run" >&2
  exit 2
fi
extension=${ADCP:-./adcp}
installed=$(dirname "$0")/../../lib/adcp
if [ -z "${ADCP:-}" ] && [ ! -e ./adcp.so ] && [ -e "$installed.so" ]; then extension=$installed; fi

# Resets the other settings, and prints nothing.
whole="SELECT 1 WHERE 0 > (SELECT count(adcp_config(key, NULL)) FROM json_each(adcp_config()) WHERE key NOT IN (
  'backup_dir', 'name_prefix', 'root', 'log_file', 'max_age', 'progress', 'compress', 'level', 'threads',
  'settings', 'settings_missing', 'env', 'flags', 'secret_names', 'include_secrets',
  'safety_backup', 'modules', 'max_objects', 'trust_schema'))"

shell() {
  sqlite3 -init /dev/null -batch -bail "$database" ".load '$extension'" "$whole" "$@"
}

backup=$(shell "SELECT adcp_backup(NULL, '{\"note\":\"before a migration\"}') ->> 'path'") || {
  echo "before_migration: no backup was made; the migration was not run" >&2
  exit 2
}
quoted=$(printf '%s' "$backup" | sed "s/'/''/g")
shell "SELECT adcp_validate('$quoted', '{\"on_invalid\":\"error\"}')" >/dev/null || {
  echo "before_migration: the backup $backup is not valid; the migration was not run" >&2
  exit 2
}
echo "before_migration: backed up to $backup"

# An interrupt ends the migration, not the restore after it. One that reaches the script alone is heard
# when the migration has ended.
interrupted=
trap 'interrupted=yes' HUP INT TERM
status=0
if [ "$1" = -- ]; then
  shift
  "$@" || status=$?
else
  sqlite3 -init /dev/null -batch -bail "$database" <"$1" || status=$?
fi
if [ "$status" -eq 0 ] && [ -z "$interrupted" ]; then
  echo "before_migration: done"
  exit 0
fi

if [ -n "$interrupted" ]; then
  echo "before_migration: interrupted; restoring" >&2
else
  echo "before_migration: the migration failed (exit status $status); restoring" >&2
fi
if left=$(shell "SELECT adcp_restore('$quoted', '{\"force\":true}') ->> 'safety_backup'"); then
  echo "before_migration: what the database holds is as it was before" >&2
  [ -z "$left" ] || echo "before_migration: what the migration left is in $left" >&2
  exit 1
fi
echo "before_migration: the restore failed too; the backup is $backup" >&2
echo "before_migration: this puts it into a new file:" >&2
echo "  sqlite3 -bail new.db \".load '$extension'\" \"SELECT adcp_restore('$quoted')\"" >&2
exit 3
