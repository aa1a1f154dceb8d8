"""Settings files, environment variables, flags and secrets: what goes into a backup and comes back."""
import atexit
import glob
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys

sys.path.append(os.path.join(sys.path[0], "..", "tools"))
import program  # noqa: E402
from program import check, done, equal  # noqa: E402

os.chdir(os.environ["TMPDIR"])
SECRETS = ["S3CRET-VALUE", "SECRET2", "ENVSECRET", "PWSECRET", "9876543210123"]


def connect(path="app.db"):
    return program.connect(path)


log = []


def call(db, function, path, **options):
    try:
        report = db.execute(f"SELECT {function}(?, ?)", (path, json.dumps(options))).fetchone()[0]
        log.append(report)
        return json.loads(report)
    except sqlite3.Error as error:
        log.append(str(error))
        return str(error)


def fails(name, db, function, path, pattern, **options):
    got = call(db, function, path, **options)
    check(name, isinstance(got, str) and re.search(pattern, got), f"got {got!r}")


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


db = connect()
db.execute("CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT, password TEXT, pin INT NOT NULL)")
db.execute("INSERT INTO user VALUES(1, 'x', 'PWSECRET', 4), (2, 'y', NULL, 5)")
APP = """{
  "gemini_api_key": "S3CRET-VALUE \\u00e9",
  "ratio": 1.0, "big": 12345678901234567890123, "zeta": 1, "alpha": [ ],
  "llm": {"keys": [1, "SECRET2"], "list": [{"Api_Token": "SECRET2"}, {"x": 1}], "debug": "Yes"},
  "access_token_id": 9876543210123, "password": null
}
"""
write("app.json", "\ufeff" + APP)
write("tenant.json", '{"tenant_prompts":{}}')
write("array.json", "[1, 2.50]\n")
write("bad.json", '{"gemini_api_key":"S3CRET-VALUE",')
write("twice.json", "{} {}")
write("empty.json", "")
os.mkdir("folder")
with open("large.json", "w") as file:
    file.truncate(100 * 1024 * 1024)
for name in ("NOPE", "GEMINI_API_KEY"):
    os.environ.pop(name, None)
os.environ.update(EMB_MODEL="small", EMB_NOTE="it's $5 `now`\nand \"then\"", API_KEY="ENVSECRET",
                  DEBUG="Yes", OFF_FLAG="0", UNASKED="stays out")

# ---- backup ----
before = {name: (read(name), os.stat(name).st_mtime_ns) for name in ("app.json", "tenant.json")}
report = call(db, "adcp_backup", "a.json",
              settings={"app_settings": "app.json", "tenant_settings": "tenant.json", "list": "array.json"},
              env=["EMB_*", "API_KEY", "NOPE", "ZZ_*", "EMB_MODEL"],
              flags={"debug_mode": "DEBUG", "off": "OFF_FLAG", "unset": "NOPE",
                     "llm": "settings:app_settings.llm.debug", "element": "settings:app_settings.llm.list.1.x",
                     "missing": "settings:app_settings.nix", "many": "sql:SELECT count(*) > 1 FROM user",
                     "none": "sql:SELECT 1 WHERE 0"},
              redact=["user.password"])
text = read("a.json")
backup = json.loads(text)
equal("files are only read", before, {n: (read(n), os.stat(n).st_mtime_ns) for n in before})
check("numbers and key order verbatim", '"ratio": 1.0, "big": 12345678901234567890123, "zeta": 1, "alpha": [ ]' in text)
equal("an array as it is", '"list":[1, 2.50],' in text, True)
check("tenant_settings", '"tenant_settings":{"tenant_prompts":{}},' in text)
settings = backup["app_settings"]
equal("environment", settings["environment_variables"],
      {"API_KEY": None, "EMB_MODEL": "small", "EMB_NOTE": os.environ["EMB_NOTE"], "NOPE": None})
equal("secrets are null", [settings["gemini_api_key"], settings["llm"]["keys"],
                           settings["llm"]["list"][0]["Api_Token"], settings["access_token_id"]], [None] * 4)
equal("flags", backup["feature_flags"], {"debug_mode": True, "off": False, "unset": False, "llm": True,
                                         "element": True, "missing": False, "many": True, "none": False})
LEFT_OUT = ["app_settings/gemini_api_key", "app_settings/llm/keys", "app_settings/llm/list/0/Api_Token",
            "app_settings/access_token_id", "app_settings/environment_variables/API_KEY"]
equal("redacted in the report", report["redacted"], ["user.password"] + LEFT_OUT)
metadata = backup["backup_metadata"]
equal("redacted in the metadata", [metadata["redacted_columns"], metadata["redacted_settings"]],
      [["user.password"], LEFT_OUT])
equal("variables in the metadata", metadata["environment_variables"], ["API_KEY", "EMB_MODEL", "EMB_NOTE", "NOPE"])
equal("warnings", len(report["warnings"]), 5)
equal("rows without the column", [row["password"] for row in backup["tables"]["user"]], [None, None])
for secret in SECRETS:
    check("no secret in the file", secret not in text, secret)
check("not the whole environment", "stays out" not in text and "UNASKED" not in text)
digests = [value["hmac"] for value in backup["secret_digests"]["values"]]
check("digests", len(set(digests)) == 5 and len(bytes.fromhex(backup["secret_digests"]["salt"])) == 32)
import hashlib
import hmac
message = b"app_settings\0/gemini_api_key\0s" + "S3CRET-VALUE é".encode()
equal("a digest that anybody can check", digests[0],
      hmac.new(bytes.fromhex(backup["secret_digests"]["salt"]), message, hashlib.sha256).hexdigest())
check("valid", call(db, "adcp_validate", "a.json")["valid"])
call(db, "adcp_backup", "a2.json", settings={"app_settings": "app.json"})
check("a new salt each time", json.loads(read("a2.json"))["secret_digests"]["salt"] != backup["secret_digests"]["salt"])
call(db, "adcp_backup", "plain.json", redact=["user.password"])
equal("the digest is over what is written", json.loads(read("plain.json"))["backup_manifest"]["content_sha256"],
      report["content_sha256"])

open_report = call(db, "adcp_backup", "open.json", settings={"app_settings": "app.json"}, include_secrets=True)
equal("include_secrets", json.loads(read("open.json"))["app_settings"]["gemini_api_key"], "S3CRET-VALUE é")
equal("nothing redacted", [open_report["redacted"], "secret_digests" in json.loads(read("open.json"))], [[], False])
log.clear()
call(db, "adcp_backup", "names.json", settings={"app_settings": "app.json"}, secret_names=["ratio", "D*"])
names = json.loads(read("names.json"))["app_settings"]
equal("secret_names replaces the list", [names["ratio"], names["llm"]["debug"], names["access_token_id"]],
      [None, None, 9876543210123])

# A pattern that can match nothing would let the secrets in without a word.
for pattern in ("", ["*KEY*", ""]):
    fails(f"secret_names {pattern}", db, "adcp_backup", "no-names.json", '^adcp_backup: no-names.json: option "secret_names": a name is empty; .*; no backup was written$',
          settings={"app_settings": "app.json"}, secret_names=pattern)
for pattern in ("[*KEY*", "*[^]KEY", "*TOKEN[]", "[a]["):
    equal(f"secret_names {pattern}", call(db, "adcp_backup", "names.json", overwrite=True, secret_names=["*KEY*", pattern])["warnings"],
          [f'option "secret_names": "{pattern}" has a [ without its ], so that no name matches; the character itself is [[]'])
equal("sets that end", call(db, "adcp_backup", "names.json", overwrite=True, secret_names=["[]x]", "[^]]", "[[]", "]", "[a-]"])["warnings"], [])
log.clear()

