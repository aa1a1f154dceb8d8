"""test_application.py - what only a program can do to a connection: functions and collations of its own, an
interrupt from another thread, an authorizer, limits, a cursor that is still open.
"""

import glob
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(sys.path[0], '..', 'tools'))
from program import check, done  # noqa: E402

EXTENSION = os.environ['ADCP_SO']
DBSAME = os.path.join(os.environ['ADCP_BIN'], 'dbsame')
SLOW_BUILD = bool(os.environ.get('ADCP_SLOW_BUILD'))  # under valgrind this data takes as long as ten times as much otherwise
FOLDER = tempfile.mkdtemp()


def path(name):
    return os.path.join(FOLDER, name)


def connect(name):
    connection = sqlite3.connect(path(name), isolation_level=None, check_same_thread=False)
    connection.enable_load_extension(True)
    connection.load_extension(EXTENSION)
    connection.execute('PRAGMA synchronous = OFF')
    return connection


def register(connection):
    connection.create_function('app_even', 1, lambda x: int(isinstance(x, int) and x % 2 == 0), deterministic=True)
    connection.create_collation('app_order', lambda a, b: (a[::-1] > b[::-1]) - (a[::-1] < b[::-1]))
    return connection


def call(connection, function, *arguments):
    """The report, or the error's text."""
    marks = ', '.join('?' * len(arguments))
    values = [json.dumps(a) if isinstance(a, dict) else a for a in arguments]
    try:
        return json.loads(connection.execute(f'SELECT {function}({marks})', values).fetchone()[0])
    except sqlite3.Error as error:
        return str(error)


def same(a, b, *options):
    return subprocess.run([DBSAME, *options, path(a), path(b)], capture_output=True).returncode == 0


def contents(connection):
    return list(connection.iterdump())


# ---- functions and collations that only the application has ----

