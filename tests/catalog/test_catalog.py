#!/usr/bin/python3
"""Retention, information, the environment's settings and writers at the same time, over real folders.

Backups get their times from SOURCE_DATE_EPOCH. The last line is "N passed, N failed".
"""
import datetime
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import done, equal as check  # noqa: E402

SO = os.environ.get("ADCP_SO", "./adcp.so")


def connect(path):
    db = sqlite3.connect(path)
    db.enable_load_extension(True)
    db.load_extension(SO)
    return db


def call(db, function, *arguments):
    marks = ", ".join("?" * len(arguments))
    return db.execute(f"SELECT {function}({marks})", arguments).fetchone()[0]


def options(**given):
    return json.dumps(given)


def at(text):
    """Makes the extension's clock stand."""
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    os.environ["SOURCE_DATE_EPOCH"] = str(int(moment.timestamp()))


def backup(db, text):
    at(text)
    return json.loads(call(db, "adcp_backup"))["path"]


def prune(db, **given):
    return json.loads(call(db, "adcp_prune", options(**given)))


def error_of(action):
    try:
        action()
    except sqlite3.Error as error:
        return str(error)
    return "no error"


def kept(report):
    return [f["name"] for f in report["files"] if f["action"] == "keep"]


def rule(report, name):
    return next(f["rule"] for f in report["files"] if f["name"] == name)


def damage(path):
    """Changes a byte in the middle of the rows: head and tail still fit."""
    with open(path, "r+b") as f:
        data = f.read()
        place = data.index(b"MARKED")
        f.seek(place)
        f.write(b"BROKEN")


def test_prune(folder):
    db = connect(f"{folder}/app.db")
    db.execute("CREATE TABLE t(a)")
    # Enough for a block of its own: what is checked when a list is made does not reach it.
    db.executemany("INSERT INTO t VALUES(?)", [("x" * 1000,)] * 500)
    db.execute("INSERT INTO t VALUES('MARKED')")
    db.commit()
    call(db, "adcp_config", "compress", "none")
    days = ["2024-03-01T08:00:00", "2024-03-01T20:00:00", "2024-03-02T08:00:00",
            "2024-03-03T08:00:00", "2024-03-04T08:00:00", "2024-03-04T09:00:00"]
    names = [os.path.basename(backup(db, day)) for day in days]
    check("dated name", names[1], "comprehensive_backup_20240301_200000.json")
    directory = f"{folder}/backups"
    strays = ["notes.txt", "settings.json", "foreign.json.gz", "cut.json", "link.json"]
    open(f"{directory}/notes.txt", "w").close()
    open(f"{directory}/settings.json", "w").write('{"a":1}')
    open(f"{directory}/foreign.json.gz", "wb").write(b"\x1f\x8b" + bytes(100))
    open(f"{directory}/cut.json", "wb").write(open(f"{directory}/{names[0]}", "rb").read()[:500])
    outside = f"{folder}/outside.json"
    shutil.copy(f"{directory}/{names[0]}", outside)
    os.symlink(outside, f"{directory}/link.json")

    before = sorted(os.listdir(directory))
    report = prune(db, keep_daily=2)
    check("dry run", (report["applied"], report["deleted"], sorted(os.listdir(directory)) == before),
          (False, 0, True))
    check("daily", [n for n in kept(report) if n in names], [names[3], names[5]])
    check("rule", rule(report, names[5]), "keep_daily")
    check("no rule", rule(report, names[0]), "no rule keeps it")
    check("one entry a file that is listed", len(report["files"]), len(before) - 1)
    check("foreign", rule(report, "settings.json"), "not a backup of ours")
    check("damaged", rule(report, "cut.json"), "damaged: look at it first")
    check("a link", rule(report, "link.json"), "not a regular file")

    report = prune(db, keep_last=1, keep_within="30h")
    check("two rules", rule(report, names[5]), "keep_last, keep_within")
    check("within", [n for n in kept(report) if n in names], names[3:])

    report = prune(db, keep_daily=2, apply=True)
    check("applied", (report["applied"], report["deleted"], report["delete"]), (True, 4, 4))
    check("what is left", sorted(os.listdir(directory)), sorted(strays + [names[3], names[5]]))
    check("outside", os.path.exists(outside), True)
    report = prune(db, keep_daily=2, apply=True)
    check("again", (report["deleted"], report["delete"]), (0, 0))

    # The newest is not valid: the one before is the newest valid, and no rule may take it.
    damage(f"{directory}/{names[5]}")
    check("still listed as whole",
          db.execute("SELECT status FROM adcp_backups WHERE name = ?", (names[5],)).fetchone()[0], "ok")
    report = prune(db, keep_last=1, apply=True)
    check("not valid", rule(report, names[5]), "not valid: look at it first")
    check("kept instead", rule(report, names[3]), "keep_last")
    at("2024-03-04T10:00:00")
    report = prune(db, keep_within="1h", apply=True)
    check("within its own time", rule(report, names[3]), "keep_within")

    # Before 1970 is a time like any other; what cannot be opened is not said to be something else.
    early = os.path.basename(backup(db, "1969-12-31T08:00:00"))
    os.symlink("turns.json", f"{directory}/turns.json")
    at("2024-03-04T10:00:00")
    report = prune(db, keep_last=1)
    check("before 1970", rule(report, early), "no rule keeps it")
    check("not to be opened", rule(report, "turns.json"), "cannot be read: see adcp_backups")
    for name in (early, "turns.json"):
        os.remove(f"{directory}/{name}")

    # A second database in the same folder has backups of its own.
    other = connect(f"{folder}/other.db")
    other.execute("CREATE TABLE o(b)")
    call(other, "adcp_config", "name_prefix", "other")
    for day in ("2024-03-01T01:00:00", "2024-03-01T02:00:00"):
        backup(other, day)
    report = prune(other, keep_last=1, apply=True)
    check("each database by itself", (report["deleted"], names[3] in kept(report)), (1, True))
    db.close()
    other.close()


