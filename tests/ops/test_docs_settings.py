"""The SQL of docs/settings.md, run as it stands."""
import os
import re
import sqlite3
import sys

page = open(os.path.join(os.environ["ADCP_ROOT"], "docs", "settings.md"), encoding="utf-8").read()
os.chdir(os.environ["TMPDIR"])
os.mkdir("data")
for name in ("app_settings", "tenant_settings"):
    with open(f"data/{name}.json", "w") as file:
        file.write('{"gemini_api_key":"EXAMPLE","rag_top_k":50}')
os.environ.update(GEMINI_API_KEY="EXAMPLE", EMB_BATCH="32", ENABLE_WEB_CONTEXT="on")
db = sqlite3.connect("app.db", isolation_level=None)
db.enable_load_extension(True)
db.execute("SELECT load_extension(?)", (os.environ["ADCP_SO"],))
db.executescript("CREATE TABLE product(id INTEGER PRIMARY KEY); CREATE TABLE user(id INTEGER PRIMARY KEY, password);"
                 "INSERT INTO product VALUES(1); INSERT INTO user VALUES(1, 'pw')")
passed = 0
for block in re.findall(r"```sql\n(.*?)```", page, re.S):
    for statement in re.split(r"(?<=;)\n", block):
        if statement.strip():
            db.execute(statement).fetchall()
            passed += 1
good = (os.path.getsize("app.json.gz") > 0 and '"gemini_api_key":"EXAMPLE"' in open("data/app_settings.json").read()
        and "EMB_BATCH=32\n" in open("restored.env").read() and db.execute("SELECT password FROM user").fetchone() == (None,))
print(f"{passed + good} passed, {int(not good)} failed")
sys.exit(not good)
