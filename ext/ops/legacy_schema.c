/*
** legacy_schema.c - the application's own schema, as it creates it (contract in legacy_schema.h).
**
** products_fts declares a column, product_id, that its content table lacks. That is the
** application's: MATCH works, FTS5's 'rebuild' does not.
*/
#include "ops/legacy_schema.h"

#include <stddef.h>

/* clang-format off */
const char *const adcp_legacy_schema[] = {
    "CREATE TABLE tenant (\n"
    "  id INTEGER NOT NULL PRIMARY KEY,\n"
    "  name VARCHAR(255) NOT NULL,\n"
    "  slug VARCHAR(255) NOT NULL,\n"
    "  custom_prompt VARCHAR,\n"
    "  web_grounding_prompt VARCHAR,\n"
    "  enable_web_context BOOLEAN NOT NULL,\n"
    "  created_at DATETIME NOT NULL\n"
    ")",
    "CREATE UNIQUE INDEX ix_tenant_slug ON tenant (slug)",
    "CREATE TABLE product (\n"
    "  id INTEGER NOT NULL PRIMARY KEY,\n"
    "  tenant_id INTEGER NOT NULL,\n"
    "  name VARCHAR(255) NOT NULL,\n"
    "  description VARCHAR,\n"
    "  price_cpm FLOAT NOT NULL,\n"
    "  delivery_type VARCHAR(100) NOT NULL,\n"
    "  formats_json VARCHAR,\n"
    "  targeting_json VARCHAR,\n"
    "  created_at DATETIME NOT NULL,\n"
    "  FOREIGN KEY(tenant_id) REFERENCES tenant (id)\n"
    ")",
    "CREATE TABLE externalagent (\n"
    "  id INTEGER NOT NULL PRIMARY KEY,\n"
    "  name VARCHAR(255) NOT NULL,\n"
    "  base_url VARCHAR(500) NOT NULL,\n"
    "  enabled BOOLEAN NOT NULL,\n"
    "  agent_type VARCHAR(50) NOT NULL,\n"
    "  protocol VARCHAR(10) NOT NULL,\n"
    "  created_at DATETIME NOT NULL\n"
    ")",
    "CREATE TABLE product_embeddings (\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "  product_id INTEGER NOT NULL,\n"
    "  embedding_text TEXT NOT NULL,\n"
    "  embedding_hash TEXT NOT NULL,\n"
    "  embedding BLOB NOT NULL,\n"
    "  provider TEXT, model TEXT, dim INTEGER, updated_at TEXT,\n"
    "  is_stale INTEGER DEFAULT 0,\n"
    "  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,\n"
    "  FOREIGN KEY (product_id) REFERENCES product(id)\n"
    ")",
    "CREATE UNIQUE INDEX idx_product_embeddings_version\n"
    "  ON product_embeddings(product_id, provider, model)",
    "CREATE INDEX idx_product_embeddings_current\n"
    "  ON product_embeddings(provider, model, is_stale) WHERE is_stale = 0",
    "CREATE VIRTUAL TABLE products_fts USING fts5(\n"
    "  product_id UNINDEXED, name, description,\n"
    "  content='product', content_rowid='id'\n"
    ")",
    "CREATE TRIGGER products_fts_insert AFTER INSERT ON product BEGIN\n"
    "  INSERT INTO products_fts(rowid, product_id, name, description)\n"
    "  VALUES (new.id, new.id, new.name, new.description);\n"
    "END",
    "CREATE TRIGGER products_fts_delete AFTER DELETE ON product BEGIN\n"
    "  INSERT INTO products_fts(products_fts, rowid, product_id, name, description)\n"
    "  VALUES ('delete', old.id, old.id, old.name, old.description);\n"
    "END",
    "CREATE TRIGGER products_fts_update AFTER UPDATE ON product BEGIN\n"
    "  INSERT INTO products_fts(products_fts, rowid, product_id, name, description)\n"
    "  VALUES ('delete', old.id, old.id, old.name, old.description);\n"
    "  INSERT INTO products_fts(rowid, product_id, name, description)\n"
    "  VALUES (new.id, new.id, new.name, new.description);\n"
    "END",
    NULL,
};
/* clang-format on */
