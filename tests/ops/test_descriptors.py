#!/usr/bin/python3
"""test_descriptors.py - what is open in the process of an application that opens and closes connections, each of which
loads the extension, is always the same."""
import os
import resource
import sqlite3
import sys
import tempfile

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import connect, done, equal  # noqa: E402


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def lowest_free():
    """The number of the next descriptor. Valgrind's own are among descriptors(), and have numbers behind the limit."""
    number = os.dup(0)
    os.close(number)
    return number


def visit(path):
    """What a connection of its own says of a file that is no backup. SQLite unloads the extension with it."""
    db = connect(":memory:")
    try:
        return db.execute("SELECT count(*) FROM adcp_contents(?)", (path,)).fetchone()
    except sqlite3.DatabaseError as error:
        return str(error).split(": ")[2].split(":")[0]
    finally:
        db.close()


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "app.db")
    app = sqlite3.connect(path)
    app.execute("CREATE TABLE t(a)")
    app.close()
    before = descriptors()
    wanted = "not a backup, but a SQLite database"
    equal("a database", [visit(path) for _ in range(10)], [wanted] * 10)
    equal("kept once", descriptors() - before, 1)
    # In the place of the database, in the same file: it is not closed behind the back of the table.
    with open(path, "wb") as file:
        file.write(b"none")
    visit(path)
    with open(os.path.join(folder, "other"), "w") as other:
        visit(path)
        equal("a file of the application stays open", other.write("x"), 1)
    equal("kept still", descriptors() - before, 1)
    # The trial restore finds none left: that is nothing of the backup's.
    db = connect(":memory:")
    db.execute("CREATE TABLE t(a)")
    db.execute("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO t SELECT hex(randomblob(1000)) FROM n")
    path = os.path.join(folder, "b.json")
    db.execute("SELECT adcp_backup(?)", (path,))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = []
    for more in range(8):
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free() - 3 + more, limits[1]))
        try:
            said.append(db.execute("SELECT adcp_validate(?) -> 'errors'", (path,)).fetchone()[0])
        except sqlite3.Error as error:
            said.append("trial" if "trial restore: " in str(error) and "Too many open files" in str(error) else "error")
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    equal("one after the other too few", sorted(set(said)), ["[]", "error", "trial"])
done()
