"""The scripts of sql/ and the recipes of docs/operations.md, run."""
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, done  # noqa: E402

ROOT = os.environ["ADCP_ROOT"]
SO = os.environ["ADCP_SO"]
os.chdir(os.environ["TMPDIR"])
os.environ["PATH"] += ":/usr/sbin:/sbin"
# A sanitizer's library, which not every shell bears; what loads the extension is put under it by its wrapper.
os.environ.pop("LD_PRELOAD", None)


def shell(*commands, database="app.db", env=None):
    return subprocess.run(["sqlite3", "-batch", "-bail", database, f".load '{SO}'", *commands], capture_output=True,
                          text=True, env={**os.environ, **(env or {})})


def script(name, *parameters, **more):
    return shell(*[f".param set @{p}" for p in parameters], f".read '{ROOT}/sql/{name}'", **more)


def sample(path):
    if os.path.exists(path):
        os.remove(path)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(open(f"{ROOT}/sql/demo.sql", encoding="utf-8").read())
    db.close()


def products(path="app.db"):
    with sqlite3.connect(path) as db:
        return db.execute("SELECT count(*) FROM product").fetchone()[0]


sample("app.db")
COUNT = products()

# ---- before there is any backup ----
run = script("list.sql")
check("list of nothing", run.returncode == 0 and run.stdout == run.stderr == "", run)
run = script("list.sql", "dir nowhere")
check("a folder that is named", run.returncode == 1 and "cannot read the folder nowhere" in run.stderr, run)
run = script("info.sql")
check("info without backups", run.returncode == 0 and "there is no backup yet" in run.stdout, run)
run = script("prune.sql", "keep_last 1")
check("nothing to prune", run.returncode == 0 and run.stdout == run.stderr == "", run)
for name in ("validate.sql", "restore.sql", "undo.sql"):
    run = script(name)
    check(f"{name} without backups", run.returncode == 1 and "there is no" in run.stderr and run.stdout == "", run)
check("nothing was made", not os.path.exists("backups"))

# ---- create ----
run = script("create.sql")
check("create", run.returncode == 0 and json.loads(run.stdout)["path"].endswith(".json.gz"), run)
run = script("create.sql", "output 'out.json'", "note 'by hand'")
check("output", run.returncode == 0 and json.load(open("out.json"))["backup_metadata"]["note"] == "by hand", run)
run = script("create.sql", "output 'out.json'")
check("a file that is there", run.returncode == 1 and "exists already" in run.stderr, run)
check("force", script("create.sql", "output 'out.json'", "force 1", "options '{\"tables\":[\"tenant\"]}'").returncode == 0)
check("options", json.load(open("out.json"))["backup_metadata"]["backup_type"] == "partial")
run = script("create.sql", "output 'noted.json.gz'", "options '{\"note\":\"mine\",\"compress\":\"none\"}'")
with open("noted.json.gz", "rb") as file:
    check("options that have a parameter, too", b'"note":"mine"' in file.read(), run)
run = script("restore.sql", "path 'noted.json.gz'", "force 1", "options '{\"validate_only\":true,\"skip_validation\":true}'")
check("the same of restore.sql", run.returncode == 0 and json.loads(run.stdout).get("validate_only") is True, run)
run = script("restore.sql", "path 'noted.json.gz'", "options '{\"force\":true}'")
check("force among the options", run.returncode == 0 and json.loads(run.stdout)["verified"], run)
os.remove("noted.json.gz")
check("compress", script("create.sql", "output 'plain.gz'", "compress none").returncode == 0 and open("plain.gz").read(1) == "{")

# ---- list, info, validate ----
script("create.sql", env={"SOURCE_DATE_EPOCH": "1700000000"})
run = script("list.sql")
check("list", run.returncode == 0 and len(run.stdout.splitlines()) == 2 and "20231114" in run.stdout.splitlines()[1], run)
check("limit", len(script("list.sql", "limit 1").stdout.splitlines()) == 1)
os.mkdir("other")
open("other/x.json.gz", "w").write("nothing")
run = script("list.sql", "dir other")
check("dir", "foreign" in run.stdout and run.returncode == 0, run)
run = script("info.sql")
check("info", run.returncode == 0 and "journal_mode" in run.stdout, run)
run = script("info.sql", "path 'plain.gz'")
check("info of a backup", run.returncode == 0 and "content_sha256" in run.stdout, run)
check("validate", json.loads(script("validate.sql").stdout)["valid"])
text = open("plain.gz").read()
open("bad.json", "w").write(text.replace('"guaranteed"', '"guaranteee"', 1))
run = script("validate.sql", "path bad.json")
check("validate a damaged one", run.returncode == 1 and run.stderr, run)

