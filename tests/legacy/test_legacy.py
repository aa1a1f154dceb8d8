"""Backups of version 2.0, made by make_legacy.py from a sample database, validated and restored."""
import copy
import gzip
import json
import os
import re
import sqlite3
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done, equal  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_legacy

ROOT = os.environ["ADCP_ROOT"]
os.chdir(os.environ["TMPDIR"])
TABLES = ["tenant", "product", "externalagent", "product_embeddings"]


def call(db, function, path, **options):
    try:
        return json.loads(db.execute(f"SELECT {function}(?, ?)", (path, json.dumps(options))).fetchone()[0])
    except sqlite3.Error as error:
        return str(error)


def fails(name, db, function, path, pattern, **options):
    got = call(db, function, path, **options)
    check(name, isinstance(got, str) and re.search(pattern, got), f"got {str(got)[:400]!r}")


def plan(db, path, **options):
    return db.execute("SELECT action, object, rows, detail FROM adcp_plan(?, ?)", (path, json.dumps(options))).fetchall()


def content(db):
    result = {}
    for table in TABLES:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        typed = ", ".join(f"typeof({c}), {c}" for c in columns)
        result[table] = db.execute(f"SELECT {typed} FROM {table} ORDER BY id").fetchall()
    return result


def search(db):
    sql = "SELECT rowid, round(rank, 6) FROM products_fts WHERE products_fts MATCH ? ORDER BY rank, rowid LIMIT 20"
    return [db.execute(sql, (words,)).fetchall() for words in ("jazz", "premium OR commuters", "the", "name:package")]


source = connect("source.sqlite3")
source.executescript(open(os.path.join(ROOT, "sql", "demo.sql"), encoding="utf-8").read())
old = make_legacy.document("source.sqlite3")
make_legacy.write(old, "old.json")
make_legacy.write(old, "old.json.gz")
wanted = content(source)
ROWS = sum(len(rows) for rows in wanted.values())

# ---- validate, look inside ----
for path, compression in (("old.json", "none"), ("old.json.gz", "gzip")):
    report = call(source, "adcp_validate", path)
    equal("valid " + path, [report["valid"], report["errors"], report["warnings"]], [True, [], []])
    equal("figures " + path, [report["format_version"], report["compression"], report["tables"], report["rows"]],
          ["2.0", compression, 4, ROWS])
contents = source.execute("SELECT name, rows FROM adcp_contents('old.json.gz') WHERE section = 'data'").fetchall()
equal("contents", dict(contents), {table: len(rows) for table, rows in wanted.items()})

# ---- restore into the application's own schema, and into the existing one ----
for path in ("old.json", "old.json.gz"):
    db = connect("created-" + path + ".sqlite3")
    fails("without a schema", db, "adcp_restore", path, '"create":true.*database unchanged')
    rehearsal = call(db, "adcp_restore", path, create=True, validate_only=True)
    equal("rehearsal", rehearsal["rows"] if isinstance(rehearsal, dict) else rehearsal, ROWS)
    steps = plan(db, path, create=True)
    equal("nothing was made", db.execute("SELECT count(*) FROM sqlite_schema").fetchone(), (0,))
    report = call(db, "adcp_restore", path, create=True)
    equal("what the plan makes", sorted(name for action, name, rows, detail in steps if action == "create"),
          sorted(name for name, in db.execute("SELECT name FROM sqlite_schema WHERE sql NOT NULL AND name <> 'sqlite_sequence' AND NOT"
                                              " (type = 'table' AND name GLOB 'products_fts_*')")))
    equal("what the plan fills", {name: rows for action, name, rows, detail in steps if action == "fill"},
          {table: len(rows) for table, rows in wanted.items()})
    equal("what the plan warns of", [detail for action, name, rows, detail in steps if action == "warning"], report["warnings"])
    equal("nothing more to make", [step for step in plan(db, path, create=True, force=True) if step[0] == "create"], [])
    equal("restored " + path, report["rows"] if isinstance(report, dict) else report, ROWS)
    check("what it never held", "never held the schema" in report["warnings"][0])
    equal("every value " + path, content(db), wanted)
    equal("search " + path, search(db), search(source))
    equal("objects", sorted(db.execute("SELECT type, name FROM sqlite_schema WHERE sql NOT NULL AND name NOT LIKE 'products_fts_%'")),
          sorted(source.execute("SELECT type, name FROM sqlite_schema WHERE sql NOT NULL AND name NOT LIKE 'products_fts_%'")))
    db.execute("INSERT INTO products_fts(products_fts) VALUES('integrity-check')")
    db.execute("UPDATE product SET name = 'jazz jazz jazz' WHERE id = 1")
    check("the triggers work", (1,) in db.execute("SELECT rowid FROM products_fts WHERE products_fts MATCH 'jazz'").fetchall())

