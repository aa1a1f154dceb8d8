"""Backups whose descriptions of tables are not those of the tables that their SQL makes.

Digests, counts and CRCs fit. A validation says that such a file is not valid, a restore is refused with the table
and the fact, and the database stays as it was. Honest descriptions of all sorts come back as they are.
"""
import json
import os
import re
import sqlite3
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done  # noqa: E402

from forge import Forgery
from sample import content

os.chdir(os.environ["TMPDIR"])

LIVE = """CREATE TABLE users(a, b, c); INSERT INTO users VALUES('live', 2, 3); CREATE TABLE x(a); CREATE TABLE other(z);
    CREATE TABLE f_content(a); INSERT INTO f_content VALUES('live')"""


def backup(script, options='{"overwrite":true}'):
    source = connect(":memory:")
    source.executescript(script)
    source.execute("SELECT adcp_backup('described.json', ?)", (options,))
    source.close()
    return Forgery(open("described.json").read())


def describe(forgery, change):
    """The schema changed by change(schema)."""
    key = '"database_schema":'
    start = forgery.head.index(key) + len(key)
    end = json.JSONDecoder().raw_decode(forgery.head, start)[1]
    schema = forgery.schema()
    change(schema)
    text = json.dumps(schema, separators=(",", ":"), ensure_ascii=False)
    text = text.replace('"objects":[', '"objects":[\n', 1).replace('],"tables":{', '\n],"tables":{', 1)
    forgery.head = forgery.head[:start] + text + forgery.head[end:]


def ask(db, sql, *values):
    try:
        return str(db.execute(sql, values).fetchall())
    except sqlite3.Error as error:
        return str(error)


def dump(db):
    return list(db.iterdump())


def refused(name, forgery, pattern, options="{}", live=LIVE, valid=False):
    """Validation and restore tell it, and nothing is changed."""
    with open("forged.json", "wb") as file:
        file.write(forgery.text())
    db = connect(":memory:")
    db.executescript(live)
    before = dump(db)
    report = json.loads(db.execute("SELECT adcp_validate('forged.json')").fetchone()[0])
    if not valid:
        check(f"{name}: validation", not report["valid"] and re.search(pattern, str(report["errors"])), report)
    said = ask(db, "SELECT adcp_restore('forged.json', ?)", options)
    check(f"{name}: restore", re.search(pattern, said) and said.endswith("database unchanged"), said)
    check(f"{name}: said once", said.count("damaged: ") <= 1 and "dropping virtual tables" not in said, said)
    check(f"{name}: the database", dump(db) == before)
    db.close()


def lie(name, script, change, pattern, options='{"force":true}', rows=None):
    forgery = backup(script)
    describe(forgery, change)
    for table, lines in (rows or {}).items():
        forgery.rows(table)[:] = lines
    refused(name, forgery, pattern, options)


def table(name, **facts):
    return lambda schema: schema["tables"][name].update(facts)


def column(name, place, **facts):
    return lambda schema: schema["tables"][name]["columns"][place].update(facts)


def sql(name, text):
    def change(schema):
        next(o for o in schema["objects"] if o["name"] == name)["sql"] = text

    return change


def both(*changes):
    return lambda schema: [change(schema) for change in changes]


T = "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'x');"
OTHER = "CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT 'other content')"
SAYS = 'damaged: table "t": the description says '

# What is found in the file is told before anything is dropped.
lie("SQL that would load code", T, sql("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT (load_extension('x')))"),
    'table "t" of the backup has SQL that would load code')

# Content that the file does not have, as a column's default.
lie("a column that is not described", T, both(sql("t", OTHER), lambda s: s["tables"]["t"]["columns"].pop()),
    SAYS + "1 columns, its SQL makes 2", rows={"t": ['{"a":1}']})
lie("a column that is said to be generated", T, both(sql("t", OTHER), column("t", 1, generated=True)),
    SAYS + 'that column "b" is generated, its SQL makes it stored', rows={"t": ['{"a":1}']})
