#!/usr/bin/python3
"""python_tool.py - a backup as an application writes it for itself: the peer in Python.

  python_tool.py backup DATABASE FILE
  python_tool.py restore FILE DATABASE     into a database that has the tables already

All rows become dicts, the dicts one JSON document, the document a gzip file; and back.
"""
import gzip
import json
import sqlite3
import sys

TABLES = ("tenant", "product", "externalagent")


def backup(database, path):
    db = sqlite3.connect(database)
    db.row_factory = sqlite3.Row
    document = {"backup_metadata": {"version": "2.0"}}
    for table in TABLES:
        document[table] = [dict(row) for row in db.execute("SELECT * FROM %s" % table)]
    with gzip.open(path, "wt", encoding="utf-8") as out:
        json.dump(document, out, indent=2)


def restore(path, database):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        document = json.load(file)
    db = sqlite3.connect(database)
    for table in TABLES:
        db.execute("DELETE FROM %s" % table)
        for row in document[table]:
            db.execute("INSERT INTO %s (%s) VALUES (%s)" %
                       (table, ", ".join(row), ", ".join(":" + name for name in row)), row)
    db.commit()


if __name__ == "__main__":
    {"backup": backup, "restore": restore}[sys.argv[1]](*sys.argv[2:])
