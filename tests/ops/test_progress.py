"""The option "progress": a bar on a terminal, lines elsewhere, nothing where nobody asked."""
import json
import os
import pty
import re
import sqlite3
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, done  # noqa: E402

SO = os.environ["ADCP_SO"]
os.chdir(os.environ["TMPDIR"])


# One process a call: its standard error is what is looked at. The progress handler makes a statement
# as slow as one over a large table.
CALL = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[2], isolation_level=None)
db.enable_load_extension(True)
db.execute("SELECT load_extension(?)", (sys.argv[1],))
if sys.argv[2] == "from.db":
    db.execute("CREATE TABLE IF NOT EXISTS small(a)")
    db.execute("CREATE TABLE IF NOT EXISTS t AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i < 40000) SELECT i FROM n")
db.set_progress_handler(lambda: time.sleep(float(sys.argv[5])), 100)
try:
    db.execute(sys.argv[3], (sys.argv[4],)).fetchall()
except sqlite3.Error:
    pass
"""


def stderr_of(database, sql, options, terminal, pause="0"):
    """What the call writes to its standard error: a terminal or a pipe."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.dup2(theirs, 2)
        os.close(ours)
        os.execv(sys.executable, [sys.executable, "-c", CALL, SO, database, sql, options, pause])
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:  # a terminal without its other side
        pass
    os.close(ours)
    check("ended", os.waitpid(child, 0)[1] == 0, text)
    return text.decode()


BACKUP, RESTORE = "SELECT adcp_backup('b.json', ?)", "SELECT adcp_restore('b.json', ?)"
SHOWN = json.dumps({"progress": True, "overwrite": True})
END = r"adcp_backup: done, 100 %, 2 of 2 tables, 40000 of 40000 rows, \d+ MB/s\n"
LINE = r"adcp_backup: \d+ %, \d of 2 tables, \d+ of 40000 rows, \d+ MB/s(, (\d+:)?\d+:\d\d left)?\n"
BAR = r"\r\[#*-*\] \d+ %  \d/2 tables  \d+ rows  \d+ MB/s(  (\d+:)?\d+:\d\d left)?\x1b\[K"

text = stderr_of("from.db", BACKUP, SHOWN, terminal=False)
# Within a second; valgrind takes longer.
check("one line", re.fullmatch(f"({LINE})*{END}" if os.environ.get("ADCP_SLOW_BUILD") else END, text), text)
text = stderr_of("from.db", BACKUP, SHOWN, terminal=False, pause="0.002")
check("a line a second", re.fullmatch(f"({LINE})+{END}", text), text)
check("with the time that is left", " left" in text, text)
text = stderr_of("from.db", BACKUP, SHOWN, terminal=True)
check("a bar", re.fullmatch(rf"({BAR})+\r\n", text) and f"[{20 * '#'}] 100 %  2/2 tables  40000 rows" in text, text)
text = stderr_of("from.db", BACKUP, SHOWN, terminal=True, pause="0.001")
check("a bar that grows", re.fullmatch(rf"({BAR})+\r\n", text) and text.count("\r[") > 3 and " left" in text, text)
text = stderr_of("to.db", RESTORE, json.dumps({"progress": True, "force": True}), terminal=False)
check("a restore", re.search(r"adcp_restore: done, 100 %, ", text), text)
with sqlite3.connect("strict.db") as strict:
    strict.executescript("CREATE TABLE small(a); CREATE TABLE t(i CHECK(i < 30000))")
FAILING = json.dumps({"progress": True, "mode": "merge"})
text = stderr_of("strict.db", RESTORE, FAILING, terminal=True)
check("one that fails ends its line", re.fullmatch(f"({BAR})*\r\n", text), text)
text = stderr_of("strict.db", RESTORE, FAILING, terminal=False)
check("or says nothing at its end, only a line a second", re.fullmatch(f"({LINE})*".replace("backup", "restore"), text), text)
text = stderr_of("from.db", BACKUP, json.dumps({"overwrite": True}), terminal=True)
check("nobody asked", text == "", text)

done()
