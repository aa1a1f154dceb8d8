"""Backups whose manifest lies about where rows stand, with every digest and CRC mended: adcp_table and adcp_rows.

Both go to the place that a mark says for `=`, ranges and LIMIT, and read no row before it. Law: the rows that are there, or
an error; or, where what they read fits its marks and only the rest of the file would tell, a validation refuses the file.
"""
import json
import os
import sqlite3
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done  # noqa: E402

import forge
from forge import Forgery

os.chdir(os.environ["TMPDIR"])
forge.BLOCK_BYTES = 4096
ROWS = 600

source = connect(":memory:")
source.executescript(f"""
    CREATE TABLE t(a INTEGER PRIMARY KEY, b);
    CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
    CREATE TABLE hidden(b);
    WITH c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS}) INSERT INTO t SELECT n * 10, 'row ' || n FROM c;
    INSERT INTO w SELECT printf('k%06d', a), b FROM t;
    INSERT INTO hidden SELECT b FROM t;
    SELECT adcp_backup('whole.json')""")
whole = open("whole.json").read()
KEYS = {"t": lambda row: row["a"], "w": lambda row: [row["k"]], "hidden": lambda row: row["$rowid"] if "$rowid" in row else None}

# (table, SQL on it): through adcp_table as past_t, past_w, past_hidden.
QUERIES = [f"SELECT * FROM {{t}} WHERE a {test}" for test in (
    "= 10", "= 2990", "= 3000", "= 6000", "= 3005", "= 99999", "> 5900", ">= 3000 LIMIT 3", "BETWEEN 1200 AND 1300", "< 40",
    "IN (20, 3000, 5990)", "> 2000 AND a <= 2020", "= 4321 OR a = 4320")]
QUERIES += [f"SELECT * FROM {{w}} WHERE k {test}" for test in (
    "= 'k000010'", "= 'k003000'", "= 'k006000'", "= 'nothing'", "> 'k005900'", ">= 'k003000' LIMIT 3",
    "BETWEEN 'k001200' AND 'k001300'", "< 'k000040'", "IN ('k000020', 'k005990')")]
QUERIES += [f"SELECT rowid, b FROM {{hidden}} WHERE rowid {test}" for test in ("= 1", "= 300", "= 600", "BETWEEN 200 AND 210", "> 590", "= 601")]
QUERIES += ["SELECT count(*), sum(a) FROM {t}", "SELECT * FROM {w} ORDER BY k LIMIT 2 OFFSET 500"]
ROW_NUMBERS = ("= 1", "= 300", "= 600", "BETWEEN 250 AND 260", "> 595", "= 700")


def right_rows(tables):
    """What an honest reader of the same rows says."""
    db = sqlite3.connect(":memory:")
    db.executescript("CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID; CREATE TABLE hidden(b);")
    for name, rows in tables:
        for line in rows:
            row = json.loads(line)
            columns = ["rowid" if key == "$rowid" else key for key in row]
            db.execute(f"INSERT INTO {name}({','.join(columns)}) VALUES({','.join('?' * len(row))})", list(row.values()))
    return db


def marks_of(forgery):
    """One for each block after the first in which a row of the table begins: (block, offset, row, key)."""
    raw = forgery.text()
    marks = []
    for number, (name, rows) in enumerate(forgery.tables):
        at = raw.index(f'"{name}":[\n'.encode(), raw.index(b'\n"tables":{')) + len(name) + 5
        first, found = at // forge.BLOCK_BYTES, {}
        for i, line in enumerate(rows):
            block = at // forge.BLOCK_BYTES
            if block > first:
                found.setdefault(block, [block, at % forge.BLOCK_BYTES, i + 1, KEYS[name](json.loads(line))])
            at += len(line.encode()) + 2
        marks.append([number, *found.values()])
    return [mark for mark in marks if len(mark) > 1]


def moved(table, change):
    """The marks of a table changed one by one: change(marks, index)."""
    def apply(forgery):
        number = [name for name, _ in forgery.tables].index(table)
        marks = next(entry for entry in forgery.marks if entry[0] == number)
        for i in range(1, len(marks)):
            change(marks, i)
    return apply


def one_row(by):
    """To the place of the next row, or of the one before, which is said to be this one."""
    def change(marks, i):
        marks[i][1] = marks[i][1] + by
    return change


def swap_keys(marks, i):
    if i % 2 == 0:
        marks[i][3], marks[i - 1][3] = marks[i - 1][3], marks[i][3]


def set_at(place, value):
    return lambda marks, i: marks[i].__setitem__(place, value(marks[i][place]))


