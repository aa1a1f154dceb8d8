#!/usr/bin/python3
"""bench.py - backup, validate and restore against what a person would use instead.

  bench.py [--products N] [--runs N] [--only TEXT] [--folder DIR] [--write]

In each group ours and the peers run in turn (A B C A B C ...), so that what else happens on the
machine falls on all of them; figures are medians, and the ratio is the median of the ratios of runs
that stood next to each other. What was restored is compared outside the clock. --write puts the table
into docs/PERFORMANCE.md and draws docs/benchmark.svg.
"""
import argparse
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, "build", "bin")
HERE = os.path.join(ROOT, "tests", "bench")
SHELL = "sqlite3 -init /dev/null -batch -bail"
MIB = 1024.0
STANDARD = '{"level":"standard"}'


class Run:
    """What one command cost."""

    def __init__(self, line):
        status, wall, user, system, peak = line.split()
        self.status = int(status)
        self.wall = float(wall)
        self.cpu = float(user) + float(system)
        self.peak = int(peak) / MIB


def measure(command):
    result = subprocess.run([os.path.join(BIN, "measure"), command], stdout=subprocess.PIPE,
                            check=True, text=True)
    run = Run(result.stdout)
    if run.status:
        sys.exit("bench: exit status %d of: %s" % (run.status, command))
    return run


def median(values):
    return statistics.median(values)


def spread(values):
    return "%.2f-%.2f" % (min(values), max(values))


class Contender:
    """A command that is measured; `output` is the file whose size counts."""

    def __init__(self, name, command, output=None, remove=()):
        self.name = name
        self.command = command
        self.output = output
        self.remove = remove
        self.runs = []

    def run(self):
        for path in self.remove + ((self.output,) if self.output else ()):
            if os.path.exists(path):
                os.remove(path)
        os.sync()  # what others have written is not to be written beside this one
        self.runs.append(measure(self.command))

    def walls(self):
        return [run.wall for run in self.runs]

    def wall(self):
        return median(self.walls())

    def cpu(self):
        return median([run.cpu for run in self.runs])

    def peak(self):
        return median([run.peak for run in self.runs])

    def size(self):
        return os.path.getsize(self.output)

    def ratio(self, yardstick):
        """Of walls, pair by pair."""
        return median([a.wall / b.wall for a, b in zip(self.runs, yardstick.runs)])


def call(database, function, path, options=""):
    """A shell command that calls one of our functions."""
    arguments = "'%s'" % path + (", '%s'" % options if options else "")
    return "%s %s \".load '%s'\" \"SELECT adcp_%s(%s)\"" % (
        SHELL, database, os.path.join(ROOT, "adcp"), function, arguments.replace('"', '\\"'))


def ours(*arguments):
    return call(*arguments) + " >/dev/null"


def query(database, sql):
    """A shell command that runs one query with the extension loaded."""
    return "%s %s \".load '%s'\" \"%s\" >/dev/null" % (SHELL, database, os.path.join(ROOT, "adcp"),
                                                      sql.replace('"', '\\"'))


