-- demo.sql - a sample database in the shape of the AdCP demo: tenants, their advertising products, a
-- full-text index that triggers keep up to date, and embeddings. Every row is computed, so that
-- each run makes the same database:
--
--   sqlite3 sample.sqlite3 < sql/demo.sql
--
-- The application's own trap is kept: products_fts declares a column (product_id) that its
-- content table lacks, so that FTS5's 'rebuild' fails on it although MATCH works.
PRAGMA foreign_keys = ON;
PRAGMA application_id = 0x41644350; -- "AdCP"
PRAGMA user_version = 7;
BEGIN;

CREATE TABLE tenant (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  slug VARCHAR(255) NOT NULL,
  custom_prompt VARCHAR,
  web_grounding_prompt VARCHAR,
  enable_web_context BOOLEAN NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX ix_tenant_slug ON tenant (slug);

CREATE TABLE product (
  id INTEGER NOT NULL PRIMARY KEY,
  tenant_id INTEGER NOT NULL,
  name VARCHAR(255) NOT NULL,
  description VARCHAR,
  price_cpm FLOAT NOT NULL,
  delivery_type VARCHAR(100) NOT NULL,
  formats_json VARCHAR,
  targeting_json VARCHAR,
  created_at DATETIME NOT NULL,
  FOREIGN KEY(tenant_id) REFERENCES tenant (id)
);

CREATE TABLE externalagent (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  base_url VARCHAR(500) NOT NULL,
  enabled BOOLEAN NOT NULL,
  agent_type VARCHAR(50) NOT NULL,
  protocol VARCHAR(10) NOT NULL,
  created_at DATETIME NOT NULL
);

CREATE TABLE product_embeddings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL,
  embedding_text TEXT NOT NULL,
  embedding_hash TEXT NOT NULL,
  embedding BLOB NOT NULL,
  provider TEXT, model TEXT, dim INTEGER, updated_at TEXT,
  is_stale INTEGER DEFAULT 0,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  FOREIGN KEY (product_id) REFERENCES product(id)
);
CREATE UNIQUE INDEX idx_product_embeddings_version
  ON product_embeddings(product_id, provider, model);
CREATE INDEX idx_product_embeddings_current
  ON product_embeddings(provider, model, is_stale) WHERE is_stale = 0;

CREATE VIRTUAL TABLE products_fts USING fts5(
  product_id UNINDEXED, name, description,
  content='product', content_rowid='id'
);
CREATE TRIGGER products_fts_insert AFTER INSERT ON product BEGIN
  INSERT INTO products_fts(rowid, product_id, name, description)
  VALUES (new.id, new.id, new.name, new.description);
END;
CREATE TRIGGER products_fts_delete AFTER DELETE ON product BEGIN
  INSERT INTO products_fts(products_fts, rowid, product_id, name, description)
  VALUES ('delete', old.id, old.id, old.name, old.description);
END;
CREATE TRIGGER products_fts_update AFTER UPDATE ON product BEGIN
  INSERT INTO products_fts(products_fts, rowid, product_id, name, description)
  VALUES ('delete', old.id, old.id, old.name, old.description);
  INSERT INTO products_fts(rowid, product_id, name, description)
  VALUES (new.id, new.id, new.name, new.description);
END;

INSERT INTO tenant VALUES
  (1, 'Northwind Streaming', 'northwind', 'Prefer premium video.', NULL, 1, '2025-01-06 09:00:00'),
  (2, 'Harbour Radio', 'harbour', NULL, 'Look for local events.', 0, '2025-01-13 09:30:00'),
  (3, 'Café Presse', 'cafe-presse', 'Répondre en français.', NULL, 1, '2025-02-03 10:00:00'),
  (4, 'Meridian Sports', 'meridian', NULL, NULL, 0, '2025-02-17 14:15:00'),
  (5, '東京メディア', 'tokyo-media', '日本語で答えてください。', NULL, 1, '2025-03-03 01:00:00'),
  (6, 'Greenfield Podcasts', 'greenfield', 'Say "host-read" when it is.', NULL, 0, '2025-03-24 16:45:00');

