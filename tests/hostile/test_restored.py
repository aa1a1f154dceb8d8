"""test_restored.py - rows made to harm whoever reads them after the restore: shadow tables, statistics, sequences, positions.

    test_restored.py [--all]

A restore puts back the rows of shadow tables, of sqlite_stat1 and sqlite_stat4 and of sqlite_sequence as they are; SQLite's
modules and planner read them afterwards. Law: with every digest mended a restore takes the file whole or refuses it
and leaves nothing, and whatever is asked of the database then gives rows or an error; the process lives, the other
tables hold what they held, and the time is bounded.
"""

import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "damage"))
from bounds import SLOW_BUILD, bound, peak_mb
from forge import Forgery
from sample import backup_text, connect

EXTENSION = os.environ["ADCP_SO"]
FULL = "--all" in sys.argv
MEMORY_MB = 700  # resident at most
QUESTION_SECONDS = 3
EACH = 60 if FULL else 6  # mutations of each value of a shadow row

INDEXES = {
    "fts3": ("USING fts3(c)", "INSERT INTO v(c) SELECT b || ' common' FROM t"),
    "fts4": ("USING fts4(c, prefix='2')", "INSERT INTO v(c) SELECT b || ' common' FROM t"),
    "fts5": ("USING fts5(c, prefix=2)", "INSERT INTO v(c) SELECT b || ' common' FROM t"),
    "rtree": ("USING rtree(id, x0, x1)", "INSERT INTO v SELECT a, a, a + 1 FROM t"),
    "geopoly": ("USING geopoly(id)", "INSERT INTO v(_shape) SELECT '[[0,0],[1,0],[1,1],[0,0]]' FROM t"),
}

TEXT_QUERIES = [
    "SELECT count(*) FROM v",
    "SELECT * FROM v WHERE v MATCH 'common' LIMIT 50",
    "SELECT rowid FROM v WHERE v MATCH 'w1* OR \"w2 common\" NOT w3' LIMIT 50",
    "SELECT rowid FROM v WHERE v MATCH 'co*' ORDER BY rowid DESC LIMIT 50",
    "INSERT INTO v(v) VALUES('integrity-check')",
    "INSERT INTO v(c) VALUES('w1 common new')",
    "UPDATE v SET c = 'common again' WHERE rowid = 2",
    "DELETE FROM v WHERE rowid = 3",
    "INSERT INTO v(v) VALUES('optimize')",
    "INSERT INTO v(v) VALUES('rebuild')",
    "SELECT rowid FROM v WHERE v MATCH 'common' LIMIT 50",
    "DROP TABLE v",
]
QUERIES = {
    "fts3": ["SELECT snippet(v), offsets(v), hex(matchinfo(v)) FROM v WHERE v MATCH 'common' LIMIT 50"] + TEXT_QUERIES,
    "fts4": ["SELECT snippet(v), offsets(v), hex(matchinfo(v, 'pcnalsx')) FROM v WHERE v MATCH 'common' LIMIT 50"] + TEXT_QUERIES,
    "fts5": [
        "SELECT rank, bm25(v), highlight(v, 0, '<', '>'), snippet(v, 0, '<', '>', '.', 5) FROM v WHERE v MATCH 'common' ORDER BY rank LIMIT 50",
    ]
    + TEXT_QUERIES,
    "rtree": [
        "SELECT count(*) FROM v",
        "SELECT * FROM v WHERE x0 > 3 AND x1 < 90 LIMIT 500",
        "SELECT * FROM v WHERE id = 7",
        "SELECT rtreecheck('v')",
        "INSERT INTO v VALUES(1000, 1, 2)",
        "UPDATE v SET x1 = 500 WHERE id = 7",
        "DELETE FROM v WHERE id < 20",
        "DROP TABLE v",
    ],
    "geopoly": [
        "SELECT geopoly_json(_shape), geopoly_area(_shape) FROM v LIMIT 500",
        "SELECT rowid FROM v WHERE geopoly_overlap(_shape, '[[0,0],[2,0],[2,2],[0,0]]') LIMIT 500",
        "SELECT rowid FROM v WHERE geopoly_within(_shape, '[[0,0],[2,0],[2,2],[0,0]]') LIMIT 500",
        "SELECT rtreecheck('v')",
        "INSERT INTO v(_shape) VALUES('[[0,0],[5,0],[5,5],[0,0]]')",
        "DELETE FROM v WHERE rowid < 20",
        "DROP TABLE v",
    ],
}
PLANNER = [
    "SELECT count(*) FROM t WHERE b = 'w1'",
    "SELECT count(*) FROM t WHERE b > 'w1' AND b < 'w2'",
    "SELECT count(*) FROM t AS x JOIN t AS y ON x.b = y.b",
    "EXPLAIN QUERY PLAN SELECT * FROM t WHERE b IN ('w1', 'w2') ORDER BY b",
    "INSERT INTO s(b) VALUES('next')",
    "ANALYZE",
]