def test_unnamed(folder):
    """Backups that do not tell their database from others: nobody's prune deletes them, unless it is said that there is one."""
    first, second = connect(":memory:"), connect(":memory:")
    for db, moment in ((first, "2024-03-01T08:00:00"), (second, "2024-03-02T08:00:00")):
        db.execute("CREATE TABLE t(a)")
        call(db, "adcp_config", "backup_dir", f"{folder}/shared")
        backup(db, moment)
    report = prune(second, keep_last=1, apply=True)
    check("in memory: kept", (report["deleted"], {f["rule"] for f in report["files"]}),
          (0, {"does not tell its database from others: see option unnamed_databases"}))
    report = prune(second, keep_last=1, unnamed_databases=True, apply=True)
    check("in memory: said to be one", (report["deleted"], [f["rule"] for f in report["files"]]), (1, ["no rule keeps it", "keep_last"]))
    # A database that was loaded from bytes calls its file "x".
    if hasattr(first, "deserialize"):
        first.deserialize(second.serialize())
        backup(first, "2024-03-03T08:00:00")
        check("from bytes", prune(first, keep_last=1, apply=True)["deleted"], 0)
    first.close()
    second.close()

    # Two names of which UTF-8 shows the same.
    names = [os.path.join(folder, os.fsdecode(name)) for name in (b"M\xfcller.db", b"M\xf6ller.db")]
    moment = "2024-03-01T08:00:0"
    for i, name in enumerate(names):
        db = connect(name)
        db.isolation_level = None
        db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES('old')")
        call(db, "adcp_config", "backup_dir", f"{folder}/latin")
        backup(db, moment + str(i))
        db.close()
    db = connect(names[1])
    db.isolation_level = None
    call(db, "adcp_config", "backup_dir", f"{folder}/latin")
    check("not UTF-8: kept", prune(db, keep_last=1, apply=True)["deleted"], 0)
    check("not UTF-8: no safety backup", error_of(lambda: call(db, "adcp_undo")).startswith(
        f"adcp_undo: there is no safety backup of this database in {folder}/latin"), True)
    db.execute("UPDATE t SET a = 'new'")
    safety = json.loads(call(db, "adcp_restore", "latest", options(force=True)))["safety_backup"]
    for name in names:
        other = connect(name)
        other.isolation_level = None
        call(other, "adcp_config", "backup_dir", f"{folder}/latin")
        check("not UTF-8: no guess", error_of(lambda: call(other, "adcp_undo")),
              f"adcp_undo: {safety} is the newest safety backup of {folder}/M\ufffdller.db, but that name is not UTF-8, and others read like it; "
              'if it is of this database, adcp_restore of it with {"force":true} puts back what was there; database unchanged')
        other.close()
    call(db, "adcp_undo")
    check("not UTF-8: the connection knows", db.execute("SELECT a FROM t").fetchall(), [("new",)])
    db.close()


def test_kinds(folder):
    """A backup of a part never lets one of the whole, or of another part, be deleted."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a, secret); CREATE TABLE u(a); INSERT INTO t VALUES(1, 2); INSERT INTO u VALUES(1)")
    kinds = [{}, {"schema_only": True}, {"data_only": True}, {"tables": "t"}, {"tables": ["t", "u"]}, {"exclude_tables": ["u"]},
             {"exclude_data": "u"}, {"exclude_data": "t"}, {"tables": "t", "schema_only": True}, {"redact": "t.secret"}]
    names = []
    for second in range(2):
        for i, kind in enumerate(kinds):
            at(f"2024-03-0{second + 1}T08:00:{i:02}")
            names.append(os.path.basename(json.loads(call(db, "adcp_backup", None, options(**kind)))["path"]))
    report = prune(db, keep_last=1, apply=True)
    check("the newest of each kind", (report["deleted"], kept(report)), (len(kinds), names[len(kinds):]))
    check("types", [f["backup_type"] for f in report["files"][:len(kinds)]],
          ["full", "schema", "data", "partial", "partial", "partial", "partial", "partial", "schema", "full"])
    selection = lambda name: json.loads(call(db, "adcp_info", f"{folder}/backups/{name}"))["backup_metadata"].get("selection")
    check("selection", [selection(name) for name in names[len(kinds):]],
          [None, None, None, {"tables": ["t"]}, {"tables": ["t", "u"]}, {"exclude_tables": ["u"]}, {"exclude_data": ["u"]},
           {"exclude_data": ["t"]}, {"tables": ["t"]}, None])
    db.close()


def test_latest_of_another(folder):
    """The newest of a folder that databases share may be another's: that is said before rows go, and afterwards."""
    first, second = connect(f"{folder}/first.db"), connect(f"{folder}/second.db")
    for db, moment in ((first, "2024-03-01T08:00:00"), (second, "2024-03-02T08:00:00")):
        db.isolation_level = None
        db.execute("CREATE TABLE t(a)")
        db.execute("INSERT INTO t VALUES(?)", (moment,))
        call(db, "adcp_config", "backup_dir", f"{folder}/shared")
        backup(db, moment)
    doubt = f"'latest' is a backup of {folder}/second.db, not of this database's file"
    restored = lambda db, path="latest", **more: json.loads(call(db, "adcp_restore", path, options(force=True, **more)))
    planned = lambda db, path="latest": [row[0] for row in db.execute(
        "SELECT detail FROM adcp_plan(?, '{\"force\":true}') WHERE action = 'warning'", (path,))]
    refusal = error_of(lambda: call(first, "adcp_restore", "latest"))
    check("another's: before", "if they may go; " + doubt + "; database unchanged" in refusal, True)
    check("another's: plan", (planned(first), planned(second)), ([doubt], []))
    latest = json.loads(call(first, "adcp_info", "latest"))["path"]
    check("another's: restored", (restored(first, validate_only=True)["warnings"], restored(first)["warnings"]), ([doubt], [doubt]))
    check("its own", restored(second)["warnings"], [])
    check("by its path", (restored(first, latest)["warnings"], planned(first, latest)), ([], []))
    memory = connect(":memory:")
    call(memory, "adcp_config", "backup_dir", f"{folder}/shared")
    check("into memory", restored(memory)["warnings"], [])

    at("2024-03-01T00:00:00")
    early = "'latest' is dated in the future, 2024-03-02T08:00:00Z: others may have been made later"
    check("future: restored", (restored(first)["warnings"], restored(second)["warnings"], planned(second)), ([doubt, early], [early], [early]))
    check("future: validated", json.loads(call(second, "adcp_validate", "latest"))["warnings"],
          ["it is dated in the future, 2024-03-02T08:00:00Z"])
    check("future: checked", second.execute("SELECT severity, code FROM adcp_check('latest')").fetchall(), [("warning", "future")])
    for db in (first, second, memory):
        db.close()


