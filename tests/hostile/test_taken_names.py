#!/usr/bin/python3
"""test_taken_names.py - tables and functions that have names of SQLite's own, or of ours: what adcp asks SQLite is answered by SQLite.

A table pragma_function_list is read in place of the table-valued function of that name, and a function that the application registers is
called in place of SQLite's with as many arguments."""
import json
import os
import sqlite3
import sys
import tempfile

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from bounds import SLOW_BUILD  # noqa: E402
from program import check, connect, done, equal  # noqa: E402

BACKUP = "taken.json"


def ask(db, sql, *values):
    """The first value, or the error's text."""
    try:
        return db.execute(sql, values).fetchone()[0]
    except sqlite3.Error as error:
        return f"error: {error}"


def report(db, sql, *values):
    text = ask(db, sql, *values)
    return {"error": text} if text.startswith("error: ") else json.loads(text)


def backup_of(script, setup=None, options="{}"):
    """Its report; the file is BACKUP."""
    if os.path.exists(BACKUP):
        os.remove(BACKUP)
    db = connect(":memory:")
    if setup:
        setup(db)
    db.executescript(script)
    return report(db, "SELECT adcp_backup(?, ?)", BACKUP, options)


def restored(db, options="{}"):
    return report(db, "SELECT adcp_restore(?, ?)", BACKUP, options)


# ---- tables ----

LISTS = """CREATE TABLE pragma_function_list(name, builtin, type, enc, narg, flags);
INSERT INTO pragma_function_list VALUES('abs', 1, 's', 'utf8', 1, 0); CREATE TABLE pragma_module_list(name)"""
KEYS = """CREATE TABLE par(id INTEGER PRIMARY KEY); CREATE TABLE ch(id INTEGER PRIMARY KEY, p REFERENCES par);
INSERT INTO par VALUES(1); INSERT INTO ch VALUES(1, 1), (2, 99), (3, 98)"""
WARNING = '2 rows of table "ch" refer to rows of "par" that are not there'


def trust_and_modules():
    """A first backup may bring such tables; what a second one may do is not theirs to say."""
    calls = []

    def boom(x):
        calls.append(x)
        return 1

    def register(db):
        db.create_function("boom", 1, boom, deterministic=True)

    def victim(lists):
        db = connect(":memory:")
        register(db)
        if lists:
            backup_of(LISTS)
            check("the lists come back", restored(db).get("verified"))
        return db

    for lists in (False, True):
        db = victim(lists)
        backup_of("CREATE TABLE u(a, b AS (abs(1))); CREATE INDEX ui ON u(boom(a)); INSERT INTO u VALUES('secret')", register)
        calls.clear()
        check("not trusted", "unsafe use of boom()" in restored(db, '{"force":true}').get("error", ""))
        equal("not called", calls, [])
        db = victim(lists)
        backup_of("CREATE VIRTUAL TABLE d USING dbstat(main)")
        check("not allowed", 'uses module "dbstat", whose code would run' in restored(db, '{"force":true}').get("error", ""))


def named_like_pragmas():
    for taken in (
        "CREATE TABLE pragma_foreign_key_list(x)",
        "CREATE TABLE pragma_foreign_key_check(x)",
        "CREATE VIRTUAL TABLE pragma_foreign_key_list USING fts5(x)",
        "CREATE VIRTUAL TABLE pragma_foreign_key_check USING fts5(parent)",
        "CREATE TABLE pragma_index_list(x); CREATE TABLE pragma_index_info(x)",
    ):
        backup_of(KEYS + ";" + taken)
        result = report(connect(":memory:"), "SELECT adcp_validate(?)", BACKUP)
        equal(taken, (result.get("valid"), result.get("warnings")), (True, [WARNING]))
        equal(taken, restored(connect(":memory:")).get("foreign_key_violations"), 2)

    backup_of("CREATE TABLE pragma_table_xinfo(x); CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES('x')")
    check("shadow tables", restored(connect(":memory:")).get("verified"))
    backup_of("CREATE TABLE c(a, b); INSERT INTO c VALUES('old', 1)")
    db = connect(":memory:")
    db.executescript("CREATE TABLE pragma_table_xinfo(x); CREATE TABLE c(a, b); CREATE VIRTUAL TABLE f USING fts5(a, content='c')")
    restored(db, '{"data_only":true,"force":true}')
    equal("made anew", db.execute("SELECT count(*) FROM f WHERE f MATCH 'old'").fetchone()[0], 1)


