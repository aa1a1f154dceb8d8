-- restore.sql - puts a backup into the database, in one step or not at all.
--
--   sqlite3 -bail app.db ".load ./adcp" ".param set @path 'out.json.gz'" ".param set @force 1" ".read sql/restore.sql"
--
-- Parameters, all optional:
--   @path             the backup; else the newest one that is whole
--   @force            1: rows that are there may be replaced
--   @validate_only    1: read, check and plan; change nothing
--   @skip_validation  1: do not read the restored rows again
--   @create           1: for backups of version 2.0 (docs/legacy.md)
--   @options          JSON object with any other option of adcp_restore (docs/restore.md)
.bail on
-- The inner json_patch leaves out what is not set: else it would take the same key from @options.
SELECT adcp_restore(coalesce(@path, 'latest'), json_patch(coalesce(@options, '{}'), json_patch('{}', json_object(
  'force', json(iif(@force, 'true', 'null')),
  'validate_only', json(iif(@validate_only, 'true', 'null')),
  'skip_validation', json(iif(@skip_validation, 'true', 'null')),
  'create', json(iif(@create, 'true', 'null'))))));
