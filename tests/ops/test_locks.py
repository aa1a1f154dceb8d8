#!/usr/bin/python3
"""test_locks.py - whatever a statement looks at as if it were a backup, the locks that SQLite holds on it in this process
stay: another process does not get to write in the middle of a transaction."""
import fcntl
import os
import sqlite3
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import connect, done, equal  # noqa: E402

CALLS = ["SELECT adcp_info(?)", "SELECT adcp_validate(?)", "SELECT count(*) FROM adcp_contents(?)", "SELECT adcp_restore(?)"]
OTHER = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def other_process(path):
    return subprocess.run([sys.executable, "-c", OTHER, path], capture_output=True, text=True, check=True).stdout


def check(name, database, path):
    for call in CALLS:
        db = connect(":memory:")
        try:
            db.execute(call, (path,)).fetchone()
        except sqlite3.DatabaseError:
            pass
        equal(f"{name}: {call}", other_process(database), "database is locked\n")
        db.close()


with tempfile.TemporaryDirectory() as folder:
    wal = os.path.join(folder, "wal.db")
    app = sqlite3.connect(wal, isolation_level=None)
    app.executescript("PRAGMA journal_mode = wal; CREATE TABLE t(a); BEGIN IMMEDIATE; INSERT INTO t VALUES(1)")
    for suffix in ("", "-wal", "-shm"):
        check("a database's file " + (suffix or "itself"), wal, wal + suffix)
    new = os.path.join(folder, "new.db")
    first = sqlite3.connect(new, isolation_level=None)
    first.executescript("BEGIN EXCLUSIVE; CREATE TABLE t(a)")
    equal("nothing is in it yet", os.path.getsize(new), 0)
    check("a first transaction", new, new)
    # An encrypted database does not begin as one; the lock that counts is SQLite's byte range.
    encrypted = os.path.join(folder, "encrypted.db")
    with open(encrypted, "w+b") as file:
        file.write(bytes(range(1, 256)) * 32)
        file.flush()
        fcntl.lockf(file, fcntl.LOCK_EX, 512, 0x40000000)
        check("an encrypted database", encrypted, encrypted)
done()