def other_rows(forgery):
    forgery.rows("t").reverse()


def shuffled(name):
    def change(forgery):
        rows = forgery.rows(name)
        rows[100:200], rows[400:500] = rows[400:500], rows[100:200]
    return change


LIES = {
    "true marks": lambda f: None,
    "no marks": lambda f: setattr(f, "marks", []),
    "marks of t at the row after": moved("t", one_row(len('{"a":1000,"b":"row 100"},\n'))),
    "marks of w at the row after": moved("w", one_row(len('{"k":"k001000","v":"row 100"},\n'))),
    "marks of t within a row": moved("t", one_row(1)),
    "marks of t a row number on": moved("t", set_at(2, lambda row: row + 1)),
    "marks of w a row number on": moved("w", set_at(2, lambda row: row + 1)),
    "marks of t with the key of the row before": moved("t", set_at(3, lambda key: key - 10)),
    "marks of t with far keys": moved("t", set_at(3, lambda key: key + 3000)),
    "marks of t with near keys": moved("t", set_at(3, lambda key: key - 3000)),
    "marks of t without keys": moved("t", set_at(3, lambda key: None)),
    "marks of w with far keys": moved("w", set_at(3, lambda key: ["k" + str(int(key[0][1:]) + 3000)])),
    "marks of w with near keys": moved("w", set_at(3, lambda key: ["k000000"])),
    "marks of w without keys": moved("w", set_at(3, lambda key: None)),
    "marks of w with keys of another type": moved("w", set_at(3, lambda key: [17])),
    "marks of w with keys of two parts": moved("w", set_at(3, lambda key: key + key)),
    "marks of hidden with far keys": moved("hidden", set_at(3, lambda key: 5000)),
    "keys of t swapped": moved("t", swap_keys),
    "keys of w swapped": moved("w", swap_keys),
}
ORDERS = {"t in another order": shuffled("t"), "w in another order": shuffled("w"), "t backwards": other_rows}


def ask(db, sql):
    try:
        return db.execute(sql).fetchall()
    except sqlite3.Error as error:
        return str(error)


def judge(name, forgery):
    with open("forged.json", "wb") as file:
        file.write(forgery.text())
    honest, db = right_rows(forgery.tables), connect(":memory:")
    valid = json.loads(db.execute("SELECT adcp_validate('forged.json')").fetchone()[0])["valid"]
    for table in ("t", "w", "hidden"):
        made = ask(db, f"CREATE VIRTUAL TABLE temp.past_{table} USING adcp_table('forged.json', {table})")
        check(f"{name}: made", made == [] or isinstance(made, str) and "forged.json" in made, made)
    wrong = 0  # answers

    def compare(sql, got, wanted):
        nonlocal wrong
        good = sorted(map(repr, got)) == sorted(map(repr, wanted)) if isinstance(got, list) else True
        wrong += not good
        check(f"{name}: {sql}", good or not valid, f"{got!r:.300} instead of {wanted!r:.300}")

    for sql in QUERIES:
        got = ask(db, sql.format(t="past_t", w="past_w", hidden="past_hidden"))
        compare(sql, got, honest.execute(sql.format(t="t", w="w", hidden="hidden")).fetchall())
    for table, rows in forgery.tables:
        for test in ROW_NUMBERS:
            wanted = [(i, row) for i, row in enumerate(rows, 1) if eval(str(i) + (" == " + test[2:] if test[0] == "=" else test.replace("BETWEEN 250 AND 260", " in range(250, 261)")))]
            compare(f"adcp_rows {table} {test}", ask(db, f"SELECT rowno, row FROM adcp_rows('forged.json', '{table}') WHERE rowno {test}"), wanted)
    return valid, wrong


for name, lie in LIES.items():
    forgery = Forgery(whole)
    forgery.marks = marks_of(forgery)
    lie(forgery)
    valid, wrong = judge(name, forgery)
    check(f"{name}: a validation sees it", valid == (name in ("true marks", "no marks") or "without keys" in name), valid)
    print(f"{name}: {'valid' if valid else 'refused by validation'}, {wrong} wrong answers")
for name, order in ORDERS.items():
    forgery = Forgery(whole)
    order(forgery)
    forgery.marks = marks_of(forgery)
    valid, wrong = judge(name, forgery)
    check(f"{name}: a validation sees it", not valid)
    if name == "t backwards":
        check(f"{name}: rowids of marks tell", not wrong, wrong)
    print(f"{name}: {'valid' if valid else 'refused by validation'}, {wrong} wrong answers")
done()