# Patterns that match what the variables stand in leave out those whose own names match, and a restore takes it.
for patterns, left_out in ((["*"], ["EMB_MODEL", "EMB_NOTE"]), (["*E*"], ["EMB_MODEL", "EMB_NOTE"]), (["*VARIABLES", "*NOTE"], ["EMB_NOTE"])):
    report = call(db, "adcp_backup", "star.json", overwrite=True, env="EMB_*", secret_names=patterns)
    equal(f"redacted {patterns}", report["redacted"], [f"app_settings/environment_variables/{name}" for name in left_out])
    equal(f"restored {patterns}", call(connect(":memory:"), "adcp_restore", "star.json")["environment_different"], [])
write("own-variables.json", '{"environment_variables":{"A":1}}')
equal("a member of the file's own", call(db, "adcp_backup", "star.json", overwrite=True, settings={"app_settings": "own-variables.json"},
                                         secret_names="*VARIABLES")["redacted"], ["app_settings/environment_variables"])
# Files where it was left out itself: they have no variables.
call(db, "adcp_backup", "star.json", overwrite=True, env="EMB_*")
write("star.json", json.dumps({**json.loads(read("star.json")), "app_settings": {"environment_variables": None}}))
check("restored without variables", "environment_different" not in call(connect(":memory:"), "adcp_restore", "star.json"), log[-1])
fails("and no env_file", connect(":memory:"), "adcp_restore", "star.json", "the backup has no environment variables", env_file="x.env")
log.clear()
write("nested.json", '{"a":1,"environment_variables":{"OLD":"x"},"b":2}')
nested = call(db, "adcp_backup", "nested-b.json", settings={"app_settings": "nested.json"}, env="EMB_MODEL")
check("never nested deeper", '{"a":1,"environment_variables":{"EMB_MODEL":"small"},"b":2}' in read("nested-b.json"))
check("which is said", "of its own" in nested["warnings"][0])
nested_target = connect(":memory:")
for body, warned in (('{"environment_variables":{"OLD":"y"}}', True), ('{"a":{"environment_variables":1}}', False), ("not JSON", False), (None, False)):
    os.path.exists("nested-new.json") and os.unlink("nested-new.json")
    body is None or write("nested-new.json", body)
    equal(f"a member that goes, {body}", [call(nested_target, "adcp_restore", "nested-b.json", force=True, settings={"app_settings": "nested-new.json"})["warnings"], read("nested-new.json").rstrip()],
          [['settings "app_settings": environment_variables of the file that is there goes: in the backup the variables of option "env" stand in its place'] if warned else [],
           '{"a":1,"b":2}'])
call(db, "adcp_backup", "env.json", env="EMB_MODEL")
check("variables alone", '"app_settings":{"environment_variables":{"EMB_MODEL":"small"}}' in read("env.json"))

# Variables without a file are no settings: a restore does not empty the file that is there.
write("real.json", '{"real":1}')
for given in ({}, {"settings": {"app_settings": "nowhere.json"}, "settings_missing": "skip"}):
    call(db, "adcp_backup", "env.json", overwrite=True, env="EMB_MODEL", **given)
    fails(f"no file, {given}", connect(":memory:"), "adcp_restore", "env.json", '^adcp_restore: env.json: option "settings": the backup has no settings "app_settings", only the environment variables of option "env"; write those with option "env_file"; database unchanged$',
          settings={"app_settings": "real.json"})
    fails(f"nor is it listed, {given}", connect(":memory:"), "adcp_restore", "env.json", 'has no settings "x"; it was made without option "settings"; database unchanged$',
          settings={"x": "real.json"})
    equal("as it was", read("real.json"), '{"real":1}')
    equal("the variables", [call(connect(":memory:"), "adcp_restore", "env.json", env_file="alone.env")["settings_written"], read("alone.env")], [["env_file"], "EMB_MODEL=small\n"])
write("brace.json", "{}")
call(db, "adcp_backup", "env.json", overwrite=True, env="EMB_MODEL", settings={"app_settings": "brace.json"})
call(connect(":memory:"), "adcp_restore", "env.json", settings={"app_settings": "real.json"})
equal("a file without members is one", read("real.json"), "{}")

# Where no variable matches there are none, and the file has no more members than it had.
write("bare.json", '{"a":1}\n')
for env in ("ZZ_*", []):
    call(db, "adcp_backup", "none.json", overwrite=True, settings={"app_settings": "bare.json"}, env=env)
    call(connect(":memory:"), "adcp_restore", "none.json", settings={"app_settings": "bare.json"})
    equal(f"the file as it was, env {env}", read("bare.json"), '{"a":1}\n')
call(db, "adcp_backup", "none.json", overwrite=True, settings={"app_settings": "nested.json"}, env=[], secret_names="OLD")
equal("no names, no variables", json.loads(read("none.json"))["app_settings"], {"a": 1, "environment_variables": {"OLD": None}, "b": 2})

# What counts as true, and where a flag may come from.
write("deep.json", '{"a/b":{"c~d":"on"},"n":-0.0,"m":2e0,"t":true,"q":"tr\\u0075e","list":[[]]}')
TRUTHS = {"a": ("sql: \n SELECT 0.5", True), "b": ("sql:VALUES('Yes')", True), "c": ("sql:SELECT 'maybe'", False),
          "d": ("sql:SELECT NULL", False), "e": ("sql:SELECT x'31'", False), "f": ("sql:WITH w(x) AS (SELECT 0.0) SELECT x FROM w", False),
          "g": ("settings:deep.a/b.c~d", True), "h": ("settings:deep.n", False), "i": ("settings:deep.m", True),
          "j": ("settings:deep.t", True), "k": ("settings:deep.q", False), "l": ("settings:deep.list", False)}
flags = call(db, "adcp_backup", "flags.json", overwrite=True, settings={"deep": "deep.json"},
             flags={name: source for name, (source, _) in TRUTHS.items()})
equal("truths", json.loads(read("flags.json"))["feature_flags"], {name: truth for name, (_, truth) in TRUTHS.items()})
equal("the one that is nothing", flags["warnings"], ['flag "d": its SQL gives NULL; taken as false'])

equal("in capitals", [call(db, "adcp_backup", "flags.json", overwrite=True, settings={"deep": "deep.json"}, flags={"a": "SQL:SELECT 1", "b": "Settings:deep.t"})["warnings"],
                      json.loads(read("flags.json"))["feature_flags"]], [[], {"a": True, "b": True}])
for source in ("", "A=1"):
    fails(f"no variable {source!r}", db, "adcp_backup", "no.json", f'^adcp_backup: no.json: option "flags": "a": "{source}" is neither the name of an environment variable nor settings:... nor sql:...; no backup was written$', flags={"a": source})
fails("no path", db, "adcp_backup", "no.json", '^adcp_backup: no.json: settings "a": its path is empty; give the path of a file; no backup was written$', settings={"a": ""})

# Names and values that need care: keys of JSON pointers, variables that are no names or not UTF-8.
write("slash.json", '{"a/b":{"my~key":"SECRET2"},"x_key":"SECRET2 \\"q\\"", "token":{"a" : [1,"\\" \\\\"]}}')
os.environ["EMB_ODD"] = "a\udcff"
os.environ["EMB.DOT"] = "dotted"
odd = call(db, "adcp_backup", "odd.json", settings={"app_settings": "slash.json"}, env=["EMB_ODD", "EMB.DOT", "EMB_UNSET"])
equal("not UTF-8", "EMB_ODD is not UTF-8" in str(odd["warnings"]), True)
equal("as in a JSON pointer", odd["redacted"], ["app_settings/a~1b/my~0key", "app_settings/x_key", "app_settings/token"])
odd_target = connect("odd.db")
shutil.copy("slash.json", "slash-new.json")
odd_restored = call(odd_target, "adcp_restore", "odd.json", settings={"app_settings": "slash-new.json"}, env_file="odd.env")
equal("all are the same", odd_restored["secrets_same"], odd["redacted"])
equal("they stay", json.loads(read("slash-new.json")), json.loads(read("slash.json")))
check("no name of a shell", '"EMB.DOT" is no name of a variable' in str(odd_restored["warnings"]) and "DOT" not in read("odd.env"))
# What is not UTF-8 stands as U+FFFD in the backup, and takes the place of no line.
equal("reads alike", [odd_restored["environment_different"], [w for w in odd_restored["warnings"] if "EMB_ODD has U+FFFD" in w]],
      [[], ["EMB_ODD has U+FFFD in the backup, where it was not UTF-8, and now in the env_file: look at its value"]])
