"""test_damage.py - damaged backups: what validates restores to the original, all else is an error with its place.

    test_damage.py [--all]

Every byte changed in several ways, every length cut, blocks moved, repeated and dropped, and edits whose
CRCs and digests were mended. Without --all, a part of them. After every restore that fails the database has to be what
it was; a restore that succeeds has to give what the file holds.
"""

import json
import os
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from forge import Forgery, compress
from sample import connect, content, sample

EXTENSION = os.environ["ADCP_SO"]
FULL = "--all" in sys.argv


LOOKS = (
    "SELECT * FROM adcp_contents(?)",
    "SELECT * FROM adcp_check(?)",
    "SELECT * FROM adcp_rows(?, 'product')",
    "SELECT adcp_info(?)",
    "SELECT * FROM adcp_plan(?)",
    "SELECT adcp_restore(?, '{\"force\":true,\"tables\":[\"product\"],\"foreign_keys\":\"report\"}')",
    "SELECT adcp_restore(?, '{\"force\":true,\"tables\":[\"product\",\"note\"],\"rename\":{\"product\":\"goods\"}}')",
    "SELECT adcp_restore(?, '{\"force\":true,\"schema_only\":true}')",
    "SELECT adcp_restore(?, '{\"force\":true,\"data_only\":true,\"tables\":[\"product\"]}')",
    "SELECT adcp_restore(?, '{\"mode\":\"merge\",\"tables\":[\"product\"]}')",
    "SELECT adcp_restore(?, '{\"skip_validation\":true,\"force\":true}')",
)


SHOWN = "created_at, format_version, backup_type, tables, rows, content_sha256, note, sqlite_version, database"


class Judge:
    def __init__(self, folder):
        os.mkdir(os.path.join(folder, "list"))
        self.path = os.path.join(folder, "list", "damaged.json")
        self.shown = None
        self.checks = connect(EXTENSION)
        self.target = connect(EXTENSION)
        self.target.executescript("CREATE TABLE mine(a); INSERT INTO mine VALUES(1)")
        self.before = content(self.target)
        self.tried = self.valid = self.failed = 0

    def fail(self, case, why):
        self.failed += 1
        print(f"failed: {case}: {why}")

    def judge(self, case, data, original):
        """original: the content a restore has to give, or None where only the law of all or nothing holds."""
        self.tried += 1
        with open(self.path, "wb") as file:
            file.write(data)
        try:
            report = json.loads(self.checks.execute("SELECT adcp_validate(?)", (self.path,)).fetchone()[0])
        except sqlite3.Error as error:
            report = {"valid": False, "errors": [str(error)]}
        self.valid += report["valid"]
        self.listed(case)
        if not report["valid"] and not (report["errors"] and len(report["errors"][0]) > 20):
            self.fail(case, f"no error that says anything: {report['errors']}")
        self.restore(case, report["valid"], original)

    def list(self):
        query = f"SELECT status, error, {SHOWN} FROM adcp_backups(?)"
        return self.checks.execute(query, (os.path.dirname(self.path),)).fetchone()

    def listed(self, case):
        """A list says nothing of a backup that was not written into it, whatever was damaged since."""
        status, error, *shown = self.list()
        if status == b"ok" and self.shown and shown != self.shown:
            self.fail(case, f"listed as ok with {shown}")
        if status != b"ok" and not error:
            self.fail(case, f"listed as {status} without a reason")

    def restore(self, case, valid, original):
        db = connect(EXTENSION)
        try:
            db.execute("SELECT adcp_restore(?)", (self.path,)).fetchone()
        except sqlite3.Error as error:
            if valid:
                self.fail(case, f"valid, but not restored: {error}")
            if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                self.fail(case, "something is left of a failed restore")
            return self.refused(case)
        if not valid:
            self.fail(case, "restored, although it is not valid")
        if original is not None and content(db) != original:
            self.fail(case, "restored to something else")
        db.close()

    def look(self, case):
        """Everything else that reads a file, and other restores: an error or not, the databases stay sound."""
        for sql in LOOKS:
            db = connect(EXTENSION)
            db.executescript("CREATE TABLE product(id INTEGER PRIMARY KEY, name, price, more); INSERT INTO product VALUES(1,2,3,4)")
            before = content(db)
            try:
                db.execute(sql, (self.path,)).fetchall()
            except sqlite3.Error as error:
                if content(db) != before:
                    self.fail(case, f"{sql}: {error}, and something was changed")
            # Rows that violate a CHECK are restored as they were.
            found = [text for (text,) in db.execute("PRAGMA integrity_check") if not text.startswith(b"CHECK")]
            if found not in ([], [b"ok"]):
                self.fail(case, f"{sql}: not sound afterwards: {found[:3]}")
            db.close()

    def refused(self, case):
        """Over a database that holds something, from time to time."""
        if self.tried % 10:
            return
        try:
            self.target.execute("SELECT adcp_restore(?, '{\"force\":true}')", (self.path,)).fetchone()
            self.fail(case, "restored over another database only")
        except sqlite3.Error as error:
            if "database unchanged" not in str(error):
                self.fail(case, f"the state is not said: {error}")
        if content(self.target) != self.before:
            self.fail(case, "the other database was changed")