def test_function_that_fails():
    """An expression that chooses rows may call the application's functions; an error of theirs is the restore's."""
    connection = connect('fails.db')
    connection.create_function('app_share', 1, lambda x: 6 // x)
    connection.executescript('CREATE TABLE t(x INTEGER PRIMARY KEY); INSERT INTO t VALUES(0), (1), (2), (3)')
    call(connection, 'adcp_backup', path('fails.json'))
    connection.execute('DELETE FROM t')
    options = {'tables': ['t'], 'mode': 'merge', 'where': {'t': 'x > 0 AND app_share(x) < 4'}}
    report = call(connection, 'adcp_restore', path('fails.json'), options)
    check('a function of the application chooses', isinstance(report, dict) and report['rows'] == 2, report)
    connection.execute('DELETE FROM t')
    options['where']['t'] = 'app_share(x) < 4'
    said = call(connection, 'adcp_restore', path('fails.json'), options)
    check('its error is that of the restore', isinstance(said, str) and 'option "where": table "t": ' in said and
          said.endswith('user-defined function raised exception; database unchanged'), said)
    options['where']['t'] = 'app_share(x, 1) < 4'
    said = call(connection, 'adcp_restore', path('fails.json'), options)
    check('a call with other arguments fails too', isinstance(said, str) and said.endswith('database unchanged'), said)
    check('no row came', connection.execute('SELECT count(*) FROM t').fetchone() == (0,))
    connection.close()


def test_functions():
    source = register(connect('functions.db'))
    source.executescript("""
        CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT COLLATE app_order, g AS (app_even(id)) VIRTUAL, s AS (app_even(id)) STORED);
        INSERT INTO t(id, x) VALUES(1, 'ab'), (2, 'ba'), (3, 'aa');
        CREATE INDEX i ON t(app_even(id), x);
        CREATE VIEW v AS SELECT app_even(id) AS e, x FROM t ORDER BY x;
        CREATE TABLE plain(x); INSERT INTO plain VALUES(1);
        CREATE TRIGGER g AFTER INSERT ON plain BEGIN SELECT app_even(new.x), never_registered(1); END;
        CREATE VIEW w AS SELECT app_even(x) FROM plain;""")
    check('backup with the functions', isinstance(call(source, 'adcp_backup', path('functions.json')), dict))
    source.close()

    # The same file comes from a connection that knows none of them.
    bare = connect('functions.db')
    report = call(bare, 'adcp_backup', path('bare.json'))
    check('backup without the functions', isinstance(report, dict), report)
    check('both have the same content', isinstance(report, dict) and report['content_sha256'] ==
          call(bare, 'adcp_validate', path('functions.json'))['content_sha256'])
    check('validate without the functions', call(bare, 'adcp_validate', path('functions.json'))['valid'] is True)
    bare.close()

    # A file's schema is not trusted: its text must not call the application's code unasked.
    target = register(connect('untrusted.db'))
    error = call(target, 'adcp_restore', path('functions.json'))
    check('untrusted is refused', 'unsafe use of app_even()' in error and error.endswith('database unchanged'), error)
    check('nothing came of it', not contents(target)[1:-1], contents(target))
    report = call(target, 'adcp_restore', path('functions.json'), {'trust_schema': True})
    check('trusted is restored', isinstance(report, dict) and report['verified'] is True, report)
    check('trusted_schema is put back', target.execute('PRAGMA trusted_schema').fetchone()[0] == 1)
    check('the view works', target.execute('SELECT * FROM v').fetchall() == [(0, 'aa'), (1, 'ba'), (0, 'ab')])
    check('integrity', target.execute('PRAGMA integrity_check').fetchone()[0] == 'ok')
    check('same', same('functions.db', 'untrusted.db', '--no-integrity'))
    target.close()

    # Triggers and views are not run: they come back where their functions are unknown.
    target = connect('unknown.db')
    error = call(target, 'adcp_restore', path('functions.json'), {'trust_schema': True})
    check('an index needs its function', 'app_' in error and error.endswith('database unchanged'), error)
    report = call(target, 'adcp_restore', path('functions.json'), {'tables': ['plain', 'w']})
    check('a trigger does not', isinstance(report, dict), report)
    check('trigger is there', target.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").fetchone()[0] == 1)
    target.close()


def test_foreseen():
    """What a table or an index cannot be made with, a plan and validate_only say in the restore's own words."""
    def words(error):
        return error.split('.json: ')[-1].removesuffix('; database unchanged') if isinstance(error, str) else None

    table, index = 'creating table "t": ', 'creating index "i": '
    unsafe = 'unsafe use of app_even(); allow it with {"trust_schema":true} if you trust the file'
    no_function = 'no such function: app_even; register it on this connection first'
    no_collation = 'no such collation sequence: app_order; register it on this connection first'
    shapes = [('CREATE TABLE t(a CHECK(app_even(a) < 2))', table + unsafe, table + no_function),
              ('CREATE TABLE t(a, b AS (app_even(a)) STORED)', table + unsafe, table + no_function),
              ('CREATE TABLE t(a, b AS (app_even(a)))', table + unsafe, table + no_function),
              ('CREATE TABLE t(a); CREATE INDEX i ON t(app_even(a))', index + unsafe, index + no_function),
              ('CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE app_even(a)', index + unsafe, index + no_function),
              ('CREATE TABLE t(a COLLATE app_order)', None, table + no_collation),
              ('CREATE TABLE t(a); CREATE INDEX i ON t(a COLLATE app_order)', None, index + no_collation),
              ("CREATE TABLE t(a CHECK(a < 'z' COLLATE app_order))", None, None),
              ('CREATE TABLE t(a); CREATE VIEW v AS SELECT app_even(a) FROM t ORDER BY a COLLATE app_order', None, None),
              ('CREATE TABLE t(a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT app_even(new.a); END', None, None)]
    for number, (sql, registered, bare) in enumerate(shapes):
        file = path(f'foreseen{number}.json')
        source = register(connect(f'foreseen{number}.db'))
        source.executescript(sql + '; INSERT INTO t(a) VALUES(1)')
        call(source, 'adcp_backup', file)
        source.close()
        for knows, wanted in ((True, registered), (False, bare)):
            for options in ({}, {'trust_schema': True}):
                target = connect(f'foreseen{number}_{knows}_{len(options)}.db')
                if knows:
                    register(target)
                expected = None if knows and options else wanted
                stops = target.execute("SELECT detail FROM adcp_plan(?, ?) WHERE action = 'stop'", (file, json.dumps(options))).fetchall()
                warned = [w for w in call(target, 'adcp_validate', file)['warnings'] if w.startswith('creating ')]
                check(f'validated: {sql}', warned == ([registered] if knows and registered else []), warned)
                check(f'planned: {sql}, {knows}', stops == ([(expected,)] if expected else []), stops)
                said = words(call(target, 'adcp_restore', file, dict(options, validate_only=True)))
                check(f'validate_only: {sql}, {knows}', said == expected, said)
                said = words(call(target, 'adcp_restore', file, options))
                check(f'restored: {sql}, {knows}', said == expected, said)
                target.close()


def test_live_functions():
    """What stays in the database, or is in another one, may call the application's functions: a restore of something else leaves it be."""
    source = connect('plain.db')
    source.executescript("""
        CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'one');
        CREATE TABLE counted(a INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted VALUES(7);
        CREATE VIRTUAL TABLE own USING fts5(c); INSERT INTO own VALUES('a word');
        CREATE VIRTUAL TABLE over USING fts4(b, content="t"); INSERT INTO over(over) VALUES('rebuild')""")
    call(source, 'adcp_backup', path('plain.json'))
    source.close()
    shapes = ['CREATE TABLE u(a CHECK(app_even(a) < 2))', 'CREATE TABLE u(a, b AS (app_even(a)) STORED)', 'CREATE TABLE u(a, b AS (app_even(a)))',
              'CREATE TABLE u(a); CREATE INDEX ui ON u(app_even(a))', 'CREATE TABLE u(a); CREATE INDEX ui ON u(a) WHERE app_even(a)',
              "CREATE TABLE u(a, b AS (app_even(a))); CREATE VIRTUAL TABLE uf USING fts5(b, content='u')"]
    calls = [{'tables': ['t'], 'force': True}, {'tables': ['t', 'own'], 'force': True}, {'exclude_tables': ['t', 'over']}, {'mode': 'merge'},
             {'data_only': True, 'force': True}, {'schema': 'aux'}, {'schema': 'temp'}, {'schema': 'other', 'force': True}]
    for number, sql in enumerate(shapes):
        for at, options in enumerate(calls):
            name = f'live{number}_{at}.db'
            live = register(connect(name))
            if options.get('mode') or options.get('data_only'):
                call(live, 'adcp_restore', path('plain.json'))
            live.executescript(sql + '; INSERT INTO u(a) VALUES(1)')
            live.close()
            live = register(connect(name))  # which has read no schema yet
            live.execute("ATTACH ':memory:' AS aux")
            live.execute('ATTACH ? AS other', (path('other.db'),))
            report = call(live, 'adcp_restore', path('plain.json'), options)
            check(f'restored beside {sql}: {options}', isinstance(report, dict), report)
            check(f'as it was: {sql}: {options}', live.execute('SELECT * FROM u').fetchall()[0][0] == 1 and
                  live.execute('PRAGMA integrity_check').fetchone() == ('ok',))
            check('trusted_schema is put back', live.execute('PRAGMA trusted_schema').fetchone() == (1,))
            live.close()
    # A view of the file in the place of one that an index is over is still the file's.
    heard = []
    source = connect('view.db')
    source.create_function('app_heard', 1, lambda x: heard.append(x) or x)
    source.executescript("CREATE TABLE t(a); INSERT INTO t VALUES('word'); CREATE VIEW v AS SELECT rowid AS id, app_heard(a) AS a FROM t")
    call(source, 'adcp_backup', path('view.json'))
    live = connect('over_view.db')
    live.create_function('app_heard', 1, lambda x: heard.append(x) or x)
    live.executescript("""CREATE TABLE t(a); CREATE VIEW v AS SELECT rowid AS id, a FROM t;
        CREATE VIRTUAL TABLE f USING fts5(a, content='v', content_rowid='id')""")
    heard.clear()
    report = call(live, 'adcp_restore', path('view.json'), {'tables': ['t', 'v'], 'force': True})
    check('the view of a file calls nothing', heard == [] and 'unsafe use of app_heard()' in str(report), (heard, report))
    live.close()
    source.close()


def test_missing_collation():
    """Without the collation of a live table's key its rows cannot be counted: that stops what is about them alone, and says why."""
    live = register(connect('keyed.db'))
    live.executescript('CREATE TABLE t(a); INSERT INTO t VALUES(1); CREATE TABLE u(a COLLATE app_order PRIMARY KEY) WITHOUT ROWID')
    call(live, 'adcp_backup', path('keyed.json'), {'tables': ['t']})
    live.close()
    live = connect('keyed.db')
    steps = live.execute('SELECT action, object, rows FROM adcp_plan(?, ?)', (path('keyed.json'), '{"force":true}')).fetchall()
    check('planned beside it', ('keep', 'u', None) in steps and not [s for s in steps if s[0] == 'stop'], steps)
    report = call(live, 'adcp_restore', path('keyed.json'), {'force': True})
    check('restored beside it', isinstance(report, dict), report)
    said = call(live, 'adcp_info')
    check('the collation is named', said == 'adcp_info: table "u": no such collation sequence: app_order; register it on this connection first', said)
    live.close()


def folded(a, b):
    return (a.casefold() > b.casefold()) - (a.casefold() < b.casefold())


def backward(a, b):
    return (b > a) - (b < a)


def test_other_collation():
    """A key may stand in another order where the collation's name is another function's: the rows come back equal."""
    make = """
        CREATE TABLE t(k TEXT COLLATE {0} PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t VALUES('Ä', 1), ('ä2', 2), ('Áb', 3), ('é', 4), ('z', 5);
        CREATE TABLE u(id INTEGER PRIMARY KEY, n TEXT COLLATE {0} UNIQUE); INSERT INTO u(n) VALUES('b'), ('a'), ('ü');
        CREATE TABLE w(a INTEGER, b, PRIMARY KEY(a DESC, b COLLATE {0})) WITHOUT ROWID; CREATE TABLE x(k TEXT COLLATE {0} PRIMARY KEY, v) WITHOUT ROWID;
        WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO w SELECT i % 7, 'row' || i FROM n;
        INSERT INTO x SELECT CASE a % 2 WHEN 0 THEN 'Ä' ELSE 'z' END || b, hex(zeroblob(300)) FROM w;"""
    for name, function in (('app_order', backward), ('NOCASE', folded), ('RTRIM', backward)):
        file = path(f'collated_{name}.json')
        source = connect(f'collated_{name}.db')
        source.create_collation(name, function)
        source.executescript(make.format(name))
        check(f'{name}: backup', isinstance(call(source, 'adcp_backup', file), dict))
        there = {table: sorted(source.execute(f'SELECT * FROM {table}').fetchall()) for table in 'tuwx'}
        source.close()
        for other in (None, folded, backward):
            target = connect(f'collated_{name}_{getattr(other, "__name__", None)}.db')
            if other or name == 'app_order':
                target.create_collation(name, other or (lambda a, b: (a > b) - (a < b)))
            for threads in (0, 2):
                options = {'force': True, 'threads': threads, 'safety_backup': path('collated_safety.json')}
                report = call(target, 'adcp_restore', file, options)
                check(f'{name}, {other}, {threads} threads: verified', isinstance(report, dict) and report['verified'], report)
                check(f'{name}, {other}: no difference', target.execute('SELECT * FROM adcp_diff(?)', [file]).fetchall() == [])
                target.execute("UPDATE x SET v = 'other' WHERE k LIKE '%row1_'")
                target.execute("DELETE FROM w WHERE b = 'row77'")
                found = target.execute('SELECT object, change, count(*) FROM adcp_diff(?) GROUP BY 1, 2', [file]).fetchall()
                check(f'{name}, {other}: the differences', found == [('w', 'removed', 1), ('x', 'changed', 10)], found)
                call(target, 'adcp_restore', file, {'force': True})
                found = {table: sorted(target.execute(f'SELECT * FROM {table}').fetchall()) for table in 'tuwx'}
                check(f'{name}, {other}: the same rows', found == there)
                check(f'{name}, {other}: sound', target.execute('PRAGMA integrity_check').fetchall() == [('ok',)])
                if os.path.exists(path('collated_safety.json')):
                    os.unlink(path('collated_safety.json'))
            target.close()
        target = connect('collated_check.db')
        target.execute(f"CREATE VIRTUAL TABLE temp.old_x USING adcp_table('{file}', x)")
        missing = [k for k, v in there['x'][::50] if target.execute('SELECT count(*) FROM old_x WHERE k = ?', [k]).fetchone() != (1,)]
        check(f'{name}: adcp_table finds rows by their key', not missing, len(missing))
        target.execute('DROP TABLE old_x')
        report = call(target, 'adcp_validate', file)
        check(f'{name}: the trial restore', report['valid'] is True and all('registers' in w for w in report['warnings']) and
              len(report['warnings']) == (name == 'app_order'), report)


def test_validation_by_collation():
    """A trial restore takes the collations of the connection: by others keys that differ would be equal, and parents missing."""
    other = '1 row of table "o" refers to rows of "q" that are not there'
    for name in ('app_order', 'NOCASE'):
        for encoding in ('UTF-8', 'UTF-16le'):
            file = path(f'judged_{name}_{encoding}.json')
            source = connect(f'judged_{name}_{encoding}.db')
            source.execute(f'PRAGMA encoding = "{encoding}"')
            source.create_collation(name, folded)
            source.executescript(f"""
                CREATE TABLE p(k TEXT COLLATE {name} PRIMARY KEY); CREATE TABLE c(x REFERENCES p(k)); CREATE TABLE q(id INTEGER PRIMARY KEY); CREATE TABLE o(x REFERENCES q); INSERT INTO o VALUES(7);
                INSERT INTO p VALUES('Ä'), ('b'); INSERT INTO c VALUES('ä'), ('B')""")
            check('backup', isinstance(call(source, 'adcp_backup', file), dict))
            report = call(source, 'adcp_validate', file)
            check(f'{name}, {encoding}: parents by the collation', [w for w in report['warnings'] if 'refer' in w] == [other], report)
            source.close()
            bare = connect('judge.db')
            refer = [w for w in call(bare, 'adcp_validate', file)['warnings'] if 'refer' in w]
            check(f'{name}, {encoding}: parents by a stand-in are not judged', refer[name == 'NOCASE':] == [other], refer)
            bare.close()
    strict = connect('strict.db')
    strict.create_collation('NOCASE', lambda a, b: (a > b) - (a < b))
    strict.executescript("CREATE TABLE t(k TEXT COLLATE NOCASE UNIQUE); INSERT INTO t VALUES('a'), ('A')")
    call(strict, 'adcp_backup', path('strict.json'))
    report = call(strict, 'adcp_validate', path('strict.json'))
    check('a key that is unique by the connection', report['valid'] is True and report['warnings'] == [], report)
    strict.executescript("CREATE TABLE u(k TEXT COLLATE NOCASE); CREATE UNIQUE INDEX by_k ON u(k); INSERT INTO u SELECT k FROM t; DELETE FROM t")
    call(strict, 'adcp_backup', path('strict index.json'))
    bare = connect('bare.db')
    for name, words in (('strict', 'table "t": UNIQUE constraint failed: t.k'), ('strict index', 'creating index "by_k": UNIQUE constraint failed: u.k')):
        said = call(bare, 'adcp_restore', path(f'{name}.json'))
        check('and not by another', isinstance(said, str) and said.endswith(words + '; a collation of its key may have been another function where the '
              'backup was made: register that on this connection first; database unchanged'), said)


def test_unlisted():
    """An authorizer that lets nothing be known of functions does not make a backup one that cannot be restored."""
    source = register(connect('unlisted.db'))
    source.executescript('CREATE TABLE t(a CHECK(app_even(a) < 2)); INSERT INTO t VALUES(1)')
    call(source, 'adcp_backup', path('unlisted.json'))
    source.close()
    for answer in (sqlite3.SQLITE_IGNORE, sqlite3.SQLITE_DENY):
        target = register(connect(f'unlisted{answer}.db'))
        target.set_authorizer(lambda action, a, *_: answer if action == sqlite3.SQLITE_PRAGMA and a == 'function_list' else sqlite3.SQLITE_OK)
        report = call(target, 'adcp_restore', path('unlisted.json'), {'trust_schema': True})
        check(f'restored, {answer}', isinstance(report, dict) and report['verified'] is True, report)
        target.close()


# ---- interrupt ----

def interrupted(connection, function, arguments, delay):
    """Interrupts a call after delay seconds: its error or report, and how long it went on after that."""
    at = [None]

    def interrupt():
        at[0] = time.monotonic()
        connection.interrupt()
    timer = threading.Timer(delay, interrupt)
    timer.start()
    result = call(connection, function, *arguments)
    end = time.monotonic()
    timer.join()
    return result, end - at[0]


def left_files():
    return sorted(os.path.basename(f) for f in glob.glob(path('*')) + glob.glob(path('.*')))


def test_interrupt():
    source = connect('large.db')
    source.executescript(f"""
        CREATE TABLE t(id INTEGER PRIMARY KEY, x, y); CREATE INDEX i ON t(x); CREATE TABLE mine(x);
        INSERT INTO t SELECT value, hex(value * 7919) || 'text of some length', value / 7.0
          FROM (WITH RECURSIVE c(value) AS (VALUES(1) UNION ALL SELECT value + 1 FROM c WHERE value < {25000 if SLOW_BUILD else 250000}) SELECT value FROM c);
        CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f SELECT x FROM t WHERE id < {2000 if SLOW_BUILD else 20000};""")
    started = time.monotonic()
    check('large backup', isinstance(call(source, 'adcp_backup', path('large.json.gz')), dict))
    backup_seconds = time.monotonic() - started
    started = time.monotonic()
    check('large validate', call(source, 'adcp_validate', path('large.json.gz'))['valid'] is True)
    validate_seconds = time.monotonic() - started
    target = connect('interrupted.db')
    target.executescript("CREATE TABLE kept(x); INSERT INTO kept VALUES('kept'); PRAGMA foreign_keys = ON; PRAGMA user_version = 7")
    before = contents(target)
    timed = connect('timed.db')
    started = time.monotonic()
    check('large restore', isinstance(call(timed, 'adcp_restore', path('large.json.gz')), dict))
    restore_seconds = time.monotonic() - started
    timed.close()
    os.remove(path('timed.db'))
    files = left_files()
    longest, hits = 0.0, 0
    for part in range(1, 12):
        for connection, function, arguments, seconds in (
                (source, 'adcp_backup', (path('no.json.gz'),), backup_seconds),
                (source, 'adcp_validate', (path('large.json.gz'),), validate_seconds),
                (target, 'adcp_restore', (path('large.json.gz'), {'force': True, 'validate_only': True}), validate_seconds),
                (target, 'adcp_restore', (path('large.json.gz'), {'force': True}), restore_seconds)):
            result, after = interrupted(connection, function, arguments, seconds * part / 12)
            # It was faster this time; without the function's name it is the calling statement that was
            # interrupted, after the function's end.
            if isinstance(result, dict) or result == 'interrupted':
                if function == 'adcp_backup':
                    os.remove(path('no.json.gz'))
                if function == 'adcp_restore' and len(arguments) > 1 and 'validate_only' not in arguments[1]:
                    target.executescript('DROP TABLE t; DROP TABLE mine; DROP TABLE f; CREATE TABLE kept(x);'
                                         "INSERT INTO kept VALUES('kept'); PRAGMA user_version = 7")
                    before = contents(target)
                continue
            hits += 1
            longest = max(longest, after)
            check(f'{function} says so at part {part}', 'interrupted' in result, result)
            check(f'{function} leaves no transaction at part {part}', not connection.in_transaction)
            if function == 'adcp_restore':
                check(f'restore says unchanged at part {part}', result.endswith('database unchanged'), result)
                check(f'restore left things unchanged at part {part}', contents(target) == before)
                check('foreign_keys are on', target.execute('PRAGMA foreign_keys').fetchone()[0] == 1)
    check('interrupts hit', hits >= 8, hits)  # a busy machine was slower when the time was taken
    check('a fraction of a second', longest < (5 if SLOW_BUILD else 0.5), longest)
    print(f'{hits} interrupts, the slowest was obeyed after {longest * 1000:.0f} ms')
    check('no file is left', left_files() == files, left_files())

    # Inside a transaction the message says what became of it, and it is true.
    for part in range(1, 9):
        target.execute('BEGIN')
        target.execute("INSERT INTO kept VALUES('in the transaction')")
        result, after = interrupted(target, 'adcp_restore', (path('large.json.gz'), {'force': True}), restore_seconds * part / 10)
        if isinstance(result, str) and result != 'interrupted':
            if 'your transaction was rolled back' in result:
                check('rolled back', not target.in_transaction, result)
            elif 'database unchanged' in result:
                check('kept', target.in_transaction and target.execute('SELECT count(*) FROM kept').fetchone()[0] == 2, result)
            else:
                check('left open', 'transaction left open: run ROLLBACK' in result and target.in_transaction, result)
        if target.in_transaction:
            target.execute('ROLLBACK')
        check(f'as before the transaction, part {part}', contents(target) == before)
    report = call(target, 'adcp_restore', path('large.json.gz'), {'force': True})
    check('and then it works', isinstance(report, dict) and report['verified'] is True, report)
    target.close()
    check('same', same('large.db', 'interrupted.db'))

    # A progress handler that says stop is an interrupt.
    target = connect('progress.db')
    target.set_progress_handler(lambda: 1, 100000)
    error = call(target, 'adcp_restore', path('large.json.gz'))
    target.set_progress_handler(None, 0)
    check('progress handler', isinstance(error, str) and 'interrupted' in error, error)
    check('empty', not contents(target)[1:-1])
    target.close()
    source.close()


# ---- authorizer, limits, open statements ----

def test_authorizer():
    source = connect('authorizer.db')
    source.executescript("CREATE TABLE t(x); INSERT INTO t VALUES(1); CREATE INDEX i ON t(x); CREATE VIEW v AS SELECT 1 AS one")
    call(source, 'adcp_backup', path('authorizer.json'))
    before = contents(source)
    names = {sqlite3.SQLITE_CREATE_VIEW: 'view', sqlite3.SQLITE_CREATE_INDEX: 'index', sqlite3.SQLITE_DROP_TABLE: 'drop',
             sqlite3.SQLITE_INSERT: 'insert', sqlite3.SQLITE_CREATE_TABLE: 'table'}
    for action, name in names.items():
        for answer in (sqlite3.SQLITE_DENY, sqlite3.SQLITE_IGNORE):
            source.set_authorizer(lambda a, *rest: answer if a == action else sqlite3.SQLITE_OK)
            error = call(source, 'adcp_restore', path('authorizer.json'), {'force': True})
            source.set_authorizer(None)
            check(f'authorizer {name} {answer}', isinstance(error, str) and error.endswith('database unchanged'), error)
            check(f'unchanged after authorizer {name} {answer}', contents(source) == before)
    # Transaction control that is denied, at once or later, must not leave a half restore open.
    with open(path('authorizer.json'), 'rb') as whole, open(path('flipped.json'), 'wb') as flipped:
        flipped.write(whole.read().replace(b'"x":1}', b'"x":2}'))
    for allowed in (0, 1, 2):
        for what in ('ROLLBACK', 'COMMIT', 'BEGIN'):
            for answer in (sqlite3.SQLITE_DENY, sqlite3.SQLITE_IGNORE):
                seen = [0]

                def authorize(action, word, *rest):
                    if action != sqlite3.SQLITE_TRANSACTION or word != what:
                        return sqlite3.SQLITE_OK
                    seen[0] += 1
                    return sqlite3.SQLITE_OK if seen[0] <= allowed else answer
                source.set_authorizer(authorize)
                error = call(source, 'adcp_restore', path('flipped.json'), {'force': True})
                source.set_authorizer(None)
                case = f'{what} answered by {answer} after {allowed}'
                check(case, isinstance(error, str) and error.endswith('database unchanged'), error)
                check(f'no transaction is open, {case}', not source.in_transaction)
                check(f'unchanged, {case}', contents(source) == before)
    # A statement that is ignored succeeds: a restore looks whether it had its effect.
    source.executescript('PRAGMA user_version = 7; CREATE TABLE more(x); CREATE VIEW w AS SELECT 2 AS two')
    before = contents(source)
    ignored = {(sqlite3.SQLITE_TRANSACTION, 'BEGIN'): 'BEGIN had no effect', (sqlite3.SQLITE_TRANSACTION, 'COMMIT'): 'COMMIT had no effect',
               (sqlite3.SQLITE_DROP_VIEW, 'w'): 'view "w" was dropped without an error but is still there',
               (sqlite3.SQLITE_DROP_TABLE, 'more'): 'table "more" was dropped without an error but is still there',
               (sqlite3.SQLITE_PRAGMA, 'user_version'): 'user_version could not be set',
               (sqlite3.SQLITE_PRAGMA, 'application_id'): 'application_id could not be set'}
    for key, said in ignored.items():
        writes = key[0] != sqlite3.SQLITE_PRAGMA
        source.execute('PRAGMA application_id = 9')
        source.set_authorizer(lambda action, a, b, *rest: sqlite3.SQLITE_IGNORE if (action, a) == key and (writes or b) else sqlite3.SQLITE_OK)
        error = call(source, 'adcp_restore', path('authorizer.json'), {'force': True})
        source.set_authorizer(None)
        check(f'ignored {key}', isinstance(error, str) and said in error and error.endswith('database unchanged'), error)
        check(f'no transaction is open, ignored {key}', not source.in_transaction)
        check(f'unchanged, ignored {key}', contents(source) == before, contents(source))
    source.close()


def test_limits():
    source = connect('limits.db')
    source.executescript("CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(100000)), ('small')")
    call(source, 'adcp_backup', path('limits.json.gz'))
    target = connect('limits_new.db')
    target.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 50000)
    error = call(target, 'adcp_restore', path('limits.json.gz'))
    check('too big for this connection', isinstance(error, str) and error.endswith('database unchanged'), error)
    check('empty', not contents(target)[1:-1])
    target.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000000)
    check('and then it fits', isinstance(call(target, 'adcp_restore', path('limits.json.gz')), dict))
    target.execute('PRAGMA max_page_count = 5')
    target.close()

    # SQLite takes nothing of a message above the limit: it is cut, and still says what it can.
    small = connect('limits_small.db')
    small.executescript('CREATE TABLE "a table with a name"(x); INSERT INTO "a table with a name" VALUES(1)')
    small.execute('SELECT adcp_hash()')
    os.chdir(FOLDER)
    for limit in (16, 20, 22, 40, 64, 100, 300):
        small.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
        for sql, wanted in (
            ('SELECT adcp_info()', 'adcp_info: '),
            ('SELECT adcp_config()', 'adcp_config: the report of '),
            ("SELECT adcp_backup('l.gz')", 'adcp_backup: '),
            ("SELECT adcp_backup('\u00e9\u00e9\u00e9/\u00e9')", 'adcp_backup: '),
            ('SELECT adcp_hash()', ''),  # SQLite's own text, of a statement or of the result
        ):
            try:
                small.execute(sql).fetchone()
                check(f'limit {limit}: {sql}', limit >= 64 and 'hash' in sql)
            except (sqlite3.Error, MemoryError) as error:
                text = str(error)
                parsing = limit <= 22 and text == 'string or blob too big'  # SQLite's, who reads the statement
                check(f'limit {limit}: the message of {sql}', text and (parsing or text.startswith(wanted[: limit - 1])), repr(error))
        check(f'limit {limit}: a backup that could not be reported', not os.path.exists('l.gz'))
    small.close()

    # No room in the database's file
    full = connect('full.db')
    full.executescript("CREATE TABLE kept(x); INSERT INTO kept VALUES('kept'); PRAGMA max_page_count = 10")
    before = contents(full)
    error = call(full, 'adcp_restore', path('limits.json.gz'), {'force': True})
    check('full', isinstance(error, str) and 'full' in error and error.endswith('database unchanged'), error)
    check('unchanged', contents(full) == before)
    full.execute('BEGIN')
    full.execute("INSERT INTO kept VALUES('earlier')")
    error = call(full, 'adcp_restore', path('limits.json.gz'), {'force': True})
    check('full, inside a transaction', full.in_transaction == ('database unchanged' in error), error)
    if full.in_transaction:
        check('earlier rows', full.execute('SELECT count(*) FROM kept').fetchone()[0] == 2)
        full.execute('COMMIT')
    full.close()
    source.close()