with open("odd.env", "wb") as file:
    file.write(b"EMB_ODD=a\xff\n")
odd_restored = call(odd_target, "adcp_restore", "odd.json", force=True, env_file="odd.env")
check("the line stays", open("odd.env", "rb").read().startswith(b"EMB_ODD=a\xff\n#"), open("odd.env", "rb").read())
check("which is said", "EMB_ODD has U+FFFD in the backup, where it was not UTF-8; its line of the env_file stays" in odd_restored["warnings"], odd_restored)
os.environ["EMB_ODD"] = "b\udcff"
equal("another", call(odd_target, "adcp_restore", "odd.json", force=True)["environment_different"], ["EMB_ODD"])
for name in ("EMB_ODD", "EMB.DOT"):
    del os.environ[name]

# The .env file in place is edited: what the backup has no value for stays as it is written there, whatever syntax it is.
def env_file(before):
    write("line.env", before)
    report = call(connect(":memory:"), "adcp_restore", "a.json", env_file="line.env")
    first = read("line.env")
    equal(f"once more {before!r}", [call(connect(":memory:"), "adcp_restore", "a.json", env_file="line.env")["warnings"], read("line.env")],
          [report["warnings"], first])
    return first, report


ADDED = "EMB_NOTE=\"it's \\$5 \\`now\\`\nand \\\"then\\\"\"\n# NOPE was not set\n"
for line in ('API_KEY="a \\" b"', "API_KEY=a\\ \\'b", "OTHER='x'\n# it's\nAPI_KEY='two\nlines'\\\n", "export API_KEY=x", "API_KEY=\\",
             "EXPORT=1\nAPI_KEYS=2\nAPI_KEY=3 # it's", "API_KEY = now\n", "  API_KEY=now\n", "export  API_KEY=now\n", "export\tAPI_KEY=now\n",
             "\ufeffAPI_KEY=now\n", "GREETING=it's\nAPI_KEY=now\n", " # don't\nAPI_KEY=now\n", "PATHX=C:\\\nAPI_KEY=now\n",
             "API_KEY=old\nAPI_KEY=now\n", "X='a' 'b\nAPI_KEY=now\n", "X=\"a\nAPI_KEY=now\nY=\"b\n"):
    kept, _ = env_file(line)
    check(f"kept {line!r}", kept.startswith(line) and kept[len(line):].lstrip("\n") == "EMB_MODEL=small\n" + ADDED, kept)
for line in ("API_KEY: now\n", "'API_KEY'=now\n", "OTHER=1\n", "export=1\n", "9API_KEY=1\n", ""):
    kept, _ = env_file(line)
    equal(f"no line for it {line!r}", kept, line + "# API_KEY was left out of the backup\nEMB_MODEL=small\n" + ADDED)
equal("no last line break", env_file("OTHER=1")[0], "OTHER=1\n# API_KEY was left out of the backup\nEMB_MODEL=small\n" + ADDED)
# Lines of variables that have a value in the backup: the last assignment is in force, and replaced.
for line, wanted in (("EMB_MODEL=x\nOTHER=1", "EMB_MODEL=small\nOTHER=1\n"), ("EMB_MODEL=x\r\nOTHER=1\r\n", "EMB_MODEL=small\r\nOTHER=1\r\n"),
                     ("EMB_MODEL=x\rOTHER=1\r", "EMB_MODEL=small\rOTHER=1\r"), (" export\tEMB_MODEL = x # don't\nOTHER=1\n", " export\tEMB_MODEL=small\nOTHER=1\n"),
                     ("EMB_MODEL=x\nEMB_MODEL='y\nz' # it's\nOTHER=1\n", "EMB_MODEL=x\nEMB_MODEL=small\nOTHER=1\n"),
                     ('EMB_MODEL="y\\"\nz"\nOTHER=1\n', "EMB_MODEL=small\nOTHER=1\n"), ("EMB_MODEL=it's\nOTHER='1'\n", "EMB_MODEL=small\nOTHER='1'\n"),
                     ("\ufeffEMB_MODEL=x\nOTHER=1\n", "\ufeffEMB_MODEL=small\nOTHER=1\n"),
                     ("# EMB_MODEL was not set\nOTHER=1\n", "EMB_MODEL=small\nOTHER=1\n"),
                     ("# EMB_MODEL was left out of the backup\nOTHER=1\n", "EMB_MODEL=small\nOTHER=1\n")):
    equal(f"replaced {line!r}", env_file(line)[0], wanted + "# API_KEY was left out of the backup\n" + ADDED)
equal("a place of an earlier comment", env_file("# API_KEY was not set\nOTHER=1\n")[0],
      "# API_KEY was left out of the backup\nOTHER=1\nEMB_MODEL=small\n" + ADDED)
# One that says more than its variable stays, and the new one behind it is in force.
for line in ("EMB_MODEL=a API_KEY=now\n", "EMB_MODEL=a;API_KEY=now\n", "EMB_MODEL=\"a\nAPI_KEY=now\nOTHER=\"\n", "EMB_MODEL=a\\\nOTHER=1\n",
             "OTHER=C:\\\nEMB_MODEL=a\n", "OTHER=C:\\\r\nEMB_MODEL=a\r\n", "OTHER='\nEMB_MODEL=a\n'\n", "# EMB_MODEL was not set yet\n",
             "OTHER=C:\\\n", "OTHER=C:\\\r", "OTHER=C:\\\n# EMB_MODEL was not set\n"):
    kept, _ = env_file(line)
    check(f"added behind {line!r}", kept.startswith(line) and kept[len(line):].lstrip("\n").replace("# API_KEY was left out of the backup\n", "") == "EMB_MODEL=small\n" + ADDED, kept)
kept, report = env_file("NOPE=now\n")
check("not set at the backup", kept.startswith("NOPE=now\n# API_KEY") and "# NOPE" not in kept, kept)
check("which is said", "NOPE was not set when the backup was made; its line of the env_file stays" in report["warnings"], report)
with open("line.env", "wb") as file:
    file.write("API_KEY=now\n".encode("utf-16"))
fails("UTF-16", connect(":memory:"), "adcp_restore", "a.json", "line.env has zero bytes.* cannot be kept.*database unchanged", env_file="line.env")

# What ANALYZE sampled of a table has values of it, with builds that sample. The table is made by hand for those that do not.
sampled = connect("sampled.db")
sampled.executescript("CREATE TABLE u(id INTEGER PRIMARY KEY, pw TEXT); CREATE TABLE v(x); INSERT INTO u VALUES(1, 'PWSECRET'); INSERT INTO v VALUES('open');"
                      "CREATE INDEX ui ON u(pw); CREATE INDEX vi ON v(x); ANALYZE;"
                      "CREATE TABLE stat(tbl, idx, neq, nlt, ndlt, sample); INSERT INTO stat VALUES('u', 'ui', 1, 0, 0, x'505753454352455421'), ('v', 'vi', 1, 0, 0, x'6f70656e');"
                      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'sqlite_stat4', tbl_name = 'sqlite_stat4',"
                      " sql = 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)' WHERE name = 'stat'")
sampled.close()
sampled = connect("sampled.db")
sampled.execute("INSERT INTO sqlite_stat4 VALUES('U', 'ui', 1, 0, 0, x'505753454352455421')")
for options, wanted in (({}, ["u", "v", "U"]), ({"redact": "U.PW"}, ["v"]), ({"exclude_data": "u"}, ["v"]), ({"exclude_data": ["u", "v"]}, []),
                        ({"tables": ["u", "v"], "exclude_data": "v"}, ["u"]), ({"exclude_tables": "u"}, ["v"]), ({"data_only": True, "exclude_data": "u"}, ["v"])):
    call(sampled, "adcp_backup", "sampled.json", overwrite=True, **options)
    equal(f"samples {options}", [line["tbl"] for line in json.loads(read("sampled.json"))["tables"]["sqlite_stat4"]], wanted)