CREATE TEMP TABLE word(kind, nr, text, PRIMARY KEY(kind, nr));
INSERT INTO word VALUES
  ('place', 0, 'Homepage'), ('place', 1, 'Pre-roll'), ('place', 2, 'Mid-roll'),
  ('place', 3, 'Newsletter'), ('place', 4, 'Sidebar'), ('place', 5, 'Live event'),
  ('place', 6, 'Search results'),
  ('theme', 0, 'cooking'), ('theme', 1, 'football'), ('theme', 2, 'travel'),
  ('theme', 3, 'finance'), ('theme', 4, 'gardening'), ('theme', 5, 'science fiction'),
  ('theme', 6, 'jazz'), ('theme', 7, 'parenting'), ('theme', 8, 'cycling'),
  ('theme', 9, 'history'), ('theme', 10, 'technology'),
  ('who', 0, 'commuters'), ('who', 1, 'students'), ('who', 2, 'young families'),
  ('who', 3, 'early adopters'), ('who', 4, 'frequent flyers'), ('who', 5, 'home owners'),
  ('tone', 0, 'Brand-safe'), ('tone', 1, 'High-impact'), ('tone', 2, 'Sponsored'),
  ('tone', 3, 'Seasonal'), ('tone', 4, 'Always-on');

WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1250)
INSERT INTO product
SELECT i,
       1 + (i * 7) % 6,
       place.text || ': ' || theme.text || ' #' || i,
       -- every 50th product has no description yet
       CASE WHEN i % 50 = 0 THEN NULL ELSE
         tone.text || ' ' || lower(place.text) || ' placement beside ' || theme.text
         || ' content, reaching ' || who.text || ' on '
         || CASE i % 3 WHEN 0 THEN 'mobile' WHEN 1 THEN 'connected TV' ELSE 'desktop' END
         || CASE WHEN i % 4 = 0 THEN ', with a frequency cap of ' || (1 + i % 5) || ' a day' ELSE '' END
         || CASE WHEN i % 9 = 0 THEN '. “Réservé” inventory – ask for a quote ☕' ELSE '.' END
       END,
       1.5 + (i * 37 % 2350) / 100.0,
       CASE WHEN i % 3 = 0 THEN 'guaranteed' ELSE 'non_guaranteed' END,
       json_array(CASE i % 2 WHEN 0 THEN 'video_15s' ELSE 'display_300x250' END, 'native'),
       json_object('geo', json_array(CASE i % 4 WHEN 0 THEN 'US' WHEN 1 THEN 'FR' WHEN 2 THEN 'JP'
                                     ELSE 'GB' END), 'min_age', 18 + i % 5),
       datetime('2025-04-01', '+' || (i * 53) || ' minutes')
FROM n
JOIN word AS place ON place.kind = 'place' AND place.nr = n.i % 7
JOIN word AS theme ON theme.kind = 'theme' AND theme.nr = n.i % 11
JOIN word AS who ON who.kind = 'who' AND who.nr = n.i / 7 % 6
JOIN word AS tone ON tone.kind = 'tone' AND tone.nr = n.i / 3 % 5
ORDER BY n.i;
DROP TABLE word;

-- Some products were deleted, renamed and priced again, as happens: gaps in the ids, and an index
-- that holds more than one segment.
DELETE FROM product WHERE id % 311 = 0;
UPDATE product SET name = name || ' (new)' WHERE id % 97 = 0;

INSERT INTO externalagent VALUES
  (1, 'Signals agent', 'https://signals.example/mcp', 1, 'signals', 'mcp', '2025-04-02 08:00:00');

-- Vectors of 64 little-endian float32 between 0.125 and 0.25: the bytes a, b, c, 0x3e with c < 128.
WITH RECURSIVE d(k) AS (VALUES(0) UNION ALL SELECT k + 1 FROM d WHERE k < 63)
INSERT INTO product_embeddings
  (product_id, embedding_text, embedding_hash, embedding, provider, model, dim, updated_at, created_at)
SELECT id, name, printf('%08x', id * 2654435761 & 0xffffffff),
       (SELECT CAST(group_concat(char((id * 31 + k * 17) % 128, (id + k * k) % 128,
                                      (id * k + 5) % 128, 62), '') AS BLOB) FROM d),
       'example', 'text-embed-64', 64, '2025-05-01T00:00:00Z', '2025-05-01 00:00:00'
FROM product WHERE id % 5 = 0;
DELETE FROM product_embeddings WHERE id = (SELECT max(id) FROM product_embeddings);

COMMIT;
