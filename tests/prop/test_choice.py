"""test_choice.py - where, with_parents and with_children bring back exactly the rows that they say.

    test_choice.py [--seeds N] [--first SEED]

A seed gives tables with keys of every kind and foreign keys between them (to themselves, in circles,
of several columns, to unique keys, over other types and letter cases, to nothing), rows, and options.
Which rows have to come back is computed here, from joins in the source database, whose "+" gives the
child's value the parent's affinity and collation as SQLite's foreign keys do; adcp stores converted
keys and goes round by round. They come back three times: into new tables, into empty ones, and into
ones that have some of the rows in another state.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile


class Failure(Exception):
    pass


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.execute('SELECT load_extension(?)', (os.environ['ADCP_SO'],))
    db.execute('PRAGMA synchronous = OFF')
    db.create_function('app_mod', 2, lambda a, b: a % b, deterministic=True)
    db.create_collation('app_order', lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))
    return db


KEYS = [  # primary key columns, the rest of the definition
    ('k INTEGER PRIMARY KEY', ['k'], ''),
    ('k TEXT PRIMARY KEY', ['k'], ''),
    ('k TEXT COLLATE NOCASE PRIMARY KEY', ['k'], 'WITHOUT ROWID'),
    ('k TEXT COLLATE app_order UNIQUE', ['k'], ''),
    ('k PRIMARY KEY', ['k'], ''),
    ('k REAL UNIQUE, k2 AS (k + 1)', ['k'], ''),
    ('k INT, l TEXT COLLATE NOCASE, PRIMARY KEY(k, l)', ['k', 'l'], ''),
    ('k, l NUMERIC, PRIMARY KEY(l, k)', ['l', 'k'], 'WITHOUT ROWID'),
    ('k INT NOT NULL, l TEXT, UNIQUE(k, l)', ['k', 'l'], 'STRICT'),
]


class World:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.tables = [f't{i}' for i in range(self.random.randint(2, 6))]
        self.kinds = {t: self.random.choice(KEYS) for t in self.tables}
        self.links = {t: [] for t in self.tables}  # (parent, child's columns, parent's)
        self.statements = [self.define(t) for t in self.tables]

    def define(self, table):
        columns, _, rest = self.kinds[table]
        strict = rest == 'STRICT'
        definitions, keys = [], []
        for n in range(self.random.choice([0, 1, 1, 2, 3])):
            parent = self.random.choice(self.tables)
            to = self.kinds[parent][1]
            own = [f'r{n}_{i}' for i in range(len(to))]
            kinds = ['INT', 'TEXT', 'ANY'] if strict else ['', 'INT', 'TEXT', 'TEXT COLLATE NOCASE', 'REAL']
            definitions += [f'{c} {self.random.choice(kinds)}' for c in own]
            implied = 'PRIMARY KEY' in self.kinds[parent][0] and self.random.random() < 0.5
            name = parent.upper() if self.random.random() < 0.3 else parent
            keys.append(f'FOREIGN KEY({", ".join(own)}) REFERENCES {name}'
                        + ('' if implied else f'({", ".join(to)})'))
            self.links[table].append((parent, own, to))
        first, _, constraint = columns.partition(', PRIMARY KEY(')
        if ', UNIQUE(' in first:
            first, _, tail = first.partition(', UNIQUE(')
            constraint = ', UNIQUE(' + tail
        elif constraint:
            constraint = ', PRIMARY KEY(' + constraint
        body = ', '.join([first, 'u INT', 'v INT'] + definitions) + constraint
        body += ''.join(', ' + key for key in keys)
        return f'CREATE TABLE {table}({body}) {rest}'

    def value(self, text):
        """One that often meets another: of few, in several types and letter cases."""
        n = self.random.randint(1, 14)
        letters = self.random.choice(['a', 'A', 'b'])
        if text:
            return self.random.choice([str(n), f'{letters}{n % 5}'])
        return self.random.choice([n, n, str(n), float(n), f'{letters}{n % 5}', n + 0.5])

    def fill(self, db):
        for table in self.tables:
            for u in range(self.random.choice([0, 5, 30, 60])):
                self.insert(db, table, u)

    def insert(self, db, table, u):
        columns = [row[1] for row in db.execute(f'PRAGMA table_info({table})')]
        values = []
        for column in columns:
            if column in 'uv':
                values.append(u if column == 'u' else self.random.randint(0, 99))
            elif column in ('k', 'l'):
                values.append(self.value(column == 'l'))
            else:
                values.append(None if self.random.random() < 0.25 else self.value(False))
        marks = ', '.join('?' * len(columns))
        try:
            db.execute(f'INSERT INTO {table}({", ".join(columns)}) VALUES({marks})', values)
        except sqlite3.Error:
            pass  # the key is there already, or a STRICT type

    # ---- what has to come back ----

    def choose_options(self):
        some = self.random.sample(self.tables, self.random.randint(1, 2))
        where = {}
        for table in some:
            if self.random.random() < 0.9:
                limit = self.random.choice([0, 5, 30, 95, 100])
                where[table] = self.random.choice([
                    f'v < {limit}', f'app_mod(v, 7) = 3 -- comment', f'u IN (1, 2, 3) OR "v" > {limit}',
                    f'v IN (SELECT v FROM {self.random.choice(self.tables)} WHERE u < 4)',
                    f'{table}.k = 3', "k LIKE 'a%'", 'k IS NULL', f'u = (SELECT max(u) FROM {table})'])
        options = {'tables': some, 'foreign_keys': 'report', 'threads': self.random.randint(0, 2)}
        if where:
            options['where'] = where
        for name in ('with_parents', 'with_children'):
            if self.random.random() < (0.75 if name == 'with_parents' else 0.4):
                options[name] = True
        others = [t for t in self.tables if t not in some]
        if others and self.random.random() < 0.3:
            options[self.random.choice(['exclude_tables', 'exclude_data'])] = self.random.choice(others)
        return options

    def pairs(self, db, child, link):
        parent, own, to = link
        on = ' AND '.join(f'p.{t} = +c.{o}' for t, o in zip(to, own))
        return db.execute(f'SELECT c.u, p.u FROM {parent} AS p, {child} AS c WHERE {on}').fetchall()

    def expected(self, db, options):
        out = options.get('exclude_tables', options.get('exclude_data'))
        links = [(child, link[0], self.pairs(db, child, link))
                 for child in self.tables for link in self.links[child]]
        wanted, parents = set(), set()
        for table in options['tables']:
            text = options.get('where', {}).get(table, '1')
            wanted |= {(table, u) for u, in db.execute(f'SELECT u FROM {table} WHERE {text}')}
        again = options.get('with_children', False)
        while again:
            found = {(c, cu) for c, p, pairs in links for cu, pu in pairs if (p, pu) in wanted and c != out}
            again = not found <= wanted
            wanted |= found
        again = options.get('with_parents', False)
        while again:
            reached = wanted | parents
            found = {(p, pu) for c, p, pairs in links for cu, pu in pairs if (c, cu) in reached and p != out}
            again = not found <= reached
            parents |= found - wanted
        return wanted, parents


def content(db, table):
    columns = [row[1] for row in db.execute(f'PRAGMA table_info({table})')]
    both = ', '.join(f'typeof({c}), {c}' for c in columns)
    return {row[0]: row[1:] for row in db.execute(f'SELECT u, {both} FROM {table}')}


def tables_of(db):
    return {name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def compare(name, got, wanted):
    if got != wanted:
        missing = {k: v for k, v in wanted.items() if got.get(k) != v}
        extra = {k: v for k, v in got.items() if wanted.get(k) != v}
        raise Failure(f'{name}: missing {str(missing)[:300]}, too much {str(extra)[:300]}')


def restore(db, path, options, mode):
    text = json.dumps({**options, 'mode': mode})
    return json.loads(db.execute('SELECT adcp_restore(?, ?)', (path, text)).fetchone()[0])


def check_report(report, wanted, parents, source):
    for part in report.get('parts', []):
        rows = len(source[part['table']])
        if part['rows'] != rows:
            raise Failure(f'parts: {part}, {rows} rows')
        chosen = {u for t, u in wanted | parents if t == part['table']}
        if part['matched'] + part['children'] + part['parents'] != len(chosen):
            raise Failure(f'parts: {part}, but {len(chosen)} rows')
        if part['parents'] != sum(t == part['table'] for t, u in parents):
            raise Failure(f'parts: {part}: parents')


def into_new(world, folder, path, options, wanted, parents, source):
    db = connect(os.path.join(folder, 'new.db'))
    report = restore(db, path, options, 'replace')
    if report['verified'] is not True:
        raise Failure(f'not verified: {report}')
    check_report(report, wanted, parents, source)
    for table in world.tables:
        rows = {u: source[table][u] for t, u in wanted | parents if t == table}
        got = content(db, table) if table in tables_of(db) else {}
        compare(f'new {table}', got, rows)
    if table in tables_of(db) and db.execute('PRAGMA integrity_check').fetchone()[0] != 'ok':
        raise Failure('integrity')
    db.close()


def into_live(world, folder, path, options, wanted, parents, source, some):
    """Into tables that have none (some False) or some of the rows, in another state."""
    db = connect(os.path.join(folder, f'live{some}.db'))
    for statement in world.statements:
        db.execute(statement)
    db.execute('ATTACH ? AS source', (os.path.join(folder, 'source.db'),))
    for table in world.tables:
        columns = [row[1] for row in db.execute(f'PRAGMA table_info({table})')]
        live = [u for u in source[table] if some and world.random.random() < 0.5]
        names = ', '.join(columns)
        for u in live:
            db.execute(f'INSERT INTO {table}({names}) SELECT {names} FROM source.{table} WHERE u = ?', (u,))
        db.execute(f'UPDATE {table} SET v = v + 1000')
    before = {t: content(db, t) for t in world.tables}
    db.execute('DETACH source')
    update_parents = some and world.random.random() < 0.3
    if update_parents:
        options = {**options, 'on_conflict': 'update'}
    plan = db.execute('SELECT object, rows FROM adcp_plan(?, ?) WHERE action = ?',
                      (path, json.dumps({**options, 'mode': 'merge'}), 'merge')).fetchall()
    report = restore(db, path, options, 'merge')
    check_report(report, wanted, parents, source)
    if sum(rows for _, rows in plan) != report['rows']:
        raise Failure(f'plan {plan}, but {report["rows"]} rows')
    for table in world.tables:
        rows = dict(before[table])
        rows.update({u: source[table][u] for t, u in wanted if t == table})
        for t, u in parents:
            if t == table and (update_parents or u not in before[table]):
                rows[u] = source[table][u]
        got = content(db, table)
        if world.kinds[table][0].startswith(('k TEXT COLLATE app_order UNIQUE', 'k REAL UNIQUE')):
            pass  # found by their unique key all the same
        compare(f'live {table}', got, rows)
    db.close()


def run(seed, counts):
    folder = tempfile.mkdtemp(prefix='choice.')
    try:
        world = World(seed)
        db = connect(os.path.join(folder, 'source.db'))
        for statement in world.statements:
            db.execute(statement)
        world.fill(db)
        path = os.path.join(folder, world.random.choice(['a.json', 'a.json.gz', 'a.json.zst']))
        db.execute('SELECT adcp_backup(?)', (path,))
        source = {t: content(db, t) for t in world.tables}
        for turn in range(3):
            options = world.choose_options()
            wanted, parents = world.expected(db, options)
            counts['matched or child'] += len(wanted)
            counts['parent'] += len(parents)
            try:
                into_new(world, folder, path, options, wanted, parents, source)
                into_live(world, folder, path, options, wanted, parents, source, False)
                into_live(world, folder, path, options, wanted, parents, source, True)
            except (Failure, sqlite3.Error) as failure:
                script = ';\n'.join(world.statements)
                return f'{failure}\n{json.dumps(options)}\n{script}'.replace(folder, '')
            for name in os.listdir(folder):
                if name.startswith(('new', 'live')):
                    os.remove(os.path.join(folder, name))
        db.close()
        return None
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seeds', type=int, default=40)
    parser.add_argument('--first', type=int, default=1)
    args = parser.parse_args()
    passed = failed = 0
    counts = {'matched or child': 0, 'parent': 0}
    for seed in range(args.first, args.first + args.seeds):
        failure = run(seed, counts)
        if failure is None:
            passed += 1
        else:
            failed += 1
            print(f'seed {seed}: {failure}')
            sys.stdout.flush()
    print(f'rows that had to come back: {counts}')
    # Options are worth something only as long as they choose rows.
    if min(counts.values()) < args.seeds:
        failed += 1
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