sampled.execute("DELETE FROM sqlite_stat4 WHERE tbl = 'U'")
for redact, wanted in (([], ["u", "v"]), (["U.PW"], ["v"])):
    call(sampled, "adcp_backup", "sampled.json", redact=redact, overwrite=True)
    document = json.loads(read("sampled.json"))
    equal(f"samples {redact}", [line["tbl"] for line in document["tables"]["sqlite_stat4"]], wanted)
    equal(f"statistics {redact}", sorted(line["tbl"] for line in document["tables"]["sqlite_stat1"]), ["u", "v"])
    restored = call(connect(f"sampled-{len(redact)}.db"), "adcp_restore", "sampled.json")
    check(f"restored {redact}", restored["verified"], restored)

# ---- if_changed: what would be in the backup besides the rows counts, too ----
same_db = connect(":memory:")
same_db.execute("CREATE TABLE t(a)")


def changed(**options):
    report = call(same_db, "adcp_backup", "same.json", if_changed=True, overwrite=True, **options)
    return not report["unchanged"] if isinstance(report, dict) else report


write("same-app.json", '{"a":1,"key":"SECRET2"}')
write("same-x.json", '{"list":[{"token":"SECRET2"},{"token":null}]}')
GATHERED = {"settings": {"app_settings": "same-app.json", "x": "same-x.json"}, "env": ["EMB_*", "API_KEY"], "flags": {"f": "DEBUG"}}
equal("none before, then the same", [changed(), changed(), changed(**GATHERED), changed(**GATHERED)], [True, False, True, False])
equal("what was not asked for is there, too", [changed(), changed(env=GATHERED["env"]), changed(flags=GATHERED["flags"])], [False, True, True])
for name, edit in (("a value", lambda: write("same-app.json", '{"a":2,"key":"SECRET2"}')),
                   ("a secret", lambda: write("same-app.json", '{"a":2,"key":"S3CRET-VALUE"}')),
                   ("a secret in a list", lambda: write("same-x.json", '{"list":[{"token":"S3CRET-VALUE"},{"token":null}]}')),
                   ("one that was null", lambda: write("same-x.json", '{"list":[{"token":"S3CRET-VALUE"},{"token":"SECRET2"}]}')),
                   ("one that is null", lambda: write("same-x.json", '{"list":[{"token":null},{"token":"SECRET2"}]}')),
                   ("a variable", lambda: os.environ.update(EMB_MODEL="large")),
                   ("a secret variable", lambda: os.environ.update(API_KEY="SECRET2")),
                   ("one that is not set", lambda: os.environ.pop("API_KEY")),
                   ("a flag", lambda: os.environ.update(DEBUG="no"))):
    changed(**GATHERED)
    edit()
    equal(f"changed: {name}", [changed(**GATHERED), changed(**GATHERED)], [True, False])
equal("with secrets", [changed(include_secrets=True, **GATHERED), changed(include_secrets=True, **GATHERED), changed(**GATHERED)], [True, False, True])
os.environ.update(EMB_MODEL="small", API_KEY="ENVSECRET", DEBUG="Yes")
MISSING = {"settings": {"x": "same-x.json", "y": "nowhere.json"}, "settings_missing": "skip"}
os.unlink("same.json")
for unchanged in (False, True):
    report = call(same_db, "adcp_backup", "same.json", if_changed=True, overwrite=True, **MISSING)
    equal(f"what is missing is said, unchanged {unchanged}", [report["unchanged"], [re.sub(":.*;", ":...;", w) for w in report["warnings"]]],
          [unchanged, ['settings "y":...; left out']])

# ---- what is refused at a backup ----
fails("section without a name", db, "adcp_backup", "no.json", "a section has no name", settings={"": "app.json"})
for name in ("", "A=B"):
    fails("variable " + name, db, "adcp_backup", "no.json", "names of environment variables or globs", env=[name])
for name in ("*", "**", "?*", "[A-Z]*", "[^]a]?*", "[A-Z][A-Z]*", "[", "[A", "[^"):
    fails("the whole environment " + name, db, "adcp_backup", "no.json", "would take the whole environment", env=["DEBUG", name])
for name, wanted in (("[E]MB_MODE*", ["EMB_MODEL"]), ("*_MODEL", ["EMB_MODEL"]), ("EMB_MODE?", ["EMB_MODEL"]), ("[^A-DF-Z]MB_MODEL", ["EMB_MODEL"])):
    call(db, "adcp_backup", "glob.json", env=name, overwrite=True)
    equal("glob " + name, list(json.loads(read("glob.json"))["app_settings"]["environment_variables"]), wanted)
write("half.json", '{"a":"' + 15 * 1024 * 1024 * "x" + '"}')
fails("too much together", db, "adcp_backup", "no.json", "more than [0-9]+ bytes together",
      settings={name: "half.json" for name in "abcde"})
os.unlink("half.json")
try:
    db.execute("SELECT adcp_backup('no.json', ?)", ('{"settings":{"a":"app.json","a":"app.json"}}',))
    check("given twice", False)
except sqlite3.Error as error:
    check("given twice", '"a" is given twice' in str(error), error)
db.executescript("CREATE TABLE doc(id INTEGER PRIMARY KEY, body TEXT, n AS (length(body)));"
                 "CREATE VIRTUAL TABLE words USING fts5(body, content='doc', content_rowid='id')")
fails("redact a computed column", db, "adcp_backup", "no.json", "computed from other columns", redact=["doc.n"])
fails("redact a shadow table", db, "adcp_backup", "no.json", "is no column of an ordinary table", redact=["words_docsize.sz"])
words = call(db, "adcp_backup", "words.json", redact=["doc.body"])
equal("its index is left out", [words["warnings"], [name for name in json.loads(read("words.json"))["tables"] if name.startswith("words")]], [[], ["words_config"]])
db.executescript("DROP TABLE words; DROP TABLE doc")
for name in ("tables", "backup_metadata", "database_schema", "fts_tables", "feature_flags", "secret_digests",
             "backup_manifest", "backup_end", "backup_x"):
    fails("reserved " + name, db, "adcp_backup", "no.json", "the format uses itself", settings={name: "app.json"})
# What the reader of a backup would not take is refused when it is written: up to the limits it comes back.
def nested(depth):
    return (depth - 1) * '{"a":' + "[]" + (depth - 1) * "}"


for depth, more in ((255, {}), (255, {"env": "EMB_MODEL"})):
    write("nested.json", nested(depth))
    call(db, "adcp_backup", "deepest.json", overwrite=True, settings={"app_settings": "nested.json"}, **more)
    check(f"{depth} levels", call(db, "adcp_validate", "deepest.json")["valid"], log[-1])
    equal(f"{depth} levels come back", [call(connect(":memory:"), "adcp_restore", "deepest.json", settings={"app_settings": "nested-new.json"})["settings_written"],
                                        read("nested-new.json")], [["app_settings"], read("nested.json") + "\n"])
write("nested.json", nested(256))
fails("256 levels", db, "adcp_backup", "no.json", 'settings "x": .*nested.json.* nests deeper than 255 levels', settings={"x": "nested.json"})
write("secret.json", '{"key":1}')
for own, more in ((1, {}), (2, {"flags": {"a": "DEBUG"}}), (2, {"s0": "secret.json"}), (3, {"s0": "secret.json", "flags": {"a": "DEBUG"}})):
    first = more.get("s0", "tenant.json")
    options = {name: value for name, value in more.items() if name != "s0"}
    many = {f"s{i}": "tenant.json" if i else first for i in range(1001 - own)}
    fails(f"{own} members more than 1000", db, "adcp_backup", "no.json",
          f'option "settings" has {1001 - own} sections; this backup can have {1000 - own} of them', settings=many, **options)
    del many["s9"]
    call(db, "adcp_backup", "most.json", overwrite=True, settings=many, **options)
    check(f"{own} and the others", call(db, "adcp_validate", "most.json")["valid"], log[-1])
