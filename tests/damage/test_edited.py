"""Documents that a tool wrote anew with something wrong in them: each is told by what is wrong.

Rows and digests are as they were, and the CRCs of blocks do not apply: only reading it finds the fault. A
validation, a restore and the look at the contents all say the same, and the database stays as it was.
"""
import copy
import hashlib
import json
import os
import re
import sqlite3
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done  # noqa: E402

from forge import Forgery

os.chdir(os.environ["TMPDIR"])


source = connect(":memory:")
source.executescript("""
    CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x');
    CREATE TABLE child(a, b REFERENCES parent(id), c AS (a + 1), PRIMARY KEY(a)) WITHOUT ROWID;
    CREATE TABLE plain(x BLOB);
    CREATE INDEX by_b ON child(b);
    CREATE VIRTUAL TABLE words USING fts5(body);
    INSERT INTO parent VALUES(1, 'one'), (2, 'two'); INSERT INTO child(a, b) VALUES(1, 1); INSERT INTO plain VALUES(x'00'), (2);
    INSERT INTO words VALUES('some words')""")
source.execute("SELECT adcp_backup('whole.json')")
whole = open("whole.json").read()
DOCUMENT = json.loads(whole)

target = connect("target.db")
target.executescript("CREATE TABLE parent(id INTEGER PRIMARY KEY, name); INSERT INTO parent VALUES(7, 'mine')")


def errors_of(path):
    """What the validation, the restore and the relation say."""
    texts = []
    report = json.loads(target.execute("SELECT adcp_validate(?)", (path,)).fetchone()[0])
    texts.append("; ".join(report["errors"]) if not report["valid"] else "valid")
    for sql in ("SELECT adcp_restore(?, '{\"force\":true}')", "SELECT count(*) FROM adcp_rows(?, 'parent')"):
        try:
            target.execute(sql, (path,)).fetchall()
            texts.append("no error")
        except sqlite3.Error as error:
            texts.append(str(error))
    return texts


def refused(name, text, pattern):
    with open("edited.json", "w") as file:
        file.write(text)
    validation, restore, _ = errors_of("edited.json")
    check(f"{name}: validation", re.search(pattern, validation), validation)
    check(f"{name}: restore", re.search(pattern, restore) and restore.endswith("database unchanged"), restore)
    check(f"{name}: the database", target.execute("SELECT * FROM parent").fetchall() == [(7, "mine")])


def edit(path, change):
    """The document with a change at the place that the keys lead to."""
    document = copy.deepcopy(DOCUMENT)
    place = document
    for key in path:
        place = place[key]
    change(place)
    return json.dumps(document)


def put(key, value):
    return lambda place: place.__setitem__(key, value)


def drop(key):
    return lambda place: place.pop(key)


with open("again.json", "w") as file:
    file.write(json.dumps(DOCUMENT))
check("a document that was only written anew", errors_of("again.json")[0] == "valid")
target.execute("DROP TABLE IF EXISTS child")
for (name,) in target.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('plain', 'words')").fetchall():
    target.execute(f"DROP TABLE {name}")
target.execute("DELETE FROM parent")
target.execute("INSERT INTO parent VALUES(7, 'mine')")

META, SCHEMA = ("backup_metadata",), ("database_schema",)
TABLE, OBJECT = SCHEMA + ("tables", "parent"), SCHEMA + ("objects", 0)
PLAIN = SCHEMA + ("tables", "plain")
CHILD, COLUMN = SCHEMA + ("tables", "child"), SCHEMA + ("tables", "parent", "columns", 0)
KEY, DATABASE = SCHEMA + ("foreign_keys", "child", 0), META + ("database",)
MANIFEST = ("backup_manifest",)
ENTRY = MANIFEST + ("tables", 0)

NOTHING = {"rows": 0, "bytes": 0, "sha256": hashlib.sha256().hexdigest()}


def without_first(manifest):
    entry = manifest["tables"].pop(0)
    manifest["rows"] -= entry["rows"]


