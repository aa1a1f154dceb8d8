/*
** scenario.c - the table of scenarios (fields in scenario.h).
*/
#include "scenario.h"

#define TEMP_TRIGGERS                                                                              \
  "PRAGMA foreign_keys=1; PRAGMA recursive_triggers=1;"                                            \
  "CREATE TEMP TABLE seen(a);"                                                                     \
  "CREATE TEMP TRIGGER watch AFTER INSERT ON main.product BEGIN INSERT INTO seen VALUES(new.id); " \
  "END;"                                                                                           \
  "CREATE TEMP TRIGGER watch_tenant AFTER DELETE ON main.tenant BEGIN INSERT INTO seen "           \
  "VALUES(1); END;"

#define BEGIN_ROW     "BEGIN; INSERT INTO audit VALUES('mine', 1)"
#define BEGIN_OTHER   "BEGIN; INSERT INTO mine VALUES(77, 'a')"
#define SAVEPOINT_ROW "SAVEPOINT mine; INSERT INTO mine VALUES(78, 'a')"

/* A row of the backup is left out by a trigger, and may be. */
/* In one step: a child that is killed amid it leaves the table as case_open made it. */
#define CLAUSES                                                                                    \
  "BEGIN; DROP TABLE tenant; CREATE TABLE tenant(tenant_id TEXT PRIMARY KEY ON CONFLICT IGNORE, "  \
  "name NOT NULL ON CONFLICT IGNORE, active, created); CREATE TRIGGER left_out BEFORE INSERT ON "  \
  "tenant WHEN new.tenant_id = 'b' BEGIN SELECT RAISE(IGNORE); END; COMMIT"

/* The folder of the database becomes the root. */
#define ROOT                                                                                       \
  "SELECT adcp_config('root', rtrim(file, replace(file, '/', ''))) FROM pragma_database_list "     \
  "WHERE name = 'main';"

#define NO_SIDE                                                                                    \
  SIDE_EACH, {                                                                                     \
    NULL                                                                                           \
  }
#define SHELF                                                                                      \
  { "shelf/one.json.gz", "shelf/two.json.gz", "shelf/three.json.gz" }
#define SHELF_SETTING "SELECT adcp_config('backup_dir', '@/shelf')"
/* What earlier cases left in the folder goes. */
#define RESTORED                                                                                   \
  SHELF_SETTING "; SELECT adcp_restore('@/good.json.gz', '{\"force\":true}');"                     \
                "SELECT adcp_prune('{\"keep_last\":1,\"apply\":true}');"
#define RESTORED_SIDE                                                                              \
  "ATTACH '@/side.db' AS side; DROP TABLE IF EXISTS side.product; CREATE TABLE side.product(x);"   \
  "INSERT INTO side.product VALUES(1); SELECT adcp_restore('@/part.json.gz', "                     \
  "'{\"schema\":\"side\",\"force\":true,\"foreign_keys\":\"report\"}'); DETACH side;"
#define PAST_TABLE "CREATE VIRTUAL TABLE temp.past USING adcp_table('@/good.json.gz', product)"