def test_info_shared(folder):
    """In a folder that databases share, backups of another are none of this one."""
    shared = f"{folder}/shared"
    first, second = connect(f"{folder}/first.db"), connect(f"{folder}/second.db")
    for db in (first, second):
        call(db, "adcp_config", "backup_dir", shared)
        call(db, "adcp_config", "max_age", "1d")
    info = lambda db: json.loads(call(db, "adcp_info"))
    warnings = lambda: (info(first)["warnings"], info(second)["warnings"])
    old = os.path.basename(backup(first, "2024-03-01T08:00:00"))
    check("none of its own", warnings(), ([], [f"there is no backup of this database's file yet in {shared}; the newest there, {old}, is of {folder}/first.db"]))
    new = os.path.basename(backup(second, "2024-03-03T08:00:00"))
    check("its own is too old", warnings(), ([f"the newest backup of this database's file, {old} of 2024-03-01T08:00:00Z, is older than max_age (1d)"], []))
    check("the newest of all", [info(db)["backup_dir"]["newest"] for db in (first, second)], [new, new])
    at("2024-03-05T08:00:00")
    check("both", [f"{name} of 2024" in w for (w,), name in zip(warnings(), (old, new))], [True, True])
    memory = connect(":memory:")
    call(memory, "adcp_config", "backup_dir", shared)
    check("one without a file", info(memory)["warnings"], [])
    for db in (first, second, memory):
        db.close()


def test_table_of_latest(folder):
    """A table of 'latest' stays one of the backup that was the newest when it was created."""
    db = connect(f"{folder}/app.db")
    db.isolation_level = None
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES('old')")
    call(db, "adcp_config", "backup_dir", f"{folder}/shelf")
    backup(db, "2024-03-01T08:00:00")
    db.execute("CREATE VIRTUAL TABLE temp.o USING adcp_table('latest', t)")
    db.execute("UPDATE t SET a = 'new'")
    backup(db, "2024-03-02T08:00:00")
    for again in ("SELECT 1", "VACUUM", "BEGIN; CREATE TABLE z(a); ROLLBACK", "PRAGMA writable_schema=RESET",
                  "SELECT adcp_restore('latest', '{\"force\":true}')", "ALTER TABLE temp.o RENAME TO p; ALTER TABLE temp.p RENAME TO o; VACUUM"):
        db.executescript(again)
        check("a table of latest: " + again, db.execute("SELECT a FROM temp.o").fetchall(), [("old",)])
    db.execute("DROP TABLE temp.o")
    db.execute("CREATE VIRTUAL TABLE temp.o USING adcp_table('latest', t)")
    check("created again", db.execute("SELECT a FROM temp.o").fetchall(), [("new",)])
    db.close()


def test_one_second(folder):
    """What is deleted frees no name that sorts before what stays: the newest of a second is the one made last."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES(1)")
    moment = "2024-03-01T08:00:00"
    second = [backup(db, moment) for _ in range(2)][1]
    check("the first goes", (prune(db, keep_last=1, apply=True)["deleted"], os.path.exists(second)), (1, True))
    third = backup(db, moment)
    check("the third's name", os.path.basename(third), "comprehensive_backup_20240301_080000_3.json.gz")
    call(db, "adcp_config", "compress", "none")
    last = backup(db, moment)
    check("latest", json.loads(call(db, "adcp_info", "latest"))["path"], last)
    check("and it stays", kept(prune(db, keep_last=1, apply=True)), [os.path.basename(last)])
    db.close()


def test_future(folder):
    """A moment of a wrong clock: what it dated neither pushes out what is newer nor hides that nothing newer is there."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES(1)")
    glitch, yesterday, today = [os.path.basename(backup(db, moment)) for moment in (
        "2036-07-18T13:20:00", "2024-03-01T08:00:00", "2024-03-02T08:00:00")]
    report = prune(db, keep_last=1, apply=True)
    check("future: set aside", (rule(report, glitch), rule(report, today), kept(report)),
          ("dated in the future", "keep_last", [today, glitch]))
    at("2024-03-04T08:00:00")
    call(db, "adcp_config", "max_age", "1d")
    report = json.loads(call(db, "adcp_info"))
    check("future: the newest is another",
          [report["backup_dir"][key] for key in ("backups", "newest", "newest_created_at", "newest_age_s")],
          [2, today, "2024-03-02T08:00:00Z", 2 * 86400])
    warnings = report["warnings"]
    check("future: warned", (len(warnings), "older than max_age" in warnings[0], warnings[1].startswith(
        f"{glitch} is dated in the future, 2036-07-18T13:20:00Z (1 such backup): 'latest' and adcp_undo take it")), (2, True, True))
    # Where this clock is the wrong one, all are of the future, and nothing goes.
    at("1970-01-02T00:00:00")
    report = prune(db, keep_last=1, apply=True)
    check("future: all of it", (report["deleted"], kept(report)), (0, [today, glitch]))
    report = json.loads(call(db, "adcp_info"))
    check("future: none known", (report["backup_dir"]["backups"], report["backup_dir"]["newest"], report["backup_dir"]["newest_age_s"],
                                 ["(2 such backups)" in text for text in report["warnings"]]), (2, None, None, [True]))
    # Clocks of two machines differ a little.
    at("2024-03-02T07:00:00")
    check("future: an hour is none", rule(prune(db, keep_last=1), today), "keep_last")
    db.close()