for name, path, change, pattern in (
        ("a page size that is text", DATABASE, put("page_size", "4096"), '"page_size" is not a 32-bit number'),
        ("a page size that is huge", DATABASE, put("page_size", 1e20), '"page_size" is not a 32-bit number'),
        ("a version that is half", DATABASE, put("user_version", 0.5), '"user_version" is not a 32-bit number'),
        ("an encoding that is a number", DATABASE, put("encoding", 8), '"encoding" is not one of its texts'),
        ("an encoding that is long", DATABASE, put("encoding", "U" * 100), '"encoding" is not one of its texts'),
        ("a type that is a list", META, put("backup_type", []), '"backup_type" is not one of its texts'),
        ("an extension that is not known", META, put("requires", ["shards"]), 'requires "shards", which this release'),
        ("requires that is no list of texts", META, put("requires", [1]), "requires"),
        ("requires that is no list", META, put("requires", {}), "requires"),
        ("a later version", META, put("version", "4.0"), 'format version "4.0"'),
        ("no version", META, drop("version"), "backup_metadata has no version"),
        ("another format", META, put("format", "other"), 'the format is "other"'),
        ("no schema", (), drop("database_schema"), 'it has no "database_schema"'),
        ("no manifest", (), drop("backup_manifest"), 'incomplete: it has no "backup_manifest"'),
        ("no end", (), drop("backup_end"), 'incomplete: it has no "backup_end"'),
        ("no tables", (), drop("tables"), 'it has no "tables"'),
        ("tables that are a list", (), put("tables", []), "tables"),
        ("an object without a type", OBJECT, drop("type"), "has no type, name or tbl_name"),
        ("an object without a name", OBJECT, drop("name"), "has no type, name or tbl_name"),
        ("an object of no kind", OBJECT, put("type", "sequence"), 'is of the unknown type "sequence"'),
        ("an object whose name is text in base64 that is none", OBJECT, put("sql", {"$text": "?"}), "is a \\$text that is not base64"),
        ("SQL with a zero byte", OBJECT, put("sql", "CREATE TABLE x(a)\0"), "contains a zero byte"),
        ("SQL that is an object", OBJECT, put("sql", {"a": 1}), "is not text"),
        ("SQL that is an empty object", OBJECT, put("sql", {}), "is not text"),
        ("a table of no kind", TABLE, put("kind", "strange"), 'unknown kind "strange"'),
        ("a table without a kind", TABLE, drop("kind"), 'unknown kind ""'),
        ("a flag that is a number", CHILD, put("without_rowid", 1), "is neither true nor false"),
        ("a rowid that it cannot have", CHILD, put("rowid", True), "a rowid that it cannot have"),
        ("a rowid column that is not there", TABLE, put("rowid_column", "nix"), "a rowid that it cannot have"),
        ("a column without a name", COLUMN, drop("name"), "has no name or a bad primary_key"),
        ("a place in the key below zero", COLUMN, put("primary_key", -1), "has no name or a bad primary_key"),
        ("a place in the key above all", COLUMN, put("primary_key", 100000), "has no name or a bad primary_key"),
        ("a place in the key that is half", COLUMN, put("primary_key", 0.5), "is not an integer"),
        ("a hidden that is text", COLUMN, put("hidden", "yes"), "is neither true nor false"),
        ("too many columns", TABLE, put("columns", [{"name": f"c{i}", "type": ""} for i in range(32768)]), "has more than 32767 columns"),
        ("two columns of a name", TABLE, lambda t: t["columns"].append(dict(t["columns"][1])), 'two columns "name"|has a column twice|duplicate column|does not have the columns|column'),
        ("two columns of a name in another case", TABLE, lambda t: t["columns"].append({"name": "NAME", "type": ""}), 'described with two columns "NAME"'),
        ("a rowid name that is SQL", PLAIN, put("rowid_name", "rowid FROM (SELECT 1 AS rowid) AS t --"), 'its "rowid_name" is not rowid, _rowid_ or oid'),
        ("a rowid name that is quoted", PLAIN, put("rowid_name", '"rowid"'), 'its "rowid_name" is not rowid, _rowid_ or oid'),
        ("a rowid name that is empty", PLAIN, put("rowid_name", ""), 'its "rowid_name" is not rowid, _rowid_ or oid'),
        ("a rowid name that a column has", PLAIN, lambda t: t["columns"][0].update(name="RowID"), '"rowid_name" is "rowid", which is a column of it'),
        ("a rowid name WITHOUT ROWID", CHILD, put("rowid_name", "rowid"), "a rowid that it cannot have"),
        ("a rowid both hidden and a column", TABLE, put("rowid", True), "a rowid that it cannot have"),
        ("a hidden rowid without a name", PLAIN, drop("rowid_name"), "a rowid that it cannot have"),
        ("a rowid that is not in rows", COLUMN, lambda c: (c.pop("primary_key"), c.update(generated=True)), "a rowid that it cannot have"),
        ("a key that is not in rows", CHILD + ("columns", 2), put("primary_key", 2), 'column "c" is described as a part of the primary key'),
        ("a shadow table of nobody", TABLE, put("kind", "shadow"), 'of kind "shadow" and has no "shadow_of"'),
        ("a shadow table of an ordinary one", TABLE, lambda t: t.update(kind="shadow", shadow_of="plain"), 'a shadow table of "plain", which is no virtual table'),
        ("a shadow table of one that is not there", TABLE, lambda t: t.update(kind="shadow", shadow_of="q" * 3000), "which is no virtual table"),
        ("a shadow table of another name", TABLE, lambda t: t.update(kind="shadow", shadow_of="words"), 'a shadow table of "words" \\(module "fts5"\\), which has none of that name'),
        ("a shadow table that is ordinary", SCHEMA + ("tables", "words_data"), put("kind", "ordinary"), 'of kind "ordinary" and has a "shadow_of"'),
        ("a shadow table that the module does not make", SCHEMA, lambda s: s["tables"].update(words_x={**s["tables"]["plain"], "kind": "shadow", "shadow_of": "words"}), 'a shadow table of "words" \\(module "fts5"\\), which has none of that name'),
        ("an ordinary table with an owner", TABLE, put("shadow_of", "words"), 'of kind "ordinary" and has a "shadow_of"'),
        ("an ordinary table as statistics", TABLE, put("kind", "stat"), 'table "parent" is described as of kind "stat", which its name forbids'),
        ("statistics as an ordinary table", SCHEMA + ("tables",), put("sqlite_stat1", {"kind": "ordinary", "columns": []}), 'table "sqlite_stat1" is described as of kind "ordinary"'),
        ("counters as an ordinary table", SCHEMA + ("tables",), put("SQLITE_sequence", {"kind": "ordinary", "columns": []}), 'table "SQLITE_sequence" is described as of kind "ordinary"'),
        ("a table without SQL", OBJECT, drop("sql"), 'table "parent" has no SQL'),
        ("an index without SQL", SCHEMA + ("objects", 3), drop("sql"), 'index "by_b" has no SQL'),
        ("a key whose columns do not pair", KEY, put("to", ["id", "name"]), "columns do not pair"),
        ("a key without columns", KEY, put("from", []), "columns do not pair"),
        ("a key without a parent", KEY, drop("parent"), "a foreign key without parent or actions"),
        ("a key with too many columns", KEY, put("from", ["b"] * 32768), "a foreign key has more than 32767 columns"),
        ("a key of a table that is not there", SCHEMA + ("foreign_keys",), put("nix", [dict(DOCUMENT["database_schema"]["foreign_keys"]["child"][0])]), "nix"),
        ("a manifest that has a table twice", MANIFEST, lambda m: m["tables"].append({**m["tables"][0], **NOTHING}), 'the manifest has table "[a-z_]+" twice'),
        ("a manifest with a table more", MANIFEST, lambda m: m["tables"].append({**NOTHING, "name": "ghost"}), 'table "ghost" is in the manifest, but its rows are missing'),
        ("a manifest with a table less", MANIFEST, without_first, "is not in the manifest"),
        ("a manifest without digests", ENTRY, drop("sha256"), "damaged"),
        ("a manifest with rows below zero", ENTRY, put("rows", -1), "damaged"),
        ("a manifest with more rows than bytes", ENTRY, put("rows", 10**9), "damaged"),
        ("a manifest with a digest that is short", ENTRY, put("sha256", "00"), "damaged"),
        ("a manifest with other rows", ENTRY, put("rows", 1), "damaged"),
        ("a manifest with another digest", ENTRY, put("sha256", "0" * 64), "damaged"),
        ("a manifest with another whole digest", MANIFEST, put("content_sha256", "0" * 64), "damaged"),
        ("a manifest with another digest of all", MANIFEST, put("full_sha256", "0" * 64), "damaged"),
        ("blocks that are no list", MANIFEST, put("blocks", 1), "damaged"),
        ("a block of nothing", MANIFEST, put("blocks", [[0, 0, 0]]), "damaged"),
        ("rows of a table that is not there", ("tables",), put("ghost", []), 'table "ghost" is not in the manifest'),
        ("rows of a virtual table", ("tables",), put("words", []), '"words"')):
    refused(name, edit(path, change), pattern)

