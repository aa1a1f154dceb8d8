"""generate.py - random databases over everything that SQLite allows.

A database is a Database: settings and a list of SQL statements, made from a seed alone. Statements that
SQLite refuses are left out when it is built (a random CHECK may not hold, a random index may not
be unique), so that the generator need not know SQLite's rules; that most of them pass is
tested. All values are literals: what failed can be written out as a script, and cut down.
"""

import math
import random
import struct

# Names that a format, a quoting routine or a path could stumble over.
ODD_NAMES = [
    '', ' ', '$', '$$', '$rowid', '$blob', '$real', '$text', '$hex', '$text16', 'tables', 'rows',
    'backup_metadata', 'backup_manifest', 'backup_end', 'database_schema', 'manifest_at', 'sha256',
    'a"b', "a'b", '"', "'", 'a\nb', 'a\r\nb', '\t', 'a.b', 'main', 'temp', 'main.t', 'a/b', '../x',
    '\\', '\\u0041', '%s%n', '%w', '{}', '}', '":{', ']}', '[x]', ']', '`', 'a;b', '--', '/*', '*',
    '😀', 'ünïcödé', 'ÜNÏCÖDÉ', 'ſ', '\u2028', '\ufeff', '\u0001', '\x7f', '\ufffd', '日本', 'a?b', '[a-z]',
    'select', 'table', 'index', 'order', 'group', 'null', 'true', 'rank', 'rowid', '_rowid_', 'oid',
    'ROWID', 'docid', 'name', 'seq', 'tbl', 'sql', 'type', 'x' * 300, 'adcp', 'adcp_makes_sqlite_sequence',
    'generated', 'always', 'without', 'strict', 'virtual', 'if', 'not', 'on', 'as', '1', '1e5', '-',
]
PLAIN_NAMES = ['a', 'b', 'c', 'd', 'id', 'key', 'value', 'parent', 'price', 'Title', 'created_at', 'x1']

TYPES = ['', '', 'INTEGER', 'INT', 'BIGINT', 'TEXT', 'VARCHAR(255)', 'CLOB', 'BLOB', 'REAL', 'FLOAT',
         'DOUBLE PRECISION', 'NUMERIC', 'DECIMAL(10,2)', 'BOOLEAN', 'DATETIME', 'ANY', 'STRING',
         'CHARINT', '"odd ""type"""', 'unsigned big int', 'FLOATING POINT']
STRICT_TYPES = ['INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY']
COLLATIONS = ['BINARY', 'NOCASE', 'RTRIM']

INTEGERS = [0, 1, -1, 2, 127, 128, -128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**31, -2**31,
            2**32, 2**53 - 1, 2**53, 2**53 + 1, -2**53 - 1, 2**62, 2**63 - 1, 2**63 - 2, -2**63 + 1]
REALS = [0.0, -0.0, 1.0, -1.0, 0.1, 0.2, 0.30000000000000004, 1e15, 1e16, 1e17, 123456789012345680.0,
         1e21, 1e22, 1e23, 1e-5, 1e-6, 1e-7, 5e-324, 2.2250738585072009e-308, 2.2250738585072014e-308,
         1.7976931348623157e308, math.pi, 2.0**53, 2.0**63, -2.0**63, 9007199254740993.0, 4.35, 1 / 3]
TEXTS = ['', 'a', 'Jazz and commuters', 'null', 'true', '1', '1.0', '1e3', '0x1F', ' 1', '-0', '"', '\\',
         "it's", 'line\nbreak', 'cr\r\nlf', '\t', '\b\f', '\u0001\u001f', '\x7f', '\u0080', 'é', '日本語', '😀',
         '\U0010ffff', '\ufeffbom', '\ufffe', '\uffff', '\u2028\u2029', '</script>', '{"$blob":"AA=="}', '$rowid',
         'a\0b', '\0', 'x' * 5000, '\u00e9' * 300, '9223372036854775808', '1e999', 'Infinity', 'NaN']
# Bytes that are no UTF-8, as TEXT of a UTF-8 database.
BROKEN_UTF8 = [b'\xff', b'\x80', b'a\xc3', b'\xc0\x80', b'\xed\xa0\x80', b'\xed\xb0\x80', b'\xf4\x90\x80\x80',
               b'\xe2\x82', b'\xf0\x9f\x98', b'ok\xfe\0end', b'\xf8\x88\x80\x80\x80', b'\xc1\xbf"\\']
