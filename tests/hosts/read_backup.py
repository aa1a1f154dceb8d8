#!/usr/bin/env python3
"""read_backup.py - reads adcp backups as docs/FORMAT.md says, with the standard library alone.

    read_backup.py FILE NEW.sqlite3                 checks a backup and rebuilds the database
    read_backup.py FILE                             checks a backup: every count and digest
    read_backup.py --list FILE                      what a list shows of it, from its head and tail
    read_backup.py --table NAME FILE [NEW.sqlite3]  one table, found by the locator: prints its rows, or
                                                    rebuilds that table

It shares no code with the extension and does not load it. "Section" in comments means one of FORMAT.md.
"""
import argparse
import base64
import gzip
import hashlib
import json
import re
import sqlite3
import sys
import zlib
from decimal import Decimal

END_LINE_BYTES = 81
TRAILER_BYTES = 8
TAIL_BYTES = 4096
INT64 = range(-(2**63), 2**63)


class BadBackup(Exception):
    pass


def check(condition, message):
    if not condition:
        raise BadBackup(message)


# ---- JSON ----

def unique_members(pairs):
    members = dict(pairs)
    check(len(members) == len(pairs), "a key stands twice")
    return members


def not_a_number(text):
    raise BadBackup(f"{text} is not JSON")


def parse(text):
    """text: bytes. Integers stay integers of any size, numbers with '.' or 'e' become floats."""
    try:
        return json.loads(text.decode("utf-8-sig"), object_pairs_hook=unique_members, parse_constant=not_a_number)
    except ValueError as error:
        raise BadBackup(f"not JSON: {error}") from None


# ---- names and texts outside rows: section 3 ----

def decode_name(spelling):
    if spelling.startswith("$text:"):
        raw = base64.b64decode(spelling[6:], validate=True)
        try:
            raw.decode()
        except UnicodeDecodeError:
            return raw.decode(errors="surrogateescape")
        raise BadBackup("a $text: name that is UTF-8")
    if spelling.startswith("$"):
        check(spelling.startswith("$$"), f"the name {spelling!r} begins with a single $")
        return spelling[1:]
    return spelling


def name_bytes(name):
    return name.encode(errors="surrogateescape")


def decode_text(value):
    if isinstance(value, dict):
        return base64.b64decode(value["$text"], validate=True).decode(errors="surrogateescape")
    return value


def quote(name):
    return '"' + name.replace('"', '""') + '"'


# ---- values: section 5 ----

class Raw:
    """Text that is no Python string: bytes in UTF-8, or in UTF-16LE where is_utf16."""

    def __init__(self, raw, is_utf16):
        self.raw, self.is_utf16 = raw, is_utf16


def decode_value(value):
    if isinstance(value, dict):
        check(len(value) == 1, "a value with more than its tag")
        (tag, text), = value.items()
        check(isinstance(text, str), "a tag whose value is not a string")
        if tag == "$blob":
            return base64.b64decode(text, validate=True)
        if tag == "$hex":
            return bytes.fromhex(text)
        if tag == "$text":
            return Raw(base64.b64decode(text, validate=True), False)
        if tag == "$text16":
            return Raw(base64.b64decode(text, validate=True), True)
        if tag == "$real" and text in ("Infinity", "-Infinity"):
            return float(text)
        raise BadBackup(f"unknown tag {tag}")
    check(value is None or type(value) in (int, float, str), "no value of a row")
    if type(value) is int:
        check(value in INT64, "an integer outside 64 bits")
    if type(value) is float:
        check(abs(value) != float("inf"), "a real that overflows")
    return value


def real_text(value):
    """Number::toString of ECMAScript, and .0 where that looks like an integer."""
    if value == 0:
        return "-0.0" if str(value)[0] == "-" else "0.0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits)) + ".0"
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{point - 1:+d}"
    return "-" + text if sign else text


def string_text(text):
    return json.dumps(text, ensure_ascii=False)  # escapes exactly what section 5 says


def tagged_text(tag, text):
    return f'{{"{tag}":"{text}"}}'


def value_text(value, shadow):
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if abs(value) == float("inf"):
            return tagged_text("$real", "Infinity" if value > 0 else "-Infinity")
        return real_text(value)
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, Raw):
        return tagged_text("$text16" if value.is_utf16 else "$text", base64.b64encode(value.raw).decode())
    if shadow:
        return tagged_text("$hex", value.hex())
    return tagged_text("$blob", base64.b64encode(value).decode())


# ---- tables: section 4 ----