# What a JSON library does not write: a member that stands twice.
text = json.dumps(DOCUMENT)
for name, old, new, pattern in (
        ("metadata twice", '"database_schema":', '"backup_metadata": {}, "database_schema":', '"backup_metadata" stands twice'),
        ("the schema twice", '"tables": {"parent": [', '"database_schema": {}, "tables": {"parent": [', '"database_schema" stands twice'),
        ("tables twice", '"backup_manifest":', '"tables": {}, "backup_manifest":', '"tables" stands twice'),
        ("a table twice", '"plain": [', '"parent": [], "plain": [', 'table "parent" stands twice'),
        ("the manifest twice", '"backup_end":', '"backup_manifest": {}, "backup_end":', '"backup_manifest" stands twice'),
        ("behind the end", "}}", "}} 1", "damaged")):
    at = text.rindex(old)
    refused(name, text[:at] + new + text[at + len(old):], pattern)



# Files whose CRCs and digests fit, so that they are read by their manifest: what stands in the rows is
# compared with it.
class Other(Forgery):
    """A forgery whose manifest has other entries than the text has tables."""

    entries = staticmethod(lambda entries: entries)

    def end(self, raw, entries):
        return super().end(raw, self.entries(entries))


def forged(name, pattern, change=lambda forgery: None, entries=lambda entries: entries):
    forgery = Other(whole)
    change(forgery)
    forgery.entries = entries
    refused(name, forgery.text().decode(), pattern)


