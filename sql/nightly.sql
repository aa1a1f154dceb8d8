-- nightly.sql - backs up, validates what was written, prunes. Stops at the first failure with exit
-- status 1 and the reason on stderr, so that cron mails it; prints one line when all is well.
--
--   sqlite3 -bail app.db ".load ./adcp" ".read sql/nightly.sql"
--   sqlite3 -bail app.db ".load ./adcp" ".param set @keep_daily 30" ".read sql/nightly.sql"
--
-- Parameters, all optional:
--   @keep_daily, @keep_weekly, @keep_monthly   how many to keep; 7, 4 and 12 when none of them is given
--             and the settings have no rule either (docs/prune.md)
--   @options  JSON object with options of adcp_backup (docs/backup.md)
.bail on
WITH
  rules(none) AS MATERIALIZED (
    SELECT coalesce(@keep_daily, @keep_weekly, @keep_monthly, max(value)) IS NULL
      FROM json_each(adcp_config()) WHERE key GLOB 'keep_*'),
  written AS MATERIALIZED (SELECT adcp_backup(NULL, @options) AS report),
  checked AS MATERIALIZED (
    SELECT report, adcp_validate(report ->> 'path', '{"on_invalid":"error"}') AS validation FROM written),
  pruned AS MATERIALIZED (
    SELECT report, validation, adcp_prune(json_object(
      'keep_daily', iif(none, 7, @keep_daily), 'keep_weekly', iif(none, 4, @keep_weekly),
      'keep_monthly', iif(none, 12, @keep_monthly), 'apply', json('true'))) AS pruning
      FROM checked, rules WHERE validation ->> 'valid')
SELECT printf('%s: %d tables, %d rows, %d bytes, valid; %d old backups deleted',
  report ->> 'path', report ->> 'tables', report ->> 'rows', report ->> 'size_bytes', pruning ->> 'deleted')
  FROM pruned;
