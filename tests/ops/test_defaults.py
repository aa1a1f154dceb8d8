"""Every setting is a default: set on the connection it does what the option of the call does.

The table below has a case for each option of each operation, and for each setting that is no option. The lists
it has to match are the extension's own (adcp_config() and the errors of unknown options), so that a new one
without a case fails. A case is a small world of files and databases, a call, a value and another value. The
call is made with nothing, with the option, and with the default: by adcp_config, by a file, by ADCP_CONFIG, and
with the other value in the call. What is compared is what can be seen from outside: the report or the error,
all rows, all files with their modes and bytes, standard error, threads.
"""
import collections
import gzip
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
import program  # noqa: E402
from program import check, done  # noqa: E402

os.chdir(os.environ["TMPDIR"])
EPOCH = 1700000000
os.environ.update(DEFAULTS_ONE="1", DEFAULTS_TWO="two", API_KEY="ENVSECRET")
os.environ.pop("ADCP_CONFIG", None)
SINGLE = (os.cpu_count() or 1) == 1  # what "threads" is without a word


# ---- the world ----
SCHEMA = """
    CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT, password TEXT);
    CREATE TABLE child(id INTEGER PRIMARY KEY, parent REFERENCES parent(id), v);
    CREATE TABLE extra(a);
    CREATE TABLE doc(id INTEGER PRIMARY KEY, body);
    CREATE VIRTUAL TABLE words USING fts5(body, content='doc', content_rowid='id');"""
ROWS = """
    INSERT INTO parent VALUES(1, 'one', 'pw1'), (2, 'two', 'pw2');
    INSERT INTO child VALUES(10, 1, 'x'), (11, 2, 'y');
    INSERT INTO extra VALUES(1), (2), (3);
    INSERT INTO doc VALUES(1, 'red green'), (2, 'green blue');
    INSERT INTO words(rowid, body) SELECT id, body FROM doc;"""
LIVE = """
    INSERT INTO parent VALUES(1, 'live', 'live pw'), (3, 'three', NULL);
    INSERT INTO extra VALUES(9);"""
# Below 2 MiB of JSON a restore starts no thread by itself.
LARGE = """
    CREATE TABLE large AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i < 3000)
      SELECT i, printf('%01000d', i) AS text FROM n;"""


def connect(path):
    """A connection that has the extension, a function of the application's, and aux.db attached."""
    db = program.connect(path)
    db.create_function("app_even", 1, lambda value: value % 2 == 0, deterministic=True)
    if os.path.exists("aux.db"):
        db.execute("ATTACH 'aux.db' AS aux")
    return db


def make(path, *scripts):
    db = connect(path)
    for script in scripts:
        db.executescript(script)
    return db


def call(db, function, *arguments):
    marks = ", ".join("?" * len(arguments))
    return db.execute(f"SELECT {function}({marks})", [json.dumps(a) if isinstance(a, dict) else a for a in arguments]).fetchone()[0]


def old_tool():
    """A backup of version 2.0 as the earlier tool wrote it."""
    tenant = {"id": 1, "name": "T", "slug": "t", "agent_type": "local", "created_at": "2025-09-02T08:57:42"}
    counts = {"tenants": 1, "products": 0, "external_agents": 0, "product_embeddings": 0}
    return {"backup_metadata": {"version": "2.0", "created_at": "2025-09-02T08:57:42", "backup_type": "comprehensive_backup",
                                "data_counts": counts, "system_info": {}},
            "tenants": [tenant], "products": [], "external_agents": [], "product_embeddings": [], "app_settings": {},
            "tenant_settings": {}, "database_schema": {}, "fts_tables": {}, "environment_config": {}, "feature_flags": {}}


