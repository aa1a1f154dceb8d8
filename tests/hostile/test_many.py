"""Many tables, or columns: what is done for each of them takes time with their number, not with its square or that of the rows."""
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(os.path.dirname(HERE), "damage"), os.path.join(os.path.dirname(HERE), "tools")]
from forge import Forgery
from program import check, connect, done
from sample import backup_text

os.chdir(os.environ["TMPDIR"])
FEW, MANY = 1500, 6000
base = backup_text(os.environ["ADCP_SO"], "CREATE TABLE m(a PRIMARY KEY) WITHOUT ROWID", "base.json")


def write(path, count, value):
    """A backup of so many tables, each with one row."""
    forgery = Forgery(base)
    facts = json.dumps(forgery.schema()["tables"]["m"], separators=(",", ":"))
    start, end = forgery.head.index('"database_schema":'), forgery.head.index(',\n"fts_tables"')
    objects = ",\n".join(
        f'{{"type":"table","name":"m{i}","tbl_name":"m{i}","sql":"CREATE TABLE m{i}(a PRIMARY KEY) WITHOUT ROWID"}}' for i in range(count)
    )
    tables = ",\n".join(f'"m{i}":{facts}' for i in range(count))
    schema = f'"database_schema":{{"objects":[\n{objects}\n],"tables":{{\n{tables}\n}},"indexes":{{}},"foreign_keys":{{}}}}'
    forgery.head = forgery.head[:start] + schema + forgery.head[end:]
    forgery.tables[:] = [[f"m{i}", [f'{{"a":{value}}}']] for i in range(count)]
    with open(path, "wb") as file:
        file.write(forgery.text())


def seconds(count):
    """Of this process, to tell two backups of so many tables apart."""
    write("one.json", count, 1)
    write("two.json", count, 2)
    db = connect(":memory:")
    begun = time.process_time()
    found = db.execute("SELECT count(*) FROM adcp_diff('one.json', 'two.json')").fetchone()[0]
    check(f"{count} tables differ", found == 2 * count, found)
    return time.process_time() - begun


few, many = seconds(FEW), seconds(MANY)
check("four times the tables take no eight times the time", many < 8 * few, f"{few:.2f} s and {many:.2f} s")


def seconds_of_rows(rows, columns):
    """Of many rows without keys in a file of version 2.0, and one row with so many."""
    sections = ("product_embeddings", "app_settings", "tenant_settings", "database_schema", "fts_tables", "environment_config", "feature_flags")
    text = json.dumps({"backup_metadata": {"version": "2.0"}, "tenants": [], "products": [], "external_agents": [{f"k{i}": i for i in range(columns)}]}
                      | {section: [] if section == "product_embeddings" else {} for section in sections})
    with open("rows.json", "w") as file:
        file.write(text.replace('"external_agents": [', '"external_agents": [' + "{}," * rows))
    db = connect(":memory:")
    begun = time.process_time()
    found = db.execute("SELECT count(*), sum(rowno) FROM adcp_rows('rows.json', 'externalagent')").fetchone()
    check(f"{rows} rows of {columns} columns", found[0] == rows + 1, found)
    return time.process_time() - begun


LEGACY_ROWS = 1000000
few, many = seconds_of_rows(LEGACY_ROWS, 10), seconds_of_rows(LEGACY_ROWS, 30000) - seconds_of_rows(1, 30000)
check("rows without keys take no time for columns", many < 8 * few, f"{few:.2f} s and {many:.2f} s")


def seconds_of_redaction(count, options):
    """Of a backup with a redacted column in each table, which a computed column and a unique index read."""
    db = connect(":memory:")
    db.execute("BEGIN")
    for i in range(count):
        db.execute(f"CREATE TABLE r{i}(a, b AS (upper(a)))")
        db.execute(f"CREATE UNIQUE INDEX i{i} ON r{i}(lower(a))")
    db.execute("COMMIT")
    options = json.dumps({"overwrite": True, "redact": [f"r{i}.a" for i in range(count)]} | options)
    begun = time.process_time()
    report = json.loads(db.execute("SELECT adcp_backup('redacted.json', ?)", (options,)).fetchone()[0])
    spent = time.process_time() - begun
    check(f"{count} tables are warned of", len(report["warnings"]) >= min(count, 100), len(report["warnings"]))
    return spent


for kind in ({}, {"data_only": True}):
    few, many = seconds_of_redaction(FEW, kind), seconds_of_redaction(MANY, kind)
    check(f"four times the redacted tables take no eight times the time {kind}", many < 8 * few, f"{few:.2f} s and {many:.2f} s")
done()