# What could not be told to be a secret, or which of two it was, is refused: not what is left as it is.
for body in ('{"x\\u0000password":"PWSECRET"}', '{"a":[{"password\\u0000a":"PWSECRET"}]}'):
    write("zero.json", body)
    fails("zero " + body, db, "adcp_backup", "no.json", 'settings "s": the name of a member has a zero character', settings={"s": "zero.json"})
    call(db, "adcp_backup", "zero-b.json", overwrite=True, settings={"s": "zero.json"}, include_secrets=True)
    check("as it is " + body, body in read("zero-b.json"))
for body, place in (('{"password":"PWSECRET","password":"SECRET2"}', "/password"), ('{"password":null,"p\\u0061ssword":"SECRET2"}', "/password"),
                    ('{"a":[0,{"key":1}],"a":[2,{"key":3}]}', "/a/1/key"), ('{"environment_variables":{"key":1,"key":2}}', "/environment_variables/key")):
    write("same.json", body)
    fails("twice " + body, db, "adcp_backup", "no.json", f'settings "app_settings": member {place} stands there twice', settings={"app_settings": "same.json"})
for body, more in (('{"a":1,"a":2,"b":{"key":1},"c":{"key":1,"KEY":2}}', {}), ('{"environment_variables":1,"environment_variables":2}', {"env": "API_KEY"})):
    write("same.json", body)
    call(db, "adcp_backup", "same-b.json", overwrite=True, settings={"app_settings": "same.json", "other": "tenant.json"}, **more)
    equal("not twice " + body, call(connect(":memory:"), "adcp_restore", "same-b.json", settings={"app_settings": "same.json"})["secrets_different"], [])
# Patterns are GLOB's, letter case ignored: also what a class has between the letters, or takes out.
for pattern, names, others in (("[A-z]secret", ["_secret", "ASECRET", "zSecret"], ["1secret", "secret"]), ("[^a]x", ["bX", "_x"], ["Ax", "aX", "x"]),
                               ("[a-]x", ["Ax", "-X"], ["bx"]), ("[-a]x", ["Ax", "-X"], ["bx"]), ("[]a]x", ["Ax", "]X"], ["bx"]), ("[]-a]x", ["Ax", "]X", "-x"], ["^x"]),
                               ("[^]a]x", ["bx"], ["Ax", "]X"]), ("[Y-b]x", ["yx", "Zx", "Ax", "Bx", "^x"], ["cx", "xx"]), ("[x-é]x", ["Xx", "zx", "éx", "Éx"], ["wx", "ßéx"]),
                               ("k?y*", ["KÉY1", "key"], ["ky"]), ("a[", [], ["A["]), ("[a", [], ["a"])):
    write("class.json", json.dumps({name: 1 for name in names + others}))
    equal("class " + pattern, call(db, "adcp_backup", "class-b.json", overwrite=True, settings={"s": "class.json"}, secret_names=pattern)["redacted"],
          ["s/" + name for name in names])
# The place of each secret stands twice in the backup, and is as long as the names on the way to it.
write("far.json", '{"' + 1000000 * "x" + '":{' + ",".join(f'"key{i}":1' for i in range(10, 80)) + "}}")
fails("too many places", db, "adcp_backup", "no.json", "places and digests of 70 secrets that are left out, would take 14[0-9]+ bytes of the backup",
      settings={"x": "far.json"})
check("not without them", isinstance(call(db, "adcp_backup", "far-b.json", settings={"x": "far.json"}, include_secrets=True), dict), log[-1][:300])
os.unlink("far-b.json")
for path, pattern in (("nix.json", "cannot open nix.json"), ("folder", "folder is a folder"),
                      ("bad.json", "bad.json is not a JSON document"), ("large.json", "large.json has 104857600 bytes"),
                      ("twice.json", "twice.json is not a JSON document"), ("empty.json", "empty.json is not a JSON")):
    fails("settings " + path, db, "adcp_backup", "no.json", pattern, settings={"x": path})
    skipped = call(db, "adcp_backup", f"skip-{path}", settings={"x": path, "tenant_settings": "tenant.json"},
                   settings_missing="skip")
    check("skip " + path, pattern in skipped["warnings"][0], skipped)
    check("the rest is there", set(json.loads(read(f"skip-{path}"))) & {"x", "tenant_settings"} == {"tenant_settings"})
for flag, pattern in (("sql:DELETE FROM user", "one SELECT"), ("sql:SELECT 1; SELECT 2", "exactly one"),
                      ("sql:SELECT nix", "no such column"), ("sql:SELECT 1, 2", "one SELECT of one column"),
                      ("sql:SELECT id FROM user", "more than one row"), ("sql:PRAGMA user_version", "one SELECT"),
                      ("settings:x.y", "settings:section.key")):
    fails("flag " + flag, db, "adcp_backup", "no.json", pattern, flags={"a": flag})
# A flag's SQL runs within adcp_backup, where one more of these would run in it without end, or change what it is made with.
db.create_function("evaluated", 1, lambda sql: db.execute(sql).fetchone()[0])
for sql in ("SELECT adcp_backup('no.json')", "SELECT adcp_restore('a.json')", "SELECT adcp_config('log_file', 'no.json')", "SELECT adcp_config() ->> 'env'",
            "SELECT adcp_config_load('app.json')", "SELECT adcp_prune()", "SELECT adcp_undo()", "SELECT adcp_validate('a.json')", "SELECT adcp_hash()",
            "WITH w AS (SELECT adcp_info() AS x) SELECT x FROM w"):
    fails("flag " + sql, db, "adcp_backup", "no.json", 'option "flags": SQL of "a": adcp_[a-z_]+: functions of adcp are not for the SQL', flags={"a": "sql:" + sql})
    fails("flag of another function " + sql, db, "adcp_backup", "no.json", 'option "flags": SQL of "a": user-defined function raised',
          flags={"a": "sql:SELECT evaluated('" + sql.replace("'", "''") + "')"})
equal("no log", db.execute("SELECT adcp_config('log_file')").fetchone(), (None,))
equal("relations only read", call(db, "adcp_backup", "flags.json", overwrite=True, flags={"a": "sql:SELECT count(*) > 0 FROM adcp_contents('a.json')"})["warnings"], [])
for name, source in (("settings", "app.json"), ("flags", "DEBUG")):
    try:
        db.execute("SELECT adcp_backup('no.json', ?)", ('{"%s":{"a":"%s","a":"%s"}}' % (name, source, source),))
        check("twice in " + name, False)
    except sqlite3.Error as error:
        check("twice in " + name, f'option "{name}": "a" is given twice' in str(error), error)
fails("redact as a setting", db, "adcp_backup", "no.json", "give this backup a list without it: ", redact="user.nix")
for column, pattern in (("user.pin", "NOT NULL"), ("user.id", "primary key"), ("user.nix", "no table.column"),
                        ("nix.x", "no table.column"), ("user", "no table.column")):
    fails("redact " + column, db, "adcp_backup", "no.json", pattern, redact=[column])
fails("env of an array", db, "adcp_backup", "no.json", "not a JSON object", settings={"app_settings": "array.json"},
      env="DEBUG")
check("nothing was written", not os.path.exists("no.json"))
equal("rows are as they were", db.execute("SELECT count(*) FROM user").fetchone(), (2,))

# ---- restore ----
target = connect("new.db")
write("here.json", '{"gemini_api_key":"S3CRET-VALUE \\u00e9","access_token_id":5, "llm":{"list":[{"Api_Token":"mine"}]}}\n')
write("here.env", "# it's a comment\nexport API_KEY='mine too'\nOTHER=1\n")
os.chmod("here.json", 0o664)
os.chmod("here.env", 0o644)
if os.geteuid() == 0:
    os.chown("here.json", 7, 8)