# ---- what the plan cannot know ----
emptied = copy.deepcopy(old)
emptied["product_embeddings"] = []
emptied["backup_metadata"]["data_counts"]["product_embeddings"] = 0
make_legacy.write(emptied, "emptied.json")
steps = plan(source, "emptied.json")
equal("a table without rows has no columns that differ", [step for step in steps if step[0] == "drift"], [])
check("rows without a digest", all("is not known, since version 2.0 has no digests" in detail for action, name, rows, detail in steps
                                   if action == "delete"), steps)
fails("create brings no schema of another name", connect("elsewhere.sqlite3"), "adcp_restore", "old.json", 'table "other" is not in the database',
      create=True, tables=["tenant"], rename={"tenant": "other"})
try:
    check("the same in the plan", False, plan(connect("elsewhere.sqlite3"), "old.json", create=True, tables=["tenant"], rename={"tenant": "other"}))
except sqlite3.Error as error:
    check("the same in the plan", 'table "other" is not in the database' in str(error), error)

live = connect("live.sqlite3")
live.executescript(open(os.path.join(ROOT, "sql", "demo.sql"), encoding="utf-8").read())
live.executescript("ALTER TABLE tenant ADD COLUMN plan TEXT DEFAULT 'basic'; DELETE FROM product_embeddings;"
                   "UPDATE product SET name = 'zebra'; DELETE FROM product WHERE id > 10; CREATE TABLE other(x); INSERT INTO other VALUES(1)")
fails("rows at stake", live, "adcp_restore", "old.json.gz", "replace the rows.*force")
equal("the index is not kept", [step[:2] for step in plan(live, "old.json.gz", force=True) if step[1] == "products_fts"], [("rebuild", "products_fts")])
equal("but in a merge", [step[:2] for step in plan(live, "old.json.gz", mode="merge") if step[1] == "products_fts"], [("keep", "products_fts")])
report = call(live, "adcp_restore", "old.json.gz", force=True)
equal("into the existing schema", report["rows"] if isinstance(report, dict) else report, ROWS)
equal("a column of the database's own", set(live.execute("SELECT plan FROM tenant")), {("basic",)})
equal("other tables stay", live.execute("SELECT x FROM other").fetchall(), [(1,)])
for table in TABLES[1:]:
    equal("rows of " + table, content(live)[table], wanted[table])
equal("the index is fresh", [search(live), live.execute("SELECT count(*) FROM products_fts WHERE products_fts MATCH 'zebra'").fetchone()],
      [search(source), (0,)])
form = connect("form.sqlite3")
form.executescript(open(os.path.join(ROOT, "sql", "demo.sql"), encoding="utf-8").read())
terms = []
for db in (live, form):
    db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, products_fts, instance)")
    terms.append(db.execute("SELECT * FROM temp.terms ORDER BY 1, 2, 3, 4").fetchall())
    db.execute("DROP TABLE temp.terms")
equal("terms as the triggers' INSERT makes them", terms[0], terms[1])
equal("document sizes", live.execute("SELECT id, hex(sz) FROM products_fts_docsize").fetchall(),
      form.execute("SELECT id, hex(sz) FROM products_fts_docsize").fetchall())
