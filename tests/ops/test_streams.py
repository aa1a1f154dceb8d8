"""A backup to a descriptor that does not block: it waits for the reader, and an interrupt ends that."""
import os
import sqlite3
import sys
import threading
import time

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done, equal  # noqa: E402

os.chdir(os.environ["TMPDIR"])
db = connect("app.db")
db.execute("CREATE TABLE t(a)")
db.execute("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO t SELECT hex(randomblob(2000)) FROM n")


def pipe():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    return reader, writer


def backup(writer):
    try:
        return db.execute(f"SELECT adcp_backup('/dev/fd/{writer}', '{{\"compress\":\"none\"}}') ->> 'rows'").fetchone()[0]
    except sqlite3.Error as error:
        return str(error)


def read_all(reader, parts):
    time.sleep(0.3)
    while part := os.read(reader, 65536):
        parts.append(part)


reader, writer = pipe()
parts = []
thread = threading.Thread(target=read_all, args=(reader, parts))
thread.start()
equal("a slow reader", backup(writer), 200)
os.close(writer)
thread.join()
os.close(reader)
with open("out.json", "wb") as file:
    file.write(b"".join(parts))
equal("has it whole", db.execute("SELECT adcp_validate('out.json') ->> 'valid'").fetchone()[0], 1)

# Nobody reads: the pipe is full, also before the first byte.
for name, filled in ("an interrupt", 0), ("an interrupt before the first byte", 65536):
    reader, writer = pipe()
    os.write(writer, b"x" * filled)
    timer = threading.Timer(0.3, db.interrupt)
    timer.start()
    began = time.monotonic()
    said = backup(writer)
    check(name, "interrupted; no backup was written" in str(said), said)
    check("is heard soon", 0.2 < time.monotonic() - began < 20, time.monotonic() - began)
    timer.join()
    os.close(writer)
    os.close(reader)

done()
