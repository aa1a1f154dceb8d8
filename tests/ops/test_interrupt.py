#!/usr/bin/python3
"""test_interrupt.py - a file that another tool wrote is read through when it is opened, and may be long without a row: an
interrupt is heard by whatever opens it."""
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


def interrupted(sql, path):
    """The message of a statement that was interrupted."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.enable_load_extension(True)
    db.execute("SELECT load_extension(?)", (os.environ["ADCP_SO"],))
    timer = threading.Timer(SOON, db.interrupt)
    timer.start()
    try:
        return repr(db.execute(sql.replace("?", f"'{path}'")).fetchall())
    except sqlite3.OperationalError as error:
        return str(error)
    finally:
        timer.cancel()
        timer.join()
        db.close()


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

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "wide.json.gz")
    make(path)
    for name, sql in STATEMENTS:
        unchanged = "; database unchanged" if name == "adcp_restore" else ""
        equal(name, interrupted(sql, path), f"{name}: {path}: interrupted{unchanged}")
done()
