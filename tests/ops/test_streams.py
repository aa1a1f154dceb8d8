"""Backups through pipes: who writes waits for the reader, who reads for the writer, and an interrupt ends either. What is read twice is there
twice."""
import os
import socket
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


def pipe(blocking=False):
    reader, writer = os.pipe()
    os.set_blocking(writer, blocking)
    return reader, writer


def first(sql):
    try:
        return db.execute(sql).fetchone()[0]
    except sqlite3.Error as error:
        return str(error)


def backup(writer):
    return first(f"SELECT adcp_backup('/dev/fd/{writer}', '{{\"compress\":\"none\"}}') ->> 'rows'")


def check_interrupt(name, call, wanted):
    timer = threading.Timer(0.3, db.interrupt)
    timer.start()
    began = time.monotonic()
    said = call()
    check(name, wanted in str(said), said)
    check(f"{name} is heard soon", 0.2 < time.monotonic() - began < 20, time.monotonic() - began)
    timer.join()


def read_all(reader, parts):
    time.sleep(0.3)
    while part := os.read(reader, 65536):
        parts.append(part)


for blocking in False, True:
    reader, writer = pipe(blocking)
    parts = []
    thread = threading.Thread(target=read_all, args=(reader, parts))
    thread.start()
    equal("a slow reader", backup(writer), 200)
    os.close(writer)
    thread.join()
    os.close(reader)
    with open("out.json", "wb") as file:
        file.write(b"".join(parts))
    equal("has it whole", first("SELECT adcp_validate('out.json') ->> 'valid'"), 1)

# Nobody reads: the pipe is full, also before the first byte.
for name, filled, blocking in (("an interrupt", 0, False), ("an interrupt before the first byte", 65536, False), ("an interrupt of a pipe that blocks", 0, True),
                               ("an interrupt of a full pipe that blocks", 65536, True)):
    reader, writer = pipe(blocking)
    os.write(writer, b"x" * filled)
    check_interrupt(name, lambda: backup(writer), "interrupted; no backup was written")
    os.close(writer)
    os.close(reader)

# A FIFO that nobody has open at its other end.
os.mkfifo("fifo")
check_interrupt("a FIFO without a reader", lambda: first("SELECT adcp_backup('fifo')"), "interrupted; no backup was written")
check_interrupt("a FIFO without a writer", lambda: first("SELECT adcp_validate('fifo')"), "adcp_validate: fifo: interrupted")
check_interrupt("settings from a FIFO", lambda: first("SELECT adcp_backup('s.json', '{\"settings\":{\"a\":\"fifo\"}}')"), "interrupted")

# Readers. What is read twice comes from one copy.
with open("out.json", "rb") as file:
    text = file.read()


def feed(writer):
    with os.fdopen(writer, "wb") as file:
        file.write(text[:100])
        file.flush()
        time.sleep(0.2)
        file.write(text[100:])


def through_a_pipe(name, sql, wanted):
    reader, writer = os.pipe()
    thread = threading.Thread(target=feed, args=(writer,))
    thread.start()
    equal(name, first(sql.format(path=f"/dev/fd/{reader}")), wanted)
    thread.join()
    os.close(reader)


PART = '{{"tables":"t","rename":{{"t":"part"}},"where":{{"t":"rowid <= 3"}}}}'
through_a_pipe("validate", "SELECT adcp_validate('{path}') -> 'errors'", "[]")
through_a_pipe("check", "SELECT count(*) FROM adcp_check('{path}')", 0)
through_a_pipe("restore", "SELECT adcp_restore('{path}', '{{\"force\":true}}') ->> 'rows'", 200)
through_a_pipe("a part of the rows", f"SELECT adcp_restore('{{path}}', '{PART}') ->> 'rows'", 3)
through_a_pipe("the plan of that", f"SELECT count(*) > 0 FROM adcp_plan('{{path}}', '{PART}')", 1)
through_a_pipe("contents with places", "SELECT count([offset]) > 0 FROM adcp_contents('{path}')", 1)
through_a_pipe("a table of it", "SELECT count(*) FROM adcp_rows('{path}', 't')", 200)



