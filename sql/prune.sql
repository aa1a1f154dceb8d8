-- prune.sql - which backups to keep; deletes the others only with @apply.
--
--   sqlite3 -bail app.db ".load ./adcp" ".param set @keep_daily 7" ".param set @keep_monthly 12" ".read sql/prune.sql"
--
-- Parameters: at least one rule, here or in adcp_config (docs/prune.md)
--   @keep_last, @keep_hourly, @keep_daily, @keep_weekly, @keep_monthly, @keep_yearly   how many
--   @keep_within  a duration such as '7d'
--   @dir          the folder; else that of adcp_config('backup_dir')
--   @unnamed      1: also backups of a database in memory, of which the folder has one alone
--   @apply        1: delete
.bail on
SELECT value ->> 'action' AS action, value ->> 'name' AS name, value ->> 'rule' AS rule
  FROM json_each(adcp_prune(json_object(
    'keep_last', @keep_last, 'keep_hourly', @keep_hourly, 'keep_daily', @keep_daily,
    'keep_weekly', @keep_weekly, 'keep_monthly', @keep_monthly, 'keep_yearly', @keep_yearly,
    'keep_within', @keep_within, 'backup_dir', @dir,
    'unnamed_databases', json(iif(@unnamed, 'true', 'null')),
    'apply', json(iif(@apply, 'true', 'false')))), '$.files');
