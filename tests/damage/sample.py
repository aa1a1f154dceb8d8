"""sample.py - small databases with every construct, and what a database holds as a value to compare."""

import sqlite3

SCHEMA = """
PRAGMA user_version=7; PRAGMA application_id=99;
CREATE TABLE tenant(tenant_id TEXT PRIMARY KEY, name TEXT NOT NULL, active DEFAULT 1 CHECK(active IN (0,1))) WITHOUT ROWID;
CREATE TABLE product(id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id REFERENCES tenant, name TEXT, price, image BLOB,
  label AS (name || price));
CREATE TABLE hidden(a, "$b");
CREATE INDEX product_name ON product(name) WHERE price > 1;
CREATE VIEW priced AS SELECT id FROM product;
CREATE TRIGGER added AFTER INSERT ON product BEGIN INSERT INTO hidden VALUES(new.id, 'added'); END;
CREATE VIRTUAL TABLE note USING fts5(body);
CREATE VIRTUAL TABLE place USING rtree(id, x0, x1);
INSERT INTO tenant VALUES('a','Acme',1),('b','caf\u00e9',0);
INSERT INTO product(tenant_id,name,price,image) VALUES('a','one',1.5,x'00ff'),('b',CAST(x'ff41' AS TEXT),-0.0,NULL),
  (NULL,'three',9223372036854775807,x'');
INSERT INTO hidden VALUES(1e999,-1e999),(0.1,'line' || char(10) || '"quoted"');
INSERT INTO note VALUES('alpha beta');
INSERT INTO place VALUES(1,0,1);
ANALYZE;
"""


def connect(extension, path=":memory:"):
    db = sqlite3.connect(path, isolation_level=None)
    db.text_factory = bytes
    db.enable_load_extension(True)
    db.load_extension(extension.removesuffix(".so"))
    return db


def sample(extension, wide_rows=0):
    db = connect(extension)
    db.executescript(SCHEMA)
    for i in range(wide_rows and 3):
        db.execute(f"CREATE TABLE wide{i}(a, b)")
        db.executemany(f"INSERT INTO wide{i} VALUES(?,?)", ((n, f"{i * n:x}" * 9) for n in range(wide_rows)))
    return db


def backup_text(extension, script, path):
    """The text of a backup, written to that path, of the database that the script makes."""
    db = connect(extension)
    db.executescript(script)
    db.execute("SELECT adcp_backup(?, '{\"overwrite\":true}')", (path,))
    db.close()
    with open(path) as file:
        return file.read()


def content(db):
    """Everything: schema texts, rows with their rowids, figures."""
    result = [db.execute("PRAGMA user_version").fetchone(), db.execute("PRAGMA application_id").fetchone()]
    result += sorted(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall(), key=repr)
    tables = db.execute("SELECT name FROM sqlite_schema WHERE type='table' AND rootpage > 0 ORDER BY name")
    for (name,) in tables.fetchall():
        name = name.decode().replace('"', '""')
        try:
            rows = db.execute(f'SELECT rowid, * FROM "{name}" ORDER BY rowid').fetchall()
        except sqlite3.OperationalError:
            rows = db.execute(f'SELECT * FROM "{name}"').fetchall()
        if name.startswith("sqlite_"):
            rows = sorted((row[1:] for row in rows), key=repr)
        result.append((name, [tuple(map(exact, row)) for row in rows]))
    return result


def exact(value):
    return (type(value).__name__, repr(value))
