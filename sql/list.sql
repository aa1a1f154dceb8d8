-- list.sql - the backups, newest first; a damaged or foreign file is a row that says so.
--
--   sqlite3 -bail app.db ".load ./adcp" ".mode box" ".read sql/list.sql"
--   sqlite3 -bail app.db ".load ./adcp" ".param set @limit 5" ".read sql/list.sql"
--
-- Parameters, both optional:
--   @dir    the folder; else that of adcp_config('backup_dir')
--   @limit  how many
.bail on
SELECT name, created_at, status, size_bytes, tables, rows, format_version, note, error
  FROM adcp_backups(@dir)
 ORDER BY created_at DESC NULLS LAST, name DESC
 LIMIT coalesce(@limit, -1);