def sockets():
    return [end.detach() for end in socket.socketpair()]


def keep_to_others():
    reader, writer = os.pipe()
    os.fchmod(reader, 0)
    return reader, writer


# What the path of a descriptor does not open: a socket, as some programs give their children for stdin, and a pipe that is another user's.
for name, make in ("a socket", sockets), ("a pipe without rights", keep_to_others):
    reader, writer = make()
    thread = threading.Thread(target=feed, args=(writer,))
    thread.start()
    equal(name, first(f"SELECT adcp_validate('/dev/fd/{reader}') -> 'errors'"), "[]")
    thread.join()
    os.close(reader)
reader, writer = sockets()
kept = os.dup(0)
os.dup2(reader, 0)
thread = threading.Thread(target=feed, args=(writer,))
thread.start()
equal("a socket for stdin", first("SELECT adcp_restore('/dev/stdin', '{\"force\":true}') ->> 'rows'"), 200)
os.dup2(kept, 0)
thread.join()
os.close(kept)
os.close(reader)
reader, writer = sockets()
check_interrupt("a silent socket", lambda: first(f"SELECT adcp_validate('/dev/fd/{reader}')"), "interrupted")
os.write(writer, text[:100])
check_interrupt("a socket that stalls", lambda: first(f"SELECT adcp_validate('/dev/fd/{reader}')"), "interrupted")
os.close(writer)
os.close(reader)
reader, writer = os.pipe()
os.fchmod(writer, 0)
said = first(f"SELECT adcp_validate('/dev/fd/{writer}')") if os.geteuid() else "Permission denied"
check("the end that writes is not read", "Permission denied" in str(said), said)
os.close(writer)
os.close(reader)

reader, writer = os.pipe()
thread = threading.Thread(target=feed, args=(writer,))
thread.start()
db.execute(f"CREATE VIRTUAL TABLE temp.o USING adcp_table('/dev/fd/{reader}', t)")
thread.join()
equal("a virtual table", first("SELECT count(*) FROM o"), 200)
equal("again", first("SELECT count(*) FROM o AS a, o AS b WHERE a.rowid = b.rowid"), 200)
db.execute("DROP TABLE o")
os.close(reader)

thread = threading.Thread(target=lambda: feed(os.open("fifo", os.O_WRONLY)))
thread.start()
equal("a FIFO", first("SELECT adcp_validate('fifo') -> 'errors'"), "[]")
thread.join()

# SQLite connects a table anew after VACUUM, and nobody writes into the FIFO again.
thread = threading.Thread(target=lambda: feed(os.open("fifo", os.O_WRONLY)))
thread.start()
db.execute("CREATE VIRTUAL TABLE temp.o USING adcp_table('fifo', t)")
thread.join()
equal("a virtual table of a FIFO", first("SELECT count(*) FROM o"), 200)
db.execute("VACUUM")
said = first("SELECT count(*) FROM o")
check("is gone after VACUUM", "what came through the pipe fifo is gone since SQLite connected the table anew" in str(said), said)
db.execute("DROP TABLE o")

# A FIFO that a shell has opened ("sqlite3 < fifo"), and whose writer has gone when it is read.
db.execute("DELETE FROM t WHERE rowid > 3")
db.execute("SELECT adcp_backup('small.json')")
thread = threading.Thread(target=lambda: os.system("cat small.json > fifo"))
thread.start()
reader = os.open("fifo", os.O_RDONLY)
thread.join()
timer = threading.Timer(10, db.interrupt)
timer.start()
equal("a FIFO whose writer has gone", first(f"SELECT adcp_validate('/dev/fd/{reader}') -> 'errors'"), "[]")
timer.cancel()
os.close(reader)

done()
