#!/usr/bin/python3
"""test_interrupt.py - a file that another tool wrote is read through when it is opened, and may be long without a row: an
interrupt is heard by whatever opens it; so it is where a file is edited for long."""
import gzip
import os
import sqlite3
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done, equal  # noqa: E402

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

VARIABLES = 8000  # each is looked for in all lines of the .env file: a second, at least


def make_variables(path):
    for i in range(VARIABLES):
        os.environ[f"INTERRUPT_{i}"] = "x"
    connect(":memory:").execute("SELECT adcp_backup(?, ?)", (path, '{"env":["INTERRUPT_*"]}')).fetchone()
    for i in range(VARIABLES):
        del os.environ[f"INTERRUPT_{i}"]


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "wide.json.gz")
    make(path)
    for name, sql in STATEMENTS:
        unchanged = "; database unchanged" if name == "adcp_restore" else ""
        equal(name, interrupted(sql, path), f"{name}: {path}: interrupted{unchanged}")
    path = os.path.join(folder, "variables.json")
    make_variables(path)
    restore = f"""SELECT adcp_restore(?, '{{"env_file":"{folder}/.env"}}')"""
    start = time.monotonic()
    equal("env_file", interrupted(restore, path), f"adcp_restore: {path}: interrupted; database unchanged")
    equal("env_file: not written", os.path.exists(f"{folder}/.env"), False)
    middle = time.monotonic()
    connect(":memory:").execute(restore, (path,)).fetchone()
    took, whole = middle - start, time.monotonic() - middle
    check("env_file: soon", took < whole / 2, f"{took:.2f} s of {whole:.2f} s")
done()