def damage_bytes(judge, data, name, original, stride):
    ways = {
        "bit 0": lambda b: bytes([b ^ 1]),
        "bit 5": lambda b: bytes([b ^ 0x20]),
        "bit 7": lambda b: bytes([b ^ 0x80]),
        "zero": lambda b: b"\0",
        "digit": lambda b: b"7",
        "quote": lambda b: b'"',
        "gone": lambda b: b"",
        "twice": lambda b: bytes([b, b]),
    }
    for number, (way, change) in enumerate(ways.items()):
        for at in range(number % stride, len(data), stride):
            new = change(data[at])
            if new != data[at : at + 1]:
                judge.judge(f"{name}: byte {at} {way}", data[:at] + new + data[at + 1 :], original)


def cut_and_grow(judge, data, name, original, stride):
    for n in range(0, len(data), stride):
        judge.judge(f"{name}: cut to {n}", data[:n], original)
    for more in (b"\n", b" ", b"\0", b"{}", data[:100], data):
        judge.judge(f"{name}: followed by {more[:10]!r}", data + more, original)
        judge.judge(f"{name}: preceded by {more[:10]!r}", more + data, original)


def move_blocks(judge, data, name, original, manifest):
    pieces, at = [], 10 if name.endswith(".gz") else 0
    head = data[:at]
    for size, _, _ in manifest["blocks"]:
        pieces.append(data[at : at + size])
        at += size
    tail = data[at:]
    count = len(pieces)
    orders = []
    for i in range(count):
        orders.append((f"block {i} dropped", [j for j in range(count) if j != i]))
        orders.append((f"block {i} repeated", sorted([*range(count), i])))
        for k in range(i):
            order = list(range(count))
            order[i], order[k] = k, i
            orders.append((f"blocks {k} and {i} swapped", order))
    for case, order in orders:
        judge.judge(f"{name}: {case}", head + b"".join(pieces[j] for j in order) + tail, original)


