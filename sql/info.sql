-- info.sql - the state of database and backups, or what one backup says of itself.
--
--   sqlite3 -bail app.db ".load ./adcp" ".read sql/info.sql"
--   sqlite3 -bail app.db ".load ./adcp" ".param set @path 'out.json.gz'" ".read sql/info.sql"
--
-- Parameter, optional:
--   @path  a backup
.bail on
SELECT key, value FROM json_each(iif(@path IS NULL, adcp_info(), adcp_info(@path)));