partial = connect("partial.sqlite3")
partial.executescript("CREATE TABLE tenant(id INTEGER PRIMARY KEY, name TEXT)")
report = call(partial, "adcp_restore", "old.json", tables=["tenant"])
equal("one table", partial.execute("SELECT count(*), max(name) FROM tenant").fetchone()[0], len(wanted["tenant"]))
check("columns that are left out are named", sum("is not in the database: left out" in w for w in report["warnings"]) == 5, report)
computed = connect("computed.sqlite3")
computed.executescript("CREATE TABLE tenant(id INTEGER PRIMARY KEY, slug TEXT, name AS (slug || '!'))")
report = call(computed, "adcp_restore", "old.json", tables=["tenant"])
check("a column that is computed is named", 'column "name" of table "tenant" is computed in the database: left out' in report["warnings"], report)
merged = call(live, "adcp_restore", "old.json", mode="merge")
equal("merge", [merged["rows"] if isinstance(merged, dict) else merged, search(live)], [ROWS, search(source)])

# ---- some rows: values as they are in the file, and no keys to follow ----
some = connect("some.sqlite3")
some.executescript(open(os.path.join(ROOT, "sql", "demo.sql"), encoding="utf-8").read())
some.execute("DELETE FROM product_embeddings")
some.execute("DELETE FROM product WHERE tenant_id IN (2, 3)")
for path in ("old.json", "old.json.gz"):
    some.execute("DELETE FROM product WHERE tenant_id = 2")
    report = call(some, "adcp_restore", path, tables=["product"], mode="merge",
                  where={"product": "tenant_id = (SELECT id FROM tenant WHERE id = 2)"})
    expected = [row for row in wanted["product"] if row[3] == 2]
    equal("some rows " + path, report["parts"] if isinstance(report, dict) else report,
          [{"table": "product", "rows": len(wanted["product"]), "matched": len(expected), "children": 0,
            "parents": 0, "written": len(expected), "kept": 0}])
    equal("their values", [row for row in content(some)["product"] if row[3] == 2], expected)
fails("keys of 2.0", some, "adcp_restore", "old.json", "which a backup of version 2.0 does not hold",
      tables=["product"], mode="merge", with_parents=True)
fails("a part of 2.0 over rows", some, "adcp_restore", "old.json", "only a part of the backup's rows",
      tables=["product"], where={"product": "tenant_id = 2"}, force=True)


# However the version is spelled, one reader decides what the file is.
for spelling in ('{"version": "2.0", "format": null}', '{"version": {"$text": "Mi4w"}}'):
    value = {key: member for key, member in old.items() if key != "backup_metadata"}
    open("spelled.json", "w").write('{"backup_metadata": ' + spelling + ", " + json.dumps(value)[1:])
    equal("valid at every level: " + spelling,
          [call(source, "adcp_validate", "spelled.json", level=level)["valid"] for level in ("quick", "standard", "full")], [True] * 3)
    equal("as any of 2.0: " + spelling, plan(source, "spelled.json"), plan(source, "old.json"))
    check("rows at stake are listed: " + spelling, any(step[:2] == ("delete", "product") for step in plan(source, "spelled.json")))
    spelled = connect("spelled.sqlite3")
    call(spelled, "adcp_restore", "spelled.json", create=True)
    equal("restored: " + spelling, content(spelled), wanted)

# Without digests, too, a table of a file says when that got another content.
make_legacy.write(old, "then.json")
source.execute("CREATE VIRTUAL TABLE temp.earlier USING adcp_table('then.json', tenant)")
equal("a table of 2.0", source.execute("SELECT count(*) FROM temp.earlier").fetchone()[0], len(wanted["tenant"]))
changed = copy.deepcopy(old)
changed["tenants"][0]["name"] = changed["tenants"][0]["name"][::-1]
make_legacy.write(changed, "then.json")
for action in ("SELECT 1", "VACUUM"):
    source.execute(action)
    try:
        check("another content, " + action, False, source.execute("SELECT * FROM temp.earlier").fetchall())
    except sqlite3.Error as error:
        check("another content, " + action, "then.json was replaced by another backup" in str(error), error)