lie("a column that is said to be hidden", T, both(sql("t", OTHER), column("t", 1, hidden=True)),
    SAYS + 'that column "b" is hidden, its SQL makes it stored', rows={"t": ['{"a":1}']})
lie("a column that is not generated", T, sql("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b AS (a))"),
    SAYS + 'that column "b" is stored, its SQL makes it generated')
lie("a column of another name", T, sql("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, c)"), SAYS + 'that column 2 is "b", its SQL makes "c"')
lie("a column more", T, sql("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c DEFAULT 'other')"), SAYS + "2 columns, its SQL makes 3")
lie("a column of another type", T, sql("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)"), SAYS + 'that column "b" is of type "", its SQL makes it "TEXT"')
lie("another key", T, sql("t", "CREATE TABLE t(a INTEGER, b, PRIMARY KEY(a, b))"), SAYS + 'that column "b" has place 0')
lie("a rowid that is another column's", T, sql("t", "CREATE TABLE t(a INTEGER PRIMARY KEY DESC, b)"), SAYS + "that the column which is its rowid is a, its SQL makes none")
lie("a rowid that is not described", "CREATE TABLE t(a); INSERT INTO t VALUES(1);", table("t", rowid=False),
    SAYS + "that its rows have not a hidden rowid", rows={"t": ['{"a":1}']})
lie("WITHOUT ROWID", T, sql("t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b) WITHOUT ROWID"), SAYS + "that it is not WITHOUT ROWID, its SQL makes one that is")
lie("STRICT", "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);", table("t", strict=True), SAYS + "that it is STRICT, its SQL makes one that is not")

FK = "CREATE TABLE p(id INTEGER PRIMARY KEY, n UNIQUE); CREATE TABLE t(x REFERENCES p(id)); INSERT INTO t VALUES(99);"
lie("foreign keys that are not described", FK, lambda s: s["foreign_keys"].clear(), SAYS + "0 foreign keys, its SQL makes 1")
lie("a foreign key of another parent", FK, lambda s: s["foreign_keys"]["t"][0].update(parent="t"), SAYS + 'a foreign key of "x" to "t"')
lie("a foreign key of another column", FK, lambda s: s["foreign_keys"]["t"][0].update(to=["n"]), SAYS + 'a foreign key of "x" to "p"')
lie("a foreign key of other actions", FK, lambda s: s["foreign_keys"]["t"][0].update(on_delete="CASCADE"), SAYS + 'a foreign key of "x" to "p"')
lie("a foreign key that is not there", FK, lambda s: s["foreign_keys"].update(p=s["foreign_keys"]["t"]), 'table "p": the description says 1 foreign keys, its SQL makes 0')

# The same in a part, and under another name.
forgery = backup(T + "CREATE TABLE w(a)")
describe(forgery, both(sql("t", OTHER), lambda s: s["tables"]["t"]["columns"].pop()))
forgery.rows("t")[:] = ['{"a":1}']
refused("a column that is not described, in a part", forgery, '"t": the description says 1 columns', '{"tables":["t"]}')
refused("a column that is not described, renamed", forgery, '"(t|u)": the description says 1 columns', '{"tables":["t"],"rename":{"t":"u"}}')
refused("a column that is not described, without rows", forgery, '"t": the description says 1 columns', '{"force":true,"schema_only":true}')
refused("a column that is not described, unverified", forgery, '"t": the description says 1 columns', '{"force":true,"skip_validation":true}')

