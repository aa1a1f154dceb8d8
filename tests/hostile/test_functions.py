"""test_functions.py - what of a file may call functions, and what of the database a restore may take: each case by its own setup.

    test_functions.py [--only TEXT]

Each case forges a backup, validates it, restores it over a database of its own and asks that database something. boom stands for
any function of an application, direct for one that is DIRECTONLY (adcp_backup, which would write a file).
"""

import json
import os
import sqlite3
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "damage"))
from forge import Forgery
from sample import backup_text, connect

EXTENSION = os.environ["ADCP_SO"]


# ---- forging ----


def made(folder, script, sql={}, rebuild=(), without=(), change=lambda forgery: None):
    """The backup of what a script makes, with other SQL for some objects; without: tables whose rows are left out."""
    forgery = Forgery(backup_text(EXTENSION, script, os.path.join(folder, "base.json")))

    def objects(items):
        for item in items:
            item["sql"] = sql.get(item["name"], item.get("sql"))
        return [item for item in items if item["sql"] is not None or item["type"] == "index"]

    forgery.objects(objects)
    for table in rebuild:
        at = forgery.head.index("{", forgery.head.index(f'"{table}":' + '{"kind"'))
        forgery.head = forgery.head[: at + 1] + '"rebuild":true,' + forgery.head[at + 1 :]
    if rebuild:
        forgery.head = forgery.head.replace('{"format"', '{"requires":["fts_rebuild"],"format"', 1)
    forgery.tables[:] = [entry for entry in forgery.tables if entry[0] not in without]
    change(forgery)
    return forgery.text()


# ---- one restore ----


class Case:
    """What became of a file: results and errors as text, calls of boom, files that appeared."""

    def __init__(self, folder, data, live="", options="{}", ask=(), length=None):
        self.calls = []
        self.length = length
        path = os.path.join(folder, "forged.json")
        with open(path, "wb") as file:
            file.write(data)
        before = set(os.listdir(folder))
        db = self.open(live)
        self.validate = self.run(db, "SELECT adcp_validate(?)", path)
        self.restore = self.run(db, "SELECT adcp_restore(?, ?)", path, options)
        self.during = list(self.calls)
        self.answers = [self.run(db, question) for question in ask]
        self.later = self.calls[len(self.during) :]
        self.written = set(os.listdir(folder)) - before
        self.checked = self.run(self.open(live), "SELECT adcp_restore(?, '{\"validate_only\":true}')", path)
        db.close()

    def open(self, live):
        db = connect(EXTENSION)
        db.create_function("boom", -1, lambda *args: self.calls.append(args) or "boom", deterministic=True)
        db.create_function("regexp", 2, lambda *args: self.calls.append(args) or 1, deterministic=True)
        db.executescript(live)
        if self.length:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, self.length)
        return db

    def run(self, db, sql, *values):
        text = lambda value: value.decode() if isinstance(value, bytes) else value
        try:
            rows = [[text(value) for value in row] for row in db.execute(sql, values)]
        except sqlite3.Error as error:
            return f"error: {error}"
        return rows[0][0] if sql.startswith("SELECT adcp_") else rows

    def valid(self):
        return json.loads(self.validate)["valid"]


FTS4 = "CREATE VIRTUAL TABLE f USING fts4(c); INSERT INTO f VALUES('hello'), ('stolen.json');"
OPTIONS = ["compress=hex, uncompress=boom", "COMPRESS=hex,UnCompress=\"boom\"", "/* c */ compress= hex /* d */ ,\nuncompress=[boom]", "order=asc, compress='hex', c2, uncompress=boom"]
FTS4_DERIVED = ("f_segments", "f_segdir", "f_docsize", "f_stat")


