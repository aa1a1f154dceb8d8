"""test_hostile.py - backups made to harm: nothing in them runs, and memory and time stay bounded.

    test_hostile.py [--all] [--only TEXT]

Each case is validated and restored in a process of its own, which has a limit of memory and of time, functions of the
application that count their calls, and a folder in which nothing may appear.
"""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "damage"))
from bounds import SLOW_BUILD, bound, peak_mb
from forge import Forgery
from sample import backup_text, connect

EXTENSION = os.environ["ADCP_SO"]
FULL = "--all" in sys.argv
MEMORY_MB = 700


# ---- the process that opens a hostile file ----


def victim(path, folder):
    """Prints what happened as JSON."""
    os.chdir(folder)
    bound()
    calls = []
    result = {}
    for step, sql in (
        ("validate", "SELECT adcp_validate(?)"),
        ("check", "SELECT adcp_restore(?, '{\"validate_only\":true}')"),
        ("restore", "SELECT adcp_restore(?)"),
    ):
        db = connect(EXTENSION)
        db.create_function("boom", -1, lambda *args: calls.append(args) or 1, deterministic=True)
        try:
            text = db.execute(sql, (path,)).fetchone()[0].decode()
            result[step] = text if step != "validate" or json.loads(text)["valid"] else "invalid: " + text
        except sqlite3.Error as error:
            result[step] = f"error: {error}"
        tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        result[step + "_left"] = tables
        db.close()
    result["calls"] = len(calls)
    result["peak_mb"] = peak_mb()
    print(json.dumps(result))


# ---- the cases ----


def base(extension, folder):
    db = connect(extension)
    db.executescript(
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1,'x'),(2,'y');"
        "CREATE INDEX i ON t(b); CREATE VIEW v AS SELECT a FROM t;"
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIRTUAL TABLE f USING fts5(c); CREATE VIRTUAL TABLE p USING rtree(id, x0, x1);"
    )
    path = os.path.join(folder, "base.json")
    db.execute("SELECT adcp_backup(?)", (path,))
    return open(path).read()


# Harmless: restored or refused, and nothing ran.
REFUSED, HARMLESS, RESTORED = "refused", "harmless", "restored"