# ---- restore ----
run = script("restore.sql")
check("without force", run.returncode == 1 and "force" in run.stderr, run)
shell("DELETE FROM product WHERE id > 3")
run = script("restore.sql", "force 1", "validate_only 1")
check("validate_only", run.returncode == 0 and products() == 3, run)
run = script("restore.sql", "force 1")
check("restore the newest", run.returncode == 0 and products() == COUNT and json.loads(run.stdout)["verified"], run)
run = script("restore.sql", "force 1", "path plain.gz", "skip_validation 1")
check("skip_validation", run.returncode == 0 and not json.loads(run.stdout)["verified"], run)

# ---- undo ----
check("nothing to undo", script("undo.sql").returncode == 1)
shell("DELETE FROM product WHERE id > 3")
run = script("restore.sql", "force 1", "path plain.gz", "options '{\"safety_backup\":true}'")
saved = json.loads(run.stdout)["safety_backup"]
check("a safety backup", os.path.exists(saved) and products() == COUNT, run)
run = script("undo.sql", "options '{\"safety_backup\":false}'")
check("undo", run.returncode == 0 and products() == 3 and json.loads(run.stdout)["path"].endswith(saved), run)
os.remove(saved)
script("restore.sql", "force 1")

# ---- prune ----
run = script("prune.sql", "keep_last 1")
check("prune is a dry run", run.returncode == 0 and run.stdout.count("delete|") == 1 and len(glob.glob("backups/*")) == 2, run)
run = script("prune.sql", "keep_last 1", "apply 1")
check("apply", run.returncode == 0 and len(glob.glob("backups/*")) == 1, run)
check("no rule", script("prune.sql").returncode == 1)

# ---- nightly ----
for day in range(12):
    run = script("nightly.sql", env={"SOURCE_DATE_EPOCH": str(1700000000 + 86400 * day)})
    check(f"nightly {day}", run.returncode == 0 and "valid" in run.stdout and run.stderr == "", run)
check("nightly prunes", len(glob.glob("backups/*_2023*")) < 12, glob.glob("backups/*"))
run = script("nightly.sql", "keep_daily 2", env={"SOURCE_DATE_EPOCH": "1701400000"})
check("nightly with parameters", run.returncode == 0 and len(glob.glob("backups/*_2023*")) <= 3, glob.glob("backups/*"))
# Rules of the settings are obeyed; 7, 4 and 12 are for who has none.
with open("rules.json", "w") as file:
    json.dump({"backup_dir": "rules", "keep_daily": 20}, file)
for day in range(25):
    script("create.sql", env={"ADCP_CONFIG": "rules.json", "SOURCE_DATE_EPOCH": str(1700000000 + 86400 * day)})
run = script("nightly.sql", env={"ADCP_CONFIG": "rules.json", "SOURCE_DATE_EPOCH": str(1700000000 + 86400 * 25)})
check("nightly with rules of the settings", run.returncode == 0 and len(os.listdir("rules")) == 20, (run, len(os.listdir("rules"))))
run = script("nightly.sql", "keep_daily 3", env={"ADCP_CONFIG": "rules.json", "SOURCE_DATE_EPOCH": str(1700000000 + 86400 * 26)})
check("a parameter goes before them", run.returncode == 0 and len(os.listdir("rules")) == 3, (run, os.listdir("rules")))
with open("rules.json", "w") as file:
    json.dump({"backup_dir": "rules", "keep_within": "1y", "if_changed": True}, file)
run = script("nightly.sql", env={"ADCP_CONFIG": "rules.json", "SOURCE_DATE_EPOCH": str(1700000000 + 86400 * 27)})
check("nightly where nothing changed", run.returncode == 0 and f"{COUNT}" not in run.stderr and len(os.listdir("rules")) == 3 and "valid; 0 old" in run.stdout, run)
before = sorted(glob.glob("backups/*"))
run = script("nightly.sql", "options '{\"settings\":{\"app_settings\":\"missing.json\"}}'")
check("a failing night", run.returncode == 1 and "missing.json" in run.stderr and run.stdout == "" and sorted(glob.glob("backups/*")) == before, run)

