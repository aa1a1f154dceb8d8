"""An authorizer that ignores a PRAGMA, or INSERTs into a table: nothing is taken for granted in place of what it would have told, or made.

Each PRAGMA that a call asks is ignored, one at a time, and each table that it writes to: the call is an error that names it, or does what
it does without an authorizer. A database is UTF-16, has keys, indexes, foreign keys and full-text tables, so that an encoding or a list that is
not there would show.
"""
import os
import sqlite3
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done  # noqa: E402

os.chdir(os.environ["TMPDIR"])

SCRIPT = """
    PRAGMA encoding = 'UTF-16le';
    CREATE TABLE w(k TEXT, n, v, PRIMARY KEY(k DESC, n)) WITHOUT ROWID;
    CREATE TABLE p(id INTEGER PRIMARY KEY, x UNIQUE, g AS (x || 'g'));
    CREATE TABLE c(a TEXT PRIMARY KEY, up REFERENCES p(x));
    CREATE INDEX cx ON c(up);
    CREATE VIRTUAL TABLE f USING fts5(b);
    INSERT INTO w VALUES('é', 1, 2), ('z', 1, 2), (x'00', 2, 3);
    INSERT INTO p(x) VALUES('one'), ('two');
    INSERT INTO c VALUES('k', 'one');
    INSERT INTO f VALUES('words of it');
    PRAGMA user_version = 7;
"""
CHANGE = "UPDATE c SET up = 'two'; INSERT INTO w VALUES('q', 1, 2); DELETE FROM f"


def database(script):
    db = connect(":memory:")
    db.executescript(script)
    return db


def state(db):
    """All there is, as .dump and a few questions tell it."""
    has_words = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'f'").fetchall()
    questions = ["PRAGMA encoding", "PRAGMA user_version"] + (["SELECT rowid FROM f('words')"] if has_words else [])
    return list(db.iterdump()), [db.execute(sql).fetchall() for sql in questions]


def outcome(script, call, ignored):
    """(error or None, result, state of the database, the PRAGMAs that were asked and the tables of INSERTs)."""
    db, asked = database(script), set()

    def authorize(action, first, second, *rest):
        # What a module writes of its own, it writes without looking whether it was written.
        if action == sqlite3.SQLITE_INSERT and not first.startswith(("sqlite_", "f_")):
            asked.add("INSERT " + first)
            if "INSERT " + first == ignored:
                return sqlite3.SQLITE_IGNORE
        if action == sqlite3.SQLITE_PRAGMA:
            # Who sets one hears that it was not set: tests/fault has that.
            asked.add(first if second is None or first.endswith(("_list", "info", "check")) else None)
            if first == ignored:
                return sqlite3.SQLITE_IGNORE
        return sqlite3.SQLITE_OK

    db.set_authorizer(authorize)
    error = result = None
    try:
        result = db.execute(call).fetchall()
    except sqlite3.Error as failure:
        error = str(failure)
    db.set_authorizer(None)
    if os.path.exists("made.json"):
        with open("made.json") as file:
            result = [line for line in file if not line.startswith('{"backup_metadata"') and '"summary":' not in line and '"full_sha256"' not in line and '"manifest_at"' not in line]
        os.remove("made.json")
    found = state(db)
    db.close()
    return error, result, found, asked - {None}


database(SCRIPT).execute("SELECT adcp_backup('there.json'), adcp_backup('rebuild.json', '{\"fts\":\"rebuild\"}')")
CALLS = {
    "backup": (SCRIPT, "SELECT adcp_backup('made.json')"),
    "backup of a table": (SCRIPT, """SELECT adcp_backup('made.json', '{"tables":["w"]}')"""),
    "restore": ("PRAGMA encoding = 'UTF-16le'", "SELECT adcp_restore('there.json')"),
    "over another": (SCRIPT + CHANGE, """SELECT adcp_restore('there.json', '{"force":true,"safety_backup":false}')"""),
    "merge": (SCRIPT + CHANGE, """SELECT adcp_restore('there.json', '{"mode":"merge","safety_backup":false}')"""),
    "rows alone": (SCRIPT + CHANGE, """SELECT adcp_restore('there.json', '{"data_only":true,"force":true,"safety_backup":false}')"""),
    "rebuilt": ("PRAGMA encoding = 'UTF-16le'", "SELECT adcp_restore('rebuild.json')"),
    "some tables": (SCRIPT + CHANGE, """SELECT adcp_restore('there.json', '{"tables":["w","c"],"force":true,"safety_backup":false}')"""),
    "hash": (SCRIPT, "SELECT adcp_hash()"),
    "diff": (SCRIPT + CHANGE, "SELECT * FROM adcp_diff('there.json')"),
}
for name, (script, call) in CALLS.items():
    right = outcome(script, call, None)
    check(f"{name}: without", right[0] is None, right[0])
    for pragma in sorted(right[3]):
        error, result, found, asked = outcome(script, call, pragma)
        if error is None:
            same = found[0] == right[2][0] and found[1:] == right[2][1:] and (result == right[1] or "adcp_restore" in call)
            check(f"{name}, {pragma} ignored: as without", same, (result, right[1]))
        else:
            told = "INSERT" if pragma.startswith("INSERT") else pragma
            check(f"{name}, {pragma} ignored: {error}", told in error and "an authorizer may ignore statements" in error, error)
            check(f"{name}, {pragma} ignored: unchanged", found == state(database(script)))
    print(f"{name}: {len(right[3])} PRAGMAs and INSERTs")
done()
