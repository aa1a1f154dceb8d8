"""Writes a backup of version 2.0 as the application's earlier Python tool did: a dictionary of lists of
rows, json.dump(indent=2), gzipped where the name ends in .gz.

    make_legacy.py app.sqlite3 out.json[.gz]
"""
import gzip
import json
import sqlite3
import struct
import sys

BOOLEANS = {"enable_web_context", "enabled"}


def rows(db, table, order="id"):
    result = []
    cursor = db.execute(f"SELECT * FROM {table} ORDER BY {order}")
    names = [column[0] for column in cursor.description]
    for values in cursor:
        row = dict(zip(names, values))
        for name, value in row.items():
            if name in BOOLEANS:
                row[name] = bool(value)
            elif name == "created_at" and table != "product_embeddings":
                row[name] = value.replace(" ", "T")
            elif name == "embedding":
                row[name] = list(struct.unpack(f"<{len(value) // 4}f", value))
        result.append(row)
    return result


def document(path):
    db = sqlite3.connect(path)
    tables = {"tenants": rows(db, "tenant"), "products": rows(db, "product"),
              "external_agents": rows(db, "externalagent"), "product_embeddings": rows(db, "product_embeddings")}
    return {
        "backup_metadata": {
            "version": "2.0", "created_at": "2025-09-02T08:57:42.921863", "backup_type": "comprehensive_backup",
            "data_counts": {name: len(table) for name, table in tables.items()},
            "system_info": {"python_version": "3.12.4", "database_path": "data/adcp_demo.sqlite3"},
        },
        **tables,
        "app_settings": {"gemini_api_key": "EXAMPLE-KEY-0000-not-a-secret", "rag_top_k": 50, "ratio": 1.0},
        "tenant_settings": {"tenant_prompts": {}, "exported_at": "2025-09-02T08:57:42.921863"},
        "database_schema": {"tables": ["tenant", "product", "externalagent", "product_embeddings"]},
        "fts_tables": {"products_fts": {"columns": ["product_id", "name", "description"]}},
        "environment_config": {"EMB_MODEL": None},
        "feature_flags": {"web_context_enabled": False},
    }


def write(value, path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "wt", encoding="utf-8") as file:
        json.dump(value, file, indent=2)


if __name__ == "__main__":
    write(document(sys.argv[1]), sys.argv[2])