def fts4_functions(folder):
    """fts4 calls what compress= and uncompress= name, whatever trusted_schema is."""
    for option in OPTIONS:
        for rebuild in ((), ("f",)):
            sql = {"f": f"CREATE VIRTUAL TABLE f USING fts4(c, {option})"}
            case = Case(folder, made(folder, FTS4, sql, rebuild, FTS4_DERIVED if rebuild else ()), ask=["SELECT count(*) FROM f"])
            where = f"{option!r} {rebuild}"
            yield f"{where}: {case.restore}", "unsafe use of functions" in case.restore and "trust_schema" in case.restore
            yield f"{where}: {case.checked}", "unsafe use of functions" in case.checked
            yield f"{where}: {case.validate}", case.valid() and "trust_schema" in case.validate
            yield f"{where}: calls {case.calls}", not case.calls
    sql = {"f": "CREATE VIRTUAL TABLE f USING fts4(c, compress=hex, uncompress=adcp_backup)"}
    os.chdir(folder)
    for rebuild in ((), ("f",)):
        data = made(folder, FTS4, sql, rebuild, FTS4_DERIVED if rebuild else ())
        case = Case(folder, data, ask=["PRAGMA trusted_schema=off", "SELECT count(*) FROM f"])
        yield f"a backup was written: {case.written}", not case.written
    for function in ("load_extension", '"fts3_Tokenizer"'):
        sql = {"f": f"CREATE VIRTUAL TABLE f USING fts4(c, compress=hex, uncompress={function})"}
        case = Case(folder, made(folder, FTS4, sql), options='{"trust_schema":true}')
        yield f"{function}: {case.restore}", "SQL that would load code" in case.restore and not case.valid()
    more = {"f": "CREATE VIRTUAL TABLE f USING fts4(c, compress=hex, uncompress=boom); DROP TABLE f"}
    case = Case(folder, made(folder, FTS4, more))
    yield f"a second statement: {case.validate}", not case.valid()
    trusted = {"f": "CREATE VIRTUAL TABLE f USING fts4(c, compress=hex, uncompress=boom)"}
    case = Case(folder, made(folder, FTS4, trusted), options='{"trust_schema":true}', ask=["SELECT c FROM f"])
    yield f"trusted: {case.restore}", json.loads(case.restore)["verified"] and case.answers == [[["boom"], ["boom"]]]


OVER_VIEW = "CREATE TABLE t(id INTEGER PRIMARY KEY, x); INSERT INTO t VALUES(1, 'q'); CREATE VIEW v AS SELECT id, x FROM t;"
JSON = "CREATE TABLE j(a CHECK(json_valid(a)));"  # which SQLite 3.38 to 3.40 refuse to a schema that is not trusted
FTS5_DERIVED = ("f_data", "f_idx", "f_docsize")
VIEWS = [
    "CREATE VIEW v AS SELECT 1 AS id, boom('view') AS x",
    "CREATE VIEW v AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT 300000) SELECT i AS id, hex(randomblob(20)) AS x FROM c",
]


def rebuilt_over_views(folder):
    """A rebuild runs what an index names as its content."""
    for module, derived in (("fts5", FTS5_DERIVED), ("fts4", FTS4_DERIVED)):
        for name in ("v", "V", "pragma_function_list", "sqlite_schema"):
            columns = "x" if name in "vV" else "name"
            index = f"CREATE VIRTUAL TABLE f USING {module}({columns}, content='{name}'" + (", content_rowid='id')" if name in "vV" and module == "fts5" else ")")
            for view in VIEWS:
                for more in ("", JSON):
                    script = f"{OVER_VIEW} CREATE VIRTUAL TABLE f USING {module}(x, content='t'); {more}"
                    case = Case(folder, made(folder, script, {"v": view, "f": index}, ["f"], derived))
                    where = f"{module} over {name}, {view[:50]!r}, {more!r}"
                    yield f"{where}: {case.restore[:300]}", f'an index over "{name}", which is no table' in case.restore
                    yield f"{where}: {case.validate[:300]}", not case.valid()
                    yield f"{where}: calls {case.calls}", not case.calls
    # Described as a table and left out of the restore, so that only a module of the connection has the name.
    script = "CREATE TABLE pragma_function_list(name); CREATE VIRTUAL TABLE f USING fts5(name, content='pragma_function_list');"
    data = made(folder, script, rebuild=["f"], without=FTS5_DERIVED)
    case = Case(folder, data, options='{"tables":["f"]}')
    yield f"a table-valued function: {case.restore}", "no such table: pragma_function_list" in case.restore
    yield from rebuilt_over_live_views(folder)


