-- undo.sql - puts back what the last restore replaced, from the safety backup that it made.
--
--   sqlite3 -bail app.db ".load ./adcp" ".read sql/undo.sql"
--
-- Parameters, all optional:
--   @options  JSON object with options of adcp_undo (docs/undo.md)
.bail on
SELECT adcp_undo(@options);
