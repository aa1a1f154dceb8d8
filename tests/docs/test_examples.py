#!/usr/bin/python3
"""Runs the SQL that README.md and docs/*.md show, in the sqlite3 shell.

A page whose examples are to be run says so, and how its scratch folder is prepared (lines for sh, "sample" being a
database from sql/demo.sql and "sql" running SQL on app.db with the extension loaded):

    <!-- examples:
    sample app.db
    sql "SELECT adcp_backup('app.json.gz')"
    -->

From there on every ```sql block is run in an sqlite3 of its own on app.db, one after the other in the same folder. A
```text block that follows at once is what it prints; "..." in it stands for anything within a line. Without one the block
only has to succeed. A block that begins with ```sql error has to fail.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, done  # noqa: E402

ROOT = os.environ.get("ADCP_ROOT", ".")
SO = os.path.abspath(os.environ.get("ADCP_SO", "./adcp.so"))
PRELUDE = f"""set -e
sample() {{ sqlite3 "$1" < '{ROOT}/sql/demo.sql'; }}
sql() {{ sqlite3 app.db -cmd ".load '{SO}'" "$@" > /dev/null; }}
"""
SETUP = re.compile(r"<!-- examples:\n(.*?)-->", re.S)
BLOCK = re.compile(r"^```sql( error)?\n(.*?)^```\n(?:\n?```text\n(.*?)^```\n)?", re.S | re.M)



def same(shown, printed):
    """Compares line by line; "..." of the page matches anything."""
    wanted, got = shown.strip().split("\n"), printed.strip().split("\n")
    patterns = [".*".join(re.escape(part) for part in line.rstrip().split("...")) for line in wanted]
    return len(wanted) == len(got) and all(
        re.fullmatch(p, line.rstrip()) for p, line in zip(patterns, got))


def run_page(path):
    text = open(path, encoding="utf-8").read()
    setup = SETUP.search(text)
    if setup is None:
        return
    page = os.path.relpath(path, ROOT)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ADCP_") or k == "ADCP_HOST_REPORT"}
    with tempfile.TemporaryDirectory() as folder:
        prepared = subprocess.run(["sh", "-c", PRELUDE + setup.group(1)], cwd=folder, text=True,
                                  capture_output=True, env=environment)
        check(f"{page}: preparing", prepared.returncode == 0, prepared.stderr)
        for block in BLOCK.finditer(text, setup.end()):
            line = text.count("\n", 0, block.start()) + 1
            error, sql, shown = block.groups()
            done = subprocess.run(["sqlite3", "-bail", "app.db"], input=f".load '{SO}'\n{sql}",
                                  cwd=folder, text=True, capture_output=True, env=environment)
            printed = done.stdout + done.stderr
            check(f"{page}:{line}: runs", (done.returncode != 0) == bool(error), printed)
            if shown is not None:
                check(f"{page}:{line}: prints", same(shown, printed), f"  shown:\n{shown}  printed:\n{printed}")


for page in [os.path.join(ROOT, "README.md"), *sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))]:
    run_page(page)
done()
