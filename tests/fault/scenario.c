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

/* The folder of the database becomes the root. */
#define ROOT                                                                                       \
  "SELECT adcp_config('root', rtrim(file, replace(file, '/', ''))) FROM pragma_database_list "     \
  "WHERE name = 'main';"

const Scenario scenarios[] = {
    {"backup to a new .json.gz", SCENARIO_BACKUP, "source.db", NULL, NULL, "new.json.gz", NULL,
     "adcp_backup('%s', '{\"threads\":2}')", "\"backup_type\":\"full\"", false},
    {"backup over an old .json", SCENARIO_BACKUP, "source.db", "PRAGMA reverse_unordered_selects=1",
     NULL, "new.json", "part.json.gz", "adcp_backup('%s', '{\"overwrite\":true,\"threads\":0}')",
     "\"backup_type\":\"full\"", false},
    {"backup within a transaction", SCENARIO_BACKUP, "source.db", "PRAGMA foreign_keys=1",
     BEGIN_ROW, "new.json.gz", NULL, "adcp_backup('%s', '{\"tables\":[\"product\"]}')",
     "\"backup_type\":\"partial\"", false},
    {"backup of many blocks", SCENARIO_BACKUP, "bigsource.db", NULL, NULL, "new.json.gz",
     "part.json.gz", "adcp_backup('%s', '{\"threads\":2,\"overwrite\":true,\"level\":1}')",
     "\"backup_type\":\"full\"", true},
    {"backup to a name that is taken", SCENARIO_BACKUP, "source.db", NULL, NULL, "new.json.gz",
     "good.json.gz", "adcp_backup('%s')", "exists already", false},
    {"restore into an empty database", SCENARIO_RESTORE, "empty.db", NULL, NULL, "good.json.gz",
     NULL, "adcp_restore('%s', '{\"threads\":2}')", "\"verified\":true", false},
    {"restore over another database", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, NULL,
     "good.json", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false},
    {"restore over WAL", SCENARIO_RESTORE, "other.db", "PRAGMA journal_mode=wal", NULL,
     "good.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false},
    {"restore within a transaction", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, BEGIN_OTHER,
     "good.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false},
    {"restore within a savepoint", SCENARIO_RESTORE, "other.db", NULL, SAVEPOINT_ROW,
     "part.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false},
    {"restore of one table", SCENARIO_RESTORE, "other.db", "PRAGMA foreign_keys=1", NULL,
     "good.json.gz", NULL,
     "adcp_restore('%s', "
     "'{\"force\":true,\"tables\":[\"product\",\"note\"],\"foreign_keys\":\"report\"}')",
     "\"whole\":false", false},
    {"restore that wants force", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, NULL, "good.json.gz",
     NULL, "adcp_restore('%s')", "repeat it with {\"force\":true}", false},
    {"merge", SCENARIO_RESTORE, "other.db", NULL, NULL, "part.json.gz", NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\"}')", "\"mode\":\"merge\"", false},
    {"merge of some rows with parents", SCENARIO_RESTORE, "other.db", NULL, BEGIN_OTHER,
     "good.json.gz", NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\",\"tables\":[\"product\"],\"with_parents\":true,"
     "\"where\":{\"product\":\"shout(name) > '''' AND tenant_id IN (SELECT tenant_id FROM "
     "tenant)\"}}')",
     "\"parents\":3", false},
    {"some rows with children into an empty database", SCENARIO_RESTORE, "empty.db", NULL, NULL,
     "good.json", NULL,
     "adcp_restore('%s', '{\"tables\":[\"tenant\"],\"with_children\":true,\"threads\":2,"
     "\"where\":{\"tenant\":\"active\"},\"foreign_keys\":\"report\"}')",
     "\"verified\":true", false},
    {"some rows that would take the place of others", SCENARIO_RESTORE, "other.db", NULL, NULL,
     "good.json.gz", NULL,
     "adcp_restore('%s', "
     "'{\"force\":true,\"tables\":[\"tenant\"],\"where\":{\"tenant\":\"active\"}}')",
     "only a part of the backup's rows", false},
    {"restore of rows alone", SCENARIO_RESTORE, "like.db", TEMP_TRIGGERS, NULL, "data.json.gz",
     NULL, "adcp_restore('%s', '{\"force\":true}')", "\"rows\":", false},
    {"restore of many blocks", SCENARIO_RESTORE, "empty.db", NULL, NULL, "big.json.gz", NULL,
     "adcp_restore('%s', '{\"threads\":2}')", "\"verified\":true", true},
    {"restore with a safety backup", SCENARIO_SAFE_RESTORE, "other.db", TEMP_TRIGGERS, NULL,
     "good.json.gz", NULL, "adcp_restore('%s', '{\"force\":true,\"safety_backup\":\"%s\"}')",
     SAFETY_FILE, false},
    {"merge with a safety backup within a transaction", SCENARIO_SAFE_RESTORE, "other.db", NULL,
     BEGIN_OTHER, "part.json.gz", NULL,
     "adcp_restore('%s', '{\"mode\":\"merge\",\"safety_backup\":\"%s\"}')", SAFETY_FILE, false},
    {"damaged file and a safety backup", SCENARIO_SAFE_RESTORE, "other.db", NULL, NULL,
     "damaged.json.gz", NULL, "adcp_restore('%s', '{\"force\":true,\"safety_backup\":\"%s\"}')",
     "database unchanged", false},
    {"restore of a damaged file", SCENARIO_RESTORE, "other.db", TEMP_TRIGGERS, BEGIN_OTHER,
     "damaged.json.gz", NULL, "adcp_restore('%s', '{\"force\":true}')", "database unchanged",
     false},
    {"validate", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "adcp_validate('%s', '{\"threads\":2}')", "\"valid\":true", false},
    {"validate a plain file", SCENARIO_READ, "other.db", NULL, NULL, "good.json", NULL,
     "adcp_validate('%s')", "\"valid\":true", false},
    {"validate a damaged file", SCENARIO_READ, "other.db", NULL, NULL, "damaged.json.gz", NULL,
     "adcp_validate('%s')", "\"valid\":false", false},
    {"restore that only validates", SCENARIO_READ, "other.db", TEMP_TRIGGERS, NULL, "good.json.gz",
     NULL, "adcp_restore('%s', '{\"validate_only\":true,\"force\":true}')",
     "\"validate_only\":true", false},
    {"look at the contents", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT group_concat(name || depends_on) FROM adcp_contents('%s'))", "product", false},
    {"look at rows", SCENARIO_READ, "other.db", NULL, BEGIN_OTHER, "good.json.gz", NULL,
     "(SELECT group_concat(rowid || row) FROM adcp_rows('%s', 'product') WHERE rowno < 5)",
     "\"id\":", false},
    {"look at the findings", SCENARIO_READ, "other.db", NULL, NULL, "damaged.json.gz", NULL,
     "(SELECT group_concat(code) FROM adcp_check('%s', 'standard'))", "damaged", false},
    {"look at differences", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT group_concat(object || change) FROM adcp_diff('%s'))", "removed", false},
    {"look at the plan", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT group_concat(action || ifnull(object, detail)) FROM adcp_plan('%s'))", "stop", false},
    {"backup inside a root", SCENARIO_BACKUP, "source.db", ROOT, NULL, "new.json.gz", NULL,
     "adcp_backup('%s', '{\"threads\":0}')", "\"backup_type\":\"full\"", false},
    {"backup over an old file inside a root", SCENARIO_BACKUP, "source.db", ROOT, NULL,
     "new.json.gz", "part.json.gz", "adcp_backup('%s', '{\"overwrite\":true,\"threads\":0}')",
     "\"backup_type\":\"full\"", false},
    {"restore inside a root", SCENARIO_RESTORE, "other.db", ROOT, NULL, "part.json.gz", NULL,
     "adcp_restore('%s', '{\"force\":true}')", "\"verified\":true", false},
    {"a root is set", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(SELECT adcp_config('root', rtrim(p, replace(p, '/', ''))) || '!' FROM (SELECT '%s' AS p))",
     "!", false},
    {"a root is refused", SCENARIO_READ, "other.db", ROOT, NULL, "good.json.gz", NULL,
     "(SELECT adcp_config('root', rtrim(p, replace(p, '/', '')) || '..') FROM (SELECT '%s' AS p))",
     "leads outside of", false},
    {"look at the plan for some rows", SCENARIO_READ, "other.db", NULL, BEGIN_OTHER, "good.json.gz",
     NULL,
     "(SELECT group_concat(action || rows) FROM adcp_plan('%s', "
     "'{\"mode\":\"merge\",\"tables\":[\"tenant\"],\"with_children\":true,\"where\":{\"tenant\":"
     "\"name "
     "> ''B''\"}}'))",
     "merge", false},
    {"look at the digest", SCENARIO_READ, "other.db", NULL, NULL, "good.json.gz", NULL,
     "(adcp_hash() || length('%s'))", "", false},
};

const size_t scenario_count = sizeof scenarios / sizeof *scenarios;
