"""test_json_schema.py - docs/backup.schema.json says yes to real backups and no to what is not one."""
import copy
import gzip
import json
import os
import sqlite3
import subprocess
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
from program import check, done  # noqa: E402

import jsonschema

ROOT, SO, TMP = os.environ["ADCP_ROOT"], os.environ["ADCP_SO"], os.environ["TMPDIR"]


with open(f"{ROOT}/docs/backup.schema.json", encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def first_error(document):
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    return error and f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"


def backup(kind, options):
    """A document that the extension wrote."""
    path = f"{TMP}/{kind}.db"
    if not os.path.exists(path):
        subprocess.run([sys.executable, f"{ROOT}/tests/hosts/make_database.py", kind, path], check=True)
    db = sqlite3.connect(path)
    db.enable_load_extension(True)
    db.load_extension(SO)
    options = {"overwrite": True, **options}
    db.execute("SELECT adcp_backup(?, ?)", (f"{TMP}/out.json.gz", json.dumps(options))).fetchone()
    db.close()
    with gzip.open(f"{TMP}/out.json.gz", "rb") as file:
        return json.load(file)


for kind, options in [("tiny", {}), ("tiny", {"note": "a note"}), ("plain", {}), ("plain", {"schema_only": True}),
                      ("plain", {"data_only": True}), ("plain", {"tables": ["person"]}), ("values", {}),
                      ("values16le", {}), ("values16be", {})]:
    error = first_error(backup(kind, options))
    check(f"{kind} {options} is valid", error is None, error)

good = backup("plain", {})

# ---- a safety backup ----
db = sqlite3.connect(f"{TMP}/plain.db")
db.enable_load_extension(True)
db.load_extension(SO)
safety = f"{TMP}/safety.json"
db.execute("PRAGMA user_version = 77")
db.execute("SELECT adcp_restore(?, ?)", (f"{TMP}/out.json.gz", json.dumps({"force": True, "safety_backup": safety}))).fetchone()
db.close()
with open(safety, encoding="utf-8") as file:
    safety = json.load(file)
check("a safety backup is valid", first_error(safety) is None, first_error(safety))
check("and says so", safety["backup_metadata"]["safety_backup"]["before"] == "adcp_restore", safety["backup_metadata"])


def refused(name, change):
    document = copy.deepcopy(good)
    change(document)
    check(f"{name} is refused", first_error(document) is not None)


refused("no manifest", lambda d: d.pop("backup_manifest"))
refused("no end line", lambda d: d.pop("backup_end"))
refused("another format", lambda d: d["backup_metadata"].update(format="other"))
refused("version 4.0", lambda d: d["backup_metadata"].update(version="4.0"))
refused("a row that is an array", lambda d: d["tables"]["person"].append([1, 2]))
refused("true as a value", lambda d: d["tables"]["person"][0].update(name=True))
refused("an array as a value", lambda d: d["tables"]["person"][0].update(name=[]))
refused("an unknown tag", lambda d: d["tables"]["person"][0].update(name={"$date": "x"}))
refused("two tags", lambda d: d["tables"]["person"][0].update(name={"$blob": "", "$hex": ""}))
refused("no tag", lambda d: d["tables"]["person"][0].update(name={}))
refused("bad base64", lambda d: d["tables"]["person"][0].update(name={"$blob": "A"}))
refused("upper-case hex", lambda d: d["tables"]["person"][0].update(name={"$hex": "FF"}))
refused("an infinity that is none", lambda d: d["tables"]["person"][0].update(name={"$real": "NaN"}))
refused("a key with a single $", lambda d: d["tables"]["person"][0].update({"$x": 1}))
refused("a rowid that is text", lambda d: d["tables"]["log"][0].update({"$rowid": "1"}))
refused("a table name with a single $", lambda d: d["tables"].update({"$x": []}))
refused("a column without a name", lambda d: d["database_schema"]["tables"]["person"]["columns"].append({}))
refused("a safety backup before nothing", lambda d: d["backup_metadata"].update(safety_backup={}))
refused("an unknown kind", lambda d: d["database_schema"]["tables"]["person"].update(kind="odd"))
refused("a short digest", lambda d: d["backup_manifest"].update(content_sha256="00"))
refused("a block without its CRC-32", lambda d: d["backup_manifest"]["blocks"].append([1, 2]))
refused("a number as manifest_at", lambda d: d["backup_end"].update(manifest_at=1))

extended = copy.deepcopy(good)
extended["something_new"] = {"$odd": True}
extended["backup_metadata"]["new"] = 1
extended["database_schema"]["tables"]["person"]["new"] = 1
check("members that a later version may add are accepted", first_error(extended) is None, first_error(extended))

done()