# A night whose validation fails: the database has rows that no restore could put back. Nothing is pruned.
sample("night.db")
os.mkdir("night")
NIGHT = {"ADCP_CONFIG": "night.json"}
with open("night.json", "w") as file:
    json.dump({"backup_dir": "night"}, file)
for day in range(3):
    script("create.sql", database="night.db", env={**NIGHT, "SOURCE_DATE_EPOCH": str(1700000000 + 86400 * day)})
shell("CREATE TABLE n(a); INSERT INTO n VALUES(NULL); PRAGMA writable_schema = ON; "
      "UPDATE sqlite_schema SET sql = 'CREATE TABLE n(a NOT NULL)' WHERE name = 'n'", database="night.db")
before = set(os.listdir("night"))
run = script("nightly.sql", "keep_daily 1", database="night.db", env=NIGHT)
check("a night that does not validate", run.returncode == 1 and run.stdout == "" and
      re.search(r'adcp_validate: trial restore: night/comprehensive_backup_\S+: table "n": NOT NULL constraint failed', run.stderr), run)
check("what was written stays, and all before it", len(set(os.listdir("night")) - before) == 1 and before < set(os.listdir("night")))
shell("DROP TABLE n", database="night.db")

# A night whose prune fails: a rule that is none; files that this user may not delete.
run = script("nightly.sql", "keep_daily -5", database="night.db", env=NIGHT)
check("a night that does not prune", run.returncode == 1 and run.stdout == "" and 'adcp_prune: option "keep_daily" must be' in run.stderr, run)
check("its backup stays", before < set(os.listdir("night")))


def as_nobody(folder, commands):
    """The shell in that folder as a user whom the modes of files hold, with copies of what it reads."""
    def drop():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    return subprocess.run(["sqlite3", "-batch", "-bail", "app.db", ".load ./adcp", *commands], capture_output=True, text=True,
                          cwd=folder, preexec_fn=drop, env={"PATH": os.environ["PATH"], "HOME": "/", "ADCP_CONFIG": "night.json"})


if os.geteuid() == 0:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        shutil.copy(SO, f"{folder}/adcp.so")
        shutil.copy(f"{ROOT}/sql/nightly.sql", folder)
        shutil.copy("night.json", folder)
        shutil.copy("night.db", f"{folder}/app.db")
        shutil.copytree("night", f"{folder}/night")
        for path in (folder, f"{folder}/night"):
            os.chmod(path, 0o1777)  # everybody may add files, nobody may delete another's
        for path in glob.glob(f"{folder}/night/*") + [f"{folder}/app.db", f"{folder}/night.json", f"{folder}/adcp.so", f"{folder}/nightly.sql"]:
            os.chmod(path, 0o644)
        # The series of a database is told by its path: these are made anew, by root, of this one.
        for path in glob.glob(f"{folder}/night/*"):
            os.remove(path)
        for day in range(3):
            subprocess.run(["sqlite3", "app.db", ".load ./adcp", "SELECT adcp_backup()"], cwd=folder, capture_output=True,
                           env={**os.environ, **NIGHT, "SOURCE_DATE_EPOCH": str(1700000000 + 86400 * day)})
        for path in glob.glob(f"{folder}/night/*"):
            os.chmod(path, 0o644)
        before = set(os.listdir(f"{folder}/night"))
        run = as_nobody(folder, [".param set @keep_daily 1", ".read nightly.sql"])
        after = set(os.listdir(f"{folder}/night"))
        check("files that may not be deleted", run.returncode == 1 and run.stdout == "" and re.search(
            r"adcp_prune: cannot delete night/comprehensive_backup_\S+: Operation not permitted; 0 files were deleted before", run.stderr), run)
        check("none was, and the new one is there", before < after and len(after - before) == 1, (before, after))
        os.chmod(f"{folder}/night", 0o755)
        run = as_nobody(folder, [".read nightly.sql"])
        check("a folder that may not be written to", run.returncode == 1 and run.stdout == "" and "Permission denied" in run.stderr, run)