const Scenario scenarios[] = {
    {"backup to a new .json.gz", SCENARIO_BACKUP, "source.db", NULL, NULL, "new.json.gz", NULL,
     "adcp_backup('%s', '{\"threads\":2}')", "\"backup_type\":\"full\"", false, NO_SIDE},
    {"backup over an old .json", SCENARIO_BACKUP, "source.db", "PRAGMA reverse_unordered_selects=1",
     NULL, "new.json", "part.json.gz", "adcp_backup('%s', '{\"overwrite\":true,\"threads\":0}')",
     "\"backup_type\":\"full\"", false, NO_SIDE},
    {"backup within a transaction", SCENARIO_BACKUP, "source.db", "PRAGMA foreign_keys=1",
     BEGIN_ROW, "new.json.gz", NULL, "adcp_backup('%s', '{\"tables\":[\"product\"]}')",
     "\"backup_type\":\"partial\"", false, NO_SIDE},
    {"backup of many blocks", SCENARIO_BACKUP, "bigsource.db", NULL, NULL, "new.json.gz",
     "part.json.gz", "adcp_backup('%s', '{\"threads\":2,\"overwrite\":true,\"level\":1}')",
     "\"backup_type\":\"full\"", true, NO_SIDE},
    {"backup to a name that is taken", SCENARIO_BACKUP, "source.db", NULL, NULL, "new.json.gz",
     "good.json.gz", "adcp_backup('%s')", "exists already", false, NO_SIDE},
    {"restore into an empty database", SCENARIO_RESTORE, "empty.db", NULL, NULL, "good.json.gz",
     NULL, "adcp_restore('%s', '{\"threads\":2}')", "\"verified\":true", false, NO_SIDE},
    {"restore over another database", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, NULL,
     "good.json", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false,
     NO_SIDE},
    {"restore over WAL", SCENARIO_RESTORE, "other.db", "PRAGMA journal_mode=wal", NULL,
     "good.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false,
     NO_SIDE},
    {"restore within a transaction", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, BEGIN_OTHER,
     "good.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false,
     NO_SIDE},
    {"restore within a savepoint", SCENARIO_RESTORE, "other.db", NULL, SAVEPOINT_ROW,
     "part.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false,
     NO_SIDE},
    {"restore of one table", SCENARIO_RESTORE, "other.db", "PRAGMA foreign_keys=1", NULL,
     "good.json.gz", NULL,
     "adcp_restore('%s', "
     "'{\"force\":true,\"tables\":[\"product\",\"note\"],\"foreign_keys\":\"report\"}')",
     "\"whole\":false", false, NO_SIDE},
    {"restore of an index over live rows", SCENARIO_RESTORE, "other.db", NULL, NULL, "good.json.gz",
     NULL, "adcp_restore('%s', '{\"force\":true,\"tables\":[\"product_fts\"]}')", "\"whole\":false",
     false, NO_SIDE},
    {"restore that wants force", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, NULL, "good.json.gz",
     NULL, "adcp_restore('%s')", "repeat it with {\"force\":true}", false, NO_SIDE},
    {"merge", SCENARIO_RESTORE, "other.db", NULL, NULL, "part.json.gz", NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\"}')", "\"mode\":\"merge\"", false, NO_SIDE},
    {"merge into ON CONFLICT clauses", SCENARIO_RESTORE, "other.db", CLAUSES, NULL, "good.json.gz",
     NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\",\"on_conflict\":\"abort\",\"tables\":[\"tenant\"]}')",
     "\"rows\":3", false, NO_SIDE},
    {"merge into ON CONFLICT clauses that are broken", SCENARIO_RESTORE, "other.db", CLAUSES,
     "BEGIN; INSERT INTO tenant VALUES('c', 'mine', 1, 1)", "good.json.gz", NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\",\"on_conflict\":\"abort\",\"tables\":[\"tenant\"]}')",
     "UNIQUE constraint failed", false, NO_SIDE},
    {"merge of some rows with parents", SCENARIO_RESTORE, "other.db", NULL, BEGIN_OTHER,
     "good.json.gz", NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\",\"tables\":[\"product\"],\"with_parents\":true,"
     "\"where\":{\"product\":\"shout(name) > '''' AND tenant_id IN (SELECT tenant_id FROM "
     "tenant)\"}}')",
     "\"parents\":3", false, NO_SIDE},
    {"some rows with children into an empty database", SCENARIO_RESTORE, "empty.db", NULL, NULL,
     "good.json", NULL,
     "adcp_restore('%s', '{\"tables\":[\"tenant\"],\"with_children\":true,\"threads\":2,"
     "\"where\":{\"tenant\":\"active\"},\"foreign_keys\":\"report\"}')",
     "\"verified\":true", false, NO_SIDE},
    {"some rows that would take the place of others", SCENARIO_RESTORE, "other.db", NULL, NULL,
     "good.json.gz", NULL,
     "adcp_restore('%s', "
     "'{\"force\":true,\"tables\":[\"tenant\"],\"where\":{\"tenant\":\"active\"}}')",
     "only a part of the backup's rows", false, NO_SIDE},
    {"restore of rows alone", SCENARIO_RESTORE, "like.db", TEMP_TRIGGERS, NULL, "data.json.gz",
     NULL, "adcp_restore('%s', '{\"force\":true}')", "\"rows\":", false, NO_SIDE},
    {"restore of many blocks", SCENARIO_RESTORE, "empty.db", NULL, NULL, "big.json.gz", NULL,
     "adcp_restore('%s', '{\"threads\":2}')", "\"verified\":true", true, NO_SIDE},
    {"restore of large tables", SCENARIO_SIDE_RESTORE, "empty.db", NULL, NULL, "large.json.gz",
     NULL, "adcp_restore('%s', '{\"threads\":1}')", "\"verified\":true", false, NO_SIDE},
    {"restore of a large table in a transaction", SCENARIO_SIDE_RESTORE, "other.db", TEMP_TRIGGERS,
     BEGIN_OTHER, "large.json.gz", NULL,
     "adcp_restore('%s', '{\"force\":true,\"threads\":1,\"tables\":[\"large\"]}')",
     "\"verified\":true", true, NO_SIDE},
    {"restore with a safety backup", SCENARIO_SAFE_RESTORE, "other.db", TEMP_TRIGGERS, NULL,
     "good.json.gz", NULL,
     "adcp_restore('%s', '{\"force\":true,\"safety_backup\":\"@/safety.json.gz\"}')", SAFETY_FILE,
     false, NO_SIDE},
    {"merge with a safety backup within a transaction", SCENARIO_SAFE_RESTORE, "other.db", NULL,
     BEGIN_OTHER, "part.json.gz", NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\",\"safety_backup\":\"@/safety.json.gz\"}')",
     SAFETY_FILE, false, NO_SIDE},
    {"damaged file and a safety backup", SCENARIO_SAFE_RESTORE, "other.db", NULL, NULL,
     "damaged.json.gz", NULL,
     "adcp_restore('%s', '{\"force\":true,\"safety_backup\":\"@/safety.json.gz\"}')",
     "database unchanged", false, NO_SIDE},
    {"restore of a damaged file", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, BEGIN_OTHER,
     "damaged.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "database unchanged", false,
     NO_SIDE},
    {"validate", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "adcp_validate('%s', '{\"threads\":2}')", "\"valid\":true", false, NO_SIDE},
    {"validate a plain file", SCENARIO_READ, "other.db", NULL, NULL, "good.json", NULL,
     "adcp_validate('%s')", "\"valid\":true", false, NO_SIDE},
    {"validate a damaged file", SCENARIO_READ, "other.db", NULL, NULL, "damaged.json.gz", NULL,
     "adcp_validate('%s')", "\"valid\":false", false, NO_SIDE},
    {"restore that only validates", SCENARIO_READ, "other.db", TEMP_TRIGGERS, NULL, "good.json.gz",
     NULL, "adcp_restore('%s', '{\"validate_only\":true,\"force\":true}')",
     "\"validate_only\":true", false, NO_SIDE},
    {"look at the contents", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT group_concat(name || depends_on) FROM adcp_contents('%s'))", "product", false,
     NO_SIDE},
    {"look at rows", SCENARIO_READ, "other.db", NULL, BEGIN_OTHER, "good.json.gz", NULL,
     "(SELECT group_concat(rowid || row) FROM adcp_rows('%s', 'product') WHERE rowno < 5)",
     "\"id\":", false, NO_SIDE},
    {"look at the findings", SCENARIO_READ, "other.db", NULL, NULL, "damaged.json.gz", NULL,
     "(SELECT group_concat(code) FROM adcp_check('%s', 'standard'))", "damaged", false, NO_SIDE},
    {"look at differences", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT group_concat(object || change) FROM adcp_diff('%s'))", "removed", false, NO_SIDE},
    {"look at the plan", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT group_concat(action || ifnull(object, detail)) FROM adcp_plan('%s'))", "stop", false,
     NO_SIDE},
    {"backup inside a root", SCENARIO_BACKUP, "source.db", ROOT, NULL, "new.json.gz", NULL,
     "adcp_backup('%s', '{\"threads\":0}')", "\"backup_type\":\"full\"", false, NO_SIDE},
    {"backup over an old file inside a root", SCENARIO_BACKUP, "source.db", ROOT, NULL,
     "new.json.gz", "part.json.gz", "adcp_backup('%s', '{\"overwrite\":true,\"threads\":0}')",
     "\"backup_type\":\"full\"", false, NO_SIDE},
    {"restore inside a root", SCENARIO_RESTORE, "other.db", ROOT, NULL, "part.json.gz", NULL,
     "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false, NO_SIDE},
    {"a root is set", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT adcp_config('root', rtrim(p, replace(p, '/', ''))) || '!' FROM (SELECT '%s' AS p))",
     "!", false, NO_SIDE},
    {"a root is refused", SCENARIO_READ, "other.db", ROOT, NULL, "good.json.gz", NULL,
     "(SELECT adcp_config('root', rtrim(p, replace(p, '/', '')) || '..') FROM (SELECT '%s' AS p))",
     "leads outside of", false, NO_SIDE},
    {"look at the plan for some rows", SCENARIO_READ, "other.db", NULL, BEGIN_OTHER, "good.json.gz",
     NULL,
     "(SELECT group_concat(action || rows) FROM adcp_plan('%s', "
     "'{\"mode\":\"merge\",\"tables\":[\"tenant\"],\"with_children\":true,\"where\":{\"tenant\":"
     "\"name "
     "> ''B''\"}}'))",
     "merge", false, NO_SIDE},
    {"look at the plan where tables differ", SCENARIO_READ, "other.db",
     "CREATE UNIQUE INDEX one_name ON product(name) WHERE price > 0; CREATE TRIGGER fires AFTER "
     "INSERT ON product BEGIN SELECT 1; END",
     BEGIN_OTHER, "good.json.gz", NULL,
     "(SELECT group_concat(detail) FROM adcp_plan('%s', "
     "'{\"mode\":\"merge\",\"tables\":[\"product\",\"tenant\"]}') WHERE action <> 'keep')",
     "UNIQUE (name) WHERE price > 0 is not in the backup", false, NO_SIDE},
    {"look at the plan of version 2.0", SCENARIO_READ, "other.db", NULL, NULL, "legacy.json", NULL,
     "(SELECT group_concat(action || ifnull(object, detail)) FROM adcp_plan('%s', "
     "'{\"create\":true,\"mode\":\"merge\"}'))",
     "createproducts_fts", false, NO_SIDE},
    {"look at the digest", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "adcp_hash()", "", false, NO_SIDE},
    {"look at the digest of a table", SCENARIO_READ, "source.db", NULL, BEGIN_ROW, "good.json.gz",
     NULL, "adcp_hash('product')", "", false, NO_SIDE},
    {"look at the summary of differences", SCENARIO_READ, "source.db", NULL, BEGIN_ROW,
     "good.json.gz", NULL, "(SELECT group_concat(object || added) FROM adcp_diff_summary('%s'))",
     "audit", false, NO_SIDE},
    {"look at differences of two backups", SCENARIO_READ, "empty.db", NULL, NULL, "good.json.gz",
     NULL, "(SELECT group_concat(object || change) FROM adcp_diff('%s', '@/part.json.gz'))",
     "removed", false, NO_SIDE},
    {"look at a folder", SCENARIO_READ, "other.db", NULL, NULL, "shelf/", NULL,
     "(SELECT group_concat(name || status) FROM adcp_backups('@/shelf'))", "three.json.gzok", false,
     SIDE_EACH, SHELF},
    {"look at the state", SCENARIO_READ, "other.db", SHELF_SETTING, NULL, "good.json.gz", NULL,
     "adcp_info()", "\"backups\":3", false, SIDE_EACH, SHELF},
    {"look at one backup", SCENARIO_READ, "other.db", NULL, NULL, "good.json", NULL,
     "adcp_info('%s')", "\"table_rows\"", false, NO_SIDE},
    {"look at the past", SCENARIO_READ, "other.db", PAST_TABLE, NULL, "good.json.gz", NULL,
     "(SELECT group_concat(name) FROM past WHERE id > 1)", "two", false, NO_SIDE},
    {"make a table of the past", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "CREATE VIRTUAL TABLE temp.past USING adcp_table('%s', product)", "", false, NO_SIDE},
    {"prune", SCENARIO_READ, "other.db", SHELF_SETTING, NULL, "good.json.gz", NULL,
     "adcp_prune('{\"keep_last\":1,\"apply\":true}')", "\"deleted\":2", false, SIDE_EACH, SHELF},
    {"prune, to look only", SCENARIO_READ, "other.db", SHELF_SETTING, NULL, "good.json.gz", NULL,
     "adcp_prune('{\"keep_last\":2}')", "\"delete\":1", false, SIDE_EACH, SHELF},
    {"load settings", SCENARIO_READ, "other.db", "SELECT adcp_config('threads', 1)", NULL,
     "config.json", NULL, "adcp_config_load('%s')", "\"keep_daily\":7", false, NO_SIDE},
    {"make a setting",
     SCENARIO_READ,
     "other.db",
     "SELECT adcp_config('threads', 1)",
     NULL,
     "log.txt",
     NULL,
     "adcp_config('log_file', '%s')",
     "log.txt",
     false,
     SIDE_LOG,
     {"log.txt"}},
    {"backup of settings", SCENARIO_BACKUP, "source.db", NULL, NULL, "new.json.gz", NULL,
     "adcp_backup('%s', '{\"settings\":{\"app_settings\":\"@/app.json\"},\"env\":"
     "[\"ADCP_FAULT_*\"],\"flags\":{\"many\":\"sql:SELECT count(*) > 1 FROM product\"},"
     "\"redact\":[\"product.price\"]}')",
     "\"redacted\":[", false, NO_SIDE},
    {"restore of settings",
     SCENARIO_RESTORE,
     "other.db",
     NULL,
     NULL,
     "settings.json.gz",
     NULL,
     "adcp_restore('%s', '{\"force\":true,\"settings\":{\"app_settings\":\"@/out.json\"},"
     "\"env_file\":\"@/out.env\"}')",
     "\"settings_written\":[\"app_settings\",\"env_file\"]",
     false,
     SIDE_TOGETHER,
     {"out.json", "out.env"}},
    {"restore of settings over WAL",
     SCENARIO_RESTORE,
     "other.db",
     "PRAGMA journal_mode=wal; PRAGMA synchronous=normal",
     NULL,
     "settings.json.gz",
     NULL,
     "adcp_restore('%s', '{\"force\":true,\"settings\":{\"app_settings\":\"@/out.json\"},"
     "\"env_file\":\"@/shelf/out.env\"}')",
     "\"settings_written\":[\"app_settings\",\"env_file\"]",
     false,
     SIDE_TOGETHER,
     {"out.json", "shelf/out.env"}},
    {"backup to a dated name", SCENARIO_BACKUP, "source.db",
     "SELECT adcp_config('backup_dir', '@/dated')", NULL,
     "dated/comprehensive_backup_20260101_000000.json.gz", NULL, "adcp_backup()",
     "\"backup_type\":\"full\"", false, NO_SIDE},
    {"backup to a dated name that is taken",
     SCENARIO_BACKUP,
     "source.db",
     SHELF_SETTING,
     NULL,
     "shelf/comprehensive_backup_20260101_000000_2.json.gz",
     NULL,
     "adcp_backup()",
     "000000_2.json.gz",
     false,
     SIDE_EACH,
     {"shelf/comprehensive_backup_20260101_000000.json.gz"}},
    {"backup if something changed", SCENARIO_BACKUP, "source.db", NULL, NULL, "new.json.gz",
     "good.json.gz", "adcp_backup('%s', '{\"if_changed\":true,\"overwrite\":true}')",
     "\"unchanged\":true", false, NO_SIDE},
    {"backup because something changed", SCENARIO_BACKUP, "source.db", NULL, BEGIN_ROW,
     "new.json.gz", "good.json.gz", "adcp_backup('%s', '{\"if_changed\":true,\"overwrite\":true}')",
     "\"unchanged\":false", false, NO_SIDE},
    {"backup with a log",
     SCENARIO_BACKUP,
     "source.db",
     "SELECT adcp_config('log_file', '@/log.txt')",
     NULL,
     "new.json",
     NULL,
     "adcp_backup('%s')",
     "\"backup_type\":\"full\"",
     false,
     SIDE_LOG,
     {"log.txt"}},
    {"backup to a .json.zst", SCENARIO_BACKUP, "source.db", NULL, NULL, "new.json.zst",
     "part.json.gz", "adcp_backup('%s', '{\"overwrite\":true,\"threads\":2}')",
     "\"backup_type\":\"full\"", false, NO_SIDE},
    {"restore of a .json.zst", SCENARIO_RESTORE, "other.db", NULL, BEGIN_OTHER, "good.json.zst",
     NULL, "adcp_restore('%s', '{\"force\":true,\"threads\":2}')", "\"verified\":true", false,
     NO_SIDE},
    {"validate another's .json.zst", SCENARIO_READ, "other.db", NULL, NULL, "foreign.json.zst",
     NULL, "adcp_validate('%s')", "\"valid\":true", false, NO_SIDE},
    {"restore of the latest", SCENARIO_RESTORE, "empty.db", SHELF_SETTING, NULL, "good.json.gz",
     NULL, "adcp_restore('latest')", "three.json.gz", false, SIDE_EACH, SHELF},
    {"undo", SCENARIO_RESTORE, "other.db", RESTORED, NULL, "good.json.gz", NULL,
     "adcp_undo('{\"safety_backup\":false}')", "\"verified\":true", false, NO_SIDE},
    {"undo from the folder", SCENARIO_RESTORE, "other.db", RESTORED RESTORED_SIDE, NULL,
     "good.json.gz", NULL, "adcp_undo('{\"schema\":\"main\",\"safety_backup\":false}')",
     "\"verified\":true", false, NO_SIDE},
    {"undo of what is detached", SCENARIO_RESTORE, "other.db", RESTORED RESTORED_SIDE, NULL,
     "good.json.gz", NULL, "adcp_undo()", "not attached as that any more", false, NO_SIDE},
    {"restore of version 2.0",
     SCENARIO_RESTORE,
     "empty.db",
     NULL,
     NULL,
     "legacy.json",
     NULL,
     "adcp_restore('%s', '{\"create\":true,\"settings\":{\"app_settings\":\"@/out.json\"}}')",
     "\"rows\":",
     false,
     SIDE_TOGETHER,
     {"out.json"}},
    {"restore of version 2.0 in a transaction", SCENARIO_RESTORE, "legacy.db", NULL,
     "BEGIN; INSERT INTO tenant VALUES(9, 'Mine', 'mine', NULL, NULL, 0, '2025')", "legacy.json",
     NULL, "adcp_restore('%s', '{\"force\":true}')", "\"rows\":", false, NO_SIDE},
    {"validate version 2.0", SCENARIO_READ, "other.db", NULL, NULL, "legacy.json", NULL,
     "adcp_validate('%s')", "\"valid\":true", false, NO_SIDE},
};

const size_t scenario_count = sizeof scenarios / sizeof *scenarios;
