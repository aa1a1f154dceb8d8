#!/usr/bin/env python3
"""make_database.py - sample databases for the tests of other programs.

    make_database.py KIND FILE

    values, values16le, values16be   every kind of value, name, table and schema object
    plain                            nothing that a JSON tool of any age changes
    numbers                          one row of each number that old JSON tools change
    tiny                             three rows
    large                            a few 10 MB of text in several hundred blocks

The same kind gives the same rows each time.
"""
import random
import sqlite3
import sys

INTEGERS = [0, 1, -1, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 10**18]
REALS = [0.0, -0.0, 1.0, -1.0, 0.1, 1.5, 100.0, 1e15, 1e20, 123456789012345680000.0, 1e21, 1.5e21, 1e22,
         1e-5, 1e-6, 1e-7, 1.25e-7, 5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308,
         1.7976931348623157e308, 0.30000000000000004, 9007199254740993.0, 4.35, 1 / 3, 5e-7,
         float("inf"), float("-inf")]
TEXTS = ["", "plain", "Zürich", "\U0001f600 emoji", "a\0b", "\0", "tab\tnewline\nreturn\r\n", "\b\f\v\x1b",
         "quote \" backslash \\ slash /", "\x7f\x80\u2028\u2029", "\ufeffstarts with a mark", "\ufffe\uffff",
         '{"$blob":"AA=="}', "null", "1", "1.0", "<&>'", "\u00e9 e\u0301", "x" * 70000, "\u4e2d" * 40000]
BLOBS = [b"", b"\0", bytes(range(256)), b"\xff" * 7, b"not text, a blob"]


def hidden_text16(db, table, column, raw_texts):
    """Text of a UTF-16 database that is not valid UTF-16: bytes in the database's own order."""
    db.execute("CREATE TEMP TABLE raw(b BLOB)")
    db.executemany("INSERT INTO temp.raw VALUES(?)", [(raw,) for raw in raw_texts])
    db.execute(f'INSERT INTO "{table}"("{column}") SELECT CAST(b AS TEXT) FROM temp.raw ORDER BY rowid')
    db.execute("DROP TABLE temp.raw")