class Table:
    def __init__(self, spelling, description):
        self.spelling = spelling
        self.name = decode_name(spelling)
        self.kind = description["kind"]
        self.rowid_name = description.get("rowid_name")
        self.keys, self.columns = [], []
        if description.get("rowid"):
            self.keys.append("$rowid")
            self.columns.append(self.rowid_name)
        for column in description["columns"]:
            if not column.get("generated") and not column.get("hidden"):
                self.keys.append(column["name"])
                self.columns.append(quote(decode_name(column["name"])))

    def values(self, row):
        check(isinstance(row, dict) and len(row) == len(self.keys) and all(key in row for key in self.keys),
              f"table {self.name!r}: a row with other keys than the table's columns")
        return [decode_value(row[key]) for key in self.keys]

    def row_text(self, values):
        shadow = self.kind == "shadow"
        members = (f"{string_text(key)}:{value_text(value, shadow)}" for key, value in zip(self.keys, values))
        return ("{" + ",".join(members) + "}").encode()

    def rows(self, rows, entry):
        """The rows' values; counted and digested."""
        digest, result, size = hashlib.sha256(), [], 0
        for row in rows:
            values = self.values(row)
            line = self.row_text(values) + b"\n"
            digest.update(line)
            size += len(line)
            result.append(values)
        check(len(result) == entry["rows"], f"table {self.name!r}: {len(result)} rows, not {entry['rows']}")
        check((size, digest.hexdigest()) == (entry["bytes"], entry["sha256"]),
              f"table {self.name!r}: the rows have another digest: another tool changed numbers or text")
        return result


# ---- the file: sections 6 and 8 ----

class File:
    """A file that counts what is read of it."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.size = self.file.seek(0, 2)
        self.is_gzip = self.read(0, 2) == b"\x1f\x8b"
        self.first = 10 if self.is_gzip else 0
        self.reads, self.bytes_read = 0, 0

    def read(self, offset, size):
        self.file.seek(offset)
        data = self.file.read(size)
        self.reads, self.bytes_read = getattr(self, "reads", 0) + 1, getattr(self, "bytes_read", 0) + len(data)
        return data

    def text(self):
        """The whole text."""
        data = self.read(0, self.size)
        try:
            return gzip.decompress(data) if self.is_gzip else data
        except (EOFError, zlib.error, OSError) as error:
            raise BadBackup(f"the container is incomplete or damaged: {error}") from None

    def end_line(self):
        """(manifest_at, manifest_crc32); None where the file does not end with such a line."""
        tail = self.read(max(0, self.size - TAIL_BYTES), TAIL_BYTES)
        tail = tail[:-TRAILER_BYTES] if self.is_gzip else tail.rstrip(b" \t\r\n") + b"\n"
        line = tail[-END_LINE_BYTES:]
        if not line.startswith(b'"backup_end":{'):
            return None
        end = parse(b"{" + line[:-2] + b"}")["backup_end"]
        start, crc = int(end["manifest_at"]), int(end["manifest_crc32"], 16)
        unpacked = not self.is_gzip and re.search(rb',"text_at":"(\d{20})"},\n$', tail[:-END_LINE_BYTES])
        return (int(unpacked[1]) if unpacked else start), crc

    def manifest(self):
        """The manifest, found by the locator; None where that does not lead to it."""
        end = self.end_line()
        if end is None:
            return None
        start, crc = end
        text = self.read(start, self.size - start)
        if self.is_gzip:
            try:
                text = zlib.decompressobj(-15).decompress(text)
            except zlib.error:
                return None
        text = text[:text.rfind(b'"backup_end"')]
        if zlib.crc32(text) != crc:
            return None
        return parse(b"{" + text.rstrip(b",\n") + b"}")["backup_manifest"]

    def first_line(self, start, opening):
        """The value that stands behind `opening` at a block's start, and what follows its last brace."""
        data = self.read(start, 4096)
        text = zlib.decompressobj(-15).decompress(data, 4096) if self.is_gzip else data
        check(text.startswith(opening), "the file does not have its first lines")
        line = text[len(opening):].split(b"\n")[0]
        value = line[:line.rindex(b"}") + 1]
        return value, line[len(value):]

    def listed(self):
        """What a list shows: three small reads."""
        start, _ = self.end_line()
        summary, rest = self.first_line(start, b'"backup_manifest":{"summary":')
        check(rest == b',"summary_crc32":"%08x",' % zlib.crc32(summary), "the summary is damaged")
        metadata, _ = self.first_line(self.first, b'{"backup_metadata":')
        summary = parse(summary)
        check("%08x" % zlib.crc32(metadata) == summary["metadata_crc32"], "backup_metadata is damaged")
        return parse(metadata), summary

    def blocks(self, manifest, number):
        """The raw texts of the blocks from a number on."""
        in_file = 0 if self.is_gzip else 1
        start = self.first + sum(block[in_file] for block in manifest["blocks"][:number])
        for block in manifest["blocks"][number:]:
            size, raw_size, crc = block[in_file], block[1], block[2]
            raw = self.read(start, size)
            if self.is_gzip:
                raw = zlib.decompressobj(-15).decompress(raw)
            check(len(raw) == raw_size and zlib.crc32(raw) == crc, f"block at {start} is damaged")
            start += size
            yield raw

    def head(self, manifest):
        """Everything before the rows."""
        text = b""
        for block in self.blocks(manifest, 0):
            text += block
            for stop in (b',\n"tables":{\n', b',\n"tables":{}'):
                if stop in text:
                    return parse(text[:text.index(stop)] + b"}")
        raise BadBackup("no rows")

    def table_text(self, manifest, entry):
        """The rows of one table as they stand: an array without its brackets."""
        size = entry["bytes"] + max(0, entry["rows"] - 1)
        text, skip = b"", entry["offset"]
        for block in self.blocks(manifest, entry["block"]):
            text += block[skip:]
            skip = 0
            if len(text) > size:
                break
        check(text[size:size + 1] == b"]", "a table's position is wrong")
        return text[:size]