def template():
    """The world before each call, made once in the folder "w", where the calls are made too."""
    os.mkdir("w")
    os.chdir("w")
    os.environ["SOURCE_DATE_EPOCH"] = str(EPOCH)
    with open("s.json", "w") as file:
        file.write('{"ratio": 1.5, "api_key": "S3CRET", "debug": "on"}')
    make("aux.db", "CREATE TABLE beside(b); INSERT INTO beside VALUES('aux')").close()
    make("live.db", SCHEMA, LIVE).close()
    db = make("app.db", SCHEMA, ROWS)
    call(db, "adcp_backup", "b.json", {"settings": {"app_settings": "s.json"}, "env": "DEFAULTS_*"})
    call(db, "adcp_backup", "same.json")
    db.close()
    with open("b.json") as good, open("bad.json", "w") as bad:
        bad.write(good.read().replace('"one"', '"eno"', 1))
    with open("old.json", "w") as file:
        json.dump(old_tool(), file, indent=2)
    db = make("large.db", LARGE)
    call(db, "adcp_backup", "large.json")
    db.close()
    for name, script in (("module", "CREATE VIRTUAL TABLE pages USING dbstat; CREATE TABLE t(a); INSERT INTO t VALUES(1)"),
                         ("trust", "CREATE TABLE t(a CHECK(app_even(a))); INSERT INTO t VALUES(2)"),
                         ("plain", "CREATE TABLE t(a); INSERT INTO t VALUES(7)")):
        db = make(name + ".db", script)
        call(db, "adcp_backup", name + ".json")
        db.close()
    # Backups of two years: three in the last hour of the newest day.
    os.mkdir("kept")
    db = make("app.db")
    for hours in (0, 0.2, 0.4, 2, 30, 60, 24 * 20, 24 * 70, 24 * 400, 24 * 500):
        os.environ["SOURCE_DATE_EPOCH"] = str(int(EPOCH - hours * 3600))
        call(db, "adcp_backup", f"kept/{int(10 * hours):05}.json")
    db.close()
    db = connect(":memory:")
    for name in ("kept/memory1.json", "kept/memory2.json"):
        call(db, "adcp_backup", name)
    db.close()
    os.environ["SOURCE_DATE_EPOCH"] = str(EPOCH + 86400)
    os.chdir("..")
    os.rename("w", "template")


# ---- what can be seen ----
def text_of(path):
    """A file's text, and how it is packed; of a backup with keyed digests, whose salt is new each time, what does not come of it."""
    with open(path, "rb") as file:
        content = file.read()
    text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    if b'"secret_digests"' in text:
        text = re.sub(rb'"(salt|hmac)":"[0-9a-f]{64}"', b"", text).split(b'"backup_manifest"')[0]
        return content[:2], text
    if path.endswith("log"):
        return re.sub(rb'"duration_ms":\d+', b"", content)
    return content[:2], text


def rows_of(db):
    found = {}
    for schema in ("main", "aux"):
        objects = db.execute(f"SELECT type, name, sql FROM {schema}.sqlite_schema ORDER BY type, name").fetchall()
        found[schema] = objects
        for kind, name, sql in objects:
            if kind == "table" and "dbstat" not in (sql or ""):
                found[schema, name] = db.execute(f'SELECT * FROM {schema}."{name}"').fetchall()
    return found


def files_of():
    found = {}
    for base, _, files in os.walk("."):
        for name in files:
            path = os.path.join(base, name)
            if not re.search(r"\.db(-\w+)?$|config\.json$", name):
                found[path] = oct(os.stat(path).st_mode), text_of(path)
    return found


def plain(report):
    """A report without the time it took, the room on the disk, and sizes that a random salt changes."""
    value = json.loads(report)
    value.get("backup_dir", {}).pop("free_bytes", None) if "warnings" in value else None
    for key in ["duration_ms"] + (["size_bytes", "uncompressed_bytes"] if value.get("redacted") else []):
        value.pop(key, None)
    return value


def copy(path, to):
    """Databases are written to; of other files only the name is ever given to another."""
    shutil.copy2(path, to) if path.endswith(".db") else os.link(path, to)


