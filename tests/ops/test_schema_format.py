"""Databases of schema format 1, as SQLite made them before 3.7.10: DESC in a key is ignored there, and rows ascend.

A backup of one and one of a database that knows DESC are the same, and each comes back into the other.
"""
import json
import os
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
sys.path.append(os.path.join(sys.path[0], "..", "damage"))
from program import connect, done, equal  # noqa: E402

from forge import Forgery  # noqa: E402

os.chdir(os.environ["TMPDIR"])

SCRIPT = """CREATE TABLE w(a INTEGER, b, PRIMARY KEY(a DESC)) WITHOUT ROWID;
    INSERT INTO w VALUES(1, 'x'), (2, 'y'), (3, 'z');
    CREATE TABLE m("desc" TEXT, b, PRIMARY KEY(b, 'desc' COLLATE NOCASE DESC)) WITHOUT ROWID;
    INSERT INTO m VALUES('p', 1), ('q', 1), ('a', 2), ('B', 2);
    CREATE INDEX i ON w(b DESC);"""
FORMAT_AT = 44  # in the header, four bytes


def database(path, schema_format, script):
    db = connect(path)
    db.executescript("CREATE TABLE old(x); INSERT INTO old VALUES(1)")
    db.close()
    with open(path, "r+b") as file:
        file.seek(FORMAT_AT)
        file.write(schema_format.to_bytes(4, "big"))
    db = connect(path)
    db.executescript("DROP TABLE old; " + script)
    with open(path, "rb") as file:
        equal(f"format of {path}", int.from_bytes(file.read(48)[FORMAT_AT:], "big"), schema_format)
    return db


def ask(db, sql, *values):
    return db.execute(sql, values).fetchall()


def restored(db, path, options='{"force":true}'):
    return json.loads(ask(db, "SELECT adcp_restore(?, ?)", path, options)[0][0])["verified"]


def same_backups(first, fourth):
    equal("rows ascend", ask(first, "SELECT a FROM w"), [(1,), (2,), (3,)])
    equal("rows descend", ask(fourth, "SELECT a FROM w"), [(3,), (2,), (1,)])
    hashes = "SELECT adcp_hash(), adcp_hash('w'), adcp_hash('m')"
    equal("digests", ask(first, hashes), ask(fourth, hashes))
    for name, db in ("first", first), ("fourth", fourth):
        ask(db, "SELECT adcp_backup(?)", f"{name}.json")
        equal(f"{name}: valid", ask(db, "SELECT adcp_validate(?) ->> 'valid'", f"{name}.json"), [(1,)])
        for other in "first", "fourth":
            if os.path.exists(f"{other}.json"):
                equal(f"{name}: differences to {other}", ask(db, "SELECT * FROM adcp_diff(?)", f"{other}.json"), [])
    equal("text of the rows", Forgery(open("first.json").read()).tables, Forgery(open("fourth.json").read()).tables)


def found(db):
    """By ranges of the key, in a backup and in the database."""
    ask(db, "CREATE VIRTUAL TABLE temp.o USING adcp_table('first.json', w)")
    for where in "a = 3", "a = 2", "a >= 2", "a <= 2", "a < 3 AND a > 1":
        rows = [ask(db, f"SELECT a, b FROM {table} WHERE {where} ORDER BY a") for table in ("o", "w")]
        equal(f"WHERE {where}", *rows)
    ask(db, "DROP TABLE temp.o")
    ask(db, "UPDATE w SET b = 'Y' WHERE a = 2")
    differences = ask(db, "SELECT object, change, key, old, new FROM adcp_diff('first.json')")
    equal("differences", differences, [("w", "changed", 2, "y", "Y")])
    ask(db, "UPDATE w SET b = 'y' WHERE a = 2")


def comes_back(first, fourth):
    for name, db in ("first", first), ("fourth", fourth):
        for other in "first", "fourth":
            equal(f"{other} into {name}", restored(db, f"{other}.json"), True)
            equal(f"{other} in {name}", ask(db, "PRAGMA integrity_check"), [("ok",)])


def as_they_stood(db):
    """A backup whose rows ascend all the same."""
    forgery = Forgery(open("first.json").read())
    forgery.rows("w").reverse()
    with open("stood.json", "wb") as file:
        file.write(forgery.text())
    equal("ascending", forgery.rows("w")[0], '{"a":1,"b":"x"}')
    equal("ascending: valid", ask(db, "SELECT adcp_validate('stood.json') ->> 'valid'"), [(1,)])
    equal("ascending: restored", restored(db, "stood.json"), True)
    equal("ascending: rows", ask(db, "SELECT a, b FROM w"), [(3, "z"), (2, "y"), (1, "x")])


def main():
    first = database("first.db", 1, SCRIPT)
    fourth = database("fourth.db", 4, SCRIPT)
    same_backups(first, fourth)
    found(first)
    found(fourth)
    comes_back(first, fourth)
    as_they_stood(fourth)
    done()


main()