def parents_of_one_table():
    """Joined where two keys refer to one table, in the order of names."""
    backup_of("CREATE TABLE b(id INTEGER PRIMARY KEY); CREATE TABLE a(id INTEGER PRIMARY KEY);"
              "CREATE TABLE c(x REFERENCES b, y REFERENCES a, z REFERENCES b); INSERT INTO c VALUES(1, 2, 3), (4, 5, 6)")
    result = report(connect(":memory:"), "SELECT adcp_validate(?)", BACKUP)
    equal("by parent", result["warnings"], ['2 rows of table "c" refer to rows of "a" that are not there',
                                            '4 rows of table "c" refer to rows of "b" that are not there'])


def named_like_the_feed():
    for taken in ("CREATE VIRTUAL TABLE adcp_feed USING fts5(c0, c1, c2)", "CREATE TABLE adcp_feed(c0, c1, c2)",
                  "CREATE VIEW adcp_feed AS SELECT 1 AS c0", "CREATE VIRTUAL TABLE adcp_feed USING fts5(c0); CREATE TABLE adcp_feed1(c0)"):
        backup_of("CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 2), (3, 4);" + taken)
        db = connect(":memory:")
        check(taken, restored(db).get("verified"))
        equal(taken, db.execute("SELECT * FROM t").fetchall(), [(1, 2), (3, 4)])


# ---- functions that adcp's own SQL could call ----


class Nothing:
    def step(self, *values):
        pass

    def finalize(self):
        return None


def replaced_in_our_sql():
    loss = 'this would replace the rows of "par" (2 rows)'
    for name, register in (
        ("count", lambda db: db.create_aggregate("count", 0, Nothing)),
        ("max", lambda db: db.create_aggregate("max", 1, Nothing)),
        ("min", lambda db: db.create_aggregate("min", 1, Nothing)),
        ("total", lambda db: db.create_aggregate("total", 1, Nothing)),
        ("typeof", lambda db: db.create_function("typeof", 1, lambda x: "integer")),
        ("coalesce", lambda db: db.create_function("coalesce", 2, lambda x, y: "")),
        ("lower", lambda db: db.create_function("lower", 1, lambda x: "")),
    ):
        backup_of(KEYS)
        db = connect(":memory:")
        db.executescript("CREATE TABLE par(id INTEGER PRIMARY KEY); INSERT INTO par VALUES(5), (6)")
        register(db)
        check(name, loss in restored(db).get("error", ""))
        result = restored(db, '{"force":true}')
        equal(name, (result.get("verified"), result.get("foreign_key_violations")), (True, 2))

    # A merge looks for ON CONFLICT clauses, which would drop a live row.
    backup_of("CREATE TABLE u(id INTEGER PRIMARY KEY, mail); INSERT INTO u VALUES(1, 'm')")
    for name, arguments in (("lower", 1), ("instr", 2)):
        db = connect(":memory:")
        db.executescript("CREATE TABLE u(id INTEGER PRIMARY KEY, mail UNIQUE ON CONFLICT REPLACE); INSERT INTO u VALUES(10, 'm')")
        db.create_function(name, arguments, lambda *values: None)
        said = restored(db, '{"mode":"merge","on_conflict":"abort"}')
        check(f"{name} and ON CONFLICT", "UNIQUE constraint failed: u.mail" in said.get("error", ""), said)
        equal(f"{name} and ON CONFLICT", db.execute("SELECT id FROM u").fetchall(), [(10,)])

    # Rows of a virtual table count as well.
    backup_of("CREATE VIRTUAL TABLE f USING fts5(a)")
    db = connect(":memory:")
    db.executescript("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES('x')")
    db.create_aggregate("count", 0, Nothing)
    check("count of a virtual table", '"f" (1 row)' in restored(db).get("error", ""))

    fts = ("CREATE TABLE cont(id INTEGER PRIMARY KEY, a); INSERT INTO cont VALUES(1, 'hello');"
           "CREATE VIRTUAL TABLE f USING fts5(a, b, content='cont', content_rowid='id'); INSERT INTO f(rowid, a, b) VALUES(1, 'hello', 'world')")
    for name in ("format", "printf"):
        result = backup_of(fts, lambda db, name=name: db.create_function(name, 2, lambda a, b: None), '{"fts":"rebuild"}')
        check(name, "cannot be rebuilt from" in str(result.get("warnings")), result)
        check(name, restored(connect(":memory:")).get("verified"))