# ---- digests of the whole: section 7 ----

def text_or_tag(text):
    try:
        text.encode()
        return string_text(text)
    except UnicodeEncodeError:
        return tagged_text("$text", base64.b64encode(name_bytes(text)).decode())


def check_digests(schema, tables, manifest):
    derived = {table.name for table in tables.values() if table.kind in ("shadow", "stat")}
    lines = []
    for item in schema["objects"]:
        if item.get("sql") is not None:
            line = f'["{item["type"]}",{string_text(item["name"])},{text_or_tag(decode_text(item["sql"]))}]\n'
            order = (0, name_bytes(decode_name(item["name"])), item["type"])
            lines.append((order, decode_name(item["tbl_name"]) in derived, line))
    for entry in manifest["tables"]:
        line = f'[{string_text(entry["name"])},{entry["rows"]},"{entry["sha256"]}"]\n'
        name = decode_name(entry["name"])
        empty_sequence = entry["rows"] == 0 and name == "sqlite_sequence"
        lines.append(((1, name_bytes(name), ""), name in derived or empty_sequence, line))
    lines.sort(key=lambda item: item[0])
    content = hashlib.sha256("".join(line for _, is_derived, line in lines if not is_derived).encode())
    full = hashlib.sha256("".join(line for _, _, line in lines).encode())
    check(content.hexdigest() == manifest["content_sha256"], "content_sha256 differs")
    check(full.hexdigest() == manifest["full_sha256"], "full_sha256 differs")


def check_summary(manifest, tables):
    summary = manifest.get("summary")
    if summary is not None:
        rows = [entry["rows"] for entry in manifest["tables"] if tables[entry["name"]].kind == "ordinary"]
        check((summary["tables"], summary["rows"], summary["content_sha256"]) ==
              (len(rows), sum(rows), manifest["content_sha256"]), "the summary contradicts the manifest")


def check_metadata(metadata):
    check(metadata.get("format") == "adcp-backup", "not a backup")
    check(metadata["version"].split(".")[0] == "3", f"format version {metadata['version']} is not read here")
    check(set(metadata.get("requires", [])) <= {"fts_rebuild"}, f"the backup requires {metadata.get('requires')}")


def read_whole(file):
    """(metadata, schema, tables by spelling, [(table, rows)]), everything checked."""
    document = parse(file.text())
    check("backup_metadata" in document, "not a backup")
    check_metadata(document["backup_metadata"])
    check("backup_manifest" in document and "backup_end" in document, "incomplete")
    schema, manifest = document["database_schema"], document["backup_manifest"]
    tables = {key: Table(key, value) for key, value in schema["tables"].items()}
    entries = {entry["name"]: entry for entry in manifest["tables"]}
    check(entries.keys() == document["tables"].keys(), "tables and manifest do not have the same tables")
    rows = [(tables[key], tables[key].rows(value, entries[key])) for key, value in document["tables"].items()]
    check(sum(len(values) for _, values in rows) == manifest["rows"], "another number of rows")
    check_digests(schema, tables, manifest)
    check_summary(manifest, tables)
    return document["backup_metadata"], schema, rows


def read_table(file, name):
    """The same for one table, by its position."""
    manifest = file.manifest()
    check(manifest is not None, "the end line does not lead to a manifest")
    entry = next((item for item in manifest["tables"] if decode_name(item["name"]) == name), None)
    check(entry is not None, f"no table {name!r}")
    text = file.table_text(manifest, entry)
    return manifest, entry, text


# ---- rebuilding: section 10 ----