def rebuilt_over_live_views(folder):
    """The file describes a table, the database has a view of that name, which no index of its own reads."""
    for module, derived in (("fts5", FTS5_DERIVED), ("fts4", FTS4_DERIVED)):
        index = f"CREATE VIRTUAL TABLE f USING {module}(x, content='V'" + (", content_rowid='id')" if module == "fts5" else ")")
        script = f"CREATE TABLE v(id INTEGER PRIMARY KEY, x); {index};"
        live = f"CREATE TABLE base(id INTEGER PRIMARY KEY, x); {VIEWS[0]};" + index.replace("'V'", "'base'")
        for kind, options in (("full", '{"tables":["f"]}'), ("data", "{}")):

            def change(forgery):
                forgery.head = forgery.head.replace('"backup_type":"full"', f'"backup_type":"{kind}"')

            data = made(folder, script, {}, ["f"], (*derived, "v"), change)
            case = Case(folder, data, live, options, ["SELECT sql LIKE '%base%' FROM sqlite_schema WHERE name = 'f'"])
            where = f"{module} over a live view, {kind}"
            yield f"{where}: {case.restore}", "no such table: V, which has to be an ordinary one" in case.restore
            yield f"{where}: {case.answers}", case.answers == [[[1]]]
            yield f"{where}: calls {case.calls}", not case.calls


def rebuilt_over_tables(folder):
    """Generated columns of the content that call SQLite's own functions, beside a view that calls the application's."""
    script = (
        "CREATE TABLE t(id INTEGER PRIMARY KEY, d, x AS (json_extract(d, '$.x'))); INSERT INTO t(d) VALUES('{\"x\":\"word\"}');"
        "CREATE VIEW v AS SELECT id, x FROM t; CREATE VIRTUAL TABLE f USING fts5(x, content='T', content_rowid='id'); INSERT INTO f(f) VALUES('rebuild');"
    )
    data = made(folder, script, {"v": VIEWS[0]}, ["f"], FTS5_DERIVED)
    case = Case(folder, data, ask=["SELECT rowid FROM f('word')"])
    yield f"{case.restore}", json.loads(case.restore)["verified"] and case.answers == [[[1]]]
    yield f"calls {case.calls}", not case.calls


def standing_tables(folder):
    """A table of the database that a file calls a part of its index."""
    script = "CREATE VIRTUAL TABLE f USING fts5(c, content=''); CREATE TABLE f_users(a); INSERT INTO f_users VALUES('evil');"

    def change(forgery):
        forgery.head = forgery.head.replace('"f_users":{"kind":"ordinary"', '"f_users":{"shadow_of":"f","kind":"shadow"')

    live = "CREATE TABLE f_users(a); INSERT INTO f_users VALUES('live');"
    case = Case(folder, made(folder, script, change=change), live, '{"tables":["f"]}', ["SELECT a FROM f_users"])
    yield f"{case.restore}: {case.answers}", case.restore.startswith("error") and case.answers == [[["live"]]]


def rows_alone(folder):
    """data_only, which a file can choose itself: the live schema is trusted, a shadow table's shape in the file is not."""
    shapes = ["g AS (boom(id)) STORED", "g AS (boom(id))", "g CHECK(boom(g))"]
    for shape in shapes:
        for kind in ("full", "data"):

            def change(forgery):
                generated = ',{"name":"g","type":"","generated":true}' if " AS " in shape else ',{"name":"g","type":""}'
                at = forgery.head.index('"f_docsize":{"kind"')
                forgery.head = forgery.head[:at] + forgery.head[at:].replace('{"name":"sz","type":"BLOB"}', '{"name":"sz","type":"BLOB"}' + generated, 1)
                forgery.head = forgery.head.replace('"backup_type":"full"', f'"backup_type":"{kind}"')
                if " AS " not in shape:
                    forgery.rows("f_docsize")[:] = [row[:-1] + ',"g":1}' for row in forgery.rows("f_docsize")]

            sql = {"f_docsize": f"CREATE TABLE 'f_docsize'(id INTEGER PRIMARY KEY, sz BLOB, {shape})"}
            data = made(folder, "CREATE VIRTUAL TABLE f USING fts5(c); INSERT INTO f VALUES('hello');", sql, change=change)
            options = "{}" if kind == "data" else '{"data_only":true,"force":true}'
            ask = ["INSERT INTO f VALUES('later')"]
            case = Case(folder, data, "CREATE VIRTUAL TABLE f USING fts5(c);", options, ask)
            where = f"{shape}, {kind}"
            told = ['creating shadow table "f_docsize": unsafe use of boom()', 'damaged: shadow table "f_docsize"']
            yield f"{where}: {case.restore}", any(text in case.restore for text in told)
            yield f"{where}: calls {case.calls}", not case.calls
            case = Case(folder, data, "CREATE VIRTUAL TABLE f USING fts5(c);", options.replace("{", '{"trust_schema":true,').replace(",}", "}"))
            yield f"{where}, trusted: {case.restore}", '"verified":true' in case.restore or told[1] in case.restore
    live = "CREATE TABLE t(a INTEGER PRIMARY KEY, b, g AS (boom(b)) STORED); CREATE VIRTUAL TABLE f USING fts5(b, content='t', content_rowid='a');"
    data = made(folder, "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'x'); CREATE VIRTUAL TABLE f USING fts5(b, content='t', content_rowid='a');")
    case = Case(folder, data, live, '{"data_only":true}', ["SELECT g FROM t"])
    yield f"the live schema: {case.restore}", case.answers == [[["boom"]]] and case.during == [("x",)]