def test_prune_errors(folder):
    db = connect(f"{folder}/app.db")
    check("no rule", "no rule says what to keep" in error_of(lambda: prune(db)), True)
    check("zero is no rule", "no rule says" in error_of(lambda: prune(db, keep_last=0)), True)
    check("unknown", 'did you mean "keep_daily"?' in error_of(lambda: prune(db, keep_day=1)), True)
    check("negative", "from -1 to" in error_of(lambda: prune(db, keep_last=-2)), True)
    check("duration", "must be a duration" in error_of(lambda: prune(db, keep_within="1w")), True)
    check("no folder yet", prune(db, keep_last=1)["files"], [])
    call(db, "adcp_config", "keep_last", 3)
    check("rules from the settings", prune(db)["keep"], 0)
    check("a folder by option", prune(db, backup_dir=folder)["backup_dir"], folder)
    check("a folder by option, missing", "cannot read the folder typo: No such file" in error_of(lambda: prune(db, backup_dir="typo")), True)
    check("a folder by option, none", 'option "backup_dir" is empty' in error_of(lambda: prune(db, backup_dir="")), True)
    call(db, "adcp_config", "backup_dir", "not_yet")
    check("a folder of the settings, missing", prune(db)["files"], [])
    check("the same by option", "cannot read the folder not_yet" in error_of(lambda: prune(db, backup_dir="not_yet")), True)
    check("not a folder", "Not a directory" in error_of(lambda: prune(db, backup_dir=SO)), True)
    db.close()


def test_memdb():
    """It has a name, which is no file's."""
    folder = tempfile.mkdtemp()
    db = sqlite3.connect(f"file:{folder}/x.db?vfs=memdb", uri=True, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(SO)
    db.execute("CREATE TABLE t(a)")
    check("memdb", error_of(lambda: call(db, "adcp_backup")),
          "adcp_backup: the database is in memory or temporary, so no folder of backups stands beside it; set one with "
          "adcp_config('backup_dir', path); no backup was written")
    info = json.loads(call(db, "adcp_info"))
    check("information of memdb", (info["database"]["path"], info["warnings"]),
          (None, ["the database is in memory or temporary, and backup_dir is not set"]))
    check("the name of memdb is free", json.loads(call(db, "adcp_backup", f"{folder}/x.db"))["tables"], 1)
    check("no folder was made", os.listdir(folder), ["x.db"])
    shutil.rmtree(folder)


def test_info(folder):
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES(1),(2),(3);"
                     "CREATE VIRTUAL TABLE f USING fts5(x); PRAGMA journal_mode = WAL;"
                     "CREATE TABLE gone(x); INSERT INTO gone VALUES(zeroblob(20000)); DROP TABLE gone")
    info = lambda: json.loads(call(db, "adcp_info"))
    report = info()
    database = report["database"]
    check("database", (database["path"], database["journal_mode"], database["tables"],
                       database["rows"], database["fts_tables"], database["free_pages"] > 0,
                       database["size_bytes"] % 4096),
          (f"{folder}/app.db", "wal", 1, 3, 1, True, 0))
    check("no backup yet", report["warnings"], [f"there is no backup yet in {folder}/backups"])
    path = backup(db, "2024-03-01T08:00:00")
    at("2024-03-02T08:00:01")
    report = info()
    check("newest", (report["backup_dir"]["backups"], report["backup_dir"]["newest_age_s"],
                     report["backup_dir"]["total_size_bytes"], report["backup_dir"]["free_bytes"] > 0),
          (1, 86401, os.path.getsize(path), True))
    check("no warning", report["warnings"], [])
    call(db, "adcp_config", "max_age", "2d")
    check("young enough", info()["warnings"], [])
    call(db, "adcp_config", "max_age", "1d")
    check("too old", ["older than max_age (1d)" in w for w in info()["warnings"]], [True])
    call(db, "adcp_config", "max_age", None)
    os.chmod(path, 0o644)
    check("world-readable", ["can be read by every user" in w for w in info()["warnings"]], [True])
    os.chmod(path, 0o600)
    del os.environ["SOURCE_DATE_EPOCH"]
    open(f"{folder}/backups/new.json.gz", "wb").write(open(path, "rb").read()[:-20])
    os.chmod(f"{folder}/backups/new.json.gz", 0o600)
    check("damaged", ["the newest backup, new.json.gz, is not valid" in w for w in info()["warnings"]],
          [True])
    one = json.loads(call(db, "adcp_info", "latest"))
    check("one backup", (one["path"], one["table_rows"], one["rows"], one["backup_metadata"]["version"],
                         one["created_at"]), (path, {"t": 3}, 3, "3.0", "2024-03-01T08:00:00Z"))
    check("a missing one", "cannot open" in error_of(lambda: call(db, "adcp_info", "nothing")), True)
    check("a damaged one", "new.json.gz" in error_of(
        lambda: call(db, "adcp_info", f"{folder}/backups/new.json.gz")), True)
    memory = json.loads(call(connect(":memory:"), "adcp_info"))
    check("in memory", (memory["database"]["path"], memory["warnings"]),
          (None, ["the database is in memory or temporary, and backup_dir is not set"]))
    test_memdb()
    db.close()