source.execute("DROP TABLE temp.earlier")

# Ids as an INTEGER column keeps them.
alike = copy.deepcopy(old)
for row, tenant in zip(alike["products"], (1.0, "1", 1)):
    row["tenant_id"] = tenant
alike["tenants"][0]["id"] = str(alike["tenants"][0]["id"])
alike["tenants"][1]["id"] = float(alike["tenants"][1]["id"])
make_legacy.write(alike, "alike.json")
report = call(source, "adcp_validate", "alike.json")
equal("ids that are alike", [report["valid"], report["warnings"]], [True, []])

# What stands in the way of the application's own schema.
for text, name, kind, wanted_kind in (("CREATE TABLE ix_tenant_slug(a)", "ix_tenant_slug", "a table", "an index"),
                                      ("CREATE VIEW tenant AS SELECT 1 AS id", "tenant", "a view", "a table")):
    taken = connect("taken.sqlite3")
    taken.execute(text)
    said = f'"{name}" is the name of {kind} in the database, where the application has {wanted_kind}; rename or drop it'
    fails("a name that is taken, " + name, taken, "adcp_restore", "old.json", re.escape(said) + "; database unchanged", create=True)
    try:
        check("the same in the plan, " + name, False, plan(taken, "old.json", create=True))
    except sqlite3.Error as error:
        check("the same in the plan, " + name, said in str(error) , error)
    equal("nothing but it, " + name, taken.execute("SELECT name FROM sqlite_schema").fetchall(), [(name,)])
    os.unlink("taken.sqlite3")
view = connect("view.sqlite3")
view.execute("CREATE VIEW tenant AS SELECT 1 AS id")
fails("rows into a view", view, "adcp_restore", "old.json", '"tenant" is a view in the database, and a backup of version 2.0 puts rows into ordinary tables', tables=["tenant"])

# backup_metadata behind more text than a head may have.
last = {key: member for key, member in old.items() if key != "backup_metadata"} | {"backup_metadata": old["backup_metadata"]}
with gzip.open("last.json.gz", "wt", compresslevel=1) as file:
    start, end = json.dumps(last).split('"products": [', 1)
    file.write(start + '"products": [')
    for i in range(257):
        file.write(" " * (1 << 20))
    file.write(end)
report = call(source, "adcp_validate", "last.json.gz", level="standard")
equal("metadata behind the rows", [report["valid"], report["errors"], report["rows"]], [True, [], ROWS])

# A list without rows empties the table.
empty = copy.deepcopy(old)
empty["product_embeddings"] = []
empty["backup_metadata"]["data_counts"]["product_embeddings"] = 0
make_legacy.write(empty, "empty.json")
report = call(live, "adcp_restore", "empty.json", force=True)
equal("no embeddings", live.execute("SELECT count(*) FROM product_embeddings").fetchone(), (0,))
call(live, "adcp_restore", "old.json.gz", force=True)

# ---- settings ----
report = call(live, "adcp_restore", "old.json.gz", force=True, settings={"app_settings": "app.json", "environment_config": "env.json"})
equal("settings", json.load(open("app.json")), old["app_settings"])
check("numbers as they are", '"ratio": 1.0' in open("app.json").read())
fails("no such settings", live, "adcp_restore", "old.json", 'no settings "products"', force=True, settings={"products": "x.json"})

# ---- damage ----
def damaged(name, change, errors=None, warnings=None):
    value = copy.deepcopy(old)
    change(value)
    make_legacy.write(value, "bad.json")
    report = call(source, "adcp_validate", "bad.json")
    texts = report["errors"] if errors else report["warnings"]
    check(name, report["valid"] == (errors is None) and any(re.search(errors or warnings, text) for text in texts), report)
    if errors:
        errors = errors.removeprefix("do not go into the application's own schema: .*")
        fails(name + ", restored", live, "adcp_restore", "bad.json", errors + ".*database unchanged", force=True)