def defaults(folder):
    """SQLite resolves a DEFAULT at the first INSERT, so that no CREATE refuses it."""
    script = "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'x');"
    forms = ["(boom('default'))", "/* ( */ ( 1 + (\"BOOM\"(2)))", "(')' || boom(')'))", "(1 -> boom(3))", "DEFAULT(5) DEFAULT (boom(4))", "('a' REGEXP 'b')"]
    for form in forms:
        for more in ("", JSON):
            sql = {"t": f"CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT {form.removeprefix('DEFAULT')})"}
            data = made(folder, script + more, sql)
            live = "CREATE TABLE other(a);"
            case = Case(folder, data, live, '{"tables":["t"]}', ["INSERT INTO t(a) VALUES(5)"])
            name = "regexp" if "REGEXP" in form else "boom"
            where = f"{form}, {more!r}"
            refused = 'table "t" of the backup has a DEFAULT: unsafe use of ' in case.restore and f"{name}()" in case.restore.lower()
            yield f"{where}: {case.restore}", refused
            yield f"{where}: {case.validate}", case.valid()
            yield f"{where}: calls {case.calls}", not case.calls
            case = Case(folder, data, live, '{"tables":["t"],"trust_schema":true}', ["INSERT INTO t(a) VALUES(5)", "SELECT count(*) FROM t"])
            yield f"{where}, trusted: {case.restore} {case.answers}", case.answers[1] == [[2]]
    directly = {"t": "CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT (adcp_backup('stolen.json')))"}
    case = Case(folder, made(folder, script, directly))
    yield f"DIRECTONLY: {case.restore}", "unsafe use of adcp_backup()" in case.restore
    loads = {"t": "CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT (load_extension('./evil')))"}
    case = Case(folder, made(folder, script, loads), options='{"trust_schema":true}')
    yield f"{case.restore}", "SQL that would load code" in case.restore and not case.valid()
    # What fails where it is used stands in honest databases; an error that could hide a call is refused.
    for form in ("(RAISE(IGNORE))", "((1, 2))", "(1 = (1, 2))"):
        data = made(folder, f"CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT {form}); INSERT INTO t VALUES(1, 'x');")
        case = Case(folder, data, ask=["SELECT b FROM t"])
        yield f"{form}: {case.restore}", case.answers == [[["x"]]] and case.valid()
    for form in ("(RAISE(IGNORE) + boom(1))", "(likelihood(boom(1), 2.0))", "(((1, 2) = 1) + boom(1))", "((1, 2) -> 3)", "(load_extension('x') + RAISE(IGNORE))"):
        sql = {"t": f"CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT {form})"}
        case = Case(folder, made(folder, script, sql))
        yield f"{form}: {case.restore}", any(told in case.restore for told in ("unsafe use of", "SQL that SQLite refuses", "would load code")) and not case.calls
    for form in ("(datetime('now'))", "(1 + 2)", "('boom(1)')", "(json_array(1))", "(nobody('x'))", "(abs(-5) /* boom(1) */)", "(CURRENT_TIMESTAMP)", "(cast('1' AS boom(1)))", "'(boom(1))'", "-1"):
        sql = {"t": f"CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT {form}, \"default\")"}
        data = made(folder, "CREATE TABLE t(a INTEGER PRIMARY KEY, b, \"default\"); INSERT INTO t VALUES(1, 'x', 'y');", sql)
        case = Case(folder, data, ask=["SELECT b FROM t"])
        yield f"{form}: {case.restore}", case.answers == [[["x"]]] and case.valid() and not case.calls