def test_no_folder(folder):
    """Where no backup could be written, adcp_info says so, why, and what to do; adcp_backup agrees."""
    os.chdir(folder)
    db = connect("app.db")
    db.executescript("CREATE TABLE t(a)")
    open("file", "w").close()
    os.symlink("nowhere", "dangling")
    os.symlink("circle", "circle")
    for backup_dir, why in (
            ("none/backups", "the folder of backups none/backups cannot be made: No such file or directory"),
            ("none/a/b/", "the folder of backups none/a/b/ cannot be made: No such file or directory"),
            ("file/backups", "the folder of backups file/backups cannot be reached: Not a directory"),
            ("file", "the folder of backups file is not a folder"),
            ("dangling", "the folder of backups dangling is a link that leads nowhere"),
            ("circle", "the folder of backups circle cannot be reached: Too many levels of symbolic links"),
            (300 * "x", f"the folder of backups {300 * 'x'} cannot be reached: File name too long")):
        call(db, "adcp_config", "backup_dir", backup_dir)
        report = json.loads(call(db, "adcp_info"))
        check(f"warnings {backup_dir[:20]}", report["warnings"],
              [f"{why}; until that is mended, or another one set with adcp_config('backup_dir', path), there is no backup"])
        check(f"figures {backup_dir[:20]}", (report["backup_dir"]["exists"], report["backup_dir"]["backups"]), (False, 0))
        check(f"no backup {backup_dir[:20]}", error_of(lambda: call(db, "adcp_backup")) != "", True)
    for backup_dir in ("new", "new/"):
        call(db, "adcp_config", "backup_dir", backup_dir)
        check(f"can be made: {backup_dir}", json.loads(call(db, "adcp_info"))["warnings"], [f"there is no backup yet in {backup_dir}"])
        check("nothing was made", os.path.exists("new"), False)
    db.close()


