"""roundtrip.py - builds a generated database, backs it up, restores it, and compares.

Equality is judged by dbsame, which shares no code with the extension, and by SQLite itself
(integrity_check, rows read through plain SELECTs). A check that fails raises Failure.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess

EXTENSION = os.environ['ADCP_SO']
DBSAME = os.path.join(os.environ['ADCP_BIN'], 'dbsame')


class Failure(Exception):
    pass


def app_even(value):
    return 1 if isinstance(value, int) and value % 2 == 0 else 0


def app_order(a, b):
    """Orders by length, then by text: no order that SQLite has."""
    a, b = (len(a), a), (len(b), b)
    return (a > b) - (a < b)


def connect(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = bytes
    connection.enable_load_extension(True)
    connection.load_extension(EXTENSION)
    connection.create_function('app_even', 1, app_even, deterministic=True)
    connection.create_collation('app_order', app_order)
    connection.execute('PRAGMA synchronous = OFF')
    connection.execute('PRAGMA foreign_keys = OFF')
    return connection


def call(connection, sql, *arguments):
    return json.loads(connection.execute('SELECT ' + sql, arguments).fetchone()[0])


def build(database, path):
    """Returns the statements that SQLite took."""
    connection = connect(path)
    taken = []
    for setting in database.settings:
        connection.execute(setting).fetchall()
    connection.execute('PRAGMA recursive_triggers = OFF')
    for i, statement in enumerate(database.statements):
        if i % 50 == 0 and connection.in_transaction:
            connection.execute('COMMIT')
        try:
            if not connection.in_transaction and not statement.startswith('VACUUM'):
                connection.execute('BEGIN')
            if statement.startswith('VACUUM') and connection.in_transaction:
                connection.execute('COMMIT')
            connection.execute(statement).fetchall()
            taken.append(statement)
        except sqlite3.Error:
            pass
        except OverflowError:
            pass
    if connection.in_transaction:
        connection.execute('COMMIT')
    connection.close()
    return taken


def same(a, b, *options):
    run = subprocess.run([DBSAME, *options, a, b], capture_output=True, text=True, errors='replace')
    if run.returncode != 0:
        raise Failure(f'dbsame {" ".join(options)}: exit status {run.returncode}\n{run.stdout}{run.stderr}')


def integrity(connection):
    """What integrity_check finds, or how it fails; sorted, since roots differ."""
    try:
        return sorted(row[0] for row in connection.execute('PRAGMA integrity_check'))
    except sqlite3.Error as error:
        return [str(error)]


def schema_of(connection):
    return connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, CAST(name AS BLOB)").fetchall()


def ordinary_tables(connection):
    rows = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return [row[0].decode() for row in rows]


def has_sequence(connection):
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone() is not None


def quote_name(name):
    return '"' + name.replace('"', '""') + '"'


def rows_of(connection, table):
    """Every value with its class and bytes. Without the rowid: other checks look at that."""
    columns = [row[0].decode() for row in connection.execute(
        'SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0', (table,))]
    listed = ', '.join(f'typeof({quote_name(c)}), CAST({quote_name(c)} AS BLOB), quote({quote_name(c)})' for c in columns)
    return sorted(connection.execute(f'SELECT {listed} FROM main.{quote_name(table)}').fetchall(), key=repr)


class Round:
    """One database through everything, in a folder of its own."""

    def __init__(self, folder, database, seed):
        self.folder = folder
        self.database = database
        self.random = random.Random(seed * 7 + 1)
        self.source = self.path('source.db')
        self.backup = self.path('backup' + self.random.choice(['.json', '.json.gz', '.json.gz']))
        self.options = {'trust_schema': True} if database.uses_functions else {}
        # Without the application's functions dbsame can neither check expression indexes nor generated columns.
        self.same_options = ['--no-integrity'] if database.uses_functions else []

    def path(self, name):
        return os.path.join(self.folder, name)

    def same_as_source(self, path):
        """SQLite keeps an emptied sqlite_sequence, for which there is no DROP: it may be there if it is empty."""
        options = list(self.same_options)
        if self.integrity != [b'ok']:
            options.append('--no-integrity')  # rows can break a rule that came later; indexes are sound again
        source, target = connect(self.source), connect(path)
        if has_sequence(target) and not has_sequence(source):
            if target.execute('SELECT count(*) FROM sqlite_sequence').fetchone()[0]:
                raise Failure('counters were left in sqlite_sequence')
            options += ['--ignore', 'sqlite_sequence']
        source.close()
        target.close()
        same(self.source, path, *options)

    def run(self, other=None):
        self.taken = build(self.database, self.source)
        self.check_backup()
        self.check_new_file()
        self.check_not_empty(other)
        self.check_partial()
        self.check_merge()

    def check_backup(self):
        connection = connect(self.source)
        options = {'level': self.random.randrange(1, 13), 'threads': self.random.randrange(0, 4)}
        before = integrity(connection)
        report = call(connection, 'adcp_backup(?, ?)', self.backup, json.dumps(options))
        self.content = report['content_sha256']
        self.integrity = before
        self.encoding = connection.execute('PRAGMA encoding').fetchone()[0]
        verdict = call(connection, 'adcp_validate(?)', self.backup)
        if verdict['valid'] is not True or verdict['errors']:
            raise Failure('not valid: ' + json.dumps(verdict['errors']))
        if verdict['content_sha256'] != self.content:
            raise Failure('validate and backup differ in content_sha256')
        with_python = json.loads(self.read_backup())
        described = with_python['database_schema']['tables']
        total = sum(len(rows) for name, rows in with_python['tables'].items() if described[name]['kind'] == 'ordinary')
        if total != report['rows']:
            raise Failure(f'{total} rows are in the file, {report["rows"]} in the report')
        connection.close()

    def read_backup(self):
        import gzip
        opener = gzip.open if self.backup.endswith('.gz') else open
        with opener(self.backup, 'rb') as file:
            return file.read()

    def check_restored(self, connection, path):
        """After a restore, on the connection that did it and from the outside."""
        after = integrity(connection)
        if after != self.integrity and self.integrity == [b'ok']:
            raise Failure('integrity_check after the restore: ' + repr(after))
        second = call(connection, 'adcp_backup(?)', self.path('second.json'))
        os.remove(self.path('second.json'))
        if second['content_sha256'] != self.content:
            raise Failure('a backup of what was restored has another content_sha256')
        connection.close()
        self.same_as_source(path)

    def check_new_file(self):
        path = self.path('new.db')
        connection = connect(path)
        report = call(connection, 'adcp_restore(?, ?)', self.backup, json.dumps(self.options))
        if report['verified'] is not True:
            raise Failure('not verified: ' + json.dumps(report))
        self.check_restored(connection, path)
        copied = connect(path)
        source = connect(self.source)
        for pragma in ('page_size', 'auto_vacuum', 'encoding', 'user_version', 'application_id'):
            values = [c.execute('PRAGMA ' + pragma).fetchone() for c in (source, copied)]
            if values[0] != values[1]:
                raise Failure(f'{pragma}: {values[0]} became {values[1]}')
        source.close()
        copied.close()

    def check_not_empty(self, other):
        """Over another database of the same encoding: nothing of it may be left."""
        if other is None:
            return
        path = self.path('other.db')
        build(other, path)
        connection = connect(path)
        if connection.execute('PRAGMA encoding').fetchone()[0] != self.encoding:
            connection.close()  # one of them has no table, and so no encoding
            return
        holds_rows = any(connection.execute(f'SELECT 1 FROM main.{quote_name(t)} LIMIT 1').fetchone()
                         for t in ordinary_tables(connection))
        if holds_rows:
            before = schema_of(connection)
            try:
                call(connection, 'adcp_restore(?, ?)', self.backup, json.dumps(self.options))
                raise Failure('rows would be replaced, and restore did not ask for force')
            except sqlite3.Error as error:
                if 'force' not in str(error):
                    raise
            if schema_of(connection) != before:
                raise Failure('a refused restore changed the schema')
        call(connection, 'adcp_restore(?, ?)', self.backup, json.dumps({**self.options, 'force': True}))
        self.check_restored(connection, path)

    def check_partial(self):
        """Some tables alone, into an empty database: their rows are the source's."""
        source = connect(self.source)
        names = ordinary_tables(source)
        plain = [n for n in names if not any(ch in n for ch in '*?[')]
        if plain:
            chosen = self.random.sample(plain, self.random.randrange(1, len(plain) + 1))
            path = self.path('partial.db')
            target = connect(path)
            target.execute(f"PRAGMA encoding = '{self.database.encoding}'")
            options = {**self.options, 'tables': chosen, 'foreign_keys': 'report'}
            call(target, 'adcp_restore(?, ?)', self.backup, json.dumps(options))
            there = ordinary_tables(target)
            for name in chosen:
                if name not in there:
                    raise Failure(f'restored {chosen}, but {name!r} is not there')
                if rows_of(source, name) != rows_of(target, name):
                    raise Failure(f'restored {chosen}, and the rows of {name!r} differ')
            target.close()
        source.close()

    def check_merge(self):
        """Rows deleted since the backup come back, the others stay as they are."""
        path = self.path('merge.db')
        shutil.copy(self.path('new.db'), path)
        target = connect(path)
        keyed = [row[0].decode() for row in target.execute(
            "SELECT name FROM pragma_table_list AS t WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
            " AND NOT EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE s.type = 'trigger')"
            " AND EXISTS (SELECT 1 FROM pragma_table_xinfo(t.name) AS c WHERE c.pk = 1 AND upper(c.type) = 'INTEGER')"
            " AND (SELECT count(*) FROM pragma_table_xinfo(t.name) AS c WHERE c.pk > 0) = 1"
            " AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) AS i WHERE i.origin = 'pk')")]
        keyed = [n for n in keyed if not any(ch in n for ch in '*?[')]
        if not keyed or self.integrity != [b'ok']:
            target.close()
            return
        chosen = self.random.choice(keyed)
        before = rows_of(target, chosen)
        key = target.execute('SELECT name FROM pragma_table_xinfo(?) WHERE pk = 1', (chosen,)).fetchone()[0].decode()
        target.execute(f'DELETE FROM main.{quote_name(chosen)} WHERE {quote_name(key)} % 2 = 0')
        options = {**self.options, 'tables': chosen, 'mode': 'merge', 'foreign_keys': 'report'}
        call(target, 'adcp_restore(?, ?)', self.backup, json.dumps(options))
        if rows_of(target, chosen) != before:
            raise Failure(f'merge did not bring the deleted rows of {chosen!r} back')
        target.close()