def observe(case, options, default=(), by="adcp_config"):
    """Everything that a call changes and says; default is (key, value) or nothing."""
    shutil.rmtree("w", ignore_errors=True)
    shutil.copytree("template", "w", copy_function=copy)
    os.chdir("w")
    if case.prepare:
        case.prepare()
    if default and by != "adcp_config":
        with open("config.json", "w") as file:
            json.dump(dict([default]), file)
    if default and by == "ADCP_CONFIG":
        os.environ["ADCP_CONFIG"] = "config.json"
    db = None
    with tempfile.TemporaryFile() as stderr:
        kept = os.dup(2)
        os.dup2(stderr.fileno(), 2)
        try:
            db = connect(case.database)
            if default and by == "adcp_config":
                call(db, "adcp_config", default[0], sql_value(default[1]))
            elif default and by == "adcp_config_load":
                call(db, "adcp_config_load", "config.json")
            elif default and by == "reset":
                call(db, "adcp_config", default[0], sql_value(default[1]))
                db.execute("SELECT adcp_config(?, NULL)", (default[0],)).fetchall()
            threads, most = len(os.listdir("/proc/self/task")), [0]
            if case.key == "threads":
                db.set_progress_handler(lambda: most.__setitem__(0, max(most[0], len(os.listdir("/proc/self/task")))), 20)
            try:
                said = run(case, db, options)
            except sqlite3.Error as error:
                said = str(error)
            db.set_progress_handler(None, 0)
        finally:
            os.environ.pop("ADCP_CONFIG", None)
            os.dup2(kept, 2)
            os.close(kept)
        stderr.seek(0)
        shown = re.sub(rb"\d+ MB/s", b"", stderr.read())
    seen = {"said": plain(said) if str(said).startswith("{") else said, "rows": rows_of(db), "files": files_of(), "stderr": shown,
            "threads": most[0] > threads}
    db.close()
    os.chdir("..")
    return seen