SQL = [
    # name of the object, its new SQL, what has to become of it
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b); DROP TABLE t", REFUSED),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b); ATTACH 'attached.db' AS x", REFUSED),
    ("t", "CREATE TABLE t AS SELECT 1 AS a, boom(2) AS b", REFUSED),
    ("t", "CREATE TEMP TABLE t(a INTEGER PRIMARY KEY, b)", REFUSED),
    ("t", "CREATE TABLE temp.t(a INTEGER PRIMARY KEY, b)", REFUSED),
    ("t", "ATTACH 'attached.db' AS t", REFUSED),
    ("t", "PRAGMA writable_schema=1", REFUSED),
    ("t", "PRAGMA journal_mode=delete", REFUSED),
    ("t", "VACUUM INTO 'vacuum.db'", REFUSED),
    ("t", "EXPLAIN CREATE TABLE t(a INTEGER PRIMARY KEY, b)", REFUSED),
    ("t", "SELECT load_extension('./evil')", REFUSED),
    ("t", "INSERT INTO sqlite_schema VALUES('table','x','x',0,'CREATE TABLE x(a)')", REFUSED),
    ("t", "BEGIN; CREATE TABLE t(a INTEGER PRIMARY KEY, b)", REFUSED),
    ("t", "/* CREATE TABLE t */ DELETE FROM t", REFUSED),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b)\0; DROP TABLE t", REFUSED),
    ("t", "CREATE VIRTUAL TABLE t USING csv(filename='/etc/passwd')", REFUSED),
    ("t", "CREATE VIEW t AS SELECT 1 AS a, 2 AS b", REFUSED),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT (boom('default')))", HARMLESS),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b CHECK(boom('check')))", HARMLESS),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c AS (boom('virtual')))", HARMLESS),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c AS (boom('stored')) STORED)", HARMLESS),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT (load_extension('./evil')))", HARMLESS),
    ("i", "CREATE INDEX i ON t(boom(b))", HARMLESS),
    ("i", "CREATE INDEX i ON t(b) WHERE boom(b)", HARMLESS),
    ("i", "CREATE INDEX i ON t(b); SELECT boom(1)", REFUSED),
    ("i", "CREATE INDEX i ON sqlite_schema(name)", REFUSED),
    ("v", "CREATE VIEW v AS SELECT adcp_backup('stolen.json') AS a", HARMLESS),
    ("v", "CREATE VIEW v AS SELECT boom(1) AS a", HARMLESS),
    ("v", "CREATE VIEW v AS SELECT load_extension('./evil') AS a", HARMLESS),
    ("v", "CREATE VIEW v AS SELECT * FROM adcp_contents('/etc/passwd')", HARMLESS),
    ("v", "CREATE VIEW v AS SELECT * FROM pragma_journal_mode('wal')", HARMLESS),
    ("r", "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT adcp_restore('x'); SELECT boom(1); END", HARMLESS),
    ("r", "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT writefile('written', 'x'); END", HARMLESS),
    ("r", "CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT boom(1); END", REFUSED),
    ("r", "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; SELECT boom(1)", REFUSED),
    ("f", "CREATE VIRTUAL TABLE f USING csv(filename='/etc/passwd')", REFUSED),
    ("f", "CREATE VIRTUAL TABLE f USING fts4(c, tokenize=nothing)", REFUSED),
    ("f", "CREATE VIRTUAL TABLE f USING fts5(c, content='sqlite_schema')", HARMLESS),
    ("f", "CREATE VIRTUAL TABLE f USING dbstat", REFUSED),
    ("f", "CREATE VIRTUAL TABLE f USING geopoly(c)", HARMLESS),
    ("f", "CREATE TABLE f(c)", REFUSED),
    ("t", "CREATE TABLE sqlite_t(a INTEGER PRIMARY KEY, b)", REFUSED),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b REFERENCES sqlite_schema(name))", HARMLESS),
    ("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b AS (c), c AS (b))", REFUSED),
    ("i", "CREATE INDEX i ON t((SELECT boom(1)))", REFUSED),
    ("i", "CREATE INDEX i ON t(random())", REFUSED),
    ("t", " CREATE TABLE t(a INTEGER PRIMARY KEY, b)", REFUSED),  # SQLite runs it and cannot read it again
    ("t", "\ufeffCREATE TABLE t(a INTEGER PRIMARY KEY, b)", REFUSED),
    ("t", "/* x */CREATE TABLE t(a INTEGER PRIMARY KEY, b)", REFUSED),
    ("i", "-- x\nCREATE INDEX i ON t(b)", REFUSED),
    ("v", "\nCREATE VIEW v AS SELECT a FROM t", REFUSED),
    ("r", "\tCREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END", REFUSED),
    ("f", " CREATE VIRTUAL TABLE f USING fts5(c)", REFUSED),
    ("f", ";CREATE VIRTUAL TABLE f USING fts5(c)", REFUSED),
    ("t", "cReAtE/**/table/**/IF NOT EXISTS t(a INTEGER PRIMARY KEY, b) ; -- x", RESTORED),
    ("v", "CREATE VIEW v AS SELECT * FROM v", HARMLESS),
    ("v", "CREATE VIEW v AS WITH RECURSIVE c(a) AS (SELECT 1 UNION ALL SELECT a FROM c) SELECT a FROM c", HARMLESS),
]


def with_sql(text, name, sql):
    forgery = Forgery(text)

    def change(objects):
        for item in objects:
            if item["name"] == name:
                item["sql"] = sql
        return objects

    forgery.objects(change)
    return forgery.text()


def with_row(text, row):
    forgery = Forgery(text)
    forgery.rows("t")[0] = row
    return forgery.text()


def bomb(parts):
    out, z = [], zlib.compressobj(9, zlib.DEFLATED, 31)
    for part, times in parts:
        out += [z.compress(part) for _ in range(times)]
    return b"".join([*out, z.flush()])


