"""A folder of backups, or of temporary files, on a file system that is full, and on one that is read-only: small ones that the test mounts.

Without the right to mount (not root, or not allowed here) that is said, and only what needs no mount is tried.
"""
import atexit
import json
import os
import re
import sqlite3
import subprocess
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, connect, done  # noqa: E402

os.chdir(os.environ["TMPDIR"])


def call(db, function, *arguments):
    marks = ", ".join("?" * len(arguments))
    try:
        return json.loads(db.execute(f"SELECT {function}({marks})", arguments).fetchone()[0])
    except sqlite3.Error as error:
        return str(error)


def fails(name, got, pattern):
    check(name, isinstance(got, str) and re.search(pattern, got), f"got {str(got)[:400]}")


def mount(folder, *options):
    run = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", folder], capture_output=True, text=True)
    if run.returncode == 0:
        atexit.register(lambda: subprocess.run(["umount", "-l", folder], capture_output=True))
    return run.returncode == 0


def test_full(db):
    before = json.loads(json.dumps(call(db, "adcp_backup")))
    check("a small one fits", isinstance(before, dict), before)
    names = os.listdir("full")
    db.execute("INSERT INTO t(b) VALUES(randomblob(2000000))")
    fails("full", call(db, "adcp_backup"), r"^adcp_backup: table .t.: cannot write full/comprehensive_backup_\S+ at byte \d+: No space left on device; no backup was written")
    check("nothing is left of it", os.listdir("full") == names, os.listdir("full"))
    fails("over an old one", call(db, "adcp_backup", before["path"], '{"overwrite":true}'), "No space left on device")
    check("which is as it was", call(db, "adcp_validate", before["path"])["valid"])
    check("latest", call(db, "adcp_info", "latest")["path"] == before["path"])
    # Files of a restore are written before the commit: neither they nor the database change.
    with open("settings.json", "w") as file:
        json.dump({"text": "x" * 400000}, file)
    check("a backup with settings", isinstance(call(db, "adcp_backup", "big.json.gz", '{"settings":{"app_settings":"settings.json"}}'), dict))
    rows = db.execute("SELECT count(*), sum(length(b)) FROM t").fetchone()
    db.execute("INSERT INTO t(b) VALUES('later')")
    fails("the backup before a restore", call(db, "adcp_restore", "big.json.gz", '{"force":true}'),
          "safety backup before adcp_restore failed: .*No space left on device.*database unchanged")
    fails("settings onto a full disk", call(db, "adcp_restore", "big.json.gz", '{"force":true,"safety_backup":false,"settings":{"app_settings":"full/s.json"}}'),
          "full/s.json.*No space left on device.*database unchanged")
    check("the row is there", db.execute("SELECT count(*) FROM t").fetchone()[0] == rows[0] + 1)
    check("no file is", os.listdir("full") == names, os.listdir("full"))
    # A log that cannot be written does not stop the operation.
    with open("full/filler", "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    db.execute("SELECT adcp_config('log_file', 'full/log')")
    check("a log on a full disk", isinstance(call(db, "adcp_backup", "fine.json.gz"), dict))
    db.execute("SELECT adcp_config('log_file', NULL)")
    os.unlink("full/filler")
    db.execute("DELETE FROM t WHERE length(b) > 1000")
    check("room again", isinstance(call(db, "adcp_backup"), dict))


def test_read_only(db):
    names = sorted(os.listdir("full"))
    run = subprocess.run(["mount", "-o", "remount,ro", "full"], capture_output=True, text=True)
    check("remounted", run.returncode == 0, run.stderr)
    fails("read-only", call(db, "adcp_backup"), "^adcp_backup: .*full.*Read-only file system")
    check("listed", db.execute("SELECT count(*) FROM adcp_backups WHERE status = 'ok'").fetchone() == (2,))
    check("validated", call(db, "adcp_validate", "latest")["valid"])
    info = call(db, "adcp_info")
    check("said", any("full cannot be written to" in text for text in info["warnings"]), info["warnings"])
    fails("prune", call(db, "adcp_prune", '{"keep_last":1,"apply":true}'), "cannot delete .*Read-only file system; 0 files were deleted")
    check("all are there", sorted(os.listdir("full")) == names)
    check("restored from", isinstance(call(db, "adcp_restore", "latest", '{"force":true,"safety_backup":false}'), dict))
    fails("a folder that cannot be made", call(db, "adcp_backup", "full/new/x.json"), "full/new")
    db.execute("SELECT adcp_config('backup_dir', 'full/new')")
    fails("nor by the first backup", call(db, "adcp_backup"), "cannot make the folder of backups full/new: Read-only file system")


def test_copy_of_a_pipe(db):
    """What comes through a pipe is copied to a temporary file first. That there is no room for it says nothing of the backup."""
    os.environ["TMPDIR"] = os.path.abspath("full")
    db.execute("INSERT INTO t(b) VALUES(randomblob(5000000))")
    db.execute("SELECT adcp_backup('good.json')")
    for function in "adcp_validate", "adcp_check":
        with subprocess.Popen(["cat", "good.json"], stdout=subprocess.PIPE) as cat:
            try:
                got = db.execute(f"SELECT * FROM {function}(?)" if function == "adcp_check" else f"SELECT {function}(?)", (f"/dev/fd/{cat.stdout.fileno()}",)).fetchall()
            except sqlite3.Error as error:
                got = str(error)
        fails(f"no room for the copy, {function}", got, f"^{function}: cannot copy /dev/fd/.* to a temporary file: No space left on device")
    del os.environ["TMPDIR"]
    db.execute("DELETE FROM t WHERE length(b) > 1000")


def test_no_temporary_folder():
    """Nowhere to write, as in a container that is read-only: neither /tmp nor the current folder."""
    fds = os.open("good.json", os.O_RDONLY), os.open(os.environ["ADCP_SO"], os.O_RDONLY)
    script = "for folder in /var/tmp /tmp; do mount -t tmpfs -o ro tmpfs $folder || exit 99; done; cd /tmp; exec env LD_PRELOAD=\"$PRELOAD\" sqlite3 :memory: \"$@\""
    sql = f"SELECT adcp_validate('/dev/fd/{fds[0]}')"
    run = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", f".load /proc/self/fd/{fds[1]} sqlite3_adcp_init", sql], pass_fds=fds, capture_output=True, text=True,
                         env={name: value for name, value in os.environ.items() if name not in ("TMPDIR", "SQLITE_TMPDIR", "LD_PRELOAD")}
                         | {"PRELOAD": os.environ.get("LD_PRELOAD", "")})  # a sanitizer's library, which not every shell bears
    if run.returncode != 99:
        fails("no temporary folder", run.stdout + run.stderr, "trial restore: .*SQLite found no folder for temporary files")
    for fd in fds:
        os.close(fd)


db = connect("app.db")
db.executescript("CREATE TABLE t(id INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('one')")
db.execute("SELECT adcp_config('backup_dir', 'none/there/backups')")
fails("a folder whose parent is missing", call(db, "adcp_backup"), "none/there/backups: No such file or directory")
db.execute("SELECT adcp_config('backup_dir', 'full')")
os.mkdir("full")
if mount("full", "size=300k"):
    test_full(db)
    test_copy_of_a_pipe(db)
    test_no_temporary_folder()
    test_read_only(db)
else:
    print("skipped: a full and a read-only file system (no right to mount one here)")
done()
