"""test_foresee.py - of random databases, options and live databases adcp_plan and validate_only say what the restore then does.

    test_foresee.py [--seeds N] [--first SEED]

A restore that is refused was stopped by the plan and refused by validate_only; one that succeeds was not. A row that breaks
a rule of the live table is known when it comes: those errors alone are nobody's to foresee. What fails changes nothing
(dbsame judges), and neither does what only looks.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generate import generate  # noqa: E402
from roundtrip import Failure, build, connect, ordinary_tables, quote_name, same  # noqa: E402

CALLS = 6  # for each pair of databases

# A row against the rules of the table that it goes into, its triggers (their RAISE, and what they name) and its encoding, or against an index over it.
OF_ROWS = ('constraint failed', 'would refer to rows', 'datatype mismatch', 'cannot store', 'cannot be made anew', 'not this', ': x; database', 'never there', 'text that is not valid UTF-')


def names_of(connection, condition):
    rows = connection.execute(f'SELECT CAST(name AS BLOB) FROM sqlite_schema WHERE {condition}').fetchall()
    names = [row[0].decode(errors='replace') for row in rows]
    return [n for n in names if not any(c in n for c in '*?[\ufffd\0')]


def change_live(connection, choices):
    """Tables that differ from the backup's in one thing each."""
    for name in ordinary_tables(connection):
        table = quote_name(name)
        columns = [row[1].decode() for row in connection.execute(f'PRAGMA table_info({table})')]
        column = quote_name(choices.choice(columns))
        statements = choices.choice([
            (f'ALTER TABLE {table} ADD COLUMN "new here" DEFAULT 5',),
            (f'ALTER TABLE {table} DROP COLUMN {column}',),
            (f'ALTER TABLE {table} RENAME COLUMN {column} TO "new here"',),
            (f'DROP TABLE {table}',),
            (f'DROP TABLE {table}', f'CREATE VIEW {table} AS SELECT 1 AS {column}'),
            (f'DROP TABLE {table}', f'CREATE TABLE {table}({column} CHECK({column} IS NOT NULL), other)'),
            (f'CREATE UNIQUE INDEX "u of {name.replace(chr(34), "")}" ON {table}({column})',),
            (f'DELETE FROM {table}',), ()])
        for statement in statements:
            try:
                connection.execute(statement)
            except sqlite3.Error:
                break


def choose_options(choices, tables, virtual):
    options = {}
    if choices.random() < 0.8:
        options['force'] = True
    kind = choices.random()
    if kind < 0.35:
        options['mode'] = 'merge'
        if choices.random() < 0.5:
            options['on_conflict'] = choices.choice(['ignore', 'abort', 'update'])
    elif kind < 0.6:
        options[choices.choice(['data_only', 'schema_only'])] = True
    some = tables + virtual
    if some and choices.random() < 0.4:
        options['tables'] = choices.sample(some, choices.randrange(1, min(4, len(some)) + 1))
    if some and choices.random() < 0.2:
        options[choices.choice(['exclude_tables', 'exclude_data'])] = [choices.choice(some)]
    if some and choices.random() < 0.15:
        options['rename'] = {choices.choice(some): choices.choice(['renamed', choices.choice(some)])}
    if choices.random() < 0.4:
        options['foreign_keys'] = 'report'
    if choices.random() < 0.4:
        options['trust_schema'] = True
    return options


def refusal(connection, function, *arguments):
    """The error's text, or None."""
    try:
        connection.execute(f'SELECT {function}', arguments).fetchall()
    except sqlite3.Error as error:
        return str(error)
    return None


def stops_of(connection, path, options):
    try:
        rows = connection.execute("SELECT detail FROM adcp_plan(?, ?) WHERE action = 'stop'", (path, options)).fetchall()
    except sqlite3.Error as error:
        return [str(error)]
    return [row[0].decode() for row in rows]


class Foresight:
    def __init__(self, folder, seed):
        self.folder, self.seed = folder, seed
        self.choices = random.Random(seed * 31 + 5)
        self.calls = self.refused = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_backup(self):
        build(generate(self.seed), self.path('source.db'))
        source = connect(self.path('source.db'))
        self.tables = [n for n in ordinary_tables(source) if not any(c in n for c in '*?[')]
        self.virtual = names_of(source, "sql LIKE 'CREATE VIRTUAL%'")
        options = self.choices.choice([{}, {}, {}, {'data_only': True}, {'schema_only': True}, {'fts': 'rebuild'}])
        failed = refusal(source, 'adcp_backup(?, ?)', self.path('backup.json'), json.dumps(options))
        source.close()
        if failed:
            raise Failure('backup: ' + failed)

    def make_live(self):
        kind = self.choices.randrange(4)
        if kind:
            build(generate(self.seed if kind < 3 else self.seed + 500009), self.path('live.db'))
        live = connect(self.path('live.db'))
        if kind == 2:
            change_live(live, self.choices)
        return live

    def call(self, live):
        options = choose_options(self.choices, self.tables, self.virtual)
        text, backup = json.dumps(options), self.path('backup.json')
        stops = stops_of(live, backup, text)
        looked = refusal(live, 'adcp_restore(?, ?)', backup, json.dumps({**options, 'validate_only': True}))
        live.execute('BEGIN')
        failed = refusal(live, 'adcp_restore(?, ?)', backup, text)
        if live.in_transaction:
            live.execute('ROLLBACK')
        self.calls += 1
        self.refused += failed is not None
        if failed is None and (stops or looked):
            raise Failure(f'{text}: foreseen as refused ({stops}, {looked}), and restored')
        if failed and not any(words in failed for words in OF_ROWS) and not (stops and looked):
            raise Failure(f'{text}: not foreseen by {"validate_only" if stops else "the plan"}: {failed}')

    def run(self):
        self.make_backup()
        live = self.make_live()
        live.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
        shutil.copy(self.path('live.db'), self.path('before.db'))
        for _ in range(CALLS):
            self.call(live)
        live.close()
        if os.path.getsize(self.path('before.db')):
            same(self.path('before.db'), self.path('live.db'), '--no-integrity')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seeds', type=int, default=40)
    parser.add_argument('--first', type=int, default=1)
    args = parser.parse_args()
    failures = calls = refused = 0
    for seed in range(args.first, args.first + args.seeds):
        folder = tempfile.mkdtemp(prefix='foresee.')
        foresight = Foresight(folder, seed)
        try:
            foresight.run()
        except (Failure, sqlite3.Error) as failure:
            failures += 1
            print(f'seed {seed}: {type(failure).__name__}: {failure}'.replace(folder, ''))
            sys.stdout.flush()
        finally:
            shutil.rmtree(folder)
        calls += foresight.calls
        refused += foresight.refused
    print(f'{calls} restores, {refused} of them refused')
    # Most calls are worth something only as long as both kinds occur.
    if not calls // 10 < refused < calls * 9 // 10:
        failures += 1
    print(f'{args.seeds - failures} passed, {failures} failed')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