def many_references():
    """The proofs that no row violates a foreign key: along an index, from value to value."""
    make = ("CREATE TABLE par(id INTEGER PRIMARY KEY); CREATE TABLE ch(id INTEGER PRIMARY KEY, p {} REFERENCES par); CREATE INDEX i ON ch(p {});"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 66000) INSERT INTO ch SELECT i, CASE WHEN i % 9 THEN i % 50 + 1 END FROM n;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO par SELECT i FROM n;")
    columns = (("INTEGER", ""), ("TEXT", ""), ("REAL", "DESC"), ("", "COLLATE NOCASE"), ("", ""))
    for declared, order in columns[:1 if SLOW_BUILD else None]:
        for extra, violations in (("", 0), ("INSERT INTO ch(p) VALUES(-9e999)", 1), ("INSERT INTO ch(p) VALUES('1'), (1.0)", 0),
                                  ("INSERT INTO ch(p) VALUES(51), (0), ('x'), (x'31'), ('!'), (1.5), (9.3e18)", 7)):
            backup_of(make.format(declared, order) + extra)
            db = connect(":memory:")
            db.create_aggregate("min", 1, Nothing)
            db.create_function("typeof", 1, lambda x: "integer")
            case = f"{declared} {order} {extra}"
            equal(case, restored(db).get("foreign_key_violations"), len(db.execute("PRAGMA foreign_key_check").fetchall()))
            equal(case, len(db.execute("PRAGMA foreign_key_check").fetchall()), violations)


# ---- functions that "where" calls ----


def replaced_in_where():
    """The rows that are restored are those that a SELECT with the same words finds."""
    def lower(db):
        db.create_function("lower", 1, lambda s: s.lower(), deterministic=True)

    def nocase(db):
        db.create_collation("NOCASE", lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))

    def rtrim(db):
        db.create_collation("RTRIM", lambda a, b: 0)

    def like(db):
        db.create_function("like", 2, lambda pattern, text: text[0] != pattern[0])

    def case_sensitive(db):
        db.execute("PRAGMA case_sensitive_like = 1")

    def substr(db):
        db.create_function("substr", 2, lambda text, at: "other")

    make = ("CREATE TABLE p(id INTEGER PRIMARY KEY, n TEXT COLLATE NOCASE, s TEXT AS (substr(n, 1, 1)));"
            "INSERT INTO p VALUES(1, 'Äpfel'), (2, 'äpfel'), (3, 'apfel'), (4, 'Apfel '), (5, 'birne')")
    for register, where in (
        (lower, "lower(n) = 'äpfel'"), (None, "lower(n) = 'äpfel'"), (nocase, "n = 'äpfel'"), (None, "n = 'APFEL'"), (rtrim, "n = 'x' COLLATE RTRIM"),
        (None, "n = 'apfel' COLLATE RTRIM"), (like, "n LIKE 'a%'"), (case_sensitive, "n LIKE 'A%'"), (case_sensitive, "n LIKE 'A%' ESCAPE '!'"),
        (None, "n LIKE 'A%'"), (substr, "substr(n, 2) = 'other' AND substr(n, 1, 1) = 'b'"), (lower, "max(id, 2) = 2 AND s <> ''"),
    ):
        for encoding in ("UTF-8", "UTF-16le"):
            db = connect(":memory:")
            db.execute(f"PRAGMA encoding = '{encoding}'")
            db.executescript(make)
            if os.path.exists(BACKUP):
                os.remove(BACKUP)
            ask(db, "SELECT adcp_backup(?)", BACKUP)
            if register:
                register(db)
            found = db.execute(f"SELECT count(*) FROM p WHERE {where}").fetchone()[0]
            result = restored(db, json.dumps({"tables": ["p"], "rename": {"p": "q"}, "where": {"p": where}}))
            equal(f"{encoding}: {where}", result.get("rows", result), found)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    trust_and_modules()
    named_like_pragmas()
    parents_of_one_table()
    named_like_the_feed()
    replaced_in_our_sql()
    many_references()
    replaced_in_where()
done()