def named(text, name):
    """Table t under another name."""
    quoted = '"' + name.replace('"', '""') + '"'
    spelled = json.dumps(name, ensure_ascii=False)
    for old, new in (
        ('"name":"t"', f'"name":{spelled}'),
        ('"tbl_name":"t"', f'"tbl_name":{spelled}'),
        ('"t":', f"{spelled}:"),
        ("CREATE TABLE t(", json.dumps(f"CREATE TABLE {quoted}(", ensure_ascii=False)[1:-1]),
        (" ON t", json.dumps(f" ON {quoted}", ensure_ascii=False)[1:-1]),
        (" FROM t", json.dumps(f" FROM {quoted}", ensure_ascii=False)[1:-1]),
    ):
        text = text.replace(old, new)
    return Forgery(text).text()


def marked(text, table, requires=True):
    """A table described as a full-text index to be rebuilt."""
    forgery = Forgery(text)
    at = forgery.head.index("{", forgery.head.index(f'"{table}":' + '{"kind"'))
    forgery.head = forgery.head[: at + 1] + '"rebuild":true,' + forgery.head[at + 1 :]
    if requires:
        forgery.head = forgery.head.replace('{"format"', '{"requires":["fts_rebuild"],"format"', 1)
    return forgery.text()


def table_of(folder, columns):
    """A backup of a table with so many columns."""
    names, values = ",".join(f"c{i}" for i in range(1, columns)), ",".join(map(str, range(1, columns + 1)))
    script = f"CREATE TABLE t(a INTEGER PRIMARY KEY, {names}); INSERT INTO t VALUES({values});"
    return backup_text(EXTENSION, script, os.path.join(folder, "wide.json"))


def widened(text, count):
    """Table t with so many columns more, in the description, in its SQL and in its rows, all of one mind."""
    forgery = Forgery(text)
    more = lambda form: "".join("," + form.format(i) for i in range(count))
    forgery.head = forgery.head.replace('{"name":"b","type":""}', '{"name":"b","type":""}' + more('{{"name":"m{}","type":""}}'), 1)
    forgery.rows("t")[:] = [row[:-1] + more('"m{}":1') + "}" for row in forgery.rows("t")]
    return with_sql(forgery.text().decode(), "t", f"CREATE TABLE t(a INTEGER PRIMARY KEY, b{more('m{}')})")


def many_tables(text, count):
    forgery = Forgery(text)
    objects = ",\n".join(
        f'{{"type":"table","name":"m{i}","tbl_name":"m{i}","sql":"CREATE TABLE m{i}(a)"}}' for i in range(count)
    )
    tables = ",\n".join(
        f'"m{i}":{{"kind":"ordinary","rowid":true,"rowid_name":"rowid","columns":[{{"name":"a","type":""}}]}}' for i in range(count)
    )
    start = forgery.head.index('"objects":[') + len('"objects":[')
    head = forgery.head[:start] + "\n" + objects + "," + forgery.head[start:]
    at = head.index('\n],"tables":{') + len('\n],"tables":{')
    forgery.head = head[:at] + "\n" + tables + "," + head[at:]
    return forgery.text()


def described(text, table, **facts):
    """A table whose description says something else; None: does not say it."""
    forgery = Forgery(text)
    schema = forgery.schema()
    schema["tables"][table] = {k: v for k, v in {**schema["tables"][table], **facts}.items() if v is not None}
    return with_schema(forgery, schema).text()


def with_schema(forgery, schema):
    start = forgery.head.index('"database_schema":')
    text = json.dumps(schema, separators=(",", ":"), ensure_ascii=False)
    end = json.JSONDecoder().raw_decode(forgery.head, start + len('"database_schema":'))[1]
    text = text.replace('"objects":[', '"objects":[\n', 1).replace('],"tables":{', '\n],"tables":{', 1)
    forgery.head = forgery.head[:start] + '"database_schema":' + text + forgery.head[end:]
    return forgery