# Shadow tables, which their module makes.
FTS = "CREATE VIRTUAL TABLE f USING fts5(c); INSERT INTO f VALUES('hello');"
for name, change, pattern in (
        ("generated", column("f_docsize", 1, generated=True), 'table "f_docsize": the description says that column "sz" is generated'),
        ("hidden", column("f_docsize", 1, hidden=True), 'table "f_docsize": the description says that column "sz" is hidden'),
        ("with a rowid", lambda s: (s["tables"]["f_config"].pop("without_rowid"), s["tables"]["f_config"].update(rowid_name="rowid", rowid=True)),
         'table "f_config": the description says that it is not WITHOUT ROWID'),
        ("of one column", lambda s: s["tables"]["f_docsize"]["columns"].pop(), 'table "f_docsize": the description says 1 columns, its SQL makes 2')):
    forgery = backup(FTS)
    describe(forgery, change)
    if "WITHOUT" in pattern:
        forgery.rows("f_config")[:] = ['{"$rowid":1,' + row[1:] for row in forgery.rows("f_config")]
    else:
        forgery.rows("f_docsize")[:] = [re.sub(',"sz".*', "}", row) for row in forgery.rows("f_docsize")]
    refused(f"a shadow table {name}", forgery, pattern, '{"force":true}')
EMPTY = "CREATE VIRTUAL TABLE f USING fts5(c, content='');"
forgery = backup(FTS)
describe(forgery, lambda s: (s["tables"]["f_content"].pop("shadow_of"), s["tables"]["f_content"].update(kind="ordinary")))
refused("a shadow table as one of the application", forgery, 'of kind "ordinary"|f_content', '{"force":true}')

# fts3 makes its stat when it is first told to merge by itself, not with the table.
forgery = backup("CREATE VIRTUAL TABLE x_y USING fts3(c); INSERT INTO x_y(x_y) VALUES('automerge=4'); CREATE TABLE x(a); PRAGMA writable_schema=1;"
                 "UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE x USING nomodule(a)', rootpage = 0 WHERE name = 'x'; PRAGMA writable_schema=RESET")
describe(forgery, table("x_y_stat", shadow_of="x"))
refused("a shadow table of another owner", forgery, 'that it is a shadow table of "x", its SQL makes one of "x_y"', '{"force":true}')

# Objects and descriptions that are not of each other.
X = T + "CREATE TABLE x(a); CREATE INDEX xi ON x(a); INSERT INTO x VALUES('evil');"
forgery = backup(X)
describe(forgery, lambda s: s["tables"].pop("x"))
forgery.tables[:] = [entry for entry in forgery.tables if entry[0] != "x"]
refused("a table that is not described", forgery, 'table "x" is in "objects", but "tables" does not describe it', '{"force":true}')
forgery = backup(X)
describe(forgery, lambda s: s.update(objects=[o for o in s["objects"] if o["tbl_name"] != "x"]))
refused("rows of a table without SQL", forgery, 'table "x" is described, but "objects" has no SQL for it', '{"tables":["x"]}')
forgery = backup(X)
describe(forgery, lambda s: s["tables"].update(v={**s["tables"]["x"], "kind": "stat"}))
refused("a view as statistics", forgery, 'table "v" is described as of kind "stat"')

forgery = backup("CREATE VIRTUAL TABLE r USING rtree(i, a, b)")
describe(forgery, lambda s: s["tables"]["r"].pop("module"))
refused("a virtual table without a module", forgery, 'table "r" is described as of kind "virtual" and has no "module"')

# The statistics, which no SQL of the file makes.
forgery = backup(T + "CREATE INDEX ti ON t(b); ANALYZE;")
describe(forgery, column("sqlite_stat1", 2, hidden=True))
forgery.rows("sqlite_stat1")[:] = [re.sub(',"stat".*', "}", row) for row in forgery.rows("sqlite_stat1")]
refused("statistics without a column", forgery, 'table "sqlite_stat1": the description says that column "stat" is hidden', '{"force":true}')