# ---- before_migration ----
def migrate(*arguments, env=None):
    return subprocess.run(["sh", f"{ROOT}/sql/before_migration.sh", *arguments], capture_output=True, text=True,
                          env={**os.environ, "ADCP": SO, **(env or {})})


open("good.sql", "w").write("ALTER TABLE tenant ADD COLUMN plan TEXT; PRAGMA user_version = 8;")
open("bad.sql", "w").write("DROP TABLE product_embeddings; DELETE FROM product; PRAGMA user_version = 9;\nSELECT nix;\nDROP TABLE tenant;")
run = migrate("app.db", "good.sql")
check("a migration", run.returncode == 0, run)
dump = subprocess.run(["sqlite3", "app.db", ".dump"], capture_output=True, text=True).stdout
run = migrate("app.db", "bad.sql")
check("a failing one", run.returncode == 1 and "as it was before" in run.stderr, run)
check("is undone", subprocess.run(["sqlite3", "app.db", ".dump"], capture_output=True, text=True).stdout == dump)
check("user_version too", shell("PRAGMA user_version").stdout == "8\n")
open("shape.sql", "w").write("DELETE FROM product; PRAGMA journal_mode = WAL; PRAGMA auto_vacuum = 2;\nVACUUM;\nSELECT nix;")
run = migrate("app.db", "shape.sql")
check("what it holds, not its shape", run.returncode == 1 and "what the database holds is as it was before" in run.stderr and
      subprocess.run(["sqlite3", "app.db", ".dump"], capture_output=True, text=True).stdout == dump and
      shell("PRAGMA journal_mode").stdout + shell("PRAGMA auto_vacuum").stdout == "wal\n2\n", run)
shell("PRAGMA journal_mode = DELETE")
for arguments, said in ((["nosuch.sql"], "there is no migration nosuch.sql; nothing was run"), (["--"], "before_migration.sh app.db")):
    run = migrate("app.db", *arguments)
    check("no migration, no backup", run.returncode == 2 and said in run.stderr and run.stdout == "", run)
run = migrate("app.db", "--", "sh", "-c", "sqlite3 app.db 'DELETE FROM product'; exit 7")
check("a command", run.returncode == 1 and products() == COUNT, run)
with open("settings.json", "w") as file:
    file.write('{"backup_dir":"kept"}')
run = migrate("app.db", "bad.sql", env={"ADCP_CONFIG": "settings.json"})
left = re.search("what the migration left is in (.*)", run.stderr)
check("what it left", run.returncode == 1 and left and os.path.exists(left[1]), run)
check("a command that works", migrate("app.db", "--", "true").returncode == 0)

# Settings that are meant for other backups and restores: this one is of everything, and puts everything back.
sample("wanted.db")
for setting in ({"redact": ["product.description"]}, {"tables": ["tenant"]}, {"exclude_tables": "product"}, {"exclude_data": ["product"]}, {"schema_only": True},
                {"data_only": True}, {"if_changed": True}, {"fts": "rebuild"}, {"mode": "merge", "on_conflict": "ignore"}, {"validate_only": True},
                {"rename": {"tenant": "other"}}, {"env_file": "x.env"}, {"with_children": True}, {"schema": "temp"}, {"overwrite": True}, {"force": False}):
    with open("others.json", "w") as file:
        json.dump({"backup_dir": "kept", **setting}, file)
    sample("app.db")
    run = migrate("app.db", "bad.sql", env={"ADCP_CONFIG": "others.json"})
    check(f"whatever the settings say: {setting}", run.returncode == 1 and "as it was before" in run.stderr and
          subprocess.run([os.environ["ADCP_BIN"] + "/dbsame", "wanted.db", "app.db"], capture_output=True).returncode == 0, run)
shutil.rmtree("kept")

# Whatever does not work of it is said, by the exit status too.
BREAK = "sqlite3 app.db 'DELETE FROM product'; "
for name, command, said in (("is gone", "rm -r kept", "No such file"), ("is damaged", "for f in kept/*; do echo damaged >$f; done", "adcp_restore"),
                            ("is cut", "for f in kept/*; do truncate -s 100 $f; done", "incomplete|damaged")):
    sample("app.db")
    run = migrate("app.db", "--", "sh", "-c", BREAK + command + "; exit 5", env={"ADCP_CONFIG": "settings.json"})
    check(f"the backup {name}", run.returncode == 3 and re.search(said, run.stderr) and "as it was before" not in run.stderr and
          re.search(r"before_migration: the restore failed too; the backup is kept/comprehensive_backup_\S+\n", run.stderr), run)
    check("the database is what the migration left", products() == 0)
    shutil.rmtree("kept", ignore_errors=True)