def doubled(text):
    forgery = Forgery(text)
    forgery.objects(lambda objects: objects + [objects[0]])
    return forgery.text()


def rows_twice(text):
    forgery = Forgery(text)
    forgery.tables.append(["t", list(forgery.rows("t"))])
    return forgery.text()


def exponential(text, depth):
    """Views of which each joins the one before with itself."""
    forgery = Forgery(text)
    view = lambda i: {
        "type": "view", "name": f"w{i}", "tbl_name": f"w{i}",
        "sql": f"CREATE VIEW w{i} AS SELECT 1 AS a" if i == 0
        else f"CREATE VIEW w{i} AS SELECT x.a FROM w{i - 1} AS x JOIN w{i - 1} AS y",
    }  # fmt: skip
    forgery.objects(lambda objects: objects + [view(i) for i in range(depth)])
    return forgery.text()


def with_entries(text, change):
    """The manifest's entries of tables changed, its digests and CRCs mended."""

    class Moved(Forgery):
        def end(self, raw, entries):
            change(entries)
            return super().end(raw, entries)

    return Moved(text).text()


def with_marks(text, marks):
    forgery = Forgery(text)
    forgery.marks = marks
    return forgery.text()


MARKS = {
    "beyond the table": [[0, [1, 0, 1 << 50], [2, 0, 5]]],
    "of a table that is not there": [[1 << 40, [0, 0, 2, None]]],
    "of a table before the first": [[-1, [0, 0, 2, None]]],
    "twice of one table": [[0, [0, 0, 2, None]], [0, [0, 0, 2, None]]],
    "at another table's rows": [[0, [0, 20, 2, 2]]],
}
POSITIONS = {
    "every table at one place": lambda entries: [entry.update(offset=entries[0]["offset"]) for entry in entries],
    "positions backwards": lambda entries: [e.update(offset=o) for e, o in zip(entries, [e["offset"] for e in entries][::-1])],
    "a table in the head": lambda entries: entries[0].update(offset=20),
    "a table at the end of the world": lambda entries: entries[0].update(offset=(1 << 62)),
    "a table in a block that is not there": lambda entries: entries[0].update(block=1 << 40),
    "a table before the file": lambda entries: entries[0].update(offset=-5),
    "more rows than there are": lambda entries: entries[0].update(rows=entries[0]["rows"] + 1),
    "fewer bytes than there are": lambda entries: entries[0].update(bytes=entries[0]["bytes"] - 1),
    "a table of 9 petabytes": lambda entries: entries[0].update(bytes=(1 << 53)),
    "a table twice": lambda entries: entries.append(dict(entries[0])),
}