owner = (os.stat("here.json").st_uid, os.stat("here.json").st_gid)
os.environ["EMB_MODEL"] = "large"
restored = call(target, "adcp_restore", "a.json",
                settings={"app_settings": "here.json", "tenant_settings": "tenant-new.json", "feature_flags": "flags.json"},
                env_file="here.env")
equal("written", restored.get("settings_written") if isinstance(restored, dict) else restored,
      ["app_settings", "tenant_settings", "feature_flags", "env_file"])
equal("same", restored["secrets_same"], ["app_settings/gemini_api_key"])
equal("different", restored["secrets_different"], ["app_settings/llm/list/0/Api_Token", "app_settings/access_token_id"])
equal("missing", restored["secrets_missing"], ["app_settings/llm/keys"])
equal("environment", restored["environment_different"], ["EMB_MODEL"])
equal("columns", restored["redacted_columns"], ["user.password"])
wanted = APP.replace('"S3CRET-VALUE \\u00e9"', '"S3CRET-VALUE \\u00e9"').replace('[1, "SECRET2"]', "null")
wanted = wanted.replace('"SECRET2"', '"mine"').replace("9876543210123", "5")
equal("merged, every other byte as it was", read("here.json"), wanted)
equal("flags as a file", json.loads(read("flags.json"))["debug_mode"], True)
equal("mode", [oct(stat.S_IMODE(os.stat(p).st_mode)) for p in ("here.env", "here.json", "flags.json", "tenant-new.json")],
      ["0o640", "0o664", "0o600", "0o600"])
equal("owner", (os.stat("here.json").st_uid, os.stat("here.json").st_gid), owner)
check("env file", read("here.env").startswith("# it's a comment\nexport API_KEY='mine too'\nOTHER=1\nEMB_MODEL=small\n"), read("here.env"))
check("unset", "# NOPE was not set\n" in read("here.env"))
shell = subprocess.run(["sh", "-c", "set -a; . ./here.env; printf '%s|%s|%s' \"$API_KEY\" \"$EMB_MODEL\" \"$EMB_NOTE\""],
                       env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
equal("sh reads it", shell.stdout, "mine too|small|" + os.environ["EMB_NOTE"])
os.environ["EMB_MODEL"] = "small"
again = call(target, "adcp_restore", "a.json", force=True, validate_only=True)
equal("environment as it was", again["environment_different"], [])
os.environ["API_KEY"] = "another"
equal("a secret that differs", call(target, "adcp_restore", "a.json", force=True)["environment_different"], ["API_KEY"])
os.environ["API_KEY"] = "ENVSECRET"

# The file comes back byte by byte where nothing was left out, with and without a last line break.
for name in ("tenant.json", "array.json"):
    call(db, "adcp_backup", "round-" + name, settings={"s": name}, env="EMB_MODEL")
    original = read(name)
    equal("rewritten " + name, call(target, "adcp_restore", "round-" + name, force=True, settings={"s": name})["settings_written"], ["s"])
    equal("byte by byte " + name, read(name), original)
for body in ('{}', '{ }', '{"a":1}', '{"a":{"environment_variables":1} }', '{"a":"\\"environment_variables\\""\n}'):
    write("round.json", body)
    call(db, "adcp_backup", "round-b.json", overwrite=True, settings={"app_settings": "round.json"}, env="EMB_MODEL")
    equal("the variables are in it " + body, json.loads(read("round-b.json"))["app_settings"]["environment_variables"], {"EMB_MODEL": "small"})
    call(target, "adcp_restore", "round-b.json", force=True, settings={"app_settings": "round.json"})
    equal("and do not come out again " + body, read("round.json"), body)

# A secret that was null at the backup, where there is one now: it goes, which is said. One that was left out stays.
write("null.json", '{"api_key":null,"list":[{"Password":null}],"a":null,"token":"SECRET2","secret":null,"keys":{"password":"SECRET2"}}')
for options in ({}, {"include_secrets": True}, {"secret_names": "token"}):
    call(db, "adcp_backup", "null-b.json", overwrite=True, settings={"s": "null.json"}, **options)
    write("null-now.json", '{"api_key":"PWSECRET","list":[{"Password":{"x":"PWSECRET"}}],"a":1,"token":"SECRET2","keys":{"password":"SECRET2"}}')
    nulls = call(connect(":memory:"), "adcp_restore", "null-b.json", settings={"s": "null-now.json"})
    equal(f"null at the backup {options}", nulls["warnings"],
          [f'settings "s": {place} was null when the backup was made: the value that is there goes' for place in ("/api_key", "/list/0/Password")])
    equal(f"as it was {options}", json.loads(read("null-now.json")), json.loads(read("null.json")))
write("null-now.json", "{")
call(db, "adcp_backup", "null-b.json", overwrite=True, settings={"s": "null.json"}, include_secrets=True)
equal("no values there", call(connect(":memory:"), "adcp_restore", "null-b.json", settings={"s": "null-now.json"})["warnings"], [])

# Members of that name are replaced by the variables, each of them, and none comes out again.
for body, wanted in (('{"environment_variables":{"a":1},"x":1,"environment_variables":{"b":2}}', '{"x":1}'),
                     ('{"environment_variables":1,"environment_variables":2}', "{}"), ('{ "environment_variables":1 , "environment_variables" : 2 }', "{ }"),
                     ('{"x":1, "environment_variables":1,"environment_variables":2}', '{"x":1}'), ('{"environment_variables":[{}],"x":1}', '{"x":1}'),
                     ('{"environment_variables":1,"environment\\u005fvariables":2,"x":1,"y":{"environment_variables":3}}', '{"x":1,"y":{"environment_variables":3}}')):
    write("round.json", body)
    call(db, "adcp_backup", "round-b.json", overwrite=True, settings={"app_settings": "round.json"}, env="EMB_MODEL")
    check("restored " + body, "settings_written" in call(target, "adcp_restore", "round-b.json", force=True, settings={"app_settings": "round.json"}), log[-1])
    equal("without the variables " + body, read("round.json"), wanted)

# The report is made before the commit, with room for the names of the files: no limit is met behind it.
section = "s" * 150
call(db, "adcp_backup", "long.json", settings={section: "tenant.json"})
narrow = connect("narrow.db")
size = len(json.dumps(call(narrow, "adcp_restore", "long.json", settings={section: "narrow.json"}), separators=(",", ":")))
outcomes = set()
for limit in range(size - 200, size + 100, 10):
    write("narrow.json", '{"mine":1}')
    narrow.execute("DELETE FROM user")
    narrow.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
    got = call(narrow, "adcp_restore", "long.json", force=True, settings={section: "narrow.json"})
    narrow.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000000)
    done_now = [narrow.execute("SELECT count(*) FROM user").fetchone()[0], read("narrow.json") != '{"mine":1}']
    outcomes.add(isinstance(got, dict))
    equal(f"both or none {limit}", [*done_now, isinstance(got, dict) or got.endswith("database unchanged")],
          [2, True, True] if isinstance(got, dict) else [0, False, True])
equal("both were met", outcomes, {True, False})