def as_another_user(work):
    """What work() returns in a process whose access the modes of files decide, as they do not for root; None where
    that cannot be had."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
            os.write(write, json.dumps(work()).encode())
        except PermissionError:
            os.write(write, b"null")
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text or '"it died"')


def test_closed_folders(folder):
    """Folders that this user may not use. The database is in memory: it needs no file that could be closed too."""
    os.chdir(folder)
    os.chmod(".", 0o755)
    db = connect(":memory:")
    db.executescript("CREATE TABLE t(a)")
    os.mkdir("closed")
    os.mkdir("closed/in")
    os.mkdir("shut")
    db.execute("SELECT adcp_backup('shut/a.json')")
    os.chmod("shut/a.json", 0o600)

    def say(backup_dir):
        call(db, "adcp_config", "backup_dir", backup_dir)
        return json.loads(call(db, "adcp_info"))["warnings"], error_of(lambda: call(db, "adcp_backup"))

    mend = "; until that is mended, or another one set with adcp_config('backup_dir', path), there is no "
    for backup_dir, mode, changed, why in (
            ("closed/new", 0o555, "closed", "the folder of backups closed/new cannot be made: Permission denied"),
            ("closed/in", 0o700, "closed", "the folder of backups closed/in cannot be reached: Permission denied"),
            ("shut", 0o111, "shut", "shut cannot be written to: Permission denied"),
            ("shut", 0o555, "shut", "shut cannot be written to: Permission denied")):
        if os.geteuid() != 0 and mode == 0o700:
            mode = 0o000
        os.chmod(changed, mode)
        said = as_another_user(lambda: say(backup_dir))
        if said is None:
            print("skipped: another user (not allowed here)")
            break
        check(f"{backup_dir} {mode:o}: why", [text for text in said[0] if why in text and mend in text] != [], True)
        check(f"{backup_dir} {mode:o}: no backup", "Permission denied" in said[1], True)
        unread = [text for text in said[0] if text.startswith("cannot read the folder shut: Permission denied")]
        check(f"{backup_dir} {mode:o}: not read", len(unread), int(mode == 0o111))
    for name in ("closed", "shut"):
        os.chmod(name, 0o755)
    db.close()


def test_two_processes(folder):
    """Writers that share a second never share a name, and every file is whole."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES(1)")
    db.close()
    program = ("import sqlite3,sys\ndb=sqlite3.connect(sys.argv[1])\ndb.enable_load_extension(1)\n"
               "db.load_extension(sys.argv[2])\n"
               "for i in range(10): print(db.execute(\"SELECT adcp_backup() ->> 'path'\").fetchone()[0])")
    environment = dict(os.environ, SOURCE_DATE_EPOCH="1709251199")
    writers = [subprocess.Popen([sys.executable, "-c", program, f"{folder}/app.db", SO],
                                stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
    paths = [line for writer in writers for line in writer.communicate()[0].split()]
    check("names", (len(paths), len(set(paths))), (30, 30))
    db = connect(f"{folder}/app.db")
    check("whole", db.execute("SELECT count(*) FROM adcp_backups WHERE status = 'ok'").fetchone()[0], 30)
    check("nothing else", len(os.listdir(f"{folder}/backups")), 30)
    check("the newest of a second", call(db, "adcp_info", "latest") != "" and
          json.loads(call(db, "adcp_info", "latest"))["path"].endswith("_30.json.gz"), True)
    db.close()


def test_many(folder):
    """1,000 backups are listed in well under a second, whatever their size and their number of tables, by a few
    reads of each; so are 100 among 10,000 other files."""
    db = connect(f"{folder}/app.db")
    # 3,000 tables and 60 MB: head and manifest of megabytes, which a list has no use for.
    db.executescript("".join(f"CREATE TABLE t{i:04}(a);INSERT INTO t{i:04} VALUES({i});" for i in range(3000)))
    db.execute("INSERT INTO t0000 SELECT hex(randomblob(500)) FROM "
               "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT i FROM n)")
    db.commit()
    call(db, "adcp_config", "level", 1)
    path = json.loads(call(db, "adcp_backup"))["path"]
    for i in range(999):
        os.link(path, f"{folder}/backups/b{i:04}.json.gz")
    start = time.process_time()
    check("thousand", db.execute("SELECT count(*), min(status), max(tables), max(rows) FROM adcp_backups").fetchone(),
          (1000, "ok", 3000, 63000))
    limit = 10 if os.environ.get("ADCP_SLOW_BUILD") else 0.5
    check("well under a second", time.process_time() - start < limit, True)
    for i in range(900):
        os.unlink(f"{folder}/backups/b{i:04}.json.gz")
    for i in range(10000):
        open(f"{folder}/backups/stray{i}.tmp", "w").close()
    start = time.process_time()
    check("strays", db.execute("SELECT count(*) FROM adcp_backups").fetchone()[0], 100)
    check("quickly", time.process_time() - start < 0.5, True)
    db.close()


def test_latest(folder):
    """What a list shows may be whole where the rest of head or manifest is not: that is no 'latest'."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 2)")
    call(db, "adcp_config", "compress", "none")
    paths = [backup(db, f"2024-03-0{day}T08:00:00") for day in (1, 2, 3)]
    for path, text in ((paths[1], b'"offset":'), (paths[2], b'"rowid_name"')):
        data = open(path, "rb").read()
        at_byte = data.rindex(text)
        open(path, "wb").write(data[:at_byte] + b'"O' + data[at_byte + 2:])
    check("listed as whole", db.execute("SELECT count(*) FROM adcp_backups WHERE status = 'ok'").fetchone(), (3,))
    check("latest", json.loads(call(db, "adcp_info", "latest"))["path"], paths[0])
    newest = os.path.basename(paths[2])
    check("the newest is not valid", [w.startswith(f"the newest backup, {newest}, is not valid: ") and "CRC-32" in w
                                      for w in json.loads(call(db, "adcp_info"))["warnings"]], [True])
    os.unlink(paths[0])
    check("no latest", "none of the 2 files" in error_of(lambda: call(db, "adcp_info", "latest")), True)
    db.close()


def test_if_changed(folder):
    """What counts as unchanged is in a file of this database that is whole."""
    def changed(db):
        return not json.loads(call(db, "adcp_backup", None, options(if_changed=True)))["unchanged"]
    one, other = connect(f"{folder}/one.db"), connect(f"{folder}/other.db")
    for db in (one, other):
        db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES('MARKED')")
        call(db, "adcp_config", "backup_dir", f"{folder}/shared")
        call(db, "adcp_config", "compress", "none")
    at("2024-03-01T08:00:00")
    check("each database of a folder has its own", [changed(one), changed(other), changed(one), changed(other)], [True, True, False, False])
    path = one.execute("SELECT path FROM adcp_backups WHERE database LIKE '%one.db'").fetchone()[0]
    damage(path)
    check("a damaged one does not count", [changed(one), changed(one)], [True, False])
    latin = connect(os.fsencode(f"{folder}/one") + b"\xfc.db")
    latin.executescript("CREATE TABLE t(a); INSERT INTO t VALUES('MARKED')")
    call(latin, "adcp_config", "backup_dir", f"{folder}/shared")
    check("a name that is not UTF-8", [changed(latin), changed(latin)], [True, False])
    latin.close()
    one.close()
    other.close()
    for encoding in ("UTF-8", "UTF-16le", "UTF-16be"):
        db = connect(":memory:")
        db.executescript(f"PRAGMA encoding = '{encoding}'; CREATE TABLE t(a); INSERT INTO t VALUES('MARKED')")
        call(db, "adcp_config", "if_changed", 1)
        call(db, "adcp_config", "overwrite", 1)
        check(f"the same rows in {encoding}", [json.loads(call(db, "adcp_backup", f"{folder}/encoded.json"))["unchanged"] for _ in range(2)], [False, True])
        db.close()


def test_moment(folder):
    """A backup is as old as its snapshot: what takes its time after that does not make it newer."""
    slow, quick = connect(f"{folder}/app.db"), connect(f"{folder}/app.db")
    slow.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t(a)")
    later = []

    def another():
        at("2024-03-01T08:00:05")
        quick.execute("INSERT INTO t VALUES(1)")
        quick.commit()
        later.append(json.loads(call(quick, "adcp_backup"))["path"])
        at("2024-03-01T08:00:09")
        return 1

    slow.create_function("another", 0, another)
    at("2024-03-01T08:00:00")
    earlier = json.loads(call(slow, "adcp_backup", None, options(flags={"f": "sql:SELECT another()"})))["path"]
    check("made of the moment before", dict(slow.execute("SELECT path, created_at FROM adcp_backups")),
          {earlier: "2024-03-01T08:00:00Z", later[0]: "2024-03-01T08:00:05Z"})
    check("and named so", os.path.basename(earlier).endswith("_20240301_080000.json.gz"), True)
    check("latest", json.loads(call(slow, "adcp_info", "latest"))["path"], later[0])
    slow.close()
    quick.close()


def test_json_of_others(folder):
    """A JSON file with a member of the same name, such as a log, is not a damaged backup."""
    db = connect(f"{folder}/app.db")
    for name, text in (("log.json", '{"time":"now","tables":5}\n{"time":"later"}\n'), ("members.json", '{"tables":[]}')):
        open(f"{folder}/{name}", "w").write(text)
    check("foreign", db.execute("SELECT name, status FROM adcp_backups(?) ORDER BY 1", (folder,)).fetchall(),
          [("log.json", "foreign"), ("members.json", "foreign")])
    db.close()


def test_marks(folder):
    """A manifest with marks of every kind, which a list passes over."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE k(a TEXT, b, c, PRIMARY KEY(a, b)) WITHOUT ROWID; CREATE TABLE t(a)")
    db.executemany("INSERT INTO k VALUES(?, ?, ?)", [('"]}[' + str(i), i, "x" * 1000) for i in range(3000)])
    db.executemany("INSERT INTO t VALUES(?)", [("y" * 1000,)] * 3000)
    db.commit()
    for name in ("a.json", "a.json.gz"):
        call(db, "adcp_backup", f"{folder}/{name}")
    text = open(f"{folder}/a.json").read()
    check("there are marks", len(json.loads(text)["backup_manifest"]["marks"]), 2)
    check("with keys", '[["' in text[text.rindex('"backup_manifest"'):] or
          ',["' in text[text.rindex('"backup_manifest"'):], True)
    rows = db.execute("SELECT name, status, tables, rows, uncompressed_bytes, error FROM adcp_backups(?)",
                      (folder,)).fetchall()
    check("listed", rows, [("a.json", "ok", 2, 6000, len(text), None),
                           ("a.json.gz", "ok", 2, 6000, rows[1][4], None)])
    db.close()


def test_other_packing(folder):
    """A whole backup that was unpacked is whole, in a list, too. One that another tool rewrote, or packed anew, is read through by
    who looks for the newest; a list says that it cannot tell."""
    db = connect(f"{folder}/app.db")
    db.execute("CREATE TABLE t(a)")
    db.executemany("INSERT INTO t VALUES(?)", [(os.urandom(500).hex(),) for _ in range(1000)])
    db.commit()
    first = backup(db, "2024-03-01T08:00:00")
    second = backup(db, "2024-03-02T08:00:00")
    text = gzip.decompress(open(second, "rb").read())
    folder = os.path.dirname(first)
    listed = lambda: {row[0]: row[1:] for row in db.execute(
        "SELECT name, status, tables, rows, uncompressed_bytes, substr(created_at, 1, 10), error FROM adcp_backups")}

    os.unlink(second)
    open(f"{folder}/unpacked.json", "wb").write(text)
    check("unpacked: listed", listed()["unpacked.json"], ("ok", 1, 1000, len(text), "2024-03-02", None))
    check("unpacked: latest", json.loads(call(db, "adcp_info", "latest"))["path"], f"{folder}/unpacked.json")
    check("unpacked: valid", json.loads(call(db, "adcp_validate", "latest"))["warnings"], [])
    os.unlink(f"{folder}/unpacked.json")

    for name, body in (("indented.json", json.dumps(json.loads(text), indent=2).encode()), ("packed.json.gz", gzip.compress(text)),
                       ("cut.json", text[:-100])):
        open(f"{folder}/{name}", "wb").write(body)
        status, tables, rows, size, day, error = listed()[name]
        check(f"{name}: listed", (status, tables, rows, size, day), ("damaged", None, None, None, "2024-03-02"))
        check(f"{name}: why", "incomplete, or another tool rewrote it; adcp_validate tells which" in error, True)
        wanted = first if name == "cut.json" else f"{folder}/{name}"
        check(f"{name}: latest", json.loads(call(db, "adcp_info", "latest"))["path"], wanted)
        plan = json.loads(call(db, "adcp_prune", '{"keep_last":1}'))
        check(f"{name}: prune", {os.path.basename(f["path"] if "path" in f else f["name"]): f["action"] for f in plan["files"]},
              {os.path.basename(first): "keep", name: "keep"})
        os.unlink(f"{folder}/{name}")
    db.close()


def test_large_others(folder):
    """Large files without a usable end are told by their first text."""
    db = connect(f"{folder}/app.db")
    db.execute("CREATE TABLE t(a)")
    db.executemany("INSERT INTO t VALUES(?)", [("x" * 1000,)] * 300)
    db.commit()
    backup(db, "2024-03-01T08:00:00")
    call(db, "adcp_backup", f"{folder}/backups/whole.json")
    text = open(f"{folder}/backups/whole.json").read()
    padding = " " * 70000
    old = {"backup_metadata": {"version": "2.0", "timestamp": "2023-01-01T00:00:00",
                               "data_counts": {"tenants": 2, "odd": "two", "less": -1, "too_many": 1e300}},
           "tenants": [], "pad": padding}
    files = {"cut.json": text[:-1000], "other.json": '{"a":1,"pad":"' + padding + '"}', "list.json": "[1" + padding + "]",
             "late.json": '{"pad":"' + 2 * 1024 * 1024 * "x" + '",' + text[1:-10], "old.json": json.dumps(old),
             "old_late.json": json.dumps({"app_settings": {}, **old}), "text.json": "x" * 70000,
             "uncounted.json": json.dumps({**old, "backup_metadata": {"version": "2.0"}}),
             "half.json": '{"backup_metadata":{"version":"3.0"' + padding}
    for name, body in files.items():
        open(f"{folder}/backups/{name}", "w").write(body)
    rows = {row[0]: row[1:] for row in db.execute("SELECT name, status, tables, rows, error FROM adcp_backups")}
    no_start = "not a backup: it does not begin with backup_metadata"
    for name, wanted in (("whole.json", ("ok", 1, 300, None)), ("other.json", ("foreign", None, None, no_start)),
                         ("late.json", ("foreign", None, None, no_start)),
                         ("old.json", ("ok", 1, 2, None)),
                         ("old_late.json", ("ok", 1, 2, None)), ("uncounted.json", ("ok", None, None, None))):
        check(name, rows[name], wanted)
    check("cut.json", (rows["cut.json"][0], "its end does not lead to the manifest: it is incomplete" in rows["cut.json"][3]),
          ("damaged", True))
    check("no JSON object", [(rows[name][0], "begins with neither {" in rows[name][3]) for name in ("list.json", "text.json")],
          [("foreign", True)] * 2)
    check("half.json", rows["half.json"][0] != "ok", True)
    db.close()


def test_times(folder):
    """Backups whose time cannot be read are kept, and the newest is sought among the others."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES(1)")
    path = backup(db, "2024-03-01T08:00:00")
    document = json.load(gzip.open(path))
    for name, time in (("soon.json", "soon"), ("none.json", None), ("number.json", 5)):
        document["backup_metadata"]["created_at"] = time
        json.dump(document, open(f"{folder}/backups/{name}", "w"))
    rows = db.execute("SELECT name, status, created_at FROM adcp_backups WHERE name NOT GLOB '*.gz' ORDER BY name").fetchall()
    check("times", rows, [("none.json", "ok", None), ("number.json", "ok", None), ("soon.json", "ok", "soon")])
    report = prune(db, keep_last=1)
    check("kept", [rule(report, name) for name in ("none.json", "soon.json")], ["has no readable created_at"] * 2)
    check("newest of those with a time", json.loads(call(db, "adcp_info"))["backup_dir"]["newest"],
          os.path.basename(path))
    # A foreign file is counted, and is no reason to warn; a broken one is, where there is no other.
    os.unlink(path)
    for name in ("soon.json", "none.json", "number.json"):
        os.unlink(f"{folder}/backups/{name}")
    open(f"{folder}/backups/foreign.json", "w").write("{}")
    check("a foreign file", json.loads(call(db, "adcp_info"))["warnings"], [f"there is no backup yet in {folder}/backups"])
    open(f"{folder}/backups/cut.json", "w").write(json.dumps(document)[:-50])
    warnings = json.loads(call(db, "adcp_info"))["warnings"]
    check("a broken one alone", ["there is no backup yet" in warnings[0], "cut.json, is not valid" in warnings[1]], [True, True])
    db.close()


def test_no_files(folder):
    """What is no file is listed, and never waited for."""
    db = connect(f"{folder}/app.db")
    db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES(1)")
    backup(db, "2024-03-01T08:00:00")
    os.mkfifo(f"{folder}/backups/pipe.json")
    os.symlink("nowhere", f"{folder}/backups/loose.json")
    rows = db.execute("SELECT name, status, error FROM adcp_backups WHERE status <> 'ok' ORDER BY name").fetchall()
    check("no files", [(name, status) for name, status, _ in rows],
          [(name, "foreign") for name in ("loose.json", "pipe.json")])
    check("why", [error.split(folder)[0] for _, _, error in rows],
          ["cannot open ", "not a backup: not a regular file"])
    db.close()


def test_environment(folder):
    def load(config):
        environment = dict(os.environ, ADCP_CONFIG=config)
        program = ("import sqlite3,sys\ndb=sqlite3.connect(':memory:')\ndb.enable_load_extension(1)\n"
                   "try: db.load_extension(sys.argv[1])\nexcept sqlite3.Error as e: sys.exit(print(e))\n"
                   "print(db.execute(\"SELECT adcp_config('name_prefix')\").fetchone()[0])")
        return subprocess.run([sys.executable, "-c", program, SO], env=environment, cwd=folder,
                              capture_output=True, text=True).stdout.strip().replace(
            "error during initialization: ", "")
    open(f"{folder}/good.json", "w").write('{"name_prefix":"shop"}')
    open(f"{folder}/bad.json", "w").write('{"name_prefx":"shop"}')
    check("settings of the environment", load("good.json"), "shop")
    check("none", load(""), "comprehensive_backup")
    check("unknown", load("bad.json"), "adcp: the settings that ADCP_CONFIG names: bad.json: unknown "
          'setting "name_prefx"; did you mean "name_prefix"?')
    check("missing", load("missing.json"), "adcp: the settings that ADCP_CONFIG names: cannot open "
          "missing.json: No such file or directory")


def test_undo_elsewhere(folder):
    """A relative folder of backups, and a process that works in another one when it undoes."""
    os.mkdir(f"{folder}/away")
    os.chdir(folder)
    db = connect("app.db")
    db.isolation_level = None
    db.executescript("CREATE TABLE t(x); INSERT INTO t VALUES(1)")
    call(db, "adcp_backup", "monday.json")
    call(db, "adcp_config", "backup_dir", "saved")
    db.execute("UPDATE t SET x = 2")
    report = json.loads(call(db, "adcp_restore", "monday.json", options(force=True)))
    check("as it was given", os.path.dirname(report["safety_backup"]), "saved")
    os.chdir("away")
    call(db, "adcp_undo")
    check("undone from elsewhere", db.execute("SELECT x FROM t").fetchall(), [(2,)])
    os.chdir(folder)
    db.close()
    # What could not be read may be what is looked for: that there is none is not all that is said.
    with open(report["safety_backup"], "r+b") as f:
        f.truncate(300)
    db = connect("app.db")
    call(db, "adcp_config", "backup_dir", "saved")
    said = error_of(lambda: call(db, "adcp_undo"))
    check("passed over", ("; a file that was passed over: " in said, said.endswith("; database unchanged")), (True, True))
    db.close()


for test in (test_prune, test_latest_of_another, test_info_shared, test_table_of_latest, test_kinds, test_unnamed, test_one_second, test_future, test_prune_errors, test_info, test_no_folder, test_closed_folders, test_two_processes, test_many, test_latest, test_if_changed, test_moment, test_json_of_others, test_marks, test_other_packing,
             test_large_others, test_times, test_no_files, test_undo_elsewhere, test_environment):
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    with tempfile.TemporaryDirectory() as scratch:
        test(os.path.realpath(scratch))
done()