class Database:
    def __init__(self, path, metadata):
        figures = metadata["database"]
        self.db = sqlite3.connect(path, isolation_level=None)
        self.encoding = figures["encoding"]
        self.db.execute(f"PRAGMA encoding = '{self.encoding}'")
        self.db.execute(f"PRAGMA page_size = {int(figures['page_size'])}")
        self.db.execute(f"PRAGMA auto_vacuum = {int(figures['auto_vacuum'])}")
        self.db.execute("PRAGMA foreign_keys = OFF")
        self.db.execute("PRAGMA ignore_check_constraints = ON")
        self.db.execute("CREATE TEMP TABLE raw(id INTEGER PRIMARY KEY, bytes BLOB)")
        self.db.execute("BEGIN")

    def create(self, schema, types, only=None):
        shadows = {key for key, value in schema["tables"].items() if value["kind"] == "shadow"}
        for item in schema["objects"]:
            if item["type"] not in types or "sql" not in item or item["name"] in shadows:
                continue
            if only is None or decode_name(item["tbl_name"]) == only:
                self.db.execute(decode_text(item["sql"]))

    def native(self, value):
        """(SQL, value) of a bound value. Text that cannot be bound is cast from a blob that the database
        holds, in the database's own encoding."""
        is_utf16 = self.encoding != "UTF-8"
        if isinstance(value, str) and is_utf16 and ("\ufffe" in value or "\uffff" in value):
            value = Raw(value.encode("utf-16-le"), True)
        if not isinstance(value, Raw):
            return "?", value
        raw = value.raw
        if self.encoding == "UTF-16be":
            whole = len(raw) // 2 * 2
            raw = b"".join(raw[i + 1:i + 2] + raw[i:i + 1] for i in range(0, whole, 2)) + raw[whole:]
        number = self.db.execute("INSERT INTO temp.raw(bytes) VALUES(?)", (raw,)).lastrowid
        return "(SELECT CAST(bytes AS TEXT) FROM temp.raw WHERE id = ?)", number

    def fill(self, table, rows):
        if table.kind == "stat":
            self.db.execute("ANALYZE sqlite_schema")
        name = quote(table.name)
        self.db.execute(f"DELETE FROM main.{name}")
        for values in rows:
            bound = [self.native(value) for value in values]
            places = ", ".join(sql for sql, _ in bound)
            self.db.execute(f"INSERT INTO main.{name}({', '.join(table.columns)}) VALUES({places})",
                            [value for _, value in bound])

    def finish(self, metadata):
        self.db.execute(f"PRAGMA user_version = {int(metadata['database']['user_version'])}")
        self.db.execute(f"PRAGMA application_id = {int(metadata['database']['application_id'])}")
        self.db.execute("COMMIT")
        self.db.close()


def rebuild(path, metadata, schema, rows):
    database = Database(path, metadata)
    database.create(schema, ("table",))
    for table, values in sorted(rows, key=lambda item: item[0].kind == "sequence"):
        database.fill(table, values)
    database.create(schema, ("index",))
    database.create(schema, ("view", "trigger"))
    for key, table in schema["tables"].items():
        if table.get("rebuild"):
            name = quote(decode_name(key))
            database.db.execute(f"INSERT INTO {name}({name}) VALUES('rebuild')")
    database.finish(metadata)


def rebuild_table(path, file, manifest, entry, text):
    head = file.head(manifest)
    schema, metadata = head["database_schema"], head["backup_metadata"]
    check_metadata(metadata)
    table = Table(entry["name"], schema["tables"][entry["name"]])
    database = Database(path, metadata)
    database.create(schema, ("table",), table.name)
    database.fill(table, table.rows(parse(b"[" + text + b"]"), entry))
    database.create(schema, ("index",), table.name)
    database.finish(metadata)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--table")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("file")
    arguments.add_argument("new", nargs="?")
    options = arguments.parse_args()
    file = File(options.file)
    try:
        if options.list:
            metadata, summary = file.listed()
            print(json.dumps([metadata["created_at"], summary["tables"], summary["rows"], summary["bytes"],
                              summary["content_sha256"]]))
        elif options.table is not None:
            manifest, entry, text = read_table(file, options.table)
            if options.new:
                rebuild_table(options.new, file, manifest, entry, text)
            else:
                sys.stdout.buffer.write(text)
            print(f"{entry['rows']} rows; {file.reads} reads of {file.bytes_read} bytes in all", file=sys.stderr)
        else:
            metadata, schema, rows = read_whole(file)
            if options.new:
                rebuild(options.new, metadata, schema, rows)
            print(f"{len(rows)} tables, {sum(len(values) for _, values in rows)} rows", file=sys.stderr)
    except BadBackup as error:
        sys.exit(f"read_backup.py: {options.file}: {error}")


if __name__ == "__main__":
    main()
