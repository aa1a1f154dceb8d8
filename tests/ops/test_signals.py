"""No signal reaches the host from what adcp writes: stderr without a reader, files at their limit of size, a FIFO as log."""
import json
import os
import resource
import subprocess
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done, equal  # noqa: E402

os.chdir(os.environ["TMPDIR"])

# A process of its own, with the dispositions that a program in C begins with: Python ignores both signals.
CALLS = """
import signal, sqlite3, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
db = sqlite3.connect("app.db", isolation_level=None)
db.enable_load_extension(True)
db.execute("SELECT load_extension(?)", (sys.argv[1],))
for sql in sys.argv[2:]:
    try:
        db.execute(sql).fetchall()
        print("ok")
    except sqlite3.Error as error:
        print(error)
"""


def run(*calls, **options):
    """The exit status, and what each call gave: "ok" or its error."""
    command = [sys.executable, "-c", CALLS, os.environ["ADCP_SO"], *calls]
    done_run = subprocess.run(command, stdout=subprocess.PIPE, text=True, **options)
    return done_run.returncode, done_run.stdout.splitlines()


def limit(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


BACKUP = "SELECT adcp_backup('b.json', '{\"overwrite\":true,\"progress\":true}')"
RESTORE = "SELECT adcp_restore('b.json', '{\"force\":true,\"progress\":true}')"

db = connect("app.db")
db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES('one')")

reader, writer = os.pipe()
os.close(reader)
equal("stderr without a reader", run(BACKUP, RESTORE, stderr=writer), (0, ["ok", "ok"]))
os.close(writer)
check("the backup is there", json.loads(db.execute("SELECT adcp_validate('b.json')").fetchone()[0])["valid"])

# The log is at the limit, the database is not.
with open("log", "wb") as file:
    file.write(b"\n" * 2**21)
calls = ["SELECT adcp_config('log_file', 'log')", "DELETE FROM t", "SELECT adcp_restore('b.json', '{\"force\":true}')"]
equal("a log at its limit", run(*calls, preexec_fn=limit(2**21)), (0, ["ok", "ok", "ok"]))
equal("which nothing was appended to", os.path.getsize("log"), 2**21)
equal("the rows are back", db.execute("SELECT * FROM t").fetchall(), [("one",)])

db.execute("INSERT INTO t VALUES(hex(randomblob(500000)))")
names = sorted(os.listdir("."))
status, said = run("SELECT adcp_backup('big.json')", preexec_fn=limit(2**19))
check("a backup over the limit", status == 0 and "cannot write big.json at byte" in said[0] and said[0].endswith(": File too large; no backup was written"), (status, said))
equal("nothing is left of it", sorted(os.listdir(".")), names)
status, said = run("SELECT adcp_restore('/dev/stdin')", preexec_fn=limit(2**19), stdin=subprocess.Popen(["head", "-c", "600000", "/dev/zero"], stdout=subprocess.PIPE).stdout)
check("nor a copy of standard input", status == 0 and "cannot copy /dev/stdin to a temporary file: File too large" in said[0], (status, said))

db.execute("SELECT adcp_backup('big.json', '{\"overwrite\":true}')")
with open("app.db", "rb") as file:
    before = file.read()
db.close()
shell = ["sqlite3", "app.db", f".load {os.environ['ADCP_SO']}", "SELECT adcp_restore('big.json', '{\"force\":true,\"safety_backup\":false}')"]
shell_run = subprocess.run(shell, stderr=subprocess.PIPE, text=True, restore_signals=False, preexec_fn=limit(2**19))
said = shell_run.stderr.strip()
check("a restore over the limit, of a host that ignores the signal", "disk I/O error: File too large; database unchanged" in said, said)
with open("app.db", "rb") as file:
    equal("the database is as it was", file.read(), before)

os.mkfifo("fifo")
reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
equal("a FIFO as log", run("SELECT adcp_config('log_file', 'fifo')", BACKUP), (0, ["ok", "ok"]))
check("is written to", b'"operation":"adcp_backup"' in os.read(reader, 65536))
os.close(reader)

done()
