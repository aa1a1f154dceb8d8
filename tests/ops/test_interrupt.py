#!/usr/bin/python3
"""test_interrupt.py - a file that another tool wrote is read through when it is opened, and may be long without a row: an
interrupt is heard by whatever opens it, and so is one while the newest of many backups is looked for."""
import gzip
import os
import sqlite3
import sys
import tempfile
import threading

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import connect, done, equal  # noqa: E402

MIB = 300  # of white space: a second, at least
SOON = 0.1  # seconds, after which the interrupt comes


def make(path):
    """A backup of two rows, with white space between them, compressed by another program."""
    db = connect(":memory:")
    db.executescript("CREATE TABLE a(id INTEGER PRIMARY KEY, x); INSERT INTO a VALUES(1, 'first'), (2, 'second')")
    db.execute("SELECT adcp_backup(?)", (path + ".json",)).fetchone()
    with open(path + ".json", "rb") as file:
        text = file.read()
    at = text.rindex(b"\n", 0, text.index(b"second"))
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(text[:at])
        for _ in range(MIB):
            file.write(b" " * (1 << 20))
        file.write(text[at:])


def load(name=":memory:", backup_dir=None):
    db = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
    db.enable_load_extension(True)
    db.execute("SELECT load_extension(?)", (os.environ["ADCP_SO"],))
    if backup_dir:
        db.execute("SELECT adcp_config('backup_dir', ?)", (backup_dir,))
    return db


def message(db, sql):
    """Of a statement that ends in an error, or its rows."""
    try:
        return repr(db.execute(sql).fetchall())
    except sqlite3.OperationalError as error:
        return str(error)


def interrupted(sql, path, backup_dir=None):
    """The message of a statement that was interrupted."""
    db = load(backup_dir=backup_dir)
    timer = threading.Timer(SOON, db.interrupt)
    timer.start()
    try:
        return message(db, sql.replace("?", f"'{path}'"))
    finally:
        timer.cancel()
        timer.join()
        db.close()


def stopped(sql, folder):
    """The message of a statement that a progress handler stopped after some steps of SQLite's."""
    db, steps = load(os.path.join(folder, "own.db"), folder), [0]

    def handler():
        steps[0] += 1
        return steps[0] > STEPS

    db.set_progress_handler(handler, 1)
    text = message(db, sql)
    db.close()
    return text


STATEMENTS = [
    ("adcp_contents", "SELECT count(*) FROM adcp_contents(?)"),
    ("adcp_rows", "SELECT count(*) FROM adcp_rows(?, 'a')"),
    ("adcp_plan", "SELECT count(*) FROM adcp_plan(?)"),
    ("adcp_diff", "SELECT count(*) FROM adcp_diff(?)"),
    ("adcp_check", "SELECT count(*) FROM adcp_check(?)"),
    ("adcp_table", "CREATE VIRTUAL TABLE temp.x USING adcp_table(?, a)"),
    ("adcp_validate", "SELECT adcp_validate(?)"),
    ("adcp_restore", "SELECT adcp_restore(?)"),
    ("adcp_info", "SELECT adcp_info(?)"),
]

# Of those that find it themselves, in a folder of many files, or of one that is read through.
NEWEST = [
    ("restore", "SELECT adcp_restore('latest')", "adcp_restore: latest: interrupted; database unchanged"),
    ("validate", "SELECT adcp_validate('latest')", "adcp_validate: latest: interrupted"),
    ("plan", "SELECT count(*) FROM adcp_plan('latest')", "adcp_plan: interrupted"),
    ("backup", "SELECT adcp_backup(NULL, '{\"if_changed\":true}')", "adcp_backup: interrupted; no backup was written"),
    ("undo", "SELECT adcp_undo()", "adcp_undo: interrupted; database unchanged"),
]
FILES, STEPS = 400, 800

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "wide.json.gz")
    make(path)
    for name, sql in STATEMENTS:
        unchanged = "; database unchanged" if name == "adcp_restore" else ""
        equal(name, interrupted(sql, path), f"{name}: {path}: interrupted{unchanged}")
    alone = os.path.join(folder, "alone")
    os.mkdir(alone)
    os.link(path, os.path.join(alone, "wide.json.gz"))
    for name, sql, text in NEWEST[:3]:
        equal(f"{name} of latest, which is read through", interrupted(sql, path, alone), text)
    many = os.path.join(folder, "many")
    os.mkdir(many)
    for i in range(FILES):
        os.link(path + ".json", os.path.join(many, f"b{i}.json"))
    for name, sql, text in NEWEST:
        equal(f"{name} among {FILES} files", stopped(sql, many), text)
done()