# Code units that are no UTF-16, as TEXT of a UTF-16 database.
BROKEN_UTF16 = [[0xd800], [0xdc00], [0xdc00, 0xd800], [0x61, 0xd83d], [0xd83d, 0x61], [0xd83d, 0xd83d, 0xde00],
                [0xde00, 0x22, 0xd83d, 0xde00], [0xfeff, 0xd800], [0xfffe, 0xdfff, 0], [0xfeff, 0x61]]


def quote_name(name):
    return '"' + name.replace('"', '""') + '"'


def quote_text(text):
    return "'" + text.replace("'", "''") + "'"


class Database:
    """Settings that must come first, and statements; application functions if they are called in it."""

    def __init__(self):
        self.encoding = 'UTF-8'
        self.settings = []
        self.statements = []
        self.uses_functions = False  # app_even, app_order in it: they must be there to restore it
        self.wal = False

    def script(self):
        return ';\n'.join(self.settings + self.statements) + ';\n'


class Table:
    def __init__(self, name):
        self.name = name
        self.columns = []    # names of those that can be inserted
        self.types = {}
        self.rowid_name = None  # rowid, _rowid_ or oid that reaches the hidden or declared rowid
        self.key = []        # of WITHOUT ROWID or a primary key
        self.strict = False
        self.without_rowid = False
        self.fts = False


