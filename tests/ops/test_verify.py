#!/usr/bin/python3
"""test_verify.py - restored rows are read again before the commit: large tables beside the making of indexes where the database allows
it, all others by the connection itself. What is restored is the same, whoever has read it.

Which of the two it was is seen by the statements that SQLite traces on the connection."""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import connect, done, equal  # noqa: E402

DBSAME = os.path.join(os.environ["ADCP_BIN"], "dbsame")


def make(path):
    db = connect(path)
    db.executescript(
        """CREATE TABLE large(id INTEGER PRIMARY KEY, name TEXT, data BLOB);
        CREATE TABLE keyed(a TEXT, b INTEGER, c REAL, PRIMARY KEY(b, a)) WITHOUT ROWID;
        CREATE TABLE small(x);
        CREATE UNIQUE INDEX by_name ON large(name); CREATE INDEX by_data ON large(data, name); CREATE INDEX by_c ON keyed(c);
        CREATE TRIGGER t AFTER UPDATE ON large BEGIN INSERT INTO small VALUES(new.id); END;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
          INSERT INTO large SELECT i * 3, 'name ' || (i * 7919 % 40000), zeroblob(i % 90) FROM n;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 130000)
          INSERT INTO keyed SELECT 'key ' || i % 97, i, i / 7.0 FROM n;
        INSERT INTO small VALUES(1), ('two')"""
    )
    return db


def own_of(statements):
    """The tables that these statements have read again."""
    return sorted({name for s in statements for name in ("large", "keyed", "small") if f'."{name}" AS t NOT INDEXED' in s})


def restore(db, path, options="{}"):
    """The report, and the tables that the connection itself has read again."""
    statements = []
    db.set_trace_callback(statements.append)
    try:
        report = json.loads(db.execute("SELECT adcp_restore(?, ?)", (path, options)).fetchone()[0])
    finally:
        db.set_trace_callback(None)
    return report, own_of(statements)


def same(source, path):
    run = subprocess.run([DBSAME, source, path], capture_output=True, text=True)
    return run.returncode == 0 or run.stdout + run.stderr


EVERYTHING = ["keyed", "large", "small"]
BESIDE = ["small"]
CASES = [  # what, statements before, options, read by the connection
    ("a new file", "", "{}", BESIDE),
    ("two threads", "", '{"threads":2}', BESIDE),
    ("no threads", "", '{"threads":0}', EVERYTHING),
    ("WAL", "PRAGMA journal_mode=WAL", "{}", EVERYTHING),
    ("a memory map", "PRAGMA mmap_size=100000000", "{}", EVERYTHING),
    ("pages that move", "PRAGMA auto_vacuum=FULL; CREATE TABLE old(x)", '{"force":true}', EVERYTHING),
    ("a journal in memory", "PRAGMA journal_mode=MEMORY", "{}", BESIDE),
    ("a small cache", "PRAGMA cache_size=20", "{}", BESIDE),
    ("without the final reading", "", '{"skip_validation":true}', []),
    ("over other tables", "CREATE TABLE large(x UNIQUE); INSERT INTO large SELECT randomblob(3000) FROM json_each('[1,2,3,4,5,6,7,8]')",
     '{"force":true}', BESIDE),
    ("within a transaction", "BEGIN; CREATE TABLE mine(x)", '{"force":true}', BESIDE),
]

with tempfile.TemporaryDirectory() as folder:
    source, backup = f"{folder}/source.db", f"{folder}/b.json.gz"
    db = make(source)
    db.execute("SELECT adcp_backup(?)", (backup,))
    db.close()
    spare = len(os.sched_getaffinity(0)) > 1
    for i, (what, before, options, own) in enumerate(CASES):
        path = f"{folder}/{i}.db"
        db = connect(path)
        db.executescript(before)
        if not spare and '"threads"' not in options and own == BESIDE:
            options = json.dumps({**json.loads(options), "threads": 1})
        report, read = restore(db, backup, options)
        equal(f"{what}: verified", report["verified"], '"skip_validation"' not in options)
        equal(f"{what}: read by the connection", read, own)
        if db.in_transaction:
            db.execute("COMMIT")
        db.close()
        equal(f"{what}: the same", same(source, path), True)
        left = {f for f in os.listdir(folder) if f.startswith(f"{i}.")} - {f"{i}.db-wal", f"{i}.db-shm"}  # of the WAL case
        equal(f"{what}: files", left, {f"{i}.db"})

    # The sqlite3 shell, whose connection has no mutex.
    path, trace = f"{folder}/shell.db", f"{folder}/trace.txt"
    run = subprocess.run(["sqlite3", "-init", "/dev/null", "-batch", "-bail", path, f".load '{os.environ['ADCP_SO']}'", f".trace {trace}",
                          f"SELECT adcp_restore('{backup}', '{{\"threads\":1}}') ->> 'verified'"], capture_output=True, text=True)
    equal("the shell", (run.stdout, run.stderr), ("1\n", ""))
    with open(trace) as statements:
        equal("the shell: read by the connection", own_of(statements), BESIDE)
    equal("the shell: the same", same(source, path), True)

    # An attached database; the connection's own one is not touched.
    db = connect(f"{folder}/own.db")
    db.execute("ATTACH ? AS other", (f"{folder}/attached.db",))
    report, read = restore(db, backup, '{"schema":"other","threads":1}')
    equal("attached", (report["verified"], read), (True, BESIDE))
    equal("attached: own tables", db.execute("SELECT count(*) FROM main.sqlite_schema").fetchone()[0], 0)
    db.close()
    equal("attached: the same", same(source, f"{folder}/attached.db"), True)

    # An index that cannot be made, while tables are read beside it: all is as before.
    db = connect(f"{folder}/refused.db")
    db.executescript("CREATE TABLE kept(x); INSERT INTO kept VALUES(5)")
    def deny(action, a, b, c, d):
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_CREATE_INDEX and a == "by_data" else sqlite3.SQLITE_OK
    db.set_authorizer(deny)
    try:
        restore(db, backup, '{"force":true,"threads":1}')
        equal("refused", "restored", "an error")
    except sqlite3.Error as error:
        equal("refused", "database unchanged" in str(error), True)
    db.set_authorizer(None)
    equal("refused: tables", db.execute("SELECT name FROM sqlite_schema").fetchall(), [("kept",)])
    equal("refused: integrity", db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
    db.close()

done()