# ---- what is refused at a restore: neither database nor files change ----
os.mkfifo("pipe")
write("broken.json", "{")
write("open.json", '{"precious":1}')
descriptor = os.open("open.json", os.O_RDWR)
os.symlink("x.json", "to-nothing.json")
os.symlink("here.json", "to-here.json")
os.symlink(".", "same-folder")
target.execute("DELETE FROM user WHERE id = 2")
state = (read("here.json"), target.execute("SELECT * FROM user").fetchall())
for pattern, options in (('has no settings "nix"; it has "app_settings", "tenant_settings", "list", "feature_flags";', {"settings": {"nix": "x.json"}}),
                         ("has no settings \"tables\"", {"settings": {"tables": "x.json"}}),
                         ("has no settings \"fts_tables\"", {"settings": {"fts_tables": "x.json"}}),
                         ("written twice", {"settings": {"app_settings": "x.json"}, "env_file": "x.json"}),
                         ("not a regular file", {"settings": {"app_settings": "folder"}}),
                         ("not a regular file", {"settings": {"app_settings": "pipe"}}),
                         ("names an open descriptor", {"settings": {"app_settings": f"/dev/fd/{descriptor}", "tenant_settings": "x.json"}}),
                         ("names an open descriptor", {"env_file": f"/proc/self/fd/{descriptor}"}),
                         ("names an open descriptor", {"settings": {"app_settings": "/dev/stdout"}}),
                         ("\\./x.json .env_file. is to be written twice: x.json .app_settings. is the same file; give another path;",
                          {"settings": {"app_settings": "x.json"}, "env_file": "./x.json"}),
                         ("written twice", {"settings": {"app_settings": "here.json", "tenant_settings": "to-here.json"}}),
                         ("written twice", {"settings": {"app_settings": "same-folder/here.json", "tenant_settings": "here.json"}}),
                         ("written twice", {"settings": {"app_settings": "same-folder/x.json", "tenant_settings": os.path.abspath("x.json")}}),
                         ("a.json .app_settings.: it is the backup that is restored; give another path;", {"settings": {"app_settings": "a.json"}}),
                         ("it is the backup that is restored", {"env_file": "same-folder/a.json"}),
                         ("it is the path of the safety backup", {"settings": {"app_settings": "./safety.json"}, "safety_backup": "safety.json"}),
                         ("it is the path of the safety backup", {"env_file": "safety.json", "safety_backup": "same-folder/safety.json"}),
                         ("nowhere/x.json", {"settings": {"app_settings": "here.json", "tenant_settings": "nowhere/x.json"}}),
                         ("broken.json is not a JSON document", {"settings": {"app_settings": "broken.json"}})):
    fails("restore " + pattern, target, "adcp_restore", "a.json", pattern, force=True, **options)
    check("unchanged " + pattern, log[-1].endswith("database unchanged"), log[-1])
    equal("as it was " + pattern, (read("here.json"), target.execute("SELECT * FROM user").fetchall()), state)
equal("what was open is as it was", [read("open.json"), os.path.exists("x.json"), os.path.exists("safety.json")], ['{"precious":1}', False, False])
equal("the backup too", read("a.json"), text)
os.close(descriptor)
# Two names are two files, even where one is a link that leads to nothing, or a second name of the same file.
write("first.json", "{}")
os.link("first.json", "second.json")
equal("two names", call(connect(":memory:"), "adcp_restore", "a.json",
                        settings={"tenant_settings": "first.json", "feature_flags": "second.json"})["settings_written"], ["tenant_settings", "feature_flags"])
equal("each its own", [list(json.loads(read("first.json"))), "debug_mode" in json.loads(read("second.json"))], [["tenant_prompts"], True])
equal("a link to nothing", call(connect(":memory:"), "adcp_restore", "a.json", settings={"tenant_settings": "to-nothing.json"})["settings_written"],
      ["tenant_settings"])
check("is replaced itself", not os.path.islink("to-nothing.json") and not os.path.exists("x.json"))


# Files whose place no new file can take: that is seen before the restore begins. Some need the rights of root.
def mounted(name):
    write("mounted-from", read(name))
    run = subprocess.run(["mount", "--bind", "mounted-from", name], capture_output=True, text=True)
    if run.returncode:
        print("not allowed to mount:", run.stderr.strip())
    else:
        atexit.register(lambda: subprocess.run(["umount", "-l", os.path.abspath(name)], capture_output=True))
    return run.returncode == 0