def into_temp(folder):
    """SQLite trusts TEMP whatever trusted_schema says, and lets functions be called there that are DIRECTONLY."""
    script = "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'x'), (2, 'y');"
    generated = '{"name":"b","type":""},{"name":"g","type":"","generated":true}'
    tables = {
        "CHECK": "CREATE TABLE t(a INTEGER PRIMARY KEY, b CHECK(CALL))",
        "generated": "CREATE TABLE t(a INTEGER PRIMARY KEY, b, g AS (CALL) STORED)",
        "computed when read": "CREATE TABLE t(a INTEGER PRIMARY KEY, b, g AS (CALL))",
        "DEFAULT": "CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT (CALL))",
    }
    others = {
        "index": "CREATE INDEX i ON t(CALL)",
        "partial index": "CREATE INDEX i ON t(b) WHERE CALL",
        "view": "CREATE VIEW i AS SELECT CALL FROM t",
        "trigger": "CREATE TRIGGER i AFTER INSERT ON t BEGIN SELECT CALL; END",
    }
    calls = {"boom(1)": "boom", "BOOM(1) = 'boom'": "boom", "\"boom\" /* */ (1)": "boom", "('a' REGEXP 'b')": "regexp", "adcp_backup('stolen.json')": "adcp_backup"}

    def data(kind, call):
        sql = {name: text.replace("CALL", call) for name, text in [("t", tables.get(kind, "")), ("i", others.get(kind, ""))] if text}
        made_by = {"view": "CREATE VIEW i AS SELECT 1", "trigger": "CREATE TRIGGER i AFTER INSERT ON t BEGIN SELECT 1; END", "partial index": "CREATE INDEX i ON t(b) WHERE a"}

        def change(forgery):
            if " AS (" in sql.get("t", ""):
                forgery.head = forgery.head.replace('{"name":"b","type":""}', generated, 1)

        more = made_by.get(kind, "CREATE INDEX i ON t(b)" if kind == "index" else "")
        return made(folder, f"{script} {more}", sql, change=change)

    os.chdir(folder)
    for kind in [*tables, *others]:
        for call, name in calls.items():
            file = data(kind, call)
            for options in ('{"schema":"temp"}', '{"schema":"TEMP","tables":["t"]}', '{"schema":"temp","tables":["t"],"where":{"t":"a = 1"}}'):
                if kind == "view" and "tables" in options:
                    continue
                case = Case(folder, file, "PRAGMA trusted_schema=off", options, ["SELECT * FROM t", "SELECT * FROM i"])
                where = f"{kind}, {call}, {options}"
                refused = f"unsafe use of {name}()" in case.restore.lower() or ("where" in options and "no such function: adcp_backup" in case.restore)
                yield f"{where}: {case.restore}", refused
                yield f"{where}: calls {case.calls}, {case.written}", not case.calls and not case.written
    for kind in [*tables, *others]:
        file = data(kind, "boom(1)")
        case = Case(folder, file, options='{"schema":"temp","trust_schema":true}', ask=["SELECT a FROM temp.t"])
        yield f"{kind}, trusted: {case.restore}", case.answers == [[[1], [2]]]
        file = data(kind, "abs(1) + json_valid('1') + ('a' LIKE 'b') + ('{}' ->> 'a')")
        case = Case(folder, file, options='{"schema":"temp"}', ask=["SELECT a FROM temp.t"])
        yield f"{kind}, SQLite's own: {case.restore}", case.answers == [[[1], [2]]] and '"verified":true' in case.restore
    # An index that is rebuilt reads what its content computes.
    for module, derived in (("fts5", FTS5_DERIVED), ("fts4", FTS4_DERIVED)):
        index = f"CREATE VIRTUAL TABLE f USING {module}(g, content='t')"
        sql = {"t": tables["computed when read"].replace("CALL", "boom(1)")}
        plain = "CREATE TABLE t(a INTEGER PRIMARY KEY, b, g AS (b)); INSERT INTO t VALUES(1, 'x');"
        for options in ('{"schema":"temp"}', '{"schema":"temp","tables":["f","t"]}', '{"schema":"temp","tables":["f"]}'):
            case = Case(folder, made(folder, f"{plain} {index};", sql, ["f"], derived), options=options)
            yield f"{module}, {options}: {case.restore}", case.restore.startswith("error: ") and not case.calls


