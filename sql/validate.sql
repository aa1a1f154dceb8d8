-- validate.sql - reads a backup to its last byte; exit status 1 when it is not valid.
--
--   sqlite3 -bail app.db ".load ./adcp" ".param set @path 'out.json.gz'" ".read sql/validate.sql"
--
-- Parameters, both optional:
--   @path     the backup; else the newest one
--   @options  JSON object with options of adcp_validate (docs/validate.md)
.bail on
SELECT adcp_validate(coalesce(@path, 'latest'),
  json_patch(coalesce(@options, '{}'), '{"on_invalid":"error"}'));
