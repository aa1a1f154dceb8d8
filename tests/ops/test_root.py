"""The setting "root": every function, relation and option that takes a path is held inside a folder.

One table says of each what it does with a path. A function, relation or setting that is not in the
table fails the test, so that a new one cannot forget the root.
"""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
import program  # noqa: E402
from program import check, done, equal  # noqa: E402

os.chdir(os.environ["TMPDIR"])
HERE = os.getcwd()


def connect(path="root/app.db", root=None):
    db = program.connect(path)
    if root:
        db.execute("SELECT adcp_config('root', ?)", (root,))
    return db


def tree():
    """root/ with a database and backups, out/ with the same and more, links from one to the other."""
    for name in ("root", "out"):
        shutil.rmtree(name, ignore_errors=True)
        os.makedirs(f"{name}/dir")
        for path in ("app.db", "dir/app.db"):
            with sqlite3.connect(f"{name}/{path}") as db:
                db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, x)")
                db.execute("INSERT INTO t VALUES(1, ?)", (name,))
            db.close()
        with open(f"{name}/s.json", "w") as file:
            file.write(json.dumps({"where": name}))
        with open(f"{name}/config.json", "w") as file:
            file.write(json.dumps({"note": name}))
        os.environ["ROOT_TEST"] = "value"
        db = connect(f"{name}/app.db")
        for path in (f"{name}/b.json", f"{name}/dir/b.json.gz", f"{name}/dir/c.json.gz"):
            db.execute("SELECT adcp_backup(?, ?)", (path, json.dumps(
                {"note": name, "settings": {"app_settings": f"{name}/s.json"}, "env": "ROOT_TEST"})))
        db.close()
    os.mkfifo("root/fifo.json")
    os.symlink("../out/b.json", "root/link.json")
    os.symlink("../out", "root/outdir")
    os.symlink("outdir", "root/twice")
    os.symlink("../out/new.json", "root/dangling.json")
    os.symlink("/etc/hostname", "root/absolute.json")
    os.symlink("dir", "root/indir")


def state(folder):
    """All names and contents of a folder, and modification times of its folders."""
    found = {}
    for base, folders, files in os.walk(folder):
        found[base] = os.stat(base).st_mtime_ns
        for name in files:
            with open(os.path.join(base, name), "rb") as file:
                found[os.path.join(base, name)] = hashlib.sha256(file.read()).hexdigest()
    return found


def attempt(db, sql, *values):
    try:
        return [row for row in db.execute(sql, values)]
    except sqlite3.Error as error:
        return str(error)


# What each does with a path: (SQL, kind of path). Kinds: the file "read", "write" or "folder".
READ = ["out/b.json", "root/../out/b.json", "root/link.json", "root/outdir/b.json", "root/twice/b.json",
        "root/absolute.json", HERE + "/out/b.json", "root/fifo.json", "root/dir/../../out/b.json", "/etc/hostname",
        "/dev/fd/0", "/dev/stdin", "/proc/self/environ", "/proc/self/cwd/out/b.json", "/dev/zero",
        "out/not there.json"]
WRITE = ["out/new.json", "root/../out/new.json", "root/link.json", "root/dangling.json", "root/outdir/new.json",
         "root/twice/new.json", HERE + "/out/new.json", "root/fifo.json", "/dev/fd/1", "/dev/stdout", "/dev/stderr",
         "/dev/null", "/proc/self/fd/1", "root/dir/../../out/new.json", "/tmp/adcp-root-test.json"]
FOLDER = ["out", "out/dir", "root/../out", "root/outdir", "root/twice/dir", HERE + "/out/dir", "/", "/etc", "..", ".",
          "/proc/self/cwd", "root/dir/../../out/dir"]