def without_twins(entries):
    return [e for i, e in enumerate(entries) if e["name"] not in {f["name"] for f in entries[:i]}]


forged("a table twice in the rows", 'table "parent" stands twice', lambda f: f.tables.append(f.tables[0]), without_twins)
forged("a table that is in the manifest alone", 'table "plain"|rows are missing', lambda f: f.tables.remove(["plain", f.rows("plain")]),
       lambda entries: entries + [{**NOTHING, "name": "plain", "block": 0, "offset": 1}])
forged("a table that is in the rows alone", '"ghost"', lambda f: f.tables.append(["ghost", []]),
       lambda entries: [e for e in entries if e["name"] != "ghost"])

# The metadata of version 2.0, which has neither manifest nor end line: its tables are others.
HYBRID = 'has version "2.0" and no format, but the document has the manifest and end line of version 3'


def as_old(forgery, metadata_first):
    old = '"backup_metadata":{"version":"2.0"}'
    schema = forgery.head[forgery.head.index('"database_schema"'):forgery.head.index(',\n"fts_tables"')]
    forgery.head = "{" + ",\n".join([old, schema] if metadata_first else [schema, old]) + ',\n"tables":{'
    if not metadata_first:
        forgery.summary = lambda *parts: '"backup_manifest":{'


for first in True, False:
    forged(f"version 2.0 with a manifest{'' if first else ', behind the schema'}", HYBRID, lambda f: as_old(f, first))

# Counters are read by name and seq: no other table says that it is the one that holds them.
for name in "plain", "parent":
    forged(f"{name} as sqlite_sequence", f'table "{name}" is described as sqlite_sequence',
           lambda f: setattr(f, "head", f.head.replace(f'"{name}":{{"kind":"ordinary"', f'"{name}":{{"kind":"sequence"')))
forged("tables before tables", '"tables"|damaged', lambda f: setattr(f, "head", f.head.replace('\n"tables":{', '\n"tables":{\n},\n"tables":{')))

done()