def edits(text):
    """Forgeries whose guards fit: (case, document)."""
    def forged(case, change):
        forgery = Forgery(text)
        change(forgery)
        return case, forgery.text()

    def row(table, at, new):
        def change(f):
            rows = f.rows(table)
            rows[at] = new(rows[at])
        return change

    yield forged("mended, nothing changed", lambda f: None)
    names = [name for name, rows in Forgery(text).tables if rows]
    for name in names:
        yield forged(f"{name}: last row dropped", lambda f: f.rows(name).pop())
        yield forged(f"{name}: first row twice", lambda f: f.rows(name).insert(0, f.rows(name)[0]))
        yield forged(f"{name}: rows reversed", lambda f: f.rows(name).reverse())
        yield forged(f"{name}: no rows", lambda f: f.rows(name).clear())
        yield forged(f"{name}: empty row", row(name, 0, lambda r: "{}"))
        yield forged(f"{name}: null row", row(name, 0, lambda r: "null"))
        yield forged(f"{name}: a key twice", row(name, 0, lambda r: r[:-1] + "," + r[1:]))
        yield forged(f"{name}: a key more", row(name, 0, lambda r: r[:-1] + ',"more":1}'))
        yield forged(f"{name}: keys turned", row(name, 0, lambda r: json.dumps(
            dict(reversed(json.loads(r).items())), separators=(",", ":"), ensure_ascii=False)))
        for value in ('{"$blob":"AA"}', '{"$blob":"!"}', '{"$hex":"zz"}', '{"$real":"NaN"}', '{"$odd":1}', "[1]", "{}",
                      '{"$text":"YQ=="}', '{"$text16":"AA=="}', "01", "1.", "-", "1e999", "9223372036854775808",
                      "-9223372036854775809", "1" * 400, '"\\ud800"', '"\\u0000"', "true", "1.50", "-0", "1E2"):
            def put(r, value=value):
                key = list(json.loads(r))[-1]
                return r[: r.rindex(f'"{key}":') + len(key) + 3] + value + "}"
            yield forged(f"{name}: value {value[:30]}", row(name, 0, put))
    yield forged("a table that is not in the schema", lambda f: f.tables.append(["ghost", ['{"$rowid":1,"a":1}']]))
    yield forged("a table twice", lambda f: f.tables.append(f.tables[0]))
    yield forged("a table left out", lambda f: f.tables.pop(0))
    for i in range(len(Forgery(text).schema()["objects"])):
        yield forged(f"object {i} left out", lambda f: f.objects(lambda o: o[:i] + o[i + 1 :]))
        yield forged(f"object {i} twice", lambda f: f.objects(lambda o: [*o, o[i]]))
        for field in ("type", "name", "tbl_name", "sql"):
            for value in ("", None, "table", "sqlite_x", 'a"b', "CREATE TABLE z(a)", 7):
                def change(objects, i=i, field=field, value=value):
                    objects[i][field] = value
                    return objects
                yield forged(f"object {i}: {field} is {value!r}", lambda f: f.objects(change))


def main():
    stride = 1 if FULL else 23
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        judge = Judge(folder)
        source = sample(EXTENSION)
        original = content(source)
        texts = {}
        for name in ("small.json", "small.json.gz"):
            path = os.path.join(folder, name)
            source.execute("SELECT adcp_backup(?, '{\"threads\":0}')", (path,))
            data = texts[name] = open(path, "rb").read()
            open(judge.path, "wb").write(data)
            judge.shown = list(judge.list()[2:])
            damage_bytes(judge, data, name, original, stride)
            cut_and_grow(judge, data, name, original, 1 if FULL else 11)
            judge.shown = None
        print(f"{judge.tried} changed bytes and lengths, {judge.valid} still valid")
        before = judge.tried, judge.valid
        wide = sample(EXTENSION, 4000)
        for name in ("wide.json", "wide.json.gz"):
            path = os.path.join(folder, name)
            wide.execute("SELECT adcp_backup(?)", (path,))
            data = open(path, "rb").read()
            start = int(data[-80:].split(b'"manifest_at":"')[1][:20])
            text = data if name.endswith(".json") else __import__("gzip").decompress(data)
            manifest = json.loads(b"{" + text[text.rindex(b'\n"backup_manifest"') + 1 :])["backup_manifest"]
            assert len(manifest["blocks"]) > 3 and start
            move_blocks(judge, data, name, content(wide), manifest)
        print(f"{judge.tried - before[0]} moved blocks, {judge.valid - before[1]} still valid")
        before = judge.tried, judge.valid
        for number, (case, text) in enumerate(edits(texts["small.json"].decode())):
            judge.judge(case, text if number % 2 else compress(text), None)
            if FULL or number % 5 == 0:
                judge.look(case)
        print(f"{judge.tried - before[0]} mended edits, {judge.valid - before[1]} valid")
    if judge.valid < 5:
        judge.fail("all", "hardly anything was valid: the test tests nothing")
    print(f"{judge.tried - judge.failed} passed, {judge.failed} failed")
    return 1 if judge.failed else 0


if __name__ == "__main__":
    sys.exit(main())