# A table of the application that has the name of a shadow table: its rows are not given away.
forgery = backup(EMPTY + "CREATE TABLE g(a); INSERT INTO g VALUES('evil');")
text = forgery.head.replace('"g":{"kind":"ordinary"', '"f_content":{"shadow_of":"f","kind":"shadow"').replace('"name":"g","tbl_name":"g"', '"name":"f_content","tbl_name":"f_content"')
forgery.head = text.replace("CREATE TABLE g(", "CREATE TABLE f_content(")
forgery.tables[:] = [["f_content" if name == "g" else name, rows] for name, rows in forgery.tables]
refused("a live table under a shadow table's name", forgery, 'would replace the rows of .*"f_content" \\(1 row\\).*"force":true', '{"tables":["f"]}', valid=True)
db = connect("safe.db")
db.executescript(LIVE)
os.mkdir("kept")
db.execute("SELECT adcp_config('backup_dir', ?)", (os.path.abspath("kept"),))
said = ask(db, "SELECT adcp_restore('forged.json', '{\"tables\":[\"f\"],\"force\":true}')")
stays = db.execute("SELECT a FROM f_content").fetchall() == [("live",)]
kept = [ask(db, "SELECT row FROM adcp_rows(?, 'f_content')", f"kept/{name}") for name in os.listdir("kept")]
check("with force it stays or is backed up", stays or (len(kept) == 1 and "live" in kept[0]), [said, kept])
db.close()


# ---- what is honest ----