def make_values(db, encoding):
    rng = random.Random(20231)
    db.execute(f"PRAGMA encoding = '{encoding}'")
    db.execute("PRAGMA page_size = 1024")
    db.execute("PRAGMA user_version = -7")
    db.execute("PRAGMA application_id = 1094861636")
    db.execute("CREATE TABLE everything(a, b TEXT, c INTEGER, d REAL, e BLOB, f NUMERIC)")
    for value in [None] + INTEGERS + REALS + TEXTS + BLOBS:
        db.execute("INSERT INTO everything VALUES(?1, ?1, ?1, ?1, ?1, ?1)", (value,))
    for _ in range(300):
        bits = rng.getrandbits(64).to_bytes(8, "little")
        real = __import__("struct").unpack("<d", bits)[0]
        if real == real:
            db.execute("INSERT INTO everything(a, b) VALUES(?, ?)", (real, rng.randbytes(rng.randrange(40))))
    if encoding == "UTF-8":
        for raw in [b"\xff", b"caf\xe9", b"\xed\xa0\x80", b"\xc0\x80", b"a\0\xfe"]:
            db.execute("INSERT INTO everything(a) VALUES(CAST(? AS TEXT))", (raw,))
    else:
        order = "little" if encoding == "UTF-16le" else "big"
        units = [[0xD800], [0xDC00, 0xD800], [0x61, 0xDBFF, 0x62], [0xFEFF, 0xD800], [0xFEFF, 0x61], [0xFFFE]]
        raw_texts = [b"".join(u.to_bytes(2, order) for u in text) for text in units]
        hidden_text16(db, "everything", "a", raw_texts)

    # Names.
    names = ['a "quoted" one', "new\nline", "$", "$dollar", "$$two", "$rowid", "", "dot.ted", "\U0001f4be",
             "backup_end", "tables", "backup_manifest", "it's", "semi;colon", "back\\slash", "Select"]
    for i, name in enumerate(names):
        quoted = '"' + name.replace('"', '""') + '"'
        columns = f'{quoted}, "$rowid", "$", "$blob:", "x""y", "new\nline"'
        if name in ("$", "$rowid", "new\nline"):
            columns = 'c, "$text", "$$rowid", "", "$rowid ", "back\\slash"'
        db.execute(f"CREATE TABLE {quoted}({columns})")
        db.execute(f"INSERT INTO {quoted} VALUES(?, 'b', NULL, ?, 'e', 1.5)", (name, i))

    # Rowids.
    db.execute("CREATE TABLE hidden(v)")
    db.executemany("INSERT INTO hidden(rowid, v) VALUES(?, ?)",
                   [(r, f"row {r}") for r in (-(2**63), -5, 0, 7, 1000, 2**53 + 1, 2**63 - 1)])
    db.execute("CREATE TABLE hides_one(rowid TEXT, v)")
    db.execute("INSERT INTO hides_one(_rowid_, rowid, v) VALUES(77, 'seven', 1), (99, 'nine', 2)")
    db.execute("CREATE TABLE hides_all(rowid, _rowid_, oid)")
    db.execute("INSERT INTO hides_all VALUES(1, 2, 3), (4, 5, 6)")
    db.execute("CREATE TABLE descending(id INTEGER PRIMARY KEY DESC, v)")
    db.execute("INSERT INTO descending(rowid, id, v) VALUES(3, 30, 'x'), (8, 20, 'y')")
    db.execute("CREATE TABLE no_rowid(a TEXT COLLATE NOCASE, b INT, v, PRIMARY KEY(a, b DESC)) WITHOUT ROWID")
    db.execute("INSERT INTO no_rowid VALUES('b', 1, 1), ('A', 2, 2), ('a', 3, 3), ('B', 9, x'00')")
    db.execute("CREATE TABLE strict(id INTEGER PRIMARY KEY, r REAL, a ANY, t TEXT, b BLOB) STRICT")
    db.execute("INSERT INTO strict VALUES(1, 1, '1', 't', x'01'), (2, -0.0, 1, '', x'')")
    db.execute("CREATE TABLE generated(a INT, b AS (a * 2), c TEXT, d AS (a || c) STORED)")
    db.execute("INSERT INTO generated(a, c) VALUES(1, 'x'), (2, 'y')")
    db.execute("CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, v)")
    db.execute("INSERT INTO counted(v) VALUES('a'), ('b'), ('c')")
    db.execute("DELETE FROM counted WHERE id > 1")
    db.execute("CREATE TABLE counted_empty(id INTEGER PRIMARY KEY AUTOINCREMENT)")
    db.execute("INSERT INTO counted_empty VALUES(41)")
    db.execute("DELETE FROM counted_empty")
    db.execute("CREATE TABLE altered(a, b, c)")
    db.execute("INSERT INTO altered VALUES(1, 2, 3)")
    db.execute("ALTER TABLE altered ADD COLUMN d DEFAULT 'later'")
    db.execute("ALTER TABLE altered DROP COLUMN b")
    db.execute("ALTER TABLE altered RENAME COLUMN c TO sea")
    db.execute("CREATE TABLE empty(a, b)")

    # Foreign keys, in a circle too.
    db.execute("CREATE TABLE z_parent(id INTEGER PRIMARY KEY, child REFERENCES a_child(id))")
    db.execute("CREATE TABLE a_child(id INTEGER PRIMARY KEY, parent INT REFERENCES z_parent ON DELETE CASCADE,"
               " self INT REFERENCES a_child(id) DEFERRABLE INITIALLY DEFERRED)")
    db.execute("INSERT INTO z_parent VALUES(1, 10), (2, NULL)")
    db.execute("INSERT INTO a_child VALUES(10, 1, 10), (11, 2, 10)")

    # Indexes, views, triggers.
    db.execute("CREATE INDEX by_v ON hidden(v DESC) WHERE v LIKE 'row%'")
    db.execute("CREATE UNIQUE INDEX by_expression ON generated(lower(c) COLLATE NOCASE)")
    db.execute("CREATE TABLE unique_columns(a UNIQUE, b TEXT PRIMARY KEY)")
    db.execute("INSERT INTO unique_columns VALUES(NULL, 'x'), (NULL, 'y')")
    db.execute("CREATE VIEW shown AS SELECT v, rowid AS r\r\n  FROM hidden -- with CR LF\n")
    db.execute("CREATE VIEW shown_twice AS SELECT * FROM shown")
    db.execute("CREATE TRIGGER refuses BEFORE INSERT ON hidden BEGIN SELECT raise(ABORT, 'no'); END")
    db.execute("CREATE TRIGGER instead INSTEAD OF INSERT ON shown BEGIN DELETE FROM empty; END")

    # Virtual tables.
    db.execute("CREATE VIRTUAL TABLE f5 USING fts5(title, body, prefix='2 3')")
    db.execute("CREATE VIRTUAL TABLE f4 USING fts4(title, body)")
    db.execute("CREATE VIRTUAL TABLE f3 USING fts3(body)")
    db.execute("CREATE TABLE content(id INTEGER PRIMARY KEY, title, body)")
    db.execute("CREATE VIRTUAL TABLE f5_external USING fts5(title, body, content='content', content_rowid='id')")
    db.execute("CREATE VIRTUAL TABLE f5_contentless USING fts5(title, content='')")
    words = "alpha beta gamma delta epsilon zeta eta theta iota kappa".split()
    for i in range(1, 60):
        title = " ".join(rng.choices(words, k=3))
        body = " ".join(rng.choices(words, k=20))
        db.execute("INSERT INTO f5 VALUES(?, ?)", (title, body))
        db.execute("INSERT INTO f4 VALUES(?, ?)", (title, body))
        db.execute("INSERT INTO f3 VALUES(?)", (body,))
        db.execute("INSERT INTO content VALUES(?, ?, ?)", (i, title, body))
        db.execute("INSERT INTO f5_contentless(rowid, title) VALUES(?, ?)", (i, title))
    db.execute("INSERT INTO f5_external(rowid, title, body) SELECT id, title, body FROM content")
    db.execute("CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1, +label)")
    for i in range(200):
        x, y = rng.random() * 100, rng.random() * 100
        db.execute("INSERT INTO boxes VALUES(?, ?, ?, ?, ?, ?)", (i * 3, x, x + 1, y, y + 2, f"box {i}"))
    db.execute("ANALYZE")