RESTORE = '{"force":true,'
FUNCTIONS = {
    "adcp_backup": [
        ("SELECT adcp_backup(?)", WRITE),
        ("SELECT adcp_backup(?, '{\"overwrite\":true}')", WRITE),
        ("SELECT adcp_backup(?, '{\"overwrite\":true,\"if_changed\":true}')", WRITE),
        ("SELECT adcp_backup('root/x.json', json_object('overwrite', json('true'), 'settings', json_object('s', ?)))",
         READ)],
    "adcp_restore": [
        ("SELECT adcp_restore(?)", READ),
        ("SELECT adcp_restore(?, '{\"force\":true}')", READ),
        ("SELECT adcp_restore(?, '{\"validate_only\":true}')", READ),
        ("SELECT adcp_restore('root/b.json', json_object('force', json('true'), 'settings', "
         "json_object('app_settings', ?)))", WRITE),
        ("SELECT adcp_restore('root/b.json', json_object('force', json('true'), 'env_file', ?))", WRITE),
        ("SELECT adcp_restore('root/b.json', json_object('force', json('true'), 'safety_backup', ?))", WRITE)],
    "adcp_validate": [
        ("SELECT adcp_validate(?)", READ),
        ("SELECT adcp_validate(?, '{\"level\":\"quick\"}')", READ),
        ("SELECT adcp_validate(?, '{\"on_invalid\":\"error\"}')", READ)],
    "adcp_info": [("SELECT adcp_info(?)", READ)],
    "adcp_prune": [
        ("SELECT adcp_prune(json_object('backup_dir', ?, 'keep_last', 1, 'apply', json('true')))", FOLDER),
        ("SELECT adcp_prune(json_object('backup_dir', ?, 'keep_last', 1))", FOLDER)],
    "adcp_undo": [],  # restores from backup_dir, below, or what a restore within the root wrote
    "adcp_config": [],  # by key, below
    "adcp_config_load": [("SELECT adcp_config_load(?)", READ + ["out/config.json", "root/outdir/config.json"])],
    "adcp_hash": None,
    "adcp_version": None,
    "adcp_debug": None,
}
RELATIONS = {
    "adcp_backups": [("SELECT * FROM adcp_backups(?)", FOLDER)],
    "adcp_contents": [("SELECT * FROM adcp_contents(?)", READ)],
    "adcp_rows": [("SELECT * FROM adcp_rows(?, 't')", READ)],
    "adcp_check": [("SELECT * FROM adcp_check(?)", READ)],
    "adcp_plan": [("SELECT * FROM adcp_plan(?)", READ)],
    "adcp_diff": [("SELECT * FROM adcp_diff(?)", READ), ("SELECT * FROM adcp_diff('root/b.json', ?)", READ)],
    "adcp_diff_summary": [("SELECT * FROM adcp_diff_summary(?)", READ),
                          ("SELECT * FROM adcp_diff_summary('root/b.json', ?)", READ)],
    "adcp_table": [("CREATE VIRTUAL TABLE temp.seen USING adcp_table(%r, t)", READ)],
}
# Settings that are paths: how each is used with one, after it was set.
SETTINGS = {
    "backup_dir": [("SELECT adcp_backup()", FOLDER), ("SELECT adcp_restore('latest', '{\"force\":true}')", FOLDER),
                   ("SELECT adcp_validate('latest')", FOLDER), ("SELECT * FROM adcp_rows('latest', 't')", FOLDER),
                   ("SELECT * FROM adcp_backups", FOLDER), ("SELECT adcp_undo()", FOLDER),
                   ("SELECT adcp_restore('root/b.json', '{\"force\":true}')", FOLDER),
                   ("SELECT adcp_prune('{\"keep_last\":1,\"apply\":true}')", FOLDER)],
    "log_file": [(None, WRITE)],
    "root": [(None, FOLDER)],
    "env_file": [("SELECT adcp_restore('root/b.json', '{\"force\":true}')", WRITE)],
    "settings": [("SELECT adcp_backup('root/x.json', '{\"overwrite\":true}')", READ)],
}
NO_PATHS = set("""name_prefix max_age tables exclude_tables exclude_data schema schema_only data_only compress level
threads progress overwrite if_changed note redact settings_missing env flags secret_names include_secrets force
validate_only skip_validation rename with_parents with_children mode on_conflict foreign_keys fts modules max_objects create safety_backup trust_schema on_invalid keep_last
keep_hourly keep_daily keep_weekly keep_monthly keep_yearly keep_within unnamed_databases apply""".split())


def test_table():
    """Whatever is registered is in the tables above."""
    tree()
    db = connect()
    functions = {row[0] for row in db.execute("SELECT name FROM pragma_function_list WHERE name LIKE 'adcp%'")}
    equal("functions", functions, set(FUNCTIONS))
    relations = {row[0] for row in db.execute("SELECT name FROM pragma_module_list WHERE name LIKE 'adcp%'")}
    equal("relations", relations, set(RELATIONS))
    settings = set(json.loads(db.execute("SELECT adcp_config()").fetchone()[0]))
    equal("settings", settings, NO_PATHS | set(SETTINGS))
    db.close()


def refused(db, name, sql, path):
    if "%r" in sql:
        got = attempt(db, sql % path)
    else:
        got = attempt(db, sql, path)
    if isinstance(got, str) and path == "root/fifo.json":
        check(f"{name} of a FIFO", "regular file" in got or "exists already" in got, got)
        return
    check(f"{name} of {path}", isinstance(got, str) and f"outside of {HERE}/root" in got, f"{got!r}")