HONEST = {
    "types": "CREATE TABLE t(a integer primary key, b varchar ( 10 ), c \"odd type\", d [x y], e Int, f 'q', g DOUBLE  PRECISION NOT NULL DEFAULT (1+1), h text COLLATE nocase /* c */, i)",
    "generated": "CREATE TABLE t(a, b AS (a + 1), c INT GENERATED ALWAYS AS (a) STORED, d text generated always as (b) virtual)",
    "rowids": "CREATE TABLE t(rowid, a); CREATE TABLE u(rowid, oid); CREATE TABLE v(rowid, oid, _rowid_); CREATE TABLE w(a INTEGER PRIMARY KEY DESC); CREATE TABLE x(RowId INTEGER PRIMARY KEY);"
              "CREATE TABLE y(a INT PRIMARY KEY); CREATE TABLE z(a integer PRIMARY KEY, oid, rowid); INSERT INTO t VALUES(1, 2); INSERT INTO v VALUES(1, 2, 3); INSERT INTO w VALUES(5), (-1)",
    "keys": "CREATE TABLE t(a, b, c, PRIMARY KEY(c, a)) WITHOUT ROWID; CREATE TABLE u(a, b, PRIMARY KEY(a, a, b)); CREATE TABLE v(a, b, PRIMARY KEY(a COLLATE nocase, a, b DESC)) WITHOUT ROWID;"
            "CREATE TABLE w(a INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO w VALUES(5); CREATE TABLE x(a INTEGER PRIMARY KEY) WITHOUT ROWID",
    "strict": "CREATE TABLE t(a INT, b ANY, c TEXT PRIMARY KEY) STRICT, WITHOUT ROWID; CREATE TABLE u(a integer primary key, b any) strict; CREATE TABLE v(\"strict\", b DEFAULT ') STRICT')",
    "foreign keys": "CREATE TABLE p(id INTEGER PRIMARY KEY, up REFERENCES p, x REFERENCES nowhere(y)); CREATE TABLE \"C\"(a, b, FOREIGN KEY(a, b) REFERENCES P(id, up) ON DELETE SET NULL DEFERRABLE,"
                    "FOREIGN KEY(b) REFERENCES p ON UPDATE CASCADE)",
    "virtual": "CREATE VIRTUAL TABLE f USING fts5(a, b UNINDEXED, prefix='2 3'); CREATE VIRTUAL TABLE G USING fts4(a, content='x'); CREATE TABLE x(a); CREATE VIRTUAL TABLE h USING fts3(a);"
               "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +note); CREATE VIRTUAL TABLE \"f_o\" USING fts5(z, content=''); INSERT INTO f VALUES('one', 'two'); INSERT INTO r VALUES(1, 0, 1, 'n');"
               "CREATE TABLE f_users(a); CREATE TABLE f_o_content(a); CREATE VIRTUAL TABLE s USING fts5(a, content='s_content'); CREATE TABLE s_content(a)",
    "statistics": "CREATE TABLE t(a, b); CREATE INDEX ti ON t(b); INSERT INTO t VALUES(1, 2); ANALYZE",
    "a module that is not there": "CREATE TABLE u_data(a); CREATE TABLE u(a); PRAGMA writable_schema=1;"
                                  "UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE u USING nomodule(a)', rootpage = 0 WHERE name = 'u'; PRAGMA writable_schema=RESET",
    "names": 'CREATE TABLE "$a ""b"(" ", "$c" "[x]"); CREATE TABLE "é"("É", é); CREATE TABLE "t t"("a,b", "c)")',
    "texts of ALTER TABLE": "CREATE TABLE t(a, b); ALTER TABLE t RENAME COLUMN b TO c; ALTER TABLE t ADD COLUMN d DEFAULT 'x' REFERENCES p; ALTER TABLE t RENAME TO \"T2\"; CREATE TABLE p(id INTEGER PRIMARY KEY)",
    "texts of CREATE TABLE AS": "CREATE TABLE s(a INT, b VARCHAR(3), c REAL); CREATE TABLE t AS SELECT a, b, c, a + 1 AS \"x y\", 'q' AS rowid FROM s",
}
for name, script in HONEST.items():
    for encoding in "UTF-8", "UTF-16le", "UTF-16be":
        db = connect(":memory:")
        db.execute(f"PRAGMA encoding = '{encoding}'")
        db.executescript(script)
        db.execute("SELECT adcp_backup('honest.json', '{\"overwrite\":true}')")
        valid = json.loads(db.execute("SELECT adcp_validate('honest.json')").fetchone()[0])
        check(f"{name} in {encoding}: validation", valid["valid"], valid)
        again = connect(":memory:")
        said = ask(again, "SELECT adcp_restore('honest.json')")
        check(f"{name} in {encoding}: restore", '"verified":true' in said, said)
        texts = [one.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall() for one in (db, again)]
        check(f"{name} in {encoding}: the schema", texts[0] == texts[1])
        for (one,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite%'").fetchall():
            quoted = one.replace('"', '""')
            check(f"{name} in {encoding}: {one}", db.execute(f'SELECT * FROM "{quoted}"').fetchall() == again.execute(f'SELECT * FROM "{quoted}"').fetchall())
        db.close()
        again.close()

# A file that takes another's place and says that its digest is the same: an adcp_table reads no row by a description that is not the row's.
HONEST_TABLE = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c, d); INSERT INTO t VALUES(1, 'one', 2, 3), (5, 'five', 6, 7)"
KEYED = "CREATE TABLE t(a TEXT PRIMARY KEY, b, c) WITHOUT ROWID; INSERT INTO t VALUES('k', 2, 3)"
PRETENDERS = {
    "fewer columns": "CREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES(1), (5)",
    "more columns": "CREATE TABLE t(z, y, a INTEGER PRIMARY KEY, b TEXT, c, d); INSERT INTO t VALUES(8, 9, 1, 'one', 2, 3)",
    "a hidden rowid": "CREATE TABLE t(a, b TEXT, c, d); INSERT INTO t VALUES(1, 'one', 2, 3)",
    "another key": "CREATE TABLE t(a, b TEXT PRIMARY KEY, c, d) WITHOUT ROWID; INSERT INTO t VALUES(1, 'one', 2, 3)",
    "another order": "CREATE TABLE t(b TEXT, a INTEGER PRIMARY KEY, c, d); INSERT INTO t VALUES('one', 1, 2, 3)",
    "computed columns": "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c AS (a), d AS (a)); INSERT INTO t(a, b) VALUES(1, 'one')",
    "no rows": "CREATE TABLE t(a)",
    "the same": HONEST_TABLE,
}
for first in HONEST_TABLE, KEYED:
    full = backup(first).manifest["full_sha256"]
    honest = open("described.json", "rb").read()
    for name, script in PRETENDERS.items():
        pretender = backup(script)
        pretender.digests = lambda entries, of=pretender: (Forgery.digests(of, entries)[0], full)
        data = pretender.text()
        for again in "next scan", "connected anew", "opened anew":
            with open("described.json", "wb") as file:
                file.write(honest)
            db = connect(":memory:")
            db.execute("CREATE VIRTUAL TABLE temp.past USING adcp_table('described.json', t)")
            wanted = ask(db, "SELECT * FROM past")
            if again == "opened anew":
                os.remove("described.json")
                ask(db, "VACUUM")
                ask(db, "SELECT * FROM past")
            with open("described.json", "wb") as file:
                file.write(data)
            if again == "connected anew":
                db.executescript("BEGIN; CREATE TEMP TABLE x(a); ROLLBACK")
            for sql in "SELECT * FROM past", "SELECT * FROM past WHERE a = 5", "SELECT * FROM past WHERE a > 'a'", "SELECT rowid, d FROM past" if first == HONEST_TABLE else "SELECT c FROM past":
                said = ask(db, sql)
                if name == "the same" and first == HONEST_TABLE:
                    check(f"{name}, {again}: {sql}", said.startswith("[") and (sql != "SELECT * FROM past" or said == wanted), said)
                else:
                    check(f"{name}, {again}: {sql}", "was replaced by another backup" in said, said)
            db.close()

