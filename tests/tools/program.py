"""program.py - what Python tests share: checks that are counted, and a connection with the extension.

    sys.path.append(os.path.join(sys.path[0], "..", "tools"))
    from program import check, connect, done, equal

A test that ends with done() ends with "N passed, N failed" and an exit status that says the same.
"""
import os
import sqlite3
import sys

SHOWN = 2000  # characters of what came instead

counts = {True: 0, False: 0}


def check(name, good, detail=""):
    """Counts; what is not good is printed with the detail."""
    counts[bool(good)] += 1
    if not good:
        print("failed:", name, str(detail)[:SHOWN])


def equal(name, got, wanted):
    check(name, got == wanted, f"\n  got:    {got!r}"[:SHOWN // 2] + f"\n  wanted: {wanted!r}"[:SHOWN // 2])


def done():
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


def connect(path):
    """In autocommit mode."""
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.execute("SELECT load_extension(?)", (os.environ["ADCP_SO"],))
    return db