class Generator:
    def __init__(self, seed, encoding=None):
        self.random = random.Random(seed)
        self.database = Database()
        self.encoding = encoding
        self.tables = []
        self.used = set()

    # ---- choices ----

    def chance(self, probability):
        return self.random.random() < probability

    def choose(self, items):
        return self.random.choice(items)

    def add(self, sql):
        self.database.statements.append(sql)

    def new_name(self):
        """A name that no table, index, view or trigger has; some with a tail that makes it free."""
        name = self.choose(ODD_NAMES) if self.chance(0.5) else self.choose(PLAIN_NAMES)
        while name.lower() in self.used or name.lower().startswith('sqlite_'):
            name += self.choose(['1', '2', 'x', '_', ' ', '"', 'é'])
        self.used.add(name.lower())
        return name

    def column_names(self, count):
        names = []
        while len(names) < count:
            name = self.choose(ODD_NAMES) if self.chance(0.35) else self.choose(PLAIN_NAMES)
            if self.chance(0.3):
                name += str(len(names))
            if name.lower() not in [n.lower() for n in names]:
                names.append(name)
        return names

    # ---- values ----

    def text_literal(self):
        whole = not self.database.uses_functions  # those are Python's here, which cannot be given broken text
        if self.database.encoding != 'UTF-8' and whole and self.chance(0.25):
            units = self.choose(BROKEN_UTF16)
            order = '>' if self.database.encoding == 'UTF-16be' else '<'
            return "CAST(x'" + struct.pack(order + '%dH' % len(units), *units).hex() + "' AS TEXT)"
        if self.database.encoding == 'UTF-8' and whole and self.chance(0.15):
            return "CAST(x'" + self.choose(BROKEN_UTF8).hex() + "' AS TEXT)"
        if self.chance(0.3):
            alphabet = 'abcdefghij KLMNOP"\\\n\t\'éß日😀\u0001'
            text = ''.join(self.choose(alphabet) for _ in range(self.random.randrange(60)))
        else:
            text = self.choose(TEXTS)
        if '\0' in text:
            codec = {'UTF-8': 'utf-8', 'UTF-16le': 'utf-16-le', 'UTF-16be': 'utf-16-be'}
            return "CAST(x'" + text.encode(codec[self.database.encoding]).hex() + "' AS TEXT)"
        return quote_text(text)

    def real_literal(self):
        if self.chance(0.05):
            return self.choose(['9e999', '-9e999'])
        if self.chance(0.5):
            value = self.choose(REALS)
        else:
            value = struct.unpack('<d', struct.pack('<Q', self.random.getrandbits(64)))[0]
            if math.isnan(value) or math.isinf(value):
                value = self.random.random()
        text = repr(value)
        return text if '.' in text or 'e' in text else text + '.0'

    def integer(self):
        if self.chance(0.5):
            return self.choose(INTEGERS)
        return self.random.randrange(-10**self.random.randrange(1, 18), 10**self.random.randrange(1, 18))

    def blob_literal(self):
        size = self.choose([0, 1, 2, 3, 4, 5, 8, 16, 33, 100])
        if self.chance(0.02):
            size = self.choose([4096, 70000, 300000])
        return "x'" + self.random.randbytes(size).hex() + "'"

    def literal(self, kind=None):
        kind = kind or self.choose(['null', 'integer', 'integer', 'real', 'text', 'text', 'blob'])
        return {'null': lambda: 'NULL', 'integer': lambda: str(self.integer()), 'real': self.real_literal,
                'text': self.text_literal, 'blob': self.blob_literal}[kind]()

    def literal_for(self, table, column):
        """Mostly of the declared type: a STRICT table takes nothing else; any class now and then."""
        declared = table.types.get(column, '').upper()
        kinds = {'INT': 'integer', 'INTEGER': 'integer', 'REAL': 'real', 'TEXT': 'text', 'BLOB': 'blob'}
        if declared in kinds and self.chance(0.95 if table.strict else 0.5):
            return self.literal(kinds[declared])
        return self.literal()

    # ---- expressions over columns ----

    def expression(self, columns):
        if not columns:
            return self.choose(['1', "'x'", 'NULL', '1.5'])
        a, b = quote_name(self.choose(columns)), quote_name(self.choose(columns))
        forms = [f'length({a})', f'{a} || {b}', f"typeof({a})", f'coalesce({a}, {b}, 0)', f'{a} IS NOT NULL',
                 f'{a} > {b}', f'hex({a})', f"CASE WHEN {a} = {b} THEN 'same' ELSE quote({a}) END",
                 f'lower({a})', f'{a} COLLATE NOCASE', f'({a}, {b}) IS (1, 2)', f'nullif({a}, 0)']
        return self.choose(forms)

    def default(self):
        return 'DEFAULT ' + self.choose([
            'NULL', '5', '-5', '+1.5', "'text'", "x'00ff'", "('it''s ' || 'x')", '(1 + 2)', 'CURRENT_TIMESTAMP',
            "(hex('a'))", '(abs(-3))', 'true', "'line\nbreak'", '9223372036854775807', '1e999', '"ident"'])

    # ---- tables ----

    def column(self, table, name, allow_generated):
        declared = self.choose(STRICT_TYPES if table.strict else TYPES)
        parts = [quote_name(name), declared]
        others = list(table.columns)
        if allow_generated and others and self.chance(0.12):
            # A function reads a bound blob as UTF-8, one from a table as the database's encoding: in a UTF-16
            # database what STORED keeps depends on how the row came in.
            stored = self.choose(['VIRTUAL', '', 'STORED' if self.database.encoding == 'UTF-8' else ''])
            always = self.choose(['GENERATED ALWAYS AS', 'AS'])
            expression = self.expression(others)
            if self.database.uses_functions and self.chance(0.3):
                expression = f'app_even({quote_name(self.choose(others))})'
            return ' '.join(parts + [f'{always} ({expression}) {stored}'])
        if self.chance(0.08):
            parts.append('NOT NULL' + self.choose(['', ' ON CONFLICT IGNORE', ' ON CONFLICT REPLACE']))
        if self.chance(0.2):
            parts.append(self.default())
        if self.chance(0.06):
            parts.append('UNIQUE' + self.choose(['', ' ON CONFLICT REPLACE', ' ON CONFLICT ROLLBACK']))
        if self.chance(0.06):
            parts.append('CHECK (' + self.expression(others + [name]) + ')')
        if self.chance(0.1):
            own = self.database.uses_functions and not table.without_rowid  # dbsame has to read it in key order
            collations = COLLATIONS + (['app_order'] if own else [])
            parts.append('COLLATE ' + self.choose(collations))
        if self.chance(0.12):
            parts.append(self.reference(name))
        table.columns.append(name)
        table.types[name] = declared
        return ' '.join(parts)

    def reference(self, own_column=None):
        """A parent that is there, that comes later or that never comes."""
        names = [t.name for t in self.tables if not t.fts] + ['never there', 'later']
        parent = self.choose(names)
        found = [t for t in self.tables if t.name == parent and t.columns]
        sql = 'REFERENCES ' + quote_name(parent)
        if found and self.chance(0.6):
            sql += '(' + quote_name(self.choose(found[0].columns)) + ')'
        sql += self.choose(['', ' ON DELETE CASCADE', ' ON DELETE SET NULL', ' ON UPDATE SET DEFAULT ON DELETE RESTRICT',
                            ' MATCH FULL'])
        return sql + self.choose(['', ' DEFERRABLE INITIALLY DEFERRED', ' NOT DEFERRABLE'])

    def ordinary_table(self):
        table = Table(self.new_name())
        table.strict = self.chance(0.1)
        form = self.choose(['rowid', 'rowid', 'integer key', 'integer key', 'autoincrement', 'key', 'without rowid'])
        table.without_rowid = form == 'without rowid'
        names = self.column_names(self.random.randrange(1, 9))
        columns = []
        if form in ('integer key', 'autoincrement'):
            name = names.pop(0)
            how = {'autoincrement': ' PRIMARY KEY AUTOINCREMENT'}.get(
                form, self.choose([' PRIMARY KEY', ' PRIMARY KEY', ' PRIMARY KEY DESC', ' NOT NULL PRIMARY KEY ASC']))
            columns.append(quote_name(name) + ' INTEGER' + how)
            table.columns.append(name)
            table.types[name] = 'INTEGER'
        columns += [self.column(table, name, allow_generated=True) for name in names]
        if form in ('key', 'without rowid') and table.columns:
            table.key = self.random.sample(table.columns, self.random.randrange(1, min(3, len(table.columns)) + 1))
            parts = [quote_name(k) + self.choose(['', ' DESC', ' COLLATE NOCASE', ' COLLATE RTRIM DESC'])
                     for k in table.key]
            columns.append('PRIMARY KEY (' + ', '.join(parts) + ')')
        columns += self.table_constraints(table)
        ends = (['STRICT'] if table.strict else []) + (['WITHOUT ROWID'] if form == 'without rowid' else [])
        self.create_table(table, columns, ends)
        if form != 'without rowid':
            taken = {n.lower() for n in names + table.columns}
            free = [n for n in ('rowid', '_rowid_', 'oid') if n not in taken]
            table.rowid_name = free[0] if free else None
        self.tables.append(table)

    def table_constraints(self, table):
        constraints = []
        if len(table.columns) > 1 and self.chance(0.1):
            pair = self.random.sample(table.columns, 2)
            constraints.append('UNIQUE (' + ', '.join(map(quote_name, pair)) + ')')
        if table.columns and self.chance(0.1):
            constraints.append(f'CONSTRAINT {quote_name(self.choose(ODD_NAMES))} CHECK ('
                               + self.expression(table.columns) + ')')
        if len(table.columns) > 1 and self.chance(0.1):
            own = self.random.sample(table.columns, 2)
            parent = self.choose(self.tables + [table])
            if len(parent.columns) > 1 and not parent.fts:
                other = self.random.sample(parent.columns, 2)
                constraints.append('FOREIGN KEY (%s) REFERENCES %s(%s) ON DELETE CASCADE' % (
                    ', '.join(map(quote_name, own)), quote_name(parent.name), ', '.join(map(quote_name, other))))
        return constraints

    def create_table(self, table, columns, ends):
        head = self.choose(['CREATE TABLE ', 'create table ', 'CREATE TABLE IF NOT EXISTS ', 'CREATE\tTABLE\r\n'])
        comment = self.choose(['', ' -- a comment, with "quotes\n', ' /* ; */ ', '\r\n  '])
        self.add(head + quote_name(table.name) + '(' + comment + (',' + comment).join(columns) + ')'
                 + ', '.join(ends))

    def fts_table(self):
        table = Table(self.new_name())
        table.fts = True
        columns = self.random.sample(['title', 'body', 'tag', 'a b', 'é', 'value'], self.random.randrange(1, 4))
        version = self.choose(['fts3', 'fts4', 'fts4', 'fts5', 'fts5', 'fts5'])
        options = []
        content = [t for t in self.tables if t.rowid_name and len(t.columns) > 1 and not t.fts]
        kind = self.choose(['own', 'own', 'none', 'external'])
        if version == 'fts5':
            options += self.random.sample(["tokenize='porter unicode61'", "prefix='2 3'", 'columnsize=0', 'detail=none',
                                           'detail=column'], self.random.randrange(0, 2))
            if kind == 'external' and content:
                source = self.choose(content)
                columns = [c for c in self.random.sample(source.columns, 2) if c.lower() not in ('rank', 'rowid')] or columns
                options += ['content=' + quote_text(source.name), 'content_rowid=' + quote_text(source.columns[0])]
            elif kind == 'none':
                options.append("content=''")
        elif version == 'fts4':
            options += self.random.sample(['prefix="1,4"', 'order=desc', 'matchinfo=fts3', 'tokenize=porter'],
                                          self.random.randrange(0, 2))
            if kind == 'none':
                options.append('content=""')
        declared = [quote_name(c) for c in columns]
        if version == 'fts5' and len(columns) > 1 and self.chance(0.3):
            declared[0] += ' UNINDEXED'
        self.add(f'CREATE VIRTUAL TABLE {quote_name(table.name)} USING {version}(' + ', '.join(declared + options) + ')')
        table.columns = columns
        table.rowid_name = 'rowid'
        self.tables.append(table)
        name = quote_name(table.name)
        for _ in range(self.random.randrange(0, 3)):
            self.add(self.choose([f"INSERT INTO {name}({name}) VALUES('optimize')",
                                  f"INSERT INTO {name}({name}, rank) VALUES('automerge', 2)",
                                  f"INSERT INTO {name}({name}, rank) VALUES('rank', 'bm25(10.0, 5.0)')",
                                  f"INSERT INTO {name}({name}) VALUES('rebuild')"]))

    def rtree_table(self):
        table = Table(self.new_name())
        table.fts = True  # no foreign keys or indexes on it either
        dimensions = self.random.randrange(1, 4)
        module = self.choose(['rtree', 'rtree', 'rtree_i32'])
        columns = ['id'] + [f'{end}{i}' for i in range(dimensions) for end in ('min', 'max')]
        auxiliary = ['+note', '+"a b" TEXT'] if self.chance(0.4) else []
        self.add(f'CREATE VIRTUAL TABLE {quote_name(table.name)} USING {module}(' + ', '.join(columns + auxiliary) + ')')
        for _ in range(self.random.randrange(0, 120)):
            row = [str(self.random.randrange(-10**6, 10**6))]
            for _ in range(dimensions):
                low = self.random.randrange(-1000, 1000)
                row += [str(low), str(low + self.random.randrange(50))]
            row += [self.literal() for _ in auxiliary]
            self.add(f'INSERT INTO {quote_name(table.name)} VALUES(' + ', '.join(row) + ')')
        self.tables.append(table)

    # ---- rows ----

    def rows(self, table, count):
        names, name = table.columns, quote_name(table.name)
        for _ in range(count):
            columns = [c for c in names if self.chance(0.92)]
            values = [self.literal_for(table, c) for c in columns]
            if table.rowid_name and self.chance(0.3):
                columns = [table.rowid_name] + columns
                values = [str(self.choose([self.integer(), self.random.randrange(1000)]))] + values
            listed = ', '.join(c if c == table.rowid_name else quote_name(c) for c in columns)
            verb = self.choose(['INSERT', 'INSERT', 'INSERT OR REPLACE', 'INSERT OR IGNORE'])
            if columns:
                self.add(f'{verb} INTO {name}({listed}) VALUES(' + ', '.join(values) + ')')
            else:
                self.add(f'{verb} INTO {name} DEFAULT VALUES')

    def many_rows(self, table):
        """Enough for several pages, and blocks, without a statement for each."""
        columns = ', '.join(map(quote_name, table.columns[:3]))
        values = ', '.join(['i', "'row ' || i || ' ' || hex(i * 7919)", 'i / 7.0'][:len(table.columns[:3])])
        count = self.choose([100, 500, 3000])
        self.add(f'INSERT OR IGNORE INTO {quote_name(table.name)}({columns}) WITH RECURSIVE c(i) AS '
                 f'(SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {count}) SELECT {values} FROM c')

    def change(self, table):
        name = quote_name(table.name)
        column = quote_name(self.choose(table.columns)) if table.columns else 'rowid'
        self.add(self.choose([
            f'DELETE FROM {name} WHERE {column} IS NULL', f'DELETE FROM {name}',
            f'UPDATE OR IGNORE {name} SET {column} = {self.literal()} WHERE length({column}) % 3 = 1',
            f'DELETE FROM {name} WHERE length({column}) % 2 = 0',
            f'DELETE FROM {name} WHERE {table.rowid_name or 1} % 3 = 0']))

    # ---- indexes, views, triggers, changes of the schema ----

    def index(self, table):
        count = self.random.randrange(1, min(3, len(table.columns)) + 1)
        parts = []
        for name in self.random.sample(table.columns, count):
            part = quote_name(name) if self.chance(0.75) else '(' + self.expression(table.columns) + ')'
            part += self.choose(['', '', ' COLLATE NOCASE', ' COLLATE RTRIM'])
            parts.append(part + self.choose(['', '', ' DESC', ' ASC']))
        if self.database.uses_functions and self.chance(0.4):
            parts.append(self.choose([f'app_even({quote_name(table.columns[0])})',
                                      f'{quote_name(table.columns[0])} COLLATE app_order']))
        where = f' WHERE {self.expression(table.columns)}' if self.chance(0.25) else ''
        unique = self.choose(['', '', '', 'UNIQUE '])
        self.add(f'CREATE {unique}INDEX {quote_name(self.new_name())} ON {quote_name(table.name)}('
                 + ', '.join(parts) + ')' + where)

    def view(self, views):
        name = self.new_name()
        source = self.choose([t.name for t in self.tables] + views + ['never there'])
        body = self.choose(['SELECT * FROM {0}', 'SELECT count(*) AS "n ""q""" FROM {0}', "SELECT 'x;y' AS c, t.* FROM {0} AS t -- end",
                            'WITH w(i) AS (SELECT 1) SELECT i FROM w', 'SELECT app_even(1) AS e FROM {0}',
                            'VALUES(1, 2), (3, 4)', 'SELECT rowid FROM {0} ORDER BY 1 LIMIT 3'])
        columns = self.choose(['', '', '("a", "b c")'])
        self.add(f'CREATE VIEW {quote_name(name)}{columns} AS ' + body.format(quote_name(source)))
        views.append(name)
        return name

    def trigger(self, views):
        on_view = views and self.chance(0.3)
        target = self.choose(views if on_view else [t.name for t in self.tables if not t.fts])
        when = 'INSTEAD OF' if on_view else self.choose(['BEFORE', 'AFTER', ''])
        columns = [c for t in self.tables if t.name == target for c in t.columns]
        event = self.choose(['INSERT', 'DELETE', 'UPDATE'])
        if event == 'UPDATE' and columns and not on_view and self.chance(0.5):
            event = 'UPDATE OF ' + quote_name(self.choose(columns))
        body = self.choose([
            "SELECT RAISE(ABORT, 'no; not this')", "SELECT RAISE(FAIL, 'x') WHERE 1", "SELECT RAISE(IGNORE)",
            'DELETE FROM ' + quote_name(self.choose(self.tables).name),
            'INSERT INTO "never there" VALUES(1); SELECT 1', 'SELECT app_even(1)',
            'UPDATE ' + quote_name(self.choose(self.tables).name) + ' SET rowid = rowid + 1'])
        each = self.choose(['', ' FOR EACH ROW'])
        condition = self.choose(['', '', " WHEN 1 = 1", " WHEN app_even(2)"])
        self.add(f'CREATE TRIGGER {quote_name(self.new_name())} {when} {event} ON {quote_name(target)}{each}{condition}\n'
                 f'BEGIN\r\n  {body};\nEND')

    def alter(self, table):
        name = quote_name(table.name)
        form = self.choose(['add', 'add', 'drop', 'rename column', 'rename'])
        if form == 'add':
            column = self.choose(PLAIN_NAMES) + '_added'
            self.add(f'ALTER TABLE {name} ADD COLUMN {quote_name(column)} {self.choose(["", "TEXT", "INTEGER"])} '
                     + self.choose(['', 'COLLATE NOCASE'] if table.strict else  # SQLite would break a STRICT column's type
                                   ['', 'DEFAULT 7', "DEFAULT 'it''s'", "NOT NULL DEFAULT 'x'", 'COLLATE NOCASE']))
        elif not table.columns:
            return
        elif form == 'drop':
            column = table.columns[-1]
            self.add(f'ALTER TABLE {name} DROP COLUMN {quote_name(column)}')
        elif form == 'rename column':
            self.add(f'ALTER TABLE {name} RENAME COLUMN {quote_name(table.columns[0])} TO "renamed ""col"""')
        else:
            new = self.new_name()
            self.add(f'ALTER TABLE {name} RENAME TO {quote_name(new)}')

    def odd_internals(self):
        """What an application may do to the tables of SQLite itself."""
        if self.chance(0.2):
            self.add(self.choose([
                "INSERT INTO sqlite_sequence VALUES('ghost', 42)", "UPDATE sqlite_sequence SET seq = seq + 1000",
                "INSERT INTO sqlite_sequence VALUES('ghost', NULL), (NULL, 'text')",
                'DELETE FROM sqlite_sequence', "UPDATE sqlite_sequence SET seq = 9223372036854775807"]))
        if self.chance(0.3):
            self.add('ANALYZE')
            if self.chance(0.4):
                self.add(self.choose(["INSERT INTO sqlite_stat1 VALUES('ghost', NULL, '5')", 'DELETE FROM sqlite_stat1',
                                      "UPDATE sqlite_stat1 SET stat = stat || ' noskipscan'"]))
        if self.chance(0.1):
            self.add('VACUUM')

    # ---- the database ----

    def choose_settings(self):
        database = self.database
        encoding = self.encoding or self.choose(['UTF-8'] * 4 + ['UTF-16le', 'UTF-16be'])
        database.encoding = encoding
        database.settings.append(f"PRAGMA encoding = '{encoding}'")
        database.settings.append(f'PRAGMA page_size = {self.choose([512, 1024, 4096, 4096, 4096, 8192, 65536])}')
        database.settings.append(f'PRAGMA auto_vacuum = {self.choose([0, 0, 1, 2])}')
        if self.chance(0.3):
            database.wal = True
            database.settings.append('PRAGMA journal_mode = WAL')
        if self.chance(0.5):
            database.settings.append(f'PRAGMA user_version = {self.random.randrange(-2**31, 2**31)}')
        if self.chance(0.5):
            database.settings.append(f'PRAGMA application_id = {self.random.randrange(-2**31, 2**31)}')
        if self.chance(0.3):
            database.settings.append('PRAGMA ignore_check_constraints = ON')
        if self.chance(0.2):
            database.settings.append('PRAGMA legacy_file_format = OFF')
        database.uses_functions = self.chance(0.2)

    def generate(self):
        self.choose_settings()
        for _ in range(self.random.randrange(0, 7)):
            self.ordinary_table()
        for _ in range(self.choose([0, 0, 1, 2])):
            self.fts_table()
        if self.chance(0.2):
            self.rtree_table()
        for table in self.tables:
            if table.columns:
                self.rows(table, self.random.randrange(0, 25))
        for table in self.tables:
            if table.columns and self.chance(0.12):
                self.many_rows(table)
            if table.columns and self.chance(0.4):
                self.change(table)
        plain = [t for t in self.tables if not t.fts]
        for table in plain:
            for _ in range(self.choose([0, 0, 1, 1, 2])):
                if table.columns:
                    self.index(table)
        views = []
        for _ in range(self.choose([0, 0, 1, 3])):
            if self.tables:
                self.view(views)
        for table in plain:
            if self.chance(0.2):
                self.alter(table)
        for _ in range(self.choose([0, 0, 1, 3])):
            if plain:
                self.trigger(views)
        self.odd_internals()
        return self.database


def generate(seed, encoding=None):
    return Generator(seed, encoding).generate()