def test_open_statement():
    connection = connect('open.db')
    connection.executescript('CREATE TABLE t(x); INSERT INTO t VALUES(1), (2), (3)')
    call(connection, 'adcp_backup', path('open.json'))
    for begin in (False, True):
        if begin:
            connection.execute('BEGIN')
        cursor = connection.execute('SELECT x FROM t ORDER BY x')
        check('first row', cursor.fetchone() == (1,))
        error = call(connection, 'adcp_restore', path('open.json'), {'force': True})
        check('refused', isinstance(error, str) and 'a statement that reads the database is running' in error
              and error.endswith('database unchanged'), error)
        check('the reader goes on', cursor.fetchall() == [(2,), (3,)])
        check('and then it works', isinstance(call(connection, 'adcp_restore', path('open.json'), {'force': True}), dict))
        if begin:
            connection.execute('COMMIT')
    # An open blob handle is a reader too.
    connection.execute("INSERT INTO t(rowid, x) VALUES(4, x'00')")
    with connection.blobopen('t', 'x', 4, readonly=True):
        error = call(connection, 'adcp_restore', path('open.json'), {'force': True})
        check('refused beside a blob handle', isinstance(error, str) and error.endswith('database unchanged'), error)
        check('backup beside a blob handle', isinstance(call(connection, 'adcp_backup', path('blob.json')), dict))
    connection.execute('DELETE FROM t WHERE rowid = 4')
    # A backup is not in a reader's way, nor the other way round.
    cursor = connection.execute('SELECT x FROM t ORDER BY x')
    cursor.fetchone()
    check('backup beside a reader', isinstance(call(connection, 'adcp_backup', path('beside.json')), dict))
    check('the reader goes on', cursor.fetchall() == [(2,), (3,)])
    connection.close()