def test_functions():
    for name, cases in {**FUNCTIONS, **RELATIONS}.items():
        for sql, paths in cases or []:
            tree()
            before = state("out")
            db = connect(root="root")
            for path in paths:
                refused(db, f"{name}: {sql}", sql, path)
            db.close()
            equal(f"{name}: {sql} leaves all else as it was", state("out"), before)


def setting_value(key, path):
    return json.dumps({"s": path}) if key == "settings" else path


def test_settings():
    for key, cases in SETTINGS.items():
        for sql, paths in cases:
            tree()
            before = state("out")
            for path in paths:
                db = connect(root="root")
                got = attempt(db, "SELECT adcp_config(?, ?)", key, setting_value(key, path))
                if sql and not isinstance(got, str):
                    got = attempt(db, sql)
                check(f"{key} {path}: {sql}",
                      isinstance(got, str) and ("outside of" in got or "regular file" in got), f"{got!r}")
                db.close()
            equal(f"{key}: {sql} leaves all else as it was", state("out"), before)


def test_inside():
    """The same with paths inside does what it does without a root."""
    tree()
    db = connect(root="root")
    inside = [
        ("SELECT adcp_backup('root/n1.json') ->> 'rows'", 1),
        (f"SELECT adcp_backup('{HERE}/root/indir/n2.json.gz') ->> 'rows'", 1),
        ("SELECT adcp_backup('root/dir/../n3.json') ->> 'rows'", 1),
        ("SELECT adcp_validate('root/n1.json') ->> 'valid'", 1),
        ("SELECT adcp_info('root/indir/n2.json.gz') ->> 'rows'", 1),
        ("SELECT count(*) FROM adcp_rows('root/n3.json', 't')", 1),
        ("SELECT adcp_restore('root/n1.json', '{\"force\":true}') ->> 'verified'", 1),
        ("SELECT adcp_restore('root/b.json', '{\"force\":true,\"settings\":{\"app_settings\":\"root/dir/s.json\"},"
         "\"env_file\":\"root/dir/.env\"}') ->> 'verified'", 1),
        ("SELECT adcp_backup() ->> 'rows'", 1),
        ("SELECT count(*) FROM adcp_backups", 1),
        ("SELECT count(*) FROM adcp_backups('root/indir') WHERE status = 'ok'", 3),
        ("SELECT adcp_config('log_file', 'root/log')", "root/log"),
        ("SELECT adcp_validate('latest') ->> 'valid'", 1),
        ("SELECT adcp_prune('{\"keep_last\":1,\"apply\":true,\"backup_dir\":\"root/dir\"}') ->> 'deleted'", 2),
        ("SELECT adcp_config_load('root/config.json') ->> 'note'", "root"),
    ]
    for sql, wanted in inside:
        got = attempt(db, sql)
        equal(sql, got[0][0] if isinstance(got, list) and got else got, wanted)
    with open("root/log") as file:
        equal("lines of the log", len(file.readlines()), 2)
    db.close()


def test_names_in_lists():
    """Links in a folder that is listed are not followed out of the root."""
    tree()
    db = connect(root="root")
    rows = {name: (status, error or "") for name, status, error in
            db.execute("SELECT name, status, error FROM adcp_backups('root')")}
    equal("the backup inside", rows["b.json"][0], "ok")
    for name in ("link.json", "absolute.json", "dangling.json"):
        check(f"{name} in a list", rows[name][0] == "foreign" and "outside of" in rows[name][1], rows[name])
    check("a FIFO in a list", rows["fifo.json"][0] == "foreign", rows["fifo.json"])
    note = [row[0] for row in db.execute("SELECT note FROM adcp_backups('root') WHERE note IS NOT NULL")]
    check("no note of a file outside", "out" not in note, note)
    db.close()


