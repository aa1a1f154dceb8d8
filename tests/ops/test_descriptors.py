#!/usr/bin/python3
"""test_descriptors.py - what is open in the process of an application that opens and closes connections, each of which
loads the extension, is always the same."""
import os
import sqlite3
import sys
import tempfile

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import connect, done, equal  # noqa: E402


def descriptors():
    return len(os.listdir("/proc/self/fd"))


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
done()