# ---- the cases: (name, document, queries) ----


def backup(folder, script):
    table = (
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t(b);"
        "WITH c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 120) INSERT INTO t SELECT n, 'w' || n FROM c;"
    )
    return backup_text(EXTENSION, table + script, os.path.join(folder, "base.json"))


def garbled(data, chance):
    """A blob with one of the lies that formats of varints, offsets and lengths can tell."""
    data = bytearray(data)
    kind = chance.randrange(7)
    at = chance.randrange(len(data)) if data else 0
    if kind == 0:
        data[at : at + 1] = bytes([chance.randrange(256)])
    elif kind == 1:
        data[at : at + 9] = b"\xff" * 9
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data[0:4] = chance.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\x00\x28\xff\xff"])
    elif kind == 4:
        data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 300)))
    elif kind == 5:
        data = bytearray(chance.randrange(256) for _ in range(chance.randrange(300)))
    else:
        data[at:] = data[at:][::-1]
    return bytes(data)


def shadow_cases(kind, folder):
    definition, fill = INDEXES[kind]
    text = backup(folder, f"CREATE VIRTUAL TABLE v {definition}; {fill}; {fill};" if "fts" in kind else f"CREATE VIRTUAL TABLE v {definition}; {fill};")
    chance = random.Random(kind)
    for name, rows in Forgery(text).tables:
        if not name.startswith("v_"):
            continue
        for at in sorted({0, 1, 2, len(rows) // 2, len(rows) - 1} & set(range(len(rows)))):
            for found in list(re.finditer(r'\{"\$hex":"([0-9A-Fa-f]*)"\}', rows[at])):
                for turn in range(EACH):
                    forgery = Forgery(text)
                    value = garbled(bytes.fromhex(found[1]), chance).hex()
                    value = value.upper() if found[1].upper() == found[1] else value
                    row = rows[at][: found.start(1)] + value + rows[at][found.end(1) :]
                    forgery.rows(name)[at] = row
                    yield f"{kind}: {name} row {at}, mutation {turn}", forgery.text(), QUERIES[kind]
        for turn in range(2):
            forgery = Forgery(text)
            lines = forgery.rows(name)
            del lines[turn:: 2]
            yield f"{kind}: every other row of {name} is gone ({turn})", forgery.text(), QUERIES[kind]


OTHERS = ['"text"', "1.5", "-9223372036854775808", "null", '{"$hex":"ff"}', "9223372036854775807", "1e300", '""']


def typed_cases(kind, folder):
    """Texts, reals, blobs and far integers where a module reads its integers, and the other way round."""
    definition, fill = INDEXES[kind]
    text = backup(folder, f"CREATE VIRTUAL TABLE v {definition}; {fill};")
    for name, rows in Forgery(text).tables:
        if not name.startswith("v_"):
            continue
        for at in sorted({0, len(rows) // 2, len(rows) - 1} & set(range(len(rows))))[: None if FULL else 1]:
            for found in re.finditer(r'"([^"]*)":("[^"]*"|-?[0-9][^,}]*)', rows[at]):
                if found[1] in ("$hex", "$rowid"):
                    continue
                for value in OTHERS if FULL else OTHERS[:5]:
                    forgery = Forgery(text)
                    forgery.rows(name)[at] = rows[at][: found.start(2)] + value + rows[at][found.end(2) :]
                    yield f"{kind}: {name} row {at}, {found[1]} is {value}", forgery.text(), QUERIES[kind]


# Nodes of an R-Tree: depth of the tree (the root's) and number of cells, 2 bytes each, then cells of 16 bytes here.
NODES = {
    "no byte": b"",
    "a byte": b"\0",
    "three bytes": b"\0\0\0",
    "a header alone": bytes(4),
    "cells that are not there": b"\0\0\xff\xff",
    "half a cell": b"\0\0\0\1" + bytes(7),
    "a byte short": b"\0\0\0\2" + bytes(31),
    "a MiB": b"\0\0\xff\xff" + bytes(1 << 20),
    "a tree too deep": b"\xff\xff\0\1" + bytes(976 - 4),
    "a tree of 40 levels": b"\0\x28\0\1" + bytes(976 - 4),
    "a node within itself": b"\0\1\0\1" + bytes(7) + b"\1" + bytes(976 - 12),
    "values that are no numbers": b"\0\0\0\x3c" + b"\xff" * (976 - 4),
}


def node_cases(folder):
    text = backup(folder, f"CREATE VIRTUAL TABLE v {INDEXES['rtree'][0]}; {INDEXES['rtree'][1]};")
    for at in range(len(Forgery(text).rows("v_node"))):
        for name, node in NODES.items():
            row = lambda rows: rows[:at] + [re.sub(r'\{"\$hex":"[^"]*"\}', f'{{"$hex":"{node.hex()}"}}', rows[at])] + rows[at + 1 :]
            yield f"rtree: node {at} is {name}", replaced(text, "v_node", row), QUERIES["rtree"]
    for name in ("v_node", "v_parent", "v_rowid"):
        yield f"rtree: {name} is empty", replaced(text, name, lambda rows: []), QUERIES["rtree"]


STAT1 = [
    '"t","idx":"i","stat":"99999999999999999999999 99999999999999999999"',
    '"t","idx":"i","stat":"-1 -1"',
    '"t","idx":"i","stat":""',
    '"t","idx":"i","stat":"x sz=-5 noskipscan unordered"',
    '"t","idx":"i","stat":"1 ' + "1 " * 100000 + '"',
    '"t","idx":"nowhere","stat":"1 1"',
    '"nowhere","idx":"i","stat":"1 1"',
    '"sqlite_schema","idx":"i","stat":"1 1"',
    '"t","idx":null,"stat":null',
    '"t","idx":"i","stat":5',
]
SEQUENCE = [
    '"name":"s","seq":-9223372036854775808',
    '"name":"s","seq":9223372036854775807',
    '"name":"s","seq":"text"',
    '"name":"s","seq":null',
    '"name":"nowhere","seq":1',
    '"name":null,"seq":null',
    '"name":"sqlite_sequence","seq":1e300',
]


def replaced(text, table, changed):
    forgery = Forgery(text)
    forgery.rows(table)[:] = changed(forgery.rows(table))
    return forgery.text()


def statistics_cases(folder):
    text = backup(folder, "CREATE TABLE s(a INTEGER PRIMARY KEY AUTOINCREMENT, b); INSERT INTO s(b) VALUES(1); ANALYZE;")

    def row(old, fields):
        rowid = re.match(r'\{("\$?rowid[^,]*,)?', old)[0]
        return rowid + fields + "}"

    for fields in STAT1:
        yield f"sqlite_stat1: {fields[:50]}", replaced(text, "sqlite_stat1", lambda rows: [row(rows[0], '"tbl":' + fields)]), PLANNER
    for fields in SEQUENCE:
        yield f"sqlite_sequence: {fields}", replaced(text, "sqlite_sequence", lambda rows: [row(rows[0], fields)]), PLANNER
    count = 1000000 if FULL else 20000
    yield "many rows of sqlite_stat1", replaced(text, "sqlite_stat1", lambda rows: [rows[0]] * count), PLANNER
    yield "many rows of sqlite_sequence", replaced(text, "sqlite_sequence", lambda rows: [rows[0]] * count), PLANNER
    if "sqlite_stat4" in dict(Forgery(text).tables):
        for field in ("nEq", "nLt", "nDLt", "sample"):
            for value in ('"-1 99999999999999999999"', '""', '{"$blob":"////////////"}', "null", '"' + "7 " * 50000 + '"'):
                change = lambda rows: [re.sub(rf'"{field}":("[^"]*"|\{{[^}}]*\}}|[^,}}]*)', lambda _: f'"{field}":{value}', r) for r in rows]
                yield f"sqlite_stat4: {field} is {value[:30]}", replaced(text, "sqlite_stat4", change), PLANNER


def groups(folder):
    db = connect(EXTENSION)
    loaded = {name.decode() for (name,) in db.execute("SELECT name FROM pragma_module_list")}
    for kind in INDEXES:
        if kind not in loaded:
            continue
        yield kind, lambda kind=kind: shadow_cases(kind, folder)
        yield f"{kind}, types", lambda kind=kind: typed_cases(kind, folder)
    yield "rtree, nodes", lambda: node_cases(folder)
    yield "statistics", lambda: statistics_cases(folder)


def positions(folder):
    """adcp_rows goes to where the manifest says a table begins: the table's rows, or an error."""
    from test_hostile import POSITIONS, base, with_entries

    text, failed = base(EXTENSION, tempfile.mkdtemp(dir=folder)), 0
    path = os.path.join(folder, "moved.json")
    for name, change in POSITIONS.items():
        with open(path, "wb") as file:
            file.write(with_entries(text, change))
        db = connect(EXTENSION)
        for table, rows in Forgery(text).tables:
            try:
                found = [row[2].decode() for row in db.execute("SELECT * FROM adcp_rows(?, ?)", (path, table))]
            except sqlite3.Error:
                continue
            if found != rows:
                failed += 1
                print(f"failed: manifest: {name}: adcp_rows gives other rows for {table}: {str(found)[:300]}")
        db.close()
    return len(POSITIONS), min(failed, len(POSITIONS))


def node_sizes(folder):
    """Of a node with more than 255 entries SQLite reads what is behind it: one that has room for them is refused, and called damaged."""
    text = backup(folder, f"CREATE VIRTUAL TABLE v {INDEXES['rtree'][0]}; {INDEXES['rtree'][1]};")
    path, failed = os.path.join(folder, "nodes.json"), 0
    values = [(f'{{"$hex":"{"00" * 4096}"}}', True), (f'{{"$hex":"{"00" * 4097}"}}', False), (f'"{" " * 2048}"', True), (f'"{" " * 2049}"', False)]
    for value, taken in values:
        document = replaced(text, "v_node", lambda rows: [re.sub(r'\{"\$hex":"[^"]*"\}', value, rows[0])] + rows[1:])
        with open(path, "wb") as file:
            file.write(document)
        db = connect(EXTENSION)
        verdict = json.loads(db.execute("SELECT adcp_validate(?)", (path,)).fetchone()[0])
        try:
            said = str(db.execute("SELECT adcp_restore(?)", (path,)).fetchone())
        except sqlite3.Error as error:
            said = str(error)
        refused = 'row 1: the node of an R-Tree has up to ' in said and 'leave "v" out with exclude_tables (block 0' in said and said.endswith('database unchanged')
        if verdict["valid"] != taken or refused == taken:
            failed += 1
            print(f"failed: node {value[:9]}, {len(value)} characters: valid is {verdict['valid']}, restore: {said[:300]}")
        db.close()
    return len(values), failed


# ---- the process that restores and asks ----


def ask(db, sql):
    """The number of rows, or the error. A tree that is damaged may be long to walk through."""
    end = time.monotonic() + QUESTION_SECONDS
    db.set_progress_handler(lambda: time.monotonic() > end, 10000)
    try:
        return len(db.execute(sql).fetchall())
    except (sqlite3.Error, MemoryError) as error:  # MemoryError: SQLITE_NOMEM, a length that lies
        return f"error: {error}"


def one(document, queries, path, counts):
    with open(path, "wb") as file:
        file.write(document)
    db = connect(EXTENSION)
    full = json.loads(db.execute("SELECT adcp_validate(?, '{\"level\":\"full\"}')", (path,)).fetchone()[0])
    try:
        db.execute("SELECT adcp_restore(?)", (path,))
    except sqlite3.Error as error:
        counts["refused"] += 1
        left = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        problems = [f"something is left after: {error}"] if left else []
        return problems + ([f"valid, but {error}"] if full["valid"] else [])
    counts["restored"] += 1
    counts["restored with a finding"] += bool(full.get("findings"))
    problems = [] if full["valid"] else [f"restored, but {str(full)[:300]}"]
    counts["errors"] += sum(isinstance(ask(db, sql), str) for sql in queries)
    counts["questions"] += len(queries)
    db.set_progress_handler(None, 0)
    if db.execute("SELECT count(*), sum(a) FROM t NOT INDEXED").fetchone() != (120, 7260):
        problems.append("rows of another table changed")
    db.close()
    return problems


def victim(group, folder):
    counts = dict.fromkeys(("tried", "refused", "restored", "restored with a finding", "questions", "errors", "failed"), 0)
    path = os.path.join(folder, "hostile.json")
    cases = dict(groups(folder))[group]()
    for name, document, queries in cases:
        print(json.dumps({"case": name}), flush=True)
        bound()
        counts["tried"] += 1
        problems = one(document, queries, path, counts)
        counts["failed"] += bool(problems)
        for problem in problems:
            print(json.dumps({"failed": f"{name}: {problem}"}), flush=True)
    counts["MB at most"] = peak_mb()
    print(json.dumps(counts))


def main():
    tried = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for group, _ in groups(folder):
            run = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--victim", group, folder], capture_output=True, text=True)
            lines = [json.loads(line) for line in run.stdout.splitlines()]
            for line in lines:
                if "failed" in line and "tried" not in line:
                    print(f"failed: {line['failed']}")
            if run.returncode:
                tried, failed = tried + 1, failed + 1
                last = lines[-1] if lines else {}
                print(f"failed: {group}: the process ended with {run.returncode} at {last}: {run.stderr[-600:]}")
                continue
            print(f"{group}: " + ", ".join(f"{count} {name}" for name, count in lines[-1].items()))
            tried, failed = tried + lines[-1]["tried"], failed + lines[-1]["failed"]
            if lines[-1]["MB at most"] > MEMORY_MB and not SLOW_BUILD:
                failed += 1
                print(f"failed: {group}: {lines[-1]['MB at most']} MB of memory")
            if lines[-1]["restored"] == 0:
                failed += 1
                print(f"failed: {group}: nothing was restored, so nothing was tried")
        count, wrong = positions(folder)
        tried, failed = tried + count, failed + wrong
        count, wrong = node_sizes(folder)
        tried, failed = tried + count, failed + wrong
    print(f"{tried - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if "--victim" in sys.argv:
        victim(*sys.argv[-2:])
    else:
        sys.exit(main())