for section in ("tenants", "products", "external_agents", "product_embeddings", "app_settings", "tenant_settings",
                "database_schema", "fts_tables", "environment_config", "feature_flags"):
    damaged("no " + section, lambda v, s=section: v.pop(s), errors=f'incomplete: .*no "{section}"')
damaged("counts", lambda v: v["products"].pop(), errors="damaged: data_counts says 1250|damaged: data_counts says \\d+ rows of \"products\"")
damaged("orphaned product", lambda v: v["products"][4].update(tenant_id=99), warnings='1 of "products" is orphaned.*first is row 5')
damaged("orphaned embedding", lambda v: v["product_embeddings"][0].update(product_id=-5), warnings='1 of "product_embeddings" is orphaned')
for name, tenants, tenant_id, pattern in (("ids that are texts", "x", ("x", "y"), 'the first is row 2'), ("ids that are null", None, (None, 1), 'the first is row 1')):
    value = copy.deepcopy(old)
    value["tenants"].append(value["tenants"][0] | {"id": tenants})
    value["backup_metadata"]["data_counts"]["tenants"] += 1
    for row, own in zip(value["products"], tenant_id):
        row["tenant_id"] = own
    make_legacy.write(value, "bad.json")
    report = call(source, "adcp_validate", "bad.json", level="standard")
    check(name, report["valid"] and re.search('1 of "products" is orphaned.*' + pattern, report["warnings"][0]), report)
damaged("rows that are none", lambda v: v["products"].insert(0, 5), errors='damaged: .*"products"')
# What reads well, but does not go into the schema: only a trial restore finds it.
for name, change, pattern in (("two rows of one id", lambda v: v["products"][1].update(id=v["products"][0]["id"]), "UNIQUE constraint failed: product.id"),
                              ("two of one slug", lambda v: v["tenants"][1].update(slug=v["tenants"][0]["slug"]), "UNIQUE.*tenant.slug"),
                              ("nothing where something has to be", lambda v: v["tenants"][0].update(name=None), "NOT NULL constraint failed: tenant.name")):
    damaged(name, change, errors="do not go into the application's own schema: .*" + pattern)
    equal(name + ", rows alone", call(source, "adcp_validate", "bad.json", level="standard")["valid"], True)