def make_plain(db):
    db.execute("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, size REAL, photo BLOB, note)")
    for i in range(500):
        photo = bytes((i * k) % 256 for k in range(40))
        db.execute("INSERT INTO person VALUES(?, ?, ?, ?, ?)",
                   (i, f"Person \"{i}\"\n\\ é \U0001f600", i + 0.5, photo, None if i % 3 else "<tag>"))
    db.execute("CREATE TABLE log(line)")
    db.execute("INSERT INTO log(rowid, line) VALUES(-3, 'first'), (4, ''), (90071992547, '\x7f\x80')")
    db.execute("CREATE INDEX person_by_name ON person(name)")
    db.execute("CREATE VIRTUAL TABLE search USING fts5(name, content='person', content_rowid='id')")
    db.execute("INSERT INTO search(search) VALUES('rebuild')")
    db.execute("CREATE TABLE empty(a)")


def make_numbers(db):
    db.execute("CREATE TABLE r(name TEXT PRIMARY KEY, value) WITHOUT ROWID")
    db.executemany("INSERT INTO r VALUES(?, ?)",
                   [("one", 1.0), ("large integer", 2**53 + 1), ("minus zero", -0.0), ("tiny", 1e-7)])


def make_tiny(db):
    db.execute("CREATE TABLE t(a)")
    db.execute("INSERT INTO t VALUES(1), ('two'), (x'03')")


def make_large(db):
    """One table of many blocks, then many tables that each begin a block of their own."""
    series = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
    text = "printf('%016x %s', i * 2654435761 % 4294967291 * 48271, 'lorem ipsum dolor sit amet')"
    db.execute("CREATE TABLE wide(id INTEGER PRIMARY KEY, text TEXT, number REAL, word)")
    db.execute(series + f"INSERT INTO wide SELECT i, {text}, i / 7.0, hex(i * 7919) FROM n", (200000,))
    for table in range(220):
        db.execute(f"CREATE TABLE part{table}(a, b)")
        db.execute(series + f"INSERT INTO part{table} SELECT i + {table}, {text} FROM n", (900,))
    db.execute("CREATE TABLE huge(b BLOB)")
    db.execute("INSERT INTO huge VALUES(?)", (random.Random(5).randbytes(3000000),))


def main():
    kind, path = sys.argv[1:]
    db = sqlite3.connect(path, isolation_level=None)
    if kind.startswith("values"):
        encoding = {"values": "UTF-8", "values16le": "UTF-16le", "values16be": "UTF-16be"}[kind]
        db.execute("PRAGMA synchronous = OFF")
        make_values(db, encoding)
    else:
        db.execute("BEGIN")
        {"plain": make_plain, "numbers": make_numbers, "tiny": make_tiny, "large": make_large}[kind](db)
        db.execute("COMMIT")
    db.close()


if __name__ == "__main__":
    main()