def test_narrowing():
    tree()
    db = connect()
    db.execute("SELECT adcp_config('root', 'root')")
    equal("the root is named without links", attempt(db, "SELECT adcp_config('root')"), [(HERE + "/root",)])
    for value in ("out", "..", ".", "/", HERE, "root/outdir", "root/b.json", "root/none", ""):
        got = attempt(db, "SELECT adcp_config('root', ?)", value)
        check(f"root {value}", isinstance(got, str), f"{got!r}")
    for sql in ("SELECT adcp_config('root', NULL)", "SELECT adcp_config_load('root/wider.json')"):
        with open("root/wider.json", "w") as file:
            json.dump({"root": HERE, "note": "wider"}, file)
        got = attempt(db, sql)
        check(sql, isinstance(got, str), f"{got!r}")
    with open("root/null.json", "w") as file:
        json.dump({"root": None}, file)
    attempt(db, "SELECT adcp_config_load('root/null.json')")
    equal("a failed load takes nothing", attempt(db, "SELECT adcp_config('note')"), [(None,)])
    equal("still the root", attempt(db, "SELECT adcp_config('root')"), [(HERE + "/root",)])
    equal("the same again", attempt(db, "SELECT adcp_config('root', 'root')"), [(HERE + "/root",)])
    attempt(db, "SELECT adcp_config('backup_dir', 'out')")
    equal("a folder of backups outside is not looked into", attempt(db, "SELECT adcp_info() -> 'warnings'"),
          [(f'["out lies outside of {HERE}/root, the root of this connection; set backup_dir to a folder inside"]',)])
    attempt(db, "SELECT adcp_config('backup_dir', NULL)")
    equal("narrower, through a link", attempt(db, "SELECT adcp_config('root', 'root/indir')"), [(HERE + "/root/dir",)])
    refused(db, "after narrowing", "SELECT adcp_validate(?)", "root/b.json")
    equal("inside", attempt(db, "SELECT adcp_validate('root/dir/b.json.gz') ->> 'valid'"), [(1,)])
    got = attempt(db, "SELECT adcp_config('root', 'root')")
    check("wider again", isinstance(got, str) and "outside of" in got, got)
    db.close()


def test_what_was_open_before():
    """Settings, tables and lists from before the root are held by it too."""
    tree()
    db = connect()
    db.execute("SELECT adcp_config('log_file', 'out/log')")
    got = attempt(db, "SELECT adcp_config('root', 'root')")
    check("a log outside", isinstance(got, str) and "log_file" in got, got)
    equal("and no root then", attempt(db, "SELECT adcp_config('root')"), [(None,)])
    db.execute("SELECT adcp_config('log_file', NULL)")
    db.execute("CREATE VIRTUAL TABLE temp.seen USING adcp_table('out/b.json', t)")
    for name in ("d", "e"):
        shutil.copy("out/dir/c.json.gz", f"out/dir/{name}.json.gz")
    listed = db.execute("SELECT name, note, error FROM adcp_backups('out/dir')")
    listed.fetchone()
    db.execute("SELECT adcp_config('root', 'root')")
    rest = listed.fetchall()
    name, note, error = rest[-1]  # Python and SQLite may have read a row ahead
    check("a list that goes on", (name, note) == ("e.json.gz", None) and "outside of" in (error or ""), rest)
    got = attempt(db, "SELECT * FROM seen")
    check("a table of a file outside", isinstance(got, str) and "outside of" in got, got)
    equal("which can be dropped", attempt(db, "DROP TABLE seen"), [])
    db.close()


def test_config_file():
    """ADCP_CONFIG may set the root; a root in a file holds for the rest of the file."""
    tree()
    code = ("import sqlite3,os\ndb=sqlite3.connect('root/app.db')\ndb.enable_load_extension(True)\n"
            "try:\n db.load_extension(os.environ['ADCP_SO'])\n print(db.execute(\"SELECT adcp_config('root')\")"
            ".fetchone()[0])\n print(db.execute(\"SELECT adcp_validate('out/b.json')\").fetchone())\n"
            "except sqlite3.Error as e: print(e)")

    def run(settings):
        with open("out/start.json", "w") as file:
            json.dump(settings, file)
        return subprocess.run([sys.executable, "-c", code], env={**os.environ, "ADCP_CONFIG": "out/start.json"},
                              capture_output=True, text=True, check=False).stdout
    got = run({"root": "root", "note": "n"})
    check("the environment sets the root", got.startswith(HERE + "/root\n") and "outside of" in got, got)
    got = run({"root": "root", "log_file": "out/log"})
    check("a log outside in the same file", "log_file" in got and "outside of" in got, got)
    check("is not made", not os.path.exists("out/log"))
    got = run({"root": "root/none"})
    check("a root that is not there", "root/none" in got and "No such file" in got, got)


def test_unreadable():
    tree()
    if os.geteuid() != 0:
        os.mkdir("root/closed", 0o000)
        got = attempt(connect(), "SELECT adcp_config('root', 'root/closed')")
        check("a folder that cannot be read", isinstance(got, str) and "Permission denied" in got, got)
    got = attempt(connect(), "SELECT adcp_config('root', 'root/b.json')")
    check("a file", isinstance(got, str) and "Not a directory" in got, got)
    got = attempt(connect(), "SELECT adcp_config('root', '/')")
    check("everything", isinstance(got, str) and "whole file system" in got, got)


for test in (test_table, test_functions, test_settings, test_inside, test_names_in_lists, test_narrowing,
             test_what_was_open_before, test_config_file, test_unreadable):
    test()
done()