sample("app.db")
run = migrate("app.db", "--", "sh", "-c", "head -c 50000 app.db >half && mv half app.db; exit 1", env={"ADCP_CONFIG": "settings.json"})
check("the database is cut", run.returncode == 3 and "malformed" in run.stderr and "the restore failed too" in run.stderr, run)
by_hand = subprocess.run(["sh", "-c", run.stderr.splitlines()[-1]], capture_output=True, text=True)
check("the line that is printed", by_hand.returncode == 0 and products("new.db") == COUNT, by_hand)
sample("app.db")
os.mkfifo("go")
os.mkfifo("locked")
locker = subprocess.Popen([sys.executable, "-c", "import sqlite3, sys; db = sqlite3.connect('app.db', isolation_level=None); open('go').read();"
                           "db.execute('BEGIN IMMEDIATE'); open('locked', 'w').close(); sys.stdin.read()"], stdin=subprocess.PIPE)
with open("go.py", "w") as file:
    file.write("import os, sqlite3\nsqlite3.connect('app.db', isolation_level=None).execute('DELETE FROM product')\n"
               "open('go', 'w').close()\nopen('locked').read()\nos._exit(9)")
run = migrate("app.db", "--", sys.executable, "go.py")
check("the database is locked", run.returncode == 3 and "locked" in run.stderr and "the restore failed too; the backup is" in run.stderr, run)
locker.kill()
locker.communicate()
left = re.search(r"the backup is (.*)", run.stderr)[1]
check("by hand afterwards", script("restore.sql", f"path '{left}'", "force 1").returncode == 0 and products() == COUNT)

# No backup, or one that could not be put back: the migration is not run.
with open("nowhere.json", "w") as file:
    file.write('{"backup_dir":"none/there"}')
run = migrate("app.db", "--", "touch", "was-run", env={"ADCP_CONFIG": "nowhere.json"})
check("no backup, no migration", run.returncode == 2 and "none/there" in run.stderr and
      run.stderr.endswith("before_migration: no backup was made; the migration was not run\n") and not os.path.exists("was-run"), run)
shutil.copy("night.db", "null.db")
shell("CREATE TABLE n(a); INSERT INTO n VALUES(NULL); PRAGMA writable_schema = ON; "
      "UPDATE sqlite_schema SET sql = 'CREATE TABLE n(a NOT NULL)' WHERE name = 'n'", database="null.db")
run = migrate("null.db", "--", "touch", "was-run")
check("no valid backup, no migration", run.returncode == 2 and "NOT NULL" in run.stderr and re.search(
    r"before_migration: the backup \S+ is not valid; the migration was not run\n$", run.stderr) and not os.path.exists("was-run"), run)

# Ctrl-C reaches the migration and the script: the one ends, the other restores.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if os.path.exists("begun"):
        os.remove("begun")
    process = subprocess.Popen(["sh", f"{ROOT}/sql/before_migration.sh", "app.db", "--", "sh", "-c", BREAK + "touch begun; sleep 60"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
                               env={**os.environ, "ADCP": SO})
    while not os.path.exists("begun") and process.poll() is None:
        time.sleep(0.01)
    check("half a migration", products() == 0)
    os.killpg(process.pid, number)
    output, error = process.communicate()
    check(f"{number.name}: restored", process.returncode == 1 and products() == COUNT and "as it was before" in error, (process.returncode, error))
# A signal to the script alone: the migration goes on to its end, and is put back.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    process = subprocess.Popen(["sh", f"{ROOT}/sql/before_migration.sh", "app.db", "--", "sh", "-c", BREAK + "kill -%d $PPID; touch ended" % number],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "ADCP": SO})
    output, error = process.communicate()
    check(f"{number.name} to the script: restored", process.returncode == 1 and products() == COUNT and os.path.exists("ended") and
          "interrupted; restoring" in error and "as it was before" in error, (process.returncode, error))
    os.remove("ended")
check("arguments", [migrate().returncode, migrate("nix.db", "good.sql").returncode, migrate("app.db", "nix.sql").returncode] == [2, 2, 2])

# ---- one-liners of the scripts and of the page, as they stand ----
os.symlink(f"{ROOT}/sql", "sql")
shutil.copy(SO, "adcp.so")
open("migration.sql", "w").write("PRAGMA user_version = 10;")
page = open(f"{ROOT}/docs/operations.md", encoding="utf-8").read()
lines = re.findall(r"\| `(s[^`]+)` \|$", page, re.M)
for path in sorted(glob.glob(f"{ROOT}/sql/*.sql")):
    lines += re.findall(r"^--   (sqlite3 .*)$", open(path).read(), re.M) if "demo" not in path else []
check("lines", len(lines) > 18, lines)
for line in lines:
    for path in ("out.json", "out.json.gz"):
        if os.path.exists(path):
            os.remove(path)
    if "undo.sql" in line:
        shell("DELETE FROM product WHERE id > 3")
        script("restore.sql", "force 1", "options '{\"safety_backup\":true}'")
    if "@path 'out.json.gz'" in line:
        script("create.sql", "output 'out.json.gz'")
    run = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env={**os.environ, "ADCP": SO})
    check(line, run.returncode == 0 and run.stderr == "", run)
    if "undo.sql" in line:
        check("undone", products() == 3, run)
        script("restore.sql", "force 1")

