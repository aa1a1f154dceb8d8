"""The SQL of docs/legacy.md, run as it stands."""
import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_legacy

root = os.environ["ADCP_ROOT"]
page = open(os.path.join(root, "docs", "legacy.md"), encoding="utf-8").read()
os.chdir(os.environ["TMPDIR"])
sample = sqlite3.connect("sample.db", isolation_level=None)
sample.executescript(open(os.path.join(root, "sql", "demo.sql"), encoding="utf-8").read())
make_legacy.write(make_legacy.document("sample.db"), "old.json.gz")
db = sqlite3.connect("app.db", isolation_level=None)
db.enable_load_extension(True)
db.execute("SELECT load_extension(?)", (os.environ["ADCP_SO"],))
passed = 0
for block in re.findall(r"```sql\n(.*?)```", page, re.S):
    for statement in re.split(r"(?<=;)\n", block):
        if statement.strip():
            rows = db.execute(statement).fetchall()
            passed += 1
products = [c.execute("SELECT count(*) FROM product").fetchone() for c in (db, sample)]
good = passed == 4 and len(rows) == 4 and products[0] == products[1] and os.path.exists("app_settings.json")
print(f"{passed + good} passed, {int(not good)} failed")
sys.exit(not good)