def as_nobody(function):
    """What the function returns in a process of another user, which may use the current folder."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        os.write(into, json.dumps(function()).encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as file:
        got = json.loads(file.read())
    os.waitpid(child, 0)
    return got


write("mount.json", '{"here":1}')
if mounted("mount.json"):
    busy = connect("busy.db")
    busy.execute("CREATE TABLE user(id INTEGER PRIMARY KEY)")
    busy.execute("INSERT INTO user VALUES(9)")
    for options in ({"settings": {"tenant_settings": "mount.json"}}, {"env_file": "mount.json"}):
        fails("mount point", busy, "adcp_restore", "a.json", "cannot write mount.json: it is a mount point.*; database unchanged$", force=True, **options)
    equal("as it was, mounted", [read("mount.json"), busy.execute("SELECT * FROM user").fetchall()], ['{"here":1}', [(9,)]])
    subprocess.run(["umount", "mount.json"], check=True)
    equal("no mount point any more", call(busy, "adcp_restore", "a.json", force=True, settings={"tenant_settings": "mount.json"})["settings_written"],
          ["tenant_settings"])
if os.geteuid() == 0:
    memory = connect(":memory:")
    os.mkdir("sticky")
    os.chmod("sticky", 0o1777)
    os.chown("sticky", 8, 8)
    os.chmod(".", 0o755)
    os.chmod("a.json", 0o644)
    for mode in (0o644, 0o600):
        write("sticky/s.json", "{}")
        os.chmod("sticky/s.json", mode)
        os.chown("sticky/s.json", 7, 8)
        got = as_nobody(lambda: call(memory, "adcp_restore", "a.json", settings={"tenant_settings": "sticky/s.json"}))
        check(f"another's in a sticky folder {mode}", "sticky/s.json: it is another user's, and its folder is sticky" in got and got.endswith("database unchanged"), got)
    os.chown("sticky/s.json", 65534, 8)
    got = as_nobody(lambda: call(memory, "adcp_restore", "a.json", settings={"tenant_settings": "sticky/s.json"})["settings_written"])
    equal("his own", got, ["tenant_settings"])
    os.chown("sticky/s.json", 7, 8)
    equal("and root's may be whose they are", call(memory, "adcp_restore", "a.json", force=True, settings={"tenant_settings": "sticky/s.json"})["settings_written"],
          ["tenant_settings"])
# Digests and variables that a tool changed which wrote the document anew, without the CRCs of blocks.
def digests(**changes):
    return {"secret_digests": {**backup["secret_digests"], **changes}}


for name, change, pattern in (("algorithm", digests(algorithm="HMAC-MD5"), "no salt for HMAC-SHA-256"),
                              ("no salt", digests(salt=None), 'has no text "salt"'),
                              ("short salt", digests(salt="00"), "no salt for HMAC-SHA-256"),
                              ("no hexadecimal", digests(salt="z" * 64), "no salt for HMAC-SHA-256"),
                              ("no hmac", digests(values=[{"section": "app_settings", "path": "/gemini_api_key"}]), 'has no text "hmac"'),
                              ("no object", {"secret_digests": []}, "secret_digests is not an object"),
                              ("variables", {"app_settings": {"environment_variables": 1}}, "environment_variables is not an object")):
    write("damaged.json", json.dumps({**backup, **change}))
    fails("damaged " + name, target, "adcp_restore", "damaged.json", pattern, force=True, settings={"app_settings": "here.json"})
    equal("as it was, damaged " + name, (read("here.json"), target.execute("SELECT * FROM user").fetchall()), state)
fails("no variables", target, "adcp_restore", "plain.json", "no environment variables", env_file="x.env", force=True)
fails("no settings at all", target, "adcp_restore", "plain.json", 'has no settings "nix"; it was made without option "settings";', settings={"nix": "x.json"}, force=True)
fails("without force", target, "adcp_restore", "a.json", "force", settings={"app_settings": "here.json"})
equal("without force nothing is written", read("here.json"), state[0])
target.execute("BEGIN")
fails("in a transaction", target, "adcp_restore", "a.json", "outside a transaction", force=True, settings={"app_settings": "here.json"})
target.execute("ROLLBACK")
# The rows break the database's rule at the end of the restore: the staged files go, the old ones stay.
trigger = connect("strict.db")
trigger.execute("CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT CHECK(name <> 'y'), password TEXT, pin INT)")
fails("late failure", trigger, "adcp_restore", "a.json", "CHECK|constraint", mode="merge", settings={"app_settings": "here.json"})
equal("late failure: the file is as it was", read("here.json"), state[0])
equal("validate_only writes nothing", call(target, "adcp_restore", "a.json", force=True, validate_only=True,
                                           settings={"app_settings": "x.json"})["settings_written"], [])
check("no file", not os.path.exists("x.json"))
equal("no temporary files", glob.glob(".*adcp-tmp"), [])

# A merge leaves what the backup redacted.
merge = connect("merge.db")
merge.execute("CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT, password TEXT DEFAULT 'none', pin INT)")
merge.execute("INSERT INTO user VALUES(1, 'old', 'current', 1)")
call(merge, "adcp_restore", "a.json", mode="merge")
equal("merge", merge.execute("SELECT * FROM user").fetchall(), [(1, "x", "current", 4), (2, "y", "none", 5)])

# A restore that replaces the rows has nothing to keep them with: what is lost by that is said, also before.
def redaction_warnings(**options):
    said = [call(merge, "adcp_restore", "a.json", force=True, **options)["warnings"],
            [row[0] for row in merge.execute("SELECT detail FROM adcp_plan('a.json', ?) WHERE action = 'warning'", (json.dumps(options),))]]
    return [[text for text in texts if "redacted" in text] for texts in said]


LOST = ['column "password" of "user" was redacted in the backup: the values that are there go; {"mode":"merge"} keeps them']
equal("said before", redaction_warnings(validate_only=True), [LOST, LOST])
equal("nothing is lost by a merge", redaction_warnings(validate_only=True, mode="merge"), [[], []])
equal("nor under another name", redaction_warnings(validate_only=True, tables="user", rename={"user": "copy"}), [[], []])
equal("nor without rows", redaction_warnings(validate_only=True, tables="user", exclude_data="user"), [[], []])
equal("rows alone", redaction_warnings(validate_only=True, data_only=True), [LOST, LOST])
equal("said when it is done", call(merge, "adcp_restore", "a.json", force=True)["warnings"][-1:], LOST)
equal("nothing is there any more", redaction_warnings(), [[], []])

# ---- the env_file of the settings, and a backup without variables ----
other = connect("setting.db")
call(other, "adcp_backup", "without.json")
call(other, "adcp_backup", "with.json", env="EMB_MODEL")
other.execute("SELECT adcp_config('env_file', 'setting.env')").fetchall()
for path in ("without.json", "with.json"):
    report = call(other, "adcp_restore", path)
    equal(f"settings, {path}", [report["settings_written"], report["warnings"], os.path.exists("setting.env")],
          [["env_file"], [], True] if path == "with.json" else
          [[], ["the backup has no environment variables: the env_file of the settings, setting.env, is not written"], False])
equal("nor changed again", [call(other, "adcp_restore", "without.json")["settings_written"], read("setting.env")], [[], "EMB_MODEL=small\n"])
fails("one that is asked for", other, "adcp_restore", "without.json", "the backup has no environment variables; database unchanged$", env_file="asked.env")
equal("in a transaction", [other.execute("BEGIN").fetchall(), call(other, "adcp_restore", "without.json")["settings_written"], other.execute("COMMIT").fetchall()], [[], [], []])

# ---- a file that somebody changes while the restore runs ----
racing = sqlite3.connect(":memory:", isolation_level=None)
racing.enable_load_extension(True)
racing.load_extension(os.environ["ADCP_SO"])
during = []  # what happens at the index


def meanwhile(value):
    while during:
        during.pop()()
    return value


def write_anew(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


racing.create_function("meanwhile", 1, meanwhile, deterministic=True)
racing.execute("CREATE TABLE t(a)")
racing.execute("INSERT INTO t VALUES(1)")
racing.execute("CREATE INDEX i ON t(meanwhile(a))")
write("race.json", '{"key":"SECRET2"}')
call(racing, "adcp_backup", "race-b.json", settings={"s": "race.json"}, env="EMB_MODEL")
for name, change, said, files in (
        ("rewritten", lambda: write("race.json", '{"key":"rotated"}'), ["secrets_different"], ['{"key":"rotated"}', "EMB_MODEL=small\n"]),
        ("replaced", lambda: write_anew("race.json", '{"key":"rotated"}'), ["secrets_different"], ['{"key":"rotated"}', "EMB_MODEL=small\n"]),
        ("gone", lambda: os.unlink("race.json"), ["secrets_missing"], ['{"key":null}\n', "EMB_MODEL=small\n"]),
        ("made", lambda: write("race.env", "MINE=1\n"), ["secrets_same"], ['{"key":"SECRET2"}', "MINE=1\nEMB_MODEL=small\n"]),
        ("none", lambda: None, ["secrets_same"], ['{"key":"SECRET2"}', "EMB_MODEL=small\n"])):
    write("race.json", '{"key":"SECRET2"}')
    if os.path.exists("race.env"):
        os.unlink("race.env")
    during.append(change)
    report = call(racing, "adcp_restore", "race-b.json", force=True, trust_schema=True, settings={"s": "race.json"}, env_file="race.env")
    equal(f"{name} meanwhile", [said for said in ("secrets_same", "secrets_different", "secrets_missing") if report[said]], said)
    equal(f"{name}: the files", [read("race.json"), read("race.env")], files)
write("race.json", '{"key":"SECRET2"}')
call(racing, "adcp_backup", "race-w.json", settings={"s": "race.json"})
racing.execute("SELECT adcp_config('env_file', 'race.env')").fetchall()
during.append(lambda: write("race.json", '{"key":"rotated"}'))
report = call(racing, "adcp_restore", "race-w.json", force=True, trust_schema=True, settings={"s": "race.json"})
equal("warnings are said once", [report["secrets_different"], [w for w in report["warnings"] if "race.env" in w]],
      [["s/key"], ["the backup has no environment variables: the env_file of the settings, race.env, is not written"]])
racing.execute("SELECT adcp_config('env_file', NULL)").fetchall()
write("race.json", '{"key":"SECRET2"}')
os.unlink("race.env")
racing.execute("INSERT INTO t VALUES(2)")
during.append(lambda: write("race.json", "{"))
fails("broken meanwhile", racing, "adcp_restore", "race-b.json", "^adcp_restore: race-b.json: race.json is not a JSON document: .*; database unchanged$",
      force=True, trust_schema=True, settings={"s": "race.json"}, env_file="race.env")
equal("nothing is written", [racing.execute("SELECT count(*) FROM t").fetchone(), read("race.json"), os.path.exists("race.env")], [(2,), "{", False])
equal("no temporary file is left", glob.glob(".*race*"), [])

# ---- settings of the connection ----
db.execute("SELECT adcp_config('settings', ?), adcp_config('env', 'EMB_MODEL')", ('{"tenant_settings":"tenant.json"}',)).fetchall()
call(db, "adcp_backup", "config.json")
check("defaults of a backup", '"tenant_settings":{' in read("config.json") and '"EMB_MODEL":"small"' in read("config.json"))
write("tenant.json", '{"edited":1}')
target.execute("SELECT adcp_config('settings', ?)", ('{"tenant_settings":"tenant.json"}',)).fetchall()
equal("a restore writes only what the call names", call(target, "adcp_restore", "config.json", force=True)["settings_written"], [])
equal("the file stays", read("tenant.json"), '{"edited":1}')

# ---- the relations and the log show none either ----
db.execute("SELECT adcp_config('log_file', 'log.jsonl')").fetchall()
call(db, "adcp_backup", "logged.json", settings={"app_settings": "app.json"}, env="API_KEY", redact=["user.password"])
fails("logged", db, "adcp_backup", "no.json", "bad.json", settings={"app_settings": "bad.json"})
log.append(read("log.jsonl"))
for sql in ("SELECT * FROM adcp_backups('.')", "SELECT * FROM adcp_contents('logged.json')", "SELECT adcp_info('logged.json')",
            "SELECT * FROM adcp_check('a.json')", "SELECT adcp_info()", "SELECT adcp_config()"):
    log.append(repr(db.execute(sql).fetchall()))
equal("the log has both", len(read("log.jsonl").splitlines()), 2)

# ---- no report and no message shows a secret ----
for secret in SECRETS:
    check("no secret in any report or message", not any(secret in line for line in log), secret)

done()