def cases(text, folder):
    for name, sql, wanted in SQL:
        yield f"sql: {sql[:70]}", with_sql(text, name, sql), wanted
    meg = 1 << 20
    head, tail = text.encode()[:1], text.encode()[1:]
    size = 1300 if FULL else 48  # of inflated MiB: the long run has bombs above every limit
    yield "zeros in gzip", bomb([(b"\0" * meg, size)]), REFUSED
    yield "spaces in gzip", bomb([(head, 1), (b" " * meg, size), (tail, 1)]), HARMLESS
    yield "one string in gzip", bomb([(b'{"backup_metadata":"', 1), (b"a" * meg, size)]), REFUSED
    yield "one key in gzip", bomb([(b'{"', 1), (b"a" * meg, size)]), REFUSED
    yield "members in gzip", bomb([(b'{"a":1', 1), (b',"a":1' * 100000, size)]), REFUSED
    yield "arrays in gzip", bomb([(b'{"a":[', 1), (b"[]," * 300000, size)]), REFUSED
    yield "one row in gzip", bomb([(text[: text.index('{"a":1')].encode(), 1), (b'{"a":1,"b":"', 1), (b"b" * meg, size)]), REFUSED
    yield "gzip within gzip", gzip.compress(bomb([(b"\0" * meg, 64)])), REFUSED
    yield "a zstd window of 2^41 bytes", bytes.fromhex("28b52ffd00f8") + bytes([1, 0, 0]) + bytes(40), REFUSED
    yield "a zstd window of 2^27 bytes", bytes.fromhex("28b52ffd0088") + bytes([2, 53, 12]) + b"{" + bytes(40), REFUSED
    yield "zstd frames of nothing", bytes.fromhex("28b52ffd200001000028b52ffd2000010000") * 100_000, REFUSED
    yield "2 * 10^6 frames to be skipped", (bytes.fromhex("502a4d18") + bytes(4)) * 2_000_000, REFUSED
    yield "a frame of 4 GiB to be skipped", bytes.fromhex("502a4d18ffffffff") + b"x" * 100, REFUSED
    yield "a gzip header with an endless name", b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * (60 * meg), REFUSED
    yield "a gzip header with all fields", b"".join(
        [b"\x1f\x8b\x08\x1c", bytes(6), b"\xff\xff", b"e" * 65535, b"n" * (30 * meg), b"\0", b"c" * (30 * meg), b"\0",
         zlib.compress(b"{}")[2:-4], bytes(8)]), REFUSED
    yield "5 * 10^5 gzip members of nothing", gzip.compress(b"") * 500_000, REFUSED
    deep = 1_000_000
    yield "nested arrays", b"[" * deep, REFUSED
    yield "nested objects", b'{"a":' * deep, REFUSED
    yield "nested in metadata", text.replace('"system_info":{', '"system_info":{"x":' + "[" * deep + "]" * deep + ",", 1).encode(), REFUSED
    yield "nested in a row", with_row(text, '{"a":1,"b":' + "[" * deep + "]" * deep + "}"), REFUSED
    yield "nested objects in a row", with_row(text, '{"a":1,"b":' + '{"$blob":' * deep + '""' + "}" * deep + "}"), REFUSED
    yield "a number of 10^6 digits", with_row(text, '{"a":1,"b":' + "9" * deep + "}"), REFUSED
    yield "a fraction of 10^6 digits", with_row(text, '{"a":1,"b":0.' + "1" * deep + "}"), REFUSED
    yield "an exponent of 10^6 digits", with_row(text, '{"a":1,"b":1e' + "9" * deep + "}"), REFUSED
    yield "a rowid beyond 64 bits", with_row(text, '{"a":99999999999999999999,"b":1}'), REFUSED
    yield "a row key 10^5 times", with_row(text, '{"a":1' + ',"b":1' * 100000 + "}"), REFUSED
    yield "blob with an odd tail", with_row(text, '{"a":1,"b":{"$blob":"AAA"}}'), REFUSED
    yield "hexadecimal outside of shadow tables", with_row(text, '{"a":1,"b":{"$hex":"00"}}'), REFUSED
    for key, value in (("rows", "-1"), ("rows", "9223372036854775807"), ("bytes", "1e308"), ("tables", "{}"), ("blocks", "[[1,1,1]]")):
        at = text.index('"backup_manifest":')
        old = json.dumps(json.loads("{" + text[at:])["backup_manifest"][key], separators=(",", ":"))
        yield f"manifest {key} is {value}", (text[:at] + text[at:].replace(f'"{key}":{old}', f'"{key}":{value}', 1)).encode(), HARMLESS
    for name in ("../../../tmp/x", "/etc/passwd", "a\nb", "main.t", 't"; DROP TABLE t; --', "%n%s%x", "\u202egnp", "con", "x" * 100000):
        yield f"a table named {name[:30]!r}", named(text, name), HARMLESS
    yield "many tables", many_tables(text, 100_000 if FULL else 5_000), REFUSED if FULL else RESTORED
    if FULL:
        yield "as many tables as take SQLite a quarter of a minute", many_tables(text, 20_000), RESTORED
    yield "many columns", with_sql(text, "t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b, " + ",".join(f"c{i}" for i in range(40000)) + ")"), REFUSED
    yield "deep expression", with_sql(text, "v", "CREATE VIEW v AS SELECT " + "(" * 5000 + "1" + ")" * 5000 + " AS a"), REFUSED
    yield "a version from the future", text.replace('"version":"3.0"', '"version":"4.0"').encode(), REFUSED
    yield "a table to be rebuilt", marked(text, "t"), REFUSED
    yield "a table to be rebuilt that nothing requires", marked(text, "t", requires=False), REFUSED
    yield "an R-Tree to be rebuilt", marked(text, "p"), REFUSED
    yield "a shadow table to be rebuilt", marked(text, "f_content"), REFUSED
    yield "an index to be rebuilt that is there", marked(text, "f"), HARMLESS
    for module in ("csv(filename='/etc/passwd')", "dbstat", "geopoly(c)", "fts9(c)", "fts5vocab(f, row)"):
        foreign = with_sql(marked(text, "f").decode(), "f", f"CREATE VIRTUAL TABLE f USING {module}")
        yield f"a table of module {module} to be rebuilt", foreign, REFUSED
    wide = ",".join(f'{{"name":"c{i}","type":""}}' for i in range(100_000))
    yield "10^5 columns in the description", text.replace('"columns":[', f'"columns":[{wide},', 1).encode(), REFUSED
    yield "2,000 columns", table_of(folder, 2000).encode(), RESTORED
    for count in (1997, 1998, 1999, 32765, 100_000):
        yield f"{count + 2} columns everywhere", widened(text, count), RESTORED if count < 1999 else REFUSED
    twice = json.dumps(Forgery(text).schema()["tables"]["t"], separators=(",", ":"))
    yield "a table described twice", text.replace('],"tables":{', f'],"tables":{{"t":{twice},', 1).encode(), REFUSED
    plain = backup_text(EXTENSION, "CREATE TABLE t(a); CREATE TABLE x(a); CREATE VIRTUAL TABLE f USING fts4(c)", os.path.join(folder, "plain.json"))
    call = "rowid FROM (SELECT 1 AS rowid WHERE boom('x') IS NULL) AS t --"
    yield "a description that is only written anew", described(plain, "t"), RESTORED
    yield "a rowid name that calls", described(plain, "t", rowid_name=call), REFUSED
    yield "a rowid name that writes a backup", described(plain, "t", rowid_name=call.replace("boom('x')", "adcp_backup('stolen.json')")), REFUSED
    yield "a hidden rowid whose name calls", described(plain, "t", rowid=None, rowid_name=call), REFUSED
    for size in (1, 40, 400, 100_000):
        yield f"a shadow table of a name of {size} letters", described(plain, "x", kind="shadow", shadow_of="q" * size), REFUSED
    yield "a table of the application as a shadow table", described(plain, "x", kind="shadow", shadow_of="f"), REFUSED
    yield "rows of a table twice", rows_twice(text), REFUSED
    yield "an object twice", doubled(text), REFUSED
    yield "a text of 8 MB", with_sql(text, "v", "CREATE VIEW v AS SELECT a FROM t /*" + "x" * (8 * meg) + "*/"), HARMLESS
    long = (40 if FULL else 4) * meg
    yield "a long comment", with_sql(text, "t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b /*" + "x" * long + "*/)"), RESTORED
    yield "a long default", with_sql(text, "t", f"CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT '{'x' * long}')"), RESTORED
    yield "a long name", with_sql(text, "t", f"CREATE TABLE t(a INTEGER PRIMARY KEY, b, \"{'x' * long}\")"), HARMLESS
    yield "a view of 900,000 words", with_sql(text, "v", "CREATE VIEW v AS SELECT " + "a," * 450_000 + "a FROM t"), RESTORED
    yield "a long view", with_sql(text, "v", f"CREATE VIEW v AS SELECT '{'x' * long}' AS a FROM t"), RESTORED
    yield "a view of many parts", with_sql(text, "v", "CREATE VIEW v AS SELECT " + "a,\n" * (long // 4) + "a FROM t"), REFUSED
    yield "a trigger of many steps", with_sql(
        text, "r", "CREATE TRIGGER r AFTER INSERT ON t BEGIN " + "SELECT 1;" * (400_000) + " END"), REFUSED
    yield "a long index", with_sql(text, "i", f"CREATE INDEX i ON t(b) WHERE b <> '{'x' * long}'"), RESTORED
    yield "a long virtual table", with_sql(text, "f", f"CREATE VIRTUAL TABLE f USING fts5(c, tokenize='{'x' * long}')"), REFUSED
    yield "a deep check", with_sql(text, "t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b CHECK(" + "1+" * 5000 + "1))"), REFUSED
    yield "a view of 2^20 views", exponential(text, 20), HARMLESS
    for name, change in POSITIONS.items():
        yield f"manifest: {name}", with_entries(text, change), REFUSED
    for name, marks in MARKS.items():
        yield f"marks: {name}", with_marks(text, marks), REFUSED
    line = "_" * (3_000_000 if FULL else 200_000)
    yield "a name of underscores", named(text, line), RESTORED
    missing = [{"type": "view", "name": f"m{i}", "tbl_name": f"m{i}", "sql": f"CREATE VIEW m{i} AS SELEC"} for i in range(3000)]
    forgery = Forgery(text)
    forgery.objects(lambda objects: objects + missing)
    yield "3,000 views that are none", forgery.text(), REFUSED
    yield "something required", text.replace('{"format"', '{"requires":["magic"],"format"').encode(), REFUSED


taken = {}  # MB and seconds of each case


def judge(case, wanted, folder, path):
    spoils = os.path.join(folder, "spoils")
    os.makedirs(spoils, exist_ok=True)
    begun = time.monotonic()
    run = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--victim", path, spoils], capture_output=True, text=True)
    found, problems = os.listdir(spoils), []
    if run.returncode:
        return [f"the process ended with {run.returncode}: {run.stderr[-300:]}"]
    result = json.loads(run.stdout)
    taken[case] = (result["peak_mb"], time.monotonic() - begun)
    refused = result["restore"].startswith("error")
    if result["calls"]:
        problems.append(f"{result['calls']} calls of the application's function")
    if found:
        problems.append(f"files appeared: {found}")
    if result["peak_mb"] > MEMORY_MB and not SLOW_BUILD:
        problems.append(f"{result['peak_mb']} MB of memory")
    if wanted == REFUSED and not refused:
        problems.append("it was restored")
    if wanted == RESTORED and refused:
        problems.append(f"it was refused: {result['restore'][:300]}")
    if refused and result["restore_left"]:
        problems.append("something is left of it")
    if refused and len(result["restore"]) > 6000:
        problems.append(f"a message of {len(result['restore'])} bytes")
    valid = not result["validate"].startswith(("invalid", "error"))
    # What functions a schema may call is this connection's affair ("trust_schema"), not the file's.
    if valid and refused and "unsafe use of" not in result["restore"]:
        problems.append(f"valid, but {result['restore'][:300]}")
    if "database unchanged" in result["validate"]:
        problems.append(f"the validation speaks of a database: {result['validate'][:300]}")
    if not valid and not refused:
        problems.append(f"restored, but {result['validate'][:300]}")
    for name in found:
        os.unlink(os.path.join(spoils, name))
    os.rmdir(spoils)
    return problems


def main():
    tried = failed = 0
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    with tempfile.TemporaryDirectory() as folder:
        text = base(EXTENSION, folder)
        for case, data, wanted in cases(text, folder):
            if only not in case:
                continue
            path = os.path.join(folder, "hostile")
            with open(path, "wb") as file:
                file.write(data)
            tried += 1
            problems = judge(case, wanted, folder, path)
            failed += bool(problems)
            for problem in problems:
                print(f"failed: {case}: {problem}")
    for i, unit in enumerate(("MB", "s")):
        most = max(taken, key=lambda case: taken[case][i], default=None)
        if most:
            print(f"at most {taken[most][i]:.0f} {unit}: {most}")
    print(f"{tried - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if "--victim" in sys.argv:
        victim(*sys.argv[-2:])
    else:
        sys.exit(main())