# Under other names, and in parts, where tables that stay make one of the backup's a shadow table.
for name, script, options, live, shown in (
        ("renamed", "CREATE TABLE t(a INTEGER PRIMARY KEY, up REFERENCES t); INSERT INTO t VALUES(1, 1)", {"rename": {"t": "u"}}, "CREATE TABLE z(a)", "SELECT * FROM u"),
        ("beside an index", "CREATE TABLE f_content(a); INSERT INTO f_content VALUES(1)", {"tables": ["f_content"]}, "CREATE VIRTUAL TABLE f USING fts5(c, content='')", "SELECT * FROM f_content"),
        ("a part in a part", T, {"tables": ["t"], "where": {"t": "a = 1"}}, "CREATE TABLE z(a)", "SELECT * FROM t"),
        ("into another table", T, {"tables": ["t"], "data_only": True}, "CREATE TABLE t(b TEXT, a, c DEFAULT 3)", "SELECT * FROM t"),
        ("merged", T, {"mode": "merge"}, "CREATE TABLE t(b TEXT, a INT PRIMARY KEY, c DEFAULT 3)", "SELECT * FROM t")):
    backup(script)
    db = connect(":memory:")
    db.executescript(live)
    said = ask(db, "SELECT adcp_restore('described.json', ?)", json.dumps(options))
    check(f"{name}: restore", '"verified":' in said, said)
    check(f"{name}: rows", len(db.execute(shown).fetchall()) == 1)
    db.close()
for options in '{"overwrite":true,"tables":["f","t"]}', '{"overwrite":true,"data_only":true}', '{"overwrite":true,"schema_only":true}', '{"overwrite":true,"fts":"rebuild"}', '{"overwrite":true,"exclude_data":["f"]}':
    backup(T + FTS + FK.replace("t(x", "c(x").replace("INTO t", "INTO c"), options)
    db = connect(":memory:")
    if "data_only" in options:
        db.executescript(T + FTS + FK.replace("t(x", "c(x").replace("INTO t", "INTO c"))
    said = ask(db, "SELECT adcp_restore('described.json', '{\"force\":true}')")
    check(f"a backup with {options}", '"verified":' in said, said)
    valid = json.loads(db.execute("SELECT adcp_validate('described.json')").fetchone()[0])
    check(f"a backup with {options}: validation", valid["valid"], valid)
    db.close()

done()