damaged("no array", lambda v: v.update(products={}), errors='damaged: .*"products"')
damaged("float32", lambda v: v["product_embeddings"][0].update(embedding=[1e300]), errors="no float32")
damaged("embedding of texts", lambda v: v["product_embeddings"][0].update(embedding=["x"]), errors='"embedding"')
damaged("a key without letters", lambda v: v["products"][0].update({"": 1}), errors="a key that no column can have")
damaged("a key with a zero byte", lambda v: v["products"][0].update({"a\0b": 1}), errors="a key that no column can have")
damaged("two spellings of one key", lambda v: v["tenants"][0].update(NAME="other"), errors='damaged: table "tenant", row 1: the key "NAME" stands twice')
damaged("not a number", lambda v: v["products"][2].update(price_cpm=float("nan")), errors='damaged: "products", row 3: .*NaN and Infinity are no JSON values')
damaged("infinite", lambda v: v["products"][0].update(price_cpm=float("-inf")), errors='damaged: "products", row 1: .*NaN and Infinity are no JSON values')
damaged("too many keys", lambda v: v["products"][0].update({f"k{i}": 1 for i in range(32768)}), errors="more than 32767 keys")
text = open("old.json").read()
for name, broken, pattern in (("cut", text[:len(text) // 2], "incomplete: "), ("twice", text.replace('"name":', '"slug": 1, "name":', 1), "stands twice"),
                              ("tail", text + "x", "damaged: "), ("section twice", text.replace('\n  "external_agents"', '\n  "tenants"', 1), "stands twice"),
                              ("settings twice", text.replace('\n  "tenant_settings"', '\n  "app_settings"', 1), '"app_settings" stands twice'),
                              ("metadata twice", text.replace('\n  "tenant_settings"', '\n  "backup_metadata"', 1), '"backup_metadata" stands twice'),
                              ("a longer key", text.replace('\n  "tenants"', '\n  "tenants\\u0000x"', 1), 'no "tenants"'),
                              ("large number", text.replace('"id": 1,', '"id": 99999999999999999999,', 1), "too large")):
    open("bad.json", "w").write(broken)
    report = call(source, "adcp_validate", "bad.json")
    check("damage: " + name, not report["valid"] and re.search(pattern, report["errors"][0]), report)
    fails("damage restored: " + name, live, "adcp_restore", "bad.json", "database unchanged", force=True)
equal("still whole", content(live)["product"], wanted["product"])

# Other layouts: compact, keys in another order, non-ASCII as it is, a missing key, nested values.
odd = {key: old[key] for key in reversed(old)}
odd["tenants"] = [dict(reversed(list(row.items()))) for row in copy.deepcopy(old["tenants"])]
odd["tenants"][0]["name"] = "Zoë \U0001f600 \u0001 \" \\ "
odd["tenants"][1].pop("custom_prompt")
odd["tenants"][2]["custom_prompt"] = {"a": [1, 2.50, None, True, "x\"y"], "b": [False, {}, [[]]]}
ODD_VALUES = [[1, [2]], [], False, True, 2.5, "", "2025-09-02Thh:08", "2025-09-02 08:57:42", "2025"]
for product, value in zip(odd["products"], ODD_VALUES):
    product["created_at"] = value
odd["tenants"][3]["custom_prompt"] = {"a\0b": 1, "a": 2}
for section in ("tenants", "product_embeddings"):
    odd[section][4] = {key.upper(): value for key, value in odd[section][4].items()}
odd["product_embeddings"][0]["embedding"] = {"a": 1}
odd["product_embeddings"][1]["embedding"] = []
with open("odd.json", "w", encoding="utf-8") as file:
    json.dump(odd, file, separators=(",", ":"), ensure_ascii=False)
db = connect("odd.sqlite3")
report = call(db, "adcp_restore", "odd.json", create=True)
equal("odd layout", report["rows"] if isinstance(report, dict) else report, ROWS)
equal("texts", db.execute("SELECT name FROM tenant WHERE id = ?", (odd["tenants"][0]["id"],)).fetchone(), (odd["tenants"][0]["name"],))
nested = db.execute("SELECT custom_prompt FROM tenant WHERE id = ?", (odd["tenants"][2]["id"],)).fetchone()[0]
equal("nested", nested, '{"a":[1,2.5,null,true,"x\\"y"],"b":[false,{},[[]]]}')
nested = db.execute("SELECT custom_prompt FROM tenant WHERE id = ?", (odd["tenants"][3]["id"],)).fetchone()[0]
equal("a zero byte in a key", nested, '{"a\\u0000b":1,"a":2}')
same = [next(row for row in content(where)["tenant"] if row[1] == odd["tenants"][4]["ID"]) for where in (db, source)]
equal("spellings of one column", same[0], same[1])
equal("as of the same column", db.execute("SELECT typeof(embedding) FROM product_embeddings WHERE id = ?",
                                          (odd["product_embeddings"][4]["ID"],)).fetchone(), ("blob",))
ids = [product["id"] for product in odd["products"][:len(ODD_VALUES)]]
equal("odd values", [db.execute("SELECT created_at FROM product WHERE id = ?", (i,)).fetchone()[0] for i in ids],
      ["[1,[2]]", "[]", 0, 1, 2.5, "", "2025-09-02Thh:08", "2025-09-02 08:57:42", 2025])
equal("odd embeddings", [db.execute("SELECT embedding FROM product_embeddings WHERE id = ?", (row["id"],)).fetchone()[0]
                         for row in odd["product_embeddings"][:2]], ['{"a":1}', b""])
fails("create is for 2.0", source, "adcp_restore", "old3.json", "option \"create\"", create=True, force=True) if call(
    source, "adcp_backup", "old3.json") else None

done()