# ---- cron, systemd, GitHub Actions, Python ----
def block(language, index=0):
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.S | re.M)[index]


def here(text):
    """The recipe with the places of this test."""
    for theirs, ours in (("/usr/local/lib/adcp", f"{os.getcwd()}/adcp"), ("/usr/local/share/adcp", f"{os.getcwd()}/sql"), ("/srv/app/data", os.getcwd()),
                         ("/srv/app", os.getcwd()), ("/etc/adcp.json", f"{os.getcwd()}/adcp.json"), ("/var/backups/app", f"{os.getcwd()}/var")):
        text = text.replace(theirs, ours)
    return text


open("app_settings.json", "w").write('{"gemini_api_key":"EXAMPLE"}')
open("adcp.json", "w").write(here(block("json")))
config, entry = here(block("cron")).strip().split("\n")
fields = entry.split(None, 5)
check("cron fields", re.fullmatch(r"[\d* ]+", " ".join(fields[:5])), fields)
run = subprocess.run(["sh", "-c", fields[5]], capture_output=True, text=True, env={**os.environ, **dict([config.split("=", 1)])})
check("cron", run.returncode == 0 and run.stdout == run.stderr == "" and len(glob.glob("var/*.json.gz")) == 1, run)
check("with the settings", json.loads(shell("SELECT adcp_info(" + "'" + glob.glob("var/*.json.gz")[0] + "')").stdout) is not None)
service = here(block("ini", 0))
start = re.search(r"^ExecStart=(.*)$", service, re.M).group(1)
check("systemd wants whole paths", start.startswith("/usr/bin/sqlite3 "), start)
run = subprocess.run(["sh", "-c", start.removeprefix("/usr/bin/")], capture_output=True, text=True, env={**os.environ, "ADCP_CONFIG": "adcp.json"})
check("systemd service", run.returncode == 0 and "valid" in run.stdout, run)
if shutil.which("systemd-analyze"):
    os.mkdir("units")
    open("units/adcp-nightly.service", "w").write(service)
    open("units/adcp-nightly.timer", "w").write(block("ini", 1))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", "units/adcp-nightly.service", "units/adcp-nightly.timer"],
                         capture_output=True, text=True)
    check("systemd units", "adcp-nightly" not in run.stderr, run)
calendar = re.search(r"^OnCalendar=(.*)$", block("ini", 1), re.M).group(1)
check("systemd calendar", re.fullmatch(r"\*-\*-\* \d\d:\d\d", calendar))
steps = re.findall(r"^ +run: (.*)$", block("yaml"), re.M)
check("steps of the workflow", steps[0] == "sh tests/tools/deps.sh build && make" and len(steps) == 4, steps)
for step in steps[1:]:
    run = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", step], capture_output=True, text=True)
    check(step, run.returncode == 0, run)
count = products()
python = subprocess.run([os.environ.get("PYTHON", sys.executable), "-"], input=block("python"), capture_output=True, text=True)
check("Python", python.returncode == 0 and products() == count == COUNT, python)

done()