def test_threads_at_once():
    """Several connections of one process, at the same time: nothing is shared but the file."""
    source = connect('shared.db')
    source.executescript("""PRAGMA journal_mode = WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x);
        INSERT INTO t SELECT value, hex(value) FROM (WITH RECURSIVE c(value) AS
          (VALUES(1) UNION ALL SELECT value + 1 FROM c WHERE value < 20000) SELECT value FROM c)""")
    results = []

    def work(number):
        connection = connect('shared.db')
        for i in range(3):
            name = path(f'shared{number}.{i}.json.gz')
            results.append(call(connection, 'adcp_backup', name))
            results.append(call(connection, 'adcp_validate', name))
        connection.close()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digests = {r['content_sha256'] if isinstance(r, dict) else r for r in results}
    check('all agree', len(results) == 24 and len(digests) == 1, digests)
    source.close()


def test_waiting_words():
    """Words that a running statement, or a transaction under query_only, has brought to a full-text table."""
    for module in ('fts5', 'fts4'):
        source = connect(f'{module}.db')
        source.executescript(f'''CREATE TABLE log(id INTEGER PRIMARY KEY, m); CREATE VIRTUAL TABLE f USING {module}(m); CREATE TABLE other(a);
            CREATE TRIGGER tr AFTER INSERT ON log BEGIN INSERT INTO f(m) VALUES(new.m); END''')
        for sql in ("INSERT INTO log(m) VALUES('pear'), ('plum') RETURNING id", "INSERT INTO f(m) VALUES('pear'), ('plum') RETURNING m"):
            running = source.execute(sql)
            first = running.fetchone()
            said = call(source, 'adcp_backup', path('beside.json'))
            check(f'{module}: beside {sql}', first and 'a statement that writes to a virtual table is running' in str(said), said)
            running.fetchall()
        running = source.execute('INSERT INTO other VALUES(1), (2) RETURNING a')
        running.fetchone()
        said = call(source, 'adcp_backup', path(f'{module}.other.json'))
        check(f'{module}: beside a statement that writes to no virtual table', 'content_sha256' in said, said)
        running.fetchall()

        source.executescript("BEGIN; INSERT INTO f(m) VALUES('apple'); PRAGMA query_only = 1")
        said = call(source, 'adcp_backup', path(f'{module}.json'))
        check(f'{module}: under query_only', 'content_sha256' in said, said)
        check(f'{module}: query_only stays', source.execute('PRAGMA query_only').fetchone() == (1,))
        said = call(source, 'adcp_restore', path(f'{module}.json'), {'force': True})
        check(f'{module}: no restore', 'PRAGMA query_only' in str(said), said)
        source.execute('PRAGMA query_only = 0')
        source.execute('COMMIT')
        target = connect(f'{module}.restored.db')
        said = call(target, 'adcp_restore', path(f'{module}.json'))
        for name, db in (('source', source), ('backup', target)):
            found = [db.execute('SELECT count(*) FROM f WHERE f MATCH ?', (word,)).fetchone()[0] for word in ('apple', 'pear', 'plum')]
            check(f'{module}: words of the {name}', found == [1, 2, 2], (found, said))
        source.close()
        target.close()


for test in (test_waiting_words, test_function_that_fails, test_functions, test_foreseen, test_live_functions, test_missing_collation, test_other_collation, test_validation_by_collation, test_unlisted, test_interrupt, test_authorizer, test_limits, test_open_statement, test_threads_at_once):
    try:
        test()
    except Exception as error:  # a test that cannot go on is a failure, not the end of the others
        check(test.__name__, False, repr(error))
done()