def sql_value(value):
    """A value as adcp_config takes it: lists and maps are JSON text."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def differences(a, b):
    """Of two observations; of files those that differ, from a little before the first byte that does."""
    found = {part: (a[part], b[part]) for part in a if a[part] != b[part] and part != "files"}
    for path in sorted(a["files"].keys() | b["files"].keys()):
        one, other = repr(a["files"].get(path)), repr(b["files"].get(path))
        if one != other:
            at = max(len(os.path.commonprefix((one, other))) - 60, 0)
            found[path] = one[at:at + 200], other[at:at + 200]
    return found


# ---- the table ----
Case = collections.namedtuple("Case", "operation key value other database path prepare fixed")


def run(case, db, options):
    if case.operation == "adcp_plan":
        return db.execute("SELECT * FROM adcp_plan(?, ?)", (case.path, json.dumps(options))).fetchall()
    if case.operation.startswith("SELECT"):
        return db.execute(case.operation).fetchone()[0]
    return call(db, case.operation, *[case.path] if case.path else [], options)


def row(operation, key, value, other, database="live.db", path=None, prepare=None, **fixed):
    return Case(operation, key, value, other, database, path, prepare, fixed)


def backup(key, value, other, path="x.json.gz", **more):
    return row("adcp_backup", key, value, other, database=more.pop("database", "app.db"), path=path, **more)


def restore(key, value, other, path="same.json", **more):
    force = {} if key == "force" else {"force": True}
    return row("adcp_restore", key, value, other, path=path, **force, **more)


def validate(key, value, other, path="large.json", **more):
    return row("adcp_validate", key, value, other, path=path, **more)


def prune(key, value, other, **more):
    fixed = {"keep_last": 1} if key == "backup_dir" else {"keep_last": 1, "backup_dir": "kept"} if key == "apply" else {"backup_dir": "kept"}
    return row("adcp_prune", key, value, other, **fixed, **more)


def undo(key, value, other, database="live.db", schema="main", path="same.json", **more):
    """Another connection has restored; this one undoes it."""
    def prepare():
        db = connect(database)
        call(db, "adcp_restore", path, {"schema": schema, "force": True, "safety_backup": True})
        db.close()
    return row("adcp_undo", key, value, other, database=database, prepare=prepare, **more)


def undo_large(key, value, other):
    return undo(key, value, other, database="large.db")


FEW, MANY = (4, 0) if SINGLE else (0, 4)
TABLES = [
    backup("tables", ["parent"], "extra"),
    backup("exclude_tables", "extra", ["doc"]),
    backup("exclude_data", "extra", ["doc"]),
    backup("fts", "rebuild", "keep"),
    backup("schema", "aux", "main"),
    backup("schema_only", True, False),
    backup("data_only", True, False),
    backup("compress", "none", "gzip"),
    backup("level", 1, 9),
    backup("threads", FEW, MANY, database="large.db"),
    backup("progress", True, False),
    backup("overwrite", True, False, path="b.json"),
    backup("if_changed", True, False, path="same.json", overwrite=True),
    backup("note", "one", "another"),
    backup("redact", ["parent.password"], "parent.name"),
    backup("settings", {"app_settings": "s.json"}, {"tenant_settings": "s.json"}, path="x.json"),
    backup("settings_missing", "skip", "error", settings={"app_settings": "none.json"}),
    backup("env", ["DEFAULTS_*"], "DEFAULTS_TWO"),
    backup("flags", {"f": "DEFAULTS_ONE"}, {"f": "DEFAULTS_TWO"}),
    backup("secret_names", ["ratio"], "debug", path="x.json", settings={"app_settings": "s.json"}),
    backup("include_secrets", True, False, path="x.json", settings={"app_settings": "s.json"}),
    restore("force", True, False),
    restore("safety_backup", True, False),
    restore("validate_only", True, False),
    restore("skip_validation", True, False),
    restore("tables", ["parent"], "extra"),
    restore("exclude_tables", "extra", ["doc"]),
    restore("exclude_data", "extra", ["doc"]),
    restore("schema", "aux", "main"),
    restore("rename", {"extra": "spare"}, {"extra": "other"}, tables=["extra"]),
    restore("schema_only", True, False),
    restore("data_only", True, False),
    restore("mode", "merge", "replace"),
    restore("on_conflict", "ignore", "abort", mode="merge"),
    restore("foreign_keys", "report", "enforce", database="none.db", tables="child"),
    restore("modules", ["dbstat"], "another", database="none.db", path="module.json"),
    restore("max_objects", 1, 100, database="none.db", path="b.json"),
    restore("with_parents", True, False, database="none.db", tables="child", where={"child": "id = 10"}),
    restore("with_children", True, False, database="none.db", tables="parent", where={"parent": "id = 1"}),
    restore("env_file", "one.env", "other.env", path="b.json"),
    restore("create", True, False, path="old.json", database="none.db"),
    restore("trust_schema", True, False, path="trust.json", database="none.db"),
    restore("threads", FEW, MANY, path="large.json", database="none.db"),
    restore("progress", True, False),
    validate("on_invalid", "error", "report", path="bad.json"),
    validate("max_objects", 1, 100, path="b.json"),
    validate("modules", ["dbstat"], "another", path="module.json"),
    validate("threads", FEW, MANY),
    validate("progress", True, False),
    prune("keep_last", 1, 2),
    prune("keep_hourly", 1, 2),
    prune("keep_daily", 1, 2),
    prune("keep_weekly", 1, 3),
    prune("keep_monthly", 1, 2),
    prune("keep_yearly", 1, 2),
    prune("keep_within", "1d", "1y2m"),
    prune("backup_dir", "kept", "."),
    prune("unnamed_databases", True, False, keep_last=1),
    prune("apply", True, False),
    undo("schema", "aux", "main", schema="aux", path="plain.json"),
    undo("safety_backup", True, False),
    undo("modules", ["dbstat"], "another", database="module.db"),
    undo("trust_schema", True, False, database="trust.db"),
    undo("threads", FEW, MANY, database="large.db"),
    undo("progress", True, False),
]
# What a call says for itself alone: a default of that name is another operation's, or refused.
CALL_ONLY = [
    restore("settings", {"app_settings": "new.json"}, None, path="b.json"),
    restore("where", {"parent": "id = 1"}, None, database="none.db", tables="parent"),
    validate("level", "quick", None, path="b.json"),
]


# Settings that are no options, and what is done with them.
CONNECTION = [
    row("SELECT adcp_backup()", "backup_dir", "kept", "new"),
    row("SELECT group_concat(path) FROM adcp_backups", "backup_dir", "kept", "."),
    row("SELECT adcp_info('latest')", "backup_dir", "kept", "."),
    row("SELECT adcp_info()", "backup_dir", "kept", "."),
    row("SELECT adcp_backup()", "name_prefix", "one", "other"),
    row("SELECT adcp_info()", "max_age", "12h", "2d", prepare=lambda: os.rename("kept", "backups")),
    row("SELECT adcp_validate('b.json')", "log_file", "one.log", "other.log"),
    row("SELECT adcp_info('b.json')", "root", "kept", "."),
]


# ---- whether the table is whole ----
def options_of(db, operation):
    """The options of an operation, as its own error lists them."""
    path = () if operation in ("adcp_prune", "adcp_undo") else ("template/b.json",)
    try:
        call(db, operation, *path, {"q" * 47: 1})
    except sqlite3.Error as error:
        return set(str(error).split("known options are ")[1].split("; ")[0].split(", "))
    return set()


def test_table():
    db = connect(":memory:")
    settings = set(json.loads(db.execute("SELECT adcp_config()").fetchone()[0]))
    options, cases = set(), {(case.operation, case.key) for case in TABLES + CALL_ONLY}
    for operation in ("adcp_backup", "adcp_restore", "adcp_validate", "adcp_prune", "adcp_undo"):
        options |= {(operation, key) for key in options_of(db, operation)}
    check("a case for every option of every operation", options == cases, options ^ cases)
    check("every option is a setting", settings == {case.key for case in TABLES + CONNECTION},
          settings ^ {case.key for case in TABLES + CONNECTION})
    db.close()


# ---- the cases ----
def test_case(case):
    name = f"{case.operation} {case.key}"
    without = observe(case, case.fixed)
    wanted = observe(case, {**case.fixed, case.key: case.value})
    check(f"{name}: the option has an effect", wanted != without, wanted)
    for by in ("adcp_config", "adcp_config_load", "ADCP_CONFIG"):
        got = observe(case, case.fixed, (case.key, case.value), by)
        check(f"{name}: the default by {by} has the same", got == wanted, differences(got, wanted))
    other = observe(case, {**case.fixed, case.key: case.other})
    check(f"{name}: another value has another", other != wanted, other)
    got = observe(case, {**case.fixed, case.key: case.other}, (case.key, case.value))
    check(f"{name}: the call goes before the default", got == other, differences(got, other))
    got = observe(case, {**case.fixed, case.key: None}, (case.key, case.value))
    check(f"{name}: null in the call leaves it to the default", got == wanted, differences(got, wanted))
    got = observe(case, case.fixed, (case.key, case.value), "reset")
    check(f"{name}: a default that is reset has none", got == without, differences(got, without))


def test_plan(case):
    """A plan is of the same restore."""
    plan = case._replace(operation="adcp_plan")
    wanted = observe(plan, {**case.fixed, case.key: case.value})
    got = observe(plan, case.fixed, (case.key, case.value))
    check(f"adcp_plan {case.key}: the default has the same effect", got == wanted, differences(got, wanted))


def test_call_only(case, setting):
    """setting: the value that the setting of that name takes; None: there is no such setting."""
    name = f"{case.operation} {case.key}"
    without = observe(case, case.fixed)
    check(f"{name}: the option has an effect", observe(case, {**case.fixed, case.key: case.value}) != without)
    for by in ("adcp_config", "adcp_config_load", "ADCP_CONFIG"):
        try:
            got = observe(case, case.fixed, (case.key, setting or case.value), by)
            check(f"{name}: no default by {by}", setting and got == without, differences(got, without))
        except sqlite3.Error as error:
            os.chdir("..")
            check(f"{name}: {by} refuses it", setting is None and case.key in str(error), error)


def test_connection(case):
    without = observe(case, {})
    wanted = observe(case, {}, (case.key, case.value))
    check(f"{case.key}: has an effect", wanted != without, wanted)
    for by in ("adcp_config_load", "ADCP_CONFIG"):
        got = observe(case, {}, (case.key, case.value), by)
        check(f"{case.key}: by {by}", got == wanted, differences(got, wanted))
    check(f"{case.key}: another value has another", observe(case, {}, (case.key, case.other)) != wanted)


template()
test_table()
for case in TABLES:
    test_case(case)
    if case.operation == "adcp_restore":
        test_plan(case)
for case, setting in zip(CALL_ONLY, ({"app_settings": "new.json"}, None, 9)):
    test_call_only(case, setting)
for case in CONNECTION:
    test_connection(case)
done()