class Bench:
    def __init__(self, folder, products, runs, only):
        self.folder = folder
        self.products = products
        self.runs = runs
        self.only = only
        self.targets = []
        self.groups = []
        self.growth = []
        self.load = [os.getloadavg()[0]]

    def path(self, name):
        return os.path.join(self.folder, name)

    def database(self, kind, products=None):
        products = products or self.products
        path = self.path("%s_%d.db" % (kind, products))
        if not os.path.exists(path):
            subprocess.run([sys.executable, os.path.join(HERE, "database.py"), kind, str(products),
                            path], check=True)
        return path

    def wanted(self, group):
        return any(text in group for text in self.only.split("|"))

    def race(self, group, contenders, rows=0, text_bytes=0):
        self.load.append(os.getloadavg()[0])
        for _ in range(self.runs):
            for contender in contenders:
                contender.run()
        self.groups.append((group, contenders, rows, text_bytes))
        print("\n%s" % group)
        print("  %-34s %9s %13s %9s %9s %12s %11s %8s" %
              ("", "wall s", "spread", "CPU s", "peak MiB", "bytes", "rows/s", "MB/s"))
        for c in contenders:
            size = "%d" % c.size() if c.output and os.path.exists(c.output) else ""
            rate = "%.0f" % (rows / c.wall()) if rows else ""
            speed = "%.0f" % (text_bytes / c.wall() / 1e6) if text_bytes else ""
            print("  %-34s %9.3f %13s %9.3f %9.1f %12s %11s %8s" %
                  (c.name, c.wall(), spread(c.walls()), c.cpu(), c.peak(), size, rate, speed))
        sys.stdout.flush()

    def target(self, what, yardstick, value, to_reach, beyond):
        self.targets.append((what, yardstick, value, to_reach, beyond))

    # ---- facts about a database ----

    def rows_of(self, backup):
        out = subprocess.run(call(":memory:", "validate", backup, STANDARD), shell=True,
                             stdout=subprocess.PIPE, check=True, text=True).stdout
        report = json.loads(out)
        if not report["valid"]:
            sys.exit("bench: not valid: %s" % out)
        return report["rows"], report["uncompressed_bytes"]

    def same(self, a, b):
        subprocess.run([os.path.join(BIN, "dbsame"), "--no-integrity", a, b], check=True,
                       stdout=subprocess.DEVNULL)

    # ---- groups ----

    def shell_peak(self):
        command = "%s %s 'SELECT count(*) FROM sqlite_schema' >/dev/null" % (
            SHELL, self.database("plain"))
        return median([measure(command).peak for _ in range(self.runs)])

    def make_backup(self, kind, products=None):
        """Ours, at level 6; and the dump; without a clock."""
        database = self.database(kind, products)
        base = database[:-3]
        if not os.path.exists(base + ".json.gz"):
            measure(ours(database, "backup", base + ".json.gz"))
            measure("%s %s .dump | gzip -6 >%s" % (SHELL, database, base + ".sql.gz"))
        return base + ".json.gz", base + ".sql.gz"

    def backup_plain(self):
        db = self.database("plain")
        rows, text = self.rows_of(self.make_backup("plain")[0])
        dump = "%s %s .dump" % (SHELL, db)

        def backup(name, suffix, options):
            out = self.path("b_" + name + suffix)
            return Contender("adcp_backup, " + name, ours(db, "backup", out, options), out)

        def peer(name, command):
            out = self.path("p_" + re.sub("[^a-z0-9]", "_", name))
            return Contender(name, command.format(out=out), out)

        level6 = backup("level 6", ".json.gz", "")
        level1 = backup("level 1", ".json.gz", '{"level":1}')
        alone = backup("level 6 threads 0", ".json.gz", '{"threads":0}')
        gzip6 = peer(".dump | gzip -6", dump + " | gzip -6 >{out}")
        gzip1 = peer(".dump | gzip -1", dump + " | gzip -1 >{out}")
        pigz = peer(".dump | pigz", dump + " | pigz >{out}")
        zstd = peer(".dump | zstd -3", dump + " | zstd -q -3 >{out}")
        vacuum = peer("VACUUM INTO", SHELL + " " + db + " \"VACUUM INTO '{out}'\"")
        both = self.path("p_vacuum_gzip")
        vacuum_gzip = Contender(
            "VACUUM INTO, gzip", "%s %s \"VACUUM INTO '%s'\" && gzip -f %s" % (SHELL, db, both, both),
            both + ".gz")
        tool = peer("Python tool", "%s %s backup %s {out}" % (
            sys.executable, os.path.join(HERE, "python_tool.py"), db))
        contenders = [level6, level1, alone, gzip6, gzip1, pigz, zstd, vacuum, vacuum_gzip, tool]
        zstd_ours = None
        if self.has_zstd():
            zstd_ours = backup("zstd 3", ".json.zst", '{"level":3}')
            contenders.insert(2, zstd_ours)
        self.race("backup, no FTS", contenders, rows, text)
        self.target("backup, level 6, no FTS", ".dump \\| gzip -6", level6.ratio(gzip6), 0.50, 0.43)
        self.target("backup, level 1, no FTS", ".dump \\| gzip -6", level1.ratio(gzip6), 0.25, 0.20)
        self.target("backup, level 1, no FTS", ".dump \\| gzip -1", level1.ratio(gzip1), 0.50, 0.42)
        if zstd_ours:
            self.target("backup, zstd 3, no FTS", ".dump \\| zstd -3", zstd_ours.ratio(zstd), 0.50,
                        0.35)
        self.target("size, level 6, no FTS", ".dump \\| gzip -6", level6.size() / gzip6.size(), 1.04,
                    0.97)
        self.target("backup against the Python tool", "its wall time", level6.ratio(tool), 0.12,
                    0.08)
        self.target("backup, peak MiB above the shell's", "MiB",
                    max(level6.peak(), level1.peak()) - self.shell_peak(), 12, 8)

    def has_zstd(self):
        out = self.path("probe.json.zst")
        command = ours(":memory:", "backup", out)
        found = subprocess.run(command, shell=True, stderr=subprocess.DEVNULL).returncode == 0
        if os.path.exists(out):
            os.remove(out)
        return found

    def backup_fts(self):
        db = self.database("fts")
        rows, text = self.rows_of(self.make_backup("fts")[0])
        out, peer_out = self.path("bf.json.gz"), self.path("pf.sql.gz")
        own = Contender("adcp_backup, level 6", ours(db, "backup", out), out)
        peer = Contender(".dump | gzip -6", "%s %s .dump | gzip -6 >%s" % (SHELL, db, peer_out),
                         peer_out)
        self.race("backup, with FTS", [own, peer], rows, text)
        self.target("backup, level 6, FTS kept as it is", ".dump \\| gzip -6", own.ratio(peer), 0.40,
                    0.30)

    def restore(self, kind, title, to_reach, beyond):
        db = self.database(kind)
        backup, dump = self.make_backup(kind)
        rows, text = self.rows_of(backup)
        out, peer_out, tool_out = self.path("r.db"), self.path("rp.db"), self.path("rt.db")
        own = Contender("adcp_restore, verified", ours(out, "restore", backup), out)
        alone_out = self.path("r0.db")
        alone = Contender("adcp_restore, threads 0",
                          ours(alone_out, "restore", backup, '{"threads":0}'), alone_out)
        peer = Contender("gunzip -c | sqlite3", "gunzip -c %s | %s %s" % (dump, SHELL, peer_out),
                         peer_out)
        contenders = [own, alone, peer]
        if kind == "plain":
            file = self.path("tool.json.gz")
            subprocess.run([sys.executable, os.path.join(HERE, "python_tool.py"), "backup", db,
                            file], check=True)
            empty = self.path("empty.db")
            if os.path.exists(empty):
                os.remove(empty)
            subprocess.run("%s %s .schema | %s %s" % (SHELL, db, SHELL, empty), shell=True,
                           check=True)
            contenders.append(Contender(
                "Python tool", "cp %s %s && %s %s restore %s %s" % (
                    empty, tool_out, sys.executable, os.path.join(HERE, "python_tool.py"), file,
                    tool_out), tool_out))
        self.race("restore, " + title, contenders, rows, text)
        self.same(db, out)
        self.same(db, alone_out)
        self.target("restore, verified, " + title, "gunzip -c \\| sqlite3", own.ratio(peer), to_reach,
                    beyond)
        if kind == "plain":
            self.target("restore against the Python tool", "its wall time",
                        own.ratio(contenders[-1]), 0.25, 0.15)
            self.target("restore, peak MiB above the shell's", "MiB",
                        own.peak() - self.shell_peak(), 16, 10)

    def validate(self):
        backup, _ = self.make_backup("plain")
        rows, text = self.rows_of(backup)
        own = Contender("adcp_validate, standard", ours(":memory:", "validate", backup, STANDARD))
        full = Contender("adcp_validate, full", ours(":memory:", "validate", backup))
        pipe = Contender("gunzip -c own | sha256sum", "gunzip -c %s | sha256sum >/dev/null" % backup)
        test = Contender("gunzip -t own", "gunzip -t %s" % backup)
        self.race("validate", [own, full, pipe, test], rows, text)
        self.target("validate, standard level", "gunzip -c own \\| sha256sum", own.ratio(pipe), 0.40,
                    0.30)

    # Starting the shell would hide what these take: each is done so often in one process.
    REPEATS = 200
    REPEAT = ("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
              % REPEATS)

    def look_at_head(self):
        """What only reads head and tail must not know how large the rest is; what reads one block, nearly so."""
        small, large = (self.make_backup("plain", products)[0]
                        for products in (self.products // 10, self.products))
        asked = (
            ("adcp_info", self.REPEAT + "SELECT count(adcp_info('{path}')) FROM n"),
            ("adcp_contents", self.REPEAT + "SELECT count(c.sha256) FROM n, adcp_contents('{path}' || substr('', i)) AS c"),
            ("adcp_rows, the last table, LIMIT 10",
             self.REPEAT + "SELECT count((SELECT count(*) FROM (SELECT row FROM adcp_rows("
             "'{path}' || substr('', i), 'product') LIMIT 10))) FROM n"),
            ("adcp_rows, the last 10 of the last table",
             self.REPEAT + "SELECT count((SELECT count(*) FROM adcp_rows('{path}' || substr('', i), 'product') "
             "WHERE rowno > {rows} - 10)) FROM n"),
        )
        contenders = []
        for name, sql in asked:
            for path, products in ((small, self.products // 10), (large, self.products)):
                contenders.append(Contender(
                    "%s, %s products" % (name, format(products, ",")),
                    query(":memory:", sql.format(path=path, rows=products))))
        self.race("head and tail, %d times each" % self.REPEATS, contenders)
        for i, (name, _) in enumerate(asked):
            if "adcp_rows" in name:  # the blocks are looked up: there are four a MB of text
                self.target(name, "ms a call", 1000 * contenders[2 * i + 1].wall() / self.REPEATS, 10, 5)
            else:
                self.target(name, "a tenth of the products", contenders[2 * i + 1].ratio(contenders[2 * i]), 1.5, 1.1)

    def look_at_rows(self):
        backup, _ = self.make_backup("plain")
        rows, text = self.rows_of(backup)
        check = Contender("adcp_validate, standard", ours(":memory:", "validate", backup, STANDARD))
        own = Contender("adcp_rows, a whole table",
                        query(":memory:", "SELECT count(row) FROM adcp_rows('%s', 'product')" % backup))
        member = Contender("adcp_rows, a member of each row", query(
            ":memory:", "SELECT sum(row ->> 'price_cpm') FROM adcp_rows('%s', 'product')" % backup))
        table = Contender("adcp_table, a column of each row", query(
            ":memory:", "CREATE VIRTUAL TABLE temp.p USING adcp_table('%s', product); "
            "SELECT sum(price_cpm) FROM p" % backup))
        self.race("rows of a backup", [check, own, member, table], rows, text)
        self.target("adcp_rows, a whole table", "adcp_validate, standard", own.ratio(check), 1.15, 0.90)

    def look_at_content(self):
        """Of a database that is as it was backed up."""
        db = self.database("plain")
        backup, _ = self.make_backup("plain")
        rows, text = self.rows_of(backup)
        serialise = Contender("its rows as text, by our own code",
                              "%s rows %s" % (os.path.join(BIN, "stages"), db))
        shell = Contender("its rows as text, .mode json", "%s %s '.mode json' %s >/dev/null" % (
            SHELL, db, " ".join("'SELECT * FROM %s'" % t for t in ("tenant", "externalagent", "product"))))
        digest = Contender("adcp_hash", query(db, "SELECT adcp_hash()"))
        diff = Contender("adcp_diff", query(db, "SELECT count(*) FROM adcp_diff('%s')" % backup))
        summary = Contender("adcp_diff_summary",
                            query(db, "SELECT count(*) FROM adcp_diff_summary('%s')" % backup))
        same = Contender("adcp_backup, if_changed",
                         ours(db, "backup", backup, '{"if_changed":true}'))
        self.race("content", [serialise, shell, digest, diff, summary, same], rows, text)
        self.target("adcp_hash", "rows as text, our own code", digest.ratio(serialise), 2.0, 1.3)
        self.target("adcp_diff, unchanged", "rows as text, our own code", diff.ratio(serialise), 2.0, 1.3)

    def variant(self, kind):
        db = self.database(kind)
        backup, dump = self.make_backup(kind)
        rows, text = self.rows_of(backup)
        out, peer_out = self.path("v_%s.json.gz" % kind), self.path("v_%s.sql.gz" % kind)
        self.race("backup, " + kind, [
            Contender("adcp_backup, level 6", ours(db, "backup", out), out),
            Contender(".dump | gzip -6", "%s %s .dump | gzip -6 >%s" % (SHELL, db, peer_out),
                      peer_out)], rows, text)
        out, peer_out = self.path("v_%s.db" % kind), self.path("vp_%s.db" % kind)
        self.race("restore, " + kind, [
            Contender("adcp_restore, verified", ours(out, "restore", backup), out),
            Contender("gunzip -c | sqlite3", "gunzip -c %s | %s %s" % (dump, SHELL, peer_out),
                      peer_out)], rows, text)
        self.same(db, out)

    def small(self):
        """1,250 products, where starting is most of it; and one processor for everything."""
        db = self.database("fts", 1250)
        backup, dump = self.make_backup("fts", 1250)
        out, back = self.path("s.json.gz"), self.path("s.db")
        start = Contender("sqlite3, the extension loaded", "%s :memory: \".load '%s'\"" % (
            SHELL, os.path.join(ROOT, "adcp")))
        self.race("1,250 products, with FTS", [
            start, Contender("adcp_backup", ours(db, "backup", out), out),
            Contender("adcp_restore", ours(back, "restore", backup), back),
            Contender(".dump | gzip -6", "%s %s .dump | gzip -6 >%s" % (SHELL, db, out + ".sql"),
                      out + ".sql"),
            Contender("gunzip -c | sqlite3", "gunzip -c %s | %s %s" % (dump, SHELL, back + "p"),
                      back + "p")])
        self.same(db, back)

    def threads_against_none(self, title, surround):
        """Where threads have nothing to gain: `surround` puts each command into such a place."""
        db = self.database("plain")
        backup, _ = self.make_backup("plain")
        out, back = self.path("o.json.gz"), self.path("o.db")
        commands = (
            ("adcp_backup", lambda o, t: ours(db, "backup", o, '{"compress":"gzip"%s}' % t), out),
            ("adcp_backup, level 1", lambda o, t: ours(db, "backup", o, '{"compress":"gzip","level":1%s}' % t), out),
            ("adcp_restore", lambda o, t: ours(o, "restore", backup, "{%s}" % t.lstrip(",")), back))
        contenders = []
        for name, command, path in commands:
            for threads in ("", ",\"threads\":2", ",\"threads\":0"):
                shown = name + threads.replace(",\"threads\":", ", threads ")
                file = "%s%d" % (path, len(contenders))
                contenders.append(Contender(shown, surround(command(file, threads)), file))
        self.race(title, contenders)
        for i in range(0, len(contenders), 3):
            self.target("%s, %s" % (contenders[i].name, title), "threads 0",
                        contenders[i].ratio(contenders[i + 2]), 1.05, 0.95)

    def one_core(self):
        self.threads_against_none("one processor", lambda command: "taskset -c 0 " + command)

    def one_core_busy(self):
        """Its processor time is the other process's, for the most part."""
        busy = min(os.sched_getaffinity(0))
        self.threads_against_none("another process on one of them", lambda command: (
            "taskset -c %d sh -c 'while :; do :; done' & other=$!; %s; status=$?; kill $other; exit $status"
            % (busy, command)))

    def measure_growth(self):
        """Time and memory from a hundredth of the products to all of them."""
        base = self.shell_peak()
        print("\ngrowth\n  %-12s %12s %14s %12s %14s" %
              ("products", "backup us/row", "backup MiB", "restore us/row", "restore MiB"))
        start = median([measure("%s :memory: \".load '%s'\"" % (
            SHELL, os.path.join(ROOT, "adcp"))).wall for _ in range(self.runs)])
        for products in (self.products // 100, self.products // 10, self.products):
            db = self.database("plain", products)
            backup, _ = self.make_backup("plain", products)
            out, back = self.path("g.json.gz"), self.path("g.db")
            writer = Contender("backup", ours(db, "backup", out), out)
            reader = Contender("restore", ours(back, "restore", backup), back)
            for _ in range(self.runs):
                writer.run()
                reader.run()
            row = (products, (writer.wall() - start) / products * 1e6, writer.peak() - base,
                   (reader.wall() - start) / products * 1e6, reader.peak() - base)
            self.growth.append(row)
            print("  %-12d %12.2f %14.1f %12.2f %14.1f" % row)

    def run_all(self):
        groups = (
            ("backup plain", self.backup_plain),
            ("backup fts", self.backup_fts),
            ("restore plain", lambda: self.restore("plain", "no FTS", 0.36, 0.28)),
            ("restore fts", lambda: self.restore("fts", "with FTS", 0.33, 0.25)),
            ("validate", self.validate),
            ("look head", self.look_at_head),
            ("look rows", self.look_at_rows),
            ("look content", self.look_at_content),
            ("variant embeddings", lambda: self.variant("embeddings")),
            ("variant many", lambda: self.variant("many")),
            ("variant wide", lambda: self.variant("wide")),
            ("small", self.small),
            ("one core", self.one_core),
            ("one core busy", self.one_core_busy),
            ("growth", self.measure_growth),
        )
        for name, function in groups:
            if self.wanted(name):
                function()


# ---- what is written ----

def reached(value, to_reach, beyond):
    return "beyond" if value <= beyond else "reached" if value <= to_reach else "not reached"


def target_table(bench):
    lines = ["| | yardstick | measured | to reach | beyond | |", "|---|---|---|---|---|---|"]
    for what, yardstick, value, to_reach, beyond in bench.targets:
        lines.append("| %s | %s | %.2f | %.2f | %.2f | %s |" % (
            what, yardstick, value, to_reach, beyond, reached(value, to_reach, beyond)))
    return "\n".join(lines)


def machine():
    name = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return "%s, %d processors, %s, SQLite %s" % (
        name, len(os.sched_getaffinity(0)), platform.machine(),
        subprocess.run(["sqlite3", "--version"], stdout=subprocess.PIPE, text=True,
                       check=True).stdout.split()[0])


def figures(bench):
    text = ["%s products, %d runs each, %s.\n%s; load average %.0f to %.0f while it ran." % (
        format(bench.products, ","), bench.runs, datetime.date.today().isoformat(), machine(),
        min(bench.load), max(bench.load)), "",
        target_table(bench)]
    for group, contenders, rows, size in bench.groups:
        text += ["", "**%s**" % group, "",
                 "| | wall s | spread | CPU s | peak MiB | bytes | rows/s | MB/s |",
                 "|---|---|---|---|---|---|---|---|"]
        for c in contenders:
            has_size = c.output and os.path.exists(c.output)
            text.append("| %s | %.3f | %s | %.3f | %.1f | %s | %s | %s |" % (
                c.name.replace("|", "\\|"), c.wall(), spread(c.walls()), c.cpu(), c.peak(),
                format(c.size(), ",") if has_size else "",
                format(int(rows / c.wall()), ",") if rows else "",
                "%.0f" % (size / c.wall() / 1e6) if size else ""))
    if bench.growth:
        text += ["", "**Growth** (microseconds a product; MiB above the shell's own)", "",
                 "| products | backup | backup MiB | restore | restore MiB |", "|---|---|---|---|---|"]
        text += ["| %s | %.2f | %.1f | %.2f | %.1f |" % ((format(row[0], ","),) + row[1:])
                 for row in bench.growth]
    return "\n".join(text)


def write_page(bench):
    path = os.path.join(ROOT, "docs", "PERFORMANCE.md")
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin, end = "<!-- figures -->\n", "<!-- end of figures -->"
    head, rest = page.split(begin, 1)
    tail = rest.split(end, 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + begin + figures(bench) + "\n" + end + tail)


def write_chart(bench):
    """Wall time of each contender as a bar, the longest of a group being as wide as the chart."""
    shown = [g for g in bench.groups if g[0] in (
        "backup, no FTS", "restore, no FTS", "restore, with FTS", "validate")]
    parts, y = [], 46
    for group, contenders, _, _ in shown:
        longest = max(c.wall() for c in contenders)
        parts.append('<text x="12" y="%d" class="h">%s</text>' % (y, group))
        y += 8
        for c in contenders:
            is_ours = c.name.startswith("adcp")
            parts.append('<text x="12" y="%d">%s</text>' % (y + 13, c.name.replace("&", "&amp;")))
            parts.append('<rect x="230" y="%d" width="%.1f" height="14" class="%s"/>' % (
                y + 2, max(1.0, 400.0 * c.wall() / longest), "o" if is_ours else "p"))
            parts.append('<text x="%.1f" y="%d">%.2f s</text>' % (
                236 + 400.0 * c.wall() / longest, y + 13, c.wall()))
            y += 19
        y += 26
    title = "Wall time, %s products, %s, %s" % (
        format(bench.products, ","), machine().split(", SQLite")[0], datetime.date.today())
    with open(os.path.join(ROOT, "docs", "benchmark.svg"), "w", encoding="utf-8") as file:
        file.write('<svg xmlns="http://www.w3.org/2000/svg" width="720" height="%d" '
                   'font-family="sans-serif" font-size="12">\n<style>.h{font-weight:bold}'
                   '.o{fill:#2b6cb0}.p{fill:#a0aec0}</style>\n<rect width="720" height="%d" '
                   'fill="#fff"/>\n<text x="12" y="20" font-size="14">%s</text>\n%s\n</svg>\n' % (
                       y, y, title, "\n".join(parts)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=100000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="groups whose name has this text, or one of these: a|b")
    parser.add_argument("--folder", help="where databases are made and kept")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="adcp_bench.")
    os.makedirs(folder, exist_ok=True)
    bench = Bench(folder, options.products, options.runs, options.only)
    print("%s products; %s" % (format(options.products, ","), machine()))
    try:
        bench.run_all()
        print("\n" + target_table(bench))
        if options.write:
            write_page(bench)
            write_chart(bench)
    finally:
        if not options.folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