def chosen_rows(folder):
    """"where" makes a private table by the file's definition: functions are there what they are here."""
    script = "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'x'), (2, 'y');"

    def restore(column, where, more="", sql={}, name="t"):
        def change(forgery):
            generated = '{"name":"b","type":""},{"name":"g","type":"","generated":true}'
            forgery.head = forgery.head.replace('{"name":"b","type":""}', generated if " AS " in column else '{"name":"b","type":""}', 1)

        sql = {"t": f"CREATE TABLE t(a INTEGER PRIMARY KEY, b{column})"}
        options = '{"tables":["t"],"where":{"t":"%s"}%s}' % (where, more)
        return Case(folder, made(folder, script, sql, change=change), "", options, ["SELECT a FROM t"])

    trust = ',"trust_schema":true'
    case = restore(", g AS (boom(b))", "a = 1", trust)
    yield f"deterministic: {case.restore}", case.answers == [[[1]]]
    case = restore(", g AS (boom(b))", "a = 1")
    yield f"untrusted: {case.restore}", "unsafe use of boom()" in case.restore and not case.calls
    case = restore(", g AS (boom(b)) STORED", "boom(a) = 'boom' AND a = 1")
    yield f"named by the user too: {case.restore}", "unsafe use of boom()" in case.restore and not case.calls
    case = restore("", "boom(a) = 'boom' AND a = 2")
    yield f"the user's own: {case.restore}", case.answers == [[[2]]] and case.calls
    case = restore(", g AS (json_array(b))", "g = '[\\\"x\\\"]'")
    yield f"SQLite's own: {case.restore}", case.answers == [[[1]]]



def computed_values(folder):
    """Values that a schema makes of small rows: what docs/SECURITY.md says bounds them."""
    script = "CREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES(1), (2), (3);"

    def change(forgery):
        forgery.head = forgery.head.replace('"primary_key":1}', '"primary_key":1},{"name":"b","type":"","generated":true}', 1)

    data = made(folder, script, {"t": "CREATE TABLE t(a INTEGER PRIMARY KEY, b AS (hex(zeroblob(5000000 + a))) STORED)"}, change=change)
    case = Case(folder, data, ask=["SELECT sum(length(b)) FROM t"])
    yield f"{case.restore}", case.answers == [[[30000012]]]
    case = Case(folder, data, "PRAGMA max_page_count=100", ask=["PRAGMA page_count"])
    yield f"max_page_count: {case.restore}", "database or disk is full; database unchanged" in case.restore and case.answers == [[[0]]]
    case = Case(folder, data, length=1000000, ask=["PRAGMA page_count"])
    yield f"SQLITE_LIMIT_LENGTH: {case.restore}", "string or blob too big; database unchanged" in case.restore and case.answers == [[[0]]]


def fts3_columns(folder):
    """To fts3, and to fts4 where no '=' stands, these are columns."""
    script = "CREATE VIRTUAL TABLE f USING fts3(compress, uncompress); CREATE VIRTUAL TABLE g USING fts4(compress, \"uncompress\"); INSERT INTO g VALUES('a', 'b');"
    case = Case(folder, made(folder, script), ask=["SELECT uncompress FROM g"])
    yield f"{case.restore}", json.loads(case.restore)["verified"] and case.answers == [[["b"]]]


def main():
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    tried = failed = 0
    for group in (standing_tables, chosen_rows, computed_values, rows_alone, defaults, into_temp, fts4_functions, fts3_columns, rebuilt_over_views, rebuilt_over_tables):
        if only not in group.__name__:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for what, good in group(folder):
                tried += 1
                if not good:
                    failed += 1
                    print(f"failed: {group.__name__}: {what}")
            os.chdir(HERE)
    print(f"{tried - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
