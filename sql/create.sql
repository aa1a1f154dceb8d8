-- create.sql - backs the database up.
--
--   sqlite3 -bail app.db ".load ./adcp" ".read sql/create.sql"
--   sqlite3 -bail app.db ".load ./adcp" ".param set @output 'out.json'" ".read sql/create.sql"
--
-- Parameters, all optional:
--   @output    path; else a dated name in the folder of backups (adcp_config('backup_dir'))
--   @compress  'gzip', 'zstd' or 'none'; else what the path's suffix says
--   @force     1: replace a file that is there
--   @note      text for the header
--   @options   JSON object with any other option of adcp_backup (docs/backup.md)
.bail on
-- The inner json_patch leaves out what is not set: else it would take the same key from @options.
SELECT adcp_backup(@output, json_patch(coalesce(@options, '{}'), json_patch('{}', json_object(
  'compress', @compress, 'note', @note, 'overwrite', json(iif(@force, 'true', 'null'))))));
