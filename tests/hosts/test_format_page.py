"""test_format_page.py - the worked example of docs/FORMAT.md is true: every `$` line prints what stands below it.

Its files, which an earlier release wrote, are also read by the extension as it is now, and by read_backup.py.
"""
import json
import os
import re
import sqlite3
import subprocess
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, done  # noqa: E402

ROOT, TMP = os.environ["ADCP_ROOT"], os.environ["TMPDIR"]
EXAMPLE = f"{ROOT}/tests/hosts/example"


def commands(page):
    """(command, what it is said to print) of the indented lines."""
    found = []
    for line in page.splitlines():
        if line.startswith("    $ "):
            found.append((line[6:], []))
        elif line.startswith("    ") and found and found[-1][1] is not None:
            found[-1][1].append(line[4:])
        elif found and not line.startswith("    "):
            found[-1] = (found[-1][0], found[-1][1] and tuple(found[-1][1]))
    return [(command, list(printed or ())) for command, printed in found]


with open(f"{ROOT}/docs/FORMAT.md", encoding="utf-8") as file:
    section = file.read().split("\n## 13. ")[1]
examples = commands(section)
check("the section has its commands", len(examples) >= 10, examples)
plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # no sanitizer in tools of others
for command, printed in examples:
    command = re.sub(r"^python3 ", f"{sys.executable} ", command)
    run = subprocess.run(["bash", "-c", command], cwd=EXAMPLE, env=plain, capture_output=True, text=True)
    check(command, run.stdout.splitlines() == printed, f"printed:\n{run.stdout}{run.stderr}")

with open(f"{EXAMPLE}/tiny.sql", encoding="utf-8") as file:
    sql = file.read()
check("the SQL on the page is tiny.sql", all(f"    {line}\n" in section for line in sql.splitlines()))
db = sqlite3.connect(f"{TMP}/source.db")
db.executescript(sql)
db.close()
for name in ("tiny.json", "tiny.json.gz"):
    path = f"{EXAMPLE}/{name}"
    db = sqlite3.connect(f"{TMP}/{name}.db", isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(os.environ["ADCP_SO"])
    report = json.loads(db.execute("SELECT adcp_validate(?)", (path,)).fetchone()[0])
    check(f"{name} is valid", report["valid"] and not report["warnings"], report)
    db.execute("SELECT adcp_restore(?)", (path,)).fetchone()
    digest = json.loads(db.execute("SELECT adcp_backup(?)", (f"{TMP}/again-{name}",)).fetchone()[0])
    check(f"{name}: a new backup has its digest", digest["content_sha256"] == report["content_sha256"], digest)
    db.close()
    subprocess.run([sys.executable, f"{ROOT}/tests/hosts/read_backup.py", path, f"{TMP}/read-{name}.db"], check=True)
    for copy in (f"{TMP}/{name}.db", f"{TMP}/read-{name}.db"):
        run = subprocess.run([f"{os.environ['ADCP_BIN']}/dbsame", f"{TMP}/source.db", copy], capture_output=True, text=True)
        check(f"{copy} is the same database", run.returncode == 0, run.stdout + run.stderr)

done()
