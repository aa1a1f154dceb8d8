"""forge.py - changes a plain .json backup and mends what guards it: counts, digests, blocks, the end line.

A Forgery holds the parts of a backup as adcp writes it; every part may be changed; text() gives a document
whose CRCs and digests fit the changed parts. With the standard library alone.
"""

import base64
import gzip
import hashlib
import json
import zlib

END_LINE_BYTES = 81
BLOCK_BYTES = 1 << 20


def string(text):
    out = ['"']
    for c in str(text):
        if c in '"\\':
            out.append("\\" + c)
        elif c < " ":
            short = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
            out.append(short.get(c) or f"\\u{ord(c):04x}")
        else:
            out.append(c)
    return "".join(out) + '"'


def name_bytes(spelling):
    spelling = str(spelling)
    if spelling.startswith("$text:"):
        return base64.b64decode(spelling[6:])
    return (spelling[1:] if spelling.startswith("$$") else spelling).encode()


class Forgery:
    """head: text before the rows; tables: [name, [row line, ...]]; marks: of the manifest; all are free to be changed."""

    marks = []

    def __init__(self, text):
        start = text.index('\n"tables":{') + len('\n"tables":{')
        end = text.index('\n"backup_manifest":')
        self.head = text[:start]
        self.manifest = json.loads("{" + text[end + 1 :])["backup_manifest"]
        self.tables = []
        for line in text[start:end].split("\n"):
            if line.endswith(":["):
                self.tables.append([json.loads(line[:-2]), []])
            elif line.startswith("{"):
                self.tables[-1][1].append(line.rstrip(","))

    def schema(self):
        return json.loads(self.head + "}}")["database_schema"]

    def objects(self, change):
        """Replaces the list of schema objects by change(list)."""
        start = self.head.index('"objects":[') + len('"objects":[')
        end = self.head.index('\n],"tables":{', start)
        items = change(json.loads("[" + self.head[start:end] + "]"))
        dump = lambda item: json.dumps(item, separators=(",", ":"), ensure_ascii=False)
        self.head = self.head[:start] + "\n" + ",\n".join(map(dump, items)) + self.head[end:]

    def rows(self, name):
        return next(rows for table, rows in self.tables if table == name)

    def text(self):
        body, entries = [self.head.encode()], []
        at = len(body[0])
        for i, (name, rows) in enumerate(self.tables):
            opening = (",\n" if i else "\n") + string(name) + ":[\n"
            lines = ",\n".join(rows)
            closing = "\n]" if rows else "]"
            digest = hashlib.sha256("".join(row + "\n" for row in rows).encode())
            offset = at + len(opening.encode())
            entries.append(
                {
                    "name": name,
                    "rows": len(rows),
                    "bytes": sum(len(row.encode()) + 1 for row in rows),
                    "block": offset // BLOCK_BYTES,
                    "offset": offset % BLOCK_BYTES,
                    "sha256": digest.hexdigest(),
                }
            )
            body.append((opening + lines + closing).encode())
            at += len(body[-1])
        body.append(b"},\n")
        raw = b"".join(body)
        return raw + self.end(raw, entries)

    def end(self, raw, entries):
        content, full = self.digests(entries)
        lines = ",\n".join(json.dumps(e, separators=(",", ":"), ensure_ascii=False) for e in entries)
        parts = [raw[at : at + BLOCK_BYTES] for at in range(0, len(raw), BLOCK_BYTES)]
        blocks = ",\n".join(f"[{len(part)},{len(part)},{zlib.crc32(part)}]" for part in parts)
        lists = (
            f'\n"rows":{sum(e["rows"] for e in entries)},"bytes":{len(raw)},'
            f'"content_sha256":"{content}","full_sha256":"{full}","tables":[\n{lines}\n],"blocks":[\n'
            f"{blocks}\n],\"marks\":{json.dumps(self.marks)},\"text_at\":\"{len(raw):020d}\"}},\n"
        )
        manifest = (self.summary(raw, entries, content, full, lists) + lists).encode()
        end = f'"backup_end":{{"manifest_at":"{len(raw):020d}","manifest_crc32":"{zlib.crc32(manifest):08x}"}}}}\n'
        return manifest + end.encode()

    def summary(self, raw, entries, content, full, lists):
        """The manifest's first line. The size that it says is that of the document with this line."""
        metadata = self.head[len('{"backup_metadata":') : self.head.index(',\n"database_schema"')]
        try:
            kinds = {name: table.get("kind") for name, table in self.schema()["tables"].items()}
        except (ValueError, AttributeError):
            kinds = {}
        rows = [e["rows"] for e in entries if kinds.get(e["name"]) == "ordinary"]
        head = raw.index(b'\n"tables":{') + 1
        crc_of_tables = zlib.crc32("".join(json.dumps(e, separators=(",", ":"), ensure_ascii=False) for e in entries).encode())
        size = 0
        while True:
            summary = (
                f'{{"tables":{len(rows)},"rows":{sum(rows)},"bytes":{size},"content_sha256":"{content}",'
                f'"full_sha256":"{full}","metadata_crc32":"{zlib.crc32(metadata.encode()):08x}",'
                f'"head_bytes":{head},"head_crc32":"{zlib.crc32(raw[:head]):08x}","tables_crc32":"{crc_of_tables:08x}"}}'
            )
            crc = zlib.crc32(summary.encode())
            line = f'"backup_manifest":{{"summary":{summary},"summary_crc32":"{crc:08x}",'
            whole = len(raw) + len((line + lists).encode()) + END_LINE_BYTES
            if whole == size:
                return line
            size = whole

    def digests(self, entries):
        try:
            schema = self.schema()
        except ValueError:
            return "0" * 64, "0" * 64
        derived = {
            name for name, table in schema["tables"].items() if table.get("kind") in ("shadow", "stat")
        }
        lines = []
        for item in schema["objects"]:
            if item.get("sql") is None:
                continue
            sql = item["sql"]
            sql = string(sql) if isinstance(sql, str) else json.dumps(sql, separators=(",", ":"))
            line = f'["{item["type"]}",{string(item["name"])},{sql}]\n'
            lines.append(((0, name_bytes(item["name"]), item["type"]), item["tbl_name"] in derived, line))
        for e in entries:
            line = f'[{string(e["name"])},{e["rows"]},"{e["sha256"]}"]\n'
            out = e["name"] in derived or (e["rows"] == 0 and e["name"] == "sqlite_sequence")
            lines.append(((1, name_bytes(e["name"]), ""), out, line))
        lines.sort(key=lambda item: item[0])
        content = hashlib.sha256("".join(line for _, out, line in lines if not out).encode())
        full = hashlib.sha256("".join(line for _, _, line in lines).encode())
        return content.hexdigest(), full.hexdigest()


def compress(text):
    """One gzip member as any tool writes it: read as a foreign file."""
    return gzip.compress(text, mtime=0)
